"""Dates as people write them: what each becomes, or why it is not taken."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.checking.date_text import FIRST_YEAR, PLACEHOLDERS
from importer.checking.dates import DateReader, date_of_number
from importer.issues import CATALOGUE, Severity

READ = [
    ("2027-04-03T10:30:00Z", "2027-04-03T10:30:00Z"),
    ("2027-04-03t10:30:00z", "2027-04-03T10:30:00Z"),
    ("2027-04-03 10:30", "2027-04-03T10:30:00Z"),
    ("2027-04-03", "2027-04-03T00:00:00Z"),
    ("2027-04-03T10:30:00+02:00", "2027-04-03T08:30:00Z"),
    ("2027-04-03 10:30:00 -0530", "2027-04-03T16:00:00Z"),
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
    ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59Z"),
    ("9999-12-31T12:00:00+12:00", "9999-12-31T00:00:00Z"),
    ("1677-09-21T00:12:43.1Z", "1677-09-21T00:12:43Z"),
    ("2262-04-11 23:47:17", "2262-04-11T23:47:17Z"),
    ("9999-12-31", "9999-12-31T00:00:00Z"),
    ("2026-10-25T02:30:00+01:00[Europe/Berlin]", "2026-10-25T01:30:00Z"),
    ("2026-10-25T02:30:00+02:00[Europe/Berlin]", "2026-10-25T00:30:00Z"),
    ("2026-11-28T10:30:00Z[Europe/Berlin]", "2026-11-28T10:30:00Z"),
]
REFUSED = [
    ("03/04/2027", "date-ambiguous"),
    ("31/02/2027", "not-a-date"),
    ("2027-13-01", "not-a-date"),
    ("2027-02-30T10:00:00Z", "not-a-date"),
    ("N/A", "not-a-date"),
    ("12", "not-a-date"),
    ("May", "date-incomplete"),
    ("10:30", "date-incomplete"),
    ("13/13/2027", "not-a-date"),
    ("3 Foo 2027", "not-a-date"),
    ("12/31/2027 13:30 pm", "time-impossible"),
    ("1", "not-a-date"),
    ("99999", "not-a-date"),
    ("9999-12-31T23:59-12:00", "date-placeholder"),
    ("9999-12-31T23:30:00-05:00", "date-placeholder"),
    ("0001-01-01T00:00+14:00", "date-placeholder"),
    ("0000-01-01T00:00:00Z", "date-incomplete"),
    ("2016-12-31T23:59:60Z", "time-impossible"),
    ("2016-12-31 23:59:61", "time-impossible"),
    ("2027-04-03 24:00", "time-impossible"),
    ("Friday, 28 November 2026", "date-contradictory"),
    ("2026-11-28T10:30:00+02:00[Europe/Berlin]", "date-contradictory"),
    ("Sat Nov 28 2026 10:30:00 GMT+0100 (Coordinated Universal Time)", "date-contradictory"),
    ("2026-10-25T02:30:00[Europe/Berlin]", "time-skipped"),
    ("never", "not-a-date"),
]


def read(*cells: str, order: str | None = None, zone: str = "UTC") -> tuple[list[str], dict[str, list[str]]]:
    """What the cells become, and the cells by issue code."""
    text = pd.Series(cells, dtype=object, index=range(2, 2 + len(cells)))
    parsed = DateReader(order, zone).read("Date", text)
    shown = ["" if pd.isna(value) else f"{value.year:04}-{value:%m-%dT%H:%M:%SZ}" for value in parsed.values]
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
    assert found["date-of-other-order"] == ["12/31/2027"]
    assert read("03/04/2027", order="mdy")[0] == ["2027-03-04T00:00:00Z"]


@pytest.mark.parametrize(
    ("cell", "order", "code"),
    [
        ("13/04/2027", "mdy", "date-of-other-order"),
        ("04/13/2027 10:00", "dmy", "date-of-other-order"),
        ("31/02/2027", "mdy", "not-a-date"),
        ("02/31/2027", "dmy", "not-a-date"),
        ("13/14/2027", "mdy", "not-a-date"),
        ("31/04/2027", "dmy", "not-a-date"),
    ],
)
def test_a_day_that_exists_in_the_other_order_is_told_so(cell: str, order: str, code: str) -> None:
    """That it does not exist would be untrue, and its reader would look for the mistake in the wrong place."""
    assert read(cell, order=order)[1][code] == [cell]


@pytest.mark.parametrize(
    ("cell", "order", "instant", "code"),
    [
        ("5/12/26", "dmy", "2026-12-05T00:00:00Z", ""),
        ("5/12/26", "mdy", "2026-05-12T00:00:00Z", ""),
        ("28.11.26 10:30", "dmy", "2026-11-28T10:30:00Z", "zone-assumed"),
        ("Sat 28-11-26", "dmy", "2026-11-28T00:00:00Z", ""),
        ("1/2/69", "dmy", "1969-02-01T00:00:00Z", ""),
        # It could begin with its year, even if only one number can be a day or a month.
        ("5/12/26", None, "", "date-ambiguous"),
        ("28/11/26", None, "", "date-ambiguous"),
        # Nothing says how it ends.
        ("26/12/05", "ymd", "", "date-incomplete"),
        ("12/28/26", "dmy", "", "date-of-other-order"),
        ("Mon 28-11-26", "dmy", "", "date-contradictory"),
        ("1/1/70", "dmy", "", "date-placeholder"),
        ("5/12/6", "dmy", "", "date-incomplete"),
        ("5/12/026", "dmy", "", "date-incomplete"),
        ("5/12-26", "dmy", "", "not-a-date"),
    ],
)
def test_two_digits_are_the_year_if_the_user_says_so(cell: str, order: str | None, instant: str, code: str) -> None:
    """A chosen order says that the last number is the year; without one, the order is asked for."""
    assert read(cell, order=order) == ([instant], {code: [cell]} if code else {})


@pytest.mark.parametrize(
    ("cell", "instants"),
    [
        ("05/04/2027", [""]),
        ("13/04/2027", ["2027-04-13T00:00:00Z"]),
        ("04/13/2027", ["2027-04-13T00:00:00Z"]),
        ("05.04.2027", ["2027-04-05T00:00:00Z"]),
        ("2027/04/05", ["2027-04-05T00:00:00Z"]),
    ],
)
def test_year_first_says_nothing_of_a_cell_whose_year_is_last(cell: str, instants: list[str]) -> None:
    """It is read as without an order: by what the cell proves, or not at all."""
    assert read(cell, order="ymd")[0] == read(cell)[0] == instants


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


def test_a_zone_places_dates_that_have_no_time() -> None:
    """Midnight there is another moment elsewhere, and that is said as well, unless it is the same one."""
    shown, found = read("2027-04-30", "46507", zone="Asia/Tokyo")
    assert shown == ["2027-04-29T15:00:00Z"] * 2
    assert found["zone-assumed"] == ["2027-04-30", "46507"]
    assert read("2027-04-30", "2027-04-30T00:00:00Z") == (["2027-04-30T00:00:00Z"] * 2, {})


def test_never_is_a_warning_however_it_is_written() -> None:
    """The last day that can be written is read, and told to be what programs write for it."""
    cells = ["9999-12-31", "9999-12-31T00:00:00Z", "31/12/9999 23:59:59", "9999-12-31T23:59:59.9999999Z"]
    shown, found = read(*cells, "2026-11-28T10:30:00.0000000")
    assert all(shown)
    assert found["date-never"] == cells


def test_a_time_in_a_zone_that_the_cell_names_is_not_assumed() -> None:
    """The zone of the reader is for times that have none."""
    cells = ["2026-11-28 10:30:00[Asia/Tokyo]", "2026-11-28 10:30:00 Asia/Tokyo", "2026-11-28 10:30:00", "2026-11-28"]
    shown, found = read(*cells, zone="Europe/London")
    assert shown == [f"2026-11-28T{hour}:00Z" for hour in ("01:30", "01:30", "10:30", "00:00")]
    assert found == {"zone-assumed": [cells[2]]}


def test_a_sentence_about_a_skipped_hour_names_the_zone_of_the_cell() -> None:
    """And not the one in which the others are read."""
    reader = DateReader(zone="Asia/Tokyo")
    assert reader.detail("time-skipped", "Date", "2026-10-25T02:30[Europe/Berlin]") == "Europe/Berlin"
    assert reader.detail("time-skipped", "Date", "2026-10-25T02:30") == "Asia/Tokyo"
    assert reader.detail("unix-time", "Date", "1795861800") == "2026-11-28T10:30:00Z"
    assert reader.detail("not-a-date", "Date", "x") is None


@given(st.datetimes(min_value=pd.Timestamp("1970-01-02"), max_value=pd.Timestamp("2200-01-01")))
def test_iso_goes_round(moment: pd.Timestamp) -> None:
    """An instant written as ISO comes back to the second."""
    text = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    assert read(text)[0] == [text]


@given(st.text(max_size=20))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text is a date, a refusal or empty, and never an error."""
    shown, found = read(text)
    assert bool(shown[0]) or bool(found) or not text.strip()


