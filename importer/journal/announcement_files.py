"""What the commands of one machine are about to do: a private file for each process and run, beside the locks.

Another one lies beside it once somebody asked it to stop.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from importer.config.store import Document, private_folder, write_private
from importer.journal.announcements import Announcements
from importer.journal.lock import holder_now, is_at_work, start_of
from importer.journal.senders import Holder

_SUFFIX = ".work"
_ANNOUNCEMENT: Document[Holder] = Document("The announcement of a command", Holder)


class AnnouncementFiles(Announcements):
    """The commands of this machine."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made before something is announced."""
        self._folder = folder

    def announce(self, run: int, command: str, pid: int) -> None:
        """Write down that a process prepares its work on a run."""
        private_folder(self._folder)
        _ANNOUNCEMENT.write(self._path(pid, run), holder_now(pid, run, command))

    @contextmanager
    def announced(self, run: int, command: str) -> Iterator[Callable[[], bool]]:
        """While this process prepares its work on a run: whether somebody asked it to stop."""
        path = self._path(os.getpid(), run)
        before = _ANNOUNCEMENT.read_if_usable(path)
        if before is None or before.start != start_of(os.getpid()):
            _remove(path)
            self.announce(run, command, os.getpid())
        try:
            yield _request(path).exists
        finally:
            _remove(path)

    def all(self) -> list[Holder]:
        """Every command that is being prepared now."""
        alive = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            announcement = _ANNOUNCEMENT.read_if_usable(path)
            if announcement is not None and is_at_work(announcement):
                alive.append(announcement)
            else:
                _remove(path)
        return alive

    def ask_to_stop(self, announcement: Holder) -> None:
        """Ask the process of an announcement to stop."""
        write_private(_request(self._path(announcement.pid, announcement.run)), "")

    def _path(self, pid: int, run: int) -> Path:
        return self._folder / f"{pid}-{run}{_SUFFIX}"


def _request(path: Path) -> Path:
    return path.with_suffix(".stop")


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    _request(path).unlink(missing_ok=True)
