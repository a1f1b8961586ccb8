"""As much of the keyring package as the importer uses, with backends in memory: the package is an extra.

Names, priorities and errors are those of keyring 25.7 and keyrings.alt 5.0.
"""

import sys
from types import ModuleType

import pytest


class KeyringError(Exception):
    """keyring.errors.KeyringError."""


class Backend:
    """keyring.backend.KeyringBackend, of which every backend is one; this one holds what it is given."""

    recommended = 5.0

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    @property
    def priority(self) -> float:
        """How far the package recommends it: from 1 on it does."""
        return self.recommended

    @property
    def viable(self) -> bool:
        """Whether the backend works on this machine."""
        return True

    def get_password(self, service: str, username: str) -> str | None:
        """The entry of that name."""
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Save an entry."""
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Remove an entry."""
        del self.entries[service, username]


class Fail(Backend):
    """keyring.backends.fail: what the package falls back to where it finds no backend."""

    recommended = 0.0

    def get_password(self, service: str, username: str) -> str | None:
        """No."""
        raise KeyringError("no backend")

    def set_password(self, service: str, username: str, password: str) -> None:
        """No."""
        raise KeyringError("no backend")

    def delete_password(self, service: str, username: str) -> None:
        """No."""
        raise KeyringError("no backend")


def install(monkeypatch: pytest.MonkeyPatch, backend: object) -> None:
    """Have the package on this machine, with a backend."""
    members: dict[str, dict[str, object]] = {
        "keyring": {"get_keyring": lambda: backend},
        "keyring.backends": {},
        "keyring.backends.fail": {"Keyring": Fail},
        "keyring.errors": {"KeyringError": KeyringError},
    }
    for name, values in members.items():
        module = ModuleType(name)
        vars(module).update(values)
        monkeypatch.setitem(sys.modules, name, module)
