"""The functions about an earlier run, each in two forms: ``resume_async`` to await, ``resume`` to wait for."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from importer.api.argument_types import with_checked_types
from importer.api.arguments import Access, limits_of, with_update
from importer.api.blocking import blocking, to_a_safe_end
from importer.api.callbacks import Callbacks, Confirm, ConfirmUndo, OnProgress, Say
from importer.api.clock import steady_clock
from importer.api.reports import RunReport, StatusReport, UndoReport, VerifyReport
from importer.api.retention import keep_to_retention
from importer.config.settings import NO_PROFILE, Settings
from importer.errors import Exit
from importer.runs.request import Choices, RunRequest
from importer.runs.result import RunResult
from importer.runs.resume import resume as resume_run
from importer.runs.retry import retry as retry_run
from importer.runs.status import status_and_others
from importer.runs.undo import undo_run
from importer.runs.verify import verify_run


@with_checked_types
async def resume_async(
    run: int,
    *,
    wait: bool = False,
    progress: OnProgress | None = None,
    without_list: bool = False,
    max_rows: int | None = None,
    max_duration: float | str | None = None,
    rate: str | None = None,
    daily_quota: int | str | None = None,
    concurrency: int | str | None = None,
    out: str | Path | None = None,
    profile: str | None = None,
    settings: Mapping[str, object] | None = None,
    sandbox: bool = False,
    say: Say | None = None,
) -> RunReport:
    """Continue a run where it stopped, without asking.

    ``run`` is its number. With ``wait``, it begins as soon as the run of the account that is in progress has ended;
    without, that is a BusyError. The profile is the one that the run used, unless another is named. All other
    arguments, and what happens if the task is cancelled, are as in ``run``.

    Raises:
        NoRunError: There is no such run.
        UsageError: It went to another service or account.
        SignInError: There is nothing to sign in with, or it was refused.
        BusyError: Another process sends for this account.
    """
    max_rows, seconds = limits_of(max_rows, max_duration)
    choices = Choices(
        without_list=without_list,
        max_rows=max_rows,
        max_duration=seconds,
        out=None if out is None else Path(out),
    )
    callbacks = Callbacks(say=say, progress=progress)
    pacing = {"rate": rate, "daily_quota": daily_quota, "concurrency": concurrency}
    with _request(run, choices, Access(profile, settings, sandbox), callbacks, update=False, **pacing) as request:
        keep_to_retention(request.settings, request.clock, callbacks.say, run)
        result = await to_a_safe_end(resume_run(request, waits=wait), callbacks)
        return run_report(result, request.settings, callbacks)


@with_checked_types
async def retry_async(
    run: int,
    *,
    wait: bool = False,
    confirm: Confirm | None = None,
    progress: OnProgress | None = None,
    update: bool | None = None,
    max_rows: int | None = None,
    max_duration: float | str | None = None,
    rate: str | None = None,
    daily_quota: int | str | None = None,
    concurrency: int | str | None = None,
    out: str | Path | None = None,
    profile: str | None = None,
    settings: Mapping[str, object] | None = None,
    sandbox: bool = False,
    say: Say | None = None,
) -> RunReport:
    """Send the rejected and unsent rows of a run again, as a new run; its number is that of the report.

    Without ``confirm``, it sends without asking. The arguments are as in ``resume`` and ``run``.

    Raises:
        NoRunError: There is no such run.
        UsageError: It is unfinished, or no row of it is left to send.
        SignInError: There is nothing to sign in with, or it was refused.
        BusyError: Another process sends for this account.
    """
    max_rows, seconds = limits_of(max_rows, max_duration)
    choices = Choices(max_rows=max_rows, max_duration=seconds, out=None if out is None else Path(out))
    callbacks = Callbacks(say=say, confirm=confirm, progress=progress)
    pacing = {"rate": rate, "daily_quota": daily_quota, "concurrency": concurrency}
    with _request(run, choices, Access(profile, settings, sandbox), callbacks, update=update, **pacing) as request:
        keep_to_retention(request.settings, request.clock, callbacks.say, run)
        result = await to_a_safe_end(retry_run(request, waits=wait), callbacks)
        return run_report(result, request.settings, callbacks)


@with_checked_types
async def verify_async(
    run: int,
    *,
    profile: str | None = None,
    settings: Mapping[str, object] | None = None,
    sandbox: bool = False,
    say: Say | None = None,
) -> VerifyReport:
    """Compare the records of a run with what the service holds now. The arguments are as in ``resume``.

    Raises:
        NoRunError: There is no such run.
        UsageError: It went to another service or account.
        SignInError: There is nothing to sign in with, or it was refused.
        ServiceError: The service cannot be reached, or does not list its records.
    """
    callbacks = Callbacks(say=say)
    with _request(run, Choices(), Access(profile, settings, sandbox), callbacks, update=False) as request:
        done = await to_a_safe_end(verify_run(request), callbacks)
        return VerifyReport(run, done.counts, done.notable, done.unknown, done.file, done.exit_code, callbacks.messages)


@with_checked_types
async def undo_async(
    run: int,
    *,
    wait: bool = False,
    confirm: ConfirmUndo | None = None,
    progress: OnProgress | None = None,
    even_if_gone: bool = False,
    rate: str | None = None,
    daily_quota: int | str | None = None,
    profile: str | None = None,
    settings: Mapping[str, object] | None = None,
    sandbox: bool = False,
    say: Say | None = None,
) -> UndoReport:
    """Delete what a run created and put back what it updated, unless somebody has changed it since.

    Without ``confirm``, it does so without asking. ``even_if_gone`` counts all records as deleted if somebody has
    deleted them. All other arguments are as in ``resume``.

    Raises:
        NoRunError: There is no such run.
        UsageError: It has no records, or it went to another service or account.
        SignInError: There is nothing to sign in with, or it was refused.
        BusyError: Another process sends for this account.
    """
    callbacks = Callbacks(say=say, confirm_undo=confirm, progress=progress)
    access, pacing = Access(profile, settings, sandbox), {"rate": rate, "daily_quota": daily_quota}
    with _request(run, Choices(), access, callbacks, update=False, **pacing) as request:
        work = undo_run(request, even_if_gone=even_if_gone, waits=wait)
        if (done := await to_a_safe_end(work, callbacks)) is None:
            return UndoReport(run, {}, (), None, Exit.DONE, messages=callbacks.messages)
        return UndoReport(run, done.counts, done.notable, done.file, done.exit_code, done.message, callbacks.messages)


def status(run: int | None = None, *, settings: Mapping[str, object] | None = None) -> StatusReport:
    """How a run stands, by default the latest one, whichever process works on it.

    It only looks into the journal and at its locks, so there is nothing to await.

    Raises:
        UsageError: There is no run yet.
        JournalError: There is no run of this number.
        TypeError: It is not a number.
    """
    if run is not None and type(run) is not int:
        raise TypeError(f"run must be a whole number, not {type(run).__name__}")
    with Access(NO_PROFILE, settings, sandbox=False).open() as opened:
        shown = status_and_others(run, opened, steady_clock()()).shown
    one, code = shown.run, shown.run.exit_code
    return StatusReport(
        run=one.id,
        file=one.file,
        state=shown.state,
        account=shown.account,
        rows=shown.rows,
        counts={status.value: rows for status, rows in shown.counts.items()},
        waiting=shown.waiting,
        until=shown.until or None,
        seconds_left=shown.seconds_left,
        started=one.started,
        finished=one.finished,
        exit_code=None if code is None else Exit(code),
        folder=one.folder,
    )


def run_report(result: RunResult | None, settings: Settings, callbacks: Callbacks) -> RunReport:
    """How a run ended, for the caller; no result means that the caller declined."""
    if result is None:
        return RunReport(None, {}, Exit.DONE, messages=callbacks.messages)
    report = result.report
    return RunReport(
        run=result.run.id,
        counts={status.value: number for status, number in report.counts.items()},
        exit_code=result.exit_code,
        message=result.message,
        folder=report.folder,
        files=report.files,
        summary=report.summary,
        messages=callbacks.messages,
        _journal=settings.journal_place,
    )


@contextmanager
def _request(
    run: int, choices: Choices, access: Access, callbacks: Callbacks, *, update: bool | None, **pacing: object
) -> Iterator[RunRequest]:
    """The request for a run, for as long as it is worked on. ``update`` is None if the settings decide."""
    access = access.for_run(run)
    with access.open(**pacing) as settings:
        choices = with_update(choices, update, settings)
        choices = replace(choices, profile=access.chosen_profile, sandbox=access.sandbox)
        yield RunRequest(run, settings, callbacks, steady_clock(), choices)


resume = blocking(resume_async)
retry = blocking(retry_async)
verify = blocking(verify_async)
undo = blocking(undo_async)
