"""Number formats as their parts."""

import pytest

from importer.spreadsheet.workbook_child.format_codes import (
    BUILT_IN,
    GENERAL,
    OTHER,
    claim,
    doubt,
    is_claim,
    is_doubt,
    is_literal,
    literal,
    literal_of,
    may_show_moment,
    sections_of,
)


@pytest.mark.parametrize(
    "shape",
    [
        *("yyyy-mm-dd", "d/m/yy", "h:mm AM/PM", "[h]:mm:ss", "[mm]:ss", "[s]", "mmm", "DDDD", "hh\\:mm"),
        *("[$-409]d mmm yyyy", '"on "d.m.yyyy', "0;yyyy", "[Red]h:mm", "A/P", OTHER, BUILT_IN[14], BUILT_IN[20]),
    ],
)
def test_a_format_that_may_show_a_moment_is_known(shape: str) -> None:
    """Too many rather than too few: their numbers are only looked at twice."""
    assert may_show_moment(shape)


@pytest.mark.parametrize(
    "shape",
    [
        *(GENERAL, "0", "0.00", "#,##0;[Red]-#,##0", "0.00E+00", "@", "0%", '0" days"', '0.0" hours"', "", "0_d"),
        *("[Blue]0;[Yellow]0", "[$DM-407] 0", "\\d0", "* 0", "00-00-00", BUILT_IN[5], BUILT_IN[41], "# ?/?"),
    ],
)
def test_letters_that_are_only_shown_make_no_moment(shape: str) -> None:
    """Quoted, escaped, in the name of a colour or of a currency, or as wide as a space."""
    assert not may_show_moment(shape)


@pytest.mark.parametrize(
    ("shape", "kinds"),
    [
        ("0.00", [["digits"]]),
        ('"a"0\\b', [["literal", "digits", "literal"]]),
        ("0;-0;;@", [["digits"], ["literal", "digits"], [], ["text"]]),
        ("[h]:mm", [["elapsed", "literal", "letters"]]),
        ("[Red]0", [["digits"]]),
        ("[$€-407]0", [["literal", "digits"]]),
        ("0.00E+00", [["digits", "exponent"]]),
        ("h:mm AM/PM", [["letters", "literal", "letters", "literal", "half"]]),
        ("_(* 0_)", [["literal", "fill", "digits", "literal"]]),
        ("[>5]0", None),
        ("[$-F800]dddd", None),
        ("[$-en-US]d/m/yy", [["letters", "literal", "letters", "literal", "letters"]]),
        ("[$-fr-FR]0", [["digits"]]),
        ("[$-fi]0", [["digits"]]),
        ("[$kr-sr-Latn-RS]0", [["literal", "digits"]]),
        ("[$-ca-ES-valencia]0", [["digits"]]),
        ("[$-es-419]0", [["digits"]]),
        ("[$$-en-US]0.0", [["literal", "digits"]]),
        ("[$-f400]h", None),
        ("[$-0F800]d", None),
        ("[$-x-systime]h", None),
        ("[$-en-US,1]d", None),
        ("[$-th-TH-u-nu-thai]0", None),
        ("[$-de-x-private]0", None),
        ("[$-30409]0", None),
        ("[$-407]0.0", None),
        ("[$-de-DE]0.0", None),
        ("[$€-x-euro2]0", None),
        (OTHER + "m/d/yyyy", None),
    ],
)
def test_a_format_has_parts(shape: str, kinds: list[list[str]] | None) -> None:
    """None where a condition or the language of a program decides what is shown."""
    sections = sections_of(shape)
    assert (sections and [[token.kind for token in section] for section in sections]) == kinds


def test_what_differs_from_country_to_country_has_a_nominal_form() -> None:
    """That of the United States; a condition has none."""
    day = sections_of(OTHER + "m/d/yyyy", nominal=True)
    assert day
    assert "".join(token.text for token in day[0]) == "m/d/yyyy"
    assert sections_of(OTHER, nominal=True) is None
    assert sections_of("[>5]0", nominal=True) is None


@pytest.mark.parametrize("text", ["0", "Room", "yyyy", "\0", "a;b", OTHER])
def test_a_text_that_is_certain_and_one_that_is_claimed_differ(text: str) -> None:
    """Both show the text, whatever it would mean as a format."""
    assert literal_of(literal(text)) == literal_of(claim(text)) == literal_of(doubt(text)) == text.strip()
    assert [is_doubt(each(text)) for each in (literal, claim, doubt)] == [False, False, True]
    assert is_literal(literal(text))
    assert is_literal(claim(text))
    assert (is_claim(literal(text)), is_claim(claim(text))) == (False, True)
    assert literal_of(GENERAL) is None
