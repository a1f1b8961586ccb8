"""Updates the records of rows that have other values: each record is read, merged, and written within five seconds."""

import asyncio
import math
from collections.abc import Callable, Container, Coroutine, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from importer.delivery.backoff import Backoff
from importer.delivery.breakers import Breakers
from importer.delivery.by_id import Gone, Look, Unreadable, read_record
from importer.delivery.comparer import Comparer
from importer.delivery.listing import Remote, instant
from importer.delivery.replies import Pause, Verdict, classify, classify_read
from importer.delivery.send_result import RecordsNotUpdated, RecordsUnreadable, RowLimit, SendResult, StopReason
from importer.delivery.sender import LONGEST_DELAY, Pace, judge_401
from importer.delivery.stop_signal import StopSignal
from importer.delivery.updates import (
    applied,
    before_of,
    body_of,
    gives_another_key,
    instead_of_an_update,
    key_taken,
    planned_again,
    settled,
)
from importer.journal.journal import Journal
from importer.journal.rows import Change, Intent
from importer.journal.runs import Run
from importer.journal.states import WITH_RECORD, Event, State
from importer.model import Progress
from importer.nexudus import Nexudus, Reply
from importer.nexudus.waits import GRACE, Stopped, unless, wait
from schemas import RecordType

_AT_ONCE = 4
"""Updates under way: a read and a write each, which at half a second a call uses the usual allowance of 60 a minute."""

_MOST_FAILED_LOOKS = 5
"""Records in a row that cannot be read, after which no more are asked for."""

_PAGE = 1_000
_WORTH_TELLING = 10.0


@dataclass(frozen=True, slots=True)
class Turns:
    """The allowance of writes: ``take`` waits for one and books it, ``renew`` books it anew as the call is to leave.

    ``free`` gives one back that was not used. All are of the time at which a turn is booked, in epoch seconds.
    """

    take: Callable[[], Coroutine[Any, Any, float]]
    renew: Callable[[float], Coroutine[Any, Any, float]]
    free: Callable[[float], None]


