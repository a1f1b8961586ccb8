"""The plan of an import: names looked up, rows that need no call, what the rest will take.

Sends nothing that changes anything.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path

from importer.config.call_limits import below_rate
from importer.config.settings import Settings
from importer.delivery.comparison import (
    Ambiguous,
    BesideTheList,
    Blocked,
    Changed,
    Comparison,
    Match,
    Unchanged,
    goes_back,
    shift_of,
    why_held,
)
from importer.delivery.listing import Listing
from importer.delivery.record_text import record_texts
from importer.delivery.updates import before_of
from importer.errors import UnlistedError, UsageError
from importer.issues import Notice
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Claim
from importer.journal.runs import Run
from importer.journal.states import WITH_RECORD
from importer.model import Account, AgreedUpdate, Clock, Plan, Record
from importer.reporting import write_fix_file
from importer.runs.allowances import limit_text, what_limits, windows
from importer.runs.compare import changes_a_key, compare, compare_named
from importer.runs.correction import checked_file
from importer.runs.earlier_runs import ImportTerms, forgotten_profile, refuse_other_terms, run_to_continue
from importer.runs.groups import RowChoices, RowGroups, RowSampler
from importer.runs.lookup import look_up, names_to_offer
from importer.runs.named_records import with_named
from importer.runs.observer import Observer
from importer.runs.preparation import stoppable
from importer.runs.request import Choices, ImportRequest
from importer.runs.session import Session, signed_in
from importer.runs.source import (
    CheckResult,
    Source,
    checked_chunks,
    examine,
    fields_to_clear,
    open_requested,
    with_empty,
)
from importer.text import changes, count, duration
from schemas import RecordType

_PLAIN = ".xlsx"


@dataclass(frozen=True)
class ComparedFile:
    """A file that was checked with the service; ``plan`` and ``groups`` are None if its rows could not be compared.

    In the plan, every record with other values than its row is to be updated: that shows what differs.
    """

    source: Source
    result: CheckResult
    account: Account
    plan: Plan | None = None
    groups: RowGroups | None = None


async def check_with_service(source: Source, result: CheckResult, request: ImportRequest) -> ComparedFile:
    """A file that has been examined, once more with the names that the service lists, and compared with its records."""
    with open_journal(request.settings.journal_place) as journal:
        return await stoppable(_check(journal, source, result, request), journal)


async def _check(journal: Journal, source: Source, result: CheckResult, request: ImportRequest) -> ComparedFile:
    # One list will do, and it need not be whole: nothing is sent on the strength of a check.
    now, choices = request.clock(), replace(request.choices, update=True)
    async with signed_in(request.settings, source.endpoint, journal, request.observer, request.clock) as session:
        source, result = await look_up_names(session, source, result, choices, now)
        compared = ComparedFile(source, result, session.account)
        if not result.valid:
            return compared
        try:
            present = await find_present(session, source, result, choices, now)
        except UnlistedError as error:
            session.observer.say(f"Rows were not compared: Nexudus does not list its records ({error.why}).")
            return compared
        made, groups = plan_of(session, result, present, now), present.sampler.groups
        return replace(compared, plan=made, groups=groups)


async def offers(kind: RecordType, settings: Settings, observer: Observer, clock: Clock) -> dict[str, list[str]]:
    """The names to choose from for each reference field, as far as the service lists them; empty without a sign-in."""
    if not settings.can_sign_in:
        return {}
    with open_journal(settings.journal_place) as journal:
        async with signed_in(settings, kind.paths[0], journal, observer, clock) as session:
            return await names_to_offer(session, kind)


@dataclass(frozen=True)
class ErrorsFile:
    """A copy of a file with its wrong cells red: the user's own workbook, or a plain one; the notice says why."""

    is_own: bool
    notice: Notice | None


def write_errors(source: Source, result: CheckResult, path: Path, now: float) -> ErrorsFile:
    """Write a copy of the file with its wrong cells red, and drop-downs where the possible values are known.

    It is the user's own workbook where that can be; a notice says why one of a workbook is a plain one. ``now`` is the
    time of the copy, in epoch seconds.

    Raises:
        UsageError: It would replace the file that was checked, or is not an .xlsx file, nor an .xlsm file of one.
    """
    checked = checked_file(source, result.causes)
    if path.suffix.lower() not in {_PLAIN, checked.suffix or _PLAIN}:
        raise UsageError(f"{path} is not an .xlsx file.", "Choose one, for example --errors-to fix.xlsx")
    if path.exists() and path.samefile(source.copy):
        raise UsageError(f"{path} is the file you are checking.", "Choose another file for the corrections.")
    notice = write_fix_file(checked, path, now)
    return ErrorsFile(bool(checked.suffix) and notice is None, notice)


