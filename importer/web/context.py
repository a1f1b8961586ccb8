"""What all routes share: the installation they work for, the person at the browser, and how an answer is made."""

import asyncio
import urllib.parse
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from importer.config.settings import Settings
from importer.errors import ImporterError
from importer.model import Clock
from importer.runs.log import Log, no_log
from importer.runs.status import RunStatus
from importer.web.auth import Person, Role, SessionStore, WebSession
from importer.web.drafts import Draft, Drafts
from importer.web.error_words import page_words
from importer.web.render import render
from importer.web.workers import Workers

if TYPE_CHECKING:
    from importer.web.auth.team import Team
    from importer.web.metrics import Metrics

FORBIDDEN, NOT_FOUND = 403, 404
_SEATS = 2
_WAIT = 0.35
"""Seconds for which an answer waits for work to end; a file of usual size is checked by then."""

_MOST_DIGITS = 6
_MOST_FIELDS = 2_000
_LONGEST_FIELD = 64 * 1024


@dataclass(frozen=True, eq=False)
class _Job:
    key: str
    person: str
    work: Callable[[], object]
    future: Future[Any] = field(default_factory=Future)


class Jobs:
    """Work that takes longer than a page may, done in the background. If it is lost, the page starts it again."""

    def __init__(self) -> None:
        """Two at a time, so that one large file does not keep everybody waiting."""
        self._pool = ThreadPoolExecutor(_SEATS, "importer-web")
        self._running: dict[str, Future[Any]] = {}
        self._lock, self._waiting, self._working = Lock(), list[_Job](), list[_Job]()
        # When each person's work was begun last, so that whoever has waited longest since is next.
        self._turns, self._turn = dict[str, int](), count()

    async def done(self, key: str, work: Callable[[], object], wait: float | None = None, *, person: str = "") -> bool:
        """Start the work unless it is under way, and say whether it ended within the seconds that a page can wait.

        A ``person`` has one seat at most, however many files they have; without a name all seats are free.
        """
        future = self._running.get(key)
        if future is None:
            job = _Job(key, person, work)
            future = self._running[key] = job.future
            with self._lock:
                self._waiting.append(job)
                self._begin()
        result = asyncio.wrap_future(future)
        # An error is for the request that finds the work done; of one that no longer waits, asyncio would complain.
        result.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.wait([result], timeout=_WAIT if wait is None else wait)
        if not future.done():
            return False
        self._running.pop(key, None)
        future.result()
        return True

    def is_waiting(self, key: str) -> bool:
        """Whether the work has not begun, because others' is done first."""
        with self._lock:
            return any(job.key == key for job in self._waiting)

    def _begin(self) -> None:
        """Give free seats to those whose turn it is; the lock is held."""
        while len(self._working) < _SEATS:
            seated = {job.person for job in self._working if job.person}
            free = [job for job in self._waiting if job.person not in seated]
            if not free:
                return
            job = min(free, key=lambda job: self._turns.get(job.person, -1))
            self._waiting.remove(job)
            self._working.append(job)
            self._turns[job.person] = next(self._turn)
            self._pool.submit(self._do, job)

    def _do(self, job: _Job) -> None:
        try:
            result = job.work()
        except BaseException as error:  # noqa: BLE001  whoever asks for the result gets it
            self._leave(job)
            job.future.set_exception(error)
        else:
            self._leave(job)
            job.future.set_result(result)

    def _leave(self, job: _Job) -> None:
        with self._lock:
            self._working.remove(job)
            self._begin()


@dataclass
class AppContext:
    """The pages of one installation."""

    settings: Settings
    port: int
    sandbox: bool
    drafts: Drafts
    workers: Workers
    sessions: SessionStore
    clock: Clock
    team: "Team | None" = None
    metrics: "Metrics | None" = None
    log: Log = no_log
    jobs: Jobs = field(default_factory=Jobs)
    probes: Jobs = field(default_factory=Jobs)
    """What programs that look after the page ask for: it must not wait until somebody's files have been checked."""

    @property
    def cookie(self) -> str:
        """The name of the cookie; cookies do not tell ports apart, so it does.

        A team's is one that no other host can set, and that goes over HTTPS only.
        """
        return "__Host-importer" if self.team else f"importer-{self.port}"

    @property
    def after_sign_in(self) -> str:
        """The name of the cookie with the page that somebody asked for who was not signed in."""
        return f"importer-{self.port}-after"


def app_of(request: Request) -> AppContext:
    """The pages that a request came to."""
    app: AppContext = request.app.state.context
    return app


def session_of(request: Request) -> WebSession:
    """The session of a request that may see more than the sign-in."""
    session: WebSession = request.state.session
    return session


def person_of(request: Request) -> Person:
    """The person who sends the request."""
    return session_of(request).person


def settings_of(request: Request) -> Settings:
    """The settings, with this person's own sign-in to Nexudus if they gave one."""
    return session_of(request).sign_in or app_of(request).settings


def draft_of(request: Request) -> Draft:
    """The upload in the address; its route's owner rule has looked it up."""
    draft: Draft = request.state.draft
    return draft


def run_of(request: Request) -> RunStatus:
    """The run in the address as it stood when the request came; its route's owner rule has looked it up."""
    run: RunStatus = request.state.run
    return run


def started_by(status: RunStatus) -> str:
    """The owner of a run; empty if it was started without names."""
    return str(status.run.options.get("by") or "")


async def form(request: Request) -> dict[str, str]:
    """The fields of a form; a file among them is refused."""
    async with request.form(max_files=0, max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD) as data:
        return {name: value for name, value in data.items() if isinstance(value, str)}


def page_number(request: Request, name: str = "page") -> int:
    """The number of the page of a table; 1 if the address has none under this name, or no number."""
    return as_page_number(request.query_params.get(name, "1"))


def as_page_number(text: str) -> int:
    """The number of a page that a text says; 1 if it says none."""
    return max(int(text), 1) if text.isdecimal() and len(text) <= _MOST_DIGITS else 1


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page or a part of one."""
    return HTMLResponse(render(template, {**frame(request), **values}), status)


def frame(request: Request) -> dict[str, Any]:
    """The values of the header, the band and the footer of every page."""
    app = app_of(request)
    session: WebSession | None = getattr(request.state, "session", None)
    settings = session.sign_in if session and session.sign_in else app.settings
    host = urllib.parse.urlsplit(settings.url).hostname or settings.url
    user = settings.username or ("a token" if settings.token else "")
    return {
        "path": request.url.path,
        "place": f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path,
        "clock": app.clock,
        "sandbox": app.sandbox or host in {"127.0.0.1", "localhost", "::1"},
        "host": host,
        "signed_in": settings.can_sign_in,
        "nexudus_user": session.account if session and session.account else user,
        "session_sign_in": bool(session and session.sign_in),
        "person": session.person if session else None,
        "team": app.team is not None,
        "may_run": session is not None and session.person.role >= Role.RUNNER,
        "may_undo": session is not None and session.person.role >= Role.ADMIN,
    }


def redirect(request: Request, address: str) -> Response:
    """Send the browser to another page, in a form and in a part of a page alike."""
    if request.headers.get("hx-request") == "true":
        return Response(headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


def error_page(request: Request, error: ImporterError) -> HTMLResponse:
    """An error as a page: what happened and what to do."""
    title, advice = page_words(error)
    return page(request, "error.html", status=422, title=title, advice=advice, again="")
