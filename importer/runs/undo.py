"""Undoes a run: deletes what it created and puts back what it updated, unless somebody has changed it since."""

from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from importer.delivery.record_reader import RecordReader
from importer.delivery.send_result import SendResult, StopReason
from importer.delivery.undoer import Reversal, Undoer, Undone
from importer.errors import Exit, FileError, ReportError, UsageError
from importer.journal.journal import Journal, open_journal
from importer.journal.runs import Run, refuse_forgotten
from importer.journal.states import WITH_RECORD, State
from importer.model import Plan, Progress, email_of
from importer.nexudus.waits import GRACE, Stopped, unless
from importer.reporting import write_report, write_table
from importer.reporting.report_words import words_of
from importer.reporting.stop_sentences import stop_sentence
from importer.runs.allowances import windows
from importer.runs.earlier_runs import latest_run, refuse_other_account, refuse_other_service
from importer.runs.preparation import stoppable, when_free
from importer.runs.rebuild import DATED
from importer.runs.request import RunRequest
from importer.runs.result import moved_sentences, refresh_earlier_reports
from importer.runs.run_log import RunLog
from importer.runs.session import Session, author_of_run, signed_in, user_of
from schemas import RECORD_TYPES

_WITHOUT_VALUES = "nobody can tell whether a record was changed since, and none is deleted or put back"


@dataclass(frozen=True)
class Undoing:
    """The result of an undo: how many records were removed, put back, kept and failed, and the file with each."""

    run: Run
    counts: dict[str, int]
    notable: tuple[Reversal, ...]
    file: Path
    exit_code: Exit
    end: SendResult

    @property
    def message(self) -> str:
        """Why it stopped, in words; empty if it did not, or was asked to."""
        return stop_sentence(self.end)


async def undo_run(request: RunRequest, *, even_if_gone: bool = False, waits: bool = False) -> Undoing | None:
    """Take back what a run created and updated, and nobody changed since; None if the user declined.

    With ``even_if_gone``, records that are "not found" count as deleted even if not one of the run is found. With
    ``waits``, it begins once nothing else is done for the account; without, that is an error.
    """
    with open_journal(request.settings.journal_place) as journal:
        chosen = latest_run(journal, request.number)
        refuse_forgotten(chosen, _WITHOUT_VALUES)
        refuse_other_service(chosen, request.settings)
        counts = journal.rows.counts(chosen)
        updated = sum(counts.get(state, 0) for state in (State.UPDATED, State.RESTORING))
        records = updated + sum(counts.get(state, 0) for state in (State.CREATED, State.REMOVING))
        if not records:
            others = [
                run
                for run in journal.runs.of_content(chosen.sha256)
                if not WITH_RECORD.isdisjoint(journal.rows.counts(run))
            ]
            advice = (
                f"Run {others[0].id} of the same file has records. To undo it: {others[0].command('undo')}"
                if others
                else ""
            )
            raise UsageError(
                f"Run {chosen.id} has no records to delete or to put back.",
                advice or "To list the runs: importer history",
            )
        work = partial(_undo_signed_in, journal, chosen, records, updated, request, even_if_gone=even_if_gone)
        if not waits:
            return await work()
        return await when_free(journal, request.settings, chosen, work, clock=request.clock, command="undo")


async def _undo_signed_in(
    journal: Journal, chosen: Run, records: int, updated: int, request: RunRequest, *, even_if_gone: bool
) -> Undoing | None:
    async with AsyncExitStack() as stack:
        entering = stack.enter_async_context(
            signed_in(request.settings, chosen.endpoint, journal, request.observer, request.clock)
        )
        session = await stoppable(entering, journal, run=chosen, command="undo")
        refuse_other_account(chosen, session.account.key)
        plan = _plan(session, records, updated, _to_keep(session, chosen))
        if not request.observer.confirm_undo(plan, session.account, chosen):
            return None
        # The lock of the sender: an undo beside a run would delete records that the run counts as existing.
        with session.exclusive_sender(chosen.id, "undo"):
            # Written under the lock: whoever forgets a run looks for its holder first, in a transaction of its own.
            begun = journal.runs.update(chosen, stop=False)
            refuse_forgotten(begun, _WITHOUT_VALUES)
            return await _undo(session, begun, records, even_if_gone=even_if_gone)


def _to_keep(session: Session, run: Run) -> int:
    """How many records of a rebuilt run an undo keeps for certain; it may be more."""
    if not run.is_rebuilt:
        return 0
    created = session.journal.rows.all(run, State.CREATED)
    if not session.probed(RECORD_TYPES[run.kind]).changes_are_dated:
        return sum(1 for _ in created)
    # Of a run that was rebuilt before that was noted, only its records tell.
    return sum(intent.updated_on is None for intent in created) if run.options.get(DATED) else 0


