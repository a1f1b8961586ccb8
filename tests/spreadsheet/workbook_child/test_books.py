"""A workbook as sheets of values."""

import io
import struct
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from functools import partial
from pathlib import Path

import pytest

from importer.errors import FileError, SheetsError
from importer.spreadsheet.workbook_child.books import CalamineBook, SheetName, XlsBook, first_row
from importer.spreadsheet.workbook_child.cell_texts import Cell
from importer.spreadsheet.workbook_child.display import FROM_1904, Display
from importer.spreadsheet.workbook_child.format_codes import GENERAL, OTHER
from importer.spreadsheet.workbook_child.limits import PROTECTED, Refusal
from spreadsheet.making import (
    MAIN,
    RELATIONS,
    compound,
    opened,
    pack,
    rows_of,
    sheet_xml,
    text_row,
    with_formats,
    write_xls,
    xls_formula,
    xls_record,
    xlsx_parts,
)

ERROR, BOOLEAN = (2, 0, 0, 42, 1), (3, 0, 0, 1, 0)
"""Cells of the second type that holds either: row, position, style, value, and whether it is an error."""


def xls(path: Path, rows: Sequence[Sequence[str | float | None]], *records: bytes, **about: bytes | str) -> XlsBook:
    """An old workbook with one sheet, which has these further records."""
    return XlsBook(write_xls(path, rows, sheet=b"".join(records), **about).read_bytes())  # type: ignore[arg-type]


def error_or_boolean(cell: Sequence[int]) -> bytes:
    """The record of a cell that is an error or a yes or no."""
    return xls_record(0x205, struct.pack("<HHHBB", *cell))


def row_record(row: int, *, height: int = 300, hidden: bool = False) -> bytes:
    """The record of what a row of an old workbook looks like."""
    return xls_record(0x208, struct.pack("<6HI", row, 0, 2, height, 0, 0, 0x100 | 0x20 * hidden))


def column_record(first: int, last: int, *, width: int = 2000, hidden: bool = False) -> bytes:
    """The same of columns."""
    return xls_record(0x7D, struct.pack("<6H", first, last, width, 0, hidden, 0))


def test_the_values_of_an_old_workbook_have_the_types_of_their_cells(tmp_path: Path) -> None:
    """An error has no value; a row that ends early is as wide as the others."""
    records = error_or_boolean(ERROR), error_or_boolean(BOOLEAN)
    book = xls(tmp_path / "a.xls", [["Room", 5.5], [None, "x", 7.0]], *records)
    table = book.table("Data")
    assert (book.names, table.start, table.extent) == ([SheetName("Data", is_hidden=False)], (0, 0), (4, 3))
    assert list(table.rows()) == [["Room", 5.5, None], [None, "x", 7.0], [None, None, None], [True, None, None]]


@pytest.mark.parametrize(
    ("days", "from_1904", "value"),
    [
        (46000.0, False, datetime(2025, 12, 9)),
        (46000.4375, False, datetime(2025, 12, 9, 10, 30)),
        (46000.4375, True, datetime(2029, 12, 10, 10, 30)),
        (0.4375, False, time(10, 30)),
        (0.4375, True, time(10, 30)),
        (61.0, False, datetime(1900, 3, 1)),
        (1.0, False, datetime(1900, 1, 1)),
        (1.0, True, datetime(1904, 1, 2)),
        (60.0, False, 60.0),
        (-1.0, False, -1.0),
        (-1e300, False, -1e300),
        (1e300, True, 1e300),
    ],
)
def test_a_moment_of_an_old_workbook_is_that_of_its_day_0(
    tmp_path: Path, days: float, from_1904: bool, value: Cell
) -> None:
    """Where no program shows the same, it is only a number."""
    book = xls(
        tmp_path / "a.xls", [[days]], book=xls_record(0x22, struct.pack("<H", from_1904)), shape="yyyy-mm-dd hh:mm"
    )
    assert list(book.table("Data").rows()) == [[value]]
    assert book.display("Data").day_zero == (FROM_1904 if from_1904 else "")


def excel_5(path: Path, name: bytes, *records: bytes) -> XlsBook:
    """A workbook of Excel 5 with a header and one name, in single bytes; ``records`` are further ones of the book."""
    begin = partial(struct.pack, "<HHHH", 0x500)
    book = xls_record(0x809, begin(5, 0x0DBB, 0x07CC)) + b"".join(records)
    book += xls_record(0x41E, struct.pack("<HB", 200, 7) + b"General") + xls_record(0xE0, struct.pack("<HH12x", 0, 200))
    book += xls_record(0x85, struct.pack("<IHB", len(book) + 4 + 11 + 4, 0, 4) + b"Data") + xls_record(0x0A)
    texts = (struct.pack("<HHHH", row, 0, 0, len(text)) + text for row, text in enumerate((b"Name", name)))
    sheet = xls_record(0x809, begin(0x10, 0x0DBB, 0x07CC)) + b"".join(xls_record(0x204, text) for text in texts)
    path.write_bytes(compound(book + sheet + xls_record(0x0A)))
    return XlsBook(path.read_bytes())


