"""What programs ask that look after the page: it tells them whether it works, and nobody anything else."""

import http.client
import time
from pathlib import Path

import pytest
from conftest import GIVE_UP
from postgres import Server
from torture.wire import CUT, SILENT, Trouble, Wire

from importer.config.settings import Settings
from importer.web import Role, people_of
from importer.web.guard import HEADERS
from importer.web.probes import _PATIENCE
from web.kit import Client, Site, behind_a_proxy, files_below, serving


@pytest.mark.parametrize("host", ["evil.com", "page:8642", "127.0.0.1:1", ""])
def test_anybody_may_ask_whether_the_page_works(site: Site, host: str) -> None:
    """Without a sign-in and under any name, because a probe in a container knows neither; it learns one word."""
    answer = site.stranger().get("/healthz", Host=host)
    assert (answer.status, answer.body) == (200, b"ok\n")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert not answer.headers.get_all("Set-Cookie")
    assert site.stranger().ask("HEAD", "/healthz", Host=host).status == 200


def test_a_probe_need_not_come_through_the_proxy_of_a_team(settings: Settings) -> None:
    """It has none of its headers, and comes from another address; the pages stay closed to it."""
    people_of(settings).add("ada", Role.ADMIN)
    changes = {"trusted_proxies": "192.0.2.1", "public_url": "https://imports.example.com"}
    with serving(behind_a_proxy(settings).model_copy(update=changes)) as site:
        assert site.stranger().get("/healthz").status == 200
        assert site.stranger().get("/").status == 403
        # The people are looked up for pages only: a list that is damaged is no reason to start this page anew.
        (settings.home / "people.json").write_text("{")
        assert site.stranger().get("/healthz").status == 200


def test_nothing_is_sent_to_a_probe_by_another_page(site: Site) -> None:
    """Only reading is open; a form of another page is refused here too."""
    assert site.stranger().post("/healthz", Sec_Fetch_Site="cross-site").status == 403
    assert site.stranger().get("/healthz/").status == 401
    assert site.stranger().get("//healthz").status == 401


def test_a_page_whose_journal_is_damaged_does_not_work(site: Site) -> None:
    """It says so with its status alone: no path, no reason."""
    assert site.stranger().get("/healthz").status == 200
    (site.settings.home / "journal.sqlite3").write_bytes(b"not a journal" * 999)
    answer = site.stranger().get("/healthz")
    assert (answer.status, answer.body) == (503, b"unavailable\n")


@pytest.mark.parametrize("trouble", [CUT, SILENT])
def test_a_page_whose_database_is_away_or_silent_does_not_work(
    settings: Settings, postgres: Server, trouble: str
) -> None:
    """The answer comes before a probe loses patience; also to many who ask at once."""
    wire = Wire(postgres.new_database())
    try:
        away = settings.model_copy(update={"journal": f"{wire.url}&connect_timeout=2"})
        with serving(away) as site:
            assert site.stranger().get("/healthz").status == 200
            wire.begin(Trouble(trouble, lasts=GIVE_UP))
            begun = time.monotonic()
            waiting = [http.client.HTTPConnection("127.0.0.1", site.port, timeout=GIVE_UP) for _ in range(20)]
            for one in waiting:
                one.request("GET", "/healthz")
            assert {one.getresponse().status for one in waiting} == {503}
            for one in waiting:
                one.close()
            assert time.monotonic() - begun < 2 * _PATIENCE + 3
            # Else it would wait for the server at its end.
            wire.close()
    finally:
        wire.close()


def test_a_probe_writes_nothing(client: Client, settings: Settings) -> None:
    """Asked every few seconds for years, it leaves every file as it is."""
    client.get("/healthz")

    def contents() -> dict[Path, tuple[bytes, int]]:
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files_below(settings.home)}

    before = contents()
    for _ in range(3):
        assert client.get("/healthz").status == 200
    assert contents() == before
