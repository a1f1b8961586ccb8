"""Runs and rows looked at from outside: totals, progress over time, a page of results."""

from collections.abc import Sequence

import sqlalchemy as sa

from importer.issues import CATALOGUE, Issue, Severity
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

    def done_since(self, run: Run, since: float) -> tuple[int, float | None]:
        """How many rows of a run were done since then, answered or not, and when the last one ever was."""
        recent = sa.func.count(sa.case((t.intent.c.settled_at > since, 1)))
        query = sa.select(recent, sa.func.max(t.intent.c.settled_at)).where(t.intent.c.run == run.id)
        with self._db.read() as db:
            number, last = db.execute(query).one()
        return number, last

    def timeline(self, run: Run, parts: int) -> list[tuple[float, int, int]]:
        """How many rows of a run were done, and how many of them rejected, by the end of each part of its time."""
        mine = t.intent.c.run == run.id
        with self._db.read() as db:
            span = sa.select(sa.func.min(t.intent.c.settled_at), sa.func.max(t.intent.c.settled_at)).where(mine)
            begin, end = db.execute(span).one()
            if begin is None:
                return []
            width = max((end - begin) / parts, 0.001)
            # A row belongs to the part that ends at its time or after it: rounded up, whichever way CAST rounds, which
            # some databases do by cutting off. Rounded down, it would be shown before it was done.
            parts_until = (t.intent.c.settled_at - begin) / width
            whole = sa.cast(parts_until, sa.Integer)
            part = whole + sa.case((parts_until > whole, 1), else_=0)
            rejected = sa.func.count(sa.case((t.intent.c.state == State.REJECTED.value, 1)))
            query = sa.select(part, sa.func.count(), rejected).where(mine, t.intent.c.settled_at.is_not(None))
            groups = db.execute(query.group_by(part).order_by(part)).all()
        points, done, failed = [(begin, 0, 0)], 0, 0
        for number, count, wrong in groups:
            done, failed = done + count, failed + wrong
            points.append((min(begin + number * width, end), done, failed))
        return points

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
        names = ("code", "row", "cell", "label", "field", "value", "detail")
        intents = sa.select(t.intent).where(t.intent.c.run == run.id, t.intent.c.row.in_(numbers))
        issues = sa.select(*(t.issue.c[name] for name in names)).where(
            t.issue.c.run == run.id, t.issue.c.row.in_(numbers)
        )
        issues_by_row: dict[int, list[Issue]] = {}
        with self._db.read() as db:
            by_row = {row.row: to_intent(row) for row in db.execute(intents)}
            for row in db.execute(issues.order_by(t.issue.c.id)):
                issues_by_row.setdefault(row.row, []).append(Issue(**row._asdict()))
        return by_row, issues_by_row

    def rows_by_state(self) -> dict[State, int]:
        """How many rows of all runs are in which state."""
        query = sa.select(t.intent.c.state, sa.func.count()).group_by(t.intent.c.state)
        with self._db.read() as db:
            return {State(row[0]): row[1] for row in db.execute(query)}
