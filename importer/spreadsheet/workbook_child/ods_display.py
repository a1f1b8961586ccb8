"""What an OpenDocument sheet tells beside its values: what each cell shows, formulas without a result, what is hidden.

Source: OpenDocument 1.3 part 3, 9 (tables) and 6.1 (white space).
"""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from xml.etree import ElementTree as ET
from xml.parsers import expat

from .areas import Area, Areas
from .cell_texts import NOTHING, as_text, too_long
from .display import Display
from .format_codes import OTHER, claim
from .limits import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, Refusal
from .ods_formats import OdsFormats
from .package import position_of
from .plain_cells import FLOAT

_NUMBERS = ("float", "percentage", "currency")
_VALUES = {
    **dict.fromkeys(_NUMBERS, "office:value"),
    "date": "office:date-value",
    "time": "office:time-value",
    "boolean": "office:boolean-value",
}
_CONDITION_MARK = b"<calcext:conditional-format"
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
    _CONDITION_MARK,
)
_OTHER_THAN_TEXT = re.compile(rb"<table:table-cell\b(?![^<>]*office:value-type=\"string\")[^<>]*(?<!/)>")
"""A cell with content that does not say of itself that it is a text."""

_ODD_BLANKS = re.compile(rb"</?text:(?:p|h|span|a)\b[^<]*(?:  |[\t\r\n])")
"""Blanks in a text that calamine does not take for one."""

_FORMAT_WITH_TEXT = re.compile(rb"<number:text-style\b(?:(?!</?number:text-style\b).)*<number:text>[^<]", re.DOTALL)
"""A format that adds something to a text."""

_LINK_MARKS = (b"<table:table-source", b"<table:cell-range-source", b"<table:dde-link")
_SHOWS_ERROR = re.compile(r"#[A-Z0-9/]+[!?]?|Err:\d{3}")
_BESIDE_THE_TEXT = re.compile(r"office:annotation|text:ruby-text|text:note|table:detective|draw:(?!a$).*|dr3d:.*")
"""Elements inside a cell whose text is not the cell's: comments, how to pronounce it, shapes that lie over it."""

_DAY_ZERO = re.compile(rb"""<table:null-date\b[^<>]*\btable:date-value\s*=\s*["'](\d{4}-\d\d-\d\d)["']""")
_USUAL_DAY_ZERO = b"1899-12-30"

_SETTINGS = "{urn:oasis:names:tc:opendocument:xmlns:config:1.0}"
_ENTRY, _ITEM, _NAME = f"{_SETTINGS}config-item-map-entry", f"{_SETTINGS}config-item", f"{_SETTINGS}name"
_SHOWS_ZEROS, _SHOWS_FORMULAS = "ShowZeroValues", "ShowFormulas"
_ZERO = re.compile(r"[-+]?0+(?:\.0*)?(?:[eE][-+]?\d+)?")
_VALUE = re.compile(rb"""(\soffice:value\s*=\s*["'])([^"']*)(["'])""")
_REAL_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?)?")
_TIME = re.compile(r"-?PT\d+H\d+M\d+(?:[.,]\d+)?S")
_SPACES = re.compile(r"[ \t\r\n]+")
_OUT_OF_SIGHT = ("collapse", "filter")
_NO_SIZE = re.compile(r"0+(?:\.0*)?[a-z]*")
_TABLE = r"(?:\$?(?:'(?:[^']|''){0,255}'|[^\s.:'$]{0,255})\.)?"
_RANGE = re.compile(
    rf"(?<!\S){_TABLE}\$?(?P<left>[A-Z]{{1,3}})\$?(?P<top>\d{{1,7}})"
    rf"(?::{_TABLE}\$?(?P<right>[A-Z]{{1,3}})\$?(?P<bottom>\d{{1,7}}))?(?!\S)"
)
_CELLS = ("table:table-cell", "table:covered-table-cell")


