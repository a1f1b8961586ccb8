"""The service's limits as sliding windows, counted for each token.

Pure: the time of a call is an argument. A refused call does not count, so a client that waits as told is let in.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque

from importer.sandbox.options import SandboxOptions
from importer.sandbox.replies import Reply, wait_409, wait_409_bare, wait_429

WRITING = frozenset({"POST", "PUT", "DELETE"})


class Limits:
    """Remembers when each token called, and says when a call must wait."""

    def __init__(self) -> None:
        """Starts with no calls counted."""
        self._times: defaultdict[tuple[str, bool, float], deque[float]] = defaultdict(deque)

    def wait(self, options: SandboxOptions, token: str, method: str, now: float) -> float:
        """Seconds that this call must wait; 0 lets it in and counts it."""
        counted = []
        longest = 0.0
        for writes_only, allowed, seconds in _windows(options):
            if writes_only and method not in WRITING:
                continue
            times = self._times[token, writes_only, seconds]
            span = seconds / options.time_scale
            while times and times[0] <= now - span:
                times.popleft()
            if len(times) >= allowed:
                longest = max(longest, times[len(times) - allowed] + span - now if allowed else span)
            counted.append(times)
        if longest == 0.0:
            for times in counted:
                times.append(now)
        return longest


def refusal(options: SandboxOptions, wait: float) -> Reply:
    """The throttle answer that the options ask for, to a call that must wait this many seconds."""
    if options.throttle == "409-bare":
        return wait_409_bare()
    if options.throttle == "429":
        return wait_429(math.ceil(wait * 10) / 10, options.retry_after)
    return wait_409(options.retry_after if options.retry_after is not None else str(max(1, math.ceil(wait))))


_SPANS = {0.1: "100 milliseconds", 1.0: "second", 60.0: "minute", 3600.0: "hour", 86400.0: "day"}


_UNITS = ((3600.0, "hour"), (60.0, "minute"), (1.0, "second"), (0.001, "millisecond"))


def limits_in_words(options: SandboxOptions) -> list[str]:
    """Each limit as it holds, a sentence each; one sentence if there is none."""
    lines = []
    for writes_only, allowed, seconds in _windows(options):
        noun = "creates, updates and deletes" if writes_only else "calls of any kind"
        span = _SPANS[seconds]
        if options.time_scale != 1.0:
            span = f"{span}, which takes {_short(seconds / options.time_scale)}"
        lines.append(f"At most {allowed:,} {noun} in a {span}.".replace("a 100", "100").replace("a hour", "an hour"))
    return lines or ["It has no limits."]


def _short(seconds: float) -> str:
    """A span of seconds, in the largest unit that it fills."""
    length, unit = next(pair for pair in _UNITS if seconds >= pair[0] or pair is _UNITS[-1])
    number = f"{seconds / length:.3g}"
    return f"{number} {unit}{'' if number == '1' else 's'}"


def _windows(options: SandboxOptions) -> list[tuple[bool, int, float]]:
    """Each limit that is set: writes only, calls allowed, seconds at a time scale of 1."""
    every = (
        (True, options.writes_per_second, 1.0),
        (True, options.writes_per_minute, 60.0),
        (True, options.writes_per_hour, 3600.0),
        (True, options.writes_per_day, 86400.0),
        (False, options.calls_per_100ms, 0.1),
        (False, options.calls_per_minute, 60.0),
        (False, options.calls_per_hour, 3600.0),
    )
    return [(writes_only, allowed, seconds) for writes_only, allowed, seconds in every if allowed is not None]
