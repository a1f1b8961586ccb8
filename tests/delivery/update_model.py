"""Records that rows update, and updates that are undone: every interleaving of small worlds of one mapping.

The sequel of undo_model.py. What is concluded is asked of the importer: of ``Comparison`` and ``instead_of_an_update``
what a record makes of a row, of ``body_of`` what is written, of ``settled`` what has become of a call without an
answer, of ``Undoer`` what is put back, and of the table of states what follows. A colleague, a late effect, a clock, a
machine that sleeps, a death or the other sender can come between any two steps. Each rule can be taken away.

Assumed: Ids never come back, a later save has a later UpdatedOn, real time brings every effect within the window, and
of two clocks only one jumps. Of undos that are repeated, at most two calls are on their way at once.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import pytest

from delivery.kit import KIND, body
from importer.delivery import undoer as undoing
from importer.delivery import updates
from importer.delivery.by_id import Gone
from importer.delivery.comparer import Comparer
from importer.delivery.comparison import BesideTheList, Changed, Comparison, Match
from importer.delivery.listing import Listing, Remote, to_remote
from importer.delivery.reconciler import seconds_left
from importer.delivery.record_reader import RecordReader
from importer.delivery.undoer import Undoer, Undone
from importer.delivery.updates import (
    applied,
    before_of,
    body_of,
    instead_of_an_update,
    own_stamp,
    settled,
    values_before,
)
from importer.journal.evidence import FirstSearch
from importer.journal.journal import Journal
from importer.journal.rows import Change, Intent
from importer.journal.runs import Run
from importer.journal.states import TAKING_BACK, UNANSWERED, WITH_RECORD, Event, State, after
from importer.nexudus import Nexudus
from importer.runs import before_sending
from importer.runs.request import Choices

US, COLLEAGUE = "ops@example.com", "colleague@example.com"
WINDOW, JUMP = 900.0, 2_592_000.0
START, SERVICE_START = 1_000_000.0, 5_000_000.0
OLD, NEW, NEWER, THEIRS = "2031-01-01", "2031-02-01", "2031-03-01", "2031-09-01"
"""Dates: before the row's update, the row's, that of another run, and a colleague's."""


class UpdateRule(StrEnum):
    """What updates rest on; taking any one away must end in a record harmed, or in a row misreported or stuck."""

    INTENT_FIRST = "that a record may be changed is committed before the call leaves"
    AS_AGREED = "a record that was changed after the user was asked is left alone"
    AS_COMPARED = "and one that was changed after it was compared"
    VALUES_COMPARED = "changed is a record that has other values"
    UPDATED_ON_COMPARED = "and one with another UpdatedOn"
    NO_STAMP_NO_PROOF = "without UpdatedOn nothing proves that an update never arrived"
    LOOK_FIRST = "what is written is made of the record as it was just read"
    WHOLE_RECORD = "and holds what the row does not give"
    FIVE_SECONDS = "and leaves within five seconds of that, or the record is read again"
    LOOK_AGAIN = "after a throttle the record is read again"
    NO_BLIND_RESEND = "a call without an answer is not made again before its effect is known"
    WINDOW = "that it had no effect is believed only after the window"
    SERVICE_CLOCK = "by the service's clock"
    OUR_CLOCK = "and by this machine's"
    GONE_IS_LEFT = "a record that was deleted is not made again"
    SAME_RECORD = "and one that was made again is another one"
    UNANSWERED_BLOCKS = "a row waits for another run's update of its record that has no answer"
    UNDO_VALUES = "undo leaves a record alone that has other values than the row gave it"
    UNDO_LAST_CHANGE = "and one whose last change is not ours"
    UNDO_LATER_RUN = "and one that a later run of ours has written to"
    UNDO_FOREIGN_VALUES = "values that somebody else may have entered are not ours to undo"
    UNDO_OWN_WORK = "what an undo put back without an answer is known as ours to the next one"
    UNDO_LOOK_AGAIN = "undo reads the record again before it repeats a call"
    UNDO_WINDOW = "that an undo had no effect is believed only after the window"
    UNDO_INTENT_FIRST = "that a record may be put back is committed before the call leaves"


UPDATE_RULES = frozenset(UpdateRule)


class Record(NamedTuple):
    """What the service holds. ``date`` is a field that rows give, ``note`` one that they do not.

    ``saved`` is the number of its last save, ``their_date`` and ``their_note`` that of the save with which a colleague
    last entered the field since the user was asked; 0 if nobody did. ``row`` is the row that wrote the date last.
    """

    id: int = 100
    date: str = OLD
    note: str = "old"
    saved: int = 1
    by: str = US
    their_date: int = 0
    their_note: int = 0
    row: int = -1


