"""The user's own workbook with its wrong cells marked: nothing else of it changes, whoever wrote it."""

import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from importer.spreadsheet import open_sheet
from importer.spreadsheet.annotated_workbook import AddedColumn, RowAnnotation, WorkbookAnnotation, annotate_workbook
from spreadsheet.making import RELATIONS, pack, rows_of, sheet_xml, text_row, xlsx_parts

HEADERS = ("import_status", "import_message", "Id")
RED = "FFFFC7CE"
STYLES = (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="1"><font/></fonts>'
    '<fills count="1"><fill/></fills><borders count="1"><border/></borders>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellXfs></styleSheet>'
)
MAY_CHANGE = {
    "[Content_Types].xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/styles.xml",
    "xl/calcChain.xml",
    "xl/worksheets/sheet1.xml",
    "xl/worksheets/_rels/sheet1.xml.rels",
}
"""The parts that a copy may rewrite, besides the comments of the sheet and their boxes."""

Wrong = Mapping[str, str]


def annotated(
    path: Path,
    copy: Path,
    wrong: Wrong,
    corrected: Mapping[str, str] | None = None,
    lists: Mapping[int, list[str]] | None = None,
) -> str | None:
    """The copy with these sentences and texts, by address."""
    read = open_sheet(path)
    numbers = [int(row) for chunk in read.read() for row in chunk.index]
    width = max([len(read.labels), *(chunk.shape[1] for chunk in read.read())])
    there = {label: position for position, label in enumerate(read.labels)}
    columns = [AddedColumn(name, 20.0, there.get(name)) for name in HEADERS]
    rows = [
        RowAnnotation(
            row,
            ["invalid" if in_row(row, wrong) else "not sent", " ".join(in_row(row, wrong).values()), None],
            in_row(row, wrong),
            in_row(row, corrected or {}),
        )
        for row in numbers
    ]
    annotation = WorkbookAnnotation(read.name or "", read.header_row, columns, width, lists or {}, rows)
    return annotate_workbook(path, annotation, copy)


def in_row(row: int, cells: Mapping[str, str]) -> dict[int, str]:
    """The cells of a row by position."""
    return {ord(address[0]) - 65: text for address, text in cells.items() if int(address[1:]) == row}


# -- workbooks as programs write them ---------------------------------------------------------------------------------


def by_xlsxwriter(path: Path) -> None:
    """With a title, a picture, a chart, a table, formulas, comments, validations and a second sheet."""
    with xlsxwriter.Workbook(path) as book:
        sheet, other = book.add_worksheet("Rooms"), book.add_worksheet("Other's sheet")
        bold, dated = (
            book.add_format({"bold": True, "bg_color": "#FFFF00"}),
            book.add_format({"num_format": "d mmm yyyy"}),
        )
        sheet.merge_range("A1:D1", "Calendars of November", bold)
        sheet.write_row("A3", ["Room", "Coworker", "Expires", "Fee"], bold)
        for row in range(3, 9):
            sheet.write_row(
                row, 0, [f"Room {row}", f"Person {row}"], book.add_format({"italic": True, "border": row % 3})
            )
            sheet.write_number(row, 2, 46_500 + row, dated)
            sheet.write_formula(row, 3, f"=C{row + 1}*2", None, 2 * (46_500 + row))
        sheet.write_comment("B5", "Ask Ada", {"author": "Ines"})
        sheet.data_validation("A4:A6", {"validate": "list", "source": ["Room 3", "Room 4"]})
        sheet.conditional_format("D4:D9", {"type": "cell", "criteria": ">", "value": 9, "format": bold})
        sheet.freeze_panes(3, 1)
        sheet.set_column("E:XFD", None, None, {"hidden": True})
        sheet.autofilter("A3:D9")
        book.define_name("Fees", "=Rooms!$D$4:$D$9")
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=Rooms!$D$4:$D$9"})
        other.insert_chart("B2", chart)
        other.insert_image("H2", "dot.png", {"image_data": io.BytesIO(DOT)})
        other.write("A1", "kept")
        other.write_comment("A1", "of the other sheet")
        other.hide()


