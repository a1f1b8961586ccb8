"""Sends rows, one call each, as many at once as allowed. The intent is in the journal before the first byte leaves.

One loop does everything in turns: it judges what has come back, writes that and the next rows' intents in one
transaction, and starts their calls. No two tasks ever touch the same row.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from importer.delivery.arrivals import Arrival, ArrivalLedger
from importer.delivery.backoff import Backoff
from importer.delivery.breakers import Breakers
from importer.delivery.comparer import Comparer
from importer.delivery.concurrency import Concurrency
from importer.delivery.in_flight import CallsInFlight, SentRow
from importer.delivery.marks import NewMark, marked
from importer.delivery.pacing import Allowance
from importer.delivery.replies import Pause, Verdict, classify, new_id
from importer.delivery.row_queue import RowQueue
from importer.delivery.send_result import RowLimit, SendResult, SignInEnded, StopReason, TimeTooShort, TimeUp
from importer.errors import TakenOverError
from importer.journal.journal import Journal
from importer.journal.rows import Change, Intent, Sending
from importer.journal.runs import Run
from importer.journal.states import Event, State
from importer.journal.windows import Window
from importer.model import Progress
from importer.nexudus import Nexudus, Probe, Reply
from importer.nexudus.waits import GRACE, Stopped, unless, wait
from schemas import RECORD_TYPES

LONGEST_DELAY = 5.0
"""Seconds from an intent to its call after which the call is not made; the row is planned again."""

_WORTH_TELLING = 10.0
"""Seconds; a shorter wait is over before anybody has read of it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The part of the settings that sending needs. Durations in seconds, ``deadline`` and ``stale`` in epoch seconds.

    ``concurrency`` is how many calls may be under way, None for as many as prove useful; ``tick`` is how often another
    process's wish to stop is looked for. When the comparison with the service becomes ``stale``, sending ends for it
    to be made again.
    """

    windows: tuple[Window, ...]
    concurrency: int | None
    patience: float
    max_rows: int | None = None
    deadline: float | None = None
    stale: float | None = None
    relations: Mapping[str, str] = field(default_factory=dict)
    tick: float = 1.0


@dataclass(frozen=True, slots=True)
class Compared:
    """What the comparison with the service says beyond the states of the rows.

    Attributes:
        ended: Rows of any run, as run and number, whose claim on a key no longer counts: their record is gone, or is
            one of another mapping now.
        blocked: Numbers of planned rows that wait for a row of another run. They are not sent before they have been
            compared anew: that row may have come to a record in the meantime, under a key that only resembles theirs.
    """

    ended: frozenset[tuple[int, int]] = frozenset()
    blocked: frozenset[int] = frozenset()


@dataclass(slots=True)
class _Tally:
    """How many rows this process has sent and has finished with, answered or not; ``failed`` are the refused ones.

    ``failed_rows`` are those of them that nobody was told of yet, ``throttled`` counts the answers that asked to wait.
    """

    sent: int = 0
    done: int = 0
    failed: int = 0
    throttled: int = 0
    failed_rows: list[int] = field(default_factory=list)

    def progress(self, why: str = "", until: float = 0.0) -> Progress:
        """The same as somebody who looks on is told it."""
        rows, self.failed_rows = tuple(self.failed_rows), []
        return Progress(self.done, self.failed, why, until, self.throttled, rows)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What an answer means for its row, and for the allowance."""

    change: Change
    arrival: Arrival


async def judge_401(
    service: Nexudus, verdict: Verdict, reply: Reply, stop: asyncio.Event
) -> tuple[Verdict, SendResult | None]:
    """What a 401 to a write means: for its row, and for the sending if nobody is signed in any more."""
    # The questions may have to wait for their turn, or for the service; a 401 took no effect, whatever they say.
    match await unless(stop, service.probe(reply), GRACE):
        case Probe.GOOD:
            return replace(verdict, event=Event.REFUSED), None
        case Probe.UNREACHABLE:
            failure = "the sign-in could not be checked"
            return replace(verdict, event=Event.NOT_APPLIED, unreachable=True, failure=failure), None
        case Probe.REFUSED:
            end = SendResult(StopReason.SIGN_IN, SignInEnded())
            return replace(verdict, event=Event.NOT_APPLIED), end
        case Probe.RENEWED | Stopped.STOPPED:
            return replace(verdict, event=Event.NOT_APPLIED), None


