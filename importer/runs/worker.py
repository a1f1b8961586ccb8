"""Takes the runs that are left to workers, and works on each in a process of its own; there may be any number of them.

Rule 1: a run is taken in a transaction in which nobody else writes, so that no two workers take it. Rule 2: it stays in
the queue until its process has ended by itself; whatever happens to a worker, another one takes the run. That nothing
is sent twice hangs on neither: it is a matter of the account's holder and of the states of the rows.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from importer.config.settings import Settings, SettingsOf
from importer.errors import Exit, ImporterError
from importer.journal.announcements import NOT_BEGUN, WORKER
from importer.journal.journal import Journal, open_journal
from importer.journal.runs import Run
from importer.model import Clock
from importer.runs.account_queue import account_of, leave_queue, left_to_workers, note_death
from importer.runs.log import Level, Log, LogLine
from importer.runs.lookout import Lookout
from importer.text import printable

_LOOK_EVERY = 1.0
_AGAIN_AFTER = 15.0
"""Seconds until a run is tried again that could not begin because of another process, or without the database."""

_MOST_DEATHS = 3
"""A run whose process was killed so often is not taken again by itself: it may be what kills it."""

_LONGEST_OUTPUT = 4_000
_PASSING = frozenset({Exit.SERVICE, Exit.BUSY})
_GOOD_ENDS = frozenset({Exit.DONE, Exit.ROWS_FAILED, Exit.LIMIT})


@dataclass(frozen=True, slots=True)
class Work:
    """A process that works on a run, and what it writes."""

    run: Run
    process: "subprocess.Popen[bytes]"
    output: IO[bytes]

    def complaint(self) -> str:
        """Why it could not go on, in its own words; empty if it did not complain."""
        self.output.seek(0)
        text = self.output.read()[-_LONGEST_OUTPUT:].decode("utf-8", "replace")
        _, error, complaint = text.rpartition("Error: ")
        return printable(" ".join(complaint.split()), 400) if error else ""


@dataclass(frozen=True, slots=True)
class EndedWork:
    """A run whose process has ended, as it stood then, and how that ended."""

    run: Run
    exit_code: int


@dataclass(frozen=True, slots=True)
class WorkerChoices:
    """How many runs to work on ``at_once``, each for another account, and where their processes log what happens.

    ``at_end`` is told of each run that it is done with, and the exit code.
    """

    at_once: int = 4
    log_file: Path | None = None
    at_end: Callable[[Run, int], None] = lambda _, __: None


class Worker:
    """One worker. ``may_take`` tells whether it can sign in for a run, ``log`` is told what it does.

    ``settings_of`` are the settings of a profile that it works for; without it, it leaves scheduled imports to others.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        may_take: Callable[[Run], bool],
        log: Log,
        choices: WorkerChoices | None = None,
        settings_of: SettingsOf = lambda _: None,
    ) -> None:
        """Nothing is taken before ``work``."""
        self._settings, self._clock, self._may_take, self._log = settings, clock, may_take, log
        self._choices = choices or WorkerChoices()
        self.ended: list[EndedWork] = []
        self._working: list[Work] = []
        self._not_before: dict[int, float] = {}
        self._is_waiting = False
        self._others: set[int] = set()
        self._lookout = Lookout(settings, clock, settings_of, log)

    def work(self, stop: threading.Event, *, until_idle: bool = False) -> None:
        """Take runs until ``stop`` is set, then let those at work stop after the rows in progress.

        With ``until_idle``, it ends once there is nothing to take.
        """
        with (
            open_journal(self._settings.journal_place) as journal,
            journal.announcements.announced(NOT_BEGUN, WORKER),
        ):
            waits = f"Waiting for runs in {journal.name}. Press Ctrl-C to stop."
            self._log(LogLine("started", details={"process": os.getpid()}, sentence=waits))
            self._lookout.start()
            try:
                while not stop.is_set():
                    # Before the runs are looked at: what was queued until then is taken below.
                    is_idle = self._lookout.is_idle(is_patient=not until_idle)
                    self._see_to(journal, is_patient=not until_idle)
                    if until_idle and is_idle and not self._working:
                        return
                    stop.wait(_LOOK_EVERY)
            finally:
                self._leave(journal)
                self._lookout.stop()
                self._log(LogLine("stopped"))

    def _tell(
        self,
        event: str,
        run: Run,
        sentence: str,
        details: Mapping[str, int | str | bool] | None = None,
        level: Level = Level.INFO,
    ) -> None:
        self._log(LogLine(event, level, run.id, account_of(run), details or {}, sentence))

    def _leave(self, journal: Journal) -> None:
        """Let the runs at work stop after the rows in progress, whatever the worker ends by."""
        for one in self._working:
            one.process.terminate()
        # All of them first: this process takes those with it that have not ended when it does, whatever it ends by.
        for one, code in [(one, one.process.wait()) for one in self._working]:
            self._end(journal, one, code, is_leaving=True)

    def _see_to(self, journal: Journal, *, is_patient: bool) -> None:
        try:
            self._settle(journal)
            while len(self._working) < self._choices.at_once and self._take(journal):
                pass
        except (ImporterError, OSError) as error:
            if not is_patient:
                raise
            # A database that is away comes back, and so does room on a disk. Runs at work see to that themselves.
            if not self._is_waiting:
                what = error.message if isinstance(error, ImporterError) else f"No run can be begun: {error.strerror}."
                goes_on = f"{what} The worker goes on as soon as it can."
                details = {"error": type(error).__name__}
                self._log(LogLine("worker waits", Level.WARNING, details=details, sentence=goes_on))
            self._is_waiting = True
        else:
            if self._is_waiting:
                self._log(LogLine("worker goes on"))
            self._is_waiting = False

    def _take(self, journal: Journal) -> bool:
        # A look without the right to write first: most of the time there is nothing to take.
        if next(self._free(journal), None) is None:
            return False
        problem = None
        with journal.together():
            run = next(self._free(journal), None)
            if run is None:
                return False
            try:
                work = _begin(run, self._choices.log_file)
                journal.announcements.announce(run.id, "resume", work.process.pid)
            except OSError as error:
                # Raised below: here, it would look like one of the journal.
                problem = error
        if problem is not None:
            raise problem
        self._working.append(work)
        begins = f"Run {run.id} ({printable(run.file, 80)}) begins, as process {work.process.pid}."
        # One that was planned before is one that an earlier process has left.
        details = {"process": work.process.pid, "resumed": run.planned is not None}
        self._tell("run taken", run, begins, details)
        return True

    def _free(self, journal: Journal) -> Iterator[Run]:
        """The runs that can begin now, in their order: the first of each account that nobody works for."""
        now = self._clock()
        at_work = {one.run for one in (*journal.announcements.all(), *journal.senders.holders())} - {NOT_BEGUN}
        at_work |= {one.run.id for one in self._working}
        busy = {_account_or_place(journal.runs.get(number)) for number in at_work}
        for run in left_to_workers(journal):
            account = _account_or_place(run)
            if not self._may_take(run):
                self._leave_to_others(run)
            elif account not in busy and self._not_before.get(run.id, 0.0) <= now:
                yield run
            busy.add(account)

    def _leave_to_others(self, run: Run) -> None:
        if run.id not in self._others:
            self._others.add(run.id)
            whose = account_of(run) or run.place or run.url
            waits = f"Run {run.id} waits for a worker that can sign in for it ({printable(whose, 120)})."
            self._tell("run left to others", run, waits)

    def _settle(self, journal: Journal) -> None:
        for one in list(self._working):
            if (code := one.process.poll()) is not None:
                self._end(journal, one, code)
                self._working.remove(one)
                one.output.close()

    def _end(self, journal: Journal, work: Work, code: int, *, is_leaving: bool = False) -> None:
        run, complaint = journal.runs.get(work.run.id), work.complaint()
        self.ended.append(EndedWork(run, code))
        if run.finished is None and not run.stop and (is_leaving or code == Exit.INTERRUPTED):
            # Nobody asked for this run to stop: the machine, or its service, is being stopped. It stays in the queue.
            self._tell("run interrupted", run, f"Run {run.id} stopped. A worker goes on with it.", {"exit_code": code})
            self._not_before[run.id] = self._clock() + _AGAIN_AFTER
            return
        if code < 0 or code == Exit.UNEXPECTED:
            deaths = note_death(journal, run)
            if deaths < _MOST_DEATHS:
                again = f"The process of run {run.id} ended unexpectedly. It is tried again."
                self._tell("run ended unexpectedly", run, again, {"exit_code": code, "deaths": deaths}, Level.WARNING)
                self._not_before[run.id] = self._clock() + _AGAIN_AFTER
                return
            complaint = f"The process of this run ended unexpectedly {deaths} times. {complaint}".strip()
        elif code in _PASSING and run.finished is None and not run.stop:
            # Safe to resume, by the meaning of these codes.
            waits = f"Run {run.id} could not go on: {complaint or 'the service does not answer.'} It is tried again."
            event = "lease taken over" if _is_taken_over(journal, run) else "run waits"
            self._tell(event, run, waits, {"exit_code": code}, Level.WARNING)
            self._not_before[run.id] = self._clock() + _AGAIN_AFTER
            return
        leave_queue(journal, run, "" if run.finished is not None else complaint)
        is_finished = run.finished is not None
        ends = f"Run {run.id} {'is finished' if is_finished else 'stopped'} (exit code {code})."
        self._tell(
            "run finished" if is_finished else "run stopped",
            run,
            f"{ends} {complaint}".strip(),
            {"exit_code": code},
            Level.INFO if code in _GOOD_ENDS else Level.ERROR if code < 0 or code == Exit.UNEXPECTED else Level.WARNING,
        )
        self._choices.at_end(run, code)


