"""The files of a run speak as whoever started it does, and come back in whichever words they have."""

import csv
import io
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import openpyxl
import pytest
from spreadsheet.making import rows_of

from importer.checking import match_columns
from importer.issues import CATALOGUE, NOTICES, Issue, Notice
from importer.journal.next_steps import Step, StepKind
from importer.journal.runs import Run
from importer.journal.states import Event
from importer.model import Status
from importer.reporting import write_fix_file, write_report
from importer.reporting.report_words import COMMANDS, PAGE, PAGE_BEFORE_IMPORT, ReportWords
from importer.reporting.sentences import step_sentences
from importer.reporting.written import WRITTEN
from importer.spreadsheet import ReadOptions, open_sheet
from reporting.office import KIND, LABELS, Office, mapping_row
from reporting.test_annotated_file import BROKEN, TITLES, checked, workbook

FOR_PROGRAMS = re.compile(
    r"(?<!\S)--[a-z]|\bimporter (?:diff|re[a-z]+|run|settle|undo|verify|whoami)\b|IMPORTER_|NEXUDUS_"
    r"|\d{4}-\d\d-\d\dT|import_[a-z]|\binvalid\b|\bexisting\b|\b[0-9a-f]{64}\b"
)


def of_page(office: Office, run: Run) -> Run:
    """The same run as if it had been started on the page, by somebody without a name."""
    return office.journal.runs.update(run, options={**run.options, "by": ""})


def texts_in(path: Path) -> str:
    """Everything that a person can read in a file of a run."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        comments = [cell.comment.text for cell in cells if cell.comment]
        return "\n".join([*(str(cell.value) for cell in cells if cell.value is not None), *comments])
    text = path.read_text("utf-8-sig")
    return unescape(re.sub(r"(?s)<style.*?</style>|<[^>]*>", "", text)) if path.suffix == ".html" else text


def broken_run(office: Office) -> Run:
    """A run of a workbook in whose rows nearly everything is wrong."""
    wrong = mapping_row(9, SubscriptionExpireDate="soon", CoworkerId="")
    run = office.plan(workbook(office.folder / "rooms.xlsx", *BROKEN, wrong, mapping_row(10)))
    office.send(run, 4, Event.ACCEPTED, remote_id=901)
    office.send(run, 7, Event.REFUSED, field="Name", message="No.")
    office.send(run, 9, Event.UNCLEAR, message="2 records of Nexudus fit.")
    return run


def test_the_files_of_a_run_of_the_page_name_no_command(office: Office) -> None:
    """No flag, code, title or example that only a program would write; those of a command have commands."""
    run = broken_run(office)
    own = set(texts_in(run.copy).split("\n"))
    write_report(office.journal, office.finish(run), now=office.now)
    files = sorted(path for path in office.out.iterdir() if path.name not in ("summary.json", WRITTEN))
    assert "your-workbook.xlsx" in [path.name for path in files]
    assert {path.name for path in files if FOR_PROGRAMS.search(texts_in(path))} == {path.name for path in files}
    write_report(office.journal, of_page(office, run), now=office.now)
    for path in files:
        texts = [text for text in texts_in(path).split("\n") if text not in own]
        if path.suffix == ".csv":
            # The cells are the user's own, and dates are as they wrote them.
            lines = list(csv.DictReader(io.StringIO(texts_in(path))))
            texts = [text for line in lines for title, text in line.items() if title not in TITLES]
        assert [text for text in texts if FOR_PROGRAMS.search(text)] == [], path.name


@pytest.mark.parametrize("words", [COMMANDS, PAGE, PAGE_BEFORE_IMPORT])
def test_what_is_given_back_comes_in_again(office: Office, words: ReportWords) -> None:
    """The failed file and the own workbook, before and after a run: their columns and rows are the user's own."""
    run = broken_run(office)
    run = run if words is COMMANDS else of_page(office, run)
    write_report(office.journal, office.finish(run), now=office.now)
    before = replace(checked(run.copy), words=words)
    assert write_fix_file(before, office.folder / "fix.xlsx", 0.0) is None
    plain = replace(before, copy=office.folder / "rooms.csv")
    assert write_fix_file(plain, office.folder / "plain.xlsx", 0.0) is None
    for path, rows in [
        (office.out / "failed.csv", 4),
        (office.out / "failed.xlsx", 4),
        (office.out / "your-workbook.xlsx", 6),
        (office.folder / "fix.xlsx", 6),
        (office.folder / "plain.xlsx", 6),
    ]:
        again = open_sheet(path)
        assert [again.labels[position] for position in again.columns] == TITLES, path.name
        assert (again.is_report, len(rows_of(again))) == (True, rows), path.name
        assert len(match_columns(again, KIND, KIND.required(KIND.paths[0])).columns) == len(TITLES)


def test_a_copy_in_other_words_is_written_over_the_earlier_one(office: Office) -> None:
    """The columns stay where they are, and are not there twice."""
    path = workbook(office.folder / "rooms.xlsx", *BROKEN)
    assert write_fix_file(checked(path), office.folder / "one.xlsx", 0.0) is None
    second = replace(checked(office.folder / "one.xlsx"), words=PAGE_BEFORE_IMPORT)
    assert write_fix_file(second, office.folder / "two.xlsx", 0.0) is None
    sheet = openpyxl.load_workbook(office.folder / "two.xlsx")["Rooms"]
    assert [cell.value for cell in sheet[3]][6:] == ["Import: result", "Import: message", "Id"]
    assert [sheet.cell(row, 7).value for row in range(4, 8)] == ["ready", "needs a change", "needs a change", "ready"]


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_issue_has_words_for_the_page(code: str) -> None:
    """As it stands in a workbook: the place, what kind it is, what is wrong and what to do."""
    issue = Issue(code, 7, "D7", "Ablauf", "SubscriptionExpireDate", "x", "9")
    line = PAGE.about(issue)
    assert len(line) == len(PAGE.issues_header)
    assert FOR_PROGRAMS.findall(" ".join(line)) == []
    assert "SubscriptionExpireDate" not in " ".join(line)
    assert COMMANDS.about(issue)[2] == code


@pytest.mark.parametrize("code", [code for code in NOTICES if code != "option-ignored"])
def test_every_notice_has_words_for_a_file(code: str) -> None:
    """Nothing is "below" in a file."""
    names = re.findall(r"{(\w+)", NOTICES[code].message)
    notice = Notice(code, {name: 3 if name in ("count", "first", "last", "header") else "x" for name in names})
    text = PAGE.notice(notice)
    assert FOR_PROGRAMS.findall(text) == []
    assert " below" not in text or " below" in notice.message


@pytest.mark.parametrize("kind", StepKind)
def test_every_step_has_words_without_a_command(office: Office, kind: StepKind) -> None:
    """Where to do it is said instead."""
    run = office.begin(office.file([mapping_row(2)], LABELS), ReadOptions())
    sentences = step_sentences(of_page(office, run), [Step(kind, 2)])
    assert all(command == "" and FOR_PROGRAMS.findall(why) == [] for why, command in sentences)
    assert len(sentences) == len(step_sentences(run, [Step(kind, 2)]))


def test_statuses_are_told_apart_in_either_words() -> None:
    """And "left out" is the same in both: it is read again."""
    for words in (COMMANDS, PAGE, PAGE_BEFORE_IMPORT):
        assert len({words.status(status) for status in Status}) == len(Status)
        assert words.status(Status.LEFT_OUT) == Status.LEFT_OUT.value
