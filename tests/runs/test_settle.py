"""A review is ended by a person's word, which is checked with what the service shows."""

import json

import pytest
from conftest import LABELS, Desk, Service, mapping

from runs.kit import PATH, change

TYPE = "coworkermsoffecalendars"


@pytest.fixture
def run(desk: Desk, service: Service) -> int:
    """A run whose third row is in review, because a record exists that may be its own; gives that record's Id."""
    service.fail("ok", "lost-before")
    assert desk.type("run", desk.write("rows.csv", [mapping(2), mapping(3)]), "--yes", "--out", "report").code == 8
    body = dict(zip(LABELS, mapping(3), strict=True)) | {"Name": "Cut sho"}
    service.state.add(TYPE, json.dumps(body).encode(), by="ops@example.com")
    service.let_the_window_pass(desk)
    assert desk.type("reconcile").code == 8
    return int(next(record["Id"] for record in service.records if record["Name"] == "Cut sho"))


def test_the_record_that_a_person_names_is_the_rows(desk: Desk, service: Service, run: int) -> None:
    """The report has its Id, and nothing is sent."""
    done = desk.type("settle", "1", "3", "--is", str(run))
    assert done.code == 0, done.err
    assert [row["import_id"] for row in desk.report("report")][1] == str(run)
    assert len(service.records) == 2


def test_a_row_without_a_record_can_be_sent_again(desk: Desk, service: Service, run: int) -> None:
    """Once the record that looked like it is gone; and it is sent once."""
    refused = desk.type("settle", "1", "3", "--absent")
    assert refused.code == 2
    assert f"record {run}" in refused.err
    assert f"importer settle 1 3 --is {run}" in refused.err
    change(service, desk, "DELETE", f"{PATH}/{run}")
    assert desk.type("settle", "1", "3", "--absent").code == 0
    assert desk.type("resume", "1").code == 0
    assert sorted(record["Name"] for record in service.records) == ["Room 2", "Room 3"]


def test_a_row_in_doubt_is_not_settled_as_absent(desk: Desk, service: Service) -> None:
    """Nobody can know before the end of its window that there will be no record; then it settles by itself."""
    service.fail("ok", "lost-before")
    assert desk.type("run", desk.write("rows.csv", [mapping(2), mapping(3)]), "--yes", "--out", "report").code == 8
    refused = desk.type("settle", "1", "3", "--absent")
    assert refused.code == 2
    assert "Row 3 of run 1 is still in doubt." in refused.err
    assert "importer reconcile 1" in refused.err


def test_a_slip_of_the_pen_is_refused(desk: Desk, service: Service, run: int) -> None:
    """Another row's record, one of another mapping, one that does not exist, a row that is not in review."""
    first = next(record["Id"] for record in service.records if record["Name"] == "Room 2")
    other = dict(zip(LABELS, mapping(9), strict=True))
    service.state.add(TYPE, json.dumps(other).encode(), by="ops@example.com")
    stranger = next(record["Id"] for record in service.records if record["Name"] == "Room 9")
    for words in (["3", "--is", first], ["3", "--is", stranger], ["3", "--is", 7], ["2", "--absent"], ["3"], ["9"]):
        done = desk.type("settle", "1", *map(str, words))
        assert done.code == 2, (words, done.err)
    assert desk.type("settle", "1", "3", "--absent", "--is", str(run)).code == 2
    assert [row["import_status"] for row in desk.report("report")] == ["created", "unknown"]
