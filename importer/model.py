"""The nouns of the importer.

Holds frozen values only. Must not know files, the network, the database or the clock.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

Clock = Callable[[], float]
"""Gives the time in epoch seconds. The front ends pass it in.

Below them only the lock asks the machine for the time, to tell people since when it is taken; and ``nexudus.service``,
where no clock is passed in. How long something takes is measured with a clock that nobody can set.
"""


class Status(StrEnum):
    """The outcome of one row of the file: a closed list, and its counts add up to the rows."""

    CREATED = "created"
    UPDATED = "updated"
    EXISTING = "existing"
    REJECTED = "rejected"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    NOT_SENT = "not sent"
    LEFT_OUT = "left out"


class Presence(StrEnum):
    """What a verification finds on the service for a row that was created."""

    ONCE = "once"
    TWICE = "twice"
    DIFFERS = "differs"
    CHANGED = "changed since"
    ABSENT = "absent"
    UNREAD = "not looked at"


class AgreedUpdate(NamedTuple):
    """A record that the user has agreed to update, as it was in the plan.

    ``updated_on`` is when it had been changed last, in epoch seconds; None if the service does not say. ``before`` is
    the record as JSON, None where only that time is known.
    """

    remote_id: int
    updated_on: float | None
    before: str | None = None


class Record(NamedTuple):
    """One checked row, typed and ready to be sent.

    ``body`` is the JSON text that goes over the wire; ``identity`` is a 16-byte hash of the typed values, by which the
    same row is recognised in any file; ``key`` is a hash of the values that say which mapping it is
    (``schemas.key_digest``). ``named_id`` is the Id of the record that the row names, None if it names none; it is no
    part of the body. ``update`` is what the user has agreed to.
    """

    row: int
    body: str
    identity: bytes
    key: bytes
    named_id: int | None = None
    update: "AgreedUpdate | None" = None


class Clash(StrEnum):
    """What two rows have in common of which at most one can be sent."""

    VALUES = "values"
    KEY = "key"
    RECORD = "record"


class RowElsewhere(NamedTuple):
    """A row of another file of the batch that stands in the way of one of this file, and what they have in common."""

    clash: Clash
    row: int
    file: str

    def __str__(self) -> str:
        """The row and its file, as the sentence of the issue has them after "row"."""
        return f"{self.row} of {self.file}"


ONCE_MORE = " once more"
"""What makes the keys of a run differ that creates further records on purpose, so that no earlier claim holds for it.

The same for every such run: the same command typed again finds its own records, and creates nothing.
"""

NAMELESS = "token-"


def is_nameless(account: str) -> bool:
    """Whether the key of an account is made of its token, because the service did not say whose it is."""
    return account.partition("/")[2].startswith(NAMELESS)


def email_of(account: str) -> str:
    """The user of the account of this key as records name their editors; empty if the key is made of something else."""
    # Behind the user, a practice service has a number of its own.
    user = account.partition("/")[2].partition("/")[0].casefold()
    return user if "@" in user else ""


@dataclass(frozen=True, slots=True)
class Account:
    """The account whose records are written.

    ``key`` identifies the user for good, and is what allowances hang on. ``service`` identifies the service, and is
    what claims hang on: two users of one space see each other's. ``user`` and ``space`` are for display.
    """

    key: str
    user: str
    space: str
    service: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import will do and cost, before it starts. Durations in seconds, ``finish`` in epoch seconds.

    ``existing`` rows are unchanged: their record has the values that they give. ``blocked`` rows wait for a row of
    another run that is in doubt, in review or being updated. ``changed`` rows have a record with other values,
    ``ambiguous`` ones may have one. Both are held, and ``conflicts`` are the first of them, each with its row
    number and a sentence. If records are to be updated, the changed ones are counted in ``update`` instead, and
    ``updates`` are the first of them, with what changes; in ``backwards`` of them, a date becomes an earlier one.

    ``limited_by`` is the setting that decides how long it takes, ``limit`` its value; both empty if nothing slows it
    down. ``below_rate`` are the settings that keep the ``rate`` from being reached, with what each would have to be.
    """

    rows: int
    create: int
    existing: int
    invalid: int
    blocked: int
    quota_left: int | None
    seconds: float
    finish: float
    changed: int = 0
    ambiguous: int = 0
    conflicts: Sequence[tuple[int, str]] = ()
    update: int = 0
    updates: Sequence[tuple[int, str]] = ()
    backwards: int = 0
    limited_by: str = ""
    limit: str = ""
    rate: str = ""
    below_rate: Sequence[tuple[str, int]] = ()

    @property
    def writes(self) -> int:
        """The records to create and to update; each takes one call that writes."""
        return self.create + self.update

    @property
    def calls(self) -> int:
        """Those calls, and the read that comes before each update."""
        return self.writes + self.update

    @property
    def conflicting(self) -> int:
        """Rows that are held because a record of their mapping exists, or may exist, with other values."""
        return self.changed + self.ambiguous

    @property
    def made(self) -> float:
        """When the plan was made, in epoch seconds: sending would begin at once."""
        return self.finish - self.seconds


@dataclass(frozen=True, slots=True)
class Progress:
    """How many rows are done, answered or not; if nothing moves, why and until when (epoch seconds).

    ``throttled`` counts the answers that asked to wait, ``failed_rows`` are the rows that failed since the last time.
    """

    done: int
    failed: int
    waiting: str = ""
    until: float = 0.0
    throttled: int = 0
    failed_rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a row, with the Id that the service gave and the sentence for the report."""

    row: int
    status: Status
    remote_id: int | None = None
    message: str = ""
