"""A hash of 64 bits for each row, of texts and of numbers: equal rows have equal ones. Pure, whole columns at a time.

Texts are hashed as the bytes of UTF-8, so that those of a file and those in Python's own strings have the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from importer.spreadsheet import PADDING, letters

Hashes = npt.NDArray[np.uint64]

_WORD = 8
_ONCE, _TWICE = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_HALF, _START = np.uint64(33), np.uint64(0x9E3779B97F4A7C15)
_MISSING = np.uint64(0x6A09E667F3BCC908)
_FIRST_BYTES = np.array([(1 << 8 * number) - 1 for number in range(_WORD + 1)], dtype=np.uint64)
"""Masks for the first bytes of a word, by their number."""


@dataclass(frozen=True)
class HashedRows:
    """Rows by what they hold. Shape: ``rows`` ascend; ``values`` and ``keys`` are the hashes of each."""

    rows: npt.NDArray[np.int64]
    values: Hashes
    keys: Hashes

    def __len__(self) -> int:
        """How many rows."""
        return len(self.rows)

    def only(self, places: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "HashedRows":
        """Some of the rows, in this order."""
        return HashedRows(self.rows[places], self.values[places], self.keys[places])

    def merged(self, other: "HashedRows") -> "HashedRows":
        """These rows and others, in the order of the file."""
        if not len(other):
            return self
        rows = np.concatenate([self.rows, other.rows])
        values, keys = np.concatenate([self.values, other.values]), np.concatenate([self.keys, other.keys])
        return HashedRows(rows, values, keys).only(np.argsort(rows, kind="stable"))


def joined(columns: Iterable[Hashes], height: int) -> Hashes:
    """The hash of each row, of those of its cells."""
    hashes = np.full(height, _START)
    for column in columns:
        hashes = _mixed(hashes ^ column)
    return hashes


def number_hashes(numbers: npt.NDArray[np.int64], missing: npt.NDArray[np.bool_]) -> Hashes:
    """The hash of each number."""
    return np.where(missing, _MISSING, _mixed(numbers.astype(np.int64).view(np.uint64)))


def text_hashes(texts: Sequence[str | None]) -> Hashes:
    """The hash of each text; None is missing, as an empty one is."""
    filled = [text or "" for text in texts]
    data, lengths = "".join(filled).encode("utf-8", "surrogatepass"), list(map(len, filled))
    if len(data) != sum(lengths):
        lengths = [len(text.encode("utf-8", "surrogatepass")) for text in filled]
    ends = np.cumsum(np.array(lengths, dtype=np.int64))
    starts = ends - lengths
    return byte_hashes(np.frombuffer(data + bytes(PADDING), dtype=np.uint8), starts, np.array(lengths, dtype=np.int64))


def byte_hashes(data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> Hashes:
    """The hash of each text that begins at these places in ``data``, which goes on behind the last by PADDING."""
    hashes = _mixed(lengths.astype(np.uint64) ^ _START)
    left, offset = np.arange(len(starts)), 0
    while len(left):
        words = letters(data, starts[left], _WORD, offset).view("<u8")[:, 0]
        words = words & _FIRST_BYTES[np.minimum(lengths[left] - offset, _WORD)]
        hashes[left] = _mixed(hashes[left] ^ words)
        offset += _WORD
        left = left[lengths[left] > offset]
    return np.where(lengths == 0, _MISSING, hashes)


def _mixed(words: Hashes) -> Hashes:
    """Each word spread over all of its bits; different ones stay different (the last step of MurmurHash3)."""
    words = words ^ (words >> _HALF)
    words = words * _ONCE
    words ^= words >> _HALF
    words *= _TWICE
    words ^= words >> _HALF
    return words
