"""`importer stop` and Ctrl-C while a command waits: it ends at once, and says what to type next."""

import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import GIVE_UP, Desk, Service, mapping, wait_until

from importer.errors import Exit
from importer.journal.announcement_files import AnnouncementFiles
from importer.sandbox import SandboxOptions

WINDOW = 59.0
"""The longest visibility window, in seconds, that a run waits for; after it the row would be sent once more."""


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Exit code and everything it said; what would wait for an hour does not end in time."""
    out, err = process.communicate(timeout=GIVE_UP)
    return process.returncode, out + err


@pytest.mark.parametrize("how", ["stop", "stop 1", "Ctrl-C"])
def test_an_undo_that_waits_is_found_and_ends(desk: Desk, service: Service, how: str) -> None:
    """The service asked to wait for an hour; the undo of a finished run is what `importer stop` finds."""
    desk.write("rows.csv", [mapping(number) for number in range(3)])
    assert desk.type("run", "rows.csv", "--yes").code == Exit.DONE
    service.state.fail_next("throttle-429:3600", on="delete")
    process = desk.start("undo", "--yes")
    wait_until(lambda: not service.state.pending_faults("delete"))
    if how == "Ctrl-C":
        process.send_signal(signal.SIGINT)
    else:
        done = desk.type(*how.split())
        assert "importer undo 1" in done.out, done
        assert "nothing to stop" not in done.out
    code, words = ended(process)
    assert (code, "importer undo 1" in words) == (Exit.INTERRUPTED, True), words
    assert re.search(r"asked us to wait until .*\d\d:\d\d", words)
    assert len(service.records) == 3
    assert desk.type("undo", "--yes").code == Exit.DONE


@pytest.mark.parametrize("how", ["stop", "Ctrl-C"])
def test_the_wait_for_the_window_ends(desk: Desk, service: Service, how: str) -> None:
    """Rows without an answer wait for the visibility window; whoever stops it gets the rest later."""
    desk.shorten_the_window(WINDOW)
    desk.write("rows.csv", [mapping(number) for number in range(3)])
    service.fail("lost-before")
    process = desk.start("run", "rows.csv", "--yes")
    assert process.stderr is not None
    heard = ""
    while "Checking again" not in heard:
        line = process.stderr.readline()
        assert line, heard
        heard += line
    assert re.search(r"Checking again .*\d\d:\d\d", heard)
    if how == "Ctrl-C":
        process.send_signal(signal.SIGINT)
    else:
        assert desk.type("stop").code == Exit.DONE
    code, words = ended(process)
    assert code == Exit.IN_DOUBT, words
    assert "importer reconcile" in words + heard


def test_the_wait_for_the_window_ends_with_the_time_of_the_run(desk: Desk, service: Service) -> None:
    """A run that may last eight seconds ends in the middle of a wait once they are over."""
    desk.shorten_the_window(50)
    desk.write("rows.csv", [mapping(number) for number in range(3)])
    service.fail("lost-before")
    done = desk.type("run", "rows.csv", "--yes", "--max-duration", "8s")
    assert (done.code, "Checking again" in done.out + done.err) == (Exit.IN_DOUBT, True), done
    assert "importer reconcile" in done.out + done.err


@pytest.mark.parametrize("words", [("undo", "--yes"), ("resume",)])
def test_a_wait_for_a_turn_ends(desk: Desk, serve: Callable[..., Service], words: tuple[str, ...]) -> None:
    """With the allowance of an hour used up, the next call may leave in an hour."""
    service = serve(SandboxOptions())
    desk.variables |= {"IMPORTER_RATE": "600/min", "IMPORTER_CALLS_PER_HOUR": "15"}
    desk.write("rows.csv", [mapping(number) for number in range(9)])
    assert desk.type("run", "rows.csv", "--yes", "--max-rows", "4").code in {Exit.LIMIT, Exit.DONE}
    process = desk.start(*words)
    assert process.stderr is not None
    heard = ""
    while "aiting" not in heard:
        line = process.stderr.readline()
        assert line, heard
        heard += line
    process.send_signal(signal.SIGINT)
    code, rest = ended(process)
    assert code == Exit.INTERRUPTED, heard + rest
    assert "importer" in rest
    assert service.records


WAITS = [
    (("run", "other.csv", "--yes"), "stop", "repeat its command|repeat the command"),
    (("run", "other.csv", "--yes"), "Ctrl-C", "repeat the command"),
    (("run", "rows.csv", "--yes"), "stop", "importer resume 1"),
    (("plan", "other.csv"), "stop", "repeat its command|repeat the command"),
    (("resume", "1"), "stop 1", "importer resume 1"),
    (("retry", "2", "--yes"), "stop", "repeat its command|repeat the command"),
    (("reconcile", "1"), "stop 1", "importer reconcile 1"),
    (("reconcile", "1"), "Ctrl-C", "repeat the command"),
    (("settle", "1", "4", "--is", "5"), "stop", "importer reconcile 1"),
    (("verify", "1"), "stop", "importer verify 1"),
    (("undo", "1", "--yes"), "stop 1", "importer undo 1"),
]


def use_up_the_hour(desk: Desk, service: Service) -> None:
    """A run with rows created, in doubt and left, one with a row refused; and no call allowed for the next hour."""
    desk.variables |= {
        "IMPORTER_RATE": "600/min",
        "IMPORTER_CALLS_PER_HOUR": "none",
        "IMPORTER_CALLS_PER_MINUTE": "none",
    }
    desk.write("rows.csv", [mapping(number) for number in range(9)])
    desk.write("other.csv", [mapping(number) for number in range(20, 23)])
    service.fail("ok", "ok", "lost-before")
    desk.type("run", "rows.csv", "--yes", "--max-rows", "4")
    service.fail("400-relation")
    assert desk.type("run", desk.write("refused.csv", [mapping(30)]), "--yes").code == Exit.ROWS_FAILED
    desk.variables["IMPORTER_CALLS_PER_HOUR"] = "4"


def wait_for_the_hour(desk: Desk, words: tuple[str, ...]) -> "tuple[subprocess.Popen[str], str]":
    """The command as a process that says it waits, and what it said."""
    process = desk.start(*words)
    assert process.stderr is not None
    heard = ""
    while "Waiting" not in heard:
        line = process.stderr.readline()
        assert line, heard
        heard += line
    return process, heard


@pytest.mark.parametrize(("words", "how", "again"), WAITS)
def test_a_command_that_has_not_begun_to_send_ends(
    desk: Desk, service: Service, words: tuple[str, ...], how: str, again: str
) -> None:
    """Whatever it waits for, whoever asks; it says what to type next, changes nothing, and leaves nothing behind."""
    use_up_the_hour(desk, service)
    there = service.records
    process, heard = wait_for_the_hour(desk, words)
    if how == "Ctrl-C":
        process.send_signal(signal.SIGINT)
    else:
        done = desk.type(*how.split())
        assert done.code == Exit.DONE
        assert "nothing to stop" not in done.out
        assert re.search(again, done.out), done
    code, said = ended(process)
    assert code == Exit.INTERRUPTED, heard + said
    assert re.search(again, said), said
    assert service.records == there
    assert not list((desk.home / "locks").glob("*.work"))
    assert not list((desk.home / "locks").glob("*.stop"))


@pytest.mark.parametrize("words", [("run", "other.csv", "--yes"), ("resume", "1")])
def test_a_command_that_has_not_begun_to_send_ends_in_its_time(
    desk: Desk, service: Service, words: tuple[str, ...]
) -> None:
    """--max-duration holds for what comes before the first row as well."""
    use_up_the_hour(desk, service)
    there = service.records
    process, heard = wait_for_the_hour(desk, (*words, "--max-duration", "1s"))
    code, said = ended(process)
    assert code == Exit.LIMIT, heard + said
    assert "--max-duration" in said
    assert service.records == there


def test_a_stop_reaches_a_process_that_is_not_up_yet(desk: Desk, service: Service) -> None:
    """A page announces the process it has started; a stop in the next moment must not be lost."""
    desk.write("rows.csv", [mapping(number) for number in range(9)])
    desk.type("run", "rows.csv", "--yes", "--max-rows", "4")
    process = subprocess.Popen(["sleep", "60"])
    try:
        AnnouncementFiles(desk.home / "locks").announce(1, "resume", process.pid)
        assert "Run 1 stops" in desk.type("stop").out
        assert (desk.home / "locks" / f"{process.pid}-1.stop").exists()
    finally:
        process.kill()
        process.wait()
    # The process has ended without looking: what it left stops nobody else.
    assert desk.type("resume").code == Exit.DONE
    assert len(service.records) == 9
    desk.type("stop", "1")
    assert not list((desk.home / "locks").glob("*.stop"))


def test_an_announced_process_that_was_asked_to_stop_does_so_first(tmp_path: Path) -> None:
    """It takes over what was announced for it, with the request."""
    AnnouncementFiles(tmp_path).announce(7, "resume", os.getpid())
    AnnouncementFiles(tmp_path).ask_to_stop(AnnouncementFiles(tmp_path).all()[0])
    with AnnouncementFiles(tmp_path).announced(7, "resume") as is_requested:
        assert is_requested()
    with AnnouncementFiles(tmp_path).announced(7, "resume") as is_requested:
        assert not is_requested()
        assert [one.run for one in AnnouncementFiles(tmp_path).all()] == [7]
    assert not list(tmp_path.iterdir())
