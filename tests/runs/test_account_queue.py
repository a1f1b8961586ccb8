"""The queue for an account: what works and waits for an account, in the order in which it was begun."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from delivery.kit import ACCOUNT, add_run

from importer.config.settings import Settings
from importer.journal import lock
from importer.journal.announcement_files import AnnouncementFiles
from importer.journal.journal import Journal
from importer.journal.runs import Run
from importer.runs.account_queue import Ahead, account_of, ahead_of, ahead_of_new, join_queue, left_to_workers
from importer.runs.status import ask_to_stop, run_status

NOW = 1_900_000_000.0


@pytest.fixture
def other() -> Iterator[int]:
    """The number of another process that is alive."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.communicate(b"\n")


def works(memory: Path, run: Run, pid: int) -> None:
    """A process holds the account of a run and works on it."""
    folder = memory / "locks"
    folder.mkdir(exist_ok=True)
    lock._HOLDER.write(lock._path(folder, run.account or ""), lock.holder_now(pid, run.id, "resume"))


def numbers(ahead: Ahead) -> list[int]:
    """The runs that are ahead."""
    return [run.id for run in ahead.runs]


def test_without_another_process_nothing_is_ahead(journal: Journal, settings: Settings, memory: Path) -> None:
    """Neither a run that nobody works on, nor a process that has ended."""
    first, second = (add_run(journal, memory, planned=2) for _ in range(2))
    join_queue(first.id, settings, NOW - 9)
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    AnnouncementFiles(memory / "locks").announce(first.id, "resume", gone.pid)
    works(memory, first, gone.pid)
    assert ahead_of(journal, second, settings, NOW) == Ahead()
    assert ahead_of_new(ACCOUNT, settings, NOW) == Ahead()


def test_whoever_works_is_first_and_the_others_follow_as_they_came(
    journal: Journal, settings: Settings, memory: Path, other: int
) -> None:
    """Each sees those before it and none behind it; a new one sees all of them, and another account's sees none."""
    runs = [add_run(journal, memory, planned=3) for _ in range(4)]
    works(memory, runs[0], other)
    # In another order than that of their numbers.
    for place, run in enumerate((runs[3], runs[1], runs[2])):
        join_queue(run.id, settings, NOW - 100 + place)
        AnnouncementFiles(memory / "locks").announce(run.id, "resume", other)
    seen = {run.id: numbers(ahead_of(journal, journal.runs.get(run.id), settings, NOW)) for run in runs[1:]}
    assert seen == {4: [1], 2: [1, 4], 3: [1, 4, 2]}
    assert numbers(ahead_of_new(ACCOUNT, settings, NOW)) == [1, 4, 2, 3]
    assert ahead_of_new("another account", settings, NOW) == Ahead()
    assert ahead_of_new(ACCOUNT, settings, NOW).at_work


def test_one_that_only_looks_is_not_waited_for(journal: Journal, settings: Settings, memory: Path, other: int) -> None:
    """A verification holds no account, whatever place its run once had."""
    run = add_run(journal, memory, planned=3)
    join_queue(run.id, settings, NOW - 100)
    AnnouncementFiles(memory / "locks").announce(run.id, "verify", other)
    assert ahead_of_new(ACCOUNT, settings, NOW) == Ahead()


def test_the_time_at_which_it_begins_is_that_of_the_allowance(
    journal: Journal, settings: Settings, memory: Path, other: int
) -> None:
    """By the rows left of what works, and by the plan of what is not planned yet; without an allowance nobody knows."""
    first, second = add_run(journal, memory, planned=61), add_run(journal, memory)
    second = journal.runs.update(second, planned=None, account=None)
    works(memory, first, other)
    begins = ahead_of_new(ACCOUNT, settings, NOW).until
    assert begins is not None
    assert 55 < begins - NOW < 70
    join_queue(second.id, settings, NOW - 1, account=ACCOUNT, writes=60)
    AnnouncementFiles(memory / "locks").announce(second.id, "resume", other)
    later = ahead_of_new(ACCOUNT, settings, NOW)
    assert numbers(later) == [first.id, second.id]
    assert later.until is not None
    assert 115 < later.until - NOW < 130
    unlimited = settings.model_copy(update={"rate": None, "daily_quota": None})
    assert ahead_of_new(ACCOUNT, unlimited, NOW).until is None


def test_a_run_that_waits_says_so(journal: Journal, settings: Settings, memory: Path, other: int) -> None:
    """In its status: what is ahead of it, and that a process is about to begin."""
    first, second = add_run(journal, memory, planned=3), add_run(journal, memory, planned=3)
    works(memory, first, other)
    assert not run_status(second.id, settings, NOW).is_queued
    join_queue(second.id, settings, NOW)
    AnnouncementFiles(memory / "locks").announce(second.id, "resume", other)
    status = run_status(second.id, settings, NOW)
    assert (status.is_queued, status.working, numbers(status.ahead)) == (True, False, [first.id])
    assert not run_status(first.id, settings, NOW).is_queued


def test_a_place_is_taken_without_the_wish_to_stop_of_an_earlier_process(
    journal: Journal, settings: Settings, memory: Path
) -> None:
    """Else the page would say that it stops."""
    run = journal.runs.update(add_run(journal, memory, planned=1), stop=True)
    join_queue(run.id, settings, NOW)
    assert not journal.runs.get(run.id).stop


def test_a_run_that_is_put_back_is_known_by_its_account_and_its_plan(
    journal: Journal, settings: Settings, memory: Path
) -> None:
    """Though it was never planned, and is put back without them."""
    run = journal.runs.update(add_run(journal, memory), planned=None, account=None)
    join_queue(run.id, settings, NOW, account=ACCOUNT, writes=7)
    join_queue(run.id, settings, NOW + 9)
    run = journal.runs.get(run.id)
    assert account_of(run) == ACCOUNT
    assert run.options["queue"] == {"account": ACCOUNT, "since": NOW + 9, "writes": 7}


def test_a_run_that_was_asked_to_stop_is_left_to_no_worker(journal: Journal, settings: Settings, memory: Path) -> None:
    """Whatever else is written down of it meanwhile; begun again, it is."""
    run = add_run(journal, memory, planned=2)
    join_queue(run.id, settings, NOW, for_workers=True)
    queued = journal.runs.get(run.id)
    assert [one.id for one in left_to_workers(journal)] == [run.id]
    ask_to_stop(run.id, settings)
    journal.runs.update(run, options={**queued.options})
    assert left_to_workers(journal) == []
    join_queue(run.id, settings, NOW + 1, for_workers=True)
    assert [one.id for one in left_to_workers(journal)] == [run.id]
