"""The routes about runs: the one under way, what came of it, all of them; stop, resume, retry, verify, undo."""

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from importer.config.settings import Settings
from importer.journal.runs import refuse_forgotten
from importer.model import Status
from importer.reporting.page_words import words_on_page
from importer.runs.result import rebuild_report
from importer.runs.result_rows import ResultRow, find_rows, first_failures
from importer.runs.schedule_status import last_words, next_words, schedule_statuses
from importer.runs.start import titles_of
from importer.runs.status import RunStatus, ask_to_stop, end_run, search_statuses
from importer.web.auth.people import owner_name
from importer.web.context import (
    NOT_FOUND,
    app_of,
    form,
    page,
    page_number,
    person_of,
    redirect,
    run_of,
    settings_of,
    started_by,
)
from importer.web.failed_rows import upload_of_failed_rows
from importer.web.follow_ups import FollowUp, follow_ups
from importer.web.run_start import retry, start_once
from importer.web.step_cards import Card, cards
from importer.web.value_words import value_words
from importer.web.workers import Worker

PAGE_ROWS = 50
_HISTORY_ROWS = 25
_PATIENCE = 0.3
"""Seconds that a page waits for the journal; it looks again soon."""

_ENDED = 286
"""Tells htmx that there is nothing more to ask for."""

FILES = {
    "report.xlsx": "The whole report as a workbook",
    "report.csv": "The whole report as text",
    "report.html": "The report as a page",
    "failed.xlsx": "The rows to correct, wrong cells in red",
    "failed.csv": "The rows to correct as text",
    "your-workbook.xlsx": "Your workbook with the result of each row, wrong cells in red",
    "your-workbook.xlsm": "Your workbook with the result of each row, wrong cells in red",
    "verification.csv": "Results of the verification",
    "undo.csv": "Result of undoing each record",
}
"""The files of a run that can be downloaded, and what each is."""


