"""An upload is checked once, and the result is stored with it, so that every page can be read from there.

``checked.json`` holds the columns, the counts and the causes; ``rows-N.tsv`` one line for each row with an issue: tags
to filter by, a tab, and the row as JSON; ``candidates-N.json`` the records that an ambiguous name may mean, by field
and text, once however many rows have it. Whoever reads the first finds the others complete.
"""

import re
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pandas as pd

from importer.checking import (
    CauseGroup,
    Causes,
    Checked,
    Checker,
    DateReader,
    cause_key,
    dates_left_open,
    match_columns,
    recognise,
)
from importer.config.saved_columns import DateChoice, saved_columns
from importer.config.settings import Settings
from importer.config.store import RecentDocuments, locked_document, new_private
from importer.errors import ColumnsError, EncodingError, ImporterError, SheetsError
from importer.issues import CATALOGUE, Candidate, Issue, header_in_words
from importer.journal.shelves import shelf_of
from importer.model import Clock, Status
from importer.reporting.page_words import advice_on_page
from importer.runs.observer import NullObserver
from importer.runs.source import Source, columns, examine, look_at_columns, missing, open_source, own_labels, read_sheet
from importer.spreadsheet import (
    DELIMITED,
    NO_HEADER,
    PROBLEM_CODES,
    REPAIRS,
    ReadOptions,
    Sheet,
    as_problems,
    column_letters,
    place_of,
    rows_of_status,
)
from importer.text import printable
from importer.web import name_questions, upload_names
from importer.web.drafts import Draft, Drafts
from importer.web.table.row_file import RowWriter
from importer.web.table.written import Names, forget_other_rows, table_writer
from importer.web.upload_documents import (
    CANDIDATES,
    CHECK,
    PROGRESS,
    Candidates,
    CauseSummary,
    CellIssue,
    CheckedRow,
    CheckedRows,
    CheckProgress,
    Header,
    Problem,
    UploadCheck,
    row_line,
    starts_row,
    to_row,
)
from importer.web.upload_space import NoRoomError, size_of
from importer.web.workbook_dates import with_dates_in_words
from schemas import RECORD_TYPES, RecordType

PAGE_ROWS = 50
_RECENT = RecentDocuments(CHECK, 4)
"""The check of a large file takes a second to parse, and each request looks at it."""

_PLACES = 3
_TRIED_WITH = {
    "not-a-whole-number": ("thousands",),
    "unprintable-character": ("unprintable",),
    "spaces-trimmed": ("trim",),
}
"""Which repairs may help with which issue."""

_OF_OTHER_ROWS = ("duplicate-row", "duplicate-key", "record-repeated")
"""What is wrong with a row only as long as another one is as it is."""

_OF_NAMES = ("name-not-looked-up", "name-not-found", "name-near")
"""What can be said of a name only once it was looked up."""

ORDERS = ("dmy", "mdy")
"""The orders of day and month in which a column of doubtful dates can be read."""

ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1252": "Windows, Western Europe",
    "cp1250": "Windows, Central Europe",
    "cp1251": "Windows, Cyrillic",
    "cp1253": "Windows, Greek",
    "cp1254": "Windows, Turkish",
    "cp1255": "Windows, Hebrew",
    "cp1256": "Windows, Arabic",
    "cp1257": "Windows, Baltic",
    "cp874": "Windows, Thai",
    "cp932": "Windows, Japanese",
    "gb18030": "Chinese, simplified",
    "big5": "Chinese, traditional",
    "cp949": "Windows, Korean",
    "mac_roman": "Mac, Western Europe",
    "mac_latin2": "Mac, Central Europe",
    "mac_cyrillic": "Mac, Cyrillic",
    "mac_greek": "Mac, Greek",
    "mac_turkish": "Mac, Turkish",
    "cp850": "DOS, Western Europe",
    "cp437": "DOS, United States",
    "cp852": "DOS, Central Europe",
    "cp855": "DOS, Cyrillic (855)",
    "cp857": "DOS, Turkish",
    "cp866": "DOS, Cyrillic",
    "iso8859_15": "ISO, Western Europe with €",
    "iso8859_2": "ISO, Central Europe",
    "iso8859_5": "ISO, Cyrillic",
    "iso8859_9": "ISO, Turkish",
    "koi8_r": "KOI8, Russian",
    "koi8_u": "KOI8, Ukrainian",
    "euc_jp": "Japanese (EUC)",
    "utf-16": "UTF-16",
}
"""The encodings of text files that can be chosen, and what people call them."""

