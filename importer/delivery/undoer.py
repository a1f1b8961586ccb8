"""Takes back what a run did: deletes the records it created, puts back those it updated.

Each record is read first, one call at a time, journaled like sending.
"""

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import Any

from importer.delivery.author import is_unproved
from importer.delivery.backoff import pause_after
from importer.delivery.by_id import Gone, Look, Unreadable, is_deleted, what_came
from importer.delivery.comparer import Comparer
from importer.delivery.listing import Remote, changed_since, instant, is_as_created
from importer.delivery.reconciler import seconds_left
from importer.delivery.record_reader import RecordReader
from importer.delivery.replies import Pause, Verdict, classify
from importer.delivery.send_result import NoRecordOfRun, RecordsNotUndone, SendResult, StopReason
from importer.delivery.stop_signal import StopSignal
from importer.delivery.updates import body_of, differing, own_stamp, values_before
from importer.delivery.verification import changed_fields
from importer.journal.journal import Journal
from importer.journal.rows import Change, Intent
from importer.journal.runs import Run
from importer.journal.states import TAKING_BACK, WITH_RECORD, Event, State
from importer.nexudus import Nexudus, Reply
from importer.nexudus.waits import GRACE, Stopped, unless, wait
from importer.text import moment, printable
from schemas import RecordType

_MOST_FAILURES = 5
_SOME, _FEW = 20, 3
"""How many other records are looked for at most before "not found" is doubted: of the run, and of other runs."""

LONGEST_DELAY = 5.0
"""Seconds from a look to its delete after which the record is looked at again."""

_WORTH_SAYING = 10.0
"""Seconds; a shorter wait is over before anybody has read of it."""


class Undone(StrEnum):
    """What became of a record that undo was asked to delete or to put back."""

    REMOVED = "removed"
    RESTORED = "put back"
    KEPT = "kept"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Reversal:
    """One row of an undo: what became of its record, which was to be deleted or put back, and why."""

    row: int
    remote_id: int
    undone: Undone
    why: str = ""


