"""Numbers, durations, moments and plans in words, the same in both front ends. Knows the machine's time zone."""

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

import humanize

from importer.harmless import PLACEHOLDER, steers
from importer.model import Account, Plan

SHOWN_CHARACTERS = 80
"""A value quoted in a sentence is cut here; the report keeps the whole cell."""

_MINUTE = 60.0
_LONGEST_CHANGE = 300
MOST_CONFLICTS = 10
"""Rows with other values in Nexudus that a plan lists one by one."""
_ALL_IN_REPORT = "After the run, report.csv lists all of them."
_ALL_DIFFERENCES = "To see all of them: importer diff FILE --json"


def count(number: int, noun: str) -> str:
    """A number with its noun: 1 row, 1,209 rows."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def duration(seconds: float) -> str:
    """A duration in words: below ten minutes to the second, above to the minute."""
    if seconds < _MINUTE:
        return "less than a minute"
    if seconds < 10 * _MINUTE:
        return humanize.precisedelta(round(seconds), minimum_unit="seconds", format="%d")
    return humanize.precisedelta(round(seconds / _MINUTE) * _MINUTE, minimum_unit="minutes", format="%d")


def moment(epoch: float, now: float) -> str:
    """A moment in this machine's time zone, as short as ``now`` allows: 10:42 BST. Both in epoch seconds."""
    then, today = (datetime.fromtimestamp(seconds, UTC).astimezone() for seconds in (epoch, now))
    far = then.year != today.year
    date = f"{then.day} {then:%B %Y} " if far else f"{then:%A} {then.day} {then:%B} "
    day = "" if then.date() == today.date() else date
    return f"{day}{then:%H:%M} {then:%Z}"


def wait_words(until: float, now: float) -> str:
    """How long a wait lasts: in seconds while it is short, else its end. Both in epoch seconds."""
    seconds = ceil(until - now)
    return f"for {count(max(seconds, 1), 'second')}" if seconds < _MINUTE else f"until {moment(until, now)}"


def shell_word(word: Path | str) -> str:
    """A word of a command that somebody is to type: quoted for the shell of this machine, a path never like an option.

    "-" is the standard input, and stays what it is.
    """
    text = str(word)
    if isinstance(word, Path) and text.startswith("-") and text != "-":
        text = f".{os.sep}{text}"
    if os.name == "posix" and any(map(steers, text)):
        return _spelt(text)
    return shlex.quote(text) if os.name == "posix" else subprocess.list2cmdline([text])


def _spelt(text: str) -> str:
    """A word by the numbers of its bytes where it holds what would steer a terminal, as bash, zsh and ksh read it."""
    letters = (
        c if c.isascii() and c not in "'\\" and not steers(c) else "".join(f"\\x{byte:02x}" for byte in os.fsencode(c))
        for c in text
    )
    return f"$'{''.join(letters)}'"


def value_words(value: object) -> str:
    """A value of a field for a sentence; "empty" if there is none."""
    return "empty" if value in (None, "") else str(value)


def changes(differences: Mapping[str, tuple[object, object]]) -> str:
    """What changes in a record, on one line: by field, the new value and the one that is there."""
    values = "; ".join(
        f"{name} {value_words(there)} → {value_words(new)}" for name, (new, there) in differences.items()
    )
    return printable(values, _LONGEST_CHANGE)


def zone(now: float) -> str:
    """The name of this machine's time zone at a moment, in epoch seconds."""
    return f"{datetime.fromtimestamp(now, UTC).astimezone():%Z}"


