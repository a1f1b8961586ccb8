"""What a row is to the service, by table; and a mapping that comes again: it is named and held, never made twice."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import EXPIRES, LABELS, Desk, Service, mapping
from hypothesis import given
from hypothesis import strategies as st
from runs.kit import change

from importer.delivery.by_id import Gone, Unreadable
from importer.delivery.comparison import (
    Ambiguous,
    BesideTheList,
    Blocked,
    Changed,
    Comparison,
    Match,
    Reason,
    Unchanged,
    shift_of,
    why_held,
)
from importer.delivery.listing import Listing, Remote
from importer.journal.rows import Intent
from importer.journal.states import State
from schemas import RECORD_TYPES

KIND = RECORD_TYPES["CoworkerMsOfficeCalendar"]
PATH = "coworkermsoffecalendars"
WEEKS = [f"{datetime.fromisoformat(EXPIRES) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (7, 14, 21)]
ROW: dict[str, Any] = {
    "ResourceId": 4,
    "CoworkerId": 5,
    "Name": "Boardroom",
    "SubscriptionExpireDate": "2031-01-01T00:00:00Z",
    "SubscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
    "CalendarId": "AAMk=",
}


def record(number: int = 7, **changes: object) -> Remote:
    """A record that equals the row, but for these changes."""
    return Remote(number, ROW | changes, None, None, "")


def row(**changes: object) -> str:
    """The body of the row; what is None was an empty cell."""
    return json.dumps({name: value for name, value in (ROW | changes).items() if value is not None})


def intent(remote_id: int | None, state: State, changes: Mapping[str, object]) -> Intent:
    """A row of another run, as the journal has it."""
    return Intent(3, 9, b"x" * 16, row(**changes), state, remote_id=remote_id)


def match(body: str, *records: Remote, evidence: BesideTheList | None = None, **more: Any) -> Match:
    """What a row is, beside these records."""
    listing = Listing(tuple(sorted(records, key=lambda remote: remote.id)), pages=1)
    return Comparison(listing, KIND, evidence or BesideTheList(), **more).match(body)


def match_named(body: str, named_id: int, *records: Remote, evidence: BesideTheList | None = None) -> Match:
    """The same for a row that names a record by its Id."""
    return Comparison(Listing(records, pages=1), KIND, evidence or BesideTheList()).match(body, named_id)


EMPTY_CALENDAR: dict[str, Any] = {"CalendarId": None}
OTHER_ROOM: dict[str, Any] = {"ResourceId": 40, "SubscriptionId": "other", "Name": "Studio"}
NEW_GUID = "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize(
    ("there", "mine", "expected"),
    [
        ([], {}, None),
        ([OTHER_ROOM], {}, None),
        ([{}], {}, Unchanged(7)),
        # Spelling that means the same: a date in another form, a GUID in capitals, spaces, an Id as text.
        ([{"SubscriptionExpireDate": "2031-01-01T00:00:00.0000000"}], {}, Unchanged(7)),
        ([{"ResourceId": "4"}], {}, Unchanged(7)),
        ([{"CalendarId": " AAMk= "}], {}, Unchanged(7)),
        ([{"SubscriptionId": ROW["SubscriptionId"].upper()}], {}, Unchanged(7)),
        # A text that looks like a GUID is none.
        ([{"Name": f"a{NEW_GUID[1:]}"}], {"Name": f"A{NEW_GUID[1:]}"}, "Name"),
        # An empty cell says nothing, neither of a property nor against a record.
        ([{}], {"SubscriptionId": None}, Unchanged(7)),
        ([{"CalendarId": ""}], EMPTY_CALENDAR, Unchanged(7)),
        # Renewed, renamed, or both.
        ([{"SubscriptionExpireDate": "2030-12-25T00:00:00Z"}], {}, "SubscriptionExpireDate"),
        ([{"Name": "Board room"}], {"SubscriptionId": NEW_GUID}, "Name, SubscriptionId"),
        ([{"SubscriptionId": None}], {}, "SubscriptionId"),
        ([{"Name": "Board room", "CalendarId": None}], EMPTY_CALENDAR, "Name"),
        # Several, even if one of them is equal: with which of them is the next change to go?
        ([{}, {}], {}, (7, 8)),
        ([{}, {"Name": "Board room"}], {}, (7, 8)),
        # A part of the key is empty on one side.
        ([EMPTY_CALENDAR], {}, (7,)),
        ([{}], EMPTY_CALENDAR, (7,)),
        ([{"CalendarId": "one"}, {"CalendarId": "two"}], EMPTY_CALENDAR, (7, 8)),
        ([{"CoworkerId": None}], {}, (7,)),
        # Equal to one of them: nothing is sent, so nothing can go wrong.
        ([EMPTY_CALENDAR, {}], EMPTY_CALENDAR, Unchanged(7)),
        ([{}, EMPTY_CALENDAR], {}, Unchanged(7)),
        # To be changed, and another one may be meant.
        ([EMPTY_CALENDAR | {"Name": "Board room"}, {}], EMPTY_CALENDAR, (8,)),
        # The calendar itself was corrected: the same subscription, or the same name of the same people's calendar.
        ([{"CalendarId": "AAMk"}], {}, (7,)),
        ([{"CalendarId": "AAMk", "SubscriptionId": NEW_GUID}], {}, (7,)),
        ([{"CalendarId": "AAMk", "Name": "Another"}], {}, (7,)),
        ([{"CalendarId": "AAMk", "Name": "Another", "SubscriptionId": NEW_GUID}], {}, None),
        ([OTHER_ROOM | {"SubscriptionId": ROW["SubscriptionId"]}], {}, (7,)),
        # Two parts of the key missing resemble half of the list.
        ([{"CoworkerId": None, "CalendarId": None, "Name": "x", "SubscriptionId": None}], {}, None),
    ],
)
def test_what_a_row_is_to_the_records_that_are_listed(
    there: list[dict[str, Any]], mine: dict[str, Any], expected: object
) -> None:
    """To create, unchanged, changed in these fields, or ambiguous between these records."""
    result = match(row(**mine), *(record(7 + place, **changes) for place, changes in enumerate(there)))
    match result:
        case Changed(remote, differences):
            assert (remote.id, ", ".join(differences)) == (7, expected)
        case Ambiguous(records):
            assert records == expected
        case _:
            assert result == expected


@pytest.mark.parametrize("state", [State.IN_DOUBT, State.REVIEW])
@pytest.mark.parametrize(
    ("sent", "blocked"),
    [
        ({}, True),
        ({"Name": "Board room"}, True),
        (EMPTY_CALENDAR, True),
        ({"CalendarId": "AAMk"}, True),
        ({"CoworkerId": None, "CalendarId": None, "Name": "x", "SubscriptionId": None}, True),
        (OTHER_ROOM, False),
    ],
)
def test_a_row_waits_for_every_unanswered_one_that_may_be_the_same(
    state: State, sent: dict[str, Any], blocked: bool
) -> None:
    """Whatever cell was corrected meanwhile: its record may come into being at any moment, beside an equal one too."""
    evidence = BesideTheList(unanswered=[intent(None, state, sent)])
    assert match(row(), evidence=evidence) == (Blocked(3, 9) if blocked else None)
    assert match(row(), record(), evidence=evidence) == (Blocked(3, 9) if blocked else Unchanged(7))


@pytest.mark.parametrize(
    ("by_id", "expected"),
    [
        (record(), Unchanged(7)),
        (Gone(), None),
        (record(Name="Board room"), "changed"),
        (Unreadable("a web page came"), "unreadable"),
        (record(**OTHER_ROOM), None),
    ],
)
def test_a_record_that_only_the_journal_knows_counts_as_it_is_read(by_id: Any, expected: object) -> None:
    """A list may lag behind, and a record may be gone; what could not be read is for a person."""
    evidence = BesideTheList(unlisted=[intent(7, State.CREATED, {})], by_id={7: by_id})
    result = match(row(), evidence=evidence)
    match result:
        case Changed():
            assert expected == "changed"
        case Ambiguous():
            assert expected == "unreadable"
            assert "a web page came" in why_held(result, KIND)
        case _:
            assert result == expected


def test_records_are_read_by_id_only_where_a_row_may_be_theirs() -> None:
    """Of those that the list leaves out, and of those that it shows without all of their members."""
    partial = Remote(8, {name: value for name, value in ROW.items() if name != "SubscriptionId"}, None, None, "")
    listing = Listing((partial, record(9, **OTHER_ROOM)), pages=1)
    evidence = BesideTheList(
        unlisted=[intent(11, State.CREATED, EMPTY_CALENDAR), intent(12, State.CREATED, OTHER_ROOM)]
    )
    comparison = Comparison(listing, KIND, evidence)
    assert comparison.unfinished(listing, [row()]) == ({8}, {11})
    assert comparison.unfinished(listing, [row(ResourceId=99, Name="x", SubscriptionId="y")]) == (set(), set())


def test_rows_of_one_file_do_not_stand_in_each_others_way() -> None:
    """Its author saw all of them: that one was created is no reason to ask about the next."""
    made = record(7, CalendarId="another calendar")
    assert isinstance(match(row(), made), Ambiguous)
    assert match(row(), made, evidence=BesideTheList(of_these_runs={7})) is None


def test_equal_rows_get_a_record_each_where_duplicates_are_meant() -> None:
    """N equal rows are n equal records: what is there is given out once, and never what another row of the run has."""
    listing = Listing((record(7), record(8), record(9)), pages=1)
    comparison = Comparison(listing, KIND, BesideTheList(of_these_runs={9}), allow_duplicates=True)
    assert [comparison.match(row()) for _ in range(3)] == [Unchanged(7), Unchanged(8), None]
    assert isinstance(match(row(Name="x"), record(), allow_duplicates=True), Changed)
    assert (
        match(row(), record(SubscriptionId=None), evidence=BesideTheList(of_these_runs={7}), allow_duplicates=True)
        is None
    )


@pytest.mark.parametrize(
    ("there", "seconds"),
    [
        ({"SubscriptionExpireDate": "2031-01-01T02:00:00Z"}, -7200.0),
        ({"SubscriptionExpireDate": "2030-12-31T18:15:00Z"}, 20_700.0),
        ({"SubscriptionExpireDate": "2031-01-01T00:07:00Z"}, None),
        ({"SubscriptionExpireDate": "2031-01-08T00:00:00Z"}, None),
        ({"SubscriptionExpireDate": "2031-01-01T02:00:00Z", "Name": "Another"}, None),
        ({"SubscriptionExpireDate": None}, None),
        ({"Name": "Another"}, None),
    ],
)
def test_another_time_zone_is_told_from_another_date(there: dict[str, Any], seconds: float | None) -> None:
    """All times moved by as much as two zones differ, and nothing else."""
    result = match(row(), record(**there))
    assert isinstance(result, Changed)
    assert shift_of(result) == seconds


def file_of(desk: Desk, name: str = "rows.csv", count: int = 5, **changes: object) -> Path:
    """So many mappings, all with these changes."""
    return desk.write(name, [mapping(number, **changes) for number in range(2, 2 + count)])


def run(desk: Desk, file: Path, *flags: str) -> Any:
    """The counts of a run, with its exit code."""
    done = desk.type("run", file, "--yes", "--json", *flags)
    return {"code": done.code, **{name: number for name, number in done.json["counts"].items() if number}}


def test_renewals_leave_one_record_for_each_mapping(desk: Desk, service: Service) -> None:
    """Three weekly renewals of five mappings: five records, and each row that was renewed names its record."""
    assert run(desk, file_of(desk)) == {"code": 0, "created": 5}
    ids = {record["Name"]: record["Id"] for record in service.records}
    creates = service.creates
    for week in WEEKS:
        assert run(desk, file_of(desk, SubscriptionExpireDate=week), "--out", "report") == {"code": 1, "not sent": 5}
        for row in desk.report("report"):
            assert (
                f"Record {ids[row['Name']]} has the same ResourceId, CoworkerId and CalendarId" in row["import_message"]
            )
            assert f"SubscriptionExpireDate is {EXPIRES} there and {week} in this row" in row["import_message"]
        with (desk.folder / "report" / "failed.csv").open(encoding="utf-8-sig") as failed:
            assert len(failed.readlines()) == 6
    assert (len(service.records), service.creates) == (5, creates)


def test_a_plan_says_so_before_anything_is_sent(desk: Desk, service: Service) -> None:
    """Counted, named row by row, and with an exit code that a script sees."""
    run(desk, file_of(desk))
    done = desk.type("plan", file_of(desk, count=6, SubscriptionExpireDate=WEEKS[0]))
    assert done.code == 1
    assert "1 record to create" in done.out
    assert "5 in Nexudus with other values" in done.out
    [first] = [record["Id"] for record in service.records if record["Name"] == "Room 2"]
    assert f"row 2: Record {first} has the same" in done.out
    plan = desk.type("plan", file_of(desk, SubscriptionExpireDate=WEEKS[0]), "--json").json["plan"]
    assert (plan["create"], plan["changed"], len(plan["conflicts"])) == (0, 5, 5)


@pytest.mark.parametrize("list_works", [True, False], ids=["list", "journal alone"])
def test_the_journal_knows_keys_where_the_service_lists_nothing(
    desk: Desk, serve: Callable[..., Service], list_works: bool
) -> None:
    """What this journal created is not created again, whether the service lists it or not."""
    service = serve()
    run(desk, file_of(desk))
    if not list_works:
        service._ask("faults?on=read", ["ok", *["404"] * 40])
    flags = () if list_works else ("--without-list",)
    assert run(desk, file_of(desk, Name="Another"), *flags) == {"code": 1, "not sent": 5}
    assert len(service.records) == 5


def test_even_if_existing_makes_another_on_purpose(desk: Desk, service: Service) -> None:
    """And then it does."""
    run(desk, file_of(desk))
    again = run(desk, file_of(desk, SubscriptionExpireDate=WEEKS[0]), "--even-if-existing")
    assert (again, len(service.records)) == ({"code": 0, "created": 5}, 10)


@pytest.mark.parametrize(("before", "after"), [("AAMk2=", ""), ("", "AAMk2=")])
def test_a_key_that_is_empty_on_one_side_is_for_a_person(desk: Desk, service: Service, before: str, after: str) -> None:
    """It may be the same mapping or not: the row waits and names the record."""
    run(desk, file_of(desk, count=1, CalendarId=before))
    assert run(desk, file_of(desk, count=1, CalendarId=after), "--out", "report") == {"code": 1, "not sent": 1}
    [row] = desk.report("report")
    assert (
        f"Record {service.records[0]['Id']} may be the same calendar mapping: ResourceId and CoworkerId are the same"
        in row["import_message"]
    )
    assert len(service.records) == 1


def test_rows_equal_in_every_field_stay_existing(desk: Desk, service: Service) -> None:
    """A record that somebody renewed by hand is the row's, whatever the journal created it with."""
    run(desk, file_of(desk, count=1))
    [record] = service.records
    change(service, desk, "PUT", f"/api/spaces/{PATH}", record | {"SubscriptionExpireDate": WEEKS[0]})
    assert run(desk, file_of(desk, count=1, SubscriptionExpireDate=WEEKS[0])) == {"code": 0, "existing": 1}
    assert run(desk, file_of(desk, count=1, SubscriptionExpireDate=WEEKS[1])) == {"code": 1, "not sent": 1}
    assert len(service.records) == 1


