"""The windows of the allowance: when the next call may leave, and how long many calls take.

Pure: time and history are arguments.

A window holds at most so many calls in any span of so many seconds, or from midnight to midnight, as the service sees
them arrive. Calls travel for unequal times, so a call counts from the latest moment at which it can have arrived
(``latest_arrival``), and for a little longer than the service counts it.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil

DAY = 86_400.0

LONGEST_HOLD = DAY + 3_600.0
"""No pause that a service asks for lasts longer (nexudus.reply.LONGEST_WAIT). One that seems to was written before the
clock was set back."""

LONGEST_FOR_READS = 3_600.0
"""No allowance that counts reads is longer than this: a longer wait is asked for creates, updates and deletes alone."""

_SMOOTH = 0.85
"""Share of the even spacing that is kept, so that what a wait cost is made up for. With 0.95, a fifth of what a second
client leaves can stay unused (simulated)."""


@dataclass(frozen=True, slots=True)
class Window:
    """At most ``calls`` in any ``seconds``; ``writes`` counts creates, updates and deletes only.

    With ``midnight`` it is a day that begins at each midnight of that zone.
    """

    calls: int
    seconds: float
    writes: bool = False
    midnight: dt.tzinfo | None = None

    @property
    def span(self) -> float:
        """Seconds over which we count: a little more, for what cannot be measured on this side."""
        return self.seconds + self._margin

    @property
    def _margin(self) -> float:
        return min(max(self.seconds / 200, 0.02), 1.0)

    def frees_at(self, call: float) -> float:
        """The time from which a call that arrived then no longer counts."""
        return call + self.span if self.midnight is None else _midnight(call, self.midnight, 1) + self._margin

    def begins_at(self, now: float) -> float:
        """Calls that arrived after this count now."""
        return now - self.span if self.midnight is None else _midnight(now - self._margin, self.midnight, 0)


def _midnight(moment: float, zone: dt.tzinfo, days: int) -> float:
    """The last midnight before a moment, or the one ``days`` after it."""
    # By the calendar, not by adding 86,400 seconds: two days of the year have 23 or 25 hours.
    day = dt.datetime.fromtimestamp(moment, zone).date() + dt.timedelta(days)
    return dt.datetime.combine(day, dt.time(), zone).timestamp()


def ready_at(
    now: float,
    windows: Sequence[Window],
    write: bool,
    nth_last: Sequence[float | None],
    last_write: float | None,
) -> float:
    """The earliest time at which one more call breaks no window; ``now`` if that is at once.

    ``nth_last`` is for each window when the call arrived that is as many calls ago as the window holds, of the writes
    if it counts those; None if there were fewer. ``last_write`` is when the last write left: writes are spread by the
    times at which they leave, because spread by their arrivals each would wait for the answer of the one before. Calls
    that seem to lie in the future (the clock was set back) count as made now, so that nothing waits longer than a
    window.
    """
    ready = now
    # All windows at once; the strictest one decides. Reads are stopped by those that count every call, but writes by
    # both: a write is also one of the 120 calls a minute (developers.nexudus.com/reference/api-limitations, read
    # 2026-11-23).
    for window, last in zip(windows, nth_last, strict=True):
        if last is not None and (write or not window.writes):
            ready = max(ready, window.frees_at(min(last, now)))
    if (spacing := smooth_spacing(windows)) and write and last_write is not None:
        ready = max(ready, min(last_write, now) + spacing)
    return ready


def smooth_spacing(windows: Sequence[Window]) -> float:
    """Seconds between writes that spread a minute's allowance evenly; a little less, so that a delay is made up for."""
    # Spread, or a whole minute's calls would leave in its first seconds, and everybody else on the account would be
    # refused for the rest of it. A day is not spread: somebody with 5,000 rows wants them today.
    short = [window.span / window.calls for window in windows if window.writes and window.seconds < DAY]
    return _SMOOTH * max(short, default=0.0)


def seconds_for(calls: int, windows: Sequence[Window], used: Callable[[Window], Sequence[float]], now: float) -> float:
    """Seconds that this many writes will take.

    ``used`` gives for a window how many seconds ago the calls in it were made, the oldest first.
    """
    # A window that takes all of them at once does not space them.
    spacing = max((w.span / w.calls for w in windows if w.seconds < DAY and (w.writes or w.calls < calls)), default=0.0)
    daily = min((w for w in windows if w.seconds >= DAY), key=lambda w: w.calls, default=None)
    if calls <= 0:
        return 0.0
    if daily is None:
        return (calls - 1) * spacing
    if daily.midnight is not None:
        return _over_midnights(calls, spacing, daily, len(used(daily)), now)
    # A call needs the place of the one that lies a whole allowance before it, so what one day's calls look like
    # repeats a day later.
    span = daily.span
    places = [span - ago for ago in used(daily)][-daily.calls :]
    free = daily.calls - len(places)
    whole, last = divmod(calls - 1, daily.calls)
    # Each call comes a spacing after the one before it, or when its place is free. So a place that is free late makes
    # all calls from its own on late: as the earliest start that would do for it, counted back by the spacing.
    starts = list(accumulate((place - (free + n) * spacing for n, place in enumerate(places)), max, initial=0.0))
    first = starts[min(max(last - free + 1, 0), len(places))] + last * spacing
    return first + whole * max(span, daily.calls * spacing)


def _over_midnights(calls: int, spacing: float, daily: Window, used: int, now: float) -> float:
    """Seconds until the last of these calls may leave, day by day."""
    begin, free = now, max(daily.calls - used, 0)
    while calls > (fit := min(free, ceil((daily.frees_at(begin) - begin) / spacing)) if spacing else free):
        calls -= fit
        begin, free = max(daily.frees_at(begin), begin + fit * spacing), daily.calls
    return begin + (calls - 1) * spacing - now
