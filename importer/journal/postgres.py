"""A database on a PostgreSQL server, which several machines share.

Rule 1: whoever writes holds one lock of the server for the transaction, so that what it has read still holds when it
writes, as in a file. Rule 2: no commit returns before it is on the server's disk; a server that is set up otherwise is
refused. Times are the server's: the clocks of two machines need not agree.
"""

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from importer.clock import seconds_since_boot
from importer.errors import JournalAwayError, JournalBusyError, JournalError
from importer.journal.database import Database

_WRITERS = int.from_bytes(b"importer")
"""The number of the lock that a writer holds: any, as long as every importer takes the same one."""

_LONGEST_TRANSACTION = 60
"""Seconds for which a transaction may wait for its own process; then the server ends it. A machine that sleeps in the
middle of one would keep everybody else from writing."""

_BEGIN = """
    SELECT set_config('lock_timeout', ?, true), set_config('idle_in_transaction_session_timeout', ?, true),
        pg_advisory_xact_lock(?), extract(epoch FROM clock_timestamp())::float8
"""

_SETTINGS = """
    SELECT current_setting('synchronous_commit'), current_setting('fsync'), pg_is_in_recovery(),
        current_setting('server_encoding'), extract(epoch FROM clock_timestamp())::float8
"""

_CONNECTION: Mapping[str, Any] = {
    "application_name": "importer",
    "client_encoding": "utf8",
    "connect_timeout": 10,
    # A network that has gone is noticed before half of a lease is over.
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 14_000,
    # Prepared statements do not survive a pooler that shares connections between transactions.
    "prepare_threshold": None,
}
"""How a connection is made, where the URL says nothing else; libpq's words, times in seconds but for the last one."""

_LOOK_EVERY = 0.5

_WITH_VALUES = (
    "intent",
    "issue",
    "run",
    "copy",
    "directory",
    "document",
    "upload",
    "upload_change",
    "upload_piece",
)
"""The tables with what was in files, or was said of people."""

_MARK = re.compile(r"\?|(?<![:\w]):([a-z_]+)")

_AWAY = frozenset({"25P03", "53300", "57P01", "57P02", "57P03", "57P05"})
"""SQLSTATEs of a server that ended the connection or takes none, beside class 08 and those of its machine, class 58
(postgresql.org/docs/17/errcodes-appendix.html, read 2026-11-27)."""

_BUSY = frozenset({"40001", "40P01", "55P03", "57014"})
"""SQLSTATEs of a transaction that had to give way."""

_ADVICE = "Nothing is sent without the journal. As soon as the database answers, continue with: importer resume"


class ServerClock:
    """The server's time, in epoch seconds: as it was last told, and the time since then by this machine's own.

    That one is not the clock on the wall, and goes on while the machine sleeps.
    """

    def __init__(self, since_boot: Callable[[], float] | None = None) -> None:
        """Unusable before ``set`` was called."""
        self._since_boot = since_boot or seconds_since_boot
        self._ahead: float | None = None

    def __call__(self) -> float:
        """The time now."""
        assert self._ahead is not None
        return self._since_boot() + self._ahead

    def set(self, now: float) -> None:
        """The server said just now that it is this time."""
        # Too early by the way of the answer, never too late: a window seems to end later, not sooner.
        self._ahead = now - self._since_boot()


