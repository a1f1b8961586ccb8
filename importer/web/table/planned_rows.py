"""What the plan does with each row of an upload, gathered while the rows are compared and written beside them."""

import contextlib
from array import array
from pathlib import Path

from importer.delivery.comparison import Ambiguous, Blocked, Changed, Match, Unchanged
from importer.web.table.row_file import RowState, file_of, opened

CREATE, CHANGED, UNCHANGED, UNCLEAR, WAITING = "create", "changed", "unchanged", "unclear", "waiting"
PLAN_WORDS = {
    CREATE: "Create",
    CHANGED: "Changed",
    UNCHANGED: "Already in Nexudus",
    UNCLEAR: "Unclear",
    WAITING: "Waiting",
}
"""What the plan does with a row, and what the page calls that: as the page of the plan does."""

_WORDS = (CREATE, CHANGED, UNCHANGED, UNCLEAR, WAITING)


class PlannedRows:
    """Takes what rows are to the service; every other row that can be sent is to be created."""

    def __init__(self) -> None:
        """No row has been compared yet."""
        # Nine bytes a row: an upload may have a million.
        self._rows, self._actions = array("q"), bytearray()

    def add(self, row: int, match: Match) -> None:
        """One row goes by."""
        self._rows.append(row)
        self._actions.append(_WORDS.index(_word(match)))

    def write(self, folder: Path, version: int) -> None:
        """Write them to the rows of this version of an upload; not if these have changed meanwhile."""
        with contextlib.suppress(FileNotFoundError), opened(file_of(folder, version)) as rows:
            rows.db.execute("BEGIN IMMEDIATE")
            rows.refresh()
            if rows.reached == version:
                states = (RowState.WARNING.value, RowState.READY.value)
                rows.db.execute("UPDATE rows SET plan = ''")
                rows.db.execute("UPDATE rows SET plan = ? WHERE state IN (?, ?)", (CREATE, *states))
                actions = (
                    (_WORDS[action], row) for row, action in zip(self._rows, self._actions, strict=True) if action
                )
                rows.db.executemany("UPDATE rows SET plan = ? WHERE row = ?", actions)
            rows.db.execute("COMMIT")


def _word(match: Match) -> str:
    match match:
        case Unchanged():
            return UNCHANGED
        case Changed():
            return CHANGED
        case Ambiguous():
            return UNCLEAR
        case Blocked():
            return WAITING
        case _:
            return CREATE
