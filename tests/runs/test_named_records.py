"""An export that comes back: rows that name their record by Id, through the whole command."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Desk, Service
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from importer.sandbox.replies import Fields
from schemas import RECORD_TYPES, FieldType, RecordType

PATH = "spaces/coworkermsoffecalendars"
LATER, RENEWED = "2027-04-30T10:30:00Z", "2027-05-07T10:30:00Z"
GOOD: Fields = {"ResourceId": 1001, "CoworkerId": 2001, "Name": "Room", "SubscriptionExpireDate": LATER}
FORMATS = ("csv", "xlsx")

TEXTS = st.one_of(
    st.none(),
    st.sampled_from(
        [
            "",
            "=1+1",
            "'=1",
            "''@x",
            "-5",
            "+44 20",
            "\t=1",
            " outer ",
            "   ",
            "a\r\nb",
            "a\x07b",
            "a\0b",
            "_x0041_",
            "<r><t>x</t></r>",
            "00042",
            "1e5",
            "TRUE",
            "#N/A",
            "2027-04-30",
            "https://example.com",
            "e\u0301",
            "Zoë 👩‍👩‍👧",
            "\u200bunseen",
            "x" * 300,
            "7F105C7D-2DC5-4530-97CD-000000000001",
        ]
    ),
    st.text(max_size=12),
)
VALUES = {
    FieldType.TEXT: TEXTS,
    FieldType.WHOLE_NUMBER: st.sampled_from([None, 1001, 1002, 2**40]),
    FieldType.DATE: st.sampled_from(
        [
            None,
            LATER,
            "2027-04-30T10:30:00",
            "2027-04-30T10:30:00.123",
            "2027-04-30T12:30:00.5+02:00",
            "2001-01-01",
            "soon",
        ]
    ),
}


def stored(service: Service, kind: RecordType, fields: Fields) -> int:
    """A record as it is after years, whatever the service would accept today; gives its Id."""
    examples = {name: kind.metadata(name)["example"] for name in kind.fields}
    good = {
        name: int(value) if name.endswith("Id") and value.isdecimal() else value for name, value in examples.items()
    }
    number = service.state.add(kind.paths[0], json.dumps(good).encode())
    service.state.edit(number, fields)
    return number


def writes(service: Service) -> list[str]:
    """Every call that may change a record."""
    return [call.path for call in service.state.calls if call.method != "GET" and "/token" not in call.path]


@st.composite
def records_of(draw: Callable[[Any], Any], kind: RecordType) -> list[Fields]:
    """A few records of a type: any values, and sometimes the same ones twice."""
    one = st.fixed_dictionaries({name: VALUES[kind.type_of(name)] for name in kind.fields})
    records: list[Fields] = draw(st.lists(one, min_size=1, max_size=20))
    doubles: list[Fields] = draw(st.lists(st.sampled_from(records), max_size=2))
    return [*records, *doubles]


@pytest.mark.parametrize("name", RECORD_TYPES)
@pytest.mark.parametrize("form", FORMATS)
def test_an_export_is_unchanged_when_it_comes_back(service: Service, desk: Desk, name: str, form: str) -> None:
    """Whatever the service holds: every row is unchanged, nothing is wrong with it, and nothing would be sent."""
    kind, file = RECORD_TYPES[name], desk.folder / f"back.{form}"

    # A command takes its time, so there are many records in each of a few examples, and none is made smaller.
    @settings(max_examples=4, phases=[Phase.explicit, Phase.generate])
    @given(records=records_of(kind))
    def comes_back(records: list[Fields]) -> None:
        service.state.reset()
        file.unlink(missing_ok=True)
        for fields in records:
            stored(service, kind, fields)
        assert desk.type("export", "--type", name, "--out", file).code == 0
        planned = desk.type("plan", file, "--json")
        assert planned.code == 0, planned.out + planned.err
        plan = planned.json["plan"]
        assert (plan["existing"], plan["rows"], plan["create"]) == (len(records), len(records), 0)
        assert not [issue for issue in planned.json["issues"] if issue["severity"] == "error"]
        difference = desk.type("diff", file, "--json")
        assert (difference.code, difference.json["counts"]["unchanged"]) == (0, len(records))
        run = desk.type("run", file, "--yes", "--json")
        assert (run.code, run.json["counts"]["existing"], run.json["rows"]) == (0, len(records), len(records))
        assert not writes(service)

    comes_back()


def exported(desk: Desk, *words: str) -> list[list[str]]:
    """The header and the rows of an export as a workbook, as a person sees them."""
    (desk.folder / "back.xlsx").unlink(missing_ok=True)
    assert desk.type("export", "--out", "back.xlsx", *words).code == 0
    sheet = load_workbook(desk.folder / "back.xlsx").active
    assert sheet is not None
    return [[str(cell.value or "") for cell in row] for row in sheet.iter_rows()]


def with_cells(desk: Desk, table: list[list[str]], *changes: tuple[int, str, str]) -> str:
    """A file with this table, after a person has typed other texts: each by row, header and text."""
    rows = [list(row) for row in table]
    for row, header, text in changes:
        rows[row - 1][rows[0].index(header)] = text
    return desk.write("edited.csv", rows[1:], rows[0]).name


def test_rows_that_name_their_records_need_no_list(desk: Desk, service: Service) -> None:
    """Fifty are read in a call; a file in which one row has no Id needs the list as well."""
    kind = RECORD_TYPES["CoworkerMsOfficeCalendar"]
    for number in range(60):
        stored(service, kind, GOOD | {"Name": f"Room {number}", "CalendarId": f"AAMk{number}="})
    table = exported(desk)

    def reads(*words: str) -> list[str]:
        before = len(service.state.calls)
        assert desk.type(*words).code == 0
        calls = [call for call in service.state.calls[before:] if call.path.endswith("coworkermsoffecalendars")]
        return ["by Id" if call.query.startswith("page=1&size=") and "id=" in call.query else "list" for call in calls]

    assert reads("plan", with_cells(desk, table)) == ["by Id", "by Id"]
    # Once to check the file, once more when its turn has come.
    assert reads("run", with_cells(desk, table), "--yes") == ["by Id", "by Id"] * 2
    assert reads("plan", with_cells(desk, table, (2, "Id", ""))) == ["by Id", "by Id", "list"]


def test_a_row_with_an_id_is_compared_with_that_record(desk: Desk, service: Service) -> None:
    """Of several records of one mapping with the one that it names; even a part of the key may be filled in."""
    kind = RECORD_TYPES["CoworkerMsOfficeCalendar"]
    first, second = (stored(service, kind, GOOD | {"CalendarId": None}) for _ in range(2))
    table = exported(desk)
    file = with_cells(desk, table, (2, "SubscriptionExpireDate", RENEWED), (3, "CalendarId", "AAMk="))
    document = desk.type("diff", file, "--json").json
    assert [(each["record"], each["fields"]) for each in document["changed"]] == [
        (first, [{"field": "SubscriptionExpireDate", "there": LATER, "row": RENEWED}]),
        (second, [{"field": "CalendarId", "there": "", "row": "AAMk="}]),
    ]
    planned = desk.type("plan", file)
    assert planned.code == 1
    assert f"row 3: Record {second} has the Id of this row, but other values: CalendarId is empty there" in planned.out


def test_an_id_that_the_service_does_not_hold_is_never_a_create(desk: Desk, service: Service) -> None:
    """Nor is one whose record is another one's; the row is an error at its cell."""
    kind = RECORD_TYPES["CoworkerMsOfficeCalendar"]
    first = stored(service, kind, GOOD | {"CalendarId": "A"})
    second = stored(service, kind, GOOD | {"ResourceId": 1002, "CalendarId": "B"})
    table = exported(desk)
    service.state.remove(second)
    for text, words in (
        (str(second), f"Nexudus has no record with the Id {second}."),
        ("5", "Nexudus has no record with the Id 5."),
        (str(10**30), "must be a whole number"),
        (str(first), f"has the same Id as row 2: {first}."),
    ):
        document = desk.type("plan", with_cells(desk, table, (3, "Id", text)), "--json").json
        errors = [issue for issue in document["issues"] if issue["severity"] == "error" and issue["row"] == 3]
        assert [(issue["cell"], words in issue["message"]) for issue in errors] == [("G3", True)]
        assert document["plan"]["create"] == 0
    document = desk.type("plan", with_cells(desk, table[:2], (2, "ResourceId", "1002")), "--json").json
    assert [issue["code"] for issue in document["issues"] if issue["severity"] == "error"] == ["record-of-another"]


