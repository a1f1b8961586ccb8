"""An upload looked through once, and what was found kept beside it, so that every page is read from there at once.

``checked.json`` holds the columns, the counts and the causes; ``rows-N.tsv`` one line for each row with an issue: a
tag to filter by, a tab, and the row as JSON; ``candidates-N.json`` the records that an ambiguous name may mean, by
field and text, once however many rows have it. Whoever finds the first finds the others complete.
"""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NotRequired, TypedDict, cast

import pandas as pd

from importer.checking import Causes, Checker, DateReader, match_columns, recognise
from importer.config.settings import Settings
from importer.config.store import Document, locked_document, new_private
from importer.errors import ColumnsError, EncodingError, ImporterError, SheetsError
from importer.issues import Candidate, Issue, Notice, Severity
from importer.model import Clock
from importer.runs.observer import NullObserver
from importer.runs.source import Source, checker_of, columns, look_at_columns, missing, open_source
from importer.spreadsheet import (
    DELIMITED,
    PROBLEM_CODES,
    REPAIRS,
    Sheet,
    as_problems,
    column_letters,
    open_sheet,
    place_of,
)
from importer.web import upload_names
from importer.web.drafts import Draft, Drafts
from schemas import RECORD_TYPES, RecordType

PAGE_ROWS = 50


class _CheckedUpload(TypedDict):
    """What is always kept of a check; the counts and columns besides, as far as it came."""

    version: int
    error: dict[str, str] | None
    names: bool
    looked_up: bool


class _Progress(TypedDict):
    version: int
    rows: int
    asking: NotRequired[bool]


# One of another format is of no use: the upload is looked through anew.
_CHECKED = Document("The check of an upload", _CheckedUpload, format=3, steps={})
_PROGRESS = Document("The progress of a check", _Progress)
_WANTED: Document[dict[str, list[str]]] = Document("The names in an upload", dict)
_CANDIDATES: Document[dict[str, dict[str, Any]]] = Document("The candidates of an upload", dict)

_PLACES = 3
_TRIED_WITH = {
    "not-a-whole-number": ("thousands",),
    "unprintable-character": ("unprintable",),
    "spaces-trimmed": ("trim",),
}
"""Which repairs may help with which issue."""

_OF_NAMES = ("name-not-looked-up", "name-not-found")
"""What can be said of a name only once it was looked up."""

ORDERS = ("dmy", "mdy")
"""The orders of day and month in which a column of doubtful dates can be read."""

ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1252": "Windows-1252 (Western Europe)",
    "utf-16": "UTF-16",
    "mac_roman": "Mac Roman",
    "cp850": "DOS, code page 850",
}
"""The encodings of text files that can be chosen, and what people call them."""

_CHOOSE_ENCODING = "If that looks wrong, choose its encoding below."
"""Instead of advice that names an option of the command line; the page has a choice of its own."""

_ON_A_PAGE = {
    "date-ambiguous": "Choose for the whole column, or write it year first.",
    "name-not-looked-up": "Have it looked up by signing in to Nexudus, or enter the Id.",
    "name-ambiguous": "Choose the right one.",
    "duplicate-row": "Change one of them, or leave this row out.",
    "duplicate-key": "Delete the row that is out of date.",
    "ids-not-listed": "Compare the account that you are signed in as. The rows are sent as they are.",
}
"""What to do where the catalogue's advice is about the command line."""


def kind_of(draft: Draft) -> RecordType:
    """The record type that an upload was recognised as; the first one until it has been looked through."""
    found = checked(draft) or {}
    return RECORD_TYPES.get(str(found.get("kind", "")), next(iter(RECORD_TYPES.values())))


@dataclass
class _Cause:
    """One thing that is wrong in one column, however often."""

    key: str
    code: str
    about: str
    message: str
    fix: str
    severity: str
    column: str = ""
    count: int = 0
    places: list[str] = field(default_factory=list)
    repairs: dict[str, int] = field(default_factory=dict)


