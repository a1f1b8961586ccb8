"""How many calls may be under way at once. Pure: time is an argument.

More than the allowance needs only puts more rows in doubt when something breaks. So it begins with a few and grows
while all of them are busy and more of them bring more answers a second; that is so when answers take long, and ends
where the service, or this machine, has enough.
"""

AT_FIRST = 4
MOST = 64
_LEAST = 2

_GAIN = 1.05
"""Answers per second at a larger number, as a multiple of those before it, from which the larger number pays."""

_TRIED_AGAIN = 30.0
"""Seconds after which a number that brought nothing is tried again."""


class Concurrency:
    """The number of calls that may be under way: the one that is set, or one that adapts."""

    def __init__(self, fixed: int | None, now: float) -> None:
        """A ``fixed`` number stays as it is; with None it adapts to what the answers show."""
        self.allowed = fixed or AT_FIRST
        self._fixed = fixed is not None
        self._fastest = 0.0
        self._not_before = now
        self._answers, self._busy, self._since = 0, True, now

    def answered(self, now: float, *, useful: bool, busy: bool) -> None:
        """Note an answer; ``useful`` if it was no sign of trouble, ``busy`` if more calls could have left beside it."""
        if self._fixed:
            return
        if now < self._since:
            # The clock was set back: nothing is measured by two clocks, and no wait grows.
            self._not_before = min(self._not_before, now + _TRIED_AGAIN)
            self._begin(now)
        if not useful:
            # Whatever breaks, only what is under way can be in doubt. The speed is measured anew, because it was that
            # of a service in better health.
            self.allowed, self._fastest = max(self.allowed // 2, _LEAST), 0.0
            self._begin(now)
            return
        self._answers += 1
        self._busy = self._busy and busy
        # Two rounds: the first of them still holds calls that left when fewer were allowed.
        if self._answers >= 2 * self.allowed:
            self._judge(self._answers / max(now - self._since, 1e-9), now)
            self._begin(now)

    def _judge(self, speed: float, now: float) -> None:
        # Calls that waited for the allowance say nothing about the service: more at once would only wait together.
        if not self._busy or now < self._not_before:
            return
        if speed >= _GAIN * self._fastest:
            self._fastest = speed
            self.allowed = min(self.allowed + max(self.allowed // 2, 1), MOST)
        else:
            # The larger number stays: it has done no harm, and going up and down would measure noise.
            self._fastest, self._not_before = speed, now + _TRIED_AGAIN

    def _begin(self, now: float) -> None:
        self._answers, self._busy, self._since = 0, True, now
