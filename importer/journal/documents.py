"""The documents that all machines of a shared database agree on: a shelf whose documents are rows.

Where the journal is in a file, they are files beside it; ``shelves.py`` gives the right one.
"""

from pathlib import Path

from importer.config.shelf import Stored
from importer.journal.database import Database
from importer.model import Clock

_READ = "SELECT content, revision FROM document WHERE name = ?"
_ADD = "INSERT INTO document (name, content, revision, changed) VALUES (?, ?, 1, ?) ON CONFLICT DO NOTHING"
_REPLACE = "UPDATE document SET content = ?, revision = revision + 1, changed = ? WHERE name = ? AND revision = ?"
_ALL = "SELECT name, content, revision FROM document ORDER BY name"


class Documents:
    """A shelf in the database of a journal."""

    def __init__(self, db: Database, files: Path, clock: Clock) -> None:
        """``files`` is the folder with the documents of this machine from before it shared a database."""
        self._db, self.files, self._clock = db, files, clock

    def read(self, name: str) -> Stored | None:
        """The document of this name, if there is one."""
        with self._db.read() as db:
            row = db.exec_driver_sql(_READ, (name,)).first()
        return None if row is None else Stored(_text(row.content), row.revision)

    def replace(self, name: str, text: str, before: Stored | None) -> bool:
        """Write a document unless it is not any more what it was before."""
        content, now = text.encode("utf-8", "surrogatepass"), self._clock()
        # Beside whoever plans a run: the row alone says whether somebody else was first.
        with self._db.alone() as db:
            if before is None:
                done = db.exec_driver_sql(_ADD, (name, content, now))
            else:
                done = db.exec_driver_sql(_REPLACE, (content, now, name, before.revision))
        return done.rowcount == 1

    def place(self, name: str) -> str:
        """Where a document is, for sentences."""
        return f"{name} in the journal's database"

    def all(self) -> dict[str, str]:
        """Every document by its name."""
        with self._db.read() as db:
            return {row.name: _text(row.content) for row in db.exec_driver_sql(_ALL)}


def _text(content: bytes) -> str:
    return bytes(content).decode("utf-8", "surrogatepass")
