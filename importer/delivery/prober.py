"""Finds out how a service behaves, with one record that is made, read, changed and deleted again.

Rule 1: nothing is changed or deleted that was not read a moment before and carries the name or the mark of this probe.
Rule 2: however a probe ends, its record is deleted, or ``leftover`` names it. Rule 3: what the answers mean for a point
is decided in ``probe_answers``.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from importer.delivery.backoff import pause_after
from importer.delivery.by_id import Gone, is_deleted, read_record, what_came
from importer.delivery.listing import instant
from importer.delivery.probe_answers import Evidence
from importer.delivery.replies import Pause, Verdict, classify
from importer.journal.states import Event
from importer.nexudus import Ended, Nexudus, Page, PageReader, Probe, Reply, read_page
from importer.nexudus.pages import PAGE_SIZE
from importer.nexudus.reply import proper_id
from importer.nexudus.waits import Stopped, unless
from schemas import FieldType, RecordType

NAME = "Importer probe"
"""How the name of every probe's record begins, for people who find one."""

MOST_TRIES = 3
LONGEST_THROTTLE = 120.0
"""Seconds; a service that asks for a longer wait is not probed now."""

WRITES = 3 * 2 + MOST_TRIES
"""Writes that a probe takes at most, if no throttle repeats one: the create and each of two updates may need a second
form, and the delete is tried several times."""

CALLS = 15
"""Calls that a probe takes in all where the service does what the older reference says."""

_OFFSET = timezone(timedelta(hours=2))
_REFUSALS_TO_DELETE = (400, 403, 405)


class _EndedError(Exception):
    """The probe cannot go on; ``because`` is a clause that begins with that word."""

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because


@dataclass(frozen=True)
class Subject:
    """The record that a probe makes.

    Attributes:
        kind: Its type.
        paths: The endpoints to try, the preferred one first.
        title: The field that holds its name.
        name: Its name, which no other record has.
        marks: Two texts for SystemId, which no other record has; none for the record of an earlier probe.
        fields: All of its fields as they are sent, without a date field.
        changes: Other values for some of the fields.
        dates: The moments for its date fields: of the create, and of the updates.
    """

    kind: RecordType
    paths: Sequence[str]
    title: str
    name: str
    marks: tuple[str, ...]
    fields: Mapping[str, object]
    changes: Mapping[str, object]
    dates: tuple[datetime, datetime]

    def is_shown_by(self, record: Mapping[str, object]) -> bool:
        """Whether this is what the service says of the record of this probe."""
        return record.get(self.title) == self.name or record.get("SystemId") in self.marks

    def created(self) -> dict[str, object]:
        """The fields of the create, all of them."""
        return {**self.fields, **self._dated(written(self.dates[0])), "SystemId": self.marks[0]}

    def updated(self, date: str) -> dict[str, object]:
        """The fields of an update, all of them."""
        return {**self.fields, **self.changes, **self._dated(date), "SystemId": self.marks[1]}

    def _dated(self, date: str) -> dict[str, object]:
        return {name: date for name in self.kind.fields if self.kind.type_of(name) is FieldType.DATE}


def written(moment: datetime) -> str:
    """A moment as it is sent to the service: in UTC with a Z, or with an offset if it has another one."""
    text = moment.isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")


