"""Room for uploads: limits for each person, for all and for the disk, and nothing is lost when there is none."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from conftest import mapping

from importer.config.settings import Settings
from importer.web.drafts import Draft, Drafts
from importer.web.upload_check import check_upload
from importer.web.upload_space import NoRoomError, UploadSpace, size_of
from web.kit import serving, table

MB = 1024**2


def space(settings: Settings, folder: Path, *, total: int = 1000 * MB, free: int = 900 * MB) -> Drafts:
    """Uploads in this folder, on a disk of this size."""
    limits = UploadSpace.of(settings)
    return Drafts(
        folder,
        time.time,
        UploadSpace(limits.per_person, limits.in_all, limits.to_spare, lambda _: (total, free)),
    )


def taken_in(drafts: Drafts, content: bytes, by: str = "") -> Draft:
    """An upload of this content, in small pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 100_000):
            yield content[start : start + 100_000]

    return asyncio.run(drafts.take_in("rows.csv", pieces(), by))


def test_each_person_has_room_of_their_own(settings: Settings, tmp_path: Path) -> None:
    """Deleting makes room; nothing of what was refused is left."""
    few = settings.model_copy(update={"upload_space_per_person": 2})
    drafts, file = space(few, tmp_path / "uploads"), b"x" * (3 * MB // 2)
    first = taken_in(drafts, file, "ada")
    with pytest.raises(NoRoomError, match="Your uploads need more room than the 2 MB"):
        taken_in(drafts, file, "ada")
    assert [one.id for one in drafts.all()] == [first.id]
    taken_in(drafts, file, "bob")
    drafts.forget(first)
    taken_in(drafts, file, "ada")


def test_all_people_share_what_there_is(settings: Settings, tmp_path: Path) -> None:
    """However many they are."""
    drafts = space(settings.model_copy(update={"upload_space": 2}), tmp_path / "uploads")
    taken_in(drafts, b"x" * (3 * MB // 2), "ada")
    with pytest.raises(NoRoomError, match="All uploads together need more room than the 2 MB"):
        taken_in(drafts, b"x" * MB, "bob")


@pytest.mark.parametrize(
    ("total", "free", "fits"),
    [
        (100_000 * MB, 499 * MB, False),
        (100_000 * MB, 501 * MB, True),
        (64 * MB, 4 * MB, True),
        (64 * MB, 3 * MB, False),
    ],
)
def test_the_disk_is_not_filled(settings: Settings, tmp_path: Path, total: int, free: int, fits: bool) -> None:
    """The journal is on it as well."""
    drafts = space(settings, tmp_path / "uploads", total=total, free=free)
    if fits:
        taken_in(drafts, b"x")
        return
    with pytest.raises(NoRoomError, match="almost full"):
        taken_in(drafts, b"x")


def test_what_is_checked_counts_while_it_grows(settings: Settings, tmp_path: Path) -> None:
    """A file of wrong cells becomes many times its size. It is checked as soon as there is room, as it was uploaded."""
    content = table(*(mapping(number, ResourceId="a", CoworkerId="b") for number in range(20_000)))
    small = settings.model_copy(update={"upload_space_per_person": 4})
    drafts = space(small, tmp_path / "uploads")
    draft = taken_in(drafts, content)
    with pytest.raises(NoRoomError, match="4 MB"):
        check_upload(drafts, draft, settings, time.time)
    assert size_of(draft.folder) < 4 * MB
    check_upload(space(settings, tmp_path / "uploads"), draft, settings, time.time)
    assert size_of(draft.folder) > 4 * MB


def test_a_browser_is_told(settings: Settings) -> None:
    """With what to do, and the page goes on working."""
    with serving(settings.model_copy(update={"upload_space_per_person": 1})) as site:
        client = site.visitor()
        wrong = [mapping(number, ResourceId="a") for number in range(20_000)]
        answer = client.upload("rows.csv", table(*wrong))
        assert "Your uploads need more room than the 1 MB that are allowed." in answer.text
        place = client.draft("half.csv", table(*wrong[:10_000]))
        text = client.until(f"{place}/check", lambda text: "more room" in text)
        assert "Delete uploads that you do not need any more, or split the file, then try again." in text
        client.post(f"{place}/discard")
        place = client.draft("few.csv", table(mapping(2)))
        assert "The only row can be imported" in client.follow(f"{place}/check").text


def test_an_edit_without_room_is_refused_before_it_is_saved(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the reason, in the table; every page goes on working, and what was done before can be undone."""
    rows = table(*(mapping(number) for number in range(2, 1_000)))
    change = {"kind": "type", "row": 3, "left": 2, "right": 2}
    with serving(settings) as site:
        client = site.visitor()
        place = client.draft("rows.csv", rows)
        client.until(f"{place}/check", lambda text: "can be imported" in text)
        assert client.post_json(f"{place}/table/steps", {**change, "text": "Attic"}).status == 200
        monkeypatch.setattr(UploadSpace, "watch", full)
        refused = client.post_json(f"{place}/table/steps", {**change, "text": "Cellar"})
        assert "Nothing was changed. There is no room. Make some." in refused.text
        assert client.get(f"{place}/table").status == 200
        assert "can be imported" in client.until(f"{place}/check", lambda text: "can be imported" in text)
        undone = client.post_json(f"{place}/table/steps", {"kind": "undo"})
        assert "Undone" in undone.text


def full(*_: object) -> Callable[[int], None]:
    """Limits that are reached."""

    def look(_: int) -> None:
        raise NoRoomError("There is no room.", "Make some.")

    return look
