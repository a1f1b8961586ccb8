"""Work is waited for to a safe end, in a loop and without one."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from contextvars import ContextVar

import pytest
from conftest import Desk, Service, mapping, wait_until

from importer.api.blocking import blocking, to_a_safe_end
from importer.api.callbacks import Callbacks

NAME = ContextVar("NAME", default="nobody")


async def add_async(one: int, *, other: int = 1) -> int:
    """The sum."""
    await asyncio.sleep(0)
    return one + other


async def whoever_async() -> tuple[str, str]:
    """The name that the caller has set, and the thread of the work."""
    return NAME.get(), threading.current_thread().name


def test_a_function_waits_where_no_loop_runs() -> None:
    """In this thread, as asyncio.run does."""
    assert blocking(add_async)(1, other=2) == 3
    assert blocking(whoever_async)() == ("nobody", threading.current_thread().name)


def test_a_function_waits_in_a_thread_where_a_loop_runs() -> None:
    """With what the caller has set for its own context, such as where a notebook prints."""

    async def notebook() -> tuple[str, str]:
        NAME.set("a cell")
        return blocking(whoever_async)()

    name, thread = asyncio.run(notebook())
    assert name == "a cell"
    assert thread != threading.current_thread().name


async def break_async() -> None:
    """A mistake."""
    raise LookupError


async def _broken() -> None:
    blocking(break_async)()


def test_errors_come_out_of_both() -> None:
    """As they were raised."""
    with pytest.raises(LookupError):
        blocking(break_async)()
    with pytest.raises(LookupError):
        asyncio.run(_broken())


async def _cancelled(times: int, callbacks: Callbacks, done: list[str]) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def send() -> None:
        with callbacks.sending() as stop:
            begun.set()
            await stop.wait()
            done.append("stopped")
            await go_on.wait()
            done.append("reported")

    task = asyncio.create_task(to_a_safe_end(send(), callbacks))
    await begun.wait()
    for _ in range(times):
        task.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
    go_on.set()
    await task


@pytest.mark.parametrize(("times", "done"), [(1, ["stopped", "reported"]), (2, ["stopped"])])
def test_cancelled_work_ends_safely_and_then_at_once(times: int, done: list[str]) -> None:
    """The first time what was begun is finished, and the task is cancelled all the same."""
    steps: list[str] = []
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(_cancelled(times, Callbacks(), steps))
    assert steps == done


def test_work_that_has_not_sent_anything_is_broken_off() -> None:
    """There is nothing to finish."""

    async def never() -> None:
        await asyncio.Event().wait()

    async def give_up() -> None:
        task = asyncio.create_task(to_a_safe_end(never(), Callbacks()))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(give_up())


PROGRAM = """
import asyncio, importer, signal

# Whoever starts this in the background may have had Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

def send():
    importer.run("rows.csv", rate="60/min", progress=lambda state: state.done and print("sending", flush=True))

async def notebook():
    send()

try:
    {call}
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there, a process cannot be sent a Ctrl-C")
@pytest.mark.parametrize("call", ["send()", "asyncio.run(notebook())"], ids=["no loop", "a loop"])
def test_a_program_is_interrupted_safely(desk: Desk, service: Service, call: str) -> None:
    """Ctrl-C lets the rows in progress finish, writes the report, and is a KeyboardInterrupt."""
    desk.write("rows.csv", [mapping(one) for one in range(1, 60)])
    command = [sys.executable, "-c", PROGRAM.format(call=call)]
    with subprocess.Popen(command, cwd=desk.folder, env=desk.environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "sending\n"
        os.kill(process.pid, signal.SIGINT)
        lines = process.stdout.read().splitlines()
    assert (lines[-1], process.returncode) == ("interrupted", 0)
    wait_until(lambda: service.creates == len(service.records))
    status = desk.type("status", "--json").json
    assert (status["exit_code"], status["counts"]["unknown"]) == (130, 0)
    assert status["counts"]["created"] == service.creates > 0
    assert (desk.folder / "reports" / "1-rows" / "report.csv").exists()
