"""Standard output that outlives its reader: `importer check FILE | head -1` ends with the exit code of the check.

And streams that are there, though whoever started the command has closed them.
"""

import io
import os
import sys
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from typing_extensions import Buffer


class _Outlet(io.RawIOBase):
    """Writes to a file descriptor until that fails, and drops everything afterwards.

    A reader that has gone has read enough, which is no error. A full device is one, and is raised once: Python writes
    what is left in its buffer again when it ends, and would then print a traceback and end with 120.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw, self._is_open = raw, True

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._raw.isatty()

    def fileno(self) -> int:
        return self._raw.fileno()

    def write(self, data: "Buffer", /) -> int | None:
        if self._is_open:
            try:
                return self._raw.write(data)
            except BrokenPipeError:
                self._is_open = False
            except OSError:
                self._is_open = False
                raise
        return memoryview(data).nbytes


def guard_streams() -> None:
    """Make the streams safe to use, whatever stands behind them and whatever is written."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # Else the next file to be opened has this number, and what is meant for the stream goes into it.
            os.open(os.devnull, os.O_RDWR)
    # Closed by whoever started the command (`>&-`), as some schedulers do; Python has None in their places.
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(os.devnull)), encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = _nowhere()
    if sys.stdout is None:
        sys.stdout = _nowhere()
    elif isinstance(sys.stdout, io.TextIOWrapper):
        # What the terminal's encoding lacks is escaped: a name in a cell must not end the command.
        sys.stdout.reconfigure(errors="backslashreplace")
        raw = getattr(sys.stdout.buffer, "raw", None)
        if isinstance(raw, io.RawIOBase) and not raw.isatty():
            outlet = io.BufferedWriter(_Outlet(raw))
            sys.stdout = io.TextIOWrapper(outlet, encoding=sys.stdout.encoding, errors="backslashreplace")


def _nowhere() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(io.FileIO(os.devnull, "w")), encoding="utf-8")


def binary_stdout() -> BinaryIO:
    """Standard output for bytes, after the text that has been written to it."""
    sys.stdout.flush()
    return sys.stdout.buffer
