"""All rows of one version of an upload in a small database of its own, so that no page has to read the file again.

A check writes it aside, whole or not at all. Corrections made since are put into it row by row, until the check of the
later version has written one of its own. ``reached`` is the version of the upload that its rows are those of.
"""

import contextlib
import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import pandas as pd

from importer.checking import Checked
from importer.config.store import from_json
from importer.spreadsheet import column_letters
from importer.web.table.sent import SentWords, sort_numbers
from importer.web.upload_documents import CellIssue, CheckedRow

_PATIENCE = 10.0
"""Seconds to wait for another page that writes to the same rows."""

_FORMAT = 1
_NEVER_STORED = re.compile("[\ud800-\udfff]")
_AT_ONCE = 500
"""Row numbers in one question to the database, which takes a limited number."""


_INDEXES = (
    "row_states ON rows(state, row)",
    "row_plans ON rows(plan, row) WHERE plan != ''",
    "row_edits ON rows(row) WHERE edited",
    "row_causes ON causes(row)",
)
"""For the counts of each answer, and for rows that are changed; made last, because that is faster."""


class RowState(StrEnum):
    """How a row stands."""

    WRONG = "wrong"
    WARNING = "warning"
    READY = "ready"
    OUT = "out"
    OPEN = "open"
    """It was changed, and the check has not come to it yet."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of the table: the letters over it, its title, its field ("" if it is not used), and how it is sorted."""

    letters: str
    label: str
    field: str = ""
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table: its texts and what is sent for each, by column; ``plan`` is "" where there is no plan."""

    row: int
    state: RowState
    plan: str
    edited: bool
    texts: tuple[str, ...]
    sent: tuple[str, ...]
    issues: tuple[CellIssue, ...]

    @property
    def document(self) -> dict[str, object]:
        """The row for the script of the page."""
        issues = [[one.letters, one.severity.value, f"{one.message} {one.fix}".strip()] for one in self.issues]
        return {**asdict(self), "state": self.state.value, "issues": issues}


def stored_text(text: str) -> str:
    """A text as it can be stored, and shown on a page: what is no character at all is replaced."""
    return text if text.isascii() else _NEVER_STORED.sub("\N{REPLACEMENT CHARACTER}", text)


Tags = Iterable[tuple[str, int]]
"""Rows with a cause: the key of the cause, and the number of the row."""


class RowWriter:
    """Writes the rows of a file as it is checked, chunk by chunk."""

    def __init__(self, path: Path, columns: Sequence[TableColumn], words: SentWords, edited: Collection[int]) -> None:
        """``edited`` are the rows with a cell that a person has corrected."""
        self._columns, self._words, self._edited = list(columns), words, edited
        self._fixed = len(self._columns)
        self._db = sqlite3.connect(path, isolation_level=None)
        # It is written aside and can be made again, so no crash can do harm.
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
        self.restart()

    def restart(self) -> None:
        """Begin, or begin once more: what was added before does not count."""
        del self._columns[self._fixed :]
        columns = "".join(f", {_of(column)}" for column in self._columns)
        self._db.executescript(
            "DROP TABLE IF EXISTS rows; DROP TABLE IF EXISTS causes; DROP TABLE IF EXISTS about; BEGIN;"
            "CREATE TABLE rows(row INTEGER PRIMARY KEY, state TEXT NOT NULL, plan TEXT NOT NULL DEFAULT '',"
            f" edited INTEGER NOT NULL, issues TEXT NOT NULL, search TEXT NOT NULL{columns});"
            "CREATE TABLE causes(cause TEXT, row INTEGER, PRIMARY KEY(cause, row)) WITHOUT ROWID;"
            "CREATE TABLE about(name TEXT PRIMARY KEY, value TEXT);"
        )

    def add(self, chunk: pd.DataFrame, checked: Checked, rows: Mapping[int, CheckedRow], tags: Tags) -> None:
        """The rows of a chunk; ``rows`` are those with an issue, ``tags`` their causes."""
        self._widen(chunk)
        lines = lines_of(chunk, checked, rows, self._columns, self._words, self._edited)
        put_lines(self._db, self._columns, lines)
        put_causes(self._db, tags)

    def add_left_out(self, chunk: pd.DataFrame) -> None:
        """Rows that a person leaves out, as they stand in the file."""
        self._widen(chunk)
        texts = zip(chunk.index.tolist(), *(_texts(chunk, column) for column in self._columns), strict=True)
        put_lines(self._db, self._columns, [left_out_line(row, cells, row in self._edited) for row, *cells in texts])

    def _widen(self, chunk: pd.DataFrame) -> None:
        """A column for each one beyond the header that has a text; a person may have to empty it."""
        letters = {column.letters for column in self._columns}
        last = self._last_label
        for position in map(int, chunk.columns):
            name = column_letters(position)
            if position >= last and name not in letters and chunk[position].map(str.strip).any():
                column = TableColumn(name, "")
                self._columns.append(column)
                for definition in _of(column).split(", "):
                    self._db.execute(f"ALTER TABLE rows ADD COLUMN {definition}")

    @property
    def _last_label(self) -> int:
        return max((_position(column.letters) for column in self._columns[: self._fixed]), default=-1) + 1

    def close(self, version: int) -> None:
        """Finish the file: its rows are those of this version of the upload."""
        about = {"format": _FORMAT, "reached": version, "columns": [asdict(column) for column in self._columns]}
        values = [(name, json.dumps(value)) for name, value in about.items()]
        self._db.executemany("INSERT INTO about VALUES (?, ?)", values)
        for index in _INDEXES:
            self._db.execute(f"CREATE INDEX {index}")
        self._db.execute("COMMIT")
        self._db.close()

    def abandon(self) -> None:
        """Let go of a file that nobody will read."""
        self._db.close()


Line = tuple[object, ...]
"""Row, state, whether edited, issues, text to search in; then each column's text; then what is sent, and a number."""


