"""What is no value in its own file is none in a file of texts either, until somebody has typed over it."""

from pathlib import Path

import pytest
from xlsxwriter import Workbook

from importer.spreadsheet import OF_DATES, PROBLEM_CODES, ReadOptions, open_sheet, with_note
from spreadsheet.making import problems_of, rows_of

CODES = sorted({*PROBLEM_CODES, "shown-differently", "shown-uncertain"} - {OF_DATES})
TEXTS = ["=1+1", "", "42", "two\nlines", "[x] y", "'=a"]


def written(folder: Path, suffix: str, text: str) -> Path:
    """A file with one row, the second of whose two cells is this text."""
    path = folder / f"file{suffix}"
    if suffix == ".csv":
        path.write_text(f'ResourceId,Name\n7,"{text}"\n', newline="")
        return path
    with Workbook(path) as book:
        sheet = book.add_worksheet()
        for row, cells in enumerate([("ResourceId", "Name"), ("7", text)]):
            for position, cell in enumerate(cells):
                sheet.write_string(row, position, cell)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("code", CODES)
def test_a_noted_text_is_read_as_what_it_was(tmp_path: Path, suffix: str, text: str, code: str) -> None:
    """The same problem and the same text, in every kind of file that the importer writes."""
    sheet = open_sheet(written(tmp_path, suffix, with_note(text, code)))
    assert problems_of(sheet) == {(2, 1): code}
    assert rows_of(sheet) == {2: ["7", text] if text else ["7"]}


def test_a_mark_that_somebody_has_changed_is_one_nevertheless(tmp_path: Path) -> None:
    """Whoever edits it has not said what is to be sent."""
    sheet = open_sheet(written(tmp_path, ".csv", " [To correct: whatever] 42"))
    assert problems_of(sheet) == {(2, 1): "shown-uncertain"}


def test_a_text_without_a_note_is_left_alone(tmp_path: Path) -> None:
    """Also one that speaks of corrections, or has the note further on."""
    sheet = open_sheet(written(tmp_path, ".csv", "Room [To correct: merged cells] 42"))
    assert problems_of(sheet) == {}
    assert rows_of(sheet) == {2: ["7", "Room [To correct: merged cells] 42"]}


@pytest.mark.parametrize(
    "text",
    [
        *("Room [To correct: merged cells]", "[TO CORRECT: MERGED CELLS] ROOM", "[to correct: merged cells] Room"),
        *("To correct: merged cells] Room", "\u200b[To correct: merged cells] Room", "Room [To correct: merged cells"),
    ],
)
def test_in_a_file_of_failed_rows_a_mark_is_one_wherever_it_stands(tmp_path: Path, text: str) -> None:
    """Somebody has typed beside it, or a program has changed its capitals; the words alone may be somebody's own."""
    path = tmp_path / "failed.csv"
    path.write_text(f"ResourceId,Name,import_message\n7,{text},[To correct: merged cells\n", newline="")
    assert problems_of(open_sheet(path)) == {(2, 1): "cell-merged"}
    path.write_text("ResourceId,Name,import_message\n7,To correct: merged cells,\n", newline="")
    assert problems_of(open_sheet(path)) == {}


def test_what_is_typed_over_a_mark_counts(tmp_path: Path) -> None:
    """But the text behind the note, typed again, is still none."""
    path = written(tmp_path, ".csv", with_note("=1+1", "formula-without-value"))
    assert problems_of(open_sheet(path, ReadOptions(cells={"B2": "=1+1"}))) == {(2, 1): "formula-without-value"}
    corrected = open_sheet(path, ReadOptions(cells={"B2": "Studio"}))
    assert (problems_of(corrected), rows_of(corrected)) == ({}, {2: ["7", "Studio"]})
