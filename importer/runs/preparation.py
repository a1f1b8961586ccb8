"""What a command does before it holds its account, or without sending anything: it can be given up at any moment."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from importer.config.settings import Settings
from importer.delivery.send_result import StopReason
from importer.delivery.stop_signal import StopSignal, watched
from importer.errors import BusyError, Exit, StoppedError
from importer.journal.announcements import NOT_BEGUN
from importer.journal.journal import Journal
from importer.journal.runs import Run
from importer.model import Clock
from importer.nexudus.waits import STOPPED, pause, unless
from importer.reporting.stop_sentences import stop_sentence
from importer.runs.account_queue import account_of, ahead_of

_LOOK_EVERY = 1.0
_SIGN_IN_EVERY = 30.0

Result = TypeVar("Result")


async def stoppable(
    work: Coroutine[Any, Any, Result],
    journal: Journal,
    *,
    run: Run | None = None,
    command: str = "resume",
    seconds: float | None = None,
) -> Result:
    """The result of work that changes nothing on the service, and that ``importer stop`` ends within a moment.

    Args:
        work: What is given up at whatever it awaits. A Ctrl-C gives it up by itself.
        journal: The journal, by which other processes find this one.
        run: The run that it is about; None if none has begun.
        command: What continues it after a stop, for others to say.
        seconds: How long it may take; as long as it likes if there is no such limit.

    Raises:
        StoppedError: It was stopped, or its time is up.
    """
    number = run.id if run is not None else NOT_BEGUN
    # By a clock that nobody can set, as while sending.
    now = asyncio.get_running_loop().time
    deadline = now() + seconds if seconds is not None else None
    with journal.announcements.announced(number, command) as is_requested:
        signal = StopSignal(asyncio.Event(), is_requested, now=now, deadline=deadline)
        async with watched(signal):
            result = await unless(signal, work)
        # Also a request that came at the last moment: its user has read that the import stops.
        if result is not STOPPED and not is_requested():
            return result
    raise _stopped(signal, run, command)


async def when_free(
    journal: Journal,
    settings: Settings,
    run: Run,
    work: Callable[[], Awaitable[Result]],
    *,
    clock: Clock,
    command: str = "resume",
) -> Result:
    """The result of work that needs the account of a run, once everything that was begun before has ended.

    Raises:
        StoppedError: The wait was stopped.
    """
    seconds = 0.0
    while True:
        wait = _wait_in_queue(journal, settings, run.id, clock, seconds)
        await stoppable(wait, journal, run=run, command=command)
        try:
            return await work()
        except BusyError:
            # Another process was quicker: one of the command line, which does not wait. Nothing was done before that.
            # Where the account is not known before the sign-in, each look is one, and they are few.
            seconds = _LOOK_EVERY if account_of(journal.runs.get(run.id)) else _SIGN_IN_EVERY


async def _wait_in_queue(journal: Journal, settings: Settings, number: int, clock: Clock, seconds: float) -> None:
    await pause(seconds)
    while ahead_of(journal, journal.runs.get(number), settings, clock()).runs:
        await pause(_LOOK_EVERY)


def _stopped(signal: StopSignal, run: Run | None, command: str) -> StoppedError:
    again = f"To continue: {run.command(command)}" if run is not None else "To start it again, repeat the command."
    if signal.reason.how is StopReason.LIMIT:
        return StoppedError(f"{stop_sentence(signal.reason)} Nothing was sent yet.", again, Exit.LIMIT)
    return StoppedError("Stopped as requested. Nothing was changed in Nexudus.", again)
