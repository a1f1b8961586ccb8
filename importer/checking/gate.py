"""Rows that are plainly without any issue, told by their bytes: most rows of a large file, in a tenth of the time.

Everything in doubt is left to the checker, which alone knows what is wrong: a gate only says which rows it need not
see. So whatever is not named here as plain is left, and each rule is the checker's own:

1. Every byte of the row is an ordinary one. All that ``damage`` and ``wrappers`` look for is made of others, or stands
   at the beginning of a cell, which must be a letter or a digit, or is short: then their functions are asked.
2. Each cell has the usual form of its field: digits, ``2027-04-30T10:30:00Z``, a text.
3. The checks of the pandera model are made on whole columns of values; those of texts on their lengths and shapes.

A property test holds that a gate and a checker together say what a checker says alone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa

from importer.checking.cells import ERROR_MARKS, ERROR_VALUES, MOST_DIGITS
from importer.checking.columns import ColumnMapping
from importer.checking.damage import LONGEST_CONVERTED
from importer.checking.dates import AFTER_USUAL, FIRST_USUAL, USUAL
from importer.checking.references import Directory
from importer.checking.row_hashes import HashedRows, Hashes, byte_hashes, joined, number_hashes
from importer.checking.wrappers import NO_VALUE
from importer.spreadsheet import CellBytes, Mask, Sheet
from schemas import FieldType, RecordType
from schemas.record_type import GUID, HEX_DIGITS, SHAPES

Numbers = npt.NDArray[np.int64]

FEWEST_TAKEN = 0.25
"""Of a block of which fewer rows are plain, none is taken: to cut them apart would take longer than to check them."""

_MOST_PASSED_BY = 32
MOST_NAMES = 100_000
"""Beyond this many distinct references, only names are collected; more Ids would tell nothing new."""

_ORDINARY = bytes(set(range(ord(" "), ord("~") + 1)) - set(b'"&?'))
_WORDS = [word for word in (*NO_VALUE, *ERROR_VALUES, *ERROR_MARKS) if word[0].isascii() and word[0].isalnum()]
_LONGEST_WORD = max(LONGEST_CONVERTED, *map(len, _WORDS))
"""Words that mean something else than they say are as long at most, and so is what a program made of one."""

_IN_CONVERTED = b"-+."
_DATE_DIGITS = [place for place, letter in enumerate(USUAL) if letter == "0"]


@dataclass(frozen=True)
class PlainRows:
    """What the checker has to know of rows that it need not see.

    ``dates`` counts those of each field, ``names`` holds the different cells of each reference.
    """

    hashed: HashedRows
    dates: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, set[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many rows."""
        return len(self.hashed)

    def with_later(self, later: "PlainRows") -> "PlainRows":
        """These rows, and others of the same sheet."""
        if not len(self):
            return later
        dates = {name: number + later.dates[name] for name, number in self.dates.items()}
        names = {name: cells | later.names[name] for name, cells in self.names.items()}
        return PlainRows(self.hashed.merged(later.hashed), dates, names)


NONE_PLAIN = PlainRows(HashedRows(np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.uint64)))


@dataclass(frozen=True)
class _Column:
    """A column as far as it is plain: which cells are, and the hash of each as a value and as a part of a key."""

    plain: Mask
    values: Hashes
    keys: Hashes
    dates: Mask | None = None
    numbers: Numbers | None = None


