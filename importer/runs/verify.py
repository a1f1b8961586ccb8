"""Verifies a run: the records that its rows created, updated or met, compared with what the service has now."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from importer.delivery.by_id import Gone, Look, Unreadable, read_record
from importer.delivery.verification import Verified, needs_a_look, verify
from importer.errors import Exit
from importer.journal.journal import Journal, open_journal
from importer.journal.runs import Run, refuse_forgotten
from importer.journal.states import DOUBTFUL, TAKING_BACK, WITH_RECORD, State
from importer.model import Presence
from importer.reporting import write_table
from importer.reporting.report_words import words_of
from importer.runs.compare import list_all_records, unlisted
from importer.runs.earlier_runs import latest_run, refuse_other_account, refuse_other_service
from importer.runs.preparation import stoppable
from importer.runs.request import RunRequest
from importer.runs.session import Session, signed_in
from schemas import RECORD_TYPES

_MOST_FAILURES = 5
"""Reads in a row that say nothing, after which no more are made: the others would say the same."""

_NOTHING_THERE = Unreadable("none of the records of this run is found; you may be signed in at another location")
"""What is said of each record where all are "not found": one was deleted, but all together are another location's."""


@dataclass(frozen=True)
class Verification:
    """The result of a verification: how many rows were found how, those that need a look, and the file with all."""

    run: Run
    counts: dict[str, int]
    notable: tuple[Verified, ...]
    unknown: int
    file: Path

    @property
    def exit_code(self) -> Exit:
        """0 only if each of its records is there once and equal, and of every row it is certain what became of it."""
        if self.unknown:
            return Exit.IN_DOUBT
        if self.counts.get(Presence.UNREAD):
            return Exit.SERVICE
        return Exit.DONE if set(self.counts) <= {Presence.ONCE} else Exit.ROWS_FAILED


async def verify_run(request: RunRequest) -> Verification:
    """Compare the records of a run, by default the latest one, with what the service holds now."""
    with open_journal(request.settings.journal_place) as journal:
        chosen = latest_run(journal, request.number)
        refuse_forgotten(chosen, "its records cannot be compared")
        refuse_other_service(chosen, request.settings)
        work = _compare(journal, chosen, request)
        rows = await stoppable(work, journal, run=chosen, command="verify")
        counts = journal.rows.counts(chosen)
        unknown = sum(counts.get(state, 0) for state in DOUBTFUL)
        table = [(str(v.row), str(v.remote_id), v.presence.value, v.detail) for v in rows]
        number, _, record, _ = words_of(chosen).titles
        file = write_table(chosen.folder, "verification.csv", (number, record, "found", "detail"), table)
        notable = tuple(v for v in rows if v.presence is not Presence.ONCE)
        return Verification(chosen, dict(Counter(v.presence.value for v in rows)), notable, unknown, file)


async def _compare(journal: Journal, chosen: Run, request: RunRequest) -> list[Verified]:
    """Each row of a run, compared with the list and, where that does not say enough, with its record."""
    async with signed_in(request.settings, chosen.endpoint, journal, request.observer, request.clock) as session:
        refuse_other_account(chosen, session.account.key)
        kind = RECORD_TYPES[chosen.kind]
        listing = await list_all_records(session, chosen.endpoint, kind)
        if listing.failure:
            raise unlisted(f"Run {chosen.id} cannot be verified: {listing.failure}.", listing.remedy)
        # Existing ones too: the user meant them to be there. Removing ones may still be there, or may not.
        intents = list(journal.rows.all(chosen, *WITH_RECORD, State.EXISTING, *TAKING_BACK))
        looks = await _look(session, chosen, needs_a_look(intents, listing, kind))
    created = [intent.remote_id for intent in intents if intent.state in WITH_RECORD]
    if len(created) > 1 and all(isinstance(looks.get(number or 0), Gone) for number in created):
        looks |= dict.fromkeys((number or 0 for number in created), _NOTHING_THERE)
    return list(verify(intents, listing, kind, looks))


async def _look(session: Session, run: Run, numbers: Sequence[int]) -> dict[int, Look]:
    """The records with these Ids, read one by one."""
    looks: dict[int, Look] = {}
    failures = 0
    for number in numbers:
        there = read_record(await session.service.get(run.endpoint, number), number, RECORD_TYPES[run.kind])
        looks[number] = there
        failures = failures + 1 if isinstance(there, Unreadable) else 0
        if failures >= _MOST_FAILURES:
            break
    return looks
