"""Lists: pages, filters, order and the parameters that are ignored."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

import pytest
from conftest import GIVE_UP, wait_until

from importer.sandbox import SandboxOptions
from importer.sandbox.faults import FAULTS
from importer.sandbox.lists import LIES, page_of, parsed
from importer.sandbox.people import LOCATIONS
from importer.sandbox.replies import Fields
from sandbox.sandbox_client import PATH, RECORD, call, create, unlimited

ENTITY = "CoworkerMsOfficeCalendar"
ROWS: list[Fields] = [
    {
        "Id": number,
        "Name": f"Room {number % 3}",
        "ResourceId": 7000 + number % 2,
        "CoworkerId": None if number == 5 else 8000 + number,
        "CoworkerFullName": f"Person {number}",
        "SubscriptionExpireDate": f"2025-01-0{number}T10:30:00Z",
        "CreatedOn": f"2026-11-23T08:0{number}:30Z",
        "UpdatedOn": "2026-11-23T09:00:00Z",
        "SystemId": f"row-{number}",
    }
    for number in range(1, 7)
]


DATES = ("CreatedOn", "UpdatedOn", "SubscriptionExpireDate")


def listed(query: str, **options: Any) -> Any:
    """The list that a query string gives of the six rows."""
    return json.loads(page_of(ENTITY, ROWS, parsed(query.encode()), SandboxOptions(**options), DATES).body)


def ids(query: str, **options: Any) -> list[int]:
    """The Ids of that list."""
    return [row["Id"] for row in listed(query, **options)["Records"]]


def test_page_has_the_documented_shape() -> None:
    """A page carries its place in the whole, field by field."""
    page = listed("page=2&size=2")
    del page["Records"]
    assert page == {
        "CurrentPageSize": 2,
        "CurrentPage": 2,
        "CurrentOrderField": "Id",
        "CurrentSortDirection": 1,
        "FirstItem": 3,
        "LastItem": 4,
        "HasNextPage": True,
        "HasPreviousPage": True,
        "PageNumber": 2,
        "PageSize": 2,
        "TotalItems": 6,
        "TotalPages": 3,
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 2, 3, 4, 5, 6]),
        ("page=3&size=2", [5, 6]),
        ("page=4&size=2", []),
        ("PageNumber=2&PageSize=2", [1, 2, 3, 4, 5, 6]),
        ("Nonsense=1&from_Nonsense_CreatedOn=2030-01-01T00:00", [1, 2, 3, 4, 5, 6]),
        (f"{ENTITY}_Nonsense=1", [1, 2, 3, 4, 5, 6]),
        ("Id=3", [3]),
        ("Id=3&Id=4", [3, 4]),
        (f"{ENTITY}_Resource=7001", [1, 3, 5]),
        (f"{ENTITY}_Coworker=8002", [2]),
        (f"{ENTITY}_Coworker_FullName={quote('Person 4')}", [4]),
        (f"{ENTITY}_Name=Room", []),
        (f"{ENTITY}_Name={quote('Room 1')}&{ENTITY}_Resource=7001", [1]),
        (f"{ENTITY}_SystemId=row-6", [6]),
        (f"{ENTITY}_SubscriptionExpireDate=2025-01-02T10:30", [2]),
        (f"from_{ENTITY}_CreatedOn=2026-11-23T08:05", [5, 6]),
        (f"to_{ENTITY}_CreatedOn=2026-11-23T08:02", [1, 2]),
        (f"from_{ENTITY}_CreatedOn=2026-11-23T08:02:59&to_{ENTITY}_CreatedOn=2026-11-23T08:03", [2, 3]),
        (f"from_{ENTITY}_CreatedOn=soon", [1, 2, 3, 4, 5, 6]),
        (f"from_{ENTITY}_SubscriptionExpireDate=2025-01-06T10:30", [6]),
        ("orderBy=Name", [3, 6, 1, 4, 2, 5]),
        ("orderBy=Id&dir=-1", [6, 5, 4, 3, 2, 1]),
        ("orderBy=Nonsense&dir=-1", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_query_finds(query: str, found: list[int]) -> None:
    """Known parameters filter, order and page; unknown ones are ignored."""
    assert ids(query) == found


def test_a_list_can_fall_short_of_what_is_asked() -> None:
    """Its order, its filters, its count and its items can each be other than the vendor's reference has it."""
    assert ids("", order="descending") == [6, 5, 4, 3, 2, 1]
    assert ids("orderBy=Id&dir=1", order="descending") == [1, 2, 3, 4, 5, 6]
    assert ids(f"{ENTITY}_Name={quote('Room 1')}&Id=4", name_filter="ignored") == [4]
    assert ids(f"{ENTITY}_Name={quote('Room 1')}", name_filter="ignored") == [1, 2, 3, 4, 5, 6]
    assert listed("", total_items="off")["TotalItems"] == len(ROWS) + 1
    item = listed("", list_items="partial")["Records"][0]
    assert set(item) == {"Id", "Name", "CreatedOn", "UpdatedOn"}


