"""When the next call may leave, and how long many calls will take. Pure: time and history are arguments.

A window holds at most so many calls in any span of so many seconds, as the service sees them arrive. Calls travel
for unequal times, so a call counts from the latest moment at which it can have arrived (``latest_arrival``), and for
a little longer than the service counts it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

DAY = 86_400.0
_SMOOTH = 0.97


@dataclass(frozen=True, slots=True)
class Window:
    """At most ``calls`` in any ``seconds``; ``writes`` counts creates and deletes only."""

    calls: int
    seconds: float
    writes: bool = False

    @property
    def span(self) -> float:
        """Seconds over which we count: 0.25 % more, between 20 ms and 1 s, for what cannot be measured from here."""
        return self.seconds + min(max(self.seconds / 400, 0.02), 1.0)


History = Callable[[int, bool], float | None]
"""The time of the n-th last call (of the n-th last write), or None if there were fewer."""


def ready_at(now: float, windows: Sequence[Window], write: bool, history: History) -> float:
    """The earliest time at which one more call breaks no window; ``now`` if that is at once.

    Calls that seem to lie in the future (the clock was set back) count as made now, so that nothing waits longer
    than a window.
    """
    ready = now
    for window in windows:
        if window.writes and not write:
            continue
        if (last := history(window.calls, window.writes)) is not None:
            ready = max(ready, min(last, now) + window.span)
    if (spacing := smooth_spacing(windows)) and write and (last := history(1, True)) is not None:
        ready = max(ready, min(last, now) + spacing)
    return ready


def smooth_spacing(windows: Sequence[Window]) -> float:
    """Seconds between writes that spread a minute's allowance evenly; a little less, so that a delay is made up for."""
    short = [window.span / window.calls for window in windows if window.writes and window.seconds < DAY]
    return _SMOOTH * max(short, default=0.0)


def latest_arrival(sent: float, answered: float, shortest: float) -> float:
    """The latest time at which an answered call can have arrived, if the shortest way there and back took so long.

    More exactly the time from which it has to be counted: the next call needs at least as long to arrive as the
    fastest did, so only what this one took longer than the shortest can bring the two closer together.
    """
    return max(sent, answered - shortest)


class Allowance:
    """What is left to us of the allowance for writes, when others use it too; learned from the service's refusals.

    A refusal says that the window is full, so what we have in it is what the others leave us. From there it is tried
    every minute whether there is more, at first by one call, then by twice as many; so that another client costs few
    refusals, and its end is noticed within minutes.
    """

    def __init__(self, windows: Sequence[Window], now: float) -> None:
        """Begin with all of it."""
        self._windows = tuple(windows)
        narrow = [window for window in windows if window.writes and window.seconds < DAY]
        self._shared = min(narrow, key=lambda window: window.calls / window.seconds, default=None)
        self._calls = self._shared.calls if self._shared else 0
        self._step, self._grows_at = 1, now

    @property
    def shared(self) -> Window | None:
        """The window that others may be using; None if only the day is limited."""
        return self._shared

    def windows(self, now: float) -> tuple[Window, ...]:
        """The windows to keep to now."""
        if self._shared is None or self._calls == self._shared.calls:
            return self._windows
        if now >= self._grows_at:
            self._calls = min(self._calls + self._step, self._shared.calls)
            self._grows_at, self._step = now + self._shared.seconds, self._step * 2
        ours = replace(self._shared, calls=self._calls)
        return tuple(ours if window == self._shared else window for window in self._windows)

    def refused(self, now: float, in_window: int) -> None:
        """Take in that the service refused a call while so many of ours were in the shared window."""
        if self._shared is None:
            return
        if self._calls == self._shared.calls:
            self._grows_at = now + self._shared.seconds
        self._calls, self._step = max(min(self._calls, in_window), 1), 1


def seconds_for(calls: int, windows: Sequence[Window], used: Callable[[Window], Sequence[float]]) -> float:
    """How long so many writes will take.

    ``used`` tells of a window how many seconds ago the calls in it were made, the oldest first.
    """
    spacing = max((w.span / w.calls for w in windows if w.seconds < DAY), default=0.0)
    daily = min((w for w in windows if w.seconds >= DAY), key=lambda w: w.calls, default=None)
    if calls <= 0:
        return 0.0
    if daily is None:
        return (calls - 1) * spacing
    # A call needs the place of the one that lies a whole allowance before it, so what one day's calls look like
    # repeats a day later.
    places = [-ago + daily.span for ago in used(daily)][-daily.calls :]
    free = daily.calls - len(places)
    whole, last = divmod(calls - 1, daily.calls)
    at = -spacing
    for number in range(last + 1 if whole == 0 else daily.calls):
        at = max(at + spacing, places[number - free] if number >= free else 0.0)
        if number == last:
            wanted = at
    return wanted + whole * daily.span
