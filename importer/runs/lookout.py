"""Looks what is due beside a worker, in a thread of its own, with the journal open once more.

A folder on the drive of a network may keep whoever looks into it waiting for hours, and no run must wait with it. What
is begun and not finished when the worker ends is as if the worker had been killed: nothing was done.
"""

import threading
from typing import TYPE_CHECKING

from importer.config.settings import Settings, SettingsOf
from importer.errors import ImporterError
from importer.journal.journal import Journal, open_journal
from importer.model import Clock
from importer.runs.log import Level, Log, LogLine

if TYPE_CHECKING:
    from importer.runs.due_imports import DueImports

_LOOK_EVERY = 5.0
_LOOK_SOON = 1.0
"""Seconds between two looks, and while a file is being watched."""

_LAST_LOOK_SECONDS = 10.0
"""How long a look may go on when the worker ends."""


class Lookout:
    """What looks; it begins with ``start`` and ends with ``stop``."""

    def __init__(self, settings: Settings, clock: Clock, settings_of: SettingsOf, log: Log) -> None:
        """Nothing is looked at yet."""
        self._settings, self._clock, self._settings_of, self._log = settings, clock, settings_of, log
        self._thread = threading.Thread(target=self._work, name="lookout", daemon=True)
        self._ended, self._idle = threading.Event(), threading.Event()
        self._due: DueImports | None = None
        self._is_waiting = False
        self._error: BaseException | None = None
        self._problem: ImporterError | OSError | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and wait for the end of a look for some seconds."""
        self._ended.set()
        self._thread.join(_LAST_LOOK_SECONDS)

    def is_idle(self, *, is_patient: bool) -> bool:
        """Whether the latest look has shown that nothing is due, or about to be.

        Raises:
            BaseException: What ended it: a bug. Without ``is_patient``, also what it waits for.
        """
        # Each read once: the other thread may change them at any time.
        error, problem = self._error, self._problem
        if error is not None:
            raise error
        if problem is not None and not is_patient:
            raise problem
        return self._idle.is_set()

    def _work(self) -> None:
        try:
            while not self._ended.is_set():
                try:
                    with open_journal(self._settings.journal_place) as journal:
                        self._look_on(journal)
                except (ImporterError, OSError) as error:
                    # A database that is away comes back, and so does room on a disk.
                    self._wait(error)
                self._ended.wait(_LOOK_EVERY)
        except BaseException as error:  # noqa: BLE001  raised by the worker: alone, this thread would end without a word
            self._error = error

    def _look_on(self, journal: Journal) -> None:
        while not self._ended.is_set():
            is_awaited = self._look(journal)
            if self._is_waiting:
                self._log(LogLine("worker goes on"))
            self._is_waiting, self._problem = False, None
            if is_awaited:
                self._idle.clear()
            else:
                self._idle.set()
            self._ended.wait(_LOOK_SOON if is_awaited else _LOOK_EVERY)

    def _look(self, journal: Journal) -> bool:
        if not journal.schedules.all():
            return False
        if self._due is None:
            # Here, because it loads what reads spreadsheets, and many workers have nothing scheduled.
            from importer.runs.due_imports import DueImports  # noqa: PLC0415

            self._due = DueImports(self._settings_of, self._log)
        return self._due.look(journal, (journal.clock or self._clock)())

    def _wait(self, error: ImporterError | OSError) -> None:
        self._problem = error
        if not self._is_waiting:
            what = error.message if isinstance(error, ImporterError) else f"Nothing can be queued: {error.strerror}."
            goes_on = f"{what} What is scheduled waits, and goes on as soon as it can."
            details = {"error": type(error).__name__}
            self._log(LogLine("worker waits", Level.WARNING, details=details, sentence=goes_on))
        self._is_waiting = True
