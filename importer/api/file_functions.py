"""The functions about a file or about all records, each in two forms: ``check_async`` to await, ``check`` to wait for.

Nothing is printed, nobody is asked at a terminal, and nothing outlives a call but what the command leaves as well: the
journal, the report and what is remembered in the home folder.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import pandas as pd

from importer.api.argument_types import with_checked_types
from importer.api.arguments import (
    Access,
    DateOrder,
    Reading,
    key_of,
    kind_named,
    limits_of,
    refuse_speed,
    with_update,
    zone_named,
)
from importer.api.blocking import blocking, to_a_safe_end
from importer.api.callbacks import Callbacks, Confirm, OnProgress, Say
from importer.api.clock import steady_clock
from importer.api.data_frame import NAME, frame_file
from importer.api.reports import CheckReport, DiffReport, ExportReport, Issues, PlanReport, RunReport
from importer.api.retention import keep_to_retention
from importer.api.run_functions import run_report
from importer.checking import DateReader
from importer.config.settings import Settings
from importer.errors import UsageError
from importer.issues import notice_text
from importer.reporting.record_file import FileFormat, refuse_existing, write_records
from importer.runs import remote
from importer.runs.difference import difference
from importer.runs.export import ExportRequest, Filters
from importer.runs.export import export as export_records
from importer.runs.incoming import InputFile, brought_in
from importer.runs.named_files import NamedFile, is_address
from importer.runs.plan import ComparedFile, check_with_service, write_errors
from importer.runs.plan import plan as plan_file
from importer.runs.request import Choices, ImportRequest
from importer.runs.run import run as run_file
from importer.runs.source import examine, open_requested

File = str | Path | pd.DataFrame
"""A path, an address such as https://..., or a DataFrame, whose first row is row 2 in issues and reports."""


@with_checked_types
async def check_async(
    file: File,
    *,
    offline: bool = False,
    errors_to: str | Path | None = None,
    allow_duplicates: bool = False,
    type: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_row: int | None = None,
    map: Mapping[str, str] | None = None,
    dates: DateOrder | None = None,
    tz: str | None = None,
    pick: Mapping[str, int] | None = None,
    key: str | Sequence[str] = (),
    profile: str | None = None,
    settings: Mapping[str, object] | None = None,
    sandbox: bool = False,
    say: Say | None = None,
) -> CheckReport:
    """Find everything that is wrong with a file. Sends nothing.

    If there is a sign-in, names are looked up and the rows are compared with what the service holds.

    Args:
        file: A path, an address as text, or a DataFrame, whose first row is row 2.
        offline: Do not call the service.
        errors_to: Where to write a workbook with the wrong cells in red.
        allow_duplicates: Do not report rows that repeat each other.
        type: The record type, if the headers do not show it.
        sheet: The sheet to read, if a workbook has several.
        encoding: The encoding of a text file, such as "cp1252".
        delimiter: The separator of a text file.
        header_row: The row that names the columns, 1 for the first.
        map: Which field a column holds, by its header; "-" to ignore the column.
        dates: The order of day, month and year, if it cannot be told from the file.
        tz: The time zone of times without one, such as "Europe/London".
        pick: The Id that a name means, if several records have it; saved, as by the command.
        key: The fields by which rows find their records, if not by the key of the type.
        profile: Whose settings and sign-in to use; "none" for no profile.
        settings: Further settings by their names, such as ``{"home": "/srv/importer", "token": token}``. They go before
            environment and files, where the others are looked for, as by the command.
        sandbox: Use the practice service on this machine.
        say: Hears each sentence that a person should read, as soon as there is one.

    Raises:
        FileError: The file cannot be read, or columns are missing.
        UsageError: An argument cannot be used.
        ImporterError: Any other error, with ``exit_code`` and ``advice``; ``importer.errors`` lists them.
    """
    access = Access(profile, settings, sandbox)
    read = Reading(type, sheet, encoding, delimiter, header_row, map, dates, tz)
    choices = Choices(allow_duplicates=allow_duplicates, picks=dict(pick or {}), key=key_of(key))
    callbacks = Callbacks(say=say)
    with _request(file, read, choices, access, callbacks) as request:
        source = open_requested(request)
        result = examine(source, request.clock(), allow_duplicates=allow_duplicates)
        compared = None
        if request.settings.can_sign_in and not offline:
            compared = await to_a_safe_end(check_with_service(source, result, request), callbacks)
            source, result = compared.source, compared.result
        if errors_to is not None and (copy := write_errors(source, result, Path(errors_to), request.clock())).notice:
            callbacks.say(copy.notice.message)
        return CheckReport(
            file=callbacks.file,
            type=source.kind.name,
            rows=result.rows,
            valid=result.valid,
            invalid=result.invalid,
            issues=Issues(result.causes),
            notices=tuple(source.sheet.notices),
            comparison=_comparison(compared),
            account=compared.account if compared is not None else None,
            errors_file=None if errors_to is None else Path(errors_to),
            messages=callbacks.messages,
        )


