"""Which shelf holds the documents of an installation: its own folder, or the database that its journal shares.

Knows nothing of databases until one is used: a check of a file must not wait for them to load.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from importer.config.settings import JournalPlace
from importer.config.shelf import FileShelf, Shelf, Stored

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from importer.journal.journal import Journal
    from importer.journal.journal_pool import JournalPool


def shelf_of(place: JournalPlace, pool: "JournalPool | None" = None) -> Shelf:
    """The shelf of an installation whose journal is at this place.

    A shared journal is opened for each document, unless there is a ``pool`` of it: a command looks at one or two.
    """
    return _SharedShelf(place, pool) if place.is_shared else FileShelf(place.home)


class _SharedShelf:
    """The documents in a journal that machines share."""

    def __init__(self, place: JournalPlace, pool: "JournalPool | None") -> None:
        self._place, self._pool = place, pool

    @property
    def files(self) -> Path:
        """The folder with the documents of this machine from before it shared a database."""
        return self._place.home

    def read(self, name: str) -> Stored | None:
        """The document of this name, if there is one."""
        with self._journal() as journal:
            return journal.shelf.read(name)

    def replace(self, name: str, text: str, before: Stored | None) -> bool:
        """Write a document unless it is not any more what it was before."""
        with self._journal() as journal:
            return journal.shelf.replace(name, text, before)

    def place(self, name: str) -> str:
        """Where a document is, for sentences."""
        return f"{name} in the journal's database"

    def _journal(self) -> "AbstractContextManager[Journal]":
        if self._pool is not None:
            return self._pool.journal()
        from importer.journal.journal import open_journal  # noqa: PLC0415

        return open_journal(self._place)
