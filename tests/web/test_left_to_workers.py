"""A page that only queues: a worker sends what was started on it, and both may be on other machines."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from conftest import GIVE_UP

from importer.config.settings import Settings, as_environment
from importer.sandbox.server import Running
from web.kit import Client, Site, plain, rows, serving, started


@pytest.fixture
def queueing_site(settings: Settings) -> Iterator[Site]:
    """The pages of an installation with workers."""
    with serving(settings.model_copy(update={"workers": True})) as site:
        yield site


def work(settings: Settings) -> str:
    """A worker, until it has nothing to do; what it says."""
    words = [sys.executable, "-m", "importer", "worker", "--until-idle"]
    return subprocess.run(
        words, env=as_environment(settings), text=True, capture_output=True, check=True, timeout=GIVE_UP
    ).stdout


def test_a_run_waits_for_a_worker_which_sends_it(queueing_site: Site, settings: Settings, service: Running) -> None:
    """The page says for what it waits, and shows the result."""
    client = queueing_site.visitor()
    run = started(client, rows(2, 3, 4), "may.csv")
    text = client.until(run, lambda text: 'data-state="queued"' in text)
    assert "Queued: a worker takes it in a moment." in plain(text)
    assert "queued" in plain(client.get("/runs").text)
    assert service.state.report() == []
    assert "Run 1 is finished (exit code 0)." in work(settings)
    client.until(run, lambda text: "report.csv" in text)
    assert len(service.state.report()) == 3


def test_a_run_can_be_taken_out_and_put_back(queueing_site: Site, settings: Settings, service: Running) -> None:
    """Nothing is sent meanwhile."""
    client = queueing_site.visitor()
    run = started(client, rows(2, 3), "may.csv")
    client.until(run, lambda text: 'data-state="queued"' in text)
    client.post(f"{run}/stop")
    text = plain(client.until(run, lambda text: 'data-state="paused"' in text))
    assert "Paused before a row was sent." in text
    work(settings)
    assert service.state.report() == []
    client.post(f"{run}/resume")
    client.until(run, lambda text: 'data-state="queued"' in text)
    work(settings)
    client.until(run, lambda text: "report.csv" in text)
    assert len(service.state.report()) == 2


def test_the_page_says_why_a_worker_could_not_go_on(queueing_site: Site, settings: Settings) -> None:
    """Whoever started it is the one to do something."""
    client = queueing_site.visitor()
    run = started(client, rows(2, 3), "may.csv")
    client.until(run, lambda text: 'data-state="queued"' in text)
    work(settings.model_copy(update={"password": "wrong"}))
    text = plain(client.until(run, lambda text: 'data-state="gone"' in text))
    assert "Resume" in text
    assert "The sign-in was refused" in text or "password" in text


def test_a_page_without_workers_queues_for_none(client: Client) -> None:
    """It sends itself, as on one machine."""
    run = started(client, rows(2), "may.csv")
    client.until(run, lambda text: "report.csv" in text)
