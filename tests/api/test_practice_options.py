"""The switches of a practice service from what people type: it allows what it says, and the importer can keep to it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.api.practice_options import PUBLISHED, at_speed, exports, paces, practice_options, without_limits
from importer.config.settings import Settings, environment_name
from importer.errors import UsageError
from importer.runs.allowances import windows
from importer.sandbox import SandboxOptions

TYPED: dict[str, Any] = {
    "rate": None,
    "daily_quota": None,
    "speed": 1.0,
    "latency": 0.0,
    "fail": 0.0,
    "faults": (),
    "any_id": False,
    "keep": None,
}
RATES = st.builds("{}/{}".format, st.integers(1, 100_000), st.sampled_from(["s", "min", "h", "day"]))


def typed(**words: object) -> SandboxOptions:
    """The switches when nothing but these is typed."""
    return practice_options(**(TYPED | words))


def allowed(options: SandboxOptions) -> dict[str, tuple[int | None, ...]]:
    """What may be written in each span, and how many calls of any kind may be made."""
    writes = ("second", "minute", "hour", "day")
    calls = ("100ms", "minute", "hour")
    return {
        "writes": tuple(getattr(options, f"writes_per_{span}") for span in writes),
        "calls": tuple(getattr(options, f"calls_per_{span}") for span in calls),
    }


def test_without_any_word_it_has_the_published_limits_and_strict_parents() -> None:
    """As Nexudus does, it refuses a mapping of a room or a person that does not exist."""
    options = typed()
    assert allowed(options) == allowed(PUBLISHED) == {"writes": (None, 60, None, 5000), "calls": (1, 120, 5000)}
    assert (options.strict_parents, typed(any_id=True).strict_parents) == (True, False)
    assert paces(options) == {}


@pytest.mark.parametrize(
    ("words", "writes", "calls"),
    [
        ({"rate": "600/min"}, (None, 600, None, 5000), (10, 1200, 50_000)),
        ({"rate": "30/min"}, (None, 30, None, 5000), (1, 120, 5000)),
        ({"rate": "2/s"}, (2, None, None, 5000), (2, 240, 10_000)),
        ({"rate": "30/h"}, (None, None, 30, 5000), (1, 120, 5000)),
        ({"rate": "100/day"}, (None, None, None, 100), (1, 120, 5000)),
        ({"rate": "9000/day"}, (None, None, None, 5000), (1, 120, 5000)),
        ({"rate": "none"}, (None, None, None, 5000), (None, None, None)),
        ({"daily_quota": "none"}, (None, 60, None, None), (1, 120, 5000)),
        ({"daily_quota": "5"}, (None, 60, None, 5), (1, 120, 5000)),
    ],
)
def test_a_rate_is_what_it_allows(words: dict[str, str], writes: object, calls: object) -> None:
    """No limit on calls of any kind cuts the rate that was typed."""
    assert allowed(typed(**words)) == {"writes": writes, "calls": calls}


@given(RATES)
def test_no_other_limit_is_below_the_rate(rate: str) -> None:
    """Whatever is typed: each write may come with as many other calls as at the published rate."""
    options = typed(rate=rate, daily_quota="none")
    spans = {1.0: options.writes_per_second, 60.0: options.writes_per_minute, 3600.0: options.writes_per_hour}
    [per_second] = [calls / span for span, calls in {**spans, 86_400.0: options.writes_per_day}.items() if calls]
    every = {0.1: options.calls_per_100ms, 60.0: options.calls_per_minute, 3600.0: options.calls_per_hour}
    assert all(calls is not None and calls / span >= per_second for span, calls in every.items())


@given(RATES, st.floats(1, 600))
def test_the_importer_keeps_to_what_it_is_told_to_set(rate: str, speed: float) -> None:
    """No window of its own lets more through than the practice service does in the same time."""
    options = typed(rate=rate, speed=speed)
    settings = Settings.model_validate(paces(options))
    ours = {window.calls / window.seconds for window in windows(settings) if window.writes}
    spans = {1.0: options.writes_per_second, 60.0: options.writes_per_minute, 3600.0: options.writes_per_hour}
    if theirs := [calls * speed / span for span, calls in spans.items() if calls]:
        assert min(ours) <= min(theirs) * (1 + 1e-6)
    assert settings.settle >= settings.timeout


def test_with_a_speed_all_is_in_proportion() -> None:
    """Sixty times as fast, a minute is a second, and the window after a lost answer is fifteen."""
    options = at_speed(PUBLISHED, 60)
    assert (options.time_scale, options.calls_per_100ms) == (60, None)
    assert paces(options) == {
        "rate": "60/s",
        "daily_quota": "none",
        "calls_per_100ms": "none",
        "calls_per_minute": "7200",
        "calls_per_hour": "300000",
        "timeout": "15",
        "settle": "15",
    }
    assert exports(options, "http://127.0.0.1:1")["IMPORTER_SETTLE"] == "15"


def test_what_is_printed_to_be_set_are_settings() -> None:
    """With the address and the sign-in first; without a speed and with the usual limits, nothing else."""
    names = [environment_name(name) for name in ("url", "username", "password")]
    assert list(exports(typed(), "http://127.0.0.1:1")) == names
    assert exports(typed(rate="600/min"), "http://127.0.0.1:1")["IMPORTER_RATE"] == "600/min"
    assert exports(typed(daily_quota="5"), "http://127.0.0.1:1")["IMPORTER_DAILY_QUOTA"] == "5"
    assert set(exports(typed(rate="7/h", speed=9), "x")) <= {environment_name(name) for name in Settings.model_fields}


def test_inside_a_command_it_makes_nobody_wait() -> None:
    """Only what the user sets slows a practice import down."""
    assert {calls for spans in allowed(without_limits()).values() for calls in spans} == {None}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"faults": ("500-aftr",)}, 'There is no fault "500-aftr". Did you mean 500-after?'),
        ({"faults": ("nonsense=5",)}, 'There is no fault "nonsense".'),
        ({"faults": ("500-after=120",)}, '--fault "500-after=120" cannot be used'),
        ({"faults": ("late:soon",)}, '--fault "late:soon" cannot be used'),
        ({"rate": "fast"}, '--rate "fast" cannot be used: write it like 60/min, 1/s or none.'),
        ({"daily_quota": "0"}, '--daily-quota "0" cannot be used'),
    ],
)
def test_what_is_written_wrongly_is_named(words: dict[str, object], sentence: str) -> None:
    """With the near name, before anything is started."""
    with pytest.raises(UsageError) as error:
        typed(**words)
    assert error.value.message.startswith(sentence)


def test_a_fault_alone_is_for_one_call_and_a_share_for_all() -> None:
    """Each may be typed several times."""
    options = typed(faults=("lost-after", "list-empty", "late:30=5", "500-after=1.5"))
    assert options.faults == ("lost-after", "list-empty")
    assert options.fault_shares == ("late:30=5", "500-after=1.5")
