"""What is done to a range, as the cells that change by it."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.web.table.action import Action, CellChange, Kind, block_of, filled, pasted, replaced, replacement, spread

ROWS = [(2, ["a", "b"]), (3, ["c", "d"]), (7, ["e", "f"])]
LETTERS = ["A", "B"]
CELLS = st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=6)


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("a", [["a"]]),
        ("", [[""]]),
        ("a\tb\r\nc\td\r\n", [["a", "b"], ["c", "d"]]),
        ("a\tb\nc\td", [["a", "b"], ["c", "d"]]),
        ("a\rb\r", [["a"], ["b"]]),
        ("a\n\nb", [["a"], [""], ["b"]]),
        ("a\t\t", [["a", "", ""]]),
        ('"two\nlines"\tb', [["two\nlines", "b"]]),
        ('"say ""hi"""', [['say "hi"']]),
        # No cell in quotation marks: the marks are the person's own.
        ('"a" b\tc', [['"a" b', "c"]]),
        ('5" pipe\tc', [['5" pipe', "c"]]),
    ],
)
def test_a_clipboard_is_read_as_the_cells_that_were_copied(text: str, block: list[list[str]]) -> None:
    """Whatever line ends it has, and with texts of several lines."""
    assert block_of(text) == block


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=4))
def test_what_a_spreadsheet_program_writes_comes_back_as_it_was(block: list[list[str]]) -> None:
    """Cells with tabs, quotation marks and line ends among them."""
    out = io.StringIO()
    csv.writer(out, "excel-tab", lineterminator="\r\n").writerows(block)
    assert block_of(out.getvalue()) == block


def test_only_a_cell_that_gets_another_text_changes() -> None:
    """What is pasted over an equal text is nobody's correction."""
    changes = list(pasted([["a", "x"], ["y", "d"]], ROWS, LETTERS))
    assert changes == [CellChange(2, "B", "b", "x"), CellChange(3, "A", "c", "y")]


def test_a_block_of_uneven_rows_changes_only_its_own_cells() -> None:
    """A short row leaves the rest of its line alone, and a long one is cut off."""
    changes = list(pasted([["x"], ["c", "y", "z"]], ROWS, LETTERS))
    assert changes == [CellChange(2, "A", "a", "x"), CellChange(3, "B", "d", "y")]


def test_filling_down_repeats_the_first_row() -> None:
    """It changes no cell of that row."""
    assert {(change.row, change.letters, change.after) for change in filled(ROWS, LETTERS)} == {
        *((3, "A", "a"), (3, "B", "b"), (7, "A", "a"), (7, "B", "b"))
    }


def test_one_text_goes_into_every_cell() -> None:
    """As emptying cells does with no text."""
    assert [change.after for change in spread("", ROWS, LETTERS)] == [""] * 6


@pytest.mark.parametrize(
    ("find", "text", "whole", "exact", "cell", "result"),
    [
        ("room", "Raum", False, False, "Room 5, room 6", "Raum 5, Raum 6"),
        ("room", "Raum", False, True, "Room 5, room 6", "Room 5, Raum 6"),
        ("room 5", "x", True, False, "Room 5", "x"),
        ("room", "x", True, False, "Room 5", "Room 5"),
        ("", "x", True, False, "", "x"),
        ("", "x", False, False, "abc", "abc"),
        (".", "-", False, False, "1.5", "1-5"),
        ("a", r"\g<0>\n", False, False, "a", r"\g<0>\n"),
    ],
)
def test_replacing_takes_both_texts_as_they_are(
    find: str, text: str, whole: bool, exact: bool, cell: str, result: str
) -> None:
    """No sign of a pattern has a meaning in either of them."""
    assert replacement(find, text, whole=whole, exact=exact)(cell) == result


def test_replacing_reaches_every_cell_of_the_range() -> None:
    """And leaves alone what does not hold the text."""
    action = Action(Kind.REPLACE, find="E", text="z")
    assert list(replaced(action, ROWS, LETTERS)) == [CellChange(7, "A", "e", "z")]
