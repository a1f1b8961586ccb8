"""Files in a .gz or .zip: read like the file inside, or refused within a limit."""

import gzip
import io
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.errors import FileError
from importer.spreadsheet import is_packed, packed, unpack

TEXT = b"ResourceId,Name\n1,Room 1\n"


def zipped(path: Path, *names: str, content: bytes = TEXT, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """An archive with these files in it."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name in names:
            archive.writestr(name, content)
    return path


def gzipped(path: Path, content: bytes = TEXT) -> Path:
    """A compressed file."""
    path.write_bytes(gzip.compress(content))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where files are unpacked."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.mark.parametrize(
    ("name", "inside", "called"),
    [
        ("rooms.csv.gz", None, "rooms.csv"),
        ("rooms.GZ", None, "rooms"),
        ("rooms.csv", None, "rooms.csv"),
        ("..gz", None, "unpacked"),
        ("...gz", None, "unpacked"),
        ("...zip", "x.csv", "unpacked.csv"),
        (f"{'x' * 251}.zip", "a.csv", f"{'x' * 200}.csv"),
        (f"{'x' * 246}.csv.zip", "a.tsv", f"{'x' * 246}.csv"),
        ("rooms.zip", f"a.{'x' * 250}", "rooms"),
        ("rooms.zip", "May/export.CSV", "rooms.CSV"),
        ("rooms.csv.zip", "x.tsv", "rooms.csv"),
        ("rooms.zip", "../../etc/cron.d/x.csv", "rooms.csv"),
        ("rooms.zip", "C:\\Windows\\x.csv", "rooms.csv"),
        ("rooms.zip", "/etc/passwd", "rooms"),
        ("rooms.zip", "x.c\N{RIGHT-TO-LEFT OVERRIDE}sv", "rooms"),
    ],
)
def test_the_file_inside_is_called_like_the_packed_one(
    tmp_path: Path, folder: Path, name: str, inside: str | None, called: str
) -> None:
    """No name from inside becomes a path; only its ending says how the file is read."""
    path = gzipped(tmp_path / name) if inside is None else zipped(tmp_path / name, inside)
    assert is_packed(path)
    file, _ = unpack(path, folder)
    assert (file.parent, file.name, file.read_bytes()) == (folder, called, TEXT)
    assert file.stat().st_mode & 0o077 == 0
    assert [entry.name for entry in tmp_path.rglob("*") if entry.is_file() and entry != path] == [called]


def test_what_a_system_adds_to_an_archive_does_not_count(tmp_path: Path, folder: Path) -> None:
    """A Mac packs folders, and files about the file."""
    path = zipped(tmp_path / "rooms.zip", "May/", "May/rooms.csv", "__MACOSX/May/._rooms.csv", "May/.DS_Store")
    assert unpack(path, folder)[1] == "May/rooms.csv"


@pytest.mark.parametrize("name", ["[Content_Types].xml", "mimetype", "Index/Document.iwa"])
def test_a_workbook_is_no_archive(tmp_path: Path, folder: Path, name: str) -> None:
    """It is read as what it is; called .zip, it is refused."""
    assert not is_packed(zipped(tmp_path / "rooms.xlsx", name, "xl/workbook.xml"))
    with pytest.raises(FileError, match="is a workbook or another document"):
        unpack(zipped(tmp_path / "rooms.zip", name, "xl/workbook.xml"), folder)


@pytest.mark.parametrize("content", [b"", b"PK", TEXT, b"\x1f"])
def test_another_file_is_not_packed(tmp_path: Path, content: bytes) -> None:
    """Whoever reads it says what is wrong with it."""
    path = tmp_path / "rooms.csv"
    path.write_bytes(content)
    assert not is_packed(path)
    assert not is_packed(tmp_path)
    assert not is_packed(tmp_path / "gone.csv")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Whoever reads it refuses it."""
    os.mkfifo(tmp_path / "rooms.csv")
    assert not is_packed(tmp_path / "rooms.csv")


def encrypted(path: Path) -> None:
    """An archive that says so of its file."""
    content = bytearray(zipped(path, "x.csv").read_bytes())
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + at] |= 1
    path.write_bytes(content)


def with_long_list(path: Path) -> None:
    """An archive that says that its list of files has gigabytes."""
    content = bytearray(zipped(path, "x.csv").read_bytes())
    at = content.rindex(b"PK\x05\x06") + 12
    content[at : at + 4] = struct.pack("<I", 3 << 30)
    path.write_bytes(content)


