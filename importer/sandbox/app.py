"""The addresses of the service, and the way of a call through the sandbox.

A call to the service passes, in this order: the log of calls, the limits, the sign-in, the latency, a fault, the rules.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from importer.sandbox import faults
from importer.sandbox.control import control
from importer.sandbox.http import EXTENSION, RawConnection
from importer.sandbox.limits import refusal
from importer.sandbox.lists import HONEST, Lie, batch_ids, parsed
from importer.sandbox.options import SandboxOptions
from importer.sandbox.page import view
from importer.sandbox.replies import Reply, as_json, message, unauthorized
from importer.sandbox.state import Call, State

_KINDS = {"POST": "create", "PUT": "update", "DELETE": "delete"}


def app(options: SandboxOptions) -> Starlette:
    """The sandbox as an ASGI application; `app.state.sandbox` is its `State`.

    Raises:
        ValueError: the options name an unknown fault.
        OSError: the store cannot be used.
    """
    state = State(options)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        state.close()

    application = Starlette(routes=[control(state), view(state), Mount("/", _Api(state))], lifespan=lifespan)
    application.state.sandbox = state
    return application


@dataclass(frozen=True, slots=True)
class _Request:
    """One call to the service, read to its end."""

    method: str
    path: str
    query: bytes
    headers: dict[str, str]
    body: bytes

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")

    @property
    def is_sign_in(self) -> bool:
        return self.path.rstrip("/") == "/api/token"

    @property
    def kind(self) -> str:
        return "token" if self.is_sign_in else "list" if self.is_list else _KINDS.get(self.method, "read")

    @property
    def is_list(self) -> bool:
        collection = len(self.path.strip("/").split("/")) == len(("api", "module", "name"))
        return (
            self.method == "GET"
            and collection
            and self.path.startswith("/api/")
            and batch_ids(parsed(self.query)) is None
        )


class _Api:
    """The service's own addresses, as an ASGI application."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = Call(time.monotonic(), scope["method"], scope["path"], scope["query_string"].decode("ascii", "replace"))
        self._state.calls.append(call)
        request = await _read(scope, receive)
        if request is None:
            return
        raw = scope.get("extensions", {}).get(EXTENSION)
        exchange = _Exchange(self._state, request, call, raw=raw, receive=receive, send=send)
        refused = self._refused(request, call)
        if refused is not None:
            await exchange.answer(refused)
            return
        if self._state.options.latency:
            await asyncio.sleep(self._state.options.latency / self._state.options.time_scale)
        handle, argument = faults.handler(self._state.next_fault(request.kind), self._state.options.time_scale)
        await handle(exchange, argument)

    def _refused(self, request: _Request, call: Call) -> Reply | None:
        state, options = self._state, self._state.options
        # A sign-in changes no record; somebody who practises with five writes a day may still sign in ten times.
        method = "GET" if request.is_sign_in else request.method
        wait = state.limits.wait(options, request.authorization, method, call.at)
        if wait:
            state.throttled += 1
            return refusal(options, wait)
        if request.is_sign_in or state.signin.accepts(options, request.authorization, call.at):
            return None
        return unauthorized()


class _Exchange:
    """One call that waits for its answer; the `faults.Exchange` of a real connection."""

    def __init__(
        self, state: State, request: _Request, call: Call, *, raw: RawConnection | None, receive: Receive, send: Send
    ) -> None:
        self._state = state
        self._request = request
        self._call = call
        self._raw = raw
        self._receive = receive
        self._send = send

    @property
    def path(self) -> str:
        return self._request.path + (f"?{self._call.query}" if self._call.query else "")

    @property
    def previous_id(self) -> int | None:
        return self._state.service.previous_id

    def perform(self, *, mangled: bool = False, lie: Lie = HONEST) -> Reply:
        return _performed(self._state, self._request, mangled=mangled, lie=lie)

    def perform_later(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self.perform)

    def shift(self) -> None:
        self._state.shift()

    def revoke(self) -> None:
        self._state.signin.revoke(self._request.authorization)

    async def answer(self, reply: Reply) -> None:
        self._call.status = reply.status
        self._call.cause = reply.cause
        if reply.phrase and self._raw is not None:
            self._raw.phrase(reply.phrase)
        await self._send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
        await self._send({"type": "http.response.body", "body": reply.body})

    async def hang_up(self, sent: bytes = b"", *, reset: bool = False) -> None:
        if self._raw is None:
            raise ConnectionResetError("the sandbox closed the connection")
        if reset:
            self._raw.reset()
        else:
            self._raw.close(sent)
        await self.hold()

    async def hold(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def _read(scope: Scope, receive: Receive) -> _Request | None:
    """The whole call; None if the client went away in the middle, which has no effect."""
    body, more = b"", True
    while more:
        part = await receive()
        if part["type"] == "http.disconnect":
            return None
        body += part.get("body", b"")
        more = part.get("more_body", False)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return _Request(scope["method"], scope["path"], scope["query_string"], headers, body)


def _performed(state: State, request: _Request, *, mangled: bool, lie: Lie) -> Reply:
    """What the service answers to a call that was let in; takes effect at once."""
    _, _, status = state.options.role.partition("-")
    if status and request.path.startswith("/api/") and request.method != "POST":
        return message(int(status), "Access Denied.")
    match (request.method, *request.path.strip("/").split("/")):
        case ("POST", "api", "token"):
            return state.signin.token(state.options, request.headers, request.body, time.monotonic())
        case ("GET", "en", "user", "me"):
            return _me(state) if state.options.who == "user" else message(int(state.options.who), "Access Denied.")
        case (_, "api", module, name) if entity := state.service.entity(f"{module}/{name}"):
            return _collection(state, request, entity, mangled=mangled, lie=lie)
        case (_, "api", module, name, number) if number.isdecimal() and (
            entity := state.service.entity(f"{module}/{name}")
        ):
            return _item(state, request.method, entity, int(number))
    return message(404, "No HTTP resource was found that matches the request URI.")


def _collection(state: State, request: _Request, entity: str, *, mangled: bool, lie: Lie) -> Reply:
    service, by = state.service, state.options.username
    if request.method == "GET":
        return service.find(entity, parsed(request.query), lie)
    refused = request.method == "PUT" and state.options.updates == "405"
    if request.method not in ("POST", "PUT") or refused or entity not in service.kinds:
        return _wrong_method(request.method)
    media = request.headers.get("content-type", "")
    if media.partition(";")[0].strip().lower() != "application/json":
        return message(415, f"The request entity's media type '{media}' is not supported for this resource.")
    if request.method == "PUT":
        return service.update(entity, request.body, by, mangled=mangled)
    return service.create(entity, request.body, by, mangled=mangled)


def _item(state: State, method: str, entity: str, record_id: int) -> Reply:
    if method == "GET":
        return state.service.read(entity, record_id)
    if method == "DELETE" and entity in state.service.kinds and state.options.deletes != "405":
        return state.service.delete(entity, record_id)
    return _wrong_method(method)


def _me(state: State) -> Reply:
    business_id, business = next(iter(state.space.businesses.items()))
    return as_json(
        200,
        {
            "Id": state.user_id,
            # No such member is known of the real service: by it, a practice service is told apart from the next one.
            "SandboxId": state.user_id,
            "Email": state.options.username,
            "FullName": "Sandbox Operator",
            "DefaultBusinessId": business_id,
            "DefaultBusinessName": business["Name"],
        },
    )


def _wrong_method(method: str) -> Reply:
    return message(405, f"The requested resource does not support http method '{method}'.")
