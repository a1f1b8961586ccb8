"""What is to be written into a copy of a workbook, as the parent process hands it in: lines of JSON.

The first line is about the sheet, each further one about a row: its number, the texts of the added columns (null: as
it is), the sentences about its wrong cells and the corrected texts, both by position. Rows ascend.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .limits import UNUSUAL, Refusal


class AddedColumn(NamedTuple):
    """A column beside the user's own: its header, its width in characters, and where it is if it is there already."""

    header: str
    width: float
    position: int | None


class RowAnnotation(NamedTuple):
    """What is written into a row."""

    row: int
    texts: Sequence[str | None]
    wrong: Mapping[int, str]
    corrected: Mapping[int, str]


@dataclass(frozen=True)
class Annotation:
    """What is written into a sheet.

    ``free`` is the first position to the right of all that the file holds; ``lists`` are the values to choose from, by
    position. ``rows`` can be read once.
    """

    sheet: str
    header_row: int
    columns: Sequence[AddedColumn]
    free: int
    lists: Mapping[int, Sequence[str]]
    rows: Iterator[RowAnnotation]


def read_annotation(lines: Iterable[str]) -> Annotation:
    """The annotation in these lines."""
    documents = map(json.loads, lines)
    first: dict[str, Any] = next(documents)
    return Annotation(
        first["sheet"],
        first["header_row"],
        [AddedColumn(*column) for column in first["columns"]],
        first["free"],
        _by_position(first["lists"]),
        (RowAnnotation(row, texts, _by_position(wrong), _by_position(new)) for row, texts, wrong, new in documents),
    )


def _by_position(values: Mapping[str, Any]) -> dict[int, Any]:
    return {int(position): value for position, value in values.items()}


class Ascending:
    """The annotations of rows, given out as the rows of a sheet come by."""

    def __init__(self, rows: Iterator[RowAnnotation]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def take(self, row: int) -> RowAnnotation | None:
        """The annotation of this row, if it has one.

        Raises:
            Refusal: An earlier row was annotated, and the sheet did not have it.
        """
        if self._next is None or self._next.row > row:
            return None
        if self._next.row < row:
            raise Refusal(UNUSUAL)
        taken, self._next = self._next, next(self._rows, None)
        return taken

    def end(self) -> None:
        """Raise Refusal if a row was annotated that the sheet does not have."""
        if self._next is not None:
            raise Refusal(UNUSUAL)
