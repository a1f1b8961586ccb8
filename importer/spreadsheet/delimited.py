"""CSV and similar files: separator and strict RFC 4180 quoting, read in chunks.

Strict, because a lenient reader swallows every row after an unclosed quote without a word (measured with csv.reader
and with pandas, 2026-11-23). A block without quotes in which every line has the same number of cells is cut by
str.split: 1,000,000 rows as frames in 0.5 s, where pandas' parser takes 1.0 and csv.reader 2.0 (measured side by
side). Any other block goes through csv.reader. Both ways give the same frames; a property test holds that.
"""

import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from importer.errors import FileError, UsageError
from importer.issues import Notice
from importer.spreadsheet.broken_end import broken_off
from importer.spreadsheet.cell_bytes import cut_bytes
from importer.spreadsheet.correction_notes import NOTE, came_from_here, without_notes
from importer.spreadsheet.encodings import (
    blocks,
    ends_with_line,
    find_encoding,
    last_lines,
    may_begin_lines,
    recurring,
    sample_in,
)
from importer.spreadsheet.extras import Extras, find_extras, is_mostly, may_be_extra, refuse_other_header
from importer.spreadsheet.formulas import is_formula, may_hold_formula, unescape_formula
from importer.spreadsheet.kinds import SEPARATORS, refuse_two_separators, refuse_unsplit
from importer.spreadsheet.quotes import QuotedCells
from importer.spreadsheet.sheet import (
    HEADER_AMONG,
    MOST_COLUMNS,
    NO_HEADER,
    GatedRead,
    Header,
    Rows,
    RowTaker,
    Sheet,
    as_problems,
    find_header,
    frame,
    is_escaped,
    labels_of_user,
)

Finder = Callable[[Rows], Header | None]
LARGEST_CELL = 1_000_000
"""Ten thousand times a long name; one that is longer is a quote that was never closed."""

MOST_BLOCKS_A_ROW = 4
_SAMPLE = 1 << 16
_NAMES = {"tab": "\t", "\\t": "\t"}
_LOOKED_AT = 8
"""Lines at the end that may be no rows: a program says a few things there."""

_DASHES = ("---", '"---', "===", "+--", "|--", "|:-", "___")
"""What lines of nothing but dashes begin with."""

_LINE_END = re.compile(r"\r\n|\r|\n")
_DECLARED = re.compile(r'"?sep=(.)"?(?:\r\n|\r|\n)')


def open_delimited(
    path: Path,
    find: Finder = find_header,
    *,
    encoding: str | None = None,
    separator: str | None = None,
    remembered: bool = False,
    every_row: bool = False,
) -> Sheet:
    """The sheet of a CSV, TSV or TXT file; ``find`` says which row is its header.

    ``remembered`` says that the encoding was chosen for an earlier file with this header. With ``every_row`` the file
    is read as an earlier version did: in Windows-1252 on a guess, and no row below the header is left out.

    Raises:
        FileError: Empty, not text, no table, or a quote is not closed.
        UsageError: The separator is not one character.
    """
    used, notices = (encoding, ()) if encoding else find_encoding(path, guess=every_row)
    if encoding and remembered:
        notices = (Notice("encoding-remembered", {"encoding": encoding, "example": sample_in(path, encoding)}),)
    sample = next(blocks(path, used), "")[:_SAMPLE]
    if not sample.strip():
        raise FileError(f"{path.name} is empty.", "Choose a file with a header and at least one row below it.")
    declared = _DECLARED.match(sample)
    chosen = _named(separator) if separator else declared[1] if declared else _separator(sample)
    if not (separator or declared or every_row):
        refuse_unsplit(path.name, sample, chosen)
    source = _Source(path, used, chosen, skip=declared.end() if declared else 0)
    header = find(source.rows())
    if header is None:
        raise FileError(f"{path.name} has no header.", "Put the names of the columns in the first row.")
    if len(header.labels) > MOST_COLUMNS:
        raise _too_wide(path, header.row, len(header.labels))
    if header.named == 0 and not separator:
        refuse_two_separators(path.name, source.rows(), header, chosen)
    extras = Extras({}) if every_row else source.extras(header, sample)
    # What the importer wrote itself holds neither, and old runs are read as they were.
    may_be_formula, after_blanks = (False, "") if every_row or is_escaped(header.labels) else source.survey()
    if after_blanks:
        notices = (*notices, Notice("blanks-before-quotes", {"example": after_blanks}))
    if (part := source.broken_end(header)) is not None and not every_row:
        notices = (*notices, Notice("broken-off", {"text": part}))
    chunks = partial(source.chunks, header.row, header.labels)
    # A gate looks at the rows as they are in the file.
    is_plain = not extras.rows and not is_escaped(header.labels)
    sheet = Sheet(
        None,
        header.row,
        header.labels,
        GatedRead(chunks) if is_plain else extras.without(chunks),
        (*notices, *header.notices, *extras.notices),
        source.formulas(header) if may_be_formula else as_problems(),
        by_labels=header.by_labels,
    )
    return without_notes(sheet) if came_from_here(sheet) or recurring(path, used, [NOTE], most=0) else sheet


