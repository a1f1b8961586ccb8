"""What an OpenDocument sheet tells beside its values: what each cell shows, formulas without a result, what is hidden.

Source: OpenDocument 1.3 part 3, 9 (tables) and 6.1 (white space).
"""

import re
from collections.abc import Iterator
from datetime import datetime
from math import isfinite
from typing import IO
from xml.etree import ElementTree as ET
from xml.parsers import expat

from .cell_texts import NOTHING, as_text
from .format_codes import OTHER, claim
from .limits import MOST_COLUMNS, PIECE_ROWS, Refusal
from .look import Look
from .ods_formats import OdsFormats
from .plain_cells import FLOAT

_NUMBERS = ("float", "percentage", "currency")
_VALUES = {
    **dict.fromkeys(_NUMBERS, "office:value"),
    "date": "office:date-value",
    "time": "office:time-value",
    "boolean": "office:boolean-value",
}
_MARKS = (
    b"table:formula",
    b'value-type="error"',
    b"covered-table-cell",
    *(f'value-type="{kind}"'.encode() for kind in _VALUES),
    b"<text:s",
    b"<text:tab",
    b"<text:line-break",
    b"</text:p><text:p",
    b"text:ruby",
    b"<draw:",
    b"office:annotation",
    b"table:visibility",
    b'table:display="false"',
    b"<![CDATA[",
    b"table:is-sub-table",
    b"office:string-value",
    b"-spanned",
    b"<text:note",
    b"<dr3d:",
)
_OTHER_THAN_TEXT = re.compile(rb"<table:table-cell\b(?![^>]*office:value-type=\"string\")[^>]*(?<!/)>")
"""A cell with content that does not say of itself that it is a text."""

_ODD_BLANKS = re.compile(rb"text:(?:p|h|span|a)\b[^<]*(?:  |[\t\r\n])")
"""Blanks in a text that calamine does not take for one."""

_FORMAT_WITH_TEXT = re.compile(rb"<number:text-style\b(?:(?!</number:text-style>).)*<number:text>[^<]", re.DOTALL)
"""A format that adds something to a text."""

_ALWAYS_FORMATTED = {"percentage", "currency", "date", "time"}
_DEFAULT_STYLES = {"", "Default"}
_LINK_MARKS = (b"<table:table-source", b"<table:cell-range-source", b"<table:dde-link")
_SHOWS_ERROR = re.compile(r"#[A-Z0-9/]+[!?]?|Err:\d{3}")
_BESIDE_THE_TEXT = re.compile(r"office:annotation|text:ruby-text|text:note|table:detective|draw:(?!a$).*|dr3d:.*")
"""Elements inside a cell whose text is not the cell's: comments, how to pronounce it, shapes that lie over it."""

_DAY_ZERO = re.compile(rb"""<table:null-date\b[^>]*\btable:date-value\s*=\s*["'](\d{4}-\d\d-\d\d)["']""")
_USUAL_DAY_ZERO = b"1899-12-30"

_SETTINGS = "{urn:oasis:names:tc:opendocument:xmlns:config:1.0}"
_ENTRY, _ITEM, _NAME = f"{_SETTINGS}config-item-map-entry", f"{_SETTINGS}config-item", f"{_SETTINGS}name"
_ZERO = re.compile(r"[-+]?0+(?:\.0*)?(?:[eE][-+]?\d+)?")
_VALUE = re.compile(rb"""(\soffice:value\s*=\s*["'])([^"']*)(["'])""")
_REAL_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?)?")
_TIME = re.compile(r"-?PT\d+H\d+M\d+(?:[.,]\d+)?S")
_SPACES = re.compile(r"[ \t\r\n]+")
_OUT_OF_SIGHT = ("collapse", "filter")
_NO_SIZE = re.compile(r"0+(?:\.0*)?[a-z]*")
_CELLS = ("table:table-cell", "table:covered-table-cell")


def hides_zeros(settings: bytes, name: str) -> bool:
    """Whether a view of a document shows nothing where a number of the sheet with this name is 0."""
    return "false" in _of_views(settings, name, "ShowZeroValues")


def shows_formulas(settings: bytes, name: str) -> bool:
    """Whether a view of a document shows the formulas of the sheet with this name in place of their results."""
    return "true" in _of_views(settings, name, "ShowFormulas")


def _of_views(settings: bytes, name: str, setting: str) -> Iterator[str]:
    """What each view of a document says; it says so for all of its sheets, and may say otherwise for one of them."""
    for view in (entry for entry in ET.fromstring(settings).iter(_ENTRY) if not entry.get(_NAME)):  # noqa: S314
        of_sheet = (entry for entry in view.iter(_ENTRY) if entry.get(_NAME) == name)
        items = (item for entry in (*of_sheet, view) for item in entry.iterfind(_ITEM) if item.get(_NAME) == setting)
        yield next((text for item in items if (text := (item.text or "").strip())), "")


