"""The bytes: what an ASGI server has no words for.

An application that runs on `Protocol` finds a `RawConnection` in `scope["extensions"][EXTENSION]`. With it, it chooses
the reason phrase of its answer, sends raw bytes, and closes or resets the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

import h11
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

EXTENSION = "sandbox.raw_connection"


class _Phrasing(h11.Connection):
    """An HTTP connection whose next answer can have a reason phrase of its own."""

    phrase = b""

    def send_with_data_passthrough(self, event: h11.Event) -> list[bytes] | None:
        if self.phrase and isinstance(event, h11.Response):
            event = h11.Response(status_code=event.status_code, headers=event.headers, reason=self.phrase)
            self.phrase = b""
        return super().send_with_data_passthrough(event)


class RawConnection:
    """One connection, below HTTP."""

    def __init__(self, connection: _Phrasing, transport: asyncio.Transport) -> None:
        """The raw connection behind a protocol that was just made."""
        self._connection = connection
        self._transport = transport

    def phrase(self, phrase: bytes) -> None:
        """Sets the reason phrase of the answer that comes next."""
        self._connection.phrase = phrase

    def close(self, sent: bytes = b"") -> None:
        """Closes the connection after these bytes, which stand outside of any answer."""
        self._transport.write(sent)
        self._transport.close()

    def reset(self) -> None:
        """Ends the connection with a TCP reset."""
        # Lingering for no time at all is what makes the kernel send RST instead of FIN.
        linger = struct.pack("ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._transport.abort()


class Protocol(H11Protocol):
    """The server's HTTP protocol, with a `RawConnection` for the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        """Gives the application of this connection its raw connection."""
        super().connection_made(transport)
        # Head and body go out in two writes; without this the second waits 40 ms for the client's acknowledgement.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.conn = phrasing = _Phrasing(h11.SERVER)
        self.access_log = False
        self.app = _with_connection(self.app, RawConnection(phrasing, transport))


def _with_connection(served: ASGIApp, raw: RawConnection) -> ASGIApp:
    extensions = {EXTENSION: raw}

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"] = extensions
        # A call that is cancelled was hanging on purpose when the sandbox was stopped; nobody wants its traceback.
        with contextlib.suppress(asyncio.CancelledError):
            await served(scope, receive, send)

    return application
