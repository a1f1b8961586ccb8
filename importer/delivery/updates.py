"""What an update writes, when it may leave, and what has become of one that got no answer. Pure.

The service has no conditional write: a PUT replaces the whole record, and clears what it leaves out (nexudus skill
pages, read 2026-11-26). So the record is read right before, everything that the row does not give is written back as it
was read, and nothing is written over a record that was seen to be another than when it was
compared; between the look and the write lie five seconds at most.
"""

import json
from collections.abc import Mapping

from importer.delivery.by_id import Gone, Look, Unreadable
from importer.delivery.comparer import Comparer
from importer.delivery.comparison import Changed, Match, Reason
from importer.delivery.conflicts import Conflict, HoldReason
from importer.delivery.listing import Remote, to_remote
from importer.delivery.marks import FIELD
from importer.journal.rows import Change, Claim, Intent
from importer.journal.states import Event
from importer.text import changes, printable
from schemas import RecordType

MOST_UPDATE_RESENDS = 3
"""How often an update is sent again that got no answer and had no effect, before a person must look."""

ENTERED_BY_ANYBODY = "the record has these values now; whether this row or somebody else entered them is not known"
"""Of a row that is planned, was sent before, and by the service's word had no effect then."""

_STAMPS = ("CreatedOn", "UpdatedOn", "UpdatedBy")
"""What the service writes itself."""


def before_of(remote: Remote) -> str:
    """A record as the journal keeps it."""
    return json.dumps(dict(remote.values), ensure_ascii=False)


def record_before(intent: Intent) -> Remote:
    """The record as it was before the row updated it."""
    remote = to_remote(json.loads(intent.before or "{}"))
    assert remote is not None
    return remote


def body_of(remote: Remote, values: Mapping[str, object], comparer: Comparer, mark: str = "") -> str:
    """The record as it was just read, with those of these values that it does not have yet.

    ``mark`` is that of the create that made it, which somebody else's save may have cleared. What another program has
    written there stays.
    """
    # A value that is equal stays as the record spells it: to spell it otherwise is a change that nobody asked for.
    new = {name: value for name, value in values.items() if _differ(comparer, name, value, remote)}
    old = {name: value for name, value in remote.values.items() if name not in _STAMPS}
    marks = {FIELD: mark} if mark and not old.get(FIELD) else {}
    return json.dumps({**old, **new, **marks, "Id": remote.id}, ensure_ascii=False)


def values_before(intent: Intent) -> dict[str, object]:
    """What undoes an update: the fields that the row gave, with the values that stood there."""
    before = record_before(intent).values
    return {name: before.get(name) for name in intent.values}


def is_as_it_was(there: Remote, before: Remote, comparer: Comparer) -> bool:
    """Whether nobody has changed a record in between: by its fields, and by the time of its last change."""
    if there.updated is not None and before.updated is not None and there.updated != before.updated:
        return False
    return comparer.key(comparer.fields, there.values) == comparer.key(comparer.fields, before.values)


def instead_of_an_update(intent: Intent, there: Remote | Gone, compared: Remote, kind: RecordType) -> Change | None:
    """What becomes of a row whose record is not as it was when it was compared; None if it may be updated."""
    comparer = Comparer(kind)
    if isinstance(there, Gone):
        sentence = f"Record {compared.id} was deleted in Nexudus after it had been compared with this row. Not sent."
        conflict = Conflict(HoldReason.DELETED_SINCE, (compared.id,)).document
        return Change(intent, Event.DIFFERS, message=sentence, conflict=conflict)
    if is_as_it_was(there, compared, comparer):
        return None
    if not differing(intent, there, kind):
        sentence = ENTERED_BY_ANYBODY if intent.attempts else "somebody else has entered these values in the meantime"
        return Change(intent, Event.KNOWN, remote_id=there.id, message=sentence)
    by = f" by {printable(there.by)}" if there.by else ""
    sentence = f"Record {there.id} was changed in Nexudus{by} after it had been compared with this row. Not sent."
    conflict = Conflict(HoldReason.CHANGED_SINCE, (there.id,)).document
    return Change(intent, Event.DIFFERS, message=sentence, conflict=conflict)


def gives_another_key(intent: Intent, there: Remote, kind: RecordType) -> bool:
    """Whether a row, which names its record by Id, changes a part of the key of that record."""
    return not set(kind.key).isdisjoint(differing(intent, there, kind))


