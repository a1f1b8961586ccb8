"""What a worker does for scheduled imports: it looks what is due, and queues a run for each date and file, once.

1. A date is due once its moment has come. Of several that passed without a worker, the last makes up for all.
2. Its file must be there, readable, and whole. It is waited for; a machine that cannot read it leaves it to others.
3. The occurrence is taken in the journal, so that no other worker reads the same file meanwhile.
4. It ends in one transaction with the run that it leads to, or with the reason why there is none. A worker that is
   killed before that has done nothing, and the next one takes the occurrence when it has not been heard of for long.

Rule: a file of which something is wrong is told and left. It is tried again only when it has changed, or at the next
date.
"""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from importer.config.settings import Settings, SettingsOf
from importer.errors import ImporterError, JournalError
from importer.harmless import harmless_line
from importer.journal.journal import Journal
from importer.journal.schedules import Occurrence, OccurrenceState, Schedule
from importer.runs.copies import sha256_of
from importer.runs.due_dates import dates_due
from importer.runs.log import Level, Log, LogLine
from importer.runs.observer import NullObserver
from importer.runs.page_run import queue_scheduled_run
from importer.runs.request import ImportRequest
from importer.runs.schedule_terms import ScheduleTerms, terms_of
from importer.runs.whole_files import Stamp, WholeFiles, files_in, stamp_of
from importer.spreadsheet import PACKED
from importer.text import count, printable
from schemas import RECORD_TYPES

WAIT_SECONDS = 3_600.0
"""How long the file of a date is waited for, and how long for its end while somebody writes it."""

_OTHERS_SECONDS = 120.0
"""How long a worker that cannot read a file leaves it to those of other machines, which may just be starting."""

_MOST_TRIES = 3
"""A file at which so many workers ended is not read again by itself: it may be what ends them."""

_AT_ONCE = 5
"""Files of a folder that are taken before the worker looks after its runs again."""

_LOOK_NOTED_EVERY = 60.0
_LONGEST_REASON = 400


