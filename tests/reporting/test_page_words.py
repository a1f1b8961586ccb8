"""What a page says of a row speaks of the columns as their owner titled them, with examples as people type them."""

from importer.issues import Issue
from importer.reporting.page_words import words_on_page


def test_an_empty_cell_is_named_by_its_header_and_filled_with_a_value() -> None:
    """Nobody has to enter "the Who"."""
    issue = Issue("cell-empty", 7, "B7", "Who", "CoworkerId", detail="1123713")
    assert words_on_page(issue) == '"Who" is empty. Enter a value, for example ada@example.com.'
