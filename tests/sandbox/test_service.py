"""Creating, reading, changing and deleting records, as the vendor's reference shows it."""

from __future__ import annotations

import json

import pytest

from importer.sandbox.people import DELETED_EMAIL, SHARED_EMAIL, SHARED_RESOURCE
from importer.sandbox.server import Running
from sandbox.sandbox_client import PATH, RECORD, call, create, unlimited

OFFICE = "/api/spaces/coworkermsofficecalendars"
GOOGLE = "/api/spaces/coworkergooglecalendars"


def coworker(sandbox: Running, email: str) -> int:
    """The Id of the first coworker with an e-mail."""
    found: int = call(sandbox, "GET", f"/api/spaces/coworkers?Coworker_Email={email}").json["Records"][0]["Id"]
    return found


def test_create_answers_the_documented_envelope() -> None:
    """A create answers 200 with every field of the documented envelope, in its order."""
    with unlimited() as sandbox:
        answer = create(sandbox)
    envelope = answer.json
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert envelope == {
        "Status": 200,
        "Message": "CoworkerMsOfficeCalendar was successfully created.",
        "Value": {"Id": envelope["Value"]["Id"]},
        "OpenInDialog": False,
        "OpenInWindow": False,
        "RedirectURL": None,
        "JavaScript": None,
        "UpdatedOn": envelope["UpdatedOn"],
        "UpdatedBy": "ops@example.com",
        "Errors": None,
        "WasSuccessful": True,
    }
    assert list(envelope)[:3] == ["Status", "Message", "Value"]
    assert 100_000_000 <= envelope["Value"]["Id"] <= 1_500_000_000


def test_created_record_reads_back_as_sent() -> None:
    """A record read by Id is bare and carries every field that was sent."""
    with unlimited() as sandbox:
        record_id = create(sandbox).json["Value"]["Id"]
        record = call(sandbox, "GET", f"{PATH}/{record_id}").json
        assert sandbox.state.records == [record]
        assert json.loads(sandbox.state.bodies[0]) == RECORD
    assert {name: record[name] for name in RECORD} == RECORD
    assert record["Id"] == record_id
    assert record["CreatedOn"].endswith("Z")


@pytest.mark.parametrize(
    ("contract", "missing", "named"),
    [
        ("old", "Name", "Name"),
        ("old", "ResourceId", "Resource"),
        ("old", "CoworkerId", "Coworker"),
        ("old", "SubscriptionExpireDate", "SubscriptionExpireDate"),
        ("new", "SubscriptionId", "SubscriptionId"),
        ("new", "CalendarId", "CalendarId"),
    ],
)
def test_missing_field_is_refused(contract: str, missing: str, named: str) -> None:
    """A required field that is missing gives the documented 400, parents named without Id."""
    with unlimited(contract=contract) as sandbox:
        answer = create(sandbox, **{missing: None})
        assert sandbox.state.records == []
    error = {"AttemptedValue": None, "Message": "is a required field", "PropertyName": named}
    body = {"Message": f"{named}: is a required field", "Value": None, "Errors": [error], "WasSuccessful": False}
    assert (answer.status, answer.json) == (400, body)


@pytest.mark.parametrize(
    ("contract", "missing"), [("old", "SubscriptionId"), ("old", "CalendarId"), ("new", "CoworkerId")]
)
def test_optional_field_may_be_missing(contract: str, missing: str) -> None:
    """What a contract does not require may be left out."""
    with unlimited(contract=contract) as sandbox:
        assert create(sandbox, **{missing: None}).status == 200