def test_a_guid_and_spaces_make_no_other_key(desk: Desk, service: Service) -> None:
    """Capitals of a GUID and another way to write an accent are the same calendar; capitals of others are not."""
    guid = "7F105C7D-2DC5-4530-97CD-4E7AE6534C07"
    run(desk, file_of(desk, count=1, CalendarId=guid))
    assert run(desk, file_of(desk, count=1, CalendarId=guid.lower(), Name="x")) == {"code": 1, "not sent": 1}
    other: dict[str, Any] = {"ResourceId": 9, "SubscriptionId": ""}
    run(desk, file_of(desk, count=1, CalendarId="caf\u00e9", **other))
    assert run(desk, file_of(desk, count=1, CalendarId="cafe\u0301", Name="x", **other)) == {"code": 1, "not sent": 1}
    assert run(desk, file_of(desk, count=1, CalendarId="CAF\u00c9", Name="x", **other)) == {"code": 0, "created": 1}


def test_two_rows_of_one_key_are_an_error_at_both(desk: Desk, service: Service) -> None:
    """Neither is sent: nobody can tell which of them holds. With --allow-duplicates each is created, once."""
    rows = [mapping(2), mapping(3), mapping(2, Name="Other"), mapping(4)]
    done = desk.type("check", desk.write("rows.csv", rows), "--json", "--offline")
    assert [(i["code"], i["row"]) for i in done.json["issues"] if i["severity"] == "error"] == [
        ("duplicate-key", 2),
        ("duplicate-key", 4),
    ]
    assert run(desk, desk.write("rows.csv", rows)) == {"code": 1, "created": 2, "invalid": 2}
    assert run(desk, desk.write("more.csv", rows[:1] + rows[2:3]), "--allow-duplicates") == {"code": 0, "created": 2}


