"""Rows joined with their outcomes by number: what belongs together, and what is refused rather than mixed up."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import ReportError
from importer.issues import Issue
from importer.journal.rows import Change, Intent
from importer.journal.runs import Run
from importer.journal.states import Event, State
from importer.model import Status
from importer.reporting.lines import Ascending, Positions, lines, outcomes, texts_of
from importer.spreadsheet import ReadOptions, open_sheet
from reporting.office import Office

Row = Callable[..., list[str]]


def test_each_row_has_its_own_cells_issues_and_outcome(office: Office, every_fate: Run) -> None:
    """By its number, with a blank line and a row without a single issue between the others."""
    read = list(lines(office.journal, every_fate).rows)
    assert [(line.outcome.row, line.cells[2].strip()) for line in read] == [
        (2, "Meeting room 2"),
        (3, "Meeting room 3"),
        (4, "Meeting room 4"),
        (6, "Meeting room 6"),
        (7, "Meeting room 7"),
        (8, "Studio"),
        (9, "Meeting room 9"),
        (10, "Meeting room 10"),
    ]
    assert {line.outcome.row: [issue.code for issue in line.issues] for line in read if line.issues} == {
        7: ["cell-empty"],
        8: ["spaces-trimmed"],
    }
    assert [line.outcome.remote_id for line in read] == [9001, None, None, 9000, None, 9002, None, None]


def test_wrong_cells_are_marked_where_they_stand(office: Office, every_fate: Run) -> None:
    """The cell that the service refused and the one that is empty; a warning marks nothing."""
    read = {line.outcome.row: line.wrong for line in lines(office.journal, every_fate).rows}
    assert {row: list(wrong) for row, wrong in read.items() if wrong} == {3: [0], 7: [1]}
    assert read[3][0] == "Resource: is not a valid value"
    assert read[7][1].startswith("CoworkerId is empty.")


def test_what_needs_something_done_has_failed(office: Office, every_fate: Run) -> None:
    """Rejected and invalid rows, not those that may exist, nor those that are simply not sent yet."""
    assert [line.outcome.row for line in lines(office.journal, every_fate).rows if line.failed] == [3, 7]


def test_a_held_row_has_failed_and_marks_its_cell(office: Office, row: Row) -> None:
    """Its mapping exists with other values, which the user has to decide about."""
    run = office.plan(office.file([row(2), row(3)]))
    intent = office.intent(run, 3)
    change = Change(intent, Event.DIFFERS, None, "SubscriptionExpireDate", "Record 7 has another date.")
    office.journal.rows.move([change], office.now)
    first, second = lines(office.journal, run).rows
    assert (first.failed, second.failed, second.held) == (False, True, True)
    assert list(second.wrong) == [3]
    assert second.outcome.status is Status.NOT_SENT


def test_cells_right_of_the_last_header_are_kept_apart(office: Office, row: Row) -> None:
    """Without the empty ones at their end."""
    path = office.file([[*row(2), "x", "", ""], row(3)])
    run = office.plan(path)
    first, second = lines(office.journal, run).rows
    assert (first.extra, second.extra) == (("x",), ())
    assert first.outcome.status is Status.INVALID
    assert list(first.wrong) == [6]


@pytest.mark.parametrize("change", ["row added", "row taken away", "rows renumbered"])
def test_another_file_is_not_reported_as_this_one(office: Office, row: Row, change: str) -> None:
    """Its rows would get the outcomes of others."""
    path = office.file([row(2), row(3)])
    run = office.plan(path)
    rows = {"row added": [row(2), row(3), row(4)], "row taken away": [row(2)], "rows renumbered": [[""] * 6, row(2)]}
    office.file(rows[change])
    with pytest.raises(ReportError, match="not the file that was checked"):
        list(lines(office.journal, run).rows)


def test_an_invalid_row_that_has_moved_is_noticed(office: Office, row: Row) -> None:
    """Without an intent it is known by its issues alone; the number of rows is what it was."""
    run = office.plan(office.file([row(2, CoworkerId="")]))
    office.file([[""] * 6, row(2, CoworkerId="")])
    with pytest.raises(ReportError, match="not the file that was checked"):
        list(lines(office.journal, run).rows)


def test_outcomes_are_those_of_the_lines(office: Office, every_fate: Run) -> None:
    """In the order of the file."""
    assert list(outcomes(office.journal, every_fate)) == [
        line.outcome for line in lines(office.journal, every_fate).rows
    ]


def test_the_issues_of_whole_columns_stand_apart(office: Office, row: Row) -> None:
    """They belong to no row."""
    labels = ["ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate", "SubscriptionId", "CalendarId", "Note"]
    read = lines(office.journal, office.plan(office.file([[*row(2), "x"]], labels)))
    assert [issue.code for issue in read.column_issues] == ["column-unused"]
    assert [line.issues for line in read.rows] == [[]]
    assert read.labels == tuple(labels)


@given(st.lists(st.integers(2, 30)), st.lists(st.integers(2, 30), unique=True))
def test_items_are_given_out_with_their_row_or_stay(items: list[int], rows: list[int]) -> None:
    """In order; the first of a row that was never asked for stays at the head, and shows that its row is missing."""
    issues = [Issue("date-past", row) for row in sorted(items)]
    ascending = Ascending(issues)
    taken = [issue for row in sorted(rows) for issue in ascending.take(row)]
    missing = [issue for issue in issues if issue.row not in rows]
    if missing:
        assert ascending.next is not None
        assert (ascending.next.row or 0) <= (missing[0].row or 0)
    else:
        assert (taken, ascending.next) == (issues, None)


def test_a_cell_is_found_among_those_of_the_user(tmp_path: Path) -> None:
    """The columns that a report has added are not counted, those beyond the last header follow."""
    path = tmp_path / "rows.csv"
    path.write_text("Name,import_row,import_status,import_id,import_message,Floor\na,2,created,7,,1,beyond\n")
    sheet = open_sheet(path)
    positions = Positions(sheet, {"Name": 0, "Floor": 5})
    wrong = positions.wrong_cells(
        [Issue("cell-empty", 2, f"{letter}2", field=letter, detail="x") for letter in ("A", "F", "G")]
        + [Issue("date-past", 2, "A2"), Issue("duplicate-row", 2)]
    )
    assert {place: sentence[:11] for place, sentence in wrong.items()} == {
        0: "A is empty.",
        1: "F is empty.",
        2: "G is empty.",
    }
    [(row, cells, extra, _)] = texts_of(sheet)
    assert (row, tuple(cells), tuple(extra)) == (2, ("a", "1"), ("beyond",))


@pytest.mark.parametrize(
    ("state", "field", "places"),
    [
        (State.REJECTED, "Floor", [1]),
        (State.HELD, "Floor", [1]),
        (State.REJECTED, "Colour", []),
        (State.REJECTED, None, []),
        (State.CREATED, "Floor", []),
    ],
)
def test_what_the_service_refused_is_marked(tmp_path: Path, state: State, field: str | None, places: list[int]) -> None:
    """If the field has a column, and the row is one that was refused."""
    (tmp_path / "rows.csv").write_text("Name,Floor\na,1\n")
    intent = Intent(1, 2, b"x" * 16, "{}", state, field=field, message="no")
    positions = Positions(open_sheet(tmp_path / "rows.csv"), {"Name": 0, "Floor": 1})
    assert list(positions.refused_cell(intent)) == places
    assert positions.refused_cell(None) == {}


def test_a_run_of_an_earlier_version_keeps_the_rows_and_letters_it_had(office: Office) -> None:
    """A file that it read as Windows-1252, with a line below that it took for a row: its report adds up."""
    path = office.file([], name="old.csv")
    path.write_bytes(path.read_bytes() + "1,5,Büro,2026-12-01,,\r\n(1 row affected)\r\n".encode("cp1252"))
    run = office.plan(path, ReadOptions(rules=1))
    stored = dict(run.options["read"])
    for name in ("rules", "header_row", "remembered"):
        del stored[name]
    run = office.journal.runs.update(run, options={**run.options, "read": stored})
    read = list(lines(office.journal, run).rows)
    assert [line.cells[2] for line in read] == ["Büro", ""]
    assert [line.outcome.status for line in read][1] is Status.INVALID
