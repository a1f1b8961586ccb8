"""Every row on its way, with its issues: planned, put in doubt, moved.

Rule: a row changes state only through ``move``, ``move_late``, ``will_send`` and ``will_update``. They ask the table in
states.
"""

import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from importer.errors import JournalError
from importer.issues import CATALOGUE, Issue, Severity
from importer.journal import statements as sql
from importer.journal import tables as t
from importer.journal.calls import Calls
from importer.journal.database import Database
from importer.journal.marks import add_marks
from importer.journal.runs import Run, Runs
from importer.journal.states import TRANSITIONS, WITH_RECORD, Event, State, after
from importer.journal.tally import Move, begin, note_moves
from importer.journal.windows import Window
from importer.model import Record

_BATCH = 5_000
"""Rows read or written at once. Reads end in between, so that nobody waits for a reader of a million rows."""


# As text and not as parameters: SQLite uses a partial index only if it sees that the condition implies the index's own.
_CLAIMING = sa.text(f"state IN ({t.CLAIMS})")
_UNANSWERED = sa.text(f"state IN ({t.UNANSWERED_STATES})")

# The columns that planning writes, by the million, and what fills them: tuples in this order go to the driver as they
# are, and the value of a state is looked up once.
_ISSUE = ("row", "cell", "label", "field", "code", "value", "detail")
_issue_values = attrgetter(*_ISSUE)
_PLANNED = (
    "run",
    "row",
    "target",
    "identity",
    "key",
    "body",
    "state",
    "remote_id",
    "named_id",
    "before",
    "updated_on",
    "seal",
)
_AS_PLANNED = State.PLANNED.value

