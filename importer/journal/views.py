"""Rows looked at from outside: totals, a page of results, the first that were rejected."""

from collections.abc import Sequence

import sqlalchemy as sa

from importer.issues import CATALOGUE, Issue, Severity
from importer.journal import statements as sql
from importer.journal import tables as t
from importer.journal.database import Database
from importer.journal.rows import Intent, to_intent
from importer.journal.runs import Run
from importer.journal.states import State

MOST_DIGITS = 16
"""A longer number is no row and no Id."""


class Views:
    """Answers for pages and reports; nothing here changes anything."""

    def __init__(self, db: Database) -> None:
        """Use the database of a journal."""
        self._db = db

    def first_rejected(self, run: Run, limit: int) -> list[Intent]:
        """The first rows of a run that the service rejected, in the order of the file."""
        with self._db.read() as db:
            return [to_intent(row) for row in db.exec_driver_sql(sql.FIRST_REJECTED, (run.id, limit))]

    def search(
        self, run: Run, states: Sequence[State], *, invalid: bool, text: str, limit: int, offset: int
    ) -> tuple[list[int], int]:
        """The row numbers of some rows of a run and how many there are: in these states, invalid, with this text."""
        sent = sa.select(t.intent.c.row).where(
            t.intent.c.run == run.id, t.intent.c.state.in_([state.value for state in states])
        )
        errors = [code for code, kind in CATALOGUE.items() if kind.severity is Severity.ERROR]
        wrong = sa.select(t.issue.c.row).where(
            t.issue.c.run == run.id, t.issue.c.code.in_(errors), t.issue.c.row.is_not(None), sa.literal(invalid)
        )
        if text:
            # SQLite compares 64-bit integers; a number beyond them would make the driver raise and the page fail.
            number = int(text) if text.isdecimal() and len(text) < MOST_DIGITS else -1
            in_body = sa.or_(*(c.icontains(text, autoescape=True) for c in (t.intent.c.body, t.intent.c.message)))
            sent = sent.where(sa.or_(in_body, t.intent.c.row == number, t.intent.c.remote_id == number))
            in_value = t.issue.c.value.icontains(text, autoescape=True)
            wrong = wrong.where(sa.or_(in_value, t.issue.c.row == number))
        rows = sa.union(sent, wrong).subquery()
        with self._db.read() as db:
            total = db.execute(sa.select(sa.func.count()).select_from(rows)).scalar_one()
            numbers = db.execute(sa.select(rows.c.row).order_by(rows.c.row).limit(limit).offset(offset)).scalars().all()
        return list(numbers), total

    def about_rows(self, run: Run, numbers: Sequence[int]) -> tuple[dict[int, Intent], dict[int, list[Issue]]]:
        """The intents and the issues of some rows, by row number."""
        intents = sa.select(t.intent).where(t.intent.c.run == run.id, t.intent.c.row.in_(numbers))
        with self._db.read() as db:
            by_row = {row.row: to_intent(row) for row in db.execute(intents)}
        return by_row, self.issues_of_rows(run, numbers)

    def issues_of_rows(self, run: Run, numbers: Sequence[int]) -> dict[int, list[Issue]]:
        """The issues of some rows, by row number, in the order in which they were found."""
        issues_by_row: dict[int, list[Issue]] = {}
        with self._db.read() as db:
            for row in db.exec_driver_sql(sql.issues_of_rows(len(numbers)), (run.id, *numbers)):
                issues_by_row.setdefault(row.row, []).append(Issue(**row._asdict()))
        return issues_by_row

    def rows_by_state(self) -> dict[State, int]:
        """How many rows of all runs are in which state."""
        query = sa.select(t.intent.c.state, sa.func.count()).group_by(t.intent.c.state)
        with self._db.read() as db:
            return {State(row[0]): row[1] for row in db.execute(query)}
