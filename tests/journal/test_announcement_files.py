"""What is announced on one machine: private files that only a living process keeps."""

import os
import stat
import sys
from pathlib import Path

import pytest

from importer.journal.announcement_files import AnnouncementFiles
from importer.journal.lock import start_of
from journal.test_announcements import ended_process


@pytest.mark.parametrize("spoilt", [False, True])
def test_what_a_dead_process_left_is_removed(tmp_path: Path, spoilt: bool) -> None:
    """With its request, and whatever is in its file."""
    files, pid = AnnouncementFiles(tmp_path), ended_process()
    files.announce(1, "resume", pid)
    [path] = tmp_path.iterdir()
    path.with_suffix(".stop").write_text("")
    if spoilt:
        path.write_text("{")
    assert files.all() == []
    assert list(tmp_path.iterdir()) == []


def left_by_an_earlier_process(folder: Path) -> None:
    """What a process of this one's number left behind that was killed, with somebody's wish to stop it."""
    AnnouncementFiles(folder).announce(1, "undo", os.getpid())
    [path] = folder.iterdir()
    path.write_text(path.read_text().replace(start_of(os.getpid()), "12345 another start of the machine"))
    path.with_suffix(".stop").write_text("")


@pytest.mark.skipif(sys.platform != "linux", reason="no other system says when a process began")
def test_a_process_of_the_same_number_takes_nothing_over(tmp_path: Path) -> None:
    """In a container each process may be number 1; a wish to stop an earlier one does not stop this one."""
    left_by_an_earlier_process(tmp_path)
    files = AnnouncementFiles(tmp_path)
    with files.announced(1, "resume") as is_requested:
        assert not is_requested()
        [mine] = files.all()
        assert mine.command == "resume"
        files.ask_to_stop(mine)
        assert is_requested()


@pytest.mark.skipif(sys.platform != "linux", reason="no other system says when a process began")
def test_an_earlier_process_of_a_number_in_use_is_not_at_work(tmp_path: Path) -> None:
    """So that nobody waits for it, and what it left is removed."""
    left_by_an_earlier_process(tmp_path)
    assert AnnouncementFiles(tmp_path).all() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_only_its_owner_may_stop_a_process(tmp_path: Path) -> None:
    """Whoever could write here could stop the imports of others."""
    folder = tmp_path / "locks"
    files = AnnouncementFiles(folder)
    files.announce(1, "resume", os.getpid())
    files.ask_to_stop(files.all()[0])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()] == [0o600, 0o600]
