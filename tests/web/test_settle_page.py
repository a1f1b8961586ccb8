"""A person ends a review on the page: names the record of a row, or says that there is none. Without any script."""

import base64
import json
import urllib.request

import pytest
from conftest import GIVE_UP, LABELS, mapping

from importer.config.settings import Settings
from importer.journal.journal import open_journal
from importer.journal.states import State
from importer.sandbox.server import Running
from web.kit import Client, plain, started, table

ENTITY = "coworkermsoffecalendars"


@pytest.fixture
def run(client: Client, service: Running) -> str:
    """The address of a run whose row 3 got no answer."""
    service.state.fail_next("ok", "lost-before")
    address = started(client, table(mapping(2), mapping(3)))
    client.until(address, lambda text: "report.csv" in text)
    return address


def in_review(client: Client, service: Running, run: str) -> int:
    """The Id of a record that may be the row's: with the same key, and another name."""
    body = dict(zip(LABELS, mapping(3), strict=True)) | {"Name": "Cut sho"}
    number = service.state.add(ENTITY, json.dumps(body).encode(), by="ines@example.com")
    client.post(f"{run}/reconcile")
    client.until(run, lambda text: "1 row to look up in Nexudus" in text and " in progress" not in text)
    return number


def states(settings: Settings) -> list[tuple[State, int | None]]:
    """How the rows stand in the journal, with their Ids."""
    with open_journal(settings.journal_place) as journal:
        return [(intent.state, intent.remote_id) for intent in journal.rows.all(journal.runs.get(1))]


def test_the_record_of_a_row_is_chosen_from_those_that_may_be_it(
    client: Client, service: Running, settings: Settings, run: str
) -> None:
    """With its Id, its name and who changed it last; afterwards the row is created, and nothing was sent."""
    number = in_review(client, service, run)
    rows = client.get(f"{run}/rows?status=unknown").text
    assert f'<a href="{run}/settle/3">Decide for row 3</a>' in rows
    text = plain(client.get(f"{run}/settle/3").text)
    assert f"This is the record: Id {number}, Cut sho, last changed by ines@example.com" in text
    assert "There is no such record" in text
    assert client.post(f"{run}/settle/3", {"record": str(number)}).place == run
    assert states(settings)[1] == (State.CREATED, number)
    assert len(service.state.records) == 2
    assert "Decide for row" not in client.get(f"{run}/rows").text


def test_the_row_is_shown_under_the_titles_of_its_sheet(client: Client, service: Running) -> None:
    """And not under the names of fields, which nobody who made the sheet has seen."""
    service.state.fail_next("lost-before")
    titles = ("Room ID", "Member ID", "Calendar name", "Expires on", "Subscription", "Cal ID")
    place = client.draft("rows.csv", table(mapping(2), labels=titles))
    client.post(f"{place}/columns", {f"field-{name}": at for name, at in zip(LABELS, "ABCDEF", strict=True)})
    client.follow(f"{place}/plan")
    address = client.post(f"{place}/start").place
    client.until(address, lambda text: "report.csv" in text)
    in_text = client.get(f"{address}/settle/2").text
    assert "<dt>Member ID</dt>" in in_text
    assert not [name for name in LABELS if f"<dt>{name}</dt>" in in_text]
    # What the results ask of a person is explained once, and no result is that there is not.
    results = plain(client.get(address).text)
    assert results.count("The row was sent, but no answer came.") == 1
    assert "Nexudus did not accept it" not in results


def test_an_id_can_be_typed(client: Client, service: Running, settings: Settings, run: str) -> None:
    """With or without choosing "another record" first: the Id alone says enough."""
    number = in_review(client, service, run)
    assert client.post(f"{run}/settle/3", {"id": f" {number} "}).place == run
    assert states(settings)[1] == (State.CREATED, number)


