"""The named people of team mode, with roles, and passwords kept as Argon2id hashes in one private file."""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from importer.config.store import Document
from importer.errors import UsageError
from importer.model import Clock
from importer.text import printable

SHORTEST_PASSWORD = 12
_SLOWEST = 300.0
_MOST_UNKNOWN_NAMES = 1_000


class Role(IntEnum):
    """What a person may do; each may do what those before may."""

    VIEWER = 1
    RUNNER = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class Person:
    """A person who uses the pages. On a server for one machine there is one, without a name."""

    name: str
    role: Role

    def may_open(self, owner: str) -> bool:
        """Whether the uploads, rows and reports of this owner are theirs to read."""
        return self.role is Role.ADMIN or (bool(self.name) and self.name == owner)


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
    """The named people of team mode, in one private file. It is empty until an administrator adds someone."""

    def __init__(self, path: Path, now: Clock, hasher: PasswordHasher | None = None) -> None:
        """Use the file at this path, which need not exist."""
        self._path, self._now = path, now
        self._hasher = hasher or PasswordHasher()
        # A hash takes 64 MB while it is worked out; many at once would be an easy way to fill the memory.
        self._one_at_a_time = threading.Lock()
        self._no_hash = self._hasher.hash(secrets.token_urlsafe(16))
        self._unknown_names: dict[str, _Entry] = {}

    @property
    def people(self) -> list[Person]:
        """Everybody, by name."""
        return [Person(name, Role[entry.role]) for name, entry in sorted(self._read().items())]

    def add(self, name: str, password: str, role: Role) -> None:
        """Add a person, or change their password and role.

        Raises:
            UsageError: The name or the password will not do.
        """
        if not name or name != printable(name.strip(), 64):
            raise UsageError("A name must have 1 to 64 characters, with no spaces at either end.")
        plain = password.casefold()
        if len(password) < SHORTEST_PASSWORD or plain in _WELL_KNOWN or name.casefold() in plain:
            raise UsageError(
                f"The password must have at least {SHORTEST_PASSWORD} characters, must not contain the name and must "
                "not be a common one.",
                "Four random words work well.",
            )
        self._write(self._read() | {name: _Entry(role.name, self._hasher.hash(password))})

    def remove(self, name: str) -> None:
        """Remove a person.

        Raises:
            UsageError: No person has that name.
        """
        people = self._read()
        if people.pop(name, None) is None:
            raise UsageError(f'No person is called "{printable(name)}".')
        self._write(people)

    def person(self, name: str) -> Person | None:
        """The person of that name as they are now; None if there is none, or no longer."""
        entry = self._read().get(name)
        return Person(name, Role[entry.role]) if entry else None

    def sign_in(self, name: str, password: str) -> tuple[Person | None, float]:
        """The person if the password is theirs; else None and the seconds to wait before the next try.

        Takes as long for a name that nobody has. Each wrong password doubles the wait of that name, and only of that.
        """
        with self._one_at_a_time:
            people = self._read()
            entry = people.get(name) or self._unknown_names.get(name) or _Entry("", self._no_hash)
            if (wait := entry.wait_until - self._now()) > 0:
                return None, wait
            if self._is_right(entry.password, password) and name in people:
                if entry.failures:
                    self._write(people | {name: replace(entry, failures=0, wait_until=0.0)})
                return Person(name, Role[entry.role]), 0.0
            return None, self._slow_down(people, name, entry)

    def _is_right(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def _slow_down(self, people: Mapping[str, _Entry], name: str, entry: _Entry) -> float:
        wait = min(2.0**entry.failures, _SLOWEST)
        slowed = replace(entry, failures=min(entry.failures + 1, 30), wait_until=self._now() + wait)
        if name in people:
            self._write({**people, name: slowed})
        elif len(self._unknown_names) < _MOST_UNKNOWN_NAMES:
            self._unknown_names[name] = slowed
        return wait

    def _read(self) -> dict[str, _Entry]:
        stored = _PEOPLE.read(self._path)
        return dict(stored.people) if stored else {}

    def _write(self, people: Mapping[str, _Entry]) -> None:
        _PEOPLE.write(self._path, _People(people))


_WELL_KNOWN = frozenset({"password1234", "passwordpassword", "administrator", "123456789012", "qwertyuiopas"})
