"""What an update writes, when it may leave, and what one without an answer has come to: tables and properties."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.kit import KIND, body
from importer.delivery.by_id import Gone, Look, Unreadable
from importer.delivery.comparer import Comparer
from importer.delivery.listing import Remote, to_remote
from importer.delivery.updates import (
    MOST_UPDATE_RESENDS,
    before_of,
    body_of,
    instead_of_an_update,
    is_as_it_was,
    own_stamp,
    settled,
    values_before,
)
from importer.journal.rows import Intent
from importer.journal.states import Event, State

OLD, NEW, OTHER = "2031-01-01T00:00:00Z", "2031-02-01T00:00:00Z", "2031-09-01T00:00:00Z"
COMPARER = Comparer(KIND)
US, COLLEAGUE = "ops@example.com", "colleague@example.com"


def remote(date: str = OLD, **changes: object) -> Remote:
    """Record 7, as the service gives it."""
    stamps = {"Id": 7, "CreatedOn": OLD, "UpdatedOn": "2026-11-26T09:00:00Z", "UpdatedBy": US}
    made = to_remote({**json.loads(body(2, SubscriptionExpireDate=date)), "SystemId": "x", **stamps, **changes})
    assert made is not None
    return made


def intent(before: Remote | None = None, attempts: int = 1, **values: object) -> Intent:
    """A row that gives its key and a new date, on its way."""
    mine = {name: json.loads(body(2))[name] for name in KIND.key} | {"SubscriptionExpireDate": NEW} | values
    before = before or remote()
    return Intent(
        1, 2, b"x" * 16, json.dumps(mine), State.UPDATING, attempts, remote_id=7, before=before_of(before), sent_at=1.0
    )


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
MEMBERS = st.dictionaries(st.sampled_from([*KIND.fields, "SystemId", "UniqueId", "Custom", "CreatedOn"]), VALUES)


@given(there=MEMBERS, given_values=st.dictionaries(st.sampled_from(KIND.fields), VALUES))
def test_a_body_touches_nothing_that_the_row_does_not_give(there: dict[str, Any], given_values: dict[str, Any]) -> None:
    """Every other member is written back as it was read; what the service stamps is not; values of a row are there."""
    record = Remote(7, {**there, "Id": 7}, None, None, "")
    written = json.loads(body_of(record, given_values, COMPARER))
    assert written["Id"] == 7
    assert "CreatedOn" not in written
    for name, value in there.items():
        if name not in given_values and name != "CreatedOn":
            assert written[name] == value
    for name, value in given_values.items():
        assert COMPARER.value(name, written.get(name)) == COMPARER.value(name, value)
    assert written.keys() <= {*there, *given_values, "Id"}


@given(there=MEMBERS, given_values=st.dictionaries(st.sampled_from(KIND.fields), VALUES))
def test_to_put_back_what_stood_there_gives_the_record_as_it_was(
    there: dict[str, Any], given_values: dict[str, Any]
) -> None:
    """An update and its undo leave every field as it was compared before."""
    record = Remote(7, {**there, "Id": 7}, None, None, "")
    row = Intent(1, 2, b"", json.dumps(given_values), State.UPDATED, remote_id=7, before=before_of(record))
    updated = Remote(7, json.loads(body_of(record, given_values, COMPARER)), None, None, "")
    restored = json.loads(body_of(updated, values_before(row), COMPARER))
    assert COMPARER.key(KIND.fields, restored) == COMPARER.key(KIND.fields, there)


@pytest.mark.parametrize(
    ("there", "spelt"),
    [
        ({"Name": "Room 2 "}, {"Name": "Room 2"}),
        ({"SubscriptionExpireDate": "2031-01-01T00:00:00"}, {"SubscriptionExpireDate": OLD}),
        ({"ResourceId": "1002"}, {"ResourceId": 1002}),
    ],
)
def test_an_equal_value_stays_as_the_record_spells_it(there: dict[str, Any], spelt: dict[str, Any]) -> None:
    """To spell it otherwise is a change that nobody asked for."""
    written = json.loads(body_of(remote(**there), spelt, COMPARER))
    assert {name: written[name] for name in there} == there


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2026-11-26T09:00:00Z", "2026-11-26T09:00:00", True),
        ("2026-11-26T09:00:00Z", "2026-11-26T09:00:00.1234567Z", True),
        ("2026-11-26T09:00:00Z", "2026-11-26T10:00:00+01:00", True),
        ("2026-11-26T09:00:00Z", "2026-11-26T09:00:01Z", False),
        ("2026-11-26T09:00:00Z", None, True),
        (None, None, True),
        ("2026-11-26T09:00:00Z", "yesterday", True),
    ],
)
def test_a_record_is_as_it_was_by_its_fields_and_its_last_change(
    one: str | None, other: str | None, same: bool
) -> None:
    """Spellings of one moment are one moment; a moment that is missing leaves it to the fields."""
    assert is_as_it_was(remote(UpdatedOn=one), remote(UpdatedOn=other), COMPARER) is same
    assert is_as_it_was(remote(UpdatedOn=other), remote(UpdatedOn=one), COMPARER) is same
    assert not is_as_it_was(remote(UpdatedOn=one, Name="Theirs"), remote(UpdatedOn=other), COMPARER)


LATER = "2026-11-26T09:30:00Z"


@pytest.mark.parametrize(
    ("there", "event", "sentence"),
    [
        (remote(), None, ""),
        (remote(UpdatedOn="2026-11-26T09:00:00.5"), None, ""),
        (Gone(), Event.DIFFERS, "was deleted in Nexudus"),
        (remote(NEW, UpdatedOn=LATER), Event.KNOWN, "somebody else has entered these values"),
        (remote(OTHER, UpdatedOn=LATER, UpdatedBy=COLLEAGUE), Event.DIFFERS, f"by {COLLEAGUE} after"),
        (remote(UpdatedOn=LATER), Event.DIFFERS, "was changed in Nexudus"),
        (remote(Name="Theirs"), Event.DIFFERS, "was changed in Nexudus"),
    ],
)
def test_only_a_record_as_it_was_compared_is_updated(there: Remote | Gone, event: Event | None, sentence: str) -> None:
    """Anything else ends the row, and says why."""
    change = instead_of_an_update(intent(attempts=0), there, remote(), KIND)
    assert (change.event if change else None) is event
    assert sentence in ((change.message or "") if change else "")


def test_of_a_row_that_was_sent_before_nobody_says_that_somebody_else_entered_its_values() -> None:
    """By the service's word it had no effect then, which may not have been true."""
    change = instead_of_an_update(intent(attempts=1), remote(NEW, UpdatedOn=LATER), remote(), KIND)
    assert change is not None
    assert change.event is Event.KNOWN
    assert "whether this row or somebody else entered them is not known" in (change.message or "")


