"""The figures for a monitor: for whoever has the token, in a form that Prometheus reads."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from importer.config.settings import Settings, as_environment
from importer.web import Role, people_of
from web.kit import GOOD, Answer, Site, behind_a_proxy, plain, serving, started, table

TOKEN = "a-token-of-the-monitor-é"


@pytest.fixture
def watched(settings: Settings) -> Settings:
    """An installation with a monitor."""
    return settings.model_copy(update={"metrics_token": SecretStr(TOKEN), "daily_quota": 5000})


@pytest.fixture
def site(watched: Settings) -> Iterator[Site]:
    """Its pages."""
    with serving(watched) as site:
        yield site


def figures(site: Site, token: str = TOKEN, **headers: str) -> Answer:
    """The figures, as a monitor asks for them."""
    bearer = f"Bearer {token}".encode().decode("latin-1")
    return site.stranger().get("/metrics", Host="page:8642", **({"Authorization": bearer} | headers))


def values(answer: Answer) -> dict[tuple[str, str], float]:
    """Each figure by its name and the last of its labels."""
    samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    return {(one.name, one.labels.get("state") or one.labels.get("seconds", "")): one.value for one in samples}


def test_a_monitor_reads_what_a_run_did(site: Site) -> None:
    """Another process has sent it: the journal knows all of them."""
    client = site.visitor()
    run = started(client, table(*GOOD, [*GOOD[0][:2], "", *GOOD[0][3:]]))
    client.until(run, lambda text: "8 of 9 rows created" in plain(text))
    answer = figures(site)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    told = values(answer)
    assert told["importer_rows", "created"] == 8
    assert told["importer_runs", "finished"] == 1
    assert (told["importer_calls_used", "86400"], told["importer_calls_left", "86400"]) == (8, 4992)
    assert told["importer_calls_limit", "86400"] == 5000
    assert (told["importer_workers", ""], told["importer_pause_seconds", ""]) == (0, 0)
    assert "Room" not in answer.text
    assert "rows.csv" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer a-token-of-the-monitor"},
        {"Authorization": "Basic a-token-of-the-monitor"},
        {"Authorization": "a-token-of-the-monitor"},
        {"Authorization": "Bearer \xff"},
        {"Cookie": "token=a-token-of-the-monitor", "Authorization": ""},
    ],
    ids=str,
)
def test_nobody_reads_the_figures_without_the_token(site: Site, headers: dict[str, str]) -> None:
    """Neither a stranger nor somebody who has signed in."""
    answer = figures(site, **headers)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert b"importer_" not in answer.body
    assert site.visitor().get("/metrics").status == 401


@pytest.mark.parametrize("token", [None, SecretStr("")])
def test_without_a_token_there_are_no_figures(settings: Settings, token: SecretStr | None) -> None:
    """Nor with an empty one, which anybody could send."""
    with serving(settings.model_copy(update={"metrics_token": token})) as site:
        for sent in ("", "None", TOKEN):
            assert figures(site, sent).status == 404


def test_a_monitor_need_not_come_through_the_proxy_of_a_team(watched: Settings) -> None:
    """It asks inside the network of the page; the pages stay closed to it."""
    people_of(watched).add("ada", Role.ADMIN)
    changes = {"trusted_proxies": "192.0.2.1", "public_url": "https://imports.example.com"}
    with serving(behind_a_proxy(watched).model_copy(update=changes)) as site:
        assert figures(site).status == 200
        assert site.stranger().get("/", Host="imports.example.com").status == 403


def test_a_journal_that_cannot_be_read_has_no_figures(site: Site) -> None:
    """A monitor must not take the last ones for those of now."""
    assert figures(site).status == 200
    (site.settings.home / "journal.sqlite3").write_bytes(b"not a journal" * 999)
    answer = figures(site)
    assert (answer.status, answer.body) == (503, b"unavailable\n")


def test_the_token_is_the_page_s_alone(watched: Settings) -> None:
    """The processes that import need not know it, and it is written nowhere."""
    assert TOKEN not in as_environment(watched).values()
    assert TOKEN not in repr(watched)


def test_a_page_without_a_monitor_does_not_load_the_package() -> None:
    """It is an extra, which need not be installed."""
    words = "import sys, importer.web; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0
