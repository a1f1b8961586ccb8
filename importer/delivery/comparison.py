"""Rows to be sent, compared with what there is: to create, unchanged, changed, ambiguous, or blocked. Pure.

1. A record of the row's key is the row's: unchanged if it agrees in every field that the row gives, else changed.
2. Several records of its key, or one that may be the same mapping under another key, make it ambiguous: only a person
   can tell.
3. A row of another run without an answer blocks every row that may be the same mapping, until it is settled.
4. The user may name other fields by which rows find their records, a "match key". Then the key of the type is one more
   thing that records may have in common: none is created beside one of the row's key, or given another record's key.

What the service holds is what counts, and not what the journal believes. A record that only the journal knows counts
once it has been read by its Id, for a list may lag behind; while it could not be read, a person decides.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from importer.delivery.by_id import Look, Unreadable
from importer.delivery.comparer import Comparer, Key
from importer.delivery.fingerprints import FingerprintComparer
from importer.delivery.listing import Listing, Remote, instant
from importer.journal.rows import Intent
from importer.text import printable, value_words
from schemas import RecordType

MOST_CANDIDATES = 5
"""Records that a sentence names."""

_LONGEST = 300
_QUARTER_HOUR, _DAY = 900.0, 86_400.0
Differences = Mapping[str, tuple[object, object]]
"""By field: the value of the row, and the value of the record."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The record of the row, equal in every field that the row gives."""

    record: int


@dataclass(frozen=True, slots=True)
class Changed:
    """The record of the row, and what differs in it; ``by`` is the match key, if it is not the key of the type."""

    remote: Remote
    differences: Differences
    by: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """The first field that differs."""
        return next(iter(self.differences))


