"""Browser sessions, with the sign-ins to Nexudus inside them, and the one-time links that start one.

All of it is in memory only and ends with the server.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from importer.config.settings import Settings
from importer.model import Clock
from importer.web.auth.people import Identity, Person

LINK_LASTS = 600.0
IDLE = 12 * 3600.0
"""Seconds after which a session that nobody used ends."""

LONGEST = 7 * 86400.0
"""Seconds after which any session ends."""

LONGEST_OF_A_TEAM = 8 * 3600.0
"""The same for a team: what the provider said of somebody is at most as old."""

_MOST_OF_A_PERSON = 50
_LONGEST_BROWSER = 200


@dataclass
class WebSession:
    """A session: who, since when, and their sign-in to Nexudus, which is never written to disk.

    ``identity`` is how a person of a team has signed in, and ``grant`` the number of the role that they then had.
    """

    person: Person
    started: float
    last_used: float
    identity: Identity | None = None
    grant: str = ""
    browser: str = ""
    sign_in: Settings | None = field(default=None, repr=False)
    account: str = ""


class SessionStore:
    """The sessions and the one-time links that start one, in memory. Only hashes of their secrets are stored."""

    def __init__(self, now: Clock, longest: float = LONGEST) -> None:
        """Start without sessions; none lasts longer than so many seconds."""
        self._now, self._longest = now, longest
        self._of_proxy = secrets.token_urlsafe(32)
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

    def start(self, person: Person, identity: Identity | None = None, grant: str = "", browser: str = "") -> str:
        """The cookie of a new session."""
        secret = secrets.token_urlsafe(32)
        self._add(secret, person, identity, grant, browser)
        return secret

    def of_proxy(self, person: Person, identity: Identity, grant: str) -> WebSession:
        """The one session of somebody whom a proxy has signed in: it says so with each request, without a cookie."""
        secret = f"{self._of_proxy}{person.key}"
        session = self.find(secret)
        if session is None or session.grant != grant:
            session = self._add(secret, person, identity, grant, "")
        return session

    def _add(self, secret: str, person: Person, identity: Identity | None, grant: str, browser: str) -> WebSession:
        now = self._now()
        session = WebSession(person, now, now, identity, grant, browser[:_LONGEST_BROWSER])
        with self._lock:
            self._sessions = {key: session for key, session in self._sessions.items() if self._is_valid(session)}
            # A program that signs in anew each time must not fill the memory; the browser of a person stays.
            of_person = [key for key, other in self._sessions.items() if identity and other.person.key == person.key]
            for key in of_person[: max(len(of_person) + 1 - _MOST_OF_A_PERSON, 0)]:
                del self._sessions[key]
            self._sessions[_hash(secret)] = session
        return session

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

    def of_person(self, key: str) -> dict[str, WebSession]:
        """The sessions of a person, each by a name that opens nothing, the last used first."""
        with self._lock:
            valid = {
                name: session
                for name, session in self._sessions.items()
                if session.person.key == key and self._is_valid(session)
            }
        return dict(sorted(valid.items(), key=lambda item: -item[1].last_used))

    def end_of_person(self, key: str, which: Callable[[str, WebSession], bool]) -> None:
        """Forget those sessions of a person for which this holds."""
        for name, session in self.of_person(key).items():
            if which(name, session):
                with self._lock:
                    self._sessions.pop(name, None)

    def _is_valid(self, session: WebSession) -> bool:
        return self._now() - session.last_used < IDLE and self._now() - session.started < self._longest


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
