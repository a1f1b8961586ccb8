"""What a run created, compared with a list of what there is: a table, and what holds for every list."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.kit import KIND, body
from importer.delivery.by_id import Gone, Look, Unreadable
from importer.delivery.listing import Listing, Remote, changed_since, to_remote
from importer.delivery.verification import Verified, needs_a_look, verify
from importer.journal.rows import Intent
from importer.journal.states import State
from importer.model import Presence

MORNING, LATER = "2027-01-01T08:00:00Z", "2027-01-01T09:30:00Z"


def row(number: int, remote_id: int, **changes: object) -> Intent:
    """A row that was created with this Id."""
    return Intent(1, number, b"x" * 16, body(number, **changes), State.CREATED, remote_id=remote_id)


def there(record_id: int, number: int, *, updated: str | None = MORNING, **changes: object) -> Remote:
    """A record that equals a row but for the changes."""
    fields = json.loads(body(number)) | {"Id": record_id, "CreatedOn": MORNING, "UpdatedOn": updated} | changes
    remote = to_remote(fields)
    assert remote is not None
    return remote


def verified(*rows: Intent, records: list[Remote], looks: Mapping[int, Look] | None = None) -> list[Verified]:
    """What each row is told; a record that the list lacks is gone, unless a look says something else."""
    listing = Listing(tuple(records))
    gone: dict[int, Look] = dict.fromkeys(needs_a_look(rows, listing, KIND), Gone())
    return list(verify(rows, listing, KIND, {**gone, **(looks or {})}))


@pytest.mark.parametrize(
    ("records", "presence", "detail"),
    [
        ([there(7, 2)], Presence.ONCE, ""),
        ([there(7, 2, updated=LATER)], Presence.ONCE, ""),
        ([], Presence.ABSENT, "the service no longer has it"),
        ([there(8, 2)], Presence.ABSENT, "the service no longer has it"),
        ([there(7, 2, Name="Other")], Presence.DIFFERS, "Name was sent as Room 2 and is Other"),
        ([there(7, 2, Name="Other", updated=LATER)], Presence.CHANGED, "Name was sent as Room 2 and is Other"),
        # Without dates nobody says that it was changed since; with one of them neither.
        ([there(7, 2, Name="Other", updated=None)], Presence.DIFFERS, "Name was sent as Room 2 and is Other"),
        ([there(7, 2, Name="Other", CreatedOn=None)], Presence.DIFFERS, "Name was sent as Room 2 and is Other"),
        ([there(7, 2), there(9, 2)], Presence.TWICE, "also as record 9"),
        ([there(7, 2), there(9, 2), there(8, 2)], Presence.TWICE, "also as record 9, 8"),
        ([there(7, 2), there(9, 2, CalendarId="another")], Presence.ONCE, ""),
        # What is there counts before what is there besides.
        ([there(7, 2, Name="Other"), there(9, 2)], Presence.DIFFERS, "Name was sent as Room 2 and is Other"),
    ],
)
def test_what_a_list_says_of_a_row(records: list[Remote], presence: Presence, detail: str) -> None:
    """One line for each thing that can be found."""
    assert verified(row(2, 7), records=records) == [Verified(2, 7, presence, detail)]


def test_every_field_that_differs_is_told() -> None:
    """In the order in which they were sent."""
    [told] = verified(row(2, 7), records=[there(7, 2, CalendarId="k", Name=None)])
    assert told.detail == "Name was sent as Room 2 and is empty; CalendarId was sent as c2 and is k"


def test_equal_rows_of_a_run_are_not_each_others_doubles() -> None:
    """Whoever allowed duplicates has as many records as rows; one more than that is too many for each of them."""
    rows = [row(2, 7), row(2, 8)]
    assert [v.presence for v in verified(*rows, records=[there(7, 2), there(8, 2)])] == [Presence.ONCE] * 2
    more = [there(7, 2), there(8, 2), there(9, 2)]
    assert [v.presence for v in verified(*rows, records=more)] == [Presence.TWICE] * 2


def test_rows_that_sent_other_fields_are_compared_by_their_own() -> None:
    """What a row found existing and does not say is no difference."""
    short = Intent(1, 3, b"x" * 16, '{"ResourceId":1003,"CoworkerId":2003}', State.EXISTING, remote_id=8)
    told = verified(row(2, 7), short, records=[there(7, 2), there(8, 3), there(9, 3, Name="Another")])
    assert [v.presence for v in told] == [Presence.ONCE, Presence.TWICE]


@pytest.mark.parametrize("state", [State.CREATED, State.REMOVING])
@pytest.mark.parametrize(
    ("value", "differs"), [("by hand", True), ("  ", True), (None, False), ("", False), (7, True), (["x"], True)]
)
def test_what_was_not_sent_was_created_empty(state: State, value: object, differs: bool) -> None:
    """A value in such a field is somebody's, whether or not a date says when."""
    sent = {name: value for name, value in json.loads(body(2)).items() if name != "SubscriptionId"}
    intent = Intent(1, 2, b"x" * 16, json.dumps(sent), state, remote_id=7)
    remote = there(7, 2, SubscriptionId=value, CreatedOn=None, updated=None)
    [told] = verified(intent, records=[remote], looks={7: remote})
    assert told.presence is (Presence.DIFFERS if differs else Presence.ONCE)
    assert ("SubscriptionId" in told.detail) is differs