def test_rows_of_one_key_go_on_after_a_stop(desk: Desk, service: Service) -> None:
    """What the same run created keeps none of its other rows from being sent, if duplicates are allowed."""
    file = desk.write("rows.csv", [mapping(2), mapping(2, Name="Other"), mapping(2, Name="Third")])
    assert run(desk, file, "--allow-duplicates", "--max-rows", "1") == {"code": 6, "created": 1, "not sent": 2}
    assert desk.type("resume").code == 0
    assert len(service.records) == 3


def test_retry_and_resume_compare_as_well(desk: Desk, service: Service) -> None:
    """A record that appeared meanwhile holds the row back; once it is gone, retry sends the row."""
    service.fail("400")
    file = file_of(desk, count=2)
    desk.type("run", file, "--yes", "--max-rows", "1")
    body = dict(zip(LABELS, mapping(3, Name="By hand"), strict=True))
    service.state.add(PATH, json.dumps(body).encode())
    done = desk.type("resume", "--json")
    assert (done.code, done.json["counts"]["not sent"], done.json["counts"]["rejected"]) == (1, 1, 1)
    again = desk.type("retry", "--yes", "--json")
    assert (again.json["counts"]["created"], again.json["counts"]["not sent"]) == (1, 1)
    assert len(service.records) == 2


