"""Which rows that a run left undone later runs have brought in, so that nobody is asked for them again.

A row is known again by its key, whichever file it came in with: a corrected row has other values, but is for the same
mapping. A held row has to have the same values, for a record that has others is why it was held. Of rows that need a
change, the journal has no key, and nothing is said of them.
"""

from collections import Counter
from operator import itemgetter
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from importer.journal import tables as t
from importer.journal.database import Database
from importer.journal.states import WITH_RECORD, State

LEFT_UNDONE = (State.REJECTED, State.PLANNED, State.HELD)
"""The rows of a run that has ended that may be sent again."""


class SentAgain(NamedTuple):
    """So many rows of a run, by the state in which it left them, that are in another state in a later run."""

    run: int
    left: State
    became: State
    rows: int


class LaterRuns:
    """Looks for the rows of a run in those that came after it; nothing here changes anything."""

    def __init__(self, db: Database) -> None:
        """Use the database of a journal."""
        self._db = db

    def signature(self, run: int) -> tuple[tuple[str, int], ...]:
        """What changes whenever a row of a later run does; empty if there is none, and ``sent_again`` is."""
        query = "SELECT state, sum(rows), max(run) FROM tally WHERE run > ? GROUP BY state ORDER BY state"
        with self._db.read() as db:
            rows = db.exec_driver_sql(query, (run,)).all()
        return tuple((f"{state} {latest}", int(number)) for state, number, latest in rows)

    def sent_again(self, run: int) -> tuple[SentAgain, ...]:
        """The rows that later runs have brought in, by the first of these that did."""
        by_row: dict[int, tuple[int, State, State]] = {}
        with self._db.read() as db:
            for row, left, later, became in (*self._of_key(db, run), *self._found_by_retries(db, run)):
                one = (later, State(left), State(became))
                by_row[row] = min(one, by_row.get(row, one), key=itemgetter(0))
        return tuple(SentAgain(*one, number) for one, number in sorted(Counter(by_row.values()).items()))

    @staticmethod
    def _of_key(db: Connection, run: int) -> list[tuple[int, str, int, str]]:
        mine, later = t.intent.alias("mine"), t.intent.alias("later")
        # As text, for the reason that ``statements.claims`` gives: else the partial index is not used.
        claiming = sa.text(f"later.state IN ({t.CLAIMS})")
        query = (
            sa.select(mine.c.row, mine.c.state, later.c.run, later.c.state)
            .join(later, sa.and_(later.c.target == mine.c.target, later.c.key == mine.c.key, claiming))
            .where(
                mine.c.run == run,
                mine.c.state.in_(LEFT_UNDONE),
                later.c.run > run,
                later.c.state.in_(sorted(WITH_RECORD)),
                sa.or_(mine.c.state != State.HELD, later.c.identity == mine.c.identity),
            )
        )
        return [(row[0], row[1], row[2], row[3]) for row in db.execute(query)]

    @staticmethod
    def _found_by_retries(db: Connection, run: int) -> list[tuple[int, str, int, str]]:
        """The rows whose record a retry found: it has their numbers, and no claim on a record that others made."""
        retries, generation = [], [run]
        while generation:
            children = sa.select(t.run.c.id).where(t.run.c.parent.in_(generation), t.run.c.id > run)
            generation = list(db.execute(children).scalars())
            retries += generation
        if not retries:
            return []
        mine, later = t.intent.alias("mine"), t.intent.alias("later")
        query = (
            sa.select(mine.c.row, mine.c.state, later.c.run, later.c.state)
            .join(later, sa.and_(later.c.run.in_(retries), later.c.row == mine.c.row))
            .where(mine.c.run == run, mine.c.state.in_(LEFT_UNDONE), later.c.state == State.EXISTING)
        )
        return [(row[0], row[1], row[2], row[3]) for row in db.execute(query)]
