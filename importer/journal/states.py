"""The states of a row on its way to the service, and the events that move it: one table.

Rule 1: everything about transitions is in TRANSITIONS; the diagram in the guide and the tests read it. Rule 2: nothing
here knows the network, the database or the clock.
"""

from collections.abc import Mapping
from enum import StrEnum

from importer.model import Status


class State(StrEnum):
    """Where a row is on its way, as the journal writes it down.

    The values are stored. To rename one takes a migration; to add one takes a new check constraint, and so one as well.
    """

    PLANNED = "planned"
    IN_DOUBT = "in doubt"
    CREATED = "created"
    EXISTING = "existing"
    HELD = "held"
    REJECTED = "rejected"
    REVIEW = "review"
    UPDATING = "updating"
    UPDATED = "updated"
    OVERTAKEN = "overtaken"
    REMOVING = "removing"
    REMOVED = "removed"
    RESTORING = "restoring"
    RESTORED = "restored"


class Event(StrEnum):
    """What can happen to a row."""

    KNOWN = "known"
    DIFFERS = "differs"
    WILL_SEND = "will send"
    WILL_UPDATE = "will update"
    APPLIED = "applied"
    OVERTAKEN = "overtaken"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_APPLIED = "not applied"
    LOST = "lost"
    FOUND = "found"
    ABSENT = "absent"
    UNCLEAR = "unclear"
    WILL_REMOVE = "will remove"
    WILL_RESTORE = "will restore"
    GONE = "gone"
    RESTORED = "restored"
    KEPT = "kept"


# What is not in this table cannot happen: ``after`` raises, the UPDATE of ``statements.MOVE`` names the state that it
# comes from, and the database refuses states that it does not know. So each arrow that is missing is a promise. The
# three that matter most: nothing leads from in doubt to planned but proof; nothing leads from created back to planned;
# and a row is sent from planned only, so that no answer, late or repeated, can send one again.
TRANSITIONS: Mapping[State, Mapping[Event, State]] = {
    State.PLANNED: {
        # The same record was created for an earlier row or run: no call is spent on it.
        Event.KNOWN: State.EXISTING,
        # A record of this key exists, or may exist, with other values: sent, it would be there twice.
        Event.DIFFERS: State.HELD,
        # Committed before the first byte leaves, so that a crash leaves the row in doubt and needs no repair.
        Event.WILL_SEND: State.IN_DOUBT,
        # The same for a row whose record exists with other values, if the user wants that one updated: with the record
        # as it was, which is what tells later whether the update arrived, and what an undo puts back.
        Event.WILL_UPDATE: State.UPDATING,
    },
    State.IN_DOUBT: {
        # Only with the service's word and a proper Id, because from here on the row is looked for by that Id.
        Event.ACCEPTED: State.CREATED,
        # A refusal that precedes every effect. It frees the row's values, so that a corrected row may claim them.
        Event.REFUSED: State.REJECTED,
        # Only with proof that nothing took effect; without this rule a throttled row would be lost.
        Event.NOT_APPLIED: State.PLANNED,
        # No proof either way: sending again here is what makes duplicates.
        Event.LOST: State.IN_DOUBT,
        # Believed at once: a record that is listed does not become unlisted by waiting.
        Event.FOUND: State.CREATED,
        # Believed only after the visibility window; earlier, a late effect would make a second record.
        Event.ABSENT: State.PLANNED,
        # The importer has nothing more to go by, and a guess would be a record too many or too few.
        Event.UNCLEAR: State.REVIEW,
    },
    State.REVIEW: {
        # A person's word, or a whole list that shows exactly one record that may be the row's, and certainly is.
        Event.FOUND: State.CREATED,
        # The one record there is has the row's values, but may be somebody else's: undo must leave it alone.
        Event.KNOWN: State.EXISTING,
        # A person's word only.
        Event.ABSENT: State.PLANNED,
    },
    State.REJECTED: {
        # The record is listed right after the refusal: the service, or what stands before it, has carried out what it
        # refused. Only in the process that sent the row; later, somebody else may have made such a record. One that
        # carries the mark of the row's attempt is the row's at any time.
        Event.FOUND: State.CREATED,
    },
    State.UPDATING: {
        # By the service's word, or because the record has the row's values when it is read.
        Event.APPLIED: State.UPDATED,
        Event.REFUSED: State.REJECTED,
        # Only with proof: a throttle, or another refusal that precedes every effect.
        Event.NOT_APPLIED: State.PLANNED,
        Event.LOST: State.UPDATING,
        # The record is as it was, also by the time of its last change, and the visibility window is over. Not the event
        # NOT_APPLIED, because this one is counted: an update that is lost again and again must come to an end, while
        # one that is throttled may wait for its turn as often as the service likes.
        Event.ABSENT: State.PLANNED,
        # Somebody else has changed or deleted the record since, so that nothing shows any more whether the update
        # arrived; or it had no effect several times. There is nothing to settle: the next import compares with what
        # there is.
        Event.OVERTAKEN: State.OVERTAKEN,
    },
    State.CREATED: {
        # Undo: committed before the delete leaves, so that a crash leaves a row that undo looks at again.
        Event.WILL_REMOVE: State.REMOVING,
    },
    State.REMOVING: {
        # A record is gone once, however often it is deleted; so an unanswered delete is simply made again.
        Event.GONE: State.REMOVED,
        # The service refused, or the record had been changed when undo looked again: it is there, and is the row's.
        Event.KEPT: State.CREATED,
        # The delete is made again; the visibility window counts from the latest one.
        Event.WILL_REMOVE: State.REMOVING,
    },
    State.UPDATED: {
        # Undo: as above, with the record put back as it was before the update.
        Event.WILL_RESTORE: State.RESTORING,
    },
    State.RESTORING: {
        # The record has its earlier values when it is read, or by the service's word.
        Event.RESTORED: State.RESTORED,
        # Somebody has changed the record since, or deleted it; or the service refused.
        # Believed only after the visibility window: until then a call without an answer may still put it back.
        Event.KEPT: State.UPDATED,
        # For the same reason made again only after it.
        Event.WILL_RESTORE: State.RESTORING,
    },
    # Final for this run. A retry is a run of its own, with rows of its own: that way the journal keeps what was
    # sent before, when, and with which result.
    State.EXISTING: {},
    State.HELD: {},
    State.OVERTAKEN: {},
    State.REMOVED: {},
    State.RESTORED: {},
}

