"""The workbook that is given back for correcting: the user's rows, wrong cells red, and it goes back in as it is."""

from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from spreadsheet.making import rows_of

from importer.errors import ReportError
from importer.issues import Issue
from importer.reporting.fix_file import CheckedFile, write_fix_file
from importer.spreadsheet import open_sheet

ISSUES = [
    Issue("column-unused", None, "C1", "Note", None, "", ""),
    Issue("not-a-whole-number", 3, "A3", "ResourceId", "ResourceId", "abc", "7"),
    Issue("date-past", 3, "B3", "Expires", "Expires", "2020", ""),
]


@pytest.fixture
def checked(tmp_path: Path) -> CheckedFile:
    """Three rows, the second of them wrong, with a formula that must stay text."""
    path = tmp_path / "rows.csv"
    path.write_text("ResourceId,Expires,Note\n7,2030,=1+1\nabc,2020,\n9,2031,x\n")
    return CheckedFile(path, open_sheet(path), ISSUES)


def written(checked: CheckedFile, path: Path) -> Path:
    """The copy, which is a plain one without a word: a text file has no workbook to give back."""
    assert write_fix_file(checked, path, 0.0) is None
    return path


def test_it_goes_back_in_as_it_is(tmp_path: Path, checked: CheckedFile) -> None:
    """The user's own cells and rows, and none of what was added."""
    path = written(checked, tmp_path / "fix.xlsx")
    again = open_sheet(path)
    assert [again.labels[position] for position in again.columns] == ["ResourceId", "Expires", "Note"]
    of_user = {row: cells[:3] for row, cells in rows_of(again).items()}
    assert of_user == {2: ["7", "2030", "=1+1"], 3: ["abc", "2020", ""], 4: ["9", "2031", "x"]}


def test_wrong_cells_are_red_and_say_why(tmp_path: Path, checked: CheckedFile) -> None:
    """Errors only; a warning stands in the message of its row."""
    book = openpyxl.load_workbook(written(checked, tmp_path / "fix.xlsx"))
    rows = book.worksheets[0]
    comments = {cell.coordinate: cell.comment.text for line in rows.iter_rows() for cell in line if cell.comment}
    assert list(comments) == ["A3"]
    assert comments["A3"].startswith('ResourceId must be a whole number: "abc".')
    statuses = {row[3].value: row[4].value for row in rows.iter_rows(min_row=2)}
    assert statuses == {"2": "not sent", "3": "invalid", "4": "not sent"}
    assert "in the past" in str(rows["G3"].value)


def test_what_may_stand_in_a_column_is_offered(tmp_path: Path, checked: CheckedFile) -> None:
    """All of it; but not for a column that the file does not have, nor an empty list."""
    names = [f"Room {number}" for number in range(2_000)]
    checked = replace(checked, lists={0: names, 1: [], 9: ["x"]})
    book = openpyxl.load_workbook(written(checked, tmp_path / "fix.xlsx"))
    [rule] = book.worksheets[0].data_validations.dataValidation
    assert str(rule.sqref).startswith("A2:A")
    assert str(rule.formula1).endswith("$A$2000")


def test_rows_stand_where_they_do_in_the_file(tmp_path: Path) -> None:
    """Below titles and blank rows as well, so that a sentence about row 6 is found in row 6."""
    path = tmp_path / "rows.csv"
    path.write_text("Calendars of November,,\n,,\nResourceId,Expires,Note\n7,2030,\n,,\nabc,2020,\n")
    checked = CheckedFile(path, open_sheet(path), [Issue("not-a-whole-number", 6, "A6", "ResourceId", value="abc")])
    rows = openpyxl.load_workbook(written(checked, tmp_path / "fix.xlsx")).worksheets[0]
    assert [rows["A3"].value, rows["A4"].value, rows["A6"].value] == ["ResourceId", "7", "abc"]
    assert rows["A6"].comment is not None
    assert rows_of(open_sheet(tmp_path / "fix.xlsx")).keys() == {4, 6}


def test_an_earlier_one_is_replaced_and_nothing_is_left_over(tmp_path: Path, checked: CheckedFile) -> None:
    """Written aside first."""
    path = tmp_path / "out" / "fix.xlsx"
    for _ in range(2):
        written(checked, path)
    assert [each.name for each in path.parent.iterdir()] == ["fix.xlsx"]


def test_where_it_cannot_be_written_another_place_is_named(tmp_path: Path, checked: CheckedFile) -> None:
    """With the option to choose it by."""
    (tmp_path / "taken").touch()
    with pytest.raises(ReportError) as told:
        written(checked, tmp_path / "taken" / "fix.xlsx")
    assert "--errors-to" in told.value.advice
