"""Rows sent, one call each, as many at once as allowed. The intent is in the journal before the first byte leaves.

One loop does everything in turns: it judges what has come back, writes that and the next rows' intents in one
transaction, and lets those rows go. No two tasks ever touch the same row.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from importer.delivery.concurrency import Concurrency
from importer.delivery.pacing import Allowance, latest_arrival
from importer.delivery.replies import Pause, Verdict, classify, new_id
from importer.journal.journal import Journal
from importer.journal.rows import Change, Intent, Sending
from importer.journal.runs import Run
from importer.journal.states import Event, State
from importer.journal.windows import DAY, LONGEST_FOR_READS, Window
from importer.model import Progress
from importer.nexudus import Nexudus, Probe, Reply
from importer.text import moment

MOST_UNANSWERED = 5
"""Calls in a row without an answer after which sending stops: more would only put more rows in doubt."""

LONGEST_DELAY = 5.0
"""Seconds from an intent to its call after which the call is not made; the row is planned again."""

FORBIDDEN = 403

SAME_REFUSALS_AT_FIRST, SAME_REFUSALS = 5, 20
"""Refusals of one field in a row, with nothing accepted before or at any time, after which sending stops: the service
wants something of every row. A text alone is never enough: one sentence may have a cause in each row."""

_PAGE = 1_000
_WORTH_TELLING = 10.0
_MIN_ROUND_TRIPS, _MAX_ROUND_TRIPS = 20, 1_000
_LONGEST_BACKOFF = 30.0
_FIRST_BACKOFF = 1.0


class StopReason(StrEnum):
    """Why sending came to an end."""

    DONE = "done"
    STRICT = "invalid rows and --strict"
    ASKED = "asked to stop"
    LIMIT = "limit reached"
    UNREACHABLE = "service unreachable"
    UNANSWERED = "no answers"
    REFUSED = "service refuses every row"
    SIGN_IN = "sign-in refused"
    SAME_REFUSAL = "the same refusal for every row"


@dataclass(frozen=True, slots=True)
class SendResult:
    """How sending ended, and the sentence for people."""

    how: StopReason
    message: str = ""


@dataclass(frozen=True, slots=True)
class Pace:
    """The part of the settings that sending needs. Durations in seconds, ``deadline`` in epoch seconds.

    ``concurrency`` is how many calls may be under way, None for as many as prove useful; ``tick`` is how often another
    process's wish to stop is looked for.
    """

    windows: tuple[Window, ...]
    concurrency: int | None
    patience: float
    max_rows: int | None = None
    deadline: float | None = None
    relations: Mapping[str, str] = field(default_factory=dict)
    tick: float = 1.0


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A row whose call is under way, and when its intent was written."""

    intent: Intent
    sent_at: float


@dataclass(frozen=True, slots=True)
class _Answer:
    """What an answer means for its row, when the call left and the answer came, and whether it was one too many."""

    change: Change
    sent: float
    came: float
    throttled: bool


