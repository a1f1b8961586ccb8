"""Processes that are started from a page: their output, private logs, and why one could not go on."""

import os
import stat
from pathlib import Path

import pytest

from importer.journal.lock import start_of
from importer.web.workers import _PROCESS, Worker, Workers, _Process


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        ("", ""),
        ("Run 1: 3 created.\n", ""),
        ("Error: The file is gone.\n", "The file is gone."),
        (
            "Look.\nError: First.\nWait.\nError: The quota is used up.\nTry tomorrow.\n",
            "The quota is used up. Try tomorrow.",
        ),
        ("An Error: in a sentence\n", ""),
    ],
)
def test_a_process_says_why_it_could_not_go_on(tmp_path: Path, output: str, complaint: str) -> None:
    """The last error and what follows it; a sentence that mentions an error is none."""
    log = tmp_path / "resume-1.log"
    log.write_text(output)
    assert Worker("resume", os.getpid(), 0.0, log).complaint == complaint


def test_output_is_safe_to_show(tmp_path: Path) -> None:
    """Its end, without empty lines and without anything that steers a terminal; none if the log is gone."""
    log = tmp_path / "verify-1.log"
    worker = Worker("verify", os.getpid(), 0.0, log)
    assert worker.output == []
    log.write_bytes(b"x" * 30_000 + b"\n\n\x1b[31mred\xff\r\nlast\n")
    assert worker.output[-2:] == ["\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}", "last"]
    assert len(worker.output[0]) == 400


def test_the_last_process_of_each_kind_is_found(tmp_path: Path) -> None:
    """By what it does and for which run; one that lives is alive."""
    workers = Workers(tmp_path, lambda: 9.0)
    assert workers.find("resume", 1) is None
    _PROCESS.write(tmp_path / "resume-1.json", _Process(os.getpid(), 5.0, "resume-1-a.log"))
    worker = workers.find("resume", 1)
    assert worker == Worker("resume", os.getpid(), 5.0, tmp_path / "resume-1-a.log")
    assert worker.alive
    assert workers.find("resume", 2) is workers.find("verify", 1) is None


@pytest.mark.skipif(not start_of(os.getpid()), reason="tells processes of one number apart by Linux's /proc")
@pytest.mark.parametrize(
    ("start", "alive"),
    [
        pytest.param(start_of(os.getpid()), True, id="the same process"),
        # The machine was started again, and the number is another program's.
        pytest.param("1 another-start-of-the-machine", False, id="the number of another"),
        # Written by an earlier importer, which knew no more than the number.
        pytest.param("", True, id="an older note"),
    ],
)
def test_a_number_that_is_used_again_is_not_the_process_that_had_it(tmp_path: Path, start: str, alive: bool) -> None:
    """Else a page would show a run as being sent, and start nothing, as long as some other program lives."""
    _PROCESS.write(tmp_path / "undo-1.json", _Process(os.getpid(), 5.0, "undo-1-a.log", start))
    worker = Workers(tmp_path, lambda: 9.0).find("undo", 1)
    assert worker is not None
    assert worker.alive is alive


def test_a_note_is_private_and_holds_any_text(tmp_path: Path) -> None:
    """It may quote cells, halves of characters included."""
    workers = Workers(tmp_path / "workers", lambda: 9.0)
    first, second = (workers.note("Traceback: \ud800 é") for _ in range(2))
    assert first != second
    assert first.read_text("utf-8") == "Traceback: \\ud800 é"
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
