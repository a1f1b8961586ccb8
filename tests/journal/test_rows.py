"""The journal and the table as one machine: whatever is done in whatever order, what must hold holds."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from delivery.kit import ACCOUNT, KIND, add_run, record
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from postgres import Server

from importer.config.settings import JournalPlace
from importer.errors import JournalError
from importer.issues import Issue
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Change, Intent
from importer.journal.runs import Run
from importer.journal.states import CLAIMING, TRANSITIONS, Event, State, after
from importer.journal.windows import Window
from journal.conftest import Open, open_without_lease

NUMBERS = range(2, 7)
WINDOW = Window(3, 100.0, writes=True)
_AFTER_SENDING = [event for events in TRANSITIONS.values() for event in events if event is not Event.WILL_SEND]
Key = tuple[int, int]


class JournalMachine(RuleBasedStateMachine):
    """Runs over the same few records in one account, each row followed in a dictionary beside the journal.

    Two journal objects on one file stand for two processes; either may be reopened at any time, as after a crash.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self._now = 1_000.0
        self._ids = 100
        self._rows: dict[Key, tuple[State, int | None]] = {}
        self._sent: list[float] = []
        self._runs: list[Run] = []

    @initialize()
    def begin(self) -> None:
        """Two processes on one journal."""
        self._journals = [self._open(), self._open()]

    def teardown(self) -> None:
        for journal in getattr(self, "_journals", []):
            journal.__exit__()
        self._folder.cleanup()

    def _open(self) -> Journal:
        return open_journal(f"sqlite:///{self._folder.name}/j")

    @rule(which=st.integers(0, 1))
    def plan(self, which: int) -> None:
        """Another run of the same rows, as somebody imports the file again."""
        if len(self._runs) < 4:
            run = add_run(self._journals[which], Path(self._folder.name), planned=len(NUMBERS))
            self._runs.append(run)
            self._rows |= {(run.id, number): (State.PLANNED, None) for number in NUMBERS}

    @rule(which=st.integers(0, 1), pick=st.integers(0, 3), limited=st.booleans())
    def will_send(self, which: int, pick: int, limited: bool) -> None:
        """As many planned rows as the allowance permits go in doubt; those whose record exists become existing."""
        if not self._runs:
            return
        run, journal = self._runs[pick % len(self._runs)], self._journals[which]
        batch = journal.rows.planned(run, 0, 3)
        done = journal.rows.will_send(run, ACCOUNT, batch, [WINDOW] if limited else [], self._now)
        for intent in done.sent:
            assert not self._claimed(intent.row), "a second claim for one record"
            self._rows[run.id, intent.row] = (State.IN_DOUBT, None)
        for change in done.without_call:
            self._rows[run.id, change.intent.row] = (State.EXISTING, change.remote_id)
        if limited:
            self._sent += [self._now] * len(done.sent)

    @rule(which=st.integers(0, 1), pick=st.integers(0, 30), event=st.sampled_from(_AFTER_SENDING))
    def move(self, which: int, pick: int, event: Event) -> None:
        """Any event to any row: obeyed if the table has it, else refused."""
        if not self._rows:
            return
        key = sorted(self._rows)[pick % len(self._rows)]
        intent, (state, _) = self._intent(which, key), self._rows[key]
        self._ids += 1
        named = event in {Event.ACCEPTED, Event.FOUND, Event.KNOWN}
        remote_id = self._ids if named else intent.remote_id if state is not State.IN_DOUBT else None
        change = Change(intent, event, remote_id=remote_id)
        if event in TRANSITIONS[state]:
            self._journals[which].rows.move([change], self._now)
            self._rows[key] = (after(state, event), remote_id)
        else:
            with pytest.raises(ValueError, match="cannot be"):
                self._journals[which].rows.move([change], self._now)

    @rule(which=st.integers(0, 1), pick=st.integers(0, 30), other=st.integers(0, 30))
    def move_with_a_stale_row(self, which: int, pick: int, other: int) -> None:
        """A batch in which one row is no longer as it was read is refused as a whole."""
        doubtful = [key for key, (state, _) in sorted(self._rows.items()) if state is State.IN_DOUBT]
        rest = [key for key in sorted(self._rows) if key not in doubtful]
        if not doubtful or not rest:
            return
        good = self._intent(which, doubtful[pick % len(doubtful)])
        stale = replace(self._intent(which, rest[other % len(rest)]), state=State.IN_DOUBT)
        self._ids += 2
        batch = [Change(good, Event.ACCEPTED, self._ids), Change(stale, Event.ACCEPTED, self._ids - 1)]
        with pytest.raises(JournalError):
            self._journals[which].rows.move(batch, self._now)

    @rule(which=st.integers(0, 1), pick=st.integers(0, 30))
    def give_an_id_twice(self, which: int, pick: int) -> None:
        """The database itself refuses an Id that another created row has, and the row goes to a person."""
        doubtful = [key for key, (state, _) in sorted(self._rows.items()) if state is State.IN_DOUBT]
        taken = [number for state, number in self._rows.values() if state is State.CREATED]
        if doubtful and taken:
            intent = self._intent(which, doubtful[pick % len(doubtful)])
            self._journals[which].rows.move([Change(intent, Event.FOUND, taken[pick % len(taken)])], self._now)
            self._rows[intent.run, intent.row] = (State.REVIEW, None)

    @rule(which=st.integers(0, 1))
    def crash(self, which: int) -> None:
        """A process dies and another opens the journal."""
        self._journals[which].__exit__()
        self._journals[which] = self._open()

    @rule(seconds=st.sampled_from([-86_400.0, -5.0, 0.5, 60.0, 3_600.0, 86_400.0]))
    def clock_jumps(self, seconds: float) -> None:
        """The clock is set, or time passes."""
        self._now = max(0.0, self._now + seconds)
        if seconds < 0:
            # What was sent before counts as sent now, so only from here on the windows can be checked.
            self._sent.clear()

    @invariant()
    def the_journal_is_what_happened(self) -> None:
        """Both processes read exactly what was done, and the counts add up."""
        for journal in getattr(self, "_journals", []):
            read = {(i.run, i.row): (i.state, i.remote_id) for run in self._runs for i in journal.rows.all(run)}
            assert read == self._rows
            for run in self._runs:
                assert sum(journal.rows.counts(run).values()) == run.rows == len(NUMBERS)

    @invariant()
    def no_record_is_claimed_twice(self) -> None:
        """In an account at most one row claims a record, and each Id belongs to one row."""
        for number in NUMBERS:
            assert len(self._claimed(number)) <= 1
        ids = [number for state, number in self._rows.values() if state in {State.CREATED, State.REMOVING}]
        assert len(ids) == len(set(ids))

    @invariant()
    def the_allowance_is_kept(self) -> None:
        """No span of the window holds more than its calls, whoever sent them."""
        for first, last in zip(self._sent, self._sent[WINDOW.calls :], strict=False):
            assert last - first >= WINDOW.seconds

    def _claimed(self, row: int) -> list[Key]:
        return [key for key, (state, _) in self._rows.items() if key[1] == row and state in CLAIMING]

    def _intent(self, which: int, key: Key) -> Intent:
        run = next(run for run in self._runs if run.id == key[0])
        return next(i for i in self._journals[which].rows.all(run) if i.row == key[1])


