"""Sample spreadsheets for people who practise, written with dates of the week in which they are made.

- ``calendars.py``        their rows; ``files.py`` rows as files
- ``staff_workbooks.py``  workbooks as the staff of a coworking company make them

Rooms and coworkers are those of the sandbox, and no other. Must not know a command or a page.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from importer.samples import staff_workbooks
from importer.samples.calendars import admin, awkward, broken, exported, google, rows, with_real_date
from importer.samples.files import FIELDS, write_broken, write_ods, write_text

__all__ = ["SAMPLES", "Sample", "find_sample"]

_ADMIN_FIELDS = ("ResourceId", "BusinessId", *FIELDS[2:])
_HEADERS = ("Room ID", "Member ID", "Calendar Name", "Expires On", "Graph Subscription ID", "Outlook Calendar ID")


class Sample(NamedTuple):
    """One file: what it is for in a few words, and what writes it with dates in the week that begins on a day (UTC)."""

    meaning: str
    write: Callable[[Path, date], None]


SAMPLES: dict[str, Sample] = {
    "calendars.csv": Sample(
        "200 correct calendar mappings",
        lambda path, day: write_text(path, FIELDS, [row.fields for row in rows(200, 1, day)]),
    ),
    "calendars-broken.xlsx": Sample(
        "62 rows, 26 of them with one mistake each",
        lambda path, day: write_broken(path, broken(day), day),
    ),
    "calendars-exported.csv": Sample(
        "14 rows as databases and web pages export them, 2 of them wrong",
        lambda path, day: write_text(path, FIELDS, [row.fields for row in exported(day)]),
    ),
    "calendars-semicolon.csv": Sample(
        "18 correct rows as a German Excel saves them",
        lambda path, day: write_text(path, _HEADERS, awkward(day), separator=";", bom=True),
    ),
    "calendars.ods": Sample(
        "25 correct rows from LibreOffice",
        lambda path, day: write_ods(path, [with_real_date(row).fields for row in rows(25, 3, day)]),
    ),
    "google-calendars.csv": Sample(
        "12 correct Google calendar mappings",
        lambda path, day: write_text(path, [*FIELDS, "WatchResourceId"], google(day)),
    ),
    "admin-calendars.csv": Sample(
        "12 correct admin calendar mappings",
        lambda path, day: write_text(path, _ADMIN_FIELDS, admin(day)),
    ),
    "staff-monday.xlsx": Sample(
        "27 rows with names, as a front desk keeps them; some need a change",
        lambda path, day: staff_workbooks.write(path, [staff_workbooks.monday(day)], day),
    ),
    "staff-german.xlsx": Sample(
        "18 rows with names, in German; some need a change",
        lambda path, day: staff_workbooks.write(path, [staff_workbooks.german(day)], day),
    ),
    "staff-two-sheets.xlsx": Sample(
        "two sheets of 15 and 12 rows with names; some need a change",
        lambda path, day: staff_workbooks.write(path, staff_workbooks.two_sheets(day), day),
    ),
}
"""Every sample by the name of its file."""


def find_sample(name: str) -> str | None:
    """The file of this name, or the first of them without its ending; None if there is none."""
    return next((file for file in SAMPLES if name in (file, file.rpartition(".")[0])), None)
