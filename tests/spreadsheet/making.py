"""Awkward files for the tests: workbooks put together part by part, and what a Sheet says in plain lists."""

import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from importer.spreadsheet import Judge, ReadOptions, Sheet, open_sheet

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)


def opened(path: Path, *, judge: Judge | None = None, **options: str) -> Sheet:
    """The sheet in a file."""
    return open_sheet(path, ReadOptions(**options), judge)  # type: ignore[arg-type]


def rows_of(sheet: Sheet) -> dict[int, list[str]]:
    """The filled rows by number, each as a list of texts without the empty ones at its end."""
    found: dict[int, list[str]] = {}
    for chunk in sheet.read():
        for row, cells in zip(chunk.index.tolist(), chunk.to_numpy().tolist(), strict=True):
            while cells and not cells[-1]:
                cells.pop()
            found[row] = cells
    return found


def problems_of(sheet: Sheet) -> dict[tuple[int, int], str]:
    """The cells that are not what they seem, by row and position."""
    table = sheet.problems
    return {
        (int(row), int(position)): str(code)
        for code, row, position in zip(table["code"], table["row"], table["position"], strict=True)
    }


def pack(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    """An archive with these parts."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def xlsx_parts(sheet_xml: str, shared: str = "") -> dict[str, str | bytes]:
    """The parts of the smallest workbook around the XML of one sheet."""
    links = [("rId1", "worksheet", "worksheets/sheet1.xml")]
    links += [("rId2", "sharedStrings", "sharedStrings.xml")] if shared else []
    listed = "".join(f'<Relationship Id="{i}" Type="{RELATIONS}/{kind}" Target="{to}"/>' for i, kind, to in links)
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": f'<Relationships {PACKAGE}><Relationship Id="rId1" Type="{RELATIONS}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{RELATIONS}"><sheets>'
        '<sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships {PACKAGE}>{listed}</Relationships>",
        "xl/worksheets/sheet1.xml": sheet_xml,
    }
    return parts | ({"xl/sharedStrings.xml": shared} if shared else {})


def sheet_xml(*rows: str, tail: str = "") -> str:
    """The XML of a sheet with these rows."""
    return f"<worksheet {MAIN}><sheetData>{''.join(rows)}</sheetData>{tail}</worksheet>"


def text_row(number: int, *texts: str) -> str:
    """The XML of a row of texts."""
    cells = "".join(
        f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{text}</t></is></c>' for place, text in enumerate(texts)
    )
    return f'<row r="{number}">{cells}</row>'


def write_xlsb(path: Path, rows: Sequence[Sequence[str | float]]) -> Path:
    """The smallest XLSB: no program that is at hand writes this format. Records as in MS-XLSB, 2.1.4 and 2.5."""

    def record(kind: int, data: bytes = b"") -> bytes:
        number = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        size, length = b"", len(data)
        while True:
            size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
            length >>= 7
            if not length:
                return number + size + data

    def wide(text: str) -> bytes:
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    book = record(131) + record(143) + record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("Data"))
    cells = b""
    for number, row in enumerate(rows):
        cells += record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, 0, 0, 0))
        for position, cell in enumerate(row):
            place = struct.pack("<II", position, 0)
            cells += (
                record(6, place + wide(cell)) if isinstance(cell, str) else record(5, place + struct.pack("<d", cell))
            )
    extent = struct.pack("<IIII", 0, len(rows) - 1, 0, max(map(len, rows)) - 1)
    sheet = record(129) + record(148, extent) + record(145) + cells + record(146) + record(130)
    parts = xlsx_parts("")
    del parts["xl/workbook.xml"], parts["xl/worksheets/sheet1.xml"], parts["xl/_rels/workbook.xml.rels"]
    return pack(
        path,
        parts
        | {
            "xl/workbook.bin": book + record(144) + record(132),
            "xl/_rels/workbook.bin.rels": f'<Relationships {PACKAGE}><Relationship Id="rId1" '
            f'Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.bin"/></Relationships>',
            "xl/worksheets/sheet1.bin": sheet,
        },
    )
