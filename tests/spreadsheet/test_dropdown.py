"""Drop-downs in a real workbook, as a spreadsheet program finds them."""

from pathlib import Path

import openpyxl
import pytest
from xlsxwriter import Workbook

from importer.spreadsheet.dropdown import LAST_ROW, offer

VALUES = ["Studio", "=1+1", "007", " spaced ", "<r>", 'He said "no", twice']


@pytest.fixture
def book(tmp_path: Path) -> openpyxl.Workbook:
    """A workbook with drop-downs in its second and 28th column."""
    with Workbook(tmp_path / "book.xlsx") as made:
        sheet = made.add_worksheet("Rows")
        sheet.write_string(0, 1, "Room")
        offer(made, sheet, 1, VALUES)
        offer(made, sheet, 27, ["yes", "no"])
    return openpyxl.load_workbook(tmp_path / "book.xlsx")


def test_each_column_offers_its_own_values(book: openpyxl.Workbook) -> None:
    """Below the header to the end of the sheet, as text, in their order."""
    rules = {str(rule.sqref): rule for rule in book["Rows"].data_validations.dataValidation}
    assert set(rules) == {f"B2:B{LAST_ROW + 1}", f"AB2:AB{LAST_ROW + 1}"}
    offered = {}
    for place, rule in rules.items():
        name, cells = str(rule.formula1).lstrip("=").split("!")
        offered[place[:2]] = [cell.value for [cell] in book[name.strip("'")][cells.replace("$", "")]]
    assert offered["AB"] == ["yes", "no"]
    # XlsxWriter would take a text that begins with <r> for its own markup.
    assert offered["B2"] == [value for value in VALUES if value != "<r>"]


def test_anything_else_may_still_be_typed(book: openpyxl.Workbook) -> None:
    """The program informs and does not stop, for the list may be out of date."""
    for rule in book["Rows"].data_validations.dataValidation:
        assert (rule.type, rule.errorStyle) == ("list", "information")


def test_the_lists_are_hidden_and_text(book: openpyxl.Workbook) -> None:
    """No value of a list is run as a formula."""
    states = {sheet.title: sheet.sheet_state for sheet in book.worksheets}
    assert states == {"Rows": "visible", "Choices 2": "hidden", "Choices 28": "hidden"}
    assert {cell.data_type for [cell, *_] in book["Choices 2"].rows} == {"s"}
