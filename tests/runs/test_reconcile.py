"""Doubts settled by what the service holds, through the real command and the real sandbox."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import LABELS, UNLIMITED, Desk, Service, mapping, wait_until

from importer.sandbox.people import LOCATIONS
from runs.kit import PATH, names, once, rows


@pytest.mark.parametrize("fault", ["lost-after", "500-after", "half-body", "no-id", "big-body"])
def test_a_record_whose_answer_was_lost_is_found_at_the_end(desk: Desk, service: Service, fault: str) -> None:
    """The row gets the Id of its record by itself, and nothing is sent again."""
    service.fail("ok", fault)
    done = desk.type("run", rows(desk), "--yes", "--json", "--out", "report")
    assert (done.code, done.json["counts"]["created"]) == (0, 5)
    assert once(service, 5)
    ids = {record["Name"]: str(record["Id"]) for record in service.records}
    assert {row["Name"]: row["import_id"] for row in desk.report("report")} == ids


@pytest.mark.parametrize("fault", ["lost-before", "500-before", "502-html", "late:0.2"])
def test_a_row_proved_absent_is_sent_once_more(desk: Desk, service: Service, fault: str) -> None:
    """After the visibility window a row without a record is sent again, and exists once in the end."""
    # Much longer than the latest effect, so that a busy service keeps to it too.
    desk.shorten_the_window()
    service.fail("ok", fault)
    done = desk.type("run", rows(desk), "--yes", "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, 5)
    assert once(service, 5)


def test_absent_is_not_believed_before_the_visibility_window(desk: Desk, service: Service) -> None:
    """Within the visibility window a row without a record stays in doubt, and reconcile says so."""
    service.fail("lost-before")
    assert desk.type("run", rows(desk), "--yes").code == 8
    assert desk.type("reconcile").code == 8
    service.let_the_window_pass(desk)
    done = desk.type("reconcile", "1")
    assert done.code == 0
    assert "importer resume 1" in done.out
    assert desk.type("resume", "1").code == 0
    assert once(service, 5)


@pytest.mark.parametrize(
    "changes", [{"ignore_filters": True}, {"dates": "bare"}, {"clock_skew": 3600.0}, {"list_lag": 0.5}]
)
def test_settling_lives_with_how_the_service_lists(
    desk: Desk, serve: Callable[..., Service], changes: dict[str, Any]
) -> None:
    """Filters ignored, dates without zone, another clock, a lagging list: each row still exists exactly once."""
    service = serve(replace(UNLIMITED, **changes))
    desk.shorten_the_window()
    service.fail("lost-after", "lost-before", "ok", "500-after")
    assert desk.type("run", rows(desk), "--yes").code == 0
    assert once(service, 5)


@pytest.mark.parametrize(("changes", "by"), [({"Name": "Cut sho"}, "ops@example.com"), ({}, "colleague@example.com")])
def test_a_record_that_is_not_clearly_the_rows_goes_to_a_person(
    desk: Desk, service: Service, changes: dict[str, str], by: str
) -> None:
    """A record that differs, or that a colleague made, is not taken for the row's; nor is the row sent again."""
    service.fail("lost-before")
    desk.type("run", rows(desk, 1), "--yes", "--out", "report")
    body = dict(zip(LABELS, mapping(2), strict=True)) | changes
    service.state.add(PATH.rpartition("/")[2], json.dumps(body).encode(), by=by)
    service.let_the_window_pass(desk)
    assert desk.type("reconcile").code == 8
    [row] = desk.report("report")
    assert row["import_status"] == "unknown"
    assert str(service.records[0]["Id"]) in row["import_message"]
    # Exactly one record of the row's key: if it has the row's values, a later look says that the mapping exists.
    assert desk.type("run", rows(desk, 1), "--yes").code == (8 if changes else 0)
    assert desk.type("undo", "1", "--yes").code == 2
    assert len(service.records) == 1


def copies(desk: Desk) -> list[Path]:
    """The private copies of the files that were imported."""
    return [path for path in (desk.home / "files").iterdir() if path.is_file()]


