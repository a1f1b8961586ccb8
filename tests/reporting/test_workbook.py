"""What a workbook cannot hold, and what helps the person who corrects it."""

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from importer.journal.runs import Run
from importer.model import Outcome, Status
from importer.reporting import workbook, write_report
from importer.reporting.lines import Line
from importer.reporting.workbook import MOST_CHARACTERS, WorkbookReport, fitting
from importer.spreadsheet import open_sheet
from reporting.office import Office

Row = Callable[..., list[str]]


def a_line(*cells: str, row: int = 2, status: Status = Status.CREATED) -> Line:
    """A row of a report."""
    return Line(Outcome(row, status), cells)


def written(path: Path, *added: Line) -> list[list[str]]:
    """The rows of a workbook with these lines, read again."""
    with WorkbookReport(path, ("Name", "Floor"), 0.0) as report:
        for line in added:
            report.add(line)
    return [cells for chunk in open_sheet(path).read() for cells in chunk.to_numpy().tolist()]


def test_wrong_cells_are_red_and_say_why(office: Office, every_fate: Run) -> None:
    """In failed.xlsx the cells that checks or service complained about are coloured and carry the sentence."""
    write_report(office.journal, every_fate, now=office.now)
    sheet = openpyxl.load_workbook(office.out / "failed.xlsx")["Rows"]
    comments = {cell.coordinate: cell.comment.text for cells in sheet.iter_rows() for cell in cells if cell.comment}
    assert comments == {
        "A2": "Resource: is not a valid value",
        "B3": "CoworkerId is empty. Enter a value, for example 1123713.",
    }
    assert sheet["B3"].fill.fgColor.rgb == sheet["A2"].fill.fgColor.rgb == "FFFBDDDB"
    assert sheet["C2"].fill.fgColor.rgb != "FFFBDDDB"


def test_the_sheet_is_ready_to_work_with(office: Office, every_fate: Run) -> None:
    """The header stays in view, can be filtered, columns are wide enough, and what is typed stays text."""
    write_report(office.journal, every_fate, now=office.now)
    book = openpyxl.load_workbook(office.out / "report.xlsx")
    sheet = book["Rows"]
    assert book.sheetnames == ["Rows", "Summary"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:J9")
    assert sheet.column_dimensions["E"].width > 36
    assert sheet["A2"].number_format == "@"
    assert [sheet[f"H{row}"].value for row in (2, 3)] == ["created", "rejected"]
    assert sheet["H2"].fill.fgColor.rgb != sheet["H3"].fill.fgColor.rgb
    failed = "1 needs a change, 1 refused by Nexudus, 2 with no answer yet"
    assert book["Summary"]["B2"].value == f"2 of 8 rows created, 1 already in Nexudus, {failed}, 1 not sent"


def test_a_text_that_looks_like_markup_stays_text(tmp_path: Path) -> None:
    """A cell cannot write XML of its own into the workbook."""
    attack = '<r><t>x</t></r></is></c><c r="A9"><f>1+1</f></c><c t="inlineStr"><is><r><t>y</t></r>'
    assert written(tmp_path / "a.xlsx", a_line(attack, "<r>"))[0][:2] == [attack, "<r>"]


@pytest.mark.parametrize("text", ["x" * (MOST_CHARACTERS + 1), "x" * 1_000_000, "😀" * 16_384, "ä" * 32_768])
def test_a_text_too_long_for_a_cell_is_shortened_and_says_so(tmp_path: Path, text: str) -> None:
    """No cell is cut in silence, and none is longer than a program takes."""
    ((cell, *_),) = written(tmp_path / "a.xlsx", a_line(text, ""))
    assert "[shortened from " in cell
    assert len(cell.encode("utf-16-le")) // 2 <= MOST_CHARACTERS


@pytest.mark.parametrize("text", ["x" * MOST_CHARACTERS, "😀" * 16_383, "ä" * MOST_CHARACTERS])
def test_a_text_that_just_fits_is_kept(tmp_path: Path, text: str) -> None:
    """The limit is the program's, counted as the program counts."""
    assert written(tmp_path / "a.xlsx", a_line(text, ""))[0][0] == text


def test_half_a_character_does_not_stop_the_report() -> None:
    """A reply can hold what no file can; it is replaced."""
    assert fitting("a\ud800b\uffff") == "a\ufffdb\ufffd"


def test_more_rows_than_a_sheet_holds_go_into_further_sheets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each sheet has the header, and no row is left out."""
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    path = tmp_path / "a.xlsx"
    with WorkbookReport(path, ("Name", "Floor"), 0.0) as report:
        for row in range(2, 9):
            report.add(a_line(f"room {row}", "", row=row))
    book = openpyxl.load_workbook(path)
    assert [(sheet.title, sheet.max_row, sheet["A1"].value) for sheet in book] == [
        ("Rows", 4, "Name"),
        ("Rows 2", 4, "Name"),
        ("Rows 3", 2, "Name"),
    ]
    # As the first, the others can be filtered, and their messages be read.
    widths = [{name: column.width for name, column in sheet.column_dimensions.items()} for sheet in book]
    assert [sheet.auto_filter.ref for sheet in book] == ["A1:F4", "A1:F4", "A1:F2"]
    assert widths[0] == widths[1] == widths[2]


def test_comments_end_before_they_slow_a_program_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number of wrong cells they are only red; import_message still has the sentence."""
    monkeypatch.setattr(workbook, "MOST_COMMENTS", 2)
    wrong = [Line(Outcome(row, Status.INVALID, None, "why"), ("x", ""), wrong={0: "why"}) for row in range(2, 6)]
    written(tmp_path / "a.xlsx", *wrong)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Rows"]
    assert [bool(sheet[f"A{row}"].comment) for row in range(2, 6)] == [True, True, False, False]
    assert {sheet[f"A{row}"].fill.fgColor.rgb for row in range(2, 6)} == {"FFFBDDDB"}
