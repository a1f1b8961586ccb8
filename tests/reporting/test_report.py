"""The files of a report: which rows are in which, and what they say."""

import csv
import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from importer.errors import Exit, ReportError
from importer.journal.rows import Change
from importer.journal.runs import Run
from importer.journal.states import Event
from importer.model import Status
from importer.reporting import lines, outcomes, unwritten_report, write_report
from importer.reporting.written import WRITTEN
from importer.spreadsheet import ReadOptions, open_sheet
from reporting.office import Office

Row = Callable[..., list[str]]

LABELS = ["ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate", "SubscriptionId", "CalendarId"]
EVERY_STATUS = {
    2: "created",
    3: "rejected",
    4: "unknown",
    6: "existing",
    7: "invalid",
    8: "created",
    9: "unknown",
    10: "not sent",
}


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a report as other programs see them."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_each_row_stands_with_its_status_under_the_number_the_user_sees(office: Office, every_fate: Run) -> None:
    """Every row that is not blank is in report.csv once, in its order, with the status of its own row number."""
    write_report(office.journal, every_fate, now=office.now)
    rows = read_csv(office.out / "report.csv")
    assert {int(row["import_row"]): row["import_status"] for row in rows} == EVERY_STATUS
    assert [row["import_row"] for row in rows] == [str(number) for number in EVERY_STATUS]
    assert [row["ResourceId"] for row in rows] == [str(1414900 + number) for number in EVERY_STATUS]


def test_messages_say_what_happened_and_what_to_do(office: Office, every_fate: Run) -> None:
    """Each status has its sentence; a created row has one only if there is a warning."""
    said = {outcome.row: outcome.message for outcome in outcomes(office.journal, every_fate)}
    assert said[2] == ""
    assert said[3] == "Resource: is not a valid value"
    assert said[4].startswith("Sent at 2026-11-23 10:04 UTC without an answer: the record may exist in Nexudus.")
    assert said[4].endswith(f"(To find out: importer reconcile {every_fate.id})")
    assert said[6] == "Already exists: created as row 2 of run 0."
    assert said[7] == "CoworkerId is empty. Enter a value, for example 1123713."
    assert said[8].startswith("Note: Name has spaces")
    assert "2 records of Nexudus fit" in said[9]
    assert said[10] == "Not sent yet: the run ended while this row waited for another one to be settled."


def test_an_answer_that_proves_nothing_is_told(office: Office, row: Row) -> None:
    """Where an answer came, the report does not say that none came."""
    run = office.plan(office.file([row(2)]))
    office.send(run, 2, Event.LOST, message="The service may have created the record: it answered HTTP 502.")
    (outcome,) = outcomes(office.journal, run)
    assert outcome.message.startswith("Sent at 2026-11-23 10:02 UTC. The service may have created the record: it")


def test_undone_rows_say_so_and_are_not_offered_again(office: Office, row: Row) -> None:
    """A record that undo deleted is not sent, a row that undo kept says why, and neither leads to a retry."""
    run = office.plan(office.file([row(2), row(3)]))
    for number in (2, 3):
        office.send(run, number, Event.ACCEPTED, remote_id=9000 + number)
        office.journal.rows.move([Change(office.intent(run, number), Event.WILL_REMOVE)], office.now)
    kept = Change(office.intent(run, 3), Event.KEPT, 9003, message="Kept: changed by somebody since.")
    office.journal.rows.move([Change(office.intent(run, 2), Event.GONE), kept], office.now)
    report = write_report(office.journal, office.finish(run), now=office.now)
    said = {outcome.row: (outcome.status, outcome.message) for outcome in outcomes(office.journal, run)}
    assert said[2] == (Status.NOT_SENT, "Created, then deleted by undo.")
    assert said[3] == (Status.CREATED, "Kept: changed by somebody since.")
    assert "importer retry" not in report.files["report.html"].read_text()


def test_ids_are_those_the_service_gave(office: Office, every_fate: Run) -> None:
    """Created and existing rows carry their Id, no other row has one."""
    given = {outcome.row: outcome.remote_id for outcome in outcomes(office.journal, every_fate) if outcome.remote_id}
    assert given == {2: 9001, 6: 9000, 8: 9002}


