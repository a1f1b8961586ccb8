"""Whatever stands in an address, a query, a form or a document: an answer with words, never a fault or a path of ours.

Every address of the table is asked, with an upload and a run that are really there, so that its handler is reached.
"""

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from conftest import GIVE_UP, mapping
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.config.settings import Settings
from importer.sandbox import running
from importer.web.app import TABLE
from web.conftest import UNLIMITED
from web.kit import Answer, Client, Site, serving, started, table

ODD = (
    "",
    "0",
    "-1",
    "9" * 20,
    "9" * 5_000,
    "1e400",
    "٣",
    "²",
    "1.5",
    "NaN",
    "\0",
    "a\0b",
    "\ud800",
    "\udcff",
    "\x1b[2J",
    "\u202e",
    "\r\nSet-Cookie: a=b",
    "..",
    "../../etc/passwd",
    "..\\..\\x",
    "/etc/passwd",
    "%2e%2e%2f",
    "file:///etc/passwd",
    "{{7*191}}",
    "' OR 1=1 --",
    "A1",
    "B2",
    "XFD1048577",
    "A" * 200,
    "on",
    "[]",
    '{"a":1}',
    ",".join(map(str, range(3_000))),
    "x" * 100_000,
)
"""Values that no page of ours sends."""

FIELDS = sorted(
    {
        name
        for path in Path(__file__, "../../../importer/web").resolve().rglob("*")
        if path.suffix in {".py", ".html"}
        for name in re.findall(r'(?:name="|\.get\("|(?:fields|form|data)\[")([a-z_]+)"', path.read_text("utf-8"))
    }
    | {"first", "count", "settle", "order", "view", "cell-B2", "shown-B2", "B2", "q", "A0", "record-2", "name-1"}
)
"""The names of fields that any handler asks for, and some that it might."""

ENDING = {"/leave", "/uploads/{draft}/discard", "/uploads/{draft}/start", "/runs/{run:number}/undo", "/sign-out"}
"""Addresses after which the others could not be asked any more; these are asked last."""

LASTING = [route for route in TABLE if route.path not in ENDING or route.method == "GET"]


