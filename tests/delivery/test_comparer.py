"""Rows and records compared by value, however the service writes it."""

import json

import pytest
from another_type import PRODUCT_PRICE
from hypothesis import given
from hypothesis import strategies as st

from importer.delivery.comparer import Comparer
from importer.delivery.listing import to_remote
from schemas import RECORD_TYPES, FieldType, RecordType

COMPARER = Comparer(PRODUCT_PRICE)


def differ(field: str, sent: str, there: object) -> bool:
    """Whether a record differs from what was sent in this field; ``sent`` as the JSON of the body has it."""
    remote = to_remote(json.loads(json.dumps({"Id": 1, field: there})))
    assert remote is not None
    return field in COMPARER.differences(f'{{"{field}":{sent}}}', remote)


@pytest.mark.parametrize(
    ("field", "sent", "there"),
    [
        ("Price", "12.5", 12.50),
        ("Price", "12.5", "12.50"),
        ("Price", "12", 12.0),
        ("Price", "0.1", "0.1000"),
        ("Taxable", "true", True),
        ("Taxable", "true", "True"),
        ("Taxable", "false", 0),
        ("Per", "2", "2"),
        ("Per", "2", "Whole Day"),
        ("Currency", '"EUR"', "eur"),
        ("ResourceId", "7", "7"),
        ("From", '"2027-04-30T10:30:00Z"', "2027-04-30T10:30:00.000"),
    ],
)
def test_another_spelling_is_no_difference(field: str, sent: str, there: object) -> None:
    """Numbers by value, dates by instant, choices and yes or no by meaning."""
    assert not differ(field, sent, there)


@pytest.mark.parametrize(
    ("field", "sent", "there"),
    [
        ("Price", "12.5", 12.51),
        ("Price", "1", True),
        ("Price", "0.1", "about 0.1"),
        ("Taxable", "true", False),
        ("Taxable", "true", None),
        ("Per", "2", 1),
        ("Per", "2", "Hour"),
        ("Currency", '"EUR"', "GBP"),
        ("Name", '"Room"', "room"),
    ],
)
def test_another_value_is_one(field: str, sent: str, there: object) -> None:
    """What is not clearly the same differs."""
    assert differ(field, sent, there)


@given(st.decimals(min_value=0, max_value=10**10, places=4, allow_nan=False))
def test_no_decimal_is_lost_on_its_way_through_json(number: object) -> None:
    """What was sent digit by digit and comes back as a JSON number is the same value."""
    text = format(number, "f")
    assert not differ("Price", text, json.loads(text))


GUID = "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"
TEXTS = [(kind, name) for kind in RECORD_TYPES.values() for name in kind.fields if kind.type_of(name) is FieldType.TEXT]
GUIDS = {("CoworkerMsOfficeCalendar", "SubscriptionId"), ("MsOfficeAdminCalendar", "SubscriptionId")}
"""The fields that Microsoft fills with GUIDs; the Id of a Google channel is any text."""


@pytest.mark.parametrize(("kind", "name"), TEXTS, ids=lambda each: each if isinstance(each, str) else each.name)
def test_capitals_mean_nothing_in_the_guids_of_a_field_of_guids_alone(kind: RecordType, name: str) -> None:
    """A name, a calendar's Id or a token that looks like a GUID is another one in capitals, and sent as a change."""
    comparer = Comparer(kind)

    def is_equal(one: str, other: str) -> bool:
        return comparer.value(name, one) == comparer.value(name, other)

    assert is_equal(GUID, GUID.upper()) is ((kind.name, name) in GUIDS)
    assert is_equal(GUID, f" {GUID}\n")
    assert not is_equal("AAMk=", "aamk=")
    assert not is_equal(f"{GUID}0", f"{GUID.upper()}0")


@pytest.mark.parametrize(("kind", "name"), TEXTS, ids=lambda each: each if isinstance(each, str) else each.name)
def test_only_in_keys_and_guids_do_capitals_of_a_guid_make_no_other_record(kind: RecordType, name: str) -> None:
    """The parts of a key go by their shape, as the claims in journals do: better one mapping too few than a second."""
    comparer = Comparer(kind)
    one, other = (comparer.match_key((name,), {name: text}) for text in (GUID, GUID.upper()))
    assert (one == other) is (name in kind.key or (kind.name, name) in GUIDS)


@given(st.sampled_from(TEXTS), st.text(max_size=3) | st.uuids().map(str), st.booleans())
def test_what_has_one_value_is_found_by_it(field: tuple[RecordType, str], text: str, capitals: bool) -> None:
    """No two texts are equal as values and different in a key, so an unchanged row always finds its record."""
    (kind, name), other = field, text.upper() if capitals else f" {text} "
    comparer = Comparer(kind)
    if comparer.value(name, text) == comparer.value(name, other):
        assert comparer.match_key((name,), {name: text}) == comparer.match_key((name,), {name: other})
