"""Marks in a session: whether this service keeps them, which installation they name, and what a list says of them."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from importer.config.installation import installation_id
from importer.config.probe_file import Answer, Point
from importer.delivery.listing import Listing, Remote, read_by_ids
from importer.delivery.marks import FIELD, NewMark, mark
from importer.runs.session import Session
from schemas import RecordType

_MOST_READ = 500
"""Records that are read by Id for the sake of their marks; one that is not seen proves nothing anyway."""


def marks_are_proved(session: Session, kind: RecordType) -> bool:
    """Whether a probe of this service and record type has shown that a record keeps what a create sends in SystemId."""
    return session.probed(kind).answer(Point.SYSTEM_ID_CREATED) is Answer.YES and FIELD not in kind.fields


def new_marks(session: Session, kind: RecordType) -> NewMark | None:
    """What makes the mark of each attempt to create a record; None if none may be sent."""
    if not marks_are_proved(session, kind):
        return None
    installation = installation_in(session.settings.home)
    return lambda: mark(installation, secrets.token_hex())


def installation_in(home: Path) -> str:
    """How marks name this installation: eight hexadecimal digits."""
    # Made of the client id, which is the installation's own and stays when its journal is lost. Hashed, because that
    # text may be anything.
    return blake2b(installation_id(home).encode(), digest_size=4).hexdigest()


async def with_marks(session: Session, endpoint: str, listing: Listing, chosen: Callable[[Remote], bool]) -> Listing:
    """The list with the marks of some records that it does not show: these are read by Id, as far as they are few."""
    lacking = [remote.id for remote in listing.records if FIELD not in remote.values and chosen(remote)]
    if not lacking or len(lacking) > _MOST_READ:
        return listing
    whole = {remote.id: remote for remote in await read_by_ids(session.service, endpoint, lacking)}
    return replace(listing, records=tuple(whole.get(remote.id, remote) for remote in listing.records))
