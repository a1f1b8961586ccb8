"""Settles doubts around the sending: the service's records are listed, and the rows in doubt get their answer.

Decides what such a list proves: whether a row that it lacks was not created, or nobody can tell.
"""

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice

from importer.delivery.by_id import Gone, read_record
from importer.delivery.comparer import Comparer
from importer.delivery.listing import Listing, Remote, complete, list_records, shows_all_of
from importer.delivery.reconciler import (
    Settled,
    created_all_the_same,
    found_after_all,
    refused_by_mark,
    settle,
    settle_reviews,
    strays,
)
from importer.delivery.send_result import SendResult, StopReason
from importer.errors import FileError, ImporterError, ReportError, UsageError
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Change, Intent
from importer.journal.runs import Run, refuse_forgotten
from importer.journal.states import Event, State
from importer.nexudus.waits import wait
from importer.reporting import write_report
from importer.runs.compare import (
    MOST_STRAYS,
    list_all_records,
    unlisted,
)
from importer.runs.earlier_runs import latest_run, refuse_other_account, refuse_other_service
from importer.runs.locations import of_other_locations
from importer.runs.marks import with_marks
from importer.runs.preparation import stoppable, when_free
from importer.runs.request import RunRequest
from importer.runs.result import RunResult, holds_another_report, settled_result
from importer.runs.run_log import RunLog
from importer.runs.session import Session, runs_at_rest, signed_in, user_of
from importer.runs.updates import settle_updates
from importer.text import count, moment, printable
from schemas import RECORD_TYPES

PATIENT_SECONDS = 60.0
"""A wait for the visibility window is worth this long, or as long as the sending took; longer is the user's choice."""

MOST_READINGS = 5
"""Lists that are read, one after the other, until two of them prove that none lacks a record."""

_MOST_MISSING = 20
"""Records that are asked for by their Ids; a list that lacks more of them is not worth the calls."""
# After these ends the service still answers, so that its list can be asked. Not after a refused sign-in or an outage:
# nothing would come of it but a second failure, and the rows are settled by the next command.
_SERVICE_STILL_ANSWERS = {
    StopReason.DONE,
    StopReason.LIMIT,
    StopReason.REQUESTED,
    StopReason.UNANSWERED,
    StopReason.REFUSED,
    StopReason.SAME_REFUSAL,
}


async def reconcile(request: RunRequest, *, waits: bool = False) -> RunResult:
    """Settle the rows in doubt of a run, by default of the latest one, as far as can be told now.

    With them those of every other run at its service that nobody is sending: they compete for the same records.
    With ``waits``, it begins once nothing else is done for the account; without, that is an error.
    """
    with open_journal(request.settings.journal_place) as journal:
        run = latest_run(journal, request.number)
        refuse_forgotten(run, "there is nothing left to find out about it")
        refuse_other_service(run, request.settings)

        def work() -> Awaitable[Settled]:
            settling = _reconcile(journal, run, request)
            return stoppable(settling, journal, run=run, command="reconcile")

        waiting = partial(when_free, journal, request.settings, run, work, clock=request.clock, command="reconcile")
        log = RunLog(request.observer.log, run, request.clock, "reconcile")
        log.started()
        with log.noting_errors():
            settled = await (waiting() if waits else work())
            if settled.failure:
                raise unlisted(f"The rows in doubt cannot be settled: {settled.failure}.", settled.remedy)
            result = settled_result(journal, run, request.clock())
        log.ended(result.exit_code, result.report.counts)
        return result


async def _reconcile(journal: Journal, run: Run, request: RunRequest) -> Settled:
    async with signed_in(request.settings, run.endpoint, journal, request.observer, request.clock) as session:
        refuse_other_account(run, session.account.key)
        with session.exclusive_sender(run.id, "reconcile"):
            settled = await settle_doubts(session, run)
            if journal.marks.lack_a_record(run.id) and not settled.failure:
                kind = RECORD_TYPES[run.kind]
                await settle_by_mark(session, run, await list_all_records(session, run.endpoint, kind))
        tell_too_recent(session, _of_run(settled, run))
    return settled


