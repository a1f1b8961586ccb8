"""Records of the service as one file: CSV, XLSX or JSON Lines, complete or not at all."""

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from xlsxwriter import Workbook

from importer.errors import ReportError, UsageError
from importer.reporting.atomic import new_file, put_in_place, written_aside
from importer.reporting.workbook import MOST_ROWS, fitting, put_text
from importer.spreadsheet import RECORD_ID, escape_formula

_ADVICE = "Choose another file with --out."
_WIDEST, _MEASURED_ROWS = 40, 200


class FileFormat(StrEnum):
    """How records are written; each value is the ending of such a file's name as well."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class RecordTable:
    """Records to be written: the headers, and for each record its texts and its values by header.

    ``created`` is the time that a workbook names, in epoch seconds.
    """

    headers: Sequence[str]
    texts: Sequence[Mapping[str, str]]
    values: Sequence[Mapping[str, object]]
    created: float


def write_records(table: RecordTable, path: Path, form: FileFormat) -> Path:
    """Write the records into a new file.

    Raises:
        UsageError: The file exists by now.
        ReportError: It cannot be written there, or a workbook cannot hold the records.
    """
    folder = path.absolute().parent
    with written_aside(folder, _ADVICE, "The file") as aside:
        file = new_file(aside, path.name)
        _WRITERS[form](table, file)
        refuse_existing(path)
        return put_in_place(file, folder, _ADVICE)


def send_records(table: RecordTable, form: FileFormat, stream: BinaryIO, folder: Path) -> None:
    """Write the records to a stream, once all of them are in a file of their own in this folder.

    Raises:
        ReportError: The folder cannot be written, or a workbook cannot hold the records.
    """
    with written_aside(folder, "Choose a file with --out.", "The file") as aside:
        file = new_file(aside, f"records.{form}")
        _WRITERS[form](table, file)
        with file.open("rb") as source:
            shutil.copyfileobj(source, stream)
        stream.flush()


def refuse_existing(path: Path) -> None:
    """Raise UsageError if there is a file of this name already."""
    if path.exists():
        raise UsageError(f"{path} already exists.", _ADVICE)


def _write_csv(table: RecordTable, file: Path) -> None:
    """UTF-8 with BOM for Excel, CRLF and every cell quoted, as the reports are."""
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        writer.writerow(table.headers)
        writer.writerows([escape_formula(texts[name]) for name in table.headers] for texts in table.texts)


def _write_json_lines(table: RecordTable, file: Path) -> None:
    # Half a character cannot be written as UTF-8; escaped, it is what JSON has for it.
    with file.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as out:
        out.writelines(f"{json.dumps(values, ensure_ascii=False)}\n" for values in table.values)


def _write_workbook(table: RecordTable, file: Path) -> None:
    """One sheet of text, so that no Id loses a digit and no date becomes the spreadsheet program's own."""
    if len(table.texts) > MOST_ROWS:
        raise ReportError(f"A sheet of a workbook holds at most {MOST_ROWS:,} rows.", "Use --format csv.")
    _refuse_too_long(table)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(file, options | {"constant_memory": True, "tmpdir": str(file.parent)}) as book:
        book.set_properties({"created": datetime.fromtimestamp(table.created, UTC).replace(tzinfo=None)})
        text = book.add_format({"num_format": "@"})
        head = book.add_format({"bold": True, "num_format": "@", "bg_color": "#E6E9EC", "bottom": 1})
        sheet = book.add_worksheet("Records")
        sheet.freeze_panes(1, 0)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        for position, name in enumerate(table.headers):
            measured = [len(texts[name]) for texts in table.texts[:_MEASURED_ROWS]]
            sheet.set_column(position, position, min(max([len(name) + 2, *measured]) + 2, _WIDEST), text)
            put_text(sheet, 0, position, name, head)
        for row, texts in enumerate(table.texts, start=1):
            for position, name in enumerate(table.headers):
                if texts[name]:
                    put_text(sheet, row, position, texts[name], text)
        sheet.autofilter(0, 0, max(len(table.texts), 1), len(table.headers) - 1)


def _refuse_too_long(table: RecordTable) -> None:
    # Shortened, it would come back as a change of that field.
    for texts in table.texts:
        for name in table.headers:
            if fitting(texts[name]) != texts[name]:
                raise ReportError(
                    f"A workbook cannot hold the {name} of record {texts[RECORD_ID]}, which is too long for a cell.",
                    "Use --format csv.",
                )


_WRITERS = {FileFormat.CSV: _write_csv, FileFormat.XLSX: _write_workbook, FileFormat.JSONL: _write_json_lines}