class Row(NamedTuple):
    """A row of a run of its own: an update, or (with ``made``) what created the record.

    ``agreed``, ``before`` and ``compared`` are the record when the user was asked, when the update was about to leave,
    and when the sender compared; ``took`` tells that an update of it took effect, ``took_back`` the same of an undo.
    """

    date: str
    state: State = State.PLANNED
    remote_id: int | None = 100
    agreed: Record | None = None
    before: Record | None = None
    resends: int = 0
    sent_at: float | None = None
    look: tuple[float, float] | None = None
    updated_on: float | None = None
    made: bool = False
    took: bool = False
    took_back: bool = False


class Phase(StrEnum):
    """What a sender is at."""

    OFF = "off"
    IDLE = "idle"
    COMPARED = "compared"
    LOOKED = "looked"
    INTENDED = "about to call"
    UNSURE = "without an answer"


class Sender(NamedTuple):
    """A process that updates or undoes one row. ``seen`` is the record that its next call is made of.

    ``unanswered`` tells that an earlier undo of the row got no answer.
    """

    phase: Phase = Phase.OFF
    row: int = 0
    undoes: bool = False
    compared: Record | None = None
    seen: Record | None = None
    slept: bool = False
    unanswered: bool = False


class Call(NamedTuple):
    """A call under way: what it writes, and the number of the latest save that it should have known of."""

    row: int
    id: int
    date: str
    note: str
    limit: int
    undoes: bool = False
    deletes: bool = False


class World(NamedTuple):
    """Everything there is. ``acts`` are what may still be done by others; ``told`` is a harm that has come already."""

    records: tuple[Record, ...]
    rows: tuple[Row, ...]
    senders: tuple[Sender, ...]
    acts: tuple[str, ...]
    late: tuple[Call, ...] = ()
    saves: int = 1
    passed: int = 0
    jumped: float = 0.0
    service_jumped: float = 0.0
    told: str = ""

    @property
    def now(self) -> float:
        """This machine's clock."""
        return START + self.passed * (WINDOW + 2) + self.jumped

    @property
    def service_now(self) -> float:
        """The service's clock."""
        return SERVICE_START + self.passed * (WINDOW + 2) + self.service_jumped

    def record(self, number: int | None) -> Record | None:
        """The record of this Id."""
        return next((record for record in self.records if record.id == number), None)


Step = tuple[str, World]


@dataclass(frozen=True)
class Scenario:
    """A world to begin with, and what is possible in it.

    Attributes:
        outcomes: What may become of a call.
        stamps: Whether records have UpdatedOn.
        undo: The rows that may be undone once nothing is to be sent.
        nameless: Whether nobody knows who we are until we undo, when other records of the run tell it.
    """

    acts: tuple[str, ...]
    rows: tuple[Row, ...] = (Row(NEW, agreed=Record()),)
    records: tuple[Record, ...] = (Record(),)
    outcomes: tuple[str, ...] = ("answered", "effect", "late", "nothing")
    windows: int = 1
    senders: int = 1
    stamps: bool = True
    undo: tuple[int, ...] = ()
    nameless: bool = False

    @property
    def world(self) -> World:
        """The beginning."""
        return World(self.records, self.rows, (Sender(),) * self.senders, self.acts)


CREATED = Row(OLD, State.CREATED, made=True)
TWO_RUNS = (CREATED, Row(NEW, agreed=Record()))

SCENARIOS: Mapping[str, Scenario] = {
    "a colleague edits": Scenario(("edits the date", "edits the note", "is killed")),
    "a colleague puts the old value back": Scenario(("edits the date", "enters the old date", "is killed")),
    "a colleague enters the same": Scenario(("enters the new date", "edits the note", "is killed")),
    "a colleague deletes": Scenario(("deletes", "makes again", "is killed")),
    "no dates of changes": Scenario(("edits the date", "enters the old date"), stamps=False),
    "throttled and refused": Scenario(
        ("edits the date", "edits the note"), outcomes=("answered", "throttled", "refused", "nothing")
    ),
    "a machine that sleeps": Scenario(("edits the date", "sleeps", "is killed"), outcomes=("answered", "nothing")),
    "clocks": Scenario(("jump", "jump back", "service jump", "is killed"), outcomes=("late", "nothing"), windows=2),
    "two runs": Scenario(
        ("edits the date",),
        (Row(NEW, agreed=Record()), Row(NEWER, agreed=Record())),
        outcomes=("answered", "late", "nothing"),
        windows=2,
    ),
    "two senders": Scenario(("edits the date",), outcomes=("answered", "effect", "nothing"), senders=2),
    "undo beside a colleague": Scenario(("edits the date", "edits the note", "is killed"), TWO_RUNS, undo=(1, 0)),
    "undo beside a colleague who enters the same": Scenario(("enters the new date", "is killed"), TWO_RUNS, undo=(1,)),
    "undo of what was settled without a name": Scenario(
        ("enters the new date", "edits the note", "is killed"), TWO_RUNS, undo=(1, 0), nameless=True
    ),
    "undo without a name, of ours alone": Scenario(("is killed",), TWO_RUNS, undo=(1, 0), nameless=True),
    "undo without dates of changes": Scenario(("edits the date",), TWO_RUNS, stamps=False, undo=(1,)),
    "undo of two runs": Scenario(("is killed",), TWO_RUNS, undo=(1, 0), windows=2),
    "undo of a run before a later one": Scenario(
        (), (CREATED, Row(NEW, agreed=Record()), Row(OLD, agreed=None)), outcomes=("answered",), undo=(0, 1, 2)
    ),
    "undo that is throttled": Scenario(
        ("edits the date",), TWO_RUNS, outcomes=("answered", "throttled", "refused"), undo=(1,)
    ),
    "undo beside a deletion": Scenario(("deletes", "makes again"), TWO_RUNS, undo=(1, 0)),
}
"""Small worlds that differ in who does what beside us."""


