"""Work on many values in processes of its own, as many at once as are asked for; knows nothing of the work.

1. Each process works on one value at a time, so a process that dies takes no other value with it, and it is known
   which one that was. ``concurrent.futures`` gives up all values that are not done (BrokenProcessPool in its manual).
2. Results come in the order of the values, whichever is done first.
3. No process outlives its pool, nor the process that began it, however that ends.
"""

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Self, TypeVar, cast

from importer.errors import ErrorCode, Exit, ImporterError

Value = TypeVar("Value")
Result = TypeVar("Result")

Watch = Callable[[int, int], None]
"""Hears how many values are done, and of how many."""

_PATIENCE = 5.0
"""Seconds that a process has to end by itself before it is killed."""


class KilledError(ImporterError):
    """A process died at its work: somebody killed it, or the system did for lack of memory."""

    code = ErrorCode.MACHINE


class _Process:
    """A process that waits for values; ``place`` is that of the one it works on."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self._process: BaseProcess = context.Process(target=_serve, args=(other,), daemon=True)
        self.place: int | None = None
        # This end of ours is closed at once: else nobody would notice the end of the process.
        with other, _interrupts_later():
            self._process.start()

    def give(self, place: int, work: Callable[..., object], value: object) -> None:
        """Let it work on this."""
        self.place = place
        # If it has died meanwhile, that is noticed where its result is taken.
        with suppress(OSError):
            self.connection.send((work, value))

    def take(self) -> object:
        """What came of the value. What the work raised is raised here."""
        self.place = None
        try:
            result, error = self.connection.recv()
        except (EOFError, OSError):
            # Nothing more can be sent through it, so the next value goes to another process.
            self.end()
            return _killed()
        if error is not None:
            raise error
        return result

    @property
    def is_alive(self) -> bool:
        """Whether it can be given a value."""
        return not self.connection.closed and self._process.is_alive()

    def end(self) -> None:
        """It ends, whatever it is at."""
        self.connection.close()
        self._process.terminate()
        self._process.join(_PATIENCE)
        self._process.kill()
        self._process.join()


class ProcessPool:
    """Processes that are started when they are first needed, and end with the block."""

    def __init__(self, size: int) -> None:
        """At most this many at once."""
        self._size = size
        self._processes: list[_Process] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.end()

    def map(
        self, work: Callable[[Value], Result], values: Sequence[Value], watch: Watch
    ) -> Iterator[Result | KilledError]:
        """What came of each value, in their order; of one whose process died, that it did.

        ``watch`` hears how many are done. Work and values are handed over as copies. What the work raises is raised
        in the place of its result.
        """
        waiting, done = deque(enumerate(values)), dict[int, Result | KilledError]()
        for place in range(len(values)):
            while place not in done:
                self._give(work, waiting)
                for process in self._ready():
                    at = cast("int", process.place)
                    done[at] = cast("Result | KilledError", process.take())
                watch(place + len(done), len(values))
            yield done.pop(place)

    def _give(self, work: Callable[[Value], Result], waiting: deque[tuple[int, Value]]) -> None:
        """A value to each process that has none."""
        self._processes = [each for each in self._processes if each.place is not None or each.is_alive]
        idle = [process for process in self._processes if process.place is None]
        while waiting and (idle or len(self._processes) < self._size):
            if not idle:
                idle.append(_Process())
                self._processes.append(idle[-1])
            idle.pop().give(waiting[0][0], work, waiting.popleft()[1])

    def _ready(self) -> list[_Process]:
        """The processes that have a result or have died, once there is any."""
        busy = [process for process in self._processes if process.place is not None]
        ready = wait([process.connection for process in busy])
        return [process for process in busy if process.connection in ready]


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """A Ctrl-C waits until a process has been started, which is born without an ear for it.

    It is for the command, which ends its processes; they would print a traceback each.
    """
    if sys.platform == "win32":
        yield
        return
    # It is started with the first process, and would have Ctrl-C heard again before that is.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection) -> None:
    """Work on what comes, until nobody is there any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            connection.send(_result(*connection.recv()))


def _end_with_parent() -> None:
    """Whatever it is at: nobody takes its results any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(Exit.INTERRUPTED)


def _result(work: Callable[[object], object], value: object) -> tuple[object, Exception | None]:
    try:
        return work(value), None
    except MemoryError:
        return _killed(), None
    except Exception as error:  # noqa: BLE001  it is raised where it was asked for
        # A traceback stays in its process; whoever reads of a bug needs it.
        error.add_note(traceback.format_exc())
        return None, error


def _killed() -> KilledError:
    return KilledError(
        "The process that read it ended unexpectedly, perhaps for lack of memory.",
        "Try again with --workers 1, which needs the least memory.",
    )
