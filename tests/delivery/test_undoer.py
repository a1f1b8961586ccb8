"""Records deleted again: what each answer makes of a row, what is left alone, and what ends an undo."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from delivery.in_process import InProcess
from delivery.kit import ACCOUNT, KIND, PATH, STATUSES, add_run, body
from delivery.simulation import simulated
from importer.delivery.backoff import LONGEST_PAUSE
from importer.delivery.record_reader import RecordReader
from importer.delivery.send_result import RecordsNotUndone, SendResult, StopReason
from importer.delivery.stop_signal import StopSignal, watched
from importer.delivery.undoer import Reversal, Undoer, Undone
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Change
from importer.journal.runs import Run
from importer.journal.states import Event, State
from importer.nexudus import Reply

PATIENCE = 60.0
"""Seconds for which a service that is away is asked again."""


@dataclass
class Desk:
    """A run whose three rows were created, and whoever takes it back. ``turns`` are the deletes that were allowed."""

    journal: Journal
    run: Run
    service: InProcess = field(default_factory=InProcess)
    turns: list[float] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    reversals: list[Reversal] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    turn_takes: float = 0.0
    renewal_takes: list[float] = field(default_factory=list)
    ended: float = 0.0
    window: float = 0.0
    start: float = 9_000.0

    def undo(
        self,
        *,
        stop: asyncio.Event | None = None,
        tell: Callable[[int], None] = lambda _: None,
        after: tuple[float, Callable[[], object]] | None = None,
    ) -> SendResult:
        """Undo the run in simulated time; ``after`` so many seconds of it, something is done."""
        self.reversals = []

        async def main() -> SendResult:
            loop = asyncio.get_running_loop()
            if after is not None:
                loop.call_later(*after)

            async def take_turn() -> float:
                await asyncio.sleep(self.turn_takes)
                self.meanwhile()
                self.turns.append(loop.time())
                return loop.time()

            async def renew_turn(_: float) -> float:
                await asyncio.sleep(self.renewal_takes.pop() if self.renewal_takes else 0.0)
                return loop.time()

            def is_requested() -> bool:
                return self.journal.runs.stop_requested(self.run)

            def now() -> float:
                return self.start + loop.time()

            async with watched(StopSignal(stop or asyncio.Event(), is_requested, now=now)) as signal:
                undoer = Undoer(
                    self.journal,
                    self.service.nexudus,
                    self.run,
                    KIND,
                    take_turn,
                    renew_turn,
                    reader=RecordReader(
                        self.service.nexudus, PATH, KIND, (), PATIENCE, now=now, say=self.sentences.append
                    ),
                    now=now,
                    stop=signal,
                    tell=tell,
                    say=self.sentences.append,
                    window=self.window,
                )
                try:
                    return await undoer.undo(self.reversals)
                finally:
                    self.ended = loop.time()

        return simulated(main())

    def delete_is_answered(self, *faults: str) -> None:
        """What happens to the next deletes."""
        self.service.state.fail_next(*faults, on="delete")

    @property
    def states(self) -> list[State]:
        """The state of each row."""
        return [intent.state for intent in self.journal.rows.all(self.run)]

    @property
    def rows_there(self) -> list[int]:
        """The rows whose record exists."""
        return [int(str(record["Name"]).removeprefix("Room ")) for record in self.service.records.values()]

    def id_of(self, row: int) -> int:
        """The Id of the record of a row."""
        return next(i.remote_id or 0 for i in self.journal.rows.all(self.run) if i.row == row)


@pytest.fixture
def desk(memory: Path) -> Iterator[Desk]:
    """A run of three created rows."""
    with open_journal(f"sqlite:///{memory / 'j'}") as journal:
        run = add_run(journal, memory, planned=3)
        desk = Desk(journal, run)
        journal.rows.will_send(run, ACCOUNT, journal.rows.planned(run, 0, 9), (), 3.0)
        for intent in list(journal.rows.all(run)):
            number = desk.service.state.add(PATH, intent.body.encode(), by="ops@example.com")
            journal.rows.move([Change(intent, Event.ACCEPTED, number)], 4.0)
        yield desk


def test_what_nobody_changed_is_deleted(desk: Desk) -> None:
    """Each row is looked at, its delete is waited for and made once, and it is removed."""
    assert desk.undo().how is StopReason.DONE
    assert [(r.row, r.undone) for r in desk.reversals] == [(row, Undone.REMOVED) for row in (2, 3, 4)]
    assert desk.states == [State.REMOVED] * 3
    assert desk.service.records == {}
    assert desk.service.asked == ["read", "delete"] * 3
    assert len(desk.turns) == 3


@pytest.mark.parametrize(
    ("fault", "undone", "state", "there"),
    [
        ("ok", Undone.REMOVED, State.REMOVED, False),
        # A refusal: the record is still there, and the row is what it was.
        ("400", Undone.KEPT, State.CREATED, True),
        ("409-envelope", Undone.KEPT, State.CREATED, True),
        ("false-200", Undone.KEPT, State.CREATED, True),
        # WasSuccessful is true in this one, and Errors says what it is worth.
        ("errors-200", Undone.KEPT, State.CREATED, True),
        # Of a record that was there a moment ago; so it is read again.
        ("404", Undone.FAILED, State.REMOVING, True),
        ("status:404", Undone.FAILED, State.REMOVING, True),
        # No word: the record is read again, which tells that it is gone, or leaves the row to the next undo.
        ("lost-before", Undone.FAILED, State.REMOVING, True),
        ("lost-after", Undone.REMOVED, State.REMOVED, False),
        ("500-before", Undone.FAILED, State.REMOVING, True),
        ("500-after", Undone.REMOVED, State.REMOVED, False),
        ("500-ooops-after", Undone.REMOVED, State.REMOVED, False),
        ("502-html", Undone.FAILED, State.REMOVING, True),
        ("200-html", Undone.FAILED, State.REMOVING, True),
        ("200-empty", Undone.REMOVED, State.REMOVED, False),
        ("array-200", Undone.KEPT, State.CREATED, True),
        ("403", Undone.FAILED, State.REMOVING, True),
        ("redirect", Undone.FAILED, State.REMOVING, True),
        ("status:418", Undone.FAILED, State.REMOVING, True),
    ],
)
def test_what_an_answer_to_a_delete_means(desk: Desk, fault: str, undone: Undone, state: State, there: bool) -> None:
    """Removed and kept need the service's word; whatever it says, the other rows are undone."""
    desk.delete_is_answered("ok", fault)
    assert desk.undo().how is StopReason.DONE
    assert [reversal.undone for reversal in desk.reversals] == [Undone.REMOVED, undone, Undone.REMOVED]
    assert desk.states == [State.REMOVED, state, State.REMOVED]
    assert desk.rows_there == ([3] if there else [])
    assert bool(desk.reversals[1].why) is (undone is not Undone.REMOVED)


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("status", STATUSES)
def test_a_delete_is_reported_as_what_it_is(desk: Desk, status: int, carried_out: bool) -> None:
    """Removed only if the record is gone, and never created if it is."""
    desk.delete_is_answered("ok", f"status-after:{status}" if carried_out else f"status:{status}")
    desk.undo()
    is_there = 3 in desk.rows_there
    assert desk.states[1] in ({State.CREATED, State.REMOVING} if is_there else {State.REMOVED})
    assert not (is_there and carried_out)


