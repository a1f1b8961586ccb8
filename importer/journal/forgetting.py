"""Values of ended runs removed for good: what is left of a row cannot be read, and still keeps it from being doubled.

Rule 1: the rows, issues and options of a run go in one transaction, with the note that the database still holds what
they were. Rule 2: that note goes last, once the database has been rewritten without it.
"""

import json
from collections.abc import Callable, Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from importer.journal import tables as t
from importer.journal.database import Database
from importer.journal.rows import FORGOTTEN, checksum, to_intent
from importer.journal.runs import OPTIONS, Run, forgotten_options
from importer.journal.states import CLAIMING

_BATCH = 5_000
_TO_PURGE = "to_purge"
"""The entry of ``meta`` that stands for a database in whose file, or pages, removed values may still be found."""

_FORGET = """
    UPDATE intent SET body = ?, before = NULL, message = NULL, seal = ? WHERE run = ? AND row = ?
"""

Fingerprints = Callable[[Mapping[str, object]], Mapping[str, object]]
"""What stands for the values of a row afterwards."""


class Forgetting:
    """Removes values from a journal."""

    def __init__(self, db: Database) -> None:
        """Use the database of a journal."""
        self._db = db

    def forget(self, run: Run, fingerprints: Fingerprints, now: float) -> None:
        """Remove the values of a run, all or nothing; whoever calls has made sure that nothing will need them.

        Rows that have a record keep ``fingerprints`` of their values, the others only the hashes that they had before.
        """
        with self._db.write() as db:
            self._forget_rows(db, run, fingerprints)
            gone = dict.fromkeys(("label", "value", "detail"))
            db.execute(sa.update(t.issue).where(t.issue.c.run == run.id).values(gone))
            options = OPTIONS.encode(forgotten_options(run.options, now))
            db.execute(sa.update(t.run).where(t.run.c.id == run.id).values(options=options))
            self._note_purge(db)

    @staticmethod
    def _forget_rows(db: Connection, run: Run, fingerprints: Fingerprints) -> None:
        last = -1
        while True:
            mine = sa.select(t.intent).where(t.intent.c.run == run.id, t.intent.c.row > last)
            page = db.execute(mine.order_by(t.intent.c.row).limit(_BATCH)).all()
            if not page:
                return
            rows = []
            for intent in map(to_intent, page):
                left = fingerprints(intent.values) if intent.state in CLAIMING else {}
                body = json.dumps({FORGOTTEN: True, **left}, ensure_ascii=False, separators=(",", ":"))
                seal = checksum(run.id, intent.row, intent.identity, body, intent.state, intent.remote_id)
                rows.append((body, seal, run.id, intent.row))
            db.exec_driver_sql(_FORGET, rows)
            last = page[-1].row

    def forget_copies(self, hashes: Collection[str]) -> None:
        """Remove the copies of files that machines shared, by the hashes of these; nothing where there is none."""
        with self._db.write() as db:
            stored = db.execute(sa.select(t.copy.c.sha256).distinct()).scalars().all()
            for sha256 in set(stored) & set(hashes):
                db.execute(sa.delete(t.copy).where(t.copy.c.sha256 == sha256))
                self._note_purge(db)

    def forget_lists(self, account: str) -> None:
        """Remove the lists of names that were read for an account; they are read again as soon as they are needed."""
        with self._db.write() as db:
            if db.execute(sa.delete(t.directory).where(t.directory.c.account == account)).rowcount:
                self._note_purge(db)

    @property
    def is_to_purge(self) -> bool:
        """Whether removed values may still be found in the database by whoever reads its file."""
        with self._db.read() as db:
            return db.execute(sa.select(t.meta.c.value).where(t.meta.c.key == _TO_PURGE)).first() is not None

    def purge(self) -> None:
        """Rewrite the database without what was removed; nothing if that has been done.

        Raises:
            JournalBusyError: Others use it all the time. What was removed can still be found; try again.
        """
        if self.is_to_purge:
            self._db.purge()
            with self._db.write() as db:
                db.execute(sa.delete(t.meta).where(t.meta.c.key == _TO_PURGE))

    @staticmethod
    def _note_purge(db: Connection) -> None:
        db.exec_driver_sql("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING", (_TO_PURGE, "1"))
