"""When the next call may leave, and why it waits until then. Pure: the time is an argument, in epoch seconds."""

import math
from collections.abc import Sequence

from importer.delivery.replies import Pause, Verdict
from importer.journal.windows import DAY, LONGEST_FOR_READS, Window

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between two tries, where the service does not say how long to wait: every call under way may bring such an
answer, so less would be a tight loop, and more would leave the allowance unused once the service is well again."""

_MOST_DOUBLINGS = math.ceil(math.log2(LONGEST_PAUSE))


def pause_after(throttles: int) -> float:
    """Seconds to wait after so many throttles in a row, where none of them said for how long."""
    # The exponent is limited, and not only its result: a quota that is used up for a day is answered with thousands of
    # throttles, and 2.0**1024 is an OverflowError.
    return min(2.0 ** min(throttles, _MOST_DOUBLINGS), LONGEST_PAUSE)


class Backoff:
    """The waits of one sending: those that an answer or an outage calls for, and those for the allowance.

    Attributes:
        ready_at: When the next call may leave; 0.0 while nothing has to be waited for.
        pause_until: The end of the longest wait for an answer or an outage; the allowance has no part in it.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        """``windows`` are those of the settings, to tell a wait for a day from a wait for a minute."""
        self.ready_at = self.pause_until = 0.0
        self._why = ""
        self._shared_until = 0.0
        self._down_since: float | None = None
        self._throttles = 0
        self._latest = 0.0
        self._longest_window = max((w.span for w in windows if w.seconds < DAY), default=0.0)

    def seconds_left(self, now: float) -> float:
        """In how many seconds the next call may leave; 0.0 if it may leave now."""
        self._follow(now)
        return max(self.ready_at - now, 0.0)

    def observe(self, verdict: Verdict, now: float) -> None:
        """Note an answer that came now, and wait if it calls for that."""
        self._follow(now)
        if verdict.unreachable:
            # From the first failure on; the last one would never let the breaker's patience run out.
            self._down_since = now if self._down_since is None else self._down_since
            # As long as it has been away already: a short outage is over soon, a long one is not hurried.
            self._pause(now + min(max(self.down_for(now), SHORTEST_PAUSE), LONGEST_PAUSE), _UNREACHABLE)
            return
        # Any answer shows that the network is there, a refusal as well.
        self._down_since = None
        throttled = verdict.pause is Pause.THROTTLE
        self._throttles = self._throttles + 1 if throttled else 0
        # What the service says is never cut short, however long: its limits page asks clients to follow it and not to
        # hard-code times (developers.nexudus.com/reference/api-limitations, read 2026-11-23).
        if verdict.wait is not None:
            self._pause(now + verdict.wait, _ASKED_TO_WAIT)
        elif throttled:
            self._pause(now + pause_after(self._throttles), _ASKED_TO_WAIT)

    def note_contact(self) -> None:
        """Note that a read was answered: the service is there. What it said to writes still counts."""
        self._down_since = None

    def wait_for_allowance(self, until: float) -> None:
        """Let no call leave before the allowance permits it."""
        self.ready_at = max(self.ready_at, until)

    def down_for(self, now: float) -> float:
        """How many seconds no call has reached the service; 0 if the last one did."""
        return now - self._down_since if self._down_since is not None else 0.0

    def pause_to_share(self) -> float | None:
        """A pause that is not in the journal yet, for every process on this account; each is returned once."""
        if self.pause_until <= self._shared_until:
            return None
        self._shared_until = self.pause_until
        return self.pause_until

    def is_for_writes_only(self, now: float) -> bool:
        """Whether the pause is so long that it must be about writes: to reads no such limit applies."""
        return self.pause_until - now > LONGEST_FOR_READS

    def why(self, now: float) -> str:
        """Why the next call waits, as a clause."""
        if self.pause_until >= self.ready_at:
            return self._why
        # No shorter window can make a call wait for longer than it lasts itself.
        waits_for_a_day = self.ready_at - now > self._longest_window
        return "the daily quota is used up" if waits_for_a_day else "the allowance is used up"

    def _follow(self, now: float) -> None:
        """Move every wait with a clock that was put back since the latest look: a minute must not become a month."""
        back = self._latest - now
        self._latest = now
        if back > 0:
            self.ready_at, self.pause_until = self.ready_at - back, self.pause_until - back
            self._shared_until -= back
            self._down_since = None if self._down_since is None else self._down_since - back

    def _pause(self, until: float, why: str) -> None:
        # A shorter wait never replaces a longer one: the answers of calls under way come in any order.
        if until > self.pause_until:
            self.pause_until, self._why = until, why
        self.ready_at = max(self.ready_at, until)


_UNREACHABLE = "the service cannot be reached"
_ASKED_TO_WAIT = "the service asked us to wait"