def test_every_problem_is_listed_and_the_first_is_the_message() -> None:
    """Several problems give several Errors, of which Message repeats one."""
    with unlimited() as sandbox:
        body = create(sandbox, Name="  ", CoworkerId="x", SubscriptionExpireDate="tomorrow").json
    assert [each["PropertyName"] for each in body["Errors"]] == ["Coworker", "Name", "SubscriptionExpireDate"]
    assert body["Message"] == "Coworker: is not a valid value"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2025-01-15T10:30:00Z", "2025-01-15T10:30:00Z"),
        ("2025-01-15T10:30:00+02:00", "2025-01-15T08:30:00Z"),
        ("2025-01-15T10:30", "2025-01-15T10:30:00Z"),
        ("2025-01-15T10:30:00.9356913Z", "2025-01-15T10:30:00Z"),
    ],
)
@pytest.mark.parametrize("dates", ["z", "bare"])
def test_expiry_is_kept_as_an_instant(sent: str, stored: str, dates: str) -> None:
    """An expiry is stored in UTC and comes back with or without its Z."""
    with unlimited(dates=dates) as sandbox:
        record_id = create(sandbox, SubscriptionExpireDate=sent).json["Value"]["Id"]
        record = call(sandbox, "GET", f"{PATH}/{record_id}").json
    assert record["SubscriptionExpireDate"] == (stored if dates == "z" else stored[:-1])
    assert record["CreatedOn"].endswith("Z") is (dates == "z")


@pytest.mark.parametrize("sent", ["15/01/2025", "2025-02-30T10:00:00Z", 1736936000, "9999-12-31T23:59:59-10:00"])
def test_bad_date_is_refused(sent: object) -> None:
    """What is no date gives a validation error that names the field."""
    with unlimited() as sandbox:
        answer = create(sandbox, SubscriptionExpireDate=sent)
    assert answer.status == 400
    assert answer.json["Errors"][0]["PropertyName"] == "SubscriptionExpireDate"


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "[" * 50_000])
def test_body_that_is_no_object_is_refused(body: str) -> None:
    """A body that is no JSON object is a 400, never a crash."""
    with unlimited() as sandbox:
        assert call(sandbox, "POST", PATH, body).status == 400
        assert call(sandbox, "PUT", PATH, body).status == 400


def test_form_body_is_refused() -> None:
    """A create must be JSON by its content type."""
    with unlimited() as sandbox:
        headers = {"Authorization": "Bearer sandbox-token", "Content-Type": "application/x-www-form-urlencoded"}
        assert call(sandbox, "POST", PATH, "Name=x", headers).status == 415


def test_update_replaces_the_whole_record() -> None:
    """A PUT validates like a create and clears what it leaves out; the creation date stays."""
    with unlimited() as sandbox:
        record_id = create(sandbox).json["Value"]["Id"]
        before = call(sandbox, "GET", f"{PATH}/{record_id}").json
        assert call(sandbox, "PUT", PATH, {"Id": record_id, "Name": "New"}).status == 400
        short = {**RECORD, "Id": record_id, "Name": "New", "CalendarId": None}
        assert call(sandbox, "PUT", PATH, short).json["WasSuccessful"] is True
        after = call(sandbox, "GET", f"{PATH}/{record_id}").json
        assert call(sandbox, "PUT", PATH, {**short, "Id": 1}).status == 404
    assert (after["Name"], after["CalendarId"], after["ToStringText"]) == ("New", None, "New")
    assert after["CreatedOn"] == before["CreatedOn"]
    assert after["UniqueId"] == before["UniqueId"]


def test_delete_happens_once() -> None:
    """A delete answers its envelope, and 404 with a JSON string when the record is gone."""
    with unlimited() as sandbox:
        record_id = create(sandbox).json["Value"]["Id"]
        first = call(sandbox, "DELETE", f"{PATH}/{record_id}")
        second = call(sandbox, "DELETE", f"{PATH}/{record_id}")
        gone = call(sandbox, "GET", f"{PATH}/{record_id}")
    assert first.json["Message"] == "The record was deleted successfully."
    assert first.json["WasSuccessful"] is True
    assert (second.status, second.json) == (gone.status, gone.json) == (404, "Not found")


