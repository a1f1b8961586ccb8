"""The provider, with everything that it may do wrong: nobody is let in, and the sentence says why."""

import asyncio
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from importer.errors import ServiceError, SignInError
from importer.nexudus import OtherHost
from importer.web.auth import Role
from importer.web.auth.people import Identity, person_key
from importer.web.auth.provider import Provider
from importer.web.auth.rules import ProviderRules
from importer.web.auth.sign_in_flow import Attempt, Callback, SignInFlows
from web.auth.provider_stand_in import CLIENT, SECRET, ProviderStandIn

BACK = "http://localhost:1/enter/callback"


class Clock:
    """This machine's time, which a test moves."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """The time."""
        return time.time() + self.ahead


def asked_by(stand_in: ProviderStandIn, now: Callable[[], float] = time.time, **rules: Any) -> Provider:
    """The provider as the page knows it; one that is slow is not waited for as long as usual."""
    limit = 0.5 if any("is slow" in fault for fault in stand_in.faults) else 60.0
    roles = {role.name.lower(): role for role in Role}
    values: dict[str, Any] = {"client_secret": SecretStr(SECRET), "role_claim": "", "roles": roles} | rules
    return Provider(ProviderRules(stand_in.issuer, CLIENT, **values), BACK, OtherHost(limit), now)


async def signed_in(provider: Provider, stand_in: ProviderStandIn, **changed: Any) -> Identity:
    """Who comes back from a sign-in; ``changed`` is what the browser brings back in another way."""
    _, attempt = SignInFlows(time.time).begin("/")
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(await provider.address(attempt)).query))
    back = stand_in.code_for(query)
    callback = {"code": back.get("code", ""), "error": back.get("error", ""), "issuer": back.get("iss")} | changed
    return await provider.identity(attempt, Callback(**callback))


def test_whoever_signs_in_is_who_the_provider_says(provider: ProviderStandIn) -> None:
    """By issuer and subject, shown by the verified e-mail."""
    person = asyncio.run(signed_in(asked_by(provider), provider))
    assert person == Identity(person_key(provider.issuer, "248289"), "maria@example.com", "maria@example.com")


@pytest.mark.parametrize(
    "methods", [["client_secret_post"], ["client_secret_basic"], ["private_key_jwt", "client_secret_post"]]
)
def test_the_secret_goes_as_the_provider_takes_it(provider: ProviderStandIn, methods: list[str]) -> None:
    """In the head or in the body."""
    provider.metadata["token_endpoint_auth_methods_supported"] = methods
    assert asyncio.run(signed_in(asked_by(provider), provider)).name == "maria@example.com"


REFUSED: dict[str, tuple[set[str], dict[str, Any], str]] = {
    "alg none": ({"alg none"}, {}, "not signed in a way that can be trusted"),
    "signed with the public key": ({"signed with the public key"}, {}, "not signed in a way that can be trusted"),
    "signed with the client secret": ({"signed with the client secret"}, {}, "not signed in a way that can be trusted"),
    "signed by somebody else": ({"signed by somebody else"}, {}, "not signed by a key of the provider"),
    "wrong signature": ({"wrong signature"}, {}, "not signed by a key of the provider"),
    "no id_token": ({"no id_token"}, {}, "no ID token"),
    "refused by the provider": ({"refused"}, {}, 'it answered "access_denied"'),
    "foreign issuer in the callback": ({"foreign issuer in the callback"}, {}, "from another issuer"),
    "foreign issuer in the token": (set(), {"iss": "https://evil.example"}, "from another issuer"),
    "foreign audience": (set(), {"aud": "other"}, "for another client"),
    "foreign azp": (set(), {"azp": "other"}, "made for another client"),
    "wrong nonce": (set(), {"nonce": "other"}, "belongs to another sign-in"),
    "expired": (set(), {"exp": 1}, "has expired"),
    "issued at another time": (set(), {"iat": 1}, "issued at another time"),
    "nobody": (set(), {"sub": None}, "does not say who it is about"),
}


@pytest.mark.parametrize(("faults", "claims", "why"), REFUSED.values(), ids=REFUSED)
def test_an_answer_that_proves_nothing_lets_nobody_in(
    provider: ProviderStandIn, faults: set[str], claims: dict[str, Any], why: str
) -> None:
    """And the sentence says what was wrong."""
    provider.faults, provider.claims = faults, claims
    with pytest.raises(SignInError, match=why):
        asyncio.run(signed_in(asked_by(provider), provider))


CALLBACKS: dict[str, tuple[dict[str, Any], str]] = {
    "a code that never was": ({"code": "x"}, "invalid_grant"),
    "no code": ({"code": ""}, "has no code"),
    "an error with a code": ({"error": "access_denied"}, "access_denied"),
    "an error in markup": ({"error": "<script>alert(1)</script>"}, 'it answered "an error"'),
    "another issuer": ({"issuer": "https://evil.example"}, "another issuer"),
    "an empty issuer": ({"issuer": ""}, "another issuer"),
}


@pytest.mark.parametrize(("changed", "why"), CALLBACKS.values(), ids=CALLBACKS)
def test_what_a_browser_makes_up_lets_nobody_in(provider: ProviderStandIn, changed: dict[str, str], why: str) -> None:
    """Whatever stands in the address."""
    with pytest.raises(SignInError, match=why):
        asyncio.run(signed_in(asked_by(provider), provider, **changed))


def test_a_provider_that_names_itself_must_do_so(provider: ProviderStandIn) -> None:
    """It says that each answer has its issuer, so one without is not its own (RFC 9207)."""
    provider.metadata["authorization_response_iss_parameter_supported"] = True
    asyncio.run(signed_in(asked_by(provider), provider))
    with pytest.raises(SignInError, match="another issuer"):
        asyncio.run(signed_in(asked_by(provider), provider, issuer=None))


def test_a_code_is_worth_nothing_to_whoever_did_not_begin(provider: ProviderStandIn) -> None:
    """A stolen one lacks the verifier."""

    async def stolen() -> Identity:
        page = asked_by(provider)
        _, attempt = SignInFlows(time.time).begin("/")
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(await page.address(attempt)).query))
        _, other = SignInFlows(time.time).begin("/")
        thief = Attempt(attempt.state, attempt.nonce, other.verifier, "/")
        return await page.identity(thief, Callback(provider.code_for(query)["code"], "", None))

    with pytest.raises(SignInError, match="invalid_grant"):
        asyncio.run(stolen())


UNREACHABLE: dict[str, tuple[set[str], dict[str, Any], str]] = {
    **{
        f"{part} {fault}": ({f"{part} {fault}"}, {}, said)
        for part in ("openid-configuration", "token", "keys")
        for fault, said in (
            ("is down", "cannot be reached"),
            ("is slow", "cannot be reached: no .*answer within"),
            ("fails", "status 500"),
            ("is a page", "status 200"),
            ("leads away", "status 302"),
        )
    },
    "another issuer": (set(), {"issuer": "https://evil.example"}, "calls itself by another name"),
    "an issuer with a slash more": (set(), {"issuer": "SLASH"}, "calls itself by another name"),
    "no issuer": (set(), {"issuer": None}, "calls itself by another name"),
    "tokens without HTTPS": (set(), {"token_endpoint": "http://evil.example/"}, "not safe"),
    "keys without HTTPS": (set(), {"jwks_uri": "http://evil.example/"}, "not safe"),
    "keys of a file": (set(), {"jwks_uri": "file:///etc/passwd"}, "not safe"),
    "a sign-in that is a script": (set(), {"authorization_endpoint": "javascript:alert(1)"}, "not safe"),
    "no keys": (set(), {"jwks_uri": None}, "missing or not safe"),
    "a list of addresses": (set(), {"token_endpoint": ["https://a.example"]}, "missing or not safe"),
}


@pytest.mark.parametrize(("faults", "metadata", "why"), UNREACHABLE.values(), ids=UNREACHABLE)
def test_a_provider_that_fails_or_lies_is_said(
    provider: ProviderStandIn, faults: set[str], metadata: dict[str, Any], why: str
) -> None:
    """Nobody waits longer than the limit, no redirect is followed, and no secret goes where it is not safe."""
    provider.faults = faults
    provider.metadata = {name: provider.issuer + "/" if v == "SLASH" else v for name, v in metadata.items()}
    with pytest.raises(ServiceError, match=why):
        asyncio.run(signed_in(asked_by(provider), provider))


def test_a_provider_that_was_down_is_asked_again(provider: ProviderStandIn) -> None:
    """The page need not be started again."""
    clock = Clock()
    page = asked_by(provider, clock)

    async def later() -> Identity:
        provider.faults = {"openid-configuration is down"}
        with pytest.raises(ServiceError):
            await signed_in(page, provider)
        provider.faults = set()
        clock.ahead = 6.0
        return await signed_in(page, provider)

    assert asyncio.run(later()).name == "maria@example.com"


def test_who_waits_for_a_provider_that_is_down_waits_once(provider: ProviderStandIn) -> None:
    """Else each waits as long as all before together, and anybody could make it longer."""
    provider.faults = {"openid-configuration is slow"}
    page = asked_by(provider, lambda: 1_000.0)

    async def together() -> list[object]:
        waiting = [signed_in(page, provider) for _ in range(20)]
        return [*await asyncio.gather(*waiting, return_exceptions=True), await page.sign_out_address()]

    *errors, address = asyncio.run(together())
    assert all(isinstance(error, ServiceError) for error in errors)
    assert address == ""
    assert len(provider.asked) == 1


@pytest.mark.parametrize("same_name", [False, True])
def test_new_keys_are_read_when_they_are_needed(provider: ProviderStandIn, same_name: bool) -> None:
    """Under a new name or under the old one; at most once in five seconds."""
    clock = Clock()
    page = asked_by(provider, clock)

    async def rotated() -> None:
        await signed_in(page, provider)
        provider.rotate(provider.keys[0].kid or "" if same_name else "")
        clock.ahead = 4.0
        with pytest.raises(SignInError, match="not signed by a key of the provider"):
            await signed_in(page, provider)
        assert provider.asked.count("keys") == 1
        clock.ahead = 5.1
        await signed_in(page, provider)
        await signed_in(page, provider)

    asyncio.run(rotated())
    assert provider.asked.count("keys") == 2
    assert provider.asked.count("openid-configuration") == 1


def test_a_key_that_was_withdrawn_works_for_an_hour_at_most(provider: ProviderStandIn) -> None:
    """Then the keys and the addresses are read again, whether or not a token asks for it."""
    clock = Clock()
    page = asked_by(provider, clock)

    async def withdrawn() -> None:
        await signed_in(page, provider)
        provider.faults = {"the key is withdrawn"}
        clock.ahead = 3_500.0
        provider.claims = {"iat": clock(), "exp": clock() + 60}
        await signed_in(page, provider)
        clock.ahead = 3_700.0
        provider.claims = {"iat": clock(), "exp": clock() + 60}
        with pytest.raises(SignInError, match="not signed by a key of the provider"):
            await signed_in(page, provider)

    asyncio.run(withdrawn())
    assert provider.asked.count("openid-configuration") == 2


EMAILS: dict[str, tuple[dict[str, Any], str]] = {
    "verified": ({}, "maria@example.com"),
    "not verified": ({"email_verified": False}, ""),
    "not said to be verified": ({"email_verified": None}, ""),
    "verified in words": ({"email_verified": "true"}, ""),
    "none": ({"email": None}, ""),
    "a list": ({"email": ["maria@example.com"]}, ""),
}


@pytest.mark.parametrize(("claims", "listed_as"), EMAILS.values(), ids=EMAILS)
def test_only_a_verified_e_mail_gets_the_role_of_the_list(
    provider: ProviderStandIn, claims: dict[str, Any], listed_as: str
) -> None:
    """At some providers people write their own, and could write an administrator's."""
    provider.claims = claims
    person = asyncio.run(signed_in(asked_by(provider), provider))
    assert person.listed_as == listed_as
    assert person.name == (listed_as or "Maria Lopez")


