"""The main job through the real command and the real sandbox, over sockets."""

import asyncio
import contextlib
import csv
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import GIVE_UP, UNLIMITED, Desk, Service, mapping, wait_until
from openpyxl import load_workbook

from importer.cli.terminal import Console
from importer.config.settings import Settings
from importer.model import Account, Plan
from importer.runs.request import Choices, ImportRequest
from importer.runs.run import run as run_file
from importer.runs.source import CheckResult

BAD = {
    50: {"ResourceId": "abc"},
    100: {"CoworkerId": ""},
    150: {"SubscriptionExpireDate": "31/02/2027"},
    200: {"ResourceId": "-1"},
    250: {"Name": ""},
}


def three_hundred(desk: Desk) -> Path:
    """300 rows, five of them wrong in different ways."""
    return desk.write("three hundred.csv", [mapping(n, **BAD.get(n, {})) for n in range(2, 302)])


def test_good_rows_are_created_and_bad_rows_are_told(desk: Desk, service: Service) -> None:
    """Of 300 rows with 5 bad ones, 295 are created and 5 reported with row, cell and reason."""
    done = desk.type("run", three_hundred(desk), "--yes", "--json", "--out", "report")
    assert done.code == 1
    assert done.json["counts"] == {
        "created": 295,
        "existing": 0,
        "rejected": 0,
        "invalid": 5,
        "unknown": 0,
        "not sent": 0,
    }
    assert len(service.records) == 295
    rows = desk.report("report")
    assert [row["import_row"] for row in rows] == [str(n) for n in range(2, 302)]
    invalid = {int(row["import_row"]): row["import_message"] for row in rows if row["import_status"] == "invalid"}
    assert set(invalid) == set(BAD)
    assert 'No resource matches "abc".' in invalid[50]
    ids = [int(row["import_id"]) for row in rows if row["import_status"] == "created"]
    assert sorted(ids) == sorted(record["Id"] for record in service.records)


def test_a_second_run_costs_no_create(desk: Desk, service: Service) -> None:
    """What was created before is existing, with its Id, and no call is made for it."""
    file = three_hundred(desk)
    desk.type("run", file, "--yes", "--out", "first")
    before = service.creates
    done = desk.type("run", file, "--yes", "--json", "--out", "second")
    assert done.json["counts"]["existing"] == 295
    assert service.creates == before
    first = {row["import_row"]: row["import_id"] for row in desk.report("first")}
    second = {row["import_row"]: row["import_id"] for row in desk.report("second")}
    assert first == second