def test_both_spellings_share_records_and_google_does_not() -> None:
    """The two spellings of the path show the same records; the Google type has its own."""
    with unlimited() as sandbox:
        record_id = create(sandbox).json["Value"]["Id"]
        assert call(sandbox, "GET", f"{OFFICE}/{record_id}").status == 200
        assert call(sandbox, "GET", f"{GOOGLE}/{record_id}").status == 404
        assert "WatchResourceId" in call(sandbox, "POST", GOOGLE, RECORD).json["Message"]
        google = call(sandbox, "POST", GOOGLE, RECORD | {"WatchResourceId": "o3hgv1538sdjfh"}).json
    assert google["Message"] == "CoworkerGoogleCalendar was successfully created."


def test_spelling_can_be_switched_off() -> None:
    """A spelling that is not served is an unknown address."""
    with unlimited(spellings=("coworkermsofficecalendars",)) as sandbox:
        assert create(sandbox).status == 404
        assert call(sandbox, "POST", OFFICE, RECORD).status == 200


def test_equal_records_are_accepted_unless_told_otherwise() -> None:
    """The service makes duplicates without a word; with `uniqueness` it refuses them."""
    with unlimited() as sandbox:
        assert [create(sandbox).status for _ in range(2)] == [200, 200]
        sandbox.state.change(uniqueness=True)
        assert create(sandbox).status == 400
        assert create(sandbox, Name="Another").status == 200


@pytest.mark.parametrize(("system_id", "kept"), [("kept", "row-7"), ("shortened", "row-7"), ("dropped", None)])
def test_system_id_is_kept_or_dropped(system_id: str, kept: str | None) -> None:
    """SystemId of a create is stored or silently dropped."""
    with unlimited(system_id=system_id) as sandbox:
        create(sandbox, SystemId="row-7")
        assert sandbox.state.records[0]["SystemId"] == kept


@pytest.mark.parametrize("system_id_omitted", ["cleared", "kept"])
@pytest.mark.parametrize("omitted", ["cleared", "kept"])
def test_what_an_update_leaves_out_is_cleared_or_kept(omitted: str, system_id_omitted: str) -> None:
    """Clearing is what the service is said to do, with SystemId too; what is sent is stored either way."""
    calendar_id = "AAMk=" if omitted == "kept" else None
    system_id, last = ("row-7", "row-8") if system_id_omitted == "kept" else (None, None)
    short = {name: value for name, value in RECORD.items() if name != "CalendarId"}
    with unlimited(omitted=omitted, system_id_omitted=system_id_omitted) as sandbox:
        record_id = create(sandbox, SystemId="row-7", CalendarId="AAMk=").json["Value"]["Id"]
        stored = []
        for change in ({}, {"SystemId": "row-8", "CalendarId": "new"}, {"CalendarId": None}):
            assert call(sandbox, "PUT", PATH, {**short, "Id": record_id, **change}).status == 200
            [record] = sandbox.state.records
            stored.append((record["SystemId"], record["CalendarId"]))
    assert stored == [(system_id, calendar_id), ("row-8", "new"), (last, None)]


def test_an_update_can_drop_the_system_id() -> None:
    """What a create stored stays, whatever an update says of it."""
    with unlimited(system_id_update="dropped", system_id="kept") as sandbox:
        record_id = create(sandbox, SystemId="row-7").json["Value"]["Id"]
        call(sandbox, "PUT", PATH, {**RECORD, "Id": record_id, "SystemId": "row-8"})
        assert [record["SystemId"] for record in sandbox.state.records] == ["row-7"]


@pytest.mark.parametrize(
    ("offsets", "status", "stored"),
    [("converted", 200, "08:30:00Z"), ("dropped", 200, "10:30:00Z"), ("refused", 400, "")],
)
def test_an_offset_is_converted_dropped_or_refused(offsets: str, status: int, stored: str) -> None:
    """Whether the service reads the offset of a date is disputed; a Z means the same everywhere."""
    with unlimited(offsets=offsets) as sandbox:
        assert create(sandbox, SubscriptionExpireDate="2025-01-15T10:30:00+02:00").status == status
        assert [str(record["SubscriptionExpireDate"])[11:] for record in sandbox.state.records] == [stored] * bool(
            stored
        )
        assert create(sandbox, SubscriptionExpireDate="2025-01-15T10:30:00Z").status == 200
        assert str(sandbox.state.records[-1]["SubscriptionExpireDate"]) == "2025-01-15T10:30:00Z"


