"""A sheet as text cells, each with the address that the spreadsheet program shows.

Must not know fields, record types or what a cell means.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from importer.errors import FileError
from importer.issues import Notice
from importer.spreadsheet.cell_bytes import CellBytes, Mask

REPORT_COLUMNS = ("import_row", "import_status", "import_id", "import_message")
"""The columns that a report adds after the user's own, in this order; they are skipped on reading, so that failed rows
can be imported again."""

PLAIN_REPORT_COLUMNS = ("Import: row", "Import: result", "Import: Id in Nexudus", "Import: message")
"""The same in the files of people who work on the pages."""

_REPORT_COLUMNS = {
    title.lower(): name
    for titles in (REPORT_COLUMNS, PLAIN_REPORT_COLUMNS)
    for title, name in zip(titles, REPORT_COLUMNS, strict=True)
}

RECORD_ID = "Id"
_ROW_COLUMN, _STATUS_COLUMN, *_, _LAST_COLUMN = REPORT_COLUMNS
STAMPS = ("CreatedOn", "UpdatedOn", "UpdatedBy")
"""Headers that an export adds to those of the fields, beside that of the Id: what the service says of its age."""

HEADER_AMONG = 20
"""The header is looked for among the first 20 filled rows; anything above it is a title, not data."""

_NAMED_BY_CHANCE = 2
"""A row of data may hold one word that names a column, such as Room; two of them are a header."""

_FULL_ABOVE = 3
"""Group headings above a header are a line or two; more full rows than these are data, and none is passed over."""

MOST_COLUMNS = 500
"""No mapping has a tenth of that, and a table of 16,384 columns would only cost memory and time."""


def report_column(label: str) -> str:
    """Which of REPORT_COLUMNS a header is, by whichever of its titles; empty for any other."""
    return _REPORT_COLUMNS.get(label.lower(), "")


def column_letters(position: int) -> str:
    """The letters over a column: 0 is A, 26 is AA."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def address(row: int, position: int) -> str:
    """The address of a cell, like D5."""
    return f"{column_letters(position)}{row}"


OF_DATES = "date-of-workbook"
"""Of a number that is another day than most workbooks would have it: it means nothing where a cell is no date."""

PROBLEM_CODES = (
    *("cell-error", "formula-without-value", "formula-not-calculated", "number-rounded", "cell-merged"),
    *("shown-differently", "shown-uncertain", OF_DATES),
)
"""What can be wrong with a cell before anybody knows what it is for: its text is not its value."""


def as_problems(code: Sequence[str] = (), row: Sequence[int] = (), position: Sequence[int] = ()) -> pd.DataFrame:
    """Cells whose text is not their value: what is wrong (an issue code), and where.

    Shape: one line a cell, any order; columns ``code`` (text), ``row`` and ``position`` (int64).
    """
    table = pd.DataFrame({"code": list(code), "row": list(row), "position": list(position)})
    return table.astype({"code": "category", "row": "int64", "position": "int64"})


RowTaker = Callable[[CellBytes], Mask]
"""Says of each row of a block whether it is taken: then it comes in no chunk."""


@dataclass(frozen=True)
class GatedRead:
    """How to read the chunks of a sheet whose rows are as they are in the file, so that a gate may take some of them.

    ``chunks`` gives them anew at each call, with a gate or with None.
    """

    chunks: Callable[[RowTaker | None], Iterator[pd.DataFrame]]

    def __call__(self, gate: RowTaker | None = None) -> Iterator[pd.DataFrame]:
        """The chunks, without the rows that a gate takes."""
        return self.chunks(gate)


def through(
    read: Callable[[], Iterator[pd.DataFrame]],
    change: Callable[[Callable[[], Iterator[pd.DataFrame]]], Iterator[pd.DataFrame]],
) -> Callable[[], Iterator[pd.DataFrame]]:
    """The reading of a sheet, its chunks changed in a way that concerns no row that a gate takes."""
    if isinstance(read, GatedRead):
        return GatedRead(lambda gate: change(partial(read, gate)))
    return partial(change, read)


