"""What a number format shows of a value: certain, as LibreOffice and Excel both show it, or not certain at all."""

import pytest

from importer.spreadsheet.workbook_child.format_codes import claim, doubt
from importer.spreadsheet.workbook_child.number_formats import changes_texts, shown, shown_of_text, shows_number


@pytest.mark.parametrize(
    ("value", "shape", "text"),
    [
        ("-5", "0;@", "-5"),
        ("-5", "General;@", "-5"),
        ("-5", "#,##0;@", "-5"),
        ("-5", "0000000;@", "-0000005"),
        ("-5", '0;(0);"-";@', "(5)"),
        ("-5", "0;(0)", "(5)"),
        ("0", "0.00;-0.00;@", "0.00"),
        ("0", '0;-0;"none"', "none"),
        ("5", "@", "5"),
        ("0.5", "[$-809]0.00", "0.50"),
        ("5", "[$-407]0", "5"),
        ("5", "[Color 10]0", "5"),
        ("1234567", "#,##0", "1,234,567"),
    ],
)
def test_a_number_is_shown_in_the_section_that_is_for_it(value: str, shape: str, text: str) -> None:
    """The last section is for texts if it has their mark, however many there are."""
    assert shown(value, shape) == text


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("5", "@;-@"),
        ("-5", "@;0"),
        ("0.5", "[$-407]0.00"),
        ("0.5", "[$-40C]General"),
        ("5", "0??"),
        ("1.5", "[Color 99]0"),
        ("5", '"TRUE";"TRUE";"FALSE"'),
    ],
)
def test_what_programs_show_in_different_ways_is_not_certain(value: str, shape: str) -> None:
    """So that nothing is sent of such a cell without a word."""
    assert shown(value, shape) is None


@pytest.mark.parametrize(
    ("shape", "text"), [("0;@", "txt"), ("0", "txt"), ('0;0;0;"a "@', "a txt"), ("@;-@", None), ("@;0", None)]
)
def test_a_text_is_shown_in_the_section_for_texts(shape: str, text: str | None) -> None:
    """Which is the last one with its mark, or the fourth."""
    assert shown_of_text("txt", shape) == text


@pytest.mark.parametrize("letter", ["x", "y", "Room"])
def test_a_section_for_texts_may_show_any_text_in_their_place(letter: str) -> None:
    """Also one that a text itself may be."""
    for shape in (f'0;-0;0;"{letter}"', f'yyyy-mm-dd;;;"{letter}"', f'0;-0;0;[Red]"{letter}"'):
        assert changes_texts(shape)
    assert not changes_texts("0;-0;0;@")


@pytest.mark.parametrize(
    ("value", "shape", "is_shown"),
    [
        ("1414915", "#,##0", True),
        ("1414915", "General", True),
        ("42", "000000", True),
        ("-42", "0.00", True),
        ("7.125", "0.00", False),
        ("0.5", "0%", False),
        ("5", '"Room "0', False),
        ("5", ";;;", False),
        ("123456789012", "General", False),
        ("2031-03-01", "yyyy", False),
    ],
)
def test_a_number_may_be_shown_as_itself_in_many_forms(value: str, shape: str, *, is_shown: bool) -> None:
    """Zeros and separators say nothing more."""
    assert shows_number(value, shape) is is_shown


def test_a_text_in_doubt_is_never_sent_as_shown() -> None:
    """One that is only claimed is."""
    assert (shown("7", claim("7.00")), shown("7", doubt("7.00"))) == ("7.00", None)
