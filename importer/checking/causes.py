"""The issues of a file by their cause, as whole columns: a million wrong cells do not make a million objects. Pure."""

import dataclasses
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import chain, islice
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from importer.issues import CATALOGUE, Candidate, Issue, Severity

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong in one column, or with whole rows, and each cell or row that has it.

    ``letters`` are those over the column, "" for whole rows. Shape: ``rows`` ascend (int64); ``values`` and
    ``details`` belong to them one by one; ``candidates`` are the records that a cell may mean, by its value.
    """

    code: str
    letters: str
    label: str | None
    field: str | None
    rows: npt.NDArray[np.int64]
    values: Sequence[str]
    details: Sequence[str]
    candidates: Mapping[str, tuple[Candidate, ...]] = dataclasses.field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """Error or warning, as the catalogue has it."""
        return CATALOGUE[self.code].severity

    @property
    def names_rows(self) -> bool:
        """Whether its sentences name the row, or there is no cell: then each issue has its own sentence."""
        return not self.letters or "{row}" in CATALOGUE[self.code].message

    def issue(self, row: int, value: str, detail: str) -> Issue:
        """One of the issues."""
        cell = f"{self.letters}{row}" if self.letters else None
        candidates = self.candidates.get(value, ())
        return Issue(self.code, row, cell, self.label, self.field, value, detail, candidates)

    def __len__(self) -> int:
        """How many cells or rows."""
        return len(self.rows)

    def __iter__(self) -> Iterator[Issue]:
        """An issue for each."""
        return map(self.issue, self.rows.tolist(), self.values, self.details)


@dataclass(frozen=True, slots=True)
class CauseGroup:
    """One cause over a whole file: ``of_columns`` are whole columns, ``parts`` its cells or rows, chunk by chunk.

    ``key`` is its name within the file.
    """

    key: str
    of_columns: Sequence[Issue]
    parts: Sequence[Cause]

    @property
    def code(self) -> str:
        """The entry of the catalogue."""
        return self._any.code

    @property
    def severity(self) -> Severity:
        """Error or warning, as the catalogue has it."""
        return CATALOGUE[self.code].severity

    @property
    def letters(self) -> str:
        """The letters over the column; empty for whole rows."""
        return self._any.letters

    @property
    def about(self) -> str:
        """The field or the header; empty if there is neither."""
        return self._any.field or self._any.label or ""

    @property
    def _any(self) -> Issue | Cause:
        return self.of_columns[0] if self.of_columns else self.parts[0]

    def values(self) -> Iterator[str]:
        """The text of each cell."""
        return chain.from_iterable(part.values for part in self.parts)

    def first(self, limit: int) -> list[Issue]:
        """The first few issues: those of whole columns, then by row."""
        issues = chain.from_iterable(islice(part, limit) for part in self.parts)
        rows = nsmallest(limit, issues, key=lambda issue: issue.row or 0)
        return [*self.of_columns, *rows][:limit]

    def candidates_of(self, value: str) -> tuple[Candidate, ...]:
        """The records that a cell with this value may mean."""
        return next((part.candidates[value] for part in self.parts if value in part.candidates), ())

    def by_value(self) -> "list[CauseGroup]":
        """A group for each value, in the order of the file."""
        values: dict[str, list[Issue]] = {}
        for issue in chain(self.of_columns, *self.parts):
            values.setdefault(issue.value, []).append(issue)
        return [CauseGroup(self.key, issues, ()) for issues in values.values()]

    def __len__(self) -> int:
        """How many columns, cells or rows."""
        return len(self.of_columns) + sum(map(len, self.parts))


def cause_key(code: str, letters: str, about: str) -> str:
    """The name of a cause within its file: what is wrong, and in which column or with which field."""
    return f"{code}:{letters or about}"


@dataclass
class Causes:
    """Every issue of a chunk, or of a file: ``of_columns`` those of whole columns, ``chunks`` the others by cause."""

    of_columns: list[Issue] = field(default_factory=list)
    chunks: list[Sequence[Cause]] = field(default_factory=list)

    def add(self, more: "Causes") -> None:
        """Append those of a later chunk."""
        self.of_columns += more.of_columns
        self.chunks += more.chunks

    def replace_cells(self, issues: Sequence[Issue], cells: Container[tuple[str, str]]) -> None:
        """Put issues of whole columns in the place of those of cells, which are named by code and field."""
        self.of_columns += issues
        self.chunks = [
            [cause for cause in chunk if (cause.code, cause.field or "") not in cells] for chunk in self.chunks
        ]

    def groups(self) -> list[CauseGroup]:
        """The issues by cause: errors before warnings, then what most cells have, then in the order of the file."""
        issues: dict[str, list[Issue]] = {}
        parts: dict[str, list[Cause]] = {}
        for issue in self.of_columns:
            key = cause_key(issue.code, issue.letters, issue.field or issue.label or "")
            issues.setdefault(key, []).append(issue)
        for part in sorted(chain.from_iterable(self.chunks), key=lambda part: int(part.rows[0])):
            parts.setdefault(cause_key(part.code, part.letters, part.field or part.label or ""), []).append(part)
        groups = [CauseGroup(key, issues.get(key, []), parts.get(key, [])) for key in {**issues, **parts}]
        return sorted(groups, key=lambda group: (group.severity is not Severity.ERROR, -len(group)))

    def by_row(self, tell: Callable[[Cause], Iterable[Item]]) -> Iterator[Item]:
        """What ``tell`` gives for each cell or row of a cause, in the order of the rows; whole columns are left out."""
        # Chunk by chunk, because rows ascend from one to the next: only one chunk's items are in memory. Stable, so
        # that the issues of a row keep the order of its columns.
        for causes in filter(None, self.chunks):
            items = [item for cause in causes for item in tell(cause)]
            order = np.argsort(np.concatenate([cause.rows for cause in causes]), kind="stable")
            yield from map(items.__getitem__, order.tolist())

    def __len__(self) -> int:
        """How many issues."""
        return len(self.of_columns) + sum(len(cause) for causes in self.chunks for cause in causes)

    def __iter__(self) -> Iterator[Issue]:
        """Every issue, those of whole columns first, then by row; created while they are read."""
        yield from self.of_columns
        yield from self.by_row(iter)
