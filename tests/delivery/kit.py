"""What the tests of delivery share: planned rows, a sender over real sockets, and the comparison afterwards."""

import asyncio
import contextlib
import json
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from conftest import GIVE_UP

from importer.delivery.listing import list_records
from importer.delivery.reconciler import Settled, settle
from importer.delivery.send_result import SendResult
from importer.delivery.sender import Pace, Sender
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Intent
from importer.journal.runs import NewRun, Run
from importer.journal.states import State
from importer.journal.windows import Window
from importer.model import Progress, Record
from importer.nexudus import Access, Nexudus, Secret
from importer.sandbox import SandboxOptions, running
from importer.sandbox.server import Running
from schemas import RECORD_TYPES

KIND = next(iter(RECORD_TYPES.values()))
PATH = KIND.paths[0]
STATUSES = tuple(int(status) for status in HTTPStatus if status >= 200)
"""What a service may answer, or something in between."""

ACCOUNT = "127.0.0.1/ops@example.com"
TOKEN = "sandbox-token"
NO_LIMITS: dict[str, Any] = dict.fromkeys(
    ("writes_per_minute", "writes_per_day", "calls_per_100ms", "calls_per_minute", "calls_per_hour")
)
_BACKLOG_FILLERS = 8


def body(number: int, **changes: object) -> str:
    """The JSON of a good row, different for each number."""
    fields = {
        "ResourceId": 1000 + number,
        "CoworkerId": 2000 + number,
        "Name": f"Room {number}",
        "SubscriptionExpireDate": "2031-01-01T00:00:00Z",
        "SubscriptionId": f"s{number}",
        "CalendarId": f"c{number}",
    }
    return json.dumps(fields | changes, separators=(",", ":"))


def record(number: int, **changes: object) -> Record:
    """A checked row; its number is also its row of the sheet."""
    return Record(number, body(number, **changes), number.to_bytes(16, "big"), number.to_bytes(16, "big"))


def add_run(journal: Journal, folder: Path, *, planned: int = 0, account: str = ACCOUNT) -> Run:
    """A run with so many planned rows, numbered from 2."""
    new = NewRun(KIND.name, "http://127.0.0.1", PATH, "rows.csv", "0" * 64, str(folder / "copy"), {}, 1.0)
    run = journal.runs.update(journal.runs.add(new), account=account)
    records = [record(number) for number in range(2, 2 + planned)]
    return journal.rows.plan(run, [(records, (), planned)], journal.runs.target(account, KIND.name), 2.0)


@dataclass
class Post:
    """Rows of one run, on their way to one service; without ``waits`` it stops where others would wait for long."""

    folder: Path
    url: str
    rows: int = 3
    timeout: float = GIVE_UP
    concurrency: int = 1
    patience: float = 60.0
    max_rows: int | None = None
    ca_file: str | None = None
    windows: tuple[Window, ...] = ()
    now: Callable[[], float] = time.time
    told: list[Progress] = field(default_factory=list)
    waits: bool = True

    @property
    def database(self) -> str:
        """Where the journal is."""
        return f"sqlite:///{self.folder / 'journal.sqlite3'}"

    def send(self, *, seconds: float | None = None) -> SendResult:
        """Send what is planned, in a session of its own; asked to stop after so many seconds."""
        return asyncio.run(self._send(seconds))

    async def _send(self, seconds: float | None) -> SendResult:
        access = Access(url=self.url, token=Secret(TOKEN), timeout=self.timeout, ca_file=self.ca_file)
        with open_journal(self.database) as journal:
            async with Nexudus(access, PATH) as service:
                stop = asyncio.Event()
                if seconds is not None:
                    asyncio.get_running_loop().call_later(seconds, stop.set)
                return await self.sender(journal, service, stop).send()

    def sender(self, journal: Journal, service: Nexudus, stop: asyncio.Event) -> Sender:
        """A sender for the run, which is planned if it is new."""
        run = journal.runs.latest(1)[0] if journal.runs.latest(1) else add_run(journal, self.folder, planned=self.rows)
        pace = Pace(self.windows, self.concurrency, self.patience, self.max_rows, relations={"Coworker": "CoworkerId"})

        def tell(progress: Progress) -> None:
            self.told.append(progress)
            if progress.waiting and not self.waits:
                stop.set()

        return Sender(journal, service, run, ACCOUNT, pace, now=self.now, stop=stop, tell=tell)

    def settle(self, window: float) -> Settled:
        """Ask the service about the rows in doubt, and write down what came of them."""
        return asyncio.run(self._settle(window))

    async def _settle(self, window: float) -> Settled:
        access = Access(url=self.url, token=Secret(TOKEN), timeout=self.timeout)
        with open_journal(self.database) as journal:
            async with Nexudus(access, PATH) as service:
                run, asked_at = journal.runs.latest(1)[0], self.now()
                doubtful, target = journal.rows.in_doubt(run.target or 0), run.target or 0
                if not doubtful:
                    return Settled()
                listing = await list_records(service, PATH)
                settled = settle(
                    doubtful,
                    listing,
                    journal,
                    target,
                    KIND,
                    user="ops@example.com",
                    asked_at=asked_at,
                    window=window,
                )
                journal.rows.move(settled.changes, self.now())
                return settled

    @property
    def intents(self) -> list[Intent]:
        """The rows as the journal has them."""
        with open_journal(self.database) as journal:
            return list(journal.rows.all(journal.runs.latest(1)[0])) if journal.runs.latest(1) else []

    @property
    def states(self) -> list[str]:
        """The state of each row, in the order of the file."""
        return [intent.state.value for intent in self.intents]


