"""The plan of an upload, worked out with the service and kept beside the file for a short while."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from importer import runs
from importer.delivery.journal import Run
from importer.delivery.sending import Progress
from importer.errors import ImporterError
from importer.nexudus import Account
from importer.settings import Settings
from importer.sources import Examined
from importer.web.drafts import Draft
from importer.web.examining import look_again, source_of, wanted_names
from importer.web.private import read_json, write_json
from importer.words import Plan

_FRESH = 60.0
"""Seconds for which a plan is believed; the quota and the service's records change."""


class Onlooker:
    """Watches where nobody can be asked: nothing is said, nothing is agreed to."""

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


def work_out(draft: Draft, known: Mapping[str, Any], settings: Settings) -> None:
    """Ask the service, and keep the plan or why there is none."""
    found: dict[str, Any] = {"version": draft.version, "at": time.time(), "for": _whose(settings), "error": None}
    seen = Examined(known["rows"], known["valid"], known["invalid"], wanted=wanted_names(draft))
    try:
        source = source_of(draft, settings)
        source, seen, made, account = asyncio.run(
            runs.plan_examined(source, seen, settings, runs.Choices(), Onlooker())
        )
        if source.directories:
            look_again(draft, known, source)
        found |= {"plan": asdict(made), "account": asdict(account)}
    except ImporterError as error:
        told = draft.named(error)
        found["error"] = {"message": told.message, "advice": told.advice}
    write_json(draft.folder / "plan.json", found)


def read_plan(draft: Draft, settings: Settings, *, fresh: bool = True) -> dict[str, Any] | None:
    """The plan that was worked out for this version and sign-in, unless it is too old."""
    found: dict[str, Any] | None = read_json(draft.folder / "plan.json")
    if found is None or found["version"] != draft.version or found["for"] != _whose(settings):
        return None
    # An error is shown once; whoever asks again wants to know whether it still holds.
    young = time.time() - found["at"] < (2.0 if found["error"] else _FRESH)
    return found if young or not fresh else None


def made_plan(found: Mapping[str, Any]) -> tuple[Plan, Account]:
    """The plan and the account as they were worked out."""
    return Plan(**found["plan"]), Account(**found["account"])


def _whose(settings: Settings) -> str:
    return f"{settings.username or 'token'} at {settings.url}"
