"""One sign-in on its way to the provider and back: state, nonce and PKCE verifier, bound to one browser.

Nothing is stored for a browser that never comes back: all three are made from its cookie and a key of this server.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from importer.model import Clock

FLOW_LASTS = 600.0
"""Seconds that somebody has for signing in at the provider."""

_LONGEST_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one sign-in is recognised by.

    Attributes:
        state: Goes to the provider and back through the browser; proves that this browser began it.
        nonce: Comes back inside the ID token.
        verifier: Proves to the provider that whoever has the code also began the sign-in (RFC 7636).
        page: Where the person wanted to go.
    """

    state: str
    nonce: str
    verifier: str
    page: str

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier."""
        return _text(hashlib.sha256(self.verifier.encode()).digest())


@dataclass(frozen=True, slots=True)
class Callback:
    """What a browser brings back from the provider: a code or an error, and who says so, if it does."""

    code: str
    error: str
    issuer: str | None


class SignInFlows:
    """The sign-ins that have begun and not come back."""

    def __init__(self, now: Clock) -> None:
        """A new key: sign-ins that another server began are none of ours."""
        self._now, self._key = now, secrets.token_bytes(32)
        self._used: dict[str, float] = {}

    def begin(self, page: str) -> tuple[str, Attempt]:
        """The cookie of a new sign-in, and what it is recognised by."""
        target = page if len(page) <= _LONGEST_PAGE else "/"
        cookie = f"{int(self._now())}.{secrets.token_urlsafe(24)}.{_text(target.encode('utf-8', 'replace'))}"
        return cookie, self._attempt(cookie)

    def finish(self, cookie: str, state: str) -> Attempt | None:
        """What a sign-in was begun with; None if this browser did not begin it, or too long ago, or it came back."""
        attempt = self._attempt(cookie)
        # First, because nothing else that the cookie says can be believed before.
        if not hmac.compare_digest(attempt.state.encode(), state.encode("utf-8", "replace")):
            return None
        now = self._now()
        self._used = {used: until for used, until in self._used.items() if now < until}
        begun = float(cookie.partition(".")[0])
        if not begun - 1 <= now <= begun + FLOW_LASTS or attempt.state in self._used:
            return None
        self._used[attempt.state] = now + FLOW_LASTS
        return attempt

    def _attempt(self, cookie: str) -> Attempt:
        state, nonce, verifier = (self._made_of(cookie, use) for use in ("state", "nonce", "verifier"))
        return Attempt(state, nonce, verifier, _page(cookie))

    def _made_of(self, cookie: str, use: str) -> str:
        return _text(hmac.digest(self._key, f"{use}:{cookie}".encode("utf-8", "replace"), "sha256"))


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _page(cookie: str) -> str:
    packed = cookie.rpartition(".")[2]
    try:
        return base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
    except ValueError:
        return "/"
