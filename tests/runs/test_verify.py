"""What a run created compared with what there is now, through the real command and the real sandbox."""

from conftest import Desk, Service

from runs.kit import PATH, change, rows


def test_verify_tells_record_by_record(desk: Desk, service: Service) -> None:
    """Once and equal is exit 0; changed, deleted and doubled records are each named."""
    desk.type("run", rows(desk), "--yes", "--out", "report")
    assert desk.type("verify").code == 0
    ids = {record["Name"]: record["Id"] for record in service.records}
    bodies = {record["Name"]: {k: v for k, v in record.items() if k != "Id"} for record in service.records}
    change(service, desk, "DELETE", f"{PATH}/{ids['Room 2']}")
    change(service, desk, "PUT", PATH, bodies["Room 3"] | {"Id": ids["Room 3"], "Name": "Other"})
    change(service, desk, "POST", PATH, bodies["Room 4"])
    done = desk.type("verify", "--json")
    assert done.code == 1
    counts = done.json["counts"]
    assert (counts["absent"], counts["twice"], counts["once"]) == (1, 1, 2)
    assert counts.get("differs", 0) + counts.get("changed since", 0) == 1
    text = (desk.folder / "report" / "verification.csv").read_text("utf-8-sig")
    assert "Other" in text
