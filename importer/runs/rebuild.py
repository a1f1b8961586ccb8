"""Rebuilds what a lost journal held: the records that creates of this installation made, known by their marks.

They become the rows of one run whose file is a list of them, so that they are claimed, reported, verified and undone
like those of any run. Which file and row each came from is lost. What the lost journal sent last may still take effect,
so that nothing is sent before one visibility window is over.
"""

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from importer.config.settings import Settings
from importer.delivery.comparer import Comparer
from importer.delivery.listing import Listing, Remote, complete, is_as_created, shows_all_of
from importer.delivery.marks import FIELD, installation_of, marks_on
from importer.errors import Exit, ServiceError
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Change, Intent
from importer.journal.runs import NewRun, Run
from importer.journal.states import Event
from importer.model import Clock, Record
from importer.reporting import Report
from importer.reporting.record_file import FileFormat, write_records
from importer.runs.compare import list_all_records, unlisted
from importer.runs.copies import durable_copy, sha256_of
from importer.runs.export import table_of
from importer.runs.marks import installation_in, marks_are_proved
from importer.runs.observer import Observer
from importer.runs.preparation import stoppable
from importer.runs.request import Choices
from importer.runs.result import settled_result
from importer.runs.session import Session, signed_in
from importer.runs.start import add_with_folder, folder_of
from schemas import RECORD_TYPES, RecordType, key_digest

DATED = "rows_dated"
"""The option of a rebuilt run whose rows say when their records were changed last, if that was their creation."""

_FILE = "rebuilt.csv"
_FIRST_ROW = 2
_MOST_READINGS = 5
_NOTHING = "Nothing was rebuilt, because Nexudus does not list all of its records"
_WORDS = "found by its mark when the journal was rebuilt"


@dataclass(frozen=True)
class RebuildRequest:
    """What to rebuild: the records of a type, made by this installation or by another one, which its marks name."""

    settings: Settings
    observer: Observer
    clock: Clock
    kind: RecordType
    installation: str | None = None
    choices: Choices = field(default_factory=Choices)


@dataclass(frozen=True)
class Rebuilt:
    """What became of the journal.

    Attributes:
        run: The run that was made of the records which the journal did not know; None if it knew all of them.
        records: How many these were.
        in_journal: Records of this installation that the journal knew already.
        blocked: Ids of records that may be those of rows without an answer; reconcile settles these rows.
        others: How many records carry marks of other installations, by their names.
        proved: Whether a probe has shown that the service keeps marks, so that creates carry one.
        until: Before when nothing is sent, in epoch seconds.
        report: The report of the run.
        as_created: How many of these records nobody has changed since they were created, so that undo deletes them.
        twins: Ids of records with one and the same mark: one was created, the others are copies. They were left out.
        elsewhere: Whether records that are not listed speak for another location than the one that is listed.
    """

    run: Run | None
    records: int
    in_journal: int
    blocked: tuple[int, ...]
    others: Mapping[str, int]
    proved: bool
    until: float
    report: Report | None = None
    as_created: int = 0
    twins: tuple[tuple[int, ...], ...] = ()
    elsewhere: bool = False

    @property
    def exit_code(self) -> Exit:
        """Usage if there was nothing to rebuild from; doubt if a person has to decide."""
        if self.twins:
            return Exit.IN_DOUBT
        return Exit.DONE if self.records or self.in_journal or self.blocked else Exit.USAGE


async def rebuild_journal(request: RebuildRequest) -> Rebuilt:
    """Add to the journal what the service holds of this installation's and the journal does not know.

    Raises:
        ServiceError: The service does not list all of its records; nothing was changed then.
        BusyError: Another process sends for the account.
    """
    with open_journal(request.settings.journal_place) as journal:
        return await stoppable(_rebuild(journal, request), journal)


async def _rebuild(journal: Journal, request: RebuildRequest) -> Rebuilt:
    settings, kind = request.settings, request.kind
    endpoint = kind.path(settings.endpoint_path)
    async with signed_in(settings, endpoint, journal, request.observer, request.clock) as session:
        with session.exclusive_sender(command="journal --rebuild"):
            return await _add_records(session, endpoint, request)


