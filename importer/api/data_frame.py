"""A DataFrame on its way in: written to a private file first, so that every rule about files holds for it as well.

What is sent is what a person reads in the file: no cell is guessed at, and one that has no single form is refused.
"""

import csv
import datetime as dt
import decimal
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from importer.errors import UsageError
from importer.spreadsheet import ReadOptions

NAME = "dataframe.csv"
"""What reports and messages call it."""

_EXACT = 2**53
"""Up to here, each whole number has a float of its own."""


@contextmanager
def frame_file(frame: pd.DataFrame, read: ReadOptions) -> Iterator[tuple[Path, ReadOptions]]:
    """The path of a file that holds a frame for as long as this lasts, its first row as row 2, and how to read it.

    An index with a name is a column, as after ``set_index``; one without a name only numbers the rows.

    Raises:
        UsageError: A cell or a header has no single form as text, or options are for files only.
    """
    if read.sheet or read.encoding or read.separator or read.header_row:
        raise UsageError(
            "--sheet, --encoding, --delimiter and --header-row are for files, and this is a DataFrame.",
            "Leave them out.",
        )
    with tempfile.TemporaryDirectory(prefix="importer-") as folder:
        path = Path(folder) / NAME
        _write(frame, path)
        yield path, replace(read, separator=",", header_row=1)


def _write(frame: pd.DataFrame, path: Path) -> None:
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    if frame.columns.nlevels > 1:
        raise UsageError("The DataFrame has several rows of headers.", "Give each column one name.")
    labels = [str(label) for label in frame.columns]
    columns = [_texts(label, frame.iloc[:, place]) for place, label in enumerate(labels)]
    try:
        # With a mark that it is UTF-8: nothing has to be guessed.
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out, quoting=csv.QUOTE_ALL)
            writer.writerow(labels)
            writer.writerows(zip(*columns, strict=True))
    except UnicodeEncodeError as error:
        raise UsageError(
            "The DataFrame holds text that is not valid Unicode.", "Correct it, then try again."
        ) from error


def _texts(label: str, column: "pd.Series[Any]") -> Iterable[str]:
    missing = column.isna()
    for row, (value, is_missing) in enumerate(zip(column.tolist(), missing.tolist(), strict=True), start=2):
        text = "" if is_missing else _text(value)
        if text is None:
            raise UsageError(
                f'Row {row}: the column "{label}" holds a {type(value).__name__} that has no single form as text.',
                "Convert the column to text, numbers or dates first.",
            )
        yield text


def _text(value: object) -> str | None:
    """A value as a cell of a text file; None if there is more than one way to write it."""
    match value:
        case str():
            return value
        case bool() | int() | np.integer() | np.bool_() | uuid.UUID():
            return str(value)
        case float() | np.floating():
            return _number(float(value))
        case decimal.Decimal() if value.is_finite():
            return f"{value:f}"
        case dt.date():
            return value.isoformat()
        case _:
            return None


def _number(value: float) -> str | None:
    # Pandas makes floats of whole numbers if one of the column is missing; they stand for the numbers they were.
    if not value.is_integer():
        return repr(value) if np.isfinite(value) else None
    return str(int(value)) if abs(value) < _EXACT else None
