"""What the process that reads a workbook writes about it, line by line."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from importer.spreadsheet.workbook_child import reading
from importer.spreadsheet.workbook_child.limits import DAMAGED, PROTECTED, Refusal, open_archive
from importer.spreadsheet.workbook_child.package import Package
from importer.spreadsheet.workbook_child.reading import distinct_parts, main
from spreadsheet.making import (
    MAIN,
    ods_cell,
    pack,
    sheet_xml,
    text_row,
    with_formats,
    write_ods,
    write_xls,
    write_xlsb,
    xlsx_parts,
)

HEAD = text_row(1, "ResourceId", "Name")
Lines = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits are for a process of its own; in this one they would last."""
    monkeypatch.setattr(reading, "limit_this_process", lambda size: None)
    monkeypatch.setattr("importer.spreadsheet.workbook_child.limits.limit_this_process", lambda size: None)
    monkeypatch.setattr(reading, "confine", lambda *files: None)


def read(path: Path, chosen: str | None = None, *, blanks: bool = True) -> Lines:
    """What is written about a workbook."""
    out = io.StringIO()
    main(path, chosen, out, blanks=blanks)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def refused(lines: Lines) -> object:
    """Why a workbook is not read, which is all that is written then."""
    [line] = lines
    [sentence, advice] = line["refused"]
    assert advice
    return sentence


def xlsx(folder: Path, *rows: str) -> Path:
    """A workbook with these rows below its header."""
    return pack(folder / "a.xlsx", xlsx_parts(sheet_xml(HEAD, *rows)))


def write(folder: Path, suffix: str) -> Path:
    """A workbook of a kind, with a header and a row."""
    path = folder / f"a{suffix}"
    match suffix:
        case ".xls":
            return write_xls(path, [["Name"], ["Room"]])
        case ".xlsb":
            return write_xlsb(path, [["Name"], ["Room"]])
        case ".ods":
            return write_ods(path, ods_cell("string", "", "Name"), ods_cell("string", "", "Room"))
        case _:
            return pack(path, xlsx_parts(sheet_xml(text_row(1, "Name"), text_row(2, "Room"))))


@pytest.mark.parametrize("suffix", [".xls", ".xlsb", ".ods", ".xlsx", ".xlsm"])
def test_each_kind_gives_its_cells_and_then_what_is_to_be_said(tmp_path: Path, suffix: str) -> None:
    """Column by column; the last line proves that all of them are there."""
    piece, last = read(write(tmp_path, suffix))
    assert piece == {"first": 1, "columns": [["Name", "Room"]], "formats": []}
    assert last == {"name": last["name"], "notices": [], "day_zero": "", "problems": [[], [], []]}
    assert last["name"] in {"Data", "Sheet1"}


@pytest.mark.parametrize(
    ("suffix", "other", "sentence"),
    [
        (".xls", ".xlsx", "is named .xlsx but is a .xls workbook"),
        (".xlsb", ".xlsx", "is named .xlsx but is a .xlsb workbook"),
        (".ods", ".xlsx", "is named .xlsx but is a .ods workbook"),
        (".xlsx", ".ods", "is named .ods but is a .xlsx workbook"),
    ],
)
def test_a_workbook_under_the_name_of_another_kind_is_refused(
    tmp_path: Path, suffix: str, other: str, sentence: str
) -> None:
    """Before a cell of it is read."""
    path = write(tmp_path, suffix)
    assert refused(read(path.rename(path.with_suffix(other)))) == sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("EncryptedPackage", PROTECTED[0]), ("WordDocument", DAMAGED[0])],
)
def test_an_old_container_without_a_workbook_is_refused(tmp_path: Path, content: str, sentence: str) -> None:
    """An .xlsx with a password is such a container, too."""
    path = tmp_path / "a.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + content.encode("utf-16-le"))
    assert refused(read(path)) == sentence