@dataclass
class DeniedCreates:
    """Rows whose create had no effect by the service's word alone: refused, or such that they may be sent again."""

    refused: set[int] = field(default_factory=set)
    repeatable: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is left after the sending: whether rows proved absent may be sent again, and sentences about strays."""

    send_again: bool = False
    strays: Sequence[str] = ()


async def settle_after(
    session: Session, run: Run, sent: SendResult, stop: asyncio.Event, began: float, denied: DeniedCreates
) -> Aftermath:
    """Settle what this process left in doubt, and look for records of ours that no row explains.

    ``began`` is when the sending did, by the clock of the event loop; ``denied`` are the rows of which this process
    was told that their create had no effect.
    """
    if denied.refused and sent.how is not StopReason.UNREACHABLE:
        await _settle_refused(session, run, denied.refused, sent)
    if sent.how not in _SERVICE_STILL_ANSWERS:
        return Aftermath()
    # 1. Look once at once: most lost answers are listed by then, and a record that is found needs no waiting.
    # 2. After anything but a regular end, leave it at that: the user has stopped it, or the service needs to be left
    #    alone. What is proved absent stays planned for the next command.
    # 3. Rows that were proved absent go back to the sender, which is asked again by the caller.
    # 4. Rows that were sent too recently are waited for, if that takes no longer than a minute or than the sending did.
    while True:
        settled = await settle_doubts(session, run, patient=sent.how is StopReason.DONE)
        if settled.failure:
            session.observer.say(f"Rows in doubt cannot be settled: {settled.failure}.")
        if sent.how is not StopReason.DONE or stop.is_set():
            return Aftermath(strays=await _with_repeated(session, run, denied, settled))
        if any(change.event is Event.ABSENT and change.intent.run == run.id for change in settled.changes):
            return Aftermath(send_again=True)
        too_recent = _of_run(settled, run)
        if settled.failure or not too_recent or not await _wait_for(session, too_recent, stop, began):
            return Aftermath(strays=await _with_repeated(session, run, denied, settled))


async def _with_repeated(session: Session, run: Run, denied: DeniedCreates, settled: Settled) -> Sequence[str]:
    """The strays; with those of rows that were sent again because a create had no effect by the service's word."""
    # One more reading, and only in this case: a throttle is believed, or no run would come to its end. Where creates
    # carry marks, the list tells whether it was true.
    journal, kind = session.journal, RECORD_TYPES[run.kind]
    assert run.target is not None
    again = [journal.rows.get(run.id, row) for row in sorted(denied.repeatable)]
    rows = {(intent.run, intent.row) for intent in again if intent is not None and intent.state is not State.PLANNED}
    if not journal.marks.are_on(rows):
        return settled.strays
    listing = await list_all_records(session, run.endpoint, kind)
    of_rows = journal.rows.known_ids(run.target, [remote.id for remote in listing.records])
    before = journal.evidence.listed_before(run.id) or frozenset()
    listing = await with_marks(
        session, run.endpoint, listing, lambda remote: remote.id not in of_rows and remote.id not in before
    )
    return list(dict.fromkeys([*settled.strays, *strays(listing, journal, run.target, kind)[:MOST_STRAYS]]))


