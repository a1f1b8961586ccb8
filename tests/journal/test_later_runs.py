"""Rows that a run left undone, as later runs have them."""

from collections.abc import Iterator

import pytest
from delivery.kit import ACCOUNT, KIND, PATH, record

from importer.journal.journal import Journal
from importer.journal.later_runs import SentAgain
from importer.journal.rows import Change
from importer.journal.runs import NewRun, Run
from importer.journal.states import Event, State
from importer.reporting.sentences import sent_again_words
from journal.conftest import Open

WAYS = {
    State.PLANNED: (),
    State.REJECTED: (Event.WILL_SEND, Event.REFUSED),
    State.HELD: (Event.DIFFERS,),
    State.EXISTING: (Event.KNOWN,),
    State.CREATED: (Event.WILL_SEND, Event.ACCEPTED),
    State.REMOVING: (Event.WILL_SEND, Event.ACCEPTED, Event.WILL_REMOVE),
    State.REMOVED: (Event.WILL_SEND, Event.ACCEPTED, Event.WILL_REMOVE, Event.GONE),
    State.REVIEW: (Event.WILL_SEND, Event.UNCLEAR),
    State.UPDATED: (Event.WILL_UPDATE, Event.APPLIED),
    State.RESTORED: (Event.WILL_UPDATE, Event.APPLIED, Event.WILL_RESTORE, Event.RESTORED),
}
"""How a row comes to each state that it may have after a run."""


@pytest.fixture
def journal(open_one: Open) -> Iterator[Journal]:
    """One without runs."""
    with open_one() as journal:
        yield journal


def run_of(journal: Journal, *states: State, values: bytes = b"", parent: int | None = None) -> Run:
    """A run whose rows, from row 2 on, are in these states; equal ``values`` are those of every such run."""
    copy = "/nowhere/copy"
    new = NewRun(KIND.name, "http://127.0.0.1", PATH, "rows.csv", "0" * 64, copy, {}, 1.0, parent=parent)
    run = journal.runs.update(journal.runs.add(new), account=ACCOUNT)
    records = [record(number) for number in range(2, 2 + len(states))]
    records = [one._replace(identity=(values + one.identity)[:16]) for one in records]
    target = journal.runs.target(ACCOUNT, KIND.name)
    run = journal.rows.plan(run, [(records, (), len(records))], target, 2.0)
    for row, state in enumerate(states, start=2):
        for event in WAYS[state]:
            intent = journal.rows.get(run.id, row)
            assert intent is not None
            journal.rows.move([Change(intent, event, 100 * run.id + row, before="{}")], 3.0)
    return journal.runs.update(run, finished=4.0)


@pytest.mark.parametrize("became", WAYS)
@pytest.mark.parametrize("left", [State.REJECTED, State.PLANNED, State.HELD])
def test_a_row_was_sent_again_if_a_later_run_has_its_record(journal: Journal, left: State, became: State) -> None:
    """Not if it was undone, nor while anything is open; of a row that was found, only a retry knows that it is its."""
    run = run_of(journal, left)
    later = run_of(journal, became)
    done = became in (State.CREATED, State.UPDATED)
    assert journal.later_runs.sent_again(run.id) == ((SentAgain(later.id, left, became, 1),) if done else ())
    assert journal.later_runs.sent_again(later.id) == ()


def test_a_retry_that_finds_the_record_has_sent_the_row_again(journal: Journal) -> None:
    """Somebody has made the record in Nexudus; also a retry of a retry counts."""
    run = run_of(journal, State.REJECTED)
    retry = run_of(journal, State.REJECTED, parent=run.id)
    second = run_of(journal, State.EXISTING, parent=retry.id)
    assert journal.later_runs.sent_again(run.id) == (SentAgain(second.id, State.REJECTED, State.EXISTING, 1),)


@pytest.mark.parametrize(("left", "number"), [(State.REJECTED, 1), (State.HELD, 0)])
def test_a_corrected_row_is_the_same_row(journal: Journal, left: State, number: int) -> None:
    """Its key is the same; but that a record has other values is why a row was held."""
    run = run_of(journal, left)
    run_of(journal, State.CREATED, values=b"corrected")
    assert len(journal.later_runs.sent_again(run.id)) == number


def test_each_row_counts_once_and_for_the_first_run_that_brought_it_in(journal: Journal) -> None:
    """However many runs have it since."""
    run = run_of(journal, State.REJECTED, State.REJECTED, State.CREATED, State.REJECTED)
    run_of(journal, State.REMOVED, State.CREATED)
    run_of(journal, State.CREATED, State.UPDATED)
    rows = journal.later_runs.sent_again(run.id)
    assert rows == (
        SentAgain(2, State.REJECTED, State.CREATED, 1),
        SentAgain(3, State.REJECTED, State.CREATED, 1),
    )
    assert sent_again_words(rows) == "Later in run 2: 1 created; in run 3: 1 created"


def test_rows_of_one_run_are_told_in_one_part() -> None:
    """By what became of them, whatever they were before."""
    rows = [
        SentAgain(2, State.HELD, State.UPDATED, 3),
        SentAgain(2, State.PLANNED, State.CREATED, 1_000),
        SentAgain(2, State.REJECTED, State.CREATED, 200),
        SentAgain(2, State.REJECTED, State.EXISTING, 1),
    ]
    assert sent_again_words(rows) == "Later in run 2: 3 updated, 1,200 created, 1 already in Nexudus"
    assert sent_again_words([]) == ""


@pytest.mark.parametrize("became", [State.CREATED, State.UPDATED])
def test_the_signature_changes_with_the_rows_of_later_runs(journal: Journal, became: State) -> None:
    """Of the run itself nothing is in it."""
    run = run_of(journal, State.REJECTED)
    assert journal.later_runs.signature(run.id) == ()
    later = run_of(journal, State.PLANNED)
    signatures = [journal.later_runs.signature(run.id)]
    for event in WAYS[became]:
        intent = journal.rows.get(later.id, 2)
        assert intent is not None
        journal.rows.move([Change(intent, event, 7, before="{}")], 5.0)
        signatures.append(journal.later_runs.signature(run.id))
    assert len(set(signatures)) == len(signatures)
