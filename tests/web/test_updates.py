"""The page offers what --update does: the plan says what would change, and nothing changes unless that is chosen."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

import pytest
from conftest import LABELS, mapping
from runs.kit import PATH

from importer.config.settings import Settings
from importer.journal.journal import open_journal
from importer.sandbox.server import Running
from web.kit import Client, Site, form_fields, plain, serving, started, table

WEEKS = [f"2031-0{month}-01T10:00:00Z" for month in range(1, 7)]
LATER = "1 {} 2031 10:00 UTC"


def week(number: int, *rows: int, **changes: object) -> bytes:
    """The weekly file: these mappings with the date of a week, counted from 0."""
    return table(*(mapping(row, SubscriptionExpireDate=WEEKS[number], **changes) for row in rows))


def records(service: Running) -> list[dict[str, Any]]:
    """Every record as the service holds it now, oldest first."""
    report: Any = service.state.report()
    return [entry["record"] for entry in report]


def dates(service: Running) -> list[str]:
    """The dates of all records, oldest record first."""
    return [record["SubscriptionExpireDate"] for record in records(service)]


def until_done(client: Client, run: str) -> str:
    """The page of a run that has ended and been reported."""
    return client.until(run, lambda text: "What to do next" in text and "report.csv" in text)


def planned(client: Client, content: bytes, name: str = "rows.csv") -> tuple[str, str]:
    """The address of an upload, and its plan."""
    place = client.draft(name, content)
    return place, unescape(client.follow(f"{place}/plan").text)


def planned_under_other_titles(client: Client, labels: list[str], *rows: list[object]) -> str:
    """The plan of a file with other titles, whose columns were chosen."""
    place = client.upload("rows.csv", table(*rows, labels=labels)).place
    client.follow(place)
    client.post(f"{place}/columns", {f"field-{name}": at for name, at in zip(LABELS, "ABCDEF", strict=True)})
    return unescape(client.follow(f"{place}/plan").text)


def choose_to_update(client: Client, place: str, page: str) -> str:
    """Press the button that updates; gives the address that it leads to."""
    [stamp] = re.findall(r'name="plan" value="([^"]*)"', page)
    return client.post(f"{place}/start", {"plan": stamp, "update": "yes"}).place


@pytest.fixture
def imported(client: Client, service: Running) -> Running:
    """The first week is imported: four records."""
    until_done(client, started(client, week(0, 2, 3, 4, 5)))
    return service


def test_the_plan_shows_each_group_with_its_first_rows(client: Client, imported: Running) -> None:
    """To create, changed field by field under the user's own column title, unchanged; and what each choice costs."""
    labels = ["Expires on" if label == "SubscriptionExpireDate" else label for label in LABELS]
    first, *others = [mapping(row, SubscriptionExpireDate=WEEKS[1]) for row in (2, 3, 6)]
    same = mapping(4, SubscriptionExpireDate=WEEKS[0])
    page = planned_under_other_titles(client, labels, first, *others, same)
    text = plain(page)
    assert "1 record to create, 2 to update in Harbour House" in text
    assert re.search(r"To create 1 .*Changed: other values in Nexudus 2 .*Already in Nexudus 1", text)
    assert f"2 {records(imported)[0]['Id']} Expires on {LATER.format('Jan')} → {LATER.format('Feb')}" in text
    assert "SubscriptionExpireDate" not in text
    assert "To create: row 4." in text
    assert f"row 5 (record {records(imported)[2]['Id']})" in text
    assert "Create 1 in Harbour House for practice" in text
    assert "Create 1 and update 2 in Harbour House for practice" in text
    assert "5 calls to Nexudus, 3 of them changes" in text
    assert "set a date back" not in text


def test_without_the_choice_changed_rows_are_left_out(client: Client, imported: Running) -> None:
    """Off by default: nothing is written over, and the run says how many rows were left out."""
    place, page = planned(client, week(1, 2, 3, 6))
    assert "The 2 changed rows are not sent" in plain(page)
    run = client.post(f"{place}/start", form_fields(page, "plan")).place
    text = plain(until_done(client, run))
    assert "1 of 3 rows created, 2 not sent" in text
    assert dates(imported) == [WEEKS[0]] * 4 + [WEEKS[1]]


def test_with_the_choice_they_are_updated_and_shown(client: Client, imported: Running) -> None:
    """The same records with the new date; the rows say what has changed, the history how many."""
    place, page = planned(client, week(1, 2, 3, 6))
    run = choose_to_update(client, place, page)
    assert "1 created and 2 updated of 3 rows" in plain(until_done(client, run))
    assert dates(imported) == [WEEKS[1], WEEKS[1], WEEKS[0], WEEKS[0], WEEKS[1]]
    rows = plain(unescape(client.get(f"{run}/rows?status=updated").text))
    assert rows.count(f"{LATER.format('Jan')} → {LATER.format('Feb')}") == 2
    assert "+1 ~2" in plain(client.get("/runs").text)
    assert "1 created, 2 updated" in plain(client.get("/runs").text)


