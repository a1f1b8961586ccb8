"""The sandbox for the front ends: inside one command, or on its own for people who practise."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from importer.api.practice_options import PUBLISHED, at_speed, paces, without_limits
from importer.config import settings as room
from importer.config.home import secure_home
from importer.config.settings import Settings
from importer.config.store import private_folder
from importer.errors import BusyError
from importer.sandbox import SandboxOptions, running
from importer.sandbox import serve as serve_sandbox


@contextmanager
def embedded_sandbox(flags: Mapping[str, Any]) -> Iterator[Settings]:
    """Settings for a practice service that lives as long as this block.

    It keeps its records beside the journal, so that a second import finds what the first created. It has no
    allowance of its own: only the rate and quota that the user sets slow it down. With a ``speed`` among the flags it
    has the published one, and its time passes so many times faster.

    Raises:
        BusyError: Another command uses it.
    """
    home = private_folder(room.load(flags).settings.home)
    secure_home(home)
    speed = flags.get("speed")
    limited = at_speed(PUBLISHED, speed) if speed else without_limits()
    options = replace(limited, strict_parents=True, store=home / "sandbox.sqlite3")
    pace = paces(options) if speed else {"rate": "none", "daily_quota": "none"}
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
                **pace,
                **flags,
                "url": service.url,
                "username": options.username,
                "password": options.password,
            },
            ignore=("token", "totp", "proxy", "ca_file"),
        ).settings


def serve(options: SandboxOptions, port: int, ready: Callable[[str], None]) -> None:
    """Serve the practice service until it is interrupted; ``ready`` receives its address."""
    serve_sandbox(options, "127.0.0.1", port, ready)
