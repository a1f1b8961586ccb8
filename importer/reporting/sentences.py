"""The sentences of a report: about a row, about the whole run, and what to do next. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from importer.errors import Exit
from importer.issues import Issue, Severity
from importer.journal.later_runs import LaterRow, SentAgain
from importer.journal.next_steps import Step, StepKind, command_of, remedy_of, template_of
from importer.journal.rows import Intent
from importer.journal.runs import Run
from importer.journal.states import State
from importer.model import Status
from importer.text import printable

FAILED = (Status.REJECTED, Status.INVALID)
"""The rows of a failed file, besides those that were held. Unknown ones are not in it: sent again, they could double a
record."""

LEFT_OUT_WORDS = "Left out, as you chose."
_DONE = (Status.CREATED, Status.UPDATED)
_BROUGHT_IN = {State.CREATED: "created", State.UPDATED: "updated", State.EXISTING: "already in Nexudus"}
_LONGEST_REPLY = 1_000
_STOPPED: Mapping[int | None, str] = {
    Exit.LIMIT: "the run stopped at a limit or quota",
    Exit.SERVICE: "the service could not be reached or did not answer as expected",
    Exit.SIGN_IN: "the sign-in was refused",
    Exit.INTERRUPTED: "the run was stopped",
    Exit.ROWS_FAILED: "problems with other rows stopped the run",
    Exit.IN_DOUBT: "the run ended while this row waited for another one to be settled",
}
_STOPPED_FOR: Mapping[StepKind | None, str] = {
    StepKind.GET_PERMISSION: "the user lacks a role for these records",
    StepKind.CHECK_ADDRESS: "the service redirected a call",
    StepKind.CHECK_NETWORK: "a web page came instead of the service's answer",
    StepKind.CHECK_PATH: "the service does not know the path of these records",
    StepKind.CHECK_NAMED: "the service does not know the path, or records that other rows name",
}
"""Where the exit code alone would say less than is known, or something else."""
_WITHOUT_WORDS = {
    State.CREATED: "",
    State.EXISTING: "Already exists.",
    State.REJECTED: "Nexudus refused the row and gave no reason.",
    State.HELD: "Not sent: a record with the same key has other values.",
    State.UPDATED: "",
    State.REMOVED: "Created, then deleted by undo.",
    State.RESTORED: "Updated, then put back by undo.",
}


_WHY = {
    StepKind.STOP: "Stop the run. You can resume it later.",
    StepKind.SIGN_IN: "Sign in to Nexudus again, because it no longer accepts the sign-in of this run.",
    StepKind.GET_PERMISSION: "Have {user} given a role in Nexudus that may see, create and update these records.",
    StepKind.CHECK_ADDRESS: "Check the address of Nexudus ({url}), because calls are redirected to another one. If it "
    "was wrong, import the file again with the right one. If it was right, continue the run.",
    StepKind.CHECK_NETWORK: "Find out what answers in the place of Nexudus, for example a firewall, a proxy or a "
    "maintenance page. Continue the run once Nexudus answers itself.",
    StepKind.CHECK_PATH: "Check the path of these records, {path}. If it was wrong, set IMPORTER_ENDPOINT_PATH and "
    "import the file again. If it was right, continue the run.",
    StepKind.CHECK_NAMED: "Check that the records which the refused rows name are still in Nexudus. If they are, "
    "{path} may be the wrong path for these records: set IMPORTER_ENDPOINT_PATH and import the file again. If they "
    "are not, continue the run; those rows can be corrected afterwards.",
    StepKind.RESUME: "Continue the run: {rows} left to send.",
    StepKind.CONTINUE_UNDO: "Finish the undo: {rows} left.",
    StepKind.RECONCILE: "Find out what Nexudus did with {rows} that got no answer.",
    StepKind.REVIEW: "Look in Nexudus for {rows} whose record may exist. Then name the record of each row, or use "
    "--absent instead of --is ID if there is none.",
    StepKind.CORRECT: "Correct {rows} in failed.xlsx (wrong cells are red), then import that file.",
    StepKind.CORRECT_COLUMN: "Nexudus refuses row after row because of one column. Correct it in your file, then "
    "import the file again. If the problem was on Nexudus' side and has been fixed, continue instead.",
    StepKind.LOOK_AT_HELD: "Look at {rows} that Nexudus has, or may have, with other values. Each message says which "
    "record it is. Where it asks for an Id, enter that in failed.xlsx. To update the records with the values of the "
    "rows:",
    StepKind.SETTLE_OTHERS: "Settle the rows of other runs that {rows} must wait for. Then import the file again.",
    StepKind.RETRY: "Send {rows} unchanged, as a new run.",
    StepKind.COMPARE_AGAIN: "Look at {rows} whose update may or may not have arrived. Then import "
    "the file again: rows are compared with what Nexudus has now.",
    StepKind.VERIFY: "Check that every record of this import is in Nexudus.",
    StepKind.UNDO: "If this import was a mistake, delete the records it created and put back those it updated, except "
    "those changed since.",
}
"""Why to take each step. A report does not advise rebuilding itself."""

_WHY_ON_PAGE = {
    StepKind.STOP: "Pause the run on its page. You can resume it later.",
    StepKind.CHECK_ADDRESS: "Ask the person who looks after the importer whether the address of Nexudus ({url}) is "
    "right, because calls are redirected to another one. If it was, resume the run; if not, import the file again.",
    StepKind.CHECK_PATH: "Ask the person who looks after the importer whether the path of these records, {path}, is "
    "right. If it was, resume the run; if not, import the file again.",
    StepKind.CHECK_NAMED: "Check that the records which the refused rows name are still in Nexudus. If they are not, "
    "resume the run; those rows can be corrected afterwards. If they are, ask the person who looks after the importer.",
    StepKind.REVIEW: "Look in Nexudus for {rows} whose record may exist. Then say on the page of the run which record "
    "it is, or that there is none.",
    StepKind.CORRECT: "Correct {rows} in failed.xlsx (wrong cells are red), then upload that file.",
    StepKind.LOOK_AT_HELD: "Look at {rows} that Nexudus has, or may have, with other values. On the page of the run, "
    "compare them again, then choose whether to update the records.",
}
"""The same for whoever started the run on a page: what to do is done there, and no command is named."""

_WHY_WITHOUT_ROWS = {StepKind.RESUME: "Continue the run."}
"""How many rows a run has is known once it is planned; an unfinished one may also wait for nothing but answers."""


def issue_words(issue: Issue) -> str:
    """The message and the advice of an issue, in the catalogue's own words."""
    return f"{issue.message} {issue.fix}"


