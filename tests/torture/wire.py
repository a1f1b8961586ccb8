"""The network between one machine and the database, which fails in the middle of a transaction.

A machine connects to `Wire.url`; what it sends is passed on to the server, and back. At the commit whose number was
asked for, the network is cut or falls silent, or the server crashes, for a while. Bytes that a silent network holds
are passed on when it speaks again, however late that is.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

CUT, SILENT, CRASH = "cut", "silent", "crash"

_COMMIT = b"COMMIT\0"
"""How the driver asks for a commit; psycopg does so in a message of its own."""


@dataclass(frozen=True)
class Trouble:
    """What happens at one commit: before it has arrived, or after it was done and before its answer is back."""

    kind: str
    after: bool = False
    lasts: float = 0.0


class Wire:
    """The network, which is whole until `spoil`. ``crash`` ends the server as if by a power cut, and starts it."""

    def __init__(self, url: str, crash: Callable[[], None] | None = None) -> None:
        """Listen for the machine that will connect."""
        self._target, self._crash = sa.make_url(url), crash
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lines: set[_Line] = set()
        self._trouble: tuple[int, Trouble] | None = None
        self._turn, self._crashing = threading.Lock(), threading.Lock()
        self._whole = threading.Event()
        self._whole.set()
        self._is_cut = False
        self.commits = 0
        self.happened = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The database, through this network."""
        port = self._listener.getsockname()[1]
        query = {"sslmode": "disable", "gssencmode": "disable"}
        return str(self._target.set(host="127.0.0.1", port=port, query=query))

    def spoil(self, number: int, trouble: Trouble) -> None:
        """Let the trouble come at the commit of this number."""
        self._trouble = (number, trouble)

    def close(self) -> None:
        """Be gone, with all connections, once a server that crashed is there again."""
        self._listener.close()
        with self._crashing:
            pass
        self._mend()
        self._cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._is_cut:
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(f"{self._target.query['host']}/.s.PGSQL.5432")
                except OSError:
                    _Line(client, server).close()
                    continue
                line = _Line(client, server)
                self._lines.add(line)
                for pump in (self._up, self._down):
                    threading.Thread(target=pump, args=(line,), daemon=True).start()

    def _up(self, line: "_Line") -> None:
        """What the machine says. The bytes that held the commit wait here while the network is silent."""
        while data := line.read(line.client):
            if _COMMIT in data and (trouble := self._counted()) is not None:
                line.swallows = trouble if trouble.after else None
                if not trouble.after:
                    self.begin(trouble)
            self._whole.wait()
            line.write(line.server, data)
        self._whole.wait()
        line.close()
        self._lines.discard(line)

    def _down(self, line: "_Line") -> None:
        """What the server says. The answer to the commit is the first bytes after it."""
        while data := line.read(line.server):
            if line.swallows is not None:
                self.begin(line.swallows)
                line.swallows = None
            self._whole.wait()
            line.write(line.client, data)
        self._whole.wait()
        line.close()

    def _counted(self) -> Trouble | None:
        with self._turn:
            self.commits += 1
            number, trouble = self._trouble or (0, None)
            return trouble if self.commits == number else None

    def begin(self, trouble: Trouble) -> None:
        """Let the trouble come now."""
        if trouble.kind == SILENT:
            self._whole.clear()
        elif trouble.kind == CRASH:
            assert self._crash is not None
            with self._crashing:
                self._crash()
        else:
            self._is_cut = trouble.lasts > 0
            self._cut()
        self.happened.set()
        threading.Thread(target=self._mend_after, args=(trouble.lasts,), daemon=True).start()

    def _mend_after(self, seconds: float) -> None:
        time.sleep(seconds)
        self._mend()

    def _mend(self) -> None:
        self._is_cut = False
        self._whole.set()

    def _cut(self) -> None:
        for line in list(self._lines):
            line.close()


@dataclass(eq=False)
class _Line:
    """One connection; ``swallows`` is the trouble that comes with the next answer."""

    client: socket.socket
    server: socket.socket
    swallows: Trouble | None = None

    @staticmethod
    def read(end: socket.socket) -> bytes:
        """The next bytes, none at the end."""
        with contextlib.suppress(OSError):
            return end.recv(65_536)
        return b""

    @staticmethod
    def write(end: socket.socket, data: bytes) -> None:
        """Pass bytes on, if the other end is still there."""
        with contextlib.suppress(OSError):
            end.sendall(data)

    def close(self) -> None:
        """Tell both ends that this is over."""
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