@dataclass(frozen=True)
class PlannedImport:
    """A file with its check and its plan, ready to be imported into an account.

    ``token_refused`` tells that the service took the password in place of the token.
    ``without_updates`` is the plan if no record is updated: the same one unless the request asks for updates. The two
    come of one comparison, and ``present`` is what it found.
    """

    source: Source
    result: CheckResult
    plan: Plan
    account: Account
    without_updates: Plan
    present: "AlreadyPresent"
    token_refused: bool = False


async def plan(request: ImportRequest) -> PlannedImport:
    """The plan of importing a file: what it would do, and how long it would take."""
    source = open_requested(request)
    result = examine(source, request.clock(), allow_duplicates=request.choices.allow_duplicates)
    with open_journal(request.settings.journal_place) as journal:
        check_profile(journal, source, request)
    return await plan_examined(source, result, request)


RowListener = Callable[[int, Match], None]
"""Hears of each row that is compared what it is to the service; of none if the service holds no records."""


async def plan_examined(
    source: Source, result: CheckResult, request: ImportRequest, listener: RowListener | None = None
) -> PlannedImport:
    """The plan of a file that has been examined; it is examined again if names had to be looked up."""
    with open_journal(request.settings.journal_place) as journal:
        return await stoppable(_plan(journal, source, result, request, listener), journal)


async def _plan(
    journal: Journal,
    source: Source,
    result: CheckResult,
    request: ImportRequest,
    listener: RowListener | None = None,
) -> PlannedImport:
    now = request.clock()
    choices, observer, clock = request.choices, request.observer, request.clock
    async with signed_in(
        request.settings, source.endpoint, journal, observer, clock, without_list=choices.without_list
    ) as session:
        # As the import would: a plan that the import then refuses would be a promise not kept.
        terms, account = terms_of(source, request), session.account.key
        if run_to_continue(journal, terms, account) is None:
            refuse_other_terms(journal, terms, account, zoneless=result.zoneless)
        source, result = await look_up_names(session, source, result, choices, now)
        present = await find_present(session, source, result, choices, now, listener)
        made = plan_of(session, result, present, now)
        refuse_shifted_times(source, result, present, made)
        without = plan_of(session, result, present.without_updates, now) if present.updates else made
        return PlannedImport(source, result, made, session.account, without, present, session.service.token_refused)


def refuse_shifted_times(source: Source, result: CheckResult, present: "AlreadyPresent", made: Plan) -> None:
    """Raise UsageError if rows would be created in another time zone than the rest of their file was.

    That is so where every other row differs from its record by the same whole offset and by nothing else: a file that
    was read before, in another zone, and has got rows since.
    """
    # One row may have been moved by an hour. Records that are to be updated were shown with both times.
    alone = present.changed == 1 or present.existing or present.may_update
    if not result.zoneless or present.shift is None or alone or not made.create:
        return
    raise UsageError(
        f"All {present.changed:,} rows that Nexudus has already differ from it only in the time, by "
        f"{duration(abs(present.shift))}: they were read in another time zone than {source.read.zone} before. Read so, "
        f"{count(made.create, 'new row')} would get another time as well.",
        "Use --tz with the time zone of before. If the times in the file have changed, use --update.",
        on_page="Go back to the rows and choose the time zone of before. If the times in the file have changed, "
        "choose to update the changed rows as well.",
    )


def terms_of(source: Source, request: ImportRequest) -> ImportTerms:
    """What decides which records the import of a file creates."""
    return ImportTerms(
        source.sha256, source.kind.name, source.endpoint, request.settings.url, source.read, request.choices
    )


def check_profile(journal: Journal, source: Source, request: ImportRequest) -> None:
    """Warn if the file was imported with another profile before, or refuse it.

    Raises:
        UsageError: Most likely the profile was forgotten.
    """
    choices = request.choices
    warning = forgotten_profile(
        journal, source.sha256, source.file.name, choices.profile, one_for_all=choices.one_for_all
    )
    if warning:
        request.observer.say(warning)


async def look_up_names(
    session: Session, source: Source, result: CheckResult, choices: Choices, now: float
) -> tuple[Source, CheckResult]:
    """The file examined once more with the records that its references and its Ids may name.

    Raises:
        ServiceError: The service does not say whether it has a record of one of the Ids.
    """
    # All rows again, and not only those with names: an Id that stands for the same record as a name elsewhere makes two
    # rows equal, and only the whole file shows it.
    directories = await look_up(session, source, result.names, choices.picks, result.names_beside)
    if not directories and not result.record_ids:
        return source, result
    source = replace(source, directories={**source.directories, **directories})
    if result.record_ids:
        refuse_further_records(choices)
        source = await with_named(session, source, result.record_ids)
    return source, examine(source, now, allow_duplicates=choices.allow_duplicates)