def _comparison(compared: ComparedFile | None) -> dict[str, int] | None:
    if compared is None or (plan := compared.plan) is None:
        return None
    return {
        "create": plan.create,
        "unchanged": plan.existing,
        "changed": plan.update,
        "ambiguous": plan.ambiguous,
        "blocked": plan.blocked,
    }


@with_checked_types
async def plan_async(
    file: File,
    *,
    update: bool | None = None,
    clear_empty: bool = False,
    allow_duplicates: bool = False,
    even_if_existing: bool = False,
    without_list: bool = False,
    rate: str | None = None,
    daily_quota: int | str | None = None,
    concurrency: int | str | None = None,
    type: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_row: int | None = None,
    map: Mapping[str, str] | None = None,
    dates: DateOrder | None = None,
    tz: str | None = None,
    pick: Mapping[str, int] | None = None,
    key: str | Sequence[str] = (),
    profile: str | None = None,
    settings: Mapping[str, object] | None = None,
    sandbox: bool = False,
    say: Say | None = None,
) -> PlanReport:
    """Tell what importing a file would do, and how long it takes. Sends nothing.

    Args:
        file: A path, an address as text, or a DataFrame, whose first row is row 2.
        update: Update records that have other values than their rows; by default, as the settings say.
        clear_empty: With ``update``, let an empty cell clear its field.
        allow_duplicates: Create a record for each row, even if rows repeat each other.
        even_if_existing: Create one more record, even if one exists.
        without_list: Compare with the journal only, if the service does not list its records.
        rate: Creates, updates and deletes, such as "60/min"; "none" for no limit.
        daily_quota: The same per day.
        concurrency: Calls in progress at once, or "auto".
        type: As in ``check``, like all that follow.
        sheet: As in ``check``.
        encoding: As in ``check``.
        delimiter: As in ``check``.
        header_row: As in ``check``.
        map: As in ``check``.
        dates: As in ``check``.
        tz: As in ``check``.
        pick: As in ``check``.
        key: As in ``check``.
        profile: As in ``check``.
        settings: As in ``check``.
        sandbox: As in ``check``.
        say: As in ``check``.

    Raises:
        FileError: The file cannot be read, or columns are missing.
        UsageError: An argument cannot be used.
        SignInError: There is nothing to sign in with, or it was refused.
        ServiceError: The service cannot be reached, or does not list its records.
    """
    access = Access(profile, settings, sandbox)
    read = Reading(type, sheet, encoding, delimiter, header_row, map, dates, tz)
    choices = Choices(
        allow_duplicates=allow_duplicates,
        even_if_existing=even_if_existing,
        without_list=without_list,
        clear_empty=clear_empty,
        picks=dict(pick or {}),
        key=key_of(key),
    )
    callbacks = Callbacks(say=say)
    pacing = {"rate": rate, "daily_quota": daily_quota, "concurrency": concurrency}
    with _request(file, read, choices, access, callbacks, update=update, **pacing) as request:
        planned = await to_a_safe_end(plan_file(request), callbacks)
        if notices := planned.source.sheet.notices:
            callbacks.say(notice_text(notices))
        issues = Issues(planned.result.causes)
        return PlanReport(callbacks.file, issues, planned.plan, planned.account, callbacks.messages)


