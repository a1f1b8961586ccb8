"""What strangers can hold by half-sent, slow and never-fetched requests, over real sockets."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from conftest import GIVE_UP, wait_until

from importer.config.settings import Settings
from web.kit import OWN_PAGE, Site, rows, serving

PATIENCE = 1.0


@contextmanager
def site_with(settings: Settings, **limits: float) -> Iterator[Site]:
    """The pages with other limits."""
    with serving(settings.model_copy(update=limits)) as site:
        yield site


def begun(site: Site, head: str) -> socket.socket:
    """A connection on which something was sent."""
    connection = socket.create_connection(("127.0.0.1", site.port), timeout=GIVE_UP)
    connection.sendall(head.encode())
    return connection


def head_of(site: Site, first: str, *lines: str) -> str:
    """The beginning of a request, without its end."""
    return "\r\n".join([first, f"Host: 127.0.0.1:{site.port}", *lines, ""])


def is_ended(connection: socket.socket) -> bool:
    """Whether the server has let go of it, whatever it said before."""
    connection.settimeout(0.01)
    try:
        while connection.recv(65_536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


HALF: dict[str, Callable[[Site], str]] = {
    "nothing at all": lambda site: "",
    "half a header": lambda site: head_of(site, "GET / HTTP/1.1"),
    "half a line": lambda site: "GET / HT",
    "half a body": lambda site: head_of(site, "POST /uploads HTTP/1.1", "Content-Length: 999", "", "a=b"),
    "half a chunk": lambda site: head_of(site, "POST /link HTTP/1.1", "Transfer-Encoding: chunked", "", "ff", "a"),
}


@pytest.mark.parametrize("what", HALF)
def test_a_half_sent_request_ends(settings: Settings, what: str) -> None:
    """Within the patience and a moment, whatever is missing."""
    with site_with(settings, page_patience=PATIENCE) as site, begun(site, HALF[what](site)) as connection:
        begin = time.monotonic()
        wait_until(lambda: is_ended(connection))
        assert time.monotonic() - begin < 30


@pytest.mark.parametrize("what", ["half a header", "half a body"])
def test_a_request_that_drips_ends(settings: Settings, what: str) -> None:
    """A byte now and then does not begin the wait anew."""
    with site_with(settings, page_patience=PATIENCE) as site, begun(site, HALF[what](site)) as connection:

        def drips() -> bool:
            try:
                connection.sendall(b"a")
            except OSError:
                return False
            return not is_ended(connection)

        wait_until(lambda: not drips())


def test_a_second_request_on_a_connection_is_no_way_around(settings: Settings) -> None:
    """It is answered, and then half-sent again."""
    with site_with(settings, page_patience=PATIENCE) as site:
        whole = head_of(site, "GET /static/style.css HTTP/1.1") + "\r\n"
        with begun(site, whole) as connection:
            assert b" 200 " in connection.recv(100)
            connection.sendall(head_of(site, "GET / HTTP/1.1").encode())
            wait_until(lambda: is_ended(connection))


def test_an_upload_on_a_slow_line_is_taken(settings: Settings) -> None:
    """It takes several times the patience, and comes in with a little all the while."""
    with site_with(settings, page_patience=PATIENCE) as site:
        client = site.visitor()
        content = rows(2, 3)
        body = (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + content + b"\r\n--x--\r\n"
        )
        lines = ["Content-Type: multipart/form-data; boundary=x", f"Content-Length: {len(body) + 3_000}"]
        lines += [f"{name}: {value}" for name, value in OWN_PAGE.items()] + [f"Cookie: {client.cookie}", "", ""]
        with begun(site, head_of(site, "POST /uploads HTTP/1.1", *lines).removesuffix("\r\n")) as connection:
            # What follows the last part of a form counts for nothing.
            whole = body + b" " * 3_000
            for place in range(0, len(whole), 200):
                connection.sendall(whole[place : place + 200])
                time.sleep(PATIENCE / 5)
            assert connection.recv(100).split()[1] == b"303"


def test_an_answer_that_nobody_fetches_ends(settings: Settings) -> None:
    """A reader that takes nothing holds no answer in memory."""
    with site_with(settings, page_patience=PATIENCE) as site:
        client = site.visitor()
        request = head_of(site, "GET /help/faults HTTP/1.1", f"Cookie: {client.cookie}") + "\r\n"
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_024)
            connection.settimeout(GIVE_UP)
            connection.connect(("127.0.0.1", site.port))
            for _ in range(200):
                connection.sendall(request.encode())
            # Longer than it takes to be let go of; whoever reads begins to fetch.
            time.sleep(PATIENCE * 3)
            taken = 0
            try:
                while part := connection.recv(65_536):
                    taken += len(part)
            except OSError:
                pass
        assert taken < 200 * len(client.get("/help/faults").body)


@pytest.mark.parametrize("what", ["nothing at all", "half a header", "half a body"])
def test_a_page_is_answered_while_hundreds_of_requests_are_half_sent(settings: Settings, what: str) -> None:
    """Those that have kept the server waiting longest make room, long before their patience is over."""
    limits = {"page_connections": 60, "page_connections_per_address": 50, "page_patience": 600}
    with site_with(settings, **limits) as site, ExitStack() as stack:
        client = site.visitor()
        half = [stack.enter_context(begun(site, HALF[what](site))) for _ in range(300)]
        for _ in range(5):
            assert client.get("/").status == 200
        assert sum(not is_ended(connection) for connection in half) <= 50


def test_more_from_one_address_take_nothing_from_another(settings: Settings) -> None:
    """The limit of an address is below that of all, so its flood ends its own connections only."""
    limits = {"page_connections": 60, "page_connections_per_address": 20, "page_patience": 600}
    with site_with(settings, **limits) as site, ExitStack() as stack:
        other = stack.enter_context(socket.socket())
        other.bind(("127.0.0.2", 0))
        other.connect(("127.0.0.1", site.port))
        other.sendall(head_of(site, "GET /static/style.css HTTP/1.1").encode())
        half = [stack.enter_context(begun(site, "GET / HT")) for _ in range(100)]
        wait_until(lambda: sum(not is_ended(connection) for connection in half) <= 20)
        other.settimeout(GIVE_UP)
        other.sendall(b"\r\n")
        assert b" 200 " in other.recv(100)