def test_with_strict_a_held_row_keeps_the_others(desk: Desk, service: Service) -> None:
    """As an invalid one does."""
    run(desk, file_of(desk, count=1))
    assert run(desk, file_of(desk, count=3, SubscriptionExpireDate=WEEKS[0]), "--strict")["code"] == 1
    assert len(service.records) == 1


def test_a_row_is_not_given_the_record_of_the_row_after_it(desk: Desk, service: Service) -> None:
    """The service holds the second row; the first is the same without its optional fields, and asks a person."""
    fuller = dict(zip(LABELS, mapping(2), strict=True))
    [number] = [service.state.add(PATH, json.dumps(fuller).encode())]
    file = desk.write("rows.csv", [mapping(2, SubscriptionId="", CalendarId=""), mapping(2)])
    assert run(desk, file, "--out", "report") == {"code": 1, "existing": 1, "not sent": 1}
    first, second = desk.report("report")
    assert (first["import_status"], second["import_status"]) == ("not sent", "existing")
    assert (first["import_id"], second["import_id"]) == ("", str(number))
    assert len(service.records) == 1


def test_rows_read_in_another_zone_are_not_made_again(desk: Desk, service: Service) -> None:
    """A byte of the file has changed, so that it is not known as the same file; its mappings are."""
    at = "2030-06-01 10:00"
    assert run(desk, file_of(desk, SubscriptionExpireDate=at))["created"] == 5
    other = file_of(desk, "other.csv", 6, SubscriptionExpireDate=at)
    refused = desk.type("run", other, "--yes", "--tz", "Europe/London")
    assert (refused.code, len(service.records)) == (2, 5)
    # Nor when the first run only found them.
    again = file_of(desk, "again.csv", 7, SubscriptionExpireDate=at)
    assert run(desk, again)["existing"] == 5
    assert len(service.records) == len({record["Name"] for record in service.records})


