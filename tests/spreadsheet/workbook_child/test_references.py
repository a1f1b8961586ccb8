"""Characters that XML names by their number."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.spreadsheet.workbook_child.references import has_needless_references, without_needless_references
from spreadsheet.making import (
    MAIN,
    opened,
    pack,
    problems_of,
    sheet_xml,
    shown_rows_of,
    text_row,
    with_formats,
    xlsx_parts,
)

NEEDED = "&<>\"'"
SPELLINGS = st.sampled_from(("&#{0};", "&#00{0};", "&#x{0:x};", "&#x{0:X};", "&#x000{0:x};"))


@given(number=st.integers(32, 126), spelling=SPELLINGS)
def test_a_printable_character_is_itself_unless_xml_needs_it_spelt(number: int, spelling: str) -> None:
    """In each spelling: decimal, hexadecimal, in both cases, with zeros in front."""
    xml = f"<v>{spelling.format(number)}</v>".encode()
    is_needless = chr(number) not in NEEDED
    assert has_needless_references(xml) is is_needless
    assert without_needless_references(xml) == (f"<v>{chr(number)}</v>".encode() if is_needless else xml)


@given(st.lists(st.tuples(st.integers(32, 0x2FF) | st.sampled_from((9, 10, 13, 0x20AC, 0x1F600)), SPELLINGS)))
def test_the_text_stays_the_same(characters: list[tuple[int, str]]) -> None:
    """Whatever characters are named."""
    text = "".join(spelling.format(number) for number, spelling in characters)
    xml = f'<c a="{text}">{text}</c>'.encode()
    before, after = ET.fromstring(xml), ET.fromstring(without_needless_references(xml))
    assert (before.text, before.attrib) == (after.text, after.attrib)


def test_what_only_looks_like_one_stays() -> None:
    """In CDATA it is a text of its own, and in a comment it is nothing."""
    xml = b"<t><![CDATA[&#49;]]><!-- &#50; -->&#51;</t>"
    assert without_needless_references(xml) == b"<t><![CDATA[&#49;]]><!-- &#50; -->3</t>"


SHARED = f"<sst {MAIN}><si><t>Annex</t></si><si><t>R&#111;om &#x5F;x20AC_</t></si></sst>"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<c r='A2'><v>&#49;</v></c>", "1"),
        ("<c r='A2'><v>1&#50;3</v></c>", "123"),
        ("<c r='A2'><v>&#x32;&#46;5</v></c>", "2.5"),
        ("<c r='A2'><f>B1</f><v>1&#48;</v></c>", "10"),
        ("<c r='A2'><v>1<!-- &#50; --></v></c>", "1"),
        ("<c r='A2' t='b'><v>&#49;</v></c>", "TRUE"),
        ("<c r='A2' t='s'><v>&#49;</v></c>", "Room €"),
        ("<c r='A2' t='&#115;'><v>1</v></c>", "Room €"),
        ("<c r='&#65;2' t='str'><v>R&#111;om &amp; yard</v></c>", "Room & yard"),
        ("<c r='A2' t='inlineStr'><is><t>&#x5F;x20AC_&#x1F600;</t></is></c>", "€😀"),
        ("<c r='A2' t='str'><v><![CDATA[&#49;]]></v></c>", "&#49;"),
        ("<c r='A2' s='&#49;'><v>5</v></c>", "005"),
        ("<c r='A2' s='1'><v> 5 </v></c>", "005"),
        ("<c r='A2' s='2'><v>460&#48;0</v></c>", "2029-12-10"),
    ],
)
def test_a_cell_of_an_xlsx_is_what_is_named(tmp_path: Path, cell: str, text: str) -> None:
    """In its value, its text, its attributes, and in the part that tells which formats there are."""
    parts = with_formats(xlsx_parts(sheet_xml(text_row(1, "Name"), f'<row r="2">{cell}</row>'), SHARED), *FORMATS)
    parts["xl/workbook.xml"] = str(parts["xl/workbook.xml"]).replace("<sheets", "<workbookPr date1904='&#49;'/><sheets")
    assert shown_rows_of(opened(pack(tmp_path / "a.xlsx", parts))) == {2: [text]}


FORMATS = ("General", "0&#48;0", "&#121;yyy-mm-dd")


@pytest.mark.parametrize("value", ["1&amp;", "&lt;1", "1&#39;", "&quot;1", "1&gt;2", "&#10;1", "1&#13;"])
@pytest.mark.parametrize("kind", ["n", "b", "s"])
def test_a_value_of_other_characters_is_an_error(tmp_path: Path, value: str, kind: str) -> None:
    """A reader that takes the part before them sends another number."""
    cell = f'<c r="A2" t="{kind}"><v>{value}</v></c>'
    parts = xlsx_parts(sheet_xml(text_row(1, "Name"), f'<row r="2">{cell}</row>'), SHARED)
    assert problems_of(opened(pack(tmp_path / "a.xlsx", parts))) == {(2, 0): "cell-error"}


def test_a_part_of_a_merged_area_is_what_is_named(tmp_path: Path) -> None:
    """Also behind the cells."""
    merged = '<mergeCells><mergeCell ref="A&#49;:A2"/></mergeCells>'
    parts = xlsx_parts(sheet_xml(text_row(1, "Name"), text_row(2, "Room"), tail=merged))
    assert problems_of(opened(pack(tmp_path / "a.xlsx", parts))) == {(2, 0): "cell-merged"}
