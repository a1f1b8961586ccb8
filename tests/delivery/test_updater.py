"""Records updated one after the other: what each answer makes of a row, and what ends the updating."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from delivery.in_process import COLLEAGUE, InProcess
from delivery.kit import ACCOUNT, KIND, PATH, STATUSES, add_run, body, record
from delivery.simulation import simulated
from delivery.test_undoer import Desk
from importer.delivery.comparison import Reason
from importer.delivery.conflicts import Conflict, recorded_conflict
from importer.delivery.listing import Remote, to_remote
from importer.delivery.send_result import SendResult, StopReason
from importer.delivery.sender import Pace
from importer.delivery.stop_signal import StopSignal, watched
from importer.delivery.undoer import Undone
from importer.delivery.updater import Turns, Updater
from importer.delivery.updates import before_of
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Change
from importer.journal.runs import Run
from importer.journal.states import Event, State
from importer.journal.windows import Window
from importer.model import AgreedUpdate, Progress
from importer.nexudus import Probe

NEW = "2031-02-01T00:00:00Z"


@dataclass
class Bench:
    """A run whose rows update a record each. ``turns`` are the writes that are booked, ``slow`` what renewals take."""

    journal: Journal
    run: Run
    service: InProcess
    compared: dict[int, Remote]
    turns: list[float] = field(default_factory=list)
    slow: list[float] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    ended: frozenset[tuple[int, int]] = frozenset()
    progress: list[Progress] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def reserved(self, now: float) -> float:
        """How long another process on the account waits for a read now."""
        return self.journal.calls.reserve(self.run.account or "", (Window(9, 1.0),), write=False, now=now)

    def update(
        self,
        *,
        max_rows: int | None = None,
        at_once: int = 1,
        stop: asyncio.Event | None = None,
        after: tuple[float, Callable[[], object]] | None = None,
    ) -> SendResult:
        """Update in simulated time; ``after`` so many seconds of it, something is done."""

        async def main() -> SendResult:
            loop = asyncio.get_running_loop()
            if after is not None:
                loop.call_later(*after)

            async def take() -> float:
                self.turns.append(loop.time())
                return loop.time()

            async def renew(booked: float) -> float:
                self.turns.remove(booked)
                await asyncio.sleep(self.slow.pop() if self.slow else 0.0)
                self.meanwhile()
                return await take()

            def now() -> float:
                return 9_000.0 + loop.time()

            async with watched(StopSignal(stop or asyncio.Event(), lambda: False, now=now)) as signal:
                updater = Updater(
                    self.journal,
                    self.service.nexudus,
                    self.run,
                    KIND,
                    self.compared,
                    Pace((), at_once, 60.0, max_rows),
                    Turns(take, renew, self.turns.remove),
                    now=now,
                    stop=signal,
                    tell=self.progress.append,
                    ended=self.ended,
                )
                return await updater.update()

        return simulated(main())

    def fail(self, *faults: str) -> None:
        """What happens to the next updates."""
        self.service.state.fail_next(*faults, on="update")

    @property
    def states(self) -> list[State]:
        """The state of each row."""
        return [intent.state for intent in self.journal.rows.all(self.run)]

    @property
    def dates(self) -> list[bool]:
        """Of each record, whether it has the new date."""
        return [fields["SubscriptionExpireDate"] == NEW for fields in self.service.records.values()]


@pytest.fixture
def bench(memory: Path) -> Iterator[Bench]:
    """A run of eight rows with another date than their records."""
    with open_journal(f"sqlite:///{memory / 'j'}") as journal:
        service, compared, rows = InProcess(), {}, []
        for number in range(2, 10):
            there = service.state.add(PATH, body(number).encode(), by="ops@example.com")
            remote = to_remote(service.records[there])
            assert remote is not None
            compared[number] = remote
            row = record(number, SubscriptionExpireDate=NEW)
            rows.append(row._replace(update=AgreedUpdate(there, remote.updated, before_of(remote))))
        run = add_run(journal, memory)
        run = journal.rows.plan(run, [(rows, (), len(rows))], journal.runs.target(ACCOUNT, KIND.name), 2.0)
        yield Bench(journal, run, service, compared)


def test_each_row_takes_one_read_and_one_write(bench: Bench) -> None:
    """And one turn of the allowance."""
    assert bench.update().how is StopReason.DONE
    assert bench.states == [State.UPDATED] * 8
    assert bench.dates == [True] * 8
    assert bench.service.asked == ["read", "update"] * 8
    assert len(bench.turns) == 8


@pytest.mark.parametrize(
    ("fault", "state", "took_effect"),
    [
        ("ok", State.UPDATED, True),
        ("400", State.REJECTED, False),
        ("404", State.REJECTED, False),
        ("401-row", State.REJECTED, False),
        ("lost-before", State.UPDATING, False),
        ("lost-after", State.UPDATING, True),
        ("500-after", State.UPDATING, True),
        ("half-body", State.UPDATING, True),
        ("200-empty", State.UPDATING, True),
        ("throttle-429:2", State.UPDATED, True),
    ],
)
def test_what_an_answer_makes_of_a_row(bench: Bench, fault: str, state: State, took_effect: bool) -> None:
    """Updated needs the service's word; without one the row waits for a look. The other rows go on."""
    bench.fail("ok", fault)
    assert bench.update().how is StopReason.DONE
    assert bench.states == [State.UPDATED, state, *[State.UPDATED] * 6]
    assert bench.dates == [True, took_effect, *[True] * 6]


