"""Browser sessions, with the sign-ins to Nexudus inside them, and the one-time links that start one.

All of it is in memory only and ends with the server.
"""

import hashlib
import secrets
import threading
from dataclasses import dataclass, field

from importer.config.settings import Settings
from importer.model import Clock
from importer.web.auth.people import Person

LINK_LASTS = 600.0
IDLE = 12 * 3600.0
"""Seconds after which a session that nobody used ends."""

LONGEST = 7 * 86400.0
"""Seconds after which any session ends."""


@dataclass
class WebSession:
    """A session: who, since when, and their sign-in to Nexudus, which is never written to disk."""

    person: Person
    started: float
    last_used: float
    sign_in: Settings | None = field(default=None, repr=False)
    account: str = ""


class SessionStore:
    """The sessions and the one-time links that start one, in memory. Only hashes of their secrets are stored."""

    def __init__(self, now: Clock) -> None:
        """Start without sessions."""
        self._now = now
        self._links: dict[str, tuple[Person, float]] = {}
        self._sessions: dict[str, WebSession] = {}
        self._lock = threading.Lock()

    def link(self, person: Person) -> str:
        """A secret that starts one session, once, in the next ten minutes."""
        secret = secrets.token_urlsafe(32)
        with self._lock:
            self._links[_hash(secret)] = (person, self._now() + LINK_LASTS)
        return secret

    def use_link(self, secret: str) -> str | None:
        """The cookie of a new session, or None if the link was used, is too old or never was."""
        with self._lock:
            person, until = self._links.pop(_hash(secret), (None, 0.0))
        return self.start(person) if person is not None and self._now() < until else None

    def start(self, person: Person) -> str:
        """The cookie of a new session."""
        secret, now = secrets.token_urlsafe(32), self._now()
        with self._lock:
            self._sessions = {key: session for key, session in self._sessions.items() if self._is_valid(session)}
            self._sessions[_hash(secret)] = WebSession(person, now, now)
        return secret

    def find(self, secret: str) -> WebSession | None:
        """The session of a cookie, if it is still valid."""
        with self._lock:
            session = self._sessions.get(_hash(secret))
            if session is None or not self._is_valid(session):
                return None
            session.last_used = self._now()
            return session

    def end(self, secret: str) -> None:
        """Forget a session."""
        with self._lock:
            self._sessions.pop(_hash(secret), None)

    def _is_valid(self, session: WebSession) -> bool:
        return self._now() - session.last_used < IDLE and self._now() - session.started < LONGEST


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
