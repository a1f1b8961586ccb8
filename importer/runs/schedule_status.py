"""The scheduled imports as people see them: one added, all of them with what comes next and what came of the last."""

from dataclasses import dataclass
from pathlib import Path

from importer.config.settings import Settings
from importer.errors import FileError, UsageError
from importer.harmless import harmless_line
from importer.journal.announcements import WORKER
from importer.journal.database import PATIENCE
from importer.journal.journal import Journal, open_journal
from importer.journal.runs import Run
from importer.journal.schedules import Occurrence, OccurrenceState, Schedule
from importer.runs.due_dates import dates_due
from importer.runs.due_imports import present_files
from importer.runs.request import ImportRequest
from importer.runs.schedule_terms import ScheduleTerms, terms_of
from importer.runs.source import open_source
from importer.spreadsheet import TABLES
from importer.text import count, moment


@dataclass(frozen=True)
class ScheduleStatus:
    """A schedule at one moment. Times in epoch seconds.

    ``next_due`` is None for a folder, and for one that is paused; ``due_since`` is when a date came that has led to
    nothing yet, None if there is none. ``last`` is what it led to last, with its run if there is one.
    ``has_worker`` tells whether any worker is running.
    """

    schedule: Schedule
    terms: ScheduleTerms
    next_due: float | None
    due_since: float | None
    last: Occurrence | None
    run: Run | None
    has_worker: bool


def add_schedule(request: ImportRequest, terms: ScheduleTerms, now: float) -> tuple[ScheduleStatus, int]:
    """A new schedule for the file or folder of a request, and how many files of the folder were there before.

    Raises:
        UsageError: It is no file, or no folder, or there is such a schedule already.
        FileError: The file is there and cannot be imported like this.
    """
    path, present = request.file.absolute(), dict[str, str]()
    if harmless_line(str(path)) != str(path):
        raise UsageError(f"{path} has characters in its name that cannot be stored.", "Rename it.")
    if terms.weekly is not None:
        _refuse_other_file(path)
        if path.exists():
            open_source(path, request.settings, request.kind, request.read)
    else:
        _refuse_other_folder(path)
        try:
            present = present_files(path, terms.pattern)
        except OSError as error:
            advice = "Check the permissions of the folder and of its files."
            raise FileError(f"{error.filename or path} cannot be read: {error.strerror}.", advice) from error
    with open_journal(request.settings.journal_place) as journal, journal.together():
        now = journal.clock() if journal.clock is not None else now
        for other in journal.schedules.all():
            before = terms_of(other)
            same = (str(path), terms.weekly, terms.pattern, terms.url, terms.profile)
            if (other.path, before.weekly, before.pattern, before.url, before.profile) == same:
                advice = f"To change how it imports, remove it first: importer schedule remove {other.id}"
                raise UsageError(f"Schedule {other.id} does that already.", advice)
        schedule = journal.schedules.add(str(path), terms.document, now, present)
        return _status(journal, schedule, now), len(present)


def schedule_statuses(settings: Settings, now: float, patience: float = PATIENCE) -> list[ScheduleStatus]:
    """Every schedule, in the order of their numbers; ``patience`` as for ``open_journal``."""
    with open_journal(settings.journal_place, patience) as journal:
        now = journal.clock() if journal.clock is not None else now
        return [_status(journal, schedule, now) for schedule in journal.schedules.all()]


def pause_schedule(number: int, settings: Settings, now: float) -> Schedule:
    """Take nothing of a schedule from now on."""
    with open_journal(settings.journal_place) as journal:
        return journal.schedules.pause(number, now)


def resume_schedule(number: int, settings: Settings, now: float) -> ScheduleStatus:
    """Go on with a schedule; dates that passed meanwhile are not made up for."""
    with open_journal(settings.journal_place) as journal:
        now = journal.clock() if journal.clock is not None else now
        before = journal.schedules.get(number)
        # One that was not paused keeps what is due.
        return _status(journal, journal.schedules.resume(number, now) if before.paused is not None else before, now)


def remove_schedule(number: int, settings: Settings, now: float) -> None:
    """Remove a schedule; runs that it has led to stay."""
    with open_journal(settings.journal_place) as journal:
        journal.schedules.remove(number, now)


def next_words(status: ScheduleStatus, now: float) -> str:
    """What comes next of a schedule, as a sentence."""
    one = status.schedule
    if one.paused is not None:
        return f"Paused since {moment(one.paused, now)}."
    if status.due_since is not None:
        since = moment(status.due_since, now)
        return f"Due since {since}: it waits for a worker that can sign in for it, and for its file."
    if status.next_due is not None:
        return f"Next: {moment(status.next_due, now)}."
    if one.looked is None:
        return "No worker has looked into the folder yet."
    return f"A worker looked into the folder last: {moment(one.looked, now)}."


def last_words(status: ScheduleStatus, now: float) -> str:
    """What came of the last date or file of a schedule, as a sentence; empty if there was none."""
    last, run = status.last, status.run
    if last is None:
        return ""
    missed = f" It makes up for {count(last.missed, 'earlier date')} without a worker." if last.missed else ""
    if last.state is OccurrenceState.BEGUN:
        return f"A worker began to read the file: {moment(last.at, now)}.{missed}"
    of, due = f" of {last.file}" if last.file else "", f"due {moment(last.due, now)}"
    if run is None:
        return f"Nothing was imported{of}, {due}. {last.reason or 'The reason has been forgotten.'}{missed}"
    ended = f"finished (exit code {run.exit_code})" if run.finished is not None else "not finished"
    return f"Run {run.id}{of}, {due}: {ended}.{missed}"


def _status(journal: Journal, schedule: Schedule, now: float) -> ScheduleStatus:
    terms = terms_of(schedule)
    is_dated = terms.weekly is not None and schedule.paused is None
    due = dates_due(journal, schedule, terms.weekly, now) if terms.weekly is not None and is_dated else []
    last = next(iter(journal.schedules.occurrences(schedule.id, 1)), None)
    return ScheduleStatus(
        schedule=schedule,
        terms=terms,
        next_due=terms.weekly.next_after(now) if terms.weekly is not None and is_dated else None,
        due_since=terms.weekly.moment(due[-1]) if terms.weekly is not None and due else None,
        last=last,
        run=journal.runs.get(last.run) if last is not None and last.run is not None else None,
        has_worker=any(one.command == WORKER for one in journal.announcements.all()),
    )


def _refuse_other_file(path: Path) -> None:
    if path.is_dir():
        raise UsageError(
            f"{path} is a folder, and --every takes one file.",
            "For each new file in the folder, use --when-a-file-appears instead.",
        )
    if path.suffix.lower() not in TABLES:
        endings = ", ".join(sorted(TABLES))
        raise UsageError(f"{path.name} cannot be scheduled.", f"Its name must end in one of {endings}.")


def _refuse_other_folder(path: Path) -> None:
    if path.is_file():
        raise UsageError(
            f"{path} is a file, and --when-a-file-appears takes a folder.",
            f"Name the folder, {path.parent}, or import this file on some days with --every DAY --at TIME.",
        )
    if not path.is_dir():
        raise UsageError(f"There is no folder {path}.", "Make it first, or check how it is written.")
