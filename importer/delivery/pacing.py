"""Our share of an allowance that others use too, learned from the answers. Pure: time is an argument.

Nexudus counts "per client, based on request signature" (learn.nexudus.com/api/overview, read 2026-11-23) and does not
say what the signature holds. So staff in the browser and other programs on the same login may use the same allowance,
and nothing but a refusal tells how much they take.
"""

from collections.abc import Sequence
from dataclasses import replace

from importer.journal.windows import DAY, Window

_GIVEN_BACK = 30
"""Accepted calls that give back what one refusal took. Beside a client that takes 30 %, 4 % are refused and 97 % of
the rest is used; with 40 it is 3.6 % and 93 to 96 % (simulated)."""


_MOST_DOUBLINGS = 5
"""After five quiet minutes one accepted call gives back 2**5 / 30, about one call a minute: the others have left, and
nothing is gained by going faster than that."""


_LOST_IN_WAITING = 4
"""Calls that our own pause after a refusal kept out of the window. Without them each refusal would take our share below
what the others leave, and it would shrink from one to the next."""


_LONGEST_GAP = 0.25
"""Share of the window within which an answer follows the one before, or the end of a wait that the service asked for.
After a longer silence the window is not full of our calls, and after a clock that was set it is counted by two clocks:
either way there are far fewer in it than the others leave us."""


def latest_arrival(sent: float, answered: float, shortest: float) -> float:
    """The latest time at which an answered call can have arrived, if the shortest round trip took ``shortest`` seconds.

    More exactly the time from which it has to be counted: the next call needs at least as long to arrive as the
    fastest did, so only what this one took longer than the shortest can bring the two closer together.
    """
    return max(sent, answered - shortest)


class Allowance:
    """Our share of the allowance for writes when others use it too, learned from the service's refusals.

    A refusal takes one call a minute away, and ``_GIVEN_BACK`` accepted calls give it back; fewer of them after each
    minute without a refusal. So there is about one refusal in 25 calls while somebody else uses a part of the
    allowance, and none when nobody does.
    """

    def __init__(self, windows: Sequence[Window], now: float) -> None:
        """Begin with the whole allowance."""
        self._windows = tuple(windows)
        # The tightest short one is the first to be refused when somebody else calls as well. A day's window is left
        # out: by the time it refuses, there is nothing left of it to share.
        narrow = [window for window in windows if window.writes and window.seconds < DAY]
        self.shared = min(narrow, key=lambda window: window.calls / window.seconds, default=None)
        self._share = self._most = float(self.shared.calls) if self.shared else 0.0
        self._began = self._refused_at = self._latest = self._due = now

    @property
    def windows(self) -> tuple[Window, ...]:
        """The windows to keep to."""
        if self.shared is None or self._share >= self._most:
            return self._windows
        share = replace(self.shared, calls=int(self._share))
        return tuple(share if window == self.shared else window for window in self._windows)

    def accepted(self, now: float) -> None:
        """Note that a call was not refused."""
        if self.shared is None:
            return
        self._follow(now, self.shared)
        if self._share < self._most:
            quiet = min((now - self._refused_at) // self.shared.seconds, _MOST_DOUBLINGS)
            self._share = min(self._share + 2**quiet / _GIVEN_BACK, self._most)

    def refused(self, now: float, in_window: int, wait: float = 0.0) -> None:
        """Note that the service refused a call while ``in_window`` of ours were in the shared window.

        ``wait`` is how many seconds it asked us to be silent.
        """
        if self.shared is None:
            return
        self._follow(now, self.shared)
        self._share, self._refused_at, self._due = self._share - 1, now, max(self._due, now + wait)
        # Until a whole window has passed it is not full of our calls, and the count would be far below what is left.
        if now - self._began >= self.shared.seconds:
            # What we have in a full window is what the others leave us, but for a few calls lost in waiting.
            self._share = min(self._share, in_window + _LOST_IN_WAITING)
        # With none at all, no call would be accepted any more, and so nothing would ever be given back.
        self._share = max(self._share, 1.0)

    def _follow(self, now: float, shared: Window) -> None:
        """Begin to fill the window anew after a silence, and after a clock that was set."""
        if now < self._latest:
            # Neither may lie in the future: until the clock were there again, nothing would be given back, and every
            # silence would be one that was asked for.
            self._began, self._due, self._refused_at = now, now, min(self._refused_at, now)
        elif now - max(self._latest, self._due) > _LONGEST_GAP * shared.seconds:
            self._began = now
        self._latest = now