@pytest.mark.parametrize("fault", ["lost-before", "500-before", "502-html", "403", "404", "status:404", "redirect"])
def test_an_undo_without_an_answer_is_repeated(desk: Desk, fault: str) -> None:
    """The record is still there, so the row stays on its way; the second time it is deleted."""
    desk.delete_is_answered(fault)
    desk.undo()
    assert desk.states == [State.REMOVING, State.REMOVED, State.REMOVED]
    desk.undo()
    assert [(reversal.row, reversal.undone) for reversal in desk.reversals] == [(2, Undone.REMOVED)]
    assert desk.states == [State.REMOVED] * 3
    assert desk.service.records == {}


@pytest.mark.parametrize("fault", ["lost-after", "500-after", "500-ooops-after", "502-html-after", "200-html-after"])
def test_after_an_answer_that_proves_nothing_the_record_itself_tells(desk: Desk, fault: str) -> None:
    """The delete took effect, and only the service's "not found" to another look makes that true."""
    desk.delete_is_answered(fault)
    desk.service.state.fail_next("ok", "200-html", on="read")
    desk.undo()
    assert (desk.reversals[0].undone, desk.states[0]) == (Undone.FAILED, State.REMOVING)
    desk.undo()
    assert (desk.reversals[0].undone, desk.states) == (Undone.REMOVED, [State.REMOVED] * 3)


