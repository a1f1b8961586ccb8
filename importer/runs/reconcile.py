"""Settles doubts around the sending: the service's records are listed, and the rows in doubt get their answer."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from importer.delivery.breakers import SendResult, StopReason
from importer.delivery.comparison import Comparison, Conflict
from importer.delivery.listing import Listing, Remote, list_records
from importer.delivery.reconciler import Settled, settle, since
from importer.errors import FileError, ImporterError, ReportError, ServiceError
from importer.journal.journal import open_journal
from importer.journal.rows import Change, Intent
from importer.journal.runs import Run
from importer.journal.states import Event, State
from importer.reporting import write_report
from importer.runs.earlier_runs import latest_run, refuse_other_account, refuse_other_service
from importer.runs.request import RunRequest
from importer.runs.result import RunResult, settled_result
from importer.runs.session import Session, signed_in
from importer.text import count, moment, printable
from schemas import RECORD_TYPES, RecordType

PATIENT_SECONDS = 60.0
"""A wait for the visibility window is worth this long, or as long as the sending took; longer is the user's choice."""

_PAGE = 2_000
# After these ends the service still answers, so that its list can be asked. Not after a refused sign-in or an outage:
# nothing would come of it but a second failure, and the rows are settled by the next command.
_SENT = {
    StopReason.DONE,
    StopReason.LIMIT,
    StopReason.REQUESTED,
    StopReason.UNANSWERED,
    StopReason.REFUSED,
    StopReason.SAME_REFUSAL,
}


async def reconcile(request: RunRequest) -> RunResult:
    """Settle the rows in doubt of a run, by default of the latest one, as far as can be told now."""
    with open_journal(request.settings.journal_url) as journal:
        run = latest_run(journal, request.number)
        refuse_other_service(run, request.settings)
        async with signed_in(request.settings, run.endpoint, journal, request.observer, request.clock) as session:
            refuse_other_account(journal, run, session.account.key)
            with session.exclusive_sender(run.id):
                settled = await look(session, run)
            tell_too_recent(session, [intent for intent in settled.too_recent if intent.run == run.id])
        if settled.failure:
            raise ServiceError(f"The rows in doubt cannot be settled: {settled.failure}.", "Try again later.")
        return settled_result(journal, run, request.clock())


async def list_all_records(session: Session, endpoint: str, kind: RecordType) -> Listing:
    """All records of a type that the service holds; says so if it does not list them."""
    listing = await list_records(session.service, endpoint, kind, since=None)
    if listing.failure:
        session.observer.say(f"Existing records are known from the journal only: {listing.failure}.")
    return listing


async def compare(
    session: Session, endpoint: str, kind: RecordType, run: Run | None = None, *, allow_duplicates: bool
) -> Comparison:
    """What the service and the journal hold, for the rows of a run to be compared with; or of one yet to begin."""
    journal = session.journal
    listing = await list_all_records(session, endpoint, kind)
    target = journal.runs.target(session.account.key, kind.name)
    runs = lineage(session, run) if run is not None else ()
    return Comparison(listing, journal, target, kind, runs=runs, allow_duplicates=allow_duplicates)


def lineage(session: Session, run: Run) -> set[int]:
    """A run, the run whose rows it retries, and so on: the rows of all of them come from one file."""
    numbers = {run.id}
    while run.parent is not None:
        run = session.journal.runs.get(run.parent)
        numbers.add(run.id)
    return numbers


async def settle_before(session: Session, run: Run, *, even_if_existing: bool, allow_duplicates: bool) -> None:
    """Settle what an earlier process left in doubt, and leave out rows whose record exists, or may exist, already."""
    # Doubts first. A row that is in doubt holds its values; once it is settled, an equal planned row is either existing
    # or free, and the comparison that follows sees it as what it is.
    journal, kind = session.journal, RECORD_TYPES[run.kind]
    assert run.target is not None
    await look(session, run)
    if even_if_existing:
        return
    comparison = await compare(session, run.endpoint, kind, run, allow_duplicates=allow_duplicates)
    if not comparison:
        return
    for page in _pages(journal.rows.all(run, State.PLANNED)):
        # Rows that another row has a claim on are left to ``will_send``, which looks at claims again as it commits.
        claims = journal.rows.claims(run.target, [intent.identity for intent in page])
        free = [(intent, comparison.claim(intent.body)) for intent in page if intent.identity not in claims]
        journal.rows.move([_compared(intent, there) for intent, there in free if there is not None], session.clock())


def _compared(intent: Intent, there: Remote | Conflict) -> Change:
    if isinstance(there, Conflict):
        return Change(intent, Event.DIFFERS, field=there.field, message=there.sentence)
    return Change(intent, Event.KNOWN, remote_id=there.id, message="the record was in Nexudus before this run")