_OF_SEVERAL = {
    "cell-error": "{column} shows an error of the spreadsheet program",
    "name-not-looked-up": "{column} holds names, which were not looked up",
    "name-not-found": "{column} holds names that Nexudus does not have",
    "name-near": "{column} holds names that Nexudus spells differently",
    "name-deleted": "{column} names a {detail} that has been deleted",
    "id-not-found": "{column} holds Ids that Nexudus does not have",
    "name-ambiguous": "{column} holds names that several records in Nexudus have",
    "name-beside-id": "{column} names another record than the Id beside it",
    "record-not-found": "{column} is not the Id of a record in Nexudus",
    "record-of-another": "{column} is the Id of a record that does not fit the row",
    "record-repeated": "Several rows have the same {column}",
    "not-a-choice": "{column} is none of the values to choose from",
    "no-value": "{column} has no value, only a placeholder",
    "extra-cell": "Rows have more cells than the header",
    "duplicate-row": "Rows repeat another row",
    "duplicate-key": "Rows are for the same record as another row, but have other values",
    "id-not-listed": "{column} holds Ids that Nexudus does not list for you",
    "double-encoded": "{column} has wrong letters",
    "html-entities": "{column} contains codes of a web page",
    "shown-differently": "{column} has other values than its cells show",
    "shown-uncertain": "It is not certain what the cells of {column} show",
    "date-serial": "{column} holds plain numbers, which were read as spreadsheet dates",
    "header-again": "Rows are the header once more, in other words",
    "second-header": "Rows are further headers, and their columns may not be those of the first",
    "below-second-header": "Rows are below a second header, whose columns may not be those of the first",
}
"""What is said of many cells or rows at once, where the sentence about one speaks of its value or its row.

Of any other issue it is that sentence without the value at its end.
"""

_VALUE_AT_THE_END = re.compile(r': "?\{value\}"?\.$')


def kind_of(draft: Draft) -> RecordType:
    """The record type that an upload was recognised as; the first one until it has been checked."""
    check = latest_check(draft)
    kind = check.header.kind if check and check.header else ""
    return RECORD_TYPES.get(kind, next(iter(RECORD_TYPES.values())))


def check_upload(drafts: Drafts, draft: Draft, settings: Settings, clock: Clock) -> None:
    """Check an upload and keep the result; an error of the file is a result too.

    Nothing is kept before the names in it are looked up, if somebody is signed in: half a result would be a wrong one.
    """
    check = UploadCheck(draft.version)
    try:
        source = _opened(drafts, draft, settings)
        header = _header(source)
        check = replace(check, header=header)
        if header.fits:
            # Once it was checked, each further check takes the place of the one before: an edit that is saved must not
            # lead to a page that shows nothing.
            before = latest_check(draft)
            is_first = before is None or before.rows is None
            has_room = drafts.room_for(draft) if is_first else drafts.room_on_disk()
            check = _check_with_new_names(draft, check, source, settings, clock, has_room)
    except NoRoomError:
        # It says nothing of the file, and is over as soon as there is room.
        raise
    except ColumnsError as error:
        check = replace(check, header=_header_of_doubled(draft, error, settings))
    except ImporterError as error:
        sheets = error.sheets if isinstance(error, SheetsError) else ()
        check = check.with_error(draft.named(error), sheets)
        if isinstance(error, EncodingError):
            check = replace(check, encodings=error.samples)
    _keep(draft, check)


def _keep(draft: Draft, check: UploadCheck) -> None:
    """Keep a result, unless a newer one was kept meanwhile."""
    with locked_document(draft.folder / "checked.lock"):
        before = latest_check(draft)
        if before and before.version > check.version:
            return
        CHECK.write(draft.folder / "checked.json", check)
        current = {_rows_file(draft.folder, check.version), _candidates_file(draft.folder, check.version)}
        for old in {*draft.folder.glob("rows-*.tsv"), *draft.folder.glob("candidates-*.json")} - current:
            old.unlink(missing_ok=True)
        forget_other_rows(draft.folder, check.version)


def latest_check(draft: Draft) -> UploadCheck | None:
    """The result of the last check of this upload; it may be about an earlier version."""
    return _RECENT.read_if_usable(draft.folder / "checked.json")


# -- columns ----------------------------------------------------------------------------------------------------------