class UpdateModel:
    """The steps that are possible in a scenario under a set of rules; ``used`` are the lines of the table they took."""

    def __init__(self, scenario: Scenario, rules: frozenset[UpdateRule] = UPDATE_RULES) -> None:
        """With all rules, or without some."""
        self._scenario, self._rules = scenario, rules
        self.used: set[tuple[State, Event]] = set()
        self.states = 0

    def harm(self) -> tuple[str, tuple[str, ...]]:
        """The first harm there is a way to, and the way; both empty when there is none."""
        first = self._scenario.world
        came: dict[World, tuple[World, str] | None] = {first: None}
        queue = deque([first])
        with _without(UPDATE_RULES - self._rules):
            while queue:
                world = queue.popleft()
                following = list(self._steps(world))
                if told := harm(world) or ("stuck: nothing can be done" if not following and _unsettled(world) else ""):
                    return told, _way(came, world)
                for name, next_world in following:
                    if next_world not in came:
                        came[next_world] = (world, name)
                        queue.append(next_world)
        self.states = len(came)
        return "", ()

    # -- steps --------------------------------------------------------------------------------------------------------

    def _steps(self, world: World) -> Iterator[Step]:
        # Of two senders at once, which the lock prevents, the one stops whose row was moved by the other.
        for number, sender in enumerate(world.senders):
            try:
                for name, following in self._sender_steps(world, number, sender):
                    yield f"{number + 1} {name}", following
            except ValueError:
                yield f"{number + 1} finds the journal changed", _with(world, number, Sender())
        for n, call in enumerate(world.late):
            rest = world._replace(late=world.late[:n] + world.late[n + 1 :])
            yield "a late call takes effect", _effect(rest, call)
            yield "a late call vanishes", rest
        # Real time brings every late effect before the window is over; a call about to leave is no effect yet.
        about = any(sender.phase in {Phase.LOOKED, Phase.INTENDED} for sender in world.senders)
        if not world.late and not about and world.passed < self._scenario.windows:
            yield "the window passes", world._replace(passed=world.passed + 1)
        yield from _acts(world)

    def _sender_steps(self, world: World, number: int, sender: Sender) -> Iterator[Step]:
        match sender.phase:
            case Phase.OFF:
                yield from self._starts(world, number)
                return
            case Phase.IDLE:
                yield from self._idle(world, number, sender)
            case Phase.COMPARED:
                yield self._looks(world, number, sender)
            case Phase.LOOKED:
                yield self._intends(world, number, sender)
            case Phase.INTENDED:
                yield from self._calls(world, number, sender)
            case Phase.UNSURE:
                yield self._undone_after_all(world, number, sender)
        if "sleeps" in world.acts and sender.phase in {Phase.LOOKED, Phase.INTENDED}:
            yield "sleeps", _used(_with(world, number, sender._replace(slept=True)), "sleeps")
        if "is killed" in world.acts:
            yield "is killed", _used(_with(world, number, Sender()), "is killed")

    def _starts(self, world: World, number: int) -> Iterator[Step]:
        for index, row in enumerate(world.rows):
            if row.state in {State.PLANNED, State.UPDATING}:
                yield f"starts run {index}", _with(world, number, Sender(Phase.IDLE, index))
        if any(row.state in {State.PLANNED, State.UPDATING} for row in world.rows):
            return
        for index in self._scenario.undo:
            if world.rows[index].state in WITH_RECORD | TAKING_BACK:
                unanswered = world.rows[index].state in TAKING_BACK
                sender = Sender(Phase.COMPARED, index, undoes=True, unanswered=unanswered)
                yield f"starts to undo run {index}", _with(world, number, sender)

    def _idle(self, world: World, number: int, sender: Sender) -> Iterator[Step]:
        for index, row in enumerate(world.rows):
            if row.state is State.UPDATING:
                yield from self._settles(world, index)
        row = world.rows[sender.row]
        if row.state is State.PLANNED:
            yield self._compares(world, number, sender)
        yield "ends", _with(world, number, Sender())

    def _settles(self, world: World, index: int) -> Iterator[Step]:
        """The record of an update without an answer is read, and what that says is written down."""
        row = world.rows[index]
        look = row.look or (world.service_now, world.now)
        looked = world if row.look else _row(world, index, row._replace(look=look))
        intent = self._intent(index, row)
        left = self._left(intent, look, world)
        there = self._look(world, row.remote_id)
        if UpdateRule.NO_STAMP_NO_PROOF not in self._rules and isinstance(there, Remote):
            there = replace(there, updated=there.updated or 0.0)
        change = settled(intent, there, left, KIND, "" if self._scenario.nameless else US)
        if change is not None:
            yield f"settles row {index}: {change.event}", self._moved(looked, change)
        elif looked != world:
            yield f"looks for row {index}", looked

    def _left(self, intent: Intent, look: tuple[float, float], world: World) -> float:
        if UpdateRule.WINDOW not in self._rules:
            return 0.0
        # The clock that is left out always says that enough time has passed.
        service = world.service_now + (0 if UpdateRule.SERVICE_CLOCK in self._rules else 9e9)
        ours = world.now + (0 if UpdateRule.OUR_CLOCK in self._rules else 9e9)
        return seconds_left(intent, FirstSearch(*look), service, ours, WINDOW)

    def _compares(self, world: World, number: int, sender: Sender) -> Step:
        """The row is compared with what there is, as before each sending."""
        row = world.rows[sender.row]
        intent = self._intent(sender.row, row)
        others = [self._intent(i, r) for i, r in enumerate(world.rows) if i != sender.row and r.state in UNANSWERED]
        beside = BesideTheList(unanswered=others if UpdateRule.UNANSWERED_BLOCKS in self._rules else ())
        listing = Listing(tuple(self._remote(record) for record in world.records))
        match = Comparison(listing, KIND, beside).match(intent.body)
        other = isinstance(match, Changed) and match.remote.id != row.remote_id
        if isinstance(match, Changed) and other and UpdateRule.SAME_RECORD not in self._rules:
            world = _row(world, sender.row, row._replace(remote_id=match.remote.id))
            return "takes it for the row's", _with(
                world, number, sender._replace(phase=Phase.COMPARED, compared=world.record(match.remote.id))
            )
        if isinstance(match, Changed) and updates.is_as_agreed(intent, match, KIND):
            compared = sender._replace(phase=Phase.COMPARED, compared=world.record(match.remote.id))
            return "compares", _with(world, number, compared)
        change = before_sending._change_without_a_call(intent, match, KIND, Choices(update=True))
        if change is None:
            return "is blocked", _with(world, number, Sender())
        if match is None and UpdateRule.GONE_IS_LEFT not in self._rules:
            again = Record(200 + world.saves, row.date, saved=world.saves + 1)
            return "makes it again", _made_again(_with(world, number, Sender()), again)
        return f"compares: {change.event}", _with(self._moved(world, change), number, Sender())

    def _looks(self, world: World, number: int, sender: Sender) -> Step:
        there = self._look(world, world.rows[sender.row].remote_id)
        return (
            self._looks_to_undo(world, number, sender, there)
            if sender.undoes
            else self._looks_to_update(world, number, sender, there)
        )

    def _looks_to_update(self, world: World, number: int, sender: Sender, there: Remote | Gone) -> Step:
        assert sender.compared is not None
        row = world.rows[sender.row]
        change = None
        looks = UpdateRule.LOOK_FIRST in self._rules
        if (UpdateRule.AS_COMPARED in self._rules and looks) or isinstance(there, Gone):
            compared = self._remote(sender.compared)
            change = instead_of_an_update(self._intent(sender.row, row), there, compared, KIND)
        if change is not None:
            return f"finds it changed: {change.event}", _with(self._moved(world, change), number, Sender())
        seen = world.record(row.remote_id) if looks else sender.compared
        return "looks", _with(world, number, sender._replace(phase=Phase.LOOKED, seen=seen, slept=False))

    def _is_ours_alone(self, world: World) -> bool:
        """Whether nobody else works beside us, and of the rows of the record all but one are undone."""
        undone = sum(row.state in WITH_RECORD | TAKING_BACK for row in world.rows) == 1
        return undone and set(self._scenario.acts) <= {"is killed"}

    def _looks_to_undo(self, world: World, number: int, sender: Sender, there: Remote | Gone) -> Step:
        changes: list[Change] = []
        row = world.rows[sender.row]
        undoer, intent, left = self._undoer(world, changes), self._intent(sender.row, row), 0.0
        if sender.unanswered and UpdateRule.UNDO_WINDOW in self._rules:
            look = row.look or (world.service_now, world.now)
            world, left = _row(world, sender.row, row._replace(look=look)), self._left(intent, look, world)
        if (removal := undoer._without_a_call(intent, there, left)) is not None:
            if removal.undone is Undone.KEPT and self._is_ours_alone(world):
                world = world._replace(told="stuck: what we alone have written cannot be undone")
            return f"undo: {removal.undone}", _with(self._all_moved(world, changes), number, Sender())
        seen = world.record(world.rows[sender.row].remote_id)
        return "looks", _with(world, number, sender._replace(phase=Phase.LOOKED, seen=seen, slept=False))

    def _intends(self, world: World, number: int, sender: Sender) -> Step:
        if sender.slept and UpdateRule.FIVE_SECONDS in self._rules:
            return "looks again", _with(world, number, sender._replace(phase=Phase.COMPARED, slept=False))
        row = world.rows[sender.row]
        intended = _with(world, number, sender._replace(phase=Phase.INTENDED))
        if sender.undoes:
            if UpdateRule.UNDO_INTENT_FIRST not in self._rules:
                return "commits no intent", intended
            changes: list[Change] = []
            self._undoer(world, changes)._begin(self._intent(sender.row, row))
            begun = self._all_moved(
                _with(intended, number, intended.senders[number]._replace(unanswered=False)), changes
            )
            sent = begun.rows[sender.row]._replace(sent_at=world.now, look=None)
            return "commits its intent", _row(begun, sender.row, sent)
        if UpdateRule.INTENT_FIRST not in self._rules:
            return "commits no intent", intended
        change = Change(self._intent(sender.row, row), Event.WILL_UPDATE, row.remote_id)
        return "commits its intent", _row(
            self._moved(intended, change),
            sender.row,
            self._moved(intended, change).rows[sender.row]._replace(before=sender.seen, sent_at=world.now, look=None),
        )

    # -- calls --------------------------------------------------------------------------------------------------------

    def _calls(self, world: World, number: int, sender: Sender) -> Iterator[Step]:
        again = sender._replace(phase=Phase.COMPARED, slept=False)
        if sender.slept and UpdateRule.FIVE_SECONDS in self._rules:
            yield "finds its look stale", _with(self._ended(world, sender, Event.NOT_APPLIED), number, again)
            return
        call = self._call(world, sender)
        unsure = sender._replace(phase=Phase.UNSURE) if sender.undoes else Sender(Phase.IDLE, sender.row)
        if UpdateRule.NO_BLIND_RESEND not in self._rules and not sender.undoes:
            unsure = sender._replace(phase=Phase.INTENDED)
        if UpdateRule.UNDO_LOOK_AGAIN not in self._rules and sender.undoes:
            unsure = sender._replace(phase=Phase.INTENDED)
        for outcome in self._scenario.outcomes:
            yield from self._outcome(outcome, world, number, call, unsure)

    def _outcome(self, outcome: str, world: World, number: int, call: Call, unsure: Sender) -> Iterator[Step]:
        """What becomes of a call; ``unsure`` is the sender if it gets no answer."""
        sender = world.senders[number]
        again = sender._replace(phase=Phase.COMPARED, slept=False)
        match outcome:
            case "answered":
                done = _effect(world, call)
                yield "is answered", _with(self._ended(done, sender, Event.ACCEPTED), number, Sender())
            case "effect":
                yield "gets no answer, but it took effect", _with(_effect(world, call), number, unsure)
            case "late" if len(world.late) < _MOST_LATE:
                on_its_way = world._replace(late=(*world.late, call))
                yield "gets no answer, it is on its way", _with(on_its_way, number, unsure)
            case "nothing":
                yield "gets no answer, no effect", _with(world, number, unsure)
            case "throttled":
                looks = UpdateRule.UNDO_LOOK_AGAIN if sender.undoes else UpdateRule.LOOK_AGAIN
                waiting = again if looks in self._rules else sender._replace(phase=Phase.LOOKED)
                yield "is throttled", _with(self._throttled(world, sender), number, waiting)
            case "refused":
                yield "is refused", _with(self._ended(world, sender, Event.REFUSED), number, Sender())

    def _call(self, world: World, sender: Sender) -> Call:
        """The call as it leaves now."""
        row, seen = world.rows[sender.row], sender.seen
        assert seen is not None
        intent = self._intent(sender.row, row._replace(before=row.before or seen))
        values = values_before(intent) if sender.undoes and not row.made else intent.values
        written = json.loads(body_of(self._remote(seen), values, Comparer(KIND)))
        if UpdateRule.WHOLE_RECORD not in self._rules:
            written = {**values, "Id": seen.id}
        # An edit within five seconds of the look may be overwritten, and one that comes after the call has left.
        limit = world.saves if sender.slept or _LOOKS - self._rules else seen.saved
        date, note = (written.get(name) or "" for name in ("SubscriptionExpireDate", "SubscriptionId"))
        return Call(sender.row, seen.id, date[:10], note, limit, sender.undoes, sender.undoes and row.made)

    def _ended(self, world: World, sender: Sender, event: Event) -> World:
        """The row after an answer."""
        row = world.rows[sender.row]
        if sender.undoes:
            if event is Event.NOT_APPLIED:
                return world
            changes: list[Change] = []
            intent = self._intent(sender.row, row)
            undoer = self._undoer(world, changes)
            if event is Event.REFUSED:
                undoer._leave_as_it_is(undoer._begin(intent), "refused")
            else:
                there = world.record(row.remote_id)
                undoer._done(intent, updated_on=self._stamp(there))
            return self._all_moved(world, changes)
        if row.state is State.PLANNED:
            # Without the intent first, it is written down with the answer.
            world = _row(world, sender.row, row._replace(state=State.UPDATING, before=sender.seen))
        intent = self._intent(sender.row, world.rows[sender.row])
        if event is Event.ACCEPTED:
            return self._moved(world, applied(intent, self._stamp(world.record(row.remote_id)), KIND))
        return self._moved(world, Change(intent, event, intent.remote_id))

    def _throttled(self, world: World, sender: Sender) -> World:
        """The row is as it was: how often it was throttled is not counted."""
        before = world.rows[sender.row]
        ended = self._ended(world, sender, Event.NOT_APPLIED)
        return ended if sender.undoes else _row(ended, sender.row, before._replace(state=State.PLANNED))

    def _undone_after_all(self, world: World, number: int, sender: Sender) -> Step:
        """After an answer that proves nothing, the record itself is read once more."""
        changes: list[Change] = []
        undoer, intent = self._undoer(world, changes), self._intent(sender.row, world.rows[sender.row])
        there = self._look(world, intent.remote_id)
        if undoer._is_taken_back(intent, there):
            known = UpdateRule.UNDO_OWN_WORK in self._rules
            undoer._done(intent, updated_on=own_stamp(there, US) if known else None)
        return "looks once more", _with(self._all_moved(world, changes), number, Sender())

    # -- the importer's parts -----------------------------------------------------------------------------------------

    def _undoer(self, world: World, changes: list[Change]) -> Undoer:
        """The real one, over a journal that notes what becomes of its rows."""
        rows = [self._intent(index, row) for index, row in enumerate(world.rows)]
        notes = SimpleNamespace(
            rows=SimpleNamespace(
                move=lambda moved, _: changes.extend(moved),
                updates_of=lambda _, number: [i for i in rows if i.remote_id == number and i.state in _CHANGED_BY],
            )
        )
        run = SimpleNamespace(id=1, target=1, is_rebuilt=False)
        return Undoer(
            cast(Journal, notes),
            cast(Nexudus, None),
            cast(Run, run),
            KIND,
            cast(Callable[[], Any], None),
            cast(Callable[[float], Any], None),
            reader=cast(RecordReader, None),
            now=lambda: world.now,
            stop=cast(Any, asyncio.Event),
            tell=lambda _: None,
            say=lambda _: None,
            window=WINDOW,
            user=US,
            author=US if self._scenario.nameless else "",
        )

    def _intent(self, index: int, row: Row) -> Intent:
        text = body(2, SubscriptionExpireDate=f"{row.date}T00:00:00Z", SubscriptionId="old")
        if not row.made:
            given = json.loads(text)
            text = json.dumps({name: given[name] for name in (*KIND.key, "SubscriptionExpireDate")})
        record = row.before or row.agreed
        return Intent(
            index,
            2,
            b"x" * 16,
            text,
            row.state,
            0,
            row.resends,
            row.sent_at,
            row.remote_id,
            before=None if record is None else before_of(self._remote(record)),
            updated_on=row.updated_on,
        )

    def _moved(self, world: World, change: Change) -> World:
        index = change.intent.run
        row = world.rows[index]
        self.used.add((row.state, change.event))
        stamp = row.updated_on if change.updated_on is None else change.updated_on
        # As MOVE does, which takes the Id as it comes.
        return _row(
            world,
            index,
            row._replace(
                state=after(row.state, change.event),
                remote_id=change.remote_id,
                updated_on=stamp,
                resends=row.resends + (change.event is Event.ABSENT),
            ),
        )

    def _all_moved(self, world: World, changes: Iterable[Change]) -> World:
        for change in changes:
            world = self._moved(world, change)
        return world

    def _look(self, world: World, number: int | None) -> Remote | Gone:
        record = world.record(number)
        return Gone() if record is None else self._remote(record)

    def _remote(self, record: Record) -> Remote:
        return _remote(record, self._scenario.stamps)

    def _stamp(self, record: Record | None) -> float | None:
        return None if record is None else self._remote(record).updated