class _Source:
    """The rows of a file, as often as needed. Each reading starts from the beginning and leaves no state here."""

    def __init__(self, path: Path, encoding: str, separator: str, skip: int) -> None:
        self._path, self._encoding, self._separator, self._skip = path, encoding, separator, skip

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows from the first one, with their numbers."""
        return enumerate(self._reading().rows(), start=1)

    def chunks(self, header_row: int, labels: Sequence[str], gate: RowTaker | None = None) -> Iterator[pd.DataFrame]:
        """The rows below the header, as frames; without those that a gate takes."""
        reading = self._reading()
        has_header = header_row != NO_HEADER
        width = len(next(islice(reading.rows(), header_row - 1, None))) if has_header else len(labels)
        escaped = is_escaped(labels)
        for rows, columns in reading.tables(width, gate):
            cells = [[unescape_formula(cell) for cell in column] for column in columns] if escaped else columns
            if len(chunk := frame(cells, 0, len(labels))):
                chunk.index = pd.Index(np.array(rows, dtype=np.int64)[chunk.index], name="row")
                yield chunk
            # Else this chunk would still be there while the next is read.
            del columns, cells, chunk

    def extras(self, header: Header, sample: str) -> Extras:
        """The rows below the header that are no data.

        Going through all rows takes as long as reading them, so it is done only if anything looks like one: most labels
        occur twice, a line begins with dashes, or the lines right below the header, or at the end, could be such.

        Raises:
            FileError: Rows follow that belong to another header.
        """
        lines = _LINE_END.split(sample)
        reading = self._reading()
        deque(islice(reading.rows(), header.row), maxlen=0)
        near = [*lines[reading.line : reading.line + _LOOKED_AT], *last_lines(self._path, self._encoding, _LOOKED_AT)]
        labels = {label for label in labels_of_user(header.labels) if label.isascii()}
        dashes = {f"\n{mark}" for mark in _DASHES} | {f"\r{mark}" for mark in _DASHES}
        begins = "".join({mark[0] for mark in _DASHES})
        may_be_some = any(map(may_be_extra, near)) or (
            may_begin_lines(self._path, self._encoding, begins)
            and bool(recurring(self._path, self._encoding, dashes, most=0))
        )
        if not may_be_some and not self._has_most_again(labels):
            return Extras({})
        refuse_other_header(self._path.name, islice(self.rows(), header.row, None), header.labels)
        return find_extras(islice(self.rows(), header.row, None), header.labels)

    def _has_most_again(self, labels: set[str]) -> bool:
        """Whether most of these labels occur more than once in the file."""
        # If none of the longest, which are found fastest, comes again, the others are too few: half of the time.
        fewest = next((number for number in range(1, len(labels) + 1) if is_mostly(number, len(labels))), 0)
        longest = sorted(labels, key=lambda label: (len(label), label))[max(fewest - 1, 0) :]
        if not recurring(self._path, self._encoding, longest):
            return False
        return is_mostly(len(recurring(self._path, self._encoding, labels)), len(labels))

    def broken_end(self, header: Header) -> str | None:
        """The last cell, if the file seems to break off within it."""
        if ends_with_line(self._path):
            return None
        return broken_off(last_lines(self._path, self._encoding, _LOOKED_AT), header.labels, self._separator)

    def survey(self) -> tuple[bool, str]:
        """Whether a cell may be a formula, and the first text that has blanks before its quote."""
        cells, is_quoted, may_be_formula, after_blanks = QuotedCells(self._separator), False, False, ""
        for text in blocks(self._path, self._encoding):
            may_be_formula = may_be_formula or may_hold_formula(text, self._separator)
            if '"' in text and not after_blanks:
                after_blanks = cells.first_after_blanks(text, is_quoted=is_quoted)
                is_quoted ^= bool(text.count('"') % 2)
            if may_be_formula and after_blanks:
                break
        return may_be_formula, after_blanks

    def formulas(self, header: Header) -> pd.DataFrame:
        """The cells below the header that are formulas: a text file holds no result of them.

        Cell by cell takes four times as long as reading the file.
        """
        below = islice(self.rows(), header.row, None)
        places = [(row, i) for row, cells in below for i, cell in enumerate(cells) if is_formula(cell)]
        return as_problems(
            ["formula-without-value"] * len(places), [row for row, _ in places], [position for _, position in places]
        )

    def _reading(self) -> "_Reading":
        text = blocks(self._path, self._encoding)
        first = next(text, "")[self._skip :]
        reading = _Reading(self._path, self._separator, first, text)
        # The line that only declares the separator is a line, but no row: programs do not show it.
        reading.line = 1 if self._skip else 0
        return reading


class _Reading:
    """One pass through a file: row by row, or a block of rows at once, in any order.

    ``row`` is the number of the last row that was given out, ``line`` that of its last line.
    """

    def __init__(self, path: Path, separator: str, first: str, more: Iterator[str]) -> None:
        csv.field_size_limit(LARGEST_CELL)
        self._path, self._separator, self._more = path, separator, more
        self._blocks, self.row, self.line = 0, 0, 0
        self._quoted_cells = QuotedCells(separator)
        self._open(first)

    def rows(self) -> Iterator[list[str]]:
        """The next rows as csv.reader gives them; a blank line is an empty row."""
        reader = csv.reader(self._lines(), delimiter=self._separator, strict=True)
        begun = self.line
        try:
            for row in reader:
                if _swallows(row, self._separator):
                    raise self._swallowed()
                self.row, self.line, self._blocks = self.row + 1, begun + reader.line_num, 0
                yield row
        except csv.Error as error:
            raise self._broken(error) from error

    def tables(self, width: int, gate: RowTaker | None = None) -> Iterator[tuple[Sequence[int], list[list[str]]]]:
        """The next rows, a block at a time: their numbers, and their columns, at least ``width`` of them.

        A gate is shown every block that is a plain rectangle; the rows that it takes are left out.
        """
        while (table := self._table(width, gate)) is not None:
            if len(table[0]):
                yield table
            # Else these columns would still be there while the next are read.
            del table

    def _table(self, width: int, gate: RowTaker | None) -> tuple[Sequence[int], list[list[str]]] | None:
        """The next block without the rows that a gate takes, which may be all of them; None at the end of the file."""
        text = self._block.read() or next(self._more, "")
        if not text:
            return None
        first = self.row + 1
        block = cut_bytes(text, self._separator, width, first, LARGEST_CELL) if gate else None
        left = np.flatnonzero(~gate(block)) if gate and block else None
        if block is None or left is None or len(left) == len(block.rows):
            # Else its bytes would be there beside the cells that are cut out of the text.
            del block
            columns = self._columns(text, width)
            return range(first, first + len(columns[0])), columns
        self.row, self.line = self.row + len(block.rows), self.line + len(block.rows)
        flat = _cut(block.text_of(left), self._separator, width) or []
        return (left + first).tolist(), [flat[position :: width + 1] for position in range(width)]

    def _columns(self, text: str, width: int) -> list[list[str]]:
        # Fast if the block is a plain rectangle, else row by row. Tried anew for every block: one quoted cell slows
        # down its own block and not the file.
        flat = _cut(text, self._separator, width)
        if flat is None:
            self._open(text)
            return self._careful(width)
        columns = [flat[position :: width + 1] for position in range(width)]
        self.row, self.line = self.row + len(columns[0]), self.line + len(columns[0])
        return columns

    def _careful(self, width: int) -> list[list[str]]:
        """The columns of the rows that begin in this block; the last may end in another."""
        flat: list[str] = []
        beyond: dict[int, list[str]] = {}
        block = self._block
        for row in self.rows():
            if len(row) > width:
                beyond[len(flat) // width] = self._checked(row)[width:]
            flat += row[:width]
            flat += [""] * (width - len(row))
            if self._block is not block or self._used_up():
                break
        columns = [flat[position::width] for position in range(width)]
        return columns + _spread(beyond, len(columns[0]))

    def _checked(self, row: list[str]) -> list[str]:
        if len(row) > MOST_COLUMNS:
            raise _too_wide(self._path, self.row, len(row))
        return row

    def _lines(self) -> Iterator[str]:
        # Not "yield from self._block": a generator that is left in the middle would close it.
        yield from iter(self._block.readline, "")
        while text := next(self._more, ""):
            self._open(text, is_quoted=self._ends_quoted)
            self._blocks += 1
            if self._blocks > MOST_BLOCKS_A_ROW:
                raise self._endless()
            yield from iter(self._block.readline, "")

    def _open(self, block: str, *, is_quoted: bool = False) -> None:
        """Begin a block; ``is_quoted`` says that it begins within quotes."""
        self._ends_quoted = is_quoted ^ bool(block.count('"') % 2)
        block = self._quoted_cells.without_blanks(block, is_quoted=is_quoted)
        self._block, self._length = io.StringIO(block, newline=""), len(block)

    def _used_up(self) -> bool:
        return self._block.tell() == self._length

    def _endless(self) -> FileError:
        return FileError(
            f"{self._path.name}: row {self.row + 1} (line {self.line + 1}) has a quote that is never closed.",
            'Close the quote, or write each quote inside text as "".',
        )

    def _swallowed(self) -> FileError:
        return FileError(
            f"{self._path.name}: row {self.row + 1} (line {self.line + 1}) has a quoted text that holds other rows.",
            'Delete the quote that begins it, or write each quote inside text as "".',
        )

    def _broken(self, error: csv.Error) -> FileError:
        where = f"row {self.row + 1} (line {self.line + 1})"
        if "field larger" in str(error):
            return FileError(
                f"{self._path.name}: a cell in {where} has more than {LARGEST_CELL:,} characters.",
                "Shorten it, or close the quote if one is open there.",
            )
        return FileError(
            f"{self._path.name}: a quote in {where} is not closed, or a character follows the closing quote.",
            'Close the quote, write each quote inside text as "", or save the file as .xlsx.',
        )


def _swallows(row: Sequence[str], separator: str) -> bool:
    """Whether a cell holds whole rows: two single quotes, rows apart, make one text of everything between them.

    Its first line then ends a row of this width, its last line begins one, and those between are one each.
    """
    most = len(row) - 1
    for position, cell in enumerate(row):
        if most > 1 and ("\n" in cell or "\r" in cell):
            first, *between, last = [line.count(separator) for line in re.split("\r\n|\r|\n", cell)]
            if position + first == most and last == position and all(number == most for number in between):
                return True
    return False


def _cut(text: str, separator: str, width: int) -> list[str] | None:
    r"""The cells of a block, each row followed by one cell "\n"; None if it holds quotes or is not a rectangle.

    Every line end becomes a cell of its own. If those cells stand exactly where rows of this width end, and are as
    many as there are lines, then no row is longer or shorter.
    """
    # A quote may hide a separator or a line end, so the cut could be wrong anywhere behind it.
    if '"' in text:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.endswith("\n"):
        text += "\n"
    lines = text.count("\n")
    flat = text.replace("\n", f"{separator}\n{separator}").split(separator)
    flat.pop()
    if len(flat) != lines * (width + 1) or flat[width :: width + 1].count("\n") != lines or _has_long_line(text):
        return None
    return flat


def _has_long_line(text: str) -> bool:
    start = 0
    while start + LARGEST_CELL < len(text):
        start = text.rfind("\n", start, start + LARGEST_CELL) + 1
        if not start:
            return True
    return False


def _spread(beyond: dict[int, list[str]], height: int) -> list[list[str]]:
    """Columns for the cells behind the width of the table, which few rows have."""
    columns = [[""] * height for _ in range(max(map(len, beyond.values()), default=0))]
    for index, cells in beyond.items():
        for column, cell in zip(columns, cells, strict=False):
            column[index] = cell
    return columns


def _too_wide(path: Path, row: int, cells: int) -> FileError:
    return FileError(
        f"{path.name}: row {row} has {cells:,} cells. A row can have at most {MOST_COLUMNS}.",
        "Delete columns that you do not need, or put quotes around text that contains the separator.",
    )


def _named(separator: str) -> str:
    character = _NAMES.get(separator.lower(), separator)
    if len(character) != 1 or character in '"\r\n\0':
        raise UsageError(
            f'The delimiter "{separator}" is not a single character.',
            "Use, for example, --delimiter ';' or --delimiter tab.",
        )
    return character


def _separator(sample: str) -> str:
    """The separator that cuts most of the first rows into the same number of cells, at least two."""

    # By how many rows agree, and only then by how many cells they have: a comma in a few addresses cuts those rows into
    # many cells, but not all of them into equally many.
    def score(separator: str) -> tuple[int, int]:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator, skipinitialspace=True)
        widths: list[int] = []
        try:
            widths.extend(len(row) for row in islice(filter(None, reader), HEADER_AMONG))
        except csv.Error:
            return 0, 0
        return max(((widths.count(width), width) for width in set(widths) if width > 1), default=(0, 0))

    return max(SEPARATORS, key=score)