def by_openpyxl(path: Path) -> None:
    """With looks of every kind, a comment, a rule and merged cells."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(["Room", "Coworker", "Expires", "Fee"])
    for row in range(2, 9):
        sheet.append([f"Room {row}", None if row == 4 else f"Person {row}", f"2027-03-0{row}", f"=1+{row}"])
        sheet.cell(row, 1).font = Font(color="FFFFFF" if row % 2 else "000000", name="Courier New")
        sheet.cell(row, 1).fill = PatternFill("solid", fgColor=f"00{row}000")
        sheet.cell(row, 2).border = Border(left=Side("thick"))
        sheet.cell(row, 3).alignment = Alignment(wrap_text=True, horizontal="right")
    sheet["B3"].comment = Comment("mine", "Ada")
    sheet.column_dimensions["F"].width = 3
    sheet.merge_cells("H1:J1")
    rest = book.create_sheet("Rest")
    rest["A1"] = "=Sheet!A2"
    rest.sheet_state = "hidden"
    book.save(path)


def with_macros(path: Path) -> None:
    """A workbook with macros, as far as anybody can tell who does not run them."""
    plain = path.with_suffix(".xlsx")
    by_xlsxwriter(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            data = data.replace(
                b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
            )
            target.writestr(name, data)
        target.writestr("xl/vbaProject.bin", bytes(range(256)) * 40)
    plain.unlink()


DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf500f00038601"
    "80fd8d5d9b0000000049454e44ae426082"
)
MAKERS: dict[str, Callable[[Path], None]] = {
    "xlsxwriter.xlsx": by_xlsxwriter,
    "openpyxl.xlsx": by_openpyxl,
    "macros.xlsm": with_macros,
}
WRONG = {"B4": "Nobody has this name.", "A5": "No room.", "C7": "In the past.", "B8": "Two of them."}


@pytest.fixture(params=MAKERS)
def workbook(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """One of these workbooks."""
    path = tmp_path / str(request.param)
    MAKERS[request.param](path)
    return path


def parts_of(path: Path) -> dict[str, bytes]:
    """The parts of a workbook."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def look_of(cell: Cell) -> tuple[object, ...]:
    """How a cell looks, but for its colour."""
    # Each workbook has its own styles, which are never equal to those of another.
    return (*map(repr, (cell.font, cell.border, cell.alignment, cell.protection)), cell.number_format)


def cells_of(path: Path) -> dict[tuple[str, str], Cell]:
    """All cells, by sheet and address, with their formulas."""
    book = openpyxl.load_workbook(path)
    return {(s.title, c.coordinate): c for s in book for row in s.iter_rows() for c in row if isinstance(c, Cell)}


# -- nothing else changes ---------------------------------------------------------------------------------------------


def test_every_other_part_is_the_same_byte_for_byte(workbook: Path, tmp_path: Path) -> None:
    """Charts, pictures, macros, other sheets, strings: whatever is not about the marked cells."""
    copy = tmp_path / f"copy{workbook.suffix}"
    assert annotated(workbook, copy, WRONG, lists={0: ["Room 1"], 1: ["Ada", "Ben"]}) is None
    before, after = parts_of(workbook), parts_of(copy)
    assert before.keys() <= after.keys()
    changed = {name for name, data in before.items() if after[name] != data}
    of_comments = {name for name in before if "omments" in name or name.endswith(".vml")}
    assert changed <= MAY_CHANGE | of_comments
    assert "xl/sharedStrings.xml" not in changed


