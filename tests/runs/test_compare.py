"""What the service holds counts, not what the journal believes: over weeks, with two users, and with a colleague."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import EXPIRES, LABELS, Desk, Service, mapping

from importer.journal.windows import DAY
from runs.kit import PATH, change, names, once

FILE = "rows.csv"


def file_of(desk: Desk, *rows: list[object]) -> Path:
    """The weekly file, with these rows."""
    return desk.write(FILE, rows or [mapping(number) for number in range(2, 5)])


def run(desk: Desk, *flags: str) -> dict[str, int]:
    """The counts of an import of the weekly file, with its exit code."""
    done = desk.type("run", FILE, "--yes", "--json", *flags)
    return {"code": done.code, **{name: number for name, number in done.json["counts"].items() if number}}


def as_user(service: Service, desk: Desk, name: str) -> None:
    """Another user of the same space signs in from here on."""
    service.state.change(username=name)
    desk.variables["NEXUDUS_USERNAME"] = name


def put(service: Service, desk: Desk, record: dict[str, Any], **changes: object) -> None:
    """A colleague changes a record."""
    change(service, desk, "PUT", PATH, record | changes)


def delete(service: Service, desk: Desk, *numbers: int) -> None:
    """A colleague deletes records."""
    for number in numbers:
        change(service, desk, "DELETE", f"{PATH}/{number}")


def test_a_week_later_a_changed_record_is_no_existing_one(desk: Desk, service: Service) -> None:
    """Whatever this journal created once: the record has other values now, and the row says so."""
    file_of(desk)
    assert run(desk) == {"code": 0, "created": 3}
    put(service, desk, service.records[0], SubscriptionExpireDate="2031-05-05T10:00:00Z")
    assert run(desk, "--out", "again") == {"code": 1, "existing": 2, "not sent": 1}
    [first, *_] = desk.report("again")
    assert f"SubscriptionExpireDate is 2031-05-05T10:00:00Z there and {EXPIRES} in this row" in first["import_message"]


def test_what_was_deleted_since_is_created_again(desk: Desk, service: Service) -> None:
    """Once the service itself has said of each record that there is none."""
    file_of(desk)
    run(desk)
    before = len(service.state.calls)
    delete(service, desk, *(record["Id"] for record in service.records[1:]))
    assert run(desk) == {"code": 0, "existing": 1, "created": 2}
    asked = [call.path for call in service.state.calls[before:] if f"{PATH}/" in call.path and call.method == "GET"]
    # For the plan, and once more under the lock.
    assert (len(asked), len(set(asked))) == (4, 2)
    assert once(service, 3)
    assert run(desk) == {"code": 0, "existing": 3}


@pytest.mark.parametrize("resource_is_there", [True, False])
def test_not_found_without_a_witness_may_be_another_location(
    desk: Desk, service: Service, resource_is_there: bool
) -> None:
    """If not one record of this journal is found, a readable resource shows that the right location is signed in."""
    resource = next(iter(service.state.space.resources)) if resource_is_there else 77
    file_of(desk, mapping(2, ResourceId=resource))
    assert run(desk) == {"code": 0, "created": 1}
    delete(service, desk, service.records[0]["Id"])
    if resource_is_there:
        assert run(desk) == {"code": 0, "created": 1}
        return
    # The resource was there a moment ago, and is not shown any more.
    service.state.change(strict_parents=True)
    assert run(desk, "--out", "again") == {"code": 1, "not sent": 1}
    assert "as if another location were chosen in Nexudus" in desk.report("again")[0]["import_message"]
    service.state.change(strict_parents=False)
    assert run(desk, "--even-if-existing") == {"code": 0, "created": 1}


def test_a_record_that_the_list_does_not_show_yet_is_not_made_again(desk: Desk, service: Service) -> None:
    """Asked for by its Id, it is there."""
    file_of(desk)
    service.state.change(list_lag=3600.0)
    assert run(desk) == {"code": 0, "created": 3}
    assert run(desk) == {"code": 0, "existing": 3}
    assert (service.creates, once(service, 3)) == (3, True)


def test_a_record_that_cannot_be_read_holds_its_row(desk: Desk, service: Service) -> None:
    """Neither listed nor readable: a person looks."""
    file_of(desk, mapping(2))
    service.state.change(list_lag=3600.0)
    run(desk)
    service._ask("faults?on=read", ["ok", "ok", "200-html", "ok", "200-html"])
    assert run(desk, "--out", "again") == {"code": 1, "not sent": 1}
    assert "is not listed and cannot be read" in desk.report("again")[0]["import_message"]
    assert service.creates == 1


@pytest.mark.parametrize("changes", [{}, {"Name": "Corrected"}, {"CalendarId": "AAMkCorrected="}, {"CalendarId": ""}])
def test_a_cell_corrected_while_the_answer_is_awaited_makes_no_second_record(
    desk: Desk, service: Service, changes: dict[str, object]
) -> None:
    """The row waits for the unanswered one, whichever cell it was."""
    file_of(desk, mapping(2))
    service.fail("lost-before")
    assert run(desk, "--max-rows", "1")["code"] == 8
    file_of(desk, mapping(2, **changes))
    assert run(desk)["code"] == 8
    assert service.creates == 1


def test_two_users_of_one_space_see_each_others_unanswered_rows(desk: Desk, service: Service) -> None:
    """What one of them has sent, the other does not send beside it; and takes nothing out of the other's hands."""
    file_of(desk, mapping(2), mapping(3))
    service.fail("lost-before")
    assert run(desk) == {"code": 8, "created": 1, "unknown": 1}
    as_user(service, desk, "ines@example.com")
    assert run(desk) == {"code": 8, "existing": 1, "not sent": 1}
    assert service.creates == 2


