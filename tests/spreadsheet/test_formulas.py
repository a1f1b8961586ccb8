"""What a program could run made harmless, and every text given back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.spreadsheet.formulas import TRIGGERS, escape_formula, unescape_formula

BEGINNINGS = st.sampled_from(["", "'", "''", *TRIGGERS, *(f"'{trigger}" for trigger in TRIGGERS)])


@given(BEGINNINGS, st.text(max_size=8))
def test_a_text_comes_back_as_it_was(beginning: str, rest: str) -> None:
    """Escaped once and read once, whatever it begins with; apostrophes of the user's own stay."""
    text = beginning + rest
    escaped = escape_formula(text)
    assert unescape_formula(escaped) == text
    assert not escaped.startswith(TRIGGERS)


@given(st.text(max_size=8))
def test_a_harmless_text_is_left_as_it_is(text: str) -> None:
    """Only what could be run gets an apostrophe."""
    assert (escape_formula(text) == text) is not text.lstrip("'").startswith(TRIGGERS)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("", ""),
        ("Room", "Room"),
        ("1-2", "1-2"),
        ("'quoted'", "'quoted'"),
        ("=1+1", "'=1+1"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("'=1", "''=1"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),  # noqa: RUF001
    ],
)
def test_what_is_escaped(text: str, escaped: str) -> None:
    """A table of what people write."""
    assert escape_formula(text) == escaped
