"""Text files: separators, encodings, line ends, raggedness, and the two ways of reading a block."""

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from importer.errors import EncodingError, FileError, ImporterError, UsageError
from importer.issues import notice_text
from importer.spreadsheet import delimited, encodings, is_unseen
from importer.spreadsheet.sheet import frame
from spreadsheet.making import opened, rows_of

HEAD = "Id;Name\n"

READ = {
    "comma": (b"Id,Name\n1,Room A\n", {2: ["1", "Room A"]}),
    "semicolon": (b"Id;Name\n1;Room A, left\n2;B\n", {2: ["1", "Room A, left"], 3: ["2", "B"]}),
    "tab": (b"Id\tName\n1\tRoom A\n", {2: ["1", "Room A"]}),
    "bar": (b"Id|Name\n1|Room A\n", {2: ["1", "Room A"]}),
    "sep= is no row, as in Excel": (b"sep=;\r\nId;Name\r\n1;A,B,C\r\n", {2: ["1", "A,B,C"]}),
    "sep= in quotes": (b'"sep=|"\nId|Name\n1|A\n', {2: ["1", "A"]}),
    "LF": (b"Id;Name\n1;A\n2;B\n", {2: ["1", "A"], 3: ["2", "B"]}),
    "CRLF": (b"Id;Name\r\n1;A\r\n2;B\r\n", {2: ["1", "A"], 3: ["2", "B"]}),
    "CR": (b"Id;Name\r1;A\r2;B\r", {2: ["1", "A"], 3: ["2", "B"]}),
    "all line ends mixed": (b"Id;Name\r1;A\n2;B\r\n3;C", {2: ["1", "A"], 3: ["2", "B"], 4: ["3", "C"]}),
    "no line end at the end": (b"Id;Name\n1;A", {2: ["1", "A"]}),
    "UTF-8": ("Id;Name\n1;Münster\n".encode(), {2: ["1", "Münster"]}),
    "UTF-8 with mark": ("Id;Name\n1;Münster\n".encode("utf-8-sig"), {2: ["1", "Münster"]}),
    "UTF-16 with mark": ("Id;Name\n1;Münster\n".encode("utf-16"), {2: ["1", "Münster"]}),
    "UTF-16 without mark": ("Id;Name\n1;Münster\n".encode("utf-16-le"), {2: ["1", "Münster"]}),
    "UTF-16 big-endian without mark": ("Id;Name\n1;Münster\n".encode("utf-16-be"), {2: ["1", "Münster"]}),
    "UTF-32 with mark": ("Id;Name\n1;Münster\n".encode("utf-32"), {2: ["1", "Münster"]}),
    "short row": (b"Id;Name;Note\n1;A;x\n2\n3;C\n", {2: ["1", "A", "x"], 3: ["2"], 4: ["3", "C"]}),
    "long row": (b"Id;Name\n1;A\n2;B;C;D\n", {2: ["1", "A"], 3: ["2", "B", "C", "D"]}),
    "blank lines are counted": (b"Id;Name\n\n1;A\n;\n \n2;B\n\n", {3: ["1", "A"], 6: ["2", "B"]}),
    "line break in quotes is one row": (b'Id;Name\n1;"A\nB"\n2;C\n', {2: ["1", "A\nB"], 3: ["2", "C"]}),
    "doubled quote": (b'Id;Name\n1;"say ""hi"""\n', {2: ["1", 'say "hi"']}),
    "separators at the end": (b"Id;Name;;\n1;A;;\n2;B;;\n", {2: ["1", "A"], 3: ["2", "B"]}),
    "text that other programs guess at": (
        b"Id;Name\n00123;NA\n12.0;1.2E+05\n",
        {2: ["00123", "NA"], 3: ["12.0", "1.2E+05"]},
    ),
    "a total below": (b"Id;Name\n1;A\nTotal;1\n", {2: ["1", "A"], 3: ["Total", "1"]}),
    "byte order mark in the middle": ("Id;Name\n1;\ufeffA\n".encode(), {2: ["1", "\ufeffA"]}),
    "only a header": (b"Id;Name\n", {}),
}

