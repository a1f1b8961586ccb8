"""Comments of a sheet: ours come and go, and what people have written stays as they wrote it."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.spreadsheet.workbook_child.cell_comments import CellComments
from importer.spreadsheet.workbook_child.spans import escaped

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
OURS = "Nexudus importer:\n"
PLACES = [(2, 0), (3, 1), (7, 2)]

words = st.text(st.sampled_from("ab :<&>\"'\n\u00e9\U0001f600"), min_size=1, max_size=12)
sentences = st.dictionaries(st.sampled_from(PLACES), words.map(str.strip).filter(bool), max_size=3)


def comments_of(texts: dict[tuple[int, int], list[str]], *, prefix: str = "", plain: bool = False) -> bytes:
    """A part with these comments of a person, each text in runs with looks of their own, or plain."""
    p = prefix.encode()
    items = b""
    for (row, position), runs in texts.items():
        address = f"{'ABC'[position]}{row}".encode()
        pieces = b"".join(
            b'<%st xml:space="preserve">%s</%st>' % (p, escaped(run), p)
            if plain
            else b'<%sr><%srPr><%sb/></%srPr><%st xml:space="preserve">%s</%st></%sr>'
            % (p, p, p, p, p, escaped(run), p, p)
            for run in runs
        )
        items += b'<%scomment ref="%s" authorId="0"><%stext>%s</%stext></%scomment>' % (p, address, p, pieces, p, p)
    space = b"xmlns:%s" % p[:-1] if p else b"xmlns"
    head = b'<%scomments %s="%s"><%sauthors><%sauthor>Ada</%sauthor></%sauthors>'
    whole = head % (p, space, MAIN[1:-1].encode(), p, p, p, p)
    return whole + b"<%scommentList>%s</%scommentList></%scomments>" % (p, items, p, p)


def texts_in(data: bytes) -> dict[str, str]:
    """What each comment says, as a program shows it."""
    root = ET.fromstring(data)
    return {
        one.attrib["ref"]: "".join(text.text or "" for text in one.iter(f"{MAIN}t"))
        for one in root.iter(f"{MAIN}comment")
    }


def address(place: tuple[int, int]) -> str:
    """The address of a cell."""
    return f"{'ABC'[place[1]]}{place[0]}"


def line(text: str) -> str:
    """A sentence as it is written."""
    return " ".join(text.splitlines())


of_people = st.dictionaries(st.sampled_from(PLACES), st.lists(words, min_size=1, max_size=3), max_size=3)


@given(of_people, sentences, sentences, st.sampled_from(["", "x:"]))
def test_ours_stands_below_theirs_and_is_replaced_in_the_next_round(
    people: dict[tuple[int, int], list[str]],
    first: dict[tuple[int, int], str],
    second: dict[tuple[int, int], str],
    prefix: str,
) -> None:
    """Whoever has commented on which cells: theirs is there in full, ours once, and none where nothing is wrong."""
    data, drawing = comments_of(people, prefix=prefix), None
    for wrong in (first, second, second):
        data, drawing = CellComments(data, drawing).with_ours(wrong, 1)
        shown = texts_in(data)
        theirs = {address(place): "".join(runs) for place, runs in people.items()}
        ours = {address(place): f"{OURS}{line(text)}" for place, text in wrong.items()}
        assert shown.keys() == theirs.keys() | ours.keys()
        for place, text in shown.items():
            assert text == "\n\n".join(part[place] for part in (theirs, ours) if place in part)
    assert CellComments(data, drawing).with_ours({}, 1)[0].replace(
        b"<%sauthor>Nexudus importer</%sauthor>" % ((prefix.encode(),) * 2), b""
    ) == comments_of(people, prefix=prefix)


def test_a_text_without_a_look_of_its_own_keeps_its_words() -> None:
    """It goes into a run, beside which others may stand, and comes out of the next round unchanged."""
    data = comments_of({(2, 0): [" as I said "]}, plain=True)
    data, drawing = CellComments(data, None).with_ours({(2, 0): "No."}, 1)
    assert texts_in(data) == {"A2": f" as I said \n\n{OURS}No."}
    assert {child.tag for text in ET.fromstring(data).iter(f"{MAIN}text") for child in text} == {f"{MAIN}r"}
    assert texts_in(CellComments(data, drawing).with_ours({}, 1)[0]) == {"A2": " as I said "}


@pytest.mark.parametrize("added", ["\nI asked Ben.", "\r\n\r\nI asked Ben."])
def test_what_a_person_writes_below_ours_is_theirs(added: str) -> None:
    """Another program may have put it all into one run; the next round takes out the two lines that are ours."""
    for before in ("", "Ada:\nsee below\n\n"):
        data = comments_of({(2, 0): [f"{before}{OURS}Wrong.{added}"]})
        data, _ = CellComments(data, None).with_ours({}, 1)
        assert texts_in(data)["A2"].replace("_x000D_", "\r") == f"{before.rstrip()}{added}"


def test_boxes_have_numbers_of_the_drawings_blocks_and_stand_beside_their_cells() -> None:
    """Numbers come in blocks of 1,024, of which the first is the drawing's own: another one is damage to Excel."""
    many = {(row, 1): "wrong" for row in range(2, 1_502)}
    _, drawing = CellComments(None, None).with_ours(many, 7)
    numbers = [int(number) for number in re.findall(rb'id="_x0000_s(\d+)"', drawing)]
    listed = re.search(rb'data="([\d,]+)"', drawing)
    assert listed is not None
    assert len(set(numbers)) == len(many)
    assert sorted({number // 1_024 for number in numbers}) == sorted(map(int, listed[1].split(b",")))
    assert all(number % 1_024 for number in numbers)
    assert {int(column) for column in re.findall(rb"<x:Anchor>(\d+),", drawing)} == {2}
