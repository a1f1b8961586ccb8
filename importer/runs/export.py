"""What the service holds of one record type, as a file that can be imported again: all of it, or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from importer.checking import DateReader, Directory, Entry, whole_number
from importer.config.settings import Settings
from importer.delivery.comparer import Comparer
from importer.delivery.listing import Listing, Remote, complete, instant
from importer.delivery.record_text import record_texts
from importer.errors import UsageError
from importer.issues import Issue
from importer.journal.journal import open_journal
from importer.model import Account, Clock
from importer.reporting.record_file import RecordTable
from importer.runs.compare import list_all_records, unlisted
from importer.runs.lookup import chosen_ids, listed_entries
from importer.runs.observer import Observer
from importer.runs.preparation import stoppable
from importer.runs.session import Session, signed_in
from importer.spreadsheet import RECORD_ID, STAMPS
from importer.text import count
from schemas import FieldType, RecordType, Reference

_EXAMPLE = "2027-04-30"
_NOTHING = "Nothing was exported"


@dataclass(frozen=True)
class Filters:
    """Which records are exported: all that pass every filter.

    ``references`` are what a field must refer to, an Id or a name, by the relation's name in lower case ("resource").
    ``before`` is the date that a record expires before, as a person writes it, read by ``dates``.
    """

    references: Mapping[str, str] = field(default_factory=dict)
    before: str | None = None
    dates: DateReader = field(default_factory=DateReader)


@dataclass(frozen=True)
class ExportRequest:
    """What to export of which record type, with or without the names of the records that are referred to."""

    settings: Settings
    observer: Observer
    clock: Clock
    kind: RecordType
    filters: Filters = field(default_factory=Filters)
    names: bool = False


@dataclass(frozen=True)
class Export:
    """The records that passed the filters, ready to be written, of so many that the service holds."""

    table: RecordTable
    total: int
    account: Account

    @property
    def records(self) -> int:
        """How many passed."""
        return len(self.table.texts)


async def export(request: ExportRequest) -> Export:
    """Everything that the service holds of a type, as far as it passes the filters.

    Raises:
        UsageError: A filter cannot be used.
        ServiceError: The service does not list all of its records.
    """
    # Before any call: these can only be wrong as they were typed.
    fields = _reference_fields(request.kind, request.filters.references)
    before = _instant_before(request.kind, request.filters)
    with open_journal(request.settings.journal_place) as journal:

        async def work() -> Export:
            endpoint = request.kind.path(request.settings.endpoint_path)
            signing_in = signed_in(request.settings, endpoint, journal, request.observer, request.clock)
            async with signing_in as session:
                return await _export(session, endpoint, request, fields, before)

        return await stoppable(work(), journal)


async def _export(
    session: Session, endpoint: str, request: ExportRequest, fields: Mapping[str, str], before: float | None
) -> Export:
    kind = request.kind
    chosen = {name: await _referred(session, kind.references[name], text) for name, text in fields.items()}
    listing = _whole(await list_all_records(session, endpoint, kind), _NOTHING)
    total, comparer = len(listing.records), Comparer(kind)

    def refers(remote: Remote) -> bool:
        return all(comparer.value(name, remote.values.get(name)) == number for name, number in chosen.items())

    listing = replace(listing, records=tuple(filter(refers, listing.records)))
    listing = await with_all_members(session, endpoint, kind, listing, _NOTHING)
    remotes = _expiring(kind, listing.records, before, session.observer) if before is not None else listing.records
    names = await _names(session, kind, remotes) if request.names else {}
    return Export(table_of(kind, remotes, names, session.clock()), total, session.account)


def headers_of(kind: RecordType, *, names: bool = False) -> list[str]:
    """The headers of an export: the template's, with names beside the Ids if wanted, then Id and stamps."""
    headers = []
    for name in kind.fields:
        headers.append(name)
        if names and (reference := kind.references.get(name)) is not None:
            headers.append(reference.name_header)
    return [*headers, RECORD_ID, *STAMPS]


async def with_all_members(
    session: Session, endpoint: str, kind: RecordType, listing: Listing, nothing: str
) -> Listing:
    """The list with every field of each of its records; those that it leaves out are read by Id.

    Raises:
        ServiceError: There is no whole list, or a record cannot be read. ``nothing`` says what was not done then.
    """
    listing = _whole(listing, nothing)
    return _whole(await complete(session.service, endpoint, listing, kind.fields, lambda _: True), nothing)


def _whole(listing: Listing, nothing: str) -> Listing:
    if listing.failure:
        why = f"{nothing}, because Nexudus does not list its records: {listing.failure}."
        raise unlisted(why, listing.remedy)
    return listing