@pytest.mark.parametrize(
    ("there", "left", "event"),
    [
        (remote(NEW, UpdatedOn=LATER), 900.0, Event.APPLIED),
        (remote(NEW, UpdatedOn=LATER, UpdatedBy=COLLEAGUE), 900.0, Event.APPLIED),
        (remote(NEW, UpdatedOn=LATER, Name="Theirs"), 0.0, Event.APPLIED),
        (remote(), 1.0, None),
        (remote(), 0.0, Event.ABSENT),
        (remote(UpdatedOn=None), 0.0, Event.OVERTAKEN),
        (remote(UpdatedOn=LATER), 1.0, None),
        (remote(UpdatedOn=LATER), 0.0, Event.OVERTAKEN),
        (remote(OTHER, UpdatedOn=LATER), 0.0, Event.OVERTAKEN),
        (remote(OTHER), 0.0, Event.OVERTAKEN),
        (Gone(), 1.0, None),
        (Gone(), 0.0, Event.OVERTAKEN),
        (Unreadable("a web page came"), 0.0, None),
    ],
)
def test_what_has_become_of_an_update_without_an_answer(there: Look, left: float, event: Event | None) -> None:
    """The row's values are believed at once; that it had no effect only after the window, and with UpdatedOn."""
    change = settled(intent(), there, left, KIND, US)
    assert (change.event if change else None) is event


def test_an_update_that_never_arrives_ends_with_a_person() -> None:
    """After so many that were lost; one that the service refused with a throttle, however often, has lost nothing."""
    rows = (
        replace(intent(attempts=n), resends=m) for n, m in ((99, MOST_UPDATE_RESENDS - 1), (4, MOST_UPDATE_RESENDS))
    )
    events = [settled(row, remote(), 0.0, KIND, US) for row in rows]
    assert [change and change.event for change in events] == [Event.ABSENT, Event.OVERTAKEN]


@pytest.mark.parametrize(
    ("by", "user", "ours"),
    [(US, US, True), (" Ops@Example.com ", US, True), (COLLEAGUE, US, False), (US, "", False), (None, US, False)],
)
def test_a_last_change_is_ours_only_if_it_carries_our_name(by: str | None, user: str, ours: bool) -> None:
    """Else a settled update remembers the change before it, and an undo leaves the record alone."""
    there = remote(NEW, UpdatedOn=LATER, UpdatedBy=by)
    assert own_stamp(there, user) == (there.updated if ours else None)
    change = settled(intent(), there, 0.0, KIND, user)
    assert change is not None
    assert change.updated_on == (there.updated if ours else remote().updated)
