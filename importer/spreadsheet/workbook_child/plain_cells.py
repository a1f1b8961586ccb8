"""The cells of an XLSX sheet in the one form that calamine and the patterns of ``xlsx_display.py`` read.

Excel also reads cells without addresses, CDATA, comments and extensions inside cells, any letter as _x0151_, and errors
that are newer than calamine, which refuses a whole file for one such cell (0.9.1). A file that needs this pays for it
with a second copy.
"""

import html
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from .day_numbers import is_common_day
from .format_codes import may_show_moment
from .package import letters_of, position_of
from .references import without_needless_references

_ROW_OR_CELL = re.compile(rb"<((?:\w+:)?)(row|c)(\s[^<>]*?)?(/?)>")
_ROW_NUMBER = re.compile(rb"""\sr\s*=\s*["'](\d+)["']""")
_CELL_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]+)\d+["']""")
# What has no end goes on to the end of the part (\Z), for otherwise each of many begins would look for it once more.
_CHARACTERS = re.compile(
    rb"<!\[CDATA\[(?P<data>.*?)(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<\?(?!xml\s).*?(?:\?>|\Z)", re.DOTALL
)
_CELL = re.compile(rb"<((?:\w+:)?)c(?P<attributes>\s[^<>]*)?(?<!/)>(?P<content>.*?)(?P<end></\1c\s*>|\Z)", re.DOTALL)
_EXTENSIONS = re.compile(rb"<((?:\w+:)?)extLst\b[^<>]*?(?:/>|>.*?(?:</\1extLst\s*>|\Z))", re.DOTALL)
_PARTS = re.compile(rb"<((?:\w+:)?)(?P<name>f|v|is)\b[^<>]*?(?:/>|>(?P<text>.*?)(?:</\1(?P=name)\s*>|\Z))", re.DOTALL)
_TAG = re.compile(rb"<[^<>]*>")
_SHARED_STRING = re.compile(rb"<((?:\w+:)?)si\b[^<>]*?(?:/>|>(?P<text>.*?)(?:</\1si\s*>|\Z))", re.DOTALL)
_TYPE = re.compile(rb"""\st\s*=\s*["'](\w*)["']""")
_STYLE = re.compile(rb"""\ss\s*=\s*["'][\s+0]*(\d+)\s*["']""")
FLOAT = re.compile(rb"[+-]?(?:(?:\d++\.?\d*+|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)", re.IGNORECASE)
"""What readers take for a number, which may be none."""

_YES_OR_NO = {b"0", b"1", b"true", b"false"}
IN_UTC = re.compile(rb"\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)Z\s*")
"""A moment as SheetJS writes it. Programs show it without its zone; calamine takes it for a text."""

_ESCAPE = re.compile(rb"_x([0-9A-Fa-f]{4})_")
_ESCAPES = re.compile(rb"(?:_x[0-9A-Fa-f]{4}_)+")
"""In order, for _x005F_ stands for the line before an x, and protects what follows it."""

_WIDE_ESCAPE = re.compile(rb"_x(?!00)[0-9A-Fa-f]{4}_")
_LAST_NARROW = 0xFF
_LOST = dict.fromkeys((0xFFFE, 0xFFFF), "\ufffd")
_ANY_TEXT = {b"str", b"inlineStr", b"e", b"d"}
"""Types of cells whose value is what it is, blanks and all."""


def plain_cells(sheet: bytes, strings: int) -> bytes:
    """The XML of a sheet in which every cell has an address and can be read.

    A cell with a value that is not one of its type, or a shared string beyond these so many, becomes an error without
    a name.
    """
    data = _CHARACTERS.sub(lambda match: html.escape((match["data"] or b"").decode(), quote=False).encode(), sheet)

    def readable(cell: re.Match[bytes]) -> bytes:
        return _readable(cell, strings) if cell["end"] else cell[0]

    return _with_addresses(_CELL.sub(readable, without_wide_escapes(without_needless_references(data))))


