"""Rows to be sent, compared with what the service and the journal hold: existing, in conflict, or still to create.

1. A record that equals the row in every field is the row's; each such record is given to one row only.
2. A record of the same key with other values means that the mapping exists: another one would be there twice.
3. A record whose key differs only in that one side of it is empty may be the same mapping: only a person can tell.

Keys and fields are compared as ``Comparer`` has them. A record that the list shows counts with what is listed there,
one that the journal alone knows with what was sent.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from importer.delivery.listing import Comparer, Key, Listing, Remote
from importer.delivery.reconciler import RemoteIndex
from importer.journal.journal import Journal
from importer.journal.rows import Intent
from importer.text import printable, value_words
from schemas import RecordType

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a row is not sent: what is there already, in a sentence, and the first field in which the two differ."""

    sentence: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class _Present:
    """A record that exists, or may exist if it has no Id; ``claimant`` is the journal's row for it."""

    id: int | None
    values: Mapping[str, object]
    claimant: Intent | None

    def __str__(self) -> str:
        """The record as the beginning of a sentence."""
        if self.id is not None:
            return f"Record {self.id}"
        assert self.claimant is not None
        return f"Row {self.claimant.row} of run {self.claimant.run}, which got no answer,"


class Comparison:
    """What must not be created again for the rows of one run; ``runs`` are that run and those that it retries.

    With ``allow_duplicates`` rows of these runs may have one key.
    """

    def __init__(
        self,
        listing: Listing,
        journal: Journal,
        target: int,
        kind: RecordType,
        *,
        runs: Collection[int] = (),
        allow_duplicates: bool = False,
    ) -> None:
        """Index what is there by its key, and by each part of the key without the others."""
        self._kind, self._comparer, self._runs = kind, Comparer(kind), frozenset(runs)
        self._allow_duplicates = allow_duplicates
        self._on_service = RemoteIndex(listing, journal, target, kind)
        self._exact: dict[Key, list[_Present]] = {}
        self._without: dict[tuple[str, bool, Key], list[_Present]] = {}
        for present in _everything(listing, journal, target):
            self._add(present)

    def __bool__(self) -> bool:
        """Whether there is anything to compare with."""
        return bool(self._on_service or self._exact)

    def claim(self, body: str) -> Remote | Conflict | None:
        """The record that is this row's, why the row may not be sent, or None if it is to be created."""
        # 1. A record that no row has, equal in every sent field: it is this row's, and is not given a second time.
        # 2. A record of the same key. Equal but for the spelling of the key, it is the row's too. Otherwise the mapping
        #    exists with other values, and the one thing that must not happen is to create it beside that one.
        # 3. A row of an earlier run without an answer: its record may exist, so it counts like one that does.
        # 4. A key that differs only in an empty part. Empty may mean "not entered" as well as "none", and no rule of
        #    the service is known that would refuse the second record; so a person decides.
        # With ``allow_duplicates`` rows of this run are no obstacle to each other, but what others made still is.
        if remote := self._on_service.claim(body):
            return remote
        values = json.loads(body)
        key = self._comparer.match_key(self._kind.key, values)
        alike = [present for present in self._exact.get(key, ()) if not self._may_share_key(present)]
        equal = [present for present in alike if present.id is not None and not self._differences(body, present)]
        if equal and not self._allow_duplicates:
            return _as_remote(equal[0])
        for present in alike:
            if differences := self._differences(body, present):
                return self._differs(present, differences)
            if present.id is None:
                return Conflict(f"{present} has the same values, and its record may exist. {_SETTLE_FIRST}")
        return self._ambiguous(key)

    def _may_share_key(self, present: _Present) -> bool:
        return self._allow_duplicates and self._is_of_this_run(present)

    def _is_of_this_run(self, present: _Present) -> bool:
        return present.claimant is not None and present.claimant.run in self._runs

    def _differences(self, body: str, present: _Present) -> dict[str, tuple[object, object]]:
        # Only the fields outside the key: its parts may be spelt differently, which does not make another mapping.
        differences = self._comparer.differences(body, Remote(present.id or 0, present.values, None, None, ""))
        return {name: pair for name, pair in differences.items() if name not in self._kind.key}

    def _differs(self, present: _Present, differences: Mapping[str, tuple[object, object]]) -> Conflict:
        values = "; ".join(
            f"{name} is {value_words(there)} there and {value_words(mine)} in this row"
            for name, (mine, there) in differences.items()
        )
        same = _listed(self._kind.key)
        advice = "Change that record in Nexudus instead." if present.id is not None else _SETTLE_FIRST
        sentence = f"{present} has the same {same}, but other values: {printable(values, _LONGEST)}. Not sent. {advice}"
        return Conflict(sentence, next(iter(differences)))

    def _ambiguous(self, key: Key) -> Conflict | None:
        # One part at a time: with two parts missing, a key resembles half of the list and would hold everything back.
        for name, value in key:
            others = tuple(part for part in key if part[0] != name)
            for present in self._without.get((name, value is not None, others), ()):
                # The author of the file saw both of its rows; that the other one was created is no surprise.
                if not self._is_of_this_run(present):
                    same = _listed([part for part, _ in others])
                    lacks = "it" if value is not None else "this row"
                    doubt = f"{present} has the same {same} and may be the same record, but {lacks} has no {name}."
                    return Conflict(f"{doubt} Not sent. Enter the {name} in both.", str(name))
        return None

    def _add(self, present: _Present) -> None:
        key = self._comparer.match_key(self._kind.key, present.values)
        self._exact.setdefault(key, []).append(present)
        for name, value in key:
            others = tuple(part for part in key if part[0] != name)
            # Rows with this part look among records without it, and the other way round.
            self._without.setdefault((str(name), value is None, others), []).append(present)


_SETTLE_FIRST = "Settle that row first, then import this one again."


def _everything(listing: Listing, journal: Journal, target: int) -> Iterator[_Present]:
    # Everything that is listed, and what only the journal knows of: a record that has just been created may not be
    # listed yet, and one that was sent without an answer may never have been.
    claimants = {intent.remote_id: intent for intent in journal.rows.claimants(target) if intent.remote_id is not None}
    listed = set()
    for remote in listing.records:
        listed.add(remote.id)
        claimant = claimants.get(remote.id)
        # A list that leaves a member out does not say that it is empty: lists are a reduced projection, and only GET by
        # Id gives all members (Nexudus' skill pages, read 2026-11-23). So what was sent stands in for it.
        sent = json.loads(claimant.body) if claimant is not None else {}
        yield _Present(remote.id, {**sent, **remote.values}, claimant)
    for intent in journal.rows.claimants(target):
        if intent.remote_id not in listed:
            yield _Present(intent.remote_id, json.loads(intent.body), intent)


def _as_remote(present: _Present) -> Remote:
    assert present.id is not None
    return Remote(present.id, present.values, None, None, "")


def _listed(names: Collection[object]) -> str:
    *most, last = map(str, names)
    return f"{', '.join(most)} and {last}" if most else last
