"""A spreadsheet on its way in: opened, its columns matched, stored as a private copy, examined row by row.

Calls neither the service nor the journal, but for what is remembered of files with the same header: directories, and
the records that rows name by Id, are handed in.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from importer import checking
from importer.config.saved_columns import SavedColumns, remember_encoding, saved_columns
from importer.config.settings import Settings
from importer.config.spelling import nearest
from importer.errors import EncodingError, FileError, JournalError, UsageError
from importer.issues import Issue, Notice
from importer.journal.shelves import shelf_of
from importer.model import Record, RowElsewhere, Status
from importer.runs.copies import intact, sha256_of, stage_copy
from importer.runs.request import ImportRequest
from importer.spreadsheet import (
    RECORD_ID,
    STAMPS,
    GatedRead,
    Judge,
    ReadOptions,
    Sheet,
    column_letters,
    encoding_error,
    may_be_in_several,
    open_sheet,
    rows_of_status,
)
from schemas import RECORD_TYPES, RecordType

if TYPE_CHECKING:
    # A check of a file needs no network, which takes a third of a second to load.
    from importer.delivery.listing import Listing

_SAMPLES = 3
_ZONE_OF_OLD = "UTC"
"""Where an old journal does not say in which zone a file was read."""
_ORDER_WORDS = {None: "", "dmy": "day before month, ", "mdy": "month before day, ", "ymd": "year first, "}
_SAMPLED_ROWS = 200


@dataclass(frozen=True)
class Source:
    """A file with its columns matched; ``copy`` is where the bytes that were checked stay, ``sha256`` their hash.

    ``named`` are the records that its rows name, once they have been read; ``named_list`` holds those that exist.
    ``agreed_names`` are the Ids that a person has seen for its names in a plan; None if nobody has seen one.
    ``elsewhere`` are its rows that a row of another file of the batch repeats. ``match_key`` are the fields by which
    its rows find their records, if not by the key of their type.
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
    agreed_names: checking.AgreedNames | None = None
    elsewhere: Mapping[int, RowElsewhere] = field(default_factory=dict)
    match_key: tuple[str, ...] = ()

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
    for. ``whole_columns`` are the issues that stand in the place of those of their cells. ``record_ids`` are the Ids
    that rows name, each with the first two rows, ``names_beside`` the names that stand beside the Ids of a field.
    """

    rows: int = 0
    valid: int = 0
    invalid: int = 0
    causes: checking.Causes = field(default_factory=checking.Causes)
    names: dict[str, set[str]] = field(default_factory=dict)
    collisions: Mapping[int, int] | None = None
    whole_columns: Sequence[Issue] = ()
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


def open_source(
    file: Path,
    settings: Settings,
    kind: RecordType | None,
    read: ReadOptions,
    *,
    as_given_back: bool = True,
    recalls: bool = True,
) -> Source:
    """The file, readable and with its columns matched; its record type recognised by its headers if None is given.

    Rows that were left out when the importer gave it back stay so, unless ``as_given_back`` is off: nobody has to
    remember them. ``recalls`` as in ``look_at_columns``.

    Raises:
        FileError: It cannot be read, or its columns do not fit.
    """
    source = look_at_columns(file, settings, kind, read, recalls=recalls)
    if as_given_back and (out := rows_of_status(source.sheet, Status.LEFT_OUT)):
        read = replace(read, left_out=tuple(sorted({*read.left_out, *out})))
        source = look_at_columns(file, settings, kind, read, recalls=recalls)
    required = source.kind.required(source.endpoint)
    return replace(source, mapping=checking.match_columns(source.sheet, source.kind, required, source.read.map))


def open_requested(request: ImportRequest) -> Source:
    """The file of a request, called as it is to be called, with its match key and what other files repeat of it.

    Raises:
        FileError: It cannot be read, or was changed since it was compared with other files.
        UsageError: Its rows cannot be matched by the fields that the user chose.
    """
    source = open_source(request.file, request.settings, request.kind, request.read)
    if request.sha256 not in (None, source.sha256):
        raise FileError(
            f"{request.shown_name} was changed after it was compared with the other files.",
            "Import it again, together with the files that may hold the same rows.",
        )
    source = replace(source, file=Path(request.name) if request.name else source.file, elsewhere=request.elsewhere)
    return with_match_key(source, request.choices.key)


def look_at_columns(
    file: Path, settings: Settings, kind: RecordType | None, read: ReadOptions, *, recalls: bool = True
) -> Source:
    """The file with as many columns matched as can be; required ones may be missing.

    An encoding that was chosen for it is remembered for the next file with this header. With ``recalls``, columns are
    those that were chosen for its header before, and the dates of failed rows that come back are read as in their
    import; without, ``read`` says how it is read, whatever is remembered by then.

    Raises:
        FileError: It cannot be read, or two columns hold one field.
    """
    # Once, so that all that is recalled for the file is of one moment.
    saved = saved_columns(shelf_of(settings.journal_place))
    sheet, read = _sheet_as_saved(file, read, saved, recalls=recalls)
    _remember_choice(file, sheet, read, settings)
    checking.refuse_absent(sheet, read.map)
    # Only without a mapping of the user's own: what was saved is for the next file, not against what is typed now.
    # Columns without a header are called alike in every such file.
    recalls = recalls and sheet.has_names
    remembered = {} if read.map or not recalls else saved.columns(own_labels(sheet))
    read = replace(read, map=remembered) if remembered else read
    if recalls and sheet.is_report and read.dates is None and read.zone is None:
        sheet, read = _as_before(sheet, read, saved, settings)
    # What is read later, by whatever machine and settings, is read as it is now.
    read = replace(read, zone=read.zone or settings.zone)
    if recalls and saved.is_away:
        sheet = replace(sheet, notices=(*sheet.notices, Notice("memory-away", {})))
    kind = kind or checking.recognise(sheet, tuple(RECORD_TYPES.values()), read.map)
    mapping = checking.match_columns(sheet, kind, (), read.map)
    endpoint, sheet = kind.path(settings.endpoint_path), checking.as_shown(sheet, mapping, kind)
    return Source(file, file, sha256_of(file), sheet, mapping, kind, endpoint, read, remembered=bool(remembered))


def read_sheet(file: Path, settings: Settings, read: ReadOptions, *, recalls: bool = True) -> tuple[Sheet, ReadOptions]:
    """The sheet of a file, and how it was read: the same whoever opens it again, and whatever is remembered by then.

    The header is the row whose labels name the most columns, with ``recalls`` also as they were chosen before. The
    encoding of a file that may be in several is the one that was chosen for this header before, unless one is chosen
    now.
    """
    return _sheet_as_saved(file, read, saved_columns(shelf_of(settings.journal_place)), recalls=recalls)


def _sheet_as_saved(file: Path, read: ReadOptions, saved: SavedColumns, *, recalls: bool) -> tuple[Sheet, ReadOptions]:
    judge = partial(_named_columns, chosen=read.map, saved=saved if recalls else SavedColumns())
    try:
        sheet = open_sheet(file, read, judge)
    except EncodingError as error:
        sheet, read = _in_remembered_encoding(file, saved, read, judge, error)
    return sheet, replace(read, header_row=sheet.header_row) if sheet.by_labels else read


def _remember_choice(file: Path, sheet: Sheet, read: ReadOptions, settings: Settings) -> None:
    if read.encoding and not read.remembered and sheet.name is None and may_be_in_several(file):
        # The file is read all the same; the next one is asked about again.
        with suppress(JournalError):
            remember_encoding(own_labels(sheet), read.encoding, shelf_of(settings.journal_place))


def _named_columns(labels: Sequence[str], chosen: Mapping[str, str], saved: SavedColumns) -> int:
    """How many columns a row names as a header, with what was chosen for its labels now or before."""
    of_user = own_labels(Sheet(None, 1, tuple(labels), lambda: iter(())))
    return checking.named_columns(of_user, tuple(RECORD_TYPES.values()), chosen or saved.columns(of_user))


def _in_remembered_encoding(
    file: Path, saved: SavedColumns, read: ReadOptions, judge: Judge, error: EncodingError
) -> tuple[Sheet, ReadOptions]:
    for encoding in error.samples:
        labels = own_labels(open_sheet(file, replace(read, encoding=encoding, remembered=True), judge))
        if remembered := saved.encoding(labels):
            # Every file that begins as the template does has the same header, whatever program wrote it: only where no
            # other reading is about as likely, the choice for one of them is right for the next.
            error = encoding_error(file, remembered)
            if error.clear != remembered:
                raise error
            tried = replace(read, encoding=remembered, remembered=True)
            return open_sheet(file, tried, judge), tried
    raise error


def _as_before(sheet: Sheet, read: ReadOptions, saved: SavedColumns, settings: Settings) -> tuple[Sheet, ReadOptions]:
    """Read failed rows that come back in the way of their original file; otherwise their times would differ."""
    order, zone = saved.dates(own_labels(sheet))
    if order is None and zone in (None, settings.zone):
        return sheet, read
    zone = zone or settings.zone
    notice = Notice("dates-as-before", {"order": _ORDER_WORDS[order], "zone": zone})
    return replace(sheet, notices=(*sheet.notices, notice)), replace(read, dates=order, zone=zone)


def own_labels(sheet: Sheet) -> list[str]:
    """The headers of the user's own columns; those that a report added do not make it another kind of file."""
    return [sheet.labels[position] for position in sheet.columns]


