"""Number formats as their parts, and those that files name by number alone.

Source: ECMA-376 part 1, 18.8.30 and 18.8.31, and what Excel and LibreOffice show.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

GENERAL = "General"
OTHER = "\1"
"""Begins a format whose text depends on the language of the program, or on a condition. What follows is how a program
in the United States has it; nothing follows if even that is not certain. No number format can hold it."""

LONGEST_FORMAT = 1_000
"""Excel allows 255 characters."""

_MONEY = "#,##0{0}_);({1}#,##0{0})"
_ACCOUNTS = '_({1}* #,##0{0}_);_({1}* (#,##0{0});_({1}* "-"_);_(@_)'
BUILT_IN: Mapping[int, str] = {
    0: GENERAL,
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    49: "@",
} | {
    number: OTHER + shape
    for number, shape in {
        5: "$" + _MONEY.format("", "$"),
        6: "$" + _MONEY.format("", "$"),
        7: "$" + _MONEY.format(".00", "$"),
        8: "$" + _MONEY.format(".00", "$"),
        14: "m/d/yyyy",
        15: "d-mmm-yy",
        16: "d-mmm",
        17: "mmm-yy",
        18: "h:mm AM/PM",
        19: "h:mm:ss AM/PM",
        20: "h:mm",
        21: "h:mm:ss",
        22: "m/d/yyyy h:mm",
        37: _MONEY.format("", ""),
        38: _MONEY.format("", ""),
        39: _MONEY.format(".00", ""),
        40: _MONEY.format(".00", ""),
        41: _ACCOUNTS.format("", ""),
        42: _ACCOUNTS.format("", "$"),
        43: _ACCOUNTS.format(".00", ""),
        44: _ACCOUNTS.format(".00", "$"),
        45: "mm:ss",
    }.items()
}
"""The formats that files name by number alone. All that are missing are fractions, or dates of East Asia."""

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General)|(?P<half>AM/PM|am/pm|A/P|a/p)|(?P<exponent>[eE][+-]0+)"
    r"|(?P<letters>y+|m+|d+|h+|s+|Y+|M+|D+|H+|S+)|(?P<digits>[0#?.,]+)|(?P<other>.)",
    re.DOTALL | re.IGNORECASE,
)
_COLOUR = re.compile(
    r"(?:black|blue|cyan|green|magenta|red|white|yellow|color ?(?:[1-9]|[1-4]\d|5[0-6]))", re.IGNORECASE
)
_ELAPSED = re.compile("h+|m+|s+", re.IGNORECASE)
"""Hours that go on after 24, which each program rounds in its own way."""

_TAG = r"[A-Z]{2,3}(?:-[A-Z]{4})?(?:-(?:[A-Z]{2}|\d{3}))?(?:-(?:[A-Z\d]{5,8}|\d[A-Z\d]{3}))*"
"""A language as newer programs name it (BCP 47), en-GB or sr-Latn-RS: extensions may ask for another calendar."""

_CURRENCY = re.compile(rf"\$(?P<sign>[^-]*)(?:-(?:(?P<language>[0-9A-F]+)|{_TAG}))?", re.IGNORECASE)
_OF_THE_SYSTEM = re.compile(r"\$-(?:F800|F400|x-sysdate|x-systime)", re.IGNORECASE)
"""The day, or the time, in the form that is set in the computer: whole, but nobody knows how it is written."""

_LANGUAGES = range(0xF000)
"""Larger numbers ask for the form of the system, for other digits, or for another calendar than ours."""

_LANGUAGE = re.compile(rf"\[\$[^\]-]*-([0-9A-F]+|{_TAG})\]", re.IGNORECASE)
_ENGLISH = {0, 9}
"""The primary languages, the last ten bits of a language's number, whose point of decimals is a point."""

_PLAIN = set(" -+/():!^&'~{}<>=$€£¥;")
_OPERATORS: Mapping[str, str] = {"@": "text", "%": "percent"}
"""Characters that do something, if they are neither quoted nor escaped."""

