"""The number formats of an OpenDocument, as the codes of other workbooks.

A program shows numbers and dates by their format, whatever stands in the cell as its text.
Source: OpenDocument 1.3 part 3, 16.29 (data styles) and 16.3 (style:map).
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from xml.parsers import expat

from .format_codes import GENERAL, OTHER, claim, doubt
from .moment_formats import example_of, shows_all_of
from .number_formats import nominal, shown_of_text, shows_number

_DATA_STYLES = {
    f"number:{kind}-style" for kind in ("number", "percentage", "currency", "date", "time", "boolean", "text")
}
_LETTERS = {
    "number:day": "d",
    "number:month": "m",
    "number:year": "yy",
    "number:hours": "h",
    "number:minutes": "m",
    "number:seconds": "s",
}
_AS_IT_IS = {"number:text-content": "@", "number:boolean": GENERAL, "number:am-pm": "AM/PM"}
_OF_CHARACTERS = {"number:text", "number:currency-symbol"}
_BESIDE_THE_CODE = {"style:map", "style:text-properties", *_OF_CHARACTERS}
_CONDITION = re.compile(r"\s*value\(\)\s*(<=|>=|!=|<|>|=)\s*(-?\d+(?:\.\d+)?)\s*")
_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
_STANDARD = {"percentage": "0%", "currency": "$#,##0.00"}
_DEFAULT = "Default"
"""The style of cells that name none."""

_MOST_PARENTS, _MOST_DIGITS = 10, 30
_MOST_TEXTS = 4_096
"""Remembered, for a column of dates or of prices holds the same ones again and again."""

_SIGNS = str.maketrans({"\u2212": "-", "\u2019": "'", "\u00a0": " ", "\u202f": " "})
_WORDS = re.compile(r"(?:(?:\d{1,2}(?=[月월]))?[A-Za-z\u00c0-\u209f\u20d0-\U0010ffff]+\.? ?)+")
_MONEY = re.compile(r"[$\u00a2-\u00a5\u20a0-\u20cf]|\b[A-Z]{3}\b ?")
_LOOSE_SPACE = re.compile(r" (?!\d)|(?<!\d) ")
_NUMBER = re.compile(r"\d(?:[\d.,' ]*\d)?")
_SEPARATOR = re.compile(r"[.,' ]")


class OdsFormats:
    """The number format of each style of cells, gathered from the elements of one part or two, common ones first."""

    def __init__(self) -> None:
        # The code of each data style, in pieces; None among them if a piece is not known.
        self._codes: dict[str, list[str | None]] = {}
        self._maps: dict[str, list[tuple[str, str]]] = {}
        self._of_cells: dict[str, str] = {}
        self._parents: dict[str, str] = {}
        self._conditional: dict[str, list[str]] = {}
        self._data, self._cell, self._of_percentages, self._in_characters = "", "", False, False

    def add_common(self, part: bytes) -> None:
        """Add the styles with names of styles.xml."""
        depth = 0

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += tag == "office:styles"
            if depth:
                self.start(tag, attributes)

        def end(tag: str) -> None:
            nonlocal depth
            if depth:
                self.end(tag)
            depth -= tag == "office:styles"

        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, self.text
        parser.Parse(part, True)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin a style, or a piece of one."""
        if tag in _DATA_STYLES:
            self._data, self._of_percentages = attributes.get("style:name", ""), tag == "number:percentage-style"
            self._codes[self._data], self._maps[self._data] = [], []
            if attributes.get("number:truncate-on-overflow") == "false":
                self._codes[self._data].append(None)
        elif tag == "style:style":
            self._cell = attributes.get("style:name", "")
            self._of_cells.pop(self._cell, None)
            if data := attributes.get("style:data-style-name"):
                self._of_cells[self._cell] = data
            self._parents[self._cell] = attributes.get("style:parent-style-name", "")
        elif tag == "style:map":
            condition, applied = attributes.get("style:condition", ""), attributes.get("style:apply-style-name", "")
            if self._data:
                self._maps[self._data].append((condition, applied))
            elif self._cell:
                self._conditional.setdefault(self._cell, []).append(applied)
        elif self._data and tag not in _BESIDE_THE_CODE:
            self._codes[self._data].append(_piece(tag, attributes))
        self._in_characters = bool(self._data) and tag in _OF_CHARACTERS

    def text(self, data: str) -> None:
        """Add characters that are shown as they are."""
        if self._in_characters:
            sign = "%" if self._of_percentages else ""
            self._codes[self._data] += [c if c == sign else f"\\{c}" for c in data]

    def end(self, tag: str) -> None:
        """End a style, or a piece of one."""
        self._in_characters = False
        if tag in _DATA_STYLES:
            self._data = ""
        elif tag == "style:style":
            self._cell = ""

    def shape_of_value(self, shown: str, style: str, kind: str, value: str) -> str | None:
        """The format in which a cell shows its value, None if it shows just that.

        Programs show the value by the style of its cell, whichever it is, or in the standard format. ``shown`` is what
        the file says that they show, for those that do not know the format; empty if it says nothing.
        """
        if not shown and not self._knows(style):
            return OTHER
        code, is_bare = self._code_of(style, kind, value), shown in {"", value}
        if code is None:
            return OTHER if is_bare else claim(shown)
        if code == GENERAL and is_bare:
            return None
        texts = _texts(value, code)
        if is_bare:
            return None if value in texts else f"{OTHER}{code}"
        if not texts and kind != "date":
            return claim(shown)
        plain = _MONEY.sub("$", shown) if code == _STANDARD["currency"] else shown
        if any(may_show(plain, text) for text in texts):
            return claim(shown)
        says_all = shows_all_of(code, example_of(value)) if kind == "date" else shows_number(value, f"{OTHER}{code}")
        return doubt(shown) if says_all else f"{OTHER}{code}"

    def shape_of_boolean(self, shown: str, style: str, value: str) -> str | None:
        """The same of a yes or no, which is TRUE or FALSE in the language of the program, or a number by its style."""
        if not shown and not self._knows(style):
            return OTHER
        number = "1" if value == "TRUE" else "0"
        code = self._code_of(style, "boolean", number)
        if code is None:
            return OTHER if shown in {"", value} else claim(shown)
        if code != GENERAL:
            return claim(shown) if shown in _texts(number, code) else f"{OTHER}{code}"
        if shown in {"", value}:
            return None
        # In capitals in every language that has them.
        return claim(shown) if shown == shown.upper() else doubt(shown)

    def _knows(self, style: str) -> bool:
        style = style or _DEFAULT
        is_named = style == _DEFAULT or style in self._parents
        return is_named and self._data_of(style) in {"", *self._codes}

    def _code_of(self, style: str, kind: str, value: str) -> str | None:
        """The code by which a cell with this style shows a value; None if nobody knows it."""
        if any(self._data_of(applied) for applied in self._conditional.get(style, ())):
            return None
        code = self._code(self._data_of(style), value)
        # What has no format of its kind is shown in that of the country.
        if code == GENERAL and kind == "date":
            return "m/d/yyyy h:mm" if "T" in value else "m/d/yyyy"
        return _STANDARD.get(kind, code) if code == GENERAL else code

    def has_format(self, style: str) -> bool:
        """Whether a style says how numbers or texts are shown."""
        return bool(self._data_of(style))

    def changes_value(self, shown: str, style: str, kind: str, value: str) -> bool:
        """Whether a condition that applies this style shows a value otherwise than as this text."""
        if not self.has_format(style):
            return False
        code = self._code_of(style, kind, value)
        return code is None or (code != GENERAL and not any(may_show(shown, text) for text in _texts(value, code)))

    def changes_text(self, text: str, style: str) -> bool:
        """Whether a text is not shown as it is, with whatever style its cell has."""
        code = self._code(self._data_of(style), "0") or ""
        return "@" in code and shown_of_text(text, code) != text

    def _data_of(self, style: str) -> str:
        style = style or _DEFAULT
        for _ in range(_MOST_PARENTS):
            if style in self._of_cells or not style:
                break
            style = self._parents.get(style, "")
        return self._of_cells.get(style, "")

    def _code(self, data: str, value: str) -> str | None:
        """The code of a data style, or of the one that it names for this value; None if it is not known."""
        for condition, applied in self._maps.get(data, ()):
            match = _CONDITION.fullmatch(condition)
            if match is None:
                return None
            try:
                is_met = _COMPARED[match[1]](float(value), float(match[2]))
            except ValueError:
                return None
            if is_met:
                data = applied
                break
        pieces = self._codes.get(data, [GENERAL])
        return None if None in pieces else "".join(piece for piece in pieces if piece is not None) or GENERAL


