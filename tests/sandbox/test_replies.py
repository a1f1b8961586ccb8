"""What the service can answer, in the bytes that the vendor's reference shows."""

import json

import pytest

from importer.sandbox.replies import Problem, Reply, access_denied, invalid, not_found, saved, unauthorized


def test_a_created_record_answers_as_documented() -> None:
    """The envelope of the reference, member by member and in its order."""
    reply = saved("CoworkerMsOfficeCalendar", "created", 87654321, "2025-01-15T10:30:00Z", "admin@example.com")
    assert reply.status == 200
    assert reply.body.decode() == (
        '{"Status":200,"Message":"CoworkerMsOfficeCalendar was successfully created.","Value":{"Id":87654321},'
        '"OpenInDialog":false,"OpenInWindow":false,"RedirectURL":null,"JavaScript":null,'
        '"UpdatedOn":"2025-01-15T10:30:00Z","UpdatedBy":"admin@example.com","Errors":null,"WasSuccessful":true}'
    )


def test_a_refusal_lists_every_problem_and_repeats_the_first() -> None:
    """Whoever reads the message alone learns of one field, whoever reads the list of all."""
    reply = invalid([Problem("Name"), Problem("Coworker", "does not exist", 12)])
    document = json.loads(reply.body)
    assert (reply.status, document["Message"], document["WasSuccessful"]) == (400, "Name: is a required field", False)
    assert document["Errors"] == [
        {"AttemptedValue": None, "Message": "is a required field", "PropertyName": "Name"},
        {"AttemptedValue": 12, "Message": "does not exist", "PropertyName": "Coworker"},
    ]


@pytest.mark.parametrize(
    ("reply", "status", "body"),
    [
        (not_found(), 404, b'"Not found"'),
        (unauthorized(), 401, b""),
        (access_denied(), 401, b'{"Message":"Access Denied."}'),
    ],
)
def test_short_refusals(reply: Reply, status: int, body: bytes) -> None:
    """A sign-in that is refused has no body, one that lacks a parent has a message."""
    assert (reply.status, reply.body) == (status, body)


def test_an_empty_answer_has_a_length_and_no_type() -> None:
    """A client must know that nothing follows."""
    assert Reply(401).headers == [(b"Content-Length", b"0")]
    assert Reply(401).raw() == b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
