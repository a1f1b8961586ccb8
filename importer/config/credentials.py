"""The sign-in in the machine's keyring, if the keyring package is installed. Never in a file, ours or another's."""

from collections.abc import Sequence
from typing import Protocol

from importer.config.addresses import origin
from importer.config.store import Document, UnreadableError
from importer.errors import SettingsError

_SERVICE = "nexudus-importer"
_SIGN_IN: Document[dict[str, str]] = Document("The saved sign-in", dict)
_RECOMMENDED = 1
"""The priority from which the keyring package itself recommends a backend (``keyring.core.recommended``, 25.7): below
are those that save nothing, fail, or write passwords into a file as they are."""
_ADVICE = "Set NEXUDUS_USERNAME and NEXUDUS_PASSWORD instead."


class Backend(Protocol):
    """As much of a backend of the keyring package as is used here."""

    @property
    def viable(self) -> bool:
        """Whether it works on this machine; its priority may raise where it does not."""

    @property
    def priority(self) -> float:
        """How far the package recommends it."""

    def get_password(self, service: str, username: str) -> str | None:
        """The entry of that name."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Save an entry."""

    def delete_password(self, service: str, username: str) -> None:
        """Remove an entry."""


def save(url: str, username: str, password: str, profile: str | None = None) -> None:
    """Save a sign-in for a service, beside those of other profiles.

    Raises:
        SettingsError: There is no keyring to save it in, or none that protects it.
    """
    backends = _backends()
    if not backends:
        raise SettingsError(
            "The sign-in works, but this machine has no keyring to save it in.",
            "Install the package for it with: pip install keyring. Or set NEXUDUS_USERNAME and NEXUDUS_PASSWORD.",
        )
    backend = next(filter(_is_safe, backends), None)
    if backend is None:
        raise SettingsError(
            "The sign-in works, but it was not saved: the keyring on this machine would not protect the password.",
            _ADVICE,
        )
    try:
        entry = _SIGN_IN.encode({"username": username, "password": password})
        backend.set_password(_SERVICE, _entry_names(url, profile)[0], entry)
    # Not every backend keeps to the package's own errors; this one says that it can only be read.
    except (_keyring_error(), NotImplementedError) as error:
        raise SettingsError("The sign-in works, but the keyring on this machine did not save it.", _ADVICE) from error


def forget(url: str, profile: str | None = None) -> None:
    """Remove the sign-in for a service, if there is one.

    Raises:
        SettingsError: The keyring cannot be used, for example because it is locked.
    """
    try:
        for backend in _backends():
            for name in _entry_names(url, profile):
                if backend.get_password(_SERVICE, name):
                    backend.delete_password(_SERVICE, name)
    except _keyring_error() as error:
        raise SettingsError("The keyring on this machine cannot be used.", "Unlock it and try again.") from error


def read(url: str, profile: str | None = None) -> dict[str, str]:
    """The saved user name and password for a service; empty if there are none.

    Raises:
        SettingsError: They were saved by a newer importer, or are damaged.
    """
    # From every backend, also one that would not be written to: what is saved there is saved there already.
    places = [(backend, name) for backend in _backends() for name in _entry_names(url, profile)]
    entry = next(filter(None, (_entry(backend, name) for backend, name in places)), None)
    try:
        return _SIGN_IN.decode(entry) if entry else {}
    except UnreadableError as error:
        raise SettingsError(str(error), "Save it again with: importer login") from error


def _entry(backend: Backend, name: str) -> str | None:
    # A keyring that is locked, or is none, is as good as an empty one: most commands need no sign-in, and those that do
    # say that there is none.
    try:
        return backend.get_password(_SERVICE, name)
    except _keyring_error():
        return None


def _entry_names(url: str, profile: str | None) -> list[str]:
    """The name to save a sign-in under, then the one that an older importer may have saved it under."""
    # By address with its port: on this machine another port may be another program. Once by the address as it was
    # typed; a slash at its end then hid the sign-in.
    spellings = dict.fromkeys((origin(url), url))
    return [spelling if profile is None else f"{spelling} {profile}" for spelling in spellings]


def _backends() -> Sequence[Backend]:
    """The backend that the keyring package has chosen, the members of a chain one by one; none without the package."""
    # Imported when it is needed: it is an extra of the package, and looks for its backends at once.
    try:
        import keyring
        from keyring.backends.fail import Keyring as NoBackend
    except ImportError:
        return ()
    chosen = keyring.get_keyring()
    if isinstance(chosen, NoBackend):
        return ()
    # A chain writes into the first of its members that does not refuse, which may be the one with the plain file.
    members: Sequence[Backend] | None = getattr(chosen, "backends", None)
    return (chosen,) if members is None else tuple(members)


def _is_safe(backend: Backend) -> bool:
    """Whether a backend protects what it saves, by the priority that the keyring package gives it and by its name."""
    # By name as well: anybody may write a backend, and give it any priority.
    plain = "plain" in type(backend).__name__.lower()
    return not plain and backend.viable and backend.priority >= _RECOMMENDED


def _keyring_error() -> type[Exception]:
    """The error of which all errors of the keyring package are."""
    try:
        from keyring.errors import KeyringError
    except ImportError:
        return ImportError
    error: type[Exception] = KeyringError
    return error
