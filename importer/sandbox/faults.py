"""What can go wrong with one call, by name: the table `FAULTS`.

Rule 1: a fault says whether the call takes effect and which bytes go back; each is a few lines here.
Rule 2: this file does not know how a call takes effect or how bytes are sent; that is the `Exchange`.

A name may carry an argument after a colon: seconds, a number of bytes, an HTTP status or an address. "before" means
that the call has no effect, "after" that it has. The faults that begin with `list-` are for reads of a list.
"""

from __future__ import annotations

import asyncio
import functools
import json
import math
import zlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Protocol

from importer.sandbox.lists import HONEST, LIES, Lie
from importer.sandbox.replies import (
    HTML,
    Problem,
    Reply,
    access_denied,
    as_json,
    invalid,
    message,
    not_found,
    unauthorized,
    wait_409,
    wait_409_bare,
    wait_429,
)

#: What `fail_percent` draws from.
RANDOM = ("lost-before", "lost-after", "500-after")
BIG = 10 * 1024 * 1024
BOMB = 100 * 1024 * 1024

_ALL = 100
_PAGE = b"<!DOCTYPE html><html><head><title>Nexudus</title></head><body><h1>Something went wrong</h1></body></html>"
_OOOPS = "Ooops! There was a problem while running this action. Please try again."


class Exchange(Protocol):
    """One call that waits for its answer, as a fault may handle it."""

    @property
    def path(self) -> str:
        """The path and query that were asked for."""

    @property
    def previous_id(self) -> int | None:
        """The Id that the create before this one gave out."""

    def perform(self, *, mangled: bool = False, lie: Lie = HONEST) -> Reply:
        """Lets the call take effect.

        Args:
            mangled: the record is stored under another title than asked.
            lie: what is wrong with the list, if the call reads one.
        """

    def perform_later(self, seconds: float) -> None:
        """Lets the call take effect after a while, even if nobody listens any more."""

    def shift(self) -> None:
        """Lets a colleague delete the oldest of their records, and make it again."""

    def revoke(self) -> None:
        """Ends the token that the call came with."""

    async def answer(self, reply: Reply) -> None:
        """Sends an answer as a healthy service would."""

    async def hang_up(self, sent: bytes = b"", *, reset: bool = False) -> None:
        """Closes the connection after these bytes; with `reset`, rudely."""

    async def hold(self) -> None:
        """Waits until the client has gone."""


Handler = Callable[[Exchange, str], Awaitable[None]]


def handler(fault: str, time_scale: float = 1.0) -> tuple[Handler, str]:
    """The handler of a fault and the argument that its name carries, with seconds divided by the time scale.

    Raises:
        ValueError: there is no such fault, or its argument is missing or wrong.
    """
    name, _, argument = fault.partition(":")
    if name not in FAULTS:
        raise ValueError(f"no fault {fault!r}; there are {', '.join(FAULTS)}")
    argument = argument or _DEFAULTS.get(name, "")
    if name in _NUMBERS and not _is_number(argument, whole=name in _WHOLE):
        raise ValueError(f"the fault {name} needs a number after a colon, not {argument!r}")
    if name in _SECONDS and time_scale != 1.0 and _is_number(argument, whole=False):
        seconds = float(argument) / time_scale
        # Retry-After has whole seconds, and at least one: none at all would be an invitation.
        argument = str(max(1, math.ceil(seconds))) if name == "throttle-409" else f"{seconds:g}"
    return FAULTS[name], argument


def kinds_of(fault: str) -> tuple[str, ...]:
    """The kinds of call that a fault is for, where nobody says which."""
    return ("list",) if fault.startswith("list-") else ("create", "update", "delete")


def share(text: str) -> tuple[str, float]:
    """A fault and the percentage of calls that meet it, from ``500-after=5``.

    Raises:
        ValueError: there is no such fault, or the rest is no percentage.
    """
    fault, _, percent = text.partition("=")
    handler(fault)
    if not _is_number(percent, whole=False) or not 0 < float(percent) <= _ALL:
        raise ValueError(f"{percent!r} is no percentage from 0 to 100")
    return fault, float(percent)


def _is_number(text: str, *, whole: bool) -> bool:
    return text.isdecimal() if whole else text.replace(".", "", 1).isdecimal()


def _says(reply: Reply, *, applies: bool = False) -> Handler:
    """Answers something else than the truth, having taken effect or not."""
    return _says_with(lambda _: reply, applies=applies)


def _says_with(reply: Callable[[str], Reply], *, applies: bool = False) -> Handler:
    """`_says`, where the answer depends on the argument."""

    async def handle(call: Exchange, argument: str) -> None:
        if applies:
            call.perform()
        await call.answer(reply(argument))

    return handle


async def _ok(call: Exchange, _: str) -> None:
    await call.answer(call.perform())


async def _lost_before(call: Exchange, _: str) -> None:
    await call.hang_up()