def _opened(drafts: Drafts, draft: Draft, settings: Settings) -> Source:
    """The upload with as many columns matched as can be.

    What is remembered for its header is kept in the draft, and so are rows that were left out when it was last given
    back, and the zone in which its times are: nobody has to remember them, and what is set or chosen elsewhere later
    changes nothing of what the pages have shown.
    """
    settings, before = _in_its_zone(draft, settings), latest_check(draft)
    is_new = draft.recalled is None
    source = replace(_looked_at(draft, settings, draft.read), file=Path(draft.name))
    # The zone is nobody's choice yet.
    read = replace(source.read, dates=draft.read.dates, zone=draft.read.zone)
    # Once: a person may have taken some of them back, also where another machine has checked the upload before.
    is_first = not draft.zone_at_first and (before is None or before.header is None)
    if is_first and (out := rows_of_status(source.sheet, Status.LEFT_OUT)):
        read = replace(read, left_out=tuple(sorted({*read.left_out, *out})))
        source = replace(_looked_at(draft, settings, read), file=source.file)
    recalled = _recalled(draft, source, settings) if is_new and not missing(source) else draft.recalled
    if is_new and recalled is not None:
        read = replace(read, dates=read.dates or recalled.dates, zone=read.zone or recalled.zone)
        source = replace(source, read=replace(read, zone=read.zone or settings.zone))
    settled = replace(draft, read=read, zone_at_first=draft.zone_at_first or settings.zone, recalled=recalled)
    if settled != draft:
        with drafts.locked(draft.id) as now:
            if now == draft:
                drafts.keep(settled)
    return with_dates_in_words(source)


def _looked_at(draft: Draft, settings: Settings, read: ReadOptions) -> Source:
    source = look_at_columns(draft.path, settings, None, read, recalls=draft.recalled is None)
    # The page says it with the choices that hold, where it can be taken back.
    notices = tuple(notice for notice in source.sheet.notices if notice.code != "dates-as-before")
    return replace(source, sheet=replace(source.sheet, notices=notices))


def _recalled(draft: Draft, source: Source, settings: Settings) -> DateChoice:
    """What an earlier file says of the dates of an upload, where nobody has said it of the upload itself.

    Failed rows that come back are read as in their import. For others it is what a person chose for their header, as
    far as the file leaves it open: the same header may stand above dates of another program.
    """
    if draft.read.dates or draft.read.zone or source.sheet.header_row == NO_HEADER:
        return DateChoice()
    if source.read.dates or source.read.zone != settings.zone:
        return DateChoice(source.read.dates, source.read.zone if source.read.zone != settings.zone else None)
    saved = saved_columns(shelf_of(settings.journal_place)).date_choice(own_labels(source.sheet))
    if saved == DateChoice():
        return saved
    left = dates_left_open(source.sheet.read(), source.mapping, source.kind)
    return DateChoice(saved.dates if left.takes(saved.dates) else None, saved.zone if left.zone else None)


def _header(source: Source) -> Header:
    sheet = source.sheet
    return Header(
        kind=source.kind.name,
        remembered=source.remembered,
        sheet=sheet.name,
        row=sheet.header_row,
        notices=tuple(sheet.notices),
        columns=tuple(columns(source)),
        labels=tuple(sheet.labels[position] for position in sheet.columns),
        letters=tuple(column_letters(position) for position in sheet.columns),
        missing=tuple(missing(source)),
        required=tuple(source.kind.required(source.endpoint)),
    )


def _header_of_doubled(draft: Draft, error: ColumnsError, settings: Settings) -> Header:
    """The header of an upload of which two columns hold one field: all its columns, none of them matched."""
    sheet, read = read_sheet(draft.path, settings, draft.read, recalls=draft.recalled is None)
    kind = recognise(sheet, tuple(RECORD_TYPES.values()), read.map)
    mapping = match_columns(replace(sheet, labels=()), kind, ())
    source = Source(draft.path, draft.path, draft.sha256, sheet, mapping, kind, kind.paths[0], read)
    return replace(_header(source), missing=(), doubled=Problem.of(error))


# -- rows -------------------------------------------------------------------------------------------------------------


def source_of(draft: Draft, settings: Settings) -> Source:
    """An upload as it will be imported.

    Raises:
        FileError: It cannot be read, or its columns do not fit.
    """
    settings = _in_its_zone(draft, settings)
    kind, recalls = kind_of(draft), draft.recalled is None
    source = open_source(draft.path, settings, kind, draft.read, as_given_back=False, recalls=recalls)
    return with_dates_in_words(replace(source, file=Path(draft.name)))


