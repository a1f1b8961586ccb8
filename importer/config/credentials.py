"""The sign-in in the machine's keyring, if the keyring package is installed. Never in a file of the importer's own."""

from types import ModuleType

from importer.config.store import Document, UnreadableError
from importer.errors import SettingsError

_SERVICE = "nexudus-importer"
_SIGN_IN: Document[dict[str, str]] = Document("The saved sign-in", dict)


def save(url: str, username: str, password: str, profile: str | None = None) -> None:
    """Save a sign-in for a service, beside those of other profiles.

    Raises:
        SettingsError: There is no keyring to save it in.
    """
    keyring = _keyring()
    if keyring is None:
        raise SettingsError(
            "The sign-in works, but this machine has no keyring to save it in.",
            'Install one with: pip install "nexudus-importer[keyring]". Or set NEXUDUS_USERNAME and NEXUDUS_PASSWORD.',
        )
    entry = _SIGN_IN.encode({"username": username, "password": password})
    keyring.set_password(_SERVICE, _entry_name(url, profile), entry)


def forget(url: str, profile: str | None = None) -> None:
    """Remove the sign-in for a service, if there is one."""
    keyring, name = _keyring(), _entry_name(url, profile)
    if keyring is not None and keyring.get_password(_SERVICE, name):
        keyring.delete_password(_SERVICE, name)


def read(url: str, profile: str | None = None) -> dict[str, str]:
    """The saved user name and password for a service; empty if there are none.

    Raises:
        SettingsError: They were saved by a newer importer, or are damaged.
    """
    keyring = _keyring()
    entry = keyring.get_password(_SERVICE, _entry_name(url, profile)) if keyring is not None else None
    try:
        return _SIGN_IN.decode(entry) if entry else {}
    except UnreadableError as error:
        raise SettingsError(str(error), "Save it again with: importer login") from error


def _entry_name(url: str, profile: str | None) -> str:
    return url if profile is None else f"{url} {profile}"


def _keyring() -> ModuleType | None:
    """The keyring package with a backend that works, or None."""
    # Imported when it is needed: it is an extra of the package, and looks for its backends at once.
    try:
        import keyring
        from keyring.backends.fail import Keyring as NoBackend
    except ImportError:
        return None
    return None if isinstance(keyring.get_keyring(), NoBackend) else keyring
