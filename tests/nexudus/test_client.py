"""The wire against real sockets: whatever happens becomes a Reply that tells whether the request left."""

import asyncio
import contextlib
import gzip
import logging
import socket
import ssl
import sys
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from importer.clock import seconds_since_boot
from importer.errors import SettingsError
from importer.nexudus import Access, Reply, Secret
from importer.nexudus.client import BODY_LIMIT, MOST_BODY_BYTES, HttpClient
from nexudus.rawserver import RawServer, http, listening, make_certificate, saying, server_tls, serving

pytestmark = pytest.mark.anyio

CANARY = "canary-91ad"
BODY = b'{"Status":200,"Value":{"Id":5},"WasSuccessful":true}'


@pytest.fixture
def anyio_backend() -> str:
    """The loop that the importer runs on."""
    return "asyncio"


async def posted(url: str, *, deadline: float = 5, ca_file: Path | None = None, proxy: str | None = None) -> Reply:
    """The reply to one POST over a fresh wire."""
    authorities = str(ca_file) if ca_file else None
    access = Access(url=url, token=Secret(CANARY), timeout=deadline, ca_file=authorities, proxy=proxy)
    wire = HttpClient(access)
    try:
        return await wire.send("POST", "/api/spaces/x", {"Authorization": f"Bearer {CANARY}"}, b'{"a":1}')
    finally:
        await wire.aclose()


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def test_a_whole_answer() -> None:
    """Status, phrase, headers and body arrive as they were sent."""
    raw = http(BODY, b"Retry-After: 3", b"Retry-After: 9", b"Date: today", status=b"409 You must wait")
    async with serving(saying(raw)) as server:
        reply = await posted(server.url)
    assert reply == Reply(
        409, "You must wait", ("3", "9"), "today", "application/json", BODY.decode(), reply.json, whole=True
    )
    assert reply.json == {"Status": 200, "Value": {"Id": 5}, "WasSuccessful": True}


async def test_what_leaves() -> None:
    """The request carries what it should and names the importer."""
    async with serving(saying(http(BODY))) as server:
        await posted(server.url)
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert head.startswith("POST /api/spaces/x HTTP/1.1\r\n")
    assert "accept: application/json\r\n" in head.lower()
    assert "user-agent: nexudus-importer" in head.lower()
    assert body == '{"a":1}'


async def test_cut_at_every_byte() -> None:
    """However early the answer breaks off, it counts as sent, and only the whole of it is believed."""
    raw = http(BODY)

    async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        writer.write(raw[: len(server.requests) - 1])

    async with serving(cut) as server:
        wire = HttpClient(Access(url=server.url, token=Secret(CANARY)))
        for kept in range(len(raw)):
            reply = await wire.send("POST", "/", {}, b"{}")
            assert (reply.sent, reply.whole, reply.json) == (True, False, None), kept
            assert reply.failure, kept
            assert len(server.requests) == kept + 1
        await wire.aclose()


async def test_cut_while_the_request_is_written() -> None:
    """A reset after some bytes of the request is no proof that it was not understood."""

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    async with listening(reset) as port:
        reply = await posted(f"http://127.0.0.1:{port}")
    assert (reply.status, reply.sent) == (None, True)


async def test_nobody_listens() -> None:
    """A refused connection is proof that nothing left."""
    reply = await posted(f"http://127.0.0.1:{closed_port()}")
    assert reply == Reply(sent=False, failure="the connection was refused")


async def test_no_such_name() -> None:
    """A name that leads nowhere is proof that nothing left."""
    reply = await posted("https://no-such-host.invalid")
    assert reply == Reply(sent=False, failure="the host name could not be found")


