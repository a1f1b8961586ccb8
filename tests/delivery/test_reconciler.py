"""Rows in doubt against a list: found, absent, too young to judge, or a person's; and nothing given out twice."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.kit import ACCOUNT, KIND, add_run, body, record
from importer.delivery.listing import Listing, Remote, to_remote
from importer.delivery.reconciler import CLOCK_MARGIN, MOST_RESENDS, RemoteIndex, Settled, settle, since
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Change, Intent
from importer.journal.runs import Run
from importer.journal.states import Event, State

SENT, WINDOW = 1_800_000_000.0, 900.0
LATER = SENT + WINDOW + 1
US, COLLEAGUE = "ops@example.com", "colleague@example.com"


@pytest.fixture
def journal(memory: Path) -> Iterator[Journal]:
    """One without runs."""
    with open_journal(f"sqlite:///{memory / 'j'}") as journal:
        yield journal


@pytest.fixture
def run(journal: Journal, memory: Path) -> Run:
    """Three rows in doubt since ``SENT``."""
    run = add_run(journal, memory, planned=3)
    journal.rows.will_send(run, ACCOUNT, journal.rows.planned(run, 0, 9), (), SENT)
    return run


def doubtful(journal: Journal, run: Run) -> list[Intent]:
    """The rows in doubt."""
    return list(journal.rows.all(run, State.IN_DOUBT))


def there(
    record_id: int, number: int, *, by: str = US, created: str = "2027-01-15T08:00:01Z", **changes: object
) -> Remote:
    """A record that equals a row but for the changes."""
    fields = json.loads(body(number)) | {"Id": record_id, "CreatedOn": created, "UpdatedBy": by} | changes
    remote = to_remote(fields)
    assert remote is not None
    return remote


def settled(journal: Journal, run: Run, *records: Remote, at: float = LATER, failure: str = "") -> Settled:
    """What becomes of the rows in doubt by this list."""
    listing = Listing(records, failure)
    rows = doubtful(journal, run)
    return settle(rows, listing, journal, run.target or 0, KIND, user=US, asked_at=at, window=WINDOW)


def fates(result: Settled) -> dict[int, tuple[Event, int | None]]:
    """What happened to each row, and the Id it was given."""
    return {change.intent.row: (change.event, change.remote_id) for change in result.changes}


FOUND, ABSENT, UNCLEAR = Event.FOUND, Event.ABSENT, Event.UNCLEAR


@pytest.mark.parametrize(
    ("records", "row_2"),
    [
        # Believed at once, and only with every field equal.
        ([there(7, 2)], (FOUND, 7)),
        ([there(7, 2, SubscriptionExpireDate="2031-01-01T00:00:00")], (FOUND, 7)),
        ([], (ABSENT, None)),
        ([there(7, 5)], (ABSENT, None)),
        # Too many, or a colleague's: a person looks.
        ([there(7, 2), there(8, 2)], (UNCLEAR, None)),
        ([there(7, 2, by=COLLEAGUE)], (UNCLEAR, None)),
        ([there(7, 2, by="")], (FOUND, 7)),
        # It names the same things and may be what the service made of it.
        ([there(7, 2, Name="Cut sho")], (UNCLEAR, None)),
        ([there(7, 2, Name="Other", by=COLLEAGUE)], (ABSENT, None)),
        ([there(7, 2, Name="Other", CreatedOn="2026-12-01T00:00:00Z")], (ABSENT, None)),
        ([there(7, 2, Name="Other", CoworkerId=1)], (ABSENT, None)),
    ],
)
def test_what_a_list_says_of_a_row(
    journal: Journal, run: Run, records: list[Remote], row_2: tuple[Event, int | None]
) -> None:
    """After the window, beside two rows whose records are there."""
    result = settled(journal, run, *records, there(13, 3), there(14, 4))
    assert fates(result) == {2: row_2, 3: (FOUND, 13), 4: (FOUND, 14)}
    assert (result.too_recent, result.failure) == ([], "")
    for change in result.changes:
        assert bool(change.message) is (change.event is UNCLEAR)


def test_absent_is_believed_only_by_a_list_that_was_begun_after_the_window(journal: Journal, run: Run) -> None:
    """To the second; what is there is believed at any time."""
    early = settled(journal, run, there(13, 3), at=SENT + WINDOW - 0.1)
    assert fates(early) == {3: (FOUND, 13)}
    assert [intent.row for intent in early.too_recent] == [2, 4]
    assert fates(settled(journal, run, there(13, 3), at=SENT + WINDOW)) == {
        2: (ABSENT, None),
        3: (FOUND, 13),
        4: (ABSENT, None),
    }


def test_without_a_list_nothing_is_believed(journal: Journal, run: Run) -> None:
    """That a record was not seen says nothing where nobody could look."""
    result = settled(journal, run, there(7, 2), failure="it answered HTTP 404")
    assert (result.changes, result.failure) == ([], "it answered HTTP 404")
    assert [intent.row for intent in result.too_recent] == [2, 3, 4]


def test_a_record_that_another_row_has_is_nobody_elses(journal: Journal, run: Run, memory: Path) -> None:
    """The journal knows whose it is, also of another run."""
    (memory / "b").mkdir()
    other = add_run(journal, memory / "b")
    target = other.target or 0
    other = journal.rows.plan(other, [([record(9)], (), 1)], target, 2.0)
    journal.rows.will_send(other, ACCOUNT, journal.rows.planned(other, 0, 1), (), SENT)
    [intent] = doubtful(journal, other)
    journal.rows.move([Change(intent, Event.ACCEPTED, 7)], SENT)
    assert fates(settled(journal, run, there(7, 2)))[2] == (ABSENT, None)


def test_a_row_that_was_absent_too_often_goes_to_a_person(journal: Journal, run: Run) -> None:
    """Something takes its record each time, and it may be the list."""
    for number in range(MOST_RESENDS + 1):
        result = settled(journal, run, there(13, 3), there(14, 4))
        assert fates(result)[2] == ((UNCLEAR if number == MOST_RESENDS else ABSENT), None)
        journal.rows.move([change for change in result.changes if change.intent.row == 2], LATER)
        journal.rows.will_send(run, ACCOUNT, journal.rows.planned(run, 0, 1), (), SENT)
    assert str(MOST_RESENDS + 1) in (next(i.message for i in journal.rows.all(run, State.REVIEW)) or "")


def test_records_are_listed_from_before_the_first_send() -> None:
    """By a day, for one of the two clocks may have been wrong."""
    rows = [Intent(1, n, b"x" * 16, body(n), State.IN_DOUBT, sent_at=SENT + n) for n in (3, 2, 4)]
    assert since(rows) == SENT + 2 - CLOCK_MARGIN


def test_a_record_that_may_be_a_doubtful_rows_is_given_to_no_other(journal: Journal, memory: Path) -> None:
    """A record that appears while an equal row is in doubt is that row's: the planned one still needs its own."""
    run = add_run(journal, memory, planned=1)
    journal.rows.will_send(run, ACCOUNT, journal.rows.planned(run, 0, 1), (), 1_000.0)
    index = RemoteIndex(Listing((there(7, 2),)), journal, run.target or 0, KIND)
    assert index.claim(body(2)) is None


