"""The plan of an upload, worked out with the service and kept beside the file for a short while."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from importer.config.settings import Settings
from importer.config.store import read_json, write_json
from importer.errors import ImporterError
from importer.model import Account, Clock, Plan
from importer.runs.observer import NullObserver
from importer.runs.plan import plan_examined
from importer.runs.request import ImportRequest
from importer.runs.source import CheckResult
from importer.web import upload_names
from importer.web.drafts import Draft
from importer.web.upload_check import look_again, source_of, wanted_names

_FRESH = 60.0
"""Seconds for which a plan is believed; the quota and the service's records change."""


def work_out(draft: Draft, known: Mapping[str, Any], settings: Settings, clock: Clock) -> None:
    """Ask the service, and keep the plan or why there is none."""
    found: dict[str, Any] = {
        "version": draft.version,
        "at": clock(),
        "for": upload_names.signed_in_as(settings),
        "error": None,
    }
    try:
        source, wanted = source_of(draft, settings), wanted_names(draft)
        new = bool(upload_names.unknown(draft, wanted, settings, clock()))
        if new:
            upload_names.look_up_new(draft, source, wanted, settings, NullObserver(), clock)
        source = replace(source, directories=upload_names.directories(draft, settings))
        if new and source.directories:
            known = look_again(draft, known, source, settings, clock())
        # Without what it wants: the names in it are known already, and looking them up again would cost as much.
        result = CheckResult(known["rows"], known["valid"], known["invalid"])
        made = asyncio.run(plan_examined(source, result, ImportRequest(draft.path, settings, NullObserver(), clock)))
        found |= {"plan": asdict(made.plan), "account": asdict(made.account)}
    except ImporterError as error:
        told = draft.named(error)
        found["error"] = {"message": told.message, "advice": told.advice}
    write_json(draft.folder / "plan.json", found)


def read_plan(draft: Draft, settings: Settings, now: float, *, fresh: bool = True) -> dict[str, Any] | None:
    """The plan that was worked out for this version and sign-in, unless it is too old."""
    found: dict[str, Any] | None = read_json(draft.folder / "plan.json")
    if found is None or found["version"] != draft.version or found["for"] != upload_names.signed_in_as(settings):
        return None
    # An error is shown once; whoever asks again wants to know whether it still holds.
    too_recent = now - found["at"] < (2.0 if found["error"] else _FRESH)
    return found if too_recent or not fresh else None


def made_plan(found: Mapping[str, Any]) -> tuple[Plan, Account]:
    """The plan and the account as they were worked out."""
    return Plan(**found["plan"]), Account(**found["account"])