def _reference_fields(kind: RecordType, references: Mapping[str, str]) -> dict[str, str]:
    """What each reference field must refer to, by the field."""
    fields = {reference.relation.lower(): name for name, reference in kind.references.items()}
    if other := next((relation for relation in references if relation not in fields), None):
        raise UsageError(f"--{other} cannot be used: {kind.plural} have no {other}.", "Leave it out.")
    return {fields[relation]: text for relation, text in references.items()}


def _instant_before(kind: RecordType, filters: Filters) -> float | None:
    if filters.before is None:
        return None
    if _expiry(kind) is None:
        raise UsageError(f"--expires-before cannot be used: {kind.plural} do not expire.", "Leave it out.")
    parsed = filters.dates.read("", pd.Series([filters.before]))
    value = parsed.values.iloc[0]
    if not pd.isna(value):
        return float(value.timestamp())
    code = next(iter(parsed.refused), None)
    if code is None:
        raise UsageError("--expires-before is empty.", f"Write a date, for example {_EXAMPLE}.")
    detail = filters.dates.detail(code, "", filters.before)
    issue = Issue(code, label="--expires-before", value=filters.before, detail=_EXAMPLE if detail is None else detail)
    raise UsageError(issue.message, issue.fix)


def _expiry(kind: RecordType) -> str | None:
    """The field that says when a record ends: the date that must not be past."""
    dates = (name for name in kind.fields if kind.type_of(name) is FieldType.DATE)
    return next((name for name in dates if kind.metadata(name).get("not_past")), None)


def _expiring(kind: RecordType, remotes: Sequence[Remote], before: float, observer: Observer) -> list[Remote]:
    """Those that expire before an instant; how many say no date is said."""
    expiry = _expiry(kind)
    assert expiry is not None
    dates = {remote.id: instant(remote.values.get(expiry)) for remote in remotes}
    if undated := sum(date is None for date in dates.values()):
        observer.say(f"Not exported: {count(undated, 'record')} without a readable {expiry}.")
    return [remote for remote in remotes if (date := dates[remote.id]) is not None and date < before]


async def _referred(session: Session, reference: Reference, text: str) -> int:
    """The Id of the record that a filter names, by Id or by name."""
    if (number := whole_number(text.strip())) is not None:
        return number
    entries, _ = await listed_entries(session, reference, {text})
    noun = reference.relation.lower()
    if entries is None:
        raise UsageError(f'"{text}" cannot be looked up.', f"Use the Id, for example --{noun} 1414915.")
    directory = Directory(noun, entries, chosen_ids(session, reference), complete=True)
    candidates = directory.named(text)
    if len(candidates) == 1:
        return candidates[0].id
    if candidates:
        raise UsageError(f'Several have the name "{text}": {"; ".join(map(str, candidates))}.', f"Use --{noun} ID.")
    raise UsageError(f'No {noun} matches "{text}".', "Check the spelling, or use the Id instead.")


async def _names(session: Session, kind: RecordType, remotes: Iterable[Remote]) -> dict[str, dict[int, str]]:
    """What the records are called that these refer to, by reference field and Id."""
    comparer, remotes = Comparer(kind), list(remotes)
    names: dict[str, dict[int, str]] = {}
    for name, reference in kind.references.items():
        numbers = {comparer.value(name, remote.values.get(name)) for remote in remotes}
        ids = {number for number in numbers if isinstance(number, int)}
        entries, _ = await listed_entries(session, reference, {str(number) for number in ids}) if ids else ((), True)
        names[name] = {entry.id: name_of(entry) for entry in entries or () if entry.id in ids}
    return names


def name_of(entry: Entry) -> str:
    """How a record is named beside its Id."""
    if not entry.names:
        return ""
    return f"{entry.place} / {entry.names[0]}" if entry.place else entry.names[0]


def table_of(
    kind: RecordType, remotes: Sequence[Remote], names: Mapping[str, Mapping[int, str]], now: float
) -> RecordTable:
    """The records as an export has them; ``names`` are those beside the Ids, by field and Id."""
    comparer = Comparer(kind)

    def named(remote: Remote) -> dict[str, str]:
        values = {name: comparer.value(name, remote.values.get(name)) for name in names}
        return {
            kind.references[name].name_header: names[name].get(value, "") if isinstance(value, int) else ""
            for name, value in values.items()
        }

    headers = headers_of(kind, names=bool(names))
    texts = [record_texts(kind, remote) | named(remote) for remote in remotes]
    values = [
        {name: _as_json(kind, remote, name, cells) for name in headers}
        for remote, cells in zip(remotes, texts, strict=True)
    ]
    return RecordTable(headers, texts, values, now)


def _as_json(kind: RecordType, remote: Remote, name: str, cells: Mapping[str, str]) -> object:
    """A value for programs: typed as the service has it, but dates in one form."""
    is_date = name in STAMPS or (name in kind.fields and kind.type_of(name) is FieldType.DATE)
    if name == RECORD_ID:
        return remote.id
    return (cells[name] or None) if is_date or name not in remote.values else remote.values[name]
