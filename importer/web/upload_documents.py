"""What a check of an upload found, as values, and the documents that store them with the upload.

A document of another format, or one that cannot be understood, counts as missing: the page makes it again from the
upload.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from importer.checking import plain_name
from importer.config.store import Document, from_json
from importer.errors import EncodingError, ImporterError
from importer.issues import Candidate, Notice, Severity
from importer.runs.source import ColumnMatch
from importer.web.error_words import page_words


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something could not be done, and what to do about it."""

    message: str
    advice: str

    @classmethod
    def of(cls, error: ImporterError) -> "Problem":
        """The words of an error, as the page says them."""
        return cls(*page_words(error))


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of an upload and how they were matched; ``letters`` and ``labels`` belong together one by one.

    ``doubled`` says which two columns hold one field; then none is matched.
    """

    kind: str
    remembered: bool
    sheet: str | None
    row: int
    notices: tuple[Notice, ...]
    columns: tuple[ColumnMatch, ...]
    labels: tuple[str, ...]
    letters: tuple[str, ...]
    missing: tuple[str, ...]
    required: tuple[str, ...]
    doubled: Problem | None = None

    @property
    def fits(self) -> bool:
        """Whether the rows can be checked: every required field has one column."""
        return not self.missing and self.doubled is None

    @property
    def encoding_guessed(self) -> bool:
        """Whether the file may be in another encoding than the one it was read in."""
        return any(notice.code in {"encoding-guessed", "encoding-remembered"} for notice in self.notices)


@dataclass(frozen=True, slots=True)
class CauseSummary:
    """One thing that is wrong in one column, or with whole rows: how often, its first places, and what may repair it.

    ``message`` is that of the first issue, ``value`` its cell, ``about`` the field or the header, ``label`` the header
    as the page names it, ``letters`` those over the column. ``repairs`` are the repairs that help, each with the number
    of its cells; ``repairable`` is the first cell that one helps.
    """

    key: str
    code: str
    about: str
    message: str
    fix: str
    severity: Severity
    letters: str
    count: int
    places: tuple[str, ...]
    repairs: Mapping[str, int]
    label: str = ""
    value: str = ""
    repairable: str = ""


@dataclass(frozen=True, slots=True)
class NameQuestion:
    """A text in a column for which a person is to say which record it means; ``count`` cells hold it.

    ``code`` says why it is not certain, ``noun`` what such a record is called, ``cells`` are the first of them;
    ``candidates`` are the records that it may mean, at most ``MOST_CANDIDATES``, and ``further`` how many more.
    """

    field: str
    letters: str
    label: str
    text: str
    code: str
    noun: str
    count: int
    cells: tuple[str, ...]
    candidates: tuple[Candidate, ...] = ()
    further: int = 0

    @property
    def key(self) -> str:
        """What names it in a form; the text itself may hold what no form can."""
        return question_key(self.field, self.text)


@dataclass(frozen=True, slots=True)
class ChosenName:
    """A text in a column that means a record because a person chose it; ``count`` cells hold it."""

    field: str
    label: str
    text: str
    count: int
    record: Candidate

    @property
    def key(self) -> str:
        """What names it in a form."""
        return question_key(self.field, self.text)


def question_key(field: str, text: str) -> str:
    """A name for what a text in a field means: the same for all its spellings."""
    return blake2b(f"{field}\0{plain_name(text)}".encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """The rows of an upload by what the check says: ``valid`` and ``invalid`` add up to ``count``.

    ``doubtful`` are valid rows with a warning. ``references`` holds what the references are called, by field.
    ``questions`` are the names to choose a record for, the most frequent first, ``further_questions`` how many more
    there are; ``chosen`` are those that a choice decided.
    """

    count: int
    valid: int
    invalid: int
    doubtful: int
    causes: tuple[CauseSummary, ...]
    references: Mapping[str, tuple[str, ...]]
    questions: tuple[NameQuestion, ...] = ()
    further_questions: int = 0
    chosen: tuple[ChosenName, ...] = ()


@dataclass(frozen=True, slots=True)
class UploadCheck:
    """What is known of one version of an upload, as far as the check came.

    ``wrong_encoding`` says that the error is about the encoding of a text file, ``encodings`` are those to choose from,
    each with some text of the file as it is read so; ``sheets`` are the sheets to choose from.
    ``has_names`` tells whether references are given by name, ``signed_in_as`` whose sign-in they were looked up with
    ("" if they were not), ``lookup_problem`` why they could not be. ``choices`` are the Ids that people had chosen for
    names of this file, by field and key, with which it was checked.
    """

    version: int
    error: Problem | None = None
    wrong_encoding: bool = False
    sheets: tuple[str, ...] = ()
    header: Header | None = None
    rows: CheckedRows | None = None
    has_names: bool = False
    signed_in_as: str = ""
    lookup_problem: Problem | None = None
    encodings: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def with_error(self, error: ImporterError, sheets: Sequence[str] = ()) -> "UploadCheck":
        """The same, broken off by an error."""
        wrong_encoding = isinstance(error, EncodingError)
        return replace(self, error=Problem.of(error), wrong_encoding=wrong_encoding, sheets=tuple(sheets), rows=None)


@dataclass(frozen=True, slots=True)
class CheckProgress:
    """How far the check of a version is: its rows so far, and whether the names in them are being looked up."""

    version: int
    rows: int
    looking_up: bool = False


@dataclass(frozen=True, slots=True)
class Candidates:
    """The records that the ambiguous names of an upload may mean, by field and text, once for all its rows."""

    fields: Mapping[str, Mapping[str, tuple[Candidate, ...]]] = field(default_factory=dict)

    def of(self, name: str, text: str) -> tuple[Candidate, ...]:
        """The records that a text in a field may mean."""
        return self.fields.get(name, {}).get(text, ())


# A check that an earlier importer wrote is made again, so no step leads from its format to this one. Its number is that
# of the lines of its rows, too.
CHECK = Document("The check of an upload", UploadCheck, format=7, steps={})
PROGRESS = Document("The progress of a check", CheckProgress)
CANDIDATES = Document("The candidates of an upload", Candidates, format=2, steps={})


# -- rows -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CellIssue:
    """An issue of a row as the page shows it; ``letters`` are those over its column, "" for the row as a whole.

    ``candidates`` are the records that an ambiguous name may mean.
    """

    letters: str
    code: str
    field: str
    severity: Severity
    message: str
    fix: str
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row with an issue: its cells by column letters, and what is wrong. ``looking_up``: a name is not known yet."""

    row: int
    cells: Mapping[str, str]
    issues: tuple[CellIssue, ...]
    looking_up: bool = False

    @property
    def is_wrong(self) -> bool:
        """Whether an error keeps it from being sent."""
        return any(issue.severity is Severity.ERROR for issue in self.issues)


def row_line(row: CheckedRow, tags: Sequence[str]) -> bytes:
    """A row on one line: tags to filter by, a tab, and its JSON; candidates are kept elsewhere, once for all rows."""
    members = ("letters", "code", "field", "severity", "message", "fix")
    issues = [{name: getattr(issue, name) for name in members} for issue in row.issues]
    text = json.dumps({"row": row.row, "cells": row.cells, "issues": issues}, ensure_ascii=False)
    return f"{' '.join(tags)} \t{text}\n".encode("utf-8", "surrogatepass")


def starts_row(number: int) -> bytes:
    """What the JSON of this row begins with."""
    return f'{{"row": {number},'.encode()


def to_row(document: bytes) -> CheckedRow:
    """A row out of its JSON."""
    row: CheckedRow = from_json(CheckedRow, json.loads(document.decode("utf-8", "surrogatepass")))
    return row
