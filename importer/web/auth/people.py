"""Who somebody at the pages is, what they may do, and the list in which an administrator gives roles."""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from importer.config.shelf import FileShelf, Shelf, change_shelved, read_shelved
from importer.config.store import Document, unchanged
from importer.errors import UsageError
from importer.text import printable

_LONGEST_NAME = 254

_MOST_KEYS = 20
"""People remembered of one name; more than one has it only when an address goes to somebody else."""
_LONGEST_SHOWN = 64
_NAME = "people.json"
_MARK = " #"
_MARK_DIGITS = 24


class Role(IntEnum):
    """What a person may do; each may do what those before may."""

    VIEWER = 1
    RUNNER = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class Person:
    """A person who uses the pages. On a server for one machine there is one, without a name.

    ``key`` says who it is, for good; the name is only shown, and may change or be given to somebody else.
    """

    name: str
    role: Role
    key: str = ""

    @property
    def owner(self) -> str:
        """What is stored with their uploads and runs."""
        return f"{self.name}{_MARK}{self.key}" if self.key else self.name

    def may_open(self, owner: str) -> bool:
        """Whether the uploads, rows and reports of this owner are theirs to read."""
        if self.role is Role.ADMIN:
            return True
        return bool(self.key) and owner.rpartition(_MARK)[2] == self.key and _MARK in owner


def owner_name(owner: str) -> str:
    """The name of an owner, as it was when the upload or run began."""
    name, mark, key = owner.rpartition(_MARK)
    return name if mark and len(key) == _MARK_DIGITS else owner


@dataclass(frozen=True, slots=True)
class Identity:
    """Who has signed in: proved by the provider or the proxy, not yet allowed anything.

    Attributes:
        key: Of the person, for good; see ``person_key``.
        name: To show.
        listed_as: The name under which the list may have them; empty if they have none that is proved.
        claimed: The role that the provider gives them.
    """

    key: str
    name: str
    listed_as: str
    claimed: Role | None = None


def person_key(issuer: str, subject: str) -> str:
    """What tells people apart: who says so and by which name, never an e-mail, which may pass to somebody else."""
    # The lengths, so that no two pairs make one text.
    text = f"{len(issuer)}:{issuer}{len(subject)}:{subject}"
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:_MARK_DIGITS]


def shown_name(text: str) -> str:
    """A name for the pages, on one line."""
    return printable(text.strip(), _LONGEST_SHOWN)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that holds now, and the number of this grant: another one, even of the same role, is another grant."""

    role: Role
    number: str


@dataclass(frozen=True)
class _Entry:
    """``keys`` are those of the people who have signed in under this name."""

    role: str
    grant: str = ""
    keys: Sequence[str] = ()


@dataclass(frozen=True)
class _People:
    people: Mapping[str, _Entry]


# Format 1 had hashes of passwords as well: members that are unknown by now, and so are dropped.
_PEOPLE = Document(
    "The list of people", _People, format=2, steps={0: lambda document: {"people": document}, 1: unchanged}
)


class People:
    """The roles that an administrator gave, by e-mail or by the name that the proxy says, in one document.

    Where machines share a database, they share the list. While it cannot be read, nobody has a role.
    """

    def __init__(self, shelf: Shelf) -> None:
        """Use the list on this shelf, which need not be there."""
        self._shelf = shelf

    @property
    def roles(self) -> dict[str, Role]:
        """Everybody in the list, by name."""
        return {name: Role[entry.role] for name, entry in sorted(self._read().items())}

    def add(self, name: str, role: Role) -> None:
        """Give somebody a role, in place of the one they had.

        Raises:
            UsageError: It is no name.
        """
        name = plain_name(name)
        if not name or len(name) > _LONGEST_NAME or name != printable(name, _LONGEST_NAME) or _MARK in name:
            raise UsageError(f'"{printable(name)}" is not a name or an e-mail address.')
        number = secrets.token_hex(8)

        def give(people: Mapping[str, _Entry]) -> dict[str, _Entry]:
            keys = {key for other, entry in people.items() if plain_name(other) == name for key in entry.keys}
            return _without(people, name) | {name: _Entry(role.name, number, sorted(keys))}

        self._change(give)

    def remove(self, name: str) -> None:
        """Take somebody off the list.

        Raises:
            UsageError: The list does not have them.
        """

        def remove(people: Mapping[str, _Entry]) -> dict[str, _Entry]:
            left = _without(people, plain_name(name))
            if len(left) == len(people):
                raise UsageError(f'The list has nobody called "{printable(name)}".', "To see it: importer people list")
            return left

        self._change(remove)

    def grant(self, name: str) -> Grant | None:
        """The role of somebody as it is now; None if they have none, or no longer."""
        entry = (
            {plain_name(other): entry for other, entry in self._read().items()}.get(plain_name(name)) if name else None
        )
        return Grant(Role[entry.role], entry.grant) if entry else None

    def remember(self, name: str, key: str) -> None:
        """Note that the person of this key has signed in under a name, if that is in the list."""

        def note(people: Mapping[str, _Entry]) -> dict[str, _Entry]:
            return {
                other: replace(entry, keys=[*entry.keys, key][-_MOST_KEYS:])
                if plain_name(other) == plain_name(name) and key not in entry.keys
                else entry
                for other, entry in people.items()
            }

        people = self._read()
        if note(people) != people:
            self._change(note)

    def role_before(self, key: str) -> Role | None:
        """The role of the name under which the person of this key has signed in before; None if there is none.

        Of several, the least.
        """
        return min((Role[entry.role] for entry in self._read().values() if key in entry.keys), default=None)

    def drop_passwords(self) -> None:
        """Write the list once more: earlier versions kept hashes of passwords in it."""
        change_shelved(_PEOPLE, self._shelf, _NAME, lambda stored: stored)
        if (files := self._shelf.files) is not None and (files / _NAME).exists():
            # Nobody goes by the file any more, but the hashes would stay in it.
            change_shelved(_PEOPLE, FileShelf(files), _NAME, lambda stored: stored)

    def _read(self) -> dict[str, _Entry]:
        stored = read_shelved(_PEOPLE, self._shelf, _NAME)
        return dict(stored.people) if stored else {}

    def _change(self, change: Callable[[Mapping[str, _Entry]], Mapping[str, _Entry]]) -> None:
        change_shelved(
            _PEOPLE, self._shelf, _NAME, lambda stored: _People(change(stored.people if stored is not None else {}))
        )


def _without(people: Mapping[str, _Entry], name: str) -> dict[str, _Entry]:
    return {other: entry for other, entry in people.items() if plain_name(other) != name}


BLANKS = " \t"
"""What may stand around a name; other spaces are letters of another name, like the letters that only look alike."""


def plain_name(name: str) -> str:
    """A name as the list compares it."""
    # Only ASCII without its case: other letters may become those of somebody else, as the Kelvin sign becomes a k.
    name = name.strip(BLANKS)
    return name.lower() if name.isascii() else name