async def test_a_connection_that_never_comes() -> None:
    """A full queue of connections is proof that nothing left, and comes before the deadline."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        reply = await posted(f"http://127.0.0.1:{port}", deadline=0.8)
        for filler in fillers:
            filler.close()
    assert reply == Reply(sent=False, failure="no connection within 0.2 seconds")


async def test_silence_after_the_request() -> None:
    """No answer in time leaves everything open."""

    async def silent(*_: object) -> None:
        await asyncio.sleep(5)

    async with serving(silent) as server:
        reply = await posted(server.url, deadline=1.0)
    assert reply.sent
    assert reply.status is None
    assert reply.failure == "no answer within 0.8 seconds"


async def test_a_dripping_answer() -> None:
    """An answer that comes byte by byte ends at the deadline of the whole call."""

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        writer.write(http(BODY)[: -len(BODY)])
        for byte in BODY:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)

    async with serving(drip) as server:
        reply = await posted(server.url, deadline=1.0)
    assert (reply.status, reply.whole, reply.json) == (200, False, None)
    assert reply.failure == "no complete answer within 1 seconds"


async def test_no_http_at_all() -> None:
    """Bytes that are no HTTP leave everything open."""
    async with serving(saying(b"SSH-2.0-OpenSSH_9.2\r\n")) as server:
        reply = await posted(server.url)
    assert (reply.status, reply.sent) == (None, True)


async def test_redirects_are_not_followed() -> None:
    """Nothing reaches the target of a redirect, however it is written."""
    async with serving(saying(http(BODY))) as evil:
        for target in (f"{evil.url}/x".encode(), b"http://[", b"//"):
            moved = http(b"", b"Location: " + target, status=b"307 Moved")
            async with serving(saying(moved)) as server:
                assert (await posted(server.url)).status == 307
        assert not evil.requests


async def test_cookies_are_not_kept() -> None:
    """A second call does not carry what the first one was given."""
    async with serving(saying(http(BODY, b"Set-Cookie: a=b", b"Connection: close"))) as server:
        wire = HttpClient(Access(url=server.url, token=Secret(CANARY)))
        for _ in range(2):
            await wire.send("GET", "/", {})
        await wire.aclose()
    assert b"cookie" not in server.requests[1].lower()


async def test_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy from the environment gets nothing."""
    async with serving(saying(http(BODY))) as server, serving(saying(http(BODY))) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert (await posted(server.url)).status == 200
        assert not proxy.requests


@pytest.mark.parametrize("through", ["", "proxy"])
async def test_a_call_that_is_too_late_is_not_sent(through: str) -> None:
    """By our own connection, and by httpx's own through a proxy; in time it is sent."""
    async with serving(saying(http(BODY))) as server, serving(saying(http(BODY))) as proxy:
        http_client = HttpClient(Access(url=server.url, token=Secret(CANARY), proxy=proxy.url if through else None))
        late = await http_client.send("POST", "/api/x", {}, b"{}", seconds_since_boot() - 1)
        assert (late.sent, late.failure) == (False, "the call could not leave in time")
        assert not [*server.requests, *proxy.requests]
        in_time = await http_client.send("POST", "/api/x", {}, b"{}", seconds_since_boot() + 60)
        assert in_time.status == 200
        await http_client.aclose()
        assert len([*server.requests, *proxy.requests]) == 1


async def test_a_proxy_that_refuses() -> None:
    """A tunnel that the proxy refuses is proof that the request did not leave, nor the token."""
    async with serving(saying(http(b"", status=b"407 Authenticate"))) as proxy:
        reply = await posted("https://spaces.nexudus.com", proxy=proxy.url)
        assert reply == Reply(sent=False, failure="the proxy refused to connect")
        assert proxy.requests[0].startswith(b"CONNECT spaces.nexudus.com:443 ")
        assert CANARY.encode() not in proxy.requests[0]


def test_settings_that_cannot_be_used(tmp_path: Path) -> None:
    """A wrong proxy or file of authorities is told before anything is sent."""
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    usable = Access(url="https://x.example", token=Secret("t"))
    for wrong in (
        replace(usable, proxy="nonsense://x"),
        replace(usable, ca_file=str(bad)),
        replace(usable, ca_file=str(tmp_path / "none.pem")),
    ):
        with pytest.raises(SettingsError):
            HttpClient(wrong)


