"""All addresses of the pages, with who may ask for each; the check of the session; and the end of every error."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from importer.errors import ImporterError, JournalBusyError, JournalError
from importer.runs.log import Level, LogLine
from importer.runs.status import RunStatus, run_status
from importer.web import check_form, manual, probes, row_omission, run_pages, settle_page, upload_pages
from importer.web.auth import Person, Role, WebSession, session_pages, sign_in_pages
from importer.web.context import (
    FORBIDDEN,
    NOT_FOUND,
    AppContext,
    app_of,
    draft_of,
    error_page,
    page,
    person_of,
    redirect,
    settings_of,
    started_by,
)
from importer.web.drafts import LARGEST
from importer.web.guard import Guard, Proxy
from importer.web.table import pages as table

Handler = Callable[[Request], Awaitable[Response]]

TOO_LARGE = 413
_AWAY = 503
_PEOPLE_AWAY = {
    "title": "Who may use these pages cannot be looked up at the moment.",
    "advice": "Reload this page in a moment. If it stays so, tell whoever runs it: importer doctor says what is wrong.",
    "again": "",
}
_FORM_OVERHEAD = 64 * 1024
_AFTER_LASTS = 600
"""Seconds for which the page that was asked for is kept, as long as a start link works."""


class _Number(Convertor[int]):
    """The number of a run or a row in an address. A longer one is none: neither Python nor a database takes any."""

    regex = "[0-9]{1,9}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("number", _Number())


class Owner(Enum):
    """Whose a thing in an address must be. What belongs to somebody else is answered as if it did not exist."""

    NONE = auto()
    """Nothing in the address belongs to anybody."""

    OWN_UPLOAD = auto()
    """Only the person who uploaded the file may, or an administrator."""

    OPEN_UPLOAD = auto()
    """The same, as long as no run came of it: after that its pages lead to the run, for nothing can be changed."""

    ANY_RUN = auto()
    """Everybody with the role may: a run's counts, never its rows or files."""

    OWN_RUN = auto()
    """Only the person who started the run may, or an administrator."""


_OF_UPLOADS = (Owner.OWN_UPLOAD, Owner.OPEN_UPLOAD)


class Audience(Enum):
    """Whom an address is for; to others it does not exist."""

    ALL = auto()
    ONE_PERSON = auto()
    """A page for one person on this machine. A link that signs in must not be one in a team: whoever opens the link of
    somebody else would work, and sign in to Nexudus, in a session that the other one has."""

    TEAM = auto()
    """A page that a team shares."""

    MACHINES = auto()
    """No page, but an answer for a program that looks after it: under any name, and without the proxy of a team."""


@dataclass(frozen=True, slots=True)
class PageRoute:
    """One address: what answers it, and who may ask for it: the least role, whose upload or run it is, whom it is for.

    With ``role`` None, no session is needed.
    """

    method: str
    path: str
    handler: Handler
    role: Role | None
    owner: Owner = Owner.NONE
    audience: Audience = Audience.ALL


ANYBODY, VIEWER, RUNNER, ADMIN = None, Role.VIEWER, Role.RUNNER, Role.ADMIN

