"""What the tests share: an installation of their own, the command as a process, and the sandbox on a socket."""

import csv
import gc
import io
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import stamina
from hypothesis import HealthCheck, settings
from postgres import Server, running_server

from importer.cli import run_cli
from importer.model import Clock
from importer.sandbox import SandboxOptions, running
from importer.sandbox.people import space
from importer.sandbox.state import State

LABELS = ["ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate", "SubscriptionId", "CalendarId"]
EXPIRES = f"{datetime.now(UTC) + timedelta(days=4):%Y-%m-%d}T10:30:00Z"
PRACTICE = space(SandboxOptions().seed)
"""A date as in a file of today. One that has passed, or is more than a week ahead, is worth a warning."""

GIVE_UP = 300.0
"""Seconds after which a test no longer waits for what should happen: no machine is so slow, only a program that hangs.

Nothing waits so long otherwise: a test goes on with the event that it waits for, and only a failure takes the time.
"""

LATER = 7_200.0
"""Seconds; more than the visibility window."""

# Each module is compiled once, and not by each of the hundred commands that the tests start: those would spend most of
# their time on it.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Times without a zone are read in that of the machine, and each machine has its own.
os.environ["TZ"] = "UTC"
time.tzset()

_MEMORY = Path("/dev/shm")
_ROOMY = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > 2 * 1024**3
"""Whether the folders of all tests fit into memory, as they do not in a container with the usual 64 MB of it."""

# The program asks the disk to write down each intent before it goes on; tests of that record what it asks for, and cut
# it off there. The others need not wait for a real disk.
if _ROOMY:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

# How long an example takes, or is in the making, says how busy the machine is; a folder may serve several examples.
# The same examples each time, so that what fails fails because of the change; `--hypothesis-profile explore` looks for
# others.
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=_QUIET)
settings.register_profile("explore", deadline=None, max_examples=2_000, suppress_health_check=_QUIET)
settings.load_profile("same")

UNLIMITED = SandboxOptions(
    writes_per_minute=None, writes_per_day=None, calls_per_100ms=None, calls_per_minute=None, calls_per_hour=None
)


@dataclass(frozen=True)
class Done:
    """A command that has ended: exit code and both outputs."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout as the JSON document that it is."""
        return json.loads(self.out)