TestJournalMachine = JournalMachine.TestCase
TestJournalMachine.settings = settings(
    max_examples=20,
    stateful_step_count=25,
)


def test_a_server_keeps_the_rows_as_a_file_does(postgres: Server) -> None:
    """The same machine with two processes that share nothing but the server."""

    class OnAServer(JournalMachine):
        def __init__(self) -> None:
            super().__init__()
            self._place = JournalPlace(postgres.new_database(), Path(self._folder.name))

        def _open(self) -> Journal:
            return open_without_lease(self._place)

    run_state_machine_as_test(OnAServer, settings=settings(max_examples=10, stateful_step_count=25))


def test_a_record_is_known_on_its_service_only(open_one: Open, tmp_path: Path) -> None:
    """Another service may hold an equal record."""
    with open_one() as journal:
        for account in ("one", "two"):
            run = add_run(journal, tmp_path, planned=1, account=account)
            assert len(journal.rows.will_send(run, account, journal.rows.planned(run, 0, 1), [], 5.0).sent) == 1
        target = journal.runs.target("one", KIND.name)
        assert set(journal.rows.claims(target, [record(2).key])) == {record(2).key}


def test_a_row_that_another_process_has_moved_is_not_moved_again(open_one: Open, tmp_path: Path) -> None:
    """Two processes read one row as planned: the second cannot put it in doubt, nor anything else of its batch."""
    with open_one() as journal:
        run = add_run(journal, tmp_path, planned=2)
        first, second = journal.rows.planned(run, 0, 9)
        journal.rows.move([Change(first, Event.WILL_SEND)], 1.0)
        with pytest.raises(JournalError):
            journal.rows.move([Change(second, Event.WILL_SEND), Change(first, Event.WILL_SEND)], 2.0)
        rows = [(intent.state, intent.attempts) for intent in journal.rows.all(run)]
    assert rows == [(State.IN_DOUBT, 1), (State.PLANNED, 0)]


