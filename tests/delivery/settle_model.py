"""Creates without an answer, and how they are settled by lists that lie: every interleaving of small worlds.

The sequel of model.py. There is no second reconciler here: what a list says is asked of ``list_records``,
``shows_all_of``, ``settle`` and the reading twice of importer.runs.reconcile, call by call, with the world as it is at
each call. Whatever they ask for more than has been answered yet is the next step, so that a colleague, a late effect, a
clock or the other sender can come between any two calls. Each rule can be taken away.

Assumed: Ids never come back, one page is one moment, real time brings every effect within the window, of two clocks
only one jumps, and the service says where a resource is.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import formatdate
from enum import StrEnum
from functools import cache
from types import SimpleNamespace
from typing import Any, Literal, NamedTuple, cast

import pytest

from delivery.kit import KIND, body
from importer.delivery import marks, reconciler
from importer.delivery.comparer import Comparer
from importer.delivery.listing import Listing, Remote, to_remote
from importer.delivery.reconciler import Settled
from importer.delivery.sender import LONGEST_DELAY
from importer.journal.evidence import FirstSearch
from importer.journal.rows import Change, Intent
from importer.journal.runs import Run
from importer.journal.states import Event, State, after
from importer.nexudus import Reply
from importer.runs import compare, reconcile
from importer.runs.session import Session

OURS, COLLEAGUE = "ops@example.com", "colleague@example.com"
WINDOW, JUMP = 900.0, 2_592_000.0
START, SERVICE_START = 1_000_000.0, 5_000_000.0
_IDENTITY = b"x" * 16


class SettleRule(StrEnum):
    """What settling rests on; taking any one away must end in a doubled, lost or misreported row."""

    WHOLE_BODY = "a record is the effect of a call only if it equals the row in every field, unsent ones being empty"
    NOT_BEFORE = "and if it was not listed before the run sent anything"
    ONE_ROW = "and if no other row has it"
    KEY_IS_REVIEW = "a record of the same key with other values goes to a person"
    EDITS_EXCLUDE_NOTHING = "who edited a record says nothing about who made it"
    TWO_READINGS = "absent takes two readings, the second showing all of the first"
    SERVICE_CLOCK = "the window is over by the service's clock"
    OUR_CLOCK = "the window is over by this machine's clock"
    RECORDS_OF_RUN = "what the run created, and what was listed before, is listed or gone by its Id"
    ROWS_LOCATION = "a list that shows records of other locations only proves nothing"
    NOT_EMPTY = "a list that shows nothing proves nothing"
    ONE_SENDER = "one process at a time"
    FRESH_INTENTS = "a call does not leave long after its intent"
    MARK_IS_OURS = "a record with the mark of the row's attempt is the row's, whatever its values are by now"
    NO_MARK_IS_NO_PROOF = "that no record carries the mark proves nothing"
    OTHER_MARK_IS_OTHERS = "a record with the mark of another attempt is not the row's"


SETTLE_RULES = frozenset(SettleRule)


class Record(NamedTuple):
    """What the service holds. ``of`` is the row whose mapping it is, -1 for another; ``ours`` tells that we made it.

    ``mark`` is what stands in SystemId.
    """

    id: int
    text: str
    of: int = -1
    by: str = COLLEAGUE
    edited: bool = False
    ours: bool = False
    elsewhere: bool = False
    mark: str = ""


class Row(NamedTuple):
    """A row of the run; ``look`` is when it was first looked for, by the service's clock and by ours.

    ``marks`` are those of its attempts, where creates carry one.
    """

    text: str
    state: State = State.PLANNED
    remote_id: int | None = None
    attempts: int = 0
    resends: int = 0
    sent_at: float | None = None
    look: tuple[float, float] | None = None
    marks: tuple[str, ...] = ()


class Phase(StrEnum):
    """What a sender is at."""

    OFF = "off"
    IDLE = "idle"
    INTENDED = "about to send"
    LOOKING = "looking"
    LOOKED = "looked"


class Sender(NamedTuple):
    """A process; ``answers`` are those to the calls of its look so far, ``changes`` what it concluded."""

    phase: Phase = Phase.OFF
    row: int = 0
    asked_at: float = 0.0
    rows: tuple[Row, ...] = ()
    answers: tuple[Reply, ...] = ()
    changes: tuple[tuple[int, Event, int | None], ...] = ()


class World(NamedTuple):
    """Everything there is.

    ``acts`` are what may still be done by others, ``late`` the calls under way, by their row and mark.
    """

    rows: tuple[Row, ...]
    records: tuple[Record, ...]
    senders: tuple[Sender, ...]
    acts: tuple[str, ...]
    late: tuple[tuple[int, str], ...] = ()
    passed: int = 0
    jumped: float = 0.0
    service_jumped: float = 0.0
    elsewhere: bool = False
    next_id: int = 100

    @property
    def now(self) -> float:
        """This machine's clock."""
        return START + self.passed * (WINDOW + 2) + self.jumped

    @property
    def service_now(self) -> float:
        """The service's clock."""
        return SERVICE_START + self.passed * (WINDOW + 2) + self.service_jumped


