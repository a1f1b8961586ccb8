"""The journal: every run, every row on its way, and the calls that the allowance still counts, durably.

Rule 1: a row changes state only as the table in states has it. Rule 2: nothing is sent unless the transaction that
says so has been committed; SQLite is therefore run so that a commit survives a power cut.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from importer.config.installation import installation_id
from importer.config.settings import JournalPlace
from importer.config.shelf import FileShelf, Shelf
from importer.errors import JournalError
from importer.journal import statements as sql
from importer.journal import tables as t
from importer.journal.announcement_files import AnnouncementFiles
from importer.journal.announcements import Announcements
from importer.journal.calls import Calls
from importer.journal.copies import Copies
from importer.journal.database import PATIENCE, Database
from importer.journal.directories import Directories
from importer.journal.evidence import Evidence
from importer.journal.forgetting import Forgetting
from importer.journal.group_commit import GroupCommit
from importer.journal.later_runs import LaterRuns
from importer.journal.lock import LockedAccounts, folder_of
from importer.journal.marks import Marks
from importer.journal.migrations import SCHEMA_VERSION, migrate
from importer.journal.rows import Rows
from importer.journal.runs import Installation, Runs
from importer.journal.schedules import Schedules
from importer.journal.senders import Senders
from importer.journal.sqlite_file import open_sqlite
from importer.journal.tally import Tally
from importer.journal.totals import Totals
from importer.journal.uploads import Uploads
from importer.journal.views import Views
from importer.model import Clock

if TYPE_CHECKING:
    from importer.journal.documents import Documents

_KINDS = "Set IMPORTER_JOURNAL to sqlite:///path or postgresql://user@host/database, or leave it out."


class Journal:
    """The journal of one installation, each of its parts under a name of its own."""

    def __init__(
        self,
        db: Database,
        senders: Senders,
        announcements: Announcements,
        home: Path,
        documents: "Documents | None" = None,
        installation: Installation | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Use ``open_journal``.

        ``home`` is the folder of the installation. Where other machines use the database as well, ``documents`` are
        those that all of them share, ``installation`` is this one, and ``clock`` the one that all of them go by.
        """
        self._db = db
        self.path, self.name, self.clock = db.path, db.name, clock
        self.shelf: Shelf = documents or FileShelf(home)
        self.documents = documents
        # In a folder of the one machine else.
        self.uploads = Uploads(db) if documents is not None else None
        self.senders, self.announcements = senders, announcements
        self.copies = Copies(db, is_shared=installation is not None)
        self.together, self.fault, self.back_up = db.together, db.fault, db.back_up
        self.commit = GroupCommit(db.together)
        self.runs, self.calls = Runs(db, installation), Calls(db)
        self.rows = Rows(db, self.runs, self.calls, senders.fence)
        self.directories, self.views, self.evidence = Directories(db), Views(db), Evidence(db)
        self.marks, self.tally, self.later_runs = Marks(db), Tally(db), LaterRuns(db)
        self.totals, self.forgetting, self.schedules = Totals(db), Forgetting(db), Schedules(db)

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
            is_there = self._has_tables(db)
            version = _version(db) if is_there else 0
        if not is_there:
            with self._db.write() as db:
                # Asked again, as below: another process may have done it meanwhile.
                if not self._has_tables(db):
                    t.metadata.create_all(db)
                    db.execute(sa.insert(t.meta).values(key="schema_version", value=str(SCHEMA_VERSION)))
                version = _version(db)
        if 0 < version < SCHEMA_VERSION:
            with self._db.write() as db:
                migrate(db, _version(db))
                version = _version(db)
        _refuse_version(version)

    def check_version(self) -> None:
        """See that the database answers, and that no newer importer has changed its tables since it was opened.

        Raises:
            JournalError: Either does not hold.
        """
        with self._db.read() as db:
            version = _version(db)
        _refuse_version(version)

    def _has_tables(self, db: Connection) -> bool:
        """Whether the database is a journal; not if it is empty.

        Raises:
            JournalError: It is another program's.
        """
        names = self._db.table_names(db)
        if names and "meta" not in names:
            raise JournalError(
                f"{self.name} is the database of another program.", "Set IMPORTER_JOURNAL to another path."
            )
        return bool(names)


def _refuse_version(version: int) -> None:
    if version != SCHEMA_VERSION:
        raise JournalError(
            f"The journal has version {version}, but this importer reads version {SCHEMA_VERSION}.",
            "Update the importer, or set IMPORTER_JOURNAL to another path.",
        )


def _version(db: Connection) -> int:
    return int(db.exec_driver_sql(sql.VERSION).scalar() or 0)


def open_journal(place: JournalPlace | str, patience: float = PATIENCE) -> Journal:
    """The journal at a place, made if it is not there; use it in a ``with``.

    A URL alone is that of an SQLite file, whose folder is that of the installation. ``patience`` is for how many
    seconds it waits while others write.

    Raises:
        JournalBusyError: Others write for longer than that.
        JournalError: On a network drive, not writable, damaged, not a journal, or made by a newer importer.
    """
    try:
        url = sa.make_url(place if isinstance(place, str) else place.url)
    except (sa.exc.ArgumentError, ValueError):
        # Not with the address, which may hold a password.
        raise JournalError("IMPORTER_JOURNAL is no address of a database.", _KINDS) from None
    home = Path(url.database or "").parent if isinstance(place, str) else place.home
    if (kind := url.get_backend_name()) not in {"sqlite", "postgresql"}:
        raise JournalError(
            f"The journal cannot be in a database of the kind {kind}.",
            _KINDS,
        )
    journal = _in_a_file(url, home, patience) if kind == "sqlite" else _on_a_server(url, home, patience)
    try:
        journal.prepare()
    except BaseException:
        journal.__exit__()
        raise
    return journal


def _in_a_file(url: sa.URL, home: Path, patience: float) -> Journal:
    db = open_sqlite(url, patience)
    locks = folder_of(db.path, home)
    return Journal(db, LockedAccounts(locks), AnnouncementFiles(locks), home)


def _on_a_server(url: sa.URL, home: Path, patience: float) -> Journal:
    # Here, because only a team needs them.
    from importer.journal.announcement_rows import AnnouncementRows  # noqa: PLC0415
    from importer.journal.documents import Documents  # noqa: PLC0415
    from importer.journal.lease import LeasedAccounts  # noqa: PLC0415
    from importer.journal.postgres import open_postgres  # noqa: PLC0415

    db = open_postgres(url, patience)
    installation = Installation(installation_id(home), home / "files")
    documents = Documents(db, home, db.clock)
    return Journal(db, LeasedAccounts(db), AnnouncementRows(db), home, documents, installation, db.clock)