@dataclass(frozen=True)
class Sheet:
    """One table of a file.

    ``labels`` holds the header as typed, by column position. ``read`` gives the rows below it anew at each call.
    ``notices`` are what a person should know of how the file was read; often there are none.
    ``problems`` lists the cells whose text is not their value, such as #N/A, as ``as_problems`` shapes them.
    ``by_labels`` tells that the header was recognised by what it says, so its row must be named to read it again.
    ``names_apart`` tells that columns have names although none of the rows is a header, as in JSON Lines.
    ``day_zero`` is the day that plain numbers count from, None for the usual one.

    Shape of a chunk: index = row numbers as the user sees them (header = 1, blank rows counted but left out);
    columns = column positions; object dtype, every cell a str, "" when empty. One that shows something else than its
    value, such as 0.5 shown as 50%, is a ``FormattedCell``.
    """

    name: str | None
    header_row: int
    labels: tuple[str, ...]
    read: Callable[[], Iterator[pd.DataFrame]]
    notices: tuple[Notice, ...] = ()
    problems: pd.DataFrame = field(default_factory=as_problems, compare=False)
    by_labels: bool = False
    day_zero: date | None = None
    names_apart: bool = False

    @property
    def has_names(self) -> bool:
        """Whether somebody has named the columns; otherwise each is called by its letters."""
        return self.names_apart or self.header_row != NO_HEADER

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of the columns that are the user's own."""
        labels = enumerate(labels_of_user(self.labels))
        return tuple(i for i, label in labels if i != self.answers and not report_column(label))

    def beyond(self, position: int) -> tuple[int, ...]:
        """Positions right of the last header of the user's own, up to this one, but for columns that a report adds."""
        first, labels = len(labels_of_user(self.labels)), self.labels
        return tuple(i for i in range(first, position) if i >= len(labels) or not labels[i])

    @property
    def answers(self) -> int | None:
        """The position of the column that a failed file adds for the Ids of records; None if there is none."""
        return next(_places_of_answers(self.labels), None)

    @property
    def has_formats(self) -> bool:
        """Whether a cell may show something else than its value, as only those of workbooks can."""
        return self.name is not None

    @property
    def is_report(self) -> bool:
        """Whether this is a report of the importer that comes back as input."""
        return any(report_column(label) in {_ROW_COLUMN, _LAST_COLUMN} for label in self.labels)


def rows_of_status(sheet: Sheet, status: str) -> list[int]:
    """The rows of a file that comes back beside which the importer has written this status."""
    labels = [report_column(label) for label in sheet.labels]
    if not sheet.is_report or _STATUS_COLUMN not in labels:
        return []
    position = labels.index(_STATUS_COLUMN)
    chunks = (chunk for chunk in sheet.read() if position in chunk)
    return [row for chunk in chunks for row in chunk.index[chunk[position] == status].tolist()]


def labels_of_user(labels: Sequence[str]) -> Sequence[str]:
    """The headers up to the last of the user's own: what a report adds stands behind it, perhaps after a gap."""
    answers = next(_places_of_answers(labels), None)
    of_user = (i for i, label in enumerate(labels) if label and i != answers and not report_column(label))
    return labels[: max(of_user, default=-1) + 1]


def _places_of_answers(labels: Sequence[str]) -> Iterator[int]:
    # By its place, because a column of the user's own may have the same header.
    pairs = enumerate(pairwise(labels), start=1)
    return (i for i, (left, label) in pairs if report_column(left) == _LAST_COLUMN and label == RECORD_ID)


def is_escaped(labels: Sequence[str]) -> bool:
    """Whether a file with these headers was written by the importer, which escapes formulas in text files."""
    names = {label.lower() for label in labels}
    return _ROW_COLUMN in map(report_column, labels) or (
        RECORD_ID in labels and not names.isdisjoint(map(str.lower, STAMPS))
    )


NO_HEADER = 0
"""The row of the header of a sheet that has none: the one before the first."""

_WIDTH_AMONG = 1_000
"""Rows of a sheet without a header among which the widest says how many columns there are."""

Rows = Iterable[tuple[int, Sequence[str]]]
"""The rows of a table from the first one, with their numbers."""

Judge = Callable[[Sequence[str]], int]
"""How many columns these texts name, if they are taken for a header; reading itself knows no names."""


@dataclass(frozen=True, slots=True)
class Header:
    """The row that names the columns, what it says, and a notice about filled rows above it.

    ``named`` is how many columns its labels name, None if nobody could judge. ``by_labels`` tells that it was
    recognised by them only: without a judge, another row would be taken.
    """

    row: int
    labels: tuple[str, ...]
    notices: tuple[Notice, ...]
    named: int | None = None
    by_labels: bool = False


class _Filled(NamedTuple):
    row: int
    cells: list[str]
    size: int


