"""When a weekly import is due: days of the week, a time and a time zone, as moments. Pure.

Rule: an occurrence is a date in the calendar of the zone, and every date has one moment. So a time that a change of
the clocks leaves out or shows twice is one occurrence as well, and no clock that is put right makes it two.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from importer.config.spelling import nearest
from importer.errors import UsageError

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SEVERAL = {"day": tuple(range(7)), "weekday": tuple(range(5))}
_CLOCK_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_ONE_DAY = timedelta(days=1)
_LONGEST_STEP = 16
"""Days within which every weekday comes: a week, and the date that a zone skips when it moves over the date line."""


@dataclass(frozen=True, slots=True)
class Weekly:
    """Days of the week, 0 for Monday, a time like "07:00", and the zone of both."""

    days: tuple[int, ...]
    at: str
    zone: str

    def moment(self, day: date) -> float:
        """When the occurrence of a date is due, in epoch seconds.

        A time that the clocks skip is that much later, one that they show twice is the first of both (PEP 495).
        """
        return datetime.combine(day, time.fromisoformat(self.at), ZoneInfo(self.zone)).timestamp()

    def due(self, after: float, until: float) -> list[date]:
        """The dates whose moments are later than ``after`` and not later than ``until``, in their order."""
        # One day more on both sides: where a zone skips a date, its moment is on the next one.
        first, last = self._date(after) - _ONE_DAY, self._date(until) + _ONE_DAY
        dates = (first + timedelta(days=number) for number in range((last - first).days + 1))
        return [day for day in dates if day.weekday() in self.days and after < self.moment(day) <= until]

    def next_after(self, after: float) -> float:
        """The first moment later than that."""
        until = (datetime.fromtimestamp(after, ZoneInfo(self.zone)) + timedelta(days=_LONGEST_STEP)).timestamp()
        return self.moment(self.due(after, until)[0])

    @property
    def words(self) -> str:
        """As a person says it: every Monday at 07:00 (Europe/London)."""
        names = {tuple(numbers): name for name, numbers in _SEVERAL.items()}
        days = names.get(self.days) or " and ".join(DAYS[number].capitalize() for number in self.days)
        return f"every {days} at {self.at} ({self.zone})"

    def _date(self, moment: float) -> date:
        return datetime.fromtimestamp(moment, ZoneInfo(self.zone)).date()


def parse_weekly(days: Sequence[str], at: str, zone: str) -> Weekly:
    """The days, the time and the zone as a person types them.

    Raises:
        UsageError: One of them is none; the advice names what may have been meant.
    """
    numbers = sorted({number for day in days for number in _days(day)})
    match = _CLOCK_TIME.fullmatch(at.strip())
    if match is None:
        advice = "For midnight, write 00:00." if at.strip() == "24:00" else "Write it like 07:00 or 18:30."
        raise UsageError(f'--at "{at}" is no time of day.', advice)
    return Weekly(tuple(numbers), f"{int(match[1]):02}:{match[2]}", _zone(zone))


def _days(word: str) -> tuple[int, ...]:
    name = word.strip().lower()
    if name in _SEVERAL:
        return _SEVERAL[name]
    if name in DAYS:
        return (DAYS.index(name),)
    near = nearest(name, (*DAYS, *_SEVERAL))
    choices = "Write monday to sunday, weekday (Monday to Friday) or day; repeat --every for several."
    raise UsageError(f'--every "{word}" is no day of the week.', f'Did you mean "{near}"?' if near else choices)


def is_zone(name: str) -> bool:
    """Whether this machine knows a time zone."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def _zone(name: str) -> str:
    if not is_zone(name):
        near = nearest(name, available_timezones())
        advice = f'Did you mean "{near}"?' if near else "Write it like Europe/London."
        raise UsageError(f'--zone: there is no time zone "{name}".', advice)
    return name