def with_zip64(path: Path) -> None:
    """An archive whose list is said to be elsewhere."""
    content = zipped(path, "x.csv").read_bytes()
    at = content.rindex(b"PK\x05\x06")
    path.write_bytes(content[:at] + b"PK\x06\x07" + bytes(16) + content[at:])


def with_wrong_sum(path: Path) -> None:
    """An archive whose content has changed since it was packed."""
    content = zipped(path, "x.csv", method=zipfile.ZIP_STORED).read_bytes()
    path.write_bytes(content.replace(b"Room 1", b"Room 2"))


def with_tar(path: Path) -> None:
    """A compressed archive."""
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("x.csv"), io.BytesIO())


MISUSES: dict[str, tuple[Callable[[Path], object], str]] = {
    "two.zip": (lambda path: zipped(path, "a.csv", "b.csv"), "two.zip holds 2 files: a.csv, b.csv."),
    "many.zip": (lambda path: zipped(path, *(f"{n}.csv" for n in range(9))), "4.csv and 4 more."),
    "none.zip": (lambda path: zipped(path, "a/"), "none.zip holds no file."),
    "secret.zip": (encrypted, "secret.zip is encrypted with a password."),
    "other.zip": (lambda path: zipped(path, "a.csv", method=zipfile.ZIP_LZMA), "packed in a way that is not read here"),
    "long.zip": (with_long_list, "holds too many files, or is too large"),
    "zip64.zip": (with_zip64, "holds too many files, or is too large"),
    "wrong.zip": (with_wrong_sum, "wrong.zip is damaged"),
    "half.zip": (lambda path: path.write_bytes(zipped(path, "a.csv").read_bytes()[:-40]), "half.zip is damaged"),
    "text.zip": (lambda path: path.write_bytes(TEXT), "text.zip is damaged"),
    "bomb.zip": (lambda path: zipped(path, "a.csv", content=bytes(30 << 20)), "too much for a file of its size"),
    "bomb.gz": (lambda path: gzipped(path, bytes(30 << 20)), "too much for a file of its size"),
    "half.gz": (lambda path: path.write_bytes(gzipped(path, TEXT * 99).read_bytes()[:-20]), "half.gz is damaged"),
    "wrong.gz": (lambda path: path.write_bytes(gzipped(path).read_bytes()[:-8] + bytes(8)), "wrong.gz is damaged"),
    "more.gz": (lambda path: path.write_bytes(gzipped(path).read_bytes() + b"x" * 99), "more.gz is damaged"),
    "broken.gz": (lambda path: path.write_bytes(gzipped(path).read_bytes()[:10] + b"\xff" * 9), "is damaged"),
    "rooms.tgz": (with_tar, "rooms.tgz holds an archive (tar)."),
}
"""What may be wrong with a packed file, by its name: how it is made, and what is said."""


@pytest.mark.parametrize("name", MISUSES)
def test_what_cannot_be_unpacked_is_refused(tmp_path: Path, folder: Path, name: str) -> None:
    """With one sentence and what to do; what was written before that has an end."""
    make, sentence = MISUSES[name]
    make(tmp_path / name)
    with pytest.raises(FileError) as caught:
        unpack(tmp_path / name, folder)
    assert sentence in caught.value.message
    assert caught.value.advice
    assert sum(file.stat().st_size for file in folder.iterdir()) <= packed._ANY_RATIO


def test_a_file_has_a_largest_size_whatever_it_is_packed_to(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk has an end, too."""
    monkeypatch.setattr(packed, "LARGEST_UNPACKED", 1 << 20)
    monkeypatch.setattr(packed, "_ANY_RATIO", 1 << 10)
    with pytest.raises(FileError, match="holds more than 1 MB"):
        unpack(zipped(tmp_path / "a.zip", "a.csv", content=bytes(3 << 20), method=zipfile.ZIP_STORED), folder)


def test_a_small_file_may_shrink_to_whatever_it_likes(tmp_path: Path, folder: Path) -> None:
    """A sheet of equal rows is no attack."""
    content = TEXT * 100_000
    file, _ = unpack(gzipped(tmp_path / "rooms.csv.gz", content), folder)
    assert file.stat().st_size == len(content)
