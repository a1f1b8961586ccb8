"""One connection that carries one call at a time: httpx's interface over h11, without a pool.

Rule 1: an error says that nothing was sent only if it comes before the first byte of the request. Rule 2: a connection
that anything came over since its last answer is never used again; what came cannot be the answer to the next call.
"""

import asyncio
import select
import ssl
import sys
import time
from collections.abc import AsyncIterator
from typing import cast

import h11
import httpx

from importer.clock import seconds_since_boot

KEPT_OPEN = 5.0
"""Seconds for which an idle connection is used again. Services, and proxies in front of them, close theirs after 5 s or
more, and a call that meets such an end is a row in doubt."""

_MOST_HEAD = 100 * 1024
_PORTS = {"http": 80, "https": 443}


class TooLateError(httpx.ConnectTimeout):
    """The moment has passed by which a call had to leave; nothing of it was sent."""


def refuse_if_late(request: httpx.Request) -> None:
    """Make sure, right before the first byte, that a request with a time to leave by leaves in time.

    Raises:
        TooLateError: It is too late.
    """
    by = request.extensions.get("leaves_by")
    if by is not None and seconds_since_boot() > by:
        raise TooLateError("")


class SingleConnectionTransport(httpx.AsyncBaseTransport):
    """A transport for one call at a time to one host; connects when needed, without a proxy.

    httpx's own takes 440 microseconds of processor time a call, this one 200 (measured at 64 at once, one each).
    """

    def __init__(self, trusted: ssl.SSLContext) -> None:
        """Nothing is connected before the first call."""
        self._trusted = trusted
        self._stream: _Stream | None = None
        self._http = h11.Connection(h11.CLIENT)
        self._idle_since = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Write the request once, and give the answer as soon as its head is there.

        Raises:
            httpx.ConnectError: Nothing was sent: no connection could be made.
            httpx.ConnectTimeout: Nothing was sent: none was made in time.
            TooLateError: Nothing was sent: the call should have left before.
            httpx.LocalProtocolError: Nothing was sent: the request is no HTTP.
            httpx.HTTPError: Anything else; the service may have got the request.
        """
        # 1. Everything that can fail without the service is done before a byte is written: the head and body are put
        #    together, and the connection is made and secured. What fails here is proof that nothing was sent, and the
        #    only proof there is.
        #    The last of it is the time: a machine that fell asleep while it connected writes nothing when it wakes up.
        # 2. From the first write on an error proves nothing. That a write failed does not tell how much of it arrived,
        #    and a service may act on a request whose answer it cannot deliver. Nothing is written a second time: POST
        #    is not idempotent, and RFC 9110 section 9.2.2 forbids a client to repeat it by itself.
        # 3. Answers with 1xx are no answer yet (RFC 9110 section 15.2); the one that counts comes after them.
        # 4. Whatever goes wrong from here on, the connection goes with it. Answers have no name: the order alone says
        #    to which request one belongs (RFC 9112 section 9.3.2), so a late one would be taken for the next row's.
        limits: dict[str, float] = request.extensions["timeout"]
        written = await self._begin(request, await request.aread(), limits["connect"])
        try:
            refuse_if_late(request)
            assert self._stream is not None
            await self._stream.write(written, limits["write"])
            while not isinstance(head := await self._event(limits["read"]), h11.Response):
                pass
        except BaseException:
            self._drop()
            raise
        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=_Body(self, limits["read"]),
            extensions={"reason_phrase": bytes(head.reason), "http_version": b"HTTP/" + head.http_version},
        )

    async def aclose(self) -> None:
        """Close the connection, and wait until it is closed."""
        stream = self._stream
        self._drop()
        if stream is not None:
            await stream.ended

    async def _begin(self, request: httpx.Request, content: bytes, limit: float) -> bytes:
        """The bytes of the request, with a connection to write them to."""
        # A service may close an idle connection at any time (RFC 9112 section 9.5). To write to one that it has just
        # closed would put a row in doubt for nothing, so the socket itself is asked before each call.
        if self._stream is None or time.monotonic() - self._idle_since > KEPT_OPEN or self._stream.touched:
            await self.aclose()
        if self._stream is None:
            self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEAD)
        try:
            parts = [
                self._http.send(
                    h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
                ),
                self._http.send(h11.Data(data=content)),
                self._http.send(h11.EndOfMessage()),
            ]
        except h11.LocalProtocolError as error:
            self._drop()
            raise httpx.LocalProtocolError(str(error), request=request) from error
        if self._stream is None:
            self._stream = await self._connected(request.url, limit)
        return b"".join(part for part in parts if part)

    async def _connected(self, url: httpx.URL, limit: float) -> "_Stream":
        loop = asyncio.get_running_loop()
        stream = _Stream()
        try:
            async with asyncio.timeout(limit):
                await loop.create_connection(
                    lambda: stream, url.host, url.port or _PORTS[url.scheme], happy_eyeballs_delay=0.25
                )
                if url.scheme == "https":
                    await stream.secure(self._trusted, url.host)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("") from error
        # ssl.SSLError is one of these: a certificate that is refused ends the handshake before any of the request.
        except OSError as error:
            raise httpx.ConnectError("") from error
        return stream

    async def _event(self, limit: float) -> h11.Event:
        """The next part of the answer."""
        assert self._stream is not None
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self._stream.read(limit))
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError("") from error
        if not isinstance(event, h11.Event):
            raise httpx.RemoteProtocolError("")
        return event

    async def body(self, limit: float) -> AsyncIterator[bytes]:
        """The body as it comes."""
        while isinstance(event := await self._event(limit), h11.Data):
            yield bytes(event.data)

    def finish(self) -> None:
        """Keep the connection for the next call if this one came to its proper end, else drop it."""
        # Bytes beyond the end of the answer belong to no request: their sender cannot be trusted with the next one.
        done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if self._stream is not None and done and self._stream.exhausted and not self._http.trailing_data[0]:
            self._http.start_next_cycle()
            self._stream.idle, self._idle_since = True, time.monotonic()
        else:
            self._drop()

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.transport.abort()
        self._stream = None


class _Body(httpx.AsyncByteStream):
    """The body of an answer; closing it frees the connection."""

    def __init__(self, connection: SingleConnectionTransport, limit: float) -> None:
        self._connection, self._limit = connection, limit

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._connection.body(self._limit)

    async def aclose(self) -> None:
        self._connection.finish()


class _Stream(asyncio.Protocol):
    """The bytes of one connection. Each read takes all of them, so the buffer stays small."""

    def __init__(self) -> None:
        self.transport = cast("asyncio.Transport", None)
        self.ended = asyncio.get_running_loop().create_future()
        self.idle = False
        self._come = bytearray()
        self._no_more = False
        self._error: Exception | None = None
        self._changed = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self.idle:
            # An answer that nobody asked for, for example 408 before a close: it must not wait here for the next call.
            self.transport.abort()
            return
        self._come += data
        self._changed.set()

    def eof_received(self) -> None:
        self._no_more = True
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._no_more, self._error = True, exc
        self._changed.set()
        self._writable.set()
        if not self.ended.done():
            self.ended.set_result(None)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def secure(self, trusted: ssl.SSLContext, host: str) -> None:
        """Secure the connection with TLS; nothing of a request has been written before."""
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(self.transport, self, trusted, server_hostname=host)
        except ssl.SSLError:
            raise
        except OSError as error:
            # The loop hides what the other side said against the handshake behind a lost connection.
            raise ssl.SSLError("the handshake failed") from error
        assert secured is not None
        self.transport = secured

    @property
    def touched(self) -> bool:
        """Whether anything came, or the connection ended, since the last answer; also what the loop has not seen."""
        return self._no_more or self.transport.is_closing() or _readable(self.transport)

    @property
    def exhausted(self) -> bool:
        """Whether all that came has been read."""
        return not self._come

    async def write(self, data: bytes, limit: float) -> None:
        self.idle = False
        self.transport.write(data)
        # Usually the kernel takes all of it. That is no receipt: an error from here on is "in doubt" all the same.
        if self._writable.is_set():
            return
        try:
            async with asyncio.timeout(limit):
                await self._writable.wait()
        except TimeoutError as error:
            raise httpx.WriteTimeout("") from error

    async def read(self, limit: float) -> bytes:
        """The bytes that have come, empty at the end of the connection."""
        if not self._come and not self._no_more:
            self._changed.clear()
            try:
                async with asyncio.timeout(limit):
                    await self._changed.wait()
            except TimeoutError as error:
                raise httpx.ReadTimeout("") from error
        # Bytes before the error first: a service may answer, and then reset the connection.
        if not self._come and self._error is not None:
            raise httpx.ReadError("") from self._error
        come, self._come = bytes(self._come), bytearray()
        return come


def _readable(transport: asyncio.Transport) -> bool:
    # Asked of the kernel and not of the loop: between two calls the loop may not have run since the service closed.
    number = transport.get_extra_info("socket").fileno()
    if number < 0:
        return True
    if sys.platform == "win32":
        return bool(select.select([number], [], [], 0)[0])
    # Not select, which fails for descriptors from 1,024 on (select(2)); many files at once have more.
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))
