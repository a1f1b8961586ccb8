"""What the answers to a read and a delete by Id are believed to say: a table, and what holds for any answer."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.kit import KIND, body
from importer.delivery.by_id import Gone, Unreadable, is_deleted, read_record
from importer.delivery.listing import Remote
from importer.nexudus import Reply
from importer.nexudus.reply import LARGEST_ID, parse_json

NUMBER = 7
RECORD: Mapping[str, object] = json.loads(body(2)) | {"Id": NUMBER, "UpdatedOn": "2027-01-01T08:00:00Z"}
PAGE = "<!DOCTYPE html><title>Not found</title>"


def answered(status: int, document: object = None, *, text: str | None = None, content_type: str = "") -> Reply:
    """A whole answer with this JSON, or with this text."""
    written = json.dumps(document) if text is None else text
    parsed = parse_json(written.encode())
    return Reply(status, text=written, json=parsed, whole=True, content_type=content_type)


def without(name: str) -> dict[str, object]:
    """The record without one member."""
    return {each: value for each, value in RECORD.items() if each != name}


@pytest.mark.parametrize(
    "reply",
    [
        answered(200, RECORD),
        answered(200, {**RECORD, "SubscriptionId": None, "CalendarId": "", "CustomFields": [], "Extra": {}}),
        # JSON under another label is the service's own answer.
        answered(200, RECORD, content_type="text/html"),
        # Whatever a colleague typed, it is what the record holds: half an emoji too.
        answered(200, text=json.dumps({**RECORD, "Name": "Room \ud83d"})),
        answered(
            200, {**RECORD, "SubscriptionExpireDate": "2027-01-01T08:00:00.1234567", "CreatedOn": [], "UpdatedOn": 1}
        ),
    ],
)
def test_the_record_itself_is_believed(reply: Reply) -> None:
    """With its own Id and with every field readable, empty or not."""
    remote = read_record(reply, NUMBER, KIND)
    assert isinstance(remote, Remote)
    assert remote.id == NUMBER


@pytest.mark.parametrize("words", ["Not found", "not found", " Not found "])
@pytest.mark.parametrize("status", [401, 404])
def test_the_services_own_not_found_is_believed(status: int, words: str) -> None:
    """404 for an unknown Id and 401 for a deleted record, each with the JSON string."""
    assert read_record(answered(status, words), NUMBER, KIND) == Gone()


OTHER_IDS: list[object] = [8, "7", 7.0, True, None, [7], {}, 0, -7, 10**30, 2**63]
ODD = [
    Reply(failure="no answer"),
    Reply(401, sent=False, failure="The sign-in has expired."),
    Reply(404, text='"Not found"', failure="the answer was cut off"),
    answered(404, text=""),
    answered(401, text=""),
    answered(404, text="Not found"),
    answered(404, text=PAGE, content_type="text/html"),
    answered(200, text=PAGE, content_type="application/json"),
    answered(404, {"Message": "Not found"}),
    answered(404, ["Not found"]),
    answered(404, {"Message": "No HTTP resource was found that matches the request URI."}),
    answered(401, {"Message": "Access Denied."}),
    answered(401, "Access Denied."),
    answered(403, "Not found"),
    answered(410, "Not found"),
    answered(500, "Not found"),
    answered(200, "Not found"),
    answered(301, text=""),
    answered(302, RECORD),
    answered(204, text=""),
    answered(206, RECORD),
    answered(500, RECORD),
    answered(200, None),
    answered(200, []),
    answered(200, [RECORD]),
    answered(200, {}),
    answered(200, {"Records": [RECORD], "TotalItems": 1}),
    answered(200, {"Value": RECORD}),
    answered(200, {**RECORD, "WasSuccessful": False}),
    answered(200, without("Id")),
    *(answered(200, {**RECORD, "Id": number}) for number in OTHER_IDS),
    *(answered(200, without(name)) for name in KIND.fields),
    *(answered(200, {**RECORD, name: value}) for name in KIND.fields for value in ({}, [], [1], {"a": 1}, True)),
    answered(200, {**RECORD, "SubscriptionExpireDate": "soon"}),
    answered(200, {**RECORD, "SubscriptionExpireDate": 1_800_000_000}),
    answered(200, {**RECORD, "Name": 7}),
]


@pytest.mark.parametrize("reply", ODD)
def test_anything_else_says_nothing_and_what_came_is_said(reply: Reply) -> None:
    """Neither that the record is there nor that it is gone; and the clause can be printed."""
    unreadable = read_record(reply, NUMBER, KIND)
    assert isinstance(unreadable, Unreadable)
    assert unreadable.why.isprintable()
    assert unreadable.why
    assert not is_deleted(reply, NUMBER)


@pytest.mark.parametrize(
    ("reply", "deleted"),
    [
        (answered(200, {"Status": 200, "WasSuccessful": True, "Value": None, "Errors": None}), True),
        (answered(200, {"WasSuccessful": True}), True),
        (answered(200, {"WasSuccessful": True, "Value": {"Id": NUMBER}, "Errors": []}), True),
        (answered(200, {"WasSuccessful": True, "Value": {"Id": 8}}), False),
        (answered(200, {"WasSuccessful": True, "Errors": ["in use"]}), False),
        (answered(200, {"WasSuccessful": 1}), False),
        (answered(200, {"WasSuccessful": "true"}), False),
        (answered(200, {"Status": 500, "WasSuccessful": False}), False),
        (answered(202, {"WasSuccessful": True}), False),
        (answered(404, {"WasSuccessful": True}), False),
        (answered(204, text=""), False),
        # Of a record that was there a moment ago; who reads it again knows.
        (answered(404, "Not found"), False),
    ],
)
def test_deleted_is_the_services_own_word(reply: Reply, deleted: bool) -> None:
    """HTTP 200 and WasSuccessful, without errors and about no other record."""
    assert is_deleted(reply, NUMBER) is deleted


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    [*KIND.fields, "Id", "CreatedOn", "UpdatedOn", "UpdatedBy", "WasSuccessful", "Errors", "Value"]
)
DOCUMENTS = VALUES | st.dictionaries(MEMBERS, VALUES).map(lambda odd: {**RECORD, **odd})
REPLIES = st.builds(
    Reply,
    status=st.none() | st.sampled_from([200, 204, 302, 400, 401, 403, 404, 409, 410, 429, 500, 502]),
    text=st.text(max_size=20),
    json=DOCUMENTS | st.sampled_from(["Not found", "not found.", "Access Denied."]),
    content_type=st.sampled_from(["", "text/html", "application/json"]),
    failure=st.sampled_from(["", "", "the answer was cut off"]),
)


@given(REPLIES, st.integers(1, LARGEST_ID) | st.just(NUMBER))
def test_no_answer_is_taken_for_more_than_it_is(reply: Reply, number: int) -> None:
    """A record has the Id that was asked for, and is gone only under one of two statuses with those two words."""
    match read_record(reply, number, KIND):
        case Gone():
            assert reply.status in (401, 404)
            assert isinstance(reply.json, str)
        case Remote() as remote:
            assert reply.status == 200
            assert isinstance(reply.json, dict)
            assert (type(remote.id), remote.id) == (int, number)
            assert remote.values.keys() >= set(KIND.fields)
        case Unreadable(why):
            assert why.isprintable()
    assert reply.status == 200 or not is_deleted(reply, number)
