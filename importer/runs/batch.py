"""Several files at once, each for its own account: every one planned before the first row of any is sent.

The runs share the journal and its commits, nothing else. What ends one of them leaves the others alone.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from importer.config.settings import Settings, where_to_set
from importer.errors import Exit, ImporterError, SignInError
from importer.journal.journal import Journal, open_journal
from importer.model import Clock
from importer.runs.observer import Observer
from importer.runs.plan import Choices
from importer.runs.run import Ready, Result, checked, prepare
from importer.spreadsheet import ReadOptions
from schemas import RecordType

if sys.platform != "win32":
    import resource

_FILES_A_RUN = 8
"""Open files of one run at most: its lock, its connections, its report."""


@dataclass(frozen=True)
class Job:
    """One file with all that decides where and how it is imported."""

    file: Path
    settings: Settings
    kind: RecordType | None
    read: ReadOptions
    choices: Choices
    observer: Observer


@dataclass(frozen=True)
class Outcome:
    """How one of several ended: with a result or with an error; with neither if the user did not want it."""

    job: Job
    result: Result | None = None
    error: ImporterError | None = None

    @property
    def exit_code(self) -> Exit:
        """What this one alone would have ended with."""
        if self.error is not None:
            return Exit(self.error.exit_code)
        return self.result.exit_code if self.result is not None else Exit.DONE


async def run_all(jobs: Sequence[Job], clock: Clock) -> list[Outcome]:
    """Import all of them, those of one profile one after another; the outcomes in the order of the jobs.

    Raises:
        JournalError: The journal, which they share, cannot be used.
    """
    _allow_files(len(jobs) * _FILES_A_RUN)
    by_profile = sorted(jobs, key=lambda job: job.choices.profile or "")
    lines = [list(line) for _, line in groupby(by_profile, key=lambda job: job.choices.profile or "")]
    planned = asyncio.Barrier(len(lines))
    with open_journal(jobs[0].settings.journal_url) as journal:
        done = await asyncio.gather(*(_one_after_another(line, journal, planned, clock) for line in lines))
    found = {id(outcome.job): outcome for outcomes in done for outcome in outcomes}
    return [found[id(job)] for job in jobs]


async def _one_after_another(
    jobs: Sequence[Job], journal: Journal, planned: asyncio.Barrier, clock: Clock
) -> list[Outcome]:
    return [await _import(job, journal, None if number else planned, clock) for number, job in enumerate(jobs)]


async def _import(job: Job, journal: Journal, planned: asyncio.Barrier | None, clock: Clock) -> Outcome:
    try:
        async with AsyncExitStack() as stack:
            ready = await _prepared(job, stack, journal, clock)
            if planned is not None:
                # To read and plan a file keeps everybody else from the journal, and rows on their way would wait.
                await planned.wait()
            return Outcome(job, await ready.send()) if isinstance(ready, Ready) else ready
    except ImporterError as error:
        return Outcome(job, error=error)


async def _prepared(job: Job, stack: AsyncExitStack, journal: Journal, clock: Clock) -> Ready | Outcome:
    try:
        source, seen = checked(job.file, job.settings, job.kind, job.read, job.choices, job.observer, clock())
        ready = await prepare(stack, journal, source, seen, job.settings, job.choices, job.observer, clock)
    except ImporterError as error:
        # Now, and not only at the end: the others may take hours.
        job.observer.say(f"Left out. {error.message}")
        return Outcome(job, error=_advised(error, job.choices.profile))
    return ready if isinstance(ready, Ready) else Outcome(job, ready)


def _advised(error: ImporterError, profile: str | None) -> ImporterError:
    """The error, with what to do about the sign-in of this profile if it is about that."""
    return SignInError(error.message, where_to_set(profile)) if profile and isinstance(error, SignInError) else error


def _allow_files(number: int) -> None:
    """Let this process open so many files more, as far as the machine allows."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = soft + number if hard == resource.RLIM_INFINITY else min(soft + number, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
