"""Whether a list can show a row's record at all: it may be one of another location than the row's.

Which location a list is of depends on the user's default location, which a click in Nexudus changes; a create goes
where its resource is, whatever the list shows. So a row in doubt is believed absent only from a list that shows, or may
show, records of the row's own location; and nothing is sent if rows turn out to be in a location that is not shown.
"""

from collections.abc import Iterable

from importer.delivery.comparer import Comparer
from importer.delivery.listing import Listing
from importer.journal.rows import Intent
from importer.runs.lookup import listed_entries
from importer.runs.session import Session
from schemas import RecordType, Reference

_MOST_ASKED = 3
"""Resources that are asked for by their Ids before rows are sent."""


async def of_other_locations(
    session: Session, kind: RecordType, listing: Listing, intents: Iterable[Intent]
) -> set[Intent]:
    """Those of the rows whose location is certainly none that the list shows a record of."""
    # 1. A listed record of the row's own resource settles it, without a call.
    # 2. Else the location of the resource is asked for, by its Id: a list of resources may be limited as well.
    # 3. It is compared with the locations of all resources that listed records name. Where either side is unknown, as
    #    for a user who may not read resources, nothing speaks against the list.
    reference = kind.references.get(kind.location)
    if reference is None:
        return set()
    comparer = Comparer(kind)
    shown = {comparer.value(kind.location, remote.values.get(kind.location)) for remote in listing.records}
    resources = {intent: comparer.value(kind.location, intent.values.get(kind.location)) for intent in intents}
    others = {number for number in resources.values() if isinstance(number, int) and number not in shown}
    locations = {number: location for number in others if (location := await _location(session, reference, number))}
    if not locations:
        return set()
    entries, _ = await listed_entries(session, reference)
    listed = {entry.place for entry in entries or () if entry.id in shown and entry.place}
    elsewhere = {number for number, location in locations.items() if listed and location not in listed}
    return {intent for intent, number in resources.items() if number in elsewhere}


async def hidden_location(session: Session, kind: RecordType, resources: Iterable[object]) -> str:
    """A location of these resources of which the user is shown nothing, not even a resource; empty if there is none.

    What exists there is unknown, however whole the list of records is.
    """
    # A resource that is listed lies in a location that is shown. Of those that are not, a few are asked for by their
    # Ids, which tell where they are: the lists of one user are all limited in the same way.
    reference = kind.references.get(kind.location)
    numbers = {number for number in resources if isinstance(number, int)}
    if reference is None or not numbers:
        return ""
    entries, complete = await listed_entries(session, reference)
    if entries is None or not complete:
        return ""
    shown = {entry.place for entry in entries}
    for number in sorted(numbers - {entry.id for entry in entries})[:_MOST_ASKED]:
        location = await _location(session, reference, number)
        if location and location not in shown:
            return location
    return ""


async def _location(session: Session, reference: Reference, number: int) -> str:
    reply = await session.service.get(reference.path, number)
    document = reply.json if reply.status_in(200) and isinstance(reply.json, dict) else {}
    return str(document.get(reference.place) or "")
