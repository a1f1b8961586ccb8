"""Real dates of a workbook on the pages: written as people write them, and read as the same moments."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from conftest import LABELS, mapping
from hypothesis import given
from hypothesis import strategies as st

from importer.checking import Checker, DateReader, RealDate, match_columns
from importer.sandbox.server import Running
from importer.spreadsheet import Sheet
from importer.web.workbook_dates import date_in_words
from schemas import RECORD_TYPES
from web.kit import Client, plain

KIND = next(iter(RECORD_TYPES.values()))
ORDERS = (None, "dmy", "mdy", "ymd")
NOW = datetime(2026, 11, 27, tzinfo=UTC)


def workbook(path: Path) -> bytes:
    """Four rows: real dates in two formats, one without a time, and one that somebody typed as a text."""
    with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy hh:mm"}) as book:
        sheet, american = book.add_worksheet("Rooms"), book.add_format({"num_format": "m/d/yy h:mm AM/PM"})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, [*LABELS, "Booked on"])
        for row in range(1, 5):
            cells = [str(cell) for cell in mapping(row + 1)]
            sheet.write_row(row, 0, [*cells[:3], "", *cells[4:]])
        sheet.write_datetime("D2", datetime(2031, 12, 1, 10, 30))
        sheet.write_datetime("D3", datetime(2031, 12, 2, 9, 0), american)
        sheet.write_datetime("D4", datetime(2031, 12, 3), day)
        sheet.write_string("D5", "2031-12-04T10:30:00")
        sheet.write_datetime("G2", datetime(2026, 1, 2, 8, 15))
    return path.read_bytes()


def test_a_page_never_shows_a_real_date_as_programs_write_it(client: Client, service: Running, tmp_path: Path) -> None:
    """In the question about the zone, in the columns, in the table and at a wrong row; what is sent stays the same."""
    place = client.draft("rooms.xlsx", workbook(tmp_path / "rooms.xlsx"))
    text = plain(client.follow(f"{place}/check").text)
    assert "They have none, for example 1 Dec 2031 10:30" in text
    assert "2031-12-01T" not in text
    columns = plain(client.follow(f"{place}/columns").text)
    assert ("1 Dec 2031 10:30" in columns, "2031-12-01T" in columns) == (True, False)
    shown = client.get(f"{place}/table/rows?first=0&count=9").text
    dates = ("1 Dec 2031 10:30", "2 Dec 2031 09:00", "3 Dec 2031", "2 Jan 2026 08:15")
    assert [date for date in dates if f'"{date}"' not in shown] == []
    # Somebody has typed it like that.
    assert '"2031-12-04T10:30:00"' in shown
    client.post(f"{place}/rows/2", {"C2": ""})
    assert "2031-12-01T" not in client.follow(f"{place}/check").text
    client.post(f"{place}/rows/2", {"C2": "Room 2"})
    client.follow(f"{place}/plan")
    run = client.post(f"{place}/start").place
    client.until(run, lambda text: "All 4 rows created" in text and "report.csv" in text)
    sent = sorted(json.loads(body)["SubscriptionExpireDate"][9:16] for body in service.state.bodies)
    assert sent == ["1T10:30", "2T09:00", "3T00:00", "4T10:30"]


@pytest.mark.parametrize("text", ["", "2031-12-01T10:30:00+01:00", "2031-12-01T10:30:00.5", "2031-02-30", "soon"])
def test_what_is_no_whole_moment_stays_as_it_is(text: str) -> None:
    """Nothing of it may be lost."""
    assert date_in_words(text, None) == text


@given(
    moment=st.datetimes(datetime(1900, 3, 1), datetime(9999, 12, 30)),
    has_time=st.booleans(),
    order=st.sampled_from(ORDERS),
    read_as=st.sampled_from(ORDERS),
    zone=st.sampled_from(["UTC", "Europe/London", "Asia/Kolkata", "America/New_York"]),
)
def test_a_date_in_words_is_the_same_moment(
    moment: datetime, has_time: bool, order: str | None, read_as: str | None, zone: str
) -> None:
    """In whatever order and zone the file is read: the same values and the same issues."""
    whole = moment.replace(microsecond=0)
    text = whole.isoformat() if has_time and whole.time() != datetime.min.time() else whole.date().isoformat()
    assert RealDate.is_moment(text)
    one, other = (_checked(date, read_as, zone) for date in (text, date_in_words(text, order)))
    assert one == other
    assert timedelta() <= moment - whole < timedelta(seconds=1)


def _checked(date: str, order: str | None, zone: str) -> tuple[list[str], list[str]]:
    row = {place: str(cell) for place, cell in enumerate(mapping(2, SubscriptionExpireDate=date))}
    chunk = pd.DataFrame(row, index=[2], dtype=object)
    sheet = Sheet("Rooms", 1, tuple(LABELS), lambda: iter([chunk]))
    required = KIND.required(KIND.paths[0])
    columns = match_columns(sheet, KIND, required)
    checker = Checker(KIND, columns, sheet, required=required, now=NOW, dates=DateReader(order, zone))
    checked = checker.check(chunk)
    return [record.body for record in checked.records()], [issue.code for issue in checked.issues]
