"""What was seen of the service: written once, and never overwritten by what was seen later."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from delivery.kit import add_run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.journal.evidence import FirstSearch
from importer.journal.journal import Journal
from importer.journal.rows import Change, Intent
from importer.journal.runs import Run
from importer.journal.states import Event
from journal.conftest import Open


@pytest.fixture
def journal(open_one: Open) -> Iterator[Journal]:
    """A journal without runs."""
    with open_one() as journal:
        yield journal


@pytest.fixture
def run(journal: Journal, memory: Path) -> Run:
    """A run of three planned rows."""
    return add_run(journal, memory, planned=3)


def lost(journal: Journal, run: Run, row: int) -> Intent:
    """A row of the run that was sent and has no answer."""
    [intent] = [intent for intent in journal.rows.all(run) if intent.row == row]
    journal.rows.move([Change(intent, Event.WILL_SEND)], 5.0)
    [intent] = [intent for intent in journal.rows.all(run) if intent.row == row]
    return intent


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(first=st.sets(st.integers(0, 2**53)), later=st.sets(st.integers(0, 2**53)))
def test_the_first_list_of_a_run_stands(journal: Journal, memory: Path, first: set[int], later: set[int]) -> None:
    """It comes back as it was, however large its Ids and whatever is listed later; another run has its own."""
    one, other = add_run(journal, memory), add_run(journal, memory)
    journal.evidence.note_listed(one.id, first)
    journal.evidence.note_listed(one.id, later)
    assert journal.evidence.listed_before(one.id) == frozenset(first)
    assert journal.evidence.listed_before(other.id) is None


def test_a_list_after_the_first_call_is_none_before_it(journal: Journal, run: Run) -> None:
    """A record that it shows may be what came of the run's own call."""
    lost(journal, run, 3)
    journal.evidence.note_listed(run.id, [7])
    assert journal.evidence.listed_before(run.id) is None


def test_a_row_is_first_looked_for_once_in_each_attempt(journal: Journal, run: Run) -> None:
    """The window counts from the first look after the call; when the row was sent again, it begins anew."""
    assert not journal.evidence.had_doubts(run.id)
    second, third = lost(journal, run, 2), lost(journal, run, 3)
    assert journal.evidence.first_searches([second], 100.0, 10.0) == {second: FirstSearch(100.0, 10.0)}
    looks = journal.evidence.first_searches([second, third], None, 20.0)
    assert looks == {second: FirstSearch(100.0, 10.0), third: FirstSearch(None, 20.0)}
    journal.rows.move([Change(second, Event.ABSENT)], 30.0)
    again = lost(journal, run, 2)
    assert again.attempts == second.attempts + 1
    assert journal.evidence.first_searches([again], 300.0, 40.0) == {again: FirstSearch(300.0, 40.0)}
    assert journal.evidence.had_doubts(run.id)
