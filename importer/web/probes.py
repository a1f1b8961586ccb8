"""What programs ask that look after the page, under any name and without the proxy of a team.

Rule: nothing here tells of a row, a path or a version.
"""

import hmac

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from importer.errors import ImporterError
from importer.journal.journal import open_journal
from importer.web.context import app_of

_PATIENCE = 2.0
"""Seconds after which a journal counts as unreadable: less than any probe waits."""

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The oldest text format of Prometheus, which every version of it reads."""

_LONGEST_READING = 9.0
"""Seconds that the figures may take: by default, Prometheus waits for ten."""


async def health(request: Request) -> Response:
    """Whether the journal can be read, and nothing else."""
    app = app_of(request)

    def look() -> None:
        # To open it reads its version, and refuses what is damaged.
        with open_journal(app.settings.journal_place, _PATIENCE):
            pass

    try:
        # However many ask, there is one look at a time: strangers must not use up the connections of a server.
        is_readable = await app.probes.done("health", look, _PATIENCE)
    except ImporterError:
        is_readable = False
    return PlainTextResponse("ok\n") if is_readable else unavailable()


async def metrics(request: Request) -> Response:
    """The figures of the installation, for whoever has the token. Without one in the settings, there are none."""
    app = app_of(request)
    secret = app.settings.metrics_token
    if app.metrics is None or secret is None:
        return PlainTextResponse("There are no figures here.\n", 404)
    if not _has_token(request, secret.get_secret_value()):
        return PlainTextResponse("The token is missing or wrong.\n", 401, {"WWW-Authenticate": "Bearer"})
    try:
        is_read = await app.probes.done("metrics", app.metrics.renew, _LONGEST_READING)
    except ImporterError:
        is_read = False
    return Response(app.metrics.latest, media_type=METRICS_TYPE) if is_read else unavailable()


def _has_token(request: Request, secret: str) -> bool:
    headers = request.headers.getlist("authorization")
    scheme, _, token = headers[0].partition(" ") if len(headers) == 1 else ("", "", "")
    # In the time that it takes for any token: how long it took must not tell how much of one was right.
    return hmac.compare_digest(token.strip().encode("latin-1"), secret.encode()) and scheme.lower() == "bearer"


def unavailable() -> Response:
    """The answer of a page that can do nothing at the moment."""
    return PlainTextResponse("unavailable\n", 503)
