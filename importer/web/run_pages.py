"""The routes about runs: the one under way, what came of it, all of them; stop, resume, retry, verify, undo."""

import asyncio
import os
from functools import partial
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from importer.config.settings import Settings
from importer.errors import JournalBusyError, JournalError
from importer.model import Status
from importer.runs.result import rebuild_report
from importer.runs.rows import find_rows, first_failures, timeline
from importer.runs.status import RunStatus, ask_to_stop, end_run, run_status, search_statuses
from importer.web.context import NOT_FOUND, AppContext, door, form, page, page_number, person, settings, to
from importer.web.retry_process import retry
from importer.web.upload_check import page_fix
from importer.web.workers import Worker

PAGE_ROWS = 50
_HISTORY_ROWS = 25
_ENDED = 286
"""Tells htmx that there is nothing more to ask for."""

FILES = {
    "report.xlsx": "The whole report as a workbook",
    "report.csv": "The whole report as text",
    "report.html": "The report as a page",
    "failed.xlsx": "The rows to correct, wrong cells in red",
    "failed.csv": "The rows to correct as text",
    "verification.csv": "What the verification found",
    "undo.csv": "What became of each record that was undone",
}
"""The files of a run that can be downloaded, and what each is."""


async def history(request: Request) -> Response:
    """All runs, newest first."""
    text, number = request.query_params.get("q", "").strip()[:100], page_number(request)
    first = (number - 1) * _HISTORY_ROWS
    found, total = await asyncio.to_thread(
        search_statuses, text, _HISTORY_ROWS, first, settings(request), door(request).clock()
    )
    pages = max(-(-total // _HISTORY_ROWS), 1)
    return page(request, "history.html", found=found, total=total, q=text, number=number, pages=pages)


async def shown(request: Request) -> Response:
    """One run: on its way, or what came of it."""
    now = await _followed(request)
    values = await asyncio.to_thread(_run_values, request, now)
    return page(request, "results.html" if now.finished else "run.html", **values)


async def progress(request: Request) -> Response:
    """The part of a run's page that moves. A run whose state has changed gets its whole page anew."""
    now = await _followed(request)
    values = await asyncio.to_thread(_run_values, request, now)
    ended = values["state"] != request.query_params.get("state")
    answer = page(request, "progress.html", status=_ENDED if ended else 200, **values)
    if ended:
        answer.headers["HX-Refresh"] = "true"
    return answer


async def _followed(request: Request) -> RunStatus:
    try:
        return await asyncio.to_thread(run_status, request.path_params["run"], settings(request), door(request).clock())
    except JournalBusyError:
        raise
    except JournalError as error:
        raise HTTPException(NOT_FOUND) from error


def _run_values(request: Request, now: RunStatus) -> dict[str, Any]:
    here, number = door(request), now.run.id
    workers = {doing: here.workers.find(doing, number) for doing in ("resume", "retry", "verify", "undo", "reconcile")}
    opened = person(request).may_open(str(now.run.options.get("by", "")))
    after = {name: worker for name, worker in workers.items() if name in ("verify", "undo", "reconcile") and worker}
    files = {name: what for name, what in FILES.items() if opened and (now.run.folder / name).exists()}
    working = workers["resume"] is not None and workers["resume"].alive
    return {
        "now": now,
        "writing": now.finished and not files and working,
        "state": _state(now, workers["resume"]),
        "worker": workers["resume"],
        "failures": first_failures(number, here.settings) if opened else [],
        "points": timeline(number, here.settings),
        "by": now.run.options.get("by", ""),
        "may_open": opened,
        "files": files,
        "after": after,
        "said": {name: [_without_folder(line, now) for line in worker.said[-8:]] for name, worker in after.items()},
        "after_busy": any(worker.alive for worker in after.values()),
    }


def _without_folder(line: str, now: RunStatus) -> tuple[str, str]:
    """A line of a command for the page: the path of a file at its end, which is the server's, as the file's name."""
    before, found, rest = line.partition(f"{now.run.folder}{os.sep}")
    return (before, rest) if found and rest in FILES else (line.replace(str(now.run.folder), now.run.folder.name), "")


def _state(now: RunStatus, worker: Worker | None) -> str:
    if now.finished:
        return "finished"
    if now.working:
        return "stopping" if now.run.stop else "waiting" if now.waiting else "running"
    if worker is not None and worker.alive:
        return "starting"
    return "paused" if now.run.stopped is not None and (worker is None or now.run.stopped >= worker.since) else "gone"


async def rows(request: Request) -> Response:
    """Every row with what became of it; to be filtered and searched."""
    now, asked = await _followed(request), request.query_params
    _require_owner(request, now)
    status = next((status for status in Status if status.value == asked.get("status")), None)
    removed = asked.get("status") == "deleted"
    text, number = asked.get("q", "").strip()[:100], page_number(request)
    first = (number - 1) * PAGE_ROWS
    found, total = await asyncio.to_thread(
        partial(find_rows, removed=removed),
        now.run.id,
        status,
        text,
        PAGE_ROWS,
        first,
        door(request).settings,
        page_fix,
    )
    values: dict[str, Any] = {"rows": found, "total": total, "q": text, "chosen": status, "number": number}
    values["removed"] = removed
    pages = max(-(-total // PAGE_ROWS), 1)
    return page(request, "rows.html", now=now, pages=pages, statuses=list(Status), **values)


async def file(request: Request) -> Response:
    """A file of the report."""
    now, name = await _followed(request), request.path_params["name"]
    _require_owner(request, now)
    path = now.run.folder / name
    if name not in FILES or not path.is_file():
        raise HTTPException(NOT_FOUND)
    return FileResponse(path, filename=f"{Path(now.run.file).stem}-run-{now.run.id}-{name}")


async def make_report(request: Request) -> Response:
    """Write the report anew from the journal."""
    now = await _followed(request)
    _require_owner(request, now)
    await asyncio.to_thread(rebuild_report, now.run.id, door(request).settings, None, door(request).clock())
    return to(request, f"/runs/{now.run.id}")


def _require_owner(request: Request, now: RunStatus) -> None:
    if not person(request).may_open(str(now.run.options.get("by", ""))):
        raise HTTPException(NOT_FOUND)


# -- what can be done with a run --------------------------------------------------------------------------------------


async def stop(request: Request) -> Response:
    """Ask the process that works on a run to stop: for now, or for good."""
    now, given = await _followed(request), await form(request)
    _require_owner(request, now)
    for_good = given.get("how") == "for good"
    await asyncio.to_thread(ask_to_stop, now.run.id, settings(request), for_good=for_good)
    if for_good and not now.working:
        await asyncio.to_thread(_end, now.run.id, settings(request), door(request).clock())
    return to(request, f"/runs/{now.run.id}")


def _end(number: int, asked: Settings, now: float) -> None:
    end_run(number, asked, now)
    rebuild_report(number, asked, None, now)


async def resume(request: Request) -> Response:
    """Go on with a run in a new process, unless one works on it."""
    now = await _followed(request)
    _require_owner(request, now)
    if refused := _not_signed_in(request, now):
        return refused
    await asyncio.to_thread(_start_once, door(request), "resume", now.run.id, settings(request))
    return to(request, f"/runs/{now.run.id}")


def _start_once(here: AppContext, doing: str, number: int, asked: Settings, *flags: str) -> None:
    with here.workers.held(number):
        known = here.workers.find(doing, number)
        if (known is None or not known.alive) and not run_status(number, asked, here.clock()).working:
            here.workers.start(doing, number, asked, *flags)


def _not_signed_in(request: Request, now: RunStatus) -> Response | None:
    asked = settings(request)
    return None if asked.token or asked.password else to(request, f"/sign-in?next=/runs/{now.run.id}")


async def again(request: Request) -> Response:
    """Send the rejected and the unsent rows of a run again, as a new run."""
    now = await _followed(request)
    _require_owner(request, now)
    if refused := _not_signed_in(request, now):
        return refused
    number = await asyncio.to_thread(retry, door(request), now.run.id, settings(request), person(request).name)
    return to(request, f"/runs/{number}")


async def verify(request: Request) -> Response:
    """Compare what a run created with what the service holds."""
    now, given = await _followed(request), await form(request)
    _require_owner(request, now)
    if refused := _not_signed_in(request, now):
        return refused
    doing = "reconcile" if given.get("what") == "reconcile" else "verify"
    await asyncio.to_thread(_start_once, door(request), doing, now.run.id, settings(request))
    return to(request, f"/runs/{now.run.id}#after")


async def undo_plan(request: Request) -> Response:
    """What undoing a run will do and cost."""
    now = await _followed(request)
    _require_owner(request, now)
    return page(request, "undo.html", now=now, error="")


async def undo(request: Request) -> Response:
    """Delete what a run created, if its number was typed."""
    now, given = await _followed(request), await form(request)
    _require_owner(request, now)
    created = now.counts[Status.CREATED]
    if given.get("number", "").replace(",", "").strip() != str(created):
        error = f"Type {created:,}, the number of records that will be deleted."
        return page(request, "undo.html", status=422, now=now, error=error)
    if refused := _not_signed_in(request, now):
        return refused
    await asyncio.to_thread(_start_once, door(request), "undo", now.run.id, settings(request), "--yes")
    return to(request, f"/runs/{now.run.id}#after")
