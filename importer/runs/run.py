"""An import, stage after stage: check, sign in, plan, ask, start; then settle, send, settle, report (``send.py``).

Nothing here prints, parses a file, or knows how the service answers.
"""

from contextlib import AsyncExitStack

from importer.delivery.send_result import NotBegun, SendResult, StopReason
from importer.errors import FileError, ServiceError
from importer.issues import notice_text
from importer.journal.journal import Journal, open_journal
from importer.runs.copies import remove_unused, restore_copy
from importer.runs.earlier_runs import refuse_other_terms, run_to_continue
from importer.runs.plan import (
    check_profile,
    find_present,
    look_up_names,
    plan_of,
    refuse_shifted_times,
    terms_of,
)
from importer.runs.preparation import stoppable
from importer.runs.request import ImportRequest
from importer.runs.result import RunResult, finish_run
from importer.runs.resume import continue_run, with_limits
from importer.runs.run_log import RunLog
from importer.runs.send import PlannedRun
from importer.runs.session import Session, signed_in
from importer.runs.source import CheckResult, Source, examine, open_requested, snapshot
from importer.runs.start import add_run, plan_rows, with_agreed_names, with_elsewhere
from importer.text import printable


async def run(request: ImportRequest) -> RunResult | None:
    """Import a file. None if the user declined.

    A file whose run for this account is unfinished continues that run.
    """
    source, result = check(request)
    async with AsyncExitStack() as stack:
        journal = stack.enter_context(open_journal(request.settings.journal_place))
        work, limit = prepare(stack, journal, source, result, request), request.choices.max_duration
        prepared = await stoppable(work, journal, seconds=limit)
        return await prepared.send() if isinstance(prepared, PlannedRun) else prepared


def check(request: ImportRequest) -> tuple[Source, CheckResult]:
    """The file as it was read, and everything that is wrong with it.

    Raises:
        FileError: It cannot be read, was changed since it was compared with other files, or may not be read as the user
            sees it although the request is strict.
        UsageError: Its rows cannot be matched by the fields that the user chose.
    """
    source = open_requested(request)
    if source.sheet.notices:
        request.observer.say(notice_text(source.sheet.notices))
    if source.remembered:
        request.observer.say(f"Using the column mapping you saved for the header of {printable(source.file.name)}.")
    result = examine(source, request.clock(), allow_duplicates=request.choices.allow_duplicates)
    if request.choices.strict and (doubtful := [notice for notice in source.sheet.notices if notice.doubtful]):
        raise FileError(
            f"Nothing was sent (--strict): {notice_text(doubtful)}",
            "Correct the file. If it is right as it was read, import it without --strict.",
        )
    return source, result


async def prepare(
    stack: AsyncExitStack, journal: Journal, source: Source, result: CheckResult, request: ImportRequest
) -> PlannedRun | RunResult | None:
    """The planned run of a checked file, which holds its account until ``stack`` ends.

    None if the user declined, a RunResult if the service could not be reached.

    1. The bytes that were checked are copied: the original may be edited while its rows are sent.
    2. If the user seems to have forgotten --profile, the import is refused before anything goes to another account.
    3. An unfinished run of the same file goes on; a second one would send its rows again.
    4. Names are looked up, what the service holds is compared, and the user is asked.
    5. The account is locked before the run is written, so that no run is left in the journal that may not be sent; only
       one whose service cannot be reached is written without.
    """
    source = snapshot(source, request.settings.home / "files")
    stack.callback(remove_unused, journal, source.copy)
    check_profile(journal, source, request)
    try:
        session = await stack.enter_async_context(
            signed_in(
                request.settings,
                source.endpoint,
                journal,
                request.observer,
                request.clock,
                without_list=request.choices.without_list,
            )
        )
    except ServiceError as error:
        return await _unreachable(journal, source, request, error)
    if (continued := await _continue_unfinished(stack, session, source, request)) is not None:
        return continued
    return await _begin(stack, session, source, result, request)


async def _continue_unfinished(
    stack: AsyncExitStack, session: Session, source: Source, request: ImportRequest
) -> PlannedRun | None:
    # Without asking the user again: the plan was confirmed when the run began, and its rows are in the journal already.
    journal = session.journal
    unfinished = run_to_continue(journal, terms_of(source, request), session.account.key)
    if unfinished is None:
        return None
    session.observer.say(f"Run {unfinished.id} of this file is unfinished; continuing it.")
    unfinished = with_elsewhere(journal, restore_copy(journal, unfinished, source.copy), source.elsewhere)
    return await continue_run(stack, session, with_limits(journal, unfinished, request.choices))


async def _begin(
    stack: AsyncExitStack, session: Session, source: Source, result: CheckResult, request: ImportRequest
) -> PlannedRun | None:
    """Look up, compare, ask, start."""
    now, journal, choices = request.clock(), session.journal, request.choices
    refuse_other_terms(journal, terms_of(source, request), session.account.key, zoneless=result.zoneless)
    source, result = await look_up_names(session, source, result, choices, now)
    source = with_agreed_names(source, result)
    present = await find_present(session, source, result, choices, now)
    made = plan_of(session, result, present, now)
    refuse_shifted_times(source, result, present, made)
    if not session.observer.confirm(result, made, session.account):
        return None
    announce_run = stack.enter_context(session.exclusive_sender())
    begun = add_run(journal, source, request, now, present.updates if choices.update else None)
    announce_run(begun.id)
    return PlannedRun(session, plan_rows(session, source, result, begun, present.updates))


async def _unreachable(journal: Journal, source: Source, request: ImportRequest, error: ServiceError) -> RunResult:
    """A run that could not even begin is saved, so that one command continues it later."""
    # The same run is used again: a service that is away for an hour, and a scheduler that tries every minute, would
    # otherwise leave sixty runs of one file.
    now, same = request.clock(), run_to_continue(journal, terms_of(source, request), None)
    unfinished = with_elsewhere(journal, same or add_run(journal, source, request, now), source.elsewhere)
    reason = SendResult(StopReason.UNREACHABLE, NotBegun(error, advice=False))
    result = await finish_run(journal, unfinished, reason, now)
    RunLog(request.observer.log, unfinished, request.clock).ended(result.exit_code, result.report.counts)
    return result
