"""Numbers of days: what is no moment is an issue at its cell, and takes nothing else with it."""

import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from importer.checking import Checked, Checker, as_shown, match_columns
from importer.spreadsheet.workbook_child.day_numbers import is_common_day
from schemas import RECORD_TYPES
from spreadsheet.making import (
    ods_cell,
    opened,
    pack,
    rows_of,
    sheet_xml,
    text_row,
    with_formats,
    write_ods,
    write_xls,
    write_xlsb,
    xlsb_record,
    xlsx_parts,
)

KIND = next(iter(RECORD_TYPES.values()))
ODD = [
    *("-1", "-0.25", "-12345678901", "-1e300"),
    *("2", "59", "59.5", "60", "60.9"),
    *("2958466", "2958465.99999999", "12345678901", "1e10", "1e300"),
]
NO_NUMBERS = ["1e999", "-1e999", "NaN"]
SHAPES = ["yyyy-mm-dd", "d.m.yyyy h:mm", "[h]:mm:ss", "[mm]:ss", "h:mm AM/PM"]


@pytest.mark.parametrize(
    ("days", "in_1900", "in_1904"),
    [
        *((float(days), False, False) for days in [*ODD[:4], "2958466", "2958465.99999999", "1e300", *NO_NUMBERS]),
        *((days, True, True) for days in (0.0, 0.75, 1.0, 61.0, 46000.5, 2957002.9, 2957003.99998)),
        *((days, False, True) for days in (2.0, 59.0, 60.0, 60.99)),
        *((days, True, False) for days in (2957004.0, 2958465.0, 2958465.99998)),
    ],
)
def test_a_common_day_is_one_in_every_program(days: float, in_1900: bool, in_1904: bool) -> None:
    """Excel has a 29 February 1900, and no day before the first nor beyond 9999."""
    assert (is_common_day(days, from_1904=False), is_common_day(days, from_1904=True)) == (in_1900, in_1904)


def xlsx(path: Path, values: list[str], shape: str) -> Path:
    """These values in a format."""
    return styled(path, '<c r="A{row}" s="1"><v>{value}</v></c>', values, "General", shape)


def xlsx_by_default(path: Path, values: list[str], shape: str) -> Path:
    """The format is that of cells which name none."""
    return styled(path, '<c r="A{row}"><v>{value}</v></c>', values, shape, "General")


def xlsx_of_formula(path: Path, values: list[str], shape: str) -> Path:
    """The values are the results of formulas."""
    return styled(path, '<c s="1" r="A{row}"><f>B9-B8</f><v>{value}</v></c>', values, "General", shape)


def styled(path: Path, cell: str, values: list[str], *shapes: str) -> Path:
    """A header, a row for each value, and a row after them."""
    rows = [f'<row r="{row}">{cell.format(row=row, value=value)}</row>' for row, value in enumerate(values, start=2)]
    sheet = sheet_xml(text_row(1, "Name"), *rows, text_row(len(values) + 2, "Last"))
    return pack(path.with_suffix(".xlsx"), with_formats(xlsx_parts(sheet), *shapes))


def xlsb(path: Path, values: list[str], shape: str) -> Path:
    """The same in the binary form."""
    rows: Sequence[Sequence[str | float]] = [["Name"], *([float(value)] for value in values), ["Last"]]
    return write_xlsb(path.with_suffix(".xlsb"), rows, formats={0: shape})


def xls(path: Path, values: list[str], shape: str) -> Path:
    """The same in the old form."""
    rows: Sequence[Sequence[str | float]] = [["Name"], *([float(value)] for value in values), ["Last"]]
    return write_xls(path.with_suffix(".xls"), rows, shape=shape)


WRITERS: list[Callable[[Path, list[str], str], Path]] = [xlsx, xlsx_by_default, xlsx_of_formula, xlsb, xls]


def checked(path: Path) -> Checked:
    """What is said of the only chunk of a sheet."""
    sheet = opened(path)
    mapping = match_columns(sheet, KIND, ())
    shown = as_shown(sheet, mapping, KIND)
    [chunk] = shown.read()
    return Checker(KIND, mapping, shown, required=("Name",), now=datetime(2020, 1, 1, tzinfo=UTC)).check(chunk)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_an_odd_day_is_an_issue_with_its_number(tmp_path: Path, write: Callable[..., Path], shape: str) -> None:
    """Nobody could say what such a cell shows; the number is what a person finds in it."""
    result = checked(write(tmp_path / "a", ODD, shape))
    expected = [("number-rounded" if abs(float(value)) > 1e15 else "shown-uncertain") for value in ODD]
    assert [(issue.row, issue.code) for issue in result.issues] == list(enumerate(expected, start=2))
    assert [float(issue.value) for issue in result.issues if issue.code == "shown-uncertain"] == [
        float(f"{float(value):.15g}") for value in ODD if abs(float(value)) < 1e15
    ]
    assert [record.row for record in result.records()] == [len(ODD) + 2]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("shape", [*SHAPES, "General", "0.00", "@"])