def test_a_date_that_would_go_back_is_a_warning(client: Client, imported: Running) -> None:
    """The sheet of an earlier week is asked about; and with nothing to create, the only import is the update."""
    place, page = planned(client, week(1, 2, 3))
    until_done(client, choose_to_update(client, place, page))
    _, page = planned(client, week(0, 2), "earlier.csv")
    text = plain(page)
    assert "Warning: 1 row would set a date back." in text
    assert "an earlier date" in text
    assert "1 record to update in Harbour House" in text
    assert "Update 1 in Harbour House" in text
    assert "Create a report" in text


def test_times_that_differ_by_a_zone_are_a_warning(client: Client, imported: Running) -> None:
    """An hour in every row is no new date but a file that was read in another zone."""
    _, page = planned(client, table(*(mapping(n, SubscriptionExpireDate="2031-01-01T11:00:00Z") for n in (2, 3))))
    assert "the only difference is the time, by an hour" in plain(page).replace("1 hour", "an hour")


def test_rows_that_nobody_but_a_person_can_tell_say_why(client: Client, imported: Running) -> None:
    """With the records and what to do, without a name of a field or a command."""
    labels = [f"My {label}" for label in LABELS]
    body = dict(zip(LABELS, mapping(5, Name="Second"), strict=True))
    imported.state.add(PATH.removeprefix("/api/"), json.dumps(body).encode())
    rows = mapping(5), mapping(4, CalendarId=""), mapping(3, CalendarId="another")
    text = plain(planned_under_other_titles(client, labels, *rows))
    assert "that may be in Nexudus" in text
    assert re.search(r"Row 2 Records \d+ and \d+ are for this same mapping", text)
    assert re.search(r"Row 3 Record \d+ may be for this mapping, but the row has no My CalendarId", text)
    assert "--" not in text
    assert "There is nothing left to create" in text


def test_what_was_not_in_the_plan_is_not_updated(client: Client, imported: Running, settings: Settings) -> None:
    """A record that a colleague makes after the plan was seen is left as it is, though updating was chosen."""
    place, page = planned(client, week(1, 2, 6))
    body = dict(zip(LABELS, mapping(6, SubscriptionExpireDate=WEEKS[3]), strict=True))
    imported.state.add(PATH.removeprefix("/api/"), json.dumps(body).encode())
    run = choose_to_update(client, place, page)
    assert "1 of 2 rows updated, 1 not sent" in plain(until_done(client, run))
    assert dates(imported)[-1] == WEEKS[3]
    with open_journal(settings.journal_place) as journal:
        assert "agreed_updates" not in journal.runs.latest(1)[0].options


def test_a_record_that_is_deleted_after_the_plan_is_not_made_again(client: Client, imported: Running) -> None:
    """The person agreed to change it, not to have another one."""
    place, page = planned(client, week(1, 2, 3))
    imported.state.remove(records(imported)[0]["Id"])
    run = choose_to_update(client, place, page)
    assert "1 of 2 rows updated, 1 not sent" in plain(until_done(client, run))
    assert len(records(imported)) == 3


def test_fifty_presses_of_the_button_are_one_run(site: Site, client: Client, imported: Running) -> None:
    """Each record is changed once, by one process, whichever button was pressed in the same moment."""
    place, page = planned(client, week(1, 2, 3, 4, 5))
    with ThreadPoolExecutor(50) as pool:
        same = [Client(site.port, client.cookie) for _ in range(50)]
        places = set(pool.map(lambda one: choose_to_update(one, place, page), same))
    assert places == {"/runs/2"}
    until_done(client, "/runs/2")
    assert dates(imported) == [WEEKS[1]] * 4
    assert sum(call.method == "PUT" for call in imported.state.calls) == 4
    assert client.get("/runs/3").status == 404
    assert len(list((site.settings.home / "workers").glob("resume-2-*.log"))) == 1


def test_a_plan_that_was_made_anew_is_shown_before_anything_is_updated(settings: Settings, service: Running) -> None:
    """Another page has worked out the plan again; what it changes may be another thing than this person has read."""
    now = [1_900_000_000.0]
    with serving(settings, clock=lambda: now[0]) as site:
        client = site.visitor()
        until_done(client, started(client, week(0, 2, 3)))
        place, first = planned(client, week(1, 2, 3))
        now[0] += 120
        second = unescape(client.follow(f"{place}/plan").text)
        assert choose_to_update(client, place, first) == f"{place}/plan?outdated=import"
        assert client.post(f"{place}/start", {"update": "yes"}).place == f"{place}/plan?outdated=import"
        assert client.get("/runs/2").status == 404
        assert choose_to_update(client, place, second) == "/runs/2"
        until_done(client, "/runs/2")


