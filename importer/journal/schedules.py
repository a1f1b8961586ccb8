"""The scheduled imports, and what each has led to: one occurrence for each of its dates, or of the files of its folder.

Rule 1: an occurrence is taken by one owner at a time, and ends once; the primary key and ``end`` see to that. Rule 2:
it ends in the transaction that adds its run, so that neither is ever there without the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from importer.config.store import Document, UnreadableError
from importer.errors import JournalError
from importer.journal import tables as t
from importer.journal.database import Database

_TERMS: Document[dict[str, Any]] = Document("A scheduled import", dict)
_LIST = "To list them: importer schedule list"

OWNER_SECONDS = 300.0
"""How long an occurrence is its owner's: after that, whoever began with it has been killed, most likely."""


class OccurrenceState(StrEnum):
    """What has become of an occurrence; one that was ``begun`` has not ended.

    ``present`` is a file that was in the folder before the schedule was, and is not imported.
    """

    BEGUN = "begun"
    QUEUED = "queued"
    FAILED = "failed"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A scheduled import. Times in epoch seconds; ``terms`` are when, and how, its files are imported."""

    id: int
    path: str
    terms: Mapping[str, Any]
    created: float
    since: float
    paused: float | None
    looked: float | None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What a schedule has led to on one of its dates, or for one file; ``name`` is that date, or a hash of that file.

    ``run`` is None if there was none, and ``reason`` says then why; ``missed`` counts earlier dates that passed
    without a worker, and are made up for by this one.
    """

    schedule: int
    name: str
    state: OccurrenceState
    due: float
    at: float
    owner: str
    tries: int
    file: str
    run: int | None = None
    missed: int = 0
    reason: str = ""


