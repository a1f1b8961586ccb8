"""Which code pages the bytes of a file may be written in, the likeliest first. Pure.

Every page turns almost any bytes into some letters, so none can be proved. What can be judged is whether the letters
make words: whether those of a word belong to one language, no capital follows a small letter, no sign stands inside a
word. Cells of a table are a few words long, which is too little for detectors that are made for pages of prose: of 43
columns of names in their language's page (tests/spreadsheet/test_code_pages.py), charset-normalizer 3.5 puts the right
reading first in 14, this in 40, and the others among the first six (measured).
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

PAGES = (
    "cp1252",
    "iso8859_15",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "mac_roman",
    "cp932",
    "gb18030",
    "big5",
    "cp949",
    "cp850",
    "iso8859_2",
    "iso8859_5",
    "iso8859_9",
    "cp1255",
    "cp1256",
    "cp1257",
    "cp874",
    "koi8_r",
    "koi8_u",
    "mac_latin2",
    "mac_cyrillic",
    "mac_greek",
    "mac_turkish",
    "cp437",
    "cp852",
    "cp855",
    "cp857",
    "cp866",
    "euc_jp",
)
"""The code pages that people's programs write, the most frequent first."""

_CLEARLY_BETTER = 0.2
"""No wrong reading of names in twelve languages, in all their pages, was better than the right one by so much: at most
by 0.14 (measured; a test holds it)."""

_NO_KANA = 0.15
_JAPANESE = {"cp932", "euc_jp"}
_KANA = re.compile("[\u3040-\u30ff]")
_LOCAL, _RARER, _RAREST = 0.05, 0.015, 0.05
_SELDOM = {"mac_latin2": 0.2}
"""Pages that few programs still write, but whose letters of many languages make words of any bytes."""

_NO_WORDS = 1.0
_SHOWN_CELLS = 3
_LONGEST_SAMPLE = 60

_ALPHABETS = (
    "éèàêçâôîûëïùœæüÿ",  # French
    "üäößé",  # German
    "óíáéúñü",  # Spanish, Irish
    "ãçáéíóêâõúàôü",  # Portuguese
    "àèòùìéîíóú",  # Italian, Catalan
    "øåæéöä",  # Danish, Norwegian
    "äöåéü",  # Swedish, Finnish
    "ëéèïöüáíóú",  # Dutch
    "áíéóðúöýþæ",  # Icelandic
    "ąęłóśżźćń",  # Polish
    "áíéěřčšžýůúňťďó",  # Czech
    "áíčéšžýľúťňôäďóĺŕ",  # Slovak
    "áéíóöőüúű",  # Hungarian
    "ăâîșțşţ",  # Romanian
    "čšžćđ",  # Croatian, Slovene
    "ışüğçöâîû",  # Turkish
    "ëç",  # Albanian
    "äõüöšž",  # Estonian
    "āēīšūžņļčķģ",  # Latvian
    "ėšąžįęųūč",  # Lithuanian
    "đảạàáâêôơưấầộốếềệịờợủữứăãõóòíéèýúùĩũ",  # Vietnamese
    "оаеинтрсвлкмпдуязыбьгчйжшхюцэщфёъ",  # Russian
    "оаиніервтскулдмпяьзгбчхйшжюцєїщфґ",  # Ukrainian, Belarusian
    "аоиенјрсвтулкпмдзгбчјшжцхфњљћђџќѓѕ",  # Serbian, Macedonian
    "αοιετσνηυρπκμλςωδγχθφβξζψ",  # Greek
    "יוהלארתמבשנעםכדחקפגטסןצזךץף",  # Hebrew
    "اليمنروتبةعدسفهكقحجشطصخأذزثئىءإضغظآؤگچپژ",  # Arabic
)
"""Letters beyond a to z by language, the frequent ones first."""

_RANKS: tuple[Mapping[str, float], ...] = tuple(
    {letter: rank / len(letters) for rank, letter in reversed(list(enumerate(letters)))} for letters in _ALPHABETS
)
_IN_TEXT = frozenset("’‘“”„–—…«»°№€£•·\xa0º")
"""Signs that people write between words, or at their ends."""

_ALONE = frozenset("©®™§´¿¡ª")
"""Signs that seldom follow a letter, as they do where UTF-8 was read in a code page."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One page that a file may be written in: some of its text read so, and whether that looks like words.

    ``clear`` tells that every other reading looks much less like words.
    """

    encoding: str
    sample: str
    clear: bool