def _piece(tag: str, attributes: dict[str, str]) -> str | None:
    """A piece of a code; None if it is not known how it is written there."""
    if tag == "number:number":
        return _digits(attributes)
    if tag in _AS_IT_IS:
        return _AS_IT_IS[tag]
    if tag not in _LETTERS or attributes.get("number:calendar", "gregorian") != "gregorian":
        return None
    if attributes.get("number:decimal-places", "0") != "0":
        return None
    letters = _LETTERS[tag] * (2 if attributes.get("number:style") == "long" else 1)
    return letters + "mm" if attributes.get("number:textual") == "true" else letters


def _digits(attributes: dict[str, str]) -> str | None:
    if not {"number:display-factor", "number:decimal-replacement"}.isdisjoint(attributes):
        return None
    least = int(attributes.get("number:min-integer-digits", "1"))
    places = attributes.get("number:decimal-places")
    if max(least, int(places or "0")) > _MOST_DIGITS:
        return None
    is_grouped = attributes.get("number:grouping") == "true"
    if places is None and least <= 1 and not is_grouped:
        return GENERAL
    if is_grouped and least > 1:
        return None
    whole = "#,##0" if is_grouped else "0" * least or "#"
    most = int(places or "0")
    fixed = min(int(attributes.get("number:min-decimal-places", str(most))), most)
    return f"{whole}.{'0' * fixed}{'#' * (most - fixed)}" if most else whole