async def history(request: Request) -> Response:
    """All runs, newest first."""
    text, number = request.query_params.get("q", "").strip()[:100], page_number(request)
    first = (number - 1) * _HISTORY_ROWS
    runs, total = await asyncio.to_thread(
        search_statuses, text, _HISTORY_ROWS, first, settings_of(request), app_of(request).clock()
    )
    pages = max(-(-total // _HISTORY_ROWS), 1)
    # Beside the newest runs, and not among what somebody searches for.
    scheduled = await asyncio.to_thread(_scheduled, request) if number == 1 and not text else []
    return page(
        request, "history.html", runs=runs, total=total, q=text, number=number, pages=pages, scheduled=scheduled
    )


def _scheduled(request: Request) -> list[dict[str, str]]:
    """The scheduled imports; of a path its last part only, for where it is means nothing to who uses the page."""
    now = app_of(request).clock()
    return [
        {
            "file": Path(one.schedule.path).name,
            "when": one.terms.words,
            "next": next_words(one, now),
            "last": last_words(one, now),
        }
        for one in schedule_statuses(settings_of(request), now, _PATIENCE)
    ]


async def overview(request: Request) -> Response:
    """One run: under way, or what came of it."""
    view = await asyncio.to_thread(_view, request)
    return page(request, "results.html" if view.now.finished else "run.html", **view.values)


async def progress(request: Request) -> Response:
    """The part of a run's page that moves. A run whose state has changed gets its whole page anew."""
    view = await asyncio.to_thread(_view, request)
    ended = view.state != request.query_params.get("state")
    answer = page(request, "progress.html", status=_ENDED if ended else 200, **view.values)
    if ended:
        answer.headers["HX-Refresh"] = "true"
    return answer


@dataclass(frozen=True)
class RunView:
    """What the page of a run shows. Without ``may_open`` there are neither rows nor files.

    ``complaint`` is why the process that worked on it ended, ``settings`` are those by which it is paced.
    """

    now: RunStatus
    settings: Settings
    state: str
    by: str
    may_open: bool
    writing: bool
    complaint: str
    failures: Sequence[ResultRow]
    files: Mapping[str, str]
    follow_ups: Sequence[FollowUp]
    cards: Sequence[Card]

    @property
    def values(self) -> dict[str, Any]:
        """The values for the templates, by name."""
        return {entry.name: getattr(self, entry.name) for entry in dataclasses.fields(self)} | {"busy": self.busy}

    @property
    def busy(self) -> bool:
        """Whether a command that was started after the run is at work."""
        return any(follow_up.alive for follow_up in self.follow_ups)


def _view(request: Request) -> RunView:
    app, now = app_of(request), run_of(request)
    by, worker = started_by(now), app.workers.find("resume", now.run.id)
    person = person_of(request)
    may_open, at_work = person.may_open(by), worker is not None and worker.alive
    files = {name: what for name, what in FILES.items() if may_open and (now.run.folder / name).exists()}
    has_failures = may_open and now.failed and now.run.forgotten is None
    return RunView(
        now=now,
        settings=app.settings,
        state=_state(now, worker),
        by=owner_name(by),
        may_open=may_open,
        # Its files appear one by one: the last is there when its process has ended.
        writing=now.finished and at_work,
        complaint=now.worker_complaint or (worker.complaint if worker and not at_work else ""),
        failures=first_failures(now.run.id, app.settings) if has_failures else [],
        files=files,
        follow_ups=follow_ups(now, app.workers, app.settings, app.clock()) if may_open else [],
        cards=cards(now.steps, person.role, files, sends_all=_sends_all(now)) if may_open else [],
    )


def _sends_all(now: RunStatus) -> bool:
    return any(now.run.options.get(name) for name in ("even_if_existing", "allow_duplicates"))


def _state(now: RunStatus, worker: Worker | None) -> str:
    at_work = worker is not None and worker.alive
    if now.finished:
        return "finished"
    if now.working or (at_work and now.run.stop):
        return "stopping" if now.run.stop else "waiting" if now.waiting else "running"
    if at_work or now.is_left_to_workers:
        return "queued" if now.ahead.runs or now.waits_for_worker else "starting"
    if worker is None and now.run.stop:
        # It was taken out of the queue before a worker took it.
        return "paused"
    return "paused" if now.run.stopped is not None and (worker is None or now.run.stopped >= worker.since) else "gone"


async def rows(request: Request) -> Response:
    """Every row with what became of it; to be filtered and searched."""
    now, query, app = run_of(request), request.query_params, app_of(request)
    status = next((status for status in Status if status.value == query.get("status")), None)
    undone = query.get("status") == "undone"
    text, number = query.get("q", "").strip()[:100], page_number(request)
    search = partial(find_rows, now.run.id, status, text, PAGE_ROWS, (number - 1) * PAGE_ROWS, app.settings)
    results, total = await asyncio.to_thread(search, words_on_page, undone=undone)
    values: dict[str, Any] = {"rows": results, "total": total, "q": text, "chosen": status, "number": number}
    values |= {"undone": undone, "pages": max(-(-total // PAGE_ROWS), 1), "labels": titles_of(now.run)}
    values["words"] = await asyncio.to_thread(value_words, now.run, app.settings)
    return page(request, "rows.html", now=now, statuses=list(Status), **values)


async def file(request: Request) -> Response:
    """A file of the report."""
    now, name = run_of(request), request.path_params["name"]
    path = now.run.folder / name
    if name not in FILES or not path.is_file():
        raise HTTPException(NOT_FOUND)
    return FileResponse(path, filename=f"{Path(now.run.file).stem}-run-{now.run.id}-{name}")


async def rewrite_report(request: Request) -> Response:
    """Write the report anew from the journal."""
    app, number = app_of(request), run_of(request).run.id
    await asyncio.to_thread(rebuild_report, number, app.settings, None, app.clock())
    return redirect(request, f"/runs/{number}")


# -- what can be done with a run --------------------------------------------------------------------------------------


async def ask_before_stop(request: Request) -> Response:
    """What it means to stop a run for good, before it is done; one that has ended has nothing to stop."""
    now = run_of(request)
    return redirect(request, f"/runs/{now.run.id}") if now.finished else page(request, "stop.html", now=now)


async def stop(request: Request) -> Response:
    """Ask the process that works on a run to stop: for now, or for good."""
    now, fields, settings = run_of(request), await form(request), settings_of(request)
    for_good = fields.get("how") == "for good"
    await asyncio.to_thread(ask_to_stop, now.run.id, settings, for_good=for_good)
    if for_good and not now.working:
        await asyncio.to_thread(_end, now.run.id, settings, app_of(request).clock())
    return redirect(request, f"/runs/{now.run.id}")


def _end(number: int, settings: Settings, now: float) -> None:
    end_run(number, settings, now)
    rebuild_report(number, settings, None, now)


async def resume(request: Request) -> Response:
    """Go on with a run in a new process, unless one works on it."""
    number = run_of(request).run.id
    if answer := _sign_in_first(request):
        return answer
    await asyncio.to_thread(start_once, app_of(request), "resume", number, settings_of(request))
    return redirect(request, f"/runs/{number}")


def _sign_in_first(request: Request) -> Response | None:
    """The way to the sign-in and back to the run, for somebody who is not signed in to Nexudus."""
    if settings_of(request).can_sign_in:
        return None
    return redirect(request, f"/sign-in?next=/runs/{run_of(request).run.id}")


async def retry_failed(request: Request) -> Response:
    """Send the rejected and the unsent rows of a run again, as a new run."""
    if answer := _sign_in_first(request):
        return answer
    app, person = app_of(request), person_of(request)
    number = await asyncio.to_thread(retry, app, run_of(request).run.id, settings_of(request), person.owner)
    return redirect(request, f"/runs/{number}")


async def compare_again(request: Request) -> Response:
    """Take the rows of a run that need somebody's attention in as an upload, and show what they would do now."""
    run = run_of(request).run
    draft = await upload_of_failed_rows(app_of(request).drafts, run, person_of(request).owner)
    # Without the file, the page of the run offers to rebuild the report, and no longer this.
    return redirect(request, f"/runs/{run.id}" if draft is None else f"/uploads/{draft.id}/plan")


async def verify(request: Request) -> Response:
    """Compare what a run created with what the service holds."""
    return await _follow_up_with(request, "verify")


async def reconcile(request: Request) -> Response:
    """Find out whether the service created the rows that it did not answer."""
    return await _follow_up_with(request, "reconcile")


async def _follow_up_with(request: Request, command: str) -> Response:
    number = run_of(request).run.id
    refuse_forgotten(run_of(request).run, "there is nothing left to compare")
    if answer := _sign_in_first(request):
        return answer
    await asyncio.to_thread(start_once, app_of(request), command, number, settings_of(request))
    return redirect(request, f"/runs/{number}#after")


async def undo_plan(request: Request) -> Response:
    """What undoing a run will do and cost."""
    refuse_forgotten(run_of(request).run, "it can no longer be undone")
    return page(request, "undo.html", now=run_of(request), error="")


async def undo(request: Request) -> Response:
    """Delete what a run created and put back what it updated, if the number of these records was typed."""
    now, fields = run_of(request), await form(request)
    refuse_forgotten(now.run, "it can no longer be undone")
    number = now.to_delete + now.to_put_back
    if fields.get("number", "").replace(",", "").strip() != str(number):
        what = [*(["deleted"] if now.to_delete else []), *(["put back"] if now.to_put_back else [])]
        error = f"Type {number:,}, the number of records that will be {' or '.join(what)}."
        return page(request, "undo.html", status=422, now=now, error=error)
    if answer := _sign_in_first(request):
        return answer
    await asyncio.to_thread(start_once, app_of(request), "undo", now.run.id, settings_of(request), "--yes")
    return redirect(request, f"/runs/{now.run.id}#after")
