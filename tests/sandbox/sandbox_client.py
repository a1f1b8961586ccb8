"""A bare HTTP client for the sandbox's tests: what it returns is what stood on the wire."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from conftest import GIVE_UP

from importer.sandbox import SandboxOptions, running
from importer.sandbox.server import Running

TOKEN = "sandbox-token"
PATH = "/api/spaces/coworkermsoffecalendars"
RECORD: dict[str, object] = {
    "ResourceId": 1414123000,
    "CoworkerId": 1123713612,
    "Name": "Boardroom, Ada",
    "SubscriptionExpireDate": "2025-01-15T10:30:00Z",
    "SubscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
    "CalendarId": "AAMkAGI2TGuLAAA=",
}
NO_LIMITS: dict[str, object] = {
    "writes_per_minute": None,
    "writes_per_day": None,
    "calls_per_100ms": None,
    "calls_per_minute": None,
    "calls_per_hour": None,
}


@dataclass(frozen=True)
class Answer:
    """One answer: status, reason phrase, headers with lower-case names, body."""

    status: int
    phrase: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@contextlib.contextmanager
def unlimited(**options: Any) -> Iterator[Running]:
    """A running sandbox without limits and with a static token."""
    with running(SandboxOptions(**{**NO_LIMITS, "token": TOKEN, **options})) as sandbox:
        yield sandbox


def port_of(sandbox: Running) -> int:
    """The port that a sandbox listens on."""
    return int(sandbox.url.rpartition(":")[2])


def call(
    sandbox: Running, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> Answer:
    """One call on a connection of its own; dicts and lists go as JSON, strings as they are."""
    connection = HTTPConnection("127.0.0.1", port_of(sandbox), timeout=GIVE_UP)
    data = body.encode() if isinstance(body, str) else None if body is None else json.dumps(body).encode()
    given = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"} if headers is None else headers
    try:
        connection.request(method, path, data, given)
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, response.reason, names, response.read())
    finally:
        connection.close()


def create(sandbox: Running, **changes: object) -> Answer:
    """Posts the usual record with some fields changed."""
    return call(sandbox, "POST", PATH, {**RECORD, **changes})


def raw_create(sandbox: Running, **changes: object) -> bytes:
    """Posts a record over a plain socket; every byte that comes back until the connection ends."""
    with send_create(sandbox, **changes) as client:
        received = b""
        while part := client.recv(65536):
            received += part
        return received


def create_request(**changes: object) -> bytes:
    """The bytes of a create."""
    body = json.dumps({**RECORD, **changes}).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def send_create(sandbox: Running, **changes: object) -> socket.socket:
    """Sends a create over a plain socket and leaves the answer to the caller."""
    client = socket.create_connection(("127.0.0.1", port_of(sandbox)), timeout=GIVE_UP)
    client.sendall(create_request(**changes))
    return client


def whole_answer(client: socket.socket) -> bytes:
    """The bytes of one answer, as long as its Content-Length says."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.recv(1)
    length = int(received.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while length:
        part = client.recv(length)
        received, length = received + part, length - len(part)
    return received
