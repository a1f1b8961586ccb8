"""The rows of the samples: of rooms and coworkers that the practice service knows, for it refuses all others."""

import random
import uuid
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import cast

from importer.sandbox import SandboxOptions
from importer.sandbox.people import DELETED_EMAIL, SHARED_ROOMS, space

DAY_ZERO = date(1899, 12, 30)
"""Spreadsheet programs count days from here."""

DATE_MISTAKES = (
    "30/04/27",
    "1899-12-30",
    "Monday, 30 April 2027",
    "30 listopada 2027",
    "2027-04-30T24:00:00Z",
    "2027-04-30 10:30 EST",
    "1795861800",
    "9999-12-31T23:59:59Z",
)
"""Two digits, none, the wrong weekday, two months in one, after the last hour, two zones in one, seconds, and never."""


@dataclass(frozen=True)
class Formula:
    """A formula with the result that was stored for it."""

    text: str
    result: str


@dataclass(frozen=True)
class MergedWithAbove:
    """A cell that is one with the cell above it, and what both show."""

    text: str


@dataclass(frozen=True)
class Formatted:
    """A number that its format shows in another way."""

    value: float
    number_format: str


Cell = int | str | datetime | Formula | MergedWithAbove | Formatted | None


@dataclass(frozen=True)
class Row:
    """One mapping as a spreadsheet holds it; ``floor`` and ``beside`` stand where no field is."""

    resource: Cell
    coworker: Cell
    name: Cell
    expires: Cell
    subscription: Cell
    calendar: Cell
    floor: Cell = None
    beside: Cell = None

    @property
    def fields(self) -> tuple[Cell, ...]:
        """The cells below the labels of the fields."""
        return (self.resource, self.coworker, self.name, self.expires, self.subscription, self.calendar)


def rows(count: int, seed: int, first_day: date) -> Iterator[Row]:
    """Mappings of people of the sandbox to its rooms, no two the same."""
    rng, first_expiry = random.Random(seed), datetime.combine(first_day + timedelta(days=2), time(6))
    place = space(SandboxOptions().seed)
    people = [person for person in place.coworkers.values() if person["Email"] != DELETED_EMAIL]
    rooms = [room for room in place.resources.values() if room["Name"] in SHARED_ROOMS]
    pairs = [(room, person) for person in people for room in rooms]
    for room, person in rng.sample(pairs, count):
        expires = first_expiry + timedelta(minutes=30 * rng.randrange(200))
        calendar = "AAMkAG" + b64encode(rng.randbytes(96)).decode() + "AAA="
        yield Row(
            cast("int", room["Id"]),
            cast("int", person["Id"]),
            f"{room['Name']}, {person['FullName']}",
            f"{expires:%Y-%m-%dT%H:%M:%SZ}",
            str(uuid.UUID(bytes=rng.randbytes(16), version=4)),
            calendar,
        )


def awkward(first_day: date) -> Iterator[Sequence[Cell]]:
    """Valid rows whose texts hold separators, quotes, line breaks and umlauts."""
    names = (
        "Besprechungsraum Süd; 2. OG",
        'Raum "Übersee"',
        "Größe: 12 Plätze; mit Küche",
        "Telefonzelle\nim Flur",
        "Café (Erdgeschoß)",
        'Ærø; "Ål"; Œuvre',
    )
    for position, row in enumerate(rows(18, 2, first_day)):
        yield replace(row, name=f"{names[position % len(names)]} {position + 1}").fields


def google(first_day: date) -> Iterator[Sequence[Cell]]:
    """Mappings of the other record type, which has one field more."""
    rng = random.Random(5)
    for position, row in enumerate(rows(12, 5, first_day)):
        calendar = f"c_{rng.randbytes(8).hex()}@group.calendar.google.com"
        yield (*replace(row, calendar=calendar).fields, f"watch-{position + 1}-{rng.randbytes(6).hex()}")