REFUSED = {
    "nothing but spaces": (b" \n \n", "is empty"),
    "unclosed quote": (HEAD.encode() + b'1;"A\n2;B\n3;C\n', "a quote in row 2 (line 2) is not closed"),
    "text behind a quote": (HEAD.encode() + b'1;A\n2;"B"x\n', "a quote in row 3 (line 3) is not closed"),
    "line of a broken quote after a long cell": (HEAD.encode() + b'1;"A\n\nB"\n2;"B"x\n', "row 3 (line 5)"),
    "line of a broken quote below sep=": (b"sep=;\n" + HEAD.encode() + b'1;"A"x\n', "row 2 (line 3)"),
    "NUL": (HEAD.encode() + b"1;A\0B\n", "contains a NUL character"),
    "two encodings": ("Id;Name\n1;Münster\n2;".encode() + "Köln\n".encode("cp1252"), "mixes two encodings"),
    "no encoding": (HEAD.encode() + b"1;\x81\n", "can be read in more than one way"),
    "half of UTF-16": (b"\xff\xfeI\x00d", "is not in the encoding utf-16"),
    "cell of a million": (
        HEAD.encode() + b"1;" + b"a" * 1_000_001 + b"\n2;B\n",
        "row 2 (line 2) has more than 1,000,000",
    ),
    "501 labels": (b";".join(b"L%d" % i for i in range(501)) + b"\n", "row 1 has 501 cells"),
    "501 cells": (HEAD.encode() + b"1;" * 500 + b"2\n", "row 2 has 501 cells"),
    "endless line": (HEAD.encode() + b"a" * 40_000_000, "has a line of more than"),
}


@pytest.mark.parametrize("name", READ)
def test_each_kind_of_file_is_read_as_a_person_reads_it(tmp_path: Path, name: str) -> None:
    """The cells come out as they stand in the file, under the row numbers of the spreadsheet program."""
    content, expected = READ[name]
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    sheet = opened(path)
    assert sheet.labels[:2] == ("Id", "Name")
    assert rows_of(sheet) == expected
    assert rows_of(sheet) == expected, "a second reading gives the same"
    assert notice_text(sheet.notices) == ""


@pytest.mark.parametrize("name", REFUSED)
def test_each_unreadable_file_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    """What cannot be read without losing rows is refused, with the place."""
    content, sentence = REFUSED[name]
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(FileError) as error:
        rows_of(opened(path))
    assert sentence in error.value.message
    assert error.value.advice


def test_overlong_utf8_is_no_utf8(tmp_path: Path) -> None:
    """Bytes that smuggle a slash past a lenient decoder are no text of UTF-8."""
    path = tmp_path / "file.csv"
    path.write_bytes(b"Id;Name\n1;\xc0\xaf\n")
    with pytest.raises(EncodingError):
        opened(path)


@pytest.mark.parametrize("blanks", [" ", "   "])
def test_a_blank_before_a_quote_does_not_make_it_text(tmp_path: Path, blanks: str) -> None:
    """Else the separator inside would cut the cell, and the rest of the row would stand in other columns."""
    path = tmp_path / "file.csv"
    path.write_text(f'Id,{blanks}"Name"\n1,{blanks}"a, b"\n2,{blanks}"say ""hi"""\n3, "c\nd"\n', encoding="utf-8")
    assert rows_of(opened(path)) == {2: ["1", "a, b"], 3: ["2", 'say "hi"'], 4: ["3", "c\nd"]}


def test_a_named_encoding_needs_no_notice(tmp_path: Path) -> None:
    """With --encoding nothing is guessed, so nothing is said."""
    path = tmp_path / "file.csv"
    path.write_bytes("Id;Name\n1;Łódź\n".encode("cp1250"))
    sheet = opened(path, encoding="cp1250")
    assert (rows_of(sheet), notice_text(sheet.notices)) == ({2: ["1", "Łódź"]}, "")