_MOST_LATE = 2
"""Calls under way at once; without a limit there would be worlds without end, of deletes that are made again."""

_LOOKS = {
    UpdateRule.LOOK_FIRST,
    UpdateRule.LOOK_AGAIN,
    UpdateRule.NO_BLIND_RESEND,
    UpdateRule.UNDO_LOOK_AGAIN,
}
"""Rules without which a call is made of a look that is too old."""

_CHANGED_BY = {State.UPDATING, State.UPDATED, State.RESTORING, State.RESTORED}


@cache
def _remote(record: Record, stamps: bool) -> Remote:
    values = json.loads(body(2, SubscriptionExpireDate=f"{record.date}T00:00:00Z", SubscriptionId=record.note))
    item: dict[str, object] = {**dict.fromkeys(KIND.fields), **values, "Id": record.id}
    if stamps:
        item |= {
            "CreatedOn": "2026-11-26T09:00:00Z",
            "UpdatedOn": f"2026-11-26T09:{record.saved - 1:02d}:00Z",
            "UpdatedBy": record.by,
        }
    remote = to_remote(item)
    assert remote is not None
    return remote


# -- what happens at the service ------------------------------------------------------------------------------------


def _effect(world: World, call: Call) -> World:
    """The call takes effect, and what that has harmed is told."""
    record = world.record(call.id)
    row = world.rows[call.row]
    if record is None:
        return world
    if call.deletes:
        lost = max(record.their_date, record.their_note)
        told = "overwritten: a record that a colleague changed is deleted" if 0 < lost <= call.limit else ""
        rest = tuple(each for each in world.records if each.id != call.id)
        return _row(world._replace(records=rest, told=world.told or told), call.row, row._replace(took_back=True))
    told = ""
    if 0 < record.their_date <= call.limit and (call.date != record.date or call.undoes):
        told = "overwritten: the date that a colleague entered"
    if 0 < record.their_note <= call.limit and call.note != record.note:
        told = "overwritten: the note that a colleague entered"
    if not record.their_note and call.note != record.note:
        told = "overwritten: a field that the row does not give"
    later = record.row > call.row and world.rows[record.row].state is State.UPDATED
    if later and record.date == world.rows[record.row].date != call.date:
        told = "overwritten: a later update of ours"
    saved = world.saves + 1
    written = record._replace(
        date=call.date,
        note=call.note,
        saved=saved,
        by=US,
        # Whatever was entered before is overwritten now: within the five seconds, or told above.
        their_date=0,
        their_note=record.their_note if call.note == record.note else 0,
        row=-1 if call.undoes else call.row,
    )
    took = row._replace(took_back=True) if call.undoes else row._replace(took=True)
    changed = world._replace(records=_put(world.records, written), saves=saved, told=world.told or told)
    return _row(changed, call.row, took)


