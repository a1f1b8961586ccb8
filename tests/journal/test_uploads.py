"""Uploads that machines share: one revision after another, whole or not at all, and gone for all who had them."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from postgres import Server

from importer.config.settings import JournalPlace
from importer.journal import uploads as module
from importer.journal.journal import open_journal
from importer.journal.uploads import UploadHead, Uploads

CONTENT = b"Room\0\xff\n1\n" * 3
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HEAD = UploadHead("a", "maria #1", 5.0, len(CONTENT), 1, None, is_deleted=False)


@pytest.fixture
def two(postgres: Server, tmp_path: Path) -> Iterator[tuple[Uploads, Uploads]]:
    """The uploads as two machines have them."""
    url = postgres.new_database()
    with ExitStack() as stack:
        found = []
        for name in ("one", "two"):
            journal = stack.enter_context(open_journal(JournalPlace(url, tmp_path / name)))
            assert journal.uploads is not None
            found.append(journal.uploads)
        yield found[0], found[1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of the upload as it came."""
    path = tmp_path / "rooms.csv"
    path.write_bytes(CONTENT)
    return path


def content(uploads: Uploads, since: int = 0) -> tuple[str, int, tuple[bytes, ...], bool]:
    """Document, revision, lines, and whether these are all."""
    read = uploads.read("a", since)
    assert read is not None
    return read.document, read.revision, read.lines, read.is_whole


def test_what_one_machine_took_in_the_other_one_has(
    two: tuple[Uploads, Uploads], file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its file, byte for byte and readable for nobody else, and only once."""
    monkeypatch.setattr(module, "_PIECE", 4)
    one, other = two
    assert other.head("a") is None
    assert one.add(HEAD, "{}", b"first", file, SHA256)
    assert not other.add(HEAD, "[]", None, file, SHA256)
    assert other.head("a") == HEAD
    assert other.heads() == {"a": HEAD}
    assert content(other) == ("{}", 1, (b"first",), True)
    assert other.fetch_file("a", SHA256, tmp_path / "copy.csv")
    assert (tmp_path / "copy.csv").read_bytes() == CONTENT
    assert (tmp_path / "copy.csv").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_not_as_it_came_is_not_written(two: tuple[Uploads, Uploads], file: Path, tmp_path: Path) -> None:
    """It would be checked, and sent, as if it were the person's."""
    one, other = two
    one.add(HEAD, "{}", None, file, SHA256)
    assert not other.fetch_file("a", "0" * 64, tmp_path / "copy.csv")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["rooms.csv"]


def test_only_one_of_two_makes_the_next_revision(two: tuple[Uploads, Uploads], file: Path) -> None:
    """The other one is told, and reads what is new since the revision that it has."""
    one, other = two
    one.add(HEAD, "{}", b"first", file, SHA256)
    assert one.change("a", 1, "second", None, b"second", is_whole=False)
    assert not other.change("a", 1, "mine", None, b"mine", is_whole=False)
    assert content(other, since=1) == ("second", 2, (b"second",), False)
    assert other.change("a", 2, "third", 7, None, is_whole=False)
    assert content(one, since=2) == ("third", 3, (), False)
    assert content(one) == ("third", 3, (b"first", b"second"), True)
    head = one.head("a")
    assert head is not None
    assert (head.revision, head.run) == (3, 7)


def test_a_line_with_all_corrections_takes_the_place_of_those_before(two: tuple[Uploads, Uploads], file: Path) -> None:
    """Whoever has an earlier revision begins anew; so does whoever has one that the database does not have yet."""
    one, other = two
    one.add(HEAD, "{}", b"first", file, SHA256)
    one.change("a", 1, "{}", None, b"whole", is_whole=True)
    assert content(other, since=1) == ("{}", 2, (b"whole",), True)
    other.change("a", 2, "{}", None, b"more", is_whole=False)
    assert content(one, since=2) == ("{}", 3, (b"more",), False)
    assert content(one, since=9) == ("{}", 3, (b"whole", b"more"), True)


def test_what_was_deleted_is_gone_for_all_and_stays_so(
    two: tuple[Uploads, Uploads], file: Path, tmp_path: Path, postgres: Server
) -> None:
    """Nothing of it is left but that it was there; nobody brings it back."""
    one, other = two
    one.add(HEAD, "{}", b"first", file, SHA256)
    one.delete(["a", "b"])
    head = other.head("a")
    assert head is not None
    assert (head.is_deleted, head.owner, head.size) == (True, "", 0)
    assert other.read("a", 0) is None
    assert not other.fetch_file("a", SHA256, tmp_path / "copy.csv")
    assert not other.change("a", 2, "{}", None, None, is_whole=False)
    assert not other.add(HEAD, "{}", None, file, SHA256)
    one.forget_deleted(5.0)
    assert "a" in other.heads()
    one.forget_deleted(5.1)
    assert other.heads() == {}
