"""What is left of a forgotten row: nobody can read it, and its record is found by it as by the values themselves."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.delivery.by_id import Gone, Look, Unreadable
from importer.delivery.comparer import Comparer
from importer.delivery.comparison import Ambiguous, BesideTheList, Comparison, Reason
from importer.delivery.fingerprints import FingerprintComparer
from importer.delivery.listing import Listing, Remote
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


ANSWERS = st.sampled_from(["as sent", "changed", "gone", "unreadable"])
"""What a read of a record says."""


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[dict[str, object]], list[str], list[dict[str, object]]]:
    """Rows that made records, what a read of each of these says, and the rows of a file."""
    made = [dict[str, object](draw(BODIES)) for _ in range(draw(st.integers(1, 4)))]
    bodies = [dict[str, object](draw(BODIES)) for _ in range(draw(st.integers(1, 3)))]
    return made, [draw(ANSWERS) for _ in made], bodies


@given(worlds(), st.sampled_from([{}, {"allow_duplicates": True}, {"match_key": ("ResourceId", "Name")}]))
def test_forgetting_changes_no_answer_but_that_of_what_cannot_be_read(
    world: tuple[list[dict[str, object]], list[str], list[dict[str, object]]], more: dict[str, Any]
) -> None:
    """The same records are read by their Ids, each row is the same to them, and what was held is not created."""
    made, answers, bodies = world

    def look(number: int, values: dict[str, object], answer: str) -> Look:
        changed = values | ({"Name": "changed"} if answer == "changed" else {})
        without_values: dict[str, Look] = {"gone": Gone(), "unreadable": Unreadable("no answer")}
        return without_values.get(answer, Remote(number, changed, None, None, ""))

    plain = [Intent(1, n, b"", _body(values), State.CREATED, remote_id=ID + n) for n, values in enumerate(made)]
    left = [replace(forgotten(values), row=n, remote_id=ID + n) for n, values in enumerate(made)]
    pairs = enumerate(zip(made, answers, strict=True))
    looks = {ID + n: look(ID + n, values, answer) for n, (values, answer) in pairs}
    texts, listing = list(map(_body, bodies)), Listing(())
    asked = [
        Comparison(listing, KIND, BesideTheList(unlisted=rows), **more).unfinished(listing, texts)
        for rows in (plain, left)
    ]
    assert asked[0] == asked[1]
    read = {number: look for number, look in looks.items() if number in asked[0][1]}
    before, after = (
        Comparison(listing, KIND, BesideTheList(unlisted=rows, by_id=read), **more) for rows in (plain, left)
    )
    for text in texts:
        matches = before.match(text), after.match(text)
        if "unreadable" not in answers:
            assert matches[0] == matches[1]
        assert matches[0] is None or matches[1] is not None


def _body(values: dict[str, object]) -> str:
    """The body of a row, which leaves out what is empty."""
    return json.dumps({name: value for name, value in values.items() if value not in (None, "")})