async def _lost_after(call: Exchange, _: str) -> None:
    call.perform()
    await call.hang_up()


async def _reset(call: Exchange, _: str) -> None:
    call.perform()
    await call.hang_up(reset=True)


async def _cut(call: Exchange, count: str) -> None:
    await call.hang_up(call.perform().raw()[: int(count)])


async def _half_body(call: Exchange, _: str) -> None:
    reply = call.perform()
    await call.hang_up(reply.raw()[: -len(reply.body) // 2])


async def _late(call: Exchange, seconds: str) -> None:
    call.perform_later(float(seconds))
    await call.hang_up()


async def _hang(call: Exchange, _: str) -> None:
    call.perform()
    await call.hold()


async def _hang_before(call: Exchange, _: str) -> None:
    await call.hold()


async def _slow(call: Exchange, seconds: str) -> None:
    reply = call.perform()
    await asyncio.sleep(float(seconds))
    await call.answer(reply)


async def _mangle(call: Exchange, _: str) -> None:
    await call.answer(call.perform(mangled=True))


def _lies(lie: Lie) -> Handler:
    """A list that is not what it seems."""

    async def handle(call: Exchange, _: str) -> None:
        await call.answer(call.perform(lie=lie))

    return handle


async def _shift(call: Exchange, _: str) -> None:
    # Between this page and the next one, so that a record moves from that page to one that has been read.
    reply = call.perform()
    call.shift()
    await call.answer(reply)


async def _no_id(call: Exchange, _: str) -> None:
    await call.answer(_edited(call.perform(), Value=None))


async def _id_null(call: Exchange, _: str) -> None:
    await call.answer(_edited(call.perform(), Value={"Id": None}))


async def _id_string(call: Exchange, _: str) -> None:
    reply = call.perform()
    value = json.loads(reply.body)["Value"] if reply.status == HTTPStatus.OK else None
    await call.answer(_edited(reply, Value=value and {"Id": str(value["Id"])}))


async def _id_repeated(call: Exchange, _: str) -> None:
    previous = call.previous_id
    reply = call.perform()
    await call.answer(_edited(reply, Value={"Id": previous or call.previous_id}))


async def _big_body(call: Exchange, _: str) -> None:
    await call.answer(_edited(call.perform(), JavaScript="x" * BIG))


async def _gzip_bomb(call: Exchange, _: str) -> None:
    call.perform()
    await call.answer(Reply(200, _bomb(), extra=((b"Content-Encoding", b"gzip"),)))


async def _token_ends(call: Exchange, _: str) -> None:
    call.revoke()
    await call.answer(unauthorized())


async def _redirect(call: Exchange, target: str) -> None:
    address = target if "://" in target else f"http://{target}{call.path}"
    await call.answer(Reply(302, extra=((b"Location", address.encode()),)))


def _edited(reply: Reply, **fields: object) -> Reply:
    """A success with some fields of its envelope replaced; a refusal stays as it is."""
    return as_json(200, {**json.loads(reply.body), **fields}) if reply.status == HTTPStatus.OK else reply


@functools.cache
def _bomb() -> bytes:
    squeezer = zlib.compressobj(wbits=31)
    return squeezer.compress(bytes(BOMB)) + squeezer.flush()


def _status(number: str) -> Reply:
    return message(int(number), "An error has occurred.")


def _refused_200() -> Reply:
    refused = {"Status": 500, "Message": "The record could not be saved.", "Value": None, "Errors": None}
    return as_json(200, {**refused, "WasSuccessful": False})


def _errors_200() -> Reply:
    # WasSuccessful is true here, so that only a client that reads Errors notices.
    return as_json(200, {**json.loads(invalid([Problem("Name")]).body), "WasSuccessful": True})


FAULTS: dict[str, Handler] = {
    "ok": _ok,
    # The connection ends without a whole answer.
    "lost-before": _lost_before,
    "lost-after": _lost_after,
    "reset": _reset,
    "late": _late,
    "half-body": _half_body,
    "cut": _cut,
    "hang": _hang,
    "hang-before": _hang_before,
    "slow": _slow,
    # A whole answer that leaves the effect open.
    "500-before": _says(_status("500")),
    "500-after": _says(_status("500"), applies=True),
    "500-ooops": _says(message(500, _OOOPS)),
    "500-ooops-after": _says(message(500, _OOOPS), applies=True),
    "400-ooops": _says(message(400, _OOOPS)),
    "400-ooops-after": _says(message(400, _OOOPS), applies=True),
    "502-html": _says(Reply(502, _PAGE, HTML)),
    "502-html-after": _says(Reply(502, _PAGE, HTML), applies=True),
    "200-html": _says(Reply(200, _PAGE, HTML)),
    "200-html-after": _says(Reply(200, _PAGE, HTML), applies=True),
    "200-empty": _says(Reply(200), applies=True),
    "status": _says_with(_status),
    "status-after": _says_with(_status, applies=True),
    # Refusals that precede any effect.
    "throttle-409": _says_with(wait_409),
    "throttle-409-bare": _says(wait_409_bare()),
    "throttle-429": _says_with(lambda seconds: wait_429(float(seconds))),
    "409-envelope": _says(invalid([Problem("Resource", "is already in use")], 409)),
    "400": _says(invalid([Problem("Name")])),
    "400-relation": _says(invalid([Problem("Coworker")])),
    "401-row": _says(access_denied()),
    "401-token": _token_ends,
    "403": _says(message(403, "Authorization has been denied for this request.")),
    "404": _says(not_found()),
    "redirect": _redirect,
    "false-200": _says(_refused_200()),
    "errors-200": _says(_errors_200()),
    "array-200": _says(as_json(200, [{"error": "The record could not be saved."}])),
    # A success that is not quite one.
    "no-id": _no_id,
    "id-null": _id_null,
    "id-string": _id_string,
    "id-repeated": _id_repeated,
    "mangle": _mangle,
    "big-body": _big_body,
    "gzip-bomb": _gzip_bomb,
    # A list that is not what it seems.
    "list-shift": _shift,
    **{f"list-{name}": _lies(lie) for name, lie in LIES.items()},
}
MEANINGS: dict[str, str] = {
    "ok": "nothing goes wrong",
    "lost-before": "the connection closes without an answer; nothing was done",
    "lost-after": "it was done, and the connection closes without an answer",
    "reset": "it was done, and the connection is reset",
    "late": "the connection closes, and it is done only after these seconds: `late:30`",
    "half-body": "it was done, and the answer breaks off in the middle",
    "cut": "it was done, and the answer ends after so many bytes: `cut:20`",
    "hang": "it was done, and the answer never comes",
    "hang-before": "nothing was done, and the answer never comes",
    "slow": "it is done, and the answer comes after these seconds: `slow:10`",
    "500-before": "a server error; nothing was done",
    "500-after": "a server error, although it was done",
    "500-ooops": "a server error with the text of Nexudus; nothing was done",
    "500-ooops-after": "the same, although it was done",
    "400-ooops": "a refusal with the text of Nexudus for its own errors; nothing was done",
    "400-ooops-after": "the same, although it was done",
    "502-html": "a web page that says 502; nothing was done",
    "502-html-after": "the same, although it was done",
    "200-html": "a web page that says 200; nothing was done",
    "200-html-after": "the same, although it was done",
    "200-empty": "it was done, and the answer is empty",
    "status": "this HTTP status; nothing was done: `status:503`",
    "status-after": "the same, although it was done: `status-after:503`",
    "throttle-409": "refused as too fast, with seconds to wait in a header: `throttle-409:5`",
    "throttle-409-bare": "refused as too fast, without saying how long to wait",
    "throttle-429": "refused as too fast, with seconds to wait in the text: `throttle-429:5`",
    "409-envelope": "a conflict with another record",
    "400": "refused, because Name is missing",
    "400-relation": "refused, because Coworker is missing",
    "401-row": "refused, because the user may not see a record that the row names",
    "401-token": "the sign-in has expired",
    "403": "the user may not do this",
    "404": "not found",
    "redirect": "sent to another address: `redirect:example.com`",
    "false-200": "an answer with status 200 that says the record was not saved",
    "errors-200": "an answer that says it was done, and lists an error",
    "array-200": "an answer with status 200 that is nothing but an error",
    "no-id": "it was done, and the answer does not name the record",
    "id-null": "it was done, and the Id in the answer is empty",
    "id-string": "it was done, and the Id in the answer is a text",
    "id-repeated": "it was done, and the answer names the record before",
    "mangle": "the record is saved with another name than asked for",
    "big-body": "it was done, and the answer has 10 MB",
    "gzip-bomb": "it was done, and the answer unpacks to 100 MB",
    "list-shift": "a record is deleted and made again between two pages of the list",
    "list-end-early": "the list says that it ends after this page",
    "list-no-end": "the list says that it never ends",
    "list-count-low": "the list counts one record too few",
    "list-count-high": "the list counts one record too many",
    "list-no-end-no-count": "the list says neither where it ends nor how many records it has",
    "list-same-page": "each page of the list is the first one",
    "list-latest-missing": "the list lacks its latest record",
    "list-other-location": "the list has only the records of the second location",
    "list-empty": "the list is empty",
    "list-ids-as-text": "the list has Ids as texts",
    "list-members-missing": "the list has nothing but Ids and times",
}
"""What each fault does, for people. The seconds pass as fast as the sandbox's time."""

_DEFAULTS = {"throttle-409": "1", "throttle-429": "1.5", "late": "1", "slow": "1", "redirect": "127.0.0.1:9"}
_WHOLE = frozenset({"cut", "status", "status-after"})
_NUMBERS = _WHOLE | {"late", "slow", "throttle-429"}
_SECONDS = frozenset({"late", "slow", "throttle-409", "throttle-429"})
