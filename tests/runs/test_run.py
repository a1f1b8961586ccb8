"""The main job through the real command and the real sandbox, over sockets."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import LABELS, UNLIMITED, Desk, Service, mapping
from openpyxl import load_workbook

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
        "updated": 0,
        "existing": 0,
        "rejected": 0,
        "invalid": 5,
        "unknown": 0,
        "not sent": 0,
        "left out": 0,
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
    """The failed rows as CSV are read back with the user's own cells; a formula stays wrong until it is typed over."""
    rows = [mapping(2, Name="=1+1", ResourceId="x"), mapping(3, Name="'=1", ResourceId="y")]
    desk.type("run", desk.write("odd.csv", rows), "--yes", "--out", "first")
    failed = desk.folder / "first" / "failed.csv"
    text = failed.read_text("utf-8-sig")
    assert '"[To correct: formula without a result] =1+1"' in text
    with failed.open(encoding="utf-8-sig", newline="") as file:
        cells = list(csv.reader(file))
    for line, number in ((1, 7002), (2, 7003)):
        cells[line][0] = str(number)
    for name, code in (("", 1), ("Two", 0)):
        cells[1][2] = name or cells[1][2]
        with failed.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(cells)
        assert desk.type("run", failed, "--yes").code == code
    assert sorted(record["Name"] for record in service.records) == ["'=1", "Two"]


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


@pytest.mark.parametrize("path", ["coworkermsofficecalendars", "spaces/coworkermsofficecalendars"])
def test_the_other_spelling_of_the_path_can_be_set(desk: Desk, serve: Callable[..., Service], path: str) -> None:
    """IMPORTER_ENDPOINT_PATH takes the name alone or with its module."""
    service = serve(replace(UNLIMITED, spellings=("coworkermsofficecalendars",)))
    desk.variables["IMPORTER_ENDPOINT_PATH"] = path
    assert desk.type("run", desk.write("rows.csv", [mapping(2)]), "--yes").code == 0
    assert len(service.records) == 1


@pytest.mark.parametrize("verb", ["check", "plan", "run"])
def test_a_row_that_was_left_out_stays_so_when_the_file_comes_back(desk: Desk, service: Service, verb: str) -> None:
    """The importer has written that beside the row itself; whoever wants the row empties that cell."""
    labels = [*LABELS, "import_row", "import_status", "import_id", "import_message"]
    statuses = {2: "invalid", 3: "left out", 4: "left out", 5: ""}
    back = [[*mapping(n), n, status, "", ""] for n, status in statuses.items()]
    done = desk.type(verb, desk.write("back.csv", back, labels), *(["--yes"] if verb == "run" else []))
    assert "2 rows are left out, as you chose: 3 and 4." in done.out + done.err
    if verb == "run":
        assert [record["Name"] for record in service.records] == ["Room 2", "Room 5"]
    nothing = desk.write("none.csv", back[1:3], labels)
    assert "has no row but those that are left out" in desk.type(verb, nothing).err