@pytest.mark.parametrize("encoding", ["nonsense", "base64", "ascii", "undefined"])
def test_a_wrong_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    """An encoding that there is not, or that does not fit, ends in a sentence."""
    path = tmp_path / "file.csv"
    path.write_bytes("Id;Name\n1;Müller\n".encode())
    with pytest.raises(FileError):
        rows_of(opened(path, encoding=encoding))


@pytest.mark.parametrize(("named", "separator"), [("tab", "\t"), ("\\t", "\t"), ("§", "§"), (":", ":")])
def test_a_named_separator_is_used(tmp_path: Path, named: str, separator: str) -> None:
    """--delimiter takes any one character, and tab by its name."""
    path = tmp_path / "file.csv"
    path.write_text(f"Id{separator}Name\n1{separator}A,B;C\n", encoding="utf-8")
    assert rows_of(opened(path, separator=named)) == {2: ["1", "A,B;C"]}


@pytest.mark.parametrize("named", [";;", '"', "\n", "ab"])
def test_a_separator_is_one_character(tmp_path: Path, named: str) -> None:
    """Anything else would be taken apart in the middle of cells."""
    path = tmp_path / "file.csv"
    path.write_text("Id;Name\n1;A\n", encoding="utf-8")
    with pytest.raises(UsageError):
        opened(path, separator=named)


@pytest.mark.parametrize(
    ("above", "header", "note"),
    [
        ("Calendars of November\n", 2, "Row 1 looks like a title and was skipped. The header is in row 2."),
        ("Calendars;;\n\nexported;today;\n\n", 5, "Rows 1 to 3 look like titles"),
        ("\n\n", 3, ""),
    ],
)
def test_title_lines_above_the_header_are_found_and_said(tmp_path: Path, above: str, header: int, note: str) -> None:
    """The header is the first row that is about as full as the table, and rows above it are named."""
    path = tmp_path / "file.csv"
    path.write_text(f"{above}Id;Name;A;B;C;D\n1;2;3;4;5;6\n", encoding="utf-8")
    sheet = opened(path)
    assert (sheet.header_row, sheet.labels) == (header, ("Id", "Name", "A", "B", "C", "D"))
    assert rows_of(sheet) == {header + 1: ["1", "2", "3", "4", "5", "6"]}
    assert notice_text(sheet.notices).startswith(note)
    assert bool(notice_text(sheet.notices)) == bool(note)


def test_rows_keep_their_numbers_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small the blocks are, and with quotes in some of them, row 7 is row 7."""
    monkeypatch.setattr(encodings, "BLOCK_BYTES", 16)
    lines = [f'{n};"a\nb"' if n % 7 == 0 else f"{n};x" for n in range(2, 300)]
    path = tmp_path / "file.csv"
    path.write_text("Id;Name\n" + "\n".join(lines), encoding="utf-8")
    rows = rows_of(opened(path))
    assert list(rows) == list(range(2, 300))
    assert all(cells[0] == str(row) for row, cells in rows.items())


@pytest.mark.parametrize("block", [7, 16, 33, 64, 4096])
def test_a_blank_behind_a_quote_is_none_in_whichever_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """A block may begin within quotes or outside them; what stands in quotes keeps its blanks."""
    monkeypatch.setattr(encodings, "BLOCK_BYTES", block)
    path = tmp_path / "file.csv"
    path.write_text("Id;Name;Note\n" + '1;"a" ;"b\n"" c" \n' * 40, encoding="utf-8")
    assert list(rows_of(opened(path)).values()) == [["1", "a", 'b\n" c']] * 40


def test_a_quote_that_is_never_closed_costs_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that goes on for many blocks is refused, not gathered."""
    monkeypatch.setattr(encodings, "BLOCK_BYTES", 64)
    path = tmp_path / "file.csv"
    path.write_text("Id;Name\n" + '1;"a\n";' + '"b\n";' * 400 + "c\n", encoding="utf-8")
    with pytest.raises(FileError, match="is never closed"):
        rows_of(opened(path))


