"""Rows in doubt settled by a whole list of what the service holds.

First the mark, where creates carry one: a record that carries the mark of a row's attempt is the row's, whatever
somebody has made of its values since. A mark that is not there proves nothing; then there are two questions and two
rules. *Which record is the effect of a call that was never answered?* One that equals the row in its whole body, unsent
fields being empty, that no other row has, that carries no other attempt's mark, and that was not listed before the run
sent anything. *Does the row's mapping exist all the same?* A record that shares its key, or may share it, goes to a
person. Found is believed at once; absent only after the visibility window, and by ``shows_all_of`` (see the caller).
"""

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

from importer.delivery.comparer import Comparer, Key, by_key
from importer.delivery.listing import Listing, Remote, changed_since
from importer.delivery.marks import mark_on, marks_on
from importer.journal.evidence import FirstSearch
from importer.journal.journal import Journal
from importer.journal.marks import Place
from importer.journal.next_steps import StepKind
from importer.journal.rows import Change, Intent
from importer.journal.states import UNANSWERED, Event, State
from importer.text import printable, value_words
from schemas import RecordType

MOST_CREATE_RESENDS = 3
"""How often a row that was proved absent is sent again before a person must look."""

_NOT_AT_ITS_END = (State.PLANNED, *UNANSWERED)
_DATE_STEP = 1.0
"""Seconds by which two Date headers may be further apart than the answers were: they show whole seconds (RFC 9110)."""


@dataclass
class Settled:
    """The result of one look: the changes to make, and the rows that were sent too recently to judge.

    ``waits`` says of each of those in how many seconds it can be judged. ``strays`` are sentences about records that
    look like ours and that no row explains. ``remedy`` is what a person has to do before there can be a look, if it
    failed.
    """

    changes: list[Change] = field(default_factory=list)
    waits: dict[Intent, float] = field(default_factory=dict)
    failure: str = ""
    strays: list[str] = field(default_factory=list)
    remedy: StepKind | None = None

    @property
    def too_recent(self) -> list[Intent]:
        """The rows that cannot be judged yet."""
        return list(self.waits)

    def count(self, event: Event) -> int:
        """How many of the changes are this event."""
        return sum(change.event is event for change in self.changes)

    def beside(self, other: "Settled") -> "Settled":
        """Both together."""
        failure = self.failure or other.failure
        remedy = self.remedy or other.remedy
        return Settled([*other.changes, *self.changes], other.waits | self.waits, failure, self.strays, remedy)

    def of_runs(self, runs: Container[int]) -> "Settled":
        """The same for the rows of these runs alone; the rest is left to whoever is sending them."""
        changes = [change for change in self.changes if change.intent.run in runs]
        waits = {intent: seconds for intent, seconds in self.waits.items() if intent.run in runs}
        return Settled(changes, waits, self.failure, self.strays, self.remedy)

    def without_absent(self, failure: str) -> "Settled":
        """The same without what was concluded from a record's absence, and why it may not be concluded."""
        others = [change for change in self.changes if change.event is not Event.ABSENT]
        waits = self.waits | {change.intent: 0.0 for change in self.changes if change.event is Event.ABSENT}
        return Settled(others, waits, failure, self.strays)


