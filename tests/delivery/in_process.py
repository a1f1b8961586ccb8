"""The sandbox without its sockets: its rules and faults, thousands of calls a second, and effects that come late."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

from delivery.kit import NO_LIMITS, PATH, TOKEN
from importer.nexudus import Nexudus, Probe, Reply
from importer.nexudus.reply import parse_json
from importer.sandbox import SandboxOptions
from importer.sandbox.faults import Exchange, handler
from importer.sandbox.lists import HONEST, Lie, parsed
from importer.sandbox.replies import Fields
from importer.sandbox.replies import Reply as Answer
from importer.sandbox.state import State

US, COLLEAGUE = "ops@example.com", "colleague@example.com"
Perform = Callable[[Lie], Answer]


async def _nothing() -> None:
    """Nothing happens before a call."""


@dataclass
class InProcess:
    """What a Nexudus does, answered by the sandbox's own rules.

    ``late`` are the effects that have not come yet, ``asked`` the calls so far, ``before`` what happens before each;
    ``lie`` is what answers every read by Id instead.
    """

    state: State = field(default_factory=lambda: State(SandboxOptions(**{**NO_LIMITS, "token": TOKEN})))
    late: list[Perform] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    before: Callable[[], Awaitable[None]] = _nothing
    lie: Reply | None = None
    signed_in: Probe = Probe.GOOD

    @property
    def nexudus(self) -> Nexudus:
        """Itself, as what takes its place."""
        return cast("Nexudus", self)

    async def create(self, path: str, body: str) -> Reply:
        """One new record."""
        return await self._call("create", lambda _: self.state.service.create(self.entity(path), body.encode(), US))

    async def put(self, path: str, body: str) -> Reply:
        """One record replaced."""
        return await self._call("update", lambda _: self.state.service.update(self.entity(path), body.encode(), US))

    async def delete(self, path: str, record_id: int) -> Reply:
        """One record less."""
        return await self._call("delete", lambda _: self.state.service.delete(self.entity(path), record_id))

    async def get(self, path: str, record_id: int) -> Reply:
        """One record."""
        if self.lie is not None:
            return self.lie
        return await self._call("read", lambda _: self.state.service.read(self.entity(path), record_id))

    async def page(
        self, path: str, *, page: int = 1, size: int = 1000, filters: Mapping[str, str | int] | None = None
    ) -> Reply:
        """One page of a list."""
        query = "&".join(f"{name}={value}" for name, value in {"page": page, "size": size, **(filters or {})}.items())
        kind = "read" if filters and "id" in filters else "list"
        return await self._call(
            kind, lambda lie: self.state.service.find(self.entity(path), parsed(query.encode()), lie)
        )

    async def probe(self, _: Reply) -> Probe:
        """What a 401 is about; by default the sign-in holds."""
        return self.signed_in

    async def _call(self, kind: str, perform: Perform) -> Reply:
        await self.before()
        self.asked.append(kind)
        exchange = _Exchange(self, perform)
        handle, argument = handler(self.state.next_fault(kind))
        await handle(cast("Exchange", exchange), argument)
        return exchange.reply

    def entity(self, path: str = PATH) -> str:
        """The kind of record at a path."""
        entity = self.state.service.entity(path)
        assert entity is not None
        return entity

    @property
    def records(self) -> dict[int, Fields]:
        """What is there, by Id."""
        return {record_id: stored.fields for record_id, stored in self.state.service.records.all()}

    def edit(self, record_id: int, **fields: object) -> None:
        """A colleague changes a record, an hour after it was created."""
        later = str(self.records[record_id]["CreatedOn"]).replace("T", " ").replace("Z", "")
        self.records[record_id].update(fields, UpdatedBy=COLLEAGUE, UpdatedOn=f"{later[:10]}T23:59:59Z")

    def let_late_effects_come(self) -> None:
        """Everything that is still on its way arrives."""
        while self.late:
            self.late.pop(0)(HONEST)


@dataclass
class _Exchange:
    """One call that waits for its answer; the ``Exchange`` of a connection that is none."""

    service: InProcess
    effect: Perform
    reply: Reply = field(default_factory=lambda: Reply(failure="no answer"))

    path = ""

    @property
    def previous_id(self) -> int | None:
        return self.service.state.service.previous_id

    def perform(self, *, mangled: bool = False, lie: Lie = HONEST) -> Answer:
        assert not mangled, "only over sockets"
        return self.effect(lie)

    def perform_later(self, _: float) -> None:
        self.service.late.append(self.effect)

    def shift(self) -> None:
        self.service.state.shift()

    def revoke(self) -> None:
        raise AssertionError("only over sockets")

    async def answer(self, answer: Answer) -> None:
        headers = [(name.lower(), value.decode()) for name, value in answer.extra]
        self.reply = Reply(
            answer.status,
            reason=answer.phrase.decode() or HTTPStatus(answer.status).phrase,
            retry_after=tuple(value for name, value in headers if name == b"retry-after"),
            content_type=answer.content_type.decode() if answer.body else "",
            text=answer.body.decode(),
            json=parse_json(answer.body),
            whole=True,
        )

    async def hang_up(self, _: bytes = b"", *, reset: bool = False) -> None:
        self.reply = Reply(failure="the connection was reset" if reset else "no answer")

    async def hold(self) -> None:
        self.reply = Reply(failure="no answer in time")