def readable_values(content: bytes) -> bytes:
    """The content of a document whose values that should be numbers are some: "not a number" where they are none."""

    def readable(value: re.Match[bytes]) -> bytes:
        return value[0] if FLOAT.fullmatch(value[2]) else b"%sNaN%s" % (value[1], value[3])

    return _VALUE.sub(readable, content)


def look_at_ods(stream: IO[bytes], name: str, *, styles: bytes = b"", without_zeros: bool = False) -> tuple[Look, bool]:
    """What the sheet with this name tells beside its values, and whether the document is linked with others.

    ``styles`` are those that the document keeps apart. ``without_zeros``: the program shows nothing where a number is
    0, whatever stands in the cell as its text.
    """
    content = stream.read()
    is_linked = any(mark in content for mark in _LINK_MARKS)
    # The parser is slow, and a table of texts has nothing for it to find.
    zero = _DAY_ZERO.search(content)
    day_zero = zero[1].decode() if zero and zero[1] != _USUAL_DAY_ZERO else ""
    is_plain = not _OTHER_THAN_TEXT.search(content) and not _ODD_BLANKS.search(content)
    is_plain = is_plain and not any(map(_FORMAT_WITH_TEXT.search, (content, styles)))
    if is_plain and not any(mark in content for mark in _MARKS):
        return Look(day_zero=day_zero), is_linked
    formats = OdsFormats()
    if styles:
        formats.add_common(styles)
    walk = _Walk(name, formats, without_zeros=without_zeros)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = walk.start, walk.end, walk.text
    parser.StartCdataSectionHandler = walk.start_characters
    parser.Parse(content, True)
    walk.look.day_zero = day_zero
    return walk.look, is_linked


