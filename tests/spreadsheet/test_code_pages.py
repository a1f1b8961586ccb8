"""Names in their language's letters, written in its code page: the right reading is offered, and mostly first."""

from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.spreadsheet.code_pages import PAGES, are_utf8, make_words, readings
from importer.spreadsheet.encodings import MOST_CANDIDATES

NAMES = {
    "French": (
        ("cp1252", "mac_roman", "iso8859_15", "cp850"),
        ["Salle Molière", "Café à côté", "Espace détente", "Fenêtre"],
    ),
    "German": (("cp1252", "mac_roman", "cp850", "iso8859_15"), ["Büro Süd", "Größe 5", "Müller, Jürgen", "Höfe"]),
    "Spanish": (("cp1252", "mac_roman"), ["Sala Peñón", "José García", "Reunión"]),
    "Portuguese": (("cp1252", "mac_roman"), ["Sala São João", "Conceição", "Reunião"]),
    "Danish": (("cp1252", "mac_roman"), ["Rådhus", "Søren Kjær", "Mødelokale"]),
    "Polish": (("cp1250", "mac_latin2", "iso8859_2", "cp852"), ["Sala Łódź", "Książę", "Gdańsk", "Święta"]),
    "Czech": (("cp1250", "iso8859_2", "cp852"), ["Kancelář Žižkov", "Řehoř Dvořák", "Zasedačka"]),
    "Hungarian": (("cp1250", "iso8859_2"), ["Tárgyaló Győr", "Erdős Tűz", "Fürdő"]),
    "Croatian": (("cp1250",), ["Dvorana Čakovec", "Đuro Šimić"]),
    "Russian": (
        ("cp1251", "koi8_r", "cp866", "mac_cyrillic", "iso8859_5"),
        ["Переговорная 1", "Иван Петров", "Офис на Невском"],
    ),
    "Ukrainian": (("cp1251",), ["Кімната Київ", "Олексій"]),
    "Greek": (("cp1253", "mac_greek"), ["Αίθουσα 1", "Γιώργος Παπαδόπουλος", "Γραφείο"]),
    "Turkish": (("cp1254", "mac_turkish"), ["Toplantı odası", "İstanbul Şişli", "Ayşe Yıldız"]),
    "Latvian": (("cp1257",), ["Zāle Rīga", "Jānis Bērziņš"]),
    "Hebrew": (("cp1255",), ["חדר ישיבות", "תל אביב"]),
    "Arabic": (("cp1256",), ["غرفة الاجتماعات", "محمد علي"]),
    "Thai": (("cp874",), ["ห้องประชุม", "กรุงเทพ"]),
    "Japanese": (("cp932", "euc_jp"), ["会議室A", "東京オフィス", "山田太郎"]),
    "Chinese": (("gb18030",), ["会议室一", "北京办公室", "王小明"]),
    "Traditional Chinese": (("big5",), ["會議室一", "台北辦公室"]),
    "Korean": (("cp949",), ["회의실 1", "서울 사무실", "김민수"]),
}
CASES = [(language, page) for language, (pages, _) in NAMES.items() for page in pages]


@pytest.mark.parametrize(("language", "page"), CASES)
def test_a_column_of_names_is_offered_as_it_was_typed(language: str, page: str) -> None:
    """Among the six that are shown."""
    names = NAMES[language][1]
    cells = [name.encode(page) for name in names]
    offered = readings(cells)[:MOST_CANDIDATES]
    right = [one for one in offered if [cell.decode(one.encoding) for cell in cells] == names]
    assert len(right) == 1


SHORT = [
    ("cp1250", ["Sala Łódź", "Książę"]),
    ("cp1250", ["Gdańsk"]),
    ("cp1251", ["Переговорная", "Иван Петров"]),
    ("cp1251", ["Зал"]),
    ("koi8_r", ["Переговорная", "Иван Петров"]),
    ("koi8_r", ["Зал"]),
    ("cp1253", ["Αίθουσα", "Γιώργος"]),
    ("cp1254", ["Toplantı odası", "Şişli"]),
    ("cp1254", ["Güneş"]),
    ("cp932", ["会議室A", "東京オフィス"]),
    ("cp932", ["会議室"]),
    ("euc_jp", ["会議室A", "東京オフィス"]),
    ("gb18030", ["会议室一", "北京办公室"]),
    ("gb18030", ["王小明"]),
    ("big5", ["會議室一", "台北辦公室"]),
    ("mac_roman", ["Salle Molière", "Café"]),
    ("mac_roman", ["Müller"]),
    ("mac_roman", ["Büro Süd"]),
    ("mac_roman", ["Søren Kjær"]),
]


