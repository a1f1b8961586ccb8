"""A wrong type is an error of its own, before anything is done."""

from typing import Any

import pytest
from conftest import Desk, practised

import importer
from importer.errors import UsageError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sheet", 5),
        ("map", {"Room": 3}),
        ("map", "Room=ResourceId"),
        ("pick", {"Boardroom": "1414915"}),
        ("key", ["ResourceId", 3]),
        ("dates", "ymdd"),
        ("tz", 5),
        ("out", 5),
        ("rate", 5),
        ("max_rows", "3"),
        ("max_rows", True),
        ("strict", "no"),
        ("update", 1),
        ("confirm", True),
        ("settings", {1: "x"}),
    ],
    ids=str,
)
def test_an_argument_of_a_wrong_type_is_named(here: Desk, name: str, value: object) -> None:
    """Nothing is stored that cannot be read again: no run is begun."""
    wrong: dict[str, Any] = {name: value}
    with pytest.raises(TypeError, match=rf"^run\(\): {name} must be "):
        importer.run(here.write("rows.csv", [practised(1)]), sandbox=True, **wrong)
    with pytest.raises(UsageError, match="no run yet"):
        importer.status()


def test_the_value_is_not_quoted(here: Desk) -> None:
    """It may be a password, in the wrong place."""
    wrong: Any = {"password": "secret"}
    with pytest.raises(TypeError) as error:
        importer.check("rows.csv", profile=wrong)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("options", [{"max_duration": 5}, {"max_duration": "5h"}, {"daily_quota": 9_000}, {"key": ()}])
def test_what_may_be_written_in_two_ways_is_taken(here: Desk, options: dict[str, Any]) -> None:
    """As a number or as the option is typed."""
    assert importer.run(here.write("rows.csv", [practised(1)]), sandbox=True, **options).exit_code == 0