def test_every_cell_is_as_it_was_but_for_red_ones(workbook: Path, tmp_path: Path) -> None:
    """Values, formulas and looks, read by another program; the red ones keep their font, border and format."""
    copy = tmp_path / f"copy{workbook.suffix}"
    assert annotated(workbook, copy, WRONG) is None
    before, after = cells_of(workbook), cells_of(copy)
    first = next(iter(before))[0]
    for (sheet, address), cell in before.items():
        now = after[sheet, address]
        assert (now.value, look_of(now)) == (cell.value, look_of(cell)), address
        red = sheet == first and address in WRONG
        assert red or repr(now.fill) == repr(cell.fill), address
        assert (now.fill.fgColor.rgb == RED) == red, address
    added = [after[first, address].value for address in ("E3", "F3", "G3") if workbook.stem != "openpyxl"]
    assert added in ([], list(HEADERS))


def test_the_rest_of_the_sheet_is_as_it_was(workbook: Path, tmp_path: Path) -> None:
    """Merged cells, panes, filters, conditions, widths, names and rules, besides what was added."""
    copy = tmp_path / f"copy{workbook.suffix}"
    assert annotated(workbook, copy, WRONG, lists={1: ["Ada", "Ben"]}) is None
    old, new = openpyxl.load_workbook(workbook), openpyxl.load_workbook(copy)
    a, b = old.worksheets[0], new.worksheets[0]
    assert a.merged_cells.ranges == b.merged_cells.ranges
    assert (a.freeze_panes, a.auto_filter.ref) == (b.freeze_panes, b.auto_filter.ref)
    assert list(map(str, a.conditional_formatting)) == list(map(str, b.conditional_formatting))
    assert dict(old.defined_names) == dict(new.defined_names)
    assert a.column_dimensions["A"].width == b.column_dimensions["A"].width
    rules = [(str(rule.sqref), rule.formula1) for rule in a.data_validations.dataValidation]
    assert [(str(rule.sqref), rule.formula1) for rule in b.data_validations.dataValidation][: len(rules)] == rules


def test_wrong_cells_say_why_below_what_others_have_said(workbook: Path, tmp_path: Path) -> None:
    """A cell that somebody has commented on keeps that comment; the sentence stands at the end of its row as well."""
    copy = tmp_path / f"copy{workbook.suffix}"
    commented = "B5" if workbook.stem != "openpyxl" else "B3"
    assert annotated(workbook, copy, WRONG | {commented: "Not this."}) is None
    comments = {a: c.comment.text for (s, a), c in cells_of(copy).items() if c.comment and s in {"Rooms", "Sheet"}}
    of_user = cells_of(workbook)["Sheet" if workbook.stem == "openpyxl" else "Rooms", commented].comment
    assert of_user is not None
    assert comments == {a: f"Nexudus importer:\n{text}" for a, text in WRONG.items()} | {
        commented: f"{of_user.text}\n\nNexudus importer:\nNot this."
    }
    texts = {row: cells for row, cells in rows_of(open_sheet(copy)).items() if "Not this." in " ".join(cells)}
    assert texts.keys() == {int(commented[1:])}


def test_all_values_are_offered_in_all_rows(workbook: Path, tmp_path: Path) -> None:
    """On a hidden sheet; a cell with a rule of the user's own keeps that, and no other rule is changed."""
    copy, people = tmp_path / f"copy{workbook.suffix}", [f"Person <{number}>" for number in range(5_000)]
    assert annotated(workbook, copy, WRONG, lists={0: ["Room 1"], 1: people}) is None
    book = openpyxl.load_workbook(copy)
    rules = book.worksheets[0].data_validations.dataValidation
    ours = {cell for rule in rules if "Importer" in str(rule.formula1) for cell in cells_in(rule)}
    theirs = {cell for rule in rules if "Importer" not in str(rule.formula1) for cell in cells_in(rule)}
    rows = rows_of(open_sheet(workbook)).keys()
    assert ours == {f"{letters}{row}" for letters in "AB" for row in rows} - theirs
    assert bool(theirs) == (workbook.stem != "openpyxl")
    rule = next(rule for rule in rules if cells_in(rule) & {"B4"} and "Importer" in str(rule.formula1))
    helper = book["Importer lists"]
    assert helper.sheet_state == "hidden"
    column = str(rule.formula1).split("$")[1]
    assert [cell.value for cell in helper[column][1:]] == people
    assert rule.formula1 == f"'Importer lists'!${column}$2:${column}$5001"


