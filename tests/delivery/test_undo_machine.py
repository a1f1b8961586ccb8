"""Sending, settling, undoing and verifying in any order, beside a colleague, late effects and deaths: one machine."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from delivery.in_process import COLLEAGUE, US, InProcess
from delivery.kit import ACCOUNT, KIND, PATH, add_run, body
from delivery.simulation import Loop
from importer.delivery.by_id import Look, read_record
from importer.delivery.listing import list_records
from importer.delivery.reconciler import settle
from importer.delivery.record_reader import RecordReader
from importer.delivery.send_result import StopReason
from importer.delivery.sender import Pace, Sender
from importer.delivery.stop_signal import StopSignal
from importer.delivery.undoer import Reversal, Undoer, Undone
from importer.delivery.verification import needs_a_look, verify
from importer.journal.journal import Journal, open_journal
from importer.journal.runs import Run
from importer.journal.states import State
from importer.model import Presence

Result = TypeVar("Result")
ROWS = 2
CREATE_FAULTS = st.sampled_from(["ok", "ok", "400", "lost-before", "lost-after", "500-after", "late", "throttle-429:2"])
DELETE_FAULTS = st.sampled_from(["ok", "ok", "400", "lost-before", "lost-after", "500-after", "late", "throttle-429:2"])
LOOK_FAULTS = st.sampled_from(["ok", "ok", "ok", "500-before", "lost-before"])
PICKS = st.integers(0, 5)
STEPS = st.one_of(
    st.tuples(st.just("plan")),
    st.tuples(st.just("send"), PICKS, st.lists(CREATE_FAULTS, max_size=3)),
    st.tuples(st.just("settle")),
    st.tuples(st.just("undo"), PICKS, st.lists(DELETE_FAULTS, max_size=3), st.lists(LOOK_FAULTS, max_size=2)),
    st.tuples(st.just("die_while_undoing"), PICKS, st.integers(0, 3)),
    st.tuples(st.just("verify"), PICKS),
    st.tuples(st.just("make_an_equal_record"), st.integers(2, 1 + ROWS)),
    st.tuples(st.just("edit"), PICKS),
    st.tuples(st.just("delete"), PICKS),
)
"""One rule, and not nine: of several, hypothesis leaves some out of each example, and nothing is undone that was never
sent."""


class _DeathError(BaseException):
    """The process ends here."""


class UndoMachine(RuleBasedStateMachine):
    """A few runs of the same two rows in one account.

    What a colleague did is written down beside the journal; everything else is asked of the real parts.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self._service = InProcess()
        self._now = 1_900_000_000.0
        self._runs: list[Run] = []
        self._theirs: set[int] = set()
        self._edited: set[int] = set()
        self._deleted_by_them: set[int] = set()

    @initialize(faults=st.lists(CREATE_FAULTS, max_size=2))
    def begin(self, faults: list[str]) -> None:
        """A first run, sent as well as it went."""
        self._journal = self._open()
        self.plan()
        self.send(0, faults)

    @rule(step=STEPS)
    def go(self, step: tuple[Any, ...]) -> None:
        """Whatever comes next."""
        name, *arguments = step
        getattr(self, name)(*arguments)

    def teardown(self) -> None:
        if hasattr(self, "_journal"):
            self._journal.__exit__()
        self._folder.cleanup()

    def _open(self) -> Journal:
        return open_journal(f"sqlite:///{self._folder.name}/j")

    def _clock(self) -> float:
        return self._now

    def _do(self, work: Coroutine[Any, Any, Result]) -> Result:
        self._now += 10.0
        with asyncio.Runner(loop_factory=Loop) as runner:
            return runner.run(work)

    # -- what the importer does ---------------------------------------------------------------------------------------

    def plan(self) -> None:
        """The file is imported, again if it was before."""
        if len(self._runs) < 3:
            self._runs.append(add_run(self._journal, Path(self._folder.name), planned=ROWS))

    def send(self, pick: int, faults: list[str]) -> None:
        """Planned rows are sent, and this happens to their calls."""
        self._service.state.fail_next(*faults)

        async def main() -> None:
            now, loop = self._now, asyncio.get_running_loop()
            sender = Sender(
                self._journal,
                self._service.nexudus,
                self._run(pick),
                ACCOUNT,
                Pace((), 1, 60.0),
                now=lambda: now + loop.time(),
                stop=asyncio.Event(),
                tell=lambda _: None,
            )
            await sender.send()

        self._do(main())
        self._forget_faults("create")

    def settle(self) -> None:
        """When every effect has come that still can, rows in doubt are settled by what there is."""
        self._service.let_late_effects_come()
        target = self._journal.runs.target(ACCOUNT, KIND.name)
        if not (doubtful := self._journal.rows.in_doubt(target)):
            return
        listing = self._do(list_records(self._service.nexudus, PATH))
        settled = settle(
            doubtful, listing, self._journal, target, KIND, user=US, asked_at=self._now + 1e6, window=900.0
        )
        self._journal.rows.move(settled.changes, self._now)

    def undo(self, pick: int, deletes: list[str], looks: list[str]) -> None:
        """A run is taken back, and this happens to its calls."""
        self._service.state.fail_next(*deletes, on="delete")
        self._service.state.fail_next(*looks, on="read")
        reversals = self._undone(self._run(pick))
        states = {intent.row: intent.state for intent in self._journal.rows.all(self._run(pick))}
        for reversal in reversals:
            assert (states[reversal.row] is State.REMOVED) is (reversal.undone is Undone.REMOVED)
            assert reversal.undone is Undone.FAILED or states[reversal.row] is not State.REMOVING
        self._forget_faults("delete", "read")

    def die_while_undoing(self, pick: int, calls: int) -> None:
        """The process ends before one of its calls; another opens the journal."""
        left = calls

        async def count_down() -> None:
            nonlocal left
            if left == 0:
                raise _DeathError
            left -= 1

        usual, self._service.before = self._service.before, count_down
        try:
            self._undone(self._run(pick))
        except _DeathError:
            self._journal.__exit__()
            self._journal = self._open()
        self._service.before = usual

    def verify(self, pick: int) -> None:
        """What a run is told of its records is what there is."""
        listing = self._do(list_records(self._service.nexudus, PATH))
        states = (State.CREATED, State.EXISTING, State.REMOVING)
        rows = list(self._journal.rows.all(self._run(pick), *states))
        looks = {number: self._look(number) for number in needs_a_look(rows, listing, KIND)}
        for told in verify(rows, listing, KIND, looks):
            assert told.presence is self._presence(told.row, told.remote_id), told

    # -- what a colleague does ----------------------------------------------------------------------------------------

    def make_an_equal_record(self, number: int) -> None:
        """By hand, with every field as in the file."""
        if len(self._theirs) < 2:
            self._theirs.add(self._service.state.add(PATH, body(number).encode(), by=COLLEAGUE))

    def edit(self, pick: int) -> None:
        """A record that was created by a run gets another name."""
        if number := self._record_of_a_run(pick):
            self._service.edit(number, Name="Their room")
            self._edited.add(number)

    def delete(self, pick: int) -> None:
        """A record that was created by a run is deleted by hand."""
        if number := self._record_of_a_run(pick):
            self._service.state.service.delete(self._service.entity(), number)
            self._deleted_by_them.add(number)

    # -- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def nothing_of_theirs_is_deleted(self) -> None:
        """What a colleague made or changed is there until that colleague deletes it."""
        assert (self._theirs | self._edited) - self._deleted_by_them <= self._service.records.keys()

    @invariant()
    def the_journal_says_what_there_is(self) -> None:
        """A created row has its record, a removed row has none; what is on its way may have one."""
        for run in self._runs:
            for intent in self._journal.rows.all(run, State.CREATED, State.REMOVED):
                there = intent.remote_id in self._service.records
                if intent.state is State.CREATED:
                    assert there or intent.remote_id in self._deleted_by_them, intent
                else:
                    assert not there, intent

    @invariant()
    def no_mapping_has_two_records_of_ours(self) -> None:
        """However often it was imported and undone."""
        mine = [fields["CoworkerId"] for number, fields in self._service.records.items() if number not in self._theirs]
        assert max(Counter(mine).values(), default=0) <= 1

    @invariant()
    def no_row_is_forgotten(self) -> None:
        """The states of a run add up to its rows."""
        for run in self._runs:
            assert sum(self._journal.rows.counts(run).values()) == ROWS

    # -- helpers ------------------------------------------------------------------------------------------------------

    def _run(self, pick: int) -> Run:
        return self._runs[pick % len(self._runs)]

    def _undone(self, run: Run) -> list[Reversal]:
        reversals: list[Reversal] = []
        created = {intent.remote_id for intent in self._journal.rows.all(run, State.CREATED)}

        async def turn(_: float = 0.0) -> float:
            """Every delete may leave at once."""
            return 0.0

        async def main() -> None:
            undoer = Undoer(
                self._journal,
                self._service.nexudus,
                run,
                KIND,
                turn,
                turn,
                reader=RecordReader(self._service.nexudus, PATH, KIND, (), None, now=self._clock, say=lambda _: None),
                now=self._clock,
                stop=StopSignal(asyncio.Event(), lambda: False, now=self._clock),
                tell=lambda _: None,
                say=lambda _: None,
                # Its late deletes come before the next look.
                window=0.0,
                # With all of them gone, undo asks whether this is the right location; here it is.
                even_if_gone=created <= self._deleted_by_them,
            )
            assert (await undoer.undo(reversals)).how is StopReason.DONE

        self._do(main())
        return reversals

    def _forget_faults(self, *kinds: str) -> None:
        for kind in kinds:
            while self._service.state.pending_faults(kind):
                self._service.state.next_fault(kind)

    def _record_of_a_run(self, pick: int) -> int | None:
        """One that a run has created; none while a delete is on its way, for an edit cannot be kept from it."""
        if self._service.late:
            return None
        states = (State.CREATED, State.REMOVING)
        ids = {intent.remote_id for run in self._runs for intent in self._journal.rows.all(run, *states)}
        there = sorted(number for number in ids if number in self._service.records)
        return there[pick % len(there)] if there else None

    def _look(self, number: int) -> Look:
        return read_record(self._do(self._service.nexudus.get(PATH, number)), number, KIND)

    def _presence(self, row: int, number: int) -> Presence:
        if number not in self._service.records:
            return Presence.ABSENT
        if number in self._edited:
            return Presence.CHANGED
        equal = {each for each in self._theirs if self._service.records[each]["CoworkerId"] == 2000 + row}
        return Presence.TWICE if equal else Presence.ONCE


TestUndoMachine = UndoMachine.TestCase
TestUndoMachine.settings = settings(max_examples=15, stateful_step_count=12)