class Sender:
    """Creates the records of the planned rows of one run; rows with one to update are the Updater's.

    Clock and stop signal are arguments.
    """

    def __init__(
        self,
        journal: Journal,
        service: Nexudus,
        run: Run,
        account: str,
        pace: Pace,
        *,
        now: Callable[[], float],
        stop: asyncio.Event,
        tell: Callable[[Progress], None],
        compared: Compared | None = None,
        new_mark: NewMark | None = None,
    ) -> None:
        """Nothing is read or sent before ``send``; ``compared`` is what the comparison with the service came to.

        ``new_mark`` makes the mark of each attempt, where the service is known to keep it.
        """
        self._journal, self._service, self._run, self._account = journal, service, run, account
        self._pace, self._now, self._stop, self._tell = pace, now, stop, tell
        self._compared, self._comparer = compared or Compared(), Comparer(RECORD_TYPES[run.kind])
        self._new_mark = new_mark
        self._queue = RowQueue(lambda row, limit: journal.rows.planned(run, row, limit), leave=self._compared.blocked)
        self._calls = CallsInFlight()
        self._allowance = Allowance(pace.windows, now())
        self._ledger = ArrivalLedger(journal.calls, account, self._allowance)
        self._concurrency = Concurrency(pace.concurrency, now())
        self._backoff = Backoff(pace.windows)
        self._breakers = Breakers(pace.patience)
        self._tally = _Tally()
        self._busy = False
        self._next_look = 0.0
        self._result: SendResult | None = None
        self._taken_over: TakenOverError | None = None
        self.refused: set[int] = set()
        """The rows whose create had no effect by the service's word alone: it may have been carried out all the same.
        Not those of a throttle, which are sent again, or without a sign-in, which the service asks for first."""
        self.repeatable: set[int] = set()
        """The rows that may be sent again because an answer to their create, such as a throttle, said that it had no
        effect: if it had one all the same, their record is there twice then."""

    async def send(self) -> SendResult:
        """Send until nothing is left, or until there is a reason to stop; rows under way are always waited for.

        If this is cancelled, the calls under way are given up; their rows are in doubt in the journal already.

        Raises:
            TakenOverError: Another machine sends for the account now; the answers that came are in the journal.
        """
        try:
            return await self._loop()
        finally:
            await self._calls.abandon()

    async def _loop(self) -> SendResult:
        # A turn has six steps, and their order is what keeps a row from being doubled or lost:
        #
        # 1. Judge the answers that have come. First, because they say whether anything more may be sent at all, and
        #    give back the rows that were provably not applied.
        # 2. Look for a reason to stop. The first one stays; those that come later are mostly its consequences.
        # 3. Take the next rows, as many as may be under way beside those that are; none once there is a reason.
        # 4. Commit the answers and the intents of those rows, in one durable transaction: waiting for the disk costs
        #    more than anything else, so it happens once a turn. Killed before the commit, the rows are still planned,
        #    and the service has not heard of them. Killed after it, they are in doubt, whether or not a byte left; the
        #    service's list will tell. In the other order a row could be on the wire and planned, and be sent again.
        # 5. Start the calls, once the commit has returned and never before.
        # 6. Return when nothing is under way and there is a reason to, else wait: for an answer, for the time at which
        #    the next call may leave, or to look whether somebody asked to stop. What is under way is always waited
        #    for, or its rows would be in doubt for no reason.
        #
        # There is no lock: only this task touches rows and journal.
        while True:
            answers = await self._judged()
            self._result = self._result or self._reason_to_stop()
            may_send = self._result is None and self._taken_over is None
            await self._write(answers, self._next_rows() if may_send else [])
            if not len(self._calls):
                if self._taken_over is not None:
                    raise self._taken_over
                if self._result is not None:
                    return self._result
                if self._queue.is_empty():
                    return SendResult(StopReason.DONE)
            await self._wait()

    async def _judged(self) -> list[_Answer]:
        """What the answers that have come mean, for their rows and for those that come after them."""
        replies = self._calls.collect()
        if not replies:
            return []
        assert self._run.target is not None
        # One query for all of them; one each would cost more than everything else that is done with an answer.
        ids = [number for _, reply in replies if (number := new_id(reply)) is not None]
        taken = self._journal.rows.known_ids(self._run.target, ids) if ids else set()
        answered = self._now()
        answers = [await self._judge(row, reply, taken, answered) for row, reply in replies]
        for answer in answers:
            self._count(answer.change)
        return answers

    async def _judge(self, row: SentRow, reply: Reply, taken: set[int], answered: float) -> _Answer:
        """What one answer means; ``taken`` are the Ids that other rows have, to which this one's is added."""
        verdict = classify(reply, taken.__contains__, self._pace.relations)
        if verdict.probe:
            verdict = await self._judge_401(verdict, reply)
        assert verdict.event is not None
        is_forbidden = verdict.event is Event.NOT_APPLIED and verdict.pause is Pause.STOP_RUN
        if verdict.event is Event.REFUSED or is_forbidden:
            self.refused.add(row.intent.row)
        elif verdict.event is Event.NOT_APPLIED and reply.status is not None:
            self.repeatable.add(row.intent.row)
        self._react(verdict, reply.status)
        throttled = verdict.pause is Pause.THROTTLE
        self._tally.throttled += throttled
        # A throttle settles nothing, but is no reason to halve the calls under way: the allowance is for pacing.
        useful = throttled or verdict.event in {Event.ACCEPTED, Event.REFUSED}
        self._concurrency.answered(answered, useful=useful, busy=self._busy)
        if verdict.remote_id is not None:
            # Answers of one turn are not in the journal yet, so an Id given twice in it is noticed here.
            taken.add(verdict.remote_id)
        return _Answer(
            Change(row.intent, verdict.event, verdict.remote_id, verdict.field, verdict.message),
            Arrival(
                row.sent_at,
                answered,
                counts=verdict.event is not Event.NOT_APPLIED,
                throttled_for=(verdict.wait or 0.0) if throttled else None,
            ),
        )

    async def _judge_401(self, verdict: Verdict, reply: Reply) -> Verdict:
        """A 401 is the row's fault if the sign-in still works; otherwise it is about the sign-in."""
        judged, end = await judge_401(self._service, verdict, reply, self._stop)
        self._result = self._result or end
        return judged

    def _react(self, verdict: Verdict, status: int | None) -> None:
        """What an answer means for the rows that come after it."""
        now = self._now()
        self._backoff.observe(verdict, now)
        stop = self._breakers.observe(verdict, status, self._backoff.down_for(now))
        self._result = self._result or stop

    def _count(self, change: Change) -> None:
        match change.event:
            case Event.NOT_APPLIED:
                # Not counted as sent: with --max-rows a throttled row would use up the place of another.
                self._tally.sent -= 1
                self._queue.put_back([replace(change.intent, state=State.PLANNED)])
            case Event.REFUSED:
                self._tally.done += 1
                self._tally.failed += 1
                self._tally.failed_rows.append(change.intent.row)
            case _:
                self._tally.done += 1

    def _reason_to_stop(self) -> SendResult | None:
        max_rows, deadline, now = self._pace.max_rows, self._pace.deadline, self._now()
        # Before the signal, which is also set at the deadline: the exit code says which of the two it was.
        if deadline is not None and now >= deadline:
            return SendResult(StopReason.LIMIT, TimeUp())
        if self._stop.is_set() or self._stop_requested():
            return SendResult(StopReason.REQUESTED)
        # With nothing left behind the limit the run is done, and its exit code must not say that it was cut short.
        if max_rows is not None and self._tally.sent >= max_rows and not self._queue.is_empty():
            return SendResult(StopReason.LIMIT, RowLimit(max_rows))
        # Waiting for a moment beyond the deadline could end in nothing but stopping, hours later.
        if deadline is not None and self._backoff.ready_at > deadline and not self._queue.is_empty():
            detail = TimeTooShort(self._backoff.ready_at, now, self._backoff.why(now))
            return SendResult(StopReason.LIMIT, detail)
        if self._pace.stale is not None and now >= self._pace.stale and not self._queue.is_empty():
            return SendResult(StopReason.COMPARE_AGAIN)
        return None

    def _stop_requested(self) -> bool:
        """Whether another process asked this run to stop; looked up once a tick."""
        now = self._now()
        # No look is further away than a tick: the clock was set back, and must not keep a wish to stop from being seen.
        if 0 < self._next_look - now <= self._pace.tick:
            return False
        self._next_look = now + self._pace.tick
        return self._journal.runs.stop_requested(self._run)

    def _next_rows(self) -> list[Intent]:
        """The rows whose turn it is, as many as may be under way beside those that are."""
        free = self._concurrency.allowed - len(self._calls)
        if self._pace.max_rows is not None:
            free = min(free, self._pace.max_rows - self._tally.sent)
        if free <= 0 or self._backoff.seconds_left(self._now()) > 0:
            return []
        return self._queue.take(free)

    async def _write(self, answers: Sequence[_Answer], batch: Sequence[Intent]) -> None:
        """Commit the answers and the intents of the next rows, and only then start the calls of those rows."""
        if not answers and not batch:
            return
        if self._taken_over is None:
            try:
                sending, committed = await self._journal.commit(lambda: self._commit(answers, batch))
            except TakenOverError as error:
                self._taken_over = error
                self._queue.put_back(batch)
        if self._taken_over is not None:
            self._settle_late(answers, self._taken_over)
        elif batch:
            self._start(batch, sending, committed)
        if answers:
            self._tell(self._tally.progress())

    def _settle_late(self, answers: Sequence[_Answer], error: TakenOverError) -> None:
        """Commit answers that come after somebody else has taken over: they settle rows that nobody else has."""
        late = self._journal.rows.move_late([answer.change for answer in answers], self._now())
        for change in late:
            if change.remote_id is not None:
                error.message += (
                    f" Record {change.remote_id} was created for row {change.intent.row} after that row was settled. "
                    "Look for it in Nexudus."
                )

    def _commit(self, answers: Sequence[_Answer], batch: Sequence[Intent]) -> tuple[Sending, float]:
        """What is now in doubt, and since when."""
        # The order matters, and the transaction holds as a whole. Arrivals first: what these answers say of the
        # allowance decides how many rows may leave. Then the rows that were answered: one that was not applied is
        # planned again, and may be in this very batch. Then the pause, for the other processes on this account. The
        # intents last, with the time that the visibility window counts from.
        for answer in answers:
            self._ledger.note(answer.arrival)
        self._journal.rows.move([answer.change for answer in answers], self._now())
        if (until := self._backoff.pause_to_share()) is not None:
            self._journal.calls.pause(self._account, until, writes=self._backoff.is_for_writes_only(self._now()))
        committed = self._now()
        sending = self._journal.rows.will_send(
            self._run,
            self._account,
            batch,
            self._allowance.windows,
            committed,
            ended=self._compared.ended,
            may_be_one=lambda one, other: self._comparer.may_be_one(one.values, other.values),
            new_mark=self._new_mark,
        )
        return sending, committed

    def _start(self, batch: Sequence[Intent], sending: Sending, committed: float) -> None:
        """Start the calls of the rows that are in doubt now, and put back the rows that the allowance held up."""
        if sending.wait > 0:
            self._backoff.wait_for_allowance(committed + sending.wait)
        # A blocked row is neither sent nor put back: as long as the row that it waits for is in doubt, it would be
        # asked for in each turn. It stays planned in the journal, for the sending that follows when that is settled.
        done = {intent.row for intent in (*sending.sent, *sending.blocked)}
        done |= {change.intent.row for change in sending.without_call}
        self._queue.put_back([intent for intent in batch if intent.row not in done])
        self._tally.sent += len(sending.sent)
        self._tally.done += len(sending.without_call)
        # Only then does a slow turn say something about the service, and not about a lack of rows or of allowance.
        self._busy = sending.wait <= 0 and not self._queue.is_empty()
        for intent in sending.sent:
            body = marked(intent.body, sending.marks.get(intent.row, ""))
            self._calls.start(SentRow(intent.sent(), committed), self._call(body, committed))

    async def _call(self, body: str, committed: float) -> Reply:
        """The reply to one create, which leaves at once after its intent or not at all.

        The visibility window counts from the intent. If the machine slept in between, a record could still come of the
        call after the row was proved absent and sent again.
        """
        # Also if the clock was set back: then nothing says how long it has been.
        if abs(self._now() - committed) > LONGEST_DELAY:
            # Provably not sent, so the row goes back to planned, and its next intent has a time that is true.
            return Reply(sent=False, failure="this machine was asleep when the call was due")
        return await self._service.create(self._run.endpoint, body)

    async def _wait(self) -> None:
        """Wait until an answer comes, the next call may leave, or it is time to look for a stop."""
        # Never longer than a tick, however long the pause: `importer stop` in another process only sets a flag.
        pause, until_ready = self._pace.tick, self._backoff.seconds_left(self._now())
        may_send = self._result is None and len(self._calls) < self._concurrency.allowed
        if may_send and self._queue.may_have_rows:
            pause = min(pause, until_ready)
        if len(self._calls):
            await self._calls.wait(pause)
            return
        if until_ready > _WORTH_TELLING:
            self._tell_waiting()
        if self._result is None:
            await wait(pause, self._stop)

    def _tell_waiting(self) -> None:
        why = self._backoff.why(self._now())
        self._tell(self._tally.progress(why, self._backoff.ready_at))
