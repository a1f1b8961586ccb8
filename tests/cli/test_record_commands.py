"""What the service holds: exported whole or not at all, and a file compared with it both ways."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import EXPIRES, GIVE_UP, LABELS, Desk, Service, mapping
from openpyxl import load_workbook

from importer.sandbox.people import SHARED_EMAIL
from schemas import RECORD_TYPES

PATH = "spaces/coworkermsoffecalendars"
ADDED = ["Id", "CreatedOn", "UpdatedOn", "UpdatedBy"]
LATER, MUCH_LATER = "2027-04-30T10:30:00Z", "2027-05-30T10:30:00Z"


def store(service: Service, **fields: Any) -> int:
    """A record as a colleague has left it, whatever the service would accept today; gives its Id."""
    good = {"ResourceId": 1001, "CoworkerId": 2001, "Name": "Room", "SubscriptionExpireDate": LATER}
    number = service.state.add(PATH, json.dumps(good).encode())
    service.state.edit(number, good | fields)
    return number


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def lists(service: Service) -> int:
    """How many pages of the records' list have been asked for."""
    return sum(call.method == "GET" and call.path.endswith("coworkermsoffecalendars") for call in service.state.calls)


def test_an_export_has_the_columns_of_the_template_and_what_is_known_of_the_record(
    desk: Desk, service: Service
) -> None:
    """Every record with its Id and its stamps, in the order of the Ids, dates with their zone."""
    first = store(
        service, Name="Über 0042", SubscriptionId="00042", SubscriptionExpireDate="2027-04-30T12:30:00.25+02:00"
    )
    second = store(service, CoworkerId=None)
    done = desk.type("export", "--out", "all.csv")
    assert (done.code, done.out) == (0, "all.csv: 2 calendar mappings in Harbour House.\n")
    rows = table(desk.folder / "all.csv")
    assert list(rows[0]) == [*LABELS, *ADDED]
    assert [row["Id"] for row in rows] == [str(first), str(second)]
    assert (rows[0]["Name"], rows[0]["SubscriptionId"], rows[0]["CalendarId"]) == ("Über 0042", "00042", "")
    assert rows[0]["SubscriptionExpireDate"] == LATER
    assert (rows[1]["CoworkerId"], rows[1]["UpdatedBy"]) == ("", "colleague@example.com")
    assert rows[1]["CreatedOn"].endswith("Z")


def test_text_that_looks_like_a_formula_is_text_in_every_format(desk: Desk, service: Service) -> None:
    """A text file escapes it as the reports do, a workbook has it in a text cell, programs get it as it is."""
    names = ["=1+1", "'=1", "-5", "@x", "+441"]
    for name in names:
        store(service, Name=name)
    for form in ("csv", "xlsx", "jsonl"):
        assert desk.type("export", "--out", f"all.{form}").code == 0
    assert [row["Name"] for row in table(desk.folder / "all.csv")] == [f"'{name}" for name in names]
    sheet = load_workbook(desk.folder / "all.xlsx").active
    assert sheet is not None
    cells = [[cell for cell in row if cell.value is not None] for row in sheet.iter_rows()]
    assert [row[2].value for row in cells[1:]] == names
    assert {cell.data_type for row in cells for cell in row} == {"s"}
    lines = [json.loads(line) for line in (desk.folder / "all.jsonl").read_text("utf-8").splitlines()]
    assert [line["Name"] for line in lines] == names
    assert [(line["ResourceId"], line["CalendarId"]) for line in lines] == [(1001, None)] * len(names)


@pytest.mark.parametrize("fault", ["list-end-early", "list-no-end", "list-ids-as-text", "list-same-page"])
def test_nothing_is_written_unless_the_list_is_whole(desk: Desk, service: Service, fault: str) -> None:
    """A file that lacks records would be taken for all of them."""
    service.state.change(largest_page=2)
    for _ in range(5):
        store(service)
    service.state.fail_next(*[fault] * 40, on="list")
    before = sorted(desk.folder.iterdir())
    done = desk.type("export", "--out", "all.csv")
    assert (done.code, done.out) == (5, "")
    assert "Nothing was exported, because Nexudus does not list its records" in done.err
    assert [path for path in desk.folder.iterdir() if path not in before and path != desk.home] == []


