"""A copy of a workbook with an annotation, by the process that makes it: parts that need not change are the same."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from importer.spreadsheet.workbook_child import annotated_copy
from importer.spreadsheet.workbook_child.annotated_copy import main
from spreadsheet.making import MAIN, pack, sheet_xml, text_row, write_xlsb, xlsx_parts

Parts = dict[str, bytes]
Rows = list[list[object]]
SHEET, BOOK, COMMENTS, DRAWING = (
    "xl/worksheets/sheet1.xml",
    "xl/workbook.xml",
    "xl/comments1.xml",
    "xl/drawings/vmlDrawing1.vml",
)
WRONG: Rows = [[2, ["invalid"], {"1": "No such room."}, {}]]
RIGHT: Rows = [[2, ["created"], {}, {}]]


@pytest.fixture(autouse=True)
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits are for a process of its own; in this one they would last."""
    monkeypatch.setattr(annotated_copy, "limit_this_process", lambda size: None)
    monkeypatch.setattr("importer.spreadsheet.workbook_child.limits.limit_this_process", lambda size: None)
    monkeypatch.setattr(annotated_copy, "confine", lambda *files: None)


def plain(room: str = "Attic") -> Parts:
    """The parts of a workbook with two columns and a row, and one part that nobody here knows."""
    book, out = Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    sheet.title = "Data"
    sheet.append(["Id", "Room"])
    sheet.append(["1", room])
    book.save(out)
    return {**parts_of(out.getvalue()), "customXml/item1.xml": b"<kept/>"}


def copy_of(path: Path, rows: Rows, lists: Mapping[str, list[str]] | None = None, there: int | None = None) -> bytes:
    """What is written for this annotation of a file; ``there`` is where its column of statuses is already."""
    first = {"sheet": "Data", "header_row": 1, "columns": [["Status", 9.5, there]], "free": 2, "lists": lists or {}}
    out = io.BytesIO()
    main(path, map(json.dumps, [first, *rows]), out)
    return out.getvalue()


def packed(path: Path, parts: Parts) -> Path:
    """A workbook with these parts."""
    return pack(path, dict(parts))


def parts_of(data: bytes) -> dict[str, bytes]:
    """The parts of a copy."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_wrong_cell_is_marked_and_all_else_stays(tmp_path: Path) -> None:
    """Programs open the copy: the cell is red, has its comment, and its row a status."""
    data = copy_of(packed(tmp_path / "a.xlsx", plain()), WRONG)
    sheet = load_workbook(io.BytesIO(data))["Data"]
    assert [[cell.value for cell in row] for row in sheet["A1:C2"]] == [
        ["Id", "Room", "Status"],
        ["1", "Attic", "invalid"],
    ]
    assert (sheet["B2"].fill.fgColor.rgb, sheet["B2"].comment.text) == ("FFFFC7CE", "Nexudus importer:\nNo such room.")
    assert sheet["A2"].fill.fgColor.rgb != "FFFFC7CE"
    parts, before = parts_of(data), plain()
    assert parts.keys() - before.keys() == {
        COMMENTS,
        DRAWING,
        "xl/worksheets/_rels/sheet1.xml.rels",
        "xl/worksheets/sheet2.xml",
    }
    assert parts["customXml/item1.xml"] == b"<kept/>"


def test_a_copy_of_a_copy_has_no_red_where_all_is_right(tmp_path: Path) -> None:
    """Its look goes back to what it was, and its comment goes."""
    path = packed(tmp_path / "a.xlsx", plain())
    (tmp_path / "b.xlsx").write_bytes(copy_of(path, WRONG))
    data = copy_of(tmp_path / "b.xlsx", RIGHT, there=2)
    sheet = load_workbook(io.BytesIO(data))["Data"]
    assert (sheet["B2"].comment, sheet["C2"].value) == (None, "created")
    cells = [re.search(rb'<c r="B2"([^>]*)>', parts_of(one)[SHEET]) for one in (copy_of(path, RIGHT), data)]
    assert [b's="0"' in cell[1] or b" s=" not in cell[1] for cell in cells if cell] == [True, True]


def test_values_to_choose_from_stand_in_a_hidden_sheet_of_the_copy(tmp_path: Path) -> None:
    """Which an earlier copy may have added; a sheet of the user that is called so keeps its name."""
    path = packed(tmp_path / "a.xlsx", plain())
    for there in (None, 2):
        path.write_bytes(copy_of(path, RIGHT, {"1": ["Attic", "Cellar"]}, there))
        book = load_workbook(path)
        [name] = [name for name in book.sheetnames if name != "Data"]
        assert book[name].sheet_state == "hidden"
        [rule] = book["Data"].data_validations.dataValidation
        source = rule.formula1.partition("!")[2].replace("$", "")
        assert [cell.value for [cell] in book[name][source]] == ["Attic", "Cellar"]


def test_the_chain_of_calculation_goes_with_a_formula(tmp_path: Path) -> None:
    """Excel repairs a file whose chain names a cell without one."""
    parts = plain("=1+1")
    links = parts["xl/_rels/workbook.xml.rels"].decode()
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/calcChain"
    link = f'<Relationship Id="rId8" Type="{kind}" Target="calcChain.xml"/></Relationships>'
    parts["xl/_rels/workbook.xml.rels"] = links.replace("</Relationships>", link).encode()
    parts["xl/calcChain.xml"] = f'<calcChain {MAIN}><c r="B2" i="1"/></calcChain>'.encode()
    path = packed(tmp_path / "a.xlsx", parts)
    assert "xl/calcChain.xml" in parts_of(copy_of(path, WRONG))
    corrected: Rows = [[2, ["corrected"], {}, {"1": "Attic"}]]
    copied = parts_of(copy_of(path, corrected))
    assert "xl/calcChain.xml" not in copied
    assert b"calcChain" not in copied["xl/_rels/workbook.xml.rels"]


def signed() -> Parts:
    """A workbook with a digital signature."""
    return plain() | {"_xmlsignatures/sig1.xml": b"<x/>"}


def strict() -> Parts:
    """A workbook in the strict form of the format."""
    usual, other = b"http://schemas.openxmlformats.org/spreadsheetml/2006", b"http://purl.oclc.org/ooxml/spreadsheetml"
    return plain() | {BOOK: plain()[BOOK].replace(usual, other)}


def without_styles() -> Parts:
    """A workbook of nothing but cells."""
    parts = xlsx_parts(sheet_xml(text_row(1, "Id", "Room"), text_row(2, "1", "Attic")))
    return {name: str(part).encode() for name, part in parts.items()}


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        (signed, "it is digitally signed"),
        (strict, "it is stored in the strict form of the format"),
        (without_styles, "it has no styles"),
    ],
)
def test_a_workbook_that_would_lose_something_is_not_copied(
    tmp_path: Path, parts: Callable[[], Parts], reason: str
) -> None:
    """The reason is all that is written."""
    assert json.loads(copy_of(packed(tmp_path / "a.xlsx", parts()), WRONG)) == {"refused": [reason]}


def test_a_binary_workbook_is_not_copied(tmp_path: Path) -> None:
    """Its parts are no XML."""
    path = write_xlsb(tmp_path / "a.xlsb", [["Id", "Room"], [1, "Attic"]])
    assert json.loads(copy_of(path, WRONG)) == {"refused": ["it is an .xlsb workbook"]}
