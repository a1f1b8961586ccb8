"""What the service holds: one whole list of its records, or the reason why there is none; and how values compare.

Rule 1: nothing else may conclude that a create without an answer had no effect; that a record with an Id is gone,
``by_id`` says. Rule 2: the service ignores filters that it does not know and returns everything, or nothing (seen by
several clients); so a list is read without any.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from importer.nexudus import Ended, PageReader
from importer.nexudus.pages import Lists
from importer.nexudus.reply import proper_id
from schemas import FieldType, RecordType, written

_FRACTION = re.compile(r"\.\d+")
_MOST_DIGITS = 40
_BATCH = 50
"""Ids in one read; more would make an address of several kilobytes."""

_SAME_MOMENT = 2.0
"""Seconds between CreatedOn and UpdatedOn of a record that nobody has touched: the service may set them one after the
other. An edit within two seconds of the create is not to be expected from a person."""


Key = tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Remote:
    """A record of the service. ``created`` and ``updated`` in epoch seconds, None if it does not say."""

    id: int
    values: Mapping[str, object]
    created: float | None
    updated: float | None
    by: str


@dataclass(frozen=True, slots=True)
class Listing:
    """All records of a type; or a ``failure``, half a sentence that says why it is unknown what the service holds.

    Attributes:
        records: In the order of their Ids.
        pages: How many pages had an entry on them. One page shows one moment.
        total: How many records there are by the service's own count; None if it gives none.
        date: The service's clock when the reading began, in epoch seconds; None if it does not say.
        by_count: Whether the number of records is that count. If it never is, the same list twice is the weaker proof.
    """

    records: tuple[Remote, ...] = ()
    failure: str = ""
    pages: int = 0
    total: int | None = None
    date: float | None = None
    by_count: bool = True

    @property
    def ids(self) -> frozenset[int]:
        """The Ids of the records."""
        return frozenset(remote.id for remote in self.records)


class Comparer:
    """Makes rows and records of one type comparable."""

    def __init__(self, kind: RecordType) -> None:
        """Remember how the values of each field are compared."""
        self._kind = kind
        self.fields = kind.fields
        self._readers = {name: _reader(kind, name) for name in kind.fields}
        self._key_text = {name: kind.key_text(name) for name in kind.fields}
        self._spellings = {name: kind.spellings(name) for name in kind.fields if kind.choices(name)}

    def sent(self, body: str) -> dict[str, object]:
        """The fields of a row that were sent, each as a value that can be compared."""
        return {name: self.value(name, value) for name, value in json.loads(body).items()}

    def key(self, fields: Iterable[str], values: Mapping[str, object]) -> Key:
        """The values of these fields, for looking records up."""
        return tuple((name, self.value(name, values.get(name))) for name in fields)

    def match_key(self, fields: Iterable[str], values: Mapping[str, object]) -> Key:
        """The values of these fields, for finding the record of a row by them."""
        key = self.key(fields, values)
        return tuple((name, self._key_text[name](value) if isinstance(value, str) else value) for name, value in key)

    def may_be_one(self, body: Mapping[str, object], other: Mapping[str, object]) -> bool:
        """Whether two rows or records may be the same mapping.

        They may if their keys agree where both are filled, for empty may mean "not entered" as well as "none"; or if
        they look alike for another reason that their record type declares.
        """
        mine, theirs = (dict(self.match_key(self._kind.key, values)) for values in (body, other))
        if all(value is None or theirs[name] is None or value == theirs[name] for name, value in mine.items()):
            return True
        return any(alike is not None and alike == self.likeness(names, other) for names, alike in self.likenesses(body))

    def likenesses(self, values: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], Key | None]]:
        """For each declared set of fields by which records look alike: the values in it, None if one is empty."""
        for names in self._kind.lookalikes:
            yield names, self.likeness(names, values)

    def likeness(self, names: tuple[str, ...], values: Mapping[str, object]) -> Key | None:
        """The values of these fields as they are compared, None if one of them is empty."""
        key = self.match_key(names, values)
        return None if any(value is None for _, value in key) else key

    def differences(self, body: str, remote: Remote) -> dict[str, tuple[object, object]]:
        """The fields in which a record differs from what was sent: what was sent, and what is there."""
        there = remote.values
        return {
            name: (value, there.get(name))
            for name, value in json.loads(body).items()
            if self.value(name, value) != self.value(name, there.get(name))
        }

    def value(self, name: str, value: object) -> object:
        """A field's value for comparison: dates as instants, choices by what they stand for, text as it is."""
        # The service shows an empty field as null, "" or not at all, and a row leaves it out.
        if value is None or value == "":
            return None
        # Hashable, and equal to no value of a row.
        if isinstance(value, dict | list):
            return "unreadable", json.dumps(value, sort_keys=True)
        if (spellings := self._spellings.get(name)) is not None:
            return spellings.get(written(str(value)), value)
        return self._readers.get(name, _as_it_is)(value)


