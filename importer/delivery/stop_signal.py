"""The one signal on which every wait of a run ends: the user, another process, or the time that was set for it.

The user's wish is an event of the front end: of the command line, ``cli/interruption.py`` sets it at a Ctrl-C. A page
asks as another process does, through the journal.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from importer.delivery.send_result import SendResult, StopReason, TimeUp
from importer.nexudus.waits import wait

TICK = 0.5
"""Seconds between two looks whether another process asked to stop; with the time to end, less than two in all."""


class StopSignal(asyncio.Event):
    """Set when the work on a run has to end; ``reason`` says why.

    Args:
        user: Set when the user of this process asks to stop.
        is_requested: Whether another process asked to stop.
        now: Seconds by a clock that nobody can set, since any moment.
        deadline: When the time set for the run is up, by that clock.
    """

    def __init__(
        self,
        user: asyncio.Event,
        is_requested: Callable[[], bool],
        *,
        now: Callable[[], float],
        deadline: float | None = None,
    ) -> None:
        """Nobody has asked yet."""
        super().__init__()
        self._user, self._is_requested, self._now, self._deadline = user, is_requested, now, deadline
        self.reason = SendResult(StopReason.REQUESTED)

    def look(self) -> bool:
        """Whether there is a reason to stop now; if so, the signal is set."""
        if self.is_set():
            return True
        if self._deadline is not None and self._now() >= self._deadline:
            self.reason = SendResult(StopReason.LIMIT, TimeUp())
            self.set()
        elif self._user.is_set() or self._is_requested():
            self.set()
        return self.is_set()

    async def watch(self) -> None:
        """Look again and again until there is a reason to stop."""
        while not self.look():
            left = TICK if self._deadline is None else min(TICK, self._deadline - self._now())
            await wait(left, self._user)


@asynccontextmanager
async def watched(signal: StopSignal) -> AsyncIterator[StopSignal]:
    """The signal, which is set within a moment of the first reason to stop, for the time of this block."""
    watch = asyncio.create_task(signal.watch())
    try:
        yield signal
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
