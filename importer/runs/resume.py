"""Continues a run where it stopped."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from importer.delivery.send_result import NotBegun, SendResult, StopReason
from importer.errors import Exit, StoppedError
from importer.journal.journal import Journal, open_journal
from importer.journal.runs import Run
from importer.runs.earlier_runs import (
    ImportTerms,
    latest_unfinished,
    refuse_other_account,
    refuse_other_service,
    refuse_other_terms,
)
from importer.runs.plan import find_present, look_up_names
from importer.runs.preparation import stoppable, when_free
from importer.runs.request import Choices, RunRequest
from importer.runs.result import RunResult, finish_run
from importer.runs.retry import plan_queued
from importer.runs.run_log import RunLog
from importer.runs.send import PlannedRun
from importer.runs.session import Session, signed_in
from importer.runs.source import Source, examine, reopen
from importer.runs.start import agreed_names, agreed_updates, plan_rows, rows_elsewhere
from importer.spreadsheet import ReadOptions
from schemas import RECORD_TYPES


async def resume(request: RunRequest, *, waits: bool = False) -> RunResult:
    """Continue a run, by default the latest unfinished one, with the limits and the folder that are asked for now.

    With ``waits``, it begins once nothing else is done for its account; without, that is an error.
    """
    settings = request.settings
    with open_journal(settings.journal_place) as journal:
        run = with_limits(journal, latest_unfinished(journal, request.number), request.choices)
        refuse_other_service(run, settings)
        work = partial(_send, journal, run.id, request)
        try:
            return await (when_free(journal, settings, run, work, clock=request.clock) if waits else work())
        except StoppedError as error:
            reason = StopReason.LIMIT if error.exit_code is Exit.LIMIT else StopReason.REQUESTED
            sent = SendResult(reason, NotBegun(error, advice=False))
            result = await finish_run(journal, journal.runs.get(run.id), sent, request.clock(), settings=settings)
            RunLog(request.observer.log, result.run, request.clock).ended(result.exit_code, result.report.counts)
            return result


async def _send(journal: Journal, number: int, request: RunRequest) -> RunResult:
    # Read again: it may have waited for hours since.
    run = journal.runs.get(number)
    async with AsyncExitStack() as stack:
        work, limit = _prepare(stack, journal, run, request), request.choices.max_duration
        planned = await stoppable(work, journal, run=run, seconds=limit)
        return await planned.send()


async def _prepare(stack: AsyncExitStack, journal: Journal, run: Run, request: RunRequest) -> PlannedRun:
    session = await stack.enter_async_context(
        signed_in(
            request.settings,
            run.endpoint,
            journal,
            request.observer,
            request.clock,
            without_list=bool(run.options.get("without_list")),
        )
    )
    return await continue_run(stack, session, run)


async def continue_run(stack: AsyncExitStack, session: Session, run: Run) -> PlannedRun:
    """A run that holds its account until ``stack`` ends; planned now if its rows are not in the journal yet."""
    refuse_other_account(run, session.account.key)
    if run.account is not None and run.account != session.account.key:
        # Of the earlier token, under which another process may still be sending.
        stack.enter_context(session.lock_of(run.account, run.id))
        run = session.journal.runs.update(run, account=session.account.key)
    # Only under the lock is the request to stop cleared: before, a process that still sends this run would miss it.
    stack.enter_context(session.exclusive_sender(run.id))
    options = {**run.options, "for_good": False, "resume_at": None, "remedy": None}
    run = session.journal.runs.update(run, stop=False, options=options)
    # Planned rows are sent as they were planned. Only a run that never got that far is read, and from its own copy: the
    # user's file may have been edited since.
    if run.planned is None and run.parent is not None:
        # A retry has no rows but those of the run before it.
        run = await plan_queued(session, run)
    elif run.planned is None:
        # This is for what concerns the whole file, such as names and repeated keys; ``plan_rows`` checks the rows once
        # more, as of the moment at which the run began.
        session.journal.copies.bring_back(run)
        now, choices, source = session.clock(), run.options_as(Choices), _reopen(run)
        result = examine(source, now, allow_duplicates=choices.allow_duplicates)
        # As before a new run: since this one was saved, another may have created the same rows with other values.
        terms = ImportTerms(run.sha256, run.kind, run.endpoint, run.url, source.read, choices)
        refuse_other_terms(session.journal, terms, session.account.key, zoneless=result.zoneless)
        source, result = await look_up_names(session, source, result, choices, now)
        # Nobody is asked again. A person who has seen a plan agreed to its updates and to no others, however long ago
        # that was; of a run that was saved before there could be one, its choice says whether records may be updated.
        updates = agreed_updates(run) if choices.update else {}
        if updates is None:
            updates = (await find_present(session, source, result, choices, now)).updates
        run = plan_rows(session, source, result, run, updates)
    return PlannedRun(session, run)


def with_limits(journal: Journal, run: Run, choices: Choices) -> Run:
    """A run with other limits than it began with, and with another folder if one is named."""
    limits: Mapping[str, Any] = {
        "max_rows": choices.max_rows,
        "max_duration": choices.max_duration,
        # Once allowed, it stays so: the run goes on as it began.
        "without_list": choices.without_list or bool(run.options.get("without_list")),
    }
    run = journal.runs.update(run, options={**run.options, **limits})
    return run if choices.out is None else journal.runs.update(run, folder=str(Path(choices.out).absolute()))


def _reopen(run: Run) -> Source:
    read = run.options_as(ReadOptions, "read")
    source = reopen(run.copy, run.sha256, RECORD_TYPES[run.kind], run.endpoint, read, run.file)
    key = run.options_as(Choices).key
    return replace(source, agreed_names=agreed_names(run), elsewhere=rows_elsewhere(run), match_key=key)
