"""The rows of a run for people: found by status or text, with the outcome of each."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from importer.config.settings import Settings
from importer.delivery.comparer import Comparer
from importer.delivery.conflicts import Conflict, recorded_conflict
from importer.delivery.updates import record_before
from importer.issues import Issue, Severity
from importer.journal.journal import open_journal
from importer.journal.later_runs import LaterRow
from importer.journal.rows import Intent
from importer.journal.runs import Run
from importer.journal.states import STATUS, TAKEN_BACK, State
from importer.model import Outcome, Status
from importer.reporting.sentences import LEFT_OUT_WORDS, issue_words, row_message, with_later
from importer.runs.groups import FieldChange, field_changes
from schemas import RECORD_TYPES

_PATIENCE = 0.3
"""Seconds to wait for the journal; a page looks again soon."""

_FIRST_FAILURES = 10
_UNDONE = {State.REMOVED: "deleted", State.RESTORED: "put back"}


@dataclass(frozen=True)
class ResultRow:
    """One row of a run for people: its outcome, and what was sent or what its wrong cells hold.

    ``undone`` says what an undo has done to its record, ``to_settle`` tells that a person may decide what became of it.
    ``changes`` are what the row has changed in its record; the message then leaves that out. ``conflict`` is why a held
    row is, as far as the journal has it, for a front end that says so in words of its own.
    """

    outcome: Outcome
    values: dict[str, Any]
    undone: str = ""
    to_settle: bool = False
    changes: tuple[FieldChange, ...] = ()
    is_held: bool = False
    conflict: Conflict | None = None


def first_failures(number: int, settings: Settings) -> list[ResultRow]:
    """The first rows that the service rejected."""
    with open_journal(settings.journal_place, _PATIENCE) as journal:
        run = journal.runs.get(number)
        intents = journal.views.first_rejected(run, _FIRST_FAILURES)
        # What the checks have said of such a row is only asked for where there is one.
        issues = journal.views.issues_of_rows(run, [intent.row for intent in intents]) if intents else {}
        return [_result(run, intent.row, intent, issues.get(intent.row, ()), issue_words) for intent in intents]


def find_rows(
    number: int,
    status: Status | None,
    text: str,
    limit: int,
    offset: int,
    settings: Settings,
    words: Callable[[Issue], str] = issue_words,
    *,
    undone: bool = False,
) -> tuple[list[ResultRow], int]:
    """Some rows of a run in the order of the file and how many there are: of one status, with this text.

    Rows that were left out come last; of these, the journal has nothing but their numbers. ``undone`` selects those
    that an undo has taken back, which no status selects. ``words`` gives the message and the advice of an issue, as the
    front end that shows them would say them.
    """
    states = [s for s in State if status is None or (STATUS[s] is status and s not in TAKEN_BACK)]
    states = sorted(TAKEN_BACK) if undone else states
    with open_journal(settings.journal_place, _PATIENCE) as journal:
        run = journal.runs.get(number)
        invalid = status in (None, Status.INVALID) and not undone
        rows, total = journal.views.search(run, states, invalid=invalid, text=text, limit=limit, offset=offset)
        intents, issues = journal.views.about_rows(run, rows)
        later = {} if run.finished is None else journal.later_runs.by_row(run.id, rows)
        results = [
            _with_later(_result(run, row, intents.get(row), issues.get(row, ()), words), later.get(row)) for row in rows
        ]
    out = _left_out(run, text) if status in (None, Status.LEFT_OUT) and not undone else []
    first = max(offset - total, 0)
    results += [
        ResultRow(Outcome(row, Status.LEFT_OUT, None, LEFT_OUT_WORDS), {})
        for row in out[first : first + limit - len(results)]
    ]
    return results, total + len(out)


def _left_out(run: Run, text: str) -> list[int]:
    return [row for row in sorted(run.left_out) if text in ("", str(row))]


def _result(
    run: Run, row: int, intent: Intent | None, issues: Sequence[Issue], words: Callable[[Issue], str]
) -> ResultRow:
    if run.forgotten is not None:
        status = Status.INVALID if intent is None else STATUS[intent.state]
        record = None if intent is None else intent.remote_id
        return ResultRow(Outcome(row, status, record, ""), {}, _UNDONE.get(intent.state, "") if intent else "")
    changed = _changes(run, intent) if intent is not None and intent.state is State.UPDATED else ()
    shown = replace(intent, message=None) if intent is not None and changed else intent
    message = row_message(run, shown, issues, words, commands=False)
    if intent is None:
        # What is wrong with the row as a whole names no field: its cells are full, and not in the journal.
        values: dict[str, Any] = {
            issue.field: issue.value for issue in issues if issue.field and issue.severity is Severity.ERROR
        }
        return ResultRow(Outcome(row, Status.INVALID, None, message), values)
    outcome = Outcome(row, STATUS[intent.state], intent.remote_id, message)
    to_settle = intent.state in (State.IN_DOUBT, State.REVIEW)
    return ResultRow(
        outcome,
        json.loads(intent.body),
        _UNDONE.get(intent.state, ""),
        to_settle,
        changed,
        is_held=intent.state is State.HELD,
        conflict=recorded_conflict(intent),
    )


def _with_later(row: ResultRow, later: LaterRow | None) -> ResultRow:
    if later is None:
        return row
    # Of a row that is held no longer, there is nothing left to decide.
    outcome = replace(row.outcome, message=with_later(row.outcome.message, later))
    return replace(row, outcome=outcome, is_held=False, conflict=None)


def _changes(run: Run, intent: Intent) -> tuple[FieldChange, ...]:
    """What an update has changed, by the record as it was before."""
    if intent.before is None or run.kind not in RECORD_TYPES:
        return ()
    kind = RECORD_TYPES[run.kind]
    differences = Comparer(kind).differences(intent.body, record_before(intent))
    return field_changes({name: pair for name, pair in differences.items() if name not in kind.key})
