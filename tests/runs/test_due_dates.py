"""Which date of which schedule comes next, as `importer status` says it."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from importer.config.settings import Settings
from importer.errors import JournalError
from importer.journal.journal import Journal
from importer.journal.schedules import Occurrence, OccurrenceState
from importer.runs.due_dates import dates_due, next_due, weekly_of
from importer.runs.recurrence import Weekly

FRIDAY = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp()
DAY = 86_400.0


def terms(*days: int) -> dict[str, object]:
    """Those of a file that is imported on these days at noon."""
    return {"weekly": {"days": list(days), "at": "12:00", "zone": "UTC"}}


def test_the_next_of_all_is_named(journal: Journal, settings: Settings) -> None:
    """Not a folder's, which has no date, nor that of one that is paused."""
    assert next_due(settings, FRIDAY) is None
    journal.schedules.add("/in", {"weekly": None}, FRIDAY, {})
    assert next_due(settings, FRIDAY) is None
    journal.schedules.add("/tuesday.csv", terms(1), FRIDAY, {})
    journal.schedules.add("/monday.csv", terms(0), FRIDAY, {})
    journal.schedules.pause(journal.schedules.add("/saturday.csv", terms(5), FRIDAY, {}).id, FRIDAY)
    coming = next_due(settings, FRIDAY)
    assert coming is not None
    assert (coming.schedule.path, coming.at, coming.is_due) == ("/monday.csv", FRIDAY + 3 * DAY, False)


def test_one_that_has_come_goes_before(journal: Journal, settings: Settings) -> None:
    """Until it has led to something, be it a failure; one that a worker has begun with is due still."""
    schedule = journal.schedules.add("/monday.csv", terms(0), FRIDAY, {})
    now = FRIDAY + 4 * DAY
    coming = next_due(settings, now)
    assert coming is not None
    assert (coming.at, coming.is_due) == (FRIDAY + 3 * DAY, True)
    begun = journal.schedules.begin(
        Occurrence(schedule.id, "2026-11-30", OccurrenceState.BEGUN, FRIDAY + 3 * DAY, now, "one", 0, "monday.csv")
    )
    assert begun is not None
    weekly = Weekly((0,), "12:00", "UTC")
    assert len(dates_due(journal, schedule, weekly, now)) == 1
    journal.schedules.end(begun, OccurrenceState.FAILED, now, reason="It was not there.")
    assert dates_due(journal, schedule, weekly, now) == []


def test_terms_that_are_damaged_are_refused(journal: Journal) -> None:
    """Rather than read with something else in their place."""
    schedule = journal.schedules.add("/monday.csv", {"weekly": {"days": "monday"}}, FRIDAY, {})
    with pytest.raises(JournalError, match="Schedule 1 in the journal is damaged"):
        weekly_of(schedule)


def test_the_status_loads_nothing_that_reads_spreadsheets() -> None:
    """It must answer at once."""
    words = "import sys, importer.runs.due_dates, importer.runs.worker; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0
