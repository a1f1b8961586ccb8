"""When the next call may leave, and how long many calls will take. Pure: time and history are arguments.

A window holds at most so many calls in any span of so many seconds, as the service sees them arrive. Calls travel
for unequal times, so ours are counted over a slightly longer span than the service counts.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
        """Seconds over which we count: 1 % more, between 20 ms and 1 s, for calls that overtake each other."""
        return self.seconds + min(max(self.seconds / 100, 0.02), 1.0)


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


def seconds_for(calls: int, windows: Sequence[Window], used: Callable[[Window], tuple[int, float]]) -> float:
    """How long so many writes will take.

    ``used`` tells of a window how many calls it holds now and in how many seconds the oldest of them leaves it.
    """
    if calls <= 0:
        return 0.0
    short = max((w.span / w.calls for w in windows if w.seconds < DAY), default=0.0)
    total = (calls - 1) * short
    for window in (w for w in windows if w.seconds >= DAY):
        count, frees_in = used(window)
        left = max(window.calls - count, 0)
        if calls > left:
            whole, rest = divmod(calls - left - 1, window.calls)
            start = frees_in if count else window.seconds
            total = max(total, start + whole * window.seconds + rest * short)
    return math.ceil(total * 1000) / 1000