def zone_of(draft: Draft, settings: Settings) -> str:
    """The time zone of times that do not say theirs: the one that was chosen, or set, else that of the browser.

    Until somebody chooses another, it stays that of the first check: an import goes by what the pages have shown.
    """
    return draft.read.zone or draft.zone_at_first or settings.time_zone or draft.zone or settings.zone


def _in_its_zone(draft: Draft, settings: Settings) -> Settings:
    return settings.model_copy(update={"time_zone": zone_of(replace(draft, read=ReadOptions()), settings)})


def as_checked(draft: Draft, settings: Settings) -> ReadOptions:
    """How an upload is read, with all that its check took from elsewhere: its run must read it no other way.

    Raises:
        FileError: It cannot be read, or its columns do not fit.
    """
    read = source_of(draft, settings).read
    return replace(read, chosen_ids=upload_names.remembered(draft, settings))


def check_again_with_names(
    draft: Draft, check: UploadCheck, source: Source, settings: Settings, now: float
) -> UploadCheck:
    """Check once more with the names of the service at hand, and keep that in place of the check without."""
    chosen_ids = upload_names.remembered(draft, settings)
    rows = _check_rows(draft, source, upload_names.names_by_id(draft, settings), now)
    check = _with_choices(check, rows, chosen_ids)
    account = upload_names.signed_in_as(settings)
    check = replace(check, signed_in_as=account, lookup_problem=None)
    _keep(draft, check)
    return check


def is_current(draft: Draft, check: UploadCheck | None, settings: Settings) -> bool:
    """Whether this is about the upload as it is now, its names looked up with the sign-in of these settings."""
    if check is None or check.version != draft.version:
        return False
    asks = check.has_names and settings.can_sign_in
    return not asks or check.signed_in_as == upload_names.signed_in_as(settings)


def may_be_shown(check: UploadCheck | None, settings: Settings) -> bool:
    """Whether this can be shown while a newer check runs: not if names look unknown that will be looked up."""
    if check is None or check.rows is None:
        return False
    return not check.has_names or not settings.can_sign_in or bool(check.signed_in_as)


def _check_with_new_names(
    draft: Draft, check: UploadCheck, source: Source, settings: Settings, clock: Clock, has_room: Callable[[int], None]
) -> UploadCheck:
    """Check with the names that were looked up before; and once more if new ones had to be looked up."""
    chosen_ids = upload_names.remembered(draft, settings)
    source = replace(source, directories=upload_names.directories(draft, settings))
    rows = _check_rows(draft, source, upload_names.names_by_id(draft, settings), clock(), has_room)
    has_names = upload_names.any_name(rows.references)
    check = replace(_with_choices(check, rows, chosen_ids), has_names=has_names)
    if not has_names or not settings.can_sign_in:
        return check
    check = replace(check, signed_in_as=upload_names.signed_in_as(settings))
    if not upload_names.any_name(upload_names.not_looked_up(draft, rows.references, settings, clock())):
        return check
    _write_progress(draft, rows.count, looking_up=True)
    try:
        upload_names.look_up_new(draft, source, rows.references, settings, NullObserver(), clock)
    except ImporterError as error:
        return replace(check, lookup_problem=Problem.of(draft.named(error)))
    chosen_ids = upload_names.remembered(draft, settings)
    source = replace(source, directories=upload_names.directories(draft, settings))
    rows = _check_rows(draft, source, upload_names.names_by_id(draft, settings), clock(), has_room)
    return _with_choices(check, rows, chosen_ids)


def _with_choices(check: UploadCheck, rows: CheckedRows, chosen_ids: upload_names.ChosenIds) -> UploadCheck:
    return replace(check, rows=rows, choices=upload_names.choices_about_names(chosen_ids, rows.references))


def has_same_choices(check: UploadCheck, chosen_ids: upload_names.ChosenIds) -> bool:
    """Whether the names of a checked file still mean the same: the choices are the account's, and change elsewhere."""
    return check.rows is None or check.choices == upload_names.choices_about_names(chosen_ids, check.rows.references)


