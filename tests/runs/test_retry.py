"""Rejected and unsent rows once more, as a run of their own."""

from conftest import Desk, Service, mapping


def test_refused_rows_are_rejected_with_the_services_words(desk: Desk, service: Service) -> None:
    """A refusal names the field by our name for it, and retry sends only the refused rows."""
    service.fail("400-relation", "false-200", "401-row")
    done = desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 7)]), "--yes", "--json", "--out", "r")
    assert done.json["counts"]["rejected"] == 3
    messages = [row["import_message"] for row in desk.report("r") if row["import_status"] == "rejected"]
    assert any("Coworker" in message for message in messages)
    again = desk.type("retry", "--yes", "--json")
    assert (again.code, again.json["rows"], again.json["counts"]["created"]) == (0, 3, 3)
    assert len(service.records) == 5