def is_of_text(attributes: bytes) -> bool:
    """Whether a cell with these attributes may have any text as its value."""
    return _kind_in(attributes) in _ANY_TEXT


class Moments:
    """What a reader takes for a moment: numbers of cells with these number formats."""

    def __init__(self, shapes: Sequence[str], *, from_1904: bool) -> None:
        """``shapes`` are the number formats by the index that cells name."""
        self.styles = frozenset(b"%d" % n for n, shape in enumerate(shapes) if may_show_moment(shape))
        self.none = b"%d" % len(shapes)
        self._from_1904 = from_1904

    def is_odd(self, attributes: bytes, value: bytes) -> bool:
        """Whether the value of a cell is a number in a format of moments, and not the same one in every program."""
        style = _STYLE.search(attributes)
        return (
            (style[1] if style else b"0") in self.styles
            and _kind_in(attributes) == b"n"
            and FLOAT.fullmatch(value.strip()) is not None
            and not is_common_day(float(value), from_1904=self._from_1904)
        )


NO_MOMENTS = Moments((), from_1904=False)


def readable_cells(sheet: bytes, moments: Moments) -> bytes:
    """The XML of a sheet with plain cells that calamine reads, each as something.

    Its errors have no names, so that none is unheard of. Numbers that are no moment have no format of one.
    """

    def readable(cell: re.Match[bytes]) -> bytes:
        if not cell["end"]:
            return cell[0]
        if _type_of(cell) == b"e":
            return _unnamed(cell)
        value = next((part["text"] or b"" for part in _PARTS.finditer(cell["content"]) if part["name"] == b"v"), b"")
        attributes = cell["attributes"] or b""
        if not moments.is_odd(attributes, value):
            return cell[0]
        return _with_content(cell, b'%s s="%s"' % (_STYLE.sub(b"", attributes), moments.none), cell["content"])

    return _CELL.sub(readable, sheet)


def has_wide_escapes(xml: bytes) -> bool:
    """Whether a text of a part may hold a character as _x20AC_, which calamine (0.9.1) reads up to _x00FF_ only."""
    # By the expression alone: to ask for the two letters first takes three times as long.
    if _WIDE_ESCAPE.search(xml) is None:
        return False
    return any(
        _WIDE_ESCAPE.match(run[0], place) for run in _ESCAPES.finditer(xml) for place in range(0, len(run[0]), 7)
    )


def without_wide_escapes(xml: bytes) -> bytes:
    """The XML of a part with such characters as themselves; two halves of one, as _xD83D__xDE00_, are that one.

    What is no character at all becomes the one for lost letters. Source: ECMA-376 part 1, 22.9.2.19, and how
    LibreOffice reads it (decodeXString).
    """
    return _ESCAPES.sub(lambda run: b"".join(_characters(run[0])), xml)


def _characters(run: bytes) -> Iterator[bytes]:
    codes = (int(code, 16) for code in _ESCAPE.findall(run))
    for is_wide, group in groupby(codes, _LAST_NARROW.__lt__):
        if is_wide:
            text = b"".join(code.to_bytes(2, "little") for code in group).decode("utf-16-le", "replace")
            yield text.translate(_LOST).encode()
        else:
            yield b"".join(b"_x%04X_" % code for code in group)


def without_blanks(sheet: bytes, strings: Collection[int]) -> bytes:
    """The XML of a sheet without its cells of nothing but blanks; ``strings`` are the shared strings that are such."""
    return _CELL.sub(lambda cell: b"" if cell["end"] and _is_blank(cell, strings) else cell[0], sheet)


def blank_strings(shared: bytes) -> frozenset[int]:
    """The numbers of the shared strings that are nothing but blanks."""
    texts = (_TAG.sub(b"", match["text"] or b"") for match in _SHARED_STRING.finditer(shared))
    return frozenset(number for number, text in enumerate(texts) if not text.strip())


