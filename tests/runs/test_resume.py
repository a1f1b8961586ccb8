"""Runs that stopped or died, continued where they stopped."""

import contextlib
import os
import signal
import sqlite3

import pytest
from conftest import Desk, Service, mapping, wait_until

from runs.kit import once, rows


def test_a_killed_run_settles_its_doubts_on_resume(desk: Desk, service: Service) -> None:
    """After kill -9 nothing stays unknown: what was under way is found or sent again, once."""
    desk.variables["IMPORTER_CONCURRENCY"] = "4"
    service.fail(*["ok"] * 11, "hang", "hang-before", "hang-before", "hang")
    process = desk.start("run", rows(desk, 60), "--yes")
    wait_until(lambda: service.creates == 15)
    process.kill()
    process.communicate()
    assert desk.type("resume").code == 8
    service.let_the_window_pass(desk)
    assert desk.type("reconcile").code == 0
    assert desk.type("resume").code == 0
    assert once(service, 60)


def test_a_killed_run_goes_on_and_sends_nothing_twice(desk: Desk, service: Service) -> None:
    """After kill -9 in the middle, resume creates every row once; what was under way is found, or unknown, unsent."""
    file = desk.write("long.csv", [mapping(n) for n in range(2, 202)])
    desk.variables["IMPORTER_CONCURRENCY"] = "4"
    service.fail(*["ok"] * 36, "hang", "hang-before", "hang", "hang-before")
    process = desk.start("run", file, "--yes", "--out", "report")
    wait_until(lambda: service.creates == 40)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    done = desk.type("resume", "--json", "--out", "report")
    counts = done.json["counts"]
    assert (done.code, counts["created"], counts["unknown"]) == (8, 198, 2)
    names = [record["Name"] for record in service.records]
    assert len(names) == len(set(names)) == 198
    unknown = {row["Name"] for row in desk.report("report") if row["import_status"] == "unknown"}
    assert {f"Room {n}" for n in range(2, 202)} - set(names) == unknown


def test_typing_run_again_goes_on_with_the_unfinished_run(desk: Desk, service: Service) -> None:
    """Run on a file whose run is unfinished goes on with that run and says so."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 12)])
    assert desk.type("run", file, "--yes", "--max-rows", "4").code == 6
    done = desk.type("run", file, "--yes", "--json")
    assert "Run 1 of this file is unfinished" in done.err
    assert (done.code, len(service.records)) == (0, 10)


def test_a_run_from_before_paths_had_modules_goes_on(desk: Desk, service: Service) -> None:
    """A journal that holds the bare name of the endpoint is resumed, verified and undone at the same place."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 6)])
    assert desk.type("run", file, "--yes", "--max-rows", "2").code == 6
    with contextlib.closing(sqlite3.connect(desk.home / "journal.sqlite3")) as journal, journal:
        journal.execute("UPDATE run SET endpoint = 'coworkermsoffecalendars'")
    assert desk.type("resume").code == 0
    assert len(service.records) == 4
    assert desk.type("verify").code == 0
    assert desk.type("undo", "--yes").code == 0
    assert service.records == []


@pytest.mark.parametrize("verb", ["resume", "reconcile"])
def test_a_copy_that_is_missing_is_no_failure_of_work_that_is_done(desk: Desk, service: Service, verb: str) -> None:
    """The rows are sent and counted, the exit code is theirs, and what is missing is a sentence."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 6)])
    assert desk.type("run", file, "--yes", "--max-rows", "2").code == 6
    for copy in (desk.home / "files").iterdir():
        copy.unlink()
    done = desk.type(verb, "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, 4 if verb == "resume" else 2)
    assert "The report of run 1 was not written. The private copy of rows.csv for run 1 is missing." in done.err
    assert done.json["files"] == []
    assert "report.html" not in desk.type(verb, "1").out
