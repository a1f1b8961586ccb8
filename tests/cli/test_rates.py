"""Which limit decides how long sending takes is said by plan, run and config."""

import re

import pytest
from conftest import Desk, Service, mapping

from importer.cli.rates import limit_lines
from importer.model import Plan

PLAN = Plan(
    10, 10, 0, 0, 0, None, 90.0, 90.0, limited_by="calls_per_minute", limit="120/min", rate="600/min",
    below_rate=(("calls_per_minute", 600),),
)  # fmt: skip


def test_a_long_plan_says_what_it_waits_for() -> None:
    """A short one does not; that the rate cannot be reached is said in any case, unless nothing is sent."""
    limit = "      The limit that counts is 120/min (IMPORTER_CALLS_PER_MINUTE)."
    assert next(iter(limit_lines(PLAN))) == limit
    assert list(limit_lines(PLAN))[-1] == "        IMPORTER_CALLS_PER_MINUTE=600"
    short = Plan(10, 10, 0, 0, 0, None, 5.0, 5.0, limited_by="rate", limit="60/min", rate="60/min")
    assert list(limit_lines(short)) == []
    nothing = Plan(10, 0, 10, 0, 0, None, 0.0, 0.0, rate="600/min", below_rate=(("calls_per_minute", 600),))
    assert list(limit_lines(nothing)) == []


@pytest.mark.parametrize("words", [["plan"], ["run"]])
def test_a_rate_that_cannot_be_reached_is_told_with_what_to_set(desk: Desk, service: Service, words: list[str]) -> None:
    """By plan and by run; with what it says set, no more is said."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 5)])
    done = desk.type(*words, file, "--rate", "600/min")
    text = done.out + done.err
    assert "The rate of 600/min cannot be reached" in text
    variables = dict(re.findall(r"(IMPORTER_\w+)=(\d+)", text))
    assert variables == {"IMPORTER_CALLS_PER_MINUTE": "600", "IMPORTER_CALLS_PER_HOUR": "36000"}
    desk.variables |= variables
    again = desk.type(*words, file, "--rate", "600/min")
    assert "cannot be reached" not in again.out + again.err


def test_config_says_so_as_well(desk: Desk) -> None:
    """Also as data."""
    assert "cannot be reached" not in desk.type("config").out
    desk.variables["IMPORTER_RATE"] = "600/min"
    assert "The rate of 600/min cannot be reached" in desk.type("config").out
    assert desk.type("config", "--json").json["below_rate"] == {"calls_per_minute": 600, "calls_per_hour": 36_000}
