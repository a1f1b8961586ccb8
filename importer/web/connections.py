"""The connections of the pages: how many there may be, also from one address, and how long a slow one may take.

A connection costs a file and memory before anybody has signed in. Three rules bound what strangers can hold:

1. A request must be there whole in time: its header within the patience, its body with some bytes in each patience.
2. An answer must be fetched: a reader that takes nothing for as long is let go.
3. If there are too many connections, one that keeps us waiting makes room for the new one, the longest wait first. So a
   page is answered while hundreds of requests are half-sent. What is being worked on is never ended for that.
"""

import asyncio
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if sys.platform != "win32":
    import resource

_SLOWEST = 256
"""Bytes a second on average that a body must come in with: less than the slowest telephone line brings."""

_TICKS = 4
"""How often a connection is looked at within the patience."""

_FILES_FOR_OTHERS = 128
"""Files of this process that are not connections: the journal, uploads, other processes."""

_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Retry-After: 5\r\nContent-Length: 43\r\n\r\nToo many people are here. Try again, please"
)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The most connections at once, the most from one address, and the patience in seconds."""

    all: int = 400
    per_address: int = 200
    patience: float = 20.0

    @property
    def possible(self) -> int:
        """The most connections at once, as far as this process may have so many files open."""
        return min(self.all, max(_most_files() - _FILES_FOR_OTHERS, 1))


def bounded_protocol(limits: ConnectionLimits) -> type[H11Protocol]:
    """The protocol of a server whose connections keep within these limits."""

    class Bounded(BoundedProtocol):
        bounds = limits

    return Bounded


class BoundedProtocol(H11Protocol):
    """A connection that is ended if it keeps the server waiting."""

    bounds = ConnectionLimits()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it on; if there are too many, let go of those that have kept us waiting longest, else of this one."""
        super().connection_made(transport)
        self._bytes, self._unfetched, self._fetched_at = 0, 0, self.loop.time()
        self._wait_anew()
        self._next_look = self.loop.call_later(self.bounds.patience / _TICKS, self._look)
        others: list[Any] = [one for one in self.connections if one is not self]
        same = [one for one in others if one.address == self.address]
        if not (_has_room(same, self.bounds.per_address) and _has_room(others, self.bounds.possible)):
            transport.write(_BUSY)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Look at it no more."""
        self._next_look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes in. A wait begins with a part of a request, and not anew with each byte of it."""
        before = self.conn.their_state
        self._bytes += len(data)
        super().data_received(data)
        if self.conn.their_state is not before:
            self._wait_anew()

    def on_response_complete(self) -> None:
        """Wait for the next request, of which a part may have come already."""
        super().on_response_complete()
        self._wait_anew()

    @property
    def address(self) -> str:
        """Where it comes from."""
        return self.client[0] if self.client else ""

    @property
    def waits_since(self) -> float | None:
        """Since when it keeps us waiting for a request; None if one is being answered, or if we make it wait."""
        if self.transport.is_closing() or self.flow.read_paused:
            return None
        return self._waits_since if self.conn.their_state in {h11.IDLE, h11.SEND_BODY} else None

    def let_go(self) -> None:
        """End it at once, with whatever is half-sent."""
        self.transport.abort()

    def _look(self) -> None:
        """End it if it keeps us waiting too long; called some times within each patience."""
        if self.transport.is_closing():
            self._next_look = self.loop.call_later(self.bounds.patience, self.let_go)
            return
        if self._is_too_slow() or self._fetches_nothing():
            self.let_go()
            return
        self._next_look = self.loop.call_later(self.bounds.patience / _TICKS, self._look)

    def _is_too_slow(self) -> bool:
        since, now = self.waits_since, self.loop.time()
        if since is None:
            # While we make it wait, nothing has to come in.
            self._wait_anew()
            return False
        if now - since < self.bounds.patience:
            return False
        enough = self._bytes - self._counted >= _SLOWEST * self.bounds.patience
        if self.conn.their_state is not h11.SEND_BODY or not enough:
            return True
        self._wait_anew()
        return False

    def _wait_anew(self) -> None:
        self._waits_since, self._counted = self.loop.time(), self._bytes

    def _fetches_nothing(self) -> bool:
        # While there is this much to fetch the answer is not written on, so the number can only sink.
        unfetched = self.transport.get_write_buffer_size()
        if not unfetched or unfetched != self._unfetched:
            self._unfetched, self._fetched_at = unfetched, self.loop.time()
        return unfetched > 0 and self.loop.time() - self._fetched_at >= self.bounds.patience


def _has_room(connections: Iterable[BoundedProtocol], most: int) -> bool:
    """Whether one more may come beside these; those that keep us waiting longest make room for it."""
    open_ones = [one for one in connections if not one.transport.is_closing()]
    waiting = sorted((since, id(one), one) for one in open_ones if (since := one.waits_since) is not None)
    leaving = waiting[: max(len(open_ones) + 1 - most, 0)]
    for _, _, one in leaving:
        one.let_go()
    return len(open_ones) - len(leaving) < most


def _most_files() -> int:
    if sys.platform != "win32":
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return most if most != resource.RLIM_INFINITY else sys.maxsize
    return 8_192
