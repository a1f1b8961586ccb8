"""Commands that are being prepared: each hears of a stop that is meant for it, and of no other's."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.journal.announcements import NOT_BEGUN, announce, announced, announcements, ask_to_stop
from importer.journal.lock import start_of


@pytest.fixture
def other() -> Iterator[int]:
    """Another process, which lives as long as the test."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.kill()


def ended_process() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_nobody_works_where_there_is_no_folder(tmp_path: Path) -> None:
    """Which is the case before the first command."""
    assert announcements(tmp_path / "locks") == []


def test_an_announcement_says_who_works_on_what(tmp_path: Path, other: int) -> None:
    """With the command that continues it, while the work is being prepared and no longer."""
    announce(tmp_path / "locks", 3, "undo", other)
    with announced(tmp_path / "locks", NOT_BEGUN, "resume"):
        listed = {(one.pid, one.run, one.command) for one in announcements(tmp_path / "locks")}
        assert listed == {(other, 3, "undo"), (os.getpid(), NOT_BEGUN, "resume")}
    assert [one.pid for one in announcements(tmp_path / "locks")] == [other]


def test_a_request_stops_one_process_in_one_of_its_runs(tmp_path: Path, other: int) -> None:
    """Neither what it does for another run nor what another process does for this one."""
    announce(tmp_path, 1, "resume", other)
    with announced(tmp_path, 1, "resume") as first, announced(tmp_path, 2, "verify") as second:
        requests = {(one.pid, one.run): one for one in announcements(tmp_path)}
        ask_to_stop(tmp_path, requests[other, 1])
        assert (first(), second()) == (False, False)
        ask_to_stop(tmp_path, requests[os.getpid(), 2])
        assert (first(), second()) == (False, True)


def test_work_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """Its request neither: the next command with that number of process would stop for no reason."""

    def work() -> None:
        with announced(tmp_path, 1, "resume"):
            ask_to_stop(tmp_path, announcements(tmp_path)[0])
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("spoilt", [False, True])
def test_what_a_dead_process_left_is_removed(tmp_path: Path, spoilt: bool) -> None:
    """With its request, and whatever is in its file."""
    path = announce(tmp_path, 1, "resume", ended_process())
    path.with_suffix(".stop").write_text("")
    if spoilt:
        path.write_text("{")
    assert announcements(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def left_by_an_earlier_process(folder: Path) -> Path:
    """What a process of this one's number left behind that was killed, with somebody's wish to stop it."""
    path = announce(folder, 1, "undo", os.getpid())
    path.write_text(path.read_text().replace(start_of(os.getpid()), "12345 another start of the machine"))
    path.with_suffix(".stop").write_text("")
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="no other system says when a process began")
def test_a_process_of_the_same_number_takes_nothing_over(tmp_path: Path) -> None:
    """In a container each process may be number 1; a wish to stop an earlier one does not stop this one."""
    left_by_an_earlier_process(tmp_path)
    with announced(tmp_path, 1, "resume") as is_requested:
        assert not is_requested()
        [mine] = announcements(tmp_path)
        assert mine.command == "resume"
        ask_to_stop(tmp_path, mine)
        assert is_requested()


@pytest.mark.skipif(sys.platform != "linux", reason="no other system says when a process began")
def test_an_earlier_process_of_a_number_in_use_is_not_at_work(tmp_path: Path) -> None:
    """So that nobody waits for it, and what it left is removed."""
    left_by_an_earlier_process(tmp_path)
    assert announcements(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_page_announces_the_process_that_it_starts(tmp_path: Path) -> None:
    """That process finds it, and a stop that was asked for before it looked."""
    announce(tmp_path, 1, "resume", os.getpid())
    ask_to_stop(tmp_path, announcements(tmp_path)[0])
    with announced(tmp_path, 1, "resume") as is_requested:
        assert is_requested()


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_only_its_owner_may_stop_a_process(tmp_path: Path) -> None:
    """Whoever could write here could stop the imports of others."""
    folder = tmp_path / "locks"
    path = announce(folder, 1, "resume", os.getpid())
    ask_to_stop(folder, announcements(folder)[0])
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (folder, path, path.with_suffix(".stop"))]
    assert modes == [0o700, 0o600, 0o600]
