"""Workbooks: what each kind of cell becomes, which cells are problems, which sheet is read.

files/cells.* were written by LibreOffice 7.4 from one workbook (2026-11-23), because it alone writes .xls here and
calculates formulas; the other files are made by the tests.
"""

import json
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from odf.office import Annotation
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl import Workbook
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from importer.checking import Checker, DateReader, as_shown, match_columns
from importer.errors import FileError
from importer.issues import Issue, Severity, notice_text
from importer.spreadsheet import Sheet
from importer.spreadsheet.workbook_child.cell_texts import as_text
from importer.spreadsheet.workbook_child.display import Stretches
from importer.spreadsheet.workbook_child.sheet_choice import NOTES_HEADER
from schemas import RECORD_TYPES
from spreadsheet.making import (
    MAIN,
    ods_cell,
    opened,
    pack,
    problems_of,
    rows_of,
    sheet_xml,
    text_row,
    write_ods,
    write_xls,
    write_xlsb,
    xls_record,
    xlsb_record,
    xlsx_parts,
)

FILES = Path(__file__).with_name("files")

CELLS = {
    "whole number": "12",
    "text": "00123",
    "text NA": "NA",
    "date": "2026-11-28",
    "instant": "2026-11-28T10:30:00",
    "percent": "0.5",
    "boolean": "TRUE",
    "error": "#N/A",
    "division": "#DIV/0!",
    "formula": "25",
    "long number": "12345678901234600",
    "time": "10:30:00",
    "merged": "m",
    "below": "",
}
PROBLEMS = {(9, 1): "cell-error", (10, 1): "cell-error", (12, 1): "number-rounded", (15, 1): "cell-merged"}

UNLIKE: dict[str, tuple[dict[str, str], dict[tuple[int, int], str | None]]] = {
    "cells.xlsx": ({}, {}),
    # LibreOffice keeps a boolean that came from Excel as the number that TRUE() gives.
    "cells.ods": ({"boolean": "1"}, {}),
    # The old format holds all 16 digits that are left.
    "cells.xls": ({"long number": "12345678901234570"}, {}),
}


def filled(sheet: Worksheet) -> None:
    """Two columns and one row."""
    sheet.append(["ResourceId", "Name"])
    sheet.append([1, "A"])


def saved(path: Path, fill: Callable[[Workbook, Worksheet], None]) -> Path:
    """A workbook of openpyxl."""
    book = Workbook()
    assert book.active is not None
    fill(book, book.active)
    book.save(path)
    return path


@pytest.mark.parametrize("name", UNLIKE)
def test_each_kind_of_cell_has_its_rule_in_each_format(name: str) -> None:
    """A cell becomes the text that a person reads in it, and what cannot be read is a problem, not a loss."""
    cells, problems = UNLIKE[name]
    sheet = opened(FILES / name)
    assert sheet.name == "Data"
    assert {row[0]: row[1] for row in rows_of(sheet).values()} == CELLS | cells
    assert [row[2] for row in rows_of(sheet).values()] == ["x"] * len(CELLS)
    assert problems_of(sheet) == {place: code for place, code in (PROBLEMS | problems).items() if code}
    assert "Hidden sheets are not read: Old." in notice_text(sheet.notices)


def test_hidden_rows_are_read_and_told(tmp_path: Path) -> None:
    """Who filters a list may believe that only what is in sight is imported."""

    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.append(["ResourceId", "Name"])
        for row in range(2, 8):
            sheet.append([row, f"Room {row}"])
            sheet.row_dimensions[row].hidden = row in {3, 4, 6}
        # A hidden row without cells is nobody's loss.
        sheet.row_dimensions[40].hidden = True

    sheet = opened(saved(tmp_path / "a.xlsx", fill))
    assert sorted(rows_of(sheet)) == [2, 3, 4, 5, 6, 7]
    assert "Hidden and filtered rows are imported too (3)." in notice_text(sheet.notices)
    assert "hidden" not in notice_text(opened(saved(tmp_path / "b.xlsx", lambda _, sheet: filled(sheet))).notices)


def test_xlsb_is_read(tmp_path: Path) -> None:
    """The binary form gives the same text."""
    sheet = opened(write_xlsb(tmp_path / "a.xlsb", [["ResourceId", "Name"], [12.0, "00123"], ["x", 0.5]]))
    assert (sheet.labels, rows_of(sheet)) == (("ResourceId", "Name"), {2: ["12", "00123"], 3: ["x", "0.5"]})
    assert not sheet.notices


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (12.0, "12"),
        (12.5, "12.5"),
        (0.1 + 0.2, "0.3"),
        (1.2e5, "120000"),
        (-3.0, "-3"),
        (True, "TRUE"),
        (False, "FALSE"),
        (None, ""),
        ("00123", "00123"),
        ("NA", "NA"),
        (date(2026, 1, 5), "2026-01-05"),
        (datetime(2026, 1, 5), "2026-01-05"),
        (datetime(2026, 1, 5, 10, 30), "2026-01-05T10:30:00"),
        (datetime(2026, 1, 5, 10, 29, 59, 999_500), "2026-01-05T10:30:00"),
        (datetime(2026, 1, 5, 23, 59, 59, 999_500), "2026-01-06"),
        (time(10, 30), "10:30:00"),
        (timedelta(hours=30), "1 day, 6:00:00"),
    ],
)
def test_a_value_becomes_the_text_that_a_person_would_type(
    cell: float | str | bool | date | time | timedelta | None, text: str
) -> None:
    """Whole numbers lose the point, dates are year first, seconds are rounded and not cut."""
    assert as_text(cell) == text


def test_dates_of_the_1904_system_are_right(tmp_path: Path) -> None:
    """A workbook that counts its days from 1904, as old Macs did, gives the same dates."""

    def fill(book: Workbook, sheet: Worksheet) -> None:
        book.epoch = CALENDAR_MAC_1904
        sheet.append(["ResourceId", "Expires"])
        sheet.append([1, datetime(2026, 11, 28, 10, 30)])
        sheet.append([2, date(2026, 11, 28)])

    rows = rows_of(opened(saved(tmp_path / "mac.xlsx", fill)))
    assert rows == {2: ["1", "2026-11-28T10:30:00"], 3: ["2", "2026-11-28"]}


