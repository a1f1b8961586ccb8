"""Workbooks as the staff of a coworking company make them: for people to read, not for programs.

Titles stand above the header, rooms and members have names instead of Ids, dates are texts in the order of the country,
and below the rows come a total and a note. Each has mistakes that a person can correct on the page.
"""

import random
import uuid
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)
HARBOUR, STATION = "Harbour House", "Station Yard"
GREEN, YELLOW, RED = "#C6EFCE", "#FFEB9C", "#FFC7CE"


@dataclass(frozen=True)
class Total:
    """A formula that counts the filled cells of its column above it."""

    rows: int


Text = str | datetime | Total | None


@dataclass(frozen=True)
class Line:
    """The cells of a row from left to right, the colour of the row, and how many rows its column B covers."""

    cells: Sequence[Text]
    colour: str = ""
    spans: int = 1


@dataclass(frozen=True)
class Page:
    """One sheet: a title over its whole width, a remark, the header and the rows; ``notes`` stand below them."""

    name: str
    title: str
    remark: str
    header: Sequence[str]
    lines: Sequence[Line]
    notes: Sequence[Line]


def monday(first_day: date) -> Page:
    """The list that the front desk brings up to date each Monday; rooms are written as people call them."""
    ids, days = CalendarIds(8), [first_day + timedelta(days=3 + n % 7) for n in range(40)]
    booth = f"{HARBOUR} / Phone Booth"
    people = [
        ("Ada Abbott", "Studio", ""),
        ("Bruno Abbott", "Studio", ""),
        ("Chloé Abbott", "Boardroom", "new"),
        ("Dmitri Abbott", booth, ""),
        ("Ada Abott", "Studio", ""),
        ("Elif Abbott", f"{HARBOUR} / Event Space", ""),
        ("Farah Abbott", "Studio", "paid"),
        ("jordan.reyes@example.com", booth, ""),
        ("Grace Abbott", "Boardroom", ""),
        ("Ada Abott", "Boardroom", ""),
        ("Håkon Abbott", booth, "moved from 2nd floor"),
        ("Ines Abbott", "Studio", ""),
        ("Jonas Abbott", f"{HARBOUR} / Event Space", ""),
        ("gone@example.com", booth, "left in October"),
        ("Ada Núñez", "Boardroom", ""),
        ("Bruno Núñez", f"{HARBOUR} / Meeting Room 1", ""),
        ("Chloé Núñez", f"{HARBOUR} / Meeting Room 1", "paid"),
        ("Dmitri Núñez", "Studio", ""),
        ("Ada Abott", booth, ""),
        ("Elif Núñez", f"{HARBOUR} / Meeting Room 2", ""),
        ("Farah Núñez", f"{HARBOUR} / Meeting Room 2", ""),
        ("Grace Núñez", "Studio", ""),
    ]
    lines = [
        Line([who, room, f"{room.rpartition(' / ')[2]}, {who}", f"{day:%d/%m/%Y} 17:00", next(ids), remark])
        for (who, room, remark), day in zip(people, days, strict=False)
    ]
    lines[3] = changed(lines[3], 3, f"31/11/{first_day:%Y}", RED)
    lines[8] = changed(lines[8], 2, None, YELLOW)
    lines[12] = changed(lines[12], 3, "tbc", YELLOW)
    lines += [lines[10], changed(lines[16], 3, f"{days[16]:%d/%m/%Y} 18:00"), changed(lines[1], 5, "again?", YELLOW)]
    return Page(
        "Monday list",
        f"Room calendars, week of {first_day:%d/%m/%Y}",
        "Kept by the front desk. Red: ask before you send it.",
        ("Member", "Room", "Calendar", "Valid until", "Outlook Calendar ID", "Remarks"),
        lines,
        [
            Line(["Total", None, None, None, Total(len(lines)), None]),
            Line([None] * 6),
            Line(["Rooms without a house are those of Harbour House. Grace, ext. 12"]),
        ],
    )


def german(first_day: date) -> Page:
    """A list in German: a room stands once for several rows, and dates have names of months or dots."""
    ids, days = CalendarIds(9), [first_day + timedelta(days=2 + n % 5) for n in range(40)]
    rooms = [f"{STATION} / {room}" for room in ("Meeting Room 1", "Meeting Room 2", "Event Space")]
    people = [
        *(("Ada Müller", rooms[0]), ("Bruno Müller", rooms[0]), ("chloe.muller@example.com", rooms[0])),
        *(("Dmitri Müller", rooms[1]), ("Elif Muller", rooms[1]), ("Farah Müller", rooms[1])),
        *(("Grace Müller", rooms[2]), ("Håkon Müller", "Fotostudio"), ("Inês Müller", rooms[2])),
        *(("Jonas Müller", rooms[2]), ("Elif Muller", "Fotostudio"), ("Dmitri O\u2019Neill", rooms[0])),
        *(("Bruno O'Neill", rooms[1]), ("Grace Müller", rooms[1]), ("Farah O'Neill", rooms[2])),
    ]
    lines = [
        Line([who, room, f"{room.rpartition(' / ')[2]}: {who}", in_german(day, n), next(ids), subscription(n), ""])
        for n, ((who, room), day) in enumerate(zip(people, days, strict=False))
    ]
    lines[2] = changed(lines[2], 3, f"31. Februar {first_day.year + 1}", RED)
    lines[6] = changed(lines[6], 6, "Vertrag läuft aus")
    lines[12] = changed(lines[12], 0, None, YELLOW)
    lines[3] = Line(lines[3].cells, spans=2)
    lines += [changed(lines[9], 3, in_german(days[0], 1), YELLOW)]
    return Page(
        "Kalender",
        f"Kalenderzuordnungen ab {first_day:%d.%m.%Y}",
        "Stand vom Empfang, bitte nur gelbe Zeilen prüfen",
        ("Mitglied", "Raum", "Kalendername", "Gültig bis", "Kalender-ID", "Abo-ID", "Bemerkung"),
        lines,
        [
            Line(["Summe", None, None, None, Total(len(lines)), None, None]),
            Line(["Fragen bitte an den Empfang, Durchwahl 12"]),
        ],
    )


