"""One sender per account and journal at a time: a lock of the operating system, which dies with its process."""

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from importer.config.store import Document, UnreadableError
from importer.errors import BusyError

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


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that last held an account: its number, the run it sends, and since when, as people write it."""

    pid: int
    run: int
    since: str


_HOLDER = Document("The lock of an account", Holder)


def holder(folder: Path, account: str) -> Holder | None:
    """Who holds the account now, without asking for the lock: that could keep its next holder from getting it."""
    holder = _HOLDER.read_if_usable(_path(folder, account))
    return holder if holder is not None and is_alive(holder.pid) else None


def is_alive(pid: int) -> bool:
    """Whether there is a process of this number that still does something."""
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
    # A process that has ended and whose parent has not asked how still has its number.
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


@contextmanager
def exclusive_sender(folder: Path, account: str, run: int | None = None) -> Iterator[Callable[[int], None]]:
    """Hold the account while sending; gives what tells others of the run, for one that begins only now.

    Raises:
        BusyError: Another process holds it; the sentence says which, since when, and with which run.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(_path(folder, account), os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        try:
            _take(file)
        except OSError:
            raise BusyError(_who(file, account), "Wait for it, or stop it with: importer stop") from None

        def tell(number: int) -> None:
            file.seek(0)
            file.write(_HOLDER.encode(Holder(os.getpid(), number, time.strftime("%Y-%m-%d %H:%M:%S"))))
            file.flush()

        file.truncate(0)
        if run is not None:
            tell(run)
        yield tell


def _path(folder: Path, account: str) -> Path:
    return folder / f"{hashlib.sha256(account.encode()).hexdigest()[:16]}.lock"


def _who(file: IO[str], account: str) -> str:
    file.seek(0)
    try:
        holder = _HOLDER.decode(file.read())
        return f"Run {holder.run} is sending for {account} (process {holder.pid}, since {holder.since})."
    except UnreadableError:
        return f"Another importer is sending for {account}."
