"""A cell that shows something else than its value."""

import pickle

import pandas as pd
import pytest

from importer.spreadsheet.formatted_cell import FormattedCell, has_formatted, shown_text, shown_texts
from importer.spreadsheet.workbook_child.format_codes import OTHER, claim, literal

HALF, UNKNOWN = FormattedCell("0.5", "0%"), FormattedCell("0.5", OTHER)


@pytest.mark.parametrize(
    ("cell", "shown", "nominal"),
    [
        (HALF, "50%", "50%"),
        (UNKNOWN, None, None),
        (FormattedCell("0.5", f"{OTHER}0%"), None, "50%"),
        (FormattedCell("0.5", ";;;"), None, ""),
        (FormattedCell("A", literal("Room A")), "Room A", "Room A"),
        (FormattedCell("7", claim("007")), "007", "007"),
        (FormattedCell("123456789012", "General"), None, "1.23457E+11"),
        (FormattedCell("120000000000", "General"), None, "1.2E+11"),
    ],
)
def test_a_cell_shows_its_value_in_its_format(cell: FormattedCell, shown: str | None, nominal: str | None) -> None:
    """For certain, or at least in the United States."""
    assert (cell.shown, cell.nominal) == (shown, nominal)
    assert shown_text(cell) == (str(cell) if shown is None else shown)


@pytest.mark.parametrize(
    ("text", "shape", "is_whole"),
    [
        ("1414915", "General", True),
        ("12345678901", "General", True),
        ("123456789012", "General", False),
        ("123456789012", "0", True),
        ("1414915", '"ID: "0', False),
        ("1414915", "0,", False),
    ],
)
def test_a_whole_number_is_shown_in_full_or_not(text: str, shape: str, *, is_whole: bool) -> None:
    """The general format has room for 11 digits."""
    assert FormattedCell(text, shape).shows_whole_numbers is is_whole


@pytest.mark.parametrize(
    ("shape", "is_shown_text", "is_claimed"),
    [(literal("a"), True, False), (claim("a"), True, True), ("0%", False, False), (OTHER, False, False)],
)
def test_what_the_file_says_itself_is_told_from_what_a_format_makes(
    shape: str, *, is_shown_text: bool, is_claimed: bool
) -> None:
    """And what nobody has compared with the value."""
    cell = FormattedCell("7", shape)
    assert (cell.is_shown_text, cell.is_claimed) == (is_shown_text, is_claimed)


def test_a_cell_keeps_its_format_in_a_copy() -> None:
    """Workers hand it to each other; otherwise it is the text of its value."""
    copy = pickle.loads(pickle.dumps(HALF))
    assert (copy, copy.shape, type(copy)) == ("0.5", "0%", FormattedCell)


def test_a_column_is_shown_cell_by_cell_where_it_has_such_cells() -> None:
    """Another one is given back as it is."""
    plain = pd.Series(["a", "b"], index=[2, 3], dtype=object)
    assert shown_texts(plain) is plain
    mixed = pd.Series(["a", HALF, UNKNOWN], index=[2, 3, 7], dtype=object)
    assert shown_texts(mixed).to_dict() == {2: "a", 3: "50%", 7: "0.5"}
    assert [has_formatted(cells.tolist()) for cells in (plain, mixed)] == [False, True]