def test_the_corrected_failed_file_brings_in_the_rest(desk: Desk, service: Service) -> None:
    """failed.xlsx, corrected by hand and given back as it is, creates the last five and nothing twice."""
    desk.type("run", three_hundred(desk), "--yes", "--out", "first")
    path = desk.folder / "first" / "failed.xlsx"
    workbook = load_workbook(path)
    sheet = workbook.worksheets[0]
    assert sheet.max_row == 6
    for line in range(2, 7):
        for column, value in enumerate(mapping(5000 + line), start=1):
            sheet.cell(line, column, str(value))
    workbook.save(path)
    done = desk.type("run", path, "--yes", "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, 5)
    assert len(service.records) == 300
    assert len({record["Name"] for record in service.records}) == 300


def test_failed_csv_goes_back_in_as_it_is(desk: Desk, service: Service) -> None:
    """The failed rows as CSV are read back with the user's own cells, formulas and all."""
    rows = [mapping(2, Name="=1+1", ResourceId="x"), mapping(3, Name="'=1", ResourceId="y")]
    desk.type("run", desk.write("odd.csv", rows), "--yes", "--out", "first")
    failed = desk.folder / "first" / "failed.csv"
    text = failed.read_text("utf-8-sig")
    assert '"\'=1+1"' in text
    with failed.open(encoding="utf-8-sig", newline="") as file:
        cells = list(csv.reader(file))
    for line, number in ((1, 7002), (2, 7003)):
        cells[line][0] = str(number)
    with failed.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(cells)
    assert desk.type("run", failed, "--yes").code == 0
    assert [record["Name"] for record in service.records] == ["=1+1", "'=1"]


def test_a_killed_run_goes_on_and_sends_nothing_twice(desk: Desk, service: Service) -> None:
    """After kill -9 in the middle, resume creates every row once; what was under way is found, or unknown, unsent."""
    file = desk.write("long.csv", [mapping(n) for n in range(2, 202)])
    desk.variables["IMPORTER_CONCURRENCY"] = "4"
    service.fail(*["ok"] * 36, "hang", "hang-before", "hang", "hang-before")
    process = desk.start("run", file, "--yes", "--out", "report")
    wait_until(lambda: service.creates == 40)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    done = desk.type("resume", "--json", "--out", "report")
    counts = done.json["counts"]
    assert (done.code, counts["created"], counts["unknown"]) == (8, 198, 2)
    names = [record["Name"] for record in service.records]
    assert len(names) == len(set(names)) == 198
    unknown = {row["Name"] for row in desk.report("report") if row["import_status"] == "unknown"}
    assert {f"Room {n}" for n in range(2, 202)} - set(names) == unknown


def test_ctrl_c_finishes_what_is_under_way(desk: Desk, service: Service) -> None:
    """Ctrl-C stops after the rows under way, writes the report, and resume does the rest."""
    file = desk.write("long.csv", [mapping(n) for n in range(2, 102)])
    desk.variables["IMPORTER_CONCURRENCY"] = "4"
    service.fail(*["ok"] * 10, *["slow:2"] * 90)
    process = desk.start("run", file, "--yes", "--json", "--out", "report")
    wait_until(lambda: service.creates >= 14)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=GIVE_UP)
    assert process.returncode == 130, err
    statuses = [row["import_status"] for row in desk.report("report")]
    assert statuses.count("created") == len(service.records) < 100
    assert set(statuses) == {"created", "not sent"}
    service.heal()
    assert desk.type("resume").code == 0
    assert len(service.records) == 100


def test_typing_run_again_goes_on_with_the_unfinished_run(desk: Desk, service: Service) -> None:
    """Run on a file whose run is unfinished goes on with that run and says so."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 12)])
    assert desk.type("run", file, "--yes", "--max-rows", "4").code == 6
    done = desk.type("run", file, "--yes", "--json")
    assert "Run 1 of this file is unfinished" in done.err
    assert (done.code, len(service.records)) == (0, 10)


def test_a_lost_answer_is_unknown_and_is_never_sent_again(desk: Desk, service: Service) -> None:
    """A row that came to nothing, for all we know, stays in doubt until the visibility window is over."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 7)])
    service.fail("ok", "lost-after", "lost-before")
    done = desk.type("run", file, "--yes", "--json")
    assert (done.code, done.json["counts"]["unknown"]) == (8, 1)
    creates = service.creates
    assert desk.type("run", file, "--yes", "--json").code == 8
    assert desk.type("retry", "1", "--yes").code == 2
    assert service.creates == creates
    assert len(service.records) == 4


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


def test_another_record_type_needs_nothing_else(desk: Desk, service: Service) -> None:
    """A file of Google mappings goes to its own endpoint, recognised by its labels, and is reported like any other."""
    sample = Path(__file__).parents[2] / "samples" / "google-calendars.csv"
    done = desk.type("run", sample, "--yes", "--json")
    assert (done.code, done.json["kind"], done.json["counts"]["created"]) == (0, "CoworkerGoogleCalendar", 12)
    assert all(record["WatchResourceId"].startswith("watch-") for record in service.records)
    assert desk.type("run", sample, "--yes", "--json").json["counts"]["existing"] == 12
    assert desk.type("verify").code == 0
    assert desk.type("undo", "1", "--yes").code == 0
    assert service.records == []


