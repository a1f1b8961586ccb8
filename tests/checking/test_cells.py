"""Cells of each type of field, read exactly or refused."""

import json
import unicodedata
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.checking.cells import (
    UNSEEN_CHARACTERS,
    YES_OR_NO,
    Parsed,
    choices,
    decimals,
    texts,
    whole_numbers,
    yes_or_no,
)

BEFORE, AFTER = 11, 4


def fate(parsed: Parsed, row: int = 7) -> object:
    """The value of a row, or the code it is refused with."""
    refused = [code for code, rows in parsed.refused.items() if row in rows]
    return refused[0] if refused else parsed.values[row]


def column(*cells: str) -> pd.Series:
    """Text cells from row 7 on."""
    return pd.Series(cells, index=range(7, 7 + len(cells)), dtype=object)


@given(st.decimals(min_value=-99_999_999_999, max_value=99_999_999_999, places=AFTER, allow_nan=False))
def test_a_decimal_is_kept_digit_by_digit(number: Decimal) -> None:
    """Every number of at most fifteen digits is its own value, also after a JSON reader that has only floats."""
    written = format(number, "f")
    value = fate(decimals(column(written), BEFORE, AFTER))
    assert value == number
    assert Decimal(str(json.loads(format(value, "f")))) == number


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("12.50", "12.5"),
        ("012.5", "12.5"),
        ("12,5", "12.5"),
        ("12,50", "12.5"),
        ("0,125", "0.125"),
        ("1234,567", "1234.567"),
        ("-3", "-3"),
        ("-0.00", "0"),
        ("100", "100"),
        ("1,234", "number-ambiguous"),
        ("-12,345", "number-ambiguous"),
        ("1,234.5", "not-a-number"),
        ("1.234,5", "not-a-number"),
        ("1 234", "not-a-number"),
        ("1'234", "not-a-number"),
        ("1e3", "not-a-number"),
        (".5", "not-a-number"),
        ("5.", "not-a-number"),
        ("+5", "not-a-number"),
        ("5 %", "not-a-number"),
        ("€5", "not-a-number"),
        ("\u0665", "not-a-number"),
        ("Infinity", "not-a-number"),
        ("1_000", "not-a-number"),
        ("0.00001", "too-many-digits"),
        ("0.00010", "0.0001"),
        ("123456789012", "too-many-digits"),
        ("#DIV/0!", "cell-error"),
    ],
)
def test_a_decimal_is_what_it_clearly_says(cell: str, expected: str) -> None:
    """A comma is a decimal point unless it may part thousands; nothing is rounded and nothing guessed."""
    found = fate(decimals(column(f" {cell} "), BEFORE, AFTER))
    assert (format(found, "f") if isinstance(found, Decimal) else found) == expected


@pytest.mark.parametrize("word", YES_OR_NO)
def test_yes_and_no_in_every_spelling(word: str) -> None:
    """The list is closed; case and outer spaces do not matter."""
    assert [fate(yes_or_no(column(cell))) for cell in (word, word.upper(), f" {word} ")] == [YES_OR_NO[word]] * 3


@pytest.mark.parametrize("cell", ["2", "-", "ja", "maybe", "yes no", "1.0", "tru\u0435"])
def test_anything_else_is_neither_yes_nor_no(cell: str) -> None:
    """Also what looks alike: the last one ends in a Cyrillic letter."""
    assert fate(yes_or_no(column(cell))) == "not-yes-or-no"


@pytest.mark.parametrize(("cell", "expected"), [("hour", 1), (" Whole  Day", 2), ("2", 2), ("3", "not-a-choice")])
def test_a_choice_is_one_of_the_list(cell: str, expected: object) -> None:
    """By what people write or by the service's own value."""
    assert fate(choices(column(cell), {"hour": 1, "whole day": 2, "1": 1, "2": 2})) == expected