def row_message(
    run: Run,
    intent: Intent | None,
    issues: Sequence[Issue],
    words: Callable[[Issue], str] = issue_words,
    *,
    commands: bool = True,
) -> str:
    """The full message about a row: its errors or its state, then its warnings.

    ``words`` gives the sentences about an issue, where the catalogue's own will not do. Without ``commands`` no command
    is named.
    """
    messages = [words(issue) for issue in issues if issue.severity is Severity.ERROR]
    if intent is not None and not messages:
        messages = [_about(run, intent, commands=commands)]
    notes = [f"Note: {words(issue)}" for issue in issues if issue.severity is Severity.WARNING]
    return " ".join(filter(None, [*messages, *notes]))


def _about(run: Run, intent: Intent, *, commands: bool) -> str:
    words = service_words(intent)
    match intent.state:
        case State.PLANNED:
            return words or why_not_sent(run)
        case State.IN_DOUBT:
            return _unsettled(intent) + (f" (To find out: {run.command('reconcile')})" if commands else "")
        case State.REVIEW:
            command = run.command("settle", intent.row)
            settle = f" (To settle the row: {command} --is ID, or --absent if there is no record)" if commands else ""
            return f"{_sent(intent)}. {words or 'The record may exist: look for it in Nexudus.'}{settle}"
        case State.UPDATING:
            return f"{_unsettled(intent)} (To find out: {run.command('reconcile')})" if commands else _unsettled(intent)
        case State.OVERTAKEN:
            return words or f"{_sent(intent)} without an answer; whether the update arrived is not known."
        case State.REMOVING | State.RESTORING:
            command = f" (To continue: {run.command('undo')})" if commands else ""
            doing = "deleted" if intent.state is State.REMOVING else "put back"
            return f"Being {doing}; no answer yet.{command}"
        case State.EXISTING if words:
            return f"Already exists: {words}."
        case _:
            return words or _WITHOUT_WORDS[intent.state]


def _unsettled(intent: Intent) -> str:
    if intent.message:
        return f"{_sent(intent)}. {service_words(intent)}"
    may = "the record may be updated" if intent.state is State.UPDATING else "the record may exist in Nexudus"
    return f"{_sent(intent)} without an answer: {may}."


def _sent(intent: Intent) -> str:
    return f"Sent at {utc_moment(intent.sent_at)}" if intent.sent_at is not None else "Sent"


def service_words(intent: Intent) -> str:
    """The service's message about a row, on one line."""
    return printable(" ".join((intent.message or "").split()), _LONGEST_REPLY)


def why_not_sent(run: Run) -> str:
    """Why rows of a run have not been sent yet."""
    if run.planned is None:
        return "Not sent yet: the run has not started sending."
    reason = _STOPPED_FOR.get(remedy_of(run)) or _STOPPED.get(run.exit_code)
    return f"Not sent yet: {reason}." if reason else "Not sent yet."


