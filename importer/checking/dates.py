"""Date-times from text, each column by one order of day and month. Pure; nothing is guessed cell by cell.

A guessing parser reads "N/A" as a day in November (measured with two of them), so every accepted form is written here.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from importer.checking.cells import ERROR_VALUES, Parsed

ORDERS = ("dmy", "mdy", "ymd")
"""How --dates may say that days, months and years follow each other."""

SERIALS = range(20_000, 80_001)
"""Day numbers of spreadsheets that are taken for dates: 1954 to 2119. Any other number in a date column is a mistake,
such as an Id in the wrong column, and would become a date in the year 1900 or 5000."""

_SHAPE = str.maketrans("123456789", "000000000")
_USUAL = "0000-00-00T00:00:00Z"
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)"
    r"(?:[T ](\d\d:\d\d(?::\d\d)?)(?:(?<=:\d\d:\d\d)[.,]\d{1,9})?( ?(?:Z|([+-])(\d\d):?([0-5]\d)))?)?",
    re.IGNORECASE,
)
_TIME = r"(?:[ ,T]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?: ?(?P<half>[ap])\.?m\.?)?)?"
_NUMBERS = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})" + _TIME, re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})[./-](\d{1,2})[./-](\d{1,2})" + _TIME, re.IGNORECASE)
_DAY_NAME = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.?[ -]([a-z]{3,9})\.?,?[ -](\d{4})" + _TIME, re.IGNORECASE)
_NAME_DAY = re.compile(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})" + _TIME, re.IGNORECASE)
_SERIAL = re.compile(r"(\d{5})(?:\.(\d{1,10}))?")
_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ],
        start=1,
    )
    for name in (names, names[:3])
} | {"sept": 9}
# Two days before 1900: Excel counts from 1 and has a 29 February 1900, so that from March 1900 on this day is number 0.
_DAY_ZERO = datetime(1899, 12, 30)
_NOON = 12
_LAST_MONTH = 12
_SECONDS = slice(17, 19)
"""Where ``_USUAL`` has its seconds."""


@dataclass
class DateEvidence:
    """Which orders of day and month the cells of a column prove, over all chunks so far.

    For the user to see. It is never used to read another cell, because a column that two people filled in holds both
    orders.
    """

    orders: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """The evidence as the end of a sentence."""
        names = {"dmy": "day first", "mdy": "month first"}
        counts = " and ".join(f"{self.orders[order]:,} {name}" for order, name in names.items() if self.orders[order])
        return f" (others in this column: {counts})" if counts else ""


class DateReader:
    """Reads the date columns of one file by a time zone and, if one is set, an order of day and month."""

    def __init__(self, order: str | None = None, zone: str = "UTC") -> None:
        """``order`` is one of ORDERS, None if each cell has to speak for itself; ``zone`` is an IANA name."""
        self._order, self.zone = order, zone
        self.evidence: dict[str, DateEvidence] = {}

    def read(self, name: str, text: pd.Series) -> Parsed:
        """Instants in UTC, whole seconds; a date alone is its midnight, a time without zone is in the reader's zone."""
        # Each spelling is read once: a column of a million dates has few different ones.
        codes, cells = pd.factorize(text)
        read = self._read_all(name, pd.Series(cells, dtype=object), np.bincount(codes, minlength=len(cells)))
        values = read.values.array.take(codes)

        def rows(by_code: Mapping[str, pd.Index]) -> dict[str, pd.Index]:
            return {code: text.index[np.isin(codes, places)] for code, places in by_code.items() if len(places)}

        return Parsed(pd.Series(values, index=text.index), rows(read.refused), rows(read.doubtful))

    def _read_all(self, name: str, text: pd.Series, counts: np.ndarray) -> Parsed:
        """The same for the distinct cells of a column; ``counts`` says how often each occurs in it."""
        # A second 60 would become the first of the next minute.
        exact = np.array(
            [cell.translate(_SHAPE) == _USUAL and cell[_SECONDS] < "60" for cell in text.tolist()], dtype=bool
        )
        usual = pd.to_datetime(text.where(exact), format="%Y-%m-%dT%H:%M:%SZ", utc=True, errors="coerce")
        rest = self._read_one_by_one(name, text[usual.isna()], counts)
        values = usual.dt.as_unit("us").fillna(rest.values)
        return Parsed(values, rest.refused, rest.doubtful)

    def _read_one_by_one(self, name: str, text: pd.Series, counts: np.ndarray) -> Parsed:
        # Not by pandas: one cell decides the resolution of its column, and with it which years every other may have.
        evidence, zone = self.evidence.setdefault(name, DateEvidence()), ZoneInfo(self.zone)
        occurrences = counts.tolist()
        refused: dict[str, list[int]] = {}
        doubtful: dict[str, list[int]] = {}
        instants: list[datetime | None] = []
        for row, cell in zip(text.index.tolist(), map(str.strip, text.tolist()), strict=True):
            read = self._read(cell, evidence, occurrences[row]) if cell else _Read()
            instant, code = _instant(read, zone)
            instants.append(instant)
            if code:
                (refused if instant is None else doubtful).setdefault(code, []).append(row)
            if instant is not None and read.offset is None and ":" in cell:
                doubtful.setdefault("zone-assumed", []).append(row)
        values = pd.Series(np.array(instants, dtype="datetime64[us]"), index=text.index).dt.tz_localize("UTC")
        return Parsed(values, _by_code(refused), _by_code(doubtful))

    def _read(self, cell: str, evidence: DateEvidence, count: int) -> "_Read":
        """What a cell means, or the issue code if it means no date."""
        # Forms that can be read in one way only come first. Two numbers before a year can be read in two ways and
        # depend on the order. A bare number is last: it is a date only to a spreadsheet program.
        if match := _ISO.fullmatch(cell):
            return _read_iso(*match.groups())
        for pattern, reader in _FORMS:
            if match := pattern.fullmatch(cell):
                moment = _moment(match, *reader(match))
                return _Read(moment, code="" if moment else "not-a-date")
        if match := _NUMBERS.fullmatch(cell):
            moment, code = self._by_order(match, evidence, count)
            return _Read(moment, code=code)
        if (match := _SERIAL.fullmatch(cell)) and int(match[1]) in SERIALS:
            days = timedelta(days=float(cell))
            return _Read(_DAY_ZERO + timedelta(seconds=round(days.total_seconds())), code="date-serial")
        return _Read(code="cell-error" if cell in ERROR_VALUES else "not-a-date")

    def _by_order(self, match: re.Match[str], evidence: DateEvidence, count: int) -> tuple[datetime | None, str]:
        """The moment of a cell like 05/04/2027 and "", or None and an issue code.

        ``match`` is one of ``_NUMBERS``. ``evidence`` takes down what the cell proves, ``count`` times: so often it
        occurs in the column.
        """
        first, second = int(match[1]), int(match[2])
        # A number above 12 is no month. If both are above, neither order gives a date, and the cell is refused below.
        proved = "dmy" if first > _LAST_MONTH else "mdy" if second > _LAST_MONTH else ""
        if proved:
            evidence.orders[proved] += count
        same = first == second
        # Dots are written in countries that put the day first; month first comes with slashes.
        dotted = match.string[match.end(1)] == "."
        # The user's word goes before what the cell proves: 13/04 in a file declared as month first is a mistake to be
        # shown, not a day to be turned round. "Year first" says nothing about a cell whose year comes last.
        declared = self._order if self._order != "ymd" else None
        order = declared or proved or ("dmy" if same or dotted else "")
        # Not by what other cells of the column prove. A wrong guess would be a valid date that nobody notices.
        if not order:
            return None, "date-ambiguous"
        day, month = (first, second) if order == "dmy" else (second, first)
        moment = _moment(match, int(match[3]), month, day)
        return moment, "" if moment else "not-a-date"


