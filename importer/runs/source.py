"""A spreadsheet on its way in: opened, its columns matched, stored as a private copy, examined row by row.

Calls neither the service nor the journal: directories, and the records that rows name by Id, are handed in.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from importer import checking
from importer.config.saved_columns import recall, recall_dates
from importer.config.settings import Settings
from importer.errors import FileError, UsageError
from importer.issues import Issue, Notice
from importer.model import Record
from importer.runs.copies import intact, sha256_of, stage_copy
from importer.spreadsheet import RECORD_ID, ReadOptions, Sheet, column_letters, open_sheet
from schemas import RECORD_TYPES, RecordType

if TYPE_CHECKING:
    # A check of a file needs no network, which takes a third of a second to load.
    from importer.delivery.listing import Listing

_SAMPLES = 3
_ORDER_WORDS = {None: "", "dmy": "day before month, ", "mdy": "month before day, ", "ymd": "year first, "}
_SAMPLED_ROWS = 200


@dataclass(frozen=True)
class Source:
    """A file with its columns matched; ``copy`` is where the bytes that were checked stay, ``sha256`` their hash.

    ``named`` are the records that its rows name, once they have been read; ``named_list`` holds those that exist.
    """

    file: Path
    copy: Path
    sha256: str
    sheet: Sheet
    mapping: checking.ColumnMapping
    kind: RecordType
    endpoint: str
    read: ReadOptions
    directories: Mapping[str, checking.Directory] = field(default_factory=dict)
    remembered: bool = False
    named: checking.NamedRecords | None = None
    named_list: "Listing | None" = None

    @property
    def options(self) -> dict[str, Any]:
        """How the file is read, as the journal stores it."""
        return asdict(self.read)


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """A column of the file, or a field that has none: how they were matched, and the first few texts in it.

    ``column`` are the letters over it. ``how`` is that of the mapping, "guess" for a label like the field's name, "-"
    for a field without a column and "unused" for a column without a field.
    """

    field: str | None
    column: str | None
    label: str | None
    how: str
    samples: tuple[str, ...]


class ChunkSink(Protocol):
    """Takes the chunks of a file as they are checked, for a front end that shows the rows themselves."""

    def restart(self) -> None:
        """Begin, or begin once more: what was added before does not count."""

    def add(self, chunk: pd.DataFrame, checked: checking.Checked) -> None:
        """One chunk and what the check says of it, in the order of the file."""


@dataclass
class CheckResult:
    """The result of checking a file by itself: counts that add up to ``rows``, and every issue.

    ``collisions`` are rows whose key a row of a later chunk has too, each with that one; None if they were not looked
    for. ``record_ids`` are the Ids that rows name, each with the first two rows, ``names_beside`` the names that stand
    beside the Ids of a field.
    """

    rows: int = 0
    valid: int = 0
    invalid: int = 0
    causes: checking.Causes = field(default_factory=checking.Causes)
    names: dict[str, set[str]] = field(default_factory=dict)
    collisions: Mapping[int, int] | None = None
    record_ids: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    names_beside: Mapping[str, set[str]] = field(default_factory=dict)

    @property
    def issues(self) -> list[Issue]:
        """Every issue, those of whole columns first, then by row; a million of them are better read from the causes."""
        return list(self.causes)

    @property
    def zoneless(self) -> bool:
        """Whether the file holds times without a zone; the zone that it is read in matters for no others."""
        return any(issue.code == "zone-assumed" for issue in self.causes.of_columns)


def open_source(file: Path, settings: Settings, kind: RecordType | None, read: ReadOptions) -> Source:
    """The file, readable and with its columns matched; its record type recognised by its headers if None is given.

    Raises:
        FileError: It cannot be read, or its columns do not fit.
    """
    source = look_at_columns(file, settings, kind, read)
    required = source.kind.required(source.endpoint)
    return replace(source, mapping=checking.match_columns(source.sheet, source.kind, required, source.read.map))


def look_at_columns(file: Path, settings: Settings, kind: RecordType | None, read: ReadOptions) -> Source:
    """The file with as many columns matched as can be; required ones may be missing.

    Raises:
        FileError: It cannot be read, or two columns hold one field.
    """
    sheet = open_sheet(file, read)
    checking.refuse_absent(sheet, read.map)
    # Only without a mapping of the user's own: what was saved is for the next file, not against what is typed now.
    remembered = {} if read.map else recall(own_labels(sheet), settings.home)
    read = replace(read, map=remembered) if remembered else read
    if sheet.is_report and read.dates is None and read.zone == ReadOptions().zone:
        sheet, read = _as_before(sheet, read, settings)
    kind = kind or checking.recognise(sheet, tuple(RECORD_TYPES.values()), read.map)
    mapping = checking.match_columns(sheet, kind, (), read.map)
    endpoint, sheet = kind.path(settings.endpoint_path), checking.as_shown(sheet, mapping, kind)
    return Source(file, file, sha256_of(file), sheet, mapping, kind, endpoint, read, remembered=bool(remembered))


def _as_before(sheet: Sheet, read: ReadOptions, settings: Settings) -> tuple[Sheet, ReadOptions]:
    """Read failed rows that come back in the way of their original file; otherwise their times would differ."""
    order, zone = recall_dates(own_labels(sheet), settings.home)
    if (order, zone) == (read.dates, read.zone):
        return sheet, read
    notice = Notice("dates-as-before", {"order": _ORDER_WORDS[order], "zone": zone})
    return replace(sheet, notices=(*sheet.notices, notice)), replace(read, dates=order, zone=zone)


def own_labels(sheet: Sheet) -> list[str]:
    """The headers of the user's own columns; those that a report added do not make it another kind of file."""
    return [sheet.labels[position] for position in sheet.columns]


