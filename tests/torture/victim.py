"""The importer with places to die. A server that imports everything once and forks for each command.

Production code knows nothing of this: the functions at its seams are wrapped in the child, after the fork. Each seam
that is passed is counted and written down; at the number that was asked for, the process kills itself.
Started as a script with the path of a Unix socket: one connection a command, one line of JSON each way.
"""

import contextlib
import contextvars
import gc
import json
import os
import resource
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import importer.reporting
import importer.runs.result
import importer.runs.run
from importer.cli import run_cli
from importer.delivery import sender, updater
from importer.delivery.comparison import Changed, Match
from importer.delivery.listing import Listing
from importer.delivery.reconciler import Settled
from importer.journal import announcement_rows, lease, postgres
from importer.journal.postgres import ServerClock
from importer.journal.rows import Change, Intent, Rows
from importer.journal.runs import Run
from importer.journal.states import Event, State
from importer.nexudus import Reply, service
from importer.nexudus.client import HttpClient
from importer.nexudus.connection import _Stream
from importer.reporting.atomic import put_in_place
from importer.runs import before_sending, reconcile
from importer.runs.session import Session
from importer.runs.source import snapshot
from importer.sandbox import SandboxOptions
from importer.sandbox.people import space


@dataclass(frozen=True)
class Command:
    """What to type where, and which signal comes at which seam; ``broken`` names a rule that is taken away.

    ``ahead`` is by how many seconds the clock of this command is later than the machine's, ``jumps`` at which seams it
    jumps, and by how many seconds. ``apart`` is by how much this machine's own clock is wrong, but not the database's.
    With ``lease``, the seconds that a lease lasts, the process is one of a machine into which no other can look. One
    that is told to stop by SIGSTOP sleeps for ``nap`` seconds.
    """

    words: Sequence[str]
    folder: str
    variables: Mapping[str, str]
    kill_at: int | None = None
    signal: int = signal.SIGKILL
    broken: str = ""
    ahead: float = 0.0
    jumps: Sequence[tuple[int, float]] = ()
    apart: float = 0.0
    lease: float = 0.0
    nap: float = 0.0


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, or minus the signal; the seams it passed; seconds of processor time."""

    code: int
    out: str = ""
    err: str = ""
    trail: list[str] = field(default_factory=list)
    cpu: float = 0.0


OVERDUE = signal.SIGALRM
"""What ends a command that does not end."""
PATIENCE = 90
"""Seconds until then: the importer itself waits for up to a minute for what it is worth to wait for."""


class Seams:
    """Counts the seams as they are passed; ``jumped`` is by how many seconds the clock has jumped so far."""

    def __init__(self, trail: int, command: Command) -> None:
        """Write names to a file descriptor: what a buffer holds would die with the process."""
        self._trail, self._command, self._passed = trail, command, 0
        self.jumped = 0.0
        self._is_due = False

    def passed(self, name: str) -> None:
        """Count one; it may be the last."""
        self._passed += 1
        os.write(self._trail, f"{name}\n".encode())
        self._is_due = self._is_due or self._passed == self._command.kill_at
        self.jumped += sum(seconds for number, seconds in self._command.jumps if number == self._passed)
        if self._is_due and not (self._command.signal == signal.SIGSTOP and name in _AT_ONCE):
            self._is_due = False
            os.kill(os.getpid(), self._command.signal)

    def wrap(self) -> None:
        """Put a seam before and after every commit, every call, every file of a report and the plan."""
        self._wrap_commits()
        self._wrap_calls()
        self._wrap_written_bytes()
        self._wrap_files()
        self._wrap_plan()

    def _wrap_commits(self) -> None:
        commit = sa.engine.Connection.commit

        def committed(db: sa.engine.Connection) -> None:
            self.passed("before a commit")
            commit(db)
            self.passed("after a commit")

        _PATCH.setattr(sa.engine.Connection, "commit", committed)

    def _wrap_calls(self) -> None:
        send = HttpClient.send

        async def sent(
            wire: HttpClient,
            method: str,
            target: str,
            headers: Mapping[str, str],
            body: bytes | None = None,
            leaves_by: float | None = None,
        ) -> Reply:
            if "/api/spaces/" not in target:
                return await send(wire, method, target, headers, body, leaves_by)
            kind = _kind(method, target)
            self.passed(f"before a {kind}")
            _creating.set(method == "POST")
            reply = await send(wire, method, target, headers, body, leaves_by)
            _creating.set(False)
            self.passed(f"after the answer to a {kind}")
            return reply

        _PATCH.setattr(HttpClient, "send", sent)

    def _wrap_written_bytes(self) -> None:
        write = _Stream.write

        async def written(line: _Stream, data: bytes, limit: float) -> None:
            half = len(data) // 2 if _creating.get() else 0
            if half:
                await write(line, data[:half], limit)
                self.passed("half of a create written")
            await write(line, data[half:], limit)
            if half:
                self.passed("a create written")

        _PATCH.setattr(_Stream, "write", written)

    def _wrap_files(self) -> None:
        def put(file: Path, folder: Path, advice: str) -> Path:
            self.passed("before a report file")
            return put_in_place(file, folder, advice)

        def write_report(*given: Any, **named: Any) -> Any:
            report = importer.reporting.write_report(*given, **named)
            self.passed("after the report")
            return report

        def copied(*given: Any) -> Any:
            source = snapshot(*given)
            self.passed("after the private copy")
            return source

        _PATCH.setattr(importer.reporting, "put_in_place", put)
        _PATCH.setattr(importer.runs.result, "write_report", write_report)
        _PATCH.setattr(importer.runs.run, "snapshot", copied)

    def _wrap_plan(self) -> None:
        plan = Rows.plan

        def planned(rows: Rows, run: Run, chunks: Iterable[Any], target: int, now: float) -> Run:
            def watched() -> Iterator[Any]:
                for chunk in chunks:
                    yield chunk
                    self.passed("while planning")

            return plan(rows, run, watched(), target, now)

        _PATCH.setattr(Rows, "plan", planned)


_AT_ONCE = frozenset({"half of a create written"})
"""Seams within a single call of the system: a process can die there, as its bytes may be lost on the way, but it does
not fall asleep there."""


def _kind(method: str, target: str) -> str:
    by_id = target.partition("?")[0].rpartition("/")[2].isdecimal()
    return {"POST": "create", "PUT": "put", "DELETE": "delete"}.get(method, "look" if by_id else "list")


_PATCH = pytest.MonkeyPatch()
"""Never undone: the process that uses it is about to die."""

_creating: contextvars.ContextVar[bool] = contextvars.ContextVar("creating", default=False)


def leave_out_the_intent() -> None:
    """Rows stay planned in the journal until their answer is there: what every naive importer does."""
    apply = Rows._apply

    def applied(db: sa.engine.Connection, changes: Sequence[Change], now: float) -> None:
        for change in changes:
            if change.event in {Event.WILL_SEND, Event.WILL_UPDATE, Event.LOST, Event.NOT_APPLIED}:
                continue
            planned = replace(change.intent, state=State.PLANNED, attempts=change.intent.attempts - 1)
            if change.intent.state is State.UPDATING:
                apply(db, [Change(planned, Event.WILL_UPDATE, planned.remote_id, before=planned.before)], now)
            if change.intent.state is State.IN_DOUBT:
                apply(db, [Change(planned, Event.WILL_SEND)], now)
            apply(db, [change], now)

    _PATCH.setattr(Rows, "_apply", staticmethod(applied))


def believe_one_reading() -> None:
    """A row is absent as soon as one list does not show its record, as it was before lists were read twice."""

    async def proved(
        session: Session, run: Run, doubtful: Sequence[Intent], listing: Listing, asked_at: float
    ) -> tuple[Listing, Settled]:
        return listing, await reconcile._judged(session, run, doubtful, listing, asked_at)

    _PATCH.setattr(reconcile, "_proved", proved)


def overwrite_anything() -> None:
    """A record is updated whatever somebody has entered in it since the user was asked."""

    def is_as_agreed(intent: Intent, match: Match, _: object) -> bool:
        return isinstance(match, Changed) and match.remote.id == intent.remote_id

    _PATCH.setattr(before_sending, "is_as_agreed", is_as_agreed)
    _PATCH.setattr(updater, "instead_of_an_update", lambda *_: None)


def forget_the_lease() -> None:
    """Whoever has begun to send goes on, however long it was away, whoever has the account by now."""
    _PATCH.setattr(lease.LeasedAccounts, "fence", lambda *_: None)
    _PATCH.setattr(sender, "LONGEST_DELAY", float("inf"))
    _PATCH.setattr(service, "LONGEST_WAY", float("inf"))


OWN_CLOCK = "own clock"
"""The rule that is taken away is that times are the server's, and not those of the clock on this machine's wall."""

BREAKS = {
    "no intent": leave_out_the_intent,
    "one reading": believe_one_reading,
    "no question": overwrite_anything,
    "no lease": forget_the_lease,
}
"""The other rules that can be taken away, to show that the sweep would notice."""


def suffer(command: Command, scratch: Path) -> Ended:
    """Run one command in a child of this process, to its end or its death."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = os.fork()
    if child == 0:
        code = 70
        try:
            code = _live(command, scratch)
        finally:
            os._exit(code)
    status = _awaited(child, command.nap)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    out, err, trail = ((scratch / name).read_text("utf-8", "replace") for name in ("out", "err", "trail"))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ended(os.waitstatus_to_exitcode(status), out, err, trail.splitlines(), cpu)


