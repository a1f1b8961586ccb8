"""Files that others write: when one is complete, because nobody has changed it for a while.

Nothing says for certain that a file is whole. So whoever takes one compares what was read with what was copied, and a
file that goes on growing is another one by its content, and is taken again.
"""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from importer.runs.named_files import is_spreadsheet

QUIET_SECONDS = 10.0
"""A copy that pauses for longer is rare, and a person who waits for an import notices no more than that."""

_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".download", ".filepart")
"""How browsers and copy programs end the name of a file until it is whole, whatever stands before that."""

_OF_PROGRAMS = (".", "~$")
"""How the names of files begin that programs keep beside a document; rsync writes under such a name."""

Stamp = tuple[int, int, float, float]


def stamp_of(path: Path) -> Stamp:
    """What tells one state of a file from another without reading it."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime, status.st_ctime


def files_in(folder: Path, pattern: str | None) -> Iterator[Path]:
    """The files of a folder whose names fit; without a pattern, those that it stands for in a command; never a link.

    A link would let whoever may write into the folder have any file imported that this user can read.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name.lower()
            if name.startswith(_OF_PROGRAMS) or name.endswith(_UNFINISHED) or not entry.is_file(follow_symlinks=False):
                continue
            path = folder / entry.name
            if fnmatch(name, pattern.lower()) if pattern else is_spreadsheet(path):
                yield path


@dataclass(slots=True)
class _Watched:
    stamp: Stamp
    since: float
    has_changed: bool = False


class WholeFiles:
    """The files that one process watches."""

    def __init__(self) -> None:
        """None so far."""
        self._watched: dict[Path, _Watched] = {}

    def is_whole(self, path: Path, now: float) -> bool:
        """Whether a file has something in it and has not changed for ``QUIET_SECONDS``, as far as this process saw.

        Raises:
            OSError: It is not there, or nobody here may look.
        """
        stamp, before = stamp_of(path), self._watched.get(path)
        if before is None or before.stamp != stamp or now < before.since:
            self._watched[path] = _Watched(stamp, now, has_changed=before is not None)
            return False
        return now - before.since >= QUIET_SECONDS and path.stat().st_size > 0

    def is_about_to_be(self, path: Path) -> bool:
        """Whether it is worth waiting for a file: it has not changed since it was first seen, and is not empty."""
        watched = self._watched.get(path)
        return watched is not None and not watched.has_changed and watched.stamp[1] > 0

    def forget_others(self, folder: Path, files: Collection[Path]) -> None:
        """Watch only these files of a folder."""
        for path in [each for each in self._watched if each.parent == folder and each not in files]:
            del self._watched[path]