_NO_LETTERS = re.compile(r'"[^"]*"?|[\\_*].|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.DOTALL | re.IGNORECASE)
"""What is in a format without doing anything to a moment."""

_OF_MOMENTS = re.compile(r"[dmyhs]|a.*p", re.DOTALL | re.IGNORECASE)

_LITERAL, _CLAIM, _DOUBT = "\0", "\2", "\3"
"""Begin what stands for a text, one that is certain, one that a file claims, and one that it claims against its own
number format; no number format can hold them."""


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a format: ``kind`` is what it does, ``text`` how it is written."""

    kind: str
    text: str


Section = Sequence[Token]


def usable(shape: str) -> str:
    """A format as a file has it, as far as it can be one: it is looked at for each of its cells."""
    return shape if len(shape) <= LONGEST_FORMAT else OTHER


def literal(text: str) -> str:
    """A format that shows this text, whatever the value is."""
    return _LITERAL + text


def claim(text: str) -> str:
    """The same of a text of which the file says that it is shown, where nobody has asked whether the value is it."""
    return _CLAIM + text


def doubt(text: str) -> str:
    """The same of a text that programs do not show, although what they show says the same as the value."""
    return _DOUBT + text


def literal_of(shape: str) -> str | None:
    """The text that a format shows whatever the value is; None if it is none of ``literal``, ``claim``, ``doubt``."""
    return shape[1:].strip() if is_literal(shape) else None


def is_literal(shape: str) -> bool:
    """Whether a format is one of ``literal``, ``claim`` or ``doubt``."""
    return shape.startswith((_LITERAL, _CLAIM, _DOUBT))


def is_claim(shape: str) -> bool:
    """Whether a format is one of ``claim`` or ``doubt``."""
    return shape.startswith((_CLAIM, _DOUBT))


def is_doubt(shape: str) -> bool:
    """Whether a format is one of ``doubt``."""
    return shape.startswith(_DOUBT)


def is_other(shape: str) -> bool:
    """Whether the text that a format shows differs from program to program."""
    return shape.startswith(OTHER)


@cache
def may_show_moment(shape: str) -> bool:
    """Whether a format may be one for dates, times or durations."""
    return shape == OTHER or (shape != GENERAL and _OF_MOMENTS.search(_NO_LETTERS.sub("", shape)) is not None)


@cache
def sections_of(shape: str, *, nominal: bool = False) -> tuple[Section, ...] | None:
    """The sections of a format: for numbers above zero, below zero, for zero, for text; some may be missing.

    None if a part of it is not certain. With ``nominal``, what differs from country to country is taken as it is in
    the United States.
    """
    if is_other(shape):
        return sections_of(shape.removeprefix(OTHER), nominal=True) if nominal and shape != OTHER else None
    sections: list[list[Token]] = [[]]
    for match in _TOKEN.finditer(shape):
        kind, text = match.lastgroup or "other", match[match.lastgroup or "other"]
        if kind == "other" and text == ";":
            sections.append([])
        elif (token := _token(kind, text, nominal=nominal)) is None:
            return None
        elif token.kind:
            sections[-1].append(token)
    # Of a number in another language one program shows that language's point of decimals, another its own.
    if not nominal and _is_foreign(shape) and any(_has_point(token) for section in sections for token in section):
        return None
    return tuple(sections)


def _is_foreign(shape: str) -> bool:
    return not all(map(_is_english, _LANGUAGE.findall(shape)))


def _is_english(language: str) -> bool:
    try:
        return int(language, 16) & 0x3FF in _ENGLISH
    except ValueError:
        return language.lower().partition("-")[0] == "en"


def _has_point(token: Token) -> bool:
    return token.kind == "general" or (token.kind == "digits" and not {".", ","}.isdisjoint(token.text))


def trimmed(texts: Iterator[str | None]) -> str | None:
    """The texts as one, without spaces round it; None if one of them is not certain."""
    parts = list(texts)
    return None if None in parts else "".join(part for part in parts if part is not None).strip()


def _token(kind: str, text: str, *, nominal: bool) -> Token | None:
    """A part of a format; of no kind if it shows nothing, None if what it shows is not certain."""
    match kind:
        case "quoted" | "escaped":
            return Token("literal", text)
        case "space":
            return Token("literal", " ")
        case "fill":
            # As wide as the column leaves room for.
            return Token("fill", text)
        case "bracket":
            return _bracket(text, nominal=nominal)
        case "other" if text in _OPERATORS:
            return Token(_OPERATORS[text], text)
        case "other":
            return Token("literal", text) if text in _PLAIN else None
        case "letters":
            return Token(kind, text.lower())
        case _:
            return Token(kind, text)


def _bracket(text: str, *, nominal: bool) -> Token | None:
    if _ELAPSED.fullmatch(text):
        return Token("elapsed", text)
    if _COLOUR.fullmatch(text) or (nominal and _OF_THE_SYSTEM.fullmatch(text)):
        return Token("", "")
    # A language changes the names of months; of formats without names it changes nothing.
    if currency := _CURRENCY.fullmatch(text):
        if int(currency["language"] or "0", 16) not in _LANGUAGES:
            return None
        return Token("literal" if currency["sign"] else "", currency["sign"])
    return None
