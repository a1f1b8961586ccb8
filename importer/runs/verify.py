"""Verifies a run: what it created, compared with what the service holds now."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from importer.delivery.verification import Verified, verify
from importer.errors import Exit, ServiceError
from importer.journal.journal import open_journal
from importer.journal.runs import Run
from importer.journal.states import State
from importer.model import Presence
from importer.reporting import write_table
from importer.runs.earlier_runs import latest_run, refuse_other_account, refuse_other_service
from importer.runs.reconcile import list_all_records
from importer.runs.request import RunRequest
from importer.runs.session import signed_in
from schemas import RECORD_TYPES


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
        """0 only if every row is there once and equal."""
        if self.unknown:
            return Exit.IN_DOUBT
        return Exit.DONE if set(self.counts) <= {Presence.ONCE} else Exit.ROWS_FAILED


async def verify_run(request: RunRequest) -> Verification:
    """Compare the records of a run, by default the latest one, with what the service holds now."""
    with open_journal(request.settings.journal_url) as journal:
        chosen = latest_run(journal, request.number)
        refuse_other_service(chosen, request.settings)
        async with signed_in(request.settings, chosen.endpoint, journal, request.observer, request.clock) as session:
            refuse_other_account(journal, chosen, session.account.key)
            kind = RECORD_TYPES[chosen.kind]
            listing = await list_all_records(session, chosen.endpoint, kind)
            if listing.failure:
                raise ServiceError(f"Run {chosen.id} cannot be verified: {listing.failure}.", "Try again later.")
        # Existing ones too: the user meant them to be there. Removing ones may still be there, or may not.
        states = (State.CREATED, State.EXISTING, State.REMOVING)
        rows = list(verify(journal.rows.all(chosen, *states), listing, kind))
        counts = journal.rows.counts(chosen)
        unknown = counts.get(State.IN_DOUBT, 0) + counts.get(State.REVIEW, 0)
        table = [(str(v.row), str(v.remote_id), v.presence.value, v.detail) for v in rows]
        file = write_table(chosen.folder, "verification.csv", ("import_row", "import_id", "found", "detail"), table)
        notable = tuple(v for v in rows if v.presence is not Presence.ONCE)
        return Verification(chosen, dict(Counter(v.presence.value for v in rows)), notable, unknown, file)
