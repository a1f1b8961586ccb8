"""The corrections of an upload in a log beside it, so that a save costs what it changes, however much there is.

1. A save appends one line to the log: what is different from before.
2. Then the document of the upload is replaced. It says how much of which log counts (``LogMark``): what lies beyond
   belongs to a save that broke off, and the next one writes over it.
3. A log that holds much more than the corrections themselves is begun anew, under another name.

Rule: bytes that a mark has named never change, so a reader needs no lock.
"""

import contextlib
import os
import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypedDict

from importer.config.store import Document, UnreadableError, new_private
from importer.spreadsheet import ReadOptions

_SHORT = 1 << 20
"""Bytes up to which no log is begun anew."""

_TIMES_ITS_START = 3


@dataclass(frozen=True, slots=True)
class LogMark:
    """How much of which log counts; ``start`` are the bytes of its first line."""

    name: str
    size: int
    start: int


@dataclass(frozen=True, slots=True)
class Corrections:
    """What people have said of single cells and rows of an upload; as in ``ReadOptions``."""

    cells: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, int] = field(default_factory=dict)
    left_out: tuple[int, ...] = ()

    @classmethod
    def of(cls, read: ReadOptions) -> "Corrections":
        """Those among all ways of reading a file."""
        return cls(read.cells, read.answers, read.left_out)

    def put_into(self, read: ReadOptions) -> ReadOptions:
        """A file read with these corrections, and else as before."""
        return replace(read, cells=self.cells, answers=self.answers, left_out=self.left_out)


class _Change(TypedDict, total=False):
    """What differs from the lines before; None takes a correction back."""

    cells: dict[str, str | None]
    answers: dict[str, int | None]
    out: list[int]
    back: list[int]


_CHANGE = Document("The corrections of an upload", _Change)


def change_line(before: Corrections, after: Corrections) -> bytes | None:
    """What is different from before, as a line for whoever has what was before; None if nothing is."""
    change = _difference(before, after)
    return _line(change) if any(change.values()) else None


def with_changes(before: Corrections, lines: Iterable[bytes]) -> Corrections:
    """The corrections after these lines.

    Raises:
        UnreadableError: One is damaged, or of a later format.
    """
    reader = _Reader(before)
    for line in lines:
        reader.take(line)
    return reader.corrections


def is_long(mark: LogMark | None) -> bool:
    """Whether a log is better begun anew, because it holds much more than the corrections, or there is none."""
    return mark is None or mark.size > max(_SHORT, _TIMES_ITS_START * mark.start)


def _line(change: _Change) -> bytes:
    return f"{_CHANGE.encode(change)}\n".encode("utf-8", "surrogatepass")


def _difference(before: Corrections, after: Corrections) -> _Change:
    earlier, now = set(before.left_out), set(after.left_out)
    return _Change(
        cells=_changed(before.cells, after.cells),
        answers=_changed(before.answers, after.answers),
        out=sorted(now - earlier),
        back=sorted(earlier - now),
    )


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    if before is after:
        return {}
    gone = dict.fromkeys(key for key in before if key not in after)
    return gone | {key: value for key, value in after.items() if before.get(key) != value}


class _Reader:
    """Corrections as the lines of a log make them, one after another."""

    def __init__(self, begin: Corrections) -> None:
        self._cells, self._answers, self._out = dict(begin.cells), dict(begin.answers), set(begin.left_out)

    def take(self, line: bytes) -> None:
        """One more line.

        Raises:
            UnreadableError: It is damaged, or of a later format.
        """
        try:
            change = _CHANGE.decode(line.decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError as error:
            raise UnreadableError(f"{_CHANGE.name} is damaged.") from error
        _apply(self._cells, change.get("cells", {}))
        _apply(self._answers, change.get("answers", {}))
        self._out |= set(change.get("out", ()))
        self._out -= set(change.get("back", ()))

    @property
    def corrections(self) -> Corrections:
        """What holds after the lines until now."""
        return Corrections(self._cells, self._answers, tuple(sorted(self._out)))


def _apply(values: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if value is None:
            values.pop(key, None)
        else:
            values[key] = value


class CorrectionLogs:
    """The logs of uploads; those that were used last are not read again, but for what is new in them."""

    def __init__(self, most: int) -> None:
        """Remember so many of them."""
        self._most = most
        self._read: dict[Path, tuple[int, Corrections]] = {}
        self._lock = threading.Lock()

    def read(self, folder: Path, mark: LogMark) -> Corrections:
        """The corrections as far as a mark; whoever gets them changes none in place.

        Raises:
            FileNotFoundError: The log has been begun anew since the mark was read.
            UnreadableError: It is damaged, or of a later format.
        """
        path = folder / mark.name
        with self._lock:
            size, corrections = self._read.get(path, (0, Corrections()))
        if size == mark.size:
            return corrections
        if size > mark.size:
            size, corrections = 0, Corrections()
        reader = _Reader(corrections)
        with path.open("rb") as file:
            file.seek(size)
            new = file.read(mark.size - size)
        if len(new) < mark.size - size or not new.endswith(b"\n"):
            raise UnreadableError(f"{_CHANGE.name} is damaged.")
        for line in new.splitlines():
            reader.take(line)
        self._remember(path, mark.size, reader.corrections)
        return reader.corrections

    def write(self, folder: Path, mark: LogMark | None, before: Corrections, after: Corrections) -> LogMark | None:
        """Write what differs from ``before``, which is what the log holds as far as its mark; the mark that now counts.

        To be called by one at a time. None as long as there is no correction.
        """
        change = _difference(before if mark else Corrections(), after)
        if not any(change.values()):
            return mark
        if mark is None or is_long(mark):
            new = LogMark(f"corrections-{secrets.token_hex(8)}.jsonl", 0, 0)
            new_private(folder / new.name).close()
            return self._append(folder, new, _difference(Corrections(), after), after)
        return self._append(folder, mark, change, after)

    def _append(self, folder: Path, mark: LogMark, change: _Change, after: Corrections) -> LogMark:
        line = _line(change)
        with (folder / mark.name).open("r+b") as file:
            file.truncate(mark.size)
            file.seek(mark.size)
            file.write(line)
            file.flush()
            # Before the document that names these bytes: a power cut must not leave it without them.
            os.fsync(file.fileno())
        new = replace(mark, size=mark.size + len(line), start=mark.start or len(line))
        self._remember(folder / new.name, new.size, after)
        return new

    def _remember(self, path: Path, size: int, corrections: Corrections) -> None:
        with self._lock:
            self._read.pop(path, None)
            self._read[path] = (size, corrections)
            while len(self._read) > self._most:
                del self._read[next(iter(self._read))]


def forget_others(folder: Path, mark: LogMark) -> None:
    """Delete the logs in the folder of an upload but this one."""
    for path in folder.glob("corrections-*.jsonl"):
        if path.name != mark.name:
            # Where a page reads it at this moment, some systems do not let it be deleted; then the next time does.
            with contextlib.suppress(PermissionError):
                path.unlink(missing_ok=True)
