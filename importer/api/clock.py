"""The clock of a command: the machine's when the command began, and the seconds that have passed from then on.

So whatever is done to the machine's clock meanwhile, a command neither hangs nor hurries. Only the next one sees it.
"""

import time
from collections.abc import Callable

from importer.clock import seconds_since_boot
from importer.model import Clock


def steady_clock(wall: Clock = time.time, elapsed: Callable[[], float] = seconds_since_boot) -> Clock:
    """A clock that shows the machine's time of now, and goes on from there by itself."""
    offset = wall() - elapsed()
    return lambda: offset + elapsed()
