"""The windows of the allowance, from the settings, and when they let an account go on."""

from collections.abc import Sequence

from importer.config.call_limits import OF_ANY_KIND
from importer.config.settings import Rate, Settings
from importer.journal.journal import Journal
from importer.journal.windows import DAY, Window
from importer.text import count, duration


def windows(settings: Settings) -> tuple[Window, ...]:
    """Every allowance that holds. Without a rate there is none but the daily one, as the settings say."""
    return tuple(limits_by_setting(settings).values())


def limits_by_setting(settings: Settings) -> dict[str, Window]:
    """The same by the name of the setting that sets each."""
    # The documented ones: 60 writes a minute, 5,000 writes a day, and of any kind 1 call per 100 ms, 120 a minute and
    # 5,000 an hour (developers.nexudus.com/reference/api-limitations, read 2026-11-23; an older copy has 2,500 writes a
    # day). The 200,000 calls a day are left out: 5,000 an hour never come to more than 120,000.
    limits = {}
    if settings.daily_quota:
        limits["daily_quota"] = Window(settings.daily_quota, DAY, writes=True, midnight=settings.daily_reset)
    if settings.rate is not None:
        limits["rate"] = Window(settings.rate.calls, settings.rate.seconds, writes=True)
        every = {name: getattr(settings, name) for name in OF_ANY_KIND}
        limits |= {name: Window(calls, OF_ANY_KIND[name]) for name, calls in every.items() if calls}
    return limits


def what_limits(settings: Settings, writes: int, calls: int, quota_left: int | None) -> str:
    """The setting that decides how long so many writes take, which are so many calls in all; "" if none does."""
    limits = limits_by_setting(settings)
    if quota_left is not None and writes > quota_left:
        return "daily_quota"
    numbers = {name: writes if window.writes else calls for name, window in limits.items() if window.seconds < DAY}
    # A window that takes all of them at once makes nobody wait, but for the rate, by which writes are spread.
    seconds = {
        name: number * limits[name].seconds / limits[name].calls
        for name, number in numbers.items()
        if number > (1 if name == "rate" else limits[name].calls)
    }
    # Of limits that are equally strict the rate, which people think of first; it is the first in the table.
    return max(seconds, key=lambda name: seconds[name], default="")


def limit_text(settings: Settings, name: str) -> str:
    """A limit as it is written: 120/min."""
    window = limits_by_setting(settings)[name]
    return str(Rate(window.calls, window.seconds))


def daily_window(limits: tuple[Window, ...]) -> Window | None:
    """The allowance of a day, if there is one."""
    return next((window for window in limits if window.seconds >= DAY), None)


_SHORT_WAIT = 2.0
"""Seconds; shorter waits are the ordinary pace, and showing each of them would make the page flicker."""


def next_create(
    journal: Journal,
    account: str | None,
    settings: Settings,
    now: float,
    used_today: tuple[int, float] | None = None,
) -> tuple[str, float]:
    """What a create has to wait for, and until when, in epoch seconds; "" and 0.0 if it need not wait for long.

    ``used_today`` is what ``Calls.used`` says of the daily window, if that is known already.
    """
    daily = daily_window(windows(settings))
    if account and daily:
        used, frees_in = used_today or journal.calls.used(account, daily, now)
        if used >= daily.calls:
            return "the daily quota is used up", now + frees_in
    blocked = journal.calls.held_until(account) if account else 0.0
    return ("Nexudus asked for a pause or cannot be reached", blocked) if blocked - now > _SHORT_WAIT else ("", 0.0)


_SPANS = {60.0: "a minute", 3_600.0: "an hour", DAY: "a day"}


def reason_to_wait(journal: Journal, account: str, limits: Sequence[Window], now: float, *, write: bool) -> str:
    """Why one more call has to wait, as a clause: of several limits that are used up, the longest."""
    counted = [window for window in limits if write or not window.writes]
    used = {window: journal.calls.used(account, window, now) for window in counted}
    full = {window: frees_in for window, (calls, frees_in) in used.items() if calls >= window.calls}
    held_for = journal.calls.held_until(account) - now
    if not full or held_for > max(full.values()):
        return "Nexudus asked for a pause or cannot be reached"
    window = max(full, key=lambda window: window.seconds)
    span = _SPANS.get(window.seconds, f"in {duration(window.seconds)}")
    noun = "change" if window.writes else "call"
    return f"the limit of {count(window.calls, noun)} {span} is used up"
