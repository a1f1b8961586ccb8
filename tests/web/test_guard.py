"""What every request must pass and every answer carries, asked over a socket as an attacker would."""

import socket

import pytest
from conftest import GIVE_UP

from importer.web.guard import HEADERS
from web.kit import Client, Site, addresses, rows


@pytest.mark.parametrize(
    "host", ["evil.com", "127.0.0.1.nip.io:{port}", "localhost.:{port}", "", "127.0.0.1:1", "evil.com:{port}", "x/?"]
)
def test_a_foreign_host_name_is_refused(site: Site, host: str) -> None:
    """Only this machine's own names with the right port are answered, so DNS rebinding reads nothing."""
    client = site.visitor()
    for path in ("/", "/static/style.css"):
        answer = client.get(path, Host=host.format(port=site.port))
        assert answer.status == 400
        assert b"Import" not in answer.body


def test_two_host_headers_are_refused(site: Site) -> None:
    """A request under two names is under none."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=GIVE_UP) as raw:
        name = f"127.0.0.1:{site.port}"
        raw.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nHost: evil.com\r\nConnection: close\r\n\r\n".encode())
        assert raw.recv(4096).split()[1] == b"400"


def test_localhost_is_another_name_of_this_machine(site: Site) -> None:
    """The pages answer to localhost too."""
    assert site.stranger().get("/", Host=f"localhost:{site.port}").status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "OWN"},
        {"Origin": "null"},
        {"Origin": "http://evil.com"},
        {"Origin": "http://127.0.0.1:1"},
        {"Referer": "OWN"},
    ],
)
def test_a_form_of_another_page_is_refused(site: Site, headers: dict[str, str]) -> None:
    """Every POST must come from our own page, with a good cookie too; nothing is changed by it."""
    client = site.visitor()
    client.own = {name: site.base if value == "OWN" else value for name, value in headers.items()}
    for method, path in addresses():
        if method == "POST":
            assert client.post(path).status == 403, path
    assert client.upload("a.csv", rows(2)).status == 403
    assert not (site.settings.home / "uploads").exists()


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "OWN"}])
def test_a_form_of_our_page_is_taken(site: Site, headers: dict[str, str]) -> None:
    """Browsers that send no fetch metadata are known by their origin."""
    client = site.visitor()
    client.own = {name: site.base if value == "OWN" else value for name, value in headers.items()}
    assert client.upload("a.csv", rows(2)).status == 303


def test_every_answer_carries_the_headers(client: Client) -> None:
    """Policy, nosniff, no-store and the rest are on every route, on errors and on refusals."""
    answers = [client.get(path) for method, path in addresses() if method == "GET"]
    answers += [client.get("/nowhere"), client.get("/static/style.css"), client.get("/", Host="evil.com")]
    answers += [client.post("/nowhere"), client.ask("PUT", "/", Sec_Fetch_Site="same-origin"), client.post("/link")]
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "'unsafe" not in HEADERS["Content-Security-Policy"]
