"""The user's side of an import, who is shown its progress and asked to confirm: each front end implements it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

from importer.model import Account, Plan, Progress
from importer.runs.log import LogLine

if TYPE_CHECKING:
    # A check without a service must not wait for the database to load.
    from importer.journal.runs import Run
    from importer.runs.source import CheckResult


class Observer(Protocol):
    """What an import needs of a front end: to show progress, and to ask before anything is sent."""

    def say(self, sentence: str) -> None:
        """Show a sentence that the user should read now."""

    def log(self, line: LogLine) -> None:
        """Note an event, for programs."""

    def confirm(self, result: CheckResult, plan: Plan, account: Account) -> bool:
        """Whether to go on, after the plan has been shown."""

    def sending(self) -> AbstractContextManager[asyncio.Event]:
        """While rows are sent: an event that is set when the user asks to stop."""

    def confirm_undo(self, plan: Plan, account: Account, run: Run) -> bool:
        """Whether to undo, after the plan has been shown.

        ``plan.create`` is the number of records to delete, ``plan.update`` that of records to put back, and
        ``plan.existing`` that of records which are kept because they may have been changed before a rebuild.
        """

    def progress(self, progress: Progress, total: int, seconds_left: float | None) -> None:
        """Show the progress; ``seconds_left`` by the allowance, None if there is none."""


class NullObserver:
    """For work without a user: shows nothing and confirms nothing, so that nothing is ever sent by it."""

    def say(self, sentence: str) -> None:
        """Drop the sentence."""

    def log(self, _: LogLine) -> None:
        """Drop the event."""

    def confirm(self, _: CheckResult, __: Plan, ___: Account) -> bool:
        """Decline."""
        return False

    def confirm_undo(self, _: Plan, __: Account, ___: Run) -> bool:
        """Decline."""
        return False

    @contextmanager
    def sending(self) -> Iterator[asyncio.Event]:
        """An event that is never set."""
        yield asyncio.Event()

    def progress(self, progress: Progress, total: int, seconds_left: float | None) -> None:
        """Drop the progress."""
