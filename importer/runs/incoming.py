"""Files that have to be brought in before they can be read: from elsewhere, the standard input or a packed file.

They lie in a private folder of this command, and are gone with it. What is imported is read from there once more into
the private copy of the run, so that its hash is that of the rows, however they came.
"""

import errno
import hashlib
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from importer.errors import FileError, ImporterError, UsageError
from importer.harmless import without_passwords
from importer.journal.lock import is_alive, start_of
from importer.runs.named_files import STANDARD_INPUT, NamedFile
from importer.spreadsheet import is_packed, unpack, with_ending

LARGEST_BROUGHT_IN = 4 << 30
FOLDER = "incoming"
_PIECE = 1 << 20
_NO_NAME = re.compile(r"[^\w. -]")
_SHOWN_INPUT = "standard input"
_OF_ONE_FILE = {errno.ENAMETOOLONG, errno.EISDIR, errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EINVAL}
"""What goes wrong with one file and says nothing of the others, unlike a full disk."""


Fetch = Callable[[str, Path], tuple[Path, str]]
"""Gets the file at an address into a folder; gives where it is and what it is called."""


@dataclass(frozen=True)
class InputFile:
    """A file to be read: where its bytes are, what sentences call it, and how it is typed.

    ``error`` says why it could not be brought in; there are no bytes then.
    """

    typed: Path | str
    path: Path
    name: str
    error: ImporterError | None = None

    def __str__(self) -> str:
        """What it is called in lists of files."""
        return without_passwords(str(self.typed))


@contextmanager
def brought_in(
    files: Sequence[NamedFile], home: Path, say: Callable[[str], None], fetch: Fetch | None = None
) -> Iterator[list[InputFile]]:
    """The files, with their bytes on this machine for as long as this lasts; ``say`` hears what was in packed ones.

    ``fetch`` gets what is elsewhere; there must be one if any file is.
    """
    folder = _Folder(home / FOLDER)
    try:
        yield [_brought_in(file, folder, say, fetch) for file in files]
    finally:
        folder.remove()


@contextmanager
def private_folder(home: Path) -> Iterator[Path]:
    """A folder for files of this command that nobody else may read, gone when this ends."""
    folder = _Folder(home / FOLDER)
    try:
        yield folder.new(home)
    finally:
        folder.remove()


class _Folder:
    """The private folder of a command, made when the first file needs it."""

    def __init__(self, top: Path) -> None:
        self._top: Path = top
        self._command: Path | None = None

    def new(self, beside: Path) -> Path:
        """A folder for one more file, so that no two have the same name; called like the folder that the file is in.

        Where two files have one name, sentences tell them apart by that.
        """
        if self._command is None:
            _remove_left_behind(self._top)
            self._command = self._top / f"{os.getpid()}-{_start_of(os.getpid())}-{secrets.token_hex(4)}"
        above = self._command / secrets.token_hex(4)
        # Of an address as well, whose parts may be no names of folders.
        folder = above / (_NO_NAME.sub("-", beside.absolute().parent.name).strip(". ") or FOLDER)
        for path in (self._top, self._command, above, folder):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def remove(self) -> None:
        """Delete everything in it."""
        if self._command is not None:
            shutil.rmtree(self._command, ignore_errors=True)


def _start_of(pid: int) -> str:
    return hashlib.sha256(start_of(pid).encode()).hexdigest()[:8]


def _remove_left_behind(top: Path) -> None:
    """Delete what processes have left that were killed: it holds personal data."""
    for folder in top.glob("*-*-*"):
        pid, start, _ = folder.name.split("-", 2)
        if pid.isdecimal() and not (is_alive(int(pid)) and _start_of(int(pid)) == start):
            shutil.rmtree(folder, ignore_errors=True)


def _brought_in(file: NamedFile, folder: _Folder, say: Callable[[str], None], fetch: Fetch | None) -> InputFile:
    path = Path(file.typed)
    if file.error is not None:
        return InputFile(file.typed, path, path.name, file.error)
    try:
        if file.typed == STANDARD_INPUT:
            path = _from_standard_input(folder.new(path) / _SHOWN_INPUT)
            if is_packed(path):
                path, _ = unpack(path, folder.new(path))
            return InputFile(file.typed, with_ending(path), _SHOWN_INPUT)
        name, is_named = path.name, isinstance(file.typed, Path)
        if fetch is not None and isinstance(file.typed, str):
            path, name = fetch(file.typed, folder.new(path))
        if is_packed(path):
            path, inside = unpack(path, folder.new(path))
            is_named = False
            if inside:
                say(f"{name} holds {inside}, which is read.")
        return InputFile(file.typed, path if is_named else with_ending(path), name)
    except ImporterError as error:
        return InputFile(file.typed, path, path.name, error)
    except OSError as error:
        if error.errno not in _OF_ONE_FILE:
            raise
        why = FileError(f"{path.name} cannot be read: {error.strerror}.", "Check its name and its permissions.")
        return InputFile(file.typed, path, path.name, why)


def _from_standard_input(target: Path) -> Path:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError(
            "No file came on the standard input, which - stands for.",
            "Send a file there, for example: importer check - < mappings.csv",
        )
    with target.open("wb") as out:
        copy_limited(sys.stdin.buffer, out, "The standard input")
    if not target.stat().st_size:
        raise FileError("The standard input is empty.", "Make sure that the command before it writes the spreadsheet.")
    return target


def copy_limited(source: IO[bytes], out: IO[bytes], name: str) -> None:
    """Copy a stream to its end.

    Raises:
        FileError: It is longer than any file that is brought in.
    """
    size = 0
    while piece := source.read(_PIECE):
        size += len(piece)
        if size > LARGEST_BROUGHT_IN:
            raise FileError(
                f"{name} has more than {LARGEST_BROUGHT_IN >> 30} GB.", "Save it to a file, then import that file."
            )
        out.write(piece)
