"""What was done to an upload in its table, step by step, in a small database beside it.

Steps hold row numbers and texts, so that undoing them hits the same cells whatever is filtered or sorted by then. A
step is undone cell by cell: what has been corrected in another way since is left alone. The database also holds the
cells that changed with each version of the upload, for rows that were written before.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from importer.config.store import new_private

_PATIENCE = 10.0
_MOST_STEPS = 200
"""Steps that can be undone; older ones are forgotten."""

_MOST_PRESSES = 200
"""Presses that are known again, long after a page has given up on the answer."""

_TABLES = """
CREATE TABLE IF NOT EXISTS steps(id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT NOT NULL, undone INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS cells(step INTEGER NOT NULL, row INTEGER NOT NULL, letters TEXT NOT NULL,
    was TEXT, became TEXT, before TEXT NOT NULL, after TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS cells_of_steps ON cells(step);
CREATE TABLE IF NOT EXISTS outs(step INTEGER NOT NULL, row INTEGER NOT NULL, out INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS outs_of_steps ON outs(step);
CREATE TABLE IF NOT EXISTS patches(version INTEGER NOT NULL, row INTEGER NOT NULL, letters TEXT NOT NULL,
    text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS patches_of_versions ON patches(version);
CREATE TABLE IF NOT EXISTS presses(press TEXT NOT NULL UNIQUE);
"""


@dataclass(frozen=True, slots=True)
class CellStep:
    """A cell of a step: the corrections of it before and after, None for none, and the texts that it showed."""

    row: int
    letters: str
    was: str | None
    became: str | None
    before: str
    after: str

    @property
    def address(self) -> str:
        """The address of the cell."""
        return f"{self.letters}{self.row}"

    @property
    def backwards(self) -> "CellStep":
        """What undoes it."""
        return CellStep(self.row, self.letters, self.became, self.was, self.after, self.before)


@dataclass(frozen=True, slots=True)
class OutStep:
    """A row of a step: whether it is left out from then on."""

    row: int
    out: bool

    @property
    def backwards(self) -> "OutStep":
        """What undoes it."""
        return OutStep(self.row, not self.out)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done, in words and in cells or rows; ``id`` is its number among the steps, 0 for a new one."""

    label: str
    cells: Sequence[CellStep] = ()
    outs: Sequence[OutStep] = ()
    id: int = 0

    @property
    def backwards(self) -> "Step":
        """What undoes it."""
        cells, outs = [cell.backwards for cell in self.cells], [out.backwards for out in self.outs]
        return replace(self, cells=cells, outs=outs)

    @property
    def rows(self) -> list[int]:
        """The rows that it changes."""
        return list(dict.fromkeys([*(cell.row for cell in self.cells), *(out.row for out in self.outs)]))

    def possible(self, cells: Mapping[str, str], left_out: Collection[int]) -> "Step":
        """As much of it as still can be done: of cells and rows that are as it expects them."""
        rows = set(left_out)
        return replace(
            self,
            cells=[cell for cell in self.cells if cells.get(cell.address) == cell.was],
            outs=[out for out in self.outs if (out.row in rows) is not out.out],
        )


@dataclass(frozen=True, slots=True)
class Patch:
    """How a row has changed since it was written: texts by the letters of their columns, and whether it is left out."""

    texts: dict[str, str] = field(default_factory=dict)
    out: bool | None = None


class Steps:
    """The steps of one upload, in an open database; everything in one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Use a database with the tables."""
        self._db = db

    def add(self, step: Step) -> None:
        """Add a step; those that were undone can no longer be redone."""
        self._forget("undone")
        identity = self._db.execute("INSERT INTO steps(label, undone) VALUES (?, 0)", (step.label,)).lastrowid or 0
        cells = ((identity, c.row, c.letters, c.was, c.became, c.before, c.after) for c in step.cells)
        self._db.executemany("INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?, ?)", cells)
        self._db.executemany("INSERT INTO outs VALUES (?, ?, ?)", ((identity, o.row, int(o.out)) for o in step.outs))
        self._forget(f"id <= {identity - _MOST_STEPS}")

    def _forget(self, condition: str) -> None:
        for table in ("cells", "outs"):
            self._db.execute(f"DELETE FROM {table} WHERE step IN (SELECT id FROM steps WHERE {condition})")
        self._db.execute(f"DELETE FROM steps WHERE {condition}")

    def next_labels(self) -> tuple[tuple[int, str], tuple[int, str]]:
        """What would be undone next and what would be redone next: the id of the step and its words, 0 and "" if none.

        Without the cells of a step, of which there may be very many.
        """
        undo = self._db.execute("SELECT id, label FROM steps WHERE NOT undone ORDER BY id DESC LIMIT 1").fetchone()
        redo = self._db.execute("SELECT id, label FROM steps WHERE undone ORDER BY id LIMIT 1").fetchone()
        return undo or (0, ""), redo or (0, "")

    def remember(self, press: str) -> None:
        """This press has been carried out."""
        number = self._db.execute("INSERT INTO presses VALUES (?)", (press,)).lastrowid or 0
        self._db.execute("DELETE FROM presses WHERE rowid <= ?", (number - _MOST_PRESSES,))

    def was_pressed(self, press: str) -> bool:
        """Whether this press has been carried out."""
        return self._db.execute("SELECT 1 FROM presses WHERE press = ?", (press,)).fetchone() is not None

    def last(self) -> Step | None:
        """The step to undo; None if there is none."""
        return self._step("SELECT id, label FROM steps WHERE NOT undone ORDER BY id DESC LIMIT 1")

    def next_undone(self) -> Step | None:
        """The step to redo; None if there is none."""
        return self._step("SELECT id, label FROM steps WHERE undone ORDER BY id LIMIT 1")

    def mark(self, step: Step, *, undone: bool) -> None:
        """A step counts as undone from now on, or as done."""
        self._db.execute("UPDATE steps SET undone = ? WHERE id = ?", (int(undone), step.id))

    def _step(self, query: str) -> Step | None:
        line = self._db.execute(query).fetchone()
        if line is None:
            return None
        identity, label = line
        columns = "row, letters, was, became, before, after"
        cells = self._db.execute(f"SELECT {columns} FROM cells WHERE step = ? ORDER BY rowid", (identity,))
        outs = self._db.execute("SELECT row, out FROM outs WHERE step = ? ORDER BY rowid", (identity,))
        return Step(
            label, [CellStep(*cell) for cell in cells], [OutStep(row, bool(out)) for row, out in outs], identity
        )

    def note(self, version: int, step: Step, checked: int) -> None:
        """Keep what a step has changed with this version; changes up to the ``checked`` version are in the rows."""
        self._db.execute("DELETE FROM patches WHERE version <= ?", (checked,))
        cells = ((version, cell.row, cell.letters, cell.after) for cell in step.cells)
        outs = ((version, out.row, "", "out" if out.out else "") for out in step.outs)
        for lines in (cells, outs):
            self._db.executemany("INSERT INTO patches VALUES (?, ?, ?, ?)", lines)

    def patches(self, version: int) -> dict[int, Patch]:
        """What has changed since this version, by row."""
        query = "SELECT row, letters, text FROM patches WHERE version > ? ORDER BY rowid"
        patches: dict[int, Patch] = {}
        for row, letters, text in self._db.execute(query, (version,)):
            patch = patches.get(row, Patch())
            patches[row] = (
                Patch({**patch.texts, letters: text}, patch.out) if letters else Patch(patch.texts, bool(text))
            )
        return patches


@contextmanager
def steps_of(folder: Path) -> Iterator[Steps]:
    """The steps of an upload; what is done to them counts only if nothing is raised."""
    path = folder / "steps.sqlite"
    if not path.exists():
        new_private(path).close()
    db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    try:
        db.executescript(_TABLES)
        db.execute("BEGIN IMMEDIATE")
        yield Steps(db)
        db.execute("COMMIT")
    finally:
        # What was not committed by now counts for nothing.
        db.close()


def applied(step: Step, cells: Mapping[str, str], left_out: Iterable[int]) -> tuple[dict[str, str], tuple[int, ...]]:
    """The corrections and the rows left out once a step is done."""
    after = dict(cells)
    for cell in step.cells:
        if cell.became is None:
            after.pop(cell.address, None)
        else:
            after[cell.address] = cell.became
    rows = set(left_out)
    rows -= {out.row for out in step.outs if not out.out}
    rows |= {out.row for out in step.outs if out.out}
    return after, tuple(sorted(rows))