def settle(
    doubtful: Sequence[Intent],
    listing: Listing,
    journal: Journal,
    target: int,
    kind: RecordType,
    *,
    user: str,
    asked_at: float,
    window: float,
) -> Settled:
    """What has become of these rows by a listing that was begun at ``asked_at`` (epoch seconds).

    ``window`` is the visibility window in seconds. Reads the journal, and notes in it which rows were looked for first.
    """
    # 1. Without a list nothing is believed: that a record was not seen says nothing where nobody could look.
    # 2. Records that a row of the journal has, and those that were listed before the run sent anything, are left out.
    #    The latter needs no clock: what was there before cannot be the effect of a call that was made after.
    # 3. A record with the mark of a row's attempt is the row's. One with any other mark is not, but may be of the same
    #    mapping. Everything else goes by values, as if there were no marks.
    # 4. Rows are compared with the rest by their whole bodies. That is an equivalence, so equal rows and equal records
    #    are interchangeable, and are paired by age. More records than rows means that somebody made one: a person
    #    decides, because to call it ours would leave our own, if it comes, unnoticed.
    # 5. A row without an equal may still have become a record that the service or a colleague has changed since. A
    #    record that may have the row's key goes to a person, or the row would be sent again beside it.
    # 6. Only then is it absent, and only if the list was *begun* after the window, by both clocks. By the time of
    #    judging, an effect that came while the list was read would be missed, and doubled.
    # 7. A list without any record proves nothing, and a row that was absent too often goes to a person: something takes
    #    it each time, and it may be the list.
    if listing.failure:
        return Settled(waits=dict.fromkeys(doubtful, 0.0), failure=listing.failure, remedy=listing.remedy)
    comparer, settled = Comparer(kind), Settled()
    of_journal = _ids_of_rows(journal, target, doubtful, listing)
    searches = journal.evidence.first_searches(doubtful, listing.date, asked_at)
    carried = marks_on(listing.records)
    taken = _by_mark(doubtful, carried, journal, settled)
    done = {change.intent for change in settled.changes}
    doubtful = [intent for intent in doubtful if intent not in done]
    unmatched: list[tuple[Intent, list[Remote]]] = []
    for run in sorted({intent.run for intent in doubtful}):
        before = journal.evidence.listed_before(run) or frozenset()
        free = [r for r in listing.records if r.id not in of_journal and r.id not in before and r.id not in taken]
        records = by_key(comparer, kind.fields, [remote for remote in free if remote.id not in carried])
        for key, same in _by_body(comparer, kind, [intent for intent in doubtful if intent.run == run]).items():
            candidates = records.get(key, [])
            taken.update(remote.id for remote in candidates)
            unmatched += [(intent, free) for intent in _pair(same, candidates, user, settled)]
    for intent, free in unmatched:
        leftover = [remote for remote in free if remote.id not in taken]
        left = seconds_left(intent, searches[intent], listing.date, asked_at, window)
        _judge_absent(intent, leftover, listing, comparer, left, settled)
    return settled


def _by_mark(doubtful: Sequence[Intent], carried: Mapping[int, str], journal: Journal, settled: Settled) -> set[int]:
    """Give each row the record that carries the mark of one of its attempts, and say which records these are."""
    # Also one of an earlier attempt, which came after it had been believed absent: the row has a record then.
    records = _records_by_row(carried, journal)
    taken: set[int] = set()
    for intent in doubtful:
        numbers = records.get((intent.run, intent.row), [])
        taken.update(numbers)
        if len(numbers) == 1:
            settled.changes.append(Change(intent, Event.FOUND, remote_id=numbers[0]))
        elif numbers:
            named = " and ".join(map(str, numbers[:5]))
            sentence = f"Records {named} were all created for this row. Decide in Nexudus which to keep."
            settled.changes.append(Change(intent, Event.UNCLEAR, message=sentence))
    return taken


def _records_by_row(carried: Mapping[int, str], journal: Journal) -> dict[Place, list[int]]:
    """The records that carry a mark of a row, by the row, each oldest first."""
    places = journal.marks.places(carried.values()) if carried else {}
    records: dict[Place, list[int]] = {}
    for number, text in carried.items():
        if text in places:
            records.setdefault(places[text], []).append(number)
    return records


def _ids_of_rows(journal: Journal, target: int, doubtful: Sequence[Intent], listing: Listing) -> set[int]:
    """The listed records that a row has: created by one, or existing for one of the same run."""
    ids = journal.rows.known_ids(target, [remote.id for remote in listing.records])
    for number in {intent.run for intent in doubtful}:
        # A record answers for one row of a run: the one that was there already is not what another row was sent for.
        existing = journal.rows.all(journal.runs.get(number), State.EXISTING)
        ids |= {intent.remote_id for intent in existing if intent.remote_id is not None}
    return ids


def is_foreign(remote: Remote, user: str) -> bool:
    """Whether a record is certainly not this user's: another one made it, and nobody has edited it since.

    One that a colleague has edited may be the user's own: ``UpdatedBy`` names the latest editor.
    """
    return bool(user and remote.by) and remote.by != user and remote.created is not None and not changed_since(remote)


