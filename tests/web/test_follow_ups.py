"""What is started for a run after its end: how far it is, and what came of it, in words of the page."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from delivery.kit import add_run

from importer.config.settings import Settings
from importer.errors import StoppedError
from importer.journal.journal import open_journal
from importer.model import Progress
from importer.runs.progress_file import ProgressFile, Work, read_work
from importer.runs.status import RunStatus, run_status
from importer.web.follow_ups import FollowUp, follow_ups
from importer.web.workers import _PROCESS, Workers, _Process

NOW = 1_900_000_000.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A journal of its own."""
    return Settings.model_validate({"home": tmp_path})


@pytest.fixture
def status(settings: Settings, tmp_path: Path) -> RunStatus:
    """A run that has ended."""
    with open_journal(settings.journal_place) as journal:
        run = journal.runs.update(add_run(journal, tmp_path, planned=2), finished=NOW, folder=str(tmp_path / "1-rows"))
    return run_status(run.id, settings, NOW)


def of(status: RunStatus, settings: Settings, command: str, log: str, work: Work | None, *, pid: int) -> FollowUp:
    """A command that was started for it, with what its process has left behind."""
    folder = settings.home / "workers"
    folder.mkdir(exist_ok=True)
    (folder / "a.log").write_text(log)
    if work is not None:
        (folder / "a.json").write_text(json.dumps({"format": 1, **work.__dict__}))
    _PROCESS.write(folder / f"{command}-1.json", _Process(pid, NOW - 60, "a.log"))
    [one] = follow_ups(status, Workers(folder, lambda: NOW), settings, NOW)
    return one


GONE = 2**22 + 1
"""More than any process has as its number."""


@pytest.mark.parametrize(
    ("command", "counts", "sentences"),
    [
        ("undo", {"removed": 1, "put back": 2}, ["1 record deleted", "2 records put back"]),
        ("undo", {"kept": 1}, ["1 record kept, because somebody has changed or deleted it since"]),
        ("undo", {"failed": 2}, ["2 records not undone yet; undo once more to try again"]),
        ("verify", {"once": 8, "absent": 1}, ["8 records as imported", "1 record no longer in Nexudus"]),
        ("verify", {"something later": 3}, []),
        ("reconcile", {}, []),
    ],
)
def test_what_came_of_it_is_said_in_words_of_the_page(
    status: RunStatus, settings: Settings, command: str, counts: dict[str, int], sentences: list[str]
) -> None:
    """Counted by the process, not read out of what it printed."""
    log = "Run 1: 9 removed.\nWaiting 5 minutes. Press Ctrl-C to stop.\n"
    one = of(status, settings, command, log, Work(0, 9, 3, 0, 3, ended=True, counts=counts), pid=GONE)
    assert (one.sentences, one.complaint, one.alive) == (sentences, "", False)


def test_one_that_failed_says_why(status: RunStatus, settings: Settings) -> None:
    """In its own words if it had any, without a path of the server."""
    log = f"Error: {status.run.folder}/undo.csv cannot be written.\n"
    assert of(status, settings, "undo", log, Work(0, 0), pid=GONE).complaint == "1-rows/undo.csv cannot be written."
    assert of(status, settings, "undo", "", None, pid=GONE).complaint == "It stopped unexpectedly."
    ended = Work(0, 9, ended=True, error="Stopped as requested.")
    log = "Error: Stopped as requested.\nTo continue: importer undo 1\n"
    assert of(status, settings, "undo", log, ended, pid=GONE).complaint == "Stopped as requested."


def test_one_at_work_says_how_far_it_is(status: RunStatus, settings: Settings) -> None:
    """And that it stops, once it was asked to."""
    one = of(status, settings, "undo", "", Work(NOW - 60, NOW, 30, 0, 90), pid=os.getpid())
    assert one.work is not None
    assert (one.alive, one.stopping, one.work.seconds_left, one.complaint) == (True, False, 120.0, "")
    stopping = replace(status, run=replace(status.run, stop=True))
    assert of(stopping, settings, "undo", "", None, pid=os.getpid()).stopping


def test_a_file_of_an_earlier_command_is_not_shown_as_its_result(status: RunStatus, settings: Settings) -> None:
    """By when it was written."""
    file = status.run.folder / "undo.csv"
    file.parent.mkdir()
    file.touch()
    os.utime(file, (NOW - 120, NOW - 120))
    assert of(status, settings, "undo", "", Work(0, 0, ended=True), pid=GONE).file == ""
    os.utime(file, (NOW - 30, NOW - 30))
    assert of(status, settings, "undo", "", Work(0, 0, ended=True), pid=GONE).file == "undo.csv"


def test_an_error_is_noted_in_the_words_of_the_page(tmp_path: Path) -> None:
    """Without the commands of a terminal; it goes on to whoever shows it there."""
    work = ProgressFile(tmp_path / "w.json", lambda: 5.0)
    with pytest.raises(StoppedError), work.noting_errors():
        raise StoppedError("Stopped as requested.", "To continue: importer undo 1")
    assert read_work(tmp_path / "w.json") == Work(5.0, 5.0, ended=True, error="Stopped as requested.")


def test_progress_is_written_once_a_second_and_at_the_end(tmp_path: Path) -> None:
    """Not for each record; the end is always there."""
    times = iter([0.0, 0.0, 0.1, 0.2, 0.3, 5.0, 6.0])
    work = ProgressFile(tmp_path / "w.json", lambda: next(times))
    work.progress(Progress(1, 0), 9)
    assert read_work(tmp_path / "w.json") == Work(0.0, 0.1, 1, 0, 9)
    work.progress(Progress(2, 0), 9)
    work.progress(Progress(3, 1), 9)
    assert read_work(tmp_path / "w.json") == Work(0.0, 0.1, 1, 0, 9)
    work.progress(Progress(4, 1), 9)
    assert read_work(tmp_path / "w.json") == Work(0.0, 5.0, 4, 1, 9)
    work.end({"removed": 8}, "Stopped.")
    assert read_work(tmp_path / "w.json") == Work(
        0.0, 6.0, 4, 1, 9, ended=True, counts={"removed": 8}, message="Stopped."
    )
    assert read_work(tmp_path / "none.json") is None
