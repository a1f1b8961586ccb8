"""The text that a number format shows of a date, a moment or a time of day, and how much of it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache

from .format_codes import Section, Token, sections_of, trimmed

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FIRST_COMMON_DAY = datetime(1900, 3, 1)
"""Excel has a 29 February 1900, LibreOffice has not: of the days before, they show different ones."""

_DAY, _MINUTE, _SECOND = "2026-12-05", "2026-12-05T10:30", "2026-12-05T10:30:15"
_ORDERS = ("dmy", "mdy", "ymd")
_DAY_ROLES = ("year", "month", "day")
_MINUTE_ROLES = (*_DAY_ROLES, "hour", "minute")
_SECOND_ROLES = (*_MINUTE_ROLES, "second")
_FRACTION = re.compile(r"\.0+")
_NAMED = 3
_NOON = 12
_MIDNIGHT = "T00:00:00"


def is_moment(section: Section) -> bool:
    """Whether a section of a format is one for dates and times."""
    kinds = {token.kind for token in section}
    return "letters" in kinds or kinds.isdisjoint(("digits", "general", "text"))


def shown_moment(value: str, section: Section, *, nominal: bool = False) -> str | None:
    """What is shown of a day, a moment or a time, written as ISO 8601 has it; None if that is not certain.

    With ``nominal``, months and weekdays have their English names.
    """
    is_time = value[2:3] == ":"
    section = _without_fractions(section) if nominal else section
    if any(token.kind not in {"letters", "literal", "half"} and token.text not in {".", ","} for token in section):
        return None
    try:
        moment = datetime.fromisoformat(f"1900-03-01T{value}" if is_time else value)
    except ValueError:
        return None
    if (is_time and _shows_day(section)) or (moment < _FIRST_COMMON_DAY and not nominal):
        return None
    return trimmed(_parts(moment, section, nominal=nominal))


@cache
def shows_all_of(shape: str, example: str) -> bool:
    """Whether a format surely shows all of a value with as many parts as this one from ``example_of`` has.

    A quick look, once for a format: where it says no, what is shown has to be read.
    """
    sections = sections_of(shape, nominal=True)
    section = _without_fractions(sections[0]) if sections else []
    # Any other text may say something of its own, such as a time zone.
    if not all(_is_harmless(token) for token in section):
        return False
    in_order = [_role(section, place) for place in range(len(section))]
    roles, order = Counter(in_order), "".join(role[0] for role in in_order if role in _DAY_ROLES)
    needed = _DAY_ROLES if example == _DAY else _MINUTE_ROLES if example == _MINUTE else _SECOND_ROLES
    return all(roles[role] == 1 for role in needed) and not roles["initial"] and order in _ORDERS


def _is_harmless(token: Token) -> bool:
    return token.kind in {"letters", "half"} or not token.text.strip(" ,./-:T")


def _role(section: Section, place: int) -> str:
    """Of what part of a moment a part of a format shows the number or the name; empty if it shows none."""
    letters = list(map(_letters, section))
    match letters[place]:
        case "":
            return ""
        case "mmmmm":
            return "initial"
        case text if text[0] == "m":
            return "minute" if _is_minute(letters, place) else "month"
        case text if text[0] == "d":
            return "day" if len(text) < _NAMED else "weekday"
        case text:
            return {"y": "year", "h": "hour", "s": "second"}[text[0]]


def example_of(value: str) -> str:
    """A value with as many parts as this one: the rest of it is zero."""
    if len(value) == len(_DAY) or value.endswith(_MIDNIGHT):
        return _DAY
    return _MINUTE if value.endswith(":00") else _SECOND


def _without_fractions(section: Section) -> list[Token]:
    """A section without the fractions of its seconds: a value that has any is not certain, and never comes here."""
    pairs = zip([None, *section], section, strict=False)
    return [token for before, token in pairs if before is None or not _is_fraction(before, token)]


def _is_fraction(before: Token, token: Token) -> bool:
    return before.kind == "letters" and before.text[0] == "s" and _FRACTION.fullmatch(token.text) is not None


def _letters(token: Token) -> str:
    return token.text if token.kind == "letters" else ""


def _shows_day(section: Section) -> bool:
    letters = list(map(_letters, section))
    return any(each[:1] in {"y", "d"} and each for each in letters) or any(
        each[:1] == "m" and not _is_minute(letters, place) for place, each in enumerate(letters)
    )


def _parts(moment: datetime, section: Section, *, nominal: bool) -> Iterator[str | None]:
    letters = list(map(_letters, section))
    half = any(token.kind == "half" for token in section)
    for place, token in enumerate(section):
        if token.kind == "half":
            yield ("AM" if moment.hour < _NOON else "PM") if token.text.upper() == "AM/PM" else None
        elif token.kind != "letters":
            yield token.text
        elif token.text[0] == "m" and _is_minute(letters, place):
            yield _two(moment.minute, token.text)
        elif nominal and len(token.text) >= _NAMED and token.text[0] in "md":
            yield _name(moment, token.text)
        else:
            yield _part(moment, token.text, half)


def _is_minute(letters: Sequence[str], place: int) -> bool:
    """Whether an m means minutes: after hours or before seconds."""
    if letters[place][:1] != "m" or len(letters[place]) >= _NAMED:
        return False
    before = next((each for each in reversed(letters[:place]) if each), "")
    after = next((each for each in letters[place + 1 :] if each), "")
    return before[:1] == "h" or after[:1] == "s"


def _name(moment: datetime, letters: str) -> str:
    name = _MONTHS[moment.month - 1] if letters[0] == "m" else _WEEKDAYS[moment.weekday()]
    match len(letters):
        case 3:
            return name[:3]
        case 5 if letters[0] == "m":
            return name[:1]
        case _:
            return name


def _part(moment: datetime, letters: str, half: bool) -> str | None:
    match letters[0]:
        case "y":
            return f"{moment.year:04}" if len(letters) > 2 else f"{moment.year % 100:02}"  # noqa: PLR2004
        case "m":
            return _two(moment.month, letters)
        case "d":
            return _two(moment.day, letters)
        case "h":
            return _two((moment.hour - 1) % _NOON + 1 if half else moment.hour, letters)
        case _:
            return _two(moment.second, letters)


def _two(number: int, letters: str) -> str | None:
    # Three and more are names, which every language has its own of.
    return None if len(letters) >= _NAMED else f"{number:0{len(letters)}}"
