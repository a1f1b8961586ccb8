"""All addresses of the pages, with who may ask for each; the way in; and the end of every error."""

import traceback
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from importer.errors import ImporterError, JournalBusyError
from importer.web import manual, run_pages, sign_in_pages, upload_pages
from importer.web.context import FORBIDDEN, NOT_FOUND, AppContext, door, page, person, told
from importer.web.drafts import LARGEST
from importer.web.guard import Guard
from importer.web.people import Role

Handler = Callable[[Request], Awaitable[Response]]

TOO_LARGE = 413
_FORM_OVERHEAD = 64 * 1024
_OPEN = frozenset({"/start", "/enter", "/left"})

ANYBODY, VIEWER, RUNNER, ADMIN = None, Role.VIEWER, Role.RUNNER, Role.ADMIN

TABLE: tuple[tuple[str, str, Handler, Role | None], ...] = (
    ("GET", "/start", sign_in_pages.begin, ANYBODY),
    ("GET", "/enter", sign_in_pages.enter, ANYBODY),
    ("POST", "/enter", sign_in_pages.entered, ANYBODY),
    ("GET", "/left", sign_in_pages.left, ANYBODY),
    ("POST", "/leave", sign_in_pages.leave, VIEWER),
    ("POST", "/link", sign_in_pages.another, VIEWER),
    ("GET", "/sign-in", sign_in_pages.nexudus, RUNNER),
    ("POST", "/sign-in", sign_in_pages.signed_in, RUNNER),
    ("POST", "/sign-out", sign_in_pages.sign_out, RUNNER),
    ("GET", "/", upload_pages.home, VIEWER),
    ("POST", "/uploads", upload_pages.upload, RUNNER),
    ("GET", "/template.xlsx", upload_pages.template, VIEWER),
    ("GET", "/sample.csv", upload_pages.sample, VIEWER),
    ("GET", "/uploads/{draft}", upload_pages.opened, RUNNER),
    ("POST", "/uploads/{draft}/discard", upload_pages.discard, RUNNER),
    ("POST", "/uploads/{draft}/sheet", upload_pages.choose_sheet, RUNNER),
    ("GET", "/uploads/{draft}/columns", upload_pages.columns, RUNNER),
    ("POST", "/uploads/{draft}/columns", upload_pages.choose_columns, RUNNER),
    ("GET", "/uploads/{draft}/check", upload_pages.check, RUNNER),
    ("POST", "/uploads/{draft}/check", upload_pages.check_again, RUNNER),
    ("GET", "/uploads/{draft}/standing", upload_pages.standing, RUNNER),
    ("POST", "/uploads/{draft}/rows/{row:int}", upload_pages.correct, RUNNER),
    ("POST", "/uploads/{draft}/repair", upload_pages.repair, RUNNER),
    ("POST", "/uploads/{draft}/as-it-came", upload_pages.undo_corrections, RUNNER),
    ("GET", "/uploads/{draft}/marked.xlsx", upload_pages.marked, RUNNER),
    ("GET", "/uploads/{draft}/plan", upload_pages.plan, RUNNER),
    ("POST", "/uploads/{draft}/start", upload_pages.start, RUNNER),
    ("GET", "/help", manual.contents, VIEWER),
    ("GET", "/help/{topic}", manual.topic, VIEWER),
    ("GET", "/runs", run_pages.history, VIEWER),
    ("GET", "/runs/{run:int}", run_pages.shown, VIEWER),
    ("GET", "/runs/{run:int}/progress", run_pages.progress, VIEWER),
    ("GET", "/runs/{run:int}/rows", run_pages.rows, VIEWER),
    ("GET", "/runs/{run:int}/files/{name}", run_pages.file, VIEWER),
    ("POST", "/runs/{run:int}/report", run_pages.make_report, RUNNER),
    ("POST", "/runs/{run:int}/stop", run_pages.stop, RUNNER),
    ("POST", "/runs/{run:int}/resume", run_pages.resume, RUNNER),
    ("POST", "/runs/{run:int}/retry", run_pages.again, RUNNER),
    ("POST", "/runs/{run:int}/verify", run_pages.verify, RUNNER),
    ("GET", "/runs/{run:int}/undo", run_pages.undo_plan, ADMIN),
    ("POST", "/runs/{run:int}/undo", run_pages.undo, ADMIN),
)
"""Every address, what answers it, and the least role that may ask for it."""