def _made_again(world: World, record: Record) -> World:
    told = "a second record" if world.records else "a record that was deleted is made again"
    return world._replace(records=(*world.records, record), saves=record.saved, told=world.told or told)


def harm(world: World) -> str:
    """What must never be, in words; empty when all is well."""
    if world.told:
        return world.told
    about = {sender.row for sender in world.senders if sender.phase is not Phase.OFF}
    for index, row in enumerate(world.rows):
        record = world.record(row.remote_id)
        # Without an intent a row is planned while its call is under way; what counts is what a death leaves.
        is_denied = row.took and index not in about and row.state in _NOTHING_DONE
        if is_denied:
            return f"misreported: an update took effect, and the row is {row.state}"
        if record is None or row.made:
            continue
        if row.state is State.RESTORED and not row.took_back and record.date == row.date and not record.their_date:
            return "misreported: called put back, and it is not"
        is_back = record.date != row.date and record.by == US and record.row == -1
        if row.state is State.UPDATED and row.took_back and index not in about and is_back:
            return "misreported: put back, and the row is updated"
        if row.state is State.UPDATED and not row.took and not _is_there(record, row):
            return "misreported: called updated, and it never was"
    if any(_deleted_by_us(world, row) for row in world.rows):
        return "misreported: called updated, and our own undo has deleted the record"
    return ""