def test_an_existing_file_is_not_replaced(desk: Desk, service: Service) -> None:
    """As with a template: the user may have worked in it. It is said before the first call."""
    (desk.folder / "all.csv").write_text("mine")
    done = desk.type("export", "--out", "all.csv")
    assert (done.code, (desk.folder / "all.csv").read_text()) == (2, "mine")
    assert "already exists" in done.err
    assert not service.state.calls


@pytest.mark.parametrize(
    ("words", "named"),
    [(["--out", "a.csv"], True), (["--out", "a.jsonl"], True), (["--out", "a.xlsx", "--format", "csv"], False)],
)
def test_the_command_that_an_export_names_can_be_typed(
    desk: Desk, service: Service, words: list[str], named: bool
) -> None:
    """It shows what the changes would do; a file that its ending belies cannot be read, so none is named."""
    store(service)
    done = desk.type("export", *words)
    assert (f"importer plan {words[1]} --update" in done.err) is named
    assert ("importer plan" in done.err) is named


def test_members_that_a_list_leaves_out_are_read_by_id(desk: Desk, service: Service) -> None:
    """A member that is missing is not empty."""
    store(service, Name="Seen", SubscriptionId="7f105c7d-2dc5-4530-97cd-000000000001")
    service.state.fail_next("list-members-missing", on="list")
    assert desk.type("export", "--out", "all.csv").code == 0
    [row] = table(desk.folder / "all.csv")
    assert (row["Name"], row["SubscriptionId"][-1], row["UpdatedBy"]) == ("Seen", "1", "colleague@example.com")


def test_filters_choose_by_resource_coworker_and_expiry(desk: Desk, service: Service) -> None:
    """An Id or a name; before a date, read as every other date is, in the zone that is named."""
    space = service.state.space
    resource = next(number for number, fields in space.resources.items() if fields["Name"] == "Studio")
    coworker = next(iter(space.coworkers))
    email = str(space.coworkers[coworker]["Email"])
    one = store(service, ResourceId=resource, SubscriptionExpireDate="2027-04-30T22:30:00Z")
    two = store(service, CoworkerId=coworker, SubscriptionExpireDate="2027-04-30T23:30:00Z")
    three = store(service, SubscriptionExpireDate=MUCH_LATER)
    undated = store(service, SubscriptionExpireDate=None)

    def exported(*words: str) -> set[int]:
        file = desk.folder / "some.csv"
        file.unlink(missing_ok=True)
        done = desk.type("export", "--out", "some.csv", *words)
        assert done.code == 0, done.err
        assert ("Not exported: 1 record without a readable" in done.err) is ("--expires-before" in words)
        return {int(row["Id"]) for row in table(file)}

    assert exported() == {one, two, three, undated}
    assert exported("--resource", str(resource)) == {one}
    assert exported("--resource", "harbour house / studio") == {one}
    assert exported("--coworker", email) == exported("--coworker", str(coworker)) == {two}
    assert exported("--expires-before", "2027-05-01") == {one, two}
    assert exported("--expires-before", "01.05.2027", "--tz", "Europe/London") == {one}
    assert exported("--expires-before", "05/01/2027", "--dates", "mdy") == {one, two}
    assert exported("--expires-before", "2027-05-01", "--resource", "1001") == {two}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--resource", "Boardroom"], 'Several have the name "Boardroom": '),
        (["--coworker", SHARED_EMAIL], "Use --coworker ID."),
        (["--resource", "Ballroom"], 'No resource matches "Ballroom".'),
        (["--expires-before", "05/04/2027"], "Say which with --dates dmy or --dates mdy."),
        (["--expires-before", "soon"], '"--expires-before" must be a real date: "soon".'),
        (["--expires-before", ""], "--expires-before is empty."),
        (["--type", "MsOfficeAdminCalendar", "--coworker", "1"], "admin calendar mappings have no coworker"),
        (["--type", "Room"], 'There is no record type "Room".'),
        (["--out", "all.ods"], "all.ods is none of .csv, .xlsx and .jsonl."),
        (["--out", "-", "--json"], "--json and --out - both write to stdout."),
    ],
)
def test_what_cannot_be_meant_is_said_and_nothing_written(
    desk: Desk, service: Service, words: list[str], sentence: str
) -> None:
    """A filter that names nothing, or several, must not look like a service that holds nothing."""
    store(service)
    done = desk.type("export", *words)
    assert done.code == 2
    assert not done.json["ok"] if "--json" in words else done.out == ""
    assert sentence in done.err
    assert [path for path in desk.folder.iterdir() if path != desk.home] == []