def test_failed_files_leave_out_rows_that_may_exist(office: Office, every_fate: Run) -> None:
    """Only rejected and invalid rows are in the failed files: a row of unknown fate could be created twice."""
    write_report(office.journal, every_fate, now=office.now)
    assert [row["import_row"] for row in read_csv(office.out / "failed.csv")] == ["3", "7"]
    sheet = open_sheet(office.out / "failed.xlsx")
    assert [row for chunk in sheet.read() for row in chunk[sheet.labels.index("import_row")]] == ["3", "7"]


def test_summary_counts_every_status_and_adds_up(office: Office, every_fate: Run) -> None:
    """summary.json names all eight statuses, and their numbers add up to the rows."""
    report = write_report(office.journal, every_fate, now=office.now)
    summary = json.loads((office.out / "summary.json").read_text())
    assert summary == report.summary
    assert summary["counts"] == {
        "created": 2,
        "updated": 0,
        "existing": 1,
        "rejected": 1,
        "invalid": 1,
        "unknown": 2,
        "not sent": 1,
        "left out": 0,
    }
    assert sum(summary["counts"].values()) == summary["rows"] == 8
    assert summary["started"] == "2026-11-23T10:00:00Z"
    assert summary["finished"] == "2026-11-23T10:30:00Z"
    assert (summary["exit_code"], summary["duration_seconds"], summary["resume"]) == (8, 1800.0, None)
    assert summary["account"] == "ops@example.com"
    assert summary["issues"] == {"cell-empty": 1, "spaces-trimmed": 1}
    assert set(summary["files"]) == set(report.files) == {path.name for path in office.out.iterdir()} - {WRITTEN}


def test_a_run_that_was_never_planned_is_not_sent_at_all(office: Office, row: Row) -> None:
    """Before the journal knows any row, every row of the file is not sent, and the way on is named."""
    run = office.begin(office.file([row(2), row(3)]))
    report = write_report(office.journal, run, now=office.now)
    assert report.counts[Status.NOT_SENT] == 2
    assert report.summary["resume"] == f"importer resume {run.id}"
    assert not (office.out / "failed.csv").exists()


def test_a_retry_reports_only_its_own_rows(office: Office, every_fate: Run) -> None:
    """A run of some rows of a file says nothing of the others."""
    run = office.retry(every_fate, [3, 10])
    assert [outcome.row for outcome in outcomes(office.journal, run)] == [3, 10]


def test_old_report_columns_are_replaced(office: Office, row: Row) -> None:
    """A failed file given back in loses the columns of the earlier report, not those of the user."""
    path = office.file([["1", "old", *row(2), "kept"]], ["import_row", "Import_Status", *LABELS, "Floor"])
    write_report(office.journal, office.plan(path), now=office.now)
    (only,) = read_csv(office.out / "report.csv")
    assert list(only) == [*LABELS, "Floor", "import_row", "import_status", "import_id", "import_message"]
    assert (only["Floor"], only["import_row"]) == ("kept", "2")


@pytest.mark.parametrize("name", ["failed.csv", "failed.xlsx"])
def test_a_failed_file_goes_back_in_as_it_is(office: Office, every_fate: Run, name: str) -> None:
    """The user's cells come back unchanged, and the same row is found wrong again."""
    before = {line.outcome.row: tuple(line.cells) for line in lines(office.journal, every_fate).rows}
    write_report(office.journal, every_fate, now=office.now)
    again = office.plan((office.out / name).rename(office.folder / name))
    read = list(lines(office.journal, again).rows)
    assert [tuple(line.cells) for line in read] == [before[3], before[7]]
    assert [line.outcome.status for line in read] == [Status.NOT_SENT, Status.INVALID]


@pytest.mark.parametrize("name", ["failed.csv", "failed.xlsx"])
def test_a_cell_too_many_is_still_one_too_many(office: Office, row: Row, name: str) -> None:
    """A row shifted by a separator stays wrong in the failed file; without the last cell it could pass as right."""
    run = office.plan(office.file([[*row(2), "too", "many"]]))
    write_report(office.journal, run, now=office.now)
    again = office.plan((office.out / name).rename(office.folder / name))
    (line,) = lines(office.journal, again).rows
    assert line.outcome.status is Status.INVALID
    assert list(line.extra) == ["too", "many"]


