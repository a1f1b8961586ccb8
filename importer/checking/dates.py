"""Date-times from text, each column by one order of day and month. Pure; nothing is guessed cell by cell.

A guessing parser reads "N/A" as a day in November (measured with two of them), so every accepted form is written here.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from importer.checking.parsing import ERROR_VALUES, Parsed

ORDERS = ("dmy", "mdy", "ymd")
"""How --dates may say that days, months and years follow each other."""

SERIALS = range(20_000, 80_001)
"""Day numbers of spreadsheets that are taken for dates: 1954 to 2119."""

_SHAPE = str.maketrans("123456789", "000000000")
_USUAL = "0000-00-00T00:00:00Z"
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?P<zone> ?(?:Z|[+-]\d\d:?\d\d))?)?", re.IGNORECASE
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
_DAY_ZERO = datetime(1899, 12, 30)
_NOON = 12
_LAST_MONTH = 12


@dataclass
class Evidence:
    """Which orders of day and month the cells of a column prove, over all chunks seen so far."""

    orders: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """The evidence as the end of a sentence."""
        names = {"dmy": "day first", "mdy": "month first"}
        told = " and ".join(f"{self.orders[order]:,} {name}" for order, name in names.items() if self.orders[order])
        return f" (others in this column: {told})" if told else ""


class DateReader:
    """Reads the date columns of one file: by an order of day and month, if one was given, and a time zone."""

    def __init__(self, order: str | None = None, zone: str = "UTC") -> None:
        """Start without evidence."""
        self._order, self.zone = order, zone
        self.evidence: dict[str, Evidence] = {}

    def read(self, name: str, text: pd.Series) -> Parsed:
        """Instants in UTC, whole seconds; a date alone is its midnight, a time without zone is in the reader's zone."""
        # Each spelling is read once: a column of a million dates has few different ones.
        codes, cells = pd.factorize(text)
        read = self._read_all(name, pd.Series(cells, dtype=object), np.bincount(codes, minlength=len(cells)))
        values = read.values.array.take(codes)

        def rows(found: Mapping[str, pd.Index]) -> dict[str, pd.Index]:
            return {code: text.index[np.isin(codes, places)] for code, places in found.items() if len(places)}

        return Parsed(pd.Series(values, index=text.index), rows(read.refused), rows(read.doubtful))

    def _read_all(self, name: str, text: pd.Series, counts: np.ndarray) -> Parsed:
        """The same for the different cells of a column, each of which occurs so many times in it."""
        exact = np.array([cell.translate(_SHAPE) == _USUAL for cell in text.tolist()], dtype=bool)
        usual = pd.to_datetime(text.where(exact), format="%Y-%m-%dT%H:%M:%SZ", utc=True, errors="coerce")
        rest = self._read_one_by_one(name, text[usual.isna()], counts)
        values = usual.dt.as_unit("us").fillna(rest.values)
        return Parsed(values, rest.refused, rest.doubtful)

    def _read_one_by_one(self, name: str, text: pd.Series, counts: np.ndarray) -> Parsed:
        stripped = text.str.strip()
        matches = [_ISO.fullmatch(cell) for cell in stripped]
        is_iso = np.array([match is not None for match in matches], dtype=bool)
        zoned = np.array([match is not None and match["zone"] is not None for match in matches], dtype=bool)
        others = stripped[~is_iso & (stripped != "").to_numpy()]
        naive = stripped.where(is_iso & ~zoned).str.replace(",", ".")
        codes: dict[str, list[int]] = {}
        evidence = self.evidence.setdefault(name, Evidence())
        for row, cell in others.items():
            moment, code = self._read(cell, evidence, int(counts[int(str(row))]))
            if moment is not None:
                naive.at[row] = moment.isoformat(sep="T")
            if code:
                codes.setdefault(code, []).append(int(str(row)))
        local = pd.to_datetime(naive, format="ISO8601", errors="coerce")
        placed = local.dt.tz_localize(self.zone, nonexistent="NaT", ambiguous="NaT").dt.tz_convert("UTC")
        exact = stripped.where(zoned).str.replace(",", ".").str.upper()
        values = pd.to_datetime(exact, format="ISO8601", utc=True, errors="coerce").fillna(placed)
        values = values.dt.as_unit("us").dt.floor("s")
        refused = {code: pd.Index(rows) for code, rows in codes.items() if code != "date-serial"}
        unreadable = (is_iso & local.isna().to_numpy() & ~zoned) | (zoned & values.isna().to_numpy())
        refused["not-a-date"] = refused.get("not-a-date", pd.Index([], dtype="int64")).append(text.index[unreadable])
        refused["time-skipped"] = text.index[(local.notna() & placed.isna()).to_numpy()]
        timed = stripped.str.contains(":", regex=False).to_numpy(dtype=bool) & ~zoned & values.notna().to_numpy()
        doubtful = {"zone-assumed": text.index[timed], "date-serial": pd.Index(codes.get("date-serial", []))}
        return Parsed(values, refused, doubtful)

    def _read(self, cell: str, evidence: Evidence, count: int) -> tuple[datetime | None, str]:
        """The moment that a cell means in its own zone, and the issue code if there is something to say about it."""
        for pattern, reader in _FORMS:
            if match := pattern.fullmatch(cell):
                moment = _moment(match, *reader(match))
                return moment, "" if moment else "not-a-date"
        if match := _NUMBERS.fullmatch(cell):
            return self._by_order(match, evidence, count)
        if (match := _SERIAL.fullmatch(cell)) and int(match[1]) in SERIALS:
            days = timedelta(days=float(cell))
            return _DAY_ZERO + timedelta(seconds=round(days.total_seconds())), "date-serial"
        return None, "cell-error" if cell in ERROR_VALUES else "not-a-date"

    def _by_order(self, match: re.Match[str], evidence: Evidence, count: int) -> tuple[datetime | None, str]:
        first, second = int(match[1]), int(match[2])
        proved = "dmy" if first > _LAST_MONTH else "mdy" if second > _LAST_MONTH else ""
        if proved:
            evidence.orders[proved] += count
        same = first == second
        # Nobody writes the month first with dots.
        dotted = match.string[match.end(1)] == "."
        order = self._order or proved or ("dmy" if same or dotted else "")
        if not order:
            return None, "date-ambiguous"
        day, month = (first, second) if order == "dmy" else (second, first)
        moment = _moment(match, int(match[3]), month, day)
        return moment, "" if moment else "not-a-date"


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
