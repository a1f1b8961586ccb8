"""What Ctrl-C and SIGTERM do while a command sends: the first asks it to stop, the second stops it at once.

The event that is set here is the ``user`` of the stop signal in delivery, on which every wait of a run ends. What is
left of an interrupted command, ``run_cli`` turns into its exit code.
"""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

PATIENT = ContextVar("PATIENT", default=False)
"""Whether being asked again changes nothing: by a worker, and by the one who stops that, a process is asked twice."""


@contextmanager
def interrupts(say: Callable[[str], None], sentence: str) -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, for a command without a loop; the second time they act as usual."""
    stop = threading.Event()

    def ask(number: int, _: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        say(sentence)
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interruptible(say: Callable[[str], None], sentence: str) -> Iterator[asyncio.Event]:
    """An event that is set when the user asks to stop, which ``say`` confirms with this sentence.

    Asked once more, the task that began this is cancelled. On Windows a loop has no handlers for signals: there a
    Ctrl-C stops at once, which is as safe.
    """
    stop, task, loop = asyncio.Event(), asyncio.current_task(), asyncio.get_running_loop()
    is_patient = PATIENT.get()

    def ask() -> None:
        if stop.is_set() and task is not None:
            if not is_patient:
                task.cancel()
        else:
            say(sentence)
            stop.set()

    handled = [signal.SIGINT, signal.SIGTERM] if sys.platform != "win32" else []
    for number in handled:
        loop.add_signal_handler(number, ask)
    try:
        yield stop
    finally:
        for number in handled:
            loop.remove_signal_handler(number)