@pytest.mark.parametrize(
    ("there", "mine", "expected"),
    [
        ({}, {}, Unchanged(8)),
        ({"CoworkerId": None}, {"CoworkerId": None}, Unchanged(8)),
        # An empty cell says nothing of a record either.
        ({}, {"CalendarId": None}, Unchanged(8)),
        ({"Name": "Studio"}, {}, "Name"),
        # A part of the key that names nothing else may be corrected, if no other record has that key then.
        ({}, {"CalendarId": "another"}, "CalendarId"),
        ({"CalendarId": None}, {}, "would have the same key as this row"),
        ({"CalendarId": "other"}, {}, "would have the same key as this row"),
        # Given to another resource or coworker since the file was checked.
        ({"ResourceId": 40}, {}, "has another ResourceId than this row by now"),
        ({"CoworkerId": 50}, {}, "has another CoworkerId than this row by now"),
    ],
)
def test_a_row_that_names_a_record_is_compared_with_that_one(
    there: dict[str, object], mine: dict[str, object], expected: object
) -> None:
    """Whatever other records have its key; it is never created."""
    found = match_named(row(**mine), 8, record(7), record(8, **there), record(9))
    match found:
        case Changed():
            assert ", ".join(found.differences) == expected
        case Ambiguous():
            assert (found.records, found.why) in (((8,), expected), ((7, 9), expected))
        case _:
            assert found == expected


