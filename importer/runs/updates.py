"""Updates the records of a run's rows, and finds out about updates that got no answer."""

from collections.abc import Callable, Container, Mapping, Sequence

from importer.delivery.by_id import Unreadable
from importer.delivery.listing import Remote
from importer.delivery.reconciler import Settled, seconds_left
from importer.delivery.send_result import SendResult
from importer.delivery.sender import Pace
from importer.delivery.stop_signal import StopSignal
from importer.delivery.updater import Turns, Updater
from importer.delivery.updates import settled
from importer.journal.rows import Intent
from importer.journal.runs import Run
from importer.model import Progress
from importer.runs.session import Session, author_of_run, runs_at_rest, user_of
from schemas import RECORD_TYPES

_MOST_FAILED_LOOKS = 5


async def update_records(
    session: Session,
    run: Run,
    compared: Mapping[int, Remote],
    pace: Pace,
    stop: StopSignal,
    tell: Callable[[Progress], None],
    ended: Container[tuple[int, int]] = frozenset(),
) -> SendResult:
    """Update the records of the rows that were planned so; ``compared`` are the records by the row.

    ``ended`` are the claims of rows, as run and row, that the comparison has looked into.
    """
    updater = Updater(
        session.journal,
        session.service,
        run,
        RECORD_TYPES[run.kind],
        compared,
        pace,
        Turns(session.take_write, session.renew_write, session.free_write),
        now=session.clock,
        stop=stop,
        tell=tell,
        user=user_of(session),
        ended=ended,
    )
    return await updater.update()


async def settle_updates(session: Session, run: Run, *, patient: bool = True) -> Settled:
    """Settle the updates without an answer of the run's service by reading each record, and write it down.

    While the service asks to wait, or is away for a while, records of the signed-in user are waited for; with
    ``patient`` off, they are left to a later look.
    """
    # No list is needed, for each row knows its record. Rows that another user is sending at this moment are left out:
    # their answers are on the way. For the rest of that user's rows nothing is waited for, because the user cannot send
    # meanwhile.
    journal, result = session.journal, Settled()
    assert run.target is not None
    updating = journal.rows.updating(run.target)
    of_others = [intent for intent in updating if journal.runs.get(intent.run).account != session.account.key]
    with runs_at_rest(session, run, {intent.run for intent in of_others}) as at_rest:
        at_once = [intent for intent in of_others if intent.run in at_rest]
        await _settle_each(session, run, at_once, result, patience=None)
    mine = [intent for intent in updating if intent not in of_others]
    await _settle_each(session, run, mine, result, patience=session.settings.patience if patient else None)
    return result


async def _settle_each(
    session: Session, run: Run, updating: Sequence[Intent], result: Settled, *, patience: float | None
) -> None:
    journal, kind = session.journal, RECORD_TYPES[run.kind]
    reader = session.record_reader(run, patience)
    failed, authors = 0, dict[int, str]()
    for intent in updating:
        if failed >= _MOST_FAILED_LOOKS:
            result.waits[intent] = 0.0
            continue
        number = intent.remote_id or 0
        there, reply, asked_at = await reader.read(number)
        search = journal.evidence.first_searches([intent], reply.clock, asked_at)[intent]
        left = seconds_left(intent, search, reply.clock, asked_at, session.settings.settle)
        if isinstance(there, Unreadable):
            failed += 1
            result.failure = f"record {number} cannot be read: {there.why}"
        if intent.run not in authors:
            authors[intent.run] = await author_of_run(session, journal.runs.get(intent.run), reader)
        if (change := settled(intent, there, left, kind, authors[intent.run])) is not None:
            journal.rows.move([change], session.clock())
            result.changes.append(change)
        else:
            result.waits[intent] = left
