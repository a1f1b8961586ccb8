"""Runs that a page begins: one a file and account, whatever is clicked twice."""

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import LABELS, mapping
from delivery.kit import ACCOUNT

from importer.config.settings import Settings
from importer.errors import UsageError
from importer.journal.journal import open_journal
from importer.model import AgreedUpdate
from importer.runs.copies import intact
from importer.runs.observer import NullObserver
from importer.runs.page_run import add_page_run
from importer.runs.request import Choices, ImportRequest
from importer.runs.start import agreed_updates
from importer.spreadsheet import ReadOptions
from runs.test_source import write
from schemas import RECORD_TYPES


@pytest.fixture
def request_(tmp_path: Path) -> ImportRequest:
    """To import a file of two rows."""
    file = write(tmp_path / "upload", [mapping(2), mapping(3)], LABELS)
    kind = RECORD_TYPES["CoworkerMsOfficeCalendar"]
    settings = Settings.model_validate({"home": tmp_path / "home"})
    choices = Choices(picks={"Studio": 7})
    return ImportRequest(file, settings, NullObserver(), lambda: 5.0, kind, ReadOptions(), choices)


def test_a_queued_run_has_all_that_its_process_needs(request_: ImportRequest) -> None:
    """The copy of the file, under the name that the user calls it; how it is read, what was chosen, and by whom."""
    run = add_page_run(request_, "May.csv", ACCOUNT, "jo")
    assert (run.file, run.started, run.planned, run.finished, run.target) == ("May.csv", 5.0, None, None, None)
    assert intact(run.copy, run.sha256)
    assert run.options_as(Choices) == request_.choices
    assert run.options_as(ReadOptions, "read") == request_.read
    assert run.options["by"] == "jo"
    assert "May" in run.folder.name


def test_the_same_file_twice_is_one_run(request_: ImportRequest) -> None:
    """A second click, or a page that was loaded again; and only one copy is kept."""
    first = add_page_run(request_, "May.csv", ACCOUNT, "jo")
    assert add_page_run(request_, "May again.csv", ACCOUNT, "jo").id == first.id
    assert len(list((request_.settings.home / "files").iterdir())) == 1


@pytest.mark.parametrize("what", ["another account", "another reading", "another service", "the first has ended"])
def test_another_import_is_another_run(request_: ImportRequest, what: str) -> None:
    """Of the same bytes, but to somebody else, read otherwise, or anew."""
    first, account = add_page_run(request_, "May.csv", ACCOUNT, "jo"), ACCOUNT
    with open_journal(request_.settings.journal_place) as journal:
        if what == "another account":
            journal.runs.update(first, account=ACCOUNT)
        if what == "the first has ended":
            journal.runs.update(first, finished=6.0)
    if what == "another account":
        account = "another"
    if what == "another reading":
        request_ = replace(request_, read=ReadOptions(dates="dmy"))
    if what == "another service":
        request_ = replace(request_, settings=request_.settings.model_copy(update={"url": "https://other.example"}))
    second = add_page_run(request_, "May.csv", account, "jo")
    assert second.id != first.id
    assert second.copy == first.copy


def test_a_queued_run_has_the_updates_that_were_agreed_to(request_: ImportRequest) -> None:
    """Those of the latest plan that a person has seen, until its rows are planned; without any, none are updated."""
    request_ = replace(request_, choices=Choices(update=True))
    first = add_page_run(request_, "May.csv", ACCOUNT, "jo", {3: AgreedUpdate(70, 1.0), 2: AgreedUpdate(71, None)})
    assert agreed_updates(first) == {2: AgreedUpdate(71, None), 3: AgreedUpdate(70, 1.0)}
    assert agreed_updates(add_page_run(request_, "May.csv", ACCOUNT, "jo", {2: AgreedUpdate(71, 2.0)})) == {
        2: AgreedUpdate(71, 2.0)
    }
    assert agreed_updates(add_page_run(request_, "May.csv", ACCOUNT, "jo", {})) == {}
    with open_journal(request_.settings.journal_place) as journal:
        journal.runs.update(first, planned=6.0)
    planned = add_page_run(request_, "May.csv", ACCOUNT, "jo", {2: AgreedUpdate(99, 3.0)})
    assert (planned.id, agreed_updates(planned)) == (first.id, {})


def test_a_run_that_was_begun_without_a_plan_has_no_agreement(request_: ImportRequest) -> None:
    """Its choice alone says whether records are updated, as after a service that could not be reached."""
    assert agreed_updates(add_page_run(request_, "May.csv", ACCOUNT, "jo")) is None


def test_a_lost_copy_is_put_back(request_: ImportRequest) -> None:
    """By the same file once more."""
    first = add_page_run(request_, "May.csv", ACCOUNT, "jo")
    first.copy.unlink()
    again = add_page_run(request_, "May.csv", ACCOUNT, "jo")
    assert (again.id, intact(again.copy, again.sha256)) == (first.id, True)


def test_a_refused_file_leaves_no_copy(request_: ImportRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """An earlier run has read it in another way: nothing of it is kept, and no run is added."""
    refused = UsageError("read otherwise")

    def refuse(*_: object, **__: object) -> None:
        raise refused

    monkeypatch.setattr("importer.runs.page_run.refuse_other_terms", refuse)
    with pytest.raises(UsageError):
        add_page_run(request_, "May.csv", ACCOUNT, "jo")
    assert list((request_.settings.home / "files").iterdir()) == []
    with open_journal(request_.settings.journal_place) as journal:
        assert journal.runs.latest() == []
