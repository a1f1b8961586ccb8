"""How many rows of each run are in which state, and how far the run was when: written with each move of its rows.

Rule 1: every change is part of the transaction that moves the rows, so that a count is right at every moment, whatever
is killed or taken back. Rule 2: nothing is decided by it. What a run does next, and what its report says, comes from
the rows themselves; this is for those who look on, every two seconds, at runs of a million rows.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy.engine import Connection

from importer.issues import CATALOGUE, Severity
from importer.journal.database import Database
from importer.journal.states import State

PARTS = 120
"""A moment is written down for each hundred-and-twentieth of a run's time so far: a chart shows no more, and a run of
200 days has some two thousand."""

_SHORTEST = 1.0
"""Seconds between two moments at least, but for the newest."""

_OPEN = frozenset({State.PLANNED, State.IN_DOUBT, State.UPDATING})
"""The states of rows that have no outcome yet."""

_ADD = """
    INSERT INTO tally (run, state, rows) VALUES (?, ?, ?)
    ON CONFLICT (run, state) DO UPDATE SET rows = tally.rows + excluded.rows
"""
_LATEST = "SELECT number, at, settled, rejected FROM moment WHERE run = ? ORDER BY number DESC LIMIT 2"
_FIRST = "SELECT at FROM moment WHERE run = ? AND number = 0"
_NEW = "INSERT INTO moment (number, at, settled, rejected, run) VALUES (?, ?, ?, ?, ?)"
_RENEW = "UPDATE moment SET at = ?, settled = ?, rejected = ? WHERE run = ? AND number = ?"


class Moment(NamedTuple):
    """How many rows of a run had an outcome at a time, in epoch seconds, and how many of them were rejected."""

    at: float
    settled: int
    rejected: int


class Move(NamedTuple):
    """A row of a run that went from one state to another."""

    run: int
    before: State
    after: State


def begin(db: Connection, run: int, now: float) -> None:
    """Count the rows of a run that has been planned in this transaction; its time begins now."""
    for table in ("tally", "moment"):
        db.exec_driver_sql(f"DELETE FROM {table} WHERE run = ?", (run,))  # noqa: S608  one of two words
    recount(db, "run = ?", (run,))
    db.exec_driver_sql(_NEW, (0, now, 0, 0, run))


def recount(db: Connection, condition: str = "TRUE", values: tuple[int, ...] = ()) -> None:
    """Count rows one by one: of all runs, or of those that a condition selects; they have no count yet."""
    # The checks of a later importer may call more, or less, an error; these are the rows that this run left out.
    codes = sorted(code for code, kind in CATALOGUE.items() if kind.severity is Severity.ERROR)
    marks = ", ".join("?" * len(codes))
    db.exec_driver_sql(
        f"INSERT INTO tally SELECT run, state, count(*) FROM intent WHERE {condition} GROUP BY run, state",  # noqa: S608
        values,
    )
    db.exec_driver_sql(
        f"INSERT INTO tally SELECT run, '{_INVALID}', count(DISTINCT row) FROM issue "  # noqa: S608
        f"WHERE row IS NOT NULL AND code IN ({marks}) AND {condition} GROUP BY run",
        (*codes, *values),
    )


_INVALID = "invalid"
"""Stands for the state of the rows that have an error, and are in no state."""


def note_moves(db: Connection, moves: Iterable[Move], now: float) -> None:
    """Count rows where they are now, in the transaction that has moved them."""
    changes: Counter[tuple[int, State]] = Counter()
    settled: Counter[int] = Counter()
    rejected: Counter[int] = Counter()
    for run, before, after in moves:
        if before is not after:
            changes[run, before] -= 1
            changes[run, after] += 1
            settled[run] += (before in _OPEN) - (after in _OPEN)
            rejected[run] += (after is State.REJECTED) - (before is State.REJECTED)
    for (run, state), number in changes.items():
        if number:
            db.exec_driver_sql(_ADD, (run, state.value, number))
    for run in settled:
        if settled[run] or rejected[run]:
            _note_moment(db, run, settled[run], rejected[run], now)


def _note_moment(db: Connection, run: int, settled: int, rejected: int, now: float) -> None:
    latest = [(row[0], Moment(*row[1:])) for row in db.exec_driver_sql(_LATEST, (run,))]
    number, last = latest[0] if latest else (-1, Moment(now, 0, 0))
    # A clock that was put back must not make time run backwards in a chart.
    new = Moment(max(now, last.at), last.settled + settled, last.rejected + rejected)
    begun = db.exec_driver_sql(_FIRST, (run,)).scalar()
    width = max(_SHORTEST, (new.at - (new.at if begun is None else begun)) / PARTS)
    # The newest one is always of now. It becomes one of the past when it is old enough: until then it is moved on.
    if len(latest) > 1 and new.at - latest[1][1].at < width:
        db.exec_driver_sql(_RENEW, (*new, run, number))
    else:
        db.exec_driver_sql(_NEW, (number + 1, *new, run))


class Tally:
    """The counts of runs for those who look on."""

    def __init__(self, db: Database) -> None:
        """Use the database of a journal."""
        self._db = db

    def of(self, run: int) -> tuple[Mapping[State, int], int]:
        """How many rows of a run are in each state, and how many have an error and are therefore in none."""
        with self._db.read() as db:
            rows = db.exec_driver_sql("SELECT state, rows FROM tally WHERE run = ? AND rows <> 0", (run,)).all()
        counts = {state: number for state, number in rows if state != _INVALID}
        invalid = sum(number for state, number in rows if state == _INVALID)
        return {State(state): number for state, number in counts.items()}, invalid

    def moments(self, run: int) -> list[Moment]:
        """How far a run was over its time, from its planning to the last outcome; empty before it was planned."""
        query = "SELECT at, settled, rejected FROM moment WHERE run = ? ORDER BY number"
        with self._db.read() as db:
            return [Moment(*row) for row in db.exec_driver_sql(query, (run,))]


def rate(moments: Sequence[Moment], now: float, seconds: float) -> float:
    """Outcomes a second over the last so many seconds, or over the time of a younger run; 0 if there were none."""
    if not moments:
        return 0.0
    settled = moments[-1].settled - _settled_by(moments, now - seconds)
    return settled / min(seconds, max(now - moments[0].at, 1.0))


def _settled_by(moments: Sequence[Moment], at: float) -> float:
    """How many rows had an outcome at a time, as far as the moments say."""
    number = bisect_right(moments, at, key=attrgetter("at"))
    if number in (0, len(moments)):
        return float(moments[number - 1].settled) if number else 0.0
    before, after = moments[number - 1], moments[number]
    width = max(_SHORTEST, (moments[-1].at - moments[0].at) / PARTS)
    # The moments of a long run lie far apart, and its rows between them. Where they lie further apart than that,
    # nothing moved, and the later one is of what moved again.
    if after.at - before.at > 2 * width:
        return float(before.settled)
    share = (at - before.at) / (after.at - before.at)
    return before.settled + share * (after.settled - before.settled)


def thinned(moments: Sequence[Moment], parts: int) -> list[Moment]:
    """The moments that a chart of so many parts shows: of each part the last one, and always the first."""
    if len(moments) <= parts:
        return list(moments)
    begin, end = moments[0].at, moments[-1].at
    last = {int((moment.at - begin) / max(end - begin, 0.001) * parts): moment for moment in moments}
    # What stood still is flat: the last one before a gap stays, because it is the last one of its part.
    return list(dict.fromkeys([moments[0], *last.values()]))
