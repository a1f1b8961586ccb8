"""What the settings say about a team: where people sign in, which proxy is believed, and which role a claim means.

Rule: what is incomplete or would let in too many is refused before the page is served, with the setting to change.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from pydantic import SecretStr

from importer.config.addresses import is_safe
from importer.config.settings import OF_A_TEAM, Settings, environment_name
from importer.errors import SettingsError
from importer.web.auth.people import Role

Network = IPv4Network | IPv6Network

_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_BELIEVABLE = {4: 8, 6: 16}
"""The shortest prefix of a network of proxies, by the version of IP; a shorter one is nearly everybody."""

_USUAL_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class ProviderRules:
    """An OpenID Connect provider, and what the importer is to it.

    Attributes:
        issuer: Its issuer URL, exactly as its tokens say it.
        client_id: The importer's name there.
        client_secret: Its password there; a client without one relies on PKCE.
        role_claim: The claim with a person's roles or groups; empty if roles come from the list of people alone.
        roles: What each value of that claim means.
    """

    issuer: str
    client_id: str
    client_secret: SecretStr | None = field(repr=False)
    role_claim: str
    roles: Mapping[str, Role]


@dataclass(frozen=True, slots=True)
class TeamRules:
    """How a team gets to the page.

    Attributes:
        public_url: What people type, without a path.
        proxies: The networks from which a request counts as one of the proxy's.
        provider: Where people sign in; None if the proxy has them signed in.
        user_header: The header in which the proxy says who is signed in; empty with a provider.
    """

    public_url: str
    proxies: tuple[Network, ...]
    provider: ProviderRules | None
    user_header: str = ""

    @property
    def scheme(self) -> str:
        """How browsers reach the page."""
        return urlsplit(self.public_url).scheme

    @property
    def hosts(self) -> set[str]:
        """The values of the Host header under which browsers reach it."""
        parts = urlsplit(self.public_url)
        bare = parts.hostname or ""
        bare = f"[{bare}]" if ":" in bare else bare
        port = parts.port or _USUAL_PORTS[parts.scheme]
        return {f"{bare}:{port}"} | ({bare} if port == _USUAL_PORTS[parts.scheme] else set())

    def is_proxy(self, peer: str) -> bool:
        """Whether a request that came from this address came from the proxy."""
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        # A socket for both versions shows IPv4 as ::ffff:10.0.0.5.
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self.proxies)


def team_rules(settings: Settings) -> TeamRules | None:
    """What the settings say; None if the page is for one person on this machine.

    Raises:
        SettingsError: They are incomplete, contradict each other, or would let in too many.
    """
    names = [name for name in OF_A_TEAM if getattr(settings, name)]
    if not names:
        return None
    if settings.oidc_issuer and settings.user_header:
        raise _refused(
            f"{_name('oidc_issuer')} and {_name('user_header')} are both set.",
            "Set one of them: people sign in with OpenID Connect, or the proxy has them signed in.",
        )
    if not settings.oidc_issuer and not settings.user_header:
        raise _refused(
            f"{_name(names[0])} is set, but nothing says how people sign in.",
            f"Set {_name('oidc_issuer')}, or {_name('user_header')} if your proxy has people signed in.",
        )
    if settings.user_header and (more := [name for name in names if name.startswith("oidc_")]):
        raise _refused(f"{_name(more[0])} has no meaning with {_name('user_header')}.", "Remove one of them.")
    public_url, proxies = _public_url(settings.public_url), _proxies(settings.trusted_proxies)
    if not proxies and (settings.user_header or public_url.startswith("https:")):
        raise _refused(
            f"{_name('trusted_proxies')} is not set.",
            "Set it to the address of the proxy with HTTPS in front of the page, such as 127.0.0.1 if it is on this "
            "machine.",
        )
    if settings.user_header and not _HEADER.fullmatch(settings.user_header):
        raise _refused(
            f'{_name("user_header")} is "{settings.user_header}", which is no name of a header.',
            "Write it like X-Forwarded-Email.",
        )
    provider = _provider(settings) if settings.oidc_issuer else None
    return TeamRules(public_url, proxies, provider, settings.user_header or "")


def _name(setting: str) -> str:
    return environment_name(setting)


def _refused(message: str, advice: str) -> SettingsError:
    return SettingsError(message, advice)


def _public_url(url: str | None) -> str:
    if not url:
        raise _refused(
            f"{_name('public_url')} is not set.",
            "Set it to the address that people type to open the page, like https://imports.example.com.",
        )
    parts = urlsplit(url)
    if not is_safe(url) or parts.path not in ("", "/") or parts.query:
        raise _refused(
            f'{_name("public_url")} is "{url}", which cannot be used.',
            "Write it like https://imports.example.com, with nothing after the host. http:// is only for trying it on "
            "this machine.",
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _proxies(text: str | None) -> tuple[Network, ...]:
    return tuple(_network(word) for word in (text or "").replace(",", " ").split())


def _network(word: str) -> Network:
    try:
        network = ip_network(word)
    except ValueError:
        raise _refused(
            f'{_name("trusted_proxies")} has "{word}", which is not an address.',
            "Write addresses or networks with commas between them, like 127.0.0.1, 10.0.0.0/24.",
        ) from None
    if network.prefixlen < _BELIEVABLE[network.version]:
        raise _refused(
            f'{_name("trusted_proxies")} has "{word}", which would trust nearly everybody.',
            "Name the addresses of your proxy only.",
        )
    return network


def _provider(settings: Settings) -> ProviderRules:
    issuer = settings.oidc_issuer or ""
    if not is_safe(issuer) or urlsplit(issuer).query:
        raise _refused(
            f'{_name("oidc_issuer")} is "{issuer}", which cannot be used.',
            "Copy the issuer URL of your provider; it begins with https://.",
        )
    if not settings.oidc_client_id:
        raise _refused(
            f"{_name('oidc_issuer')} is set, but {_name('oidc_client_id')} is not.",
            "Register the importer with your provider, and set the client ID that it gives you.",
        )
    claim = settings.oidc_role_claim or ""
    if settings.oidc_roles and not claim:
        raise _refused(
            f"{_name('oidc_roles')} is set, but {_name('oidc_role_claim')} is not.",
            "Set the claim that holds these values, such as roles or groups.",
        )
    return ProviderRules(
        issuer, settings.oidc_client_id, settings.oidc_client_secret, claim, _roles(settings.oidc_roles)
    )


def _roles(text: str | None) -> Mapping[str, Role]:
    if not text:
        return {role.name.lower(): role for role in Role}
    roles = {}
    for pair in text.split(","):
        value, _, role = (word.strip() for word in pair.rpartition("="))
        if not value or role.upper() not in Role.__members__:
            raise _refused(
                f'{_name("oidc_roles")} has "{pair.strip()}", which is not a value and a role.',
                "Write it like Imports=runner, Ops=admin. The roles are viewer, runner and admin.",
            )
        roles[value] = Role[role.upper()]
    return roles