def test_a_named_record_that_is_gone_or_not_listed_is_never_created() -> None:
    """It was there when the file was checked: a person looks."""
    found = match_named(row(), 8, record(7, **OTHER_ROOM))
    assert isinstance(found, Ambiguous)
    assert why_held(found, KIND).startswith("Record 8 is not listed any more. Not sent.")


def test_a_row_that_names_a_record_waits_for_no_other_row() -> None:
    """It creates nothing, so an unanswered call elsewhere cannot be its record."""
    evidence = BesideTheList(unanswered=[intent(None, State.IN_DOUBT, {})], named=[8])
    assert match_named(row(), 8, record(8), evidence=evidence) == Unchanged(8)


@pytest.mark.parametrize(
    ("mine", "there", "evidence", "offered"),
    [
        # Two of one key.
        ({}, [record(7, Name="x"), record(8)], BesideTheList(), {7: ["Name"], 8: []}),
        # One of the key, and one that lacks a part of it: to name that one would double the key.
        ({"Name": "x"}, [record(7), record(8, CalendarId=None)], BesideTheList(), {7: ["Name"]}),
        ({}, [record(8, CalendarId=None)], BesideTheList(), {8: ["CalendarId"]}),
        ({"CalendarId": None}, [record(7), record(8, CalendarId="other")], BesideTheList(), {7: [], 8: []}),
        # Alike, but of another resource: no Id makes it this row's.
        ({}, [record(7, ResourceId=40)], BesideTheList(), {}),
        ({}, [record(7, CalendarId="other")], BesideTheList(), {7: ["CalendarId"]}),
        # Of another row already.
        ({}, [record(7), record(8)], BesideTheList(named=[8]), {7: []}),
    ],
)
def test_a_person_may_choose_only_what_settles_the_row(
    mine: dict[str, object], there: list[Remote], evidence: BesideTheList, offered: dict[int, list[str]]
) -> None:
    """Each with what differs in it; and named, it is this row's record in the same words."""
    body = row(**mine)
    choices = Comparison(Listing(tuple(there), pages=1), KIND, evidence).choices(body)
    assert {
        choice.record if isinstance(choice, Unchanged) else choice.remote.id: list(getattr(choice, "differences", ()))
        for choice in choices
    } == offered
    for number, choice in zip(offered, choices, strict=True):
        assert match_named(body, number, *there, evidence=evidence) == choice


