"""Headers that say in which form their dates are."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from importer.checking import Checker, DateReader, match_columns
from importer.checking.date_headers import read_date_header
from importer.spreadsheet import open_sheet
from schemas import RECORD_TYPES

KIND = next(iter(RECORD_TYPES.values()))


@pytest.mark.parametrize(
    ("label", "name", "order"),
    [
        ("Expiry (MM/DD/YYYY)", "Expiry", "mdy"),
        ("Expiry (dd/mm/yyyy)", "Expiry", "dmy"),
        ("Expiry date [YYYY-MM-DD]", "Expiry date", "ymd"),
        ("Expires on DD.MM.YY", "Expires on", "dmy"),
        ("Expires: d/m/yyyy", "Expires", "dmy"),
        ("Expires (DD-MMM-YYYY)", "Expires", "dmy"),
        ("Expires (YYYY-MM-DD hh:mm)", "Expires", "ymd"),
        ("Ablauf (TT.MM.JJJJ)", "Ablauf", "dmy"),
        ("Ablauf (TT.MM.JJ)", "Ablauf", "dmy"),
        ("Expiration (JJ/MM/AAAA)", "Expiration", "dmy"),
        ("Vencimiento (dd/mm/aaaa)", "Vencimiento", "dmy"),
        ("Scadenza (gg/mm/aaaa)", "Scadenza", "dmy"),
        ("Verloopt (dd-mm-jjjj)", "Verloopt", "dmy"),
        ("Wygasa (dd.mm.rrrr)", "Wygasa", "dmy"),
        *(
            (label, label, "")
            for label in ("Expiry", "MM/DD/YYYY", "Expiry (YYYY/DD)", "Expiry (MM/MM/YYYY)", "Expiry (DDD/MM/YYYY)")
        ),
        *(
            (label, label, "")
            for label in ("Name a-m-d", "Room (A/B/C)", "Expiry (DD/MM-YYYY)", "Team R.A.M", "Add.mm.y")
        ),
    ],
)
def test_a_header_says_the_form_of_its_dates(label: str, name: str, order: str) -> None:
    """In the languages that people write it in; a letter of each is no form."""
    assert read_date_header(label)[:2] == (name, order)


@pytest.mark.parametrize(
    ("label", "is_long"), [("Expiry (DD/MM/YYYY)", True), ("Expiry (DD/MM/YY)", False), ("Ablauf (TT.MM.JJJJ)", True)]
)
def test_a_header_says_how_long_its_years_are(label: str, *, is_long: bool) -> None:
    """A text with another one is not in its form."""
    assert read_date_header(label).has_long_year == is_long


@pytest.mark.parametrize(
    ("label", "is_utc"),
    [
        *((label, True) for label in ("Expires (UTC)", "Expires UTC", "Expires [GMT]", "expires, utc ", "Expires (Z)")),
        *((label, True) for label in ("SubscriptionExpireDateUtc", "ExpiresUTC", "expires_at (utc)", "expires_utc")),
        *(
            (label, False)
            for label in ("Expires", "Expires UTC+2", "Expires (UTC+01:00)", "Expires Z", "Azutc", "Butc")
        ),
        *((label, False) for label in ("Expires (CET)", "UTC expiry")),
    ],
)
def test_a_header_says_that_its_times_are_in_utc(label: str, *, is_utc: bool) -> None:
    """Without a form of dates, its name stays as it is."""
    assert read_date_header(label) == (label, "", False, is_utc)


def test_a_header_may_say_both() -> None:
    """The form, then the zone."""
    assert read_date_header("Expiry (DD/MM/YYYY, UTC)") == ("Expiry", "dmy", True, True)
    assert read_date_header("Expiry (DD/MM/YYYY) UTC") == ("Expiry", "dmy", True, True)


@pytest.mark.parametrize(
    ("label", "cell", "hour", "is_assumed"),
    [
        ("Expires (UTC)", "30/04/2027 10:30", 10, False),
        ("Expires (UTC)", "2027-04-30T10:30:00", 10, False),
        ("Expires (UTC)", "2027-04-30T10:30:00+02:00", 8, False),
        ("Expires", "30/04/2027 10:30", 8, True),
    ],
)
def test_times_below_a_header_that_says_utc_are_in_utc(label: str, cell: str, hour: int, *, is_assumed: bool) -> None:
    """Unless they have a zone of their own; nothing is assumed then."""
    read = DateReader(None, "Europe/Berlin").read("Expires", pd.Series([cell]), read_date_header(label))
    assert (read.values[0].hour, "zone-assumed" in read.doubtful) == (hour, is_assumed)


def test_a_header_of_spaces_takes_no_time() -> None:
    """However long a hostile one is."""
    label = f"Expiry{' ' * 30_000}(" * 20
    assert read_date_header(label)[:2] == (label, "")


def dates(folder: Path, label: str, *cells: str, order: str | None = None) -> list[str]:
    """The day that each cell of a column is read as, the code of what is wrong with it where it is read as none."""
    text = "\n".join([f"ResourceId;{label}", *(f"{row};{cell}" for row, cell in enumerate(cells, start=1))])
    (folder / "a.csv").write_text(text, encoding="utf-8")
    sheet = open_sheet(folder / "a.csv")
    mapping = match_columns(sheet, KIND, ("SubscriptionExpireDate",))
    now = datetime(2020, 1, 1, tzinfo=UTC)
    checker = Checker(KIND, mapping, sheet, required=("ResourceId",), now=now, dates=DateReader(order))
    by_row: dict[int, str] = {}
    for result in map(checker.check, sheet.read()):
        days = zip(result.valid.index.tolist(), result.valid["SubscriptionExpireDate"], strict=True)
        by_row |= {row: f"{day:%Y-%m-%d}" for row, day in days}
        by_row |= {issue.row: issue.code for issue in result.issues if issue.row and issue.row not in by_row}
    return [by_row[row] for row in range(2, len(cells) + 2)]


@pytest.mark.parametrize(
    ("label", "cells", "read"),
    [
        (
            "Expiry (MM/DD/YYYY)",
            ["05/04/2027", "13/04/2027", "04/30/2027"],
            ["2027-05-04", "date-of-other-order", "2027-04-30"],
        ),
        ("Expiry (DD/MM/YYYY)", ["05/04/2027", "04/30/2027"], ["2027-04-05", "date-of-other-order"]),
        ("Expiry (DD/MM/YY)", ["05/04/27", "5.4.27"], ["2027-04-05", "2027-04-05"]),
        ("Expiry (DD/MM/YYYY)", ["27-05-04", "05/04/27"], ["date-ambiguous", "date-ambiguous"]),
        ("Ablauf (TT.MM.JJJJ)", ["27.05.04"], ["date-ambiguous"]),
        ("Expiry (MM/DD/YYYY)", ["05.04.2027", "30.04.2027"], ["date-ambiguous", "2027-04-30"]),
        ("Expiry (MM.DD.YYYY)", ["05.04.2027"], ["date-ambiguous"]),
        ("Expiry (YYYY-MM-DD)", ["2027-04-05", "05/04/2027"], ["2027-04-05", "date-ambiguous"]),
        ("Expiry", ["05/04/2027"], ["date-ambiguous"]),
        *(
            (f"Expiry ({form})", [cell, "5 December 2027"], [read, "2027-12-05"])
            for form in ("YYYY-DD-MM", "YYYY/DD/MM", "MM-YYYY-DD", "JJJJ.TT.MM")
            for cell, read in (
                *((each, "date-form-unclear") for each in ("2027-11-12", "2027/11/12", "2027. 11. 12.", "20271112")),
                *((each, "date-form-unclear") for each in ("2027-11-12 10:30:00", "2027-30-11", "2027-11-30")),
                *((each, "2027-11-12") for each in ("2027-11-12T10:30:00", "2027-11-12T10:30:00Z")),
                ("2027-11-11", "2027-11-11"),
            )
        ),
    ],
)
def test_the_form_in_a_header_holds_for_its_column(
    tmp_path: Path, label: str, cells: list[str], read: list[str]
) -> None:
    """Who asked for a date in some form got most of them in it; dots are written day first, whatever was asked for."""
    assert dates(tmp_path, label, *cells) == read


def test_what_a_person_says_goes_before_a_header(tmp_path: Path) -> None:
    """It was said of this file, the header perhaps of a template."""
    assert dates(tmp_path, "Expiry (MM/DD/YYYY)", "05/04/2027", order="dmy") == ["2027-04-05"]
    assert dates(tmp_path, "Expiry (YYYY-DD-MM)", "2027-11-12", order="ymd") == ["2027-11-12"]
    assert dates(tmp_path, "Expiry (YYYY-DD-MM)", "2027-11-12", order="dmy") == ["date-form-unclear"]
