"""Limits on calls of any kind beside the rate of creates, updates and deletes."""

import pytest

from importer.config.call_limits import below_rate
from importer.config.settings import Settings


@pytest.mark.parametrize(
    ("values", "needed"),
    [
        ({}, {}),
        ({"rate": "none"}, {}),
        ({"rate": "83/min"}, {}),
        ({"rate": "84/min"}, {"calls_per_hour": 5040}),
        ({"rate": "600/min"}, {"calls_per_minute": 600, "calls_per_hour": 36_000}),
        ({"rate": "20/s"}, {"calls_per_100ms": 2, "calls_per_minute": 1200, "calls_per_hour": 72_000}),
        ({"rate": "20/s", "calls_per_minute": "none", "calls_per_hour": "none"}, {"calls_per_100ms": 2}),
    ],
)
def test_what_keeps_a_rate_from_being_reached_is_named(values: dict[str, object], needed: dict[str, int]) -> None:
    """With what to set; set so, nothing is in its way any more."""
    assert below_rate(Settings.model_validate(values)) == needed
    assert below_rate(Settings.model_validate({**values, **needed})) == {}
