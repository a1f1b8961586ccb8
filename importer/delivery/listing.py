"""What the service holds: one whole list of its records, or the reason why there is none.

Rule 1: nothing else may conclude that a create without an answer had no effect; that a record with an Id is gone,
``by_id`` says. Rule 2: the service ignores filters that it does not know and returns everything, or nothing (seen by
several clients); so a list is read without any.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from importer.delivery.replies import remedy_of_list
from importer.journal.next_steps import StepKind
from importer.nexudus import Ended, PageReader
from importer.nexudus.pages import Lists
from importer.nexudus.reply import proper_id

_FRACTION = re.compile(r"\.\d+")
_BATCH = 50
"""Ids in one read; more would make an address of several kilobytes."""

_SAME_MOMENT = 2.0
"""Seconds between CreatedOn and UpdatedOn of a record that nobody has touched: the service may set them one after the
other. An edit within two seconds of the create is not to be expected from a person."""


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
        remedy: What a person has to do before there can be a list; None if it may come by itself, or nobody knows.
    """

    records: tuple[Remote, ...] = ()
    failure: str = ""
    pages: int = 0
    total: int | None = None
    date: float | None = None
    by_count: bool = True
    remedy: StepKind | None = None

    @property
    def ids(self) -> frozenset[int]:
        """The Ids of the records."""
        return frozenset(remote.id for remote in self.records)


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
        return Listing(failure=reader.failure, remedy=remedy_of_list(reader.refusal) if reader.refusal else None)
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