Step = tuple[str, World]


@dataclass(frozen=True)
class Scenario:
    """A world to begin with, and what is possible in it.

    Attributes:
        outcomes: What may become of a call.
        page: Records on a page.
        windows: How often the window may pass.
        elsewhere: Whether the list is one of another location from the beginning.
        marks: Whether creates carry a mark, and whether lists show it or only a read by Id does.
    """

    rows: tuple[str, ...]
    records: tuple[Record, ...]
    acts: tuple[str, ...]
    outcomes: tuple[str, ...] = ("effect", "nothing")
    page: int = 9
    windows: int = 1
    senders: int = 1
    elsewhere: bool = False
    marks: Literal["", "listed", "by id"] = ""

    @property
    def world(self) -> World:
        """The beginning."""
        rows = tuple(Row(text) for text in self.rows)
        return World(rows, self.records, (Sender(),) * self.senders, self.acts, elsewhere=self.elsewhere)


ROW, BARE = body(2), json.dumps({n: v for n, v in json.loads(body(2)).items() if n != "SubscriptionId"})
THEIRS = Record(1, body(50))
SECOND = Record(2, body(51))
FAR = 90
"""The number of a row whose resource is in the other location."""

RESOURCES = KIND.references[KIND.location]
OTHER_MARK = marks.mark("f" * 8, "f" * 22)
"""What another installation's create carries."""

SCENARIOS: Mapping[str, Scenario] = {
    "late effects and clocks": Scenario((ROW,), (THEIRS,), ("jump", "jump back", "service jump"), ("late", "nothing")),
    "pages that shift": Scenario((ROW,), (THEIRS, SECOND), ("theirs is remade",), ("late", "nothing"), page=1),
    "pages that shrink": Scenario((ROW,), (THEIRS,), ("theirs is deleted",), ("late", "nothing"), page=1),
    "a colleague edits": Scenario((ROW,), (THEIRS,), ("ours is edited", "ours is saved", "ours is remade")),
    "two equal rows": Scenario((ROW, ROW), (THEIRS,), (), ("answered", "effect", "nothing")),
    "two rows that differ in an empty field": Scenario((BARE, ROW), (THEIRS,), (), ("answered", "effect", "nothing")),
    "an equal record from before": Scenario((ROW,), (THEIRS, Record(2, ROW, by=OURS)), ()),
    "another program of ours": Scenario((BARE,), (THEIRS,), ("a fuller record is made",)),
    "another location": Scenario(
        (ROW,), (THEIRS, Record(2, body(51), elsewhere=True)), ("list of elsewhere", "list is put right")
    ),
    "another location, with a record of the run": Scenario(
        (body(3), ROW), (THEIRS, Record(2, body(51), elsewhere=True)), ("list of elsewhere",), ("answered", "effect")
    ),
    "another location from the beginning": Scenario(
        (ROW,), (THEIRS, Record(2, body(FAR), elsewhere=True)), ("list is put right",), elsewhere=True
    ),
    "an empty list": Scenario((ROW,), (), ("list of elsewhere",)),
    "marks, and values that a colleague changes": Scenario(
        (ROW,), (THEIRS,), ("ours becomes another", "another makes it"), ("effect", "late", "nothing"), marks="listed"
    ),
    "marks that lists do not show": Scenario(
        (ROW,), (THEIRS,), ("ours becomes another", "another makes it"), ("effect", "nothing"), marks="by id"
    ),
    "marks that a colleague clears": Scenario(
        (ROW,), (THEIRS,), ("ours is edited", "its mark is cleared"), ("effect", "late", "nothing"), marks="listed"
    ),
    "two senders": Scenario((ROW,), (THEIRS,), (), ("effect", "nothing"), senders=2),
    "a machine that sleeps": Scenario((ROW,), (THEIRS,), ("crash",), ("effect", "late", "nothing"), senders=2),
}
"""Small worlds that differ in who does what beside us."""


