"""The waits of everything below the front ends: none of them is one that nobody can end.

Rule: whoever waits here either has an event that ends the wait, or is work that ``unless`` may give up.
"""

import asyncio
from collections.abc import Coroutine
from enum import Enum, auto
from typing import Any, TypeVar

Result = TypeVar("Result")

GRACE = 1.0
"""Seconds that work has to end by itself once it was asked to stop: enough for one more answer, too short to notice."""


class Stopped(Enum):
    """What work gives that was given up."""

    STOPPED = auto()


STOPPED = Stopped.STOPPED


async def wait(seconds: float, event: asyncio.Event) -> bool:
    """Wait for so many seconds, or until the event is set; whether it is."""
    try:
        async with asyncio.timeout(max(seconds, 0.0)):
            await event.wait()
    except TimeoutError:
        return event.is_set()
    return True


async def pause(seconds: float) -> None:
    """Wait for so many seconds, in work that ``unless`` may give up."""
    await asyncio.sleep(max(seconds, 0.0))


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, Result], grace: float = 0.0) -> Result | Stopped:
    """The result of the work, or ``STOPPED`` if it has none so many seconds after the event was set.

    Work that is given up is cancelled at whatever it awaits: only for work that may end there, such as a read.
    """
    # Two tasks, because the work has no stop signal of its own, and may be deep in a call of the network.
    task, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.wait({task}, timeout=grace)
    finally:
        stopping.cancel()
        if given_up := not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    return STOPPED if given_up else task.result()