@pytest.mark.parametrize(
    ("directions", "query", "first"),
    [("1/-1", "dir=1", 1), ("1/-1", "dir=0", 1), ("0/1", "dir=1", 6), ("0/1", "dir=0", 1), ("0/1", "dir=-1", 1)],
)
def test_direction_follows_the_convention(directions: str, query: str, first: int) -> None:
    """`dir=1` means up on one page of the vendor and down on the other."""
    assert ids(f"orderBy=Id&{query}", directions=directions)[0] == first


def test_filters_can_be_ignored() -> None:
    """With `ignore_filters` a list shows everything, whatever was asked."""
    assert len(ids(f"from_{ENTITY}_CreatedOn=2030-01-01T00:00&Id=1", ignore_filters=True)) == 6
    assert len(ids(f"{ENTITY}_SystemId=row-6", system_id_filter="ignored")) == 6


LYING: list[tuple[str, str, list[object], object, object]] = [
    ("end-early", "size=4", [1, 2, 3, 4], False, 6),
    ("no-end", "size=9", [1, 2, 3, 4, 5, 6], True, 6),
    ("count-low", "size=4", [1, 2, 3, 4], True, 5),
    ("count-high", "size=9", [1, 2, 3, 4, 5, 6], False, 7),
    ("no-end-no-count", "size=4", [1, 2, 3, 4], None, None),
    ("same-page", "size=4&page=2", [1, 2, 3, 4], True, 6),
    ("latest-missing", "size=9", [1, 2, 3, 4, 5], False, 5),
    ("empty", "size=9", [], False, 0),
    ("ids-as-text", "size=2", ["1", "2"], True, 6),
    ("members-missing", "size=2", [1, 2], True, 6),
]


@pytest.mark.parametrize(("lie", "query", "seen", "next_page", "total"), LYING)
def test_a_list_that_lies_does_so_in_one_way(
    lie: str, query: str, seen: list[object], next_page: object, total: object
) -> None:
    """What its name says is wrong with it, and nothing else."""
    page = json.loads(page_of(ENTITY, ROWS, parsed(query.encode()), SandboxOptions(), DATES, LIES[lie]).body)
    assert [row["Id"] for row in page["Records"]] == seen
    assert (page.get("HasNextPage"), page.get("TotalItems")) == (next_page, total)
    assert ("CoworkerId" in page["Records"][0] if seen else True) is (lie != "members-missing")


def test_every_lie_is_tried_and_is_a_fault() -> None:
    """A new one must be added to the table above, and can be set for a read of a list."""
    assert {case[0] for case in LYING} | {"other-location"} == set(LIES)
    assert {f"list-{name}" for name in LIES} | {"list-shift"} == {name for name in FAULTS if name.startswith("list-")}


