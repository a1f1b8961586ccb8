"""Rows that a person leaves out on the page of a check, one by one or all with a cause; works without scripts as well.

Each is a step like those of the table of all rows, and can be undone there.
"""

import asyncio
from collections.abc import Callable
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from importer.web import late_rows, upload_check
from importer.web.context import NOT_FOUND, app_of, draft_of, form, redirect, settings_of
from importer.web.table.edit import Reply, Table
from importer.web.table.omission import leave_out, of_cause
from importer.web.table.views import Views
from importer.web.upload_check import latest_check
from importer.web.upload_pages import check_of, checked_now, doubles_on_page, row_answer, with_typed

_MOST_DIGITS = 9


async def leave_rows_out(request: Request) -> Response:
    """Leave out a row or all rows with a cause, or take a row back; answer with the row, or with the whole page."""
    draft, fields = draft_of(request), await form(request)
    app, text = app_of(request), fields.get("row", "")
    table = Table(app.drafts, Views(), settings_of(request), app.clock())
    if not text:
        await _done(lambda: leave_out(table, draft, lambda rows: of_cause(rows, fields.get("cause", ""))))
        return redirect(request, f"/uploads/{draft.id}/check")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else 0
    out, before = "back" not in fields, latest_check(draft)
    row = await asyncio.to_thread(late_rows.row_of, draft, before.version, number) if before else None
    doubles = await doubles_on_page(draft, before, fields) if before else []
    # What is typed in the row is kept for when it is taken back.
    if before:
        draft, _ = await asyncio.to_thread(with_typed, app.drafts, draft, before, fields)
    reply = await _done(lambda: table.set_left_out(draft, [number], out=out))
    changed = app.drafts.find(draft.id) or draft
    result = await check_of(request, changed, stale=True)
    if not out and result:
        row = await asyncio.to_thread(late_rows.row_of, changed, result.version, number)
    if request.headers.get("hx-request") != "true" or row is None or result is None:
        query = urlencode({"only": fields.get("only", ""), "page": fields.get("page", "1")})
        return redirect(request, f"/uploads/{draft.id}/check?{query}#rows")
    if not out:
        row = await checked_now(request, changed, result, upload_check.corrected_row(changed, row))
    saved = "refused" if reply.problem else "out" if out else "back"
    return await row_answer(
        request, changed, result, row, fields=fields, saved=saved, doubles=doubles, problem=reply.problem
    )


async def _done(work: Callable[[], Reply]) -> Reply:
    try:
        return await asyncio.to_thread(work)
    except FileNotFoundError as error:
        raise HTTPException(NOT_FOUND) from error
