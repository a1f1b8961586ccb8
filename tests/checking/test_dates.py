"""Dates as people write them: what each becomes, or why it is not taken."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.checking.dates import DateReader

READ = [
    ("2027-04-03T10:30:00Z", "2027-04-03T10:30:00Z"),
    ("2027-04-03t10:30:00z", "2027-04-03T10:30:00Z"),
    ("2027-04-03 10:30", "2027-04-03T10:30:00Z"),
    ("2027-04-03", "2027-04-03T00:00:00Z"),
    ("2027-04-03T10:30:00+02:00", "2027-04-03T08:30:00Z"),
    ("2027-04-03 10:30 -0530", "2027-04-03T16:00:00Z"),
    ("2016-11-20T18:23:45.9356913Z", "2016-11-20T18:23:45Z"),
    ("  2027-04-03  ", "2027-04-03T00:00:00Z"),
    ("31/12/2027", "2027-12-31T00:00:00Z"),
    ("12/31/2027 1:30 pm", "2027-12-31T13:30:00Z"),
    ("12/31/2027 12:05 AM", "2027-12-31T00:05:00Z"),
    ("02.02.2027", "2027-02-02T00:00:00Z"),
    ("01.12.2026 9:00", "2026-12-01T09:00:00Z"),
    ("2027/4/3", "2027-04-03T00:00:00Z"),
    ("3 April 2027", "2027-04-03T00:00:00Z"),
    ("3-Apr-2027", "2027-04-03T00:00:00Z"),
    ("April 3rd, 2027 10:00", "2027-04-03T10:00:00Z"),
    ("46000.5", "2025-12-09T12:00:00Z"),
]
REFUSED = [
    ("03/04/2027", "date-ambiguous"),
    ("31/02/2027", "not-a-date"),
    ("2027-13-01", "not-a-date"),
    ("2027-02-30T10:00:00Z", "not-a-date"),
    ("N/A", "not-a-date"),
    ("12", "not-a-date"),
    ("May", "not-a-date"),
    ("10:30", "not-a-date"),
    ("13/13/2027", "not-a-date"),
    ("3 Avril 2027", "not-a-date"),
    ("12/31/2027 13:30 pm", "not-a-date"),
    ("1", "not-a-date"),
    ("99999", "not-a-date"),
]


def read(*cells: str, order: str | None = None, zone: str = "UTC") -> tuple[list[str], dict[str, list[str]]]:
    """What the cells become, and the cells by issue code."""
    text = pd.Series(cells, dtype=object, index=range(2, 2 + len(cells)))
    parsed = DateReader(order, zone).read("Date", text)
    shown = ["" if pd.isna(value) else f"{value:%Y-%m-%dT%H:%M:%SZ}" for value in parsed.values]
    found = {**parsed.refused, **parsed.doubtful}
    return shown, {code: [cells[row - 2] for row in rows] for code, rows in found.items() if len(rows)}


@pytest.mark.parametrize(("cell", "instant"), READ)
def test_what_is_read(cell: str, instant: str) -> None:
    """Each accepted form becomes one instant in UTC."""
    assert read(cell)[0] == [instant]


@pytest.mark.parametrize(("cell", "code"), REFUSED)
def test_what_is_not_taken_for_a_date(cell: str, code: str) -> None:
    """Nothing that merely resembles a date becomes one."""
    shown, found = read(cell)
    assert (shown, code in found) == ([""], True)


def test_the_order_of_a_column_is_given_by_the_user() -> None:
    """With an order ambiguous cells are read by it, and cells of the other order are no dates."""
    shown, found = read("03/04/2027", "31/12/2027", "12/31/2027", order="dmy")
    assert shown == ["2027-04-03T00:00:00Z", "2027-12-31T00:00:00Z", ""]
    assert found["not-a-date"] == ["12/31/2027"]
    assert read("03/04/2027", order="mdy")[0] == ["2027-03-04T00:00:00Z"]


def test_the_evidence_of_a_column_is_told() -> None:
    """How many cells of the column prove an order is said beside an ambiguous one."""
    reader = DateReader()
    reader.read("Date", pd.Series(["31/12/2027", "30/11/2027", "03/04/2027"], dtype=object))
    assert str(reader.evidence["Date"]) == " (others in this column: 2 day first)"


def test_a_zone_places_times_that_have_none() -> None:
    """Times without zone are in the given one; hours that a clock change skips or repeats are issues."""
    shown, found = read("2027-07-01 10:00", "2027-03-28 01:30", "2027-10-31 01:30", zone="Europe/London")
    assert shown == ["2027-07-01T09:00:00Z", "", ""]
    assert found["time-skipped"] == ["2027-03-28 01:30", "2027-10-31 01:30"]
    assert found["zone-assumed"] == ["2027-07-01 10:00"]


@given(st.datetimes(min_value=pd.Timestamp("1970-01-01"), max_value=pd.Timestamp("2200-01-01")))
def test_iso_goes_round(moment: pd.Timestamp) -> None:
    """An instant written as ISO comes back to the second."""
    text = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    assert read(text)[0] == [text]


@given(st.text(max_size=20))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text is a date, a refusal or empty, and never an error."""
    shown, found = read(text)
    assert bool(shown[0]) or bool(found) or not text.strip()
