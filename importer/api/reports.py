"""What the functions return: frozen, and the same on every platform. Times are epoch seconds, durations are seconds.

``exit_code`` is that of the command. It tells whether everything was done, in the same way for every function.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from importer.checking import Causes
from importer.config.settings import JournalPlace
from importer.delivery.undoer import Reversal
from importer.delivery.verification import Verified
from importer.errors import Exit
from importer.issues import Issue, Notice
from importer.journal.journal import open_journal
from importer.model import Account, Outcome, Plan
from importer.reporting import outcomes
from importer.runs.difference import AmbiguousRow, ChangedRow, CreatedRow, OnlyThere

_ISSUE_COLUMNS = ("row", "cell", "label", "field", "code", "severity", "value", "message", "fix")
_ROW_COLUMNS = ("row", "status", "record", "message")


@dataclass(frozen=True)
class Issues:
    """Every issue of a file, those of whole columns first, then by row; each iteration begins with the first.

    ``row`` counts as the spreadsheet program does: the header is row 1.
    """

    _causes: Causes = field(repr=False)

    def __len__(self) -> int:
        """How many issues."""
        return len(self._causes)

    def __iter__(self) -> Iterator[Issue]:
        """An issue for each wrong or doubtful cell, row or column."""
        return iter(self._causes)

    def to_frame(self) -> pd.DataFrame:
        """One line per issue: row, cell, label, field, code, severity, value, message, fix."""
        lines = [tuple(str(getattr(issue, name) or "") for name in _ISSUE_COLUMNS[1:]) for issue in self]
        frame = pd.DataFrame(lines, columns=pd.Index(_ISSUE_COLUMNS[1:]), dtype="str")
        frame.insert(0, "row", pd.Series([issue.row for issue in self], dtype="Int64"))
        return frame


@dataclass(frozen=True)
class CheckReport:
    """What is wrong with a file. ``valid`` and ``invalid`` rows add up to ``rows``.

    Attributes:
        type: The record type.
        notices: What reading the file had to say: a guessed encoding, hidden rows, other sheets.
        comparison: What the valid rows are to the records that the service holds, "create", "unchanged", "changed",
            "ambiguous" and "blocked" rows; None if they were not compared.
        account: Whose records they were compared with; None without a sign-in.
        errors_file: The workbook with the wrong cells in red, if one was asked for.
        messages: What a person should read, in sentences.
    """

    file: Path
    type: str
    rows: int
    valid: int
    invalid: int
    issues: Issues
    notices: tuple[Notice, ...] = ()
    comparison: Mapping[str, int] | None = None
    account: Account | None = None
    errors_file: Path | None = None
    messages: tuple[str, ...] = ()

    @property
    def exit_code(self) -> Exit:
        """DONE, or ROWS_FAILED if a row has an error."""
        return Exit.ROWS_FAILED if self.invalid else Exit.DONE


@dataclass(frozen=True)
class PlanReport:
    """What an import would do: ``plan`` has the numbers of rows, ``issues`` what is wrong with the invalid ones."""

    file: Path
    issues: Issues
    plan: Plan
    account: Account
    messages: tuple[str, ...] = ()

    @property
    def exit_code(self) -> Exit:
        """DONE, or ROWS_FAILED if a row has an error or differs from its record and is not updated."""
        return Exit.ROWS_FAILED if self.plan.invalid or self.plan.conflicting else Exit.DONE


@dataclass(frozen=True)
class RunProgress:
    """How far a run is. Rows with an error do not count.

    Attributes:
        done: Rows that were sent, answered or not, or need not be.
        total: Rows without an error.
        failed: Rows that the service rejected.
        seconds_left: By the allowance; None if nothing limits it.
        waiting: Why nothing moves, in words; empty if rows are being sent.
        until: Until when, in epoch seconds; None if that is not known.
    """

    done: int
    total: int
    failed: int
    seconds_left: float | None
    waiting: str
    until: float | None


@dataclass(frozen=True)
class RunReport:
    """How a run ended.

    Attributes:
        run: The number of the run in the journal; None if ``confirm`` declined, so that nothing was begun.
        counts: The rows of each status ("created", "existing" ...); they add up to the rows of the file.
        exit_code: That of the command.
        message: Why it stopped early, and what else there is to say beside the report, in sentences.
        folder: The folder of the report.
        files: The written files by their names, such as "report.csv".
        summary: The content of summary.json.
        messages: What a person should read, in the order in which it was said.
    """

    run: int | None
    counts: Mapping[str, int]
    exit_code: Exit
    message: str = ""
    folder: Path | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    summary: Mapping[str, object] = field(default_factory=dict)
    messages: tuple[str, ...] = ()
    _journal: JournalPlace | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Iterator[Outcome]:
        """The outcome of each row in the order of the file, as the journal has it now."""
        if self.run is None or self._journal is None:
            return
        with open_journal(self._journal) as journal:
            yield from outcomes(journal, journal.runs.get(self.run))

    def to_frame(self) -> pd.DataFrame:
        """One line per row of the file: row, status, record (its Id, or missing) and message."""
        lines = [(one.row, one.status.value, one.remote_id, one.message) for one in self.rows()]
        frame = pd.DataFrame(lines, columns=pd.Index(_ROW_COLUMNS))
        return frame.astype({"row": "int64", "status": "str", "record": "Int64", "message": "str"})


@dataclass(frozen=True)
class StatusReport:
    """How a run stands at one moment. Times are epoch seconds.

    Attributes:
        state: "being sent", "queued", "unfinished" or "finished".
        account: The key of the account; None if nobody has signed in for the run yet.
        counts: The rows of each status ("created", "not sent" ...).
        waiting: Why nothing moves, in words; empty if it moves, or if nobody works on it.
        until: Until when nothing can be sent; None if that is not known.
        seconds_left: How long the rest takes by the allowance; None if nothing limits it.
        finished: When it was finished; None as long as it is not.
        exit_code: That of the last command; None if none has ended yet.
    """

    run: int
    file: str
    state: str
    account: str | None
    rows: int
    counts: Mapping[str, int]
    waiting: str
    until: float | None
    seconds_left: float | None
    started: float
    finished: float | None
    exit_code: Exit | None
    folder: Path


@dataclass(frozen=True)
class ExportReport:
    """The records that the service holds, as far as they passed the filters; ``total`` is how many it holds."""

    type: str
    columns: tuple[str, ...]
    total: int
    account: Account
    file: Path | None = None
    messages: tuple[str, ...] = ()
    _values: Sequence[Mapping[str, object]] = field(default=(), repr=False)

    def __len__(self) -> int:
        """How many records passed."""
        return len(self._values)

    def rows(self) -> Iterator[Mapping[str, object]]:
        """Each record by its columns, with numbers as numbers and dates as text in ISO 8601; None where it is empty."""
        return iter(self._values)

    def to_frame(self) -> pd.DataFrame:
        """One line per record. Its columns are read again by ``check``, ``plan``, ``run`` and ``diff``."""
        return pd.DataFrame(self._values, columns=pd.Index(self.columns), dtype="object")


@dataclass(frozen=True)
class DiffReport:
    """How a file and the service differ, both ways; ``issues`` are of the ``invalid`` rows, which are not compared.

    Attributes:
        unchanged: Rows that are equal to their record.
        create: Rows without a record.
        changed: Rows whose record has other values, with each field.
        ambiguous: Rows that may be one of several records.
        only_there: Records that no row is for.
    """

    file: Path
    type: str
    rows: int
    invalid: int
    unchanged: int
    create: tuple[CreatedRow, ...]
    changed: tuple[ChangedRow, ...]
    ambiguous: tuple[AmbiguousRow, ...]
    only_there: tuple[OnlyThere, ...]
    issues: Issues
    account: Account
    messages: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether every row has its record and every record its row."""
        return not (self.create or self.changed or self.ambiguous or self.only_there or self.invalid)

    @property
    def exit_code(self) -> Exit:
        """DONE if they are equal, else ROWS_FAILED."""
        return Exit.DONE if self.equal else Exit.ROWS_FAILED


@dataclass(frozen=True)
class VerifyReport:
    """How the records of a run stand now.

    Attributes:
        counts: How many rows were met how: "once", "twice", "differs", "changed since", "absent", "not looked at".
        notable: The rows that were met in another way than once and equal.
        unknown: Rows of which the journal does not know whether they have a record.
        file: The written list of all rows.
    """

    run: int
    counts: Mapping[str, int]
    notable: tuple[Verified, ...]
    unknown: int
    file: Path
    exit_code: Exit
    messages: tuple[str, ...] = ()


@dataclass(frozen=True)
class UndoPlan:
    """What an undo is about to do: records to delete, to put back as they were, and to keep for certain."""

    run: int
    file: str
    delete: int
    put_back: int
    keep: int
    seconds: float
    account: Account


@dataclass(frozen=True)
class UndoReport:
    """What became of the records of a run: how many were "removed", "put back", "kept" and "failed".

    ``notable`` are those that were kept or failed, each with the reason. Without a ``file``, ``confirm`` has declined.
    """

    run: int
    counts: Mapping[str, int]
    notable: tuple[Reversal, ...]
    file: Path | None
    exit_code: Exit
    message: str = ""
    messages: tuple[str, ...] = ()