XML = {
    "error without formula": ('<c r="A2" t="e"><v>#REF!</v></c>', "cell-error", "#REF!"),
    "error with formula": ('<c r="A2" t="e"><f>NA()</f><v>#N/A</v></c>', "cell-error", "#N/A"),
    "error, other quotes and order": ("<c t='e' s='1' r='A2'><v>#N/A</v></c>", "cell-error", "#N/A"),
    "error, spaces round the sign": ('<c r = "A2" t = "e" ><v>#N/A</v></c>', "cell-error", "#N/A"),
    "error without text": ('<c r="A2" t="e"></c>', "cell-error", "#ERROR"),
    "formula, no value": ('<c r="A2"><f>B2&amp;"x"</f></c>', "formula-without-value", '=B2&"x"'),
    "formula, empty value": ('<c r="A2"><f>1+1</f><v></v></c>', "formula-without-value", "=1+1"),
    "formula, short empty value": ('<c r="A2"><f>1+1</f><v /></c>', "formula-without-value", "=1+1"),
    "shared formula, no value": ('<c r="A2"><f t="shared" si="0"/></c>', "formula-without-value", "="),
    "formula with an empty text": ('<c r="A2" t="str"><f>""</f><v></v></c>', None, ""),
    "formula with a short empty text": ('<c r="A2" t="str"><f>""</f><v/></c>', None, ""),
    "formula of a text, no value": ('<c r="A2" t="str"><f>""</f></c>', "formula-without-value", '=""'),
    "formula with a value": ('<c r="A2"><f>1+1</f><v>2</v></c>', None, "2"),
    "16 digits": ('<c r="A2"><v>1.2345678901234567E+16</v></c>', "number-rounded", "12345678901234568"),
    "text as CDATA": ('<c r="A2" t="str"><v><![CDATA[A&<b>"1"]]></v></c>', None, 'A&<b>"1"'),
    "number as CDATA": ('<c r="A2"><v><![CDATA[12]]></v></c>', None, "12"),
    "result as CDATA": ('<c r="A2" t="str"><f>B2</f><v><![CDATA[AAMk1]]></v></c>', None, "AAMk1"),
    "error as CDATA": ('<c r="A2" t="e"><v><![CDATA[#N/A]]></v></c>', "cell-error", "#N/A"),
    "formula as CDATA": ('<c r="A2"><f><![CDATA[1<2]]></f></c>', "formula-without-value", "=1<2"),
    "comment after a formula": ('<c r="A2"><f>1+1</f><!-- none --></c>', "formula-without-value", "=1+1"),
    "comment for a value": ('<c r="A2"><f>1+1</f><v><!-- none --></v></c>', "formula-without-value", "=1+1"),
    "comment in a number": ('<c r="A2"><v>1<!-- and -->2</v></c>', None, "12"),
    "instruction in a number": ('<c r="A2"><v>1<?and two?>2</v></c>', None, "12"),
    "extension in a cell": ('<c r="A2"><v>12</v><extLst><ext uri="x"><v>9</v></ext></extLst></c>', None, "12"),
    "blanks round a number": ('<c r="A2" t="n"><v> 12 </v></c>', None, "12"),
    "no such shared string": ('<c r="A2" t="s"><v>99</v></c>', "cell-error", "#ERROR"),
    "no such type": ('<c r="A2" t="new"><v>99</v></c>', "cell-error", "#ERROR"),
    "neither yes nor no": ('<c r="A2" t="b"><v>perhaps</v></c>', "cell-error", "#ERROR"),
    **{
        error: (f'<c r="A2" t="e"><v>{error}</v></c>', "cell-error", error)
        for error in ("#GETTING_DATA", "#SPILL!", "#CALC!", "#FIELD!", "#BUSY!", "#BLOCKED!", "#CONNECT!", "#PYTHON!")
    },
    **{
        error: (f'<c r="A2" t="e"><f>B2</f><v>{error}</v></c>', "cell-error", error)
        for error in ("#UNKNOWN!", "#ERROR!", "Err:502", "#NV", "#SOMETHING_NEW!")
    },
    "15 digits": ('<c r="A2"><v>123456789012345</v></c>', None, "123456789012345"),
}


@pytest.mark.parametrize("name", XML)
def test_a_cell_that_hides_its_value_is_found(tmp_path: Path, name: str) -> None:
    """What calamine reads as empty, error cells and formulas without a value, keeps its place and its text."""
    cell, code, text = XML[name]
    rows = text_row(1, "ResourceId", "Name"), f'<row r="2">{cell}<c r="B2"><v>5</v></c></row>', text_row(3, "1", "end")
    sheet = opened(pack(tmp_path / "a.xlsx", xlsx_parts(sheet_xml(*rows))))
    assert rows_of(sheet) == {2: [text, "5"], 3: ["1", "end"]}
    assert problems_of(sheet) == ({(2, 0): code} if code else {})


CALCULATED_ON_OPENING = {
    "the 0 that stands for no result": ('<c r="A2"><f>B2&amp;"x"</f><v>0</v></c>', {"A2": '=B2&"x"'}),
    "another result": ('<c r="A2" t="str"><f>B2</f><v>ab</v></c>', {"A2": "=B2"}),
    "yes or no": ('<c r="A2" t="b"><f>B2=1</f><v>1</v></c>', {"A2": "=B2=1"}),
    "an empty text": ('<c r="A2" t="str"><f>""</f><v></v></c>', {"A2": '=""'}),
    "several cells": (
        '<c r="A2"><f t="array" ref="A2:B3">C1:D2</f><v>0</v></c><c r="B2"><v>0</v></c>',
        dict.fromkeys(("A2", "B2", "A3", "B3"), "=C1:D2"),
    ),
    "several cells, other order": (
        '<c r="A2"><f ref="A2:A3" t="array">C1:C2</f><v>0</v></c>',
        dict.fromkeys(("A2", "A3"), "=C1:C2"),
    ),
    "a value": ('<c r="A2"><v>0</v></c>', {}),
}


@pytest.mark.parametrize("name", CALCULATED_ON_OPENING)
def test_results_that_nobody_sees_are_none(tmp_path: Path, name: str) -> None:
    """A workbook that is calculated when it is opened, as XlsxWriter writes it, shows none of its stored results.

    Nor does the name of the program tell which is right: libraries write that of Excel.
    """
    cells, formulas = CALCULATED_ON_OPENING[name]
    parts = xlsx_parts(sheet_xml(text_row(1, "ResourceId", "Name"), f'<row r="2">{cells}</row>', text_row(4, "1", "x")))
    book = str(parts["xl/workbook.xml"])
    parts["xl/workbook.xml"] = book.replace("</sheets>", '</sheets><calcPr calcId="1" fullCalcOnLoad="1"/>')
    sheet = opened(pack(tmp_path / "a.xlsx", parts))
    assert problems_of(sheet) == {(int(cell[1]), "AB".index(cell[0])): "formula-not-calculated" for cell in formulas}
    rows = rows_of(sheet)
    assert {cell: rows[int(cell[1])]["AB".index(cell[0])] for cell in formulas} == formulas
    if not formulas:
        assert rows[2] == ["0"]


def test_a_stored_result_is_not_said_to_be_missing(tmp_path: Path) -> None:
    """As of XlsxWriter, which stores the result that it is given, and 0 else; openpyxl stores none."""
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["ResourceId", "Name"])
        sheet.write_formula(1, 0, "=1+1")
        sheet.write_formula(1, 1, '="abc"&""', None, "abc")
    told = {issue.cell: issue.message for issue in issues(opened(tmp_path / "a.xlsx")) if issue.cell}
    sentence = "{} holds a formula whose result is to be calculated when the file is opened"
    assert told["A2"].startswith(sentence.format("ResourceId"))
    assert told["B2"].startswith(sentence.format("Name"))

    def fill(_: Workbook, sheet: Worksheet) -> None:
        sheet.append(["ResourceId", "Name"])
        sheet.append(["=1+1", "A"])

    told = {issue.cell: issue.message for issue in issues(opened(saved(tmp_path / "b.xlsx", fill))) if issue.cell}
    assert told["A2"].startswith("ResourceId holds a formula without a stored result")


def test_an_error_stays_one_when_it_is_calculated_again(tmp_path: Path) -> None:
    """Its name says more than that its formula has no result yet."""

    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.append(["ResourceId", "Name"])
        sheet.append(["#N/A", "A"])

    path = saved(tmp_path / "a.xlsx", fill)
    with zipfile.ZipFile(path) as archive:
        assert b'fullCalcOnLoad="1"' in archive.read("xl/workbook.xml")
    assert problems_of(opened(path)) == {(2, 0): "cell-error"}


def test_prefixed_xml_is_understood(tmp_path: Path) -> None:
    """Microsoft's own library writes <x:c> for <c>."""
    cells = '<x:c r="A2" t="e"><x:v>#N/A</x:v></x:c><x:c r="B2"><x:f>1+1</x:f></x:c>'
    labels = "".join(f'<x:c r="{c}1" t="inlineStr"><x:is><x:t>{c}</x:t></x:is></x:c>' for c in "AB")
    xml = f'<x:worksheet {MAIN.replace("xmlns", "xmlns:x")}><x:sheetData><x:row r="1">{labels}</x:row>'
    xml += f'<x:row r="2">{cells}</x:row></x:sheetData></x:worksheet>'
    sheet = opened(pack(tmp_path / "a.xlsx", xlsx_parts(xml)))
    assert rows_of(sheet) == {2: ["#N/A", "=1+1"]}
    assert problems_of(sheet) == {(2, 0): "cell-error", (2, 1): "formula-without-value"}


def test_a_last_row_of_nothing_but_problems_is_kept(tmp_path: Path) -> None:
    """The sheet of calamine ends above such a row; the row and its number stay."""
    rows = text_row(1, "ResourceId", "Name"), '<row r="9"><c r="B9"><f>1+1</f></c><c r="C9" t="e"><v>#N/A</v></c></row>'
    sheet = opened(pack(tmp_path / "a.xlsx", xlsx_parts(sheet_xml(*rows))))
    assert rows_of(sheet) == {9: ["", "=1+1", "#N/A"]}