class Updater:
    """Updates the records of the planned rows of one run that have one to update."""

    def __init__(
        self,
        journal: Journal,
        service: Nexudus,
        run: Run,
        kind: RecordType,
        compared: Mapping[int, Remote],
        pace: Pace,
        turns: Turns,
        *,
        now: Callable[[], float],
        stop: StopSignal,
        tell: Callable[[Progress], None],
        user: str = "",
        ended: Container[tuple[int, int]] = frozenset(),
    ) -> None:
        """``compared`` are the records as they were when the rows were compared, by row; only those are updated.

        ``ended`` are the claims of rows, as run and row, that the comparison has looked into already.
        ``user`` is the signed-in user as records name it, empty if that is not known.
        Of the pace, ``max_rows`` counts updates alone, and windows and deadline are the turns' and the signal's affair.
        """
        self._journal, self._service, self._run, self._kind = journal, service, run, kind
        self._compared, self._pace, self._turns = compared, pace, turns
        self._now, self._stop, self._tell, self._user, self._ended = now, stop, tell, user, ended
        self._comparer = Comparer(kind)
        self._backoff, self._breakers = Backoff(pace.windows), Breakers(pace.patience)
        self._rows = self._planned()
        self._result: SendResult | None = None
        self._left_out = self._failed_looks = self._done = self._failed = self._sent = self._throttled = 0

    async def update(self) -> SendResult:
        """Update row by row, a few at once, until all is done or there is a reason to stop.

        If this is cancelled, calls that have left are given up; their rows are marked in the journal already.
        """
        # 1. The turn before the look: it may come tomorrow, and what was looked at today may have changed by then.
        # 2. The record by its Id. Anything but the record as it was when the row was compared ends the row: somebody
        #    else has changed it, and what they entered must not be overwritten.
        # 3. The intent is committed with the record as it is now, before the call leaves. Killed in between, the row is
        #    "updating", and the next command looks at the record.
        # 4. The call leaves within five seconds of the look, or the record is looked at again: an edit of somebody else
        #    within those seconds is overwritten, for the service has no conditional write.
        # 5. An update without an answer is never sent again on a guess: the same call, later, could overwrite an edit.
        # With a limit of rows one after another: a row that takes no call leaves its place to another, which must not
        # have been turned away meanwhile.
        some = 1 if self._pace.max_rows is not None else min(self._pace.concurrency or _AT_ONCE, _AT_ONCE)
        workers = [asyncio.create_task(self._work()) for _ in range(some)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return self._result or self._end()

    def _end(self) -> SendResult:
        if self._stop.look():
            return self._stop.reason
        if self._left_out:
            # They are planned still, and so the run is not finished.
            return SendResult(StopReason.UNANSWERED, RecordsNotUpdated(self._left_out))
        return SendResult(StopReason.DONE)

    def _planned(self) -> Iterator[Intent]:
        last = 0
        while page := self._journal.rows.planned(self._run, last, _PAGE, updates=True):
            last = page[-1].row
            yield from (intent for intent in page if intent.row in self._compared)

    async def _work(self) -> None:
        limit = self._pace.max_rows
        while not self._has_reason_to_stop() and (intent := next(self._rows, None)) is not None:
            if limit is not None and self._sent >= limit:
                self._stop_for(SendResult(StopReason.LIMIT, RowLimit(None)))
                return
            # Before the call, because others are under way meanwhile; a row that needs none does not count.
            self._sent += 1
            if not await self._update(intent):
                self._sent -= 1

    def _has_reason_to_stop(self) -> bool:
        return self._result is not None or self._stop.look()

    async def _update(self, intent: Intent) -> bool:
        """Bring one row to an end, and whether that took a call; a throttle or an outage is waited for."""
        refused: Intent | None = None
        while self._result is None and await self._may_call():
            turn = await unless(self._stop, self._turns.take())
            if isinstance(turn, Stopped):
                return False
            there = await unless(self._stop, self._look(intent), GRACE)
            looked_at = self._now()
            if there is None:
                # The service is away, or asks to wait: then the turn would be stale before the record is read.
                self._turns.free(turn)
                continue
            if not isinstance(there, Remote | Gone) or self._ends_without_a_call(intent, there, refused):
                self._turns.free(turn)
                if isinstance(there, Unreadable):
                    self._note_unreadable(there)
                return False
            turn = await unless(self._stop, self._turns.renew(turn))
            if isinstance(turn, Stopped):
                return False
            if abs(self._now() - looked_at) > LONGEST_DELAY:
                self._turns.free(turn)
                continue
            assert isinstance(there, Remote)
            updating = self._will_update(intent, there)
            if updating is None:
                self._turns.free(turn)
                return False
            change = await self._judge(updating, await self._put(updating, there, looked_at))
            self._journal.rows.move([change], self._now())
            if change.event is not Event.NOT_APPLIED:
                self._count(change)
                return True
            intent, refused = replace(updating, state=State.PLANNED, updated_on=change.updated_on), updating
        return False

    async def _put(self, intent: Intent, there: Remote, looked_at: float) -> Reply:
        if abs(self._now() - looked_at) > LONGEST_DELAY:
            # Provably not sent, so the row is planned again, and its record is looked at once more.
            return Reply(sent=False, failure="this machine was asleep when the call was due")
        mark = self._journal.marks.of_record(self._run.target or 0, there.id)
        return await self._service.put(self._run.endpoint, body_of(there, intent.values, self._comparer, mark))

    async def _look(self, intent: Intent) -> Look | None:
        """What the service says of the record; None if it asks to wait first."""
        reply = await self._service.get(self._run.endpoint, intent.remote_id or 0)
        if (verdict := classify_read(reply)) is None:
            self._backoff.note_contact()
            return read_record(reply, intent.remote_id or 0, self._kind)
        now = self._now()
        self._backoff.observe(verdict, now)
        self._stop_for(self._breakers.on_outage(verdict, self._backoff.down_for(now)))
        self._share_pause(writes=False)
        return None

    async def _read(self, intent: Intent) -> Look:
        number = intent.remote_id or 0
        return read_record(await self._service.get(self._run.endpoint, number), number, self._kind)

    def _ends_without_a_call(self, intent: Intent, there: Remote | Gone, refused: Intent | None) -> bool:
        """Whether the record is not as it was when the row was compared; then the row has come to its end.

        ``refused`` is the row at its latest call, which by the service's word had no effect.
        """
        self._failed_looks = 0
        change = instead_of_an_update(intent, there, self._compared[intent.row], self._kind)
        if change is None:
            return False
        changes = [change]
        if refused is not None:
            again = replace(refused, attempts=intent.attempts + 1)
            if (arrived := settled(again, there, math.inf, self._kind, self._user)) is not None:
                # The word was not true: the row's values are there.
                changes = [Change(intent, Event.WILL_UPDATE, intent.remote_id, before=refused.before), arrived]
        self._journal.rows.move(changes, self._now())
        self._count(changes[-1])
        return True

    def _note_unreadable(self, there: Unreadable) -> None:
        """A record that cannot be read leaves its row planned; after some in a row, the others would fare no better."""
        self._left_out += 1
        self._failed_looks += 1
        if self._failed_looks >= _MOST_FAILED_LOOKS:
            detail = RecordsUnreadable(self._failed_looks, there.why)
            self._stop_for(SendResult(StopReason.UNANSWERED, detail))

    def _will_update(self, intent: Intent, there: Remote) -> Intent | None:
        """The row as it is in the journal before its call leaves; None if another row has a claim on its key."""
        change, now = Change(intent, Event.WILL_UPDATE, intent.remote_id, before=before_of(there)), self._now()
        new_key = gives_another_key(intent, there, self._kind)
        claim = self._journal.rows.will_update(self._run, change, now, new_key=new_key, ended=self._ended)
        if claim is not None and claim.state in WITH_RECORD:
            # Created since the rows were compared: with the update, the mapping would be there twice.
            self._journal.rows.move([held := key_taken(intent, claim)], now)
            self._count(held)
        if claim is not None:
            # Without an answer, the row of another run may still come to a record. This one stays planned, and is
            # compared anew.
            return None
        return replace(
            intent, state=State.UPDATING, before=change.before, attempts=intent.attempts + 1, updated_on=None
        )

    async def _judge(self, intent: Intent, reply: Reply) -> Change:
        """What the answer to an update means for its row; what it means for the others is noted."""
        references = {reference.relation: name for name, reference in self._kind.references.items()}
        verdict = classify(reply, lambda number: number != intent.remote_id, references, "update")
        end = None
        if verdict.probe:
            verdict, end = await judge_401(self._service, verdict, reply, self._stop)
            self._stop_for(end)
        if verdict.pause is Pause.STOP_IF_REPEATED:
            # The path is right: the record was read at it a moment ago. So it is this record that is gone.
            verdict = replace(verdict, pause=Pause.NONE)
        self._observe(verdict, reply.status)
        self._throttled += verdict.pause is Pause.THROTTLE
        if verdict.event is Event.ACCEPTED:
            # The table of replies is made for creates; of an update, the same answer says that it is applied.
            stamp = reply.json.get("UpdatedOn") if isinstance(reply.json, dict) else None
            return applied(intent, instant(stamp), self._kind)
        # After a throttle the record is read again anyhow; without a sign-in nothing can be read, nor was it written.
        if reply.sent and end is None and verdict.pause is not Pause.THROTTLE and verdict.event is not Event.LOST:
            return await self._confirmed(intent, verdict)
        return _by_verdict(intent, verdict)

    async def _confirmed(self, intent: Intent, verdict: Verdict) -> Change:
        """What becomes of a row whose update had no effect by the service's word: its record is read.

        A service, or what stands before it, may refuse a call that it has carried out.
        """
        there = await unless(self._stop, self._read(intent), GRACE)
        if isinstance(there, Stopped | Unreadable):
            why = there.why if isinstance(there, Unreadable) else "it was stopped before"
            sentence = f"{verdict.message} Then the record could not be read ({why}), so it may have been updated."
            return Change(intent, Event.LOST, intent.remote_id, message=sentence)
        arrived = settled(intent, there, math.inf, self._kind, self._user)
        return _by_verdict(intent, verdict) if arrived is None else arrived

    def _observe(self, verdict: Verdict, status: int | None) -> None:
        now = self._now()
        self._backoff.observe(verdict, now)
        self._stop_for(self._breakers.observe(verdict, status, self._backoff.down_for(now)))
        self._share_pause(writes=self._backoff.is_for_writes_only(now))

    def _share_pause(self, *, writes: bool) -> None:
        """Let every process on this account wait as this one does; ``writes`` if it is about writes alone."""
        if (until := self._backoff.pause_to_share()) is not None:
            self._journal.calls.pause(self._run.account or "", until, writes=writes)

    async def _may_call(self) -> bool:
        """Wait as long as an answer asked for; False if there is a reason to stop."""
        while (seconds := self._backoff.seconds_left(self._now())) > 0:
            if seconds > _WORTH_TELLING:
                why = self._backoff.why(self._now())
                self._tell(Progress(self._done, self._failed, why, self._backoff.ready_at, self._throttled))
            if await wait(seconds, self._stop):
                return False
        return not self._stop.look()

    def _stop_for(self, reason: SendResult | None) -> None:
        # The first one stays: those that come later are mostly its consequences.
        self._result = self._result or reason

    def _count(self, change: Change) -> None:
        self._done += 1
        is_refused = change.event is Event.REFUSED
        self._failed += is_refused
        rows = (change.intent.row,) if is_refused else ()
        self._tell(Progress(self._done, self._failed, throttled=self._throttled, failed_rows=rows))


def _by_verdict(intent: Intent, verdict: Verdict) -> Change:
    """What a verdict makes of a row; one without effect is planned as it was."""
    assert verdict.event is not None
    if verdict.event is Event.NOT_APPLIED:
        return planned_again(intent, Event.NOT_APPLIED)
    return Change(intent, verdict.event, intent.remote_id, verdict.field, verdict.message)
