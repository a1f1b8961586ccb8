"""Rows that were seen before are recognised, in whichever piece of the file they stand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from importer.checking.first_seen import FirstSeen

pieces = st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=20), min_size=1, max_size=12)


@given(pieces)
def test_each_hash_is_traced_to_the_row_where_it_first_stood(chunks: list[list[int]]) -> None:
    """As a plain dict would have it, over any number of pieces, short after long and long after short."""
    seen, expected, row = FirstSeen(), dict[int, int](), 2
    for chunk in chunks:
        rows = np.arange(row, row + len(chunk))
        row += len(chunk)
        first = seen.first_rows(np.array(chunk, dtype=np.uint64), rows)
        assert first.tolist() == [
            expected.setdefault(value, at) for value, at in zip(chunk, rows.tolist(), strict=True)
        ]


def test_a_row_repeated_in_a_later_piece_belongs_to_the_first_of_all() -> None:
    """Not to one between them, nor to its own piece."""
    seen = FirstSeen()
    assert seen.first_rows(np.array([7, 9], dtype=np.uint64), np.array([2, 3])).tolist() == [2, 3]
    assert seen.first_rows(np.array([9, 8, 7], dtype=np.uint64), np.array([100, 101, 102])).tolist() == [3, 101, 2]
    assert seen.first_rows(np.array([8, 7, 8], dtype=np.uint64), np.array([200, 201, 202])).tolist() == [101, 2, 101]