def examine(drafts: Drafts, draft: Draft, settings: Settings, clock: Clock) -> None:
    """Look through an upload and keep what was found; an error of the file is a finding too.

    Nothing is kept before the names in it are looked up, if somebody is signed in: half a result would be a wrong one.
    """
    found: dict[str, Any] = {"version": draft.version, "error": None, "sheets": []}
    found |= {"for": "", "names": False, "looked_up": False, "not_asked": None}
    try:
        source = _opened(drafts, draft, settings)
        found |= _columns(draft, source)
        if not found["missing"] and not found["doubled"]:
            found |= _rows_with_names(draft, source, settings, clock)
    except ColumnsError as error:
        found |= _doubled(draft, error)
    except ImporterError as error:
        told = draft.named(error)
        doubtful = isinstance(error, EncodingError)
        found["error"] = {"message": told.message, "advice": "Choose its encoding below." if doubtful else told.advice}
        found["offers_encoding"] = offers_encoding(draft, doubtful)
        found["sheets"] = list(error.sheets) if isinstance(error, SheetsError) else []
    _keep(draft, found)


def _keep(draft: Draft, found: dict[str, Any]) -> None:
    """Keep what was found, unless something newer was found meanwhile."""
    with locked_document(draft.folder / "checked.lock"):
        if ((checked(draft) or {}).get("version", 0)) > found["version"]:
            return
        _CHECKED.write(draft.folder / "checked.json", cast("_CheckedUpload", found))
        now = {_rows_file(draft.folder, found["version"]), _candidates_file(draft.folder, found["version"])}
        for old in {*draft.folder.glob("rows-*.tsv"), *draft.folder.glob("candidates-*.json")} - now:
            old.unlink(missing_ok=True)


def checked(draft: Draft) -> dict[str, Any] | None:
    """What was found when this upload was last looked through; it may be about an earlier version."""
    return cast("dict[str, Any] | None", _CHECKED.read_if_usable(draft.folder / "checked.json"))


# -- columns ----------------------------------------------------------------------------------------------------------


def _opened(drafts: Drafts, draft: Draft, settings: Settings) -> Source:
    """The upload with its columns as far as they are known; what was remembered for its labels is kept in the draft."""
    source = replace(look_at_columns(draft.path, settings, None, draft.read), file=Path(draft.name))
    if source.remembered:
        with drafts.held(draft.id) as now:
            if now == draft:
                drafts.keep(draft, read=source.read)
    return source


def _columns(draft: Draft, source: Source) -> dict[str, Any]:
    sheet = source.sheet
    return {
        "kind": source.kind.name,
        "remembered": source.remembered,
        "sheet": sheet.name,
        "header_row": sheet.header_row,
        "note": " ".join(part for notice in sheet.notices for part in (notice.message, _notice_advice(notice)) if part),
        "offers_encoding": offers_encoding(draft, "encoding-guessed" in {notice.code for notice in sheet.notices}),
        "columns": columns(source),
        "labels": [sheet.labels[position] for position in sheet.columns],
        "letters": [column_letters(position) for position in sheet.columns],
        "missing": missing(source),
        "required": list(source.kind.required(source.endpoint)),
        "doubled": None,
    }


def _doubled(draft: Draft, error: ColumnsError) -> dict[str, Any]:
    """What can be shown of an upload of which two columns hold one field: all its columns, none of them matched."""
    sheet = open_sheet(draft.path, draft.read)
    kind = recognise(sheet, tuple(RECORD_TYPES.values()), draft.read.map)
    mapping = match_columns(replace(sheet, labels=()), kind, ())
    source = Source(draft.path, draft.path, draft.sha256, sheet, mapping, kind, kind.paths[0], draft.read)
    return {**_columns(draft, source), "missing": [], "doubled": {"message": error.message, "advice": error.advice}}


# -- rows -------------------------------------------------------------------------------------------------------------


def source_of(draft: Draft, settings: Settings) -> Source:
    """An upload as it will be imported.

    Raises:
        FileError: It cannot be read, or its columns do not fit.
    """
    return replace(open_source(draft.path, settings, kind_of(draft), draft.read), file=Path(draft.name))


def look_again(
    draft: Draft, known: Mapping[str, Any], source: Source, settings: Settings, now: float
) -> dict[str, Any]:
    """Keep what is found with the names of the service at hand, in place of what was found without."""
    found = {
        **known,
        **_rows(draft, source, now),
        "looked_up": True,
        "for": upload_names.signed_in_as(settings),
        "not_asked": None,
    }
    _keep(draft, found)
    return found


