"""The first rows of each group of a plan as data, to be shown row by row: by what they are to the service. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from importer.delivery.comparison import (
    Ambiguous,
    Blocked,
    Changed,
    Differences,
    Match,
    Reason,
    Unchanged,
    date_goes_back,
)

MOST_SHOWN = 10
"""Rows of each group that are shown one by one; the report has all."""

MOST_DOUBTS = 1_000
"""Ambiguous rows that are held at hand, because a person has to answer each of them."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field in which a record differs from its row: ``there`` in the record, ``new`` in the row, "" for empty.

    ``goes_back`` tells that both are dates and the row's is the earlier one.
    """

    field: str
    there: str
    new: str
    goes_back: bool = False


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row whose record has other values."""

    row: int
    record: int
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class RowChoice:
    """A record that a person may name as a row's, and what differs in it; nothing if it is as the row says."""

    record: int
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class RowDoubt:
    """A row of which only a person can tell the record; ``field`` is the one that makes it doubtful, if it is one.

    ``choices`` are the records that the person may name.
    """

    row: int
    records: tuple[int, ...]
    reason: Reason
    field: str | None = None
    choices: tuple[RowChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class RowWait:
    """A row that waits for a row of another run, which may be the same mapping and has no answer yet."""

    row: int
    run: int
    other_row: int


@dataclass(frozen=True, slots=True)
class RowGroups:
    """The first rows of each group of a plan: to create, unchanged (with their record), changed, ambiguous, blocked."""

    create: Sequence[int] = field(default_factory=list)
    unchanged: Sequence[tuple[int, int]] = field(default_factory=list)
    changed: Sequence[RowChange] = field(default_factory=list)
    ambiguous: Sequence[RowDoubt] = field(default_factory=list)
    blocked: Sequence[RowWait] = field(default_factory=list)


RowChoices = Callable[[], Sequence[Unchanged | Changed]]
"""Gives what a row is to each record that a person may name as its own."""


class RowSampler:
    """Takes the first rows of each group while all of them go by."""

    def __init__(self) -> None:
        """Nothing has gone by yet."""
        self._create: list[int] = []
        self._unchanged: list[tuple[int, int]] = []
        self._changed: list[RowChange] = []
        self._ambiguous: list[RowDoubt] = []
        self._blocked: list[RowWait] = []

    def add(self, row: int, match: Match, choices: RowChoices = tuple) -> None:
        """One row goes by; ``choices`` gives what it is to each record that a person may name if it is ambiguous."""
        match match:
            case None if len(self._create) < MOST_SHOWN:
                self._create.append(row)
            case Unchanged(record) if len(self._unchanged) < MOST_SHOWN:
                self._unchanged.append((row, record))
            case Changed() if len(self._changed) < MOST_SHOWN:
                self._changed.append(RowChange(row, match.remote.id, field_changes(match.differences)))
            case Ambiguous() if len(self._ambiguous) < MOST_DOUBTS:
                offered = tuple(map(_choice, choices()))
                self._ambiguous.append(RowDoubt(row, match.records, match.reason, match.field, offered))
            case Blocked(run, other) if len(self._blocked) < MOST_SHOWN:
                self._blocked.append(RowWait(row, run, other))

    @property
    def groups(self) -> RowGroups:
        """Those taken so far."""
        return RowGroups(self._create, self._unchanged, self._changed, self._ambiguous, self._blocked)


def _choice(match: Unchanged | Changed) -> RowChoice:
    match match:
        case Unchanged(record):
            return RowChoice(record)
        case Changed():
            return RowChoice(match.remote.id, field_changes(match.differences))


def field_changes(differences: Differences) -> tuple[FieldChange, ...]:
    """What differs between a row and its record, as texts."""
    return tuple(
        FieldChange(name, _text(there), _text(new), date_goes_back(new, there))
        for name, (new, there) in differences.items()
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)
