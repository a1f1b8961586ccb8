"""CoworkerGoogleCalendar: which Google calendar watches which resource.

Source: developers.nexudus.com/rest-api/spaces/post-coworkergooglecalendars, read on 2026-11-23. Lengths and the longest
life of a channel are not documented there; the lengths are assumed to be those of the Office type.
"""

import pandas as pd
import pandera.pandas as pa

from schemas import headers
from schemas.coworker_ms_office_calendar import LARGEST_ID
from schemas.record_type import RecordType, Reference


class CoworkerGoogleCalendar(pa.DataFrameModel):
    """One mapping a row."""

    ResourceId: pd.Int64Dtype = pa.Field(
        gt=0, le=LARGEST_ID, metadata={"meaning": "Id of the resource that is watched", "example": "1414915"}
    )
    CoworkerId: pd.Int64Dtype = pa.Field(
        gt=0,
        le=LARGEST_ID,
        nullable=True,
        metadata={"meaning": "Id of the coworker whose calendar it is", "example": "1123713"},
    )
    Name: pd.StringDtype = pa.Field(
        str_length={"max_value": 255}, metadata={"meaning": "name of the calendar", "example": "Meeting room 1"}
    )
    SubscriptionExpireDate: pd.DatetimeTZDtype = pa.Field(
        dtype_kwargs={"unit": "us", "tz": "UTC"},
        metadata={"meaning": "when Google's channel ends", "example": "2027-04-30T10:30:00Z", "not_past": True},
    )
    SubscriptionId: pd.StringDtype = pa.Field(
        str_length={"max_value": 255},
        metadata={"meaning": "Id of Google's channel", "example": "01234567-89ab-cdef-0123456789ab", "opaque": True},
    )
    CalendarId: pd.StringDtype = pa.Field(
        str_length={"max_value": 1000},
        metadata={
            "meaning": "Google's Id of the calendar",
            "example": "room-1@group.calendar.google.com",
            "opaque": True,
        },
    )
    WatchResourceId: pd.StringDtype = pa.Field(
        str_length={"max_value": 255},
        metadata={"meaning": "Google's Id of the watched resource", "example": "o3hgv1538sdjfh", "opaque": True},
    )
    EventSyncToken: pd.StringDtype = pa.Field(
        nullable=True,
        str_length={"max_value": 1000},
        metadata={
            "meaning": "where Google's list of changes goes on",
            "example": "CPDAlvWDx70CEPDAlvWDx70CGAU=",
            "opaque": True,
        },
    )


COWORKER_GOOGLE_CALENDAR = RecordType(
    name="CoworkerGoogleCalendar",
    title="Google calendar mapping",
    plural="Google calendar mappings",
    model=CoworkerGoogleCalendar,
    paths=("spaces/coworkergooglecalendars",),
    aliases={
        "ResourceId": headers.RESOURCE,
        "CoworkerId": headers.COWORKER,
        "Name": headers.NAME,
        "SubscriptionExpireDate": headers.EXPIRY,
        "SubscriptionId": ("Subscription", "Channel ID"),
        "CalendarId": ("Cal ID", "Google Calendar ID"),
        "WatchResourceId": ("Watch Resource", "Watch ID", "Channel Resource ID"),
        "EventSyncToken": ("Sync Token",),
    },
    translations=headers.TRANSLATIONS,
    hints=headers.HINTS,
    key=("ResourceId", "CoworkerId", "CalendarId"),
    lookalikes=(("SubscriptionId",), ("ResourceId", "CoworkerId", "Name")),
    location="ResourceId",
    references={
        "ResourceId": Reference("spaces/resources", "Resource", ("Name",), "BusinessName", "Boardroom"),
        "CoworkerId": Reference(
            "spaces/coworkers", "Coworker", ("Email", "FullName"), "InvoicingBusinessName", "ada@example.com"
        ),
    },
)
