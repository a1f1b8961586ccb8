"""A run as a whole: counted row by row, then shown as facts for people and as one document for programs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import humanize

from importer.harmless import harmless_line
from importer.issues import Issue, Notice
from importer.journal.later_runs import LaterRow, SentAgain, counted
from importer.journal.next_steps import next_steps
from importer.journal.runs import Run
from importer.journal.states import STATUS, State
from importer.model import Outcome, Status
from importer.reporting.lines import Line
from importer.reporting.report_words import words_of
from importer.reporting.sentences import headline, resume_command, sent_again_words, step_sentences, utc_moment

SCHEMA = 1
MOST_KEPT = 1_000
"""Rows needing attention that the page shows; report.csv has all."""

NEEDS_ATTENTION = (Status.REJECTED, Status.INVALID, Status.UNKNOWN)


@dataclass
class Overview:
    """Everything in a report but its rows.

    ``now`` is when it is written, in epoch seconds; ``states`` is how the rows stand in the journal.
    """

    run: Run
    account: str | None
    now: float
    states: Mapping[State, int]
    column_issues: tuple[Issue, ...] = ()
    notices: tuple[Notice, ...] = ()
    counts: dict[Status, int] = field(default_factory=lambda: dict.fromkeys(Status, 0))
    issues: Counter[str] = field(default_factory=Counter)
    attention: list[Outcome] = field(default_factory=list)
    failed: int = 0
    needing: int = 0
    later: Counter[LaterRow] = field(default_factory=Counter)

    def add(self, line: Line) -> None:
        """Count a row and its issues, and keep it if it is among the first that need attention."""
        self.counts[line.outcome.status] += 1
        self.issues.update(issue.code for issue in line.issues)
        self.failed += line.failed
        if line.later is not None:
            self.later[line.later] += 1
            return
        self.needing += line.outcome.status in NEEDS_ATTENTION
        if (line.failed or line.outcome.status in NEEDS_ATTENTION) and len(self.attention) < MOST_KEPT:
            self.attention.append(line.outcome)

    @property
    def rows(self) -> int:
        """The rows of the run; each has exactly one status."""
        return sum(self.counts.values())

    @property
    def seconds(self) -> float:
        """How long the run took or, if unfinished, has taken so far."""
        # The last process to work on it, where the run is unfinished: since then nobody has spent any time on it.
        ends = (self.run.finished, self.run.stopped, self.now)
        return max(next(end for end in ends if end is not None) - self.run.started, 0.0)

    def steps(self) -> list[tuple[str, str]]:
        """What to do next: why, and the command."""
        again = Counter[State]()
        for one, rows in self.later.items():
            again[one.left] += rows
        steps = next_steps(self.run, self.states, invalid=self.counts[Status.INVALID], sent_again=again)
        return step_sentences(self.run, steps)

    @property
    def sent_again(self) -> str:
        """What later runs have made of rows that this one left undone, in a sentence; empty if nothing."""
        words = sent_again_words(counted(self.later))
        return f"{words}." if words else ""

    def headline(self) -> str:
        """The whole run in one sentence."""
        return headline(self.counts, self.states.get(State.REMOVED, 0), self.states.get(State.RESTORED, 0))

    @property
    def file(self) -> str:
        """The name of the file for people: nothing in it turns a line round or begins another."""
        return harmless_line(self.run.file)

    def facts(self) -> list[tuple[str, str]]:
        """The facts a reader looks for first, as names and values; unknown ones are left out."""
        run = self.run
        facts: list[tuple[str, object]] = [
            ("File", self.file),
            ("Rows", f"{self.rows:,}"),
            ("Account", "" if run.is_from_page else self.account),
            ("Space", run.space),
            ("Signed in as", run.user),
            ("Service", run.url),
            ("Started", utc_moment(run.started)),
            ("Finished", "not yet" if run.finished is None else utc_moment(run.finished)),
            ("Duration", humanize.precisedelta(timedelta(seconds=round(self.seconds)))),
            ("Run", run.id if run.parent is None else f"{run.id}, a retry of run {run.parent}"),
            ("SHA-256 of the file", "" if run.is_from_page else run.sha256),
        ]
        return [(name, str(value)) for name, value in facts if value not in (None, "")]

    def sheet(self) -> list[tuple[str, str]]:
        """The overview as a sheet of a workbook: names and values, with an empty pair between parts."""
        words = words_of(self.run)
        counts = [(words.status(status), f"{count:,}") for status, count in self.counts.items()]
        steps = self.steps()
        read = [("How the file was read", words.notice(notice)) for notice in self.notices]
        notes = [(f"Column {issue.label}", words.issue(issue)) for issue in self.column_issues]
        again = [("Since then", self.sent_again)] if self.later else []
        parts = ([("Result", self.headline()), *again], counts, steps, read, notes, self.facts())
        return [pair for part in parts if part for pair in (*part, ("", ""))]

    def document(self, files: list[str]) -> dict[str, Any]:
        """The content of summary.json: every status is present, and the counts add up to the rows."""
        run = self.run
        return {
            "schema": SCHEMA,
            "run": run.id,
            "parent": run.parent,
            "kind": run.kind,
            "account": self.account,
            "file": run.file,
            "sha256": run.sha256,
            "rows": self.rows,
            "counts": {status.value: count for status, count in self.counts.items()},
            "sent_again": again_document(counted(self.later)),
            "issues": dict(sorted((*self.issues.items(), *Counter(i.code for i in self.column_issues).items()))),
            "notices": [notice.document for notice in self.notices],
            "started": _utc(run.started),
            "finished": None if run.finished is None else _utc(run.finished),
            "duration_seconds": round(self.seconds, 3),
            "exit_code": run.exit_code,
            "resume": resume_command(run),
            "resume_after": None if run.resume_at is None else _utc(run.resume_at),
            "files": files,
        }


def is_of(run: Run, document: Mapping[str, Any]) -> bool:
    """Whether a summary is that of this run, and not of another one that was written into the same folder since.

    Two journals number their runs alike.
    """
    members = {"run": run.id, "sha256": run.sha256, "started": _utc(run.started), "account": run.account}
    return all(document.get(name) == value for name, value in members.items())


def again_document(sent_again: Sequence[SentAgain]) -> list[dict[str, Any]]:
    """The rows that later runs have brought in, for programs: so many by run, and by what became of them."""
    rows = Counter[tuple[int, str]]()
    for one in sent_again:
        rows[one.run, STATUS[one.became].value] += one.rows
    return [{"run": run, "status": status, "rows": number} for (run, status), number in rows.items()]


def _utc(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
