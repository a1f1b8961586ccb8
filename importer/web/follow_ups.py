"""What was started for a run after it had ended: to verify it, to undo it, or to find out about its unanswered rows.

In words of the page: what a process prints is for a terminal, and only why it failed is taken from there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from importer.config.settings import Settings
from importer.delivery.undoer import Undone
from importer.model import Presence
from importer.runs.account_queue import NOTHING_AHEAD, Ahead, ahead_of_run
from importer.runs.progress_file import Work, read_work
from importer.runs.status import RunStatus
from importer.text import count
from importer.web.workers import Worker, Workers

COMMANDS = ("verify", "undo", "reconcile")
"""The commands, in the order of the page."""

TITLES = {"verify": "Verify", "undo": "Undo", "reconcile": "Check unanswered rows"}
_FILES = {"verify": "verification.csv", "undo": "undo.csv", "reconcile": ""}

_UNDONE: Mapping[str, tuple[str, str]] = {
    Undone.REMOVED.value: ("record", "deleted"),
    Undone.RESTORED.value: ("record", "put back"),
    Undone.KEPT.value: ("record", "kept, because somebody has changed or deleted {it} since"),
    Undone.FAILED.value: ("record", "not undone yet; undo once more to try again"),
}
_VERIFIED: Mapping[str, tuple[str, str]] = {
    Presence.ONCE.value: ("record", "as imported"),
    Presence.TWICE.value: ("record", "more than once in Nexudus"),
    Presence.DIFFERS.value: ("record", "with other values than were sent"),
    Presence.CHANGED.value: ("record", "changed by somebody since"),
    Presence.ABSENT.value: ("record", "no longer in Nexudus"),
    Presence.UNREAD.value: ("record", "not compared, because Nexudus did not answer"),
}
_WORDS = {"verify": _VERIFIED, "undo": _UNDONE, "reconcile": _UNDONE}


@dataclass(frozen=True)
class FollowUp:
    """A command that was started for a run after it ended.

    ``ahead`` is what it waits for, ``complaint`` why it ended without a result, ``file`` the file of the run with
    each row; both empty if there is none.
    """

    command: str
    since: float
    alive: bool
    stopping: bool
    work: Work | None
    ahead: Ahead
    complaint: str
    file: str

    @property
    def title(self) -> str:
        """What it does."""
        return TITLES[self.command]

    @property
    def sentences(self) -> list[str]:
        """What came of it, one kind of record each."""
        counts = self.work.counts if self.work is not None else {}
        words = _WORDS[self.command]
        return [
            f"{count(number, words[what][0])} {words[what][1].format(it='it' if number == 1 else 'them')}"
            for what, number in counts.items()
            if what in words
        ]


def follow_ups(now: RunStatus, workers: Workers, settings: Settings, at: float) -> list[FollowUp]:
    """The last command of each kind that was started for a run."""
    latest = [workers.find(command, now.run.id) for command in COMMANDS]
    return [_follow_up(worker, now, settings, at) for worker in latest if worker is not None]


def _follow_up(worker: Worker, now: RunStatus, settings: Settings, at: float) -> FollowUp:
    alive, work = worker.alive, read_work(worker.progress)
    waits = alive and worker.command != "verify" and not (work is not None and work.total)
    name = _FILES[worker.command]
    return FollowUp(
        command=worker.command,
        since=worker.since,
        alive=alive,
        stopping=alive and now.run.stop,
        work=work,
        ahead=ahead_of_run(now.run.id, settings, at) if waits else NOTHING_AHEAD,
        complaint="" if alive else _without_folder(_complaint(worker, work), now),
        file=name if not alive and name and _is_of(now.run.folder / name, worker) else "",
    )


def _complaint(worker: Worker, work: Work | None) -> str:
    if work is not None and work.ended:
        return work.error
    # Killed, or it could not even begin: then its own words are all there is.
    return worker.complaint or "It stopped unexpectedly."


def _is_of(file: Path, worker: Worker) -> bool:
    """Whether a command has written this file, and not an earlier one of its kind."""
    try:
        return file.stat().st_mtime >= worker.since - 1
    except OSError:
        return False


def _without_folder(sentence: str, now: RunStatus) -> str:
    """A sentence for the page: a path on the server becomes the name of the folder."""
    return sentence.replace(str(now.run.folder), now.run.folder.name)
