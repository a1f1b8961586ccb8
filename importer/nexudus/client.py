"""One request over the network, one Reply back.

Rule 1: every request is written at most once; nothing here repeats, follows a redirect or keeps a cookie. Rule 2:
``sent`` is False only for failures that precede the first byte of the request.
"""

import asyncio
import logging
import socket
import ssl
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

import certifi
import httpx

from importer.errors import SettingsError
from importer.nexudus.access import Destination
from importer.nexudus.connection import SingleConnectionTransport, TooLateError, refuse_if_late
from importer.nexudus.reply import Reply, parse_json

BODY_LIMIT = 5 * 1024 * 1024
"""Bytes of a body after decompression; a longer one is no usable answer."""

MOST_BODY_BYTES = 64 * 1024
"""Bytes of a body that are kept as text."""

# Both libraries write addresses, and the second one headers, into their logs.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

# What each failure proves. These come before the first byte of the request: not sent, so the row is planned again. The
# rest of _FAILURES may come after it: in doubt. A LocalProtocolError proves it too, but is a bug of ours, and a row
# whose request our own library refuses must not be tried for ever.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_FAILURES = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError)


class CallEnd(NamedTuple):
    """How one call ended, for people who look on: neither its headers nor a body, where secrets and values are.

    ``status`` is None without an answer, ``failure`` then says why.
    """

    method: str
    target: str
    status: int | None
    failure: str
    seconds: float


WATCHER: ContextVar[Callable[[CallEnd], None] | None] = ContextVar("WATCHER", default=None)
"""What is told of every call of this command; a task has that of whoever started it."""


class HttpClient:
    """The connections to one service.

    Each call takes an idle transport with its single connection or opens another, so there are as many as calls at
    once.
    """

    def __init__(self, access: Destination) -> None:
        """Prepare; nothing is connected yet.

        Raises:
            SettingsError: The file of authorities or the proxy cannot be used.
        """
        self._base = httpx.URL(access.url)
        self._proxy = access.proxy
        self._trusted = trusted(access.ca_file)
        self._deadline = access.timeout
        # Connecting, which includes TLS, ends before the deadline does, so that it still counts as "not sent".
        share = min(10.0, access.timeout / 4)
        self._timeouts = httpx.Timeout(access.timeout * 0.8, connect=share, write=share, pool=share).as_dict()
        # Accept, because portal hosts answer with a web page without it (met by a public client). Gzip alone, because
        # it can be unpacked with a limit.
        self._always = [
            ("Host", self._base.netloc.decode("ascii")),
            ("Accept", "application/json"),
            ("Accept-Encoding", "gzip"),
            ("User-Agent", AGENT),
        ]
        self._idle = [self._transport()]
        # Creates go to one address; parsing it each time takes 60 microseconds.
        self._url = lru_cache(maxsize=16)(self._guarded)

    async def send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        leaves_by: float | None = None,
    ) -> Reply:
        """The reply to one request; ``target`` is the path with its query. Written once, never repeated.

        With ``leaves_by``, a time in seconds since boot, it is not written at all once that has passed.

        Raises:
            ValueError: The target leads to another host than the configured one.
        """
        content = body or b""
        length = [] if body is None else [("Content-Length", str(len(content)))]
        # With a stream httpx leaves the headers as they are; otherwise it builds them again, for 20 microseconds.
        request = httpx.Request(
            method,
            self._url(target),
            headers=[*self._always, *headers.items(), *length],
            stream=httpx.ByteStream(content),
            extensions={"timeout": self._timeouts, "leaves_by": leaves_by},
        )
        if self._proxy is not None:
            request.extensions["trace"] = _in_time(request)
        # The one used last: it is the least likely to have been closed by the service meanwhile.
        connection = self._idle.pop() if self._idle else self._transport()
        watcher, begin = WATCHER.get(), asyncio.get_running_loop().time()
        reply = await self._exchange(connection, request)
        if watcher is not None:
            seconds = asyncio.get_running_loop().time() - begin
            watcher(CallEnd(method, target, reply.status, reply.failure, seconds))
        # After anything else, bytes may still be on their way, and would be read as the answer to the next call.
        if reply.whole:
            self._idle.append(connection)
        else:
            await connection.aclose()
        return reply

    async def aclose(self) -> None:
        """Close every connection."""
        while self._idle:
            await self._idle.pop().aclose()

    def _transport(self) -> httpx.AsyncBaseTransport:
        return transport(self._trusted, self._proxy)

    def _guarded(self, target: str) -> httpx.URL:
        # A target such as "@elsewhere/api" would make the host a user name, and send the token elsewhere.
        url = httpx.URL(f"{self._base.scheme}://{self._base.netloc.decode('ascii')}{target}")
        if (url.scheme, url.host, url.port) != (self._base.scheme, self._base.host, self._base.port) or url.userinfo:
            raise ValueError("a call would go to another host than the configured one")
        return url

    async def _exchange(self, connection: httpx.AsyncBaseTransport, request: httpx.Request) -> Reply:
        answer = None
        taken = bytearray()
        # The deadline is of our own: each limit of the library is for one read or write, and a service that sends a
        # byte now and then would never reach it.
        try:
            async with asyncio.timeout(self._deadline):
                answer = await connection.handle_async_request(request)
                try:
                    failure = await _collect(answer, taken)
                finally:
                    await answer.aclose()
        except TimeoutError:
            failure = f"no complete answer within {self._deadline:g} seconds"
        except _FAILURES as error:
            # With a head that has come, the status still counts; only the body is missing.
            if answer is None:
                return Reply(sent=not isinstance(error, _NOT_SENT), failure=words_of(error, self._timeouts))
            failure = "the answer was cut off"
        return _reply(answer, bytes(taken), failure) if answer else Reply(failure=failure)


