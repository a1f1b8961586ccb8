"""Hashes of rows: equal for equal ones, wherever they come from, and different for others."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from importer.checking.row_hashes import HashedRows, byte_hashes, joined, number_hashes, text_hashes
from importer.spreadsheet import PADDING

TEXTS = st.lists(st.text(st.characters(codec="utf-8"), max_size=30) | st.none(), min_size=1, max_size=8)


@given(TEXTS)
def test_a_text_has_the_hash_of_its_bytes(texts: list[str | None]) -> None:
    """Beside whatever others; none and an empty one are the same, different ones are not."""
    alone = [int(text_hashes([text])[0]) for text in texts]
    assert text_hashes(texts).tolist() == alone
    encoded = [(text or "").encode() for text in texts]
    lengths = np.array(list(map(len, encoded)), dtype=np.int64)
    data = np.frombuffer(b"".join(encoded) + b"x" * PADDING, dtype=np.uint8)
    assert byte_hashes(data, np.cumsum(lengths) - lengths, lengths).tolist() == alone
    assert len(set(alone)) == len({text or "" for text in texts})


def test_rows_differ_by_each_cell_and_by_its_place() -> None:
    """The same texts in other columns make another row."""
    columns = [text_hashes(["a", "b", "", "a", "a"]), text_hashes(["b", "a", "ab", "", "b"])]
    assert len(set(joined(columns, 5).tolist())) == 4
    assert len(set(text_hashes([f"Room {number}" for number in range(100_000)]).tolist())) == 100_000
    numbers = np.arange(-50_000, 50_000)
    assert len(set(number_hashes(numbers, numbers == 7).tolist())) == 100_000


def test_rows_are_merged_in_the_order_of_the_file() -> None:
    """Each with its own hashes."""
    odd = HashedRows(np.array([3, 5]), np.array([30, 50], dtype=np.uint64), np.array([31, 51], dtype=np.uint64))
    even = HashedRows(np.array([2, 4]), np.array([20, 40], dtype=np.uint64), np.array([21, 41], dtype=np.uint64))
    merged = odd.merged(even)
    assert (merged.rows.tolist(), merged.values.tolist()) == ([2, 3, 4, 5], [20, 30, 40, 50])
    assert merged.keys.tolist() == [21, 31, 41, 51]
