"""The journal: every run, every row on its way, every call made, durably.

Rule 1: a row changes state only through ``move``, which asks the table in states. Rule 2: nothing is sent unless the
transaction that says so has been committed; SQLite is therefore run so that a commit survives a power cut.
"""

import json
import shlex
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import blake2b
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from importer.errors import JournalError
from importer.issues import CATALOGUE, Issue, Severity
from importer.journal import statements as sql
from importer.journal import tables as t
from importer.journal.database import PATIENCE, explained, file_at, open_database
from importer.journal.group_commit import GroupCommit
from importer.journal.migrations import SCHEMA_VERSION, migrate
from importer.journal.states import Event, State, after
from importer.journal.windows import LONGEST_HOLD, Window, ready_at, seconds_for
from importer.model import Record

MOST_DIGITS = 16
"""A longer number is no row and no Id."""

_BATCH = 5_000

# As text, so that SQLite sees that the partial index is good for it.
_CLAIMING = sa.text(f"state IN ({t.CLAIMS})")
_ISSUE = ("row", "cell", "label", "field", "code", "value", "detail")
_told = attrgetter(*_ISSUE)
_PLANNED = ("run", "row", "target", "identity", "body", "state", "seal")
_AS_PLANNED = State.PLANNED.value


@dataclass(frozen=True, slots=True)
class Run:
    """One import of one file. Times in epoch seconds; ``options`` are those it began with.

    ``stopped`` is when a process last ended working on it, ``finished`` when nothing was left to do.
    """

    id: int
    target: int | None
    kind: str
    url: str
    endpoint: str
    user: str
    space: str
    file: str
    sha256: str
    copy: Path
    options: Mapping[str, Any]
    folder: Path
    parent: int | None
    started: float
    planned: float | None
    stopped: float | None
    finished: float | None
    exit_code: int | None
    stop: bool
    rows: int

    @property
    def place(self) -> str:
        """The flag with which another file goes where this one went; often none is needed."""
        profile = self.options.get("profile")
        return "--sandbox" if self.options.get("sandbox") else f"--profile {shlex.quote(profile)}" if profile else ""

    def command(self, verb: str) -> str:
        """What to type to do something about this run."""
        return f"importer {verb} {self.id}{' --sandbox' if self.options.get('sandbox') else ''}"


@dataclass(frozen=True, slots=True)
class NewRun:
    """What is known of a run before the service has been asked."""

    kind: str
    url: str
    endpoint: str
    file: str
    sha256: str
    copy: str
    options: Mapping[str, Any]
    started: float
    folder: str = ""
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """A row as it will be, or was, sent. ``rounds`` counts how often it was sent and then proved absent."""

    run: int
    row: int
    identity: bytes
    body: str
    state: State
    attempts: int = 0
    rounds: int = 0
    sent_at: float | None = None
    remote_id: int | None = None
    field: str | None = None
    message: str | None = None

    def sent(self) -> "Intent":
        """The same row in doubt, after one more attempt."""
        # Not dataclasses.replace, which takes three times as long, for every row that is sent.
        return Intent(
            self.run, self.row, self.identity, self.body, State.IN_DOUBT, self.attempts + 1, self.rounds, self.sent_at
        )


@dataclass(frozen=True, slots=True)
class Change:
    """An event that happened to a row, with what is to be remembered of it."""

    intent: Intent
    event: Event
    remote_id: int | None = None
    field: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """The row that already holds, or may hold, a record of these values."""

    run: int
    row: int
    state: State
    remote_id: int | None


@dataclass(frozen=True)
class Sending:
    """What ``will_send`` did: the rows now in doubt, the rows that need no call, and seconds until more may go."""

    sent: list[Intent]
    known: list[Change]
    held: list[tuple[Intent, Claim]]
    wait: float