@pytest.mark.parametrize("status", STATUSES)
def test_an_update_that_was_carried_out_is_never_denied(bench: Bench, status: int) -> None:
    """Whatever it is answered: the row is updated if the record can be read, else it has no answer."""
    bench.fail("ok", f"status-after:{status}")
    bench.update()
    assert bench.dates[:2] == [True, True]
    refusals = {400, 401, 403, 404, 405, 410, 413, 415, 422, 429}
    assert bench.states[1] in ({State.UPDATED} if status in refusals else {State.UPDATED, State.UPDATING})


@pytest.mark.parametrize("status", STATUSES)
def test_an_update_that_was_not_carried_out_is_never_claimed(bench: Bench, status: int) -> None:
    """Rejected, planned as before, updated by a second call, or without an answer."""
    bench.fail("ok", f"status:{status}")
    bench.update()
    claimed = bench.states[1] is State.UPDATED
    assert bench.dates[1] is claimed
    assert bench.states[1] in {State.UPDATED, State.UPDATING, State.REJECTED, State.PLANNED}


@pytest.mark.parametrize("fault", ["403", "status:400", "401-row", "404"])
def test_a_refusal_without_a_look_leaves_the_row_unanswered(bench: Bench, fault: str) -> None:
    """The word of the service alone is not believed where the record can be read, and it could not be."""
    bench.fail("ok", fault)
    bench.service.state.fail_next("ok", "ok", "502-html", on="read")
    bench.update()
    assert bench.states[1] is State.UPDATING
    [_, row, *_] = bench.journal.rows.all(bench.run)
    assert "Then the record could not be read" in (row.message or "")


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("status", STATUSES)
def test_a_put_back_is_reported_as_what_it_is(bench: Bench, status: int, carried_out: bool) -> None:
    """Restored only if the record is as it was before, and never updated if it is."""
    bench.update()
    bench.fail("ok", f"status-after:{status}" if carried_out else f"status:{status}")
    Desk(bench.journal, bench.run, bench.service).undo()
    state, is_back = bench.states[1], not bench.dates[1]
    assert state in ({State.RESTORED, State.RESTORING} if is_back else {State.UPDATED, State.RESTORING})
    assert is_back or not carried_out


def test_a_put_back_without_an_answer_is_repeated_only_after_its_window(bench: Bench) -> None:
    """A second one beside it could be the first to arrive, and the late one overwrite what is entered after that."""
    bench.update()
    bench.fail("late")
    desk = Desk(bench.journal, bench.run, bench.service, window=900.0)
    desk.undo()
    puts = bench.service.asked.count("update")
    desk.start += 60.0
    desk.undo()
    assert [(each.row, each.undone) for each in desk.reversals] == [(2, Undone.FAILED)]
    assert (bench.states[0], bench.service.asked.count("update")) == (State.RESTORING, puts)
    desk.start += 900.0
    desk.undo()
    assert (bench.states, bench.service.asked.count("update")) == ([State.RESTORED] * 8, puts + 1)


def test_an_undo_goes_on_beside_put_backs_that_cannot_be_judged_yet(bench: Bench) -> None:
    """Five of them in a row are no service that answers nothing."""
    bench.update()
    bench.fail(*["lost-before"] * 4, "ok", *["lost-before"] * 3)
    desk = Desk(bench.journal, bench.run, bench.service, window=900.0)
    desk.undo()
    assert desk.undo().how is StopReason.DONE
    assert [each.undone for each in desk.reversals] == [Undone.FAILED] * 7


def test_after_a_throttle_the_record_is_read_again(bench: Bench) -> None:
    """What somebody entered while the service made us wait is not overwritten."""
    [first, *_] = bench.service.records
    bench.fail("throttle-429:20")
    bench.update(after=(10.0, lambda: bench.service.edit(first, SubscriptionExpireDate="2031-09-01T00:00:00Z")))
    assert bench.states == [State.HELD, *[State.UPDATED] * 7]
    assert bench.service.records[first]["UpdatedBy"] == COLLEAGUE