def is_current(draft: Draft, found: Mapping[str, Any] | None, settings: Settings) -> bool:
    """Whether this was found of the upload as it is now, its names looked up by whoever looks at it."""
    if found is None or found["version"] != draft.version:
        return False
    return (
        not found["names"] or not upload_names.can_ask(settings) or found["for"] == upload_names.signed_in_as(settings)
    )


def will_do(found: Mapping[str, Any] | None, settings: Settings) -> bool:
    """Whether this can be shown while a newer check is on its way: not if names look unknown that will be looked up."""
    if found is None or "rows" not in found:
        return False
    return not found["names"] or not upload_names.can_ask(settings) or bool(found["for"])


def wanted_names(draft: Draft) -> dict[str, set[str]]:
    """What the references of an upload are called in it, by field."""
    return {name: set(values) for name, values in (_WANTED.read_if_usable(draft.folder / "wanted.json") or {}).items()}


def _rows_with_names(draft: Draft, source: Source, settings: Settings, clock: Clock) -> dict[str, Any]:
    """What is found with the names known so far; and with all of them, if new ones had to be looked up."""
    source = replace(source, directories=upload_names.directories(draft, settings))
    found = _rows(draft, source, clock())
    if found.get("error"):
        return found
    wanted = wanted_names(draft)
    found |= {"names": upload_names.any_name(wanted), "looked_up": bool(source.directories)}
    if not found["names"] or not upload_names.can_ask(settings):
        return found
    found["for"] = upload_names.signed_in_as(settings)
    if not upload_names.any_name(upload_names.unknown(draft, wanted, settings, clock())):
        return found
    _PROGRESS.write(draft.folder / "progress.json", {"version": draft.version, "rows": found["rows"], "asking": True})
    try:
        upload_names.look_up_new(draft, source, wanted, settings, NullObserver(), clock)
    except ImporterError as error:
        told = draft.named(error)
        return found | {"not_asked": {"message": told.message, "advice": told.advice}}
    source = replace(source, directories=upload_names.directories(draft, settings))
    return found | _rows(draft, source, clock()) | {"looked_up": bool(source.directories)}


def _rows(draft: Draft, source: Source, now: float) -> dict[str, Any]:
    path = _rows_file(draft.folder, draft.version)
    aside = path.with_suffix(f".{secrets.token_hex(4)}")
    causes: dict[str, _Cause] = {}
    candidates: dict[str, dict[str, object]] = {}
    counts = {"rows": 0, "valid": 0, "invalid": 0, "doubtful": 0}
    checker = checker_of(source, now, allow_duplicates=False)
    with new_private(aside) as file:
        for chunk in source.sheet.read():
            result = checker.check(chunk)
            counts["rows"] += result.rows
            counts["invalid"] += result.invalid
            counts["valid"] += result.rows - result.invalid
            counts["doubtful"] += _write_rows(file, chunk, result.issues)
            for issue in result.issues:
                _count(causes, issue)
            _add_candidates(candidates, result.causes)
            _PROGRESS.write(draft.folder / "progress.json", {"version": draft.version, "rows": counts["rows"]})
    _CANDIDATES.write(_candidates_file(draft.folder, draft.version), candidates)
    aside.replace(path)
    if not counts["rows"]:
        return {"error": {"message": f"{draft.name} has a header, but no rows below it.", "advice": "Add the rows."}}
    for issue in source.mapping.issues:
        _count(causes, issue)
    ordered = sorted(causes.values(), key=lambda cause: (cause.severity != Severity.ERROR, -cause.count))
    _WANTED.write(draft.folder / "wanted.json", {name: sorted(values) for name, values in checker.names.items()})
    return {**counts, "causes": [vars(cause) for cause in ordered]}