def test_rows_in_equal_rows_out(tmp_path: Path) -> None:
    """As many rows come out as the XML of the sheet holds, counted without any of our code, over several pieces."""

    def fill(book: Workbook, sheet: Worksheet) -> None:
        for n in range(1, 1_234):
            sheet.append([f"=A{n}", n, None if n % 3 else "#N/A"] if n > 1 else ["ResourceId", "CoworkerId", "Name"])

    path = saved(tmp_path / "many.xlsx", fill)
    with zipfile.ZipFile(path) as archive:
        written = archive.read("xl/worksheets/sheet1.xml").count(b"<row ")
    sheet = opened(path)
    assert list(rows_of(sheet)) == list(range(2, written + 1))
    assert len(problems_of(sheet)) == (written - 1) + (written // 3)


def issues(sheet: Sheet) -> list[Issue]:
    """What the checker says of a sheet."""
    kind = next(iter(RECORD_TYPES.values()))
    mapping = match_columns(sheet, kind, ())
    sheet = as_shown(sheet, mapping, kind)
    checker = Checker(kind, mapping, sheet, required=("ResourceId", "Name"), now=datetime(2026, 11, 23, tzinfo=UTC))
    return [issue for chunk in sheet.read() for issue in checker.check(chunk).issues]


def test_each_problem_cell_is_one_issue_with_its_address(tmp_path: Path) -> None:
    """An error is told once with what Excel shows, also in a field of text; in an unused column it is no issue."""
    rows = (
        text_row(1, "ResourceId", "Name", "Remark"),
        '<row r="2"><c r="A2" t="e"><v>#N/A</v></c><c r="B2" t="e"><v>#REF!</v></c>'
        '<c r="C2" t="e"><v>#N/A</v></c></row>',
        '<row r="3"><c r="A3"><f>1+1</f></c><c r="B3"><v>12345678901234567</v></c></row>',
    )
    sheet = opened(pack(tmp_path / "a.xlsx", xlsx_parts(sheet_xml(*rows))))
    found = {issue.cell: (issue.code, issue.message) for issue in issues(sheet) if issue.cell}
    assert {cell: code for cell, (code, _) in found.items()} == {
        "A2": "cell-error",
        "B2": "cell-error",
        "A3": "formula-without-value",
        "B3": "number-rounded",
    }
    assert found["A2"][1] == "ResourceId shows the error #N/A."


def test_an_error_pasted_as_text_is_one_too(tmp_path: Path) -> None:
    """#N/A that came as text is nobody's name; a name that only begins so is one."""
    rows = text_row(2, "1", "#N/A"), text_row(3, "1", "#N/A room")
    path = pack(tmp_path / "a.xlsx", xlsx_parts(sheet_xml(text_row(1, "ResourceId", "Name"), *rows)))
    assert [(issue.code, issue.cell) for issue in issues(opened(path))] == [("cell-error", "B2")]


def test_merged_cells_are_named(tmp_path: Path) -> None:
    """Only the first of merged cells holds a value; each other one is an issue of its own, and none beside them is."""

    def fill(book: Workbook, sheet: Worksheet) -> None:
        for row in ([1, "A", 7], [2, None, 7], [3, None, 7], [4, "D", 7]):
            sheet.append(["ResourceId", "Name", "CoworkerId"] if row[0] == 1 else row)
        sheet.cell(2, 2, "B")
        sheet.merge_cells("B2:B3")

    sheet = opened(saved(tmp_path / "a.xlsx", fill))
    assert rows_of(sheet) == {2: ["2", "B", "7"], 3: ["3", "", "7"], 4: ["4", "D", "7"]}
    assert [(issue.cell, issue.code) for issue in issues(sheet)] == [("B3", "cell-merged")]


MERGED_HEADER = '<mergeCells count="1"><mergeCell ref="{}"/></mergeCells>'


@pytest.mark.parametrize(
    ("ref", "is_refused"), [("B1:C1", True), ("C1:B1", True), ("B1:D1", True), ("D1:E1", False), ("B2:C2", False)]
)
def test_a_header_that_nobody_sees_names_no_column(tmp_path: Path, ref: str, *, is_refused: bool) -> None:
    """LibreOffice keeps what merged cells cover; a column would be read by a name that is not there."""
    rows = text_row(1, "ResourceId", "Name", "CalendarId"), text_row(2, "1", "Room", "AAMk")
    path = pack(tmp_path / "a.xlsx", xlsx_parts(sheet_xml(*rows, tail=MERGED_HEADER.format(ref))))
    if is_refused:
        with pytest.raises(FileError, match='Merged cells cover C1, which holds the header "CalendarId"'):
            opened(path)
    else:
        assert opened(path).labels == ("ResourceId", "Name", "CalendarId")


SHOWN_CODES = {"shown-differently", "shown-uncertain"}
SHOWN: list[tuple[str | float | datetime, str, str | None]] = [
    # The value, its number format, and what a spreadsheet program shows; None where that depends on the program.
    ("A", "General", "A"),
    ("A", "@", "A"),
    ("A", '"Room "@', "Room A"),
    ("A", ";;;", None),
    ("A", '_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-', "A"),
    ("A", '@" (old)"', "A (old)"),
    (0.00001, "General", None),
    (1e-10, "General", "1E-10"),
    (-1.5e-10, "General", "-1.5E-10"),
    (0.0001, "General", "0.0001"),
    (42, "??0", "42"),
    (42, '"Room "??0', "Room  42"),
    (12.5, "0.0#", "12.5"),
    (12, "0.0#", "12.0"),
    (12, "0.##", None),
    (12, "0.", None),
    (7, "0,000", "0,007"),
    (5000, "0,", "5"),
    (1234567, "#,##0,", "1,235"),
    (1234567, "#,##,##0", None),
    (5, '"200"0', "2005"),
    (5, ";;;", None),
    (0, "0;;", None),
    (0.285, "0%", None),
    (12.5, "0", "13"),
    (12.5, "0.0E+00", "1.3E+01"),
    (42, "[$-1000000]0", None),
    (42, '@"x"', None),
    (0.5, "0%%", None),
    (True, "0%", None),
    (True, '"yes";"yes";"no"', None),
    (False, '"TRUE";"TRUE";"FALSE"', "FALSE"),
    (datetime(1900, 2, 1), "yyyy-mm-dd", None),
    (42, "General", "42"),
    (42, "@", "42"),
    (-42, "General", "-42"),
    (123456789012, "General", None),
    (42, "0", "42"),
    (42, "#,##0", "42"),
    (4200, "#,##0", "4,200"),
    (42, "00000", "00042"),
    (7, "0000000", "0000007"),
    (12, '"ID: "0', "ID: 12"),
    (12345, "00000", "12345"),
    (12.7, "0", "13"),
    (12.5, "0.00", "12.50"),
    (12.25, "0.00", "12.25"),
    (-12.25, "0.00", "-12.25"),
    (-12, "0;(0)", "(12)"),
    (0, '0;-0;"none"', "none"),
    (0.5, "0%", "50%"),
    (0.5, "0.0%", "50.0%"),
    (50, '0"%"', "50%"),
    (50, "0\\%", "50%"),
    (5, '"#,0.0E+00 ?%"0', "#,0.0E+00 ?%5"),
    (0.5, "General%", None),
    (-5, '"Room"', None),
    (-5, "\\R\\o", None),
    (-0.3, '"R5 "0', None),
    (1200000, '0"x"E+00', None),
    (12.5, '"£"#,##0.00', "£12.50"),
    (1234, "[Red]0", "1234"),
    (1200000, "0.0E+00", "1.2E+06"),
    (0.5, "# ?/?", None),
    (1, '[=1]"yes";"no"', None),
    (datetime(2026, 12, 1), "yyyy-mm-dd", "2026-12-01"),
    (datetime(2026, 2, 3), "dd/mm/yyyy", "03/02/2026"),
    (datetime(2026, 12, 1), "d mmmm", None),
    (datetime(2026, 12, 1), "mm-dd-yy", None),
    (datetime(2026, 12, 1, 10, 30), "yyyy-mm-dd hh:mm", "2026-12-01 10:30"),
    (datetime(2026, 12, 1, 10, 30), "h:mm AM/PM;@", "10:30 AM"),
    (True, "General", "TRUE"),
]


def test_a_text_is_what_is_shown_or_an_error(tmp_path: Path) -> None:
    """What is sent is what the person sees, or the row is held back with a sentence at that cell."""

    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.append(["ResourceId", "Name"])
        for row, (value, number_format, _) in enumerate(SHOWN, start=2):
            sheet.cell(row, 1, row)
            sheet.cell(row, 2, value).number_format = number_format

    sheet = opened(saved(tmp_path / "a.xlsx", fill))
    kind = next(iter(RECORD_TYPES.values()))
    rows = rows_of(as_shown(sheet, match_columns(sheet, kind, ()), kind))
    found = {issue.cell: issue for issue in issues(sheet) if issue.code in SHOWN_CODES}
    assert list(found) == [f"B{row}" for row, (_, _, shown) in enumerate(SHOWN, start=2) if shown is None]
    shown = {row: text for row, (_, _, text) in enumerate(SHOWN, start=2) if text is not None}
    assert {row: rows[row][1] for row in shown} == shown
    half, hidden = (found[f"B{SHOWN.index(case) + 2}"].message for case in ((0.5, "# ?/?", None), ("A", ";;;", None)))
    assert half == 'Name has the value "0.5", but it is not certain what the cell shows.'
    assert hidden == 'Name has the value "A", but the cell shows nothing.'


Shown = tuple[int | float | str | datetime, str, str | None]
NOON, SECOND = datetime(2026, 12, 5, 12), datetime(2026, 12, 5, 10, 30, 45)
DAY, MINUTE = datetime(2026, 12, 5), datetime(2026, 12, 5, 10, 30)
IDS: list[Shown] = [
    # The value, its number format, and the number that is sent; None where the cell shows another one.
    *(
        (1414915, shape, "1414915")
        for shape in ("General", "@", "0", "#", "#,##0", "0000000000", "??0", "0.00", "0.##")
    ),
    *((1414915, shape, "1414915") for shape in ("_-* #,##0_-", "[Red]0", "0_);(0)", "0;;", "#,##,##0", "General;@")),
    (12345678901, "General", "12345678901"),
    (123456789012, "0", "123456789012"),
    (500000000000, "General", "500000000000"),
    *((123456789012, shape, None) for shape in ("General", "@")),
    *((1414915, shape, None) for shape in ('"200"0', '0"00"', "0,", "0,,", "#,##0,", ";;;", '"x"', "0%", "0.0E+00")),
    *((1414915, shape, None) for shape in ('0 "(old)"', '"ID: "0', '"£"0', "0 k", "-0", "(0)", "0-0", "# ?/?")),
    *((1414915, shape, None) for shape in ("[>9]0,;0", "[$-1000000]0", '@"x"', '"a"General', "0\\%", "[=5]0;0")),
    ("1414915", "@", "1414915"),
    ("1414915", '"200"@', None),
    ("1414915", ";;;", None),
    *((DAY, shape, None) for shape in ("yyyy", "d", "yyyymmdd")),
    *((0.5, shape, None) for shape in ("h", "hhmm", "d")),
    ("A", '0;0;0;"5"', None),
    ("A", '0;0;0;"5.0"', None),
]
EXPIRIES: list[Shown] = [
    # The value, its number format, and the instant that is sent; None where the cell does not show all of it.
    *((DAY, shape, "2026-12-05T05:00:00Z") for shape in ("yyyy-mm-dd", "dd/mm/yyyy", "m/d/yy", "d.m.yy", "yy-mm-dd")),
    *(
        (DAY, shape, "2026-12-05T05:00:00Z")
        for shape in ("d mmmm yyyy", "mmm d, yyyy", "dddd, d. mmmm yyyy", "mm-dd-yy")
    ),
    *((DAY, shape, "2026-12-05T05:00:00Z") for shape in ("[$-F800]dddd, mmmm dd, yyyy", "yyyymmdd", "ddd dd mmm yy")),
    *((DAY, shape, "2026-12-05T05:00:00Z") for shape in ('d" de "mmmm" de "yyyy', '[$-419]d mmmm yyyy "\u0433.";@')),
    (DAY, 'yyyy"年"m"月"d"日"', "2026-12-05T05:00:00Z"),
    (DAY, 'yyyy"년" m"월" d"일"', "2026-12-05T05:00:00Z"),
    *((DAY, shape, None) for shape in ("yyyy", "hh:mm", "dd/mm", "mmm-yy", "d-mmm", "mmmmm-yy", "yyyy-dd-mm", "dddd")),
    *((DAY, shape, None) for shape in ('"5 Dec 2026"', ";;;", "0%", "0.00", "#,##0", "[h]:mm", "ggge", "[>9]yyyy")),
    *((DAY, shape, None) for shape in ('"Expires "yyyy-mm-dd', 'yyyy-mm-dd "(old)"', 'yyyy-mm-dd" 10:30"')),
    *((MINUTE, shape, "2026-12-05T15:30:00Z") for shape in ("yyyy-mm-dd hh:mm", "m/d/yy h:mm", "d.m.yyyy h:mm AM/PM")),
    *((MINUTE, shape, "2026-12-05T15:30:00Z") for shape in ("hh:mm dd/mm/yyyy", "yyyy-mm-dd hh:mm:ss.000")),
    *(
        (MINUTE, shape, None)
        for shape in ("yyyy-mm-dd", "d mmmm yyyy", "mm-dd-yy", "yyyy-mm-dd hh", "yyyy-mm-dd mm:ss")
    ),
    *((MINUTE, shape, None) for shape in ('yyyy-mm-dd hh:mm" - 12:00"', "yyyy-mm-dd am/pm", "h:mm", "[h]:mm")),
    (SECOND, "yyyy-mm-dd hh:mm:ss", "2026-12-05T15:30:45Z"),
    (SECOND, "m/d/yy h:mm", None),
    # The zone that is shown is the zone of the date.
    *((MINUTE, f"yyyy-mm-dd hh:mm{zone}", "2026-12-05T10:30:00Z") for zone in ('"Z"', "\\Z", '" UTC"', ' "GMT"')),
    (MINUTE, 'yyyy-mm-dd"T"hh:mm:ss"Z"', "2026-12-05T10:30:00Z"),
    (MINUTE, "yyyy-mm-dd\\Thh:mm:ss.000\\Z", "2026-12-05T10:30:00Z"),
    (MINUTE, 'd mmmm yyyy hh:mm:ss "GMT"', "2026-12-05T10:30:00Z"),
    (MINUTE, 'dd/mm/yyyy hh:mm "UTC"', "2026-12-05T10:30:00Z"),
    (MINUTE, 'm/d/yy h:mm AM/PM "UTC"', "2026-12-05T10:30:00Z"),
    (MINUTE, 'yyyy-mm-dd hh:mm:ss"+02:00"', "2026-12-05T08:30:00Z"),
    (MINUTE, 'dd/mm/yyyy hh:mm:ss" -0530"', "2026-12-05T16:00:00Z"),
    (MINUTE, 'yyyy-mm-dd hh:mm" Europe/Berlin"', "2026-12-05T09:30:00Z"),
    (MINUTE, 'yyyy-mm-dd hh:mm"[Europe/Berlin]"', "2026-12-05T09:30:00Z"),
    (DAY, 'yyyy-mm-dd"Z"', "2026-12-05T00:00:00Z"),
    (DAY, 'yyyy-mm-dd hh:mm "UTC"', "2026-12-05T00:00:00Z"),
    *(
        (MINUTE, f'yyyy-mm-dd hh:mm "{zone}"', None)
        for zone in ("EST", "CET", "PST", "local", "UTC+25", "(UTC)", "Z+1")
    ),
    *((MINUTE, f'"{zone} "yyyy-mm-dd hh:mm', None) for zone in ("UTC", "EST", "+02:00", "Z")),
    ("2026-12-05 10:30", '@" UTC"', "2026-12-05T10:30:00Z"),
    ("2026-12-05 10:30", '@" EST"', None),
    ("2026-12-05 10:30", ";;;", None),
]


@pytest.mark.parametrize(("label", "cases"), [("ResourceId", IDS), ("SubscriptionExpireDate", EXPIRIES)])
def test_a_number_or_a_date_is_what_is_shown_or_an_error(tmp_path: Path, label: str, cases: list[Shown]) -> None:
    """The value is sent where what is shown says the same, with the zone that is shown; else the cell is an error."""

    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.append(["CoworkerId", "Name", label])
        for row, (value, number_format, _) in enumerate(cases, start=2):
            sheet.append([row, "A", value])
            sheet.cell(row, 3).number_format = number_format

    kind = next(iter(RECORD_TYPES.values()))
    sheet = opened(saved(tmp_path / "a.xlsx", fill))
    mapping = match_columns(sheet, kind, ())
    sheet, dates = as_shown(sheet, mapping, kind), DateReader("ymd", "America/New_York")
    checker = Checker(kind, mapping, sheet, required=(), now=datetime(2026, 11, 23, tzinfo=UTC), dates=dates)
    [checked] = [checker.check(chunk) for chunk in sheet.read()]
    sent = {record.row: str(json.loads(record.body)[label]) for record in checked.records()}
    errors = {issue.row: issue.cell for issue in checked.issues if issue.severity is Severity.ERROR}
    assert {row: sent.get(row) for row in range(2, len(cases) + 2)} == dict(enumerate((case[2] for case in cases), 2))
    assert errors == {row: f"C{row}" for row, case in enumerate(cases, start=2) if case[2] is None}


def test_the_sentence_says_what_is_shown(tmp_path: Path) -> None:
    """Two cells of one value may show different texts."""

    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.append(["ResourceId", "Name"])
        for shape in ('"200"0', '0 "(old)"', ";;;", "# ?/?"):
            sheet.append([5, "A"])
            sheet.cell(sheet.max_row, 1).number_format = shape

    found = [issue.message for issue in issues(opened(saved(tmp_path / "a.xlsx", fill))) if issue.cell]
    assert found == [
        'ResourceId has the value "5", but the cell shows "2005".',
        'ResourceId has the value "5", but the cell shows "5 (old)".',
        'ResourceId has the value "5", but the cell shows nothing.',
        'ResourceId has the value "5", but it is not certain what the cell shows.',
    ]


@pytest.mark.parametrize(
    ("serial", "sent"),
    [
        (46361.4375, "2026-12-05T10:30:00"),
        (46361.43749999999, "2026-12-05T10:30:00"),
        (46361.437673611, "2026-12-05T10:30:15"),
        (46361.999999, ""),
        (46361.4374999, ""),
        (46361.00001, ""),
    ],
)
@pytest.mark.parametrize("shape", ["yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd hh:mm:ss.000"])
def test_a_part_of_a_second_is_no_noise_of_storing(tmp_path: Path, shape: str, serial: float, sent: str) -> None:
    """One program rounds it and another cuts it off, which may be another day; so nothing is sent of such a cell."""

    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.append(["SubscriptionExpireDate"])
        sheet.append([serial])
        sheet.cell(2, 1).number_format = shape

    found = [issue.code for issue in issues(opened(saved(tmp_path / "a.xlsx", fill))) if issue.cell]
    assert ("shown-uncertain" in found) == (sent == "")
    if sent:
        assert rows_of(opened(tmp_path / "a.xlsx"))[2] == [sent]


def test_a_style_of_every_cell_is_that_of_cells_without_one(tmp_path: Path) -> None:
    """A cell that names no style has the first, which need not be the general one."""
    styles = (
        f'<styleSheet {MAIN}><cellXfs count="2"><xf numFmtId="10"/><xf numFmtId="0"/></cellXfs></styleSheet>'.encode()
    )
    cells = '<row r="2"><c r="A2" s="1"><v>1</v></c><c r="B2"><v>0.5</v></c><c r="C2" s="1"><v>0.5</v></c></row>'
    kind = next(iter(RECORD_TYPES.values()))
    parts = xlsx_parts(sheet_xml(text_row(1, "ResourceId", "Name", "CalendarId"), cells))
    links = str(parts["xl/_rels/workbook.xml.rels"])
    link = '<Relationship Id="rId9" Type="http://x/relationships/styles" Target="/xl/styles.xml"/></Relationships>'
    parts |= {"xl/_rels/workbook.xml.rels": links.replace("</Relationships>", link), "xl/styles.xml": styles}
    sheet = opened(pack(tmp_path / "a.xlsx", parts))
    assert rows_of(as_shown(sheet, match_columns(sheet, kind, ()), kind)) == {2: ["1", "50.00%", "0.5"]}


def test_an_ods_shows_what_its_formats_do(tmp_path: Path) -> None:
    """A text that no program shows in that format is not certain; a comment at the cell is not part of it."""
    document = OpenDocumentSpreadsheet()
    table = Table(name="A")
    for cells in ODS_SHOWN:
        row = TableRow()
        for attributes, text in cells:
            cell = TableCell(**attributes)
            cell.addElement(P(text=text))
            if text == "7":
                comment = Annotation()
                comment.addElement(P(text="seven"))
                cell.addElement(comment)
            row.addElement(cell)
        table.addElement(row)
    document.spreadsheet.addElement(table)
    document.save(str(tmp_path / "a.ods"))
    sheet = opened(tmp_path / "a.ods")
    kind = next(iter(RECORD_TYPES.values()))
    rows = rows_of(as_shown(sheet, match_columns(sheet, kind, ()), kind))
    assert [row[1] for row in rows.values()] == ["7", "50%", "2026-12-01", "12.7", "£12.50", "2026-12-01", "12.7"]
    assert [row[0] for row in rows.values()] == ["1", "2", "3", "4", "5", "6", "7"]
    # A date in no format of dates is shown in that of the country.
    assert [(issue.code, issue.cell) for issue in issues(sheet)] == [
        ("shown-uncertain", f"B{row}") for row in (4, 5, 7)
    ]


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("float", "7", "Room 8"),
        ("float", "12", "#FMT"),
        ("date", "2026-12-05", "06.12.2026"),
        ("time", "PT10H30M00S", "Room"),
        ("boolean", "true", "FALSE"),
    ],
)
def test_a_text_that_contradicts_its_value_is_an_issue_with_both(
    tmp_path: Path, kind: str, value: str, shown: str
) -> None:
    """A program shows what it makes of the value, whatever text another one wrote beside it in an .ods file."""
    cells = (ods_cell("string", "", "Name"), ods_cell(kind, value, shown), ods_cell("string", "", "Last"))
    found = [issue for issue in issues(opened(write_ods(tmp_path / "a.ods", *cells))) if issue.cell == "A2"]
    assert [issue.code for issue in found] == ["shown-differently"]
    assert f'but the cell shows "{shown}"' in found[0].message


