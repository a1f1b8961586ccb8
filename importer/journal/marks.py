"""Marks: the text that creates carry in SystemId where a probe has shown that it is kept, to recognise their records.

Rule 1: a mark is written down in the transaction that puts its row in doubt, before the call leaves; those of a rebuilt
journal, when they are read. Rule 2: it is never changed or deleted. Any attempt may turn out to have made a record,
also one that was believed lost.
"""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from importer.journal import statements as sql
from importer.journal import tables as t
from importer.journal.database import Database

Place = tuple[int, int]
"""A run, and a row of it."""

_BATCH = 500
"""Older builds of SQLite take 999 parameters in a statement at most (sqlite.org/limits.html)."""


def add_marks(db: Connection, marks: Sequence[tuple[str, int, int, int]]) -> None:
    """Write marks down: each with its run, row and attempt."""
    if marks:
        db.exec_driver_sql(sql.ADD_MARK, list(marks))


class Marks:
    """The marks of every row whose creates carried one."""

    def __init__(self, db: Database) -> None:
        """Use the database of a journal."""
        self._db = db

    def add(self, marks: Sequence[tuple[str, int, int, int]]) -> None:
        """Write marks down that were read from records: each with its run, row and attempt."""
        with self._db.write() as db:
            add_marks(db, marks)

    def places(self, marks: Iterable[str]) -> dict[str, Place]:
        """Of which row each mark is; those that this journal does not know are left out."""
        every, places = list(marks), dict[str, Place]()
        with self._db.read() as db:
            for start in range(0, len(every), _BATCH):
                query = sa.select(t.mark).where(t.mark.c.mark.in_(every[start : start + _BATCH]))
                places |= {row.mark: (row.run, row.row) for row in db.execute(query)}
        return places

    def are_on(self, places: Iterable[Place]) -> bool:
        """Whether a create of one of these rows carried a mark."""
        with self._db.read() as db:
            return any(db.exec_driver_sql(sql.HAS_MARK, place).first() is not None for place in places)

    def lack_a_record(self, run: int) -> bool:
        """Whether a row of this run has no record although a create of it carried a mark: refused, or planned again."""
        with self._db.read() as db:
            return db.exec_driver_sql(sql.LACKS_RECORD_OF_MARK, (run,)).first() is not None

    def of_record(self, target: int, remote_id: int) -> str:
        """The mark of the create that made a record, as far as this journal knows; empty if there was none."""
        with self._db.read() as db:
            return str(db.exec_driver_sql(sql.MARK_OF_RECORD, (target, remote_id)).scalar() or "")
