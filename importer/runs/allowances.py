"""The windows of the allowance, from the settings."""

from importer.config.settings import Settings
from importer.journal.windows import DAY, Window


def windows(settings: Settings) -> tuple[Window, ...]:
    """Every allowance that holds. Without a rate there is none but the daily one, as the settings say."""
    # The documented ones: 60 writes a minute, 5,000 writes a day, and of any kind 1 call per 100 ms, 120 a minute and
    # 5,000 an hour (developers.nexudus.com/reference/api-limitations, read 2026-11-23; an older copy has 2,500 writes a
    # day). The 200,000 calls a day are left out: 5,000 an hour never come to more than 120,000.
    limits = []
    if settings.daily_quota:
        limits.append(Window(settings.daily_quota, DAY, writes=True, midnight=settings.daily_reset))
    if settings.rate is not None:
        limits.append(Window(settings.rate.calls, settings.rate.seconds, writes=True))
        every = ((settings.calls_per_100ms, 0.1), (settings.calls_per_minute, 60), (settings.calls_per_hour, 3600))
        limits += [Window(calls, seconds) for calls, seconds in every if calls]
    return tuple(limits)


def daily_window(limits: tuple[Window, ...]) -> Window | None:
    """The allowance of a day, if there is one."""
    return next((window for window in limits if window.seconds >= DAY), None)
