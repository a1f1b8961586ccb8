"""The sign-in kept in the machine's keyring, when the keyring package is installed. Never in a file of ours."""

import json
from types import ModuleType

from importer.errors import SettingsError

_SERVICE = "nexudus-importer"


def save(url: str, username: str, password: str, profile: str | None = None) -> None:
    """Keep a sign-in for a service, beside those of other profiles.

    Raises:
        SettingsError: There is no keyring to keep it in.
    """
    keyring = _keyring()
    if keyring is None:
        raise SettingsError(
            "The sign-in works, but there is no keyring on this machine to keep it in.",
            'Install it with: pip install "nexudus-importer[keyring]" - or set NEXUDUS_USERNAME and NEXUDUS_PASSWORD.',
        )
    keyring.set_password(_SERVICE, _place(url, profile), json.dumps({"username": username, "password": password}))


def forget(url: str, profile: str | None = None) -> None:
    """Remove the sign-in for a service, if there is one."""
    keyring, place = _keyring(), _place(url, profile)
    if keyring is not None and keyring.get_password(_SERVICE, place):
        keyring.delete_password(_SERVICE, place)


def read(url: str, profile: str | None = None) -> dict[str, str]:
    """The kept user name and password for a service; empty if there are none."""
    keyring = _keyring()
    kept = keyring.get_password(_SERVICE, _place(url, profile)) if keyring is not None else None
    return dict(json.loads(kept)) if kept else {}


def _place(url: str, profile: str | None) -> str:
    return url if profile is None else f"{url} {profile}"


def _keyring() -> ModuleType | None:
    """The keyring package with a backend that works and encrypts, or None."""
    try:
        import keyring
        from keyring.backends.fail import Keyring as NoBackend
    except ImportError:
        return None
    return None if isinstance(keyring.get_keyring(), NoBackend) else keyring