FINAL = frozenset(state for state, events in TRANSITIONS.items() if not events)
"""States that no event leaves."""

# Existing is not among them: the record was there before, and the claim on it is the row's that created it, if any did.
# Review is, because a record may be there until somebody has looked; removing, until the service has said it is gone.
CLAIMING = frozenset(
    {
        State.IN_DOUBT,
        State.CREATED,
        State.REVIEW,
        State.UPDATING,
        State.UPDATED,
        State.REMOVING,
        State.RESTORING,
    }
)
"""States in which a row has, or may have, a record that exists or may exist."""

WITH_RECORD = frozenset({State.CREATED, State.UPDATED})
"""The claiming states in which all is settled: the record is the row's, and has the row's values."""

UNANSWERED = frozenset({State.IN_DOUBT, State.REVIEW, State.UPDATING})
"""States in which nobody knows what the service holds for a row: no other row of its key is sent meanwhile."""

UNSETTLED = frozenset({State.IN_DOUBT, State.UPDATING})
"""The unanswered states that the importer settles itself, by looking."""

DOUBTFUL = frozenset({*UNANSWERED, State.OVERTAKEN})
"""States with which a run ends that nobody should believe to be done."""

TAKEN_BACK = frozenset({State.REMOVED, State.RESTORED})
"""States of rows that an undo has taken back."""

TAKING_BACK = frozenset({State.REMOVING, State.RESTORING})
"""States of rows of which an undo has begun to take back what they did."""

STATUS: Mapping[State, Status] = {
    State.PLANNED: Status.NOT_SENT,
    State.IN_DOUBT: Status.UNKNOWN,
    State.CREATED: Status.CREATED,
    State.EXISTING: Status.EXISTING,
    State.HELD: Status.NOT_SENT,
    State.REJECTED: Status.REJECTED,
    State.REVIEW: Status.UNKNOWN,
    State.UPDATING: Status.UNKNOWN,
    State.UPDATED: Status.UPDATED,
    State.OVERTAKEN: Status.UNKNOWN,
    # As before the undo: until the service says that it has taken effect, a report must not say so either.
    State.REMOVING: Status.CREATED,
    State.REMOVED: Status.NOT_SENT,
    State.RESTORING: Status.UPDATED,
    State.RESTORED: Status.NOT_SENT,
}
"""How a state reads in the report."""


def after(state: State, event: Event) -> State:
    """The state that follows.

    Raises:
        ValueError: The table has no such transition; the caller has lost track of the row.
    """
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise ValueError(f"a row that is {state} cannot be {event}") from None
