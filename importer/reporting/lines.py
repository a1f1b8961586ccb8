"""Joins the rows of a file with their outcomes, by row number, one at a time.

Rule 1: nothing is matched by position. Rule 2: memory does not grow with the rows; the file, the intents and the
issues are each read forward once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import repeat
from typing import Generic, Protocol, TypeVar

import pandas as pd

from importer.checking import ColumnMapping, as_shown, match_columns
from importer.checking.cells import is_error
from importer.errors import ReportError
from importer.issues import Issue, Notice, Severity
from importer.journal.journal import Journal
from importer.journal.later_runs import LaterRow
from importer.journal.rows import Intent
from importer.journal.runs import Run, refuse_forgotten
from importer.journal.states import STATUS, State
from importer.model import Outcome, Status
from importer.reporting.report_words import COMMANDS, ReportWords, words_of
from importer.reporting.sentences import FAILED, LEFT_OUT_WORDS, row_message, service_words, why_not_sent, with_later
from importer.spreadsheet import (
    UNCERTAIN,
    FormattedCell,
    ReadOptions,
    Sheet,
    changed_texts,
    open_sheet,
    with_note,
    with_notice_of,
)
from schemas import RECORD_TYPES

_PUT_BACK = (
    "The journal still holds the result of every row. If you still have the file as you imported it, copy it to {}, "
    "then try again."
)
_ABOUT_A_CELL = (State.REJECTED, State.HELD)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a report.

    ``cells`` are the user's own columns, ``extra`` the cells right of the last header. ``wrong`` maps positions in
    ``cells`` followed by ``extra`` to the sentence about that cell. A ``held`` row is not sent, because its record
    exists, or may exist, with other values. ``answer`` is the Id of its record that somebody entered in a failed file.
    ``later`` is what a later run has made of a row that this one left undone.
    """

    outcome: Outcome
    cells: Sequence[str]
    extra: Sequence[str] = ()
    issues: Sequence[Issue] = ()
    wrong: Mapping[int, str] = field(default_factory=dict)
    held: bool = False
    answer: str = ""
    later: LaterRow | None = None

    @property
    def failed(self) -> bool:
        """Whether somebody must do something before the row can be imported."""
        return self.later is None and (self.held or self.outcome.status in FAILED)


