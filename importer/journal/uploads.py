"""The uploads of the page, where several machines share the database but no folder: file, document and corrections.

What a document says is the page's own business. Rule: whoever changes an upload says which revision they have read; if
there is a later one, nothing is written. Only whoever deletes one says none. A deleted one is remembered for a while,
so that every machine that has it in its folder deletes it there.
"""

import hashlib
import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from importer.journal import tables as t
from importer.journal.database import Database

_PIECE = 1 << 20
"""Bytes of a piece of a file, as in ``copies.py``."""

_UPLOADS = int.from_bytes(b"uplo")
"""Tells the locks of uploads from those of others."""

_LOCK = """
    SELECT set_config('lock_timeout', '60000', true),
        set_config('idle_in_transaction_session_timeout', '300000', true), pg_advisory_xact_lock(?, hashtext(?))
"""
_HEADS = "SELECT id, owner, uploaded, size, revision, run, document IS NULL AS is_deleted FROM upload"
_READ = "SELECT document, sha256, revision, base FROM upload WHERE id = ? AND document IS NOT NULL FOR SHARE"
_LINES = "SELECT line FROM upload_change WHERE upload = ? AND revision >= ? AND revision > ? ORDER BY revision"
_ADD = """
    INSERT INTO upload (id, owner, uploaded, size, sha256, document, revision, base, run)
    VALUES (?, ?, ?, ?, ?, ?, 1, 1, ?) ON CONFLICT DO NOTHING
"""
_ADD_PIECE = "INSERT INTO upload_piece (upload, number, content) VALUES (?, ?, ?)"
_ADD_LINE = "INSERT INTO upload_change (upload, revision, line) VALUES (?, ?, ?)"
_CHANGE = """
    UPDATE upload SET document = ?, run = ?, revision = revision + 1, base = CASE WHEN ? THEN revision + 1 ELSE base END
    WHERE id = ? AND revision = ? AND document IS NOT NULL
"""
_FORGET_LINES = "DELETE FROM upload_change WHERE upload = ? AND revision <= ?"


@dataclass(frozen=True, slots=True)
class UploadHead:
    """What can be told of an upload without reading it: whose it is, its revision, and the bytes of its file."""

    id: str
    owner: str
    uploaded: float
    size: int
    revision: int
    run: int | None
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class UploadContent:
    """An upload at one revision: its document, and the lines of corrections.

    ``is_whole`` if these are all that count, and not only those since the revision that was asked for.
    """

    document: str
    sha256: str
    revision: int
    lines: tuple[bytes, ...]
    is_whole: bool


class Uploads:
    """The uploads in the database of a journal."""

    def __init__(self, db: Database) -> None:
        """Use the database of a journal on a server."""
        self._db = db

    @contextmanager
    def locked(self, key: str) -> Iterator[None]:
        """While no other machine changes this upload. If the lock is lost, the revision still tells."""
        with self._db.alone() as db:
            db.exec_driver_sql(_LOCK, (_UPLOADS, key))
            yield

    def head(self, key: str) -> UploadHead | None:
        """What there is of an upload; None if nobody has shared one of this name."""
        with self._db.read() as db:
            row = db.exec_driver_sql(f"{_HEADS} WHERE id = ?", (key,)).first()
        return None if row is None else UploadHead(*row)

    def heads(self) -> dict[str, UploadHead]:
        """The same of all uploads, by their names; also of those that were deleted lately."""
        with self._db.read() as db:
            return {row.id: UploadHead(*row) for row in db.exec_driver_sql(_HEADS)}

    def read(self, key: str, since: int) -> UploadContent | None:
        """An upload, with the corrections since a revision, 0 for all; None if it is not there or was deleted."""
        # In one transaction that keeps others from changing it: document and corrections belong together.
        with self._db.alone() as db:
            row = db.exec_driver_sql(_READ, (key,)).first()
            if row is None:
                return None
            is_whole = not row.base <= since <= row.revision
            lines = db.exec_driver_sql(_LINES, (key, row.base, 0 if is_whole else since)).scalars().all()
        return UploadContent(_text(row.document), row.sha256, row.revision, tuple(map(bytes, lines)), is_whole)

    def add(self, head: UploadHead, document: str, line: bytes | None, file: Path, sha256: str) -> bool:
        """Put an upload there at revision 1, whole or not at all; whether it was not there yet."""
        with self._db.alone() as db:
            values = (head.id, head.owner, head.uploaded, head.size, sha256, _bytes(document), head.run)
            if db.exec_driver_sql(_ADD, values).rowcount != 1:
                return False
            if line is not None:
                db.exec_driver_sql(_ADD_LINE, (head.id, 1, line))
            with file.open("rb") as content:
                number = 0
                while piece := content.read(_PIECE):
                    db.exec_driver_sql(_ADD_PIECE, (head.id, number, piece))
                    number += 1
        return True

    def change(
        self, key: str, revision: int, document: str, run: int | None, line: bytes | None, *, is_whole: bool
    ) -> bool:
        """Make the next revision of this one; whether there was none yet.

        ``line`` is what was corrected, None if nothing; if it ``is_whole``, it says all that was ever corrected.
        """
        with self._db.alone() as db:
            values = (_bytes(document), run, is_whole, key, revision)
            if db.exec_driver_sql(_CHANGE, values).rowcount != 1:
                return False
            if line is not None:
                db.exec_driver_sql(_ADD_LINE, (key, revision + 1, line))
            if is_whole:
                db.exec_driver_sql(_FORGET_LINES, (key, revision))
        return True

    def fetch_file(self, key: str, sha256: str, path: Path) -> bool:
        """Write the file of an upload to a path, whole or not at all; whether the database has it as it came."""
        aside = path.with_name(f"{secrets.token_hex(8)}.part")
        digest, number = hashlib.sha256(), 0
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            while (piece := self._piece(key, number)) is not None:
                digest.update(piece)
                file.write(piece)
                number += 1
        if is_right := digest.hexdigest() == sha256:
            aside.replace(path)
        else:
            aside.unlink()
        return is_right

    def delete(self, keys: Collection[str]) -> None:
        """Delete uploads, for every machine."""
        with self._db.alone() as db:
            for key in keys:
                gone = sa.update(t.upload).where(t.upload.c.id == key)
                db.execute(gone.values(document=None, owner="", sha256="", size=0, revision=t.upload.c.revision + 1))
                db.execute(sa.delete(t.upload_change).where(t.upload_change.c.upload == key))
                db.execute(sa.delete(t.upload_piece).where(t.upload_piece.c.upload == key))

    def forget_deleted(self, before: float) -> None:
        """Forget those that were deleted and came before this time; no machine has them in its folder any more."""
        with self._db.alone() as db:
            db.execute(sa.delete(t.upload).where(t.upload.c.document.is_(None), t.upload.c.uploaded < before))

    def _piece(self, key: str, number: int) -> bytes | None:
        column = t.upload_piece.c
        query = sa.select(column.content).where(column.upload == key, column.number == number)
        with self._db.read() as db:
            return db.execute(query).scalar()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(content: bytes) -> str:
    return bytes(content).decode("utf-8", "surrogatepass")
