"""What programs ask that look after the page, under any name and without the proxy of a team.

Rule: nothing here tells of a person, a row, a path or a version, and nothing is written.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from importer.errors import ImporterError
from importer.journal.journal import open_journal
from importer.web.context import app_of

_PATIENCE = 2.0
"""Seconds after which a journal counts as unreadable: less than any probe waits."""


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


def unavailable() -> Response:
    """The answer of a page that can do nothing at the moment."""
    return PlainTextResponse("unavailable\n", 503)
