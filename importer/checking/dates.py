"""Date-times from columns of text, each column by one order of day and month. Pure; nothing is guessed cell by cell.

What a single text says is for ``date_text``.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from importer.checking.cells import Parsed, is_error
from importer.checking.date_headers import DateHeader
from importer.checking.date_text import DateText, instant_of_number, read_date_text, read_short_year

ORDERS = ("dmy", "mdy", "ymd")
"""How --dates may say that days, months and years follow each other."""

_YEAR_LAST = ("dmy", "mdy")
_NO_FORM = DateHeader("")

SERIALS = range(20_000, 80_001)
"""Day numbers of spreadsheets that are taken for dates: 1954 to 2119. Any other number in a date column is a mistake,
such as an Id in the wrong column, and would become a date in the year 1900 or 5000."""

_SHAPE = str.maketrans("123456789", "000000000")
USUAL = "0000-00-00T00:00:00Z"
_ISO = re.compile(
    r"(2[0-9]{3})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,][0-9]{1,9})?"
    r"(?:(Z)|([+-])(0[0-9]|1[0-3]):([0-5][0-9]))?"
)
"""The form that programs write most, for speed alone: whatever does not fit is read by ``date_text``, and so are years
and offsets of this form that may be mistakes."""
_YEAR_FIRST = re.compile(r"\d{4}(?:[-/.:]\s?(\d{1,2})[-/.:]\s?(\d{1,2})|(\d\d)(\d\d))(?![\dTt])")
"""No form with a T before its time: only programs write it, always with the month first."""

_SERIAL = re.compile(r"(\d{5})(?:\.(\d{1,10}))?")
# Two days before 1900: Excel counts from 1 and has a 29 February 1900, so that from March 1900 on this day is number 0.
DAY_ZERO = date(1899, 12, 30)
_SECONDS_OF_DAY = 86_400
_LAST_MONTH = 12
FIRST_USUAL, AFTER_USUAL = datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""Any others, among them the placeholders, are looked at one by one."""
_NEVER = date(9999, 12, 31)
_SECONDS = slice(17, 19)
"""Where ``USUAL`` has its seconds."""


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

    def read(self, name: str, text: pd.Series, header: DateHeader = _NO_FORM) -> Parsed:
        """Instants in UTC, whole seconds; a date alone is its midnight, a time without zone is in the reader's zone.

        ``header`` may ask for an order; what was said of the file goes before it. The zone in it goes before that of
        the reader, as one in a cell does.
        """
        # Each spelling is read once: a column of a million dates has few different ones.
        codes, cells = pd.factorize(text)
        read = self._read_all(name, pd.Series(cells, dtype=object), np.bincount(codes, minlength=len(cells)), header)
        values = read.values.array.take(codes)

        def rows(by_code: Mapping[str, pd.Index]) -> dict[str, pd.Index]:
            return {code: text.index[np.isin(codes, places)] for code, places in by_code.items() if len(places)}

        return Parsed(pd.Series(values, index=text.index), rows(read.refused), rows(read.doubtful))

    def _read_all(self, name: str, text: pd.Series, counts: np.ndarray, header: DateHeader) -> Parsed:
        """The same for the distinct cells of a column; ``counts`` says how often each occurs in it."""
        # A second 60 would become the first of the next minute.
        exact = np.array(
            [cell.translate(_SHAPE) == USUAL and cell[_SECONDS] < "60" for cell in text.tolist()], dtype=bool
        )
        usual = pd.to_datetime(text.where(exact), format="%Y-%m-%dT%H:%M:%SZ", utc=True, errors="coerce")
        usual = usual.where((usual >= FIRST_USUAL) & (usual < AFTER_USUAL))
        rest = self._read_one_by_one(name, text[usual.isna()], counts, header)
        values = usual.dt.as_unit("us").fillna(rest.values)
        return Parsed(values, rest.refused, rest.doubtful)

    def _read_one_by_one(self, name: str, text: pd.Series, counts: np.ndarray, header: DateHeader) -> Parsed:
        # Not by pandas: one cell decides the resolution of its column, and with it which years every other may have.
        evidence = self.evidence.setdefault(name, DateEvidence())
        zone = ZoneInfo("UTC" if header.is_utc else self.zone)
        occurrences = counts.tolist()
        refused: dict[str, list[int]] = {}
        doubtful: dict[str, list[int]] = {}
        instants: list[datetime | None] = []
        for row, cell in zip(text.index.tolist(), map(str.strip, text.tolist()), strict=True):
            read = self._read(cell, evidence, occurrences[row], header) if cell else _Read()
            instant, code = _instant(read, zone)
            instants.append(instant)
            if code:
                (refused if instant is None else doubtful).setdefault(code, []).append(row)
            # A date alone begins at midnight of that zone: elsewhere it would be another moment as well.
            is_moved = read.timed or instant != read.moment
            has_zone = read.offset is not None or read.place is not None or header.is_utc
            if instant is not None and is_moved and not has_zone:
                doubtful.setdefault("zone-assumed", []).append(row)
        values = pd.Series(np.array(instants, dtype="datetime64[us]"), index=text.index).dt.tz_localize("UTC")
        return Parsed(values, _by_code(refused), _by_code(doubtful))

    def detail(self, code: str, name: str, cell: str) -> str | None:
        """The further value for the sentence about a cell of a column; None if it is not about how dates are read."""
        match code:
            case "zone-assumed":
                return self.zone
            case "time-skipped":
                text = read_date_text(cell)
                return (text.place if isinstance(text, DateText) else None) or self.zone
            case "date-ambiguous":
                return str(self.evidence[name])
            case "date-serial":
                return _written(_moment_of(cell, DAY_ZERO))
            case "unix-time":
                return instant_of_number(cell)
            case _:
                return None

    def _read(self, cell: str, evidence: DateEvidence, count: int, header: DateHeader) -> "_Read":
        """What a cell means, or the issue code if it means no date."""
        header_order = header.order
        if header_order not in ("", *ORDERS) and self._order != "ymd" and _may_be_turned_round(cell):
            return _Read(code="date-form-unclear")
        if (match := _ISO.fullmatch(cell)) and (read := _read_iso(match)):
            return read
        if (match := _SERIAL.fullmatch(cell)) and int(match[1]) in SERIALS:
            moment = _moment_of(cell, DAY_ZERO)
            return _Read(moment, code="date-serial", timed=moment.time() != time())
        if is_error(cell):
            return _Read(code="cell-error")
        text = read_date_text(cell)
        if isinstance(text, str) and (short := read_short_year(cell)):
            # Only the user's word says that 5/12/26 ends with its year; it may as well begin with it. A header that
            # asks for four digits of the year does not speak of such a text.
            is_other_form = header.has_long_year and header_order in _YEAR_LAST
            order = self._order or ("" if is_other_form else header_order)
            text = short if order in _YEAR_LAST else text if order else "date-ambiguous"
        if isinstance(text, str):
            return _Read(code=text or "not-a-date")
        if text.numbers:
            ordered = self._by_order(text, text.numbers, evidence, count, header_order)
            return _read_as_ordered(ordered) if ordered else _Read(code="date-ambiguous")
        return _read(text)

    def _by_order(
        self, text: DateText, numbers: tuple[int, int], evidence: DateEvidence, count: int, header_order: str
    ) -> DateText | None:
        """A date like 05/04/2027 with its day and month, or None if nothing says which is which.

        ``evidence`` takes down what the cell proves, ``count`` times: so often it occurs in the column.
        """
        first, second = numbers
        # A number above 12 is no month. If both are above, neither order gives a date, and the cell is refused later.
        proved = "dmy" if first > _LAST_MONTH else "mdy" if second > _LAST_MONTH else ""
        if proved:
            evidence.orders[proved] += count
        same = first == second
        # The user's word goes before what the cell proves: 13/04 in a file declared as month first is a mistake to be
        # shown, not a day to be turned round. "Year first" says nothing about a cell whose year comes last.
        # Dots are written in countries that put the day first; month first comes with slashes. Below a header that asks
        # for the month first, nobody knows whether who writes dots has looked at it.
        in_doubt = text.dotted and header_order == "mdy"
        declared = next((o for o in (self._order, "" if in_doubt else header_order) if o in _YEAR_LAST), "")
        order = declared or proved or ("dmy" if same or (text.dotted and not in_doubt) else "")
        # Not by what other cells of the column prove. A wrong guess would be a valid date that nobody notices.
        if not order:
            return None
        day, month = (first, second) if order == "dmy" else (second, first)
        return text._replace(day=day, month=month, numbers=None)