async def _settle_refused(session: Session, run: Run, refused: Collection[int], sent: SendResult) -> None:
    """Look for the records of rows whose create was refused: what stands before the service may say so after it."""
    # At once, and by this process alone: a record that is there later may be somebody else's, who did what was refused
    # here. A row whose record does not show stays as it is, for to be refused is the rule.
    journal, kind = session.journal, RECORD_TYPES[run.kind]
    assert run.target is not None
    rows = [i for i in journal.rows.all(run, State.REJECTED, State.PLANNED) if i.row in refused]
    before = journal.evidence.listed_before(run.id)
    # Rows that may not be created stay planned. If there is none, nobody is signed in any more.
    signed_out = sent.how is StopReason.SIGN_IN and all(intent.state is State.REJECTED for intent in rows)
    has_marks = journal.marks.are_on((intent.run, intent.row) for intent in rows)
    if not rows or (before is None and not has_marks) or signed_out:
        return
    listing = await list_records(session.service, run.endpoint)
    of_rows = journal.rows.known_ids(run.target, [remote.id for remote in listing.records])

    def is_new(remote: Remote) -> bool:
        return remote.id not in of_rows and remote.id not in (before or ())

    whole = await complete(session.service, run.endpoint, listing, kind.fields, is_new)
    if has_marks:
        whole = await with_marks(session, run.endpoint, whole, is_new)
    created = created_all_the_same(rows, whole, journal, run.target, kind, user=user_of(session))
    _move_created(session, created)


async def settle_by_mark(session: Session, run: Run, listing: Listing) -> Listing:
    """Give rows whose create had no effect by the service's word the records with their marks; the list with marks.

    At any time, and for every run: who else has made a record does not have the mark of the row's attempt.
    """
    journal, target = session.journal, run.target
    assert target is not None
    if journal.marks.lack_a_record(run.id):
        of_rows = journal.rows.known_ids(target, [remote.id for remote in listing.records])
        before = journal.evidence.listed_before(run.id) or frozenset()
        listing = await with_marks(
            session, run.endpoint, listing, lambda remote: remote.id not in of_rows and remote.id not in before
        )
    created = refused_by_mark(listing, journal, target)
    with runs_at_rest(session, run, {intent.run for intent in created}) as at_rest:
        created = {intent: number for intent, number in created.items() if intent.run in at_rest}
        changes = _move_created(session, created)
    _refresh_other_runs(session, run, Settled(changes))
    return listing


def _move_created(session: Session, created: Mapping[Intent, int]) -> list[Change]:
    """Write down the records of rows whose create had no effect by the service's word, and say so."""
    changes = [found_after_all(intent, number) for intent, number in created.items()]
    for steps in changes:
        session.journal.rows.move(steps, session.clock())
    if created:
        session.observer.say(f"{count(len(created), 'row')} refused by Nexudus, but created all the same.")
    return [steps[-1] for steps in changes]


async def settle_doubts(
    session: Session, run: Run, listing: Listing | None = None, asked_at: float = 0.0, *, patient: bool = True
) -> Settled:
    """Settle every row in doubt of the run's service as far as can be told now, and write it down.

    ``listing`` is one that was begun at ``asked_at``, if there is one already; ``patient`` is that of settle_updates.
    """
    # 1. Rows of all runs are judged together: they compete for the same records, and a row that is settled without the
    #    others could be given the record of another.
    # 2. What is said of rows that another user is sending at this moment is left out: their answers are on the way. So
    #    that user's lock is taken for the others, and where that fails, somebody else is at work.
    journal, kind = session.journal, RECORD_TYPES[run.kind]
    assert run.target is not None
    updates = await settle_updates(session, run, patient=patient)
    doubtful, reviews = journal.rows.in_doubt(run.target), journal.rows.in_review(run.target)
    if not doubtful and not reviews and not journal.evidence.had_doubts(run.id):
        _tell(session, updates)
        _refresh_other_runs(session, run, updates)
        return updates
    with runs_at_rest(session, run, {intent.run for intent in (*doubtful, *reviews)}) as at_rest:
        if listing is None:
            # Before the first page is asked for: what is created while the list is read may be missing in it.
            asked_at = session.clock()
            listing = await list_all_records(session, run.endpoint, kind)
        listing, settled = await _proved(session, run, doubtful, listing, asked_at)
        settled.changes += await _of_reviews(session, run, reviews, listing, asked_at) if reviews else []
        settled = settled.of_runs(at_rest)
        journal.rows.move(settled.changes, session.clock())
    settled.strays = strays(listing, journal, run.target, kind)[:MOST_STRAYS]
    settled = settled.beside(updates)
    _tell(session, settled)
    _refresh_other_runs(session, run, settled)
    return settled


