"""The routes from a file to a run: upload, columns, check, corrections, plan, start."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode
from zoneinfo import available_timezones

from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from importer.checking.columns import UNUSED, choice_keys
from importer.config.saved_columns import remember
from importer.config.settings import Settings
from importer.errors import FileError, ImporterError, JournalError
from importer.journal.shelves import shelf_of
from importer.reporting import CheckedFile, write_marked_workbook, write_plain_fix_file
from importer.reporting.report_words import PAGE_BEFORE_IMPORT
from importer.runs.account_queue import ahead_of_new
from importer.runs.correction import checked_file
from importer.runs.observer import NullObserver
from importer.runs.page_run import add_page_run
from importer.runs.request import Choices, ImportRequest
from importer.runs.source import ColumnMatch, examine
from importer.runs.status import RunStatus, search_statuses, statuses_of_content
from importer.spreadsheet import NO_HEADER
from importer.spreadsheet.template import write_template
from importer.text import printable
from importer.web import choices, late_rows, row_answers, upload_check
from importer.web.context import (
    NOT_FOUND,
    AppContext,
    app_of,
    as_page_number,
    draft_of,
    form,
    page,
    page_number,
    person_of,
    redirect,
    settings_of,
    started_by,
)
from importer.web.drafts import ACCEPTED, LARGEST, Draft, Drafts
from importer.web.own_process import RunningClock, in_own_process
from importer.web.render import render
from importer.web.run_start import start_once
from importer.web.upload_check import (
    ENCODINGS,
    PAGE_ROWS,
    check_upload,
    is_current,
    kind_of,
    latest_check,
    may_be_shown,
)
from importer.web.upload_documents import CheckedRow, CheckedRows, Header, Problem, UploadCheck
from importer.web.upload_names import directories, names_by_id, remembered, signed_in_as
from importer.web.upload_plan import UploadPlan, read_plan, work_out
from importer.web.value_words import ValueWords, listed_names
from schemas import RECORD_TYPES, RecordType

ZONES = sorted(name for name in available_timezones() if name == "UTC" or "/" in name)
"""The zones that are offered; any other that there is can be typed."""

_LONG = 2_000_000
"""The bytes of a file from which on its check has a process of its own, which takes a second to begin."""

MOST_FILES = 20
"""Files taken at once; each is an upload of its own."""

PASTED = "pasted rows.tsv"
_LINES_OF_PASTE = 50
_LONGEST_PASTE = 8 * 1024 * 1024
_UPLOAD_FIELDS = 5
_CHUNK = 1 << 20
_LATEST = 5
_ROW_DIGITS = 7
_CHECKED_ELSEWHERE = 25.0
"""Seconds for which a form waits while this machine checks what another one has checked."""

_READ = "read"
"""What a button says that is about how the file is read."""

_MOST_BEFORE = 3


# -- upload -----------------------------------------------------------------------------------------------------------


async def home(request: Request, errors: Sequence[ImporterError] = ()) -> Response:
    """The home page: what is accepted, files to choose, what is unfinished and what was done last."""
    app = app_of(request)
    latest, _ = await asyncio.to_thread(search_statuses, "", _LATEST, 0, settings_of(request), app.clock())
    uploads = await asyncio.to_thread(app.drafts.all)
    drafts = [draft for draft in uploads if person_of(request).may_open(draft.by)][:MOST_FILES]
    kind = next(iter(RECORD_TYPES.values()))
    facts = [(name, kind.metadata(name), name in kind.required(kind.paths[0])) for name in kind.fields]
    values = {"latest": latest, "drafts": drafts, "fields": facts, "accepted": ACCEPTED, "largest": LARGEST}
    values |= {
        "first_rows": await asyncio.to_thread(_first_rows, app.drafts, drafts),
        "errors": [Problem.of(error) for error in errors],
        "most_files": MOST_FILES,
        "example": _example(kind, app.clock()),
    }
    return page(request, "upload.html", status=422 if errors else 200, kind=kind, **values)


def _first_rows(drafts: Drafts, listed: Sequence[Draft]) -> dict[str, str]:
    """The first rows of those that were pasted, by their ids: they all have the same name."""
    # Found once more, because the file may be on another machine until it is asked for.
    pasted = [drafts.find(draft.id) for draft in listed if draft.name == PASTED]
    return {draft.id: _first_row(draft) for draft in pasted if draft is not None}


def _first_row(draft: Draft) -> str:
    """The texts of the first row below the header."""
    lines = list[str]()
    # Somebody may delete it at this moment.
    with suppress(FileNotFoundError), draft.path.open(encoding="utf-8", errors="replace") as file:
        lines = [line for line in islice(file, _LINES_OF_PASTE) if line.strip()][:2]
    return ", ".join(text for cell in lines[-1].split("\t") if (text := cell.strip())) if lines else ""


def _example(kind: RecordType, now: float) -> list[list[str]]:
    """A sheet as people keep it, its titles first: names and e-mails for Ids, and dates as they are typed."""
    day = datetime.fromtimestamp(now, UTC).date() + timedelta(days=5)
    date = f"{day.day} {day:%B %Y} 10:00"
    texts = {
        "ResourceId": ("Room", "Boardroom", "Station Yard / Studio"),
        "Name": ("Title", "Boardroom, Ada", "Studio, Elif"),
    }
    texts |= {"CoworkerId": ("Member", "ada.abbott@example.com", "Elif Abbott")}
    texts |= {"SubscriptionExpireDate": ("Expires on", date, date)}
    shown = [texts[name] for name in kind.fields if name in texts]
    return [list(row) for row in zip(*shown, strict=True)]


async def upload(request: Request) -> Response:
    """Take files or pasted rows in and go on with them: with one of them at once, with several from the list of all."""
    app, drafts, errors = app_of(request), list[Draft](), list[FileError]()
    async with request.form(max_files=MOST_FILES, max_fields=_UPLOAD_FIELDS, max_part_size=_LONGEST_PASTE) as data:
        zone = str(data.get("zone", ""))
        parts = [part for part in data.getlist("file") if isinstance(part, UploadFile)]
        files = [(_as_named(part.filename), _pieces(part)) for part in parts if part.filename]
        pasted = str(data.get("pasted", ""))
        if pasted.strip():
            files.append((PASTED, _pasted(pasted)))
        for name, pieces in files:
            try:
                draft = await app.drafts.take_in(name, pieces, person_of(request).owner, _known_zone(zone))
                drafts.append(draft)
            except FileError as error:
                errors.append(error)
    if not files:
        errors.append(FileError("No file was chosen.", "Choose a file, or paste rows, first."))
    await asyncio.to_thread(app.drafts.forget_old, app.clock())
    if errors:
        return await home(request, errors)
    return redirect(request, f"/uploads/{drafts[0].id}" if len(drafts) == 1 else "/#uploads")


def _as_named(name: str) -> str:
    """A file name as people wrote it: quotation marks are all that browsers escape of what can be read in one."""
    return name.replace("%22", '"')


def _known_zone(zone: str) -> str:
    """The zone that a browser says it is in; empty if it says none that there is."""
    return zone if zone in available_timezones() else ""


async def _pasted(text: str) -> AsyncIterator[bytes]:
    # Cells from a spreadsheet come with tabs between them. Without a single one the separator is looked for as ever.
    yield text.encode("utf-8", "replace")


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
    today = datetime.fromtimestamp(app_of(request).clock(), UTC).date()
    text = render("sample.csv", {"days": [f"{today + timedelta(days)}" for days in range(7)]})
    return Response(f"{text}\n", media_type="text/csv", headers=_SAMPLE_NAME)


async def discard(request: Request) -> Response:
    """Delete an upload."""
    await asyncio.to_thread(app_of(request).drafts.forget, draft_of(request))
    return redirect(request, "/")


# -- columns ----------------------------------------------------------------------------------------------------------


async def next_step(request: Request) -> Response:
    """Go to the step at which an upload stands."""
    draft = await draft_as_chosen(request)
    result = await check_of(request, draft)
    if result is None:
        return busy_page(request, draft)
    if result.sheets:
        return page(request, "sheets.html", draft=draft, sheets=result.sheets)
    step = "columns" if _columns_first(draft, result) else "check"
    return redirect(request, f"/uploads/{draft.id}/{step}")


def _columns_first(draft: Draft, result: UploadCheck) -> bool:
    """Whether somebody should look at the columns before the rows: not all were found under their own names."""
    header = result.header
    if header is None:
        return False
    fields = [column for column in header.columns if column.field]
    sure = header.remembered or all(column.how in ("exact", "chosen", "-") for column in fields)
    return not header.fits or not (draft.agreed or sure)


async def check_of(
    request: Request, draft: Draft, *, stale: bool = False, wait: float | None = None
) -> UploadCheck | None:
    """The check of an upload; None while it is at work. With ``stale``, one of an earlier version will do."""
    app, result, settings = app_of(request), latest_check(draft), settings_of(request)
    # Twice, because what has just ended may have been about an earlier version.
    for _ in range(2):
        if is_current(draft, result, settings):
            return result
        work = partial(_check_until_current, app, draft.id, settings)
        ended = await app.jobs.done(_check_key(draft, settings), work, wait, person=person_of(request).owner)
        result = latest_check(draft)
        if not ended:
            break
    usable = is_current(draft, result, settings) or (stale and may_be_shown(result, settings))
    return result if usable else None


async def check_here_first(request: Request) -> None:
    """Check an upload that another machine has checked: what a form of its page says is about the rows that it showed.

    Raises:
        FileError: It takes too long. Nothing of the form was saved.
    """
    draft = draft_of(request)
    if not draft.zone_at_first or latest_check(draft) is not None:
        return
    if await check_of(request, draft, stale=True, wait=_CHECKED_ELSEWHERE) is None:
        raise FileError(
            f"{printable(draft.name)} is still being checked on this machine, so nothing was saved.",
            "Go back in a moment, and press the button once more.",
        )


def as_read(request: Request, draft: Draft) -> Draft:
    """The upload with what its check, which has just ended, has put down of how it was read."""
    now = app_of(request).drafts.find(draft.id)
    return now if now is not None and now.version == draft.version else draft


async def draft_as_chosen(request: Request) -> Draft:
    """The upload, in a new version if somebody has chosen another record for one of its names, for another file."""
    draft = draft_of(request)
    arguments = app_of(request).drafts, draft, latest_check(draft), settings_of(request)
    return await asyncio.to_thread(_as_chosen, *arguments)


def _as_chosen(drafts: Drafts, draft: Draft, result: UploadCheck | None, settings: Settings) -> Draft:
    if result is None or not result.has_names or not is_current(draft, result, settings):
        return draft
    if upload_check.has_same_choices(result, remembered(draft, settings)):
        return draft
    return drafts.change(draft.id) or draft


def _check_key(draft: Draft, settings: Settings) -> str:
    return f"check {draft.id} {signed_in_as(settings)}"


def _check_until_current(app: AppContext, key: str, settings: Settings) -> None:
    """Check an upload until it was checked as it is now, however often it is changed meanwhile."""
    while (draft := app.drafts.find(key)) and not is_current(draft, latest_check(draft), settings):
        if draft.size < _LONG:
            check_upload(app.drafts, draft, settings, app.clock)
        else:
            clock = RunningClock(app.clock())
            in_own_process(check_upload, app.drafts.going_by(clock), draft, settings, clock)


def busy_page(request: Request, draft: Draft) -> Response:
    """The page that says how far the check of an upload is."""
    progress = upload_check.progress(draft)
    waiting = app_of(request).jobs.is_waiting(_check_key(draft, settings_of(request)))
    values: dict[str, Any] = {"progress": progress, "planning": False, "waiting": waiting}
    return page(request, "busy.html", draft=draft, title="Checking your file", **values)


async def sheets(request: Request) -> Response:
    """Which sheet of a workbook is to be imported, once one has been chosen."""
    draft = draft_of(request)
    if not draft.sheets:
        return redirect(request, f"/uploads/{draft.id}")
    return page(request, "sheets.html", draft=draft, sheets=draft.sheets)


async def choose_sheet(request: Request) -> Response:
    """Read this sheet of a workbook; a sheet besides one that was chosen before is an upload of its own."""
    draft, fields, drafts = draft_of(request), await form(request), app_of(request).drafts
    name, result = fields.get("sheet", ""), latest_check(draft)
    if draft.read.sheet is None:
        drafts.choose_sheet(draft, name, result.sheets if result else ())
    if draft.read.sheet in (None, name):
        return redirect(request, f"/uploads/{draft.id}")
    # Corrections, answers and what can be undone are of rows by their numbers, which are other rows on another sheet;
    # and another tab may still show the first one, and change it.
    return redirect(request, f"/uploads/{drafts.of_sheet(draft, name).id}")


async def columns(request: Request) -> Response:
    """Which column holds which field."""
    draft = draft_of(request)
    result = await check_of(request, draft)
    if result is None:
        return busy_page(request, draft)
    if result.header is None:
        return redirect(request, f"/uploads/{draft.id}/check")
    chosen = {name: letters for name, letters in request.query_params.items() if name.startswith("field-")}
    return _columns_page(request, draft, result, chosen)


def _columns_page(
    request: Request, draft: Draft, result: UploadCheck, chosen: Mapping[str, str] = MappingProxyType({})
) -> Response:
    """The columns to choose; ``chosen`` are choices of a form that was not taken, or made before the header was."""
    twice = _chosen_twice(chosen)
    values = {"draft": draft, "result": result, "header": result.header, "kind": kind_of(draft)}
    values |= {"chosen": chosen, "twice": twice}
    return page(request, "columns.html", status=422 if twice else 200, **values)


def _chosen_twice(form_fields: Mapping[str, str]) -> dict[str, list[str]]:
    """The fields of each column that was chosen for several, by its letters."""
    fields: dict[str, list[str]] = {}
    for name, letters in form_fields.items():
        if name.startswith("field-") and letters:
            fields.setdefault(letters, []).append(name.removeprefix("field-"))
    return {letters: names for letters, names in fields.items() if len(names) > 1}


async def choose_columns(request: Request) -> Response:
    """Read the columns as chosen, and save that for the next file with the same header."""
    draft, fields, app = draft_of(request), await form(request), app_of(request)
    result = latest_check(draft)
    header = result.header if result else None
    if header is not None and (changes := _typed_otherwise(draft, header, fields)):
        return _check_again(request, fields, changes)
    if result is not None and header is not None and _chosen_twice(fields):
        return _columns_page(request, draft, result, fields)
    chosen = _chosen(header, fields) if header else {}
    if header and "remember" in fields:
        # What was chosen is for this upload all the same. In a thread, as the database may take its time.
        with suppress(JournalError):
            await asyncio.to_thread(remember, header.labels, chosen, shelf_of(app.settings.journal_place))
    await asyncio.to_thread(_agree, app.drafts, draft, chosen)
    return redirect(request, f"/uploads/{draft.id}")


def _agree(drafts: Drafts, draft: Draft, chosen: Mapping[str, str]) -> None:
    with drafts.locked(draft.id) as now:
        if now:
            drafts.keep(now, read=replace(now.read, map=chosen), agreed=True, version=now.version + 1)


def _chosen(header: Header, form_fields: Mapping[str, str]) -> dict[str, str]:
    """The field of each label: what was chosen for a field by the letters of a column, else nothing."""
    chosen = {
        letters: name.removeprefix("field-") for name, letters in form_fields.items() if name.startswith("field-")
    }
    keys = zip(header.letters, choice_keys(header.letters, header.labels), header.labels, strict=True)
    return {key: chosen.get(letters, UNUSED) for letters, key, label in keys if label}


# -- check and correct ------------------------------------------------------------------------------------------------


async def check(request: Request) -> Response:
    """What is wrong, grouped by cause, and the rows to be corrected."""
    draft = await draft_as_chosen(request)
    result = await check_of(request, draft, stale=True)
    if result is None:
        return busy_page(request, draft)
    if result.sheets or (result.header and not result.header.fits):
        return redirect(request, f"/uploads/{draft.id}")
    if result.error:
        return page(request, "unreadable.html", status=422, draft=draft, result=result)
    return page(request, "check.html", **await check_values(request, as_read(request, draft), result))


async def check_values(
    request: Request, draft: Draft, result: UploadCheck, place: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The values of the page of a check; ``place`` says which part of it, if not the address."""
    place = request.query_params if place is None else place
    header, checked = result.header, result.rows
    if header is None or checked is None:
        raise HTTPException(NOT_FOUND)
    only, number = place.get("only", ""), as_page_number(place.get("page", ""))
    only = only or ("error" if checked.invalid else "warning")
    rows, total = await asyncio.to_thread(upload_check.rows, draft, result.version, only, number)
    if result.version != draft.version:
        rows = [upload_check.corrected_row(draft, row) for row in rows]
    return {
        **_summary_values(request, draft, result),
        **_questions(request, draft, checked, as_page_number(place.get("names", ""))),
        "place": f"/uploads/{draft.id}/check?{urlencode({**place})}",
        "overtaken": (),
        "only": only,
        "rows": rows,
        "total": total,
        "number": number,
        "pages": max(-(-total // PAGE_ROWS), 1),
        "columns": _shown_columns(header),
        "before": await _runs_before(request, draft),
        "oob": False,
    }


def _shown_columns(header: Header | None) -> list[ColumnMatch]:
    return [one for one in header.columns if one.field and one.how not in ("-", "guess")] if header else []


def _questions(request: Request, draft: Draft, checked: CheckedRows, number: int) -> dict[str, Any]:
    """What is asked once, as far as it is on this page, and what has been answered."""
    pages = max(-(-len(checked.questions) // choices.PAGE_QUESTIONS), 1)
    number = min(number, pages)
    first = (number - 1) * choices.PAGE_QUESTIONS
    latest = latest_check(draft)
    return {
        "questions": checked.questions[first : first + choices.PAGE_QUESTIONS],
        "names_page": number,
        "names_pages": pages,
        "column_questions": choices.column_questions(checked),
        "zoneless": [cause for cause in checked.causes if cause.code == "zone-assumed" and not draft.read.zone],
        "zones": ZONES,
        "zone": upload_check.zone_of(draft, settings_of(request)),
        "asks_encoding": latest is not None and upload_check.offers_encoding(draft, latest),
        "made": choices.made(draft, checked, latest),
        "reply": choices.Reply(),
    }


def _summary_values(request: Request, draft: Draft, result: UploadCheck) -> dict[str, Any]:
    """The values of the part that says how the file stands."""
    values = {"draft": draft, "result": result, "header": result.header, "checked": result.rows, "late_rows": ()}
    return values | {"current": is_current(draft, result, settings_of(request))}


async def _runs_before(request: Request, draft: Draft, account: str | None = None) -> list[tuple[RunStatus, bool]]:
    """The latest runs of a file with this content, each with whether this person may go on with it.

    Only those for the account, or while that is not known, for the service and user in use.
    """
    settings, now = settings_of(request), app_of(request).clock()
    runs = await asyncio.to_thread(statuses_of_content, draft.sha256, settings, now, account)
    person = person_of(request)
    return [(run, person.may_open(started_by(run))) for run in runs if run.rows][:_MOST_BEFORE]


async def check_summary(request: Request) -> Response:
    """The part of the check page that says how the file stands; asked for while it is being checked again."""
    draft = draft_of(request)
    result = await check_of(request, draft, stale=True)
    if result is None or result.rows is None:
        raise HTTPException(NOT_FOUND)
    values, fields = _summary_values(request, draft, result), request.query_params
    rows: list[tuple[CheckedRow, str]] = []
    if values["current"]:
        typed, again = (late_rows.numbers(fields.getlist(f"late-{how}")) for how in (late_rows.TYPED, late_rows.AGAIN))
        try:
            rows = await asyncio.to_thread(late_rows.late_rows, draft, typed, again)
        except FileNotFoundError:  # another change at this moment; the page asks again
            values["current"] = False
    values |= {"columns": _shown_columns(result.header), "only": fields.get("only", ""), "number": page_number(request)}
    answer = page(request, "check_summary.html", **values | {"late_rows": rows, "oob": True})
    if values["current"] and "whole" in fields:
        # The rows on a page that was opened meanwhile are those from before the change.
        answer.headers["HX-Trigger"] = "check-ended"
    return answer


async def check_again(request: Request) -> Response:
    """Check the file once more, in another encoding or with another row, or none, as its header."""
    fields = await form(request)
    return _check_again(request, fields, _read_otherwise(fields))


def _check_again(request: Request, fields: Mapping[str, str], changes: Mapping[str, Any]) -> Response:
    draft = draft_of(request)
    latest = latest_check(draft)
    if changes:
        app_of(request).drafts.read_anew(draft.id, **changes)
    if changed := _changed_choices(latest.header if latest else None, fields):
        # They are for columns, whatever these are called by now, and nobody has asked to take them back.
        return redirect(request, f"/uploads/{draft.id}/columns?{urlencode(changed)}")
    return redirect(request, f"/uploads/{draft.id}")


def _read_otherwise(fields: Mapping[str, str]) -> dict[str, Any]:
    """How a form says that the file is to be read: by the button that was pressed, else by all of its fields."""
    pressed = fields.get(_READ)
    if pressed == "no header":
        return {"header_row": NO_HEADER, "map": {}}
    if pressed in (None, "encoding") and fields.get("encoding") in ENCODINGS:
        return {"encoding": fields["encoding"], "remembered": False}
    if pressed in (None, "header") and "header_row" in fields:
        # By the letters of a column of the old header, they would be of other columns.
        return {"header_row": _row_number(fields["header_row"]), "map": {}}
    return {}


def _changed_choices(header: Header | None, fields: Mapping[str, str]) -> dict[str, str]:
    """The choices of columns in a form that are not those that the page began with."""
    shown = {f"field-{column.field}": column.column or "" for column in header.columns} if header else {}
    return {name: letters for name, letters in fields.items() if name in shown and letters != shown[name]}


def _typed_otherwise(draft: Draft, header: Header, fields: Mapping[str, str]) -> dict[str, Any]:
    """What a person has typed or chosen about reading the file without pressing the button beside it."""
    if fields.get("header_row", "").strip() not in ("", str(header.row)):
        return _read_otherwise({**fields, _READ: "header"})
    if fields.get("encoding") in (None, draft.read.encoding or "cp1252"):
        return {}
    return _read_otherwise({**fields, _READ: "encoding"})


def desk_of(request: Request) -> choices.Desk:
    """What it takes to answer a form of this upload."""
    app = app_of(request)
    return choices.Desk(app.drafts, settings_of(request), app.clock)


async def names(request: Request) -> Response:
    """Names to choose from for what is being typed, as options."""
    draft, field = draft_of(request), request.path_params["field"]
    typed = next(iter(request.query_params.values()), "")
    records = await asyncio.to_thread(choices.suggested, draft, field, typed, settings_of(request))
    return page(request, "names.html", names=records)


def _row_number(text: str) -> int | None:
    """The row that was typed; None, so that the header is looked for, if it is no number of a row."""
    text = text.strip()
    return int(text) if text.isdecimal() and text.isascii() and 0 < len(text) <= _ROW_DIGITS and int(text) else None


async def undo_corrections(request: Request) -> Response:
    """Read the file as it was uploaded."""
    draft = draft_of(request)
    await asyncio.to_thread(choices.take_back, desk_of(request), draft)
    return redirect(request, f"/uploads/{draft.id}/check")


async def marked(request: Request) -> Response:
    """The user's own workbook with its wrong cells in red; where that cannot be, why, or a plain one if asked for."""
    draft, settings, now = draft_of(request), settings_of(request), app_of(request).clock()
    checked = await asyncio.to_thread(_checked_file, draft, settings, now)
    plain = not checked.suffix or "plain" in request.query_params
    file = Path(tempfile.mkdtemp(prefix="importer-")) / f"marked{'.xlsx' if plain else checked.suffix}"
    if plain:
        await asyncio.to_thread(write_plain_fix_file, checked, file, now)
    elif notice := await asyncio.to_thread(write_marked_workbook, checked, file):
        _forget(file)
        return page(request, "plain_copy.html", draft=draft, notice=notice)
    name = f"{Path(draft.name).stem}-to-correct{file.suffix}"
    return FileResponse(file, filename=name, background=BackgroundTask(_forget, file))


def _checked_file(draft: Draft, settings: Settings, now: float) -> CheckedFile:
    source = replace(upload_check.source_of(draft, settings), directories=directories(draft, settings))
    examined = examine(source, now, allow_duplicates=False)
    return checked_file(source, examined.causes, PAGE_BEFORE_IMPORT)


# -- plan and start ---------------------------------------------------------------------------------------------------


async def plan(request: Request) -> Response:
    """What the import will do and cost."""
    draft, app, settings = await draft_as_chosen(request), app_of(request), settings_of(request)
    result = await check_of(request, draft)
    if result is None:
        return busy_page(request, draft)
    if result.rows is None:
        return redirect(request, f"/uploads/{draft.id}")
    if not settings.can_sign_in:
        return redirect(request, f"/sign-in?next=/uploads/{draft.id}/plan")
    draft = as_read(request, draft)
    made, key = read_plan(draft, settings, app.clock()), f"plan {draft.id} {draft.version}"
    if made is None:
        await app.jobs.done(
            key,
            lambda: work_out(draft, result, settings, app.clock),
            person=person_of(request).owner,
        )
        made = read_plan(draft, settings, app.clock())
    if made is None:
        return page(
            request,
            "busy.html",
            draft=draft,
            title="Working out the plan",
            planning=True,
            waiting=app.jobs.is_waiting(key),
        )
    if made.error:
        values = {"title": made.error.message, "advice": made.error.advice}
        return page(request, "error.html", status=422, again=f"/uploads/{draft.id}/plan", **values)
    return page(request, "plan.html", **await _plan_values(request, draft, made))


def _read_in(draft: Draft, result: UploadCheck | None, settings: Settings) -> str:
    """The time zone in which times are read that do not say theirs; empty if all do."""
    rows = result.rows if result else None
    return upload_check.zone_of(draft, settings) if rows and choices.about_zone(rows) else ""


async def _plan_values(
    request: Request,
    draft: Draft,
    made: UploadPlan,
    problem: str = "",
    chosen: Mapping[int, int] = MappingProxyType({}),
) -> dict[str, Any]:
    """The values of the plan page; ``chosen`` are records of rows on a form that was not taken, for a ``problem``."""
    assert made.plan is not None
    assert made.account is not None
    latest = latest_check(draft)
    header = latest.header if latest else None
    doubts, number = made.groups.ambiguous, page_number(request)
    pages = max(-(-len(doubts) // row_answers.ROWS), 1)
    number = min(number, pages)
    return {
        "read_in": _read_in(draft, latest, settings_of(request)),
        "doubts": doubts[(number - 1) * row_answers.ROWS : number * row_answers.ROWS],
        "number": number,
        "pages": pages,
        "problem": problem,
        "chosen": chosen,
        "outdated": request.query_params.get("outdated", ""),
        "answers": sorted((int(row), record) for row, record in draft.read.answers.items()),
        "refused": dict(made.refused),
        "draft": draft,
        "made": made,
        "plan": made.plan,
        "update": made.with_updates,
        "account": made.account,
        "header": header,
        "labels": {column.field: column.label for column in header.columns if column.field} if header else {},
        "words": await asyncio.to_thread(_value_words, draft, settings_of(request), made.account.key),
        "token_refused": made.token_refused,
        "before": await _runs_before(request, draft, made.account.key),
        "quota": settings_of(request).daily_quota,
        "ahead": await asyncio.to_thread(ahead_of_new, made.account.key, settings_of(request), app_of(request).clock()),
    }


def _value_words(draft: Draft, settings: Settings, account: str) -> ValueWords:
    kind, zone = kind_of(draft), upload_check.zone_of(draft, settings)
    # A record of Nexudus may refer to others than the file does.
    listed, named = listed_names(account, kind, settings), names_by_id(draft, settings)
    names = {name: {**listed.get(name, {}), **named.get(name, {})} for name in kind.references}
    return ValueWords(kind, names, zone, draft.read.dates)


async def answer_rows(request: Request) -> Response:
    """Take a person's word for which records ambiguous rows are, or take it back; the plan is made again."""
    draft, app, fields, settings = draft_of(request), app_of(request), await form(request), settings_of(request)
    begins = request.url.path.endswith("/start")
    reply, made = await asyncio.to_thread(_answer, app, draft, settings, fields)
    if reply.problem and made is not None and made.plan is not None:
        values = await _plan_values(request, draft, made, reply.problem, row_answers.chosen(fields))
        return page(request, "plan.html", status=422, **values)
    if reply.outdated or begins:
        return redirect(request, f"/uploads/{draft.id}/plan?outdated={'yes' if reply.outdated else 'choices'}")
    return redirect(request, f"/uploads/{draft.id}/{fields.get('go') or 'plan'}")


def _answer(
    app: AppContext, draft: Draft, settings: Settings, fields: Mapping[str, str]
) -> tuple[row_answers.Reply, UploadPlan | None]:
    """What a form makes of the answers, which are kept if they can be; and the plan that it is about."""
    with app.drafts.locked(draft.id) as now:
        if now is None or now.run is not None:
            return row_answers.Reply({}), None
        made = read_plan(now, settings, app.clock(), fresh=False)
        reply = row_answers.reply_to(fields, now.read.answers, made.groups.ambiguous if made else None)
        if reply.answers != now.read.answers:
            app.drafts.set_read(now, replace(now.read, answers=reply.answers))
        return reply, made


async def start(request: Request) -> Response:
    """Begin the run, once however often this is asked for, and show it."""
    draft, app, fields = draft_of(request), app_of(request), await form(request)
    if row_answers.chosen(fields):
        # Nobody has seen yet what the import does with these records.
        return await answer_rows(request)
    number = await asyncio.to_thread(_begin, app, draft, settings_of(request), person_of(request).owner, fields)
    return redirect(request, f"/uploads/{draft.id}/plan?outdated=import" if number is None else f"/runs/{number}")


def _begin(app: AppContext, draft: Draft, settings: Settings, by: str, fields: Mapping[str, str]) -> int | None:
    """The run of an upload; None if there is no plan of it, or not the one that was agreed to."""
    with app.drafts.locked(draft.id) as now:
        if now is None:
            raise HTTPException(NOT_FOUND)
        if now.run is not None:
            return now.run
        made = read_plan(now, settings, app.clock(), fresh=False)
        if made is None or made.account is None:
            return None
        # So that each command about the run that a page or a report names goes to the practice service as well.
        options, updates = Choices(sandbox=app.sandbox), None
        # Another page may have made a newer plan, of which this person has not seen what it creates and changes.
        updating = fields.get("update") == "yes"
        if fields.get("plan", "" if updating else made.stamp) != made.stamp:
            return None
        if updating:
            options, updates = replace(options, update=True), made.agreed
        read, checked = upload_check.as_checked(now, settings), latest_check(now)
        if checked is not None and not upload_check.has_same_choices(checked, read.chosen_ids):
            return None
        request = ImportRequest(now.path, settings, NullObserver(), app.clock, kind_of(now), read, options)
        run = add_page_run(request, now.name, made.account.key, by, updates, made.meant)
        # What an import that updates takes was seen on the same plan.
        agreed = made.with_updates if updates is not None else made.plan
        writes = agreed.writes if agreed else 0
        start_once(app, "resume", run.id, settings, account=made.account.key, writes=writes)
        app.drafts.keep(now, run=run.id)
        return run.id
