"""What pages show of a run is counted as its rows move, and is at every moment what counting the rows would give."""

import itertools
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from delivery.kit import ACCOUNT, KIND, add_run, record
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.errors import JournalError
from importer.issues import Issue
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Change, Intent
from importer.journal.runs import Run
from importer.journal.states import TRANSITIONS, Event, State
from importer.journal.tally import PARTS, Moment, rate, thinned
from journal.conftest import Open


@pytest.fixture
def journal(open_one: Open) -> Iterator[Journal]:
    """One without runs."""
    with open_one() as journal:
        yield journal


def is_right(journal: Journal) -> None:
    """Every count is what counting gives, and the last moment of a run is that of its last outcome."""
    for run in journal.runs.latest():
        states, invalid = journal.tally.of(run.id)
        assert states == journal.rows.counts(run)
        assert invalid == journal.rows.invalid(run)
        if run.planned is not None:
            last = journal.tally.moments(run.id)[-1]
            closed = {state: number for state, number in states.items() if state not in UNDECIDED}
            assert (last.settled, last.rejected) == (sum(closed.values()), states.get(State.REJECTED, 0))


UNDECIDED = (State.PLANNED, State.IN_DOUBT, State.UPDATING)


class TakenBackError(Exception):
    """What takes a transaction back."""


_MOVES = st.lists(st.tuples(st.integers(2, 7), st.sampled_from(sorted(Event))), max_size=8)
_STEPS = st.lists(st.tuples(_MOVES, st.sampled_from(["kept", "taken back", "killed", "refused"])), max_size=8)


@given(steps=_STEPS)
@settings(max_examples=60)
def test_the_counts_are_those_of_the_rows_whatever_is_taken_back_or_killed(
    memory: Path, steps: list[tuple[list[tuple[int, Event]], str]]
) -> None:
    """After each transaction: one that was kept, one that was taken back, and one whose process died in its midst."""
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        journal = open_journal(f"sqlite:///{folder}/0")
        runs = [add_run(journal, memory, planned=6), add_run(journal, memory, planned=3, account="another")]
        is_right(journal)
        for number, (moves, end) in enumerate(steps, 1):
            copy = Path(folder, str(number))
            with suppress(TakenBackError, JournalError), journal.together():
                moved = _move(journal, runs, moves, 10.0 * number)
                if end == "refused" and moved:
                    # Read before it was moved: the journal refuses it, and with it everything of this transaction.
                    journal.rows.move([moved[0]], 10.0 * number)
                if end == "killed":
                    _copy(Path(folder, str(number - 1)), copy)
                if end == "taken back":
                    raise TakenBackError
            is_right(journal)
            if end != "killed":
                _copy(Path(folder, str(number - 1)), copy)
            journal.__exit__()
            journal = open_journal(f"sqlite:///{copy}")
            is_right(journal)
        journal.__exit__()


def _copy(file: Path, to: Path) -> None:
    """What a process leaves behind that dies in this moment."""
    for each in file.parent.glob(f"{file.name}*"):
        if each.name in (file.name, f"{file.name}-wal", f"{file.name}-journal"):
            shutil.copy(each, to.with_name(each.name.replace(file.name, to.name, 1)))


def _move(journal: Journal, runs: list[Run], moves: list[tuple[int, Event]], now: float) -> list[Change]:
    """Let those of the events happen that can."""
    done = []
    for row, event in moves:
        for run in runs:
            intent = journal.rows.get(run.id, row)
            if intent is not None and event in TRANSITIONS[intent.state]:
                change = Change(intent, event, remote_id=100 * run.id + row, before="{}")
                journal.rows.move([change], now)
                done.append(change)
    return done


def test_rows_that_share_a_record_are_counted_where_they_ended_up(journal: Journal, memory: Path) -> None:
    """One of them goes to a person instead of where its event leads."""
    run = add_run(journal, memory, planned=2)
    rows = sent(journal, run, 2)
    journal.rows.move([Change(row, Event.ACCEPTED, remote_id=7) for row in rows], 9.0)
    assert journal.tally.of(run.id)[0] == {State.CREATED: 1, State.REVIEW: 1}
    is_right(journal)


def test_a_run_that_is_planned_once_more_is_counted_once_more(journal: Journal, memory: Path) -> None:
    """Its earlier rows are gone, and so are their counts and moments; rows with an error count apart."""
    run = add_run(journal, memory, planned=5)
    journal.rows.move([Change(row, Event.ACCEPTED, row.row) for row in sent(journal, run, 2)], 9.0)
    issues = [Issue("cell-empty", 8, "A8"), Issue("cell-empty", 8, "B8"), Issue("date-past", 2, "D2")]
    target = journal.runs.target(ACCOUNT, KIND.name)
    journal.rows.plan(run, [([record(2), record(3)], issues, 3)], target, 20.0)
    assert journal.tally.of(run.id) == ({State.PLANNED: 2}, 1)
    assert journal.tally.moments(run.id) == [Moment(20.0, 0, 0)]
    is_right(journal)


def sent(journal: Journal, run: Run, number: int) -> list[Intent]:
    """The first rows of a run in doubt."""
    journal.rows.will_send(run, ACCOUNT, journal.rows.planned(run, 0, number), (), 5.0)
    return list(journal.rows.all(run, State.IN_DOUBT))


