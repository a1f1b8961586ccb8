"""Private files: readable by their owner only from the first byte, and never seen half written."""

import contextlib
import json
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _take(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)


def private_folder(path: Path) -> Path:
    """The folder, made if it is not there."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def new_private(path: Path) -> IO[bytes]:
    """A new file, open for writing."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def write_private(path: Path, text: str) -> None:
    """Put a text in place, over an earlier one."""
    private_folder(path.parent)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with new_private(aside) as file:
        file.write(text.encode("utf-8", "surrogatepass"))
    aside.replace(path)


def write_json(path: Path, document: object) -> None:
    """Put a document in place, over an earlier one."""
    write_private(path, json.dumps(document, ensure_ascii=False))


def read_json(path: Path) -> Any:
    """The document, or None if there is none."""
    try:
        return json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock that all threads and processes share; it ends with its process."""
    private_folder(path.parent)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        _take(file)
        yield
