"""The OpenID Connect provider: where a browser is sent to sign in, and who it was that came back.

Authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636, RFC 9207). Rule 1: what the provider says of
itself is believed only if it names the issuer of the settings, and secrets go only to https. Rule 2: every doubt is a
refusal with its reason; what comes back as an error is never taken for somebody.
"""

import asyncio
import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from importer.config.addresses import is_safe
from importer.errors import ServiceError, SignInError
from importer.model import Clock
from importer.nexudus import OtherHost, Reply
from importer.web.auth.id_token import Expected, Key, TokenError, UnknownKeyError, claims_of, usable_keys
from importer.web.auth.people import BLANKS, Identity, Role, person_key, shown_name
from importer.web.auth.rules import ProviderRules
from importer.web.auth.sign_in_flow import Attempt, Callback

TIME_LIMIT = 10.0
"""Seconds for one answer of the provider; somebody is looking at the page."""

_FRESH = 3600.0
"""Seconds for which what the provider says of itself, and its keys, are used again."""

_KEYS_AGAIN = 5.0
"""Seconds between two readings of its keys: a wrong signature must not make us ask without end."""

_DOWN = 5.0
"""Seconds for which a provider that did not answer is not asked again: everybody who waits would wait in turn."""

_SCOPE = "openid email profile"
_ERROR_CODE = re.compile(r"[A-Za-z0-9_]{1,40}")
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_ASK_AGAIN = "Try again. If it happens again, tell the person who set up this page."


@dataclass(frozen=True, slots=True)
class _Metadata:
    """What the provider says of itself (OpenID Connect Discovery 1.0), as far as it is used."""

    authorization: str
    token: str
    keys: str
    end_session: str
    basic: bool
    names_issuer: bool
    read_at: float