def _awaited(child: int, nap: float) -> int:
    """How it ended; whenever it stops, it is left asleep for a while."""
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return status
        time.sleep(nap)
        os.kill(child, signal.SIGCONT)


def shorten_the_lease(seconds: float) -> None:
    """A lease that ends soon, with all that goes with it, and a machine of which no other sees the processes."""
    for module in (lease, announcement_rows):
        _PATCH.setattr(module, "SECONDS", seconds)
        _PATCH.setattr(module, "RENEWED_EVERY", seconds / 6)
        _PATCH.setattr(module, "system_id", lambda: "")
    _PATCH.setattr(postgres, "_LONGEST_TRANSACTION", round(2 * seconds))
    _PATCH.setattr(sender, "LONGEST_DELAY", seconds / 6)
    _PATCH.setattr(service, "LONGEST_WAY", seconds / 2)


def _live(command: Command, scratch: Path) -> int:
    """What the child does: become the person at the keyboard, wrap the seams, obey."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(scratch / name, flags, 0o600), number)
    os.chdir(command.folder)
    for name in [name for name in os.environ if name.startswith(("NEXUDUS_", "IMPORTER_"))]:
        del os.environ[name]
    os.environ.update(command.variables)
    if command.lease:
        shorten_the_lease(command.lease)
    if command.broken in BREAKS:
        BREAKS[command.broken]()
    seams = Seams(os.open(scratch / "trail", flags, 0o600), command)
    seams.wrap()
    # Of machines that share a journal, the clock of its server jumps; their own are apart from it.
    told, apart = ServerClock.__call__, command.apart if command.broken == OWN_CLOCK else 0.0
    _PATCH.setattr(ServerClock, "__call__", lambda clock: told(clock) + command.ahead + seams.jumped + apart)
    signal.alarm(PATIENCE)
    code = run_cli(command.words, lambda: time.time() + command.ahead + seams.jumped + command.apart)
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def warm_up() -> None:
    """One whole import into a sandbox inside, so that every module is loaded and every cache filled before a fork."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        os.environ["IMPORTER_HOME"] = folder
        known = space(SandboxOptions().seed)
        room, person = next(iter(known.resources)), next(iter(known.coworkers))
        Path("rows.csv").write_text(
            f"ResourceId,CoworkerId,Name,SubscriptionExpireDate\n{room},{person},A,2030-01-01T00:00:00Z\n"
        )
        with (
            Path(os.devnull).open("w") as nothing,
            contextlib.redirect_stdout(nothing),
            contextlib.redirect_stderr(nothing),
        ):
            run_cli(["run", "rows.csv", "--sandbox", "--yes", "--out", "report"])


def serve(path: str) -> None:
    """Answer commands until the socket's file is gone or the one who started this is dead."""
    warm_up()
    # The collector would touch every object of the parent, and each page touched is copied.
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(64)
    parent = os.getppid()
    listener.settimeout(1.0)
    while os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            connection, _ = listener.accept()
            # A process in between waits for the child, so that many commands can be under way at once.
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listener.close()
                _nurse(connection)
            connection.close()


def _nurse(connection: socket.socket) -> None:
    try:
        connection.settimeout(None)
        with connection.makefile("rw", encoding="utf-8") as line, tempfile.TemporaryDirectory() as scratch:
            command = Command(**json.loads(line.readline()))
            line.write(json.dumps(asdict(suffer(command, Path(scratch)))) + "\n")
    finally:
        os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