def test_a_record_that_cannot_be_read_is_not_offered() -> None:
    """Chosen, it could not be read the next time either, and there would be no plan at all."""
    evidence = BesideTheList(unlisted=[intent(8, State.CREATED, {})], by_id={8: Unreadable("down")})
    comparison = Comparison(Listing((), pages=1), KIND, evidence)
    assert isinstance(comparison.match(row()), Ambiguous)
    assert comparison.choices(row()) == ()


def test_the_record_that_a_row_names_belongs_to_no_other_row() -> None:
    """One record, one row: a row without an Id whose key leads to it is held."""
    evidence = BesideTheList(named=[8])
    found = match(row(Name="Other"), record(8), evidence=evidence)
    assert isinstance(found, Ambiguous)
    assert (found.records, found.why) == ((8,), "is the record of another row, which has its Id")


def test_a_named_record_is_read_in_full_before_it_is_compared() -> None:
    """A member that a list leaves out is not empty, also where the key would not have led to the record."""
    partial = Remote(8, {"ResourceId": 4, "CoworkerId": 5, "CalendarId": "other", "Name": "x"}, None, None, "")
    listing = Listing((partial,), pages=1)
    comparison = Comparison(listing, KIND, BesideTheList(named=[8]))
    assert comparison.unfinished(listing, [row()])[0] == {8}


TWO = ("CoworkerId", "ResourceId")
BY_NAME = ("Name", "ResourceId")
BY_SUBSCRIPTION = ("SubscriptionId",)


