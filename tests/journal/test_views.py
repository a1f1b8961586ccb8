"""Results as whoever watches looks at them, with another run beside the one that is looked at."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from delivery.kit import ACCOUNT, KIND, add_run, body, record

from importer.issues import Issue
from importer.journal.journal import Journal
from importer.journal.rows import Change, Intent
from importer.journal.runs import Run
from importer.journal.states import Event, State
from journal.conftest import Open

EVERY = tuple(State)


@pytest.fixture
def journal(open_one: Open) -> Iterator[Journal]:
    """One without runs."""
    with open_one() as journal:
        yield journal


@pytest.fixture
def run(journal: Journal, memory: Path) -> Run:
    """Six rows, of which three have an outcome, and two wrong rows; a run of another account with all of it is before.

    Row 2 is created with Id 71 at 10 s, row 3 rejected at 20 s, row 4 created with Id 72 at 30 s, row 5 in doubt.
    """
    for account in ("another account", ACCOUNT):
        run = add_run(journal, memory, account=account)
        target = journal.runs.target(account, KIND.name)
        wrong = [
            Issue("cell-empty", 8, "A8", "ResourceId", "ResourceId", "", "1"),
            Issue("date-past", 8, "D8", "Expires", "SubscriptionExpireDate", "2020", ""),
            Issue("not-a-whole-number", 9, "A9", "ResourceId", "ResourceId", "50 % of it", "1"),
            Issue("date-past", 3, "D3", "Expires", "SubscriptionExpireDate", "2021", ""),
            Issue("column-unused", None, None, "Note", None, "", ""),
        ]
        records = [record(n, **({"Name": "100 %_sure"} if n == 5 else {})) for n in range(2, 8)]
        if account != ACCOUNT:
            wrong.append(Issue("cell-empty", 20, "A20", "ResourceId", "ResourceId", "", "1"))
        run = journal.rows.plan(run, [(records, wrong, 8)], target, 1.0)
        first, second, third, fourth, *_ = sent(journal, run, 4)
        base = 100 * (account == ACCOUNT)
        journal.rows.move([Change(first, Event.ACCEPTED, base + 71)], base + 10.0)
        journal.rows.move([Change(second, Event.REFUSED, message="No such coworker.")], base + 20.0)
        journal.rows.move([Change(third, Event.ACCEPTED, base + 72)], base + 30.0)
        assert fourth.state is State.IN_DOUBT
    return run


def sent(journal: Journal, run: Run, number: int) -> list[Intent]:
    """The first rows of a run in doubt."""
    journal.rows.will_send(run, ACCOUNT, journal.rows.planned(run, 0, number), (), 5.0)
    return list(journal.rows.all(run, State.IN_DOUBT))


def test_the_first_rejected_rows_are_of_this_run(journal: Journal, run: Run) -> None:
    """In the order of the file, and no more than are asked for."""
    assert [(row.run, row.row) for row in journal.views.first_rejected(run, 9)] == [(run.id, 3)]
    assert journal.views.first_rejected(run, 0) == []


def found(
    journal: Journal, run: Run, text: str = "", *, invalid: bool = True, states: tuple[State, ...] = EVERY
) -> list[int]:
    """The rows that a search finds, all on one page."""
    rows, total = journal.views.search(run, states, invalid=invalid, text=text, limit=99, offset=0)
    assert total == len(rows)
    return rows


@pytest.mark.parametrize(
    ("states", "invalid", "rows"),
    [
        (EVERY, True, [2, 3, 4, 5, 6, 7, 8, 9]),
        (EVERY, False, [2, 3, 4, 5, 6, 7]),
        ((), True, [8, 9]),
        ((State.CREATED,), False, [2, 4]),
        ((State.CREATED, State.IN_DOUBT), False, [2, 4, 5]),
        ((State.REJECTED,), True, [3, 8, 9]),
        ((), False, []),
    ],
)
def test_rows_are_found_by_state(
    journal: Journal, run: Run, states: tuple[State, ...], invalid: bool, rows: list[int]
) -> None:
    """In the order of the file; a row with warnings only is not invalid, and one with two issues is found once."""
    assert found(journal, run, states=states, invalid=invalid) == rows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("room 6", [6]),
        ("ROOM", [2, 3, 4, 6, 7]),
        ("no such", [3]),
        # A number is a row, an Id or a part of what was sent.
        ("171", [2]),
        ("8", [8]),
        ("2005", [5]),
        ("71", []),
        # What means something to the database means itself.
        ("%", [5, 9]),
        ("%_s", [5]),
        ("oom_", []),
        # Longer than any row or Id, and than the database could hold as a number.
        ("9" * 30, []),
        ("²", []),
    ],
)
def test_rows_are_found_by_text_and_number(journal: Journal, run: Run, text: str, rows: list[int]) -> None:
    """In what was sent, what the service said, and what stands in a wrong cell."""
    assert found(journal, run, text) == rows


def test_a_page_of_rows_is_told_with_the_number_of_all(journal: Journal, run: Run) -> None:
    """The pages put together are the rows, none twice."""
    pages = [journal.views.search(run, EVERY, invalid=True, text="", limit=3, offset=at) for at in (0, 3, 6, 9)]
    assert [row for rows, _ in pages for row in rows] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert {total for _, total in pages} == {8}


def test_what_is_told_about_rows_is_of_this_run(journal: Journal, run: Run) -> None:
    """Intents and issues by row, those of a row in the order in which they were found."""
    intents, issues = journal.views.about_rows(run, [2, 3, 8, 99])
    assert {row: (intent.run, intent.state, intent.remote_id) for row, intent in intents.items()} == {
        2: (run.id, State.CREATED, 171),
        3: (run.id, State.REJECTED, None),
    }
    assert intents[2].body == body(2)
    assert {row: [issue.code for issue in each] for row, each in issues.items()} == {
        3: ["date-past"],
        8: ["cell-empty", "date-past"],
    }


def test_rows_are_counted_over_all_runs(journal: Journal, run: Run) -> None:
    """By state; a state without rows is not told."""
    assert run.id == 2
    assert journal.views.rows_by_state() == {
        State.CREATED: 4,
        State.REJECTED: 2,
        State.IN_DOUBT: 2,
        State.PLANNED: 4,
    }
