"""What an XLSB sheet tells beside its values, in files made record by record."""

import struct
from pathlib import Path

import pytest

from importer.errors import FileError
from importer.spreadsheet.workbook_child.format_codes import OTHER
from spreadsheet.making import opened, problems_of, rows_of, write_xlsb, xlsb_record

ROWS: list[list[str | float | bytes]] = [["ResourceId", "Name"], [1.0, 5.0], [2.0, 6.0], [3.0, 7.0]]
NUMBER_FORMAT, COLOUR, FORMAT_ID = 38, 5, 41


def properties(*kinds: int) -> bytes:
    """The properties of a format, each of two bytes."""
    return struct.pack("<HH", 0, len(kinds)) + b"".join(struct.pack("<HHH", kind, 6, 0) for kind in kinds)


def formats(*each: bytes) -> bytes:
    """The formats that rules can name."""
    listed = b"".join(xlsb_record(507, bytes(2) + one) for one in each)
    return xlsb_record(505, struct.pack("<I", len(each))) + listed + xlsb_record(506)


def areas(*places: tuple[int, int, int, int]) -> bytes:
    """Rows, then positions, from 0."""
    return struct.pack("<I", len(places)) + b"".join(struct.pack("<4I", *one) for one in places)


def rules(where: bytes, *numbers: int) -> bytes:
    """Rules that name these formats."""
    listed = b"".join(xlsb_record(463, struct.pack("<IIIi", 1, 0, number, 1) + bytes(30)) for number in numbers)
    return xlsb_record(461, struct.pack("<II", len(numbers), 0) + where) + listed + xlsb_record(462)


def newer_rules(where: bytes, formatted: bytes) -> bytes:
    """A rule of Excel 2010, which holds its format itself."""
    head = xlsb_record(1046, struct.pack("<III", 2, 1, 0) + where)
    return head + xlsb_record(1048, bytes(60)) + xlsb_record(1171, bytes(6) + formatted) + xlsb_record(1047)


B2, B2_AND_ROW_4 = areas((1, 1, 1, 1)), areas((1, 1, 1, 1), (3, 3, 0, 9))
CONDITIONS: dict[str, tuple[bytes, list[int]]] = {
    "with a number format": (rules(B2, 0), [2]),
    "with the number of one": (rules(B2_AND_ROW_4, 3), [2, 4]),
    "with a colour only": (rules(B2, 1), []),
    "with both": (rules(B2, 1) + rules(areas((2, 2, 1, 1)), 2), [3]),
    "without a format": (rules(B2, 0xFFFFFFFF), []),
    "elsewhere": (rules(areas((1, 9, 0, 0)), 0), []),
    "newer": (newer_rules(B2_AND_ROW_4, properties(NUMBER_FORMAT)), [2, 4]),
    "newer with a colour only": (newer_rules(B2, properties(COLOUR)), []),
    "newer in a form that is not known": (newer_rules(B2, b"\1\2\3"), [2]),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_that_changes_a_number_format_is_noticed(tmp_path: Path, name: str) -> None:
    """What the cell shows then is not certain; that of cells outside, and under other conditions, is."""
    records, uncertain = CONDITIONS[name]
    each = properties(NUMBER_FORMAT), properties(COLOUR), properties(COLOUR, NUMBER_FORMAT), properties(FORMAT_ID)
    path = write_xlsb(tmp_path / "a.xlsb", ROWS, more={"sheet": records, "styles": formats(*each)})
    names = {row: cells[1] for row, cells in rows_of(opened(path)).items()}
    assert [row for row, cell in names.items() if getattr(cell, "shape", "") == OTHER] == uncertain
    assert list(names.values()) == ["5", "6", "7"]


@pytest.mark.parametrize(
    ("flags", "automatic", "is_sure"),
    [(0x00, 1, True), (0x01, 1, False), (0x01, 0, False), (0x10, 1, False), (0x10, 0, True), (0x0E, 1, True)],
)
def test_results_that_nobody_sees_are_none(tmp_path: Path, flags: int, automatic: int, is_sure: bool) -> None:
    """A workbook may ask for its formulas to be calculated when it is opened, or be saved before that was done."""
    calculation = xlsb_record(157, struct.pack("<IIIdIH", 191029, automatic, 100, 0.001, 1, flags))
    rows: list[list[str | float | bytes]] = [["ResourceId", "Name"], [1.0, True], [2.0, b"\x2a"]]
    sheet = opened(write_xlsb(tmp_path / "a.xlsb", rows, more={"book": calculation}))
    problems = {(3, 1): "cell-error"} | ({} if is_sure else {(2, 1): "formula-not-calculated"})
    assert problems_of(sheet) == problems


def wide(text: str) -> bytes:
    """A text with its length before it."""
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def test_cells_that_another_one_covers_are_problems(tmp_path: Path) -> None:
    """An optional field would be sent empty, though a person sees the value beside both rows."""
    merged = (
        xlsb_record(177, struct.pack("<I", 1)) + xlsb_record(176, struct.pack("<4I", 1, 2, 1, 1)) + xlsb_record(178)
    )
    rows: list[list[str | float | bytes]] = [["ResourceId", "Name"], [1.0, "Room"], [2.0]]
    sheet = opened(write_xlsb(tmp_path / "a.xlsb", rows, more={"sheet": merged}))
    assert problems_of(sheet) == {(3, 1): "cell-merged"}


def with_cell(path: Path, kind: int, data: bytes, shape: str = "General") -> Path:
    """A sheet with one more row, in which the second cell is this record."""
    row = xlsb_record(0, struct.pack("<IIHBBBI", 1, 0, 300, 0, 0, 0, 0)) + xlsb_record(5, struct.pack("<IId", 0, 0, 1))
    cells = row + xlsb_record(kind, data)
    return write_xlsb(path, [["ResourceId", "Name"]], formats={1: shape}, more={"cells": cells})


def test_a_text_with_fonts_of_its_own_is_read(tmp_path: Path) -> None:
    """It stands in its cell, where calamine does not display."""
    cell = struct.pack("<IIB", 1, 0, 1) + wide("Room") + struct.pack("<I", 0)
    assert rows_of(opened(with_cell(tmp_path / "a.xlsb", 62, cell))) == {2: ["1", "Room"]}


def test_cells_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    """Those that do not say where they are, and a text in a format that shows it otherwise."""
    rich = struct.pack("<IIB", 1, 1, 1) + wide("A") + struct.pack("<I", 0)
    short = struct.pack("<I", 0) + wide("Room")
    for kind, data in (62, rich), *((number, short) for number in range(12, 19)):
        with pytest.raises(FileError, match="stores cells in a form that cannot be read"):
            opened(with_cell(tmp_path / "a.xlsb", kind, data, '"Room "@'))
