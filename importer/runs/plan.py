"""What is known of an import before it begins: names looked up, rows that need no call, what the rest will take.

Sends nothing that changes anything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from importer.config.settings import Settings
from importer.delivery.comparison import Comparison, Conflict
from importer.errors import UsageError
from importer.journal.journal import open_journal
from importer.journal.rows import Claim
from importer.journal.states import State
from importer.model import Account, Clock, Plan, Record
from importer.reporting import write_fix_file
from importer.runs.lookup import choices as list_choices
from importer.runs.lookup import look_up
from importer.runs.observer import Observer
from importer.runs.reconcile import compare
from importer.runs.session import Session, signed_in, windows
from importer.runs.source import Examined, Source, checked_chunks, examine, open_source
from importer.spreadsheet import ReadOptions
from schemas import RecordType


@dataclass(frozen=True)
class Choices:
    """What the user chose for one run; kept in the journal, so that ``resume`` goes on in the same way.

    ``profile`` is None if nothing was said of one, and "" if there is to be none. With ``sandbox`` the service is a
    practice one that lives no longer than the command, with ``one_for_all`` the profile was named once for several
    files.
    """

    strict: bool = False
    allow_duplicates: bool = False
    even_if_existing: bool = False
    max_rows: int | None = None
    max_duration: float | None = None
    picks: Mapping[str, int] = field(default_factory=dict)
    profile: str | None = None
    sandbox: bool = False
    one_for_all: bool = False
    out: Path | None = None

    @property
    def kept(self) -> dict[str, Any]:
        """The choices as the journal keeps them; the folder is a column of its own there."""
        return {name: value for name, value in asdict(self).items() if name not in {"out", "one_for_all"}}


async def check_names(
    source: Source, seen: Examined, settings: Settings, choices: Choices, observer: Observer, clock: Clock
) -> tuple[Source, Examined]:
    """A file that has been examined, examined once more with the names that the service lists."""
    now = clock()
    with open_journal(settings.journal_url) as journal:
        async with signed_in(settings, source.endpoint, journal, observer, clock) as session:
            return await look_up_names(session, source, seen, choices, now)


async def offers(kind: RecordType, settings: Settings, observer: Observer, clock: Clock) -> dict[str, list[str]]:
    """What the references of a record type may name, as far as the service tells; nothing if nobody is signed in."""
    if not settings.can_sign_in:
        return {}
    with open_journal(settings.journal_url) as journal:
        async with signed_in(settings, kind.paths[0], journal, observer, clock) as session:
            return await list_choices(session, kind)


def write_errors(source: Source, seen: Examined, path: Path, now: float) -> Path:
    """The file given back with its wrong cells red, and drop-downs where the service said what may stand there.

    ``now`` in epoch seconds is the time that it bears.

    Raises:
        UsageError: It would replace the file that was checked, or is no .xlsx.
    """
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"{path} is no .xlsx file.", "Name one, for example --errors-to fix.xlsx")
    if path.exists() and path.samefile(source.file):
        raise UsageError(f"{path} is the file that was checked.", "Name another one.")
    lists = {name: source.kind.offers(name) for name in source.kind.fields}
    lists |= {name: tuple(directory.choices()) for name, directory in source.directories.items()}
    offers = {column.position: lists[column.field] for column in source.mapping.columns if lists[column.field]}
    return write_fix_file(source.sheet, seen.causes, path, offers, now)


async def plan(
    file: Path,
    settings: Settings,
    kind: RecordType | None,
    read: ReadOptions,
    choices: Choices,
    observer: Observer,
    clock: Clock,
) -> tuple[Source, Examined, Plan, Account]:
    """Everything about an import but the import."""
    source = open_source(file, settings, kind, read)
    seen = examine(source, clock(), allow_duplicates=choices.allow_duplicates)
    return await plan_examined(source, seen, settings, choices, observer, clock)


async def plan_examined(
    source: Source, seen: Examined, settings: Settings, choices: Choices, observer: Observer, clock: Clock
) -> tuple[Source, Examined, Plan, Account]:
    """The plan of a file that has been examined; examined anew if names had to be looked up."""
    now = clock()
    with open_journal(settings.journal_url) as journal:
        async with signed_in(settings, source.endpoint, journal, observer, clock) as session:
            source, seen = await look_up_names(session, source, seen, choices, now)
            known = await known_rows(session, source, seen, choices, now)
            return source, seen, plan_of(session, seen, known, now), session.account


async def look_up_names(
    session: Session, source: Source, seen: Examined, choices: Choices, now: float
) -> tuple[Source, Examined]:
    """The file examined once more with what its references may name, if the service tells."""
    directories = await look_up(session, source, seen.wanted, choices.picks)
    if not directories:
        return source, seen
    source = replace(source, directories=directories)
    return source, examine(source, now, allow_duplicates=choices.allow_duplicates)


MOST_CONFLICTS = 1_000
"""Rows that a plan names with a sentence; the report has all."""


@dataclass
class Known:
    """Rows of a file whose record exists, whose record may exist, and whose key has a record with other values."""

    existing: int = 0
    held: int = 0
    differing: int = 0
    conflicts: list[tuple[int, str]] = field(default_factory=list)

    def add(self, claims: Iterable[Claim]) -> None:
        """Count rows that an earlier run has a claim on."""
        for claim in claims:
            self.existing += claim.state is State.CREATED
            self.held += claim.state is not State.CREATED

    def compare(self, comparison: Comparison, records: Iterable[Record]) -> None:
        """Count rows that no run has a claim on, by what there is of them."""
        for record in records:
            there = comparison.take(record.body)
            if isinstance(there, Conflict):
                self.differing += 1
                if len(self.conflicts) < MOST_CONFLICTS:
                    self.conflicts.append((record.row, there.sentence))
            else:
                self.existing += there is not None


async def known_rows(session: Session, source: Source, seen: Examined, choices: Choices, now: float) -> Known:
    """Rows that need no call: by the journal, and by one list of what the service holds."""
    known, journal = Known(), session.journal
    if choices.even_if_existing:
        return known
    target = journal.runs.target(session.account.key, source.kind.name)
    duplicates = choices.allow_duplicates
    comparison = await compare(session, source.endpoint, source.kind, allow_duplicates=duplicates)
    if comparison:
        for chunk in checked_chunks(source, now, seen.collisions, allow_duplicates=duplicates):
            records = list(chunk.records())
            claims = journal.rows.claims(target, [record.identity for record in records])
            known.add(claims.values())
            known.compare(comparison, [record for record in records if record.identity not in claims])
    return known


def plan_of(session: Session, seen: Examined, known: Known, now: float) -> Plan:
    """What sending what is left of a file would take."""
    create = seen.valid - known.existing - known.held - known.differing
    seconds = session.journal.calls.seconds_for(session.account.key, create, windows(session.settings), now)
    left = session.quota_left(now)
    return Plan(
        seen.rows,
        create,
        known.existing,
        seen.invalid,
        known.held,
        left,
        seconds,
        now + seconds,
        known.differing,
        known.conflicts,
    )