def test_a_corrected_failed_file_has_its_guards_taken_off(tmp_path: Path) -> None:
    """Only a file with import_row is ours, so only there an apostrophe before a formula is removed."""
    path = tmp_path / "file.csv"
    path.write_text("Id,Name,import_row\n1,'=1+1,2\n", encoding="utf-8")
    assert rows_of(opened(path))[2][1] == "=1+1"
    path.write_text("Id,Name,import\n1,'=1+1,2\n", encoding="utf-8")
    assert rows_of(opened(path))[2][1] == "'=1+1"


def test_a_cell_of_our_own_file_is_no_formula(tmp_path: Path) -> None:
    """What we wrote begins with an apostrophe, and what is typed there is a text; only a foreign file has some."""
    path = tmp_path / "file.csv"
    for header, codes in (("Id,Name,import_row", []), ("Id,Name,import", ["formula-without-value"])):
        path.write_text(f"{header}\n1,=1+1,2\n", encoding="utf-8")
        sheet = opened(path)
        rows_of(sheet)
        assert list(sheet.problems["code"]) == codes


_CELLS = st.text(st.sampled_from(list('ab1 ,;"\n\r\t\u2028\u0085\x0b\x1c\ufeffé')), max_size=4)
_PLAIN = st.text(st.sampled_from(list("ab1 ;\t\u2028\u0085\x0b\x1c\ufeffé")), max_size=4)
_TABLES = st.lists(st.lists(_CELLS | _PLAIN, max_size=4), max_size=8)