def _check_rows(
    draft: Draft, source: Source, names: Names, now: float, has_room: Callable[[int], None] = lambda _: None
) -> CheckedRows:
    path = _rows_file(draft.folder, draft.version)
    aside = path.with_suffix(f".{secrets.token_hex(4)}")
    try:
        with new_private(aside) as file, table_writer(draft, source, names) as table:
            chosen = name_questions.ChosenNames(source.mapping, source.directories)
            sink = _RowsWriter(draft, file, chosen, table, has_room)
            result = examine(source, now, allow_duplicates=False, sink=sink)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    questions, further = name_questions.questions(result.causes, source.directories)
    CANDIDATES.write(_candidates_file(draft.folder, draft.version), _candidates(result.causes))
    aside.replace(path)
    return CheckedRows(
        count=result.rows,
        valid=result.valid,
        invalid=result.invalid,
        doubtful=sink.doubtful,
        causes=tuple(map(_summary, result.causes.groups())),
        references={name: tuple(sorted(texts)) for name, texts in result.names.items()},
        questions=questions,
        further_questions=further,
        chosen=sink.chosen.chosen(source.directories),
    )


class _RowsWriter:
    """Writes the rows with an issue as the file is checked, all rows for the table, and how far the check is."""

    def __init__(
        self,
        draft: Draft,
        file: IO[bytes],
        chosen: name_questions.ChosenNames,
        table: RowWriter,
        has_room: Callable[[int], None],
    ) -> None:
        self._draft, self._file, self.chosen, self._table, self._has_room = draft, file, chosen, table, has_room
        self.rows = self.doubtful = 0

    def restart(self) -> None:
        """Begin, or begin once more: what was added before does not count."""
        self._file.seek(0)
        self._file.truncate()
        self.chosen.restart()
        self._table.restart()
        self.rows = self.doubtful = 0

    def add(self, chunk: pd.DataFrame, checked: Checked) -> None:
        """Write the rows of a chunk that have an issue, and count those that have warnings only."""
        rows = _rows_with_issues(chunk, checked.causes.by_row(iter))
        for row, tags in rows:
            self.doubtful += not row.is_wrong
            self._file.write(row_line(row, ["error" if row.is_wrong else "warning", *tags]))
        self.chosen.add(chunk)
        self._table.add(chunk, checked, {row.row: row for row, _ in rows}, _of_causes(rows))
        self.rows += checked.rows
        self._has_room(size_of(self._draft.folder))
        _write_progress(self._draft, self.rows)


def _rows_with_issues(chunk: pd.DataFrame, issues: Iterable[Issue]) -> list[tuple[CheckedRow, list[str]]]:
    """The rows of a chunk that have one of these issues, in order, each with the keys of its causes."""
    by_row: dict[int, list[Issue]] = {}
    for issue in issues:
        by_row.setdefault(issue.row or 0, []).append(issue)
    letters = [column_letters(int(position)) for position in chunk.columns]
    texts = chunk.loc[sorted(by_row)]
    lines = zip(texts.index.tolist(), texts.itertuples(index=False, name=None), strict=True)
    rows = [(number, dict(zip(letters, cells, strict=True)), by_row[number]) for number, cells in lines]
    return [(row_view(number, cells, issues), list(map(_tag, issues))) for number, cells, issues in rows]


def _of_causes(rows: Sequence[tuple[CheckedRow, Sequence[str]]]) -> list[tuple[str, int]]:
    return [(tag, row.row) for row, tags in rows for tag in tags]


def _candidates(causes: Causes) -> Candidates:
    fields: dict[str, dict[str, tuple[Candidate, ...]]] = {}
    for cause in (cause for chunk in causes.chunks for cause in chunk if cause.code == "name-ambiguous"):
        fields.setdefault(cause.field or "", {}).update(cause.candidates)
    return Candidates(fields)


def row_view(row: int, cells: Mapping[str, str], issues: Sequence[Issue]) -> CheckedRow:
    """A row for the page: its cells by column letters, and what is wrong with each."""
    return CheckedRow(row, cells, tuple(map(_cell_issue, issues)))


def _cell_issue(issue: Issue) -> CellIssue:
    about = issue.field or issue.label or ""
    # A name that is nearly one is typed again as often as not, so its cell stays one to type in.
    candidates = issue.candidates if issue.code == "name-ambiguous" else ()
    return CellIssue(issue.letters, issue.code, about, issue.severity, issue.message, advice_on_page(issue), candidates)


