"""The sandbox for the front ends: inside one command, or on its own for people who practise."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from importer.config import settings as room
from importer.config.home import secure_home
from importer.config.settings import Settings, parse_count, parse_rate
from importer.config.store import private_folder
from importer.errors import BusyError
from importer.sandbox import SandboxOptions, running
from importer.sandbox import serve as serve_sandbox


@contextmanager
def embedded_sandbox(flags: Mapping[str, Any]) -> Iterator[Settings]:
    """Settings for a practice service that lives as long as this block.

    It keeps its records beside the journal, so that a second import finds what the first created. It has no
    allowance of its own: only the rate and quota that the user sets slow it down.

    Raises:
        BusyError: Another command uses it.
    """
    home = private_folder(room.load(flags).settings.home)
    secure_home(home)
    options = SandboxOptions(
        writes_per_minute=None,
        writes_per_day=None,
        calls_per_100ms=None,
        calls_per_minute=None,
        calls_per_hour=None,
        store=home / "sandbox.sqlite3",
    )
    with ExitStack() as stack:
        try:
            service = stack.enter_context(running(options))
        except OSError as error:
            # Its records are in one file, and two services over one file would not see each other's.
            raise BusyError(
                "Another command is using the practice service on this machine.",
                "Wait until that command has ended, or stop it. To practise in two windows, start one service with "
                "importer sandbox, and set NEXUDUS_URL in both.",
            ) from error
        yield room.load(
            {
                "rate": "none",
                "daily_quota": "none",
                **flags,
                "url": service.url,
                "username": options.username,
                "password": options.password,
            },
            ignore=("token", "totp", "proxy", "ca_file"),
        ).settings


def serve(
    port: int,
    rate: str,
    daily_quota: str,
    latency: float,
    fail: float,
    keep: Path | None,
    ready: Callable[[str], None],
) -> None:
    """Serve the practice service until it is interrupted; ``ready`` receives its address."""
    writes = parse_rate(rate)
    options = SandboxOptions(
        writes_per_minute=round(writes.calls * 60 / writes.seconds) if writes else None,
        writes_per_day=parse_count(daily_quota),
        calls_per_100ms=1 if writes else None,
        calls_per_minute=120 if writes else None,
        calls_per_hour=5000 if writes else None,
        latency=latency,
        fail_percent=fail,
        store=keep,
    )
    serve_sandbox(options, "127.0.0.1", port, ready)
