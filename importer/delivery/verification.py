"""Compares the records of a run's rows with what the service has now, one by one. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from importer.delivery.by_id import Gone, Look, Unreadable, unreadable_field
from importer.delivery.comparer import Comparer, Key, by_key
from importer.delivery.listing import Listing, Remote, changed_since
from importer.journal.rows import Intent
from importer.journal.states import State
from importer.model import Presence
from importer.text import value_words
from schemas import RecordType

_UNGIVEN = (None, "", 0, False)


@dataclass(frozen=True, slots=True)
class Verified:
    """One row of a verification: what was found, and the detail for people."""

    row: int
    remote_id: int
    presence: Presence
    detail: str = ""


def needs_a_look(intents: Iterable[Intent], listing: Listing, kind: RecordType) -> list[int]:
    """The Ids of rows about which the list does not say enough: not listed, or with a field that cannot be read."""
    # That a list lacks a record does not prove that it is gone: a record deleted while the list is read moves another
    # one from one page to the next.
    readable = {remote.id for remote in listing.records if not unreadable_field(remote.values, kind)}
    return [number for intent in intents if (number := intent.remote_id or 0) not in readable]


def verify(
    intents: Iterable[Intent], listing: Listing, kind: RecordType, looks: Mapping[int, Look]
) -> Iterator[Verified]:
    """Each row against the listing of everything that the service holds, and against the records read by Id.

    ``looks`` are the records of ``needs_a_look`` by their Ids. A second record that equals a row in every sent field
    makes it ``twice``, unless that record is another row's.
    """
    rows = list(intents)
    comparer = Comparer(kind)
    by_id: dict[int, Look] = {remote.id: remote for remote in listing.records}
    by_id.update(looks)
    # Rows with equal values are allowed on purpose (--allow-duplicates): their records are no doubles of each other.
    ids_of_run = {intent.remote_id for intent in rows}
    others: dict[tuple[str, ...], dict[Key, list[Remote]]] = {}
    for intent in rows:
        values = json.loads(intent.body)
        fields = tuple(values)
        if fields not in others:
            others[fields] = by_key(comparer, fields, [r for r in listing.records if r.id not in ids_of_run])
        doubles = others[fields].get(comparer.key(fields, values), [])
        there = by_id.get(intent.remote_id or 0, Unreadable("the service does not list it"))
        yield _judge(intent, there, doubles, comparer)


def _judge(intent: Intent, there: Look, doubles: list[Remote], comparer: Comparer) -> Verified:
    number = intent.remote_id or 0
    if isinstance(there, Gone):
        return Verified(intent.row, number, Presence.ABSENT, "the service no longer has it")
    if isinstance(there, Unreadable):
        return Verified(intent.row, number, Presence.UNREAD, there.why)
    # What this row did not create may hold more than the row: there an empty cell says nothing.
    differs = (
        comparer.differences(intent.body, there)
        if intent.state in (State.EXISTING, State.UPDATED, State.RESTORING)
        else changed_fields(comparer, intent.body, there)
    )
    if differs:
        details = "; ".join(
            f"{name} was sent as {value_words(sent)} and is {value_words(value)}"
            for name, (sent, value) in differs.items()
        )
        # An update itself moves the time of the last change, so only another time than the update's shows that somebody
        # has changed the record since. Without that time, it is likelier than a value that the service did not store.
        since = intent.updated_on is None or there.updated != intent.updated_on
        changed = since if intent.state in (State.UPDATED, State.RESTORING) else changed_since(there)
        presence = Presence.CHANGED if changed else Presence.DIFFERS
        return Verified(intent.row, number, presence, details)
    if doubles:
        return Verified(intent.row, number, Presence.TWICE, f"also as record {', '.join(str(r.id) for r in doubles)}")
    return Verified(intent.row, number, Presence.ONCE)


def changed_fields(comparer: Comparer, body: str, remote: Remote) -> dict[str, tuple[object, object]]:
    """The fields in which a record differs from what created it: what was sent, and what is there.

    Of every field of the type: one that was not sent was created empty, so a value in it is somebody's.
    """
    sent, there = json.loads(body), remote.values
    differs = comparer.differences(body, remote)
    for name in comparer.fields:
        # A number or a yes-or-no field that was never given a value may be shown as 0 or as false.
        if name not in sent and (value := there.get(name)) not in _UNGIVEN:
            differs[name] = ("empty", value)
    return differs
