"""The calls under way: each in a task of its own, collected when its answer has come."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from importer.journal.rows import Intent
from importer.nexudus import Reply
from importer.nexudus.waits import wait


@dataclass(frozen=True, slots=True)
class SentRow:
    """A row whose call is under way, and when its intent was committed, in epoch seconds."""

    intent: Intent
    sent_at: float


class CallsInFlight:
    """Calls that have left and are not collected yet. A call's task knows neither its row nor the journal."""

    def __init__(self) -> None:
        """No call is under way yet."""
        self._rows: dict[asyncio.Task[Reply], SentRow] = {}
        self._answered: list[asyncio.Task[Reply]] = []
        self._woken = asyncio.Event()

    def __len__(self) -> int:
        """How many are under way or wait to be collected."""
        return len(self._rows)

    def start(self, row: SentRow, call: Coroutine[Any, Any, Reply]) -> None:
        """Start a row's call; the row must be in doubt in the journal already."""
        task = asyncio.create_task(call)
        task.add_done_callback(self._wake)
        self._rows[task] = row

    def collect(self) -> list[tuple[SentRow, Reply]]:
        """The rows whose answers have come since the last time, in that order; each is given once."""
        # Cleared together with the list and without an await in between: no answer can slip in and go unnoticed.
        done, self._answered = self._answered, []
        self._woken.clear()
        return [(self._rows.pop(task), task.result()) for task in done]

    async def wait(self, seconds: float) -> None:
        """Wait until an answer comes, or for this many seconds."""
        await wait(seconds, self._woken)

    async def abandon(self) -> None:
        """Give up what is under way; the rows are in doubt, and only the service knows what became of them."""
        # Awaited as well: a task that is only cancelled still has its connection open when the loop is closed.
        for task in self._rows:
            task.cancel()
        await asyncio.gather(*self._rows, return_exceptions=True)

    def _wake(self, answered: asyncio.Task[Reply]) -> None:
        # asyncio.wait would look at every call under way in every turn: a third of the time at 64 of them.
        self._answered.append(answered)
        self._woken.set()
