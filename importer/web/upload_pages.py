"""The routes from a file to a run: upload, columns, check, corrections, plan, start."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import available_timezones

from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from importer.checking.columns import UNUSED
from importer.config.saved_columns import remember
from importer.config.settings import Settings
from importer.errors import FileError, ImporterError
from importer.reporting import write_fix_file
from importer.runs.observer import NullObserver
from importer.runs.queue import queue
from importer.runs.request import ImportRequest
from importer.runs.source import examine as examine_source
from importer.runs.status import search_statuses, statuses_of_content
from importer.spreadsheet import REPAIRS
from importer.spreadsheet.template import write_template
from importer.text import plan_lines, printable, zone
from importer.web import entries, upload_check
from importer.web.context import NOT_FOUND, AppContext, door, form, own_draft, page, page_number, person, settings, to
from importer.web.drafts import ACCEPTED, LARGEST, Draft
from importer.web.render import render
from importer.web.upload_check import ENCODINGS, PAGE_ROWS, checked, examine, is_current, kind_of, will_do
from importer.web.upload_names import can_ask, directories, signed_in_as
from importer.web.upload_plan import made_plan, read_plan, work_out
from schemas import RECORD_TYPES

ZONES = sorted(name for name in available_timezones() if name == "UTC" or "/" in name)
"""The zones that are offered; any other that there is can be typed."""

_CHUNK = 1 << 20
_LATEST = 5
_LOOKS = 10
"""How often a corrected row is looked at again while a name in it is looked up, before its answer is given."""


# -- upload -----------------------------------------------------------------------------------------------------------


async def home(request: Request, error: ImporterError | None = None) -> Response:
    """The way in: what is accepted, a file to choose, what is unfinished and what was done last."""
    here = door(request)
    latest, _ = await asyncio.to_thread(search_statuses, "", _LATEST, 0, settings(request), here.clock())
    drafts = [draft for draft in here.drafts.all() if person(request).may_open(draft.by)][:_LATEST]
    kind = next(iter(RECORD_TYPES.values()))
    facts = [(name, kind.metadata(name), name in kind.required(kind.paths[0])) for name in kind.fields]
    values = {"latest": latest, "drafts": drafts, "fields": facts, "accepted": ACCEPTED, "largest": LARGEST}
    return page(request, "upload.html", status=422 if error else 200, error=error, kind=kind, **values)


async def upload(request: Request) -> Response:
    """Take a file in and go on with it."""
    here = door(request)
    try:
        async with request.form(max_files=1, max_fields=5) as data:
            file = data.get("file")
            if not isinstance(file, UploadFile) or not file.filename:
                raise FileError("No file was chosen.", "Choose a file first.")
            draft = await here.drafts.take_in(file.filename, _pieces(file), person(request).name)
    except FileError as error:
        return await home(request, error)
    here.drafts.forget_old(here.clock())
    return to(request, f"/uploads/{draft.id}")


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_CHUNK):
        yield piece


async def template(_: Request) -> Response:
    """An empty spreadsheet with the right columns."""
    folder = Path(tempfile.mkdtemp(prefix="importer-"))
    file = folder / "mappings.xlsx"
    await asyncio.to_thread(write_template, next(iter(RECORD_TYPES.values())), file)
    return FileResponse(file, filename=file.name, background=BackgroundTask(_forget, file))


def _forget(file: Path) -> None:
    file.unlink(missing_ok=True)
    file.parent.rmdir()


_SAMPLE_NAME = {"Content-Disposition": 'attachment; filename="sample.csv"'}


async def sample(request: Request) -> Response:
    """A few right rows to look at, with dates of the coming week: others would be worth a warning."""
    today = datetime.fromtimestamp(door(request).clock(), UTC).date()
    text = render("sample.csv", {"days": [f"{today + timedelta(days)}" for days in range(7)]})
    return Response(f"{text}\n", media_type="text/csv", headers=_SAMPLE_NAME)


async def discard(request: Request) -> Response:
    """Forget an upload."""
    door(request).drafts.forget(own_draft(request))
    return to(request, "/")


# -- look through -----------------------------------------------------------------------------------------------------


async def opened(request: Request) -> Response:
    """The step at which an upload stands."""
    draft = own_draft(request)
    if draft.run is not None:
        return to(request, f"/runs/{draft.run}")
    known = await _known(request, draft)
    if known is None:
        return _busy(request, draft)
    if known["sheets"]:
        return page(request, "sheets.html", draft=draft, known=known)
    step = "columns" if _columns_first(draft, known) else "check"
    return to(request, f"/uploads/{draft.id}/{step}")


def _columns_first(draft: Draft, known: dict[str, Any]) -> bool:
    """Whether somebody should look at the columns before the rows: not all were found under their own names."""
    if "columns" not in known:
        return False
    fields = [column for column in known["columns"] if column["field"]]
    sure = known["remembered"] or all(column["how"] in ("exact", "chosen", "-") for column in fields)
    return bool(known["missing"] or known["doubled"]) or not (draft.agreed or sure)


async def _known(request: Request, draft: Draft, *, stale: bool = False) -> dict[str, Any] | None:
    """What is known of an upload; None while it is being looked through. ``stale`` will do with an earlier version."""
    here, found, asked = door(request), checked(draft), settings(request)
    # Twice, because what has just ended may have been about an earlier version.
    for _ in range(2):
        if is_current(draft, found, asked):
            return found
        ended = await here.jobs.done(
            f"check {draft.id} {signed_in_as(asked)}", lambda: _look_through(here, draft.id, asked)
        )
        found = checked(draft)
        if not ended:
            break
    return found if is_current(draft, found, asked) or (stale and will_do(found, asked)) else None


def _look_through(here: AppContext, key: str, asked: Settings) -> None:
    """Check an upload until it was checked as it is now, however often it is changed meanwhile."""
    while (draft := here.drafts.find(key)) and not is_current(draft, checked(draft), asked):
        examine(here.drafts, draft, asked, here.clock)


def _busy(request: Request, draft: Draft) -> Response:
    seen, asking = upload_check.progress(draft)
    values: dict[str, Any] = {"seen": seen, "asking": asking, "planning": False}
    return page(request, "busy.html", draft=draft, title="Checking your file", **values)


async def choose_sheet(request: Request) -> Response:
    """Read this sheet of a workbook."""
    draft, given = own_draft(request), await form(request)
    door(request).drafts.change(draft.id, sheet=given.get("sheet", ""))
    return to(request, f"/uploads/{draft.id}")


async def columns(request: Request) -> Response:
    """Which column holds which field."""
    draft = own_draft(request)
    known = await _known(request, draft)
    if known is None or "columns" not in known:
        return _busy(request, draft) if known is None else to(request, f"/uploads/{draft.id}/check")
    return page(request, "columns.html", draft=draft, known=known, kind=kind_of(draft))


async def choose_columns(request: Request) -> Response:
    """Read the columns as chosen, and remember that for the next file with the same labels."""
    draft, given, here = own_draft(request), await form(request), door(request)
    known = checked(draft) or {}
    chosen = _chosen(known, given)
    if "remember" in given:
        remember(known.get("labels", []), chosen, here.settings.home)
    with here.drafts.held(draft.id) as now:
        if now:
            here.drafts.keep(now, read=replace(now.read, map=chosen), agreed=True, version=now.version + 1)
    return to(request, f"/uploads/{draft.id}")


def _chosen(known: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
    """The field of each label: what was chosen for a field by the letters of a column, else nothing."""
    fields = {letters: name.removeprefix("field-") for name, letters in given.items() if name.startswith("field-")}
    labels = zip(known.get("letters", []), known.get("labels", []), strict=True)
    return {label: fields.get(letters, UNUSED) for letters, label in labels if label}


# -- check and correct ------------------------------------------------------------------------------------------------


async def check(request: Request) -> Response:
    """What is wrong, grouped by cause, and the rows to be corrected."""
    draft = own_draft(request)
    known = await _known(request, draft, stale=True)
    if known is None:
        return _busy(request, draft)
    if known["sheets"] or known.get("missing") or known.get("doubled"):
        return to(request, f"/uploads/{draft.id}")
    if known["error"]:
        error, offered = known["error"], known.get("offers_encoding", False)
        return page(request, "unreadable.html", status=422, draft=draft, error=error, offers_encoding=offered)
    return page(request, "check.html", **await _check_values(request, draft, known))


async def _check_values(request: Request, draft: Draft, known: dict[str, Any]) -> dict[str, Any]:
    wanted, number = request.query_params.get("only", ""), page_number(request)
    wanted = wanted or ("error" if known["invalid"] else "warning")
    rows, total = await asyncio.to_thread(upload_check.rows, draft, known["version"], wanted, number)
    before = [
        run
        for run in await asyncio.to_thread(statuses_of_content, draft.sha256, settings(request), door(request).clock())
        if run.rows
    ]
    return {
        "draft": draft,
        "known": known,
        "current": is_current(draft, known, settings(request)),
        "whole": True,
        "zones": ZONES,
        "wanted": wanted,
        "rows": rows,
        "total": total,
        "number": number,
        "pages": max(-(-total // PAGE_ROWS), 1),
        "columns": [column for column in known["columns"] if column["field"] and column["how"] not in ("-", "guess")],
        "before": before[:3],
        "oob": False,
    }


async def standing(request: Request) -> Response:
    """The part of the check page that says how the file stands; asked for while it is being checked again."""
    draft = own_draft(request)
    known = await _known(request, draft, stale=True)
    if known is None:
        raise HTTPException(NOT_FOUND)
    current, whole = is_current(draft, known, settings(request)), "whole" in request.query_params
    values: dict[str, Any] = {"current": current, "whole": whole, "oob": True}
    answer = page(request, "check_standing.html", draft=draft, known=known, **values)
    if current and whole:
        # The rows on a page that was opened meanwhile are those from before the change.
        answer.headers["HX-Refresh"] = "true"
    return answer


async def correct(request: Request) -> Response:
    """Correct one row in place; answer with the row checked again."""
    draft, given = own_draft(request), await form(request)
    known, number = checked(draft), int(request.path_params["row"])
    if not known or "letters" not in known:
        raise HTTPException(NOT_FOUND)
    found = await asyncio.to_thread(upload_check.row, draft, known["version"], number)
    before = upload_check.corrected_row(draft, found) if found else None
    typed = {
        f"{letters}{number}": text
        for letters, text in entries.typed(given, before["cells"] if before else {}).items()
        if letters in (before["cells"] if before else known["letters"])
    }
    changed = (door(request).drafts.correct(draft.id, cells=typed) if typed else None) or draft
    await _known(request, changed)
    # A row without an issue is not at hand: another page has corrected what this one showed.
    if found is None or request.headers.get("hx-request") != "true":
        where = urlencode({"only": given.get("only", ""), "page": given.get("page", "1")})
        return to(request, f"/uploads/{draft.id}/check?{where}#row-{number}")
    return await _corrected(request, changed, known, found, typed=bool(typed))


async def _corrected(
    request: Request, draft: Draft, known: dict[str, Any], found: dict[str, Any], *, typed: bool
) -> Response:
    """The row as it is now, and how the file stands."""
    row = upload_check.corrected_row(draft, found)
    document = await asyncio.to_thread(_row_now, draft, known, row, settings(request), door(request).clock())
    for _ in range(_LOOKS):
        if not document["asking"] or await _known(request, draft) is None:
            continue
        document = await asyncio.to_thread(_row_now, draft, known, row, settings(request), door(request).clock())
    wrong = any(issue["severity"] == "error" for issue in document["issues"])
    values = await _check_values(request, draft, checked(draft) or known)
    values |= {"oob": True, "whole": document["asking"], "row": document, "saved": "typed" if typed else "untouched"}
    return page(request, "row_answer.html", status=422 if wrong else 200, **values)


def _row_now(draft: Draft, known: dict[str, Any], row: dict[str, Any], asked: Settings, now: float) -> dict[str, Any]:
    """The row by the check of the whole file if that has ended, else checked on its own with the names known so far."""
    if is_current(draft, checked(draft), asked):
        found = upload_check.row(draft, draft.version, row["row"])
        return found or upload_check.row_document(row["row"], row["cells"], [])
    return upload_check.check_row(draft, known, row, asked, now)


async def repair(request: Request) -> Response:
    """Correct all cells with one cause: by a repair of their column, or by the order in which dates are read."""
    draft, given = own_draft(request), await form(request)
    name, column = given.get("repair", ""), given.get("column", "")
    if name in upload_check.ORDERS:
        door(request).drafts.change(draft.id, dates=name)
    elif name in REPAIRS and column:
        door(request).drafts.correct(draft.id, repairs={column: name})
    return to(request, f"/uploads/{draft.id}/check")


async def check_again(request: Request) -> Response:
    """Check the file once more: read in another zone or encoding, or with names that could not be looked up before."""
    draft, given, here = own_draft(request), await form(request), door(request)
    if given.get("encoding") in ENCODINGS:
        here.drafts.change(draft.id, encoding=given["encoding"])
        return to(request, f"/uploads/{draft.id}")
    if "zone" not in given:
        here.drafts.change(draft.id)
        return to(request, f"/uploads/{draft.id}/check")
    zone = given["zone"].strip()
    if zone in available_timezones():
        here.drafts.change(draft.id, zone=zone)
        return to(request, f"/uploads/{draft.id}/check")
    known = await _known(request, draft, stale=True)
    if known is None or "rows" not in known:
        return to(request, f"/uploads/{draft.id}")
    error = f"There is no time zone “{printable(zone)}”. Choose one of the list, for example Europe/Berlin."
    values = await _check_values(request, draft, known) | {"zone_error": error, "zone_given": zone}
    return page(request, "check.html", status=422, **values)


async def undo_corrections(request: Request) -> Response:
    """Read the file as it came."""
    draft = own_draft(request)
    door(request).drafts.change(draft.id, cells={}, repairs={}, dates=None)
    return to(request, f"/uploads/{draft.id}/check")


async def marked(request: Request) -> Response:
    """The file with its wrong cells in red."""
    draft = own_draft(request)
    folder = Path(tempfile.mkdtemp(prefix="importer-"))
    file = await asyncio.to_thread(
        _write_marked, draft, settings(request), door(request).clock(), folder / "marked.xlsx"
    )
    name = f"{Path(draft.name).stem}-to-correct.xlsx"
    return FileResponse(file, filename=name, background=BackgroundTask(_forget, file))


def _write_marked(draft: Draft, asked: Settings, now: float, path: Path) -> Path:
    source = replace(upload_check.source_of(draft, asked), directories=directories(draft, asked))
    seen = examine_source(source, now, allow_duplicates=False)
    return write_fix_file(source.sheet, seen.issues, path, {}, now)


# -- plan and start ---------------------------------------------------------------------------------------------------


async def plan(request: Request) -> Response:
    """What the import will do and cost."""
    draft, here, asked = own_draft(request), door(request), settings(request)
    known = await _known(request, draft)
    if known is None:
        return _busy(request, draft)
    if "rows" not in known:
        return to(request, f"/uploads/{draft.id}")
    if not can_ask(asked):
        return to(request, f"/sign-in?next=/uploads/{draft.id}/plan")
    found = read_plan(draft, asked, here.clock())
    if found is None:
        await here.jobs.done(f"plan {draft.id} {draft.version}", lambda: work_out(draft, known, asked, here.clock))
        found = read_plan(draft, asked, here.clock())
    if found is None:
        return page(request, "busy.html", draft=draft, title="Working out the plan", planning=True)
    if error := found["error"]:
        title, advice = error["message"], error["advice"]
        return page(request, "error.html", status=422, again=f"/uploads/{draft.id}/plan", title=title, advice=advice)
    made, account = made_plan(found)
    before = [
        run for run in await asyncio.to_thread(statuses_of_content, draft.sha256, asked, here.clock()) if run.rows
    ]
    lines = [line.strip().removeprefix("Plan: ") for line in plan_lines(made, account)]
    values: dict[str, Any] = {"draft": draft, "known": checked(draft), "before": before[:3], "lines": lines}
    values["zone"] = zone(here.clock())
    return page(request, "plan.html", plan=made, account=account, quota=asked.daily_quota, **values)


async def start(request: Request) -> Response:
    """Begin the run, once however often this is asked for, and show it."""
    draft, asked, here = own_draft(request), settings(request), door(request)
    found = read_plan(draft, asked, here.clock(), fresh=False)
    if draft.run is None and (found is None or found["error"]):
        return to(request, f"/uploads/{draft.id}/plan")
    number = await asyncio.to_thread(
        _begin, here, draft, found["account"].key if found and found["account"] else "", request
    )
    return to(request, f"/runs/{number}")


def _begin(here: AppContext, draft: Draft, account: str, request: Request) -> int:
    asked, by = settings(request), person(request).name
    with here.drafts.held(draft.id) as now:
        if now is None:
            raise HTTPException(NOT_FOUND)
        if now.run is not None:
            return now.run
        job = ImportRequest(now.path, asked, NullObserver(), here.clock, kind_of(now), now.read)
        run = queue(job, now.name, account, by)
        here.workers.start("resume", run.id, asked)
        here.drafts.keep(now, run=run.id)
        return run.id