@dataclass
class Desk:
    """A person's folder with an installation of its own, who types commands in it."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    clock: Clock = time.time
    stderr: Callable[[], io.StringIO] = io.StringIO

    def shorten_the_window(self, seconds: float = 3) -> None:
        """A visibility window that a run waits for, and a time limit for calls that goes with it."""
        self.variables |= {"IMPORTER_SETTLE": str(seconds), "IMPORTER_TIMEOUT": str(seconds)}

    @property
    def home(self) -> Path:
        """Where the journal is."""
        return self.folder / "home"

    @property
    def environment(self) -> dict[str, str]:
        """Only what the command needs: nothing of the machine's own NEXUDUS_ or IMPORTER_ variables."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("NEXUDUS_", "IMPORTER_"))}
        return kept | {"IMPORTER_HOME": str(self.home)} | self.variables

    def start(self, *words: str | Path) -> "subprocess.Popen[str]":
        """The command as a process that is still under way."""
        command = [sys.executable, "-m", "importer", *map(str, words)]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def type(self, *words: str | Path, stdin: bytes = b"") -> Done:
        """The command, run to its end: the same function as the console script, without starting Python anew."""
        out, err = io.StringIO(), self.stderr()
        with pytest.MonkeyPatch.context() as patch, io.TextIOWrapper(io.BytesIO(stdin)) as given:
            for name in os.environ.keys() - self.environment.keys():
                patch.delenv(name)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            patch.setattr(sys, "stdin", given)
            with redirect_stdout(out), redirect_stderr(err):
                code = run_cli([str(word) for word in words], self.clock)
        return Done(code, out.getvalue(), err.getvalue())

    def type_in_a_shell(self, *words: str | Path) -> Done:
        """The command as a process of its own, run to its end."""
        process = self.start(*words)
        out, err = process.communicate(timeout=GIVE_UP)
        return Done(process.returncode, out, err)

    def report(self, folder: str | Path) -> list[dict[str, str]]:
        """The rows of a report.csv."""
        with (self.folder / folder / "report.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def write(self, name: str, rows: Sequence[Sequence[object]], labels: Sequence[str] = LABELS) -> Path:
        """A CSV file in the folder."""
        path = self.folder / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([labels, *rows])
        return path


def mapping(number: int, **changes: object) -> list[object]:
    """A good row, different for each number."""
    guid = f"7f105c7d-2dc5-4530-97cd-{number:012x}"
    row = dict(
        zip(
            LABELS,
            [1000 + number, 2000 + number, f"Room {number}", EXPIRES, guid, f"AAMk{number}="],
            strict=True,
        )
    )
    return list((row | changes).values())


def practised(number: int, **changes: object) -> list[object]:
    """The same, of a room and a coworker that a practice service knows."""
    people = [known for known, person in PRACTICE.coworkers.items() if known not in PRACTICE.deleted_coworkers]
    known = {"ResourceId": list(PRACTICE.resources)[number % 10], "CoworkerId": people[number]}
    return mapping(number, **(known | changes))


def wait_until(condition: Callable[[], object], seconds: float = GIVE_UP) -> None:
    """Until something holds, but not for ever."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


_LONG = {"test_browser.py", "test_browser_staff.py", "test_browser_table.py", "test_sweep.py"}
"""Files whose tests take a minute each; begun last, one of them would keep everybody waiting in the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first, all others in their order."""
    items.sort(key=lambda item: item.path.name not in _LONG)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Spare the collector of garbage what stays to the end: modules and tests are most of what it would go through."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def sleep_at_another_time() -> Iterator[None]:
    """Under `make test-later`: libfaketime refuses Python's own sleep when it leaves the monotonic clock alone."""
    with pytest.MonkeyPatch.context() as patch:
        if "FAKETIME" in os.environ:
            patch.setattr(time, "sleep", lambda seconds: select.select([], [], [], seconds))
        yield


@pytest.fixture(scope="session", autouse=True)
def leave_the_environment_of_c_alone_at_another_time() -> Iterator[None]:
    """Under `make test-later`: libfaketime reads it at every close of a file, in whichever thread.

    In glibc a variable that is set moves the table that another thread may be reading: the process dies. So what tests
    and pytest set while the practice service runs stays in ``os.environ``, where Python and the commands look.
    """
    with pytest.MonkeyPatch.context() as patch:
        if "FAKETIME" in os.environ:
            patch.setattr(os, "putenv", lambda name, value: None)
            patch.setattr(os, "unsetenv", lambda name: None)
        yield


@pytest.fixture(autouse=True)
def repeat_at_once() -> Iterator[None]:
    """As often as ever, but without the pauses in between; test_service shows that those are as long as asked for."""
    with stamina.set_testing(True, attempts=sys.maxsize, cap=True):
        yield


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder with nothing in it and nobody signed in."""
    return Desk(tmp_path)


class Service:
    """The sandbox while it runs, with what the tests ask of it."""

    def __init__(self, url: str, state: State) -> None:
        self.url, self.state = url, state

    def _ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=GIVE_UP) as answer:
            return json.loads(answer.read() or b"null")

    @property
    def records(self) -> list[dict[str, Any]]:
        """Every stored record as it was sent, with its Id, oldest first."""
        return [json.loads(found["body"]) | {"Id": found["record"]["Id"]} for found in self._ask("records")]

    @property
    def creates(self) -> int:
        """How many create calls have arrived."""
        calls = self._ask("calls")
        listed = calls["calls"] if isinstance(calls, dict) else calls
        return sum(call["method"] == "POST" and "calendars" in call["path"] for call in listed)

    def fail(self, *faults: str) -> None:
        """What happens to the next creates, one each."""
        self._ask("faults", list(faults))

    def let_the_window_pass(self, desk: Desk) -> None:
        """Make it later than the visibility window, here and at the desk: nobody waits for it."""
        before, then = desk.clock, self._date()
        self.state.change(clock_skew=self.state.options.clock_skew + LATER)
        desk.clock = lambda: before() + LATER
        # The server makes its Date once a second.
        wait_until(lambda: self._date() > then + LATER / 2)

    def _date(self) -> float:
        """What the service's Date says."""
        with urllib.request.urlopen(f"{self.url}/_sandbox/calls", timeout=GIVE_UP) as answer:
            return parsedate_to_datetime(answer.headers["Date"]).timestamp()

    def heal(self) -> None:
        """Nothing happens to any create from now on."""
        while self.state.pending_faults():
            self.state.next_fault("create")


@pytest.fixture
def serve(desk: Desk) -> Iterator[Callable[..., Service]]:
    """Starts a sandbox with these options and points the desk at it."""
    stack: list[Any] = []

    def start(options: SandboxOptions = UNLIMITED) -> Service:
        context = running(options)
        server = context.__enter__()
        stack.append(context)
        desk.variables |= {
            "NEXUDUS_URL": server.url,
            "NEXUDUS_USERNAME": options.username,
            "NEXUDUS_PASSWORD": options.password,
            "IMPORTER_RATE": "none",
        }
        return Service(server.url, server.state)

    yield start
    for context in reversed(stack):
        context.__exit__(None, None, None)


@pytest.fixture
def service(serve: Callable[..., Service]) -> Service:
    """A sandbox without limits that the desk is signed in to."""
    return serve()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A database server of this session's own."""
    with running_server() as server:
        yield server


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one, even if it has no room for the folders of all tests."""
    if _ROOMY or not _MEMORY.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
        yield Path(folder)