async def list_records(service: Lists, path: str) -> Listing:
    """Every record of a type, or why they are not known.

    A record that existed from the first page to the last one, and was not moved from one page to another by a record
    that was deleted meanwhile, is in it. ``shows_all_of`` proves that none was moved.
    """
    # 1. Read to the end. Only the service's own word is one, or a page without entries; a page that comes twice is not.
    # 2. Each entry is a record with an Id. One that cannot be read could be the very record that is looked for.
    # 3. As many records as the service counts. Where its count is always another, the same list twice has to do.
    first = await _read(service, path)
    if first.failure or first.by_count:
        return first
    second = await _read(service, path)
    if second.failure or second.by_count:
        return second
    if (first.ids, first.total) != (second.ids, second.total):
        counted = "does not say how many there are" if second.total is None else f"counts {second.total:,}"
        return Listing(failure=f"it lists {len(second.records):,} records but {counted}")
    return replace(second, date=first.date)


def shows_all_of(second: Listing, first: Listing) -> bool:
    """Whether two lists, read one after the other, prove that every record is in the second that existed throughout.

    A record that a deletion moved past the first reading leaves that reading one deleted record too long, by the
    service's count; and the deleted record is missing in the second. What is added meanwhile disturbs nothing.
    """
    return first.ids <= second.ids


async def _read(service: Lists, path: str) -> Listing:
    """One reading. It fails on anything that leaves open whether a record was passed over."""
    reader = PageReader(service, path)
    records: dict[int, Remote] = {}
    pages, unreadable = 0, 0
    total: int | None = None
    dates: list[float | None] = []
    async for page in reader:
        assert page.listed is not None
        dates.append(page.reply.clock)
        pages += bool(page.listed)
        # The count that goes with the last entries; where one page has them all, that page's own.
        total = page.total if page.listed or not pages else total
        remotes = [to_remote(item) for item in page.listed]
        unreadable += remotes.count(None)
        records |= {remote.id: remote for remote in remotes if remote is not None}
        if reader.ended is Ended.NOTHING_NEW and page.listed:
            return Listing(failure="it gives the same records on every page")
        if reader.ended is Ended.NOTHING_NEW and page.has_next:
            return Listing(failure="it gives an empty page and says that more follow")
    if unreadable:
        return Listing(failure=f"{unreadable:,} of its entries cannot be read")
    # An end that comes before the count does is no end until the next page has been asked for.
    if reader.ended is Ended.LAST_PAGE and total is not None and total > len(records) and await reader.goes_on():
        return Listing(failure="it says that no page follows, and then shows more records")
    if reader.failure:
        return Listing(failure=reader.failure)
    # Sorted here and not by the service, whose pages disagree on ``dir`` (0 and 1, 1 and -1, "Ascending"; read
    # 2026-11-23): equal rows are paired by age.
    ordered = tuple(records[number] for number in sorted(records))
    return Listing(ordered, pages=pages, total=total, date=dates[0], by_count=total == len(records))


