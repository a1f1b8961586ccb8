"""Numbers, durations, moments and plans in words, the same in both front ends. Knows the machine's time zone."""

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime

import humanize

from importer.model import Account, Plan

SHOWN_CHARACTERS = 80
"""A value quoted in a sentence is cut here; the report keeps the whole cell."""

_MINUTE = 60.0
MOST_CONFLICTS = 10
"""Rows that a plan names in sentences, of those that differ from what the service holds."""


def count(number: int, noun: str) -> str:
    """A number with its noun: 1 row, 1,209 rows."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def duration(seconds: float) -> str:
    """A duration in words, to the minute."""
    if seconds < _MINUTE:
        return "less than a minute"
    if seconds < 10 * _MINUTE:
        return humanize.precisedelta(round(seconds), minimum_unit="seconds", format="%d")
    return humanize.precisedelta(round(seconds / _MINUTE) * _MINUTE, minimum_unit="minutes", format="%d")


def moment(epoch: float, now: float) -> str:
    """A moment in this machine's time zone, as short as ``now`` allows: 10:42 BST. Both in epoch seconds."""
    then, today = (datetime.fromtimestamp(seconds, UTC).astimezone() for seconds in (epoch, now))
    far = then.year != today.year
    day = "" if then.date() == today.date() else then.strftime("%d %B %Y " if far else "%A %d %B ")
    return f"{day}{then:%H:%M} {then:%Z}"


def zone(now: float) -> str:
    """The name of this machine's time zone at a moment, in epoch seconds."""
    return f"{datetime.fromtimestamp(now, UTC).astimezone():%Z}"


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
    until = moment(plan.finish, plan.made)
    yield (
        f"      {count(plan.create, 'call')}{quota}; it takes {duration(plan.seconds)}, until {until}."
        if plan.create
        else "      No call is needed."
    )
    if plan.differing:
        verb = "is" if plan.differing == 1 else "are"
        yield f"      {count(plan.differing, 'row')} {verb} not sent (to create another record: --even-if-existing):"
        yield from (f"        row {row}: {sentence}" for row, sentence in plan.conflicts[:MOST_CONFLICTS])
        if plan.differing > MOST_CONFLICTS:
            yield f"        and {plan.differing - MOST_CONFLICTS:,} more; all of them: report.csv of the run"


def printable(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """The text on one line, cut at the limit, with nothing that could steer a terminal.

    Control and format characters (categories C*) become a visible placeholder, so that a cell can neither
    clear the screen nor forge a line of a log.
    """
    if text.isprintable() and len(text) <= limit:
        return text
    shown = "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c)[0] == "C" else c for c in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
