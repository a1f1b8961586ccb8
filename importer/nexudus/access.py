"""The address of the service and the sign-in: the values that signing in starts from and ends with.

Must not know the network. A secret leaves its wrapper only where it goes over the wire.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from importer.config.addresses import account_key, host_of, is_loopback, service_name
from importer.errors import SettingsError, SignInError
from importer.model import NAMELESS, Account
from importer.nexudus.reply import Reply
from importer.text import printable

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?")
_URL_ADVICE = "Write it like https://spaces.nexudus.com, with nothing after the host."


class Secret:
    """A text that never shows itself: not in a log, a traceback, a repr or a report."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Wrap the text."""
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the wire."""
        return self._text

    def __repr__(self) -> str:
        """A placeholder."""
        return "Secret(…)"


class Destination(Protocol):
    """Where calls go, and on which way; what signing in needs is no part of it."""

    @property
    def url(self) -> str:
        """https://host[:port]; plain http only for this machine."""

    @property
    def timeout(self) -> float:
        """Seconds for a whole call."""

    @property
    def proxy(self) -> str | None:
        """http(s)://host:port, or none."""

    @property
    def ca_file(self) -> str | None:
        """PEM file of the authorities to trust instead of the usual ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to reach the service and sign in; one that exists is usable.

    Attributes:
        url: https://host[:port]; plain http only for this machine.
        token: A bearer token that was obtained elsewhere; used before the password.
        username: E-mail of the user.
        password: Password of the user.
        totp: A code of the two-factor sign-in; the service takes it once.
        client_id: Of this installation. The service keeps one refresh token per client id. Without one, it takes the
            e-mail, and a sign-in here would sign out every other tool of the same user.
        timeout: Seconds for a whole call; its parts get fixed shares of it, at most 10 s for connecting.
        proxy: http(s)://host:port, explicitly; the environment is not asked.
        ca_file: PEM file of the authorities to trust instead of the usual ones.

    Raises:
        SettingsError: The address is unsafe or no address.
        SignInError: Nothing to sign in with is given.
    """

    url: str
    token: Secret | None = None
    username: str | None = None
    password: Secret | None = None
    totp: Secret | None = None
    client_id: str = "nexudus-importer"
    timeout: float = 75.0
    proxy: str | None = field(default=None, repr=False)
    ca_file: str | None = None

    def __post_init__(self) -> None:
        """Refuse what could not work or would send secrets in the clear."""
        _checked(self.url)
        if not (self.token or (self.username and self.password)):
            raise SignInError(
                "You are not signed in.",
                "Set NEXUDUS_TOKEN, or NEXUDUS_USERNAME and NEXUDUS_PASSWORD.",
            )
        if self.token and not re.fullmatch(r"[!-~]+", self.token.reveal()):
            raise SettingsError(
                "The token contains a space, a line break or another character that tokens do not have.",
                "Copy it again.",
            )

    @property
    def host(self) -> str:
        """The host as people know it: lower-case, with the port only where it is unusual."""
        return host_of(self.url)

    @property
    def service_name(self) -> str:
        """The host by which accounts are told apart; a service on this machine has another port at every start."""
        return service_name(self.url)


def account_of(access: Access, who: object | None, *, by_password: bool) -> Account:
    """The account behind a sign-in; ``who`` is what the service said about the user, None when it said nothing.

    The key of a user who signed in by password comes from the user name alone: it must not change because the
    service could not say who that is today, or rows created yesterday would be created again.
    """
    # The account is what claims and allowances hang on. Two keys for one account would be two sets of claims, and equal
    # rows would be created in both; one key for two accounts would leave out rows that one of them lacks.
    user_info = who if isinstance(who, dict) else {}
    space = _text(user_info.get("DefaultBusinessName")) or access.host
    user = access.username if by_password and access.username else _named(user_info, access)
    key = account_key(access.url, user)
    if is_loopback(access.service_name):
        # A practice service forgets its records at its end; the next one, under the same name, is another account.
        key += _text(user_info.get("Id"), "/")
    return Account(key, user, space, _service_key(access, user_info))


def names_user(who: Reply) -> bool:
    """Whether an answer says who the user is by any of the names that an account can have."""
    names = who.json if who.status_in(200) and isinstance(who.json, dict) else {}
    return any(_text(names.get(name)) for name in ("Email", "Id", "DefaultBusinessId"))


def is_whole(who: Reply) -> bool:
    """Whether an answer says who the user is by every name that the service is known to give."""
    return names_user(who) and isinstance(who.json, dict) and bool(_text(who.json.get("Email")))


def knows_no_user(who: Reply) -> bool:
    """Whether a service refuses to say who the user is, or does not know the question: it will not know it tomorrow."""
    return who.status_in(401, 403, 404, 405, 410, 501)


def is_told_who(access: Access, *, by_password: bool) -> bool:
    """Whether the key of the account depends on what the service says about the user."""
    return not by_password or is_loopback(access.service_name)


def _service_key(access: Access, user_info: Mapping[object, object]) -> str:
    """What claims hang on: the host, for the Ids of resources, coworkers and records are unique there.

    Not the location, which a click of the user changes, and not the sign-in: two of one space would each create the
    same records. A practice service says which one it is, for the next one begins with other records.
    """
    practice = user_info.get("SandboxId") if is_loopback(access.service_name) else None
    return access.service_name + _text(practice, "/")


def _named(user_info: Mapping[object, object], access: Access) -> str:
    """The most lasting name of the owner of a token; the token itself, replaced every week, only if all else fails."""
    token = access.token.reveal() if access.token else ""
    return (
        _text(user_info.get("Email"))
        or _text(user_info.get("Id"), "user-")
        or _text(user_info.get("DefaultBusinessId"), "business-")
        or f"{NAMELESS}{hashlib.sha256(token.encode()).hexdigest()[:12]}"
    )


def _text(value: object, prefix: str = "") -> str:
    usable = isinstance(value, str | int) and not isinstance(value, bool)
    shown = printable(str(value).strip()) if usable else ""
    return shown and prefix + shown


def _checked(url: str) -> None:
    parts, port = _split(url)
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None:
        raise SettingsError("The address of the service must not contain a user name or password.", _URL_ADVICE)
    if parts.scheme not in ("https", "http") or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise SettingsError("The address of the service is not a plain https address.", _URL_ADVICE)
    if not (_HOST.fullmatch(host) or is_loopback(host)) or port == 0:
        raise SettingsError("The address of the service has no valid host name.", _URL_ADVICE)
    if parts.scheme == "http" and not is_loopback(host):
        raise SettingsError("The address of the service must begin with https://.", _URL_ADVICE)


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        # Before urlsplit, which silently drops tabs and line ends out of an address.
        if not re.fullmatch(r"[!-~]+", url):
            raise ValueError("space, control character or foreign letter")
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:
        raise SettingsError("The address of the service is not a valid address.", _URL_ADVICE) from None