def test_letters_of_a_workbook_without_a_character_set_are_not_guessed(tmp_path: Path) -> None:
    """Excel takes those of the computer; letters that are the same in all of them are read."""
    name, russian = "Комната".encode("cp1251"), xls_record(0x42, struct.pack("<H", 1251))
    assert list(excel_5(tmp_path / "a.xls", name, russian).table("Data").rows()) == [["Name"], ["Комната"]]
    assert excel_5(tmp_path / "b.xls", b"Room").display("Data").problems == {}
    with pytest.raises(Refusal, match="does not name its character set"):
        excel_5(tmp_path / "c.xls", name).display("Data")


def test_what_an_old_workbook_hides_is_known(tmp_path: Path) -> None:
    """By a mark or by having no size; rows without anything in them are none."""
    rows: list[list[str | float | None]] = [["A", "B"], ["hidden", None], ["flat", None], [None, None], ["shown", None]]
    about_rows = row_record(1, hidden=True), row_record(2, height=0), row_record(3, hidden=True), row_record(4)
    columns = column_record(1, 2, hidden=True), column_record(4, 4, width=0), column_record(5, 5)
    display = xls(tmp_path / "a.xls", rows, *about_rows, *columns).display("Data")
    assert (display.hidden_rows, display.hidden_columns, display.hides_zeros) == (2, {1, 2, 4}, False)
    view = xls_record(0x23E, struct.pack("<H16x", 0x26))
    assert xls(tmp_path / "b.xls", rows, row_record(1), view).display("Data").hides_zeros
    assert xls(tmp_path / "c.xls", rows, row_record(1)).display("Data").hidden_rows == 0


def test_what_is_wrong_in_an_old_workbook_is_known(tmp_path: Path) -> None:
    """An error with its name, a formula without a result, and the cells that another one covers."""
    unwritten = xls_formula(3, 1, b"\3\0\0\0\0\0\xff\xff")
    merged = xls_record(0xE5, struct.pack("<H4H", 1, 0, 1, 1, 1))
    book = xls(tmp_path / "a.xls", [["A", "B"], ["x", "y"]], error_or_boolean(ERROR), unwritten, merged)
    assert book.display("Data").problems == {
        3: {0: ("cell-error", "#N/A")},
        4: {1: ("formula-without-value", "=…")},
        2: {1: ("cell-merged", "")},
    }


def test_the_formats_of_an_old_workbook_are_those_of_its_cells(tmp_path: Path) -> None:
    """General for a cell that is not there."""
    formats = xls(tmp_path / "a.xls", [["A", "B"], [7.0]], shape='"ID: "0').display("Data").formats
    assert formats is not None
    assert (formats.of(0, 1, 3), formats.of(1, 3, 1)) == (['"ID: "0', '"ID: "0', GENERAL], [GENERAL])


@pytest.mark.parametrize(
    ("key", "shape"), [(0, GENERAL), (2, "0.00"), (14, f"{OTHER}m/d/yyyy"), (49, "@"), (30, OTHER)]
)
def test_an_old_format_that_is_named_by_its_number_alone_may_depend_on_the_country(
    tmp_path: Path, key: int, shape: str
) -> None:
    """That of the United States, which xlrd gives, is not this user's."""
    first_style = xls_record(0xE0, struct.pack("<HH16x", 0, key))
    formats = xls(tmp_path / "a.xls", [[46000.0]], book=first_style).display("Data").formats
    assert formats is not None
    assert formats.of(0, 1, 1) == [shape]


def test_an_old_workbook_with_a_password_is_called_so(tmp_path: Path) -> None:
    """By one of its first records."""
    with pytest.raises(Refusal) as refusal:
        xls(tmp_path / "a.xls", [["A"]], book=xls_record(0x2F, struct.pack("<HHH", 0, 1, 2)))
    assert refusal.value.args == PROTECTED


def modern(path: Path, *sheets: str, hidden: Sequence[str] = (), shapes: Sequence[str] = ()) -> Path:
    """An .xlsx workbook with these sheets of XML: Data1, Data2 and so on."""
    parts = with_formats(xlsx_parts(sheets[0]), *shapes)
    names, links = "", str(parts["xl/_rels/workbook.xml.rels"])
    for number, xml in enumerate(sheets, start=1):
        name = f"Data{number}"
        state = ' state="hidden"' if name in hidden else ""
        names += f'<sheet name="{name}" sheetId="{number}"{state} r:id="rIdS{number}"/>'
        link = f'<Relationship Id="rIdS{number}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        links = links.replace("</Relationships>", f"{link}</Relationships>")
        parts[f"xl/worksheets/sheet{number}.xml"] = xml
    parts["xl/_rels/workbook.xml.rels"] = links
    parts["xl/workbook.xml"] = f'<workbook {MAIN} xmlns:r="{RELATIONS}"><sheets>{names}</sheets></workbook>'
    return pack(path, parts)


