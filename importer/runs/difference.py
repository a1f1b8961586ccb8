"""A file against what the service holds, both ways and field by field. Changes nothing, and looks at no run."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from importer.delivery.comparison import Ambiguous, BesideTheList, Changed, Comparison, Unchanged
from importer.delivery.listing import Listing, Remote
from importer.delivery.record_text import cell_text
from importer.journal.journal import Journal, open_journal
from importer.model import Account, Record
from importer.runs.compare import list_all_records
from importer.runs.export import with_all_members
from importer.runs.plan import look_up_names
from importer.runs.preparation import stoppable
from importer.runs.request import ImportRequest
from importer.runs.session import Session, signed_in
from importer.runs.source import CheckResult, Source, checked_chunks, examine, open_requested
from schemas import RecordType


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field in which a row and its record differ, each value as a cell of a spreadsheet would have it."""

    field: str
    there: str
    row: str


@dataclass(frozen=True, slots=True)
class CreatedRow:
    """A row without a record, by the texts of its fields."""

    row: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row whose record has other values."""

    row: int
    record: int
    fields: tuple[FieldDifference, ...]


@dataclass(frozen=True, slots=True)
class AmbiguousRow:
    """A row that may be the row of one of these records; ``why`` goes on from their Ids."""

    row: int
    records: tuple[int, ...]
    why: str
    advice: str


@dataclass(frozen=True, slots=True)
class OnlyThere:
    """A record that no row of the file is for, by the texts of its fields."""

    record: int
    values: Mapping[str, str]


@dataclass
class Difference:
    """How a file and the service differ. The rows that ``invalid`` counts have errors and were not compared."""

    source: Source
    result: CheckResult
    account: Account
    create: list[CreatedRow] = field(default_factory=list)
    changed: list[ChangedRow] = field(default_factory=list)
    ambiguous: list[AmbiguousRow] = field(default_factory=list)
    only_there: list[OnlyThere] = field(default_factory=list)
    unchanged: int = 0

    @property
    def invalid(self) -> int:
        """How many rows have errors."""
        return self.result.invalid

    @property
    def is_empty(self) -> bool:
        """Whether every row has its record and every record its row."""
        return not (self.create or self.changed or self.ambiguous or self.only_there or self.invalid)


async def difference(request: ImportRequest) -> Difference:
    """How a file and what the service holds differ.

    Raises:
        FileError: The file cannot be read, or its columns do not fit.
        ServiceError: The service does not list all of its records.
    """
    source = open_requested(request)
    result = examine(source, request.clock(), allow_duplicates=False)
    with open_journal(request.settings.journal_place) as journal:
        return await stoppable(_difference(journal, source, result, request), journal)


async def _difference(journal: Journal, source: Source, result: CheckResult, request: ImportRequest) -> Difference:
    now = request.clock()
    async with signed_in(request.settings, source.endpoint, journal, request.observer, request.clock) as session:
        source, result = await look_up_names(session, source, result, request.choices, now)
        listing = await _whole_list(session, source)
        differing = Difference(source, result, session.account)
        _compare(differing, listing, _records(source, result, now))
        return differing


async def _whole_list(session: Session, source: Source) -> Listing:
    listing = await list_all_records(session, source.endpoint, source.kind)
    return await with_all_members(session, source.endpoint, source.kind, listing, "Nothing was compared")


def _records(source: Source, result: CheckResult, now: float) -> Iterator[Record]:
    for chunk in checked_chunks(source, now, result.collisions, allow_duplicates=False):
        yield from chunk.records()


def _compare(differing: Difference, listing: Listing, records: Iterable[Record]) -> None:
    kind, records = differing.source.kind, list(records)
    named = frozenset(record.named_id for record in records if record.named_id is not None)
    comparison = Comparison(listing, kind, BesideTheList(named=named), match_key=differing.source.match_key)
    matched: set[int] = set()
    for record in records:
        match comparison.match(record.body, record.named_id):
            case Unchanged(number):
                differing.unchanged += 1
                matched.add(number)
            case Changed() as match:
                differing.changed.append(_changed(record.row, match, kind))
                matched.add(match.remote.id)
            case Ambiguous() as doubt:
                differing.ambiguous.append(AmbiguousRow(record.row, doubt.records, doubt.why, doubt.advice))
                matched.update(doubt.records)
            case None:
                differing.create.append(CreatedRow(record.row, _texts(kind, json.loads(record.body))))
    rest = (remote for remote in listing.records if remote.id not in matched)
    differing.only_there = [_only_there(remote, kind) for remote in rest]


def _changed(row: int, match: Changed, kind: RecordType) -> ChangedRow:
    changes = (
        FieldDifference(name, cell_text(kind, name, there), cell_text(kind, name, mine))
        for name, (mine, there) in match.differences.items()
    )
    return ChangedRow(row, match.remote.id, tuple(changes))


def _only_there(remote: Remote, kind: RecordType) -> OnlyThere:
    return OnlyThere(remote.id, _texts(kind, remote.values))


def _texts(kind: RecordType, values: Mapping[str, object]) -> dict[str, str]:
    return {name: cell_text(kind, name, values.get(name)) for name in kind.fields}
