"""The records that were created, in memory and, if wanted, in a SQLite file that outlives the sandbox.

Rule 1: Ids only ever rise, also across deletes and restarts, so the order of the Ids is the order of creation.
Rule 2: this file does not know which fields a record must have or who may see it.
"""

from __future__ import annotations

import json
import random
import secrets
import sqlite3
import threading
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from importer.sandbox.replies import Fields

_TABLES = """
CREATE TABLE IF NOT EXISTS account (seed INTEGER NOT NULL, user_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY AUTOINCREMENT, entity TEXT NOT NULL, fields TEXT NOT NULL, body TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """One record as it is kept: its fields, the request body that made it, and when lists begin to show it."""

    entity: str
    fields: Fields
    body: str
    listed_from: float = 0.0


class Records:
    """Keeps records by entity and Id; safe to use from several threads.

    Attributes:
        seed: the seed of the space; a file keeps the one it began with.
        user_id: the account's Id, new for each new store.
    """

    def __init__(self, seed: int, path: Path | None = None) -> None:
        """Opens the store.

        Raises:
            OSError: the file cannot be used, or another sandbox holds it.
        """
        self.seed = seed
        self.user_id = 100_000_000 + secrets.randbelow(1_400_000_000)
        self._lock = threading.RLock()
        self._by_entity: defaultdict[str, dict[int, Stored]] = defaultdict(dict)
        self._rng = random.Random(seed)  # noqa: S311  # nothing here is a secret
        self._last_id = self._rng.randrange(1_100_000_000, 1_200_000_000)
        self._file: sqlite3.Connection | None = None
        if path is not None:
            self._open(path)

    def new_id(self) -> int:
        """An Id that no record has had."""
        with self._lock:
            self._last_id += self._rng.randint(1, 25)
            return self._last_id

    def put(self, record_id: int, stored: Stored) -> None:
        """Adds a record, or replaces the one of this Id."""
        with self._lock:
            self._by_entity[stored.entity][record_id] = stored
            if self._file is not None:
                row = (record_id, stored.entity, json.dumps(stored.fields), stored.body)
                self._file.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)", row)

    def get(self, entity: str, record_id: int) -> Stored | None:
        """The record of this Id, if it is there."""
        return self._by_entity[entity].get(record_id)

    def remove(self, entity: str, record_id: int) -> bool:
        """Deletes a record; False if it is not there."""
        with self._lock:
            existed = self._by_entity[entity].pop(record_id, None) is not None
            if existed and self._file is not None:
                self._file.execute("DELETE FROM record WHERE id = ?", (record_id,))
            return existed

    def of(self, entity: str) -> list[Stored]:
        """The records of one entity in the order of their Ids."""
        with self._lock:
            return list(self._by_entity[entity].values())

    def all(self) -> list[tuple[int, Stored]]:
        """Every record with its Id, in the order of creation."""
        with self._lock:
            return sorted(pair for records in self._by_entity.values() for pair in records.items())

    def clear(self) -> None:
        """Deletes every record; account and Ids go on."""
        with self._lock:
            self._by_entity.clear()
            if self._file is not None:
                self._file.execute("DELETE FROM record")

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _open(self, path: Path) -> None:
        try:
            path.touch(mode=0o600)
            self._file = sqlite3.connect(path, timeout=0.2, isolation_level=None, check_same_thread=False)
            # Exclusive: a second sandbox on the file would give out the same Ids. Not synced: the file must survive
            # a killed sandbox, not a power cut, and syncing would make it the bottleneck of every bench.
            self._file.executescript("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;")
            self._file.executescript(_TABLES)
            self._load(self._file)
        except sqlite3.Error as exc:
            self.close()
            raise OSError(f"the sandbox's store {path} cannot be used: {exc}") from exc

    def _load(self, file: sqlite3.Connection) -> None:
        account = file.execute("SELECT seed, user_id FROM account").fetchone()
        if account is None:
            file.execute("INSERT INTO account VALUES (?, ?)", (self.seed, self.user_id))
        else:
            self.seed, self.user_id = account
        for record_id, entity, fields, body in file.execute("SELECT * FROM record ORDER BY id"):
            self._by_entity[entity][record_id] = Stored(entity, json.loads(fields), body)
        last = file.execute("SELECT seq FROM sqlite_sequence WHERE name = 'record'").fetchone()
        if last is not None:
            self._last_id = max(self._last_id, last[0])
