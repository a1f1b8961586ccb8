"""Texts that were damaged on their way into the file are seen, and honest ones are left alone."""

import html

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from importer.checking.damage import damage, repaired, without_entities

HONEST = (
    "Room 1",
    "'s-Hertogenbosch",
    "Café Zürich – Salle ÎLE «Nº 5»",  # noqa: RUF001
    "Łódź, STÓŁ 3",
    "København Ørestad Æ",
    "São Paulo NÃO FUMAR",
    "Überraschungsraum Größe 3",
    "TÂRGU LĂPUŞ",
    "Переговорная «Нева» № 1",
    "Ні, Дії, Їжа",  # noqa: RUF001
    "Αίθουσα Ωμέγα",
    "İstanbul Şişli Ğ",
    "会議室A",
    "회의실 3",
    "חדר ישיבות",
    "غرفة الاجتماعات",
    "Mme Lœuf’s “salon”",  # noqa: RUF001
    "Who is in?",
    "https://example.com/room?id=1&day=2",
    "mailto:desk@example.com?subject=room",
    "Plan: example.com/plan.pdf?page_no=3",
    "AT&T; R&D",
    "Fish & Chips; bar",
    "May",
    "March 3rd",
    "Sept 11 room",
    "E10",
    "2E1",
    "Room 3-2",
    "12",
    "Ünterhaus 😀",
    "Þórsmörk",
)
LETTERS = {
    "German": "äöüßÄÖÜ",
    "French": "éèêàçœÉÇ«»’",  # noqa: RUF001
    "Polish": "łóżźćęąśńŁ",
    "Czech": "řžšěčůýáŘ",
    "Turkish": "ğışçöüĞİ",
    "Russian": "переговнаяАЯё",
    "Greek": "αβγδέώΩ",
    "Japanese": "会議室ルーム",
    "Emoji": "😀🏢",
}


def codes(cell: str) -> set[str]:
    """The issue codes of a single text."""
    return set(damage([cell]))


@pytest.mark.parametrize("name", HONEST)
def test_honest_names_are_not_suspected(name: str) -> None:
    """Names of places, rooms and people in many languages."""
    assert codes(name) == set()


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
@given(data=st.data())
def test_utf8_that_was_read_as_western_text_is_recognised(encoding: str, data: st.DataObject) -> None:
    """In any language, as far as every byte has a letter; the sentence can say what it was."""
    letters = data.draw(st.sampled_from(sorted(LETTERS.values())))
    text = data.draw(st.text(f"{letters}ab 1", min_size=1))
    assume(not text.isascii())
    try:
        twice = text.encode().decode(encoding)
    except UnicodeDecodeError:
        assume(False)
    assert codes(twice) >= {"double-encoded"}
    assert repaired(twice) == text


@pytest.mark.parametrize(
    ("damaged", "meant"),
    [
        ("CafÃ© ZÃ¼rich", "Café Zürich"),
        ("Ã…Ã³dÅº", "Åódź"),
        ("ÐŸÐµÑ€ÐµÐ³Ð¾Ð²Ð¾Ñ€Ð½Ð°Ñ", None),
        ("РџРµСЂРµРіРѕРІРѕСЂ", "Переговор"),
        ("Caf√© Z√ºrich", "Café Zürich"),
        ("Caf├® Z├╝rich", "Café Zürich"),
        ("Salle â€“ 5", "Salle – 5"),  # noqa: RUF001
        ("ä¼šè­°å®¤", "会議室"),
        ("KrakĂłw", "Kraków"),
        ("CafĂ© ZĂĽrich", "Café Zürich"),
        ("CafГ©", "Café"),
        ("CafΓ©", "Café"),
        ("Cafﾃｩ", "Café"),
        ("Caf├⌐", "Café"),
    ],
)
def test_the_usual_ways_of_double_encoding_are_recognised(damaged: str, meant: str | None) -> None:
    """By programs of Windows, Macs and DOS, of Western and Russian machines; half a letter is no proof."""
    assert repaired(damaged) == (meant or damaged)
    assert ("double-encoded" in codes(damaged)) == (meant is not None)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1))
def test_text_in_entities_is_told_with_what_it_stands_for(text: str) -> None:
    """Numbers for letters that are not ASCII, names for the five signs of markup."""
    written = html.escape(text).encode("ascii", "xmlcharrefreplace").decode()
    assume(written != text)
    assert "html-entities" in codes(written)
    assert without_entities(written) == html.unescape(written)


@pytest.mark.parametrize(
    "cell",
    ["???? ???", "Caf? Z?rich", "Sala ??d?", "Caf?", "?cole 3", "Salle ?stanbul", "example.com/Z?rich", "B?ro=5"],
)
def test_question_marks_in_place_of_letters_are_seen(cell: str) -> None:
    """Two in a row, one in a word, or one that ends the only word."""
    assert codes(cell) == {"letters-replaced"}


@pytest.mark.parametrize(
    "cell",
    [
        "2.00E+01",
        "1.00E+05",
        "1,5E+10",
        "2E+01",
        "03-Feb",
        "3-Feb",
        "Feb-03",
        "feb-03",
        "03-févr",
        "03. Feb",
        "02-mrt",
        "Dez-26",
    ],
)
def test_names_that_a_program_turned_into_numbers_or_dates_are_seen(cell: str) -> None:
    """As Excel writes them in several languages when a room is called 2E1, 3-2 or Feb 3."""
    assert codes(cell) == {"value-converted"}


@given(st.lists(st.sampled_from([*HONEST, "CafÃ©", "a\nb", "3-Feb", "x\n3-Feb\ny", "?", "", "&eacute;"])))
def test_a_column_has_the_damage_of_its_cells(cells: list[str]) -> None:
    """Looking at the whole column first only saves time; a line end inside a cell begins no other cell."""
    places = damage(cells)
    for index, cell in enumerate(cells):
        assert {code for code, indexes in places.items() if index in indexes} == (codes(cell) if cell else set())
