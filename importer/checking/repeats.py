"""Which rows of several files are for one record, by hashes of their keys: 21 bytes a row and no Python object. Pure.

What two rows of one file are to each other, two rows of two files are as well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from importer.checking.checker import Checked, key_hashes, value_hashes
from importer.checking.first_seen import Hashes
from importer.model import Clash, RowElsewhere

Elsewhere = dict[int, RowElsewhere]
"""The rows of a file that a row of another one repeats, each with that one."""

_Part = tuple[npt.NDArray[np.uint32], Hashes, Hashes, npt.NDArray[np.bool_]]


@dataclass
class FileRows:
    """The rows of a file by what they are for: their keys and values, and the records that they name.

    ``name`` is what sentences call the file; ``named`` holds the first row of each Id. Only rows without an error take
    part by their keys; they must have been checked with duplicates allowed, for one that its own file repeats may be
    repeated by another file as well.
    """

    name: str
    named: dict[int, int] = field(default_factory=dict)
    parts: list[_Part] = field(default_factory=list)

    def add(self, checked: Checked, key: Sequence[str], *, filled: bool = False) -> None:
        """The rows of one more chunk; with ``filled``, only those that have a value in each field of the key."""
        valid = checked.valid
        valid = valid[valid[list(key)].notna().all(axis="columns")] if filled else valid
        named = valid["named_id"].notna().to_numpy() if "named_id" in valid else np.zeros(len(valid), dtype=bool)
        rows = valid.index.to_numpy().astype(np.uint32)
        self.parts.append((rows, key_hashes(valid, checked.kind, key), value_hashes(valid, checked.kind), named))


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of one of the files."""

    file: int
    row: int
    values: int
    named: bool


def repeated_elsewhere(files: Sequence[FileRows]) -> list[Elsewhere]:
    """For each file its rows that a row of another one repeats, in the order of the files.

    1. Of equal rows the first one goes; the others are errors.
    2. Rows of one key with other values are all errors: only the user knows which of them is meant.
    3. So are rows that name one record. Two rows that name a record each are not compared by their keys.
    """
    repeated: list[Elsewhere] = [{} for _ in files]
    for one, other, clash in (*_of_one_key(files), *_of_one_record(files)):
        repeated[one.file][one.row] = RowElsewhere(clash, other.row, files[other.file].name)
    return repeated


def _of_one_key(files: Sequence[FileRows]) -> Iterator[tuple[_Row, _Row, Clash]]:
    for group in _groups(files):
        firsts: dict[int, _Row] = {}
        distinct: list[_Row] = []
        for row in group:
            first = firsts.setdefault(row.values, row)
            if first is row or (first.named and row.named):
                distinct.append(row)
            elif first.file != row.file:
                yield row, first, Clash.VALUES
        for row in distinct:
            others = (other for other in distinct if other.file != row.file and not (other.named and row.named))
            if (other := next(others, None)) is not None:
                yield row, other, Clash.KEY


def _groups(files: Sequence[FileRows]) -> Iterator[list[_Row]]:
    """The rows of each key that occurs in several files, in the order of the files and their rows."""
    parts = [(number, part) for number, file in enumerate(files) for part in file.parts]
    if not parts:
        return
    numbers = np.repeat([number for number, _ in parts], [len(part[0]) for _, part in parts])
    rows, keys, values, named = (np.concatenate([part[place] for _, part in parts]) for place in range(4))
    # Stable, so that the rows of a key stay in the order of the files: the first and the last one tell whether it
    # occurs in several.
    order = np.argsort(keys, kind="stable")
    ends = np.flatnonzero(np.append(keys[order][1:] != keys[order][:-1], True)[: len(order)]) + 1
    starts = np.append(0, ends[:-1])
    across = numbers[order[starts]] != numbers[order[ends - 1]] if len(ends) else np.zeros(0, dtype=bool)
    for start, end in zip(starts[across].tolist(), ends[across].tolist(), strict=True):
        group = order[start:end]
        lists = (column[group].tolist() for column in (numbers, rows, values, named))
        yield [_Row(*row) for row in zip(*lists, strict=True)]


def _of_one_record(files: Sequence[FileRows]) -> Iterator[tuple[_Row, _Row, Clash]]:
    """The first row of each file that names a record that another file names as well; its own file sees the others."""
    by_record: dict[int, list[_Row]] = {}
    for number, file in enumerate(files):
        for record, first in file.named.items():
            by_record.setdefault(record, []).append(_Row(number, first, record, named=True))
    for group in by_record.values():
        for place, row in enumerate(group if len(group) > 1 else ()):
            yield row, group[0 if place else 1], Clash.RECORD
