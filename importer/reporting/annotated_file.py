"""The user's own workbook with what became of its rows: wrong cells red, each with its sentence, columns at its end.

It goes back in as it is: the columns are those of a report, which are skipped on reading.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from importer.reporting.delimited import added_columns
from importer.reporting.lines import Line
from importer.reporting.report_words import COMMANDS, ReportWords
from importer.reporting.workbook import fitting
from importer.spreadsheet import RECORD_ID, REPORT_COLUMNS, Sheet, report_column
from importer.spreadsheet.annotated_workbook import AddedColumn, RowAnnotation, WorkbookAnnotation, annotate_workbook

_, _STATUS, _ID, _MESSAGE = REPORT_COLUMNS
_WIDTHS = {_STATUS: 14.0, _ID: 14.0, _MESSAGE: 70.0, RECORD_ID: 14.0}
_WITHOUT_IDS = (_STATUS, _MESSAGE, RECORD_ID)


@dataclass(frozen=True)
class Additions:
    """What is written into a workbook beside what is said of its rows.

    ``lists`` are the values that a column may hold, by its position; ``corrected`` the texts that a person has
    corrected, by row and position, ``words`` those of whoever reads it. ``with_ids`` adds the column of the records
    that rows became.
    """

    lists: Mapping[int, Sequence[str]] = field(default_factory=dict)
    corrected: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    words: ReportWords = COMMANDS
    with_ids: bool = False


def annotate_file(workbook: Path, sheet: Sheet, rows: Iterable[Line], additions: Additions, file: Path) -> str | None:
    """Write the workbook with the outcomes of these rows into a new file; or say why that cannot be.

    The reason is the end of a sentence. ``sheet`` is the one that was read from the workbook.
    """
    columns = _columns(sheet, additions)
    free = max([len(sheet.labels), *(chunk.shape[1] for chunk in sheet.read())])
    places = _places(sheet, free)
    annotation = WorkbookAnnotation(
        sheet.name or "",
        sheet.header_row,
        columns,
        free,
        {position: [fitting(text) for text in texts] for position, texts in additions.lists.items() if texts},
        (_annotated(line, columns, places, additions) for line in rows),
    )
    return annotate_workbook(workbook, annotation, file)


def _columns(sheet: Sheet, additions: Additions) -> list[AddedColumn]:
    """The columns to fill in, each where an earlier copy has put it, or new."""
    # By whichever of its titles: an earlier copy may have been made by a command, and this one for a page.
    there = {report_column(label): position for position, label in enumerate(sheet.labels) if report_column(label)}
    of_user = [sheet.labels[position] for position in sheet.columns]
    titles = added_columns(of_user, additions.words, with_answers=True)
    added = [(report_column(title) or title, title) for title in titles]
    columns = [
        AddedColumn(title, _WIDTHS[name], sheet.answers if name == RECORD_ID else there.get(name))
        for name, title in added
        if name in _WIDTHS and (additions.with_ids or name in _WITHOUT_IDS or name in there)
    ]
    # Away from the message, it would not be known as the column of answers.
    apart = sheet.answers is None and _MESSAGE in there
    return [column for column in columns if not (apart and column.header == RECORD_ID)]


def _places(sheet: Sheet, free: int) -> tuple[int, ...]:
    """Where in the sheet the cells of a line are."""
    return (*sheet.columns, *sheet.beyond(free))


def _annotated(
    line: Line,
    columns: Sequence[AddedColumn],
    places: Sequence[int],
    additions: Additions,
) -> RowAnnotation:
    outcome = line.outcome
    texts = {
        _STATUS: additions.words.status(outcome.status),
        _ID: "" if outcome.remote_id is None else str(outcome.remote_id),
        _MESSAGE: fitting(outcome.message),
        RECORD_ID: line.answer or None,
    }
    wrong = {places[slot]: fitting(sentence) for slot, sentence in line.wrong.items()}
    return RowAnnotation(
        outcome.row,
        [texts[report_column(column.header) or column.header] for column in columns],
        wrong,
        additions.corrected.get(outcome.row, {}),
    )
