"""The nouns of the importer, and the catalogue of everything that can be wrong with a spreadsheet.

Holds frozen values only. Must not know files, the network, the database or the clock.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

SHOWN_CHARACTERS = 80
"""A value quoted in a sentence is cut here; the report keeps the whole cell."""


class Severity(StrEnum):
    """Whether an issue keeps its row from being sent."""

    ERROR = "error"
    WARNING = "warning"


class Status(StrEnum):
    """What finally holds for one row of the file: a closed list that adds up to the rows."""

    CREATED = "created"
    EXISTING = "existing"
    REJECTED = "rejected"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    NOT_SENT = "not sent"


class Found(StrEnum):
    """What the service holds for a row that was created."""

    ONCE = "once"
    TWICE = "twice"
    DIFFERS = "differs"
    CHANGED = "changed since"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class IssueKind:
    """One entry of the catalogue: a sentence for what is wrong and one for what to do.

    The templates may name ``{field} {label} {row} {value} {detail}``.
    """

    severity: Severity
    message: str
    fix: str


CATALOGUE: Mapping[str, IssueKind] = {
    "cell-error": IssueKind(
        Severity.ERROR,
        "{field} shows {value} in the spreadsheet program.",
        "Correct the formula, or enter the value itself, for example {detail}.",
    ),
    "formula-without-value": IssueKind(
        Severity.ERROR,
        '{field} holds a formula whose value was never stored: "{value}".',
        "Open the file in a spreadsheet program and save it, or enter the value itself, for example {detail}.",
    ),
    "number-rounded": IssueKind(
        Severity.ERROR,
        '{field} is a number of more than 15 digits, which spreadsheet programs round: "{value}".',
        "Format the column as text, then enter the number again.",
    ),
    "cell-merged": IssueKind(
        Severity.ERROR,
        "{field} is part of merged cells, of which only the first holds a value.",
        "Unmerge them, and enter the {field} in each row, for example {detail}.",
    ),
    "not-a-whole-number": IssueKind(
        Severity.ERROR, '{field} must be a whole number: "{value}".', "Write digits only, for example {detail}."
    ),
    "not-a-date": IssueKind(
        Severity.ERROR, '{field} must be a real date: "{value}".', "Write it year first, for example {detail}."
    ),
    "unprintable-character": IssueKind(
        Severity.ERROR, '{field} holds a character that cannot be printed: "{value}".', "Type the text again by hand."
    ),
    "date-ambiguous": IssueKind(
        Severity.ERROR,
        '{field} can be day/month or month/day: "{value}".',
        "Add --dates dmy or --dates mdy for the whole column{detail}.",
    ),
    "time-skipped": IssueKind(
        Severity.ERROR,
        '{field} falls into the hour of a clock change in {detail}: "{value}".',
        "Write the offset behind the time, for example +01:00.",
    ),
    "name-not-looked-up": IssueKind(
        Severity.ERROR,
        '{field} is a name that was not looked up: "{value}".',
        "Enter the Id, digits only, for example {detail}; or sign in, so that a name can be looked up.",
    ),
    "name-not-found": IssueKind(
        Severity.ERROR, 'There is no {detail} "{value}".', "Check the spelling, or enter the Id instead."
    ),
    "name-deleted": IssueKind(
        Severity.ERROR, 'The {detail} "{value}" has been deleted.', "Remove the row, or enter the Id of another one."
    ),
    "name-ambiguous": IssueKind(
        Severity.ERROR,
        '"{value}" may be {detail}.',
        'Enter the Id of the right one instead, or have it remembered with --pick "{value}=ID".',
    ),
    "cell-empty": IssueKind(Severity.ERROR, "{field} is empty.", "Enter the {field}, for example {detail}."),
    "number-out-of-range": IssueKind(
        Severity.ERROR, '{field} must be {detail}: "{value}".', "Copy the number from Nexudus again."
    ),
    "text-too-long": IssueKind(
        Severity.ERROR, '{field} is longer than {detail} characters: "{value}".', "Shorten it to {detail} characters."
    ),
    "extra-cell": IssueKind(
        Severity.ERROR,
        'Row {row} has more cells than there are columns: "{value}".',
        "Remove the extra cell, or put quotes round a text that contains the separator.",
    ),
    "duplicate-row": IssueKind(
        Severity.ERROR,
        "Row {row} is the same mapping as row {detail}.",
        "Change or delete one of them, or add --allow-duplicates to create each.",
    ),
    "duplicate-key": IssueKind(
        Severity.ERROR,
        "Row {row} is for the same resource, coworker and calendar as row {detail}, but differs from it.",
        "Delete the one that is out of date, or add --allow-duplicates to create each.",
    ),
    "date-serial": IssueKind(
        Severity.WARNING,
        "{field} {value} is read as the day number of a spreadsheet program.",
        "Format the column as a date if this is wrong; the row is sent as it is.",
    ),
    "id-not-listed": IssueKind(
        Severity.WARNING,
        "{field} {value} is no {detail} that the service lists for you.",
        "Compare the number; the row is sent as it is, and refused if there is none.",
    ),
    "ids-not-listed": IssueKind(
        Severity.WARNING,
        'The service lists no {detail} of column "{label}", for example {value}.',
        "Compare the account: importer whoami. The rows are sent as they are.",
    ),
    "date-past": IssueKind(
        Severity.WARNING,
        "{field} has passed: {value}.",
        "Change the date if this is a mistake; the row is sent as it is.",
    ),
    "date-far-ahead": IssueKind(
        Severity.WARNING,
        "{field} is more than {detail} days ahead: {value}.",
        "Microsoft ends a subscription after {detail} days; change the date if this is a mistake.",
    ),
    "not-a-guid": IssueKind(
        Severity.WARNING,
        '{field} does not look like one of Microsoft\'s: "{value}".',
        "Compare it with one like {detail}; the row is sent as it is.",
    ),
    "unseen-character": IssueKind(
        Severity.WARNING,
        '{field} holds a character that cannot be seen: "{value}".',
        "Type the text again if it was copied from a page or a message; the row is sent as it is.",
    ),
    "spaces-trimmed": IssueKind(
        Severity.WARNING,
        '{field} has spaces before or after the text: "{value}".',
        "Nothing to do: it is sent without them.",
    ),
    "zone-assumed": IssueKind(
        Severity.WARNING,
        'Times in column "{label}" have no time zone, for example {value}.',
        "They are read as {detail}; write a Z or an offset behind the time if this is wrong.",
    ),
    "column-unused": IssueKind(
        Severity.WARNING,
        'Column "{label}" is not used.',
        "Nothing to do{detail}.",
    ),
}
"""Every issue code with its severity and its two sentences. The same in terminal, workbook, page and JSON.