def test_a_list_can_be_of_another_location() -> None:
    """It shows the records of the second location only, and is whole in itself."""
    with unlimited() as sandbox:
        resources = sandbox.state.space.resources
        number = next(number for number, each in resources.items() if each["BusinessName"] == LOCATIONS[1])
        create(sandbox)
        create(sandbox, ResourceId=number)
        sandbox.state.fail_next("list-other-location", on="list")
        page = call(sandbox, "GET", PATH).json
        assert ([row["ResourceId"] for row in page["Records"]], page["TotalItems"]) == ([number], 1)
        assert call(sandbox, "GET", PATH).json["TotalItems"] == 2


def test_a_shift_moves_a_record_past_the_reader() -> None:
    """Between two pages a colleague deletes a record and makes it again: one that was on neither page stays there."""
    with unlimited(largest_page=2) as sandbox:
        for name in ("theirs", "a", "b", "c"):
            by = sandbox.state.options.username if len(name) == 1 else "colleague@example.com"
            sandbox.state.add(PATH.rpartition("/")[2], json.dumps({**RECORD, "Name": name}).encode(), by)
        sandbox.state.fail_next("list-shift", on="list")
        pages = [call(sandbox, "GET", f"{PATH}?page={number}&size=9").json for number in (1, 2)]
    assert [[row["Name"] for row in page["Records"]] for page in pages] == [["theirs", "a"], ["c", "theirs"]]
    assert [page["TotalItems"] for page in pages] == [4, 4]


def test_faults_of_lists_are_for_lists_and_those_of_reads_for_both() -> None:
    """A read by Id and the user's own record pass a fault by that is set for lists."""
    with unlimited() as sandbox:
        sandbox.state.fail_next("502-html", on="list")
        assert [call(sandbox, "GET", path).status for path in ("/en/user/me", f"{PATH}/7", f"{PATH}?id=[7]", PATH)] == [
            200,
            404,
            200,
            502,
        ]
        sandbox.state.fail_next("502-html", on="read")
        assert [call(sandbox, "GET", PATH).status for _ in range(2)] == [502, 200]


def test_page_is_capped_at_a_thousand() -> None:
    """A size above 1000 gives 1000 rows, a senseless one 25."""
    rows: list[Fields] = [{"Id": number} for number in range(1200)]
    for asked, given in (("5000", 1000), ("0", 25), ("-1", 25), ("x", 25)):
        page = json.loads(page_of(ENTITY, rows, parsed(f"size={asked}".encode()), SandboxOptions(), DATES).body)
        assert len(page["Records"]) == page["CurrentPageSize"] == given


@pytest.mark.parametrize("slash", ["", "/"])
def test_batch_read_is_a_bare_array(slash: str) -> None:
    """`?id=[…]` gives the records that are there, without an envelope."""
    with unlimited() as sandbox:
        made = [create(sandbox, Name=f"Room {number}").json["Value"]["Id"] for number in range(3)]
        found = call(sandbox, "GET", f"{PATH}{slash}?id=[{made[0]},%20{made[2]},1]").json
    assert [each["Name"] for each in found] == ["Room 0", "Room 2"]


def test_created_record_may_show_up_late_in_lists() -> None:
    """With a lag a new record can be read at once but is listed later."""
    with unlimited(list_lag=0.2) as sandbox:
        before = time.monotonic()
        create(sandbox)
        wait_until(lambda: call(sandbox, "GET", PATH).json["TotalItems"] == 1)
        assert time.monotonic() - before >= 0.2
    with unlimited(list_lag=GIVE_UP * 100, time_scale=GIVE_UP * 1000.0) as sandbox:
        create(sandbox)
        wait_until(lambda: call(sandbox, "GET", PATH).json["TotalItems"] == 1)
    with unlimited(list_lag=GIVE_UP) as sandbox:
        record_id = create(sandbox).json["Value"]["Id"]
        assert call(sandbox, "GET", PATH).json["TotalItems"] == 0
        assert call(sandbox, "GET", f"{PATH}/{record_id}").status == 200