def offers_encoding(draft: Draft, check: UploadCheck) -> bool:
    """Whether the page lets the encoding be chosen: it is doubtful, or was chosen before."""
    doubtful = check.wrong_encoding or (check.header is not None and check.header.encoding_guessed)
    return draft.suffix in DELIMITED and (doubtful or bool(draft.read.encoding))


def _tag(issue: Issue) -> str:
    """The key of an issue's cause, as one word."""
    return _as_word(cause_key(issue.code, issue.letters, issue.field or issue.label or ""))


def _as_word(key: str) -> str:
    return re.sub(r"\s", "_", key)


def _summary(group: CauseGroup) -> CauseSummary:
    first = group.first(_PLACES)
    return CauseSummary(
        key=_as_word(group.key),
        code=group.code,
        about=group.about,
        message=_headline(group, first[0]),
        fix=advice_on_page(first[0]),
        severity=group.severity,
        letters=group.letters,
        count=len(group),
        places=tuple(issue.cell or f"row {issue.row}" for issue in first if issue.cell or issue.row),
        repairs=_repairs(group),
        label=first[0].label or group.about,
        value=first[0].value,
        repairable=_repairable(group),
    )


def _headline(group: CauseGroup, first: Issue) -> str:
    """What the page says of a cause: for one cell the sentence of that cell, for many what they have in common."""
    if len(group) == 1 or not group.parts:
        return first.message
    message = CATALOGUE[group.code].message
    template = _OF_SEVERAL.get(group.code, _VALUE_AT_THE_END.sub("", message).rstrip("."))
    column = header_in_words(first.label or "", first.field or "")
    return f"{template.format(column=column, detail=first.detail, row=first.row, value=printable(first.value))}."


def _repairs(group: CauseGroup) -> dict[str, int]:
    """The repairs that help against a cause, each with the number of its cells."""
    if group.code == "date-ambiguous":
        return dict.fromkeys(ORDERS, len(group))
    tried = _TRIED_WITH.get(group.code, ())
    return {name: sum(REPAIRS[name](text) != text for text in group.values()) for name in tried}


def _repairable(group: CauseGroup) -> str:
    """The first cell that a repair helps, to show what it does."""
    tried = _TRIED_WITH.get(group.code, ())
    return next((text for text in group.values() if any(REPAIRS[name](text) != text for name in tried)), "")


def rows(draft: Draft, version: int, tag: str, page: int) -> tuple[list[CheckedRow], int]:
    """A page of the rows with an issue and how many there are; ``tag`` is "error", "warning" or the key of a cause."""
    number, first = 0, (page - 1) * PAGE_ROWS
    shown: list[CheckedRow] = []
    mark = f"{tag} ".encode()
    for line in _lines(_rows_file(draft.folder, version)):
        tags, _, document = line.partition(b"\t")
        if tag and not (tags.startswith(mark) or b" " + mark in tags):
            continue
        if first <= number < first + PAGE_ROWS:
            shown.append(to_row(document))
        number += 1
    return _with_candidates(draft, version, shown), number


def row(draft: Draft, version: int, number: int) -> CheckedRow | None:
    """One row with an issue, as it was when it was last checked."""
    return rows_of(draft, version, [number]).get(number)


def rows_of(draft: Draft, version: int, numbers: Collection[int]) -> dict[int, CheckedRow]:
    """The rows with an issue among those of these numbers, as they were when they were last checked."""
    lines, starts = list[CheckedRow](), tuple(map(starts_row, numbers))
    for line in _lines(_rows_file(draft.folder, version)) if starts else ():
        _, _, document = line.partition(b"\t")
        if document.startswith(starts):
            lines.append(to_row(document))
            if len(lines) == len(starts):
                break
    return {row.row: row for row in _with_candidates(draft, version, lines)}


def doubles(draft: Draft, version: int, tag: str, page: int) -> list[CheckedRow]:
    """The rows of a page that are wrong because of other rows, and may be right once those have changed."""
    shown, _ = rows(draft, version, tag, page)
    return [row for row in shown if any(issue.code in _OF_OTHER_ROWS for issue in row.issues)]


def _with_candidates(draft: Draft, version: int, rows: list[CheckedRow]) -> list[CheckedRow]:
    """The rows, at each ambiguous name all the records that it may mean."""
    if not any(issue.code == "name-ambiguous" for row in rows for issue in row.issues):
        return rows
    candidates = CANDIDATES.read_if_usable(_candidates_file(draft.folder, version)) or Candidates()

    def complete(row: CheckedRow, issue: CellIssue) -> CellIssue:
        if issue.code != "name-ambiguous":
            return issue
        text = row.cells.get(issue.letters, "")
        return replace(issue, candidates=candidates.of(issue.field, text))

    return [replace(row, issues=tuple(complete(row, issue) for issue in row.issues)) for row in rows]