class Reason(StrEnum):
    """Why it is not certain whether a record is a row's."""

    SEVERAL = "several records of the key"
    UNREAD = "not listed and not readable"
    RECORD_LACKS_PART = "the record lacks a part of the key"
    ROW_LACKS_PART = "the row lacks a part of the key"
    ROW_LACKS_MATCH = "the row lacks a field by which it should find its record"
    ALIKE = "alike, with another key"
    OF_ANOTHER_ROW = "named by another row"
    NAMED_IS_GONE = "named by the row, and not there"
    NAMED_IS_ANOTHER = "named by the row, and of another mapping"
    KEY_TAKEN = "another record has the key that the row gives to its own"


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Records of which one may be the row's; ``why`` goes on from their Ids, ``advice`` says how to make it certain.

    ``reason`` is the same for a front end that has words of its own, ``field`` the part of the key that it is about.
    """

    records: tuple[int, ...]
    reason: Reason
    why: str
    advice: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Blocked:
    """A row of another run that got no answer and may be the same mapping."""

    run: int
    row: int


Match = Unchanged | Changed | Ambiguous | Blocked | None
"""What a row is to the service; None if it is to be created."""


_ON_PURPOSE = "--even-if-existing (not with --update or --key)"


@dataclass(frozen=True)
class BesideTheList:
    """What there is besides the list.

    Attributes:
        unanswered: Rows of other runs that got no answer.
        unlisted: Rows whose record the journal knows and the list does not show.
        by_id: What reading those records by their Ids gave, as far as they were asked for.
        of_these_runs: Ids of the records that the runs in question made themselves.
        run_of: The run that made a record, by its Id; None if none of this journal's did.
        named: Ids of the records that rows of the file name: they belong to these rows alone.
    """

    unanswered: Sequence[Intent] = ()
    unlisted: Sequence[Intent] = ()
    by_id: Mapping[int, Look] = field(default_factory=dict)
    of_these_runs: Collection[int] = ()
    run_of: Callable[[int], int | None] = dict[int, int]().get
    named: Collection[int] = ()


class Comparison:
    """What there is, to be asked row by row.

    With ``allow_duplicates`` there is no key: n equal rows are n equal records, each of which is given to one row.
    ``match_key`` are the fields by which rows find their records, if not by the key of their type.
    """

    def __init__(
        self,
        listing: Listing,
        kind: RecordType,
        evidence: BesideTheList,
        *,
        allow_duplicates: bool = False,
        match_key: tuple[str, ...] = (),
    ) -> None:
        """Index everything that there is."""
        self._kind, self._comparer, self._evidence = kind, Comparer(kind), evidence
        self._allow_duplicates = allow_duplicates
        self._match_key = () if set(match_key) == set(kind.key) else match_key
        self._key = self._match_key or kind.key
        self._of_these_runs = frozenset(evidence.of_these_runs)
        self._taken: set[int] = set()
        self._unread: dict[int, str] = {}
        remotes = (*listing.records, *self._read_by_id())
        self._index = _Index(self._comparer, kind, self._key, remotes)
        # By the key of the type, which an update may not give to a second record.
        self._by_type = self._index if not self._match_key else _Index(self._comparer, kind, kind.key, remotes)
        unread = [as_sent(i) for i in evidence.unlisted if i.is_forgotten and i.remote_id in self._unread]
        self._forgotten = self._indexes(FingerprintComparer(kind), unread)
        self._unanswered = [(intent, intent.values) for intent in evidence.unanswered]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to compare with."""
        return self._index.is_empty and not self._unanswered and not self._forgotten

    def match(self, body: str, named_id: int | None = None) -> Match:
        """What the row of this body, which may name a record by its Id, is to the service."""
        # 0. A record that the row names is its record, whatever else may be the same mapping: the row creates none.
        # 1. Before everything else: a record of this row may come into being at any moment.
        # 2. The record of the key. If it is equal nothing is done to it, whatever else may look alike.
        # 3. Records that may be the same mapping under another key. If one is, to create the row would double it; and
        #    of two that may be meant, none must be changed on a guess.
        values = json.loads(body)
        if named_id is not None:
            return self._of_id(body, values, named_id)
        for intent, other in self._unanswered:
            if self._comparer.may_be_one(values, other) or self._is_match(values, other):
                return Blocked(intent.run, intent.row)
        if unread := [remote for index in self._forgotten for remote in index.all(values)]:
            return self._unreadable(unread[0].id)
        exact = self._of_match_key(values)
        if self._allow_duplicates:
            return self._one_of_equals(body, exact)
        return self._in_doubt(values, exact) or self._of_key(body, values, exact)

    def _in_doubt(self, values: Mapping[str, object], exact: Sequence[Remote]) -> Ambiguous | None:
        """Why none of the records of the row's key can be said to be the row's; None if one can, or there is none."""
        if unread := [remote for remote in exact if remote.id in self._unread]:
            return self._unreadable(unread[0].id)
        if taken := [remote for remote in exact if remote.id in self._evidence.named]:
            advice = "Delete one of the two rows, or add the Id of its own record to this one."
            return Ambiguous(
                _ids(taken), Reason.OF_ANOTHER_ROW, "is the record of another row, which has its Id", advice
            )
        if lacking := self._lacking_a_match(values):
            return lacking
        if len(exact) > 1:
            why = f"have the same {listed(self._key)}"
            return Ambiguous(_ids(exact), Reason.SEVERAL, why, self._advice_for_several(exact))
        return None

    def _unreadable(self, number: int) -> Ambiguous:
        why = f"may be this row's, but is not listed and cannot be read: {self._unread[number]}"
        advice = f"Check it in Nexudus. If it is gone, create another one with {_ON_PURPOSE}."
        return Ambiguous((number,), Reason.UNREAD, why, advice)

    def _indexes(self, comparer: Comparer, remotes: Sequence[Remote]) -> list["_Index"]:
        """Records by each key by which a row may find one; none if there is no record."""
        keys = dict.fromkeys((self._key, self._kind.key))
        return [_Index(comparer, self._kind, key, remotes) for key in keys] if remotes else []

    def _of_key(self, body: str, values: Mapping[str, object], exact: Sequence[Remote]) -> Match:
        """What the row is to the only record of its key, or if there is none."""
        differences = self._differences(body, exact[0]) if exact else {}
        if exact and not differences:
            return Unchanged(exact[0].id)
        ambiguous = self._lacking_a_part(values) or self._looking_alike(values)
        if ambiguous or not exact:
            return ambiguous
        return self._taking_a_key(values, exact[0].id, differences) or Changed(exact[0], differences, self._match_key)

    def choices(self, body: str) -> tuple[Unchanged | Changed, ...]:
        """What this row is to each record that a person may name as its own; naming it would make the row certain.

        Left out are those of which naming them settles nothing: of another row, of another mapping, or unreadable.
        """
        values = json.loads(body)
        possible = {remote.id for remote in self._index.all(values)}
        fixed = {*self._unread, *self._evidence.named, *self._of_these_runs}
        matches = [self._of_id(body, values, number) for number in sorted(possible - fixed)]
        return tuple(match for match in matches if not isinstance(match, Ambiguous))

    def record(self, number: int) -> Remote | None:
        """The record of this Id, if it is there."""
        return self._index.of_id(number)

    def unfinished(self, listing: Listing, bodies: Iterable[str]) -> tuple[set[int], set[int]]:
        """Records to be read by Id before these rows can be compared: listed ones that lack members, unlisted ones.

        A member that a list leaves out is not empty, and a record that it leaves out is not gone.
        """
        fields, unlisted = self._kind.fields, self._evidence.unlisted
        lacking = {r.id for r in listing.records if any(name not in r.values for name in fields)}
        sent = [as_sent(intent) for intent in unlisted if not intent.is_forgotten]
        forgotten = [as_sent(intent) for intent in unlisted if intent.is_forgotten]
        incomplete = lacking.intersection(self._evidence.named)
        unread: set[int] = set()
        if not lacking and not unlisted:
            return incomplete, unread
        by_fingerprint = self._indexes(FingerprintComparer(self._kind), forgotten)
        of_journal = [*self._indexes(self._comparer, sent), *by_fingerprint]
        for body in bodies:
            values = json.loads(body)
            for index in (self._index, self._by_type):
                incomplete.update(r.id for r in index.of_key(values) if r.id in lacking)
            unread.update(r.id for index in of_journal for r in index.all(values))
        return incomplete, unread

    def _of_id(self, body: str, values: Mapping[str, object], named_id: int) -> Unchanged | Changed | Ambiguous:
        """What the row is to the record that it names, which was there when the file was checked."""
        remote = self._index.of_id(named_id)
        if remote is None:
            return Ambiguous(
                (named_id,),
                Reason.NAMED_IS_GONE,
                "is not listed any more",
                "Check it in Nexudus, then import the file again.",
            )
        for name in self._kind.key:
            mine, there = (self._comparer.value(name, each.get(name)) for each in (values, remote.values))
            if name in self._kind.references and mine is not None and mine != there:
                advice = "Check it in Nexudus, then import the file again."
                return Ambiguous(
                    (named_id,), Reason.NAMED_IS_ANOTHER, f"has another {name} than this row by now", advice, name
                )
        differences = self._comparer.differences(body, remote)
        if taking := self._taking_a_key(values, named_id, differences):
            return taking
        return Changed(remote, differences) if differences else Unchanged(named_id)

    def _taking_a_key(self, values: Mapping[str, object], record: int, differences: Differences) -> Ambiguous | None:
        """With another key, a record may become a second one of a mapping that has one."""
        others = [one for one in self._by_type.of_key(values) if one.id not in {record, *self._evidence.named}]
        if not others or set(self._kind.key).isdisjoint(differences):
            return None
        advice = "Correct the row, or delete the record that you do not need in Nexudus."
        return Ambiguous(_ids(others), Reason.KEY_TAKEN, "would have the same key as this row", advice)

    def _of_match_key(self, values: Mapping[str, object]) -> list[Remote]:
        """The records of the row's key. Of fields that the user chose, an empty one finds none."""
        if self._match_key and self._comparer.likeness(self._key, values) is None:
            return []
        return self._index.of_key(values)

    def _is_match(self, values: Mapping[str, object], other: Mapping[str, object]) -> bool:
        """Whether a row would find the record of another one by the match key."""
        if not self._match_key:
            return False
        mine = self._comparer.likeness(self._key, values)
        return mine is not None and mine == self._comparer.likeness(self._key, other)

    def _lacking_a_match(self, values: Mapping[str, object]) -> Ambiguous | None:
        """An empty cell cannot find a record, so any that agrees in the rest of the match key may be the row's."""
        # Only of fields that the user chose: of the key of the type, an empty part equals an empty one.
        parts = self._comparer.match_key(self._key, values)
        lacks = [name for name, value in parts if value is None]
        if not self._match_key or not lacks:
            return None
        rest = tuple(part for part in parts if part[1] is not None)
        if not (others := self._of_others(self._index.agreeing(rest))):
            return None
        same = f"has the same {listed(name for name, _ in rest)}" if rest else "exists"
        why = f"{same}, but this row has no {listed(lacks)} to find its record by"
        return Ambiguous(_ids(others), Reason.ROW_LACKS_MATCH, why, f"Enter the {listed(lacks)}.", lacks[0])

    def _advice_for_several(self, remotes: Sequence[Remote]) -> str:
        """What to do about several records of one mapping, which an earlier importer made for each renewal."""
        runs: dict[int, list[str]] = {}
        for remote in remotes[:MOST_CANDIDATES]:
            if (run := self._evidence.run_of(remote.id)) is not None:
                runs.setdefault(run, []).append(str(remote.id))
        made = "; ".join(f"run {run} made {listed(numbers)}" for run, numbers in sorted(runs.items()))
        if not made:
            return "Delete in Nexudus those that you do not need."
        return f"In this journal, {made}. Delete those that you do not need, in Nexudus or by undoing a whole run."

    def _read_by_id(self) -> Iterator[Remote]:
        # Of several rows that made and updated one record, the latest has the values that it should have.
        by_run = sorted(self._evidence.unlisted, key=lambda intent: (intent.run, intent.row))
        rows = {intent.remote_id: intent for intent in by_run}
        for intent in rows.values():
            assert intent.remote_id is not None
            match self._evidence.by_id.get(intent.remote_id):
                case Remote() as remote:
                    yield remote
                case Unreadable(why):
                    # With what was sent: it takes part in the comparison, but nothing is concluded from its values.
                    self._unread[intent.remote_id] = why
                    if not intent.is_forgotten:
                        yield as_sent(intent)

    def _one_of_equals(self, body: str, exact: Sequence[Remote]) -> Match:
        free = [r for r in exact if r.id not in self._taken and r.id not in self._of_these_runs]
        for remote in free:
            if not self._differences(body, remote, whole=True):
                self._taken.add(remote.id)
                return Unchanged(remote.id)
        # The duplicates that are meant are those of the file; a record that others made is an obstacle all the same.
        for remote in free:
            if differences := self._differences(body, remote):
                return Changed(remote, differences)
        return None

    def _differences(self, body: str, remote: Remote, *, whole: bool = False) -> Differences:
        """In what a record differs from a row: in the fields that the row gives, or in its ``whole`` body."""
        differences = dict(self._comparer.differences(body, remote))
        if whole:
            sent = json.loads(body)
            extra = {name: remote.values.get(name) for name in self._kind.fields if name not in sent}
            differences |= {name: (None, value) for name, value in extra.items() if value not in (None, "")}
        # The parts of a key may be spelt differently, which does not make another mapping.
        values = json.loads(body)
        return {
            name: pair
            for name, pair in differences.items()
            if name not in self._kind.key
            or self._comparer.match_key((name,), values) != self._comparer.match_key((name,), remote.values)
        }

    def _lacking_a_part(self, values: Mapping[str, object]) -> Ambiguous | None:
        for name, filled, remotes in self._index.lacking_a_part(values):
            if others := self._of_others(remotes):
                same = listed([part for part in self._key if part != name])
                lacks = "the record has" if filled else "this row has"
                why = f"may be the same {self._kind.title}: {same} are the same, but {lacks} no {name}"
                reason = Reason.RECORD_LACKS_PART if filled else Reason.ROW_LACKS_PART
                return Ambiguous(_ids(others), reason, why, f"Enter the {name} in both.", name)
        return None

    def _looking_alike(self, values: Mapping[str, object]) -> Ambiguous | None:
        mine = dict(self._comparer.match_key(self._key, values))
        for names, remotes in (*self._index.alike(values), *self._of_the_types_key(values)):
            if others := self._of_others(remotes):
                there = self._comparer.match_key(self._key, others[0].values)
                name = next(part for part, value in there if value != mine[part])
                same = f"its {listed(names)} {'is' if len(names) == 1 else 'are'} the same"
                why = f"may be the same {self._kind.title}: {same}, but its {name} is different"
                advice = f"Correct the row or the record. To create another record on purpose: {_ON_PURPOSE}."
                return Ambiguous(_ids(others), Reason.ALIKE, why, advice, name)
        return None

    def _of_the_types_key(self, values: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], list[Remote]]]:
        """The records with the key of the type, which the match key does not find, and those that lack a part of it."""
        if not self._match_key:
            return
        exact = {remote.id for remote in self._index.of_key(values)}
        yield self._kind.key, [remote for remote in self._by_type.of_key(values) if remote.id not in exact]
        for name, _, remotes in self._by_type.lacking_a_part(values):
            names = tuple(part for part in self._kind.key if part != name)
            yield names, [remote for remote in remotes if remote.id not in exact]

    def _of_others(self, remotes: Iterable[Remote]) -> list[Remote]:
        # The author of the file saw all of its rows; that another one of them was created is no surprise.
        return [remote for remote in remotes if remote.id not in self._of_these_runs]


