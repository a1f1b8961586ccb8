"""What a service tells of its work: each line an event, in a sentence for people and in words for programs.

Rule: no line has a value of a cell, the name of a file, a secret or what another program has said. Logs are kept for
long and read by many; whoever needs more looks into the journal by the number of the run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How much a line matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event. ``sentence`` is for people who look on, and in no log: it may quote what others have said."""

    event: str
    level: Level = Level.INFO
    run: int | None = None
    account: str | None = None
    details: Mapping[str, int | str | bool] = field(default_factory=dict)
    sentence: str = ""

    def document(self, now: str) -> dict[str, object]:
        """The line for programs; what does not apply is left out."""
        about = {"run": self.run, "account": self.account or None}
        shown = {name: value for name, value in about.items() if value is not None}
        return {"time": now, "level": self.level.value, "event": self.event, **shown, **self.details}


EVENTS = {
    "started": "`serve` or `worker` has begun: process; `serve` also has host and port",
    "stopped": "`serve` or `worker` has ended",
    "stopping": "`worker` was asked to stop, and finishes the rows in progress",
    "run taken": "by a worker: process; `resumed` if an earlier process has begun with it",
    "run finished": "in the process of a worker: exit_code",
    "run stopped": "in the process of a worker, unfinished: exit_code",
    "run interrupted": "the worker or its machine is being stopped; another worker goes on with the run: exit_code",
    "run waits": "Nexudus, the database or the account is not free; the worker tries again: exit_code",
    "run ended unexpectedly": "its process was killed; the worker tries again: exit_code, deaths",
    "lease taken over": "another machine works on the run, because this one was not heard of: exit_code",
    "worker waits": "the journal or the disk cannot be used: error",
    "worker goes on": "they can be used again",
    "run left to others": "this worker cannot sign in for the run",
    "schedule queued": "a scheduled import has a run now: schedule; `missed` counts earlier dates without a worker",
    "schedule failed": "nothing was imported; `importer schedule list` says why: schedule",
    "schedule waits": "its file or folder cannot be read here, once each: schedule",
    "schedule left to others": "this worker cannot sign in for it, or does not know its terms, once each: schedule",
    "request refused": "by the page: reason (`role`, or `owner` for what belongs to somebody else), role, address",
    "people away": "the page cannot be used, because the list of people is in a database that cannot be reached: error",
    "run queued": "on the page, for the workers",
    "process started": "by the page, for a run: process, command",
    "signed in": "to the page: role",
    "sign-in refused": "to the page: reason",
    "library message": "logger and words: what a package says of itself, without the values in it",
    "retention kept": "runs older than `IMPORTER_RETENTION` were forgotten, if there were any",
    "unexpected error": "on the page: its kind, and the name of the private file in `workers/` that has the details",
    "run started": "work on a run has begun: work (send, undo or reconcile), rows",
    "run planned": "how its rows stand before any of them is sent, such as planned, existing and invalid",
    "progress": "at most every five seconds: done, total, failed; seconds_left, if there is an allowance",
    "throttled": "Nexudus has asked to wait, at most every five seconds: throttles, the number so far",
    "paused": "nothing is sent for a while: until, why",
    "row failed": "Nexudus has refused a row: row",
    "run ended": "work on a run has ended: work, exit_code, and how many rows or records of which outcome; or error",
    "import failed": "one of several files could not be imported: exit_code, error",
    "notification failed": "the message about the end of a run was not sent: why",
    "command failed": "the command has ended with an error: error",
}
"""Every event, with what has happened and the details that its line has."""

Log = Callable[[LogLine], None]


def no_log(_: LogLine) -> None:
    """Tell nobody."""
