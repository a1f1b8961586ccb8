"""Work that outlives the page: commands of the importer as processes of their own.

A process gets its sign-in through its environment and writes what it does into the journal, where the page reads it.
Its output goes to a private log, so that the page can explain a process that could not even start.
"""

import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from importer.config.settings import Settings, as_environment
from importer.config.store import Document, locked_document, new_private, private_folder
from importer.harmless import without_passwords
from importer.journal.lock import is_same, start_of
from importer.model import Clock
from importer.text import printable

_LONGEST_LOG = 20_000

SHOW_PROGRESS = frozenset({"verify", "undo", "reconcile"})
"""The commands of which no row of the journal says how far they are; they write it down for the page."""


@dataclass(frozen=True)
class Worker:
    """A process that was started from a page for a run. ``start`` tells it from a later one of the same number."""

    command: str
    pid: int
    since: float
    log: Path
    start: str = ""

    @property
    def progress(self) -> Path:
        """Where it writes down how far it is, if it does."""
        return self.log.with_suffix(".json")

    @property
    def alive(self) -> bool:
        """Whether it still works."""
        return is_same(self.pid, self.start)

    @property
    def output(self) -> list[str]:
        """The last lines of its output, newest last."""
        try:
            text = self.log.read_bytes()[-_LONGEST_LOG:].decode("utf-8", "replace")
        except OSError:
            return []
        return [printable(line, 400) for line in text.splitlines() if line.strip()]

    @property
    def complaint(self) -> str:
        """Why it could not go on, in its own words; empty if it did not complain."""
        output = self.output
        begin = next((i for i in reversed(range(len(output))) if output[i].startswith("Error: ")), None)
        return "" if begin is None else " ".join(output[begin:]).removeprefix("Error: ")


@dataclass(frozen=True)
class _Process:
    """A worker as it is written down; ``log`` is the name of its log, ``start`` empty where the system has none."""

    pid: int
    since: float
    log: str
    start: str = ""


_PROCESS = Document("A worker", _Process)


class Workers:
    """The processes that this installation's pages have started, the last one of each kind and run."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Keep their logs and numbers in this folder."""
        self._folder, self._clock = folder, clock

    @contextmanager
    def locked(self, number: int) -> Iterator[None]:
        """While nobody else starts a process for this run."""
        with locked_document(self._folder / f"start-{number}.lock"):
            yield

    def find(self, command: str, number: int) -> Worker | None:
        """The last process that was started to do this for a run."""
        process = _PROCESS.read_if_usable(self._folder / f"{command}-{number}.json")
        if process is None:
            return None
        return Worker(command, process.pid, process.since, self._folder / process.log, process.start)

    def start(self, command: str, number: int, settings: Settings, *flags: str) -> Worker:
        """Do this for a run, in a process that goes on when the pages end."""
        private_folder(self._folder)
        log = self._folder / f"{command}-{number}-{secrets.token_hex(8)}.log"
        worker = Worker(command, 0, 0.0, log)
        shown = ["--progress", str(worker.progress)] if command in SHOW_PROGRESS else []
        with new_private(log) as out:
            process = subprocess.Popen(  # noqa: S603  the words are ours, the number is a number
                [sys.executable, "-m", "importer", command, str(number), *flags, *shown],
                env=as_environment(settings),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        # Before the thread below may have asked how it ended, which gives its number free.
        since, start = self._clock(), start_of(process.pid)
        # Else its number would stay taken after its end, and the page would believe that it still works.
        threading.Thread(target=process.wait, daemon=True).start()
        _PROCESS.write(self._folder / f"{command}-{number}.json", _Process(process.pid, since, log.name, start))
        return replace(worker, pid=process.pid, since=since, start=start)

    def note(self, text: str) -> Path:
        """Write down the details of an unexpected error; they may quote cells, so they are private."""
        private_folder(self._folder)
        path = self._folder / f"error-{secrets.token_hex(8)}.log"
        with new_private(path) as out:
            out.write(without_passwords(text).encode("utf-8", "backslashreplace"))
        return path