def utc_moment(seconds: float) -> str:
    """An instant for people: 2026-11-23 10:42 UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def headline(counts: Mapping[Status, int], removed: int = 0, restored: int = 0) -> str:
    """The whole run in one sentence.

    ``removed`` and ``restored`` rows count as not sent: they were created or updated, and then taken back.
    """
    left_out = f"{counts[Status.LEFT_OUT]:,} left out" if counts[Status.LEFT_OUT] else ""
    rows, undone = sum(counts.values()) - counts[Status.LEFT_OUT], removed + restored
    for done in _DONE:
        if rows and counts[done] == rows:
            return ", ".join(filter(None, [f"All {rows:,} rows {done}" if rows > 1 else f"1 row {done}", left_out]))
    parts = [
        _of_all(counts, rows) or ("" if undone else "No rows created"),
        f"{counts[Status.EXISTING]:,} already in Nexudus" if counts[Status.EXISTING] else "",
        *unsuccessful(counts),
        f"{removed:,} deleted by undo" if removed else "",
        f"{restored:,} put back by undo" if restored else "",
        f"{counts[Status.NOT_SENT] - undone:,} not sent" if counts[Status.NOT_SENT] > undone else "",
        left_out,
    ]
    return ", ".join(filter(None, parts))


def unsuccessful(counts: Mapping[Status, int], numbered: Callable[[int], str] = "{:,}".format) -> list[str]:
    """The rows that failed or may have, in one part of a sentence for each of the three reasons.

    They are kept apart, for each asks for something else: a row that needs a change was never sent, one that Nexudus
    refused may be right, and one with no answer yet may be in Nexudus. ``numbered`` is how a number of rows is said.
    """
    invalid, rejected, unknown = (counts[one] for one in (Status.INVALID, Status.REJECTED, Status.UNKNOWN))
    parts = [
        f"{numbered(invalid)} {'needs' if invalid == 1 else 'need'} a change" if invalid else "",
        f"{numbered(rejected)} refused by Nexudus" if rejected else "",
        f"{numbered(unknown)} with no answer yet" if unknown else "",
    ]
    return [part for part in parts if part]


def sent_again_words(sent_again: Sequence[SentAgain]) -> str:
    """What later runs made of rows that failed: Later in run 2: 2 created; in run 3: 1 updated."""
    by_run: dict[int, Counter[str]] = {}
    for one in sent_again:
        by_run.setdefault(one.run, Counter())[_BROUGHT_IN[one.became]] += one.rows
    runs = (
        f"in run {run}: {', '.join(f'{number:,} {what}' for what, number in became.items())}"
        for run, became in by_run.items()
    )
    return f"Later {'; '.join(runs)}" if sent_again else ""


def with_later(message: str, later: LaterRow | None) -> str:
    """The message about a row, after what a later run has made of it if one has."""
    if later is None:
        return message
    return f"Later in run {later.run}: {_BROUGHT_IN[later.became]}. Before that: {message}".rstrip()


def change_signs(counts: Mapping[Status, int]) -> str:
    """What a run did to records, as short as can be: +12 created, ~3 updated, =40 that were as they should be."""
    numbers = (("+", counts[Status.CREATED]), ("~", counts[Status.UPDATED]), ("=", counts[Status.EXISTING]))
    return " ".join(f"{sign}{number:,}" for sign, number in numbers if number) or "+0"


def _of_all(counts: Mapping[Status, int], rows: int) -> str:
    """What was done, of how many rows; empty if nothing was."""
    created, updated = (counts[status] for status in _DONE)
    if created and updated:
        return f"{created:,} created and {updated:,} updated of {_rows(rows)}"
    done = "created" if created else "updated" if updated else ""
    return done and f"{created or updated:,} of {_rows(rows)} {done}"


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def resume_command(run: Run) -> str | None:
    """The command that continues a run, or None if it has ended."""
    return run.command("resume") if run.finished is None else None


def step_sentences(run: Run, steps: Sequence[Step]) -> list[tuple[str, str]]:
    """What to do next: why, and the command, with ROW and ID if it is typed for each row; empty if there is none.

    Of a run that was started on a page, no command is named.
    """
    commands = [(step, "" if run.is_from_page else command_of(run, step) or template_of(run, step)) for step in steps]
    return [(_why(run, step), command) for step, command in commands if step.kind in _WHY]


def _why(run: Run, step: Step) -> str:
    words = {**_WHY, **(_WHY_ON_PAGE if run.is_from_page else {}), **({} if step.rows else _WHY_WITHOUT_ROWS)}
    user = printable(run.user) or "your user"
    why = words[step.kind].format(rows=_rows(step.rows), user=user, url=run.url, path=run.endpoint)
    if step.kind is not StepKind.RESUME or run.resume_at is None:
        return why
    return f"{why} Nexudus allows it again after {utc_moment(run.resume_at)}."
