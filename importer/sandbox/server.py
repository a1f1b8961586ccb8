"""Running a sandbox on a socket: in a thread for tests and `run --sandbox`, in the foreground for `sandbox`.

Drives the server's protocol itself instead of its server loop, which needs a fifth of a second to stop; and a sandbox
must not wait for calls that hang on purpose.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from time import time
from types import FrameType

from uvicorn.config import Config
from uvicorn.server import ServerState

from importer.sandbox.app import app
from importer.sandbox.http import Protocol
from importer.sandbox.options import SandboxOptions
from importer.sandbox.state import State

# Longer than any pause between two paced calls: a close in the very moment of a send would be one more unknown.
_KEEP_ALIVE = 120


@dataclass(frozen=True)
class Running:
    """A sandbox that listens: its address, and its state for tests in the same process."""

    url: str
    state: State


@contextlib.contextmanager
def running(options: SandboxOptions | None = None, host: str = "127.0.0.1", port: int = 0) -> Iterator[Running]:
    """A sandbox that listens while the block runs.

    Args:
        options: the switches; none for a well behaved service.
        host: the address to listen on.
        port: 0 takes a free one.

    Raises:
        ValueError: the options name an unknown fault.
        OSError: the port is taken, or the store cannot be used.
    """
    sandbox = _Sandbox(options or SandboxOptions(), host, port)
    thread = threading.Thread(target=sandbox.run, name="sandbox", daemon=True)
    thread.start()
    try:
        yield Running(sandbox.url, sandbox.state)
    finally:
        sandbox.stop()
        thread.join()


def serve(options: SandboxOptions, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Runs a sandbox until Ctrl-C or SIGTERM; must be called in the main thread.

    Args:
        options: the switches.
        host: the address to listen on.
        port: 0 takes a free one.
        ready: called with the URL as soon as the sandbox listens.

    Raises:
        ValueError: the options name an unknown fault.
        OSError: the port is taken, or the store cannot be used.
    """
    sandbox = _Sandbox(options, host, port)

    def stop(_: int, __: FrameType | None) -> None:
        sandbox.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        ready(sandbox.url)
        sandbox.run()
    finally:
        for number, action in before.items():
            signal.signal(number, action)


class _Sandbox:
    """A bound socket and the application behind it."""

    def __init__(self, options: SandboxOptions, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # Listening from here on: calls that come before the loop runs wait in the queue instead of being refused.
        self._socket = socket.create_server((host, port), family=family, backlog=1024)
        try:
            self._app = app(options)
        except BaseException:
            self._socket.close()
            raise
        self.state: State = self._app.state.sandbox
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()

    def run(self) -> None:
        """Serves until `stop`, which may have been called before."""
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._serve())
        finally:
            self.state.close()

    def stop(self) -> None:
        """Ends `run` soon; may be called from any thread or a signal handler."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def _serve(self) -> None:
        config = Config(self._app, log_config=None, lifespan="off", ws="none", timeout_keep_alive=_KEEP_ALIVE)
        config.load()
        calls = ServerState()
        listening = await self._loop.create_server(lambda: Protocol(config, calls, {}), sock=self._socket)
        try:
            await self._keep_date(calls)
        finally:
            listening.close()
            for connection in list(calls.connections):
                connection.transport.abort()
            # One turn of the loop tells the calls that hang that their clients have gone.
            await asyncio.sleep(0)

    async def _keep_date(self, calls: ServerState) -> None:
        """Keeps the Date header right until the sandbox is asked to stop."""
        while not self._stopping.is_set():
            now, is_shown = time() + self.state.options.clock_skew, self.state.options.date_header == "shown"
            calls.default_headers = [(b"Date", formatdate(now, usegmt=True).encode())] if is_shown else []
            with contextlib.suppress(TimeoutError):
                # Much shorter than the seconds that it shows, so that a change of ``clock_skew`` is seen soon.
                await asyncio.wait_for(self._stopping.wait(), 0.1)
