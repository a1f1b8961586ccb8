"""The calendar mapping of the two vendor pages, and what makes two rows one mapping."""

import pandas as pd
import pytest

from schemas.coworker_ms_office_calendar import COWORKER_MS_OFFICE_CALENDAR as OFFICE
from schemas.coworker_ms_office_calendar import looks_like_a_guid


def test_a_mapping_is_known_by_resource_coworker_and_calendar() -> None:
    """A new expiry date or name is the same mapping."""
    assert OFFICE.key == ("ResourceId", "CoworkerId", "CalendarId")


@pytest.mark.parametrize(
    ("path", "required"),
    [
        ("coworkermsoffecalendars", ("ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate")),
        ("coworkermsofficecalendars", OFFICE.fields),
    ],
)
def test_each_spelling_of_the_endpoint_requires_its_own_fields(path: str, required: tuple[str, ...]) -> None:
    """The union of what the vendor's two pages ask for is never sent to the wrong one."""
    assert set(OFFICE.required(path)) == set(required)


@pytest.mark.parametrize(
    ("text", "guid"),
    [
        ("7f105c7d-2dc5-4530-97cd-4e7ae6534c07", True),
        ("7F105C7D-2DC5-4530-97CD-4E7AE6534C07", True),
        ("{7f105c7d-2dc5-4530-97cd-4e7ae6534c07}", False),
        ("7f105c7d2dc5453097cd4e7ae6534c07", False),
        ("7g105c7d-2dc5-4530-97cd-4e7ae6534c07", False),
        ("7f105c7d-2dc5-4530-97cd-4e7ae6534c07 ", False),
        ("subscription 7", False),
    ],
)
def test_what_looks_like_one_of_microsofts_ids(text: str, guid: bool) -> None:
    """Each cell is judged by itself, whatever stands beside it in the column."""
    beside = ["7f105c7d-2dc5-4530-97cd-4e7ae6534c07", "x"]
    ids = pd.Series([beside[0], text, beside[1]], index=[5, 9, 12])
    assert looks_like_a_guid(ids).to_dict() == {5: True, 9: guid, 12: False}
