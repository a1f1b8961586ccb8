"""Several files at once: the first of each profile is planned before any row is sent, its others follow in turn.

Rows of two files that are for one record are errors of both, and found before anything else. The runs share the journal
and its commits, nothing more. What ends one of them leaves the others alone.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import chain, groupby

from importer.config.settings import where_to_set
from importer.errors import Exit, FileError, ImporterError, SettingsError, SignInError, UsageError
from importer.journal.journal import Journal, open_journal
from importer.runs.batch_repeats import compare_files
from importer.runs.log import Level, LogLine
from importer.runs.preparation import stoppable
from importer.runs.request import ImportRequest
from importer.runs.result import RunResult
from importer.runs.run import check, prepare
from importer.runs.send import PlannedRun

if sys.platform != "win32":
    import resource

_FILES_A_RUN = 8
"""Open files of one run at most: its lock, its connections, its report."""


@dataclass(frozen=True)
class JobResult:
    """How one of several imports ended: with a result or an error; with neither if the user declined."""

    request: ImportRequest
    result: RunResult | None = None
    error: ImporterError | None = None

    @property
    def exit_code(self) -> Exit:
        """The exit code that this import alone would have ended with."""
        if self.error is not None:
            return Exit(self.error.exit_code)
        return self.result.exit_code if self.result is not None else Exit.DONE


async def run_all(requests: Sequence[ImportRequest]) -> list[JobResult]:
    """Import all of them, those of one profile one after another; the results in the order of the requests.

    Raises:
        JournalError: The journal, which they share, cannot be used.
        StoppedError: They were stopped while the files were compared with each other.
    """
    _allow_files(len(requests) * _FILES_A_RUN)
    with open_journal(requests[0].settings.journal_place) as journal:
        work, limit = compare_files(requests, journal), requests[0].choices.max_duration
        requests = await stoppable(work, journal, seconds=limit)
        return await _all_of(requests, journal)


async def _all_of(requests: Sequence[ImportRequest], journal: Journal) -> list[JobResult]:
    numbered = sorted(enumerate(requests), key=lambda item: item[1].choices.profile or "")
    queues = [list(queue) for _, queue in groupby(numbered, key=lambda item: item[1].choices.profile or "")]
    # One party for each queue, which arrives there once, with its first file, even if that one is refused.
    planned = asyncio.Barrier(len(queues))
    done = await asyncio.gather(*(_one_after_another(queue, journal, planned) for queue in queues))
    results = dict(chain.from_iterable(done))
    return [results[number] for number in range(len(requests))]


async def _one_after_another(
    queue: Sequence[tuple[int, ImportRequest]], journal: Journal, planned: asyncio.Barrier
) -> list[tuple[int, JobResult]]:
    done: list[tuple[int, JobResult]] = []
    for number, request in queue:
        if request.settings.totp is not None and any(_has_signed_in(result) for _, result in done):
            request.observer.say(f"Skipped. {_CODE_SPENT.message}")
            done.append((number, _failed(request, _CODE_SPENT)))
        else:
            done.append((number, await _import(request, journal, None if done else planned)))
    return done


_CODE_SPENT = SignInError(
    "The two-factor code was used for an earlier file, and it works only once.",
    "Import this file on its own with a new code, or set NEXUDUS_TOKEN.",
)


def _has_signed_in(result: JobResult) -> bool:
    """Whether an import may have used the two-factor code; what is wrong with a file is noticed before that."""
    return not isinstance(result.error, FileError | SettingsError | UsageError)


async def _import(request: ImportRequest, journal: Journal, planned: asyncio.Barrier | None) -> JobResult:
    try:
        async with AsyncExitStack() as stack:
            prepared = await _prepare(request, stack, journal)
            if planned is not None:
                # Reading and planning a file keeps the others from the journal, and rows on their way would wait.
                await planned.wait()
            return JobResult(request, await prepared.send()) if isinstance(prepared, PlannedRun) else prepared
    except ImporterError as error:
        return _failed(request, error)


def _failed(request: ImportRequest, error: ImporterError) -> JobResult:
    details = {"exit_code": int(error.exit_code), "error": error.code.value}
    request.observer.log(LogLine("import failed", Level.ERROR, details=details))
    return JobResult(request, error=error)


async def _prepare(request: ImportRequest, stack: AsyncExitStack, journal: Journal) -> PlannedRun | JobResult:
    try:
        source, result = check(request)
        work, limit = prepare(stack, journal, source, result, request), request.choices.max_duration
        prepared = await stoppable(work, journal, seconds=limit)
    except ImporterError as error:
        # Now, and not only at the end: the others may take hours.
        request.observer.say(f"Skipped. {error.message}")
        return _failed(request, _advised(error, request.choices.profile))
    return prepared if isinstance(prepared, PlannedRun) else JobResult(request, prepared)


def _advised(error: ImporterError, profile: str | None) -> ImporterError:
    """The error, with what to do about the sign-in of this profile if it is about that."""
    return SignInError(error.message, where_to_set(profile)) if profile and isinstance(error, SignInError) else error


def _allow_files(number: int) -> None:
    """Let this process open ``number`` more files, as far as the machine allows."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        target = soft + number if hard == resource.RLIM_INFINITY else min(soft + number, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, target), hard))