async def settle_after(session: Session, run: Run, sent: SendResult, stop: asyncio.Event, began: float) -> bool:
    """Settle what this process left in doubt; True when rows proved absent may be sent again."""
    if sent.how not in _SENT:
        return False
    # 1. Look once at once: most lost answers are listed by then, and a record that is found needs no waiting.
    # 2. After anything but a regular end, leave it at that: the user has stopped it, or the service needs to be left
    #    alone. What is proved absent stays planned for the next command.
    # 3. Rows that were proved absent go back to the sender, which is asked again by the caller.
    # 4. Rows that were sent too recently are waited for, if that takes no longer than a minute or than the sending did.
    while True:
        settled = await look(session, run)
        if settled.failure:
            session.observer.say(f"Rows in doubt cannot be settled: {settled.failure}.")
        if sent.how is not StopReason.DONE or stop.is_set():
            return False
        if any(change.event is Event.ABSENT and change.intent.run == run.id for change in settled.changes):
            return True
        too_recent = [intent for intent in settled.too_recent if intent.run == run.id]
        if settled.failure or not too_recent or not await _wait_for(session, too_recent, stop, began):
            return False


async def look(session: Session, run: Run) -> Settled:
    """Settle every row in doubt of the run's account as far as can be told now, and write it down."""
    journal, kind = session.journal, RECORD_TYPES[run.kind]
    assert run.target is not None
    # Of all runs of the account: they compete for the same records, and a row that is settled without the others could
    # be given the record of another.
    doubtful = journal.rows.in_doubt(run.target)
    if not doubtful:
        return Settled()
    # Before the first page is asked for: what is created while the list is read may be missing in it.
    asked_at = session.clock()
    listing = await list_records(session.service, run.endpoint, kind, since=since(doubtful))
    user = session.account.user.strip().casefold()
    settled = settle(
        doubtful,
        listing,
        journal,
        run.target,
        kind,
        # UpdatedBy is an e-mail; a user known by another name would make every record look like a colleague's.
        user=user if "@" in user else "",
        asked_at=asked_at,
        window=session.settings.settle,
    )
    journal.rows.move(settled.changes, session.clock())
    _tell(session, settled)
    _refresh_other_runs(session, run, settled)
    return settled


async def _wait_for(session: Session, too_recent: list[Intent], stop: asyncio.Event, began: float) -> bool:
    ready = max(intent.sent_at or 0.0 for intent in too_recent) + session.settings.settle
    now = session.clock()
    seconds = ready - now
    if seconds > max(PATIENT_SECONDS, now - began):
        tell_too_recent(session, too_recent)
        return False
    session.observer.say(
        f"{count(len(too_recent), 'row')} got no answer. Checking again in {max(seconds, 0):.0f} seconds."
    )
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), timeout=max(seconds, 0.0))
    return not stop.is_set()


def tell_too_recent(session: Session, too_recent: Sequence[Intent]) -> None:
    """Say when rows without an answer can be checked again."""
    if too_recent:
        ready = max(intent.sent_at or 0.0 for intent in too_recent) + session.settings.settle
        session.observer.say(
            f"{count(len(too_recent), 'unanswered row')} can be checked again after {moment(ready, session.clock())}."
        )


def _tell(session: Session, settled: Settled) -> None:
    counts = {
        "found in Nexudus": settled.count(Event.FOUND),
        "proved not created": settled.count(Event.ABSENT),
        "marked for review": settled.count(Event.UNCLEAR),
    }
    if any(counts.values()):
        listed = ", ".join(f"{number:,} {what}" for what, number in counts.items() if number)
        session.observer.say(f"Rows in doubt: {printable(listed)}.")


def _refresh_other_runs(session: Session, run: Run, settled: Settled) -> None:
    """Another run's row may have been settled: its report must say so, and a row to be sent makes it unfinished."""
    journal = session.journal
    for number in {change.intent.run for change in settled.changes} - {run.id}:
        other = journal.runs.get(number)
        if other.finished is not None and journal.rows.counts(other).get(State.PLANNED):
            other = journal.runs.update(other, finished=None)
        _rebuild_report(session, other)


def _rebuild_report(session: Session, other: Run) -> None:
    # What is wrong with the files of another run must not end this one: its rows are in doubt or still to be sent.
    try:
        if other.folder.is_dir():
            write_report(session.journal, other, now=session.clock())
    except (ReportError, FileError, OSError) as error:
        why = error.message if isinstance(error, ImporterError) else f"{error.strerror}."
        session.observer.say(
            f"Some rows of run {other.id} were settled, but its report still shows them as before. {why} "
            f"Rebuild the report later: {other.command('report')}"
        )


def _pages(intents: Iterable[Intent]) -> Iterator[list[Intent]]:
    rest = iter(intents)
    while page := list(islice(rest, _PAGE)):
        yield page
