"""The sign-in in the machine's keyring: a keyring in memory here, and machines that have none."""

import sys
from types import ModuleType

import pytest

from importer.config import credentials
from importer.errors import SettingsError

URL = "https://spaces.nexudus.com"


class Keyring(ModuleType):
    """What the importer uses of the keyring package, with one backend that holds its entries in memory."""

    def __init__(self, backend: object) -> None:
        super().__init__("keyring")
        self.entries: dict[tuple[str, str], str] = {}
        self._backend = backend

    def get_keyring(self) -> object:
        """The backend of this machine."""
        return self._backend

    def get_password(self, service: str, name: str) -> str | None:
        """An entry, if there is one."""
        return self.entries.get((service, name))

    def set_password(self, service: str, name: str, entry: str) -> None:
        """Put an entry in, over an earlier one."""
        self.entries[service, name] = entry

    def delete_password(self, service: str, name: str) -> None:
        """Take an entry out; like the real one, it must be there."""
        del self.entries[service, name]


class _NoBackend:
    """The backend of a machine that has none."""


def installed(monkeypatch: pytest.MonkeyPatch, backend: object) -> Keyring:
    """The package as if it were installed, with this backend."""
    keyring, fail = Keyring(backend), ModuleType("keyring.backends.fail")
    vars(fail)["Keyring"] = _NoBackend
    for module in (keyring, ModuleType("keyring.backends"), fail):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return keyring


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    """An empty keyring that works."""
    return installed(monkeypatch, object())


def test_a_sign_in_is_read_back_for_its_service_and_profile(keyring: Keyring) -> None:
    """Beside those of other profiles and other services."""
    credentials.save(URL, "ops@example.com", "one")
    credentials.save(URL, "north@example.com", "two", "north")
    credentials.save("https://other.example", "ops@example.com", "three")
    assert credentials.read(URL) == {"username": "ops@example.com", "password": "one"}
    assert credentials.read(URL, "north") == {"username": "north@example.com", "password": "two"}
    assert credentials.read("https://other.example")["password"] == "three"
    assert credentials.read(URL, "south") == {}
    assert len(keyring.entries) == 3


def test_a_later_sign_in_takes_the_place_of_an_earlier_one(keyring: Keyring) -> None:
    """One entry a service and profile."""
    for password in ("one", "two"):
        credentials.save(URL, "ops@example.com", password)
    assert credentials.read(URL)["password"] == "two"
    assert len(keyring.entries) == 1


def test_forgetting_takes_one_and_no_other(keyring: Keyring) -> None:
    """And is no error where there is nothing to forget."""
    credentials.save(URL, "a", "one")
    credentials.save(URL, "b", "two", "north")
    for _ in range(2):
        credentials.forget(URL)
    assert (credentials.read(URL), credentials.read(URL, "north")["password"]) == ({}, "two")
    assert len(keyring.entries) == 1


@pytest.mark.parametrize("entry", ["{", "[1]", '{"format": 99, "username": "a"}'])
def test_an_entry_that_cannot_be_read_says_what_to_do(keyring: Keyring, entry: str) -> None:
    """Damaged, or of a newer importer: it is saved again, and no half of it is used."""
    credentials.save(URL, "a", "one")
    [name] = keyring.entries
    keyring.entries[name] = entry
    with pytest.raises(SettingsError) as told:
        credentials.read(URL)
    assert told.value.advice == "Save it again with: importer login"


@pytest.mark.parametrize("has_package", [True, False])
def test_without_a_keyring_nothing_is_kept_and_that_is_said(monkeypatch: pytest.MonkeyPatch, has_package: bool) -> None:
    """Neither on a machine whose package finds no backend, nor without the package."""
    if has_package:
        installed(monkeypatch, _NoBackend())
    else:
        monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SettingsError, match="no keyring"):
        credentials.save(URL, "a", "one")
    assert credentials.read(URL) == {}
    credentials.forget(URL)