def _pair(same: list[Intent], candidates: list[Remote], user: str, settled: Settled) -> list[Intent]:
    """Give equal rows their records, oldest to oldest; the rows that are left without one come back."""
    if len(candidates) > len(same) or any(is_foreign(remote, user) for remote in candidates):
        named = ", ".join(f"{r.id} (edited by {printable(r.by) or 'an unknown user'})" for r in candidates[:5])
        sentence = (
            f"Equal records exist, but it is not certain which is this row's: {named}. Decide in Nexudus which to keep."
        )
        settled.changes += [Change(intent, Event.UNCLEAR, message=sentence) for intent in same]
        return []
    for intent, remote in zip(same, candidates, strict=False):
        settled.changes.append(Change(intent, Event.FOUND, remote_id=remote.id))
    return same[len(candidates) :]


def _judge_absent(
    intent: Intent,
    leftover: Sequence[Remote],
    listing: Listing,
    comparer: Comparer,
    left: float,
    settled: Settled,
) -> None:
    alike = [remote for remote in leftover if comparer.may_be_one(intent.values, remote.values)]
    if maybe_own := [remote for remote in alike if not mark_on(remote)]:
        there = comparer.differences(intent.body, maybe_own[0])
        values = "; ".join(
            f"{name} was sent as {value_words(sent)} and is {value_words(value)}"
            for name, (sent, value) in there.items()
        )
        differs = f", but differs: {printable(values, 300)}" if there else " and has values that were not sent"
        sentence = f"Record {maybe_own[0].id} may be this row's{differs}. Check it in Nexudus."
        settled.changes.append(Change(intent, Event.UNCLEAR, message=sentence))
    elif alike:
        sentence = (
            f"Record {alike[0].id} may be for the same mapping, but was not created for this row. Check it in Nexudus."
        )
        settled.changes.append(Change(intent, Event.UNCLEAR, message=sentence))
    elif left > 0:
        settled.waits[intent] = left
    elif not listing.records:
        sentence = (
            "Nexudus lists no records at all, which does not prove that none was created. Look for it in Nexudus."
        )
        settled.changes.append(Change(intent, Event.UNCLEAR, message=sentence))
    elif intent.resends >= MOST_CREATE_RESENDS:
        sentence = f"Sent {intent.resends + 1} times, but no record was created. Create it in Nexudus."
        settled.changes.append(Change(intent, Event.UNCLEAR, message=sentence))
    else:
        settled.changes.append(Change(intent, Event.ABSENT))


def seconds_left(intent: Intent, search: FirstSearch, date: float | None, asked_at: float, window: float) -> float:
    """In how many seconds the window of a row's call is over: ``window_left`` since the row was sent."""
    return window_left(search, date, asked_at, window, began=intent.sent_at)


def window_left(
    search: FirstSearch, date: float | None, asked_at: float, window: float, *, began: float | None = None
) -> float:
    """In how many seconds the window is over by both clocks; a clock that was set back since is not listened to.

    It counts from the first search, on this machine's clock from ``began`` if that is known. ``date`` is the service's
    clock when the answer came that was asked for at ``asked_at``, None if it has none.
    """
    # This machine's counts from the send, the service's from the first answer that was looked at after it. Were only
    # one of them asked, a clock that is put right in between would end the window too soon, or never.
    elapsed = [asked_at - (search.local_time if date is None else began or search.local_time)]
    if date is not None and search.service_time is not None:
        # Whole seconds on both sides; without a window there is nothing to be exact about.
        elapsed.append(date - search.service_time - (_DATE_STEP if window else 0.0))
    forwards = [seconds for seconds in elapsed if seconds >= -_DATE_STEP]
    return max(window - min(forwards), 0.0) if forwards else window


