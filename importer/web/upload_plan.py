"""The plan of an upload, worked out with the service and stored with the upload for a short while."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from importer.checking import AgreedNames
from importer.config.settings import Settings
from importer.config.store import Document, unchanged
from importer.errors import ImporterError
from importer.issues import Severity
from importer.model import Account, AgreedUpdate, Clock, Plan
from importer.runs.groups import RowGroups
from importer.runs.observer import NullObserver
from importer.runs.plan import PlannedImport, plan_examined
from importer.runs.request import Choices, ImportRequest
from importer.runs.source import CheckResult, Source, examine
from importer.web import upload_names
from importer.web.drafts import Draft
from importer.web.table.planned_rows import PlannedRows
from importer.web.upload_check import check_again_with_names, source_of
from importer.web.upload_documents import CheckedRows, Problem, UploadCheck

_FRESH = 60.0
"""Seconds for which a plan is believed; the quota and the service's records change."""

_ERROR_FRESH = 2.0
"""Seconds for which an error is shown; whoever asks again wants to know whether it still holds."""


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """A plan for one version of an upload and one sign-in, made at a moment in epoch seconds; or why there is none.

    ``plan`` updates no record. ``with_updates`` is what the import takes if it does, None if there is nothing to
    update; ``updates`` are then the records, each with its row. ``groups`` are the first rows of each kind, ``shift``
    the seconds by which the times of all changed rows differ, if nothing else does. ``token_refused`` tells
    that Nexudus took the password in place of the token. ``records`` are the texts of the records that ambiguous rows
    may be, and of those that rows were answered with, by Id.
    ``refused`` are answered rows that cannot be the record of their answer, each with why. ``meant`` are the Ids of the
    records that names mean in it, by field and plain name.
    """

    version: int
    at: float
    signed_in_as: str
    plan: Plan | None = None
    account: Account | None = None
    error: Problem | None = None
    token_refused: bool = False
    with_updates: Plan | None = None
    updates: Sequence[tuple[int, int, float | None]] = ()
    groups: RowGroups = field(default_factory=RowGroups)
    shift: float | None = None
    records: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    refused: Sequence[tuple[int, str]] = ()
    meant: AgreedNames | None = None

    @property
    def stamp(self) -> str:
        """What tells this plan from every other one of the upload."""
        return repr(self.at)

    @property
    def agreed(self) -> dict[int, AgreedUpdate]:
        """The records to update, by row."""
        return {row: AgreedUpdate(number, updated_on) for row, number, updated_on in self.updates}


def _with_sign_in_renamed(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "signed_in_as": document["for"]}


def _with_blocked_renamed(document: dict[str, Any]) -> dict[str, Any]:
    plan = document["plan"]
    return document if plan is None else {**document, "plan": {**plan, "blocked": plan["held"]}}


_PLAN = Document(
    "The plan of an upload",
    UploadPlan,
    format=3,
    steps={0: unchanged, 1: _with_sign_in_renamed, 2: _with_blocked_renamed},
)


def work_out(draft: Draft, check: UploadCheck, settings: Settings, clock: Clock) -> None:
    """Ask the service, and keep the plan or why there is none."""
    result = UploadPlan(draft.version, clock(), upload_names.signed_in_as(settings))
    planned = PlannedRows()
    try:
        made = _worked_out(draft, check, settings, clock, planned)
        planned.write(draft.folder, draft.version)
        result = replace(
            result,
            plan=made.without_updates,
            account=made.account,
            with_updates=made.plan if made.plan.update else None,
            updates=[(row, *update[:2]) for row, update in sorted(made.present.updates.items())],
            token_refused=made.token_refused,
            groups=made.present.sampler.groups,
            shift=made.present.shift,
            refused=_refused(draft, made.result),
            meant=_meant(check, made.source),
        )
        result = _with_records(result, draft, made)
    except ImporterError as error:
        result = replace(result, error=Problem.of(draft.named(error)))
    _PLAN.write(draft.folder / "plan.json", result)


def _worked_out(
    draft: Draft, check: UploadCheck, settings: Settings, clock: Clock, planned: PlannedRows
) -> PlannedImport:
    assert check.rows is not None
    source, texts = source_of(draft, settings), check.rows.references
    new = bool(upload_names.not_looked_up(draft, texts, settings, clock()))
    if new:
        upload_names.look_up_new(draft, source, texts, settings, NullObserver(), clock)
    source = replace(source, directories=upload_names.directories(draft, settings))
    rows = check.rows
    if new and source.directories:
        rows = check_again_with_names(draft, check, source, settings, clock()).rows or rows
    result = _result(draft, rows, source, clock())
    # Both answers to the question that the page asks, out of one comparison.
    request = ImportRequest(draft.path, settings, NullObserver(), clock, choices=Choices(update=True))
    return asyncio.run(plan_examined(source, result, request, planned.add))


def _result(draft: Draft, rows: CheckedRows, source: Source, now: float) -> CheckResult:
    """What the check says, without references: their names are looked up already, and again it would cost as much."""
    result = CheckResult(rows.count, rows.valid, rows.invalid)
    if source.mapping.record_id is None and not draft.read.answers:
        return result
    # With the Ids, or the plan would not know which records belong to other rows, as the import will.
    examined = examine(source, now, allow_duplicates=False)
    return replace(result, record_ids=examined.record_ids)


def _refused(draft: Draft, result: CheckResult) -> list[tuple[int, str]]:
    """The answered rows that have an error by now, each with the sentence about it."""
    answered = {int(row) for row in draft.read.answers}
    errors = [issue for issue in result.causes if issue.severity is Severity.ERROR] if answered else []
    return [(issue.row, issue.message) for issue in errors if issue.row in answered]


def _meant(check: UploadCheck, source: Source) -> AgreedNames:
    texts = check.rows.references if check.rows is not None else {}
    return {name: directory.meant(texts.get(name, ())) for name, directory in source.directories.items()}


def _with_records(plan: UploadPlan, draft: Draft, made: PlannedImport) -> UploadPlan:
    """The plan with what it shows of records: of those to choose from, and of those that were chosen."""
    answered, named = set(draft.read.answers.values()), made.source.named
    of_answers = {number: texts for number, texts in (named.texts if named else {}).items() if number in answered}
    records = {**made.present.candidates, **{number: texts for number, texts in of_answers.items() if texts}}
    return replace(plan, records={str(number): texts for number, texts in records.items()})


def read_plan(draft: Draft, settings: Settings, now: float, *, fresh: bool = True) -> UploadPlan | None:
    """The plan that was worked out for this version and sign-in, unless it is too old."""
    plan = _PLAN.read_if_usable(draft.folder / "plan.json")
    if plan is None or plan.version != draft.version or plan.signed_in_as != upload_names.signed_in_as(settings):
        return None
    is_fresh = now - plan.at < (_ERROR_FRESH if plan.error else _FRESH)
    return plan if is_fresh or not fresh else None
