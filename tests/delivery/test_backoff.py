"""Waits after answers, and for the allowance, at times that the test chooses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.delivery.backoff import LONGEST_PAUSE, SHORTEST_PAUSE, Backoff, pause_after
from importer.delivery.replies import Pause, Verdict
from importer.journal.states import Event
from importer.journal.windows import DAY, LONGEST_FOR_READS, Window

WINDOWS = (Window(60, 60.0, writes=True), Window(5000, DAY, writes=True))
ACCEPTED = Verdict(Event.ACCEPTED, remote_id=1)
AWAY = Verdict(Event.NOT_APPLIED, unreachable=True)
NOW = 1_000_000.0


def throttled(wait: float | None = None) -> Verdict:
    """The service asks to wait, for so many seconds or without saying how long."""
    return Verdict(Event.NOT_APPLIED, pause=Pause.THROTTLE, wait=wait)


def test_nothing_waits_at_first_nor_after_an_accepted_row() -> None:
    """Without a reason no call is held up."""
    backoff = Backoff(WINDOWS)
    backoff.observe(ACCEPTED, NOW)
    assert (backoff.ready_at, backoff.pause_to_share()) == (0.0, None)


def test_the_wait_that_the_service_names_is_kept_to() -> None:
    """Also one that comes with an answer which is in doubt, as with 503 and Retry-After."""
    for verdict in (throttled(42.0), Verdict(Event.LOST, wait=42.0)):
        backoff = Backoff(WINDOWS)
        backoff.observe(verdict, NOW)
        assert (backoff.ready_at, backoff.why(NOW)) == (NOW + 42.0, "the service asked us to wait")


def test_throttles_that_name_no_wait_double_it_up_to_a_limit() -> None:
    """Two seconds, four, eight; an answer that is no throttle begins anew."""
    backoff, waits = Backoff(WINDOWS), []
    for turn in range(7):
        now = NOW + 1000.0 * turn
        backoff.observe(throttled(), now)
        waits.append(backoff.ready_at - now)
    assert waits == [2.0, 4.0, 8.0, 16.0, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    backoff.observe(ACCEPTED, NOW + 8000.0)
    backoff.observe(throttled(), NOW + 9000.0)
    assert backoff.ready_at - (NOW + 9000.0) == 2.0


@given(st.lists(st.floats(-3e6, 0), min_size=1, max_size=5))
def test_a_clock_that_is_put_back_takes_the_wait_with_it(jumps: list[float]) -> None:
    """However far and often: nobody waits for longer than was asked for."""
    backoff, now, left = Backoff(WINDOWS), NOW, 42.0
    backoff.observe(throttled(left), now)
    for jump in jumps:
        now += jump
        assert backoff.seconds_left(now) == pytest.approx(left, abs=1e-3)
        now, left = now + 5.0, left - 5.0
        assert backoff.seconds_left(now) == pytest.approx(left, abs=1e-3)
    assert backoff.seconds_left(now + left + 0.01) == 0.0


@given(st.integers(1, 10**9))
def test_a_throttle_without_a_wait_is_waited_for_however_many_came_before(throttles: int) -> None:
    """A quota of a day that is answered with a bare 409 gets to thousands in a row."""
    assert 2.0 <= pause_after(throttles) <= pause_after(throttles + 1) <= LONGEST_PAUSE


def test_a_day_of_throttles_without_a_wait_is_waited_out() -> None:
    """Every half minute one call asks whether the day has begun; none of them ends the run."""
    backoff, now = Backoff(WINDOWS), NOW
    while now < NOW + DAY:
        backoff.observe(throttled(), now)
        assert 0 < backoff.ready_at - now <= LONGEST_PAUSE
        now = backoff.ready_at


def test_an_outage_is_tried_again_after_as_long_as_it_has_lasted() -> None:
    """At least a second, at most half a minute; the first call that gets through ends it."""
    backoff, waits = Backoff(WINDOWS), []
    for seconds in (0.0, 1.0, 5.0, 20.0, 300.0):
        backoff.observe(AWAY, NOW + seconds)
        waits.append(backoff.ready_at - (NOW + seconds))
    assert waits == [SHORTEST_PAUSE, 1.0, 5.0, 20.0, LONGEST_PAUSE]
    assert (backoff.down_for(NOW + 301.0), backoff.why(NOW)) == (301.0, "the service cannot be reached")
    backoff.observe(ACCEPTED, NOW + 302.0)
    assert backoff.down_for(NOW + 400.0) == 0.0


@given(st.lists(st.integers(1, 90_000).map(float), min_size=1))
def test_the_longest_wait_holds_in_whatever_order_the_answers_come(waits: list[float]) -> None:
    """Calls under way answer in any order; a short wait that comes last must not let a call leave early."""
    backoff = Backoff(WINDOWS)
    for wait in waits:
        before = backoff.ready_at
        backoff.observe(throttled(wait), NOW)
        assert backoff.ready_at >= before
    assert backoff.ready_at == backoff.pause_until == NOW + max(waits)


def test_a_pause_is_shared_once_and_again_only_if_it_grows() -> None:
    """Other processes learn of it from the journal; to write it in every turn would cost each a commit."""
    backoff = Backoff(WINDOWS)
    backoff.observe(throttled(10.0), NOW)
    assert [backoff.pause_to_share(), backoff.pause_to_share()] == [NOW + 10.0, None]
    backoff.observe(throttled(5.0), NOW)
    assert backoff.pause_to_share() is None
    backoff.observe(throttled(11.0), NOW)
    assert backoff.pause_to_share() == NOW + 11.0


def test_a_wait_for_the_allowance_is_not_shared() -> None:
    """The ledger of calls tells every process of it already."""
    backoff = Backoff(WINDOWS)
    backoff.wait_for_allowance(NOW + 30.0)
    assert (backoff.ready_at, backoff.pause_to_share()) == (NOW + 30.0, None)
    backoff.wait_for_allowance(NOW + 20.0)
    assert backoff.ready_at == NOW + 30.0


@pytest.mark.parametrize(
    ("seconds", "why"),
    [(30.0, "the allowance is used up"), (7200.0, "the daily quota is used up")],
)
def test_a_wait_for_the_day_is_told_from_one_for_the_minute(seconds: float, why: str) -> None:
    """Whoever waits for hours is told that it is the day's allowance."""
    backoff = Backoff(WINDOWS)
    backoff.wait_for_allowance(NOW + seconds)
    assert backoff.why(NOW) == why


@pytest.mark.parametrize(("more", "only"), [(0.0, False), (1.0, True)])
def test_reads_go_on_during_a_wait_that_no_limit_of_reads_explains(more: float, *, only: bool) -> None:
    """A wait of hours is for the writes of a day; a row in doubt can be looked up meanwhile."""
    backoff = Backoff(WINDOWS)
    backoff.observe(throttled(LONGEST_FOR_READS + more), NOW)
    assert backoff.is_for_writes_only(NOW) is only