class Views:
    """What the views of a document show: nothing where a number is 0, or formulas in place of their results.

    A view says so for all of its sheets, and may say otherwise for one of them.
    """

    def __init__(self, settings: bytes) -> None:
        self._views = list(map(_settings_by_sheet, _views_in(ET.fromstring(settings))))  # noqa: S314

    def hide_zeros(self, name: str) -> bool:
        """Whether one of them shows nothing where a number of the sheet with this name is 0."""
        return self._say(_SHOWS_ZEROS, name, "false")

    def show_formulas(self, name: str) -> bool:
        """Whether one of them shows the formulas of the sheet with this name in place of their results."""
        return self._say(_SHOWS_FORMULAS, name, "true")

    def _say(self, setting: str, name: str, value: str) -> bool:
        return any(view.get((setting, name), view.get((setting, ""))) == value for view in self._views)


def _views_in(element: ET.Element) -> Iterator[ET.Element]:
    """The entries without a name; not those within another, which no program writes."""
    waiting = [element]
    while waiting:
        element = waiting.pop()
        if element.tag == _ENTRY and not element.get(_NAME):
            yield element
        else:
            waiting += element


def _settings_by_sheet(view: ET.Element) -> dict[tuple[str, str], str]:
    """What a view says of each sheet, by the setting and the name of the sheet; under no name of all."""
    values: dict[tuple[str, str], str] = {}
    for entry in view.iter(_ENTRY):
        for item in entry.iterfind(_ITEM):
            setting, value = item.get(_NAME, ""), (item.text or "").strip()
            if value and setting in {_SHOWS_ZEROS, _SHOWS_FORMULAS}:
                values.setdefault((setting, entry.get(_NAME, "")), value)
    return values


def readable_values(content: bytes) -> bytes:
    """The content of a document whose values that should be numbers are some: "not a number" where they are none."""

    def readable(value: re.Match[bytes]) -> bytes:
        return value[0] if FLOAT.fullmatch(value[2]) else b"%sNaN%s" % (value[1], value[3])

    return _VALUE.sub(readable, content)


@dataclass(slots=True)
class Condition:
    """Where a condition may apply these styles, and whether it shows something in place of the values."""

    areas: Areas
    styles: list[str]
    hides: bool = False


class OdsDisplays:
    """What each sheet of a document tells beside its values, and whether the document is linked with others.

    All are read at once, for a document may have thousands.
    """

    def __init__(self, content: bytes, views: Views | None = None, styles: bytes = b"") -> None:
        """``views``: where the program shows nothing for a number that is 0; ``styles``: those kept apart."""
        self.is_linked = any(mark in content for mark in _LINK_MARKS)
        self._views, self._displays = views, dict[str, Display | Refusal]()
        zero = _DAY_ZERO.search(content)
        self._day_zero = zero[1].decode() if zero and zero[1] != _USUAL_DAY_ZERO else ""
        # The parser is slow, and a table of texts has nothing for it to find.
        is_plain = not _OTHER_THAN_TEXT.search(content) and not _ODD_BLANKS.search(content)
        is_plain = is_plain and not any(map(_FORMAT_WITH_TEXT.search, (content, styles)))
        if is_plain and not any(mark in content for mark in _MARKS):
            return
        formats = OdsFormats()
        if styles:
            formats.add_common(styles)
        conditions = conditions_in(content) if _CONDITION_MARK in content else {}
        walk = _Walk(views, formats, self._displays, conditions)
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = walk.start, walk.end
        parser.CharacterDataHandler, parser.StartCdataSectionHandler = walk.text, walk.start_characters
        parser.Parse(content, True)

    def of(self, name: str) -> Display:
        """What the sheet with this name tells.

        Raises:
            Refusal: It cannot be read.
        """
        display = self._displays.get(name) or Display()
        if isinstance(display, Refusal):
            raise display
        display.day_zero = self._day_zero
        display.shows_formulas = self._views is not None and self._views.show_formulas(name)
        return display


