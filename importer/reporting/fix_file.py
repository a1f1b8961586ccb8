"""A copy of a checked file for correcting it: the user's rows, wrong cells red, each with its sentence.

It can be imported as it is: the columns and the sheet that are added here are skipped on reading.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from importer.issues import Issue, Severity
from importer.model import Outcome, Status
from importer.reporting.atomic import new_file, put_in_place, written_aside
from importer.reporting.lines import Ascending, Line, Positions, texts_of
from importer.reporting.workbook import WorkbookReport
from importer.spreadsheet import Sheet

MOST_OFFERED = 200
"""Values in a drop-down list. Longer lists do not help, and a workbook needs an extra sheet beyond 255 characters."""


def write_fix_file(
    sheet: Sheet, issues: Iterable[Issue], path: Path, offers: Mapping[int, Sequence[str]], now: float
) -> Path:
    """Write the workbook; ``offers`` are the values that a column may hold, by its position in the sheet.

    ``issues`` come by row, those of whole columns first, and are read twice.

    Raises:
        ReportError: It cannot be written there.
    """
    advice = "Choose another file, for example --errors-to fix.xlsx"
    labels = tuple(sheet.labels[position] for position in sheet.columns)
    with written_aside(path.absolute().parent, advice) as aside:
        file = new_file(aside, path.name)
        with WorkbookReport(file, labels, now, with_answers=sheet.answers is not None) as workbook:
            for line in _lines(sheet, issues):
                workbook.add(line)
            for position, values in offers.items():
                if position in sheet.columns and values:
                    workbook.offer(sheet.columns.index(position), values[:MOST_OFFERED])
            workbook.list_issues(issues)
        return put_in_place(file, path.absolute().parent, advice)


def _lines(sheet: Sheet, issues: Iterable[Issue]) -> Iterator[Line]:
    ascending = Ascending(issues)
    ascending.take(None)
    positions = Positions(sheet, {})
    for row, cells, extra, answer in texts_of(sheet):
        issues_of_row = ascending.take(row)
        wrong = positions.wrong_cells(issues_of_row)
        invalid = any(issue.severity is Severity.ERROR for issue in issues_of_row)
        message = " ".join(f"{issue.message} {issue.fix}" for issue in issues_of_row)
        outcome = Outcome(row, Status.INVALID if invalid else Status.NOT_SENT, None, message)
        yield Line(outcome, cells, extra, issues_of_row, wrong, answer=answer)
