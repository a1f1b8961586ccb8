"""The only place that prints: whatever name, header, setting or answer is in a line, it steers no terminal."""

import http.client
import io
import json
import os
import re
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import GIVE_UP, LABELS, Desk, Done, Service, mapping

from importer.cli.lines import log_of
from importer.harmless import steers
from importer.runs.log import LogLine

HOSTILE = "\x1b]0;own\x07\x1b[2J\u202e\x9b31m\nError: forged\r"


def steered(done: Done) -> list[str]:
    """What would reach a terminal and act there."""
    return [c for c in done.out + done.err if steers(c) and c not in "\n\t"]


def forged(done: Done) -> list[str]:
    """Lines that a name has made."""
    return [line for line in (done.out + done.err).splitlines() if line.startswith("Error: forged")]


COMMANDS = [
    ["check"],
    ["check", "--json"],
    ["columns"],
    ["plan"],
    ["run", "--yes"],
    ["diff"],
    ["run", "--yes", "--json"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_name_of_a_file_steers_no_terminal(desk: Desk, service: Service, words: list[str]) -> None:
    """Where it is read, where it is not there, and where it is one of several."""
    file = desk.write(f"{HOSTILE}.csv", [mapping(2)])
    second = desk.write("second.csv", [mapping(3)])
    missing = desk.folder / f"missing{HOSTILE}.csv"
    several = [[file, second]] if words == ["run", "--yes"] else []
    for files in ([file], [missing], *several):
        done = desk.type(*words, *files)
        assert not steered(done)
        assert not forged(done)
    for view in (["status"], ["history"], ["history", "--json"], ["verify"], ["report"]):
        done = desk.type(*view)
        assert not steered(done)
        assert not forged(done)


def test_headers_and_sheets_steer_no_terminal(desk: Desk, service: Service) -> None:
    """Neither where columns are shown nor where they are refused; a cell is cleaned like them."""
    labels = [f"{label}{HOSTILE}" for label in LABELS]
    file = desk.write("rows.csv", [mapping(2, Name=HOSTILE)], labels)
    for words in (["check"], ["columns"], ["columns", "--json"], ["plan"]):
        done = desk.type(*words, file)
        assert not steered(done)
        assert not forged(done)


@pytest.mark.parametrize(
    "variable", ["NEXUDUS_URL", "NEXUDUS_USERNAME", "IMPORTER_PROXY", "IMPORTER_JOURNAL", "IMPORTER_RATE", "IMPORTER_X"]
)
def test_the_value_of_a_setting_steers_no_terminal(desk: Desk, variable: str) -> None:
    """Where it is shown, and where it is refused."""
    desk.variables |= {variable: HOSTILE, "NEXUDUS_TOKEN": "t"}
    for words in (["config"], ["config", "--json"], ["doctor"], ["whoami"], ["history"]):
        done = desk.type(*words)
        assert not steered(done)
        assert not forged(done)


@pytest.mark.parametrize(
    "address", ["http://ines:canary@127.0.0.1:9", "ines:canary@127.0.0.1:9", "x://:canary@h?password=canary"]
)
@pytest.mark.parametrize("variable", ["NEXUDUS_URL", "IMPORTER_PROXY", "IMPORTER_JOURNAL"])
def test_no_password_in_a_setting_is_printed(desk: Desk, variable: str, address: str) -> None:
    """Neither by the commands that show settings nor in the error of one that cannot be used, nor in its details."""
    desk.variables |= {variable: address, "NEXUDUS_TOKEN": "t"}
    file = desk.write("rows.csv", [mapping(2)])
    for words in (["config"], ["config", "--json"], ["doctor"], ["doctor", "--json"], ["whoami"], ["check", file]):
        done = desk.type(*words)
        assert "canary" not in done.out + done.err
        assert done.code != 9
    assert not [path for path in Path(desk.home).rglob("*") if path.is_file() and b"canary" in path.read_bytes()]


def test_a_document_is_exact_and_steers_nothing(desk: Desk) -> None:
    """A program reads the very name; a terminal reads a number in its place."""
    file = desk.write(f"{HOSTILE}.csv", [mapping(2)])
    done = desk.type("check", "--json", file)
    assert Path(json.loads(done.out)["file"]).name == file.name
    assert not steered(done)


def lines_of(text: str) -> list[dict[str, object]]:
    """The log of a service, which must be JSON in every line."""
    return [json.loads(line) for line in text.splitlines()]


TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.mark.skipif(os.name == "nt", reason="a worker is stopped by SIGTERM")
def test_a_worker_writes_its_log_as_json(service: Service, desk: Desk) -> None:
    """A line for each event, with the run and its account; nothing of the file, nothing secret."""
    desk.variables["IMPORTER_LOG"] = "json"
    assert desk.type("run", desk.write("salaries.csv", [mapping(2, Name="Secret room")]), "--queue").code == 0
    done = desk.type_in_a_shell("worker", "--until-idle")
    assert (done.code, done.out) == (0, "")
    lines = lines_of(done.err)
    assert [line["event"] for line in lines] == ["started", "run taken", "run finished", "stopped"]
    assert all(TIME.fullmatch(str(line["time"])) and line["level"] == "info" for line in lines)
    _, taken, finished, _ = lines
    assert (taken["run"], taken["resumed"], finished["run"], finished["exit_code"]) == (1, False, 1, 0)
    assert "ops@example.com" in str(finished["account"])
    for secret in ("salaries", "Secret", desk.variables["NEXUDUS_PASSWORD"]):
        assert secret not in done.err


@pytest.mark.skipif(os.name == "nt", reason="a page is stopped by SIGTERM")
def test_the_page_writes_its_log_as_json(desk: Desk, service: Service) -> None:
    """Its start, a refused sign-in, its end; the address that signs in is for the user alone."""
    desk.variables |= {"IMPORTER_LOG": "json", "PYTHONUNBUFFERED": "1"}
    process = desk.start("serve", "--port", "0")
    assert process.stdout is not None
    link = process.stdout.readline().removeprefix("Open ").strip()
    port = urlsplit(link).port
    assert port is not None
    for status in (303, 401):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP)
        connection.request("GET", link.partition(str(port))[2])
        assert connection.getresponse().status == status
        connection.close()
    # What the server says of it is a line as well, or anybody could break the log.
    with socket.create_connection(("127.0.0.1", port), timeout=GIVE_UP) as raw:
        raw.sendall(b"nonsense\r\n\r\n")
        assert raw.recv(4096)
    process.terminate()
    _, err = process.communicate(timeout=GIVE_UP)
    lines = lines_of(err)
    events = ["started", "signed in", "sign-in refused", "library message", "stopped"]
    assert [line["event"] for line in lines] == events
    assert (lines[2]["level"], lines[2]["reason"]) == ("warning", "used or unknown link")
    assert link.partition("token=")[2] not in err


def test_a_log_that_nobody_takes_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program behind the pipe may have ended."""

    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Closed())
    log_of("json", time.time)(LogLine("started"))