@pytest.mark.parametrize("cells", [(), ("",), ("", " ")])
def test_empty_cells_are_missing(cells: tuple[str, ...]) -> None:
    """A column without a value has no issue, and the dtype of the others."""
    text = column(*cells)
    for parsed, dtype in (
        (decimals(text, BEFORE, AFTER), "object"),
        (yes_or_no(text), "boolean"),
        (choices(text, {"hour": 1}), "Int64"),
        (choices(text, {"euro": "EUR"}), "string"),
    ):
        assert parsed.values.isna().all()
        assert (str(parsed.values.dtype), dict(parsed.refused)) == (dtype, {})
        assert parsed.values.index.equals(text.index)


@given(st.integers(-(10**18) + 1, 10**18 - 1), st.sampled_from(["", ".0", ".00", ".0000"]))
def test_a_whole_number_is_itself(number: int, tail: str) -> None:
    """Up to eighteen digits, also as spreadsheets write one; nothing is rounded on its way through a column."""
    assert fate(whole_numbers(column("7", f" {number}{tail} ", "")), 8) == number


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("007", 7),
        ("-0", 0),
        ("\u0661\u0662", 12),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, "not-a-whole-number"),
        ("1" + "0" * 18 + ".0", "not-a-whole-number"),
        ("12.5", "not-a-whole-number"),
        ("12.", "not-a-whole-number"),
        ("1e3", "not-a-whole-number"),
        ("1,234", "not-a-whole-number"),
        ("+7", "not-a-whole-number"),
        ("--7", "not-a-whole-number"),
        ("\u00b2", "not-a-whole-number"),
        ("abc", "not-a-whole-number"),
        ("#N/A", "cell-error"),
        ("#N/A!", "not-a-whole-number"),
    ],
)
def test_a_whole_number_is_digits(cell: str, expected: object) -> None:
    """Of any script, at most as many as fit; beside other cells as alone."""
    assert fate(whole_numbers(column(cell))) == expected
    assert fate(whole_numbers(column("5", cell, "6")), 8) == expected


def test_a_column_of_numbers_keeps_its_rows_and_its_gaps() -> None:
    """Empty cells are missing and no issue, wrong ones are named by their rows."""
    parsed = whole_numbers(column("1", "", "x", " ", "5", "#REF!"))
    assert parsed.values.isna().tolist() == [False, True, True, True, False, True]
    assert {code: list(rows) for code, rows in parsed.refused.items()} == {
        "cell-error": [12],
        "not-a-whole-number": [9],
    }
    assert str(parsed.values.dtype) == "Int64"


@pytest.mark.parametrize(
    ("cell", "value", "refused", "doubtful"),
    [
        ("Studio", "Studio", [], []),
        (" Studio ", "Studio", [], ["spaces-trimmed"]),
        ("   ", None, [], []),
        ("", None, [], []),
        ("a\tb", "a\tb", [], ["unseen-character"]),
        *((f"a{end}b", f"a{end}b", [], ["unseen-character"]) for end in ("\n", "\r\n", "\r")),
        ("#N/A", None, ["cell-error"], []),
        ("Room #5", "Room #5", [], []),
        ("a\x00b", None, ["unprintable-character"], []),
        ("a\ud800", None, ["unprintable-character"], []),
        ("a\x85b", None, ["unprintable-character"], []),
        ("a\u200bb", "a\u200bb", [], ["unseen-character"]),
        # The ends of lines that few programs know.
        ("a\u2028b", None, ["unprintable-character"], []),
        ("a\u2029b", None, ["unprintable-character"], []),
        *((f"{end}Studio{end}", "Studio", [], ["spaces-trimmed"]) for end in "\n\x85\u2028\u2029"),
        ("\u202eabc", "\u202eabc", [], ["unseen-character"]),
        # The joiners that scripts and emoji need are no doubt.
        ("\u06a9\u200c\u0647", "\u06a9\u200c\u0647", [], []),
        ("AAMk=+/", "AAMk=+/", [], []),
    ],
)
def test_a_text_is_what_the_cell_shows(cell: str, value: str | None, refused: list[str], doubtful: list[str]) -> None:
    """Nothing but outer spaces is taken away, and that is said."""
    for cells, row in (((cell,), 7), (("x", cell, "y"), 8)):
        parsed = texts(column(*cells))
        assert (None if parsed.values.isna()[row] else parsed.values[row]) == value
        assert [code for code, rows in parsed.refused.items() if row in rows] == refused
        assert [code for code, rows in parsed.doubtful.items() if row in rows] == doubtful


