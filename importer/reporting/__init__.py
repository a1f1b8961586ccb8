"""The report of a run for people and programs: CSV, workbook, page, JSON, and the failed rows to be corrected.

- ``lines.py``      the rows of a file with their outcomes; ``sentences.py`` what is said about them
- ``report_words.py``  how the files speak, by who started the run; ``page_words.py`` as the pages do
- ``stop_sentences.py``  why sending stopped
- ``overview.py``   the run as a whole
- ``delimited.py``, ``workbook.py``, ``page.py``  the same as CSV, XLSX and HTML
- ``fix_file.py``   a checked file with its wrong cells marked; ``annotated_file.py`` the user's own workbook with
  its outcomes; ``value_lists.py``  what can be chosen in that
- ``record_file.py``  records of the service as CSV, XLSX or JSON Lines
- ``atomic.py``     files written aside and put in place when they are complete; ``written.py`` what a person has
  changed in them since

Must not send, check or decide anything. What became of each row is read from the journal, its cells from the private
copy of the file.

The columns are the user's own, then REPORT_COLUMNS of ``sheet.py``, then what stands beyond the last header:
``added_columns`` in ``delimited.py``.
"""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from importer.issues import Notice
from importer.journal.journal import Journal
from importer.journal.runs import Run
from importer.journal.states import STATUS
from importer.model import Status
from importer.reporting.annotated_file import Additions, annotate_file
from importer.reporting.atomic import new_file, put_in_place, remove, written_aside
from importer.reporting.delimited import DelimitedReport
from importer.reporting.fix_file import CheckedFile, write_fix_file, write_marked_workbook, write_plain_fix_file
from importer.reporting.lines import Line, Lines, corrected_texts, fields_of, lines, outcomes
from importer.reporting.overview import Overview
from importer.reporting.page import render
from importer.reporting.report_words import words_of
from importer.reporting.value_lists import value_lists
from importer.reporting.workbook import WorkbookReport
from importer.reporting.written import WRITTEN, WrittenFiles, changed_files
from importer.spreadsheet import ANNOTATED, escape_formula

__all__ = [
    "CORRECTED",
    "SUMMARY",
    "CheckedFile",
    "Line",
    "Lines",
    "Report",
    "lines",
    "outcomes",
    "report_files",
    "unwritten_report",
    "write_fix_file",
    "write_marked_workbook",
    "write_plain_fix_file",
    "write_report",
    "write_table",
]

FAILED_FILES = ("failed.csv", "failed.xlsx")
_MOST_MARKED = 200_000
"""Rows of a workbook that is given back; it would take minutes for more, while the next run waits."""

MARKED_WORKBOOKS = tuple(f"your-workbook{suffix}" for suffix in sorted(ANNOTATED))
"""The user's own workbook with the outcome of each row, if any failed. Imported again, the others exist already."""


CORRECTED = (*FAILED_FILES, *MARKED_WORKBOOKS)
"""The files of a report in which people correct rows."""

SUMMARY = "summary.json"
_REPORT_FILES = (
    *("report.csv", "report.xlsx", "report.html", *FAILED_FILES, *MARKED_WORKBOOKS),
    *("verification.csv", "undo.csv", WRITTEN, SUMMARY),
)
"""Everything that is ever written into the folder of a run; the summary, which says whose the others are, last."""


@dataclass(frozen=True, slots=True)
class Report:
    """The written files. ``files`` maps file names to paths; ``summary`` is the content of summary.json.

    Without files, the report could not be written, and the rest of it is from the journal. ``moved`` are the new paths
    of files that a person had changed, by their names; ``left`` the names of such files that were left as they are.
    """

    folder: Path
    counts: dict[Status, int]
    files: dict[str, Path]
    summary: dict[str, Any]
    moved: Mapping[str, Path] = field(default_factory=dict)
    left: Sequence[str] = ()


