"""What happens when a mapping comes again with other values: it is named and held back, and never made twice."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import EXPIRES, LABELS, Desk, Service, mapping
from runs.kit import change

PATH = "coworkermsoffecalendars"
WEEKS = [f"{datetime.fromisoformat(EXPIRES) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (7, 14, 21)]


def file_of(desk: Desk, name: str = "rows.csv", count: int = 5, **changes: object) -> Path:
    """So many mappings, all with these changes."""
    return desk.write(name, [mapping(number, **changes) for number in range(2, 2 + count)])


def run(desk: Desk, file: Path, *flags: str) -> Any:
    """The counts of a run, with its exit code."""
    done = desk.type("run", file, "--yes", "--json", *flags)
    return {"code": done.code, **{name: number for name, number in done.json["counts"].items() if number}}


def test_renewals_leave_one_record_for_each_mapping(desk: Desk, service: Service) -> None:
    """Three weekly renewals of five mappings: five records, and each row that was renewed names its record."""
    assert run(desk, file_of(desk)) == {"code": 0, "created": 5}
    ids = {record["Name"]: record["Id"] for record in service.records}
    creates = service.creates
    for week in WEEKS:
        assert run(desk, file_of(desk, SubscriptionExpireDate=week), "--out", "report") == {"code": 1, "not sent": 5}
        for row in desk.report("report"):
            assert (
                f"Record {ids[row['Name']]} has the same ResourceId, CoworkerId and CalendarId" in row["import_message"]
            )
            assert f"SubscriptionExpireDate is {EXPIRES} there and {week} in this row" in row["import_message"]
        with (desk.folder / "report" / "failed.csv").open(encoding="utf-8-sig") as failed:
            assert len(failed.readlines()) == 6
    assert (len(service.records), service.creates) == (5, creates)


def test_a_plan_says_so_before_anything_is_sent(desk: Desk, service: Service) -> None:
    """Counted, named row by row, and with an exit code that a script sees."""
    run(desk, file_of(desk))
    done = desk.type("plan", file_of(desk, count=6, SubscriptionExpireDate=WEEKS[0]))
    assert done.code == 1
    assert "1 record to create" in done.out
    assert "5 in Nexudus with other values" in done.out
    [first] = [record["Id"] for record in service.records if record["Name"] == "Room 2"]
    assert f"row 2: Record {first} has the same" in done.out
    plan = desk.type("plan", file_of(desk, SubscriptionExpireDate=WEEKS[0]), "--json").json["plan"]
    assert (plan["create"], plan["differing"], len(plan["conflicts"])) == (0, 5, 5)


@pytest.mark.parametrize("list_works", [True, False], ids=["list", "journal alone"])
def test_the_journal_knows_keys_where_the_service_lists_nothing(
    desk: Desk, serve: Callable[..., Service], list_works: bool
) -> None:
    """What this journal created is not created again, whether the service lists it or not."""
    service = serve()
    run(desk, file_of(desk))
    if not list_works:
        service._ask("faults?on=read", ["ok", *["404"] * 40])
    flags = () if list_works else ("--without-list",)
    assert run(desk, file_of(desk, Name="Another"), *flags) == {"code": 1, "not sent": 5}
    assert len(service.records) == 5


def test_even_if_existing_makes_another_on_purpose(desk: Desk, service: Service) -> None:
    """And then it does."""
    run(desk, file_of(desk))
    again = run(desk, file_of(desk, SubscriptionExpireDate=WEEKS[0]), "--even-if-existing")
    assert (again, len(service.records)) == ({"code": 0, "created": 5}, 10)


@pytest.mark.parametrize(("before", "after"), [("AAMk2=", ""), ("", "AAMk2=")])
def test_a_key_that_is_empty_on_one_side_is_for_a_person(desk: Desk, service: Service, before: str, after: str) -> None:
    """It may be the same mapping or not: the row waits and names the record."""
    run(desk, file_of(desk, count=1, CalendarId=before))
    assert run(desk, file_of(desk, count=1, CalendarId=after), "--out", "report") == {"code": 1, "not sent": 1}
    [row] = desk.report("report")
    assert (
        f"Record {service.records[0]['Id']} has the same ResourceId and CoworkerId and may be" in row["import_message"]
    )
    assert len(service.records) == 1


def test_rows_equal_in_every_field_stay_existing(desk: Desk, service: Service) -> None:
    """A record that somebody renewed by hand is the row's, whatever the journal created it with."""
    run(desk, file_of(desk, count=1))
    [record] = service.records
    change(service, desk, "PUT", f"/api/spaces/{PATH}", record | {"SubscriptionExpireDate": WEEKS[0]})
    assert run(desk, file_of(desk, count=1, SubscriptionExpireDate=WEEKS[0])) == {"code": 0, "existing": 1}
    assert run(desk, file_of(desk, count=1, SubscriptionExpireDate=WEEKS[1])) == {"code": 1, "not sent": 1}
    assert len(service.records) == 1


