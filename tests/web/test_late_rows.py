"""Rows that are asked for again once the whole file has been checked."""

import time
from dataclasses import replace

import pytest
from conftest import mapping

from importer.config.settings import Settings
from importer.web import upload_check
from importer.web.drafts import Drafts
from importer.web.late_rows import late_rows, latest_row, numbers, row_of
from web.kit import Client, table


def test_a_row_comes_as_the_check_of_the_whole_file_has_it(client: Client, settings: Settings) -> None:
    """With its issues, without one, or left out; a row that is not there does not come."""
    place = client.draft("rows.csv", table(mapping(2), mapping(3, CoworkerId="12.5"), mapping(4)))
    client.post(f"{place}/leave-out", {"row": "4"})
    client.follow(f"{place}/check")
    draft = Drafts(settings.home / "uploads", time.time).find(place.rpartition("/")[2])
    assert draft is not None
    rows = late_rows(draft, [2, 3], [4, 99])
    assert [(row.row, row.is_wrong, reason) for row, reason in rows] == [
        (2, False, "typed"),
        (3, True, "typed"),
        (4, False, "out"),
    ]
    assert rows[0][0].cells["B"] == str(mapping(2)[1])


def test_an_answer_to_the_page_holds_the_rows_that_it_asks_for(client: Client) -> None:
    """As a script puts them into the page; other texts than numbers are no rows."""
    place = client.draft("rows.csv", table(mapping(2), mapping(3, CoworkerId="12.5")))
    client.follow(f"{place}/check")
    text = client.get(f"{place}/standing?late-typed=2&late-again=3&late-again=x&only=error&page=1").text
    assert "Corrected: this row can be imported." in text
    assert '<tr id="row-3" hx-swap-oob="true"' in text
    assert "<tr" not in client.get(f"{place}/standing").text


@pytest.mark.parametrize(("texts", "expected"), [(["2", "17"], [2, 17]), (["", "x", "-1", "\u0662", "9" * 10], [])])
def test_rows_are_asked_for_by_number(texts: list[str], expected: list[int]) -> None:
    """Whatever an address says."""
    assert numbers(texts) == expected


def test_a_row_that_is_right_by_now_is_at_hand_and_one_left_out_is_not(client: Client, settings: Settings) -> None:
    """A page that was opened before may still show either."""
    place = client.draft("rows.csv", table(mapping(2), mapping(3, CoworkerId="12.5"), mapping(4)))
    client.post(f"{place}/leave-out", {"row": "4"})
    client.follow(f"{place}/check")
    draft = Drafts(settings.home / "uploads", time.time).find(place.rpartition("/")[2])
    assert draft is not None
    rows = {number: row_of(draft, draft.version, number) for number in (2, 3, 4, 99)}
    assert {number: row and row.is_wrong for number, row in rows.items()} == {2: False, 3: True, 4: None, 99: None}
    assert row_of(draft, draft.version - 1, 2) is None
    assert row_of(draft, draft.version, 4, also_left_out=True) is not None


def test_a_row_is_there_whichever_check_ends_meanwhile(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one without the row has its texts, and the rows of an earlier one may go while they are read."""
    place = client.draft("rows.csv", table(mapping(2), mapping(3, CoworkerId="12.5")))
    client.post(f"{place}/leave-out", {"row": "3"})
    client.follow(f"{place}/check")
    draft = Drafts(settings.home / "uploads", time.time).find(place.rpartition("/")[2])
    assert draft is not None
    latest = upload_check.latest_check(draft)
    assert latest is not None
    checks = [replace(latest, version=latest.version - 1)]
    monkeypatch.setattr(upload_check, "latest_check", lambda _: checks.pop() if checks else latest)
    row = latest_row(draft, 3, also_left_out=True)
    assert row is not None
    assert row.cells["B"] == "12.5"
    assert latest_row(draft, 3) is None
    assert latest_row(draft, 99, also_left_out=True) is None
