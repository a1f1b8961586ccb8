"""Which addresses are safe to send secrets to, and by what accounts are told apart."""

import dataclasses

import pytest

from importer.errors import SettingsError, SignInError
from importer.nexudus import Access, Secret
from importer.nexudus.access import account_of

CANARY = "canary-3f9b"


def by_token(url: str = "https://spaces.nexudus.com", token: str = CANARY) -> Access:
    """Access with a fixed token."""
    return Access(url=url, token=Secret(token))


@pytest.mark.parametrize(
    "url",
    [
        "https://spaces.nexudus.com",
        "https://spaces.nexudus.com/",
        "https://spaces.nexudus.com:8443",
        "http://127.0.0.1:8080",
        "http://localhost:8080",
        "http://[::1]:8080",
    ],
)
def test_safe_addresses(url: str) -> None:
    """A remote address is https; plain http is for this machine only."""
    assert by_token(url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://spaces.nexudus.com",
        "http://169.254.169.254",
        "http://127.0.0.1.evil.example",
        f"https://{CANARY}@spaces.nexudus.com",
        f"https://user:{CANARY}@evil.example",
        "https://@evil.example",
        "https://spaces.nexudus.com/api",
        "https://spaces.nexudus.com?x=1",
        "https://spaces.nexudus.com#x",
        "https://spaces.nexudus.com\\@evil.example",
        "https://spacés.nexudus.com",
        "https://spaces.nexudus.com:99999",
        "https://spaces.nexudus.com:0",
        "https://a..b",
        "https://" + "a" * 64 + ".com",
        "https://x\n.com",
        "https://[::1",
        "ftp://spaces.nexudus.com",
        "spaces.nexudus.com",
        "https://",
        "",
    ],
)
def test_unsafe_addresses(url: str) -> None:
    """Anything else is refused before a secret could leave, without repeating what it held."""
    with pytest.raises(SettingsError) as refused:
        by_token(url)
    assert CANARY not in refused.value.message + refused.value.advice


def test_nothing_to_sign_in_with() -> None:
    """A user name without a password is no sign-in."""
    with pytest.raises(SignInError, match="You are not signed in"):
        Access(url="https://spaces.nexudus.com", username="a@example.com")


@pytest.mark.parametrize("token", ["two words", "line\nend", "é"])
def test_tokens_that_could_break_a_header(token: str) -> None:
    """A token that no header could carry is refused at once."""
    with pytest.raises(SettingsError):
        by_token(token=token)


def test_secrets_never_show() -> None:
    """Neither repr nor str nor a format nor asdict tells a secret."""
    access = Access(
        url="https://x.example",
        token=Secret(CANARY),
        username="a@b",
        password=Secret(CANARY),
        totp=Secret(CANARY),
        proxy=f"http://u:{CANARY}@proxy:1",
    )
    shown = dataclasses.asdict(dataclasses.replace(access, proxy=None))
    assert CANARY not in f"{access} {access!r} {access.token} {shown}"


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"Email": "Ops@Example.com", "Id": 5}, "spaces.nexudus.com/ops@example.com"),
        ({"Id": 5}, "spaces.nexudus.com/user-5"),
        ({"DefaultBusinessId": 9, "DefaultBusinessName": "Harbour"}, "spaces.nexudus.com/business-9"),
        ({"Id": True, "Email": " "}, "spaces.nexudus.com/token-"),
        ([], "spaces.nexudus.com/token-"),
        (None, "spaces.nexudus.com/token-"),
    ],
)
def test_key_of_a_token(said: object, key: str) -> None:
    """An account is known by the most lasting thing that the service says about the owner of a token."""
    account = account_of(by_token(), said, by_password=False)
    assert account.key.startswith(key)
    assert CANARY not in account.key


def test_key_of_a_password_does_not_depend_on_the_service() -> None:
    """A service that cannot say who the user is today must not make yesterday's rows look new."""
    access = Access(url="https://x.example", username="Ops@Example.com", password=Secret("p"))
    keys = {account_of(access, said, by_password=True).key for said in (None, {"Id": 5, "Email": "other@example.com"})}
    assert keys == {"x.example/ops@example.com"}


def test_key_on_this_machine_has_no_port() -> None:
    """A sandbox has another port at each start and is still the same account; elsewhere a port counts."""
    practice = account_of(by_token("http://127.0.0.1:5000"), {"Email": "a@example.com", "Id": 5}, by_password=False)
    assert practice.key == "127.0.0.1/a@example.com/5"
    assert account_of(by_token("https://x.example:444"), {"Id": 5}, by_password=False).key == "x.example:444/user-5"
    assert account_of(by_token("https://x.example:443"), {"Id": 5}, by_password=False).key == "x.example/user-5"


def test_what_is_shown_of_an_account() -> None:
    """The space is named by the service, else by its host."""
    named = account_of(by_token(), {"DefaultBusinessName": "Harbour\x1b House"}, by_password=False)
    assert named.space == "Harbour\N{REPLACEMENT CHARACTER} House"
    assert account_of(by_token(), None, by_password=False).space == "spaces.nexudus.com"
