"""The database of a journal, and its transactions: each is durable once it has been committed, and alone.

Rule: one process writes at a time, so that what a transaction has read still holds when it writes. ``sqlite_file.py``
keeps it by the file, ``postgres.py`` by a lock of the server.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy.engine import Connection, Engine

PATIENCE = 60.0
"""Seconds to wait while another process writes: planning a million rows takes 15, and a process that sends meanwhile
must not give up."""


class Database(ABC):
    """The open database of one journal."""

    path: Path | None = None
    """Its file; None if it has none."""

    def __init__(self, engine: Engine) -> None:
        """Nothing is read or written yet."""
        self._engine = engine
        # Without the password of a server.
        self.name = str(self.path or engine.url)
        # Per thread: another one that reads meanwhile must not see what is not committed.
        self._thread = threading.local()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Everything read and written inside is one durable transaction: all of it holds, or none.

        One inside another is part of the outer one.
        """
        outer = getattr(self._thread, "shared", None)
        with self.write() as db:
            self._thread.shared = db
            try:
                yield
            finally:
                self._thread.shared = outer

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read with; inside ``together``, the one that writes."""
        if (shared := getattr(self._thread, "shared", None)) is not None:
            yield shared
            return
        with self.explained(), self._engine.connect() as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One durable transaction: all of it holds, or none.

        Raises:
            JournalError: It could not be committed, or nobody would find again what was.
        """
        if (shared := getattr(self._thread, "shared", None)) is not None:
            yield shared
            return
        with self.explained(), self._engine.connect() as db:
            try:
                self.begin(db)
                yield db
                db.commit()
            except BaseException:
                # After a commit that failed, SQLAlchemy would hand the connection on with its transaction still open.
                db.invalidate()
                raise
            self.check_commit()

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """A transaction beside those that others write in, where the database allows that: for what needs no lock."""
        with self.write() as db:
            yield db

    @abstractmethod
    def begin(self, db: Connection) -> None:
        """Begin a transaction in which nobody else writes, and which sees all that others have committed."""

    @abstractmethod
    def check_commit(self) -> None:
        """Raise JournalError if what was just committed is of no use."""

    @abstractmethod
    def explained(self) -> AbstractContextManager[None]:
        """Turns an error of the database inside into a sentence with what to do."""

    @abstractmethod
    def table_names(self, db: Connection) -> set[str]:
        """The tables that are there."""

    @abstractmethod
    def fault(self) -> str:
        """What is wrong with the stored data, or nothing. Reads all of it."""

    @abstractmethod
    def back_up(self, path: Path) -> None:
        """Write a whole copy, also while rows are sent.

        Raises:
            JournalError: There is such a file, or it cannot be written.
        """

    @abstractmethod
    def purge(self) -> None:
        """Rewrite what is stored, so that nothing can be found of what was removed.

        Raises:
            JournalBusyError: Others use the database, so that it cannot be done now.
        """