def test_names_stand_beside_ids(desk: Desk, service: Service) -> None:
    """With the location, so that they can be told apart; nothing where nobody is listed."""
    space = service.state.space
    resource, coworker = next(iter(space.resources)), next(iter(space.coworkers))
    store(service, ResourceId=resource, CoworkerId=coworker)
    store(service, CoworkerId=None)
    room = space.resources[resource]
    assert desk.type("export", "--names", "--out", "all.csv").code == 0
    rows = table(desk.folder / "all.csv")
    assert list(rows[0])[:4] == ["ResourceId", "ResourceName", "CoworkerId", "CoworkerName"]
    assert rows[0]["ResourceName"] == f"{room['BusinessName']} / {room['Name']}"
    assert str(space.coworkers[coworker]["Email"]) in rows[0]["CoworkerName"]
    assert (rows[1]["ResourceName"], rows[1]["CoworkerName"]) == ("", "")


def test_the_document_says_what_was_written(desk: Desk, service: Service) -> None:
    """One document on stdout, with how many records there are and how many are in the file."""
    store(service)
    store(service, SubscriptionExpireDate=MUCH_LATER)
    done = desk.type("export", "--out", "all.jsonl", "--expires-before", "2027-05-01", "--json")
    assert done.json == {
        "schema": 1,
        "ok": True,
        "file": "all.jsonl",
        "type": "CoworkerMsOfficeCalendar",
        "format": "jsonl",
        "records": 1,
        "total": 2,
        "columns": [*LABELS, *ADDED],
    }


def test_stdout_gets_the_same_bytes_as_a_file(desk: Desk, service: Service) -> None:
    """Nothing but the records is on it, and nothing of a list that breaks off."""
    store(service, Name="Zoë")
    desk.type("export", "--out", "all.csv")
    command = [sys.executable, "-m", "importer", "export", "--out", "-"]
    done = subprocess.run(
        command, cwd=desk.folder, env=desk.environment, capture_output=True, timeout=GIVE_UP, check=False
    )
    assert (done.returncode, done.stdout) == (0, (desk.folder / "all.csv").read_bytes())
    service.state.fail_next("list-end-early", "list-end-early", on="list")
    service.state.change(largest_page=1)
    store(service)
    refused = desk.type_in_a_shell("export", "--out", "-", "--format", "jsonl")
    assert (refused.code, refused.out) == (5, "")


def test_an_export_of_each_record_type_has_its_own_columns(desk: Desk, service: Service) -> None:
    """The headers are those of the template of the type."""
    for kind in RECORD_TYPES:
        desk.type("template", "--type", kind, "-o", f"{kind}-template.xlsx", "--offline")
        assert desk.type("export", "--type", kind, "--out", f"{kind}.csv").code == 0
        template = load_workbook(desk.folder / f"{kind}-template.xlsx").worksheets[0]
        titles = [str(cell.value) for cell in template[1]]
        header = next(csv.reader(io.StringIO((desk.folder / f"{kind}.csv").read_text("utf-8-sig"))))
        assert header == [*titles, *ADDED]


def test_a_text_too_long_for_a_workbook_is_said_and_nothing_written(desk: Desk, service: Service) -> None:
    """Shortened, it would come back as a change of the record."""
    number = store(service, Name="x" * 40_000)
    done = desk.type("export")
    assert (done.code, done.out) == (2, "")
    assert f"A workbook cannot hold the Name of record {number}" in done.err
    assert not (desk.folder / "export.xlsx").exists()
    assert desk.type("export", "--out", "all.csv").code == 0


def test_one_whole_list_is_all_that_an_export_costs(desk: Desk, service: Service) -> None:
    """Only a page each, and no record by itself."""
    service.state.change(largest_page=2)
    for _ in range(3):
        store(service, SubscriptionExpireDate=EXPIRES)
    before = lists(service)
    desk.type("export")
    assert lists(service) - before == 2


def imported(desk: Desk, *numbers: int) -> dict[int, int]:
    """Good rows, imported; the Id of each by its number."""
    desk.type("run", desk.write("before.csv", [mapping(number) for number in numbers]), "--yes", "--out", "report")
    rows = desk.report("report")
    return {number: int(row["import_id"]) for number, row in zip(numbers, rows, strict=True)}


