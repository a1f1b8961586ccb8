"""Compares what a run created with what the service holds now, record by record. Pure."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from importer.delivery.listing import Comparer, Key, Listing, Remote, by_key
from importer.journal.rows import Intent
from importer.model import Presence
from importer.text import value_words
from schemas import RecordType

_SAME_MOMENT = 2.0
"""Seconds between CreatedOn and UpdatedOn of a record that nobody has touched: the service may set them one after the
other. An edit within two seconds of the create is not to be expected from a person."""


@dataclass(frozen=True, slots=True)
class Verified:
    """One row of a verification: what was found, and the detail for people."""

    row: int
    remote_id: int
    presence: Presence
    detail: str = ""


def verify(intents: Iterable[Intent], listing: Listing, kind: RecordType) -> Iterator[Verified]:
    """Each created row against the listing of everything that the service holds.

    A second record that equals a row in every sent field makes it ``twice``, unless that record is another row's.
    """
    rows = list(intents)
    comparer = Comparer(kind)
    by_id = {remote.id: remote for remote in listing.records}
    # Rows with equal values are allowed on purpose (--allow-duplicates): their records are no doubles of each other.
    ids_of_run = {intent.remote_id for intent in rows}
    others: dict[tuple[str, ...], dict[Key, list[Remote]]] = {}
    for intent in rows:
        values = json.loads(intent.body)
        fields = tuple(values)
        if fields not in others:
            others[fields] = by_key(comparer, fields, [r for r in listing.records if r.id not in ids_of_run])
        doubles = others[fields].get(comparer.key(fields, values), [])
        yield _judge(intent, by_id.get(intent.remote_id or 0), doubles, comparer)


def _judge(intent: Intent, remote: Remote | None, doubles: list[Remote], comparer: Comparer) -> Verified:
    number = intent.remote_id or 0
    if remote is None:
        return Verified(intent.row, number, Presence.ABSENT, "the service does not list it")
    if differs := comparer.differences(intent.body, remote):
        details = "; ".join(
            f"{name} was sent as {value_words(sent)} and is {value_words(there)}"
            for name, (sent, there) in differs.items()
        )
        return Verified(intent.row, number, Presence.CHANGED if changed_since(remote) else Presence.DIFFERS, details)
    if doubles:
        return Verified(intent.row, number, Presence.TWICE, f"also as record {', '.join(str(r.id) for r in doubles)}")
    return Verified(intent.row, number, Presence.ONCE)


def changed_since(remote: Remote) -> bool:
    """Whether somebody changed a record after it was created, by the service's own dates."""
    # Without dates nobody can say so; the fields have been compared already, and those speak for themselves.
    if remote.created is None or remote.updated is None:
        return False
    return remote.updated - remote.created > _SAME_MOMENT