class _Walk:
    """Counts rows and cells of one table, with their repetitions, and compares what a cell holds with what it shows."""

    def __init__(self, name: str, formats: OdsFormats, *, without_zeros: bool = False) -> None:
        self.look, self._formats, self._without_zeros = Look(), formats, without_zeros
        self._name, self._inside = name, False
        self._row, self._rows, self._position, self._positions = 0, 0, 0, 0
        self._hidden_row = self._filled_row = False
        self._column = 0
        # Whether each group of rows or columns that is open is collapsed.
        self._groups: list[bool] = []
        self._style, self._no_size = "", set[str]()
        # Styles of this part that show a number as it is; those of other parts are not known.
        self._plain_styles = set(_DEFAULT_STYLES)
        self._row_style, self._column_styles = "", list[tuple[range, str]]()
        self._cell: dict[str, str] | None = None
        self._text = _CellText()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin a table, a row or a cell."""
        if self._cell is not None:
            self._start_inside(tag, attributes)
        self._formats.start(tag, attributes)
        match tag:
            case "style:style":
                self._style = attributes.get("style:name", "")
                parent = attributes.get("style:parent-style-name", "")
                if "style:data-style-name" not in attributes and parent in _DEFAULT_STYLES:
                    self._plain_styles.add(self._style)
            case "style:table-row-properties" | "style:table-column-properties":
                self._add_style(attributes)
            case "table:table" if self._cell is None:
                self._inside = attributes.get("table:name") == self._name
                self._row, self._rows, self._column = 0, 0, 0
                self._column_styles = []
            case "table:table-row-group" | "table:table-column-group":
                self._groups.append(attributes.get("table:display") == "false")
            case "table:table-column" if self._inside:
                self._begin_column(attributes)
            case "table:table-row" if self._cell is None:
                self._begin_row(attributes)
            case "table:table-cell" | "table:covered-table-cell" if self._cell is None:
                self._position += self._positions
                self._positions = _repeated(attributes, "columns")
                self._cell, self._text = attributes, _CellText()
                self._add_spanned(attributes)

    def _add_spanned(self, attributes: dict[str, str]) -> None:
        """Note the cells that this one lies over, also where they do not say so themselves."""
        rows, columns = (int(attributes.get(f"table:number-{what}-spanned", "1")) for what in ("rows", "columns"))
        if self._inside and max(rows, columns) > 1:
            last = self._row + rows - 1, self._position + columns - 1
            self.look.merged.append(((self._row, self._position), last))

    def _start_inside(self, tag: str, attributes: dict[str, str]) -> None:
        # calamine (0.9.1) ends the outer table with the inner one.
        if tag == "table:table" and self._inside and not self._text.depth:
            raise Refusal("has a table inside a cell", "Take its values out of that cell, then save the file again.")
        self._text.start(tag, attributes)

    def text(self, data: str) -> None:
        """Gather what the cell shows."""
        if self._cell is not None:
            self._text.add(data)
        self._formats.text(data)

    def start_characters(self) -> None:
        """Begin a section of characters (CDATA), which calamine (0.9.1) leaves out."""
        self._text.is_plain = False

    def end(self, tag: str) -> None:
        """End a cell: it is known now what it shows."""
        self._formats.end(tag)
        if tag in _CELLS and self._text.depth == 0:
            self._end_cell(tag)
        elif self._cell is not None:
            self._text.end()
        elif tag == "table:table":
            self._inside = False
        elif tag in {"table:table-row-group", "table:table-column-group"} and self._groups:
            self._groups.pop()
        elif tag == "table:table-row" and self._inside and self._hidden_row and self._filled_row:
            self.look.hidden_rows += self._rows

    def _add_style(self, attributes: dict[str, str]) -> None:
        sizes = (attributes.get("style:row-height", ""), attributes.get("style:column-width", ""))
        if any(map(_NO_SIZE.fullmatch, sizes)):
            self._no_size.add(self._style)

    def _is_hidden(self, attributes: dict[str, str]) -> bool:
        out_of_sight = attributes.get("table:visibility") in _OUT_OF_SIGHT
        return out_of_sight or any(self._groups) or attributes.get("table:style-name", "") in self._no_size

    def _begin_column(self, attributes: dict[str, str]) -> None:
        count = _repeated(attributes, "columns")
        if self._is_hidden(attributes):
            self.look.hide_columns(self._column, self._column + count - 1)
        if style := attributes.get("table:default-cell-style-name", ""):
            self._column_styles.append((range(self._column, self._column + count), style))
        self._column += count

    def _begin_row(self, attributes: dict[str, str]) -> None:
        self._row += self._rows
        self._rows, self._position, self._positions = _repeated(attributes, "rows"), 0, 0
        self._hidden_row, self._filled_row = self._is_hidden(attributes), False
        self._row_style = attributes.get("table:default-cell-style-name", "")

    def _end_cell(self, tag: str) -> None:
        cell, text, whole = self._cell or {}, self._text.text, self._text.is_plain
        self._cell = None
        if not self._inside:
            return
        self._filled_row = self._filled_row or bool(text.strip()) or "office:value-type" in cell
        for row, position in self._places():
            if not self._add_problem(row, position, tag, cell, text.strip()):
                self._add_text(row, position, cell, text, is_plain=whole)

    def _add_problem(self, row: int, position: int, tag: str, cell: dict[str, str], text: str) -> bool:
        """Note what is wrong with a cell; False if nothing is."""
        formula = cell.get("table:formula")
        if cell.get("calcext:value-type") == "error" or (formula and _SHOWS_ERROR.fullmatch(text)):
            self.look.add_error(row, position, text)
        elif formula and not _has_value(cell):
            # Also with a text: the program calculates such a formula when it opens the file.
            self.look.add_formula(row, position, formula.partition("=")[2])
        elif tag == "table:covered-table-cell":
            self.look.add_covered(row, position)
        else:
            return False
        return True

    def _add_text(self, row: int, position: int, cell: dict[str, str], text: str, *, is_plain: bool) -> None:
        """Note what a cell shows, where that is not what its value is read as."""
        kind, shown = cell.get("office:value-type", ""), text.strip()
        if self._without_zeros and kind in _NUMBERS and _ZERO.fullmatch(cell.get(_VALUES[kind], "")):
            self.look.shapes.add(row, position, NOTHING)
            return
        if shown and (value := cell.get("office:string-value")) and kind == "string":
            # Of texts that differ in blanks only, the value is the one that a program shows.
            self.look.texts.setdefault(row, {})[position] = value
            if _SPACES.sub(" ", value).strip() != _SPACES.sub(" ", text).strip():
                self.look.shapes.add(row, position, claim(shown))
            return
        if kind == "string" and self._formats.changes_text(shown, self._style_of(cell, position)):
            self.look.shapes.add(row, position, OTHER)
        elif not _has_value(cell) or kind not in _VALUES:
            # Cells that say nothing of their value are read as empty; what they show is a text.
            if shown and not (is_plain and _has_value(cell) and "office:string-value" not in cell):
                self.look.texts.setdefault(row, {})[position] = text
        else:
            self._add_shape(row, position, cell, shown)

    def _add_shape(self, row: int, position: int, cell: dict[str, str], shown: str) -> None:
        """Note what a cell with a value shows."""
        kind = cell["office:value-type"]
        if not _is_value(kind, cell[_VALUES[kind]]):
            self.look.shapes.add(row, position, OTHER)
        elif not shown:
            if kind in _ALWAYS_FORMATTED or self._style_of(cell, position) not in self._plain_styles:
                self.look.shapes.add(row, position, OTHER)
        elif shown != _value_text(cell, shown):
            self.look.shapes.add(row, position, claim(shown))
        elif kind != "boolean" and (shape := self._other_format(cell, position, shown)):
            self.look.shapes.add(row, position, shape)

    def _other_format(self, cell: dict[str, str], position: int, shown: str) -> str | None:
        """The format of a cell whose text is its bare value, if a program shows something else by it."""
        kind = cell["office:value-type"]
        if kind == "time":
            return OTHER
        value = as_text(datetime.fromisoformat(cell[_VALUES[kind]][:19])) if kind == "date" else shown
        return self._formats.other_than(shown, self._style_of(cell, position), kind, value)

    def _style_of(self, cell: dict[str, str], position: int) -> str:
        """The style that a cell has by itself, by its row or by its column."""
        columns = (style for places, style in self._column_styles if position in places)
        return cell.get("table:style-name", "") or self._row_style or next(columns, "")

    def _places(self) -> Iterator[tuple[int, int]]:
        """The rows and positions that the cell stands for."""
        # A repetition is one element however often it counts: a few bytes can stand for a sheet full of cells.
        for row in range(self._row + 1, self._row + min(self._rows, PIECE_ROWS) + 1):
            for position in range(self._position, self._position + min(self._positions, MOST_COLUMNS)):
                yield row, position


class _CellText:
    """The text of one cell as it is shown: paragraphs, line breaks, tabs and repeated spaces.

    ``is_plain``: it is a single paragraph of nothing but characters. ``depth`` counts elements inside it that are open
    and whose text is not the cell's.
    """

    def __init__(self) -> None:
        self.depth = 0
        self.is_plain = True
        self._paragraphs: list[list[str]] = []

    @property
    def text(self) -> str:
        """The text."""
        return "\n".join("".join(parts) for parts in self._paragraphs)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element inside the cell."""
        if self.depth or _BESIDE_THE_TEXT.fullmatch(tag):
            self.depth, self.is_plain = self.depth + 1, False
            return
        match tag:
            case "text:p" | "text:h":
                self.is_plain = self.is_plain and not self._paragraphs
                self._paragraphs.append([])
            case "text:s":
                self._put(" " * min(int(attributes.get("text:c", "1")), PIECE_ROWS))
            case "text:tab":
                self._put("\t")
            case "text:line-break":
                self._put("\n")

    def end(self) -> None:
        """End an element inside the cell."""
        self.depth = max(self.depth - 1, 0)

    def add(self, data: str) -> None:
        """Add characters; any white space between them is one space."""
        if self.depth or not self._paragraphs:
            return
        parts = self._paragraphs[-1]
        text = _SPACES.sub(" ", data)
        if text != data:
            self.is_plain = False
        begins = not parts or parts[-1].endswith((" ", "\t", "\n"))
        parts.append(text[1:] if begins and text.startswith(" ") else text)

    def _put(self, text: str) -> None:
        self.is_plain = False
        if self._paragraphs:
            self._paragraphs[-1].append(text)


