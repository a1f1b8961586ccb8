"""What comes before the first call of a run: doubts settled, and each planned row compared with what the service holds.

One list answers both, and says which rows exist already, which records are updated, and which rows are held.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from importer.delivery.comparison import Ambiguous, Blocked, Changed, Comparison, Match, Unchanged, why_held
from importer.delivery.conflicts import Conflict, HoldReason, conflict_of
from importer.delivery.listing import Listing, Remote, shows_all_of
from importer.delivery.reconciler import strays, window_left
from importer.delivery.sender import Compared
from importer.delivery.updates import ENTERED_BY_ANYBODY, is_as_agreed
from importer.errors import ServiceError
from importer.journal.journal import Journal
from importer.journal.rows import Change, Intent
from importer.journal.runs import Run
from importer.journal.states import Event, State
from importer.nexudus.waits import pause
from importer.runs.compare import (
    MOST_STRAYS,
    changes_a_key,
    compare,
    compare_named,
    list_all_records,
    refuse_without_list,
)
from importer.runs.locations import hidden_location
from importer.runs.named_records import list_named
from importer.runs.reconcile import MOST_READINGS, settle_by_mark, settle_doubts
from importer.runs.request import Choices
from importer.runs.session import Session
from importer.text import moment, printable
from schemas import RECORD_TYPES, RecordType

_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Beforehand:
    """What was seen before the first call: sentences about records that no row explains, and the comparison.

    ``updates`` are the records to update, by the row that has their new values.
    """

    strays: Sequence[str] = ()
    compared: Compared = field(default_factory=Compared)
    updates: Mapping[int, Remote] = field(default_factory=dict)


async def settle_before(session: Session, run: Run, choices: Choices) -> Beforehand:
    """Settle what an earlier process left in doubt, and leave out rows whose record exists, or may exist, already.

    Raises:
        ServiceError: The service does not list its records, and without a list nothing may be sent.
    """
    # After a rebuild the list that counts is one from after the window. But a run with nothing to send need not wait.
    if await _left_after_rebuild(session, run) > 0:
        before = await _settled_before(session, run, choices)
        if not session.journal.rows.counts(run).get(State.PLANNED):
            return before
        await _wait_after_rebuild(session, run)
    return await _settled_before(session, run, choices)


async def _settled_before(session: Session, run: Run, choices: Choices) -> Beforehand:
    # One list for three questions. Doubts first: once a row is settled, the comparison that follows sees its record as
    # what it is. And what is listed before the first call cannot be the effect of one.
    journal, kind = session.journal, RECORD_TYPES[run.kind]
    assert run.target is not None
    # Before the list is asked for: a record that another user's run creates from now on may not be in it, so the claim
    # on it must hold.
    claims = journal.rows.claims_on_planned(run)
    comparison, listing, unexplained = await _compared_before(session, run, choices)
    if comparison is None:
        return Beforehand(unexplained)
    blocked: set[int] = set()
    resources: set[object] = set()
    updates: dict[int, Remote] = {}
    # Also where there is nothing to compare with: a location that is not shown looks like an empty one.
    for page in _pages(journal.rows.all(run, State.PLANNED)):
        matches = [(intent, comparison.match(intent.body, intent.named_id)) for intent in page]
        blocked.update(intent.row for intent, match in matches if isinstance(match, Blocked))
        resources.update(intent.values.get(kind.location) for intent, match in matches if match is None)
        # A planned row has a record only if the user has agreed to update that one. Whatever else differs is held.
        updates |= {
            intent.row: match.remote
            for intent, match in matches
            if isinstance(match, Changed) and is_as_agreed(intent, match, kind)
        }
        changes = [
            change
            for intent, match in matches
            if intent.row not in updates
            and (change := _change_without_a_call(intent, match, kind, choices)) is not None
        ]
        journal.rows.move(changes, session.clock())
    if not choices.without_list:
        await _refuse_hidden_location(session, kind, resources)
    # Without a list the journal alone decides, and every claim holds.
    ended = frozenset[tuple[int, int]]() if listing.failure else claims
    return Beforehand(unexplained, Compared(ended, frozenset(blocked)), updates)


async def _wait_after_rebuild(session: Session, run: Run) -> None:
    """Wait until nothing of what a lost journal had sent can take effect any more, by both clocks."""
    announced = False
    while (left := await _left_after_rebuild(session, run)) > 0:
        if not announced:
            now = session.clock()
            ready = moment(now + left, now)
            session.observer.say(
                f"Nothing is sent before {ready}: the journal was rebuilt, and what was sent before it was lost may "
                "still take effect. Press Ctrl-C to stop, and continue later."
            )
            announced = True
        await pause(left)


async def _left_after_rebuild(session: Session, run: Run) -> float:
    """In how many seconds the window after a rebuild is over, by both clocks; 0 if it is, or without a rebuild."""
    assert run.target is not None
    evidence = session.journal.evidence
    if (look := evidence.rebuilt(run.target)) is None:
        return 0.0
    asked_at = session.clock()
    reply = await session.service.page(run.endpoint, page=1, size=1)
    left = window_left(look, reply.clock, asked_at, session.settings.settle)
    if left <= 0:
        evidence.forget_rebuilt(run.target)
    return left


async def _compared_before(
    session: Session, run: Run, choices: Choices
) -> tuple[Comparison | None, Listing, Sequence[str]]:
    """What the planned rows are compared with, the list that it is from, and sentences about records without a row.

    Nothing is compared for a run that creates further records.
    """
    journal, kind, asked_at = session.journal, RECORD_TYPES[run.kind], session.clock()
    assert run.target is not None
    if named := _named_by_all(journal, run):
        await settle_doubts(session, run)
        listing = await list_named(session, run.endpoint, kind, named)
        of_named = compare_named(kind, listing, named)
        if not changes_a_key(of_named, journal.rows.all(run, State.PLANNED), kind):
            return of_named, listing, ()
    listing = await list_all_records(session, run.endpoint, kind, choices.key)
    refuse_without_list(listing, without_list=choices.without_list)
    await settle_doubts(session, run, listing, asked_at)
    listing = await settle_by_mark(session, run, listing)
    unexplained = strays(listing, journal, run.target, kind)[:MOST_STRAYS]
    comparison = None
    if not choices.even_if_existing:
        comparison, listing = await _compared_with_all(session, run, choices, listing)
    # What is listed before the window after a rebuild is over need not be all that the lost journal had sent.
    if not listing.failure and journal.evidence.rebuilt(run.target) is None:
        journal.evidence.note_listed(run.id, listing.ids)
    return comparison, listing, unexplained


def _named_by_all(journal: Journal, run: Run) -> frozenset[int]:
    """The records that the planned rows name, if each row names one and nothing else is to be looked for; else none."""
    assert run.target is not None
    named = journal.rows.named_ids(run)
    if len(named) != journal.rows.counts(run).get(State.PLANNED, 0) or journal.evidence.had_doubts(run.id):
        return frozenset()
    return named if not journal.rows.in_doubt(run.target) and not journal.rows.in_review(run.target) else frozenset()


async def _refuse_hidden_location(session: Session, kind: RecordType, resources: set[object]) -> None:
    """Raise ServiceError if a row would be created in a location of which Nexudus shows nothing to this user."""
    if location := await hidden_location(session, kind, resources):
        raise ServiceError(
            f"No row was sent, because Nexudus shows you nothing of {printable(location)}, where some rows belong. So "
            "nobody can tell what exists there.",
            "Choose that location in Nexudus, then try again. To send anyway, add --without-list: records that exist "
            "there could then exist twice.",
            on_page="Choose that location in Nexudus, then try again.",
        )


async def _compared_with_all(
    session: Session, run: Run, choices: Choices, listing: Listing
) -> tuple[Comparison, Listing]:
    """What the planned rows are compared with, whatever was deleted while the list was read; and that list.

    Raises:
        ServiceError: There is no such list.
    """
    # To create a row is to believe that its record is absent. Of a list of one page that is seen at once; from a longer
    # one a record may be missing that a deletion moved to a page that had been read, which only a second list shows.
    kind = RECORD_TYPES[run.kind]

    def bodies() -> Iterator[str]:
        return (intent.body for intent in session.journal.rows.all(run, State.PLANNED))

    named = session.journal.rows.named_ids(run)

    async def compared() -> Comparison:
        return await compare(session, run.endpoint, kind, bodies, choices, run=run, listing=listing, named=named)

    def creates_nothing(comparison: Comparison) -> bool:
        planned = session.journal.rows.all(run, State.PLANNED)
        return all(comparison.match(intent.body, intent.named_id) is not None for intent in planned)

    for _ in range(MOST_READINGS):
        comparison = await compared()
        if listing.failure or listing.pages <= 1:
            return comparison, listing
        if creates_nothing(comparison):
            return await compared(), listing
        second = await list_all_records(session, run.endpoint, kind, choices.key)
        refuse_without_list(second, without_list=False)
        proved, listing = shows_all_of(second, listing), second
        if proved:
            return await compared(), listing
    raise ServiceError("No row was sent, because records are being deleted while the list is read.", "Try again later.")


def _change_without_a_call(intent: Intent, match: Match, kind: RecordType, choices: Choices) -> Change | None:
    """What becomes of a planned row by its comparison alone; None if it is to be sent, or waits for another row."""
    match match:
        case Unchanged(record):
            sentence = ENTERED_BY_ANYBODY if intent.attempts else "the record was in Nexudus before this run"
            return Change(intent, Event.KNOWN, remote_id=record, message=sentence)
        case Changed() | Ambiguous():
            sentence = why_held(match, kind, may_update=choices.update)
            conflict = conflict_of(match, may_update=choices.update).document
            return Change(intent, Event.DIFFERS, field=match.field, message=sentence, conflict=conflict)
        case None if intent.remote_id is not None:
            # Planned as an update. To create another one instead is more than the user was asked.
            sentence = f"Record {intent.remote_id} was deleted in Nexudus after the plan was made. Not sent."
            conflict = Conflict(HoldReason.DELETED_SINCE, (intent.remote_id,)).document
            return Change(intent, Event.DIFFERS, message=sentence, conflict=conflict)
    # Blocked rows stay planned: they are sent once the row that they wait for is settled, if it has no record then.
    return None


def _pages(intents: Iterable[Intent]) -> Iterator[list[Intent]]:
    rest = iter(intents)
    while page := list(islice(rest, _PAGE)):
        yield page
