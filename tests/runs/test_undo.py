"""Runs taken back, through the real command and the real sandbox."""

import json
from collections.abc import Callable

import pytest
from conftest import LABELS, Desk, Service, mapping

from importer.sandbox import SandboxOptions
from runs.kit import PATH, change, rows


def test_undo_removes_what_nobody_changed(desk: Desk, service: Service) -> None:
    """Undo deletes the run's own records, keeps what was changed, and undone rows can be imported again."""
    file = rows(desk)
    desk.type("run", file, "--yes", "--out", "report")
    ids = {record["Name"]: record["Id"] for record in service.records}
    [body] = [
        {k: v for k, v in record.items() if k != "Id"} for record in service.records if record["Name"] == "Room 3"
    ]
    change(service, desk, "DELETE", f"{PATH}/{ids['Room 2']}")
    change(service, desk, "PUT", PATH, body | {"Id": ids["Room 3"], "SubscriptionId": "changed by hand"})
    done = desk.type("undo", "--yes", "--json")
    assert done.code == 1
    assert done.json["counts"] == {"removed": 4, "kept": 1}
    assert [record["Id"] for record in service.records] == [ids["Room 3"]]
    assert {row["import_status"] for row in desk.report("report")} == {"created", "not sent"}
    again = desk.type("run", file, "--yes", "--json")
    assert again.json["counts"] == again.json["counts"] | {"created": 4, "not sent": 1}


def test_undo_asks_and_says_what_it_costs(desk: Desk, service: Service) -> None:
    """Without --yes and without a terminal nothing is deleted."""
    desk.type("run", rows(desk), "--yes")
    done = desk.type("undo")
    assert done.code == 2
    assert "5 records" in done.err
    assert len(service.records) == 5


def another_location(desk: Desk, serve: Callable[..., Service], number: int) -> tuple[Service, str]:
    """A service that has nothing of a run with so many records, under the address that the run used."""
    service = serve()
    assert desk.type("run", rows(desk, number), "--yes", "--out", "report").code == 0
    service.state.service.records.clear()
    return service, "report"


@pytest.mark.parametrize("number", [2, 5, 60])
def test_where_nothing_of_a_run_is_found_nothing_counts_as_deleted(
    desk: Desk, serve: Callable[..., Service], number: int
) -> None:
    """To a sign-in for another location every record is "not found"; verify and undo say so, and free no row."""
    service, report = another_location(desk, serve, number)
    before = desk.report(report)
    verified = desk.type("verify", "1", "--json")
    assert verified.code == 5
    assert verified.json["counts"] == {"not looked at": number}
    reads = len(service.state.calls)
    undone = desk.type("undo", "1", "--yes")
    assert undone.code == 5
    assert "another location" in undone.err
    assert "importer undo 1 --even-if-gone" in undone.err
    assert len(service.state.calls) - reads < 40
    assert desk.report(report) == before
    assert desk.type("undo", "1", "--yes").code == 5
    again = desk.type("undo", "1", "--yes", "--even-if-gone", "--json")
    assert (again.code, again.json["counts"]) == (0, {"removed": number})


def test_the_only_record_may_have_been_deleted(desk: Desk, serve: Callable[..., Service]) -> None:
    """One out of one is believed: nothing else can show where we are."""
    another_location(desk, serve, 1)
    assert desk.type("undo", "1", "--yes", "--json").json["counts"] == {"removed": 1}


@pytest.mark.parametrize("there", [True, False])
def test_the_only_record_of_a_run_is_believed_by_those_of_others(desk: Desk, service: Service, there: bool) -> None:
    """If records of another run are shown, this one was deleted; if none is, it is another location."""
    desk.type("run", desk.write("one.csv", [mapping(50)]), "--yes")
    desk.type("run", rows(desk), "--yes")
    [number] = [record["Id"] for record in service.records if record["Name"] == "Room 50"]
    if there:
        change(service, desk, "DELETE", f"{PATH}/{number}")
    else:
        service.state.service.records.clear()
    done = desk.type("undo", "1", "--yes", "--json")
    assert (done.code, done.json["counts"]) == ((0, {"removed": 1}) if there else (5, {"failed": 1}))


def test_all_but_one_record_may_have_been_deleted(desk: Desk, service: Service) -> None:
    """One that is still there shows that the place is right, wherever in the file it stands."""
    desk.type("run", rows(desk), "--yes")
    for record in service.records:
        if record["Name"] != "Room 6":
            change(service, desk, "DELETE", f"{PATH}/{record['Id']}")
    assert desk.type("verify", "1", "--json").json["counts"] == {"absent": 4, "once": 1}
    done = desk.type("undo", "--yes", "--json")
    assert (done.code, done.json["counts"]) == (0, {"removed": 5})


def test_at_another_location_no_row_is_proved_absent(desk: Desk, service: Service) -> None:
    """A whole list that shows nothing of the run is another location's, and its row would be sent a second time."""
    service.fail("ok", "ok", "lost-before")
    desk.type("run", rows(desk, 3), "--yes")
    service.state.service.records.clear()
    service.state.add(PATH.removeprefix("/api/"), json.dumps(dict(zip(LABELS, mapping(90), strict=True))).encode())
    service.let_the_window_pass(desk)
    done = desk.type("reconcile", "1")
    assert done.code == 5, done
    assert "another location" in done.err
    assert desk.type("resume", "1").code != 0
    assert [record["Name"] for record in service.records] == ["Room 90"]


def test_an_undo_keeps_to_every_limit_of_the_service(desk: Desk, serve: Callable[..., Service]) -> None:
    """A record is looked at and deleted at once, but two calls in a tenth of a second are one too many."""
    service = serve(SandboxOptions())
    del desk.variables["IMPORTER_RATE"]
    assert desk.type("run", rows(desk, 3), "--yes").code == 0
    before = service.state.throttled
    done = desk.type("undo", "--yes", "--json")
    assert (done.code, done.json["counts"]) == (0, {"removed": 3})
    assert service.state.throttled - before <= 1
