"""Drop-downs: the values on a hidden sheet of their own, and a rule that offers them in a column."""

from collections.abc import Sequence

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from importer.spreadsheet.workbook_child.sheet_choice import CHOICES_MARK

LAST_ROW = 1_048_575
"""The last row of a sheet, counted from 0."""


def offer(book: Workbook, sheet: Worksheet, position: int, values: Sequence[str]) -> None:
    """Let the cells of a column below its header be chosen from a list; anything else may still be typed.

    Call it when all visible sheets are there: the hidden one comes last.
    """
    name = f"Choices {position + 1}"
    hidden = book.add_worksheet(name)
    hidden.hide()
    # XlsxWriter 3.3.1 takes a text that begins with <r> for its own markup.
    values = [value for value in values if not value.startswith("<r>")]
    for row, value in enumerate(values):
        hidden.write_string(row, 0, value)
    hidden.write_string(0, 1, CHOICES_MARK)
    source = f"='{name}'!$A$1:$A${len(values)}"
    rule = {"validate": "list", "source": source, "error_type": "information"}
    sheet.data_validation(1, position, LAST_ROW, position, rule)