async def _add_records(session: Session, endpoint: str, request: RebuildRequest) -> Rebuilt:
    # 1. The whole list, or nothing: of half a list, nobody could say what is still missing.
    # 2. What the journal knows stays as it is: records that a row made, and marks of its own rows. A row without an
    #    answer that may be a record's is left to reconcile, which finds the record by its mark if it is the row's.
    # 3. Records with one and the same mark are left out as well: one was created, the others are copies that somebody
    #    made of it, and nobody can say which. An undo of a copy would delete what was never created here.
    # 4. All the rest in one transaction. The time from which the window counts is written down before anything else,
    #    and stays whatever comes of the rest: what was sent last before the journal was lost need not be listed yet.
    journal, kind, asked_at = session.journal, request.kind, session.clock()
    target = journal.runs.target(session.account.service, kind.name)
    journal.evidence.note_rebuilt(target, None, asked_at)
    listing = await _whole_list(session, endpoint, kind)
    journal.evidence.note_rebuilt(target, listing.date, asked_at)
    installation = request.installation or installation_in(session.settings.home)
    carried = marks_on(listing.records)
    marks = {number: text for number, text in carried.items() if installation_of(text) == installation}
    others = Counter(map(installation_of, carried.values()))
    del others[installation]
    missing = _missing(journal, target, listing, marks)
    unanswered = [*journal.rows.in_doubt(target), *journal.rows.in_review(target), *journal.rows.updating(target)]
    blocked = {remote.id for remote in missing if _may_be_one_of(unanswered, remote, kind)}
    twins = _twins(missing, marks)
    left_out = blocked.union(*twins)
    missing = [remote for remote in missing if remote.id not in left_out]
    copy = _list_of(session, kind, missing)
    run, report = None, None
    with journal.together():
        if missing:
            run = _fill(session, _new_run(session, endpoint, request, copy), target, missing, marks)
    if run is not None:
        report = settled_result(journal, run, session.clock()).report
    return Rebuilt(
        run,
        len(missing),
        len(marks) - len(missing) - len(left_out),
        tuple(sorted(blocked)),
        dict(others),
        marks_are_proved(session, kind),
        asked_at + session.settings.settle,
        report,
        sum(map(is_as_created, missing)) if session.probed(kind).changes_are_dated else 0,
        twins,
        bool(journal.rows.unlisted(target, listing.ids)) or marks_are_proved(session, kind),
    )


async def _whole_list(session: Session, endpoint: str, kind: RecordType) -> Listing:
    """Every record with its mark, whatever was deleted while the list was read.

    Raises:
        ServiceError: There is no such list.
    """
    listing = _listed(await list_all_records(session, endpoint, kind))
    for _ in range(_MOST_READINGS):
        # A list of one page shows one moment.
        if listing.pages <= 1:
            break
        second = _listed(await list_all_records(session, endpoint, kind))
        proved, listing = shows_all_of(second, listing), second
        if proved:
            break
    else:
        raise ServiceError(f"{_NOTHING}: records are being deleted while the list is read.", "Try again later.")
    return _listed(await complete(session.service, endpoint, listing, (*kind.fields, FIELD), lambda _: True))


def _listed(listing: Listing) -> Listing:
    if listing.failure:
        raise unlisted(f"{_NOTHING}: {listing.failure}.", listing.remedy)
    return listing


def _missing(journal: Journal, target: int, listing: Listing, marks: Mapping[int, str]) -> list[Remote]:
    """The records of these marks that no row of the journal made, or got the mark for."""
    places = journal.marks.places(marks.values())
    unknown = [r for r in listing.records if r.id in marks and marks[r.id] not in places]
    return [remote for remote in unknown if journal.rows.run_that_made(target, remote.id) is None]


