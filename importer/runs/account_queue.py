"""The queue for an account: what has to end before a run begins, because only one process sends for an account.

Processes that are started meanwhile wait, in the order in which they were begun. That order is in the journal, and who
waits is a process that lives, or a run that is left to workers; so a page that ends or begins again changes nothing.
Rule: nothing here decides who sends. That does the holder of the account alone, whatever the order says.
"""

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from importer.config.settings import Settings
from importer.journal.announcements import NOT_BEGUN
from importer.journal.journal import Journal, open_journal
from importer.journal.runs import Run
from importer.journal.states import State
from importer.runs.allowances import windows

_QUEUE = "queue"
"""The option of a run with its place: since when it waits, for which account, and how many writes it will take."""

_FOR_WORKERS = "worker"
_DEATHS = "deaths"
_REACHED = "reached"
_COMPLAINT = "complaint"
"""In that place: whether a worker is to take it, how often its process was killed and where, and why it stopped."""

_NEED_THE_ACCOUNT = frozenset({"resume", "undo", "reconcile"})
"""The commands that hold the account while they work, and wait for it."""

_PATIENCE = 0.3
"""Seconds that a page waits for the journal; it looks again soon."""


class Ahead(NamedTuple):
    """What has to end before a run begins: the runs in their order, and when the last of them ends, if that is known.

    ``at_work`` says that the first of them holds the account now; the others wait as well.
    """

    runs: tuple[Run, ...] = ()
    until: float | None = None
    at_work: bool = False


NOTHING_AHEAD = Ahead()


def join_queue(
    number: int,
    settings: Settings,
    now: float,
    *,
    account: str | None = None,
    writes: int = 0,
    for_workers: bool = False,
) -> None:
    """Note that a process is started now for a run, behind whatever works or waits for this account.

    ``account`` is that of a run that has none yet, ``writes`` the calls that it will take. With ``for_workers``, no
    process is started: one of the workers takes it.
    """
    with open_journal(settings.journal_place) as journal:
        join_queue_of(journal, number, now, account=account, writes=writes, for_workers=for_workers)


def join_queue_of(
    journal: Journal,
    number: int,
    now: float,
    *,
    account: str | None = None,
    writes: int = 0,
    for_workers: bool = False,
) -> None:
    """The same in a journal that is open, and in its transaction if there is one."""
    with journal.together():
        run = journal.runs.get(number)
        if for_workers and is_left_to_workers(run):
            # It keeps its place however often it is asked for.
            return
        # Taken out of the queue and put back, it has the account and the plan that it was begun with.
        before = _place(run)
        whose = run.account or account or before.get("account") or ""
        place = {"account": whose, "since": now, "writes": writes or before.get("writes") or 0}
        place |= {_FOR_WORKERS: True} if for_workers else {}
        # Not asked to stop any more, whatever an earlier process was: the page would say that it stops.
        journal.runs.update(run, stop=False, options={**run.options, _QUEUE: place})


def left_to_workers(journal: Journal) -> list[Run]:
    """The runs that wait for a worker, or that one works on, in their order."""
    return sorted(filter(is_left_to_workers, journal.runs.unfinished()), key=_since)


def is_left_to_workers(run: Run) -> bool:
    """Whether a worker is to take this run, or works on it."""
    # A process that ends may write down options that it read before somebody took the run out of the queue.
    return bool(_place(run).get(_FOR_WORKERS)) and run.finished is None and not run.stop


def worker_complaint(run: Run) -> str:
    """Why a worker could not go on with this run; empty if nothing was wrong."""
    return str(_place(run).get(_COMPLAINT) or "")


def leave_queue(journal: Journal, run: Run, complaint: str = "") -> Run:
    """No worker takes this run any more, until it is begun again."""
    return _change(journal, run, {_FOR_WORKERS: False, _COMPLAINT: complaint})


def note_death(journal: Journal, run: Run) -> int:
    """How often the process of a run has been killed without having got any further, this time included."""
    states, _ = journal.tally.of(run.id)
    place, reached = _place(run), [states.get(State.PLANNED, 0), run.planned is not None]
    deaths = (int(str(place.get(_DEATHS) or 0)) if place.get(_REACHED) == reached else 0) + 1
    _change(journal, run, {_DEATHS: deaths, _REACHED: reached})
    return deaths


def _change(journal: Journal, run: Run, values: Mapping[str, object]) -> Run:
    with journal.together():
        run = journal.runs.get(run.id)
        return journal.runs.update(run, options={**run.options, _QUEUE: {**_place(run), **values}})


def account_of(run: Run) -> str:
    """Whom a run sends for, as far as that is known before it signs in; empty if it is not."""
    return run.account or str(_place(run).get("account") or "")


def ahead_of(journal: Journal, run: Run, settings: Settings, now: float) -> Ahead:
    """What a run waits for that is about to be worked on."""
    account = account_of(run)
    return _ahead(journal, account, settings, now, _since(run) if _place(run) else (now, run.id))


def ahead_of_run(number: int, settings: Settings, now: float) -> Ahead:
    """The same for a page, of a run by its number."""
    with open_journal(settings.journal_place, _PATIENCE) as journal:
        return ahead_of(journal, journal.runs.get(number), settings, now)


def ahead_of_new(account: str, settings: Settings, now: float) -> Ahead:
    """What an import for an account would wait for if it were begun now."""
    with open_journal(settings.journal_place, _PATIENCE) as journal:
        return _ahead(journal, account, settings, now, (now, 0))


def _place(run: Run) -> Mapping[str, object]:
    place = run.options.get(_QUEUE)
    return place if isinstance(place, Mapping) else {}


def _ahead(journal: Journal, account: str, settings: Settings, now: float, before: tuple[float, int]) -> Ahead:
    holder = journal.senders.holder(account) if account else None
    # A run is announced by the page that starts its process, so that it has its place before that process is up.
    numbers = {one.run for one in journal.announcements.all() if one.command in _NEED_THE_ACCOUNT}
    numbers |= {one.id for one in left_to_workers(journal)}
    numbers -= {NOT_BEGUN, before[1]}
    waiting = [run for run in map(journal.runs.get, sorted(numbers)) if _waits_before(run, account, before)]
    waiting.sort(key=_since)
    at_work = holder is not None and (holder.machine, holder.pid) != ("", os.getpid())
    first = [journal.runs.get(holder.run)] if holder is not None and at_work else []
    runs = (*first, *(run for run in waiting if run.id not in {one.id for one in first}))
    return Ahead(runs, _until(journal, account, runs, settings, now), at_work)


def _waits_before(run: Run, account: str, before: tuple[float, int]) -> bool:
    place = _place(run)
    return bool(place) and (run.account or place.get("account")) == account and _since(run) < before


def _since(run: Run) -> tuple[float, int]:
    since = _place(run).get("since")
    return float(since) if isinstance(since, int | float) else 0.0, run.id


def _until(journal: Journal, account: str, runs: Sequence[Run], settings: Settings, now: float) -> float | None:
    """When runs will have ended, by the allowance alone; None if there is none, or nothing to reckon with."""
    limits = windows(settings)
    planned = [journal.tally.of(run.id)[0].get(State.PLANNED, 0) for run in runs]
    # What one takes that is not planned yet, its plan has said.
    calls = sum(left or _writes(run) for run, left in zip(runs, planned, strict=True))
    return now + journal.calls.seconds_for(account, calls, limits, now) if limits and calls else None


def _writes(run: Run) -> int:
    writes = _place(run).get("writes")
    return writes if isinstance(writes, int) and run.planned is None else 0
