"""The texts of a record: each means its value in one way only, and reading it gives the value back."""

import json
from datetime import UTC, datetime

import pandas as pd
import pytest
from another_type import PRODUCT_PRICE
from hypothesis import given
from hypothesis import strategies as st

from importer.checking import DateReader
from importer.delivery.listing import Remote, instant
from importer.delivery.record_text import cell_text, is_exact, record_texts
from schemas import RECORD_TYPES, FieldType

KIND = RECORD_TYPES["CoworkerMsOfficeCalendar"]
DATE, ID, NAME = "SubscriptionExpireDate", "ResourceId", "Name"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        (DATE, "2027-04-30T10:30:00Z", "2027-04-30T10:30:00Z"),
        (DATE, "2027-04-30T10:30:00", "2027-04-30T10:30:00Z"),
        (DATE, "2027-04-30T10:30:00.1234567Z", "2027-04-30T10:30:00Z"),
        (DATE, "2027-04-30T12:30:00+02:00", "2027-04-30T10:30:00Z"),
        (DATE, "2027-04-30", "2027-04-30T00:00:00Z"),
        (DATE, "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        (DATE, "0099-01-01T00:00:00", "0099-01-01T00:00:00Z"),
        (DATE, "soon", "soon"),
        (DATE, 5, "5"),
        (ID, 1414915, "1414915"),
        (ID, 12.0, "12"),
        (ID, 12.5, "12.5"),
        (ID, "0042", "0042"),
        (ID, True, "true"),
        (ID, {"b": 1, "a": 2}, '{"a": 2, "b": 1}'),
        (NAME, None, ""),
        (NAME, "", ""),
        (NAME, " Room\r\n1 ", " Room\r\n1 "),
        (NAME, "=1", "=1"),
        (NAME, 7, "7"),
        (NAME, "a\0b\ud800c\ufffe", "a\ufffdb\ufffdc\ufffd"),
    ],
)
def test_a_value_has_one_text(name: str, value: object, text: str) -> None:
    """Dates with their zone and no fraction, Ids digit by digit, text as it is; what is no such value, as it came."""
    assert cell_text(KIND, name, value) == text


@pytest.mark.parametrize("value", ["a\0", "\ud800", "\uffff"])
def test_a_text_that_no_file_can_hold_is_not_exact(value: str) -> None:
    """So that nobody takes what stands in the file for the value."""
    assert not is_exact(value)
    assert is_exact("Zoë \N{REPLACEMENT CHARACTER}")


def test_decimals_choices_and_yes_or_no_are_written_as_people_write_them() -> None:
    """In the words that the reader takes back, whatever the service calls them."""
    for name in PRODUCT_PRICE.fields:
        match PRODUCT_PRICE.type_of(name):
            case FieldType.YES_NO:
                assert [cell_text(PRODUCT_PRICE, name, value) for value in (True, False, "x")] == ["yes", "no", "x"]
            case FieldType.DECIMAL:
                assert cell_text(PRODUCT_PRICE, name, 1e-7) == "0.0000001"
                assert cell_text(PRODUCT_PRICE, name, "12.50") == "12.50"
            case FieldType.CHOICE:
                for label, value in PRODUCT_PRICE.choices(name).items():
                    assert cell_text(PRODUCT_PRICE, name, value) == label
                assert cell_text(PRODUCT_PRICE, name, "no such choice") == "no such choice"


@given(
    moment=st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30)), fraction=st.sampled_from(["", ".5", ".1234567"])
)
def test_every_date_is_read_back_as_the_same_instant_in_any_zone_and_order(moment: datetime, fraction: str) -> None:
    """No --tz and no --dates changes what an exported date means."""
    value = f"{moment.replace(microsecond=0).isoformat()}{fraction}"
    text = cell_text(KIND, DATE, value)
    for order in (None, "mdy", "ymd"):
        parsed = DateReader(order, "Asia/Kolkata").read(DATE, pd.Series([text], dtype=object))
        assert not parsed.refused
        assert not parsed.doubtful
        assert parsed.values.iloc[0] == moment.replace(microsecond=0, tzinfo=UTC)
    assert instant(text) == instant(value)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(values=st.dictionaries(st.sampled_from([*KIND.fields, "UpdatedBy", "UpdatedOn"]), JSON_VALUES))
def test_whatever_the_service_holds_has_a_text(values: dict[str, object]) -> None:
    """Any JSON at all; and the text is empty only where the record is."""
    remote = Remote(7, json.loads(json.dumps(values)), None, None, "")
    texts = record_texts(KIND, remote)
    assert set(texts) == {*KIND.fields, "Id", "CreatedOn", "UpdatedOn", "UpdatedBy"}
    assert texts["Id"] == "7"
    for name in KIND.fields:
        assert (texts[name] == "") is (values.get(name) in (None, ""))
