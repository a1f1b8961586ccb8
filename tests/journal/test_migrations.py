"""A journal that an earlier importer wrote goes on working: nothing of it is lost, and the new states fit in."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from importer.errors import JournalError
from importer.journal.journal import Journal, open_journal
from importer.journal.migrations import SCHEMA_VERSION
from importer.journal.rows import Change
from importer.journal.states import Event, State

FIRST = Path(__file__).with_name("journal_of_version_1.sql")
"""Written by the importer of version 1: a run of five rows; one was created, one refused, one left in doubt."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The journal as a file."""
    path = tmp_path / "journal.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(FIRST.read_text("utf-8"))
    return path


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """The journal, opened by the importer of today."""
    with open_journal(f"sqlite:///{path}") as opened:
        yield opened


def rows_of(path: Path) -> list[tuple[object, ...]]:
    """Every row on its way, as the file has it."""
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT * FROM intent ORDER BY run, row").fetchall()


def test_every_row_is_as_it_was(path: Path) -> None:
    """Seals, Ids and states come over, and the journal says which version it is now."""
    before = rows_of(path)
    with open_journal(f"sqlite:///{path}") as journal:
        states = [intent.state for intent in journal.rows.all(journal.runs.get(1))]
        assert journal.fault() == ""
    assert states == [State.CREATED, State.REJECTED, State.IN_DOUBT, State.PLANNED, State.PLANNED]
    assert rows_of(path) == before
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone() == (str(SCHEMA_VERSION),)


def test_a_row_of_it_can_be_held(journal: Journal) -> None:
    """The constraint of the table knows the state that came later."""
    planned = journal.rows.planned(journal.runs.get(1), 0, 1)
    journal.rows.move([Change(planned[0], Event.DIFFERS, message="There is one.")], 2_000.0)
    assert journal.rows.counts(journal.runs.get(1))[State.HELD] == 1


def test_a_second_claim_is_still_refused(journal: Journal, path: Path) -> None:
    """The indexes that keep a record from existing twice are there again, on the new table."""
    with closing(sqlite3.connect(path)) as db:
        again = "2, row, target, identity, body, state, 1, 0, 1, 1, 78, '', '', seal"
        with pytest.raises(sqlite3.IntegrityError):
            db.execute("INSERT INTO intent SELECT " + again + " FROM intent WHERE row = 2")
        with pytest.raises(sqlite3.IntegrityError):
            db.execute("UPDATE intent SET state = 'lost'")


def test_a_step_that_fails_leaves_the_journal_of_the_earlier_importer(path: Path) -> None:
    """All of it or nothing: a disk that fills up in between loses no row."""
    with closing(sqlite3.connect(path)) as db:
        # In the way of the step, after it has begun.
        db.execute("CREATE TABLE earlier_intent (run)")
    before = rows_of(path)
    with pytest.raises(JournalError):
        open_journal(f"sqlite:///{path}")
    assert rows_of(path) == before
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone() == ("1",)
        names = {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE tbl_name = 'intent'")}
    assert {"one_claim", "one_row_an_id"} <= names
