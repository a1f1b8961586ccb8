"""A run as somebody watches it: how far, how fast, what it waits for, until when, and whether anybody works on it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from importer.config.settings import Settings
from importer.issues import Issue, Severity
from importer.journal.journal import Journal, open_journal
from importer.journal.lock import holder
from importer.journal.rows import Intent
from importer.journal.runs import Run
from importer.journal.states import STATUS, State
from importer.journal.windows import DAY
from importer.model import Outcome, Status
from importer.reporting.sentences import row_message
from importer.runs.session import windows

_PATIENCE = 0.3
"""Seconds to wait for the journal; whoever watches looks again soon."""

_SPEED_SECONDS = 60.0
_CHART_PARTS = 60
_FIRST_FAILURES = 10
_SHORT_WAIT = 2.0
"""Seconds; shorter waits are the ordinary pace, and telling of each would make the page flicker."""


@dataclass(frozen=True)
class Following:
    """A run at one moment. Times in epoch seconds; ``to_send`` are the rows without an error.

    ``removed`` counts the rows that were deleted again, which are "not sent" by their status, and ``removing`` those
    whose delete is on its way. ``waiting`` says why nothing moves, and ``until`` when it goes on; ``alive`` is when a
    row was last settled.
    """

    run: Run
    account: str | None
    counts: dict[Status, int]
    removed: int
    removing: int
    to_send: int
    settled: int
    failed: int
    per_minute: float
    quota: int | None
    quota_left: int | None
    working: bool
    alive: float | None
    waiting: str
    until: float
    seconds_left: float | None

    @property
    def rows(self) -> int:
        """The rows of the run; each has exactly one status."""
        return sum(self.counts.values())

    @property
    def unsent(self) -> int:
        """The rows that were never sent."""
        return self.counts[Status.NOT_SENT] - self.removed

    @property
    def to_retry(self) -> int:
        """The rows that a retry sends."""
        return self.counts[Status.REJECTED] + self.unsent

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.run.finished is not None


@dataclass(frozen=True)
class ResultRow:
    """One row of a run for people: what became of it, and what was sent or stood in its wrong cells."""

    outcome: Outcome
    values: dict[str, Any]
    removed: bool = False


def follow(number: int, settings: Settings, now: float) -> Following:
    """How a run stands at this moment."""
    with open_journal(settings.journal_url, _PATIENCE) as journal:
        return _followed(journal, journal.runs.get(number), settings, now)


def follow_all(text: str, limit: int, offset: int, settings: Settings, now: float) -> tuple[list[Following], int]:
    """How some runs stand, newest first, and how many there are."""
    with open_journal(settings.journal_url, _PATIENCE) as journal:
        runs, total = journal.runs.page(text, limit, offset)
        return [_followed(journal, run, settings, now) for run in runs], total


def same_content(sha256: str, settings: Settings, now: float) -> list[Following]:
    """The runs of a file with this content, newest first."""
    with open_journal(settings.journal_url, _PATIENCE) as journal:
        return [_followed(journal, run, settings, now) for run in journal.runs.of_content(sha256)]


def _followed(journal: Journal, run: Run, settings: Settings, now: float) -> Following:
    states = journal.rows.counts(run)
    counts = dict.fromkeys(Status, 0)
    for state, number in states.items():
        counts[STATUS[state]] += number
    counts[Status.INVALID] = journal.rows.invalid(run)
    waiting_rows = states.get(State.PLANNED, 0)
    to_send = sum(states.values())
    key = journal.runs.account(run)
    recent, alive = journal.views.settled(run, now - _SPEED_SECONDS) if run.finished is None else (0, None)
    limits = windows(settings)
    daily = next((window for window in limits if window.seconds >= DAY), None)
    used, frees_in = journal.calls.used(key, daily, now) if key and daily else (0, 0.0)
    working = run.finished is None and _is_working(journal, run, key, settings)
    waiting, until = _waiting(journal, key, now, daily.calls - used if daily else 1, frees_in)
    left = journal.calls.seconds_for(key or "", waiting_rows, limits, now) if limits else None
    span = min(_SPEED_SECONDS, max(now - (run.planned or now), 1.0))
    return Following(
        run,
        key,
        counts,
        states.get(State.REMOVED, 0),
        states.get(State.REMOVING, 0),
        to_send,
        to_send - waiting_rows,
        counts[Status.REJECTED],
        recent * 60 / span,
        daily.calls if daily else None,
        max(daily.calls - used, 0) if daily else None,
        working,
        alive,
        waiting if working else "",
        until,
        left,
    )


def _waiting(journal: Journal, key: str | None, now: float, left: int, frees_in: float) -> tuple[str, float]:
    if left <= 0:
        return "the daily quota", now + frees_in
    held = journal.calls.held_until(key) if key else 0.0
    return ("the service, which asked us to slow down", held) if held - now > _SHORT_WAIT else ("", 0.0)


def _is_working(journal: Journal, run: Run, key: str | None, settings: Settings) -> bool:
    folder = journal.path.parent if journal.path else settings.home
    found = holder(folder / "locks", key) if key else None
    return found is not None and found.run == run.id


def timeline(number: int, settings: Settings) -> list[tuple[float, int, int]]:
    """How many rows were settled, and how many of them rejected, over the time of a run."""
    with open_journal(settings.journal_url, _PATIENCE) as journal:
        return journal.views.timeline(journal.runs.get(number), _CHART_PARTS)


def first_failures(number: int, settings: Settings) -> list[ResultRow]:
    """The first rows that the service rejected."""
    return find_rows(number, Status.REJECTED, "", _FIRST_FAILURES, 0, settings)[0]


def find_rows(
    number: int,
    status: Status | None,
    text: str,
    limit: int,
    offset: int,
    settings: Settings,
    advice: Callable[[Issue], str] = attrgetter("fix"),
    *,
    removed: bool = False,
) -> tuple[list[ResultRow], int]:
    """Some rows of a run in the order of the file and how many there are: of one status, with this text.

    ``removed`` asks for those that were deleted again, which are found under no status. ``advice`` says what to do
    about an issue, in the words of whoever shows it.
    """
    states = [state for state in State if status is None or (STATUS[state] is status and state is not State.REMOVED)]
    states = [State.REMOVED] if removed else states
    with open_journal(settings.journal_url, _PATIENCE) as journal:
        run = journal.runs.get(number)
        invalid = status in (None, Status.INVALID) and not removed
        rows, total = journal.views.search(run, states, invalid=invalid, text=text, limit=limit, offset=offset)
        intents, issues = journal.views.about_rows(run, rows)
        return [_result(run, row, intents.get(row), issues.get(row, ()), advice) for row in rows], total


def _result(
    run: Run, row: int, intent: Intent | None, issues: Sequence[Issue], advice: Callable[[Issue], str]
) -> ResultRow:
    message = row_message(run, intent, issues, advice)
    if intent is None:
        values: dict[str, Any] = {
            issue.field or "": issue.value for issue in issues if issue.severity is Severity.ERROR
        }
        return ResultRow(Outcome(row, Status.INVALID, None, message), values)
    outcome = Outcome(row, STATUS[intent.state], intent.remote_id, message)
    return ResultRow(outcome, json.loads(intent.body), intent.state is State.REMOVED)