class Undoer:
    """Takes back what one run created and updated, and nobody changed since."""

    def __init__(
        self,
        journal: Journal,
        service: Nexudus,
        run: Run,
        kind: RecordType,
        take_turn: Callable[[], Coroutine[Any, Any, float]],
        renew_turn: Callable[[float], Coroutine[Any, Any, float]],
        *,
        reader: RecordReader,
        now: Callable[[], float],
        stop: StopSignal,
        tell: Callable[[int], None],
        say: Callable[[str], None],
        window: float,
        user: str = "",
        author: str = "",
        dates_tell: bool = True,
        even_if_gone: bool = False,
    ) -> None:
        """``take_turn`` waits until a write is allowed and books it; ``renew_turn`` books it anew as it is to leave.

        ``reader`` reads the records, and waits while the service is away or asks for it.
        ``window`` is the visibility window: for so many seconds a call without an answer may still take effect.
        ``tell`` gets the number of rows that are done, ``say`` a sentence for the user when a long wait begins;
        ``stop`` ends every wait; ``user`` is the signed-in user as records name it, empty if that is not known, and
        ``author`` who wrote the updates of a run of which nobody knew that, learned from its records. Without
        ``dates_tell``, the service is known not to date changes. With
        ``even_if_gone``, "not found" is believed even if nothing of the run is found.
        """
        self._journal, self._service, self._run = journal, service, run
        self._kind, self._comparer = kind, Comparer(kind)
        self._take_turn, self._renew_turn, self._now, self._stop, self._tell = take_turn, renew_turn, now, stop, tell
        self._reader, self._say, self._window = reader, say, window
        self._user, self._author, self._dates_tell = user, author, dates_tell
        # When the latest look was asked for and the service's clock then, and whether it came too soon to tell.
        self._asked_at = 0.0
        self._service_time: float | None = None
        self._too_soon = False
        self._turn: float | None = None
        # Whether the sign-in shows anything of this run: to one for another location, every record is "not found".
        self._has_witness, self._suspect = even_if_gone, False

    async def undo(self, reversals: list[Reversal]) -> SendResult:
        """Take back row by row, adding to ``reversals``, until all is done or there is a reason to stop."""
        # 1. The record is read first. What somebody has changed since is theirs, and a delete cannot be taken back.
        # 2. The intent is committed before the delete leaves. Killed in between, the row is "removing", and the next
        #    undo reads the record again: nothing is assumed about a delete whose answer never came.
        # 3. Only the record itself and the service's own word count. After anything else to a delete the record is read
        #    again; gone is gone, whoever deleted it, so an unanswered delete is simply made again, unlike a create.
        #    But it is kept only after the window: until then a delete on its way may still reach it.
        # 4. A record that was updated gets back what stood in the fields that the row gave; whatever else is in it
        #    stays. It is read again before each attempt, for to put it back twice could overwrite what somebody entered
        #    in between. So an attempt without an answer is neither repeated nor called kept before its window is over.
        # 5. One after another: the calls are paced anyway, and a person who stops an undo wants it to stop there.
        failures = 0
        for intent in list(self._journal.rows.all(self._run, *WITH_RECORD, *TAKING_BACK)):
            reversal = None if self._stop.look() else await self._take_back(intent)
            if reversal is None:
                return SendResult(StopReason.REQUESTED)
            reversals.append(reversal)
            self._tell(len(reversals))
            if self._suspect:
                return SendResult(StopReason.UNANSWERED, NoRecordOfRun(self._run))
            failures = failures + 1 if reversal.undone is Undone.FAILED and not self._too_soon else 0
            if failures >= _MOST_FAILURES:
                return SendResult(StopReason.UNANSWERED, RecordsNotUndone(failures, reversal.why))
        return SendResult(StopReason.DONE)

    async def _take_back(self, intent: Intent) -> Reversal | None:
        """What became of a row's record; None if somebody asked to stop while its call was waited for."""
        number, throttles, unanswered = intent.remote_id or 0, 0, intent.state in TAKING_BACK
        while True:
            # The turn before the look: it may come tomorrow, and what was looked at today may have been changed by
            # then. The same after a throttle.
            if not await self._wait_for_turn():
                return None
            # By Id and not from a list, whose items are reduced and which may show a record that was deleted already.
            there = await unless(self._stop, self._look_with_witness(intent, number), GRACE)
            if isinstance(there, Stopped):
                return None
            left = self._seconds_left(intent) if unanswered else 0.0
            if (reversal := self._without_a_call(intent, there, left)) is not None:
                return reversal
            assert isinstance(there, Remote)
            # The look was a call as well, and the service refuses two at once. The wait is short, unless somebody else
            # calls for this account; then the record is looked at again.
            looked_at = self._now()
            if not await self._renew():
                return None
            if abs(self._now() - looked_at) > LONGEST_DELAY:
                continue
            intent, unanswered = self._begin(intent), False
            self._turn = None
            reply = await self._call(intent, there)
            # A delete gives no Id; what updates a record must give that one.
            verdict = classify(reply, lambda other: other != number, verb="update")
            # A throttle is the one answer that says nothing about the record.
            if verdict.pause is not Pause.THROTTLE:
                return await self._judged(intent, reply, verdict)
            # As long as the service says; where it does not, longer and longer, for it may be the quota of the day.
            throttles = throttles + 1 if verdict.wait is None else 0
            pause = pause_after(throttles) if verdict.wait is None else verdict.wait
            if pause > _WORTH_SAYING:
                now = self._now()
                self._say(f"The service asked us to wait until {moment(now + pause, now)}. Press Ctrl-C to stop.")
            if await wait(pause, self._stop):
                return None

    async def _look(self, number: int) -> Remote | Gone | Unreadable:
        there, reply, self._asked_at = await self._reader.read(number)
        self._service_time = reply.clock
        return there

    def _seconds_left(self, intent: Intent) -> float:
        """For how long the call of an earlier undo, which got no answer, may still take effect."""
        search = self._journal.evidence.first_searches([intent], self._service_time, self._asked_at)[intent]
        return seconds_left(intent, search, self._service_time, self._asked_at, self._window)

    async def _look_with_witness(self, intent: Intent, number: int) -> Remote | Gone | Unreadable:
        """The record; "not found" only if something else shows that the sign-in is for the right place."""
        there = await self._look(number)
        self._has_witness = self._has_witness or isinstance(there, Remote)
        # A delete that was sent for a row has seen its record, so that its end is no surprise.
        if not isinstance(there, Gone) or self._has_witness or intent.state not in WITH_RECORD:
            return there
        if await self._find_witness(intent):
            return there
        self._suspect = True
        return Unreadable("nothing of this run is found in Nexudus")

    async def _find_witness(self, intent: Intent) -> bool:
        """Whether "not found" can be believed, because another record of the run is there.

        A run with a single record is believed if one of another run is there, or if the journal knows of none.
        """
        others = [i.remote_id for i in self._journal.rows.all(self._run, *WITH_RECORD) if i.row != intent.row]
        numbers = _spread([number for number in others if number is not None])
        if not others:
            target = self._run.target or 0
            claims = (i.remote_id for i in self._journal.rows.claimants(target) if i.run != self._run.id)
            numbers = list(islice((number for number in claims if number is not None), _FEW))
            if not numbers:
                return True
        for number in numbers:
            if isinstance(await self._look(number), Remote):
                self._has_witness = True
                return True
        return False

    async def _wait_for_turn(self) -> bool:
        """Wait for the turn of one delete; a turn that a row did not need is used for the next row."""
        # It may come only tomorrow, so that a stop ends it.
        if self._turn is None:
            turn = await unless(self._stop, self._take_turn())
            self._turn = None if isinstance(turn, Stopped) else turn
        return self._turn is not None

    async def _renew(self) -> bool:
        """Wait until the delete may leave, which was allowed before the look."""
        assert self._turn is not None
        turn = await unless(self._stop, self._renew_turn(self._turn))
        self._turn = None if isinstance(turn, Stopped) else turn
        return self._turn is not None

    def _without_a_call(self, intent: Intent, there: Look, left: float) -> Reversal | None:
        """What becomes of a row without a call; None if its record is there and nobody has changed it.

        ``left`` is for how many seconds an earlier call of an undo may still take effect.
        """
        self._too_soon = False
        if isinstance(there, Unreadable):
            # Nothing is known, so nothing is done and the row stays as it is: the next undo looks again.
            return _reversal(intent, Undone.FAILED, f"the record could not be looked at: {there.why}")
        if self._is_taken_back(intent, there):
            why = "already deleted" if isinstance(there, Gone) else "it was as before already"
            return self._done(intent, why, own_stamp(there, self._user))
        may_be_kept = isinstance(there, Gone) or _is_update(intent) or bool(self._reason_to_keep(intent, there))
        if left > 0 and may_be_kept:
            self._too_soon, now = True, self._now()
            why = f"an earlier undo got no answer and may still take effect. Undo again after {moment(now + left, now)}"
            return _reversal(intent, Undone.FAILED, why)
        if isinstance(there, Gone):
            return self._leave_as_it_is(intent, "the record was deleted")
        if reason := self._reason_to_keep(intent, there):
            return self._leave_as_it_is(intent, reason)
        return None

    def _is_taken_back(self, intent: Intent, there: Look) -> bool:
        """Whether nothing is left to do: the record is gone, or has the values that it had before the update."""
        if isinstance(there, Remote) and _is_update(intent):
            differs = self._comparer.differences(json.dumps(values_before(intent)), there)
            return not differs and not self._is_of_later_run(intent, there)
        return isinstance(there, Gone) and not _is_update(intent)

    def _is_of_later_run(self, intent: Intent, there: Remote) -> bool:
        """Whether a later run has written what is there; only once that is undone, too, is there nothing left to do."""
        updates = self._journal.rows.updates_of(self._run.target or 0, there.id)
        later = [update for update in updates if update.run > intent.run and update.state is State.UPDATED]
        return there.updated is not None and there.updated in {update.updated_on for update in later}

    def _reason_to_keep(self, intent: Intent, there: Remote) -> str:
        # Values before dates: the dates may be equal or missing, while a field that differs was certainly changed.
        differs = (
            differing(intent, there, self._kind)
            if _is_update(intent)
            else list(changed_fields(self._comparer, intent.body, there))
        )
        if differs:
            return f"changed since the import: {', '.join(differs)}"
        if self._is_of_later_run(intent, there):
            return "a later run has updated it since; undo that run first"
        if self._run.is_rebuilt and (reason := self._reason_of_rebuilt(there)):
            return reason
        if not self._was_changed(intent, there):
            return ""
        if is_unproved(intent):
            by = f", last saved by {printable(there.by)}" if there.by else ""
            return (
                f"the update got no answer, and it is not certain that this run entered these values{by}. If it did, "
                "change the record back in Nexudus; the report says what was there"
            )
        return "changed since the import"

    def _reason_of_rebuilt(self, there: Remote) -> str:
        """Why the record of a rebuilt row is kept; empty if nobody has changed it since it was created."""
        # The row has what the record had when the journal was rebuilt. What was sent is lost, so that equal values
        # show nothing about the time in between.
        if self._dates_tell and is_as_created(there):
            return ""
        if self._dates_tell and there.created is not None and there.updated is not None:
            return "changed since the import"
        return (
            "what was sent was lost with the journal, and Nexudus does not show whether somebody has changed the "
            "record since. If nobody has, delete it in Nexudus"
        )

    def _was_changed(self, intent: Intent, there: Remote) -> bool:
        """Whether anybody but this importer wrote the record last, by the service's own dates."""
        if there.updated is None:
            return False
        # A later run may have updated the record and been undone: then the last change is one that this journal saw.
        # One that was not undone has written what it still says is there.
        updates = self._journal.rows.updates_of(self._run.target or 0, there.id)
        undone = {update.updated_on for update in updates if update.state is State.RESTORED}
        if there.updated in {intent.updated_on, *undone}:
            return False
        if self._is_of_later_run(intent, there):
            return True
        # Settled while nobody knew who we are; now other records of the run have told it.
        if is_unproved(intent) and self._author and there.by == self._author:
            return False
        return changed_since(there) if not _is_update(intent) else intent.updated_on is not None

    async def _call(self, intent: Intent, there: Remote) -> Reply:
        if _is_update(intent):
            mark = self._journal.marks.of_record(self._run.target or 0, there.id)
            body = body_of(there, values_before(intent), self._comparer, mark)
            return await self._service.put(self._run.endpoint, body)
        return await self._service.delete(self._run.endpoint, there.id)

    async def _judged(self, intent: Intent, reply: Reply, verdict: Verdict) -> Reversal:
        """The outcome of a call that was answered with anything but a throttle."""
        # Before the verdict, which is made for writes that give an Id: a delete gives none, and so would look like a
        # lost answer.
        number = intent.remote_id or 0
        if verdict.event is Event.ACCEPTED if _is_update(intent) else is_deleted(reply, number):
            stamp = reply.json.get("UpdatedOn") if isinstance(reply.json, dict) else None
            return self._done(intent, updated_on=instant(stamp))
        # Whatever came instead, the record itself tells what was done: a service, or what stands before it, may refuse
        # a call that it has carried out. Where nothing was and nobody said so, the call may be on its way all the same:
        # the row stays as it is, and the next undo looks again.
        there, came = await unless(self._stop, self._look(number), GRACE), what_came(reply)
        if not isinstance(there, Stopped) and self._is_taken_back(intent, there):
            return self._done(intent, updated_on=own_stamp(there, self._user))
        # Of 404 and 410 only the answer above is the service's; another one need not be about this record.
        if isinstance(there, Remote) and verdict.event is Event.REFUSED and not reply.status_in(404, 410):
            return self._leave_as_it_is(intent, verdict.message)
        if isinstance(there, Stopped):
            came = f"{came}; the undo was stopped before the record was looked at again"
        elif isinstance(there, Unreadable):
            came = f"{came}; then the record could not be looked at: {there.why}"
        return _reversal(intent, Undone.FAILED, f"the {_deed(intent)} was not confirmed: {came}")

    def _begin(self, intent: Intent) -> Intent:
        event, state = (
            (Event.WILL_RESTORE, State.RESTORING) if _is_update(intent) else (Event.WILL_REMOVE, State.REMOVING)
        )
        now = self._now()
        self._journal.rows.move([Change(intent, event, remote_id=intent.remote_id)], now)
        return replace(intent, state=state, attempts=intent.attempts + 1, sent_at=now)

    def _done(self, intent: Intent, why: str = "", updated_on: float | None = None) -> Reversal:
        # Also for a record that needed no call: the table knows no other way from created to removed.
        intent = intent if intent.state in TAKING_BACK else self._begin(intent)
        event, undone = (
            (Event.RESTORED, Undone.RESTORED) if intent.state is State.RESTORING else (Event.GONE, Undone.REMOVED)
        )
        self._journal.rows.move([Change(intent, event, remote_id=intent.remote_id, updated_on=updated_on)], self._now())
        return _reversal(intent, undone, why)

    def _leave_as_it_is(self, intent: Intent, why: str) -> Reversal:
        if intent.state in TAKING_BACK:
            self._journal.rows.move([Change(intent, Event.KEPT, remote_id=intent.remote_id)], self._now())
        return _reversal(intent, Undone.KEPT, why)


def _is_update(intent: Intent) -> bool:
    return intent.state in (State.UPDATED, State.RESTORING)


def _deed(intent: Intent) -> str:
    return "update" if _is_update(intent) else "delete"


def _spread(numbers: list[int]) -> list[int]:
    """Some of many, from everywhere among them."""
    return numbers[:: max(len(numbers) // _SOME, 1)][: _SOME + 1]


def _reversal(intent: Intent, undone: Undone, why: str = "") -> Reversal:
    return Reversal(intent.row, intent.remote_id or 0, undone, why)
