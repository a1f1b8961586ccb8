"""Settles one row by a person's word: which record is its own, or that there is none."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from importer.delivery.by_id import Gone, Unreadable, read_record
from importer.delivery.comparer import Comparer
from importer.delivery.listing import Listing, Remote
from importer.errors import ServiceError, UsageError
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Change, Intent
from importer.journal.runs import Run
from importer.journal.states import Event, State
from importer.runs.compare import list_all_records, unlisted
from importer.runs.earlier_runs import latest_run, refuse_other_account, refuse_other_service
from importer.runs.preparation import stoppable
from importer.runs.request import RunRequest
from importer.runs.result import RunResult, settled_result
from importer.runs.session import Session, signed_in
from importer.text import printable
from schemas import RECORD_TYPES


@dataclass(frozen=True, slots=True)
class PossibleRecord:
    """A record that may be a row's: its Id, its name and who changed it last, as far as the service says."""

    id: int
    name: str
    by: str


@dataclass(frozen=True, slots=True)
class Question:
    """A row that a person can settle: what was sent, and the records that it may be about.

    ``may_be_absent`` is False for a row that settles itself later; ``failure`` says why no record is listed.
    """

    row: int
    values: Mapping[str, object]
    may_be_absent: bool
    records: tuple[PossibleRecord, ...] = ()
    failure: str = ""


async def question_about(request: RunRequest, row: int) -> Question:
    """What a person must decide about a row, with the records to choose from.

    Raises:
        UsageError: The row is neither in doubt nor in review.
        StoppedError: It takes longer than the request allows.
    """
    with open_journal(request.settings.journal_place) as journal:
        run = latest_run(journal, request.number)
        refuse_other_service(run, request.settings)
        work, limit = _question(journal, run, request, row), request.choices.max_duration
        return await stoppable(work, journal, run=run, command="reconcile", seconds=limit)


async def _question(journal: Journal, run: Run, request: RunRequest, row: int) -> Question:
    intent, kind = _row_in_question(journal, run, row, absent=False), RECORD_TYPES[run.kind]
    question = Question(row, json.loads(intent.body), intent.state is State.REVIEW)
    async with signed_in(request.settings, run.endpoint, journal, request.observer, request.clock) as session:
        refuse_other_account(run, session.account.key)
        listing = await list_all_records(session, run.endpoint, kind)
    if listing.failure:
        return replace(question, failure=listing.failure)
    alike = _alike(journal, run, intent, listing)
    named = (
        PossibleRecord(remote.id, printable(str(remote.values.get(kind.name_field) or ""), 80), remote.by)
        for remote in alike
    )
    return replace(question, records=tuple(named))


async def settle_row(request: RunRequest, row: int, record: int | None) -> RunResult:
    """A run after one of its rows was settled: by the Id of its record, or as never created if ``record`` is None.

    Raises:
        UsageError: The row is neither in review nor, if a record is named, in doubt; or the service shows another
            thing.
        ServiceError: The record cannot be read, or the service does not list its records.
    """
    with open_journal(request.settings.journal_place) as journal:
        run = latest_run(journal, request.number)
        refuse_other_service(run, request.settings)
        work = _settle(journal, run, request, row, record)
        limit = request.choices.max_duration
        await stoppable(work, journal, run=run, command="reconcile", seconds=limit)
        return settled_result(journal, run, request.clock())


async def _settle(journal: Journal, run: Run, request: RunRequest, row: int, record: int | None) -> None:
    async with signed_in(request.settings, run.endpoint, journal, request.observer, request.clock) as session:
        refuse_other_account(run, session.account.key)
        with session.exclusive_sender(run.id, "reconcile"):
            intent = _row_in_question(journal, run, row, absent=record is None)
            # A person's word decides, but not against what the service shows: a slip of the pen would double a
            # record, or give one to a row whose mapping it is not.
            change = await (
                _without_record(session, run, intent) if record is None else _with_record(session, intent, record)
            )
            journal.rows.move([change], request.clock())


def _row_in_question(journal: Journal, run: Run, row: int, *, absent: bool) -> Intent:
    intent = next((intent for intent in journal.rows.all(run, State.REVIEW, State.IN_DOUBT) if intent.row == row), None)
    # Before its window is over, nobody can know that there will be no record.
    if intent is not None and absent and intent.state is State.IN_DOUBT:
        raise UsageError(
            f"Row {row} of run {run.id} is still in doubt.",
            f"It settles by itself after the visibility window: {run.command('reconcile')}",
        )
    if intent is None:
        raise UsageError(
            f"Row {row} of run {run.id} is not marked for review.",
            f"To see the rows that are, rebuild the report: {run.command('report')}",
        )
    return intent


async def _with_record(session: Session, intent: Intent, record: int) -> Change:
    run = session.journal.runs.get(intent.run)
    kind = RECORD_TYPES[run.kind]
    remote = read_record(await session.service.get(run.endpoint, record), record, kind)
    if isinstance(remote, Gone):
        raise UsageError(f"Nexudus has no record {record}.", "Check the Id in Nexudus.")
    if isinstance(remote, Unreadable):
        raise ServiceError(f"Record {record} cannot be read in Nexudus: {remote.why}.", "Try again later.")
    if not Comparer(kind).may_be_one(intent.values, remote.values):
        raise UsageError(
            f"Record {record} is about something else than row {intent.row}.",
            f"It differs in {' or '.join(kind.key)}. Check the Id in Nexudus.",
        )
    if session.journal.rows.known_ids(run.target or 0, [record]):
        raise UsageError(f"Record {record} already belongs to another row.", "Check the Id in Nexudus.")
    return Change(intent, Event.FOUND, remote_id=record)


async def _without_record(session: Session, run: Run, intent: Intent) -> Change:
    kind = RECORD_TYPES[run.kind]
    listing = await list_all_records(session, run.endpoint, kind)
    if listing.failure:
        raise unlisted(
            f"Nobody can check whether there is a record for row {intent.row}: {listing.failure}.", listing.remedy
        )
    if alike := _alike(session.journal, run, intent, listing):
        raise UsageError(
            f"Nexudus lists {_named(alike)}, which may be the one for row {intent.row}.",
            "Delete it in Nexudus if it is not needed, or assign it to the row: "
            f"{run.command('settle', intent.row)} --is {alike[0].id}",
        )
    return Change(intent, Event.ABSENT)


def _alike(journal: Journal, run: Run, intent: Intent, listing: Listing) -> list[Remote]:
    """The listed records that may be a row's and are no other row's."""
    kind = RECORD_TYPES[run.kind]
    comparer, ids = Comparer(kind), journal.rows.known_ids(run.target or 0, [remote.id for remote in listing.records])
    return [r for r in listing.records if r.id not in ids and comparer.may_be_one(intent.values, r.values)]


def _named(remotes: list[Remote]) -> str:
    numbers = " and ".join(str(remote.id) for remote in remotes[:5])
    return f"record {numbers}" if len(remotes) == 1 else f"records {numbers}"