@pytest.mark.parametrize(("deletes", "status", "left"), [("accepted", 200, 0), ("405", 405, 1), ("refused", 200, 1)])
def test_a_delete_can_be_refused(deletes: str, status: int, left: int) -> None:
    """Some entities answer 405 to a delete, and any of them 200 with a refusal inside."""
    with unlimited(deletes=deletes) as sandbox:
        record_id = create(sandbox).json["Value"]["Id"]
        answer = call(sandbox, "DELETE", f"{PATH}/{record_id}")
        assert (answer.status, len(sandbox.state.records)) == (status, left)
        assert answer.json.get("WasSuccessful", False) is (left == 0)


def test_what_the_service_hides_or_leaves_as_it_is() -> None:
    """Stamps of records and answers, the Date header and the date of the last save can be missing or useless."""
    options = {"stamps": "hidden", "answer_stamps": "hidden", "date_header": "hidden", "updated_on": "stays"}
    with unlimited(**options, after_delete="401") as sandbox:
        made = create(sandbox)
        record_id = made.json["Value"]["Id"]
        before = sandbox.state.records[0]["UpdatedOn"]
        assert call(sandbox, "PUT", PATH, {**RECORD, "Id": record_id}).status == 200
        assert sandbox.state.records[0]["UpdatedOn"] == before
        record = call(sandbox, "GET", f"{PATH}/{record_id}").json
        [item] = call(sandbox, "GET", PATH).json["Records"]
        assert {"UpdatedOn", "UpdatedBy", "CreatedOn"}.isdisjoint({*made.json, *record, *item})
        assert "date" not in made.headers
        gone = call(sandbox, "GET", f"{PATH}/1")
        assert (gone.status, gone.json) == (401, "Not found")
        sandbox.state.change(updates="405")
        assert call(sandbox, "PUT", PATH, {**RECORD, "Id": record_id}).status == 405


def test_each_save_is_later_than_the_one_before() -> None:
    """UpdatedOn moves with every save, however fast they come or slow the clock is, and says whose save it was."""
    with unlimited() as sandbox:
        answer = create(sandbox).json
        stamps, record_id = [answer["UpdatedOn"]], answer["Value"]["Id"]
        for clock_skew in (0.0, -3600.0):
            sandbox.state.change(clock_skew=clock_skew)
            answer = call(sandbox, "PUT", PATH, {**RECORD, "Id": record_id}).json
            [record] = sandbox.state.records
            assert (answer["UpdatedOn"], answer["UpdatedBy"]) == (record["UpdatedOn"], "ops@example.com")
            stamps.append(answer["UpdatedOn"])
            sandbox.state.edit(record_id, {"Name": "Theirs"})
            [record] = sandbox.state.records
            assert (record["UpdatedBy"], record["ToStringText"]) == ("colleague@example.com", "Theirs")
            stamps.append(str(record["UpdatedOn"]))
        assert record["CreatedOn"] == stamps[0]
    assert stamps == sorted(set(stamps))


@pytest.mark.parametrize("number", [None, 1, "", True, [], {}, 1.5])
def test_an_update_of_no_record_is_not_found(number: object) -> None:
    """An Id that no record has, or that is none at all, changes nothing."""
    with unlimited() as sandbox:
        create(sandbox)
        before = sandbox.state.records
        answer = call(sandbox, "PUT", PATH, {**RECORD, "Id": number})
        assert (answer.status, answer.json) == (404, "Not found")
        assert sandbox.state.records == before


def test_an_update_answers_the_envelope_of_a_create() -> None:
    """An update answers as a create does, with the record's own Id, whatever spelling is used."""
    with unlimited() as sandbox:
        made = create(sandbox).json
        for path in (PATH, OFFICE):
            answer = call(sandbox, "PUT", path, {**RECORD, "Id": made["Value"]["Id"]}).json
            assert list(answer) == list(made)
            assert (answer["Status"], answer["Value"], answer["WasSuccessful"]) == (200, made["Value"], True)


