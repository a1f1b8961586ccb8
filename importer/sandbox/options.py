"""The sandbox's switches, each with the value of a well behaved service.

Holds the one options class and the way to change it from JSON. Knows nothing of requests, records or sockets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import UnionType
from typing import Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True, kw_only=True)
class SandboxOptions:
    """How the sandbox behaves; the defaults are the published contract and limits."""

    #: Which fields are required: the older or the newer page of the vendor's reference.
    contract: Literal["old", "new"] = "old"
    #: Of a record type whose path is spelled in several ways, the spellings that are served; None for all of them.
    spellings: tuple[str, ...] | None = None
    #: POST, PUT and DELETE in each span for one token; None lifts a limit, here and below.
    writes_per_second: int | None = None
    writes_per_minute: int | None = 60
    writes_per_hour: int | None = None
    writes_per_day: int | None = 5000
    #: Calls of any method for one token.
    calls_per_100ms: int | None = 1
    calls_per_minute: int | None = 120
    calls_per_hour: int | None = 5000
    #: How a throttled call is refused; "409-bare" has no Retry-After and no telling reason phrase.
    throttle: Literal["409", "429", "409-bare"] = "409"
    #: Text of the Retry-After header instead of the true one; also adds the header to a 429.
    retry_after: str | None = None
    #: All spans of time below and of the limits are divided by this: at 60.0 a minute lasts a second.
    time_scale: float = 1.0
    #: Seconds before each call is dealt with.
    latency: float = 0.0
    #: Seconds by which the service's clock runs ahead of this machine's.
    clock_skew: float = 0.0
    #: The one account, and a bearer token that is always accepted.
    username: str = "ops@example.com"
    password: str = field(default="practice", repr=False)
    token: str | None = field(default=None, repr=False)
    #: The two-factor code that a sign-in must carry.
    totp: str | None = field(default=None, repr=False)
    must_reset_password: bool = False
    #: Seconds that an access token lives.
    expires_in: int = 604799
    #: Whether the user may do everything or nothing but create, and with which status the rest is refused.
    role: Literal["all", "create-401", "create-403", "create-501"] = "all"
    #: What the address that names the user answers: the user, or this status.
    who: Literal["user", "401", "404", "501"] = "user"
    #: What a POST naming a deleted (or, with strict_parents, unknown) coworker or resource answers.
    dead_parents: Literal["401", "400"] = "401"
    #: Whether only the coworkers and resources on the lists exist. Without it, each other one does too, unlisted.
    strict_parents: bool = False
    #: Whether dates are given out with a Z or without.
    dates: Literal["z", "bare"] = "z"
    #: What becomes of the offset of a date that is sent with one.
    offsets: Literal["converted", "dropped", "refused"] = "converted"
    #: Whether POST stores SystemId, whole or its beginning, whether PUT does, and whether lists can be filtered by it.
    system_id: Literal["kept", "shortened", "dropped"] = "kept"
    system_id_update: Literal["written", "dropped"] = "written"
    system_id_filter: Literal["works", "ignored"] = "works"
    #: What a PUT does with the fields that it leaves out, and with a SystemId that it leaves out.
    omitted: Literal["cleared", "kept"] = "cleared"
    system_id_omitted: Literal["cleared", "kept"] = "cleared"
    #: Whether records can be changed, and whether they can be deleted.
    updates: Literal["accepted", "405"] = "accepted"
    deletes: Literal["accepted", "405", "refused"] = "accepted"
    #: What a read of a record that is not there answers.
    after_delete: Literal["404", "401"] = "404"
    #: Whether records say when and by whom they were saved, and whether the answer to a save does.
    stamps: Literal["shown", "hidden"] = "shown"
    answer_stamps: Literal["shown", "hidden"] = "shown"
    #: Whether a PUT moves UpdatedOn.
    updated_on: Literal["moves", "stays"] = "moves"
    #: Whether answers have a Date header.
    date_header: Literal["shown", "hidden"] = "shown"
    #: Refuse a record equal to one that exists.
    uniqueness: bool = False
    #: Seconds until a created record shows up in lists.
    list_lag: float = 0.0
    #: The most records on one page of a list, whatever is asked for.
    largest_page: int = 1000
    #: Lists ignore every filter, the date ranges too.
    ignore_filters: bool = False
    #: Whether lists can be filtered by Name.
    name_filter: Literal["works", "ignored"] = "works"
    #: Whether the records on a list have all their members, or only those by which people know a record.
    list_items: Literal["whole", "partial"] = "whole"
    #: Whether TotalItems is the number of the records.
    total_items: Literal["exact", "off"] = "exact"
    #: The order of a list without `dir`.
    order: Literal["ascending", "descending"] = "ascending"
    #: What `dir` means: 1 up and -1 down, or 0 up and 1 down; the vendor's pages disagree.
    directions: Literal["1/-1", "0/1"] = "1/-1"
    #: Makes Ids and random faults reproducible.
    seed: int = 1
    #: SQLite file that keeps records, account and Ids between starts; None keeps them in memory.
    store: Path | None = None
    #: Faults for the first creates, one each; see `importer.sandbox.faults`.
    faults: tuple[str, ...] = ()
    #: Share of the other creates that end in a random fault.
    fail_percent: float = 0.0
    #: Other faults with the percentage of calls that meet them, as "500-after=5".
    fault_shares: tuple[str, ...] = ()


def changed(options: SandboxOptions, changes: object) -> SandboxOptions:
    """The options with some fields replaced by those of a JSON object.

    Raises:
        ValueError: this is no object, a name is no option, or a value is none of its type.
    """
    if not isinstance(changes, Mapping):
        raise ValueError("sandbox options are a JSON object")
    kinds = get_type_hints(SandboxOptions)
    values = {}
    for name, value in changes.items():
        if name not in kinds:
            raise ValueError(f"no sandbox option {name!r}")
        try:
            values[name] = _converted(value, kinds[name])
        except TypeError as exc:
            raise ValueError(f"sandbox option {name} cannot be {value!r}") from exc
    return replace(options, **values)  # type: ignore[arg-type]  # each value was checked against its field's type


def _converted(value: object, kind: object) -> object:
    """A JSON value in the type of its option."""
    origin, inside = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return None if value is None else _converted(value, inside[0])
    if origin is Literal and value in inside:
        return value
    if origin is tuple and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    if kind is float and type(value) is int:
        return float(value)
    if kind is Path and isinstance(value, str):
        return Path(value)
    if type(value) is kind or (origin is tuple and isinstance(value, tuple)):
        return value
    raise TypeError
