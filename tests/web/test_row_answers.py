"""Rows that may be several records are answered on the page, and the answer is as good as an Id in the file."""

import csv
import io
import json
import re
from collections.abc import Mapping
from html import unescape

import pytest
from conftest import LABELS, mapping
from hypothesis import given
from hypothesis import strategies as st
from runs.kit import PATH

from importer.delivery.comparison import Reason
from importer.runs.groups import RowChoice, RowDoubt
from importer.sandbox.server import Running
from importer.web.row_answers import reply_to
from web.kit import Client, Site, form_fields, links, plain, started, table
from web.test_updates import WEEKS, choose_to_update, dates, planned, records, until_done, week

DOUBTS = (
    RowDoubt(2, (7, 8), Reason.SEVERAL, None, (RowChoice(7), RowChoice(8))),
    RowDoubt(3, (7, 9), Reason.SEVERAL, None, (RowChoice(7), RowChoice(9))),
    RowDoubt(4, (10,), Reason.UNREAD),
)


def twin(service: Running, row: int, **changes: object) -> int:
    """The Id of one more record of the same mapping, as an importer before this one made at each renewal."""
    body = dict(zip(LABELS, mapping(row, **{"SubscriptionExpireDate": WEEKS[1], **changes}), strict=True))
    return service.state.add(PATH.removeprefix("/api/"), json.dumps(body).encode())


def expiry(service: Running) -> dict[int, str]:
    """The date of each record by its Id."""
    return {record["Id"]: record["SubscriptionExpireDate"] for record in records(service)}


def answer(client: Client, place: str, **fields: object) -> str:
    """Post a form of answers; gives the plan that follows."""
    names = {name.replace("_", "-"): str(value) for name, value in fields.items()}
    answered = client.post(f"{place}/records", names)
    return unescape(client.follow(answered.place).text if answered.place else answered.text)


@pytest.fixture
def doubled(client: Client, service: Running) -> Running:
    """Three records of the first week; rows 2 and 3 have a twin each, of the second week."""
    until_done(client, started(client, week(0, 2, 3, 4)))
    twin(service, 2)
    twin(service, 3)
    return service


def test_each_ambiguous_row_offers_its_records_as_people_say_them(client: Client, doubled: Running) -> None:
    """With what differs from the file, each under a label of its own, and leaving it out is what is chosen at first."""
    _, page = planned(client, week(2, 2, 3, 4))
    numbers = sorted(expiry(doubled))
    text = plain(page)
    assert all(f"Id {number} , ResourceId" in text for number in (*numbers[:2], *numbers[3:]))
    assert text.count("Now in Nexudus → your file: SubscriptionExpireDate") >= 4
    assert "Leave row 2 out" in text
    assert "Leave row 3 out" in text
    radios = re.findall(r'<input type="radio" id="([^"]+)" name="row-[23]" value="(\d*)"([^>]*)>', page)
    offered = [int(value) for _, value, _ in radios if value]
    assert offered == [numbers[0], numbers[3], numbers[1], numbers[4]]
    assert all(f'<label for="{place}">' in page for place, _, _ in radios)
    assert [value for _, value, more in radios if "checked" in more] == ["", ""]


def test_people_are_called_by_their_names(client: Client, service: Running) -> None:
    """As Nexudus lists them, though the file has nothing but Ids; under the titles of the file's own columns."""
    room, person = next(iter(service.state.space.resources)), next(iter(service.state.space.coworkers))
    who = {"ResourceId": room, "CoworkerId": person}
    for week_of in WEEKS[:2]:
        twin(service, 2, SubscriptionExpireDate=week_of, **who)
    labels = ["Member" if label == "CoworkerId" else label for label in LABELS]
    row = mapping(2, SubscriptionExpireDate=WEEKS[2], **who)
    _, page = planned(client, table(row, labels=labels))
    called = service.state.space.coworkers[person]["FullName"]
    assert plain(page).count(f"Member {called} (Id {person})") == 2
    # Of the records as of the row, each date with its zone.
    assert re.findall(r"\d{4}-\d\d-\d\d", plain(page)) == []
    assert len(re.findall(r"Created \d+ [A-Z][a-z]+ \d{4} \d\d:\d\d(?::\d\d)? UTC", plain(page))) == 2


def test_an_answer_becomes_the_record_of_the_row(client: Client, doubled: Running) -> None:
    """The plan is made again; the run changes that record and no other, and the row left out is reported."""
    place, _ = planned(client, week(2, 2, 3, 4))
    chosen = sorted(expiry(doubled))[3]
    page = answer(client, place, row_2=chosen, row_3="")
    text = plain(page)
    assert "2 records to update in Harbour House" in text
    assert f"1 record that you chose Rows and their records Row 2: Id {chosen}" in text
    assert "Leave row 3 out" in text
    assert "Leave row 2 out" not in text
    run = choose_to_update(client, place, page)
    assert "2 of 3 rows updated, 1 not sent" in plain(until_done(client, run))
    after = expiry(doubled)
    assert after[chosen] == WEEKS[2]
    assert sorted(after.values()) == sorted([WEEKS[0], WEEKS[2], WEEKS[0], WEEKS[2], WEEKS[1]])


