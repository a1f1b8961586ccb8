"""What all routes share: the installation they work for, who asks, and how an answer is made."""

import asyncio
import urllib.parse
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from importer.config.settings import Settings
from importer.errors import ImporterError
from importer.model import Clock
from importer.web.drafts import Draft, Drafts
from importer.web.people import Person, Role, SessionStore, Team, WebSession
from importer.web.render import render
from importer.web.workers import Workers

FORBIDDEN, NOT_FOUND = 403, 404
_WAIT = 0.35
"""Seconds for which an answer waits for work to end; a file of usual size is checked by then."""

_MOST_DIGITS = 6
_MOST_FIELDS = 600
_LONGEST_FIELD = 64 * 1024


class Jobs:
    """Work that takes longer than a page may, done beside it. Nothing is lost with it: the page starts it again."""

    def __init__(self) -> None:
        """Two at once, so that one large file does not keep everybody waiting."""
        self._pool = ThreadPoolExecutor(2, "importer-web")
        self._under_way: dict[str, Future[Any]] = {}

    async def done(self, key: str, work: Callable[[], object]) -> bool:
        """Start the work unless it is under way, and say whether it ended within the time that a page can wait."""
        future = self._under_way.get(key)
        if future is None:
            future = self._under_way[key] = self._pool.submit(work)
        await asyncio.wait([asyncio.wrap_future(future)], timeout=_WAIT)
        if not future.done():
            return False
        self._under_way.pop(key, None)
        future.result()
        return True


@dataclass
class AppContext:
    """The pages of one installation."""

    settings: Settings
    port: int
    sandbox: bool
    drafts: Drafts
    workers: Workers
    visits: SessionStore
    clock: Clock
    team: Team | None = None
    jobs: Jobs = field(default_factory=Jobs)

    @property
    def cookie(self) -> str:
        """The name of the cookie; cookies do not tell ports apart, so it does."""
        return f"importer-{self.port}"


def door(request: Request) -> AppContext:
    """The pages that a request came to."""
    found: AppContext = request.app.state.door
    return found


def visit(request: Request) -> WebSession:
    """The session of a request that may see more than the way in."""
    found: WebSession = request.state.visit
    return found


def person(request: Request) -> Person:
    """Who asks."""
    return visit(request).person


def settings(request: Request) -> Settings:
    """The settings with the sign-in that this person gave, if they did."""
    return visit(request).sign_in or door(request).settings


def own_draft(request: Request) -> Draft:
    """The upload in the address, if it is theirs."""
    found = door(request).drafts.find(request.path_params["draft"])
    if found is None or not person(request).may_open(found.by):
        raise HTTPException(NOT_FOUND)
    return found


async def form(request: Request) -> dict[str, str]:
    """The fields of a form; a file among them is refused."""
    async with request.form(max_files=0, max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD) as data:
        return {name: value for name, value in data.items() if isinstance(value, str)}


def page_number(request: Request) -> int:
    """The page of a table that is asked for; the first one if that is no number."""
    text = request.query_params.get("page", "1")
    return max(int(text), 1) if text.isdecimal() and len(text) <= _MOST_DIGITS else 1


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page or a part of one."""
    return HTMLResponse(render(template, {**frame(request), **values}), status)


def frame(request: Request) -> dict[str, Any]:
    """What every page shows around its own matter."""
    here = door(request)
    session: WebSession | None = getattr(request.state, "visit", None)
    now = session.sign_in if session and session.sign_in else here.settings
    host = urllib.parse.urlsplit(now.url).hostname or now.url
    user = now.username or ("a token" if now.token else "")
    return {
        "path": request.url.path,
        "clock": here.clock,
        "sandbox": here.sandbox or host in {"127.0.0.1", "localhost", "::1"},
        "host": host,
        "signed_in": bool(now.token or now.password),
        "nexudus_user": session.account if session and session.account else user,
        "own_sign_in": bool(session and session.sign_in),
        "person": session.person if session else None,
        "team": here.team is not None,
        "may_run": session is not None and session.person.role >= Role.RUNNER,
        "may_undo": session is not None and session.person.role >= Role.ADMIN,
    }


def to(request: Request, place: str) -> Response:
    """Send the browser to another page, in a form and in a part of a page alike."""
    if request.headers.get("hx-request") == "true":
        return Response(headers={"HX-Redirect": place})
    return RedirectResponse(place, 303)


def told(request: Request, error: ImporterError) -> HTMLResponse:
    """An error as a page of its own: the sentence and what to do."""
    return page(request, "error.html", status=422, title=error.message, advice=error.advice, again="")
