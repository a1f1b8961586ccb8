"""What the database itself refuses, should everything above it be mistaken."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from delivery.kit import ACCOUNT, KIND, add_run, record

from importer.journal.journal import open_journal
from importer.journal.states import UNANSWERED, State

HAVING_AN_ID = (State.CREATED, State.REMOVING)


@pytest.fixture
def database(memory: Path) -> Iterator[sqlite3.Connection]:
    """That of a journal with two runs of the same two rows in one account, and one of them in another account."""
    with open_journal(f"sqlite:///{memory / 'j'}") as journal:
        for account in (ACCOUNT, ACCOUNT, "another"):
            add_run(journal, memory, planned=2, account=account)
    with closing(sqlite3.connect(memory / "j", isolation_level=None)) as database:
        yield database


def put(database: sqlite3.Connection, run: int, row: int, state: str, remote_id: int | None = None) -> None:
    """Write a state past everything that would have prevented it."""
    database.execute(
        "UPDATE intent SET state = ?, remote_id = ? WHERE run = ? AND row = ?", (state, remote_id, run, row)
    )


@pytest.mark.parametrize("state", ["", "Created", "sent", "in-doubt"])
def test_a_state_that_is_not_in_the_table_is_refused(database: sqlite3.Connection, state: str) -> None:
    """The constraint is made of the states, so a misspelled one cannot be stored."""
    with pytest.raises(sqlite3.IntegrityError):
        put(database, 1, 2, state)


def test_every_state_can_be_stored(database: sqlite3.Connection) -> None:
    """None was forgotten in the constraint."""
    for state in State:
        put(database, 1, 2, state)
        assert database.execute("SELECT state FROM intent WHERE run = 1 AND row = 2").fetchone() == (state,)


@pytest.mark.parametrize("first", State)
def test_a_key_has_one_unanswered_row_on_a_service(database: sqlite3.Connection, first: State) -> None:
    """Two rows of one key may both wait for an answer only on two services."""
    put(database, 1, 2, first)
    for second in State:
        put(database, 3, 2, second)
        if {first, second} <= UNANSWERED:
            with pytest.raises(sqlite3.IntegrityError):
                put(database, 2, 2, second)
        else:
            put(database, 2, 2, second)


@pytest.mark.parametrize("first", HAVING_AN_ID)
def test_an_id_belongs_to_one_row(database: sqlite3.Connection, first: State) -> None:
    """Of an account; a row that only names another's record, or whose record is gone, is in nobody's way."""
    put(database, 1, 2, first, 7)
    for second in State:
        put(database, 3, 3, second, 7)
        if second in HAVING_AN_ID:
            with pytest.raises(sqlite3.IntegrityError):
                put(database, 1, 3, second, 7)
        else:
            put(database, 1, 3, second, 7)


def test_a_row_is_in_a_run_once(database: sqlite3.Connection) -> None:
    """And keeps its place, whatever is written twice."""
    columns = "run, row, target, identity, key, body, state, seal"
    with pytest.raises(sqlite3.IntegrityError):
        database.execute(f"INSERT INTO intent ({columns}) SELECT {columns} FROM intent WHERE run = 1 AND row = 2")
    assert database.execute("SELECT count(*) FROM intent").fetchone() == (6,)


def test_identities_are_compared_to_the_byte(database: sqlite3.Connection) -> None:
    """A hash of sixteen bytes may hold a zero, which ends no comparison."""
    [(identity,)] = database.execute("SELECT identity FROM intent WHERE run = 1 AND row = 2")
    assert identity == record(2).identity
    assert database.execute("SELECT count(*) FROM intent WHERE identity = ?", (identity,)).fetchone() == (3,)
    assert database.execute("SELECT DISTINCT kind FROM target").fetchall() == [(KIND.name,)]
