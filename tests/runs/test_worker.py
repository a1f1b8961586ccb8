"""Workers: runs that are left to them are each sent once, whatever happens to a worker."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from conftest import Desk, Service, mapping, wait_until

from importer.config.settings import Settings
from importer.journal.journal import open_journal
from importer.journal.runs import Run
from importer.runs import worker
from importer.runs.account_queue import account_of
from importer.runs.log import Level, LogLine
from importer.runs.status import run_status
from importer.runs.worker import Work, Worker

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a worker is stopped by SIGTERM")


def queue(desk: Desk, name: str, numbers: range) -> int:
    """A file of these mappings, left to the workers; gives its run."""
    done = desk.type("run", desk.write(name, [mapping(number) for number in numbers]), "--queue", "--json")
    assert done.code == 0, done.err
    return int(done.json["run"])


@contextmanager
def working(desk: Desk, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """A worker at work, which is stopped in the end."""
    process = desk.start("worker", *words)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def names(service: Service) -> Counter[str]:
    """How often each name was created."""
    return Counter(record["Name"] for record in service.records)


def test_queued_runs_are_sent_one_after_another(service: Service, desk: Desk) -> None:
    """Nothing is sent before; then each has its report, and the queue is empty."""
    first, second = queue(desk, "a.csv", range(2, 6)), queue(desk, "b.csv", range(6, 9))
    assert queue(desk, "a.csv", range(2, 6)) == first
    assert service.records == []
    status = desk.type("status", f"{first}")
    assert "queued" in status.out
    assert "It waits for a worker, and none is running. To start one: importer worker" in status.out
    assert "importer resume" not in status.out
    assert "for 127.0.0.1/ops@example.com" in status.out
    done = desk.type_in_a_shell("worker", "--until-idle")
    assert done.code == 0, done.err
    assert names(service) == Counter(f"Room {number}" for number in range(2, 9))
    assert [record["Name"] for record in service.records][:4] == [f"Room {number}" for number in range(2, 6)]
    for run in (first, second):
        assert desk.type("status", f"{run}", "--json").json["state"] == "finished"
    assert f"Run {second} is finished (exit code 0)." in done.out
    assert {row["import_status"] for row in desk.report("reports/2-b")} == {"created"}


def test_a_run_of_another_service_is_left_to_other_workers(service: Service, desk: Desk) -> None:
    """It would be sent to a place that nobody meant."""
    run = queue(desk, "a.csv", range(2, 4))
    elsewhere = Desk(desk.folder, desk.variables | {"NEXUDUS_URL": "https://nexudus.example"})
    done = elsewhere.type_in_a_shell("worker", "--until-idle")
    assert (done.code, service.records) == (0, [])
    assert desk.type("status", f"{run}", "--json").json["state"] == "queued"


def test_a_run_is_taken_out_of_the_queue_and_put_back(service: Service, desk: Desk) -> None:
    """No worker takes it meanwhile."""
    run = queue(desk, "a.csv", range(2, 4))
    assert f"Run {run} was waiting for a worker, and is out of the queue." in desk.type("stop", f"{run}").out
    assert desk.type_in_a_shell("worker", "--until-idle").code == 0
    assert service.records == []
    assert queue(desk, "a.csv", range(2, 4)) == run
    assert desk.type_in_a_shell("worker", "--until-idle").code == 0
    assert len(service.records) == 2


def test_a_run_that_needs_somebody_is_left_with_its_reason(service: Service, desk: Desk) -> None:
    """It is not tried again and again."""
    run = queue(desk, "a.csv", range(2, 4))
    wrong = Desk(desk.folder, desk.variables | {"NEXUDUS_PASSWORD": "wrong"})
    done = wrong.type_in_a_shell("worker", "--until-idle")
    assert done.code == 0
    assert f"Run {run} stopped (exit code 4)." in done.out
    assert "The last worker that took it could not go on: " in desk.type("status", f"{run}").out
    assert service.records == []
    assert desk.type("status", f"{run}", "--json").json["state"] == "unfinished"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the process of a killed worker goes on by itself")
def test_what_a_killed_worker_began_another_one_finishes(serve: Callable[..., Service], desk: Desk) -> None:
    """Its process ends with it, so that two never work on one run; each record is created once."""
    service = serve()
    desk.variables["IMPORTER_RATE"] = "10/s"
    desk.shorten_the_window()
    run = queue(desk, "a.csv", range(2, 42))
    process = desk.start("worker")
    wait_until(lambda: len(service.records) >= 5)
    process.kill()
    process.communicate()
    done = desk.type_in_a_shell("worker", "--until-idle")
    assert done.code == 0, done.err
    assert names(service) == Counter(f"Room {number}" for number in range(2, 42))
    assert desk.type("status", f"{run}", "--json").json["counts"]["created"] == 40


def test_a_worker_that_is_stopped_leaves_its_run_to_the_next(serve: Callable[..., Service], desk: Desk) -> None:
    """After the rows in progress, as when a machine is updated."""
    service = serve()
    desk.variables["IMPORTER_RATE"] = "10/s"
    queue(desk, "a.csv", range(2, 42))
    process = desk.start("worker")
    wait_until(lambda: len(service.records) >= 5)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate()
    assert process.returncode == 0
    assert "A worker goes on with it." in out
    sent = len(service.records)
    assert sent < 40
    assert desk.type_in_a_shell("worker", "--until-idle").code == 0
    assert names(service) == Counter(f"Room {number}" for number in range(2, 42))


@pytest.mark.parametrize("told", ["the run", "both", "the run twice"])
def test_a_signal_is_nobodys_wish_to_leave_the_queue(serve: Callable[..., Service], desk: Desk, told: str) -> None:
    """A service manager tells every process of a service to end, and the worker tells its own once more."""
    service = serve()
    desk.variables["IMPORTER_RATE"] = "10/s"
    run = queue(desk, "a.csv", range(2, 42))
    process = desk.start("worker")
    wait_until(lambda: len(service.records) >= 5)
    with open_journal(f"sqlite:///{desk.home}/journal.sqlite3") as journal:
        [sender] = [one.pid for one in journal.senders.holders()]
    for _ in range(2 if told == "the run twice" else 1):
        os.kill(sender, signal.SIGTERM)
    if told == "both":
        process.terminate()
        out, _ = process.communicate()
        assert "ended unexpectedly" not in out
    else:
        # Until it is stopped as well, it would go on with it by itself.
        time.sleep(1)
        process.terminate()
        process.communicate()
    assert desk.type("status", f"{run}", "--json").json["state"] == "queued"
    assert desk.type("status", f"{run}", "--json").json["counts"]["unknown"] == 0
    assert desk.type_in_a_shell("worker", "--until-idle").code == 0
    assert names(service) == Counter(f"Room {number}" for number in range(2, 42))


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("unshare") is None, reason="it needs a process 1")
def test_a_worker_may_be_process_1(service: Service, desk: Desk) -> None:
    """As in a container."""
    queue(desk, "a.csv", range(2, 6))
    words = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    words = [*words, sys.executable, "-m", "importer", "worker", "--until-idle"]
    done = subprocess.run(words, check=False, cwd=desk.folder, env=desk.environment, capture_output=True, text=True)
    if "unshare:" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    assert len(service.records) == 4


def test_a_stop_reaches_what_a_worker_sends(serve: Callable[..., Service], desk: Desk) -> None:
    """And no worker goes on with it by itself."""
    service = serve()
    desk.variables["IMPORTER_RATE"] = "10/s"
    run = queue(desk, "a.csv", range(2, 42))
    with working(desk):
        wait_until(lambda: len(service.records) >= 5)
        assert desk.type("stop", f"{run}").code == 0
        wait_until(lambda: desk.type("status", f"{run}", "--json").json["state"] == "unfinished")
        sent = len(service.records)
    assert desk.type_in_a_shell("worker", "--until-idle").code == 0
    assert len(service.records) == sent < 40


def test_two_workers_take_no_run_twice(serve: Callable[..., Service], desk: Desk) -> None:
    """And for one account only one of them sends."""
    service = serve()
    for number in range(4):
        queue(desk, f"{number}.csv", range(10 * number + 2, 10 * number + 8))
    both = [desk.start("worker", "--until-idle") for _ in range(2)]
    ends = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    assert set(names(service).values()) == {1}
    assert len(service.records) == 24
    begun = [line for out, _ in ends for line in out.splitlines() if " begins, as process " in line]
    assert len(begun) == 4


def test_a_run_whose_process_is_killed_each_time_is_given_up(
    service: Service, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be what kills it; whoever looks is told why it waits no more."""
    run = queue(desk, "a.csv", range(2, 4))
    killed = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]

    def begin(run: Run, _: object) -> Work:
        return Work(run, subprocess.Popen(killed), tempfile.TemporaryFile())

    monkeypatch.setattr(worker, "_begin", begin)
    monkeypatch.setattr(worker, "_AGAIN_AFTER", 0.0)
    settings, told = Settings.model_validate({"home": desk.home}), list[LogLine]()
    Worker(settings, time.time, lambda _: True, told.append).work(threading.Event(), until_idle=True)
    lines = [line.sentence for line in told if line.sentence]
    events = [line.event for line in told if line.run]
    assert events == [*["run taken", "run ended unexpectedly"] * 2, "run taken", "run stopped"]
    assert lines[-1] == f"Run {run} stopped (exit code -9). The process of this run ended unexpectedly 3 times."
    assert run_status(run, settings, time.time()).worker_complaint == lines[-1].partition("). ")[2]
    # Begun again by a person, it has its three times anew.
    assert queue(desk, "a.csv", range(2, 4)) == run
    assert desk.type_in_a_shell("worker", "--until-idle").code == 0
    assert len(service.records) == 2