def test_answers_survive_a_reload_and_another_tab(site: Site, client: Client, doubled: Running) -> None:
    """Two tabs answer one row each; one that was open meanwhile takes none back and gives no stale one."""
    place, first = planned(client, week(2, 2, 3, 4))
    other = Client(site.port, client.cookie)
    numbers = sorted(expiry(doubled))
    answer(client, place, row_2=numbers[3], row_3="")
    text = plain(answer(other, place, row_2="", row_3=numbers[4]))
    assert "2 records that you chose" in text
    assert "2 records that you chose" in plain(unescape(client.follow(f"{place}/plan").text))
    stale = {**form_fields(first, "plan"), "row-2": str(numbers[0])}
    text = plain(unescape(client.follow(client.post(f"{place}/records", stale).place).text))
    assert "your latest choices were not taken" in text
    assert f"Row 2: Id {numbers[3]}" in text


def test_an_answer_can_be_taken_back(client: Client, doubled: Running) -> None:
    """One by one, or all of them; the rows are unclear as before."""
    place, _ = planned(client, week(2, 2, 3, 4))
    numbers = sorted(expiry(doubled))
    answer(client, place, row_2=numbers[3], row_3=numbers[4])
    text = plain(answer(client, place, again="2"))
    assert "1 record that you chose" in text
    assert "Leave row 2 out" in text
    answer(client, place, row_2=numbers[0])
    text = plain(answer(client, place, again="all"))
    assert "that you chose" not in text
    assert "2 rows that may be in Nexudus" in text


def test_an_import_with_unsaved_choices_saves_them_and_shows_the_plan_with_them(
    client: Client, doubled: Running
) -> None:
    """Nothing is sent that nobody has seen; the next press imports."""
    place, page = planned(client, week(2, 2, 3, 4))
    numbers = sorted(expiry(doubled))
    fields = form_fields(page, "plan") | {"row-2": str(numbers[3]), "update": "yes"}
    text = unescape(client.follow(client.post(f"{place}/start", fields).place).text)
    assert "Nothing was imported yet: you had chosen records that were not saved." in text
    assert "1 record that you chose" in plain(text)
    assert WEEKS[2] not in dates(doubled)
    assert "2 of 3 rows updated, 1 not sent" in plain(until_done(client, choose_to_update(client, place, text)))


@pytest.mark.parametrize("pressed", [{"again": "3"}, {"go": "plan?page=2"}, {"go": "check"}, {"go": "table"}])
def test_whatever_is_pressed_on_the_plan_saves_its_choices(
    client: Client, doubled: Running, pressed: dict[str, str]
) -> None:
    """A page of rows, another page of the upload, an answer that is taken back."""
    place, page = planned(client, week(2, 2, 3, 4))
    numbers = sorted(expiry(doubled))
    answer(client, place, row_3=numbers[4])
    fields = form_fields(page, "plan") | {"row-3": "", "row-2": str(numbers[3])} | pressed
    assert client.post(f"{place}/records", fields).place == f"{place}/{pressed.get('go', 'plan')}"
    assert f"Row 2: Id {numbers[3]}" in plain(unescape(client.follow(f"{place}/plan").text))


def test_the_plan_has_no_way_that_drops_its_choices(client: Client, doubled: Running) -> None:
    """Its buttons belong to one form, and its links lead to runs only."""
    _, page = planned(client, week(2, 2, 3, 4))
    main = page[page.index("<main") : page.index("</main>")]
    assert main.count("<form") == 1
    assert [link for link in links(main) if not link.startswith(("#", "/runs/"))] == []


def test_a_record_belongs_to_one_row(client: Client, service: Running) -> None:
    """Two rows that lack the same part may mean the same record; both cannot have it, and no choice is lost."""
    until_done(client, started(client, week(0, 2)))
    record = records(service)[0]["Id"]
    place, page = planned(client, table(mapping(2, CalendarId=""), mapping(2, CalendarId="other")))
    assert f'name="row-3" value="{record}"' in page
    refused = client.post(f"{place}/records", {"row-2": str(record), "row-3": str(record)})
    assert refused.status == 422
    assert f"Record {record} was chosen for rows 2 and 3. It can belong to one row only." in unescape(refused.text)
    assert refused.text.count(f'value="{record}" aria-describedby') == refused.text.count(" checked>") == 2
    page = answer(client, place, row_2=record)
    assert "1 record that you chose" in plain(page)
    assert 'name="row-3"' not in page


