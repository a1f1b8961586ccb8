"""Waiting, and giving up what waits: in simulated time."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from delivery.simulation import Loop

from importer.nexudus.waits import GRACE, STOPPED, pause, unless, wait

Result = TypeVar("Result")
DAY = 86_400.0


def timed(work: Coroutine[Any, Any, Result]) -> tuple[Result, float]:
    """What comes of it, and after how many seconds."""

    async def main() -> tuple[Result, float]:
        result = await work
        return result, asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(main())


async def event_after(seconds: float) -> asyncio.Event:
    """An event that is set after so many seconds, or already."""
    event = asyncio.Event()
    if seconds <= 0:
        event.set()
    else:
        asyncio.get_running_loop().call_later(seconds, event.set)
    return event


@pytest.mark.parametrize(
    ("seconds", "event_at", "is_set", "took"),
    [
        (5.0, DAY, False, 5.0),
        (DAY, 5.0, True, 5.0),
        (DAY, 0.0, True, 0.0),
        (0.0, DAY, False, 0.0),
        (-3.0, 0.0, True, 0.0),
    ],
)
def test_a_wait_ends_at_its_end_or_at_the_event(seconds: float, event_at: float, is_set: bool, took: float) -> None:
    """Whichever comes first; and it says which."""

    async def main() -> bool:
        return await wait(seconds, await event_after(event_at))

    assert timed(main()) == (is_set, took)


@pytest.mark.parametrize(
    ("work", "stop_at", "grace", "result", "took"),
    [
        (5.0, DAY, 0.0, "done", 5.0),
        (DAY, 5.0, 0.0, STOPPED, 5.0),
        # Asked to stop, it may still end by itself for a moment; and what needs no wait at all always does.
        (5.5, 5.0, GRACE, "done", 5.5),
        (DAY, 5.0, GRACE, STOPPED, 5.0 + GRACE),
        (DAY, 0.0, GRACE, STOPPED, GRACE),
        (0.0, 0.0, GRACE, "done", 0.0),
    ],
)
def test_work_is_given_up_a_moment_after_the_stop(
    work: float, stop_at: float, grace: float, result: object, took: float
) -> None:
    """Its result if it has one by then."""

    async def does() -> str:
        await pause(work)
        return "done"

    async def main() -> object:
        return await unless(await event_after(stop_at), does(), grace)

    assert timed(main()) == (result, took)


def test_work_that_is_given_up_has_ended() -> None:
    """What it holds is let go before anybody goes on; nothing of it is left running."""
    ended = []

    async def does() -> None:
        try:
            await pause(DAY)
        finally:
            ended.append(True)

    async def main() -> int:
        assert await unless(await event_after(1.0), does()) is STOPPED
        return len(asyncio.all_tasks())

    assert timed(main())[0] == 1
    assert ended == [True]


def test_an_error_of_the_work_is_passed_on() -> None:
    """As if nobody had stood between."""

    async def fails() -> None:
        raise KeyError("it")

    async def main() -> object:
        return await unless(await event_after(DAY), fails())

    with pytest.raises(KeyError):
        timed(main())
