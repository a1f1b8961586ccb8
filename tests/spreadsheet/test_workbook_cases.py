"""Workbooks as people's programs write them: what a person sees in each, and what is said of it.

The files in files/ were made for this project, those called lo-* by LibreOffice 7.4 and gnumeric-* by Gnumeric 1.12.
"""

import re
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

from importer.errors import FileError, SheetsError
from importer.spreadsheet.workbook_child.cell_texts import Cell, as_text
from importer.spreadsheet.workbook_child.old_strings import StringsDamaged, shared_strings
from spreadsheet.making import (
    ods_cell,
    opened,
    pack,
    problems_of,
    rows_of,
    sheet_xml,
    shown_rows_of,
    text_row,
    write_ods,
    write_xls,
    write_xlsb,
    xls_record,
    xlsb_record,
    xlsx_parts,
)

FILES = Path(__file__).with_name("files")
SAMPLES = Path(__file__).parents[2] / "samples"


@dataclass(frozen=True)
class Case:
    """What is right about a file: some cells by address, how many rows, the codes of notices, and the problems."""

    rows: int
    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    notices: dict[str, object] = field(default_factory=dict)
    problems: dict[tuple[int, int], str] = field(default_factory=dict)


CASES = {
    "dimension-A0_F3.xlsx": Case(2, {(3, 2): "Room 2"}),
    "filtered.xlsx": Case(3, {(3, 2): "Room 2"}, {"hidden-rows": 1}),
    "hidden-column.xlsx": Case(1, {(2, 5): "AAMkAGI2TGuLAAA1="}, {"hidden-columns": "F"}),
    "ht0.xlsx": Case(2, {(3, 2): "Room 2"}, {"hidden-rows": 1}),
    "wb-at-root.xlsx": Case(1, {(2, 2): "Room 1"}),
    "wb-renamed.xlsx": Case(1, {(2, 2): "Room 1"}),
    "target-dotdot.xlsx": Case(1, {(2, 2): "Room 1"}),
    "utf16-sheet.xlsx": Case(1, {(2, 2): "Room 1"}),
    "ext-links.xlsx": Case(1, {(2, 2): "Room 1"}, {"linked-workbooks": None}),
    "blank-far-column.xlsx": Case(1, {(2, 2): "Room 1"}),
    "str-formula-no-value.xlsx": Case(2, {(2, 5): "=LOWER(A2)", (3, 5): ""}, {}, {(2, 5): "formula-without-value"}),
    "ods-groups.ods": Case(4, {(4, 2): "Room 3"}, {"hidden-rows": 1}),
    "ods-types.ods": Case(4, {(2, 2): "TRUE", (3, 2): "50%", (4, 2): "2026-03-02", (5, 2): "7"}),
    "ods-hidden-column.ods": Case(1, {(2, 2): "Room 1"}, {"hidden-columns": "F"}),
    "gnumeric-continued.xls": Case(400, {(401, 0): "1400"}),
    "lo-hidden-row.xls": Case(
        15,
        {(8, 2): "Line\nbreak 7", (9, 2): "Tab\there 8", (11, 2): "emoji 👩\u200d👩\u200d👧 10", (16, 0): "#N/A"},
        {"hidden-rows": 1, "hidden-columns": "F"},
        {(16, 0): "cell-error"},
    ),
    "lo-hidden-row-tab.ods": Case(
        15,
        {(8, 2): "Line\nbreak 7", (9, 2): "Tab\there 8", (10, 2): "  spaced   9  ", (13, 2): "007"},
        {"hidden-rows": 1, "hidden-columns": "F"},
        {(16, 0): "cell-error"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_read_as_a_person_sees_it(name: str) -> None:
    """Its cells, and everything that may surprise: hidden parts, other files, cells without a value."""
    case, sheet = CASES[name], opened(FILES / name)
    rows = shown_rows_of(sheet)
    assert len(rows) == case.rows
    assert {place: (*rows[place[0]], *[""] * 9)[place[1]] for place in case.cells} == case.cells
    assert {notice.code: next(iter(notice.values.values()), None) for notice in sheet.notices} == case.notices
    assert problems_of(sheet) == case.problems


def test_two_sheets_that_could_be_meant_are_asked_about() -> None:
    """A sheet that somebody calls Notes may be the one with the data."""
    with pytest.raises(SheetsError) as error:
        opened(FILES / "notes-vs-scratch.xlsx")
    assert list(error.value.sheets) == ["Notes", "Old"]


@pytest.mark.parametrize(
    ("file", "name", "sentence", "advice"),
    [
        ("xls-renamed.xlsx", "a.xlsx", "a.xlsx is named .xlsx but is a .xls workbook.", "Rename it to .xls."),
        ("cells.xlsx", "a.xls", "a.xls is named .xls but is a .xlsx workbook.", "Rename it to .xlsx."),
        (
            "lock-file.bin",
            "~$rooms.xlsx",
            "~$rooms.xlsx is not a workbook: it is the lock file that Excel keeps while the workbook is open.",
            "Import the workbook itself, the file without ~$ before its name.",
        ),
    ],
)
def test_a_file_under_another_name_is_called_what_it_is(
    tmp_path: Path, file: str, name: str, sentence: str, advice: str
) -> None:
    """The refusal says what the file is and what to do."""
    (tmp_path / name).write_bytes((FILES / file).read_bytes())
    with pytest.raises(FileError) as error:
        opened(tmp_path / name)
    assert (error.value.message, error.value.advice) == (sentence, advice)


# -- where a workbook keeps its parts ---------------------------------------------------------------------------------

ROWS = text_row(1, "ResourceId", "Name"), text_row(2, "1", "Room")
BOOK_LINKS = "xl/_rels/workbook.xml.rels"
Parts = dict[str, str | bytes]


def plain() -> Parts:
    """The parts of a workbook with shared strings, where everybody writes them."""
    shared = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>Room</t></si></sst>'
    rows = text_row(1, "ResourceId", "Name"), '<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="s"><v>0</v></c></row>'
    return xlsx_parts(sheet_xml(*rows), shared)


def moved(part: str, to: str, target: str) -> Callable[[], Parts]:
    """The same with a part elsewhere, and the link to it as it is written."""

    def parts() -> Parts:
        made = plain()
        made[to] = made.pop(part)
        short = part.removeprefix("xl/")
        made[BOOK_LINKS] = str(made[BOOK_LINKS]).replace(f'"{short}"', f'"{target}"')
        return made

    return parts


def changed(part: str, change: Callable[[str], str | bytes]) -> Callable[[], Parts]:
    """The same with a part written in another way."""

    def parts() -> Parts:
        made = plain()
        made[part] = change(str(made[part]))
        return made

    return parts


def without_rels() -> Parts:
    """The same, found by the types of its parts only."""
    made = plain()
    del made["_rels/.rels"]
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    override = f'<Override PartName="/book/main.xml" ContentType="{kind}"/></Types>'
    made["[Content_Types].xml"] = str(made["[Content_Types].xml"]).replace("</Types>", override)
    made["book/main.xml"] = made.pop("xl/workbook.xml")
    links = str(made.pop(BOOK_LINKS)).replace('Target="', 'Target="/xl/')
    return made | {"book/_rels/main.xml.rels": links}


SHEET = "xl/worksheets/sheet1.xml"
STRICT = ("http://schemas.openxmlformats.org/officeDocument/2006", "http://purl.oclc.org/ooxml/officeDocument")
LAYOUTS: dict[str, Callable[[], Parts]] = {
    "as everybody writes it": plain,
    "with ..": moved(SHEET, "sheets/a.xml", "../sheets/a.xml"),
    "from the root": moved(SHEET, "sheets/a.xml", "/sheets/a.xml"),
    "from the root, unsaid": moved(SHEET, SHEET, SHEET),
    "backslashes": moved(SHEET, "xl\\worksheets\\sheet1.xml", "worksheets\\sheet1.xml"),
    "other capitals": moved(SHEET, "xl/Worksheets/Sheet1.xml", "worksheets/sheet1.xml"),
    "a blank in a name": moved(SHEET, "xl/worksheets/my sheet.xml", "worksheets/my%20sheet.xml"),
    "strings elsewhere": moved("xl/sharedStrings.xml", "xl/texts.xml", "texts.xml"),
    "strings in capitals": moved("xl/sharedStrings.xml", "xl/SharedStrings.xml", "SharedStrings.xml"),
    "found by its type": without_rels,
    "UTF-16 with a mark": changed(SHEET, lambda xml: xml.encode("utf-16")),
    "UTF-16 strings": changed("xl/sharedStrings.xml", lambda xml: xml.encode("utf-16")),
    "UTF-16 book": changed("xl/workbook.xml", lambda xml: xml.encode("utf-16")),
    "Latin-1": changed(SHEET, lambda xml: ('<?xml version="1.0" encoding="ISO-8859-1"?>' + xml).encode("latin-1")),
    "UTF-8 with a mark": changed(SHEET, lambda xml: b"\xef\xbb\xbf" + xml.encode()),
    "no addresses": changed(SHEET, lambda xml: re.sub(r' r="\w+"', "", xml)),
    "no addresses of rows": changed(SHEET, lambda xml: re.sub(r' r="\d+"', "", xml)),
    "no dimension": changed(SHEET, lambda xml: xml.replace("<sheetData>", '<dimension ref=""/><sheetData>')),
    "a wrong dimension": changed(SHEET, lambda xml: xml.replace("<sheetData>", '<dimension ref="A1"/><sheetData>')),
    "an absolute dimension": changed(
        SHEET, lambda xml: xml.replace("<sheetData>", '<dimension ref="$A$1:$B$2"/><sheetData>')
    ),
    "strict": lambda: {name: str(part).replace(*STRICT) for name, part in plain().items()},
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_parts_are_found_wherever_they_lie(tmp_path: Path, name: str) -> None:
    """Everything that Excel and LibreOffice open is read, and gives the same cells."""
    sheet = opened(pack(tmp_path / "a.xlsx", LAYOUTS[name]()))
    assert (sheet.labels, rows_of(sheet)) == (("ResourceId", "Name"), {2: ["1", "Room"]})


@pytest.mark.parametrize("prefix", ["", "x:"])
def test_cells_without_an_address_are_counted_on(tmp_path: Path, prefix: str) -> None:
    """One after the last, in rows and columns, so that a problem is named at its cell; some say where they are."""
    rows = (
        f"<{prefix}row><{prefix}c t='str'><{prefix}v>A</{prefix}v></{prefix}c></{prefix}row>"
        f"<{prefix}row r='4'><{prefix}c/><{prefix}c t='e'><{prefix}v>#N/A</{prefix}v></{prefix}c></{prefix}row>"
        f"<{prefix}row><{prefix}c r='C5'><{prefix}f>1+1</{prefix}f></{prefix}c><{prefix}c t='e'/></{prefix}row>"
    )
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    xmlns = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    xml = f"<{prefix}worksheet {xmlns}='{space}'><{prefix}sheetData>{rows}</{prefix}sheetData></{prefix}worksheet>"
    sheet = opened(pack(tmp_path / "a.xlsx", xlsx_parts(xml)))
    assert problems_of(sheet)[4, 1] == "cell-error"
    assert problems_of(sheet)[5, 2] == "formula-without-value"
    assert rows_of(sheet)[4] == ["", "#N/A"]


def test_a_blank_is_nothing_however_far_away(tmp_path: Path) -> None:
    """A cell with a space beyond the last column that can be read; one with a letter there is refused."""
    cell = '<c r="XFD{}" t="inlineStr"><is><t xml:space="preserve">{}</t></is></c>'
    rows = ROWS[0], ROWS[1].replace("</row>", f"{cell.format(2, '  ')}</row>"), text_row(3, "2", "Desk")
    sheet = opened(pack(tmp_path / "a.xlsx", xlsx_parts(sheet_xml(*rows))))
    assert rows_of(sheet) == {2: ["1", "Room"], 3: ["2", "Desk"]}
    rows = *rows[:2], rows[2].replace("</row>", f"{cell.format(3, 'x')}</row>")
    with pytest.raises(FileError, match="has 16,384 columns"):
        opened(pack(tmp_path / "b.xlsx", xlsx_parts(sheet_xml(*rows))))


# -- .xlsb and .xls ---------------------------------------------------------------------------------------------------


def test_an_xlsb_tells_its_errors_formats_and_hidden_parts(tmp_path: Path) -> None:
    """What calamine does not tell of the binary form is read from its records."""
    rows: list[list[str | float | bytes]] = [["ResourceId", "Name", "CalendarId"], [1.0, 7.0, b"\x2a"], [2.0, 0.5, "x"]]
    path = write_xlsb(tmp_path / "a.xlsb", rows, formats={1: "0000000"}, hidden_rows=(2,), hidden_columns=(1,))
    sheet = opened(path)
    assert shown_rows_of(sheet) == {2: ["1", "0000007", "#N/A"], 3: ["2", "0000001", "x"]}
    assert problems_of(sheet) == {(2, 2): "cell-error"}
    assert [(n.code, *n.values.values()) for n in sheet.notices] == [("hidden-rows", 1), ("hidden-columns", "B")]


def table_of(texts: list[str], most: int, *, emoji_once: bool = False) -> list[bytes]:
    """The records of a table of strings, none longer than this; a string goes over as many as it needs."""
    records = [b"\0" * 8]
    for text in texts:
        data, wide = text.encode("utf-16-le"), any(ord(c) > 0xFF for c in text)
        if len(records[-1]) + 3 > most:
            records.append(b"")
        crosses = len(records[-1]) + 3 + (len(data) if wide else len(data) // 2) > most
        length = len(text) if crosses and emoji_once else len(data) // 2
        records[-1] += struct.pack("<HB", length, wide)
        body = data if wide else data[::2]
        while body:
            room = most - len(records[-1])
            room -= room % 2 if wide else 0
            if room <= 0:
                records.append(bytes([wide]))
                continue
            records[-1] += body[:room]
            body = body[room:]
    return records


STRINGS = st.lists(st.text(st.sampled_from("aé会😀👧"), max_size=30), min_size=1, max_size=8)


@given(STRINGS, st.integers(12, 60))
def test_strings_of_xls_go_over_any_number_of_records(texts: list[str], most: int) -> None:
    """Also where a record ends between the two halves of an emoji."""
    assert shared_strings(table_of(texts, most), len(texts)) == texts


@given(st.lists(st.text(st.sampled_from("bc😀"), min_size=1, max_size=30), min_size=3, max_size=8))
def test_strings_of_gnumeric_are_its_own_or_refused(texts: list[str]) -> None:
    """It counts an emoji of a continued string once; a table that can be read in neither way is damaged."""
    records = table_of(texts, 40, emoji_once=True)
    try:
        read = shared_strings(records, len(texts))
    except StringsDamaged:
        return
    assert len(read) == len(texts)


# -- hidden parts -----------------------------------------------------------------------------------------------------

HIDDEN = {
    "hidden": ('<col min="2" max="2" hidden="1"/>', 'hidden="1"', ["hidden-rows", "hidden-columns"]),
    "said in words": ('<col min="2" max="2" hidden="true"/>', 'hidden="true"', ["hidden-rows", "hidden-columns"]),
    "without a size": ('<col min="2" max="2" width="0"/>', 'ht="0"', ["hidden-rows", "hidden-columns"]),
    "0.0": ('<col min="2" max="2" width="0.0"/>', "ht='0.0' customHeight='1'", ["hidden-rows", "hidden-columns"]),
    "to the end": ('<col min="2" max="16384" hidden="1"/>', "", ["hidden-columns"]),
    "only empty ones": ('<col min="3" max="16384" hidden="1"/>', "", []),
    "not hidden": ('<col min="2" max="2" hidden="0" width="0.5"/>', 'hidden="0" ht="0.75"', []),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_out_of_sight_is_said(tmp_path: Path, name: str) -> None:
    """Hidden, filtered, collapsed or without a size; what is empty besides is nobody's loss."""
    columns, row, codes = HIDDEN[name]
    xml = sheet_xml(ROWS[0], ROWS[1].replace("<row", f"<row {row}"))
    path = pack(tmp_path / "a.xlsx", xlsx_parts(xml.replace("<sheetData>", f"<cols>{columns}</cols><sheetData>")))
    sheet = opened(path)
    assert ([notice.code for notice in sheet.notices], rows_of(sheet)) == (codes, {2: ["1", "Room"]})
    assert all(notice.doubtful for notice in sheet.notices)


_CONFIG = "urn:oasis:names:tc:opendocument:xmlns:config:1.0"


def showing_formulas(folder: Path, kind: str, setting: str) -> Path:
    """A workbook whose view shows formulas, or whatever the setting says; with an empty one it says nothing."""
    if kind == "xls":
        flags = {"": 0x36, "0": 0x36}.get(setting, 0x37)
        return write_xls(folder / "a.xls", [["Name"], ["Room"]], sheet=xls_record(0x23E, struct.pack("<H16x", flags)))
    if kind == "xlsb":
        record = xlsb_record(137, struct.pack("<H28x", {"": 0x3DC, "0": 0x3DC}.get(setting, 0x3DE)))
        return write_xlsb(folder / "a.xlsb", [["Name"], ["Room"]], more={"view": record})
    if kind == "ods":
        value = {"": "", "0": "false"}.get(setting, "true")
        path = write_ods(folder / "a.ods", ods_cell("string", "", "Name"), ods_cell("string", "", "Room"))
        with zipfile.ZipFile(path, "a") as archive:
            item = f'<c:config-item c:name="ShowFormulas" c:type="boolean">{value}</c:config-item>'
            entry = f"<c:config-item-map-entry>{item}</c:config-item-map-entry>"
            archive.writestr("settings.xml", f'<s xmlns:c="{_CONFIG}">{entry}</s>')
        return path
    about = f' showFormulas="{setting}"' if setting else ""
    view = f"<sheetViews><sheetView{about} workbookViewId='0'/></sheetViews><sheetData>"
    xml = sheet_xml(text_row(1, "Name"), text_row(2, "Room")).replace("<sheetData>", view)
    return pack(folder / "a.xlsx", xlsx_parts(xml))


@pytest.mark.parametrize("kind", ["xlsx", "xls", "xlsb", "ods"])
@pytest.mark.parametrize(("setting", "told"), [("1", True), ("true", True), ("0", False), ("", False)])
def test_a_sheet_that_shows_its_formulas_is_told(tmp_path: Path, kind: str, setting: str, *, told: bool) -> None:
    """A person sees neither the results there, nor how formats show numbers."""
    sheet = opened(showing_formulas(tmp_path, kind, setting))
    codes = [(notice.code, notice.doubtful) for notice in sheet.notices]
    assert (codes, rows_of(sheet)) == ([("formulas-shown", True)] if told else [], {2: ["Room"]})


# -- an independent reader --------------------------------------------------------------------------------------------

SHEETS: dict[str, list[str | None]] = {
    "xls-renamed.xlsx": [],
    "notes-vs-scratch.xlsx": [],
    "staff-two-sheets.xlsx": ["Harbour House", "Station Yard"],
}
"""Sheets to read of workbooks that have several, or that the other reader cannot read."""

BY_OPENPYXL = [
    (path, sheet)
    for folder in (FILES, SAMPLES)
    for path in sorted(folder.rglob("*.xlsx"))
    for sheet in SHEETS.get(path.name, [None])
]


def of_openpyxl(sheet: Worksheet) -> dict[int, list[str]]:
    """The texts of a sheet by row, as the values that openpyxl reads."""
    rows: dict[int, list[str]] = {}
    for row in sheet.iter_rows():
        texts = [_text(cell.value) for cell in row]
        while texts and not texts[-1].strip():
            texts.pop()
        if texts:
            rows[row[0].row or 0] = texts
    return rows


def _text(value: object) -> str:
    assert value is None or isinstance(value, int | float | str | bool | time | date | datetime)
    cell: Cell = float(value) if type(value) is int else unescape(value) if isinstance(value, str) else value
    return as_text(cell)


@pytest.mark.parametrize(("path", "name"), BY_OPENPYXL, ids=lambda value: getattr(value, "name", value or ""))
def test_another_reader_reads_the_same(path: Path, name: str | None) -> None:
    """Cell by cell: no row is lost and no value changed, but for cells that are said to be problems."""
    try:
        book = load_workbook(path, data_only=True)
    except (KeyError, ValueError, TypeError):
        pytest.skip("openpyxl cannot read it")
    sheet = opened(path, sheet=name) if name else opened(path)
    assert sheet.name is not None
    ours, problems = rows_of(sheet), problems_of(sheet)
    theirs = {row: texts for row, texts in of_openpyxl(book[sheet.name]).items() if row > sheet.header_row}
    told = {notice.values["first"] for notice in sheet.notices if notice.code == "row-left-out"}
    for row in (theirs | ours).keys() - told:
        width = max(len(theirs.get(row, [])), len(ours.get(row, [])))
        for position in set(range(width)) - {place for number, place in problems if number == row}:
            pair = [(*cells.get(row, ()), *[""] * width)[position] for cells in (ours, theirs)]
            assert pair[0].strip() == pair[1].strip(), (row, position)


def test_a_workbook_of_everything_is_the_same_to_both(tmp_path: Path) -> None:
    """Texts of every kind, numbers, moments and truths."""
    book = Workbook()
    assert book.active is not None
    book.active.append(["A", "B"])
    for value in (
        "x",
        " y ",
        "_x000D_",
        "a\nb",
        "=text",
        1,
        -2.5,
        1e21,
        True,
        datetime(2026, 2, 3, 4, 5, 6),
        time(7, 8),
    ):
        book.active.append(["row", value])
    book.active["B6"].data_type = "s"
    book.save(tmp_path / "a.xlsx")
    test_another_reader_reads_the_same(tmp_path / "a.xlsx", None)
