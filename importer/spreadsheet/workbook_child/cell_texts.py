"""From values to text: the cells of a sheet from A1 on, in pieces, and the number formats that show another text."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from math import inf, isfinite, nan
from typing import Protocol

from .display import Display
from .format_codes import GENERAL, OTHER, literal
from .limits import (
    FIRST_PIECE_ROWS,
    LONGEST_CELL,
    MOST_CELLS,
    MOST_COLUMNS,
    PIECE_CELLS,
    PIECE_CHARACTERS,
    PIECE_ROWS,
    TOO_LARGE,
    Refusal,
)
from .number_formats import GENERAL_WIDTH, changes_texts, shown, shown_of_text
from .package import letters_of

_NOISE = timedelta(milliseconds=5)
"""How far a full second may be off after it was stored as a part of a day, and read in whole milliseconds."""

_NOISE_AT_MIDNIGHT = timedelta(microseconds=999)
_SECOND, _HALF, _LAST_SECOND = timedelta(seconds=1), timedelta(milliseconds=500), datetime(9999, 12, 31, 23, 59, 59)

MOST_DIGITS = 15
"""Excel keeps and shows no more. A longer number was rounded when it was typed, before anybody could have noticed."""

Cell = int | float | str | bool | time | date | datetime | timedelta | None
Run = tuple[int, int, int, str]
"""Cells of a column that a number format shows otherwise: position, first and last row, and the format."""

_SHOWN_AS_THEY_ARE = {str, int, float, bool, type(None)}
"""Types of values that the general format shows as they are read, if they are short enough."""

_MAY_BE_DAYS = {str, int, float}
_DAYS = re.compile(r"\d{5}(?:\.\d+)?")
"""Numbers of days in this century and the last, also typed as texts."""

_NO_NUMBERS = frozenset(map(str, (inf, -inf, nan)))
_TEXTS = {str, type(None)}
NOTHING = ";;;"
"""A format in which nothing is shown."""

_MOST_BLANK_CELLS = 4 * MOST_CELLS


class Table(Protocol):
    """The values of a sheet."""

    @property
    def start(self) -> tuple[int, int]:
        """The row and the position of the first cell, counted from 0; rows above and cells before it are left out."""

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns from A1 to the last cell."""

    def rows(self) -> Iterator[Sequence[Cell]]:
        """The rows from row 1 on, each from the first position on."""