def test_a_record_that_is_deleted_after_the_answer_is_said(client: Client, doubled: Running) -> None:
    """It is not created again; the row has to be answered once more, and what is left is certain."""
    place, _ = planned(client, week(2, 2, 3, 4))
    chosen = sorted(expiry(doubled))[3]
    answer(client, place, row_2=chosen)
    doubled.state.remove(chosen)
    other = sorted(expiry(doubled))[3]
    text = plain(answer(client, place, row_3=other))
    assert "1 choice cannot be used any more" in text
    assert f"Nexudus has no record with the Id {chosen}." in text
    text = plain(answer(client, place, again="2"))
    assert "1 record that you chose" in text
    assert "3 records to update in Harbour House" in text
    assert "may be in Nexudus" not in text


def test_a_record_that_is_deleted_after_the_plan_is_not_made_again(client: Client, doubled: Running) -> None:
    """The run says so of that row, and its failed file has the Id that was chosen."""
    place, _ = planned(client, week(2, 2, 4))
    chosen = sorted(expiry(doubled))[3]
    page = answer(client, place, row_2=chosen)
    doubled.state.remove(chosen)
    run = choose_to_update(client, place, page)
    until_done(client, run)
    assert len(expiry(doubled)) == 4
    failed = list(csv.DictReader(io.StringIO(client.get(f"{run}/files/failed.csv").body.decode("utf-8-sig"))))
    assert [line["Id"] for line in failed] == [str(chosen)]
    assert f"no record with the Id {chosen}" in failed[0]["Import: message"]


def test_rows_of_a_failed_file_are_answered_too(client: Client, doubled: Running) -> None:
    """The rows that a run held are compared again, answered and sent, though the file has an empty column for Ids."""
    place, page = planned(client, week(2, 2, 3, 4))
    run = choose_to_update(client, place, page)
    until_done(client, run)
    again = client.post(f"{run}/again").place.removesuffix("/plan")
    client.follow(f"{again}/plan")
    numbers = sorted(expiry(doubled))
    page = answer(client, again, row_2=numbers[3], row_3=numbers[4])
    assert "All 2 rows updated" in plain(until_done(client, choose_to_update(client, again, page)))
    assert dates(doubled).count(WEEKS[2]) == 3


def test_hundreds_of_ambiguous_rows_come_page_by_page(client: Client, service: Running) -> None:
    """Fifty at a time, with one button for all on a page; what is answered makes room for the others."""
    rows = range(2, 122)
    for _ in range(2):
        for row in rows:
            twin(service, row)
    place, page = planned(client, week(2, *rows))
    assert page.count("<fieldset") == 50
    assert "Page 1 of 3" in plain(page)
    last = unescape(client.follow(f"{place}/plan?page=3").text)
    assert last.count("<fieldset") == 20
    numbers = {int(row): int(value) for row, value in re.findall(r'name="row-(\d+)" value="(\d+)"', page)}
    text = plain(answer(client, place, **{f"row-{row}": number for row, number in numbers.items()}))
    assert "50 records that you chose" in text
    assert "70 rows that may be in Nexudus" in text
    assert "Page 1 of 2" in text


@pytest.mark.parametrize(
    ("fields", "answers", "after"),
    [
        ({"row-2": "8"}, {}, {"2": 8}),
        ({"row-2": "8", "row-3": ""}, {"3": 9}, {"2": 8, "3": 9}),
        ({"row-2": ""}, {"2": 8}, {"2": 8}),
        ({"again": "2"}, {"2": 8, "3": 9}, {"3": 9}),
        ({"again": "all", "row-2": "7"}, {"2": 8, "3": 9}, {"2": 7}),
        ({"again": "3", "row-2": "7"}, {"3": 9}, {"2": 7}),
    ],
)
def test_what_a_form_makes_of_the_answers(
    fields: Mapping[str, str], answers: Mapping[str, int], after: Mapping[str, int]
) -> None:
    """An empty field takes nothing back; only "choose again" does."""
    reply = reply_to(fields, answers, DOUBTS)
    assert (reply.answers, reply.problem, reply.outdated) == (after, "", False)


@pytest.mark.parametrize("fields", [{"row-2": "9"}, {"row-4": "10"}, {"row-5": "7"}])
def test_only_what_the_plan_offers_is_taken(fields: Mapping[str, str]) -> None:
    """A form is as trustworthy as whoever wrote it."""
    assert reply_to(fields, {"3": 9}, DOUBTS).outdated
    assert reply_to(fields, {"3": 9}, DOUBTS).answers == {"3": 9}
    assert reply_to(fields, {}, None).outdated


@given(st.dictionaries(st.text(), st.text()), st.dictionaries(st.sampled_from("234"), st.sampled_from([7, 8, 9])))
def test_no_form_breaks_the_answers(fields: dict[str, str], answers: dict[str, int]) -> None:
    """Whatever is posted, an answer that is new was offered."""
    reply = reply_to({f"row-{name}": text for name, text in fields.items()}, answers, DOUBTS)
    offered = {(str(doubt.row), choice.record) for doubt in DOUBTS for choice in doubt.choices}
    assert reply.answers.items() - answers.items() <= offered
