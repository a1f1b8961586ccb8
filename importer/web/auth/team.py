"""A team at the pages: who somebody is, by their provider or their proxy, and which role they have at this moment."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from importer.config.settings import Settings
from importer.model import Clock
from importer.nexudus import OtherHost
from importer.text import printable
from importer.web.auth.people import BLANKS, Grant, Identity, People, person_key, plain_name, shown_name
from importer.web.auth.provider import TIME_LIMIT, Provider
from importer.web.auth.rules import TeamRules
from importer.web.auth.sign_in_flow import SignInFlows

CALLBACK = "/enter/callback"
"""Where the provider sends browsers back to."""

CLAIMED = "claimed"
"""The number of a role that the provider gave: it holds as long as the session."""

_LONGEST_NAME = 254


@dataclass(frozen=True)
class Team:
    """The people of one page; ``provider`` is None if a proxy has them signed in."""

    rules: TeamRules
    people: People
    flows: SignInFlows
    provider: Provider | None

    @property
    def provider_host(self) -> str:
        """The host of the provider, to show; empty without one."""
        return urlsplit(self.rules.provider.issuer).hostname or "" if self.rules.provider else ""

    def grant(self, identity: Identity) -> Grant | None:
        """The role of somebody at this moment. The list decides; whoever is not in it has what the provider says.

        But no more than the list gave them under another name: a new e-mail must not undo what an administrator chose.
        """
        listed = self.people.grant(identity.listed_as)
        if listed is not None or identity.claimed is None:
            return listed
        before = self.people.role_before(identity.key)
        return Grant(identity.claimed if before is None else min(identity.claimed, before), CLAIMED)

    def remember(self, identity: Identity) -> None:
        """Note under which name of the list somebody has signed in."""
        if identity.claimed is not None and identity.listed_as:
            self.people.remember(identity.listed_as, identity.key)

    def named_by_proxy(self, headers: Headers) -> Identity | None:
        """Who the proxy says has sent a request; None if it says nobody, or two at once.

        Only for requests that came from the proxy, which the guard has seen to.
        """
        values = headers.getlist(self.rules.user_header)
        name = _decoded(values[0]) if len(values) == 1 else ""
        # With an odd space at its end, it would look like the name of somebody else.
        if not name or name != name.strip() or name != printable(name, _LONGEST_NAME):
            return None
        return Identity(person_key("the proxy", plain_name(name)), shown_name(name), name)


def _decoded(value: str) -> str:
    """A header as text: its octets are those of UTF-8, if they can be."""
    try:
        return value.encode("latin-1").decode().strip(BLANKS)
    except ValueError:
        return value.strip(BLANKS)


def team(settings: Settings, rules: TeamRules, people: People, now: Clock) -> Team:
    """The team of these rules."""
    provider = None
    if rules.provider is not None:
        host = OtherHost(TIME_LIMIT, settings.proxy, str(settings.ca_file) if settings.ca_file else None)
        provider = Provider(rules.provider, rules.public_url + CALLBACK, host, now)
    return Team(rules, people, SignInFlows(now), provider)
