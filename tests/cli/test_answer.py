"""The one document on stdout: what it is in any case, and what else may not be there."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import GIVE_UP, Desk

from importer.cli.answer import Answer, Failure
from importer.cli.lines import json_text
from importer.errors import ErrorCode, Exit, UsageError


class Terminal(io.StringIO):
    """Where somebody reads."""

    def isatty(self) -> bool:
        return True


def written(answer: Answer, out: io.StringIO, code: int) -> object:
    """What is on stdout once the command has ended."""
    assert answer.end(code) == code
    return json.loads(out.getvalue())


def test_a_document_has_its_head_first() -> None:
    """With letters as they are; a path is its text."""
    out = io.StringIO()
    answer = Answer(["history", "--json"], out)
    answer.put({"name": "Zoë", "file": Path("a/b"), "rows": 3})
    assert written(answer, out, 0) == {"schema": 1, "ok": True, "name": "Zoë", "file": "a/b", "rows": 3}
    assert out.getvalue().startswith('{"schema": 1, "ok": true, "name": "Zoë"')


def test_a_person_at_a_terminal_reads_it_line_by_line() -> None:
    """A program gets one line."""
    for out, lines in ((Terminal(), 9), (io.StringIO(), 1)):
        answer = Answer(["--json"], out)
        answer.put_with_lines({"rows": 2}, "issues", ['{"row": 2}', '{"row": 3}'])
        document = written(answer, out, 1)
        assert document == {"schema": 1, "ok": True, "rows": 2, "issues": [{"row": 2}, {"row": 3}]}
        assert len(out.getvalue().splitlines()) == lines


@pytest.mark.parametrize("out", [Terminal(), io.StringIO()])
def test_a_list_may_be_empty(out: io.StringIO) -> None:
    """As of a file without an issue."""
    answer = Answer(["--json"], out)
    answer.put_with_lines({"rows": 2}, "issues", [])
    assert written(answer, out, 0) == {"schema": 1, "ok": True, "rows": 2, "issues": []}


def test_an_error_takes_the_place_of_a_document() -> None:
    """However long that is: nothing of it has been written."""

    def lines() -> Iterator[str]:
        yield from ("1" for _ in range(10))
        raise UsageError("It broke off.")

    out = io.StringIO()
    answer = Answer(["--json"], out)
    with pytest.raises(UsageError) as broken:
        answer.put_with_lines({}, "issues", lines())
    answer.fail(Failure.of(broken.value))
    error = {"code": "usage", "exit_code": 2, "message": "It broke off.", "advice": ""}
    assert written(answer, out, 2) == {"schema": 1, "ok": False, "error": error}


def test_a_result_with_a_failure_has_both() -> None:
    """A run that stopped at a limit; without words of its own, the failure has those of the exit code."""
    out = io.StringIO()
    answer = Answer(["--json"], out)
    answer.put({"run": 3})
    document = {
        "code": "limit",
        "exit_code": 6,
        "message": "Stopped at a limit or quota; safe to resume.",
        "advice": "",
    }
    assert written(answer, out, 6) == {"schema": 1, "ok": False, "error": document, "run": 3}


def test_numbers_that_json_has_no_word_for_are_null() -> None:
    """Many readers of JSON refuse NaN."""
    assert json_text({"a": [float("nan"), 1.5], "b": (float("inf"),)}) == '{"a": [null, 1.5], "b": [null]}'


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_a_document_is_json_in_any_encoding(encoding: str) -> None:
    """What the output cannot carry is spelled as JSON does it, not as Python does."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace")
    answer = Answer(["--json"], out)
    name = "Zoë Łódź \U0001f600 \udc80"
    answer.put_with_lines({"name": name}, "issues", [answer.line({"name": name})])
    answer.end(0)
    assert json.loads(raw.getvalue().decode(encoding)) == {
        "schema": 1,
        "ok": True,
        "name": name,
        "issues": [{"name": name}],
    }


def test_what_else_is_printed_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever prints it: a library, or a question to the user."""
    out = io.StringIO()
    answer = Answer(["--json"], out)
    with answer.alone_on_stdout():
        answer.begin(is_asked_for=True)
        sys.stdout.write("noise")
        answer.put({})
    assert written(answer, out, 0) == {"schema": 1, "ok": True}
    assert capsys.readouterr() == ("", "noise")


def test_without_json_nothing_is_different(capsys: pytest.CaptureFixture[str]) -> None:
    """No document, and what is printed stays where it is."""
    answer = Answer(["status"], sys.stdout)
    with answer.alone_on_stdout():
        sys.stdout.write("Run 1")
        answer.fail(Failure(ErrorCode.USAGE, "No."))
    assert answer.end(2) == 2
    assert capsys.readouterr() == ("Run 1", "")


def test_ctrl_c_does_not_cut_a_document() -> None:
    """Once it is being written, it is too late for another answer."""

    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            os.kill(os.getpid(), signal.SIGINT)
            return super().write(text)

    out = Slow()
    answer = Answer(["--json"], out)
    answer.put({"run": 3})
    assert written(answer, out, 0) == {"schema": 1, "ok": True, "run": 3}


def test_a_document_is_written_in_any_thread() -> None:
    """Only the main one can be interrupted."""
    out = io.StringIO()
    answer = Answer(["--json"], out)
    thread = threading.Thread(target=lambda: answer.put_now({"url": "http://127.0.0.1"}))
    thread.start()
    thread.join(GIVE_UP)
    answer.fail(Failure(ErrorCode.UNEXPECTED, "Later."))
    assert answer.end(9) == 9
    assert json.loads(out.getvalue()) == {"schema": 1, "ok": True, "url": "http://127.0.0.1"}


class Full(io.StringIO):
    """A disk without room."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")


def test_an_answer_that_cannot_be_written_is_a_failure_unless_the_work_is_done() -> None:
    """An import whose summary nobody can read is done all the same; an error stays what it was."""
    answer = Answer(["--json"], Full())
    answer.put({"run": 3})
    with pytest.raises(OSError, match="No space"):
        answer.end(0)
    answer = Answer(["--json"], Full())
    answer.put({"run": 3}, is_vital=False)
    assert answer.end(1) == 1
    answer = Answer(["--json"], Full())
    answer.fail(Failure(ErrorCode.FILE, "There is no file."))
    assert answer.end(3) == 3


def test_ctrl_c_before_there_is_a_result_is_a_document_too(desk: Desk) -> None:
    """As a process, while it reads: one line, exit code 130."""
    if sys.platform == "win32":
        pytest.skip("no such signal")
    script = (
        "import os, signal, sys\n"
        "from importer.cli import view_commands, run_cli\n"
        # Whatever started the tests may ignore it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "view_commands.load_settings = lambda *_: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.exit(run_cli(['status', '--json']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=desk.environment,
        capture_output=True,
        text=True,
        timeout=GIVE_UP,
        check=False,
    )
    assert done.returncode == Exit.INTERRUPTED
    assert json.loads(done.stdout)["error"]["code"] == "interrupted"