def test_403_ends_the_updating_with_no_row_lost(bench: Bench) -> None:
    """Nothing is wrong with the row: it stays planned."""
    bench.fail("ok", "403")
    assert bench.update().how is StopReason.SIGN_IN
    assert bench.states == [State.UPDATED, *[State.PLANNED] * 7]


@pytest.mark.parametrize(
    ("probe", "how", "first"),
    [
        (Probe.GOOD, StopReason.DONE, State.REJECTED),
        (Probe.RENEWED, StopReason.DONE, State.UPDATED),
        (Probe.REFUSED, StopReason.SIGN_IN, State.PLANNED),
    ],
)
def test_a_401_is_about_the_row_only_if_the_sign_in_holds(
    bench: Bench, probe: Probe, how: StopReason, first: State
) -> None:
    """With a renewed sign-in the row goes again; with none nothing more is sent."""
    bench.service.signed_in = probe
    bench.fail("401-row")
    assert bench.update().how is how
    assert bench.states[0] is first
    assert set(bench.states[1:]) == {State.UPDATED if how is StopReason.DONE else State.PLANNED}


def test_five_calls_without_an_answer_end_it(bench: Bench) -> None:
    """More would only put more rows in doubt."""
    bench.fail(*["lost-after"] * 5)
    assert bench.update().how is StopReason.UNANSWERED
    assert bench.states == [State.UPDATING] * 5 + [State.PLANNED] * 3


@pytest.mark.parametrize(("unreadable", "read"), [(4, 4), (5, 0), (8, 0)])
def test_records_that_cannot_be_read_leave_their_rows_planned(bench: Bench, unreadable: int, read: int) -> None:
    """The run is not finished; and after five in a row no more are asked for."""
    bench.service.state.fail_next(*["200-html"] * unreadable, on="read")
    assert bench.update().how is StopReason.UNANSWERED
    assert bench.states.count(State.UPDATED) == read
    assert bench.states.count(State.PLANNED) == 8 - read
    assert len(bench.turns) == read


@pytest.mark.parametrize(
    "faults",
    [
        ["throttle-429:3600"],
        ["throttle-409-bare"] * 8,
        ["status:503"] * 3,
        ["502-html", "status:504", "lost-before", "hang-before"],
    ],
    ids=" ".join,
)
def test_a_look_waits_out_a_throttle_or_an_outage_as_a_write_does(bench: Bench, faults: list[str]) -> None:
    """The record is read later, and the row updated; no turn of the allowance is lost."""
    bench.service.state.fail_next("ok", *faults, on="read")
    assert bench.update().how is StopReason.DONE
    assert bench.states == [State.UPDATED] * 8
    assert bench.service.asked.count("read") == 8 + len(faults)
    assert len(bench.turns) == 8


def test_other_processes_wait_as_a_throttled_look_asks_for(bench: Bench) -> None:
    """The wait is in the journal, for reads as well; and it is said."""
    bench.service.state.fail_next("throttle-429:60", on="read")
    bench.update(after=(30.0, lambda: bench.waits.append(bench.reserved(9_030.0))))
    assert bench.waits == [pytest.approx(30.25)]
    [waiting] = [progress for progress in bench.progress if progress.waiting]
    assert waiting.waiting == "the service asked us to wait"
    assert waiting.until == pytest.approx(9_060.25)


def test_a_service_that_stays_away_from_looks_ends_it(bench: Bench) -> None:
    """After as long as for writes; every row is planned as before, and no turn is taken."""
    bench.service.state.fail_next("ok", *["502-html"] * 99, on="read")
    assert bench.update().how is StopReason.UNREACHABLE
    assert bench.states == [State.UPDATED, *[State.PLANNED] * 7]
    assert len(bench.turns) == 1


def test_a_stop_ends_the_wait_for_a_look(bench: Bench) -> None:
    """The service may have asked to wait for a day."""
    stop = asyncio.Event()
    bench.service.state.fail_next("throttle-429:80000", on="read")
    assert bench.update(stop=stop, after=(5.0, stop.set)).how is StopReason.REQUESTED
    assert bench.states == [State.PLANNED] * 8


def test_max_rows_counts_the_rows_that_took_a_call(bench: Bench) -> None:
    """A row whose record somebody has changed takes none."""
    bench.service.edit(next(iter(bench.service.records)), Name="Theirs")
    assert bench.update(max_rows=3).how is StopReason.LIMIT
    assert bench.service.asked.count("update") == 3
    assert bench.states.count(State.UPDATED) == 3


