"""What machines with one database agree on: whoever changes it loses nothing of what another one changed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from postgres import Server

from importer.config.probe_file import ProbeResult
from importer.config.probe_file import read as read_probe
from importer.config.probe_file import write as write_probe
from importer.config.saved_columns import remember, remember_encoding, saved_columns
from importer.config.settings import JournalPlace
from importer.config.shelf import FileShelf, put_shelved, read_shelved
from importer.config.store import Document
from importer.errors import StoreError
from importer.journal.documents import Documents
from importer.journal.journal import Journal, open_journal

NOTES: Document[dict[str, object]] = Document("A list of notes", dict)

REMEMBERING = """
import sys
from pathlib import Path
from importer.config.saved_columns import remember
from importer.config.settings import JournalPlace
from importer.journal.shelves import shelf_of

shelf = shelf_of(JournalPlace(sys.argv[1], Path(sys.argv[2])))
for number in range(int(sys.argv[4])):
    remember([f"{sys.argv[3]}{number}"], {f"{sys.argv[3]}{number}": "Name"}, shelf)
"""
"""A process that remembers columns, one header after another."""


@pytest.fixture
def url(postgres: Server) -> str:
    """A new database."""
    return postgres.new_database()


@pytest.fixture
def two(url: str, tmp_path: Path) -> Iterator[tuple[Documents, Documents]]:
    """The documents as two machines have them."""
    with ExitStack() as stack:
        journals = [stack.enter_context(open_journal(JournalPlace(url, tmp_path / name))) for name in ("one", "two")]
        yield shared(journals[0]), shared(journals[1])


def shared(journal: Journal) -> Documents:
    """The documents of a journal on a server."""
    assert journal.documents is not None
    assert journal.shelf is journal.documents
    return journal.documents


def test_what_one_machine_writes_the_other_one_reads(two: tuple[Documents, Documents]) -> None:
    """Whatever characters it has, also those that no database takes as text."""
    one, other = two
    assert other.read("a.json") is None
    text = '{"x": "\x00 \ud800 \N{LATIN SMALL LETTER E WITH ACUTE}"}'
    assert one.replace("a.json", text, None)
    stored = other.read("a.json")
    assert stored is not None
    assert (stored.text, stored.revision) == (text, 1)
    assert other.all() == {"a.json": text}


def test_the_second_who_changes_what_both_have_read_is_refused(two: tuple[Documents, Documents]) -> None:
    """Also if both begin the document."""
    one, other = two
    assert one.replace("a.json", "{}", None)
    assert not other.replace("a.json", '{"mine": 1}', None)
    mine, theirs = one.read("a.json"), other.read("a.json")
    assert one.replace("a.json", '{"x": 1}', mine)
    assert not other.replace("a.json", '{"y": 1}', theirs)
    assert other.all() == {"a.json": '{"x": 1}'}


def test_what_two_machines_remember_at_once_is_all_there(url: str, tmp_path: Path) -> None:
    """Two processes, each with a home and connections of its own."""
    processes = [
        subprocess.Popen([sys.executable, "-c", REMEMBERING, url, str(tmp_path / name), name, "25"]) for name in "ab"
    ]
    assert [process.wait(300) for process in processes] == [0, 0]
    with open_journal(JournalPlace(url, tmp_path / "c")) as journal:
        saved = saved_columns(journal.shelf)
    headers = [f"{name}{number}" for name in "ab" for number in range(25)]
    assert [saved.columns([header]) for header in headers] == [{header: "Name"} for header in headers]


def test_what_a_machine_had_before_is_taken_over_once(two: tuple[Documents, Documents], tmp_path: Path) -> None:
    """If the database has nothing yet. Its files stay as they are, and are not looked at any more."""
    one, other = two
    for name, header in (("one", "Room"), ("two", "Who")):
        remember([header], {header: "Name"}, FileShelf(tmp_path / name))
        write_probe(FileShelf(tmp_path / name), ProbeResult("host", "Kind", account=name))
    before = (tmp_path / "one" / "columns.json").read_bytes()
    assert saved_columns(one).columns(["Room"]) == {"Room": "Name"}
    assert saved_columns(other).columns(["Room"]) == {"Room": "Name"}
    assert saved_columns(other).columns(["Who"]) == {}
    assert read_probe(other, "host", "Kind").account == "two"
    assert read_probe(one, "host", "Kind").account == "two"
    remember_encoding(["Room"], "cp1252", other)
    remember(["Room"], {}, one)
    assert saved_columns(other).columns(["Room"]) == {}
    assert saved_columns(one).encoding(["Room"]) == "cp1252"
    assert (tmp_path / "one" / "columns.json").read_bytes() == before


def test_a_file_that_cannot_be_understood_is_not_taken_over(two: tuple[Documents, Documents], tmp_path: Path) -> None:
    """It would be everybody's; its reader is told, or does without it."""
    one, other = two
    for name in ("notes.json", "columns.json"):
        (tmp_path / "one" / name).write_text("{")
    with pytest.raises(StoreError):
        read_shelved(NOTES, one, "notes.json")
    assert read_shelved(NOTES, other, "notes.json") is None
    assert one.all() == {}
    remember(["Room"], {"Room": "Name"}, one)
    assert saved_columns(other).columns(["Room"]) == {"Room": "Name"}
    notes: dict[str, object] = {"x": 1}
    put_shelved(NOTES, other, "notes.json", notes)
    assert read_shelved(NOTES, one, "notes.json") == {"x": 1}


def test_a_damaged_document_is_named_with_its_place(two: tuple[Documents, Documents]) -> None:
    """Nobody would look for it in a folder."""
    one, other = two
    one.replace("notes.json", "{", None)
    with pytest.raises(StoreError, match=r"notes\.json in the journal's database"):
        read_shelved(NOTES, other, "notes.json")
