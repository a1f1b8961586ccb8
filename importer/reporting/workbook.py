"""Report rows as XLSX: text only, so that no cell can become a formula, a link or a number with lost digits."""

import re
from collections.abc import Iterable, Sequence
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Self

from xlsxwriter import Workbook
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from importer.errors import ReportError
from importer.issues import Issue
from importer.model import Status
from importer.reporting.delimited import added_cells, added_columns
from importer.reporting.lines import Line
from importer.reporting.report_words import COMMANDS, ReportWords
from importer.spreadsheet.dropdown import offer
from importer.spreadsheet.workbook_child.sheet_choice import SUMMARY_HEADER

MOST_ROWS = 1_048_575
"""Rows below the header in one sheet of a workbook. More rows go into further sheets."""

MOST_CHARACTERS = 32_767
"""Of one cell, in UTF-16 units; a program refuses a file with a longer one."""

MOST_COMMENTS = 5_000
"""More make a workbook slow to open; the same sentence is in import_message as well."""

_WIDEST, _WIDEST_MESSAGE, _MEASURED_ROWS = 40, 90, 200
_NOT_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_COLOURS = {
    Status.CREATED: ("#0B4A2A", "#DDF3E4"),
    Status.UPDATED: ("#0B4A2A", "#DDF3E4"),
    Status.EXISTING: ("#1F3A5F", "#E1ECF7"),
    Status.REJECTED: ("#8E1109", "#FBDDDB"),
    Status.INVALID: ("#8E1109", "#FBDDDB"),
    Status.UNKNOWN: ("#5F3A00", "#FFEFCC"),
    Status.NOT_SENT: ("#3C444C", "#E6E9EC"),
    Status.LEFT_OUT: ("#3C444C", "#E6E9EC"),
}