def _has_value(cell: dict[str, str]) -> bool:
    kind = cell.get("office:value-type", "")
    return kind == "string" or (kind in _VALUES and bool(cell.get(_VALUES[kind])))


def _is_value(kind: str, value: str) -> bool:
    """Whether a value is one of its kind."""
    match kind:
        case "date":
            return _REAL_DAY.fullmatch(value) is not None and _is_real(value[:19])
        case "time":
            return _TIME.fullmatch(value) is not None
        case "boolean":
            return value in {"true", "false"}
        case _:
            return FLOAT.fullmatch(value.encode()) is not None and isfinite(float(value))


def _is_real(moment: str) -> bool:
    try:
        datetime.fromisoformat(moment)
    except ValueError:
        return False
    return True


def _value_text(cell: dict[str, str], text: str) -> str:
    """What is read from a number, a date, a time or a yes or no."""
    kind = cell.get("office:value-type", "")
    value = cell.get(_VALUES[kind], text)
    if kind == "boolean":
        return value.upper()
    if value == text or kind not in _NUMBERS:
        return value
    try:
        return as_text(float(value))
    except (ValueError, OverflowError):
        return value


def _repeated(attributes: dict[str, str], what: str) -> int:
    return int(attributes.get(f"table:number-{what}-repeated", "1"))