def test_characters_in_sections_of_an_opendocument_text_are_read(tmp_path: Path) -> None:
    """Whatever stands beside them, and in the last row too."""
    texts = ("Name", "A<![CDATA[<b>]]>C", "<![CDATA[Room]]>", "Plain", "<![CDATA[Last]]>")
    cells = (ods_cell("string", "", text) for text in texts)
    rows = rows_of(opened(write_ods(tmp_path / "a.ods", *cells)))
    assert list(rows.values()) == [["A<b>C"], ["Room"], ["Plain"], ["Last"]]


def test_a_table_inside_a_cell_is_refused(tmp_path: Path) -> None:
    """The rows below it would be lost."""
    inner = f'<table:table table:is-sub-table="true"><table:table-row>{ods_cell("string", "", "in")}</table:table-row>'
    outer = f'<table:table-cell office:value-type="string">{inner}</table:table></table:table-cell>'
    path = write_ods(tmp_path / "a.ods", ods_cell("string", "", "Name"), outer, ods_cell("string", "", "Room"))
    with pytest.raises(FileError, match="has a table inside a cell"):
        opened(path)


ODS_NUMBERS: list[tuple[str, str, str, str]] = [
    # Attributes of an Id or a date, its text, the values that are sent, "" for an error.
    ('value-type="float" office:value="1414915"', "1.414.915", "1414915", ""),
    ('value-type="float" office:value="1414915"', "1414915 (old)", "", ""),
    ('value-type="float" office:value="5"', "2005", "", ""),
    *(('value-type="float" office:value="300"', text, "300", "") for text in ("3E2", "3e+02", "3,0E2", "0.3E+3")),
    *(('value-type="float" office:value="300"', text, "", "") for text in ("3E3", "3E", "E2", "3E999")),
    ('value-type="percentage" office:value="5"', "500%", "", ""),
    ('value-type="boolean" office:boolean-value="true"', "1", "", ""),
    ('value-type="time" office:time-value="PT10H30M00S"', "10", "", ""),
    ('value-type="date" office:date-value="2026-12-05"', "2026", "", ""),
    ('value-type="date" office:date-value="2026-12-05"', "2026-12-05", "", "2026-12-05T05:00:00Z"),
    ('value-type="date" office:date-value="2026-12-05T10:30:00"', "2026-12-05T10:30:00", "", "2026-12-05T15:30:00Z"),
    ('value-type="date" office:date-value="2026-12-05"', "05.12.26", "", "2026-12-05T05:00:00Z"),
    ('value-type="date" office:date-value="2026-12-05"', "Samstag, 5. Dezember 2026", "", "2026-12-05T05:00:00Z"),
    ('value-type="date" office:date-value="2026-12-05"', "Dez 26", "", ""),
    ('value-type="date" office:date-value="2026-12-05"', "6. Dezember 2026", "", ""),
    ('value-type="date" office:date-value="2026-12-05T10:30:00"', "05.12.2026 10:30", "", "2026-12-05T15:30:00Z"),
    ('value-type="date" office:date-value="2026-12-05T10:30:00"', "05.12.2026 10:30 UTC", "", "2026-12-05T10:30:00Z"),
    ('value-type="date" office:date-value="2026-12-05T10:30:00"', "05.12.2026 10:30 CET", "", ""),
    ('value-type="date" office:date-value="2026-12-05T10:30:00"', "05.12.2026", "", ""),
    ('value-type="date" office:date-value="2027-04-30T24:00:00"', "2027-05-01", "", ""),
    ('value-type="date" office:date-value="2027-02-30"', "2027-03-02", "", ""),
    ('value-type="date" office:date-value="0000-01-01"', "0000-01-01", "", ""),
    ('value-type="float" office:value="46361.4375"', "46361.44", "", ""),
]