def test_a_file_without_a_difference_is_exit_0(desk: Desk, service: Service) -> None:
    """Every row has its record and every record its row; in words and as a document."""
    imported(desk, 2, 3)
    done = desk.type("diff", "before.csv")
    assert (done.code, done.out) == (
        0,
        "No difference: Harbour House holds the record of every row (2), and no others.\n",
    )
    document = desk.type("diff", "before.csv", "--json").json
    assert (document["equal"], document["rows"], document["counts"]["unchanged"]) == (True, 2, 2)


def test_a_difference_is_said_both_ways_and_field_by_field(desk: Desk, service: Service) -> None:
    """Rows to create, changed and ambiguous ones, and records that no row is for; nothing is changed by asking."""
    ids = imported(desk, 2, 3, 4, 5)
    before = service.records
    file = desk.write(
        "now.csv",
        [
            mapping(2),
            mapping(3, Name="Other", SubscriptionExpireDate="2027-01-05T10:30:00Z"),
            mapping(4, CalendarId=""),
            mapping(9),
        ],
    )
    done = desk.type("diff", file, "--json")
    assert done.code == 1
    document = done.json
    assert document["counts"] == {
        "create": 1,
        "changed": 1,
        "ambiguous": 1,
        "only_there": 1,
        "invalid": 0,
        "unchanged": 1,
    }
    assert document["changed"] == [
        {
            "row": 3,
            "record": ids[3],
            "fields": [
                {"field": "Name", "there": "Room 3", "row": "Other"},
                {"field": "SubscriptionExpireDate", "there": EXPIRES, "row": "2027-01-05T10:30:00Z"},
            ],
        }
    ]
    assert (document["create"][0]["row"], document["create"][0]["values"]["Name"]) == (5, "Room 9")
    assert (document["ambiguous"][0]["row"], document["ambiguous"][0]["records"]) == (4, [ids[4]])
    assert [(each["record"], each["values"]["Name"]) for each in document["only_there"]] == [(ids[5], "Room 5")]
    words = desk.type("diff", file).out
    assert f"          SubscriptionExpireDate  {EXPIRES} → 2027-01-05T10:30:00Z\n" in words
    assert (
        "  + 1 row has no record:\n      row 5: Room 9 (ResourceId 1009, CoworkerId 2009, CalendarId AAMk9=)\n" in words
    )
    assert f"      record {ids[5]}: Room 5 (" in words
    assert "An import never deletes records." in words
    assert service.records == before


def test_long_differences_are_cut_with_a_count(desk: Desk, service: Service) -> None:
    """The first ten of each kind, and how many more there are."""
    for number in range(23):
        store(service, Name=f"Room {number}")
    words = desk.type("diff", desk.write("now.csv", [mapping(number) for number in range(2, 14)])).out
    assert words.count("\n      row ") == words.count("\n      record ") == 10
    assert "      and 2 more. To see all of them, add --json\n" in words
    assert "      and 13 more. To see all of them, add --json\n" in words


def test_rows_with_errors_are_not_compared_and_make_a_difference(desk: Desk, service: Service) -> None:
    """Nobody can say what they are to the service."""
    imported(desk, 2)
    done = desk.type("diff", desk.write("now.csv", [mapping(2), mapping(3, Name="")]).name)
    assert done.code == 1
    assert "1 row has an error and was not compared. To see why: importer check now.csv" in done.out


def test_a_difference_needs_a_whole_list_and_a_readable_file(desk: Desk, service: Service) -> None:
    """Without one, every record that is not listed would look like a row to be created."""
    imported(desk, 2, 3)
    service.state.change(largest_page=1)
    service.state.fail_next(*["list-end-early"] * 4, on="list")
    done = desk.type("diff", "before.csv")
    assert (done.code, done.out) == (5, "")
    assert "Nothing was compared, because Nexudus does not list its records" in done.err
    assert desk.type("diff", "no.csv").code == 3


def test_members_that_a_list_leaves_out_make_no_difference(desk: Desk, service: Service) -> None:
    """They are read by Id."""
    imported(desk, 2, 3)
    service.state.fail_next("list-members-missing", on="list")
    assert desk.type("diff", "before.csv").code == 0
