"""The log of --log-file: whole lines in one file, for its owner alone, with nothing of the rows in it."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import GIVE_UP, Desk, Service, mapping
from document_schemas import all_schemas
from jsonschema import Draft202012Validator

from importer.cli.log_file import LogFile
from importer.delivery.undoer import Undone
from importer.errors import UsageError
from importer.journal.states import State
from importer.model import Status
from importer.runs.log import EVENTS, LogLine
from importer.sandbox import SandboxOptions


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The lines, each of which must be an event that is in the list, with the details that stand there."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    schema = Draft202012Validator(all_schemas()["event"])
    outcomes = {one.value.replace(" ", "_") for kind in (State, Status, Undone) for one in kind}
    for line in lines:
        schema.validate(line)
        details = set(line) - {"time", "level", "event", "run", "account"}
        assert details <= set(re.findall(r"\w+", EVENTS[line["event"]])) | outcomes, line
    return lines


def events(path: Path) -> list[str]:
    """The events in it, but progress, which depends on how fast the machine is."""
    return [line["event"] for line in lines_of(path) if line["event"] != "progress"]


def test_a_run_logs_what_happens_to_it(desk: Desk, service: Service) -> None:
    """From its beginning to its end, and nothing of the file or the sign-in."""
    desk.write("salaries.csv", [mapping(2), mapping(3, Name="Secret room"), mapping(4, ResourceId="x")])
    service.fail("ok", "400")
    assert desk.type("run", "salaries.csv", "--yes", "--log-file", "log.jsonl").code == 1
    log = desk.folder / "log.jsonl"
    assert events(log) == ["run started", "run planned", "row failed", "run ended"]
    lines = {line["event"]: line for line in lines_of(log)}
    assert {"planned": 2, "invalid": 1}.items() <= lines["run planned"].items()
    assert lines["row failed"]["row"] in (2, 3)
    assert {"exit_code": 1, "created": 1, "rejected": 1, "invalid": 1}.items() <= lines["run ended"].items()
    assert all((line["run"], "ops@example.com" in line["account"]) == (1, True) for line in lines_of(log))
    for secret in ("salaries", "Secret", "AAMk", desk.variables["NEXUDUS_PASSWORD"]):
        assert secret not in log.read_text("utf-8")


def test_every_command_that_sends_appends(desk: Desk, service: Service) -> None:
    """Also what did not come to a run, and several files at once."""
    desk.write("rows.csv", [mapping(2), mapping(3)])
    desk.write("more.csv", [mapping(4)])
    log = desk.folder / "log.jsonl"
    service.fail("400")
    for words, code, expected in [
        (["run", "gone.csv", "--yes"], 3, ["command failed"]),
        (["run", "rows.csv", "--yes", "--max-rows", "1"], 6, ["run started", "run planned", "row failed", "run ended"]),
        (["resume"], 1, ["run started", "run planned", "run ended"]),
        (["retry", "--yes"], 0, ["run started", "run planned", "run ended"]),
        (["reconcile", "2"], 0, ["run started", "run ended"]),
        (["undo", "2", "--yes"], 0, ["run started", "run ended"]),
        (["run", "more.csv", "gone.csv", "--yes"], 3, ["run started", "run planned", "run ended", "import failed"]),
    ]:
        before = len(events(log)) if log.exists() else 0
        assert desk.type(*words, "--log-file", log).code == code, words
        assert events(log)[before:] == expected, words
    work = [line["work"] for line in lines_of(log) if line["event"] == "run ended"]
    assert work == ["send", "send", "send", "reconcile", "undo", "send"]


def test_a_worker_and_its_runs_share_a_file(desk: Desk, service: Service) -> None:
    """What the worker does and what its processes do, in one place; stdout has the document alone."""
    desk.write("rows.csv", [mapping(2)])
    assert desk.type("run", "rows.csv", "--queue").code == 0
    done = desk.type("worker", "--until-idle", "--log-file", "log.jsonl", "--json")
    assert [(run["run"], run["exit_code"], run["finished"]) for run in done.json["runs"]] == [(1, 0, True)]
    assert events(desk.folder / "log.jsonl") == [
        *("started", "run taken", "run started", "run planned", "run ended", "run finished", "stopped"),
    ]


def test_a_throttle_and_a_pause_are_logged(desk: Desk, serve: Callable[..., Service]) -> None:
    """With the number of throttles, and why nothing is sent until when."""
    options = SandboxOptions(writes_per_minute=2, writes_per_day=None, calls_per_100ms=None, time_scale=4.0)
    serve(options)
    desk.write("rows.csv", [mapping(number) for number in range(2, 6)])
    assert desk.type("run", "rows.csv", "--yes", "--log-file", "log.jsonl").code == 0
    assert {"throttled", "paused"} <= set(events(desk.folder / "log.jsonl"))


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Accounts have names in them."""
    if sys.platform == "win32":
        pytest.skip("Windows has other rights")
    LogFile(tmp_path / "log.jsonl", lambda: 0.0)
    assert (tmp_path / "log.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_sent(desk: Desk, service: Service) -> None:
    """Nobody would find out later that there is no log."""
    desk.write("rows.csv", [mapping(2)])
    done = desk.type("run", "rows.csv", "--yes", "--log-file", "rows.csv/log")
    assert (done.code, service.creates) == (2, 0)
    assert "Name another --log-file." in done.err
    with pytest.raises(UsageError):
        LogFile(desk.folder, lambda: 0.0)


@pytest.mark.parametrize("content", [b"SQLite format 3\0", b"ResourceId,CoworkerId\n1,2\n", b"PK\x03\x04"])
def test_a_file_that_is_something_else_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    """The journal, or the spreadsheet that is imported."""
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="is there already, and is not a log"):
        LogFile(path, time.time)
    assert path.read_bytes() == content


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no such device")
def test_a_device_can_be_a_log() -> None:
    """As the output of a container is."""
    LogFile(Path("/dev/null"), time.time)(LogLine("run started", run=1))


