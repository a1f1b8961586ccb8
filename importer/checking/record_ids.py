"""Rows that say by an Id which record they are: whether it is theirs, and which of their cells are as it is.

Pure; what the service holds comes from elsewhere, as the texts that an export would write.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from importer.checking.appearance import appearance, held_cells
from importer.checking.causes import Cause
from importer.checking.cells import whole_numbers
from importer.checking.columns import ColumnMapping
from importer.checking.references import Directory
from importer.model import Clash, RowElsewhere
from importer.spreadsheet import OF_DATES, RECORD_ID, Sheet, column_letters
from importer.text import printable
from schemas import RecordType

Mask = npt.NDArray[np.bool_]
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_EXAMPLE = "1414915"
_Faults = dict[str, dict[int, str]]
"""Rows by issue code, each with the further value that its sentence needs."""


@dataclass(frozen=True)
class NamedRecords:
    """The records that the rows of a file name.

    ``texts`` are those of their fields by Id; None for an Id that the service says it does not have. ``repeated`` are
    the first two rows of each Id that several rows name.
    """

    texts: Mapping[int, Mapping[str, str] | None]
    repeated: Mapping[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Identified:
    """What the Ids of a chunk say.

    Shape: ``ids`` has the index of the chunk (Int64, missing where a row names no record), or is None if the file has
    no column of them and nobody has answered for a row; the masks are as long as the chunk. ``same`` are the cells
    whose text is the record's, by field; ``inexact`` those of them that no file can hold as they are; ``whole`` the
    rows in which every cell is the same.
    """

    ids: pd.Series | None = None
    same: Mapping[str, Mask] = field(default_factory=dict)
    inexact: Mapping[str, Mask] = field(default_factory=dict)
    whole: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))
    causes: tuple[Cause, ...] = ()


class RecordIds:
    """Reads the column of Ids, and those of names beside Ids, chunk by chunk.

    An answer of a person about a row goes before what its cell says. ``rows`` collects the first two rows of each Id,
    ``names`` the names beside Ids by the field of the Ids.
    """

    def __init__(
        self,
        kind: RecordType,
        mapping: ColumnMapping,
        sheet: Sheet,
        named: NamedRecords | None,
        directories: Mapping[str, Directory] = MappingProxyType({}),
        elsewhere: Mapping[int, RowElsewhere] = MappingProxyType({}),
        *,
        answers: Mapping[int, int] = MappingProxyType({}),
    ) -> None:
        """``named`` is None while nobody has asked the service; ``elsewhere`` are rows that another file repeats.

        ``answers`` are the Ids that a person chose, by row.
        """
        self._answers = answers
        self._elsewhere = {row: other for row, other in elsewhere.items() if other.clash is Clash.RECORD}
        self._kind, self._mapping, self._sheet = kind, mapping, sheet
        self._named, self._directories = named, directories
        self.rows: dict[int, tuple[int, ...]] = {}
        self.names: dict[str, set[str]] = {name: set() for name in mapping.names}

    def read(self, chunk: pd.DataFrame, typed: pd.DataFrame) -> Identified:
        """What the Ids of a chunk say; ``typed`` are its fields as far as they could be read."""
        if self._mapping.record_id is None and not self._answers:
            return Identified()
        faults: _Faults = {}
        ids = self._ids(chunk, faults)
        cells = zip(chunk.index.tolist(), ids.tolist(), strict=True)
        numbers = {row: int(number) for row, number in cells if number is not pd.NA}
        texts = self._texts_of(numbers, faults)
        same = {
            column.field: self._same(chunk, column.field, column.position, texts) for column in self._mapping.columns
        }
        for row, other in self._of_others(chunk.index, typed, texts, same):
            faults.setdefault("record-of-another", {}).setdefault(row, other)
        names = self._names_that_differ(chunk, typed)
        causes = [*self._of_answers(chunk, faults), *self._of_cells(chunk, faults), *names]
        whole = np.isin(chunk.index, list(texts)) & np.logical_and.reduce(list(same.values()))
        return Identified(ids, same, self._inexact(chunk, same), whole, tuple(causes))

    def _ids(self, chunk: pd.DataFrame, faults: _Faults) -> pd.Series:
        """The Id that each row has, from its cell or from an answer; what is wrong with a cell becomes a fault."""
        answers = {row: self._answers[row] for row in chunk.index.tolist() if row in self._answers}
        if (position := self._mapping.record_id) is None:
            ids = pd.Series(pd.array([pd.NA] * len(chunk), dtype="Int64"), index=chunk.index)
        else:
            parsed = whole_numbers(chunk[position])
            ids = parsed.values.copy()
            problems = self._sheet.problems
            problems = problems[problems["code"] != OF_DATES]
            refused = {code: rows.tolist() for code, rows in parsed.refused.items()}
            for code, row in problems.loc[problems["position"] == position, ["code", "row"]].itertuples(index=False):
                refused.setdefault(str(code), []).append(int(row))
            held = held_cells(chunk[position], is_text=False)
            refused |= {code: rows.tolist() for code, rows in held.items()}
            for code, rows in refused.items():
                faults[code] = {row: self._shown(chunk, row, code) for row in rows if row not in answers}
            ids.loc[ids.index.isin([row for code in held for row in refused[code]])] = pd.NA
        if answers:
            ids.loc[list(answers)] = list(answers.values())
        return ids

    def _shown(self, chunk: pd.DataFrame, row: int, code: str) -> str:
        return appearance(chunk[self._mapping.record_id][row]) if code == "shown-differently" else _EXAMPLE

    def _texts_of(self, numbers: Mapping[int, int], faults: _Faults) -> dict[int, Mapping[str, str]]:
        """The texts of the record of each row whose Id may count; the others become faults."""
        texts: dict[int, Mapping[str, str]] = {}
        for row, number in numbers.items():
            rows = self.rows.get(number, ())
            if len(rows) < 2:  # noqa: PLR2004
                self.rows[number] = rows = (*rows, row)
            repeated = self._named.repeated.get(number, rows) if self._named else rows
            others = [other for other in repeated if other != row]
            if others:
                faults.setdefault("record-repeated", {})[row] = str(others[0])
            elif row in self._elsewhere:
                faults.setdefault("record-repeated", {})[row] = str(self._elsewhere[row])
            elif self._named is not None and (record := self._named.texts.get(number)) is not None:
                texts[row] = record
            elif self._named is not None:
                faults.setdefault("record-not-found", {})[row] = ""
        return texts

    @staticmethod
    def _same(chunk: pd.DataFrame, name: str, position: int, texts: Mapping[int, Mapping[str, str]]) -> Mask:
        cells = zip(chunk.index.tolist(), chunk[position].tolist(), strict=True)
        same = (row in texts and _plain(cell) == _plain(texts[row][name]) for row, cell in cells)
        return np.fromiter(same, bool, len(chunk))

    def _inexact(self, chunk: pd.DataFrame, same: Mapping[str, Mask]) -> dict[str, Mask]:
        # An export has this character in place of each that no file can hold. Sent, it would be a change of the record.
        cells = {column.field: chunk[column.position].tolist() for column in self._mapping.columns}
        return {
            name: mask & np.fromiter((_REPLACED in cell for cell in cells[name]), bool, len(chunk))
            for name, mask in same.items()
        }

    def _of_others(
        self,
        rows: pd.Index,
        typed: pd.DataFrame,
        texts: Mapping[int, Mapping[str, str]],
        same: Mapping[str, Mask],
    ) -> Iterator[tuple[int, str]]:
        """Rows whose record refers to something else, with what it is; an empty cell is of no other opinion."""
        for name in self._kind.key:
            if name not in self._kind.references or name not in same:
                continue
            for index, (row, value) in enumerate(zip(rows.tolist(), typed[name].tolist(), strict=True)):
                if row in texts and not same[name][index] and value is not pd.NA and str(value) != texts[row][name]:
                    yield row, f"{self._label(name)} ({texts[row][name] or 'empty'})"

    def _label(self, name: str) -> str:
        """What the file calls a field."""
        column = self._mapping.column(name)
        return printable(column.label) if column else name

    def _names_that_differ(self, chunk: pd.DataFrame, typed: pd.DataFrame) -> Iterator[Cause]:
        """Names that are not those of the record whose Id stands beside them."""
        for name, position in self._mapping.names.items():
            cells = [cell.strip() for cell in chunk[position].tolist()]
            self.names[name].update(filter(None, cells))
            directory = self._directories.get(name)
            wrong: dict[int, str] = {}
            for row, cell, value in zip(chunk.index.tolist(), cells, typed[name].tolist(), strict=True):
                if cell and value is pd.NA and self._named is not None:
                    wrong[row] = f"an empty {self._label(name)}"
                elif cell and value is not pd.NA and directory and not directory.may_mean(cell, int(value)):
                    wrong[row] = f"{self._label(name)} {value}"
            yield from self._causes(chunk, position, name, {"name-beside-id": wrong})

    def _of_cells(self, chunk: pd.DataFrame, faults: _Faults) -> Iterator[Cause]:
        if (position := self._mapping.record_id) is not None:
            of_cells = {
                code: {r: d for r, d in rows.items() if r not in self._answers} for code, rows in faults.items()
            }
            yield from self._causes(chunk, position, RECORD_ID, of_cells)

    def _of_answers(self, chunk: pd.DataFrame, faults: _Faults) -> Iterator[Cause]:
        """What is wrong with answers: about the row as a whole, for no cell of the file holds them."""
        for code, details in faults.items():
            if rows := sorted(row for row in details if row in chunk.index and row in self._answers):
                values = [str(self._answers[row]) for row in rows]
                numbers = np.array(rows, dtype=np.int64)
                yield Cause(code, "", None, RECORD_ID, numbers, values, [details[row] for row in rows])

    def _causes(self, chunk: pd.DataFrame, position: int, name: str, faults: _Faults) -> Iterator[Cause]:
        letters, label, taken = column_letters(position), self._sheet.labels[position], set[int]()
        for code, details in faults.items():
            rows = sorted(row for row in details if row in chunk.index and row not in taken)
            taken.update(rows)
            if rows:
                values = chunk[position].loc[rows].tolist()
                numbers = np.array(rows, dtype=np.int64)
                yield Cause(code, letters, label, name, numbers, values, [details[row] for row in rows])


def _plain(text: str) -> str:
    """A text without what nobody can see."""
    return unicodedata.normalize("NFC", text.strip())
