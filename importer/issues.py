"""The catalogues of what can be wrong in a spreadsheet and of what reading one can say; one issue, one notice.

Holds frozen values only. Must not know files, the network, the database or the clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from importer.text import printable

LONGEST_CANDIDATE = 200
"""Characters shown of each of several records of one name, in a sentence; a name, an e-mail and a location fit."""


class Severity(StrEnum):
    """Whether an issue keeps its row from being sent."""

    ERROR = "error"
    WARNING = "warning"


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
    "not-a-number": IssueKind(
        Severity.ERROR,
        '{field} must be a number: "{value}".',
        "Write digits and a decimal point, nothing else, for example {detail}.",
    ),
    "number-ambiguous": IssueKind(
        Severity.ERROR,
        '{field} can be a whole number or one with decimals: "{value}".',
        "Write it with a decimal point and without thousands separators, for example {detail}.",
    ),
    "too-many-digits": IssueKind(
        Severity.ERROR,
        '{field} has more digits than are kept: "{value}".',
        "Write at most {detail}.",
    ),
    "not-yes-or-no": IssueKind(Severity.ERROR, '{field} must be yes or no: "{value}".', "Write yes or no."),
    "not-a-choice": IssueKind(Severity.ERROR, '{field} cannot be "{value}".', "Write {detail}."),
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
        "{field} is in the past: {value}.",
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
class Candidate:
    """A record that a cell may mean: its Id, what people call it, and where it is ("" if the service does not say)."""

    id: int
    names: tuple[str, ...]
    place: str = ""

    def __str__(self) -> str:
        """The Id with what tells it from others of its name. For reading only: a name may hold any character."""
        return f"{self.id} ({printable(', '.join(filter(None, [*self.names, self.place])), LONGEST_CANDIDATE)})"


@dataclass(frozen=True, slots=True)
class Issue:
    """Something wrong or doubtful in the data, at the place where the user sees it.

    ``row`` counts as the spreadsheet program does (header = 1) and is None for a whole column.
    ``detail`` is the one further value that the sentence of this code needs. ``candidates`` are the records that the
    cell may mean, all of them; the journal keeps the sentence only, so an issue read from there has none.
    """

    code: str
    row: int | None = None
    cell: str | None = None
    label: str | None = None
    field: str | None = None
    value: str = ""
    detail: str = ""
    candidates: tuple[Candidate, ...] = ()

    @property
    def letters(self) -> str:
        """Those over its column; empty for a whole row, or a column without a place."""
        return (self.cell or "").rstrip("0123456789")

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


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One entry of the catalogue of notices: a sentence, and what to do if it is not what the user meant."""

    message: str
    advice: str = ""


NOTICES: Mapping[str, NoticeKind] = {
    "encoding-guessed": NoticeKind(
        'Read as Windows-1252, for example "{example}".', "If that looks wrong, name the encoding with --encoding."
    ),
    "title-above": NoticeKind("Row {first} was taken for a title and skipped. The header is in row {header}."),
    "titles-above": NoticeKind(
        "Rows {first} to {last} were taken for titles and skipped. The header is in row {header}."
    ),
    "hidden-sheets": NoticeKind("Hidden sheets are not read: {names}."),
    "hidden-rows": NoticeKind("Hidden or filtered rows: {count:,}. They are imported like all others."),
    "macros-not-run": NoticeKind("Macros in the workbook are not run."),
    "errors-unseen": NoticeKind(
        "In {suffix} files, cells with errors such as #N/A look empty.", "Save the file as .xlsx to have them found."
    ),
    "dates-as-before": NoticeKind(
        "Dates are read as when the file was first imported: {order}times without a time zone in {zone}."
    ),
}
"""Every notice code with its sentences: what reading a file has to say about the file as a whole."""

LONGEST_NOTICE = 300
"""Characters of a value that is quoted from the file; a hostile one is longer."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know about how a file was read: a code of the catalogue, and the values of its sentence."""

    code: str
    values: Mapping[str, str | int]

    @property
    def message(self) -> str:
        """The sentence that says it."""
        shown = {
            name: printable(value, LONGEST_NOTICE) if isinstance(value, str) else value
            for name, value in self.values.items()
        }
        return NOTICES[self.code].message.format(**shown)

    @property
    def advice(self) -> str:
        """What to do if it is not what the user meant; often nothing."""
        return NOTICES[self.code].advice

    @property
    def document(self) -> dict[str, object]:
        """The notice for programs."""
        return {"code": self.code, "values": dict(self.values), "message": self.message, "advice": self.advice}


def notice_text(notices: Iterable[Notice]) -> str:
    """The notices in sentences, for the command line."""
    return " ".join(text for notice in notices for text in (notice.message, notice.advice) if text)
