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


def test_an_unfinished_run_is_resumed_and_not_retried(desk: Desk, service: Service) -> None:
    """Its rows would be sent by another run, and it would stay unfinished."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 7)])
    assert desk.type("run", file, "--yes", "--max-rows", "2").code == 6
    refused = desk.type("retry", "--yes")
    assert (refused.code, "importer resume 1" in refused.err) == (2, True), refused
    assert len(service.records) == 2
    assert desk.type("resume").code == 0
    assert len(service.records) == 5