class Journal:
    """The journal of one installation; see the module for its rules."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        """Use ``open_journal``; this only keeps what it made."""
        self._engine = engine
        self.path = path
        self._file = file_at(path)
        # Of this thread: another one that reads meanwhile must not see what is not committed.
        self._own = threading.local()
        self.commit = GroupCommit(self.together)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def prepare(self) -> None:
        """Make the tables where there are none, and bring those of an earlier importer up to date.

        Raises:
            JournalError: It is another program's database, or a newer importer's journal.
        """
        # To look is enough where there are tables: whoever only watches must not wait for those who write.
        with self._read() as db:
            names = sa.inspect(db).get_table_names()
        with self._read() if "meta" in names else self._write() as db:
            names = sa.inspect(db).get_table_names()
            if names and "meta" not in names:
                raise JournalError(f"{self.path} is a database of another program.", "Choose another IMPORTER_JOURNAL.")
            if not names:
                t.metadata.create_all(db)
                db.execute(sa.insert(t.meta).values(key="schema_version", value=str(SCHEMA_VERSION)))
            version = _version(db)
        if 0 < version < SCHEMA_VERSION:
            with self._write() as db:
                # Asked again: another process may have done it meanwhile.
                migrate(db, _version(db))
                version = _version(db)
        if version != SCHEMA_VERSION:
            raise JournalError(
                f"The journal has version {version}; this importer knows version {SCHEMA_VERSION}.",
                "Install the importer that wrote it, or choose another IMPORTER_JOURNAL.",
            )

    # -- the whole of it -----------------------------------------------------------------------------------------

    def fault(self) -> str:
        """What is wrong with the file of the database, or nothing. Reads all of it."""
        with self._read() as db:
            told = str(db.exec_driver_sql("PRAGMA quick_check(1)").scalar())
        return "" if told == "ok" else told

    def rows_by_state(self) -> dict[State, int]:
        """How many rows of all runs are in which state."""
        query = sa.select(t.intent.c.state, sa.func.count()).group_by(t.intent.c.state)
        with self._read() as db:
            return {State(row[0]): row[1] for row in db.execute(query)}

    def back_up(self, path: Path) -> None:
        """Write a whole copy of the journal, also while rows are sent.

        Raises:
            JournalError: There is such a file, or it cannot be written.
        """
        if path.exists():
            raise JournalError(f"{path} exists already.", "Name another file.")
        with self._read() as db:
            db.exec_driver_sql("VACUUM INTO ?", (str(path),))
        path.chmod(0o600)

    # -- runs ---------------------------------------------------------------------------------------------------

    def add_run(self, new: NewRun) -> Run:
        """A new run, not yet tied to an account; ``{run}`` in its folder becomes its number."""
        values = asdict(new) | {"options": json.dumps(dict(new.options))}
        with self._write() as db:
            key = db.execute(sa.insert(t.run).values(values)).inserted_primary_key
            assert key is not None
            # In the same transaction: a run without its folder would be reported to a wrong place after a crash.
            folder = new.folder.replace("{run}", str(key[0]))
            db.execute(sa.update(t.run).where(t.run.c.id == key[0]).values(folder=folder))
        return self.run(key[0])

    def run(self, number: int) -> Run:
        """The run with this number.

        Raises:
            JournalError: There is none.
        """
        found = self._runs(sa.select(t.run).where(t.run.c.id == number))
        if not found:
            raise JournalError(f"There is no run {number}.", "See the runs with: importer history")
        return found[0]

    def runs(self, limit: int | None = None) -> list[Run]:
        """The runs, newest first."""
        return self._runs(sa.select(t.run).order_by(t.run.c.id.desc()).limit(limit))

    def unfinished(self, *, sha256: str | None = None, kind: str | None = None) -> list[Run]:
        """Runs that have not ended, newest first; of one file and record type if those are given."""
        query = sa.select(t.run).where(t.run.c.finished.is_(None)).order_by(t.run.c.id.desc())
        if sha256 is not None:
            query = query.where(t.run.c.sha256 == sha256, t.run.c.kind == kind)
        return self._runs(query)

    def runs_of(self, sha256: str) -> list[Run]:
        """The runs of a file with this content, newest first."""
        return self._runs(sa.select(t.run).where(t.run.c.sha256 == sha256).order_by(t.run.c.id.desc()))

    def page_of_runs(self, text: str, limit: int, offset: int) -> tuple[list[Run], int]:
        """Some runs, newest first, and how many there are; only those whose file or account holds the text."""
        query = sa.select(t.run)
        if text:
            names = (t.run.c.file, t.run.c.user, t.run.c.space)
            query = query.where(sa.or_(*(name.icontains(text, autoescape=True) for name in names)))
        with self._read() as db:
            total = db.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
        return self._runs(query.order_by(t.run.c.id.desc()).limit(limit).offset(offset)), total

    def keeps(self, copy: Path) -> bool:
        """Whether this is the private copy of some run."""
        with self._read() as db:
            return db.execute(sa.select(t.run.c.id).where(t.run.c.copy == str(copy)).limit(1)).first() is not None

    def stop_asked(self, run: Run) -> bool:
        """Whether somebody asked the run to stop."""
        with self._read() as db:
            return bool(db.exec_driver_sql(sql.STOP, (run.id,)).scalar())

    def update_run(self, run: Run, **values: object) -> Run:
        """The run after some of its columns were set."""
        if isinstance(values.get("options"), dict):
            values["options"] = json.dumps(values["options"])
        with self._write() as db:
            db.execute(sa.update(t.run).where(t.run.c.id == run.id).values(values))
        return self.run(run.id)

    def target(self, account: str, kind: str) -> int:
        """The number of an account's records of one type."""
        with self._write() as db:
            query = sa.select(t.target.c.id).where(t.target.c.account == account, t.target.c.kind == kind)
            found = db.execute(query).scalar()
            if found is None:
                key = db.execute(sa.insert(t.target).values(account=account, kind=kind)).inserted_primary_key
                assert key is not None
                found = key[0]
            return int(found)

    def account(self, run: Run) -> str | None:
        """The account that a run sends to, or None while it is not known."""
        with self._read() as db:
            return db.execute(sa.select(t.target.c.account).where(t.target.c.id == run.target)).scalar()

    # -- planning -----------------------------------------------------------------------------------------------

    def plan(
        self, run: Run, chunks: Iterable[tuple[Iterable[Record], Iterable[Issue], int]], target: int, now: float
    ) -> Run:
        """Write every row of a run, its issues and its end of planning, in one transaction: all or nothing."""
        rows = 0
        with self._write() as db:
            db.execute(sa.delete(t.intent).where(t.intent.c.run == run.id))
            db.execute(sa.delete(t.issue).where(t.issue.c.run == run.id))
            for records, issues, count in chunks:
                rows += count
                self._insert(db, t.intent, _PLANNED, (_planned(run, target, record) for record in records))
                self._insert(db, t.issue, ("run", *_ISSUE), ((run.id, *_told(issue)) for issue in issues))
            db.execute(sa.update(t.run).where(t.run.c.id == run.id).values(target=target, planned=now, rows=rows))
        return self.run(run.id)

    @staticmethod
    def _insert(db: Connection, table: sa.Table, names: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
        # As tuples for the driver: to bind a row name by name takes longer than to write it.
        statement = str(sa.insert(table).inline().compile(db, column_keys=names))
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
        """Page by page, for without a write-ahead log nobody can commit while somebody is in the middle of reading."""
        page: Sequence[Row[Any]] = ()
        while not page or len(page) == _BATCH:
            with self._read() as db:
                page = db.execute(query.where(beyond(page[-1].row, page[-1].id)) if page else query).all()
            if not page:
                return
            for found in page:
                yield Issue(found.code, found.row, found.cell, found.label, found.field, found.value, found.detail)

    def invalid_rows(self, run: Run) -> int:
        """How many rows of a run have an error and are therefore not sent."""
        errors = [code for code, kind in CATALOGUE.items() if kind.severity is Severity.ERROR]
        query = sa.select(sa.func.count(t.issue.c.row.distinct())).where(
            t.issue.c.run == run.id, t.issue.c.code.in_(errors)
        )
        with self._read() as db:
            return db.execute(query).scalar() or 0

    # -- rows on their way --------------------------------------------------------------------------------------

    def planned(self, run: Run, after_row: int, limit: int) -> list[Intent]:
        """The next rows to send, in the order of the file."""
        query = sa.select(t.intent).where(
            t.intent.c.run == run.id, t.intent.c.row > after_row, t.intent.c.state == State.PLANNED.value
        )
        with self._read() as db:
            return [_to_intent(found) for found in db.execute(query.order_by(t.intent.c.row).limit(limit))]

    def intents(self, run: Run, *states: State) -> Iterator[Intent]:
        """The rows of a run, in the order of the file; of some states if those are given."""
        last = -1
        while True:
            query = sa.select(t.intent).where(t.intent.c.run == run.id, t.intent.c.row > last)
            if states:
                query = query.where(t.intent.c.state.in_([state.value for state in states]))
            with self._read() as db:
                page = db.execute(query.order_by(t.intent.c.row).limit(_BATCH)).all()
            yield from (_to_intent(found) for found in page)
            if len(page) < _BATCH:
                return
            last = page[-1].row

    def counts(self, run: Run) -> dict[State, int]:
        """How many rows of a run are in each state."""
        query = sa.select(t.intent.c.state, sa.func.count()).where(t.intent.c.run == run.id).group_by(t.intent.c.state)
        with self._read() as db:
            return {State(state): count for state, count in db.execute(query)}

    def claims(self, target: int, identities: Sequence[bytes]) -> dict[bytes, Claim]:
        """Which of these records exist or may exist already, and by which row."""
        with self._read() as db:
            return self._claims(db, target, identities)

    def claimants(self, target: int) -> Iterator[Intent]:
        """Every row of this target that holds or may hold a record, by run and row."""
        run, row = -1, -1
        while True:
            beyond = sa.tuple_(t.intent.c.run, t.intent.c.row) > sa.tuple_(sa.literal(run), sa.literal(row))
            query = sa.select(t.intent).where(t.intent.c.target == target, _CLAIMING, beyond)
            with self._read() as db:
                page = db.execute(query.order_by(t.intent.c.run, t.intent.c.row).limit(_BATCH)).all()
            yield from (_to_intent(found) for found in page)
            if len(page) < _BATCH:
                return
            run, row = page[-1].run, page[-1].row

    def has_claims(self, target: int) -> bool:
        """Whether any record of this target exists or may exist by the journal."""
        with self._read() as db:
            return (
                db.execute(sa.select(t.intent.c.row).where(t.intent.c.target == target, _CLAIMING).limit(1)).first()
                is not None
            )

    @staticmethod
    def _claims(db: Connection, target: int, identities: Sequence[bytes]) -> dict[bytes, Claim]:
        found: dict[bytes, Claim] = {}
        for start in range(0, len(identities), 500):
            some = identities[start : start + 500]
            for row in db.exec_driver_sql(sql.claims(len(some)), (target, *some)):
                found[row.identity] = Claim(row.run, row.row, State(row.state), row.remote_id)
        return found

    def knows_id(self, target: int, remote_id: int) -> bool:
        """Whether a row of this target was already created under this Id."""
        return bool(self.known_ids(target, [remote_id]))

    def known_ids(self, target: int, remote_ids: Sequence[int]) -> set[int]:
        """Those of the Ids that belong to a row of this target already."""
        known: set[int] = set()
        with self._read() as db:
            for start in range(0, len(remote_ids), 500):
                some = remote_ids[start : start + 500]
                known.update(db.exec_driver_sql(sql.known_ids(len(some)), (target, *some)).scalars())
        return known

    def in_doubt(self, target: int) -> list[Intent]:
        """The rows in doubt of every run of this target, in the order in which they were sent."""
        query = sa.select(t.intent).where(t.intent.c.target == target, t.intent.c.state == State.IN_DOUBT.value)
        with self._read() as db:
            return [_to_intent(found) for found in db.execute(query.order_by(t.intent.c.sent_at, t.intent.c.row))]

    def will_send(
        self, run: Run, account: str, batch: Sequence[Intent], windows: Sequence[Window], now: float
    ) -> Sending:
        """Put as many rows of the batch in doubt as the windows allow now. Once this returns, they may be sent.

        Rows whose record exists become ``existing``; rows whose record is in doubt elsewhere are left as they are.
        One transaction, so that two processes cannot both believe in the last free call of a window.
        """
        assert run.target is not None
        if not batch:
            return Sending([], [], [], 0.0)
        with self._write() as db:
            claims = self._claims(db, run.target, [intent.identity for intent in batch])
            known = [
                Change(i, Event.KNOWN, remote_id=c.remote_id, message=f"created as row {c.row} of run {c.run}")
                for i in batch
                if (c := claims.get(i.identity)) and c.state is State.CREATED
            ]
            held = [(i, c) for i in batch if (c := claims.get(i.identity)) and c.state is not State.CREATED]
            free = [intent for intent in batch if intent.identity not in claims]
            sent: list[Intent] = []
            wait = 0.0
            for intent in free:
                # Without windows nothing changes the answer meanwhile.
                if windows or not sent:
                    wait = self._wait(db, account, windows, True, now)
                if wait > 0:
                    break
                if windows:
                    db.exec_driver_sql(sql.ADD_WRITE, {"account": account, "left": now})
                sent.append(intent)
            self._apply(db, [*known, *(Change(intent, Event.WILL_SEND) for intent in sent)], now)
        return Sending(sent, known, held, wait)

    def move(self, changes: Sequence[Change], now: float) -> None:
        """Let these events happen, all in one durable transaction.

        Raises:
            JournalError: A row is not in the state that it was read in; nothing of the batch is kept.
        """
        if changes:
            with self._write() as db:
                self._apply(db, changes, now)

    @staticmethod
    def _apply(db: Connection, changes: Sequence[Change], now: float) -> None:
        if not changes:
            return
        done = db.exec_driver_sql(sql.MOVE, [_moved(change, now) for change in changes])
        if done.rowcount != len(changes):
            raise JournalError(
                "The journal was changed by somebody else while rows were being sent.",
                "Stop every other importer, then type: importer resume",
            )

    # -- calls --------------------------------------------------------------------------------------------------

    def reserve_call(self, account: str, windows: Sequence[Window], *, write: bool, now: float) -> float:
        """Seconds to wait before one more call; 0 means that it is taken and may be made."""
        with self._write() as db:
            wait = self._wait(db, account, windows, write, now)
            if wait <= 0 and windows:
                db.execute(sa.insert(t.call).values(account=account, at=now, arrived=now, write=write))
        return wait

    def note_calls(self, account: str, number: int, now: float) -> None:
        """Count calls that were made before it was known for which account."""
        with self._write() as db:
            values = {"account": account, "at": now, "arrived": now, "write": False}
            db.execute(sa.insert(t.call), [values] * number)

    def note_arrivals(self, account: str, arrivals: Iterable[tuple[float, float | None]]) -> None:
        """Tell of writes, each by the time at which it left, when they arrived at the latest; None if they never did.

        A call that did not arrive, or was refused for the allowance's sake, uses none of it.
        """
        with self._write() as db:
            for at, arrived in arrivals:
                one = {"account": account, "left": at}
                if arrived is None:
                    db.exec_driver_sql(sql.DROP_CALL, one)
                else:
                    db.exec_driver_sql(sql.SET_ARRIVED, {**one, "arrived": arrived})

    def hold(self, account: str, until: float, *, writes: bool = False) -> None:
        """Let nobody call for this account before then, or create and delete only: the service asked for it."""
        key = _writes_of(account) if writes else account
        with self._write() as db:
            known = db.execute(sa.select(t.hold.c.until).where(t.hold.c.account == key)).scalar()
            if known is None:
                db.execute(sa.insert(t.hold).values(account=key, until=until))
            elif known < until:
                db.execute(sa.update(t.hold).where(t.hold.c.account == key).values(until=until))

    def used(self, account: str, window: Window, now: float) -> tuple[int, float]:
        """How many calls a window holds now, and in how many seconds the oldest of them leaves it."""
        query = sa.select(sa.func.count(), sa.func.min(t.call.c.arrived)).where(
            t.call.c.account == account, t.call.c.arrived > window.begins_at(now)
        )
        if window.writes:
            query = query.where(t.call.c.write.is_(True))
        with self._read() as db:
            count, oldest = db.execute(query).one()
        return count, (window.frees_at(oldest) - now if oldest is not None else 0.0)

    def calls_ago(self, account: str, window: Window, now: float) -> list[float]:
        """How many seconds ago the calls in a window were made, the oldest first."""
        query = sa.select(t.call.c.arrived).where(t.call.c.account == account, t.call.c.arrived > window.begins_at(now))
        if window.writes:
            query = query.where(t.call.c.write.is_(True))
        with self._read() as db:
            return [now - arrived for arrived in db.execute(query.order_by(t.call.c.arrived)).scalars()]

    def forget_calls(self, before: float) -> None:
        """Drop calls so old that no window can hold them."""
        with self._write() as db:
            db.execute(sa.delete(t.call).where(t.call.c.at < before))

    @staticmethod
    def _wait(db: Connection, account: str, windows: Sequence[Window], write: bool, now: float) -> float:
        kinds = tuple(window.writes for window in windows)
        spans = [window.calls - 1 for window in windows]
        told = db.exec_driver_sql(
            sql.allowance(kinds),
            (account, _writes_of(account) if write else account, account, *chain(*((account, n) for n in spans))),
        ).one()
        until, last_write, *nth_last = told
        # A hold that seems to last longer was written before the clock was set back.
        return max(ready_at(now, windows, write, nth_last, last_write), min(until or 0.0, now + LONGEST_HOLD)) - now

    # -- look-ups -----------------------------------------------------------------------------------------------

    def directory(self, account: str, path: str, not_before: float) -> str | None:
        """The entries of a list that was read from the service at that time or later, None if there is none."""
        path = _as_kept(path)
        query = sa.select(t.directory.c.entries).where(t.directory.c.account == account, t.directory.c.path == path)
        with self._read() as db:
            return db.execute(query.where(t.directory.c.fetched >= not_before)).scalar()

    def keep_directory(self, account: str, path: str, entries: str, now: float) -> None:
        """Keep a list that was read from the service, instead of an earlier one."""
        path = _as_kept(path)
        with self._write() as db:
            db.execute(sa.delete(t.directory).where(t.directory.c.account == account, t.directory.c.path == path))
            db.execute(sa.insert(t.directory).values(account=account, path=path, fetched=now, entries=entries))

    def picks(self, account: str, path: str) -> dict[str, int]:
        """The choices between namesakes that were made for this account, by name."""
        path = _as_kept(path)
        query = sa.select(t.pick.c.name, t.pick.c.remote_id).where(t.pick.c.account == account, t.pick.c.path == path)
        with self._read() as db:
            return {found.name: found.remote_id for found in db.execute(query)}

    def keep_pick(self, account: str, path: str, name: str, remote_id: int) -> None:
        """Remember a choice between namesakes."""
        path = _as_kept(path)
        same = sa.and_(t.pick.c.account == account, t.pick.c.path == path, t.pick.c.name == name)
        with self._write() as db:
            db.execute(sa.delete(t.pick).where(same))
            db.execute(sa.insert(t.pick).values(account=account, path=path, name=name, remote_id=remote_id))

    # -- looking on ---------------------------------------------------------------------------------------------

    def held_until(self, account: str) -> float:
        """Until when nobody may create for this account, in epoch seconds; 0 if nobody was asked to wait."""
        query = sa.select(sa.func.max(t.hold.c.until)).where(t.hold.c.account.in_((account, _writes_of(account))))
        with self._read() as db:
            return db.execute(query).scalar() or 0.0

    def seconds_for(self, account: str, calls: int, windows: Sequence[Window], now: float) -> float:
        """How long so many writes will take, after the calls so far and a wait that the service asked for."""
        if not calls:
            return 0.0
        held = min(max(self.held_until(account) - now, 0.0), LONGEST_HOLD)
        return held + seconds_for(calls, windows, lambda window: self.calls_ago(account, window, now), now)

    def settled(self, run: Run, since: float) -> tuple[int, float | None]:
        """How many rows of a run were settled since then, and when the last one ever was."""
        recent = sa.func.count(sa.case((t.intent.c.settled_at > since, 1)))
        query = sa.select(recent, sa.func.max(t.intent.c.settled_at)).where(t.intent.c.run == run.id)
        with self._read() as db:
            number, last = db.execute(query).one()
        return number, last

    def timeline(self, run: Run, parts: int) -> list[tuple[float, int, int]]:
        """How many rows of a run were settled, and how many of them rejected, by the end of each part of its time."""
        mine = t.intent.c.run == run.id
        with self._read() as db:
            span = sa.select(sa.func.min(t.intent.c.settled_at), sa.func.max(t.intent.c.settled_at)).where(mine)
            begin, end = db.execute(span).one()
            if begin is None:
                return []
            width = max((end - begin) / parts, 0.001)
            part = sa.cast((t.intent.c.settled_at - begin) / width - 0.5, sa.Integer)
            rejected = sa.func.count(sa.case((t.intent.c.state == State.REJECTED.value, 1)))
            query = sa.select(part, sa.func.count(), rejected).where(mine, t.intent.c.settled_at.is_not(None))
            found = db.execute(query.group_by(part).order_by(part)).all()
        points, done, failed = [(begin, 0, 0)], 0, 0
        for number, count, wrong in found:
            done, failed = done + count, failed + wrong
            points.append((min(begin + (number + 1) * width, end), done, failed))
        return points

    def search(
        self, run: Run, states: Sequence[State], *, invalid: bool, text: str, limit: int, offset: int
    ) -> tuple[list[int], int]:
        """The row numbers of some rows of a run and how many there are: in these states, invalid, with this text."""
        sent = sa.select(t.intent.c.row).where(
            t.intent.c.run == run.id, t.intent.c.state.in_([state.value for state in states])
        )
        errors = [code for code, kind in CATALOGUE.items() if kind.severity is Severity.ERROR]
        wrong = sa.select(t.issue.c.row).where(
            t.issue.c.run == run.id, t.issue.c.code.in_(errors), t.issue.c.row.is_not(None), sa.literal(invalid)
        )
        if text:
            number = int(text) if text.isdecimal() and len(text) < MOST_DIGITS else -1
            in_body = sa.or_(*(c.icontains(text, autoescape=True) for c in (t.intent.c.body, t.intent.c.message)))
            sent = sent.where(sa.or_(in_body, t.intent.c.row == number, t.intent.c.remote_id == number))
            in_value = t.issue.c.value.icontains(text, autoescape=True)
            wrong = wrong.where(sa.or_(in_value, t.issue.c.row == number))
        rows = sa.union(sent, wrong).subquery()
        with self._read() as db:
            total = db.execute(sa.select(sa.func.count()).select_from(rows)).scalar_one()
            found = db.execute(sa.select(rows.c.row).order_by(rows.c.row).limit(limit).offset(offset)).scalars().all()
        return list(found), total

    def about_rows(self, run: Run, numbers: Sequence[int]) -> tuple[dict[int, Intent], dict[int, list[Issue]]]:
        """The intents and the issues of some rows, by row number."""
        names = ("code", "row", "cell", "label", "field", "value", "detail")
        intents = sa.select(t.intent).where(t.intent.c.run == run.id, t.intent.c.row.in_(numbers))
        issues = sa.select(*(t.issue.c[name] for name in names)).where(
            t.issue.c.run == run.id, t.issue.c.row.in_(numbers)
        )
        told: dict[int, list[Issue]] = {}
        with self._read() as db:
            by_row = {found.row: _to_intent(found) for found in db.execute(intents)}
            for found in db.execute(issues.order_by(t.issue.c.id)):
                told.setdefault(found.row, []).append(Issue(**found._asdict()))
        return by_row, told

    # -- the database -------------------------------------------------------------------------------------------

    def _runs(self, query: sa.Select[Any]) -> list[Run]:
        with self._read() as db:
            found = db.execute(query).all()
        return [_to_run(row) for row in found]

    @contextmanager
    def together(self) -> Iterator[None]:
        """Whatever is read and written inside belongs to one durable transaction, which holds whole or not at all."""
        with self._write() as db:
            self._own.shared = db
            try:
                yield
            finally:
                self._own.shared = None

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        if (shared := getattr(self._own, "shared", None)) is not None:
            yield shared
            return
        with explained(), self._engine.connect() as db:
            yield db

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        if (shared := getattr(self._own, "shared", None)) is not None:
            yield shared
            return
        with explained(), self._engine.connect() as db:
            try:
                # A deferred transaction that turns into a write fails at once when another process has written.
                db.exec_driver_sql("BEGIN IMMEDIATE")
                yield db
                db.commit()
            except BaseException:
                # After a commit that failed, SQLAlchemy would hand the connection on with its transaction still open.
                db.invalidate()
                raise
            if file_at(self.path) != self._file:
                # What was committed is in a file that nobody will find again, so nothing may be sent on it.
                raise JournalError(
                    "The journal was deleted, moved or replaced while it was in use.",
                    "Put it back, then type: importer resume",
                )


def _version(db: Connection) -> int:
    return int(db.execute(sa.select(t.meta.c.value).where(t.meta.c.key == "schema_version")).scalar() or 0)


def _writes_of(account: str) -> str:
    """The key of a hold that is about the creates and deletes of an account alone."""
    return f"{account} (writes)"


def _moved(change: Change, now: float) -> dict[str, Any]:
    sending = change.event is Event.WILL_SEND
    intent, state = change.intent, after(change.intent.state, change.event)
    return {
        "in_run": change.intent.run,
        "in_row": change.intent.row,
        "from_state": change.intent.state.value,
        "to_state": state.value,
        "more_attempts": int(sending),
        "more_rounds": int(change.event is Event.ABSENT),
        "new_sent_at": now if sending else None,
        "new_settled_at": None if sending else now,
        "new_remote_id": change.remote_id,
        "new_field": change.field,
        "new_message": change.message,
        "new_seal": _checksum(intent.run, intent.row, intent.identity, intent.body, state, change.remote_id),
    }


def _planned(run: Run, target: int, record: Record) -> tuple[Any, ...]:
    """The values of ``_PLANNED``."""
    seal = _checksum(run.id, record.row, record.identity, record.body, _AS_PLANNED, None)
    return run.id, record.row, target, record.identity, record.body, _AS_PLANNED, seal


def _checksum(run: int, row: int, identity: bytes, body: str, state: str, remote_id: int | None) -> bytes:
    """A checksum of what decides whether and what is sent, and of what the report promises."""
    told = f"{run} {row} {state} {remote_id} {body}".encode()
    return blake2b(told, digest_size=16, key=identity).digest()


def _to_intent(row: Row[Any]) -> Intent:
    if row.seal != _checksum(row.run, row.row, row.identity, row.body, row.state, row.remote_id):
        raise JournalError(
            f"The journal is damaged: row {row.row} of run {row.run} is not as it was written.",
            "Check the disk and put the journal back from a copy; what the service holds is asked before sending.",
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
    )


def _as_kept(path: str) -> str:
    """The list of a look-up as the database names it: before paths had modules, every list was one of ``spaces``."""
    return path.removeprefix("spaces/")


def _to_run(row: Row[Any]) -> Run:
    values = row._asdict()
    return Run(
        **values | {"options": json.loads(values["options"]), "copy": Path(row.copy), "folder": Path(row.folder)}
    )


def open_journal(url: str, patience: float = PATIENCE) -> Journal:
    """The journal at a database URL, made if it is not there; use it in a ``with``.

    ``patience`` is for how many seconds it waits while others write.

    Raises:
        JournalBusyError: Others write for longer than that.
        JournalError: On a network drive, not writable, damaged, not a journal, or made by a newer importer.
    """
    with explained():
        engine, path = open_database(url, patience)
        journal = Journal(engine, path)
        journal.prepare()
    return journal
