"""Ctrl-C while a command sends: once it is a wish, twice it is an order."""

import asyncio
import os
import signal
import sys

import pytest

from importer.cli.interruption import interruptible

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a loop on Windows has no handlers for signals")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_to_stop_and_the_second_stops(number: int) -> None:
    """The user reads once that the first was heard; what waits after the second is cancelled."""
    sentences = list[str]()

    async def work() -> None:
        with interruptible(sentences.append, "Stopping.") as stop:
            os.kill(os.getpid(), number)
            await stop.wait()
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(work())
    assert sentences == ["Stopping."]


def test_afterwards_a_signal_does_what_it_always_does() -> None:
    """Else a command that has finished sending could not be ended any more."""

    async def handlers() -> tuple[object, object]:
        with interruptible(lambda _: None, "Stopping."):
            during = signal.getsignal(signal.SIGTERM)
        return during, signal.getsignal(signal.SIGTERM)

    during, afterwards = asyncio.run(handlers())
    assert during != afterwards == signal.SIG_DFL
