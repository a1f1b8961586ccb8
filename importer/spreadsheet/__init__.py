"""Files in, text cells out: the only package that parses the user's files.

- ``sheet.py``      what comes out: a sheet as text cells, with their addresses; which row is its header
- ``delimited.py``  CSV and similar files; ``encodings.py`` their bytes as text, ``code_pages.py`` in which code page
- ``cell_bytes.py``  the cells of a plain block as bytes, for whoever looks at whole columns
- ``broken_end.py``  text files that break off
- ``quotes.py``     quotes with blanks beside them
- ``json_lines.py``  JSON Lines: an object for each row; ``parquet.py`` Parquet, read in a process as workbooks are
- ``kinds.py``      files that are no table; ``extras.py`` rows that are no data
- ``packed.py``     a file within a .gz or .zip
- ``blank_rows.py``  rows in which nothing can be seen
- ``workbook.py``   XLSX and the others; ``workbook_child`` the process that reads them
    - ``reader_confinement.py``  what the system forbids that process
- ``formatted_cell.py``  a cell that shows something else than its value
- ``correction_notes.py``  what stands before a text that is no value, in a file of failed rows
- ``corrections.py``  single cells or whole columns corrected on reading, and rows left out
- ``annotated_workbook.py``  a copy of an XLSX workbook with wrong cells marked and columns at its end
- ``formulas.py``   text that would be run as a formula; ``dropdown.py`` lists to choose from; ``template.py`` an empty
  workbook to fill in
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

import pandas as pd

from importer.errors import FileError
from importer.issues import Notice
from importer.spreadsheet.annotated_workbook import ANNOTATED
from importer.spreadsheet.blank_rows import is_unseen, without_unseen_rows
from importer.spreadsheet.cell_bytes import PADDING, CellBytes, Mask, letters
from importer.spreadsheet.correction_notes import UNCERTAIN, with_note
from importer.spreadsheet.corrections import REPAIRS, corrected, differing_texts, place_of, with_notice_of, without_rows
from importer.spreadsheet.delimited import Finder, open_delimited
from importer.spreadsheet.encodings import encoding_error, may_be_in_several
from importer.spreadsheet.formatted_cell import FormattedCell, has_formatted, shown_texts
from importer.spreadsheet.formulas import escape_formula
from importer.spreadsheet.json_lines import open_json_lines
from importer.spreadsheet.kinds import START_BYTES, ending_of, refuse_other_kind, workbook_suffix
from importer.spreadsheet.packed import PACKED, is_packed, unpack
from importer.spreadsheet.parquet import open_parquet
from importer.spreadsheet.sheet import (
    NO_HEADER,
    OF_DATES,
    PLAIN_REPORT_COLUMNS,
    PROBLEM_CODES,
    RECORD_ID,
    REPORT_COLUMNS,
    STAMPS,
    GatedRead,
    Judge,
    Sheet,
    address,
    as_problems,
    column_letters,
    find_header,
    report_column,
    rows_of_status,
    through,
)
from importer.spreadsheet.workbook import open_workbook
from importer.text import SHOWN_CHARACTERS

__all__ = [
    "ANNOTATED",
    "NO_HEADER",
    "OF_DATES",
    "PACKED",
    "PADDING",
    "PLAIN_REPORT_COLUMNS",
    "PROBLEM_CODES",
    "RECORD_ID",
    "REPAIRS",
    "REPORT_COLUMNS",
    "STAMPS",
    "TABLES",
    "UNCERTAIN",
    "CellBytes",
    "FormattedCell",
    "GatedRead",
    "Judge",
    "Mask",
    "ReadOptions",
    "Sheet",
    "address",
    "as_problems",
    "changed_texts",
    "column_letters",
    "encoding_error",
    "escape_formula",
    "has_formatted",
    "is_packed",
    "is_unseen",
    "letters",
    "may_be_in_several",
    "open_sheet",
    "place_of",
    "report_column",
    "rows_of_status",
    "shown_texts",
    "unpack",
    "with_ending",
    "with_note",
    "with_notice_of",
]

DELIMITED = {".csv", ".tsv", ".txt"}
WORKBOOKS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
JSON_LINES = {".jsonl", ".ndjson"}
PARQUET = {".parquet"}
TABLES = DELIMITED | WORKBOOKS | JSON_LINES | PARQUET
"""The endings of the names of all files that are read."""

_RULES = 3
_LEAVE_OUT, _LEAVE_OUT_UNSEEN = 2, 3
"""The first rules by which rows that are no data are left out, and rows in which nothing can be seen."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a file where it does not say so itself.

    ``map`` says which field a label means, "-" for none. ``cells`` are texts that a person corrected, by address
    ("D5"); ``repairs`` one repair a column, by its letters. ``dates`` is the order of day, month and year ("dmy",
    "mdy", "ymd"), ``zone`` the time zone of times that do not say theirs, None for that of the settings. ``answers``
    are the Ids of the records that a person said rows are, by row number; they go before an Id in the file. Reading
    leaves these three to checking. ``left_out`` are the numbers of rows that a person does not want to be imported.
    ``chosen_ids`` are the records that names meant when a page began the run, by field: what was chosen by then holds
    for it, whatever is chosen while it waits.

    ``header_row`` is the row of the header, None if it is to be looked for, NO_HEADER if there is none. ``remembered``
    says that the encoding was chosen for an earlier file with this header. ``rules`` are those by which rows are left
    out and encodings guessed: a run is read again by those that it began with.
    """

    EARLIER: ClassVar[Mapping[str, int]] = {"rules": 1}
    """What a document means by leaving a member out that was not there when it was written."""

    sheet: str | None = None
    encoding: str | None = None
    separator: str | None = None
    map: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)
    repairs: Mapping[str, str] = field(default_factory=dict)
    dates: str | None = None
    zone: str | None = None
    answers: Mapping[str, int] = field(default_factory=dict)
    header_row: int | None = None
    chosen_ids: Mapping[str, Mapping[str, int]] = field(default_factory=dict, compare=False)
    left_out: tuple[int, ...] = ()
    remembered: bool = field(default=False, compare=False)
    rules: int = field(default=_RULES, compare=False)


def open_sheet(path: Path, options: ReadOptions = ReadOptions(), judge: Judge | None = None) -> Sheet:
    """The sheet in a file, its header read; ``judge`` says of a row how many columns it names.

    Raises:
        FileError: Missing, a folder, empty, of another kind than its name says, damaged or protected.
    """
    sheet = _as_it_is(path, options, partial(find_header, judge=judge, row=options.header_row))
    sheet = replace(sheet, read=through(sheet.read, _still_there))
    if options.rules >= _LEAVE_OUT_UNSEEN:
        sheet = replace(sheet, read=through(sheet.read, without_unseen_rows))
    sheet = corrected(sheet, options.cells, options.repairs) if options.cells or options.repairs else sheet
    return without_rows(sheet, options.left_out) if options.left_out else sheet


def changed_texts(path: Path, options: ReadOptions) -> dict[int, dict[int, str]]:
    """The texts of a file that its corrections change, by row and position.

    Raises:
        FileError: As ``open_sheet``.
    """
    if not options.cells and not options.repairs:
        return {}
    columns = {place_of(address)[1] for address in (*options.cells, *options.repairs)}
    before = open_sheet(path, replace(options, cells={}, repairs={}))
    return differing_texts(before, open_sheet(path, options), columns)


def _still_there(read: Callable[[], Iterator[pd.DataFrame]]) -> Iterator[pd.DataFrame]:
    """The chunks of a file, which may be deleted or pulled out with its disk before the last."""
    try:
        yield from read()
    except OSError as error:
        raise FileError(f"The file can no longer be read: {error.strerror}.", "Put it back, then try again.") from error


def _as_it_is(path: Path, options: ReadOptions, find: Finder) -> Sheet:
    suffix, start, every_row = path.suffix.lower(), _start(path), options.rules < _LEAVE_OUT
    if suffix not in TABLES:
        raise FileError(f"{path.name} is not a spreadsheet.", "Save it as .xlsx, .ods or .csv (UTF-8).")
    if not start:
        raise FileError(f"{path.name} is empty.", "Choose a file with a header and at least one row below it.")
    if suffix in JSON_LINES | PARQUET:
        header_row = None if options.header_row is None else str(options.header_row)
        ignored = {"--sheet": options.sheet, "--encoding": options.encoding, "--delimiter": options.separator}
        sheet = open_json_lines(path) if suffix in JSON_LINES else open_parquet(path)
        return _with_ignored(sheet, suffix, {**ignored, "--header-row": header_row})
    refuse_other_kind(path, start, DELIMITED)
    workbook = workbook_suffix(start)
    if suffix in WORKBOOKS and workbook:
        ignored = {"--encoding": options.encoding, "--delimiter": options.separator}
        return _with_ignored(open_workbook(path, find, sheet=options.sheet, every_row=every_row), suffix, ignored)
    if suffix in WORKBOOKS:
        raise FileError(f"{path.name} is not a valid {suffix} workbook.", "Save it again as .xlsx, or as .csv (UTF-8).")
    if workbook:
        raise FileError(f"{path.name} is a workbook, not a text file.", f"Rename it to {path.stem}{workbook}.")
    sheet = open_delimited(
        path,
        find,
        encoding=options.encoding,
        separator=options.separator,
        remembered=options.remembered,
        every_row=every_row,
    )
    return _with_ignored(sheet, suffix, {"--sheet": options.sheet})


def with_ending(file: Path) -> Path:
    """A file of our own, by whose name nobody knows what it is, renamed to end as its content says."""
    suffix = file.suffix.lower()
    return file if suffix in TABLES else file.rename(file.with_name(f"{file.name}{ending_of(file)}"))


def _with_ignored(sheet: Sheet, suffix: str, ignored: Mapping[str, str | None]) -> Sheet:
    """The sheet with a notice about the options that were set, but mean nothing for a file of its kind."""
    names = " and ".join(name for name, value in ignored.items() if value)
    if not names:
        return sheet
    return replace(sheet, notices=(*sheet.notices, Notice("option-ignored", {"names": names, "suffix": suffix})))


def _start(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise FileError(f"{path} is a folder.", "Name a file in this folder.")
        # A pipe or a device could be read once only, or without end.
        if path.exists() and not path.is_file():
            raise FileError(
                f"{path} is not a file.",
                "Save its contents to a file, then name that file. Or send them to the standard input, and name -.",
            )
        with path.open("rb") as file:
            return file.read(START_BYTES)
    except FileNotFoundError as error:
        raise FileError(f"There is no file {path}.", "Check the name and the folder.") from error
    except OSError as error:
        reason = f"{path.name[:SHOWN_CHARACTERS]} cannot be opened: {error.strerror}."
        raise FileError(reason, "Close it in other programs, or check its name and permissions.") from error