def missing(source: Source) -> list[str]:
    """The required fields that have no column."""
    return [name for name in source.kind.required(source.endpoint) if source.mapping.column(name) is None]


def complaint(source: Source) -> FileError | None:
    """What a check would say of the columns, if any required one is missing; otherwise None."""
    try:
        checking.match_columns(source.sheet, source.kind, source.kind.required(source.endpoint), source.read.map)
    except FileError as error:
        return error
    return None


def snapshot(source: Source, folder: Path) -> Source:
    """The source read from a copy of its own: what was checked is what is sent, whatever happens to the original.

    Raises:
        FileError: The file was changed after it was opened.
    """
    copy = stage_copy(source.file, folder)
    # Of the copy, not of the original once more: those are the bytes that are read from here on.
    if sha256_of(copy) != source.sha256:
        copy.unlink()
        raise FileError(
            f"{source.file.name} was changed while it was being read.", "Close it in other programs and try again."
        )
    sheet = checking.as_shown(open_sheet(copy, source.read), source.mapping, source.kind)
    return replace(source, copy=copy, sheet=sheet)


def reopen(copy: Path, sha256: str, kind: RecordType, endpoint: str, read: ReadOptions, name: str) -> Source:
    """A private copy as it was when it was made; ``name`` is what the user calls the file.

    Raises:
        UsageError: The copy is gone or was changed.
    """
    if not intact(copy, sha256):
        raise UsageError(
            f"The private copy of {name} is missing or has changed.",
            f"If you still have the file as you imported it, copy it to {copy}, then try again. "
            f"Or import {name} again.",
        )
    sheet = open_sheet(copy, read)
    mapping = checking.match_columns(sheet, kind, kind.required(endpoint), read.map)
    return Source(Path(name), copy, sha256, checking.as_shown(sheet, mapping, kind), mapping, kind, endpoint, read)


def examine(source: Source, now: float, *, allow_duplicates: bool, sink: ChunkSink | None = None) -> CheckResult:
    """Every issue of the file, and what its references are called.

    Raises:
        FileError: It has no rows, or breaks off.
    """
    first = _examine(source, now, {}, sink, allow_duplicates=allow_duplicates)
    if not first.collisions:
        return first
    # A row that collides with a later chunk had passed already; it rarely happens, so all are looked at once more.
    return _examine(source, now, first.collisions, sink, allow_duplicates=allow_duplicates)


