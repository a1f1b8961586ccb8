"""What is announced among machines that share a database: by a living process, and no longer."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import wait_until
from postgres import Server, running_server

from importer.config.settings import JournalPlace
from importer.errors import JournalAwayError
from importer.journal import announcement_rows
from importer.journal.journal import Journal, open_journal


@pytest.fixture
def two(postgres: Server, tmp_path: Path) -> Iterator[tuple[Journal, Journal]]:
    """The journal as two machines have it."""
    url = postgres.new_database()
    with ExitStack() as stack:
        one, two = (stack.enter_context(open_journal(JournalPlace(url, tmp_path / name))) for name in ("one", "two"))
        yield one, two


def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, this is another machine."""
    monkeypatch.setattr(announcement_rows, "system_id", lambda: "another system")


def test_a_stop_reaches_a_process_of_another_machine(
    two: tuple[Journal, Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which is seen with the name of its machine."""
    one, other = two
    with one.announcements.announced(4, "resume") as is_requested:
        with monkeypatch.context() as there:
            elsewhere(there)
            [seen_there] = other.announcements.all()
            assert (seen_there.run, seen_there.pid, bool(seen_there.machine)) == (4, os.getpid(), True)
            other.announcements.ask_to_stop(seen_there)
        assert is_requested()
    assert other.announcements.all() == []


def test_what_is_not_renewed_counts_no_more(two: tuple[Journal, Journal], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a machine that is gone; whether its process lives nobody else can see. What was left is removed in time."""
    one, other = two
    one.announcements.announce(4, "resume", os.getpid())
    elsewhere(monkeypatch)
    assert [each.run for each in other.announcements.all()] == [4]
    with other._db.write() as db:
        db.exec_driver_sql("UPDATE announcement SET until = 1")
    assert other.announcements.all() == []
    other.announcements.announce(5, "resume", os.getpid())
    with other._db.read() as db:
        assert db.exec_driver_sql("SELECT run FROM announcement").all() == [(5,)]


def test_who_slept_is_announced_again(two: tuple[Journal, Journal], monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as it wakes up."""
    one, other = two
    monkeypatch.setattr(announcement_rows, "RENEWED_EVERY", 0.05)
    with one.announcements.announced(4, "resume"):
        with other._db.write() as db:
            db.exec_driver_sql("DELETE FROM announcement")
        wait_until(lambda: [each.run for each in other.announcements.all()] == [4])


@pytest.mark.skipif(sys.platform != "linux", reason="no other system says when a process began")
def test_a_process_of_the_same_number_takes_nothing_over(two: tuple[Journal, Journal]) -> None:
    """In a container each process may be number 1; a wish to stop an earlier one does not stop this one."""
    one, _ = two
    one.announcements.announce(1, "undo", os.getpid())
    with one._db.write() as db:
        db.exec_driver_sql("UPDATE announcement SET start = '12345 another', stop = true")
    with one.announcements.announced(1, "resume") as is_requested:
        assert not is_requested()
        assert [each.command for each in one.announcements.all()] == ["resume"]


def test_a_server_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whoever waits for its turn, or for runs, as by a sender: else nobody could stop it but by killing it."""
    monkeypatch.setattr(announcement_rows, "SECONDS", 4.0)
    monkeypatch.setattr(announcement_rows, "RENEWED_EVERY", 0.5)
    frozen = list[int]()
    with running_server() as server, open_journal(JournalPlace(server.url(), tmp_path)) as journal:

        def wait_while_it_hangs() -> None:
            with journal.announcements.announced(1, "resume"):
                frozen.extend(server.processes())
                for pid in frozen:
                    os.kill(pid, signal.SIGSTOP)
                journal.runs.latest()

        try:
            with pytest.raises(JournalAwayError, match="cannot be reached"):
                wait_while_it_hangs()
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