FORGOTTEN = "(forgotten)"
"""The member of a body that stands for one whose values were removed; no field has such a name."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A row as it will be, or was, sent.

    Attributes:
        resends: How often it was proved absent and may be sent again.
        remote_id: Its record; while it is planned, the record that it is to update.
        named_id: The Id of the record that the row of the file names.
        before: Its record as JSON, before the row updates it: while the row is planned, as the user agreed to update
            it; then, as it was read right before. Of a held row, see ``conflict``.
        updated_on: When the service says that the update was made, in epoch seconds; None if it does not say. While the
            row is planned, when its record had been changed last, as the plan saw it.
    """

    run: int
    row: int
    identity: bytes
    body: str
    state: State
    attempts: int = 0
    resends: int = 0
    sent_at: float | None = None
    remote_id: int | None = None
    field: str | None = None
    message: str | None = None
    key: bytes = b""
    named_id: int | None = None
    before: str | None = None
    updated_on: float | None = None

    @property
    def values(self) -> dict[str, object]:
        """The fields that are, or were, sent."""
        values: dict[str, object] = json.loads(self.body)
        return values

    @property
    def is_forgotten(self) -> bool:
        """Whether its values were removed: those that are left are fingerprints, by which it can only be recognised."""
        return FORGOTTEN in self.body and self.values.get(FORGOTTEN) is True

    @property
    def conflict(self) -> str | None:
        """Why a held row is, as ``delivery.conflicts`` writes it down; None if the journal does not say."""
        # In the column for the record as it was before: a held row changes none.
        return self.before if self.state is State.HELD else None

    def sent(self) -> "Intent":
        """The same row in doubt, after one more attempt."""
        # Not dataclasses.replace, which takes three times as long, for every row that is sent.
        return Intent(
            self.run,
            self.row,
            self.identity,
            self.body,
            State.IN_DOUBT,
            self.attempts + 1,
            self.resends,
            self.sent_at,
            key=self.key,
            named_id=self.named_id,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """An event that happened to a row, with what the journal is to remember of it.

    ``before`` is the record before an update, as JSON; ``conflict`` why a row is held from now on.
    """

    intent: Intent
    event: Event
    remote_id: int | None = None
    field: str | None = None
    message: str | None = None
    before: str | None = None
    updated_on: float | None = None
    conflict: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What a row has on a key: it made a record of it, or may have. While it may, other rows of the key are blocked."""

    run: int
    row: int
    identity: bytes
    state: State
    remote_id: int | None


@dataclass(frozen=True)
class Sending:
    """What ``will_send`` did: rows in doubt now, rows that need no call any more, blocked rows.

    ``wait`` is in how many seconds more may leave, ``marks`` what the calls of the rows in doubt carry, by row.
    """

    sent: list[Intent]
    without_call: list[Change]
    blocked: list[Intent]
    wait: float
    marks: Mapping[int, str] = field(default_factory=dict)


class Rows:
    """The rows of every run, and what the checks said of them."""

    def __init__(self, db: Database, runs: Runs, calls: Calls, fence: Callable[[Connection], None]) -> None:
        """Use the database of a journal, and count the calls that its rows take; ``fence`` is that of ``Senders``."""
        self._db, self._runs, self._calls, self._fence = db, runs, calls, fence

    def plan(
        self, run: Run, chunks: Iterable[tuple[Iterable[Record], Iterable[Issue], int]], target: int, now: float
    ) -> Run:
        """Write every row of a run, its issues and its end of planning, in one transaction: all or nothing."""
        rows = 0
        with self._db.write() as db:
            db.execute(sa.delete(t.intent).where(t.intent.c.run == run.id))
            db.execute(sa.delete(t.issue).where(t.issue.c.run == run.id))
            for records, issues, count in chunks:
                rows += count
                self._insert(db, t.intent, _PLANNED, (_planned(run, target, record) for record in records))
                self._insert(db, t.issue, ("run", *_ISSUE), ((run.id, *_issue_values(issue)) for issue in issues))
            begin(db, run.id, now)
            db.execute(sa.update(t.run).where(t.run.c.id == run.id).values(target=target, planned=now, rows=rows))
        return self._runs.get(run.id)

    @staticmethod
    def _insert(db: Connection, table: sa.Table, names: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
        # As tuples for the driver: to bind a row name by name takes longer than to write it.
        statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
        while batch := list(islice(rows, _BATCH)):
            db.exec_driver_sql(statement, batch)

    def issues(self, run: Run) -> Iterator[Issue]:
        """The issues of a run, by row; those of whole columns first."""
        columns = [t.issue.c.id, *(t.issue.c[name] for name in _ISSUE)]
        mine = sa.select(*columns).where(t.issue.c.run == run.id).limit(_BATCH)
        place = sa.tuple_(t.issue.c.row, t.issue.c.id)
        yield from self._issues_by_page(
            mine.where(t.issue.c.row.is_(None)).order_by(t.issue.c.id), lambda _, number: t.issue.c.id > number
        )
        yield from self._issues_by_page(
            mine.where(t.issue.c.row.is_not(None)).order_by(t.issue.c.row, t.issue.c.id),
            lambda row, number: place > sa.tuple_(sa.literal(row), sa.literal(number)),
        )

    def _issues_by_page(
        self, query: sa.Select[Any], beyond: Callable[[int | None, int], sa.ColumnElement[bool]]
    ) -> Iterator[Issue]:
        """Page by page: without a write-ahead log, nothing can be committed while a read is open."""
        page: Sequence[Row[Any]] = ()
        while not page or len(page) == _BATCH:
            with self._db.read() as db:
                page = db.execute(query.where(beyond(page[-1].row, page[-1].id)) if page else query).all()
            if not page:
                return
            for row in page:
                yield Issue(row.code, row.row, row.cell, row.label, row.field, row.value, row.detail)

    def invalid(self, run: Run) -> int:
        """How many rows of a run have an error and are therefore not sent."""
        errors = [code for code, kind in CATALOGUE.items() if kind.severity is Severity.ERROR]
        query = sa.select(sa.func.count(t.issue.c.row.distinct())).where(
            t.issue.c.run == run.id, t.issue.c.code.in_(errors)
        )
        with self._db.read() as db:
            return db.execute(query).scalar() or 0

    def planned(self, run: Run, after_row: int, limit: int, *, updates: bool = False) -> list[Intent]:
        """The next rows to create, or to update their records with, in the order of the file."""
        # A row that names its record is never created, whatever became of that record.
        creates = sa.and_(t.intent.c.remote_id.is_(None), t.intent.c.named_id.is_(None))
        query = sa.select(t.intent).where(
            t.intent.c.run == run.id,
            t.intent.c.row > after_row,
            t.intent.c.state == State.PLANNED.value,
            t.intent.c.remote_id.is_not(None) if updates else creates,
        )
        with self._db.read() as db:
            return [to_intent(row) for row in db.execute(query.order_by(t.intent.c.row).limit(limit))]

    def all(self, run: Run, *states: State) -> Iterator[Intent]:
        """The rows of a run, in the order of the file; of some states if those are given."""
        last = -1
        # By the last row number and not by an offset: rows leave these states while they are read.
        while True:
            query = sa.select(t.intent).where(t.intent.c.run == run.id, t.intent.c.row > last)
            if states:
                query = query.where(t.intent.c.state.in_([state.value for state in states]))
            with self._db.read() as db:
                page = db.execute(query.order_by(t.intent.c.row).limit(_BATCH)).all()
            yield from (to_intent(row) for row in page)
            if len(page) < _BATCH:
                return
            last = page[-1].row

    def get(self, run: int, row: int) -> Intent | None:
        """One row; None if it was never planned."""
        with self._db.read() as db:
            intent = db.execute(sa.select(t.intent).where(t.intent.c.run == run, t.intent.c.row == row)).first()
        return None if intent is None else to_intent(intent)

    def counts(self, run: Run) -> dict[State, int]:
        """How many rows of a run are in each state."""
        query = sa.select(t.intent.c.state, sa.func.count()).where(t.intent.c.run == run.id).group_by(t.intent.c.state)
        with self._db.read() as db:
            return {State(state): count for state, count in db.execute(query)}

    def claims(self, target: int, keys: Sequence[bytes], ended: Container[tuple[int, int]] = ()) -> dict[bytes, Claim]:
        """Which of these keys have, or may have, a record already, and by which row.

        Of several rows, it is one that is still open, or else the newest.

        ``ended`` are claims, as run and row, that have come to an end without the journal: their record is gone.
        """
        with self._db.read() as db:
            return self._claims(db, target, keys, ended)

    def unlisted(self, target: int, listed: Container[int]) -> list[Intent]:
        """The rows that have a record, as far as the journal knows, which is not among those that are listed."""
        # First the numbers alone: a journal may hold a million records, of which nearly all are listed.
        columns = (t.intent.c.run, t.intent.c.row, t.intent.c.remote_id)
        query = sa.select(*columns).where(t.intent.c.target == target, _CLAIMING, t.intent.c.remote_id.is_not(None))
        with self._db.read() as db:
            places = [(run, row) for run, row, number in db.execute(query) if number not in listed]
            intents = []
            for run, row in places:
                one = sa.select(t.intent).where(t.intent.c.run == run, t.intent.c.row == row)
                intents.append(to_intent(db.execute(one).one()))
        return intents

    def claimants(self, target: int) -> Iterator[Intent]:
        """Every row of this target that has or may have a record, by run and row."""
        run, row = -1, -1
        while True:
            beyond = sa.tuple_(t.intent.c.run, t.intent.c.row) > sa.tuple_(sa.literal(run), sa.literal(row))
            query = sa.select(t.intent).where(t.intent.c.target == target, _CLAIMING, beyond)
            with self._db.read() as db:
                page = db.execute(query.order_by(t.intent.c.run, t.intent.c.row).limit(_BATCH)).all()
            yield from (to_intent(row) for row in page)
            if len(page) < _BATCH:
                return
            run, row = page[-1].run, page[-1].row

    @staticmethod
    def _claims(
        db: Connection, target: int, keys: Sequence[bytes], ended: Container[tuple[int, int]]
    ) -> dict[bytes, Claim]:
        claims: dict[bytes, Claim] = {}
        # Older builds of SQLite take 999 parameters in a statement at most (sqlite.org/limits.html).
        for start in range(0, len(keys), 500):
            some = keys[start : start + 500]
            for row in db.exec_driver_sql(sql.claims(len(some)), (target, *some)):
                claim = Claim(row.run, row.row, row.identity, State(row.state), row.remote_id)
                if (row.run, row.row) not in ended and _outranks(claim, claims.get(row.key)):
                    claims[row.key] = claim
        return claims

    def claims_on_planned(self, run: Run) -> frozenset[tuple[int, int]]:
        """The rows that have a record of the key of a planned row of this run, as run and row."""
        planned = sa.select(t.intent.c.key).where(t.intent.c.run == run.id, t.intent.c.state == State.PLANNED.value)
        # Both conditions on the state: the second decides, but only beside the first does SQLite see that the partial
        # index of the claims may be used.
        query = sa.select(t.intent.c.run, t.intent.c.row).where(
            t.intent.c.target == run.target,
            t.intent.c.key.in_(planned),
            _CLAIMING,
            t.intent.c.state.in_([state.value for state in WITH_RECORD]),
        )
        with self._db.read() as db:
            return frozenset((number, row) for number, row in db.execute(query))

    def known_ids(self, target: int, remote_ids: Sequence[int]) -> set[int]:
        """Those of the Ids that belong to a row of this target already."""
        numbers: set[int] = set()
        with self._db.read() as db:
            for start in range(0, len(remote_ids), 500):
                some = remote_ids[start : start + 500]
                numbers.update(db.exec_driver_sql(sql.known_ids(len(some)), (target, *some) * 2).scalars())
        return numbers

    def run_that_made(self, target: int, remote_id: int) -> int | None:
        """The run whose row made this record, if one does."""
        with self._db.read() as db:
            return db.exec_driver_sql(sql.RUN_THAT_MADE, (target, remote_id)).scalar()

    def named_ids(self, run: Run) -> frozenset[int]:
        """The records that planned rows of a run name by their Ids."""
        query = sa.select(t.intent.c.named_id).where(
            t.intent.c.run == run.id, t.intent.c.state == State.PLANNED.value, t.intent.c.named_id.is_not(None)
        )
        with self._db.read() as db:
            return frozenset(db.execute(query).scalars())

    def in_doubt(self, target: int) -> list[Intent]:
        """The rows in doubt of every run of this target, in the order in which they were sent."""
        return self._of_target(target, State.IN_DOUBT)

    def in_review(self, target: int) -> list[Intent]:
        """The rows in review of every run of this target, in the order in which they were sent."""
        return self._of_target(target, State.REVIEW)

    def updating(self, target: int) -> list[Intent]:
        """The rows of every run of this target whose update got no answer yet, in the order in which they were sent."""
        return self._of_target(target, State.UPDATING)

    def updates_of(self, target: int, remote_id: int) -> list[Intent]:
        """The rows that updated a record, or put it back, in the order of their runs."""
        of_record = (t.intent.c.target == target, t.intent.c.remote_id == remote_id)
        query = sa.select(t.intent).where(*of_record, sa.text(f"state IN ({t.CHANGED_BY})"))
        with self._db.read() as db:
            return [to_intent(row) for row in db.execute(query.order_by(t.intent.c.run, t.intent.c.row))]

    def _of_target(self, target: int, state: State) -> list[Intent]:
        query = sa.select(t.intent).where(t.intent.c.target == target, t.intent.c.state == state.value)
        with self._db.read() as db:
            return [to_intent(row) for row in db.execute(query.order_by(t.intent.c.sent_at, t.intent.c.row))]

    def will_send(
        self,
        run: Run,
        account: str,
        batch: Sequence[Intent],
        windows: Sequence[Window],
        now: float,
        *,
        ended: Container[tuple[int, int]] = (),
        may_be_one: Callable[[Intent, Intent], bool] | None = None,
        new_mark: Callable[[], str] | None = None,
    ) -> Sending:
        """Put as many rows of the batch in doubt as the windows allow now. Once this returns, they may be sent.

        What other runs have sent since this one was compared with the service counts as well: a row whose record was
        created meanwhile is existing, or held if it has other values; one whose key, or a key that ``may_be_one`` with
        it, has an unanswered call is blocked, and stays planned. ``ended`` are claims whose record the service no
        longer holds. ``new_mark`` makes the mark that a call carries. One transaction, so that two processes cannot
        both believe in the last free call of a window.
        """
        assert run.target is not None
        if not batch:
            return Sending([], [], [], 0.0)
        with self._db.write() as db:
            self._fence(db)
            claims = self._claims(db, run.target, [intent.key for intent in batch], ended)
            unanswered = self._unanswered(db, run) if may_be_one is not None else []
            without_call = [
                _instead_of_a_call(i, c)
                for i in batch
                if (c := claims.get(i.key)) is not None and c.state in WITH_RECORD
            ]
            unclaimed = [intent for intent in batch if intent.key not in claims]
            free = [i for i in unclaimed if may_be_one is None or not any(may_be_one(i, other) for other in unanswered)]
            done = {change.intent.row for change in without_call} | {intent.row for intent in free}
            blocked = [intent for intent in batch if intent.row not in done]
            # Row by row, each counted before the next is asked for: the rows of this batch use up the window as well.
            sent: list[Intent] = []
            wait = 0.0
            for intent in free:
                # Without windows nothing changes the answer meanwhile.
                if windows or not sent:
                    wait = self._calls.wait(db, account, windows, True, now)
                if wait > 0:
                    break
                if windows:
                    db.exec_driver_sql(sql.ADD_WRITE, {"account": account, "left": now})
                sent.append(intent)
            self._apply(db, [*without_call, *(Change(intent, Event.WILL_SEND) for intent in sent)], now)
            marks = {intent.row: new_mark() for intent in sent} if new_mark is not None else {}
            add_marks(db, [(marks[i.row], i.run, i.row, i.attempts + 1) for i in sent if i.row in marks])
        return Sending(sent, without_call, blocked, wait, marks)

    def will_update(
        self, run: Run, change: Change, now: float, *, new_key: bool = False, ended: Container[tuple[int, int]] = ()
    ) -> Claim | None:
        """Write down that the update of a row is about to leave; or the claim on its key that stands in its way.

        A row without an answer always does. Where the row gives its record a ``new_key``, another record that has this
        key by now does as well; ``ended`` are claims that the comparison has looked into, as run and row.
        """
        assert run.target is not None
        with self._db.write() as db:
            self._fence(db)
            of_key = self._claims_on(db, run.target, change.intent.key)
            in_the_way = [claim for claim in of_key if claim.state not in WITH_RECORD]
            if new_key:
                others = [claim for claim in of_key if claim.remote_id != change.remote_id]
                in_the_way += [claim for claim in others if (claim.run, claim.row) not in ended]
            if (claim := next(iter(in_the_way), None)) is None:
                self._apply(db, [change], now)
        return claim

    @staticmethod
    def _claims_on(db: Connection, target: int, key: bytes) -> list[Claim]:
        """Every claim on a key."""
        rows = db.exec_driver_sql(sql.claims(1), (target, key))
        return [Claim(row.run, row.row, row.identity, State(row.state), row.remote_id) for row in rows]

    @staticmethod
    def _unanswered(db: Connection, run: Run) -> list[Intent]:
        """The rows of other runs whose record may exist. Few, unless another user of the space is sending now."""
        query = sa.select(t.intent).where(t.intent.c.target == run.target, t.intent.c.run != run.id, _UNANSWERED)
        return [to_intent(row) for row in db.execute(query)]

    def move(self, changes: Sequence[Change], now: float) -> None:
        """Let these events happen, all in one durable transaction.

        Raises:
            TakenOverError: Another process sends for the account by now; nothing of the batch is kept.
            JournalError: A row is not in the state that it was read in; nothing of the batch is kept.
        """
        if changes:
            with self._db.write() as db:
                if any(change.event in _BEFORE_A_CALL for change in changes):
                    self._fence(db)
                try:
                    self._apply(db, changes, now)
                except JournalError:
                    # It may have been whoever took over from this process while it slept.
                    self._fence(db)
                    raise

    def move_late(self, changes: Sequence[Change], now: float) -> list[Change]:
        """Let those of these events happen whose rows are still as they were read; gives the others.

        For answers to calls of a sender that others have taken over from: they are facts, but a row that somebody has
        settled meanwhile, or sent again, is no longer theirs.
        """
        with self._db.write() as db:
            moves = [_move_alone(db, change, now) for change in changes]
            note_moves(db, [move for move in moves if move is not None], now)
        return [change for change, move in zip(changes, moves, strict=True) if move is None]

    @staticmethod
    def _apply(db: Connection, changes: Sequence[Change], now: float) -> None:
        if not changes:
            return
        db.exec_driver_sql("SAVEPOINT moves")
        moves = [_move_for_tally(change) for change in changes]
        try:
            moved = db.exec_driver_sql(sql.MOVE, [_parameters_of_move(change, now) for change in changes]).rowcount
        except sa.exc.IntegrityError:
            # Two rows with one record, which nobody foresaw. One of them goes to a person; were the whole transaction
            # refused, every later command would be refused as well, for it would find the same record again.
            db.exec_driver_sql("ROLLBACK TO moves")
            moves = [move for change in changes if (move := _move_alone(db, change, now)) is not None]
            moved = len(moves)
        db.exec_driver_sql("RELEASE moves")
        # Each change names the state it comes from, so a row that somebody else has moved is missing in this number.
        if moved != len(changes):
            raise JournalError(
                "Another program changed the journal while rows were being sent.",
                "Stop every other importer, then continue with: importer resume",
            )
        note_moves(db, moves, now)


def _move_for_tally(change: Change) -> Move:
    """From which state to which a row goes, as ``tally`` counts it."""
    return Move(change.intent.run, change.intent.state, after(change.intent.state, change.event))


def _move_alone(db: Connection, change: Change, now: float) -> Move | None:
    """Let one event happen; if the record belongs to another row, the row is marked for review instead.

    None if the row is no longer in the state that it was read in.
    """
    db.exec_driver_sql("SAVEPOINT one_move")
    try:
        return _update_one(db, change, now)
    except sa.exc.IntegrityError:
        db.exec_driver_sql("ROLLBACK TO one_move")
        if Event.UNCLEAR not in TRANSITIONS[change.intent.state]:
            raise
        sentence = f"Record {change.remote_id} already belongs to another row. Check both in Nexudus."
        unclear = Change(change.intent, Event.UNCLEAR, message=sentence)
        return _update_one(db, unclear, now)
    finally:
        db.exec_driver_sql("RELEASE one_move")


def _update_one(db: Connection, change: Change, now: float) -> Move | None:
    updated = db.exec_driver_sql(sql.MOVE, _parameters_of_move(change, now)).rowcount
    return _move_for_tally(change) if updated else None


def _outranks(claim: Claim, other: Claim | None) -> bool:
    """Whether of two claims on one key this one counts: one that is still open before any other, else the newer one."""
    if other is None:
        return True
    open_ones = claim.state not in WITH_RECORD, other.state not in WITH_RECORD
    return (open_ones[0], claim.run, claim.row) > (open_ones[1], other.run, other.row)


def _instead_of_a_call(intent: Intent, claim: Claim) -> Change:
    """What becomes of a row of whose key a record was created after the run had been compared with the service."""
    where = f"row {claim.row} of run {claim.run}"
    if intent.identity == claim.identity:
        return Change(intent, Event.KNOWN, remote_id=claim.remote_id, message=f"created as {where}")
    sentence = f"Record {claim.remote_id} was created meanwhile as {where}, with other values. Not sent."
    return Change(intent, Event.DIFFERS, message=sentence)


_BEFORE_A_CALL = frozenset({Event.WILL_SEND, Event.WILL_UPDATE, Event.WILL_REMOVE, Event.WILL_RESTORE})
"""Events from which the visibility window of a call counts."""


def _parameters_of_move(change: Change, now: float) -> dict[str, Any]:
    """The parameters of ``statements.MOVE``: what a row is like once the change has been made."""
    sending = change.event in _BEFORE_A_CALL
    intent, state = change.intent, after(change.intent.state, change.event)
    # One column for both: a held row updates no record.
    before = next((text for text in (change.conflict, change.before, intent.before) if text is not None), None)
    # What the plan saw says nothing of the update; and where the service does not say when it was made, nobody does.
    updated_on = None if change.event in (Event.WILL_UPDATE, Event.APPLIED) else intent.updated_on
    return {
        "in_run": change.intent.run,
        "in_row": change.intent.row,
        "from_state": change.intent.state.value,
        "from_attempts": intent.attempts,
        "to_state": state.value,
        "more_attempts": int(sending),
        "more_resends": int(change.event is Event.ABSENT),
        "new_sent_at": now if sending else None,
        "new_settled_at": None if change.event in (Event.WILL_SEND, Event.WILL_UPDATE) else now,
        "new_remote_id": change.remote_id,
        "new_before": before,
        "new_updated_on": updated_on if change.updated_on is None else change.updated_on,
        "new_field": change.field,
        "new_message": change.message,
        "new_seal": checksum(intent.run, intent.row, intent.identity, intent.body, state, change.remote_id, before),
    }


def _planned(run: Run, target: int, record: Record) -> tuple[Any, ...]:
    """The values of ``_PLANNED``."""
    number, updated_on, before = record.update or (None, None, None)
    seal = checksum(run.id, record.row, record.identity, record.body, _AS_PLANNED, number, before)
    start = (run.id, record.row, target, record.identity, record.key, record.body, _AS_PLANNED)
    return *start, number, record.named_id, before, updated_on, seal


def checksum(
    run: int, row: int, identity: bytes, body: str, state: str, remote_id: int | None, before: str | None = None
) -> bytes:
    """A checksum of the columns that decide what is sent and what the report says.

    It detects damage, not forgery: its key is stored in the same row.
    """
    text = f"{run} {row} {state} {remote_id} {body}{before or ''}".encode()
    return blake2b(text, digest_size=16, key=identity).digest()


def to_intent(row: Row[Any]) -> Intent:
    """A row of the table as a value.

    Raises:
        JournalError: It is not as it was written.
    """
    if row.seal != checksum(row.run, row.row, row.identity, row.body, row.state, row.remote_id, row.before):
        raise JournalError(
            f"The journal is damaged: row {row.row} of run {row.run} has changed since it was written.",
            "Check the disk, then restore the journal from a backup. A run compares with Nexudus before it sends.",
        )
    return Intent(
        row.run,
        row.row,
        row.identity,
        row.body,
        State(row.state),
        row.attempts,
        row.rounds,
        row.sent_at,
        row.remote_id,
        row.field,
        row.message,
        row.key,
        row.named_id,
        row.before,
        row.updated_on,
    )
