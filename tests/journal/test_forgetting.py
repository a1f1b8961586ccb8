"""Values removed from a journal are nowhere in it, whichever of its modes it is in; what is left keeps its promises."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from delivery.kit import KIND, add_run, record

from importer.errors import JournalBusyError
from importer.issues import Issue
from importer.journal import sqlite_file
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Change
from importer.journal.runs import Run
from importer.journal.states import Event, State
from journal.conftest import Open

CANARY = "Canary Cattermole"
ROWS = 2_000


@pytest.fixture
def journal(open_one: Open) -> Iterator[Journal]:
    """One without runs."""
    with open_one() as journal:
        yield journal


def filled(journal: Journal, folder: Path, rows: int = 4) -> Run:
    """A run with a created row, a rejected one, and others that are still planned; and with an issue."""
    run = add_run(journal, folder, planned=0)
    target = journal.runs.target("host", KIND.name)
    records = [record(n, Name=f"{CANARY} {n}") for n in range(2, 2 + rows)]
    issue = Issue("not-a-number", 99, "A99", "Room", "ResourceId", CANARY, CANARY)
    run = journal.rows.plan(run, [(records, [issue], rows + 1)], target, 1.0)
    planned = journal.rows.planned(run, 0, 2)
    journal.rows.move([Change(intent, Event.WILL_SEND) for intent in planned], 2.0)
    created, rejected = (intent.sent() for intent in planned)
    journal.rows.move(
        [
            Change(created, Event.ACCEPTED, remote_id=77, message=CANARY),
            Change(rejected, Event.REFUSED, message=CANARY),
        ],
        3.0,
    )
    return journal.runs.update(run, finished=4.0, options={"read": {"cells": {"A2": CANARY}, "zone": "UTC"}})


def forget(journal: Journal, run: Run) -> None:
    """All of a run."""
    journal.forgetting.begin(run, 9.0)
    journal.forgetting.forget_rows(run, prints)


def prints(values: Mapping[str, object]) -> Mapping[str, object]:
    """Fingerprints that nobody has to understand here."""
    return dict.fromkeys(values, "x")


def texts(journal: Journal) -> str:
    """Every text of the tables."""
    with journal._db.read() as db:
        tables = ("intent", "issue", "run")
        return str([tuple(row) for table in tables for row in db.exec_driver_sql(f"SELECT * FROM {table}")])


def test_what_is_left_is_counted_and_claimed_as_before(journal: Journal, tmp_path: Path) -> None:
    """States, Ids, hashes, counts and invalid rows are the same; no value is left in any column."""
    run = filled(journal, tmp_path)
    before = {i.row: (i.state, i.remote_id, i.identity, i.key, i.attempts) for i in journal.rows.all(run)}
    counts, claims = journal.tally.of(run.id), journal.rows.claims(run.target or 0, [before[2][3]])
    forget(journal, run)
    after = {i.row: (i.state, i.remote_id, i.identity, i.key, i.attempts) for i in journal.rows.all(run)}
    assert after == before
    assert (journal.tally.of(run.id), journal.rows.invalid(run)) == (counts, 1)
    assert journal.rows.claims(run.target or 0, [before[2][3]]) == claims
    assert CANARY not in texts(journal)
    [created] = journal.rows.all(run, State.CREATED)
    assert created.is_forgotten
    assert set(created.values.values()) == {True, "x"}
    [rejected] = journal.rows.all(run, State.REJECTED)
    assert rejected.values == created.values
    assert all(len(i.values) == 1 for i in journal.rows.all(run, State.PLANNED))
    forgotten = journal.runs.get(run.id)
    assert (forgotten.forgotten, forgotten.options["read"]) == (9.0, {"zone": "UTC"})


def test_what_was_cut_off_between_two_batches_goes_on(journal: Journal, tmp_path: Path) -> None:
    """Rows that are forgotten already keep the fingerprints that they have."""
    run = filled(journal, tmp_path)
    forget(journal, run)
    bodies = [intent.body for intent in journal.rows.all(run)]
    journal.forgetting.forget_rows(run, lambda _: {"Name": "other"})
    assert [intent.body for intent in journal.rows.all(run)] == bodies


def test_to_forget_twice_changes_nothing(journal: Journal, tmp_path: Path) -> None:
    """A journal has to be rewritten only once."""
    run = filled(journal, tmp_path)
    forget(journal, run)
    assert journal.forgetting.is_to_purge
    journal.forgetting.purge()
    assert not journal.forgetting.is_to_purge
    journal.forgetting.purge()
    assert journal.runs.get(run.id).forgotten == 9.0


@pytest.mark.parametrize("wal", [True, False])
def test_no_file_of_the_journal_has_what_was_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wal: bool
) -> None:
    """Neither the database nor its log, also while it is open, and with other runs in it."""
    monkeypatch.setattr(sqlite_file, "safe_for_wal", lambda _: wal)
    with open_journal(f"sqlite:///{tmp_path / 'j'}") as journal:
        run, other = filled(journal, tmp_path, ROWS), add_run(journal, tmp_path, planned=500)
        assert (tmp_path / "j-wal").exists() is wal
        forget(journal, run)
        journal.forgetting.purge()
        left = [path.name for path in tmp_path.iterdir() if path.is_file() and CANARY.encode() in path.read_bytes()]
        assert left == []
        assert len(list(journal.rows.all(other))) == 500
        assert journal.fault() == ""


def test_a_reader_keeps_the_log_from_being_emptied_and_the_next_call_does_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, and remembered."""
    monkeypatch.setattr(sqlite_file, "safe_for_wal", lambda _: True)
    with open_journal(f"sqlite:///{tmp_path / 'j'}", patience=0.1) as journal:
        forget(journal, filled(journal, tmp_path))
        with closing(sqlite3.connect(tmp_path / "j", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM intent").fetchone()
            with pytest.raises(JournalBusyError):
                journal.forgetting.purge()
        assert journal.forgetting.is_to_purge
        journal.forgetting.purge()
        assert not journal.forgetting.is_to_purge