def test_a_stop_ends_a_wait(bench: Bench) -> None:
    """A throttle of an hour is not waited out; the row stays planned."""
    stop = asyncio.Event()
    bench.fail("ok", "throttle-429:3600")
    assert bench.update(stop=stop, after=(5.0, stop.set)).how is StopReason.REQUESTED
    assert bench.states == [State.UPDATED, *[State.PLANNED] * 7]


def test_a_look_that_is_too_old_is_made_again(bench: Bench) -> None:
    """Between look and write more than five seconds have passed, in which somebody may have changed the record."""
    [first, *_] = bench.service.records
    bench.slow = [6.0]

    def edit() -> None:
        bench.service.edit(first, Name="Theirs")
        bench.meanwhile = int

    bench.meanwhile = edit
    assert bench.update().how is StopReason.DONE
    assert bench.states == [State.HELD, *[State.UPDATED] * 7]
    assert bench.service.records[first]["Name"] == "Theirs"


def test_an_equal_row_without_an_answer_elsewhere_is_waited_for(bench: Bench, memory: Path) -> None:
    """Another run's update of the record may still arrive; the row stays planned."""
    other = add_run(bench.journal, memory)
    [mine, *_] = bench.journal.rows.all(bench.run)
    row = record(2)._replace(update=AgreedUpdate(mine.remote_id or 0, None))
    other = bench.journal.rows.plan(other, [([row], (), 1)], bench.run.target or 0, 2.0)
    [theirs] = bench.journal.rows.all(other)
    change = Change(theirs, Event.WILL_UPDATE, theirs.remote_id, before="{}")
    assert bench.journal.rows.will_update(other, change, 3.0) is None
    bench.update()
    assert bench.states == [State.PLANNED, *[State.UPDATED] * 7]
    assert len(bench.turns) == 7


@pytest.mark.parametrize(
    ("calendar", "record_of_theirs", "compared", "state"),
    [
        # Made after the rows were compared: the comparison could not see it.
        ("new", 77, False, State.HELD),
        # The comparison has seen that it is gone, or of another mapping.
        ("new", 77, True, State.UPDATED),
        # The same record: another run has updated or made it.
        ("new", None, False, State.UPDATED),
        # Two records of one mapping that were there all the time; the row says which is its own.
        ("c2", 77, False, State.UPDATED),
    ],
)
def test_no_record_gets_a_key_that_another_one_got_meanwhile(
    bench: Bench, memory: Path, calendar: str, record_of_theirs: int | None, compared: bool, state: State
) -> None:
    """A row that names its record by Id may change its key; the mapping must not be there twice by that."""
    [mine, *_] = bench.journal.rows.all(bench.run)
    number, target = mine.remote_id or 0, bench.run.target or 0
    other = add_run(bench.journal, memory, planned=1)
    [theirs] = bench.journal.rows.all(other)
    bench.journal.rows.move([Change(theirs, Event.WILL_SEND)], 3.0)
    made = Change(theirs.sent(), Event.ACCEPTED, record_of_theirs or number)
    bench.journal.rows.move([made], 4.0)
    row = record(2, SubscriptionExpireDate=NEW, CalendarId=calendar)
    row = row._replace(named_id=number, update=AgreedUpdate(number, None, before_of(bench.compared[2])))
    bench.run = bench.journal.rows.plan(bench.run, [([row], (), 1)], target, 5.0)
    bench.ended = frozenset({(other.id, 2)}) if compared else frozenset()
    assert bench.update().how is StopReason.DONE
    assert (bench.states, len(bench.turns)) == ([state], 1 if state is State.UPDATED else 0)
    [after] = bench.journal.rows.all(bench.run)
    conflict = recorded_conflict(after)
    assert conflict == (Conflict(Reason.KEY_TAKEN, (77,)) if state is State.HELD else None)


def test_never_two_calls_for_one_row(bench: Bench) -> None:
    """However many are under way, each row is read and written once."""
    bench.update(at_once=4)
    assert sorted(bench.service.asked) == ["read"] * 8 + ["update"] * 8
    assert bench.states == [State.UPDATED] * 8
    assert all(intent.attempts == 1 for intent in bench.journal.rows.all(bench.run))


def test_the_record_as_it_was_is_in_the_journal_before_the_call(bench: Bench) -> None:
    """For a death right after: what undoes the update, and what shows whether it arrived."""
    seen: list[bool] = []

    async def look() -> None:
        if bench.service.asked and bench.service.asked[-1] == "read":
            row = next(i for i in bench.journal.rows.all(bench.run) if i.state is State.UPDATING)
            seen.append(json.loads(row.before or "{}")["SubscriptionExpireDate"] != NEW)

    bench.service.before = look
    bench.update()
    assert seen == [True] * 8
