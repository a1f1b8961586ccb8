"""Values of a run's rows, as its pages say them."""

import pytest
from conftest import mapping

from importer.checking import Entry
from importer.sandbox.server import Running
from importer.web.upload_names import called_by_id
from importer.web.value_words import ValueWords
from schemas import RECORD_TYPES
from web.kit import Client, plain, table

KIND = RECORD_TYPES["CoworkerMsOfficeCalendar"]
NAMES = {"CoworkerId": {7: "Ada Abbott"}}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CoworkerId", 7, "Ada Abbott, Id 7"),
        ("CoworkerId", "7", "Ada Abbott, Id 7"),
        ("CoworkerId", 8, "8"),
        ("ResourceId", 7, "7"),
        ("CoworkerId", "12.5", "12.5"),
        ("Name", "7", "7"),
        ("Name", None, "empty"),
        ("SubscriptionExpireDate", "2031-12-01T09:30:00Z", "1 Dec 2031 10:30 CET"),
        ("SubscriptionExpireDate", "next week", "next week"),
    ],
)
def test_a_value_is_said_as_people_say_it(name: str, value: object, words: str) -> None:
    """What is no value of its field, and an Id that nobody knows the name of, as it is."""
    assert ValueWords(KIND, NAMES, "Europe/Berlin", "dmy").say(name, value) == words


def test_a_record_is_described_by_what_people_know_it_by() -> None:
    """Names beside Ids where they are known, dates as people write them, nothing of what is empty."""
    texts = {
        "ResourceId": "4",
        "CoworkerId": "7",
        "Name": "Boardroom",
        "SubscriptionExpireDate": "2031-01-01T10:00:00Z",
        "SubscriptionId": "7f105c7d",
        "CalendarId": "",
        "CreatedOn": "2030-12-01T08:30:15Z",
    }
    pairs = ValueWords(KIND, NAMES, "Europe/Berlin", "dmy").about_record(texts, {"CoworkerId": "Member"})
    assert pairs == [
        ("Resource Id", "4"),
        ("Member", "Ada Abbott (Id 7)"),
        ("Subscription expire date", "1 Jan 2031 11:00 CET"),
        ("Created", "1 Dec 2030 09:30:15 CET"),
    ]


def test_records_of_one_name_are_told_apart_by_their_places() -> None:
    """And no others."""
    entries = [Entry(1, ("Studio",), "North"), Entry(2, ("Studio",), "South"), Entry(3, ("Attic",), "North")]
    assert called_by_id(entries) == {1: "Studio, North", 2: "Studio, South", 3: "Attic"}


def test_the_rows_of_a_run_name_its_people_and_rooms(client: Client, service: Running) -> None:
    """On the page of its rows as on the one where a person decides about a row."""
    room, person = (next(iter(of)) for of in (service.state.space.resources, service.state.space.coworkers))
    email = service.state.space.coworkers[person]["Email"]
    called = service.state.space.coworkers[person]["FullName"]
    service.state.fail_next("lost-before")
    place = client.draft("rows.csv", table(mapping(2, ResourceId=room, CoworkerId=email)))
    client.follow(f"{place}/plan")
    run = client.post(f"{place}/start").place
    client.until(run, lambda text: "report.csv" in text)
    for page in (f"{run}/rows", f"{run}/settle/2"):
        text = plain(client.get(page).text)
        assert f"{called}, Id {person}" in text
        assert "T10:" not in text
