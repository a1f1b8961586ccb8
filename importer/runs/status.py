"""The status of a run: how far, how fast, what it waits for and until when, who works on it, what to do next.

Read from the journal and the locks beside it, so that looking is quick and needs neither the file nor the service.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

from importer.config.settings import JournalPlace, Settings
from importer.journal.announcements import NOT_BEGUN, WORKER
from importer.journal.journal import Journal, open_journal
from importer.journal.later_runs import LEFT_UNDONE, SentAgain
from importer.journal.next_steps import WORTH_RETRYING, Step, next_steps
from importer.journal.runs import Run
from importer.journal.senders import Holder
from importer.journal.states import STATUS, TAKING_BACK, UNSETTLED, State
from importer.journal.tally import Moment, rate
from importer.journal.windows import Window
from importer.model import Status
from importer.runs.account_queue import (
    NOTHING_AHEAD,
    Ahead,
    ahead_of,
    is_left_to_workers,
    leave_queue,
    worker_complaint,
)
from importer.runs.allowances import daily_window, next_create, windows
from importer.runs.earlier_runs import is_in_use, latest_run, latest_unfinished

_PATIENCE = 0.3
"""Seconds that a page waits for the journal; it looks again soon."""

_SPEED_SECONDS = 60.0

_MANY = 5_000
"""Rows from which on the time left is worked out every ten seconds only: every call of a day is read for it."""

_ETA_HOLDS = 10.0


@dataclass(frozen=True)
class RunStatus:
    """A run at one moment. Times in epoch seconds.

    ``states`` counts the rows as the journal has them, ``invalid`` those that are not in it. ``working`` tells whether
    a process sends the run, ``alive`` when a row was last done, ``waiting`` why nothing moves, and ``until`` when
    it goes on. ``quota`` is None if the day has no limit, ``seconds_left`` if there is no allowance to reckon with.
    ``moments`` are how far it was at which times, also while nothing was sent; ``ahead``
    is what has to end before a process can begin with it, and ``announced`` tells whether one is about to.
    ``sent_again`` are the rows that this run left undone and later runs have brought in.
    """

    run: Run
    account: str | None
    states: Mapping[State, int]
    invalid: int
    per_minute: float
    quota: int | None
    quota_left: int | None
    working: bool
    alive: float | None
    waiting: str
    until: float
    seconds_left: float | None
    moments: Sequence[Moment] = ()
    ahead: Ahead = NOTHING_AHEAD
    announced: bool = False
    sent_again: Sequence[SentAgain] = ()

    @cached_property
    def counts(self) -> dict[Status, int]:
        """The rows of each status; they add up to the rows of the run."""
        counts = dict.fromkeys(Status, 0)
        for state, number in self.states.items():
            counts[STATUS[state]] += number
        counts[Status.INVALID] = self.invalid
        # Before it is planned, a run has no rows.
        counts[Status.LEFT_OUT] = len(self.run.left_out) if self.run.planned is not None else 0
        return counts

    @property
    def rows(self) -> int:
        """The rows of the run; each has exactly one status."""
        return sum(self.counts.values())

    @property
    def to_send(self) -> int:
        """The rows without an error."""
        return sum(self.states.values())

    @property
    def under_way(self) -> int:
        """The rows that are being sent now: their answer is on its way, or will be looked for before the run ends."""
        return sum(self.states.get(state, 0) for state in UNSETTLED) if self.working else 0

    @property
    def done(self) -> int:
        """The rows that have been sent, answered or not, or are not to be; not those that are being sent."""
        return self.to_send - self.states.get(State.PLANNED, 0) - self.under_way

    @property
    def failed(self) -> int:
        """The rows that the service rejected."""
        return self.counts[Status.REJECTED]

    @property
    def removed(self) -> int:
        """The rows whose record was deleted again; by their status they are "not sent"."""
        return self.states.get(State.REMOVED, 0)

    @property
    def restored(self) -> int:
        """The rows whose record was put back as it was; by their status they are "not sent"."""
        return self.states.get(State.RESTORED, 0)

    @property
    def to_delete(self) -> int:
        """The records that an undo would delete: those of the run, also if an earlier undo has begun to."""
        return self.states.get(State.CREATED, 0) + self.states.get(State.REMOVING, 0)

    @property
    def to_put_back(self) -> int:
        """The records that an undo would put back as they were before the run."""
        return self.states.get(State.UPDATED, 0) + self.states.get(State.RESTORING, 0)

    @property
    def taking_back(self) -> int:
        """The rows of which an undo has begun to take back what they did."""
        return sum(self.states.get(state, 0) for state in TAKING_BACK)

    @property
    def unsent(self) -> int:
        """The rows that are not sent, but for those that an undo has taken back."""
        return self.counts[Status.NOT_SENT] - self.removed - self.restored

    @property
    def to_retry(self) -> int:
        """The rows for which a retry is offered."""
        return sum(self.states.get(state, 0) - self.done_later.get(state, 0) for state in WORTH_RETRYING)

    @cached_property
    def done_later(self) -> Mapping[State, int]:
        """How many rows of each state later runs have brought in."""
        numbers: Counter[State] = Counter()
        for one in self.sent_again:
            numbers[one.left] += one.rows
        return numbers

    @property
    def finished(self) -> bool:
        """Whether nothing is left to send, or somebody ended the run for good."""
        return self.run.finished is not None

    @property
    def state(self) -> Literal["finished", "being sent", "queued", "unfinished"]:
        """What is being done with it, in a word."""
        if self.finished:
            return "finished"
        return "being sent" if self.working else "queued" if self.is_queued else "unfinished"

    @property
    def is_queued(self) -> bool:
        """Whether a process waits with it for its turn, or it waits for a worker."""
        return (self.announced and bool(self.ahead.runs)) or self.waits_for_worker

    @property
    def is_left_to_workers(self) -> bool:
        """Whether one of the workers is to take it, or has taken it."""
        return is_left_to_workers(self.run)

    @property
    def waits_for_worker(self) -> bool:
        """Whether one of the workers is to take it, and none has."""
        return self.is_left_to_workers and not self.working and not self.announced

    @property
    def worker_complaint(self) -> str:
        """Why a worker could not go on with it."""
        return worker_complaint(self.run)

    @property
    def resume_at(self) -> float | None:
        """The time before which there is no use in resuming the run; None if there is no such time."""
        idle = not self.working and not self.finished and bool(self.unsent or self.run.planned is None)
        return self.until if idle and self.until else None

    @property
    def steps(self) -> list[Step]:
        """What to do next, most pressing first."""
        return next_steps(self.run, self.states, invalid=self.invalid, working=self.working, sent_again=self.done_later)


class StopRequest(NamedTuple):
    """A run that was asked to stop, whether a process was working on it, and the command that continues that work.

    ``run`` is None for an import that was being prepared, and had not begun. ``waited`` tells whether it waited for a
    worker, which does not take it any more.
    """

    run: Run | None
    working: bool
    command: str = "resume"
    waited: bool = False


def workers(settings: Settings) -> list[Holder]:
    """The workers that wait for runs now, or work on some."""
    with open_journal(settings.journal_place) as journal:
        return [one for one in journal.announcements.all() if one.command == WORKER]


class Overview(NamedTuple):
    """A run, the other runs that are unfinished and idle, newest first, and the newest run if it is not that one."""

    shown: RunStatus
    others: list[Run]
    newer: Run | None


def status_and_others(
    number: int | None, settings: Settings, now: float, fits: Callable[[Run], bool] = lambda _: True
) -> Overview:
    """The status of a run, by default the latest that fits; in that case also what else there is."""
    with open_journal(settings.journal_place) as journal:
        run = latest_run(journal, number, fits)
        others = [other for other in journal.runs.unfinished() if other.id != run.id] if number is None else []
        idle = [other for other in others if not (_is_working(journal, other) or is_left_to_workers(other))]
        newer = [one for one in journal.runs.latest(1) if number is None and one.id != run.id]
        return Overview(_status(journal, run, settings, now), idle, newer[0] if newer else None)


def latest_statuses(limit: int, settings: Settings, now: float) -> list[RunStatus]:
    """The status of the latest runs, newest first."""
    with open_journal(settings.journal_place) as journal:
        return _statuses(journal, journal.runs.latest(limit), settings, now)


def run_status(number: int, settings: Settings, now: float) -> RunStatus:
    """The status of a run, for a page that looks again soon.

    Raises:
        JournalBusyError: Another process is writing very much just now.
    """
    with open_journal(settings.journal_place, _PATIENCE) as journal:
        return _status(journal, journal.runs.get(number), settings, now)


def search_statuses(text: str, limit: int, offset: int, settings: Settings, now: float) -> tuple[list[RunStatus], int]:
    """The status of some runs whose file, user or space has a text, newest first, and how many there are."""
    with open_journal(settings.journal_place, _PATIENCE) as journal:
        runs, total = journal.runs.page(text, limit, offset)
        return _statuses(journal, runs, settings, now), total


def statuses_of_content(sha256: str, settings: Settings, now: float, account: str | None = None) -> list[RunStatus]:
    """The status of the runs of a file with this content, newest first; for a page.

    Only of those for the service and user that the settings name, and for this account if it is known: what was
    imported for others says nothing about what will be created here.
    """
    with open_journal(settings.journal_place, _PATIENCE) as journal:
        runs = [run for run in journal.runs.of_content(sha256) if is_in_use(run, settings)]
        mine = [run for run in runs if None in (account, run.account) or run.account == account]
        return _statuses(journal, mine, settings, now)


def ask_to_stop(
    number: int | None,
    settings: Settings,
    *,
    for_good: bool = False,
    fits: Callable[[Run], bool] = lambda _: True,
) -> list[StopRequest]:
    """Ask the process that sends a run to stop after the rows under way; by default every run that is being sent.

    If none is being sent, the latest unfinished one that fits. With ``for_good`` a run counts as finished then; its
    unsent rows can be retried.
    """
    with open_journal(settings.journal_place) as journal:
        prepared = [one for one in journal.announcements.all() if number in (None, one.run) and one.command != WORKER]
        # By the locks and not by the runs that are unfinished: a finished one may be being undone.
        commands = {one.run: one.command for one in [*prepared, *journal.senders.holders()]}
        not_begun = [StopRequest(None, working=True)] if commands.pop(NOT_BEGUN, None) else []
        numbers = [number] if number is not None else sorted(commands, reverse=True)
        if not numbers and not not_begun:
            numbers = [latest_unfinished(journal, None, fits).id]
        asked_of = [
            StopRequest(
                journal.runs.update(run, stop=True, options={**run.options, "for_good": for_good}),
                run.id in commands,
                commands.get(run.id, "resume"),
                is_left_to_workers(run),
            )
            for run in [journal.runs.get(each) for each in numbers]
        ]
        for request in asked_of:
            # No worker begins with it in the next moment, or goes on when its process has stopped.
            if request.run is not None and request.waited:
                leave_queue(journal, request.run)
        # Last: a process that stops at once must find in the journal whether that is for good.
        for announcement in prepared:
            journal.announcements.ask_to_stop(announcement)
        return not_begun + asked_of


def announce_process(number: int, settings: Settings, command: str, pid: int) -> None:
    """Note that a process was started for a run, so that a stop reaches it before it is up itself."""
    with open_journal(settings.journal_place) as journal:
        journal.announcements.announce(number, command, pid)


def end_run(number: int, settings: Settings, now: float) -> Run:
    """Let a run that no process works on count as finished; its unsent rows can be retried."""
    with open_journal(settings.journal_place) as journal:
        return journal.runs.update(journal.runs.get(number), finished=now)


class _Allowance(NamedTuple):
    """What the day allows an account, what is left of it, and what a create waits for until when."""

    quota: int | None
    left: int | None
    waiting: str
    until: float


def _statuses(journal: Journal, runs: Sequence[Run], settings: Settings, now: float) -> list[RunStatus]:
    """The status of some runs; the calls of an account are counted once for all of its runs."""
    allowances = {key: _allowance(journal, key, settings, now) for key in {run.account for run in runs}}
    return [_status(journal, run, settings, now, allowances[run.account]) for run in runs]


def _allowance(journal: Journal, key: str | None, settings: Settings, now: float) -> _Allowance:
    daily = daily_window(windows(settings))
    used = journal.calls.used(key, daily, now) if key and daily else (0, 0.0)
    left = max(daily.calls - used[0], 0) if daily else None
    return _Allowance(daily.calls if daily else None, left, *next_create(journal, key, settings, now, used))


def _status(
    journal: Journal, run: Run, settings: Settings, now: float, allowance: _Allowance | None = None
) -> RunStatus:
    # As it was counted when the rows moved: counted now, the rows of a large run would take most of a second.
    states, invalid = journal.tally.of(run.id)
    moments, is_open = journal.tally.moments(run.id), run.finished is None
    quota, left, waiting, until = allowance or _allowance(journal, run.account, settings, now)
    working = is_open and _is_working(journal, run)
    limits, planned = windows(settings), states.get(State.PLANNED, 0)
    return RunStatus(
        run=run,
        account=run.account,
        states=states,
        invalid=invalid,
        per_minute=rate(moments, now, _SPEED_SECONDS) * 60 if is_open else 0.0,
        quota=quota,
        quota_left=left,
        working=working,
        alive=moments[-1].at if is_open and len(moments) > 1 else None,
        waiting=waiting if working else "",
        until=until,
        seconds_left=_seconds_left(journal, run.account or "", planned, settings, now) if limits else None,
        moments=moments,
        ahead=ahead_of(journal, run, settings, now) if is_open and not working else NOTHING_AHEAD,
        announced=is_open and not working and _is_announced(journal, run),
        sent_again=() if is_open else _sent_again(journal, run, states, settings),
    )


def _sent_again(journal: Journal, run: Run, states: Mapping[State, int], settings: Settings) -> tuple[SentAgain, ...]:
    """What later runs have brought in of the rows that this one left undone; looked for once whatever has changed."""
    undone = tuple(states.get(state, 0) for state in LEFT_UNDONE)
    signature = journal.later_runs.signature(run.id) if any(undone) else ()
    return _found_later(settings.journal_place, run.id, undone, signature) if signature else ()


@lru_cache(maxsize=256)
def _found_later(
    place: JournalPlace, run: int, _undone: tuple[int, ...], _signature: tuple[tuple[str, int], ...]
) -> tuple[SentAgain, ...]:
    """As far as the journal was when it had this signature: a run may have a hundred thousand rows to look for."""
    with open_journal(place, _PATIENCE) as journal:
        return journal.later_runs.sent_again(run)


def _seconds_left(journal: Journal, account: str, planned: int, settings: Settings, now: float) -> float:
    if planned < _MANY:
        return journal.calls.seconds_for(account, planned, windows(settings), now)
    hundreds, moment = -(-planned // 100), int(now / _ETA_HOLDS)
    return max(_done_at(settings.journal_place, account, hundreds, windows(settings), moment) - now, 0.0)


@lru_cache(maxsize=256)
def _done_at(place: JournalPlace, account: str, hundreds: int, limits: tuple[Window, ...], moment: int) -> float:
    """When so many hundreds of rows will have been sent, as it looked at a moment, counted in tens of seconds."""
    now = moment * _ETA_HOLDS
    with open_journal(place, _PATIENCE) as journal:
        return now + journal.calls.seconds_for(account, hundreds * 100, limits, now)


def _is_announced(journal: Journal, run: Run) -> bool:
    return any(one.run == run.id for one in journal.announcements.all())


def _is_working(journal: Journal, run: Run) -> bool:
    """Whether a process is sending this run now."""
    # By the lock and not by a flag in the journal, which a process that was killed could not take back.
    key = run.account
    holder = journal.senders.holder(key) if key else None
    return holder is not None and holder.run == run.id
