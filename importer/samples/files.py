"""Rows as files: texts, a workbook with mistakes, and a sheet as LibreOffice saves one. The same bytes at each time."""

import csv
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from html import escape
from pathlib import Path

from xlsxwriter import Workbook

from importer.samples.calendars import Cell, Formatted, Formula, MergedWithAbove, Row

FIELDS = ("ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate", "SubscriptionId", "CalendarId")
_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
_MANIFEST = (
    f'<manifest:manifest xmlns:manifest="{_OASIS}:manifest:1.0" manifest:version="1.2">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)
_BEGIN = (
    f'<office:document-content xmlns:office="{_OASIS}:office:1.0" xmlns:table="{_OASIS}:table:1.0" '
    f'xmlns:text="{_OASIS}:text:1.0" office:version="1.2"><office:body><office:spreadsheet>'
    '<table:table table:name="Mappings">'
)
_END = "</table:table></office:spreadsheet></office:body></office:document-content>"


def write_text(
    path: Path,
    labels: Sequence[str],
    lines: Iterator[Sequence[Cell]] | list[tuple[Cell, ...]],
    *,
    separator: str = ",",
    bom: bool = False,
) -> None:
    """A CSV as Excel writes it, in English or in German."""
    with path.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(labels)
        writer.writerows(lines)


def write_broken(path: Path, lines: Iterator[Row], made: date) -> None:
    """A workbook with one column too many and one cell beside the table."""
    with Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": datetime.combine(made, time())})
        sheet = book.add_worksheet("Mappings")
        look = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.set_column(0, len(FIELDS), 24)
        sheet.write_row(0, 0, [*FIELDS, "Floor"], book.add_format({"bold": True}))
        for number, row in enumerate(lines, start=1):
            for position, cell in enumerate((*row.fields, row.floor, row.beside)):
                match cell:
                    case Formula(text, result):
                        sheet.write_formula(number, position, text, None, result)
                    case MergedWithAbove(text):
                        sheet.merge_range(number - 1, position, number, position, text)
                    case Formatted(value, number_format):
                        sheet.write_number(number, position, value, book.add_format({"num_format": number_format}))
                    case datetime():
                        sheet.write_datetime(number, position, cell, look)
                    case int() | str():
                        sheet.write(number, position, cell)


def write_ods(path: Path, lines: list[tuple[Cell, ...]]) -> None:
    """A sheet of LibreOffice with real numbers and dates."""
    rows = "".join(
        f"<table:table-row>{''.join(map(_ods_cell, line))}</table:table-row>" for line in ([*FIELDS], *lines)
    )
    parts = {"mimetype": _ODS, "content.xml": _xml(_BEGIN + rows + _END), "META-INF/manifest.xml": _xml(_MANIFEST)}
    with zipfile.ZipFile(path, "w") as packed:
        for name, text in parts.items():
            # One fixed time, and the type first and as it is: a reader looks for it there.
            part = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            part.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            packed.writestr(part, text)


def _xml(text: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>{text}'


def _ods_cell(cell: Cell) -> str:
    match cell:
        case datetime():
            value = f'office:value-type="date" office:date-value="{cell.isoformat()}"'
        case int():
            value = f'office:value-type="float" office:value="{cell}"'
        case _:
            value = 'office:value-type="string"'
    return f"<table:table-cell {value}><text:p>{escape(str(cell))}</text:p></table:table-cell>"
