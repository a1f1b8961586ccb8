"""After an import: what it created is verified, or taken back."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from importer.delivery.journal import Run, open_journal
from importer.delivery.sending import End, Ended
from importer.delivery.states import State
from importer.delivery.undoing import Removal, Undoer, Undone
from importer.delivery.verifying import Verified, verify
from importer.errors import Exit, ServiceError, UsageError
from importer.reporting import write_report, write_table
from importer.session import Session, Watcher, signed_in, windows
from importer.settings import Settings
from importer.settling import everything
from importer.standing import choose, refuse_other_account, refuse_other_service
from importer.words import Clock, Found, Plan, Progress
from schemas import RECORD_TYPES


@dataclass(frozen=True)
class Verification:
    """A run verified: how many rows were found how, the rows that need a look, and the file that has all."""

    run: Run
    counts: dict[str, int]
    notable: tuple[Verified, ...]
    unknown: int
    file: Path

    @property
    def exit_code(self) -> Exit:
        """0 only if every row is there once and equal."""
        if self.unknown:
            return Exit.IN_DOUBT
        return Exit.DONE if set(self.counts) <= {Found.ONCE} else Exit.ROWS_FAILED


@dataclass(frozen=True)
class Undoing:
    """A run undone: how many records were removed, kept and failed, and the file that has each."""

    run: Run
    counts: dict[str, int]
    notable: tuple[Removal, ...]
    file: Path
    exit_code: Exit
    message: str = ""


async def verify_run(number: int | None, settings: Settings, watcher: Watcher, clock: Clock) -> Verification:
    """What the service holds now of the records of a run, by default of the latest one."""
    with open_journal(settings.journal_url) as journal:
        chosen = choose(journal, number)
        refuse_other_service(chosen, settings)
        async with signed_in(settings, chosen.endpoint, journal, watcher, clock) as session:
            refuse_other_account(journal, chosen, session.account.key)
            kind = RECORD_TYPES[chosen.kind]
            listing = await everything(session, chosen.endpoint, kind)
            if listing.failure:
                raise ServiceError(f"Run {chosen.id} cannot be verified: {listing.failure}.", "Try again later.")
        states = (State.CREATED, State.EXISTING, State.REMOVING)
        rows = list(verify(journal.intents(chosen, *states), listing, kind))
        counts = journal.counts(chosen)
        unknown = counts.get(State.IN_DOUBT, 0) + counts.get(State.REVIEW, 0)
        table = [(str(v.row), str(v.remote_id), v.found.value, v.detail) for v in rows]
        file = write_table(chosen.folder, "verification.csv", ("import_row", "import_id", "found", "detail"), table)
        notable = tuple(v for v in rows if v.found is not Found.ONCE)
        return Verification(chosen, dict(Counter(v.found.value for v in rows)), notable, unknown, file)


async def undo_run(number: int | None, settings: Settings, watcher: Watcher, clock: Clock) -> Undoing | None:
    """Delete what a run created and nobody changed since; None if the user did not want to."""
    with open_journal(settings.journal_url) as journal:
        chosen = choose(journal, number)
        refuse_other_service(chosen, settings)
        records = sum(journal.counts(chosen).get(state, 0) for state in (State.CREATED, State.REMOVING))
        if not records:
            others = [run for run in journal.runs_of(chosen.sha256) if journal.counts(run).get(State.CREATED)]
            advice = f"Run {others[0].id} of the same file has: importer undo {others[0].id}" if others else ""
            raise UsageError(
                f"Run {chosen.id} has no records that could be removed.", advice or "See: importer history"
            )
        async with signed_in(settings, chosen.endpoint, journal, watcher, clock) as session:
            refuse_other_account(journal, chosen, session.account.key)
            if not watcher.confirm_undo(_plan(session, records), session.account, chosen):
                return None
            with session.alone(chosen.id):
                return await _undo(session, journal.update_run(chosen, stop=False), records)


def _plan(session: Session, records: int) -> Plan:
    limits, now = windows(session.settings), session.clock()
    key, journal = session.account.key, session.journal
    reads = [window for window in limits if not window.writes]
    # A delete for each record, and a read before it.
    seconds = max(journal.seconds_for(key, records, limits, now), journal.seconds_for(key, 2 * records, reads, now))
    return Plan(records, records, 0, 0, 0, session.quota_left(now), seconds, now + seconds)


async def _undo(session: Session, chosen: Run, records: int) -> Undoing:
    journal, removals = session.journal, list[Removal]()
    with session.watcher.sending() as stop:

        def tell(done: int) -> None:
            session.watcher.progress(Progress(done, 0), records, None)

        undoer = Undoer(
            journal,
            session.service,
            chosen,
            RECORD_TYPES[chosen.kind],
            session.take_write,
            now=session.clock,
            stop=stop,
            tell=tell,
        )
        try:
            end = await undoer.undo(removals)
        finally:
            # However it ends, what was deleted is told.
            table = [(str(r.row), str(r.remote_id), r.undone.value, r.why) for r in removals]
            file = write_table(chosen.folder, "undo.csv", ("import_row", "import_id", "undone", "why"), table)
    write_report(journal, chosen, now=session.clock())
    counts = dict(Counter(removal.undone.value for removal in removals))
    notable = tuple(removal for removal in removals if removal.undone is not Undone.REMOVED)
    return Undoing(chosen, counts, notable, file, _exit_code(end, counts), end.message)


def _exit_code(end: End, counts: dict[str, int]) -> Exit:
    if end.how is not Ended.DONE:
        return Exit.INTERRUPTED if end.how is Ended.ASKED else Exit.SERVICE
    return Exit.ROWS_FAILED if set(counts) - {Undone.REMOVED} else Exit.DONE
