"""The text that a number format shows in English, where it is certain: not where it depends on a column's width.

A file does not tell the language of the program that shows it. The point of decimals, the slash of dates and TRUE are
those of English; what has a name of its own in each language, such as a month, is not certain. What a number or a date
says does not depend on that: of these, the nominal text is enough, which is that of a program in the United States.

Source: ECMA-376 part 1, 18.8.30 and 18.8.31, and what Excel and LibreOffice show.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, getcontext
from functools import cache
from itertools import pairwise

from .format_codes import GENERAL, Section, Token, is_doubt, is_other, literal_of, sections_of, trimmed
from .moment_formats import is_moment, shown_moment

GENERAL_WIDTH = 11
"""Characters that the general format shows of a number; longer ones become 1.2E+11 or are rounded."""

_SMALLEST = Decimal("0.0001")
"""Of numbers nearer to zero, some programs show 0.00001 and others 1E-05."""

_SHORT, _TEN, _MOST_PLACES_OF_LONG = 3, 10, 5
_NUMBER_KINDS = {"digits", "general", "text"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d)?|\d\d:\d\d:\d\d")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_SHOWN_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:E[+-]\d+)?")
_DIGITS = re.compile(r"(?P<whole>(?:[#0?,]*[#0?])?+)(?P<scale>,*+)(?:\.(?P<places>0*)(?P<optional>[#?]*))?")
_GROUPED = re.compile(r"[#0]+,[#0]{3}")
_TEXT_SECTION = 3
_YES_OR_NO = {"TRUE": "1", "FALSE": "0"}


def shown(value: str, shape: str) -> str | None:
    """What a cell with this value shows in this format, without the spaces round it; None if that is not certain.

    ``value`` is as ``cell_texts`` writes it: a number, TRUE or FALSE, or a date or a time as ISO 8601 has it.
    """
    if shape == GENERAL and _NUMBER.fullmatch(value) and 0 < abs(Decimal(value)) < _SMALLEST:
        return _tiny(value)
    # A format that shows nothing hides what is there; nobody means that it should be sent as empty.
    return _shown(value, shape, nominal=False) or None


def nominal(value: str, shape: str) -> str | None:
    """The same as a program in the United States shows it, empty if it shows nothing; None if not even that is certain.

    Good for a look at whether it says the same as the value, not to be sent as a text.
    """
    return _shown(value, shape, nominal=True)


def shown_of_text(text: str, shape: str) -> str | None:
    """What a cell with this text shows in this format, empty if it shows nothing; None if that is not certain."""
    sections = sections_of(shape)
    return None if sections is None else _shown_text(text, sections)


@cache
def changes_texts(shape: str) -> bool:
    """Whether a format may show a text otherwise than it is."""
    # Two texts, for a format may show one of them whatever the text is.
    return not is_other(shape) and any(shown_of_text(text, shape) != text for text in ("x", "y"))


def shows_number(value: str, shape: str) -> bool:
    """Whether a format surely shows a number as that number, whatever its decimals, zeros and groups look like."""
    text = (nominal(value, shape) or "").replace(",", "")
    are_numbers = bool(_NUMBER.fullmatch(value) and _SHOWN_NUMBER.fullmatch(text))
    return are_numbers and Decimal(text) == Decimal(value)


@cache
def shows_whole_numbers(shape: str, *, is_long: bool = False) -> bool:
    """Whether a format shows the digits of each whole number above zero and nothing more, but for its separators.

    ``is_long``: of those that are too long for the general format.
    """
    sections = sections_of(shape, nominal=True)
    section = [token for token in sections[0] if token.text.strip()] if sections else []
    if [token.kind for token in section] == ["general"]:
        return not is_long
    return [token.kind for token in section] == ["digits"] and bool(_ALL_DIGITS.fullmatch(section[0].text))


_BOOLEAN = '"TRUE";"TRUE";"FALSE"'
"""How LibreOffice writes its format of yes and no for others; it shows a number in it as the number."""

_ALL_DIGITS = re.compile(r"[#0?,]*[#0?](?:\.[#0?]*)?")


def _shown(value: str, shape: str, *, nominal: bool) -> str | None:
    if (text := literal_of(shape)) is not None:
        return text if nominal or not is_doubt(shape) else None
    sections = sections_of(shape, nominal=nominal)
    if sections is None:
        return None
    if value in _YES_OR_NO:
        return _shown_yes_or_no(value, sections, nominal=nominal)
    if not nominal and shape.upper() == _BOOLEAN:
        return None
    if _MOMENT.fullmatch(value):
        is_date = is_moment(sections[0])
        return shown_moment(value, sections[0], nominal=nominal) if is_date else None
    return _shown_number(value, sections, nominal=nominal) if _NUMBER.fullmatch(value) else None


def _shown_yes_or_no(value: str, sections: Sequence[Section], *, nominal: bool) -> str | None:
    """Excel shows TRUE in any format, LibreOffice 1 as the format has it."""
    text = _shown_number(_YES_OR_NO[value], sections, nominal=nominal)
    return text if nominal or text == value else None


def _filled(section: Section, *, nominal: bool) -> Section | None:
    """A section without its fill, None if there is something on both sides of it."""
    places = [place for place, token in enumerate(section) if token.kind == "fill"]
    if not places:
        return section
    before, after = section[: places[0]], section[places[0] + 1 :]
    visible = [any(token.text.strip() for token in part) for part in (before, after)]
    is_spaces = all(section[place].text == " " for place in places)
    return [*before, *after] if is_spaces and len(places) == 1 and (nominal or not all(visible)) else None


def _shown_text(value: str, sections: Sequence[Section]) -> str | None:
    if _of_numbers(sections) is None:
        return None
    last = sections[-1] if any(token.kind == "text" for token in sections[-1]) else None
    section: Section | None = sections[_TEXT_SECTION] if len(sections) > _TEXT_SECTION else last
    if section is None:
        return value
    if (section := _filled(section, nominal=False)) is None or any(
        token.kind not in {"text", "literal", "percent"} for token in section
    ):
        return None
    # The text itself is left as it is, and so are its spaces.
    if [token.kind for token in section if token.text.strip()] == ["text"]:
        return value
    return trimmed(value if token.kind == "text" else token.text for token in section)


def _of_numbers(sections: Sequence[Section]) -> Sequence[Section] | None:
    """The sections for numbers: the last one of several is for texts if it has their mark, wherever it stands.

    None if the mark stands in another one, which programs understand in different ways.
    """
    is_for_texts = [any(token.kind == "text" for token in section) for section in sections]
    if len(sections) == 1 or not any(is_for_texts):
        return sections[:_TEXT_SECTION]
    return None if any(is_for_texts[:-1]) else sections[:-1]


def _shown_number(value: str, sections: Sequence[Section], *, nominal: bool) -> str | None:
    number, of_numbers = Decimal(value), _of_numbers(sections)
    if of_numbers is None:
        return None
    section, signed = of_numbers[0], number < 0
    if number < 0 and len(of_numbers) > 1:
        section, signed = of_numbers[1], False
    elif number == 0 and len(of_numbers) > 2:  # noqa: PLR2004
        section = of_numbers[2]
    if not _is_certain([token.kind for token in section]) or (filled := _filled(section, nominal=nominal)) is None:
        return None
    parts = list(_number_parts(abs(number), filled, nominal=nominal))
    text = trimmed(part for _, part in parts)
    if not text or not signed:
        return text
    digits = "".join(part or "" for kind, part in parts if kind in _NUMBER_KINDS)
    # Programs differ in whether they show a minus before a number that is rounded to zero, before a text without a
    # number, and before or behind the spaces that fill a number up.
    is_certain = any(digit in digits for digit in "123456789") and not _starts_with_spaces(parts)
    return f"-{text}" if nominal or is_certain else None


def _starts_with_spaces(parts: Sequence[tuple[str, str | None]]) -> bool:
    return "".join(part or "" for _, part in parts).startswith(" ")


def _is_certain(kinds: list[str]) -> bool:
    """Whether a section of these parts shows the same number in every program."""
    if set(kinds) - {"literal", "percent", "exponent", "fill"} - _NUMBER_KINDS:
        return False
    numbers = [kind for kind in kinds if kind in _NUMBER_KINDS]
    if len(numbers) > 1 or kinds.count("percent") > 1 or ("percent" in kinds and numbers not in ([], ["digits"])):
        return False
    # What a format for texts adds to them, some programs add to numbers as well.
    if numbers == ["text"] and len(kinds) > 1:
        return False
    return kinds.count("exponent") == list(pairwise(kinds)).count(("digits", "exponent"))


def _number_parts(number: Decimal, section: Section, *, nominal: bool) -> Iterator[tuple[str, str | None]]:
    """The parts of a section, each with its kind: only what is neither quoted nor escaped changes the number."""
    percents = [token.kind for token in section].count("percent")
    exponent = next((token.text for token in section if token.kind == "exponent"), None)
    for token in section:
        match token.kind:
            case "general" | "text":
                yield token.kind, _general(number, nominal=nominal)
            case "digits":
                yield token.kind, _digits(number, number.scaleb(2 * percents), token, exponent, nominal=nominal)
            case "exponent":
                pass
            case _:
                yield token.kind, token.text


def _general(number: Decimal, *, nominal: bool) -> str | None:
    if nominal and number.adjusted() >= GENERAL_WIDTH:
        places = min(len(number.normalize().as_tuple().digits) - 1, _MOST_PLACES_OF_LONG)
        return _scientific(number, places, "E+00", is_exact=True)
    text = _positional(number)
    return text if nominal or (len(text) <= GENERAL_WIDTH and (number == 0 or number >= _SMALLEST)) else None


def _positional(number: Decimal) -> str:
    return format(number.normalize(), "f") if number else "0"


def _tiny(value: str) -> str | None:
    """What the general format shows of a number near to zero: 1E-10, where there is no room for all its zeros."""
    number = abs(Decimal(value)).normalize()
    digits = number.as_tuple().digits
    # Of more digits, not all programs show as many.
    if len(_positional(number)) <= GENERAL_WIDTH or len(digits) > _SHORT:
        return None
    return ("-" if value.startswith("-") else "") + (_scientific(number, len(digits) - 1, "E+00") or "")


def _digits(stored: Decimal, number: Decimal, token: Token, exponent: str | None, *, nominal: bool) -> str | None:
    parts = _DIGITS.fullmatch(token.text)
    if parts is None:
        return None
    # Programs count in halves of halves, where most numbers like 0.285 are a little more or less than they display.
    is_exact = nominal or Decimal(float(stored)) == stored
    whole, least_places, optional = parts["whole"], len(parts["places"] or ""), parts["optional"] or ""
    if exponent is not None:
        return (
            _scientific(number, least_places, exponent, is_exact=is_exact)
            if whole == "0" and not parts["scale"] + optional
            else None
        )
    # A comma after the last digit divides by a thousand.
    number = number.scaleb(-3 * len(parts["scale"]))
    if "," in whole and not nominal and not _GROUPED.fullmatch(whole):
        return None
    # Behind a zero, one program shows a place without a digit as a space, another as a zero.
    if not nominal and "?" in whole.partition("0")[2]:
        return None
    if (rounded := _rounded(number, least_places + len(optional), is_exact=is_exact)) is None:
        return None
    before, _, after = f"{rounded:f}".partition(".")
    after = _places(after, least_places, optional)
    # Excel shows the point also where no digit follows it, others do not.
    if "." in token.text and not after and not nominal:
        return None
    return f"{_whole(before, whole)}{'.' if '.' in token.text else ''}{after}"


def _rounded(number: Decimal, places: int, *, is_exact: bool) -> Decimal | None:
    """The number with so many decimals; None if programs may differ in whether they round it up.

    ``is_exact``: it is stored without an error, or nobody minds.
    """
    if number.adjusted() + places >= getcontext().prec:
        return None
    unit = Decimal(1).scaleb(-places)
    is_half = (number - number.quantize(unit, ROUND_DOWN)) * 2 == unit
    is_certain = is_exact or not is_half
    return number.quantize(unit, ROUND_HALF_UP) if is_certain else None


def _places(digits: str, least: int, optional: str) -> str:
    """The decimals that are shown: of the optional ones no zeros at the end, or spaces for them."""
    text = digits[:least] + digits[least:].rstrip("0")
    return text + "".join(" " for mark in optional[len(text) - least :] if mark == "?")


def _whole(digits: str, shape: str) -> str:
    """The digits before the point as they are shown: zeros and spaces in front, commas between thousands."""
    places = shape.replace(",", "")
    zeros = len(places) - places.index("0") if "0" in places else 0
    text = digits.lstrip("0").zfill(zeros) if zeros else digits.lstrip("0")
    if "," in shape:
        text = f"{text[: len(text) % 3]},{_in_threes(text[len(text) % 3 :])}".strip(",")
    return text.rjust(len(places) - places.index("?")) if "?" in places else text


def _in_threes(digits: str) -> str:
    return ",".join(digits[place : place + 3] for place in range(0, len(digits), 3))


def _scientific(number: Decimal, places: int, exponent: str, *, is_exact: bool = False) -> str | None:
    power = number.adjusted() if number else 0
    mantissa = _rounded(number.scaleb(-power), places, is_exact=is_exact)
    if mantissa is None:
        return None
    if mantissa >= _TEN:
        mantissa, power = _rounded(mantissa.scaleb(-1), places, is_exact=True) or mantissa, power + 1
    if exponent[1] == "-" and power >= 0:
        return None
    return f"{mantissa:f}E{'-' if power < 0 else '+'}{str(abs(power)).zfill(len(exponent) - 2)}"