def test_two_users_of_one_space_see_each_others_records(desk: Desk, service: Service) -> None:
    """Also where the list is behind, and one of them reads the other's by its Id."""
    file_of(desk)
    service.state.change(list_lag=3600.0)
    run(desk)
    as_user(service, desk, "ines@example.com")
    assert run(desk) == {"code": 0, "existing": 3}
    assert service.creates == 3


def test_filling_in_the_calendar_later_makes_no_second_record(desk: Desk, service: Service) -> None:
    """Imported without it, again without it, and then with it."""
    file_of(desk, mapping(2, CalendarId=""))
    assert run(desk) == {"code": 0, "created": 1}
    assert run(desk) == {"code": 0, "existing": 1}
    file_of(desk, mapping(2))
    assert run(desk) == {"code": 1, "not sent": 1}
    assert len(service.records) == 1


def test_several_records_of_one_mapping_are_named(desk: Desk, service: Service) -> None:
    """As an earlier importer left them: nobody can tell which of them a change is meant for."""
    for name in ("Week 1", "Week 2"):
        service.state.add(
            "coworkermsoffecalendars", json.dumps(dict(zip(LABELS, mapping(2, Name=name), strict=True))).encode()
        )
    file_of(desk, mapping(2, Name="Week 3"))
    assert run(desk, "--out", "report") == {"code": 1, "not sent": 1}
    message = desk.report("report")[0]["import_message"]
    assert all(str(record["Id"]) in message for record in service.records)
    assert names(service) == ["Week 1", "Week 2"]


@pytest.mark.parametrize("existing_only", [False, True], ids=["created", "existing"])
def test_the_same_rows_in_another_time_zone_make_no_second_records(
    desk: Desk, service: Service, existing_only: bool
) -> None:
    """Whatever byte of the file has changed, and whether the first run created the records or met them."""
    for number, name in enumerate(["one", "two"][: 2 if existing_only else 1]):
        file_of(desk, *(mapping(n, SubscriptionExpireDate="2031-01-01 10:30") for n in range(2, 5)))
        assert run(desk, "--tz", "Europe/Madrid", "--out", name)["existing" if number else "created"] == 3
    file_of(desk, *(mapping(n, SubscriptionExpireDate="2031-01-01  10:30") for n in range(2, 5)))
    done = desk.type("run", FILE, "--yes", "--tz", "UTC")
    assert done.code in (1, 2)
    assert once(service, 3)
    plan = desk.type("plan", FILE, "--tz", "UTC")
    assert "3 rows differ from what Nexudus has only in the time, by 1 hour" in plan.err


LOCAL = {"SubscriptionExpireDate": "2031-01-01 10:30"}
"""A time without a zone."""


