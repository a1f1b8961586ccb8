"""Sends the rows of a planned run, and settles the doubts before and after."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from importer.delivery.send_result import ChangedRows, InvalidRows, NotBegun, NotComparedAgain, SendResult, StopReason
from importer.delivery.sender import Compared, Pace, Sender
from importer.delivery.stop_signal import StopSignal
from importer.errors import Exit, ServiceError, TakenOverError
from importer.journal.runs import Run
from importer.journal.states import State
from importer.journal.windows import Window
from importer.model import Progress
from importer.nexudus.waits import GRACE, Stopped, unless
from importer.runs.allowances import windows
from importer.runs.before_sending import Beforehand, settle_before
from importer.runs.marks import new_marks
from importer.runs.reconcile import DeniedCreates, settle_after
from importer.runs.request import Choices
from importer.runs.result import RunResult, finish_run
from importer.runs.run_log import RunLog
from importer.runs.session import Session
from importer.runs.updates import update_records
from schemas import RECORD_TYPES

_ETA_SECONDS = 5.0
_NOT_SENT = (State.PLANNED, State.EXISTING, State.HELD)
_LONGEST_BELIEVED = 86_400.0
"""Seconds for which a comparison with the service holds: a run may take weeks, and others work on the records."""


@dataclass(frozen=True)
class PlannedRun:
    """A run whose rows are planned and whose account is held: nothing is missing but the calls."""

    session: Session
    run: Run

    async def send(self) -> RunResult:
        """Settle, send, settle, report."""
        session, journal = self.session, self.session.journal
        log = RunLog(session.observer.log, self.run, session.clock)
        log.started(journal.rows.counts(self.run), journal.rows.invalid(self.run))
        with log.noting_errors():
            sent, strays = await self._send(log)
            result = await finish_run(journal, self.run, sent, session.clock(), strays, settings=session.settings)
        log.ended(result.exit_code, result.report.counts)
        return result

    async def _send(self, log: RunLog) -> tuple[SendResult, Sequence[str]]:
        """Settle, send, settle, until no row is left that may be sent.

        1. With --strict, one invalid row keeps all of them from being sent.
        2. Rows in doubt get their answer, and rows whose record exists are left out. Only then may a row be sent:
           before, it could make a second record.
        3. With --strict, a row that differs from its record keeps all of them from being sent as well.
        4. Rows are sent, and those that got no answer are looked for; what is proved absent is sent again.
        """
        session, run, journal = self.session, self.run, self.session.journal
        choices = run.options_as(Choices)
        if choices.strict and (invalid := journal.rows.invalid(run)):
            return SendResult(StopReason.STRICT, InvalidRows(invalid)), ()
        began, denied = asyncio.get_running_loop().time(), DeniedCreates()
        async with session.stop_signal(run, choices.max_duration) as stop:
            try:
                before = await unless(stop, settle_before(session, run, choices))
                if isinstance(before, Stopped):
                    return stop.reason, ()
                if choices.strict and (held := journal.rows.counts(run).get(State.HELD)):
                    return SendResult(StopReason.STRICT, ChangedRows(held)), ()
                sent, before = await self._create_and_update(choices, stop, began, before, denied, log)
                while True:
                    left = await unless(stop, settle_after(session, run, sent, stop, began, denied), GRACE)
                    if isinstance(left, Stopped) or not left.send_again:
                        break
                    sent, before = await self._create_and_update(choices, stop, began, before, denied, log)
            except ServiceError as error:
                # Before the first call: the service does not list its records. A run that was to begin is saved.
                return SendResult(StopReason.UNREACHABLE, NotBegun(error)), ()
            except TakenOverError:
                # The run is another machine's now, and what it notes about it must stay.
                raise
            except BaseException:
                # Whatever it was, what was sent is in the journal; only the end of this process is missing there. Not
                # finished: the next command resumes the run, and settles what was under way.
                journal.runs.update(run, stopped=session.clock(), exit_code=int(Exit.INTERRUPTED))
                raise
        strays = list(dict.fromkeys([*before.strays, *(() if isinstance(left, Stopped) else left.strays)]))
        if sent.how is StopReason.DONE and stop.is_set() and journal.rows.counts(run).get(State.PLANNED):
            # Proved absent after a stop was requested: the next command sends them, so the run must not count as done.
            return stop.reason, strays
        return sent, strays

    async def _create_and_update(
        self,
        choices: Choices,
        stop: StopSignal,
        began: float,
        before: Beforehand,
        denied: DeniedCreates,
        log: RunLog,
    ) -> tuple[SendResult, Beforehand]:
        """How sending ended, and the latest comparison: first what is to be created, then what is to be updated.

        The rows whose create had no effect by the service's word are added to ``denied``.
        """
        pace, rows = self._pace(choices, began), self._rows_sent()
        while True:
            sender = self._sender(self._left_of(pace, rows), stop, before.compared, log)
            sent = await sender.send()
            denied.refused |= sender.refused
            denied.repeatable |= sender.repeatable
            if sent.how is not StopReason.COMPARE_AGAIN:
                break
            compared = await self._compared_again(choices, stop)
            if isinstance(compared, SendResult):
                return compared, before
            before, pace = compared, replace(pace, stale=self.session.clock() + _LONGEST_BELIEVED)
        if sent.how is StopReason.DONE and before.updates:
            pace = self._left_of(pace, rows)
            tell, ended = self._tell(pace, log), before.compared.ended
            sent = await update_records(self.session, self.run, before.updates, pace, stop, tell, ended)
        # The signal knows better than the sender why it was set.
        return (stop.reason if sent.how is StopReason.REQUESTED else sent), before

    async def _compared_again(self, choices: Choices, stop: StopSignal) -> Beforehand | SendResult:
        """The comparison made once more, because others work on the records as well; or why that is not possible."""
        try:
            before = await unless(stop, settle_before(self.session, self.run, choices))
        except ServiceError as error:
            return SendResult(StopReason.UNREACHABLE, NotComparedAgain(error))
        return stop.reason if isinstance(before, Stopped) else before

    def _left_of(self, pace: Pace, before: int) -> Pace:
        """The pace for the rest of the rows that may be sent; ``before`` is how many had been when this began."""
        if pace.max_rows is None:
            return pace
        return replace(pace, max_rows=max(pace.max_rows - (self._rows_sent() - before), 0))

    def _rows_sent(self) -> int:
        counts = self.session.journal.rows.counts(self.run)
        return sum(number for state, number in counts.items() if state not in _NOT_SENT)

    def _planned(self) -> int:
        return self.session.journal.rows.counts(self.run).get(State.PLANNED, 0)

    def _pace(self, choices: Choices, began: float) -> Pace:
        session, run = self.session, self.run
        # By the clock of the waits that the sender compares it with; the signal ends the run if that one jumps.
        left = (
            None if choices.max_duration is None else choices.max_duration - (asyncio.get_running_loop().time() - began)
        )
        references = RECORD_TYPES[run.kind].references
        return Pace(
            windows=windows(session.settings),
            concurrency=session.settings.concurrency,
            patience=session.settings.patience,
            max_rows=choices.max_rows,
            deadline=None if left is None else session.clock() + left,
            stale=session.clock() + _LONGEST_BELIEVED,
            relations={reference.relation: name for name, reference in references.items()},
        )

    def _tell(self, pace: Pace, log: RunLog) -> Callable[[Progress], None]:
        total = sum(self.session.journal.rows.counts(self.run).values())
        return _progress_with_eta(self.session, pace.windows, total, total - self._planned(), log)

    def _sender(self, pace: Pace, stop: StopSignal, compared: Compared, log: RunLog) -> Sender:
        session, run = self.session, self.run
        return Sender(
            session.journal,
            session.service,
            run,
            session.account.key,
            pace,
            now=session.clock,
            stop=stop,
            tell=self._tell(pace, log),
            compared=compared,
            new_mark=new_marks(session, RECORD_TYPES[run.kind]),
        )


def _progress_with_eta(
    session: Session, limits: tuple[Window, ...], total: int, before: int, log: RunLog
) -> Callable[[Progress], None]:
    """Pass progress on with the time left, which is calculated every few seconds only."""
    # It reads every call of a day from the journal, and progress is reported in each turn of the sender.
    journal, key = session.journal, session.account.key
    next_look = done_at = 0.0

    def tell(progress: Progress) -> None:
        nonlocal next_look, done_at
        done, now = before + progress.done, session.clock()
        if limits and not 0 < next_look - now <= _ETA_SECONDS:
            next_look = now + _ETA_SECONDS
            done_at = now + journal.calls.seconds_for(key, total - done, limits, now)
        left = done_at - now if limits else None
        session.observer.progress(replace(progress, done=done), total, left)
        log.progress(replace(progress, done=done), total, left)

    return tell