def cells_in(rule: DataValidation) -> set[str]:
    """The addresses of the cells that a rule is about."""
    return {f"{get_column_letter(column)}{row}" for area in rule.sqref.ranges for row, column in area.cells}


# -- it goes back in --------------------------------------------------------------------------------------------------


def test_it_goes_back_in_with_the_same_rows(workbook: Path, tmp_path: Path) -> None:
    """The user's columns, rows and their texts: nothing that was added is read."""
    copy = tmp_path / f"copy{workbook.suffix}"
    assert annotated(workbook, copy, WRONG, lists={0: ["Room 1"]}) is None
    before, after = open_sheet(workbook), open_sheet(copy)
    assert (after.name, after.header_row) == (before.name, before.header_row)
    assert [after.labels[i] for i in after.columns] == [before.labels[i] for i in before.columns]
    width = len(before.labels)
    assert {row: cells[:width] for row, cells in rows_of(after).items()} == rows_of(before)
    assert {notice.code for notice in after.notices} == {notice.code for notice in before.notices}
    assert after.is_report
    assert after.answers == len(after.labels) - 1


def test_twice_round_is_once_round(workbook: Path, tmp_path: Path) -> None:
    """A copy of the copy piles up neither columns, comments, looks nor sheets: it is the copy."""
    once, twice = (tmp_path / f"{name}{workbook.suffix}" for name in ("once", "twice"))
    for source, copy in ((workbook, once), (once, twice)):
        assert annotated(source, copy, WRONG, lists={0: ["Room 1"], 1: ["Ada"]}) is None
    assert parts_of(twice) == parts_of(once)


def test_what_is_right_by_now_loses_its_red_and_its_comment(workbook: Path, tmp_path: Path) -> None:
    """And is as it was, with the colour that it had."""
    once, twice = (tmp_path / f"{name}{workbook.suffix}" for name in ("once", "twice"))
    assert annotated(workbook, once, WRONG, lists={1: ["Ada"]}) is None
    assert annotated(once, twice, {"C7": "In the past."}) is None
    before, after = cells_of(workbook), cells_of(twice)
    for place, cell in before.items():
        if place[1] != "C7":
            assert repr(after[place].fill) == repr(cell.fill), place
            assert (after[place].comment is None) == (cell.comment is None), place
    assert after[next(iter(before))[0], "C7"].fill.fgColor.rgb == RED


def test_corrected_cells_carry_their_texts(workbook: Path, tmp_path: Path) -> None:
    """As text in the look that they had; also in a cell that was empty, had a formula, or is wrong still."""
    copy = tmp_path / f"copy{workbook.suffix}"
    corrected = {"B4": "Ada <Lovelace>", "C5": "2027-01-02", "D6": "=not a formula", "A7": " _x0041_\t"}
    assert annotated(workbook, copy, {"C5": "Still wrong."}, corrected) is None
    cells = rows_of(open_sheet(copy))
    assert {a: cells[int(a[1:])][ord(a[0]) - 65] for a in corrected} == corrected
    [sheet, *_] = openpyxl.load_workbook(copy).worksheets
    assert (sheet["C5"].number_format, sheet["C5"].fill.fgColor.rgb) == ("@", RED)
    assert sheet["D6"].data_type != "f"


