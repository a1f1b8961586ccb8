"""Sums over all runs are what their parts add up to."""

from pathlib import Path

from delivery.kit import ACCOUNT, add_run

from journal.conftest import Open


def test_the_rows_of_all_runs_of_an_account_are_added_up(open_one: Open, memory: Path) -> None:
    """By their state; what is in no state counts for nothing."""
    with open_one() as journal:
        assert (journal.totals.rows(), journal.totals.finished()) == ({}, {})
        first, second = (add_run(journal, memory, planned=number) for number in (2, 3))
        assert journal.totals.rows() == {(ACCOUNT, "planned"): 5}
        journal.runs.update(first, finished=1.0)
        assert journal.totals.finished() == {ACCOUNT: 1}
        journal.runs.update(second, finished=2.0)
        assert journal.totals.finished() == {ACCOUNT: 2}


def test_each_process_that_holds_an_account_is_counted(open_one: Open) -> None:
    """On a server; in a file nobody can take over from another machine."""
    with open_one() as journal:
        for _ in range(3):
            with journal.senders.hold("one"):
                pass
        with journal.senders.hold("two"):
            assert journal.totals.holders() == ({} if journal.path else {"one": 3, "two": 1})
