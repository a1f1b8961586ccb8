"""Starts the process of a command about a run, once however often a page asks, in its place in the queue."""

from importer.config.settings import Settings
from importer.journal.journal import open_journal
from importer.journal.states import State
from importer.runs.account_queue import join_queue
from importer.runs.log import LogLine
from importer.runs.observer import NullObserver
from importer.runs.request import Choices, RunRequest
from importer.runs.retry import queue_retry
from importer.runs.status import announce_process, run_status
from importer.web.context import AppContext

WAITING = frozenset({"resume", "undo", "reconcile"})
"""The commands that need the account to themselves: they wait until everything that was begun before has ended."""


def start_once(
    app: AppContext,
    command: str,
    number: int,
    settings: Settings,
    *flags: str,
    account: str | None = None,
    writes: int = 0,
) -> None:
    """Start a command about a run, unless a process does this, or sends the run, already.

    ``account`` is that of a run that has none yet, ``writes`` the calls that it will take.
    """
    with app.workers.locked(number):
        worker = app.workers.find(command, number)
        if (worker is not None and worker.alive) or run_status(number, settings, app.clock()).working:
            return
        for_workers = command == "resume" and app.settings.workers
        join_queue(number, settings, app.clock(), account=account, writes=writes, for_workers=for_workers)
        if for_workers:
            app.log(LogLine("run queued", run=number, account=account))
            return
        waits = ["--wait"] if command in WAITING else []
        started = app.workers.start(command, number, settings, *flags, *waits)
        announce_process(number, settings, command, started.pid)
        details: dict[str, int | str | bool] = {"process": started.pid, "command": command}
        app.log(LogLine("process started", run=number, account=account, details=details))


def retry(app: AppContext, number: int, settings: Settings, by: str) -> int:
    """The number of the run that sends the failed rows again; the one under way or queued, if there is one.

    It is a run of its own from the start, which waits for its turn as an import does.

    Raises:
        UsageError: There is nothing to send again.
    """
    with app.workers.locked(number):
        choices = Choices(update=_may_update(settings, number))
        run = queue_retry(RunRequest(number, settings, NullObserver(), app.clock, choices), by)
    parent = run_status(number, settings, app.clock())
    if run.stopped is None:
        start_once(app, "resume", run.id, settings, account=parent.account, writes=parent.to_retry)
    return run.id


def _may_update(settings: Settings, parent: int) -> bool:
    """Whether a retry updates records: only if the person who started the run chose so.

    Rows that were held are compared on a plan page first; nobody has agreed to what they would change by now.
    """
    with open_journal(settings.journal_place) as journal:
        run = journal.runs.get(parent)
        return run.options_as(Choices).update and not journal.rows.counts(run).get(State.HELD)
