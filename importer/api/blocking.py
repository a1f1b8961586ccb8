"""How the functions are waited for: to a safe end if their task is cancelled, and from code that is not async."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from contextvars import copy_context
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from importer.api.callbacks import Callbacks

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_LOOK_EVERY = 0.2
"""Seconds between two looks whether the waiting task was cancelled."""

_Running = tuple[asyncio.AbstractEventLoop, "asyncio.Task[Any]"]


async def to_a_safe_end(work: Coroutine[Any, Any, Result], callbacks: Callbacks) -> Result:
    """The result of the work; cancelled, the rows in progress finish first, and cancelled again, it stops at once.

    1. Before anything is sent, cancelling breaks the work off: nothing has changed.
    2. While rows are sent, their answers are waited for and the report is written, as after a Ctrl-C.
    3. Then the task is cancelled all the same: whoever cancels a task relies on that.
    """
    task, is_cancelled = asyncio.create_task(work), False
    while not task.done():
        try:
            # Shielded: the work must not hear of it before it was asked to stop.
            await asyncio.shield(asyncio.gather(task, return_exceptions=True))
        except asyncio.CancelledError:
            is_cancelled = True
            if not callbacks.ask_to_stop():
                task.cancel()
    error = None if task.cancelled() else task.exception()
    if is_cancelled:
        raise asyncio.CancelledError from error
    if callbacks.failure is not None:
        raise callbacks.failure from error
    return task.result()


def blocking(function: Callable[Parameters, Coroutine[Any, Any, Result]]) -> Callable[Parameters, Result]:
    """The same function for code that is not async, also where a loop is running, as in a notebook."""

    @wraps(function)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        work = function(*args, **kwargs)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(work)
        return _in_a_thread(work)

    call.__name__ = call.__qualname__ = function.__name__.removesuffix("_async")
    return call


def _in_a_thread(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of the work, done in a loop of its own: the one of this thread waits for it, and cannot run it.

    A Ctrl-C cancels it as in ``asyncio.run``. It may come as an exception, as in a notebook, or as the cancelling of
    the task that waits here, which is never told because its loop stands still.
    """
    waiting, begun = asyncio.current_task(), Future[_Running]()

    async def begin() -> Result:
        task = asyncio.current_task()
        assert task is not None
        begun.set_result((asyncio.get_running_loop(), task))
        return await work

    def requests() -> int:
        return waiting.cancelling() if waiting is not None else 0

    requested, is_interrupted = requests(), False
    with ThreadPoolExecutor(1, "importer") as threads:
        outcome = threads.submit(copy_context().run, asyncio.run, begin())
        while not outcome.done():
            try:
                wait([outcome], _LOOK_EVERY)
                if requests() > requested:
                    requested = requests()
                    _cancel(*begun.result())
            except KeyboardInterrupt:
                is_interrupted = True
                _cancel(*begun.result())
    if is_interrupted:
        raise KeyboardInterrupt
    return outcome.result()


def _cancel(loop: asyncio.AbstractEventLoop, task: "asyncio.Task[Any]") -> None:
    # It may have ended in this moment.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(task.cancel)
