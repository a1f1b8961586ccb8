"""One sender per account and journal at a time: a lock of the operating system, which dies with its process.

Not a row with an expiry time, as among several machines: of a lock it is certain that nobody else has it.
"""

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from importer.config.store import Document, UnreadableError
from importer.errors import BusyError
from importer.journal.senders import Holder, Senders

if TYPE_CHECKING:
    # Whether a process is alive is asked without the database as well, which takes long to load.
    from sqlalchemy.engine import Connection

if sys.platform == "win32":
    import ctypes
    import msvcrt

    def _take(file: IO[str]) -> None:
        # Byte 1000 lies behind the text, which others must be able to read while the lock is held.
        file.seek(1000)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


_HOLDER = Document("The lock of an account", Holder)


class LockedAccounts(Senders):
    """The accounts of a journal in a file, each with a lock in a folder beside it."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made before an account is held."""
        self._folder = folder

    def hold(
        self, account: str, run: int | None = None, command: str = "resume", say: Callable[[str], None] | None = None
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Hold an account; ``exclusive_sender``, which never waits."""
        del say
        return exclusive_sender(self._folder, account, run, command)

    def holder(self, account: str) -> Holder | None:
        """Who holds an account now."""
        return holder(self._folder, account)

    def holders(self) -> list[Holder]:
        """The processes that hold an account now."""
        return holders(self._folder)

    def fence(self, db: "Connection") -> None:
        """A lock cannot be lost."""


def folder_of(journal: Path | None, home: Path) -> Path:
    """Where processes tell each other what they work on: beside the journal, which two homes may share."""
    return (journal.parent if journal else home) / "locks"


def holder_now(pid: int, run: int, command: str) -> Holder:
    """A process that begins to work on a run in this moment."""
    return Holder(pid, run, time.strftime("%Y-%m-%d %H:%M:%S"), command, start_of(pid))


def holder(folder: Path, account: str) -> Holder | None:
    """Who holds the account now, without asking for the lock: that could keep its next holder from getting it."""
    holder = _HOLDER.read_if_usable(_path(folder, account))
    return holder if holder is not None and is_at_work(holder) else None


def holders(folder: Path) -> list[Holder]:
    """The processes that hold an account now."""
    locks = (_HOLDER.read_if_usable(path) for path in sorted(folder.glob("*.lock")))
    return [each for each in locks if each is not None and is_at_work(each)]


def is_at_work(holder: Holder) -> bool:
    """Whether this very process has not ended; a number is used again, and in a container it is always the same."""
    return is_same(holder.pid, holder.start)


def is_same(pid: int, start: str) -> bool:
    """Whether the process that had this number and this ``start_of`` has not ended; without a start, by the number."""
    return is_alive(pid) and (not start or start_of(pid) == start)


def start_of(pid: int) -> str:
    """When a process began, as the system counts, and since which start of the machine; empty if it does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    # The 22nd value, of which two stand before the last bracket (proc(5)).
    return f"{stat.rpartition(')')[2].split()[19]} {boot}"


def is_alive(pid: int) -> bool:
    """Whether there is a process of this number that has not ended."""
    if sys.platform == "win32":
        # os.kill would end it there.
        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)
        if handle:
            ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    # A process that has ended and whose parent has not asked how still has its number. Its state stands behind the last
    # bracket: the name before it is the program's own, and may hold spaces and brackets (proc(5)).
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


@contextmanager
def exclusive_sender(
    folder: Path, account: str, run: int | None = None, command: str = "resume"
) -> Iterator[Callable[[int], None]]:
    """Hold the account while sending; gives a function that announces the run, for one that begins only now.

    ``command`` is what continues this work if it is stopped.

    Raises:
        BusyError: Another process holds it; the sentence says which, since when, and with which run.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The file is never deleted: another process may have opened it already, and would then lock a file without a name
    # while a third one locks its successor.
    descriptor = os.open(_path(folder, account), os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        try:
            _take(file)
        except OSError:
            raise BusyError(_who(file, account), "Wait until it has finished, or stop it with: importer stop") from None

        def tell(number: int) -> None:
            file.seek(0)
            file.write(_HOLDER.encode(holder_now(os.getpid(), number, command)))
            file.flush()

        # Only now, under the lock: before, it still says who holds it.
        file.truncate(0)
        if run is not None:
            tell(run)
        try:
            yield tell
        finally:
            # This process may live on: for other runs of a batch, or for a page.
            file.truncate(0)


def _path(folder: Path, account: str) -> Path:
    return folder / f"{hashlib.sha256(account.encode()).hexdigest()[:16]}.lock"


def _who(file: IO[str], account: str) -> str:
    file.seek(0)
    try:
        holder = _HOLDER.decode(file.read())
        return f"Run {holder.run} is sending for {account} (process {holder.pid}, since {holder.since})."
    except UnreadableError:
        return f"Another importer is sending for {account}."
