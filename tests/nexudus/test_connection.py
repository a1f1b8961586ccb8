"""One connection for many calls, one after another: used again only when nothing can be mistaken for an answer."""

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from conftest import GIVE_UP

from importer.clock import seconds_since_boot
from importer.nexudus import client, connection
from importer.nexudus.connection import SingleConnectionTransport, TooLateError
from nexudus.rawserver import Connected, http, listening, make_certificate, server_tls, whole_request

pytestmark = pytest.mark.anyio

LIMITS = httpx.Timeout(2.0).as_dict()


@pytest.fixture
def anyio_backend() -> str:
    """The loop that the importer runs on."""
    return "asyncio"


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """A socket that nobody closed is a warning, and a warning is an error, once it is collected."""
    yield
    gc.collect()


class Counting:
    """A server that answers each call of a connection with how many connections and calls there were."""

    def __init__(self, before: bytes = b"", after: bytes = b"", calls: int = 99) -> None:
        """``before`` and ``after`` stand around each answer; the connection is closed after so many calls."""
        self.connections = 0
        self._before, self._after, self._calls = before, after, calls

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        for call in range(1, self._calls + 1):
            try:
                await whole_request(reader)
            except asyncio.IncompleteReadError:
                return
            writer.write(self._before + http(b"[%d,%d]" % (self.connections, call)) + self._after)
            await writer.drain()


@asynccontextmanager
async def laid(trusted: ssl.SSLContext | None = None) -> AsyncIterator[SingleConnectionTransport]:
    """A lane that is closed at the end."""
    one = SingleConnectionTransport(trusted or client.trusted(None))
    yield one
    await one.aclose()


async def asked(
    one: SingleConnectionTransport, url: str, body: bytes = b"{}", limits: dict[str, float | None] = LIMITS
) -> bytes:
    """The body of the answer to one call."""
    request = httpx.Request("POST", url, content=body, extensions={"timeout": limits})
    answer = await one.handle_async_request(request)
    try:
        return b"".join([chunk async for chunk in answer.aiter_raw()])
    finally:
        await answer.aclose()


async def two_calls(server: Connected, pause: float = 0.0) -> list[bytes]:
    """The answers to two calls over one lane."""
    async with listening(server) as port, laid() as one:
        first = await asked(one, f"http://127.0.0.1:{port}/")
        await asyncio.sleep(pause)
        return [first, await asked(one, f"http://127.0.0.1:{port}/")]


async def test_a_connection_serves_one_call_after_another() -> None:
    """A second call costs no second connection."""
    assert await two_calls(Counting()) == [b"[1,1]", b"[1,2]"]


async def test_it_serves_them_encrypted_too(tmp_path: Path) -> None:
    """A second call costs no second handshake, and the certificate is checked."""
    certificate = make_certificate(tmp_path, "DNS:localhost,IP:127.0.0.1")
    async with (
        listening(Counting(), server_tls(certificate)) as port,
        laid(client.trusted(str(certificate))) as one,
    ):
        assert [await asked(one, f"https://localhost:{port}/") for _ in range(2)] == [b"[1,1]", b"[1,2]"]


