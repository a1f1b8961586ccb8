"""Commands that work on a run, or are about to begin one, before they hold its account: so that a stop reaches them.

``announcement_files.py`` keeps them on one machine, ``announcement_rows.py`` among the machines that share a database.
A request to stop belongs to one process and run alone: unlike one in a run, it can be neither too old nor another's.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager

from importer.journal.senders import Holder

NOT_BEGUN = 0
"""Stands for the number of a run that has not begun."""

WORKER = "worker"
"""The command of a process that waits for runs to begin; it works on none itself, and is no part of any queue."""


class Announcements(ABC):
    """The commands that are being prepared now."""

    @abstractmethod
    def announce(self, run: int, command: str, pid: int) -> None:
        """Write down that a process of this machine prepares its work on a run.

        ``command`` is what continues it after a stop.
        """

    @abstractmethod
    def announced(self, run: int, command: str) -> AbstractContextManager[Callable[[], bool]]:
        """While this process prepares its work on a run: whether somebody asked it to stop.

        Who started this process may have announced it already, and somebody have asked it to stop since. What an
        earlier process of the same number left behind is nothing of this one's, nor is the wish to stop it.
        """

    @abstractmethod
    def all(self) -> list[Holder]:
        """Every command that is being prepared now. What processes left behind that have ended is removed."""

    @abstractmethod
    def ask_to_stop(self, announcement: Holder) -> None:
        """Ask the process of an announcement to stop."""