def test_each_sample_of_another_type_goes_in(desk: Desk, service: Service) -> None:
    """Administrators' calendars are recognised, looked up, created, verified and undone."""
    service.state.change(strict_parents=True)
    sample = Path(__file__).parents[2] / "samples" / "admin-calendars.csv"
    done = desk.type("run", sample, "--yes", "--json")
    assert (done.code, done.json["kind"], done.json["counts"]["created"]) == (0, "MsOfficeAdminCalendar", 12)
    assert {call.path for call in service.state.calls if call.method == "POST"} >= {
        "/api/spaces/msofficeadmincalendars"
    }
    assert desk.type("verify").code == 0
    assert desk.type("undo", "1", "--yes").code == 0
    assert service.records == []


def test_a_run_from_before_paths_had_modules_goes_on(desk: Desk, service: Service) -> None:
    """A journal that holds the bare name of the endpoint is resumed, verified and undone at the same place."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 6)])
    assert desk.type("run", file, "--yes", "--max-rows", "2").code == 6
    with contextlib.closing(sqlite3.connect(desk.home / "journal.sqlite3")) as journal, journal:
        journal.execute("UPDATE run SET endpoint = 'coworkermsoffecalendars'")
    assert desk.type("resume").code == 0
    assert len(service.records) == 4
    assert desk.type("verify").code == 0
    assert desk.type("undo", "--yes").code == 0
    assert service.records == []


@pytest.mark.parametrize("path", ["coworkermsofficecalendars", "spaces/coworkermsofficecalendars"])
def test_the_other_spelling_of_the_path_can_be_set(desk: Desk, serve: Callable[..., Service], path: str) -> None:
    """IMPORTER_ENDPOINT_PATH takes the name alone or with its module."""
    service = serve(replace(UNLIMITED, spellings=("coworkermsofficecalendars",)))
    desk.variables["IMPORTER_ENDPOINT_PATH"] = path
    assert desk.type("run", desk.write("rows.csv", [mapping(2)]), "--yes").code == 0
    assert len(service.records) == 1


def test_a_throttle_stops_nobody(desk: Desk, service: Service) -> None:
    """Throttled rows are sent again after the wait, in whichever form the service says it."""
    service.fail("throttle-409:1", "throttle-429:1", "throttle-409-bare")
    done = desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 8)]), "--yes", "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, 6)
    assert len(service.records) == 6


def test_a_file_that_was_not_imported_leaves_no_copy(desk: Desk, service: Service) -> None:
    """Whoever does not say yes leaves nothing of the file behind; a file imported twice is kept once."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 4)])
    assert desk.type("run", file).code == 2
    assert not list((desk.home / "files").iterdir())
    assert [desk.type("run", file, "--yes").code for _ in range(2)] == [0, 0]
    assert len(list((desk.home / "files").iterdir())) == 1


class Asked(Console):
    """Somebody who is asked whether to send, and says yes only after something else has happened."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__(time.time, yes=True)
        self._meanwhile = meanwhile

    def confirm(self, result: CheckResult, plan: Plan, account: Account) -> bool:
        """Yes, in the end."""
        self._meanwhile()
        return super().confirm(result, plan, account)


def test_a_second_person_who_does_not_send_takes_nothing_from_the_first(desk: Desk, service: Service) -> None:
    """Two people import one file at once; the copy from which one of them sends is not the other's to delete."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 4)])
    kept = {"url": service.url, "username": "ops@example.com", "password": "practice", "home": desk.home}
    settings = Settings.model_validate({**kept, "rate": None, "daily_quota": None})
    observer = Asked(lambda: desk.type_in_a_shell("run", file))
    done = asyncio.run(run_file(ImportRequest(file, settings, observer, time.time, choices=Choices(out=desk.folder))))
    assert done is not None
    assert (done.exit_code, len(service.records)) == (0, 2)


def test_a_run_whose_copy_is_gone_takes_the_file_that_is_typed_again(desk: Desk, service: Service) -> None:
    """Somebody emptied the folder of copies: the same file once more is all that the unfinished run needs."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 6)])
    assert desk.type("run", file, "--yes", "--max-rows", "2").code == 6
    for copy in (desk.home / "files").iterdir():
        copy.unlink()
    done = desk.type("run", file, "--yes", "--json", "--out", "r")
    assert (done.code, len(service.records)) == (0, 4)
    assert [row["import_status"] for row in desk.report("r")] == ["created"] * 4