class Prober:
    """One probe.

    Attributes:
        evidence: What came back so far.
        leftover: The name of the record if it may still exist; empty if it certainly does not.
        is_unlisted: Whether it was looked for on a whole list that does not show it.
    """

    def __init__(
        self,
        service: Nexudus,
        subject: Subject,
        take_turn: Callable[[], Coroutine[Any, Any, float]],
        pause: Callable[[float], None],
        stop: asyncio.Event,
        announce: Callable[[str], None],
    ) -> None:
        """Nothing is sent yet.

        Args:
            service: Where to probe.
            subject: What to make there.
            take_turn: Waits until a write is allowed, and books it.
            pause: Keeps everybody from calling for so many seconds, because the service asked for it.
            stop: Set when the user asks to stop; the record is deleted even then.
            announce: Gets the name of the record before the first call that may create it.
        """
        self._service, self._subject = service, subject
        self._take_turn, self._pause, self._stop, self._announce = take_turn, pause, stop, announce
        self._is_deleting = self._is_barred = False
        self.evidence = Evidence(subject.kind)
        self.leftover = ""
        self.is_unlisted = False

    async def probe(self) -> Evidence:
        """Everything that the calls of a probe bring."""
        # 1. Look around first: where nothing can be listed, the record could not be looked for after a lost answer.
        # 2. The name is written down before the create leaves, and crossed out only when the record is certainly gone.
        # 3. Whatever ends the steps in between, a second Ctrl-C too, the record is deleted.
        try:
            for step in (self._look_around, self._create, self._list, self._update, self._shorten):
                if self._stop.is_set():
                    raise _EndedError("because you stopped the probe")
                await step()
        except _EndedError as ended:
            self.evidence.ended = ended.because
        finally:
            self._is_deleting = True
            # A wait of hours is no reason to keep the command open: the record is named, and can be deleted later.
            if self.leftover and not self._is_barred:
                await self._delete()
            self._note_throttle()
        return self.evidence

    async def delete_leftover(self) -> None:
        """Delete the record of an earlier probe, of which the subject has the name."""
        self._is_deleting, self.leftover = True, self._subject.name
        for path in self._subject.paths:
            if not (await self._page(path)).failure:
                self.evidence.path = path
                await self._delete()
                break

    async def _look_around(self) -> None:
        evidence, paths = self.evidence, self._subject.paths
        for path in paths:
            evidence.pages[path] = await self._page(path)
        evidence.path = next((path for path in paths if not evidence.pages[path].failure), "")
        if not evidence.path:
            came = what_came(evidence.pages[paths[0]].reply)
            raise _EndedError(f"because the records cannot be listed: {came}")
        first = evidence.pages[evidence.path]
        if first.has_next and first.pages_left:
            evidence.last_page = await self._page(evidence.path, page=first.pages_left + 1)
        if len(first.records) > 1:
            evidence.directed_page = await self._page(evidence.path, filters={"dir": 1})

    async def _create(self) -> None:
        evidence, kind = self.evidence, self._subject.kind
        whole = self._subject.created()
        evidence.left_out = [name for name, column in kind.columns.items() if column.nullable]
        reply, verdict = await self._write(self._create_call, _without(whole, evidence.left_out))
        if verdict.event is Event.REFUSED and evidence.left_out:
            evidence.create_refusal = verdict.message
            reply, verdict = await self._write(self._create_call, whole)
        if verdict.event in (Event.REFUSED, Event.NOT_APPLIED):
            # Also for a 401, which only the test of the sign-in told from one that says nothing about the record.
            self.leftover = ""
            # A refusal of the whole record says nothing about the fields that were left out before.
            evidence.create_refusal = ""
            raise _EndedError(f"because the service did not create the record: {verdict.message}")
        record = await self._certain_record(verdict.remote_id)
        if record is None:
            raise _EndedError(f"because the record was not certainly created: {what_came(reply)}")
        evidence.number, evidence.created = proper_id(record.get("Id")), record
        evidence.mark = self._subject.marks[0]

    async def _create_call(self, path: str, body: str) -> Reply:
        # Written down when its turn has come, so that a stop while it waits for that leaves no name behind.
        self.leftover = self._subject.name
        self._announce(self.leftover)
        reply = await self._service.create(path, body)
        if classify(reply, lambda _: False).event in (Event.REFUSED, Event.NOT_APPLIED):
            self.leftover = ""
        return reply

    async def _certain_record(self, answered: int | None) -> Mapping[str, object] | None:
        """The record that was made: the one whose Id was answered if it is that, else the one that a list shows."""
        # The Id of an answer can be another record's; changed or deleted would be somebody else's data.
        record = None if answered is None else await self._certain(answered)
        if record is None and (number := await self._search()) is not None:
            record = await self._certain(number)
        return record

    async def _certain(self, number: int) -> Mapping[str, object] | None:
        record = _record(await self._get(number), number)
        return record if record is not None and self._subject.is_shown_by(record) else None

    async def _search(self) -> int | None:
        """The Id of the record on a list; None if none shows it."""
        path, subject = self.evidence.path, self._subject
        for name, value in ((subject.title, subject.name), *(("SystemId", mark) for mark in subject.marks[:1])):
            if (number := self._number_on([await self._page(path, filters=self._filter(name, value))])) is not None:
                return number
        reader = PageReader(self._service, path)
        number = self._number_on([page async for page in reader])
        self.is_unlisted = number is None and reader.ended is Ended.LAST_PAGE and not reader.failure
        return number

    def _number_on(self, pages: Iterable[Page]) -> int | None:
        return next((n for page in pages for n, item in page.records.items() if self._subject.is_shown_by(item)), None)

    async def _list(self) -> None:
        evidence, subject = self.evidence, self._subject
        first = evidence.first_page
        # Where there are other records, a list without them shows that it was filtered; else it is asked for no record.
        is_alone = first is None or not first.records
        for name, value, pages in (
            ("SystemId", subject.marks[0], evidence.by_system_id),
            (subject.title, subject.name, evidence.by_name),
        ):
            for text in (value, f"{value} no") if is_alone else (value,):
                pages.append(await self._page(evidence.path, filters=self._filter(name, text)))
        if evidence.item is None:
            length = len(first.listed or ()) if first is not None else 0
            number = (first.total or 0) // length + 1 if first is not None and first.has_next and length else 1
            evidence.unfiltered = await self._page(evidence.path, page=number)

    def _filter(self, name: str, value: str) -> dict[str, str | int]:
        return {f"{self._subject.kind.name}_{name}": value}

    async def _update(self) -> None:
        evidence, moment = self.evidence, self._subject.dates[1]
        plain = self._subject.updated(written(moment))
        evidence.sent, evidence.sent_date = plain, written(moment.astimezone(_OFFSET))
        reply, verdict = await self._put(self._subject.updated(evidence.sent_date))
        refusal = ""
        if verdict.event is Event.REFUSED and evidence.date_field:
            refusal = verdict.message
            reply, verdict = await self._put(plain)
        if verdict.event is Event.NOT_APPLIED:
            raise _EndedError(f"because the record was not updated: {verdict.message}")
        if verdict.event is Event.REFUSED:
            evidence.update_refusal = verdict.message
        record = await self._read()
        # After a lost answer the record itself tells.
        if verdict.event is not Event.ACCEPTED and not self._was_updated(record):
            raise _EndedError(f"because the record was not certainly updated: {verdict.message or what_came(reply)}")
        evidence.offset_refusal, evidence.update_refusal = refusal, ""
        evidence.updated = record
        evidence.update_answer = reply if verdict.event is Event.ACCEPTED else None

    def _was_updated(self, record: Mapping[str, object] | None) -> bool:
        changes = self._subject.changes
        if record is None:
            return False
        if not changes:
            name = self.evidence.date_field
            return instant(record.get(name)) != instant((self.evidence.created or {}).get(name))
        return all(record.get(name) == value for name, value in changes.items())

    async def _shorten(self) -> None:
        evidence, whole = self.evidence, dict(self.evidence.sent)
        optional = () if evidence.create_refusal else evidence.left_out
        omitted = [*optional, *evidence.disputed]
        reply, verdict = await self._put(_without(whole, [*omitted, "SystemId"]))
        if verdict.event is Event.REFUSED and evidence.disputed:
            refusal, omitted = verdict.message, list(optional)
            reply, verdict = await self._put(_without(whole, [*omitted, "SystemId"]))
            evidence.disputed_refusal = refusal if verdict.event is Event.ACCEPTED else ""
        if verdict.event is not Event.ACCEPTED:
            raise _EndedError(f"because the second update was not confirmed: {what_came(reply)}")
        evidence.shortened_to, evidence.shortened = omitted, await self._read()
        evidence.update_answer = reply

    async def _delete(self) -> None:
        evidence = self.evidence
        if evidence.number is None:
            evidence.number = proper_id((await self._certain_record(None) or {}).get("Id"))
        if (number := evidence.number) is None:
            return
        for _ in range(MOST_TRIES):
            # Read anew each time: it may be gone although no answer said so, and only what is certainly the record of
            # this probe may be deleted.
            reply = await self._get(number)
            record = _record(reply, number)
            if self._crossed_out(reply, number) or record is None or not self._subject.is_shown_by(record):
                return
            reply, verdict = await self._write(self._delete_call, {})
            evidence.deletes.append(reply)
            if verdict.pause is Pause.THROTTLE or reply.status_in(*_REFUSALS_TO_DELETE):
                break
        self._crossed_out(await self._get(number), number)

    async def _delete_call(self, path: str, _: str) -> Reply:
        return await self._service.delete(path, self.evidence.number or 0)

    def _crossed_out(self, reply: Reply, number: int) -> bool:
        """Whether the service says that the record is not there; its name is crossed out then."""
        if not isinstance(read_record(reply, number, self.evidence.kind), Gone):
            return False
        self.evidence.after_delete, self.leftover = reply, ""
        return True

    async def _get(self, number: int) -> Reply:
        return await self._service.get(self.evidence.path, number)

    async def _read(self) -> Mapping[str, object]:
        number = self.evidence.number or 0
        reply = await self._get(number)
        record = _record(reply, number)
        if record is None:
            raise _EndedError(f"because the record could not be read: {what_came(reply)}")
        return record

    async def _page(self, path: str, *, page: int = 1, filters: Mapping[str, str | int] | None = None) -> Page:
        query = {"orderBy": "Id", **(filters or {})}
        return read_page(await self._service.page(path, page=page, size=PAGE_SIZE, filters=query))

    async def _put(self, fields: Mapping[str, object]) -> tuple[Reply, Verdict]:
        number = self.evidence.number or 0
        reply, verdict = await self._write(self._service.put, {**fields, "Id": number})
        # A success that names no record is one as well: which record it is about was said in the body.
        return reply, replace(verdict, event=Event.ACCEPTED) if is_deleted(reply, number) else verdict

    async def _write(
        self, call: Callable[[str, str], Awaitable[Reply]], fields: Mapping[str, object]
    ) -> tuple[Reply, Verdict]:
        """The answer to one write and what it means; sent again only if it certainly had no effect."""
        body, throttles = json.dumps(fields, ensure_ascii=False), 0
        while True:
            await self._turn()
            reply = await call(self.evidence.path, body)
            verdict = classify(reply, lambda _: False)
            if verdict.pause is Pause.THROTTLE and verdict.event is Event.NOT_APPLIED and throttles < MOST_TRIES:
                throttles += 1
                self.evidence.throttles.append(reply)
                wait = pause_after(throttles) if verdict.wait is None else verdict.wait
                self._pause(wait)
                self._is_barred = wait > LONGEST_THROTTLE
                if self._is_barred:
                    return reply, verdict
                continue
            if not verdict.probe:
                return reply, verdict
            if await self._service.probe(reply) is not Probe.RENEWED or throttles >= MOST_TRIES:
                return reply, Verdict(Event.REFUSED, verdict.message)
            throttles += 1

    async def _turn(self) -> None:
        # The record is deleted even after a stop, so that its turn is waited for.
        if self._is_deleting:
            await self._take_turn()
        elif isinstance(await unless(self._stop, self._take_turn()), Stopped):
            raise _EndedError("because you stopped the probe")

    def _note_throttle(self) -> None:
        if self._service.throttle is not None:
            self.evidence.throttles.append(self._service.throttle)