@pytest.mark.parametrize("case", ODS_NUMBERS)
def test_an_opendocument_number_or_date_is_what_is_shown(tmp_path: Path, case: tuple[str, str, str, str]) -> None:
    """In the language in which it was saved."""
    attributes, text, number, instant = case
    label = "ResourceId" if "date" not in attributes and "46361" not in attributes else "SubscriptionExpireDate"
    name = '<table:table-cell office:value-type="string"><text:p>{0}</text:p></table:table-cell>'
    rows = (name.format(label), f"<table:table-cell office:{attributes}><text:p>{text}</text:p></table:table-cell>")
    document = OpenDocumentSpreadsheet()
    document.spreadsheet.addElement(Table(name="A"))
    document.save(tmp_path / "plain.ods")
    with zipfile.ZipFile(tmp_path / "plain.ods") as archive:
        parts: dict[str, str | bytes] = {each: archive.read(each) for each in archive.namelist()}
    cells = "".join(f"<table:table-row>{row}{name.format('Name')}</table:table-row>" for row in rows)
    table = '<table:table table:name="A"{0}>'
    filled = f"{table.format('')}{cells}</table:table>"
    content = archive_text(parts["content.xml"]).replace(table.format("/"), filled)
    sheet = opened(pack(tmp_path / "a.ods", parts | {"content.xml": content}))
    kind = next(iter(RECORD_TYPES.values()))
    mapping = match_columns(sheet, kind, ())
    sheet, dates = as_shown(sheet, mapping, kind), DateReader("ymd", "America/New_York")
    checker = Checker(kind, mapping, sheet, required=(), now=datetime(2026, 11, 23, tzinfo=UTC), dates=dates)
    [checked] = [checker.check(chunk) for chunk in sheet.read()]
    sent = [str(json.loads(record.body)[label]) for record in checked.records()]
    assert sent == [each for each in (number, instant) if each]
    errors = [issue.cell for issue in checked.issues if issue.severity is Severity.ERROR]
    assert errors == ([] if sent else ["A2"])


