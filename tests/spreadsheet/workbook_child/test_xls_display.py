"""What an .xls sheet tells that xlrd does not, in files made record by record and in those of programs."""

import struct
from pathlib import Path

import pytest

from importer.spreadsheet.workbook_child.format_codes import OTHER
from importer.spreadsheet.workbook_child.xls_display import OldFile
from spreadsheet.making import opened, problems_of, rows_of, shown_rows_of, write_xls, xls_formula, xls_record

FILES = Path(__file__).parents[1] / "files"
ROWS: list[list[str | float | None]] = [["ResourceId", "Name"], [1, 5], [2, 6], [3, 7]]
CALCULATED = xls_record(0x1C1, struct.pack("<HHI", 0x1C1, 0, 0x18D54))
TO_BE_CALCULATED = xls_record(0x1C1, struct.pack("<HHI", 0x1C1, 0, 0))
UNCALCULATED, MANUAL = xls_record(0x5E, bytes(2)), xls_record(0x0D, bytes(2))
SEVEN, EMPTY_TEXT, NOT_AVAILABLE = struct.pack("<d", 7), b"\3\0\0\0\0\0\xff\xff", b"\2\0\x2a\0\0\0\xff\xff"
NUMBERS, ALIGNMENT = 1 << 25, 1 << 27


def areas(*places: tuple[int, int, int, int]) -> bytes:
    """The start of a list of rules for these areas: rows, then positions, from 0."""
    return struct.pack("<HHHHHHH", 1, 0, 0, 0, 0, 0, len(places)) + b"".join(struct.pack("<4H", *one) for one in places)


def rule(block: int) -> bytes:
    """A rule with a formula of one, and formats of this kind."""
    return xls_record(0x1B1, struct.pack("<BBHHIH", 2, 0, 3, 0, block, 0) + b"\x1e\1\0")


def newer_rule(block: int) -> bytes:
    """The same in the form of Excel 2007."""
    return xls_record(0x87A, struct.pack("<HH8xBBHHIIH", 0x87A, 0, 2, 0, 3, 0, 6, block, 0) + b"\x1e\1\0")


def addition(block: int, *, has_format: bool = True) -> bytes:
    """What Excel 2007 adds to an older rule for B2."""
    head = struct.pack("<HH4HIHHBBHBB", 0x87B, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, has_format)
    return xls_record(0x87B, head + (struct.pack("<IIH", 6, block, 0) if has_format else b"") + bytes(17))


B2, B2_AND_B4 = areas((1, 1, 1, 1)), areas((1, 1, 1, 1), (3, 3, 0, 9))
CONDITIONS: dict[str, tuple[bytes, list[int]]] = {
    "older": (xls_record(0x1B0, B2) + rule(NUMBERS), [2]),
    "two areas": (xls_record(0x1B0, B2_AND_B4) + rule(NUMBERS | ALIGNMENT), [2, 4]),
    "newer": (xls_record(0x879, bytes(12) + B2_AND_B4) + newer_rule(NUMBERS), [2, 4]),
    "one rule of two": (xls_record(0x1B0, B2) + rule(ALIGNMENT) + rule(NUMBERS), [2]),
    "addition": (xls_record(0x1B0, B2) + rule(ALIGNMENT) + addition(NUMBERS), [2]),
    "alignment only": (
        xls_record(0x1B0, B2) + rule(ALIGNMENT) + addition(ALIGNMENT) + addition(0, has_format=False),
        [],
    ),
    "newer alignment": (xls_record(0x879, bytes(12) + B2) + newer_rule(ALIGNMENT), []),
    "another area": (xls_record(0x1B0, areas((1, 9, 0, 0))) + rule(NUMBERS), []),
    "of a chart within": (xls_record(0x809, bytes(16)) + xls_record(0x1B0, B2) + rule(NUMBERS) + xls_record(0x0A), []),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_that_changes_a_number_format_is_noticed(tmp_path: Path, name: str) -> None:
    """What the cell shows then is not certain; that of cells outside, and under other conditions, is."""
    records, uncertain = CONDITIONS[name]
    sheet = opened(write_xls(tmp_path / "a.xls", ROWS, sheet=records))
    names = {row: cells[1] for row, cells in rows_of(sheet).items()}
    assert [row for row, cell in names.items() if getattr(cell, "shape", "") == OTHER] == uncertain
    assert list(names.values()) == ["5", "6", "7"]


FORMULAS: dict[str, tuple[bytes, bytes, bytes, int, str]] = {
    "calculated": (CALCULATED, b"", SEVEN, 0, ""),
    "of a program that writes no version": (b"", b"", SEVEN, 0, ""),
    "volatile": (CALCULATED, b"", SEVEN, 1, ""),
    "calculated by hand": (CALCULATED, MANUAL + UNCALCULATED, SEVEN, 0, ""),
    "calculated to nothing": (CALCULATED, b"", EMPTY_TEXT, 0, ""),
    "to be calculated": (TO_BE_CALCULATED, b"", SEVEN, 0, "formula-not-calculated"),
    "saved before it was calculated": (CALCULATED, UNCALCULATED, SEVEN, 0, "formula-not-calculated"),
    "of POI": (CALCULATED, b"", bytes(8), 2, "formula-not-calculated"),
    "of xlwt": (b"", b"", EMPTY_TEXT, 0, "formula-without-value"),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_result_that_nobody_sees_is_none(tmp_path: Path, name: str) -> None:
    """Libraries that cannot calculate store 0 or nothing, and have the program do it when it opens the file."""
    book, sheet, result, flags, code = FORMULAS[name]
    records = sheet + xls_formula(1, 1, result, flags)
    read = opened(write_xls(tmp_path / "a.xls", [["ResourceId", "Name"], [1.0]], book=book, sheet=records))
    assert problems_of(read) == ({(2, 1): code} if code else {})


def test_an_error_stays_one_when_it_is_calculated_again(tmp_path: Path) -> None:
    """It is what the file shows, and the advice about it fits better."""
    records = UNCALCULATED + xls_formula(1, 1, NOT_AVAILABLE)
    read = opened(write_xls(tmp_path / "a.xls", [["ResourceId", "Name"], [1.0]], book=CALCULATED, sheet=records))
    assert problems_of(read) == {(2, 1): "cell-error"}
    assert shown_rows_of(read) == {2: ["1", "#N/A"]}


@pytest.mark.parametrize("name", ["cells.xls", "lo-hidden-row.xls", "gnumeric-continued.xls"])
def test_the_formulas_of_spreadsheet_programs_have_their_results(name: str) -> None:
    """LibreOffice and Gnumeric calculate before they save."""
    sheet = OldFile((FILES / name).read_bytes()).sheet(0)
    assert (sheet.conditional, sheet.formulas) == ([], [])
