"""One row, two runners, a service that may do anything, a colleague: every interleaving, as a pure model.

Rule 1: what an event does to the row is asked of importer.journal.states, and what an answer means of
importer.delivery.replies; so a change there is checked here. Rule 2: no clock, no network, no file: time is only
"the visibility window since the row was put in doubt has passed, or it has not". Each of RULES can be taken away, to
show that the check would notice.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from importer.delivery.replies import classify
from importer.journal.states import FINAL, Event, State, after
from importer.nexudus import Reply

MOST_RESENDS = 3
"""How often a row may be proved absent and sent again before a person must look."""

ANSWERS: Mapping[str, Reply] = {
    "200": Reply(200, json={"WasSuccessful": True, "Value": {"Id": 7}}, whole=True),
    "400": Reply(400, json={"WasSuccessful": False, "Errors": [{"Message": "No."}]}, whole=True),
    "429": Reply(429, retry_after=("1",), whole=True),
    "500": Reply(500, json={"Message": "An error has occurred."}, whole=True),
    "nothing": Reply(failure="no answer"),
}


class Rule(StrEnum):
    """What the protocol rests on; taking any one away must end in a doubled, lost or misreported row."""

    INTENT_FIRST = "the intent is committed before the call leaves"
    LOST_IS_DOUBT = "a lost answer leaves the row in doubt"
    SETTLE_FIRST = "absent counts only after the visibility window"
    SETTLE_SUFFICES = "the visibility window is longer than any late effect"
    SETTLE_AT_ASKING = "the visibility window is measured to the moment of asking, not of judging"
    FRESH_INTENTS = "a call does not leave long after its intent"
    UNSURE_500 = "a 500 says nothing about the effect"
    ONE_SENDER = "one process at a time"
    DURABLE = "a commit survives a power cut"
    OURS_ONLY = "a look-alike that a colleague may have made is nobody's proof"


RULES = frozenset(Rule)


class Phase(StrEnum):
    """What a runner is at."""

    OFF = "off"
    IDLE = "idle"
    INTENDED = "about to send"
    WAITING = "waiting"
    ANSWERED = "answered"
    LOOKED = "looked"


class Runner(NamedTuple):
    """One process. ``flying`` while the service has not dealt with its call; the others as far as the phase needs."""

    phase: Phase = Phase.OFF
    flying: bool = False
    answer: str = ""
    saw_ours: bool = False
    saw_theirs: bool = False
    was_old: bool = False


class World(NamedTuple):
    """Everything there is. ``disk`` is what a power cut leaves of the journal; ``strays`` calls nobody waits for."""

    row: State = State.PLANNED
    disk: State = State.PLANNED
    resends: int = 0
    old: bool = False
    runners: tuple[Runner, Runner] = (Runner(), Runner())
    strays: int = 0
    ours: int = 0
    theirs: bool = False
    crashes: int = 3


Step = tuple[str, World]


@dataclass(frozen=True)
class Explored:
    """What a search found: how many states, which lines of the table were used, and the shortest way to harm if any."""

    states: int
    used: frozenset[tuple[State, Event]]
    harm: str = ""
    way: tuple[str, ...] = ()
    stuck: tuple[World, ...] = ()


class Model:
    """The steps that are possible under a set of rules."""

    def __init__(self, rules: frozenset[Rule] = RULES) -> None:
        """With all rules, or without some."""
        self._rules = rules
        self._used: set[tuple[State, Event]] = set()

    def explore(self) -> Explored:
        """Breadth first from the beginning, to the first harm or to the end."""
        first = World()
        came: dict[World, tuple[World, str] | None] = {first: None}
        before: dict[World, list[World]] = {}
        queue = deque([first])
        while queue:
            world = queue.popleft()
            if told := harm(world):
                return Explored(len(came), frozenset(self._used), told, _way(came, world))
            for name, following in self.steps(world):
                before.setdefault(following, []).append(world)
                if following not in came:
                    came[following] = (world, name)
                    queue.append(following)
        return Explored(len(came), frozenset(self._used), stuck=_stuck(set(came), before))

    def steps(self, world: World) -> Iterator[Step]:
        """Everything that can happen next."""
        for number, runner in enumerate(world.runners):
            for name, following in self._runner_steps(world, number, runner):
                yield f"{number + 1} {name}", following
        if world.strays:
            yield "a late call takes effect", world._replace(strays=world.strays - 1, ours=world.ours + 1)
            yield "a late call vanishes", world._replace(strays=world.strays - 1)
        pending = world.strays or any(runner.flying for runner in world.runners)
        if world.row is State.IN_DOUBT and not world.old and not (pending and Rule.SETTLE_SUFFICES in self._rules):
            yield "the visibility window passes", world._replace(old=True)
        if not world.theirs:
            yield "a colleague makes an equal record", world._replace(theirs=True)
        if world.disk is not world.row:
            yield "the disk catches up", world._replace(disk=world.row)
        if world.crashes:
            yield "power cut", _power_cut(world)

    def _runner_steps(self, world: World, number: int, runner: Runner) -> Iterator[Step]:
        match runner.phase:
            case Phase.OFF:
                alone = world.runners[1 - number].phase is Phase.OFF
                if alone or Rule.ONE_SENDER not in self._rules:
                    yield "starts", _with(world, number, Runner(Phase.IDLE))
                return
            case Phase.IDLE:
                yield "ends", _with(world, number, Runner())
                yield from self._idle_steps(world, number)
            case Phase.INTENDED:
                yield self._let_go(world, number)
            case Phase.WAITING:
                yield from _service_steps(world, number, runner)
                yield "gives up", _given_up(world, number, Runner(Phase.ANSWERED, answer="nothing"))
            case Phase.ANSWERED:
                yield f"reads {runner.answer}", self._judged(world, number, runner.answer)
            case Phase.LOOKED:
                yield "concludes", self._concluded(world, number, runner)
        if world.crashes:
            yield "is killed", _given_up(world, number, Runner())._replace(crashes=world.crashes - 1)

    def _idle_steps(self, world: World, number: int) -> Iterator[Step]:
        if world.row is State.PLANNED:
            intended = _with(world, number, Runner(Phase.INTENDED))
            if Rule.INTENT_FIRST in self._rules:
                intended = self._moved(intended, number, Event.WILL_SEND)
            yield "commits the intent", intended._replace(old=False)
        if world.row is State.IN_DOUBT:
            looked = Runner(Phase.LOOKED, False, "", world.ours > 0, world.theirs, world.old)
            yield "asks what there is", _with(world, number, looked)

    def _let_go(self, world: World, number: int) -> Step:
        if world.old and Rule.FRESH_INTENTS in self._rules:
            return "finds its intent stale", self._moved(world, number, Event.NOT_APPLIED)
        return "sends", _with(world, number, Runner(Phase.WAITING, flying=True))

    def _judged(self, world: World, number: int, answer: str) -> World:
        verdict = classify(ANSWERS[answer], lambda _: False)
        assert verdict.event is not None
        event = verdict.event
        if answer == "500" and Rule.UNSURE_500 not in self._rules:
            event = Event.REFUSED
        if answer == "nothing" and Rule.LOST_IS_DOUBT not in self._rules:
            event = Event.NOT_APPLIED
        return self._moved(world, number, event)

    def _concluded(self, world: World, number: int, runner: Runner) -> World:
        """What reconciling makes of what it saw, which may be a while ago."""
        foreign = runner.saw_theirs and Rule.OURS_ONLY in self._rules
        if foreign or (runner.saw_ours and runner.saw_theirs):
            return self._moved(world, number, Event.UNCLEAR)
        if runner.saw_ours or runner.saw_theirs:
            return self._moved(world, number, Event.FOUND)
        settled = runner.was_old if Rule.SETTLE_AT_ASKING in self._rules else world.old
        if not settled and Rule.SETTLE_FIRST in self._rules:
            return _with(world, number, Runner(Phase.IDLE))
        if world.resends >= MOST_RESENDS:
            return self._moved(world, number, Event.UNCLEAR)
        return self._moved(world, number, Event.ABSENT)._replace(resends=world.resends + 1)

    def _moved(self, world: World, number: int, event: Event) -> World:
        """The row after a commit by a runner, who ends when the row is not as it was when it was read."""
        runner = world.runners[number]
        read_as = State.PLANNED if event is Event.WILL_SEND else State.IN_DOUBT
        unwritten = Rule.INTENT_FIRST not in self._rules and world.row is State.PLANNED
        if world.row is not read_as and not unwritten:
            return _with(world, number, Runner())
        self._used.add((read_as, event))
        row = after(read_as, event)
        rest = runner if event is Event.WILL_SEND else Runner(Phase.IDLE)
        disk = row if Rule.DURABLE in self._rules else world.disk
        return _with(world, number, rest)._replace(row=row, disk=disk)


def harm(world: World) -> str:
    """What must never be, in words; empty when all is well."""
    if world.ours > 1:
        return "doubled"
    if world.row is State.CREATED and not world.ours:
        return "lost: called created, and there is no record of ours"
    if world.row is State.REJECTED and world.ours:
        return "misreported: called rejected, and there is a record"
    return ""


def _service_steps(world: World, number: int, runner: Runner) -> Iterator[Step]:
    """What the service may do with a call: take effect or not, and answer or not."""
    if not runner.flying:
        return
    effect = world._replace(ours=world.ours + 1)
    waiting = Runner(Phase.WAITING)

    def answered(start: World, answer: str) -> World:
        return _with(start, number, Runner(Phase.ANSWERED, answer=answer))

    yield "is served, answered 200", answered(effect, "200")
    yield "is served, answered 500", answered(effect, "500")
    yield "is served, never answered", _with(effect, number, waiting)
    yield "is not served, answered 500", answered(world, "500")
    yield "is refused", answered(world, "400")
    yield "is throttled", answered(world, "429")
    yield "is not served, never answered", _with(world, number, waiting)


def _with(world: World, number: int, runner: Runner) -> World:
    one, other = world.runners
    return world._replace(runners=(runner, other) if number == 0 else (one, runner))


def _given_up(world: World, number: int, rest: Runner) -> World:
    """Nobody waits for the runner's call any more, which may still take effect."""
    strays = world.strays + world.runners[number].flying
    return _with(world, number, rest)._replace(strays=strays)


def _power_cut(world: World) -> World:
    for number in (0, 1):
        world = _given_up(world, number, Runner())
    return world._replace(row=world.disk, crashes=world.crashes - 1)


def _way(came: Mapping[World, tuple[World, str] | None], world: World) -> tuple[str, ...]:
    way: list[str] = []
    while (step := came[world]) is not None:
        world, name = step
        way.append(name)
    return tuple(reversed(way))


def _stuck(every: set[World], before: Mapping[World, list[World]]) -> tuple[World, ...]:
    """The states from which no final state of the row can be reached any more: rows forgotten."""
    hopeful = {world for world in every if world.row in {*FINAL, State.REVIEW, State.CREATED, State.REJECTED}}
    queue = deque(hopeful)
    while queue:
        for earlier in before.get(queue.popleft(), []):
            if earlier not in hopeful:
                hopeful.add(earlier)
                queue.append(earlier)
    return tuple(every - hopeful)
