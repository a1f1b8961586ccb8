"""Whoever watches an import and is asked: each front end implements it."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

from importer.model import Account, Plan, Progress
from importer.runs.source import CheckResult

if TYPE_CHECKING:
    # A check of a file needs no database, which takes a third of a second to load.
    from importer.journal.runs import Run


class Observer(Protocol):
    """Whoever watches an import and is asked before it sends."""

    def say(self, sentence: str) -> None:
        """Tell something that the user should know now."""

    def confirm(self, result: CheckResult, plan: Plan, account: Account) -> bool:
        """Whether to go on, after the plan has been shown."""

    def sending(self) -> AbstractContextManager[asyncio.Event]:
        """While rows are sent: an event that is set when the user asks to stop."""

    def confirm_undo(self, plan: Plan, account: Account, run: "Run") -> bool:
        """Whether to delete, after the plan has been shown; ``plan.create`` is the number of deletes."""

    def progress(self, progress: Progress, total: int, seconds_left: float | None) -> None:
        """Show how far it is; ``seconds_left`` by the allowance, None when there is none."""


class NullObserver:
    """For work where nobody watches and nobody can be asked: says nothing, agrees to nothing."""

    def say(self, sentence: str) -> None:
        """Nobody listens."""

    def confirm(self, _: CheckResult, __: Plan, ___: Account) -> bool:
        """Nobody agrees."""
        return False

    def confirm_undo(self, _: Plan, __: Account, ___: "Run") -> bool:
        """Nobody agrees."""
        return False

    @contextmanager
    def sending(self) -> Iterator[asyncio.Event]:
        """Nobody stops it."""
        yield asyncio.Event()

    def progress(self, progress: Progress, total: int, seconds_left: float | None) -> None:
        """Nobody looks."""
