"""The ledger of the allowance: the calls for an account that a window may still count, and its pauses."""

from collections.abc import Iterable, Sequence
from itertools import chain

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from importer.journal import statements as sql
from importer.journal import tables as t
from importer.journal.database import Database
from importer.journal.windows import DAY, LONGEST_HOLD, Window, ready_at, seconds_for

MOST_SKEW = 60.0
"""Seconds that a call may lie in the future without the clock having been set back: a process that reads the clock may
have to wait for the database so long (``database.PATIENCE``), while another one writes down its calls."""

_MONTH = 31 * DAY


class Calls:
    """The calls of all accounts, shared by every process on this journal."""

    def __init__(self, db: Database) -> None:
        """Use the database of a journal."""
        self._db = db

    def reserve(self, account: str, windows: Sequence[Window], *, write: bool, now: float) -> float:
        """Seconds to wait before one more call; 0 means that it is taken and may be made."""
        with self._db.write() as db:
            wait = self.wait(db, account, windows, write, now)
            if wait <= 0 and windows:
                db.execute(sa.insert(t.call).values(account=account, at=now, arrived=now, write=write))
        return wait

    def note(self, account: str, number: int, now: float) -> None:
        """Count calls that were made before their account was known."""
        with self._db.write() as db:
            values = {"account": account, "at": now, "arrived": now, "write": False}
            if number:
                db.execute(sa.insert(t.call), [values] * number)

    def note_arrivals(self, account: str, arrivals: Iterable[tuple[float, float | None]]) -> None:
        """Note when writes arrived at the latest, each named by the time at which it left; None if it never arrived.

        A call that did not arrive, or was refused for the allowance's sake, uses none of it.
        """
        with self._db.write() as db:
            for at, arrived in arrivals:
                one = {"account": account, "left": at}
                if arrived is None:
                    db.exec_driver_sql(sql.DROP_CALL, one)
                else:
                    db.exec_driver_sql(sql.SET_ARRIVED, {**one, "arrived": arrived})

    def pause(self, account: str, until: float, *, writes: bool = False) -> None:
        """Keep every process from calling for this account until then, because the service asked for it or is away.

        With ``writes``, from creates, updates and deletes only.
        """
        # Only ever prolonged. Answers of calls under way come in any order, and a short wait that is read late must not
        # end a long one. A pause is in the journal, in the table ``hold``, so that other processes on the account, and
        # the next one, obey it.
        key = _writes_of(account) if writes else account
        with self._db.write() as db:
            latest = db.execute(sa.select(t.pause.c.until).where(t.pause.c.account == key)).scalar()
            if latest is None:
                db.execute(sa.insert(t.pause).values(account=key, until=until))
            elif latest < until:
                db.execute(sa.update(t.pause).where(t.pause.c.account == key).values(until=until))

    def used(self, account: str, window: Window, now: float) -> tuple[int, float]:
        """How many calls a window holds now, and in how many seconds the oldest of them leaves it."""
        with self._db.read() as db:
            count, oldest = db.exec_driver_sql(
                sql.calls_in_window(writes=window.writes), (account, window.begins_at(now))
            ).one()
        return count, (window.frees_at(oldest) - now if oldest is not None else 0.0)

    def ages(self, account: str, window: Window, now: float) -> list[float]:
        """How many seconds ago the calls in a window were made, the oldest first."""
        begin = window.begins_at(now)
        with self._db.read() as db:
            arrivals = db.exec_driver_sql(sql.arrivals_in_window(writes=window.writes), (account, begin)).all()
        return [now - arrived for (arrived,) in arrivals]

    def forget(self, before: float) -> None:
        """Drop calls so old that no window can hold them."""
        # Writes a month later: were the clock a month ahead for a moment, the count of the day would be lost with them.
        old = sa.or_(t.call.c.at < before - _MONTH, sa.and_(t.call.c.at < before, t.call.c.write.is_(False)))
        with self._db.write() as db:
            db.execute(sa.delete(t.call).where(old))

    @staticmethod
    def wait(db: Connection, account: str, windows: Sequence[Window], write: bool, now: float) -> float:
        """Inside a transaction: seconds until one more call is allowed; none is taken."""
        # A window of n calls is full exactly if the n-th last call still counts, and that call's place is free next.
        kinds = tuple(window.writes for window in windows)
        spans = [window.calls - 1 for window in windows]
        keys = (account, _writes_of(account) if write else account)
        last, until, last_write, *nth_last = db.exec_driver_sql(
            sql.allowance(kinds), (account, *keys, account, *chain(*((account, n) for n in spans)))
        ).one()
        if max(last or 0.0, (until or 0.0) - LONGEST_HOLD) > now + MOST_SKEW:
            Calls._redate(db, account, last or 0.0, now)
            return Calls.wait(db, account, windows, write, now)
        return max(ready_at(now, windows, write, nth_last, last_write), until or 0.0) - now

    @staticmethod
    def _redate(db: Connection, account: str, last: float, now: float) -> None:
        """Bring what was written before the clock was set back to the clock of today, once and for all.

        Calls from the future count as made now. Counted so at every look instead, they would never grow older, and
        nobody could call until the clock had caught up. They are certainly older than that, so nothing is hurried.
        """
        one = {"account": account, "now": now}
        db.exec_driver_sql(sql.REDATE_CALLS, one)
        for key in (account, _writes_of(account)):
            # What was left of a pause at the last call is left of it now, and no pause is longer than the longest.
            ahead = max(last - now, 0.0)
            db.exec_driver_sql(sql.REDATE_PAUSE, {"key": key, "ahead": ahead, "latest": now + LONGEST_HOLD})

    def held_until(self, account: str) -> float:
        """The time before which nobody may create for this account, in epoch seconds; 0 if there is no wait."""
        with self._db.read() as db:
            return db.exec_driver_sql(sql.HELD_UNTIL, (account, _writes_of(account))).scalar() or 0.0

    def seconds_for(self, account: str, calls: int, windows: Sequence[Window], now: float) -> float:
        """Seconds that this many writes will take, after the calls so far and a wait that the service asked for."""
        if not calls:
            return 0.0
        pause = min(max(self.held_until(account) - now, 0.0), LONGEST_HOLD)
        return pause + seconds_for(calls, windows, lambda window: self.ages(account, window, now), now)


def _writes_of(account: str) -> str:
    """The key of a pause that is about the creates, updates and deletes of an account alone."""
    return f"{account} (writes)"
