"""What the names in an upload mean: which are still to be looked up, and for whom an answer is good."""

from pathlib import Path

import pytest

from importer.checking.references import Entry
from importer.config.settings import Settings
from importer.web.drafts import Draft
from importer.web.upload_names import (
    _NAMES,
    FieldNames,
    UploadNames,
    any_name,
    directories,
    not_looked_up,
    signed_in_as,
    still_open,
)

SETTINGS = Settings.model_validate({"url": "http://127.0.0.1:9", "username": "ops@example.com", "password": "practice"})
OTHER = SETTINGS.model_copy(update={"username": "ines@example.com"})
NOBODY = SETTINGS.model_copy(update={"username": None, "password": None})
NAMES = UploadNames(
    signed_in_as(SETTINGS),
    "",
    1_000.0,
    {
        "ResourceId": FieldNames(
            "resource", complete=True, entries=(Entry(7, ("Studio",), "North"),), looked_up=("studio", "7")
        ),
        "CoworkerId": FieldNames("coworker", looked_up=("ada",)),
        "TeamId": FieldNames(looked_up=("blue",)),
    },
)
TEXTS = {"ResourceId": {"Studio ", "Annex", " "}, "CoworkerId": {"Ada", "Ben"}, "TeamId": {"Blue"}}


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    """An upload whose names were looked up at 1,000."""
    _NAMES.write(tmp_path / "names.json", NAMES)
    return Draft("A" * 22, tmp_path, "rooms.csv", ".csv", "", 1, 0.0)


def test_names_come_back_as_they_were_looked_up(draft: Draft) -> None:
    """With the records and where they are."""
    assert _NAMES.read(draft.folder / "names.json") == NAMES


def test_only_what_is_new_is_looked_up(draft: Draft) -> None:
    """However it is spelt; an empty cell is no name."""
    new = not_looked_up(draft, TEXTS, SETTINGS, 1_001.0)
    assert new == {"ResourceId": {"Annex"}, "CoworkerId": {"Ben"}}


@pytest.mark.parametrize("settings", [SETTINGS, OTHER])
def test_everything_is_looked_up_again_after_a_while_or_for_somebody_else(draft: Draft, settings: Settings) -> None:
    """A list is believed as long as the importer says, and only for the account that it was read with."""
    late = 1_000.0 + settings.lookup_age + (1 if settings is SETTINGS else -1)
    new = not_looked_up(draft, TEXTS, settings, late)
    assert new == {"ResourceId": {"Studio ", "Annex"}, "CoworkerId": {"Ada", "Ben"}, "TeamId": {"Blue"}}


def test_without_a_sign_in_the_last_answer_is_good(draft: Draft) -> None:
    """Nobody could ask for a better one; with another sign-in it is not."""
    assert directories(draft, NOBODY).keys() == directories(draft, SETTINGS).keys() == {"ResourceId", "CoworkerId"}
    assert directories(draft, OTHER) == {}


@pytest.mark.parametrize(
    ("texts", "still"),
    [
        ({"ResourceId": {"Annex"}}, False),
        ({"CoworkerId": {"Ben"}}, True),
        ({"CoworkerId": {"Ada"}}, False),
        ({"CoworkerId": {"12"}}, False),
        ({"Other": {"Name"}}, True),
    ],
)
def test_a_name_is_open_unless_it_was_looked_up_or_the_list_is_whole(
    draft: Draft, texts: dict[str, set[str]], still: bool
) -> None:
    """Of a whole list it can be said at once that a name is not on it; a number is nothing to be looked up."""
    assert still_open(draft, texts, SETTINGS, 1_001.0) == still


@pytest.mark.parametrize(
    ("texts", "named"), [({}, False), ({"a": {"12", " 7 "}}, False), ({"a": {"12"}, "b": {"Studio"}}, True)]
)
def test_numbers_are_no_names(texts: dict[str, set[str]], named: bool) -> None:
    """Only the service can tell the Id of a name."""
    assert any_name(texts) == named