Call = tuple[str, int | tuple[int, ...]]
"""A page, a record, or several records by their Ids."""


class _NothingMore(Exception):  # noqa: N818  # not an error: the next call has not been answered yet
    """What is asked for beyond the answers there are; ``call`` says what."""

    def __init__(self, call: Call) -> None:
        self.call = call


class Replayed:
    """The service as far as it has answered; beyond that it is asked for more."""

    def __init__(self, answers: Sequence[Reply]) -> None:
        """Answer so much."""
        self._answers = iter(answers)

    async def page(self, path: str, *, page: int, size: int, filters: Mapping[str, str | int] | None = None) -> Reply:
        """The next answer; of the resources, which never change, all of them."""
        del size
        if path == RESOURCES.path:
            return Reply(200, json={"Records": [_resource(n) for n in (2, 3, 50, 51, FAR)], "HasNextPage": False})
        if filters and "id" in filters:
            return self._next(("ids", tuple(json.loads(str(filters["id"])))))
        return self._next(("page", page))

    async def get(self, path: str, number: int) -> Reply:
        """The next answer; of a resource, where it is."""
        if path == RESOURCES.path:
            return Reply(200, json=_resource(number - 1000))
        return self._next(("get", number))

    def _next(self, call: Call) -> Reply:
        for answer in self._answers:
            return answer
        raise _NothingMore(call)


def _resource(number: int) -> dict[str, object]:
    """The resource of ``body(number)``."""
    return {"Id": 1000 + number, "Name": "Room", RESOURCES.place: "Elsewhere" if number == FAR else "Here"}


