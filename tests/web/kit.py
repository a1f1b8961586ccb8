"""The pages as the tests use them: a real server on a free port, and a client that behaves like a browser."""

import csv
import http.client
import io
import json
import re
import socket
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from conftest import GIVE_UP, LABELS, mapping

from importer.config.settings import Settings
from importer.model import Clock
from importer.runs.log import Log, no_log
from importer.sandbox.server import Running
from importer.web import Address
from importer.web.app import TABLE
from importer.web.server import listening

OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def place(self) -> str:
        """Where it sends the browser."""
        return self.headers.get("Location", "")


@dataclass
class Client:
    """Somebody at the pages, with or without a session."""

    port: int
    cookie: str = ""
    host: str = ""
    own: Mapping[str, str] = field(default_factory=lambda: OWN_PAGE)
    always: Mapping[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request, redirects not followed."""
        given = {"Host": self.host or f"127.0.0.1:{self.port}"} | dict(self.always)
        given |= {k.replace("_", "-"): v for k, v in headers.items()}
        if self.cookie:
            given["Cookie"] = self.cookie
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=GIVE_UP)
        try:
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            done = Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()
        self._keep(done.headers.get_all("Set-Cookie") or [])
        return done

    def _keep(self, cookies: Sequence[str]) -> None:
        """Each cookie under its name, as a browser keeps them; one that ends at once is gone."""
        jar = dict(pair.split("=", 1) for pair in self.cookie.split("; ") if pair)
        for cookie in cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            jar.pop(name, None)
            if "max-age=0" not in cookie.lower():
                jar[name] = value
        self.cookie = "; ".join(f"{name}={value}" for name, value in jar.items())

    def get(self, path: str, **headers: str) -> Answer:
        """A page."""
        return self.ask("GET", path, None, **headers)

    def post(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """A form of our own page."""
        body = urllib.parse.urlencode(fields or {}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, body, **(kind | dict(self.own) | headers))

    def post_json(self, path: str, document: Mapping[str, object]) -> Answer:
        """What a script of our own page sends."""
        kind = {"Content-Type": "application/json"}
        return self.ask("POST", path, json.dumps(document).encode(), **(kind | dict(self.own)))

    def upload(self, name: str, content: bytes, **headers: str) -> Answer:
        """A file, as the form sends it."""
        mark = uuid.uuid4().hex
        quoted = name.replace('"', "%22").replace("\n", "%0A").replace("\r", "%0D")
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        return self.ask("POST", "/uploads", body, **(kind | dict(self.own) | headers))

    def follow(self, path: str) -> Answer:
        """The page at the end of the redirects, once nothing is under way any more."""
        until = time.monotonic() + GIVE_UP
        while time.monotonic() < until:
            answer = self.get(path)
            if answer.place:
                path = answer.place
            elif "This page updates by itself" in answer.text or "is being checked again" in answer.text:
                time.sleep(0.1)
            else:
                return answer
        raise AssertionError(f"{path} did not come to an end")

    def draft(self, name: str, content: bytes) -> str:
        """The address of an upload that was looked through."""
        place = self.upload(name, content).place
        assert place, "the upload was refused"
        self.follow(place)
        return place

    def until(self, path: str, holds: Callable[[str], bool], seconds: float = GIVE_UP) -> str:
        """The page once something holds for it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = self.get(path).text
            if holds(text):
                return text
            time.sleep(0.15)
        raise AssertionError(f"{path} never came to what was waited for: {plain(text)[:600]}")


@dataclass(frozen=True)
class Site:
    """A server that runs."""

    port: int
    url: str
    settings: Settings

    @property
    def base(self) -> str:
        """The first page."""
        return f"http://127.0.0.1:{self.port}"

    def stranger(self) -> Client:
        """Somebody without a session."""
        return Client(self.port)

    def visitor(self) -> Client:
        """The person who opened the start address; it works once."""
        client = Client(self.port)
        assert (
            client.get(urllib.parse.urlsplit(self.url).path + "?" + urllib.parse.urlsplit(self.url).query).status == 303
        )
        return client


@contextmanager
def serving(
    settings: Settings,
    address: Address | None = None,
    clock: Clock = time.time,
    *,
    sandbox: bool = False,
    log: Log = no_log,
) -> Iterator[Site]:
    """The pages on a free port; with ``sandbox`` those of a practice service."""
    place = address or Address(port=0)
    with listening(settings, place, sandbox=sandbox, clock=clock, log=log) as (server, sock, url):
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield Site(sock.getsockname()[1], url, settings)
        finally:
            server.should_exit = True
            thread.join(GIVE_UP)


TEAM_HOST = "localhost"
"""The name under which a team opens the pages in tests: another site than the 127.0.0.1 of a provider."""


def behind_a_proxy(settings: Settings) -> Settings:
    """The pages of a team that a proxy on this machine has signed in."""
    team = {"public_url": f"http://{TEAM_HOST}", "trusted_proxies": "127.0.0.1", "user_header": "X-Remote-User"}
    return settings.model_copy(update=team)


def signed_in_by_proxy(port: int, name: str) -> Client:
    """Somebody whom the proxy has signed in; without a name, somebody of whom it says nothing."""
    return Client(port, host=TEAM_HOST, always={"X-Remote-User": name} if name else {})


def free_port() -> int:
    """A port that nobody listens on, for an address that has to be known beforehand."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def dawdle(service: Running, rows: int) -> None:
    """Have the service take two seconds for each create but the first ones, so that there is time to press a button."""
    service.state.fail_next(*["ok"] * 4, *["slow:2"] * (rows - 4))


def heal(service: Running) -> None:
    """Have it answer at once again."""
    while service.state.pending_faults():
        service.state.next_fault("create")


def plain(html: str) -> str:
    """The text of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def files_below(folder: Path) -> list[Path]:
    """Every file."""
    return [path for path in folder.rglob("*") if path.is_file()]


class _Fields(HTMLParser):
    def __init__(self, form: str) -> None:
        super().__init__()
        self.form, self.fields, self.options = form, dict[str, str](), dict[str, list[str]]()
        self.buttons, self.links = list[dict[str, str]](), list[str]()
        self._inside = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Gather the fields of the form, each as it stands when nobody touches it."""
        own = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = own.get("id", "")
        if tag == "option" and self._select:
            self.options[self._select].append(own["value"])
            self.fields.setdefault(self._select, own["value"])
        elif tag == "a":
            self.links.append(own.get("href", ""))
        elif tag == "button" and own.get("form", self._inside) == self.form:
            self.buttons.append(own)
        elif own.get("form", self._inside) == self.form and own.get("name"):
            self._select = own["name"] if tag == "select" else ""
            if tag == "select":
                self.options[own["name"]] = []
            if tag == "input":
                self.fields[own["name"]] = own.get("value", "").replace("\r", "").replace("\n", "")

    def handle_endtag(self, tag: str) -> None:
        """Leave the form."""
        self._inside = "" if tag == "form" else self._inside


def form_fields(html: str, form: str) -> dict[str, str]:
    """What a browser posts for a form that nobody has touched: line ends as CR and LF, none in a line of text."""
    parser = _Fields(form)
    parser.feed(html)
    return {name: re.sub(r"\r\n?|\n", "\r\n", text) for name, text in parser.fields.items()}


def form_buttons(html: str, form: str) -> list[dict[str, str]]:
    """The attributes of the buttons of a form, wherever they stand."""
    parser = _Fields(form)
    parser.feed(html)
    return parser.buttons


def links(html: str) -> list[str]:
    """Where the links of a page lead."""
    parser = _Fields("")
    parser.feed(html)
    return parser.links


def form_options(html: str, form: str, name: str) -> list[str]:
    """The values that a field of a form offers."""
    parser = _Fields(form)
    parser.feed(html)
    return parser.options[name]


def table(*rows: list[object], labels: Sequence[str] = LABELS) -> bytes:
    """A CSV file."""
    out = io.StringIO()
    csv.writer(out).writerows([labels, *rows])
    return out.getvalue().encode()


GOOD = [mapping(n) for n in range(2, 10)]
"""Eight rows with nothing wrong."""


def started(client: Client, content: bytes, name: str = "rows.csv") -> str:
    """The address of a run that was begun from a file."""
    place = client.draft(name, content)
    client.follow(f"{place}/plan")
    return client.post(f"{place}/start").place


def rows(*numbers: int) -> bytes:
    """A file with these good rows."""
    return "\n".join([",".join(LABELS), *(",".join(map(str, mapping(n))) for n in numbers)]).encode()


def addresses(draft: str = "x" * 22, run: int = 1) -> list[tuple[str, str]]:
    """Every address of the table, filled in."""
    filled = {
        "{draft}": draft,
        "{run:number}": str(run),
        "{row:number}": "2",
        "{name}": "report.csv",
        "{topic}": "importing",
    }
    filled |= {"{field}": "CoworkerId"}
    return [(route.method, re.sub(r"\{[^}]+\}", lambda found: filled[found[0]], route.path)) for route in TABLE]
