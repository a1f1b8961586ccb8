"""What a process that reads a workbook cannot do any more, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from importer.spreadsheet.reader_confinement import reader_confinement
from importer.spreadsheet.workbook_child import confinement

HOLDS = reader_confinement()
needs_files = pytest.mark.skipif(not HOLDS.files, reason="this kernel has no Landlock")
needs_calls = pytest.mark.skipif(not HOLDS.calls, reason="this system has no seccomp filter for this processor")

OPEN, LIST, WRITE = "open(sys.argv[2])", "os.listdir('/')", "open(sys.argv[1] + 'x', 'w')"
SOCKET, EXECUTE = "socket.socket()", "os.execv(sys.executable, ['x'])"
RUN = "subprocess.run([sys.executable, '-c', ''])"


def attempt(what: str, *files: Path) -> str:
    """The error that comes of this in a confined process, empty if it succeeds; the first file is its own."""
    script = f"""
import os, socket, subprocess, sys
from pathlib import Path
sys.path.append({str(Path(confinement.__file__).parent)!r})
from confinement import confine
confine(Path(sys.argv[1]))
open(sys.argv[1]).read()
import encodings.cp775
try:
    {what}
except BaseException as error:
    print(type(error).__name__)
"""
    command = [sys.executable, "-I", "-c", script, *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@needs_files
@pytest.mark.parametrize("what", [OPEN, LIST, WRITE])
def test_no_other_file_can_be_opened(tmp_path: Path, what: str) -> None:
    """Neither read nor listed nor written; its own file, and a codec that is loaded late, can."""
    own, other = tmp_path / "own", tmp_path / "other"
    own.write_text("own")
    other.write_text("other")
    assert attempt(what, own, other) == "PermissionError"


@needs_calls
@pytest.mark.parametrize("what", [SOCKET, EXECUTE, RUN])
def test_neither_the_network_nor_another_program_can_be_reached(tmp_path: Path, what: str) -> None:
    """No socket, and no program in place of this one or beside it."""
    own = tmp_path / "own"
    own.write_text("own")
    assert attempt(what, own) == "PermissionError"


@pytest.mark.parametrize("count", [1, 2, 11])
def test_each_refused_call_jumps_to_the_refusal(count: int) -> None:
    """And so does every call of another kind of processor; any other call is allowed."""
    steps = confinement.filter_of(7, range(100, 100 + count))

    def result(processor: int, call: int) -> int:
        place, loaded = 0, 0
        while True:
            operation, equal, other, number = steps[place]
            if operation == 0x06:
                return number
            if operation == 0x20:
                loaded = processor if number == 4 else call
                place += 1
                continue
            holds = loaded == number if operation == 0x15 else loaded >= number
            place += 1 + (equal if holds else other)

    refused = [result(7, call) for call in range(100, 100 + count)]
    refused += [result(8, 1), result(7, 0x40000000 + 1)]
    assert set(refused) == {0x00050001}
    assert {result(7, call) for call in (0, 99, 100 + count)} == {0x7FFF0000}


def test_what_holds_is_told_by_a_process_that_reads() -> None:
    """As JSON, and nothing else."""
    child = Path(confinement.__file__).parent
    output = subprocess.run([sys.executable, "-I", str(child), "confinement"], capture_output=True, check=True).stdout
    assert json.loads(output) == HOLDS._asdict()