def test_what_is_no_number_is_an_issue(tmp_path: Path, write: Callable[..., Path], shape: str) -> None:
    """Infinity and "not a number" are in files, but programs show something else for them."""
    result = checked(write(tmp_path / "a", NO_NUMBERS, shape))
    assert [(issue.row, issue.code) for issue in result.issues] == [(row, "shown-uncertain") for row in (2, 3, 4)]
    assert [record.row for record in result.records()] == [5]


@pytest.mark.parametrize("write", [xlsx, xlsb, xls])
def test_a_huge_number_has_no_text_of_its_own(tmp_path: Path, write: Callable[..., Path]) -> None:
    """It has more digits than are counted with here, in whatever format."""
    for shape in ("0.00", "0.00E+00", "#,##0", "0%"):
        [issue] = checked(write(tmp_path / "a", ["1e300"], shape)).issues
        assert (issue.row, issue.code) == (2, "number-rounded")


@pytest.mark.parametrize(
    ("whole", "hundredth", "days"), [(True, False, -5.0), (True, True, -0.05), (False, False, -1.5)]
)
def test_short_numbers_are_days_as_well(tmp_path: Path, whole: bool, hundredth: bool, days: float) -> None:
    """The binary form stores most numbers in four bytes: as whole numbers, as hundredths, or as half of a double."""
    bits = -5 << 2 if whole else struct.unpack("<i", struct.pack("<d", days)[4:])[0]
    short = struct.pack("<IIi", 0, 1, bits | (2 if whole else 0) | (1 if hundredth else 0))
    row = xlsb_record(0, struct.pack("<IIHBBBI", 2, 0, 300, 0, 0, 0, 0)) + xlsb_record(2, short)
    plain = write_xlsb(tmp_path / "a.xlsb", [["Name"], ["First"]], formats={0: "yyyy-mm-dd"}, more={"cells": row})
    assert rows_of(opened(plain))[3] == [f"{days:g}"]


DOCUMENTS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("float", "1e999"): ("shown-uncertain", "inf"),
    ("float", "NaN"): ("shown-uncertain", "nan"),
    ("float", "twelve"): ("shown-uncertain", "nan"),
    ("percentage", "50%"): ("shown-uncertain", "nan"),
    ("currency", "-INF"): ("shown-uncertain", "-inf"),
    ("date", "0000-00-00"): ("shown-uncertain", "0000-00-00"),
    ("date", "1900-02-29"): ("shown-uncertain", "1900-02-29"),
    ("date", "12345-01-01"): ("shown-uncertain", "12345-01-01"),
    ("date", "-0044-03-15"): ("shown-uncertain", "-0044-03-15"),
    ("date", "2026-12-05T25:00:00"): ("shown-uncertain", "2026-12-05T25:00:00"),
    ("date", "2026-12-05Z"): ("shown-uncertain", "2026-12-05Z"),
    ("time", "P1DT1H"): ("shown-uncertain", "P1DT1H"),
    ("time", "half past ten"): ("shown-uncertain", "half past ten"),
    ("boolean", "1"): ("shown-uncertain", "FALSE"),
}


@pytest.mark.parametrize(("kind", "value"), DOCUMENTS)
def test_a_value_that_is_none_of_its_kind_is_an_issue(tmp_path: Path, kind: str, value: str) -> None:
    """Whatever such a cell of an OpenDocument sheet says that it shows."""
    cells = (ods_cell("string", "", "Name"), ods_cell(kind, value, "Room"), ods_cell("string", "", "Last"))
    result = checked(write_ods(tmp_path / "a.ods", *cells))
    assert [(issue.row, issue.code, issue.value) for issue in result.issues] == [(2, *DOCUMENTS[kind, value])]
    assert [record.row for record in result.records()] == [3]


@pytest.mark.parametrize("kind", ["date", "time", "boolean", "float"])
def test_an_empty_value_loses_no_row(tmp_path: Path, kind: str) -> None:
    """Such a cell of an OpenDocument sheet shows its text."""
    sheet = opened(write_ods(tmp_path / "a.ods", ods_cell("string", "", "Name"), ods_cell(kind, "", "Room")))
    assert list(rows_of(sheet)) == [2]
