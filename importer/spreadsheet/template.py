"""An empty workbook for one record type: its headers, and notes on what goes where.

Knows of the record type only what every record type says of itself; names no field.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.worksheet import Worksheet

from importer.errors import UsageError
from importer.spreadsheet.dropdown import offer
from importer.spreadsheet.workbook_child.sheet_choice import NOTES_HEADER
from schemas import RecordType

_TEXT = {"num_format": "@"}
_LABEL = {"num_format": "@", "bold": True, "bottom": 1, "bg_color": "#E6E9EC"}
_REQUIRED = _LABEL | {"bg_color": "#FFE08A"}
_WRAPPED = {"text_wrap": True, "valign": "top"}
_WIDTHS = (28, 14, 52, 42)
_LONGEST_SHEET_NAME = 31


def write_template(kind: RecordType, path: Path, offers: Mapping[str, Sequence[str]] = MappingProxyType({})) -> None:
    """Write the template of a record type; ``offers`` are values to choose from, by field, beside those of its lists.

    Every column is text, because a spreadsheet program would cut long numbers and turn dates into its own. There is no
    example among the rows, for it would be imported; the comments of the labels and the notes have one for each.

    Raises:
        UsageError: The file cannot be written.
    """
    book = Workbook(path)
    # The same template at any time, so that two of them can be compared.
    book.set_properties({"title": f"Template: {kind.plural}", "created": datetime(2026, 1, 1)})
    data = book.add_worksheet(kind.plural.capitalize()[:_LONGEST_SHEET_NAME])
    _data(book, data, kind)
    _notes(book, book.add_worksheet("Notes"), kind)
    for position, field in enumerate(kind.fields):
        if values := offers.get(field) or kind.offers(field):
            offer(book, data, position, values)
    try:
        book.close()
    except FileCreateError as error:
        raise UsageError(f"{path} cannot be written: {error}.", "Choose another file.") from error


def _data(book: Workbook, sheet: Worksheet, kind: RecordType) -> None:
    text = book.add_format(_TEXT)
    looks = {True: book.add_format(_REQUIRED), False: book.add_format(_LABEL)}
    sheet.set_column(0, len(kind.fields) - 1, _WIDTHS[0], text)
    sheet.freeze_panes(1, 0)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    for position, field in enumerate(kind.fields):
        sheet.write_string(0, position, field, looks[field in kind.required(kind.paths[0])])
        sheet.write_comment(0, position, _about(kind, field), {"x_scale": 2})


def _notes(book: Workbook, sheet: Worksheet, kind: RecordType) -> None:
    label, wrapped = book.add_format(_LABEL), book.add_format(_WRAPPED)
    for position, width in enumerate(_WIDTHS):
        sheet.set_column(position, position, width, wrapped)
    for position, heading in enumerate(NOTES_HEADER):
        sheet.write_string(0, position, heading, label)
    for row, field in enumerate(kind.fields, start=1):
        cells = (field, _required(kind, field), _meaning(kind, field), _example(kind, field))
        for position, cell in enumerate(cells):
            sheet.write_string(row, position, cell, wrapped)
    for row, sentence in enumerate(_advice(kind), start=len(kind.fields) + 2):
        sheet.merge_range(row, 0, row, len(_WIDTHS) - 1, sentence, wrapped)


def _advice(kind: RecordType) -> tuple[str, ...]:
    return (
        f"Each row is one {kind.title}. Fill in the yellow columns. The columns can be in any order.",
        "Write dates with the year first and the time in UTC, ending in Z, as in the examples above.",
        "Copy Ids exactly. The columns are formatted as text, so that no digit is lost.",
        "This sheet is not imported. To check the file: importer check FILE",
    )


def _about(kind: RecordType, field: str) -> str:
    return f"{_meaning(kind, field)}. Required: {_required(kind, field)}. For example: {_example(kind, field)}"


def _required(kind: RecordType, field: str) -> str:
    if field in kind.required(kind.paths[0]):
        return "yes"
    others = [path for path in kind.paths if field in kind.required(path)]
    return f"no, but yes for {' and '.join(others)}" if others else "no"


def _meaning(kind: RecordType, field: str) -> str:
    meaning = str(kind.metadata(field).get("meaning", field))
    allowed = f": {' or '.join(kind.offers(field))}" if kind.offers(field) else ""
    return meaning[:1].upper() + meaning[1:] + allowed


def _example(kind: RecordType, field: str) -> str:
    return str(kind.metadata(field).get("example", ""))
