"""What is said of a cell that shows something else than its value."""

import pandas as pd
import pytest

from importer.checking.appearance import held_cells
from importer.spreadsheet.formatted_cell import FormattedCell
from importer.spreadsheet.workbook_child.format_codes import claim, doubt

DIFFERENTLY, UNCERTAIN = "shown-differently", "shown-uncertain"


@pytest.mark.parametrize(
    ("shape", "of_a_number", "of_a_text"),
    [
        ("0%", DIFFERENTLY, UNCERTAIN),
        ("000", DIFFERENTLY, UNCERTAIN),
        # What shows nothing shows nothing everywhere; what the file says is known.
        (";;;", DIFFERENTLY, DIFFERENTLY),
        (claim("fifty"), DIFFERENTLY, DIFFERENTLY),
        (doubt("fifty"), DIFFERENTLY, DIFFERENTLY),
        # Of a text that says the same as the value, no program shows the form.
        (doubt("0.50"), DIFFERENTLY, UNCERTAIN),
        ("[$-F400]h", UNCERTAIN, UNCERTAIN),
    ],
)
def test_what_a_text_shows_is_certain_only_where_every_program_agrees(
    shape: str, of_a_number: str, of_a_text: str
) -> None:
    """A text would be sent as it is shown, and is known as a program in the United States shows it."""
    cells = pd.Series(["plain", FormattedCell("0.5", shape)], index=[2, 3], dtype=object)
    for is_text, code in ((False, of_a_number), (True, of_a_text)):
        assert {code: list(rows) for code, rows in held_cells(cells, is_text=is_text).items()} == {code: [3]}


def test_no_sentence_says_that_a_value_is_shown_as_another_that_is_the_same() -> None:
    """Of so many digits, each program shows as many as it likes."""
    cells = pd.Series([FormattedCell("46507.4376736111", "General")], dtype=object)
    assert list(held_cells(cells, is_text=False)) == [UNCERTAIN]
