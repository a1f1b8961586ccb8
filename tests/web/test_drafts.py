"""Uploads on their way to a run: taken in whole, changed one at a time, forgotten in time."""

import asyncio
import hashlib
import stat
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from importer.errors import FileError
from importer.web.drafts import LARGEST, Draft, Drafts

CONTENT = b"ResourceId\n1\n"
DAY = 86_400


async def pieces(*content: bytes) -> AsyncIterator[bytes]:
    """An upload as it streams in."""
    for piece in content:
        yield piece


def take_in(drafts: Drafts, name: str = "rooms.csv", *content: bytes, by: str = "") -> Draft:
    """A file, taken in."""
    return asyncio.run(drafts.take_in(name, pieces(*(content or (CONTENT,))), by))


@pytest.fixture
def drafts(tmp_path: Path) -> Drafts:
    """The uploads of an installation, on a day that stands still."""
    return Drafts(tmp_path / "uploads", lambda: 5.0)


def test_an_upload_is_written_down_as_it_came(drafts: Drafts) -> None:
    """Its bytes, size, hash, owner and time; and the file is its owner's alone."""
    draft = take_in(drafts, "rooms.csv", CONTENT[:4], CONTENT[4:], by="maria")
    assert drafts.find(draft.id) == draft
    assert draft.path.read_bytes() == CONTENT
    assert (draft.size, draft.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert (draft.by, draft.uploaded, draft.version, draft.run) == ("maria", 5.0, 1, None)
    assert stat.S_IMODE(draft.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("rooms.csv", "rooms.csv"),
        (r"C:\Users\maria\rooms.csv", "rooms.csv"),
        ("../../etc/rooms.csv", "rooms.csv"),
        ("ro\0oms.csv", "rooms.csv"),
        ("Räume 1.CSV", "Räume 1.CSV"),
        ("a" * 300 + ".csv", "a" * 120 + ".csv"),
    ],
)
def test_a_name_is_what_people_call_the_file(drafts: Drafts, name: str, shown: str) -> None:
    """Without folders, and never the name of a file here."""
    draft = take_in(drafts, name)
    assert draft.name == shown
    assert draft.path.name == f"upload-{draft.id}.csv"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("rooms.pdf", CONTENT, "rooms.pdf is not a spreadsheet."),
        ("rooms", CONTENT, "rooms is not a spreadsheet."),
        ("rooms.csv", b"", "rooms.csv is empty."),
        ("rooms.csv", b"x" * (LARGEST + 1), "rooms.csv is larger than 50 MB."),
    ],
)
def test_what_cannot_be_read_leaves_nothing(
    drafts: Drafts, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    """It is refused with what to do, in words for somebody at a page, and no folder stays behind."""
    with pytest.raises(FileError) as refused:
        take_in(drafts, name, content)
    assert refused.value.message == words
    assert refused.value.advice
    assert "importer run" not in refused.value.advice
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert drafts.all() == []


@pytest.mark.parametrize("key", ["", "..", "../uploads", "a/b", "A" * 21, "A" * 23, "A" * 22])
def test_an_id_that_is_none_finds_nothing(drafts: Drafts, key: str) -> None:
    """An address cannot lead out of the folder."""
    take_in(drafts)
    assert drafts.find(key) is None
    assert drafts.change(key, zone="UTC") is None
    with drafts.locked(key) as draft:
        assert draft is None


def test_each_change_is_a_new_version(drafts: Drafts) -> None:
    """So that a check can tell which state it is about; corrections add up."""
    draft = take_in(drafts)
    drafts.correct(draft.id, cells={"A2": "1"})
    drafts.correct(draft.id, cells={"B2": "2"}, repairs={"A": "trim"})
    drafts.correct(draft.id, cells={"A2": "3"})
    changed = drafts.change(draft.id, zone="Europe/Berlin")
    assert changed
    assert changed.version == 5
    assert (changed.read.cells, changed.read.repairs) == ({"A2": "3", "B2": "2"}, {"A": "trim"})
    assert changed.read.zone == "Europe/Berlin"


def test_two_people_who_correct_at_once_lose_nothing(drafts: Drafts) -> None:
    """Each correction is made of the upload as it is at that moment."""
    draft = take_in(drafts)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda row: drafts.correct(draft.id, cells={f"A{row}": str(row)}), range(2, 22)))
    after = drafts.find(draft.id)
    assert after
    assert after.read.cells == {f"A{row}": str(row) for row in range(2, 22)}
    assert after.version == 21


def test_only_uploads_without_a_run_are_listed_newest_first(tmp_path: Path) -> None:
    """The others are found in the history."""
    time = [0.0]
    drafts = Drafts(tmp_path, lambda: time[0])
    uploads = []
    for time[0] in (1.0, 2.0, 3.0):
        uploads.append(take_in(drafts))
    drafts.keep(uploads[1], run=7)
    assert [draft.id for draft in drafts.all()] == [uploads[2].id, uploads[0].id]
    drafts.forget(uploads[0])
    assert [draft.id for draft in drafts.all()] == [uploads[2].id]


def test_an_error_names_the_file_as_the_user_does(drafts: Drafts) -> None:
    """And no folder of the server."""
    draft = replace(take_in(drafts), name="My rooms.csv")
    error = FileError(f"{draft.path} has no rows; see {draft.path.stem}.", f"Open {draft.path.name}.")
    shown = draft.named(error)
    assert isinstance(shown, FileError)
    assert (shown.message, shown.advice) == ("My rooms.csv has no rows; see My rooms.", "Open My rooms.csv.")


def test_an_upload_is_forgotten_a_week_later(tmp_path: Path) -> None:
    """It may hold personal data. What is younger stays; of an upload that broke off the date of its folder counts."""
    days = [0.0]
    drafts = Drafts(tmp_path, lambda: days[0] * DAY)
    uploads = []
    for days[0] in (0.0, 3.0):
        uploads.append(take_in(drafts))
    (tmp_path / "broke-off").mkdir()
    drafts.forget_old(6.9 * DAY)
    assert [draft.id for draft in drafts.all()] == [uploads[1].id, uploads[0].id]
    drafts.forget_old(7.1 * DAY)
    assert [draft.id for draft in drafts.all()] == [uploads[1].id]
    drafts.forget_old((tmp_path / "broke-off").stat().st_mtime + 7.1 * DAY)
    assert not list(tmp_path.iterdir())
