"""What the service holds, listed page by page, and compared with rows in every field that was sent.

Rule: the service ignores filters that it does not know and returns everything (seen by several clients), so what a
filter should have left out is left out again here.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from importer.nexudus import Nexudus, PageReader, read_page
from importer.nexudus.reply import proper_id
from schemas import FieldType, RecordType, key_text, written

_FRACTION = re.compile(r"\.\d+")
_NEVER = "2999-01-01T00:00"
_MOST_DIGITS = 40

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
    """All records that were asked for; or a ``failure``, which says why it is unknown what the service holds."""

    records: tuple[Remote, ...] = ()
    failure: str = ""


class Comparer:
    """Makes rows and records of one type comparable."""

    def __init__(self, kind: RecordType) -> None:
        """Remember how the values of each field are compared."""
        self.fields = kind.fields
        self._readers = {name: _READERS.get(kind.type_of(name), _as_it_is) for name in kind.fields}
        self._spellings = {name: kind.spellings(name) for name in kind.fields if kind.choices(name)}

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


async def list_records(service: Nexudus, path: str, kind: RecordType, *, since: float | None) -> Listing:
    """The records of a type, with ``since`` only those created at that time or later (epoch seconds)."""
    filters: dict[str, str | int] = {}
    # The filter only saves pages. One that left out too much would hide a row's own record, which would then be created
    # again; so it is tried with a date that must give nothing before it is trusted with one that matters.
    if since is not None and await _honours_dates(service, path, kind):
        filters[f"from_{kind.name}_CreatedOn"] = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M")
    reader = PageReader(service, path, filters=filters)
    records = [remote async for page in reader for remote in map(to_remote, page.records.values()) if remote]
    if reader.failure:
        return Listing(failure=f"the service does not list its records ({reader.failure})")
    # A record without a date may be as young as any, and is kept. Sorted here and not by the service, whose pages
    # disagree on ``dir`` (0 and 1, 1 and -1, "Ascending"; read 2026-11-23): equal rows are paired by age.
    chosen = (r for r in records if since is None or r.created is None or r.created >= since)
    return Listing(tuple(sorted(chosen, key=lambda remote: remote.id)))


async def _honours_dates(service: Nexudus, path: str, kind: RecordType) -> bool:
    """Whether the list heeds a date range: a range in the far future must be empty."""
    filters: dict[str, str | int] = {f"from_{kind.name}_CreatedOn": _NEVER}
    page = read_page(await service.page(path, page=1, size=1, filters=filters))
    return page.listed is not None and not page.records


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
"""How values are read that the service may write in another way than they were sent."""


def by_key(comparer: Comparer, fields: tuple[str, ...], records: Iterable[Remote]) -> dict[Key, list[Remote]]:
    """The records by the values of these fields, in the order in which they come: oldest first, as listed."""
    by_key: dict[Key, list[Remote]] = {}
    for remote in records:
        by_key.setdefault(comparer.key(fields, remote.values), []).append(remote)
    return by_key