@pytest.mark.parametrize("target", ["@evil.example/", ".evil.example/", ":1/"])
async def test_calls_do_not_leave_for_another_host(target: str) -> None:
    """A path that would turn into another address is refused before anything is connected."""
    wire = HttpClient(Access(url="https://spaces.nexudus.com", token=Secret(CANARY)))
    with pytest.raises(ValueError, match="another host"):
        await wire.send("GET", target, {})


async def test_gzip() -> None:
    """A packed answer is unpacked."""
    async with serving(saying(http(gzip.compress(BODY, mtime=0), b"Content-Encoding: gzip"))) as server:
        reply = await posted(server.url)
    assert reply.whole
    assert reply.text == BODY.decode()


@pytest.mark.parametrize(
    ("body", "encoding", "failure"),
    [
        (gzip.compress(BODY, mtime=0)[:-9], b"gzip", "the answer was cut off"),
        (gzip.compress(BODY, mtime=0) + b"more", b"gzip", "the answer is too large"),
        (b"no gzip", b"gzip", "the answer cannot be decompressed"),
        (BODY, b"br", "the answer is compressed in an unknown way"),
        (BODY, b"gzip, gzip", "the answer is compressed in an unknown way"),
    ],
)
async def test_packing_that_cannot_be_trusted(body: bytes, encoding: bytes, failure: str) -> None:
    """A body that is not wholly and plainly unpacked is no answer."""
    async with serving(saying(http(body, b"Content-Encoding: " + encoding))) as server:
        reply = await posted(server.url)
    assert (reply.status, reply.json, reply.whole, reply.failure) == (200, None, False, failure)


async def test_a_gzip_bomb_costs_no_memory() -> None:
    """A gigabyte in a megabyte is given up at the limit."""
    squeezer = zlib.compressobj(wbits=31)
    bomb = b"".join(squeezer.compress(bytes(1 << 20)) for _ in range(200)) + squeezer.flush()
    async with serving(saying(http(bomb, b"Content-Encoding: gzip"))) as server:
        tracemalloc.start()
        reply = await posted(server.url)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert reply.failure == "the answer is too large"
    assert peak < 4 * BODY_LIMIT
    assert len(reply.text) <= MOST_BODY_BYTES


async def test_an_endless_answer() -> None:
    """An answer without an end is given up at the limit, not at the deadline."""

    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with serving(endless) as server:
        reply = await posted(server.url, deadline=30)
    assert (reply.status, reply.failure) == (200, "the answer is too large")


