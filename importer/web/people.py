"""Who asks: one-time links, sessions, and in team mode named people with passwords and roles.

Sessions and the sign-ins to Nexudus inside them live in memory only and end with the server. Passwords are kept as
Argon2id hashes in one private file.
"""

import hashlib
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from importer.config.settings import Settings
from importer.config.store import Document
from importer.errors import UsageError
from importer.model import Clock
from importer.text import printable

LINK_LASTS = 600.0
IDLE = 12 * 3600.0
"""Seconds after which a session that nobody used ends."""

LONGEST = 7 * 86400.0
"""Seconds after which any session ends."""

SHORTEST_PASSWORD = 12
_SLOWEST = 300.0
_MOST_FAILURES = 1_000


class Role(IntEnum):
    """What a person may do; each may do what those before may."""

    VIEWER = 1
    RUNNER = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the pages. The one person of a server for this machine has no name."""

    name: str
    role: Role

    def may_open(self, owner: str) -> bool:
        """Whether the uploads, rows and reports of this owner are theirs to read."""
        return self.role is Role.ADMIN or (bool(self.name) and self.name == owner)


@dataclass
class WebSession:
    """A session: who, since when, and the sign-in to Nexudus that they gave, which is never written down."""

    person: Person
    began: float
    seen: float
    sign_in: Settings | None = field(default=None, repr=False)
    account: str = ""


class SessionStore:
    """The sessions and the one-time links that begin one, in memory. Only hashes of their secrets are held."""

    def __init__(self, now: Clock) -> None:
        """Nobody is here yet."""
        self._now = now
        self._links: dict[str, tuple[Person, float]] = {}
        self._visits: dict[str, WebSession] = {}
        self._lock = threading.Lock()

    def link(self, person: Person) -> str:
        """A secret that begins one session, once, in the next ten minutes."""
        secret = secrets.token_urlsafe(32)
        with self._lock:
            self._links[_hash(secret)] = (person, self._now() + LINK_LASTS)
        return secret

    def use_link(self, secret: str) -> str | None:
        """The cookie of a new session, or None if the link was used, is too old or never was."""
        with self._lock:
            person, until = self._links.pop(_hash(secret), (None, 0.0))
        return self.begin(person) if person is not None and self._now() < until else None

    def begin(self, person: Person) -> str:
        """The cookie of a new session."""
        secret, now = secrets.token_urlsafe(32), self._now()
        with self._lock:
            self._visits = {key: visit for key, visit in self._visits.items() if self._holds(visit)}
            self._visits[_hash(secret)] = WebSession(person, now, now)
        return secret

    def find(self, secret: str) -> WebSession | None:
        """The session of a cookie, if it still holds."""
        with self._lock:
            visit = self._visits.get(_hash(secret))
            if visit is None or not self._holds(visit):
                return None
            visit.seen = self._now()
            return visit

    def end(self, secret: str) -> None:
        """Forget a session."""
        with self._lock:
            self._visits.pop(_hash(secret), None)

    def _holds(self, visit: WebSession) -> bool:
        return self._now() - visit.seen < IDLE and self._now() - visit.began < LONGEST


@dataclass(frozen=True, slots=True)
class _Entry:
    role: str
    password: str
    failures: int = 0
    wait_until: float = 0.0


@dataclass(frozen=True, slots=True)
class _People:
    people: Mapping[str, _Entry]


_PEOPLE = Document("The list of people", _People, steps={0: lambda document: {"people": document}})


class Team:
    """The named people of team mode, in one private file. Nobody is in it until an administrator adds them."""

    def __init__(self, path: Path, now: Clock, hasher: PasswordHasher | None = None) -> None:
        """Use the file at this path, which need not exist."""
        self._path, self._now = path, now
        self._hasher = hasher or PasswordHasher()
        # A hash takes 64 MB while it is worked out; many at once would be an easy way to fill the memory.
        self._one_at_a_time = threading.Lock()
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))
        self._strangers: dict[str, _Entry] = {}

    @property
    def people(self) -> list[Person]:
        """Everybody, by name."""
        return [Person(name, Role[entry.role]) for name, entry in sorted(self._read().items())]

    def add(self, name: str, password: str, role: Role) -> None:
        """Let somebody in, or give them another password or role.

        Raises:
            UsageError: The name or the password will not do.
        """
        if not name or name != printable(name.strip(), 64):
            raise UsageError("A name has 1 to 64 characters, without spaces before or after.")
        plain = password.casefold()
        if len(password) < SHORTEST_PASSWORD or plain in _WELL_KNOWN or name.casefold() in plain:
            raise UsageError(
                f"The password must have at least {SHORTEST_PASSWORD} characters, must not hold the name and must not "
                "be a well known one.",
                "Four random words do well.",
            )
        self._write(self._read() | {name: _Entry(role.name, self._hasher.hash(password))})

    def remove(self, name: str) -> None:
        """Let somebody in no longer.

        Raises:
            UsageError: There is nobody of that name.
        """
        people = self._read()
        if people.pop(name, None) is None:
            raise UsageError(f'There is nobody called "{printable(name)}".')
        self._write(people)

    def person(self, name: str) -> Person | None:
        """Somebody as they are now, or None once they were removed."""
        entry = self._read().get(name)
        return Person(name, Role[entry.role]) if entry else None

    def enter(self, name: str, password: str) -> tuple[Person | None, float]:
        """The person if the password is theirs; else None and the seconds to wait before the next try.

        Takes as long for a name that nobody has. Each wrong password doubles the wait of that name, and only of that.
        """
        with self._one_at_a_time:
            people = self._read()
            entry = people.get(name) or self._strangers.get(name) or _Entry("", self._nobody)
            if (wait := entry.wait_until - self._now()) > 0:
                return None, wait
            if self._is_right(entry.password, password) and name in people:
                if entry.failures:
                    self._write(people | {name: replace(entry, failures=0, wait_until=0.0)})
                return Person(name, Role[entry.role]), 0.0
            return None, self._slow_down(people, name, entry)

    def _is_right(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    def _slow_down(self, people: Mapping[str, _Entry], name: str, entry: _Entry) -> float:
        wait = min(2.0**entry.failures, _SLOWEST)
        slowed = replace(entry, failures=min(entry.failures + 1, 30), wait_until=self._now() + wait)
        if name in people:
            self._write({**people, name: slowed})
        elif len(self._strangers) < _MOST_FAILURES:
            self._strangers[name] = slowed
        return wait

    def _read(self) -> dict[str, _Entry]:
        stored = _PEOPLE.read(self._path)
        return dict(stored.people) if stored else {}

    def _write(self, people: Mapping[str, _Entry]) -> None:
        _PEOPLE.write(self._path, _People(people))


_WELL_KNOWN = frozenset({"password1234", "passwordpassword", "administrator", "123456789012", "qwertyuiopas"})


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