@pytest.mark.parametrize("fault", ["500-before", "200-html", "403"])
def test_nothing_is_concluded_from_an_answer_that_is_not_the_services_own_not_found(
    desk: Desk, service: Service, fault: str
) -> None:
    """A record that cannot be read may exist; the command ends with exit code 5."""
    kind = RECORD_TYPES["CoworkerMsOfficeCalendar"]
    stored(service, kind, GOOD)
    file = with_cells(desk, exported(desk))
    service.state.fail_next(*[fault] * 40, on="read")
    done = desk.type("plan", file)
    assert done.code == 5
    words = ("cannot be read", "cannot be reached", "no usable answer")
    assert any(each in done.err for each in words)


def test_an_id_and_even_if_existing_do_not_go_together(desk: Desk, service: Service) -> None:
    """The row would be created although it says that it is a record."""
    stored(service, RECORD_TYPES["CoworkerMsOfficeCalendar"], GOOD)
    exported(desk)
    done = desk.type("plan", "back.xlsx", "--even-if-existing")
    assert done.code == 2
    assert "rows of this file name their records by Id" in done.err


def test_names_beside_ids_come_back_and_disagreement_is_an_error(desk: Desk, service: Service) -> None:
    """Unchanged they are no difference; an edited one is an error, also where the Id is as it was."""
    kind, space = RECORD_TYPES["CoworkerMsOfficeCalendar"], service.state.space
    resource, coworker = next(iter(space.resources)), next(iter(space.coworkers))
    stored(service, kind, GOOD | {"ResourceId": resource, "CoworkerId": coworker})
    table = exported(desk, "--names")
    assert desk.type("plan", with_cells(desk, table), "--json").json["plan"]["existing"] == 1
    document = desk.type("plan", with_cells(desk, table, (2, "ResourceName", "Station Yard / Studio")), "--json").json
    assert [(issue["code"], issue["cell"]) for issue in document["issues"] if issue["severity"] == "error"] == [
        ("name-beside-id", "B2")
    ]
    assert desk.type("plan", with_cells(desk, table, (2, "ResourceName", "")), "--json").json["plan"]["existing"] == 1


