"""A list may be one of another location: then it says nothing about this row's record."""

import json
from typing import Any

import pytest
from conftest import LABELS, Desk, Service, mapping

from importer.sandbox.people import LOCATIONS
from runs.kit import names

RESOURCES = "/api/spaces/resources"


def resources_of(service: Service) -> dict[str, list[int]]:
    """The resources of the practice service by location, those of the account's own first."""
    by_location: dict[str, list[int]] = {name: [] for name in LOCATIONS}
    for record in service.state.space.resources.values():
        by_location[str(record["BusinessName"])].append(int(str(record["Id"])))
    return by_location


def colleague_makes(service: Service, resource: int) -> None:
    """A record of this resource, so that the list is not empty."""
    row: list[Any] = mapping(9, ResourceId=resource, CoworkerId=99, Name="Another", SubscriptionId="", CalendarId="x")
    service.state.add("coworkermsoffecalendars", json.dumps(dict(zip(LABELS, row, strict=True))).encode())


@pytest.mark.parametrize(
    ("shown", "status"), [("same resource", "created"), ("same location", "created"), ("other location", "unknown")]
)
def test_a_row_is_absent_only_from_a_list_of_its_location(
    desk: Desk, service: Service, shown: str, status: str
) -> None:
    """Sent again if a record of its own location is listed; left to a person if all that are listed are elsewhere."""
    one, other = resources_of(service).values()
    colleague_makes(service, {"same resource": one[0], "same location": one[1], "other location": other[0]}[shown])
    desk.write("rows.csv", [mapping(2, ResourceId=one[0])])
    service.fail("lost-before")
    assert desk.type("run", "rows.csv", "--yes", "--out", "report").code == 8
    service.let_the_window_pass(desk)
    done = desk.type("resume", "1", "--json")
    assert done.json["counts"][status] == 1
    assert done.code == (0 if status == "created" else 8)
    if status == "unknown":
        assert "no record of this row's location" in desk.report("report")[0]["import_message"]
        assert names(service) == ["Another"]


def test_where_no_location_is_known_nothing_speaks_against_the_list(desk: Desk, service: Service) -> None:
    """As for resources that the service does not tell of: the row is sent again."""
    colleague_makes(service, 77)
    desk.write("rows.csv", [mapping(2)])
    service.fail("lost-before")
    assert desk.type("run", "rows.csv", "--yes").code == 8
    service.let_the_window_pass(desk)
    assert desk.type("resume", "1").code == 0
    assert names(service) == ["Another", "Room 2"]


@pytest.mark.parametrize("flags", [(), ("--without-list",)])
def test_nothing_is_created_where_nothing_is_shown(desk: Desk, service: Service, flags: tuple[str, ...]) -> None:
    """The list is one of another location, and so is the list of resources: what exists here is not known."""
    home, _ = resources_of(service).values()
    colleague_makes(service, home[0])
    desk.write("rows.csv", [mapping(2, ResourceId=home[1])])
    service.state.fail_next(*["list-other-location"] * 20, on="list")
    done = desk.type("run", "rows.csv", "--yes", *flags)
    if flags:
        assert done.code == 0
        return
    assert (done.code, names(service)) == (5, ["Another"])
    assert "shows you nothing of Harbour House" in done.out + done.err


def test_a_new_location_of_an_account_that_sees_all_is_no_reason_to_stop(desk: Desk, service: Service) -> None:
    """Its first rows are created: its resources are listed."""
    home, other = resources_of(service).values()
    colleague_makes(service, home[0])
    desk.write("rows.csv", [mapping(2, ResourceId=other[0])])
    assert desk.type("run", "rows.csv", "--yes").code == 0
