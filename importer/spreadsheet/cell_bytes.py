"""A block of a text file as the bytes of its cells: whole columns are looked at without a Python object for each cell.

Must not know what the cells mean.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

Letters = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_LINE_END = ord("\n")
PADDING = 64
"""Bytes behind the last cell, so that a few more than a cell has can be looked at everywhere."""


@dataclass(frozen=True)
class CellBytes:
    """The cells of rows of equal width, in UTF-8.

    Shape: ``starts`` and ``lengths`` have a line a row and a column a cell (int64); ``data`` holds the bytes that they
    point into, and some more behind the last cell. ``first`` is the number of the first row.
    """

    data: Letters
    starts: Numbers
    lengths: Numbers
    first: int
    separator: int

    @property
    def rows(self) -> Numbers:
        """The numbers of the rows."""
        return np.arange(self.first, self.first + len(self.starts), dtype=np.int64)

    @cached_property
    def ends(self) -> Numbers:
        """Where each row ends, in ``data``."""
        return np.asarray(self.starts[:, -1] + self.lengths[:, -1])

    def letters(self, position: int, width: int) -> Letters:
        """So many bytes from the beginning of each cell of a column on; behind its end stands what follows it."""
        return letters(self.data, self.starts[:, position], width)

    def cell(self, index: int, position: int) -> str:
        """The text of one cell."""
        start = int(self.starts[index, position])
        return self.data[start : start + int(self.lengths[index, position])].tobytes().decode()

    def text_of(self, indexes: Numbers) -> str:
        """Some of the rows as text, one a line."""
        raw, starts, ends = self.data.tobytes(), self.starts[indexes, 0].tolist(), self.ends[indexes].tolist()
        return b"".join(raw[start : end + 1] for start, end in zip(starts, ends, strict=True)).decode()


def letters(data: Letters, starts: Numbers, width: int, offset: int = 0) -> Letters:
    """So many bytes from each of these places on, a row for each; ``data`` must be as much longer."""
    # A view of every place, cut by rows: five times as fast as the places of all bytes.
    return np.asarray(sliding_window_view(data, width)[starts + offset])


def cut_bytes(text: str, separator: str, width: int, first: int, longest: int) -> CellBytes | None:
    """The cells of a block of rows that all have this width; None if it has quotes, another shape or long lines."""
    if '"' in text or not separator.isascii():
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.endswith("\n"):
        text += "\n"
    data = np.frombuffer(text.encode() + bytes(PADDING), dtype=np.uint8)
    inside = data[:-PADDING]
    # Every separator and every line end is the end of a cell: in a rectangle, each line end stands in the last column.
    places = np.flatnonzero((inside == ord(separator)) | (inside == _LINE_END))
    if len(places) % width:
        return None
    ends = places.reshape(-1, width)
    if not (data[ends[:, -1]] == _LINE_END).all() or (data[ends[:, :-1]] == _LINE_END).any():
        return None
    starts = np.empty_like(ends)
    starts.flat[0] = 0
    starts.flat[1:] = ends.flat[:-1] + 1
    if (ends[:, -1] - starts[:, 0]).max(initial=0) > longest:
        return None
    return CellBytes(data, starts, ends - starts, first, ord(separator))