MOMENTS = st.one_of(
    st.datetimes(datetime(2000, 1, 1)),
    st.datetimes(),
    st.sampled_from(["0001-01-01", "1677-09-21", "1677-09-22", "1969-12-31", "2262-04-11", "2262-04-12", "9999-12-31"])
    .map(datetime.fromisoformat)
    .flatmap(lambda day: st.integers(0, 86_399).map(lambda seconds: day + timedelta(seconds=seconds))),
)
ZONES = ["UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati", "Europe/London"]
FRACTIONS = ["", ".5", ",25", ".123456", ".9999999", ".123456789"]
MINUTES = st.integers(-14 * 60, 14 * 60)


@st.composite
def cells(draw: st.DrawFn) -> tuple[str, datetime | None, int | None]:
    """A cell in an accepted form with the moment and the offset in minutes that it means, or garbage without one."""
    moment = draw(MOMENTS).replace(microsecond=0)
    year, offset = f"{moment.year:04}", draw(MINUTES)
    iso, fraction = f"{year}-{moment:%m-%dT%H:%M:%S}", draw(st.sampled_from(FRACTIONS))
    shift = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    return draw(
        st.sampled_from(
            [
                (f"{iso}Z", moment, 0),
                (f"{iso}{fraction}Z", moment, 0),
                (f"{iso}{fraction}{shift}", moment, offset),
                (f"{iso}{fraction}".replace("T", " "), moment, None),
                (iso[:10], datetime(moment.year, moment.month, moment.day), None),
                (f"{moment.day} {moment:%B} {year} {moment:%H:%M:%S}", moment, None),
                (f"{year}/{moment.month}/{moment.day}", datetime(moment.year, moment.month, moment.day), None),
                (f"{iso}.0000000", moment, None),
                (f"{iso.replace('T', ' ')}+00", moment, 0),
                (f"{moment:%a, %d %b} {year} {moment:%H:%M:%S} GMT", moment, 0),
                (f"{year}{moment:%m%dT%H%M%S}Z" if moment.year in range(1900, 2200) else f"{iso}z", moment, 0),
                ("46000.5", datetime(2025, 12, 9, 12), None),
                ("never", None, None),
                ("", None, None),
            ]
        )
    )


