"""Text files in every encoding that people save them in: recognised, or refused with what to do."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.errors import EncodingError, FileError
from importer.spreadsheet import encodings
from importer.spreadsheet.encodings import (
    LARGEST_LINE,
    blocks,
    find_encoding,
    last_lines,
    may_be_in_several,
    may_begin_lines,
    recurring,
)

TEXT = "Name;Raum\r\nZoë;Café\r\n"


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
    ],
)
def test_a_file_is_read_in_the_encoding_that_it_is_in(tmp_path: Path, encoding: str, expected: str) -> None:
    """With a mark or without; nothing is guessed, so nothing is told."""
    path = tmp_path / "rows.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert find_encoding(path) == (expected, ())
    assert "".join(blocks(path, expected)) == TEXT
    assert not may_be_in_several(path)


@pytest.mark.parametrize("content", [b"", b"Name;Room\n", b"a"])
def test_plain_text_is_the_same_in_all_of_them(tmp_path: Path, content: bytes) -> None:
    """So nothing is guessed, and nothing told."""
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    assert find_encoding(path) == ("utf-8", ())


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("iso2022_jp", "会議室A"),
        ("iso2022_jp_ext", "ｶｲｷﾞ"),
        ("iso2022_jp_2004", "\u3402"),
        ("iso2022_kr", "회의실"),
    ],
)
def test_letters_behind_escapes_are_asked_about(tmp_path: Path, encoding: str, name: str) -> None:
    """Every byte of such a file is one of ASCII, but its names are not those that UTF-8 makes of them."""
    path = tmp_path / "rows.csv"
    rows = "ResourceId,Name\r\n" + "1001,Room\r\n" * 30_000 + f"1002,{name}\r\n"
    path.write_bytes(rows.encode(encoding))
    assert may_be_in_several(path)
    with pytest.raises(EncodingError) as error:
        find_encoding(path)
    assert error.value.clear == encoding
    assert (error.value.samples[encoding] in name, f"--encoding {encoding}" in error.value.advice) == (True, True)
    assert "".join(blocks(path, encoding)) == rows


@pytest.mark.parametrize("content", [b"Name\nRoom\x1b[0m\n", b"Name\nRoom\x1b\n", "Name\nCafé\x1b$B\n".encode()])
def test_other_escapes_are_characters_of_utf8(tmp_path: Path, content: bytes) -> None:
    """Those of terminals are told at their cells, as characters that cannot be printed."""
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    assert find_encoding(path) == ("utf-8", ())


def test_the_only_foreign_letter_may_be_in_the_last_row(tmp_path: Path) -> None:
    """Far behind what is looked at to begin with, and across the border of a block."""
    path = tmp_path / "rows.csv"
    path.write_bytes(b"a;b\n" * 40_000 + "é".encode())
    assert find_encoding(path)[0] == "utf-8"
    path.write_bytes(b"a;b\n" * 40_000 + "Café".encode("cp1252"))
    with pytest.raises(EncodingError) as error:
        find_encoding(path)
    assert error.value.samples["cp1252"] == "Café"


def test_a_letter_far_below_tells_two_code_pages_apart(tmp_path: Path) -> None:
    """The euro sign is all that they differ in, and it stands behind more cells than are judged."""
    path = tmp_path / "rows.csv"
    names = [f"Café {number}" for number in range(400)]
    path.write_bytes("\n".join([*names, "Salle 5€"]).encode("iso8859_15"))
    with pytest.raises(EncodingError) as error:
        find_encoding(path)
    assert "5€" in error.value.samples["iso8859_15"]


def test_an_earlier_version_took_such_a_file_for_windows_1252(tmp_path: Path) -> None:
    """A run that began so is read so again, with its notice."""
    path = tmp_path / "rows.csv"
    path.write_bytes(TEXT.encode("cp1252"))
    name, notices = find_encoding(path, guess=True)
    assert (name, [notice.values["example"] for notice in notices]) == ("cp1252", ["Zoë"])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("Café\n".encode() + "Zoë\n".encode("cp1252"), 'mixes two encodings: "é" is UTF-8'),
        ("Münster\nKöln\n".encode() + "Łódź\n".encode("cp1250"), 'mixes two encodings: "ü" is UTF-8'),
        (b"a;Caf" + b"\xc3\n", "is UTF-8, but in line 1 a text ends in the middle"),
        ("Müller\nb;Zo".encode() + b"\xc3;x\n", "is UTF-8, but in line 2 a text ends in the middle"),
        ("Müller\r\nSalle 5".encode() + b"\xe2\x82\r\n", "is UTF-8, but in line 2 a text ends in the middle"),
        ("Müller\rSalle 5".encode() + b"\xe2\x82\r", "is UTF-8, but in line 2 a text ends in the middle"),
    ],
)
def test_damaged_utf8_is_called_so(tmp_path: Path, content: bytes, sentence: str) -> None:
    """In any code page a part of the file would turn into letters that look like a name."""
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(EncodingError, match=sentence) as error:
        find_encoding(path)
    assert not error.value.samples


def test_chinese_bytes_that_look_like_utf8_in_pairs_are_no_mixture(tmp_path: Path) -> None:
    """Two of these three names are valid UTF-8 by chance."""
    path = tmp_path / "rows.csv"
    path.write_bytes("北京办公室\n联通\n会议室\n".encode("gb18030"))
    with pytest.raises(EncodingError) as error:
        find_encoding(path)
    assert next(iter(error.value.samples)) == "gb18030"


def test_the_advice_is_one_option_a_line(tmp_path: Path) -> None:
    """Each with what the text looks like; no two look the same, and there are six at most."""
    path = tmp_path / "rows.csv"
    path.write_bytes("Id,Name\n1,Sala Łódź\n".encode("cp1250"))
    with pytest.raises(EncodingError) as error:
        find_encoding(path)
    lines = error.value.advice.splitlines()[1:]
    assert lines[0].split(maxsplit=2) == ["--encoding", "cp1250", "Sala Łódź"]
    assert 1 < len(lines) <= 6
    assert len(set(error.value.samples.values())) == len(lines)


def test_the_mark_of_dos_at_the_end_is_no_text(tmp_path: Path) -> None:
    """Behind the last line, or behind a last line without an end."""
    path = tmp_path / "rows.csv"
    for content in (b"a;b\r\n\x1a", b"a;b\x1a\x1a"):
        path.write_bytes(content)
        assert "".join(blocks(path, "utf-8")).strip() == "a;b"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("size", [7, 64])
def test_a_text_is_found_twice_in_the_bytes_of_any_encoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, size: int
) -> None:
    """However the file is cut into blocks."""
    monkeypatch.setattr(encodings, "_SCANNED_BYTES", size)
    path = tmp_path / "rows.csv"
    path.write_bytes("Id;Größe\n1;2\n3;4\nId;Größe\n".encode(encoding))
    assert recurring(path, encoding, ["Id;Größe", "ID;Größe", "1;2"]) == {"Id;Größe", "ID;Größe"}
    assert recurring(path, encoding, ["1;2", "none"], most=0) == {"1;2"}
    assert last_lines(path, encoding, 2) == ["3;4", "Id;Größe"]


@pytest.mark.parametrize(
    ("content", "encoding", "sentence"),
    [
        (b"a\xffb\n", "utf-8", "utf-8"),
        (b"a;b\n", "no-such", "no-such"),
        # Some of Python's own turn bytes into bytes, or into something else.
        (b"a;b\n", "base64", "base64"),
        (b"a;b\n", "rot13", "rot13"),
        (b"a\0b\n", "utf-8", "NUL"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, content: bytes, encoding: str, sentence: str) -> None:
    """The encoding that was asked for is not this file's, or there is none of the name, or it is no text."""
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(FileError, match=sentence):
        list(blocks(path, encoding))


