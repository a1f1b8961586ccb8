"""Running: starting, stopping, the process of its own, and the store that outlives it."""

from __future__ import annotations

import ast
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from conftest import GIVE_UP

import importer.sandbox
from importer.sandbox import SandboxOptions, running
from importer.sandbox.__main__ import main
from importer.sandbox.options import changed
from sandbox.sandbox_client import (
    PATH,
    RECORD,
    TOKEN,
    create,
    port_of,
    send_create,
    unlimited,
    whole_answer,
)

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@contextmanager
def process(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A sandbox in a process of its own: its URL and the process."""
    command = [sys.executable, "-m", "importer.sandbox", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            yield child.stdout.readline().strip(), child
        finally:
            child.kill()


def test_stops_quickly_whatever_hangs() -> None:
    """Open connections and hanging calls do not hold up the end."""
    with unlimited(faults=("hang", f"slow:{2 * GIVE_UP:.0f}", f"late:{2 * GIVE_UP:.0f}")) as sandbox:
        clients = [send_create(sandbox) for _ in range(4)]
        whole_answer(clients[3])
        before = time.monotonic()
    # Half of what the calls would take.
    assert time.monotonic() - before < GIVE_UP
    for client in clients:
        client.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "sandbox"]


def test_starts_and_stops_within_milliseconds() -> None:
    """Tests can afford a sandbox of their own."""
    before = time.process_time()
    for _ in range(5):
        with running() as sandbox:
            assert sandbox.url.startswith("http://127.0.0.1:")
    assert time.process_time() - before < 1.0


def test_address_is_free_again_after_the_end() -> None:
    """A sandbox can be started again on the same port at once, even if it had connections."""
    with unlimited() as sandbox:
        port = port_of(sandbox)
        create(sandbox)
    with running(SandboxOptions(token=TOKEN), port=port) as again:
        assert create(again).status == 200


def test_busy_port_is_an_os_error() -> None:
    """A port that is taken is told before anything starts."""
    with unlimited() as sandbox, pytest.raises(OSError, match="in use"), running(port=port_of(sandbox)):
        pass


def test_unknown_fault_is_told_at_the_start() -> None:
    """A fault that does not exist keeps the sandbox from starting."""
    with pytest.raises(ValueError, match="nonsense"), running(SandboxOptions(faults=("nonsense",))):
        pass


def test_many_clients_at_once() -> None:
    """Creates over many connections are each answered with an Id of their own."""
    with unlimited() as sandbox:
        ids: list[int] = []
        workers = [
            threading.Thread(target=lambda: ids.extend(create(sandbox).json["Value"]["Id"] for _ in range(20)))
            for _ in range(8)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert len(set(ids)) == len(sandbox.state.records) == 160


def test_clock_can_run_ahead() -> None:
    """A skewed clock shows in the Date header and in the dates of records."""
    with unlimited(clock_skew=86400.0 * 365) as sandbox:
        answer = create(sandbox)
    assert str(time.gmtime().tm_year + 1) in answer.headers["date"] + answer.json["UpdatedOn"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_process_says_its_address_and_stops_without_a_trace(number: signal.Signals) -> None:
    """The first line is the URL; Ctrl-C and SIGTERM end it in silence with 0."""
    options = '{"token": "sandbox-token", "faults": ["slow:60"], "calls_per_100ms": null}'
    with process("--options-json", options) as (url, child):
        assert httpx.get(url + PATH, headers=HEADERS).json()["TotalItems"] == 0
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(url + PATH, json=RECORD, headers=HEADERS, timeout=httpx.Timeout(GIVE_UP, read=0.1))
        child.send_signal(number)
        out, err = child.communicate(timeout=GIVE_UP)
    assert (child.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize(
    "options", ['{"nonsense": 1}', '{"contract": "newest"}', "{", '{"faults": ["nonsense"]}', "[]"]
)
def test_wrong_options_end_in_one_line(
    options: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is served; the line goes to stderr, and the exit code is 2."""
    monkeypatch.setattr(sys, "argv", ["sandbox", "--options-json", options])
    assert main() == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)


def test_process_refuses_a_busy_port() -> None:
    """A port that is taken ends in one line on stderr."""
    with socket.create_server(("127.0.0.1", 0)) as taken, process("--port", str(taken.getsockname()[1])) as (_, child):
        _, err = child.communicate(timeout=GIVE_UP)
    assert child.returncode == 2
    assert len(err.splitlines()) == 1


def test_options_come_from_json() -> None:
    """JSON changes options by name; limits may be null, whole numbers may stand for fractions."""
    options = changed(SandboxOptions(), {"writes_per_day": None, "latency": 1, "faults": ["ok"], "store": "x.db"})
    assert (options.writes_per_day, options.latency, options.faults) == (None, 1.0, ("ok",))
    assert options.store == Path("x.db")


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonsense": 1},
        {"contract": "newest"},
        {"writes_per_minute": "60"},
        {"writes_per_minute": True},
        {"uniqueness": 1},
        {"latency": None},
        {"faults": "ok"},
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    """A name that is no option, or a value of the wrong type, is refused."""
    with pytest.raises(ValueError, match="sandbox option"):
        changed(SandboxOptions(), wrong)


@pytest.mark.parametrize("name", ["seed", "store", "faults"])
def test_some_options_are_fixed_at_the_start(name: str) -> None:
    """What the sandbox was built from cannot change while it runs."""
    with unlimited() as sandbox, pytest.raises(ValueError, match="fixed at the start"):
        sandbox.state.change(**{name: {"seed": 2, "store": "x.db", "faults": ["ok"]}[name]})


def test_shares_no_code_with_the_importer() -> None:
    """The stand-in imports nothing of what it tests but the record types, or both could share one mistake."""
    allowed = {"schemas", "starlette", "uvicorn", "h11"}
    for path in Path(importer.sandbox.__file__).parent.glob("*.py"):
        tree = ast.walk(ast.parse(path.read_text()))
        names = [node.module or "" for node in tree if isinstance(node, ast.ImportFrom)]
        tree = ast.walk(ast.parse(path.read_text()))
        names += [alias.name for node in tree if isinstance(node, ast.Import) for alias in node.names]
        for name in names:
            top = name.partition(".")[0]
            assert top in sys.stdlib_module_names or top in allowed or name.startswith("importer.sandbox"), name
