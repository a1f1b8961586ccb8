"""Commands that are being prepared: each hears of a stop that is meant for it, and of no other's."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.config.settings import JournalPlace
from importer.journal.announcements import NOT_BEGUN, Announcements
from importer.journal.journal import open_journal


@pytest.fixture
def other() -> Iterator[int]:
    """Another process, which lives as long as the test."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.kill()


@pytest.fixture(params=["in files", "on a server"])
def announcements(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Announcements]:
    """Those of one machine, and those of machines that share a database."""
    url = f"sqlite:///{tmp_path}/journal.db"
    if request.param == "on a server":
        url = request.getfixturevalue("postgres").new_database()
    with open_journal(JournalPlace(url, tmp_path)) as journal:
        yield journal.announcements


def ended_process() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_nobody_works_before_the_first_command(announcements: Announcements) -> None:
    """There is neither a folder nor a row."""
    assert announcements.all() == []


def test_an_announcement_says_who_works_on_what(announcements: Announcements, other: int) -> None:
    """With the command that continues it, while the work is being prepared and no longer."""
    announcements.announce(3, "undo", other)
    with announcements.announced(NOT_BEGUN, "resume"):
        listed = {(one.pid, one.run, one.command, one.machine) for one in announcements.all()}
        assert listed == {(other, 3, "undo", ""), (os.getpid(), NOT_BEGUN, "resume", "")}
    assert [one.pid for one in announcements.all()] == [other]


def test_a_request_stops_one_process_in_one_of_its_runs(announcements: Announcements, other: int) -> None:
    """Neither what it does for another run nor what another process does for this one."""
    announcements.announce(1, "resume", other)
    with announcements.announced(1, "resume") as first, announcements.announced(2, "verify") as second:
        requests = {(one.pid, one.run): one for one in announcements.all()}
        announcements.ask_to_stop(requests[other, 1])
        assert (first(), second()) == (False, False)
        announcements.ask_to_stop(requests[os.getpid(), 2])
        assert (first(), second()) == (False, True)


def test_work_that_fails_leaves_nothing_behind(announcements: Announcements) -> None:
    """Its request neither: the next command with that number of process would stop for no reason."""

    def work() -> None:
        with announcements.announced(1, "resume"):
            announcements.ask_to_stop(announcements.all()[0])
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert announcements.all() == []
    with announcements.announced(1, "resume") as is_requested:
        assert not is_requested()


@pytest.mark.skipif(sys.platform != "linux", reason="no other system says when a process began")
def test_what_a_dead_process_left_is_removed(announcements: Announcements) -> None:
    """So that nobody waits for it."""
    announcements.announce(1, "resume", ended_process())
    assert announcements.all() == []


def test_a_page_announces_the_process_that_it_starts(announcements: Announcements) -> None:
    """That process finds it, and a stop that was asked for before it looked."""
    announcements.announce(1, "resume", os.getpid())
    announcements.ask_to_stop(announcements.all()[0])
    with announcements.announced(1, "resume") as is_requested:
        assert is_requested()
    with announcements.announced(1, "resume") as is_requested:
        assert not is_requested()
        assert [one.run for one in announcements.all()] == [1]