@pytest.mark.parametrize("command", [("plan",), ("run", "--yes")], ids=["plan", "run"])
def test_a_file_that_grew_is_not_imported_in_another_time_zone(
    desk: Desk, service: Service, command: tuple[str, ...]
) -> None:
    """The rows of before would be left out and say so; the new one would be created, an hour off, and say nothing."""
    file_of(desk, *(mapping(n, **LOCAL) for n in range(2, 4)))
    assert run(desk, "--tz", "Europe/Madrid") == {"code": 0, "created": 2}
    file_of(desk, *(mapping(n, **LOCAL) for n in range(2, 5)))
    verb, *flags = command
    refused = desk.type(verb, FILE, *flags, "--tz", "UTC")
    assert (refused.code, len(service.records)) == (2, 2)
    assert "All 2 rows that Nexudus has already differ from it only in the time, by 1 hour" in refused.err
    assert "1 new row would get another time as well" in refused.err
    assert run(desk, "--tz", "Europe/Madrid") == {"code": 0, "created": 1, "existing": 2}


@pytest.mark.parametrize(
    ("rows", "flags"),
    [
        ([mapping(2, SubscriptionExpireDate="2031-01-01 11:30"), mapping(3, **LOCAL), mapping(4, **LOCAL)], ()),
        ([mapping(2, SubscriptionExpireDate="2031-01-01 11:30"), mapping(4, **LOCAL)], ()),
        (
            [*(mapping(n, SubscriptionExpireDate="2031-01-01 11:30") for n in (2, 3)), mapping(4, **LOCAL)],
            ("--update",),
        ),
        ([mapping(n, SubscriptionExpireDate="2031-01-01T11:30Z") for n in (2, 3, 4)], ()),
    ],
    ids=["one of the rows is as it was", "one row alone", "told to update", "the times have a zone"],
)
def test_times_that_were_really_changed_by_an_hour_keep_no_new_row_back(
    desk: Desk, service: Service, rows: list[list[object]], flags: tuple[str, ...]
) -> None:
    """Only a file whose other rows all agree in an offset was read in another zone."""
    file_of(desk, *(mapping(n, **LOCAL) for n in range(2, 4)))
    assert run(desk, "--tz", "UTC") == {"code": 0, "created": 2}
    file_of(desk, *rows)
    assert run(desk, "--tz", "UTC", *flags)["created"] == 1


def test_doubles_of_an_earlier_importer_are_named_with_the_run_that_made_them(desk: Desk, service: Service) -> None:
    """And with what deletes them; what one run made is enough to go on with the other."""
    for number, name in enumerate(("Week 1", "Week 2")):
        file_of(desk, mapping(2, Name=name))
        assert run(desk, *["--even-if-existing"][:number]) == {"code": 0, "created": 1}
    first, second = (record["Id"] for record in service.records)
    file_of(desk, mapping(2, Name="Week 3"))
    assert run(desk, "--out", "report") == {"code": 1, "not sent": 1}
    message = desk.report("report")[0]["import_message"]
    assert f"Records {first}, {second} have the same" in message
    assert f"run 1 made {first}; run 2 made {second}" in message
    assert "by undoing a whole run" in message


def test_a_list_that_leaves_out_an_old_record_is_no_list(desk: Desk, service: Service) -> None:
    """It may lack the records of the other rows as well, as a list of another location does."""
    service.state.change(list_lag=100_000.0)
    file_of(desk, mapping(2), mapping(3))
    run(desk)
    service.let_the_window_pass(desk)
    file_of(desk, mapping(2), mapping(3), mapping(4))
    done = desk.type("run", FILE, "--yes")
    assert (done.code, service.creates) == (5, 2)
    assert "leaves out record" in done.err


@pytest.mark.parametrize("flags", [(), ("--max-rows", "3")])
def test_a_run_of_days_is_compared_again_each_day(desk: Desk, service: Service, flags: tuple[str, ...]) -> None:
    """A colleague creates a mapping while the run sends; a day later its row is no longer sent."""
    file_of(desk, *(mapping(number) for number in range(2, 6)))
    theirs = json.dumps(dict(zip(LABELS, mapping(5), strict=True))).encode()
    made: list[int] = []

    def clock() -> float:
        days = 0.0 if len(service.state.service.records.all()) < 2 else DAY + 1
        if days and not made:
            made.append(service.state.add(PATH.removeprefix("/api/"), theirs))
        return time.time() + days

    desk.clock = clock
    desk.variables["IMPORTER_CONCURRENCY"] = "1"
    assert run(desk, *flags) == {"code": 0, "created": 3, "existing": 1}
    assert once(service, 4)