def test_a_run_that_is_planned_anew_replaces_its_own_rows_only(open_one: Open, tmp_path: Path) -> None:
    """Rows, issues and their counts of the run beside it are as they were."""
    with open_one() as journal:
        other, run = (add_run(journal, tmp_path, planned=3, account=account) for account in ("one", "two"))
        target, wrong = other.target or 0, [Issue("cell-empty", 9, "A9"), Issue("date-past", 8, "D8")]
        other = journal.rows.plan(other, [([record(2), record(3)], wrong, 4)], target, 3.0)
        for rows, issues in ((5, [Issue("cell-empty", 7, "A7"), Issue("cell-empty", 8, "A8")]), (2, [])):
            run = journal.rows.plan(
                run, [([record(n) for n in range(2, 2 + rows)], issues, rows)], run.target or 0, 4.0
            )
            assert (run.rows, len(list(journal.rows.all(run)))) == (rows, rows)
            assert (journal.rows.invalid(run), list(journal.rows.issues(run))) == (len(issues), issues)
            assert journal.runs.get(other.id) == other
            assert [intent.row for intent in journal.rows.all(other)] == [2, 3]
            assert (journal.rows.invalid(other), len(list(journal.rows.issues(other)))) == (1, 2)
            assert journal.rows.counts(other) == {State.PLANNED: 2}


def test_a_record_that_is_given_twice_ends_in_review_for_one_row(open_one: Open, tmp_path: Path) -> None:
    """The rest of the batch is kept, and the account goes on."""
    with open_one() as journal:
        run = add_run(journal, tmp_path, planned=3)
        journal.rows.will_send(run, ACCOUNT, journal.rows.planned(run, 0, 9), (), 1.0)
        intents = list(journal.rows.all(run))
        journal.rows.move([Change(i, Event.FOUND, n) for i, n in zip(intents, (71, 71, 72), strict=True)], 2.0)
        rows = [(intent.state, intent.remote_id) for intent in journal.rows.all(run)]
        [_, second, _] = journal.rows.all(run)
    assert rows == [(State.CREATED, 71), (State.REVIEW, None), (State.CREATED, 72)]
    assert second.message == "Record 71 already belongs to another row. Check both in Nexudus."


def test_a_row_that_may_be_one_with_an_unanswered_row_of_another_run_waits_for_its_answer(
    open_one: Open, tmp_path: Path
) -> None:
    """Sent beside it, both might create the same record; keys alone do not show it."""
    with open_one() as journal:
        other, run = add_run(journal, tmp_path, planned=1), add_run(journal, tmp_path, planned=3)
        [unanswered] = journal.rows.will_send(other, ACCOUNT, journal.rows.planned(other, 0, 1), (), 5.0).sent

        def send() -> tuple[list[int], list[int]]:
            done = journal.rows.will_send(
                run, ACCOUNT, journal.rows.planned(run, 0, 9), (), 6.0, may_be_one=lambda one, _: one.row == 3
            )
            return [intent.row for intent in done.sent], [intent.row for intent in done.blocked]

        assert send() == ([4], [2, 3])
        journal.rows.move([Change(unanswered.sent(), Event.REFUSED)], 7.0)
        assert send() == ([2, 3], [])