class WorkbookReport:
    """A workbook that is being written, one row in memory at a time."""

    def __init__(
        self,
        path: Path,
        labels: tuple[str, ...],
        created: float,
        words: ReportWords = COMMANDS,
        *,
        with_answers: bool = False,
        header_row: int | None = None,
    ) -> None:
        """Begin the first sheet with its header; ``created`` is the time that the file names, in epoch seconds.

        ``with_answers`` adds the column in which a row can name its record. With ``header_row``, which is that of the
        file, its rows stand where they do there, as far as one sheet reaches.
        """
        self._header, self._in_place = (header_row or 1) - 1, header_row is not None
        # A cell of the user's that begins with "=" is text and stays text: opening a report must run nothing.
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book = Workbook(path, options | {"constant_memory": True, "tmpdir": str(path.parent)})
        self._book.set_properties({"created": datetime.fromtimestamp(created, UTC).replace(tzinfo=None)})
        self._text = self._book.add_format({"num_format": "@"})
        self._head = self._book.add_format({"bold": True, "num_format": "@", "bg_color": "#E6E9EC", "bottom": 1})
        self._wrong = self._book.add_format({"num_format": "@", "font_color": "#8E1109", "bg_color": "#FBDDDB"})
        self._status = {s: self._book.add_format({"font_color": c, "bg_color": b}) for s, (c, b) in _COLOURS.items()}
        self._words, self._added = words, added_columns(labels, words, with_answers=with_answers)
        self._labels, self._message = (*labels, *self._added), len(labels) + len(words.titles) - 1
        self._widths = [len(label) + 4 for label in self._labels]
        self._sheets: list[Worksheet] = []
        self._comments = 0
        self._offered: list[tuple[int, Sequence[str]]] = []
        self._begin_sheet()

    def _begin_sheet(self) -> None:
        number = len(self._sheets) + 1
        self._sheet = self._book.add_worksheet("Rows" if number == 1 else f"Rows {number}")
        self._sheets.append(self._sheet)
        # As text, so that what a person types to correct a cell is not turned into a date or a shorter number.
        self._sheet.set_column(0, len(self._labels) - 1, None, self._text)
        self._sheet.freeze_panes(self._header + 1, 0)
        self._sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        self._row = self._header
        for position, label in enumerate(self._labels):
            put_text(self._sheet, self._header, position, label, self._head)

    def add(self, line: Line) -> None:
        """Write one row; cells beyond the last header stay beyond it."""
        if self._row >= MOST_ROWS or (self._in_place and line.outcome.row - 1 > MOST_ROWS):
            self._end_sheet()
            self._header, self._in_place = 0, False
            self._begin_sheet()
        self._row = line.outcome.row - 1 if self._in_place else self._row + 1
        texts = (*line.cells, *added_cells(line, self._added, self._words), *line.extra)
        looks = {len(line.cells) + 1: self._status[line.outcome.status]}
        # The added columns stand between the user's own cells and those beyond the last header.
        for slot, sentence in line.wrong.items():
            position = slot if slot < len(line.cells) else slot + len(self._added)
            looks[position] = self._wrong
            self._comment(position, sentence)
        for position, text in enumerate(texts):
            if text or position in looks:
                put_text(self._sheet, self._row, position, text, looks.get(position))
        if self._row < _MEASURED_ROWS:
            self._widths = [max(width, len(text) + 2) for width, text in zip(self._widths, texts, strict=False)]

    def _comment(self, position: int, sentence: str) -> None:
        if self._comments < MOST_COMMENTS:
            self._comments += 1
            _checked(self._sheet.write_comment(self._row, position, fitting(sentence), {"x_scale": 2}))

    def _end_sheet(self) -> None:
        last = len(self._labels) - 1
        for position, width in enumerate(self._widths):
            widest = _WIDEST_MESSAGE if position == self._message else _WIDEST
            self._sheet.set_column(position, position, min(width, widest), self._text)
        self._sheet.autofilter(self._header, 0, max(self._row, self._header + 1), last)

    def offer(self, position: int, values: Sequence[str]) -> None:
        """Add a drop-down list to the cells of a column; anything else can still be typed."""
        self._offered.append((position, values))

    def list_issues(self, issues: Iterable[Issue]) -> None:
        """Add a sheet with one issue in each row."""
        sheet, header = self._book.add_worksheet("Issues"), self._words.issues_header
        sheet.set_column(0, len(header) - 3, 18, self._text)
        sheet.set_column(len(header) - 2, len(header) - 1, 70, self._text)
        for position, label in enumerate(header):
            put_text(sheet, 0, position, label, self._head)
        for row, issue in enumerate(islice(issues, MOST_ROWS), start=1):
            for position, text in enumerate(self._words.about(issue)):
                put_text(sheet, row, position, text, None)

    def summarise(self, facts: list[tuple[str, str]]) -> None:
        """Add a last sheet with names and values."""
        sheet = self._book.add_worksheet("Summary")
        sheet.set_column(0, 0, 30, self._text)
        sheet.set_column(1, 1, 100, self._text)
        put_text(sheet, 0, 0, *SUMMARY_HEADER, self._head)
        for row, (name, value) in enumerate(facts, start=1):
            put_text(sheet, row, 0, name, self._head if name else None)
            put_text(sheet, row, 1, value, None)

    def __enter__(self) -> Self:
        """The workbook itself; leaving the ``with`` completes it."""
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        """Put the workbook together; after a failure only to release its temporary files."""
        with suppress(OSError, XlsxWriterException) if failure else nullcontext():
            self._end_sheet()
            # Last, because each adds a hidden sheet, which has to come after those that people look at.
            for position, values in self._offered:
                offer(self._book, self._sheets[0], position, values)
            self._book.close()


def put_text(sheet: Worksheet, row: int, position: int, text: str, look: Format | None) -> None:
    """Write a cell as text, whatever it looks like, and shortened if a workbook cannot hold it."""
    text = fitting(text)
    if text.startswith("<r>"):
        # XlsxWriter 3.3.1 takes a text from <r> to </r> for its own markup and writes it unescaped, so that a cell
        # could forge others. Written in fragments it is escaped.
        _checked(sheet.write_rich_string(row, position, *text[:2], text[2:], *([look] if look else [])))
    else:
        _checked(sheet.write_string(row, position, text, look))


def fitting(text: str) -> str:
    """The text as a workbook can hold it: without halves of characters, and marked where it was shortened."""
    if text.isascii() and len(text) <= MOST_CHARACTERS:
        return text
    text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
    if len(text) <= MOST_CHARACTERS // 2:
        return text
    units = len(text.encode("utf-16-le")) // 2
    if units <= MOST_CHARACTERS:
        return text
    mark = f" … [shortened from {units:,} characters]"
    return text.encode("utf-16-le")[: 2 * (MOST_CHARACTERS - len(mark))].decode("utf-16-le", "ignore") + mark


def _checked(code: int) -> None:
    # XlsxWriter says by a number that it wrote nothing, and a caller that does not look has lost a cell (measured).
    if code != 0:
        raise ReportError(
            "The report does not fit into a workbook: it may have more than 16,384 columns.",
            "Delete columns that you do not need, then import the file again.",
        )
