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
_MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
_OF_ODS = ("office", "table", "text", "style")
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


def write_ods(path: Path, *cells: str, head: str = "") -> Path:
    """An OpenDocument sheet with one column of these cells of XML; ``head`` stands before the table, as its styles."""
    spaces = "".join(f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in _OF_ODS)
    rows = "".join(f"<table:table-row>{cell}</table:table-row>" for cell in cells)
    table = f'<office:spreadsheet><table:table table:name="Data">{rows}</table:table></office:spreadsheet>'
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = f'<m:file-entry m:full-path="/" m:media-type="{kind}"/>'
    return pack(
        path,
        {
            "mimetype": kind,
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="{_MANIFEST}">{manifest}</m:manifest>',
            "content.xml": f"<office:document-content{spaces}>{head}<office:body>{table}</office:body>"
            "</office:document-content>",
        },
    )


def ods_cell(kind: str, value: str, shown: str) -> str:
    """The XML of a cell of an OpenDocument sheet: the type of its value, the value, and what it shows."""
    name = {"date": "date-value", "time": "time-value", "boolean": "boolean-value"}.get(kind, "value")
    about = "" if kind == "string" else f' office:{name}="{value}"'
    return f'<table:table-cell office:value-type="{kind}"{about}><text:p>{shown}</text:p></table:table-cell>'


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


def with_formats(parts: Mapping[str, str | bytes], *shapes: str) -> dict[str, str | bytes]:
    """The parts of a workbook whose cells can name these number formats as their styles, counted from 0."""
    formats = "".join(f'<numFmt numFmtId="{200 + n}" formatCode="{shape}"/>' for n, shape in enumerate(shapes))
    styles = "".join(f'<xf numFmtId="{200 + n}"/>' for n in range(len(shapes)))
    link = f'<Relationship Id="rId9" Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>'
    links = str(parts["xl/_rels/workbook.xml.rels"]).replace("</Relationships>", link)
    xml = f"<styleSheet {MAIN}><numFmts>{formats}</numFmts><cellXfs>{styles}</cellXfs></styleSheet>"
    return {**parts, "xl/styles.xml": xml, "xl/_rels/workbook.xml.rels": links}


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
    more: Mapping[str, bytes] = MappingProxyType({}),
) -> Path:
    """The smallest XLSB: no program that is at hand writes this format. Records as in MS-XLSB, 2.1.4 and 2.5.

    A cell of bytes is an error, one of True a formula with the result 7. ``formats`` are number formats by position;
    ``hidden_rows`` are counted from 1. ``more`` are further records of the "book", the "sheet", its
    "view" and the "styles".
    """
    book = (
        xlsb_record(131)
        + more.get("book", b"")
        + xlsb_record(143)
        + xlsb_record(156, struct.pack("<II", 0, 1) + _wide("rId1") + _wide("Data"))
    )
    styles = {position: style for style, position in enumerate(formats, start=1)}
    cells = b""
    for number, row in enumerate(rows):
        cells += xlsb_record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, 0x10 * (number + 1 in hidden_rows), 0, 0))
        for position, cell in enumerate(row):
            cells += _cell(struct.pack("<II", position, styles.get(position, 0)), cell)
    extent = struct.pack("<IIII", 0, len(rows) - 1, 0, max(map(len, rows)) - 1)
    columns = more.get("view", b"")
    columns += b"".join(xlsb_record(60, struct.pack("<IIIIH", each, each, 2000, 0, 1)) for each in hidden_columns)
    sheet = (
        xlsb_record(129)
        + xlsb_record(148, extent)
        + more.get("view", b"")
        + columns
        + xlsb_record(145)
        + cells
        + more.get("cells", b"")
        + xlsb_record(146)
    )
    sheet += more.get("sheet", b"") + xlsb_record(130)
    shapes = b"".join(
        xlsb_record(44, struct.pack("<H", 200 + n) + _wide(shape)) for n, shape in enumerate(formats.values())
    )
    shapes = xlsb_record(615, struct.pack("<I", len(formats))) + shapes + xlsb_record(616)
    looks = b"".join(xlsb_record(47, struct.pack("<HH12x", 0, n)) for n in (0, *range(200, 200 + len(formats))))
    looks = xlsb_record(617, struct.pack("<I", 1 + len(formats))) + looks + xlsb_record(618)
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
            "xl/workbook.bin": book + xlsb_record(144) + xlsb_record(132),
            "xl/_rels/workbook.bin.rels": f"<Relationships {PACKAGE}>{links}</Relationships>",
            "xl/worksheets/sheet1.bin": sheet,
            "xl/styles.bin": xlsb_record(278) + shapes + looks + more.get("styles", b"") + xlsb_record(279),
        },
    )


