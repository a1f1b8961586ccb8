"""The statements of every turn, on a journal of two accounts and two runs: whose rows they touch, and how fast."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from delivery.kit import ACCOUNT, KIND, add_run, record

from importer.journal import statements as sql
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Change
from importer.journal.states import Event, State


@pytest.fixture
def journal(memory: Path) -> Iterator[Journal]:
    """One without runs."""
    with open_journal(f"sqlite:///{memory / 'j'}") as journal:
        yield journal


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (sql.claims(3), (1, b"a", b"b", b"c")),
        (sql.known_ids(3), (1, 7, 8, 9) * 2),
        (sql.RUN_THAT_MADE, (1, 7)),
        (sql.allowance((True, False)), ("a", "a", "a", "a", "a", 59, "a", 119)),
        (sql.REDATE_CALLS, {"account": "a", "now": 1.0}),
        (sql.REDATE_PAUSE, {"key": "a", "ahead": 1.0, "latest": 2.0}),
        (sql.STOP, (1,)),
        (
            sql.MOVE,
            dict.fromkeys(
                ("in_run", "in_row", "from_state", "from_attempts", "to_state", "more_attempts", "more_resends"), 1
            ),
        ),
        (sql.DROP_CALL, {"account": "a", "left": 1.0}),
        (sql.SET_ARRIVED, {"account": "a", "left": 1.0, "arrived": 2.0}),
    ],
)
def test_no_turn_of_the_sender_reads_a_whole_table(journal: Journal, memory: Path, statement: str, values: Any) -> None:
    """At a million rows, a statement that finds no index of its own would take most of a second for every call."""
    if isinstance(values, dict):
        names = ("sent_at", "settled_at", "remote_id", "before", "updated_on", "field", "message", "seal")
        values |= dict.fromkeys(f"new_{name}" for name in names)
    assert journal.path is not None
    with closing(sqlite3.connect(memory / "j")) as database:
        steps = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    tables = [step for step in steps if step.startswith(("SCAN", "SEARCH"))]
    assert tables
    assert not [step for step in tables if step.startswith("SCAN") and "CONSTANT ROW" not in step], steps


def test_claims_are_those_of_the_service_in_every_run(journal: Journal, memory: Path) -> None:
    """Rows that have or may have a record, of every run on the service, and none of another service's."""
    one, two = (add_run(journal, memory, planned=6) for _ in range(2))
    other = add_run(journal, memory, planned=6, account="another")
    for run, account in ((one, ACCOUNT), (other, "another")):
        journal.rows.will_send(run, account, journal.rows.planned(run, 0, 5), (), 5.0)
    rows = {intent.row: intent for intent in journal.rows.all(one, State.IN_DOUBT)}
    changes = [
        Change(rows[2], Event.ACCEPTED, 72),
        Change(rows[3], Event.REFUSED),
        Change(rows[4], Event.UNCLEAR),
        Change(rows[5], Event.ACCEPTED, 75),
    ]
    journal.rows.move(changes, 6.0)
    [created] = [intent for intent in journal.rows.all(one, State.CREATED) if intent.row == 5]
    journal.rows.move([Change(created, Event.WILL_REMOVE, 75)], 7.0)
    target, keys = two.target or 0, [record(number).key for number in range(2, 9)]
    claims = journal.rows.claims(target, keys)
    assert {claim.row: (claim.run, claim.state, claim.remote_id) for claim in claims.values()} == {
        2: (one.id, State.CREATED, 72),
        4: (one.id, State.REVIEW, None),
        5: (one.id, State.REMOVING, 75),
        6: (one.id, State.IN_DOUBT, None),
    }
    assert all(key == record(claim.row).key for key, claim in claims.items())
    assert journal.rows.known_ids(target, [71, 72, 75]) == {72, 75}
    assert journal.rows.known_ids(other.target or 0, [71, 72, 75]) == set()
    assert [intent.row for intent in journal.rows.claimants(target)] == [2, 4, 5, 6]
    assert [intent.run for intent in journal.rows.in_doubt(target)] == [one.id]
    assert journal.runs.target(ACCOUNT, KIND.name) == target
    assert [intent.row for intent in journal.rows.unlisted(target, {72})] == [5]
    assert journal.rows.claims_on_planned(two) == {(one.id, 2)}
    assert journal.rows.claims_on_planned(other) == frozenset()


@pytest.mark.parametrize("number", [1, 500, 501, 1_201])
def test_more_questions_than_fit_into_one_statement_are_all_answered(
    journal: Journal, memory: Path, number: int
) -> None:
    """They are asked in pieces, and nothing falls between two of them."""
    run = add_run(journal, memory, planned=number)
    journal.rows.will_send(run, ACCOUNT, journal.rows.planned(run, 0, number), (), 5.0)
    changes = [Change(intent, Event.ACCEPTED, 1_000 + intent.row) for intent in journal.rows.all(run)]
    journal.rows.move(changes, 6.0)
    rows = range(2, 2 + number)
    assert len(journal.rows.claims(run.target or 0, [record(row).key for row in rows])) == number
    assert journal.rows.known_ids(run.target or 0, range(1_000, 1_005 + number)) == {1_000 + row for row in rows}


def test_one_of_two_equal_writes_is_dropped_or_moved(journal: Journal) -> None:
    """Writes that left at the same time are interchangeable, but they are two."""
    with journal._db.write() as db:
        for _ in range(2):
            db.exec_driver_sql(sql.ADD_WRITE, {"account": ACCOUNT, "left": 5.0})
        db.exec_driver_sql(sql.SET_ARRIVED, {"account": ACCOUNT, "left": 5.0, "arrived": 6.0})
        arrived = "SELECT at, arrived FROM call ORDER BY id"
        assert [tuple(row) for row in db.exec_driver_sql(arrived)] == [(5.0, 6.0), (5.0, 5.0)]
        db.exec_driver_sql(sql.DROP_CALL, {"account": ACCOUNT, "left": 5.0})
        assert [tuple(row) for row in db.exec_driver_sql(arrived)] == [(5.0, 6.0)]
        db.exec_driver_sql(sql.DROP_CALL, {"account": "another", "left": 5.0})
        assert db.exec_driver_sql("SELECT count(*) FROM call").scalar() == 1