def _write_rows(file: IO[bytes], chunk: pd.DataFrame, issues: Sequence[Issue]) -> int:
    """Write the rows of a chunk that have an issue, and say how many of them have warnings only."""
    by_row: dict[int, list[Issue]] = {}
    for issue in issues:
        if issue.row is not None:
            by_row.setdefault(issue.row, []).append(issue)
    if not by_row:
        return 0
    texts = chunk.loc[sorted(by_row)]
    letters = [column_letters(int(position)) for position in chunk.columns]
    doubtful = 0
    for row, cells in zip(texts.index.tolist(), texts.itertuples(index=False, name=None), strict=True):
        told = by_row[row]
        wrong = any(issue.severity is Severity.ERROR for issue in told)
        doubtful += not wrong
        line = row_document(row, dict(zip(letters, cells, strict=True)), told)
        tag = " ".join(["error" if wrong else "warning", *(cause_key(issue) for issue in told)])
        file.write(f"{tag} \t{json.dumps(line, ensure_ascii=False)}\n".encode("utf-8", "surrogatepass"))
    return doubtful


def _add_candidates(candidates: dict[str, dict[str, object]], causes: Causes) -> None:
    """Add the records that the ambiguous names of a chunk may mean."""
    for cause in (cause for chunk in causes.chunks for cause in chunk if cause.candidates):
        told = {text: list(map(_candidate_document, found)) for text, found in cause.candidates.items()}
        candidates.setdefault(cause.field or "", {}).update(told)


def _candidate_document(candidate: Candidate) -> dict[str, object]:
    return {"id": candidate.id, "names": list(candidate.names), "place": candidate.place}


def row_document(row: int, cells: Mapping[str, str], issues: Sequence[Issue]) -> dict[str, Any]:
    """A row for the page: its cells by column letters, and what is said about each."""
    return {
        "row": row,
        "cells": cells,
        "issues": [
            {
                "cell": issue.cell,
                "column": (issue.cell or "").rstrip("0123456789"),
                "code": issue.code,
                "field": issue.field or issue.label or "",
                "severity": issue.severity.value,
                "message": issue.message,
                "fix": page_fix(issue),
                "candidates": [],
            }
            for issue in issues
        ],
        "asking": False,
    }


def _notice_advice(notice: Notice) -> str:
    return _CHOOSE_ENCODING if notice.code == "encoding-guessed" else notice.advice


def offers_encoding(draft: Draft, doubtful: bool) -> bool:
    """Whether the page lets the encoding be chosen: it is doubtful, or was chosen before."""
    return draft.suffix in DELIMITED and (doubtful or bool(draft.read.encoding))


def page_fix(issue: Issue) -> str:
    """What to do about an issue, for somebody who has no command line in front of them."""
    return _ON_A_PAGE.get(issue.code, issue.fix)


def cause_key(issue: Issue) -> str:
    """The name of a cause: what is wrong, in which column."""
    return f"{issue.code}:{(issue.cell or '').rstrip('0123456789') or issue.field or ''}"


def _count(causes: dict[str, _Cause], issue: Issue) -> None:
    key = cause_key(issue)
    if key not in causes:
        about, column = issue.field or issue.label or "", (issue.cell or "").rstrip("0123456789")
        causes[key] = _Cause(key, issue.code, about, issue.message, page_fix(issue), issue.severity.value, column)
    cause = causes[key]
    cause.count += 1
    if len(cause.places) < _PLACES and (issue.cell or issue.row):
        cause.places.append(issue.cell or f"row {issue.row}")
    if issue.code == "date-ambiguous":
        cause.repairs = dict.fromkeys(ORDERS, cause.count)
    for name in _TRIED_WITH.get(issue.code, ()):
        cause.repairs[name] = cause.repairs.get(name, 0) + (REPAIRS[name](issue.value) != issue.value)


def rows(draft: Draft, version: int, wanted: str, page: int) -> tuple[list[dict[str, Any]], int]:
    """A page of the rows with an issue and how many there are; ``wanted`` is part of their tag, such as "error"."""
    number = 0
    first, found = (page - 1) * PAGE_ROWS, []
    mark = f"{wanted} ".encode()
    for line in _lines(_rows_file(draft.folder, version)):
        tag, _, document = line.partition(b"\t")
        if wanted and not (tag.startswith(mark) or b" " + mark in tag):
            continue
        if first <= number < first + PAGE_ROWS:
            found.append(json.loads(document.decode("utf-8", "surrogatepass")))
        number += 1
    return _with_candidates(draft, version, found), number


