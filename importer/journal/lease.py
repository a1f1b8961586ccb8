"""One sender per account among the machines that share a database: a lease, which ends unless it is renewed.

A lease can end under a living process: one that slept, or was cut off. The service has nothing by which it could tell
that process from the one that took over, so three rules keep it from sending:

1. No call leaves without a committed intent, and the transaction of an intent renews the lease first (``fence``). The
   number of the lease, its epoch, is another one since somebody took over; then nothing of the transaction is kept.
2. A call begins within five seconds of its intent or not at all (``sender.LONGEST_DELAY``), and its first byte leaves
   within fifteen more (``service.LONGEST_WAY``), by a clock that goes on while the machine sleeps. A lease lasts longer
   than both, and nobody believes a row absent before the visibility window is over.
3. Nobody takes a lease over before it has ended by the server's clock, but for one thing: that its process has ended,
   which a process on the same machine can see.
"""

import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.engine import Connection

from importer.errors import BusyError, ImporterError, JournalAwayError, TakenOverError
from importer.journal.lock import holder_now, is_same
from importer.journal.postgres import Postgres, cut_off_when_silent
from importer.journal.senders import Holder, Senders

SECONDS = 30.0
"""How long a lease lasts unless it is renewed."""

RENEWED_EVERY = 5.0
"""Seconds between its renewals."""

_LOOK_EVERY = 0.5

NOW = "extract(epoch FROM clock_timestamp())"
"""The server's time, in epoch seconds."""

_TAKE = f"""
    INSERT INTO lease (account, epoch, until, system, machine, pid, start, run, since, command)
    VALUES (:account, 1, {NOW} + :seconds, :system, :machine, :pid, :start, :run, :since, :command)
    ON CONFLICT (account) DO UPDATE SET
        epoch = lease.epoch + 1, until = excluded.until, system = excluded.system, machine = excluded.machine,
        pid = excluded.pid, start = excluded.start, run = excluded.run, since = excluded.since,
        command = excluded.command
    WHERE lease.until < {NOW} OR lease.epoch = :ended
    RETURNING epoch
"""  # noqa: S608  no word of it comes from outside
_RENEW = f"UPDATE lease SET until = {NOW} + ? WHERE account = ? AND epoch = ? RETURNING {NOW}::float8"  # noqa: S608
_TELL = "UPDATE lease SET run = ? WHERE account = ? AND epoch = ?"
# Kept with its epoch: the next one must be another.
_RELEASE = "UPDATE lease SET until = 0 WHERE account = ? AND epoch = ?"
_LEASES = f"""
    SELECT account, epoch, until, system, machine, pid, start, run, since, command, (until - {NOW})::float8
    FROM lease WHERE until > {NOW} ORDER BY account
"""  # noqa: S608


class _Lease(NamedTuple):
    """A lease that has not ended, as the table has it; ``seconds_left`` by the server's clock."""

    account: str
    epoch: int
    until: float
    system: str
    machine: str
    pid: int
    start: str
    run: int | None
    since: str
    command: str
    seconds_left: float

    @property
    def is_of_a_dead_process(self) -> bool:
        """Whether its process has certainly ended: none of its calls can leave any more."""
        return bool(self.system and self.start) and self.system == system_id() and not is_same(self.pid, self.start)

    @property
    def is_renewed(self) -> bool:
        """Whether its process was heard of lately."""
        return self.seconds_left > SECONDS - 2 * RENEWED_EVERY

    @property
    def sentence(self) -> str:
        """Who sends."""
        who = f"Run {self.run}" if self.run else "Another importer"
        return f"{who} is sending for {self.account} (process {self.pid} on {self.machine}, since {self.since})."

    @property
    def holder(self) -> Holder:
        """The process, for those who look on."""
        machine = "" if self.system == system_id() else self.machine
        return Holder(self.pid, self.run or 0, self.since, self.command, self.start, machine)