def refuse_further_records(choices: Choices) -> None:
    """Raise UsageError if a row that names its record were to create another one."""
    if choices.even_if_existing:
        raise UsageError(
            "--even-if-existing cannot be used, because rows of this file name their records by Id.",
            "Leave it out, or delete the column with the Ids.",
        )


_BATCH = 5_000
"""Rows for which the journal is asked at once whether they have a claim."""

MOST_LISTED_CONFLICTS = 1_000
"""Rows that a plan names with a sentence; the report has all."""


@dataclass
class AlreadyPresent:
    """How many rows there are of each kind that is not to be created, and what is to be said about the first of them.

    ``conflicts`` are rows that are changed or ambiguous, by their number; ``shifts`` by how many seconds the times of
    the changed ones differ, if nothing else does. If records are to be updated, the changed rows are in ``updates``
    instead, each with its record, ``previews`` says of the first of them what will change, and ``backwards``
    counts those that would set a date back. ``candidates`` are the texts of the records that a person may name as those
    of the first ambiguous rows.
    """

    may_update: bool = False
    existing: int = 0
    changed: int = 0
    ambiguous: int = 0
    blocked: int = 0
    conflicts: list[tuple[int, str]] = field(default_factory=list)
    updates: dict[int, AgreedUpdate] = field(default_factory=dict)
    previews: list[tuple[int, str]] = field(default_factory=list)
    backwards: int = 0
    shifts: Counter[float | None] = field(default_factory=Counter)
    sampler: RowSampler = field(default_factory=RowSampler)
    candidates: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    @property
    def without_updates(self) -> "AlreadyPresent":
        """The same if no record is updated; its changed rows are counted, but not named."""
        return replace(self, updates={}, previews=[], backwards=0)

    @property
    def shift(self) -> float | None:
        """By how many seconds the times of all changed rows differ from their records', if nothing else does."""
        if len(self.shifts) != 1 or self.shifts.total() != self.changed:
            return None
        return next(iter(self.shifts))

    def add(self, row: int, match: Match, kind: RecordType, choices: RowChoices = tuple) -> None:
        """Count one row; ``choices`` gives what it is to each record that a person may name if it is ambiguous."""
        self.sampler.add(row, match, choices)
        self.existing += isinstance(match, Unchanged)
        self.blocked += isinstance(match, Blocked)
        if isinstance(match, Changed):
            self.changed += 1
            self.shifts[shift_of(match)] += 1
            if self.may_update:
                self._add_update(row, match)
                return
        self.ambiguous += isinstance(match, Ambiguous)
        if isinstance(match, Changed | Ambiguous) and len(self.conflicts) < MOST_LISTED_CONFLICTS:
            self.conflicts.append((row, why_held(match, kind)))

    def _add_update(self, row: int, match: Changed) -> None:
        self.updates[row] = AgreedUpdate(match.remote.id, match.remote.updated, before_of(match.remote))
        self.backwards += goes_back(match)
        if len(self.previews) < MOST_LISTED_CONFLICTS:
            self.previews.append((row, f"record {match.remote.id}: {changes(match.differences)}"))

    def add_claimed(self, row: int, claim: Claim, identity: bytes) -> None:
        """Count one row of whose key another run has, or may have, created a record."""
        if claim.state not in WITH_RECORD:
            self.blocked += 1
        elif claim.identity == identity:
            self.existing += 1
        else:
            self.changed += 1
            if len(self.conflicts) < MOST_LISTED_CONFLICTS:
                where = f"row {claim.row} of run {claim.run}"
                sentence = f"Record {claim.remote_id} was created as {where}, with other values. Not sent."
                self.conflicts.append((row, sentence))


async def find_present(
    session: Session,
    source: Source,
    result: CheckResult,
    choices: Choices,
    now: float,
    listener: RowListener | None = None,
) -> AlreadyPresent:
    """What the rows of a file are to the service: by one list of what it holds, and by the journal."""
    empty = fields_to_clear(source) if choices.clear_empty else ()

    # Read once more, chunk by chunk: ten million records must not be in memory for the sake of a count.
    def records() -> Iterator[Record]:
        for chunk in checked_chunks(
            source, now, result.collisions, allow_duplicates=choices.allow_duplicates, salt=choices.salt
        ):
            yield from (with_empty(record, empty) for record in chunk.records()) if empty else chunk.records()

    # Not looked for in a file without Ids: it would be gone through once more. One row without an Id stands for all.
    ids = [record.named_id for record in records()] if source.named is not None else [None]
    named = frozenset(number for number in ids if number is not None)
    named_list = source.named_list if None not in ids else None
    endpoint, kind = source.endpoint, source.kind
    return await present_among(
        session, endpoint, kind, records, choices, named=named, named_list=named_list, listener=listener
    )


