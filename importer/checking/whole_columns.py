"""What every date of a column has in common, over all chunks: said once for the column, and not at each cell. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from importer.issues import Issue

FEWEST = 5
"""So many dates make a column; fewer that share a mistake are named one by one."""

_OF_COLUMNS: Mapping[str, str] = {"date-past": "dates-past", "date-far-ahead": "dates-far-ahead"}
"""The issue of a column for one that each of its cells has."""

_IMPLIED = frozenset((("date-never", "date-far-ahead"),))
"""Issues of cells that say no more than another one, where that is said of the column."""


def cell_issues(issues: Iterable[Issue]) -> frozenset[tuple[str, str]]:
    """The codes of cells, each with its field, in whose place these issues of columns stand."""
    return frozenset(
        (code, issue.field or "")
        for issue in issues
        for of_cell, of_column in _OF_COLUMNS.items()
        if of_column == issue.code
        for code in (of_cell, *(more for more, other in _IMPLIED if other == of_cell))
    )


def may_be_whole(code: str) -> bool:
    """Whether an issue of cells is told once if each date of the column has it."""
    return code in _OF_COLUMNS


@dataclass
class WholeColumns:
    """Counts the dates of each column, and those that have an issue which may be one of the column."""

    _dates: Counter[str] = field(default_factory=Counter)
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _first: dict[tuple[str, str], Issue] = field(default_factory=dict)

    def add_dates(self, name: str, number: int) -> None:
        """Count dates of a column, with or without an issue."""
        self._dates[name] += number

    def add(self, first: Issue, number: int) -> None:
        """Count cells of a chunk that have an issue; ``first`` is that of the first of them."""
        key = (first.code, first.field or "")
        self._counts[key] += number
        self._first.setdefault(key, first)

    def issues(self) -> Iterator[Issue]:
        """The issues that every date of a column has."""
        for (code, name), number in self._counts.items():
            if number == self._dates[name] >= FEWEST:
                yield replace(self._first[code, name], code=_OF_COLUMNS[code], row=None, cell=None)
