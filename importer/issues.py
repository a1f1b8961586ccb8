"""The catalogues of issues and notices: what can be wrong in a spreadsheet, and what reading one can report.

Holds frozen values only. Must not know files, the network, the database or the clock.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from importer.text import printable, typed_word

LONGEST_CANDIDATE = 200
"""Characters shown of each of several records of one name, in a sentence; a name, an e-mail and a location fit."""

_LIKE_A_FIELD = re.compile("[A-Z][a-z]+(?:[A-Z][a-z]+)+")

LONGEST_PICK = 200
"""Characters of a name in a command; cut off, it would be another name."""


class Severity(StrEnum):
    """An error keeps its row from being sent; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class IssueKind:
    """One entry of the catalogue: one sentence says what is wrong, one says what to do.

    The templates may name ``{column} {label} {row} {value} {detail} {pick}``. ``column`` is the header as the user
    wrote it, or the name of the field where the file has no such column; ``pick`` is the value as it is typed for
    ``--pick``.
    """

    severity: Severity
    message: str
    fix: str

    @property
    def is_fixed_by_value(self) -> bool:
        """Whether what to do is another thing for each value."""
        return "{pick}" in self.fix or "mean {detail}" in self.fix


CATALOGUE: Mapping[str, IssueKind] = {
    "cell-error": IssueKind(
        Severity.ERROR,
        "{column} shows the error {value}.",
        "Correct the formula, or type the value, for example {detail}.",
    ),
    "formula-without-value": IssueKind(
        Severity.ERROR,
        '{column} holds a formula without a stored result: "{value}".',
        "Open the file in your spreadsheet program and save it, or type the value, for example {detail}.",
    ),
    "formula-not-calculated": IssueKind(
        Severity.ERROR,
        '{column} holds a formula whose result is to be calculated when the file is opened: "{value}".',
        "Open the file in your spreadsheet program and save it, or type the value, for example {detail}.",
    ),
    "number-rounded": IssueKind(
        Severity.ERROR,
        '{column} is a number with more than 15 digits, which spreadsheet programs round: "{value}".',
        "Format the column as text, then type the number again.",
    ),
    "cell-merged": IssueKind(
        Severity.ERROR,
        "{column} is covered by merged cells, and only the first of them holds a value.",
        "Unmerge the cells, then enter a value in each row, for example {detail}.",
    ),
    "shown-differently": IssueKind(
        Severity.ERROR,
        '{column} has the value "{value}", but the cell shows {detail}.',
        "Choose a number format that shows the whole value, or format the cell as text and type what should be sent.",
    ),
    "shown-uncertain": IssueKind(
        Severity.ERROR,
        '{column} has the value "{value}", but it is not certain what the cell shows.',
        "Format the column as text, then type what should be sent, for example {detail}.",
    ),
    "not-a-whole-number": IssueKind(
        Severity.ERROR, '{column} must be a whole number: "{value}".', "Use digits only, for example {detail}."
    ),
    "not-a-number": IssueKind(
        Severity.ERROR,
        '{column} must be a number: "{value}".',
        "Use only digits and a decimal point, for example {detail}.",
    ),
    "number-ambiguous": IssueKind(
        Severity.ERROR,
        '{column} could be a whole number or a decimal: "{value}".',
        "Use a decimal point and no thousands separators, for example {detail}.",
    ),
    "too-many-digits": IssueKind(
        Severity.ERROR,
        '{column} has too many digits: "{value}".',
        "Use at most {detail}.",
    ),
    "not-yes-or-no": IssueKind(Severity.ERROR, '{column} must be yes or no: "{value}".', "Enter yes or no."),
    "not-a-choice": IssueKind(Severity.ERROR, '{column} cannot be "{value}".', "Enter {detail}."),
    "not-a-date": IssueKind(
        Severity.ERROR,
        '{column} must be a real date: "{value}".',
        "Check that the day exists, and write it like {detail}.",
    ),
    "date-of-other-order": IssueKind(
        Severity.ERROR,
        '{column} has no such month in the order in which dates are read: "{value}".',
        "Write it like {detail}, or change whether the day or the month is read first.",
    ),
    "date-incomplete": IssueKind(
        Severity.ERROR,
        '{column} is not a complete date: "{value}".',
        "Write the day, the month and all four digits of the year, for example {detail}.",
    ),
    "date-placeholder": IssueKind(
        Severity.ERROR,
        '{column} is what programs write when there is no date: "{value}".',
        "Enter the real date, for example {detail}.",
    ),
    "date-contradictory": IssueKind(
        Severity.ERROR,
        '{column} contradicts itself: "{value}".',
        "The weekday or the time zone does not go with the rest. Correct the date, or write it like {detail}.",
    ),
    "month-ambiguous": IssueKind(
        Severity.ERROR,
        '{column} names a month that is a different one in another language: "{value}".',
        "Write the month as a number, for example {detail}.",
    ),
    "time-impossible": IssueKind(
        Severity.ERROR,
        '{column} has a time that does not exist: "{value}".',
        "Use 00:00:00 to 23:59:59, or 1:00 to 12:59 with am or pm.",
    ),
    "zone-unclear": IssueKind(
        Severity.ERROR,
        '{column} has a time zone that is not clear: "{value}".',
        "After the time, write Z (for UTC) or the UTC offset, for example +01:00.",
    ),
    "unix-time": IssueKind(
        Severity.ERROR,
        '{column} is a number that counts from the year 1970, not a date: "{value}".',
        "If you mean the date that it stands for, write {detail}.",
    ),
    "unprintable-character": IssueKind(
        Severity.ERROR,
        '{column} contains a character that cannot be printed: "{value}".',
        "Type the text again; do not paste it.",
    ),
    "date-ambiguous": IssueKind(
        Severity.ERROR,
        '{column} could be day/month or month/day: "{value}".',
        "Say which with --dates dmy or --dates mdy{detail}.",
    ),
    "date-form-unclear": IssueKind(
        Severity.ERROR,
        '{column} could be year/day/month, as its header says, or year/month/day: "{value}".',
        "Write the name of the month, for example 5 December 2027, or correct the header.",
    ),
    "time-skipped": IssueKind(
        Severity.ERROR,
        '{column} falls in the hour when the clocks change in {detail}: "{value}".',
        "Add the UTC offset after the time, for example +01:00.",
    ),
    "name-not-looked-up": IssueKind(
        Severity.ERROR,
        '{column} is a name, and names were not looked up: "{value}".',
        "Sign in, so that names are looked up. Or enter the Id, for example {detail}.",
    ),
    "name-not-found": IssueKind(
        Severity.ERROR, 'No {detail} matches "{value}".', "Check the spelling, or enter the Id instead."
    ),
    "name-near": IssueKind(
        Severity.ERROR,
        'No name in Nexudus is spelt "{value}".',
        "Did you mean {detail}? Enter the name in that spelling, or the Id.",
    ),
    "name-deleted": IssueKind(
        Severity.ERROR,
        'The {detail} "{value}" has been deleted.',
        "Delete the row, or enter the Id of another {detail}.",
    ),
    "id-not-found": IssueKind(
        Severity.ERROR,
        "Nexudus has no {detail} with the Id {value}.",
        "It may have been deleted. Correct the Id, or delete the row.",
    ),
    "name-ambiguous": IssueKind(
        Severity.ERROR,
        '"{value}" could be {detail}.',
        "Enter the Id of the right one, or save your choice with --pick {pick}.",
    ),
    "record-not-found": IssueKind(
        Severity.ERROR,
        "Nexudus has no record with the {column} {value}.",
        "Correct the {column}. To look for the record of this row by its values, empty the cell.",
    ),
    "record-of-another": IssueKind(
        Severity.ERROR,
        "The record with the {column} {value} has another {detail}.",
        "Correct the row or its {column}. To look for the record of this row by its values, empty the cell.",
    ),
    "record-repeated": IssueKind(
        Severity.ERROR,
        "Row {row} has the same {column} as row {detail}: {value}.",
        "Delete one of the two rows, or correct its {column}.",
    ),
    "name-beside-id": IssueKind(
        Severity.ERROR,
        '{column} "{value}" does not belong to {detail}.',
        "Correct one of the two, or empty the cell with the name.",
    ),
    "no-value": IssueKind(
        Severity.ERROR,
        '{column} has no value, only the placeholder "{value}".',
        "Enter a value, for example {detail}.",
    ),
    "nothing-to-see": IssueKind(
        Severity.ERROR,
        "{column} looks empty, but contains invisible characters.",
        "Delete what the cell contains, then enter a value, for example {detail}.",
    ),
    "letters-lost": IssueKind(
        Severity.ERROR,
        '{column} has lost letters, probably in an export: "{value}".',
        "Type the text again, or export the file again as UTF-8.",
    ),
    "cell-empty": IssueKind(Severity.ERROR, "{column} is empty.", "Enter a value, for example {detail}."),
    "number-out-of-range": IssueKind(
        Severity.ERROR, '{column} must be {detail}: "{value}".', "Copy the number from Nexudus again."
    ),
    "text-too-long": IssueKind(
        Severity.ERROR, '{column} is longer than {detail} characters: "{value}".', "Shorten it to {detail} characters."
    ),
    "extra-cell": IssueKind(
        Severity.ERROR,
        'Row {row} has more cells than the header: "{value}".',
        "Delete the extra cell, or put quotes around text that contains the separator.",
    ),
    "header-again": IssueKind(Severity.ERROR, "Row {row} is the header once more, in other words.", "Delete the row."),
    "second-header": IssueKind(
        Severity.ERROR,
        "Row {row} is a second header, and its columns may not be those of the first.",
        "Save it, with the rows below it, as a file of its own. If it is a part of the first, write both in one row.",
    ),
    "below-second-header": IssueKind(
        Severity.ERROR,
        "Row {row} is below a second header, in row {detail}, whose columns may not be those of the first.",
        "Save the rows from row {detail} on as a file of their own, or write that header as the first.",
    ),
    "duplicate-row": IssueKind(
        Severity.ERROR,
        "Row {row} repeats row {detail}.",
        "Change or delete one of them. To create a record for each: --allow-duplicates (not with --update or --key).",
    ),
    "duplicate-key": IssueKind(
        Severity.ERROR,
        "Row {row} is for the same record as row {detail}, but has other values.",
        "Delete the one that is out of date. "
        "To create a record for each: --allow-duplicates (not with --update or --key).",
    ),
    "date-serial": IssueKind(
        Severity.WARNING,
        "{column} is a plain number, and was read as a spreadsheet date: {value} is {detail}.",
        "If that is wrong, format the column as a date.",
    ),
    "date-of-workbook": IssueKind(
        Severity.WARNING,
        "{column} is a plain number, and was read as a date, counted as in this workbook: {value}.",
        "Most workbooks count days from 1900, this one does not. If the date is wrong, format the column as a date.",
    ),
    "id-not-listed": IssueKind(
        Severity.WARNING,
        "Nexudus does not list a {detail} with the Id {value} for you.",
        "Check the number: Nexudus refuses the row if there is no such {detail}.",
    ),
    "ids-not-listed": IssueKind(
        Severity.WARNING,
        'Nexudus does not list any Id of column "{label}" as a {detail}, for example {value}.',
        "Check that you are signed in to the right account: importer whoami.",
    ),
    "dates-past": IssueKind(
        Severity.WARNING,
        'All dates in column "{label}" are in the past, for example {value}.',
        "Check that this is the right column of the right file. The rows are sent as they are.",
    ),
    "dates-far-ahead": IssueKind(
        Severity.WARNING,
        'All dates in column "{label}" are more than {detail} days ahead, for example {value}.',
        "These dates are usually at most {detail} days ahead. The rows are sent as they are.",
    ),
    "date-never": IssueKind(
        Severity.WARNING,
        '{column} is what programs write for "never": {value}.',
        "Change the date if this is a mistake.",
    ),
    "date-past": IssueKind(
        Severity.WARNING,
        "{column} is in the past: {value}.",
        "Change the date if this is a mistake.",
    ),
    "date-far-ahead": IssueKind(
        Severity.WARNING,
        "{column} is more than {detail} days ahead: {value}.",
        "The date is usually at most {detail} days ahead. Change it if this is a mistake.",
    ),
    "not-a-guid": IssueKind(
        Severity.WARNING,
        '{column} does not look like a Microsoft Id: "{value}".',
        "Microsoft Ids look like {detail}.",
    ),
    "read-as-empty": IssueKind(
        Severity.WARNING,
        '{column} was read as empty: "{value}".',
        "You do not have to do anything if there is no value. Otherwise enter the {column}, for example {detail}.",
    ),
    "double-encoded": IssueKind(
        Severity.WARNING,
        '{column} has wrong letters: "{value}" was probably "{detail}".',
        "Export the file again as UTF-8, or type the text again.",
    ),
    "letters-replaced": IssueKind(
        Severity.WARNING,
        '{column} has question marks that probably were letters: "{value}".',
        "Export the file again as UTF-8, or type the text again.",
    ),
    "html-entities": IssueKind(
        Severity.WARNING,
        '{column} contains codes of a web page: "{value}" stands for "{detail}".',
        "Type the text as it should be shown.",
    ),
    "value-converted": IssueKind(
        Severity.WARNING,
        '{column} looks like a number or a date that a spreadsheet program made from a name: "{value}".',
        "Check the original. If the {column} is right as it is, you do not have to do anything.",
    ),
    "quotes-in-text": IssueKind(
        Severity.WARNING,
        '{column} begins with an apostrophe or is in quotation marks: "{value}".',
        "They are sent as well. Delete them if they do not belong to the {column}.",
    ),
    "unseen-character": IssueKind(
        Severity.WARNING,
        '{column} contains a line break, a tab or an invisible character: "{value}".',
        "It is sent as well. Type the text again, in one line, if it does not belong to the {column}.",
    ),
    "spaces-trimmed": IssueKind(
        Severity.WARNING,
        '{column} has spaces before or after the text: "{value}".',
        "You do not have to do anything: the spaces are not sent.",
    ),
    "zone-assumed": IssueKind(
        Severity.WARNING,
        'Times in column "{label}" have no time zone, for example {value}.',
        "They are read as {detail} time. If that is wrong, add Z (for UTC) or an offset like +01:00 after each time.",
    ),
    "text-as-formula": IssueKind(
        Severity.WARNING,
        'Cells in column "{label}" are written as formulas, for example {value}.',
        "You do not have to do anything: only the text inside is read, for example {detail}.",
    ),
    "quotes-removed": IssueKind(
        Severity.WARNING,
        'Cells in column "{label}" have an apostrophe or quotation marks around the value, for example {value}.',
        "You do not have to do anything: they are not read.",
    ),
    "column-unused": IssueKind(
        Severity.WARNING,
        'Column "{label}" is not used.',
        "You do not have to do anything{detail}.",
    ),
    "column-unlabelled": IssueKind(
        Severity.WARNING,
        "Column {label} has values, but no header, so it is not used.",
        "If its values belong to a field, type the name of the field into {detail}.",
    ),
}
"""Every issue code with its severity and its two sentences, as terminal, workbook, report and JSON show them.

The page has words of its own for some, where the advice here is a command.

Most serious first: if a cell has several issues, only the first is reported. A cell that cannot be read is also
empty, so the codes about reading come before cell-empty.
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that a cell may mean: its Id, its names, and its location ("" if the service does not say)."""

    id: int
    names: tuple[str, ...]
    place: str = ""

    def __str__(self) -> str:
        """The Id with what tells it from others of its name. For reading only: a name may hold any character."""
        return f"{self.id} ({printable(', '.join(filter(None, [*self.names, self.place])), LONGEST_CANDIDATE)})"


