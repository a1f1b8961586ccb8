"""The hidden sheet that an annotated copy adds."""

import pytest

from importer.spreadsheet.workbook_child.helper_sheet import (
    columns_of,
    first_text,
    free_name,
    helper_sheet,
    looks_in,
    may_be_helper,
    sheets_of,
)
from importer.spreadsheet.workbook_child.sheet_choice import CHOICES_MARK
from spreadsheet.making import MAIN, RELATIONS

SHEET = f"<worksheet {MAIN}><sheetData>{{}}</sheetData></worksheet>"


@pytest.mark.parametrize(
    ("name", "ours"),
    [("Importer lists", True), ("Importer lists 2", True), ("importer lists", False), ("Importer lists old", False)],
)
def test_only_names_that_we_give_may_be_ours(name: str, ours: bool) -> None:
    """With a number behind if the name was taken."""
    assert may_be_helper(name) is ours


def test_a_name_is_free_whatever_capitals_others_have() -> None:
    """To a spreadsheet program, capitals make no difference."""
    assert free_name(["Data"]) == "Importer lists"
    assert free_name(["IMPORTER LISTS", "Data", "Importer Lists 2"]) == "Importer lists 3"


def test_what_is_written_is_found_again() -> None:
    """The mark, each pair of looks, and the lists beside them, however long."""
    lists = {5: ["a", "b & c", "d"], 1: ["x"]}
    columns = columns_of([5, 1])
    sheet = helper_sheet(lists, columns, {9: 4, 12: 0})
    assert columns == {1: "C", 5: "D"}
    assert (first_text(sheet, None), looks_in(sheet)) == (CHOICES_MARK, {9: 4, 12: 0})
    assert b'r="D3" t="inlineStr"><is><t xml:space="preserve">b &amp; c<' in sheet
    assert b'r="D4"' in sheet
    assert b'r="C3"' not in sheet


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="A1" t="s"><v>1</v></c>', "Second"),
        ('<c r="A1" t="inlineStr"><is><t>In the cell</t></is></c>', "In the cell"),
        ('<c r="B1" t="inlineStr"><is><t>Beside</t></is></c>', ""),
        ('<c r="A1" t="s"/>', ""),
    ],
)
def test_the_first_text_is_that_of_a1(cell: str, text: str) -> None:
    """Wherever a program put it when it saved the file."""
    strings = f"<sst {MAIN}><si><t>First</t></si><si><r><t>Sec</t></r><r><t>ond</t></r></si></sst>".encode()
    assert first_text(SHEET.format(f'<row r="1">{cell}</row>').encode(), strings) == text


def test_a_red_look_alone_was_the_first_one_before() -> None:
    """A program leaves out cells of the first look; one that is not red says nothing."""
    rows = '<row r="2"><c r="A2" s="7"/></row><row r="3"><c r="B3" s="2"/></row><row r="4"><c r="A4"/></row>'
    assert looks_in(SHEET.format(rows).encode()) == {7: 0}


def test_the_sheets_of_a_workbook_tell_their_links() -> None:
    """And whether they are hidden, in either way."""
    states = ("", ' state="hidden"', ' state="veryHidden"', ' state="visible"')
    sheets = "".join(f'<sheet name="S{n}" sheetId="{n}"{state} r:id="rId{n}"/>' for n, state in enumerate(states))
    book = f'<workbook {MAIN} xmlns:r="{RELATIONS}"><sheets>{sheets}</sheets></workbook>'.encode()
    hidden = [False, True, True, False]
    assert list(sheets_of(book)) == [(f"S{n}", f"rId{n}", is_hidden) for n, is_hidden in enumerate(hidden)]
