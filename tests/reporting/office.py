"""Runs in a real journal, made from a few rows, and what it takes to bring a row to any fate."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from importer.checking import Checker, match_columns
from importer.issues import Issue
from importer.journal.journal import Journal
from importer.journal.rows import Change, Intent
from importer.journal.runs import NewRun, Run
from importer.journal.states import Event
from importer.model import Record
from importer.spreadsheet import ReadOptions, open_sheet
from schemas import RECORD_TYPES

LABELS = ["ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate", "SubscriptionId", "CalendarId"]
KIND = next(iter(RECORD_TYPES.values()))
AS_IT_IS = ReadOptions()
STARTED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class Office:
    """A journal and a folder, with what it takes to bring rows to any fate."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.journal = journal
        self.started = STARTED.timestamp()

    def file(self, rows: Sequence[Sequence[str]], labels: Sequence[str] = LABELS, name: str = "mappings.csv") -> Path:
        """A CSV with these rows."""
        path = self.folder / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows([labels, *rows])
        return path

    def begin(self, path: Path, read: ReadOptions = AS_IT_IS, parent: int | None = None) -> Run:
        """A run of a file, not planned."""
        new = NewRun(
            kind=KIND.name,
            url="https://spaces.nexudus.com",
            endpoint=KIND.paths[0],
            file=path.name,
            sha256="ab" * 32,
            copy=str(path),
            options={"read": asdict(read)},
            started=self.started,
            folder=str(self.out),
            parent=parent,
        )
        return self.journal.runs.update(self.journal.runs.add(new), account="ops@example.com")

    def plan(self, path: Path, read: ReadOptions = AS_IT_IS) -> Run:
        """A run of a file, checked and planned."""
        run = self.begin(path, read)
        target = self.journal.runs.target("ops@example.com", KIND.name)
        return self.journal.rows.plan(run, self._checked(path, read), target, self.started)

    def _checked(self, path: Path, read: ReadOptions) -> Iterator[tuple[list[Record], list[Issue], int]]:
        sheet = open_sheet(path, read)
        required = KIND.required(KIND.paths[0])
        mapping = match_columns(sheet, KIND, required)
        yield [], list(mapping.issues), 0
        checker = Checker(KIND, mapping, sheet, required=required, now=STARTED)
        for chunk in sheet.read():
            checked = checker.check(chunk)
            yield list(checked.records()), checked.issues, checked.rows

    def retry(self, parent: Run, rows: Sequence[int]) -> Run:
        """A planned run of some rows of another."""
        records = [Record(i.row, i.body, i.identity, i.key) for i in self.journal.rows.all(parent) if i.row in rows]
        run = self.begin(parent.copy, parent=parent.id)
        target = self.journal.runs.target("ops@example.com", KIND.name)
        return self.journal.rows.plan(run, [(records, [], len(records))], target, self.started)

    def send(
        self,
        run: Run,
        row: int,
        event: Event | None = None,
        *,
        remote_id: int | None = None,
        field: str | None = None,
        message: str | None = None,
    ) -> None:
        """Put a row in doubt, and let an event follow if one is given."""
        sent_at = self.started + 60 * row
        self.journal.rows.move([Change(self.intent(run, row), Event.WILL_SEND)], sent_at)
        if event is not None:
            self.journal.rows.move([Change(self.intent(run, row), event, remote_id, field, message)], sent_at + 1)

    def intent(self, run: Run, row: int) -> Intent:
        """How a row stands."""
        return next(intent for intent in self.journal.rows.all(run) if intent.row == row)

    def finish(self, run: Run, exit_code: int = 0) -> Run:
        """The run after its end, half an hour after its start."""
        end = self.started + 1800
        return self.journal.runs.update(run, stopped=end, finished=end, exit_code=exit_code)

    @property
    def now(self) -> float:
        """A moment after the end of the runs."""
        return self.started + 3600


def mapping_row(number: int, **changes: str) -> list[str]:
    """A correct row; keyword arguments replace cells by field."""
    cells = {
        "ResourceId": str(1414900 + number),
        "CoworkerId": "1123713",
        "Name": f"Meeting room {number}",
        "SubscriptionExpireDate": "2026-11-28T10:30:00Z",
        "SubscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
        "CalendarId": "AAMkAGI2TGuLAAA=",
    }
    return list((cells | changes).values())
