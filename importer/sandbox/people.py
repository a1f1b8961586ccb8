"""The coworkers, resources and locations that a sandbox is filled with.

The names are always the same, so that sample spreadsheets fit every sandbox; the Ids come from the seed. Among them are
the traps that the real service sets:

- `jordan.reyes@example.com` belongs to two coworkers;
- `Boardroom` is a resource in both locations, as the other `SHARED_ROOMS` are; the rest have names of their own;
- `gone@example.com` is a deleted coworker that lists still show.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from importer.sandbox.replies import Fields

LOCATIONS = ("Harbour House", "Station Yard")
SHARED_EMAIL = "jordan.reyes@example.com"
SHARED_RESOURCE = "Boardroom"
DELETED_EMAIL = "gone@example.com"
COWORKERS = 60

_FIRST = ("Ada", "Bruno", "Chloé", "Dmitri", "Elif", "Farah", "Grace", "Håkon", "Inês", "Jonas")
_LAST = ("Abbott", "Núñez", "Chen", "O'Neill", "Müller", "Okafor")
SHARED_ROOMS = ("Boardroom", "Meeting Room 1", "Meeting Room 2", "Phone Booth", "Studio", "Event Space")
"""Rooms of both locations, which a sheet has to name with their location."""

_OWN_ROOMS = (
    ("Quay Room", "Lighthouse", "Captain's Table", "Crow's Nest", "Galley", "Chart Room", "Boat House", "Pier View"),
    (
        "Platform 1",
        "Signal Box",
        "Waiting Room",
        "Ticket Office",
        "Clock Tower",
        "Engine Shed",
        "Parcel Office",
        "Loft",
    ),
)
"""Rooms that only one location has, in the order of the locations."""
_SINCE = "2024-03-01T09:00:00Z"


@dataclass(frozen=True)
class Space:
    """Everything that exists before the first import, by Id, in the order of the Ids."""

    businesses: dict[int, Fields]
    coworkers: dict[int, Fields]
    resources: dict[int, Fields]
    deleted_coworkers: frozenset[int]


def space(seed: int) -> Space:
    """The space of a seed; the same seed gives the same Ids."""
    rng = random.Random(seed)  # noqa: S311  # nothing here is a secret
    ids = iter(rng.sample(range(100_000_000, 1_000_000_000), 2 * COWORKERS))
    businesses = [_record(ids, {"Name": name, "WebAddress": name.lower().replace(" ", "")}) for name in LOCATIONS]
    coworkers = [_coworker(ids, *person, businesses[index % 2]) for index, person in enumerate(_people())]
    resources = [_resource(ids, room, business) for business in businesses for room in SHARED_ROOMS]
    # After all that were here before, so that their Ids stay.
    resources += [
        _resource(ids, room, business) for business, rooms in zip(businesses, _OWN_ROOMS, strict=True) for room in rooms
    ]
    gone = frozenset(_id(each) for each in coworkers if each["Email"] == DELETED_EMAIL)
    return Space(_by_id(businesses), _by_id(coworkers), _by_id(resources), gone)


def _people() -> list[tuple[str, str]]:
    names = [f"{first} {last}" for last in _LAST for first in _FIRST][: COWORKERS - 3]
    people = [(name, _email(name)) for name in names]
    return [*people, ("Jordan Reyes", SHARED_EMAIL), ("Jordan Reyes Ltd", SHARED_EMAIL), ("Gone Away", DELETED_EMAIL)]


def _email(name: str) -> str:
    plain = name.lower().translate(str.maketrans("éåêúñüø", "eaeunuo", "'"))
    return plain.replace(" ", ".") + "@example.com"


def _coworker(ids: Iterator[int], name: str, email: str, business: Fields) -> Fields:
    return _record(
        ids,
        {
            "FullName": name,
            "Email": email,
            "BillingEmail": email,
            "CompanyName": f"{name.rsplit(maxsplit=1)[-1]} & Co",
            "Active": True,
            "Archived": False,
            "IsDefaultProfile": not name.endswith("Ltd"),
            "ReferenceNumber": None,
            "InvoicingBusinessId": business["Id"],
            "InvoicingBusinessName": business["Name"],
            "Businesses": [business["Id"]],
        },
    )


def _resource(ids: Iterator[int], name: str, business: Fields) -> Fields:
    return _record(
        ids,
        {
            "Name": name,
            "BusinessId": business["Id"],
            "BusinessName": business["Name"],
            "ResourceTypeId": 1_400_000_000 + len(name),
            "ResourceTypeName": "Meeting room",
            "GroupName": None,
            "Visible": True,
            "Archived": False,
            "Office365CalendarId": None,
            "GoogleCalendarId": None,
        },
    )


def _record(ids: Iterator[int], fields: Fields) -> Fields:
    record_id = next(ids)
    return {
        **fields,
        "Id": record_id,
        "UniqueId": str(uuid.uuid5(uuid.NAMESPACE_OID, str(record_id))),
        "CreatedOn": _SINCE,
        "UpdatedOn": _SINCE,
        "UpdatedBy": "setup@example.com",
        "IsNew": False,
        "SystemId": None,
        "ToStringText": fields.get("FullName") or fields.get("Name"),
        "LocalizationDetails": None,
        "CustomFields": None,
    }


def _id(record: Fields) -> int:
    return cast("int", record["Id"])


def _by_id(records: list[Fields]) -> dict[int, Fields]:
    return {_id(each): each for each in sorted(records, key=_id)}