def row(draft: Draft, version: int, number: int) -> dict[str, Any] | None:
    """One row with an issue, as it was when it was last looked through."""
    for line in _lines(_rows_file(draft.folder, version)):
        _, _, document = line.partition(b"\t")
        if document.startswith(f'{{"row": {number},'.encode()):
            [found] = _with_candidates(draft, version, [json.loads(document.decode("utf-8", "surrogatepass"))])
            return found
    return None


def _with_candidates(draft: Draft, version: int, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, at each ambiguous name all the records that it may mean."""
    doubtful = [(one, issue) for one in documents for issue in one["issues"] if issue["code"] == "name-ambiguous"]
    candidates = _CANDIDATES.read_if_usable(_candidates_file(draft.folder, version)) if doubtful else None
    for one, issue in doubtful:
        text = one["cells"].get(issue["column"], "")
        issue["candidates"] = (candidates or {}).get(issue["field"], {}).get(text, [])
    return documents


def corrected_row(draft: Draft, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of an earlier check with the texts that were typed since; what is said of other texts is left out."""
    cells = {letters: draft.read.cells.get(f"{letters}{row['row']}", text) for letters, text in row["cells"].items()}
    issues = [issue for issue in row["issues"] if cells.get(issue["column"]) == row["cells"].get(issue["column"])]
    return {**row, "cells": cells, "issues": issues}


def check_row(
    draft: Draft, known: Mapping[str, Any], row: Mapping[str, Any], settings: Settings, now: float
) -> dict[str, Any]:
    """The row with what is wrong with it now, on its own, and whether a name in it is yet to be looked up.

    What reading the file has found of its cells still holds. Equal rows elsewhere are found by the whole check.
    """
    number, cells = row["row"], row["cells"]
    kind, labels = kind_of(draft), tuple(known["labels"])
    positions = [place_of(letters)[1] for letters in known["letters"]]
    everywhere = [""] * (max(positions, default=-1) + 1)
    for position, label in zip(positions, labels, strict=True):
        everywhere[position] = label
    texts = {place_of(letters)[1]: [text] for letters, text in cells.items()}
    chunk = pd.DataFrame(texts, index=[number], dtype=object)
    wrong = [issue for issue in row["issues"] if issue["code"] in PROBLEM_CODES]
    places = [place_of(issue["column"])[1] for issue in wrong]
    problems = as_problems([issue["code"] for issue in wrong], [number] * len(wrong), places)
    sheet = Sheet(None, known["header_row"], tuple(everywhere), lambda: iter([chunk]), problems=problems)
    mapping = match_columns(sheet, kind, (), draft.read.map)
    dates = DateReader(draft.read.dates, draft.read.zone)
    checker = Checker(
        kind,
        mapping,
        sheet,
        required=tuple(known["required"]),
        now=datetime.fromtimestamp(now, UTC),
        dates=dates,
        directories=upload_names.directories(draft, settings),
    )
    result = checker.check(chunk)
    asking = upload_names.can_ask(settings) and upload_names.still_open(draft, checker.names, settings, now)
    issues = [issue for issue in result.issues if not asking or issue.code not in _OF_NAMES]
    document = row_document(number, cells, issues)
    for told, issue in zip(document["issues"], issues, strict=True):
        told["candidates"] = list(map(_candidate_document, issue.candidates))
    return {**document, "asking": asking}


def _lines(path: Path) -> Iterator[bytes]:
    if path.exists():
        with path.open("rb") as file:
            yield from file


def _rows_file(folder: Path, version: int) -> Path:
    return folder / f"rows-{version}.tsv"


def _candidates_file(folder: Path, version: int) -> Path:
    return folder / f"candidates-{version}.json"


def progress(draft: Draft) -> tuple[int, bool]:
    """How many rows the check under way has seen, and whether it asks the service for the names in them."""
    seen = _PROGRESS.read_if_usable(draft.folder / "progress.json")
    if seen is None or seen["version"] != draft.version:
        return 0, False
    return seen["rows"], seen.get("asking", False)
