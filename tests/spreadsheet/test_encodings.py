"""Text files in every encoding that people save them in: recognised, or refused with what to do."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.errors import EncodingError, FileError
from importer.spreadsheet import encodings
from importer.spreadsheet.encodings import LARGEST_LINE, blocks, find_encoding

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
        ("cp1252", "cp1252"),
    ],
)
def test_a_file_is_read_in_the_encoding_that_it_is_in(tmp_path: Path, encoding: str, expected: str) -> None:
    """With a mark or without; only the one that was guessed is told, with a word to judge it by."""
    path = tmp_path / "rows.csv"
    path.write_bytes(TEXT.encode(encoding))
    name, notices = find_encoding(path)
    assert name == expected
    assert "".join(blocks(path, name)) == TEXT
    assert [notice.values["example"] for notice in notices] == (["Zoë"] if encoding == "cp1252" else [])


@pytest.mark.parametrize("content", [b"", b"Name;Room\n", b"a"])
def test_plain_text_is_the_same_in_all_of_them(tmp_path: Path, content: bytes) -> None:
    """So nothing is guessed, and nothing told."""
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    assert find_encoding(path) == ("utf-8", ())


def test_the_only_foreign_letter_may_be_in_the_last_row(tmp_path: Path) -> None:
    """Far behind what is looked at to begin with, and across the border of a block."""
    path = tmp_path / "rows.csv"
    for encoding in ("utf-8", "cp1252"):
        path.write_bytes(b"a;b\n" * 40_000 + "é".encode(encoding))
        assert find_encoding(path)[0] == encoding


def test_two_encodings_in_one_file_are_refused(tmp_path: Path) -> None:
    """In either of them a part of the file would turn into letters that look like a name."""
    path = tmp_path / "rows.csv"
    path.write_bytes("Café\n".encode() + "Zoë\n".encode("cp1252"))
    with pytest.raises(EncodingError, match='two encodings: "é" is UTF-8'):
        find_encoding(path)


def test_bytes_of_no_encoding_are_refused(tmp_path: Path) -> None:
    """Windows-1252 takes almost all of them, but not these."""
    path = tmp_path / "rows.csv"
    path.write_bytes(b"a\x81b\n")
    with pytest.raises(EncodingError, match="neither UTF-8 nor Windows-1252"):
        find_encoding(path)


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