class _Walk:
    """Counts rows and cells of the tables, with their repetitions, and compares what a cell holds with what it shows.

    What is found is put into ``displays``, by the names of the tables.
    """

    def __init__(
        self,
        views: Views | None,
        formats: OdsFormats,
        displays: dict[str, Display | Refusal],
        conditions: Mapping[str, Sequence[Condition]],
    ) -> None:
        self._all_conditions = conditions
        self._conditions: Sequence[Condition] = ()
        self._views, self._formats, self._displays, self._display = views, formats, displays, Display()
        self._without_zeros, self._name, self._inside = False, "", False
        self._row, self._rows, self._position, self._positions = 0, 0, 0, 0
        self._hidden_row = self._filled_row = False
        self._column = 0
        # Whether each group of rows or columns that is open is collapsed, and how many are.
        self._groups, self._collapsed = list[bool](), 0
        self._style, self._no_size = "", set[str]()
        self._row_style, self._column_styles = "", dict[int, str]()
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
            case "style:table-row-properties" | "style:table-column-properties":
                self._add_style(attributes)
            case "table:table" if self._cell is None:
                self._begin_table(attributes.get("table:name", ""))
            case "table:table-row-group" | "table:table-column-group":
                self._groups.append(attributes.get("table:display") == "false")
                self._collapsed += self._groups[-1]
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
            self._display.merged.append(((self._row, self._position), last))

    def _begin_table(self, name: str) -> None:
        display = self._displays.setdefault(name, Display())
        self._name, self._inside = name, isinstance(display, Display)
        self._display = display if isinstance(display, Display) else Display()
        self._without_zeros = self._views is not None and self._views.hide_zeros(name)
        self._row, self._rows, self._column, self._column_styles = 0, 0, 0, {}
        # A sheet may have thousands that change nothing but colours, and each cell is looked at.
        self._conditions = [
            one
            for one in self._all_conditions.get(name, ())
            if one.hides or any(map(self._formats.has_format, one.styles))
        ]

    def _refuse(self, refusal: Refusal) -> None:
        """Remember why this table cannot be read, for another one may be meant."""
        self._displays[self._name], self._inside = refusal, False

    def _start_inside(self, tag: str, attributes: dict[str, str]) -> None:
        # calamine (0.9.1) ends the outer table with the inner one.
        if tag == "table:table" and self._inside and not self._text.depth:
            advice = "Take its values out of that cell, then save the file again."
            self._refuse(Refusal("has a table inside a cell", advice))
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
            self._collapsed -= self._groups.pop()
        elif tag == "table:table-row" and self._inside and self._hidden_row and self._filled_row:
            self._display.hidden_rows += self._rows

    def _add_style(self, attributes: dict[str, str]) -> None:
        sizes = (attributes.get("style:row-height", ""), attributes.get("style:column-width", ""))
        if any(map(_NO_SIZE.fullmatch, sizes)):
            self._no_size.add(self._style)

    def _is_hidden(self, attributes: dict[str, str]) -> bool:
        out_of_sight = attributes.get("table:visibility") in _OUT_OF_SIGHT
        return out_of_sight or self._collapsed > 0 or attributes.get("table:style-name", "") in self._no_size

    def _begin_column(self, attributes: dict[str, str]) -> None:
        count = _repeated(attributes, "columns")
        if self._is_hidden(attributes):
            self._display.hide_columns(self._column, self._column + count - 1)
        if style := attributes.get("table:default-cell-style-name", ""):
            self._column_styles |= dict.fromkeys(range(self._column, min(self._column + count, MOST_COLUMNS)), style)
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
        try:
            if not self._add_problem(tag, cell, text.strip()):
                self._add_text(cell, text, is_plain=whole)
        except Refusal as refusal:
            self._refuse(refusal)

    def _add_problem(self, tag: str, cell: dict[str, str], text: str) -> bool:
        """Note what is wrong with a cell; False if nothing is."""
        formula = cell.get("table:formula")
        if cell.get("calcext:value-type") == "error" or (formula and _SHOWS_ERROR.fullmatch(text)):
            for row, position in self._places():
                self._display.add_error(row, position, text)
        elif formula and not _has_value(cell):
            # Also with a text: the program calculates such a formula when it opens the file.
            for row, position in self._places():
                self._display.add_formula(row, position, formula.partition("=")[2])
        elif tag == "table:covered-table-cell":
            self._display.covered.add([(self._cell_rows, self._cell_positions)])
        else:
            return False
        return True

    def _add_text(self, cell: dict[str, str], text: str, *, is_plain: bool) -> None:
        """Note what a cell shows, where that is not what its value is read as."""
        kind, shown = cell.get("office:value-type", ""), text.strip()
        if self._without_zeros and kind in _NUMBERS and _ZERO.fullmatch(cell.get(_VALUES[kind], "")):
            self._add_shape(NOTHING)
        elif shown and kind == "string" and (value := cell.get("office:string-value")):
            self._add_string(value, text)
        elif kind == "string" and not shown and self._text.lies_over:
            # calamine (0.9.1) takes the text of a box that lies over a cell for that of the cell.
            for row, position in self._places():
                self._display.add_uncertain(row, position, self._text.lies_over)
        elif not _has_value(cell) or kind not in _VALUES:
            changed = self._changed_positions(cell, kind, shown)
            for position in changed:
                self._add_shape(OTHER, range(position, position + 1))
            # Cells that say nothing of their value are read as empty; what they show is a text.
            if shown and not (is_plain and _has_value(cell) and "office:string-value" not in cell):
                self._put(text, changed)
        else:
            self._add_value(cell, kind, shown)

    def _changed_positions(self, cell: dict[str, str], kind: str, shown: str) -> set[int]:
        """Where the format of a text shows something else."""
        if kind != "string":
            return set()
        return {
            position
            for position in self._cell_positions
            for style in (self._style_of(cell, position), *self._conditional_styles(position))
            if self._formats.changes_text(shown, style)
        }

    def _add_value(self, cell: dict[str, str], kind: str, shown: str) -> None:
        """Note what a cell with a value shows."""
        if not _is_value(kind, cell[_VALUES[kind]]):
            self._add_shape(OTHER)
            return
        for position in self._cell_positions:
            if shape := self._shape_of_value(cell, kind, shown, position):
                self._add_shape(shape, range(position, position + 1))

    def _shape_of_value(self, cell: dict[str, str], kind: str, shown: str, position: int) -> str | None:
        """The format of a cell with a value, if that may show something else than the value."""
        if self._conditions and self._may_be_changed(cell, kind, shown, position):
            return OTHER
        value, style = _plain_value(cell, kind), self._style_of(cell, position)
        if kind == "time":
            return OTHER if shown in {"", value} else claim(shown)
        if kind == "boolean":
            return self._formats.shape_of_boolean(shown, style, value)
        # The bare value as it is stored says no more than none.
        return self._formats.shape_of_value("" if shown == cell[_VALUES[kind]] else shown, style, kind, value)

    def _may_be_changed(self, cell: dict[str, str], kind: str, shown: str, position: int) -> bool:
        """Whether a condition may show the value of a cell otherwise than as its text."""
        value = _plain_value(cell, kind)
        return any(one.hides for one in self._conditions_at(position)) or any(
            self._formats.changes_value(shown, style, kind, value) for style in self._conditional_styles(position)
        )

    def _conditional_styles(self, position: int) -> list[str]:
        return [style for one in self._conditions_at(position) for style in one.styles]

    def _conditions_at(self, position: int) -> list[Condition]:
        """The conditions in a column of the rows that the cell stands for."""
        rows = self._cell_rows
        return [one for one in self._conditions if one.areas.within(position, rows.start, len(rows))]

    def _add_string(self, value: str, text: str) -> None:
        # Of texts that differ in blanks only, the value is the one that a program shows.
        self._put(value)
        if _SPACES.sub(" ", value).strip() != _SPACES.sub(" ", text).strip():
            self._add_shape(claim(text.strip()))

    def _add_shape(self, shape: str, positions: range | None = None) -> None:
        rows = self._cell_rows
        for position in self._cell_positions if positions is None else positions:
            self._display.shapes.add(rows.start, position, shape, count=len(rows))

    def _put(self, text: str, without: Container[int] = ()) -> None:
        for row, position in self._places():
            if position in without:
                continue
            if len(text) > LONGEST_CELL:
                raise Refusal(*too_long(row, position))
            self._display.texts.setdefault(row, {})[position] = text

    def _style_of(self, cell: dict[str, str], position: int) -> str:
        """The style that a cell has by itself, by its row or by its column."""
        return cell.get("table:style-name", "") or self._row_style or self._column_styles.get(position, "")

    @property
    def _cell_rows(self) -> range:
        """The rows that the cell stands for."""
        return range(self._row + 1, min(self._row + self._rows, MOST_ROWS) + 1)

    @property
    def _cell_positions(self) -> range:
        """The positions that the cell stands for; further ones are not read."""
        return range(self._position, min(self._position + self._positions, max(self._position + 1, MOST_COLUMNS)))

    def _places(self) -> Iterator[tuple[int, int]]:
        """The rows and positions that the cell stands for, one by one."""
        # A repetition is one element however often it counts: a few bytes can stand for a sheet full of cells.
        if (count := len(self._cell_rows) * len(self._cell_positions)) > 1:
            self._display.claim(count)
        for row in self._cell_rows:
            for position in self._cell_positions:
                yield row, position


