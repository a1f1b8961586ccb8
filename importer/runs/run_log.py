"""What happens to a run while it is worked on, as lines of a log: started, planned, progress, waits, its end.

Rule: as in ``log.py``, nothing of the file, and nothing that others have said; the number of a row is enough.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from importer.errors import Exit, ImporterError
from importer.journal.runs import Run
from importer.journal.states import State
from importer.model import Clock, Progress, Status
from importer.runs.log import Level, Log, LogLine

_EVERY = 5.0
"""Seconds between two lines about progress, or about throttles."""

_Details = Mapping[str, int | str] | Mapping[str, int] | Mapping[str, str]


class RunLog:
    """The log of one piece of work on a run; ``work`` is what is done: send, undo or reconcile."""

    def __init__(self, log: Log, run: Run, clock: Clock, work: str = "send") -> None:
        """Nothing is logged yet."""
        self._log, self._run, self._clock, self._work = log, run, clock, work
        self._next: dict[str, float] = {}
        self._until = 0.0
        # So many by the sender at work, so many altogether, and how many of them are logged.
        self._throttled = self._throttles = self._logged = 0

    def started(self, states: Mapping[State, int] | None = None, invalid: int = 0) -> None:
        """The work begins; ``states`` are those of the rows of a run that is planned, beside the invalid ones."""
        self._tell("run started", {"work": self._work, "rows": self._run.rows})
        if states is not None:
            counts: dict[str, int] = {_name(state.value): number for state, number in states.items() if number}
            self._tell("run planned", counts | {"invalid": invalid})

    def progress(self, progress: Progress, total: int, seconds_left: float | None = None) -> None:
        """Log what is new in this: each failed row and each wait, the rest every few seconds."""
        for row in progress.failed_rows:
            self._tell("row failed", {"row": row}, Level.WARNING)
        # Rows that are sent again have another sender, which counts from zero.
        before = self._throttled if progress.throttled >= self._throttled else 0
        self._throttles += progress.throttled - before
        self._throttled = progress.throttled
        if self._throttles > self._logged and self._is_due("throttled"):
            self._logged = self._throttles
            self._tell("throttled", {"throttles": self._throttles}, Level.WARNING)
        if progress.waiting and progress.until > self._until + _EVERY:
            self._until = progress.until
            self._tell("paused", {"until": _instant(progress.until), "why": progress.waiting})
        elif self._is_due("progress") or progress.done >= total:
            details: dict[str, int] = {"done": progress.done, "total": total, "failed": progress.failed}
            if seconds_left is not None:
                details["seconds_left"] = max(round(seconds_left), 0)
            self._tell("progress", details)

    def ended(self, exit_code: Exit, counts: Mapping[Status, int] | Mapping[str, int]) -> None:
        """The work has ended with a result: how many rows or records of each outcome."""
        numbers = {_name(str(name)): number for name, number in counts.items() if number}
        level = Level.INFO if exit_code in (Exit.DONE, Exit.ROWS_FAILED, Exit.LIMIT) else Level.WARNING
        details: dict[str, int | str] = {"work": self._work, "exit_code": int(exit_code), **numbers}
        self._tell("run ended", details, level)

    @contextmanager
    def noting_errors(self) -> Iterator[None]:
        """While the work is done: an error that ends it is its end."""
        try:
            yield
        except ImporterError as error:
            details: dict[str, int | str] = {"work": self._work, "exit_code": int(error.exit_code)}
            details["error"] = error.code.value
            self._tell("run ended", details, Level.ERROR)
            raise
        except BaseException as error:
            self._tell("run ended", {"work": self._work, "error": type(error).__name__}, Level.ERROR)
            raise

    def _is_due(self, event: str) -> bool:
        now = self._clock()
        # Also if the clock was set back.
        if 0 < self._next.get(event, 0.0) - now <= _EVERY:
            return False
        self._next[event] = now + _EVERY
        return True

    def _tell(self, event: str, details: _Details, level: Level = Level.INFO) -> None:
        self._log(LogLine(event, level, self._run.id, self._run.account, details))


def _name(words: str) -> str:
    return words.replace(" ", "_")


def _instant(epoch: float) -> str:
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%SZ}"
