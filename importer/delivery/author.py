"""The name under which a run writes, learned from its own records: not every service says who is signed in.

Rule: only a record tells it that was last written by a call of this run, as that call's own answer says. A name that is
taken for the run's by mistake would let an undo take back what somebody else has entered.
"""

from collections.abc import Iterable
from itertools import islice

from importer.delivery.listing import Remote
from importer.delivery.record_reader import RecordReader
from importer.delivery.updates import differing, record_before
from importer.journal.rows import Intent
from importer.journal.states import State
from schemas import RecordType

MOST_WITNESSES = 3
"""Records that are read at most. More than one, because dates are compared by the second: somebody else's save within
the second of the call would give the run that name, if no other record contradicted it."""


def is_unproved(intent: Intent) -> bool:
    """Whether a row counts as updated although its values may be somebody else's entry (see ``updates.settled``)."""
    if intent.state not in (State.UPDATED, State.RESTORING) or intent.updated_on is None:
        return False
    return intent.updated_on == record_before(intent).updated


async def author_of(intents: Iterable[Intent], reader: RecordReader, kind: RecordType) -> str:
    """Who wrote the updated rows among these, as records name their editors; empty if they do not tell for certain."""
    witnesses = (i for i in intents if i.state is State.UPDATED and i.updated_on is not None and not is_unproved(i))
    names = set()
    for intent in islice(witnesses, MOST_WITNESSES):
        there, _, _ = await reader.read(intent.remote_id or 0)
        if isinstance(there, Remote) and there.updated == intent.updated_on and not differing(intent, there, kind):
            names.add(there.by)
    return names.pop() if len(names) == 1 else ""
