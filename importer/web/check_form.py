"""The form of the check page: whatever is pressed in it first saves all texts typed and all choices made on the page.

The ways from that page to others are buttons of the form, so nothing is lost without scripts either. With scripts, the
buttons of a row save and answer with that row alone.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from importer.config.settings import Settings
from importer.web import choices, entries, late_rows, upload_check
from importer.web.context import NOT_FOUND, app_of, as_page_number, draft_of, form, page, redirect, settings_of
from importer.web.drafts import Draft, Drafts
from importer.web.upload_check import is_current, latest_check
from importer.web.upload_documents import CheckedRow, Header, UploadCheck
from importer.web.upload_pages import check_of, check_values, desk_of

_LOOKS = 10
"""How often a corrected row is looked at again while a name in it is looked up, before its answer is given."""

_GO, _LOOK_UP = "go", "look-up"


# -- the whole page ---------------------------------------------------------------------------------------------------


async def choose(request: Request) -> Response:
    """Save what was typed and chosen, then do what the button says; the file is checked again if something changed."""
    draft, fields = draft_of(request), await form(request)
    if answer := await save_all(request, draft, fields):
        return answer
    if _LOOK_UP in fields:
        app_of(request).drafts.change(draft.id)
    if place := fields.get(_GO):
        return redirect(request, f"/uploads/{draft.id}/{place}")
    return redirect(request, f"/uploads/{draft.id}/check{_back_to(fields)}")


async def save_all(request: Request, draft: Draft, fields: Mapping[str, str]) -> Response | None:
    """Save what was typed and chosen on the page; the page again if something of it cannot be taken."""
    result = latest_check(draft)
    if result is None or result.rows is None:
        return redirect(request, f"/uploads/{draft.id}")
    forms = entries.by_row(fields)
    draft, overtaken = await asyncio.to_thread(with_typed, app_of(request).drafts, draft, result, forms)
    reply = await asyncio.to_thread(choices.answer, desk_of(request), draft, result, fields)
    if not reply.problems and not overtaken:
        return None
    now = app_of(request).drafts.find(draft.id) or draft
    result = await check_of(request, now, stale=True)
    if result is None or result.rows is None:
        return redirect(request, f"/uploads/{draft.id}")
    values = await check_values(request, now, result, place_of(fields))
    values |= {"reply": reply, "entered": fields, "overtaken": overtaken}
    return page(request, "check.html", status=422, **values)


def place_of(fields: Mapping[str, str]) -> dict[str, str]:
    """What a form says of its page: which rows it shows, and which pages of them and of the names."""
    place = {"only": fields.get("show", ""), "page": fields.get("page", "1"), "names": fields.get("names", "1")}
    return {name: text for name, text in place.items() if name != "names" or text != "1"}


def _back_to(fields: Mapping[str, str]) -> str:
    """The part of the page at which a button was pressed."""
    saved, query = fields.get("save", ""), place_of(fields)
    if not saved:
        query = {name: text for name, text in query.items() if name == "names"}
    place = f"row-{saved}" if saved.isdecimal() else "rows" if saved else "questions"
    return f"?{urlencode(query)}#{place}" if query else f"#{place}"


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A text that was not saved, because another page has changed its cell meanwhile to what is there ``now``."""

    cell: str
    now: str
    text: str


# -- cells ------------------------------------------------------------------------------------------------------------


def with_typed(
    drafts: Drafts, draft: Draft, result: UploadCheck, forms: Mapping[int, Mapping[str, str]]
) -> tuple[Draft, list[Overtaken]]:
    """The upload with the texts typed into the cells of these rows, and those that were not taken."""
    if result.header is None or not forms:
        return draft, []
    rows = upload_check.rows_of(draft, result.version, forms)
    # Another page may have corrected a row that this one still shows.
    others = (late_rows.latest_row(draft, number) for number in forms.keys() - rows.keys())
    rows |= {row.row: row for row in others if row}
    corrections, overtaken = _typed(draft, result.header, forms, rows)
    return (drafts.correct(draft.id, cells=corrections) if corrections else None) or draft, overtaken


def _typed(
    draft: Draft, header: Header, forms: Mapping[int, Mapping[str, str]], rows: Mapping[int, CheckedRow]
) -> tuple[dict[str, str], list[Overtaken]]:
    """The texts in the fields of rows that a person typed, by address, and those that are not taken.

    ``rows`` are those at hand. What another page has put into a cell meanwhile is not replaced unseen.
    """
    corrections, overtaken = dict[str, str](), list[Overtaken]()
    for number, fields in forms.items():
        row = rows.get(number)
        cells = upload_check.corrected_row(draft, row).cells if row else {}
        columns = cells if row else header.letters
        late = entries.overtaken(fields, cells)
        typed = {
            f"{letters}{number}": text
            for letters, text in entries.typed(fields, cells).items()
            if letters in columns and letters not in late
        }
        corrections |= typed
        overtaken += [Overtaken(f"{letters}{number}", cells[letters], text) for letters, text in late.items()]
    return corrections, overtaken