class Notes:
    """The part of a journal that settling reads, of one run."""

    def __init__(self, rows: Sequence[Row], before: frozenset[int], rules: frozenset[SettleRule]) -> None:
        """Hold these rows; ``before`` are the Ids that were listed before the run sent anything."""
        self.intents = [_intent(number, row) for number, row in enumerate(rows)]
        self._rows, self._before, self._rules = rows, before, rules
        self.rows = self.evidence = self.runs = self.marks = self
        self.directories = SimpleNamespace(get=lambda *_: None, save=lambda *_: None)
        self.looks: dict[int, tuple[float, float]] = {}

    def known_ids(self, _: int, ids: Iterable[int]) -> set[int]:
        """Which of these records a row has."""
        if SettleRule.ONE_ROW not in self._rules:
            return set()
        return {row.remote_id for row in self._rows if row.remote_id is not None} & set(ids)

    def get(self, number: int) -> int:
        """The run is its number."""
        return number

    def all(self, _: object, *states: State) -> list[Intent]:
        """The rows in these states."""
        return [intent for intent in self.intents if intent.state in states]

    def listed_before(self, _: int) -> frozenset[int]:
        """The Ids that were listed before the run sent anything."""
        return self._before

    def are_on(self, places: Iterable[tuple[int, int]]) -> bool:
        """Whether a create of one of these rows carried a mark."""
        return any(self._rows[row].marks for _, row in places)

    def places(self, texts: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Of which row each mark is."""
        of_rows = {text: (1, number) for number, row in enumerate(self._rows) for text in row.marks}
        return {text: of_rows[text] for text in texts if text in of_rows}

    def first_searches(
        self, intents: Sequence[Intent], service: float | None, local: float
    ) -> dict[Intent, FirstSearch]:
        """When each was looked for first."""
        assert service is not None
        for intent in intents:
            self.looks[intent.row] = self._rows[intent.row].look or self.looks.get(intent.row, (service, local))
        return {intent: FirstSearch(*self.looks[intent.row]) for intent in intents}


def _intent(number: int, row: Row) -> Intent:
    return Intent(1, number, _IDENTITY, row.text, row.state, row.attempts, row.resends, row.sent_at, row.remote_id)


class SettleModel:
    """The steps that are possible in a scenario under a set of rules."""

    def __init__(self, scenario: Scenario, rules: frozenset[SettleRule] = SETTLE_RULES) -> None:
        """With all rules, or without some."""
        self._scenario, self._rules = scenario, rules
        self._before = frozenset(record.id for record in scenario.records if not _is_hidden(scenario.world, record))
        self._look: Callable[..., Any] = cache(self._looked)
        self.states = 0

    def harm(self) -> tuple[str, tuple[str, ...]]:
        """The first harm there is a way to, and the way; both empty when there is none."""
        first = self._scenario.world
        came: dict[World, tuple[World, str] | None] = {first: None}
        queue = deque([first])
        with _without(SETTLE_RULES - self._rules):
            while queue:
                world = queue.popleft()
                if told := harm(world, self._before):
                    return told, _way(came, world)
                for name, following in self._steps(world):
                    if following not in came:
                        came[following] = (world, name)
                        queue.append(following)
        self.states = len(came)
        return "", ()

    def _steps(self, world: World) -> Iterator[Step]:
        for number, sender in enumerate(world.senders):
            for name, following in self._sender_steps(world, number, sender):
                yield f"{number + 1} {name}", following
        for n in range(len(world.late)):
            rest = world.late[:n] + world.late[n + 1 :]
            yield "a late call takes effect", _made(world._replace(late=rest), *world.late[n])
            yield "a late call vanishes", world._replace(late=rest)
        # Real time brings every late effect before the window is over; a call about to leave is no effect yet.
        if not world.late and world.passed < self._scenario.windows and any(row.attempts for row in world.rows):
            yield "the window passes", world._replace(passed=world.passed + 1)
        yield from _acts(world)

    def _sender_steps(self, world: World, number: int, sender: Sender) -> Iterator[Step]:
        match sender.phase:
            case Phase.OFF:
                alone = all(each.phase is Phase.OFF for each in world.senders)
                if alone or SettleRule.ONE_SENDER not in self._rules:
                    yield "starts", _with(world, number, Sender(Phase.IDLE))
                return
            case Phase.IDLE:
                yield from self._idle_steps(world, number)
            case Phase.INTENDED:
                yield from self._sends(world, number, sender.row)
            case Phase.LOOKING:
                yield self._looks(world, number, sender)
            case Phase.LOOKED:
                yield "concludes", self._concluded(world, number, sender)
        if "crash" in world.acts:
            yield "is killed", _used(_with(world, number, Sender()), "crash")

    def _idle_steps(self, world: World, number: int) -> Iterator[Step]:
        for index, row in enumerate(world.rows):
            if row.state is State.PLANNED:
                sent = row._replace(
                    state=State.IN_DOUBT,
                    attempts=row.attempts + 1,
                    sent_at=world.now,
                    look=None,
                    marks=(*row.marks, _mark(index, row.attempts)) if self._scenario.marks else (),
                )
                yield (
                    f"commits the intent of row {index}",
                    _with(_row(world, index, sent), number, Sender(Phase.INTENDED, index)),
                )
                break
        if any(row.state is State.IN_DOUBT for row in world.rows):
            yield "begins to look", _with(world, number, Sender(Phase.LOOKING, 0, world.now, world.rows))

    def _sends(self, world: World, number: int, index: int) -> Iterator[Step]:
        row, idle = world.rows[index], _with(world, number, Sender(Phase.IDLE))
        assert row.sent_at is not None
        if SettleRule.FRESH_INTENTS in self._rules and world.now - row.sent_at > LONGEST_DELAY:
            if row.state is State.IN_DOUBT:
                yield "finds its intent stale", _row(idle, index, row._replace(state=State.PLANNED))
            return
        mark = row.marks[-1] if row.marks else ""
        for outcome in self._scenario.outcomes:
            match outcome:
                case "answered":
                    created = row._replace(state=State.CREATED, remote_id=world.next_id)
                    yield "sends, is answered", _row(_made(idle, index, mark), index, created)
                case "effect":
                    yield "sends, it takes effect, no answer", _made(idle, index, mark)
                case "late":
                    yield "sends, it is on its way, no answer", idle._replace(late=(*world.late, (index, mark)))
                case "nothing":
                    yield "sends, no effect, no answer", idle

    def _looks(self, world: World, number: int, sender: Sender) -> Step:
        """One more call of a look, or what it comes to."""
        result = self._look(sender.rows, sender.answers, sender.asked_at)
        if isinstance(result, _NothingMore):
            answer = self._answer(world, result.call)
            what = "reads page" if result.call[0] == "page" else "looks at"
            return f"{what} {result.call[1]}", _with(world, number, sender._replace(answers=(*sender.answers, answer)))
        changes, looks = result
        looked = world
        for index, look in looks.items():
            row = world.rows[index]
            if row.state is State.IN_DOUBT and row.attempts == sender.rows[index].attempts and row.look is None:
                looked = _row(looked, index, row._replace(look=look))
        return "knows what the list says", _with(looked, number, sender._replace(phase=Phase.LOOKED, changes=changes))

    def _answer(self, world: World, call: Call) -> Reply:
        _, number = call
        if isinstance(number, tuple):
            return _several(tuple(record for record in world.records if record.id in number))
        return self._page(world, number) if call[0] == "page" else _by_id(world, number)

    def _page(self, world: World, number: int) -> Reply:
        shown = tuple(record for record in world.records if not _is_hidden(world, record))
        start = self._scenario.page * (number - 1)
        hides_marks = self._scenario.marks == "by id"
        return _page(shown[start : start + self._scenario.page], len(shown), start, world.service_now, hides_marks)

    def _looked(self, rows: tuple[Row, ...], answers: tuple[Reply, ...], asked_at: float) -> Any:
        """What a look with these answers comes to: changes and first looks, or the call that it makes next."""
        notes = Notes(rows, self._before if SettleRule.NOT_BEFORE in self._rules else frozenset(), self._rules)
        session = SimpleNamespace(
            service=Replayed(answers),
            journal=notes,
            account=SimpleNamespace(user=OURS, key="nexudus.test/ops@example.com"),
            settings=SimpleNamespace(settle=WINDOW, lookup_age=900.0),
            observer=SimpleNamespace(say=lambda _: None),
            clock=lambda: asked_at,
        )
        run = SimpleNamespace(id=1, kind=KIND.name, endpoint="records", target=1)
        try:
            settled = _result(_look(cast(Session, session), cast(Run, run), notes, asked_at))
        except _NothingMore as more:
            return more
        changes = tuple((change.intent.row, change.event, change.remote_id) for change in settled.changes)
        return changes, notes.looks

    def _concluded(self, world: World, number: int, sender: Sender) -> World:
        """What was concluded, written down for every row that is still as it was when it was read."""
        done = _with(world, number, Sender(Phase.IDLE))
        for index, event, remote_id in sender.changes:
            row, read = world.rows[index], sender.rows[index]
            if (row.state, row.attempts) == (read.state, read.attempts):
                resends = row.resends + (event is Event.ABSENT)
                done = _row(
                    done, index, row._replace(state=after(row.state, event), remote_id=remote_id, resends=resends)
                )
        return done


def harm(world: World, before: frozenset[int]) -> str:
    """What must never be, in words; empty when all is well."""
    of_record = {record.id: record for record in world.records}
    texts = [row.text for row in world.rows]
    for text in set(texts):
        mappings = [r for r in world.records if r.of >= 0 and texts[r.of] == text and r.id not in before]
        if len(mappings) > texts.count(text):
            return "doubled"
    ids = [row.remote_id for row in world.rows if row.remote_id is not None]
    if len(ids) != len(set(ids)):
        return "misreported: two rows with one record"
    for row in world.rows:
        record = of_record.get(row.remote_id or 0)
        if row.state is State.CREATED and record is not None and record.of < 0:
            return "lost: called created, by a record that is not ours"
    return ""


async def _look(session: Session, run: Run, notes: Notes, asked_at: float) -> Settled:
    doubtful = notes.all(None, State.IN_DOUBT)
    listing = await compare.list_all_records(session, run.endpoint, KIND)
    return (await reconcile._proved(session, run, doubtful, listing, asked_at))[1]


def _result(work: Any) -> Settled:
    """The result of a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as end:
        return cast(Settled, end.value)
    raise AssertionError("it waits")


@contextmanager
def _without(left_out: Iterable[SettleRule]) -> Iterator[None]:
    """The importer without these rules, each taken out of its one place."""
    with pytest.MonkeyPatch.context() as patch:
        for rule in left_out:
            if rule in _LEFT_OUT:
                _LEFT_OUT[rule](patch)
        yield


def _edit_listings(patch: pytest.MonkeyPatch, edit: Callable[[Listing], Listing]) -> None:
    settle = reconciler.settle

    def settled(doubtful: Sequence[Intent], listing: Listing, *given: Any, **named: Any) -> Settled:
        return settle(doubtful, edit(listing), *given, **named)

    patch.setattr(reconcile, "settle", settled)


def _by_sent_fields(patch: pytest.MonkeyPatch) -> None:
    settle = reconciler.settle

    def settled(doubtful: Sequence[Intent], listing: Listing, *given: Any, **named: Any) -> Settled:
        # One row after the other, each by the fields that it sent.
        changes: list[Change] = []
        for intent in doubtful:
            sent = json.loads(intent.body)
            unsent = {name: None for name in KIND.fields if name not in sent}
            records = [replace(remote, values={**remote.values, **unsent}) for remote in listing.records]
            changes += settle([intent], replace(listing, records=tuple(records)), *given, **named).changes
        return Settled(changes)

    patch.setattr(reconcile, "settle", settled)


def _one_reading(patch: pytest.MonkeyPatch) -> None:
    read = compare.list_all_records

    async def once(*given: Any) -> Listing:
        return replace(await read(*given), pages=1)

    for room in (compare, reconcile):
        patch.setattr(room, "list_all_records", once)


def _trust_any_location(patch: pytest.MonkeyPatch) -> None:
    async def none(*_: object) -> set[Intent]:
        return set()

    patch.setattr(reconcile, "of_other_locations", none)


def _trust_any_list(patch: pytest.MonkeyPatch) -> None:
    async def no_reason(*_: object) -> str:
        return ""

    patch.setattr(reconcile, "_reason_to_distrust", no_reason)


def _one_clock(patch: pytest.MonkeyPatch, *, service: bool) -> None:
    left = reconciler.seconds_left

    def seconds(intent: Intent, look: FirstSearch, date: float | None, asked_at: float, window: float) -> float:
        # The clock that is left out always says that enough time has passed.
        assert date is not None
        if service:
            return left(intent, look, date + 9e9, asked_at, window)
        return left(intent, look, date, asked_at + 9e9, window)

    patch.setattr(reconciler, "seconds_left", seconds)


def _by_marks_alone(listing: Listing) -> Listing:
    records = tuple(r for r in listing.records if marks.mark_on(r) or r.id == THEIRS.id)
    return replace(listing, records=records)


def _without_others(remotes: Iterable[Remote]) -> dict[int, str]:
    return {number: text for number, text in marks.marks_on(remotes).items() if text != OTHER_MARK}


def _foreign(remote: Remote) -> bool:
    return remote.by == COLLEAGUE and remote.updated != remote.created


_LEFT_OUT: Mapping[SettleRule, Callable[[pytest.MonkeyPatch], None]] = {
    SettleRule.WHOLE_BODY: _by_sent_fields,
    SettleRule.KEY_IS_REVIEW: lambda patch: patch.setattr(Comparer, "may_be_one", lambda *_: False),
    SettleRule.EDITS_EXCLUDE_NOTHING: lambda patch: _edit_listings(
        patch, lambda listing: replace(listing, records=tuple(r for r in listing.records if not _foreign(r)))
    ),
    SettleRule.TWO_READINGS: _one_reading,
    SettleRule.SERVICE_CLOCK: lambda patch: _one_clock(patch, service=True),
    SettleRule.OUR_CLOCK: lambda patch: _one_clock(patch, service=False),
    SettleRule.RECORDS_OF_RUN: _trust_any_list,
    SettleRule.ROWS_LOCATION: _trust_any_location,
    SettleRule.NOT_EMPTY: lambda patch: _edit_listings(
        patch, lambda listing: listing if listing.records else replace(listing, records=(_remote(THEIRS),))
    ),
    SettleRule.MARK_IS_OURS: lambda patch: patch.setattr(reconciler, "_by_mark", lambda *_: set()),
    SettleRule.NO_MARK_IS_NO_PROOF: lambda patch: _edit_listings(patch, _by_marks_alone),
    SettleRule.OTHER_MARK_IS_OTHERS: lambda patch: patch.setattr(reconciler, "marks_on", _without_others),
}
"""How a rule is left out; those that are not here are the model's own, or those of its notes."""


def _acts(world: World) -> Iterator[Step]:
    """What others do, each as often as the world allows."""
    for act in dict.fromkeys(world.acts):
        for following in _ACTS[act](world) if act in _ACTS else ():
            yield act, _used(following, act)


def _edited(world: World, text: str | None = None) -> Iterator[World]:
    for record in world.records:
        if record.ours and not record.edited:
            changed = record._replace(by=COLLEAGUE, edited=True, text=text or record.text)
            yield world._replace(records=tuple(changed if r.id == record.id else r for r in world.records))


def _unmarked(world: World) -> Iterator[World]:
    for record in world.records:
        if record.ours and record.mark:
            saved = record._replace(by=COLLEAGUE, edited=True, mark="")
            yield world._replace(records=tuple(saved if r.id == record.id else r for r in world.records))


def _remade(world: World, *, ours: bool) -> Iterator[World]:
    for record in world.records:
        if record.ours is ours:
            rest = tuple(r for r in world.records if r.id != record.id)
            again = Record(world.next_id, record.text, record.of)
            yield world._replace(records=(*rest, again), next_id=world.next_id + 1)


def _deleted(world: World) -> Iterator[World]:
    for record in world.records:
        if not record.ours and record.of < 0:
            yield world._replace(records=tuple(r for r in world.records if r.id != record.id))


def _fuller(world: World, mark: str = "") -> Iterator[World]:
    record = Record(world.next_id, ROW, by=OURS, mark=mark)
    yield world._replace(records=(*world.records, record), next_id=world.next_id + 1)


_ACTS: Mapping[str, Callable[[World], Iterable[World]]] = {
    "jump": lambda world: [world._replace(jumped=JUMP)] if not world.service_jumped else [],
    "jump back": lambda world: [world._replace(jumped=-JUMP)] if not world.service_jumped else [],
    # One clock jumps, and not both: if both do, nobody can know the time.
    "service jump": lambda world: [world._replace(service_jumped=JUMP)] if not world.jumped else [],
    "theirs is remade": lambda world: _remade(world, ours=False),
    "theirs is deleted": _deleted,
    "ours is edited": lambda world: _edited(world, body(2, Name="Theirs")),
    "ours is saved": _edited,
    "ours becomes another": lambda world: _edited(world, body(60)),
    "its mark is cleared": _unmarked,
    "another makes it": lambda world: _fuller(world, OTHER_MARK),
    "ours is remade": lambda world: _remade(world, ours=True),
    "a fuller record is made": _fuller,
    "list of elsewhere": lambda world: [world._replace(elsewhere=True)],
    "list is put right": lambda world: [world._replace(elsewhere=False)] if world.elsewhere else [],
}


def _is_hidden(world: World, record: Record) -> bool:
    return world.elsewhere and not record.elsewhere


def _mark(index: int, attempt: int) -> str:
    return marks.mark("0" * 8, f"{16 * index + attempt:022x}")


def _made(world: World, index: int, mark: str) -> World:
    record = Record(world.next_id, world.rows[index].text, index, OURS, ours=True, mark=mark)
    return world._replace(records=(*world.records, record), next_id=world.next_id + 1)


def _with(world: World, number: int, sender: Sender) -> World:
    return world._replace(senders=(*world.senders[:number], sender, *world.senders[number + 1 :]))


def _row(world: World, index: int, row: Row) -> World:
    return world._replace(rows=(*world.rows[:index], row, *world.rows[index + 1 :]))


def _used(world: World, act: str) -> World:
    rest = list(world.acts)
    rest.remove(act)
    return world._replace(acts=tuple(rest))


def _item(record: Record, *, hides_marks: bool = False) -> dict[str, object]:
    stamps = {"CreatedOn": "2026-11-26T09:00:00Z", "UpdatedOn": f"2026-11-26T{'10' if record.edited else '09'}:00:00Z"}
    system_id = {} if hides_marks else {marks.FIELD: record.mark or None}
    values = {**dict.fromkeys(KIND.fields), **json.loads(record.text), **system_id}
    return {**values, "Id": record.id, **stamps, "UpdatedBy": record.by}


def _remote(record: Record) -> Remote:
    remote = to_remote(_item(record))
    assert remote is not None
    return remote


class _Answer(Reply):
    """A reply that is compared, and looked up, as the object that it is: each distinct one is made once."""

    __slots__ = ()
    __eq__ = object.__eq__
    __hash__ = object.__hash__


@cache
def _page(records: tuple[Record, ...], total: int, start: int, clock: float, hides_marks: bool) -> Reply:
    last = start + len(records) >= total
    items = [_item(record, hides_marks=hides_marks) for record in records]
    document = {"Records": items, "HasNextPage": not last, "TotalItems": total}
    return _Answer(status=200, json=document, date=_date(clock), whole=True)


def _by_id(world: World, number: int) -> Reply:
    return _single(next((record for record in world.records if record.id == number), None))


@cache
def _several(records: tuple[Record, ...]) -> Reply:
    return _Answer(status=200, json=[_item(record) for record in records], whole=True)


@cache
def _single(record: Record | None) -> Reply:
    if record is None:
        return _Answer(status=404, json="Not found", whole=True)
    return _Answer(status=200, json=_item(record), whole=True)


@cache
def _date(clock: float) -> str:
    return formatdate(clock, usegmt=True)


def _way(came: Mapping[World, tuple[World, str] | None], world: World) -> tuple[str, ...]:
    way: list[str] = []
    while (step := came[world]) is not None:
        world, name = step
        way.append(name)
    return tuple(reversed(way))
