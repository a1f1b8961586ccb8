"""From the words of a command to values."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest

from importer.cli.options import (
    choices_of,
    kind_named,
    pacing_of,
    profile_name,
    reading_of,
    said_profile,
    typed_place,
    use_profile,
    with_options,
)
from importer.runs.request import Choices
from importer.spreadsheet import ReadOptions
from schemas import RECORD_TYPES


@pytest.fixture(autouse=True)
def context() -> Iterator[click.Context]:
    """A command that was typed."""
    with click.Context(click.Command("run")) as context:
        yield context


@pytest.mark.parametrize(
    ("sandbox", "names", "place"),
    [
        (False, [], ""),
        (False, ["none"], ""),
        (False, ["north wing"], "--profile 'north wing'"),
        (True, ["none"], "--sandbox"),
    ],
)
def test_another_command_that_is_suggested_goes_where_this_one_goes(
    context: click.Context, sandbox: bool, names: list[str], place: str
) -> None:
    """A practice plan must not send anybody to the real service."""
    use_profile(names)
    context.params["sandbox"] = sandbox
    assert typed_place() == place


@pytest.mark.parametrize(
    ("names", "said", "name"), [([], None, None), (["north"], "north", "north"), (["none"], "", None)]
)
def test_no_profile_is_told_from_none_named(names: list[str], said: str | None, name: str | None) -> None:
    """Whoever says that there is to be none is not asked whether it was forgotten."""
    use_profile(names)
    assert (said_profile(), profile_name()) == (said, name)


@pytest.mark.parametrize("names", [[""], ["north", "south"], ["north", "north"]])
def test_one_profile_is_named_or_none(names: list[str]) -> None:
    """An empty name comes of a variable that is not set; taken for none, the rows would go to another account."""
    with pytest.raises(click.UsageError):
        use_profile(names)


@pytest.mark.parametrize(
    ("options", "choices"),
    [
        ({}, Choices()),
        ({"strict": True, "max_rows": 5, "sandbox": True}, Choices(strict=True, max_rows=5, sandbox=True)),
        ({"allow_duplicates": True, "even_if_existing": True}, Choices(allow_duplicates=True, even_if_existing=True)),
        ({"max_duration": "90s"}, Choices(max_duration=90.0)),
        ({"max_duration": "2h"}, Choices(max_duration=7200.0)),
        ({"picks": ("Studio=7", "A = B=8")}, Choices(picks={"Studio": 7, "A = B": 8})),
        ({"out": Path("x"), "rate": "9/s"}, Choices(out=Path("x"))),
    ],
)
def test_what_was_chosen_for_a_run(options: Mapping[str, Any], choices: Choices) -> None:
    """One line for each option."""
    assert choices_of(options) == choices


@pytest.mark.parametrize(
    "options",
    [
        {"max_duration": "soon"},
        {"max_duration": ""},
        {"picks": ("Studio",)},
        {"picks": ("=7",)},
        {"picks": ("Studio=",)},
        {"picks": ("Studio=seven",)},
        {"picks": ("Studio=-7",)},
    ],
)
def test_what_is_not_written_as_it_must_be_is_wrong_usage(options: Mapping[str, Any]) -> None:
    """With the option that it is about."""
    with pytest.raises(click.UsageError, match=r"--max-duration|--pick"):
        choices_of(options)


@pytest.mark.parametrize(
    ("options", "read"),
    [
        ({}, ReadOptions()),
        ({"sheet": "May", "encoding": "cp1252", "delimiter": ";"}, ReadOptions("May", "cp1252", ";")),
        ({"dates": "dmy", "tz": "Europe/London"}, ReadOptions(dates="dmy", zone="Europe/London")),
        ({"map_": ("Room=ResourceId", "x=y=Name")}, ReadOptions(map={"Room": "ResourceId", "x=y": "Name"})),
        ({"map_": ("Note=-",)}, ReadOptions(map={"Note": "-"})),
        ({"header_row": 3}, ReadOptions(header_row=3)),
    ],
)
def test_how_a_file_is_read(options: Mapping[str, Any], read: ReadOptions) -> None:
    """A label may hold an equals sign, a field never does."""
    assert reading_of(options) == (None, read)


@pytest.mark.parametrize(
    "options", [{"tz": "Europe/Londno"}, {"tz": "../etc"}, {"map_": ("Room",)}, {"kind": "Calendar"}]
)
def test_a_zone_a_column_or_a_type_that_is_not_there_is_wrong_usage(options: Mapping[str, Any]) -> None:
    """Before anything is read."""
    with pytest.raises(click.UsageError):
        reading_of(options)


def test_a_record_type_is_named_as_the_service_names_it() -> None:
    """Without a name it is the usual one."""
    assert kind_named(None) is next(iter(RECORD_TYPES.values()))
    assert [kind_named(name) for name in RECORD_TYPES] == list(RECORD_TYPES.values())


def test_only_what_was_typed_goes_before_the_settings() -> None:
    """A flag that was left out leaves the setting as it is."""
    assert pacing_of({"rate": "9/s", "daily_quota": None, "max_rows": 7}) == {"rate": "9/s"}
    assert pacing_of({}) == {}


def test_options_are_added_in_their_order() -> None:
    """As they are shown in the help."""

    @with_options(click.option("--first"), click.option("--second"))
    def command(**_: object) -> None:
        """Nothing."""

    assert [option.name for option in click.command()(command).params] == ["first", "second"]
