"""The Nexudus REST API as the rest of the importer sees it: a few verbs that give a Reply.

Rule 1: a create, an update or a delete is put on the wire at most once. Rule 2: a call that changes nothing may be
repeated, a few times and counted. What a reply means for a row is decided elsewhere.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

import stamina

from importer.clock import seconds_since_boot
from importer.errors import ServiceError, SignInError
from importer.model import Account
from importer.nexudus.access import Access, Secret, account_of, is_told_who, is_whole, knows_no_user, names_user
from importer.nexudus.client import HttpClient
from importer.nexudus.reply import Reply
from importer.nexudus.sign_in import CODE, SignIn, Ticket, away
from importer.nexudus.waits import GRACE, Stopped, unless
from schemas import full_path

ATTEMPTS = 4
"""How often a call that changes nothing is put on the wire at most."""

PATIENCE = 120.0
"""Seconds after which such a call is not tried again."""

LONGEST_PAUSE = 30.0
"""A longer Retry-After is left to the caller, who can tell the user and end the program."""

LONGEST_WAY = 15.0
"""Seconds within which a write leaves after it was asked for, or not at all: enough to connect, and less than any wait
after which somebody may conclude that it will have no effect."""

WHO = "/en/user/me"
"""Not in the vendor's pages; a public client asks it who is signed in (read 2026-11-23). Its failure proves nothing."""

# A repeated call is no news for the user; the front ends decide what is shown.
logging.getLogger("stamina").setLevel(logging.ERROR)


_ODD_ANSWERS = 3
"""How often the service is asked who the user is, if its answers are neither a user nor a refusal."""


class Probe(StrEnum):
    """What a 401 was about."""

    GOOD = "good"
    """The sign-in holds: the refusal is about the row."""
    RENEWED = "renewed"
    """The call carried a token that has been replaced since: the row may be sent again."""
    REFUSED = "refused"
    """Nobody is signed in any more."""
    UNREACHABLE = "unreachable"
    """Nobody answered; nothing is known."""


async def _no_pacing() -> None:
    """Let every read go at once."""


