"""The ledger of arrivals in a real journal: what an answer makes of the call that was counted when it left."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.delivery.arrivals import MIN_ROUND_TRIPS, Arrival, ArrivalLedger
from importer.delivery.pacing import Allowance
from importer.journal.journal import Journal, open_journal
from importer.journal.windows import DAY, Window

ACCOUNT = "spaces.nexudus.com/ops@example.com"
MINUTE = Window(60, 60.0, writes=True)
NOW = 1_000_000.0


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal without calls."""
    with open_journal(f"sqlite:///{tmp_path / 'journal.sqlite3'}") as opened:
        yield opened


def left(journal: Journal, *times: float) -> None:
    """Calls counted when they left."""
    for time in times:
        assert journal.calls.reserve(ACCOUNT, (MINUTE,), write=True, now=time) <= 0


def ledger(journal: Journal, *windows: Window) -> tuple[ArrivalLedger, Allowance]:
    """A ledger, and the allowance that learns from it."""
    allowance = Allowance(windows or (MINUTE,), NOW)
    return ArrivalLedger(journal.calls, ACCOUNT, allowance), allowance


def ages(journal: Journal) -> list[float]:
    """How long before NOW + 60 the counted calls arrived."""
    return journal.calls.ages(ACCOUNT, Window(10**6, 10**6, writes=True), NOW + 60.0)


def test_a_call_counts_from_when_it_can_have_arrived_at_the_latest(journal: Journal) -> None:
    """At first that is when its answer came: nothing is known yet of how long the way is."""
    left(journal, NOW)
    ledger(journal)[0].note(Arrival(NOW, NOW + 7.0, counts=True))
    assert ages(journal) == [53.0]


def test_after_enough_round_trips_only_the_delay_counts(journal: Journal) -> None:
    """What takes as long as the fastest call arrived as soon as that; what takes longer may have come later."""
    notes, _ = ledger(journal)
    for number in range(MIN_ROUND_TRIPS):
        left(journal, NOW - 100.0 + number)
        notes.note(Arrival(NOW - 100.0 + number, NOW - 99.0 + number, counts=True))
    left(journal, NOW, NOW + 2.0)
    notes.note(Arrival(NOW, NOW + 1.0, counts=True))
    notes.note(Arrival(NOW + 2.0, NOW + 6.0, counts=True))
    assert ages(journal)[-2:] == [60.0, 55.0]


def test_a_call_that_provably_did_nothing_uses_no_allowance(journal: Journal) -> None:
    """It is taken out of the ledger, and only it."""
    left(journal, NOW, NOW + 1.0)
    ledger(journal)[0].note(Arrival(NOW, NOW + 3.0, counts=False))
    assert ages(journal) == [59.0]


@pytest.mark.parametrize(
    ("throttled_for", "calls"),
    [
        (None, 60),
        (0.0, 59),
        (60.0, 59),
        # So long a wait is for the day's allowance: the minute's is not to be blamed.
        (61.0, 60),
        (DAY, 60),
    ],
)
def test_only_a_wait_within_the_window_says_that_others_use_it(
    journal: Journal, throttled_for: float | None, calls: int
) -> None:
    """A throttle takes one call a minute away from us."""
    notes, allowance = ledger(journal)
    left(journal, NOW)
    notes.note(Arrival(NOW, NOW + 1.0, counts=False, throttled_for=throttled_for))
    assert [window.calls for window in allowance.windows] == [calls]


def test_accepted_calls_give_back_what_a_throttle_took(journal: Journal) -> None:
    """The other client may have ended."""
    notes, allowance = ledger(journal)
    notes.note(Arrival(NOW, NOW + 1.0, counts=False, throttled_for=1.0))
    for number in range(31):
        left(journal, NOW + 2.0 + number)
        notes.note(Arrival(NOW + 2.0 + number, NOW + 2.1 + number, counts=True))
    assert [window.calls for window in allowance.windows] == [60]


def test_without_a_shared_window_there_is_nothing_to_write_down(journal: Journal) -> None:
    """The allowance of a day alone is counted by when calls left."""
    left(journal, NOW)
    notes, _ = ledger(journal, Window(5000, DAY, writes=True))
    notes.note(Arrival(NOW, NOW + 7.0, counts=True))
    notes.note(Arrival(NOW, NOW + 7.0, counts=False, throttled_for=1.0))
    assert ages(journal) == [60.0]
