"""The rows of a run as people look at them: by status, by text, and what became of each."""

from pathlib import Path

import pytest
from delivery.kit import ACCOUNT, KIND, add_run, record

from importer.config.settings import Settings
from importer.issues import CATALOGUE, Issue, Severity
from importer.journal.journal import open_journal
from importer.journal.rows import Change
from importer.journal.states import Event, State
from importer.model import Status
from importer.runs.result_rows import find_rows, first_failures


@pytest.fixture
def settings(memory: Path) -> Settings:
    """A journal with a run whose rows 2 to 6 have a fate each, and row 7 is invalid."""
    settings = Settings.model_validate({"journal": f"sqlite:///{memory / 'j'}", "home": memory})
    with open_journal(settings.journal_place) as journal:
        run = add_run(journal, memory)
        issues = [Issue("not-a-whole-number", 7, "A7", "ResourceId", "ResourceId", "abc", "7")]
        target = journal.runs.target(ACCOUNT, KIND.name)
        run = journal.rows.plan(run, [([record(n) for n in range(2, 7)], issues, 6)], target, 1.0)
        journal.rows.will_send(run, ACCOUNT, journal.rows.planned(run, 0, 4), (), 5.0)
        one, two, three, _ = journal.rows.all(run, State.IN_DOUBT)
        answers = [Change(one, Event.ACCEPTED, 71), Change(two, Event.REFUSED, message="No such coworker.")]
        journal.rows.move([*answers, Change(three, Event.ACCEPTED, 73)], 6.0)
        removed = next(intent for intent in journal.rows.all(run) if intent.row == 4)
        journal.rows.move([Change(removed, Event.WILL_REMOVE, 73)], 7.0)
        removing = next(intent for intent in journal.rows.all(run) if intent.row == 4)
        journal.rows.move([Change(removing, Event.GONE, 73)], 8.0)
    return settings


def rows(settings: Settings, status: Status | None = None, text: str = "", *, undone: bool = False) -> list[int]:
    """The numbers of the rows that are found."""
    shown, total = find_rows(1, status, text, 99, 0, settings, undone=undone)
    assert total == len(shown)
    return [row.outcome.row for row in shown]


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (None, [2, 3, 4, 5, 6, 7]),
        (Status.CREATED, [2]),
        (Status.REJECTED, [3]),
        (Status.UNKNOWN, [5]),
        # A removed row is "not sent" in the report, but nobody looks for it among those that were never sent.
        (Status.NOT_SENT, [6]),
        (Status.INVALID, [7]),
        (Status.EXISTING, []),
    ],
)
def test_each_row_is_found_under_its_status(settings: Settings, status: Status | None, found: list[int]) -> None:
    """Or under none, where all are shown."""
    assert rows(settings, status) == found


def test_removed_rows_are_found_apart(settings: Settings) -> None:
    """They are told as such."""
    assert rows(settings, undone=True) == [4]
    [row], _ = find_rows(1, None, "", 9, 0, settings, undone=True)
    assert row.undone


def test_rows_are_found_by_what_is_in_them(settings: Settings) -> None:
    """Also by what stands in a wrong cell, and by what the service said."""
    assert rows(settings, None, "abc") == [7]
    assert rows(settings, None, "coworker.") == [3]
    assert rows(settings, Status.CREATED, "abc") == []
    assert rows(settings, None, "71") == [2]


def test_a_row_shows_what_was_sent_or_what_is_wrong(settings: Settings) -> None:
    """The Id, the values and the words."""
    shown, _ = find_rows(1, None, "", 99, 0, settings)
    by_row = {row.outcome.row: row for row in shown}
    assert by_row[2].outcome.remote_id == 71
    assert by_row[2].values["Name"] == "Room 2"
    assert "No such coworker." in by_row[3].outcome.message
    assert (by_row[7].outcome.status, by_row[7].values) == (Status.INVALID, {"ResourceId": "abc"})
    assert not by_row[2].undone


def test_no_value_is_shown_of_a_row_that_is_wrong_as_a_whole(settings: Settings) -> None:
    """It is full, and would be shown as empty; beside it, an empty cell that is needed is one."""
    about_rows = [code for code, kind in CATALOGUE.items() if kind.severity is Severity.ERROR]
    with open_journal(settings.journal_place) as journal:
        run = add_run(journal, settings.home)
        issues = [Issue(code, row, detail="2") for row, code in enumerate(about_rows, 2)]
        issues.append(Issue("cell-empty", 99, "A99", "ResourceId", "ResourceId", "", "7"))
        target = journal.runs.target(ACCOUNT, KIND.name)
        run = journal.rows.plan(run, [([], issues, 98)], target, 1.0)
    shown, _ = find_rows(run.id, Status.INVALID, "", 199, 0, settings)
    values = {row.outcome.row: row.values for row in shown}
    assert values.pop(99) == {"ResourceId": ""}
    assert [row for row, held in values.items() if held] == []


def test_the_first_failures_are_the_rejected_rows(settings: Settings) -> None:
    """And no others."""
    assert [row.outcome.row for row in first_failures(1, settings)] == [3]


def test_a_page_is_told_with_the_number_of_all(settings: Settings) -> None:
    """Two rows a page."""
    pages = [find_rows(1, None, "", 2, offset, settings) for offset in (0, 2, 4)]
    assert [row.outcome.row for shown, _ in pages for row in shown] == [2, 3, 4, 5, 6, 7]
    assert {total for _, total in pages} == {6}