def archive_text(part: str | bytes) -> str:
    """A part of an archive as text."""
    return part.decode() if isinstance(part, bytes) else part


ODS_SHOWN: list[list[tuple[dict[str, str], str]]] = [
    [({"valuetype": "string"}, "ResourceId"), ({"valuetype": "string"}, "Name")],
    *(
        [({"valuetype": "float", "value": f"{number}"}, f"0000{number}"), cell]
        for number, cell in enumerate(
            (
                ({"valuetype": "float", "value": "7"}, "7"),
                ({"valuetype": "percentage", "value": "0.5"}, "50%"),
                ({"valuetype": "date", "datevalue": "2026-12-01"}, "1 December"),
                ({"valuetype": "float", "value": "12.7"}, "13"),
                ({"valuetype": "currency", "currency": "GBP", "value": "12.5"}, "£12.50"),
                ({"valuetype": "date", "datevalue": "2026-12-01"}, "2026-12-01"),
                ({"valuetype": "float", "value": "12.70"}, "12.7"),
            ),
            start=1,
        )
    ),
]


@given(
    st.lists(st.tuples(st.integers(1, 40), st.sampled_from("ab")), unique_by=lambda cell: cell[0]),
    st.integers(1, 45),
    st.integers(0, 45),
)
def test_stretches_give_back_what_was_added(cells: list[tuple[int, str]], first: int, count: int) -> None:
    """Each cell has what it was added with, every other cell the default, in whichever piece it is asked for."""
    stretches = Stretches("none")
    for row, shared in sorted(cells):
        stretches.add(row, 3, shared)
    assert stretches.of(3, first, count) == [dict(cells).get(row, "none") for row in range(first, first + count)]


def test_several_filled_sheets_are_listed(tmp_path: Path) -> None:
    """Nobody guesses which of two filled sheets is meant; --sheet says it."""

    def fill(book: Workbook, sheet: Worksheet) -> None:
        filled(sheet)
        filled(book.create_sheet("Second"))
        book.create_sheet("Empty")["B2"] = " "
        book.create_sheet("Notes").append(NOTES_HEADER)

    path = saved(tmp_path / "a.xlsx", fill)
    with pytest.raises(FileError, match=r"has several sheets: Sheet, Second\.") as error:
        opened(path)
    assert '--sheet "Sheet"' in error.value.advice
    assert opened(path, sheet="Second").name == "Second"
    with pytest.raises(FileError, match="is empty"):
        opened(path, sheet="Empty")
    with pytest.raises(FileError, match='has no sheet "Third"'):
        opened(path, sheet="Third")


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_named_and_not_read(tmp_path: Path, state: str) -> None:
    """What nobody sees is not imported, and what is filled of it is said."""

    def fill(book: Workbook, sheet: Worksheet) -> None:
        filled(sheet)
        for name in ("Old", "Empty"):
            book.create_sheet(name).sheet_state = state
        filled(book["Old"])

    sheet = opened(saved(tmp_path / "a.xlsx", fill))
    assert (sheet.name, notice_text(sheet.notices)) == ("Sheet", "Hidden sheets are not read: Old.")


def test_titles_above_and_columns_to_the_left_are_no_matter(tmp_path: Path) -> None:
    """A table may begin anywhere; its rows keep the numbers and its cells the letters of the program."""

    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet["B2"] = "Calendars of November"
        for place, text in enumerate(["ResourceId", "CoworkerId", "Name"]):
            sheet.cell(5, 2 + place, text)
            sheet.cell(7, 2 + place, place + 1)

    sheet = opened(saved(tmp_path / "a.xlsx", fill))
    assert (sheet.header_row, sheet.labels) == (5, ("", "ResourceId", "CoworkerId", "Name"))
    assert rows_of(sheet) == {7: ["", "1", "2", "3"]}
    assert notice_text(sheet.notices).startswith("Row 2 looks like a title")


