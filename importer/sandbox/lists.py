"""Lists as the service gives them: filters, order, pages.

Pure: rows and the query string in, a reply out. Unknown parameters are ignored without a word, as the service does.
`LIES` are the ways in which a list can fail to be what it seems.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs

from importer.sandbox.options import SandboxOptions
from importer.sandbox.replies import Fields, Reply, as_json

_STAMPS = ("CreatedOn", "UpdatedOn", "UpdatedBy")
_PARTIAL = ("Id", "UniqueId", "Name", "ToStringText", *_STAMPS)
_MINUTE = len("2025-01-15T10:30")

Query = dict[str, list[str]]
Test = Callable[[Fields], bool]


def parsed(query: bytes) -> Query:
    """The parameters of a query string; those without a value are left out."""
    return parse_qs(query.decode("ascii", "replace"))


def batch_ids(query: Query) -> list[int] | None:
    """The Ids of a batch read `?id=[1,2,3]`; None if this is no batch read."""
    for name, values in query.items():
        if name.lower() == "id" and values[-1].startswith("["):
            return [int(part) for part in values[-1].strip("[] ").split(",") if part.strip().isdigit()]
    return None


def instant(text: object) -> str | None:
    """A date and time as the service stores it: UTC, whole seconds, `Z`; None if it is none."""
    if not isinstance(text, str) or "-" not in text:
        return None
    try:
        value = datetime.fromisoformat(text)
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return value.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


@dataclass(frozen=True, slots=True)
class Lie:
    """What is wrong with a list.

    Attributes:
        query: what it is taken to be asked for.
        rows: the rows that it goes by.
        second_location: whether these are only the records of the second location.
        entry: how it shows each of them.
        count: by how much its count is too high.
        says: what it says of the page, instead of the truth.
        omits: what it does not say of the page.
    """

    query: Callable[[Query], Query] = lambda query: query
    rows: Callable[[list[Fields]], list[Fields]] = lambda rows: rows
    second_location: bool = False
    entry: Callable[[Fields], Fields] = lambda row: row
    count: int = 0
    says: Mapping[str, object] = field(default_factory=dict)
    omits: tuple[str, ...] = ()


HONEST = Lie()
LIES: Mapping[str, Lie] = {
    # The end and the count contradict the records, or each other.
    "end-early": Lie(says={"HasNextPage": False}),
    "no-end": Lie(says={"HasNextPage": True}),
    "count-low": Lie(count=-1),
    "count-high": Lie(count=1),
    "no-end-no-count": Lie(omits=("HasNextPage", "TotalItems")),
    # Every page is the first one.
    "same-page": Lie(query=lambda query: {name: values for name, values in query.items() if name != "page"}),
    # Whole in itself, and nevertheless without records that exist.
    "latest-missing": Lie(rows=lambda rows: rows[:-1]),
    "other-location": Lie(second_location=True),
    "empty": Lie(rows=lambda _: []),
    # Entries that cannot be taken for the records that they are.
    "ids-as-text": Lie(entry=lambda row: {**row, "Id": str(row["Id"])}),
    "members-missing": Lie(entry=lambda row: {"Id": row["Id"], "UpdatedOn": row["UpdatedOn"]}),
}


def page_of(
    entity: str,
    rows: list[Fields],
    query: Query,
    options: SandboxOptions,
    dates: tuple[str, ...],
    lie: Lie = HONEST,
) -> Reply:
    """One page of the rows that pass the query's filters; `dates` names the fields that hold dates."""
    query, rows = lie.query(query), lie.rows(rows)
    tests = [] if options.ignore_filters else list(_tests(entity, query, options, dates))
    chosen = [row for row in rows if all(test(row) for test in tests)] if tests else rows
    order, direction = _last(query, "orderBy") or "Id", _last(query, "dir")
    chosen = _ordered(chosen, order, down=_is_down(direction, options))
    size = min(_number(query, "size", 25), options.largest_page)
    page = _number(query, "page", 1)
    start = (page - 1) * size
    records = chosen[start : start + size]
    last = start + len(records)
    whole: Fields = {
        "Records": [lie.entry(shown(_item(record, options), options, dates)) for record in records],
        "CurrentPageSize": size,
        "CurrentPage": page,
        "CurrentOrderField": order,
        "CurrentSortDirection": int(direction) if direction and direction.lstrip("-").isdigit() else 1,
        "FirstItem": start + 1 if records else 0,
        "LastItem": last if records else 0,
        "HasNextPage": last < len(chosen) and bool(records),
        "HasPreviousPage": page > 1,
        "PageNumber": page,
        "PageSize": size,
        "TotalItems": len(chosen) + lie.count + (options.total_items == "off"),
        "TotalPages": -(-len(chosen) // size),
    }
    page_given = {**whole, **lie.says}
    return as_json(200, {name: value for name, value in page_given.items() if name not in lie.omits})


def shown(record: Fields, options: SandboxOptions, dates: tuple[str, ...]) -> Fields:
    """A record as the service gives it out: its dates with or without the Z, its stamps or none."""
    if options.stamps == "hidden":
        record = {name: value for name, value in record.items() if name not in _STAMPS}
    if options.dates == "z":
        return record
    bare = {name: value.removesuffix("Z") for name in dates if isinstance(value := record.get(name), str)}
    return {**record, **bare}


def _item(record: Fields, options: SandboxOptions) -> Fields:
    """A list shows no arrays, and perhaps only what names a record; only a read by Id shows everything."""
    whole = options.list_items == "whole"
    return {
        name: value for name, value in record.items() if not isinstance(value, list) and (whole or name in _PARTIAL)
    }


def _tests(entity: str, query: Query, options: SandboxOptions, dates: tuple[str, ...]) -> Iterable[Test]:
    switches = {"SystemId": options.system_id_filter, "Name": options.name_filter}
    ignored = {name for name, switch in switches.items() if switch == "ignored"}
    for name, values in query.items():
        bound, _, rest = name.partition("_")
        if name in ("Id", "UniqueId"):
            yield _equal(name, set(values))
        elif bound in ("from", "to") and rest.startswith(f"{entity}_"):
            field, limit = rest.removeprefix(f"{entity}_"), instant(values[-1])
            if field in dates and limit is not None:
                yield _range(field, limit, is_from=bound == "from")
        elif bound == entity and rest not in ignored:
            field = rest.replace("_", "")
            yield _named(field, set(values), is_date=field in dates)


def _range(field: str, limit: str, *, is_from: bool) -> Test:
    """Compares whole minutes, both ends included; dates are kept so that text order is time order."""
    minute = limit[:_MINUTE]
    if is_from:
        return lambda row: str(row.get(field) or "")[:_MINUTE] >= minute
    return lambda row: "" < str(row.get(field) or "")[:_MINUTE] <= minute


def _named(field: str, accepted: set[str], *, is_date: bool) -> Test:
    """A filter on a field, or on a relation, which is named without its Id suffix; on anything else it is ignored."""

    def test(row: Fields) -> bool:
        name = field if field in row else f"{field}Id"
        return name not in row or _text(row[name]) in values

    values = {instant(value) or value for value in accepted} if is_date else {_folded(value) for value in accepted}
    return test


def _equal(field: str, accepted: set[str]) -> Test:
    return lambda row: _text(row.get(field)) in accepted


def _text(value: object) -> str | None:
    """A stored value as a filter would spell it; None matches no filter."""
    return None if value is None else _folded(str(value))


def _folded(text: str) -> str:
    return text.lower() if text in ("True", "False", "TRUE", "FALSE") else text


def _ordered(rows: list[Fields], order: str, *, down: bool) -> list[Fields]:
    if order == "Id":
        return rows[::-1] if down else rows
    if not rows or order not in rows[0]:
        return rows
    return sorted(rows, key=lambda row: (row[order] is not None, str(row[order])), reverse=down)


def _is_down(direction: str | None, options: SandboxOptions) -> bool:
    if direction is None:
        return options.order == "descending"
    return direction in (("-1", "Descending") if options.directions == "1/-1" else ("1", "Descending"))


def _number(query: Query, name: str, default: int) -> int:
    text = _last(query, name) or ""
    return int(text) if text.isdecimal() and int(text) > 0 else default


def _last(query: Query, name: str) -> str | None:
    values = query.get(name)
    return values[-1] if values else None
