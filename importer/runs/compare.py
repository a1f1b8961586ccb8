"""Gathers what the rows of a file, or of a run, are compared with: the list, the journal, and single records."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from importer.delivery.by_id import Gone, Look, Unreadable, read_record
from importer.delivery.comparison import BesideTheList, Changed, Comparison, as_sent
from importer.delivery.listing import Listing, Remote, complete, list_records
from importer.delivery.reconciler import strays
from importer.errors import ServiceError, UnlistedError
from importer.journal.next_steps import StepKind
from importer.journal.rows import Intent
from importer.journal.runs import Run
from importer.journal.states import State
from importer.model import Record
from importer.runs.request import Choices
from importer.runs.session import Session
from schemas import RecordType, Reference

MOST_STRAYS = 10
"""Records without a row that are named; the list has all."""

_ASK = "Ask the person who looks after the importer on this computer."
_ADVICE: Mapping[StepKind | None, tuple[str, str]] = {
    StepKind.GET_PERMISSION: (
        "Have your user given a role in Nexudus that may see these records.",
        "Ask an administrator of the space to let you see these records.",
    ),
    StepKind.CHECK_ADDRESS: (
        "Check NEXUDUS_URL, because calls are redirected.",
        f"The address of Nexudus may be set wrongly. {_ASK}",
    ),
    StepKind.CHECK_NETWORK: (
        "Find out what answers in the place of Nexudus, for example a firewall, a proxy or a maintenance page.",
        "Something else answers in the place of Nexudus, for example a firewall. Try again later.",
    ),
    StepKind.CHECK_PATH: (
        "Check the path of these records (IMPORTER_ENDPOINT_PATH).",
        f"The path of these records may be set wrongly. {_ASK}",
    ),
}
"""What to do where there is no list, by its remedy, on terminal and page; without one, it may come by itself."""

_NO_WITNESS = "not one record of this journal is found, as if another location were chosen in Nexudus"


async def list_all_records(
    session: Session, endpoint: str, kind: RecordType, match_key: tuple[str, ...] = ()
) -> Listing:
    """All records of a type that the service holds, each with what may make it a row's; or why they are not known."""
    listing = await list_records(session.service, endpoint)
    names = dict.fromkeys((*kind.key, *match_key, *(name for alike in kind.lookalikes for name in alike)))
    listing = await complete(session.service, endpoint, listing, names, lambda _: True)
    if not listing.failure and not listing.by_count:
        counted = "does not say how many records there are" if listing.total is None else f"counts {listing.total:,}"
        session.observer.say(
            f"Nexudus lists {len(listing.records):,} records but {counted}. "
            "The list was read twice, with the same result."
        )
    return listing


async def compare(
    session: Session,
    endpoint: str,
    kind: RecordType,
    bodies: Callable[[], Iterable[str]],
    choices: Choices,
    *,
    run: Run | None = None,
    listing: Listing | None = None,
    named: Collection[int] = (),
) -> Comparison:
    """What the service and the journal hold, for rows to be compared with.

    ``bodies`` gives the rows of a run, or of a file that is yet to become one; it is asked for them only if one of them
    may be a record that has to be read by its Id. ``named`` are the records that rows name by their Ids.

    Raises:
        UnlistedError: The service does not list its records, and without a list nothing may be sent.
    """
    # 1. The list, whole; or, if the user makes do with it, what the journal believes.
    # 2. What the list cannot show: rows of other runs without an answer, and records that it may leave out.
    # 3. Single records, as few as will do: those that may be a row's and are not listed, or not with all members.
    journal = session.journal
    target = journal.runs.target(session.account.service, kind.name)
    listing = listing if listing is not None else await list_all_records(session, endpoint, kind, choices.key)
    refuse_without_list(listing, without_list=choices.without_list)
    if listing.failure:
        session.observer.say(f"Existing records are known from the journal only: {listing.failure}.")
        session.observer.say(
            "Until Nexudus shows its records to this user, records that were created in another way can be created a "
            "second time, rows without an answer stay in doubt, and reconcile, verify and undo are not possible."
        )
        # Of a forgotten row, the journal no longer knows what was sent: its record is read by its Id.
        believed = [intent for intent in journal.rows.unlisted(target, ()) if not intent.is_forgotten]
        listing = Listing(tuple(map(as_sent, believed)))
    elif run is None:
        # A run says so at its end.
        for sentence in strays(listing, journal, target, kind)[:MOST_STRAYS]:
            session.observer.say(sentence)
    evidence = replace(_evidence(session, target, listing, run), named=frozenset(named))

    def among(listing: Listing, evidence: BesideTheList) -> Comparison:
        return Comparison(listing, kind, evidence, allow_duplicates=choices.allow_duplicates, match_key=choices.key)

    comparison = among(listing, evidence)
    incomplete, unread = comparison.unfinished(listing, bodies())
    if not incomplete and not unread:
        return comparison
    listing = await complete(session.service, endpoint, listing, kind.fields, lambda remote: remote.id in incomplete)
    refuse_without_list(listing, without_list=False)
    evidence = replace(evidence, by_id=await _read(session, endpoint, kind, unread))
    evidence = await _with_witnesses(session, kind, evidence, listing)
    if missing := _long_missing(evidence, listing, session.settings.settle):
        refuse_without_list(Listing(failure=f"its list leaves out record {missing}, which exists"), without_list=False)
    return among(listing, evidence)