# -- one row ----------------------------------------------------------------------------------------------------------


async def correct(request: Request) -> Response:
    """Correct one row in place; answer with the row checked again."""
    draft, fields = draft_of(request), await form(request)
    result, number = latest_check(draft), int(request.path_params["row"])
    if result is None or result.header is None:
        raise HTTPException(NOT_FOUND)
    row = await asyncio.to_thread(late_rows.latest_row, draft, number)
    # The fields of all rows are in the form, and those of the others stay as they are on the page.
    forms = {number: entries.by_row(fields).get(number, {})}
    corrections, overtaken = _typed(draft, result.header, forms, {number: row} if row else {})
    doubles = await doubles_on_page(draft, result, fields)
    drafts = app_of(request).drafts
    # In a thread: somebody on another machine may be changing it just now.
    corrected = await asyncio.to_thread(drafts.correct, draft.id, cells=corrections) if corrections else None
    changed = corrected or draft
    await check_of(request, changed)
    # A row may have been left out on another page, and is not to be shown as corrected.
    if row is None or request.headers.get("hx-request") != "true":
        return redirect(request, f"/uploads/{draft.id}/check?{urlencode(place_of(fields))}#row-{number}")
    row = upload_check.corrected_row(changed, row)
    now = await checked_now(request, changed, result, row)
    saved = "refused" if overtaken else "typed" if corrections else "untouched"
    latest = latest_check(changed) or result
    return await row_answer(
        request, changed, latest, now, fields=fields, saved=saved, doubles=doubles, problem=overtaken
    )


async def doubles_on_page(draft: Draft, result: UploadCheck, fields: Mapping[str, str]) -> list[CheckedRow]:
    """The rows on the page of a form that may be right once another row has changed."""
    shown, number = fields.get("show", ""), as_page_number(fields.get("page", ""))
    return await asyncio.to_thread(upload_check.doubles, draft, result.version, shown, number)


async def checked_now(request: Request, draft: Draft, result: UploadCheck, row: CheckedRow) -> CheckedRow:
    """A row as it is now; names in it are waited for a little."""
    settings, clock = settings_of(request), app_of(request).clock
    now = await asyncio.to_thread(_row_now, draft, result, row, settings, clock())
    for _ in range(_LOOKS):
        if not now.looking_up or await check_of(request, draft) is None:
            continue
        now = await asyncio.to_thread(_row_now, draft, result, row, settings, clock())
    return now


async def row_answer(
    request: Request,
    draft: Draft,
    result: UploadCheck,
    row: CheckedRow,
    *,
    fields: Mapping[str, str],
    saved: str,
    doubles: Sequence[CheckedRow],
    problem: str | Sequence[Overtaken] = "",
) -> Response:
    """The row as it is now, others that were wrong because of it, and how the file stands."""
    doubles, settings = [other for other in doubles if other.row != row.row], settings_of(request)
    # Whether a row that is taken back is equal to another one, too, only the check of the whole file can tell.
    is_late = row.looking_up or (bool(doubles or saved == "back") and not is_current(draft, result, settings))
    reason = late_rows.TYPED if saved == late_rows.TYPED else late_rows.AGAIN
    late = [(row.row, reason), *((other.row, late_rows.AGAIN) for other in doubles)] if is_late else []
    others = [
        await asyncio.to_thread(_row_now, draft, result, other, settings, app_of(request).clock())
        for other in doubles
        if not is_late
    ]
    values = await check_values(request, draft, result, place_of(fields))
    values |= {"oob": True, "late": late, "row": row, "saved": saved, "others": others, "problem": problem}
    return page(request, "row_answer.html", status=422 if row.is_wrong and saved != "out" else 200, **values)


def _row_now(draft: Draft, result: UploadCheck, row: CheckedRow, settings: Settings, now: float) -> CheckedRow:
    """The row by the check of the whole file if that has ended, else checked on its own with the names so far."""
    if is_current(draft, latest_check(draft), settings):
        return upload_check.row(draft, draft.version, row.row) or replace(row, issues=())
    assert result.header is not None
    return upload_check.check_row(draft, result.header, row, settings, now)
