"""What the service can answer, as values: one class and a function for each documented shape.

The shapes are those of the vendor's reference, byte for byte where it shows bytes. Knows nothing of records, rules or
sockets.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

JSON = b"application/json; charset=utf-8"
HTML = b"text/html; charset=utf-8"
TEXT = b"text/plain; charset=utf-8"
_LONGEST_CAUSE = 200
WAIT_PHRASE = b"You must wait before accessing this url again."

Header = tuple[bytes, bytes]
Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the service: status, body, headers, and the reason phrase if it is not the usual one."""

    status: int
    body: bytes = b""
    content_type: bytes = JSON
    extra: tuple[Header, ...] = ()
    phrase: bytes = b""

    @property
    def headers(self) -> list[Header]:
        """The headers to send, length included; an empty body has no type."""
        kind = [(b"Content-Type", self.content_type)] if self.body else []
        return [*kind, *self.extra, (b"Content-Length", b"%d" % len(self.body))]

    @property
    def cause(self) -> str:
        """Why the call was refused, in the words of this answer; empty for a success."""
        if self.status < HTTPStatus.BAD_REQUEST:
            return ""
        if self.phrase:
            return self.phrase.decode()
        text = self.body.decode("utf-8", "replace")
        try:
            value = json.loads(text)
        except ValueError:
            value = None if self.content_type == HTML else text
        words = value.get("Message", value.get("error")) if isinstance(value, dict) else value
        return str(words or HTTPStatus(self.status).phrase)[:_LONGEST_CAUSE]

    def raw(self) -> bytes:
        """The whole answer as it would stand on the wire."""
        phrase = self.phrase or HTTPStatus(self.status).phrase.encode()
        lines = [b"HTTP/1.1 %d %s" % (self.status, phrase), *(b"%s: %s" % header for header in self.headers)]
        return b"\r\n".join([*lines, b"", self.body])


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint of a validation, as the `Errors` list carries it."""

    property_name: str
    message: str = "is a required field"
    attempted: object = None


def as_json(status: int, value: object) -> Reply:
    """A reply with a JSON body."""
    return Reply(status, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def not_found() -> Reply:
    """404 for an Id that is not there: a JSON string."""
    return as_json(404, "Not found")


def message(status: int, text: str) -> Reply:
    """A refusal with nothing but a message, as the web framework under the service gives it."""
    return as_json(status, {"Message": text})


def unauthorized() -> Reply:
    """401 for a missing, wrong or expired sign-in: no body."""
    return Reply(401)


def access_denied() -> Reply:
    """401 for a record that names a deleted or invisible parent, although the sign-in is fine."""
    return message(401, "Access Denied.")


def invalid(problems: Sequence[Problem], status: int = 400) -> Reply:
    """The validation envelope; its Message repeats the first problem only."""
    first = problems[0]
    errors = [
        {"AttemptedValue": each.attempted, "Message": each.message, "PropertyName": each.property_name}
        for each in problems
    ]
    text = f"{first.property_name}: {first.message}"
    return as_json(status, {"Message": text, "Value": None, "Errors": errors, "WasSuccessful": False})


def saved(entity: str, deed: str, record_id: int, updated_on: str, updated_by: str) -> Reply:
    """The envelope after a create or an update."""
    return as_json(
        200,
        {
            "Status": 200,
            "Message": f"{entity} was successfully {deed}.",
            "Value": {"Id": record_id},
            "OpenInDialog": False,
            "OpenInWindow": False,
            "RedirectURL": None,
            "JavaScript": None,
            "UpdatedOn": updated_on,
            "UpdatedBy": updated_by,
            "Errors": None,
            "WasSuccessful": True,
        },
    )


def deleted() -> Reply:
    """The envelope after a delete."""
    return as_json(
        200,
        {
            "Status": 200,
            "WasSuccessful": True,
            "Message": "The record was deleted successfully.",
            "Value": None,
            "OpenInDialog": False,
            "RedirectURL": None,
            "JavaScript": None,
            "Errors": None,
        },
    )


def wait_409(retry_after: str) -> Reply:
    """The documented throttle answer: the sentence is the reason phrase, the body is empty."""
    caching = ((b"Cache-Control", b"no-cache"), (b"Pragma", b"no-cache"), (b"Expires", b"-1"))
    return Reply(409, extra=(*caching, (b"Retry-After", retry_after.encode())), phrase=WAIT_PHRASE)


def wait_409_bare() -> Reply:
    """A throttle answer that says nothing about waiting."""
    return Reply(409)


def wait_429(seconds: float, retry_after: str | None = None) -> Reply:
    """The throttle answer that two recent clients met: the wait is in the text."""
    text = f"You must wait before accessing this url again. Wait {seconds:g} seconds".encode()
    extra = ((b"Retry-After", retry_after.encode()),) if retry_after is not None else ()
    return Reply(429, text, TEXT, extra)
