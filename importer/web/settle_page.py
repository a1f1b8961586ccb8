"""The page on which a person settles a row that nobody else can: which record is its own, or that there is none."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from importer.errors import BusyError, ImporterError, StoppedError
from importer.runs.observer import NullObserver
from importer.runs.request import Choices, RunRequest
from importer.runs.settle import Question, question_about, settle_row
from importer.runs.start import titles_of
from importer.web.context import app_of, form, page, redirect, run_of, settings_of
from importer.web.value_words import value_words

_PATIENCE = 60.0
"""Seconds for which a page may ask Nexudus; an account with a long list, or without allowance, needs more."""

_MOST_DIGITS = 18
_LATER = "Nexudus cannot be asked at the moment. Try again in a few minutes."
_BUSY = "An import is being sent for this account. Wait until it has finished, then try again."
_CHOOSE = "Choose a record, type its Id, or say that there is none."
_NO_ID = "An Id is a whole number, as Nexudus shows it."


async def show(request: Request) -> Response:
    """The row, and the records that may be its own."""
    return _sign_in_first(request) or await _page(request)


async def settle(request: Request) -> Response:
    """Take the person's word, as far as Nexudus does not show something else."""
    if answer := _sign_in_first(request):
        return answer
    record, problem = _chosen(await form(request))
    if problem:
        return await _page(request, problem)
    try:
        await asyncio.to_thread(asyncio.run, settle_row(_request(request), request.path_params["row"], record))
    except ImporterError as error:
        return await _page(request, _words(error))
    return redirect(request, f"/runs/{run_of(request).run.id}")


def _chosen(fields: dict[str, str]) -> tuple[int | None, str]:
    """The Id of the record, None if there is none; or what is wrong with the form."""
    choice = fields.get("record", "")
    if choice == "none":
        return None, ""
    text = fields.get("id", "").strip() if choice in ("", "other") else choice
    if not text:
        return None, _CHOOSE
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS and int(text)):
        return None, _NO_ID
    return int(text), ""


async def _page(request: Request, problem: str = "") -> Response:
    now, row = run_of(request), request.path_params["row"]
    question: Question | None = None
    try:
        question = await asyncio.to_thread(asyncio.run, question_about(_request(request), row))
    except ImporterError as error:
        problem = problem or _words(error)
    status = 422 if problem else 200
    values = {"now": now, "row": row, "question": question, "error": problem, "labels": titles_of(now.run)}
    values["words"] = await asyncio.to_thread(value_words, now.run, settings_of(request))
    return page(request, "settle.html", status=status, **values)


def _words(error: ImporterError) -> str:
    """What went wrong, without the commands and processes that an error names for the terminal."""
    match error:
        case StoppedError():
            return _LATER
        case BusyError():
            return _BUSY
        case _:
            return error.message


def _request(request: Request) -> RunRequest:
    app, choices = app_of(request), Choices(max_duration=_PATIENCE)
    return RunRequest(run_of(request).run.id, settings_of(request), NullObserver(), app.clock, choices)


def _sign_in_first(request: Request) -> Response | None:
    if settings_of(request).can_sign_in:
        return None
    return redirect(request, f"/sign-in?next=/runs/{run_of(request).run.id}")
