"""Starts the process of a command about a run, once however often a page asks, in its place in the queue."""

from importer.config.settings import Settings
from importer.runs.account_queue import join_queue
from importer.runs.log import LogLine
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
