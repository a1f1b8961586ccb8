"""The text that a number format shows in English, where it is certain: not where it depends on a column's width.

A file does not tell the language of the program that shows it. The point of decimals, the slash of dates and TRUE are
those of English; what has a name of its own in each language, such as a month, is not certain.

Source: ECMA-376 part 1, 18.8.30 and 18.8.31, and what Excel and LibreOffice show.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import pairwise

GENERAL = "General"
OTHER = "other"
"""Stands for a format that a file names by a number whose meaning depends on the language of the program."""

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
}
"""The formats that files name by number alone and that show the same everywhere; all others are fractions, money,
dates and times, which differ from country to country."""

GENERAL_WIDTH = 11
"""Characters that the general format shows of a number; longer ones become 1.2E+11 or are rounded."""

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General)|(?P<half>AM/PM|am/pm|A/P|a/p)|(?P<exponent>[eE][+-]0+)"
    r"|(?P<letters>y+|m+|d+|h+|s+|Y+|M+|D+|H+|S+)|(?P<digits>[0#?.,]+)|(?P<other>.)",
    re.DOTALL | re.IGNORECASE,
)
_COLOUR = re.compile(r"(?:black|blue|cyan|green|magenta|red|white|yellow|color ?\d+)", re.IGNORECASE)
_CURRENCY = re.compile(r"\$(?P<sign>[^-]*)(?:-[0-9A-F]+)?", re.IGNORECASE)
_PLAIN = set(" -+/():!^&'~{}<>=$€£¥;")
_OPERATORS: Mapping[str, str] = {"@": "text", "%": "percent"}
"""Characters that do something, if they are neither quoted nor escaped."""

_NUMBER_KINDS = {"digits", "general", "text"}
_LITERAL = "\0"
"""Begins what stands for a text that a file itself shows; no number format can hold it."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d)?|\d\d:\d\d:\d\d")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_DIGITS = re.compile(r"(?P<whole>[#0,]*)(?:\.(?P<places>0*))?")
_TEXT_SECTION = 3


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def shown(value: str, shape: str, *, is_text: bool = False) -> str | None:
    """What a cell with this value shows in this format, without the spaces round it; None if that is not certain.

    ``value`` is as ``cell_texts`` writes it: a number, or a date or a time as ISO 8601 has it.
    """
    # A format that shows nothing hides what is there; nobody means that it should be sent as empty.
    return _shown(value, shape, is_text=is_text) or None


def _shown(value: str, shape: str, *, is_text: bool) -> str | None:
    if shape.startswith(_LITERAL):
        return shape.removeprefix(_LITERAL).strip()
    sections = _sections(shape)
    if sections is None:
        return None
    if is_text:
        return _shown_text(value, sections)
    if _MOMENT.fullmatch(value):
        return _shown_moment(value, sections[0]) if _is_moment(sections[0]) else None
    return _shown_number(value, sections) if _NUMBER.fullmatch(value) else None


def literal(text: str) -> str:
    """A format that shows this text, whatever the value is."""
    return _LITERAL + text


@cache
def _sections(shape: str) -> list[list[_Token]] | None:
    """The sections of a format: for numbers above zero, below zero, for zero, for text; some may be missing."""
    sections: list[list[_Token]] = [[]]
    for match in _TOKEN.finditer(shape):
        kind, text = match.lastgroup or "other", match[match.lastgroup or "other"]
        if kind == "other" and text == ";":
            sections.append([])
        elif (token := _token(kind, text)) is None:
            return None
        elif token.kind:
            sections[-1].append(token)
    return sections


def _token(kind: str, text: str) -> _Token | None:
    """A part of a format; of no kind if it shows nothing, None if what it shows is not certain."""
    match kind:
        case "quoted" | "escaped":
            return _Token("literal", text)
        case "space":
            return _Token("literal", " ")
        case "fill":
            # As wide as the column leaves room for.
            return _Token("fill", text)
        case "bracket":
            return _bracket(text)
        case "other" if text in _OPERATORS:
            return _Token(_OPERATORS[text], text)
        case "other":
            return _Token("literal", text) if text in _PLAIN else None
        case "letters":
            return _Token(kind, text.lower())
        case _:
            return _Token(kind, text)


def _bracket(text: str) -> _Token | None:
    if _COLOUR.fullmatch(text):
        return _Token("", "")
    # A language changes the names of months; of formats without names it changes nothing.
    if (currency := _CURRENCY.fullmatch(text)) and not text.upper().startswith(("$-F", "$-X")):
        return _Token("literal" if currency["sign"] else "", currency["sign"])
    return None


def _trimmed(texts: Iterator[str | None]) -> str | None:
    parts = list(texts)
    return None if None in parts else "".join(part for part in parts if part is not None).strip()


def _filled(section: list[_Token]) -> list[_Token] | None:
    """A section without its fill, None if there is something on both sides of it."""
    places = [place for place, token in enumerate(section) if token.kind == "fill"]
    if not places:
        return section
    before, after = section[: places[0]], section[places[0] + 1 :]
    visible = [any(token.text.strip() for token in part) for part in (before, after)]
    is_spaces = all(section[place].text == " " for place in places)
    return [*before, *after] if is_spaces and len(places) == 1 and not all(visible) else None


def _shown_text(value: str, sections: list[list[_Token]]) -> str | None:
    last = sections[-1] if any(token.kind == "text" for token in sections[-1]) else None
    section = sections[_TEXT_SECTION] if len(sections) > _TEXT_SECTION else last
    if section is None:
        return value
    if (section := _filled(section)) is None or any(
        token.kind not in {"text", "literal", "percent"} for token in section
    ):
        return None
    # The text itself is left as it is, and so are its spaces.
    if [token.kind for token in section if token.text.strip()] == ["text"]:
        return value
    return _trimmed(value if token.kind == "text" else token.text for token in section)


