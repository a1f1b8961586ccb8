"""Lists read from the service, and choices between equal names, remembered per account."""

import sqlalchemy as sa

from importer.journal import tables as t
from importer.journal.database import Database


class Directories:
    """The records that references may name, by account."""

    def __init__(self, db: Database) -> None:
        """Use the database of a journal."""
        self._db = db

    def get(self, account: str, path: str, not_before: float) -> str | None:
        """The entries of a list that was read from the service at that time or later, None if there is none."""
        path = _as_kept(path)
        query = sa.select(t.directory.c.entries).where(t.directory.c.account == account, t.directory.c.path == path)
        with self._db.read() as db:
            return db.execute(query.where(t.directory.c.fetched >= not_before)).scalar()

    def save(self, account: str, path: str, entries: str, now: float) -> None:
        """Keep a list that was read from the service, instead of an earlier one."""
        path = _as_kept(path)
        with self._db.write() as db:
            db.execute(sa.delete(t.directory).where(t.directory.c.account == account, t.directory.c.path == path))
            db.execute(sa.insert(t.directory).values(account=account, path=path, fetched=now, entries=entries))

    def amend(self, account: str, path: str, before: str, entries: str) -> None:
        """Keep more of a list than was read, unless it has been read anew since; it does not become younger by it."""
        same = sa.and_(t.directory.c.account == account, t.directory.c.path == _as_kept(path))
        with self._db.write() as db:
            query = sa.update(t.directory).where(same, t.directory.c.entries == before)
            db.execute(query.values(entries=entries))

    def chosen_ids(self, account: str, path: str) -> dict[str, int]:
        """The choices between records of one name that were made for this account, by name."""
        path = _as_kept(path)
        query = sa.select(t.pick.c.name, t.pick.c.remote_id).where(t.pick.c.account == account, t.pick.c.path == path)
        with self._db.read() as db:
            return {row.name: row.remote_id for row in db.execute(query)}

    def lists(self) -> list[tuple[str, str, str]]:
        """Every list that was read from the service: its account, its path, and its entries."""
        with self._db.read() as db:
            return [(row.account, _as_named(row.path), row.entries) for row in db.execute(sa.select(t.directory))]

    def choices(self) -> list[tuple[str, str, str, int]]:
        """Every choice that was made: the account, the path of the list, the name, and the Id that it means."""
        with self._db.read() as db:
            rows = db.execute(sa.select(t.pick).order_by(t.pick.c.account, t.pick.c.path, t.pick.c.name)).all()
        return [(row.account, _as_named(row.path), row.name, row.remote_id) for row in rows]

    def choose(self, account: str, path: str, name: str, remote_id: int) -> None:
        """Remember which of several records of one name is meant."""
        path = _as_kept(path)
        same = sa.and_(t.pick.c.account == account, t.pick.c.path == path, t.pick.c.name == name)
        with self._db.write() as db:
            db.execute(sa.delete(t.pick).where(same))
            db.execute(sa.insert(t.pick).values(account=account, path=path, name=name, remote_id=remote_id))

    def forget(self, account: str, path: str, name: str) -> None:
        """Drop a choice, so that it must be made again; nothing where there is none."""
        same = sa.and_(t.pick.c.account == account, t.pick.c.path == _as_kept(path), t.pick.c.name == name)
        with self._db.write() as db:
            db.execute(sa.delete(t.pick).where(same))


def _as_kept(path: str) -> str:
    """The name of a list in the database: an earlier importer, which knew the module ``spaces`` only, left it out."""
    return path.removeprefix("spaces/")


def _as_named(path: str) -> str:
    """The path of a list by its name in the database."""
    return path if "/" in path else f"spaces/{path}"
