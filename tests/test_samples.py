"""The samples are what they claim to be, found by the real checks."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import example_report
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from importer.checking import Checker, DateReader, Directory, Entry, as_shown, match_columns, recognise
from importer.cli import run_cli
from importer.issues import CATALOGUE, Issue, Severity
from importer.samples import SAMPLES as BY_NAME
from importer.samples.calendars import rows
from importer.sandbox import SandboxOptions
from importer.sandbox.people import DELETED_EMAIL, space
from importer.spreadsheet import ReadOptions, open_sheet
from schemas import RECORD_TYPES

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "samples"
KIND = next(iter(RECORD_TYPES.values()))
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


OTHER_TYPES = {"not-a-number", "number-ambiguous", "too-many-digits", "not-yes-or-no", "not-a-choice"}
"""Codes of fields that no calendar mapping has; tests/test_another_type.py makes each of them."""
ONLINE = {
    *("name-not-found", "name-near", "name-deleted", "name-ambiguous"),
    *("id-not-found", "id-not-listed", "ids-not-listed"),
}
OF_IDS = {"record-not-found", "record-of-another", "record-repeated", "name-beside-id"}
"""Codes of files that name their records by Id; tests/checking/test_record_ids.py makes each of them."""
EXPORTED = {
    *("text-as-formula", "quotes-removed", "quotes-in-text", "no-value", "read-as-empty"),
    *("letters-lost", "double-encoded", "letters-replaced", "html-entities", "value-converted"),
}
"""Codes of what exports leave in text files."""
JOINED = {"header-again", "second-header", "below-second-header"}
"""Codes of files that were joined; tests/checking/test_second_headers.py makes each of them."""
OF_COLUMNS = {"dates-past", "dates-far-ahead", "date-incomplete", "column-unlabelled"}
"""Codes of columns without a right date or a whole one, or without a header; tests/checking makes each of them."""
PLAIN = ReadOptions()
ROOMS = [Entry(1, ("Boardroom",), "Harbour House"), Entry(2, ("Boardroom",), "Station Yard")]
PEOPLE = [Entry(3, (DELETED_EMAIL,), deleted=True), Entry(385970256, (), deleted=True)]


OF_WORKBOOKS = {"formula-not-calculated", "date-of-workbook"}
"""Codes of what a whole workbook says of itself; tests/spreadsheet makes each of them."""
NOT_IN_THE_SAMPLE = {"time-skipped", "date-form-unclear", "date-of-other-order", "shown-differently", "nothing-to-see"}
"""Found in London or in a chosen order of dates only, and three that look like issues of the sample."""


def checked(
    name: str,
    zone: str = "UTC",
    *,
    folder: Path = SAMPLES,
    now: datetime = NOW,
    options: ReadOptions = PLAIN,
    lists: Mapping[str, Directory] = MappingProxyType({}),
) -> tuple[int, int, list[Issue]]:
    """The rows of a sample, how many are invalid, and every issue."""
    sheet = open_sheet(folder / name, options)
    kind = recognise(sheet, tuple(RECORD_TYPES.values()))
    required = kind.required(kind.paths[0])
    mapping = match_columns(sheet, kind, required)
    sheet = as_shown(sheet, mapping, kind)
    checker = Checker(
        kind, mapping, sheet, required=required, now=now, directories=lists, dates=DateReader(options.dates, zone)
    )
    chunks = [checker.check(chunk) for chunk in sheet.read()]
    found = [*mapping.issues, *(issue for chunk in chunks for issue in chunk.issues)]
    return sum(chunk.rows for chunk in chunks), sum(chunk.invalid for chunk in chunks), found


def test_the_broken_sample_has_every_issue_that_needs_no_sign_in() -> None:
    """Each code that can be found without the service is in the sample, but for those of the sets above."""
    rows, invalid, issues = checked("calendars-broken.xlsx")
    found = Counter(issue.code for issue in issues)
    others = ONLINE | OTHER_TYPES | OF_IDS | EXPORTED | JOINED | OF_COLUMNS | OF_WORKBOOKS | NOT_IN_THE_SAMPLE
    assert set(found) == CATALOGUE.keys() - others
    twice = {code: number for code, number in found.items() if number > 1}
    assert twice == {"name-not-looked-up": 3, "date-past": 2, "date-ambiguous": 2, "duplicate-key": 2}
    assert invalid == sum(number for code, number in found.items() if CATALOGUE[code].severity is Severity.ERROR)
    assert rows > 2 * invalid
    line = (SAMPLES / "README.md").read_text("utf-8")
    assert f"`calendars-broken.xlsx`: {rows} rows, {invalid} of them wrong" in line


def test_the_exported_sample_has_what_exports_leave_behind() -> None:
    """Each of its issues, of which two keep their rows back."""
    rows, invalid, issues = checked("calendars-exported.csv")
    assert {issue.code for issue in issues} == EXPORTED
    assert (rows, invalid) == (14, 2)
    assert "`calendars-exported.csv`: 14 rows, 2 of them wrong" in (SAMPLES / "README.md").read_text("utf-8")


def test_the_broken_sample_has_every_issue_that_the_service_knows() -> None:
    """With lists of rooms and people, and in London, the remaining codes are found too."""
    lists = {"CoworkerId": Directory("coworker", PEOPLE), "ResourceId": Directory("resource", ROOMS)}
    _, _, issues = checked("calendars-broken.xlsx", "Europe/London", lists=lists)
    none_listed = Directory("resource", ROOMS, none_listed=True)
    spelt = Directory("coworker", [Entry(4, ("nóbody@example.com",))])
    _, _, more = checked("calendars-broken.xlsx", lists={"ResourceId": none_listed, "CoworkerId": spelt})
    assert {issue.code for issue in (*issues, *more)} >= ONLINE | {"time-skipped"}


@pytest.mark.parametrize(
    ("name", "rows", "codes"),
    [
        ("calendars.csv", 200, []),
        # Names of two lines, as people type them with Alt and Enter.
        ("calendars-semicolon.csv", 18, ["unseen-character"] * 3),
        ("calendars.ods", 25, ["zone-assumed"]),
    ],
)
def test_the_other_samples_are_correct(name: str, rows: int, codes: list[str]) -> None:
    """Every row can be sent, whatever its dialect."""
    found, invalid, issues = checked(name)
    assert (found, invalid, [issue.code for issue in issues]) == (rows, 0, codes)


STAFF = {
    ("staff-monday.xlsx", None): {
        *("name-ambiguous", "name-near", "name-deleted", "name-not-found", "date-ambiguous", "not-a-date"),
        *("cell-empty", "duplicate-row", "duplicate-key"),
    },
    ("staff-german.xlsx", None): {
        *("name-near", "name-not-found", "not-a-date", "cell-empty", "cell-merged", "duplicate-key"),
    },
    ("staff-two-sheets.xlsx", "Harbour House"): {
        *("name-ambiguous", "name-near", "not-a-date", "cell-empty", "duplicate-row"),
    },
    ("staff-two-sheets.xlsx", "Station Yard"): set(),
}
"""The errors of the workbooks of staff, by file and sheet."""


def of_the_sandbox() -> dict[str, Directory]:
    """The rooms and people that the practice service lists."""
    known = space(SandboxOptions().seed)
    people = [
        Entry(number, (str(one["Email"]), str(one["FullName"])), deleted=number in known.deleted_coworkers)
        for number, one in known.coworkers.items()
    ]
    rooms = [Entry(number, (str(one["Name"]),), str(one["BusinessName"])) for number, one in known.resources.items()]
    return {"CoworkerId": Directory("coworker", people), "ResourceId": Directory("resource", rooms)}


@pytest.mark.parametrize(("name", "sheet"), STAFF)
def test_a_workbook_of_staff_has_good_rows_and_what_people_get_wrong(name: str, sheet: str | None) -> None:
    """With the names of the practice service, some rows of each can be sent and the others have these errors."""
    rows, invalid, issues = checked(name, options=ReadOptions(sheet=sheet), lists=of_the_sandbox())
    found = {issue.code for issue in issues if CATALOGUE[issue.code].severity is Severity.ERROR}
    assert found == STAFF[name, sheet]
    assert (invalid > 0, invalid < rows) == (bool(found), True)
    assert f"{rows} rows" in (SAMPLES / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted({name for name, _ in STAFF}))
def test_a_workbook_of_staff_is_made_for_people(name: str) -> None:
    """A title over merged cells, colours, a hidden sheet, a formula, and a header that is not in the first row."""
    book = load_workbook(SAMPLES / name)
    assert [sheet.title for sheet in book.worksheets if sheet.sheet_state == "hidden"] == ["Lists"]
    sheet = book.worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert any(area.min_row == 1 for area in sheet.merged_cells.ranges)
    assert any(cell.fill.fgColor.rgb not in ("00000000", None) for cell in cells if cell.row and cell.row > 4)
    assert any(str(cell.value).startswith("=COUNTA(") for cell in cells)
    assert open_sheet(SAMPLES / name, ReadOptions(sheet=sheet.title)).header_row == 4


def test_a_file_of_another_type_is_recognised_by_its_labels() -> None:
    """The other samples have every field that their types require, so nobody has to name the type."""
    kinds = tuple(RECORD_TYPES.values())
    assert recognise(open_sheet(SAMPLES / "google-calendars.csv"), kinds).name == "CoworkerGoogleCalendar"
    assert recognise(open_sheet(SAMPLES / "admin-calendars.csv"), kinds).name == "MsOfficeAdminCalendar"
    assert recognise(open_sheet(SAMPLES / "calendars.csv"), kinds) is KIND


def test_the_awkward_sample_is_awkward() -> None:
    """It begins with a byte order mark, uses semicolons, and its cells hold separators, quotes and line breaks."""
    raw = (SAMPLES / "calendars-semicolon.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfRoom ID;Member ID;")
    names = [str(name) for chunk in open_sheet(SAMPLES / "calendars-semicolon.csv").read() for name in chunk[2]]
    assert all(any(mark in name for name in names) for mark in (";", '"', "\n", "ü", "ß"))


def test_the_script_writes_the_same_samples_again(tmp_path: Path) -> None:
    """What is in the repository is what the script makes, byte for byte."""
    shutil.copy(SAMPLES / "make_samples.py", tmp_path)
    subprocess.run(
        [sys.executable, tmp_path / "make_samples.py"], check=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.suffix in {".csv", ".xlsx", ".ods"}}
    suffixes = {Path(name).suffix for name in made}
    assert made == {path.name: path.read_bytes() for path in SAMPLES.iterdir() if path.suffix in suffixes}


def test_samples_of_today_make_no_warning(tmp_path: Path) -> None:
    """What `make demo` imports has the rows of the repository's sample, and dates of the week that begins today."""
    assert run_cli(["sample", "--out", str(tmp_path)]) == 0
    for name, codes in (("calendars.csv", []), ("calendars.ods", ["zone-assumed"]), ("google-calendars.csv", [])):
        _, invalid, issues = checked(name, folder=tmp_path, now=datetime.now(UTC))
        assert (invalid, [issue.code for issue in issues]) == (0, codes)
    fixed, fresh = ((folder / "calendars.csv").read_text("utf-8") for folder in (SAMPLES, tmp_path))
    assert re.sub(r"20\d\d-\d\d-\d\dT", "", fixed) == re.sub(r"20\d\d-\d\d-\d\dT", "", fresh)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_dates_of_a_sample_lie_in_the_week_after_it_is_made(now: datetime) -> None:
    """None has passed and none is more than seven days ahead, whatever the day and the hour."""
    dates = [datetime.fromisoformat(str(row.expires)) for row in rows(200, 1, now.date())]
    assert now < min(dates)
    assert max(dates) < now + timedelta(days=7)


def test_the_example_report_is_what_a_run_writes_now() -> None:
    """But for times and Ids; `python tests/example_report.py` writes it anew."""
    assert example_report.lasting(example_report.stands()) == example_report.lasting(example_report.made())


def test_every_sample_has_a_line() -> None:
    """The README of the folder names each file in it."""
    text = (SAMPLES / "README.md").read_text(encoding="utf-8")
    files = {path.name for path in SAMPLES.iterdir() if path.suffix in {".csv", ".xlsx", ".ods"}}
    assert files == set(BY_NAME)
    assert all(name in text for name in files)
