"""What was typed in a form, as against what the page showed."""

import unicodedata

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from importer.spreadsheet import Sheet, as_problems
from importer.spreadsheet.corrections import corrected
from importer.web.entries import SHOWN, by_row, digest, overtaken, typed

TEXTS = st.text(st.characters(codec=None) | st.sampled_from("\r\n\0\t =#é\u0301\u05d0\u202e"), max_size=12)


ROWS = st.dictionaries(st.sampled_from("ABCDEF"), TEXTS, min_size=1)


def given_back(text: str, compose: bool) -> str:
    """An untouched field, by the HTML standard: no line ends in a line of text, and nothing that is not UTF-8."""
    text = text.replace("\r", "").replace("\n", "")
    text = "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)
    return unicodedata.normalize("NFC", text) if compose else text


@given(shown=ROWS, now=ROWS, hands=ROWS, compose=st.booleans())
def test_only_what_was_typed_counts_as_typed(
    shown: dict[str, str], now: dict[str, str], hands: dict[str, str], compose: bool
) -> None:
    """Whatever the cells hold, however a browser mangles it, and whatever another page has made of them since."""
    form = {letters: given_back(text, compose) for letters, text in shown.items()}
    form |= {SHOWN + letters: digest(text) for letters, text in shown.items()}
    assert typed(form, {**shown, **now}) == {}
    mine = {letters: given_back(text, compose) for letters, text in hands.items() if letters in shown}
    taken = typed(form | mine, {**shown, **now})
    assert taken.items() <= mine.items()
    cells = {**shown, **now}
    assert mine.keys() - taken.keys() == {
        letters for letters, text in mine.items() if digest(text) in (digest(shown[letters]), digest(cells[letters]))
    }


@given(shown=ROWS, now=ROWS, hands=ROWS, compose=st.booleans())
def test_a_text_is_overtaken_exactly_if_its_cell_is_not_what_was_shown(
    shown: dict[str, str], now: dict[str, str], hands: dict[str, str], compose: bool
) -> None:
    """Only typed texts are; one equal to what the cell says by now has nothing to replace."""
    form = {letters: given_back(text, compose) for letters, text in shown.items()}
    form |= {SHOWN + letters: digest(text) for letters, text in shown.items()}
    form |= {letters: given_back(text, compose) for letters, text in hands.items() if letters in shown}
    taken = typed(form, now)
    assert overtaken(form, now) == {
        letters: text
        for letters, text in taken.items()
        if letters in now and digest(now[letters]) != digest(shown[letters])
    }


@given(texts=ROWS, hands=ROWS)
def test_a_cell_without_a_value_has_none_until_another_text_is_typed(
    texts: dict[str, str], hands: dict[str, str]
) -> None:
    """Cells that are nobody's value keep their text and their problem, except where a person typed another text."""
    positions = [ord(letters) - ord("A") for letters in texts]
    chunk = pd.DataFrame({place: [text] for place, text in zip(positions, texts.values(), strict=True)}, index=[7])
    chunk = chunk.astype(object)
    problems = as_problems(["formula-without-value"] * len(texts), [7] * len(texts), positions)
    sheet = Sheet(None, 1, tuple("ABCDEF"), lambda: iter([chunk.copy()]), problems=problems)
    again = {f"{letters}7": given_back(text, compose=True) for letters, text in texts.items()}
    same = corrected(sheet, again, {})
    assert len(same.problems) == len(texts)
    assert next(same.read()).equals(chunk)
    other = corrected(sheet, again | {f"{letters}7": f"{text}x" for letters, text in hands.items()}, {})
    left = {chr(place + ord("A")) for place in other.problems["position"].tolist()}
    assert texts.keys() - hands.keys() <= left


def test_fields_of_cells_are_told_from_all_others() -> None:
    """By their addresses, each with the digest of what was shown; a choice of a name is the field of no cell."""
    form = {"B3": "1", "shown-B3": "x", "AB12": "2", "page": "1", "B0": "", "pick-b3": "7", "B3 ": "", "shown-3": ""}
    assert by_row(form) == {3: {"B": "1", "shown-B": "x"}, 12: {"AB": "2"}}
