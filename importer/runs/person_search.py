"""Everything that is stored about a person on this machine and in the journal, to be told or handed to them.

1. The lists of names that were read from the service tell which Ids and names the person has there.
2. Runs, their rows, issues, scheduled imports and choices in the journal are looked through for the e-mail, those names
   and those Ids.
3. So are the files: private copies, uploads and what else is in the home. Reports are named with their rows.

Nothing is changed, and the service is not asked. What cannot be looked into is said, never left out.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from importer.config.home import HOME_NAMES
from importer.config.settings import Settings
from importer.config.store import UnreadableError, from_json
from importer.errors import ImporterError
from importer.journal.journal import Journal, open_journal
from importer.journal.kept_lists import LISTED
from importer.journal.rows import Intent
from importer.journal.runs import Run
from importer.journal.states import STATUS
from importer.journal.uploads import Uploads
from importer.model import Status
from importer.reporting import report_files
from importer.spreadsheet import DELIMITED, TABLES, WORKBOOKS, ReadOptions, open_sheet
from importer.text import printable
from schemas import RECORD_TYPES

_SHORTEST_NAME = 4
"""Characters of a name from which on it is looked for by itself; a shorter one is in half of all cells."""

_LONGEST_LINE = 400
_IN_DATABASE = "in the journal's database"
_DATABASES = ("journal.sqlite3", "sandbox.sqlite3")


@dataclass(frozen=True)
class PersonRow:
    """A row of a run that is about the person.

    ``values`` are those that were, or would have been, sent; ``cells`` those of the file, by their headers.
    """

    run: int
    row: int
    status: str = ""
    record: int | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    issues: tuple[str, ...] = ()


@dataclass(frozen=True)
class PersonFile:
    """A file that has the person in it: which rows of a spreadsheet, which lines of a text, or that nobody can tell."""

    path: str
    what: str
    rows: tuple[int, ...] = ()
    lines: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class PersonData:
    """What is stored about a person, and how many of which were looked through.

    ``ids`` are the records of the service that the lists have under that e-mail, by the path of the list, with the
    names that they have there. ``runs`` are those that the person began or that were sent as them.
    ``schedules`` are scheduled imports with files, reasons or choices that name the person.
    """

    person: str
    ids: Mapping[str, Mapping[int, tuple[str, ...]]]
    runs: tuple[Mapping[str, Any], ...]
    rows: tuple[PersonRow, ...]
    schedules: tuple[Mapping[str, Any], ...]
    choices: tuple[Mapping[str, Any], ...]
    files: tuple[PersonFile, ...]
    looked_at: Mapping[str, int]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is stored."""
        return not (
            self.ids
            or self.runs
            or self.rows
            or self.schedules
            or self.choices
            or any(not f.problem for f in self.files)
        )


def search_person(settings: Settings, person: str) -> PersonData:
    """What is stored about the person with this e-mail; an Id or a name of a record will do as well."""
    with open_journal(settings.journal_place) as journal:
        return _Search(journal, settings.home, person).data()