def _is_moment(section: list[_Token]) -> bool:
    return any(token.kind == "letters" for token in section) or not any(
        token.kind in _NUMBER_KINDS for token in section
    )


def _shown_number(value: str, sections: list[list[_Token]]) -> str | None:
    number = Decimal(value)
    section, signed = sections[0], number < 0
    if number < 0 and len(sections) > 1:
        section, signed = sections[1], False
    elif number == 0 and len(sections) > 2:  # noqa: PLR2004
        section = sections[2]
    if not _is_certain([token.kind for token in section]) or (filled := _filled(section)) is None:
        return None
    parts = list(_number_parts(abs(number), filled))
    text = _trimmed(part for _, part in parts)
    if not text or not signed:
        return text
    digits = "".join(part or "" for kind, part in parts if kind in _NUMBER_KINDS)
    if digits and not any(digit in digits for digit in "123456789"):
        # Programs differ in whether they show a minus before a number that is rounded to zero.
        return None
    return f"-{text}"


def _is_certain(kinds: list[str]) -> bool:
    """Whether a section of these parts shows the same number in every program."""
    if set(kinds) - {"literal", "percent", "exponent", "fill"} - _NUMBER_KINDS:
        return False
    numbers = [kind for kind in kinds if kind in _NUMBER_KINDS]
    if len(numbers) > 1 or ("percent" in kinds and numbers not in ([], ["digits"])):
        return False
    return kinds.count("exponent") == list(pairwise(kinds)).count(("digits", "exponent"))


def _number_parts(number: Decimal, section: list[_Token]) -> Iterator[tuple[str, str | None]]:
    """The parts of a section, each with its kind: only what is neither quoted nor escaped changes the number."""
    percents = [token.kind for token in section].count("percent")
    exponent = next((token.text for token in section if token.kind == "exponent"), None)
    for token in section:
        match token.kind:
            case "general" | "text":
                text = format(number.normalize(), "f")
                yield token.kind, text if len(text) <= GENERAL_WIDTH else None
            case "digits":
                yield token.kind, _digits(number.scaleb(2 * percents), token.text, exponent)
            case "exponent":
                pass
            case _:
                yield token.kind, token.text


def _digits(number: Decimal, digits: str, exponent: str | None) -> str | None:
    parts = _DIGITS.fullmatch(digits)
    if parts is None:
        return None
    whole, places = parts["whole"], len(parts["places"] or "")
    if exponent is not None:
        return _scientific(number, places, exponent) if whole == "0" else None
    thousands = "," in whole
    # A comma after the last digit divides by a thousand.
    if thousands and (whole.endswith(",") or not re.fullmatch(r"[#0]+,[#0]{3}", whole)):
        return None
    least = whole.count("0")
    rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    if thousands and least > 1:
        return None
    text = f"{rounded:,.{places}f}" if thousands else f"{rounded:.{places}f}"
    before, point, after = text.partition(".")
    before = before.lstrip("0").zfill(least) if not thousands else before
    # The point is shown also where no digit follows it.
    return f"{before or ''}{point or ('.' if '.' in digits else '')}{after}"


def _scientific(number: Decimal, places: int, exponent: str) -> str | None:
    mantissa, _, power = f"{number:.{places}E}".partition("E") if number else (f"{0:.{places}f}", "", "0")
    if exponent[1] == "-" and not power.startswith("-"):
        return None
    return f"{mantissa}E{'-' if int(power) < 0 else '+'}{str(abs(int(power))).zfill(len(exponent) - 2)}"


def _shown_moment(value: str, section: list[_Token]) -> str | None:
    if any(token.kind not in {"letters", "literal", "half"} and token.text not in {".", ","} for token in section):
        return None
    try:
        moment = datetime.fromisoformat(f"1900-01-01T{value}" if value[2:3] == ":" else value)
    except ValueError:
        return None
    if value[2:3] == ":" and any(token.kind == "letters" and token.text[0] in "yd" for token in section):
        return None
    return _trimmed(_moment_parts(moment, section))


def _moment_parts(moment: datetime, section: list[_Token]) -> Iterator[str | None]:
    letters = [token.text if token.kind == "letters" else "" for token in section]
    half = any(token.kind == "half" for token in section)
    for place, token in enumerate(section):
        if token.kind == "half":
            yield ("AM" if moment.hour < 12 else "PM") if token.text == "AM/PM" else None  # noqa: PLR2004
        elif token.kind != "letters":
            yield token.text
        elif token.text[0] == "m" and _is_minute(letters, place):
            yield _two(moment.minute, token.text)
        else:
            yield _part(moment, token.text, half)


def _is_minute(letters: list[str], place: int) -> bool:
    """Whether an m means minutes: after hours or before seconds."""
    before = next((each for each in reversed(letters[:place]) if each), "")
    after = next((each for each in letters[place + 1 :] if each), "")
    return before[:1] == "h" or after[:1] == "s"


def _part(moment: datetime, letters: str, half: bool) -> str | None:
    match letters[0]:
        case "y":
            return f"{moment.year:04}" if len(letters) > 2 else f"{moment.year % 100:02}"  # noqa: PLR2004
        case "m":
            return _two(moment.month, letters)
        case "d":
            return _two(moment.day, letters)
        case "h":
            return _two((moment.hour - 1) % 12 + 1 if half else moment.hour, letters)
        case _:
            return _two(moment.second, letters)


def _two(number: int, letters: str) -> str | None:
    # Three and more are names, which every language has its own of.
    return None if len(letters) > 2 else f"{number:0{len(letters)}}"  # noqa: PLR2004