def xlsb_record(kind: int, data: bytes = b"") -> bytes:
    """A record of an XLSB."""
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
            return xlsb_record(6, place + _wide(cell))
        case bytes():
            return xlsb_record(3, place + cell)
        case True:
            return xlsb_record(9, place + struct.pack("<dH", 7, 0) + bytes(8))
        case _:
            return xlsb_record(5, place + struct.pack("<d", cell))


def xls_record(kind: int, data: bytes = b"") -> bytes:
    """A record of an .xls file."""
    return struct.pack("<HH", kind, len(data)) + data


def xls_formula(row: int, position: int, result: bytes, flags: int = 0) -> bytes:
    """The record of a formula, which is 1; its place counts from 0."""
    return xls_record(
        6, struct.pack("<HHH", row, position, 0) + result + struct.pack("<HIH3s", flags, 0, 3, b"\x1e\1\0")
    )


def write_xls(
    path: Path,
    rows: Sequence[Sequence[str | float | None]],
    *,
    book: bytes = b"",
    sheet: bytes = b"",
    shape: str = "General",
) -> Path:
    """The smallest .xls with one sheet, and further records of the book and the sheet. As in MS-XLS, 2.1.7.

    ``shape`` is the number format of all of its cells.
    """
    begin = "<HHHHII"
    globals_ = xls_record(0x809, struct.pack(begin, 0x600, 5, 0x0DBB, 0x07CC, 0, 6)) + book
    globals_ += xls_record(0x41E, struct.pack("<HHB", 200, len(shape), 0) + shape.encode())
    globals_ += xls_record(0xE0, struct.pack("<HH16x", 0, 200)) * 16
    name = b"\4\0Data"
    length = len(globals_) + 4 + 6 + len(name) + 4
    globals_ += xls_record(0x85, struct.pack("<IBB", length, 0, 0) + name) + xls_record(0x0A)
    cells = b""
    for row, texts in enumerate(rows):
        for position, cell in enumerate(texts):
            place = struct.pack("<HHH", row, position, 0)
            if isinstance(cell, str):
                cells += xls_record(0x204, place + struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le"))
            elif cell is not None:
                cells += xls_record(0x203, place + struct.pack("<d", cell))
    begins = xls_record(0x809, struct.pack(begin, 0x600, 0x10, 0x0DBB, 0x07CC, 0, 6))
    path.write_bytes(compound(globals_ + begins + cells + sheet + xls_record(0x0A)))
    return path


def compound(stream: bytes) -> bytes:
    """A compound file with this one stream, as in MS-CFB: a header, a table of sectors, a directory, the stream."""
    size = 512
    stream = stream.ljust(max(4_096, -(-len(stream) // size) * size), b"\0")
    count, end = len(stream) // size, 0xFFFFFFFE
    chain = [0xFFFFFFFD, end, *range(3, count + 2), end]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4_096, end, 0, end, 0, 0)
    table = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    entries = _entry("Root Entry", 5, 1, end, 0) + _entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream))
    return header.ljust(size, b"\xff") + table + entries.ljust(size, b"\0") + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    wide = name.encode("utf-16-le")
    links = struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child)
    head = wide.ljust(64, b"\0") + struct.pack("<HBB", len(wide) + 2, kind, 1) + links
    return head + bytes(36) + struct.pack("<IQ", start, size)
