"""What is left of a forgotten row: nobody can read it, and its record is found by it as by the values themselves."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.delivery.by_id import Unreadable
from importer.delivery.comparer import Comparer
from importer.delivery.comparison import Ambiguous, BesideTheList, Comparison, Reason
from importer.delivery.fingerprints import FingerprintComparer
from importer.delivery.listing import Listing
from importer.journal.rows import FORGOTTEN, Intent
from importer.journal.states import State
from schemas import RECORD_TYPES

KIND = next(iter(RECORD_TYPES.values()))
ID = 77
VALUES: dict[str, object] = {
    "ResourceId": 1002,
    "CoworkerId": 2002,
    "Name": "Canary Cattermole",
    "CalendarId": "AAMk2=",
    "SubscriptionId": "7f105c7d-2dc5-4530-97cd-000000000002",
}


def forgotten(values: dict[str, object]) -> Intent:
    """A row that created the record of this Id, and was forgotten."""
    left = FingerprintComparer(KIND).fingerprints(values)
    return Intent(1, 2, b"", json.dumps({FORGOTTEN: True, **left}), State.CREATED, remote_id=ID)


def test_no_value_but_the_room_can_be_read() -> None:
    """The room tells in which location the record is; it is nobody's personal data."""
    left = forgotten(VALUES).values
    assert {name for name, value in VALUES.items() if value in left.values()} == {"ResourceId"}
    assert forgotten(VALUES).is_forgotten
    assert not Intent(1, 2, b"", json.dumps(VALUES), State.CREATED).is_forgotten
    assert not Intent(1, 2, b"", json.dumps(VALUES | {"Name": FORGOTTEN}), State.CREATED).is_forgotten


@pytest.mark.parametrize(
    ("changes", "asked_for"),
    [
        ({}, True),
        ({"Name": "Somebody Else"}, True),
        ({"CalendarId": " AAMk2= "}, True),
        ({"SubscriptionId": str(VALUES["SubscriptionId"]).upper(), "CalendarId": "other"}, True),
        ({"CalendarId": None}, True),
        ({"ResourceId": 1003, "SubscriptionId": None, "Name": "x"}, False),
        ({"CoworkerId": 2003, "SubscriptionId": None, "CalendarId": "other"}, False),
    ],
)
@pytest.mark.parametrize("more", [{}, {"allow_duplicates": True}, {"match_key": ("ResourceId", "Name")}])
def test_a_record_that_may_be_a_rows_is_read_or_holds_it(
    changes: dict[str, object], asked_for: bool, more: dict[str, Any]
) -> None:
    """As for a row that is not forgotten; unreadable, it holds the row, also where nothing else is listed."""
    values = {name: value for name, value in {**VALUES, **changes}.items() if value is not None}
    body, empty = json.dumps(values), Listing(())
    comparison = Comparison(empty, KIND, BesideTheList(unlisted=[forgotten(VALUES)]), **more)
    plain = Intent(1, 2, b"", json.dumps(VALUES), State.CREATED, remote_id=ID)
    same = Comparison(empty, KIND, BesideTheList(unlisted=[plain]), **more)
    assert comparison.unfinished(empty, [body]) == same.unfinished(empty, [body])
    assert not asked_for or comparison.unfinished(empty, [body]) == (set(), {ID})
    unreadable = BesideTheList(unlisted=[forgotten(VALUES)], by_id={ID: Unreadable("no answer")})
    comparison = Comparison(empty, KIND, unreadable, **more)
    assert not comparison.is_empty
    match = comparison.match(body)
    if asked_for:
        assert isinstance(match, Ambiguous)
        assert (match.records, match.reason) == ((ID,), Reason.UNREAD)


TEXTS = st.none() | st.text(max_size=4) | st.sampled_from(["a", "A", " a", "á", "á", "1", "01"])
BODIES = st.fixed_dictionaries(
    {"ResourceId": st.integers(1, 3), "CoworkerId": st.integers(1, 3) | st.none()},
    optional={"Name": TEXTS, "CalendarId": TEXTS, "SubscriptionId": TEXTS},
)


@given(BODIES, BODIES)
def test_fingerprints_are_equal_where_values_are(mine: dict[str, object], there: dict[str, object]) -> None:
    """For each field, by which records are looked for, and for all of them together."""
    comparer, prints = Comparer(KIND), FingerprintComparer(KIND)
    left = forgotten(there).values
    for name in KIND.fields:
        equal = comparer.match_key((name,), mine) == comparer.match_key((name,), there)
        assert (prints.match_key((name,), mine) == prints.match_key((name,), left)) is equal, name


def test_a_number_has_one_fingerprint_however_it_is_written() -> None:
    """Decimals are equal by their value."""
    mark = FingerprintComparer._mark
    assert mark("Price", Decimal("1.50")) == mark("Price", Decimal("1.5"))
    assert mark("Price", Decimal("1.50")) != mark("Price", Decimal(15))