def write_report(journal: Journal, run: Run, *, now: float, leaves_changed: bool = False) -> Report:
    """Write all files about a run into its folder, over those of an earlier writing.

    A file that a person has changed since gets another name. With ``leaves_changed``, it stays as it is, and one that
    was moved away is not written again: nobody has asked for a new report, and they may be working in it.

    Raises:
        ReportError: The folder cannot be written, a file is open elsewhere, or the private copy is gone.
    """
    advice = f"The results are safe in the journal. To write the report elsewhere: {run.command('report')} --out DIR"
    written = WrittenFiles(run.folder)
    with written_aside(run.folder, advice) as aside:
        stream = lines(journal, run)
        states = journal.rows.counts(run)
        overview = Overview(run, run.account, now, states, stream.column_issues, stream.notices)
        _write_rows(aside, stream, overview)
        any_failed = bool(overview.failed)
        marked = _write_marked_workbook(aside, journal, run) if any_failed and run.copy.suffix in ANNOTATED else None
        if isinstance(marked, Notice):
            overview.notices = (*overview.notices, marked)
        failed_files = (*FAILED_FILES, *([marked] if isinstance(marked, str) else [])) if any_failed else ()
        # The summary comes last: a program that waits for a new one finds the other files new as well.
        names = ["report.csv", "report.xlsx", "report.html", *failed_files, SUMMARY]
        changed = {name for name in {*names, *CORRECTED} - {SUMMARY} if written.is_changed(name)}
        if leaves_changed:
            names = [name for name in names if name == SUMMARY or not written.is_missing(name)]
        summary = overview.document(names)
        _write_text(aside, "report.html", render(overview, names))
        _write_text(aside, SUMMARY, json.dumps(summary, ensure_ascii=False, indent=2) + "\n")
        left = sorted(changed) if leaves_changed else []
        # Files of failed rows from an earlier writing: imported again, they would send rows that exist by now.
        outdated = {*CORRECTED} - {*names, *left}
        new = [name for name in names if name not in {*left, SUMMARY}]
        written.note(aside, new, advice, without=outdated)
        moved = {name: written.keep(name, advice) for name in sorted(changed.difference(left))}
        # The summary last: broken off before, by a locked file or a kill, it does not call the others new.
        files = {name: run.folder / name for name in names}
        files |= {name: put_in_place(aside / name, run.folder, advice) for name in new}
        for name in sorted(outdated):
            remove(run.folder / name, advice)
        put_in_place(aside / SUMMARY, run.folder, advice)
    return Report(run.folder, overview.counts, files, summary, moved, left)


def report_files(folder: Path) -> list[Path]:
    """What there is of a report in the folder of a run, also what a person has changed, and links; the summary last."""
    files = [*changed_files(folder, _REPORT_FILES), *map(folder.joinpath, _REPORT_FILES)]
    return [file for file in files if file.is_symlink() or file.exists()]


def unwritten_report(journal: Journal, run: Run, *, now: float) -> Report:
    """What the journal alone says of a run whose report cannot be written: all but the rows and their issues."""
    states, counts = journal.rows.counts(run), dict.fromkeys(Status, 0)
    for state, number in states.items():
        counts[STATUS[state]] += number
    counts[Status.INVALID], counts[Status.LEFT_OUT] = journal.rows.invalid(run), len(run.left_out)
    overview = Overview(run, run.account, now, states, counts=counts)
    return Report(run.folder, counts, {}, overview.document([]))


def write_table(folder: Path, name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    """A CSV file beside the report, for example the result of a verification.

    Raises:
        ReportError: The folder cannot be written, or the file is open elsewhere.
    """
    advice = "Close the file if it is open in another program, then try again."
    written = WrittenFiles(folder)
    with written_aside(folder, advice) as aside:
        path = new_file(aside, name)
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerow(header)
            writer.writerows([escape_formula(cell) for cell in row] for row in rows)
        changed = written.is_changed(name)
        written.note(aside, [name], advice)
        if changed:
            written.keep(name, advice)
        return put_in_place(path, folder, advice)


def _write_rows(aside: Path, stream: Lines, overview: Overview) -> None:
    """Write the files that hold rows in one pass over them, and count on the way."""
    words = words_of(overview.run)
    with ExitStack() as open_files:

        def table(name: str, *, failed: bool = False) -> DelimitedReport:
            path = new_file(aside, name)
            return open_files.enter_context(DelimitedReport(path, stream.labels, words, with_answers=failed))

        def workbook(name: str, *, failed: bool = False) -> WorkbookReport:
            path = new_file(aside, name)
            return open_files.enter_context(
                WorkbookReport(path, stream.labels, overview.now, words, with_answers=failed)
            )

        report = workbook("report.xlsx")
        every = (table("report.csv"), report)
        failed = (table("failed.csv", failed=True), workbook("failed.xlsx", failed=True))
        for line in stream.rows:
            overview.add(line)
            for file in (*every, *failed) if line.failed else every:
                file.add(line)
        report.summarise(overview.sheet())


def _write_marked_workbook(aside: Path, journal: Journal, run: Run) -> str | Notice:
    """Write the user's own workbook with the outcome of each row; give its name, or say why there is none."""
    if run.rows > _MOST_MARKED:
        return Notice("workbook-left-out", {"why": f"it has more than {_MOST_MARKED:,} rows"})
    name, stream = f"your-workbook{run.copy.suffix}", lines(journal, run)
    lists = value_lists(journal, run, fields_of(run, stream.sheet))
    additions = Additions(lists, corrected_texts(run), words_of(run), with_ids=True)
    why = annotate_file(run.copy, stream.sheet, stream.rows, additions, new_file(aside, name))
    return name if why is None else Notice("workbook-left-out", {"why": why})


def _write_text(aside: Path, name: str, text: str) -> None:
    new_file(aside, name).write_text(text, encoding="utf-8", errors="backslashreplace")