async def test_many_calls_at_once_share_nothing() -> None:
    """Fifty calls in flight each get their own answer."""

    async def echo(_: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
        await asyncio.sleep(0.02)
        writer.write(http(request.rpartition(b"\r\n\r\n")[2]))

    async with serving(echo) as server:
        wire = HttpClient(Access(url=server.url, token=Secret(CANARY)))
        replies = await asyncio.gather(*(wire.send("POST", "/", {}, b"%d" % n) for n in range(50)))
        await wire.aclose()
    assert [reply.json for reply in replies] == list(range(50))


async def test_a_cancelled_call_leaves_the_wire_usable() -> None:
    """Ctrl-C in the middle of one call does not give its answer to the next."""
    heard = asyncio.Event()

    async def slow(_: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
        heard.set()
        await asyncio.sleep(0.05)
        writer.write(http(request.rpartition(b"\r\n\r\n")[2]))

    async with serving(slow) as server:
        wire = HttpClient(Access(url=server.url, token=Secret(CANARY)))
        task = asyncio.create_task(wire.send("POST", "/", {}, b"1"))
        await heard.wait()
        task.cancel()
        assert (await wire.send("POST", "/", {}, b"2")).json == 2
        await wire.aclose()


async def test_logs_tell_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """At the finest level of logging there is neither token nor address in the log."""
    with caplog.at_level(logging.DEBUG):
        async with serving(saying(http(BODY))) as server:
            await posted(server.url)
            await posted(f"http://127.0.0.1:{closed_port()}")
    assert CANARY not in caplog.text
    assert str(server.port) not in caplog.text


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, with its key, that nobody has signed."""
    return make_certificate(tmp_path_factory.mktemp("tls"), "DNS:localhost,IP:127.0.0.1")


async def test_tls_with_a_given_authority(certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A company's own authority can be given; the keys of the connection are never written down."""
    keys = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(keys))
    async with serving(saying(http(BODY)), server_tls(certificate)) as server:
        reply = await posted(f"https://localhost:{server.port}", ca_file=certificate)
    assert reply.status == 200
    assert not keys.exists()


async def test_tls_that_nobody_vouches_for(certificate: Path) -> None:
    """A certificate of an unknown authority ends the call before any byte of it."""
    async with serving(saying(http(BODY)), server_tls(certificate)) as server:
        reply = await posted(f"https://localhost:{server.port}")
        assert_refused(reply, server)
    assert "self-signed certificate" in reply.failure


async def test_tls_for_another_name(tmp_path: Path) -> None:
    """A certificate for another host ends the call before any byte of it."""
    certificate = make_certificate(tmp_path, "DNS:elsewhere.example")
    async with serving(saying(http(BODY)), server_tls(certificate)) as server:
        reply = await posted(f"https://localhost:{server.port}", ca_file=certificate)
        assert_refused(reply, server)
    assert "ostname mismatch" in reply.failure


async def test_old_tls(certificate: Path) -> None:
    """A server that cannot do better than TLS 1.1 gets nothing."""
    context = server_tls(certificate)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1 is"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with serving(saying(http(BODY)), context) as server:
        reply = await posted(f"https://localhost:{server.port}", ca_file=certificate)
        assert_refused(reply, server)
    assert reply.failure == "a secure connection could not be established"


async def test_a_handshake_that_stalls() -> None:
    """A server that accepts and then says nothing has been sent nothing of the call."""

    async def stall(*_: object) -> None:
        await asyncio.sleep(60)

    async with listening(stall) as port:
        reply = await posted(f"https://localhost:{port}", deadline=0.8)
    assert reply == Reply(sent=False, failure="no connection within 0.2 seconds")


def assert_refused(reply: Reply, server: RawServer) -> None:
    """Nothing of the request left."""
    assert (reply.status, reply.sent) == (None, False)
    assert server.requests == []


def test_only_the_wire_knows_the_library() -> None:
    """The HTTP library stays one import away from being another one."""
    house = Path(sys.modules["importer.nexudus"].__file__ or "").parent.parent
    knowing = [path for path in house.rglob("*.py") if "import httpx" in path.read_text()]
    wire = ("client.py", "connection.py", "download.py")
    assert sorted(knowing) == [house / "nexudus" / name for name in wire]


@contextlib.asynccontextmanager
async def tunnel() -> AsyncIterator[str]:
    """The address of a proxy that connects whoever asks to this machine's port of that number."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        port = int(head.split()[1].rpartition(b":")[2])
        far, there = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        await asyncio.gather(pipe(reader, there), pipe(far, writer))

    async with listening(connected) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("kept", [0, 30, len(http(BODY)) - 1, len(http(BODY))])
async def test_through_a_tunnel(certificate: Path, kept: int) -> None:
    """Through a proxy the same holds: once the request is on its way, it counts as sent."""
    async with serving(saying(http(BODY)[:kept]), server_tls(certificate)) as server, tunnel() as proxy:
        reply = await posted(f"https://localhost:{server.port}", ca_file=certificate, proxy=proxy)
    assert (reply.sent, reply.whole) == (True, kept == len(http(BODY)))
    assert len(server.requests) == 1
