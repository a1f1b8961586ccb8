"""A second import waits for the first one, starts by itself, and sends each row once."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from importer.config.settings import Settings
from importer.model import Status
from importer.runs.status import run_status
from importer.sandbox.server import Running
from web.kit import Client, Site, dawdle, heal, plain, rows, serving, started


@pytest.fixture
def slow_site(slow: Settings) -> Iterator[Site]:
    """The pages over a service that takes ten records a second."""
    with serving(slow) as site:
        yield site


def created(settings: Settings, *runs: int) -> list[int]:
    """How many records each run has created."""
    return [run_status(run, settings, time.time()).counts[Status.CREATED] for run in runs]


def test_a_second_import_is_queued_and_starts_by_itself(slow_site: Site, slow: Settings, service: Running) -> None:
    """Its plan and its page say after which it comes, also once the pages were restarted; each row is created once."""
    client = slow_site.visitor()
    dawdle(service, 150)
    first = started(client, rows(*range(2, 152)), "may.csv")
    client.until(first, lambda text: 'data-state="running"' in text)
    place = client.draft("june.csv", rows(*range(150, 160)))
    text = plain(client.follow(f"{place}/plan").text)
    assert "Another import is in progress. This one is queued and starts by itself after run 1 (may.csv)" in text
    second = client.post(f"{place}/start").place
    text = plain(client.until(second, lambda text: 'data-state="queued"' in text))
    assert "Next in the queue: the import starts by itself after run 1 (may.csv)" in text
    assert "Take out of the queue" in text
    assert "queued" in plain(client.get("/runs").text)
    assert run_status(2, slow, time.time()).counts[Status.CREATED] == 0
    with serving(slow) as after_a_restart:
        again = after_a_restart.visitor()
        again.until(second, lambda text: 'data-state="queued"' in text)
        heal(service)
        again.until(second, lambda text: "report.csv" in text)
    assert created(slow, 1, 2) == [150, 8]
    assert len(service.state.report()) == 158


_HOLD = """
import sys
from pathlib import Path
from importer.journal.lock import exclusive_sender
with exclusive_sender(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by(run: int, settings: Settings) -> Iterator[None]:
    """While another process works on a run, for as long as it takes."""
    account = run_status(run, settings, time.time()).account or ""
    words = [sys.executable, "-c", _HOLD, str(settings.home / "locks"), account, str(run)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield
        process.communicate(b"")


def test_a_queued_import_can_be_taken_out_and_put_back(client: Client, settings: Settings, service: Running) -> None:
    """Nothing is sent of it; resumed, it is the last in the queue, and is sent when its turn comes."""
    first = started(client, rows(2, 3, 4), "may.csv")
    client.until(first, lambda text: "report.csv" in text)
    with held_by(1, settings):
        second = started(client, rows(4, 5, 6), "june.csv")
        client.until(second, lambda text: 'data-state="queued"' in text)
        client.post(f"{second}/stop")
        text = client.until(second, lambda text: 'data-state="paused"' in text)
        assert "Paused before a row was sent" in plain(text)
        third = started(client, rows(7, 8), "july.csv")
        client.until(third, lambda text: 'data-state="queued"' in text)
        client.post(f"{second}/resume")
        text = client.until(second, lambda text: 'data-state="queued"' in text)
        assert "Number 2 in the queue: the import starts by itself after run 1 (may.csv) and 1 more run" in plain(text)
        assert created(settings, 1, 2, 3) == [3, 0, 0]
    for run in (second, third):
        client.until(run, lambda text: "report.csv" in text)
    assert created(settings, 1, 2, 3) == [3, 2, 2]
    assert len(service.state.report()) == 7


def test_an_undo_waits_for_an_import_and_is_stopped_with_a_button(client: Client, settings: Settings) -> None:
    """It says what it waits for, in no words of a terminal, and starts when that has ended."""
    first = started(client, rows(2, 3, 4), "april.csv")
    client.until(first, lambda text: "report.csv" in text)
    second = started(client, rows(5, 6), "may.csv")
    client.until(second, lambda text: "report.csv" in text)
    with held_by(2, settings):
        client.post(f"{first}/undo", {"number": "3"})
        text = client.until(first, lambda text: "Waiting for" in text)
        assert "Waiting for run 2 to end; then it starts by itself" in plain(text)
        assert 'id="stop-undo"' in text
        client.post(f"{first}/stop")
        client.until(first, lambda text: "Stopped as requested. Nothing was changed in Nexudus." in text)
        assert run_status(1, settings, time.time()).removed == 0
        client.post(f"{first}/undo", {"number": "3"})
        assert "Ctrl" not in client.until(first, lambda text: "Waiting for" in text)
    text = client.until(first, lambda text: "undo.csv</a>" in text)
    assert "3 records deleted" in plain(text)
    assert "Ctrl" not in text
    assert run_status(1, settings, time.time()).removed == 3


def test_a_retry_is_queued_while_another_import_is_in_progress(
    client: Client, settings: Settings, service: Running
) -> None:
    """Its page says what it waits for; it starts by itself, sends the failed row once, and no other."""
    service.state.fail_next("ok", "400")
    first = started(client, rows(2, 3), "may.csv")
    client.until(first, lambda text: "report.csv" in text)
    with held_by(1, settings):
        again = client.post(f"{first}/retry").place
        text = plain(client.until(again, lambda text: 'data-state="queued"' in text))
        assert "Next in the queue: the import starts by itself after run 1 (may.csv)" in text
        # A second press leads to the same run.
        assert client.post(f"{first}/retry").place == again
        assert len(service.state.report()) == 1
    client.until(again, lambda text: "report.csv" in text)
    assert created(settings, 1, 2) == [1, 1]
    assert len(service.state.report()) == 2
    assert client.get("/runs/3").status == 404


def test_a_queued_retry_can_be_taken_out_and_put_back(client: Client, settings: Settings, service: Running) -> None:
    """Nothing is sent meanwhile, and its rows are those that failed."""
    service.state.fail_next("ok", "400")
    first = started(client, rows(2, 3, 4), "may.csv")
    client.until(first, lambda text: "report.csv" in text)
    with held_by(1, settings):
        again = client.post(f"{first}/retry").place
        client.until(again, lambda text: 'data-state="queued"' in text)
        client.post(f"{again}/stop")
        client.until(again, lambda text: 'data-state="paused"' in text)
        assert client.post(f"{first}/retry").place == again
    assert len(service.state.report()) == 2
    client.post(f"{again}/resume")
    client.until(again, lambda text: "report.csv" in text)
    assert created(settings, 1, 2) == [2, 1]


def test_stopping_for_good_asks_first(slow_site: Site, service: Running) -> None:
    """What it means, how many rows are left, and a way back; a run that has ended has nothing to stop."""
    client = slow_site.visitor()
    dawdle(service, 150)
    run = started(client, rows(*range(2, 152)))
    text = client.until(run, lambda text: 'data-state="running"' in text)
    assert f'href="{run}/stop"' in text
    text = client.get(f"{run}/stop").text
    assert "Stop run 1 for good?" in plain(text)
    assert "cannot be resumed" in plain(text)
    assert 'data-state="running"' in client.get(run).text
    client.post(f"{run}/stop", {"how": "for good"})
    heal(service)
    client.until(run, lambda text: "What to do next" in text)
    assert client.get(f"{run}/stop").place == run
