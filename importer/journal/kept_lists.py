"""What the journal keeps of a list of the service; apart from the database, which commands open that check nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from importer.checking import Entry
from importer.config.store import Document


@dataclass(frozen=True, slots=True)
class Listed:
    """The records that a list of the service held."""

    entries: Sequence[Entry]


LISTED = Document("A list of the service", Listed, steps={0: lambda document: {"entries": document}})
"""What the journal keeps of a list; one that cannot be read is asked for again."""
