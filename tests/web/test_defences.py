"""Each line of the security list, asked over a socket as an attacker would."""

import json
import re
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import GIVE_UP, LABELS, mapping, wait_until

from importer.config.settings import Settings
from importer.errors import UsageError
from importer.journal.lock import is_alive
from importer.web import Address
from importer.web.app import TABLE
from importer.web.drafts import LARGEST
from importer.web.guard import HEADERS
from importer.web.server import listening
from web.kit import Client, Site, files_below

HEADER = ",".join(LABELS)
NASTY = "<img src=x onerror=alert(1)>\"'{{7*191}}</script><script>alert(2)</script>"


def rows(*numbers: int) -> bytes:
    """A file with these good rows."""
    return "\n".join([HEADER, *(",".join(map(str, mapping(n))) for n in numbers)]).encode()


def addresses(draft: str = "x" * 22, run: int = 1) -> list[tuple[str, str]]:
    """Every address of the table, filled in."""
    filled = {"{draft}": draft, "{run:int}": str(run), "{row:int}": "2", "{name}": "report.csv", "{topic}": "importing"}
    return [(route.method, re.sub(r"\{[^}]+\}", lambda found: filled[found[0]], route.path)) for route in TABLE]


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


def test_only_loopback_is_listened_on_by_default(site: Site) -> None:
    """The socket is bound to this machine."""
    assert Address().host == "127.0.0.1"
    other = socket.gethostbyname(socket.gethostname())
    if not other.startswith("127."):
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((other, site.port), timeout=2)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_another_host_needs_people_with_passwords(settings: Settings, host: str) -> None:
    """Served to other machines without anybody in the list, the server does not begin, and says what to type."""
    with pytest.raises(UsageError) as refused, listening(settings, Address(host, 0)):
        pass
    assert "importer people add" in refused.value.advice


def test_the_start_address_works_once(site: Site) -> None:
    """The one-time address gives an HttpOnly, SameSite=Strict cookie, and nothing the second time."""
    path = site.url.removeprefix(site.base)
    first = Client(site.port).get(path)
    assert (first.status, first.place) == (303, "/")
    cookie = first.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert Client(site.port).get(path).status == 401


def test_without_a_session_nothing_is_answered(site: Site) -> None:
    """Every address of the table asks for the way in, even from this machine."""
    stranger = site.stranger()
    for method, path in addresses():
        if path not in ("/start", "/enter", "/left"):
            answer = stranger.get(path) if method == "GET" else stranger.post(path)
            assert answer.status == 401, path


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
    content = f'{HEADER},"{quoted}"\n{",".join(cells)},x\n'.encode()
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


def test_a_body_is_counted_while_it_streams(site: Site, client: Client) -> None:
    """A body without a length is cut off at the limit; a lying or absurd length is refused at once."""
    head = f"POST /uploads HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nCookie: {client.cookie}\r\n"
    head += "Sec-Fetch-Site: same-origin\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with socket.create_connection(("127.0.0.1", site.port), timeout=GIVE_UP) as raw:
        raw.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        piece = part + b"x" * (1 << 20)
        sent = 0
        try:
            while sent < 4 * LARGEST:
                raw.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                sent, piece = sent + len(piece), b"x" * (1 << 20)
        except OSError:
            pass
        assert sent < 2 * LARGEST
    for length in (str(LARGEST * 3), "-1", "1e9"):
        with socket.create_connection(("127.0.0.1", site.port), timeout=GIVE_UP) as raw:
            raw.sendall(f"{head}Content-Length: {length}\r\nConnection: close\r\n\r\n".encode())
            assert raw.recv(100).split()[1] in (b"400", b"413")
    assert not files_below(site.settings.home / "uploads")


def test_an_upload_that_breaks_off_leaves_nothing(site: Site, client: Client) -> None:
    """Half a file is never kept, let alone read."""
    head = f"POST /uploads HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nCookie: {client.cookie}\r\n"
    head += (
        "Sec-Fetch-Site: same-origin\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 200000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", site.port), timeout=GIVE_UP) as raw:
        raw.sendall(
            head.encode() + b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nx,y\n' * 9
        )
    client.get("/")
    assert not files_below(site.settings.home / "uploads")


def test_many_parts_and_wrong_forms_are_refused(client: Client) -> None:
    """A form with thousands of fields, a file where none belongs, and no file at all are refused as such."""
    many = {f"field-{n}": "x" for n in range(2_000)}
    assert client.post("/sign-in", many).status in (400, 413)
    assert client.upload("", b"x").status == 422
    assert "is not a spreadsheet" in client.upload("a.exe", b"MZ").text
    assert "is empty" in client.upload("a.csv", b"").text


def test_an_upload_of_somebody_else_is_not_found(client: Client) -> None:
    """Guessed and malformed ids give the same answer as ids that never were."""
    for key in ("x" * 22, "..%2f..%2fjournal", "draft.json", "%00", "a" * 500):
        assert client.get(f"/uploads/{key}/check").status == 404
    assert client.get("/runs/999/files/report.csv").status == 404
    assert client.get("/runs/1/files/..%2f..%2fhome%2fjournal.sqlite3").status == 404
    assert client.get("/static/..%2fapp.py").status == 404


def test_fifty_starts_at_once_are_one_run(site: Site, client: Client) -> None:
    """Fifty presses of the button in the same moment begin one run, in one process, and lead to it."""
    place = client.draft("rows.csv", rows(*range(2, 12)))
    assert "Create 10 records" in client.follow(f"{place}/plan").text
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: Client(site.port, client.cookie).post(f"{place}/start"), range(50)))
    assert {answer.place for answer in answers} == {"/runs/1"}
    assert client.get("/runs/2").status == 404
    client.until("/runs/1", lambda text: "All 10 rows created" in text)
    assert len(list((site.settings.home / "workers").glob("resume-*.log"))) == 1


def test_another_site_is_never_a_way_on(client: Client) -> None:
    """After signing in, the browser goes to a page of ours whatever the form says."""
    given = {"username": "ops@example.com", "password": "practice"}
    for place in ("https://evil.com/", "//evil.com", "/\\evil.com", "\\\\evil.com", "javascript:alert(1)"):
        assert client.post("/sign-in", given | {"next": place}).place == "/"
    assert client.post("/sign-in", given | {"next": "/runs"}).place == "/runs"


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


def test_leaving_ends_the_session(site: Site) -> None:
    """After leaving, the cookie opens nothing."""
    client = site.visitor()
    cookie = client.cookie
    assert client.post("/leave").place == "/left"
    client.cookie = cookie
    assert client.get("/").status == 401


def test_a_link_for_another_browser_works_once(site: Site, client: Client) -> None:
    """A second browser is let in by a link from the first, once."""
    link = re.search(r"/start\?token=[\w-]+", client.post("/link").text)
    assert link
    second = Client(site.port)
    assert second.get(link[0]).status == 303
    assert second.get("/").status == 200
    assert Client(site.port).get(link[0]).status == 401
