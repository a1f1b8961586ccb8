"""Who may call: tokens, refresh tokens and Basic sign-in of the sandbox's one account.

Pure: the time is an argument. Error texts are those seen on the real service; see each branch.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from importer.sandbox.options import SandboxOptions
from importer.sandbox.replies import Reply, as_json

REFRESH_SECONDS = 15 * 86400.0
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class _Refresh:
    token: str
    ends: float


class SignIn:
    """The tokens given out so far."""

    def __init__(self) -> None:
        """Starts with nobody signed in."""
        self._ends: dict[str, float] = {}
        self._refresh: dict[str, _Refresh] = {}
        self._revoked: set[str] = set()

    def accepts(self, options: SandboxOptions, authorization: str, now: float) -> bool:
        """Whether an Authorization header opens the door: a living token, or Basic with the right password."""
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() == "basic":
            return _basic_is_right(options, credentials)
        if scheme.lower() != "bearer" or credentials in self._revoked:
            return False
        if options.token is not None and credentials == options.token:
            return True
        return self._ends.get(credentials, 0.0) > now

    def revoke(self, authorization: str) -> None:
        """Ends the token of an Authorization header; it is never accepted again."""
        self._revoked.add(authorization.partition(" ")[2])

    def revoke_all(self) -> None:
        """Ends every access token that was given out; refresh tokens live on."""
        self._ends.clear()

    def token(self, options: SandboxOptions, headers: Mapping[str, str], body: bytes, now: float) -> Reply:
        """Answers a call of the token address: a new pair of tokens, or an OAuth error."""
        form = {}
        if headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
            form = {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        # The vendor's older pages carry the client_id in a header, the newest in the form.
        client_id = form.get("client_id") or headers.get("client_id") or options.username
        match form.get("grant_type"):
            case "password":
                refused = _password_refusal(options, form)
            case "refresh_token":
                refused = self._refresh_refusal(client_id, form.get("refresh_token", ""), now)
            case _:
                refused = as_json(400, {"error": "unsupported_grant_type"})
        return refused or self._grant(options, client_id, now)

    def _refresh_refusal(self, client_id: str, token: str, now: float) -> Reply | None:
        grant = self._refresh.get(client_id)
        if grant is None or grant.token != token or grant.ends <= now:
            return as_json(400, {"error": "invalid_grant"})
        return None

    def _grant(self, options: SandboxOptions, client_id: str, now: float) -> Reply:
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        life = max(1, round(options.expires_in / options.time_scale))
        self._ends[access] = now + life
        self._refresh[client_id] = _Refresh(refresh, now + REFRESH_SECONDS / options.time_scale)
        return as_json(
            200,
            {
                "access_token": access,
                "token_type": "bearer",
                "expires_in": life,
                "refresh_token": refresh,
            },
        )


def _password_refusal(options: SandboxOptions, form: Mapping[str, str]) -> Reply | None:
    if not _is_account(options, form.get("username", ""), form.get("password", "")):
        text = "The email or password is incorrect."
        return as_json(400, {"error": "invalid_grant", "error_description": text})
    if options.must_reset_password:
        secret = secrets.token_urlsafe(16)
        return as_json(400, {"error": "must_reset_password", "error_description": secret})
    if options.totp is not None and form.get("totp") != options.totp:
        return as_json(400, {"error": "two_factor_auth_check"})
    return None


def _basic_is_right(options: SandboxOptions, credentials: str) -> bool:
    try:
        username, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return _is_account(options, username, password)


def _is_account(options: SandboxOptions, username: str, password: str) -> bool:
    return username.lower() == options.username.lower() and password == options.password