@with_checked_types
async def run_async(
    file: File,
    *,
    confirm: Confirm | None = None,
    progress: OnProgress | None = None,
    strict: bool = False,
    update: bool | None = None,
    clear_empty: bool = False,
    allow_duplicates: bool = False,
    even_if_existing: bool = False,
    without_list: bool = False,
    max_rows: int | None = None,
    max_duration: float | str | None = None,
    rate: str | None = None,
    daily_quota: int | str | None = None,
    concurrency: int | str | None = None,
    out: str | Path | None = None,
    type: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_row: int | None = None,
    map: Mapping[str, str] | None = None,
    dates: DateOrder | None = None,
    tz: str | None = None,
    pick: Mapping[str, int] | None = None,
    key: str | Sequence[str] = (),
    profile: str | None = None,
    settings: Mapping[str, object] | None = None,
    sandbox: bool = False,
    speed: float | None = None,
    say: Say | None = None,
) -> RunReport:
    """Import a file: check, plan, send, report. Repeating the call is always safe.

    Without ``confirm``, it sends without asking. A file whose run is unfinished continues that run, without asking
    again. Rows that cannot be sent are no error: see ``exit_code`` and ``counts`` of what is returned.

    If the task is cancelled, the rows in progress finish, the report is written, and the run can be resumed; the same
    after a Ctrl-C. Cancelled once more, it stops at once, which is safe as well.

    Args:
        file: A path, an address as text, or a DataFrame, whose first row is row 2.
        confirm: Is given the plan before anything is sent, and answers whether to go on; not asked if there is nothing
            to send.
        progress: Hears how far the run is, in the thread in which it works; rows wait while it is called, so it should
            be quick. What it raises stops the run as a Ctrl-C does, and is raised then.
        strict: Send nothing if any row has an error or differs from its record, or the file may not be read as you see
            it.
        update: As in ``plan``.
        clear_empty: As in ``plan``.
        allow_duplicates: As in ``plan``.
        even_if_existing: As in ``plan``; called again, it makes no third record.
        without_list: As in ``plan``.
        max_rows: Stop after so many rows; the exit code is 6.
        max_duration: Stop after so many seconds, or after a time such as "5h"; the exit code is 6.
        rate: As in ``plan``.
        daily_quota: As in ``plan``.
        concurrency: As in ``plan``.
        out: The folder for the report; by default, a new one in ``reports`` of the current folder.
        type: As in ``check``, like all that follow.
        sheet: As in ``check``.
        encoding: As in ``check``.
        delimiter: As in ``check``.
        header_row: As in ``check``.
        map: As in ``check``.
        dates: As in ``check``.
        tz: As in ``check``.
        pick: As in ``check``.
        key: As in ``check``.
        profile: As in ``check``.
        settings: As in ``check``.
        sandbox: As in ``check``.
        speed: With ``sandbox``, keep the limits that Nexudus publishes, in a time that passes so many times faster;
            without it, the practice service has no limits.
        say: As in ``check``.

    Raises:
        FileError: The file cannot be read, or columns are missing; nothing was sent.
        UsageError: An argument cannot be used, or the import is refused beside an earlier one; nothing was sent.
        SignInError: There is nothing to sign in with, or it was refused; nothing was sent.
        ServiceError: The service does not list its records; nothing was sent.
        BusyError: Another process sends for this account; nothing was sent.
        StoppedError: It was stopped, or its time was up, before anything was sent.
    """
    access = Access(profile, settings, sandbox)
    read = Reading(type, sheet, encoding, delimiter, header_row, map, dates, tz)
    max_rows, seconds = limits_of(max_rows, max_duration)
    refuse_speed(speed, sandbox=sandbox)
    choices = Choices(
        strict=strict,
        allow_duplicates=allow_duplicates,
        even_if_existing=even_if_existing,
        without_list=without_list,
        clear_empty=clear_empty,
        max_rows=max_rows,
        max_duration=seconds,
        out=None if out is None else Path(out),
        picks=dict(pick or {}),
        key=key_of(key),
    )
    callbacks = Callbacks(say=say, confirm=confirm, progress=progress)
    pacing = {"rate": rate, "daily_quota": daily_quota, "concurrency": concurrency, "speed": speed}
    with _request(file, read, choices, access, callbacks, update=update, **pacing) as request:
        keep_to_retention(request.settings, request.clock, callbacks.say)
        result = await to_a_safe_end(run_file(request), callbacks)
        return run_report(result, request.settings, callbacks)


@with_checked_types
async def diff_async(
    file: File,
    *,
    type: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_row: int | None = None,
    map: Mapping[str, str] | None = None,
    dates: DateOrder | None = None,
    tz: str | None = None,
    pick: Mapping[str, int] | None = None,
    key: str | Sequence[str] = (),
    profile: str | None = None,
    settings: Mapping[str, object] | None = None,
    sandbox: bool = False,
    say: Say | None = None,
) -> DiffReport:
    """Compare a file with the records that the service holds, both ways. Changes nothing.

    An empty cell says nothing, so it is not compared. The arguments are those of ``check``.

    Raises:
        FileError: The file cannot be read, or columns are missing.
        UsageError: An argument cannot be used.
        SignInError: There is nothing to sign in with, or it was refused.
        ServiceError: The service cannot be reached, or does not list its records.
    """
    access = Access(profile, settings, sandbox)
    read = Reading(type, sheet, encoding, delimiter, header_row, map, dates, tz)
    callbacks = Callbacks(say=say)
    choices = Choices(picks=dict(pick or {}), key=key_of(key))
    with _request(file, read, choices, access, callbacks) as request:
        differing = await to_a_safe_end(difference(request), callbacks)
        return DiffReport(
            file=callbacks.file,
            type=differing.source.kind.name,
            rows=differing.result.rows,
            invalid=differing.invalid,
            unchanged=differing.unchanged,
            create=tuple(differing.create),
            changed=tuple(differing.changed),
            ambiguous=tuple(differing.ambiguous),
            only_there=tuple(differing.only_there),
            issues=Issues(differing.result.causes),
            account=differing.account,
            messages=callbacks.messages,
        )


