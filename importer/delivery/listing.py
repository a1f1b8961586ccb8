"""What the service holds, listed page by page, and compared with rows in every field that was sent.

Rule: the service ignores filters that it does not know and returns everything (seen by several clients), so whatever
a filter is asked for is compared again here.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from importer.nexudus import Nexudus, Reply
from schemas import RecordType, key_text

PAGE_SIZE = 1000
"""The largest page of which the older reference speaks; what comes back decides, not what was asked for."""

_FRACTION = re.compile(r"\.\d+")
_NEVER = "2999-01-01T00:00"
_MOST_PAGES = 100_000

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
    """All records that were asked for, or in ``failure`` why there is no saying what the service holds."""

    records: tuple[Remote, ...] = ()
    failure: str = ""


class Comparer:
    """Makes rows and records of one type comparable."""

    def __init__(self, kind: RecordType) -> None:
        """Remember what type each field has."""
        self._types = {name: str(column.dtype) for name, column in kind.model.to_schema().columns.items()}

    def sent(self, body: str) -> dict[str, object]:
        """The fields of a row that were sent, each as a value that can be compared."""
        return {name: self.value(name, value) for name, value in json.loads(body).items()}

    def key(self, fields: Iterable[str], values: Mapping[str, object]) -> Key:
        """The values of these fields, for looking records up."""
        return tuple((name, self.value(name, values.get(name))) for name in fields)

    def match_key(self, fields: Iterable[str], values: Mapping[str, object]) -> Key:
        """The values of the fields of a key: text trimmed, NFC and GUIDs without regard to capitals."""
        key = self.key(fields, values)
        return tuple((name, key_text(value) or None if isinstance(value, str) else value) for name, value in key)

    def differences(self, body: str, remote: Remote) -> dict[str, tuple[object, object]]:
        """The fields in which a record differs from what was sent: what was sent, and what is there."""
        there = remote.values
        return {
            name: (value, there.get(name))
            for name, value in json.loads(body).items()
            if self.value(name, value) != self.value(name, there.get(name))
        }

    def value(self, name: str, value: object) -> object:
        """A field's value as the service and a spreadsheet mean it: dates by instant, text to the letter."""
        kind = self._types.get(name, "")
        if value is None or value == "":
            return None
        if kind.startswith("datetime64"):
            return instant(value)
        return value if kind != "Int64" or not isinstance(value, str) else int(value) if value.isdecimal() else value


async def list_records(service: Nexudus, path: str, kind: RecordType, *, since: float | None) -> Listing:
    """The records of a type, with ``since`` only those created at that time or later (epoch seconds)."""
    filters: dict[str, str | int] = {"orderBy": "Id"}
    if since is not None and await _honours_dates(service, path, kind):
        filters[f"from_{kind.name}_CreatedOn"] = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M")
    found: dict[int, Remote] = {}
    for page in range(1, _MOST_PAGES):
        reply = await service.page(path, page=page, size=PAGE_SIZE, filters=filters)
        rows, failure = _rows(reply)
        if failure:
            return Listing(failure=failure)
        fresh = [remote for remote in rows if remote.id not in found]
        found |= {remote.id: remote for remote in fresh}
        if not fresh or not _has_next(reply):
            break
    kept = (r for r in found.values() if since is None or r.created is None or r.created >= since)
    return Listing(tuple(sorted(kept, key=lambda remote: remote.id)))


async def _honours_dates(service: Nexudus, path: str, kind: RecordType) -> bool:
    """Whether the list heeds a date range: a range in the far future must be empty."""
    filters: dict[str, str | int] = {f"from_{kind.name}_CreatedOn": _NEVER}
    rows, failure = _rows(await service.page(path, page=1, size=1, filters=filters))
    return not rows and not failure


def _rows(reply: Reply) -> tuple[list[Remote], str]:
    listed = reply.json.get("Records") if isinstance(reply.json, dict) else None
    if reply.status != 200 or not isinstance(listed, list):  # noqa: PLR2004
        said = reply.failure or f"it answered HTTP {reply.status}"
        return [], f"the service does not list its records ({said})"
    return [remote for item in listed if (remote := to_remote(item)) is not None], ""


def _has_next(reply: Reply) -> bool:
    document = reply.json if isinstance(reply.json, dict) else {}
    following = document.get("HasNextPage")
    # Without the flag go on until a page brings nothing new.
    return following if isinstance(following, bool) else True


def to_remote(item: object) -> Remote | None:
    """A record as the service wrote it, None if it has no proper Id."""
    if not isinstance(item, dict) or not isinstance(item.get("Id"), int):
        return None
    by = item.get("UpdatedBy")
    return Remote(
        item["Id"],
        item,
        instant(item.get("CreatedOn")),
        instant(item.get("UpdatedOn")),
        by.strip().casefold() if isinstance(by, str) else "",
    )


def instant(value: object) -> float | None:
    """Epoch seconds of a date-time, with or without zone (then UTC) and fraction; None if it is none."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(_FRACTION.sub("", value.strip()))
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def by_key(comparer: Comparer, fields: tuple[str, ...], records: Iterable[Remote]) -> dict[Key, list[Remote]]:
    """The records by the values of these fields, oldest first."""
    found: dict[Key, list[Remote]] = {}
    for remote in records:
        found.setdefault(comparer.key(fields, remote.values), []).append(remote)
    return found
