"""XLSX, XLSM, XLSB, XLS and ODS, read in a separate process: no file can take this one down with it.

The child's answer goes to a file without a name, so that the rows can be read as often as they are asked for and
memory does not grow with them.
"""

import json
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import IO, Any

import pandas as pd

from importer.errors import FileError, SheetsError
from importer.issues import Notice
from importer.spreadsheet.correction_notes import NOTE, came_from_here, without_notes
from importer.spreadsheet.extras import Extras, find_extras, is_mostly, refuse_other_header
from importer.spreadsheet.formatted_cell import FormattedCell, shown_text
from importer.spreadsheet.sheet import Header, Rows, Sheet, address, as_problems, find_header, frame, labels_of_user
from importer.spreadsheet.workbook_child.limits import (
    DAMAGED,
    MOST_UNPACKED,
    TOO_LARGE,
    TOO_SLOW,
    USUAL_RATIO,
    WAITING_FACTOR,
    seconds_for,
)
from importer.text import printable

__all__ = ["LARGEST_WORKBOOK", "ChildReading", "cause_of_end", "longest_wait", "open_workbook"]

LARGEST_WORKBOOK = 100 << 20
"""A full sheet of mappings, 1,048,576 rows, takes 60 MB."""

_DASHES = (b'"---', b'"===', b'"+--', b'"|--')
_MERGED = "cell-merged"
_LOOKED_AT = 8
"""Rows at the end, and below the header, that may be no data."""

_OUT_OF_TIME = -getattr(signal, "SIGXCPU", 24)
"""How a process ends that has used up its seconds of the processor."""

_LONGEST_REFUSAL = 600
"""Characters of a sentence that quotes names out of the file; a hostile one is longer."""


def open_workbook(
    path: Path,
    find: Callable[[Rows], Header | None] = find_header,
    *,
    sheet: str | None = None,
    every_row: bool = False,
) -> Sheet:
    """One sheet of a workbook: the named one, or the only visible one; ``find`` says which row is its header.

    With ``every_row``, as an earlier version did, no row below the header is left out.

    Raises:
        FileError: Not a workbook, too large, hostile, password protected, no such sheet, or several to choose from.
    """
    size = path.stat().st_size
    if size > LARGEST_WORKBOOK:
        raise FileError(
            f"{path.name} is {size >> 20:,} MB. A workbook can be at most {LARGEST_WORKBOOK >> 20} MB.",
            "Save the sheet as .csv (UTF-8), which can be any size.",
        )
    read = ChildReading(path, sheet)
    name = read.summary["name"]
    header = find(read.rows())
    if header is None:
        raise FileError(
            f'{path.name}: sheet "{name}" is empty.', "Choose a file with a header and at least one row below it."
        )
    notices = [Notice(code, values) for code, values in read.summary["notices"]]
    code, row, position = read.summary["problems"]
    _refuse_covered(header, zip(code, row, position, strict=True))
    extras = Extras({}) if every_row else read.extras(header)
    result = Sheet(
        name,
        header.row,
        header.labels,
        extras.without(lambda: read.chunks(header.row, len(header.labels))),
        (*notices, *header.notices, *extras.notices),
        as_problems(code, row, position),
        header.by_labels,
        date.fromisoformat(read.summary["day_zero"]) if read.summary["day_zero"] else None,
    )
    return without_notes(result) if came_from_here(result) or read.holds(NOTE) else result


def _refuse_covered(header: Header, problems: Iterable[tuple[str, int, int]]) -> None:
    """Raise FileError if a header lies under merged cells: a column would be read by a name that nobody sees."""
    for code, row, position in problems:
        if code == _MERGED and row == header.row and any(header.labels[position : position + 1]):
            raise FileError(
                f"Merged cells cover {address(row, position)}, "
                f'which holds the header "{printable(header.labels[position])}".',
                "Unmerge the cells of the header, and make sure that each column has the right one.",
            )


