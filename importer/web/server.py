"""The server of the pages: which names it answers to, who may sign in, and its start and end."""

import socket
import time
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address

import uvicorn

from importer.config.settings import Settings
from importer.errors import UsageError
from importer.model import Clock
from importer.web.app import build
from importer.web.auth import Person, Role, SessionStore, Team
from importer.web.connections import ConnectionLimits, bounded_protocol
from importer.web.context import AppContext
from importer.web.drafts import Drafts
from importer.web.workers import Workers

_HTTP = 80


@dataclass(frozen=True)
class Address:
    """Where the pages are served, and the further names under which they may be asked for."""

    host: str = "127.0.0.1"
    port: int = 8642
    names: Sequence[str] = ()
    open_browser: bool = False

    @property
    def for_this_machine(self) -> bool:
        """Whether only this machine can ask."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def hosts(self, port: int) -> set[str]:
        """The values of the Host header that are answered."""
        bare = {"127.0.0.1", "localhost", "[::1]"} if self.for_this_machine else set()
        host = self.host.lower()
        bare |= {f"[{host}]" if ":" in host else host, *(name.lower() for name in self.names)}
        return {f"{name}:{port}" for name in bare} | (bare if port == _HTTP or self.names else set())


def team_of(settings: Settings, clock: Clock = time.time) -> Team:
    """The named people of this installation."""
    return Team(settings.home / "people.json", clock)


def serve(
    settings: Settings,
    address: Address,
    ready: Callable[[str], None],
    *,
    sandbox: bool = False,
    clock: Clock = time.time,
) -> None:
    """Serve the pages until interrupted; ``ready`` is told the address to open.

    Raises:
        UsageError: The port is taken, or other machines could open the pages without a password.
    """
    with listening(settings, address, sandbox=sandbox, clock=clock) as (server, sock, url):
        ready(url)
        if address.open_browser:
            webbrowser.open(url)
        server.run(sockets=[sock])


@contextmanager
def listening(
    settings: Settings, address: Address, *, sandbox: bool = False, clock: Clock = time.time
) -> Iterator[tuple[uvicorn.Server, socket.socket, str]]:
    """A server, the socket that it will serve, and the address to open.

    Raises:
        UsageError: As ``serve``.
    """
    team: Team | None = team_of(settings, clock)
    if team is not None and not team.people:
        team = None
    if team is None and not address.for_this_machine:
        raise UsageError(
            f"Other machines could open the pages at {address.host} without a password.",
            "Add a first user: importer people add NAME --role admin",
        )
    with _socket(address) as sock:
        port = sock.getsockname()[1]
        sessions, drafts = SessionStore(clock), Drafts(settings.home / "uploads", clock)
        # Not only at the next upload, which may never come.
        drafts.forget_old(clock())
        context = AppContext(
            settings,
            port,
            sandbox,
            drafts,
            Workers(settings.home / "workers", clock),
            sessions,
            clock,
            team,
        )
        config = uvicorn.Config(
            build(context, address.hosts(port)),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            http=bounded_protocol(_limits(settings)),
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=3,
        )
        shown = f"[{address.host}]" if ":" in address.host else address.host
        start = "/enter" if team else f"/start?token={sessions.link(Person('', Role.ADMIN))}"
        yield uvicorn.Server(config), sock, f"http://{shown}:{port}{start}"


def _limits(settings: Settings) -> ConnectionLimits:
    return ConnectionLimits(settings.page_connections, settings.page_connections_per_address, settings.page_patience)


@contextmanager
def _socket(address: Address) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        sock = socket.create_server((address.host, address.port), family=family, backlog=256)
    except OSError as error:
        raise UsageError(
            f"Port {address.port} at {address.host} cannot be used ({error.strerror}).", "Choose another with --port."
        ) from error
    with sock:
        yield sock
