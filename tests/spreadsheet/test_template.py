"""The template fits what reads it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from another_type import PRODUCT_PRICE
from openpyxl.utils import get_column_letter

from importer.checking import Checker, match_columns
from importer.errors import FileError, UsageError
from importer.issues import notice_text
from importer.spreadsheet import open_sheet
from importer.spreadsheet.template import write_template
from importer.spreadsheet.workbook_child.sheet_choice import ISSUES_HEADER, NOTES_HEADER, SUMMARY_HEADER
from schemas import RECORD_TYPES, RecordType


@pytest.fixture(params=[*RECORD_TYPES.values(), PRODUCT_PRICE], ids=[*RECORD_TYPES, "ProductPrice"])
def kind(request: pytest.FixtureRequest) -> RecordType:
    """Each record type there is, and one with every type of field."""
    assert isinstance(request.param, RecordType)
    return request.param


def test_the_importer_takes_its_own_template(tmp_path: Path, kind: RecordType) -> None:
    """The sheet is found without asking, every field has its column, and its examples have no error."""
    write_template(kind, tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    book.worksheets[0].append([row[3].value for row in book["Notes"].iter_rows(2, len(kind.fields) + 1)])
    book.save(tmp_path / "t.xlsx")
    sheet = open_sheet(tmp_path / "t.xlsx")
    required = kind.required(kind.paths[0])
    mapping = match_columns(sheet, kind, kind.fields)
    checker = Checker(kind, mapping, sheet, required=required, now=datetime(2026, 11, 23, tzinfo=UTC))
    (checked,) = [checker.check(chunk) for chunk in sheet.read()]
    assert (checked.rows, checked.invalid) == (1, 0)
    assert mapping.issues == ()


def test_people_find_what_they_need(tmp_path: Path, kind: RecordType) -> None:
    """Each label has a comment, required ones another colour, and the notes describe every field."""
    write_template(kind, tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    header = {cell.value: cell for cell in book.worksheets[0][1]}
    assert all(str(kind.metadata(name)["example"]) in str(header[name].comment) for name in kind.fields)
    required = set(kind.required(kind.paths[0]))
    colours = {name in required: header[name].fill.fgColor.rgb for name in kind.fields}
    assert len(set(colours.values())) == len(colours)
    assert [row[0].value for row in book["Notes"].iter_rows(min_row=2, max_row=len(kind.fields) + 1)] == [*kind.fields]


def test_what_is_typed_stays_text(tmp_path: Path, kind: RecordType) -> None:
    """No column may cut a long Id or turn a date into the program's own."""
    write_template(kind, tmp_path / "t.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets[0]
    # The columns of one format stand together in the file, under the first of them.
    columns = sheet.column_dimensions["A"]
    assert (columns.number_format, columns.max) == ("@", len(kind.fields))


def test_a_template_has_no_row_that_would_be_imported(tmp_path: Path, kind: RecordType) -> None:
    """Nobody deletes an example, and the record would be made."""
    write_template(kind, tmp_path / "t.xlsx")
    assert openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets[0].max_row == 1


def test_the_same_template_is_the_same_bytes(tmp_path: Path, kind: RecordType) -> None:
    """Nothing in it depends on when or where it was made."""
    for name in ("a.xlsx", "b.xlsx"):
        write_template(kind, tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_a_template_that_cannot_be_written_is_said(tmp_path: Path, kind: RecordType) -> None:
    """A folder that is not there ends in a sentence."""
    with pytest.raises(UsageError, match="cannot be written"):
        write_template(kind, tmp_path / "nowhere" / "t.xlsx")


@pytest.mark.parametrize(
    ("sheets", "chosen"),
    [
        ({"Rooms": ["Name"], "Notes": NOTES_HEADER}, "Rooms"),
        ({"About": NOTES_HEADER, "Notes": ["Name"]}, "Notes"),
        ({"Summary": SUMMARY_HEADER, "Rooms": ["Name"], "Issues": ISSUES_HEADER}, "Rooms"),
        ({"Notes": NOTES_HEADER}, "Notes"),
    ],
)
def test_sheets_of_our_own_are_passed_over(tmp_path: Path, sheets: dict[str, Sequence[str]], chosen: str) -> None:
    """Whatever they are called; each is read when there is nothing else."""
    assert open_sheet(workbook_with(tmp_path, sheets)).name == chosen


@pytest.mark.parametrize("other", ["Desks", "Notes", "Summary", "Issues", "Choices 1"])
def test_several_sheets_of_data_are_still_asked_about(tmp_path: Path, other: str) -> None:
    """Where it is not clear which sheet is meant, the user says; a sheet called Notes may hold the data."""
    with pytest.raises(FileError, match="several sheets"):
        open_sheet(workbook_with(tmp_path, {"Rooms": ["Name"], other: ["Name"]}))


def test_a_hidden_sheet_of_somebody_else_is_named(tmp_path: Path) -> None:
    """Also if it is called like those with the values of drop-downs."""
    path = workbook_with(tmp_path, {"Rooms": ["Name"], "Choices 1": ["Name"]})
    book = openpyxl.load_workbook(path)
    book["Choices 1"].sheet_state = "hidden"
    book.save(path)
    assert [notice.values for notice in open_sheet(path).notices] == [{"names": "Choices 1"}]


def test_a_cell_beside_the_table_is_beyond_the_labels(tmp_path: Path) -> None:
    """The width of the sheet does not make labels of empty header cells."""
    book = openpyxl.Workbook()
    for cells in (["Name", "", "Floor", "", ""], ["Studio", "", "1", "", "stray"]):
        book.worksheets[0].append(cells)
    book.save(tmp_path / "w.xlsx")
    sheet = open_sheet(tmp_path / "w.xlsx")
    (chunk,) = sheet.read()
    assert sheet.labels == ("Name", "", "Floor")
    assert chunk.to_numpy()[0].tolist() == ["Studio", "", "1", "", "stray"]


def workbook_with(folder: Path, sheets: Mapping[str, Sequence[str]]) -> Path:
    """A workbook with sheets of these names, each with a row of these texts."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, texts in sheets.items():
        book.create_sheet(name).append(texts)
    path = folder / "w.xlsx"
    book.save(path)
    return path


def test_names_that_are_known_can_be_chosen(tmp_path: Path, kind: RecordType) -> None:
    """A column gets a drop-down with them from row 2 on; the sheet that holds them is hidden and last."""
    field = next(iter(kind.references))
    write_template(kind, tmp_path / "t.xlsx", {field: ["Boardroom", "=1+1"]})
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    rule = book.worksheets[0].data_validations.dataValidation[0]
    letters = get_column_letter([*kind.fields].index(field) + 1)
    assert (str(rule.sqref), rule.errorStyle) == (f"{letters}2:{letters}1048576", "information")
    choices = book.worksheets[2]
    assert (choices.sheet_state, choices.title in str(rule.formula1)) == ("hidden", True)
    assert [cell.value for cell in choices["A"]] == ["Boardroom", "=1+1"]
    sheet = open_sheet(tmp_path / "t.xlsx")
    assert (sheet.name, notice_text(sheet.notices)) == (book.sheetnames[0], "")