def test_stamps_are_ignored_without_a_word(desk: Desk, service: Service) -> None:
    """They are the service's, whatever stands in them; so is the column with the Id."""
    stored(service, RECORD_TYPES["CoworkerMsOfficeCalendar"], GOOD)
    file = with_cells(desk, exported(desk), (2, "UpdatedOn", "yesterday"), (2, "UpdatedBy", ""))
    assert desk.type("plan", file, "--json").json["issues"] == []


def test_a_row_that_names_its_record_is_held_if_it_differs(desk: Desk, service: Service) -> None:
    """With both values, while the others are existing; nothing is sent."""
    kind = RECORD_TYPES["CoworkerMsOfficeCalendar"]
    for number in range(2):
        stored(service, kind, GOOD | {"CalendarId": f"AAMk{number}="})
    file = with_cells(desk, exported(desk), (2, "Name", "Other"))
    done = desk.type("run", file, "--yes", "--json", "--out", "report")
    assert (done.code, done.json["counts"]["existing"], done.json["counts"]["not sent"]) == (1, 1, 1)
    [held] = [row for row in desk.report("report") if row["import_status"] == "not sent"]
    assert "Name is Room there and Other in this row" in held["import_message"]
    assert not writes(service)


def test_old_doubles_are_told_apart_by_their_ids(desk: Desk, service: Service) -> None:
    """Without Ids each of them would be ambiguous, and two of them errors."""
    kind = RECORD_TYPES["CoworkerMsOfficeCalendar"]
    doubles = [stored(service, kind, GOOD) for _ in range(3)]
    table = exported(desk)
    done = desk.type("run", with_cells(desk, table, (3, "Name", "Other")), "--yes", "--json", "--out", "report")
    assert (done.code, done.json["counts"]["existing"], done.json["counts"]["not sent"]) == (1, 2, 1)
    rows = desk.report("report")
    assert [row["import_id"] for row in rows] == [str(doubles[0]), "", str(doubles[2])]
    assert f"Record {doubles[1]} has the same" in rows[1]["import_message"]
    assert not writes(service)


def test_the_weekly_renewal_updates_each_record_and_creates_none(desk: Desk, service: Service) -> None:
    """What expires is exported, the dates are changed, and the file is imported: doubles and empty coworkers too."""
    kind = RECORD_TYPES["CoworkerMsOfficeCalendar"]
    # The newer contract, which has no coworker, is the only one that lets such a record be saved.
    service.state.change(contract="new")
    due = [stored(service, kind, GOOD | {"CalendarId": "A"}) for _ in range(2)]
    due.append(stored(service, kind, GOOD | {"CoworkerId": None, "CalendarId": "B"}))
    stored(service, kind, GOOD | {"SubscriptionExpireDate": RENEWED, "CalendarId": "C"})
    table = exported(desk, "--expires-before", "2027-05-01")
    file = with_cells(desk, table, *((row, "SubscriptionExpireDate", RENEWED) for row in (2, 3, 4)))
    done = desk.type("run", file, "--update", "--yes", "--json")
    assert (done.code, done.json["counts"]["updated"], done.json["counts"]["created"]) == (0, 3, 0), done.err
    records = {record["Id"]: record for record in service.state.records}
    assert len(records) == 4
    assert {records[number]["SubscriptionExpireDate"] for number in due} == {RENEWED}
    assert [records[number]["CoworkerId"] for number in due] == [2001, 2001, None]