def settle_reviews(
    reviews: Sequence[Intent],
    listing: Listing,
    journal: Journal,
    target: int,
    kind: RecordType,
    *,
    user: str,
    asked_at: float,
    window: float,
) -> list[Change]:
    """The rows in review of which a listing that was begun at ``asked_at`` shows exactly one record, of no other row.

    It is the row's own if it carries the mark of the row's attempt, or if it passes every test that a row in doubt has:
    not listed before the run, equal in its whole body, with no other mark, and not certain to be a colleague's.
    Otherwise, if it has the values that the row gives, the mapping exists, and the row needs nothing more; but an undo
    must not delete what was not created for it. That is believed only after the window, for the row's own record may
    still come.
    """
    if listing.failure or not reviews:
        return []
    comparer = Comparer(kind)
    taken = _ids_of_rows(journal, target, reviews, listing)
    searches = journal.evidence.first_searches(reviews, listing.date, asked_at)
    carried = marks_on(listing.records)
    of_row = _records_by_row(carried, journal)
    changes = []
    for intent in reviews:
        numbers = of_row.get((intent.run, intent.row), [])
        if len(numbers) == 1 and numbers[0] not in taken:
            changes.append(Change(intent, Event.FOUND, remote_id=numbers[0]))
            taken.add(numbers[0])
        if numbers:
            continue
        alike = [remote for remote in listing.records if comparer.may_be_one(intent.values, remote.values)]
        if len(alike) != 1 or alike[0].id in taken:
            continue
        [remote] = alike
        before = journal.evidence.listed_before(intent.run) or frozenset()
        equal = comparer.key(kind.fields, intent.values) == comparer.key(kind.fields, remote.values)
        if equal and remote.id not in before and remote.id not in carried and not is_foreign(remote, user):
            changes.append(Change(intent, Event.FOUND, remote_id=remote.id))
        elif not comparer.differences(intent.body, remote) and not seconds_left(
            intent, searches[intent], listing.date, asked_at, window
        ):
            sentence = "the record is in Nexudus, but was not created for this row"
            changes.append(Change(intent, Event.KNOWN, remote_id=remote.id, message=sentence))
        else:
            continue
        taken.add(remote.id)
    return changes


def created_all_the_same(
    refused: Sequence[Intent], listing: Listing, journal: Journal, target: int, kind: RecordType, *, user: str
) -> dict[Intent, int]:
    """The rows whose create was refused and whose record a listing shows that was begun right after: the record's Id.

    By the same tests as for a row in doubt: the mark; or equal in its whole body, without any mark, not listed before
    the run, and of no other row.
    """
    if listing.failure or not refused:
        return {}
    comparer, records_of = Comparer(kind), dict[Intent, int]()
    of_journal = _ids_of_rows(journal, target, refused, listing)
    carried = marks_on(listing.records)
    of_row = _records_by_row(carried, journal)
    marked = {intent: of_row[place] for intent in refused if (place := (intent.run, intent.row)) in of_row}
    records_of |= {
        intent: numbers[0] for intent, numbers in marked.items() if len(numbers) == 1 and numbers[0] not in of_journal
    }
    refused, of_journal = [intent for intent in refused if intent not in marked], of_journal.union(carried)
    # A row without an answer, or one of another user that has been sent since, may have the record instead.
    claims = journal.rows.claims(target, [intent.key for intent in refused])
    for run in {intent.run for intent in refused}:
        if (before := journal.evidence.listed_before(run)) is None:
            continue
        records = by_key(
            comparer, kind.fields, [r for r in listing.records if r.id not in of_journal and r.id not in before]
        )
        rows = [intent for intent in refused if intent.run == run and intent.key not in claims]
        for key, same in _by_body(comparer, kind, rows).items():
            candidates = records.get(key, [])
            # More of them than rows: somebody else has made one, and nobody can say which.
            if len(candidates) <= len(same) and not any(is_foreign(remote, user) for remote in candidates):
                records_of |= {intent: remote.id for intent, remote in zip(same, candidates, strict=False)}
    return records_of


def refused_by_mark(listing: Listing, journal: Journal, target: int) -> dict[Intent, int]:
    """The rows of any run whose create had no effect by the service's word, and whose mark a record carries: its Id."""
    if listing.failure:
        return {}
    rows: dict[Intent, int] = {}
    for (run, row), numbers in _records_by_row(_unexplained_marks(listing, journal, target), journal).items():
        intent = journal.rows.get(run, row)
        if intent is None or intent.remote_id is not None or len(numbers) != 1:
            continue
        if intent.state is State.REJECTED or (intent.state is State.PLANNED and intent.attempts):
            rows[intent] = numbers[0]
    return rows