def admin(first_day: date) -> Iterator[Sequence[Cell]]:
    """Mappings of administrators' calendars: a location in place of the coworker."""
    rooms = space(SandboxOptions().seed).resources
    for row in rows(12, 6, first_day):
        room = rooms[cast("int", row.resource)]
        yield replace(row, coworker=cast("int", room["BusinessId"]), name=f"{room['Name']}, front desk").fields


def broken(first_day: date) -> Iterator[Row]:
    """Good rows, and between them one for each thing that can be wrong."""
    good = rows(60, 4, first_day)
    first = next(good)
    yield replace(first, floor="Ground floor")
    yield next(good)
    yield replace(next(good), resource="12.5")
    yield next(good)
    yield replace(next(good), coworker=None)
    yield replace(next(good), expires="31/02/2027")
    yield next(good)
    yield replace(next(good), name="Boardroom\x0b, Station Yard")
    yield replace(next(good), coworker=-4)
    yield next(good)
    yield replace(next(good), name="Meeting room with a very long name, " * 8)
    yield replace(next(good), beside="ask Inês about this one")
    yield next(good)
    yield first
    yield replace(next(good), expires="2024-04-30T10:30:00Z")
    yield replace(next(good), expires="2099-04-30T10:30:00Z")
    yield next(good)
    yield replace(next(good), subscription="subscription 7")
    yield replace(next(good), name="  Phone Booth, Elif Chen ")
    yield with_real_date(next(good))
    yield replace(next(good), resource=Formula("=VLOOKUP(A2,Rooms,2)", "#N/A"))
    yield next(good)
    yield replace(next(good), coworker=Formula("=B2+1", ""))
    yield replace(next(good), resource=12345678901234567890)
    above = next(good)
    yield above
    yield replace(next(good), name=MergedWithAbove(str(above.name)))
    yield replace(next(good), expires="03/04/2027")
    for mistake in DATE_MISTAKES:
        yield replace(next(good), expires=mistake)
    yield replace(next(good), expires=str((first_day - DAY_ZERO).days + 4))
    # What these names mean only the service knows: several rooms, nobody, somebody who has left.
    yield replace(next(good), resource="Boardroom")
    yield replace(next(good), coworker="nobody@example.com")
    yield replace(next(good), coworker=DELETED_EMAIL)
    yield replace(next(good), resource=4711)
    # In London this half hour passed twice.
    yield replace(next(good), expires="2026-10-25 01:30")
    # Copied from a page, with a space of no width in it.
    yield replace(next(good), name="Quiet\u200b Room, Zoë Okafor")
    yield replace(next(good), name=Formatted(42, "# ?/?"))
    renamed = next(good)
    yield renamed
    yield replace(renamed, name=f"{renamed.name} (new)")
    yield from good


def exported(first_day: date) -> Iterator[Row]:
    """Rows as databases, web pages and careless programs export them: each in a way of its own."""
    good = rows(14, 7, first_day)
    protected, quoted = next(good), next(good)
    yield Row(*(f'="{cell}"' for cell in protected.fields))
    yield Row(*(f"'{cell}'" for cell in quoted.fields))
    yield next(good)
    yield replace(next(good), calendar="NULL")
    yield replace(next(good), subscription="\\N")
    yield replace(next(good), coworker="n/a")
    yield replace(next(good), name="Caf\ufffd, Ada Okafor")
    yield replace(next(good), name="Caf\u00c3\u00a9, Ada Okafor")
    yield replace(next(good), name="Caf?, S?o Paulo")
    yield replace(next(good), name="Caf&eacute; &amp; Bar")
    yield replace(next(good), name="2.00E+01")
    yield replace(next(good), name="03-Feb")
    yield from good


def with_real_date(row: Row) -> Row:
    """The row with its date as a spreadsheet program keeps one: without a time zone."""
    return replace(row, expires=datetime.fromisoformat(str(row.expires)).replace(tzinfo=None))
