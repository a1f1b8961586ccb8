"""How an installation stands in figures, for a monitor: read from the journal, so that all its processes are in them.

Rule: nothing of a row, a file or a person is in them, but the name of an account.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from importer.config.settings import Settings
from importer.journal.announcements import WORKER
from importer.journal.journal import Journal, open_journal
from importer.journal.windows import Window
from importer.runs.account_queue import account_of, is_left_to_workers
from importer.runs.allowances import windows

_PATIENCE = 2.0
_SHORTEST = 1.0
"""Seconds; shorter windows are over before anybody has read how full they are."""


class RunState(StrEnum):
    """How a run stands, in one word."""

    FINISHED = "finished"
    SENDING = "sending"
    QUEUED = "queued"
    UNFINISHED = "unfinished"


class AllowanceUse(NamedTuple):
    """How many calls of an account a window of the allowance holds now."""

    account: str
    window: Window
    used: int

    @property
    def left(self) -> int:
        """How many more may be made now."""
        return max(self.window.calls - self.used, 0)


@dataclass(frozen=True)
class Figures:
    """The figures of a moment. Accounts by their keys; ``pauses`` are seconds for which one may not call.

    ``holders`` counts how often a process has begun to send for an account, where machines share the database.
    """

    rows: Mapping[tuple[str, str], int]
    runs: Mapping[tuple[str, RunState], int]
    allowances: Sequence[AllowanceUse]
    pauses: Mapping[str, float]
    holders: Mapping[str, int]
    workers: int


def read_figures(settings: Settings, now: float) -> Figures:
    """The figures of now, by the limits of these settings.

    Raises:
        JournalError: The journal cannot be read.
    """
    with open_journal(settings.journal_place, _PATIENCE) as journal:
        now = journal.clock() if journal.clock is not None else now
        rows, announced = journal.totals.rows(), journal.announcements.all()
        runs = _runs(journal, {one.run for one in announced})
        accounts = sorted({account for account, _ in (*rows, *runs)} - {""})
        limits = [window for window in windows(settings) if window.seconds >= _SHORTEST]
        return Figures(
            rows,
            runs,
            [AllowanceUse(one, limit, journal.calls.used(one, limit, now)[0]) for one in accounts for limit in limits],
            {one: max(journal.calls.held_until(one) - now, 0.0) for one in accounts},
            journal.totals.holders(),
            sum(one.command == WORKER for one in announced),
        )


def _runs(journal: Journal, announced: set[int]) -> Mapping[tuple[str, RunState], int]:
    counts = Counter({(account, RunState.FINISHED): runs for account, runs in journal.totals.finished().items()})
    sending = {one.run for one in journal.senders.holders()}
    for run in journal.runs.unfinished():
        is_queued = run.id in announced or is_left_to_workers(run)
        state = RunState.QUEUED if is_queued else RunState.UNFINISHED
        counts[account_of(run), RunState.SENDING if run.id in sending else state] += 1
    return counts
