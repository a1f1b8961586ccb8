"""Who sends for which account: one process at a time.

``lock.py`` keeps that rule on one machine, ``lease.py`` among the machines that share a database.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Whether a process is alive is asked without the database as well, which takes long to load.
    from sqlalchemy.engine import Connection


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that last held an account: its number, the run it works on, and since when, for people to read.

    ``command`` is the one that continues this work if it is stopped. ``start`` tells the process from a later one of
    the same number; empty where the system does not say. ``machine`` names the one that it runs on; empty for this one.
    """

    pid: int
    run: int
    since: str
    command: str = "resume"
    start: str = ""
    machine: str = ""


class Senders(ABC):
    """The accounts that are being sent for, and the right to be the one who does."""

    @abstractmethod
    def hold(
        self, account: str, run: int | None = None, command: str = "resume", say: Callable[[str], None] | None = None
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Hold an account while sending; gives a function that announces the run, for one that begins only now.

        ``command`` is what continues this work if it is stopped; ``say`` tells of a wait.

        Raises:
            BusyError: Another process holds it; the sentence says which, since when, and with which run.
        """

    @abstractmethod
    def holder(self, account: str) -> Holder | None:
        """Who holds an account now, without asking for it: that could keep its next holder from getting it."""

    @abstractmethod
    def holders(self) -> Sequence[Holder]:
        """The processes that hold an account now."""

    @abstractmethod
    def fence(self, db: "Connection") -> None:
        """Make sure, in the transaction that lets calls leave, that no account is held by somebody else by now.

        Raises:
            TakenOverError: One is. Nothing of the transaction may be kept, and no call may leave.
        """