def problems(post: Post, sandbox: Running) -> list[str]:
    """Where journal and service do not agree: nothing doubled, nothing called created that is not there."""
    there = Counter(fields["Name"] for fields in sandbox.state.records)
    ids = {fields["Id"]: fields["Name"] for fields in sandbox.state.records}
    found = [f"{name} exists {number} times" for name, number in there.items() if number > 1]
    for intent in post.intents:
        name = json.loads(intent.body)["Name"]
        if intent.state is State.CREATED and ids.get(intent.remote_id or 0) != name:
            found.append(f"{name} is called created as {intent.remote_id}, which is {ids.get(intent.remote_id or 0)}")
        if intent.state in {State.PLANNED, State.REJECTED} and there[name]:
            found.append(f"{name} is called {intent.state}, and exists")
    return found


@contextlib.contextmanager
def sandbox(**options: Any) -> Iterator[Running]:
    """A sandbox without limits that knows the token."""
    with running(SandboxOptions(**{**NO_LIMITS, "token": TOKEN, **options})) as started:
        yield started


def creates(started: Running) -> int:
    """How many creates have arrived."""
    return sum(call.method == "POST" and "calendars" in call.path for call in started.state.calls)


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Peer:
    """A server of a few lines: what it was sent, connection by connection."""

    url: str
    heard: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def peer(talk: Talk, *, tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """A server that talks like this on each connection, in a thread, while the block runs."""
    ready, loop, ended = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
    shown = Peer("")

    async def serve() -> None:
        async with _listening(talk, tls) as port:
            shown.url = f"{'https' if tls else 'http'}://localhost:{port}"
            ready.set()
            await ended.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(GIVE_UP)
    try:
        yield shown
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(GIVE_UP)


@contextlib.asynccontextmanager
async def _listening(talk: Talk, tls: ssl.SSLContext | None) -> AsyncIterator[int]:
    talking: set[asyncio.Task[None] | None] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talking.add(asyncio.current_task())
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await talk(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in filter(None, talking):
            task.cancel()
        await asyncio.gather(*filter(None, talking), return_exceptions=True)
        # One turn of the loop closes what was aborted.
        await asyncio.sleep(0)


async def request(reader: asyncio.StreamReader) -> bytes:
    """One whole request: head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    return head + await reader.readexactly(int(lengths[0]) if lengths else 0)


def http(content: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """The bytes of an answer."""
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + content


def created(remote_id: int, *headers: str) -> bytes:
    """The bytes of the answer to a create that worked."""
    said = {"Status": 200, "Value": {"Id": remote_id}, "Errors": None, "WasSuccessful": True}
    return http(json.dumps(said).encode(), *headers)


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def blackhole() -> Iterator[int]:
    """A port at which connecting neither works nor fails: the queue of the one who listens is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(_BACKLOG_FILLERS):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])
