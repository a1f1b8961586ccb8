"""The sign-in in the machine's keyring: where it goes, and under which name."""

import pytest

from config import keyring_stand_in
from config.keyring_stand_in import Backend, Fail, KeyringError
from importer.config import credentials
from importer.errors import SettingsError

SAVED = {"username": "ops@example.com", "password": "hunter22"}


@pytest.mark.parametrize("profile", [None, "north"])
def test_a_saved_sign_in_is_that_of_the_address_in_whatever_spelling(
    monkeypatch: pytest.MonkeyPatch, profile: str | None
) -> None:
    """It goes to no other host, port or profile."""
    keyring_stand_in.install(monkeypatch, Backend())
    credentials.save("https://Spaces.example/", **SAVED, profile=profile)
    for same in ("https://spaces.example", "https://SPACES.example:443/", "https://spaces.example."):
        assert credentials.read(same, profile) == SAVED
    for other in ("https://spaces.example:444", "https://south.example", "http://spaces.example", ""):
        assert credentials.read(other, profile) == {}
    assert credentials.read("https://spaces.example", "south") == {}


def test_a_sign_in_saved_under_the_address_as_it_was_typed_is_still_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """An older importer saved it so; signing out removes it all the same."""
    backend = Backend()
    keyring_stand_in.install(monkeypatch, backend)
    credentials.save("https://spaces.example", **SAVED)
    [entry] = backend.entries.values()
    backend.entries = {("nexudus-importer", "https://spaces.example/"): entry}
    assert credentials.read("https://spaces.example/") == SAVED
    credentials.save("https://spaces.example/", **SAVED)
    assert len(backend.entries) == 2
    credentials.forget("https://spaces.example/")
    assert backend.entries == {}


class PlaintextKeyring(Backend):
    """keyrings.alt's: a file with the passwords as they are."""

    recommended = 0.5


class PlainFile(Backend):
    """A backend of somebody's own, who recommends it."""

    recommended = 9.0


class EncryptedFile(Backend):
    """keyrings.alt's encrypted one, which its makers do not recommend."""

    recommended = 0.6


class Null(Backend):
    """keyring.backends.null: takes everything and holds nothing."""

    recommended = -1.0

    def set_password(self, service: str, username: str, password: str) -> None:
        """Forget it."""


class Away(Backend):
    """A backend that was chosen by name and does not work here."""

    @property
    def viable(self) -> bool:
        """No."""
        return False

    @property
    def priority(self) -> float:
        """None: the package's own backends raise this where their service is missing."""
        raise RuntimeError("no service")


class Locked(Backend):
    """A recommended one that the user has not unlocked."""

    def get_password(self, service: str, username: str) -> str | None:
        """No."""
        raise KeyringError("locked: hunter22")

    def set_password(self, service: str, username: str, password: str) -> None:
        """No."""
        raise KeyringError("locked: hunter22")


class ReadOnly(Backend):
    """One that can only be read."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """No."""
        raise NotImplementedError


class Chain(Backend):
    """keyring.backends.chainer: the first member that does not refuse."""

    recommended = 10.0

    def __init__(self, *backends: Backend) -> None:
        super().__init__()
        self.backends = list(backends)

    def set_password(self, service: str, username: str, password: str) -> None:
        """Never asked: a chain hides into which of its members a password goes."""
        raise AssertionError


UNSAFE = [PlaintextKeyring, PlainFile, EncryptedFile, Null, Fail, Away]


@pytest.mark.parametrize("backend", [*(kind() for kind in UNSAFE), Chain(PlaintextKeyring(), Null()), Chain()])
def test_a_password_is_saved_in_no_keyring_that_does_not_protect_it(
    monkeypatch: pytest.MonkeyPatch, backend: Backend
) -> None:
    """Whoever wanted it saved is told that it was not, and what to do instead."""
    keyring_stand_in.install(monkeypatch, backend)
    with pytest.raises(SettingsError, match="The sign-in works, but") as refused:
        credentials.save("https://spaces.example", **SAVED)
    assert "NEXUDUS_PASSWORD" in refused.value.advice
    members = getattr(backend, "backends", [backend])
    assert not any(member.entries for member in members)


@pytest.mark.parametrize("backend", [Locked(), ReadOnly(), Chain(Locked()), Chain(PlaintextKeyring(), ReadOnly())])
def test_a_keyring_that_refuses_a_password_is_told(monkeypatch: pytest.MonkeyPatch, backend: Backend) -> None:
    """It goes nowhere else, and the words of the keyring are not repeated: they may hold anything."""
    keyring_stand_in.install(monkeypatch, backend)
    with pytest.raises(SettingsError, match="did not save it") as refused:
        credentials.save("https://spaces.example", **SAVED)
    assert "NEXUDUS_PASSWORD" in refused.value.advice
    assert SAVED["password"] not in refused.value.message
    assert not any(member.entries for member in getattr(backend, "backends", [backend]))


def test_in_a_chain_the_member_that_protects_it_gets_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it stands; and it is read from there."""
    plain, safe = PlaintextKeyring(), Backend()
    keyring_stand_in.install(monkeypatch, Chain(plain, Away(), safe, Null()))
    credentials.save("https://spaces.example", **SAVED)
    assert (len(plain.entries), len(safe.entries)) == (0, 1)
    assert credentials.read("https://spaces.example") == SAVED


def test_what_is_in_a_plain_file_already_can_be_read_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """To hide it would only leave it there."""
    plain, safe = PlaintextKeyring(), Backend()
    keyring_stand_in.install(monkeypatch, safe)
    credentials.save("https://spaces.example", **SAVED)
    plain.entries, safe.entries = safe.entries, {}
    keyring_stand_in.install(monkeypatch, plain)
    assert credentials.read("https://spaces.example") == SAVED
    credentials.forget("https://spaces.example")
    assert plain.entries == {}


def test_signing_out_where_nothing_can_be_saved_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a backend there is nothing to remove."""
    keyring_stand_in.install(monkeypatch, Fail())
    credentials.forget("https://spaces.example")


@pytest.mark.parametrize("backend", [Fail(), Null(), Locked(), Chain(), Chain(Locked(), Null())])
def test_a_keyring_that_cannot_be_read_holds_no_sign_in(monkeypatch: pytest.MonkeyPatch, backend: Backend) -> None:
    """Commands that need none go on; the others say that there is none."""
    keyring_stand_in.install(monkeypatch, backend)
    assert credentials.read("https://spaces.example") == {}


def test_signing_out_of_a_locked_keyring_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """To say "signed out" of a password that is still there would be false."""
    keyring_stand_in.install(monkeypatch, Locked())
    with pytest.raises(SettingsError, match="cannot be used"):
        credentials.forget("https://spaces.example")