async def _proved(
    session: Session, run: Run, doubtful: Sequence[Intent], listing: Listing, asked_at: float
) -> tuple[Listing, Settled]:
    """What has become of the rows, and the list that says so; absent only what two lists in a row do not show."""
    # 1. A list of one page shows one moment. Of a longer one, a record may have moved from a page that was still to be
    #    read to one that had been, because another record was deleted; only a second list shows that.
    # 2. Found and unclear are believed by either; so the second list is read only if a row would be absent.
    # 3. Each record of the runs in question, and each that was listed before them, must be listed, or be gone when it
    #    is asked for by its Id: a list of another location, or one that lags behind, is whole in itself.
    first_date = listing.date
    for _ in range(MOST_READINGS):
        settled = await _judged(session, run, doubtful, listing, asked_at)
        if settled.failure or listing.pages <= 1 or not settled.count(Event.ABSENT):
            break
        second = await list_all_records(session, run.endpoint, RECORD_TYPES[run.kind])
        if second.failure:
            settled = settled.without_absent(second.failure)
            break
        proved, listing = shows_all_of(second, listing), replace(second, date=first_date)
        if proved:
            settled = await _judged(session, run, doubtful, listing, asked_at)
            break
    else:
        settled = settled.without_absent("records are being deleted while the list is read")
    await _leave_other_locations_to_a_person(session, run, listing, settled)
    absent = {change.intent.run for change in settled.changes if change.event is Event.ABSENT}
    reason = await _reason_to_distrust(session, run, listing, absent)
    return listing, settled.without_absent(reason) if reason else settled


async def _leave_other_locations_to_a_person(session: Session, run: Run, listing: Listing, settled: Settled) -> None:
    absent = [change.intent for change in settled.changes if change.event is Event.ABSENT]
    elsewhere = await of_other_locations(session, RECORD_TYPES[run.kind], listing, absent) if absent else set()
    sentence = (
        "Nexudus lists no record of this row's location, which does not prove that none was created there. "
        "Look for it in Nexudus."
    )
    settled.changes = [
        Change(change.intent, Event.UNCLEAR, message=sentence) if change.intent in elsewhere else change
        for change in settled.changes
    ]


async def _judged(session: Session, run: Run, doubtful: Sequence[Intent], listing: Listing, asked_at: float) -> Settled:
    journal, kind = session.journal, RECORD_TYPES[run.kind]
    assert run.target is not None
    of_rows = journal.rows.known_ids(run.target, [remote.id for remote in listing.records])
    before = journal.evidence.listed_before(run.id) or frozenset()

    def is_new(remote: Remote) -> bool:
        return remote.id not in of_rows and remote.id not in before

    whole = await complete(session.service, run.endpoint, listing, kind.fields, is_new)
    if journal.marks.are_on((intent.run, intent.row) for intent in doubtful):
        whole = await with_marks(session, run.endpoint, whole, is_new)
    return settle(
        doubtful,
        whole,
        journal,
        run.target,
        kind,
        user=user_of(session),
        asked_at=asked_at,
        window=session.settings.settle,
    )


async def _of_reviews(
    session: Session, run: Run, reviews: Sequence[Intent], listing: Listing, asked_at: float
) -> list[Change]:
    """The rows in review whose record is beyond doubt now; records that may be theirs are read in full."""
    assert run.target is not None
    kind = RECORD_TYPES[run.kind]
    comparer, bodies = Comparer(kind), [intent.values for intent in reviews]
    whole = await complete(
        session.service,
        run.endpoint,
        listing,
        kind.fields,
        lambda remote: any(comparer.may_be_one(values, remote.values) for values in bodies),
    )
    return settle_reviews(
        reviews,
        whole,
        session.journal,
        run.target,
        kind,
        user=user_of(session),
        asked_at=asked_at,
        window=session.settings.settle,
    )


