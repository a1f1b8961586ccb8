"""The log that ``--log-file`` names: a line of JSON for each event, which several commands may append to at once.

1. A line is written in one piece, at the end of the file: others cannot get in between, and a kill leaves whole lines.
2. The file is opened for each line, so it may be moved away at any time, as logrotate does.
3. It is for its owner alone, unless it is there already with other rights.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from importer.cli.lines import json_text, log_time
from importer.errors import UsageError
from importer.harmless import harmless_line
from importer.model import Clock
from importer.runs.log import LogLine


class LogFile:
    """A log in a file; told a line, it appends it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Make the file if it is not there.

        Raises:
            UsageError: It cannot be written, or is another file.
        """
        self.path, self._clock = path.absolute(), clock
        try:
            self._is_torn = self._ends_within_a_line()
        except OSError as error:
            name = harmless_line(str(path))
            raise UsageError(f"{name} cannot be written ({error.strerror}).", "Name another --log-file.") from error

    def __call__(self, line: LogLine) -> None:
        """Append a line."""
        text = json_text(line.document(log_time(self._clock()))) + "\n"
        # A log that cannot be written any more is no reason to stop sending.
        with suppress(OSError):
            self._append(text.encode("utf-8", "backslashreplace"))

    def _append(self, text: bytes) -> None:
        # What a full disk or a power cut has left of a line must not spoil the next one as well.
        text = b"\n" + text if self._is_torn else text
        file = self._open()
        try:
            self._is_torn = os.write(file, text) < len(text)
        finally:
            os.close(file)

    def _ends_within_a_line(self) -> bool:
        """Whether the file ends within a line; a pipe or a device has no end.

        Raises:
            OSError: It cannot be opened.
            UsageError: It is there and holds something else: the journal, or the spreadsheet that is imported.
        """
        file = self._open()
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return False
            if os.read(file, 1) not in (b"", b"{", b"\n"):
                name = harmless_line(str(self.path))
                raise UsageError(f"{name} is there already, and is not a log.", "Name another --log-file.")
            # Another process may be writing at this moment; what stays as it is, nobody is writing.
            ends = [_end(file) for _ in range(2)]
        finally:
            os.close(file)
        return ends[0] == ends[1] and ends[0][1] not in (b"", b"\n")

    def _open(self) -> int:
        # Without that, Windows makes two characters of a line end.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        return os.open(self.path, flags, 0o600)


def _end(file: int) -> tuple[int, bytes]:
    """How long a file is, and its last byte."""
    size = os.lseek(file, 0, os.SEEK_END)
    os.lseek(file, max(size - 1, 0), os.SEEK_SET)
    return size, os.read(file, 1)
