"""The XML of a sheet in other forms: without cells that hold nothing but blanks, with all characters as they are."""

import re
from pathlib import Path

import pytest

from importer.errors import FileError
from importer.spreadsheet.workbook_child.plain_cells import blank_strings, plain_cells, without_blanks
from spreadsheet.making import MAIN, opened, pack, problems_of, rows_of, sheet_xml, text_row, xlsx_parts

STRINGS = (
    f'<sst {MAIN}><si><t>a</t></si><si><t xml:space="preserve">  </t></si><si/><si><r><t> </t></r><r><t>\n</t></r></si>'
    "<si><r><rPr><b/></rPr><t> x</t></r></si><si><t>&#160;</t></si></sst>"
)


def test_strings_of_blanks_are_known_by_their_numbers() -> None:
    """Also in several runs; a character that only looks like a blank is none."""
    assert blank_strings(STRINGS.encode()) == {1, 2, 3}


@pytest.mark.parametrize(
    ("cell", "is_left"),
    [
        ('<c r="A1" s="3"></c>', False),
        ('<c r="A1"><v> </v></c>', False),
        ('<c r="A1" t="s"><v>1</v></c>', False),
        ('<x:c r="A1" t="inlineStr"><x:is><x:t xml:space="preserve"> </x:t></x:is></x:c>', False),
        ('<c r="A1" t="str"><v>  </v></c>', False),
        ('<c r="A1" t="s"><v>0</v></c>', True),
        ('<c r="A1"><v>0</v></c>', True),
        ('<c r="A1"><v>1</v></c>', True),
        ('<c r="A1" t="str"><f>" "</f><v> </v></c>', True),
        ('<c r="A1" t="e"></c>', True),
        ('<c r="A1" t="inlineStr"><is><t>x</t></is></c>', True),
    ],
)
def test_only_cells_of_blanks_go(cell: str, is_left: bool) -> None:
    """A formula and an error stay: they are what a person has to hear of."""
    assert without_blanks(f"<row>{cell}</row>".encode(), {1}) == f"<row>{cell if is_left else ''}</row>".encode()


@pytest.mark.parametrize(
    ("kind", "value", "stays"),
    [
        ("s", "1", True),
        ("s", "2", False),
        ("s", "-1", False),
        ("s", "x", False),
        ("n", "1e5", True),
        ("n", "x", False),
        ("b", "1", True),
        ("b", "2", False),
        ("str", "x", True),
    ],
)
def test_a_value_that_its_type_does_not_have_is_none(kind: str, value: str, stays: bool) -> None:
    """Of two strings there is no third: calamine refuses the whole file for such a cell."""
    row = f'<row r="1"><c r="A1" t="{kind}"><v>{value}</v></c></row>'.encode()
    assert (f"<v>{value}</v>".encode() in plain_cells(row, 2)) is stays


TEXT = "<is><t>Room</t></is>"
VALUES = {
    f't="inlineStr">{TEXT}<v/>': "Room",
    f't="inlineStr">{TEXT}\n  <v></v>': "Room",
    't="inlineStr"><is><r><t>Ro</t></r><r><t>om</t></r></is><v/>': "Room",
    f't="inlineStr"><v/>{TEXT}': "Room",
    f't="inlineStr">{TEXT}{TEXT}': "Room",
    f't="inlineStr">{TEXT}<f>A1</f>': "Room",
    f't="inlineStr">{TEXT}<extLst><ext uri="a"><v>q</v></ext></extLst>': "Room",
    't="str"><v>Room</v><v/>': "Room",
    't="str"><v/><v>Room</v>': "Room",
    't="str"><v>Room</v><f>A1</f>': "Room",
    "><v>5</v><v/>": "5",
    't="str"><f>A1</f><v/>': "",
    't="str"><v>Room</v><v>Desk</v>': "cell-error",
    f't="inlineStr">{TEXT}<v>Desk</v>': "cell-error",
    f't="inlineStr">{TEXT}<is><t>Desk</t></is>': "cell-error",
    't="inlineStr"><v>Room</v>': "cell-error",
    't="inlineStr"><t>Room</t>': "cell-error",
    't="inlineStr">Room': "cell-error",
    f't="str">{TEXT}': "cell-error",
    f">{TEXT}": "cell-error",
}


@pytest.mark.parametrize("prefix", ["", "x:"])
@pytest.mark.parametrize("cell", VALUES)
def test_a_cell_has_one_value_or_is_an_error(tmp_path: Path, cell: str, prefix: str) -> None:
    """What is empty beside a value is none; of two values nobody knows which is shown."""
    row = f'<row r="2"><c r="A2"><v>1</v></c><c r="B2" {cell}</c><c r="C2"><v>7</v></c></row>'
    sheet_part = sheet_xml(text_row(1, "ResourceId", "Name", "Price"), row)
    if prefix:
        sheet_part = re.sub(r"<(/?)(\w)", r"<\1x:\2", sheet_part).replace("xmlns=", "xmlns:x=")
    sheet = opened(pack(tmp_path / "a.xlsx", xlsx_parts(sheet_part)))
    is_error = VALUES[cell] == "cell-error"
    assert problems_of(sheet) == ({(2, 1): "cell-error"} if is_error else {})
    assert rows_of(sheet)[2] == ["1", "#ERROR" if is_error else VALUES[cell], "7"]


