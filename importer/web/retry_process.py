"""A retry started from a page: the new run's number is known only once its process has made it."""

import time

from importer.config.settings import Settings
from importer.errors import UsageError
from importer.journal.journal import open_journal
from importer.journal.states import State
from importer.runs.request import Choices
from importer.runs.status import run_status
from importer.runs.turn import ahead_of_new
from importer.text import printable
from importer.web.context import AppContext

_PATIENCE = 30.0
_MOMENT = 5.0
_LOOK_EVERY = 0.2


def retry(app: AppContext, number: int, settings: Settings, by: str) -> int:
    """The number of the run that sends the failed rows again; the one under way, if there is one.

    Raises:
        UsageError: The process ended without a new run; its own words say why.
    """
    with app.workers.locked(number):
        if (child := _child(settings, number, 0)) is not None:
            return child
        _refuse_while_busy(app, number, settings)
        newest = _newest(settings)
        worker = app.workers.start("retry", number, settings, "--yes", _whether_to_update(settings, number))
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            if (child := _child(settings, number, newest, finished=True)) is not None:
                _note_who(settings, child, by)
                return child
            if not worker.alive:
                break
            time.sleep(_LOOK_EVERY)
    raise UsageError(worker.complaint or "The new run has not started yet.", "Look in the history in a moment.")


def _refuse_while_busy(app: AppContext, number: int, settings: Settings) -> None:
    """Wait a moment for a run that only writes its report.

    Raises:
        UsageError: Another run of the account is in progress.
    """
    account = run_status(number, settings, app.clock()).account or ""
    until = time.monotonic() + _MOMENT
    while (ahead := ahead_of_new(account, settings, app.clock())).runs:
        if time.monotonic() >= until:
            first = ahead.runs[0]
            raise UsageError(
                f"Run {first.id} ({printable(first.file, 60)}) is in progress for the same account.",
                "Send the rows again when it has ended.",
            )
        time.sleep(_LOOK_EVERY)


def _whether_to_update(settings: Settings, parent: int) -> str:
    """The flag by which a retry updates records only if the person who started the run chose so.

    It is always given: no setting of the command line decides for a page, where nobody has read it. And rows that were
    held are compared on a plan page first; nobody has agreed to what they would change by now.
    """
    with open_journal(settings.journal_url) as journal:
        run = journal.runs.get(parent)
        agreed = run.options_as(Choices).update and not journal.rows.counts(run).get(State.HELD)
    return "--update" if agreed else "--no-update"


def _child(settings: Settings, parent: int, newer_than: int, *, finished: bool = False) -> int | None:
    with open_journal(settings.journal_url) as journal:
        children = (run for run in journal.runs.latest(50) if run.parent == parent and run.id > newer_than)
        return next((run.id for run in children if finished or run.finished is None), None)


def _newest(settings: Settings) -> int:
    with open_journal(settings.journal_url) as journal:
        return max((run.id for run in journal.runs.latest(1)), default=0)


def _note_who(settings: Settings, number: int, by: str) -> None:
    with open_journal(settings.journal_url) as journal:
        run = journal.runs.get(number)
        journal.runs.update(run, options={**run.options, "by": by})
