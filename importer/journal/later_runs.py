"""Which rows that a run left undone later runs have brought in, so that nobody is asked for them again.

A row is known again by its key, whichever file it came in with: a corrected row has other values, but is for the same
mapping. A held row has to have the same values, for a record that has others is why it was held. Of rows that need a
change, the journal has no key, and nothing is said of them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from importer.journal import tables as t
from importer.journal.database import Database
from importer.journal.runs import Run
from importer.journal.states import WITH_RECORD, State

LEFT_UNDONE = (State.REJECTED, State.PLANNED, State.HELD)
"""The rows of a run that has ended that may be sent again."""


class SentAgain(NamedTuple):
    """So many rows of a run, by the state in which it left them, that are in another state in a later run."""

    run: int
    left: State
    became: State
    rows: int


class LaterRow(NamedTuple):
    """What became of one row in the first later run that brought it in, and the state in which its own run left it."""

    run: int
    left: State
    became: State


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
        return counted(Counter(self.by_row(run).values()))

    def by_row(self, run: int, rows: Sequence[int] | None = None) -> dict[int, LaterRow]:
        """The same row by row: all of them, or those of these numbers."""
        by_row: dict[int, LaterRow] = {}
        if not self.signature(run):
            return by_row
        mine = t.intent.alias("mine")
        of_rows = [] if rows is None else [mine.c.row.in_(rows)]
        undone = sa.and_(mine.c.run == run, mine.c.state.in_(LEFT_UNDONE), *of_rows)
        with self._db.read() as db:
            for row, left, later, became in (*self._of_key(db, run, mine, undone), *_by_retries(db, run, mine, undone)):
                one = LaterRow(later, State(left), State(became))
                by_row[row] = min(one, by_row.get(row, one), key=itemgetter(0))
        return by_row

    def runs_before(self, run: Run, limit: int) -> list[int]:
        """The latest earlier runs of the same account that have left rows undone, newest first."""
        query = (
            sa.select(t.tally.c.run)
            .join(t.run, t.run.c.id == t.tally.c.run)
            .where(
                t.tally.c.run < run.id,
                t.run.c.account == run.account,
                t.run.c.kind == run.kind,
                t.run.c.finished.is_not(None),
                t.tally.c.state.in_(LEFT_UNDONE),
                t.tally.c.rows > 0,
            )
            .distinct()
            .order_by(t.tally.c.run.desc())
            .limit(limit)
        )
        with self._db.read() as db:
            return list(db.execute(query).scalars())

    @staticmethod
    def _of_key(
        db: Connection, run: int, mine: sa.FromClause, undone: sa.ColumnElement[bool]
    ) -> list[tuple[int, str, int, str]]:
        later = t.intent.alias("later")
        # As text, for the reason that ``statements.claims`` gives: else the partial index is not used.
        claiming = sa.text(f"later.state IN ({t.CLAIMS})")
        query = (
            sa.select(mine.c.row, mine.c.state, later.c.run, later.c.state)
            .join(later, sa.and_(later.c.target == mine.c.target, later.c.key == mine.c.key, claiming))
            .where(
                undone,
                later.c.run > run,
                later.c.state.in_(sorted(WITH_RECORD)),
                sa.or_(mine.c.state != State.HELD, later.c.identity == mine.c.identity),
            )
        )
        return [(row[0], row[1], row[2], row[3]) for row in db.execute(query)]


def _by_retries(
    db: Connection, run: int, mine: sa.FromClause, undone: sa.ColumnElement[bool]
) -> list[tuple[int, str, int, str]]:
    """The rows whose record a retry found: it has their numbers, and no claim on a record that others made."""
    retries, generation = [], [run]
    while generation:
        children = sa.select(t.run.c.id).where(t.run.c.parent.in_(generation), t.run.c.id > run)
        generation = list(db.execute(children).scalars())
        retries += generation
    if not retries:
        return []
    later = t.intent.alias("later")
    query = (
        sa.select(mine.c.row, mine.c.state, later.c.run, later.c.state)
        .join(later, sa.and_(later.c.run.in_(retries), later.c.row == mine.c.row))
        .where(undone, later.c.state == State.EXISTING)
    )
    return [(row[0], row[1], row[2], row[3]) for row in db.execute(query)]


def counted(rows: Mapping[LaterRow, int]) -> tuple[SentAgain, ...]:
    """How many rows later runs have brought in, by run and by what became of them."""
    return tuple(SentAgain(*one, number) for one, number in sorted(rows.items()))
