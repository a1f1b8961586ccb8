"""Runs taken back, through the real command and the real sandbox."""

from conftest import Desk, Service

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
    assert again.json["counts"] == again.json["counts"] | {"created": 4, "existing": 1}


def test_undo_asks_and_says_what_it_costs(desk: Desk, service: Service) -> None:
    """Without --yes and without a terminal nothing is deleted."""
    desk.type("run", rows(desk), "--yes")
    done = desk.type("undo")
    assert done.code == 2
    assert "5 records" in done.err
    assert len(service.records) == 5
