"""Brings the journals of earlier importers up to date: one numbered step per version, in the caller's transaction.

A step must leave every row as it was, or send it to review where an earlier importer gave one record to two rows; a
journal is never made anew, for what it knows was sent.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from importer.config.store import UnreadableError
from importer.journal import tables as t
from importer.journal.rows import checksum
from importer.journal.runs import OPTIONS
from importer.journal.states import UNANSWERED, State
from importer.journal.tally import PARTS, recount
from importer.model import ONCE_MORE

SCHEMA_VERSION = 11
_ROWS_AS_TODAY = 6
"""The version from which on the table of the rows has today's shape: a million rows are copied in a minute, or not."""

_TALLY_AS_TODAY = 7
"""The version from which on the rows are counted as today."""

_BATCH = 5_000


def migrate(db: Connection, version: int) -> None:
    """Take the steps from this version to the newest, and write that down."""
    for number in range(version, SCHEMA_VERSION):
        _STEPS[number](db)
    if version < _ROWS_AS_TODAY:
        _copy_rows(db)
    if version < _TALLY_AS_TODAY:
        # Last: a step may have changed the state of a row.
        _count_rows(db)
    db.execute(sa.update(t.meta).where(t.meta.c.key == "schema_version").values(value=str(SCHEMA_VERSION)))


def _nothing_but_rows(_: Connection) -> None:
    """The table of the rows has another shape or constraint; ``_copy_rows`` gives it today's."""


def _add_evidence(db: Connection) -> None:
    """The tables of what was seen of the service around each run; earlier runs have nothing in them."""
    t.listed_before.create(db)
    t.first_look.create(db)


def _claim_by_service(db: Connection) -> None:
    """Claims hang on the service, no longer on the account: the accounts of one service come under one number."""
    db.exec_driver_sql("ALTER TABLE run ADD COLUMN account TEXT")
    db.exec_driver_sql("UPDATE run SET account = (SELECT account FROM target WHERE target.id = run.target)")
    db.exec_driver_sql("ALTER TABLE target RENAME COLUMN account TO host")
    numbers: dict[tuple[str, str], int] = {}
    for number, account, kind in db.execute(sa.select(t.target).order_by(t.target.c.id)).all():
        host, _, user = account.partition("/")
        # The account of a practice service ends with the number by which it is told apart from the next one.
        _, practice, instance = user.rpartition("/")
        host = f"{host}/{instance}" if practice else host
        if (first := numbers.setdefault((host, kind), number)) == number:
            db.execute(sa.update(t.target).where(t.target.c.id == number).values(host=host))
        else:
            db.execute(sa.update(t.run).where(t.run.c.target == number).values(target=first))
            db.execute(sa.delete(t.target).where(t.target.c.id == number))


def _add_marks(db: Connection) -> None:
    """The tables of marks and of rebuilding; what was sent earlier carried none."""
    t.mark.create(db)
    t.rebuilt.create(db)


def _add_tally(db: Connection) -> None:
    """The tables of what looking on takes from the rows; ``_count_rows`` fills them."""
    t.tally.create(db)
    t.moment.create(db)
    [index] = [index for index in t.intent.indexes if index.name == "rejected_rows"]
    index.create(db)


def _add_sharing(db: Connection) -> None:
    """What machines that share a database need; a journal in a file has nothing in it."""
    t.lease.create(db)
    t.copy.create(db)
    db.exec_driver_sql("ALTER TABLE run ADD COLUMN installation TEXT NOT NULL DEFAULT ''")


def _add_announcements(db: Connection) -> None:
    """What the commands of machines that share a database are about to do; a journal in a file has nothing in it."""
    t.announcement.create(db)


def _add_schedules(db: Connection) -> None:
    """The scheduled imports; there were none."""
    t.schedule.create(db)
    t.occurrence.create(db)


def _add_documents(db: Connection) -> None:
    """The documents and uploads of machines that share a database; a journal in a file has nothing in them."""
    for table in (t.document, t.upload, t.upload_change, t.upload_piece):
        table.create(db)


_STEPS: Mapping[int, Callable[[Connection], None]] = {
    1: _nothing_but_rows,
    2: _add_evidence,
    3: _claim_by_service,
    4: _nothing_but_rows,
    5: _add_marks,
    6: _add_tally,
    7: _add_sharing,
    8: _add_announcements,
    9: _add_schedules,
    10: _add_documents,
}
"""What leads from a version to the next one."""