async def test_the_answer_comes_after_what_only_announces_it() -> None:
    """Whatever of 1xx comes first is not the answer."""
    assert await two_calls(Counting(before=b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n")) == [
        b"[1,1]",
        b"[1,2]",
    ]


@pytest.mark.parametrize("pause", [0.0, 0.05])
async def test_a_connection_that_was_closed_meanwhile_is_replaced(pause: float) -> None:
    """A call is not wasted on a connection whose end is already known, seen by the loop or not."""
    assert await two_calls(Counting(calls=1), pause) == [b"[1,1]", b"[2,1]"]


@pytest.mark.parametrize("pause", [0.0, 0.05])
async def test_what_comes_unasked_answers_nothing(pause: float) -> None:
    """An answer too many is not taken for the answer to the next call: it would give a row another one's Id."""
    twice = Counting(after=http(b'{"Status":200,"Value":{"Id":666},"WasSuccessful":true}'))
    assert await two_calls(twice, pause) == [b"[1,1]", b"[2,1]"]


async def test_a_flood_while_nobody_asks_is_cut_off() -> None:
    """What comes unasked is not gathered."""
    ended = asyncio.Event()

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await whole_request(reader)
        writer.write(http(b"1"))
        await writer.drain()
        await asyncio.sleep(0.02)
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        except ConnectionError:
            ended.set()

    async with listening(flood) as port, laid() as one:
        assert await asked(one, f"http://127.0.0.1:{port}/") == b"1"
        await asyncio.wait_for(ended.wait(), GIVE_UP)


async def test_a_connection_that_lay_idle_for_long_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end may be under way already, and a call that meets it is in doubt."""
    monkeypatch.setattr(connection, "KEPT_OPEN", 0.01)
    assert await two_calls(Counting(), 0.05) == [b"[1,1]", b"[2,1]"]


async def test_an_answer_that_was_not_read_to_its_end_ends_the_connection() -> None:
    """The rest of it would stand before the next answer."""
    server = Counting(after=b"")
    async with listening(server) as port, laid() as one:
        request = httpx.Request("POST", f"http://127.0.0.1:{port}/", content=b"{}", extensions={"timeout": LIMITS})
        await (await one.handle_async_request(request)).aclose()
        assert await asked(one, f"http://127.0.0.1:{port}/") == b"[2,1]"


async def test_a_cancelled_call_ends_the_connection() -> None:
    """The service notices at once, and the late answer goes nowhere."""
    heard, ended = asyncio.Event(), asyncio.Event()

    async def slow(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await whole_request(reader)
        heard.set()
        assert await reader.read() == b""
        ended.set()

    async with listening(slow) as port, laid() as one:
        call = asyncio.create_task(asked(one, f"http://127.0.0.1:{port}/"))
        await heard.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(ended.wait(), GIVE_UP)


async def test_a_service_that_reads_nothing() -> None:
    """A request that cannot be written to its end counts as one that may have been understood."""

    async def deaf(*_: object) -> None:
        await asyncio.sleep(60)

    async with listening(deaf) as port, laid() as one:
        with pytest.raises(httpx.WriteTimeout):
            await asked(one, f"http://127.0.0.1:{port}/", b"x" * 50_000_000, {**LIMITS, "write": 0.1})


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"",
    ],
    ids=["an endless head", "two lengths", "no chunk", "no status", "nothing"],
)
async def test_what_is_no_answer_is_told_as_such(raw: bytes) -> None:
    """What HTTP does not allow is never half believed."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await whole_request(reader)
        writer.write(raw)
        await writer.drain()

    async with listening(connected) as port, laid() as one:
        with pytest.raises(httpx.RemoteProtocolError):
            await asked(one, f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("bad", [{"Name": "two\r\nlines"}, {"two\r\nnames": "x"}], ids=["value", "name"])
async def test_a_header_that_would_be_two_leaves_nothing(bad: dict[str, str]) -> None:
    """A request that is no HTTP is refused before a connection is made."""
    server = Counting()
    async with listening(server) as port, laid() as one:
        request = httpx.Request("POST", f"http://127.0.0.1:{port}/", headers=bad, extensions={"timeout": LIMITS})
        with pytest.raises(httpx.LocalProtocolError):
            await one.handle_async_request(request)
        assert await asked(one, f"http://127.0.0.1:{port}/") == b"[1,1]"


async def test_a_call_that_is_too_late_is_not_written() -> None:
    """Nothing of it, on a connection that had to be made and on one that was there; and the next call is served."""
    server = Counting()
    async with listening(server) as port, laid() as one:
        url = f"http://127.0.0.1:{port}/"
        for number in (2, 4):
            extensions = {"timeout": LIMITS, "leaves_by": seconds_since_boot() - 1}
            with pytest.raises(TooLateError):
                await one.handle_async_request(httpx.Request("POST", url, content=b"{}", extensions=extensions))
            assert await asked(one, url) == b"[%d,1]" % server.connections
            assert server.connections <= number
