"""What the settings say of a team: complete, or refused with the setting to change."""

import pytest

from importer.config.settings import Settings
from importer.errors import SettingsError
from importer.web.auth import Role
from importer.web.auth.rules import TeamRules, team_rules

PAGE = {"public_url": "https://imports.example.com", "trusted_proxies": "127.0.0.1"}
OIDC = PAGE | {"oidc_issuer": "https://login.example/realms/a", "oidc_client_id": "importer"}
HEADER = PAGE | {"user_header": "X-Forwarded-Email"}


def rules(**values: str) -> TeamRules | None:
    """The rules of these settings."""
    return team_rules(Settings.model_validate(values))


def test_without_any_setting_there_is_no_team() -> None:
    """One person on this machine needs nothing of it."""
    assert rules() is None


@pytest.mark.parametrize("values", [OIDC, HEADER, OIDC | {"public_url": "https://Imports.example.com:8443/"}])
def test_what_is_complete_is_taken(values: dict[str, str]) -> None:
    """A provider without a secret too: PKCE is enough for a public client."""
    made = rules(**values)
    assert made is not None
    assert (made.provider is None) == ("user_header" in values)
    assert made.public_url == values["public_url"].lower().rstrip("/")


def test_to_try_it_on_this_machine_no_proxy_is_needed() -> None:
    """Nobody else can listen in."""
    made = rules(**OIDC | {"public_url": "http://localhost:8642", "trusted_proxies": ""})
    assert made is not None
    assert made.proxies == ()


def without(values: dict[str, str], name: str) -> dict[str, str]:
    """All but one of them."""
    return {key: value for key, value in values.items() if key != name}


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "a page alone": (PAGE, "nothing says how people sign in"),
    "a client alone": ({"oidc_client_id": "importer"}, "nothing says how people sign in"),
    "a secret alone": ({"oidc_client_secret": "x"}, "nothing says how people sign in"),
    "both ways": (OIDC | HEADER, "IMPORTER_OIDC_ISSUER and IMPORTER_USER_HEADER are both set"),
    "a claim of no provider": (HEADER | {"oidc_role_claim": "roles"}, "IMPORTER_OIDC_ROLE_CLAIM has no meaning"),
    "no public address": (without(OIDC, "public_url"), "IMPORTER_PUBLIC_URL is not set"),
    "no proxy": (without(OIDC, "trusted_proxies"), "IMPORTER_TRUSTED_PROXIES is not set"),
    "a header and no proxy": (without(HEADER, "trusted_proxies"), "IMPORTER_TRUSTED_PROXIES is not set"),
    "a header and no proxy on this machine": (
        {"public_url": "http://localhost", "user_header": "X-User"},
        "IMPORTER_TRUSTED_PROXIES is not set",
    ),
    "no client": (without(OIDC, "oidc_client_id"), "IMPORTER_OIDC_CLIENT_ID is not"),
    "roles of no claim": (OIDC | {"oidc_roles": "Ops=admin"}, "IMPORTER_OIDC_ROLE_CLAIM is not"),
    "a role that there is not": (OIDC | {"oidc_role_claim": "g", "oidc_roles": "Ops=root"}, '"Ops=root"'),
    "a role without a value": (OIDC | {"oidc_role_claim": "g", "oidc_roles": "=admin"}, '"=admin"'),
    "roles without a sign": (OIDC | {"oidc_role_claim": "g", "oidc_roles": "Ops admin"}, '"Ops admin"'),
    "a page without HTTPS": (OIDC | {"public_url": "http://imports.example.com"}, "IMPORTER_PUBLIC_URL is"),
    "a page with a path": (OIDC | {"public_url": "https://example.com/imports"}, "IMPORTER_PUBLIC_URL is"),
    "a page with a user": (OIDC | {"public_url": "https://a@example.com"}, "IMPORTER_PUBLIC_URL is"),
    "no page": (OIDC | {"public_url": "imports.example.com"}, "IMPORTER_PUBLIC_URL is"),
    "an issuer without HTTPS": (OIDC | {"oidc_issuer": "http://login.example"}, "IMPORTER_OIDC_ISSUER is"),
    "an issuer with a query": (OIDC | {"oidc_issuer": "https://login.example/?a=b"}, "IMPORTER_OIDC_ISSUER is"),
    "no issuer": (OIDC | {"oidc_issuer": "login.example"}, "IMPORTER_OIDC_ISSUER is"),
    "a proxy by name": (OIDC | {"trusted_proxies": "proxy.example"}, '"proxy.example", which is not an address'),
    "half a network": (OIDC | {"trusted_proxies": "10.0.0.1/24"}, '"10.0.0.1/24", which is not an address'),
    "everybody as a proxy": (HEADER | {"trusted_proxies": "0.0.0.0/0"}, "nearly everybody"),
    "everybody of IPv6 as a proxy": (HEADER | {"trusted_proxies": "::/0"}, "nearly everybody"),
    "half of everybody as proxies": (HEADER | {"trusted_proxies": "0.0.0.0/1, 128.0.0.0/1"}, "nearly everybody"),
    "a header that is none": (HEADER | {"user_header": "X User:"}, "no name of a header"),
}


@pytest.mark.parametrize(("values", "said"), WRONG.values(), ids=WRONG)
def test_what_is_incomplete_or_too_open_is_refused(values: dict[str, str], said: str) -> None:
    """Before anything is served, with the setting and what to write."""
    with pytest.raises(SettingsError) as refused:
        rules(**values)
    assert said in refused.value.message
    assert refused.value.advice


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://imports.example.com", {"imports.example.com", "imports.example.com:443"}),
        ("https://imports.example.com:8443", {"imports.example.com:8443"}),
        ("http://localhost:8642", {"localhost:8642"}),
        ("http://[::1]", {"[::1]", "[::1]:80"}),
    ],
)
def test_the_page_answers_under_its_address_alone(url: str, hosts: set[str]) -> None:
    """Under another name the way back from the provider would lead to a browser without its cookie."""
    made = rules(**OIDC | {"public_url": url})
    assert made is not None
    assert made.hosts == hosts


@pytest.mark.parametrize(
    ("peer", "believed"),
    [
        ("127.0.0.1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.200", True),
        ("2001:db8::7", True),
        ("127.0.0.2", False),
        ("10.0.1.1", False),
        ("::1", False),
        ("::ffff:10.0.1.1", False),
        ("", False),
        ("localhost", False),
    ],
)
def test_only_the_addresses_of_the_proxy_are_believed(peer: str, believed: bool) -> None:
    """Single ones and networks of both versions, in whichever form a socket shows them."""
    made = rules(**OIDC | {"trusted_proxies": "127.0.0.1, 10.0.0.0/24 2001:db8::/64"})
    assert made is not None
    assert made.is_proxy(peer) is believed


def test_the_values_of_a_claim_mean_roles() -> None:
    """As they are written; without any, the names of the roles mean themselves."""
    named = rules(**OIDC | {"oidc_role_claim": "groups", "oidc_roles": "/ops/imports=runner, a=b=admin"})
    plain = rules(**OIDC | {"oidc_role_claim": "roles"})
    assert named is not None
    assert plain is not None
    assert named.provider is not None
    assert plain.provider is not None
    assert named.provider.roles == {"/ops/imports": Role.RUNNER, "a=b": Role.ADMIN}
    assert plain.provider.roles == {"viewer": Role.VIEWER, "runner": Role.RUNNER, "admin": Role.ADMIN}


def test_a_secret_stands_in_no_text() -> None:
    """Rules may be printed in an error."""
    assert "canary" not in repr(rules(**OIDC | {"oidc_client_secret": "canary"}))
