"""A retry started from a page: a run of its own from the start, which waits for its turn as an import does."""

from importer.config.settings import Settings
from importer.journal.journal import open_journal
from importer.journal.states import State
from importer.runs.observer import NullObserver
from importer.runs.request import Choices, RunRequest
from importer.runs.retry import queue_retry
from importer.runs.status import run_status
from importer.web.context import AppContext
from importer.web.run_start import start_once


def retry(app: AppContext, number: int, settings: Settings, by: str) -> int:
    """The number of the run that sends the failed rows again; the one under way or queued, if there is one.

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
