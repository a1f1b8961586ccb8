"""What the commands of machines that share a database are about to do: a row for each process and run.

Each is renewed as long as its process lives, and counts no more once it was not for half a minute. Nothing is decided
by them: who sends is a matter of the lease alone.
"""

import os
import platform
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from importer.errors import ImporterError
from importer.journal.announcements import Announcements
from importer.journal.lease import NOW, RENEWED_EVERY, SECONDS, system_id
from importer.journal.lock import holder_now, is_same, start_of
from importer.journal.postgres import Postgres, cut_off_when_silent
from importer.journal.senders import Holder

_ONE = "place = :place AND pid = :pid AND run = :run"
_ADD = f"""
    INSERT INTO announcement (place, pid, run, start, machine, since, command, until, stop)
    VALUES (:place, :pid, :run, :start, :machine, :since, :command, {NOW} + :seconds, false)
    ON CONFLICT (place, pid, run) DO UPDATE SET
        start = excluded.start, machine = excluded.machine, since = excluded.since, command = excluded.command,
        until = excluded.until, stop = false
"""  # noqa: S608  no word of it comes from outside
_RENEW = f"UPDATE announcement SET until = {NOW} + :seconds WHERE {_ONE} AND start = :start"  # noqa: S608
_REMOVE = f"DELETE FROM announcement WHERE {_ONE}"  # noqa: S608
_OVER = f"DELETE FROM announcement WHERE until < {NOW}"  # noqa: S608
_IS_ASKED = f"SELECT stop FROM announcement WHERE {_ONE}"  # noqa: S608
_ASK = "UPDATE announcement SET stop = true WHERE pid = ? AND run = ? AND start = ? AND machine = ?"
_ALL = f"""
    SELECT place, pid, run, start, machine, since, command FROM announcement WHERE until >= {NOW}
    ORDER BY run, machine, pid
"""  # noqa: S608


class AnnouncementRows(Announcements):
    """The commands of all machines."""

    def __init__(self, db: Postgres) -> None:
        """Nothing is read before it is asked for."""
        self._db = db

    def announce(self, run: int, command: str, pid: int) -> None:
        """Write down that a process of this machine prepares its work on a run."""
        me = holder_now(pid, run, command)
        values = {"start": me.start, "machine": platform.node(), "since": me.since, "command": command}
        with self._db.alone() as db:
            db.exec_driver_sql(_OVER)
            db.exec_driver_sql(_ADD, _one(pid, run) | values | {"seconds": SECONDS})

    @contextmanager
    def announced(self, run: int, command: str) -> Iterator[Callable[[], bool]]:
        """While this process prepares its work on a run: whether somebody asked it to stop."""
        me, ended = _one(os.getpid(), run), threading.Event()
        answered = 0

        def renew() -> bool:
            nonlocal answered
            with self._db.alone() as db:
                values = me | {"start": start_of(os.getpid()), "seconds": SECONDS}
                is_there = bool(db.exec_driver_sql(_RENEW, values).rowcount)
            answered += 1
            return is_there

        def keep() -> None:
            while not ended.wait(RENEWED_EVERY):
                # A database that is away may come back; a machine that slept announces itself anew.
                with suppress(ImporterError):
                    if not renew():
                        self.announce(run, command, os.getpid())

        def is_requested() -> bool:
            with self._db.read() as db:
                return bool(db.exec_driver_sql(_IS_ASKED, me).scalar())

        if not renew():
            self.announce(run, command, os.getpid())
        keeping = threading.Thread(target=keep, daemon=True)
        keeping.start()
        with cut_off_when_silent(self._db, lambda: answered, SECONDS / 2):
            try:
                yield is_requested
            finally:
                ended.set()
                keeping.join()
                # If the database is away, it ends by itself.
                with suppress(ImporterError), self._db.alone() as db:
                    db.exec_driver_sql(_REMOVE, me)

    def all(self) -> list[Holder]:
        """Every command that is being prepared now."""
        with self._db.read() as db:
            rows = db.exec_driver_sql(_ALL).all()
        place_of_this, alive = _place(), []
        for place, pid, run, start, machine, since, command in rows:
            if place != place_of_this or is_same(pid, start):
                alive.append(Holder(pid, run, since, command, start, "" if place == place_of_this else machine))
            else:
                with self._db.alone() as db:
                    db.exec_driver_sql(_REMOVE, _one(pid, run))
        return alive

    def ask_to_stop(self, announcement: Holder) -> None:
        """Ask the process of an announcement to stop."""
        machine = announcement.machine or platform.node()
        with self._db.alone() as db:
            db.exec_driver_sql(_ASK, (announcement.pid, announcement.run, announcement.start, machine))


def _place() -> str:
    """Where the number of a process means one process."""
    return system_id() or platform.node()


def _one(pid: int, run: int) -> dict[str, object]:
    return {"place": _place(), "pid": pid, "run": run}