class _Read(NamedTuple):
    """A cell as it is written: the moment, its offset from UTC if it has one, and an issue code or ""."""

    moment: datetime | None = None
    offset: timedelta | None = None
    code: str = ""


def _instant(read: _Read, zone: ZoneInfo) -> tuple[datetime | None, str]:
    """The moment in UTC and the issue code; no instant where it has none, or one outside the years 1 to 9999."""
    # A wall clock time that a change to or from summer time skips or repeats has no single instant. Python would take
    # one of the two without a word (``fold``), which may be an hour off; so the two answers are compared.
    moment, offset = read.moment, read.offset
    if moment is None:
        return None, read.code
    try:
        if offset is None:
            offset = zone.utcoffset(moment)
            if offset != zone.utcoffset(moment.replace(fold=1)):
                return None, "time-skipped"
        return moment - (offset or timedelta()), read.code
    except OverflowError:
        return None, "not-a-date"


def _read_iso(
    day: str, time: str | None, zone: str | None, sign: str | None, hours: str | None, minutes: str | None
) -> _Read:
    """The groups of ``_ISO``; of a second only the whole is left."""
    try:
        moment = datetime.fromisoformat(f"{day}T{time}" if time else day)
    except ValueError:
        return _Read(code="not-a-date")
    if zone is None:
        return _Read(moment)
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return _Read(moment, -offset if sign == "-" else offset)


def _by_code(rows: Mapping[str, list[int]]) -> dict[str, pd.Index]:
    return {code: pd.Index(numbers, dtype="int64") for code, numbers in rows.items()}


def _moment(match: re.Match[str], year: int, month: int, day: int) -> datetime | None:
    hour = int(match["hour"] or 0)
    if half := (match["half"] or "").lower():
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    try:
        return datetime(year, month, day, hour, int(match["minute"] or 0), int(match["second"] or 0))
    except ValueError:
        return None


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[int, int, int]]], ...] = (
    (_YEAR_FIRST, lambda m: (int(m[1]), int(m[2]), int(m[3]))),
    (_DAY_NAME, lambda m: (int(m[3]), _MONTHS.get(m[2].lower(), 0), int(m[1]))),
    (_NAME_DAY, lambda m: (int(m[3]), _MONTHS.get(m[1].lower(), 0), int(m[2]))),
)
