"""A workbook as sheets of values: read by python-calamine, and .xls by xlrd.

xlrd reads .xls because calamine (0.9.1) gives out errors as empty cells there, tells neither formats nor what is
hidden, and refuses strings that are continued in a second record, as Gnumeric writes them.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Protocol

import xlrd
import xlrd.book
import xlrd.sheet
from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum
from xlrd.biffh import XLRDError

from .cell_texts import Cell, Table, is_blank
from .day_numbers import is_common_day
from .display import FROM_1904, NOT_STORED, Display, Stretches
from .format_codes import BUILT_IN, GENERAL, OTHER, usable
from .limits import MOST_COLUMNS, PROTECTED, Refusal
from .old_strings import shared_strings
from .xls_display import OldFile

_ENCRYPTED = "encrypted"


@dataclass(frozen=True, slots=True)
class SheetName:
    """A sheet that can hold a table, which charts cannot."""

    name: str
    is_hidden: bool


class Book(Protocol):
    """A workbook that is open."""

    @property
    def names(self) -> Sequence[SheetName]:
        """Its sheets in their order."""

    def table(self, name: str) -> Table:
        """The values of a sheet."""

    def display(self, name: str) -> Display:
        """What a sheet tells beside its values."""


def first_row(table: Table) -> tuple[str, ...]:
    """The texts of the first row that is more than blanks, without blanks at its end; none in a sheet of blanks.

    Raises:
        OverflowError: A number before its end cannot be read as the moment that calamine takes it for.
    """
    with _panic_as_overflow():
        for row in table.rows():
            texts = ["" if is_blank(cell) else str(cell).strip() for cell in row]
            while texts and not texts[-1]:
                texts.pop()
            if texts:
                return tuple(texts)
    return ()


@contextmanager
def _panic_as_overflow() -> Iterator[None]:
    """Raise OverflowError where calamine (0.9.1) panics, at -1e300 in a format of dates."""
    try:
        yield
    except BaseException as error:
        # The class has no module that could be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise OverflowError from error


class CalamineBook:
    """A workbook of any kind but .xls; ``display`` tells what calamine does not."""

    def __init__(self, source: Path | IO[bytes], display: Callable[[str], Display]) -> None:
        self._book = (
            CalamineWorkbook.from_path(source) if isinstance(source, Path) else CalamineWorkbook.from_filelike(source)
        )
        self._display = display
        self._tables: dict[str, CalamineTable] = {}

    @property
    def names(self) -> Sequence[SheetName]:
        """Its sheets in their order."""
        return [
            SheetName(sheet.name, sheet.visible != SheetVisibleEnum.Visible)
            for sheet in self._book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet
        ]

    def table(self, name: str) -> "CalamineTable":
        """The values of a sheet, which are read once."""
        if name not in self._tables:
            self._tables[name] = CalamineTable(self._book.get_sheet_by_name(name))
        return self._tables[name]

    def display(self, name: str) -> Display:
        """What a sheet tells beside its values."""
        display, table = self._display(name), self.table(name)
        display.add_merged((*table.merged, *display.merged), *table.extent)
        return display


class CalamineTable:
    """The values of a sheet of calamine."""

    def __init__(self, sheet: CalamineSheet) -> None:
        self._sheet = sheet
        self.merged = sheet.merged_cell_ranges or ()

    @property
    def start(self) -> tuple[int, int]:
        """The row and the position of the first cell."""
        return self._sheet.start or (0, 0)

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns from A1 on; calamine's own total_height and total_width are one less than that (0.9.1)."""
        last_row, last_position = self._sheet.end or (-1, -1)
        return last_row + 1, last_position + 1

    def rows(self) -> Iterator[Sequence[Cell]]:
        """The rows from row 1 on."""
        return iter(self._sheet.iter_rows())