Gravest first: of several issues in one cell only the first is told. A cell that cannot be read is also missing,
hence the codes about reading stand before cell-empty.
"""


@dataclass(frozen=True, slots=True)
class Issue:
    """Something wrong or doubtful in the data, at the place where the user sees it.

    ``row`` counts as the spreadsheet program does (header = 1) and is None for a whole column.
    ``detail`` is the one further value that the sentence of this code needs.
    """

    code: str
    row: int | None = None
    cell: str | None = None
    label: str | None = None
    field: str | None = None
    value: str = ""
    detail: str = ""

    @property
    def severity(self) -> Severity:
        """Error or warning, as the catalogue has it."""
        return CATALOGUE[self.code].severity

    @property
    def message(self) -> str:
        """The sentence that says what is wrong."""
        return self._render(CATALOGUE[self.code].message)

    @property
    def fix(self) -> str:
        """The sentence that says what to do about it."""
        return self._render(CATALOGUE[self.code].fix)

    def _render(self, template: str) -> str:
        return template.format(
            field=self.field or self.label or "",
            label=printable(self.label or ""),
            row=self.row,
            value=printable(self.value),
            detail=self.detail,
        )


def printable(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """The text on one line, cut at the limit, with nothing that could steer a terminal.

    Control and format characters (categories C*) become a visible placeholder, so that a cell can neither
    clear the screen nor forge a line of a log.
    """
    if text.isprintable() and len(text) <= limit:
        return text
    shown = "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c)[0] == "C" else c for c in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


class Record(NamedTuple):
    """One checked row, typed and ready to be sent.

    ``body`` is the JSON text that goes over the wire; ``identity`` a 16-byte hash of the typed values by which
    the same row is known again in whichever file it stands.
    """

    row: int
    body: str
    identity: bytes


@dataclass(frozen=True, slots=True)
class Account:
    """Whose records are written.

    ``key`` stays the same for as long as the user does; ``user`` and ``space`` are for showing.
    """

    key: str
    user: str
    space: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import will do and cost, before it does it. Durations in seconds, ``finish`` in epoch seconds.

    ``differing`` rows are not sent, for a record of their key exists, or may exist, with other values; ``conflicts``
    are the first of them, each with its number and a sentence.
    """

    rows: int
    create: int
    existing: int
    invalid: int
    held: int
    quota_left: int | None
    seconds: float
    finish: float
    differing: int = 0
    conflicts: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """What just changed: how many rows are settled since the start; why nothing moves and until when, if so."""

    settled: int
    failed: int
    waiting: str = ""
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What finally holds for a row, with the Id the service gave and the sentence for the report."""

    row: int
    status: Status
    remote_id: int | None = None
    message: str = ""
