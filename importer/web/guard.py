"""What every request must pass, and what every answer carries: the pages' defences against other sites and hosts.

Knows nothing of people, uploads or runs. Each rule has a test.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
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

HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}
"""For a year, browsers ask for these pages over HTTPS alone (RFC 6797)."""

_SAFE = frozenset({"GET", "HEAD"})
_OUR_PAGES = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True)
class Proxy:
    """The proxy through which every request must come: which addresses are its own, and what browsers reach it by."""

    is_proxy: Callable[[str], bool]
    scheme: str

    def original(self, scope: Scope) -> Scope | PlainTextResponse:
        """The request as the browser sent it, or a refusal; what others say in these headers is never looked at."""
        if not self.is_proxy((scope.get("client") or ("", 0))[0]):
            return PlainTextResponse("These pages can only be opened through their proxy.\n", 403)
        headers = Headers(scope=scope)
        # The last word is the proxy's own; those before it may be the browser's.
        scheme = _last_word(headers, "x-forwarded-proto") or "http"
        if scheme != self.scheme:
            return PlainTextResponse(
                f"These pages can only be opened over {self.scheme}. Their proxy says {scheme} (X-Forwarded-Proto).\n",
                403,
            )
        raw = list(scope["headers"])
        if host := _last_word(headers, "x-forwarded-host"):
            raw = [pair for pair in raw if pair[0] != b"host"] + [(b"host", host.encode("latin-1"))]
        return {**scope, "scheme": scheme, "headers": raw}


def _last_word(headers: Headers, name: str) -> str:
    return ",".join(headers.getlist(name)).rpartition(",")[2].strip()


class Guard:
    """Refuses requests under a foreign name or from a foreign page; marks every answer."""

    def __init__(
        self, app: ASGIApp, hosts: Collection[str], proxy: Proxy | None = None, for_machines: Collection[str] = ()
    ) -> None:
        """``hosts`` are the values of the Host header under which the pages may be asked for.

        ``for_machines`` are the paths of what is read under any name and without the proxy: a probe comes from inside a
        container, and knows neither. What they tell is for anybody, or asked for with a secret that no browser has.
        """
        self._app, self._hosts, self._proxy = app, frozenset(hosts), proxy
        self._for_machines = frozenset(for_machines)
        self._headers = HEADERS | (HTTPS_ONLY if proxy is not None and proxy.scheme == "https" else {})

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
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        if _is_two_in_one(scope):
            refusal = PlainTextResponse("The length of this request is not clear.\n", 400, {"Connection": "close"})
            await refusal(scope, receive, marked)
            return
        if scope["path"] in self._for_machines and scope["method"] in _SAFE:
            await self._app(scope, receive, marked)
            return
        original = scope if self._proxy is None else self._proxy.original(scope)
        if isinstance(original, PlainTextResponse):
            await original(scope, receive, marked)
            return
        await (self._refusal(Request(original)) or self._app)(original, receive, marked)

    def _refusal(self, request: Request) -> PlainTextResponse | None:
        named = request.headers.getlist("host")
        # Else a foreign site could point its own name at this machine and read the pages (DNS rebinding).
        if len(named) != 1 or named[0].lower() not in self._hosts:
            return PlainTextResponse("These pages are not served under that name.\n", 400)
        if request.method not in _SAFE and not _from_our_page(request, named[0]):
            return PlainTextResponse("Only the importer's own pages may ask for that.\n", 403)
        return None


def _is_two_in_one(scope: Scope) -> bool:
    """Whether a request has two lengths: a proxy that goes by the other one would let a second request pass within it.

    That one would count as the proxy's own (RFC 9112, section 6.1).
    """
    names = [name for name, _ in scope["headers"]]
    return b"transfer-encoding" in names and b"content-length" in names


def _from_our_page(request: Request, host: str) -> bool:
    """Whether a page of ours sends this; old browsers do not say so and are judged by the origin they name."""
    site = request.headers.getlist("sec-fetch-site")
    if site:
        return len(site) == 1 and site[0] in _OUR_PAGES
    origin = request.headers.getlist("origin")
    return len(origin) == 1 and bool(host) and urlsplit(origin[0]).netloc.lower() == host.lower()
