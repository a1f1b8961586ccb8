"""Rows in doubt settled by asking what the service holds.

What was created since the first doubtful send, less what the journal knows, is the effect of the rows in doubt. A
record that equals a row in every sent field is the row's; equal rows are interchangeable. Found is believed at once,
absent only after the visibility window, and anything that fits no row or too many goes to a person.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from importer.delivery.listing import Comparer, Key, Listing, Remote, by_key
from importer.journal.journal import Journal
from importer.journal.rows import Change, Intent
from importer.journal.states import Event
from importer.text import printable, value_words
from schemas import RecordType

MOST_RESENDS = 3
"""How often a row that was proved absent is sent again before a person must look."""

CLOCK_MARGIN = 86_400.0
"""Seconds by which the service's clock may have differed from ours when a row was sent. A narrow margin would save a
page of the list; but a clock that was wrong then and is right now would hide the row's own record, and double it."""


@dataclass
class Settled:
    """What reconciling found: the changes to make, and the rows that were sent too recently to judge."""

    changes: list[Change] = field(default_factory=list)
    too_recent: list[Intent] = field(default_factory=list)
    failure: str = ""

    def count(self, event: Event) -> int:
        """How many of the changes are this event."""
        return sum(change.event is event for change in self.changes)


def since(doubtful: Sequence[Intent]) -> float:
    """From when on records must be listed to settle these rows."""
    return min(intent.sent_at or 0.0 for intent in doubtful) - CLOCK_MARGIN


def settle(
    doubtful: Sequence[Intent],
    listing: Listing,
    journal: Journal,
    target: int,
    kind: RecordType,
    *,
    user: str,
    asked_at: float,
    window: float,
) -> Settled:
    """What has become of these rows by a listing that was begun at ``asked_at`` (epoch seconds).

    ``window`` is the visibility window in seconds. Pure but for the question which Ids the journal knows.
    """
    # 1. Without a list nothing is believed: that a record was not seen says nothing where nobody could look.
    # 2. Records that the journal has an Id for belong to other rows, and are left out.
    # 3. Rows that sent the same fields are compared with the rest by all of them. Equal rows and equal records are
    #    interchangeable, so they are paired by age. More records than rows, or one that somebody else edited last, may
    #    be a colleague's: then a person decides, because to call it ours would leave our own, if it comes, unnoticed.
    # 4. A row without an equal may still have become a record that the service changed on its way. A record that names
    #    the same things and is no other row's goes to a person, or the row would be sent again beside it.
    # 5. Only then is it absent, and only if the list was *begun* after the window. By the time of judging, an effect
    #    that came while the list was read would be missed, and doubled.
    # 6. A row that was absent too often goes to a person: something takes it each time, and it may be the list.
    if listing.failure:
        return Settled(too_recent=list(doubtful), failure=listing.failure)
    of_journal = journal.rows.known_ids(target, [remote.id for remote in listing.records])
    free = [remote for remote in listing.records if remote.id not in of_journal]
    comparer, settled = Comparer(kind), Settled()
    unmatched: list[Intent] = []
    taken: set[int] = set()
    for fields, rows in _by_fields(doubtful).items():
        records = by_key(comparer, fields, free)
        for key, same in _by_key(comparer, fields, rows).items():
            candidates = records.get(key, [])
            taken.update(remote.id for remote in candidates)
            unmatched += _pair(same, candidates, user, settled)
    leftover = [remote for remote in free if remote.id not in taken]
    for intent in unmatched:
        _judge_absent(intent, leftover, kind, comparer, user, asked_at, window, settled)
    return settled


def _pair(same: list[Intent], candidates: list[Remote], user: str, settled: Settled) -> list[Intent]:
    """Give equal rows their records, oldest to oldest; the rows that are left without one come back."""
    # Only somebody else's edit is a reason, not a missing name: a list need not say who edited a record last.
    foreign = [remote for remote in candidates if user and remote.by and remote.by != user]
    if len(candidates) > len(same) or foreign:
        named = ", ".join(f"{r.id} (edited by {printable(r.by) or 'an unknown user'})" for r in candidates[:5])
        sentence = (
            f"Equal records exist, but it is not certain which is this row's: {named}. Decide in Nexudus which to keep."
        )
        settled.changes += [Change(intent, Event.UNCLEAR, message=sentence) for intent in same]
        return []
    for intent, remote in zip(same, candidates, strict=False):
        settled.changes.append(Change(intent, Event.FOUND, remote_id=remote.id))
    return same[len(candidates) :]


