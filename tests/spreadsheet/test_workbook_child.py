"""A workbook is read alone: its cells as text, and what became of the reading in JSON lines."""

import ast
import io
import json
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.spreadsheet import workbook_child
from importer.spreadsheet.workbook_child.cell_texts import Cell, as_text
from importer.spreadsheet.workbook_child.format_codes import literal
from importer.spreadsheet.workbook_child.number_formats import shown
from importer.spreadsheet.workbook_child.reading import main
from spreadsheet.making import pack, sheet_xml, text_row, xlsx_parts


@pytest.fixture
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits are for a process of its own; in this one they would last."""
    for module in ("reading", "limits"):
        monkeypatch.setattr(f"importer.spreadsheet.workbook_child.{module}.limit_this_process", lambda size: None)
    monkeypatch.setattr("importer.spreadsheet.workbook_child.reading.confine", lambda *files: None)


def lines_of(path: Path, chosen: str | None = None) -> list[dict[str, object]]:
    """What the reader writes about a workbook."""
    out = io.StringIO()
    main(path, chosen, out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (True, "TRUE"),
        (False, "FALSE"),
        (12.0, "12"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.3"),
        (1e15, "1000000000000000"),
        (1234567.891, "1234567.891"),
        ("  12 ", "  12 "),
        (date(2026, 11, 30), "2026-11-30"),
        (datetime(2026, 11, 30), "2026-11-30"),
        (datetime(2026, 11, 30, 10, 29, 59, 999_600), "2026-11-30T10:30:00"),
        (datetime(2026, 11, 30, 10, 29, 59, 400_000), "2026-11-30T10:29:59.400000"),
        (datetime(2026, 11, 30, 23, 59, 59, 999_600), "2026-12-01"),
        (datetime(2026, 11, 30, 23, 59, 59, 999_000), "2026-11-30T23:59:59.999000"),
        (datetime(2026, 11, 30, 23, 59, 59, 997_000), "2026-11-30T23:59:59.997000"),
        (time(9, 5), "09:05:00"),
        (timedelta(hours=26), "1 day, 2:00:00"),
    ],
)
def test_a_cell_is_what_a_person_would_type(cell: Cell, text: str) -> None:
    """Whole numbers without a point, dates year first, fractions with the digits that are shown."""
    assert as_text(cell) == text


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_a_whole_number_of_fifteen_digits_is_itself(number: int) -> None:
    """Workbooks hold floats; no digit of an Id may be another."""
    assert as_text(float(number)) == str(number)


@given(st.integers(0, 10**9), st.text(st.sampled_from("%#0?.,Ee+-@;_*[]\\ GneralmdyhsA/P€"), max_size=8), st.booleans())
def test_literals_of_a_format_never_change_its_number(number: int, text: str, escaped: bool) -> None:
    """Quoted or escaped, a character of a format is only itself: 0"%" shows 50 as 50%."""
    literals = "".join(f"\\{each}" for each in text) if escaped else f'"{text}"'
    assert shown(str(number), f"0{literals}") == f"{number}{text}".strip()
    assert shown(str(number), f"{literals}0") == f"{text}{number}".strip()
    assert shown(str(-number - 1), f"0{literals}") == f"-{number + 1}{text}".strip()


@given(st.text(min_size=1).filter(str.strip), st.from_regex(r"-?[0-9]{1,4}|2026-01-0[1-9]|TRUE", fullmatch=True))
def test_what_a_file_itself_shows_is_shown(text: str, value: str) -> None:
    """Whatever the value is, and whatever the characters would mean in a number format."""
    assert shown(value, literal(text)) == text.strip()


@pytest.mark.usefixtures("no_limits")
def test_pieces_come_first_and_the_last_line_says_what_was_read(tmp_path: Path) -> None:
    """Without the last line the parent takes nothing of what came before."""
    path = pack(tmp_path / "a.xlsx", xlsx_parts(sheet_xml(text_row(1, "A", "B"), text_row(3, "x", "y"))))
    *pieces, last = lines_of(path)
    assert pieces == [{"first": 1, "columns": [["A", "", "x"], ["B", "", "y"]], "formats": []}]
    assert last == {"name": "Data", "notices": [], "problems": [[], [], []], "day_zero": ""}


@pytest.mark.usefixtures("no_limits")
def test_a_refusal_is_the_only_line(tmp_path: Path) -> None:
    """A sentence, advice and the sheets to choose from; no row of a workbook that is refused."""
    path = pack(tmp_path / "a.xlsx", xlsx_parts(sheet_xml(text_row(1, "A"))))
    assert lines_of(path, "Other") == [{"refused": ['has no sheet "Other"', "It has: Data."], "sheets": []}]


def test_it_needs_the_standard_library_and_its_readers_only() -> None:
    """It is run by its path: with pandas, or anything of ours, each workbook would wait seconds for its process."""
    names = set()
    for path in Path(str(workbook_child.__file__)).parent.glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    roots = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    assert roots == {"python_calamine", "xlrd", "pyarrow", "workbook_child"}


def test_it_finds_its_own_modules_and_no_others(tmp_path: Path) -> None:
    """Beside the modules of this room, and in a folder with files that are called like those of Python."""
    (tmp_path / "zipfile.py").write_text("raise SystemExit(9)", "utf-8")
    path = pack(tmp_path / "a.xlsx", xlsx_parts(sheet_xml(text_row(1, "A"))))
    command = [sys.executable, "-I", str(Path(str(workbook_child.__file__)).parent), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert json.loads(done.stdout.splitlines()[-1])["name"] == "Data"
