"""Writes the sample spreadsheets anew: ``python samples/make_samples.py``. The same bytes at each run.

The dates lie in one week, as in a real file: Microsoft ends a subscription after seven days, so a date that never
passes would warn on every row. The week of the files in the repository begins on 2026-11-23; once it is over, their
rows are still sent, with the warning that their date has passed. ``python samples/make_samples.py FOLDER`` writes the
same samples with the dates of the week that begins today.

Rooms and coworkers are those of the sandbox, so that its strict mode takes the rows as well.
"""

import csv
import random
import sys
import uuid
import zipfile
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import cast

from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from staff_workbooks import write_all
from xlsxwriter import Workbook

from importer.sandbox import SandboxOptions
from importer.sandbox.people import DELETED_EMAIL, space

HERE = Path(__file__).parent
FIELDS = ("ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate", "SubscriptionId", "CalendarId")
ADMIN_FIELDS = ("ResourceId", "BusinessId", *FIELDS[2:])
ALIASES = ("Room ID", "Member ID", "Calendar Name", "Expires On", "Graph Subscription ID", "Outlook Calendar ID")
DAY_ZERO = date(1899, 12, 30)
"""Spreadsheet programs count days from here."""

FIRST_DAY = date(2026, 11, 23)
"""Of the week in which the dates of the files in the repository lie."""

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


def main(folder: Path = HERE, first_day: date = FIRST_DAY) -> None:
    """Write every sample into a folder, with dates in the week that begins on this day (UTC)."""
    write_text(folder / "calendars.csv", FIELDS, [row.fields for row in rows(200, 1, first_day)])
    write_text(folder / "calendars-semicolon.csv", ALIASES, awkward(first_day), separator=";", bom=True)
    write_broken(folder / "calendars-broken.xlsx", broken(first_day), first_day)
    write_text(folder / "calendars-exported.csv", FIELDS, [row.fields for row in exported(first_day)])
    write_text(folder / "google-calendars.csv", [*FIELDS, "WatchResourceId"], google(first_day))
    write_text(folder / "admin-calendars.csv", ADMIN_FIELDS, admin(first_day))
    write_ods(folder / "calendars.ods", [with_real_date(row).fields for row in rows(25, 3, first_day)])
    write_all(folder, first_day)


def rows(count: int, seed: int, first_day: date) -> Iterator[Row]:
    """Mappings of people of the sandbox to its rooms, no two the same."""
    rng, first_expiry = random.Random(seed), datetime.combine(first_day + timedelta(days=2), time(6))
    known = space(SandboxOptions().seed)
    people = [person for person in known.coworkers.values() if person["Email"] != DELETED_EMAIL]
    pairs = [(room, person) for person in people for room in known.resources.values()]
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


def write_text(
    path: Path,
    labels: Sequence[str],
    lines: Iterator[Sequence[Cell]] | list[tuple[Cell, ...]],
    *,
    separator: str = ",",
    bom: bool = False,
) -> None:
    """A CSV as Excel writes it, in English or in German."""
    with path.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(labels)
        writer.writerows(lines)


def write_broken(path: Path, lines: Iterator[Row], made: date) -> None:
    """A workbook with one column too many and one cell beside the table."""
    with Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": datetime.combine(made, time())})
        sheet = book.add_worksheet("Mappings")
        look = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.set_column(0, len(FIELDS), 24)
        sheet.write_row(0, 0, [*FIELDS, "Floor"], book.add_format({"bold": True}))
        for number, row in enumerate(lines, start=1):
            for position, cell in enumerate((*row.fields, row.floor, row.beside)):
                match cell:
                    case Formula(text, result):
                        sheet.write_formula(number, position, text, None, result)
                    case MergedWithAbove(text):
                        sheet.merge_range(number - 1, position, number, position, text)
                    case Formatted(value, number_format):
                        sheet.write_number(number, position, value, book.add_format({"num_format": number_format}))
                    case datetime():
                        sheet.write_datetime(number, position, cell, look)
                    case int() | str():
                        sheet.write(number, position, cell)


def write_ods(path: Path, lines: list[tuple[Cell, ...]]) -> None:
    """A LibreOffice sheet with real numbers and dates."""
    document = OpenDocumentSpreadsheet()
    table = Table(name="Mappings")
    for line in ([*FIELDS], *lines):
        row = TableRow()
        for cell in line:
            row.addElement(_ods_cell(cell))
        table.addElement(row)
    document.spreadsheet.addElement(table)
    raw = BytesIO()
    document.write(raw)
    path.write_bytes(_without_times(raw))


def _ods_cell(cell: Cell) -> TableCell:
    match cell:
        case datetime():
            made = TableCell(valuetype="date", datevalue=cell.isoformat())
        case int():
            made = TableCell(valuetype="float", value=str(cell))
        case _:
            made = TableCell(valuetype="string")
    made.addElement(P(text=str(cell)))
    return made


def _without_times(raw: BytesIO) -> bytes:
    """The archive with one fixed time for its parts, so that the same content is the same bytes."""
    packed = BytesIO()
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(packed, "w") as new:
        for part in old.infolist():
            fixed = zipfile.ZipInfo(part.filename, (1980, 1, 1, 0, 0, 0))
            fixed.compress_type = part.compress_type
            new.writestr(fixed, old.read(part))
    return packed.getvalue()


if __name__ == "__main__":
    if sys.argv[1:]:
        folder = Path(sys.argv[1])
        folder.mkdir(parents=True, exist_ok=True)
        main(folder, datetime.now(UTC).date())
    else:
        main()