@dataclass(frozen=True, slots=True)
class Lines:
    """The headers of the user's own columns, the issues of whole columns, and the rows; ``rows`` can be read once."""

    labels: tuple[str, ...]
    column_issues: tuple[Issue, ...]
    rows: Iterator[Line]
    sheet: Sheet

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Those about how the file was read."""
        return self.sheet.notices


def lines(journal: Journal, run: Run) -> Lines:
    """The rows of a run in the order of its file, read again from the private copy.

    Raises:
        ReportError: The copy is gone, or is not the file that was checked.
    """
    refuse_forgotten(run, "there is no report of it")
    journal.copies.bring_back(run)
    if not run.copy.exists():
        raise ReportError(f"The private copy of {run.file} for run {run.id} is missing.", _PUT_BACK.format(run.copy))
    sheet = _sheet(run)
    issues = Ascending(journal.rows.issues(run))
    column_issues = tuple(issues.take(None))
    labels = tuple(sheet.labels[position] for position in sheet.columns)
    later = {} if run.finished is None else journal.later_runs.by_row(run.id)
    return Lines(labels, column_issues, _join(run, sheet, Ascending(journal.rows.all(run)), issues, later), sheet)


def corrected_texts(run: Run) -> Mapping[int, Mapping[int, str]]:
    """The texts that were corrected before a run began, by row and position."""
    return changed_texts(run.copy, run.options_as(ReadOptions, "read"))


def outcomes(journal: Journal, run: Run) -> Iterator[Outcome]:
    """The outcome of each row of a run, in the order of its file.

    Raises:
        ReportError: As ``lines``.
    """
    return (line.outcome for line in lines(journal, run).rows)


class _Numbered(Protocol):
    @property
    def row(self) -> int | None: ...


_Item = TypeVar("_Item", bound=_Numbered)


class Ascending(Generic[_Item]):
    """Items in the order of their rows, given out row by row."""

    def __init__(self, items: Iterable[_Item]) -> None:
        self._items = iter(items)
        self.next = next(self._items, None)

    def take(self, row: int | None) -> list[_Item]:
        """The items of this row; those of earlier rows are left over, and show that their row was missing."""
        taken = []
        while self.next is not None and self.next.row == row:
            taken.append(self.next)
            self.next = next(self._items, None)
        return taken


def _join(
    run: Run,
    sheet: Sheet,
    intents: Ascending[Intent],
    issues: Ascending[Issue],
    brought_in: Mapping[int, LaterRow],
) -> Iterator[Line]:
    # Three readings side by side, each in the order of the rows: the file, the intents and the issues. If one of them
    # has a row that the file lacks, it stays at the head of its reading, and the report is refused: a report of another
    # file would give its rows the outcomes of these.
    words = words_of(run)
    positions = Positions(sheet, fields_of(run, sheet), words)
    rows, answers, left_out = 0, run.options_as(ReadOptions, "read").answers, frozenset(run.left_out)
    for row, cells, extra, answer in texts_of(sheet):
        if row in left_out:
            outcome = Outcome(row, Status.LEFT_OUT, None, LEFT_OUT_WORDS)
            yield Line(outcome, positions.unchecked(row, cells), extra)
            continue
        intent = next(iter(intents.take(row)), None)
        issues_of_row = issues.take(row)
        if _belongs(run, intent, issues_of_row):
            rows += 1
            later = brought_in.get(row)
            wrong = {} if later else positions.wrong_cells(issues_of_row) | positions.refused_cell(intent)
            held = intent is not None and intent.state is State.HELD
            yield Line(
                _with_later(_outcome(run, row, intent, issues_of_row, words), later),
                positions.marked(cells, issues_of_row),
                extra,
                issues_of_row,
                wrong,
                held,
                str(answers.get(str(row), answer)),
                later,
            )
    if intents.next is not None or issues.next is not None or rows != _expected(run, rows):
        raise ReportError(
            f"The private copy of {run.file} for run {run.id} is not the file that was checked.",
            _PUT_BACK.format(run.copy),
        )


def texts_of(sheet: Sheet) -> Iterator[tuple[int, Sequence[str], Sequence[str], str]]:
    """Each row of a sheet: its number, the cells of the user's own columns, those right of the last header, an answer.

    The answer is what stands in the column that a failed file adds for Ids.
    """
    for chunk in sheet.read():
        answers = repeat("") if sheet.answers is None else chunk[sheet.answers].tolist()
        of_user = _tuples(chunk, sheet.columns)
        beyond = _tuples(chunk, sheet.beyond(chunk.shape[1]))
        for row, cells, extra, answer in zip(chunk.index.tolist(), of_user, beyond, answers, strict=False):
            yield row, cells, _without_tail(extra), answer
        # Else this chunk would still be there while the next is read.
        del chunk, of_user, beyond, answers


def _sheet(run: Run) -> Sheet:
    """The sheet of a run, with its texts as they were sent, and with the rows that were left out."""
    read = run.options_as(ReadOptions, "read")
    if run.left_out:
        sheet = with_notice_of(open_sheet(run.copy, replace(read, left_out=())), run.left_out)
    else:
        sheet = open_sheet(run.copy, read)
    mapping = _mapping(run, sheet)
    return as_shown(sheet, mapping, RECORD_TYPES[run.kind]) if mapping else sheet


def _mapping(run: Run, sheet: Sheet) -> ColumnMapping | None:
    """Which columns of the sheet of a run hold its fields; None before it was planned."""
    if run.planned is None:
        return None
    return match_columns(sheet, RECORD_TYPES[run.kind], (), run.options_as(ReadOptions, "read").map)


def fields_of(run: Run, sheet: Sheet) -> dict[str, int]:
    """The position of each field in the sheet of a run."""
    mapping = _mapping(run, sheet)
    return {column.field: column.position for column in mapping.columns} if mapping else {}


def _expected(run: Run, rows: int) -> int:
    return run.rows if run.planned is not None and run.parent is None else rows


def _belongs(run: Run, intent: Intent | None, issues: Sequence[Issue]) -> bool:
    """Whether the run is about this row: a retry takes up only some rows of its file."""
    if run.parent is None or intent is not None:
        return True
    return any(issue.severity is Severity.ERROR for issue in issues)


def _outcome(run: Run, row: int, intent: Intent | None, issues: Sequence[Issue], words: ReportWords) -> Outcome:
    # A row with an error has no intent, so the errors decide. A row with neither was never planned.
    message = partial(row_message, run, issues=issues, words=words.issue, commands=not words.for_page)
    if any(issue.severity is Severity.ERROR for issue in issues):
        return Outcome(row, Status.INVALID, None, message(intent=None))
    if intent is None:
        return Outcome(row, Status.NOT_SENT, None, why_not_sent(run))
    return Outcome(row, STATUS[intent.state], intent.remote_id, message(intent=intent))


def _with_later(outcome: Outcome, later: LaterRow | None) -> Outcome:
    return outcome if later is None else replace(outcome, message=with_later(outcome.message, later))


def _tuples(chunk: pd.DataFrame, positions: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """Some columns of a chunk, row by row; lists of all its rows would keep the garbage collector busy."""
    if not positions:
        return repeat((), len(chunk))
    return zip(*(chunk[position].tolist() for position in positions), strict=True)


def _without_tail(extra: tuple[str, ...]) -> tuple[str, ...]:
    while extra and not extra[-1]:
        extra = extra[:-1]
    return extra


class Positions:
    """Where the fields and the columns of a sheet are among the cells of a line."""

    def __init__(self, sheet: Sheet, fields: Mapping[str, int], words: ReportWords = COMMANDS) -> None:
        """``fields`` are the positions of the fields in the sheet; ``words`` say what is wrong and what to do."""
        self._words = words
        self._sheet, self._answers = sheet, sheet.answers
        self._slots = {position: slot for slot, position in enumerate(sheet.columns)}
        self._fields = {name: self._slots[position] for name, position in fields.items()}
        codes, rows, places = (sheet.problems[name].tolist() for name in ("code", "row", "position"))
        self._problems: dict[int, dict[int, str]] = {}
        for code, row, place in zip(codes, rows, places, strict=True):
            self._problems.setdefault(row, {})[place] = code

    def marked(self, cells: Sequence[str], issues: Sequence[Issue]) -> Sequence[str]:
        """The cells of a row, those that are no values with a mark: in another file, nothing else tells them apart."""
        codes = {self._slots.get(_position(issue.cell)): issue.code for issue in issues if issue.cell}
        return _with_marks(cells, codes)

    def unchecked(self, row: int, cells: Sequence[str]) -> Sequence[str]:
        """The same for a row that was not checked, so that nobody knows which of its cells are needed."""
        codes = {self._slots.get(place): code for place, code in self._problems.get(row, {}).items()}
        uncertain: dict[int | None, str] = {
            slot: UNCERTAIN for slot, cell in enumerate(cells) if isinstance(cell, FormattedCell)
        }
        return _with_marks(cells, uncertain | codes)

    def wrong_cells(self, issues: Sequence[Issue]) -> dict[int, str]:
        """The wrong cells of a row by position, with the sentence about each."""
        errors = [issue for issue in issues if issue.severity is Severity.ERROR and issue.cell is not None]
        sentences = [(_position(issue.cell or ""), self._words.issue(issue)) for issue in errors]
        # The column for answers has no place among them; what is wrong with an answer is in the message.
        return {self._slot(position): sentence for position, sentence in sentences if position != self._answers}

    def _slot(self, position: int) -> int:
        slot = self._slots.get(position)
        return len(self._slots) + len(self._sheet.beyond(position)) if slot is None else slot

    def refused_cell(self, intent: Intent | None) -> dict[int, str]:
        """The cell that the service refused, or that differs from the record, with the sentence about it."""
        if intent is None or intent.state not in _ABOUT_A_CELL or intent.field not in self._fields:
            return {}
        return {self._fields[intent.field]: service_words(intent)}


def _with_marks(cells: Sequence[str], codes: Mapping[int | None, str]) -> Sequence[str]:
    # An error such as #N/A is one in any file.
    marked = {slot for slot in codes if slot is not None and not is_error(cells[slot])}
    if not marked:
        return cells
    return [with_note(cell, codes[slot]) if slot in marked else cell for slot, cell in enumerate(cells)]


def _position(cell: str) -> int:
    position = 0
    for letter in cell.rstrip("0123456789"):
        position = position * 26 + ord(letter) - ord("A") + 1
    return position - 1