def test_the_sheets_to_choose_from_are_named(tmp_path: Path) -> None:
    """And the chosen one is read."""
    sheets = '<sheet name="A" sheetId="1" r:id="rId1"/><sheet name="B" sheetId="2" r:id="rId2"/>'
    parts: Mapping[str, str | bytes] = xlsx_parts(sheet_xml(HEAD))
    link = str(parts["xl/_rels/workbook.xml.rels"])
    [start, relation] = link.removesuffix("/></Relationships>").split("<Relationship ")
    second = relation.replace("rId1", "rId2").replace("sheet1", "sheet2")
    changed = {
        "xl/workbook.xml": str(parts["xl/workbook.xml"]).replace(
            '<sheet name="Data" sheetId="1" r:id="rId1"/>', sheets
        ),
        "xl/_rels/workbook.xml.rels": f"{start}<Relationship {relation}/><Relationship {second}/></Relationships>",
        "xl/worksheets/sheet2.xml": sheet_xml(text_row(1, "Other")),
    }
    path = pack(tmp_path / "a.xlsx", {**parts, **changed})
    [line] = read(path)
    assert line == {
        "refused": ["has several sheets: A, B", 'Choose one, for example --sheet "A".'],
        "sheets": ["A", "B"],
    }
    assert read(path, "B")[0]["columns"] == [["Other"]]


@pytest.mark.parametrize(
    "cell",
    [
        't="str"><v><![CDATA[Room]]></v>',
        't="str"><!-- here --><v>Room</v>',
        't="inlineStr"><is><t>R_x006F_om</t></is>',
        't="inlineStr"><is><t>Room</t></is><v/>',
        't="str"><v>&#82;oom</v>',
    ],
)
def test_a_sheet_in_an_unusual_form_gives_the_same_lines(tmp_path: Path, cell: str) -> None:
    """It is put into the usual form first, before anything is written."""
    row = f'<row r="2"><c r="A2"><v>1</v></c><c r="B2" {cell}</c><c r="C2" t="e"><v>#N/A</v></c></row>'
    piece, last = read(xlsx(tmp_path, row))
    first, second, (_, error) = piece["columns"]
    assert (first, second, error[0]) == (["ResourceId", "1"], ["Name", "Room"], "#")
    assert last["problems"] == [["cell-error"], [2], [2]]


def test_number_formats_that_show_something_else_stand_beside_the_columns(tmp_path: Path) -> None:
    """With the position, the first and the last row that they are about."""
    rows = "".join(f'<row r="{row}"><c r="A{row}" s="1"><v>0.5</v></c></row>' for row in (2, 3))
    path = pack(tmp_path / "a.xlsx", with_formats(xlsx_parts(sheet_xml(HEAD, rows)), "General", "0%"))
    assert read(path)[0]["formats"] == [[0, 2, 3, "0%"]]


def test_cells_of_blanks_are_taken_out_on_request(tmp_path: Path) -> None:
    """One in the farthest corner takes more memory than there is."""
    far = '<row r="9"><c r="Z9" t="inlineStr"><is><t xml:space="preserve"> </t></is></c></row>'
    path = xlsx(tmp_path, far)
    assert [len(line["columns"]) for line in read(path)[:-1]] == [26]
    assert [line["columns"] for line in read(path, blanks=False)[:-1]] == [[["ResourceId"], ["Name"]]]


def test_hidden_rows_and_macros_are_notices(tmp_path: Path) -> None:
    """As codes with their values; the sentences are made elsewhere."""
    rows = text_row(2, "1", "Room").replace("<row ", '<row hidden="1" ')
    *_, last = read(pack(tmp_path / "a.xlsm", {**xlsx_parts(sheet_xml(HEAD, rows)), "xl/vbaProject.bin": b"x"}))
    assert last["notices"] == [["macros-not-run", {}], ["hidden-rows", {"count": 1}]]


def test_days_that_count_from_1904_are_said_to(tmp_path: Path) -> None:
    """A plain number is another day then."""
    book = f'<workbook {MAIN} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    book += '<workbookPr date1904="1"/><sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>'
    row = '<row r="2"><c r="A2"><v>46000</v></c></row>'
    *_, last = read(xlsx(tmp_path, row))
    assert last["day_zero"] == ""
    *_, last = read(pack(tmp_path / "b.xlsx", {**xlsx_parts(sheet_xml(HEAD, row)), "xl/workbook.xml": book}))
    assert (last["day_zero"], last["problems"]) == ("1904-01-01", [["date-of-workbook"], [2], [0]])


def test_two_sheets_of_one_part_are_refused(tmp_path: Path) -> None:
    """It would be read for each of thousands of names."""
    path = xlsx(tmp_path, text_row(2, "1", "Room"))
    with open_archive(path) as archive:
        package = Package(archive)
        assert distinct_parts(package, {"A": "rId1"}) == {"A": "rId1"}
        with pytest.raises(Refusal, match=DAMAGED[0]):
            distinct_parts(package, {"A": "rId1", "B": "rId1"})