def readings(
    cells: Sequence[bytes], pages: Iterable[str] = PAGES, local: str = "", remembered: str = ""
) -> list[Reading]:
    """The pages in which these cells can be read, each reading once, the likeliest first.

    ``local`` is the page of this machine, which goes before others that are as likely. ``remembered`` is one that was
    chosen before: its reading is the first, under this name.
    """
    best: dict[tuple[str, ...], tuple[float, str]] = {}
    costs: dict[tuple[str, ...], float] = {}
    for index, page in enumerate(dict.fromkeys([*pages, *filter(None, (local, remembered))])):
        if (texts := _decoded(cells, page)) is None:
            continue
        costs[texts] = costs[texts] if texts in costs else _cost(texts)
        cost = costs[texts] + (-_LOCAL if page == local else min(index * _RARER, _RAREST))
        cost += _SELDOM.get(page, 0) if page not in (local, remembered) else 0
        # Chinese read as Japanese gives ideographs as frequent as those of real Japanese, but no kana between them.
        cost += _NO_KANA if page in _JAPANESE and not any(map(_KANA.search, texts)) else 0
        if texts not in best or cost < best[texts][0]:
            best[texts] = cost, page
    chosen = _decoded(cells, remembered) if remembered else None
    best |= {chosen: (-math.inf, remembered)} if chosen else {}
    ranked = sorted((cost, page, texts) for texts, (cost, page) in best.items())
    shown = _telling(cells)
    return [Reading(page, _sample([texts[i] for i in shown]), _is_clear(texts, costs)) for _, page, texts in ranked]


def _is_clear(texts: tuple[str, ...], costs: Mapping[tuple[str, ...], float]) -> bool:
    """Whether no other reading of the same cells is about as likely: not by which pages are frequent, or of here."""
    others = min((cost for other, cost in costs.items() if other != texts), default=math.inf)
    return costs[texts] + _CLEARLY_BETTER < others


def make_words(cells: Sequence[bytes]) -> bool:
    """Whether these cells, read in any of the pages, look like words of some language."""
    return _least_cost(cells) < _NO_WORDS


def are_utf8(cells: Sequence[bytes]) -> bool:
    """Whether these cells look more like words in UTF-8 than in any page: in pairs, Chinese bytes are valid UTF-8."""
    texts = _decoded(cells, "utf-8")
    return texts is not None and _cost(texts) + _CLEARLY_BETTER < _least_cost(cells)


def _least_cost(cells: Sequence[bytes]) -> float:
    return min((_cost(texts) for page in PAGES if (texts := _decoded(cells, page)) is not None), default=math.inf)


def _decoded(cells: Sequence[bytes], page: str) -> tuple[str, ...] | None:
    try:
        return tuple(cell.decode(page) for cell in cells)
    except (UnicodeError, LookupError):
        return None


def _telling(cells: Sequence[bytes]) -> list[int]:
    """The cells that show the most different bytes, which is what pages differ in."""
    chosen: list[int] = []
    shown: set[int] = set()
    while len(chosen) < min(_SHOWN_CELLS, len(cells)):
        rest = [i for i in range(len(cells)) if i not in chosen]
        most = max(rest, key=lambda i: len(_foreign(cells[i]) - shown))
        if chosen and not _foreign(cells[most]) - shown:
            break
        chosen.append(most)
        shown |= _foreign(cells[most])
    return chosen


def _foreign(cell: bytes) -> set[int]:
    return {byte for byte in cell if byte > 0x7F}  # noqa: PLR2004  the last of ASCII


def _sample(texts: Sequence[str]) -> str:
    # The bytes of a bar may be half a letter, so cells that bars separate are told apart only here.
    parts = [next((part for part in text.split("|") if not part.isascii()), text) for text in texts]
    text = " · ".join(" ".join(part.split()) for part in parts)
    return text if len(text) <= _LONGEST_SAMPLE else f"{text[: _LONGEST_SAMPLE - 1]}…"


# -- how much a text does not look like words -------------------------------------------------------------------------


def _cost(texts: Sequence[str]) -> float:
    """How little these texts look like words: about 0.2 for real ones, above 1 for a wrong page."""
    costs = [cost for text in texts for cost in _costs(text)]
    return sum(costs) / len(costs) if costs else 0.0


def _costs(text: str) -> list[float]:
    """The cost of each character of a text that is not ASCII."""
    costs = []
    # İ is the one letter whose small form is two characters, the first of which is ASCII.
    small = "".join("ı" if letter == "İ" else letter.lower() for letter in text)
    for start, end in _words(text):
        ranks = _language(small[start:end])
        costs += [_of_letter(text, small, i, start, ranks) for i in range(start, end) if not text[i].isascii()]
    return costs + [_of_sign(text, i) for i, sign in enumerate(text) if not sign.isascii() and not _is_letter(sign)]


