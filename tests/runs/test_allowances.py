"""The windows that the settings amount to."""

from pathlib import Path

import pytest

from importer.config.settings import Settings
from importer.journal.journal import open_journal
from importer.journal.windows import DAY, Window
from importer.runs.allowances import daily_window, limit_text, next_create, what_limits, windows

NOW = 1_795_000_000.0
QUOTA, RATE = Window(5000, DAY, writes=True), Window(60, 60, writes=True)
READS = (Window(1, 0.1), Window(120, 60), Window(5000, 3600))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, (QUOTA, RATE, *READS)),
        ({"rate": "10/s"}, (QUOTA, Window(10, 1.0, writes=True), *READS)),
        ({"daily_quota": "none"}, (RATE, *READS)),
        ({"daily_quota": 7}, (Window(7, DAY, writes=True), RATE, *READS)),
        ({"calls_per_100ms": "none"}, (QUOTA, RATE, *READS[1:])),
        ({"calls_per_minute": 9, "calls_per_hour": "none"}, (QUOTA, RATE, READS[0], Window(9, 60))),
        # Whoever wants no rate is at a service that has none, or knows better; the day's quota may hold all the same.
        ({"rate": "none"}, (QUOTA,)),
        ({"rate": "none", "daily_quota": "none"}, ()),
    ],
)
def test_each_limit_is_a_window(values: dict[str, object], expected: tuple[Window, ...]) -> None:
    """Quota and rate are about writes, the others about every call."""
    assert windows(Settings.model_validate(values)) == expected


def test_the_day_of_a_quota_may_begin_at_midnight() -> None:
    """Of the zone that is set, else it is any 24 hours."""
    rolling, fixed = (
        daily_window(windows(Settings.model_validate(values))) for values in ({}, {"daily_reset": "Europe/London"})
    )
    assert rolling == QUOTA
    assert fixed is not None
    assert (fixed.calls, str(fixed.midnight)) == (5000, "Europe/London")


@pytest.mark.parametrize(
    ("limits", "daily"), [((), None), ((RATE, *READS), None), ((RATE, QUOTA), QUOTA), ((QUOTA, RATE), QUOTA)]
)
def test_the_daily_window_is_the_one_of_a_day(limits: tuple[Window, ...], daily: Window | None) -> None:
    """Wherever it stands among them; there may be none."""
    assert daily_window(limits) == daily


@pytest.mark.parametrize(
    ("used", "held", "values", "until"),
    [
        (0, 0.0, {}, 0.0),
        (4, 0.0, {"daily_quota": 5}, 0.0),
        (5, 0.0, {"daily_quota": 5}, DAY + 1.0),
        (5, 0.0, {"daily_quota": "none"}, 0.0),
        (0, 900.0, {}, 900.0),
        # The ordinary pace is no wait to speak of.
        (0, 2.0, {}, 0.0),
    ],
)
def test_what_a_create_waits_for_is_known_without_a_call(
    memory: Path, used: int, held: float, values: dict[str, object], until: float
) -> None:
    """The quota of the day, or a wait that the service asked for; only those of this account."""
    settings, everything = Settings.model_validate(values), (Window(9, DAY, writes=True),)
    with open_journal(f"sqlite:///{memory / 'j'}") as journal:
        for _ in range(used):
            assert journal.calls.reserve("ada", everything, write=True, now=NOW) <= 0
        journal.calls.pause("ada", NOW + held)
        why, at = next_create(journal, "ada", settings, NOW)
        assert (bool(why), at) == (bool(until), NOW + until if until else 0.0)
        assert next_create(journal, "mo", settings, NOW) == next_create(journal, None, settings, NOW) == ("", 0.0)


@pytest.mark.parametrize(
    ("values", "writes", "calls", "left", "name", "text"),
    [
        ({}, 200, 200, 5000, "rate", "60/min"),
        ({}, 6000, 6000, 5000, "daily_quota", "5000/day"),
        ({}, 100, 100, 99, "daily_quota", "5000/day"),
        ({}, 1, 1, 5000, "", ""),
        ({}, 4000, 8000, 5000, "calls_per_hour", "5000/hour"),
        ({"rate": "600/min"}, 1000, 1000, 5000, "calls_per_minute", "120/min"),
        ({"rate": "600/min", "calls_per_minute": "none"}, 1000, 1000, 5000, "rate", "600/min"),
        ({"rate": "none", "daily_quota": "none"}, 1000, 1000, None, "", ""),
        ({"rate": "none"}, 6000, 6000, 5000, "daily_quota", "5000/day"),
    ],
)
def test_the_limit_that_counts_is_the_slowest(
    values: dict[str, object], writes: int, calls: int, left: int | None, name: str, text: str
) -> None:
    """Of writes by the rate and the day, and of all calls, with the reads before updates among them."""
    settings = Settings.model_validate(values)
    assert what_limits(settings, writes, calls, left) == name
    assert not name or limit_text(settings, name) == text
