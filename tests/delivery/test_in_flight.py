"""Calls under way: collected once each, in the order of their answers, and given up together."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from delivery.simulation import Loop
from importer.delivery.in_flight import CallsInFlight, SentRow
from importer.journal.rows import Intent
from importer.journal.states import State
from importer.nexudus import Reply


def row(number: int) -> SentRow:
    """A row in doubt."""
    return SentRow(Intent(1, number, b"", "{}", State.IN_DOUBT), 0.0)


async def answer(number: int, seconds: float) -> Reply:
    """A reply that takes so long."""
    await asyncio.sleep(seconds)
    return Reply(status=200, text=str(number))


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in simulated time."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(main)


def test_answers_are_collected_in_the_order_in_which_they_come() -> None:
    """Each with its own row, whichever call left first, and each once."""

    async def main() -> None:
        calls = CallsInFlight()
        for number, seconds in ((2, 3.0), (3, 1.0), (4, 2.0)):
            calls.start(row(number), answer(number, seconds))
        collected = []
        while len(calls):
            await calls.wait(60.0)
            collected += calls.collect()
        assert [(sent.intent.row, reply.text) for sent, reply in collected] == [(3, "3"), (4, "4"), (2, "2")]
        assert calls.collect() == []

    run(main())


def test_waiting_ends_with_the_first_answer_or_when_the_time_is_over() -> None:
    """Nobody waits longer than for one answer, and nobody for one that does not come."""

    async def main() -> None:
        calls, loop = CallsInFlight(), asyncio.get_running_loop()
        calls.start(row(2), answer(2, 5.0))
        await calls.wait(1.0)
        assert (loop.time(), calls.collect(), len(calls)) == (1.0, [], 1)
        await calls.wait(100.0)
        assert (loop.time(), len(calls.collect()), len(calls)) == (5.0, 1, 0)

    run(main())


def test_an_answer_that_came_before_the_wait_is_not_waited_for() -> None:
    """Answers that come while a turn commits are there for the next one at once."""

    async def main() -> None:
        calls, loop = CallsInFlight(), asyncio.get_running_loop()
        calls.start(row(2), answer(2, 1.0))
        await asyncio.sleep(2.0)
        await calls.wait(100.0)
        assert loop.time() == 2.0
        assert len(calls.collect()) == 1

    run(main())


def test_what_is_abandoned_has_ended_when_that_returns() -> None:
    """A call that went on in the background could reach the service after the process said that it had stopped."""

    async def main() -> None:
        calls, ended = CallsInFlight(), list[int]()

        async def endless(number: int) -> Reply:
            try:
                return await answer(number, 10**6)
            finally:
                ended.append(number)

        for number in (2, 3):
            calls.start(row(number), endless(number))
        await asyncio.sleep(1.0)
        await calls.abandon()
        assert ended == [2, 3]

    run(main())
