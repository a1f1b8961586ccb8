"""What the values of a sheet do not tell: problems, number formats, and what of it is hidden."""

import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .areas import Area, Areas, without_corner
from .format_codes import GENERAL, OTHER
from .limits import LONGEST_CELL, MOST_CLAIMED, MOST_COLUMNS, TOO_MUCH_CLAIMED, Refusal

Problems = dict[int, dict[int, tuple[str, str]]]
"""Row and position of a cell that has no value to be read: an issue code, and the text shown in its place."""

Merged = tuple[tuple[int, int], tuple[int, int]]
"""The first and the last row and position of cells that are merged, counted from 0."""

FROM_1904 = "1904-01-01"
"""Day 0 of workbooks of old Macs."""

_MOST_CONDITIONS = 20
"""Number formats of conditions that are told apart."""

NOT_STORED = "…"
"""In place of a formula that a file stores in another form than as its text."""


@dataclass(frozen=True, slots=True)
class Formats:
    """The number formats by the index that cells name, and the indices of formats of conditions that hold another."""

    of_cells: Sequence[str] = ()
    conditional: frozenset[int] = frozenset()
    of_texts: frozenset[int] = frozenset()
    """Those of the conditional ones that show texts otherwise, too."""

    of_conditions: Mapping[int, str] = field(default_factory=dict)
    """The format of each of the conditional ones, where that is read."""


class Stretches:
    """Cells as stretches of one column, each with what its cells have in common."""

    def __init__(self, default: str = "") -> None:
        """``default`` is what the cells outside every stretch have."""
        self._default = default
        # First and last row. Whole columns are alike, so that a full sheet of dates is one entry and not a million.
        self._runs: dict[int, list[tuple[int, int, str]]] = {}

    def add(self, row: int, position: int, shared: str = "", *, count: int = 1) -> None:
        """Add a cell, or so many, below those of its column that were added before."""
        runs, last = self._runs.setdefault(position, []), row + count - 1
        if runs and runs[-1][1:] == (row - 1, shared):
            runs[-1] = (runs[-1][0], last, shared)
        else:
            runs.append((row, last, shared))

    def sort(self) -> None:
        """Bring the cells into order, if they were not added from top to bottom."""
        for runs in self._runs.values():
            runs.sort()

    def any_in(self, position: int) -> bool:
        """Whether a cell of a column may have something else than the general format."""
        return position in self._runs or self._default not in {"", GENERAL}

    def of(self, position: int, first: int, count: int) -> list[str]:
        """What so many cells of a column have, from a row on."""
        shared = [self._default] * count
        for begin, end, value in self._from(position, first):
            if begin >= first + count:
                break
            inside = range(max(begin - first, 0), min(end - first + 1, count))
            shared[inside.start : inside.start + len(inside)] = [value] * len(inside)
        return shared

    def within(self, position: int, first: int, count: int) -> list[tuple[int, int, int, str]]:
        """The stretches of a column within so many rows: position, first row, last row, and what its cells share."""
        last = first + count - 1
        inside: list[tuple[int, int, int, str]] = []
        for begin, end, shared in self._from(position, first):
            if begin > last:
                break
            if end >= first:
                inside.append((position, max(begin, first), min(end, last), shared))
        return inside

    def _from(self, position: int, first: int) -> Iterator[tuple[int, int, str]]:
        """The stretches of a column from the one on that may hold a row; the others are not even copied."""
        runs = self._runs.get(position, [])
        for index in range(max(bisect_right(runs, (first, sys.maxsize)) - 1, 0), len(runs)):
            yield runs[index]


