"""The workbook that is given back for correcting: the user's rows, wrong cells red, and it goes back in as it is."""

from pathlib import Path

import openpyxl
import pytest
from spreadsheet.making import rows_of

from importer.errors import ReportError
from importer.issues import Issue
from importer.reporting.fix_file import MOST_OFFERED, write_fix_file
from importer.spreadsheet import Sheet, open_sheet

ISSUES = [
    Issue("column-unused", None, "C1", "Note", None, "", ""),
    Issue("not-a-whole-number", 3, "A3", "ResourceId", "ResourceId", "abc", "7"),
    Issue("date-past", 3, "B3", "Expires", "Expires", "2020", ""),
]


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    """Three rows, the second of them wrong, with a formula that must stay text."""
    (tmp_path / "rows.csv").write_text("ResourceId,Expires,Note\n7,2030,=1+1\nabc,2020,\n9,2031,x\n")
    return open_sheet(tmp_path / "rows.csv")


def test_it_goes_back_in_as_it_is(tmp_path: Path, sheet: Sheet) -> None:
    """The user's own cells and rows, and none of what was added."""
    path = write_fix_file(sheet, ISSUES, tmp_path / "fix.xlsx", {}, 0.0)
    again = open_sheet(path)
    assert [again.labels[position] for position in again.columns] == ["ResourceId", "Expires", "Note"]
    of_user = {row: cells[:3] for row, cells in rows_of(again).items()}
    assert of_user == {2: ["7", "2030", "=1+1"], 3: ["abc", "2020", ""], 4: ["9", "2031", "x"]}


def test_wrong_cells_are_red_and_say_why(tmp_path: Path, sheet: Sheet) -> None:
    """Errors only; a warning stands in the message of its row."""
    book = openpyxl.load_workbook(write_fix_file(sheet, ISSUES, tmp_path / "fix.xlsx", {}, 0.0))
    rows = book.worksheets[0]
    comments = {cell.coordinate: cell.comment.text for line in rows.iter_rows() for cell in line if cell.comment}
    assert list(comments) == ["A3"]
    assert comments["A3"].startswith('ResourceId must be a whole number: "abc".')
    statuses = {row[3].value: row[4].value for row in rows.iter_rows(min_row=2)}
    assert statuses == {"2": "not sent", "3": "invalid", "4": "not sent"}
    assert "in the past" in str(rows["G3"].value)


def test_what_may_stand_in_a_column_is_offered(tmp_path: Path, sheet: Sheet) -> None:
    """Not for a column that the file does not have, nor an empty list, and no longer one than helps."""
    names = [f"Room {number}" for number in range(MOST_OFFERED + 5)]
    book = openpyxl.load_workbook(
        write_fix_file(sheet, ISSUES, tmp_path / "fix.xlsx", {0: names, 1: [], 9: ["x"]}, 0.0)
    )
    [rule] = book.worksheets[0].data_validations.dataValidation
    assert str(rule.sqref).startswith("A2:A")
    assert str(rule.formula1).endswith(f"$A${MOST_OFFERED}")


def test_an_earlier_one_is_replaced_and_nothing_is_left_over(tmp_path: Path, sheet: Sheet) -> None:
    """Written aside first."""
    path = tmp_path / "out" / "fix.xlsx"
    for _ in range(2):
        write_fix_file(sheet, ISSUES, path, {}, 0.0)
    assert [each.name for each in path.parent.iterdir()] == ["fix.xlsx"]


def test_where_it_cannot_be_written_another_place_is_named(tmp_path: Path, sheet: Sheet) -> None:
    """With the option to choose it by."""
    (tmp_path / "taken").touch()
    with pytest.raises(ReportError) as told:
        write_fix_file(sheet, ISSUES, tmp_path / "taken" / "fix.xlsx", {}, 0.0)
    assert "--errors-to" in told.value.advice