class Sender:
    """Sends the planned rows of one run. Clock, sleep and stop signal are arguments."""

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
    ) -> None:
        """Take what is needed; nothing is read or sent before ``send``."""
        self._journal, self._service, self._run, self._account = journal, service, run, account
        self._pace, self._now, self._stop, self._tell = pace, now, stop, tell
        self._queue: deque[Intent] = deque()
        self._cursor = 0
        self._exhausted = False
        self._under_way: dict[asyncio.Task[Reply], _UnderWay] = {}
        self._answered: list[asyncio.Task[Reply]] = []
        self._woken = asyncio.Event()
        self._allowance = Allowance(pace.windows, now())
        self._concurrency = Concurrency(pace.concurrency, now())
        self._busy = False
        self._round_trips: deque[float] = deque(maxlen=_MAX_ROUND_TRIPS)
        self._sent = self._settled = self._failed = self._unanswered = 0
        self._end: SendResult | None = None
        self._known_ids: set[int] = set()
        self._ready_at = self._held_until = self._held_in_journal = self._next_look = 0.0
        self._down_since: float | None = None
        self._throttled = 0
        self._complaint = ""
        self._refused_field: str | None = None
        self._same_refusals = 0
        self._accepted = False
        self._waiting = ""

    async def send(self) -> SendResult:
        """Send until nothing is left, or until there is a reason to stop; rows under way are always waited for.

        If this is cancelled, the calls under way are given up; their rows are in doubt in the journal already.
        """
        try:
            return await self._loop()
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _loop(self) -> SendResult:
        while True:
            answers = await self._judged()
            if self._end is None:
                self._end = self._reason_to_stop()
            await self._write(answers, self._next_rows() if self._end is None else [])
            if not self._under_way:
                if self._end is not None:
                    return self._end
                if self._nothing_left():
                    return SendResult(StopReason.DONE)
            await self._wait()

    def _reason_to_stop(self) -> SendResult | None:
        if self._stop.is_set() or self._stop_requested():
            return SendResult(StopReason.ASKED)
        if self._pace.max_rows is not None and self._sent >= self._pace.max_rows and not self._nothing_left():
            return SendResult(StopReason.LIMIT, f"{self._pace.max_rows} rows were sent, as asked with --max-rows.")
        if self._pace.deadline is not None and self._now() >= self._pace.deadline:
            return SendResult(StopReason.LIMIT, "The time given with --max-duration is over.")
        if self._pace.deadline is not None and self._ready_at > self._pace.deadline and not self._nothing_left():
            until = f"{self._why_waiting()} until {moment(self._ready_at, self._now())}"
            return SendResult(StopReason.LIMIT, f"Stopped, as asked with --max-duration: {until}.")
        return None

    def _stop_requested(self) -> bool:
        """Whether another process asked this run to stop; looked up once a tick."""
        if self._now() < self._next_look:
            return False
        self._next_look = self._now() + self._pace.tick
        return self._journal.runs.stop_requested(self._run)

    def _nothing_left(self) -> bool:
        self._fill(1)
        return not self._queue and self._exhausted

    def _fill(self, wanted: int) -> None:
        while len(self._queue) < wanted and not self._exhausted:
            page = self._journal.rows.planned(self._run, self._cursor, _PAGE)
            self._exhausted = len(page) < _PAGE
            self._cursor = page[-1].row if page else self._cursor
            self._queue.extend(page)

    def _next_rows(self) -> list[Intent]:
        """The rows whose turn it is, as many as may be under way beside those that are."""
        free = self._concurrency.allowed - len(self._under_way)
        if self._pace.max_rows is not None:
            free = min(free, self._pace.max_rows - self._sent)
        if free <= 0 or self._now() < self._ready_at:
            return []
        self._fill(free)
        return [self._queue.popleft() for _ in range(min(free, len(self._queue)))]

    async def _write(self, answers: Sequence[_Answer], batch: Sequence[Intent]) -> None:
        """Keep the answers and put the next rows in doubt, durably, and only then start their calls."""
        if not answers and not batch:
            return
        done, committed = await self._journal.commit(lambda: self._keep(answers, batch))
        if batch:
            self._start(batch, done, committed)
        if answers:
            self._tell(Progress(self._settled, self._failed))

    def _keep(self, answers: Sequence[_Answer], batch: Sequence[Intent]) -> tuple[Sending, float]:
        """What is now in doubt, and since when."""
        for answer in answers:
            self._note_arrival(answer)
        self._journal.rows.move([answer.change for answer in answers], self._now())
        if self._held_until > self._held_in_journal:
            self._held_in_journal = self._held_until
            long = self._held_until - self._now() > LONGEST_FOR_READS
            self._journal.calls.hold(self._account, self._held_until, writes=long)
        committed = self._now()
        return self._journal.rows.will_send(
            self._run, self._account, batch, self._allowance.windows, committed
        ), committed

    def _start(self, batch: Sequence[Intent], done: Sending, committed: float) -> None:
        if done.wait > 0:
            self._ready_at = max(self._ready_at, committed + done.wait)
        started = {intent.row for intent in done.sent}
        settled = {change.intent.row for change in done.known} | {intent.row for intent, _ in done.held}
        self._queue.extendleft(i for i in reversed(batch) if i.row not in started | settled)
        self._sent += len(done.sent)
        self._settled += len(done.known)
        self._busy = done.wait <= 0 and not self._nothing_left()
        for intent in done.sent:
            task = asyncio.create_task(self._call(intent.body, committed))
            task.add_done_callback(self._wake)
            self._under_way[task] = _UnderWay(intent.sent(), committed)

    def _wake(self, answered: asyncio.Task[Reply]) -> None:
        # asyncio.wait would look at every call under way in every turn: a third of the time at 64 of them.
        self._answered.append(answered)
        self._woken.set()

    async def _call(self, body: str, committed: float) -> Reply:
        """The reply to one create, which leaves at once after its intent or not at all.

        The settle time counts from the intent. If the machine slept in between, a record could still come of the call
        after the row was proved absent and sent again.
        """
        if self._now() - committed > LONGEST_DELAY:
            return Reply(sent=False, failure="this machine was asleep between the intent and the call")
        return await self._service.create(self._run.endpoint, body)

    async def _wait(self) -> None:
        """Until an answer comes, the next call may leave, or it is time to look for a stop."""
        pause = self._pace.tick
        if self._end is None and len(self._under_way) < self._concurrency.allowed:
            pause = min(pause, max(self._ready_at - self._now(), 0.0)) if self._queue or not self._exhausted else pause
        if self._ready_at - self._now() > _WORTH_TELLING and not self._under_way:
            self._say_waiting()
        awaited = self._woken if self._under_way else self._stop
        if self._under_way or self._end is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(awaited.wait(), timeout=pause)

    def _say_waiting(self) -> None:
        self._tell(Progress(self._settled, self._failed, self._why_waiting(), self._ready_at))

    def _why_waiting(self) -> str:
        if self._held_until >= self._ready_at:
            return self._waiting
        return "the allowance of the day is used up" if self._waits_for_a_day() else "the allowance is used up"

    def _waits_for_a_day(self) -> bool:
        longest = max((w.span for w in self._pace.windows if w.seconds < DAY), default=0.0)
        return self._ready_at - self._now() > longest

    async def _judged(self) -> list[_Answer]:
        """What the answers that have come mean, for their rows and for those that come after them."""
        done, self._answered = self._answered, []
        self._woken.clear()
        if not done:
            return []
        assert self._run.target is not None
        replies = [(self._under_way.pop(task), task.result()) for task in done]
        ids = [number for _, reply in replies if (number := new_id(reply)) is not None]
        self._known_ids = self._journal.rows.known_ids(self._run.target, ids) if ids else set()
        answered = self._now()
        answers = [await self._judge(row, reply, answered) for row, reply in replies]
        for answer in answers:
            self._count(answer.change)
        return answers

    async def _judge(self, row: _UnderWay, reply: Reply, answered: float) -> _Answer:
        verdict = classify(reply, self._known_ids.__contains__, self._pace.relations)
        if verdict.probe:
            verdict = await self._judge_401(verdict, reply)
        assert verdict.event is not None
        self._react(verdict, reply)
        settled = verdict.event in {Event.ACCEPTED, Event.REFUSED} or verdict.pause is Pause.THROTTLE
        self._concurrency.answered(answered, useful=settled, busy=self._busy)
        if verdict.remote_id is not None:
            # Answers of one turn are not in the journal yet, so an Id given twice in it is noticed here.
            self._known_ids.add(verdict.remote_id)
        change = Change(row.intent, verdict.event, verdict.remote_id, verdict.field, verdict.message)
        shared = self._allowance.shared
        throttled = verdict.pause is Pause.THROTTLE and shared is not None and (verdict.wait or 0.0) <= shared.seconds
        return _Answer(change, row.sent_at, answered, throttled)

    def _note_arrival(self, answer: _Answer) -> None:
        """Count the call from when it can have arrived, and what a refusal says about the allowance."""
        shared = self._allowance.shared
        if shared is None:
            return
        if answer.change.event is Event.NOT_APPLIED:
            self._journal.calls.note_arrivals(self._account, [(answer.sent, None)])
        else:
            self._round_trips.append(answer.came - answer.sent)
            shortest = min(self._round_trips) if len(self._round_trips) >= _MIN_ROUND_TRIPS else 0.0
            arrived = latest_arrival(answer.sent, answer.came, shortest)
            self._journal.calls.note_arrivals(self._account, [(answer.sent, arrived)])
            self._allowance.accepted(answer.came)
        if answer.throttled:
            self._allowance.refused(answer.came, self._journal.calls.used(self._account, shared, answer.came)[0])

    async def _judge_401(self, verdict: Verdict, reply: Reply) -> Verdict:
        """A 401 is the row's fault when the sign-in still works; only else is it about the sign-in."""
        match await self._service.probe(reply):
            case Probe.GOOD:
                return replace(verdict, event=Event.REFUSED)
            case Probe.UNREACHABLE:
                return replace(verdict, event=Event.NOT_APPLIED, unreachable=True)
            case Probe.RENEWED:
                return replace(verdict, event=Event.NOT_APPLIED)
            case Probe.REFUSED:
                self._stop_for(SendResult(StopReason.SIGN_IN, "The service no longer accepts the sign-in."))
                return replace(verdict, event=Event.NOT_APPLIED)

    def _react(self, verdict: Verdict, reply: Reply) -> None:
        """What an answer means for the rows that come after it."""
        self._unanswered = self._unanswered + 1 if verdict.event is Event.LOST else 0
        repeated = verdict.pause is Pause.STOP_IF_REPEATED and self._complaint == verdict.reason
        self._complaint = verdict.reason
        if verdict.pause is Pause.STOP_RUN or repeated:
            how = StopReason.SIGN_IN if reply.status == FORBIDDEN else StopReason.REFUSED
            self._stop_for(SendResult(how, f"Sending stopped: {verdict.reason}."))
        elif self._unanswered >= MOST_UNANSWERED:
            self._stop_for(
                SendResult(StopReason.UNANSWERED, f"{self._unanswered} calls in a row brought no usable answer.")
            )
        self._watch_refusals(verdict)
        self._back_off(verdict)

    def _watch_refusals(self, verdict: Verdict) -> None:
        self._accepted = self._accepted or verdict.event is Event.ACCEPTED
        if verdict.event not in {Event.REFUSED, Event.ACCEPTED}:
            return
        same = verdict.event is Event.REFUSED and verdict.field is not None and verdict.field == self._refused_field
        self._same_refusals = self._same_refusals + 1 if same else int(verdict.field is not None)
        self._refused_field = verdict.field
        if self._same_refusals >= (SAME_REFUSALS if self._accepted else SAME_REFUSALS_AT_FIRST):
            told = f"The last {self._same_refusals} rows were all refused for {verdict.field}: {verdict.message}"
            self._stop_for(SendResult(StopReason.SAME_REFUSAL, told))

    def _stop_for(self, end: SendResult) -> None:
        self._end = self._end or end

    def _back_off(self, verdict: Verdict) -> None:
        now = self._now()
        if verdict.unreachable:
            self._down_since = now if self._down_since is None else self._down_since
            if now - self._down_since >= self._pace.patience:
                self._stop_for(SendResult(StopReason.UNREACHABLE, f"The service cannot be reached. {verdict.message}"))
            pause = min(max(now - self._down_since, _FIRST_BACKOFF), _LONGEST_BACKOFF)
            return self._hold(now + pause, "the service cannot be reached")
        self._down_since = None
        self._throttled = self._throttled + 1 if verdict.pause is Pause.THROTTLE else 0
        if verdict.pause is Pause.THROTTLE and verdict.wait is None:
            return self._hold(now + min(2.0**self._throttled, _LONGEST_BACKOFF), "the service asked to wait")
        if verdict.wait is not None:
            self._hold(now + verdict.wait, "the service asked to wait")
        return None

    def _hold(self, until: float, why: str) -> None:
        if until > self._held_until:
            self._held_until, self._waiting = until, why
        self._ready_at = max(self._ready_at, until)

    def _count(self, change: Change) -> None:
        match change.event:
            case Event.NOT_APPLIED:
                self._sent -= 1
                self._queue.appendleft(replace(change.intent, state=State.PLANNED))
            case Event.REFUSED:
                self._settled += 1
                self._failed += 1
            case _:
                self._settled += 1
