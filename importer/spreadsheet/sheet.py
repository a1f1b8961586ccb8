"""A sheet as text cells, each with the address that the spreadsheet program shows.

Must not know fields, record types or what a cell means.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

CHUNK_ROWS = 50_000
"""Rows held in memory at once: 100,000 rows of six columns take about 60 MB as text (measured)."""

OUR_PREFIX = "import_"
"""Labels of columns that a report adds; they are skipped on reading, so that a failed file goes back in."""


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


@dataclass(frozen=True)
class Sheet:
    """One table of a file.

    ``labels`` holds the header as typed, by column position. ``read`` gives the rows below it anew at each call.

    Shape of a chunk: index = row numbers as the user sees them (header = 1, blank rows counted but left out);
    columns = column positions; object dtype, every cell a str, "" when empty.
    """

    name: str | None
    header_row: int
    labels: tuple[str, ...]
    read: Callable[[], Iterator[pd.DataFrame]]
    note: str = ""

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of the columns that are the user's own."""
        return tuple(i for i, label in enumerate(self.labels) if not label.lower().startswith(OUR_PREFIX))

    @property
    def is_report(self) -> bool:
        """Whether a report of the importer was given back in."""
        return any(label.lower() == f"{OUR_PREFIX}row" for label in self.labels)


def frame(rows: list[list[str]], numbers: list[int], width: int) -> pd.DataFrame:
    """A chunk from rows of text: short rows are filled up, blank rows left out."""
    kept = [(n, row) for n, row in zip(numbers, rows, strict=True) if any(cell.strip() for cell in row)]
    width = max([width, *(len(row) for _, row in kept)])
    columns = zip(*([*row, *[""] * (width - len(row))] for _, row in kept), strict=True) if kept else [()] * width
    return pd.DataFrame(
        {i: pd.Series(list(cells), dtype=object) for i, cells in enumerate(columns)},
    ).set_axis(pd.Index([n for n, _ in kept], dtype="int64", name="row"))
