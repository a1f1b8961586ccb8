"""Sends the rows of a run that were rejected, held or never sent once more, as a run of their own."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial

from importer.errors import UsageError
from importer.journal.journal import Journal, open_journal
from importer.journal.next_steps import FAILED_FILE, RETRYABLE
from importer.journal.runs import ZONELESS, NewRun, Run, refuse_forgotten
from importer.model import Record
from importer.runs.earlier_runs import latest_run, refuse_other_service
from importer.runs.plan import AlreadyPresent, plan_of, present_among
from importer.runs.preparation import stoppable, when_free
from importer.runs.request import Choices, RunRequest
from importer.runs.result import RunResult
from importer.runs.send import PlannedRun
from importer.runs.session import Session, signed_in
from importer.runs.source import CheckResult, Source, fields_to_clear, reopen, with_empty
from importer.runs.start import TITLES, add_with_folder, as_agreed, folder_of, titles_of
from importer.spreadsheet import ReadOptions
from schemas import RECORD_TYPES, RecordType

_NOTHING_LEFT = "there is nothing left to send again"


async def retry(request: RunRequest, *, waits: bool = False) -> RunResult | None:
    """A new run of the rejected and unsent rows of a run, by default of the latest one. None if the user declined.

    With ``waits``, it begins once nothing else is done for the account; without, that is an error.

    Raises:
        UsageError: There are none, or the run is unfinished.
    """
    settings = request.settings
    with open_journal(settings.journal_place) as journal:
        parent = latest_run(journal, request.number)
        refuse_other_service(parent, settings)
        rows_to_retry(journal, parent)
        request = replace(request, choices=_choices(parent, request.choices))
        work = partial(_send, journal, parent, request)
        if waits:
            return await when_free(journal, settings, parent, work, clock=request.clock, command="retry")
        return await work()


async def _send(journal: Journal, parent: Run, request: RunRequest) -> RunResult | None:
    async with AsyncExitStack() as stack:
        # Read now: it may have waited for hours.
        records = rows_to_retry(journal, parent)
        work, limit = _prepare(stack, journal, parent, records, request), request.choices.max_duration
        planned = await stoppable(work, journal, seconds=limit)
        return await planned.send() if planned is not None else None


def queue_retry(request: RunRequest, by: str) -> Run:
    """A new run of the rejected and unsent rows of a run, which waits for ``resume``, or the unfinished one of before.

    ``by`` is who asked for it.

    Raises:
        UsageError: There are none, or the run is unfinished.
    """
    with open_journal(request.settings.journal_place) as journal:
        parent = latest_run(journal, request.number)
        refuse_other_service(parent, request.settings)
        for run in journal.runs.unfinished(sha256=parent.sha256, kind=parent.kind):
            if run.parent == parent.id:
                return run
        rows_to_retry(journal, parent)
        # Whether records are updated is asked on a page, whatever the run began with.
        choices = replace(_choices(parent, request.choices), update=request.choices.update)
        request = replace(request, choices=choices)
        new = _new_run(parent, request, request.clock())
        return add_with_folder(journal, replace(new, options={**new.options, "by": by}), request.choices.out)


async def plan_queued(session: Session, run: Run) -> Run:
    """A queued retry with its rows: those that are left of the run before it, compared now. Nobody is asked again."""
    assert run.parent is not None, "only a retry has a run before it"
    parent = session.journal.runs.get(run.parent)
    records = _records(session.journal, parent)
    choices = run.options_as(Choices)
    return _planned(session, run, await _compared(session, parent, records, choices))


def rows_to_retry(journal: Journal, parent: Run) -> list[Record]:
    """The rows of a run that were rejected, held or never sent.

    Raises:
        UsageError: There are none, or the run is unfinished.
    """
    if parent.finished is None:
        # Its planned rows would be sent as another run's, and it would still look as if they were left to send.
        raise UsageError(f"Run {parent.id} is unfinished.", f"To continue it: {parent.command('resume')}")
    refuse_forgotten(parent, _NOTHING_LEFT)
    records = _records(journal, parent)
    if not records:
        raise _nothing_to_retry(parent, invalid=journal.rows.invalid(parent))
    return records


def _records(journal: Journal, parent: Run) -> list[Record]:
    return [Record(i.row, i.body, i.identity, i.key, i.named_id) for i in journal.rows.all(parent, *RETRYABLE)]


def _choices(parent: Run, now: Choices) -> Choices:
    """The choices for a retry: those that the run began with, but for the limits, the folder and the sign-in of now.

    What its rows are depends on them: rows meant as one more record would be found existing, and never be sent. Records
    may be updated now, even if they were not to be before.

    Raises:
        UsageError: They are to be updated, but the run was to make further records.
    """
    began = parent.options_as(Choices)
    if now.update and (began.even_if_existing or began.allow_duplicates):
        raise UsageError(
            f"Run {parent.id} made further records on purpose, so its rows cannot update records.", "Add --no-update."
        )
    return replace(
        began,
        update=began.update or now.update,
        max_rows=now.max_rows,
        max_duration=now.max_duration,
        out=now.out,
        profile=now.profile,
        # A page sends its practice runs without saying so again.
        sandbox=bool(parent.options.get("sandbox")) or now.sandbox,
    )


def _nothing_to_retry(run: Run, *, invalid: int) -> UsageError:
    failed = run.folder / FAILED_FILE
    if not invalid:
        advice = f"To see its state: {run.command('status')}"
    elif failed.exists():
        advice = f"Its invalid rows need a change first. Correct {failed} and import that file."
    else:
        advice = f"Its invalid rows need a change first. Rebuild the file that holds them: {run.command('report')}"
    return UsageError(f"Run {run.id} has no rejected or unsent rows to retry.", advice)


async def _prepare(
    stack: AsyncExitStack, journal: Journal, parent: Run, records: Sequence[Record], request: RunRequest
) -> PlannedRun | None:
    """Compare, ask, start."""
    session = await stack.enter_async_context(
        signed_in(
            request.settings,
            parent.endpoint,
            journal,
            request.observer,
            request.clock,
            without_list=request.choices.without_list,
        )
    )
    # The lock is taken after the user has answered, who may take an hour. What changes meanwhile does no harm: sending
    # compares once more under the lock, and the journal refuses a second claim on the same values.
    now, account = session.clock(), session.account
    compared = await _compared(session, parent, records, request.choices)
    result = CheckResult(len(records), len(records))
    if not session.observer.confirm(result, plan_of(session, result, compared.present, now), account):
        return None
    announce_run = stack.enter_context(session.exclusive_sender())
    refuse_forgotten(session.journal.runs.get(parent.id), _NOTHING_LEFT)
    run = add_with_folder(journal, _new_run(parent, request, now), request.choices.out)
    announce_run(run.id)
    return PlannedRun(session, _planned(session, run, compared))


@dataclass(frozen=True)
class _Compared:
    """The rows of a retry, what they are to the service, and the fields that they may clear."""

    records: Sequence[Record]
    present: AlreadyPresent
    empty: tuple[str, ...]


async def _compared(session: Session, parent: Run, records: Sequence[Record], choices: Choices) -> _Compared:
    kind = RECORD_TYPES[parent.kind]
    named = frozenset(record.named_id for record in records if record.named_id is not None)
    session.journal.copies.bring_back(parent)
    empty = fields_to_clear(_source_of(parent, kind)) if choices.clear_empty else ()
    cleared = [with_empty(record, empty) for record in records]
    present = await present_among(session, parent.endpoint, kind, lambda: cleared, choices, parent, named=named)
    return _Compared(records, present, empty)


def _planned(session: Session, run: Run, compared: _Compared) -> Run:
    journal, account = session.journal, session.account
    run = journal.runs.update(run, account=account.key, user=account.user, space=account.space)
    target = journal.runs.target(account.service, run.kind)
    rows = as_agreed(compared.records, compared.present.updates, compared.empty)
    return journal.rows.plan(run, [(rows, (), len(compared.records))], target, session.clock())


def _source_of(run: Run, kind: RecordType) -> Source:
    read = run.options_as(ReadOptions, "read")
    return reopen(run.copy, run.sha256, kind, run.endpoint, read, run.file)


def _new_run(parent: Run, request: RunRequest, now: float) -> NewRun:
    return NewRun(
        kind=parent.kind,
        url=request.settings.url,
        endpoint=parent.endpoint,
        file=parent.file,
        sha256=parent.sha256,
        copy=str(parent.copy),
        options={
            "read": asdict(parent.options_as(ReadOptions, "read")),
            TITLES: titles_of(parent),
            **{name: value for name, value in parent.options.items() if name == ZONELESS},
            **request.choices.options,
        },
        started=now,
        folder=folder_of(parent.file, request.choices.out),
        parent=parent.id,
    )