def test_a_guid_and_spaces_make_no_other_key(desk: Desk, service: Service) -> None:
    """Capitals of a GUID and another way to write an accent are the same calendar; capitals of others are not."""
    guid = "7F105C7D-2DC5-4530-97CD-4E7AE6534C07"
    run(desk, file_of(desk, count=1, CalendarId=guid))
    assert run(desk, file_of(desk, count=1, CalendarId=guid.lower(), Name="x")) == {"code": 1, "not sent": 1}
    run(desk, file_of(desk, count=1, CalendarId="caf\u00e9"))
    assert run(desk, file_of(desk, count=1, CalendarId="cafe\u0301", Name="x")) == {"code": 1, "not sent": 1}
    assert run(desk, file_of(desk, count=1, CalendarId="CAF\u00c9", Name="x")) == {"code": 0, "created": 1}


def test_two_rows_of_one_key_are_an_error_at_both(desk: Desk, service: Service) -> None:
    """Neither is sent: nobody can tell which of them holds. With --allow-duplicates each is created, once."""
    rows = [mapping(2), mapping(3), mapping(2, Name="Other"), mapping(4)]
    done = desk.type("check", desk.write("rows.csv", rows), "--json", "--offline")
    assert [(i["code"], i["row"]) for i in done.json["issues"] if i["severity"] == "error"] == [
        ("duplicate-key", 2),
        ("duplicate-key", 4),
    ]
    assert run(desk, desk.write("rows.csv", rows)) == {"code": 1, "created": 2, "invalid": 2}
    assert run(desk, desk.write("more.csv", rows[:1] + rows[2:3]), "--allow-duplicates") == {"code": 0, "created": 2}


def test_rows_of_one_key_go_on_after_a_stop(desk: Desk, service: Service) -> None:
    """What the same run created keeps none of its other rows from being sent, if duplicates are allowed."""
    file = desk.write("rows.csv", [mapping(2), mapping(2, Name="Other"), mapping(2, Name="Third")])
    assert run(desk, file, "--allow-duplicates", "--max-rows", "1") == {"code": 6, "created": 1, "not sent": 2}
    assert desk.type("resume").code == 0
    assert len(service.records) == 3


def test_retry_and_resume_compare_as_well(desk: Desk, service: Service) -> None:
    """A record that appeared meanwhile holds the row back; once it is gone, retry sends the row."""
    service.fail("400")
    file = file_of(desk, count=2)
    desk.type("run", file, "--yes", "--max-rows", "1")
    body = dict(zip(LABELS, mapping(3, Name="By hand"), strict=True))
    service.state.add(PATH, json.dumps(body).encode())
    done = desk.type("resume", "--json")
    assert (done.code, done.json["counts"]["not sent"], done.json["counts"]["rejected"]) == (1, 1, 1)
    again = desk.type("retry", "--yes", "--json")
    assert (again.json["counts"]["created"], again.json["counts"]["not sent"]) == (1, 1)
    assert len(service.records) == 2


def test_with_strict_a_held_row_keeps_the_others(desk: Desk, service: Service) -> None:
    """As an invalid one does."""
    run(desk, file_of(desk, count=1))
    assert run(desk, file_of(desk, count=3, SubscriptionExpireDate=WEEKS[0]), "--strict")["code"] == 1
    assert len(service.records) == 1
