"""The server of the pages: which names it answers to, who may sign in, and its start and end."""

import os
import socket
import time
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

import uvicorn

from importer.config.settings import Settings
from importer.errors import SettingsError, UsageError
from importer.journal.journal_pool import JournalPool
from importer.journal.shelves import shelf_of
from importer.model import Clock
from importer.runs.figures import read_figures
from importer.runs.log import Log, LogLine, no_log
from importer.web.app import build
from importer.web.auth import People, Person, Role, SessionStore
from importer.web.auth.rules import TeamRules, team_rules
from importer.web.auth.sessions import LONGEST, LONGEST_OF_A_TEAM
from importer.web.connections import ConnectionLimits, bounded_protocol
from importer.web.context import AppContext
from importer.web.drafts import Drafts
from importer.web.guard import Proxy
from importer.web.upload_space import UploadSpace
from importer.web.workers import Workers

if TYPE_CHECKING:
    from importer.web.auth.team import Team
    from importer.web.metrics import Metrics

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


def people_of(settings: Settings, pool: JournalPool | None = None) -> People:
    """The people to whom an administrator gave a role: of this installation, or of all that share its database."""
    return People(shelf_of(settings.journal_place, pool))


def serve(
    settings: Settings,
    address: Address,
    ready: Callable[[str], None],
    *,
    sandbox: bool = False,
    clock: Clock = time.time,
    log: Log = no_log,
) -> None:
    """Serve the pages until interrupted; ``ready`` is told the address to open.

    Raises:
        UsageError: The port is taken, or the pages would be open to people who should not see them.
        SettingsError: What the settings say of a team is incomplete.
    """
    with listening(settings, address, sandbox=sandbox, clock=clock, log=log) as (server, sock, url):
        # The address to open may sign in, so it is for the user and not for a log.
        ready(url)
        log(LogLine("started", details={"process": os.getpid(), "host": address.host, "port": sock.getsockname()[1]}))
        if address.open_browser:
            webbrowser.open(url)
        server.run(sockets=[sock])


@contextmanager
def listening(
    settings: Settings,
    address: Address,
    *,
    sandbox: bool = False,
    clock: Clock = time.time,
    log: Log = no_log,
) -> Iterator[tuple[uvicorn.Server, socket.socket, str]]:
    """A server, the socket that it will serve, and the address to open.

    Raises:
        UsageError: As ``serve``.
    """
    rules, pool = team_rules(settings), JournalPool(settings.journal_place)
    people = people_of(settings, pool)
    with closing(pool), _socket_of(rules, people, address) as sock:
        port = sock.getsockname()[1]
        sessions = SessionStore(clock, LONGEST_OF_A_TEAM if rules else LONGEST)
        shared = pool if settings.journal_place.is_shared else None
        drafts = Drafts(settings.home / "uploads", clock, UploadSpace.of(settings), shared)
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
            _team(settings, rules, people, clock) if rules else None,
            _metrics(settings, clock) if settings.metrics_token else None,
            log,
        )
        hosts = rules.hosts if rules else address.hosts(port)
        proxy = Proxy(rules.is_proxy, rules.scheme) if rules and rules.proxies else None
        config = uvicorn.Config(
            build(context, hosts, proxy),
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
        link = f"http://{shown}:{port}/start?token={sessions.link(Person('', Role.ADMIN))}" if rules is None else ""
        yield _Server(config, log), sock, f"{rules.public_url}/" if rules else link


class _Server(uvicorn.Server):
    """The server, which says that it has ended: after a SIGTERM, nothing that comes behind it is carried out."""

    def __init__(self, config: uvicorn.Config, log: Log) -> None:
        super().__init__(config)
        self._log = log

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, and say so."""
        await super().shutdown(sockets)
        self._log(LogLine("stopped"))


def _refuse_open_page(rules: TeamRules | None, people: People, address: Address) -> None:
    """Raise an error if others could open the pages who should not, or people of a team could not."""
    if rules is None:
        if people.roles:
            raise UsageError(
                "There are people who may use the page, but nothing says how they sign in.",
                "Set it up as `importer help team` shows, or remove them: importer people remove NAME",
            )
        if not address.for_this_machine:
            raise UsageError(
                f"Other machines could open the pages at {address.host} without signing in.",
                "To set up the sign-in of a team: importer help team",
            )
        return
    if address.names:
        raise UsageError(
            f"A team opens the page at {rules.public_url} only.", "Leave out --name, or change IMPORTER_PUBLIC_URL."
        )
    if rules.scheme == "http" and not address.for_this_machine:
        raise UsageError(
            f"Other machines could open the pages at {address.host} without HTTPS.",
            "Put a proxy with HTTPS in front of them, and set IMPORTER_PUBLIC_URL to its address with https://.",
        )


def _team(settings: Settings, rules: TeamRules, people: People, clock: Clock) -> "Team":
    try:
        # For a team only: the library takes 150 ms and 10 MB, and need not be installed for one person.
        from importer.web.auth.team import team
    except ImportError as error:
        raise SettingsError(
            "The sign-in of a team needs a package that is not installed.",
            "Install it with: pip install 'nexudus-importer[team]'",
        ) from error
    people.drop_passwords()
    return team(settings, rules, people, clock)


def _metrics(settings: Settings, clock: Clock) -> "Metrics":
    try:
        # For those who have a monitor only.
        from importer.web.metrics import Metrics
    except ImportError as error:
        raise SettingsError(
            "The figures for a monitor need a package that is not installed.",
            "Install it with: pip install 'nexudus-importer[team]', or unset IMPORTER_METRICS_TOKEN.",
        ) from error
    return Metrics(lambda: read_figures(settings, clock()))


def _limits(settings: Settings) -> ConnectionLimits:
    return ConnectionLimits(settings.page_connections, settings.page_connections_per_address, settings.page_patience)


def _socket_of(rules: TeamRules | None, people: People, address: Address) -> AbstractContextManager[socket.socket]:
    _refuse_open_page(rules, people, address)
    return _socket(address)


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