ESCAPED = {
    "_x20AC_5": "€5",
    "_x0151_": "ő",
    "_xD83D__xDE00_": "\U0001f600",
    "a_xd83d__xde00_b_x20ac_": "a\U0001f600b€",
    "_x0041__x0151_": "Aő",
    "A_x005F_x20AC_": "A_x20AC_",
    "_x005F_x005F_x20AC_": "_x005F€",
    "_x20AC_x0041_": "€x0041_",
    "Caf_x00E9_": "Café",
    "Line_x000D_&#10;two": "Line\r\ntwo",
    "_xD83D_": "\ufffd",
    "_xDE00__xD83D_": "\ufffd\ufffd",
    "_xFFFF_": "\ufffd",
    "_X20AC_": "_X20AC_",
    "_x20A_": "_x20A_",
    "&lt;_x20AC_&gt;": "<€>",
}
"""What LibreOffice shows for texts of a file; halves of characters are lost letters, which is an error."""


@pytest.mark.parametrize("where", ["shared", "inline", "runs", "result"])
def test_characters_are_decoded_as_programs_do(tmp_path: Path, where: str) -> None:
    """Any character may be written by its number in UTF-16, wherever a text is stored."""
    shared = "".join(f"<si><t>{text}</t></si>" for text in ESCAPED) if where == "shared" else ""
    cell = {
        "shared": 't="s"><v>{number}</v>',
        "inline": 't="inlineStr"><is><t>{text}</t></is>',
        "runs": 't="inlineStr"><is><r><t>{text}</t></r></is>',
        "result": 't="str"><f>B1</f><v>{text}</v>',
    }[where]
    rows = [
        f'<row r="{number + 2}"><c r="A{number + 2}" {cell.format(number=number, text=text)}</c></row>'
        for number, text in enumerate(ESCAPED)
    ]
    parts = xlsx_parts(sheet_xml(text_row(1, "Name"), *rows), f"<sst {MAIN}>{shared}</sst>" if shared else "")
    read = rows_of(opened(pack(tmp_path / "a.xlsx", parts)))
    assert [cells[0] for cells in read.values()] == list(ESCAPED.values())


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ("<r><t>one </t></r><r><t> two</t></r>", "onetwo"),
        ('<r><t xml:space="preserve">one </t></r><r><t xml:space="preserve"> two</t></r>', "one  two"),
        ('<r><t>one</t></r><r><t xml:space="preserve"> two</t></r>', "one two"),
        ("<t> one</t>", "one"),
        ("<t>one\u00a0</t>", "one\u00a0"),
        ('<t>one</t><rPh sb="0" eb="1"><t>two</t></rPh>', "one"),
    ],
)
def test_spaces_of_runs_count_where_the_file_says_so(tmp_path: Path, runs: str, text: str) -> None:
    """Excel and LibreOffice leave out the spaces around each run without xml:space="preserve"."""
    shared, row = f"<sst {MAIN}><si>{runs}</si></sst>", '<row r="2"><c r="A2" t="s"><v>0</v></c></row>'
    parts = xlsx_parts(sheet_xml(text_row(1, "Name"), row), shared)
    assert rows_of(opened(pack(tmp_path / "a.xlsx", parts))) == {2: [text]}


FAR_AWAY = '<row r="1048576"><c r="XFD1048576" {}</c></row>'


@pytest.mark.parametrize(
    "blank", ['t="inlineStr"><is><t xml:space="preserve"> </t></is>', 't="s"><v>1</v>', 't="str"><v> </v>']
)
def test_a_blank_in_the_farthest_corner_takes_no_memory(tmp_path: Path, blank: str) -> None:
    """It is nothing to a person, who may have touched the space bar there; the rest of the sheet is as it was."""
    error = '<row r="3"><c r="A3"><v>2</v></c><c r="B3" t="e"><v>#N/A</v></c></row>'
    rows = text_row(1, "ResourceId", "Name"), text_row(2, "1", "Room"), error, FAR_AWAY.format(blank)
    sheet = opened(pack(tmp_path / "a.xlsx", xlsx_parts(sheet_xml(*rows), STRINGS)))
    assert rows_of(sheet) == {2: ["1", "Room"], 3: ["2", "#N/A"]}
    assert problems_of(sheet) == {(3, 1): "cell-error"}


def test_a_text_in_the_farthest_corner_is_beyond_the_limits(tmp_path: Path) -> None:
    """Nobody can say that it is nothing."""
    rows = text_row(1, "ResourceId", "Name"), text_row(2, "1", "Room"), FAR_AWAY.format("><v>7</v>")
    with pytest.raises(FileError, match="needs more memory"):
        opened(pack(tmp_path / "a.xlsx", xlsx_parts(sheet_xml(*rows))))
