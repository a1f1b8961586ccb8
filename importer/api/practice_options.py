"""The switches of a practice service, from what people type; and the settings that keep to its limits."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import TypeVar

from importer.config.settings import Rate, Settings, environment_name, parse_count, parse_rate
from importer.config.spelling import nearest
from importer.errors import UsageError
from importer.sandbox import FAULTS, SandboxOptions
from importer.sandbox.faults import handler, share
from importer.sandbox.options import changed

_T = TypeVar("_T")

PUBLISHED = SandboxOptions()
"""With the limits that Nexudus publishes."""

_PUBLISHED_RATE = Rate(60, 60)
_SPANS = {"second": 1, "minute": 60, "hour": 3_600}
_OF_ANY_KIND = ("calls_per_100ms", "calls_per_minute", "calls_per_hour")


def without_limits() -> SandboxOptions:
    """A practice service that never asks anybody to wait."""
    return _limited(None, None)


def practice_options(
    *,
    rate: str | None,
    daily_quota: str | None,
    speed: float,
    latency: float,
    fail: float,
    faults: Sequence[str],
    any_id: bool,
    keep: Path | None,
) -> SandboxOptions:
    """The switches of a practice service that people start.

    It allows what they say: a rate above the published one raises the limits on calls of any kind as well.

    Raises:
        UsageError: A rate, a quota or a fault is written wrongly.
    """
    options = replace(
        _limited(
            _parsed("--rate", parse_rate, rate, _PUBLISHED_RATE),
            _parsed("--daily-quota", parse_count, daily_quota, PUBLISHED.writes_per_day),
        ),
        latency=latency,
        fail_percent=fail,
        faults=tuple(_fault(text) for text in faults if "=" not in text),
        fault_shares=tuple(_fault(text) for text in faults if "=" in text),
        strict_parents=not any_id,
        store=keep,
    )
    return at_speed(options, speed)


def at_speed(options: SandboxOptions, speed: float) -> SandboxOptions:
    """The same practice service with a faster time."""
    # Calls are kept apart by a tenth of a second; a fraction of that is less than what a call is late by itself.
    return replace(options, time_scale=speed, calls_per_100ms=options.calls_per_100ms if speed <= 1 else None)


def paces(options: SandboxOptions) -> dict[str, str]:
    """The settings with which the importer keeps to the limits of a practice service, but for those that do already.

    Where time passes faster, the daily quota is left to the service: a day of the importer has 24 hours.
    """
    speed, usual = options.time_scale, Settings.model_validate({})
    limits = {seconds: getattr(options, f"writes_per_{span}") for span, seconds in _SPANS.items()}
    rates = [Rate(calls, seconds / speed) for seconds, calls in limits.items() if calls]
    settle = usual.settle / speed
    settings = {
        "rate": _rate_text(rates[0]) if rates else "none",
        "daily_quota": _count_text(options.writes_per_day, 1) if speed == 1 else "none",
        "calls_per_100ms": _count_text(options.calls_per_100ms, 1),
        "calls_per_minute": _count_text(options.calls_per_minute, speed),
        "calls_per_hour": _count_text(options.calls_per_hour, speed),
        "timeout": f"{min(usual.timeout, settle):g}",
        "settle": f"{settle:g}",
    }
    needed = Settings.model_validate(settings)
    return {name: text for name, text in settings.items() if getattr(needed, name) != getattr(usual, name)}


def exports(options: SandboxOptions, url: str) -> dict[str, str]:
    """The variables with which the importer uses a practice service, and keeps to its limits."""
    account = {"url": url, "username": options.username, "password": options.password}
    return {environment_name(name): value for name, value in {**account, **paces(options)}.items()}


def _limited(rate: Rate | None, a_day: int | None) -> SandboxOptions:
    allowed = {f"writes_per_{span}": rate.calls if rate and rate.seconds == s else None for span, s in _SPANS.items()}
    if rate is not None and not any(allowed.values()):
        a_day = min(rate.calls, a_day or rate.calls)
    # As many times as the rate is higher than the published one; never fewer than published.
    usual = _PUBLISHED_RATE.calls / _PUBLISHED_RATE.seconds
    times = max(1.0, rate.calls / rate.seconds / usual) if rate else None
    calls = {name: times and ceil(getattr(PUBLISHED, name) * times) for name in _OF_ANY_KIND}
    return changed(PUBLISHED, {"writes_per_day": a_day, **allowed, **calls})


def _rate_text(rate: Rate) -> str:
    """A rate as it is written in a setting: the same, or one that is a little lower and spread as evenly as can be."""
    if rate.seconds in _SPANS.values():
        return str(rate)
    per_second = rate.calls / rate.seconds
    for seconds, name in ((1, "s"), (60, "min"), (3_600, "hour")):
        if per_second * seconds >= 1:
            # A little more, for 59.999999 is 60 that was divided.
            return f"{int(per_second * seconds + 1e-9)}/{name}"
    return "1/day"


def _count_text(calls: int | None, speed: float) -> str:
    return "none" if calls is None else str(max(1, int(calls * speed)))


def _fault(text: str) -> str:
    name = text.partition("=")[0].partition(":")[0]
    advice = "To list the faults: importer help practice"
    if name not in FAULTS:
        near = nearest(name, FAULTS)
        raise UsageError(f'There is no fault "{name}".{f" Did you mean {near}?" if near else ""}', advice)
    try:
        share(text) if "=" in text else handler(text)
    except ValueError as error:
        raise UsageError(f'--fault "{text}" cannot be used: {error}.', advice) from error
    return text


def _parsed(option: str, parse: Callable[[object], _T | None], text: str | None, default: _T | None) -> _T | None:
    try:
        return default if text is None else parse(text)
    except ValueError as error:
        raise UsageError(f'{option} "{text}" cannot be used: {error}.') from error
