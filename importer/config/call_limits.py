"""The limits on calls of any kind, and whether they keep the rate from being reached. Pure."""

from math import ceil

from importer.config.settings import Settings

OF_ANY_KIND = {"calls_per_100ms": 0.1, "calls_per_minute": 60.0, "calls_per_hour": 3_600.0}
"""The seconds of each limit on calls of any kind, by its setting."""


def below_rate(settings: Settings) -> dict[str, int]:
    """The limits on calls of any kind that keep the rate from being reached, and to what each would have to be set."""
    rate = settings.rate
    if rate is None:
        return {}
    needs = {name: ceil(rate.calls * seconds / rate.seconds) for name, seconds in OF_ANY_KIND.items()}
    return {name: calls for name, calls in needs.items() if calls > (getattr(settings, name) or calls)}