def in_utc(moment: datetime | None, offset: int | None, zone: str) -> str:
    """The instant that a cell means, worked out by the standard library alone; empty if it has none to be read."""
    if moment is None or moment.year < FIRST_YEAR or (moment.year, moment.month, moment.day) in PLACEHOLDERS:
        return ""
    try:
        if offset is not None:
            instant = moment.replace(tzinfo=timezone(timedelta(minutes=offset))).astimezone(UTC)
        else:
            early, late = (moment.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
            if early.utcoffset() != late.utcoffset():
                return ""
            instant = early.astimezone(UTC)
    except OverflowError:
        return ""
    return f"{instant.year:04}-{instant:%m-%dT%H:%M:%SZ}"


@given(st.lists(cells(), max_size=12), st.sampled_from(ZONES))
def test_one_cell_decides_nothing_about_another(
    column: list[tuple[str, datetime | None, int | None]], zone: str
) -> None:
    """Whatever stands together in a column, each cell is read exactly or refused, as if it stood alone."""
    shown, found = read(*(cell for cell, _, _ in column), zone=zone)
    assert shown == [in_utc(moment, offset, zone) for _, moment, offset in column]
    refused = {cell for code in found if CATALOGUE[code].severity is Severity.ERROR for cell in found[code]}
    assert refused == {cell for (cell, _, _), text in zip(column, shown, strict=True) if cell and not text}


@given(st.lists(st.one_of(cells().map(lambda cell: cell[0]), st.text("0123456789-:TZ+. /n", max_size=25)), max_size=9))
def test_garbage_beside_dates_breaks_nothing(column: list[str]) -> None:
    """Dates cut short, doubled and mixed up: each is a date, a refusal or empty, and never an error."""
    shown, found = read(*column, zone="America/New_York")
    refused = {cell for code in found if CATALOGUE[code].severity is Severity.ERROR for cell in found[code]}
    assert all(text or cell in refused or not cell.strip() for cell, text in zip(column, shown, strict=True))


@pytest.mark.parametrize(
    ("number", "shown"),
    [("19999", None), ("20000", "1958-10-04"), ("80000.5", "2123-01-12T12:00:00"), ("80001", None), ("12,5", None)],
)
def test_a_number_of_a_workbook_is_a_date_only_near_the_present(number: str, shown: str | None) -> None:
    """A price or an Id stays the number that it is, whatever its column holds."""
    assert date_of_number(number, date(1904, 1, 1)) == shown
