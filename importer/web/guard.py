"""What every request must pass, and what every answer carries: the pages' defences against other sites and hosts.

Knows nothing of people, uploads or runs. Each rule has a test.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: under it, browsers send "Origin: null" with the forms of our own pages.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_SAFE = frozenset({"GET", "HEAD"})
_OUR_PAGES = frozenset({"same-origin", "none"})


class Guard:
    """Refuses requests under a foreign name or from a foreign page; marks every answer."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        """``hosts`` are the values of the Host header under which the pages may be asked for."""
        self._app, self._hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope)
        await (self._refusal(request) or self._app)(scope, receive, marked)

    def _refusal(self, request: Request) -> PlainTextResponse | None:
        named = request.headers.getlist("host")
        # Else a foreign site could point its own name at this machine and read the pages (DNS rebinding).
        if len(named) != 1 or named[0].lower() not in self._hosts:
            return PlainTextResponse("These pages are not served under that name.\n", 400)
        if request.method not in _SAFE and not _from_our_page(request, named[0]):
            return PlainTextResponse("Only the importer's own pages may ask for that.\n", 403)
        return None


def _from_our_page(request: Request, host: str) -> bool:
    """Whether a page of ours sends this; old browsers do not say so and are judged by the origin they name."""
    site = request.headers.getlist("sec-fetch-site")
    if site:
        return len(site) == 1 and site[0] in _OUR_PAGES
    origin = request.headers.getlist("origin")
    return len(origin) == 1 and bool(host) and urlsplit(origin[0]).netloc.lower() == host.lower()