def test_formulas_that_are_replaced_are_in_no_chain(tmp_path: Path) -> None:
    """Excel repairs a file whose chain of calculation names a cell without a formula."""
    path = tmp_path / "chain.xlsx"
    by_xlsxwriter(path)
    parts: dict[str, str | bytes] = dict(parts_of(path))
    chain = '<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><c r="D4" i="1"/></calcChain>'
    before = parts_of(path)
    types, links = (before[name].decode() for name in ("[Content_Types].xml", "xl/_rels/workbook.xml.rels"))
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml"
    override = f'<Override PartName="/xl/calcChain.xml" ContentType="{kind}"/>'
    link = f'<Relationship Id="rId99" Type="{RELATIONS}/calcChain" Target="calcChain.xml"/>'
    parts |= {
        "xl/calcChain.xml": chain,
        "[Content_Types].xml": types.replace("</Types>", f"{override}</Types>"),
        "xl/_rels/workbook.xml.rels": links.replace("</Relationships>", f"{link}</Relationships>"),
    }
    pack(path, parts)
    for corrected, stays in (({"B4": "x"}, True), ({"D4": "x"}, False)):
        copy = tmp_path / f"copy-{stays}.xlsx"
        assert annotated(path, copy, {}, corrected) is None
        after = parts_of(copy)
        assert ("xl/calcChain.xml" in after) is stays
        assert (b"calcChain" in after["[Content_Types].xml"] + after["xl/_rels/workbook.xml.rels"]) is stays


# -- unusual files ----------------------------------------------------------------------------------------------------


def hand_made(path: Path, *rows: str, tail: str = "", sheet: str = "") -> Path:
    """The smallest workbook that has styles."""
    parts = xlsx_parts(sheet or sheet_xml(*rows, tail=tail))
    links = str(parts["xl/_rels/workbook.xml.rels"])
    style = f'<Relationship Id="rId5" Type="{RELATIONS}/styles" Target="styles.xml"/>'
    parts["xl/_rels/workbook.xml.rels"] = links.replace("</Relationships>", f"{style}</Relationships>")
    return pack(path, parts | {"xl/styles.xml": STYLES})


def test_rows_and_cells_without_addresses_are_followed(tmp_path: Path) -> None:
    """Counted as the standard counts them; what is added stands behind them with its address."""
    cell = '<c t="inlineStr"><is><t>x</t></is></c>'
    rows = f'<row spans="1:3">{cell * 3}</row>' * 3
    path = hand_made(tmp_path / "bare.xlsx", rows.replace(">x<", ">Room<", 1))
    assert annotated(path, tmp_path / "copy.xlsx", {"B2": "Wrong."}, {"C3": "right"}) is None
    again = open_sheet(tmp_path / "copy.xlsx")
    assert [again.labels[position] for position in again.columns] == ["Room", "x", "x"]
    assert rows_of(again)[3][:3] == ["x", "x", "right"]
    assert "spans" not in parts_of(tmp_path / "copy.xlsx")["xl/worksheets/sheet1.xml"].decode()


