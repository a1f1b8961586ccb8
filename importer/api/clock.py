"""The clock of a command: the machine's when the command began, and real seconds from then on.

So whatever is done to the machine's clock meanwhile, a command neither hangs nor hurries. Only the next one sees it.
"""

import sys
import time
from collections.abc import Callable

from importer.model import Clock


def real_seconds() -> float:
    """Seconds that only grow, and that count the time in which the machine slept, unlike Python's own on Linux."""
    # A record may be listed, and an allowance be new, after a night with the lid closed.
    if sys.platform == "win32":
        return time.monotonic()
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def steady_clock(wall: Clock = time.time, elapsed: Callable[[], float] = real_seconds) -> Clock:
    """A clock that shows the machine's time of now, and goes on from there by itself."""
    offset = wall() - elapsed()
    return lambda: offset + elapsed()