def _may_be_turned_round(cell: str) -> bool:
    """Whether a cell begins with its year and means another day if the day comes before the month."""
    match = _YEAR_FIRST.match(cell)
    return match is not None and len({int(digits) for digits in match.groups() if digits}) > 1


def date_of_number(cell: str, day_zero: date) -> str | None:
    """The date, year first, that a number stands for in a workbook with this day 0; None if it is none of SERIALS."""
    match = _SERIAL.fullmatch(cell.strip())
    return _written(_moment_of(cell, day_zero)) if match and int(match[1]) in SERIALS else None


def _moment_of(cell: str, day_zero: date) -> datetime:
    return datetime.combine(day_zero, time()) + timedelta(seconds=round(float(cell) * _SECONDS_OF_DAY))


def _written(moment: datetime) -> str:
    return moment.date().isoformat() if moment.time() == time() else moment.isoformat()


class _Read(NamedTuple):
    """A cell as it is written: the moment, its offset from UTC or its zone if it has one, and an issue code or ""."""

    moment: datetime | None = None
    offset: timedelta | None = None
    code: str = ""
    place: str | None = None
    timed: bool = False


def _read_as_ordered(text: DateText) -> _Read:
    """The same where the order has decided; a day that would exist in the other one is no day that does not exist."""
    read = _read(text)
    turned = text._replace(day=text.month, month=text.day)
    is_of_other = read.code == "not-a-date" and text.month > _LAST_MONTH and _read(turned).code != "not-a-date"
    return _Read(code="date-of-other-order") if is_of_other else read


