"""A retry from a page: it leads to the run that waits for its turn, or says why there is none."""

import time
from pathlib import Path

import pytest

from importer.config.settings import Settings
from importer.errors import UsageError
from importer.journal.journal import open_journal
from importer.journal.runs import NewRun, Run
from importer.web.auth import SessionStore
from importer.web.context import AppContext
from importer.web.drafts import Drafts
from importer.web.run_start import retry
from importer.web.workers import Workers


@pytest.fixture
def app(settings: Settings) -> AppContext:
    """The pages of an installation, without a server."""
    clock, home = time.time, settings.home
    drafts, workers = Drafts(home / "uploads", clock), Workers(home / "workers", clock)
    return AppContext(settings, 0, False, drafts, workers, SessionStore(clock), clock)


def add(settings: Settings, *, parent: int | None = None) -> Run:
    """A run in the journal that was never sent."""
    with open_journal(settings.journal_place) as journal:
        kind, copy = "CoworkerMsOfficeCalendar", str(Path("copy"))
        return journal.runs.add(NewRun(kind, settings.url, "x", "rows.csv", "0" * 64, copy, {}, 1.0, parent=parent))


def test_a_retry_under_way_is_the_one_that_is_meant(app: AppContext, settings: Settings) -> None:
    """A second press of the button leads to the same run, and starts no process."""
    first = add(settings)
    again = add(settings, parent=first.id)
    with open_journal(settings.journal_place) as journal:
        journal.runs.update(again, stopped=2.0)
    assert retry(app, first.id, settings, "maria") == again.id
    assert app.workers.find("resume", again.id) is None


def test_a_run_without_failed_rows_has_none_to_send_again(app: AppContext, settings: Settings) -> None:
    """Whoever asks is told so; a retry that has ended is not taken for the new one, and nothing is queued."""
    first = add(settings)
    old = add(settings, parent=first.id)
    with open_journal(settings.journal_place) as journal:
        journal.runs.update(old, finished=2.0)
        journal.runs.update(first, finished=2.0)
    with pytest.raises(UsageError, match="has no rejected or unsent rows"):
        retry(app, first.id, settings, "maria")
    with open_journal(settings.journal_place) as journal:
        assert len(journal.runs.latest(5)) == 2