_NOTHING_DONE = {State.PLANNED, State.HELD, State.EXISTING, State.REJECTED}
"""States that tell the reader that a row has changed nothing."""


def _deleted_by_us(world: World, row: Row) -> bool:
    if row.state is not State.UPDATED or world.record(row.remote_id) is not None:
        return False
    return any(each.state is State.REMOVED and each.took_back and each.made for each in world.rows if each != row)


def _is_there(record: Record, row: Row) -> bool:
    # A colleague may have entered the same values, and others since.
    return record.date == row.date or record.their_date > 0 or record.row >= 0


def _unsettled(world: World) -> bool:
    return any(row.state in {State.PLANNED, State.UPDATING} for row in world.rows)


# -- what others do -------------------------------------------------------------------------------------------------


def _acts(world: World) -> Iterator[Step]:
    for act in dict.fromkeys(world.acts):
        for following in _ACTS[act](world) if act in _ACTS else ():
            yield f"somebody {act}" if "jump" not in act else act, _used(following, act)


def _enters(world: World, date: str) -> Iterator[World]:
    for record in world.records:
        # What is there already, and is to be replaced: nothing that anybody could overwrite.
        if date == OLD == record.date:
            continue
        saved = world.saves + 1
        # The value that the user has agreed to replace is no loss, unless it was put back after it had been replaced.
        theirs = 0 if date == OLD and not any(row.took for row in world.rows) else saved
        entered = record._replace(date=date, saved=saved, by=COLLEAGUE, their_date=theirs, row=-1)
        yield world._replace(records=_put(world.records, entered), saves=saved)


