"""Who reads the journal keeps nobody from writing, and a commit that failed leaves nothing behind."""

import sqlite3
import threading
from pathlib import Path

import pytest
from conftest import GIVE_UP
from delivery.kit import add_run

from importer.errors import JournalBusyError
from importer.issues import Issue
from importer.journal.journal import Journal, open_journal


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """One with a run of ten rows and ten issues, that waits only a second for others."""
    return open_journal(f"sqlite:///{tmp_path / 'journal.sqlite3'}", patience=1.0)


def planned(journal: Journal, folder: Path) -> None:
    """A run whose rows have an issue each, as a report reads them side by side."""
    with journal:
        run = add_run(journal, folder, planned=10)
        records, issues = (), [Issue("date-past", row, f"D{row}", "D", "D", "x", "") for row in range(2, 12)]
        journal.rows.plan(run, [(records, issues, 10)], run.target or 1, 3.0)


def test_a_report_under_way_lets_others_write(tmp_path: Path, journal: Journal) -> None:
    """Issues and rows are read beside each other for as long as a report takes; every commit goes through meanwhile."""
    planned(journal, tmp_path)
    run = journal.runs.latest(1)[0]
    read: list[int | None] = []
    begun, done = threading.Event(), threading.Event()

    def report() -> None:
        issues = journal.rows.issues(run)
        read.append(next(issues).row)
        begun.set()
        done.wait(GIVE_UP)
        list(journal.rows.all(run))
        read.extend(issue.row for issue in issues)

    reader = threading.Thread(target=report)
    reader.start()
    begun.wait(GIVE_UP)
    # Whoever reads goes on only afterwards: a commit that had to wait for it would give up after a second.
    for number in range(5):
        journal.runs.update(run, stopped=float(number))
    done.set()
    reader.join()
    assert read == list(range(2, 12))


def test_a_commit_that_failed_leaves_no_transaction_open(tmp_path: Path, journal: Journal) -> None:
    """When another program keeps the file busy for too long, that is said, and the next write is a whole one."""
    planned(journal, tmp_path)
    run = journal.runs.latest(1)[0]
    other = sqlite3.connect(tmp_path / "journal.sqlite3")
    held = other.execute("SELECT row FROM intent UNION ALL SELECT row FROM issue")
    held.fetchone()
    if other.execute("PRAGMA journal_mode").fetchone() == ("wal",):
        pytest.skip("with a write-ahead log nobody who reads can be in the way")
    with pytest.raises(JournalBusyError):
        journal.runs.update(run, stopped=1.0)
    held.close()
    other.close()
    assert journal.runs.update(run, stopped=2.0).stopped == 2.0


@pytest.mark.parametrize("number", [0, 1, 4_999, 5_000, 5_001, 10_007])
def test_issues_come_in_the_order_of_their_rows_however_many(tmp_path: Path, journal: Journal, number: int) -> None:
    """Those of whole columns first, then by row, two of one row in the order in which they were found."""
    with journal:
        run = add_run(journal, tmp_path, planned=1)
        of_columns = [Issue("column-unused", None, None, f"L{n}", None, "", "") for n in range(2)]
        of_rows = [Issue("date-past", 2 + place // 3, "D", str(place), "D", "x", "") for place in range(number)]
        journal.rows.plan(run, [((), [*reversed(of_rows[::2]), *of_columns, *of_rows[1::2]], 1)], run.target or 1, 3.0)
        told = list(journal.rows.issues(run))
    assert [issue.label for issue in told[:2]] == ["L0", "L1"]
    assert len(told) == number + 2
    rows = [issue.row or 0 for issue in told[2:]]
    assert rows == sorted(rows)
