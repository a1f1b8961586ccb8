"""Uploads on their way to a run: taken in whole, changed one at a time, forgotten in time."""

import asyncio
import hashlib
import stat
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import pytest
from postgres import Server

from importer.config.settings import JournalPlace, Settings
from importer.errors import FileError, JournalBusyError, JournalError
from importer.journal.journal_pool import JournalPool
from importer.web import correction_log
from importer.web.drafts import LARGEST, Draft, Drafts
from importer.web.upload_space import NoRoomError, UploadSpace

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


# -- shared among machines --------------------------------------------------------------------------------------------


@dataclass
class Machines:
    """Machines that share a database, each with a folder of its own; the day stands still unless it is moved."""

    url: str
    folder: Path
    now: float = 5.0
    pools: dict[str, JournalPool] = field(default_factory=dict)

    def drafts(self, name: str, space: UploadSpace | None = None) -> Drafts:
        """The uploads as a machine has them."""
        home = self.folder / name
        pool = self.pools.setdefault(name, JournalPool(JournalPlace(self.url, home)))
        return Drafts(home / "uploads", lambda: self.now, space, pool)


@pytest.fixture
def machines(postgres: Server, tmp_path: Path) -> Iterator[Machines]:
    """A new database."""
    machines = Machines(postgres.new_database(), tmp_path)
    yield machines
    for pool in machines.pools.values():
        pool.close()


def same(draft: Draft | None) -> dict[str, object]:
    """What two machines must agree on."""
    assert draft is not None
    return {name: value for name, value in asdict(draft).items() if name not in ("folder", "log", "brought")}


def test_a_person_finds_their_upload_on_every_machine(machines: Machines) -> None:
    """With its file, its corrections and choices; and goes on there, and back again."""
    one, two = machines.drafts("one"), machines.drafts("two")
    draft = take_in(one, "rooms.csv", CONTENT, by="maria")
    one.correct(draft.id, cells={"A2": "2"})
    here = one.find(draft.id)
    there = two.find(draft.id)
    assert same(there) == same(here)
    assert there is not None
    assert there.path.read_bytes() == CONTENT
    assert there.read.cells == {"A2": "2"}
    two.change(draft.id, dates="dmy")
    two.correct(draft.id, cells={"A3": "3"}, repairs={"A": "trim"})
    back = one.find(draft.id)
    assert same(back) == same(two.find(draft.id))
    assert back is not None
    assert (back.version, back.read.cells, back.read.dates) == (4, {"A2": "2", "A3": "3"}, "dmy")
    one.correct(draft.id, cells={"A2": "9"})
    assert same(machines.drafts("three").find(draft.id)) == same(one.find(draft.id))


def test_all_uploads_are_listed_whichever_machine_they_came_to(machines: Machines) -> None:
    """But for those of which a run came; their files are fetched when somebody opens them."""
    one, two = machines.drafts("one"), machines.drafts("two")
    first, second, third = (take_in(one, f"{name}.csv") for name in ("a", "b", "c"))
    with one.locked(second.id) as draft:
        assert draft is not None
        one.keep(draft, run=7)
    listed = two.all()
    assert {draft.id for draft in listed} == {first.id, third.id}
    assert not any(draft.path.exists() for draft in listed)
    opened = two.find(first.id)
    assert opened is not None
    assert opened.path.exists()
    ran = two.find(second.id)
    assert ran is not None
    assert ran.run == 7


def test_whoever_changes_what_another_machine_has_changed_since_is_refused(machines: Machines) -> None:
    """Their lock was lost, or never held; nothing newer is written over."""
    one, two = machines.drafts("one"), machines.drafts("two")
    draft = take_in(one)
    stale = two.find(draft.id)
    assert stale is not None
    one.correct(draft.id, cells={"A2": "new"})
    with pytest.raises(JournalBusyError, match="changed this upload on another machine"):
        two.set_read(stale, replace(stale.read, dates="mdy"))
    now = two.find(draft.id)
    assert now is not None
    assert (now.read.cells, now.read.dates) == ({"A2": "new"}, None)


def test_two_machines_that_correct_at_once_lose_nothing(machines: Machines) -> None:
    """However often they meet, and if their logs are begun anew meanwhile."""
    one, two = machines.drafts("one"), machines.drafts("two")
    draft = take_in(one)
    with ThreadPoolExecutor(2) as pool:
        for n in range(10):
            done = [pool.submit(each.correct, draft.id, cells={f"{c}{n}": "x"}) for each, c in ((one, "A"), (two, "B"))]
            assert all(each.result() is not None for each in done)
    cells = {f"{column}{n}": "x" for column in "AB" for n in range(10)}
    for each in (one, two, machines.drafts("three")):
        found = each.find(draft.id)
        assert found is not None
        assert (found.read.cells, found.version) == (cells, 21)


