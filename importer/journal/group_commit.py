"""Group commit: everything that several tasks write in one turn of the loop becomes durable in one transaction."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class GroupCommit:
    """Writes for tasks of one loop. A commit waits for the disk, so a hundred tasks with one each would only wait."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[None]]) -> None:
        """``transaction`` makes everything written inside it durable, or none of it."""
        self._transaction = transaction
        self._waiting: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []

    async def __call__(self, work: Callable[[], _Result]) -> _Result:
        """The result of ``work``, once it is durable together with what other tasks asked for meanwhile.

        Raises:
            JournalError: The transaction failed; nothing that any of them wrote was kept.
        """
        loop = asyncio.get_running_loop()
        written: asyncio.Future[_Result] = loop.create_future()
        # The first task schedules the commit; everything asked for before the loop gets to it is part of it.
        if not self._waiting:
            loop.call_soon(self._commit)
        self._waiting.append((work, written))
        return await written

    def _commit(self) -> None:
        # A task that was cancelled while it waited must not have its rows put in doubt: it will never send them.
        batch = [(work, written) for work, written in self._waiting if not written.done()]
        self._waiting = []
        try:
            with self._transaction():
                results = [work() for work, _ in batch]
        except BaseException as error:
            # Every task that wrote must learn of it, or it would wait for ever.
            for _, written in batch:
                written.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for (_, written), result in zip(batch, results, strict=True):
            written.set_result(result)