class ChildReading:
    """The output of the child about a file."""

    def __init__(self, path: Path, sheet: str | None, *options: str) -> None:
        """Have the child read it; ``options`` stand before its name.

        Raises:
            FileError: It cannot be read.
        """
        self._name = path.name
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the sheet that is read from it
        weakref.finalize(self, self._file.close)
        refusal = self._run(path, sheet, *options)
        # Once more without blanks, for one of them in the farthest corner takes all of the memory.
        if refusal == TOO_LARGE and not options:
            self._file.truncate(0)
            refusal = self._run(path, sheet, "--without-blanks")
        if refusal:
            message, advice = refusal
            sentences = printable(f"{path.name} {message}.", _LONGEST_REFUSAL), printable(advice, _LONGEST_REFUSAL)
            if sheets := self.summary.get("sheets"):
                raise SheetsError(*sentences, sheets)
            raise FileError(*sentences)

    def _run(self, path: Path, sheet: str | None, *options: str) -> tuple[str, str] | None:
        """Have the child read a workbook; what it says of one that it cannot read."""
        self._file.seek(0)
        status = _run(path, sheet, self._file, *options)
        self._starts = _line_starts(self._file)
        self.summary: dict[str, Any] = self._line(self._starts[-1]) if self._starts else {}
        # Without the last line there is no sheet, even if there are rows: those of a child that died may be half of
        # them.
        if "name" in self.summary:
            return None
        message, advice = self.summary.get("refused", cause_of_end(status))
        return message, advice

    def rows(self) -> Iterator[tuple[int, Sequence[str]]]:
        """The rows with their numbers, from the first one, as they are shown."""
        for piece in self._pieces():
            columns = [[shown_text(cell) for cell in column] for column in piece["columns"]]
            yield from enumerate(zip(*columns, strict=True), start=piece["first"])

    def _below(self, header: Header) -> Iterator[tuple[int, Sequence[str]]]:
        """The rows below the header; stretches of many empty ones are left out."""
        return (row for row in self.rows() if row[0] > header.row)

    def chunks(self, header_row: int, width: int) -> Iterator[pd.DataFrame]:
        """The rows below the header, as frames."""
        for piece in self._pieces():
            above = max(header_row + 1 - piece["first"], 0)
            columns = [column[above:] for column in piece["columns"]] if above else piece["columns"]
            if len(chunk := frame(columns, piece["first"] + above, width)):
                yield chunk

    def holds(self, text: str) -> bool:
        """Whether a text occurs, one that JSON writes as it is: by the bytes of the pieces, which need no parsing."""
        self._file.seek(0)
        return any(text.encode() in line for line in self._file)

    def extras(self, header: Header) -> Extras:
        """The rows below the header that are no data.

        Reading all pieces once more takes a while, so it is done only if most labels occur twice, a cell begins with
        dashes, or what a program says at the end stands in the last.

        Raises:
            FileError: Rows follow that belong to another header.
        """
        starts = self._starts[:-1]
        labels = {json.dumps(label).encode().lower() for label in labels_of_user(header.labels) if label}
        last = self._line(starts[-1])
        rows = list(zip(*last["columns"], strict=True))[-_LOOKED_AT:]
        near = [*islice(self._below(header), _LOOKED_AT), *enumerate(rows, start=header.row + 1)]
        if find_extras(near, header.labels).rows or self._may_hold_extras(starts, labels):
            refuse_other_header(self._name, self._below(header), header.labels)
            return find_extras(self._below(header), header.labels)
        return Extras({})

    def _may_hold_extras(self, starts: Sequence[int], labels: Collection[bytes]) -> bool:
        """Whether labels may occur once more, or dashes: by the bytes of the pieces, which need no parsing."""
        counts = dict.fromkeys(labels, 0)
        for start in starts:
            self._file.seek(start)
            line = self._file.readline().lower()
            if any(mark in line for mark in _DASHES):
                return True
            counts = {label: count + line.count(label) for label, count in counts.items()}
        return is_mostly(sum(count > 1 for count in counts.values()), len(counts))

    def _pieces(self) -> Iterator[dict[str, Any]]:
        for start in self._starts[:-1]:
            piece = self._line(start)
            for position, first, last, shape in piece["formats"]:
                column, begin, end = piece["columns"][position], first - piece["first"], last - piece["first"] + 1
                column[begin:end] = [FormattedCell(text, shape) for text in column[begin:end]]
            yield piece

    def _line(self, start: int) -> dict[str, Any]:
        self._file.seek(start)
        line: dict[str, Any] = json.loads(self._file.readline())
        return line


def _run(path: Path, sheet: str | None, out: IO[bytes], *options: str) -> int:
    child = Path(__file__).with_name("workbook_child")
    # -I: nothing from the environment or the current folder, which may be the folder of the hostile file.
    command = [sys.executable, "-I", str(child), *options, str(path.absolute()), *([] if sheet is None else [sheet])]
    try:
        return subprocess.run(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.DEVNULL,
            timeout=longest_wait(path),
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        return _OUT_OF_TIME


def longest_wait(path: Path) -> int:
    """Seconds after which a child has ended, or hangs: it ends itself by seconds of the processor where it can."""
    seconds = seconds_for(min(USUAL_RATIO * path.stat().st_size, MOST_UNPACKED))
    return seconds if sys.platform == "win32" else WAITING_FACTOR * seconds


def cause_of_end(status: int) -> tuple[str, str]:
    """What is said of a workbook whose child ended by itself or by a signal, which one of its limits sends it."""
    return TOO_SLOW if status == _OUT_OF_TIME else TOO_LARGE if status < 0 else DAMAGED


def _line_starts(file: IO[bytes]) -> list[int]:
    """Where each whole line begins; what a child that died has left unfinished is no line."""
    file.seek(0)
    starts, start = [], 0
    for line in file:
        if line.endswith(b"\n"):
            starts.append(start)
        start += len(line)
    return starts