def key_taken(intent: Intent, claim: Claim) -> Change:
    """What becomes of a row that gives its record a key which another record has got since they were compared."""
    number = claim.remote_id or 0
    sentence = (
        f"Record {number} belongs to row {claim.row} of run {claim.run}. With this row, there would be a second record "
        "of the same mapping. Not sent."
    )
    return Change(intent, Event.DIFFERS, message=sentence, conflict=Conflict(Reason.KEY_TAKEN, (number,)).document)


def own_stamp(there: Look, user: str) -> float | None:
    """When a record was last changed, if this user did it; None if somebody else did, or if nobody can say."""
    return there.updated if isinstance(there, Remote) and user and there.by == user else None


def is_as_agreed(intent: Intent, match: Match, kind: RecordType) -> bool:
    """Whether a row may update its record: it differs, and is as it was when the user was asked."""
    if not isinstance(match, Changed) or intent.remote_id != match.remote.id:
        return False
    if intent.before is not None:
        return is_as_it_was(match.remote, record_before(intent), Comparer(kind))
    # Of a run that a page begins, only the time of the last change came along.
    return None in (match.remote.updated, intent.updated_on) or match.remote.updated == intent.updated_on


def differing(intent: Intent, there: Remote, kind: RecordType) -> dict[str, tuple[object, object]]:
    """The fields that the row gives and in which the record differs: both values. Another spelling of a key is none."""
    # A row that names its record by Id may change a part of the key; any other row has the key of its record.
    comparer, values = Comparer(kind), intent.values
    return {
        name: pair
        for name, pair in comparer.differences(intent.body, there).items()
        if name not in kind.key or comparer.match_key((name,), values) != comparer.match_key((name,), there.values)
    }


def applied(intent: Intent, updated_on: float | None, kind: RecordType) -> Change:
    """The update has arrived; the sentence says what it has changed."""
    sentence = f"Updated: {changes(differing(intent, record_before(intent), kind))}."
    return Change(intent, Event.APPLIED, intent.remote_id, message=sentence, updated_on=updated_on)


def planned_again(intent: Intent, event: Event) -> Change:
    """The update had no effect, so it is planned as before: of the record as it was."""
    return Change(intent, event, intent.remote_id, updated_on=record_before(intent).updated)


def settled(intent: Intent, there: Look, seconds_left: float, kind: RecordType, user: str) -> Change | None:
    """What has become of an update without an answer, by its record as it is now; None while nobody can tell.

    ``seconds_left`` is for how long the call may still take effect, ``user`` the signed-in user as records name it.
    """
    # 1. The values of the row are there: whoever wrote them, nothing is left to do. Believed at once. But if somebody
    #    else saved the record last, they may have entered the values themselves. Then the last change that is known to
    #    be no one else's is the one before the update, so that an undo leaves the record alone.
    # 2. Anything else may still be overtaken by the call, until the window is over.
    # 3. As it was, also by the time of its last change: the call never took effect, and the row may be sent again.
    #    Without that time nothing shows it, for somebody may have put back by hand what the update had changed.
    # 4. Otherwise somebody else has changed the record, before our update or after it; to send it again could undo
    #    what they have entered.
    if isinstance(there, Unreadable):
        return None
    if isinstance(there, Remote) and not differing(intent, there, kind):
        return applied(intent, own_stamp(there, user) or record_before(intent).updated, kind)
    if seconds_left > 0:
        return None
    number = intent.remote_id
    if isinstance(there, Gone):
        sentence = f"Record {number} has been deleted in Nexudus. Whether the update had arrived is not known."
        return Change(intent, Event.OVERTAKEN, number, message=sentence)
    before = record_before(intent)
    if there.updated is None or before.updated is None:
        sentence = (
            f"The update got no answer, and Nexudus does not say when record {number} was last changed. "
            "Whether the update had arrived is not known."
        )
        return Change(intent, Event.OVERTAKEN, number, message=sentence)
    if not is_as_it_was(there, before, Comparer(kind)):
        by = f" ({printable(there.by)})" if there.by else ""
        sentence = (
            f"The update got no answer, and somebody else has changed record {number} since{by}. "
            "Whether the update had arrived is not known."
        )
        return Change(intent, Event.OVERTAKEN, number, message=sentence)
    if intent.resends >= MOST_UPDATE_RESENDS:
        sentence = f"Sent {intent.resends + 1} times without an answer, but record {number} was never updated."
        return Change(intent, Event.OVERTAKEN, number, message=sentence)
    return planned_again(intent, Event.ABSENT)


def _differ(comparer: Comparer, name: str, value: object, remote: Remote) -> bool:
    return comparer.value(name, value) != comparer.value(name, remote.values.get(name))