class _Search:
    """One search: what the person is called, and what was looked through so far."""

    def __init__(self, journal: Journal, home: Path, person: str) -> None:
        self._journal, self._home, self._person = journal, home, person.strip()
        self._looked_at: Counter[str] = Counter()
        self._ids: dict[str, dict[int, tuple[str, ...]]] = {}
        self._texts = {self._person.casefold()}
        self._number = int(self._person) if self._person.isdecimal() else None
        if self._number is not None:
            # Digits are in half of all cells: an Id is looked for where an Id stands.
            self._texts = set()

    def data(self) -> PersonData:
        """Everything, in the order of the docstring above."""
        self._read_lists()
        runs = self._journal.runs.latest()
        rows = tuple(row for run in reversed(runs) for row in self._rows(run))
        return PersonData(
            person=self._person,
            ids=self._ids,
            runs=tuple(self._runs(runs)),
            rows=rows,
            schedules=tuple(self._schedules()),
            choices=tuple(self._choices()),
            files=(*self._reports(runs, {row.run for row in rows}), *self._files(), *self._shared()),
            looked_at=dict(self._looked_at),
        )

    def _read_lists(self) -> None:
        """Find out which records of the service are the person's."""
        for _, path, text in self._journal.directories.lists():
            with suppress(UnreadableError):
                for entry in LISTED.decode(text).entries:
                    self._looked_at["names"] += 1
                    if entry.id == self._number or any(map(self._has, entry.names)):
                        self._ids.setdefault(path, {})[entry.id] = entry.names
        names = {name.casefold() for records in self._ids.values() for some in records.values() for name in some}
        self._texts |= {name for name in names if len(name) >= _SHORTEST_NAME}

    def _has(self, text: object) -> bool:
        return isinstance(text, str) and any(part in text.casefold() for part in self._texts)

    def _runs(self, runs: Sequence[Run]) -> Iterator[Mapping[str, Any]]:
        for run in runs:
            self._looked_at["runs"] += 1
            texts = {"user": run.user, "account": run.account, "started_by": run.options.get("by"), "file": run.file}
            if hits := {name: text for name, text in texts.items() if self._has(text)}:
                yield {"run": run.id, **hits}

    def _schedules(self) -> Iterator[Mapping[str, Any]]:
        """The scheduled imports, and what they have led to: what their files are called, and why one failed."""
        for schedule in self._journal.schedules.all():
            self._looked_at["schedules"] += 1
            terms = schedule.terms
            texts = {"path": schedule.path, "account": terms.get("account"), "pattern": terms.get("pattern")}
            texts |= {
                f"choice {number}": name for name, number in (terms.get("choices") or {}).get("picks", {}).items()
            }
            if hits := {name: text for name, text in texts.items() if self._has(text)}:
                yield {"schedule": schedule.id, **hits}
            for one in self._journal.schedules.occurrences(schedule.id, with_present=True):
                if hits := {name: text for name in ("file", "reason") if self._has(text := getattr(one, name))}:
                    yield {"schedule": schedule.id, **hits}

    def _choices(self) -> Iterator[Mapping[str, Any]]:
        for account, path, name, number in self._journal.directories.choices():
            self._looked_at["choices"] += 1
            if self._has(name) or self._has(account) or self._is_id(path, number):
                yield {"account": account, "list": path, "name": name, "record": number}

    def _is_id(self, path: str, number: object) -> bool:
        return number == self._number if self._number is not None else number in self._ids.get(path, {})

    def _rows(self, run: Run) -> list[PersonRow]:
        """The rows of a run that are about the person, by what was sent, what was said about them, and their cells."""
        rows: dict[int, PersonRow] = {}
        for intent in self._journal.rows.all(run):
            self._looked_at["rows"] += 1
            if not intent.is_forgotten and self._is_about(run, intent):
                rows[intent.row] = _row_of(intent)
        for issue in self._journal.rows.issues(run):
            self._looked_at["issues"] += 1
            if issue.row is not None and run.forgotten is None and (self._has(issue.value) or self._has(issue.detail)):
                row = rows.get(issue.row) or self._row(run, issue.row)
                rows[issue.row] = replace(row, issues=(*row.issues, issue.message))
        for number, cells in self._cells(run, set(rows)):
            row = rows.get(number) or self._row(run, number)
            rows[number] = replace(row, cells=cells)
        return [rows[number] for number in sorted(rows)]

    def _row(self, run: Run, number: int) -> PersonRow:
        """A row that nothing is known of but its number; it may not be in the journal."""
        if (intent := self._journal.rows.get(run.id, number)) is not None:
            return _row_of(intent)
        unsent = Status.INVALID if run.planned is not None else Status.NOT_SENT
        return PersonRow(run.id, number, (Status.LEFT_OUT if number in run.left_out else unsent).value)

    def _is_about(self, run: Run, intent: Intent) -> bool:
        if any(map(self._has, (intent.body, intent.before, intent.message))):
            return True
        kind = RECORD_TYPES.get(run.kind)
        references = kind.references.items() if kind is not None else ()
        values = intent.values
        if any(self._is_id(reference.path, values.get(name)) for name, reference in references):
            return True
        return self._number is not None and intent.remote_id == self._number

    def _cells(self, run: Run, rows: set[int]) -> Iterator[tuple[int, Mapping[str, str]]]:
        """The cells of these rows, and of every other row of the file with the person in it, by their headers."""
        if run.forgotten is not None or not run.copy.is_file():
            return
        self._looked_at["copies"] += 1
        try:
            yield from self._cells_in(run.copy, run.options_as(ReadOptions, "read"), rows)
        except ImporterError:
            # The files below say it of this one.
            return

    def _cells_in(self, path: Path, read: ReadOptions, rows: set[int]) -> Iterator[tuple[int, Mapping[str, str]]]:
        # With the rows that were left out: they are in the file all the same.
        sheet = open_sheet(path, replace(read, left_out=()))
        for chunk in sheet.read():
            headers = [sheet.labels[i] if i < len(sheet.labels) else "" for i in map(int, chunk.columns)]
            for number, *cells in chunk.itertuples(name=None):
                if number in rows or any(map(self._has, cells)):
                    named = zip(headers, cells, strict=True)
                    yield int(number), {header or f"column {i}": str(cell) for i, (header, cell) in enumerate(named, 1)}

    def _reports(self, runs: Sequence[Run], numbers: set[int]) -> Iterator[PersonFile]:
        """The files of the reports that have a row of the person in them."""
        for run in runs:
            for path in report_files(run.folder) if run.id in numbers else ():
                if path.is_file():
                    self._looked_at["reports"] += 1
                    yield PersonFile(str(path), f"report of run {run.id}")

    def _files(self) -> Iterator[PersonFile]:
        for pattern in HOME_NAMES:
            for top in sorted(self._home.glob(pattern)):
                for path in [top] if top.is_file() else sorted(top.rglob("*")):
                    if path.is_file() and not path.is_symlink() and not path.name.startswith("journal.sqlite3"):
                        self._looked_at["files"] += 1
                        yield from self._file(path, self._what(path))

    def _shared(self) -> Iterator[PersonFile]:
        """What machines share in the database beside runs."""
        yield from self._documents()
        if self._journal.uploads is not None:
            yield from self._uploads(self._journal.uploads)

    def _documents(self) -> Iterator[PersonFile]:
        """The documents in the database, where machines share one."""
        for name, text in self._journal.documents.all().items() if self._journal.documents else ():
            self._looked_at["documents"] += 1
            if hits := self._lines(text):
                yield PersonFile(name, _IN_DATABASE, lines=hits)

    def _uploads(self, uploads: Uploads) -> Iterator[PersonFile]:
        """The uploads in the database, each with its file as it came and its corrections."""
        for key in uploads.heads():
            if (content := uploads.read(key, 0)) is None:
                continue
            self._looked_at["uploads"] += 1
            text = "\n".join([content.document, *(line.decode("utf-8", "replace") for line in content.lines)])
            if hits := self._lines(text):
                yield PersonFile(f"upload {key}", _IN_DATABASE, lines=hits)
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / "draft.json").write_text(content.document, "utf-8", "surrogatepass")
                path = Path(folder) / f"upload-{key}{json.loads(content.document).get('suffix', '')}"
                if not uploads.fetch_file(key, content.sha256, path):
                    yield PersonFile(f"file of upload {key}", _IN_DATABASE, problem="It is damaged.")
                    continue
                for part in self._file(path, _IN_DATABASE):
                    yield replace(part, path=f"file of upload {key}")

    def _lines(self, text: str) -> tuple[str, ...]:
        return tuple(printable(line, _LONGEST_LINE) for line in text.splitlines() if self._has(line))

    def _what(self, path: Path) -> str:
        if path.parent.name == "files":
            return "copy of an imported file"
        return f"in {path.relative_to(self._home).parts[0]}"

    def _file(self, path: Path, what: str) -> Iterator[PersonFile]:
        # Beside an upload, the log of what was corrected in it has the ending of JSON Lines as well.
        if path.suffix.lower() in (TABLES if path.parent.name == "files" else DELIMITED | WORKBOOKS):
            try:
                rows = tuple(number for number, _ in self._cells_in(path, _reading(path), set()))
            except ImporterError as error:
                yield PersonFile(str(path), what, problem=f"It could not be looked into. {error.message}")
            else:
                if rows:
                    yield PersonFile(str(path), what, rows)
            return
        content = path.read_bytes()
        if path.name.startswith(_DATABASES):
            if any(text.encode() in content.lower() for text in self._texts):
                yield PersonFile(str(path), "records of the practice service")
            return
        if hits := self._lines(content.decode("utf-8", "replace")):
            yield PersonFile(str(path), what, lines=hits)


def _row_of(intent: Intent) -> PersonRow:
    status, message = STATUS[intent.state].value, intent.message or ""
    return PersonRow(intent.run, intent.row, status, intent.remote_id, intent.values, message=message)


def _reading(path: Path) -> ReadOptions:
    """How an upload is to be read, which is written beside it; any other file as it is."""
    try:
        document = json.loads((path.parent / "draft.json").read_bytes())
        read: ReadOptions = from_json(ReadOptions, document["read"])
    except (OSError, ValueError, TypeError, LookupError):
        return ReadOptions()
    return read