def test_odfs_formulas_without_value_are_found(tmp_path: Path) -> None:
    """Also behind repeated cells and rows, whose repetitions are counted."""
    book = OpenDocumentSpreadsheet()
    table = Table(name="Data")
    for texts in (["ResourceId", "CoworkerId", "Name"], ["1", "2", "A"]):
        row = TableRow()
        for text in texts:
            cell = TableCell(valuetype="string")
            cell.addElement(P(text=text))
            row.addElement(cell)
        table.addElement(row)
    empty = TableRow(numberrowsrepeated="3")
    empty.addElement(TableCell(numbercolumnsrepeated="3"))
    table.addElement(empty)
    last = TableRow()
    last.addElement(TableCell(numbercolumnsrepeated="2"))
    last.addElement(TableCell(formula="of:=[.A2]&[.B2]"))
    table.addElement(last)
    book.spreadsheet.addElement(table)
    book.save(str(tmp_path / "a.ods"))
    sheet = opened(tmp_path / "a.ods")
    assert rows_of(sheet) == {2: ["1", "2", "A"], 6: ["", "", "=[.A2]&[.B2]"]}
    assert problems_of(sheet) == {(6, 2): "formula-without-value"}


def test_a_sheet_is_read_as_often_as_it_is_asked_for(tmp_path: Path) -> None:
    """Two readings at once do not disturb each other."""

    def fill(book: Workbook, sheet: Worksheet) -> None:
        for n in range(1, 500):
            sheet.append([n, "x"] if n > 1 else ["ResourceId", "Name"])

    sheet = opened(saved(tmp_path / "a.xlsx", fill))
    one, other = sheet.read(), sheet.read()
    assert len(next(one)) == len(next(other))
    assert sum(map(len, one)) == sum(map(len, other)) == len(rows_of(sheet)) - len(next(sheet.read()))