def _twins(missing: Iterable[Remote], marks: Mapping[int, str]) -> tuple[tuple[int, ...], ...]:
    """The Ids of those records that share their mark with another one, by mark."""
    numbers: dict[str, list[int]] = {}
    for remote in missing:
        numbers.setdefault(marks[remote.id], []).append(remote.id)
    return tuple(tuple(same) for same in numbers.values() if len(same) > 1)


def _may_be_one_of(unanswered: Iterable[Intent], remote: Remote, kind: RecordType) -> bool:
    comparer = Comparer(kind)
    return any(comparer.may_be_one(intent.values, remote.values) for intent in unanswered)


def _list_of(session: Session, kind: RecordType, remotes: Sequence[Remote]) -> Path:
    """A file with these records, among the private copies; none is made if there are no records."""
    copy = session.settings.home / "files" / f"{secrets.token_hex(8)}.csv"
    return write_records(table_of(kind, remotes, {}, session.clock()), copy, FileFormat.CSV) if remotes else copy


def _new_run(session: Session, endpoint: str, request: RebuildRequest, copy: Path) -> Run:
    """A run whose file is the list of the records; it has no rows yet."""
    settings, sha256 = session.settings, sha256_of(copy)
    new = NewRun(
        kind=request.kind.name,
        url=settings.url,
        endpoint=endpoint,
        file=_FILE,
        sha256=sha256,
        copy=str(durable_copy(session.journal, copy, sha256)),
        options={"read": {}, "rebuilt": True, DATED: True, **request.choices.options},
        started=session.clock(),
        folder=folder_of(_FILE, None),
    )
    run = add_with_folder(session.journal, new, None)
    account = session.account
    return session.journal.runs.update(run, account=account.key, user=account.user, space=account.space)


def _fill(session: Session, run: Run, target: int, remotes: Sequence[Remote], marks: Mapping[int, str]) -> Run:
    """The run with a row for each record, created, and finished."""
    # As every row: planned, in doubt, found. So the table of states holds for these as well.
    journal, now = session.journal, session.clock()
    records = list(_records(remotes, RECORD_TYPES[run.kind]))
    ids = {record.row: remote.id for record, remote in zip(records, remotes, strict=True)}
    run = journal.rows.plan(run, [(records, (), len(records))], target, now)
    planned = journal.rows.planned(run, 0, len(records))
    journal.rows.move([Change(intent, Event.WILL_SEND) for intent in planned], now)
    journal.marks.add([(marks[ids[intent.row]], run.id, intent.row, 1) for intent in planned])
    # Only of a record that nobody has changed, for an undo to count those that it may delete.
    dates = {remote.id: remote.updated for remote in remotes if is_as_created(remote)}
    changes = [
        Change(i.sent(), Event.FOUND, ids[i.row], message=_WORDS, updated_on=dates.get(ids[i.row])) for i in planned
    ]
    journal.rows.move(changes, now)
    return journal.runs.update(run, stopped=now, finished=now, exit_code=int(Exit.DONE))


def _records(remotes: Iterable[Remote], kind: RecordType) -> Iterable[Record]:
    """Records as rows of a file that has nothing else in it."""
    comparer, repeats = Comparer(kind), Counter[bytes]()
    for row, remote in enumerate(remotes, _FIRST_ROW):
        values = {name: value for name in kind.fields if (value := remote.values.get(name)) not in (None, "")}
        body = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        key = [_of_key(comparer, name, values.get(name)) for name in kind.key]
        # Several of one key: the n-th is the n-th, as in a file that may repeat itself.
        plain = key_digest(kind.name, key, "0")
        digest = key_digest(kind.name, key, f"{repeats[plain]}")
        repeats[plain] += 1
        yield Record(row, body, blake2b(f"{remote.id} {body}".encode(), digest_size=16).digest(), digest)


def _of_key(comparer: Comparer, name: str, value: object) -> object:
    """A value of a key as a row sends it: a whole number as a number, though the service may write it as a text."""
    comparable = comparer.value(name, value)
    return comparable if isinstance(comparable, int | str) else value