def lines_of(
    chunk: pd.DataFrame,
    checked: Checked,
    rows: Mapping[int, CheckedRow],
    columns: Sequence[TableColumn],
    words: SentWords,
    edited: Collection[int],
) -> Iterator[Line]:
    """The rows of a checked chunk as the database has them."""
    texts = [_texts(chunk, column) for column in columns]
    sent: list[list[str]] = []
    numbers: list[list[float | None]] = []
    for column, cells in zip(columns, texts, strict=True):
        if column.field and column.field in checked.valid:
            series, values = pd.Series(cells, chunk.index, dtype=object), checked.valid[column.field]
            sent.append([stored_text(text) for text in words.column(column.field, series, values)])
            numbers.append(sort_numbers(series, values) if column.numeric else [None] * len(cells))
        else:
            sent.append([""] * len(cells))
            numbers.append([None] * len(cells))
    pairs = [column for both in zip(sent, numbers, strict=True) for column in both]
    searched = map(_searched, zip(*texts, *sent, strict=True))
    lines = zip(chunk.index.tolist(), searched, zip(*texts, strict=True), zip(*pairs, strict=True), strict=True)
    for number, search, row_texts, shown in lines:
        row = rows.get(number)
        state = RowState.READY if row is None else RowState.WRONG if row.is_wrong else RowState.WARNING
        issues = json.dumps([_issue(one) for one in row.issues], ensure_ascii=False) if row else "[]"
        yield number, state.value, int(number in edited), stored_text(issues), search, *row_texts, *shown


def left_out_line(row: int, texts: Sequence[str], edited: bool) -> Line:
    """A row that is left out as the database has it: nothing is sent of it, and nothing is wrong with it."""
    return row, RowState.OUT.value, int(edited), "[]", _searched(texts), *texts, *["", None] * len(texts)


def put_lines(db: sqlite3.Connection, columns: Sequence[TableColumn], lines: Iterable[Line]) -> None:
    """Write these rows over those of the same numbers; what a plan does with them is not known any more."""
    texts = [f"c_{column.letters}" for column in columns]
    pairs = [f"{kind}_{column.letters}" for column in columns for kind in ("s", "k")]
    names = ["row", "state", "edited", "issues", "search", *texts, *pairs]
    places = ", ".join("?" * len(names))
    db.executemany(f"INSERT OR REPLACE INTO rows({', '.join(names)}) VALUES ({places})", lines)


def put_causes(db: sqlite3.Connection, tags: Tags) -> None:
    """Add rows to the causes that they have."""
    db.executemany("INSERT OR IGNORE INTO causes VALUES (?, ?)", tags)


def _of(column: TableColumn) -> str:
    letters = column.letters
    return f"c_{letters} TEXT NOT NULL DEFAULT '', s_{letters} TEXT NOT NULL DEFAULT '', k_{letters} REAL"


def _position(letters: str) -> int:
    position = 0
    for letter in letters:
        position = position * 26 + ord(letter) - ord("A") + 1
    return position - 1


def _texts(chunk: pd.DataFrame, column: TableColumn) -> list[str]:
    position = _position(column.letters)
    if position not in chunk.columns:
        return [""] * len(chunk)
    return [stored_text(str(text)) for text in chunk[position].tolist()]


def _searched(texts: Iterable[str]) -> str:
    return "\n".join(filter(None, texts)).casefold()


def _issue(issue: CellIssue) -> list[str]:
    return [issue.letters, issue.code, issue.field, issue.severity.value, issue.message, issue.fix]