@dataclass(slots=True)
class Display:
    """What is seen in a sheet beside its values.

    ``problems`` are cells that are read as empty though they are not. ``formats`` are number formats, None where the
    file tells what its cells show; ``shapes`` are then the cells that show something else than their value, each with
    the format that shows it. ``texts`` are those of cells whose value is not the whole of their text. ``hidden_rows``
    counts the filled rows out of sight, ``hidden_columns`` are the positions of columns out of sight, filled or not.
    ``conditional`` are the areas where a condition may change the number format, each as its rows and positions;
    ``by_condition`` are such areas of which it is known into which format, by that format;
    ``conditional_texts`` those of them where it may change what is shown of a text. ``covered`` are areas of cells
    that others cover, ``merged`` areas of merged cells that no reader tells.
    ``hides_zeros``: the sheet shows nothing for a number that is 0; ``shows_formulas``: it shows formulas in place of
    their results. ``day_zero`` is the day that is number 0 of the workbook, year first, if it is not the usual one.
    """

    problems: Problems = field(default_factory=dict)
    formats: Stretches | None = None
    shapes: Stretches = field(default_factory=Stretches)
    texts: dict[int, dict[int, str]] = field(default_factory=dict)
    hidden_rows: int = 0
    hidden_columns: set[int] = field(default_factory=set)
    conditional: Areas = field(default_factory=Areas)
    by_condition: dict[str, Areas] = field(default_factory=dict)
    conditional_texts: Areas = field(default_factory=Areas)
    covered: Areas = field(default_factory=Areas)
    merged: list[Merged] = field(default_factory=list)
    hides_zeros: bool = False
    shows_formulas: bool = False
    day_zero: str = ""
    _claimed: int = 0

    def add_error(self, row: int, position: int, text: str) -> None:
        """Note a cell that shows an error, such as #N/A."""
        self._add(row, position, "cell-error", text or "#ERROR")

    def add_uncertain(self, row: int, position: int, text: str) -> None:
        """Note a cell of which nobody knows what a program shows."""
        self._add(row, position, "shown-uncertain", text)

    def add_formula(self, row: int, position: int, formula: str, *, is_stored: bool = False) -> None:
        """Note a formula without a stored result, or with one that the file itself declares to be out of date."""
        # It cannot be told from the name of the program that saved the file whether such a result is right: libraries
        # write that of Excel. XlsxWriter stores 0 for each result that it is not given.
        code = "formula-not-calculated" if is_stored else "formula-without-value"
        self._add(row, position, code, f"={formula}")

    def add_serial(self, row: int, position: int) -> None:
        """Note a number that would be another day in most workbooks; what else is wrong with it comes first."""
        if position not in self.problems.get(row, ()):
            self._add(row, position, "date-of-workbook", "")

    def add_covered(self, row: int, position: int) -> None:
        """Note a cell that others cover; what else is wrong with it comes first."""
        # A merged cell shows one value beside several rows, and holds it in the first: the others only look filled in.
        if position not in self.problems.get(row, ()):
            self._add(row, position, "cell-merged", "")

    def _add(self, row: int, position: int, code: str, text: str) -> None:
        self.problems.setdefault(row, {})[position] = (code, text[:LONGEST_CELL])

    def add_condition(self, areas: Sequence[Area], shape: str) -> None:
        """Note areas in which a condition may change the number format into this one."""
        # Each format is asked about for each column.
        if shape == OTHER or (shape not in self.by_condition and len(self.by_condition) >= _MOST_CONDITIONS):
            self.conditional.add(areas)
        else:
            self.by_condition.setdefault(shape, Areas()).add(areas)

    def rows_by_condition(self, position: int, first: int, count: int) -> dict[str, list[range]]:
        """The rows of a column, counted from the first of so many, whose number format may be this one."""
        every = {shape: areas.within(position, first, count) for shape, areas in self.by_condition.items()}
        return {shape: rows for shape, rows in every.items() if rows}

    def conditional_rows(self, position: int, first: int, count: int) -> list[range]:
        """The rows of a column, counted from the first of so many, whose number format may be another."""
        return self.conditional.within(position, first, count)

    def conditional_rows_of_texts(self, position: int, first: int, count: int) -> list[range]:
        """The same for what is shown of texts."""
        return self.conditional_texts.within(position, first, count)

    def hide_columns(self, first: int, last: int) -> None:
        """Note that the columns from one position to another are out of sight."""
        # Some programs write one entry for all columns to the right of a table.
        self.hidden_columns.update(range(first, min(last + 1, MOST_COLUMNS)))

    def claim(self, count: int) -> None:
        """Allow for so many cells that a few bytes of the file stand for.

        Raises:
            Refusal: They are too many to be noted one by one.
        """
        self._claimed += count
        if self._claimed > MOST_CLAIMED:
            raise Refusal(*TOO_MUCH_CLAIMED)

    def add_merged(self, ranges: Iterable[Merged], bottom: int, right: int) -> None:
        """Note the cells that others cover, as far as the sheet goes.

        Raises:
            Refusal: They are too many to be noted one by one.
        """
        # From one corner to the opposite one, whichever is written first.
        spans = ((sorted(rows), sorted(positions)) for rows, positions in (zip(*one, strict=True) for one in ranges))
        areas = ((range(top + 1, last_row + 2), range(left, last + 1)) for (top, last_row), (left, last) in spans)
        self.covered.add(part for area in areas for part in without_corner(*area))
        inside = self.covered.by_column(range(1, bottom + 1), range(min(right, MOST_COLUMNS)))
        self.claim(sum(end - begin + 1 for stretches in inside.values() for begin, end in stretches))
        for position, stretches in inside.items():
            for begin, end in stretches:
                for row in range(begin, end + 1):
                    self.add_covered(row, position)
