"""One created row that is undone: a runner that may die anywhere, a service that may do anything, a colleague.

The sequel of model.py, with its rules: what an event does to the row is asked of importer.journal.states, what a
refusal or a throttle is of importer.delivery.replies, what a verification says of importer.delivery.verification.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from delivery.kit import KIND, body
from delivery.model import ANSWERS
from importer.delivery.by_id import Gone
from importer.delivery.listing import Listing, to_remote
from importer.delivery.replies import Pause, classify
from importer.delivery.verification import verify
from importer.journal.rows import Intent
from importer.journal.states import Event, State, after
from importer.model import Presence


class UndoRule(StrEnum):
    """What undo rests on; taking any one away must end in a lost, destroyed or misreported record."""

    INTENT_FIRST = "that a record may be gone is committed before its delete leaves"
    LOOK_FIRST = "a record is looked at before it is deleted"
    LOOK_AGAIN = "and looked at again before it is deleted again"
    LOOK_LAST = "nobody edits a record between the look and its delete"
    LOST_IS_UNSURE = "a delete without an answer proves nothing"
    UNSURE_500 = "a 500 says nothing about the effect"
    REFUSED_IS_KEPT = "a refused delete leaves the row created"
    SETTLED = "a delete without an answer takes effect before the next look, or never"
    DURABLE = "a commit survives a power cut"


UNDO_RULES = frozenset(UndoRule)


class Phase(StrEnum):
    """What the runner is at."""

    OFF = "off"
    IDLE = "idle"
    LOOKED = "looked"
    INTENDED = "about to delete"
    WAITING = "waiting"
    ANSWERED = "answered"
    THROTTLED = "throttled"


class World(NamedTuple):
    """Everything there is; ``flying`` while the service has not dealt with the delete, ``strays`` with nobody waiting.

    ``destroyed`` tells that a record was deleted which a colleague had changed.
    """

    row: State = State.CREATED
    disk: State = State.CREATED
    there: bool = True
    edited: bool = False
    destroyed: bool = False
    phase: Phase = Phase.OFF
    saw: str = ""
    flying: bool = False
    answer: str = ""
    strays: int = 0
    crashes: int = 2


Step = tuple[str, World]


class UndoModel:
    """The steps that are possible under a set of rules; ``used`` are the lines of the table that they took."""

    def __init__(self, rules: frozenset[UndoRule] = UNDO_RULES) -> None:
        """With all rules, or without some."""
        self._rules = rules
        self.used: set[tuple[State, Event]] = set()
        self.states = 0

    def harm(self) -> tuple[str, tuple[str, ...]]:
        """The first harm there is a way to, and the way; both empty when there is none."""
        first = World()
        came: dict[World, tuple[World, str] | None] = {first: None}
        queue = deque([first])
        while queue:
            world = queue.popleft()
            if told := harm(world):
                return told, _way(came, world)
            for name, following in self.steps(world):
                if following not in came:
                    came[following] = (world, name)
                    queue.append(following)
        self.states = len(came)
        return "", ()

    def steps(self, world: World) -> Iterator[Step]:
        """Everything that can happen next."""
        yield from self._runner_steps(world)
        if world.strays:
            yield "a late delete takes effect", _deleted(world)._replace(strays=world.strays - 1)
            yield "a late delete vanishes", world._replace(strays=world.strays - 1)
        imminent = world.strays or world.flying or world.phase in {Phase.LOOKED, Phase.INTENDED}
        if world.there and not (imminent and UndoRule.LOOK_LAST in self._rules):
            yield "a colleague edits the record", world._replace(edited=True)
        if world.disk is not world.row:
            yield "the disk catches up", world._replace(disk=world.row)
        if world.crashes and world.phase is not Phase.OFF:
            yield "is killed", _given_up(world)._replace(phase=Phase.OFF, crashes=world.crashes - 1)
            cut = _given_up(world)._replace(phase=Phase.OFF, row=world.disk, crashes=world.crashes - 1)
            yield "power cut", cut

    def _runner_steps(self, world: World) -> Iterator[Step]:
        match world.phase:
            case Phase.OFF:
                if world.row is not State.REMOVED:
                    yield "starts", world._replace(phase=Phase.IDLE)
            case Phase.IDLE:
                yield from self._looks(world)
            case Phase.LOOKED:
                yield self._concluded(world)
            case Phase.INTENDED:
                yield "deletes", world._replace(phase=Phase.WAITING, flying=True)
            case Phase.WAITING:
                yield from _service_steps(world)
                yield "gives up", _given_up(world)._replace(phase=Phase.ANSWERED, answer="nothing")
            case Phase.ANSWERED:
                judged = self._judged(world)
                yield f"reads {world.answer}", judged
                # After an answer that proves nothing the record is looked at once more.
                if judged.row is State.REMOVING and judged.phase is Phase.OFF and not judged.there:
                    yield "finds it gone after all", self._moved(judged, Event.GONE)
            case Phase.THROTTLED:
                again = Phase.IDLE if UndoRule.LOOK_AGAIN in self._rules else Phase.INTENDED
                yield "has waited", world._replace(phase=again)

    def _looks(self, world: World) -> Iterator[Step]:
        if world.strays and UndoRule.SETTLED in self._rules:
            return
        saw = "gone" if not world.there else "changed" if world.edited else "same"
        if UndoRule.LOOK_FIRST not in self._rules and saw == "changed":
            saw = "same"
        yield "looks", world._replace(phase=Phase.LOOKED, saw=saw)
        yield "cannot look", world._replace(phase=Phase.OFF)

    def _concluded(self, world: World) -> Step:
        match world.saw:
            case "gone":
                return "finds it gone", self._moved(self._intended(world), Event.GONE)._replace(phase=Phase.OFF)
            case "changed":
                kept = self._moved(world, Event.KEPT) if world.row is State.REMOVING else world
                return "leaves it alone", kept._replace(phase=Phase.OFF)
        if UndoRule.INTENT_FIRST in self._rules:
            # Also of a delete that is made again, from which its window counts.
            world = self._moved(world, Event.WILL_REMOVE)
        return "means to delete it", world._replace(phase=Phase.INTENDED, saw="")

    def _judged(self, world: World) -> World:
        """As Undoer does, but for the rules that are taken away."""
        answer, off = world.answer, world._replace(phase=Phase.OFF, answer="")
        verdict = classify(ANSWERS[answer], lambda _: False)
        lost = (answer == "nothing" and UndoRule.LOST_IS_UNSURE not in self._rules) or (
            answer == "500" and UndoRule.UNSURE_500 not in self._rules
        )
        if answer == "200" or lost:
            return self._moved(self._intended(off), Event.GONE)
        if verdict.pause is Pause.THROTTLE:
            return world._replace(phase=Phase.THROTTLED, answer="")
        if verdict.event is Event.REFUSED:
            kept = Event.KEPT if UndoRule.REFUSED_IS_KEPT in self._rules else Event.GONE
            return self._moved(self._intended(off), kept)
        return off

    def _intended(self, world: World) -> World:
        return self._moved(world, Event.WILL_REMOVE)

    def _moved(self, world: World, event: Event) -> World:
        self.used.add((world.row, event))
        row = after(world.row, event)
        return world._replace(row=row, disk=row if UndoRule.DURABLE in self._rules else world.disk)


def harm(world: World) -> str:
    """What must never be, in words; empty when all is well."""
    if world.destroyed:
        return "destroyed: somebody's change is gone"
    if world.row is State.CREATED and not world.there:
        return "misreported: called created, and there is no record"
    if world.row is State.REMOVED and world.there:
        return "misreported: called removed, and there is a record"
    presence = verified(world.there, world.edited)
    expected = Presence.ABSENT if not world.there else Presence.CHANGED if world.edited else Presence.ONCE
    return "" if presence is expected else f"misreported: verified as {presence}"


@lru_cache
def verified(there: bool, edited: bool) -> Presence:
    """What a verification says of the row in such a world."""
    intent = Intent(1, 2, b"x" * 16, body(2), State.CREATED, remote_id=7)
    record = to_remote({"Id": 7, **json.loads(body(2, Name="theirs") if edited else body(2))})
    assert record is not None
    record = replace(record, created=0.0, updated=99.0 if edited else 0.0)
    [told] = verify([intent], Listing((record,) if there else ()), KIND, {} if there else {7: Gone()})
    return told.presence


def _service_steps(world: World) -> Iterator[Step]:
    """What the service may do with a delete: take effect or not, and answer or not."""
    if not world.flying:
        return
    effect, rest = _deleted(world)._replace(flying=False), world._replace(flying=False)

    def answered(start: World, answer: str) -> World:
        return start._replace(phase=Phase.ANSWERED, answer=answer)

    yield "is served, answered 200", answered(effect, "200")
    yield "is served, answered 500", answered(effect, "500")
    yield "is served, never answered", effect
    yield "is not served, answered 500", answered(rest, "500")
    yield "is refused", answered(rest, "400")
    yield "is throttled", answered(rest, "429")
    yield "is not served, never answered", rest


def _deleted(world: World) -> World:
    return world._replace(there=False, destroyed=world.destroyed or (world.there and world.edited))


def _given_up(world: World) -> World:
    """Nobody waits for the delete any more, which may still take effect."""
    return world._replace(strays=world.strays + world.flying, flying=False, answer="", saw="")


def _way(came: Mapping[World, tuple[World, str] | None], world: World) -> tuple[str, ...]:
    way: list[str] = []
    while (step := came[world]) is not None:
        world, name = step
        way.append(name)
    return tuple(reversed(way))
