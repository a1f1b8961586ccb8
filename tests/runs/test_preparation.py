"""Work before anything is sent: it ends by itself, at a request, or when its time is up, and says how to go on."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from journal.test_runs import NEW

from importer.config.settings import Settings
from importer.errors import Exit, StoppedError
from importer.journal.announcement_files import AnnouncementFiles
from importer.journal.announcements import NOT_BEGUN
from importer.journal.journal import Journal
from importer.journal.lock import folder_of
from importer.journal.runs import Run
from importer.runs.preparation import stoppable


@pytest.fixture
def run(journal: Journal) -> Run:
    """A practice run."""
    return journal.runs.add(replace(NEW, options={"sandbox": True}))


def request_stop(journal: Journal, settings: Settings, run: int) -> None:
    """As ``importer stop`` does."""
    folder = folder_of(journal.path, settings.home)
    [announcement] = [one for one in AnnouncementFiles(folder).all() if one.run == run]
    AnnouncementFiles(folder).ask_to_stop(announcement)


def left_behind(journal: Journal, settings: Settings) -> list[Path]:
    """What announces this process."""
    return list(folder_of(journal.path, settings.home).glob("*"))


def test_work_gives_its_result_and_is_announced_meanwhile(journal: Journal, settings: Settings, run: Run) -> None:
    """With the run and the command that continues it."""

    async def work() -> list[tuple[int, str]]:
        return [(one.run, one.command) for one in AnnouncementFiles(folder_of(journal.path, settings.home)).all()]

    done = asyncio.run(stoppable(work(), journal, run=run, command="verify"))
    assert done == [(run.id, "verify")]
    assert left_behind(journal, settings) == []


def test_a_request_ends_work_that_waits(journal: Journal, settings: Settings, run: Run) -> None:
    """It is given up where it waits, and the command that goes on is named, to where the run goes."""
    given_up = []

    async def work() -> None:
        request_stop(journal, settings, run.id)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            given_up.append(True)
            raise

    with pytest.raises(StoppedError) as stopped:
        asyncio.run(stoppable(work(), journal, run=run, command="undo"))
    assert given_up == [True]
    assert stopped.value.exit_code is Exit.INTERRUPTED
    assert stopped.value.advice == f"To continue: importer undo {run.id} --sandbox"
    assert left_behind(journal, settings) == []


def test_a_request_in_the_last_moment_counts(journal: Journal, settings: Settings) -> None:
    """Its user has read that the import stops: work that is ready all the same is not gone on with."""

    async def work() -> str:
        request_stop(journal, settings, NOT_BEGUN)
        return "ready"

    with pytest.raises(StoppedError) as stopped:
        asyncio.run(stoppable(work(), journal))
    assert stopped.value.exit_code is Exit.INTERRUPTED
    assert stopped.value.advice == "To start it again, repeat the command."


def test_work_ends_when_its_time_is_up(journal: Journal, settings: Settings, run: Run) -> None:
    """With the exit code of a limit, for a script tells the two apart."""
    with pytest.raises(StoppedError) as stopped:
        asyncio.run(stoppable(asyncio.Event().wait(), journal, run=run, seconds=0.0))
    assert stopped.value.exit_code is Exit.LIMIT
    assert "Nothing was sent yet." in stopped.value.message
    assert left_behind(journal, settings) == []


def test_work_that_fails_fails_as_it_does(journal: Journal, settings: Settings) -> None:
    """And announces nothing any more."""

    async def work() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(stoppable(work(), journal))
    assert left_behind(journal, settings) == []