def goes_back(match: Changed) -> bool:
    """Whether one of the row's dates is earlier than its record's: another sheet may be newer than this one."""
    return any(date_goes_back(mine, there) for mine, there in match.differences.values())


def date_goes_back(mine: object, there: object) -> bool:
    """Whether both values are dates, and the row's is earlier than the record's."""
    new, old = instant(mine), instant(there)
    return new is not None and old is not None and new < old


def shift_of(match: Changed) -> float | None:
    """By how many seconds all of a row's times differ from its record's, if nothing else does; None if it is not so.

    A whole number of quarter-hours below a day, as two time zones differ: probably the file was read in another one.
    """
    shifts = set()
    for mine, there in match.differences.values():
        one, other = instant(mine), instant(there)
        if one is None or other is None:
            return None
        shifts.add(one - other)
    [shift, *more] = shifts
    return shift if not more and shift % _QUARTER_HOUR == 0 and abs(shift) < _DAY else None


class _Index:
    """Records by their key, by the key without each of its parts, and by what makes them look alike."""

    def __init__(self, comparer: Comparer, kind: RecordType, key: tuple[str, ...], remotes: Iterable[Remote]) -> None:
        self._kind, self._comparer, self._key = kind, comparer, key
        self._exact: dict[Key, list[Remote]] = {}
        self._without: dict[tuple[str, bool, Key], list[Remote]] = {}
        self._alike: dict[Key, list[Remote]] = {}
        self._by_id: dict[int, Remote] = {}
        self._by_names: dict[tuple[str, ...], dict[Key, list[Remote]]] = {}
        for remote in remotes:
            self._add(remote)

    @property
    def is_empty(self) -> bool:
        """Whether there is no record."""
        return not self._exact

    def of_key(self, values: Mapping[str, object]) -> list[Remote]:
        """The records with the key of these values, an empty part being equal to an empty one."""
        return self._exact.get(self._comparer.match_key(self._key, values), [])

    def of_id(self, number: int) -> Remote | None:
        """The record of this Id."""
        return self._by_id.get(number)

    def agreeing(self, parts: Key) -> list[Remote]:
        """The records that have these values, whatever else they have."""
        names = tuple(name for name, _ in parts)
        if names not in self._by_names:
            # For each set of fields once: there are as many as there are ways in which rows lack fields.
            by_names: dict[Key, list[Remote]] = {}
            self._by_names[names] = by_names
            for remote in self._by_id.values():
                by_names.setdefault(self._comparer.match_key(names, remote.values), []).append(remote)
        return self._by_names[names].get(parts, [])

    def lacking_a_part(self, values: Mapping[str, object]) -> Iterator[tuple[str, bool, list[Remote]]]:
        """For each part of the key whether these values have it, and the records that differ only in not having it."""
        # One part at a time: with two parts missing, a key resembles half of the list and would hold everything back.
        for name, value, others in self._parts(values):
            if all(part is None for _, part in others):
                continue
            yield name, value is not None, self._without.get((name, value is not None, others), [])

    def alike(self, values: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], list[Remote]]]:
        """For each declared set of fields the records that agree in it and have another key."""
        exact = {remote.id for remote in self.of_key(values)}
        for names, likeness in self._comparer.likenesses(values):
            remotes = [] if likeness is None else self._alike.get(likeness, [])
            yield names, [remote for remote in remotes if remote.id not in exact]

    def all(self, values: Mapping[str, object]) -> Iterator[Remote]:
        """Every record that may be the same mapping as these values."""
        yield from self.of_key(values)
        for _, _, remotes in self.lacking_a_part(values):
            yield from remotes
        for _, remotes in self.alike(values):
            yield from remotes

    def _add(self, remote: Remote) -> None:
        self._by_id[remote.id] = remote
        self._exact.setdefault(self._comparer.match_key(self._key, remote.values), []).append(remote)
        for name, value, others in self._parts(remote.values):
            # Rows with this part look among records without it, and the other way round.
            self._without.setdefault((name, value is None, others), []).append(remote)
        for _, likeness in self._comparer.likenesses(remote.values):
            if likeness is not None:
                self._alike.setdefault(likeness, []).append(remote)

    def _parts(self, values: Mapping[str, object]) -> Iterator[tuple[str, object, Key]]:
        key = self._comparer.match_key(self._key, values)
        for name, value in key:
            yield name, value, tuple(part for part in key if part[0] != name)


