"""What a command does when nobody reads its output, when it cannot be written, and when the machine runs short."""

import errno
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import GIVE_UP, Desk, Service, mapping

from importer.cli import run_cli, run_commands
from importer.errors import Exit


def many_wrong_rows(desk: Desk) -> Path:
    """A file with more issues than a pipe holds."""
    return desk.write("rows.csv", [mapping(number, ResourceId=f"wrong {number}") for number in range(3_000)])


@pytest.mark.parametrize("flags", [["--offline"], ["--offline", "--json"]])
def test_a_reader_that_has_read_enough_is_no_error(desk: Desk, flags: list[str]) -> None:
    """`importer check FILE | head -1`: the exit code is that of the check, and nothing is complained of."""
    process = desk.start("check", many_wrong_rows(desk), *flags)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    complaint = process.stderr.read()
    assert process.wait(GIVE_UP) == Exit.ROWS_FAILED
    assert "Traceback" not in complaint
    assert "Error" not in complaint
    process.stderr.close()


@pytest.mark.parametrize("words", [["check", "rows.csv", "--offline"], ["check", "rows.csv", "--offline", "--json"]])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_output_that_cannot_be_written_is_a_sentence(desk: Desk, words: list[str]) -> None:
    """The answer is lost, so the exit code is not that of the check; and it is no bug."""
    desk.write("rows.csv", [mapping(1)])
    with Path("/dev/full").open("w") as full:
        command = subprocess.Popen(
            [sys.executable, "-m", "importer", *words],
            cwd=desk.folder,
            env=desk.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
        _, complaint = command.communicate(timeout=GIVE_UP)
    assert command.returncode == Exit.USAGE, complaint
    assert "No space left on device" in complaint
    assert "Traceback" not in complaint


@pytest.mark.skipif(sys.platform == "win32", reason="no such redirection")
def test_a_closed_output_is_no_error(desk: Desk) -> None:
    """Whoever types `>&-` wants to read nothing."""
    file = desk.write("rows.csv", [mapping(1)])
    shell = f"exec {shlex.quote(sys.executable)} -m importer check {file.name} --offline --json >&-"
    done = subprocess.run(
        ["sh", "-c", shell], cwd=desk.folder, env=desk.environment, stderr=subprocess.PIPE, timeout=GIVE_UP, check=False
    )
    assert (done.returncode, b"rror" in done.stderr) == (Exit.DONE, False)


@pytest.mark.skipif(sys.platform == "win32", reason="no such redirection")
@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-", "<&- >&- 2>&-"])
def test_a_run_needs_none_of_its_streams(desk: Desk, service: Service, closed: str) -> None:
    """Some schedulers start programs with all of them closed."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 5)])
    shell = f"exec {shlex.quote(sys.executable)} -m importer run {file.name} --yes --out report {closed}"
    done = subprocess.run(
        ["sh", "-c", shell], cwd=desk.folder, env=desk.environment, stdout=subprocess.PIPE, timeout=GIVE_UP, check=False
    )
    assert done.returncode == Exit.DONE
    assert [row["import_status"] for row in desk.report("report")] == ["created"] * 3
    assert len(service.records) == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_run_whose_answer_is_lost_says_so(desk: Desk, service: Service, flags: list[str]) -> None:
    """Its exit code is that of the rows, which are sent, and its report is there."""
    file = desk.write("rows.csv", [mapping(2)])
    words = shlex.join([sys.executable, "-m", "importer", "run", file.name, "--yes", *flags])
    done = subprocess.run(
        ["sh", "-c", f"exec {words} >/dev/full"],
        cwd=desk.folder,
        env=desk.environment,
        stderr=subprocess.PIPE,
        timeout=GIVE_UP,
        check=False,
    )
    assert b"could not be written (No space left on device)" in done.stderr
    assert done.returncode in (Exit.DONE, Exit.USAGE)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (MemoryError(), Exit.USAGE, "not enough free memory"),
        (
            OSError(errno.ENOSPC, "No space left on device", "copy.csv"),
            Exit.USAGE,
            "No space left on device: copy.csv.",
        ),
        (OSError(errno.EMFILE, "Too many open files"), Exit.USAGE, "Too many open files."),
        (OSError(errno.EBADF, "Bad file descriptor"), Exit.UNEXPECTED, "This is a bug"),
        (TypeError("no"), Exit.UNEXPECTED, "This is a bug"),
    ],
)
def test_what_the_machine_lacks_is_no_bug(
    error: Exception, code: Exit, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Memory, disk, open files: a sentence and exit 2. Only a bug is called one."""

    def fails(**_: object) -> int:
        raise error

    monkeypatch.setattr(run_commands.stop, "callback", fails)
    assert run_cli(["stop"]) == code
    assert words in capsys.readouterr().err