def changes_a_key(comparison: Comparison, rows: Iterable[Record | Intent], kind: RecordType) -> bool:
    """Whether one of these rows gives its record another key; then another record may have that one already."""
    matches = (comparison.match(row.body, row.named_id) for row in rows)
    return any(isinstance(match, Changed) and not set(kind.key).isdisjoint(match.differences) for match in matches)


def compare_named(kind: RecordType, listing: Listing, named: Collection[int]) -> Comparison:
    """The same for rows that all name their record: a list of these records alone will do, for none can be created."""
    return Comparison(listing, kind, BesideTheList(named=frozenset(named)))


def refuse_without_list(listing: Listing, *, without_list: bool) -> None:
    """Raise UnlistedError if rows would be sent that nothing but the journal has been compared with."""
    if listing.failure and not without_list:
        advice, on_page = _advice(listing.remedy)
        raise UnlistedError(
            f"No row was sent, because Nexudus does not list its records: {listing.failure}.",
            f"{advice} To send anyway, add --without-list: rows are then compared with the journal only, and "
            "records that were created in another way could exist twice.",
            listing.failure,
            on_page=on_page,
            remedy=listing.remedy,
        )


def unlisted(message: str, remedy: StepKind | None) -> ServiceError:
    """The error of a command that cannot do without the list; its advice follows from what came instead."""
    advice, on_page = _advice(remedy)
    return ServiceError(message, advice, on_page=on_page)


def _advice(remedy: StepKind | None) -> tuple[str, str]:
    return _ADVICE.get(remedy, ("Try again later.",) * 2)


def lineage(session: Session, run: Run) -> set[int]:
    """A run, the run whose rows it retries, and so on: the rows of all of them come from one file."""
    numbers = {run.id}
    while run.parent is not None:
        run = session.journal.runs.get(run.parent)
        numbers.add(run.id)
    return numbers


def _evidence(session: Session, target: int, listing: Listing, run: Run | None) -> BesideTheList:
    journal = session.journal
    runs = lineage(session, run) if run is not None else set()
    unanswered = [
        *journal.rows.in_doubt(target),
        *journal.rows.in_review(target),
        *journal.rows.updating(target),
    ]
    of_these_runs = (
        intent.remote_id
        for number in runs
        for intent in journal.rows.all(journal.runs.get(number), State.CREATED, State.EXISTING, State.REMOVING)
    )
    return BesideTheList(
        unanswered=[intent for intent in unanswered if intent.run not in runs],
        unlisted=journal.rows.unlisted(target, listing.ids),
        of_these_runs=frozenset(number for number in of_these_runs if number is not None),
        run_of=lambda number: journal.rows.run_that_made(target, number),
    )


async def _read(session: Session, endpoint: str, kind: RecordType, numbers: Iterable[int]) -> dict[int, Look]:
    return {
        number: read_record(await session.service.get(endpoint, number), number, kind) for number in sorted(numbers)
    }


async def _with_witnesses(
    session: Session, kind: RecordType, evidence: BesideTheList, listing: Listing
) -> BesideTheList:
    """The same without a "not found" that another location would have answered as well."""
    # Which records a user sees depends on the location that is chosen in Nexudus. If this importer made records and not
    # one of them is there, that is the likelier reason; to create them all again would double every one of them. That
    # the record's own resource can be read is a witness too: then its records could be.
    target = session.journal.runs.target(session.account.service, kind.name)
    by_id = dict(evidence.by_id)
    if session.journal.rows.known_ids(target, list(listing.ids)) or any(isinstance(v, Remote) for v in by_id.values()):
        return evidence
    reference = kind.references.get(kind.location)
    for intent in evidence.unlisted:
        if intent.remote_id is not None and isinstance(by_id.get(intent.remote_id), Gone):
            resource = intent.values.get(kind.location)
            if reference is None or not await _is_there(session, reference, resource):
                by_id[intent.remote_id] = Unreadable(_NO_WITNESS)
    return replace(evidence, by_id=by_id)


def _long_missing(evidence: BesideTheList, listing: Listing, window: float) -> int | None:
    """A record that exists and that the list should show by now: a list that lacks it may lack others, too."""
    for number, there in evidence.by_id.items():
        made = there.created if isinstance(there, Remote) else None
        if made is not None and listing.date is not None and listing.date - made > window:
            return number
    return None


async def _is_there(session: Session, reference: Reference, number: object) -> bool:
    if not isinstance(number, int):
        return False
    reply = await session.service.get(reference.path, number)
    return reply.status_in(200) and isinstance(reply.json, dict) and reply.json.get("Id") == number