def test_a_run_that_nobody_can_sign_in_for_keeps_no_other_from_being_sent(service: Service, desk: Desk) -> None:
    """Neither one of a profile that this machine lacks, nor one whose service is away; what waits is said once."""
    desk.write("a.csv", [mapping(2)])
    (desk.folder / "importer.toml").write_text('[profile.one]\nusername = "one@example.com"\n')
    one = Desk(desk.folder, desk.variables | {"NEXUDUS_PASSWORD_ONE": "practice"})
    assert one.type("run", "a.csv", "--profile", "one", "--queue").code == 0
    (desk.folder / "importer.toml").unlink()
    queue(desk, "b.csv", range(3, 6))
    done = desk.type_in_a_shell("worker", "--until-idle")
    assert done.code == 0, done.err
    assert len(service.records) == 3
    assert done.out.count("Run 1 waits for a worker that can sign in for it") == 1


def test_a_service_that_is_away_keeps_no_other_account_waiting(service: Service, desk: Desk) -> None:
    """Its run stays in the queue, and is tried again."""
    (desk.folder / "importer.toml").write_text('[profile.away]\nusername = "away@example.com"\n')
    desk.variables |= {"NEXUDUS_PASSWORD_AWAY": "practice", "NEXUDUS_URL_AWAY": "http://127.0.0.1:9"}
    desk.variables["IMPORTER_PATIENCE"] = "1"
    desk.write("a.csv", [mapping(2)])
    assert desk.type("run", "a.csv", "--profile", "away", "--queue").code == 0
    queue(desk, "b.csv", range(3, 6))
    done = desk.type_in_a_shell("worker", "--until-idle")
    assert done.code == 0, done.err
    assert len(service.records) == 3
    assert desk.type("status", "1", "--json").json["state"] == "queued"


