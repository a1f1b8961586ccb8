"""What was seen of the service around the rows in doubt: the records before a run, and when each row was looked for.

Rule: what was seen is never overwritten by something later; only the time of a rebuild is. A record that was listed
before a run sent anything is no effect of that run; one that is listed later may be.
"""

import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from importer.journal import tables as t
from importer.journal.database import Database
from importer.journal.rows import Intent, to_intent
from importer.journal.states import State

_NOTE_LISTED = "INSERT INTO listed_before (run, ids) VALUES (?, ?) ON CONFLICT DO NOTHING"
# The later one counts: a journal that was put back once more may have lost other calls.
_NOTE_REBUILT = """
    INSERT INTO rebuilt (target, service_time, local_time) VALUES (?, ?, ?) ON CONFLICT (target)
    DO UPDATE SET service_time = excluded.service_time, local_time = excluded.local_time
"""
_NOTE_SEARCH = """
    INSERT INTO first_look (run, row, attempt, service_time, local_time) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class FirstSearch:
    """When a row without an answer was looked for first, in epoch seconds of either clock."""

    service_time: float | None
    local_time: float


class Evidence:
    """What the service showed, and when."""

    def __init__(self, db: Database) -> None:
        """Use the database of a journal."""
        self._db = db

    def note_listed(self, run: int, ids: Iterable[int]) -> None:
        """Remember the Ids that the service listed before the run sent its first row; ignored once it has sent one."""
        packed = zlib.compress(array("q", sorted(ids)).tobytes())
        sent = sa.select(t.intent.c.row).where(t.intent.c.run == run, t.intent.c.attempts > 0).limit(1)
        with self._db.write() as db:
            # A later list may show what came of the run's own calls: to leave that out would make a row look absent
            # whose record exists. So a run that is resumed keeps its first list, or has none.
            if db.execute(sent).first() is None:
                db.exec_driver_sql(_NOTE_LISTED, (run, packed))

    def listed_before(self, run: int) -> frozenset[int] | None:
        """The Ids that the service listed before the run sent its first row; None if that is not known."""
        with self._db.read() as db:
            packed = db.execute(sa.select(t.listed_before.c.ids).where(t.listed_before.c.run == run)).scalar()
        if packed is None:
            return None
        ids = array("q")
        ids.frombytes(zlib.decompress(packed))
        return frozenset(ids)

    def note_rebuilt(self, target: int, service_time: float | None, local_time: float) -> None:
        """Remember when the rows of a target were rebuilt from what the service lists, in epoch seconds."""
        with self._db.write() as db:
            db.exec_driver_sql(_NOTE_REBUILT, (target, service_time, local_time))

    def rebuilt(self, target: int) -> FirstSearch | None:
        """When that was, until ``forget_rebuilt``; None if it never was."""
        with self._db.read() as db:
            row = db.execute(sa.select(t.rebuilt).where(t.rebuilt.c.target == target)).first()
        return None if row is None else FirstSearch(row.service_time, row.local_time)

    def forget_rebuilt(self, target: int) -> None:
        """The window after it is over."""
        with self._db.write() as db:
            db.execute(sa.delete(t.rebuilt).where(t.rebuilt.c.target == target))

    def had_doubts(self, run: int) -> bool:
        """Whether a call of this run was ever looked for, because it got no answer."""
        with self._db.read() as db:
            return (
                db.execute(sa.select(t.first_look.c.row).where(t.first_look.c.run == run).limit(1)).first() is not None
            )

    def without_record(self, target: int) -> list[Intent]:
        """The rows that got no answer once, and have no record of their own now."""
        doubted = sa.select(t.first_look.c.run, t.first_look.c.row)
        query = sa.select(t.intent).where(
            t.intent.c.target == target,
            sa.tuple_(t.intent.c.run, t.intent.c.row).in_(doubted),
            t.intent.c.state.in_([State.REJECTED.value, State.PLANNED.value, State.HELD.value, State.EXISTING.value]),
        )
        with self._db.read() as db:
            return [to_intent(row) for row in db.execute(query)]

    def first_searches(
        self, intents: Sequence[Intent], service_time: float | None, local_time: float
    ) -> dict[Intent, FirstSearch]:
        """When each of these rows was first looked for since it was sent last; now, if it never was."""
        searches: dict[Intent, FirstSearch] = {}
        with self._db.write() as db:
            for intent in intents:
                key = {"run": intent.run, "row": intent.row, "attempt": intent.attempts}
                db.exec_driver_sql(_NOTE_SEARCH, (*key.values(), service_time, local_time))
                mine = [t.first_look.c[name] == value for name, value in key.items()]
                row = db.execute(sa.select(t.first_look).where(*mine)).one()
                searches[intent] = FirstSearch(row.service_time, row.local_time)
        return searches