def lose_the_copy(desk: Desk) -> None:
    """Somebody tidied up."""
    [copy] = copies(desk)
    copy.unlink()


def spoil_the_copy(desk: Desk) -> None:
    """A disk went bad."""
    [copy] = copies(desk)
    copy.chmod(0o600)
    copy.write_bytes(b"")


def block_the_report(desk: Desk) -> None:
    """The report is open in a program that lets nobody replace it; a folder of its name is the same to us."""
    (desk.folder / "first" / "report.csv").unlink()
    (desk.folder / "first" / "report.csv" / "open").mkdir(parents=True)


def close_the_folder(desk: Desk) -> None:
    """Nothing can be written to the folder: a link to a place that takes no files."""
    shutil.rmtree(desk.folder / "first")
    (desk.folder / "first").symlink_to("/proc/self")


@pytest.mark.parametrize(
    "trouble",
    [
        lose_the_copy,
        spoil_the_copy,
        block_the_report,
        pytest.param(close_the_folder, marks=pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="no /proc")),
    ],
)
def test_the_report_of_another_run_ends_no_run(desk: Desk, service: Service, trouble: Callable[[Desk], None]) -> None:
    """A run that settles the rows of an earlier one sends its own, and says which report is to be rebuilt."""
    service.fail("lost-before")
    assert desk.type("run", desk.write("first.csv", [mapping(2)]), "--yes", "--out", "first").code == 8
    trouble(desk)
    service.let_the_window_pass(desk)
    done = desk.type("run", desk.write("second.csv", [mapping(3)]), "--yes", "--out", "second")
    assert done.code == 0, done.err
    assert [row["import_status"] for row in desk.report("second")] == ["created"]
    assert "To rebuild the report later: importer report 1" in done.err
    assert "Room 3" in names(service)


def test_the_report_of_a_third_run_is_not_written_over(desk: Desk, service: Service) -> None:
    """The same --out again: whose rows are settled later does not get its report back in the place of a newer one."""
    service.fail("lost-before")
    assert desk.type("run", desk.write("first.csv", [mapping(2)]), "--yes", "--out", "out").code == 8
    between = desk.type("run", desk.write("between.csv", [mapping(7)]), "--yes", "--without-list", "--out", "out")
    assert json.loads((desk.folder / "out" / "summary.json").read_text("utf-8"))["run"] == 2, between.err
    service.let_the_window_pass(desk)
    done = desk.type("run", desk.write("second.csv", [mapping(3)]), "--yes", "--out", "second")
    assert "importer report 1 --out DIR" in done.err
    assert [row["Name"] for row in desk.report("out")] == ["Room 7"]


def test_a_report_that_was_open_can_be_rebuilt(desk: Desk, service: Service) -> None:
    """As it was said; and it shows what was settled meanwhile."""
    service.fail("ok", "lost-before")
    assert desk.type("run", desk.write("first.csv", [mapping(4), mapping(2)]), "--yes", "--out", "first").code == 8
    block_the_report(desk)
    service.let_the_window_pass(desk)
    desk.type("run", desk.write("second.csv", [mapping(3)]), "--yes", "--out", "second")
    shutil.rmtree(desk.folder / "first" / "report.csv")
    assert desk.type("report", "1").code == 0
    assert [row["import_status"] for row in desk.report("first")] == ["created", "not sent"]


