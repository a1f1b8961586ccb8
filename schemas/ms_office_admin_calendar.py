"""MsOfficeAdminCalendar: which administrator's Microsoft Office calendar watches which resource.

Source: developers.nexudus.com/rest-api/spaces/{post,put,get}-msofficeadmincalendars, read on 2026-11-26. The path, the
six fields and that all of them are required stand there; nothing was tried on the service. Not documented, and assumed
to be those of the coworkers' type: the longest texts, and the life of a subscription, which is Microsoft's there too.
"""

import pandas as pd
import pandera.pandas as pa

from schemas import headers
from schemas.coworker_ms_office_calendar import LARGEST_ID, looks_like_a_guid
from schemas.record_type import RecordType, Reference


class MsOfficeAdminCalendar(pa.DataFrameModel):
    """One mapping a row. A check named like an issue code raises that issue."""

    ResourceId: pd.Int64Dtype = pa.Field(
        gt=0, le=LARGEST_ID, metadata={"meaning": "Id of the resource that is watched", "example": "1414915"}
    )
    BusinessId: pd.Int64Dtype = pa.Field(
        gt=0, le=LARGEST_ID, metadata={"meaning": "Id of the location whose calendar it is", "example": "98765"}
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
            "days_ahead": 7,
        },
    )
    SubscriptionId: pd.StringDtype = pa.Field(
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


MS_OFFICE_ADMIN_CALENDAR = RecordType(
    name="MsOfficeAdminCalendar",
    title="admin calendar mapping",
    plural="admin calendar mappings",
    model=MsOfficeAdminCalendar,
    paths=("spaces/msofficeadmincalendars",),
    # No "Location": a coworkers' file often has such a column, and must not be taken for one of this type.
    aliases={
        "ResourceId": headers.RESOURCE,
        "BusinessId": ("Business",),
        "Name": headers.NAME,
        "SubscriptionExpireDate": headers.EXPIRY,
        "SubscriptionId": headers.SUBSCRIPTION,
        "CalendarId": headers.CALENDAR_ID,
    },
    translations={name: labels for name, labels in headers.TRANSLATIONS.items() if name != "CoworkerId"},
    hints={name: labels for name, labels in headers.HINTS.items() if name != "CoworkerId"},
    key=("ResourceId", "BusinessId", "CalendarId"),
    lookalikes=(("SubscriptionId",), ("ResourceId", "BusinessId", "Name")),
    location="ResourceId",
    references={
        "ResourceId": Reference("spaces/resources", "Resource", ("Name",), "BusinessName", "Boardroom"),
        "BusinessId": Reference("sys/businesses", "Business", ("Name",), example="Harbour House"),
    },
)
