"""The looks of cells in an XLSX workbook."""

from xml.etree import ElementTree as ET

import pytest

from importer.spreadsheet.workbook_child.cell_styles import CellStyles
from importer.spreadsheet.workbook_child.limits import Refusal
from spreadsheet.making import MAIN

BLUE, NONE = '<xf numFmtId="0" fillId="2" fontId="1"/>', '<xf numFmtId="0" fillId="0" fontId="1"/>'
DAY, TEXT, OWN_TEXT = (
    '<xf numFmtId="14" fillId="0"/>',
    '<xf numFmtId="49" fillId="0"/>',
    '<xf numFmtId="200" fillId="0"/>',
)
LOOKS = (NONE, BLUE, DAY, TEXT, OWN_TEXT)


def styles(*looks: str, plain: dict[int, int] | None = None) -> CellStyles:
    """A part with these looks, three fills and a format of its own for texts."""
    formats = '<numFmts count="1"><numFmt numFmtId="200" formatCode="@"/></numFmts>'
    fills = f'<fills count="3">{"<fill/>" * 3}</fills>'
    xml = f'<styleSheet {MAIN}>{formats}{fills}<cellXfs count="{len(looks)}">{"".join(looks)}</cellXfs></styleSheet>'
    return CellStyles(xml.encode(), plain or {})


def looks_of(after: CellStyles) -> list[dict[str, str]]:
    """The attributes of all looks of the part as it is then; their number is the one that it says."""
    root = ET.fromstring(after.applied())
    for name in ("fills", "cellXfs"):
        [owner] = root.iterfind(f"{{*}}{name}")
        assert owner.attrib["count"] == str(len(owner))
    return [dict(xf.attrib) for xf in root.iterfind("{*}cellXfs/{*}xf")]


def test_a_look_in_red_is_the_same_but_for_its_fill() -> None:
    """Once for each look, and it is known what each was before."""
    each = styles(*LOOKS)
    assert [each.red(2), each.red(2), each.red(5)] == [5, 5, 5]
    assert (each.plain, each.base(5), each.base(2)) == ({5: 2}, 2, 2)
    assert looks_of(each)[5] == {"numFmtId": "14", "applyFill": "1", "fillId": "3"}


def test_looks_that_differ_in_their_fill_get_two_reds() -> None:
    """A program that saves the file would make one of them."""
    each = styles(*LOOKS)
    reds = each.red(0), each.red(1)
    assert len(set(reds)) == 2
    assert [looks_of(each)[red]["fillId"] for red in reds] == ["3", "4"]
    colours = [one.attrib["rgb"] for one in ET.fromstring(each.applied()).iterfind(".//{*}fgColor")]
    assert colours == ["FFFFC7CE", "FFFFC7CD"]


@pytest.mark.parametrize("index", [3, 4])
def test_a_look_for_text_stays(index: int) -> None:
    """By either number of the format, that of all programs and the file's own."""
    each = styles(*LOOKS)
    assert each.text(index) == index
    assert len(looks_of(each)) == len(LOOKS)


def test_a_look_becomes_one_for_text() -> None:
    """With all else as it was, once, and also from its red."""
    each = styles(*LOOKS)
    assert [each.text(1), each.text(1)] == [5, 5]
    assert looks_of(each)[5] == {"numFmtId": "49", "fillId": "2", "fontId": "1", "applyNumberFormat": "1"}
    assert each.text(each.red(1)) == 5


def test_looks_of_an_earlier_copy_are_used_again() -> None:
    """Those that name a look which is not there any more are forgotten."""
    each = styles(*LOOKS, plain={1: 0, 9: 0, 2: 9})
    assert (each.plain, each.red(0), each.base(1), each.red(1)) == ({1: 0}, 1, 0, 1)
    assert len(looks_of(each)) == len(LOOKS)


def test_a_workbook_whose_styles_are_not_whole_is_refused() -> None:
    """With the reason as the end of a sentence."""
    with pytest.raises(Refusal, match="it names styles that it does not have"):
        styles(*LOOKS).red(5)
    with pytest.raises(Refusal, match="it has no styles"):
        CellStyles(f"<styleSheet {MAIN}><cellXfs/></styleSheet>".encode(), {})