def test_equal_rows_are_interchangeable(desk: Desk, service: Service) -> None:
    """Of equal rows, as many are created as were asked for, whichever answers get lost."""
    desk.shorten_the_window()
    service.fail("lost-after", "lost-before", "ok")
    file = desk.write("rows.csv", [mapping(2)] * 3)
    done = desk.type("run", file, "--yes", "--allow-duplicates", "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, 3)
    assert len(service.records) == 3
    again = desk.type("run", file, "--yes", "--allow-duplicates", "--json")
    assert again.json["counts"]["existing"] == 3


def test_a_service_without_a_list_leaves_doubts_open(desk: Desk, serve: Callable[..., Service]) -> None:
    """Where records cannot be listed, rows in doubt stay so, and it is said."""
    service = serve()
    service.fail("lost-after")
    service._ask("faults?on=read", ["ok", *["404"] * 40])
    done = desk.type("run", rows(desk), "--yes", "--without-list")
    assert done.code == 8
    assert "from the journal only" in done.err
    assert once(service, 5)
    # Claims hold: what was created is not created again, and the row in doubt stays in doubt.
    while service.state.pending_faults("read"):
        service.state.next_fault("read")
    service._ask("faults?on=read", ["ok", *["404"] * 40])
    done = desk.type("run", rows(desk, 6), "--yes", "--without-list", "--json")
    assert (done.code, done.json["counts"]["created"], done.json["counts"]["existing"]) == (8, 1, 4)
    assert once(service, 6)
    # With the list back, the doubt is settled: its record was there all the time.
    while service.state.pending_faults("read"):
        service.state.next_fault("read")
    done = desk.type("run", rows(desk, 6), "--yes", "--json")
    assert (done.code, done.json["counts"]["existing"]) == (0, 6)
    assert once(service, 6)


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        ("list-other-location", "its list leaves out record"),
        ("list-end-early", "it says that no page follows, and then shows more records"),
    ],
)
def test_a_list_that_lacks_what_was_listed_before_proves_nothing(
    desk: Desk, serve: Callable[..., Service], lie: str, why: str
) -> None:
    """The only row got no answer, so that no record of the run could show that the list is another one."""
    service = serve(replace(UNLIMITED, largest_page=2))
    elsewhere = next(n for n, each in service.state.space.resources.items() if each["BusinessName"] == LOCATIONS[1])
    for number, changes in ((50, {"ResourceId": elsewhere}), (51, {}), (52, {})):
        body = dict(zip(LABELS, mapping(number, **changes), strict=True))
        service.state.add(PATH.rpartition("/")[2], json.dumps(body).encode())
    service.fail("late:3")
    assert desk.type("run", rows(desk, 1), "--yes").code == 8
    wait_until(lambda: len(service.records) == 4)
    service.state.fail_next(*[lie] * 99, on="list")
    service.let_the_window_pass(desk)
    done = desk.type("reconcile")
    assert (done.code, why in done.err) == (5, True), done.err
    service.state.heal("list")
    desk.type("reconcile")
    desk.type("resume")
    assert names(service) == ["Room 2", "Room 50", "Room 51", "Room 52"]


def test_a_colleague_who_deletes_what_was_listed_keeps_nothing_from_being_settled(desk: Desk, service: Service) -> None:
    """Gone by the service's own word, when it is asked for by its Id."""
    body = dict(zip(LABELS, mapping(50), strict=True))
    first, _ = (service.state.add(PATH.rpartition("/")[2], json.dumps(body).encode()) for _ in range(2))
    service.fail("lost-before")
    assert desk.type("run", rows(desk, 1), "--yes").code == 8
    service.state.remove(first)
    service.let_the_window_pass(desk)
    assert desk.type("reconcile").code == 0
    assert desk.type("resume").code == 0
    assert names(service) == ["Room 2", "Room 50"]


def test_without_a_number_the_latest_run_with_doubts_is_meant(desk: Desk, service: Service) -> None:
    """A later run without any hides nothing, and runs that are left in doubt are named."""
    service.fail("lost-before")
    desk.type("run", desk.write("first.csv", [mapping(50)]), "--yes", "--out", "first")
    service.fail("lost-before")
    desk.type("run", desk.write("second.csv", [mapping(60), mapping(61)]), "--yes", "--out", "second")
    desk.type("run", desk.write("third.csv", [mapping(70)]), "--yes", "--out", "third")
    done = desk.type("reconcile")
    assert (done.code, "Run 2" in done.out) == (8, True), done
    assert "importer reconcile 1" in done.err
    service.let_the_window_pass(desk)
    done = desk.type("reconcile")
    assert done.code == 0, done
    assert "in doubt, too" not in done.err
