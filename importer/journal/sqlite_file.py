"""The file of the journal's database: opened so that a commit survives a power cut, on a disk that can promise that."""

import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from importer.errors import JournalBusyError, JournalError
from importer.journal.database import Database

_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "davfs", "fuse.sshfs", "fuse.rclone", "fuse.davfs2", "afs"}
_ESCAPED = re.compile(r"\\([0-7]{3})")
"""How the table writes spaces, tabs, line ends and backslashes (fstab(5))."""


class SqliteFile(Database):
    """A database in a file of this machine, or in memory."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        """Use ``open_sqlite``; ``path`` is None for a database in memory."""
        self.path = path
        super().__init__(engine)
        # Taken now, before anything is written: every commit is compared with it.
        self._file = file_at(path)

    def begin(self, db: Connection) -> None:
        """Begin a transaction in which nobody else writes."""
        # A deferred transaction that turns into a write fails at once when another process has written.
        db.exec_driver_sql("BEGIN IMMEDIATE")

    def check_commit(self) -> None:
        """Raise JournalError if the file is no longer where it was."""
        if file_at(self.path) != self._file:
            # What was committed is in a file that nobody will find again, so nothing may be sent on it.
            raise JournalError(
                "The journal was deleted, moved or replaced while it was in use.",
                "Put it back, then continue with: importer resume",
            )

    def explained(self) -> AbstractContextManager[None]:
        """``explained``."""
        return explained()

    def table_names(self, db: Connection) -> set[str]:
        """The tables that are there."""
        return set(db.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())

    def fault(self) -> str:
        """What is wrong with the file, or nothing. Reads all of it.

        Finds broken pages only. SQLite has no checksums, so a bit that flips inside a value passes (measured); the
        checksum of each row is for that.
        """
        with self.read() as db:
            verdict = str(db.exec_driver_sql("PRAGMA quick_check(1)").scalar())
        return "" if verdict == "ok" else verdict

    def back_up(self, path: Path) -> None:
        """Write a whole copy of the file, also while rows are sent."""
        if path.exists():
            raise JournalError(f"{path} already exists.", "Choose another file.")
        # Not a copy of the file, which a commit in the middle of copying would tear (sqlite.org/howtocorrupt.html).
        with self.read() as db:
            db.exec_driver_sql("VACUUM INTO ?", (str(path),))
        path.chmod(0o600)

    def purge(self) -> None:
        """Write the file anew, and empty its log."""
        # Overwriting what is deleted is not enough: SQLite leaves parts of rows in pages whose rows it has moved.
        with self.read() as db:
            db.exec_driver_sql("VACUUM")
            # The log still has the pages as they were; only one that nobody is reading can be emptied.
            busy, *_ = db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        if busy:
            raise JournalBusyError("Another process is reading the journal.", "Try again in a moment.")


def open_sqlite(url: sa.URL, patience: float) -> SqliteFile:
    """The database at a URL; its file is made if it is not there.

    Raises:
        JournalError: It is on a network drive, or cannot be made.
    """
    with explained():
        engine = sa.create_engine(url)
        if not url.database:
            return SqliteFile(engine, None)
        path = Path(url.database)
        _refuse_network_drive(path)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made here for the sake of its mode; SQLite would make it readable for everybody, and bodies are personal data.
        if not path.exists():
            path.touch(mode=0o600)
        # One that was restored or copied may be so; its log takes its mode from it.
        elif os.name == "posix" and (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
            with suppress(OSError):
                path.chmod(mode & 0o700)
        sa.event.listen(engine, "connect", lambda connection, _: _configure_sqlite(connection, patience))
        return SqliteFile(engine, path)


def file_at(path: Path | None) -> tuple[int, int] | None:
    """Which file is at a path now, by device and inode; None if there is none."""
    try:
        facts = path.stat() if path is not None else None
    except FileNotFoundError:
        return None
    return (facts.st_dev, facts.st_ino) if facts is not None else None


def safe_for_wal(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite can share a write-ahead log between two connections without a known risk of corruption.

    Source: SQLite's release notes of 3.51.3 (2026-03-13), which name 3.44.6 and 3.50.7 as back-ports.
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def _configure_sqlite(connection: sqlite3.Connection, patience: float) -> None:
    # The driver would begin transactions by itself, deferred ones; ``write`` needs them immediate.
    connection.isolation_level = None
    # First: to change the journal mode takes a lock, which another process may have just now.
    connection.execute(f"PRAGMA busy_timeout={round(patience * 1000)}")
    choose_journal_mode(connection, wal=safe_for_wal(sqlite3.sqlite_version_info[:3]))
    pragmas = {
        # EXTRA in either mode: with a log it is FULL, without which a power cut can take back a commit after the call
        # was made; without a log FULL alone could. Which of the modes is in force may be another process's choice.
        "synchronous": "EXTRA",
        # On macOS fsync alone leaves the data in the drive's own cache (sqlite.org/pragma.html#pragma_fullfsync);
        # elsewhere these two change nothing.
        "fullfsync": "ON",
        "checkpoint_fullfsync": "ON",
        # Deleted rows are overwritten: they are personal data, and would stay readable in the free pages of the file.
        "secure_delete": "ON",
    }
    for name, value in pragmas.items():
        connection.execute(f"PRAGMA {name}={value}")


def choose_journal_mode(connection: sqlite3.Connection, *, wal: bool) -> None:
    """Use the write-ahead log where this SQLite may; do without it where another process holds to that.

    Raises:
        JournalBusyError: Another process holds the file in a log that this SQLite must not share.
        JournalError: The file is in a mode that no commit survives a power cut in.
    """
    try:
        connection.execute(f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}")
    except sqlite3.OperationalError as error:
        # The mode cannot change while another process has the file open in a log, or writes. That alone is no reason to
        # give up.
        if "locked" not in str(error):
            raise
    # Read back: SQLite answers with the mode in force, which need not be the one that was asked for.
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode == "wal" and not wal:
        raise JournalBusyError(
            f"Another program has the journal open in a way that SQLite {sqlite3.sqlite_version} cannot share safely.",
            "Close the other program, for example an importer that runs with another Python, then try again.",
        )
    if mode not in {"wal", "delete"}:
        raise JournalError(
            f"The journal is in a mode ({mode}) in which saved data can be lost.",
            "Set IMPORTER_JOURNAL to a file on this machine's own disk, or leave it out.",
        )


def _refuse_network_drive(path: Path) -> None:
    mounts = Path("/proc/mounts")
    kind = network_drive(path, mounts.read_text() if mounts.exists() else "")
    if kind:
        raise JournalError(
            f"The journal's folder {path.parent} is on a network drive ({kind}), where saved data can be lost.",
            "Set IMPORTER_HOME to a folder on this machine's own disk.",
        )


def network_drive(path: Path, mounts: str) -> str | None:
    """The kind of network drive on which a path lies by a table like /proc/mounts, or None."""
    # Where the links on the way lead: a folder on this disk may be one to a network drive. On Windows that turns the
    # letter of a network drive into its UNC path.
    real = Path(os.path.realpath(path))
    if any(str(each).startswith(("\\\\", "//")) for each in (path, real)):
        return "UNC path"
    # The mount with the longest path wins; of two on one path the later one, which covers the earlier.
    best, kind = Path("/"), None
    for line in mounts.splitlines():
        _, place, name, *_ = [*line.split(), "", "", ""]
        folder = Path(_ESCAPED.sub(lambda match: chr(int(match[1], 8)), place))
        if place and real.is_relative_to(folder) and len(folder.parts) >= len(best.parts):
            best, kind = folder, name
    return kind if kind in _NETWORK else None


@contextmanager
def explained() -> Iterator[None]:
    """Turn an error of the database into a sentence with what to do."""
    # By SQLite's own words, which SQLAlchemy passes on; its classes do not tell a full disk from a damaged file.
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error)
        advice = (
            "Nothing is sent without the journal. Check the disk and IMPORTER_HOME, then continue with: importer resume"
        )
        if "locked" in cause:
            raise JournalBusyError("Another process is writing to the journal.", "Try again in a moment.") from error
        if "full" in cause:
            raise JournalError("The disk is full; the journal cannot be written.", advice) from error
        if "readonly" in cause or "unable to open" in cause:
            raise JournalError("The journal's folder or file cannot be written.", advice) from error
        if "malformed" in cause or "not a database" in cause:
            raise JournalError(
                "The journal is damaged.", "Keep the file. To start a new journal, set IMPORTER_HOME to another folder."
            ) from error
        raise JournalError(f"The journal cannot be used: {cause}.", advice) from error
    except OSError as error:
        raise JournalError(f"The journal cannot be used: {error.strerror}.", "Check IMPORTER_HOME.") from error
