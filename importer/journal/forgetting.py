"""Values of ended runs removed for good: what is left of a row cannot be read, and still keeps it from being doubled.

Rule 1: a run counts as forgotten before the first of its rows is, from the same transaction on that notes that the
database still holds values to be removed. Rule 2: that note goes last, once it has been rewritten without them.
"""

import json
from collections.abc import Callable, Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from importer.journal import tables as t
from importer.journal.database import Database
from importer.journal.rows import FORGOTTEN, Intent, checksum, to_intent
from importer.journal.runs import OPTIONS, Run, forgotten_options
from importer.journal.states import CLAIMING, TAKEN_BACK

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

    def begin(self, run: Run, now: float) -> None:
        """Let a run count as forgotten; whoever calls has made sure that nothing will need its values.

        What the checks said of its cells, and how its file was read, goes at once.
        """
        with self._db.write() as db:
            gone = dict.fromkeys(("label", "value", "detail"))
            db.execute(sa.update(t.issue).where(t.issue.c.run == run.id).values(gone))
            options = OPTIONS.encode(forgotten_options(run.options, now))
            db.execute(sa.update(t.run).where(t.run.c.id == run.id).values(options=options))
            self._note_purge(db)

    def forget_rows(self, run: Run, fingerprints: Fingerprints) -> None:
        """Remove the values of the rows of a forgotten run, as far as they are there.

        Rows that have, or may have, a record keep ``fingerprints`` of their values, the others only the hashes that
        they had before.
        """
        last = -1
        while True:
            # Some at a time: others that send meanwhile must not wait for a million rows.
            with self._db.write() as db:
                mine = sa.select(t.intent).where(t.intent.c.run == run.id, t.intent.c.row > last)
                page = db.execute(mine.order_by(t.intent.c.row).limit(_BATCH)).all()
                rows = [_forgotten(intent, fingerprints) for intent in map(to_intent, page) if not intent.is_forgotten]
                if rows:
                    db.exec_driver_sql(_FORGET, rows)
            if len(page) < _BATCH:
                return
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

    def reasons(self, before: float) -> int:
        """How many files of scheduled imports failed before a time, and still have their names and reasons."""
        with self._db.read() as db:
            return db.execute(sa.select(sa.func.count()).where(_failed(before))).scalar_one()

    def forget_reasons(self, before: float) -> None:
        """Remove these; a reason may quote the first row of a file, which is not always a header."""
        with self._db.write() as db:
            if db.execute(sa.update(t.occurrence).where(_failed(before)).values(file="", reason="")).rowcount:
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


def _failed(before: float) -> sa.ColumnElement[bool]:
    """The scheduled imports that led to no run before a time, as far as something is left to be removed of them."""
    return sa.and_(t.occurrence.c.run.is_(None), t.occurrence.c.at < before, t.occurrence.c.reason != "")


def _forgotten(intent: Intent, fingerprints: Fingerprints) -> tuple[str, bytes, int, int]:
    """The parameters of ``_FORGET`` for a row."""
    # Also if it was refused: a record with its mark may turn up all the same.
    may_have_record = intent.state in CLAIMING or (intent.attempts and intent.state not in TAKEN_BACK)
    left = fingerprints(intent.values) if may_have_record else {}
    body = json.dumps({FORGOTTEN: True, **left}, ensure_ascii=False, separators=(",", ":"))
    seal = checksum(intent.run, intent.row, intent.identity, body, intent.state, intent.remote_id)
    return body, seal, intent.run, intent.row