def _plan(session: Session, records: int, updated: int, to_keep: int) -> Plan:
    """What an undo takes: ``create`` counts deletes, ``update`` records to put back, ``existing`` those kept."""
    limits, now = windows(session.settings), session.clock()
    key, calls, writes = session.account.key, session.journal.calls, records - to_keep
    reads = [window for window in limits if not window.writes]
    # A read of each record, and a write for each that is not kept.
    seconds = max(calls.seconds_for(key, writes, limits, now), calls.seconds_for(key, records + writes, reads, now))
    left = session.quota_left(now)
    return Plan(
        rows=records,
        create=writes - updated,
        existing=to_keep,
        invalid=0,
        blocked=0,
        quota_left=left,
        seconds=seconds,
        finish=now + seconds,
        update=updated,
    )


async def _undo(session: Session, chosen: Run, records: int, *, even_if_gone: bool) -> Undoing:
    log = RunLog(session.observer.log, chosen, session.clock, "undo")
    log.started()
    with log.noting_errors():
        done = await _undo_records(session, chosen, records, log, even_if_gone=even_if_gone)
    log.ended(done.exit_code, done.counts)
    return done


async def _undo_records(session: Session, chosen: Run, records: int, log: RunLog, *, even_if_gone: bool) -> Undoing:
    journal, reversals = session.journal, list[Reversal]()
    async with session.stop_signal(chosen) as stop:
        reader = session.record_reader(chosen, session.settings.patience)
        learned = await unless(stop, _learned_author(session, chosen, reader), GRACE)
        author = "" if isinstance(learned, Stopped) else learned

        def tell(done: int) -> None:
            failed = sum(reversal.undone is Undone.FAILED for reversal in reversals)
            session.observer.progress(Progress(done, failed), records, None)
            log.progress(Progress(done, failed), records)

        undoer = Undoer(
            journal,
            session.service,
            chosen,
            RECORD_TYPES[chosen.kind],
            session.take_write,
            session.renew_write,
            reader=reader,
            now=session.clock,
            stop=stop,
            tell=tell,
            say=session.observer.say,
            window=session.settings.settle,
            user=user_of(session) or (author if session.account.key == chosen.account else ""),
            author=author,
            dates_tell=session.probed(RECORD_TYPES[chosen.kind]).changes_are_dated,
            even_if_gone=even_if_gone,
        )
        try:
            end = await undoer.undo(reversals)
        finally:
            # However it ends, what was deleted or put back is reported.
            table = [(str(r.row), str(r.remote_id), r.undone.value, r.why) for r in reversals]
            number, _, record, _ = words_of(chosen).titles
            file = write_table(chosen.folder, "undo.csv", (number, record, "undone", "why"), table)
    try:
        for sentence in moved_sentences(write_report(journal, chosen, now=session.clock())):
            session.observer.say(sentence)
    except (ReportError, UsageError, FileError) as error:
        # The records are deleted or put back, and the user must hear of that, whatever is the matter with the files.
        session.observer.say(f"The report of run {chosen.id} was not rebuilt. {error.message} {error.advice}")
    for sentence in refresh_earlier_reports(session.journal, chosen, session.clock()):
        session.observer.say(sentence)
    numbers = Counter(reversal.undone for reversal in reversals)
    counts = {undone.value: numbers[undone] for undone in Undone if numbers[undone]}
    notable = tuple(reversal for reversal in reversals if reversal.undone not in (Undone.REMOVED, Undone.RESTORED))
    return Undoing(chosen, counts, notable, file, _exit_code(end, counts), end)


async def _learned_author(session: Session, run: Run, reader: RecordReader) -> str:
    """Who wrote for a run whose account does not say it; empty where it does, or where there is nothing to put back."""
    # Where it does say it, whose the values are was known when the row was settled, and stays as it was found then.
    updates = {State.UPDATED, State.RESTORING}
    if email_of(run.account or "") or updates.isdisjoint(session.journal.rows.counts(run)):
        return ""
    return await author_of_run(session, run, reader)


def _exit_code(sent: SendResult, counts: dict[str, int]) -> Exit:
    if sent.how is not StopReason.DONE:
        return Exit.INTERRUPTED if sent.how is StopReason.REQUESTED else Exit.SERVICE
    if counts.get(Undone.FAILED):
        # Nothing is known of these, so the undo has to be repeated; a record that was kept is an outcome.
        return Exit.SERVICE
    return Exit.ROWS_FAILED if counts.get(Undone.KEPT) else Exit.DONE