def with_match_key(source: Source, names: tuple[str, ...]) -> Source:
    """The source whose rows find their records by these fields; by the key of their type if there are none.

    Raises:
        UsageError: There is no such field, or the file has no column for it.
    """
    kind = source.kind
    for name in names:
        if name not in kind.fields:
            near = nearest(name, kind.fields)
            advice = f'Did you mean "{near}"?' if near else f"The fields are {', '.join(kind.fields)}."
            raise UsageError(f'--key: a {kind.title} has no field "{name}".', advice)
        if source.mapping.column(name) is None:
            raise UsageError(
                f"--key: {source.file.name} has no column for {name}, so its rows cannot find their records by it.",
                "Add the column, or leave the field out.",
            )
    return replace(source, match_key=names)


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
    copy = stage_copy(source.copy, folder)
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
    first = _examine(source, now, CheckResult(collisions={}), sink, allow_duplicates=allow_duplicates)
    # A row that collides with a later chunk had passed already, and a warning that turned out to be one of the whole
    # column was shown at its row. Both are rare, so all rows are looked at once more.
    if first.collisions or (sink and first.whole_columns):
        return _examine(source, now, first, sink, allow_duplicates=allow_duplicates)
    first.causes.replace_cells(first.whole_columns, checking.cell_issues(first.whole_columns))
    return first