def test_a_modern_workbook_has_its_sheets_and_their_places(tmp_path: Path) -> None:
    """Hidden ones, too; a table begins where its first cell is."""
    first, second = (
        sheet_xml(text_row(1, "A", "B"), text_row(3, "x")),
        sheet_xml('<row r="4"><c r="C4"><v>7</v></c></row>'),
    )
    book = CalamineBook(modern(tmp_path / "a.xlsx", first, second, hidden=["Data2"]), lambda _: Display())
    assert book.names == [SheetName("Data1", is_hidden=False), SheetName("Data2", is_hidden=True)]
    assert (book.table("Data1").start, book.table("Data1").extent) == ((0, 0), (3, 2))
    assert list(book.table("Data1").rows()) == [["A", "B"], ["", ""], ["x", ""]]
    assert (book.table("Data2").start, book.table("Data2").extent) == ((3, 2), (4, 3))
    assert book.table("Data1") is book.table("Data1")


def test_an_empty_sheet_has_no_cells(tmp_path: Path) -> None:
    """And starts at A1."""
    table = CalamineBook(modern(tmp_path / "a.xlsx", sheet_xml()), lambda _: Display()).table("Data1")
    assert (table.start, table.extent, first_row(table)) == ((0, 0), (0, 0), ())


def test_merged_cells_are_added_to_what_is_seen(tmp_path: Path) -> None:
    """As far as the table goes."""
    merged = '<mergeCells><mergeCell ref="A1:B1048576"/></mergeCells>'
    path = modern(tmp_path / "a.xlsx", sheet_xml(text_row(1, "A", "B"), text_row(2, "x", "y"), tail=merged))
    seen: list[str] = []

    def display(name: str) -> Display:
        seen.append(name)
        return Display()

    problems = CalamineBook(path, display).display("Data1").problems
    assert seen == ["Data1"]
    assert problems == {1: {1: ("cell-merged", "")}, 2: {0: ("cell-merged", ""), 1: ("cell-merged", "")}}


NO_DAYS = ["-1e300", "1e300", "-1e18", "1e18", "-1e9", "1e9", "NaN", "-inf", "1e999"]


@pytest.mark.parametrize("days", NO_DAYS)
def test_a_number_that_is_no_day_hinders_no_choice_of_a_sheet(tmp_path: Path, days: str) -> None:
    """It stands in the first row of another sheet, or of the sheet itself."""
    cell = f'<row r="1"><c r="A1" s="0"><v>{days}</v></c></row>'
    data = sheet_xml(text_row(1, "Name"), text_row(2, "Room"))
    path = modern(tmp_path / "a.xlsx", sheet_xml(cell), data, shapes=["yyyy-mm-dd"])
    with pytest.raises(SheetsError, match="has several sheets: Data1, Data2"):
        opened(path)
    assert rows_of(opened(path, sheet="Data2")) == {2: ["Room"]}
    hidden = modern(tmp_path / "b.xlsx", sheet_xml(cell), data, hidden=["Data1"], shapes=["yyyy-mm-dd"])
    sheet = opened(hidden)
    assert (rows_of(sheet), [notice.code for notice in sheet.notices]) == ({2: ["Room"]}, ["hidden-sheets"])
    titled = modern(
        tmp_path / "c.xlsx", sheet_xml(cell, text_row(2, "Name", "No"), text_row(3, "Room", "1")), shapes=["d"]
    )
    assert rows_of(opened(titled, header_row=2)) == {3: ["Room", "1"]}  # type: ignore[arg-type]


class Panicking:
    """A table that cannot be gone through."""

    start = extent = (0, 0)

    def __init__(self, error: type[BaseException]) -> None:
        self._error = error

    def rows(self) -> Iterator[Sequence[Cell]]:
        """None."""
        raise self._error


def test_only_a_panic_is_an_overflow() -> None:
    """Ctrl-C and a lack of memory stay what they are."""
    panic = type("PanicException", (BaseException,), {})
    with pytest.raises(OverflowError):
        first_row(Panicking(panic))
    for error in (KeyboardInterrupt, MemoryError):
        with pytest.raises(error):
            first_row(Panicking(error))


def test_a_stream_is_read_like_a_file(tmp_path: Path) -> None:
    """A plain copy of a workbook is only in memory."""
    path = modern(tmp_path / "a.xlsx", sheet_xml(text_row(1, "A")))
    assert first_row(CalamineBook(io.BytesIO(path.read_bytes()), lambda _: Display()).table("Data1")) == ("A",)


def test_the_reason_of_a_refusal_reaches_the_user(tmp_path: Path) -> None:
    """Through the other process."""
    path = write_xls(tmp_path / "a.xls", [["A"]], book=xls_record(0x2F, struct.pack("<HHH", 0, 1, 2)))
    with pytest.raises(FileError, match="protected with a password"):
        opened(path)
