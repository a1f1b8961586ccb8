"""The user's own workbook after a check or a run: it says what became of each row, and goes back in as it is."""

import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from spreadsheet.making import rows_of

from importer.checking import Checker, Entry, match_columns
from importer.errors import UsageError
from importer.issues import Issue
from importer.journal.kept_lists import LISTED, Listed
from importer.journal.states import Event
from importer.reporting import CheckedFile, write_fix_file, write_report
from importer.spreadsheet import ReadOptions, Sheet, changed_texts, open_sheet
from reporting.office import KIND, STARTED, Office, mapping_row

TITLES = ["Room", "Coworker", "Name", "Expires", "Subscription", "Calendar ID"]
AS_IT_IS = ReadOptions()


def workbook(path: Path, *rows: list[str], notes: str = "") -> Path:
    """A workbook with a title, these rows under titles of the user's own, a total, and a note beside the table."""
    with xlsxwriter.Workbook(path) as book:
        sheet, bold = book.add_worksheet("Rooms"), book.add_format({"bold": True})
        sheet.write("A1", "Calendars", bold)
        sheet.write_row("A3", TITLES, bold)
        for number, row in enumerate(rows, start=3):
            sheet.write_row(number, 0, row)
        if notes:
            sheet.write(4, 7, notes)
        sheet.write_row(len(rows) + 3, 0, ["Total", len(rows)])
        book.add_worksheet("Prices").hide()
    return path


def issues_of(sheet: Sheet) -> list[Issue]:
    """Everything that the checks say of a sheet."""
    required = KIND.required(KIND.paths[0])
    mapping = match_columns(sheet, KIND, required)
    checker = Checker(KIND, mapping, sheet, required=required, now=STARTED)
    return [*mapping.issues, *(issue for chunk in sheet.read() for issue in checker.check(chunk).issues)]


def as_told(issues: list[Issue]) -> list[tuple[object, ...]]:
    """What issues say."""
    return [(issue.code, issue.row, issue.cell, issue.value) for issue in issues]


def checked(path: Path, read: ReadOptions = AS_IT_IS) -> CheckedFile:
    """A file that was checked."""
    sheet = open_sheet(path, read)
    return CheckedFile(path, sheet, issues_of(sheet), corrected=changed_texts(path, read))


BROKEN = [mapping_row(1), mapping_row(2, ResourceId="12.5"), mapping_row(3, Name=""), mapping_row(4)]


@pytest.mark.parametrize("notes", ["", "what is this?"])
def test_the_same_is_wrong_with_what_comes_back(tmp_path: Path, notes: str) -> None:
    """Each issue at its cell: also beside the table, where what was added stands behind a gap, and not at the total."""
    path = workbook(tmp_path / "rooms.xlsx", *BROKEN, notes=notes)
    before = checked(path)
    assert write_fix_file(before, tmp_path / "fix.xlsx", 0.0) is None
    after = checked(tmp_path / "fix.xlsx")
    assert as_told(list(after.issues)) == as_told(list(before.issues))
    assert {issue.code for issue in before.issues} >= {
        "not-a-whole-number",
        "cell-empty",
        *(["extra-cell"] * bool(notes)),
    }
    assert {notice.code for notice in after.sheet.notices} == {"title-above", "row-left-out"}
    assert rows_of(after.sheet).keys() == rows_of(before.sheet).keys() == {4, 5, 6, 7}


def test_sentences_speak_of_the_titles_of_the_sheet(tmp_path: Path) -> None:
    """In the comment and in the column at the end of the row."""
    path = workbook(tmp_path / "rooms.xlsx", *BROKEN)
    assert write_fix_file(checked(path), tmp_path / "fix.xlsx", 0.0) is None
    sheet = openpyxl.load_workbook(tmp_path / "fix.xlsx")["Rooms"]
    assert [cell.value for cell in sheet[3]] == [*TITLES, "import_status", "import_message", "Id"]
    comment = sheet["A5"].comment
    assert comment is not None
    assert comment.text.startswith('Nexudus importer:\n"Room" must be a whole number: "12.5".')
    assert (sheet["G5"].value, str(sheet["H5"].value)[:26]) == ("invalid", '"Room" must be a whole num')
    assert (sheet["G4"].value, sheet["H4"].value) == ("not sent", None)


def test_what_was_corrected_comes_back_corrected(tmp_path: Path) -> None:
    """Typed cells and repaired columns; nothing is wrong with them any more."""
    rows = [mapping_row(1), mapping_row(2, ResourceId="12.5"), mapping_row(3, ResourceId="1,414,903")]
    path = workbook(tmp_path / "rooms.xlsx", *rows)
    read = ReadOptions(cells={"A5": "1414902"}, repairs={"A": "thousands"})
    assert write_fix_file(checked(path, read), tmp_path / "fix.xlsx", 0.0) is None
    again = open_sheet(tmp_path / "fix.xlsx")
    assert [cells[0] for cells in rows_of(again).values()] == ["1414901", "1414902", "1414903"]
    assert "not-a-whole-number" not in {issue.code for issue in issues_of(again)}