class Gate:
    """Takes the plain rows of one sheet, block by block; ``taken`` gives them out."""

    def __init__(
        self,
        kind: RecordType,
        mapping: ColumnMapping,
        sheet: Sheet,
        schema: pa.DataFrameSchema,
        required: Iterable[str],
        directories: Mapping[str, Directory],
        plain_words: Callable[[str, list[str]], Iterable[bool]],
    ) -> None:
        """``plain_words`` says of texts of a field which of them have no issue, as the checker reads them."""
        self._kind, self._mapping, self._schema, self._required = kind, mapping, schema, frozenset(required)
        self._plain_words = plain_words
        self._unlisted = {name: _as_numbers(each.deleted_ids) for name, each in directories.items()}
        self._listed = {name: _as_numbers(each.ids) for name, each in directories.items() if each.complete}
        self._below_header = sheet.header_row + 1
        self._without_label = [i for i, label in enumerate(sheet.labels) if not label]
        self._width = len(sheet.labels)
        self._taken = NONE_PLAIN
        self._numbers_so_far: dict[str, Numbers] = {}
        self._passing_by, self._pause = 0, 0

    def __call__(self, block: CellBytes) -> Mask:
        """The rows of a block that are plain; they are taken."""
        none = np.zeros(len(block.starts), dtype=bool)
        if self._passing_by:
            self._passing_by -= 1
            return none
        plain = self._ordinary(block)
        columns = {name: self._column(block, name) for name in self._kind.fields}
        for column in columns.values():
            plain &= column.plain
        if plain.mean() < FEWEST_TAKEN:
            # A file has the same habits throughout: asked less and less often, it is as fast as without a gate.
            self._pause = min(2 * self._pause + 1, _MOST_PASSED_BY)
            self._passing_by = self._pause
            return none
        self._pause = 0
        self._taken = self._taken.with_later(self._rows(block, plain, columns))
        return plain

    def taken(self) -> PlainRows:
        """The rows that were taken since this was asked last."""
        taken, self._taken = self._taken, NONE_PLAIN
        return taken

    def _rows(self, block: CellBytes, plain: Mask, columns: Mapping[str, _Column]) -> PlainRows:
        rows = block.rows[plain]
        values = joined((columns[name].values[plain] for name in self._kind.identity), len(rows))
        keys = joined((columns[name].keys[plain] for name in self._kind.key), len(rows))
        dates = {name: int(column.dates[plain].sum()) for name, column in columns.items() if column.dates is not None}
        names = {
            name: self._new_names(name, column.numbers[plain])
            for name, column in columns.items()
            if column.numbers is not None and name in self._kind.references
        }
        return PlainRows(HashedRows(rows, values, keys), dates, names)

    def _new_names(self, name: str, numbers: Numbers) -> set[str]:
        """The cells of a reference that have not come before."""
        earlier = self._numbers_so_far.get(name, _as_numbers(()))
        if len(earlier) >= MOST_NAMES:
            return set()
        new = np.unique(numbers[~np.isin(numbers, earlier)])
        self._numbers_so_far[name] = np.concatenate([earlier, new])
        # No plain cell is a zero: there it stands for an empty one.
        return {str(number or "") for number in new.tolist()}

    def _ordinary(self, block: CellBytes) -> Mask:
        """The rows of ordinary bytes only, without a cell in a column that has no header.

        Not the one that may go on with the header.
        """
        odd = np.ones(256, dtype=bool)
        odd[[*_ORDINARY, ord("\n"), block.separator]] = False
        plain = block.rows != self._below_header
        inside = block.data[: int(block.ends[-1]) + 1]
        plain[np.searchsorted(block.ends, np.flatnonzero(odd[inside]))] = False
        unlabelled = [*self._without_label, *range(self._width, block.lengths.shape[1])]
        return np.asarray(plain & (block.lengths[:, unlabelled] == 0).all(axis=1))

    def _column(self, block: CellBytes, name: str) -> _Column:
        column = self._mapping.column(name)
        height = len(block.starts)
        if column is None:
            missing = number_hashes(np.zeros(height, np.int64), np.ones(height, bool))
            return _Column(np.full(height, name not in self._required), missing, missing)
        filled = block.lengths[:, column.position] > 0
        may_be_empty = np.full(height, name not in self._required)
        if name in self._kind.references or self._kind.type_of(name) is FieldType.WHOLE_NUMBER:
            return self._numbers(block, name, column.position, filled, may_be_empty)
        if self._kind.type_of(name) is FieldType.DATE:
            return self._dates(block, name, column.position, filled, may_be_empty)
        return self._texts(block, name, column.position, filled, may_be_empty)

    def _numbers(self, block: CellBytes, name: str, position: int, filled: Mask, may_be_empty: Mask) -> _Column:
        lengths = block.lengths[:, position]
        width = min(int(lengths.max(initial=1)), MOST_DIGITS)
        digits = block.letters(position, width) - np.uint8(ord("0"))
        within = np.arange(width) < lengths[:, None]
        # Zeros at the beginning are left: the cell is another text than its number.
        plain = filled & (lengths <= width) & ((digits <= 9) | ~within).all(axis=1) & (digits[:, 0] != 0)  # noqa: PLR2004
        numbers = np.zeros(len(lengths), dtype=np.int64)
        for place in range(width):
            numbers = np.where(within[:, place], numbers * 10 + digits[:, place], numbers)
        numbers[~plain] = 0
        plain &= self._passes(name, pd.Series(pd.array(numbers, dtype="Int64")))
        if name in self._unlisted:
            plain &= ~np.isin(numbers, self._unlisted[name])
        if name in self._listed:
            plain &= np.isin(numbers, self._listed[name])
        hashes = number_hashes(numbers, ~filled)
        return _Column(plain | (~filled & may_be_empty), hashes, hashes, numbers=numbers)

    def _dates(self, block: CellBytes, name: str, position: int, filled: Mask, may_be_empty: Mask) -> _Column:
        cells = block.letters(position, len(USUAL))
        form = np.frombuffer(USUAL.encode(), dtype=np.uint8)
        plain = (block.lengths[:, position] == len(USUAL)) & (_DECIMAL[cells] == form).all(axis=1)
        digits = (cells[:, _DATE_DIGITS] - np.uint8(ord("0"))).astype(np.int64)
        digits[~plain] = 0
        tens = digits[:, ::2] * 10 + digits[:, 1::2]
        year, (month, day, hour, minute, second) = tens[:, 0] * 100 + tens[:, 1], tens[:, 2:].T
        months = (np.clip(year, 1, None) * 12 + np.clip(month, 1, 12) - 1 - 1970 * 12).astype("datetime64[M]")
        first, after = months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]")
        length = (after - first).astype(np.int64)
        plain &= np.logical_and.reduce([month >= 1, month <= 12, day >= 1, day <= length])  # noqa: PLR2004
        plain &= np.logical_and.reduce([hour < 24, minute < 60, second < 60])  # noqa: PLR2004
        seconds = (first.astype(np.int64) + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second
        plain &= (FIRST_USUAL.timestamp() <= seconds) & (seconds < AFTER_USUAL.timestamp())
        seconds[~plain] = 0
        microseconds = seconds * 1_000_000
        plain &= self._passes(name, pd.Series(microseconds.view("datetime64[us]")).dt.tz_localize("UTC"))
        hashes = number_hashes(microseconds, ~filled)
        return _Column(plain | (~filled & may_be_empty), hashes, hashes, dates=filled)

    def _texts(self, block: CellBytes, name: str, position: int, filled: Mask, may_be_empty: Mask) -> _Column:
        starts, lengths = block.starts[:, position], block.lengths[:, position]
        first, last = block.data[starts], block.data[np.maximum(starts + lengths - 1, 0)]
        plain = filled & _LETTERS_AND_DIGITS[first] & (last != ord(" "))
        for check in self._schema.columns[name].checks:
            plain &= self._has_shape(block, position, SHAPES[check.name]) if check.name in SHAPES else True
            if check.name == "str_length":
                limits = check.statistics
                plain &= lengths >= (limits.get("min_value") or 0)
                plain &= lengths <= (block.data.size if limits.get("max_value") is None else limits["max_value"])
        plain &= ~self._doubtful_words(block, name, position, plain)
        hashes = byte_hashes(block.data, starts, lengths)

        if name in self._kind.key and (lengths == len(GUID)).any():
            # As a part of a key, a GUID has small letters (``key_digest``).
            capitals = _CAPITALS[block.letters(position, len(GUID))].any(axis=1)
            plain &= ~(capitals & self._has_shape(block, position, GUID))
        return _Column(plain | (~filled & may_be_empty), hashes, hashes)

    @staticmethod
    def _has_shape(block: CellBytes, position: int, shape: str) -> Mask:
        form = np.frombuffer(shape.encode(), dtype=np.uint8)
        cells = _HEXADECIMAL[block.letters(position, len(shape))]
        return np.asarray((block.lengths[:, position] == len(shape)) & (cells == form).all(axis=1))

    def _doubtful_words(self, block: CellBytes, name: str, position: int, among: Mask) -> Mask:
        """The cells that are short enough to mean something else than they say, and do so."""
        doubtful = np.zeros(len(among), dtype=bool)
        short = np.flatnonzero(among & (block.lengths[:, position] <= _LONGEST_WORD))
        cells = block.letters(position, _LONGEST_WORD)[short]
        within = np.arange(_LONGEST_WORD) < block.lengths[short, position][:, None]
        may_mean_more = _FIRST_OF_WORDS[cells[:, 0]]
        if not self._kind.is_opaque(name):
            may_mean_more |= (_MARKS[cells] & within).any(axis=1)
        candidates = short[may_mean_more]
        texts = [block.cell(index, position) for index in candidates.tolist()]
        doubtful[candidates] = [not is_plain for is_plain in self._plain_words(name, texts)] if texts else []
        return doubtful

    def _passes(self, name: str, values: pd.Series) -> Mask:
        """The values that pass every check of the model."""
        checks = self._schema.columns[name].checks
        passed = np.ones(len(values), dtype=bool)
        for check in checks:
            passed &= passing(check, values)
        return passed


def passing(check: pa.Check, values: pd.Series) -> Mask:
    """Which of the values of a column, none of them missing, pass a check of its model."""
    output = check(values).check_output
    return output.to_numpy(dtype=bool) if isinstance(output, pd.Series) else np.full(len(values), bool(output))


def _as_numbers(ids: Iterable[int]) -> Numbers:
    return np.array(sorted(ids), dtype=np.int64)


def _table(letters: bytes) -> Mask:
    table = np.zeros(256, dtype=bool)
    table[list(letters)] = True
    return table


def _with_zeros(digits: Iterable[int]) -> npt.NDArray[np.uint8]:
    """Each byte, these as a zero."""
    table = np.arange(256, dtype=np.uint8)
    table[list(digits)] = ord("0")
    return table


_DECIMAL, _HEXADECIMAL = _with_zeros(b"123456789"), _with_zeros(HEX_DIGITS)
_LETTERS_AND_DIGITS = _table(bytes(code for code in range(128) if chr(code).isalnum()))
_CAPITALS = _table(b"ABCDEF")
_FIRST_OF_WORDS = _table("".join(word[0] for word in _WORDS).encode())
_MARKS = _table(_IN_CONVERTED)


def may_have_gate(kind: RecordType, mapping: ColumnMapping, sheet: Sheet, schema: pa.DataFrameSchema) -> bool:
    """Whether the rows of a sheet can be plain: it is not about records that rows name, and each field has a rule."""
    if mapping.record_id is not None or mapping.names or len(sheet.problems):
        return False
    return all(_is_known(kind, name, column) for name, column in schema.columns.items())


def _is_known(kind: RecordType, name: str, column: pa.Column) -> bool:
    if column.unique or column.parsers or any(check.groupby for check in column.checks):
        return False
    if name in kind.references or kind.type_of(name) in (FieldType.WHOLE_NUMBER, FieldType.DATE):
        return True
    return kind.type_of(name) is FieldType.TEXT and all(
        check.name == "str_length" or check.name in SHAPES for check in column.checks
    )
