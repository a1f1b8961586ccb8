"""What the answer to a read or a delete by Id says of that record. Pure.

Rule: believed is only the record itself, and this service's own word that there is none. A web page, a redirect, an
empty body, another Id or another shape comes from something in between or from a fault, and says nothing of the record:
taken for "it is gone", it would make undo report what it never did; taken for "it is there, unchanged", it would make
undo delete what somebody has changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from importer.delivery.listing import Remote, instant, to_remote
from importer.nexudus import Reply
from importer.nexudus.reply import proper_id
from importer.text import printable
from schemas import FieldType, RecordType

OK, UNAUTHORIZED, NOT_FOUND = 200, 401, 404

_NOT_FOUND = "not found"
_QUOTED_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Gone:
    """The service itself says that it has no such record."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The answer says nothing about the record; ``why`` says what came instead, as a clause."""

    why: str


Look = Remote | Gone | Unreadable
"""What a read by Id says of a record."""


def read_record(reply: Reply, number: int, kind: RecordType) -> Look:
    """What the answer to a read by Id says: the record of this Id, that there is none, or nothing."""
    if says_not_found(reply):
        return Gone()
    document = reply.json
    if not reply.status_in(OK) or not isinstance(document, dict) or "WasSuccessful" in document:
        # An object with WasSuccessful is an envelope, and a record by Id comes bare (read 2026-11-23).
        return Unreadable(what_came(reply))
    if proper_id(document.get("Id")) != number:
        return Unreadable(f"the service answered with another record (Id {_quoted(document.get('Id'))})")
    if unreadable := unreadable_field(document, kind):
        return Unreadable(f"the service answered with a record whose {unreadable}")
    remote = to_remote(document)
    assert remote is not None
    return remote


def is_deleted(reply: Reply, number: int) -> bool:
    """Whether the answer to a delete by Id is the service's own word that it deleted the record.

    "Not found" is not: the record was there a moment ago, so it is read again like after any other odd answer.
    """
    # HTTP 200 alone may carry a refusal (met by a public client), and WasSuccessful a list of errors.
    document = reply.json if reply.status_in(OK) and isinstance(reply.json, dict) else {}
    value = document.get("Value")
    other = isinstance(value, dict) and proper_id(value.get("Id")) != number
    return document.get("WasSuccessful") is True and not document.get("Errors") and not other


def what_came(reply: Reply) -> str:
    """What came instead of a usable answer, as a clause."""
    if reply.failure or reply.status is None:
        return reply.failure or "no answer came"
    status = f"HTTP {reply.status}"
    if reply.html:
        return f"a web page came instead of the service's answer ({status})"
    if reply.status_in(*range(300, 400)):
        return f"the call was redirected ({status})"
    quoted = _quoted(reply.text) if reply.text.strip() else "an empty answer"
    return f"the service answered {status} with {quoted}"


def unreadable_field(values: Mapping[str, object], kind: RecordType) -> str:
    """The first field of a record that cannot be compared, and why, as a clause; empty if all of them can."""
    # A record has every field, null where it is empty: one that is missing is not known to be empty.
    for name in kind.fields:
        if name not in values:
            return f"{name} is missing"
        if not is_readable(kind, name, values[name]):
            return f"{name} cannot be read"
    return ""


def is_readable(kind: RecordType, name: str, value: object) -> bool:
    """Whether a field's value is of a kind that can be compared with what a row holds; empty is one."""
    if value is None or value == "":
        return True
    match kind.type_of(name):
        case FieldType.DATE:
            # One that is no date would be compared as if it were empty.
            return instant(value) is not None
        case FieldType.YES_NO:
            return isinstance(value, str | int)
        case FieldType.TEXT:
            return isinstance(value, str)
        case _:
            # To Python True is 1, and would be record 1.
            return isinstance(value, str | int | float) and not isinstance(value, bool)


def says_not_found(reply: Reply) -> bool:
    """Whether this is the service's answer for an Id that it does not have: the JSON string "Not found".

    404 for an unknown Id is documented, 401 for a deleted record was met by a public client (both read 2026-11-23). A
    page, a gateway's object or an empty body under the same status is somebody else's.
    """
    words = reply.json if reply.status_in(NOT_FOUND, UNAUTHORIZED) else None
    return isinstance(words, str) and words.strip().casefold() == _NOT_FOUND


def _quoted(value: object) -> str:
    return f'"{printable(" ".join(str(value).split()), _QUOTED_CHARACTERS)}"'