def test_prefixes_and_what_is_unknown_stay(tmp_path: Path) -> None:
    """Names with a prefix, markup that only newer programs know, CDATA and comments are kept byte for byte."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    compatible = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    newer = f'xmlns:mc="{compatible}" xmlns:x14ac="urn:ac" mc:Ignorable="x14ac"'
    rows = "".join(
        f'<x:row r="{r}" x14ac:dyDescent="0.25"><x:c r="A{r}" t="inlineStr"><x:is><x:t><![CDATA[a<{r}]]></x:t></x:is>'
        f"</x:c><!-- {r} --></x:row>"
        for r in range(1, 4)
    )
    tail = '<x:extLst><x:ext uri="u"/></x:extLst>'
    sheet = f'<x:worksheet xmlns:x="{space}" {newer}><x:sheetData>{rows}</x:sheetData>{tail}</x:worksheet>'
    path = hand_made(tmp_path / "odd.xlsx", sheet=sheet)
    assert annotated(path, tmp_path / "copy.xlsx", {"A2": "Wrong."}, lists={0: ["b"]}) is None
    after = parts_of(tmp_path / "copy.xlsx")["xl/worksheets/sheet1.xml"].decode()
    assert 'mc:Ignorable="x14ac"' in after
    assert [after.count(piece) for piece in ("<![CDATA[", "<!-- ", "x14ac:dyDescent")] == [3, 3, 3]
    assert after.index("<x:dataValidations") < after.index("<x:legacyDrawing") < after.index("<x:extLst")
    assert rows_of(open_sheet(tmp_path / "copy.xlsx"))[2][0] == "a<2"


def test_hidden_columns_to_the_right_come_into_sight(tmp_path: Path) -> None:
    """Where everything behind the table is hidden, nobody would see what was added."""
    path = tmp_path / "hidden.xlsx"
    by_xlsxwriter(path)
    assert annotated(path, tmp_path / "copy.xlsx", WRONG) is None
    columns = openpyxl.load_workbook(tmp_path / "copy.xlsx").worksheets[0].column_dimensions
    assert [columns[letters].hidden for letters in ("E", "F", "G", "H")] == [False, False, False, True]


def test_merged_cells_that_were_corrected_are_taken_apart(tmp_path: Path) -> None:
    """All of them; a part would leave cells empty that only looked filled, so that is refused."""
    rows = [text_row(1, "Room", "Person"), text_row(2, "a", "b"), text_row(3, "", "c"), text_row(4, "", "d")]
    path = hand_made(
        tmp_path / "merged.xlsx", *rows, tail='<mergeCells count="1"><mergeCell ref="A2:A4"/></mergeCells>'
    )
    assert (
        annotated(path, tmp_path / "copy.xlsx", {}, {"A3": "x"})
        == "you corrected some of its merged cells, and not all of them"
    )
    assert annotated(path, tmp_path / "copy.xlsx", {}, {"A3": "x", "A4": "y"}) is None
    again = open_sheet(tmp_path / "copy.xlsx")
    assert ([cells[0] for cells in rows_of(again).values()], len(again.problems)) == (["a", "x", "y"], 0)


def strict(parts: dict[str, str | bytes]) -> None:
    """In the strict form, which Excel can write."""
    for name in ("xl/workbook.xml", "xl/worksheets/sheet1.xml"):
        text = str(parts[name])
        parts[name] = text.replace(
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"
        )


def signed(parts: dict[str, str | bytes]) -> None:
    """With a signature, which any change would break."""
    parts["_xmlsignatures/sig1.xml"] = "<Signature/>"


def protected(parts: dict[str, str | bytes]) -> None:
    """With a sheet in which nothing can be typed."""
    text = str(parts["xl/worksheets/sheet1.xml"])
    parts["xl/worksheets/sheet1.xml"] = text.replace("</sheetData>", '</sheetData><sheetProtection sheet="1"/>')


def shared(parts: dict[str, str | bytes]) -> None:
    """With a formula that others refer to, in the cell that was corrected."""
    cell = '<c r="C2"><f t="shared" ref="C2:C3" si="0">A2</f><v>1</v></c>'
    text = str(parts["xl/worksheets/sheet1.xml"])
    parts["xl/worksheets/sheet1.xml"] = text.replace('</row><row r="3">', f'{cell}</row><row r="3">')


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (strict, "it is stored in the strict form of the format"),
        (signed, "it is digitally signed"),
        (protected, "its sheet is protected"),
        (shared, "the formula in C2, where you corrected the value, stands for other cells as well"),
    ],
)
def test_what_would_be_lost_is_refused(
    change: Callable[[dict[str, str | bytes]], None], reason: str, tmp_path: Path
) -> None:
    """With the reason, and nothing is written that could be taken for the copy."""
    path = hand_made(
        tmp_path / "book.xlsx", text_row(1, "Room", "Person", "Sum"), text_row(2, "a", "b"), text_row(3, "c", "d")
    )
    parts: dict[str, str | bytes] = {name: data.decode() for name, data in parts_of(path).items()}
    change(parts)
    pack(path, parts)
    assert annotated(path, tmp_path / "copy.xlsx", {"A2": "Wrong."}, {"C2": "1"}) == reason
    assert not zipfile.is_zipfile(tmp_path / "copy.xlsx")


# -- any sheet --------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).map(lambda t: f"x{t}x")
CELLS = st.one_of(st.none(), TEXTS, st.integers(-9, 9_999), st.booleans())


@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6),
    wrong=st.sets(st.tuples(st.integers(0, 2), st.integers(0, 5))),
    looks=st.lists(st.sampled_from(["", "0.00", "@", "d/m/yy"]), min_size=3, max_size=3),
)
@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_sheet_comes_back_as_it_was(
    rows: list[list[object]], wrong: set[tuple[int, int]], looks: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same cells but for the red, the same rows when it is read, and the same copy when it is copied again."""
    folder = tmp_path_factory.mktemp("any")
    with xlsxwriter.Workbook(folder / "a.xlsx") as book:
        sheet = book.add_worksheet()
        formats = [book.add_format({"num_format": look} if look else {}) for look in looks]
        sheet.write_row(0, 0, ["A one", "B two", "C three"])
        for number, row in enumerate(rows, start=1):
            sheet.write(number, 3 if number == 1 else 0, "x")
            for position, cell in enumerate(row):
                if cell is not None and (position or number == 1):
                    sheet.write(number, position, cell, formats[position])
    places = {f"{'ABC'[column]}{row + 2}": "Wrong." for column, row in wrong if row < len(rows)}
    assert annotated(folder / "a.xlsx", folder / "b.xlsx", places) is None
    assert annotated(folder / "b.xlsx", folder / "c.xlsx", places) is None
    assert parts_of(folder / "c.xlsx") == parts_of(folder / "b.xlsx")
    before, after = cells_of(folder / "a.xlsx"), cells_of(folder / "b.xlsx")
    for place, cell in before.items():
        assert (after[place].value, look_of(after[place])) == (cell.value, look_of(cell))
        # The last digit tells looks apart that would be one without their own colours.
        assert str(after[place].fill.fgColor.rgb).startswith(RED[:-1]) == (place[1] in places)
    old, new = open_sheet(folder / "a.xlsx"), open_sheet(folder / "b.xlsx")
    kept = [*old.columns, *old.beyond(4)]
    texts = rows_of(old)
    now = {row: [cells[p] if p < len(cells) else "" for p in kept] for row, cells in rows_of(new).items()}
    assert now == {row: [cells[p] if p < len(cells) else "" for p in kept] for row, cells in texts.items()}


