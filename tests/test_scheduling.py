"""The examples of the page about scheduling work as they stand; only where their folders are is another place here."""

import configparser
import json
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
from conftest import GIVE_UP, Desk, Service, mapping
from readme import ROOT

PAGE = (ROOT / "importer" / "guide" / "scheduling.md").read_text("utf-8")
FOLDERS = ("/opt", "/srv", "/etc", "/var")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="schedulers of other systems")


def examples(first_line: str) -> list[str]:
    """The examples of the page, but only those that begin like this."""
    blocks: list[list[str]] = [[]]
    for line in PAGE.splitlines():
        if line.startswith("    ") or (blocks[-1] and not line):
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    texts = [textwrap.dedent("\n".join(block)).strip() + "\n" for block in blocks]
    return [text for text in texts if text.startswith(first_line)]


@pytest.fixture
def moved(desk: Desk, service: Service) -> Callable[[str], str]:
    """An example, with its folders in one of this test: a file of rows, the command, the sign-in, a place for logs."""
    for name in ("opt/importer/bin", "srv/in", "srv/reports", "etc/importer", "var/log/importer", "var/lib"):
        (desk.folder / name).mkdir(parents=True)
    script = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m importer "$@"\n'
    command = desk.folder / "opt/importer/bin/importer"
    command.write_text(script, "utf-8")
    command.chmod(0o755)
    sign_in = "".join(f"{name}={value}\n" for name, value in desk.variables.items())
    (desk.folder / "etc/importer/importer.env").write_text(sign_in, "utf-8")
    rows = desk.write("rows.csv", [mapping(2), mapping(3)])
    rows.rename(desk.folder / "srv/in/mappings.csv")

    def move(text: str) -> str:
        for folder in FOLDERS:
            text = text.replace(f"{folder}/", f"{desk.folder}{folder}/")
        return text

    return move


def carried_out(
    desk: Desk, words: list[str], variables: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """A command as a scheduler starts it: with next to no environment but these variables, or those of the sign-in."""
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(desk.folder), "PYTHONPATH": str(ROOT)}
    own = variables or desk.variables | {"IMPORTER_HOME": str(desk.home)}
    return subprocess.run(
        words, cwd=desk.folder, env={**bare, **own}, capture_output=True, text=True, timeout=GIVE_UP, check=False
    )


def test_the_line_of_cron(desk: Desk, service: Service, moved: Callable[[str], str]) -> None:
    """Night after night it is safe; what it leaves is JSON Lines, also of the night when the file was not there."""
    [line] = examples("17 1 * * *")
    *times, command = line.strip().split(maxsplit=5)
    assert (len(times), "%" in command) == (5, False), "cron makes a line end of it"
    codes = [carried_out(desk, ["/bin/sh", "-c", moved(command)]).returncode for _ in range(2)]
    (desk.folder / "srv/in/mappings.csv").unlink()
    codes.append(carried_out(desk, ["/bin/sh", "-c", moved(command)]).returncode)
    assert codes == [0, 0, 3]
    documents = [json.loads(each) for each in (desk.folder / "var/log/importer.json").read_text("utf-8").splitlines()]
    assert [document["ok"] for document in documents] == [True, True, False]
    assert [document["counts"]["created"] for document in documents[:2]] == [2, 0]
    assert documents[2]["error"]["code"] == "file"
    assert (desk.folder / "srv/reports/mappings/report.csv").exists()
    assert len(service.records) == 2


def _unit(text: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text)
    return unit


def test_the_units_of_systemd(desk: Desk, service: Service, moved: Callable[[str], str]) -> None:
    """The service runs with the sign-in of its file, and logs what happens; the timer names a time."""
    service_text, timer_text = examples("[Unit]")
    unit, timer = _unit(moved(service_text)), _unit(timer_text)
    assert timer["Timer"]["OnCalendar"] == "*-*-* 01:17"
    assert timer["Install"]["WantedBy"] == "timers.target"
    sign_in = Path(unit["Service"]["EnvironmentFile"]).read_text("utf-8")
    own = dict(line.split("=", 1) for line in [unit["Service"]["Environment"], *sign_in.splitlines()])
    assert "%" not in unit["Service"]["ExecStart"], "systemd puts something else there"
    service.fail("400")
    done = carried_out(desk, shlex.split(unit["Service"]["ExecStart"]), own)
    assert (desk.folder / "var/lib/importer/journal.sqlite3").exists()
    assert str(done.returncode) in unit["Service"]["SuccessExitStatus"].split()
    log = (desk.folder / "var/log/importer/events.jsonl").read_text("utf-8")
    assert [json.loads(line)["event"] for line in log.splitlines()][-1] == "run ended"


class _Stage:
    """As much of Airflow as the example uses: what it is given."""

    tasks: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, *_: object, **options: object) -> None:
        if "bash_command" in options:
            self.tasks.append(options)

    def __enter__(self) -> "_Stage":
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_the_task_of_airflow(
    desk: Desk, service: Service, moved: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failed rows do not fail it, a missing file does; what it prints last is the document."""
    for name, member in (("airflow.sdk", "DAG"), ("airflow.providers.standard.operators.bash", "BashOperator")):
        module = ModuleType(name)
        setattr(module, member, _Stage)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(_Stage, "tasks", [])
    [text] = examples("from datetime")
    exec(compile(text, "scheduling.md", "exec"), {})
    [task] = _Stage.tasks
    service.fail("400")
    done = carried_out(desk, ["bash", "-c", moved(task["bash_command"])])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["counts"]["rejected"] == 1
    (desk.folder / "srv/in/mappings.csv").unlink()
    failed = carried_out(desk, ["bash", "-c", moved(task["bash_command"])])
    assert (failed.returncode != 0, json.loads(failed.stdout)["error"]["code"]) == (True, "file")
