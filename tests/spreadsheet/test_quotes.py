"""Blanks beside the quotes of a text file."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.spreadsheet.quotes import QuotedCells
from spreadsheet.making import opened, rows_of

TEXTS = st.text(st.sampled_from('a ,;\t"\n'), max_size=8)
PLAIN = st.text(st.sampled_from("a b"), max_size=4)
BLANKS = st.text(st.sampled_from(" "), max_size=2)
CELLS = st.one_of(
    st.tuples(st.just(True), BLANKS, TEXTS, BLANKS), st.tuples(st.just(False), st.just(""), PLAIN, st.just(""))
)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=3), min_size=1, max_size=4), st.sampled_from(",;\t"))
def test_only_blanks_beside_quotes_are_left_out(rows: list[list[tuple[bool, str, str, str]]], separator: str) -> None:
    """Those of a text, quoted or not, stay; and each block of lines gives the same as the whole."""
    written = [
        separator.join(
            f'{before}"{text.replace(chr(34), chr(34) * 2)}"{behind}' if quoted else text
            for quoted, before, text, behind in row
        )
        for row in rows
    ]
    cells, is_quoted, blocks = QuotedCells(separator), False, list[str]()
    for line in "".join(f"{row}\n" for row in written).splitlines(keepends=True):
        blocks.append(cells.without_blanks(line, is_quoted=is_quoted))
        is_quoted ^= bool(line.count('"') % 2)
    expected = [[text for _, _, text, _ in row] for row in rows]
    for text in ("".join(blocks), cells.without_blanks("\n".join([*written, ""]), is_quoted=False)):
        assert list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)) == expected


@pytest.mark.parametrize(
    ("block", "is_quoted", "text"),
    [
        ('1, "Room, A"\n', False, "Room, A"),
        ('1,\t"say ""hi"""\n', False, 'say "hi"'),
        (' "Room"\n', False, "Room"),
        ('1,"x" , "Room"\n', False, "Room"),
        ('1, "begun\n', False, "begun\n"),
        ('1, ""\n', False, ""),
        ('1,"x, ""y"", z"\n', False, ""),
        (' "", ""y"\n', True, ""),
        ('x, ""y"", z", "Room"\n', True, "Room"),
        ('1,"Room" \n', False, ""),
        ('5" pipe, 6" pipe\n', False, ""),
    ],
)
def test_the_first_text_behind_blanks_is_known(block: str, is_quoted: bool, text: str) -> None:
    """What only looks so within quotes is none."""
    assert QuotedCells(",").first_after_blanks(block, is_quoted=is_quoted) == text


def test_a_tab_that_separates_is_no_blank() -> None:
    """An empty cell before a quote is one."""
    assert QuotedCells("\t").without_blanks('1\t\t"a"\t "b"\n', is_quoted=False) == '1\t\t"a"\t"b"\n'


FILES = {
    "before": ('Id,Name,Note\n1, "Room, A", x\n', {2: ["1", "Room, A", " x"]}, "Room, A"),
    "before with a tab": ('Id,Name,Note\n1,\t"Room, A", x\n', {2: ["1", "Room, A", " x"]}, "Room, A"),
    "at the begin of a line": ('Id,Name,Note\n "1","Room, A", x\n', {2: ["1", "Room, A", " x"]}, "1"),
    "in the header": ('Id, "Name","Note"\n1,a, x\n', {2: ["1", "a", " x"]}, "Name"),
    "behind": ('Id,Name,Note\n1,"Room, A" , x\n', {2: ["1", "Room, A", " x"]}, None),
    "within a text": ('Id,Name,Note\n1,"say, ""A""", x\n', {2: ["1", 'say, "A"', " x"]}, None),
    "an inch": ('Id,Name,Note\n1,5" pipe, 6"\n', {2: ["1", '5" pipe', ' 6"']}, None),
    "behind a formula": (
        'Id,Name,Note\n1,=A1,x\n2, "Room", y\n',
        {2: ["1", "=A1", "x"], 3: ["2", "Room", " y"]},
        "Room",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_blanks_before_quotes_is_read_and_told(tmp_path: Path, name: str) -> None:
    """A program that takes such quotes for letters shows another text; other cells are as they stand there."""
    content, rows, example = FILES[name]
    path = tmp_path / "a.csv"
    path.write_text(content, "utf-8")
    sheet = opened(path)
    told = [notice.values["example"] for notice in sheet.notices if notice.code == "blanks-before-quotes"]
    assert (rows_of(sheet), told) == (rows, [] if example is None else [example])


def test_a_blank_before_a_quote_is_as_good_in_the_middle_of_a_large_file(tmp_path: Path) -> None:
    """Blocks may end anywhere within a quoted text."""
    text = "x" * 700 + ', ""y"" ,\n ""z"" '
    path = tmp_path / "a.csv"
    lines = [f'{number}, "{text}", x\n' if number > 4_000 else f"{number},a, x\n" for number in range(9_000)]
    path.write_text("Id,Name,Note\n" + "".join(lines), "utf-8", newline="")
    sheet = opened(path)
    rows = list(rows_of(sheet).values())
    assert ({row[1] for row in rows}, {row[2] for row in rows}) == ({"a", text.replace('""', '"')}, {" x"})
    assert (len(rows), [notice.code for notice in sheet.notices]) == (9_000, ["blanks-before-quotes"])