@given(table=_TABLES, end=st.sampled_from(["\n", "\r\n", "\r"]), block=st.integers(1, 40))
def test_written_rows_come_back_whatever_the_blocks(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], end: str, block: int
) -> None:
    """What csv.writer writes is read back row by row, as csv.reader alone would read all of it."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end).writerows([["Id", "Name", "Note"], *table])
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    path.write_bytes(text.getvalue().encode())
    rows = list(csv.reader(io.StringIO(text.getvalue(), newline=""), strict=True))
    # Three cells of which one holds lines with as many commas as are missing look like rows between two single quotes.
    assume(not any(cell.count(",") and re.search("[\r\n]", cell) for row in rows for cell in row))
    expected = {n: row for n, row in enumerate(rows, start=1) if n > 1 and not all(map(is_unseen, row))}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encodings, "BLOCK_BYTES", block)
        patch.setattr(delimited, "MOST_BLOCKS_A_ROW", 1_000)
        found = rows_of(opened(path, separator=",", encoding="utf-8"))
    assert found == {n: _trimmed(row) for n, row in expected.items()}


def _trimmed(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row = row[:-1]
    return row


_ANY_BLOCK = st.text(st.sampled_from(list('ab1 ,,,\n\n\r"\u2028\u0085\x0b\x1c\ufeff')), min_size=1, max_size=60)
_CELL = st.text(st.sampled_from(list("ab1 ;\u2028\u0085\x0b\x1c\ufeff")), max_size=3)


@st.composite
def _rectangles(draw: st.DrawFn) -> tuple[str, int]:
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(_CELL, min_size=width, max_size=width), min_size=1, max_size=6))
    ends = draw(st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=len(rows), max_size=len(rows)))
    return "".join(",".join(row) + end for row, end in zip(rows, ends, strict=True)), width


@given(block=_rectangles() | st.tuples(_ANY_BLOCK, st.integers(1, 4)))
def test_both_ways_of_reading_a_block_give_the_same_frame(block: tuple[str, int]) -> None:
    """str.split takes a block only where csv.reader in strict mode reads the same rows."""
    text, width = block
    flat = delimited._cut(text, ",", width)
    if flat is None:
        return
    fast = frame([flat[i :: width + 1] for i in range(width)], 1, width)
    careful = delimited._Reading(Path("x"), ",", text, iter(()))
    strict = frame(careful._careful(width), 1, width)
    assert fast.to_dict() == strict.to_dict()
    assert fast.index.tolist() == strict.index.tolist()


def test_the_fast_way_is_taken_for_an_ordinary_file() -> None:
    """A rectangle without quotes is cut by str.split; otherwise the property above would hold for nothing."""
    assert delimited._cut("1,A\r\n2,B\r\n", ",", 2) == ["1", "A", "\n", "2", "B", "\n"]
    assert delimited._cut("1,A\n2\n", ",", 2) is None
    assert delimited._cut('1,"A"\n', ",", 2) is None


def test_a_chunk_has_the_shape_that_it_promises(tmp_path: Path) -> None:
    """Plain Python text in columns of objects, whichever way the block was read, under whole row numbers."""
    path = tmp_path / "file.csv"
    for content in ("Id;Name\n1;A\n\n", 'Id;Name\n1;"A"\n', "Id;Name\n1\n"):
        path.write_text(content, encoding="utf-8")
        (chunk,) = opened(path).read()
        assert chunk.dtypes.tolist() == [object, object]
        assert {type(cell) for cell in chunk.to_numpy().ravel()} == {str}
        assert list(map(int, chunk.columns)) == [0, 1]
        assert (chunk.index.tolist(), str(chunk.index.dtype)) == ([2], "int64")


@pytest.mark.parametrize("name", ["no.csv", "folder.csv", "x" * 300 + ".csv", "mapping.pdf", "empty.csv", "zip.csv"])
def test_what_is_no_text_file_is_refused(tmp_path: Path, name: str) -> None:
    """Missing, a folder, a name that no disk takes, another kind, empty, or a workbook by its first bytes."""
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "mapping.pdf").write_bytes(b"%PDF")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "zip.csv").write_bytes(b"PK\x03\x04")
    with pytest.raises(ImporterError) as error:
        opened(tmp_path / name)
    assert error.value.exit_code == 3
    assert error.value.advice


def test_a_file_that_goes_away_is_said_to_be_gone(tmp_path: Path) -> None:
    """Deleted after its header was read: a sentence about the file, whoever reads it on."""
    path = tmp_path / "file.csv"
    path.write_text("Id;Name\n1;A\n", encoding="utf-8")
    sheet = opened(path)
    path.unlink()
    with pytest.raises(FileError, match="can no longer be read: No such file"):
        next(sheet.read())


@pytest.mark.parametrize(
    ("cell", "is_one"),
    [
        *((cell, True) for cell in ("=1+1", " =A1", '"=HYPERLINK(""http://x"",""Room 1"")"', '"=""Room ""&A1"', "=-1")),
        *((cell, True) for cell in ("+A1", " -2+3", '"-2+3"', '"@SUM(1;2)"', "+SUM(A1:A9)", "＋A1", "-$B$2*1.5")),  # noqa: RUF001
        *((cell, False) for cell in ('="1001"', '"=""Room 1"""', "a=b", "=", "== Room ==", "+49 30 12", "-", "@home")),
    ],
)
def test_a_formula_in_a_text_file_is_a_problem_of_its_cell(cell: str, is_one: bool, tmp_path: Path) -> None:
    """A spreadsheet program shows its result there, which nobody here can calculate."""
    path = tmp_path / "a.csv"
    path.write_text(f"ResourceId,Name,Note\n1,Room,\n\n2,{cell},\n", "utf-8")
    problems = delimited.open_delimited(path).problems
    assert problems.to_numpy().tolist() == ([["formula-without-value", 4, 1]] if is_one else [])


def test_a_formula_in_a_file_of_the_importer_is_text(tmp_path: Path) -> None:
    """It was escaped when it was written, and comes back as it was."""
    path = tmp_path / "failed.csv"
    path.write_text("Name,import_row\n'=1+1,2\n", "utf-8")
    sheet = delimited.open_delimited(path)
    assert [chunk[0].tolist() for chunk in sheet.read()] == [["=1+1"]]
    assert not len(sheet.problems)


