"""Whether what a file says that a cell shows can be what its value looks like in some number format. Pure.

An OpenDocument file holds both. A program shows the value and writes the text beside it only for others, so where the
two say different things, one of them is not what a person sees.
"""

import re
from collections.abc import Collection
from datetime import date
from decimal import Decimal

from importer.checking.calendar_names import DISPUTED, MONTHS, WEEKDAYS, without_accents
from importer.checking.cells import YES_OR_NO
from schemas import written

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_SHOWN_NUMBER = re.compile(r"\d(?:[\d.,'\u2019\s\u00a0\u202f]*\d)?|(?<![\d.,])[.,]\d+")
_EXPONENT = re.compile(r" ?[eE] ?([+-]?\d{1,3})(?!\d)")
_SCALES = {"%": 2, "‰": 3}
_MINUS_BEFORE = re.compile(r"(?:^|[\s(])[^\w\s]*[-\u2212]|\(")
_MINUS_BEHIND = re.compile(r"\s*-|\s*\u2212")
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T|$)")
_CLOCK = re.compile(r"(?:^|T)(\d\d):(\d\d):(\d\d)")
_LENGTH = re.compile(r"-?PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")
_IN_NUMBERS = re.compile(r"(?<!\d)\d{1,4}([-/.])\s?\d{1,2}\1\s?\d{1,4}(?!\d)")
_WORD = re.compile(r"[^\W\d_]+")
_NOON, _CENTURY, _MOST_DIGITS = 12, 100, 18
_TRUE = frozenset(
    ("wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar", "prawda", "sant", "sand", "pravda", "ano")
)
_FALSE = frozenset(("falsch", "faux", "falso", "onwaar", "falsz", "falskt", "falsk", "nepravda"))
"""What LibreOffice shows for TRUE and FALSE in other languages, without accents."""

_BESIDE_DATES = frozenset(
    (
        *("of", "de", "del", "den", "der", "the", "le", "el", "il", "at", "um", "uhr"),
        *("h", "min", "s", "m", "d", "r", "t", "z", "utc", "gmt", "st", "nd", "rd", "th"),
    )
)


def agrees(value: str, shown: str) -> bool:
    """Whether a cell with this value, as reading writes it, may show this text."""
    if value in ("TRUE", "FALSE"):
        return _as_yes_or_no(shown) is (value == "TRUE")
    if _NUMBER.fullmatch(value):
        return _is_number_in(Decimal(value), shown)
    if length := _LENGTH.fullmatch(value):
        return _numbers_in(shown) <= set(map(int, length.groups())) and value.startswith("-") == ("-" in shown)
    day, clock = _DAY.match(value), _CLOCK.search(value)
    if day or clock:
        real = _real_day(*map(int, day.groups())) if day else None
        return (real is not None or not day) and _is_moment_in(real, clock, shown)
    return value.strip() == shown.strip()


def may_agree(value: str, shown: str) -> bool:
    """Whether nothing in this text is known to contradict a date: a word of it may be the month in any language."""
    day, clock = _DAY.match(value), _CLOCK.search(value)
    real = _real_day(*map(int, day.groups())) if day else None
    if real is None or agrees(value, shown) or real.day not in _numbers_in(shown):
        return False
    return _is_moment_in(real, clock, shown, is_known=False)


def _real_day(year: int, month: int, day: int) -> date | None:
    """The day; None for one that a file may hold though there is none, as 30 February."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _as_yes_or_no(shown: str) -> bool | None:
    plain = without_accents(shown.strip().lower())
    if plain in _TRUE or plain in _FALSE:
        return plain in _TRUE
    return YES_OR_NO.get(written(shown))


def _is_number_in(value: Decimal, shown: str) -> bool:
    chunks = list(_SHOWN_NUMBER.finditer(shown))
    if not chunks:
        return False
    is_negative = bool(_MINUS_BEFORE.search(shown[: chunks[0].start()]))
    is_negative |= len(chunks) == 1 and bool(_MINUS_BEHIND.fullmatch(shown[chunks[0].end() :]))
    digits = re.sub(r"\D", "", shown).lstrip("0")
    # The digits of a whole number, in whatever groups: 00042, 12-34-56, 1 234.
    if value == value.to_integral_value() and digits == str(abs(value)).partition(".")[0].lstrip("0"):
        return is_negative == (value < 0)
    exponent = _EXPONENT.match(shown, chunks[0].end())
    if len(chunks) - (1 if exponent else 0) != 1:
        return False
    scale = next((power for sign, power in _SCALES.items() if sign in shown), 0)
    power = int(exponent[1]) if exponent else 0
    near = [n for n in _readings(chunks[0][0]) if _is_rounded(abs(value).scaleb(scale - power), n)]
    return any(number == 0 or is_negative == (value < 0) for number in near)


def _is_rounded(value: Decimal, number: Decimal) -> bool:
    unit = Decimal(1).scaleb(int(number.as_tuple().exponent))
    return abs(value - number) * 2 <= unit


def _readings(text: str) -> Collection[Decimal]:
    """The numbers that a text of digits, points, commas and spaces may be, each with its decimals."""
    plain = re.sub(r"['\u2019\s\u00a0\u202f]", "", text)
    readings = {plain.replace(",", ""), plain.replace(".", "").replace(",", ".")}
    return [Decimal(each) for each in readings if each.count(".") <= 1]


def _is_moment_in(day: date | None, clock: re.Match[str] | None, shown: str, *, is_known: bool = True) -> bool:
    hour, minute, second = map(int, clock.groups()) if clock else (0, 0, 0)
    words = [without_accents(word.lower()) for word in _WORD.findall(shown)]
    of_day = {day.day, day.year, day.year % _CENTURY} if day else set[int]()
    # Beside the name of a month, no number is that month.
    if day and MONTHS.keys().isdisjoint(words):
        of_day.add(day.month)
    numbers = _numbers_in(shown)
    clock_text = f"{hour}.{minute:02}.{second:02}"
    triples = (match[0] for match in _IN_NUMBERS.finditer(shown))
    if day and not all(_is_day_of(day, each) or each.lstrip("0") == clock_text.lstrip("0") for each in triples):
        return False
    if not numbers <= of_day | {hour, (hour - 1) % _NOON + 1, minute, second}:
        return False
    # In a language that is not known here, the day and the year say enough.
    is_whole = day is not None and day.day in numbers and not numbers.isdisjoint((day.year, day.year % _CENTURY))
    is_whole = is_whole or not is_known
    return bool(numbers or words) and all(_is_word_of(word, day, hour, is_whole=is_whole) for word in words)


def _is_day_of(day: date, shown: str) -> bool:
    """Whether three numbers between the same marks are the day, the month and the year, each once."""
    numbers = sorted(int(digits) for digits in re.findall(r"\d+", shown))
    return any(numbers == sorted((day.day, day.month, year)) for year in (day.year, day.year % _CENTURY))


def _is_word_of(word: str, day: date | None, hour: int, *, is_whole: bool) -> bool:
    if word in ("am", "pm"):
        return (word == "pm") == (hour >= _NOON)
    if day and (word in MONTHS or word in WEEKDAYS):
        return MONTHS.get(word) == day.month or WEEKDAYS.get(word) == day.weekday()
    return word in _BESIDE_DATES or is_whole or (bool(day) and word in DISPUTED)


def _numbers_in(shown: str) -> set[int]:
    # A longer one is no part of a date, and too long for Python's own conversion.
    return {int(digits) if len(digits) <= _MOST_DIGITS else -1 for digits in re.findall(r"\d+", shown)}
