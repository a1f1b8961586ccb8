"""Texts that were damaged on their way into the file: letters lost, or turned into others. Pure.

What is damaged is never mended without a word, because only the user knows what it was; a sentence says what it looks
like. The patterns are those for which no honest text was found among names of places, rooms and people.
"""

import html
import re
from collections.abc import Callable, Sequence
from html.entities import html5

LOST = "\ufffd"
"""What decoders write for bytes that are no letter."""

_QUESTION_MARKS = re.compile(r"\?\?|\w\?\w|(?<!\S)\?\w|^\w+\?$", re.MULTILINE)
_QUERY = re.compile(r"\?(?=[\w.~%-]+=)")
"""Where the values of an address begin, on the web or of an e-mail with its subject."""

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|([A-Za-z][A-Za-z0-9]{1,30}));")
# The short names of months as Excel writes them in English, German, French, Spanish, Italian, Dutch and Portuguese.
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|mrz|mär|mai|okt|dez|janv|fé?vr|mars|avr|juin|juil|août|déc|"
    r"ene|abr|ago|dic|gen|mag|giu|lug|set|ott|mrt|mei|fev|out)\.?"
)
_CONVERTED = re.compile(
    rf"(?:-?\d(?:[.,]\d+)?E[+-]\d{{2,3}}|\d{{1,2}}\.?-{_MONTH}|{_MONTH}-\d{{2}}|\d{{1,2}}\. {_MONTH})", re.IGNORECASE
)
LONGEST_CONVERTED = 12
_LATIN = re.compile("[\u00a0-\u017f\u2010-\u2030\u20ac]")
_CYRILLIC = re.compile("[\u0400-\u045f\u0490\u0491\u2010-\u2030\u2116\xa0«»]")
_CONTROLS = "".join(map(chr, range(0x80, 0xA0)))
_MISREAD_AS = (
    "cp1252",
    "mac_roman",
    "cp850",
    "cp437",
    "cp852",
    "cp866",
    "koi8_r",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp932",
)
"""Encodings that UTF-8 is taken for, by the programs of Windows, Macs and DOS. The usual one comes first."""

_ASCII_LETTERS = re.compile("[A-Za-z]")


def damage(cells: Sequence[str], *, opaque: bool = False) -> dict[str, list[int]]:
    """Places of damaged texts by issue code; a text may have several.

    ``opaque`` are Ids of another system, which no program takes for a number or a date.
    """
    # The column as one text first: one without any of the marks costs one pass for each kind.
    together = "\n".join(cells)
    places = {
        code: [index for index, cell in enumerate(cells) if cell and occurs(cell)]
        for code, (may_occur, occurs) in _kinds(opaque=opaque).items()
        if may_occur(together)
    }
    return {code: indexes for code, indexes in places.items() if indexes}


def repaired(cell: str) -> str:
    """The text that UTF-8 was before it was read as another encoding and saved; the text as it is if it was not."""
    for encoding in _MISREAD_AS:
        try:
            mended = _bytes_of(cell, encoding).decode("utf-8")
        except UnicodeError:
            continue
        if _is_plausible(mended, encoding):
            return mended
    return cell


def without_entities(cell: str) -> str:
    """The text that a web page would show for it."""
    return html.unescape(cell)


def _bytes_of(text: str, encoding: str) -> bytes:
    """The bytes of a text; where an encoding has no letter, programs write the control character of that number."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return b"".join(bytes([ord(letter)]) if letter in _CONTROLS else letter.encode(encoding) for letter in text)


def _is_plausible(mended: str, encoding: str) -> bool:
    # Two letters in a row may happen to be the bytes of a letter that nobody uses. In Cyrillic several must fit; those
    # of the Mac and of DOS begin with signs such as √ and ├ if they are of Latin letters, and with letters if not.
    foreign = [letter for letter in mended if not letter.isascii()]
    match encoding:
        case "cp1252":
            return bool(foreign) and min(foreign) >= "\xa0"
        case "cp1251" if len(foreign) > 1 and all(map(_CYRILLIC.match, foreign)):
            return True
        case "cp1250" | "cp1251" | "cp1253" | "cp932":
            # Their own letters may be such bytes as well, but hardly in the middle of Latin ones; nor in small letters.
            latin = bool(foreign) and all(map(_LATIN.match, foreign))
            return latin and _ASCII_LETTERS.search(mended) is not None and not mended.isupper()
        case _:
            return bool(foreign) and all(map(_LATIN.match, foreign))


def _letters(codes: range) -> str:
    """What bytes are shown as when UTF-8 is read as another encoding."""
    letters = {bytes([code]).decode(page, "ignore") or chr(code) for page in _MISREAD_AS for code in codes}
    return re.escape("".join(sorted(letters)))


# The first two bytes of a letter. One set for all encodings, because alternatives would be tried at every letter.
_DOUBLE_ENCODED = re.compile(f"[{_letters(range(0xC2, 0xF5))}][{_letters(range(0x80, 0xC0))}{re.escape(_CONTROLS)}]")


def _may_be_double_encoded(text: str) -> bool:
    return not text.isascii() and _DOUBLE_ENCODED.search(text) is not None


def _is_double_encoded(cell: str) -> bool:
    return _may_be_double_encoded(cell) and repaired(cell) != cell


def _has_entities(text: str) -> bool:
    return "&" in text and any(match[1] is None or f"{match[1]};" in html5 for match in _ENTITY.finditer(text))


def _has_question_marks(text: str) -> bool:
    return "?" in text and _QUESTION_MARKS.search(text) is not None


def _has_lost_letters(cell: str) -> bool:
    is_address = "/" in cell or "mailto:" in cell
    return _has_question_marks(_QUERY.sub("&", cell) if is_address else cell)


def _may_be_converted(text: str) -> bool:
    return any(mark in text for mark in ("-", "+", ". "))


def _is_converted(cell: str) -> bool:
    return len(cell) <= LONGEST_CONVERTED and _may_be_converted(cell) and _CONVERTED.fullmatch(cell) is not None


_Test = Callable[[str], object]


def _kinds(*, opaque: bool) -> dict[str, tuple[_Test, _Test]]:
    """By issue code: whether cells, one a line, may hold one that has it, and whether a cell has it."""
    kinds: dict[str, tuple[_Test, _Test]] = {
        "letters-replaced": (_has_question_marks, _has_lost_letters),
        "double-encoded": (_may_be_double_encoded, _is_double_encoded),
        "html-entities": (_has_entities, _has_entities),
    }
    return kinds if opaque else kinds | {"value-converted": (_may_be_converted, _is_converted)}