def test_a_log_that_was_begun_anew_is_read_anew_elsewhere(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what was taken back before, and where the other machine has an earlier part of it."""
    monkeypatch.setattr(correction_log, "_SHORT", 0)
    one, two = machines.drafts("one"), machines.drafts("two")
    draft = take_in(one)
    one.correct(draft.id, cells={"A2": "1", "A3": "1"})
    assert two.find(draft.id) is not None
    for text in map(str, range(20)):
        one.change(draft.id, cells={"A2": text})
    for each in (two, machines.drafts("three")):
        assert same(each.find(draft.id)) == same(one.find(draft.id))
    two.change(draft.id, cells={})
    assert same(machines.drafts("four").find(draft.id)) == same(one.find(draft.id))
    found = one.find(draft.id)
    assert found is not None
    assert found.read.cells == {}


def test_what_one_machine_deletes_is_gone_on_all(machines: Machines) -> None:
    """With its folder, as soon as the other one looks; nobody brings it back."""
    one, two = machines.drafts("one"), machines.drafts("two")
    first, second = take_in(one), take_in(one)
    folders = [found.folder for key in (first.id, second.id) if (found := two.find(key))]
    assert all(folder.exists() for folder in folders)
    one.forget(first)
    one.forget(second)
    assert two.find(first.id) is None
    assert two.correct(first.id, cells={"A2": "x"}) is None
    assert two.all() == []
    assert not any(folder.exists() for folder in folders)


def test_an_upload_is_forgotten_a_week_later_on_all_machines(machines: Machines) -> None:
    """By whichever machine looks first; one that was switched off for long does not bring it back."""
    one, two, three = (machines.drafts(name) for name in ("one", "two", "three"))
    draft = take_in(one)
    assert two.find(draft.id) is not None
    assert three.find(draft.id) is not None
    machines.now += 8 * DAY
    two.forget_old(machines.now)
    assert one.find(draft.id) is None
    machines.now += 30 * DAY
    one.forget_old(machines.now)
    assert three.find(draft.id) is None


def test_uploads_from_before_there_was_a_database_are_put_into_it(machines: Machines, tmp_path: Path) -> None:
    """With all their corrections, when they are first looked at."""
    alone = Drafts(tmp_path / "one" / "uploads", lambda: 5.0)
    drafts = [take_in(alone), take_in(alone)]
    for draft in drafts:
        alone.correct(draft.id, cells={"A2": "x"})
    one, two = machines.drafts("one"), machines.drafts("two")
    assert one.find(drafts[0].id) is not None
    assert [draft.id for draft in two.all()] == [drafts[0].id]
    assert len(one.all()) == 2
    for draft in drafts:
        found = two.find(draft.id)
        assert found is not None
        assert (found.read.cells, found.path.read_bytes()) == ({"A2": "x"}, CONTENT)


def test_an_upload_of_a_run_of_another_journal_stays_where_it_is(machines: Machines, tmp_path: Path) -> None:
    """The number of its run is that of another run here."""
    alone = Drafts(tmp_path / "one" / "uploads", lambda: 5.0)
    draft = take_in(alone)
    with alone.locked(draft.id) as now:
        assert now is not None
        alone.keep(now, run=3)
    one, two = machines.drafts("one"), machines.drafts("two")
    found = one.find(draft.id)
    assert found is not None
    assert (found.run, found.revision) == (3, 0)
    assert two.find(draft.id) is None


def test_what_was_changed_without_the_database_gives_way_to_what_it_has(machines: Machines, tmp_path: Path) -> None:
    """A machine that had a journal of its own for a while: the others have gone on meanwhile."""
    one, two = machines.drafts("one"), machines.drafts("two")
    draft = take_in(one)
    Drafts(tmp_path / "one" / "uploads", lambda: 5.0).correct(draft.id, cells={"A2": "alone"})
    two.correct(draft.id, cells={"A3": "together"})
    one.correct(draft.id, cells={"A4": "again"})
    for each in (one, two):
        found = each.find(draft.id)
        assert found is not None
        assert found.read.cells == {"A3": "together", "A4": "again"}


def test_rows_that_were_checked_before_somebody_corrected_elsewhere_are_checked_again(machines: Machines) -> None:
    """They would be shown without the correction; what nobody has changed is not checked twice."""
    one, two = machines.drafts("one"), machines.drafts("two")
    draft = take_in(one)
    checked = draft.folder / "checked.json"
    checked.write_text("{}")
    with two.locked(draft.id) as now:
        assert now is not None
        two.keep(now, agreed=True)
    assert one.find(draft.id) is not None
    assert checked.exists()
    two.correct(draft.id, cells={"A2": "x"})
    found = one.find(draft.id)
    assert found is not None
    assert (found.brought, checked.exists()) == (found.version, False)
    one.correct(draft.id, cells={"A3": "y"})
    again = one.find(draft.id)
    assert again is not None
    assert again.brought == found.version == again.version - 1


def test_uploads_on_other_machines_count_for_the_room_that_there_is(machines: Machines, settings: Settings) -> None:
    """A person with two machines has no more room than one with one."""
    few = UploadSpace.of(settings.model_copy(update={"upload_space_per_person": 2}))
    limits = replace(few, free=lambda _: (1_000_000_000, 900_000_000))
    one, two = machines.drafts("one", limits), machines.drafts("two", limits)
    file = b"x" * 1_500_000
    first = take_in(one, "rows.csv", file, by="ada")
    with pytest.raises(NoRoomError, match="Your uploads need more room than the 2 MB"):
        take_in(two, "rows.csv", file, by="ada")
    take_in(two, "rows.csv", file, by="bob")
    two.forget(first)
    take_in(two, "rows.csv", file, by="ada")


def test_an_upload_whose_database_is_away_is_no_upload_that_is_gone(tmp_path: Path) -> None:
    """It is an error, and the folder stays."""
    alone = Drafts(tmp_path / "uploads", lambda: 5.0)
    draft = take_in(alone)
    place = JournalPlace(f"postgresql://nobody@/none?host={tmp_path}", tmp_path)
    away = Drafts(tmp_path / "uploads", lambda: 5.0, None, JournalPool(place))
    with pytest.raises(JournalError):
        away.find(draft.id)
    with pytest.raises(JournalError):
        take_in(away)
    assert alone.find(draft.id) == draft
    assert [folder.name for folder in (tmp_path / "uploads").iterdir()] == [draft.id]
