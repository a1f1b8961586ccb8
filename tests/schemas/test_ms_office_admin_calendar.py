"""The mapping of administrators' calendars: told from that of coworkers by its location."""

import pytest

from schemas import RECORD_TYPES
from schemas.coworker_ms_office_calendar import COWORKER_MS_OFFICE_CALENDAR as COWORKERS
from schemas.ms_office_admin_calendar import MS_OFFICE_ADMIN_CALENDAR as ADMINS


def test_a_mapping_is_known_by_resource_location_and_calendar() -> None:
    """An administrator's calendar belongs to the location."""
    assert ADMINS.key == ("ResourceId", "BusinessId", "CalendarId")
    assert set(ADMINS.fields) ^ set(COWORKERS.fields) == {"BusinessId", "CoworkerId"}


def test_every_field_is_required() -> None:
    """So says the vendor's page."""
    assert set(ADMINS.required(ADMINS.paths[0])) == set(ADMINS.fields)


def test_a_file_of_coworkers_is_not_taken_for_one_of_this_type() -> None:
    """Many of them have a column Location."""
    names = {alias.casefold() for every in ADMINS.aliases.values() for alias in every}
    assert "location" not in names


@pytest.mark.parametrize("name", ADMINS.fields)
def test_each_field_says_what_it_is(name: str) -> None:
    """In the words of the guide, with an example."""
    metadata = ADMINS.model.to_schema().columns[name].metadata or {}
    assert metadata["meaning"]
    assert metadata["example"]


def test_its_parents_are_looked_up_where_they_are() -> None:
    """Rooms among resources, locations among businesses."""
    assert {name: reference.path for name, reference in ADMINS.references.items()} == {
        "ResourceId": "spaces/resources",
        "BusinessId": "sys/businesses",
    }
    assert RECORD_TYPES[ADMINS.name] is ADMINS
