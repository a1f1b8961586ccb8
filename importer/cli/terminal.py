"""What the command line shows: issues in groups, plans and results in sentences, a bar while rows are sent."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import chain
from typing import TYPE_CHECKING, NoReturn

import click
from tqdm import tqdm

from importer.cli.interruption import interruptible
from importer.cli.lines import put, say
from importer.cli.options import typed_place
from importer.cli.rates import limit_lines
from importer.errors import Exit, UsageError, gravest
from importer.harmless import harmless_line
from importer.issues import CATALOGUE, Severity, notice_text
from importer.model import Account, Clock, Plan, Presence, Progress, Status
from importer.runs.log import Log, LogLine, no_log
from importer.text import comparison_lines, count, duration, moment, plan_lines, printable, typed_word, wait_words
from schemas import RECORD_TYPES

if TYPE_CHECKING:
    # A check of a file needs neither the network nor the database, which take a third of a second to load.
    from importer.checking import Causes
    from importer.config.probe_file import ProbeResult
    from importer.journal.runs import Run
    from importer.runs.batch import JobResult
    from importer.runs.probe import ProbePlan
    from importer.runs.progress_file import ProgressFile
    from importer.runs.rebuild import Rebuilt
    from importer.runs.result import RunResult
    from importer.runs.source import CheckResult, ColumnMatch, Source
    from importer.runs.undo import Undoing
    from importer.runs.verify import Verification

MOST_GROUPS = 10
MOST_PLACES = 3
_MOST_NUMBERS = 5
_MINUTE = 60.0
_LOOK = 0.5
_MILESTONES = (0.01, 0.1, 0.25, 0.5, 0.75, 1.0)


def show_source(source: Source, rows: int) -> None:
    """Show what was read, and which columns were recognised by another header."""
    sheet = f', sheet "{printable(source.sheet.name)}"' if source.sheet.name else ""
    renamed = [f'"{printable(c.label)}" read as {c.field}' for c in source.mapping.columns if c.how != "exact"]
    names = f" ({', '.join(renamed)})" if renamed else ""
    if source.remembered:
        say("Using the column mapping you saved for this header. To see it: importer columns FILE")
    if source.kind is not next(iter(RECORD_TYPES.values())):
        say(f"These are {source.kind.plural} ({source.kind.name}).")
    matched, fields = len(source.mapping.columns), len(source.kind.fields)
    say(f"{harmless_line(source.file.name)}{sheet}: {count(rows, 'row')}, {matched} of {fields} columns found{names}.")
    if source.sheet.notices:
        say(notice_text(source.sheet.notices))


def show_columns(columns: Sequence[ColumnMatch], *, remembered: bool) -> None:
    """Show each field with its column, how it was matched and a few samples; for guesses, how to confirm them."""
    for column in columns:
        where = f'{column.column} "{printable(column.label or "")}"' if column.column else "not in the file"
        samples = ", ".join(printable(sample, 24) for sample in column.samples)
        put(f"{column.field or '(not used)':24} {where:32} {column.how:8} {samples}")
    if remembered:
        say("This column mapping is saved for files with the same headers. To change it, use --map.")
    words = (f"{harmless_line(column.label or '')}={column.field}" for column in columns if column.how == "guess")
    guesses = [f"--map {typed_word(word)}" for word in words]
    if guesses:
        say(f"To confirm a guess, add: {' '.join(guesses)}")


def issue_lines(causes: Causes, severity: Severity) -> Iterator[str]:
    """The issues of one severity, grouped by cause: where, what is wrong, and what to do."""
    # One advice for several values would be typed for the first of them, and leave the others as they are.
    groups = [
        part
        for group in causes.groups()
        if group.severity is severity
        for part in (group.by_value() if CATALOGUE[group.code].is_fixed_by_value else [group])
    ]
    for group in groups[:MOST_GROUPS]:
        first, number = group.first(MOST_PLACES), len(group)
        if first[0].row and not first[0].cell:
            # Its sentence names the row, which has no place of its own, and may name another one of them.
            others = _listed([f"row {i.row}" for i in first[1:] if str(i.row) != first[0].detail], number)
            yield f"  {first[0].message}{f' Also: {others}.' if others else ''}"
        else:
            where, others = first[0].cell or "", _listed([issue.cell or "" for issue in first[1:]], number)
            yield (
                f"  {where}{f' (also {others})' if others else ''}: {first[0].message}"
                if where
                else f"  {first[0].message}"
            )
        yield f"      {first[0].fix}"
    if len(groups) > MOST_GROUPS:
        yield f"  … and {count(len(groups) - MOST_GROUPS, 'more problem')}. To see all of them, add --json"


def _listed(others: Sequence[str], number: int) -> str:
    """Where the further issues of a group of ``number`` are; its sentence is about the first place."""
    more = f" and {number - MOST_PLACES:,} more" if number > MOST_PLACES else ""
    return ", ".join(others) + more


def show_issues(result: CheckResult, *, stdout: bool) -> None:
    """Errors first, then warnings."""
    show = put if stdout else say
    titles = (
        (
            Severity.ERROR,
            f"{count(result.invalid, 'row')} {'needs' if result.invalid == 1 else 'need'} a change:",
        ),
        (Severity.WARNING, "Warnings (these do not stop the import):"),
    )
    for severity, title in titles:
        lines = list(issue_lines(result.causes, severity))
        if lines:
            show(f"\n{title}")
            for line in lines:
                show(line)


def show_check_end(result: CheckResult, following: str = "") -> None:
    """How many rows can be imported, and what to do next if that is about this file alone."""
    rest = f", {result.invalid:,} cannot" if result.invalid else ""
    some = f"{count(result.valid, 'row')} can be imported{rest}." if result.valid else "No row can be imported yet."
    put(f"\n{some} Nothing was sent.\nNext: {following}" if following else f"\n{some}")


def show_plan(plan: Plan, account: Account) -> None:
    """Show what importing would do, and how long it takes."""
    put()
    for line in chain(plan_lines(plan, account, typed_place()), limit_lines(plan)):
        put(line)


def show_comparison(plan: Plan, account: Account) -> None:
    """Show what the rows of a checked file are to the service."""
    put()
    for line in comparison_lines(plan, account):
        put(line)


def show_end(result: RunResult) -> None:
    """Show how the run ended, where the report is, and what to do next."""
    counts = result.report.counts
    statuses = ", ".join(f"{counts[status]:,} {status.value}" for status in Status if counts[status])
    put(f"Run {result.run.id}: {statuses or 'no rows'}.")
    if result.report.files:
        put(f"Report: {result.report.folder / 'report.html'}")
    for line in step_lines_of(result):
        put(line)


def step_lines_of(result: RunResult) -> list[str]:
    """What to do next about a run that has ended."""
    from importer.cli.step_lines import step_lines

    run = result.run
    at = moment(run.resume_at, run.stopped or run.resume_at) if run.resume_at is not None else ""
    return step_lines(run, result.steps, at)


PRESENCE_WORDS = {
    Presence.ONCE: "found exactly once",
    Presence.TWICE: "found more than once",
    Presence.DIFFERS: "found with other values than were sent",
    Presence.CHANGED: "changed since the import",
    Presence.ABSENT: "not found",
    Presence.UNREAD: "not looked at, because the service did not answer as expected",
}


def show_verification(done: Verification) -> None:
    """Show the result of a verification: the counts, the first rows that need attention, and the file with all."""
    total = sum(done.counts.values())
    if not total:
        put(f"Run {done.run.id} has no records to verify.")
    else:
        put(f"Run {done.run.id}, {printable(done.run.file)}, in {done.run.space} as {done.run.user}:")
    for presence in Presence:
        if done.counts.get(presence.value):
            put(f"{done.counts[presence.value]:9,} of {total:,} {PRESENCE_WORDS[presence]}")
    if done.unknown:
        put(f"{done.unknown:9,} in doubt or marked for review. To settle them: {done.run.command('reconcile')}")
    for verified in done.notable[:MOST_GROUPS]:
        put(
            f"  row {verified.row}, record {verified.remote_id}: {PRESENCE_WORDS[verified.presence]}"
            f" ({printable(verified.detail, 200)})"
        )
    if len(done.notable) > MOST_GROUPS:
        put(f"  and {len(done.notable) - MOST_GROUPS:,} more")
    if total:
        put(f"All rows: {done.file}")


_UNDONE_WORDS = {"removed": "deleted", "put back": "put back", "kept": "kept", "failed": "failed"}


def show_undoing(done: Undoing) -> None:
    """Show how many records were deleted or put back, which were not and why, and what to do next."""
    counts = ", ".join(f"{number:,} {_UNDONE_WORDS[what]}" for what, number in done.counts.items())
    put(f"Run {done.run.id}: {counts or 'nothing was undone'}.")
    for reversal in done.notable[:MOST_GROUPS]:
        why = f" ({printable(reversal.why, 200)})" if reversal.why else ""
        put(f"  row {reversal.row}, record {reversal.remote_id}: {_UNDONE_WORDS[reversal.undone]}{why}")
    if len(done.notable) > MOST_GROUPS:
        put(f"  and {len(done.notable) - MOST_GROUPS:,} more")
    if done.message:
        say(done.message)
    put(f"All rows: {done.file}")
    if done.exit_code not in {Exit.DONE, Exit.ROWS_FAILED}:
        put(f"Next: finish the undo: {done.run.command('undo')}")


def show_job_results(results: Sequence[tuple[str, JobResult]]) -> None:
    """Show how each of several imports ended, by what its file is called, and whose exit code the command has."""
    for name, job in results:
        put(f"\n{_called(name, job)} (exit code {int(job.exit_code)}):")
        if job.error is not None:
            put(f"Error: {job.error.message}\n{job.error.advice}".rstrip())
        elif job.result is None:
            put("Nothing was sent.")
        else:
            if job.result.message:
                put(job.result.message)
            show_end(job.result)
    code = gravest(job.exit_code for _, job in results)
    if code is not Exit.DONE:
        done = sum(job.exit_code is Exit.DONE for _, job in results)
        first = next(_called(name, job) for name, job in results if job.exit_code is code)
        put(f"\n{done} of {count(len(results), 'file')} ended with exit code 0.")
        put(f"The command ends with {int(code)}, as did {first}.")


def _called(name: str, job: JobResult) -> str:
    """One of several imports, by what its file is called, with its profile."""
    profile = job.request.choices.profile
    return f"{harmless_line(name)}{f' --profile {profile}' if profile else ''}"


def show_probe(result: ProbeResult, now: float) -> None:
    """Show what a probe has shown, point by point."""
    from importer.config.probe_file import STATEMENTS, Answer

    put(f"Probed {moment(result.probed, now)} as {printable(result.account)}, with one {result.kind}:")
    for point, statement in STATEMENTS.items():
        observation = result.observation(point)
        if observation.answer is Answer.UNKNOWN:
            put(f"  {'?':3}  {statement}: {observation.answer.value}, {observation.detail}")
        else:
            detail = f" ({observation.detail})" if observation.detail else ""
            put(f"  {observation.answer.value:3}  {statement}{detail}")


def show_rebuilt(rebuilt: Rebuilt, now: float) -> None:
    """Show what a journal was rebuilt from, or why it could not be, and what to do next."""
    for line in rebuilt_lines(rebuilt, now):
        put(line)


def rebuilt_lines(rebuilt: Rebuilt, now: float) -> Iterator[str]:
    """The same line by line."""
    if rebuilt.run is not None:
        yield (
            f"Run {rebuilt.run.id} now holds {count(rebuilt.records, 'record')} that this installation created and the "
            f"journal did not know. Which file and row each came from is lost. Report: {rebuilt.run.folder}"
        )
        yield _undo_of_rebuilt(rebuilt.run.command("undo"), rebuilt.records, rebuilt.as_created)
    elif rebuilt.in_journal:
        yield f"The journal lacks none of the {count(rebuilt.in_journal, 'record')} that this installation created."
    elif not rebuilt.blocked and not rebuilt.twins:
        yield "No record in Nexudus carries a mark of this installation, so the journal cannot be rebuilt."
        if not rebuilt.proved:
            yield "Records carry marks once importer doctor --probe has shown that Nexudus keeps them."
        if rebuilt.elsewhere:
            yield (
                "If you expected some: Nexudus lists only what your default location shows. Choose the location where "
                "the records are as your default location in Nexudus, then rebuild again."
            )
        yield (
            "A run still creates no record twice, because it compares with Nexudus before it sends. But records that "
            "only a lost journal knew cannot be undone."
        )
    if rebuilt.blocked:
        numbers = ", ".join(map(str, rebuilt.blocked[:_MOST_NUMBERS]))
        more = ", …" if len(rebuilt.blocked) > _MOST_NUMBERS else ""
        yield (
            f"Not included: {count(len(rebuilt.blocked), 'record')} ({numbers}{more}) that rows without an answer may "
            "have created. To settle those rows: importer reconcile. Then rebuild again."
        )
    for same_mark in rebuilt.twins:
        yield (
            f"Not included: records {' and '.join(map(str, same_mark))}, which carry the same mark. One was "
            "created by this installation, the rest are copies of it. In Nexudus, delete those that you do not need. "
            "Once a single one is left, rebuild again."
        )
    for installation, number in rebuilt.others.items():
        yield (
            f"Another installation created {count(number, 'record')}. If it was this one under an earlier home folder: "
            f"importer journal --rebuild --installation {installation}"
        )
    yield (
        f"Nothing is sent before {moment(rebuilt.until, now)}: what was sent before the journal was lost may still "
        "take effect."
    )


def _undo_of_rebuilt(command: str, records: int, as_created: int) -> str:
    """What an undo of a rebuilt run would do, and its command if it does anything."""
    if not as_created:
        return "An undo keeps all of them, because nothing shows that nobody has changed them since they were created."
    if as_created < records:
        return f"To delete {as_created:,} of them, and keep those that may have been changed since: {command}"
    return f"To delete them, except those changed since: {command}"


def _may_have_been_changed(records: int) -> str:
    if records == 1:
        return "1 record is kept, because it may have been changed since it was created."
    return f"{records:,} records are kept, because they may have been changed since they were created."


class Console:
    """Shows an import to somebody at a terminal, or in a log."""

    def __init__(
        self, clock: Clock, *, yes: bool, quiet: bool = False, work: ProgressFile | None = None, log: Log = no_log
    ) -> None:
        """``yes`` answers the question; ``quiet`` leaves out everything but the question and the result.

        ``work`` is where a page looks how far this is, ``log`` gets the events for programs.
        """
        self._clock, self._work, self.log = clock, work, log
        self._yes, self._quiet = yes, quiet
        self._bar: tqdm[NoReturn] | None = None
        self._next_line = 0.0
        self._milestones = list(_MILESTONES)
        self.source: Source | None = None

    def say(self, sentence: str) -> None:
        """A line on stderr."""
        say(sentence)

    def confirm(self, result: CheckResult, plan: Plan, account: Account) -> bool:
        """Show the issues and the plan, and ask."""
        if not self._quiet:
            show_issues(result, stdout=False)
            say()
            for line in chain(plan_lines(plan, account, typed_place()), limit_lines(plan)):
                say(line)
        if self._yes or not plan.writes:
            return True
        if not sys.stdin.isatty():
            raise UsageError(
                "Nothing was sent: there is no terminal to ask you on.",
                "To send without being asked, add --yes.",
            )
        return click.confirm(f"{_question(plan)} in {account.space}?", err=True)

    def confirm_undo(self, plan: Plan, account: Account, run: Run) -> bool:
        """Show what will be deleted and put back, and how long it takes, and ask for the number."""
        deletes = f"delete {count(plan.create, 'record') if plan.create else 'no records'}"
        deletes = deletes if plan.create or not plan.update else ""
        restores = f"put back {count(plan.update, 'record')}" if plan.update else ""
        deeds = " and ".join(filter(None, [deletes, restores]))
        say(f"Undo run {run.id} ({printable(run.file)}): {deeds} in {account.space}.")
        if plan.existing:
            say(_may_have_been_changed(plan.existing))
        if not plan.writes:
            return True
        say("Records that somebody has changed since the import are left as they are. Each call counts as a write.")
        quota = f" ({plan.quota_left:,} left today)" if plan.quota_left is not None else ""
        until = moment(plan.finish, plan.made)
        say(f"{count(plan.writes, 'write')}{quota}. Time needed: {duration(plan.seconds)}, until {until}.")
        if self._yes:
            return True
        if not sys.stdin.isatty():
            raise UsageError(
                "Nothing was undone: there is no terminal to ask you on.",
                "To undo without being asked, add --yes.",
            )
        verb = "delete them" if not plan.update else "go on"
        return click.prompt(f"Type {plan.writes} to {verb}", err=True, default="no") == str(plan.writes)

    def confirm_probe(self, plan: ProbePlan, account: Account) -> bool:
        """Show what a probe does and to what, and ask."""
        names = " and ".join(f"the {relation.lower()} {label}" for relation, label in plan.references.items())
        say(
            f"A probe finds out how your Nexudus account behaves. It creates one {plan.kind.title} in {account.space} "
            f'named "{plan.name}"{f" for {names}" if names else ""}, reads it, changes it and deletes it again.'
        )
        say(f"That takes about {plan.calls} calls, of which at most {plan.writes} count as writes, and a few seconds.")
        if self._yes:
            return True
        if not sys.stdin.isatty():
            raise UsageError(
                "Nothing was created: there is no terminal to ask you on.",
                "To probe without being asked, add --yes.",
            )
        return click.confirm(f"Create and delete this record in {account.space}?", err=True)

    def sending(self) -> AbstractContextManager[asyncio.Event]:
        """Ctrl-C and SIGTERM stop after the rows in progress; the second time, at once."""
        return self._interruptible(
            "\nStopping after the rows in progress. Press Ctrl-C again to stop at once. Both are safe."
        )

    def probing(self) -> AbstractContextManager[asyncio.Event]:
        """Ctrl-C and SIGTERM stop the probe, whose record is deleted first."""
        return self._interruptible("\nStopping as soon as the test record is deleted.")

    @contextmanager
    def _interruptible(self, sentence: str) -> Iterator[asyncio.Event]:
        try:
            with interruptible(say, sentence) as stop:
                yield stop
        finally:
            if self._bar is not None:
                self._bar.close()

    def progress(self, progress: Progress, total: int, seconds_left: float | None) -> None:
        """Move the bar; without a terminal, print a line a minute."""
        if self._work is not None:
            self._work.progress(progress, total)
        with suppress(OSError, ValueError):
            self._show(progress, total, seconds_left)

    def _show(self, progress: Progress, total: int, seconds_left: float | None) -> None:
        if self._quiet:
            return
        if not sys.stderr.isatty():
            self._log(progress, total, seconds_left)
            return
        if self._bar is None:
            self._bar = tqdm(
                total=total,
                initial=progress.done,
                unit="row",
                file=sys.stderr,
                mininterval=0.5,
                bar_format="{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} rows{postfix}",
            )
        self._bar.set_postfix_str(_state_of(progress, seconds_left, self._clock()), refresh=False)
        self._bar.update(progress.done - self._bar.n)
        if progress.waiting:
            self._bar.refresh()

    def _log(self, progress: Progress, total: int, seconds_left: float | None) -> None:
        reached = bool(self._milestones) and progress.done >= self._milestones[0] * total
        if not reached and time.monotonic() < self._next_line:
            return
        self._next_line = time.monotonic() + _MINUTE
        self._milestones = [share for share in self._milestones if progress.done < share * total]
        say(f"{progress.done:,} of {total:,} rows, {_state_of(progress, seconds_left, self._clock())}")


@contextmanager
def file_bar(*, is_hidden: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, which hears how many files are done, and of how many; it is gone afterwards."""
    with tqdm(unit=" files", leave=False, disable=is_hidden or not sys.stderr.isatty()) as bar:

        def watch(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield watch


class BatchConsole:
    """Shows several imports at once: one bar for all of them, and each sentence with the name of its file."""

    def __init__(self, clock: Clock, log: Log = no_log) -> None:
        """Start without any import; ``log`` gets the events of all of them."""
        self._console, self.log = Console(clock, yes=True), log
        self._stop: asyncio.Event | None = None
        self._members: list[_Member] = []
        self._next_look = 0.0

    def watching(self, name: str) -> _Member:
        """The observer for the import of this file."""
        self._members.append(_Member(self, name))
        return self._members[-1]

    @contextmanager
    def sending(self) -> Iterator[None]:
        """While any import is sending, Ctrl-C stops all of them."""
        with self._console.sending() as self._stop:
            yield

    @property
    def stop(self) -> asyncio.Event:
        """Set when the user wants to stop."""
        assert self._stop is not None, "only while sending"
        return self._stop

    def show(self, *, now: bool) -> None:
        """Move the bar to the total of all imports; ``now``, or if it has not moved for a moment."""
        # Adding up hundreds of imports hundreds of times a second would take a tenth of the processor.
        if not now and time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK
        done = sum(member.at.done for member in self._members)
        failed = sum(member.at.failed for member in self._members)
        times = [member.seconds_left for member in self._members if member.seconds_left is not None]
        total = sum(member.total for member in self._members)
        self._console.progress(Progress(done, failed), total, max(times, default=None))


class _Member:
    """Shows one of several imports."""

    def __init__(self, several: BatchConsole, name: str) -> None:
        self._several, self.name = several, harmless_line(name)
        self.at, self.total = Progress(0, 0), 0
        self.seconds_left: float | None = None

    def say(self, sentence: str) -> None:
        say(f"{self.name}: {sentence}")

    def log(self, line: LogLine) -> None:
        self._several.log(line)

    def confirm(self, result: CheckResult, plan: Plan, account: Account) -> bool:
        wrong = f"; {count(result.invalid, 'row')} skipped as invalid" if result.invalid else ""
        until = f", until {moment(plan.finish, plan.made)}" if plan.writes else ""
        update = f" and {plan.update:,} to update" if plan.update else ""
        records = f"{count(plan.create, 'record')} to create{update}"
        self.say(f"{records} in {account.space} as {account.user}{until}{wrong}.")
        if plan.backwards:
            self.say(f"Warning: {count(plan.backwards, 'row')} would set a date back.")
        self.total = plan.writes
        return True

    def confirm_undo(self, plan: Plan, account: Account, run: Run) -> bool:
        raise NotImplementedError("several runs are never undone at once")

    @contextmanager
    def sending(self) -> Iterator[asyncio.Event]:
        yield self._several.stop

    def progress(self, progress: Progress, total: int, seconds_left: float | None) -> None:
        self.at, self.total, self.seconds_left = progress, total, seconds_left
        self._several.show(now=progress.done >= total)


def _state_of(progress: Progress, seconds_left: float | None, now: float) -> str:
    parts = [f"{progress.failed:,} failed"]
    if progress.waiting:
        parts.append(f"waiting {wait_words(progress.until, now)}: {progress.waiting}")
    if seconds_left is not None:
        parts.append(f"done at about {moment(now + max(seconds_left, 0), now)}")
    return ", ".join(parts)


def _question(plan: Plan) -> str:
    create, update = f"Create {count(plan.create, 'record')}", f"pdate {count(plan.update, 'record')}"
    if not plan.update:
        return create
    return f"{create} and u{update}" if plan.create else f"U{update}"