async def _reason_to_distrust(session: Session, run: Run, listing: Listing, numbers: set[int]) -> str:
    """Why a list may leave records out: one that there was is not in it, and is not gone either."""
    listed, journal = listing.ids, session.journal
    created = [
        intent.remote_id
        for number in numbers
        for intent in journal.rows.all(journal.runs.get(number), State.CREATED)
        if intent.remote_id
    ]
    if len(created) > 1 and not listed.intersection(created):
        # Each of them "not found" would prove nothing: that is how another location looks.
        return "it lists none of the records of this run; you may be signed in at another location"
    missing = list(islice((number for number in created if number not in listed), _MOST_MISSING))
    before = frozenset[int]().union(*(journal.evidence.listed_before(number) or () for number in numbers))
    # Of those that others made, some will do: a list of something else lacks all of them, and they may delete many.
    others = sorted(before - listed - set(missing))[:_MOST_MISSING]
    for number in [*missing, *others]:
        reply = await session.service.get(run.endpoint, number)
        if not isinstance(read_record(reply, number, RECORD_TYPES[run.kind]), Gone):
            return f"its list leaves out record {number}"
    return "its list leaves out many records of this run" if len(missing) == _MOST_MISSING else ""


async def _wait_for(session: Session, too_recent: Mapping[Intent, float], stop: asyncio.Event, began: float) -> bool:
    seconds, now = max(too_recent.values()), session.clock()
    # By a clock that nobody can set: set forward by a day, the other one would make a sending of seconds a long one.
    if seconds > max(PATIENT_SECONDS, asyncio.get_running_loop().time() - began):
        tell_too_recent(session, too_recent)
        return False
    later = session.journal.runs.get(next(iter(too_recent)).run)
    session.observer.say(
        f"{count(len(too_recent), 'row')} got no answer. Checking again in {max(seconds, 0):.0f} seconds, at "
        f"{moment(now + max(seconds, 0), now)}. Press Ctrl-C to stop, and check later "
        f"with: {later.command('reconcile')}"
    )
    return not await wait(seconds, stop)


def tell_too_recent(session: Session, too_recent: Mapping[Intent, float]) -> None:
    """Say when rows without an answer can be checked again; ``too_recent`` says in how many seconds each can."""
    if too_recent:
        now = session.clock()
        ready = moment(now + max(too_recent.values()), now)
        session.observer.say(f"{count(len(too_recent), 'unanswered row')} can be checked again after {ready}.")


def _of_run(settled: Settled, run: Run) -> dict[Intent, float]:
    return {intent: seconds for intent, seconds in settled.waits.items() if intent.run == run.id}


def _tell(session: Session, settled: Settled) -> None:
    updating = [change for change in settled.changes if change.intent.state is State.UPDATING]
    not_updated = sum(change.event is Event.ABSENT for change in updating)
    counts = {
        "found in Nexudus": settled.count(Event.FOUND),
        "updated": settled.count(Event.APPLIED),
        "proved not created": settled.count(Event.ABSENT) - not_updated,
        "proved not updated": not_updated,
        "with an uncertain update": settled.count(Event.OVERTAKEN),
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
    if holds_another_report(other):
        session.observer.say(
            f"Some rows of run {other.id} were settled. Its folder holds the report of another run by now. To write "
            f"its own: {other.command('report')} --out DIR"
        )
        return
    try:
        if other.folder.is_dir():
            write_report(session.journal, other, now=session.clock(), leaves_changed=True)
    except (ReportError, FileError, UsageError, OSError) as error:
        why = error.message if isinstance(error, ImporterError) else f"{error.strerror}."
        session.observer.say(
            f"Some rows of run {other.id} were settled, but its report still shows them as before. {why} "
            f"To rebuild the report later: {other.command('report')}"
        )