def _record(reply: Reply, number: int) -> Mapping[str, object] | None:
    """The record of this Id that an answer holds; None if it holds none."""
    document = reply.json
    if not reply.status_in(200) or not isinstance(document, dict) or "WasSuccessful" in document:
        return None
    return document if proper_id(document.get("Id")) == number else None


def _without(fields: Mapping[str, object], names: Iterable[str]) -> dict[str, object]:
    left_out = set(names)
    return {name: value for name, value in fields.items() if name not in left_out}


def subject(kind: RecordType, paths: Sequence[str], references: Mapping[str, int], now: float, token: str) -> Subject:
    """The record to probe with.

    Args:
        kind: Its type.
        paths: The endpoints to try, the preferred one first.
        references: The Id for each field that names another record.
        now: Epoch seconds.
        token: 32 random hexadecimal digits.

    Raises:
        ValueError: Records of this type have no name by which a person would recognise it.
    """
    texts = [name for name in kind.fields if kind.type_of(name) is FieldType.TEXT]
    title = kind.name_field
    if not title:
        raise ValueError(f"{kind.name} has no text field")
    day = datetime.fromtimestamp(now, UTC).replace(minute=30, second=0, microsecond=0) + timedelta(days=2)
    name = f"{NAME} {token[:12]} (can be deleted)"
    values = {field: _value(kind, field, token) for field in kind.fields if kind.type_of(field) is not FieldType.DATE}
    fields = {**values, **references, title: name}
    changes = {field: _guid(token[::-1]) for field in texts if field != title}
    marks = (f"probe-{token}-1", f"probe-{token}-2")
    return Subject(kind, paths, title, name, marks, fields, changes, (day, day + timedelta(days=1)))


def _value(kind: RecordType, field: str, token: str) -> object:
    """A value that any field of this type takes."""
    match kind.type_of(field):
        case FieldType.TEXT:
            return _guid(token)
        case FieldType.YES_NO:
            return False
        case FieldType.CHOICE:
            return next(iter(kind.choices(field).values()))
        case _:
            return 1


def _guid(token: str) -> str:
    parts = (token[:8], token[8:12], token[12:16], token[16:20], token[20:32])
    return "-".join(parts)