class Nexudus:
    """The service, for one user. Use as an async context manager.

    Args:
        access: Where the service is and who asks.
        records: The endpoint of the records, for example "spaces/coworkermsoffecalendars"; a sign-in is tested by
            listing one of them.
        before_read: Awaited before each attempt of each call except creates, updates and deletes, whose turn the
            caller takes before it commits the intent.
        now: The clock by which tokens end, epoch seconds.

    Attributes:
        throttle: The latest answer with which a read, or a sign-in, was refused because it came too soon; None if none
            was.
    """

    def __init__(
        self,
        access: Access,
        records: str,
        *,
        before_read: Callable[[], Awaitable[None]] = _no_pacing,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Prepare; nothing is sent yet."""
        self.access = access
        self._records = records
        self._before_read = before_read
        self._client = HttpClient(access)
        self._sign_in = SignIn(access, self._ask_token, now)
        self._stop = asyncio.Event()
        self._probing = asyncio.Lock()
        self._probes = 0
        self._last_probe = Probe.UNREACHABLE
        self.throttle: Reply | None = None

    async def __aenter__(self) -> Self:
        """The service itself; leaving the ``async with`` closes its connections."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def sign_in(self, *, unproven: bool = False) -> Account:
        """The account that calls are made for, after the service accepted the sign-in.

        With ``unproven``, also that of a token which nothing shows to be good: its user may do nothing but create, so
        that the first create is the proof.

        Raises:
            SignInError: The service refused.
            ServiceError: The service cannot be reached, or gave no usable answer to who its user is.
        """
        await self._sign_in.ticket()
        who = await self._user_info()
        user_info = who.json if names_user(who) else None
        by_password = self._sign_in.by_password
        if user_info is None and not knows_no_user(who) and is_told_who(self.access, by_password=by_password):
            # Taken for a service that does not name its users, this one would make another account of this user: what
            # was imported yesterday could not be undone today.
            raise _odd_user(self.access, who)
        if user_info is None and not by_password:
            await self._prove_token(unproven=unproven)
        return account_of(self.access, user_info, by_password=by_password)

    async def _user_info(self) -> Reply:
        """What the service says about the user; asked again while the answer is odd."""
        for _ in range(_ODD_ANSWERS):
            who = await self.who()
            # What passes was asked for a few times already.
            if is_whole(who) or knows_no_user(who) or who.passing:
                break
        return who

    @property
    def token_refused(self) -> bool:
        """Whether the token of the settings was not accepted, and the password is used in its place."""
        return self.access.token is not None and self._sign_in.by_password

    def stop_on(self, stop: asyncio.Event) -> None:
        """End every wait for a sign-in when this event is set; calls that have left are not given up."""
        self._stop = stop

    async def token(self) -> Secret:
        """The token that calls carry now, for a process that continues with this sign-in."""
        return (await self._sign_in.ticket()).token

    async def who(self) -> Reply:
        """What the service says about the user; not every service does."""
        return await self._read(WHO)

    async def create(self, path: str, body: str | bytes) -> Reply:
        """The reply to one new record, ``body`` being its JSON; on the wire at most once."""
        content = body.encode() if isinstance(body, str) else body
        return await self._once("POST", _endpoint(path), content)

    async def put(self, path: str, body: str | bytes) -> Reply:
        """The reply to one whole record that replaces another, ``body`` being its JSON; on the wire at most once.

        The record is named by the Id in the body, not by the address, and fields that are left out are cleared.
        """
        content = body.encode() if isinstance(body, str) else body
        return await self._once("PUT", _endpoint(path), content)

    async def delete(self, path: str, record_id: int) -> Reply:
        """The reply to deleting a record; on the wire at most once."""
        return await self._once("DELETE", _endpoint(path, record_id))

    async def get(self, path: str, record_id: int) -> Reply:
        """One record with all its fields."""
        return await self._read(_endpoint(path, record_id))

    async def page(
        self, path: str, *, page: int = 1, size: int = 1000, filters: Mapping[str, str | int] | None = None
    ) -> Reply:
        """One page of a list. The service ignores filters it does not know: compare what comes back."""
        query = urlencode({"page": page, "size": size, **(filters or {})})
        return await self._read(f"{_endpoint(path)}?{query}")

    async def probe(self, reply: Reply) -> Probe:
        """What this 401 was about. Many callers at once cost one renewal and at most two probes."""
        # 1. The call carried an older token than the one in use: somebody has renewed it since, so send again.
        # 2. A probe began while this caller waited for the lock: its answer is newer than the question, so it holds.
        # 3. Otherwise ask the service. When 64 calls come back with 401 at once, nearly all of them end at 1 or 2: a
        #    probe for each would use up the allowance of reads, a sign-in for each could lock the user out.
        begun = self._probes
        async with self._probing:
            if reply.sign_in != self._sign_in.number:
                return Probe.RENEWED
            if self._probes == begun:
                self._probes += 1
                self._last_probe = await self._test_sign_in()
            return self._last_probe

    async def _test_sign_in(self) -> Probe:
        number = self._sign_in.number
        holds = await self._holds()
        if holds is None:
            return Probe.UNREACHABLE
        if holds:
            # The test itself may have replaced a token that had just ended; its own success says nothing of the old.
            return Probe.GOOD if number == self._sign_in.number else Probe.RENEWED
        try:
            await self._sign_in.renew(self._sign_in.number)
        except SignInError:
            return Probe.REFUSED
        except ServiceError:
            return Probe.UNREACHABLE
        # A user who may read nothing gets 401 even with a fresh token.
        return Probe.REFUSED if await self._holds() is False else Probe.RENEWED

    async def _holds(self) -> bool | None:
        """Whether the token is good for anything; None if no answer tells."""
        # Two questions, because each alone can be refused to a user who is signed in: the first is not documented, the
        # second takes a role. 401 counts only if neither is answered.
        refused = False
        for target in (WHO, self._one_record()):
            reply = await self._patiently(target)
            # 403 is the answer to a known user who lacks a role (the vendor's CLI tells it from 401, read 2026-11-23).
            if reply.status_in(403) or (reply.status_in(200) and isinstance(reply.json, dict)):
                return True
            refused = refused or reply.status_in(401)
        return False if refused else None

    async def _prove_token(self, *, unproven: bool) -> None:
        """Make sure that the service accepts a token that it could not put a name to.

        A service that is only out of breath must not count as one that cannot say who the user is: the account
        would get another key than yesterday, and rows created yesterday would be created again.
        """
        reply = await self._patiently(self._one_record())
        if reply.status_in(401) and not unproven:
            raise SignInError(
                "The service does not accept the token, or its user may not see any records.",
                "Get a new one and set NEXUDUS_TOKEN, or use a password. A user who may do nothing but create records "
                "can import with --without-list. Reconcile, verify and undo are not possible then.",
                on_page="Sign in with a password, or ask your administrator for a new token.",
            )
        if reply.passing:
            raise away(self.access, reply)

    async def _read(self, target: str) -> Reply:
        # Read again once after a renewal; a second 401 with a fresh token is about what was asked for.
        reply = await self._patiently(target)
        if reply.status_in(401) and await self.probe(reply) is Probe.RENEWED:
            reply = await self._patiently(target)
        return reply

    def _one_record(self) -> str:
        return f"{_endpoint(self._records)}?page=1&size=1"

    async def _patiently(self, target: str) -> Reply:
        return await self._signed(lambda headers: self._repeat(lambda: self._client.send("GET", target, headers)))

    async def _once(self, method: str, target: str, body: bytes | None = None) -> Reply:
        # Around ``_repeat``, not through it: whether a write may be sent again is for the journal to say.
        kind = {} if body is None else {"Content-Type": "application/json"}
        by = seconds_since_boot() + LONGEST_WAY
        return await self._signed(lambda headers: self._client.send(method, target, {**headers, **kind}, body, by))

    async def _repeat(self, attempt: Callable[[], Awaitable[Reply]], *, unsent_only: bool = False) -> Reply:
        """The first reply that settles the question, else the last of a few; or the first to what was sent."""
        try:
            async for turn in stamina.retry_context(on=_pause, attempts=ATTEMPTS, timeout=PATIENCE):
                with turn:
                    await self._before_read()
                    reply = await attempt()
                    # Such an answer is repeated away here, and nobody else sees it.
                    self.throttle = reply if reply.status_in(409, 429) else self.throttle
                    if reply.passing and not (unsent_only and reply.sent):
                        raise _AgainError(reply)
        except _AgainError as again:
            return again.reply
        return reply

    async def _signed(self, send: Callable[[Mapping[str, str]], Awaitable[Reply]]) -> Reply:
        """The reply to what is sent with the current token; without one, a Reply that says so."""
        try:
            ticket = await self._ticket()
        except SignInError as refused:
            return Reply(status=401, sent=False, failure=refused.message, sign_in=self._sign_in.number)
        except ServiceError as unreachable:
            return Reply(sent=False, failure=unreachable.message)
        if isinstance(ticket, Stopped):
            return Reply(sent=False, failure="it was stopped during the sign-in")
        reply = await send({"Authorization": f"Bearer {ticket.token.reveal()}"})
        return replace(reply, sign_in=ticket.number)

    async def _ticket(self) -> Ticket | Stopped:
        """What the next call carries. Renewing may take minutes, and ends at a stop: the call has not left yet."""
        # Not in two tasks for each of a million calls, of which nearly none has to wait.
        if not self._sign_in.is_due:
            return await self._sign_in.ticket()
        return await unless(self._stop, self._sign_in.ticket(), GRACE)

    async def _ask_token(self, form: Mapping[str, str]) -> Reply:
        # A form: JSON is answered with unsupported_grant_type (developers.nexudus.com/rest-api/authentication, read
        # 2026-11-23). Repeated only after answers that decide nothing: 5xx, throttles, none at all. A two-factor code
        # may be used up even then.
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(form).encode()
        return await self._repeat(
            lambda: self._client.send("POST", "/api/token", headers, body), unsent_only=CODE in form
        )


class _AgainError(Exception):
    """A reply for which it is worth asking again."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def _odd_user(access: Access, reply: Reply) -> ServiceError:
    """Why nobody can say whose account this is, in the importer's own words."""
    if reply.passing:
        return away(access, reply)
    return ServiceError(
        f"{access.host} gave no usable answer to who is signed in (HTTP {reply.status}).",
        "Try again in a moment. If it stays so, use a user name and a password instead of a token.",
    )


def _pause(error: Exception) -> bool | float:
    """Whether to ask again, or the seconds after which to."""
    if not isinstance(error, _AgainError):
        return False
    wait = error.reply.wait
    if wait is None:
        return True
    return wait if wait <= LONGEST_PAUSE else False


def _endpoint(path: str, record_id: int | None = None) -> str:
    address = f"/api/{'/'.join(quote(part, safe='') for part in full_path(path).split('/'))}"
    return address if record_id is None else f"{address}/{record_id:d}"
