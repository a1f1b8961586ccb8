"""How a run ends: why sending stopped, the exit code that follows from it and from the rows, and the report."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from importer.config.settings import Settings
from importer.delivery.send_result import SendResult, StopReason
from importer.errors import Exit, FileError, ImporterError, ReportError, UsageError
from importer.journal.journal import Journal, open_journal
from importer.journal.next_steps import FAILED_FILE, Step, StepKind, next_steps
from importer.journal.runs import Run
from importer.journal.states import DOUBTFUL, State
from importer.reporting import SUMMARY, Report, unwritten_report, write_report
from importer.reporting.overview import again_document, is_of
from importer.reporting.stop_sentences import stop_sentence
from importer.reporting.written import WrittenFiles
from importer.runs.allowances import next_create
from importer.runs.earlier_runs import latest_run

_MOST_REFRESHED = 50
"""Earlier runs whose reports are looked at when a run ends."""

_EXIT_CODES = {
    StopReason.STRICT: Exit.ROWS_FAILED,
    StopReason.REQUESTED: Exit.INTERRUPTED,
    StopReason.LIMIT: Exit.LIMIT,
    StopReason.UNREACHABLE: Exit.SERVICE,
    StopReason.UNANSWERED: Exit.SERVICE,
    StopReason.REFUSED: Exit.SERVICE,
    StopReason.SIGN_IN: Exit.SIGN_IN,
    StopReason.SAME_REFUSAL: Exit.ROWS_FAILED,
}


@dataclass(frozen=True)
class RunResult:
    """How a command about a run ended: the run, its report, the exit code, and what to do next.

    Attributes:
        sent: Why sending ended; None for a command that sends nothing.
        strays: Sentences about records that no row explains.
        unwritten: Why the report could not be written.
        earlier: Sentences about the reports of earlier runs that were written anew.
    """

    run: Run
    report: Report
    exit_code: Exit
    steps: Sequence[Step]
    sent: SendResult | None = None
    strays: Sequence[str] = ()
    unwritten: ImporterError | None = None
    earlier: Sequence[str] = ()

    @property
    def message(self) -> str:
        """What there is to say beside the report, in words; empty if there is nothing."""
        why = stop_sentence(self.sent) if self.sent is not None else ""
        complaint = ""
        if (error := self.unwritten) is not None:
            complaint = f"The report of run {self.run.id} was not written. {error.message} {error.advice}"
        return " ".join(filter(None, [why, *self.strays, complaint, *moved_sentences(self.report), *self.earlier]))


async def finish_run(
    journal: Journal,
    run: Run,
    sent: SendResult,
    now: float,
    strays: Sequence[str] = (),
    *,
    settings: Settings | None = None,
) -> RunResult:
    """Note how sending ended, and write the report; ``strays`` are sentences about records that no row explains.

    ``settings`` say which allowance may keep the run from going on at once.
    """
    # The option may have been set by another process since this one read the run.
    for_good = sent.how is StopReason.REQUESTED and journal.runs.get(run.id).options.get("for_good")
    done = sent.how in {StopReason.DONE, StopReason.STRICT} or bool(for_good)
    code = exit_code_of(journal, run, sent.how)
    if strays and code in (Exit.DONE, Exit.ROWS_FAILED):
        code = Exit.IN_DOUBT
    resume_at = _resume_at(journal, run, settings, now)
    with journal.together():
        # Of now: another process may have set one of them meanwhile.
        options = {**journal.runs.get(run.id).options, "resume_at": resume_at, "remedy": sent.remedy}
        run = journal.runs.update(
            run, stopped=now, finished=now if done else None, exit_code=int(code), options=options
        )
    # In another thread, so that other runs of this process continue meanwhile.
    report, unwritten = await asyncio.to_thread(_report, journal, run, now)
    earlier = await asyncio.to_thread(refresh_earlier_reports, journal, run, now)
    # A folder that cannot be written is the user's to choose anew; a private copy that is gone nobody can bring back.
    ended = Exit.USAGE if unwritten and code is Exit.DONE and run.copy.exists() else code
    return RunResult(run, report, ended, _steps(journal, run, report), sent, strays, unwritten, earlier)


def _resume_at(journal: Journal, run: Run, settings: Settings | None, now: float) -> float | None:
    if settings is None or (run.planned is not None and not journal.rows.counts(run).get(State.PLANNED)):
        return None
    _, until = next_create(journal, run.account, settings, now)
    return until or None


def _report(journal: Journal, run: Run, now: float) -> tuple[Report, ImporterError | None]:
    """The report of a run whose work is done; if it cannot be written, what the journal says, and why."""
    # Whatever is the matter with the files of the run: its rows are sent, and how they ended must be heard of.
    try:
        return write_report(journal, run, now=now), None
    except (ReportError, UsageError, FileError) as error:
        return unwritten_report(journal, run, now=now), error


def moved_sentences(report: Report) -> list[str]:
    """Where to find the files that a person had changed before a report was written anew, a sentence each."""
    return [f"You had changed {name}; it is now {path.name}." for name, path in report.moved.items()]


def refresh_earlier_reports(journal: Journal, run: Run, now: float) -> list[str]:
    """Write the reports of earlier runs anew of which this run has brought rows in, or no longer has.

    Else their files would still ask for rows that exist by now, while their pages do not. Files that a person has
    changed, and perhaps has open, stay as they are. Returns a sentence about each report.
    """
    sentences = []
    # The run that this one is a retry of first, however many others there were in between.
    numbers = dict.fromkeys(
        [*([run.parent] if run.parent else []), *journal.later_runs.runs_before(run, _MOST_REFRESHED)]
    )
    for number in numbers:
        earlier = journal.runs.get(number)
        if earlier.forgotten is not None or not _is_outdated(journal, earlier):
            continue
        # What is wrong with the files of another run is not this run's to say; they can be rebuilt at any time.
        with suppress(ReportError, UsageError, FileError, OSError):
            report = write_report(journal, earlier, now=now, leaves_changed=True)
            left = f" Left as you have changed it: {', '.join(report.left)}." if report.left else ""
            sentences.append(f"The report of run {number} was updated.{left}")
    return sentences


def holds_another_report(run: Run) -> bool:
    """Whether the folder of a run holds the report of another one by now, as after several with the same --out."""
    summary = _summary(run)
    return summary is not None and not is_of(run, summary)


def _is_outdated(journal: Journal, run: Run) -> bool:
    """Whether the report of a run says something else of later runs than the journal does."""
    summary = _summary(run)
    if summary is None or not is_of(run, summary):
        return False
    same = summary.get("sent_again", []) == again_document(journal.later_runs.sent_again(run.id))
    # Of a report by an earlier version nobody can tell what somebody has changed in it.
    return not same and WrittenFiles(run.folder).are_known


def _summary(run: Run) -> dict[str, Any] | None:
    """The summary in the folder of a run; None if it was moved away, or is none that a program could read."""
    try:
        document = json.loads((run.folder / SUMMARY).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def exit_code_of(journal: Journal, run: Run, reason: StopReason) -> Exit:
    """What a run ends with: by why it stopped, else by how its rows stand."""
    # What stopped the run is graver than what its rows say: a script must not read "some rows failed" and go on.
    if reason in _EXIT_CODES:
        return _EXIT_CODES[reason]
    counts = journal.rows.counts(run)
    # Rows that are still planned at a regular end are blocked: their record is in doubt in another run.
    if has_doubts(journal, run) or counts.get(State.PLANNED):
        return Exit.IN_DOUBT
    failed = counts.get(State.REJECTED) or counts.get(State.HELD) or journal.rows.invalid(run)
    return Exit.ROWS_FAILED if failed else Exit.DONE


def has_doubts(journal: Journal, run: Run) -> bool:
    """Whether the fate of any row is unknown."""
    counts = journal.rows.counts(run)
    return any(counts.get(state) for state in DOUBTFUL)


def settled_result(journal: Journal, run: Run, now: float) -> RunResult:
    """A run whose doubts have been looked into: unfinished again if rows were proved absent, its report rebuilt."""
    # Read again: it was read before its doubts were settled, and before the lock was taken.
    run = journal.runs.get(run.id)
    waiting = bool(journal.rows.counts(run).get(State.PLANNED))
    if run.finished is not None and waiting:
        run = journal.runs.update(run, finished=None)
    code = Exit.DONE if waiting else Exit(run.exit_code or 0)
    if has_doubts(journal, run):
        code = Exit.IN_DOUBT
    elif run.finished is not None:
        code = exit_code_of(journal, run, StopReason.DONE)
        run = journal.runs.update(run, exit_code=int(code))
    report, unwritten = _report(journal, run, now)
    earlier = refresh_earlier_reports(journal, run, now)
    return RunResult(run, report, code, _steps(journal, run, report), unwritten=unwritten, earlier=earlier)


def _steps(journal: Journal, run: Run, report: Report) -> list[Step]:
    steps = next_steps(run, journal.rows.counts(run), invalid=journal.rows.invalid(run))
    # A file of failed rows that was not written may be one of an earlier report, with rows that exist by now.
    return [step for step in steps if step.kind is not StepKind.CORRECT or FAILED_FILE in report.files]


def rebuild_report(
    number: int | None,
    settings: Settings,
    out: Path | None,
    now: float,
    fits: Callable[[Run], bool] = lambda _: True,
) -> Report:
    """The report of a run, by default of the latest that fits; ``now`` is the time shown in it, in epoch seconds."""
    with open_journal(settings.journal_place) as journal:
        run = latest_run(journal, number, fits)
        return write_report(journal, run if out is None else replace(run, folder=out.absolute()), now=now)
