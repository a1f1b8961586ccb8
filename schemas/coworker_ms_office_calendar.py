"""CoworkerMsOfficeCalendar: which coworker's Microsoft Office calendar watches which resource.

Source: developers.nexudus.com/rest-api/spaces/post-coworkermsoffecalendars and …/post-coworkermsofficecalendars,
read on 2026-11-23. The older spelling is documented with optional SubscriptionId and CalendarId, the newer one
requires both, but no CoworkerId. The importer asks for what either of them does.
"""

import pandas as pd
import pandera.pandas as pa

from schemas import headers
from schemas.record_type import GUID, HEX_DIGITS, RecordType, Reference

LARGEST_ID = 10**15 - 1
"""Excel keeps 15 digits of a number; a longer Id has already lost its end."""


def looks_like_a_guid(ids: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether each of these texts is written like a GUID, as the Ids of Microsoft's subscriptions are."""
    # All in one pass: a regular expression takes half a second for a million cells. A NUL is in no cell.
    shapes = "\0".join(ids.tolist()).translate(HEX_DIGITS).split("\0")
    return pd.Series([shape == GUID for shape in shapes[: len(ids)]], index=ids.index, dtype=bool)


class CoworkerMsOfficeCalendar(pa.DataFrameModel):
    """One mapping a row. A check named like an issue code raises that issue."""

    ResourceId: pd.Int64Dtype = pa.Field(
        gt=0, le=LARGEST_ID, metadata={"meaning": "Id of the resource that is watched", "example": "1414915"}
    )
    CoworkerId: pd.Int64Dtype = pa.Field(
        gt=0,
        le=LARGEST_ID,
        metadata={
            "meaning": "Id of the coworker whose calendar it is",
            "example": "1123713",
            "looks_like": headers.EMAIL,
        },
    )
    Name: pd.StringDtype = pa.Field(
        str_length={"max_value": 255}, metadata={"meaning": "name of the calendar", "example": "Meeting room 1"}
    )
    SubscriptionExpireDate: pd.DatetimeTZDtype = pa.Field(
        dtype_kwargs={"unit": "us", "tz": "UTC"},
        metadata={
            "meaning": "when Microsoft's subscription ends",
            "example": "2027-04-30T10:30:00Z",
            "not_past": True,
            # Microsoft Graph ends an Outlook subscription after 10,080 minutes at the latest
            # (learn.microsoft.com/graph/api/resources/subscription, read 2026-10-02).
            "days_ahead": 7,
        },
    )
    SubscriptionId: pd.StringDtype = pa.Field(
        nullable=True,
        str_length={"max_value": 255},
        metadata={
            "meaning": "Id of Microsoft's subscription",
            "example": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
            "opaque": True,
            "guid": True,
            "looks_like": headers.GUID,
        },
    )
    CalendarId: pd.StringDtype = pa.Field(
        nullable=True,
        str_length={"max_value": 1000},
        metadata={
            "meaning": "Microsoft's Id of the calendar; upper and lower case matter",
            "example": "AAMkAGI2TGuLAAA=",
            "opaque": True,
            "looks_like": headers.OUTLOOK_ID,
        },
    )

    @pa.check("SubscriptionId", name="not-a-guid")
    @classmethod
    def _looks_like_a_guid(cls, ids: "pd.Series[str]") -> "pd.Series[bool]":
        return looks_like_a_guid(ids)


COWORKER_MS_OFFICE_CALENDAR = RecordType(
    name="CoworkerMsOfficeCalendar",
    title="calendar mapping",
    plural="calendar mappings",
    model=CoworkerMsOfficeCalendar,
    paths=("spaces/coworkermsoffecalendars", "spaces/coworkermsofficecalendars"),
    aliases={
        "ResourceId": headers.RESOURCE,
        "CoworkerId": headers.COWORKER,
        "Name": headers.NAME,
        "SubscriptionExpireDate": headers.EXPIRY,
        "SubscriptionId": headers.SUBSCRIPTION,
        "CalendarId": headers.CALENDAR_ID,
    },
    translations=headers.TRANSLATIONS,
    hints=headers.HINTS,
    # Which calendar of whom watches what. Not SubscriptionId or the date: Microsoft's subscriptions end after seven
    # days at most, and the same mapping then comes back with new ones.
    key=("ResourceId", "CoworkerId", "CalendarId"),
    # A subscription watches one calendar; and who corrects a calendar's id leaves its name as it was.
    lookalikes=(("SubscriptionId",), ("ResourceId", "CoworkerId", "Name")),
    location="ResourceId",
    references={
        "ResourceId": Reference("spaces/resources", "Resource", ("Name",), "BusinessName", "Boardroom"),
        "CoworkerId": Reference(
            "spaces/coworkers", "Coworker", ("Email", "FullName"), "InvoicingBusinessName", "ada@example.com"
        ),
    },
    required_at={"spaces/coworkermsofficecalendars": ("SubscriptionId", "CalendarId")},
    optional_at={"spaces/coworkermsofficecalendars": ("CoworkerId",)},
)