def test_a_record_of_the_service_is_given_to_one_row(journal: Journal, memory: Path) -> None:
    """The oldest first; a row without one that is left is to be created."""
    run = add_run(journal, memory)
    index = RemoteIndex(Listing((there(7, 2), there(8, 2), there(9, 3))), journal, run.target or 0, KIND)
    assert index
    claimed = [index.claim(body(number)) for number in (2, 2, 2, 3, 4)]
    assert [remote.id if remote else None for remote in claimed] == [7, 8, None, 9, None]
    assert not RemoteIndex(Listing(), journal, run.target or 0, KIND)


NUMBERS, MAKERS = st.integers(2, 3), st.sampled_from([US, COLLEAGUE])


@settings(max_examples=20)
@given(
    rows=st.lists(NUMBERS, min_size=1, max_size=5),
    records=st.lists(st.tuples(NUMBERS, st.sampled_from([US, COLLEAGUE]))),
)
def test_equal_rows_share_their_records_out(memory: Path, rows: list[int], records: list[tuple[int, str]]) -> None:
    """Each row has one fate, each record at most one row; with a colleague's or one too many, none is given out."""
    with open_journal("sqlite://") as journal:
        run = add_run(journal, memory)
        # Equal values under different identities, as with --allow-duplicates.
        planned = [record(row)._replace(body=body(value)) for row, value in enumerate(rows, start=2)]
        run = journal.rows.plan(run, [(planned, (), len(rows))], run.target or 0, 2.0)
        journal.rows.will_send(run, ACCOUNT, journal.rows.planned(run, 0, 9), (), SENT)
        listed = [there(100 + at, number, by=by) for at, (number, by) in enumerate(records)]
        result = fates(settled(journal, run, *listed))
    assert set(result) == set(range(2, 2 + len(rows)))
    ids = [number for event, number in result.values() if event is FOUND]
    assert len(ids) == len(set(ids))
    for value in set(rows):
        mine = [result[row] for row, each in enumerate(rows, start=2) if each == value]
        candidates = [(100 + at, by) for at, (number, by) in enumerate(records) if number == value]
        if len(candidates) > len(mine) or any(by == COLLEAGUE for _, by in candidates):
            assert mine == [(UNCLEAR, None)] * len(mine)
        else:
            paired = [(FOUND, number) for number, _ in candidates]
            assert mine == paired + [(ABSENT, None)] * (len(mine) - len(paired))