class _CellText:
    """The text of one cell as it is shown: paragraphs, line breaks, tabs and repeated spaces.

    ``is_plain``: it is a single paragraph of nothing but characters. ``depth`` counts elements inside it that are open
    and whose text is not the cell's; ``lies_over`` is the text in them.
    """

    def __init__(self) -> None:
        self.depth = self._size = 0
        self.is_plain, self.lies_over = True, ""
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
                self._size += 1
            case "text:s":
                self._put(" " * min(int(attributes.get("text:c", "1")), LONGEST_CELL))
            case "text:tab":
                self._put("\t")
            case "text:line-break":
                self._put("\n")

    def end(self) -> None:
        """End an element inside the cell."""
        self.depth = max(self.depth - 1, 0)

    def add(self, data: str) -> None:
        """Add characters; any white space between them is one space."""
        if self.depth and len(self.lies_over) < LONGEST_CELL:
            self.lies_over = f"{self.lies_over} {data}".strip()
        if self.depth or not self._paragraphs:
            return
        parts = self._paragraphs[-1]
        text = _SPACES.sub(" ", data)
        if text != data:
            self.is_plain = False
        begins = not parts or parts[-1].endswith((" ", "\t", "\n"))
        self._append(text[1:] if begins and text.startswith(" ") else text)

    def _put(self, text: str) -> None:
        self.is_plain = False
        if self._paragraphs:
            self._append(text)

    def _append(self, text: str) -> None:
        # A few bytes can stand for many spaces. What is longer than a cell can be is refused as a whole.
        if self._size <= LONGEST_CELL:
            self._paragraphs[-1].append(text)
        self._size += len(text)


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