def find_header(rows: Rows, judge: Judge | None = None, *, row: int | None = None) -> Header | None:
    """The header among numbered rows: the first that is at least half as full as the fullest near the top.

    A title such as "Calendars, as of November" fills one cell or two, a header one for every column. Where another row
    names more columns by the ``judge``, it is that one. With ``row`` it is that row, whatever it holds; with NO_HEADER
    all rows are data, and each column is called by its letters.

    None if no row is filled.

    Raises:
        FileError: That row is empty.
    """
    filled = (_Filled(n, cells, sum(map(bool, cells))) for n, cells in ((n, _stripped(cells)) for n, cells in rows))
    if row == NO_HEADER:
        width = max((len(one.cells) for one in islice((one for one in filled if one.size), _WIDTH_AMONG)), default=0)
        labels = tuple(f"Column {column_letters(position)}" for position in range(width))
        return Header(NO_HEADER, labels, ()) if width else None
    if row is not None:
        return _header_in(row, (one for one in filled if one.size))
    top = list(islice((one for one in filled if one.size), HEADER_AMONG))
    # Half of the fullest, not all of it: a data row may have a note to the right of the table, a header seldom has.
    fullest = max((one.size for one in top), default=0)
    first = next((i for i, one in enumerate(top) if one.size * 2 >= fullest), None)
    if first is None:
        return None
    if judge is None:
        return _as_header(top[first], top[:first])
    named = [judge(one.cells) for one in top]
    best = max(range(len(top)), key=lambda i: (named[i], -abs(i - first), -i))
    full_above = sum(one.size * 2 >= fullest for one in top[:best])
    if named[best] < _NAMED_BY_CHANCE or named[best] <= named[first] or full_above > _FULL_ABOVE:
        best = first
    if data := next((one for one in top[:best] if _is_data(one, top[best])), None):
        raise FileError(
            f"Row {data.row} holds data, but stands above the header in row {top[best].row}.",
            "Move the header above all rows of data. If that row is no data, delete it.",
        )
    return replace(_as_header(top[best], top[:best]), named=named[best], by_labels=best != first)


def _is_data(one: _Filled, header: _Filled) -> bool:
    """Whether a row above a header is no title: each cell that the header names is filled, one of them with a number.

    The numbers of the columns, 1, 2, 3, are none that anybody would miss.
    """
    places = [position for position, label in enumerate(header.cells) if label]
    cells = [one.cells[position] for position in places if position < len(one.cells)]
    is_full = len(cells) == len(places) and all(cells)
    is_counted = cells == [str(number) for number in range(1, len(cells) + 1)]
    return is_full and not is_counted and any(map(str.isdecimal, cells))


def _header_in(row: int, filled: Iterator[_Filled]) -> Header:
    above: list[_Filled] = []
    for one in filled:
        if one.row == row:
            return _as_header(one, above)
        if one.row > row:
            break
        # The first and the last of them are all that is said.
        above = [*above[:1], one]
    raise FileError(
        f"Row {row} is empty, so it cannot be the header.",
        "Name another row (--header-row).",
        on_page="Choose another row.",
    )


def _as_header(one: _Filled, above: Sequence[_Filled]) -> Header:
    last = max(position for position, label in enumerate(one.cells) if label)
    return Header(one.row, tuple(one.cells[: last + 1]), _titles([title.row for title in above], one.row))


def _stripped(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells]


def _titles(above: Sequence[int], header: int) -> tuple[Notice, ...]:
    if not above:
        return ()
    code = "title-above" if len(above) == 1 else "titles-above"
    return (Notice(code, {"first": above[0], "last": above[-1], "header": header}),)


def frame(columns: Sequence[Sequence[str]], first: int, width: int) -> pd.DataFrame:
    """A chunk from columns of equal length whose first cell stands in row ``first``; blank rows are left out.

    So are the last columns, as far as they have no label (those from ``width`` on) and no cell.
    """
    last = max((i for i, column in enumerate(columns) if i < width or any(column)), default=-1)
    height = len(columns[0]) if columns else 0
    index = pd.Index(range(first, first + height), dtype="int64", name="row")
    cells = {i: np.array(columns[i], dtype=object) for i in range(last + 1)}
    # Without dtype pandas makes them its own strings, which are five times slower to go through cell by cell;
    # without copy=False it joins the columns into one block first.
    chunk = pd.DataFrame(cells, index=index, dtype=object, copy=False)
    blank = _blank(columns, height)
    return chunk.drop(index=[first + index for index in blank]) if blank else chunk


def _blank(columns: Sequence[Sequence[str]], height: int) -> list[int]:
    if columns and "" not in map(str.strip, columns[0]):
        return []
    indexes: Iterable[int] = range(height)
    for column in columns:
        indexes = [index for index in indexes if not column[index].strip()]
    return list(indexes)