@dataclass(frozen=True, slots=True)
class Issue:
    """Something wrong or doubtful in the data, with the cell or row as the user sees it.

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
        """The letters over its column; empty for a whole row, or a column without a place."""
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
            column=header_in_words(self.label or "", self.field or ""),
            label=_on_one_line(self.label or ""),
            row=self.row,
            value=printable(self.value),
            detail=self.detail,
            pick=typed_word(f"{printable(self.value.strip(), LONGEST_PICK)}=ID"),
        )


def header_in_words(label: str, field: str) -> str:
    """A column as a part of a sentence: its header in quotation marks, or "Who is empty" would ask a question.

    Without them if the header is the name of the field, which is the name of the column where the file has none, or is
    written like one (CoworkerName).
    """
    shown = _on_one_line(label or field)
    plain = shown.replace(" ", "").replace("_", "").casefold()
    return shown if plain == field.casefold() or _LIKE_A_FIELD.fullmatch(shown) else f'"{shown}"'


def _on_one_line(header: str) -> str:
    return printable(" ".join(header.split()))


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One entry of the catalogue of notices: a sentence, and what to do if this is not what the user meant.

    ``doubtful`` are those about something that may change what is sent, such as hidden rows: ``--strict`` stops there.
    """

    message: str
    advice: str = ""
    doubtful: bool = False