def _examine(
    source: Source, now: float, collisions: Mapping[int, int], sink: ChunkSink | None, *, allow_duplicates: bool
) -> CheckResult:
    result = CheckResult(causes=checking.Causes(list(source.mapping.issues)))
    checker = checker_of(source, now, allow_duplicates=allow_duplicates, collisions=collisions)
    if sink:
        sink.restart()
    for chunk in source.sheet.read():
        checked = checker.check(chunk)
        result.rows += checked.rows
        result.invalid += checked.invalid
        result.valid += checked.rows - checked.invalid
        result.causes.add(checked.causes)
        if sink:
            sink.add(chunk, checked)
    if not result.rows:
        raise FileError(f"{source.file.name} has a header, but no rows below it.", "Add rows and try again.")
    result.names, result.collisions = checker.names, checker.found_collisions
    result.record_ids, result.names_beside = checker.record_ids.rows, checker.record_ids.names
    return result


def checked_chunks(
    source: Source, now: float, collisions: Mapping[int, int] | None, *, allow_duplicates: bool, salt: str = ""
) -> Iterator[checking.Checked]:
    """The file checked, chunk by chunk; ``now`` in epoch seconds decides what has passed.

    ``collisions`` are those that examining it has found; with None it is gone through once more for them.
    """
    if collisions is None:
        collisions = examine(source, now, allow_duplicates=allow_duplicates).collisions or {}
    checker = checker_of(source, now, allow_duplicates=allow_duplicates, salt=salt, collisions=collisions)
    yield from map(checker.check, source.sheet.read())


def fields_to_clear(source: Source) -> tuple[str, ...]:
    """The fields that an empty cell may clear: they have a column, and are neither required nor part of the key."""
    kind = source.kind
    fixed = {*kind.key, *kind.required(source.endpoint)}
    return tuple(column.field for column in source.mapping.columns if column.field not in fixed)


def with_empty(record: Record, names: Sequence[str]) -> Record:
    """The record with these fields said to be empty where it does not give them, so that an update clears them."""
    values = json.loads(record.body)
    missing = {name: None for name in names if name not in values}
    return record._replace(body=json.dumps(values | missing, ensure_ascii=False)) if missing else record


def checker_of(
    source: Source, now: float, *, allow_duplicates: bool, salt: str = "", collisions: Mapping[int, int] | None = None
) -> checking.Checker:
    """The checker for the chunks of a file, which must be given to it in their order."""
    return checking.Checker(
        source.kind,
        source.mapping,
        source.sheet,
        required=source.kind.required(source.endpoint),
        now=datetime.fromtimestamp(now, UTC),
        allow_duplicates=allow_duplicates,
        salt=salt,
        directories=source.directories,
        dates=checking.DateReader(source.read.dates, source.read.zone),
        collisions=collisions or {},
        named=source.named,
    )


def columns(source: Source) -> list[ColumnMatch]:
    """Which column holds which field, with a few samples; then the columns that hold none."""
    first = next(source.sheet.read(), None)
    sheet, used = source.sheet, {column.position for column in source.mapping.columns}

    def match(name: str | None, position: int | None, how: str) -> ColumnMatch:
        if position is None:
            return ColumnMatch(name, None, None, how, ())
        cells = [] if first is None else first[position].head(_SAMPLED_ROWS).tolist()
        samples = tuple([cell for cell in cells if cell][:_SAMPLES])
        return ColumnMatch(name, column_letters(position), sheet.labels[position], how, samples)

    if source.mapping.record_id is not None:
        used |= {source.mapping.record_id, *source.mapping.names.values()}
    near = checking.near_labels(sheet, source.kind, source.mapping)
    matches = []
    for name in source.kind.fields:
        column = source.mapping.column(name)
        guess = near.get(name)
        how = column.how.value if column else "guess" if guess is not None else "-"
        matches.append(match(name, column.position if column else guess, how))
    if source.mapping.record_id is not None:
        matches.append(match(RECORD_ID, source.mapping.record_id, checking.How.EXACT.value))
    rest = [position for position in sheet.columns if position not in used | set(near.values())]
    return matches + [match(None, position, "unused") for position in rest]
