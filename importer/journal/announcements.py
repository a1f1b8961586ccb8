"""Commands that work on a run, or are about to begin one, before they hold its account: so that a stop reaches them.

One private file for each process and run beside the locks, and another one beside it once somebody asked it to stop.
The request belongs to that process alone: unlike one in the journal, it can be neither too old nor another's.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from importer.config.store import Document, private_folder, write_private
from importer.journal.lock import holder_now, is_at_work, start_of
from importer.journal.senders import Holder

NOT_BEGUN = 0
"""Stands for the number of a run that has not begun."""

_SUFFIX = ".work"
_ANNOUNCEMENT: Document[Holder] = Document("The announcement of a command", Holder)


def announce(folder: Path, run: int, command: str, pid: int) -> Path:
    """Write down that a process prepares its work on a run; ``command`` is what continues it after a stop."""
    path = private_folder(folder) / f"{pid}-{run}{_SUFFIX}"
    _ANNOUNCEMENT.write(path, holder_now(pid, run, command))
    return path


@contextmanager
def announced(folder: Path, run: int, command: str) -> Iterator[Callable[[], bool]]:
    """While this process prepares its work on a run: whether somebody asked it to stop."""
    path = folder / f"{os.getpid()}-{run}{_SUFFIX}"
    # The page that started this process may have announced it already, and have been asked to stop it since. What an
    # earlier process of the same number left behind is nothing of this one's, nor is the wish to stop it.
    before = _ANNOUNCEMENT.read_if_usable(path)
    if before is None or before.start != start_of(os.getpid()):
        _remove(path)
        announce(folder, run, command, os.getpid())
    try:
        yield _request(path).exists
    finally:
        _remove(path)


def announcements(folder: Path) -> list[Holder]:
    """Every command that is being prepared now. What processes left behind that have ended is removed."""
    alive = []
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        announcement = _ANNOUNCEMENT.read_if_usable(path)
        if announcement is not None and is_at_work(announcement):
            alive.append(announcement)
        else:
            _remove(path)
    return alive


def ask_to_stop(folder: Path, announcement: Holder) -> None:
    """Ask the process of an announcement to stop."""
    write_private(_request(folder / f"{announcement.pid}-{announcement.run}{_SUFFIX}"), "")


def _request(path: Path) -> Path:
    return path.with_suffix(".stop")


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    _request(path).unlink(missing_ok=True)
