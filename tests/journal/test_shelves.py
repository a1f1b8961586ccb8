"""Which shelf an installation has: its own folder, or the database that its machines share."""

import subprocess
import sys
from pathlib import Path

import pytest
from postgres import Server

from importer.config.settings import JournalPlace
from importer.config.shelf import FileShelf
from importer.errors import JournalError
from importer.journal.journal import open_journal
from importer.journal.shelves import shelf_of


def test_a_journal_in_a_file_leaves_the_documents_where_they_are(tmp_path: Path) -> None:
    """In the home, wherever the journal itself is."""
    home = tmp_path / "home"
    shelf = shelf_of(JournalPlace(f"sqlite:///{tmp_path / 'j'}", home))
    assert isinstance(shelf, FileShelf)
    assert shelf.replace("a.json", "{}", None)
    assert (home / "a.json").read_text() == "{}"
    with open_journal(JournalPlace(f"sqlite:///{tmp_path / 'j'}", home)) as journal:
        assert journal.documents is None
        assert journal.shelf.read("a.json") == shelf.read("a.json")


def test_machines_with_one_database_have_one_shelf(postgres: Server, tmp_path: Path) -> None:
    """And nothing of it in their folders."""
    url = postgres.new_database()
    one, other = (shelf_of(JournalPlace(url, tmp_path / name)) for name in ("one", "two"))
    assert one.replace("a.json", "{}", None)
    assert not other.replace("a.json", "{}", None)
    stored = other.read("a.json")
    assert other.replace("a.json", '{"x": 1}', stored)
    assert not one.replace("a.json", "{}", stored)
    with open_journal(JournalPlace(url, tmp_path / "one")) as journal:
        assert journal.shelf.read("a.json") == one.read("a.json")
    assert not list(tmp_path.rglob("a.json"))
    assert one.files == tmp_path / "one"
    assert one.place("a.json") == "a.json in the journal's database"


def test_a_database_that_cannot_be_reached_is_an_error(tmp_path: Path) -> None:
    """Never an empty shelf: whoever may do what would be forgotten."""
    shelf = shelf_of(JournalPlace(f"postgresql://nobody@/none?host={tmp_path}", tmp_path))
    with pytest.raises(JournalError):
        shelf.read("people.json")
    with pytest.raises(JournalError):
        shelf.replace("people.json", "{}", None)


def test_a_home_alone_needs_no_database() -> None:
    """A check of a file must not wait for one to load."""
    code = "import sys, importer.journal.shelves; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
