"""Rows that a person leaves out on the page of a check, one by one or all with a cause; works without scripts as well.

Each is a step like those of the table of all rows, and can be undone there. What else was typed and chosen on the page
is saved with it; with scripts, what was typed in that row, and the rest stays on the page.
"""

import asyncio
from collections.abc import Callable
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from importer.web import entries, late_rows, upload_check
from importer.web.check_form import checked_now, doubles_on_page, place_of, row_answer, save_all, with_typed
from importer.web.context import NOT_FOUND, app_of, draft_of, form, redirect, settings_of
from importer.web.table.edit import Reply, Table
from importer.web.table.omission import leave_out, of_cause
from importer.web.table.views import Views
from importer.web.upload_check import latest_check
from importer.web.upload_pages import check_of

_MOST_DIGITS = 9
_BACK = "back"


async def leave_rows_out(request: Request) -> Response:
    """Leave out a row or all rows with a cause, or take a row back; answer with the row, or with the whole page."""
    draft, fields = draft_of(request), await form(request)
    app, out, before = app_of(request), _BACK not in fields, latest_check(draft)
    table = Table(app.drafts, Views(), settings_of(request), app.clock())
    in_place = request.headers.get("hx-request") == "true"
    if not in_place and (answer := await save_all(request, draft, fields)):
        return answer
    if cause := fields.get("cause"):
        await _done(lambda: leave_out(table, draft, lambda rows: of_cause(rows, cause)))
        return redirect(request, f"/uploads/{draft.id}/check")
    number = _row_number(fields.get("row" if out else _BACK, ""))
    row = await asyncio.to_thread(late_rows.latest_row, draft, number)
    doubles = await doubles_on_page(draft, before, fields) if before else []
    # What is typed in the row is kept for when it is taken back.
    if in_place and before:
        forms = {number: entries.by_row(fields).get(number, {})}
        draft, _ = await asyncio.to_thread(with_typed, app.drafts, draft, before, forms)
    reply = await _done(lambda: table.set_left_out(draft, [number], out=out))
    changed = app.drafts.find(draft.id) or draft
    result = await check_of(request, changed, stale=True)
    if not out and result:
        row = await asyncio.to_thread(late_rows.latest_row, changed, number, also_left_out=True)
    if not in_place or row is None or result is None:
        return redirect(request, f"/uploads/{draft.id}/check?{urlencode(place_of(fields))}#rows")
    if not out:
        row = await checked_now(request, changed, result, upload_check.corrected_row(changed, row))
    saved = "refused" if reply.problem else "out" if out else "back"
    return await row_answer(
        request, changed, result, row, fields=fields, saved=saved, doubles=doubles, problem=reply.problem
    )


def _row_number(text: str) -> int:
    """The row of a button; 0, which is none, if the text is no number of a row."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else 0


async def _done(work: Callable[[], Reply]) -> Reply:
    try:
        return await asyncio.to_thread(work)
    except FileNotFoundError as error:
        raise HTTPException(NOT_FOUND) from error
