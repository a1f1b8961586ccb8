"""How far a command about a run is, and what came of it: written by its process, for a page that looks on.

Rule: it is for looking only. What a command did is in the journal and in its report; without this file nothing is lost.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from importer.config.store import Document
from importer.errors import ImporterError
from importer.model import Clock, Progress

_EVERY = 1.0
"""Seconds between two writes."""


@dataclass(frozen=True)
class Work:
    """How far a command is: ``done`` of ``total`` records since ``began``, as of ``at``, in epoch seconds.

    Once it has ``ended``, ``counts`` are the records by what became of them, and ``message`` why it ended early;
    ``error`` is why it could not do anything.
    """

    began: float
    at: float
    done: int = 0
    failed: int = 0
    total: int = 0
    ended: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    message: str = ""
    error: str = ""

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the speed so far; None while there is none."""
        return (self.at - self.began) / self.done * (self.total - self.done) if self.done and not self.ended else None


_WORK = Document("The progress of a command", Work)


def read_work(path: Path) -> Work | None:
    """What a command has written down; None if it has not yet."""
    return _WORK.read_if_usable(path)


class ProgressFile:
    """Writes down how far a command is."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Begin the file; the time counts from now."""
        self._path, self._clock = path, clock
        self._work = Work(clock(), clock())
        self._write()

    def progress(self, progress: Progress, total: int) -> None:
        """Note how many records are done; written once a second at most."""
        written, now = self._work.at, self._clock()
        work = replace(self._work, done=progress.done, failed=progress.failed, total=total)
        if now - written >= _EVERY or now < written or total != self._work.total:
            self._work = replace(work, at=now)
            self._write()

    def end(self, counts: Mapping[str, int], message: str = "") -> None:
        """Note what came of it."""
        self._work = replace(self._work, at=self._clock(), ended=True, counts=dict(counts), message=message)
        self._write()

    @contextmanager
    def noting_errors(self) -> Iterator[None]:
        """While the command is at work: an error that ends it is noted in the words of the page."""
        try:
            yield
        except ImporterError as error:
            words = " ".join(filter(None, [error.message, error.on_page]))
            self._work = replace(self._work, at=self._clock(), ended=True, error=words)
            self._write()
            raise

    def _write(self) -> None:
        # A disk that is full must not end what is done on the service.
        with suppress(OSError):
            _WORK.write(self._path, self._work)