def _is_letter(character: str) -> bool:
    return unicodedata.category(character) in {"Lu", "Ll", "Lt", "Lo", "Mn", "Mc"}


def _words(text: str) -> list[tuple[int, int]]:
    """Where each run of letters begins and ends."""
    bounds, start = [], None
    for i, character in enumerate(f"{text} "):
        if _is_letter(character):
            start = i if start is None else start
        elif start is not None:
            bounds.append((start, i))
            start = None
    return bounds


def _language(word: str) -> Mapping[str, float]:
    """The alphabet that holds the most letters of a word, and holds them as frequent ones."""
    letters = [_plain(letter) for letter in word if not letter.isascii()]
    return min(_RANKS, key=lambda ranks: sum(ranks.get(letter, 3.0) for letter in letters))


def _plain(letter: str) -> str:
    """A letter without its accent, where accents are not letters of their own: Greek and Hebrew."""
    return unicodedata.normalize("NFD", letter)[0] if "\u0370" <= letter <= "\u05ff" and letter not in "йї" else letter


def _of_letter(text: str, small: str, i: int, start: int, ranks: Mapping[str, float]) -> float:
    letter = text[i]
    cost = _of_east_asian(letter)
    if cost is None:
        cost = 0.4 * ranks.get(_plain(small[i]), 4.0)
        # A small letter before a capital: "CafŽ". Names like McÉwan have it too, but not every other word.
        follows = i > start and text[i - 1].islower() and letter.isupper()
        goes_before = i + 1 < len(text) and letter.islower() and text[i + 1].isupper()
        cost += 2.0 * (follows or goes_before)
        lonely = i > start and i + 1 < len(text) and text[i - 1].isupper() and text[i + 1].isupper()
        cost += lonely and letter.islower()
    neighbours = text[max(i - 1, start) : i + 2]
    cost += i > 0 and text[i - 1].isdigit()
    return cost + 1.5 * (len({_script(other) for other in neighbours if _is_letter(other)} - {""}) > 1)


def _script(letter: str) -> str:
    if letter.isascii() or unicodedata.category(letter) in {"Mn", "Mc"}:
        return "LATIN" if letter.isascii() else ""
    return unicodedata.name(letter, "?").partition(" ")[0].replace("KATAKANA", "CJK").replace("HIRAGANA", "CJK")


def _of_east_asian(letter: str) -> float | None:
    """The cost of a letter of the scripts with thousands of them; None for any other."""
    if "\u3040" <= letter <= "\u30ff":
        return 0.1
    if "\uac00" <= letter <= "\ud7a3":
        return 0.2 if _fits(letter, "euc_kr") else 1.5
    if "\u0e00" <= letter <= "\u0e7f":
        return 0.35
    if "\uff61" <= letter <= "\uff9f":
        return 1.0
    if "\u3400" <= letter <= "\u9fff" or letter > "\U00020000":
        return 0.3 if _is_common(letter) else 1.5
    return None


def _is_common(ideograph: str) -> bool:
    """Whether an ideograph is among the few thousand that one of the national standards puts first."""
    # Each of these standards lists the common ones before the rare ones, so the first byte tells.
    standards = (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6), ("cp932", 0x88, 0x97))
    return any(first <= ideograph.encode(page)[0] <= last for page, first, last in standards if _fits(ideograph, page))


def _fits(letter: str, page: str) -> bool:
    """Whether this page has the letter, and not only a way to spell it."""
    try:
        return len(letter.encode(page)) == len("가".encode("euc_kr"))
    except UnicodeError:
        return False


def _of_sign(text: str, i: int) -> float:
    """The cost of a sign: little between words, much inside one."""
    sign, category = text[i], unicodedata.category(text[i])
    if category.startswith("C"):
        return 10.0
    if "\u3000" <= sign <= "\u303f" or "\uff00" <= sign <= "\uff65":
        return 0.3
    inside = (i > 0 and text[i - 1].isalpha()) and (i + 1 < len(text) and text[i + 1].isalpha())
    if sign in _ALONE:
        return 1.5 if i > 0 and text[i - 1].isalpha() else 0.2
    if sign in _IN_TEXT:
        return 1.0 if inside and sign not in "’·" else 0.2
    beside = (i > 0 and text[i - 1].isalpha()) or (i + 1 < len(text) and text[i + 1].isalpha())
    return 3.0 if beside else 1.2
