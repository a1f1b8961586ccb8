"""Awkward files for the tests: workbooks put together part by part, and what a Sheet says in plain lists."""

import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from importer.spreadsheet import Judge, ReadOptions, Sheet, open_sheet
from importer.spreadsheet.formatted_cell import shown_text

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


def shown_rows_of(sheet: Sheet) -> dict[int, list[str]]:
    """The same as a person sees them, as far as that is certain."""
    return {row: [shown_text(cell) for cell in cells] for row, cells in rows_of(sheet).items()}


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


def write_xlsb(
    path: Path,
    rows: Sequence[Sequence[str | float | bytes]],
    *,
    formats: Mapping[int, str] = MappingProxyType({}),
    hidden_rows: Sequence[int] = (),
    hidden_columns: Sequence[int] = (),
) -> Path:
    """The smallest XLSB: no program that is at hand writes this format. Records as in MS-XLSB, 2.1.4 and 2.5.

    A cell of bytes is an error. ``formats`` are number formats by position; ``hidden_rows`` are counted from 1.
    """
    book = _record(131) + _record(143) + _record(156, struct.pack("<II", 0, 1) + _wide("rId1") + _wide("Data"))
    styles = {position: style for style, position in enumerate(formats, start=1)}
    cells = b""
    for number, row in enumerate(rows):
        cells += _record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, 0x10 * (number + 1 in hidden_rows), 0, 0))
        for position, cell in enumerate(row):
            cells += _cell(struct.pack("<II", position, styles.get(position, 0)), cell)
    extent = struct.pack("<IIII", 0, len(rows) - 1, 0, max(map(len, rows)) - 1)
    columns = b"".join(_record(60, struct.pack("<IIIIH", each, each, 2000, 0, 1)) for each in hidden_columns)
    sheet = _record(129) + _record(148, extent) + columns + _record(145) + cells + _record(146) + _record(130)
    shapes = b"".join(
        _record(44, struct.pack("<H", 200 + n) + _wide(shape)) for n, shape in enumerate(formats.values())
    )
    shapes = _record(615, struct.pack("<I", len(formats))) + shapes + _record(616)
    looks = b"".join(_record(47, struct.pack("<HH12x", 0, n)) for n in (0, *range(200, 200 + len(formats))))
    looks = _record(617, struct.pack("<I", 1 + len(formats))) + looks + _record(618)
    parts = xlsx_parts("")
    del parts["xl/workbook.xml"], parts["xl/worksheets/sheet1.xml"], parts["xl/_rels/workbook.xml.rels"]
    links = "".join(
        f'<Relationship Id="{link}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for link, kind, target in (("rId1", "worksheet", "worksheets/sheet1.bin"), ("rId2", "styles", "styles.bin"))
    )
    return pack(
        path,
        parts
        | {
            "_rels/.rels": str(parts["_rels/.rels"]).replace("workbook.xml", "workbook.bin"),
            "xl/workbook.bin": book + _record(144) + _record(132),
            "xl/_rels/workbook.bin.rels": f"<Relationships {PACKAGE}>{links}</Relationships>",
            "xl/worksheets/sheet1.bin": sheet,
            "xl/styles.bin": _record(278) + shapes + looks + _record(279),
        },
    )


def _record(kind: int, data: bytes = b"") -> bytes:
    number = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = b"", len(data)
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
        length >>= 7
        if not length:
            return number + size + data


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _cell(place: bytes, cell: str | float | bytes) -> bytes:
    match cell:
        case str():
            return _record(6, place + _wide(cell))
        case bytes():
            return _record(3, place + cell)
        case _:
            return _record(5, place + struct.pack("<d", cell))
