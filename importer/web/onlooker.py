"""Watches where nobody can be asked: what a page asks of the service is neither told nor agreed to."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from importer.delivery.journal import Run
from importer.sources import Examined
from importer.words import Account, Plan, Progress


class Onlooker:
    """Says nothing, agrees to nothing."""

    def say(self, sentence: str) -> None:
        """Nobody listens."""

    def confirm(self, _: Examined, __: Plan, ___: Account) -> bool:
        """Nobody agrees."""
        return False

    def confirm_undo(self, _: Plan, __: Account, ___: Run) -> bool:
        """Nobody agrees."""
        return False

    @contextmanager
    def sending(self) -> Iterator[asyncio.Event]:
        """Nobody stops it."""
        yield asyncio.Event()

    def progress(self, progress: Progress, total: int, seconds_left: float | None) -> None:
        """Nobody looks."""