def test_a_record_that_could_not_be_looked_at_is_called_neither_there_nor_gone() -> None:
    """What came is the detail; a row that nobody asked about says so as well."""
    rows = [row(2, 7), row(3, 8)]
    listing = Listing((there(9, 3),))
    assert needs_a_look(rows, listing, KIND) == [7, 8]
    told = list(verify(rows, listing, KIND, {7: Unreadable("a web page came")}))
    assert [(v.presence, v.detail) for v in told] == [
        (Presence.UNREAD, "a web page came"),
        (Presence.UNREAD, "the service does not list it"),
    ]


@pytest.mark.parametrize(
    "odd", [{"Name": ["Room 2"]}, {"Name": {}}, {"SubscriptionExpireDate": "soon"}, {"ResourceId": True}]
)
def test_a_listed_record_that_cannot_be_compared_is_looked_at(odd: dict[str, Any]) -> None:
    """It is neither equal nor different; read by Id, it is what that answer says."""
    listing = Listing((there(7, 2, **odd),))
    assert needs_a_look([row(2, 7)], listing, KIND) == [7]
    assert verified(row(2, 7), records=list(listing.records), looks={7: there(7, 2)})[0].presence is Presence.ONCE


@pytest.mark.parametrize(
    ("created", "updated", "changed"),
    [
        (MORNING, MORNING, False),
        (MORNING, "2027-01-01T08:00:02Z", False),
        (MORNING, "2027-01-01T08:00:03Z", True),
        (LATER, MORNING, False),
        (None, LATER, False),
        (MORNING, None, False),
        (None, None, False),
        (MORNING, "soon", False),
    ],
)
def test_when_somebody_changed_it_is_the_services_word(created: str | None, updated: str | None, changed: bool) -> None:
    """A moment passes while it is created; without both dates nothing is claimed."""
    remote = to_remote({"Id": 7, "CreatedOn": created, "UpdatedOn": updated})
    assert remote is not None
    assert changed_since(remote) is changed


KINDS = st.sampled_from(["once", "gone", "edited", "doubled"])


@given(st.lists(KINDS, max_size=12), st.randoms(use_true_random=False))
def test_each_row_is_told_once_and_by_its_own_record(fates: list[str], dice: object) -> None:
    """In the order of the rows, whatever the order of the list and whatever became of the others."""
    rows = [row(number, 100 + number) for number in range(len(fates))]
    records = []
    for number, fate in enumerate(fates):
        records += (
            [] if fate == "gone" else [there(100 + number, number, **({"Name": "x"} if fate == "edited" else {}))]
        )
        records += [there(900 + number, number)] if fate == "doubled" else []
    getattr(dice, "shuffle")(records)  # noqa: B009
    expected = {"once": Presence.ONCE, "gone": Presence.ABSENT, "edited": Presence.DIFFERS, "doubled": Presence.TWICE}
    assert [(v.row, v.presence) for v in verified(*rows, records=records)] == [
        (number, expected[fate]) for number, fate in enumerate(fates)
    ]
