"""The signal on which every wait of a run ends, whoever gives it: in simulated time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from delivery.simulation import Loop
from importer.delivery.send_result import StopReason
from importer.delivery.stop_signal import StopSignal, watched
from importer.nexudus.waits import GRACE, pause, unless, wait

WITHIN = 2.0
BEGAN = 1_800_000_000.0
DAY = 86_400.0


@pytest.mark.parametrize("who", ["user", "another process", "deadline"])
@pytest.mark.parametrize(
    "waits",
    [lambda stop: wait(DAY, stop), lambda stop: unless(stop, pause(DAY)), lambda stop: unless(stop, pause(DAY), GRACE)],
)
def test_a_wait_ends_within_two_seconds(who: str, waits: Callable[[StopSignal], Awaitable[object]]) -> None:
    """Of the moment at which somebody asked, or at which the time was up."""

    async def main() -> tuple[float, StopReason]:
        loop, user, requested = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        asks = {"user": user.set, "another process": requested.set}.get(who, lambda: None)
        loop.call_later(100.0, asks)
        deadline = BEGAN + 100.0 if who == "deadline" else None
        signal = StopSignal(user, requested.is_set, now=lambda: BEGAN + loop.time(), deadline=deadline)
        async with watched(signal):
            await waits(signal)
        return loop.time(), signal.reason.how

    with asyncio.Runner(loop_factory=Loop) as runner:
        ended, how = runner.run(main())
    assert 100.0 <= ended <= 100.0 + WITHIN
    assert how is (StopReason.LIMIT if who == "deadline" else StopReason.REQUESTED)


def test_whoever_looks_needs_no_watch() -> None:
    """Between two rows there may be nothing that is waited for."""
    user = asyncio.Event()
    signal = StopSignal(user, lambda: False, now=lambda: BEGAN)
    assert not signal.look()
    user.set()
    assert signal.look()
    assert signal.is_set()