OFFICE = shutil.which("soffice")


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_it_and_what_it_saves_goes_round_again(tmp_path: Path) -> None:
    """It numbers all looks anew and forgets who wrote a comment; the next copy takes the red away all the same."""
    out, copies = tmp_path / "office", [tmp_path / f"copy-{name}" for name in MAKERS]
    for (name, make), copy in zip(MAKERS.items(), copies, strict=True):
        make(tmp_path / name)
        commented = {"B3" if "openpyxl" in name else "B5": "Not this."}
        assert annotated(tmp_path / name, copy, WRONG | commented, lists={1: ["Ada", "Ben"]}) is None
    # All at once: it takes long to start.
    command = [str(OFFICE), f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out), *map(str, copies)]
    subprocess.run(command, check=True, capture_output=True)
    for (name, _), copy in zip(MAKERS.items(), copies, strict=True):
        goes_round_again(tmp_path / name, copy, out / f"{copy.stem}.xlsx")


def goes_round_again(workbook: Path, copy: Path, saved: Path) -> None:
    """What was saved from a copy holds the same, and a copy of it that finds nothing wrong is as the first file was."""
    before, after = open_sheet(copy), open_sheet(saved)
    assert after.labels == before.labels
    # It calculates the formulas, which are in the fourth column.
    for texts, others in zip(rows_of(before).values(), rows_of(after).values(), strict=True):
        assert (texts[:3], texts[4:]) == (others[:3], others[4:])
    red = {place[1] for place, cell in cells_of(saved).items() if cell.fill.fgColor.rgb == RED and cell.value}
    assert red == set(WRONG) - ({"B4"} if workbook.stem == "openpyxl" else set())
    assert annotated(saved, saved.with_suffix(".again.xlsx"), {}) is None
    last = cells_of(saved.with_suffix(".again.xlsx"))
    for place, cell in cells_of(workbook).items():
        assert str(last[place].fill.fgColor.rgb)[2:] == str(cell.fill.fgColor.rgb)[2:], place
        assert "Nexudus" not in str(last[place].comment), place