def why_held(match: Changed | Ambiguous, kind: RecordType, *, may_update: bool = False) -> str:
    """Why a row is not sent, and what to do about it.

    ``may_update`` tells that the import updates records; then this one was not in the plan that the user agreed to.
    """
    if isinstance(match, Ambiguous):
        some = ", ".join(map(str, match.records[:MOST_CANDIDATES]))
        more = f" and {len(match.records) - MOST_CANDIDATES:,} more" if len(match.records) > MOST_CANDIDATES else ""
        which = f"Record{'s' * (len(match.records) > 1)} {some}{more} {match.why}"
        return f"{which}. Not sent. {match.advice} Or enter the Id of its record in failed.xlsx."
    values = "; ".join(
        f"{name} is {value_words(there)} there and {value_words(mine)} in this row"
        for name, (mine, there) in match.differences.items()
    )
    by_id = not match.by and not set(kind.key).isdisjoint(match.differences)
    same = "Id of this row" if by_id else f"same {listed(match.by or kind.key)}"
    same = f"Record {match.remote.id} has the {same}, but other values"
    why = "the record was changed after the plan was made" if may_update else "this import does not update records"
    return f"{same}: {printable(values, _LONGEST)}. Not sent, because {why}."


def listed(names: Iterable[object]) -> str:
    """Some names as a list in a sentence."""
    *most, last = map(str, names)
    return f"{', '.join(most)} and {last}" if most else last


def _ids(remotes: Iterable[Remote]) -> tuple[int, ...]:
    return tuple(remote.id for remote in remotes)


def as_sent(intent: Intent) -> Remote:
    """The record of a row as it was sent, or as it is remembered."""
    assert intent.remote_id is not None
    return Remote(intent.remote_id, intent.values, None, None, "")
