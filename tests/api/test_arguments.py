"""The arguments of the Python functions as settings and choices."""

import pytest
from conftest import Desk

from importer.api.arguments import Access, key_of, limits_of
from importer.errors import SignInError


def test_settings_go_before_the_environment(here: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program says what holds for its call, and nothing of it stays."""
    monkeypatch.setenv("IMPORTER_RATE", "10/min")
    with Access(None, {"rate": "20/min"}, sandbox=False).open() as settings:
        assert str(settings.rate) == "20/min"
    with Access(None, {"rate": "20/min"}, sandbox=False).open(rate="30/min") as settings:
        assert str(settings.rate) == "30/min"
    with Access(None, None, sandbox=False).open(rate=None) as settings:
        assert str(settings.rate) == "10/min"


@pytest.mark.parametrize(
    ("values", "signed_in_with"),
    [
        ({}, {"token", "username", "password", "totp"}),
        ({"rate": "none"}, {"token", "username", "password", "totp"}),
        ({"token": "mine"}, {"token"}),
        ({"username": "me@example.com", "password": "mine"}, {"username", "password"}),
        ({"password": "mine"}, {"username", "password"}),
        ({"username": "me@example.com", "password": "mine", "totp": "1"}, {"username", "password", "totp"}),
    ],
)
def test_no_other_sign_in_stands_in_for_the_one_handed_in(
    here: Desk, monkeypatch: pytest.MonkeyPatch, values: dict[str, object], signed_in_with: set[str]
) -> None:
    """If the token is refused, the rows must not go to whoever the environment names."""
    for name in ("TOKEN", "USERNAME", "PASSWORD", "TOTP"):
        monkeypatch.setenv(f"NEXUDUS_{name}", "of the environment")
    with Access(None, values, sandbox=False).open() as settings:
        assert {name for name in ("token", "username", "password", "totp") if getattr(settings, name)} == signed_in_with


def test_a_profile_is_named_as_on_the_command_line(here: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the argument, else by the variable; "none" is none, and a refused sign-in says what to set for it."""
    assert Access(None, None, sandbox=False).chosen_profile is None
    monkeypatch.setenv("IMPORTER_PROFILE", "north")
    assert Access(None, None, sandbox=False).chosen_profile == "north"
    assert Access("none", None, sandbox=False).chosen_profile == ""
    monkeypatch.setenv("NEXUDUS_TOKEN_SOUTH", "a token")
    with pytest.raises(SignInError) as refused, Access("south", None, sandbox=False).open():
        raise SignInError("Refused.")
    assert "NEXUDUS_TOKEN_SOUTH" in refused.value.advice


@pytest.mark.parametrize(
    "fields", ["CoworkerId, ResourceId", ["ResourceId", "CoworkerId"], ("CoworkerId", "ResourceId")]
)
def test_a_key_is_the_same_in_any_order(fields: str | list[str]) -> None:
    """So that an unfinished run is recognised."""
    assert key_of(fields) == ("CoworkerId", "ResourceId")


@pytest.mark.parametrize(("time", "seconds"), [(90, 90), (1.5, 1.5), ("5h", 18_000), (None, None)])
def test_a_time_is_seconds_or_a_text(time: float | str | None, seconds: float | None) -> None:
    """As the option is written, or as Python measures it."""
    assert limits_of(None, time) == (None, seconds)
