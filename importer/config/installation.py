"""This installation: the folder that a person or a machine keeps for the importer, told apart from every other."""

import secrets
from pathlib import Path

from importer.config.store import write_private


def installation_id(home: Path) -> str:
    """The name of this installation, made on first use.

    It is its client id for the service as well: with a shared one, two programs would end each other's sign-in, for the
    service keeps one refresh token per client id (developers.nexudus.com/reference/get-bearer-token, read 2026-11-23).
    """
    path = home / "client-id"
    if not path.exists():
        write_private(path, f"importer-{secrets.token_hex(8)}")
    return path.read_text().strip()
