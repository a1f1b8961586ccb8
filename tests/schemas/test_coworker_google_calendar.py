"""The mapping of Google's calendars: its key, what it requires, and which values a field takes."""

import contextlib

import pandas as pd
import pytest
from pandera.errors import SchemaError

from schemas.coworker_google_calendar import COWORKER_GOOGLE_CALENDAR as GOOGLE
from schemas.coworker_google_calendar import CoworkerGoogleCalendar
from schemas.coworker_ms_office_calendar import LARGEST_ID

GOOD: dict[str, object] = {
    "ResourceId": 7,
    "CoworkerId": 8,
    "Name": "Room",
    "SubscriptionExpireDate": pd.Timestamp("2027-04-30T10:30:00Z"),
    "SubscriptionId": "s",
    "CalendarId": "c",
    "WatchResourceId": "w",
    "EventSyncToken": "t",
}


def passes(**changes: object) -> bool:
    """Whether a row with these changes is one."""
    schema = CoworkerGoogleCalendar.to_schema()
    table = pd.DataFrame([GOOD | changes]).astype({name: str(each.dtype) for name, each in schema.columns.items()})
    with contextlib.suppress(SchemaError):
        schema.validate(table)
        return True
    return False


def test_a_mapping_is_known_by_resource_coworker_and_calendar() -> None:
    """A new channel or sync token is the same mapping."""
    assert GOOGLE.key == ("ResourceId", "CoworkerId", "CalendarId")
    assert set(GOOGLE.key) <= set(GOOGLE.fields)


def test_what_may_be_left_out() -> None:
    """A calendar without a coworker is the location's own; Google begins its list anew without a token."""
    assert set(GOOGLE.fields) - set(GOOGLE.required(GOOGLE.paths[0])) == {"CoworkerId", "EventSyncToken"}


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({}, True),
        ({"ResourceId": 1}, True),
        ({"ResourceId": 0}, False),
        ({"ResourceId": LARGEST_ID}, True),
        ({"ResourceId": LARGEST_ID + 1}, False),
        ({"CoworkerId": None}, True),
        ({"CoworkerId": -1}, False),
        ({"Name": "x" * 255}, True),
        ({"Name": "x" * 256}, False),
        ({"CalendarId": "x" * 1000}, True),
        ({"CalendarId": "x" * 1001}, False),
        ({"WatchResourceId": "x" * 256}, False),
        ({"EventSyncToken": None}, True),
        ({"EventSyncToken": "x" * 1001}, False),
    ],
)
def test_which_values_a_field_takes(changes: dict[str, object], good: bool) -> None:
    """The borders of each."""
    assert passes(**changes) is good