def test_every_record_type_can_be_updated() -> None:
    """Each spelling of each record type takes an update, and no address of what is there from the start does."""
    fields = {"BusinessId": 1, "GoogleCalendarId": "a@example.com", "ChannelId": "x", "ResourceUri": "y"}
    with unlimited() as sandbox:
        for kind in sandbox.state.service.kinds.values():
            body = {name: RECORD.get(name, fields.get(name, "text")) for name in kind.types} | {"Name": "Before"}
            for path in kind.paths:
                number = call(sandbox, "POST", f"/api/{path}", body).json["Value"]["Id"]
                assert call(sandbox, "PUT", f"/api/{path}", {**body, "Id": number, "Name": "After"}).status == 200
                assert call(sandbox, "GET", f"/api/{path}/{number}").json["Name"] == "After"
        assert call(sandbox, "PUT", "/api/spaces/coworkers", {"Id": 1}).status == 405


def test_ids_are_distinct_and_rise() -> None:
    """Each record gets an Id of its own, higher than all before, also after a delete."""
    with unlimited() as sandbox:
        ids = [create(sandbox).json["Value"]["Id"] for _ in range(20)]
        call(sandbox, "DELETE", f"{PATH}/{ids[-1]}")
        ids.append(create(sandbox).json["Value"]["Id"])
    assert ids == sorted(set(ids))


def test_space_holds_the_traps() -> None:
    """There are two coworkers with one e-mail and two resources with one name in two locations."""
    with unlimited() as sandbox:
        people = call(sandbox, "GET", f"/api/spaces/coworkers?Coworker_Email={SHARED_EMAIL}").json
        rooms = call(sandbox, "GET", f"/api/spaces/resources?Resource_Name={SHARED_RESOURCE}").json
        places = call(sandbox, "GET", "/api/sys/businesses").json
        everyone = call(sandbox, "GET", "/api/spaces/coworkers?size=1000").json
    assert people["TotalItems"] == 2
    assert {room["BusinessId"] for room in rooms["Records"]} == {place["Id"] for place in places["Records"]}
    assert everyone["TotalItems"] == 60
    assert "Businesses" not in everyone["Records"][0]


def test_deleted_coworker_is_listed_but_cannot_be_read() -> None:
    """A deleted coworker stands in the list, and a read by Id answers 401 "Not found"."""
    with unlimited() as sandbox:
        gone = coworker(sandbox, DELETED_EMAIL)
        answer = call(sandbox, "GET", f"/api/spaces/coworkers/{gone}")
        batch = call(sandbox, "GET", f"/api/spaces/coworkers?id=[{gone}]")
    assert (answer.status, answer.json) == (401, "Not found")
    assert batch.json == []


@pytest.mark.parametrize(
    ("dead_parents", "status", "text"), [("401", 401, "Access Denied."), ("400", 400, "Coworker: is a required field")]
)
def test_create_naming_a_deleted_coworker_is_refused(dead_parents: str, status: int, text: str) -> None:
    """A create that names a deleted coworker answers 401, or 400 by option."""
    with unlimited(dead_parents=dead_parents) as sandbox:
        answer = create(sandbox, CoworkerId=coworker(sandbox, DELETED_EMAIL))
        assert sandbox.state.records == []
    assert (answer.status, answer.json["Message"]) == (status, text)


def test_strict_parents_must_exist() -> None:
    """With strict parents only Ids of the space are accepted, and the full name is filled in."""
    with unlimited(strict_parents=True, dead_parents="400") as sandbox:
        both = create(sandbox).json
        resource = next(iter(sandbox.state.space.resources))
        known = create(sandbox, ResourceId=resource, CoworkerId=coworker(sandbox, "ada.abbott@example.com"))
        assert sandbox.state.records[0]["CoworkerFullName"] == "Ada Abbott"
    assert [each["PropertyName"] for each in both["Errors"]] == ["Resource", "Coworker"]
    assert known.status == 200