TABLE: tuple[PageRoute, ...] = (
    PageRoute("GET", "/healthz", probes.health, ANYBODY, audience=Audience.MACHINES),
    PageRoute("GET", "/metrics", probes.metrics, ANYBODY, audience=Audience.MACHINES),
    PageRoute("GET", "/start", sign_in_pages.open_link, ANYBODY, audience=Audience.ONE_PERSON),
    PageRoute("GET", "/enter", sign_in_pages.go_to_provider, ANYBODY, audience=Audience.TEAM),
    PageRoute("GET", "/enter/callback", sign_in_pages.come_back, ANYBODY, audience=Audience.TEAM),
    PageRoute("GET", "/left", sign_in_pages.show_signed_out, ANYBODY),
    PageRoute("POST", "/leave", sign_in_pages.leave, VIEWER),
    PageRoute("POST", "/link", sign_in_pages.new_link, VIEWER, audience=Audience.ONE_PERSON),
    PageRoute("GET", "/sessions", session_pages.show, VIEWER, audience=Audience.TEAM),
    PageRoute("POST", "/sessions", session_pages.end, VIEWER, audience=Audience.TEAM),
    PageRoute("GET", "/sign-in", sign_in_pages.show_nexudus_form, RUNNER),
    PageRoute("POST", "/sign-in", sign_in_pages.sign_in_to_nexudus, RUNNER),
    PageRoute("POST", "/sign-out", sign_in_pages.sign_out_of_nexudus, RUNNER),
    PageRoute("GET", "/", upload_pages.home, VIEWER),
    PageRoute("POST", "/uploads", upload_pages.upload, RUNNER),
    PageRoute("GET", "/template.xlsx", upload_pages.template, VIEWER),
    PageRoute("GET", "/sample.csv", upload_pages.sample, VIEWER),
    PageRoute("GET", "/uploads/{draft}", upload_pages.next_step, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("POST", "/uploads/{draft}/discard", upload_pages.discard, RUNNER, Owner.OWN_UPLOAD),
    PageRoute("GET", "/uploads/{draft}/sheet", upload_pages.sheets, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("POST", "/uploads/{draft}/sheet", upload_pages.choose_sheet, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("GET", "/uploads/{draft}/columns", upload_pages.columns, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("POST", "/uploads/{draft}/columns", upload_pages.choose_columns, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("GET", "/uploads/{draft}/check", upload_pages.check, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("POST", "/uploads/{draft}/check", upload_pages.check_again, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("GET", "/uploads/{draft}/standing", upload_pages.check_summary, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("POST", "/uploads/{draft}/rows/{row:number}", check_form.correct, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("POST", "/uploads/{draft}/leave-out", row_omission.leave_rows_out, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("POST", "/uploads/{draft}/choices", check_form.choose, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("GET", "/uploads/{draft}/names/{field}", upload_pages.names, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("POST", "/uploads/{draft}/as-it-came", upload_pages.undo_corrections, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("GET", "/uploads/{draft}/table", table.show, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("GET", "/uploads/{draft}/table/rows", table.rows, RUNNER, Owner.OWN_UPLOAD),
    PageRoute("POST", "/uploads/{draft}/table/steps", table.act, RUNNER, Owner.OWN_UPLOAD),
    PageRoute("GET", "/uploads/{draft}/marked.xlsx", upload_pages.marked, RUNNER, Owner.OWN_UPLOAD),
    PageRoute("GET", "/uploads/{draft}/plan", upload_pages.plan, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("POST", "/uploads/{draft}/records", upload_pages.answer_rows, RUNNER, Owner.OPEN_UPLOAD),
    PageRoute("POST", "/uploads/{draft}/start", upload_pages.start, RUNNER, Owner.OWN_UPLOAD),
    PageRoute("GET", "/help", manual.contents, VIEWER),
    PageRoute("GET", "/help/{topic}", manual.topic, VIEWER),
    PageRoute("GET", "/runs", run_pages.history, VIEWER),
    PageRoute("GET", "/runs/{run:number}", run_pages.overview, VIEWER, Owner.ANY_RUN),
    PageRoute("GET", "/runs/{run:number}/progress", run_pages.progress, VIEWER, Owner.ANY_RUN),
    PageRoute("GET", "/runs/{run:number}/rows", run_pages.rows, VIEWER, Owner.OWN_RUN),
    PageRoute("GET", "/runs/{run:number}/files/{name}", run_pages.file, VIEWER, Owner.OWN_RUN),
    PageRoute("POST", "/runs/{run:number}/report", run_pages.rewrite_report, RUNNER, Owner.OWN_RUN),
    PageRoute("GET", "/runs/{run:number}/stop", run_pages.ask_before_stop, RUNNER, Owner.OWN_RUN),
    PageRoute("POST", "/runs/{run:number}/stop", run_pages.stop, RUNNER, Owner.OWN_RUN),
    PageRoute("POST", "/runs/{run:number}/resume", run_pages.resume, RUNNER, Owner.OWN_RUN),
    PageRoute("POST", "/runs/{run:number}/retry", run_pages.retry_failed, RUNNER, Owner.OWN_RUN),
    PageRoute("POST", "/runs/{run:number}/again", run_pages.compare_again, RUNNER, Owner.OWN_RUN),
    PageRoute("POST", "/runs/{run:number}/verify", run_pages.verify, RUNNER, Owner.OWN_RUN),
    PageRoute("POST", "/runs/{run:number}/reconcile", run_pages.reconcile, RUNNER, Owner.OWN_RUN),
    PageRoute("GET", "/runs/{run:number}/settle/{row:number}", settle_page.show, RUNNER, Owner.OWN_RUN),
    PageRoute("POST", "/runs/{run:number}/settle/{row:number}", settle_page.settle, RUNNER, Owner.OWN_RUN),
    PageRoute("GET", "/runs/{run:number}/undo", run_pages.undo_plan, ADMIN, Owner.OWN_RUN),
    PageRoute("POST", "/runs/{run:number}/undo", run_pages.undo, ADMIN, Owner.OWN_RUN),
)
"""Every address. Who may do what is read here and enforced in ``_guarded``; a handler decides nothing of it."""

_OPEN = frozenset(route.path for route in TABLE if route.role is ANYBODY)
_FOR_MACHINES = frozenset(route.path for route in TABLE if route.audience is Audience.MACHINES)


def build(context: AppContext, hosts: Collection[str], proxy: Proxy | None = None) -> Starlette:
    """The pages as an application, under these values of the Host header."""
    routes = [Route(route.path, _guarded(route), methods=[route.method]) for route in TABLE]
    static = Mount("/static", StaticFiles(directory=Path(__file__).with_name("static")))
    starlette = Starlette(
        routes=[*routes, static],
        middleware=[
            Middleware(Guard, hosts, proxy, _FOR_MACHINES),
            Middleware(RequestBodyLimitMiddleware, LARGEST + _FORM_OVERHEAD),
            Middleware(_SessionCheck),
        ],
        exception_handlers={ImporterError: _importer_error, HTTPException: _http_error},
    )
    starlette.state.context = context
    return starlette


def _guarded(route: PageRoute) -> Handler:
    """The handler of an address behind its role and its owner rule."""

    async def answer(request: Request) -> Response:
        people = Audience.TEAM if app_of(request).team else Audience.ONE_PERSON
        if route.audience not in (Audience.ALL, Audience.MACHINES, people):
            raise HTTPException(NOT_FOUND)
        if route.role is not None and person_of(request).role < route.role:
            _log_refusal(request, route, "role")
            raise HTTPException(FORBIDDEN)
        try:
            await _require_owner(request, route)
            if route.owner is Owner.OPEN_UPLOAD and (run := draft_of(request).run) is not None:
                return redirect(request, f"/runs/{run}")
            if route.owner in _OF_UPLOADS and route.method == "POST" and route.handler is not upload_pages.discard:
                await upload_pages.check_here_first(request)
            return await route.handler(request)
        except (HTTPException, ImporterError):
            raise
        except Exception as error:  # noqa: BLE001  a bug ends here, as a page
            page_of_bug = _unexpected(request, error)
            # Where the details are is for people who have signed in.
            return probes.unavailable() if route.audience is Audience.MACHINES else page_of_bug

    return answer


def _log_refusal(request: Request, route: PageRoute, reason: str) -> None:
    # The address as the table has it: what stands in it may be the secret of somebody else's upload.
    details = {"reason": reason, "role": person_of(request).role.name.lower(), "address": route.path}
    app_of(request).log(LogLine("request refused", Level.WARNING, details=details))


async def _require_owner(request: Request, route: PageRoute) -> None:
    """Look up what the address names and leave it with the request.

    Raises:
        HTTPException: There is no such thing, or it is somebody else's; nobody can tell which.
    """
    rule = route.owner
    if rule in _OF_UPLOADS:
        # In a thread: the upload may have to come from a database that takes its time.
        draft = await asyncio.to_thread(app_of(request).drafts.find, request.path_params["draft"])
        if draft is None:
            raise HTTPException(NOT_FOUND)
        if not person_of(request).may_open(draft.by):
            _log_refusal(request, route, "owner")
            raise HTTPException(NOT_FOUND)
        request.state.draft = draft
    elif rule is not Owner.NONE:
        run = await _run(request)
        if rule is Owner.OWN_RUN and not person_of(request).may_open(started_by(run)):
            _log_refusal(request, route, "owner")
            raise HTTPException(NOT_FOUND)
        request.state.run = run


async def _run(request: Request) -> RunStatus:
    try:
        return await asyncio.to_thread(
            run_status, request.path_params["run"], settings_of(request), app_of(request).clock()
        )
    except JournalBusyError:
        raise
    except JournalError as error:
        raise HTTPException(NOT_FOUND) from error


class _SessionCheck:
    """Lets a request on if it belongs to a session, or answers with the page that says how to sign in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if scope["type"] == "http" and not request.url.path.startswith("/static/") and not _is_for_machines(request):
            try:
                session = await _session(request)
            except JournalError as error:
                # What somebody may do is not known, so they may do nothing, and are not told where the database is.
                app_of(request).log(LogLine("people away", Level.WARNING, details={"error": type(error).__name__}))
                await page(request, "error.html", status=_AWAY, **_PEOPLE_AWAY)(scope, receive, send)
                return
            except ImporterError as error:
                await error_page(request, error)(scope, receive, send)
                return
            if session is None and request.url.path not in _OPEN:
                await _sign_in_page(request)(scope, receive, send)
                return
            if session is not None:
                request.state.session = session
        await self._app(scope, receive, send)


def _is_for_machines(request: Request) -> bool:
    return request.url.path in _FOR_MACHINES and request.method in {"GET", "HEAD"}


async def _session(request: Request) -> WebSession | None:
    app = app_of(request)
    team = app.team
    if team is not None and team.provider is None:
        identity = team.named_by_proxy(request.headers)
        # In a thread: the list may be in a database that takes its time, and others are not to wait for it.
        grant = await asyncio.to_thread(team.grant, identity) if identity else None
        if identity is None or grant is None:
            return None
        return app.sessions.of_proxy(Person(identity.name, grant.role, identity.key), identity, grant.number)
    session = app.sessions.find(request.cookies.get(app.cookie, ""))
    if session is None or team is None or session.identity is None:
        return session if team is None else None
    grant = await asyncio.to_thread(team.grant, session.identity)
    if grant is None or grant.number != session.grant:
        # Whoever was removed or given another role signs in anew, everywhere. The sessions end rather than wait: the
        # role that somebody gets tomorrow must not wake those of today.
        app.sessions.end_of_person(session.person.key, lambda *_: True)
        return None
    return session


def _sign_in_page(request: Request) -> Response:
    app = app_of(request)
    answer = _team_page(request) if app.team else _start_link_page(request)
    if request.headers.get("hx-request") == "true":
        answer.headers["HX-Refresh"] = "true"
    return answer


def _team_page(request: Request) -> Response:
    team = app_of(request).team
    identity = team.named_by_proxy(request.headers) if team and team.provider is None else None
    if identity is not None:
        sign_in_pages.log_refusal(request, "no role")
        title, text = sign_in_pages.no_role(identity.name)
    elif team and team.provider is None:
        title, text = "You are not signed in", "The sign-in in front of these pages does not say who you are."
    else:
        title, text = "Sign in", ""
    after = request.url.path if request.method == "GET" else "/"
    return sign_in_pages.sign_in_page(request, title, text, sign_in_pages.UNAUTHORIZED, after)


def _start_link_page(request: Request) -> Response:
    answer = page(request, "sign_in_required.html", status=sign_in_pages.UNAUTHORIZED, used=False)
    if request.method == "GET" and request.headers.get("hx-request") != "true":
        # The start link that signs in again leads there: a bookmark works after a restart. An address only, which
        # is looked at once more before it is used; never a secret.
        answer.set_cookie(
            app_of(request).after_sign_in,
            request.url.path,
            max_age=_AFTER_LASTS,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
            path="/",
        )
    return answer


async def _importer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ImporterError)
    if isinstance(error, JournalBusyError) and request.method == "GET":
        # A part of a page that polls keeps what it shows and asks again; a whole page reloads by itself.
        polls = request.headers.get("hx-request") == "true"
        return Response(status_code=204) if polls else page(request, "later.html", status=503)
    return error_page(request, error)


_REFUSALS = {
    FORBIDDEN: ("You do not have permission to do that.", "Ask an administrator of these pages."),
    NOT_FOUND: ("Page not found.", "It may have been removed, or it may belong to somebody else."),
    405: ("That address does not work that way.", "Go back and use the buttons on the page."),
    TOO_LARGE: (
        f"The file, or the files together, are larger than {LARGEST // 1024**2} MB.",
        "Upload one at a time, or split a large one into smaller files. "
        "An administrator can import larger ones from the command line.",
    ),
}


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title, advice = _REFUSALS.get(error.status_code, ("The server could not handle that.", "Go back and try again."))
    answer = page(request, "error.html", status=error.status_code, title=title, advice=advice, again="")
    if error.status_code == TOO_LARGE:
        # Otherwise the server would go on receiving the rest of a file that it has refused.
        answer.headers["Connection"] = "close"
    return answer


def _unexpected(request: Request, error: Exception) -> Response:
    log = app_of(request).workers.note("".join(traceback.format_exception(error)))
    details = {"error": type(error).__name__, "details": log.name}
    app_of(request).log(LogLine("unexpected error", Level.ERROR, details=details))
    advice = (
        f"This is a bug; the details are in {log.parent.name}/{log.name}. Nothing is lost: what was sent is recorded."
    )
    title = f"Unexpected error ({type(error).__name__})."
    return page(request, "error.html", status=500, title=title, advice=advice, again="")
