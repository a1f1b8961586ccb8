"""Group commit: what several tasks write in one turn of the loop becomes durable in one transaction."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

_Told = TypeVar("_Told")


class GroupCommit:
    """Writes for tasks of one loop. A commit waits for the disk, so a hundred tasks with one each would only wait."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[None]]) -> None:
        """``transaction`` makes everything written inside it durable, or none of it."""
        self._transaction = transaction
        self._asked: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []

    async def __call__(self, work: Callable[[], _Told]) -> _Told:
        """What ``work`` gives, once it is durable together with what others asked for meanwhile.

        Raises:
            JournalError: The transaction failed; nothing that any of them wrote was kept.
        """
        loop = asyncio.get_running_loop()
        written: asyncio.Future[_Told] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._commit)
        self._asked.append((work, written))
        return await written

    def _commit(self) -> None:
        asked = [(work, written) for work, written in self._asked if not written.done()]
        self._asked = []
        try:
            with self._transaction():
                results = [work() for work, _ in asked]
        except BaseException as error:
            # Everybody who wrote has to know, or would wait for ever.
            for _, written in asked:
                written.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for (_, written), result in zip(asked, results, strict=True):
            written.set_result(result)
