"""The records that the rows of a file name by Id, read by these Ids: no list is needed for them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from importer.checking import NamedRecords
from importer.delivery.by_id import Gone, Unreadable, read_record
from importer.delivery.listing import Listing, Remote, read_by_ids
from importer.delivery.record_text import record_texts
from importer.errors import ServiceError
from importer.nexudus.reply import LARGEST_ID
from importer.runs.session import Session
from importer.runs.source import Source
from schemas import RecordType


async def with_named(session: Session, source: Source, rows: Mapping[int, tuple[int, ...]]) -> Source:
    """The source with what the service holds of the records that rows name; ``rows`` are the first two of each Id.

    Raises:
        ServiceError: It does not say whether it has one of them.
    """
    kind = source.kind
    remotes = await records_of(session, source.endpoint, kind, rows)
    texts = {number: record_texts(kind, remote) if remote is not None else None for number, remote in remotes.items()}
    repeated = {number: (pair[0], pair[1]) for number, pair in rows.items() if len(pair) > 1}
    return replace(source, named=NamedRecords(texts, repeated), named_list=_listing(remotes))


async def list_named(session: Session, endpoint: str, kind: RecordType, numbers: Iterable[int]) -> Listing:
    """A list of these records alone, as far as they exist: whole, for rows that can be no others.

    Raises:
        ServiceError: The service does not say whether it has one of them.
    """
    return _listing(await records_of(session, endpoint, kind, numbers))


def _listing(remotes: Mapping[int, Remote | None]) -> Listing:
    return Listing(tuple(remote for _, remote in sorted(remotes.items()) if remote is not None))


async def records_of(
    session: Session, endpoint: str, kind: RecordType, numbers: Iterable[int]
) -> dict[int, Remote | None]:
    """The record of each Id, whole; None where the service itself says that it has none.

    Raises:
        ServiceError: It does not say so.
    """
    # Fifty in a call first. What that leaves out, or shows without all fields, is read by itself: a filter that the
    # service ignores would leave out everything, and only its own "not found" is one.
    numbers = set(numbers)
    remotes: dict[int, Remote | None] = dict.fromkeys(number for number in numbers if not 0 < number <= LARGEST_ID)
    for remote in await read_by_ids(session.service, endpoint, sorted(numbers - remotes.keys())):
        if remote.id in numbers and all(name in remote.values for name in kind.fields):
            remotes[remote.id] = remote
    for number in sorted(numbers - remotes.keys()):
        match read_record(await session.service.get(endpoint, number), number, kind):
            case Remote() as remote:
                remotes[number] = remote
            case Gone():
                remotes[number] = None
            case Unreadable(why):
                raise ServiceError(
                    f"Nothing was sent, because record {number}, which a row names, cannot be read: {why}.",
                    "Try again later.",
                )
    return remotes
