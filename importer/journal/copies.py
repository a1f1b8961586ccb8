"""The private copies of the files of runs, where several machines share the database but no folder.

Whoever begins a run puts its file there as well; whoever continues or reports it takes it from there.
"""

import hashlib
import os
import secrets
from pathlib import Path

import sqlalchemy as sa

from importer.journal import tables as t
from importer.journal.database import Database
from importer.journal.runs import Run

_PIECE = 1 << 20
"""Bytes of a piece: a file has no limit, a value of the database has one, and both ends hold a piece in memory."""

_ADD = "INSERT INTO copy (sha256, number, content) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"


class Copies:
    """The files of runs in the database; nothing where all that use it are on one machine."""

    def __init__(self, db: Database, *, is_shared: bool) -> None:
        """Use the database of a journal, which other machines have as well if it ``is_shared``."""
        self._db, self._is_shared = db, is_shared

    def keep(self, copy: Path, sha256: str) -> None:
        """Put a file where other machines find it by its hash."""
        if not self._is_shared or self._has(sha256):
            return
        with self._db.alone() as db, copy.open("rb") as file:
            number = 0
            while piece := file.read(_PIECE):
                db.exec_driver_sql(_ADD, (sha256, number, piece))
                number += 1

    def bring_back(self, run: Run) -> None:
        """Write the file of a run to where this machine looks for it, if it is not there and the database has it."""
        if not self._is_shared or run.copy.exists() or not self._has(run.sha256):
            return
        run.copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = run.copy.with_name(f"{secrets.token_hex(8)}.part")
        aside.touch(mode=0o600)
        digest, number = hashlib.sha256(), 0
        with aside.open("wb") as file:
            while (piece := self._piece(run.sha256, number)) is not None:
                digest.update(piece)
                file.write(piece)
                number += 1
            os.fsync(file.fileno())
        # Another one would be reported, or sent, as if it had been checked; without any, that is refused.
        if digest.hexdigest() == run.sha256:
            aside.replace(run.copy)
        else:
            aside.unlink()

    def _has(self, sha256: str) -> bool:
        with self._db.read() as db:
            return db.execute(sa.select(t.copy.c.number).where(t.copy.c.sha256 == sha256).limit(1)).first() is not None

    def _piece(self, sha256: str, number: int) -> bytes | None:
        query = sa.select(t.copy.c.content).where(t.copy.c.sha256 == sha256, t.copy.c.number == number)
        with self._db.read() as db:
            return db.execute(query).scalar()
