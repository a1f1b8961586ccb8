"""Brings the journals of earlier importers up to date: one numbered step per version, in the caller's transaction.

A step must leave every row as it was; a journal is never made anew, for what it knows was sent.
"""

from collections.abc import Callable, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from importer.journal import tables as t

SCHEMA_VERSION = 3


def migrate(db: Connection, version: int) -> None:
    """Take the steps from this version to the newest, and write that down."""
    for number in range(version, SCHEMA_VERSION):
        _STEPS[number](db)
    db.execute(sa.update(t.meta).where(t.meta.c.key == "schema_version").values(value=str(SCHEMA_VERSION)))


def _allow_every_state(db: Connection) -> None:
    """Copy the rows into a table whose constraint knows today's states; SQLite cannot change a constraint."""
    # Indexes keep their names when their table is renamed, and the new table needs those names.
    for index in t.intent.indexes:
        db.exec_driver_sql(f"DROP INDEX {index.name}")
    db.exec_driver_sql("ALTER TABLE intent RENAME TO earlier_intent")
    t.intent.create(db)
    # By name, and in the order of the primary key: the earlier table may have its columns in another order.
    names = [column.name for column in t.intent.columns]
    earlier = sa.table("earlier_intent", *map(sa.column, names))
    rows = sa.select(earlier).order_by(earlier.c.run, earlier.c.row)
    db.execute(sa.insert(t.intent).from_select(names, rows))
    db.exec_driver_sql("DROP TABLE earlier_intent")


def _add_evidence(db: Connection) -> None:
    """The tables of what was seen of the service around each run; earlier runs have nothing in them."""
    t.listed_before.create(db)
    t.first_look.create(db)


_STEPS: Mapping[int, Callable[[Connection], None]] = {1: _allow_every_state, 2: _add_evidence}
"""What leads from a version to the next one."""