def _is_taken_over(journal: Journal, run: Run) -> bool:
    """Whether another process works on a run that one of ours had to leave."""
    holder = journal.senders.holder(account_of(run))
    return holder is not None and holder.run == run.id


def _account_or_place(run: Run) -> str:
    """Whom a run sends for; where nobody can know that before it has signed in, where it goes with which sign-in."""
    return account_of(run) or f"{run.url} {run.place}"


def _begin(run: Run, log_file: Path | None) -> Work:
    # A file and not a pipe: a run of days writes more than a pipe holds while nobody reads it.
    output = tempfile.TemporaryFile()  # noqa: SIM115  closed when the process has ended
    words = [sys.executable, "-m", "importer", "resume", str(run.id), "--wait"]
    words += ["--log-file", str(log_file)] if log_file is not None else []
    process = subprocess.Popen(  # noqa: S603  the words are ours, the number is a number
        [*words, "--worker", f"{os.getpid()}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=output,
        start_new_session=True,
    )
    return Work(run, process, output)


def end_with_worker(worker: int) -> None:
    """Let this process be killed as soon as the worker that started it ends, on a system that can do so.

    Without its worker nobody would tell it to stop; another worker goes on with its run. Elsewhere it goes on by
    itself, and the other one waits for it.
    """
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415  a tenth of a start, for workers alone

        ctypes.CDLL(None, use_errno=True).prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        # It may have ended before this process had asked. In a container, a living one may be process 1.
        if os.getppid() != worker:
            sys.exit(Exit.INTERRUPTED)


_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG (prctl(2))."""
