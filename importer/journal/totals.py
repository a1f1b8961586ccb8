"""Sums over all runs, for a monitor: counts by account and state, and nothing of any row."""

from collections.abc import Mapping

from importer.journal.database import Database

_ROWS = """
    SELECT coalesce(run.account, ''), tally.state, sum(tally.rows) FROM tally JOIN run ON run.id = tally.run
    GROUP BY coalesce(run.account, ''), tally.state HAVING sum(tally.rows) <> 0
"""
_FINISHED = """
    SELECT coalesce(account, ''), count(*) FROM run WHERE finished IS NOT NULL GROUP BY coalesce(account, '')
"""
_LEASES = "SELECT account, epoch FROM lease"


class Totals:
    """The sums of a journal. An account is named by its key, "" is that of runs that have not signed in yet."""

    def __init__(self, db: Database) -> None:
        """Use the database of a journal."""
        self._db = db

    def rows(self) -> Mapping[tuple[str, str], int]:
        """How many rows of an account are in a state, as ``tally`` has them."""
        with self._db.read() as db:
            # What a server sums up is a decimal.
            return {(account, state): int(rows) for account, state, rows in db.exec_driver_sql(_ROWS)}

    def finished(self) -> Mapping[str, int]:
        """How many runs of an account are finished."""
        with self._db.read() as db:
            return {row[0]: row[1] for row in db.exec_driver_sql(_FINISHED)}

    def holders(self) -> Mapping[str, int]:
        """How often a process has begun to send for an account. Only a database that machines share counts that."""
        with self._db.read() as db:
            return {row[0]: row[1] for row in db.exec_driver_sql(_LEASES)}
