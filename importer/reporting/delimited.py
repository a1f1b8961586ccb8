"""Report rows as CSV that is safe to open in a spreadsheet program: nothing in it is run as a formula."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from importer.reporting.lines import Line
from importer.reporting.report_words import COMMANDS, ReportWords
from importer.spreadsheet import RECORD_ID, REPORT_COLUMNS, escape_formula


def added_columns(labels: Sequence[str], words: ReportWords, *, with_answers: bool) -> tuple[str, ...]:
    """The columns to add to these; with one for the Ids of records, unless the user's own could be taken for it."""
    return (*words.titles, RECORD_ID) if with_answers and RECORD_ID not in labels else words.titles


def added_cells(line: Line, columns: Sequence[str] = REPORT_COLUMNS, words: ReportWords = COMMANDS) -> tuple[str, ...]:
    """The texts of the added columns."""
    outcome = line.outcome
    remote_id = "" if outcome.remote_id is None else str(outcome.remote_id)
    cells = str(outcome.row), words.status(outcome.status), remote_id, outcome.message
    return (*cells, line.answer) if len(columns) > len(words.titles) else cells


class DelimitedReport:
    """A CSV that is being written: UTF-8 with BOM for Excel, CRLF and every cell quoted (RFC 4180)."""

    def __init__(
        self, path: Path, labels: tuple[str, ...], words: ReportWords = COMMANDS, *, with_answers: bool = False
    ) -> None:
        """Begin the file with its header; ``with_answers`` adds the column in which a row can name its record."""
        self._words, self._added = words, added_columns(labels, words, with_answers=with_answers)
        # A service's reply can hold half a character; it must not stop the report.
        self._file = path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="")
        self._writer = csv.writer(self._file, quoting=csv.QUOTE_ALL)
        self._writer.writerow([escape_formula(label) for label in (*labels, *self._added)])

    def add(self, line: Line) -> None:
        """Write one row. Cells beyond the last header stay beyond it, so that they are found again when read."""
        cells = (*line.cells, *added_cells(line, self._added, self._words), *line.extra)
        self._writer.writerow([escape_formula(cell) for cell in cells])

    def __enter__(self) -> Self:
        """The report itself; leaving the ``with`` closes its file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()