def _plain_value(cell: dict[str, str], kind: str) -> str:
    """The value of a cell as it is read, and as ``number_formats.py`` takes it."""
    value = cell[_VALUES[kind]]
    if kind == "date":
        return as_text(datetime.fromisoformat(value[:19]))
    if kind == "boolean":
        return value.upper()
    return value if kind == "time" else as_text(float(value))


def conditions_in(content: bytes) -> dict[str, list[Condition]]:
    """The conditions of each table that may change what a cell shows; they stand behind its rows.

    Source: LibreOffice's own addition to OpenDocument (sc/source/filter/xml/xmlcondformat.cxx).
    """
    conditions: dict[str, list[Condition]] = {}
    table = [""]

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "table:table":
            table.append(attributes.get("table:name", ""))
        elif tag == "calcext:conditional-format":
            areas = Areas(_areas(attributes.get("calcext:target-range-address", "")))
            conditions.setdefault(table[-1], []).append(Condition(areas, []))
        elif tag.startswith("calcext:") and conditions.get(table[-1]):
            condition = conditions[table[-1]][-1]
            names = (attributes.get("calcext:apply-style-name"), attributes.get("calcext:style"))
            condition.styles.extend(filter(None, names))
            condition.hides = condition.hides or attributes.get("calcext:show-value") == "false"

    def end(tag: str) -> None:
        if tag == "table:table":
            table.pop()

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(content, True)
    return conditions


def _areas(addresses: str) -> Iterator[Area]:
    """The areas that a list of ranges such as 'My table'.C2:C9 names; every cell if one of them is not understood."""
    if _RANGE.sub("", addresses).strip():
        yield range(1, MOST_ROWS + 1), range(MOST_COLUMNS)
        return
    for match in _RANGE.finditer(addresses):
        (left, right), (top, bottom) = match.group("left", "right"), match.group("top", "bottom")
        positions = sorted(position_of(letters.encode()) for letters in (left, right or left))
        rows = sorted((int(top), int(bottom or top)))
        yield range(rows[0], rows[1] + 1), range(positions[0], positions[1] + 1)


def _repeated(attributes: dict[str, str], what: str) -> int:
    return int(attributes.get(f"table:number-{what}-repeated", "1"))