# -- moments ----------------------------------------------------------------------------------------------------------


def test_a_run_without_outcomes_has_only_its_beginning(journal: Journal, memory: Path) -> None:
    """And one that was never planned has no time at all."""
    assert journal.tally.moments(99) == []
    assert journal.tally.moments(add_run(journal, memory, planned=2).id) == [Moment(2.0, 0, 0)]


@given(seconds=st.lists(st.integers(2, 600), min_size=1, max_size=12))
@settings(max_examples=40)
def test_a_time_line_shows_no_row_before_it_was_settled(memory: Path, seconds: list[int]) -> None:
    """At each moment as many rows as were settled by then; none is more than one part late; the last one shows all."""
    with tempfile.TemporaryDirectory(dir=memory) as folder, open_journal(f"sqlite:///{folder}/j") as journal:
        run = add_run(journal, memory, planned=len(seconds))
        for intent, second in zip(sent(journal, run, len(seconds)), sorted(seconds), strict=True):
            journal.rows.move([Change(intent, Event.ACCEPTED, intent.row)], float(second))
        moments = journal.tally.moments(run.id)
    for at, settled, _ in moments:
        assert settled <= sum(second <= at for second in seconds)
    for second in seconds:
        shown = min(moment.at for moment in moments if moment.at >= second)
        assert shown - second <= max(1.0, shown / PARTS)
    assert moments[-1] == Moment(float(max(seconds)), len(seconds), 0)
    assert moments == sorted(moments)


def test_a_clock_that_was_put_back_does_not_turn_time_round(journal: Journal, memory: Path) -> None:
    """What was settled after it counts from the latest moment."""
    run = add_run(journal, memory, planned=3)
    for row, now in zip(sent(journal, run, 3), (50.0, 20.0, 60.0), strict=True):
        journal.rows.move([Change(row, Event.REFUSED)], now)
    moments = journal.tally.moments(run.id)
    assert moments == sorted(moments)
    assert moments[-1] == Moment(60.0, 3, 3)


def test_a_run_of_weeks_has_few_moments(journal: Journal, memory: Path) -> None:
    """A row a minute for three weeks, as the allowance of a day may have it, is a few hundred of them."""
    run = add_run(journal, memory, planned=3_000)
    for number, row in enumerate(sent(journal, run, 3_000)):
        journal.rows.move([Change(row, Event.ACCEPTED, row.row)], 600.0 * number)
    moments = journal.tally.moments(run.id)
    assert len(moments) < 1_000
    assert len(thinned(moments, PARTS)) <= PARTS + 2
    assert max(after.at - before.at for before, after in itertools.pairwise(moments)) < 600 * 3_000 / 50


PAUSED = [Moment(0.0, 0, 0), *(Moment(float(n), n, 0) for n in range(1, 61)), Moment(7_200.0, 61, 0)]


@pytest.mark.parametrize(
    ("moments", "now", "speed"),
    [
        ([], 9.0, 0.0),
        ([Moment(0.0, 0, 0)], 9.0, 0.0),
        # Younger than a minute: of all of its time.
        ([Moment(0.0, 0, 0), Moment(10.0, 20, 0)], 10.0, 2.0),
        # A row a second, looked at in the midst of it and a minute after its end.
        (PAUSED[:61], 60.0, 1.0),
        (PAUSED[:61], 120.0, 0.0),
        # One row since it went on after a pause of two hours, in which nothing was done.
        (PAUSED, 7_200.0, 1 / 60),
        # Moments that lie further apart than a minute.
        ([Moment(n * 600.0, n * 1_200, 0) for n in range(200)], 199 * 600.0, 2.0),
    ],
)
def test_the_speed_is_that_of_the_last_minute(moments: list[Moment], now: float, speed: float) -> None:
    """Rows a second; a pause has no speed, and takes none from what came after it."""
    assert rate(moments, now, 60.0) == pytest.approx(speed)


def test_a_chart_keeps_the_first_and_the_last_moment() -> None:
    """And of each part the last one."""
    moments = [Moment(float(n), n, 0) for n in range(1_000)]
    shown = thinned(moments, 10)
    assert (shown[0], shown[-1]) == (moments[0], moments[-1])
    assert len(shown) <= 12
    assert thinned(moments[:5], 10) == moments[:5]


def test_the_counts_of_earlier_importers_are_made_when_their_journal_is_opened(tmp_path: Path) -> None:
    """Of each version there was, and the moments from when its rows were settled."""
    for version in range(1, 7):
        path = tmp_path / f"{version}.sqlite3"
        with closing(sqlite3.connect(path)) as db:
            db.executescript(Path(__file__).with_name(f"journal_of_version_{version}.sql").read_text("utf-8"))
        with open_journal(f"sqlite:///{path}") as journal:
            assert journal.runs.latest(), version
            for run in journal.runs.latest():
                assert journal.tally.of(run.id) == (journal.rows.counts(run), journal.rows.invalid(run))
                moments = journal.tally.moments(run.id)
                assert moments == sorted(moments)
                assert sum(Counter(journal.rows.counts(run)).values()) >= (moments[-1].settled if moments else 0)
