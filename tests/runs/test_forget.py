"""A run is forgotten only while nobody needs its values, whatever begins or breaks off at the same moment."""

from pathlib import Path
from typing import Any

import pytest
from conftest import Desk, Service, mapping

from importer.config.settings import JournalPlace, Settings
from importer.journal.journal import Journal, open_journal
from importer.runs import undo
from importer.runs.forget import days_words, forget, plan_forgetting


def imported(desk: Desk, name: str = "rows.csv", first: int = 2) -> Path:
    """A file of three rows, imported."""
    file = desk.write(name, [mapping(n) for n in range(first, first + 3)])
    assert desk.type("run", file, "--yes").code == 0
    return file


def settings_of(desk: Desk) -> Settings:
    """Those that matter here."""
    return Settings.model_validate({"home": desk.home})


def journal_of(desk: Desk) -> Journal:
    """The journal of the desk, opened."""
    return open_journal(JournalPlace(f"sqlite:///{desk.home / 'journal.sqlite3'}", desk.home))


def test_a_run_that_somebody_works_on_stays(desk: Desk, service: Service) -> None:
    """It may be an undo, for which every value is needed."""
    imported(desk)
    with journal_of(desk) as journal:
        run = journal.runs.get(1)
        with journal.senders.hold(run.account or "", run.id, "undo"):
            done = desk.type("forget", "1", "--yes")
    assert (done.code, "Run 1 is in progress." in done.err) == (2, True)
    assert desk.type("report", "1").code == 0


def test_an_undo_that_meets_a_forgotten_run_deletes_nothing(
    desk: Desk, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the run was forgotten while somebody was asked."""
    imported(desk)
    plan_of_undo = undo._plan

    def forgets_first(*words: Any) -> Any:
        settings = settings_of(desk)
        forget(settings, plan_forgetting(settings, 1, None, dict), desk.clock)
        return plan_of_undo(*words)

    monkeypatch.setattr(undo, "_plan", forgets_first)
    done = desk.type("undo", "1", "--yes")
    assert (done.code, "Run 1 was forgotten on" in done.err) == (2, True)
    assert len(service.records) == 3


def test_a_run_whose_retry_is_open_stays(desk: Desk, service: Service) -> None:
    """A retry that has not begun takes its rows from the run before it."""
    service.fail("status:422", "status:422", "status:422")
    desk.type("run", desk.write("bad.csv", [mapping(n) for n in (12, 13, 14)]), "--yes")
    desk.type("retry", "1", "--yes", "--max-rows", "1")
    refused = desk.type("forget", "1", "--yes")
    assert "Run 2, which retries run 1, is unfinished" in refused.err
    assert "importer resume 2" in refused.err


def test_a_file_that_cannot_be_deleted_is_named_and_deleted_the_next_time(
    desk: Desk, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows one that is open in Excel; the values in the journal are gone already."""
    imported(desk)
    unlink = Path.unlink

    def refuses(path: Path, missing_ok: bool = False) -> None:
        if path.name == "report.xlsx":
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuses)
        done = desk.type("forget", "1", "--yes")
    assert (done.code, "report.xlsx cannot be deleted: Permission denied." in done.err) == (2, True)
    assert (desk.folder / "reports" / "1-rows" / "report.xlsx").exists()
    assert desk.type("forget", "1", "--yes").code == 0
    assert not (desk.folder / "reports" / "1-rows").exists()


def test_a_copy_that_a_new_run_has_taken_meanwhile_stays(desk: Desk, service: Service) -> None:
    """The same file is imported while somebody looks at what will be removed."""
    file = imported(desk)
    settings = settings_of(desk)
    plan = plan_forgetting(settings, 1, None, dict)
    desk.type("run", file, "--yes")
    forget(settings, plan, desk.clock)
    assert desk.type("report", "2").code == 0


@pytest.mark.parametrize(("days", "words"), [(1, "1 day"), (90, "90 days"), (1.5, "1.5 days"), (3650, "3,650 days")])
def test_a_time_span_is_said_in_days(days: float, words: str) -> None:
    """As people think of it."""
    assert days_words(days * 86_400) == words
