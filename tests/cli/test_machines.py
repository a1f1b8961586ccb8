"""Two machines with a folder each and one journal on a server: whatever happens to one, each record is made once."""

import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from conftest import LABELS, UNLIMITED, Desk, Service, mapping, wait_until
from postgres import Server, running_server

ROWS = 40
NAMES = [f"Room {number}" for number in range(2, 2 + ROWS)]


@pytest.fixture
def server(postgres: Server) -> Server:
    """The one that all tests share."""
    return postgres


def machines(tmp_path: Path, url: str, serve: Callable[..., Service], desk: Desk) -> tuple[Desk, Desk, Service]:
    """Two desks with homes of their own on one journal, and the service that both are signed in to."""
    service = serve()
    one, two = (Desk(tmp_path / name, dict(desk.variables) | {"IMPORTER_JOURNAL": url}) for name in ("one", "two"))
    for each in (one, two):
        each.folder.mkdir()
        each.shorten_the_window(3)
    return one, two, service


def start(desk: Desk, rate: str = "4/s") -> tuple["subprocess.Popen[str]", Path]:
    """A machine that begins to send some rows."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 2 + ROWS)])
    return desk.start("run", file, "--yes", "--rate", rate), file


def test_what_one_machine_began_another_one_finishes(
    tmp_path: Path, server: Server, serve: Callable[..., Service], desk: Desk
) -> None:
    """Killed in mid-send; the other has neither its file nor its folders, and still sends and reports all of it."""
    one, two, service = machines(tmp_path, server.new_database(), serve, desk)
    process, file = start(one)
    wait_until(lambda: len(service.records) >= 10)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert 10 <= len(service.records) < ROWS
    file.unlink()
    shutil.rmtree(one.home)
    done = two.type_in_a_shell("resume", "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, ROWS), done.err
    assert Counter(record["Name"] for record in service.records) == Counter(NAMES)
    rows = two.report(Path(done.json["report"]).parent if "report" in done.json else two.folder / "reports" / "1-rows")
    assert sorted(row["import_id"] for row in rows) == sorted(str(record["Id"]) for record in service.records)
    assert two.type_in_a_shell("verify", "1", "--json").code == 0


def test_a_second_machine_is_told_who_sends_and_stops_it(
    tmp_path: Path, server: Server, serve: Callable[..., Service], desk: Desk
) -> None:
    """It sends nothing itself, sees the run go on, and its wish to stop reaches the first."""
    one, two, service = machines(tmp_path, server.new_database(), serve, desk)
    # Slow enough for the commands of the other machine, however busy this one is.
    process, _ = start(one, "1/s")
    wait_until(lambda: len(service.records) >= 3)
    other = two.write("other.csv", [mapping(n) for n in range(100, 104)])
    busy = two.type_in_a_shell("run", other, "--yes")
    assert busy.code == 7
    assert "Run 1 is sending for" in busy.err
    assert f"process {process.pid} on " in busy.err
    assert "being sent" in two.type_in_a_shell("status", "1").out
    assert two.type_in_a_shell("stop", "1").code == 0
    out, err = process.communicate()
    assert process.returncode == 130, out + err
    sent = len(service.records)
    assert sent < ROWS
    assert two.type_in_a_shell("resume", "1").code == 0
    assert Counter(record["Name"] for record in service.records) == Counter(NAMES)


def test_a_machine_that_sleeps_past_its_lease_sends_nothing_more(
    tmp_path: Path, server: Server, serve: Callable[..., Service], desk: Desk
) -> None:
    """The other one waits until the lease has ended, takes over, and finishes; the sleeper wakes up and is told."""
    one, two, service = machines(tmp_path, server.new_database(), serve, desk)
    process, _ = start(one)
    wait_until(lambda: len(service.records) >= 10)
    process.send_signal(signal.SIGSTOP)
    # As if it had slept for most of its lease already.
    server.ask("UPDATE lease SET until = extract(epoch FROM clock_timestamp()) + 1", _database(two))
    done = two.type_in_a_shell("resume", "1", "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, ROWS), done.err
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate()
    assert process.returncode == 7, out + err
    assert "has taken over" in err
    assert Counter(record["Name"] for record in service.records) == Counter(NAMES)
    assert two.type_in_a_shell("status", "1", "--json").json["finished"]


def test_a_worker_on_another_machine_sends_what_is_queued(
    tmp_path: Path, server: Server, serve: Callable[..., Service], desk: Desk
) -> None:
    """It has neither the file nor the folders; the first machine sees who works, and stops it from afar."""
    one, two, service = machines(tmp_path, server.new_database(), serve, desk)
    two.variables["IMPORTER_RATE"] = "10/s"
    file = one.write("rows.csv", [mapping(n) for n in range(2, 2 + ROWS)])
    assert one.type("run", file, "--queue").code == 0
    file.unlink()
    assert "none is running" in one.type("status", "1").out
    process = two.start("worker")
    try:
        wait_until(lambda: len(service.records) >= 5)
        assert one.type("stop", "1").code == 0
        wait_until(lambda: one.type("status", "1", "--json").json["state"] == "unfinished")
        assert len(service.records) < ROWS
    finally:
        process.kill()
        process.communicate()
    assert one.type("run", one.write("rows.csv", [mapping(n) for n in range(2, 2 + ROWS)]), "--queue").code == 0
    done = two.type_in_a_shell("worker", "--until-idle")
    assert done.code == 0, done.err
    assert Counter(record["Name"] for record in service.records) == Counter(NAMES)
    assert one.type("status", "1", "--json").json["counts"]["created"] == ROWS


def test_what_one_machine_has_saved_of_columns_the_other_one_goes_by(
    tmp_path: Path, server: Server, serve: Callable[..., Service], desk: Desk
) -> None:
    """The next file with this header may be imported by a colleague."""
    one, two, _ = machines(tmp_path, server.new_database(), serve, desk)
    labels = ["Wo", *LABELS[1:]]
    mine, theirs = (each.write("rows.csv", [mapping(2)], labels) for each in (one, two))
    assert two.type("check", theirs, "--offline").code != 0
    assert one.type("columns", mine, "--map", "Wo=ResourceId", "--save").code == 0
    assert two.type("check", theirs, "--offline").code == 0
    assert not list(tmp_path.rglob("columns.json"))


def test_who_may_use_the_page_is_said_once_for_all_machines(
    tmp_path: Path, server: Server, serve: Callable[..., Service], desk: Desk
) -> None:
    """Two lists that are changed at once lose nobody; somebody who was removed is gone everywhere."""
    one, two, _ = machines(tmp_path, server.new_database(), serve, desk)
    adding = [each.start("people", "add", f"{name}@example.com") for each, name in ((one, "maria"), (two, "jonas"))]
    assert [process.wait() for process in adding] == [0, 0]
    for process in adding:
        process.communicate()
    both = "jonas@example.com  runner\nmaria@example.com  runner\n"
    assert (one.type("people", "list").out, two.type("people", "list").out) == (both, both)
    assert two.type("people", "remove", "maria@example.com").code == 0
    assert one.type("people", "list").out == "jonas@example.com  runner\n"


def test_a_database_that_is_away_keeps_no_file_from_being_checked(
    tmp_path: Path, serve: Callable[..., Service], desk: Desk
) -> None:
    """It is said that what was chosen before is not known; who may use the page is an error, and not nobody."""
    with running_server() as server:
        one, _, _ = machines(tmp_path, server.url(), serve, desk)
        assert one.type("people", "add", "maria@example.com").code == 0
        file = one.write("rows.csv", [mapping(2)])
        assert one.type("check", file, "--offline", "--json").json["notices"] == []
        server.stop("immediate")
        checked = one.type("check", file, "--offline", "--json")
        assert checked.code == 0
        assert [notice["code"] for notice in checked.json["notices"]] == ["memory-away"]
        away = one.type("people", "list")
        assert (away.code, away.out) == (5, "")
        assert "The journal's database cannot be reached" in away.err
        server.start()
        assert one.type("people", "list").out == "maria@example.com  runner\n"


def test_a_database_that_crashes_stops_the_run_and_loses_nothing(
    tmp_path: Path, serve: Callable[..., Service], desk: Desk
) -> None:
    """Exit code 5, nothing more is sent, and once the server is back the run goes on."""
    with running_server() as server:
        one, _, service = machines(tmp_path, server.url(), serve, desk)
        process, _ = start(one)
        wait_until(lambda: len(service.records) >= 10)
        server.stop("immediate")
        out, err = process.communicate()
        assert process.returncode == 5, out + err
        assert "The journal's database cannot be reached" in err
        assert "importer resume" in err
        sent = len(service.records)
        away = one.type_in_a_shell("resume")
        assert away.code == 5, away.err
        assert len(service.records) == sent < ROWS
        server.start()
        done = one.type_in_a_shell("resume", "--json")
        assert (done.code, done.json["counts"]["created"]) == (0, ROWS), done.err
        assert Counter(record["Name"] for record in service.records) == Counter(NAMES)


@pytest.mark.parametrize("ahead", ["+15m", "-15m"])
def test_a_machine_whose_clock_is_wrong_believes_nothing_too_early(
    tmp_path: Path, server: Server, serve: Callable[..., Service], desk: Desk, ahead: str
) -> None:
    """The visibility window is over when it is over by the clock of the database; until then no list shows a record."""
    one, two, service = machines(tmp_path, server.new_database(), lambda: serve(replace(UNLIMITED, list_lag=3.0)), desk)
    for each in (one, two):
        each.shorten_the_window(5)
    two.variables |= wrong_clock(ahead)
    service.fail(*["lost-after"] * 6)
    file = one.write("rows.csv", [mapping(n) for n in range(2, 8)])
    process = one.start("run", file, "--yes", "--concurrency", "6")
    wait_until(lambda: service.creates)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    # Killed early, it has left faults that would stop the other machine.
    service.heal()
    done = two.type_in_a_shell("resume", "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, 6), done.err
    assert Counter(record["Name"] for record in service.records) == Counter(NAMES[:6])


def wrong_clock(ahead: str) -> dict[str, str]:
    """The variables of a process whose clock on the wall is wrong by so much."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None or "FAKETIME" in os.environ:
        pytest.skip("It takes Debian's faketime, and a clock that is right.")
    return {"LD_PRELOAD": str(library), "FAKETIME": ahead, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def _database(desk: Desk) -> str:
    return sa.make_url(desk.variables["IMPORTER_JOURNAL"]).database or ""
