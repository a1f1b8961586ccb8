"""`importer stop` and Ctrl-C while a command waits: it ends at once, and says what to type next."""

import re
import signal
import subprocess
import time
from collections.abc import Callable

import pytest
from conftest import Desk, Service, mapping, wait_until

from importer.errors import Exit
from importer.sandbox import SandboxOptions

WITHIN = 10.0
"""Two seconds on an idle machine; waits here last for minutes."""


def ended(process: "subprocess.Popen[str]") -> tuple[int, float, str]:
    """Exit code, seconds until the end, and everything it said."""
    began = time.monotonic()
    out, err = process.communicate(timeout=60)
    return process.returncode, time.monotonic() - began, out + err


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
    code, seconds, words = ended(process)
    assert (code, "importer undo 1" in words) == (Exit.INTERRUPTED, True), words
    assert seconds < WITHIN
    assert re.search(r"asked us to wait until .*\d\d:\d\d", words)
    assert len(service.records) == 3
    assert desk.type("undo", "--yes").code == Exit.DONE


@pytest.mark.parametrize("how", ["stop", "Ctrl-C", "--max-duration"])
def test_the_wait_for_the_window_ends(desk: Desk, service: Service, how: str) -> None:
    """Rows without an answer wait for the visibility window; whoever stops it gets the rest later."""
    desk.shorten_the_window(50)
    desk.write("rows.csv", [mapping(number) for number in range(3)])
    service.fail("lost-before")
    flags = ["--max-duration", "6s"] if how == "--max-duration" else []
    process = desk.start("run", "rows.csv", "--yes", *flags)
    assert process.stderr is not None
    heard = ""
    while "Checking again" not in heard:
        line = process.stderr.readline()
        assert line, heard
        heard += line
    assert re.search(r"Checking again .*\d\d:\d\d", heard)
    if how == "Ctrl-C":
        process.send_signal(signal.SIGINT)
    elif how == "stop":
        assert desk.type("stop").code == Exit.DONE
    code, seconds, words = ended(process)
    assert code == Exit.IN_DOUBT, words
    assert seconds < WITHIN + 6.0
    assert "importer reconcile" in words + heard


@pytest.mark.parametrize("words", [("undo", "--yes"), ("resume",)])
def test_a_wait_for_a_turn_ends(desk: Desk, serve: Callable[..., Service], words: tuple[str, ...]) -> None:
    """With the allowance of an hour used up, the next call may leave in an hour."""
    service = serve(SandboxOptions())
    desk.variables |= {"IMPORTER_RATE": "600/min", "IMPORTER_CALLS_PER_HOUR": "12"}
    desk.write("rows.csv", [mapping(number) for number in range(9)])
    assert desk.type("run", "rows.csv", "--yes", "--max-rows", "4").code in {Exit.LIMIT, Exit.DONE}
    process = desk.start(*words)
    assert process.stderr is not None
    heard = ""
    while "No call is allowed before" not in heard and "waiting" not in heard:
        line = process.stderr.readline()
        assert line, heard
        heard += line
    process.send_signal(signal.SIGINT)
    code, seconds, rest = ended(process)
    assert code == Exit.INTERRUPTED, heard + rest
    assert seconds < WITHIN
    assert "importer" in rest
    assert service.records