@lru_cache(_MOST_TEXTS)
def _texts(value: str, code: str) -> Sequence[str]:
    """What a value may look like in the United States; nothing if that is not certain."""
    # Where a format has one for numbers below zero, the sign is a piece of that.
    values = (value, value[1:]) if value.startswith("-") else (value,)
    texts = (nominal(one, f"{OTHER}{code}") for one in values)
    return [*(text for text in texts if text is not None), *([value] if code == GENERAL else [])]


def may_show(shown: str, text: str) -> bool:
    """Whether a program of some country may show the first text where one in the United States shows the second.

    Its names of months are others, and so are its signs between thousands and before decimals; its digits are not.
    """
    if shown == text:
        return True
    # Most are nothing but a number.
    if _NUMBER.fullmatch(shown) and _NUMBER.fullmatch(text):
        return _is_same_number(shown, text)
    one, other = (_LOOSE_SPACE.sub("", _WORDS.sub("a", each.translate(_SIGNS))) for each in (shown, text))
    if one == other:
        return True
    is_alike = _NUMBER.sub("0", one) == _NUMBER.sub("0", other)
    return is_alike and all(map(_is_same_number, _NUMBER.findall(one), _NUMBER.findall(other)))


def _is_same_number(shown: str, text: str) -> bool:
    whole, _, places = text.partition(".")
    if shown == text or not (whole.replace(",", "") + places).isdecimal():
        return shown == text
    parts = _SEPARATOR.split(shown)
    if "".join(parts) != whole.replace(",", "") + places or (places and len(parts[-1]) != len(places)):
        return False
    return len(parts) == 1 + bool(places) or "," in whole