def _copy_rows(db: Connection) -> None:
    """Copy the rows into a table of today's shape; SQLite can change neither a constraint nor an index.

    They come in their order, so that rows of one key in one run are told apart as the checker tells them apart.
    """
    # Indexes keep their names when their table is renamed, and the new table needs those names.
    indexes = "SELECT name FROM sqlite_master WHERE tbl_name = 'intent' AND type = 'index' AND sql IS NOT NULL"
    for (name,) in db.exec_driver_sql(indexes).all():
        db.exec_driver_sql(f"DROP INDEX {name}")
    db.exec_driver_sql("ALTER TABLE intent RENAME TO earlier_intent")
    t.intent.create(db)
    present = {column["name"] for column in sa.inspect(db).get_columns("earlier_intent")}
    names = [column.name for column in t.intent.columns if column.name in present]
    earlier = sa.table("earlier_intent", *map(sa.column, names))
    upgrade = _Upgrade(db)
    rows = db.execute(sa.select(earlier).order_by(earlier.c.run, earlier.c.row))
    for some in rows.partitions(_BATCH):
        db.execute(sa.insert(t.intent), [upgrade.row(row._asdict()) for row in some])
    db.exec_driver_sql("DROP TABLE earlier_intent")


def _count_rows(db: Connection) -> None:
    """Count the rows of every run, and work out from when its rows were settled how far it was at which moments."""
    for table in (t.tally, t.moment):
        db.execute(sa.delete(table))
    recount(db)
    for run, planned in db.execute(sa.select(t.run.c.id, t.run.c.planned).where(t.run.c.planned.is_not(None))).all():
        mine = sa.and_(t.intent.c.run == run, t.intent.c.settled_at.is_not(None))
        begin, end = planned, db.execute(sa.select(sa.func.max(t.intent.c.settled_at)).where(mine)).scalar()
        moments = [(begin, 0, 0)]
        if end is not None:
            width = max((end - begin) / PARTS, 0.001)
            part = sa.cast((t.intent.c.settled_at - begin) / width, sa.Integer)
            rejected = sa.func.count(sa.case((t.intent.c.state == State.REJECTED.value, 1)))
            latest = sa.func.max(t.intent.c.settled_at)
            for at, some, failed in db.execute(
                sa.select(latest, sa.func.count(), rejected).where(mine).group_by(part).order_by(part)
            ):
                _, done, wrong = moments[-1]
                moments.append((max(at, moments[-1][0]), done + some, wrong + failed))
        names = ("at", "settled", "rejected")
        values = [{"run": run, "number": n} | dict(zip(names, one, strict=True)) for n, one in enumerate(moments)]
        db.execute(sa.insert(t.moment), values)


class _Upgrade:
    """Rows of earlier versions with what they lack, so that they keep each other's rules."""

    def __init__(self, db: Connection) -> None:
        runs = db.execute(sa.select(t.run.c.id, t.run.c.kind, t.run.c.target, t.run.c.options)).all()
        self._kinds = {run.id: run.kind for run in runs}
        self._targets = {run.id: run.target for run in runs}
        self._salts = {run.id: ONCE_MORE for run in runs if _is_once_more(run.options)}
        self._repeats: dict[tuple[int, bytes], int] = {}
        self._unanswered: set[tuple[int, bytes]] = set()
        self._ids: set[tuple[int, int]] = set()

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row as today's table has it."""
        row["target"] = self._targets.get(row["run"]) or row["target"]
        if row["state"] in (State.CREATED, State.REMOVING):
            # Two accounts of one service that both believe a record to be theirs: a person decides about the second.
            if (row["target"], row["remote_id"]) in self._ids:
                row |= {
                    "state": State.REVIEW.value,
                    "message": f"Record {row['remote_id']} also belongs to another row.",
                }
                row["remote_id"] = None
                row["seal"] = checksum(row["run"], row["row"], row["identity"], row["body"], row["state"], None)
            self._ids.add((row["target"], row["remote_id"]))
        return row if "key" in row else row | {"key": self._key(row)}

    def _key(self, row: Mapping[str, Any]) -> bytes:
        # Here, because loading the record types takes half a second, which every command would take to open a journal.
        from schemas import RECORD_TYPES, key_digest  # noqa: PLC0415

        run, kind = row["run"], self._kinds.get(row["run"], "")
        if kind not in RECORD_TYPES:
            # What the bodies of a record type meant that is gone, nobody knows any more.
            return bytes(row["identity"])
        values = json.loads(row["body"])
        key = [values.get(name) for name in RECORD_TYPES[kind].key]
        salt = self._salts.get(run, "")
        plain = key_digest(kind, key, salt)
        repeat = self._repeats[run, plain] = self._repeats.get((run, plain), -1) + 1
        digest = key_digest(kind, key, f"{repeat}{salt}")
        if row["state"] in UNANSWERED:
            # Of two runs, when rows of one key could still be sent beside each other. Both wait; neither is lost.
            if (row["target"], digest) in self._unanswered:
                digest = key_digest(kind, key, f"{repeat}{salt} of run {run}")
            self._unanswered.add((row["target"], digest))
        return digest


def _is_once_more(options: str) -> bool:
    try:
        return bool(OPTIONS.decode(options).get("even_if_existing"))
    except UnreadableError:
        return False
