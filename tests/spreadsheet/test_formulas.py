"""What a program could run made harmless, and every text given back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.spreadsheet.formulas import TRIGGERS, escape_formula, is_formula, may_hold_formula, unescape_formula

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


CALCULATED = (
    *("=1+1", "= A1", "=-1", "＝SUM(A1)"),  # noqa: RUF001
    *("+A1", "-A1", "+$B$2", "-b2", "-2+3", "+12-3", "-1/2", "+44-20-7946", "+(1+2)*3", "-10%*A1", "+A1:A3", "- 2 * 3"),
    *("@SUM(1;2)", "@SUM(A1)", "+SUM(A1:A2)", "-VLOOKUP(A1,B:C,2,0)/2", "+-SUM(1)", "－2＋3"),  # noqa: RUF001
)
PLAIN = (
    *("", "-", "--", "+", "@", "=", "== Room ==", '="1001"', "–"),  # noqa: RUF001
    *("-5", "+5", "-5.5", "-5%", "- 5", "-(5)", "+44 20 7946 0958", "+44 (0)20 7946", "+1 (800) 555 0100"),
    *("@ada", "@A1", "@ada(home)", "-Room", "- Room (2)", "-Room(2)", "+1 Room", "-abc", "A1", "2+3", "+AbC/d3f+x9=="),
    *("-5 °C", "+ Extra", "-12 and -13"),
)


@pytest.mark.parametrize("cell", CALCULATED)
def test_what_a_program_calculates_is_a_formula(cell: str) -> None:
    """It shows another text than the file holds, so the file's must not be sent; the quick look misses none."""
    assert is_formula(cell)
    assert may_hold_formula(cell, ",")


@pytest.mark.parametrize("cell", PLAIN)
def test_a_sign_alone_makes_no_formula(cell: str) -> None:
    """Negative numbers, telephone numbers, names and dashes are what they are."""
    assert not is_formula(cell)


@given(st.text("+-@=A1b2(.) *", max_size=12), st.sampled_from([",", ";", "\t", "|"]), st.booleans())
def test_the_quick_look_misses_no_formula(cell: str, separator: str, is_first: bool) -> None:
    """Whatever stands before it in its row, and in quotes or not."""
    before = "" if is_first else f"Room{separator}"
    for text in (cell, f'"{cell}"'):
        assert not is_formula(cell) or may_hold_formula(f"Name\n{before}{text}\n", separator)


def test_the_quick_look_passes_over_signs_within_texts() -> None:
    """To look at each cell takes much longer, and most files have dashes and equal signs."""
    assert not may_hold_formula("a,AAMkAG=,Room - 2,ada @home,2026-11-28,-,-\n", ",")
