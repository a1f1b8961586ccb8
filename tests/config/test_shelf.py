"""Documents that several change at once: nobody's change is lost, on one machine as among several."""

import threading
from functools import partial
from pathlib import Path

import pytest

from importer.config.shelf import FileShelf, Shelf, Stored, change_shelved, put_shelved, read_shelved
from importer.config.store import Document
from importer.errors import StoreError

NOTES: Document[dict[str, object]] = Document("A list of notes", dict)
NAME = "notes.json"


@pytest.fixture
def shelf(tmp_path: Path) -> FileShelf:
    """An empty one."""
    return FileShelf(tmp_path / "home")


def with_note(name: str, notes: dict[str, object] | None) -> dict[str, object]:
    """The notes with one more."""
    return {**(notes or {}), name: True}


def note(shelf: Shelf, *names: str) -> None:
    """Add these notes, one after another."""
    for name in names:
        change_shelved(NOTES, shelf, NAME, partial(with_note, name))


def test_what_was_written_is_read(shelf: FileShelf) -> None:
    """Under its name only; a change that changes nothing writes nothing."""
    assert read_shelved(NOTES, shelf, NAME) is None
    change_shelved(NOTES, shelf, NAME, lambda _: None)
    assert shelf.read(NAME) is None
    note(shelf, "a", "b")
    assert read_shelved(NOTES, shelf, NAME) == {"a": True, "b": True}
    assert read_shelved(NOTES, shelf, "other.json") is None
    others: dict[str, object] = {"c": 1}
    put_shelved(NOTES, shelf, NAME, others)
    assert read_shelved(NOTES, shelf, NAME) == {"c": 1}


def test_a_document_that_has_changed_since_it_was_read_is_not_written_over(shelf: FileShelf) -> None:
    """Nor one that was not there yet."""
    assert shelf.replace(NAME, "{}", None)
    assert not shelf.replace(NAME, '{"x": 1}', None)
    before = shelf.read(NAME)
    assert shelf.replace(NAME, '{"y": 1}', before)
    assert not shelf.replace(NAME, '{"z": 1}', before)
    assert shelf.read(NAME) == Stored('{"y": 1}')


def test_whoever_is_not_the_first_changes_what_the_first_has_made(shelf: FileShelf) -> None:
    """The change is asked for once more, with what is there now."""
    seen = []

    def change(notes: dict[str, object] | None) -> dict[str, object]:
        seen.append(dict(notes or {}))
        if len(seen) == 1:
            note(shelf, "theirs")
        return with_note("mine", notes)

    change_shelved(NOTES, shelf, NAME, change)
    assert seen == [{}, {"theirs": True}]
    assert read_shelved(NOTES, shelf, NAME) == {"theirs": True, "mine": True}


def test_threads_that_write_at_once_lose_nothing(shelf: FileShelf) -> None:
    """However often they meet."""
    names = [[f"{who}{number}" for number in range(20)] for who in "abcd"]
    threads = [threading.Thread(target=note, args=(shelf, *some)) for some in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    notes = read_shelved(NOTES, shelf, NAME)
    assert set(notes or {}) == {name for some in names for name in some}


@pytest.mark.parametrize(("text", "after"), [("{", {"a": True}), ('{"format": 99}', None)])
def test_a_mere_memory_is_begun_anew_if_it_is_damaged(shelf: FileShelf, text: str, after: object) -> None:
    """One of a later importer is left to it; of anything else, neither is touched."""
    shelf.replace(NAME, text, None)
    with pytest.raises(StoreError):
        note(shelf, "a")
    assert shelf.read(NAME) == Stored(text)
    change_shelved(NOTES, shelf, NAME, partial(with_note, "a"), is_memory=True)
    if after is None:
        assert shelf.read(NAME) == Stored(text)
    else:
        assert read_shelved(NOTES, shelf, NAME) == after