def test_a_chosen_record_comes_back_as_an_answer(tmp_path: Path) -> None:
    """In the column at the end, where it is read as the Id of the row's record."""
    path = workbook(tmp_path / "rooms.xlsx", *BROKEN)
    write_fix_file(replace(checked(path), answers={4: 77}), tmp_path / "fix.xlsx", 0.0)
    again = open_sheet(tmp_path / "fix.xlsx")
    assert again.answers is not None
    assert rows_of(again)[4][again.answers] == "77"


def test_a_workbook_that_cannot_be_marked_gives_a_plain_one_and_says_why(tmp_path: Path) -> None:
    """Its rows stand where they do in the workbook; under the name of a workbook with macros, there is none."""
    path = workbook(tmp_path / "rooms.xlsx", *BROKEN)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("_xmlsignatures/sig1.xml", "<Signature/>")
    notice = write_fix_file(checked(path), tmp_path / "fix.xlsx", 0.0)
    assert notice is not None
    assert notice.message.endswith("because it is digitally signed.")
    sheet = openpyxl.load_workbook(tmp_path / "fix.xlsx")["Rows"]
    assert (sheet["A3"].value, sheet["A5"].value) == ("Room", "12.5")
    with pytest.raises(UsageError, match=r"ends in \.xlsx"):
        write_fix_file(checked(path), tmp_path / "fix.xlsm", 0.0)


def failed_run(office: Office, path: Path) -> None:
    """A run of a workbook of which one row was created, one refused, one is wrong and one was never sent."""
    run = office.plan(path)
    office.send(run, 4, Event.ACCEPTED, remote_id=901)
    office.send(run, 7, Event.REFUSED, field="Name", message="No.")
    write_report(office.journal, office.finish(run), now=office.now)


def test_after_a_run_it_says_what_became_of_each_row(office: Office) -> None:
    """Beside the failed file: the rows that need a change are red, the others have their records."""
    path = workbook(office.folder / "rooms.xlsx", *BROKEN)
    failed_run(office, path)
    sheet = openpyxl.load_workbook(office.out / "your-workbook.xlsx")["Rooms"]
    assert [cell.value for cell in sheet[3]][6:] == ["import_status", "import_id", "import_message", "Id"]
    assert [[cell.value for cell in sheet[row]][6:8] for row in range(4, 9)] == [
        ["created", "901"],
        ["invalid", None],
        ["invalid", None],
        ["rejected", None],
        [None, None],
    ]
    red = [c.coordinate for row in sheet.iter_rows() for c in row if str(c.fill.fgColor.rgb).startswith("FFFFC7C")]
    assert red == ["A5", "C6", "C7"]
    again = open_sheet(office.out / "your-workbook.xlsx")
    assert [again.labels[position] for position in again.columns] == TITLES
    assert {row: cells[:6] for row, cells in rows_of(again).items()} == rows_of(open_sheet(path))


def test_after_a_run_it_offers_every_name_that_is_known(office: Office) -> None:
    """In the columns of records, as the list was read last; a name of two records, or of one that has left, is none."""
    entries = [
        Entry(1, ("Boardroom",), "Harbour House"),
        Entry(2, ("Studio",), "Harbour House"),
        Entry(3, ("Studio",), "Station Yard"),
        Entry(4, ("Cellar",), "Station Yard", inactive=True),
    ]
    text = LISTED.encode(Listed(entries))
    office.journal.directories.save("ops@example.com", KIND.references["ResourceId"].path, text, 1.0)
    failed_run(office, workbook(office.folder / "rooms.xlsx", *BROKEN))
    book = openpyxl.load_workbook(office.out / "your-workbook.xlsx")
    [rule] = book["Rooms"].data_validations.dataValidation
    assert str(rule.sqref) == "A4:A7"
    values = [row[0].value for row in book["Importer lists"][str(rule.formula1).split("!")[1].replace("$", "")]]
    assert values == ["Harbour House / Boardroom", "Harbour House / Studio", "Station Yard / Studio"]
    assert book["Importer lists"].sheet_state == "hidden"
    again = open_sheet(office.out / "your-workbook.xlsx")
    assert {notice.code for notice in again.notices} == {"title-above", "row-left-out"}


def test_it_is_there_only_while_a_row_has_failed(office: Office) -> None:
    """An earlier one would say what is no longer so; and a text file has none."""
    path = workbook(office.folder / "rooms.xlsx", *BROKEN[:1])
    run = office.plan(path)
    office.send(run, 4, Event.REFUSED, field="Name", message="No.")
    report = write_report(office.journal, office.finish(run), now=office.now)
    assert "your-workbook.xlsx" in report.files
    other = office.plan(workbook(office.folder / "right.xlsx", mapping_row(9)))
    office.send(other, 4, Event.ACCEPTED, remote_id=902)
    write_report(office.journal, office.finish(other), now=office.now)
    assert not (office.out / "your-workbook.xlsx").exists()


def test_a_report_says_why_the_workbook_is_missing(office: Office) -> None:
    """All other files are there."""
    path = workbook(office.folder / "rooms.xlsx", *BROKEN)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("_xmlsignatures/sig1.xml", "<Signature/>")
    failed_run(office, path)
    assert not (office.out / "your-workbook.xlsx").exists()
    assert "because it is digitally signed" in (office.out / "summary.json").read_text()
    assert (office.out / "failed.xlsx").exists()
