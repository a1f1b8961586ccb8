"""When sending stops: what one answer after another says about the rows that have not been sent yet. Pure.

A refused row is the row's affair. The breakers watch for answers that would be the same whatever the row: to go on
would put more rows in doubt, or use up the allowance on refusals. Must not know the clock; durations are arguments.
"""

from importer.delivery.replies import Pause, Verdict
from importer.delivery.send_result import CallsUnanswered, Complaint, Outage, SameRefusals, SendResult, StopReason
from importer.journal.states import Event

MOST_UNANSWERED = 5
"""Calls in a row without an answer after which sending stops: more would only put more rows in doubt."""

SAME_REFUSALS_AT_FIRST, SAME_REFUSALS = 5, 20
"""Consecutive refusals of one field after which sending stops, before any row was accepted and afterwards: the service
wants something of every row. Equal sentences are not enough, a field has to be named: a public bulk loader that stopped
after three equal errors left 67 rows out for the sake of two bad ones, because its 401 text was the same for each."""

FORBIDDEN = 403


class Breakers:
    """Watches the answers of one sending; each breaker counts by itself, and starts again when its series is broken."""

    def __init__(self, patience: float) -> None:
        """``patience`` is how many seconds a service that cannot be reached is tried."""
        self._patience = patience
        self._unanswered = 0
        self._complaint = ""
        self._accepted = False
        self._refused_field: str | None = None
        self._same_refusals = 0

    def observe(self, verdict: Verdict, status: int | None, down_for: float) -> SendResult | None:
        """Note an answer; the reason to stop if there is one, the plainest first.

        Every breaker sees every answer, also one that stops sending for another reason: answers to calls that were
        under way go on coming.

        Args:
            verdict: What the answer means for its row.
            status: Its HTTP status, None without an answer.
            down_for: Seconds since which no call has reached the service.
        """
        # A tuple and not ``or``: with ``or``, the first breaker that has a reason would hide the answer from the rest.
        results = (
            self._on_complaint(verdict, status),
            self._on_silence(verdict),
            self._on_refusal(verdict),
            self.on_outage(verdict, down_for),
        )
        return next(filter(None, results), None)

    def _on_complaint(self, verdict: Verdict, status: int | None) -> SendResult | None:
        repeated = verdict.pause is Pause.STOP_IF_REPEATED and self._complaint == verdict.reason
        # Also an empty one: any other answer in between shows that the endpoint is there.
        self._complaint = verdict.reason
        if verdict.pause is not Pause.STOP_RUN and not repeated:
            return None
        how = StopReason.SIGN_IN if status == FORBIDDEN else StopReason.REFUSED
        return SendResult(how, Complaint(verdict))

    def _on_silence(self, verdict: Verdict) -> SendResult | None:
        # Lost, not only unanswered: five bodies that nobody can read put as many rows in doubt as five timeouts.
        self._unanswered = self._unanswered + 1 if verdict.event is Event.LOST else 0
        if self._unanswered < MOST_UNANSWERED:
            return None
        return SendResult(StopReason.UNANSWERED, CallsUnanswered(self._unanswered))

    def _on_refusal(self, verdict: Verdict) -> SendResult | None:
        if verdict.event not in {Event.REFUSED, Event.ACCEPTED}:
            # A throttle or a lost answer between two refusals says nothing about the rows.
            return None
        self._accepted = self._accepted or verdict.event is Event.ACCEPTED
        same = verdict.event is Event.REFUSED and verdict.field is not None and verdict.field == self._refused_field
        # A refusal of another field is the first of a new series; one without a field is none.
        self._same_refusals = self._same_refusals + 1 if same else int(verdict.field is not None)
        self._refused_field = verdict.field
        # Once a row was accepted, the rows differ and the field may be wrong in a stretch of them only.
        if self._same_refusals < (SAME_REFUSALS if self._accepted else SAME_REFUSALS_AT_FIRST):
            return None
        return SendResult(StopReason.SAME_REFUSAL, SameRefusals(self._same_refusals, verdict))

    def on_outage(self, verdict: Verdict, down_for: float) -> SendResult | None:
        """The reason to stop if nobody was reached for too long: the only breaker for the answers to reads."""
        # By time and not by number: a refused connection fails in a millisecond, one that times out after ten seconds.
        if not verdict.unreachable or down_for < self._patience:
            return None
        return SendResult(StopReason.UNREACHABLE, Outage(verdict))
