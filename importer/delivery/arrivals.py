"""When the service counted our calls: the ledger that tells every process on the account what is left."""

from collections import deque
from dataclasses import dataclass

from importer.delivery.pacing import Allowance, latest_arrival
from importer.journal.calls import Calls

MIN_ROUND_TRIPS, MAX_ROUND_TRIPS = 20, 1_000
"""How many calls it takes to trust the shortest round trip, and how many are remembered: a network that became slower
must not be judged for ever by how fast it was."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One answered call, in epoch seconds.

    Attributes:
        left: When its intent was committed; the call is in the ledger under this time.
        answered: When the answer came.
        counts: Whether the service may have counted it; False only with proof that it had no effect.
        throttled_for: Seconds that the service asked to wait for the allowance's sake; None if it did not.
    """

    left: float
    answered: float
    counts: bool
    throttled_for: float | None = None


class ArrivalLedger:
    """Records when calls arrived, and passes on to the allowance what accepted and throttled calls say about others."""

    def __init__(self, calls: Calls, account: str, allowance: Allowance) -> None:
        """``account`` is the one that the calls are counted for."""
        self._calls, self._account, self._allowance = calls, account, allowance
        self._round_trips: deque[float] = deque(maxlen=MAX_ROUND_TRIPS)

    def note(self, arrival: Arrival) -> None:
        """Count the call from when it can have arrived; to be called inside the transaction that keeps its answer.

        The intent was counted when it left. The service counts it when it arrives, which is later: without the
        correction calls that travel for unequal times would come too close together for its window.
        """
        shared = self._allowance.shared
        if shared is None:
            return
        # A call that was lost counts too, and as accepted: the service may have taken it, and it did not refuse it.
        if arrival.counts:
            self._calls.note_arrivals(self._account, [(arrival.left, self._arrived(arrival))])
            self._allowance.accepted(arrival.answered)
        else:
            # A refused call left in the ledger would make the next one wait for a place that nobody takes.
            self._calls.note_arrivals(self._account, [(arrival.left, None)])
        # A longer wait than the window is about another limit, the day's, and says nothing about this one.
        if arrival.throttled_for is not None and arrival.throttled_for <= shared.seconds:
            in_window, _ = self._calls.used(self._account, shared, arrival.answered)
            self._allowance.refused(arrival.answered, in_window, arrival.throttled_for)

    def _arrived(self, arrival: Arrival) -> float:
        self._round_trips.append(arrival.answered - arrival.left)
        enough = len(self._round_trips) >= MIN_ROUND_TRIPS
        # Until then the time of the answer, which is certainly late enough: the first calls are a little too far apart.
        return latest_arrival(arrival.left, arrival.answered, min(self._round_trips) if enough else 0.0)
