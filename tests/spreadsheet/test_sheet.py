"""Addresses are those of the spreadsheet program, beyond column Z too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.reporting.lines import _position
from importer.spreadsheet import address, column_letters, place_of
from importer.spreadsheet.workbook_child.package import letters_of, position_of


@pytest.mark.parametrize(
    ("position", "letters"),
    [(0, "A"), (25, "Z"), (26, "AA"), (27, "AB"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")],
)
def test_a_column_has_the_letters_of_the_program(position: int, letters: str) -> None:
    """In the issue, in the refusal of a workbook, and on the way back from a corrected cell or a report."""
    assert column_letters(position) == letters
    assert address(7, position) == f"{letters_of(position)}7" == f"{letters}7"
    assert position_of(letters.encode()) == position
    assert place_of(f"{letters}7") == (7, position)
    assert _position(f"{letters}7") == position


@given(st.integers(1, 10**7), st.integers(0, 20_000))
def test_an_address_leads_back_to_its_cell(row: int, position: int) -> None:
    """Whichever cell it is."""
    assert place_of(address(row, position)) == (row, position)