def _in_time(request: httpx.Request) -> Callable[[str, object], Awaitable[None]]:
    """What httpx's own transport asks before each of its steps; the refusal of a late call goes through it as it is."""

    async def trace(step: str, _: object) -> None:
        if step.endswith("send_request_headers.started"):
            refuse_if_late(request)

    return trace


_PLAIN: Mapping[type[Exception], str] = {
    TooLateError: "the call could not leave in time",
    httpx.ConnectTimeout: "no connection within {connect:g} seconds",
    httpx.PoolTimeout: "no free connection within {pool:g} seconds",
    httpx.ProxyError: "the proxy refused to connect",
    httpx.ReadTimeout: "no answer within {read:g} seconds",
    httpx.WriteTimeout: "the request could not be sent within {write:g} seconds",
    httpx.ReadError: "the connection was lost before the answer",
    httpx.WriteError: "the connection was lost while the request was being sent",
    httpx.RemoteProtocolError: "the connection was closed without a valid answer",
}


def words_of(error: Exception, timeouts: Mapping[str, float | None]) -> str:
    """What happened, without the address and without the library's own text, which may hold anything."""
    if type(error) in _PLAIN:
        return _PLAIN[type(error)].format(**timeouts)
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the service's certificate is not trusted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return "a secure connection could not be established"
        if isinstance(cause, socket.gaierror):
            return "the host name could not be found"
        if isinstance(cause, ConnectionRefusedError):
            return "the connection was refused"
    return "the connection failed"


def transport(trusted_by: ssl.SSLContext, proxy: str | None) -> httpx.AsyncBaseTransport:
    """The transport for one call at a time; through a proxy httpx's own, which knows how.

    Used without httpx's client: no redirects, no cookies, nothing from the environment, no log lines.
    """
    if proxy is None:
        return SingleConnectionTransport(trusted_by)
    one = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=5)
    try:
        return httpx.AsyncHTTPTransport(verify=trusted_by, trust_env=False, limits=one, proxy=proxy, retries=0)
    except (ValueError, ImportError, httpx.InvalidURL):
        raise SettingsError("The address of the proxy cannot be used.", "Write it like http://host:port.") from None


@lru_cache(maxsize=8)
def trusted(ca_file: str | None) -> ssl.SSLContext:
    """Verified TLS 1.2 or newer, with the given authorities or those of certifi.

    Read once: it takes 16 ms, and one process may sign in to hundreds of accounts. Built by hand because
    ssl.create_default_context obeys SSLKEYLOGFILE, which would write the keys of every connection to a file.

    Raises:
        SettingsError: The file of authorities cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Not HTTP/2, which has no reason phrase: Nexudus documents its throttle with the phrase and an empty body.
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_verify_locations(cafile=ca_file or certifi.where())
    except OSError as error:
        raise SettingsError("The file of certificate authorities cannot be read.", "Give a PEM file.") from error
    return context


def _agent() -> str:
    try:
        return f"nexudus-importer/{version('nexudus-importer')}"
    except PackageNotFoundError:
        return "nexudus-importer"


AGENT = _agent()
"""How the importer names itself to the service."""


async def _collect(answer: httpx.Response, taken: bytearray) -> str:
    """Fill ``taken`` with the decompressed body; what was wrong with it, or nothing.

    Unpacks itself, bounded: httpx would unpack each chunk as a whole, a thousandfold in a hostile one.
    """
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip", "deflate"):
        return "the answer is compressed in an unknown way"
    packed = encoding not in ("identity", "")
    # 32 lets zlib recognise gzip and zlib streams by themselves; "deflate" has always meant the second (RFC 9110
    # section 8.4.1.2).
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    async for chunk in answer.aiter_raw():
        try:
            taken += unpack.decompress(chunk, BODY_LIMIT + 1 - len(taken)) if packed else chunk
        except zlib.error:
            return "the answer cannot be decompressed"
        if len(taken) > BODY_LIMIT or unpack.unused_data:
            return "the answer is too large"
    # An empty body under the label gzip is not cut short: a throttle has no body, whatever a proxy writes above it.
    complete = not packed or unpack.eof or answer.num_bytes_downloaded == 0
    return "" if complete else "the answer was cut off"


def _reply(answer: httpx.Response, body: bytes, failure: str) -> Reply:
    headers = answer.headers
    return Reply(
        status=answer.status_code,
        reason=answer.reason_phrase,
        retry_after=tuple(headers.get_list("retry-after")),
        date=headers.get("date"),
        content_type=headers.get("content-type", "").lower(),
        text=body[:MOST_BODY_BYTES].decode("utf-8-sig", errors="replace"),
        # A body cut short can be JSON all the same: of 123 the first two digits are.
        json=None if failure else parse_json(body),
        whole=not failure,
        failure=failure,
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and everything that led to it, groups included."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for member in error.exceptions:
                yield from _causes(member)
        error = error.__cause__ or error.__context__