def encoded(text: str) -> str:
    """A text as any program may put it into an address, halves of characters included."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@dataclass
class Visit:
    """Somebody with an upload that was checked, and a run."""

    site: Site
    client: Client
    upload: str
    run: str

    def path(self, pattern: str, value: str | None = None, part: str = "") -> str:
        """An address filled in with what is there; one part of it with an odd value."""
        there = {"draft": self.upload.rsplit("/", 1)[1], "run:number": self.run.rsplit("/", 1)[1], "row:number": "2"}
        there |= {"name": "report.csv", "topic": "importing", "field": "CoworkerId"}
        return re.sub(
            r"\{([^}]+)\}", lambda m: encoded(value) if m[1] == part and value is not None else there[m[1]], pattern
        )

    def look(self, answer: Answer, asked: object) -> None:
        """Fail if the answer is a fault, or says where anything of ours is."""
        text = answer.body.decode("utf-8", "replace")
        assert answer.status < 500, (asked, answer.status, text[-600:])
        for secret in (str(self.site.settings.home), "Traceback", "site-packages", str(Path(__file__).parents[2])):
            assert secret not in text, (asked, secret)
        assert "\n" not in answer.headers.get("Location", "")
        assert re.match(rf"(/(?!/)|{self.site.base}/|$)", answer.headers.get("Location", ""))

    def faults(self) -> list[str]:
        """What the pages have written down as bugs."""
        return [path.read_text()[-1500:] for path in (self.site.settings.home / "workers").glob("error-*.log")]


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """With four rows to correct, and a run of two; the same for all tests, whatever they did to it."""
    folder = tmp_path_factory.mktemp("odd")
    own = {"username": UNLIMITED.username, "password": UNLIMITED.password, "home": folder / "home"}
    odd = [{"Name": ""}, {"ResourceId": "Boardroom"}, {"SubscriptionExpireDate": "5/12/26"}, {}]
    with pytest.MonkeyPatch.context() as patch, running(UNLIMITED) as service:
        patch.chdir(folder)
        settings = Settings.model_validate({**own, "url": service.url, "rate": None, "daily_quota": None})
        with serving(settings) as site:
            client = site.visitor()
            run = started(client, table(mapping(2), mapping(3)))
            client.until(run, lambda text: "created" in text)
            rows = [mapping(number, **changes) for number, changes in enumerate(odd, 4)]
            yield Visit(site, client, client.draft("odd.csv", table(*rows)), run)


@pytest.fixture(autouse=True)
def no_bug_is_written_down(visit: Visit) -> Iterator[None]:
    """None of what these tests ask is a bug to the pages."""
    before = set(visit.faults())
    yield
    assert set(visit.faults()) <= before


@pytest.mark.parametrize("value", ODD, ids=lambda value: ascii(value)[:24])
def test_no_part_of_an_address_is_answered_with_a_fault(visit: Visit, value: str) -> None:
    """Each part of each address, whether the value is that of a number, an upload, a name or a page."""
    for route in TABLE:
        for part in re.findall(r"\{([^}]+)\}", route.path):
            path = visit.path(route.path, value, part)
            try:
                answer = visit.client.get(path) if route.method == "GET" else visit.client.post(path)
            except ConnectionResetError:
                # The server need not read a line that is longer than any address to its end.
                assert len(path) > 60_000
                continue
            visit.look(answer, (route.method, path[:200]))


@given(
    route=st.sampled_from(LASTING),
    fields=st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(ODD), max_size=6),
)
@settings(max_examples=150)
def test_no_query_and_no_form_is_answered_with_a_fault(visit: Visit, route: object, fields: dict[str, str]) -> None:
    """Any fields, in any mixture, with values that no page of ours sends."""
    assert isinstance(route, type(TABLE[0]))
    words = urlencode(fields, errors="surrogatepass")
    path = visit.path(route.path)
    form = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    if route.method == "GET":
        answer = visit.client.get(f"{path}?{words[:60_000]}")
    else:
        answer = visit.client.ask("POST", f"{path}?{words[:200]}", words.encode(), **form)
    visit.look(answer, (route.method, path, fields))


NUMBERS: tuple[object, ...] = (-1, 10**8, 10**20, True, None, "1")
TEXTS: tuple[object, ...] = ("", "\0", "\ud800", "\t\n\r" * 999, [])
ODD_MEMBERS = [
    *((name, value) for name in ("first", "last", "left", "right", "row") for value in NUMBERS),
    *((name, value) for name in ("text", "find", "before", "view") for value in TEXTS),
]
DOCUMENTS = (
    b"",
    b"null",
    b"[]",
    b"1",
    b'"x"',
    b"{",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"kind": ' + b"[" * 100_000,
    b'{"kind": "type", "first": ' + b"9" * 6_000 + b"}",
    b'{"kind": "type", "first": 1e400}',
    b'{"kind": "type", "first": NaN}',
    *(
        json.dumps({"kind": kind, name: value}).encode()
        for kind in ("type", "paste", "fill", "clear", "replace", "leave out", "take back", "undo", "redo", "nothing")
        for name, value in ODD_MEMBERS
    ),
)


def test_no_document_is_answered_with_a_fault(visit: Visit) -> None:
    """What a script of ours sends, but not as it sends it."""
    for document in DOCUMENTS:
        answer = visit.client.ask(
            "POST",
            f"{visit.upload}/table/steps",
            document,
            **{"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"},
        )
        visit.look(answer, document[:200])


URLENCODED, PARTS, FIELD = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", b"form-data; name="


def part(disposition: bytes, content: bytes = b"b") -> bytes:
    """One part of a form in parts."""
    return b"--x\r\nContent-Disposition: " + disposition + b"\r\n\r\n" + content + b"\r\n"


BODIES = (
    ("", b"a=b"),
    ("text/plain", b"a=b"),
    (URLENCODED, b"%ff%fe=%00&=&&;;" + b"a=1&" * 9_000),
    (f"{URLENCODED}; charset=utf-7", b"a=b"),
    ("multipart/form-data", b"nothing"),
    ("multipart/form-data; boundary=", b"nothing"),
    ("multipart/form-data; boundary=" + "x" * 5_000, b"--x"),
    ("multipart/form-data; charset=nothing; boundary=x", part(FIELD + b'"a"') + b"--x--\r\n"),
    (PARTS, b""),
    (PARTS, b"--x\r\n\r\n\r\n--x--\r\n"),
    (PARTS, part(FIELD + b'"a"')),
    (PARTS, part(b"form-data") + b"--x--\r\n"),
    (PARTS, part(FIELD + b'"\xff\x00"', b"\xff") + b"--x--\r\n"),
    (PARTS, part(FIELD + b'"file"; filename="\xff"', b"\xff") + b"--x--\r\n"),
    (PARTS, part(FIELD + b'"file"; filename=""') + b"--x--\r\n"),
    (PARTS, part(FIELD + b'"file"') + b"--x--\r\n"),
    (PARTS, part(FIELD + b'"a"') * 3_000 + b"--x--\r\n"),
)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: f"{body[0][:40]}-{len(body[1])}")
def test_no_body_is_answered_with_a_fault(visit: Visit, body: tuple[str, bytes]) -> None:
    """Forms that are none, that break off, that name no charset or no field, and those with thousands of parts."""
    for route in LASTING:
        if route.method == "POST":
            own = {"Content-Type": body[0], "Sec-Fetch-Site": "same-origin"}
            visit.look(visit.client.ask("POST", visit.path(route.path), body[1], **own), (route.path, body[0]))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"])
def test_no_method_is_answered_with_a_fault(visit: Visit, method: str) -> None:
    """Every address is asked in every way that is not its own."""
    for route in TABLE:
        if method != route.method:
            answer = visit.client.ask(method, visit.path(route.path), Sec_Fetch_Site="same-origin")
            visit.look(answer, (method, route.path))


TARGETS = (
    b"*", b"//", b"///etc/passwd", b"/..", b"/%", b"/%zz", b"/\xff", b"/static/", b"/static/..%2f..%2fapp.py",
    b"/static/%00", b"/static/" + b"a/" * 4_000, b"/static//etc/passwd", b"/static/\\..\\app.py", b"http://evil.com/",
    b"/runs/1;x", b"/runs/0001", b"/runs/+1", b"/runs/1/", b"/?" + b"a" * 60_000, b"/start?token=%00", b"/help/..%2f",
    b"/static/%ed%a0%80.css", b"/static/" + b"a" * 5_000,
)  # fmt: skip


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: ascii(target)[:24])
def test_no_target_of_a_request_is_answered_with_a_fault(visit: Visit, target: bytes) -> None:
    """As it goes over the line, whatever a client of ours would make of it."""
    with socket.create_connection(("127.0.0.1", visit.site.port), timeout=GIVE_UP) as raw:
        head = f"Host: 127.0.0.1:{visit.site.port}\r\nCookie: {visit.client.cookie}\r\nConnection: close\r\n\r\n"
        raw.sendall(b"GET " + target + b" HTTP/1.1\r\n" + head.encode())
        answer = b"".join(iter(lambda: raw.recv(65_536), b""))
    assert not answer or int(answer.split()[1]) < 500, answer[:300]
    assert str(visit.site.settings.home).encode() not in answer
    assert b"Traceback" not in answer


@pytest.mark.parametrize(
    "value", ["9" * 20, "\0", "\ud800", "x" * 100_000, "../.."], ids=lambda value: ascii(value)[:24]
)
def test_what_ends_an_upload_a_run_or_a_session_is_answered_too(visit: Visit, value: str) -> None:
    """With the same odd values in every field."""
    ending = [route for route in TABLE if route.path in ENDING and route.method == "POST"]
    for route in (route for route in ending if route.path != "/leave"):
        words = urlencode(dict.fromkeys(FIELDS, value), errors="surrogatepass")[:400_000]
        form = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        visit.look(visit.client.ask("POST", visit.path(route.path), words.encode(), **form), route.path)
