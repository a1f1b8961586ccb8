"""Rows and records compared by value, however the service writes it."""

import json

import pytest
from another_type import PRODUCT_PRICE
from hypothesis import given
from hypothesis import strategies as st

from importer.delivery.listing import Comparer, to_remote

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
