"""The addresses of the table: whose they are, what they answer, and what they refuse."""

import json
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlencode

import pytest
from conftest import mapping

from web.kit import GOOD, Client, Site, plain, table

WRONG = table(*GOOD, mapping(10, CoworkerId="12.5"))


def document(client: Client, place: str, query: str = "first=0&count=100") -> Mapping[str, object]:
    """The rows that the script of the page gets."""
    answer = client.get(f"{place}/table/rows?{query}")
    assert answer.status == 200
    parsed: Mapping[str, object] = json.loads(answer.text)
    return parsed


def test_the_page_shows_all_rows_without_scripts(client: Client) -> None:
    """Those with a problem with its sentence, and what is sent beside the texts."""
    place = client.draft("rows.csv", WRONG)
    text = plain(client.get(f"{place}/table").text)
    assert "9 rows, numbered as in your file" in text
    assert "10 Needs a change" in text
    assert "CoworkerId must be a whole number" in text


def test_every_problem_of_a_row_can_be_shown_alone(client: Client) -> None:
    """Also one with the row as a whole: as often as the check page has counted it, and with these rows."""
    rows = [*GOOD, GOOD[0], mapping(11, Name="One"), mapping(11, Name="Two"), mapping(14, CoworkerId="12.5")]
    place = client.draft("rows.csv", table(*rows))
    text = client.get(f"{place}/table").text
    offered = dict(re.findall(r'<option value="([^"]+:[^"]*)" >.*? \((\d+)\)</option>', text))
    wrong = re.findall(r"check\?only=([^#\"]+)#rows", client.get(f"{place}/check").text)
    assert len(wrong) == 3
    assert set(map(unquote, wrong)) <= set(offered), offered
    for key, number in offered.items():
        assert document(client, place, urlencode({"first": 0, "count": 100, "cause": key}))["total"] == int(number)


def test_the_rows_come_with_how_the_upload_stands(client: Client) -> None:
    """In the order of the file, each with its state."""
    place = client.draft("rows.csv", WRONG)
    rows = document(client, place)
    assert rows["total"] == 9
    assert isinstance(rows["rows"], list)
    assert [row["row"] for row in rows["rows"]] == list(range(2, 11))
    assert (rows["checking"], rows["undo"], rows["redo"]) == (False, "", "")
    assert ["needs-change", "Needs a change", 1] in list(rows["choices"])  # type: ignore[call-overload]


def test_a_changed_row_comes_back_checked(client: Client) -> None:
    """With the sentence that says what changed and what is wrong with it."""
    place = client.draft("rows.csv", WRONG)
    answer = client.post_json(
        f"{place}/table/steps", {"kind": "type", "row": 10, "left": 1, "right": 1, "text": "4711"}
    )
    reply = json.loads(answer.text)
    assert (answer.status, reply["message"]) == (200, "1 cell changed. The row is ready.")
    assert (reply["rows"][0]["state"], reply["rows"][0]["texts"][1]) == ("ready", "4711")
    assert reply["undo"] == "changing 1 cell"


def test_an_action_on_another_view_is_answered_with_a_conflict(client: Client) -> None:
    """The page then shows the rows as they are."""
    place = client.draft("rows.csv", WRONG)
    action = {"kind": "clear", "view": "another", "first": 0, "last": 1, "row": 2, "left": 0, "right": 1}
    answer = client.post_json(f"{place}/table/steps", action)
    assert (answer.status, "please try again" in json.loads(answer.text)["problem"]) == (409, True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"kind": "explode"}',
        b'{"kind": "type", "row": "2"}',
        b'{"kind": "fill", "first": -1}',
    ],
)
def test_what_is_no_action_is_refused(client: Client, body: bytes) -> None:
    """Without an unexpected error, and without a change."""
    place = client.draft("rows.csv", WRONG)
    headers = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
    assert client.ask("POST", f"{place}/table/steps", body, **headers).status == 400
    assert document(client, place)["undo"] == ""


@pytest.mark.parametrize("query", ["first=x&count=-1", "first=999999&count=10", "sort=ZZZ&order=down", "column='+OR+1"])
def test_any_address_is_answered(client: Client, query: str) -> None:
    """What it asks for that is not there is not there."""
    place = client.draft("rows.csv", WRONG)
    assert isinstance(document(client, place, query)["rows"], list)


def test_an_upload_that_an_earlier_importer_checked_is_checked_again(client: Client, site: Site) -> None:
    """Its rows were not written then."""
    place = client.draft("rows.csv", WRONG)
    for file in site.settings.home.rglob("table-*.sqlite"):
        file.unlink()
    assert "9 rows, numbered as in your file" in plain(client.follow(f"{place}/table").text)


def test_the_table_of_an_imported_file_leads_to_its_run(client: Client) -> None:
    """Nothing can be changed any more."""
    place = client.draft("rows.csv", table(*GOOD))
    client.follow(f"{place}/plan")
    run = client.post(f"{place}/start").place
    assert client.get(f"{place}/table").place == run
    answer = client.post_json(f"{place}/table/steps", {"kind": "type", "row": 2, "left": 2, "right": 2, "text": "x"})
    assert (answer.status, json.loads(answer.text)["problem"].startswith("This file has been imported")) == (422, True)
