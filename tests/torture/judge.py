"""What a case came to: file, service, journal and report compared from outside.

The judgement is made of the file, the service's own records, the journal read with plain SQL and the report. It shares
no code with what it judges.
"""

import contextlib
import csv
import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from torture.axes import THEIRS, Case

LABELS = ["ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate", "SubscriptionId", "CalendarId"]
EXPIRES, RENEWED, EXTENDED = "2031-01-01T00:00:00Z", "2031-02-01T00:00:00Z", "2032-01-01T00:00:00Z"
"""The date of every row, the one that an update enters, and the one that a colleague does."""

SHARED = "shared-journal"
"""The file with the address of the database that two machines share; there is none where there is one machine."""

VERDICTS = ("doubled", "lost", "misreported", "stuck", "destroyed")


@dataclass
class Judged:
    """What a case came to. ``problems`` says what the verdicts count.

    Attributes:
        doubled: Records too many.
        lost: Rows without a record that the report does not call unsettled.
        misreported: Rows of which report, journal and service do not agree.
        stuck: Commands that did not end, and cases that did not, however many commands were typed.
        destroyed: Records gone or overwritten that were not ours to change, or that a colleague had changed.
        given_up: Rows that were given to a person, as they must be.
        points: How many commits went through the network between the first of two machines and the database.
        edited: The names of the records that a colleague changed.
    """

    case: Case
    doubled: int = 0
    lost: int = 0
    misreported: int = 0
    stuck: int = 0
    destroyed: int = 0
    given_up: int = 0
    killed_at: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    trail: list[str] = field(default_factory=list)
    points: int = 0
    problems: list[str] = field(default_factory=list)
    edited: set[str] = field(default_factory=set)
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems and not any(getattr(self, verdict) for verdict in VERDICTS)

    def count(self, verdict: str, problem: str) -> None:
        """One more of a verdict, and why."""
        setattr(self, verdict, getattr(self, verdict) + 1)
        self.problems.append(f"{verdict}: {problem}")


def judge(judged: Judged, folder: Path, records: Sequence[tuple[int, str, str]]) -> None:
    """Compare the file, the service, the journal and the report, and count what does not agree."""
    ids: dict[str, list[int]] = {}
    dates = {name: date for _, name, date in records}
    for remote_id, name, _ in records:
        ids.setdefault(name, []).append(remote_id)
    names, guests = names_of(judged.case.rows), guests_of(judged.case)
    judged.doubled = sum(len(found) - 1 for found in ids.values()) + len(ids.keys() - set(names) - set(guests))
    for name in set(guests) - ids.keys():
        judged.count("destroyed", f"{name} was a colleague's")
    report, journal, reviews = _read_report(folder), _read_journal(folder), in_review(folder)
    for name in names:
        told, there = report.get(name, ("", "")), ids.get(name, [])
        if judged.case.undo:
            _judge_undone(judged, name, told, there)
        elif judged.case.update:
            _judge_updated(judged, name, told, there, dates.get(name, ""))
        elif told[0] in {"rejected", "not sent"} and there and str(there[0]) in _ids_of_first_run(folder, judged.case):
            # Refused when it was typed again, or left to the first run, and created when that was resumed: each report
            # is true.
            pass
        else:
            _judge_imported(judged, name, told, there, in_review=name in reviews)
        if journal.get(name) != told:
            judged.count("misreported", f"{name} is {journal.get(name)} in the journal; the report says {told}")
    judged.problems += _summary_problems(folder, report, judged.case.rows)


def _judge_imported(judged: Judged, name: str, told: tuple[str, str], there: list[int], *, in_review: bool) -> None:
    status, number = told
    if not there and status not in {"rejected", "unknown"}:
        judged.count("lost", f"{name} is nowhere; the report says {told}")
    elif status == "unknown" and in_review and (not there or name in judged.edited):
        judged.given_up += 1
    elif status == "unknown":
        judged.count("misreported", f"{name} is still unknown; the service has {there}")
    elif name in judged.edited:
        # What a colleague has made of a record is in no report; that there is one, and one only, is counted above.
        return
    elif there and (status not in {"created", "existing"} or number != str(there[0])):
        judged.count("misreported", f"{name} is {there} on the service; the report says {told}")


def _judge_updated(judged: Judged, name: str, told: tuple[str, str], there: list[int], date: str) -> None:
    status, number = told
    if not there:
        judged.count("destroyed", f"{name} is gone")
    elif name in judged.edited:
        if date != EXTENDED:
            judged.count("destroyed", f"{name} has {date} instead of what a colleague entered")
        judged.given_up += status in {"unknown", "not sent"}
    elif date not in {EXPIRES, RENEWED} or (status == "updated") != (date == RENEWED):
        judged.count("misreported", f"{name} has {date} on the service; the report says {told}")
    elif status not in {"updated", "rejected"} or (status == "updated" and number != str(there[0])):
        judged.count("misreported", f"{name} is {there}, {date}; the report says {told}")