BLANKS_BEHIND = {
    "before a comma": '1,"Room, A" ,x\n',
    "a tab before a comma": '1,"Room, A"\t,x\n',
    "at both sides": '1, "Room, A"  ,x\n',
    "in every cell": '"1" ,"Room, A" ,"x" \n',
    "at the end of a file": '1,"Room, A","x"\t',
    "at the end of a line of Windows": '1,"Room, A","x" \r\n',
}


@pytest.mark.parametrize("name", BLANKS_BEHIND)
def test_a_blank_behind_a_closing_quote_is_no_part_of_the_text(name: str, tmp_path: Path) -> None:
    """Many programs write it, and spreadsheet programs read over it."""
    path = tmp_path / "a.csv"
    path.write_text("Id,Name,Note\n" + BLANKS_BEHIND[name], "utf-8", newline="")
    assert rows_of(opened(path)) == {2: ["1", "Room, A", "x"]}


def test_a_blank_behind_a_quote_inside_a_text_stays(tmp_path: Path) -> None:
    """Such texts have doubled quotes, line ends and separators, as if a cell ended there."""
    texts = 'He said ""hi"" , twice', '""a"" \n""b"" ,c', ' ""x"" ,'
    lines = [f'{number},"{text}" ,x' for number, text in enumerate(texts)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["Id,Name,Note", *lines, ""]), "utf-8", newline="")
    assert [row[1] for row in rows_of(opened(path)).values()] == [text.replace('""', '"') for text in texts]


def test_a_blank_behind_a_quote_is_as_good_in_the_middle_of_a_large_file(tmp_path: Path) -> None:
    """Blocks may end anywhere within a quoted text, and what follows is not cut otherwise for that."""
    text = "x" * 700 + ', ""y"" ,\n ""z"" '
    path = tmp_path / "a.csv"
    path.write_text(
        "Id,Name,Note\n" + "".join(f'{number},"{text}" ,x\n' for number in range(9_000)), "utf-8", newline=""
    )
    rows = list(rows_of(opened(path)).values())
    assert len(rows) == 9_000
    assert {row[1] for row in rows} == {text.replace('""', '"')}


@pytest.mark.parametrize("line", ['1,"Room" A,x', '1,"Room" "A",x', '1,"Room"x,y'])
def test_a_letter_behind_a_closing_quote_is_no_guess(line: str, tmp_path: Path) -> None:
    """Nobody knows where the text ends."""
    path = tmp_path / "a.csv"
    path.write_text(f"Id,Name,Note\n{line}\n", "utf-8")
    with pytest.raises(FileError, match="a character follows the closing quote"):
        rows_of(opened(path))


@pytest.mark.parametrize("rows", [2, 3, 9])
@pytest.mark.parametrize("position", [0, 2, 5])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_between_two_single_quotes_are_not_lost(tmp_path: Path, rows: int, position: int, end: str) -> None:
    """Each begins a text that the other one ends; a text of several lines is fine otherwise, also with separators."""
    lines = [[f"{letter}{number}" for letter in "abcdef"] for number in range(rows)]
    lines[0][position] = f'"{lines[0][position]}'
    lines[-1][position] = f'{lines[-1][position]}"'
    path = tmp_path / "rooms.csv"
    text = end.join(",".join(line) for line in [["A", "B", "C", "D", "E", "F"], *lines, list("uvwxyz")])
    path.write_bytes(f"{text}{end}".encode())
    with pytest.raises(FileError, match=r"row 2 \(line 2\) has a quoted text that holds other rows"):
        list(opened(path).read())
    path.write_text('A,B,C\n1,"Studio, first floor,\nback room",3\n', encoding="utf-8")
    [chunk] = opened(path).read()
    assert [chunk.at[2, position] for position in range(3)] == ["1", "Studio, first floor,\nback room", "3"]