class XlsBook:
    """An old workbook."""

    def __init__(self, content: bytes) -> None:
        self._records = OldFile(content)
        try:
            # It writes its doubts about a file to stdout, which is for the answer. Rows end with their last cell, for
            # filled up to the widest one a few cells, or one merged area, make a table of 16 million.
            self._book = xlrd.open_workbook(
                file_contents=content, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
            )
        except XLRDError as error:
            raise (Refusal(*PROTECTED) if _ENCRYPTED in str(error).lower() else error) from error
        self._tables: dict[str, XlsTable] = {}

    @property
    def names(self) -> Sequence[SheetName]:
        """Its sheets in their order."""
        return [SheetName(sheet.name, sheet.visibility != 0) for sheet in self._book.sheets()]

    def table(self, name: str) -> "XlsTable":
        """The values of a sheet."""
        if name not in self._tables:
            self._tables[name] = XlsTable(self._book, self._book.sheet_by_name(name))
        return self._tables[name]

    def display(self, name: str) -> Display:
        """What a sheet tells beside its values."""
        sheet = self._book.sheet_by_name(name)
        if self._book.biff_version < _FIRST_OF_UNICODE and self._book.codepage is None and not _is_ascii(sheet):
            raise Refusal(
                "does not name its character set, so letters such as é could be misread",
                "Open it in your spreadsheet program, make sure that all letters are right, and save it as .xlsx.",
            )
        display = Display(formats=self._formats(sheet))
        for row in range(sheet.nrows):
            types = sheet.row_types(row)
            for position in (p for p, kind in enumerate(types) if kind == xlrd.XL_CELL_ERROR):
                code = int(sheet.cell_value(row, position))
                display.add_error(row + 1, position, xlrd.error_text_from_code.get(code, ""))
            about = sheet.rowinfo_map.get(row)
            if about and (about.hidden or about.height == 0) and not _BLANK_TYPES.issuperset(types):
                display.hidden_rows += 1
        for position, column in sheet.colinfo_map.items():
            if (column.hidden or column.width == 0) and position < MOST_COLUMNS:
                display.hidden_columns.add(position)
        records = self._records.sheet(self._book.sheet_names().index(name))
        display.conditional.add(records.conditional)
        # What exactly a condition changes is not read here.
        display.conditional_texts.add(records.conditional)
        display.day_zero = FROM_1904 if self._book.datemode else ""
        display.hides_zeros = not getattr(sheet, "show_zero_values", True)
        display.shows_formulas = bool(getattr(sheet, "show_formulas", False))
        for row, position, is_stored in records.formulas:
            display.add_formula(row, position, NOT_STORED, is_stored=is_stored)
        merged = [((top, left), (bottom - 1, right - 1)) for top, bottom, left, right in sheet.merged_cells]
        display.add_merged(merged, *self.table(name).extent)
        return display

    def _formats(self, sheet: xlrd.sheet.Sheet) -> Stretches:
        formats, shapes = Stretches(GENERAL), [self._shape(style.format_key) for style in self._book.xf_list]
        for row in range(sheet.nrows):
            for position in range(sheet.row_len(row)):
                shape = shapes[sheet.cell_xf_index(row, position)]
                if shape != GENERAL:
                    formats.add(row + 1, position, shape)
        return formats

    def _shape(self, key: int) -> str:
        stored = self._book.format_map.get(key)
        # Those up to 49 are in no file, and xlrd gives them as they are in the United States.
        return BUILT_IN.get(key, OTHER) if key < _FIRST_OF_FILE else usable(stored.format_str) if stored else OTHER


_FIRST_OF_FILE, _FIRST_OF_UNICODE = 50, 80
_BLANK_TYPES = {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK}


def _is_ascii(sheet: xlrd.sheet.Sheet) -> bool:
    """Whether a sheet holds only letters that are the same in all languages."""
    return all(str(value).isascii() for row in range(sheet.nrows) for value in sheet.row_values(row))


class XlsTable:
    """The values of a sheet of xlrd."""

    def __init__(self, book: xlrd.book.Book, sheet: xlrd.sheet.Sheet) -> None:
        self._sheet, self._from_1904 = sheet, bool(book.datemode)
        widths = [_width(sheet.row_types(row)) for row in range(sheet.nrows)]
        while widths and not widths[-1]:
            widths.pop()
        self._height, self._width = len(widths), max(widths, default=0)

    @property
    def start(self) -> tuple[int, int]:
        """The row and the position of the first cell: always A1."""
        return 0, 0

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns from A1 on."""
        return self._height, self._width

    def rows(self) -> Iterator[Sequence[Cell]]:
        """The rows from row 1 on."""
        for row in range(self._height):
            types, values = self._sheet.row_types(row)[: self._width], self._sheet.row_values(row)[: self._width]
            cells = list(map(self._cell, types, values))
            yield [*cells, *[None] * (self._width - len(cells))]

    def _cell(self, kind: int, value: object) -> Cell:
        match value:
            case float() if kind == xlrd.XL_CELL_DATE:
                return _moment(value, self._from_1904)
            case float() | str() if kind in {xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_TEXT}:
                return value
            case int() if kind == xlrd.XL_CELL_BOOLEAN:
                return bool(value)
            case _:
                return None


def _width(types: Sequence[int]) -> int:
    """The cells of a row up to the last that holds something."""
    return next((n for n in range(len(types), 0, -1) if types[n - 1] not in _BLANK_TYPES), 0)


def _moment(days: float, from_1904: bool) -> Cell:
    """A day, a moment or a time of day; the number itself where it is none of these."""
    if not is_common_day(days, from_1904=from_1904):
        return days
    if days < 1:
        return (datetime.min + timedelta(milliseconds=round(days * 86_400_000))).time()
    # The old system has a 29 February 1900, which the days after it must not count.
    first = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30 if days >= _AFTER_LEAP_DAY else 31)
    return first + timedelta(milliseconds=round(days * 86_400_000))


_AFTER_LEAP_DAY = 60


def _unpacked(records: Sequence[bytes], count: int) -> tuple[list[str], dict[int, object]]:
    """The strings of a file, without how they are formatted."""
    return shared_strings(records, count), {}


# xlrd (2.0.2) fails where a record ends between the two halves of an emoji, and at strings of Gnumeric.
setattr(xlrd.book, "unpack_SST_table", _unpacked)  # noqa: B010
