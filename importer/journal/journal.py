"""The journal: every run, every row on its way, and the calls that the allowance still counts, durably.

Rule 1: a row changes state only as the table in states has it. Rule 2: nothing is sent unless the transaction that
says so has been committed; SQLite is therefore run so that a commit survives a power cut.
"""

from pathlib import Path
from typing import Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from importer.errors import JournalError
from importer.journal import statements as sql
from importer.journal import tables as t
from importer.journal.calls import Calls
from importer.journal.database import PATIENCE, Database, explained, open_database
from importer.journal.directories import Directories
from importer.journal.evidence import Evidence
from importer.journal.group_commit import GroupCommit
from importer.journal.marks import Marks
from importer.journal.migrations import SCHEMA_VERSION, migrate
from importer.journal.rows import Rows
from importer.journal.runs import Runs
from importer.journal.tally import Tally
from importer.journal.views import Views


class Journal:
    """The journal of one installation, each of its parts under a name of its own."""

    def __init__(self, db: Database) -> None:
        """Use ``open_journal``."""
        self._db = db
        self.path = db.path
        self.together = db.together
        self.commit = GroupCommit(db.together)
        self.runs, self.calls = Runs(db), Calls(db)
        self.rows = Rows(db, self.runs, self.calls)
        self.directories, self.views, self.evidence = Directories(db), Views(db), Evidence(db)
        self.marks, self.tally = Marks(db), Tally(db)

    def __enter__(self) -> Self:
        """The journal itself; the ``with`` closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the database."""
        self._db.close()

    def prepare(self) -> None:
        """Make the tables where there are none, and bring those of an earlier importer up to date.

        Raises:
            JournalError: It is another program's database, or a newer importer's journal.
        """
        # Looking is enough where there are tables: a process that only watches must not wait for those that write.
        with self._db.read() as db:
            is_there = _has_tables(db, self.path)
            version = _version(db) if is_there else 0
        if not is_there:
            with self._db.write() as db:
                # Asked again, as below: another process may have done it meanwhile.
                if not _has_tables(db, self.path):
                    t.metadata.create_all(db)
                    db.execute(sa.insert(t.meta).values(key="schema_version", value=str(SCHEMA_VERSION)))
                version = _version(db)
        if 0 < version < SCHEMA_VERSION:
            with self._db.write() as db:
                migrate(db, _version(db))
                version = _version(db)
        if version != SCHEMA_VERSION:
            raise JournalError(
                f"The journal has version {version}, but this importer reads version {SCHEMA_VERSION}.",
                "Update the importer, or set IMPORTER_JOURNAL to another path.",
            )

    def fault(self) -> str:
        """What is wrong with the file of the database, or nothing. Reads all of it.

        Finds broken pages only. SQLite has no checksums, so a bit that flips inside a value passes (measured); the
        checksum of each row is for that.
        """
        with self._db.read() as db:
            verdict = str(db.exec_driver_sql("PRAGMA quick_check(1)").scalar())
        return "" if verdict == "ok" else verdict

    def back_up(self, path: Path) -> None:
        """Write a whole copy of the journal, also while rows are sent.

        Raises:
            JournalError: There is such a file, or it cannot be written.
        """
        if path.exists():
            raise JournalError(f"{path} already exists.", "Choose another file.")
        # Not a copy of the file, which a commit in the middle of copying would tear (sqlite.org/howtocorrupt.html).
        with self._db.read() as db:
            db.exec_driver_sql("VACUUM INTO ?", (str(path),))
        path.chmod(0o600)


def _has_tables(db: Connection, path: Path | None) -> bool:
    """Whether the database is a journal; not if it is empty.

    Raises:
        JournalError: It is another program's.
    """
    names = set(db.exec_driver_sql(sql.TABLES).scalars())
    if names and "meta" not in names:
        raise JournalError(f"{path} is the database of another program.", "Set IMPORTER_JOURNAL to another path.")
    return bool(names)


def _version(db: Connection) -> int:
    return int(db.exec_driver_sql(sql.VERSION).scalar() or 0)


def open_journal(url: str, patience: float = PATIENCE) -> Journal:
    """The journal at a database URL, made if it is not there; use it in a ``with``.

    ``patience`` is for how many seconds it waits while others write.

    Raises:
        JournalBusyError: Others write for longer than that.
        JournalError: On a network drive, not writable, damaged, not a journal, or made by a newer importer.
    """
    with explained():
        journal = Journal(open_database(url, patience))
        journal.prepare()
    return journal