@dataclass(frozen=True, slots=True)
class _Schedule:
    """A schedule that this worker can sign in for."""

    row: Schedule
    terms: ScheduleTerms
    settings: Settings


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look at a file has led to: whether it will be whole in some seconds, or was read now."""

    is_awaited: bool = False
    was_taken: bool = False


class DueImports:
    """The scheduled imports as one worker sees them."""

    def __init__(self, settings_of: SettingsOf, log: Log) -> None:
        """Nothing is looked at yet."""
        self._settings_of, self._log = settings_of, log
        self._whole = WholeFiles()
        self._owner = secrets.token_hex(8)
        self._waiting: dict[tuple[int, str], float] = {}
        self._dealt_with: dict[tuple[int, Path], Stamp] = {}
        self._messages: set[tuple[int, str]] = set()

    def look(self, journal: Journal, now: float) -> bool:
        """Queue what is due now; whether a file will be whole in some seconds, or there are more of them.

        Raises:
            JournalError: The journal cannot be read or written; nothing is lost.
        """
        active = [schedule for schedule in journal.schedules.all() if schedule.paused is None]
        awaited = [self._see_to(journal, schedule, now) for schedule in active]
        return any(awaited)

    def _see_to(self, journal: Journal, row: Schedule, now: float) -> bool:
        try:
            terms = terms_of(row)
        except JournalError as error:
            # Of this schedule alone; all others go on.
            self._tell_once(row, "schedule left to others", f"is left to others. {error.message}")
            return False
        settings = self._settings_of(terms.profile)
        if settings is None or not terms.fit(settings) or (terms.kind or "") not in {"", *RECORD_TYPES}:
            self._tell_once(row, "schedule left to others", "waits for a worker that can sign in for it")
            return False
        schedule = _Schedule(row, terms, settings)
        return self._date(journal, schedule, now) if terms.weekly is not None else self._folder(journal, schedule, now)

    def _date(self, journal: Journal, schedule: _Schedule, now: float) -> bool:
        weekly, file = schedule.terms.weekly, Path(schedule.row.path)
        dates = dates_due(journal, schedule.row, weekly, now) if weekly is not None else []
        if weekly is None or not dates:
            return False
        due = weekly.moment(dates[-1])
        occurrence = self._occurrence(schedule, dates[-1].isoformat(), file, due, now, missed=len(dates) - 1)
        since = self._waiting.setdefault((occurrence.schedule, occurrence.name), now)
        try:
            is_whole = self._whole.is_whole(file, now)
            sha256 = sha256_of(file) if is_whole else ""
        except OSError as error:
            patience = 0.0 if journal.clock is None else _OTHERS_SECONDS
            if now >= max(due + WAIT_SECONDS, since + patience):
                self._fail(journal, occurrence, _unreadable(file, error))
            else:
                self._tell_once(schedule.row, "schedule waits", f"waits for its file. {_unreadable(file, error)}")
            return False
        if is_whole:
            return self._take(journal, schedule, occurrence, file, sha256)
        if now >= max(due, since) + WAIT_SECONDS:
            self._fail(journal, occurrence, f"{file.name} is empty, or somebody was still writing it.")
        return self._whole.is_about_to_be(file)

    def _folder(self, journal: Journal, schedule: _Schedule, now: float) -> bool:
        folder, number = Path(schedule.row.path), schedule.row.id
        try:
            files = sorted(files_in(folder, schedule.terms.pattern))
        except OSError as error:
            self._tell_once(schedule.row, "schedule waits", f"waits for its folder. {_unreadable(folder, error)}")
            return False
        if schedule.row.looked is None or abs(now - schedule.row.looked) >= _LOOK_NOTED_EVERY:
            journal.schedules.note_look(number, now)
        self._whole.forget_others(folder, set(files))
        self._dealt_with = {
            key: stamp for key, stamp in self._dealt_with.items() if key[0] != number or key[1] in files
        }
        is_awaited, taken = False, 0
        for file in files:
            if taken == _AT_ONCE:
                return True
            try:
                look = self._file(journal, schedule, file, now)
            except FileNotFoundError:
                continue
            taken, is_awaited = taken + look.was_taken, is_awaited or look.is_awaited
        return is_awaited

    def _file(self, journal: Journal, schedule: _Schedule, file: Path, now: float) -> _Look:
        """Look at a file of a folder, and take it if it is new and whole.

        Raises:
            FileNotFoundError: It has gone meanwhile.
        """
        number = schedule.row.id
        stamp = stamp_of(file)
        if self._dealt_with.get((number, file)) == stamp:
            return _Look()
        if not self._whole.is_whole(file, now):
            return _Look(is_awaited=self._whole.is_about_to_be(file))
        try:
            sha256 = sha256_of(file)
        except FileNotFoundError:
            raise
        except OSError as error:
            self._cannot_read(journal, schedule, file, error, now)
            return _Look()
        name = occurrence_name(file.name, sha256)
        look = _Look()
        if not _has_ended(journal, number, name):
            occurrence = self._occurrence(schedule, name, file, now, now)
            look = _Look(is_awaited=self._take(journal, schedule, occurrence, file, sha256), was_taken=True)
        # Not while another worker reads it: it may be killed.
        if _has_ended(journal, number, name):
            self._dealt_with[number, file] = stamp
        return look

    def _cannot_read(self, journal: Journal, schedule: _Schedule, file: Path, error: OSError, now: float) -> None:
        """A file of a folder that this machine may not read: others have some time, then it is said, once."""
        name = occurrence_name(file.name, f"{error.errno}")
        since = self._waiting.setdefault((schedule.row.id, name), now)
        if now >= since + _OTHERS_SECONDS and not _has_ended(journal, schedule.row.id, name):
            self._fail(journal, self._occurrence(schedule, name, file, now, now), _unreadable(file, error))

    def _occurrence(
        self, schedule: _Schedule, name: str, file: Path, due: float, now: float, missed: int = 0
    ) -> Occurrence:
        # No database takes every name that a folder may have.
        begun, file_name = OccurrenceState.BEGUN, harmless_line(file.name)
        return Occurrence(schedule.row.id, name, begun, due, now, self._owner, 0, file_name, missed=missed)

    def _take(self, journal: Journal, schedule: _Schedule, occurrence: Occurrence, file: Path, sha256: str) -> bool:
        """Queue a run for an occurrence; whether that has to be tried again, because somebody was writing the file."""
        begun = journal.schedules.begin(occurrence)
        if begun is None:
            return False
        if begun.tries > _MOST_TRIES:
            self._end(journal, begun, f"The worker ended unexpectedly {_MOST_TRIES} times while it read {file.name}.")
            return False
        if file.suffix.lower() in PACKED:
            self._end(journal, begun, f"{file.name} is packed, and a schedule takes files that are not. Unpack it.")
            return False
        terms, now = schedule.terms, occurrence.at
        kind = RECORD_TYPES[terms.kind] if terms.kind else None
        request = ImportRequest(
            file, schedule.settings, NullObserver(), lambda: now, kind, terms.read, terms.choices, sha256=sha256
        )
        try:
            run = queue_scheduled_run(journal, request, begun, now)
        except JournalError:
            raise
        except ImporterError as error:
            self._end(journal, begun, error.message)
            return False
        except OSError as error:
            journal.schedules.give_back(begun)
            if error.filename is not None and Path(error.filename) == file:
                # It has just gone, or may not be read any more; the next look says so.
                return False
            # A full disk: nothing is known of the file, and the worker says what it waits for.
            raise
        if run is None:
            journal.schedules.give_back(begun)
            return True
        missed = f" It makes up for {count(begun.missed, 'earlier date')} without a worker." if begun.missed else ""
        text = f"Schedule {begun.schedule}: run {run.id} is queued ({printable(begun.file, 80)}).{missed}"
        details = {"schedule": begun.schedule, "missed": begun.missed}
        self._log(LogLine("schedule queued", Level.INFO, run.id, run.account, details, text))
        return False

    def _fail(self, journal: Journal, occurrence: Occurrence, reason: str) -> None:
        begun = journal.schedules.begin(occurrence)
        if begun is not None:
            self._end(journal, begun, reason)

    def _end(self, journal: Journal, begun: Occurrence, reason: str) -> None:
        reason = printable(reason, _LONGEST_REASON)
        if journal.schedules.end(begun, OccurrenceState.FAILED, begun.at, reason=reason):
            text = f"Schedule {begun.schedule} imported nothing. {reason}"
            details = {"schedule": begun.schedule, "missed": begun.missed}
            self._log(LogLine("schedule failed", Level.WARNING, details=details, sentence=text))

    def _tell_once(self, schedule: Schedule, event: str, what: str) -> None:
        if (key := (schedule.id, what)) not in self._messages:
            self._messages.add(key)
            text = f"Schedule {schedule.id} {printable(what.rstrip('.'), _LONGEST_REASON)}."
            self._log(LogLine(event, Level.WARNING, details={"schedule": schedule.id}, sentence=text))


def _has_ended(journal: Journal, number: int, name: str) -> bool:
    one = journal.schedules.occurrence(number, name)
    return one is not None and one.state is not OccurrenceState.BEGUN


def occurrence_name(file: str, content: str) -> str:
    """By what a file of a folder is known: its name and its content, as a hash that tells neither."""
    return hashlib.sha256(f"{file}\0{content}".encode("utf-8", "surrogatepass")).hexdigest()


def present_files(folder: Path, pattern: str | None) -> dict[str, str]:
    """The files of a folder by the names of their occurrences.

    Raises:
        OSError: The folder, or one of them, cannot be read.
    """
    files = files_in(folder, pattern)
    return {occurrence_name(file.name, sha256_of(file)): harmless_line(file.name) for file in files}


def _unreadable(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"{path.name} is not there."
    return f"{path.name} cannot be read: {error.strerror}."