class Provider:
    """One provider, asked when somebody signs in; it need not be there when the page starts."""

    def __init__(self, rules: ProviderRules, redirect_uri: str, host: OtherHost, now: Clock) -> None:
        """``redirect_uri`` is where it sends browsers back to, as it is registered there."""
        self._rules, self._redirect_uri, self._host, self._now = rules, redirect_uri, host, now
        self._metadata: _Metadata | None = None
        self._keys: Sequence[Key] = ()
        self._keys_read_at: float | None = None
        self._failure: tuple[ServiceError, float] | None = None
        self._reading = asyncio.Lock()

    async def address(self, attempt: Attempt) -> str:
        """Where to send a browser that is to sign in.

        Raises:
            ServiceError: The provider cannot be asked.
        """
        query = {
            "response_type": "code",
            "client_id": self._rules.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": _SCOPE,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return _with_query((await self._described()).authorization, query)

    async def sign_out_address(self) -> str:
        """Where somebody signs out at the provider as well; empty if it says none, or does not answer now."""
        try:
            metadata = await self._described()
        except ServiceError:
            return ""
        return metadata.end_session and _with_query(metadata.end_session, {"client_id": self._rules.client_id})

    async def identity(self, attempt: Attempt, callback: Callback) -> Identity:
        """Who has signed in.

        Raises:
            SignInError: What came back proves nobody's identity; the sentence says why.
            ServiceError: The provider cannot be asked.
        """
        metadata = await self._described()
        # 1. Who answers: else the code of another provider would be sent to this one (RFC 9207, "mix-up").
        if callback.issuer not in (self._rules.issuer, None) or (metadata.names_issuer and callback.issuer is None):
            raise _refusal("the answer is from another issuer")
        if callback.error:
            raise _refusal(f'it answered "{_code(callback.error)}"')
        if not callback.code:
            raise _refusal("the answer has no code")
        # 2. The code becomes a token on a way of our own, which no browser can touch.
        token = await self._token(metadata, callback.code, attempt.verifier)
        # 3. The token says who it is; nothing else does.
        try:
            claims = await self._claims(
                metadata, token, Expected(self._rules.issuer, self._rules.client_id, attempt.nonce)
            )
        except TokenError as error:
            raise _refusal(str(error)) from error
        return _identity(self._rules, claims)

    async def _token(self, metadata: _Metadata, code: str, verifier: str) -> str:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        headers, secret = dict(_FORM), self._rules.client_secret
        if secret is not None and metadata.basic:
            # Encoded before they are put together, as RFC 6749 section 2.3.1 has it.
            pair = f"{quote(self._rules.client_id, safe='')}:{quote(secret.get_secret_value(), safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            fields["client_id"] = self._rules.client_id
            if secret is not None:
                fields["client_secret"] = secret.get_secret_value()
        reply = await self._host.call("POST", metadata.token, headers, urlencode(fields).encode())
        document = _document(reply, statuses=(200, 400, 401))
        if not reply.status_in(200):
            raise _refusal(f'it answered "{_code(document.get("error"))}" when it was asked for the ID token')
        token = document.get("id_token")
        if not isinstance(token, str):
            raise _refusal("its answer has no ID token")
        return token

    async def _claims(self, metadata: _Metadata, token: str, expected: Expected) -> Mapping[str, Any]:
        keys = await self._listed_keys(metadata, again=False)
        try:
            return claims_of(token, keys, expected, self._now())
        except UnknownKeyError:
            # The provider may have new keys, under new names or under the old ones.
            return claims_of(token, await self._listed_keys(metadata, again=True), expected, self._now())

    async def _listed_keys(self, metadata: _Metadata, *, again: bool) -> Sequence[Key]:
        async with self._reading:
            age = None if self._keys_read_at is None else abs(self._now() - self._keys_read_at)
            if age is None or age > _FRESH or (again and age >= _KEYS_AGAIN):
                document = await self._document(metadata.keys)
                self._keys, self._keys_read_at = usable_keys(document), self._now()
            return self._keys

    async def _described(self) -> _Metadata:
        async with self._reading:
            if self._metadata is None or abs(self._now() - self._metadata.read_at) > _FRESH:
                url = f"{self._rules.issuer.rstrip('/')}/.well-known/openid-configuration"
                self._metadata = _metadata(await self._document(url), self._rules.issuer, self._now())
            return self._metadata

    async def _document(self, url: str) -> Mapping[str, Any]:
        if self._failure is not None and abs(self._now() - self._failure[1]) < _DOWN:
            raise self._failure[0].with_traceback(None)
        try:
            return _document(await self._host.call("GET", url, {}))
        except ServiceError as error:
            self._failure = (error, self._now())
            raise


def _metadata(document: Mapping[str, Any], issuer: str, now: float) -> _Metadata:
    if document.get("issuer") != issuer:
        raise ServiceError(
            "The provider where people sign in calls itself by another name than the settings.",
            "IMPORTER_OIDC_ISSUER must be exactly the issuer URL that the provider gives.",
            on_page=_ASK_AGAIN,
        )
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    addresses = [document.get(name) for name in names]
    usable = [address for address in addresses if isinstance(address, str) and is_safe(address)]
    if len(usable) < len(names):
        raise ServiceError(
            "The provider where people sign in gives an address that is missing or not safe.", on_page=_ASK_AGAIN
        )
    leave, methods = document.get("end_session_endpoint"), document.get("token_endpoint_auth_methods_supported")
    authorization, token, keys = usable
    return _Metadata(
        authorization,
        token,
        keys,
        end_session=leave if isinstance(leave, str) and is_safe(leave) else "",
        # Basic is what holds where the provider does not say (OpenID Connect Discovery 1.0, section 3).
        basic=not isinstance(methods, list) or "client_secret_basic" in methods,
        names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        read_at=now,
    )


def _document(reply: Reply, statuses: Sequence[int] = (200,)) -> Mapping[str, Any]:
    if reply.status is None or reply.failure:
        raise ServiceError(
            f"The provider where people sign in cannot be reached: {reply.failure or 'no answer'}.",
            on_page=_ASK_AGAIN,
        )
    if not reply.status_in(*statuses) or not isinstance(reply.json, dict):
        raise ServiceError(
            f"The provider where people sign in answered in a way that cannot be used (status {reply.status}).",
            on_page=_ASK_AGAIN,
        )
    return reply.json


def _identity(rules: ProviderRules, claims: Mapping[str, Any]) -> Identity:
    # Only an e-mail that the provider has verified: else whoever may write their own could write an administrator's.
    email = claims.get("email") if claims.get("email_verified") is True else None
    listed_as = email.strip(BLANKS) if isinstance(email, str) and email.strip() == email.strip(BLANKS) else ""
    names = [listed_as, *(claims.get(name) for name in ("name", "preferred_username", "sub"))]
    name = next(name for name in names if isinstance(name, str) and name.strip())
    return Identity(person_key(rules.issuer, claims["sub"]), shown_name(name), listed_as, _claimed(rules, claims))


def _claimed(rules: ProviderRules, claims: Mapping[str, Any]) -> Role | None:
    if not rules.role_claim:
        return None
    value = claims.get(rules.role_claim, _inside(claims, rules.role_claim))
    values = value if isinstance(value, list) else [value]
    return max((rules.roles[text] for text in values if isinstance(text, str) and text in rules.roles), default=None)


def _inside(claims: Mapping[str, Any], path: str) -> object:
    """The value at a path such as realm_access.roles."""
    value: object = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _refusal(why: str) -> SignInError:
    return SignInError(f"The provider did not say who you are: {why}.", on_page=_ASK_AGAIN)


def _code(text: object) -> str:
    """An error code as RFC 6749 section 4.1.2.1 has them; anything else says nothing."""
    return text if isinstance(text, str) and _ERROR_CODE.fullmatch(text) else "an error"


def _with_query(address: str, query: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
