"""What the pictures of a run and of a plan show: their parts, their time, their days. ``chart.py`` draws them."""

from markupsafe import Markup

from importer.config.settings import Settings
from importer.journal.windows import DAY
from importer.model import Plan, Status
from importer.runs.allowances import daily_window, windows
from importer.runs.status import RunStatus
from importer.web.chart import Allowance, Part, calendar, chart, days_ahead, days_behind


def plan_parts(plan: Plan, update: Plan | None = None) -> list[Part]:
    """The rows of a file by what an import would do with them; ``update`` is the plan that changes records as well."""
    changed = Part("Updated, if you choose to", plan.changed, "updated")
    return [
        Part("To create", plan.create, "created"),
        changed if update is not None else Part("Changed, not sent", plan.changed, "left"),
        Part("Already in Nexudus", plan.existing, "existing"),
        Part("Unclear", plan.ambiguous, "unknown"),
        Part("No answer yet in an earlier run", plan.blocked, "unknown"),
        Part("Needs a change", plan.invalid, "change"),
    ]


def result_parts(now: RunStatus) -> list[Part]:
    """The rows of a run by what became of them so far."""
    counts = now.counts
    return [
        Part("Created", counts[Status.CREATED], "created"),
        Part("Updated", counts[Status.UPDATED], "updated"),
        Part("Already in Nexudus", counts[Status.EXISTING], "existing"),
        Part("Refused by Nexudus", counts[Status.REJECTED], "change"),
        Part("Needs a change", counts[Status.INVALID], "change"),
        Part("Being sent", now.under_way, "sending"),
        Part("No answer yet", counts[Status.UNKNOWN] - now.under_way, "unknown"),
        Part("Undone", now.removed + now.restored, "undone"),
        Part("Left out", counts[Status.LEFT_OUT], "undone"),
        Part("Not sent" if now.finished else "Left to send", now.unsent, "left"),
    ]


def allowance_of(settings: Settings) -> Allowance:
    """The most that the settings let go out."""
    limits = windows(settings)
    daily = daily_window(limits)
    rates = [limit.calls / limit.seconds for limit in limits if limit.seconds < DAY]
    return Allowance(min(rates, default=None), daily.calls if daily else None)


def run_chart(now: RunStatus, settings: Settings, at: float) -> Markup:
    """The progress of a run, up to its expected end while it goes on."""
    if now.finished:
        return chart(now.moments, now.to_send)
    left = now.seconds_left if now.working else None
    return chart(now.moments, now.to_send, now=at, seconds_left=left, allowance=allowance_of(settings))


def run_days(now: RunStatus, at: float) -> Markup:
    """The days of a run that takes more than one: what each of them did, and will do."""
    days = days_behind(now.moments)
    if not now.finished and now.quota is not None and now.quota_left is not None:
        days += days_ahead(at, now.to_send - now.done, now.quota_left, now.quota)
    return calendar(days)


def plan_days(plan: Plan, quota: int | None) -> Markup:
    """The days that a plan takes, if there is more than one."""
    if quota is None or plan.quota_left is None:
        return Markup()
    return calendar(days_ahead(plan.made, plan.writes, plan.quota_left, quota))
