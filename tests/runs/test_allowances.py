"""The windows that the settings amount to."""

import pytest

from importer.config.settings import Settings
from importer.journal.windows import DAY, Window
from importer.runs.allowances import daily_window, windows

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
