"""A file to correct that comes back as it is: each cell that was an error is the same error again."""

import csv
import struct
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from conftest import LABELS, Desk, Service, mapping
from spreadsheet.making import ods_cell, write_ods, write_xls, xls_formula, xls_record

from importer.issues import Severity

GOOD = tuple(map(str, mapping(2)))
NOT_STORED, TO_CALCULATE = b"\3\0\0\0\0\0\xff\xff", struct.pack("<d", 5.0)


def text_file(path: Path) -> Path:
    """Formulas, in a field that must be filled and in one that need not be."""
    file = path.with_suffix(".csv")
    rows = [LABELS, GOOD, ("7", "8", "=1+1", *GOOD[3:]), ("7", "9", "Room", GOOD[3], "=A1", GOOD[5])]
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    return file


def old_workbook(path: Path) -> Path:
    """Merged cells, formulas and a rounded number."""
    rows: list[list[str | float | None]] = [[*LABELS], [*GOOD]]
    rows += [[7.0, float(number), "Room", *GOOD[3:]] for number in range(8, 12)]
    # Row 3 has no name, and row 4 is below a merged Id of a subscription.
    rows[2][2] = rows[5][2] = rows[3][4] = None
    rows[4][1] = 123456789012345678.0
    merged = xls_record(0xE5, struct.pack("<HHHHH", 1, 2, 3, 4, 4))
    formulas = xls_formula(2, 2, NOT_STORED) + xls_formula(5, 2, TO_CALCULATE, flags=2)
    return write_xls(path.with_suffix(".xls"), rows, sheet=merged + formulas)


def open_document(path: Path) -> Path:
    """Values that are shown differently, and one of which nobody knows what it shows."""
    texts = [ods_cell("string", "", text) for text in GOOD]
    rows = [[ods_cell("string", "", text) for text in LABELS], texts, [*texts], [*texts], [*texts]]
    rows[2][3] = ods_cell("date", "2031-03-01", "02.03.2031")
    rows[3][2] = ods_cell("float", "0.5", "50 percent")
    rows[4][0] = ods_cell("float", "1234567", "7")
    return write_ods(path.with_suffix(".ods"), *map("".join, rows))


FILES = [text_file, old_workbook, open_document]


def errors(desk: Desk, path: Path) -> list[tuple[int, str, str]]:
    """Row, field and code of each error in a file."""
    issues = desk.type("check", path, "--json", "--allow-duplicates").json["issues"]
    of_cells = (one for one in issues if one["severity"] == Severity.ERROR.value)
    return sorted((one["row"], one["field"], one["code"]) for one in of_cells)


@pytest.mark.parametrize("make", FILES)
def test_a_copy_that_nobody_corrected_has_the_same_errors(desk: Desk, make: Callable[[Path], Path]) -> None:
    """In the same rows and fields, as often as it goes round."""
    file, copy, again = make(desk.folder / "mine"), desk.folder / "fix.xlsx", desk.folder / "again.xlsx"
    before = errors(desk, file)
    assert len(before) >= 2
    desk.type("check", file, "--errors-to", copy, "--allow-duplicates")
    assert errors(desk, copy) == before
    desk.type("check", copy, "--errors-to", again, "--allow-duplicates")
    assert errors(desk, again) == before


@pytest.mark.parametrize("make", FILES)
def test_failed_rows_that_nobody_corrected_fail_again(
    desk: Desk, service: Service, make: Callable[[Path], Path]
) -> None:
    """None is sent, whichever of the two files comes back."""
    file = make(desk.folder / "mine")
    before = [(field, code) for _, field, code in errors(desk, file)]
    desk.type("run", file, "--yes", "--out", "first", "--allow-duplicates")
    created = service.creates
    for name in ("failed.csv", "failed.xlsx"):
        assert [(field, code) for _, field, code in errors(desk, desk.folder / "first" / name)] == before
        desk.type("run", desk.folder / "first" / name, "--yes", "--out", name, "--allow-duplicates")
    assert service.creates == created


def test_what_is_typed_over_such_a_cell_is_sent(desk: Desk) -> None:
    """The whole cell, the mark included."""
    copy = desk.folder / "fix.xlsx"
    desk.type("check", text_file(desk.folder / "mine"), "--errors-to", copy)
    book = openpyxl.load_workbook(copy)
    assert [book.worksheets[0]["C3"].value, book.worksheets[0]["E4"].value] == [
        "[To correct: formula without a result] =1+1",
        "[To correct: formula without a result] =A1",
    ]
    book.worksheets[0]["C3"], book.worksheets[0]["E4"] = "Studio", GOOD[4]
    book.save(copy)
    assert errors(desk, copy) == []