def _examine(
    source: Source,
    now: float,
    earlier: CheckResult,
    sink: ChunkSink | None,
    *,
    allow_duplicates: bool,
    has_gate: bool = True,
) -> CheckResult:
    result = CheckResult(causes=checking.Causes(list(source.mapping.issues)))
    checker = checker_of(
        source,
        now,
        allow_duplicates=allow_duplicates,
        collisions=earlier.collisions,
        whole_columns=earlier.whole_columns,
    )
    if sink:
        sink.restart()
    # Who shows the rows themselves needs all of them.
    for chunk, plain in _gated(source, checker) if has_gate and not sink else _all_rows(source):
        checked = checker.check(chunk, plain)
        if len(plain) and checker.met_other_header:
            return _examine(source, now, earlier, sink, allow_duplicates=allow_duplicates, has_gate=False)
        result.rows += checked.rows
        result.invalid += checked.invalid
        result.valid += checked.rows - checked.invalid
        result.causes.add(checked.causes)
        if sink:
            sink.add(chunk, checked)
    if not result.rows:
        raise _without_rows(source)
    result.names, result.collisions = checker.names, checker.found_collisions
    result.whole_columns = checker.whole_columns()
    result.record_ids, result.names_beside = checker.record_ids.rows, checker.record_ids.names
    return result


def _all_rows(source: Source) -> Iterator[tuple[pd.DataFrame, checking.PlainRows]]:
    return ((chunk, checking.NONE_PLAIN) for chunk in source.sheet.read())


def _gated(source: Source, checker: checking.Checker) -> Iterator[tuple[pd.DataFrame, checking.PlainRows]]:
    """The chunks of a file, each with the plain rows among its own, which it then does not hold."""
    gate = checker.gate()
    if gate is None or not isinstance(source.sheet.read, GatedRead):
        yield from _all_rows(source)
        return
    for chunk in source.sheet.read(gate):
        yield chunk, gate.taken()
    if len(plain := gate.taken()):
        none = pd.DataFrame(columns=range(len(source.sheet.labels)), index=pd.Index([], dtype="int64"), dtype=object)
        yield none, plain


def _without_rows(source: Source) -> FileError:
    """What is said of a header without rows. An error: a sheet that was to be imported and is empty is a mistake."""
    if source.read.left_out:
        return FileError(
            f"{source.file.name} has no row but those that are left out, so there is nothing to import.",
            "Empty the cell that says “left out” beside at least one row.",
            on_page="Take back at least one row.",
        )
    if {RECORD_ID, *STAMPS} <= set(source.sheet.labels):
        return FileError(
            f"{source.file.name} is an export without any record, so there is nothing to import.",
            "If you expected records, export them again: its filters left out all of them, or there were none.",
        )
    return FileError(
        f"{source.file.name} has a header, but no rows below it, so there is nothing to import.",
        "If you expected rows, make sure that this is the right file and sheet, and that it was saved.",
    )


def checked_chunks(
    source: Source,
    now: float,
    collisions: Mapping[int, int] | None,
    *,
    allow_duplicates: bool,
    salt: str = "",
    whole_columns: Sequence[Issue] = (),
) -> Iterator[checking.Checked]:
    """The file checked, chunk by chunk; ``now`` in epoch seconds decides what has passed.

    ``collisions`` and ``whole_columns`` are those that examining it has found; without collisions it is gone through
    once more for both.
    """
    if collisions is None:
        result = examine(source, now, allow_duplicates=allow_duplicates)
        collisions, whole_columns = result.collisions or {}, result.whole_columns
    checker = checker_of(
        source,
        now,
        allow_duplicates=allow_duplicates,
        salt=salt,
        collisions=collisions,
        whole_columns=whole_columns,
    )
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
    source: Source,
    now: float,
    *,
    allow_duplicates: bool,
    salt: str = "",
    collisions: Mapping[int, int] | None = None,
    whole_columns: Sequence[Issue] = (),
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
        dates=checking.DateReader(source.read.dates, source.read.zone or _ZONE_OF_OLD),
        collisions=collisions or {},
        named=source.named,
        elsewhere=source.elsewhere,
        match_key=source.match_key,
        answers={int(row): number for row, number in source.read.answers.items()},
        whole_columns=whole_columns,
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
    required = source.kind.required(source.endpoint)
    near = checking.near_labels(sheet, source.kind, source.mapping, required)
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