async def complete(
    service: Lists, path: str, listing: Listing, names: Iterable[str], chosen: Callable[[Remote], bool]
) -> Listing:
    """The list with every chosen record whole that lacks one of these members: read once more, by its Id.

    Lists are a reduced projection (Nexudus' skill pages, read 2026-11-23). A member that is missing is not empty.
    """
    names = tuple(names)
    lacking = [r for r in listing.records if any(name not in r.values for name in names) and chosen(r)]
    whole = {remote.id: remote for remote in await read_by_ids(service, path, [remote.id for remote in lacking])}
    for remote in lacking:
        if any(name not in whole.get(remote.id, remote).values for name in names):
            return Listing(failure=f"record {remote.id} cannot be read in full")
    return replace(listing, records=tuple(whole.get(remote.id, remote) for remote in listing.records))


async def read_by_ids(service: Lists, path: str, numbers: Sequence[int]) -> list[Remote]:
    """The records of these Ids, as far as the service gives them; that one is left out proves nothing."""
    remotes: list[Remote | None] = []
    for start in range(0, len(numbers), _BATCH):
        some = list(numbers[start : start + _BATCH])
        reply = await service.page(path, page=1, size=len(some), filters={"id": str(some).replace(" ", "")})
        items = reply.json if reply.status_in(200) and isinstance(reply.json, list) else ()
        remotes += map(to_remote, items)
    return [remote for remote in remotes if remote is not None]


def batches(number: int) -> int:
    """How many calls reading so many records by their Ids takes."""
    return -(-number // _BATCH)


def to_remote(item: object) -> Remote | None:
    """A record as the service wrote it, None if it has no proper Id."""
    if not isinstance(item, dict) or (number := proper_id(item.get("Id"))) is None:
        return None
    by = item.get("UpdatedBy")
    return Remote(
        number,
        item,
        instant(item.get("CreatedOn")),
        instant(item.get("UpdatedOn")),
        by.strip().casefold() if isinstance(by, str) else "",
    )


def instant(value: object) -> float | None:
    """Epoch seconds of a date-time, with or without zone (then UTC) and fraction; None if it is none."""
    # Whole seconds, as they are sent: the service may store a fraction, or show seven digits of it as .NET does. UTC
    # without a zone, because the documented sample ends in Z and other endpoints leave the Z out (read 2026-11-23).
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(_FRACTION.sub("", value.strip()))
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def _as_it_is(value: object) -> object:
    return value


def _whole_number(value: object) -> object:
    # To Python True is 1; and of a text of thousands of digits it refuses to make a number.
    if isinstance(value, bool):
        return repr(value)
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) <= _MOST_DIGITS else value


def _decimal(value: object) -> object:
    """The number that was written. A float's shortest form is the digits it was read from, up to 15 of them."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        # To Python True is 1.
        return repr(value)
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        return value


def _yes_or_no(value: object) -> object:
    return _TRUTHS.get(str(value).strip().casefold(), value)


_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_READERS: Mapping[FieldType, Callable[[object], object]] = {
    FieldType.WHOLE_NUMBER: _whole_number,
    FieldType.DECIMAL: _decimal,
    FieldType.DATE: instant,
    FieldType.YES_NO: _yes_or_no,
}
"""How values are read that the service may write in another way than they were sent; texts are read by their field."""


def _reader(kind: RecordType, name: str) -> Callable[[object], object]:
    if kind.type_of(name) is not FieldType.TEXT:
        return _READERS.get(kind.type_of(name), _as_it_is)
    text = kind.value_text(name)
    return lambda value: text(value) or None if isinstance(value, str) else value


def changed_since(remote: Remote) -> bool:
    """Whether somebody changed a record after it was created, by the service's own dates."""
    # Without dates nobody can say so; the fields have been compared already, and those speak for themselves.
    if remote.created is None or remote.updated is None:
        return False
    return remote.updated - remote.created > _SAME_MOMENT


def is_as_created(remote: Remote) -> bool:
    """Whether the service's own dates show that nobody has changed a record since it was created."""
    # Exactly: there is nothing to compare the fields with, so that the dates are all there is.
    return remote.created is not None and remote.updated == remote.created


def by_key(comparer: Comparer, fields: tuple[str, ...], records: Iterable[Remote]) -> dict[Key, list[Remote]]:
    """The records by the values of these fields, in the order in which they come: oldest first, as listed."""
    by_key: dict[Key, list[Remote]] = {}
    for remote in records:
        by_key.setdefault(comparer.key(fields, remote.values), []).append(remote)
    return by_key
