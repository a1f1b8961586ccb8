"""Files that are brought in before they are read: where they lie, what they are called, and when they are gone."""

import gzip
import io
import os
import sys
import zipfile
from pathlib import Path

import pytest

from importer.runs import incoming
from importer.runs.incoming import FOLDER, InputFile, brought_in
from importer.runs.named_files import named_files

TEXT = b"ResourceId,Name\n1,Room 1\n"


def zipped(*names: str, text: bytes = b"") -> bytes:
    """An archive with these files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, text)
    return stream.getvalue()


class Terminal(io.TextIOWrapper):
    """A standard input at which a person sits."""

    def isatty(self) -> bool:
        """As a terminal says."""
        return True


def send(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Let this be the standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def one(home: Path, word: str | Path) -> InputFile:
    """What is brought in for a word, whose bytes are gone by now."""
    with brought_in(named_files([str(word)]).files, home, lambda text: None) as files:
        return files[0]


def test_a_plain_file_stays_where_it_is(tmp_path: Path) -> None:
    """Nothing is copied, and no folder made."""
    path = tmp_path / "rooms.csv"
    path.write_bytes(TEXT)
    assert one(tmp_path / "home", path) == InputFile(path, path, "rooms.csv")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (TEXT, ".csv"),
        (gzip.compress(TEXT), ".csv"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), ".xls"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), ".xlsx"),
        (zipped("[Content_Types].xml", "xl/workbook.bin"), ".xlsb"),
        (zipped("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), ".xlsm"),
        (zipped("mimetype", text=b"application/vnd.oasis.opendocument.spreadsheet"), ".ods"),
        (b"PK\x03\x04" + bytes(99), ".xlsx"),
    ],
    # Not by their contents: those of an archive hold the time at which it was made.
    ids=["text", "gz", "xls", "xlsx", "xlsb", "xlsm", "ods", "broken"],
)
def test_the_standard_input_is_what_its_content_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, ending: str
) -> None:
    """It has no name that could say it; packed, it is unpacked."""
    send(monkeypatch, content)
    file = one(tmp_path, "-")
    assert (file.typed, file.name, file.path.suffix, file.error) == ("-", "standard input", ending, None)


def test_the_files_are_private_and_gone_with_the_command(tmp_path: Path) -> None:
    """Two of one name are told apart by the folder above them, and whoever reads is told what was inside."""
    for month in ("April", "May"):
        (tmp_path / month).mkdir()
        with zipfile.ZipFile(tmp_path / month / "rooms.zip", "w") as archive:
            archive.writestr("x.csv", TEXT)
    said: list[str] = []
    words = [str(tmp_path / month / "rooms.zip") for month in ("April", "May")]
    with brought_in(named_files(words).files, tmp_path / "home", said.append) as files:
        assert [Path(*file.path.parts[-2:]).as_posix() for file in files] == ["April/rooms.csv", "May/rooms.csv"]
        assert [file.name for file in files] == ["rooms.zip"] * 2
        assert said[0] == "rooms.zip holds x.csv, which is read."
        if os.name == "posix":
            assert not any(path.stat().st_mode & 0o077 for path in (tmp_path / "home" / FOLDER).rglob("*"))
    assert not list((tmp_path / "home" / FOLDER).iterdir())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "The standard input is empty."), (b"x" * 99, "The standard input has more than")],
)
def test_a_standard_input_of_no_use_is_an_error_of_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, sentence: str
) -> None:
    """The others are read."""
    monkeypatch.setattr(incoming, "LARGEST_BROUGHT_IN", 98)
    monkeypatch.setattr(incoming, "_PIECE", 10)
    send(monkeypatch, content)
    error = one(tmp_path, "-").error
    assert error is not None
    assert error.message.startswith(sentence)
    assert error.advice


@pytest.mark.parametrize("address", ["https://files.example/../a.csv", "https://../a", "s3://b/..%2F/x", "https:///"])
def test_no_part_of_an_address_is_a_path(tmp_path: Path, address: str) -> None:
    """The folder is of our own, whatever the address holds."""
    folders: list[Path] = []

    def fetch(typed: str, folder: Path) -> tuple[Path, str]:
        folders.append(folder)
        (folder / "a.csv").write_bytes(TEXT)
        return folder / "a.csv", "a.csv"

    with brought_in(named_files([address]).files, tmp_path, lambda text: None, fetch) as [file]:
        assert file.error is None
        assert (file.typed, file.path.parent.parent.parent.parent) == (address, tmp_path / FOLDER)
    assert ".." not in folders[0].parts


def test_nobody_is_waited_for_at_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody forgot to send a file there."""
    monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO()))
    error = one(tmp_path, "-").error
    assert error is not None
    assert "importer check - < mappings.csv" in error.advice


def test_what_a_killed_command_has_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds personal data; that of a command at work stays."""
    own = f"{os.getpid()}-{incoming._start_of(os.getpid())}-aa"
    for name in (own, f"{os.getpid()}-00000000-bb", "999999999-00000000-cc", "mine"):
        (tmp_path / FOLDER / name).mkdir(parents=True)
    send(monkeypatch, TEXT)
    assert one(tmp_path, "-").error is None
    assert {path.name for path in (tmp_path / FOLDER).iterdir()} == {own, "mine"}