@pytest.mark.parametrize(
    ("key", "there", "mine", "expected"),
    [
        pytest.param(TWO, [{"CalendarId": "Old="}], {}, "CalendarId", id="another calendar is a change"),
        pytest.param(TWO, [{"CalendarId": None}], {}, "CalendarId", id="a calendar that is filled in"),
        pytest.param(TWO, [{}], {"CalendarId": None}, Unchanged(7), id="an empty cell says nothing"),
        pytest.param(TWO, [{"ResourceId": 9, "SubscriptionId": ""}], {}, None, id="nobody's record"),
        pytest.param(TWO, [{"ResourceId": 9}], {}, Reason.ALIKE, id="the subscription of another mapping"),
        pytest.param(TWO, [{"CoworkerId": None}], {}, Reason.RECORD_LACKS_PART, id="a record without a coworker"),
        pytest.param(TWO, [{}, {"CalendarId": "B="}], {}, Reason.SEVERAL, id="two calendars of the coworker"),
        pytest.param(BY_NAME, [{"Name": "New"}], {}, Reason.ALIKE, id="the key of the type, but another name"),
        pytest.param(
            BY_NAME,
            [{"CalendarId": "Old=", "SubscriptionId": ""}, {"Name": "New", "SubscriptionId": ""}],
            {},
            Reason.ALIKE,
            id="one by name, another by the key of the type",
        ),
        pytest.param(
            BY_NAME, [{"Name": "X", "CalendarId": None}], {}, Reason.ALIKE, id="an empty part of the type's key"
        ),
        pytest.param(BY_SUBSCRIPTION, [{"CalendarId": "Old="}], {}, "CalendarId", id="found by its subscription"),
        pytest.param(
            BY_SUBSCRIPTION, [{}], {"SubscriptionId": None}, Reason.ROW_LACKS_MATCH, id="nothing to find a record by"
        ),
        pytest.param(BY_SUBSCRIPTION, [], {"SubscriptionId": None}, None, id="nothing to find, and nothing there"),
        pytest.param(
            ("ResourceId", "SubscriptionId"),
            [{"ResourceId": 9, "CalendarId": "Old="}],
            {"SubscriptionId": None},
            None,
            id="no record agrees in the rest",
        ),
        pytest.param(
            BY_SUBSCRIPTION, [{"SubscriptionId": "", "ResourceId": 9}], {}, None, id="a record without a subscription"
        ),
    ],
)
def test_rows_find_their_records_by_the_fields_that_the_user_chose(
    key: tuple[str, ...], there: list[dict[str, Any]], mine: dict[str, Any], expected: object
) -> None:
    """The key of the type stays: no record is created beside one that has it, or given one that another has."""
    records = [record(7 + place, **changes) for place, changes in enumerate(there)]
    result = match(row(**mine), *records, match_key=key)
    if isinstance(expected, Reason):
        assert isinstance(result, Ambiguous)
        assert result.reason is expected
    elif isinstance(expected, str):
        assert isinstance(result, Changed)
        assert list(result.differences) == [expected]
    else:
        assert result == expected


def test_a_record_is_never_given_the_key_of_another_one() -> None:
    """The row finds a record by its name, and would give it the calendar that a second record watches already."""
    found, other = record(7, CalendarId="Old=", SubscriptionId=""), record(8, Name="Room", SubscriptionId="")
    result = match(row(SubscriptionId=None), found, other, match_key=BY_NAME)
    assert isinstance(result, Ambiguous)
    assert result.records == (8,)


VALUES: dict[str, list[Any]] = {
    "ResourceId": [4, 9],
    "CoworkerId": [5, None],
    "CalendarId": ["AAMk=", "B=", None],
    "Name": ["Boardroom", "X"],
}
RECORDS = st.lists(
    st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()}), max_size=3
)
ROWS = st.fixed_dictionaries(
    {name: st.sampled_from([value for value in values if value is not None]) for name, values in VALUES.items()}
)


@given(RECORDS, ROWS, st.sampled_from([TWO, BY_NAME, ("Name",), ("CalendarId",)]))
def test_whatever_the_key_no_record_of_the_types_key_gets_a_second_one(
    there: list[dict[str, Any]], mine: dict[str, Any], key: tuple[str, ...]
) -> None:
    """A row is created only if it would be without the key as well, and what it updates agrees with it in the key."""
    records = [record(7 + place, SubscriptionId="", **changes) for place, changes in enumerate(there)]
    body = row(SubscriptionId=None, **mine)
    result = match(body, *records, match_key=key)
    if result is None:
        assert match(body, *records) is None
        assert not any(all(remote.values[name] == mine[name] for name in KIND.key) for remote in records)
    if isinstance(result, Changed):
        assert all(result.remote.values[name] == mine[name] for name in key)
        others = [remote for remote in records if remote.id != result.remote.id]
        assert not any(all(remote.values[name] == mine[name] for name in KIND.key) for remote in others)


@given(RECORDS, ROWS)
def test_the_key_of_the_type_named_by_the_user_changes_nothing(
    there: list[dict[str, Any]], mine: dict[str, Any]
) -> None:
    """As if it had not been named."""
    records = [record(7 + place, **changes) for place, changes in enumerate(there)]
    assert match(row(**mine), *records, match_key=tuple(sorted(KIND.key))) == match(row(**mine), *records)
