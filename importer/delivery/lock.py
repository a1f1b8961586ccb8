"""One sender per account and journal at a time: a lock of the operating system, which dies with its process."""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from importer.errors import BusyError

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[str]) -> None:
        # Byte 1000 lies behind the text, which others must be able to read while the lock is held.
        file.seek(1000)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def only_sender(folder: Path, account: str, run: int) -> Iterator[None]:
    """Hold the account while sending.

    Raises:
        BusyError: Another process holds it; the sentence says which, since when, and with which run.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{hashlib.sha256(account.encode()).hexdigest()[:16]}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        try:
            _take(file)
        except OSError:
            raise BusyError(_who(file, account), "Wait for it, or stop it with: importer stop") from None
        file.seek(0)
        file.truncate()
        json.dump({"pid": os.getpid(), "run": run, "since": time.strftime("%Y-%m-%d %H:%M:%S")}, file)
        file.flush()
        yield


def _who(file: IO[str], account: str) -> str:
    file.seek(0)
    try:
        holder = json.loads(file.read())
        return f"Run {holder['run']} is sending for {account} (process {holder['pid']}, since {holder['since']})."
    except (ValueError, KeyError, TypeError):
        return f"Another importer is sending for {account}."
