"""Signing in and staying signed in: which token a call carries, and when it is renewed.

Follows the OAuth password grant of developers.nexudus.com/rest-api/authentication (read 2026-11-23). Knows the network
only as one function that posts a form. Must never put anything the service said into a message, except its short
error codes: the description of must_reset_password is itself a secret.
"""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from importer.errors import ImporterError, ServiceError, SignInError
from importer.nexudus.access import Access, Secret
from importer.nexudus.reply import Reply

RENEW_AT = 0.8
"""Share of a token's life after which it is renewed ahead of time. The documented life is seven days, and a refresh
token's 15 (read 2026-11-23); renewed at the end, a service that is away just then would end the run."""

_NEW_CODE = "Set NEXUDUS_TOTP to the code that your authenticator shows now, then try again."

_RENEW_AGAIN = 60.0
"""Seconds until the next try, when renewing ahead of time found the service away."""

Ask = Callable[[Mapping[str, str]], Awaitable[Reply]]
"""Posts a form to the token address; a few attempts while the service is away, but one alone for a form with ``CODE``,
unless no byte of it was sent."""

CODE = "totp"
"""The member of a form that may reach the service once: a second time it is a failed sign-in of the user."""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, the time from which to renew it and the time at which it ends, in epoch seconds."""

    access: Secret
    refresh: Secret | None = None
    renew_at: float = math.inf
    ends_at: float = math.inf


@dataclass(frozen=True, slots=True)
class Ticket:
    """What one call carries: the token, and the number of the sign-in it came from."""

    number: int
    token: Secret


class SignIn:
    """The current token of one user; several callers at once cause one renewal."""

    def __init__(self, access: Access, ask: Ask, now: Callable[[], float]) -> None:
        """Begin with the given token, else signed out."""
        self._access = access
        self._ask = ask
        self._now = now
        self._token = Token(access.token) if access.token else None
        self._lock = asyncio.Lock()
        self._refused: SignInError | None = None
        self._code_spent = False
        self.number = 1 if access.token else 0
        self.by_password = False

    @property
    def is_due(self) -> bool:
        """Whether the next call has to wait for a sign-in, or for somebody who is signing in."""
        return self._token is None or self._lock.locked() or self._now() >= self._token.renew_at

    async def ticket(self) -> Ticket:
        """What the next call carries; signs in first, or renews ahead of time.

        Raises:
            SignInError: The service refused; asking again would lock the user out, so it is not asked again.
            ServiceError: The service cannot be reached, and there is no token that still holds.
        """
        async with self._lock:
            if self._token is None or self._now() >= self._token.ends_at:
                await self._renew()
            elif self._now() >= self._token.renew_at:
                await self._renew_ahead()
            return Ticket(self.number, self._current_token().access)

    async def renew(self, number: int) -> None:
        """Replace the token of that sign-in, unless another caller already has.

        Raises:
            SignInError: The service refused.
            ServiceError: The service cannot be reached.
        """
        async with self._lock:
            # The number that the refused call carried. Without it, each of many calls would renew what the one before
            # it has just renewed, and each renewal ends the refresh token of the last.
            if number == self.number:
                await self._renew()

    async def _renew_ahead(self) -> None:
        token = self._current_token()
        try:
            await self._renew()
        except ImporterError as error:
            # The token still holds. A refusal is final, and repeating it would count as failed sign-ins.
            self._refused = None
            away = isinstance(error, ServiceError)
            again = min(self._now() + _RENEW_AGAIN, token.ends_at) if away else token.ends_at
            self._token = Token(token.access, token.refresh, again, token.ends_at)

    async def _renew(self) -> None:
        # A refusal is remembered: users have a counter of failed sign-ins (InvalidLoginAttempts, get-users page), and
        # every row of a long run would raise it.
        if self._refused:
            raise self._refused
        try:
            self._token = await self._by_refresh() or await self._by_password()
            self.number += 1
        except SignInError as refused:
            self._refused = refused
            raise

    async def _by_refresh(self) -> Token | None:
        """The token for the refresh token; None when there is none or it is refused, so that the password may help."""
        if self._token is None or self._token.refresh is None:
            return None
        reply = await self._ask(
            {
                "grant_type": "refresh_token",
                "refresh_token": self._token.refresh.reveal(),
                "client_id": self._access.client_id,
            }
        )
        token = read_token(reply, self._now())
        # How an expired refresh token is refused is not documented, so the body is not asked.
        if token is None and not reply.status_in(400, 401):
            raise away(self._access, reply)
        return token

    async def _by_password(self) -> Token:
        access = self._access
        if self._code_spent:
            raise SignInError("The two-factor code has been used, and it works only once.", _NEW_CODE)
        if not (access.username and access.password):
            raise SignInError("The sign-in has expired and cannot be renewed.", "Sign in again, then try again.")
        form = {"grant_type": "password", "username": access.username, "password": access.password.reveal()}
        # The pages call it a header or a parameter; the newest one says parameter (read 2026-11-23).
        form["client_id"] = access.client_id
        if access.totp:
            form[CODE] = access.totp.reveal()
        # Spent while it is on its way already, and afterwards by whether it was sent: an answer that is lost may have
        # been a token.
        self._code_spent = CODE in form
        reply = await self._ask(form)
        self._code_spent = CODE in form and reply.sent
        token = read_token(reply, self._now())
        if token is None and _is_refusal(reply):
            raise refusal(access, reply)
        if token is None:
            raise _away_with_the_code(access, reply) if self._code_spent else away(access, reply)
        self.by_password = True
        return token

    def _current_token(self) -> Token:
        if self._token is None:
            raise SignInError("You are not signed in.")
        return self._token


def read_token(reply: Reply, now: float) -> Token | None:
    """The token in a reply of the token address, None when there is none."""
    answer = reply.json if reply.status_in(200) and isinstance(reply.json, dict) else {}
    access, refresh, life = (answer.get(name) for name in ("access_token", "refresh_token", "expires_in"))
    # A token goes into a header: one with a line end or a space in it could never be sent.
    if not (isinstance(access, str) and re.fullmatch(r"[!-~]+", access)):
        return None
    seconds = float(life) if isinstance(life, int | float) and not isinstance(life, bool) and life > 0 else math.inf
    refresh_secret = Secret(refresh) if isinstance(refresh, str) and refresh else None
    return Token(Secret(access), refresh_secret, now + seconds * RENEW_AT, now + seconds)


_REFUSALS: Mapping[str, tuple[str, str]] = {
    "invalid_grant": (
        "The user name or password is incorrect.",
        "Check NEXUDUS_USERNAME and NEXUDUS_PASSWORD, and NEXUDUS_TOTP if you use it.",
    ),
    "two_factor_auth_check": (
        "This user signs in with a second factor, and no code is set.",
        "Set NEXUDUS_TOTP to the code your authenticator shows now.",
    ),
    "must_reset_password": (
        "Nexudus requires a new password for this user.",
        "Sign in to Nexudus in a browser, choose one, and set NEXUDUS_PASSWORD to it.",
    ),
    "unsupported_grant_type": (
        "The service does not accept a sign-in with user name and password.",
        "Set NEXUDUS_TOKEN instead.",
    ),
}


def refusal(access: Access, reply: Reply) -> SignInError:
    """Why the sign-in was refused, in the importer's own words."""
    code = _error_code(reply)
    if code in _REFUSALS:
        return SignInError(*_REFUSALS[code])
    # Quoted only if it looks like a code: a service that is none of Nexudus' may send anything, a secret as well.
    named = code if re.fullmatch(r"[a-z_]{1,40}", code) else f"HTTP {reply.status}"
    return SignInError(f"{access.host} refused the sign-in ({named}).", "Check the user name, password and role.")


def away(access: Access, reply: Reply) -> ServiceError:
    """Why there is no usable answer, in the importer's own words."""
    if reply.status_in(409, 429) and reply.wait is not None:
        return ServiceError(f"{access.host} asks to wait {reply.wait:.0f} seconds.", "Try again after that.")
    happened = reply.failure or f"HTTP {reply.status} without the expected answer"
    return ServiceError(
        f"There is no usable answer from {access.host}: {happened}.",
        "Check the address and the network, then try again.",
    )


def _away_with_the_code(access: Access, reply: Reply) -> ServiceError:
    return ServiceError(f"{away(access, reply).message} The two-factor code may have been used.", _NEW_CODE)


def _is_refusal(reply: Reply) -> bool:
    # 400 and 403 without an OAuth code come from something in between; to call that a wrong password would be false.
    return reply.status_in(400, 401, 403) and (bool(_error_code(reply)) or reply.status_in(401))


def _error_code(reply: Reply) -> str:
    code = reply.json.get("error") if isinstance(reply.json, dict) else None
    return code if isinstance(code, str) else ""