class Postgres(Database):
    """A database on a server."""

    def __init__(self, engine: Engine, patience: float) -> None:
        """Use ``open_postgres``."""
        super().__init__(engine)
        self.name = str(engine.url.set(drivername="postgresql", query={}))
        self._patience = patience
        self.clock = ServerClock()
        self._open: set[Any] = set()
        sa.event.listen(engine, "connect", self._note_connection)
        sa.event.listen(engine, "close", lambda connection, _: self._open.discard(connection))
        sa.event.listen(engine, "before_cursor_execute", _translate, retval=True)

    def _note_connection(self, connection: Any, _: object) -> None:
        self._open.add(connection)
        self.clock.set(_configure(connection))

    def close(self) -> None:
        """Close every connection, also those that broke."""
        super().close()
        for connection in list(self._open):
            connection.close()

    def begin(self, db: Connection) -> None:
        """Begin a transaction in which nobody else writes."""
        milliseconds = (f"{round(self._patience * 1000)}", f"{_LONGEST_TRANSACTION * 1000}")
        *_, now = db.exec_driver_sql(_BEGIN, (*milliseconds, _WRITERS)).one()
        self.clock.set(now)

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """A transaction beside those that others write in."""
        with self.explained(), self._engine.begin() as db:
            yield db

    def check_commit(self) -> None:
        """A server has no file that could be replaced."""

    def explained(self) -> AbstractContextManager[None]:
        """``explained``."""
        return explained()

    def table_names(self, db: Connection) -> set[str]:
        """The tables that are there."""
        return set(sa.inspect(db).get_table_names())

    def fault(self) -> str:
        """Nothing: the server looks after its own pages, and the checksum of each row is for the rest."""
        return ""

    def back_up(self, path: Path) -> None:
        """Refuse: a server is backed up by its own programs."""
        raise JournalError(
            f"No backup was written to {path}: the journal is on a database server.",
            "Back it up with the server's own program, for example: pg_dump --format=custom",
        )

    def purge(self) -> None:
        """Write the tables that hold values anew; the server's own log and its backups are not ours to change."""
        # Outside of any transaction, as the server demands.
        with self.explained(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.exec_driver_sql(f"SET lock_timeout = {round(self._patience * 1000)}")
            try:
                for table in _WITH_VALUES:
                    db.exec_driver_sql(f"VACUUM (FULL) {table}")
            finally:
                # The connection is used again, by what has another patience.
                db.invalidate()

    def cut_off(self) -> None:
        """Break every connection, so that whoever waits for an answer of the server learns that none will come."""
        for connection in list(self._open):
            with suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as wire:
                wire.shutdown(socket.SHUT_RDWR)


@contextmanager
def cut_off_when_silent(db: Postgres, answers: Callable[[], int], seconds: float) -> Iterator[None]:
    """While a thread asks the server now and then: cut it off once ``answers``, a count, has not grown for so long.

    A server that hangs answers neither with an error nor at all, and whoever waits for it would wait for ever, even if
    asked to stop.
    """
    ended = threading.Event()

    def watch() -> None:
        before, looks = answers(), 0
        # Counted by looks: while this machine sleeps, it is not the server that is silent.
        while not ended.wait(_LOOK_EVERY):
            now = answers()
            before, looks = now, (looks + 1 if now == before else 0)
            if looks * _LOOK_EVERY > seconds:
                db.cut_off()

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()


def open_postgres(url: sa.URL, patience: float) -> Postgres:
    """The database at a URL, which is not asked for anything yet.

    Raises:
        JournalError: The package for it is missing.
    """
    try:
        import psycopg  # noqa: F401, PLC0415  for a team only
    except ImportError:
        raise JournalError(
            "The journal is on a PostgreSQL server, but the package for it is not installed.",
            'Install it with: pip install "nexudus-importer[team]"',
        ) from None
    options = {name: value for name, value in _CONNECTION.items() if name not in url.query}
    return Postgres(sa.create_engine(url.set(drivername="postgresql+psycopg"), connect_args=options), patience)


def _configure(connection: Any) -> float:
    """Prepare a connection, and give the server's time.

    Raises:
        JournalError: A commit may be lost on this server, or it cannot be written to.
    """
    from psycopg.types.string import StrDumperUnknown  # noqa: PLC0415

    class WithoutNul(StrDumperUnknown):
        """Texts as the server takes them: it knows no character 0, which files of users have."""

        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))

    connection.adapters.register_dumper(str, WithoutNul)
    connection.autocommit = True
    commit, fsync, is_copy, encoding, now = connection.execute(_SETTINGS).fetchone()
    connection.autocommit = False
    if is_copy:
        raise JournalError(
            "The journal's database is a read-only copy of another one.",
            "Set IMPORTER_JOURNAL to the server that can be written to.",
        )
    if commit in {"off", "local"} or fsync == "off":
        name = "fsync" if fsync == "off" else "synchronous_commit"
        value = fsync if fsync == "off" else commit
        raise JournalError(
            f"The journal's database server has {name} = {value}, with which saved data can be lost.",
            f"Ask whoever runs the server to set {name} = on for this database.",
        )
    if encoding != "UTF8":
        raise JournalError(
            f"The journal's database stores text as {encoding}, which lacks most letters.",
            "Create one with: createdb --encoding=UTF8 --template=template0 NAME",
        )
    return float(now)


def _translate(
    db: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> tuple[str, Any]:
    del db, cursor, context, executemany
    return in_server_marks(statement), parameters


@lru_cache(maxsize=4096)
def in_server_marks(statement: str) -> str:
    """A statement with the driver's marks for its parameters instead of SQLite's."""
    return _MARK.sub(lambda mark: f"%({mark[1]})s" if mark[1] else "%s", statement)


@contextmanager
def explained() -> Iterator[None]:
    """Turn an error of the database into a sentence with what to do."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise _explanation(error) from error
    except sa.exc.SQLAlchemyError as error:
        raise JournalError(f"The journal cannot be used: {_first_line(error)}.", _ADVICE) from error


def _explanation(error: sa.exc.DBAPIError) -> JournalError:
    # By the SQLSTATE and never by words, which the server says in its own language. A connection that was not made, or
    # broke, has none.
    cause = error.orig
    state = str(getattr(cause, "sqlstate", None) or "")
    is_cut = not state and isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
    if is_cut or state in _AWAY or state[:2] in {"08", "58"}:
        return JournalAwayError(f"The journal's database cannot be reached: {_first_line(cause)}.", _ADVICE)
    if state in _BUSY:
        return JournalBusyError("Another process is writing to the journal.", "Try again in a moment.")
    if state == "53100":
        return JournalError("The disk of the journal's database server is full.", _ADVICE)
    if state == "25006":
        return JournalAwayError("The journal's database can only be read at the moment.", _ADVICE)
    if state[:2] == "28" or state in {"42501", "3D000", "3F000"}:
        return JournalError(
            f"The journal's database does not admit this user: {_first_line(cause)}.",
            "Check IMPORTER_JOURNAL. The user needs a database, or a schema, of its own.",
        )
    return JournalError(f"The journal cannot be used: {_first_line(cause)}.", _ADVICE)


def _first_line(cause: object) -> str:
    return next(iter(str(cause).strip().splitlines()), "no reason was given").strip().rstrip(".")
