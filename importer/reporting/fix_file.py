"""A copy of a checked file for correcting it: wrong cells red, each with its sentence.

It is the user's own workbook wherever that can be annotated, else a plain workbook of its rows, each in its own row.
It can be imported as it is: the columns and sheets that are added here are skipped on reading.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from importer.errors import UsageError
from importer.issues import Issue, Notice, Severity
from importer.model import Outcome, Status
from importer.reporting.annotated_file import Additions, annotate_file
from importer.reporting.atomic import new_file, put_in_place, written_aside
from importer.reporting.lines import Ascending, Line, Positions, texts_of
from importer.reporting.report_words import COMMANDS, ReportWords
from importer.reporting.workbook import WorkbookReport
from importer.spreadsheet import ANNOTATED, NO_HEADER, Sheet

_PLAIN = ".xlsx"
_LEFT_OUT = (
    "You left this row out, and it stays so if you import this copy. To import it, empty the cell that says “left out”."
)
_ADVICE = "Choose another file, for example --errors-to fix.xlsx"


@dataclass(frozen=True)
class CheckedFile:
    """A file that was checked, and what to say in its copy.

    ``copy`` is where its bytes are. ``issues`` come by row, those of whole columns first, and are read twice.
    ``lists`` are the values that a column may hold, by its position in the sheet. ``corrected`` are the texts that a
    person has corrected, by row and position, and ``answers`` the Ids of records that a person chose, by row.
    ``words`` are those of whoever corrects it. ``left_out`` are the rows that a person leaves out; the sheet has them.
    """

    copy: Path
    sheet: Sheet
    issues: Iterable[Issue]
    lists: Mapping[int, Sequence[str]] = field(default_factory=dict)
    corrected: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    answers: Mapping[int, int] = field(default_factory=dict)
    words: ReportWords = COMMANDS
    left_out: Collection[int] = ()

    @property
    def suffix(self) -> str:
        """What the name of the user's own workbook ends in; empty if the file is none that can be annotated."""
        return self.copy.suffix if self.copy.suffix in ANNOTATED else ""


def write_fix_file(checked: CheckedFile, path: Path, now: float) -> Notice | None:
    """Write the user's own workbook with its wrong cells marked, or else a plain one, with a notice that says why.

    ``now`` is the time that a plain workbook names, in epoch seconds.

    Raises:
        ReportError: It cannot be written there.
        UsageError: Only a plain one can be written, and its name would be that of a workbook with macros.
    """
    if not checked.suffix:
        write_plain_fix_file(checked, path, now)
        return None
    notice = write_marked_workbook(checked, path)
    if notice is None:
        return None
    if path.suffix.lower() != _PLAIN:
        raise UsageError(notice.message, "Name an .xlsx file, for example --errors-to fix.xlsx")
    write_plain_fix_file(checked, path, now)
    return notice


def write_marked_workbook(checked: CheckedFile, path: Path) -> Notice | None:
    """Write the user's own workbook with its wrong cells marked; or nothing, with a notice that says why.

    Raises:
        ReportError: It cannot be written there.
    """
    if path.suffix.lower() != checked.suffix:
        return Notice("workbook-plain", {"why": f"the name of a workbook like yours ends in {checked.suffix}"})
    folder = path.absolute().parent
    with written_aside(folder, _ADVICE) as aside:
        file = new_file(aside, path.name)
        additions = Additions(checked.lists, checked.corrected, checked.words)
        why = annotate_file(checked.copy, checked.sheet, _lines(checked), additions, file)
        if why is not None:
            return Notice("workbook-plain", {"why": why})
        put_in_place(file, folder, _ADVICE)
        return None


def write_plain_fix_file(checked: CheckedFile, path: Path, now: float) -> None:
    """Write a workbook of the rows alone; each stands where it does in the file.

    Raises:
        ReportError: It cannot be written there.
    """
    sheet, folder = checked.sheet, path.absolute().parent
    labels = tuple(sheet.labels[position] for position in sheet.columns)
    with written_aside(folder, _ADVICE) as aside:
        # Without a row for the titles, the rows cannot stand where they do.
        row = None if sheet.header_row == NO_HEADER else sheet.header_row
        file, with_answers = new_file(aside, path.name), sheet.answers is not None or bool(checked.answers)
        with WorkbookReport(file, labels, now, checked.words, with_answers=with_answers, header_row=row) as workbook:
            for line in _lines(checked):
                workbook.add(line)
            for position, values in checked.lists.items():
                if position in sheet.columns and values:
                    workbook.offer(sheet.columns.index(position), values)
            workbook.list_issues(checked.issues)
        put_in_place(file, folder, _ADVICE)


def _lines(checked: CheckedFile) -> Iterator[Line]:
    ascending = Ascending(checked.issues)
    ascending.take(None)
    positions = Positions(checked.sheet, {}, checked.words)
    for row, cells, extra, answer in texts_of(checked.sheet):
        if row in checked.left_out:
            yield Line(Outcome(row, Status.LEFT_OUT, None, _LEFT_OUT), positions.unchecked(row, cells), extra)
            continue
        issues_of_row = ascending.take(row)
        wrong = positions.wrong_cells(issues_of_row)
        invalid = any(issue.severity is Severity.ERROR for issue in issues_of_row)
        message = " ".join(map(checked.words.issue, issues_of_row))
        outcome = Outcome(row, Status.INVALID if invalid else Status.NOT_SENT, None, message)
        chosen = str(checked.answers.get(row, answer))
        marked = positions.marked(cells, issues_of_row)
        yield Line(outcome, marked, extra, issues_of_row, wrong, answer=chosen)
