"""What both doors say in the same words: numbers, lengths of time, moments, plans. Knows the zone of the machine."""

from collections.abc import Iterator
from datetime import datetime

import humanize

from importer.words import Account, Plan

_MINUTE = 60.0
MOST_CONFLICTS = 10
"""Rows that a plan names in sentences, of those that differ from what the service holds."""


def count(number: int, noun: str) -> str:
    """A number with its noun: 1 row, 1,209 rows."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def duration(seconds: float) -> str:
    """A length of time in words, to the minute."""
    if seconds < _MINUTE:
        return "less than a minute"
    if seconds < 10 * _MINUTE:
        return humanize.precisedelta(round(seconds), minimum_unit="seconds", format="%d")
    return humanize.precisedelta(round(seconds / _MINUTE) * _MINUTE, minimum_unit="minutes", format="%d")


def moment(epoch: float) -> str:
    """A point in time as people near this machine say it, with its zone."""
    then, now = datetime.fromtimestamp(epoch).astimezone(), datetime.now().astimezone()
    far = then.year != now.year
    day = "" if then.date() == now.date() else then.strftime("%d %B %Y " if far else "%A %d %B ")
    return f"{day}{then:%H:%M} {then:%Z}"


def zone() -> str:
    """The zone of the times that people near this machine are told."""
    return f"{datetime.now().astimezone():%Z}"


def plan_lines(plan: Plan, account: Account | None) -> Iterator[str]:
    """The plan in sentences: what, where, at what cost, until when."""
    left_out = [f"{plan.invalid:,} left out"] if plan.invalid else []
    left_out += [f"{plan.existing:,} created before"] if plan.existing else []
    left_out += [f"{plan.held:,} in doubt since an earlier run"] if plan.held else []
    left_out += [f"{plan.differing:,} with other values in Nexudus"] if plan.differing else []
    tail = f" ({', '.join(left_out)})" if left_out else ""
    whose = f" in {account.space} as {account.user}" if account else ""
    yield f"Plan: {count(plan.create, 'record')} to create{whose}{tail}."
    quota = f" ({plan.quota_left:,} left today)" if plan.quota_left is not None else ""
    yield (
        f"      {count(plan.create, 'call')}{quota}; it takes {duration(plan.seconds)}, until {moment(plan.finish)}."
        if plan.create
        else "      No call is needed."
    )
    if plan.differing:
        verb = "is" if plan.differing == 1 else "are"
        yield f"      {count(plan.differing, 'row')} {verb} not sent (to create another record: --even-if-existing):"
        yield from (f"        row {row}: {sentence}" for row, sentence in plan.conflicts[:MOST_CONFLICTS])
        if plan.differing > MOST_CONFLICTS:
            yield f"        and {plan.differing - MOST_CONFLICTS:,} more; all of them: report.csv of the run"