@given(st.lists(st.text(max_size=6), max_size=6))
def test_no_text_depends_on_those_beside_it(cells: list[str]) -> None:
    """Columns are looked at as a whole for speed; each cell is read as if it stood alone."""
    together = texts(column(*cells))
    for row, cell in enumerate(cells, start=7):
        alone = texts(column(cell))
        assert alone.values.isna()[7] == together.values.isna()[row]
        assert together.values.isna()[row] or alone.values[7] == together.values[row]
        for one, other in ((alone.refused, together.refused), (alone.doubtful, together.doubtful)):
            assert [code for code in one if 7 in one[code]] == [code for code in other if row in other[code]]


@pytest.mark.parametrize(
    "cell", ["#NV", "#WERT!", "#VALEUR!", "#¡VALOR!", "#N/D", "#GETTING_DATA", "Err:502", "#####", "Loading..."]
)
def test_an_error_of_a_spreadsheet_program_is_no_value(cell: str) -> None:
    """In the language of the program, as its CSV files have it; in texts and in numbers."""
    assert fate(texts(column(cell))) == "cell-error"
    assert fate(whole_numbers(column(cell))) == "cell-error"


@pytest.mark.parametrize("cell", ["#1", "# 5", "#Boardroom", "Err: 5", "##", "Loading bay", "#NVIDIA"])
def test_a_hash_alone_makes_no_error(cell: str) -> None:
    """Rooms are called so."""
    assert fate(texts(column(cell))) == cell


@pytest.mark.parametrize("end", ["\t", "\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_an_id_of_another_system_has_no_line_ends(end: str) -> None:
    """They come from a program that wrapped the text; without them it may be the Id, or half of it."""
    parsed = texts(column(f"AAMk{end}Ag=", "AAMk="), opaque=True)
    assert list(parsed.refused["unprintable-character"]) == [7]
    assert parsed.values[8] == "AAMk="


@pytest.mark.parametrize("cell", ["\u3164", "Room\u2800 1", "Room\U000e0041"])
def test_what_nobody_sees_is_told(cell: str) -> None:
    """Blanks that are letters, and the letters of tags."""
    assert "unseen-character" in {code for code, rows in texts(column(cell)).doubtful.items() if len(rows)}


@pytest.mark.parametrize(
    "name",
    [
        "SOFT HYPHEN",
        "HANGUL CHOSEONG FILLER",
        "HANGUL JUNGSEONG FILLER",
        "ARABIC LETTER MARK",
        "MONGOLIAN VOWEL SEPARATOR",
        "ZERO WIDTH SPACE",
        "LEFT-TO-RIGHT MARK",
        "RIGHT-TO-LEFT MARK",
        "BRAILLE PATTERN BLANK",
        "LEFT-TO-RIGHT EMBEDDING",
        "RIGHT-TO-LEFT OVERRIDE",
        "WORD JOINER",
        "INVISIBLE PLUS",
        "LEFT-TO-RIGHT ISOLATE",
        "NOMINAL DIGIT SHAPES",
        "HANGUL FILLER",
        "ZERO WIDTH NO-BREAK SPACE",
        "HALFWIDTH HANGUL FILLER",
        "TAG SPACE",
        "CANCEL TAG",
    ],
)
def test_a_character_that_nobody_sees_is_one_of_those_looked_for(name: str) -> None:
    """By its name in Unicode; the letters beside it are none."""
    character = unicodedata.lookup(name)
    assert character in UNSEEN_CHARACTERS
    assert "a" not in UNSEEN_CHARACTERS