CLAIMED: dict[str, tuple[str, dict[str, Any], Role | None]] = {
    "one of a list": ("roles", {"roles": ["x", "runner"]}, Role.RUNNER),
    "a text": ("roles", {"roles": "viewer"}, Role.VIEWER),
    "the most of several": ("roles", {"roles": ["viewer", "admin", "runner"]}, Role.ADMIN),
    "inside another": ("realm_access.roles", {"realm_access": {"roles": ["admin"]}}, Role.ADMIN),
    "a name with dots": ("https://example.com/roles", {"https://example.com/roles": ["admin"]}, Role.ADMIN),
    "none that counts": ("roles", {"roles": ["Admin", "administrator", ""]}, None),
    "no claim": ("roles", {}, None),
    "no list": ("roles", {"roles": {"admin": True}}, None),
    "no texts": ("roles", {"roles": [1, None, ["admin"]]}, None),
    "a path to nowhere": ("realm_access.roles", {"realm_access": "admin"}, None),
    "a claim that is not looked at": ("", {"roles": ["admin"], "": "admin"}, None),
}


@pytest.mark.parametrize(("claim", "claims", "role"), CLAIMED.values(), ids=CLAIMED)
def test_a_claim_gives_a_role(provider: ProviderStandIn, claim: str, claims: dict[str, Any], role: Role | None) -> None:
    """The highest of those that it names, and none for what it does not name exactly."""
    provider.claims = claims
    assert asyncio.run(signed_in(asked_by(provider, role_claim=claim), provider)).claimed is role


def test_the_address_of_the_sign_in_has_what_protects_it(provider: ProviderStandIn) -> None:
    """And nothing that must stay secret."""
    _, attempt = SignInFlows(time.time).begin("/")
    provider.metadata["authorization_endpoint"] = f"{provider.issuer}/authorize?tenant=a"
    address = asyncio.run(asked_by(provider).address(attempt))
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
    assert query == {
        "tenant": "a",
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": BACK,
        "scope": "openid email profile",
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": attempt.challenge,
        "code_challenge_method": "S256",
    }


def test_signing_out_at_the_provider_is_a_link_to_it(provider: ProviderStandIn) -> None:
    """If it says where, and can be asked."""
    assert asyncio.run(asked_by(provider).sign_out_address()) == f"{provider.issuer}/logout?client_id={CLIENT}"
    provider.metadata["end_session_endpoint"] = "javascript:alert(1)"
    assert asyncio.run(asked_by(provider).sign_out_address()) == ""
    provider.faults = {"openid-configuration is down"}
    assert asyncio.run(asked_by(provider).sign_out_address()) == ""