def test_a_log_that_can_no_longer_be_written_stops_nothing(tmp_path: Path) -> None:
    """A full disk, or a folder that was moved away."""
    (tmp_path / "folder").mkdir()
    log = LogFile(tmp_path / "folder" / "log.jsonl", lambda: 0.0)
    log.path.unlink()
    log.path.parent.rmdir()
    log(LogLine("started"))
    assert not log.path.exists()


def test_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    """What a power cut has left stands on a line of its own; a file that was moved away is begun anew."""
    path = tmp_path / "log.jsonl"
    path.write_text('{"time": "20', "utf-8")
    log = LogFile(path, lambda: 0.0)
    log(LogLine("started"))
    log(LogLine("stopped"))
    torn, *whole = path.read_text("utf-8").splitlines()
    assert (torn, [json.loads(line)["event"] for line in whole]) == ('{"time": "20', ["started", "stopped"])
    path.rename(tmp_path / "log.1")
    log(LogLine("started"))
    assert [json.loads(line)["time"] for line in path.read_text("utf-8").splitlines()] == ["1970-01-01T00:00:00.000Z"]


def test_several_processes_append_whole_lines(tmp_path: Path) -> None:
    """At the same time, and one of them is killed."""
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from importer.cli.log_file import LogFile\n"
        "from importer.runs.log import LogLine\n"
        "log = LogFile(Path(sys.argv[1]), time.time)\n"
        "for number in range(int(sys.argv[2])):\n"
        "    log(LogLine('row failed', run=1, details={'row': number}))\n"
    )
    path = tmp_path / "log.jsonl"
    words = [sys.executable, "-c", script, str(path)]
    endless = subprocess.Popen([*words, "100000000"])
    others = [subprocess.Popen([*words, "500"]) for _ in range(3)]
    assert [one.wait(GIVE_UP) for one in others] == [0, 0, 0]
    endless.kill()
    endless.wait(GIVE_UP)
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert sum(line["row"] == 499 for line in lines) >= 3
