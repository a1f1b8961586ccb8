"""What a sandbox holds, as a page for people: records, people and rooms, limits, and what was refused.

Rule 1: every value goes through `_safe`; names come from spreadsheets, and a spreadsheet may hold markup.
Rule 2: the page changes nothing and runs no script.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from importer.sandbox.kinds import Kind
from importer.sandbox.limits import limits_in_words
from importer.sandbox.lists import shown
from importer.sandbox.records import Stored
from importer.sandbox.replies import Fields
from importer.sandbox.state import Call, State

MOST_RECORDS = 500
"""Of each kind, the latest."""

_MOST_CALLS = 100
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem;color:#1b1b1b}table{border-collapse:collapse;margin:1rem 0}"
    "th,td{border:1px solid #bbb;padding:.2rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "th{background:#f2f2f2}summary{cursor:pointer}"
)
_COWORKER = ("Id", "FullName", "Email", "InvoicingBusinessName")
_RESOURCE = ("Id", "Name", "BusinessName")


def view(state: State) -> Route:
    """The page, at the address of the sandbox itself."""

    async def page(_: Request) -> HTMLResponse:
        headers = {
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }
        return HTMLResponse(page_of(state), headers=headers)

    return Route("/", page, methods=["GET"])


def page_of(state: State) -> str:
    """The whole page."""
    parts = [
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Practice service</title>",
        f"<style>{_STYLE}</style></head><body><h1>Practice service</h1>",
        "<p>Nothing here reaches Nexudus. Reload the page to see what has changed.</p>",
        "<h2>What it allows</h2><ul>",
        *(f"<li>{_safe(line)}</li>" for line in limits_in_words(state.options)),
        "</ul>",
        *_calls(state),
        *(part for kind in state.service.kinds.values() for part in _records(state, kind)),
        *_people("Coworkers", _COWORKER, state.space.coworkers.values(), state.space.deleted_coworkers),
        *_people("Resources", _RESOURCE, state.space.resources.values(), frozenset()),
        "</body></html>",
    ]
    return "\n".join(parts)


def ends_at(record: Fields, kind: Kind, time_scale: float) -> float | None:
    """When what a record stands for is over, in epoch seconds: the time until then passes as fast as all time here."""
    try:
        end = datetime.fromisoformat(str(record.get(kind.ends))).timestamp()
        begin = datetime.fromisoformat(str(record.get("UpdatedOn"))).timestamp()
    except ValueError:
        return None
    return end if end <= begin else begin + (end - begin) / time_scale


def _calls(state: State) -> Iterable[str]:
    calls = state.calls
    by_status = sorted(Counter(call.status for call in calls).items())
    yield f"<h2>Calls</h2><p>{len(calls)} so far, {state.throttled} of them refused as too fast.</p>"
    if calls:
        yield _table(("Answer", "Calls"), [(_answer(status), count) for status, count in by_status])
    refused = [call for call in calls if call.status >= HTTPStatus.BAD_REQUEST][-_MOST_CALLS:]
    if refused:
        yield f"<h3>Refused</h3><p>The latest {len(refused)}, newest first.</p>"
        yield _table(("Time (UTC)", "Call", "Answer", "Why"), map(_refused, reversed(refused)))


def _refused(call: Call) -> Sequence[object]:
    return _clock(time.time() - time.monotonic() + call.at), f"{call.method} {call.path}", call.status, call.cause


def _answer(status: int) -> str:
    return str(status) if status else "none: the connection was closed, or the call is still in progress"


def _records(state: State, kind: Kind) -> Iterable[str]:
    every = [stored for _, stored in state.service.records.all() if stored.entity == kind.entity]
    yield f"<h2>{_safe(kind.entity)}</h2><p>{len(every)} records.</p>"
    if not every:
        return
    if len(every) > MOST_RECORDS:
        yield f"<p>The latest {MOST_RECORDS} are shown.</p>"
    columns = ("Id", *kind.types, "SystemId", "CreatedOn", "UpdatedOn", "UpdatedBy")
    titles = (*columns, "Subscription") if kind.ends else columns
    yield _table(titles, (_record(state, kind, stored, columns) for stored in reversed(every[-MOST_RECORDS:])))


def _record(state: State, kind: Kind, stored: Stored, columns: Sequence[str]) -> Sequence[object]:
    fields = shown(stored.fields, state.options, ())
    values = [fields.get(name) for name in columns]
    if not kind.ends:
        return values
    end = ends_at(stored.fields, kind, state.options.time_scale)
    return [*values, "" if end is None else f"{'ended' if end <= time.time() else 'ends'} {_clock(end)}"]


def _people(title: str, columns: Sequence[str], rows: Iterable[Fields], gone: frozenset[int]) -> Iterable[str]:
    listed = [
        [*(row.get(name) for name in columns), "deleted, but still listed" if row["Id"] in gone else ""] for row in rows
    ]
    yield f"<details><summary>{title}: {len(listed)}</summary>"
    yield _table((*columns, ""), listed)
    yield "</details>"


def _table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{_safe(title)}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(f'<td>{_safe(value)}</td>' for value in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _safe(value: object) -> str:
    return escape("" if value is None else str(value))
