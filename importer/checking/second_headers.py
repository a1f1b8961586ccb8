"""Headers that come once more among the rows, in the words of another program or in another order. Pure.

One that is spelled as the first is left out, or refused, when the file is read, which knows no names of fields. What
stands below a header of other columns would be sent in the wrong fields: two columns of Ids look alike.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from importer.checking.causes import Cause
from importer.checking.columns import ColumnMapping, plain
from importer.spreadsheet import Sheet

_LONGEST_NAME = 60
_MOSTLY = 2 / 3
"""Of the columns that hold a field: so many cells of a row that are names of fields make a header."""


class SecondHeaders:
    """The headers among the rows of one sheet, which are given to it in their order."""

    def __init__(self, names: Mapping[str, str], mapping: ColumnMapping, sheet: Sheet) -> None:
        """``names`` are those of fields in every spelling, as ``plain`` makes them."""
        self._sheet = sheet
        self._names = {**names, **{plain(column.label): column.field for column in mapping.columns}}
        self._fields = {column.position: column.field for column in mapping.columns}
        self._other: int | None = None
        self.met_other = False
        """Whether one of other columns has come: from then on, rows may be below it."""

    def causes(self, chunk: pd.DataFrame, doubtful: Iterable[int]) -> list[Cause]:
        """The rows of a chunk that are headers, and those below one of other columns, each by what is wrong with it.

        Only ``doubtful`` rows can be a header, for it is no record.
        """
        headers = dict(self._headers(chunk, doubtful)) | self._second_line(chunk)
        if not headers and self._other is None:
            return []
        again, others, below = dict[int, str](), dict[int, str](), dict[int, str]()
        for row in chunk.index.tolist():
            if row in headers:
                self._other = None if headers[row] else row
                self.met_other |= not headers[row]
                (again if headers[row] else others)[row] = ""
            elif self._other is not None:
                below[row] = str(self._other)
        codes = {"header-again": again, "second-header": others, "below-second-header": below}
        return [_cause(code, rows) for code, rows in codes.items() if rows]

    def _headers(self, chunk: pd.DataFrame, rows: Iterable[int]) -> Iterator[tuple[int, bool]]:
        """The rows that are headers, each with whether its columns are certainly those of the first."""
        rows, positions = list(rows), [position for position in self._fields if position in chunk]
        # As lists: looked up one by one in the chunk, the cells of a wrong row take as long as all of its check.
        columns = [chunk.loc[rows, position].tolist() for position in positions]
        fewest = max(_MOSTLY * len(self._fields), 2)
        if fewest > len(positions):
            return
        for row, cells in zip(rows, zip(*columns, strict=True), strict=True):
            fields = self._fields_in(cells, len(positions) - fewest)
            if fields:
                yield row, fields == [self._fields[position] for position in positions]

    def _second_line(self, chunk: pd.DataFrame) -> dict[int, bool]:
        """The row right below the header, if its cells and those above them are names of fields together only."""
        row = self._sheet.header_row + 1
        if chunk.empty or row != chunk.index[0] or self._sheet.names_apart:
            return {}
        pairs = [(label, str(chunk.iloc[0][place])) for place, label in enumerate(self._sheet.labels) if place in chunk]
        joined = {self._field(f"{label} {cell}") for label, cell in pairs if label and plain(cell)} - {None}
        return {row: False} if len(joined) >= max(_MOSTLY * len(self._fields) - 1, 2) else {}

    def _fields_in(self, cells: Iterable[str], most: float) -> list[str | None]:
        """The field that each cell of a row names; nothing if more than so many name none."""
        fields: list[str | None] = []
        for cell in cells:
            fields.append(self._field(cell))
            if fields.count(None) > most:
                return []
        return fields

    def _field(self, cell: str) -> str | None:
        # Most cells of wrong rows are Ids and long texts, and to look up each of a million takes seconds.
        return None if cell.isdecimal() or len(cell) > _LONGEST_NAME else self._names.get(plain(cell))


def without_rows(cause: Cause, rows: npt.NDArray[np.int64]) -> Cause:
    """The cause without these rows."""
    left = np.flatnonzero(~np.isin(cause.rows, rows)).tolist()
    values, details = [cause.values[index] for index in left], [cause.details[index] for index in left]
    return replace(cause, rows=cause.rows[left], values=values, details=details)


def _cause(code: str, rows: Mapping[int, str]) -> Cause:
    numbers = np.array(list(rows), dtype=np.int64)
    return Cause(code, "", None, None, numbers, [""] * len(rows), list(rows.values()))