def _judge_absent(
    intent: Intent,
    leftover: Sequence[Remote],
    kind: RecordType,
    comparer: Comparer,
    user: str,
    asked_at: float,
    window: float,
    settled: Settled,
) -> None:
    alike = [r for r in leftover if _may_be(intent, r, kind, comparer, user)]
    if alike:
        there = comparer.differences(intent.body, alike[0])
        values = "; ".join(
            f"{name} was sent as {value_words(sent)} and is {value_words(remote_value)}"
            for name, (sent, remote_value) in there.items()
        )
        sentence = (
            f"Record {alike[0].id} may be this row's, but differs: {printable(values, 300)}. Check it in Nexudus."
        )
        settled.changes.append(Change(intent, Event.UNCLEAR, message=sentence))
    elif asked_at - (intent.sent_at or 0.0) < window:
        settled.too_recent.append(intent)
    elif intent.resends >= MOST_RESENDS:
        sentence = f"Sent {intent.resends + 1} times, but no record was created. Create it in Nexudus."
        settled.changes.append(Change(intent, Event.UNCLEAR, message=sentence))
    else:
        settled.changes.append(Change(intent, Event.ABSENT))


def _may_be(intent: Intent, remote: Remote, kind: RecordType, comparer: Comparer, user: str) -> bool:
    """Whether a record that equals no row may still be this row's, changed by the service on its way."""
    if not _not_before(remote, intent) or (user and remote.by and remote.by != user):
        return False
    # By what it refers to. The service stores a reference or refuses it, while it may trim a name or shift a date.
    fields = [name for name in kind.references if name in json.loads(intent.body)]
    sent = comparer.sent(intent.body)
    return all(sent[name] == comparer.value(name, remote.values.get(name)) for name in fields)


def _not_before(remote: Remote, intent: Intent) -> bool:
    """Whether a record is recent enough to be the effect of sending this row."""
    if remote.created is None or intent.sent_at is None:
        return True
    return remote.created >= intent.sent_at - CLOCK_MARGIN


def _by_fields(intents: Sequence[Intent]) -> dict[tuple[str, ...], list[Intent]]:
    groups: dict[tuple[str, ...], list[Intent]] = {}
    for intent in intents:
        groups.setdefault(tuple(json.loads(intent.body)), []).append(intent)
    return groups


def _by_key(comparer: Comparer, fields: tuple[str, ...], intents: Sequence[Intent]) -> dict[Key, list[Intent]]:
    groups: dict[Key, list[Intent]] = {}
    for intent in intents:
        groups.setdefault(comparer.key(fields, json.loads(intent.body)), []).append(intent)
    return groups


class RemoteIndex:
    """Records that the service holds and the journal does not know: what a row to be sent may exist as already.

    They were made elsewhere, or by this importer before its journal was put back from an older copy. Each record is
    given to one row only.
    """

    def __init__(self, listing: Listing, journal: Journal, target: int, kind: RecordType) -> None:
        """Leave out the records that the journal knows."""
        of_journal = journal.rows.known_ids(target, [remote.id for remote in listing.records])
        self._free = [remote for remote in listing.records if remote.id not in of_journal]
        self._comparer = Comparer(kind)
        self._by_fields: dict[tuple[str, ...], dict[Key, list[Remote]]] = {}
        self._claimed: set[int] = set()
        for doubtful in journal.rows.in_doubt(target):
            # A record that may be the effect of a row in doubt belongs to no other row before that one is settled.
            self._claimed.update(remote.id for remote in self._equal(doubtful.body))

    def __bool__(self) -> bool:
        """Whether there is any such record."""
        return bool(self._free)

    def claim(self, body: str) -> Remote | None:
        """The record that equals this row in every sent field, if there is one left."""
        for remote in self._equal(body) if self._free else ():
            if remote.id not in self._claimed:
                self._claimed.add(remote.id)
                return remote
        return None

    def _equal(self, body: str) -> list[Remote]:
        values = json.loads(body)
        fields = tuple(values)
        if fields not in self._by_fields:
            self._by_fields[fields] = by_key(self._comparer, fields, self._free)
        return self._by_fields[fields].get(self._comparer.key(fields, values), [])
