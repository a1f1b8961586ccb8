"""How files with a certain header are read, remembered beside those with another."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.config.saved_columns import DateChoice, remember, remember_date_choice, remember_dates, saved_columns
from importer.config.shelf import FileShelf, Stored
from importer.errors import JournalAwayError

HEADERS, OTHERS = ["Room", "Who", "Until"], ["Room", "Who"]


@pytest.fixture
def shelf(tmp_path: Path) -> FileShelf:
    """An empty one."""
    return FileShelf(tmp_path)


def test_what_was_chosen_is_recalled_for_these_headers(shelf: FileShelf) -> None:
    """In whichever order they stand, and with empty ones among them; not for others."""
    remember(HEADERS, {"Room": "ResourceId"}, shelf)
    remember(OTHERS, {"Who": "CoworkerId"}, shelf)
    saved = saved_columns(shelf)
    assert saved.columns(HEADERS) == saved.columns(["Until", "", "Who", "Room"]) == {"Room": "ResourceId"}
    assert saved_columns(shelf).columns(OTHERS) == {"Who": "CoworkerId"}
    assert saved_columns(shelf).columns(["Room"]) == {}


def test_columns_and_dates_are_remembered_beside_each_other(shelf: FileShelf) -> None:
    """Of one header, and of another one."""
    remember(HEADERS, {"Room": "ResourceId"}, shelf)
    remember_dates(HEADERS, "dmy", "Europe/London", shelf)
    remember_dates(OTHERS, None, "Asia/Tokyo", shelf)
    assert saved_columns(shelf).columns(HEADERS) == {"Room": "ResourceId"}
    assert saved_columns(shelf).dates(HEADERS) == ("dmy", "Europe/London")
    assert saved_columns(shelf).dates(OTHERS) == (None, "Asia/Tokyo")
    assert saved_columns(shelf).dates(["Room"]) == (None, None)


def test_a_later_choice_takes_the_place_of_an_earlier_one(shelf: FileShelf) -> None:
    """And nothing chosen forgets it."""
    remember(HEADERS, {"Room": "ResourceId"}, shelf)
    remember(HEADERS, {"Who": "CoworkerId"}, shelf)
    assert saved_columns(shelf).columns(HEADERS) == {"Who": "CoworkerId"}
    remember(HEADERS, {}, shelf)
    assert saved_columns(shelf).columns(HEADERS) == {}
    remember_dates(HEADERS, "dmy", "UTC", shelf)
    remember_dates(HEADERS, None, "UTC", shelf)
    assert saved_columns(shelf).dates(HEADERS) == (None, "UTC")


def test_the_zone_is_remembered_whatever_it_is(shelf: FileShelf) -> None:
    """Another machine, or this one on a journey, has another zone of its own."""
    remember_dates(HEADERS, None, "UTC", shelf)
    assert saved_columns(shelf).dates(HEADERS) == (None, "UTC")


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', "null", '{"format": 1, "x": 5}'])
def test_a_damaged_document_is_as_good_as_none(tmp_path: Path, shelf: FileShelf, content: str) -> None:
    """It is only a convenience; the next choice writes it anew."""
    (tmp_path / "columns.json").write_text(content)
    assert (saved_columns(shelf).columns(HEADERS), saved_columns(shelf).dates(HEADERS)) == ({}, (None, None))
    remember(HEADERS, {"Room": "ResourceId"}, shelf)
    assert saved_columns(shelf).columns(HEADERS) == {"Room": "ResourceId"}


def test_the_document_of_a_newer_importer_is_left_to_it(tmp_path: Path, shelf: FileShelf) -> None:
    """Forgetting how a file was read is better than spoiling what the newer one wrote."""
    newer = json.dumps({"format": 99, "anything": {"deep": [1]}})
    (tmp_path / "columns.json").write_text(newer)
    remember(HEADERS, {"Room": "ResourceId"}, shelf)
    assert (tmp_path / "columns.json").read_text() == newer
    assert saved_columns(shelf).columns(HEADERS) == {}


def test_the_order_of_dates_and_their_zone_are_chosen_one_by_one(shelf: FileShelf) -> None:
    """And forgotten so; what an import says of the same header is remembered beside it."""
    remember_dates(HEADERS, "mdy", "UTC", shelf)
    remember_date_choice(HEADERS, {"dates": "dmy"}, shelf)
    remember_date_choice(HEADERS, {"zone": "Asia/Tokyo"}, shelf)
    assert saved_columns(shelf).date_choice(HEADERS) == DateChoice("dmy", "Asia/Tokyo")
    remember_date_choice(HEADERS, {"dates": None}, shelf)
    assert saved_columns(shelf).date_choice(HEADERS) == DateChoice(None, "Asia/Tokyo")
    remember_date_choice(HEADERS, {"zone": None}, shelf)
    assert saved_columns(shelf).date_choice(HEADERS) == DateChoice()
    assert saved_columns(shelf).dates(HEADERS) == ("mdy", "UTC")


class Away(FileShelf):
    """One whose database cannot be reached."""

    def read(self, name: str) -> Stored | None:
        """Nothing."""
        raise JournalAwayError(f"No {name}.")


def test_a_database_that_is_away_is_told_from_one_that_remembers_nothing(shelf: FileShelf, tmp_path: Path) -> None:
    """A file is read all the same, but somebody has to look at how; what is chosen now cannot be saved."""
    away = Away(tmp_path)
    assert (saved_columns(away).is_away, saved_columns(shelf).is_away) == (True, False)
    assert saved_columns(away).columns(HEADERS) == {}
    with pytest.raises(JournalAwayError):
        remember(HEADERS, {"Room": "ResourceId"}, away)


@given(st.dictionaries(st.text(max_size=6), st.text(min_size=1, max_size=6), min_size=1, max_size=4))
def test_any_header_can_be_remembered(memory: Path, chosen: dict[str, str]) -> None:
    """Whatever characters people put into one."""
    remember(list(chosen), chosen, FileShelf(memory))
    assert saved_columns(FileShelf(memory)).columns(sorted(chosen, reverse=True)) == chosen