def _notes(world: World) -> Iterator[World]:
    for record in world.records:
        saved = world.saves + 1
        noted = record._replace(note="theirs", saved=saved, by=COLLEAGUE, their_note=saved)
        yield world._replace(records=_put(world.records, noted), saves=saved)


def _deletes(world: World) -> Iterator[World]:
    for record in world.records:
        yield world._replace(records=tuple(r for r in world.records if r != record))


def _makes_again(world: World) -> Iterator[World]:
    if not world.records:
        saved = world.saves + 1
        again = Record(100 + saved, OLD, "old", saved, COLLEAGUE, saved, saved)
        yield world._replace(records=(again,), saves=saved)


_ACTS: Mapping[str, Callable[[World], Iterable[World]]] = {
    "edits the date": lambda world: _enters(world, THEIRS),
    "enters the old date": lambda world: _enters(world, OLD),
    "enters the new date": lambda world: _enters(world, NEW),
    "edits the note": _notes,
    "deletes": _deletes,
    "makes again": _makes_again,
    "jump": lambda world: [world._replace(jumped=JUMP)] if not world.service_jumped else [],
    "jump back": lambda world: [world._replace(jumped=-JUMP)] if not world.service_jumped else [],
    # One clock jumps, and not both: if both do, nobody can know the time.
    "service jump": lambda world: [world._replace(service_jumped=JUMP)] if not world.jumped else [],
}


