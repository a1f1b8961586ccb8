"""The addresses of the table: the page, its rows, and what is done to them."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from importer.config.store import from_json
from importer.web.context import NOT_FOUND, app_of, draft_of, page, page_number, redirect, settings_of
from importer.web.drafts import Draft
from importer.web.table.action import Action
from importer.web.table.edit import Reply, Table
from importer.web.table.planned_rows import PLAN_WORDS
from importer.web.table.row_file import RowFile, RowState, stored_text
from importer.web.table.selection import EDITED, STATES, Selection
from importer.web.table.steps import steps_of
from importer.web.table.views import Views
from importer.web.upload_check import is_current, latest_check
from importer.web.upload_documents import CauseSummary, UploadCheck
from importer.web.upload_pages import busy_page, check_of, draft_as_chosen

PAGE_ROWS = 100
MOST_SCROLLED = 500_000
"""Rows of one long table: browsers cannot draw a page that is much higher."""

_MOST_AT_ONCE = 2_000
_MOST_ANSWERED = 200
"""Changed rows that an answer holds; more of them the page asks for where it shows them."""

_SOON = 0.1
"""Seconds that a person who types waits for the check of a small file; that of a larger one is asked for later."""

_MOST_DIGITS = 9
_LONGEST_PRESS = 100
_VIEWS = Views()

STATE_WORDS = {
    RowState.WRONG: "Needs a change",
    RowState.WARNING: "Warning",
    RowState.READY: "Ready",
    RowState.OUT: "Left out",
    RowState.OPEN: "Being checked",
}
"""What the page calls the state of a row."""


async def show(request: Request) -> Response:
    """All rows of an upload; for a browser without scripts, page by page."""
    draft = await draft_as_chosen(request)
    result = await check_of(request, draft, stale=True)
    if result is None:
        return busy_page(request, draft)
    if result.rows is None:
        return redirect(request, f"/uploads/{draft.id}")
    try:
        values = await asyncio.to_thread(_page_values, request, draft, result)
    except FileNotFoundError:
        # An earlier importer has checked it.
        app_of(request).drafts.change(draft.id)
        return busy_page(request, draft)
    return page(request, "table.html", **values)


def _page_values(request: Request, draft: Draft, result: UploadCheck) -> dict[str, Any]:
    assert result.rows is not None
    selection, number = Selection.of(request.query_params), page_number(request)
    with _table(request).rows(draft) as rows:
        view = _VIEWS.find(draft.id, rows, selection)
        pages = max(-(-len(view.numbers) // PAGE_ROWS), 1)
        number = min(number, pages)
        counts, plans = rows.counts(), rows.plan_counts()
        return {
            "draft": draft,
            "header": result.header,
            "columns": rows.columns,
            "columns_document": json.dumps([asdict(column) for column in rows.columns]),
            "rows": rows.rows(view.numbers[(number - 1) * PAGE_ROWS : number * PAGE_ROWS]),
            "total": len(view.numbers),
            "number": number,
            "pages": pages,
            "selection": selection,
            "query": urlencode(selection.query),
            "choices": _choices(counts, plans, rows.edited_count()),
            "causes": _causes(result.rows.causes, rows.cause_counts(), selection.cause),
            "counts": counts,
            "all": sum(counts.values()),
            "state_words": STATE_WORDS,
            "plan_words": PLAN_WORDS,
            "most": MOST_SCROLLED,
            "query_of": _query_of,
            "state_document": json.dumps({state.value: words for state, words in STATE_WORDS.items()}),
            "plan_document": json.dumps(PLAN_WORDS),
            "current": is_current(draft, result, settings_of(request)),
        }


def _query_of(selection: Selection, *, sort: str, descending: bool) -> str:
    """The address of the same rows in another order."""
    return urlencode(replace(selection, sort=sort, descending=descending).query)


def _causes(causes: Sequence[CauseSummary], counts: Mapping[str, int], chosen: str) -> list[tuple[CauseSummary, int]]:
    """What rows can be shown for, each with how many of them have it now: cells, and rows that are wrong as a whole."""
    # Every time without a zone has one, so that it tells no row from another.
    telling = [cause for cause in causes if cause.code != "zone-assumed"]
    return [(cause, counts.get(cause.key, 0)) for cause in telling if cause.key in counts or cause.key == chosen]


def _choices(counts: Mapping[str, int], plans: Mapping[str, int], edited: int) -> list[tuple[str, str, int]]:
    """The rows that can be shown alone: the word in the address, what people call them, and how many there are."""
    states = [(word, STATE_WORDS[state], counts[state.value]) for word, state in STATES.items()]
    of_plan = [(word, f"Plan: {words}", plans[word]) for word, words in PLAN_WORDS.items() if word in plans]
    return [choice for choice in [*states, (EDITED, "Changed here", edited), *of_plan] if choice[2]]


async def rows(request: Request) -> Response:
    """Some rows of a view and how all of them stand; with ``settle``, after the check if that ends soon."""
    draft = draft_of(request)
    if "settle" in request.query_params:
        await check_of(request, draft, stale=True)
    try:
        return JSONResponse(await asyncio.to_thread(_rows_document, request, draft))
    except FileNotFoundError as error:
        raise HTTPException(NOT_FOUND) from error


def _rows_document(request: Request, draft: Draft) -> dict[str, object]:
    query = request.query_params
    first, number = _number(query.get("first", "")), min(_number(query.get("count", "")), _MOST_AT_ONCE)
    with _table(request).rows(draft) as rows:
        view = _VIEWS.find(draft.id, rows, Selection.of(query), query.get("view", ""))
        shown = rows.rows(view.numbers[first : first + number])
        return {
            "view": view.id,
            "total": len(view.numbers),
            "first": first,
            "rows": [row.document for row in shown],
            **_standing(request, draft, rows),
        }


def _standing(request: Request, draft: Draft, rows: RowFile) -> dict[str, object]:
    """How the upload stands: its version, whether it is being checked, its counts, and what can be undone."""
    with steps_of(draft.folder) as steps:
        (undo_step, undo), (redo_step, redo) = steps.next_labels()
    current = is_current(draft, latest_check(draft), settings_of(request))
    choices = _choices(rows.counts(), rows.plan_counts(), rows.edited_count())
    next_steps = {"undo": undo, "undo_step": undo_step, "redo": redo, "redo_step": redo_step}
    return {"version": draft.version, "checking": not current, "choices": choices, **next_steps}


async def act(request: Request) -> Response:
    """Do something to cells or rows; the answer is what changed, checked again."""
    draft = draft_of(request)
    action = _action(await request.body())
    selection = Selection.of(request.query_params)
    try:
        reply = await asyncio.to_thread(_table(request).act, draft, action, selection)
    except FileNotFoundError as error:
        raise HTTPException(NOT_FOUND) from error
    changed = app_of(request).drafts.find(draft.id) or draft
    # Before the check of the whole file, which would slow it down.
    document = await asyncio.to_thread(_reply_document, request, changed, reply)
    if reply.rows:
        result = await check_of(request, changed, stale=True, wait=_SOON)
        if is_current(changed, result, settings_of(request)):
            document = await asyncio.to_thread(_reply_document, request, changed, reply)
    return JSONResponse(document, 409 if reply.outdated else 422 if reply.problem else 200)


def _action(body: bytes) -> Action:
    """The action in a request.

    Raises:
        HTTPException: It is none.
    """
    try:
        action: Action = from_json(Action, json.loads(body))
    except (ValueError, TypeError, RecursionError) as error:
        raise HTTPException(400) from error
    places = (action.first, action.last, action.left, action.right, action.row)
    texts = (action.text, action.find, action.before or "", action.press)
    # Half a character cannot be stored, and no such number is that of a row.
    if min(places) < 0 or max(places) >= 10**_MOST_DIGITS or any(stored_text(text) != text for text in texts):
        raise HTTPException(400)
    if len(action.press) > _LONGEST_PRESS:
        raise HTTPException(400)
    return action


def _reply_document(request: Request, draft: Draft, reply: Reply) -> dict[str, object]:
    answered: Sequence[int] = reply.rows if len(reply.rows) <= _MOST_ANSWERED else ()
    with _table(request).rows(draft) as rows:
        return {
            "message": reply.message,
            "problem": reply.problem,
            "changed": len(reply.rows),
            "rows": [row.document for row in rows.rows(answered)],
            **_standing(request, draft, rows),
        }


def _table(request: Request) -> Table:
    app = app_of(request)
    return Table(app.drafts, _VIEWS, settings_of(request), app.clock())


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else 0