def _is_blank(cell: re.Match[bytes], strings: Collection[int]) -> bool:
    parts, kind = list(_PARTS.finditer(cell["content"])), _type_of(cell)
    if kind == b"e" or any(part["name"] == b"f" for part in parts):
        return False
    text = b"".join(_TAG.sub(b"", part["text"] or b"") for part in parts).strip()
    return not text or (kind == b"s" and text.isdigit() and int(text) in strings)


def _readable(cell: re.Match[bytes], strings: int) -> bytes:
    kind, content = _type_of(cell), _EXTENSIONS.sub(b"", cell["content"])
    parts = list(_PARTS.finditer(content))
    texts = {(part["name"], part["text"]) for part in parts if part["name"] != b"f" and _has_text(part)}
    # Of two values nobody knows which is shown, and a text in a place that is not that of its type is not shown.
    is_one = len(texts) <= 1 and all((name == b"is") is (kind == b"inlineStr") for name, _ in texts)
    if not is_one or (kind == b"inlineStr" and not parts and content.strip()):
        return _unnamed(cell)
    # One of each: what is empty beside a value is none.
    parts = list({part["name"]: part for part in sorted(parts, key=_has_text)}.values())
    parts = [part for part in parts if not texts or part["name"] == b"f" or _has_text(part)]
    value = next((part["text"] or b"" for part in parts if part["name"] == b"v"), b"").strip()
    if value and not _is_of_type(value, kind, strings):
        return _unnamed(cell)
    in_utc = IN_UTC.fullmatch(value) if kind == b"d" else None
    # Blanks round a number belong to nothing; in a text they are its own.
    is_written_anew = in_utc is not None or (value and kind not in _ANY_TEXT)
    written = {part["name"]: part[0] for part in parts}
    if is_written_anew:
        [value_part] = [part for part in parts if part["name"] == b"v"]
        written[b"v"] = value_part[0].replace(value_part["text"], in_utc[1] if in_utc else value)
    return _with_content(cell, cell["attributes"] or b"", b"".join(written[name] for name in sorted(written)))


def _has_text(part: re.Match[bytes]) -> bool:
    return bool(_TAG.sub(b"", part["text"] or b""))


def _is_of_type(value: bytes, kind: bytes, strings: int) -> bool:
    match kind:
        case b"n":
            return FLOAT.fullmatch(value) is not None
        case b"b":
            return value in _YES_OR_NO
        case b"s":
            return value.isdigit() and int(value) < strings
        case _:
            return kind in _ANY_TEXT


def _type_of(cell: re.Match[bytes]) -> bytes:
    return _kind_in(cell["attributes"] or b"")


def _kind_in(attributes: bytes) -> bytes:
    kind = _TYPE.search(attributes)
    return kind[1] if kind else b"n"


def _unnamed(cell: re.Match[bytes]) -> bytes:
    """The cell as an error without a name and a formula."""
    return _with_content(cell, _TYPE.sub(b"", cell["attributes"] or b"") + b' t="e"', b"")


def _with_content(cell: re.Match[bytes], attributes: bytes, content: bytes) -> bytes:
    return b"<%sc%s>%s</%sc>" % (cell[1], attributes, content, cell[1])


def _with_addresses(data: bytes) -> bytes:
    """A sheet in which every row and cell says where it is: one after the last, as the standard counts them."""
    row = position = 0

    def addressed(match: re.Match[bytes]) -> bytes:
        nonlocal row, position
        prefix, name, attributes, end = match[1], match[2], match[3] or b"", match[4]
        if name == b"row":
            number = _ROW_NUMBER.search(attributes)
            row, position = int(number[1]) if number else row + 1, 0
            return match[0] if number else b'<%srow r="%d"%s%s>' % (prefix, row, attributes, end)
        place = _CELL_PLACE.search(attributes)
        position = position_of(place[1]) + 1 if place else position + 1
        if place:
            return match[0]
        return b'<%sc r="%s%d"%s%s>' % (prefix, letters_of(position - 1).encode(), row, attributes, end)

    return _ROW_OR_CELL.sub(addressed, data)
