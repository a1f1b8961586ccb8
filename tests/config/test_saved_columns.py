"""How files with a certain header are read, remembered beside those with another."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.config.saved_columns import recall, recall_dates, remember, remember_dates

HEADERS, OTHERS = ["Room", "Who", "Until"], ["Room", "Who"]


def test_what_was_chosen_is_recalled_for_these_headers(tmp_path: Path) -> None:
    """In whichever order they stand, and with empty ones among them; not for others."""
    remember(HEADERS, {"Room": "ResourceId"}, tmp_path)
    remember(OTHERS, {"Who": "CoworkerId"}, tmp_path)
    assert recall(HEADERS, tmp_path) == recall(["Until", "", "Who", "Room"], tmp_path) == {"Room": "ResourceId"}
    assert recall(OTHERS, tmp_path) == {"Who": "CoworkerId"}
    assert recall(["Room"], tmp_path) == {}


def test_columns_and_dates_are_remembered_beside_each_other(tmp_path: Path) -> None:
    """Of one header, and of another one."""
    remember(HEADERS, {"Room": "ResourceId"}, tmp_path)
    remember_dates(HEADERS, "dmy", "Europe/London", tmp_path)
    remember_dates(OTHERS, None, "Asia/Tokyo", tmp_path)
    assert recall(HEADERS, tmp_path) == {"Room": "ResourceId"}
    assert recall_dates(HEADERS, tmp_path) == ("dmy", "Europe/London")
    assert recall_dates(OTHERS, tmp_path) == (None, "Asia/Tokyo")
    assert recall_dates(["Room"], tmp_path) == (None, None)


def test_a_later_choice_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    """And nothing chosen forgets it."""
    remember(HEADERS, {"Room": "ResourceId"}, tmp_path)
    remember(HEADERS, {"Who": "CoworkerId"}, tmp_path)
    assert recall(HEADERS, tmp_path) == {"Who": "CoworkerId"}
    remember(HEADERS, {}, tmp_path)
    assert recall(HEADERS, tmp_path) == {}
    remember_dates(HEADERS, "dmy", "UTC", tmp_path)
    remember_dates(HEADERS, None, "UTC", tmp_path)
    assert recall_dates(HEADERS, tmp_path) == (None, "UTC")


def test_the_zone_is_remembered_whatever_it_is(tmp_path: Path) -> None:
    """Another machine, or this one on a journey, has another zone of its own."""
    remember_dates(HEADERS, None, "UTC", tmp_path)
    assert recall_dates(HEADERS, tmp_path) == (None, "UTC")


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', "null", '{"format": 1, "x": 5}'])
def test_a_damaged_document_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    """It is only a convenience; the next choice writes it anew."""
    (tmp_path / "columns.json").write_text(content)
    assert (recall(HEADERS, tmp_path), recall_dates(HEADERS, tmp_path)) == ({}, (None, None))
    remember(HEADERS, {"Room": "ResourceId"}, tmp_path)
    assert recall(HEADERS, tmp_path) == {"Room": "ResourceId"}


def test_the_document_of_a_newer_importer_is_left_to_it(tmp_path: Path) -> None:
    """Forgetting how a file was read is better than spoiling what the newer one wrote."""
    newer = json.dumps({"format": 99, "anything": {"deep": [1]}})
    (tmp_path / "columns.json").write_text(newer)
    remember(HEADERS, {"Room": "ResourceId"}, tmp_path)
    assert (tmp_path / "columns.json").read_text() == newer
    assert recall(HEADERS, tmp_path) == {}


@given(st.dictionaries(st.text(max_size=6), st.text(min_size=1, max_size=6), min_size=1, max_size=4))
def test_any_header_can_be_remembered(memory: Path, chosen: dict[str, str]) -> None:
    """Whatever characters people put into one."""
    remember(list(chosen), chosen, memory)
    assert recall(sorted(chosen, reverse=True), memory) == chosen