def test_a_row_without_a_record_can_be_sent_again(
    client: Client, service: Running, settings: Settings, run: str
) -> None:
    """Once Nexudus shows none: a slip of the hand would double it."""
    number = in_review(client, service, run)
    refused = client.post(f"{run}/settle/3", {"record": "none"})
    assert refused.status == 422
    assert f"Nexudus lists record {number}" in plain(refused.text)
    delete(service, number)
    assert client.post(f"{run}/settle/3", {"record": "none"}).place == run
    assert states(settings)[1] == (State.PLANNED, None)


def delete(service: Running, number: int) -> None:
    """A colleague deletes a record."""
    options = service.state.options
    request = urllib.request.Request(f"{service.url}/api/spaces/{ENTITY}/{number}", method="DELETE")
    secret = base64.b64encode(f"{options.username}:{options.password}".encode()).decode()
    request.add_header("Authorization", f"Basic {secret}")
    urllib.request.urlopen(request, timeout=GIVE_UP).read()


WRONG = [
    ({}, "Choose a record, type its Id, or say that there is none."),
    ({"record": "other"}, "Choose a record, type its Id, or say that there is none."),
    ({"id": "twelve"}, "An Id is a whole number, as Nexudus shows it."),
    ({"id": "0"}, "An Id is a whole number"),
    ({"id": "1" * 40}, "An Id is a whole number"),
    ({"record": "-5"}, "An Id is a whole number"),
    ({"id": "7"}, "Nexudus has no record 7."),
    ({"record": "{first}"}, "is about something else than row 3."),
    ({"record": "{stranger}"}, "is about something else than row 3."),
]


@pytest.mark.parametrize(("fields", "words"), WRONG)
def test_a_slip_of_the_hand_is_refused_with_the_form_again(
    client: Client, service: Running, settings: Settings, run: str, fields: dict[str, str], words: str
) -> None:
    """In everyday words, without a command or the name of a field; nothing has changed."""
    in_review(client, service, run)
    first = states(settings)[0][1]
    other = dict(zip(LABELS, mapping(9), strict=True))
    stranger = service.state.add(ENTITY, json.dumps(other).encode(), by="ops@example.com")
    fields = {name: value.format(first=first, stranger=stranger) for name, value in fields.items()}
    answer = client.post(f"{run}/settle/3", fields)
    assert answer.status == 422
    problem = plain(answer.text.partition('role="alert"')[2].partition("</div>")[0])
    assert words in problem
    assert "importer " not in problem
    assert not any(name in problem for name in LABELS)
    assert "There is no such record" in answer.text
    assert states(settings)[1] == (State.REVIEW, None)


def test_a_row_that_may_still_be_answered_is_not_declared_absent(client: Client, settings: Settings, run: str) -> None:
    """Its page offers only to name a record, and says where to find out the rest."""
    text = plain(client.get(f"{run}/settle/3").text)
    assert "There is no such record" not in text
    assert "Find out" in text
    assert client.post(f"{run}/settle/3", {"record": "none"}).status == 422
    assert states(settings)[1][0] is State.IN_DOUBT


def test_a_row_that_needs_no_decision_has_no_form(client: Client, run: str) -> None:
    """Nor has one that does not exist."""
    for row in ("2", "99", "9" * 9):
        answer = client.get(f"{run}/settle/{row}")
        assert (
            answer.status,
            "is not marked for review" in answer.text,
            '<form method="post" action="/runs' in answer.text,
        ) == (
            422,
            True,
            False,
        )
    assert client.get(f"{run}/settle/{'9' * 10}").status == 404


def test_while_nexudus_lists_nothing_the_form_asks_for_an_id(
    client: Client, service: Running, settings: Settings, run: str
) -> None:
    """Nothing can be chosen, and the page says why."""
    number = in_review(client, service, run)
    service.state.change(role="create-501")
    text = plain(client.get(f"{run}/settle/3").text)
    assert "Nexudus does not list its records at the moment. You can type an Id." in text
    assert str(number) not in text
    service.state.change(role="all")
    assert client.post(f"{run}/settle/3", {"record": "other", "id": str(number)}).place == run
    assert states(settings)[1] == (State.CREATED, number)
