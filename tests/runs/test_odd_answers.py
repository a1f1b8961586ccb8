"""Commands beside a service that answers oddly: nothing is concluded from it, and no command ends as a bug."""

import json

import pytest
from conftest import Desk, Service, mapping

from importer.errors import Exit
from importer.nexudus.reply import parse_json


def imported(desk: Desk, number: int = 3) -> str:
    """A file that was imported."""
    desk.write("rows.csv", [mapping(each) for each in range(number)])
    assert desk.type("run", "rows.csv", "--yes", "--out", "report").code == Exit.DONE
    return "rows.csv"


@pytest.mark.parametrize("fault", ["200-html", "200-empty", "redirect", "status:404", "403"])
def test_an_undo_that_could_not_look_says_so_and_can_be_repeated(desk: Desk, service: Service, fault: str) -> None:
    """Exit 5, the row with what came, nothing deleted; typed again it finishes."""
    imported(desk)
    service.state.fail_next("ok", fault, on="read")
    done = desk.type("undo", "--yes")
    assert done.code == Exit.SERVICE, done
    assert "2 deleted, 1 failed" in done.out
    assert "could not be looked at" in done.out
    assert "importer undo 1" in done.out
    assert len(service.records) == 1
    assert desk.type("undo", "--yes").code == Exit.DONE
    assert service.records == []


@pytest.mark.parametrize("fault", ["200-html", "200-empty", "redirect", "status:404", "403"])
def test_a_verification_that_could_not_look_says_so(desk: Desk, service: Service, fault: str) -> None:
    """A record that the list lacks is read by Id; what cannot be read is not called absent."""
    imported(desk)
    service.state.service.records.remove("CoworkerMsOfficeCalendar", service.records[1]["Id"])
    # Who is signed in, the list, and only then the record that it lacks.
    service.state.fail_next("ok", "ok", fault, on="read")
    done = desk.type("verify", "--json")
    assert (done.code, done.json["counts"]) == (Exit.SERVICE, {"once": 2, "not looked at": 1})
    done = desk.type("verify", "--json")
    assert (done.code, done.json["counts"]) == (Exit.ROWS_FAILED, {"once": 2, "absent": 1})


ODD: list[object] = [
    [],
    ["x"],
    {},
    {"a": [1]},
    True,
    False,
    10**30,
    -(10**30),
    1e300,
    "9" * 5000,
    "\x1b[2J",
    "\ufffe",
    0,
]
FIELDS = ["ResourceId", "Name", "SubscriptionExpireDate", "CalendarId", "Id", "CreatedOn", "UpdatedOn", "UpdatedBy"]


@pytest.mark.parametrize("field", FIELDS)
def test_no_value_of_the_service_ends_a_command_as_a_bug(desk: Desk, service: Service, field: str) -> None:
    """Whatever stands in a member of a record: each command ends with a code that is not that of a bug."""
    file = imported(desk, len(ODD))
    for (_, stored), value in zip(service.state.service.records.all(), ODD, strict=True):
        stored.fields[field] = value
    for words in (("verify", "--json"), ("plan", file), ("run", file, "--yes"), ("verify", "1")):
        done = desk.type(*words)
        assert done.code != Exit.UNEXPECTED, (words, done)
        assert "\x1b" not in done.out + done.err
    done = desk.type("undo", "1", "--yes")
    # Of a record without usable dates the fields alone say whether somebody changed it.
    assert done.code in (
        {Exit.DONE} if field in {"CreatedOn", "UpdatedOn", "UpdatedBy"} else {Exit.ROWS_FAILED, Exit.SERVICE}
    )


@pytest.mark.parametrize(
    "body",
    [rb'{"Name":"Room \ud83d"}', rb'{"Name":"Room \uDE00\ud83d"}', b'{"Name":"Room \xed\xa0\xbd"}', rb'["\ud83d"]'],
)
def test_half_a_character_becomes_whole_where_it_comes_in(body: bytes) -> None:
    """No file, terminal or database takes one, so none of them ever gets it."""
    text = json.dumps(parse_json(body), ensure_ascii=False).encode()
    assert b"\\\\ud83d" in text
