"""The clock by which lengths of time are measured: nobody can set it, and it goes on while the machine sleeps."""

import sys
import time


def seconds_since_boot() -> float:
    """Seconds since the machine was started."""
    # Python's own monotonic clock stops while Linux or a Mac sleeps.
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()
