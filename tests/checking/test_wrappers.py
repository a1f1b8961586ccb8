"""What other programs write around values is taken off where it cannot belong to them, and told."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.checking.wrappers import NO_VALUE, Around, inner, is_quoted, looks_wrapped, unwrap
from importer.spreadsheet import is_unseen

PEOPLE, REFERENCE, ANY = Around.AS_FORMULA, Around.NUMBER_OR_NAME, Around.ALL


@pytest.mark.parametrize(
    ("cell", "around", "bare", "code"),
    [
        ('="1001"', PEOPLE, "1001", "text-as-formula"),
        ('= "1001"', ANY, "1001", "text-as-formula"),
        (' ="Room ""A""" ', PEOPLE, 'Room "A"', "text-as-formula"),
        ('=""', ANY, "", "text-as-formula"),
        ('="a"&"b"', PEOPLE, '="a"&"b"', ""),
        ('=CONCAT("a")', PEOPLE, '=CONCAT("a")', ""),
        ("'Room 1", PEOPLE, "'Room 1", ""),
        ("'Room 1'", PEOPLE, "'Room 1'", ""),
        ("'1001", ANY, "1001", "quotes-removed"),
        ("'AAMk=", ANY, "AAMk=", "quotes-removed"),
        ("’1001", ANY, "1001", "quotes-removed"),  # noqa: RUF001
        ("'1001'", ANY, "1001", "quotes-removed"),
        ('"1001"', ANY, "1001", "quotes-removed"),
        ("“1001”", ANY, "1001", "quotes-removed"),
        ("„1001“", ANY, "1001", "quotes-removed"),
        ("«1001»", ANY, "1001", "quotes-removed"),
        ("' 1001 '", ANY, "1001", "quotes-removed"),
        ("'1001", REFERENCE, "1001", "quotes-removed"),
        ("'Ada'", REFERENCE, "Ada", "quotes-removed"),
        ("'t Zand", REFERENCE, "'t Zand", ""),
        ("O'Neill", REFERENCE, "O'Neill", ""),
        ("'", ANY, "'", ""),
        ("''", ANY, "''", ""),
        ("", ANY, "", ""),
        ("1001", ANY, "1001", ""),
    ],
)
def test_what_stands_around_a_value(cell: str, around: Around, bare: str, code: str) -> None:
    """A text for people keeps what the spreadsheet shows; an apostrophe before a name may belong to it."""
    assert inner(cell, around) == (bare, code)


@given(st.text(), st.sampled_from(Around))
def test_text_as_a_formula_is_the_text(text: str, around: Around) -> None:
    """Every text comes back as it was before an export wrote it as ="…"."""
    escaped = text.replace('"', '""')
    assert inner(f'="{escaped}"', around) == (text, "text-as-formula")


def test_a_column_tells_what_was_changed_where() -> None:
    """Rows by code, and the rows that hold a word for no value; the other cells are as they were."""
    text = pd.Series(['="1"', "'2", " 3 ", "NULL", ""], index=[4, 5, 7, 8, 9], dtype=object)
    bare = unwrap(text, ANY)
    assert bare.text.to_dict() == {4: "1", 5: "2", 7: " 3 ", 8: "", 9: ""}
    assert {code: rows.tolist() for code, rows in bare.doubtful.items()} == {
        "text-as-formula": [4],
        "quotes-removed": [5],
    }
    assert bare.empty.tolist() == [8]


@pytest.mark.parametrize("quotes", ["''", '""', "\u201c\u201d", " '' ", "\"''\""])
def test_quotes_around_nothing_are_no_value(quotes: str) -> None:
    """So databases write an empty text; a text for people keeps them, for the program shows them."""
    text = pd.Series([quotes, "7"], index=[2, 3], dtype=object)
    bare = unwrap(text, ANY)
    assert (bare.text.tolist(), bare.empty.tolist()) == (["", "7"], [2])
    assert unwrap(text, Around.AS_FORMULA).text.tolist() == [quotes, "7"]


def test_a_column_without_any_of_it_is_handed_on() -> None:
    """The usual case costs nothing."""
    text = pd.Series(["Room 1", "O-2", "NA"], dtype=object)
    assert unwrap(text, ANY).text is text


@pytest.mark.parametrize("word", sorted(NO_VALUE))
def test_words_for_no_value_are_read_as_empty(word: str) -> None:
    """Also with spaces around."""
    assert unwrap(pd.Series([f" {word} "], dtype=object), PEOPLE).empty.tolist() == [0]


@pytest.mark.parametrize("name", ["NA", "Nan", "Noneta", "Null Island", "N/A room", "-1", "0", "?"])
def test_names_and_numbers_are_no_words_for_no_value(name: str) -> None:
    """Nan is a first name."""
    assert not len(unwrap(pd.Series([name], dtype=object), PEOPLE).empty)


def test_texts_in_quotes_are_doubtful() -> None:
    """A pair, or an apostrophe at the beginning; not one in the middle."""
    assert [looks_wrapped(text) for text in ("'a", "'a'", '"a"', "a'", "a'b", "''")] == [
        True,
        True,
        True,
        False,
        False,
        True,
    ]
    assert not is_quoted("''")


UNSEEN = (
    *("\u200b", "\u00ad", "\u2060", "\u3164", "\u115f", "\u2800"),
    *("\u180e", "\ufe0f", "\u034f", "\u200e", "\U000e0020"),
)


@pytest.mark.parametrize("mark", UNSEEN)
@pytest.mark.parametrize("around", Around)
def test_what_nobody_can_see_is_no_value(mark: str, around: Around) -> None:
    """Alone, doubled or between blanks; beside a letter, it is for others to say."""
    cells = pd.Series([mark, mark * 3, f" {mark}\u00a0", f"a{mark}", "b", " "], index=range(2, 8), dtype=object)
    bare = unwrap(cells, around, frozenset())
    assert bare.unseen.tolist() == [2, 3, 4]
    assert bare.text.tolist() == ["", "", "", f"a{mark}", "b", " "]
    assert not len(bare.empty)


@given(
    st.text(st.characters(categories=["Cf", "Zs", "Zl", "Zp"]), min_size=1),
    st.characters(categories=["L", "N", "P", "S"]),
)
def test_a_text_with_one_visible_character_is_a_value(unseen: str, letter: str) -> None:
    """However many others stand round it."""
    assert is_unseen(unseen)
    assert is_unseen(f"{unseen}{letter}{unseen}") is (letter in "\u115f\u1160\u2800\u3164\uffa0\U0001d159")
