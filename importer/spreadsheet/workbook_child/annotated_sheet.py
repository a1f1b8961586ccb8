"""The XML of a sheet with wrong cells red, corrected texts, columns at its end and lists to choose from.

Every byte of the sheet stays as it is, but for the cells and parts that are named here.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from .annotation import AddedColumn, Annotation, Ascending, RowAnnotation
from .areas import Areas
from .cell_styles import CellStyles
from .limits import MOST_COLUMNS, UNUSUAL, Refusal
from .package import letters_of
from .sheet_outline import SheetOutline, areas_of, outline_of, place_for, position_in
from .sheet_parts import Merges, put_columns, replace_items
from .spans import (
    Attributes,
    Edits,
    Element,
    end_of,
    escaped,
    prefix_of,
    tag_end,
    walk,
    with_attribute,
    without_attribute,
)

MOST_COMMENTS = 5_000
"""More make a workbook slow to open; the same sentences stand in a column as well."""

_RELATIONS = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ROW, _CELL, _FORMULA = 2, 3, 4
"""How deep in a sheet these elements stand."""

_MOST_AREAS = 400
"""Of one rule, so that no attribute becomes longer than programs read."""

_YES = {"1", "true"}
_TEXTS = {"s", "str", "inlineStr"}


@dataclass(slots=True)
class _Cell:
    """A cell as it stands in the sheet: ``end`` is where its end was met, ``formula`` what its formula says."""

    position: int
    start: int
    attributes: Attributes
    end: int = 0
    formula: Attributes | None = None

    @property
    def look(self) -> int:
        """The index of its look."""
        return int(self.attributes.get("s", "0"))


@dataclass(frozen=True)
class SheetLinks:
    """What a sheet refers to: the sheet of values to choose from, the columns of these by position, and its comments.

    ``drawing`` is the Id of the link that it would get to the boxes of its comments.
    """

    helper: str
    columns: Mapping[int, str]
    drawing: str

    def source(self, position: int, count: int) -> str:
        """Where the values for a column stand."""
        letters = self.columns[position]
        return f"'{self.helper}'!${letters}$2:${letters}${count + 1}"


@dataclass(frozen=True)
class AnnotatedSheet:
    """A sheet that was annotated: its bytes, and the sentences for comments by row and position.

    ``offered`` are the positions of columns with a list. ``lost_formula`` tells that a text stands in place of one.
    """

    data: bytes
    sentences: Mapping[tuple[int, int], str]
    offered: Sequence[int]
    lost_formula: bool


def annotated_sheet(data: bytes, annotation: Annotation, styles: CellStyles, links: SheetLinks) -> AnnotatedSheet:
    """The sheet with its annotation.

    Raises:
        Refusal: It cannot be annotated without losing something.
    """
    outline = outline_of(data)
    protection = outline.part("sheetProtection")
    if protection is not None and protection.attributes.get("sheet") in _YES:
        raise Refusal("its sheet is protected")
    writer = _Writer(data, outline, annotation, styles)
    walk(data, writer.start, writer.end)
    offered = writer.finish(links)
    return AnnotatedSheet(writer.edits.applied(data), writer.sentences, offered, writer.lost_formula)


class _Writer:
    """Goes through a sheet a second time and notes what changes."""

    def __init__(self, data: bytes, outline: SheetOutline, annotation: Annotation, styles: CellStyles) -> None:
        self._data, self._outline, self._styles = data, outline, styles
        self._header_row, self._lists = annotation.header_row, annotation.lists
        self._rows, self._columns = Ascending(annotation.rows), _placed(annotation, outline)
        self._added = {position for position, _ in self._columns}
        self._prefix = prefix_of(outline.root.tag(data))
        self._looks_of_added, self._looks_of_columns = dict[int, int](), outline.looks_of_columns()
        self._merges = Merges(outline)
        self._arrays = Areas(area.ranges for area in outline.arrays if not area.is_one_cell)
        self.edits = Edits()
        self.sentences: dict[tuple[int, int], str] = {}
        self._offering: dict[int, list[int]] = {position: [] for position in annotation.lists}
        self.lost_formula = False
        self._level, self._in_rows, self._number, self._last = 0, False, 0, -1
        self._row: Element | None = None
        self._cells: list[_Cell] = []
        self._behind_cells = 0

    # -- the elements as they come ------------------------------------------------------------------------------------

    def start(self, name: str, attributes: Attributes, place: int) -> None:
        """Take in the beginning of an element."""
        level, self._level = self._level, self._level + 1
        if level == 1:
            self._in_rows = name.endswith(" sheetData")
        elif not self._in_rows:
            return
        elif level == _CELL:
            if name.endswith(" c"):
                address = attributes.get("r")
                self._last = self._last + 1 if address is None else position_in(address)
                self._cells.append(_Cell(self._last, place, attributes))
            else:
                self._behind_cells = self._behind_cells or place
        elif level == _ROW:
            self._begin_row(name, attributes, place)
        elif level == _FORMULA and name.endswith(" f"):
            self._cells[-1].formula = attributes

    def end(self, name: str, place: int) -> None:
        """Take in the end of an element."""
        self._level -= 1
        if not self._in_rows:
            return
        if self._level == _CELL and name.endswith(" c"):
            self._cells[-1].end = place
        elif self._level == _ROW and self._row is not None:
            self._row.end = place
            self._end_row(self._row)

    def _begin_row(self, name: str, attributes: Attributes, place: int) -> None:
        number = int(attributes.get("r", self._number + 1))
        if number <= self._number:
            raise Refusal("its rows are not in order")
        self._number, self._last, self._cells, self._behind_cells = number, -1, [], 0
        self._row = Element(name, attributes, place, 0)

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _end_row(self, row: Element) -> None:
        annotation = self._header() if self._number == self._header_row else self._rows.take(self._number)
        if annotation is None:
            self._restore(self._cells)
            return
        self._note(annotation)
        added = {position: text for (position, _), text in zip(self._columns, annotation.texts, strict=True)}
        texts = {position: text for position, text in added.items() if text is not None} | dict(annotation.corrected)
        touched, there = texts.keys() | annotation.wrong.keys(), {cell.position for cell in self._cells}
        for cell in self._cells:
            if cell.position in touched:
                self._change(cell, texts.get(cell.position), annotation)
        self._restore(cell for cell in self._cells if cell.position not in touched)
        missing = [p for p in sorted(touched - there) if texts.get(p) or p in annotation.wrong]
        self._insert(row, missing, texts, annotation)

    def _header(self) -> RowAnnotation:
        texts = [column.header for _, column in self._columns]
        return RowAnnotation(self._number, texts, {}, {})

    def _note(self, annotation: RowAnnotation) -> None:
        for rows in self._offering.values() if annotation.row != self._header_row else ():
            rows.append(annotation.row)
        for position, sentence in annotation.wrong.items():
            if len(self.sentences) < MOST_COMMENTS:
                self.sentences[annotation.row, position] = sentence
        for position in annotation.corrected:
            self._merges.fill(annotation.row, position)
            if self._arrays.holds(annotation.row, position):
                self._refuse_shared_formula(position)

    def _refuse_shared_formula(self, position: int) -> None:
        cell = f"{letters_of(position)}{self._number}"
        raise Refusal(f"the formula in {cell}, where you corrected the value, stands for other cells as well")

    def _restore(self, cells: Iterable[_Cell]) -> None:
        """Take the red from cells that are right by now."""
        for cell in cells:
            self._set_look(cell, self._styles.base(cell.look))

    def _change(self, cell: _Cell, text: str | None, annotation: RowAnnotation) -> None:
        look = self._styles.base(cell.look)
        if cell.position in self._added and self._number != self._header_row:
            self._looks_of_added[cell.position] = look
        look = self._look(look, cell.position, annotation)
        if text is None:
            self._refuse_open_format(cell)
            self._set_look(cell, look)
            return
        if cell.formula is not None:
            self.lost_formula = True
            if not all(area.is_one_cell for area in areas_of(cell.formula.get("ref", ""))):
                self._refuse_shared_formula(cell.position)
        element = Element("", cell.attributes, cell.start, tag_end(self._data, cell.start))
        end = end_of(self._data, element, cell.end)
        self.edits.replace(cell.start, end, self._cell(cell.position, look, text))

    def _refuse_open_format(self, cell: _Cell) -> None:
        """Refuse a value without a look of its own, if that of its row or column has another number format.

        With a look in red it would have its own, and nobody could see any more that programs show it in two ways.
        """
        end = tag_end(self._data, cell.start)
        if "s" in cell.attributes or self._row is None or self._data[end - 2 : end] == b"/>":
            return
        is_text = cell.attributes.get("t") in _TEXTS
        if self._styles.changes(self._look_around(self._row, cell.position), texts=is_text):
            where = f"{letters_of(cell.position)}{self._number}"
            raise Refusal(f"{where} has no number format of its own, and programs show it in two ways")

    def _look(self, look: int, position: int, annotation: RowAnnotation) -> int:
        if position in annotation.corrected:
            look = self._styles.text(look)
        return self._styles.red(look) if position in annotation.wrong else look

    def _set_look(self, cell: _Cell, look: int) -> None:
        if look != cell.look:
            end = tag_end(self._data, cell.start)
            tag = with_attribute(self._data[cell.start : end], b"s", b"%d" % look)
            self.edits.replace(cell.start, end, tag)

    def _insert(
        self, row: Element, positions: Sequence[int], texts: Mapping[int, str | None], annotation: RowAnnotation
    ) -> None:
        """Put cells into a row that it does not have."""
        if not positions:
            return
        row.tag_end = tag_end(self._data, row.start)
        if row.is_empty(self._data):
            raise Refusal(UNUSUAL)
        # What it says of its first and last cell is no longer true.
        if "spans" in row.attributes:
            self.edits.replace(row.start, row.tag_end, without_attribute(row.tag(self._data), b"spans"))
        farthest = list(accumulate((cell.position for cell in self._cells), max))
        for position in positions:
            index = bisect_right(farthest, position)
            after = self._cells[index] if index < len(self._cells) else None
            if after is not None and "r" not in after.attributes:
                raise Refusal("its cells do not say where they are")
            look = self._look(self._look_of_missing(row, position), position, annotation)
            place = (self._behind_cells or row.end) if after is None else after.start
            self.edits.insert(place, self._cell(position, look, texts.get(position) or ""))

    def _look_of_missing(self, row: Element, position: int) -> int:
        if position in self._added and self._number == self._header_row:
            # As the last header of the user's own.
            beside = [cell for cell in self._cells if cell.position < position and cell.position not in self._added]
            return self._styles.base(beside[-1].look) if beside else 0
        if position in self._added:
            return self._looks_of_added.setdefault(position, self._styles.text(0))
        return self._look_around(row, position)

    def _look_around(self, row: Element, position: int) -> int:
        """The look that a row or column gives to cells without one."""
        if row.attributes.get("customFormat") in _YES:
            return int(row.attributes.get("s", "0"))
        return self._looks_of_columns.get(position, 0)

    def _cell(self, position: int, look: int, text: str) -> bytes:
        address = f"{letters_of(position)}{self._number}".encode()
        head = b'<%sc r="%s" s="%d"' % (self._prefix, address, look)
        if not text:
            return head + b"/>"
        words = {b"p": self._prefix, b"t": escaped(text)}
        return head + b' t="inlineStr"><%(p)sis><%(p)st xml:space="preserve">%(t)s</%(p)st></%(p)sis></%(p)sc>' % words

    # -- outside the rows ---------------------------------------------------------------------------------------------

    def finish(self, links: SheetLinks) -> list[int]:
        """Note what changes outside the rows; give the positions of the columns that have got a list.

        Raises:
            Refusal: A row was annotated that the sheet does not have, or only a part of merged cells was corrected.
        """
        self._rows.end()
        self._merges.split(self.edits, self._data)
        new = {position: column.width for position, column in self._columns if column.position is None}
        put_columns(self.edits, self._data, self._outline, new)
        self._widen_dimension()
        offered = self._offer(links)
        if self.sentences and self._outline.part("legacyDrawing") is None:
            link = b'<%slegacyDrawing xmlns:r="%s" r:id="%s"/>' % (self._prefix, _RELATIONS, links.drawing.encode())
            self.edits.insert(place_for(self._outline, "legacyDrawing"), link)
        return offered

    def _widen_dimension(self) -> None:
        dimension = self._outline.part("dimension")
        areas = list(areas_of(dimension.attributes.get("ref", ""))) if dimension else []
        if dimension is None or not areas:
            return
        right = max(areas[0].right, *self._added)
        corners = f"{letters_of(areas[0].left)}{areas[0].top}:{letters_of(right)}{max(areas[0].bottom, self._number)}"
        tag = with_attribute(dimension.tag(self._data), b"ref", corners.encode())
        self.edits.replace(dimension.start, dimension.tag_end, tag)

    def _offer(self, links: SheetLinks) -> list[int]:
        """Put in the lists, and take out those that an earlier copy put in."""
        rules = self._outline.inside.get("dataValidations", [])
        earlier, of_others = list[Element](), list[Element]()
        for rule in rules:
            is_ours = f"'{links.helper}'!".encode() in self._data[rule.start : rule.end]
            (earlier if is_ours else of_others).append(rule)
        others = Areas(area.ranges for area in self._outline.offered(self._data, of_others))
        pieces, offered = list[bytes](), list[int]()
        for position, rows in sorted(self._offering.items()):
            free = [row for row in rows if not others.holds(row, position)]
            source = links.source(position, len(self._lists[position]))
            pieces += [self._rule(areas, source) for areas in _areas(position, free)]
            offered += [position] if free else []
        part = self._outline.part("dataValidations")
        if part is None and pieces:
            words = {b"p": self._prefix, b"n": len(pieces), b"r": b"".join(pieces)}
            whole = b'<%(p)sdataValidations count="%(n)d">%(r)s</%(p)sdataValidations>' % words
            self.edits.insert(place_for(self._outline, "dataValidations"), whole)
        elif part is not None and (pieces or earlier):
            replace_items(self.edits, self._data, part, earlier, pieces, len(rules))
        return offered

    def _rule(self, areas: str, source: str) -> bytes:
        words = {b"p": self._prefix, b"a": areas.encode(), b"s": escaped(source)}
        return (
            b'<%(p)sdataValidation type="list" allowBlank="1" showInputMessage="1" sqref="%(a)s">'
            b"<%(p)sformula1>%(s)s</%(p)sformula1></%(p)sdataValidation>" % words
        )


def _placed(annotation: Annotation, outline: SheetOutline) -> list[tuple[int, AddedColumn]]:
    """The added columns, each where it is or will be: to the right of everything."""
    merged = [area.right + 1 for area in outline.merges if area.bottom >= annotation.header_row]
    free, placed = max([annotation.free, outline.free, *merged]), list[tuple[int, AddedColumn]]()
    for column in annotation.columns:
        position = free if column.position is None else column.position
        free += column.position is None
        placed.append((position, column))
    if free > MOST_COLUMNS:
        raise Refusal("it has no room for more columns")
    return placed


def _areas(position: int, rows: Sequence[int]) -> Iterator[str]:
    """Cells of a column as areas, in texts of so many that programs read them."""
    letters, areas = letters_of(position), list[list[int]]()
    for row in rows:
        if areas and areas[-1][1] == row - 1:
            areas[-1][1] = row
        else:
            areas.append([row, row])
    texts = [f"{letters}{first}:{letters}{last}" if last > first else f"{letters}{first}" for first, last in areas]
    for begin in range(0, len(texts), _MOST_AREAS):
        yield " ".join(texts[begin : begin + _MOST_AREAS])
