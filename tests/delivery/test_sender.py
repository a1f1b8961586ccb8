"""The loop of sending, in simulated time: what leaves when, what an answer makes of a row, and what ends it."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from delivery.in_process import InProcess
from delivery.kit import ACCOUNT, add_run
from delivery.simulation import Loop
from importer.delivery.send_result import SendResult, StopReason
from importer.delivery.sender import LONGEST_DELAY, Pace, Sender
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Change, Rows, Sending
from importer.journal.runs import Run
from importer.journal.states import Event, State
from importer.model import Progress
from importer.nexudus import Reply

START = 1_900_000_000.0


@dataclass
class Desk:
    """A planned run and whoever sends it; ``told`` is the progress, ``most`` how many calls were under way at once."""

    journal: Journal
    run: Run
    service: InProcess = field(default_factory=InProcess)
    told: list[Progress] = field(default_factory=list)
    on_call: Callable[[], object] = lambda: None
    way: float = 0.1
    under_way: int = 0
    most: int = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    skew: float = 0.0

    def __post_init__(self) -> None:
        self.service.before = self._travel

    async def _travel(self) -> None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.on_call()
        try:
            await asyncio.sleep(self.way)
        finally:
            self.under_way -= 1

    def clock(self) -> float:
        """The time here."""
        return START + asyncio.get_running_loop().time() + self.skew

    def send(self, *faults: str, **pace: Any) -> SendResult:
        """Send what is planned, one call at a time unless the pace says otherwise."""
        self.service.state.fail_next(*faults)
        self.stop = asyncio.Event()

        async def main() -> SendResult:
            chosen = Pace(**{"windows": (), "concurrency": 1, "patience": 60.0, **pace})
            sender = Sender(
                self.journal,
                self.service.nexudus,
                self.run,
                ACCOUNT,
                chosen,
                now=self.clock,
                stop=self.stop,
                tell=self.told.append,
            )
            return await sender.send()

        with asyncio.Runner(loop_factory=Loop) as runner:
            return runner.run(main())

    @property
    def states(self) -> list[str]:
        """The state of each row, in the order of the file."""
        return [intent.state.value for intent in self.journal.rows.all(self.run)]

    @property
    def names(self) -> list[object]:
        """What exists, oldest first."""
        return [record["Name"] for record in self.service.records.values()]


@pytest.fixture
def desk(memory: Path) -> Iterator[Desk]:
    """A run of six planned rows."""
    with open_journal(f"sqlite:///{memory / 'j'}") as journal:
        yield Desk(journal, add_run(journal, memory, planned=6))


ROOMS = [f"Room {number}" for number in range(2, 8)]


def test_every_row_is_sent_once_in_the_order_of_the_file(desk: Desk) -> None:
    """And the progress adds up."""
    assert desk.send().how is StopReason.DONE
    assert (desk.states, desk.names) == (["created"] * 6, ROOMS)
    assert [progress.done for progress in desk.told] == [1, 2, 3, 4, 5, 6]
    assert {intent.remote_id for intent in desk.journal.rows.all(desk.run)} == set(desk.service.records)


def test_no_call_leaves_before_its_intent_is_in_the_journal(desk: Desk) -> None:
    """As another process would read it at that moment: a kill now would leave the row in doubt."""
    before: list[int] = []
    desk.on_call = lambda: before.append(desk.states.count("in doubt"))
    desk.send(concurrency=2)
    assert len(before) == 6
    assert min(before) >= 1


@pytest.mark.parametrize("concurrency", [1, 2, 5])
def test_no_more_calls_are_under_way_than_allowed(desk: Desk, concurrency: int) -> None:
    """But as many as that."""
    desk.send(concurrency=concurrency)
    assert (desk.most, sorted(map(str, desk.names))) == (concurrency, ROOMS)


@pytest.mark.parametrize(
    ("fault", "state", "exists"),
    [
        ("ok", "created", True),
        ("lost-before", "in doubt", False),
        ("lost-after", "in doubt", True),
        ("500-before", "in doubt", False),
        ("500-after", "in doubt", True),
        ("no-id", "in doubt", True),
        ("400", "rejected", False),
        ("false-200", "rejected", False),
        # The sign-in still works, so it is the row that is refused.
        ("401-row", "rejected", False),
        # Provably not applied: it has its turn again.
        ("throttle-429:3", "created", True),
        ("throttle-409:3", "created", True),
    ],
)
def test_what_an_answer_makes_of_its_row(desk: Desk, fault: str, state: str, exists: bool) -> None:
    """The rows beside it are created."""
    desk.send("ok", fault)
    # A row that was put back may come behind others.
    assert desk.states == ["created", state, *["created"] * 4]
    assert ("Room 3" in desk.names) is exists
    assert sorted(map(str, desk.names)) == [name for name in ROOMS if exists or name != "Room 3"]


@pytest.mark.parametrize("concurrency", [1, 2])
def test_an_id_that_is_given_twice_is_believed_once(desk: Desk, concurrency: int) -> None:
    """One answer after the other, or both in one turn: the second row stays in doubt, and sending stops."""
    end = desk.send("ok", "id-repeated", concurrency=concurrency)
    assert end.how is StopReason.REFUSED
    assert desk.states == ["created", "in doubt", *["planned"] * 4]


def test_after_so_many_rows_it_stops(desk: Desk) -> None:
    """As asked; a row that was not applied does not count."""
    end = desk.send("throttle-429:1", max_rows=4, concurrency=3)
    assert (end.how, len(desk.names)) == (StopReason.LIMIT, 4)
    assert (desk.states.count("created"), desk.states.count("planned")) == (4, 2)
    assert desk.send(max_rows=4).how is StopReason.DONE


def test_after_so_much_time_it_stops(desk: Desk) -> None:
    """What is under way is waited for, and nothing is left in doubt for it."""
    desk.way = 10.0
    assert desk.send(deadline=START + 25.0).how is StopReason.LIMIT
    assert desk.states == ["created"] * 3 + ["planned"] * 3


@pytest.mark.parametrize("how", ["event", "journal"])
def test_asked_to_stop_it_finishes_what_is_under_way(desk: Desk, how: str) -> None:
    """By its own process or by another one, which has only the journal in common with it."""
    desk.way = 2.0

    def ask() -> None:
        if len(desk.names) == 2:
            desk.stop.set() if how == "event" else desk.journal.runs.update(desk.run, stop=True)

    desk.on_call = ask
    assert desk.send().how is StopReason.REQUESTED
    assert desk.states == ["created"] * 3 + ["planned"] * 3


def test_cancelled_it_leaves_what_is_under_way_in_doubt(desk: Desk) -> None:
    """The second Ctrl-C: the journal knows already, and nothing else is to be done."""

    def cancel() -> None:
        if desk.service.asked.count("create") == 2:
            raise KeyboardInterrupt

    desk.on_call = cancel
    with pytest.raises(KeyboardInterrupt):
        desk.send()
    assert desk.states == ["created", "created", "in doubt", "planned", "planned", "planned"]
    assert len(desk.names) == 2


@pytest.mark.parametrize("seconds", [LONGEST_DELAY + 1, -86_400.0])
def test_a_call_does_not_leave_long_after_its_intent(desk: Desk, seconds: float) -> None:
    """The machine slept in between, or may have: the window that counts from the intent may be over by then."""

    class Asleep(Rows):
        def will_send(self, *arguments: Any, **more: Any) -> Sending:
            done = super().will_send(*arguments, **more)
            desk.skew = seconds
            return done

    journal = desk.journal
    journal.rows = Asleep(journal._db, journal.runs, journal.calls, journal.senders.fence)
    assert desk.send().how is StopReason.DONE
    assert sorted(map(str, desk.names)) == ROOMS
    assert sum(intent.attempts for intent in desk.journal.rows.all(desk.run)) == 7


@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
def test_a_wish_to_stop_is_seen_whatever_the_clock_does(desk: Desk, seconds: float) -> None:
    """Set back by an hour, it does not keep the next look for an hour."""

    def on_third_call() -> None:
        if len(desk.names) == 2:
            desk.skew = seconds
            desk.journal.runs.update(desk.run, stop=True)

    desk.on_call = on_third_call
    assert desk.send(tick=0.05).how is StopReason.REQUESTED


def test_a_row_whose_equal_is_in_doubt_elsewhere_is_neither_sent_nor_lost(desk: Desk, memory: Path) -> None:
    """It stays planned; the others go."""
    (memory / "other").mkdir()
    other = add_run(desk.journal, memory / "other", planned=2)
    desk.journal.rows.will_send(other, ACCOUNT, desk.journal.rows.planned(other, 0, 9), (), START)
    [first, _] = desk.journal.rows.all(other, State.IN_DOUBT)
    desk.journal.rows.move([Change(first, Event.ACCEPTED, 77)], START)
    assert desk.send().how is StopReason.DONE
    assert desk.states == ["existing", "planned", *["created"] * 4]
    assert desk.names == ROOMS[2:]


def test_a_service_that_answers_nothing_is_not_asked_for_ever(desk: Desk) -> None:
    """Five rows in doubt are enough to know it."""
    end = desk.send(*["lost-before"] * 9)
    assert end.how is StopReason.UNANSWERED
    assert desk.states == ["in doubt"] * 5 + ["planned"]


def test_a_service_that_nobody_can_reach_puts_nothing_in_doubt(desk: Desk) -> None:
    """No byte left: it is tried again for as long as patience lasts, and every row is still planned."""

    class Unreachable(InProcess):
        async def create(self, _path: str, _body: str) -> Reply:
            self.asked.append("create")
            return Reply(sent=False, failure="no connection")

    desk.service = Unreachable()
    end = desk.send(patience=30.0)
    assert end.how is StopReason.UNREACHABLE
    assert desk.states == ["planned"] * 6
    assert len(desk.service.asked) > 1
