"""CSV and its kin: encoding, separator and strict RFC 4180 quoting, read in chunks.

Strict, because a lenient reader swallows every row after an unclosed quote without a word (measured with csv.reader
and with pandas, 2026-11-23).
"""

import codecs
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TextIO

import pandas as pd

from importer.errors import FileError
from importer.spreadsheet.formulas import restore
from importer.spreadsheet.sheet import CHUNK_ROWS, Sheet, frame

SEPARATORS = (",", ";", "\t", "|")
LARGEST_CELL = 1_000_000
_SAMPLE = 1 << 16


def open_delimited(path: Path, *, encoding: str | None = None, separator: str | None = None) -> Sheet:
    """The sheet of a CSV, TSV or TXT file.

    Raises:
        FileError: Empty, not text, or a quote is not closed.
    """
    used = encoding or _encoding(path)
    with _text(path, used) as file:
        sample = file.read(_SAMPLE)
    if not sample.strip():
        raise FileError(f"{path.name} is empty.", "Choose a file with a header line and at least one row.")
    if "\0" in sample:
        raise FileError(
            f"{path.name} is not a text file.", "Save it as .csv (UTF-8) or .xlsx from your spreadsheet program."
        )
    first, _, _ = sample.partition("\n")
    declared = first.strip().removeprefix("sep=") if first.startswith("sep=") else None
    source = _Source(path, used, separator or declared or _separator(sample), skip=1 if declared else 0)
    header_row, labels = source.header()
    return Sheet(None, header_row, labels, source.chunks)


class _Source:
    def __init__(self, path: Path, encoding: str, separator: str, skip: int) -> None:
        self._path, self._encoding, self._separator, self._skip = path, encoding, separator, skip
        self._header_row = 0
        self._labels: tuple[str, ...] = ()

    def header(self) -> tuple[int, tuple[str, ...]]:
        for number, row in self._rows():
            if any(cell.strip() for cell in row):
                self._header_row, self._labels = number, tuple(label.strip() for label in row)
                return self._header_row, self._labels
        raise FileError(f"{self._path.name} has no header line.", "Write the names of the columns in its first row.")

    def chunks(self) -> Iterator[pd.DataFrame]:
        rows = (item for item in self._rows() if item[0] > self._header_row)
        ours = any(label.lower() == "import_row" for label in self._labels)
        while batch := list(islice(rows, CHUNK_ROWS)):
            cells = [[restore(cell) for cell in row] if ours else row for _, row in batch]
            yield frame(cells, [number for number, _ in batch], len(self._labels))

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        csv.field_size_limit(LARGEST_CELL)
        with _text(self._path, self._encoding) as file:
            reader = csv.reader(file, delimiter=self._separator, strict=True)
            number, line = 0, 1
            try:
                for number, row in enumerate(reader, start=1):
                    if number > self._skip:
                        yield number, row
                    line = reader.line_num + 1
            except csv.Error as error:
                raise _broken(self._path, number + 1, line, error) from error


def _broken(path: Path, row: int, line: int, error: csv.Error) -> FileError:
    if "field larger" in str(error):
        return FileError(
            f"{path.name}: a cell in row {row} holds more than {LARGEST_CELL:,} characters.", "Shorten the cell."
        )
    return FileError(
        f"{path.name}: a quote in row {row} (line {line}) is not closed, or a character follows the closing quote.",
        'Close it, write a quote inside a text as "", or save the file as .xlsx.',
    )


@contextmanager
def _text(path: Path, encoding: str) -> Iterator[TextIO]:
    try:
        with path.open(encoding=encoding, newline="") as file:
            yield file
    except UnicodeError as error:
        raise FileError(
            f"{path.name} is not written in {encoding}.", "Save it as CSV UTF-8, or name its encoding with --encoding."
        ) from error
    except LookupError as error:
        raise FileError(f'There is no encoding "{encoding}".', "Try --encoding utf-8 or cp1252.") from error


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(_SAMPLE)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while start:
                decoder.decode(start)
                start = file.read(1 << 20)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise FileError(
                f"{path.name} is not UTF-8.",
                "Save it as CSV UTF-8, or name its encoding, for example --encoding cp1252.",
            ) from error
    return "utf-8-sig"


def _separator(sample: str) -> str:
    """The separator that cuts the first lines into the most columns of one width."""
    lines = [line for line in sample.splitlines()[:20] if line.strip()]

    def score(separator: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
        except csv.Error:
            return 0, 0
        return (sum(width == widths[0] for width in widths) if widths[0] > 1 else 0, widths[0])

    return max(SEPARATORS, key=score)