def test_a_late_delete_is_seen_by_the_next_undo(desk: Desk) -> None:
    """The record is still there at once after the answer was lost, and gone when somebody undoes again."""
    desk.delete_is_answered("late")
    desk.undo()
    assert (desk.reversals[0].undone, desk.states[0]) == (Undone.FAILED, State.REMOVING)
    desk.service.let_late_effects_come()
    desk.undo()
    assert (desk.reversals[0].undone, desk.states[0]) == (Undone.REMOVED, State.REMOVED)


LIES = {
    "a web page": Reply(404, text="<html>Not found</html>", whole=True, content_type="text/html"),
    "an empty body": Reply(404, whole=True),
    "an empty 401": Reply(401, whole=True),
    "a gateway's object": Reply(404, text="{}", json={"message": "Not found"}, whole=True),
    "another refusal": Reply(401, text='"Access Denied."', json="Access Denied.", whole=True),
    "a redirect": Reply(302, whole=True),
    "not found under 200": Reply(200, text='"Not found"', json="Not found", whole=True),
    "an envelope": Reply(200, json={"WasSuccessful": False, "Message": "Not found", "Value": None}, whole=True),
    "a list": Reply(200, json=[], whole=True),
    "no answer": Reply(failure="no answer"),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
@pytest.mark.parametrize("removing", [False, True])
def test_nothing_but_the_record_or_its_absence_is_believed(desk: Desk, lie: Reply, removing: bool) -> None:
    """Nothing is deleted, the row is what it was, what came is said, and the undo can be repeated."""
    if removing:
        desk.delete_is_answered(*["lost-before"] * 3)
        desk.undo()
    before, calls = desk.states, desk.service.asked.count("delete")
    desk.service.lie = lie
    desk.undo()
    assert [(reversal.undone, bool(reversal.why)) for reversal in desk.reversals] == [(Undone.FAILED, True)] * 3
    assert (desk.states, desk.rows_there) == (before, [2, 3, 4])
    assert desk.service.asked.count("delete") == calls
    desk.service.lie = None
    desk.undo()
    assert desk.states == [State.REMOVED] * 3


def test_a_refused_row_can_be_undone_later(desk: Desk) -> None:
    """It is created as before, so the next undo asks for it again."""
    desk.delete_is_answered("400", "400", "400")
    desk.undo()
    assert desk.states == [State.CREATED] * 3
    desk.undo()
    assert desk.states == [State.REMOVED] * 3


def test_a_record_that_somebody_changed_is_left_alone(desk: Desk) -> None:
    """The fields are named, nothing is deleted, and the row stays created."""
    desk.service.edit(desk.id_of(3), Name="Their room", CalendarId="theirs")
    assert desk.undo().how is StopReason.DONE
    assert desk.reversals[1] == Reversal(3, desk.id_of(3), Undone.KEPT, "changed since the import: Name, CalendarId")
    assert desk.states == [State.REMOVED, State.CREATED, State.REMOVED]
    assert list(desk.service.records) == [desk.id_of(3)]


def test_a_record_that_was_changed_in_what_we_never_sent_is_left_alone(desk: Desk) -> None:
    """Every field is as it was sent, but the service says that somebody saved it since."""
    desk.service.edit(desk.id_of(3))
    desk.undo()
    assert desk.reversals[1] == Reversal(3, desk.id_of(3), Undone.KEPT, "changed since the import")
    assert list(desk.service.records) == [desk.id_of(3)]


@pytest.mark.parametrize("dates", [("CreatedOn",), ("UpdatedOn",), ("CreatedOn", "UpdatedOn")])
def test_a_record_without_dates_is_judged_by_its_fields(desk: Desk, dates: tuple[str, ...]) -> None:
    """A service that says nothing of when has not said that somebody changed it."""
    for record in desk.service.records.values():
        record.update(dict.fromkeys(dates))
    desk.service.records[desk.id_of(3)]["Name"] = "Their room"
    desk.undo()
    assert [reversal.undone for reversal in desk.reversals] == [Undone.REMOVED, Undone.KEPT, Undone.REMOVED]


def test_a_change_during_an_unanswered_delete_is_left_alone(desk: Desk) -> None:
    """The row whose delete was on its way is created again, for its record is there."""
    desk.delete_is_answered("lost-before")
    desk.undo()
    assert desk.states[0] is State.REMOVING
    desk.service.edit(desk.id_of(2), Name="Their room")
    desk.undo()
    assert [reversal.undone for reversal in desk.reversals] == [Undone.KEPT]
    assert desk.states == [State.CREATED, State.REMOVED, State.REMOVED]


def test_a_record_is_kept_only_once_its_unanswered_delete_can_no_longer_come(desk: Desk) -> None:
    """Called created before, the row would be misreported when the delete takes effect after all."""
    desk.window = 900.0
    desk.delete_is_answered("late")
    desk.undo()
    desk.service.edit(desk.id_of(2), Name="Their room")
    desk.start += 60.0
    desk.undo()
    assert (desk.reversals[0].undone, desk.states[0]) == (Undone.FAILED, State.REMOVING)
    assert "may still take effect. Undo again after" in desk.reversals[0].why
    desk.service.late.clear()
    desk.start += 900.0
    desk.undo()
    assert (desk.reversals[0].undone, desk.states[0]) == (Undone.KEPT, State.CREATED)


def test_a_record_that_is_gone_costs_no_delete(desk: Desk) -> None:
    """A colleague was quicker; the row is removed, and it is said how."""
    desk.service.state.service.delete(desk.service.entity(), desk.id_of(3))
    desk.undo()
    assert desk.reversals[1].why == "already deleted"
    assert desk.states == [State.REMOVED] * 3
    assert desk.service.asked.count("delete") == len(desk.turns) == 2


def test_a_record_that_cannot_be_looked_at_is_not_deleted(desk: Desk) -> None:
    """No answer to the look is no answer to whether it was changed."""
    desk.service.state.fail_next("ok", "500-before", on="read")
    desk.undo()
    assert [reversal.undone for reversal in desk.reversals] == [Undone.REMOVED, Undone.FAILED, Undone.REMOVED]
    assert desk.states[1] is State.CREATED
    assert desk.rows_there == [3]


@pytest.mark.parametrize(
    ("faults", "sentence"),
    [
        (["throttle-429:3600"], "the service asked us to wait"),
        (["throttle-409-bare"] * 8, "the service asked us to wait"),
        (["status:503"] * 3, ""),
        (
            ["502-html", "status:504", "lost-before", "hang-before", "status:408", "502-html"],
            "the service cannot be reached",
        ),
    ],
    ids=["throttle", "throttles", "short outage", "outage"],
)
@pytest.mark.parametrize("deletes", [[], ["lost-after"], ["500-before"]], ids="".join)
def test_a_look_waits_out_a_throttle_or_an_outage(
    desk: Desk, faults: list[str], sentence: str, deletes: list[str]
) -> None:
    """Before the delete, and after one whose answer tells nothing; a long wait is said."""
    desk.delete_is_answered("ok", *deletes)
    looks = ["ok", "ok"] if deletes else ["ok"]
    desk.service.state.fail_next(*looks, *faults, on="read")
    assert desk.undo().how is StopReason.DONE
    failed = Undone.FAILED if deletes == ["500-before"] else Undone.REMOVED
    assert [reversal.undone for reversal in desk.reversals] == [Undone.REMOVED, failed, Undone.REMOVED]
    assert all(sentence in said for said in desk.sentences)
    assert bool(desk.sentences) is bool(sentence)


def test_a_turn_that_a_long_look_made_stale_is_taken_anew(desk: Desk) -> None:
    """The record is read at the end of the wait, and deleted right after."""
    desk.service.state.fail_next("throttle-429:3600", on="read")
    assert desk.undo().how is StopReason.DONE
    assert desk.service.asked == ["read", "read", "delete", "read", "delete", "read", "delete"]
    assert len(desk.turns) == 3


def test_a_service_that_stays_away_from_looks_ends_an_undo(desk: Desk) -> None:
    """After as long as for writes: its records are not looked at, and the next undo goes on."""
    desk.service.state.fail_next("ok", *["502-html"] * 99, on="read")
    desk.undo()
    assert [reversal.undone for reversal in desk.reversals] == [Undone.REMOVED, Undone.FAILED, Undone.FAILED]
    assert "could not be looked at" in desk.reversals[1].why
    assert desk.states == [State.REMOVED, State.CREATED, State.CREATED]
    assert PATIENCE <= desk.ended <= PATIENCE + 2 * LONGEST_PAUSE
    assert len(desk.turns) == 2


@pytest.mark.parametrize("deletes", [[], ["lost-before"]], ids="".join)
def test_a_stop_ends_the_wait_for_a_look(desk: Desk, deletes: list[str]) -> None:
    """The service may have asked to wait for a day."""
    stop = asyncio.Event()
    desk.delete_is_answered(*deletes)
    desk.service.state.fail_next(*["ok" for _ in deletes], "throttle-429:80000", on="read")
    assert desk.undo(stop=stop, after=(5.0, stop.set)).how is StopReason.REQUESTED
    assert desk.ended < 10.0
    assert State.REMOVED not in desk.states


def test_a_throttled_delete_waits_as_long_as_the_service_says(desk: Desk) -> None:
    """And takes its turn anew each time."""
    desk.delete_is_answered("throttle-429:30", "throttle-409:7", "throttle-409-bare")
    assert desk.undo().how is StopReason.DONE
    assert desk.states == [State.REMOVED] * 3
    waits = [later - earlier for earlier, later in zip(desk.turns, desk.turns[1:], strict=False)]
    assert waits == [pytest.approx(30.25), pytest.approx(7.0), 2.0, 0.0, 0.0]


def test_a_delete_throttled_without_a_wait_is_made_less_and_less_often(desk: Desk) -> None:
    """Where the quota of a day is used up, a try every two seconds would be ten thousand calls for nothing."""
    desk.delete_is_answered(*["throttle-409-bare"] * 8)
    assert desk.undo().how is StopReason.DONE
    waits = [later - earlier for earlier, later in zip(desk.turns, desk.turns[1:], strict=False)]
    assert waits == [2.0, 4.0, 8.0, 16.0, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE, 0.0, 0.0]


def test_asked_to_stop_a_throttled_delete_is_not_waited_for(desk: Desk) -> None:
    """By the one who started it or by another process: the wait may be for tomorrow."""
    assert desk.journal.path is not None
    with open_journal(f"sqlite:///{desk.journal.path}") as elsewhere:
        for how in ("here", "elsewhere"):
            stop = asyncio.Event()
            desk.journal.runs.update(desk.run, stop=False)
            desk.delete_is_answered("throttle-429:80000")
            turns = len(desk.turns)

            def ask(how: str = how, stop: asyncio.Event = stop) -> None:
                if how == "here":
                    stop.set()
                else:
                    elsewhere.runs.update(elsewhere.runs.get(desk.run.id), stop=True)

            assert desk.undo(stop=stop, after=(10.0, ask)).how is StopReason.REQUESTED
            assert desk.ended <= 12.0
            # A wait of a day is said, with its end.
            assert "asked us to wait until" in desk.sentences[-1]
            assert len(desk.turns) == turns + 1
    assert desk.states == [State.REMOVING, State.CREATED, State.CREATED]
    assert desk.rows_there == [2, 3, 4]


def test_asked_to_stop_a_turn_is_not_waited_for(desk: Desk) -> None:
    """With the allowance of the day used up the turn comes tomorrow."""
    desk.turn_takes = 80_000.0
    stop = asyncio.Event()
    assert desk.undo(stop=stop, after=(10.0, stop.set)).how is StopReason.REQUESTED
    assert desk.ended <= 11.0
    assert (desk.states, desk.service.asked) == ([State.CREATED] * 3, [])


def test_a_change_while_the_turn_is_waited_for_is_left_alone(desk: Desk) -> None:
    """With the allowance of the day used up the turn comes tomorrow; what is deleted then is looked at then."""

    def edit_row_3() -> None:
        if len(desk.turns) == 1:
            desk.service.edit(desk.id_of(3), Name="Their room")

    desk.meanwhile = edit_row_3
    desk.undo()
    assert [reversal.undone for reversal in desk.reversals] == [Undone.REMOVED, Undone.KEPT, Undone.REMOVED]
    assert [record["Name"] for record in desk.service.records.values()] == ["Their room"]
    # The turn that row 3 did not need served row 4.
    assert len(desk.turns) == 2


def test_a_change_during_a_throttle_is_left_alone(desk: Desk) -> None:
    """The service may ask to wait for an hour: the record is looked at again before the delete is made again."""
    desk.delete_is_answered("throttle-429:3600")

    def edit_row_2() -> None:
        if len(desk.turns) == 1:
            desk.service.edit(desk.id_of(2), Name="Their room")

    desk.meanwhile = edit_row_2
    desk.undo()
    assert [reversal.undone for reversal in desk.reversals] == [Undone.KEPT, Undone.REMOVED, Undone.REMOVED]
    assert desk.states == [State.CREATED, State.REMOVED, State.REMOVED]


def test_asked_to_stop_it_deletes_nothing_more(desk: Desk) -> None:
    """By the one who started it: the row under way is finished, the others stay."""
    stop = asyncio.Event()
    assert desk.undo(stop=stop, tell=lambda _: stop.set()).how is StopReason.REQUESTED
    assert desk.states == [State.REMOVED, State.CREATED, State.CREATED]
    assert desk.service.asked.count("delete") == 1


def test_another_process_can_stop_it(desk: Desk) -> None:
    """Whoever types `importer stop` elsewhere has only the journal in common with it."""
    assert desk.journal.path is not None
    with open_journal(f"sqlite:///{desk.journal.path}") as elsewhere:

        def after_two(done: int) -> None:
            if done == 2:
                elsewhere.runs.update(elsewhere.runs.get(desk.run.id), stop=True)

        assert desk.undo(tell=after_two).how is StopReason.REQUESTED
    assert desk.states == [State.REMOVED, State.REMOVED, State.CREATED]
    assert desk.rows_there == [4]


def test_a_service_that_answers_nothing_ends_it(desk: Desk, memory: Path) -> None:
    """Five failures in a row, and not five of many."""
    (memory / "many").mkdir()
    journal = desk.journal
    run = add_run(journal, memory / "many", account="another", planned=12)
    journal.rows.will_send(run, "another", journal.rows.planned(run, 0, 99), (), 3.0)
    for intent in list(journal.rows.all(run)):
        number = desk.service.state.add(PATH, body(100 + intent.row).encode(), by="ops@example.com")
        journal.rows.move([Change(intent, Event.ACCEPTED, number)], 4.0)
    many = Desk(journal, run, desk.service)
    for record, row in zip(list(desk.service.records.values())[3:], range(2, 14), strict=True):
        record.update(Name=f"Room {row}", ResourceId=1000 + row, CoworkerId=2000 + row)
        record.update(SubscriptionId=f"s{row}", CalendarId=f"c{row}")
    many.delete_is_answered(*["500-before"] * 4, "ok", *["500-before"] * 9)
    end = many.undo()
    assert end.how is StopReason.UNANSWERED
    assert isinstance(end.detail, RecordsNotUndone)
    assert end.detail.records == 5
    assert len(many.reversals) == 10
    assert many.states == [State.REMOVING] * 4 + [State.REMOVED] + [State.REMOVING] * 5 + [State.CREATED] * 2


def test_the_intent_to_delete_is_in_the_journal_before_the_call(desk: Desk) -> None:
    """Killed in the middle, the row is one whose delete may have left, and its record is looked at next time."""
    states: list[list[State]] = []

    async def killed() -> None:
        states.append(desk.states)
        if desk.service.asked.count("delete") == 1 and desk.service.asked[-1] == "read":
            raise KeyboardInterrupt

    desk.service.before = killed
    with pytest.raises(KeyboardInterrupt):
        desk.undo()
    assert desk.states == [State.REMOVED, State.REMOVING, State.CREATED]
    # Before the look a row is what it was; before its delete the journal says that it may be gone.
    assert [each[0] for each in states[:2]] == [State.CREATED, State.REMOVING]
    desk.service.before = InProcess().before
    desk.undo()
    assert desk.states == [State.REMOVED] * 3


def test_rows_that_have_no_record_are_not_asked_about(desk: Desk, memory: Path) -> None:
    """Planned, rejected and existing rows are nothing of this run's to take back."""
    (memory / "other").mkdir()
    run = add_run(desk.journal, memory / "other", planned=5)
    desk.journal.rows.will_send(run, ACCOUNT, desk.journal.rows.planned(run, 0, 9), (), 5.0)
    [rejected, _] = desk.journal.rows.all(run, State.IN_DOUBT)
    desk.journal.rows.move([Change(rejected, Event.REFUSED)], 6.0)
    other = Desk(desk.journal, run, desk.service)
    assert other.undo().how is StopReason.DONE
    assert (other.reversals, other.service.asked) == ([], [])
    assert desk.rows_there == [2, 3, 4]


def test_a_record_is_looked_at_again_if_the_delete_may_not_leave_at_once(desk: Desk) -> None:
    """Another program took the turn: what was looked at an hour ago may have been changed since."""
    desk.renewal_takes = [3_600.0]
    assert desk.undo().how is StopReason.DONE
    assert (desk.service.asked.count("read"), len(desk.reversals)) == (4, 3)
