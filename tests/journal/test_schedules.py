"""Scheduled imports in the journal: each occurrence is taken by one owner at a time, and ends once."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from importer.errors import JournalError
from importer.journal.journal import Journal, open_journal
from importer.journal.schedules import OWNER_SECONDS, Occurrence, OccurrenceState, Schedule
from journal.conftest import Open

NOW = 1_000.0
WEEKLY = {"weekly": {"days": [0], "at": "07:00", "zone": "Europe/London"}}


def occurrence(schedule: Schedule, name: str = "2026-11-30", at: float = NOW, owner: str = "one") -> Occurrence:
    """One that somebody wants to take."""
    return Occurrence(schedule.id, name, OccurrenceState.BEGUN, at, at, owner, 0, "mappings.csv")


def added(journal: Journal) -> Schedule:
    """A schedule of a file."""
    return journal.schedules.add("/srv/in/mappings.csv", WEEKLY, NOW, {})


def test_a_schedule_is_as_it_was_added(open_one: Open) -> None:
    """By whichever process it is read."""
    with open_one() as journal:
        schedule = added(journal)
    with open_one() as journal:
        assert journal.schedules.all() == [schedule]
        assert (schedule.path, schedule.terms, schedule.since) == ("/srv/in/mappings.csv", WEEKLY, NOW)
        assert journal.schedules.occurrences(schedule.id) == []


def test_one_owner_at_a_time_takes_an_occurrence(open_one: Open) -> None:
    """The next one only when nothing was heard of the first for long; whichever way its clock was put meanwhile."""
    with open_one() as one, open_one() as two:
        schedule = added(one)
        first = one.schedules.begin(occurrence(schedule))
        assert first is not None
        assert first.tries == 1
        late = NOW + OWNER_SECONDS
        assert two.schedules.begin(occurrence(schedule, at=late - 1, owner="two")) is None
        assert two.schedules.begin(occurrence(schedule, at=NOW - OWNER_SECONDS + 1, owner="two")) is None
        second = two.schedules.begin(occurrence(schedule, at=late, owner="two"))
        assert second is not None
        assert second.tries == 2
        assert one.schedules.end(first, OccurrenceState.QUEUED, late, run=7) is False
        one.schedules.give_back(first)
        assert two.schedules.end(second, OccurrenceState.QUEUED, late, run=8) is True
        [ended] = one.schedules.occurrences(schedule.id)
        assert (ended.state, ended.run) == (OccurrenceState.QUEUED, 8)


def test_what_has_ended_is_never_taken_again(open_one: Open) -> None:
    """However long ago; another date or file is."""
    with open_one() as journal:
        schedule = added(journal)
        begun = journal.schedules.begin(occurrence(schedule))
        assert begun is not None
        assert journal.schedules.end(begun, OccurrenceState.FAILED, NOW, reason="It was not there.")
        assert not journal.schedules.end(begun, OccurrenceState.QUEUED, NOW, run=1)
        assert journal.schedules.begin(occurrence(schedule, at=NOW + 10 * OWNER_SECONDS)) is None
        assert journal.schedules.begin(occurrence(schedule, name="2026-12-07")) is not None


def test_what_is_given_back_is_as_if_nobody_had_begun(open_one: Open) -> None:
    """It counts as no try, and the next one need not wait."""
    with open_one() as journal:
        schedule = added(journal)
        begun = journal.schedules.begin(occurrence(schedule))
        assert begun is not None
        journal.schedules.give_back(begun)
        again = journal.schedules.begin(occurrence(schedule, owner="two"))
        assert again is not None
        assert again.tries == 1


def test_nothing_ends_half_when_its_transaction_is_taken_back(open_one: Open) -> None:
    """The run that was added with it is gone, and so is its end."""
    with open_one() as journal:
        schedule = added(journal)
        begun = journal.schedules.begin(occurrence(schedule))
        assert begun is not None

        def end_and_fail() -> None:
            with journal.together():
                journal.schedules.end(begun, OccurrenceState.QUEUED, NOW, run=1)
                raise JournalError("the disk is full")

        with pytest.raises(JournalError):
            end_and_fail()
        assert journal.schedules.is_mine(begun)


def test_files_that_were_there_are_never_taken(open_one: Open) -> None:
    """And they are no result that a person wants to see."""
    with open_one() as journal:
        schedule = journal.schedules.add("/srv/in", {"weekly": None}, NOW, {"hash": "old.csv"})
        assert journal.schedules.begin(occurrence(schedule, name="hash", at=NOW + 10 * OWNER_SECONDS)) is None
        assert journal.schedules.occurrences(schedule.id) == []
        [present] = journal.schedules.occurrences(schedule.id, with_present=True)
        assert (present.file, present.state) == ("old.csv", OccurrenceState.PRESENT)


@pytest.mark.parametrize("what", ["paused", "removed"])
def test_nothing_is_taken_or_ended_of_one_that_is_paused_or_removed(open_one: Open, what: str) -> None:
    """A person said so, whatever a worker has begun with."""
    with open_one() as journal:
        schedule = added(journal)
        begun = journal.schedules.begin(occurrence(schedule))
        assert begun is not None
        if what == "paused":
            assert journal.schedules.pause(schedule.id, NOW).paused == NOW
        else:
            journal.schedules.remove(schedule.id, NOW)
        assert not journal.schedules.end(begun, OccurrenceState.QUEUED, NOW, run=1)
        assert journal.schedules.begin(occurrence(schedule, name="2026-12-07")) is None


def test_of_one_that_is_removed_only_its_number_is_left(tmp_path: Path) -> None:
    """No other one gets it, and no name of a file stays behind."""
    with open_journal(f"sqlite:///{tmp_path / 'j'}") as journal:
        schedule = added(journal)
        journal.schedules.begin(occurrence(schedule))
        journal.schedules.remove(schedule.id, NOW)
        with pytest.raises(JournalError, match="no schedule 1"):
            journal.schedules.get(schedule.id)
        assert added(journal).id == 2
    with closing(sqlite3.connect(tmp_path / "j")) as db:
        assert db.execute("SELECT path FROM schedule WHERE id = 1").fetchall() == [("",)]
        assert db.execute("SELECT count(*) FROM occurrence").fetchone() == (0,)


def test_one_that_is_resumed_counts_from_then(open_one: Open) -> None:
    """Not from when it was added."""
    with open_one() as journal:
        schedule = added(journal)
        journal.schedules.pause(schedule.id, NOW + 1)
        resumed = journal.schedules.resume(schedule.id, NOW + 2)
        assert resumed == replace(schedule, since=NOW + 2)
        journal.schedules.note_look(schedule.id, NOW + 3)
        assert journal.schedules.get(schedule.id).looked == NOW + 3


@pytest.mark.parametrize("verb", ["get", "pause", "resume", "remove", "note_look"])
def test_a_number_that_there_is_not_is_refused(open_one: Open, verb: str) -> None:
    """With where to find the numbers."""
    with open_one() as journal:
        words = (7,) if verb == "get" else (7, NOW)
        with pytest.raises(JournalError, match="There is no schedule 7"):
            getattr(journal.schedules, verb)(*words)


def test_a_journal_of_the_earlier_version_gets_the_tables(tmp_path: Path) -> None:
    """Nothing else of it changes."""
    with open_journal(f"sqlite:///{tmp_path / 'j'}"):
        pass
    with closing(sqlite3.connect(tmp_path / "j")) as db, db:
        for name in ("occurrence", "schedule", "upload_piece", "upload_change", "upload", "document"):
            db.execute(f"DROP TABLE {name}")
        db.execute("UPDATE meta SET value = '9' WHERE key = 'schema_version'")
    with open_journal(f"sqlite:///{tmp_path / 'j'}") as journal:
        assert added(journal).id == 1


def test_reasons_are_forgotten_by_their_age(open_one: Open) -> None:
    """A reason may quote the first row of a file; the state stays, so that nothing is taken again."""
    with open_one() as journal:
        schedule = added(journal)
        for name, at in (("old", NOW), ("new", NOW + 100)):
            begun = journal.schedules.begin(occurrence(schedule, name=name, at=at))
            assert begun is not None
            journal.schedules.end(begun, OccurrenceState.FAILED, at, reason=f"No header: {name}")
        assert journal.forgetting.reasons(NOW + 50) == 1
        journal.forgetting.forget_reasons(NOW + 50)
        assert journal.forgetting.is_to_purge
        assert journal.forgetting.reasons(NOW + 50) == 0
        new, old = journal.schedules.occurrences(schedule.id)
        assert (old.file, old.reason, old.state) == ("", "", OccurrenceState.FAILED)
        assert new.reason == "No header: new"
