"""The routes on which a person sees where they are signed in, and signs out there."""

from starlette.requests import Request
from starlette.responses import Response

from importer.web.context import app_of, form, page, person_of, redirect, session_of

_OTHERS = "others"


async def show(request: Request) -> Response:
    """The browsers in which this person is signed in."""
    sessions = app_of(request).sessions.of_person(person_of(request).key)
    return page(request, "sessions.html", sessions=sessions, current=session_of(request))


async def end(request: Request) -> Response:
    """Sign this person out in another browser, or in all others."""
    which, current = (await form(request)).get("session", ""), session_of(request)
    app_of(request).sessions.end_of_person(
        person_of(request).key,
        lambda name, session: session is not current and which in (name, _OTHERS),
    )
    return redirect(request, "/sessions")
