"""The grammar of dates: what one text says, in the forms that programs write and people type. Pure, and closed.

    cell     = [weekday [","]] date [between time [zone]]
    date     = year-month-day | number/number/year | day month-name year | month-name day year | year month-name day
             | yyyymmdd
    time     = hour:minute[:second[.fraction]] [am | pm], with ":" or "." or "h" or "u"; hour alone with am, pm or "Uhr"
    zone     = Z | UTC | GMT | [UTC | GMT] offset, or the name of a zone, or both: +01:00[Europe/Berlin], +0100 (CET)

Two more forms have the parts in another order: those of C's asctime and of an Apache log. A text that fits no form is
no date, however much it looks like one: a guessing parser reads "N/A" as a day in November (measured with two of them).
Each text fits one form at most. What two numbers before a year mean, and whether the parts agree, ``dates`` decides.

Sources: RFC 3339, 5322, 5545, 9110 and 9557; ECMA-262; CLDR; what PostgreSQL, Oracle, SQL Server, DB2 and .NET print.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import available_timezones

from importer.checking.calendar_names import DISPUTED, MONTHS, POLISH, WEEKDAYS, without_accents

PLACEHOLDERS = frozenset(
    (
        *((0, 0, 0), (1900, 1, 0), (1900, 0, 1)),
        *((1, 1, 1), (1601, 1, 1), (1753, 1, 1), (1899, 12, 30), (1899, 12, 31)),
        *((1900, 1, 1), (1904, 1, 1), (1969, 12, 31), (1970, 1, 1)),
    )
)
"""Years, months and days that programs write where there is no date: the first days that they can count, the day before
1970 where that began a few hours later, and day 0 as Excel shows it in both orders."""

PIVOT = 69
"""Two digits from here on are a year of the 1900s, below of the 2000s, as POSIX and PostgreSQL have it."""

_LAST_PLACEHOLDER = max(PLACEHOLDERS)[0]

FIRST_YEAR = 1000
"""An earlier one is a year of two or three digits that a program filled up with zeros."""

FURTHEST_OFFSET = timedelta(hours=14)

_SPACES = dict.fromkeys((0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " ")
_HYPHENS = dict.fromkeys((0x2010, 0x2011, 0x2212), "-")
# Marks without a width. Internet Explorer puts one around each part of a date.
_UNSEEN = dict.fromkeys((0x200B, 0x200E, 0x200F, 0xFEFF))
# Not an en dash: between two times or dates it means from and to.
_PLAIN = {**_SPACES, **_HYPHENS, **_UNSEEN}

# The parts of the forms; those with a name are read by ``_written``.
_MONTH_NAMES = "|".join(sorted({*MONTHS, *DISPUTED}, key=len, reverse=True))
_WEEKDAY_NAMES = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
_DAY, _MONTH, _YEAR = r"(?P<day>\d{1,2})", r"(?P<month>\d{1,2})", r"(?P<year>\d{4})"
# Of eight digits, most that begin otherwise are Ids.
_YEAR_OF_NOW = r"(?P<year>(?:19|20|21)\d\d)"
_NAME = rf"(?P<name>{_MONTH_NAMES})\.?"
_HALF = r"(?P<half>[ap])\.? ?m\.?"
_CLOCK = (
    # An hour alone needs "am", "pm" or "Uhr".
    r"(?=\d\d?(?:[:.hu]\d\d| h \d\d| ?(?:[ap]\.? ?m|uhr|uur|h)))"
    r"(?P<hour>\d{1,2})(?:(?P<mark>[:.hu]| h )(?P<minute>\d\d)(?:(?P=mark)(?P<second>\d\d)(?:[.,]\d{1,9}|:\d{3})?)?)?"
    r"(?:(?:(?<=h\d\d)|(?<=h \d\d)) ?min\.?)?"
    rf"(?: ?{_HALF}| ?(?P<unit>uhr|uur|horas|h))?"
)
_SIX_DIGITS = r"(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)(?:[.,]\d{1,9})?"
_DIGITS = r"(?P<hour>\d\d)(?P<minute>\d\d)(?:(?P<second>\d\d)(?:[.,]\d{1,9})?)?"
_OFFSET = r"z|(?:utc|gmt|ut)(?: ?[+-] ?(?:\d\d:?\d\d|\d{1,2}:\d\d|\d{1,2}))?|[+-](?:\d\d:?\d\d|\d\d)"
_PLACE = r"[a-z][a-z_]*(?:/[a-z0-9_+-]+)+"
_ZONE = (
    rf"(?: ?(?P<offset>{_OFFSET})(?: ?\[(?P<beside>[^\[\]]+)\]"
    r"| ?\((?P<comment>[^()\d]+|(?:gmt|utc)?[+-][\d:]+)\)| (?P<short>[a-z]{2,5}))?"
    rf"| ?\[(?P<place>{_PLACE})\]| (?P<bare>{_PLACE})| ?(?P<unclear>[a-z]{{1,5}}|\([a-z]{{1,5}}\)|[+-]\d{{1,2}}))?"
)
# Before the time: what people write, and what browsers do, which is "at" in the languages of the names.
_BETWEEN = (
    r"(?:,? (?:at|um|a|as|a las|alle|(?:alle )?ore|om|(?:o )?godz\.?|o|v|h\.?|kl\.?|klockan|klokken) "
    r"|,? | - |, ?|,? ?(?P<t>t) ?)"
)
_WEEKDAY = rf"(?:(?P<weekday>{_WEEKDAY_NAMES})\.?,? ?)?(?:(?:the|le|den|der|el|il) )?"

_DATES = (
    rf"{_YEAR}(?P<by>[-/.:]){_MONTH}(?P=by){_DAY}",
    rf"(?P<one>\d{{1,2}})(?P<by>[-/.]|\. )(?P<two>\d{{1,2}})(?P=by){_YEAR}",
    rf"{_DAY}(?:st|nd|rd|th|er|º|ª|°|\.)?(?: of | de |[-/]| ?){_NAME}(?:,? | de | del |[-/,]|)(?P<year>\d{{4}}|'?\d\d)"
    r"(?P<polish> r\.?)?",
    rf"{_YEAR}\. {_MONTH}\. {_DAY}\.?",
    rf"{_YEAR}年 ?{_MONTH}月 ?{_DAY}日",
    rf"{_NAME}(?:[ /-]|){_DAY}(?:st|nd|rd|th|\.)?(?:, ?| |[-/])(?P<year>\d{{4}}|'\d\d|(?<=,)\d\d|(?<=, )\d\d)",
    rf"{_YEAR}(?:[,.] ?|[ /-]|){_NAME}(?:[ /-]|){_DAY}\.?",
    rf"{_YEAR_OF_NOW}(?P<month>\d\d)(?P<day>\d\d)",
)
_FORMS = (
    *(rf"{_WEEKDAY}{date}(?:{_BETWEEN}(?P<time>{_CLOCK}){_ZONE})?" for date in _DATES),
    # iCalendar and other ISO 8601 without colons; then the same run together, as in LDAP.
    rf"{_YEAR_OF_NOW}(?P<by>-?)(?P<month>\d\d)(?P=by)(?P<day>\d\d)(?:(?P<t>t)| )(?P<time>{_DIGITS}){_ZONE}",
    rf"{_YEAR_OF_NOW}(?P<month>\d\d)(?P<day>\d\d)(?P<time>{_SIX_DIGITS}){_ZONE}",
    # XML Schema has dates with a zone. A minus could as well stand before an hour.
    rf"{_YEAR}-{_MONTH}-{_DAY} ?(?P<offset>z|utc|gmt|\+\d\d:\d\d)",
    # DB2; asctime and Java's Date; Apache and SAS.
    rf"{_YEAR}-{_MONTH}-{_DAY}-(?P<time>(?P<hour>\d\d)\.(?P<minute>\d\d)\.(?P<second>\d\d)(?:\.\d{{1,12}})?)",
    rf"{_WEEKDAY}{_NAME} {_DAY} (?P<time>{_CLOCK}){_ZONE} {_YEAR}",
    rf"{_DAY}(?P<by>/?){_NAME}(?P=by){_YEAR}:(?P<time>{_CLOCK}){_ZONE}",
)

_SHORT_YEAR = (
    rf"{_WEEKDAY}(?P<one>\d{{1,2}})(?P<by>[-/.]|\. )(?P<two>\d{{1,2}})(?P=by)(?P<year>\d\d)"
    rf"(?:{_BETWEEN}(?P<time>{_CLOCK}){_ZONE})?"
)
"""No form of the grammar, because any of its three numbers may be the year."""

_LOCAL = rf"(?:{_BETWEEN}{_CLOCK}{_ZONE})?"
_INCOMPLETE = (
    rf"\d{{1,2}}([-/.]|\. )\d{{1,2}}\1\d{{1,3}}{_LOCAL}",
    r"\d{4}[-/.]\d{1,2}",
    r"\d{1,2} ?[-/.] ?\d{4}",
    r"\d{1,2}([-/.])\d{1,2}\1?",
    rf"{_NAME}(?:(?: |-| de )\d{{1,4}})?",
    rf"\d{{1,4}}(?:st|nd|rd|th|\.)?(?: |-| of | de ){_NAME}",
    rf"{_CLOCK}{_ZONE}",
)
_SINCE_1970 = re.compile(
    r"/date\(([1-9]\d{12})(?:[+-]\d{4})?\)/|([1-9]\d{9})(?:\.\d{1,9})?|([1-9]\d{12}(?:\d{3}){0,2})"
)
"""Milliseconds as old .NET writes them into JSON; seconds; milli-, micro- and nanoseconds."""

_SIGNED = re.compile(
    r"(?!$)(?:z|(?:utc|gmt|ut)?(?: ?(?P<sign>[+-]) ?(?P<hours>\d\d?)(?:(?P<colon>:?)(?P<minutes>\d\d))?)?)"
)
_ZERO = ("utc", "gmt", "ut", "coordinated universal time", "greenwich mean time")
_LONGEST = 120
_NOON, _HOURS, _SIXTY = 12, 24, 60


class DateText(NamedTuple):
    """What a text says. ``numbers`` are the two before the year where it does not say which of them is the day.

    ``time`` is None for a date alone. ``offset`` is that from UTC, ``place`` the name of a time zone, ``beside`` a
    second offset, and ``weekday`` counts from Monday, 0.
    """

    year: int
    month: int
    day: int
    numbers: tuple[int, int] | None = None
    dotted: bool = False
    time: tuple[int, int, int] | None = None
    offset: timedelta | None = None
    place: str | None = None
    beside: timedelta | None = None
    weekday: int | None = None


class _Zone(NamedTuple):
    offset: timedelta | None = None
    place: str | None = None
    beside: timedelta | None = None


_NO_ZONE = _Zone()
_Parts = Mapping[str, str | None]


def read_date_text(cell: str) -> DateText | str:
    """What a cell says, or the code of what is wrong with it, "" if it is of no form."""
    plain = _plain(cell)
    if len(plain) > _LONGEST:
        return ""
    for form in _FORMS:
        if match := _compiled(form).fullmatch(plain):
            return _written(match.groupdict())
    return _complaint(plain)


def read_short_year(cell: str) -> DateText | str:
    """The same of a date of three short numbers, for whoever has said that the last of them is the year."""
    match = _compiled(_SHORT_YEAR).fullmatch(_plain(cell))
    return _written(match.groupdict()) if match else ""


def instant_of_number(cell: str) -> str:
    """The instant, to the second, of a number that counts from the beginning of 1970; "" for any other text."""
    match = _SINCE_1970.fullmatch(_plain(cell))
    if match is None:
        return ""
    # Its digits give the unit away: in any other one it would be a year that no clock of a computer is set to.
    seconds = next(filter(None, match.groups()))[:10]
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _plain(cell: str) -> str:
    """The text as the forms have it: in lower case, without accents, with plain hyphens and single plain spaces."""
    plain = cell.lower()
    if not plain.isascii():
        plain = without_accents(plain.translate(_PLAIN))
    return re.sub("[ \t]+", " ", plain).strip(" ")


@cache
def _compiled(form: str) -> re.Pattern[str]:
    # Only once it is needed: to compile all of them takes longer than to check a small file, which needs few.
    return re.compile(form)


def _complaint(plain: str) -> str:
    """What can be said of a text that is of no form."""
    if plain == "0":
        return "date-placeholder"
    if instant_of_number(plain):
        return "unix-time"
    return "date-incomplete" if any(_compiled(form).fullmatch(plain) for form in _INCOMPLETE) else ""


def _written(parts: _Parts) -> DateText | str:
    """The parts of a form put together, or the code of the first that is wrong."""
    name = parts.get("name") or ""
    # After its year, "r." is written in Polish only.
    names = POLISH if parts.get("polish") and name in POLISH else MONTHS
    if name in DISPUTED and names is MONTHS:
        return "month-ambiguous"
    month, day = names[name] if name else int(parts.get("month") or 0), int(parts.get("day") or 0)
    one, two = parts.get("one"), parts.get("two")
    numbers = (int(one), int(two)) if one and two else None
    year = _year(parts["year"] or "")
    if year <= _LAST_PLACEHOLDER:
        orders = (numbers, numbers[::-1]) if numbers else ((month, day),)
        if any((year, *order) in PLACEHOLDERS for order in orders):
            return "date-placeholder"
    if year < FIRST_YEAR:
        return "date-incomplete"
    time = _time(parts)
    if isinstance(time, str):
        return time
    zone = _zone(parts, time) if time is not None or parts.get("offset") else _NO_ZONE
    if isinstance(zone, str):
        return zone
    dotted = (parts.get("by") or "").startswith(".")
    weekday = WEEKDAYS.get(parts.get("weekday") or "")
    return DateText(year, month, day, numbers, dotted, time, *zone, weekday)


def _year(digits: str) -> int:
    year = int(digits.lstrip("'"))
    if len(digits) >= len("2026"):
        return year
    return year + (1900 if year >= PIVOT else 2000)


def _time(parts: _Parts) -> tuple[int, int, int] | str | None:
    if parts.get("time") is None:
        return None
    hour, minute, second = int(parts["hour"] or 0), int(parts["minute"] or 0), int(parts["second"] or 0)
    half = parts.get("half")
    if half:
        if not 1 <= hour <= _NOON:
            return "time-impossible"
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    # A second 60, and an hour 24, would become the first of the next day.
    exists = hour < _HOURS and minute < _SIXTY and second < _SIXTY
    return (hour, minute, second) if exists else "time-impossible"


def _zone(parts: _Parts, time: tuple[int, int, int] | None) -> _Zone | str:
    """The zone of a text; an offset that nobody has, a name that nobody knows and short names of zones are unclear."""
    if parts.get("unclear"):
        return "zone-unclear"
    if place := parts.get("place") or parts.get("bare"):
        return _Zone(place=_places()[place]) if place in _places() else "zone-unclear"
    offset = _offset(parts.get("offset"))
    if offset is None:
        return "zone-unclear" if parts.get("offset") else _NO_ZONE
    if _may_be_a_range(parts, time):
        return "zone-unclear"
    beside = parts.get("beside")
    if beside is None:
        return _with_words(offset, parts)
    # By RFC 9557, Z before a name says that the offset of the place is not known: there is nothing to compare.
    if beside in _places():
        return _Zone(offset, None if parts["offset"] == "z" else _places()[beside])
    return _Zone(offset, None, second) if (second := _offset(beside)) is not None else "zone-unclear"


def _with_words(offset: timedelta, parts: _Parts) -> _Zone | str:
    """An offset with what explains it: a zone's name in the language of a browser, or its short form."""
    words = parts.get("short") or parts.get("comment")
    if words is None:
        return _Zone(offset)
    # Without digits before, and beside a date in numbers, the words could be about anything.
    if not (parts["offset"] or "")[-1:].isdecimal() or (parts.get("comment") and not parts.get("name")):
        return ""
    if words in ("am", "pm"):
        return ""
    return _Zone(offset, None, timedelta() if words in _ZERO else _offset(words))


def _offset(text: str | None) -> timedelta | None:
    """An offset from UTC; None for anything else, and for one that is used nowhere."""
    match = _SIGNED.fullmatch(text or "")
    if match is None:
        return None
    hours, minutes = int(match["hours"] or 0), int(match["minutes"] or 0)
    offset = timedelta(hours=hours, minutes=minutes)
    if offset > FURTHEST_OFFSET or minutes >= _SIXTY:
        return None
    return -offset if match["sign"] == "-" else offset


def _may_be_a_range(parts: _Parts, time: tuple[int, int, int] | None) -> bool:
    """Whether what looks like an offset may be the end of a meeting: 10:30-12:00, 10:30 -12, 10am-12, 1030-1200.

    Nobody writes the seconds of a meeting, or T before its time, so what follows them is an offset; so is what follows
    UTC or GMT, and a plus.
    """
    if parts.get("t") or parts.get("second") or time is None:
        return False
    return (parts["offset"] or "").startswith("-")


@cache
def _places() -> Mapping[str, str]:
    """The names of the time zone database by their lower case."""
    return {name.lower(): name for name in available_timezones()}
