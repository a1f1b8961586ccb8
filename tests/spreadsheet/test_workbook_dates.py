"""Plain numbers in columns of dates: each workbook counts its days from its own day 0."""

import json
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from odf.namespaces import TABLENS
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CalculationSettings, NullDate, Table, TableCell, TableRow
from odf.text import P
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from importer.checking import Checked, Checker, DateReader, as_shown, match_columns
from importer.spreadsheet import Sheet, open_sheet
from importer.spreadsheet.corrections import corrected
from schemas import RECORD_TYPES
from spreadsheet.making import (
    pack,
    sheet_xml,
    text_row,
    with_formats,
    write_xls,
    write_xlsb,
    xls_record,
    xlsb_record,
    xlsx_parts,
)

KIND = next(iter(RECORD_TYPES.values()))
LABELS = ["ResourceId", "Name", "SubscriptionExpireDate"]
DAYS = 44897.8125
ROWS: list[list[str | float]] = [[*LABELS], [44897.0, "A", DAYS], [7.0, "B", 44897.0]]
FROM_1904, FROM_1900 = "2026-12-03T19:30:00", "2022-12-02T19:30:00"


def xlsx(path: Path, *, from_1904: bool) -> Path:
    """A workbook as Excel writes it."""
    book = Workbook()
    if from_1904:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.worksheets[0]
    for row in ROWS:
        sheet.append(row)
    book.save(path)
    return path


def xlsb(path: Path, *, from_1904: bool) -> Path:
    """A binary workbook."""
    about = xlsb_record(153, struct.pack("<III", int(from_1904), 0, 0))
    return write_xlsb(path, ROWS, more={"book": about})


def xls(path: Path, *, from_1904: bool) -> Path:
    """An old workbook."""
    return write_xls(path, ROWS, book=xls_record(0x22, struct.pack("<H", int(from_1904))))


def ods(path: Path, *, from_1904: bool) -> Path:
    """A document of LibreOffice."""
    document, table = OpenDocumentSpreadsheet(), Table(name="Data")
    settings = CalculationSettings()
    zero = NullDate()
    zero.setAttrNS(TABLENS, "date-value", "1904-01-01" if from_1904 else "1899-12-30")
    settings.addElement(zero)
    document.spreadsheet.addElement(settings)
    for row in ROWS:
        line = TableRow()
        for cell in row:
            text = f"{cell:.15g}" if isinstance(cell, float) else cell
            kind = {"valuetype": "float", "value": text} if isinstance(cell, float) else {"valuetype": "string"}
            element = TableCell(**kind)
            element.addElement(P(text=text))
            line.addElement(element)
        table.addElement(line)
    document.spreadsheet.addElement(table)
    document.save(str(path))
    return path


WRITERS: Mapping[str, Callable[..., Path]] = {"xlsx": xlsx, "xlsb": xlsb, "xls": xls, "ods": ods}


def checked(sheet: Sheet) -> tuple[Sheet, Checked]:
    """A sheet as it is shown, and what is said of its only chunk."""
    mapping = match_columns(sheet, KIND, ())
    shown = as_shown(sheet, mapping, KIND)
    checker = Checker(KIND, mapping, shown, required=("ResourceId",), now=datetime(2020, 1, 1, tzinfo=UTC))
    [chunk] = shown.read()
    return shown, checker.check(chunk)


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("from_1904", [True, False])
def test_a_plain_number_is_the_date_that_its_own_workbook_makes_of_it(
    tmp_path: Path, suffix: str, *, from_1904: bool
) -> None:
    """Told at each cell with the date that is sent; an Id of five digits is no date and stays what it is."""
    sheet = open_sheet(WRITERS[suffix](tmp_path / f"a.{suffix}", from_1904=from_1904))
    shown, result = checked(sheet)
    date = FROM_1904 if from_1904 else FROM_1900
    sent = [json.loads(record.body) for record in result.records()]
    assert [(one["ResourceId"], one["SubscriptionExpireDate"]) for one in sent] == [
        (44897, f"{date}Z"),
        (7, f"{date[:10]}T00:00:00Z"),
    ]
    about = {one.cell: one for one in result.issues if one.cell and one.field != "CoworkerId"}
    assert about.keys() == {"C2", "C3"}
    assert all(date[:10] in one.message for one in about.values())
    assert {one.code for one in about.values()} == {"date-of-workbook" if from_1904 else "date-serial"}
    # A file of failed rows or a page holds the text without the workbook.
    [chunk] = shown.read()
    assert chunk.at[2, 2] == (FROM_1904 if from_1904 else "44897.8125")


def test_a_number_typed_to_correct_a_date_is_told_as_the_date_that_it_becomes(tmp_path: Path) -> None:
    """What a person types did not come from the workbook."""
    sheet = open_sheet(xlsx(tmp_path / "a.xlsx", from_1904=True))
    _, result = checked(corrected(sheet, {"C2": "46000"}, {}))
    [issue] = [one for one in result.issues if one.cell == "C2"]
    assert (issue.code, "46000 is 2025-12-09" in issue.message) == ("date-serial", True)


def test_a_number_typed_as_text_is_read_as_the_numbers_beside_it(tmp_path: Path) -> None:
    """The program that shows it would make the same date of it."""
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.worksheets[0].append(LABELS)
    book.worksheets[0].append([1, "A", str(DAYS)])
    book.save(tmp_path / "a.xlsx")
    _, result = checked(open_sheet(tmp_path / "a.xlsx"))
    [record] = result.records()
    assert json.loads(record.body)["SubscriptionExpireDate"] == f"{FROM_1904}Z"


@pytest.mark.parametrize(
    ("shape", "name", "date"),
    [
        ("dd/mm/yyyy hh:mm:ss", "30/04/2027 10:30:00", "2027-04-30T08:30:00Z"),
        ("yyyy-mm-dd hh:mm", "2027-04-30 10:30", "2027-04-30T08:30:00Z"),
        ('yyyy-mm-dd hh:mm "UTC"', "2027-04-30 10:30 UTC", "2027-04-30T10:30:00Z"),
        ("dd/mm/yyyy", "30/04/2027", None),
    ],
)
@pytest.mark.parametrize("value", ["2027-04-30T10:30:00.000Z", "2027-04-30T10:30:00Z", " 2027-04-30T10:30:00Z\n"])
def test_a_date_that_is_stored_in_utc_is_the_one_that_is_shown(
    tmp_path: Path, value: str, shape: str, name: str, date: str | None
) -> None:
    """SheetJS writes it so. No program shows that zone, so the time is in the stated one, as any other time."""
    cells = "".join(f'<c r="{letter}2" s="0" t="d"><v>{value}</v></c>' for letter in "BC")
    rows = text_row(1, *LABELS), f'<row r="2"><c r="A2" t="str"><v>7</v></c>{cells}</row>'
    sheet = open_sheet(
        pack(tmp_path / "a.xlsx", with_formats(xlsx_parts(sheet_xml(*rows)), shape.replace('"', "&quot;")))
    )
    mapping = match_columns(sheet, KIND, ())
    shown, dates = as_shown(sheet, mapping, KIND), DateReader("ymd", "Europe/Berlin")
    checker = Checker(KIND, mapping, shown, required=(), now=datetime(2020, 1, 1, tzinfo=UTC), dates=dates)
    [chunk] = shown.read()
    assert chunk.at[2, 1] == name
    result = checker.check(chunk)
    sent = [json.loads(record.body)["SubscriptionExpireDate"] for record in result.records()]
    assert sent == ([date] if date else [])