class LeasedAccounts(Senders):
    """The accounts of a database that machines share."""

    def __init__(self, db: Postgres) -> None:
        """Nothing is read before an account is held or asked for."""
        self._db = db
        self._held: dict[str, _Keeper] = {}

    @contextmanager
    def hold(
        self, account: str, run: int | None = None, command: str = "resume", say: Callable[[str], None] | None = None
    ) -> Iterator[Callable[[int], None]]:
        """Hold an account while sending.

        The lease of a process that was not heard of lately is waited for, which takes less than half a minute.
        """
        epoch = self._take(account, run, command, say)

        def tell(number: int) -> None:
            with self._db.alone() as db:
                db.exec_driver_sql(_TELL, (number, account, epoch))

        with _Keeper(self._db, account, epoch) as self._held[account]:
            try:
                yield tell
            finally:
                del self._held[account]

    def holder(self, account: str) -> Holder | None:
        """Who holds an account now."""
        return next((lease.holder for lease in self._living() if lease.account == account), None)

    def holders(self) -> list[Holder]:
        """The processes that hold an account now."""
        return [lease.holder for lease in self._living() if lease.run]

    def fence(self, db: Connection) -> None:
        """Renew the leases of this process, or make sure that nothing is sent."""
        assert self._held, "no call may leave without a lease"
        for keeper in self._held.values():
            keeper.renew(db)

    def _take(self, account: str, run: int | None, command: str, say: Callable[[str], None] | None) -> int:
        me = holder_now(os.getpid(), run or 0, command)
        values = {"account": account, "seconds": SECONDS, "system": system_id(), "machine": platform.node()}
        values |= {"pid": me.pid, "start": me.start, "run": run, "since": me.since, "command": command}
        before: _Lease | None = None
        while True:
            other = next((lease for lease in self._leases() if lease.account == account), None)
            ended = other.epoch if other is not None and other.is_of_a_dead_process else 0
            with self._db.alone() as db:
                epoch = db.exec_driver_sql(_TAKE, values | {"ended": ended}).scalar()
            if epoch is not None:
                return int(epoch)
            # None if somebody took it between the two questions.
            if other is not None:
                if other.is_renewed or (before is not None and before.until != other.until):
                    raise BusyError(other.sentence, "Wait until it has finished, or stop it with: importer stop")
                if before is None and say is not None:
                    say(f"{other.sentence} It was not heard of lately: its turn ends in {other.seconds_left:.0f} s.")
                before = other
            time.sleep(_LOOK_EVERY)

    def _living(self) -> list[_Lease]:
        # A process that was killed here holds nothing any more, though its lease lasts on: its run can be resumed.
        return [lease for lease in self._leases() if not lease.is_of_a_dead_process]

    def _leases(self) -> list[_Lease]:
        with self._db.read() as db:
            return [_Lease(*row) for row in db.exec_driver_sql(_LEASES)]


class _Keeper:
    """Renews a lease while it is held, and cuts off a server that does not answer any more."""

    def __init__(self, db: Postgres, account: str, epoch: int) -> None:
        self._db, self._account, self._epoch = db, account, epoch
        self._renewals = 0
        self._ended = threading.Event()
        self._keeping = threading.Thread(target=self._keep, daemon=True)
        self._watching = ExitStack()

    def __enter__(self) -> "_Keeper":
        self._keeping.start()
        self._watching.enter_context(cut_off_when_silent(self._db, lambda: self._renewals, SECONDS / 2))
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        # The watch goes last: a server that hangs would hold up the rest.
        self._ended.set()
        self._keeping.join()
        is_mine = True
        # If the server is away, the lease ends by itself.
        with suppress(ImporterError), self._db.alone() as db:
            is_mine = bool(db.exec_driver_sql(_RELEASE, (self._account, self._epoch)).rowcount)
        self._watching.close()
        # A machine that slept finds its connection broken, though the server was there for everybody else.
        if isinstance(error, JournalAwayError) and not is_mine:
            raise self._taken_over() from error

    def renew(self, db: Connection) -> None:
        """Renew the lease in a transaction.

        Raises:
            TakenOverError: Somebody else has it.
        """
        now = db.exec_driver_sql(_RENEW, (SECONDS, self._account, self._epoch)).scalar()
        if now is None:
            raise self._taken_over()
        self._db.clock.set(now)
        self._renewals += 1

    def _taken_over(self) -> TakenOverError:
        return TakenOverError(
            f"Another importer has taken over the sending for {self._account}, because this one was not heard of "
            f"for {SECONDS:.0f} seconds. Nothing more was sent from here.",
            "To see how it goes on: importer status",
        )

    def _keep(self) -> None:
        # Also while the sender waits for hours for its allowance, and needs no transaction of its own.
        while not self._ended.wait(RENEWED_EVERY):
            # A server that is away may come back in time. A lease that is lost is noticed before the next call.
            with suppress(ImporterError), self._db.alone() as db:
                self.renew(db)


def system_id() -> str:
    """Names the running system in which the numbers of processes mean something; empty where that cannot be told."""
    # Two containers may share a kernel, a home and a name, and have processes of the same number.
    try:
        namespace = Path("/proc/self/ns/pid").readlink()
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {namespace}"
    except OSError:
        return ""