def test_a_line_without_an_end_is_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with it."""
    monkeypatch.setattr(encodings, "LARGEST_LINE", 100)
    monkeypatch.setattr(encodings, "BLOCK_BYTES", 64)
    path = tmp_path / "rows.csv"
    path.write_bytes(b"x" * 300)
    with pytest.raises(FileError, match="line of more than 100 characters"):
        list(blocks(path, "utf-8"))
    path.write_bytes((b"x" * 90 + b"\n") * 5)
    assert "".join(blocks(path, "utf-8")) == ("x" * 90 + "\n") * 5
    assert LARGEST_LINE > 1_000_000


@given(
    text=st.lists(st.sampled_from(["a", "é", "€", "😀", ";", "\n", "\r", "\r\n", '"']), max_size=40).map("".join),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-32"]),
    size=st.integers(1, 9),
)
@settings(max_examples=60)
def test_no_block_ends_in_the_middle_of_a_line_or_a_letter(memory: Path, text: str, encoding: str, size: int) -> None:
    """However the file is cut into blocks, they are the text, and each but the last ends where a line does."""
    path = memory / "rows.csv"
    path.write_bytes(text.encode(encoding))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encodings, "BLOCK_BYTES", size)
        parts = list(blocks(path, encoding))
    assert "".join(parts) == text
    assert all(part.endswith(("\n", "\r")) for part in parts[:-1])
    assert not [one for one, two in pairwise(parts) if one.endswith("\r") and two.startswith("\n")]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp500", "shift_jis", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_letter_at_the_begin_of_a_line_is_not_overlooked(
    memory: Path, encoding: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever blocks are cut; the first line does not count, and where letters have several bytes, any may."""
    monkeypatch.setattr(encodings, "_SCANNED_BYTES", 4)
    path = memory / "rows.csv"
    path.write_bytes(end.join(["-1", "a-b", "c=", "--", "d"]).encode(encoding))
    assert may_begin_lines(path, encoding, "=-")
    assert may_begin_lines(path, encoding, "=+") == (encoding == "utf-16")
