"""The dates of scheduled imports: which have come, and which comes next.

Rule: this module loads nothing that reads spreadsheets, for `importer status` must answer at once.
"""

from datetime import date
from typing import NamedTuple, cast

from importer.config.settings import Settings
from importer.config.store import from_json
from importer.errors import JournalError
from importer.journal.journal import Journal, open_journal
from importer.journal.schedules import OccurrenceState, Schedule
from importer.runs.recurrence import Weekly, is_zone


class NextDue(NamedTuple):
    """A schedule whose date comes next or, if it ``is_due``, has come; ``at`` is when, in epoch seconds."""

    schedule: Schedule
    at: float
    is_due: bool


def weekly_of(schedule: Schedule) -> Weekly | None:
    """The days and the time of a schedule; None for a folder.

    Raises:
        JournalError: They are damaged, or this machine does not know their time zone.
    """
    value = schedule.terms.get("weekly")
    try:
        weekly = None if value is None else cast("Weekly", from_json(Weekly, value))
    except (ValueError, TypeError) as error:
        raise damaged(schedule) from error
    if weekly is not None and not is_zone(weekly.zone):
        raise JournalError(
            f'Schedule {schedule.id} goes by the time zone "{weekly.zone}", which this machine does not know.',
            "Update the time zones of the system, or install the package tzdata.",
        )
    return weekly


def damaged(schedule: Schedule) -> JournalError:
    """The error that a schedule cannot be read: with defaults in its place, other records could be created."""
    advice = f"Remove it, then add it again: importer schedule remove {schedule.id}"
    return JournalError(f"Schedule {schedule.id} in the journal is damaged.", advice)


def dates_due(journal: Journal, schedule: Schedule, weekly: Weekly, now: float) -> list[date]:
    """The dates that have come and led to nothing yet; of several, the last one makes up for all."""
    ended = [one for one in journal.schedules.occurrences(schedule.id) if one.state is not OccurrenceState.BEGUN]
    # Not those of the future: a clock that was a year ahead for a while must not put the schedule to rest for a year.
    since = max([schedule.since, *(one.due for one in ended if one.due <= now)])
    names = {one.name for one in ended}
    return [day for day in weekly.due(since, now) if day.isoformat() not in names]


def next_due(settings: Settings, now: float) -> NextDue | None:
    """The schedule that comes next; None if there is none with a date that is not paused."""
    with open_journal(settings.journal_place) as journal:
        now = journal.clock() if journal.clock is not None else now
        coming = [_next(journal, one, now) for one in journal.schedules.all() if one.paused is None]
    return min(filter(None, coming), key=lambda one: one.at, default=None)


def _next(journal: Journal, schedule: Schedule, now: float) -> NextDue | None:
    weekly = weekly_of(schedule)
    if weekly is None:
        return None
    if dates := dates_due(journal, schedule, weekly, now):
        return NextDue(schedule, weekly.moment(dates[-1]), is_due=True)
    return NextDue(schedule, weekly.next_after(now), is_due=False)