@with_checked_types
async def export_async(
    *,
    type: str | None = None,
    out: str | Path | None = None,
    format: Literal["csv", "xlsx", "jsonl"] | None = None,
    names: bool = False,
    resource: int | str | None = None,
    coworker: int | str | None = None,
    expires_before: str | None = None,
    dates: DateOrder | None = None,
    tz: str | None = None,
    profile: str | None = None,
    settings: Mapping[str, object] | None = None,
    sandbox: bool = False,
    say: Say | None = None,
) -> ExportReport:
    """Get the records that the service holds: all that pass every filter, or an error.

    Args:
        type: The record type, if not the default one.
        out: The file to write; it must not exist. Without one, the records are only returned.
        format: The kind of file, if its name does not say.
        names: Add the names of resources and coworkers beside their Ids.
        resource: Only records of this resource, by Id or name.
        coworker: Only records of this coworker, by Id or name.
        expires_before: Only records that expire before this date, such as "2027-04-30".
        dates: The order of day, month and year in that date.
        tz: The time zone of that date.
        profile: As in ``check``.
        settings: As in ``check``.
        sandbox: As in ``check``.
        say: As in ``check``.

    Raises:
        UsageError: An argument cannot be used, or the file exists.
        SignInError: There is nothing to sign in with, or it was refused.
        ServiceError: The service cannot be reached, or does not list its records.
        ReportError: The file cannot be written.
    """
    kind, target = kind_named(type), None if out is None else Path(out)
    form = None if target is None else _format_of(target, format)
    if target is not None:
        refuse_existing(target)
    references = {"resource": resource, "coworker": coworker}
    wanted_ones = {name: str(value) for name, value in references.items() if value is not None}
    callbacks = Callbacks(say=say)
    with Access(profile, settings, sandbox).open() as opened:
        read = Reading(None, None, None, None, None, None, dates, tz).options
        filters = Filters(wanted_ones, expires_before, DateReader(read.dates, zone_named(tz) or opened.zone))
        request = ExportRequest(opened, callbacks, steady_clock(), kind, filters, names)
        exported = await to_a_safe_end(export_records(request), callbacks)
    if target is not None and form is not None:
        write_records(exported.table, target, form)
    columns, values = tuple(exported.table.headers), exported.table.values
    return ExportReport(kind.name, columns, exported.total, exported.account, target, callbacks.messages, values)


def _format_of(file: Path, form: str | None) -> FileFormat:
    ending = file.suffix.lower().removeprefix(".")
    try:
        return FileFormat(form or ending)
    except ValueError as error:
        raise UsageError(
            f"{file} is none of .csv, .xlsx and .jsonl.", "Choose one of these, or add --format."
        ) from error


@contextmanager
def _request(
    file: File,
    reading: Reading,
    choices: Choices,
    access: Access,
    callbacks: Callbacks,
    *,
    update: bool | None = False,
    **pacing: object,
) -> Iterator[ImportRequest]:
    """The request for a file, for as long as it is worked on. ``update`` is None if the settings decide."""
    kind, read = reading.kind, reading.options
    with ExitStack() as stack:
        settings = stack.enter_context(access.open(**pacing))
        choices = with_update(choices, update, settings)
        choices = replace(choices, profile=access.chosen_profile, sandbox=access.sandbox)
        name = ""
        if isinstance(file, pd.DataFrame):
            path, read = stack.enter_context(frame_file(file, read))
            callbacks.file = Path(NAME)
        else:
            there = stack.enter_context(_on_this_machine(file, settings, callbacks.say))
            path, name = there.path, there.name
            callbacks.file = there.typed if isinstance(there.typed, Path) else Path(name)
        name = name if name != path.name else ""
        yield ImportRequest(path, settings, callbacks, steady_clock(), kind, read, choices, name=name)


@contextmanager
def _on_this_machine(file: str | Path, settings: Settings, say: Callable[[str], None]) -> Iterator[InputFile]:
    """A file, also one that is packed or elsewhere, for as long as this lasts.

    Never the standard input: "-" is a file of that name, for a program has a use for its input itself.

    Raises:
        FileError: It cannot be read.
    """
    elsewhere = isinstance(file, str) and is_address(file)
    named = NamedFile(str(file) if elsewhere else Path(file))
    fetch = partial(remote.fetch, settings=settings) if elsewhere else None
    with brought_in([named], settings.home, say, fetch) as [only]:
        if only.error is not None:
            raise only.error
        yield only


check = blocking(check_async)
plan = blocking(plan_async)
run = blocking(run_async)
diff = blocking(diff_async)
export = blocking(export_async)
