"""Areas of cells, asked about column by column.

A few bytes stand for an area of any size, so nothing here may take longer for a larger one: only their number counts.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

Area = tuple[range, range]
"""The rows, counted from 1, and the positions, counted from 0."""


class Areas:
    """Areas that may lie over each other; what is the same twice counts once."""

    def __init__(self, areas: Iterable[Area] = ()) -> None:
        self._areas: dict[Area, None] = dict.fromkeys(area for area in areas if all(area))
        self._stretches: dict[int, Sequence[tuple[int, int]]] = {}

    def __iter__(self) -> Iterator[Area]:
        return iter(self._areas)

    def __bool__(self) -> bool:
        return bool(self._areas)

    def add(self, areas: Iterable[Area]) -> None:
        """Add areas."""
        self._areas |= dict.fromkeys(area for area in areas if all(area))
        self._stretches = {}

    def stretches(self, position: int) -> Sequence[tuple[int, int]]:
        """The rows of a column inside, as first and last ones, in order and apart from each other."""
        if position not in self._stretches:
            self._stretches[position] = _joined(rows for rows, positions in self._areas if position in positions)
        return self._stretches[position]

    def within(self, position: int, first: int, count: int) -> list[range]:
        """The rows of a column inside, counted from the first of so many."""
        stretches, last, inside = self.stretches(position), first + count - 1, list[range]()
        for index in range(bisect_right(stretches, (first, first)) - 1, len(stretches)):
            begin, end = stretches[index] if index >= 0 else (0, 0)
            if begin > last:
                break
            if end >= first:
                inside.append(range(max(begin, first) - first, min(end, last) - first + 1))
        return inside

    def holds(self, row: int, position: int) -> bool:
        """Whether a cell is inside of one."""
        return bool(self.within(position, row, 1))

    def by_column(self, rows: range, positions: range) -> Mapping[int, Sequence[tuple[int, int]]]:
        """What of them lies in these rows and positions: for each column, its stretches."""
        inside = [
            (range(max(r.start, rows.start), min(r.stop, rows.stop)), range(p.start, min(p.stop, positions.stop)))
            for r, p in self._areas
        ]
        clipped = Areas(inside)
        return {position: stretches for position in positions if (stretches := clipped.stretches(position))}


def _joined(all_rows: Iterable[range]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for begin, stop in sorted((rows.start, rows.stop) for rows in all_rows):
        if joined and begin <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop - 1))
        else:
            joined.append((begin, stop - 1))
    return joined


def without_corner(rows: range, positions: range) -> Iterator[Area]:
    """An area without its first cell."""
    yield rows[:1], positions[1:]
    yield rows[1:], positions
