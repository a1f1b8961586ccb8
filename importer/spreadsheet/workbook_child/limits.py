"""What this process and a file may take, and how a file is refused.

Source of the limits: OWASP ASVS 5.0, 5.2.1 and 5.2.3, and measurements with calamine 0.9.1 (2026-11-23).
"""

import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

MEMORY_OF_ANY, MEMORY_PER_BYTE, MOST_MEMORY = 1 << 30, 8, 3 << 30
"""A full sheet of 1,048,576 rows and 6 columns takes 0.65 GB (measured); the smallest hostile one asks for 512."""

SECONDS_OF_ANY, SECONDS_PER_MEGABYTE = 20, 3
"""Seconds of the processor, so that a machine with much else to do refuses nothing: a small workbook takes less than
one, the slowest kind half a second for each megabyte (measured)."""

WAITING_FACTOR = 10
"""How much longer than these seconds anybody waits, for a process that does nothing would wait for ever."""

MOST_ENTRIES = 2_000
MOST_UNPACKED = 500 << 20
USUAL_RATIO, MOST_RATIO = 50, 200
"""Sheets shrink to a tenth, very regular ones to a fiftieth; a bomb shrinks to a thousandth."""

RATIO_FROM = 1 << 20
MOST_ROWS = 1_048_576
MOST_COLUMNS = 500
MOST_CELLS = 25_000_000
MOST_CLAIMED = 1_000_000
"""Cells that a few bytes can stand for: merged ones, those of one formula for many, repeated ones."""

LONGEST_CELL = 32_767
"""What Excel itself allows in a cell."""

PIECE_ROWS = 50_000
PIECE_CELLS = 1_000_000
PIECE_CHARACTERS = 16 << 20
FIRST_PIECE_ROWS = 100
"""Enough to find the header in without reading everything twice."""

DAMAGED = ("cannot be read as a workbook", "Open it in your spreadsheet program and save it as .xlsx.")
TWO_OF_ONE_NAME = ("has two parts with one name", DAMAGED[1])
TOO_LARGE = (
    "needs more memory than is available",
    "Copy the filled cells into a new workbook, or save it as .csv (UTF-8).",
)
TOO_SLOW = (
    "takes far longer to read than a workbook of its size should",
    "Copy the filled cells into a new workbook, or save it as .csv (UTF-8).",
)
TOO_MUCH_CLAIMED = (
    f"has more than {MOST_CLAIMED:,} merged or repeated cells",
    "Copy the filled cells into a new workbook, or save it as .csv (UTF-8).",
)
PROTECTED = ("is protected with a password", "Open it, remove the password (Save As), and try again.")

UNUSUAL = "it is stored in an unusual way"
"""Why a workbook is not annotated: a reason that says no more would help nobody."""


class Refusal(Exception):  # noqa: N818
    """A sentence about the file, and what to do: the only two things that leave this process in the end."""


def seconds_for(size: int) -> int:
    """Seconds of the processor for so many bytes, unpacked."""
    return SECONDS_OF_ANY + (SECONDS_PER_MEGABYTE * size >> 20)


def limit_this_process(size: int) -> None:
    """Bound the memory, the time and the output of this process by the size of its file; let it leave no core file.

    Called once more with what an archive unpacks to, it allows more.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  there is none on Windows

    memory = min(MEMORY_OF_ANY + MEMORY_PER_BYTE * size, MOST_MEMORY)
    # No core file: it would leave the user's data on the disk. Never above the hard limit, which only root can raise.
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds_for(size)),
        (resource.RLIMIT_FSIZE, memory),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)  # noqa: PLW2901
        resource.setrlimit(what, (most, hard))


def open_archive(path: Path) -> zipfile.ZipFile:
    """The archive of a workbook, if it is no bomb; this process may then use what so much takes.

    Raises:
        Refusal: It says of itself that it unpacks to too much, or has two parts with one name.
    """
    archive, size = zipfile.ZipFile(path), path.stat().st_size
    refuse_bomb(archive.infolist(), size)
    # Of two parts with one name, some programs read the first and others the last.
    if len(set(archive.namelist())) < len(archive.namelist()):
        raise Refusal(*TWO_OF_ONE_NAME)
    # Small parts may shrink to a thousandth, where there are no more than a few of them.
    limit_this_process(min(sum(entry.file_size for entry in archive.infolist()), USUAL_RATIO * size))
    return archive


def refuse_bomb(entries: Sequence[zipfile.ZipInfo], size: int) -> None:
    """Raise Refusal if an archive of this size says of itself that it unpacks to too much."""
    # The sizes may be lies: a part that unpacks to more meets the limit of memory instead.
    advice = "Open it in your spreadsheet program, and save only the sheet you need as .csv (UTF-8)."
    # The same bytes under many names, which no program writes.
    if sum(entry.compress_size for entry in entries) > size:
        raise Refusal(*DAMAGED)
    if len(entries) > MOST_ENTRIES:
        raise Refusal(f"contains {len(entries):,} parts; at most {MOST_ENTRIES:,} can be read", advice)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_UNPACKED:
        raise Refusal(f"unpacks to {unpacked >> 20:,} MB; at most {MOST_UNPACKED >> 20} MB can be read", advice)
    for entry in entries:
        if entry.file_size > max(RATIO_FROM, MOST_RATIO * entry.compress_size):
            raise Refusal(f"is compressed more than {MOST_RATIO}-fold, which no real spreadsheet is", advice)