@pytest.mark.parametrize(("page", "names"), SHORT)
def test_a_word_or_two_are_among_the_first_three(page: str, names: list[str]) -> None:
    """And no reading of old Macs in Central Europe, whose letters make words of any bytes, is first."""
    cells = [name.encode(page) for name in names]
    offered = readings(cells)
    assert names in [[cell.decode(one.encoding) for cell in cells] for one in offered[:3]]
    assert offered[0].encoding != "mac_latin2"


def test_the_right_reading_comes_first_for_nearly_all() -> None:
    """So that pressing return is right; a single one that fails is no reason to change the measure."""
    first = 0
    for language, page in CASES:
        names = NAMES[language][1]
        cells = [name.encode(page) for name in names]
        first += [cell.decode(readings(cells)[0].encoding) for cell in cells] == names
    assert first >= len(CASES) - 4


@given(case=st.sampled_from(CASES), data=st.data())
def test_any_few_names_of_a_language_can_be_read_as_they_were_typed(case: tuple[str, str], data: st.DataObject) -> None:
    """Even one alone: its reading is offered, and reading the cells so gives the text."""
    language, page = case
    names = data.draw(st.lists(st.sampled_from(NAMES[language][1]), min_size=1, max_size=3, unique=True))
    cells = [name.encode(page) for name in names]
    if all(cell.isascii() for cell in cells):
        return
    texts = [[cell.decode(one.encoding) for cell in cells] for one in readings(cells)]
    assert names in texts[: 2 * MOST_CANDIDATES]
    assert len({tuple(text) for text in texts}) == len(texts), "each reading once"


@pytest.mark.parametrize("language", NAMES)
def test_no_wrong_reading_is_clearly_the_best(language: str) -> None:
    """So that a page that was chosen before is not believed: of one name, of two, and of all of a language."""
    pages, names = NAMES[language]
    for page, size in product(pages, (1, 2, len(names))):
        for some in combinations([name for name in names if not name.isascii()], size):
            cells = [name.encode(page) for name in some]
            clear = [one.encoding for one in readings(cells) if one.clear]
            assert len(clear) <= 1
            assert all([cell.decode(encoding) for cell in cells] == list(some) for encoding in clear)


@pytest.mark.parametrize("remembered", ["cp1252", "cp1250", "cp1254", "iso8859_2", "mac_roman", "cp850"])
@pytest.mark.parametrize(
    ("name", "page"),
    [
        *((name, "cp1250") for name in ("Kancelář Žižkov", "Zasedačka", "Sala Łódź", "Książę", "Gdańsk", "Erdős Tűz")),
        *((name, "cp1252") for name in ("Salle Crème", "Salle Molière", "Fenêtre", "Peñón", "Büro Süd", "Große Höfe")),
        *((name, "cp1254") for name in ("Toplantı odası", "İstanbul Şişli", "Ayşe Yıldız", "Güneş")),
    ],
)
def test_a_remembered_page_comes_first_and_is_clear_only_if_it_is_right(name: str, page: str, remembered: str) -> None:
    """The letters of another country make words as well: "Salle Crčme" is no reading that goes without a question."""
    cell = name.encode(page)
    offered = readings([cell], remembered=remembered)
    texts = [cell.decode(one.encoding) for one in offered]
    assert name in texts
    try:
        assert texts[0] == cell.decode(remembered)
    except UnicodeDecodeError:
        return
    assert offered[0].encoding == remembered
    assert not offered[0].clear or texts[0] == name


@given(st.lists(st.binary(min_size=1, max_size=12), min_size=1, max_size=4))
def test_any_bytes_have_readings_or_none(cells: list[bytes]) -> None:
    """Whatever they are, judging them ends without an error, and every reading is true."""
    for one in readings(cells):
        assert [cell.decode(one.encoding) for cell in cells]
        assert one.encoding in PAGES
    make_words(cells)
    are_utf8(cells)


def test_the_page_of_the_machine_goes_before_others_that_are_as_likely() -> None:
    """In Prague, the same bytes are Czech."""
    cells = ["Molière".encode("cp1252")]
    assert readings(cells)[0].encoding == "cp1252"
    assert readings(cells, local="cp1250")[0].sample == "Moličre"


def test_a_sample_shows_the_cells_that_tell_most() -> None:
    """Without the rest of a line whose cells a bar separates."""
    cells = ["Café 1", "Café 2", "Größe 5"]
    assert readings([cell.encode("cp1252") for cell in cells])[0].sample == "Größe 5 · Café 1"
    assert readings(["1|Café|x".encode("cp1252")])[0].sample == "Café"


@pytest.mark.parametrize(
    ("texts", "expected"), [(["Café", "Zoë"], True), (["ÄÖÜ"], True), (["Łódź ęą"], True), (["Переговорная"], True)]
)
def test_utf8_is_told_from_code_pages(texts: list[str], expected: bool) -> None:
    """By which of them gives words."""
    assert are_utf8([text.encode() for text in texts]) == expected
    assert not are_utf8(["联通".encode("gb18030")])