def corrected_row(draft: Draft, row: CheckedRow) -> CheckedRow:
    """A row of an earlier check with the texts that were typed since; issues of other texts are left out."""
    cells = {letters: draft.read.cells.get(f"{letters}{row.row}", text) for letters, text in row.cells.items()}
    issues = [issue for issue in row.issues if cells.get(issue.letters) == row.cells.get(issue.letters)]
    return replace(row, cells=cells, issues=tuple(issues))


def check_row(draft: Draft, header: Header, row: CheckedRow, settings: Settings, now: float) -> CheckedRow:
    """The row with what is wrong with it now, on its own, and whether a name in it is yet to be looked up.

    What reading the file has noticed of its cells still holds. Equal rows elsewhere are for the whole check.
    """
    result = check_rows(draft, header, _sheet_of_row(header, row), settings, now)
    issues = result.rows[row.row].issues if row.row in result.rows else ()
    return replace(row, issues=issues, looking_up=row.row in result.looking_up)


@dataclass(frozen=True, slots=True)
class RowsNow:
    """Some rows checked on their own: those with an issue by number, and those with a name that is looked up."""

    chunk: pd.DataFrame
    checked: Checked
    rows: Mapping[int, CheckedRow]
    tags: Sequence[tuple[str, int]]
    looking_up: frozenset[int]


def check_rows(draft: Draft, header: Header, sheet: Sheet, settings: Settings, now: float) -> RowsNow:
    """The rows of a sheet of one chunk, by themselves; what only a look-up can say of a name is left out."""
    kind = kind_of(draft)
    checker = Checker(
        kind,
        match_columns(sheet, kind, (), draft.read.map),
        sheet,
        required=header.required,
        now=datetime.fromtimestamp(now, UTC),
        dates=DateReader(draft.read.dates, zone_of(draft, settings)),
        directories=upload_names.directories(draft, settings),
    )
    chunk = next(iter(sheet.read()))
    checked = checker.check(chunk)
    open_names = settings.can_sign_in and upload_names.still_open(draft, checker.names, settings, now)
    issues = [issue for issue in checked.issues if issue.row is not None]
    undecided = frozenset(issue.row or 0 for issue in issues if open_names and issue.code in _OF_NAMES)
    issues = [issue for issue in issues if not open_names or issue.code not in _OF_NAMES]
    rows = _rows_with_issues(chunk, issues)
    return RowsNow(chunk, checked, {row.row: row for row, _ in rows}, _of_causes(rows), undecided)


def _sheet_of_row(header: Header, row: CheckedRow) -> Sheet:
    """A sheet of this row alone, with its problems from reading."""
    positions = [place_of(letters)[1] for letters in header.letters]
    labels = [""] * (max(positions, default=-1) + 1)
    for position, label in zip(positions, header.labels, strict=True):
        labels[position] = label
    texts = {place_of(letters)[1]: [text] for letters, text in row.cells.items()}
    chunk = pd.DataFrame(texts, index=[row.row], dtype=object)
    wrong = [issue for issue in row.issues if issue.code in PROBLEM_CODES]
    columns_of_wrong = [place_of(issue.letters)[1] for issue in wrong]
    problems = as_problems([issue.code for issue in wrong], [row.row] * len(wrong), columns_of_wrong)
    return Sheet(None, header.row, tuple(labels), lambda: iter([chunk]), problems=problems)


def _lines(path: Path) -> Iterator[bytes]:
    if path.exists():
        with path.open("rb") as file:
            yield from file


def _rows_file(folder: Path, version: int) -> Path:
    return folder / f"rows-{version}.tsv"


def _candidates_file(folder: Path, version: int) -> Path:
    return folder / f"candidates-{version}.json"


def progress(draft: Draft) -> CheckProgress:
    """How far the check of this version is."""
    latest = PROGRESS.read_if_usable(draft.folder / "progress.json")
    return latest if latest and latest.version == draft.version else CheckProgress(draft.version, 0)


def _write_progress(draft: Draft, rows: int, *, looking_up: bool = False) -> None:
    PROGRESS.write(draft.folder / "progress.json", CheckProgress(draft.version, rows, looking_up))
