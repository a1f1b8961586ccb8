"""The number formats of an OpenDocument, as the codes of other workbooks.

A program shows numbers and dates by their format, whatever stands in the cell as its text.
Source: OpenDocument 1.3 part 3, 16.29 (data styles) and 16.3 (style:map).
"""

import operator
import re
from collections.abc import Callable, Mapping
from xml.parsers import expat

from .format_codes import GENERAL, OTHER
from .number_formats import nominal, shown_of_text

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
_MOST_PARENTS, _MOST_DIGITS = 10, 30


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

    def other_than(self, shown: str, style: str, kind: str, value: str) -> str | None:
        """The format in which a value is not shown as this text, with whatever style its cell has; None if it is."""
        if any(self._data_of(applied) for applied in self._conditional.get(style, ())):
            return OTHER
        code = self._code(self._data_of(style), value)
        if code == GENERAL:
            # A date without a format of dates is shown in that of the country.
            standard = {"percentage": "0%", "date": "m/d/yyyy h:mm" if "T" in value else "m/d/yyyy"}.get(kind)
            return f"{OTHER}{standard}" if standard else None
        if code is None:
            return OTHER
        # Where a format has one for numbers below zero, the sign is a piece of that.
        texts = {nominal(value, f"{OTHER}{code}"), nominal(value.removeprefix("-"), f"{OTHER}{code}")}
        return None if shown in texts else f"{OTHER}{code}"

    def has_format(self, style: str) -> bool:
        """Whether a style says how numbers or texts are shown."""
        return bool(self._data_of(style))

    def changes_value(self, shown: str, style: str, kind: str, value: str) -> bool:
        """Whether a condition that applies this style shows a value otherwise than as this text."""
        return self.has_format(style) and self.other_than(shown, style, kind, value) is not None

    def changes_text(self, text: str, style: str) -> bool:
        """Whether a text is not shown as it is, with whatever style its cell has."""
        code = self._code(self._data_of(style), "0") or ""
        return "@" in code and shown_of_text(text, code) != text

    def _data_of(self, style: str) -> str:
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