# -- rules that are left out in their one place ---------------------------------------------------------------------


@contextmanager
def _without(left_out: Iterable[UpdateRule]) -> Iterator[None]:
    """The importer without these rules, each taken out of its one place."""
    with pytest.MonkeyPatch.context() as patch:
        for rule in left_out:
            if rule in _LEFT_OUT:
                _LEFT_OUT[rule](patch)
        yield


def _same_record(intent: Intent, match: Match, _: object) -> bool:
    return isinstance(match, Changed) and intent.remote_id == match.remote.id


def _same_values(there: Remote, before: Remote, comparer: Comparer) -> bool:
    return comparer.key(comparer.fields, there.values) == comparer.key(comparer.fields, before.values)


def _with_any_stamp(patch: pytest.MonkeyPatch) -> None:
    record_before = updates.record_before

    def stamped(intent: Intent) -> Remote:
        before = record_before(intent)
        return replace(before, updated=before.updated or 0.0)

    patch.setattr(updates, "record_before", stamped)


def _blind_to_later_runs(patch: pytest.MonkeyPatch) -> None:
    was_changed = Undoer._was_changed

    def changed(mine: Undoer, intent: Intent, there: Remote) -> bool:
        rows = mine._journal.rows.updates_of(1, there.id)
        return there.updated not in {row.updated_on for row in rows} and was_changed(mine, intent, there)

    patch.setattr(Undoer, "_is_of_later_run", lambda *_: False)
    patch.setattr(Undoer, "_was_changed", changed)


_LEFT_OUT: Mapping[UpdateRule, Callable[[pytest.MonkeyPatch], None]] = {
    UpdateRule.AS_AGREED: lambda patch: patch.setattr(updates, "is_as_agreed", _same_record),
    UpdateRule.VALUES_COMPARED: lambda patch: patch.setattr(
        updates, "is_as_it_was", lambda there, before, _: there.updated == before.updated
    ),
    UpdateRule.UPDATED_ON_COMPARED: lambda patch: patch.setattr(updates, "is_as_it_was", _same_values),
    UpdateRule.NO_STAMP_NO_PROOF: _with_any_stamp,
    UpdateRule.UNDO_VALUES: lambda patch: patch.setattr(undoing, "differing", lambda *_: []),
    UpdateRule.UNDO_LAST_CHANGE: lambda patch: patch.setattr(Undoer, "_was_changed", lambda *_: False),
    UpdateRule.UNDO_LATER_RUN: _blind_to_later_runs,
    UpdateRule.UNDO_FOREIGN_VALUES: lambda patch: patch.setattr(updates, "own_stamp", lambda there, _: there.updated),
    UpdateRule.UNDO_OWN_WORK: lambda patch: patch.setattr(undoing, "own_stamp", lambda *_: None),
}
"""How a rule is left out; those that are not here are the model's own."""


def _put(records: tuple[Record, ...], record: Record) -> tuple[Record, ...]:
    return tuple(record if each.id == record.id else each for each in records)


def _with(world: World, number: int, sender: Sender) -> World:
    return world._replace(senders=(*world.senders[:number], sender, *world.senders[number + 1 :]))


def _row(world: World, index: int, row: Row) -> World:
    return world._replace(rows=(*world.rows[:index], row, *world.rows[index + 1 :]))


def _used(world: World, act: str) -> World:
    rest = list(world.acts)
    rest.remove(act)
    return world._replace(acts=tuple(rest))


def _way(came: Mapping[World, tuple[World, str] | None], world: World) -> tuple[str, ...]:
    way: list[str] = []
    while (step := came[world]) is not None:
        world, name = step
        way.append(name)
    return tuple(reversed(way))