class CellTexts:
    """The cells of a sheet as text, from A1 on, in pieces. Numbers that were rounded are added to the problems."""

    def __init__(self, table: Table, display: Display) -> None:
        self._table, self._display, self._problems = table, display, display.problems
        (top, self._left), (height, width) = table.start, table.extent
        # Before the first row is read: two filled cells in opposite corners are a table of 17 billion.
        if (height - top) * (width - self._left) > (MOST_CELLS if width <= MOST_COLUMNS else _MOST_BLANK_CELLS):
            raise Refusal(*TOO_LARGE)
        if width > MOST_COLUMNS:
            width = self._filled_width()
        # The table ends at the last cell with a value, but an error, a formula or a text may stand beyond it.
        with_problem = [row for row, cells in self._problems.items() if any(text for _, text in cells.values())]
        self._height = max([height, *with_problem, *display.texts])
        self._width = max(
            [
                width,
                *(max(self._problems[row]) + 1 for row in with_problem),
                *(max(row) + 1 for row in display.texts.values()),
            ]
        )
        if self._width > MOST_COLUMNS:
            raise Refusal(
                f"has {self._width:,} columns; at most {MOST_COLUMNS} can be read",
                "Delete columns that you do not need.",
            )
        self.filled: set[int] = set()

    def _filled_width(self) -> int:
        """The columns up to the last that holds more than blanks."""
        width = MOST_COLUMNS
        for row in self._table.rows():
            # Most rows end before, and that is seen without a look at each cell.
            if any(beyond := row[width - self._left :]):
                filled = (n for n, cell in enumerate(beyond, start=width + 1) if not is_blank(cell))
                width = max(filled, default=width)
        return width

    def pieces(self) -> Iterator[Mapping[str, object]]:
        """A few rows, then as many at once as are good for speed."""
        rows, size, first = self._table.rows(), FIRST_PIECE_ROWS, 1
        while first <= self._height:
            count, most = min(size, self._height - first + 1), self._width - self._left
            yield from self._piece([row[:most] for row in islice(rows, count)], first, count)
            size, first = max(FIRST_PIECE_ROWS, min(PIECE_ROWS, PIECE_CELLS // self._width)), first + count

    def _piece(self, rows: list[Sequence[Cell]], first: int, count: int) -> Iterator[Mapping[str, object]]:
        """So many rows as one piece; as several where their texts are long, for the reader has each as a whole."""
        columns, formats = self._columns(rows, first, count)
        size = sum(sum(map(len, column)) for column in columns) + sum(len(shape) for *_, shape in formats)
        if size > PIECE_CHARACTERS and count > 1:
            half = count // 2
            del columns, formats
            yield from self._piece(rows[:half], first, half)
            yield from self._piece(rows[half:], first + half, count - half)
        elif size or first <= FIRST_PIECE_ROWS or first + count > self._height:
            # Rows of nothing are left out, but for the first and the last: one cell makes a million of them.
            yield {"first": first, "columns": columns, "formats": formats}

    def _columns(self, rows: list[Sequence[Cell]], first: int, count: int) -> tuple[list[list[str]], list[Run]]:
        empty = [""] * (count - len(rows))
        columns = [[""] * count for _ in range(self._left)]
        formats: list[Run] = []
        for position, column in enumerate(zip(*rows, strict=True), start=self._left):
            texts = self._texts(column, first, position)
            columns.append([*texts, *empty])
            formats += self._formats(column, texts, first, position)
        columns += [[""] * count for _ in range(self._width - len(columns))]
        self._put(columns, first, count)
        self.filled |= {position for position in range(self._width) if any(columns[position])}
        return columns, formats

    def _put(self, columns: list[list[str]], first: int, count: int) -> None:
        """Put in the texts that are not those of the values."""
        rows = range(first, first + count)
        for row in self._display.texts.keys() & rows if self._display.texts else ():
            _put_row(columns, row - first, self._display.texts[row], self._width)
        for row in self._problems.keys() & rows if self._problems else ():
            _put_row(columns, row - first, _texts_of(self._problems[row]), self._width)

    def _texts(self, column: Sequence[Cell], first: int, position: int) -> list[str]:
        texts = [cell if type(cell) is str else as_text(cell) for cell in column]
        # Whole columns are looked at first: most have nothing to look for cell by cell.
        if max(map(len, texts), default=0) > LONGEST_CELL:
            row = next(row for row, text in enumerate(texts, start=first) if len(text) > LONGEST_CELL)
            raise Refusal(*too_long(row, position))
        if float in set(map(type, column)):
            for row, (cell, text) in enumerate(zip(column, texts, strict=True), start=first):
                if type(cell) is float and cell.is_integer() and len(text.lstrip("-")) > MOST_DIGITS:
                    self._problems.setdefault(row, {})[position] = ("number-rounded", text)
        if self._display.day_zero:
            for row, (cell, text) in enumerate(zip(column, texts, strict=True), start=first):
                if type(cell) in _MAY_BE_DAYS and _DAYS.fullmatch(text.strip()):
                    self._display.add_serial(row, position)
        return texts

    def _formats(self, column: Sequence[Cell], texts: list[str], first: int, position: int) -> list[Run]:
        """The cells of a column that are shown otherwise than as their text."""
        formats = self._display.formats
        if formats is None:
            return self._display.shapes.within(position, first, len(column))
        types, conditional = set(map(type, column)), self._display.conditional_rows(position, first, len(column))
        by_condition = self._display.rows_by_condition(position, first, len(column))
        hides_zeros = self._display.hides_zeros and 0 in column
        if conditional or by_condition or hides_zeros:
            shapes = formats.of(position, first, len(column))
            changed = _changed_rows(texts, shapes, by_condition)
            for rows in [*conditional, *changed]:
                shapes[rows.start : rows.stop] = [OTHER] * len(rows)
            if hides_zeros:
                shapes = [NOTHING if _is_zero(cell) else shape for cell, shape in zip(column, shapes, strict=True)]
            of_texts = self._display.conditional_rows_of_texts(position, first, len(column))
            uncertain = {row for rows in of_texts for row in rows if column[row] and isinstance(column[row], str)}
            every = enumerate(map(_shape, column, texts, shapes))
            return _runs((OTHER if row in uncertain else shape for row, shape in every), first, position)
        # A column of short numbers and texts without a format is passed over.
        if not formats.any_in(position) and (types <= _TEXTS or (types <= _SHOWN_AS_THEY_ARE and _are_short(texts))):
            return []
        shapes = formats.of(position, first, len(column))
        if types == {datetime} and len(set(shapes)) == 1:
            return [(position, first, first + len(column) - 1, shapes[0])]
        return _runs(map(_shape, column, texts, shapes), first, position)


def _changed_rows(texts: Sequence[str], shapes: Sequence[str], conditions: Mapping[str, list[range]]) -> list[range]:
    """The rows whose cells may look otherwise if a condition is met."""
    return [
        range(row, row + 1)
        for shape, stretches in conditions.items()
        for rows in stretches
        for row in rows
        if shape != shapes[row]
        and ((text := shown(texts[row], shapes[row])) is None or text != shown(texts[row], shape))
    ]


def _put_row(columns: list[list[str]], index: int, texts: Mapping[int, str], width: int) -> None:
    for position, text in texts.items():
        if text and position < width:
            columns[position][index] = text


def _full_second(moment: datetime) -> datetime:
    """The full second that a moment was before it was stored; the moment itself if it was none."""
    near = moment.replace(microsecond=0)
    # No second follows the last of the year 9999.
    if moment - near > _HALF and near < _LAST_SECOND:
        near += _SECOND
    # Where another day begins, storing makes no noise: a whole day is a whole number.
    noise = _NOISE if near.date() == moment.date() else _NOISE_AT_MIDNIGHT
    return near if abs(near - moment) <= noise else moment


def _is_zero(cell: Cell) -> bool:
    return type(cell) in {int, float} and cell == 0


def _are_short(texts: Sequence[str]) -> bool:
    """Whether the general format shows numbers as they are."""
    return (
        max(map(len, texts), default=0) <= GENERAL_WIDTH
        and not any(map(_is_small, texts))
        and _NO_NUMBERS.isdisjoint(texts)
    )


def _is_small(text: str) -> bool:
    return text.lstrip("-").startswith("0.0000")


def _texts_of(cells: Mapping[int, tuple[str, str]]) -> Mapping[int, str]:
    return {position: text for position, (_, text) in cells.items()}


def _runs(shapes: Iterable[str | None], first: int, position: int) -> list[Run]:
    runs: list[Run] = []
    for row, shape in enumerate(shapes, start=first):
        if shape is None:
            continue
        if runs and runs[-1][2:] == (row - 1, shape):
            runs[-1] = (position, runs[-1][1], row, shape)
        else:
            runs.append((position, row, row, shape))
    return runs


def _shape(cell: Cell, text: str, shape: str) -> str | None:
    """The format that shows a cell, None if it shows just its text."""
    match cell:
        case None:
            return None
        case bool():
            return None if shape == GENERAL else shape
        case str():
            return _shape_of_text(text, shape) if cell and changes_texts(shape) else None
        case float() if not isfinite(cell):
            return OTHER
        case int() | float() if shape in {GENERAL, "@"}:
            return shape if len(text.lstrip("-")) > GENERAL_WIDTH or _is_small(text) else None
        case int() | float() if shape == "0" and "." not in text:
            return None
        case _:
            return shape


def _shape_of_text(text: str, shape: str) -> str:
    appearance = shown_of_text(text, shape)
    return OTHER if appearance is None else literal(appearance)


def too_long(row: int, position: int) -> tuple[str, str]:
    """What is said of a cell that holds more than one may."""
    return f"has more than {LONGEST_CELL:,} characters in {letters_of(position)}{row}", "Shorten that cell."


def is_blank(cell: Cell) -> bool:
    """Whether a cell shows nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def as_text(cell: Cell) -> str:
    """The cell as a person would type it: 12.0 is 12, a date is year first, a percentage is its number.

    Fractions keep the 15 digits that spreadsheet programs show, instants their full second.
    """
    match cell:
        case None:
            return ""
        # Before the numbers: to Python True is an int.
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer():
            return str(int(cell))
        case float():
            text = format(cell, f".{MOST_DIGITS}g")
            return format(Decimal(text), "f") if "e" in text else text
        case datetime():
            # A workbook stores a fraction of a day, and 10:30 comes back as 10:29:59.999. Midnight is taken for a date
            # without a time, which is how such a cell is shown. Any other part of a second stays: one program rounds it
            # when it shows the cell, another cuts it off, and just before midnight that is another day.
            full = _full_second(cell) if cell.microsecond else cell
            return full.date().isoformat() if full.time() == time() else full.isoformat()
        case _:
            return str(cell)
