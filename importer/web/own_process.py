"""Long work of the page in a process of its own: in a thread, everybody's next click would wait for its turn with it.

Python does one thing at a time in a process, and the check of a hundred thousand rows leaves little to the rest.
"""

import multiprocessing
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from importer.errors import ImporterError


class EndedError(ImporterError):
    """A process of the page ended in the middle of its work: it was killed, perhaps for lack of memory."""


class RunningClock:
    """A clock that another process goes on with: from a time, in epoch seconds, at the pace of that process.

    The clock of the page may be any function, and most cannot be handed on.
    """

    def __init__(self, now: float) -> None:
        """It runs from its first use."""
        self._now = now
        self._begun: float | None = None

    def __call__(self) -> float:
        """The time now."""
        self._begun = time.monotonic() if self._begun is None else self._begun
        return self._now + time.monotonic() - self._begun


def in_own_process(work: Callable[..., None], *values: object) -> None:
    """Do this with these values, which are handed over as copies, and wait for its end.

    Raises:
        EndedError: The process was killed.
        Exception: Whatever the work raises.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(sender, work, values), daemon=True)
    with receiver:
        process.start()
        # This end is the other one's: else its end would not be noticed.
        sender.close()
        try:
            error = receiver.recv()
        except EOFError:
            raise EndedError(
                "The work on this file ended unexpectedly, perhaps for lack of memory.",
                "Try again. Nothing that you have saved is lost.",
            ) from None
        finally:
            process.join()
    if error is not None:
        raise error


def _work(sender: Connection, work: Callable[..., None], values: tuple[object, ...]) -> None:
    # A Ctrl-C is for the page, which ends this process with itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    error = None
    try:
        work(*values)
    except Exception as what:  # noqa: BLE001  it is raised where it was asked for
        error = what
    sender.send(error)