def build(here: AppContext, hosts: Collection[str]) -> Starlette:
    """The pages as an application, under these values of the Host header."""
    routes = [Route(path, _for(role, handler), methods=[method]) for method, path, handler, role in TABLE]
    static = Mount("/static", StaticFiles(directory=Path(__file__).with_name("static")))
    app = Starlette(
        routes=[*routes, static],
        middleware=[
            Middleware(Guard, hosts),
            Middleware(RequestBodyLimitMiddleware, LARGEST + _FORM_OVERHEAD),
            Middleware(_WayIn),
        ],
        exception_handlers={ImporterError: _explained, HTTPException: _refused},
    )
    app.state.door = here
    return app


def _for(role: Role | None, handler: Handler) -> Handler:
    async def answer(request: Request) -> Response:
        if role is not None and person(request).role < role:
            raise HTTPException(FORBIDDEN)
        try:
            return await handler(request)
        except (HTTPException, ImporterError):
            raise
        except Exception as error:  # noqa: BLE001  a bug ends here, as a page
            return _unexpected(request, error)

    return answer


class _WayIn:
    """Lets a request on if it belongs to a session, or asks for the way in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if scope["type"] == "http" and not request.url.path.startswith("/static/"):
            visit = self._visit(request)
            if visit is None and request.url.path not in _OPEN:
                await self._to_the_door(request)(scope, receive, send)
                return
            if visit is not None:
                request.state.visit = visit
        await self._app(scope, receive, send)

    @staticmethod
    def _visit(request: Request) -> object:
        here = door(request)
        visit = here.visits.find(request.cookies.get(here.cookie, ""))
        if visit is None or here.team is None:
            return visit
        # Whoever was removed or given another role is that at once, not at the next sign-in.
        known = here.team.person(visit.person.name)
        if known is None:
            return None
        visit.person = known
        return visit

    @staticmethod
    def _to_the_door(request: Request) -> Response:
        template = "enter.html" if door(request).team else "stranger.html"
        answer = page(request, template, status=sign_in_pages.UNKNOWN, error="", name="", used=False)
        if request.headers.get("hx-request") == "true":
            answer.headers["HX-Refresh"] = "true"
        return answer


async def _explained(request: Request, error: Exception) -> Response:
    assert isinstance(error, ImporterError)
    if isinstance(error, JournalBusyError) and request.method == "GET":
        # What polls keeps what it shows and asks again; a page of its own does so by itself.
        polls = request.headers.get("hx-request") == "true"
        return Response(status_code=204) if polls else page(request, "later.html", status=503)
    return told(request, error)


_REFUSALS = {
    FORBIDDEN: ("You may not do that.", "Ask an administrator of these pages."),
    NOT_FOUND: ("There is no such page.", "It may have been removed, or it may be somebody else's."),
    405: ("That is not how this page works.", "Go back and use the buttons."),
    TOO_LARGE: (f"The file is larger than {LARGEST // 1024**2} MB.", "Split it, or type: importer run FILE"),
}


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title, advice = _REFUSALS.get(error.status_code, ("That cannot be answered.", "Go back and try again."))
    answer = page(request, "error.html", status=error.status_code, title=title, advice=advice, again="")
    if error.status_code == TOO_LARGE:
        # Else the server would go on taking in the rest of what it has refused.
        answer.headers["Connection"] = "close"
    return answer


def _unexpected(request: Request, error: Exception) -> Response:
    log = door(request).workers.note("".join(traceback.format_exception(error)))
    advice = f"This is a bug; the details are in {log}. Nothing is lost: what was sent is in the journal."
    title = f"Unexpected error ({type(error).__name__})."
    return page(request, "error.html", status=500, title=title, advice=advice, again="")