def test_no_setting_of_the_command_line_updates_from_a_page(settings: Settings, service: Running) -> None:
    """Neither the run nor its retry: a page updates what a person has seen on it."""
    with serving(settings.model_copy(update={"update": True})) as site:
        client = site.visitor()
        until_done(client, started(client, week(0, 2, 3)))
        service.state.fail_next("status:422")
        place, page = planned(client, week(1, 2, 3, 4))
        run = client.post(f"{place}/start", form_fields(page, "plan")).place
        until_done(client, run)
        again = client.post(f"{run}/retry").place
        text = plain(until_done(client, again))
        assert "1 of 3 rows created, 2 not sent" in text
        assert dates(service) == [WEEKS[0], WEEKS[0], WEEKS[1]]


def test_a_retry_goes_on_with_updates_that_were_chosen(client: Client, imported: Running) -> None:
    """A record that Nexudus refused to change is changed by a retry."""
    place, page = planned(client, week(1, 2, 3))
    imported.state.fail_next("status:422", on="update")
    run = choose_to_update(client, place, page)
    assert "1 of 2 rows updated, 1 refused by Nexudus" in plain(until_done(client, run))
    until_done(client, client.post(f"{run}/retry").place)
    assert dates(imported) == [WEEKS[1], WEEKS[1], WEEKS[0], WEEKS[0]]


def test_rows_that_were_left_out_are_compared_again_and_updated(client: Client, imported: Running) -> None:
    """One button leads from the run to a new plan of just these rows, read as the first file was."""
    place, page = planned(client, week(1, 2, 3, 6))
    run = client.post(f"{place}/start", form_fields(page, "plan")).place
    text = until_done(client, run)
    assert "2 rows with other values in Nexudus" in plain(text)
    again = client.post(f"{run}/again").place
    assert client.post(f"{run}/again").place == again
    page = unescape(client.follow(again).text)
    assert "2 records to update in Harbour House" in plain(page)
    second = choose_to_update(client, again.removesuffix("/plan"), page)
    assert "All 2 rows updated" in plain(until_done(client, second))
    assert dates(imported) == [WEEKS[1], WEEKS[1], WEEKS[0], WEEKS[0], WEEKS[1]]


def test_a_run_without_a_failed_file_has_nothing_to_compare_again(client: Client, imported: Running) -> None:
    """The run is shown once more, and no upload is left behind."""
    assert client.post("/runs/1/again").place == "/runs/1"
    assert "Uploaded but not imported" not in client.get("/").text
    assert 'action="/runs/1/again"' not in client.get("/runs/1").text


def test_undo_says_how_many_are_deleted_and_how_many_put_back(client: Client, imported: Running) -> None:
    """It asks for the number of both, and does both."""
    place, page = planned(client, week(1, 2, 3, 6))
    run = choose_to_update(client, place, page)
    until_done(client, run)
    text = plain(client.get(f"{run}/undo").text)
    assert "Delete the 1 record that run 2 created, and put back the 2 that it updated?" in text
    assert "type the number of records: 3" in text
    assert "Delete 1 and put back 2" in text
    for number in ("1", "2", ""):
        refused = client.post(f"{run}/undo", {"number": number})
        assert refused.status == 422
        assert "Type 3, the number of records that will be deleted or put back." in refused.text
    client.post(f"{run}/undo", {"number": "3"})
    text = plain(client.until(run, lambda text: f'href="{run}/files/undo.csv" download>undo.csv</a></p>' in text))
    assert "Undone: 1 record deleted and 2 records put back" in text
    assert dates(imported) == [WEEKS[0]] * 4


def test_undo_of_nothing_but_updates_deletes_nothing(client: Client, imported: Running) -> None:
    """And does not speak of it."""
    place, page = planned(client, week(1, 2))
    run = choose_to_update(client, place, page)
    until_done(client, run)
    text = plain(client.get(f"{run}/undo").text)
    assert "Put back the 1 record that run 2 updated?" in text
    assert "elete" not in text.partition("Put back the")[2]
    assert client.post(f"{run}/undo", {"number": "0"}).status == 422
    client.post(f"{run}/undo", {"number": "1"})
    client.until(run, lambda text: "Undone: 1 record put back" in text)
    assert dates(imported) == [WEEKS[0]] * 4