def _judge_undone(judged: Judged, name: str, told: tuple[str, str], there: list[int]) -> None:
    if name in judged.edited and not there:
        judged.count("destroyed", f"{name} was changed by a colleague, and is gone")
    elif name not in judged.edited and there:
        judged.count("stuck", f"{name} was not deleted; the report says {told}")
    elif told[0] != ("created" if there else "not sent") or (there and told[1] != str(there[0])):
        judged.count("misreported", f"{name} is {there} on the service; the report says {told}")


def names_of(rows: int) -> list[str]:
    """The names in the file."""
    return [f"Room {number}" for number in range(rows)]


def guests_of(case: Case) -> list[str]:
    """The names of the records that are a colleague's."""
    return [f"Theirs {number}" for number in range(THEIRS)] if case.has_guests else []


def row(number: int, name: str) -> dict[str, Any]:
    """A good row, different for each number."""
    values = [1000 + number, 2000 + number, name, EXPIRES, f"s{number}", f"c{number}"]
    return dict(zip(LABELS, values, strict=True))


def write_file(path: Path, rows: int, date: str = EXPIRES) -> None:
    """The file to import."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, LABELS)
        writer.writeheader()
        lines = (row(number, name) for number, name in enumerate(names_of(rows)))
        writer.writerows(line | {"SubscriptionExpireDate": date} for line in lines)


def _reported(folder: Path) -> Path:
    """Where the report of the latest run is."""
    again = folder / "again"
    first = again if again.is_dir() else folder / "report"
    # A machine that goes on with the run of another one reports into a folder of its own; the latest one counts.
    places = [place for place in (first, folder / "reports" / first.name) if (place / "summary.json").exists()]
    return max(places, key=lambda place: (place / "summary.json").stat().st_mtime_ns, default=first)


def _read_report(folder: Path) -> dict[str, tuple[str, str]]:
    """Status and Id of each row by its name."""
    path = _reported(folder) / "report.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["Name"]: (row["import_status"], row["import_id"]) for row in csv.DictReader(file)}


def _read_journal(folder: Path) -> dict[str, tuple[str, str]]:
    rows = query(folder, "SELECT body, state, remote_id FROM intent WHERE run = (SELECT max(id) FROM run)")
    states = {"planned": "not sent", "held": "not sent", "in doubt": "unknown", "review": "unknown"}
    states |= {"removing": "created", "removed": "not sent", "updating": "unknown", "overtaken": "unknown"}
    return {json.loads(body)["Name"]: (states.get(state, state), str(number or "")) for body, state, number in rows}


def _ids_of_first_run(folder: Path, case: Case) -> set[str]:
    """The Ids that the first of two runs of the file has, where there are two."""
    rows = query(folder, "SELECT remote_id FROM intent WHERE run = 1 AND state = 'created'") if case.again else []
    return {str(number) for (number,) in rows}


def planned(folder: Path) -> bool:
    """Whether a row is still to be sent."""
    return bool(query(folder, "SELECT 1 FROM intent WHERE state = 'planned' LIMIT 1"))


def in_doubt(folder: Path) -> bool:
    """Whether a row is in doubt, or its update is."""
    return bool(query(folder, "SELECT 1 FROM intent WHERE state IN ('in doubt', 'updating') LIMIT 1"))


def in_review(folder: Path) -> set[str]:
    """The names of the rows that were given to a person."""
    rows = query(folder, "SELECT body FROM intent WHERE state = 'review'")
    return {json.loads(body)["Name"] for (body,) in rows}


def query(folder: Path, statement: str) -> list[tuple[Any, ...]]:
    """What the journal holds; nothing before its first commit."""
    if (shared := folder / SHARED).exists():
        return _query_server(shared.read_text(), statement)
    path = folder / "home" / "journal.sqlite3"
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(path)) as db:
        try:
            return db.execute(statement).fetchall()
        except sqlite3.OperationalError:
            # Killed before the first commit: there are no tables yet.
            return []


def _query_server(url: str, statement: str) -> list[tuple[Any, ...]]:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    with engine.connect() as db:
        try:
            return [tuple(row) for row in db.exec_driver_sql(statement)]
        except sa.exc.ProgrammingError:
            # Killed before the first commit: there are no tables yet.
            return []


def _summary_problems(folder: Path, report: Mapping[str, tuple[str, str]], rows: int) -> list[str]:
    path = _reported(folder) / "summary.json"
    if not path.exists():
        return ["there is no summary.json"]
    summary = json.loads(path.read_text("utf-8"))
    counted = Counter(status for status, _ in report.values())
    told = {status: number for status, number in summary["counts"].items() if number}
    wrong = told != dict(counted) or sum(told.values()) != summary["rows"] or summary["rows"] != rows
    return [f"summary.json says {told} of {summary['rows']} rows, report.csv {dict(counted)}"] if wrong else []