async def present_among(
    session: Session,
    endpoint: str,
    kind: RecordType,
    records: Callable[[], Iterable[Record]],
    choices: Choices,
    parent: Run | None = None,
    *,
    named: Collection[int] = (),
    named_list: Listing | None = None,
    listener: RowListener | None = None,
) -> AlreadyPresent:
    """What these records are to the service; ``parent`` is the run whose rows are sent once more, if there is one.

    ``named`` are the records of the service that they name. If each of them names one, ``named_list`` holds these, and
    no other list is needed.
    """
    if choices.even_if_existing:
        return _present_in_journal(session, kind, records())
    present = AlreadyPresent(may_update=choices.update)

    def bodies() -> Iterator[str]:
        return (record.body for record in records())

    comparison = None if named_list is None else compare_named(kind, named_list, named)
    if comparison is None or changes_a_key(comparison, records(), kind):
        comparison = await compare(session, endpoint, kind, bodies, choices, run=parent, named=named)
    for record in records() if named or not comparison.is_empty else ():
        match = comparison.match(record.body, record.named_id)
        present.add(record.row, match, kind, partial(comparison.choices, record.body))
        if listener is not None:
            listener(record.row, match)
    offered = {choice.record for doubt in present.sampler.groups.ambiguous for choice in doubt.choices}
    remotes = [remote for number in sorted(offered) if (remote := comparison.record(number)) is not None]
    present.candidates = {remote.id: record_texts(kind, remote) for remote in remotes}
    if (shift := present.shift) is not None:
        rows = f"{count(present.changed, 'row')} {'differs' if present.changed == 1 else 'differ'}"
        session.observer.say(
            f"Warning: {rows} from what Nexudus has only in the time, by {duration(abs(shift))}. "
            "The file may have been read in another time zone before; if so, use --tz."
        )
    return present


def _present_in_journal(session: Session, kind: RecordType, records: Iterable[Record]) -> AlreadyPresent:
    """What the rows of a run that creates further records are to the journal, in the order in which sending asks it.

    The list does not matter to them, but the same command may have been typed before: its records are not created a
    third time.
    """
    rows, target = session.journal.rows, session.journal.runs.target(session.account.service, kind.name)
    unanswered = [*rows.in_doubt(target), *rows.in_review(target), *rows.updating(target)]
    comparison = Comparison(Listing(()), kind, BesideTheList(unanswered=unanswered))
    present, rest = AlreadyPresent(), iter(records)
    while batch := list(islice(rest, _BATCH)):
        claims = rows.claims(target, [record.key for record in batch])
        for record in batch:
            if (claim := claims.get(record.key)) is not None:
                present.add_claimed(record.row, claim, record.identity)
            else:
                present.add(record.row, comparison.match(record.body), kind)
    return present


def plan_of(session: Session, result: CheckResult, present: AlreadyPresent, now: float) -> Plan:
    """What sending the rest of a file would take."""
    # By subtraction, so that the numbers of a plan add up to the rows of the file whatever is counted.
    create = result.valid - present.existing - present.blocked - present.changed - present.ambiguous
    update = len(present.updates)
    calls, key, limits = session.journal.calls, session.account.key, windows(session.settings)
    # A read comes before each update; it counts where writes are not counted alone.
    reads = [window for window in limits if not window.writes]
    seconds = calls.seconds_for(key, create + update, limits, now)
    seconds = max(seconds, calls.seconds_for(key, create + 2 * update, reads, now)) if update else seconds
    left = session.quota_left(now)
    settings = session.settings
    limited_by = what_limits(settings, create + update, create + 2 * update, left)
    return Plan(
        rows=result.rows,
        create=create,
        existing=present.existing,
        invalid=result.invalid,
        blocked=present.blocked,
        quota_left=left,
        seconds=seconds,
        finish=now + seconds,
        changed=present.changed - update,
        ambiguous=present.ambiguous,
        conflicts=present.conflicts,
        update=update,
        updates=present.previews,
        backwards=present.backwards,
        limited_by=limited_by,
        limit=limit_text(settings, limited_by) if limited_by else "",
        rate=str(settings.rate or "none"),
        below_rate=tuple(below_rate(settings).items()),
    )
