"""Doubts settled, runs verified and undone, through the real command and the real sandbox."""

import asyncio
import base64
import json
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import GIVE_UP, LABELS, UNLIMITED, Desk, Service, mapping, wait_until

from importer.config.settings import Settings
from importer.model import Status
from importer.runs.request import Choices, ImportRequest
from importer.runs.run import run as run_file

PATH = "/api/spaces/coworkermsoffecalendars"


def rows(desk: Desk, number: int = 5) -> str:
    """A file with so many good rows."""
    return str(desk.write("rows.csv", [mapping(n) for n in range(2, 2 + number)]))


def names(service: Service) -> list[str]:
    """The names of the stored records, sorted."""
    return sorted(record["Name"] for record in service.records)


def once(service: Service, number: int) -> bool:
    """Whether each of the first rows exists exactly once."""
    return names(service) == sorted(f"Room {n}" for n in range(2, 2 + number))


def change(service: Service, desk: Desk, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    """A colleague at work: one call to the service with another password-sign-in."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(service.url + path, data, {"Content-Type": "application/json"}, method=method)
    secret = f"{desk.variables['NEXUDUS_USERNAME']}:{desk.variables['NEXUDUS_PASSWORD']}".encode()
    request.add_header("Authorization", "Basic " + base64.b64encode(secret).decode())
    urllib.request.urlopen(request, timeout=GIVE_UP).read()


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
    desk.variables["IMPORTER_SETTLE"] = "3"
    service.fail("ok", fault)
    done = desk.type("run", rows(desk), "--yes", "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, 5)
    assert once(service, 5)


def test_absent_is_not_believed_before_the_visibility_window(desk: Desk, service: Service) -> None:
    """Within the visibility window a row without a record stays in doubt, and reconcile says so."""
    service.fail("lost-before")
    assert desk.type("run", rows(desk), "--yes").code == 8
    assert desk.type("reconcile").code == 8
    desk.variables["IMPORTER_SETTLE"] = "0"
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
    desk.variables["IMPORTER_SETTLE"] = "2"
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
    desk.variables["IMPORTER_SETTLE"] = "0"
    assert desk.type("reconcile").code == 8
    [row] = desk.report("report")
    assert row["import_status"] == "unknown"
    assert str(service.records[0]["Id"]) in row["import_message"]
    assert desk.type("run", rows(desk, 1), "--yes").code == 8
    assert len(service.records) == 1


def test_equal_rows_are_interchangeable(desk: Desk, service: Service) -> None:
    """Of equal rows, as many are created as were asked for, whichever answers get lost."""
    desk.variables["IMPORTER_SETTLE"] = "1"
    service.fail("lost-after", "lost-before", "ok")
    file = desk.write("rows.csv", [mapping(2)] * 3)
    done = desk.type("run", file, "--yes", "--allow-duplicates", "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, 3)
    assert len(service.records) == 3
    again = desk.type("run", file, "--yes", "--allow-duplicates", "--json")
    assert again.json["counts"]["existing"] == 3


def test_a_journal_put_back_from_yesterday_doubles_nothing(desk: Desk, service: Service) -> None:
    """Rows that were created after the copy of the journal was made are recognised on the service."""
    file = rows(desk, 6)
    desk.type("run", file, "--yes", "--max-rows", "2")
    shutil.copytree(desk.home, desk.folder / "yesterday")
    desk.type("resume", "--max-rows", "2")
    shutil.rmtree(desk.home)
    shutil.copytree(desk.folder / "yesterday", desk.home)
    done = desk.type("resume", "--max-rows", "9", "--json")
    assert (done.code, done.json["counts"]["existing"]) == (0, 2)
    assert once(service, 6)


def test_another_machine_recognises_what_the_first_created(desk: Desk, service: Service) -> None:
    """Without the journal, rows equal to a record of the service are existing, with its Id; unless asked for."""
    file = rows(desk)
    desk.type("run", file, "--yes")
    shutil.rmtree(desk.home)
    done = desk.type("run", file, "--yes", "--json")
    assert done.json["counts"]["existing"] == 5
    assert "5 existing" in done.err
    assert desk.type("run", file, "--yes", "--even-if-existing", "--json").json["counts"]["created"] == 5
    assert len(service.records) == 10


def test_a_service_without_a_list_leaves_doubts_open(desk: Desk, serve: Callable[..., Service]) -> None:
    """Where records cannot be listed, rows in doubt stay so, and it is said."""
    service = serve()
    service.fail("lost-after")
    service._ask("faults?on=read", ["ok", *["404"] * 9])
    done = desk.type("run", rows(desk), "--yes")
    assert done.code == 8
    assert "does not list its records" in done.err
    assert once(service, 5)


def test_a_killed_run_settles_its_doubts_on_resume(desk: Desk, service: Service) -> None:
    """After kill -9 nothing stays unknown: what was under way is found or sent again, once."""
    desk.variables |= {"IMPORTER_CONCURRENCY": "4", "IMPORTER_SETTLE": "1"}
    service.fail(*["ok"] * 11, "hang", "hang-before", "hang-before", "hang")
    process = desk.start("run", rows(desk, 60), "--yes")
    wait_until(lambda: service.creates == 15)
    process.kill()
    process.communicate()
    assert desk.type("resume").code == 0
    assert once(service, 60)


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


def test_the_same_refusal_for_every_row_stops_the_run(desk: Desk, service: Service) -> None:
    """When the service wants a field of every row, five refusals are enough to say so; exit 1."""
    service.fail(*["400"] * 20)
    done = desk.type("run", rows(desk, 30), "--yes", "--json")
    assert done.code == 1
    assert done.json["counts"]["rejected"] <= 9
    assert "Name" in done.err


def test_equal_401_texts_never_stop_a_run(desk: Desk, service: Service) -> None:
    """Refusals that name no field may have a cause in each row: all the others are still sent."""
    service.fail(*["401-row"] * 10)
    done = desk.type("run", rows(desk, 30), "--yes", "--json")
    assert (done.json["counts"]["rejected"], done.json["counts"]["created"]) == (10, 20)


class Impatient:
    """Somebody who asks to stop at the moment in which rows in doubt turn out to be absent."""

    def __init__(self) -> None:
        self._stop = asyncio.Event()

    def say(self, sentence: str) -> None:
        """Listen for it."""
        if "proved not created" in sentence:
            self._stop.set()

    def confirm(self, *_: object) -> bool:
        """Go on."""
        return True

    confirm_undo = confirm

    @contextmanager
    def sending(self) -> Iterator[asyncio.Event]:
        """The wish to stop."""
        yield self._stop

    def progress(self, *_: object) -> None:
        """Look at something else."""


def test_a_stop_while_doubts_are_settled_is_no_end(desk: Desk, service: Service) -> None:
    """Rows proved absent then are not sent any more: the run is unfinished, and the next command sends them."""
    service.fail("lost-before")
    kept = {"url": service.url, "username": "ops@example.com", "password": "practice", "home": desk.home}
    settings = Settings.model_validate({**kept, "rate": None, "daily_quota": None, "settle": 0.3})
    file = Path(rows(desk, 3))
    result = asyncio.run(
        run_file(ImportRequest(file, settings, Impatient(), time.time, choices=Choices(out=desk.folder)))
    )
    assert result is not None
    assert (result.exit_code, result.run.finished) == (130, None)
    assert result.report.counts[Status.NOT_SENT] == 1
    assert desk.type("resume").code == 0
    assert once(service, 3)
