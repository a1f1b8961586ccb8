"""The SQL that is run for every call, as it goes to the driver.

SQLAlchemy takes longer to put such a statement together, and to bind it name by name, than SQLite to execute it.
Of each statement SQLite and PostgreSQL make the same; the marks of its parameters are SQLite's, and ``postgres.py``
translates them.
"""

from functools import lru_cache

from importer.journal.states import State
from importer.journal.tables import CHANGED_BY, CLAIMS, MADE_BY

# Names the state that the row comes from, and the attempt: an answer that comes late belongs to no later call. If
# another process has moved the row meanwhile, none matches, the number of rows is too small, and the whole transaction
# is taken back: two senders can never both move one row.
MOVE = """
    UPDATE intent
    SET state = :to_state, attempts = attempts + :more_attempts, rounds = rounds + :more_resends,
        sent_at = coalesce(:new_sent_at, sent_at), settled_at = :new_settled_at, remote_id = :new_remote_id,
        before = :new_before, updated_on = :new_updated_on,
        field = :new_field, message = :new_message, seal = :new_seal
    WHERE run = :in_run AND row = :in_row AND state = :from_state AND attempts = :from_attempts
"""

VERSION = "SELECT value FROM meta WHERE key = 'schema_version'"

RUN = "SELECT * FROM run WHERE id = ?"

# The condition as text, as for ``claims``: else SQLite does not use the partial index.
FIRST_REJECTED = f"SELECT * FROM intent WHERE run = ? AND state = '{State.REJECTED}' ORDER BY row LIMIT ?"

HELD_UNTIL = "SELECT max(until) FROM hold WHERE account IN (?, ?)"

STOP = "SELECT stop FROM run WHERE id = ?"

RUN_THAT_MADE = f"SELECT run FROM intent WHERE target = ? AND remote_id = ? AND state IN ({MADE_BY})"

ADD_MARK = "INSERT INTO mark (mark, run, row, attempt) VALUES (?, ?, ?, ?)"
LACKS_RECORD_OF_MARK = """
    SELECT 1 FROM intent JOIN mark ON mark.run = intent.run AND mark.row = intent.row
    WHERE intent.run = ? AND state IN ('planned', 'rejected') LIMIT 1
"""
HAS_MARK = "SELECT 1 FROM mark WHERE run = ? AND row = ? LIMIT 1"
MARK_OF_RECORD = f"""
    SELECT mark.mark FROM intent JOIN mark ON mark.run = intent.run AND mark.row = intent.row
    WHERE target = ? AND remote_id = ? AND state IN ({MADE_BY}) ORDER BY attempt DESC LIMIT 1
"""

ADD_WRITE = "INSERT INTO call (account, at, arrived, write) VALUES (:account, :left, :left, TRUE)"
# Writes that left at the same time are interchangeable.
_ONE_WRITE = (
    "id = (SELECT min(id) FROM call WHERE account = :account AND write = TRUE AND at = :left AND arrived = :left)"
)
DROP_CALL = f"DELETE FROM call WHERE {_ONE_WRITE}"
SET_ARRIVED = f"UPDATE call SET arrived = :arrived WHERE {_ONE_WRITE}"
REDATE_CALLS = """
    UPDATE call SET at = CASE WHEN at < :now THEN at ELSE :now END, arrived = :now
    WHERE account = :account AND arrived > :now
"""
REDATE_PAUSE = """
    UPDATE hold SET until = CASE WHEN until - :ahead < :latest THEN until - :ahead ELSE :latest END
    WHERE account = :key
"""


@lru_cache(maxsize=2)
def calls_in_window(*, writes: bool) -> str:
    """How many calls of an account arrived after a time, and when the first of them did."""
    return f"SELECT count(*), min(arrived) FROM call WHERE {_whose(writes)} AND arrived > ?"


@lru_cache(maxsize=2)
def arrivals_in_window(*, writes: bool) -> str:
    """When the calls of an account arrived that did after a time, the first one first."""
    return f"SELECT arrived FROM call WHERE {_whose(writes)} AND arrived > ? ORDER BY arrived"


@lru_cache(maxsize=512)
def claims(number: int) -> str:
    """Rows that have or may have a record: of this target, with one of ``number`` keys."""
    # The condition as text, not as parameters: SQLite uses a partial index only if it can see that the one implies the
    # other. Without it each turn of the sender reads the whole table: 4 ms at 10,000 rows, 0.4 s at a million.
    return (
        "SELECT run, row, key, identity, state, remote_id FROM intent "
        f"WHERE target = ? AND key IN ({_placeholders(number)}) AND state IN ({CLAIMS})"
    )


@lru_cache(maxsize=512)
def known_ids(number: int) -> str:
    """Which of ``number`` Ids a row of this target has; parameters: the target and the Ids, twice."""
    # Two queries, each with the condition of an index as text, for the reason above.
    one = f"SELECT remote_id FROM intent WHERE target = ? AND remote_id IN ({_placeholders(number)}) AND state IN"
    return f"{one} ({MADE_BY}) UNION {one} ({CHANGED_BY})"


@lru_cache(maxsize=512)
def issues_of_rows(number: int) -> str:
    """The issues of ``number`` rows of a run, each row's in the order in which they were found."""
    names = "code, row, cell, label, field, value, detail"
    return f"SELECT {names} FROM issue WHERE run = ? AND row IN ({_placeholders(number)}) ORDER BY id"


@lru_cache(maxsize=64)
def allowance(kinds: tuple[bool, ...]) -> str:
    """The last arrival of an account, the end of its pause, its last write, and each window's n-th last arrival.

    ``kinds`` says of each window whether it counts writes only. Parameters: the account, the two keys of a pause that
    counts here, the account, then for each window the account and n - 1.
    """
    queries = [
        "SELECT max(arrived) FROM call WHERE account = ?",
        "SELECT max(until) FROM hold WHERE account IN (?, ?)",
        "SELECT max(at) FROM call WHERE account = ? AND write = TRUE",
        *(
            f"SELECT arrived FROM call WHERE {_whose(writes)} ORDER BY arrived DESC LIMIT 1 OFFSET ?"
            for writes in kinds
        ),
    ]
    return f"SELECT {', '.join(f'({one})' for one in queries)}"


def _whose(writes: bool) -> str:
    return "account = ? AND write = TRUE" if writes else "account = ?"


def _placeholders(number: int) -> str:
    return ", ".join("?" * number)