ODS_CELLS: dict[str, tuple[str, str, str, str | None]] = {
    # Attributes of a cell, its text, what is read, and the code of its issue.
    "text without a type": ("", "Room", "Room", None),
    "no value": ('office:value-type="void"', "Room", "Room", None),
    "number without a value": ('office:value-type="float"', "12", "12", None),
    "date without a value": ('office:value-type="date"', "Monday", "Monday", None),
    "yes without a value": ('office:value-type="boolean"', "TRUE", "TRUE", None),
    "formula with a text alone": ('table:formula="of:=[.A1]"', "Room", "=[.A1]", "formula-without-value"),
    "number without a text": ('office:value-type="float" office:value="1.5"', "", "1.5", None),
    "number of plain style": ('office:value-type="float" office:value="5" table:style-name="ce1"', "", "5", None),
    "number of a style with a format": (
        'office:value-type="float" office:value="5" table:style-name="ce2"', "", "5", "shown-uncertain",
    ),
    "number of a style elsewhere": (
        'office:value-type="float" office:value="5" table:style-name="Result"', "", "5", "shown-uncertain",
    ),
    "percentage without a text": ('office:value-type="percentage" office:value="0.5"', "", "0.5", "shown-uncertain"),
    "money without a text": ('office:value-type="currency" office:value="3"', "", "3", "shown-uncertain"),
    "date without a text": (
        'office:value-type="date" office:date-value="2026-01-02"', "", "2026-01-02", "shown-uncertain",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ODS_CELLS)
def test_an_opendocument_cell_without_value_or_text_is_no_guess(tmp_path: Path, name: str) -> None:
    """What stands there is a text, also to the right of and below all cells with values; a format is not guessed."""
    attributes, text, expected, code = ODS_CELLS[name]
    document = OpenDocumentSpreadsheet()
    table, row = Table(name="Data"), TableRow()
    document.spreadsheet.addElement(table)
    table.addElement(row)
    for label in ("ResourceId", "Name"):
        cell = TableCell(valuetype="string")
        cell.addElement(P(text=label))
        row.addElement(cell)
    document.save(tmp_path / "plain.ods")
    paragraph = f"<text:p>{text}</text:p>" if text else ""
    added = f"<table:table-row><table:table-cell/><table:table-cell {attributes}>{paragraph}</table:table-cell>"
    styles = '<style:style style:family="table-cell" style:name="ce1" style:parent-style-name="Default"/>'
    styles += '<style:style style:family="table-cell" style:name="ce2" style:data-style-name="N5"/>'
    with zipfile.ZipFile(tmp_path / "plain.ods") as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    content = parts["content.xml"].decode().replace("</table:table>", f"{added}</table:table-row></table:table>")
    parts["content.xml"] = content.replace(
        "<office:automatic-styles/>", f"<office:automatic-styles>{styles}</office:automatic-styles>"
    ).encode()
    sheet = opened(pack(tmp_path / "a.ods", parts))
    assert rows_of(sheet) == {2: ["", expected]}
    assert [issue.code for issue in issues(sheet) if issue.cell == "B2"] == ([code] if code else [])


def test_a_number_whose_format_depends_on_a_condition_is_an_error(tmp_path: Path) -> None:
    """Nobody here decides which condition is met; texts and other columns are as they were."""

    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.append(["ResourceId", "Name"])
        for row in ([1, "A"], [2, 5], [3, 6], [4, 7], [5, 8]):
            sheet.append(row)
        shape = DifferentialStyle(numFmt=NumberFormat(numFmtId=200, formatCode='"Room "0'))
        bold = DifferentialStyle(font=Font(bold=True))
        for area, style in (("B2:B3 B5", shape), ("A1:B6", bold)):
            sheet.conditional_formatting.add(area, Rule(type="expression", dxf=style, formula=["TRUE"]))

    sheet = opened(saved(tmp_path / "a.xlsx", fill))
    assert [(issue.cell, issue.code) for issue in issues(sheet)] == [
        ("B3", "shown-uncertain"),
        ("B5", "shown-uncertain"),
    ]


@pytest.mark.parametrize(
    ("of_cell", "of_condition", "value", "is_certain"),
    [
        ("General", "General", 5, True),
        ("General", "0", 5, True),
        ("General", "0", 5.5, False),
        ("General", "#,##0", 1414915, False),
        ("0%", "0%", 0.5, True),
        ("0%", "General", 0.5, False),
        ("dd/mm/yyyy hh:mm", "dd/mm/yyyy hh:mm", datetime(2031, 3, 1, 10, 30), True),
        ("dd/mm/yyyy hh:mm", "mm/yyyy", datetime(2031, 3, 1, 10, 30), False),
    ],
)
def test_a_condition_whose_format_shows_the_same_changes_nothing(
    tmp_path: Path, of_cell: str, of_condition: str, value: float | datetime, *, is_certain: bool
) -> None:
    """Some programs write the whole style of a condition, with the format that the cells have anyway."""

    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.append(["ResourceId", "Name"])
        sheet.append([1, value])
        sheet["B2"].number_format = of_cell
        style = DifferentialStyle(numFmt=NumberFormat(numFmtId=0, formatCode=of_condition))
        sheet.conditional_formatting.add("B1:B9", Rule(type="expression", dxf=style, formula=["TRUE"]))

    sheet = opened(saved(tmp_path / "a.xlsx", fill))
    assert [issue.code for issue in issues(sheet) if issue.cell == "B2"] == ([] if is_certain else ["shown-uncertain"])


@pytest.mark.parametrize("area", ["B2", "B1:B9", "$B$2:$C$3", "B:B", "2:2", "A9 B2:B2"])
@pytest.mark.parametrize("form", ["older", "newer"])
def test_every_form_of_a_condition_is_understood(tmp_path: Path, area: str, form: str) -> None:
    """The newer one holds its format itself, behind the sheet."""
    rule = '<cfRule type="expression"><formula>TRUE</formula><dxf><numFmt formatCode="0%"/></dxf></cfRule>'
    older = f'<conditionalFormatting sqref="{area}">{rule}</conditionalFormatting>'
    newer = f"<x:conditionalFormatting>{rule}<m:sqref>{area}</m:sqref></x:conditionalFormatting>"
    rows = text_row(1, "ResourceId", "Name"), '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>5</v></c></row>'
    spaces = 'xmlns:x="urn:x" xmlns:m="urn:m"'
    xml = sheet_xml(*rows, tail=older if form == "older" else f"<extLst {spaces}>{newer}</extLst>")
    sheet = opened(pack(tmp_path / "a.xlsx", xlsx_parts(xml)))
    found = {issue.cell: issue.code for issue in issues(sheet)}
    # A number is one in a column of numbers, too.
    assert found == dict.fromkeys(["A2", "B2"] if area == "2:2" else ["B2"], "shown-uncertain")


def with_zeros(folder: Path, kind: str, *, shows_zeros: bool) -> Path:
    """A workbook with numbers that are 0, or not, under the labels of an Id and a name."""
    flags = 0x10 * shows_zeros | 0x26
    rows: list[list[str | float]] = [["ResourceId", "Name"], [0, "A"], [7, 0], [8, "0"]]
    match kind:
        case "xls":
            record = xls_record(0x23E, struct.pack("<H16x", flags))
            return write_xls(folder / "a.xls", rows, sheet=record)
        case "xlsb":
            record = xlsb_record(137, struct.pack("<H28x", flags))
            return write_xlsb(folder / "a.xlsb", rows, more={"view": record})
        case _:
            numbers = (
                '<row r="2"><c r="A2"><v>0</v></c><c r="B2" t="str"><v>A</v></c></row>'
                '<row r="3"><c r="A3"><v>7</v></c><c r="B3"><v>0</v></c></row>'
                '<row r="4"><c r="A4"><v>8</v></c><c r="B4" t="str"><v>0</v></c></row>'
            )
            xml = sheet_xml(text_row(1, "ResourceId", "Name"), numbers)
            view = f'<sheetViews><sheetView showZeros="{shows_zeros:d}" workbookViewId="0"/></sheetViews><sheetData>'
            return pack(folder / f"a.{kind}", xlsx_parts(xml.replace("<sheetData>", view)))


def ods_with_zeros(path: Path, views: str) -> Path:
    """The same as LibreOffice writes it: the text of a zero stands in its cell, shown or not."""
    document, table = OpenDocumentSpreadsheet(), Table(name="Data")
    for cells in (["ResourceId", "Name"], [0, "A"], [7, 0], [8, "0"]):
        row = TableRow()
        for cell in cells:
            kind = {"valuetype": "string"} if isinstance(cell, str) else {"valuetype": "float", "value": str(cell)}
            element = TableCell(**kind)
            element.addElement(P(text=str(cell)))
            row.addElement(element)
        table.addElement(row)
    document.spreadsheet.addElement(table)
    document.save(str(path))
    with zipfile.ZipFile(path) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    space = "urn:oasis:names:tc:opendocument:xmlns:config:1.0"
    settings = f"""<d:s xmlns:d="urn:d" xmlns:config="{space}"><config:config-item-map-indexed config:name="Views">
        <config:config-item-map-entry>{views}</config:config-item-map-entry></config:config-item-map-indexed></d:s>"""
    return pack(path, parts | {"settings.xml": settings})


def zeros_item(shown: str) -> str:
    """The setting of a view or of a sheet."""
    return f'<config:config-item config:name="ShowZeroValues" config:type="boolean">{shown}</config:config-item>'


def of_table(name: str, item: str) -> str:
    """A setting of one sheet."""
    named = f'<config:config-item-map-entry config:name="{name}">{item}</config:config-item-map-entry>'
    return f'<config:config-item-map-named config:name="Tables">{named}</config:config-item-map-named>'


@pytest.mark.parametrize(
    ("views", "hidden"),
    [
        (zeros_item("true"), False),
        (zeros_item("false"), True),
        ("", False),
        (of_table("Data", zeros_item("false")) + zeros_item("true"), True),
        (of_table("Data", zeros_item("true")) + zeros_item("false"), False),
        (of_table("Other", zeros_item("false")) + zeros_item("true"), False),
    ],
)
def test_a_zero_that_an_opendocument_view_hides_is_an_error(tmp_path: Path, views: str, *, hidden: bool) -> None:
    """In any kind of field; the text 0 and other numbers are shown."""
    found = issues(opened(ods_with_zeros(tmp_path / "a.ods", views)))
    told = {issue.cell: issue.message for issue in found if issue.code == "shown-differently"}
    assert told == (
        {
            "A2": 'ResourceId has the value "0", but the cell shows nothing.',
            "B3": 'Name has the value "0", but the cell shows nothing.',
        }
        if hidden
        else {}
    )


@pytest.mark.parametrize("kind", ["xlsx", "xlsm", "xlsb", "xls"])
@pytest.mark.parametrize("shows_zeros", [True, False])
def test_a_zero_that_the_sheet_hides_is_an_error(tmp_path: Path, kind: str, *, shows_zeros: bool) -> None:
    """In any kind of field; the text 0 and other numbers are shown."""
    found = issues(opened(with_zeros(tmp_path, kind, shows_zeros=shows_zeros)))
    hidden = {issue.cell: issue.message for issue in found if issue.code == "shown-differently"}
    assert hidden == (
        {}
        if shows_zeros
        else {
            "A2": 'ResourceId has the value "0", but the cell shows nothing.',
            "B3": 'Name has the value "0", but the cell shows nothing.',
        }
    )


CONDITIONS_IN_PLACE = {
    "icons": '<cfRule type="iconSet"><iconSet showValue="0"><cfvo type="num" val="1"/></iconSet></cfRule>',
    "bars": '<cfRule type="dataBar"><dataBar showValue="0"><cfvo type="min"/></dataBar></cfRule>',
}


@pytest.mark.parametrize("name", CONDITIONS_IN_PLACE)
def test_icons_and_bars_without_numbers_hide_them(tmp_path: Path, name: str) -> None:
    """Beside their numbers they hide nothing."""
    rows = text_row(1, "ResourceId", "Name"), '<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="str"><v>A</v></c></row>'
    for number, shows in enumerate((False, True)):
        rule = CONDITIONS_IN_PLACE[name].replace('"0"', f'"{shows:d}"', 1)
        tail = f'<conditionalFormatting sqref="A1:B9">{rule}</conditionalFormatting>'
        sheet = opened(pack(tmp_path / f"{number}.xlsx", xlsx_parts(sheet_xml(*rows, tail=tail))))
        assert [issue.cell for issue in issues(sheet)] == ([] if shows else ["A2"])


@pytest.mark.parametrize(
    ("shape", "is_error"), [("0%", False), (";;;", True), ("@&quot; (old)&quot;", True), ("@", False)]
)
def test_a_condition_may_change_a_text(tmp_path: Path, shape: str, *, is_error: bool) -> None:
    """If its number format has a part for texts that shows more or less than the text."""
    rows = text_row(1, "ResourceId", "Name"), '<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="str"><v>A</v></c></row>'
    rule = f'<cfRule type="expression"><formula>TRUE</formula><dxf><numFmt formatCode="{shape}"/></dxf></cfRule>'
    tail = f'<conditionalFormatting sqref="B1:B9">{rule}</conditionalFormatting>'
    sheet = opened(pack(tmp_path / "a.xlsx", xlsx_parts(sheet_xml(*rows, tail=tail))))
    assert [(issue.cell, issue.code) for issue in issues(sheet)] == ([("B2", "shown-uncertain")] if is_error else [])


def test_an_opendocument_sheet_of_texts_without_types_is_read(tmp_path: Path) -> None:
    """None of its cells has a value, as short scripts write them; all of them are texts, the labels too."""
    document, table = OpenDocumentSpreadsheet(), Table(name="Data")
    document.spreadsheet.addElement(table)
    for texts in (("ResourceId", "Name"), ("1", "Room 1"), ("2", "Room 2")):
        row = TableRow()
        table.addElement(row)
        for text in texts:
            cell = TableCell()
            cell.addElement(P(text=text))
            row.addElement(cell)
    document.save(tmp_path / "a.ods")
    sheet = opened(tmp_path / "a.ods")
    assert (rows_of(sheet), issues(sheet)) == ({2: ["1", "Room 1"], 3: ["2", "Room 2"]}, [])