class Schedules:
    """Every scheduled import of the journal, in the order of their numbers."""

    def __init__(self, db: Database) -> None:
        """Use the database of a journal."""
        self._db = db

    def add(self, path: str, terms: Mapping[str, Any], now: float, present: Mapping[str, str]) -> Schedule:
        """A new one; ``present`` are files that are not to be imported: their names by the names of occurrences."""
        values = {"path": path, "options": _TERMS.encode(dict(terms)), "created": now, "since": now}
        with self._db.write() as db:
            key = db.execute(sa.insert(t.schedule).values(values)).inserted_primary_key
            assert key is not None
            rows = [
                {"schedule": key[0], "name": name, "state": OccurrenceState.PRESENT.value, "due": now, "at": now}
                | {"owner": "", "tries": 0, "file": file}
                for name, file in present.items()
            ]
            if rows:
                db.execute(sa.insert(t.occurrence), rows)
        return self.get(key[0])

    def all(self) -> list[Schedule]:
        """Those that were not removed."""
        query = sa.select(t.schedule).where(t.schedule.c.removed.is_(None)).order_by(t.schedule.c.id)
        with self._db.read() as db:
            return [_to_schedule(row) for row in db.execute(query).all()]

    def get(self, number: int) -> Schedule:
        """The one with this number.

        Raises:
            JournalError: There is none, or it was removed.
        """
        query = sa.select(t.schedule).where(t.schedule.c.id == number, t.schedule.c.removed.is_(None))
        with self._db.read() as db:
            row = db.execute(query).first()
        if row is None:
            raise JournalError(f"There is no schedule {number}.", _LIST)
        return _to_schedule(row)

    def pause(self, number: int, now: float) -> Schedule:
        """Nothing of it is taken from now on."""
        return self._update(number, paused=now)

    def resume(self, number: int, now: float) -> Schedule:
        """It is taken again; the dates that passed meanwhile are not made up for."""
        return self._update(number, paused=None, since=now)

    def note_look(self, number: int, now: float) -> None:
        """A worker has looked into its folder."""
        self._update(number, looked=now)

    def remove(self, number: int, now: float) -> None:
        """Nothing is left of it but its number, which no other one gets."""
        with self._db.together(), self._db.write() as db:
            self.get(number)
            db.execute(sa.delete(t.occurrence).where(t.occurrence.c.schedule == number))
            gone = {"path": "", "options": _TERMS.encode({}), "removed": now}
            db.execute(sa.update(t.schedule).where(t.schedule.c.id == number).values(gone))

    def occurrences(self, number: int, limit: int | None = None, *, with_present: bool = False) -> list[Occurrence]:
        """What it has led to, newest first; the files that were there before only ``with_present``."""
        query = sa.select(t.occurrence).where(t.occurrence.c.schedule == number)
        if not with_present:
            query = query.where(t.occurrence.c.state != OccurrenceState.PRESENT.value)
        query = query.order_by(t.occurrence.c.at.desc(), t.occurrence.c.name.desc())
        with self._db.read() as db:
            return [_to_occurrence(row) for row in db.execute(query.limit(limit)).all()]

    def occurrence(self, number: int, name: str) -> Occurrence | None:
        """The one with this name; None if nobody has begun with it."""
        mine = sa.and_(t.occurrence.c.schedule == number, t.occurrence.c.name == name)
        with self._db.read() as db:
            row = db.execute(sa.select(t.occurrence).where(mine)).first()
        return None if row is None else _to_occurrence(row)

    def begin(self, occurrence: Occurrence) -> Occurrence | None:
        """Take an occurrence for its owner; None if it has ended, is another one's, or its schedule takes nothing now.

        One whose owner has not been heard of for ``OWNER_SECONDS`` goes to the next.
        """
        now = self.occurrence(occurrence.schedule, occurrence.name)
        if now is not None and not is_left_behind(now, occurrence.at):
            # Most often so, and a look needs no right to write.
            return None
        with self._db.together(), self._db.write() as db:
            if not self._is_active(occurrence.schedule):
                return None
            before = self.occurrence(occurrence.schedule, occurrence.name)
            if before is not None and not is_left_behind(before, occurrence.at):
                return None
            tries = 1 + (before.tries if before is not None else 0)
            self._delete(occurrence)
            values = _values(occurrence) | {"state": OccurrenceState.BEGUN.value, "tries": tries}
            db.execute(sa.insert(t.occurrence).values(values))
        return self.occurrence(occurrence.schedule, occurrence.name)

    def is_mine(self, begun: Occurrence) -> bool:
        """Whether an occurrence is still its owner's to end, and its schedule takes something now."""
        mine = self.occurrence(begun.schedule, begun.name)
        is_owner = mine is not None and (mine.state, mine.owner) == (OccurrenceState.BEGUN, begun.owner)
        return is_owner and self._is_active(begun.schedule)

    def end(
        self, begun: Occurrence, state: OccurrenceState, now: float, *, run: int | None = None, reason: str = ""
    ) -> bool:
        """Let an occurrence end, with its run or the reason why there is none; nothing if it is not its owner's."""
        with self._db.together(), self._db.write() as db:
            is_mine = self.is_mine(begun)
            if is_mine:
                where = sa.and_(t.occurrence.c.schedule == begun.schedule, t.occurrence.c.name == begun.name)
                values = {"state": state.value, "at": now, "run": run, "reason": reason}
                db.execute(sa.update(t.occurrence).where(where).values(values))
        return is_mine

    def give_back(self, begun: Occurrence) -> None:
        """Let an occurrence be as if nobody had begun with it."""
        with self._db.together():
            if self.is_mine(begun):
                self._delete(begun)

    def _is_active(self, number: int) -> bool:
        mine = sa.and_(t.schedule.c.id == number, t.schedule.c.removed.is_(None), t.schedule.c.paused.is_(None))
        with self._db.read() as db:
            return db.execute(sa.select(t.schedule.c.id).where(mine)).first() is not None

    def _update(self, number: int, **values: object) -> Schedule:
        with self._db.together(), self._db.write() as db:
            self.get(number)
            db.execute(sa.update(t.schedule).where(t.schedule.c.id == number).values(values))
            return self.get(number)

    def _delete(self, one: Occurrence) -> None:
        with self._db.write() as db:
            mine = sa.and_(t.occurrence.c.schedule == one.schedule, t.occurrence.c.name == one.name)
            db.execute(sa.delete(t.occurrence).where(mine))


def is_left_behind(one: Occurrence, now: float) -> bool:
    """Whether an occurrence was begun by somebody who has not been heard of since."""
    # In both directions: a clock that was put back must not keep it for as long as it was put back by.
    return one.state is OccurrenceState.BEGUN and abs(now - one.at) >= OWNER_SECONDS


def _values(one: Occurrence) -> dict[str, Any]:
    names = ("schedule", "name", "due", "at", "owner", "file", "run", "missed", "reason")
    return {name: getattr(one, name) for name in names}


def _to_schedule(row: Row[Any]) -> Schedule:
    try:
        terms = _TERMS.decode(row.options)
    except UnreadableError as error:
        raise JournalError(
            f"Schedule {row.id} cannot be read. {error}", "Update the importer, or remove it."
        ) from error
    return Schedule(row.id, row.path, terms, row.created, row.since, row.paused, row.looked)


def _to_occurrence(row: Row[Any]) -> Occurrence:
    return Occurrence(**row._asdict() | {"state": OccurrenceState(row.state)})
