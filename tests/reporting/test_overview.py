"""A run as a whole: counted, and told to people and programs in the same numbers."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from importer.issues import Issue, Notice
from importer.journal.runs import Run
from importer.journal.states import State
from importer.model import Outcome, Status
from importer.reporting.lines import Line
from importer.reporting.overview import MOST_KEPT, Overview
from reporting.office import Office


@pytest.fixture
def run(office: Office, row: Callable[..., list[str]]) -> Run:
    """A run of three rows that took half an hour."""
    return office.finish(office.plan(office.file([row(2), row(3), row(4)])))


def overview(office: Office, run: Run, *lines: Line, **changes: object) -> Overview:
    """What is told of a run with these rows."""
    made = Overview(run, "spaces.nexudus.com/ops@example.com", office.now, {State.CREATED: len(lines)})
    made = replace(made, **changes)  # type: ignore[arg-type]
    for line in lines:
        made.add(line)
    return made


def line(row: int, status: Status, *codes: str, held: bool = False) -> Line:
    """A row with an outcome."""
    return Line(Outcome(row, status), (), issues=[Issue(code, row) for code in codes], held=held)


def test_every_status_is_counted_and_they_add_up(office: Office, run: Run) -> None:
    """Those without a row as well, for programs look for them."""
    told = overview(office, run, *(line(n, status) for n, status in enumerate([*Status, Status.CREATED], start=2)))
    assert told.counts == {status: 1 + (status is Status.CREATED) for status in Status}
    assert told.rows == len(Status) + 1 == sum(told.document([])["counts"].values())
    assert list(told.document([])["counts"]) == [status.value for status in Status]


def test_rows_that_need_a_person_are_kept_and_no_more_of_them_than_a_page_shows(office: Office, run: Run) -> None:
    """Rejected, invalid, unknown and held ones; the report has all."""
    rows = [
        line(2, Status.CREATED),
        line(3, Status.REJECTED),
        line(4, Status.NOT_SENT),
        line(5, Status.NOT_SENT, held=True),
        line(6, Status.UNKNOWN),
        line(7, Status.INVALID),
        line(8, Status.EXISTING),
    ]
    told = overview(office, run, *rows)
    assert [outcome.row for outcome in told.attention] == [3, 5, 6, 7]
    assert told.failed == 3
    many = overview(office, run, *(line(n, Status.REJECTED) for n in range(2, MOST_KEPT + 9)))
    assert (len(many.attention), many.failed) == (MOST_KEPT, MOST_KEPT + 7)


def test_issues_are_counted_by_code(office: Office, run: Run) -> None:
    """Those of rows and those of whole columns together, in the order of their names."""
    told = overview(
        office,
        run,
        line(2, Status.CREATED, "spaces-trimmed", "date-past"),
        line(3, Status.CREATED, "date-past"),
        column_issues=(Issue("column-unused", label="Note"),),
    )
    assert list(told.document([])["issues"].items()) == [("column-unused", 1), ("date-past", 2), ("spaces-trimmed", 1)]


@pytest.mark.parametrize(
    ("finished", "stopped", "seconds"),
    [(1800.0, 1800.0, 1800.0), (None, 600.0, 600.0), (None, None, 3600.0), (-5.0, None, 0.0)],
)
def test_a_run_has_taken_as_long_as_it_has_been_worked_on(
    office: Office, run: Run, finished: float | None, stopped: float | None, seconds: float
) -> None:
    """To its end, else to where it stopped, else until now; a clock that was set back makes it nothing."""
    finished, stopped = (None if end is None else office.started + end for end in (finished, stopped))
    told = overview(office, replace(run, finished=finished, stopped=stopped))
    assert told.seconds == seconds
    assert told.document([])["duration_seconds"] == seconds


def test_the_document_is_about_this_run(office: Office, run: Run) -> None:
    """With its times in UTC to the second, and what reading the file had to say."""
    notice = Notice("macros-not-run", {})
    document = overview(office, run, notices=(notice,)).document(["report.csv"])
    assert document["schema"] == 1
    assert (document["run"], document["parent"], document["kind"]) == (run.id, None, "CoworkerMsOfficeCalendar")
    assert (document["started"], document["finished"]) == ("2026-11-23T10:00:00Z", "2026-11-23T10:30:00Z")
    assert document["notices"] == [notice.document]
    assert (document["files"], document["exit_code"], document["rows"]) == (["report.csv"], 0, 0)
    unfinished = overview(office, replace(run, finished=None)).document([])
    assert unfinished["finished"] is None
    assert str(run.id) in unfinished["resume"]


def test_what_is_not_known_is_left_out_of_the_facts(office: Office, run: Run) -> None:
    """A run that never reached the service has neither account nor space."""
    facts = dict(overview(office, run, account=None).facts())
    assert {"Account", "Space", "Signed in as"} & set(facts) == set()
    assert facts["Run"] == str(run.id)
    assert facts["Finished"] != "not yet"
    assert dict(overview(office, replace(run, finished=None)).facts())["Finished"] == "not yet"
    assert dict(overview(office, replace(run, parent=3)).facts())["Run"] == f"{run.id}, a retry of run 3"


def test_the_sheet_holds_the_same_in_parts(office: Office, run: Run) -> None:
    """The result, the counts, the notes on columns and the facts, divided by empty lines."""
    unused = Issue("column-unused", label="Note")
    told = overview(office, run, line(2, Status.CREATED), column_issues=(unused,))
    pairs = told.sheet()
    assert pairs[0] == ("Result", told.headline())
    assert ("created", "1") in pairs
    assert ("Column Note", f"{unused.message} {unused.fix}") in pairs
    assert set(told.facts()) <= set(pairs)
    assert pairs.count(("", "")) >= 4
    assert pairs[-1] == ("", "")