def _read(text: DateText) -> _Read:
    """The moment of a date whose day and month are certain."""
    try:
        moment = datetime(text.year, text.month, text.day, *(text.time or ()))
    except ValueError:
        return _Read(code="not-a-date")
    if text.weekday not in (None, moment.weekday()) or text.beside not in (None, text.offset):
        return _Read(code="date-contradictory")
    if text.offset is not None and text.place and text.offset not in _offsets(moment, ZoneInfo(text.place)):
        return _Read(code="date-contradictory")
    code = "date-never" if moment.date() == _NEVER else ""
    return _Read(moment, text.offset, code, text.place, text.time is not None)


def _offsets(moment: datetime, zone: ZoneInfo) -> tuple[timedelta | None, timedelta | None]:
    """The offset of a wall clock time; two of them where a change to or from summer time skips or repeats it."""
    return zone.utcoffset(moment), zone.utcoffset(moment.replace(fold=1))


def _instant(read: _Read, zone: ZoneInfo) -> tuple[datetime | None, str]:
    """The moment in UTC and the issue code; no instant where it has none, or one outside the years 1 to 9999."""
    # A wall clock time that a change to or from summer time skips or repeats has no single instant. Python would take
    # one of the two without a word (``fold``), which may be an hour off; so the two answers are compared.
    moment, offset = read.moment, read.offset
    if moment is None:
        return None, read.code
    try:
        if offset is None:
            offset, other = _offsets(moment, ZoneInfo(read.place) if read.place else zone)
            if offset != other:
                return None, "time-skipped"
        return moment - (offset or timedelta()), read.code
    except OverflowError:
        # Only the last day that programs can count, or the first, is in another year of UTC that nothing can hold.
        return None, "date-placeholder"


def _read_iso(match: re.Match[str]) -> _Read | None:
    """One of ``_ISO``, None if there is no such moment; of a second only the whole is left."""
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    if match[7]:
        return _Read(moment, timedelta(), timed=True)
    if not match[8]:
        return _Read(moment, timed=True)
    offset = timedelta(hours=int(match[9]), minutes=int(match[10]))
    return _Read(moment, -offset if match[8] == "-" else offset, timed=True)


def _by_code(rows: Mapping[str, list[int]]) -> dict[str, pd.Index]:
    return {code: pd.Index(numbers, dtype="int64") for code, numbers in rows.items()}