def two_sheets(first_day: date) -> list[Page]:
    """A sheet for each house, with e-mail addresses and real dates, some of them typed as text."""
    title, ids = "Calendar renewals", CalendarIds(10)
    header = ("E-mail", "Room name", "Display name", "Until", "Cal ID", "Checked by")
    return [
        Page(house, f"{title}: {house}", "", header, renewals(house, last, ids, first_day), notes)
        for house, last, notes in (
            (HARBOUR, "chen", [Line([None, None, None, None, Total(14), "Bruno"])]),
            (STATION, "okafor", [Line(["Total 12", None, None, None, None, None])]),
        )
    ]


def renewals(house: str, last: str, ids: "CalendarIds", first_day: date) -> list[Line]:
    """The rows of a house: people of one family name, each in two rooms."""
    first = ("ada", "bruno", "dmitri", "elif", "farah", "grace")
    lines = []
    for n, name in enumerate(first * 2):
        room = ("Phone Booth", "Meeting Room 1", "Meeting Room 2")[n % 3 if n < len(first) else (n + 1) % 3]
        until = datetime.combine(first_day + timedelta(days=3 + n % 4), time(9 + n % 3))
        email = f"{name}.{last}@example.com"
        checked = "Elif" if n % 4 else ""
        cells = (email, f"{house} / {room}", f"{room}, {name.title()}", until, next(ids), checked)
        lines.append(Line(cells, GREEN if checked else ""))
    if house == HARBOUR:
        lines[1] = changed(lines[1], 0, "bruno.chan@example.com")
        lines[4] = changed(lines[4], 1, "Phone Booth")
        lines[5] = changed(lines[5], 3, "next Friday", RED)
        lines[7] = changed(lines[7], 0, "bruno.chan@example.com")
        lines += [lines[8], changed(lines[9], 5, "again?")]
    return lines


def changed(line: Line, position: int, text: Text, colour: str = "") -> Line:
    """The line with another text in one cell."""
    cells = list(line.cells)
    cells[position] = text
    return Line(cells, colour or line.colour, line.spans)


def in_german(day: date, number: int) -> str:
    """The end of a day as one of several people would type it."""
    if (number + 1) % 4 == 0:
        return f"{day.day}. {MONTHS[day.month - 1]} {day.year}, 17:00 Uhr"
    return f"{day:%d.%m.%Y} 17:00"


def subscription(number: int) -> str:
    """An Id of Microsoft; the same for the same number."""
    return str(uuid.UUID(bytes=random.Random(1_000 + number).randbytes(16), version=4))


class CalendarIds:
    """Calendars of Outlook, no two the same."""

    def __init__(self, seed: int) -> None:
        """Those of a seed, the same each time."""
        self._random = random.Random(seed)

    def __next__(self) -> str:
        """One more."""
        return "AAMkAG" + b64encode(self._random.randbytes(24)).decode() + "AAA="


def write(path: Path, pages: Sequence[Page], made: date) -> None:
    """A workbook of these sheets, and a hidden one with the names that its drop-down lists offer."""
    with Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": datetime.combine(made, time())})
        # As Excel saves it: with the results of its formulas, and not to be calculated when it is opened.
        book.calc_on_load = False
        for page in pages:
            write_page(book, book.add_worksheet(page.name), page)
        lists = book.add_worksheet("Lists")
        lists.write_column(0, 0, ["Rooms", "Boardroom", "Studio", "Event Space", "Phone Booth"])
        lists.hide()


def write_page(book: Workbook, sheet: Worksheet, page: Page) -> None:
    """A sheet as people lay it out: a title over all columns, a header that stays in sight, coloured rows."""
    last = len(page.header) - 1
    sheet.merge_range(0, 0, 0, last, page.title, book.add_format({"bold": True, "font_size": 16, "align": "center"}))
    sheet.write_string(1, 0, page.remark, book.add_format({"italic": True}))
    sheet.write_row(3, 0, page.header, book.add_format({"bold": True, "bg_color": "#D9E1F2", "bottom": 1}))
    sheet.freeze_panes(4, 0)
    sheet.set_column(0, last, 26)
    for number, line in enumerate((*page.lines, *page.notes), start=4):
        look = {"bg_color": line.colour} if line.colour else {}
        write_line(
            sheet, number, line, (book.add_format(look), book.add_format({**look, "num_format": "dd mmm yyyy hh:mm"}))
        )
    for number, line in enumerate(page.lines, start=4):
        if line.spans > 1:
            sheet.merge_range(number, 1, number + line.spans - 1, 1, line.cells[1], book.add_format({"valign": "top"}))


def write_line(sheet: Worksheet, number: int, line: Line, looks: tuple[Format, Format]) -> None:
    """The cells of a row; an empty text is no cell."""
    plain, of_dates = looks
    for position, cell in enumerate(line.cells):
        match cell:
            case Total(rows):
                letter = "ABCDEFGHIJ"[position]
                sheet.write_formula(number, position, f"=COUNTA({letter}5:{letter}{4 + rows})", plain, rows)
            case datetime():
                sheet.write_datetime(number, position, cell, of_dates)
            case str() if cell:
                sheet.write_string(number, position, cell, plain)
            case _:
                sheet.write_blank(number, position, None, plain)