def plan_lines(plan: Plan, account: Account | None, place: str = "") -> Iterator[str]:
    """The plan in sentences: how many records, where, how many calls, until when.

    ``place`` is the flag with which another command goes to the same service and account.
    """
    parts = {
        "invalid": plan.invalid,
        "existing": plan.existing,
        "blocked (by rows in doubt in another run)": plan.blocked,
        "in Nexudus with other values": plan.changed,
        "that may be in Nexudus": plan.ambiguous,
    }
    not_to_send = ", ".join(f"{number:,} {what}" for what, number in parts.items() if number)
    tail = f". Not to be sent: {not_to_send}" if not_to_send else ""
    whose = f" in {account.space} as {account.user}" if account else ""
    yield f"Plan: {_to_write(plan)}{whose}{tail}."
    quota = f" ({count(plan.quota_left, 'write')} left today)" if plan.quota_left is not None else ""
    until = moment(plan.finish, plan.made)
    yield (
        f"      {_calls(plan)}{quota}. Time needed: {duration(plan.seconds)}, until {until}."
        if plan.writes
        else "      Nothing needs to be sent."
    )
    if plan.blocked:
        command = " ".join(filter(None, ["importer reconcile", place]))
        yield f"      {count(plan.blocked, 'row')} cannot be sent before other runs are settled: {command}"
    if plan.update:
        yield f"      {count(plan.update, 'record')} will be updated:"
        yield from _some(plan.updates, plan.update)
    yield from _backwards(plan)
    if plan.conflicting:
        rows = count(plan.conflicting, "row")
        update = "To update the records: --update. " if plan.changed else ""
        beside = "To create other records beside them: --even-if-existing (not with --update or --key)"
        yield f"      {rows} will not be sent. {update}{beside}"
        yield from _some(plan.conflicts, plan.conflicting)


def comparison_lines(plan: Plan, account: Account) -> Iterator[str]:
    """What the rows of a checked file are to the service; ``plan`` updates every record with other values."""
    parts = {
        "to create": plan.create,
        "unchanged": plan.existing,
        "changed": plan.update,
        "ambiguous": plan.ambiguous,
        "blocked (by rows in doubt in another run)": plan.blocked,
    }
    numbers = ", ".join(f"{number:,} {what}" for what, number in parts.items() if number)
    yield f"Compared with {account.space} as {account.user}: {numbers}."
    if plan.update:
        yield f"      {_rows(plan.update, 'has', 'have')} other values in Nexudus:"
        yield from _some(plan.updates, plan.update, _ALL_DIFFERENCES)
    yield from _backwards(plan)
    if plan.ambiguous:
        yield f"      {_rows(plan.ambiguous, 'needs', 'need')} a decision, because records may exist already:"
        yield from _some(plan.conflicts, plan.ambiguous, _ALL_DIFFERENCES)


def _rows(number: int, one: str, several: str) -> str:
    return f"{count(number, 'row')} {one if number == 1 else several}"


def _backwards(plan: Plan) -> Iterator[str]:
    if plan.backwards:
        rows = count(plan.backwards, "row")
        yield f"      Warning: {rows} would set a date back. Make sure that the file is the latest one."


def _to_write(plan: Plan) -> str:
    create = f"{count(plan.create, 'record') if plan.create else 'no records'} to create"
    return f"{create}, {plan.update:,} to update" if plan.update else create


def _calls(plan: Plan) -> str:
    calls = count(plan.calls, "call")
    writes = "1 of them a write" if plan.writes == 1 else f"{plan.writes:,} of them writes"
    return f"{calls}, {writes}" if plan.update else calls


def _some(rows: Sequence[tuple[int, str]], number: int, all_of_them: str = _ALL_IN_REPORT) -> Iterator[str]:
    yield from (f"        row {row}: {sentence}" for row, sentence in rows[:MOST_CONFLICTS])
    if number > MOST_CONFLICTS:
        yield f"        and {number - MOST_CONFLICTS:,} more. {all_of_them}"


def printable(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """The text on one line, cut at the limit, without anything that could control a terminal.

    What could becomes a visible placeholder, so that a cell can neither clear the screen nor forge a line of a log.
    """
    if text.isprintable() and len(text) <= limit:
        return text
    shown = "".join(PLACEHOLDER if steers(c) else c for c in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def typed_word(word: str) -> str:
    """A word in quotes that every shell takes, or where it holds what a shell would read, those of POSIX."""
    return shlex.quote(word) if set(word) & set('"$`\\!') else f'"{word}"'