def found_after_all(intent: Intent, number: int) -> list[Change]:
    """What gives a record to a row that its create had no effect for by the service's word."""
    # A row that was planned again goes the way of every row.
    if intent.state is not State.PLANNED:
        return [Change(intent, Event.FOUND, remote_id=number)]
    begun = replace(intent, state=State.IN_DOUBT, attempts=intent.attempts + 1)
    return [Change(intent, Event.WILL_SEND), Change(begun, Event.FOUND, remote_id=number)]


def _unexplained_marks(listing: Listing, journal: Journal, target: int) -> dict[int, str]:
    """The marks of those listed records that no row has, by their Ids."""
    carried = marks_on(listing.records)
    taken = journal.rows.known_ids(target, list(carried))
    return {number: text for number, text in carried.items() if number not in taken}


def strays(listing: Listing, journal: Journal, target: int, kind: RecordType) -> list[str]:
    """Sentences about records that no row explains: with the mark of a row that does not have them, or with its key.

    Those of a key are of a row that has another record, or got no answer once, and came after the row's run had begun.
    Such a record may be the late effect of a call that was believed lost, or a colleague's: a person decides.
    """
    if listing.failure:
        return []
    comparer, sentences = Comparer(kind), []
    of_mark = _strays_by_mark(listing, journal, target)
    before: dict[int, frozenset[int] | None] = {}
    # Forgotten rows have no key to find a record by; their marks still explain theirs.
    intents = [*journal.evidence.without_record(target), *(i for i in journal.rows.claimants(target) if i.remote_id)]
    rows = {comparer.match_key(kind.key, i.values): i for i in intents if not i.is_forgotten}
    ids = journal.rows.known_ids(target, [remote.id for remote in listing.records]) if rows else set()
    for remote in listing.records:
        if remote.id in of_mark:
            sentences.append(of_mark[remote.id])
            continue
        intent = rows.get(comparer.match_key(kind.key, remote.values))
        if intent is None or remote.id in ids or remote.id == intent.remote_id:
            continue
        # Deleted and made again by hand, it is the only one there is; if the list only lags, a later one shows both.
        if intent.remote_id is not None and intent.remote_id not in listing.ids:
            continue
        if intent.run not in before:
            before[intent.run] = journal.evidence.listed_before(intent.run)
        listed = before[intent.run]
        if listed is not None and remote.id not in listed:
            sentences.append(_stray(remote, intent, kind))
    return sentences


def _strays_by_mark(listing: Listing, journal: Journal, target: int) -> dict[int, str]:
    """A sentence for each record that carries the mark of a row which has come to an end without it."""
    sentences: dict[int, str] = {}
    unexplained = _unexplained_marks(listing, journal, target)
    for (run, row), numbers in _records_by_row(unexplained, journal).items():
        intent = journal.rows.get(run, row)
        # What is not at its end is settled, or compared with this very list.
        if intent is None or intent.state in _NOT_AT_ITS_END:
            continue
        for number in numbers:
            if number != intent.remote_id:
                other = f", whose record is {intent.remote_id}" if intent.remote_id else ", which has no record"
                sentences[number] = (
                    f"Record {number} was created for row {row} of run {run}{other}. "
                    "In Nexudus, delete it if you do not need it."
                )
    return sentences


def _stray(remote: Remote, intent: Intent, kind: RecordType) -> str:
    same = f"Record {remote.id} has the same {', '.join(kind.key)} as"
    row = f"row {intent.row} of run {intent.run}"
    if intent.remote_id is None:
        return f"{same} {row}, which got no answer at first. In Nexudus, delete it if you do not need it."
    return f"{same} record {intent.remote_id} ({row}). In Nexudus, delete the one you do not need."


def _by_body(comparer: Comparer, kind: RecordType, intents: Sequence[Intent]) -> dict[Key, list[Intent]]:
    groups: dict[Key, list[Intent]] = {}
    for intent in intents:
        groups.setdefault(comparer.key(kind.fields, json.loads(intent.body)), []).append(intent)
    return groups