def test_a_worker_for_which_there_is_no_room_goes_on_later(
    service: Service, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the queue is lost, and what is at work stops in order if the worker has to end."""
    run = queue(desk, "a.csv", range(2, 4))
    told, stop = list[LogLine](), threading.Event()

    def begin(run: Run, _: object) -> Work:
        stop.set()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(worker, "_begin", begin)
    settings = Settings.model_validate({"home": desk.home})
    Worker(settings, time.time, lambda _: True, told.append).work(stop)
    lines = [line.sentence for line in told if line.sentence]
    assert lines[-1] == "No run can be begun: No space left on device. The worker goes on as soon as it can."
    assert desk.type("status", f"{run}", "--json").json["state"] == "queued"


def test_a_run_that_another_process_has_taken_over_is_logged_as_such(
    service: Service, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever watches several machines sees that one of them was cut off."""
    run = queue(desk, "a.csv", range(2, 4))
    settings, told, stop = Settings.model_validate({"home": desk.home}), list[LogLine](), threading.Event()

    def log(line: LogLine) -> None:
        told.append(line)
        if line.level is Level.WARNING:
            stop.set()

    with ExitStack() as stack:
        journal = stack.enter_context(open_journal(settings.journal_place))

        def begin(run: Run, _: object) -> Work:
            stack.enter_context(journal.senders.hold(account_of(run), run.id))
            return Work(run, subprocess.Popen([sys.executable, "-c", "raise SystemExit(7)"]), tempfile.TemporaryFile())

        monkeypatch.setattr(worker, "_begin", begin)
        Worker(settings, time.time, lambda _: True, log).work(stop)
    [line] = [line for line in told if line.level is Level.WARNING]
    assert (line.event, line.run, line.details) == ("lease taken over", run, {"exit_code": 7})
    assert "ops@example.com" in str(line.account)
