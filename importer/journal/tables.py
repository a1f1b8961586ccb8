"""The tables of the journal, and what the database itself refuses.

That is an unknown state, a second unanswered row of one key, and a second row that made one record.
"""

from typing import Any

import sqlalchemy as sa

from importer.journal.states import CLAIMING, UNANSWERED, State

metadata = sa.MetaData()


def _only(condition: str) -> dict[str, Any]:
    """Makes an index partial; each dialect listens to its own word, and would leave out the condition without it."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


meta = sa.Table("meta", metadata, sa.Column("key", sa.Text, primary_key=True), sa.Column("value", sa.Text))
target = sa.Table(
    "target",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    # Of the service, not of an account: two users of one space would otherwise be blind to each other's records.
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.UniqueConstraint("host", "kind"),
)
run = sa.Table(
    "run",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("target", sa.ForeignKey("target.id")),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("endpoint", sa.Text, nullable=False),
    # Whom calls are made for; None while nobody could sign in.
    sa.Column("account", sa.Text),
    sa.Column("user", sa.Text, nullable=False, server_default=""),
    sa.Column("space", sa.Text, nullable=False, server_default=""),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("copy", sa.Text, nullable=False),
    sa.Column("options", sa.Text, nullable=False),
    sa.Column("folder", sa.Text, nullable=False),
    # The installation whose folder and copy these are; empty in a journal of one machine.
    sa.Column("installation", sa.Text, nullable=False, server_default=""),
    sa.Column("parent", sa.Integer),
    sa.Column("started", sa.Float, nullable=False),
    sa.Column("planned", sa.Float),
    sa.Column("stopped", sa.Float),
    sa.Column("finished", sa.Float),
    sa.Column("exit_code", sa.Integer),
    sa.Column("stop", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("rows", sa.Integer, nullable=False, server_default="0"),
)
STATES = ", ".join(f"'{state}'" for state in State)
UNANSWERED_STATES = ", ".join(f"'{state}'" for state in sorted(UNANSWERED))
MADE_BY = f"'{State.CREATED}', '{State.REMOVING}'"
"""The states of a row that made its record."""
CHANGED_BY = f"'{State.RESTORED}', '{State.RESTORING}', '{State.UPDATED}', '{State.UPDATING}'"
"""The states of a row that changed, or may have changed, a record that was there."""
CLAIMS = ", ".join(f"'{state}'" for state in sorted(CLAIMING))
intent = sa.Table(
    "intent",
    metadata,
    sa.Column("run", sa.Integer, primary_key=True),
    sa.Column("row", sa.Integer, primary_key=True),
    sa.Column("target", sa.Integer, nullable=False),
    # A hash of all values: rows that have it in common are equal.
    sa.Column("identity", sa.LargeBinary, nullable=False),
    # A hash of the values of the key: short enough to be looked up for every row that is sent.
    sa.Column("key", sa.LargeBinary, nullable=False),
    # Frozen when the run was planned, and sent as it is. A resume never reads the file again for it.
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    # How often the row was proved absent and sent again: ``resends`` in Python.
    sa.Column("rounds", sa.Integer, nullable=False, server_default="0"),
    sa.Column("sent_at", sa.Float),
    # When it came to its latest state, but for one that waits for an answer.
    sa.Column("settled_at", sa.Float),
    # The row's record; while it is planned, the one that it is to update.
    sa.Column("remote_id", sa.BigInteger),
    # The record that the row of the file names.
    sa.Column("named_id", sa.BigInteger),
    # The record as it was before the row updated it, as JSON, or why a held row is; and when the service says that the
    # update was made; while the row is planned, when the record had been changed last.
    sa.Column("before", sa.Text),
    sa.Column("updated_on", sa.Float),
    sa.Column("field", sa.Text),
    sa.Column("message", sa.Text),
    # The database has no checksums of its own: a flipped bit in a body would be sent, or make a record look absent.
    sa.Column("seal", sa.LargeBinary, nullable=False),
    # The first state by itself: to look for it in the list takes a third of the time of planning.
    sa.CheckConstraint(f"state = '{State.PLANNED}' OR state IN ({STATES})", name="known_state"),
    sa.Index("claims_by_key", "target", "key", **_only(f"state IN ({CLAIMS})")),
    # The last guard: the database itself refuses a second call for one key while another has got no answer. Unique only
    # among those: several records of one key may exist, for users make them on purpose, and did in other ways.
    sa.Index("one_unanswered", "target", "key", unique=True, **_only(f"state IN ({UNANSWERED_STATES})")),
    # A record is made once, but may be changed by any number of runs.
    sa.Index("one_row_an_id", "target", "remote_id", unique=True, **_only(f"state IN ({MADE_BY})")),
    sa.Index("changed_ids", "target", "remote_id", **_only(f"state IN ({CHANGED_BY})")),
    # A page shows the first of them every two seconds, of a run that may have a million rows.
    sa.Index("rejected_rows", "run", "row", **_only(f"state = '{State.REJECTED}'")),
    # The primary key is the table: rows are read in the order of the file, page by page, without a second look-up each.
    sqlite_with_rowid=False,
)
# How many rows of a run are in which state, kept by each transaction that moves them; ``tally.py``.
tally = sa.Table(
    "tally",
    metadata,
    sa.Column("run", sa.Integer, primary_key=True),
    sa.Column("state", sa.Text, primary_key=True),
    sa.Column("rows", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)
# How far a run was at some moments of its time, the newest of them always that of its last outcome.
moment = sa.Table(
    "moment",
    metadata,
    sa.Column("run", sa.Integer, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("settled", sa.Integer, nullable=False),
    sa.Column("rejected", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)
# The text that a create carried in SystemId, for each attempt that carried one: the record that has it is the row's.
mark = sa.Table(
    "mark",
    metadata,
    sa.Column("mark", sa.Text, primary_key=True),
    sa.Column("run", sa.Integer, nullable=False),
    sa.Column("row", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Index("marks_by_row", "run", "row"),
    sqlite_with_rowid=False,
)
# What the service listed before a run sent its first row: none of these records can be the effect of one of its calls.
listed_before = sa.Table(
    "listed_before",
    metadata,
    sa.Column("run", sa.Integer, primary_key=True),
    sa.Column("ids", sa.LargeBinary, nullable=False),
)
# When a row that got no answer was looked for first, by the service's clock and by this machine's. The visibility
# window counts from there, for the time at which the call left is known by one clock only.
first_look = sa.Table(
    "first_look",
    metadata,
    sa.Column("run", sa.Integer, primary_key=True),
    sa.Column("row", sa.Integer, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("service_time", sa.Float),
    sa.Column("local_time", sa.Float, nullable=False),
)
# When the rows of a target were last rebuilt from what the service lists, by the service's clock and by this machine's.
# Calls that nothing is known of any more may take effect until a visibility window later.
rebuilt = sa.Table(
    "rebuilt",
    metadata,
    sa.Column("target", sa.Integer, primary_key=True),
    sa.Column("service_time", sa.Float),
    sa.Column("local_time", sa.Float, nullable=False),
)
issue = sa.Table(
    "issue",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run", sa.Integer, nullable=False),
    sa.Column("row", sa.Integer),
    *(sa.Column(name, sa.Text) for name in ("cell", "label", "field", "code", "value", "detail")),
    sa.Index("issues_by_row", "run", "row"),
)
call = sa.Table(
    "call",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    # The latest time at which the service can have seen it; its windows count from there.
    sa.Column("arrived", sa.Float, nullable=False),
    sa.Column("write", sa.Boolean, nullable=False),
    sa.Index("calls_by_arrival", "account", "arrived"),
    sa.Index("writes_by_arrival", "account", "write", "arrived"),
    sa.Index("writes_by_time", "account", "write", "at"),
)
directory = sa.Table(
    "directory",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("fetched", sa.Float, nullable=False),
    sa.Column("entries", sa.Text, nullable=False),
)
pick = sa.Table(
    "pick",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("remote_id", sa.BigInteger, nullable=False),
)
# Who sends for an account, where several machines share the database; ``lease.py``. Of a file the lock says it.
lease = sa.Table(
    "lease",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("until", sa.Float, nullable=False),
    # The running system in which the number of the process means something, and the name of the machine for people.
    sa.Column("system", sa.Text, nullable=False),
    sa.Column("machine", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("start", sa.Text, nullable=False),
    sa.Column("run", sa.Integer),
    sa.Column("since", sa.Text, nullable=False),
    sa.Column("command", sa.Text, nullable=False),
)
# The commands that are about to work on a run, where several machines share the database; ``announcement_rows.py``.
announcement = sa.Table(
    "announcement",
    metadata,
    # The running system, or the machine, in which the number of the process means something.
    sa.Column("place", sa.Text, primary_key=True),
    sa.Column("pid", sa.Integer, primary_key=True),
    sa.Column("run", sa.Integer, primary_key=True),
    sa.Column("start", sa.Text, nullable=False),
    sa.Column("machine", sa.Text, nullable=False),
    sa.Column("since", sa.Text, nullable=False),
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("until", sa.Float, nullable=False),
    sa.Column("stop", sa.Boolean, nullable=False),
)
# The private copies of the files of runs, in pieces, where the machines that share the database have no common folder.
copy = sa.Table(
    "copy",
    metadata,
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
# The documents that all machines of a shared database must agree on; ``documents.py``. Bytes: names may hold what is no
# character to a server. The revision grows with every change, so that of two who change one at once, the later sees it.
document = sa.Table(
    "document",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.Float, nullable=False),
)
# The uploads of the page that machines share; ``uploads.py``. The revision grows with every change; ``base`` is the
# first one whose line of corrections counts. One without a document has been deleted.
upload = sa.Table(
    "upload",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("uploaded", sa.Float, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("document", sa.LargeBinary),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("base", sa.BigInteger, nullable=False),
    sa.Column("run", sa.Integer),
)
# What was corrected with a revision. Its key is the last guard: of two who make one revision, the second is refused.
upload_change = sa.Table(
    "upload_change",
    metadata,
    sa.Column("upload", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, primary_key=True),
    sa.Column("line", sa.LargeBinary, nullable=False),
)
upload_piece = sa.Table(
    "upload_piece",
    metadata,
    sa.Column("upload", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
# A pause: until when an account, or its creates, updates and deletes alone, may not call. For the latter the
# key is that of ``_writes_of`` in calls.py.
pause = sa.Table(
    "hold", metadata, sa.Column("account", sa.Text, primary_key=True), sa.Column("until", sa.Float, nullable=False)
)
# The scheduled imports: what is imported when, from where and on which terms; ``schedules.py``.
schedule = sa.Table(
    "schedule",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("options", sa.Text, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    # What was due before counts no more: not before it was added, and not while it was paused.
    sa.Column("since", sa.Float, nullable=False),
    sa.Column("paused", sa.Float),
    # When a worker last looked into its folder.
    sa.Column("looked", sa.Float),
    # Its number stays, so that it never means another one; everything else of it is gone.
    sa.Column("removed", sa.Float),
)
# What a schedule has led to, once for each of its dates or files: the primary key lets no two workers take the same.
occurrence = sa.Table(
    "occurrence",
    metadata,
    sa.Column("schedule", sa.Integer, primary_key=True),
    # The date, or a hash of the name and the content of the file.
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    # When it was due; of a file, when it was taken. And when it came to its state.
    sa.Column("due", sa.Float, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    # Who has begun with it, and how often somebody has.
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("run", sa.Integer),
    # How many earlier dates passed while no worker was there, and are made up for by this one.
    sa.Column("missed", sa.Integer, nullable=False, server_default="0"),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Index("occurrences_by_time", "schedule", "at"),
)
