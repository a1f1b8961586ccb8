"""Parquet, read in a separate process like a workbook; the row has the number of its place, from 1.

The package that reads it is an extra (pyarrow), which most people do not need.
"""

from importlib.util import find_spec
from pathlib import Path

from importer.errors import FileError
from importer.spreadsheet.correction_notes import NOTE, came_from_here, without_notes
from importer.spreadsheet.sheet import NO_HEADER, Sheet, as_problems
from importer.spreadsheet.workbook import ChildReading

_MAGIC = b"PAR1"


def open_parquet(path: Path) -> Sheet:
    """The sheet of a Parquet file.

    Raises:
        FileError: It is damaged, holds what no cell can hold, or the package that reads it is missing.
    """
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise FileError(f"{path.name} is not a Parquet file.", "Export it again, or as .csv (UTF-8).")
    if find_spec("pyarrow") is None:
        raise FileError(
            f"{path.name} is a Parquet file, and the package that reads those is not installed.",
            'Install it with: pip install "nexudus-importer[parquet]"',
        )
    read = ChildReading(path, None, "parquet")
    labels = tuple(label.strip() for label in read.summary["labels"])
    if not labels:
        raise FileError(f"{path.name} has no columns.", "Choose a file with columns and at least one row.")
    sheet = Sheet(
        None,
        NO_HEADER,
        labels,
        lambda: read.chunks(NO_HEADER, len(labels)),
        problems=as_problems(*read.summary["problems"]),
        names_apart=True,
    )
    return without_notes(sheet) if came_from_here(sheet) or read.holds(NOTE) else sheet
