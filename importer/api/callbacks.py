"""The caller's side of an import: what it hears, and when it is asked."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path

from importer.api.reports import Issues, PlanReport, RunProgress, UndoPlan
from importer.journal.runs import Run
from importer.model import Account, Plan, Progress
from importer.runs.observer import NullObserver
from importer.runs.source import CheckResult

Say = Callable[[str], object]
Confirm = Callable[[PlanReport], bool]
ConfirmUndo = Callable[[UndoPlan], bool]
OnProgress = Callable[[RunProgress], object]


class Callbacks(NullObserver):
    """Collects what is said, and passes it on to the caller's functions, in the thread in which the work is done.

    What such a function raises does not break off the calls that are under way, whose rows would be in doubt: the run
    stops as after a Ctrl-C, and then ``failure`` is raised. ``file`` is what the reports call the file.
    """

    def __init__(
        self,
        *,
        say: Say | None = None,
        confirm: Confirm | None = None,
        confirm_undo: ConfirmUndo | None = None,
        progress: OnProgress | None = None,
    ) -> None:
        """Without ``confirm`` and ``confirm_undo``, the answer is yes."""
        self.file = Path()
        self._say, self._confirm, self._confirm_undo, self._progress = say, confirm, confirm_undo, progress
        self._sentences: list[str] = []
        self._stop: asyncio.Event | None = None
        self.failure: Exception | None = None

    @property
    def messages(self) -> tuple[str, ...]:
        """What was said so far."""
        return tuple(self._sentences)

    def ask_to_stop(self) -> bool:
        """Stop after the rows in progress. False if nothing was sent yet, or it was asked before: then break off."""
        if self._stop is None or self._stop.is_set():
            return False
        self._stop.set()
        return True

    def say(self, sentence: str) -> None:
        """Keep the sentence, and pass it on."""
        self._sentences.append(sentence)
        if self._say is not None:
            with self._without_breaking_off():
                self._say(sentence)

    def confirm(self, result: CheckResult, plan: Plan, account: Account) -> bool:
        """Ask the caller, if there is anything to send."""
        if self._confirm is None or not plan.writes:
            return True
        return _answer(self._confirm(PlanReport(self.file, Issues(result.causes), plan, account, self.messages)))

    def confirm_undo(self, plan: Plan, account: Account, run: Run) -> bool:
        """Ask the caller, if there is anything to delete or to put back."""
        if self._confirm_undo is None or not plan.writes:
            return True
        asked_about = UndoPlan(run.id, run.file, plan.create, plan.update, plan.existing, plan.seconds, account)
        return _answer(self._confirm_undo(asked_about))

    @contextmanager
    def sending(self) -> Iterator[asyncio.Event]:
        """The event that stops the run after the rows in progress."""
        self._stop = asyncio.Event()
        yield self._stop

    def progress(self, progress: Progress, total: int, seconds_left: float | None) -> None:
        """Tell the caller."""
        if self._progress is None or self.failure is not None:
            return
        state = RunProgress(
            progress.done, total, progress.failed, seconds_left, progress.waiting, progress.until or None
        )
        with self._without_breaking_off():
            self._progress(state)

    @contextmanager
    def _without_breaking_off(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if self._stop is None:
                # Nothing was sent yet.
                raise
            self.failure = self.failure or error
            self._stop.set()


def _answer(answer: object) -> bool:
    # A coroutine would count as a yes before anybody has been asked.
    if isinstance(answer, Coroutine):
        answer.close()
        raise TypeError("confirm must be a plain function: what an async one answers is not waited for")
    return bool(answer)