NOTICES: Mapping[str, NoticeKind] = {
    "encoding-guessed": NoticeKind(
        'The file was read as Windows-1252, for example "{example}".',
        "If that looks wrong, set the encoding with --encoding.",
        doubtful=True,
    ),
    "encoding-remembered": NoticeKind(
        'The file was read as {encoding}, as you chose for files with this header, for example "{example}".',
        "If that looks wrong, set the encoding with --encoding.",
        doubtful=True,
    ),
    "blanks-before-quotes": NoticeKind(
        'Blanks before an opening quote are skipped, for example before "{example}".',
    ),
    "broken-off": NoticeKind(
        'The file may be incomplete: it ends without a line end, after "{text}".',
        "Compare its last row with the original, or save the file again.",
        doubtful=True,
    ),
    "header-repeated": NoticeKind("Row {first} repeats the header and was skipped."),
    "headers-repeated": NoticeKind(
        "{count:,} rows repeat the header and were skipped; the first of them is row {first}."
    ),
    "row-left-out": NoticeKind('Row {first} is no data and was skipped: "{text}".'),
    "rows-left-out": NoticeKind('{count:,} rows are no data and were skipped; the first is row {first}: "{text}".'),
    "row-chosen-out": NoticeKind("Row {first} is left out, as you chose."),
    "rows-chosen-out": NoticeKind("{count:,} rows are left out, as you chose: {names}."),
    "title-above": NoticeKind("Row {first} looks like a title and was skipped. The header is in row {header}."),
    "titles-above": NoticeKind(
        "Rows {first} to {last} look like titles and were skipped. The header is in row {header}."
    ),
    "hidden-sheets": NoticeKind("Hidden sheets are not read: {names}.", doubtful=True),
    "hidden-rows": NoticeKind("Hidden and filtered rows are imported too ({count:,}).", doubtful=True),
    "hidden-columns": NoticeKind("Hidden columns are imported too: {names}.", doubtful=True),
    "formulas-shown": NoticeKind(
        "The sheet is set to show formulas instead of their results. The results are imported.",
        "To see what is imported, turn off Show Formulas in your spreadsheet program.",
        doubtful=True,
    ),
    "macros-not-run": NoticeKind("Macros in the workbook are not run."),
    "embedded-files": NoticeKind("Files embedded in the workbook are not read."),
    "linked-workbooks": NoticeKind(
        "Cells that refer to other files are read as they were when the workbook was last saved.",
        "If the other files have changed, open the workbook, update its links and save it.",
        doubtful=True,
    ),
    "workbook-plain": NoticeKind(
        "The file to correct has only your rows, not the rest of your workbook, because {why}."
    ),
    "workbook-left-out": NoticeKind("Your own workbook is not among the files of the report, because {why}."),
    "option-ignored": NoticeKind("Ignored, because {suffix} files have no use for it: {names}."),
    "memory-away": NoticeKind(
        "What you chose for earlier files with this header could not be looked up: the database cannot be reached.",
        "Check how the columns and dates are read, or try again later.",
        doubtful=True,
    ),
    "dates-as-before": NoticeKind(
        "Dates are read in the same way as in the first import: {order}times without a time zone are in {zone}."
    ),
}
"""Every notice code with its sentences: what reading reports about the file as a whole."""

LONGEST_NOTICE = 300
"""Characters of a value quoted from the file; a hostile one may be longer."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know about how a file was read: a code in the catalogue, and the values for its sentence."""

    code: str
    values: Mapping[str, str | int]

    @property
    def message(self) -> str:
        """The sentence for people."""
        shown = {
            name: printable(value, LONGEST_NOTICE) if isinstance(value, str) else value
            for name, value in self.values.items()
        }
        return NOTICES[self.code].message.format(**shown)

    @property
    def advice(self) -> str:
        """What to do if this is not what the user meant; often empty."""
        return NOTICES[self.code].advice

    @property
    def doubtful(self) -> bool:
        """Whether it is about something that may change what is sent."""
        return NOTICES[self.code].doubtful

    @property
    def document(self) -> dict[str, object]:
        """The notice for programs."""
        return {
            "code": self.code,
            "doubtful": self.doubtful,
            "values": dict(self.values),
            "message": self.message,
            "advice": self.advice,
        }


def notice_text(notices: Iterable[Notice]) -> str:
    """The notices in sentences, for the command line."""
    return " ".join(text for notice in notices for text in (notice.message, notice.advice) if text)
