"""Each line of the security list, asked over a socket as an attacker would."""

import json
import re
import stat
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import LABELS, wait_until

from importer.journal.lock import is_alive
from web.kit import (
    Client,
    Site,
    addresses,
    files_below,
    rows,
)

NASTY = "<img src=x onerror=alert(1)>\"'{{7*191}}</script><script>alert(2)</script>"


def test_without_a_session_nothing_is_answered(site: Site) -> None:
    """Every address of the table asks for the way in, even from this machine; but for monitors, who learn nothing."""
    stranger = site.stranger()
    assert (stranger.get("/healthz").text, stranger.get("/metrics").status) == ("ok\n", 404)
    for method, path in addresses():
        if path not in ("/start", "/enter", "/enter/callback", "/left", "/healthz", "/metrics"):
            answer = stranger.get(path) if method == "GET" else stranger.post(path)
            assert answer.status == 401, path


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Gather."""
        self.found.append((tag, dict(attrs)))


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    """The elements of a page."""
    parser = _Tags()
    parser.feed(html)
    return parser.found


def test_cells_labels_and_file_names_are_data(client: Client) -> None:
    """Markup in a cell, a label or a file name shows as text in every page and makes no element."""
    quoted = NASTY.replace('"', '""')
    cells = [f'"{quoted}"', "12", f'"{quoted}"', "2026-11-28", "", ""]
    content = f'{",".join(LABELS)},"{quoted}"\n{",".join(cells)},x\n'.encode()
    place = client.draft(f"{NASTY.replace('/', '')}.csv", content)
    pages = [client.follow(f"{place}/{step}").text for step in ("check", "columns", "plan")] + [client.get("/").text]
    for html in pages:
        found = tags(html)
        assert not [tag for tag, attrs in found if tag == "img" and attrs.get("src") == "x"]
        assert all(attrs.get("src") for tag, attrs in found if tag == "script")
        assert not [name for _, attrs in found for name in attrs if name.startswith("on") or name == "style"]
        assert "1337" not in html


@pytest.mark.parametrize(
    "name",
    ["../../x.csv", "C:\\temp\\x.csv", "\\\\host\\share\\x.csv", "CON.csv", "a:b.csv", "-rf.csv", "x" * 300 + ".csv"],
)
def test_names_on_the_disk_are_ours(site: Site, client: Client, name: str) -> None:
    """Whatever a file is called, it is stored under a name of ours inside the uploads, for its owner only."""
    before = set(files_below(site.settings.home.parent))
    client.draft(name, rows(2, 3))
    new = set(files_below(site.settings.home.parent)) - before
    uploads = site.settings.home / "uploads"
    assert all(path.is_relative_to(uploads) for path in new if "journal" not in path.name)
    assert all(re.fullmatch(r"[\w.-]+", path.name) for path in new)
    for path in new & set(files_below(uploads)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_upload_of_somebody_else_is_not_found(client: Client) -> None:
    """Guessed and malformed ids give the same answer as ids that never were."""
    for key in ("x" * 22, "..%2f..%2fjournal", "draft.json", "%00", "a" * 500):
        assert client.get(f"/uploads/{key}/check").status == 404
    assert client.get("/runs/999/files/report.csv").status == 404
    assert client.get("/runs/1/files/..%2f..%2fhome%2fjournal.sqlite3").status == 404
    assert client.get("/static/..%2fapp.py").status == 404


def test_no_secret_is_in_a_file_a_log_or_a_command_line(site: Site, client: Client, tmp_path: Path) -> None:
    """The password that was typed on the page and given to the run's process is nowhere on the disk."""
    wrong = client.post("/sign-in", {"username": "ops@example.com", "password": "canary-4711"})
    assert wrong.status == 422
    assert "canary-4711" not in wrong.text
    client.post("/sign-in", {"username": "ops@example.com", "password": "practice"})
    place = client.draft("rows.csv", rows(2, 3))
    client.follow(f"{place}/plan")
    client.post(f"{place}/start")
    client.until("/runs/1", lambda text: "All 2 rows created" in text)
    # What is written beside a document and renamed is there at one look and gone at the next.
    worker = json.loads((site.settings.home / "workers" / "resume-1.json").read_text())
    wait_until(lambda: not is_alive(worker["pid"]))
    for path in files_below(tmp_path):
        if "sandbox" not in path.name:
            assert not re.search(rb"canary-4711|[\"'=:]practice\b", path.read_bytes()), path
