"""A copy of the user's own .xlsx or .xlsm workbook with an annotation, made in a separate process.

What is not annotated stays as it is, byte for byte. Which rows and cells are annotated is for the caller to say.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from importer.spreadsheet.workbook import longest_wait
from importer.spreadsheet.workbook_child.annotation import AddedColumn, RowAnnotation
from importer.spreadsheet.workbook_child.limits import UNUSUAL

__all__ = ["ANNOTATED", "AddedColumn", "RowAnnotation", "WorkbookAnnotation", "annotate_workbook"]

ANNOTATED = {".xlsx", ".xlsm"}
"""The kinds of workbook that can be annotated."""

_TOO_LARGE = "it is too large for that"
_ZIP = b"PK"


@dataclass(frozen=True)
class WorkbookAnnotation:
    """What is written into a sheet of a workbook.

    ``columns`` stand at its end, from ``free`` on if they are not there yet: the first position to the right of
    everything. ``lists`` are the values to choose from in all rows, by position. ``rows`` ascend.
    """

    sheet: str
    header_row: int
    columns: Sequence[AddedColumn]
    free: int
    lists: Mapping[int, Sequence[str]]
    rows: Iterable[RowAnnotation]


def annotate_workbook(path: Path, annotation: WorkbookAnnotation, copy: Path) -> str | None:
    """Write the copy into an empty file; or say why there is none, as the end of a sentence that begins "because"."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as lines:
        _write(annotation, lines)
        lines.seek(0)
        with copy.open("wb") as out:
            status = _run(path, lines, out)
    with copy.open("rb") as file:
        if file.read(len(_ZIP)) == _ZIP and status == 0:
            return None
        file.seek(0)
        answer = file.read() if status == 0 else b""
    # Killed by a signal, it met one of its limits.
    return _reason(answer) if answer else _TOO_LARGE if status is None or status < 0 else UNUSUAL


def _reason(answer: bytes) -> str:
    refused = json.loads(answer)["refused"]
    # A sentence with advice is about reading it, which went well a moment ago.
    return str(refused[0]) if len(refused) == 1 else UNUSUAL


def _write(annotation: WorkbookAnnotation, lines: IO[str]) -> None:
    head = {
        "sheet": annotation.sheet,
        "header_row": annotation.header_row,
        "columns": annotation.columns,
        "free": annotation.free,
        "lists": annotation.lists,
    }
    lines.write(f"{json.dumps(head)}\n")
    lines.writelines(f"{json.dumps(row)}\n" for row in annotation.rows)


def _run(path: Path, lines: IO[str], out: IO[bytes]) -> int | None:
    child = Path(__file__).with_name("workbook_child")
    # -I: nothing from the environment or the current folder, which may be the folder of the hostile file.
    command = [sys.executable, "-I", str(child), "annotate", str(path.absolute())]
    try:
        return subprocess.run(  # noqa: S603
            command, stdin=lines, stdout=out, stderr=subprocess.DEVNULL, timeout=longest_wait(path), check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return None