def test_failed_files_of_an_earlier_writing_go(office: Office, every_fate: Run, row: Row) -> None:
    """When nothing failed any more, no failed file tells otherwise."""
    write_report(office.journal, every_fate, now=office.now)
    run = office.plan(office.file([row(20)], name="good.csv"))
    report = write_report(office.journal, run, now=office.now)
    assert not (office.out / "failed.csv").exists()
    assert not (office.out / "failed.xlsx").exists()
    assert "failed.csv" not in report.files


def test_only_the_owner_can_read_a_report(office: Office, every_fate: Run) -> None:
    """The folder is 0700 and every file 0600, and nothing is left over from writing."""
    write_report(office.journal, every_fate, now=office.now)
    assert stat.S_IMODE(office.out.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in office.out.iterdir()} == {0o600}
    assert not [path for path in office.out.iterdir() if path.name.startswith(".") and path.name != WRITTEN]


def test_a_file_that_cannot_be_replaced_is_named_with_the_way_out(office: Office, every_fate: Run) -> None:
    """A locked file ends the command with the file's name and another folder to try; nothing is left half written."""
    (office.out / "report.xlsx").mkdir(parents=True)
    with pytest.raises(ReportError, match=r"report\.xlsx cannot be replaced") as raised:
        write_report(office.journal, every_fate, now=office.now)
    assert f"importer report {every_fate.id} --out DIR" in raised.value.advice
    assert not (office.out / "summary.json").exists()
    assert not list(office.out.glob(".writing*"))


def test_a_folder_that_cannot_be_made_is_named(office: Office, every_fate: Run) -> None:
    """A file where the folder should be ends the command with a sentence."""
    office.out.write_text("in the way")
    with pytest.raises(ReportError, match="cannot be written"):
        write_report(office.journal, every_fate, now=office.now)


def test_a_private_copy_that_is_gone_is_said(office: Office, every_fate: Run) -> None:
    """Without the copy there is no report, and the place where it was is named."""
    every_fate.copy.unlink()
    with pytest.raises(ReportError, match="is missing"):
        write_report(office.journal, every_fate, now=office.now)


def test_a_copy_with_other_rows_is_refused(office: Office, every_fate: Run) -> None:
    """A report that would leave out or add a row is not written."""
    text = every_fate.copy.read_text()
    for changed in (text[: text.rindex("\n", 0, -1) + 1], text + text.splitlines(keepends=True)[-1]):
        every_fate.copy.write_text(changed)
        with pytest.raises(ReportError, match="is not the file that was checked"):
            write_report(office.journal, every_fate, now=office.now)
    assert not (office.out / "report.csv").exists()


@pytest.mark.parametrize(
    ("exit_code", "reason"),
    [
        (Exit.LIMIT, "limit or quota"),
        (Exit.SERVICE, "could not be reached or did not answer as expected"),
        (None, "Not sent yet."),
    ],
)
def test_rows_not_sent_say_why(office: Office, row: Row, exit_code: Exit | None, reason: str) -> None:
    """The end of the run explains the rows that it did not come to."""
    run = office.plan(office.file([row(2)]))
    (outcome,) = outcomes(office.journal, replace(run, exit_code=exit_code))
    assert reason in outcome.message


def test_rows_that_were_left_out_are_rows_of_the_report(office: Office, row: Row) -> None:
    """With their cells and numbers, in the order of the file; not of the failed files, and not of a retry."""
    path = office.file([row(number) for number in range(2, 6)])
    run = office.plan(path, ReadOptions(left_out=(3, 5)))
    office.send(run, 2, Event.ACCEPTED, remote_id=7)
    office.send(run, 4, Event.REFUSED, message="no")
    run = office.finish(run, Exit.ROWS_FAILED)
    # As often as it is written: what was left out does not change.
    for _ in range(2):
        report = write_report(office.journal, run, now=office.now)
        written = {int(line["import_row"]): line["import_status"] for line in read_csv(office.out / "report.csv")}
        assert written == {2: "created", 3: "left out", 4: "rejected", 5: "left out"}
        assert (sum(report.counts.values()), report.counts[Status.LEFT_OUT]) == (4, 2)
        assert report.counts == unwritten_report(office.journal, run, now=office.now).counts
    assert read_csv(office.out / "report.csv")[1]["ResourceId"] == "1414903"
    assert read_csv(office.out / "report.csv")[1]["import_message"] == "Left out, as you chose."
    assert [line["import_row"] for line in read_csv(office.out / "failed.csv")] == ["4"]
    assert [outcome.row for outcome in outcomes(office.journal, office.retry(run, [4]))] == [4]
