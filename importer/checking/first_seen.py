"""Which rows of a file occurred before, by a hash of their values: 12 bytes a row and no Python object. Pure.

A hash of 64 bits: among ten million rows two different ones share one with a chance of 1 in 370,000.
"""

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]

_LONG = 1_000_000
"""Rows from which a run is not merged any more."""


class FirstSeen:
    """The first row of each hash so far.

    Kept as sorted runs, each at least twice as long as the next, so that a chunk is looked up in few of them; a dict
    takes over 100 bytes a row, a gigabyte for ten million. A long run stays as it is: to merge two takes as much memory
    again as both of them.
    """

    def __init__(self) -> None:
        """No row has been looked at yet."""
        self._runs: list[tuple[Hashes, npt.NDArray[np.uint32]]] = []

    def first_rows(self, hashes: Hashes, rows: Rows) -> Rows:
        """The row in which each hash occurred first, which may be its own; ``rows`` ascend from chunk to chunk."""
        # np.unique gives the first place of each, and so the first row within the chunk.
        unique, where, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        first = rows[where].astype(np.int64)
        fresh = np.ones(len(unique), dtype=bool)
        for hashes_before, rows_before in self._runs:
            # Beyond the last hash of a run searchsorted gives a place that is not there; any other will do, for the
            # comparison below finds it different.
            places = np.minimum(np.searchsorted(hashes_before, unique), len(hashes_before) - 1)
            repeated = hashes_before[places] == unique
            first[repeated] = rows_before[places[repeated]]
            fresh &= ~repeated
        self._keep(unique[fresh], first[fresh].astype(np.uint32))
        return first[inverse]

    def _keep(self, hashes: Hashes, rows: npt.NDArray[np.uint32]) -> None:
        while self._runs and len(self._runs[-1][0]) < min(2 * len(hashes), _LONG):
            hashes_before, rows_before = self._runs.pop()
            hashes, rows = np.concatenate([hashes_before, hashes]), np.concatenate([rows_before, rows])
            order = np.argsort(hashes, kind="stable")
            hashes, rows = hashes[order], rows[order]
        if len(hashes):
            self._runs.append((hashes, rows))