class RowFile:
    """The rows of an upload, as far as its latest check and the corrections since go."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Use an open database that a ``RowWriter`` wrote."""
        self.db = db
        about = {name: json.loads(value) for name, value in db.execute("SELECT name, value FROM about")}
        if about["format"] != _FORMAT:
            raise FileNotFoundError("rows of another format")
        self.columns: list[TableColumn] = from_json(list[TableColumn], about["columns"])
        self.reached: int = about["reached"]

    def set_reached(self, version: int) -> None:
        """Note that the rows are those of this version of the upload."""
        self.db.execute("UPDATE about SET value = ? WHERE name = 'reached'", (json.dumps(version),))
        self.reached = version

    def refresh(self) -> None:
        """Take notice of what another page has written meanwhile."""
        [(value,)] = self.db.execute("SELECT value FROM about WHERE name = 'reached'").fetchall()
        self.reached = json.loads(value)

    def counts(self) -> dict[str, int]:
        """How many rows there are of each state."""
        numbers = dict(self.db.execute("SELECT state, count(*) FROM rows GROUP BY state").fetchall())
        return {state.value: numbers.get(state.value, 0) for state in RowState}

    def plan_counts(self) -> dict[str, int]:
        """How many rows the plan does what with; empty if there is no plan of this version."""
        query = "SELECT plan, count(*) FROM rows WHERE plan != '' GROUP BY plan"
        return dict(self.db.execute(query).fetchall())

    def cause_counts(self) -> dict[str, int]:
        """How many rows have each cause, by its key; a cause of a whole column has none."""
        return dict(self.db.execute("SELECT cause, count(*) FROM causes GROUP BY cause").fetchall())

    def edited_count(self) -> int:
        """How many rows have a cell that a person has corrected."""
        return int(self.db.execute("SELECT count(*) FROM rows WHERE edited").fetchone()[0])

    def rows(self, numbers: Sequence[int]) -> list[TableRow]:
        """The rows with these numbers, in that order; one that is not there is left out."""
        by_number: dict[int, TableRow] = {}
        columns = self._names("c") + self._names("s")
        for part in _parts(numbers):
            query = f"SELECT row, state, plan, edited, issues{columns} FROM rows WHERE row IN ({_marks(part)})"
            by_number.update((line[0], self._row(line)) for line in self.db.execute(query, part))
        return [by_number[number] for number in numbers if number in by_number]

    def texts(self, numbers: Iterable[int], columns: Sequence[TableColumn]) -> Iterator[tuple[int, list[str]]]:
        """The texts of these columns in these rows, in the order of the numbers."""
        names = "".join(f", c_{column.letters}" for column in columns)
        for part in _parts(list(numbers)):
            query = f"SELECT row{names} FROM rows WHERE row IN ({_marks(part)})"
            texts = {number: cells for number, *cells in self.db.execute(query, part)}
            yield from ((number, texts[number]) for number in part if number in texts)

    def states(self, numbers: Iterable[int]) -> dict[int, RowState]:
        """How these rows stand."""
        states: dict[int, RowState] = {}
        for part in _parts(list(numbers)):
            query = f"SELECT row, state FROM rows WHERE row IN ({_marks(part)})"
            states.update((number, RowState(state)) for number, state in self.db.execute(query, part))
        return states

    def _names(self, kind: str) -> str:
        return "".join(f", {kind}_{column.letters}" for column in self.columns)

    def _row(self, line: Sequence[object]) -> TableRow:
        number, state, plan, edited, issues, *cells = line
        assert isinstance(number, int)
        width = len(self.columns)
        members = ("letters", "code", "field", "severity", "message", "fix")
        documents = [dict(zip(members, one, strict=True)) for one in json.loads(str(issues))]
        return TableRow(
            number,
            RowState(str(state)),
            str(plan),
            bool(edited),
            tuple(map(str, cells[:width])),
            tuple(map(str, cells[width:])),
            tuple(from_json(CellIssue, document) for document in documents),
        )


def _parts(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    return (numbers[start : start + _AT_ONCE] for start in range(0, len(numbers), _AT_ONCE))


def _marks(part: Sequence[int]) -> str:
    return ", ".join("?" * len(part))


def file_of(folder: Path, version: int) -> Path:
    """Where the rows of this version of an upload lie."""
    return folder / f"table-{version}.sqlite"


_REPLACED = {sqlite3.SQLITE_READONLY_DBMOVED, sqlite3.SQLITE_CANTOPEN}
"""What the database says of a file that was deleted before or after it was opened."""


@contextmanager
def opened(path: Path) -> Iterator[RowFile]:
    """The rows in a file.

    Raises:
        FileNotFoundError: There is none, not any more, or it was written by an earlier importer. A check that ends
            deletes the rows of earlier versions, also under whoever reads them.
    """
    try:
        # Never made here: an empty file would stand for rows that were written.
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", timeout=_PATIENCE, isolation_level=None, uri=True)
        with contextlib.closing(db):
            yield RowFile(db)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode not in _REPLACED:
            raise
        raise FileNotFoundError(str(error)) from error
