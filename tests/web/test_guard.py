"""What every request must pass and every answer carries, asked over a socket as an attacker would."""

import socket
from collections.abc import Iterator

import pytest
from conftest import GIVE_UP

from importer.config.settings import Settings
from importer.web import Role, people_of
from importer.web.guard import HEADERS
from web.kit import Answer, Client, Site, addresses, behind_a_proxy, rows, serving


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


def test_a_request_of_two_lengths_is_refused_with_all_that_follows(site: Site) -> None:
    """What a proxy takes for one request must not be two here."""
    name = f"127.0.0.1:{site.port}"
    within = f"GET /static/style.css HTTP/1.1\r\nHost: {name}\r\n\r\n"
    lengths = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"
    with socket.create_connection(("127.0.0.1", site.port), timeout=GIVE_UP) as raw:
        raw.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\n{lengths}\r\n0\r\n\r\n{within}".encode())
        answer = b"".join(iter(lambda: raw.recv(4096), b""))
    assert answer.split()[1] == b"400"
    assert answer.count(b"HTTP/1.1") == 1


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


def test_every_answer_says_what_it_is(client: Client) -> None:
    """With the encoding of its text, and with no leave for the pages of others to read it."""
    answers = [client.get(path) for method, path in addresses() if method == "GET"]
    for answer in (*answers, client.get("/nowhere"), client.get("/static/style.css"), client.get("/", Host="evil.com")):
        kind = answer.headers.get("Content-Type", "")
        assert kind or not answer.body
        assert not kind.startswith("text/") or "charset=utf-8" in kind
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


# -- behind a proxy ----------------------------------------------------------------------------------------------------


@pytest.fixture
def over_https(settings: Settings) -> Iterator[Site]:
    """The pages of a team behind a proxy with HTTPS on this machine; Ada may do everything."""
    people_of(settings).add("ada", Role.ADMIN)
    team = behind_a_proxy(settings).model_copy(update={"public_url": "https://imports.example.com"})
    with serving(team) as site:
        yield site


def by_proxy(site: Site, **headers: str) -> Answer:
    """The home page, asked for as the proxy asks; each of its headers can be another one, or left out as empty."""
    usual = {"Host": "imports.example.com", "X_Forwarded_Proto": "https", "X_Remote_User": "ada"}
    return Client(site.port).get("/", **{name: value for name, value in (usual | headers).items() if value})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "imports.example.com:443"},
        {"Host": "127.0.0.1:8642", "X_Forwarded_Host": "imports.example.com"},
        {"X_Forwarded_Proto": "http, https"},
        {"X_Forwarded_Proto": "http,https", "X_Forwarded_Host": "evil.example, imports.example.com"},
    ],
    ids=str,
)
def test_what_a_proxy_passes_on_is_answered(over_https: Site, headers: dict[str, str]) -> None:
    """Its own word is the last; those before it may be the browser's."""
    assert by_proxy(over_https, **headers).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X_Forwarded_Proto": ""}, 403),
        ({"X_Forwarded_Proto": "http"}, 403),
        ({"X_Forwarded_Proto": "https, http"}, 403),
        ({"X_Forwarded_Proto": "https,"}, 403),
        ({"Host": "evil.example"}, 400),
        ({"X_Forwarded_Host": "evil.example"}, 400),
        ({"X_Forwarded_Host": "imports.example.com, evil.example"}, 400),
        ({"Host": "127.0.0.1:8642"}, 400),
        ({"X_Remote_User": ""}, 401),
    ],
    ids=str,
)
def test_what_did_not_come_over_https_under_its_name_is_refused(
    over_https: Site, headers: dict[str, str], status: int
) -> None:
    """A cookie would go in the clear, or a foreign site read the pages."""
    answer = by_proxy(over_https, **headers)
    assert answer.status == status
    assert b"ada" not in answer.body
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_nobody_but_the_proxy_is_believed(settings: Settings) -> None:
    """From another address, the name in the header lets nobody in, whatever else it says."""
    people_of(settings).add("ada", Role.ADMIN)
    team = behind_a_proxy(settings).model_copy(update={"trusted_proxies": "192.0.2.1"})
    with serving(team) as site:
        for headers in ({}, {"X_Forwarded_For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}):
            answer = by_proxy(site, Host="localhost", X_Forwarded_Proto="http", **headers)
            assert answer.status == 403
            assert "only be opened through their proxy" in answer.text


def test_a_form_behind_a_proxy_is_judged_by_the_name_that_people_type(over_https: Site) -> None:
    """The proxy may ask under another one."""
    client = Client(over_https.port, always={"X-Forwarded-Proto": "https", "X-Remote-User": "ada"})
    client.own = {"X-Forwarded-Host": "imports.example.com", "Origin": "https://imports.example.com"}
    assert client.post("/leave").status == 303
    client.own = {"X-Forwarded-Host": "imports.example.com", "Origin": "https://evil.example"}
    assert client.post("/leave").status == 403


def test_one_person_gets_no_header_of_a_team(client: Client) -> None:
    """What a proxy would say is not looked at, and nothing is promised about HTTPS."""
    answer = client.get("/", X_Forwarded_Proto="https", X_Forwarded_Host="evil.example")
    assert answer.status == 200
    assert "Strict-Transport-Security" not in answer.headers
