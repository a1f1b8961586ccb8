"""The ledger of the allowance: accounts apart, reads beside writes, holds of different length."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest
from delivery.kit import ACCOUNT
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.journal.calls import MOST_SKEW, Calls
from importer.journal.windows import DAY, LONGEST_HOLD, Window
from journal.conftest import Open

NOW = 1_000_000.0
OTHER = "127.0.0.1/other@example.com"
WRITES = Window(2, 60.0, writes=True)
EVERYTHING = Window(3, 600.0)
_EXAMPLES = count()


@pytest.fixture
def calls(open_one: Open) -> Iterator[Calls]:
    """The calls of a journal in which there are none yet."""
    with open_one() as journal:
        yield journal.calls


@pytest.mark.parametrize("seconds", [(30.0, 900.0), (900.0, 30.0), (900.0, 900.0)])
@pytest.mark.parametrize("writes", [True, False])
def test_the_longer_of_two_holds_counts(calls: Calls, seconds: tuple[float, float], writes: bool) -> None:
    """Whichever was asked for last: a shorter one that comes later ends no longer one."""
    for each in seconds:
        calls.pause(ACCOUNT, NOW + each, writes=writes)
    assert calls.held_until(ACCOUNT) == NOW + 900.0
    assert calls.reserve(ACCOUNT, [WRITES], write=True, now=NOW) == 900.0


def test_a_hold_of_writes_and_one_of_everything_stand_beside_each_other(calls: Calls) -> None:
    """Writes wait for the longer of the two, reads for the one that is about them."""
    calls.pause(ACCOUNT, NOW + 900.0, writes=True)
    calls.pause(ACCOUNT, NOW + 30.0)
    waits = [calls.reserve(ACCOUNT, [EVERYTHING], write=write, now=NOW) for write in (True, False)]
    assert waits == [900.0, 30.0]


def test_nobody_is_held_for_another_account(calls: Calls) -> None:
    """Two people on one machine: the service asked only one of them to wait."""
    calls.pause(OTHER, NOW + 900.0)
    assert calls.held_until(ACCOUNT) == 0.0
    assert calls.reserve(ACCOUNT, [WRITES], write=True, now=NOW) == 0.0


def test_a_call_that_must_wait_is_not_taken(calls: Calls) -> None:
    """Only what may be made is counted; whoever waits asks again, and would wait for itself otherwise."""
    assert [calls.reserve(ACCOUNT, [Window(1, 60.0)], write=False, now=NOW + n) > 0 for n in (0, 1, 2)] == [
        False,
        True,
        True,
    ]
    assert calls.used(ACCOUNT, Window(1, 60.0), NOW + 2)[0] == 1


def test_reads_use_no_write_window(calls: Calls) -> None:
    """A list of a thousand pages leaves the writes of the day as they are; writes count as calls all the same."""
    calls.note(ACCOUNT, 5, NOW)
    assert calls.used(ACCOUNT, WRITES, NOW)[0] == 0
    assert calls.used(ACCOUNT, EVERYTHING, NOW)[0] == 5
    assert calls.ages(ACCOUNT, WRITES, NOW + 1) == []
    assert calls.reserve(ACCOUNT, [WRITES], write=True, now=NOW + 1) == 0.0
    assert calls.used(ACCOUNT, WRITES, NOW + 1)[0] == 1
    assert calls.ages(ACCOUNT, EVERYTHING, NOW + 1) == [1.0] * 5 + [0.0]


def test_reads_spread_no_writes(calls: Calls) -> None:
    """Writes keep a distance from each other, not from a read that came between."""
    minute = Window(60, 60.0, writes=True)
    assert calls.reserve(ACCOUNT, [minute], write=True, now=NOW) == 0.0
    calls.note(ACCOUNT, 1, NOW + 0.9)
    assert calls.reserve(ACCOUNT, [minute], write=True, now=NOW + 0.95) == 0.0
    assert calls.reserve(ACCOUNT, [minute], write=True, now=NOW + 1.0) == pytest.approx(0.8, abs=0.05)


def test_accounts_use_their_own_allowance(calls: Calls) -> None:
    """What one account has used is neither counted nor waited for by another."""
    calls.note(OTHER, 3, NOW)
    assert calls.used(ACCOUNT, EVERYTHING, NOW) == (0, 0.0)
    assert calls.ages(ACCOUNT, EVERYTHING, NOW) == []
    assert calls.reserve(ACCOUNT, [EVERYTHING], write=False, now=NOW) == 0.0
    assert calls.reserve(OTHER, [EVERYTHING], write=False, now=NOW) > 0


def test_what_is_used_leaves_its_window_in_time(calls: Calls) -> None:
    """The count and the seconds until the oldest call no longer counts, which is when its place is free."""
    calls.note(ACCOUNT, 1, NOW)
    calls.note(ACCOUNT, 2, NOW + 100)
    count, seconds = calls.used(ACCOUNT, EVERYTHING, NOW + 200)
    assert (count, seconds) == (3, EVERYTHING.span - 200)
    assert calls.used(ACCOUNT, EVERYTHING, NOW + 200 + seconds) == (2, 100.0)


def test_a_day_that_ends_at_midnight_is_used_up_to_midnight(calls: Calls) -> None:
    """What is told to free up is told of the zone's own midnight."""
    midnight = datetime(2027, 3, 28, tzinfo=UTC).timestamp()
    day = Window(1, DAY, writes=True, midnight=UTC)
    assert calls.reserve(ACCOUNT, [day], write=True, now=midnight - 3600) == 0.0
    assert calls.used(ACCOUNT, day, midnight - 600) == (1, 601.0)


def test_a_call_that_never_arrived_gives_its_place_back(calls: Calls) -> None:
    """Of two writes that left at the same moment, the one that arrived still counts."""
    window = Window(3, DAY, writes=True)
    for moment in (NOW, NOW, NOW + 30):
        assert calls.reserve(ACCOUNT, [window], write=True, now=moment) == 0.0
    calls.note_arrivals(OTHER, [(NOW, None)])
    calls.note_arrivals(ACCOUNT, [(NOW, None), (NOW, NOW + 5)])
    assert calls.ages(ACCOUNT, window, NOW + 40) == [35.0, 10.0]
    assert calls.reserve(ACCOUNT, [window], write=True, now=NOW + 40) == 0.0


def test_a_call_counts_from_when_it_arrived_at_the_latest(calls: Calls) -> None:
    """A call that travelled for ten seconds may have been seen at the end of them."""
    window = Window(1, 60.0, writes=True)
    assert calls.reserve(ACCOUNT, [window], write=True, now=NOW) == 0.0
    calls.note_arrivals(ACCOUNT, [(NOW, NOW + 10)])
    assert calls.reserve(ACCOUNT, [window], write=True, now=NOW + 20) == pytest.approx(window.span - 10)


def test_calls_across_a_midnight_count_on_the_day_they_may_have_reached(calls: Calls) -> None:
    """What left before midnight and was answered after it may have arrived then, so the new day has one less."""
    day = Window(2, DAY, writes=True, midnight=UTC)
    midnight = datetime(2027, 3, 28, tzinfo=UTC).timestamp()
    for left in (midnight - 30, midnight - 5):
        assert calls.reserve(ACCOUNT, [day], write=True, now=left) <= 0
    assert calls.reserve(ACCOUNT, [day], write=True, now=midnight - 4) == pytest.approx(5)
    calls.note_arrivals(ACCOUNT, [(midnight - 5, midnight + 0.5)])
    assert calls.used(ACCOUNT, day, midnight + 2)[0] == 1
    assert calls.reserve(ACCOUNT, [day], write=True, now=midnight + 2) <= 0
    assert calls.reserve(ACCOUNT, [day], write=True, now=midnight + 3) == pytest.approx(DAY - 2)


def test_old_calls_are_forgotten_and_younger_ones_are_not(calls: Calls) -> None:
    """Which keeps the ledger small, and no window notices."""
    calls.note(ACCOUNT, 2, NOW)
    calls.note(ACCOUNT, 1, NOW + 10)
    calls.forget(NOW + 10)
    assert calls.ages(ACCOUNT, Window(9, DAY), NOW + 10) == [0.0]


def test_the_time_that_writes_take_includes_a_hold(calls: Calls) -> None:
    """A hold that seems to last for years, written before the clock was set back, is cut to the longest there is."""
    windows = [Window(60, 60.0, writes=True)]
    free = calls.seconds_for(ACCOUNT, 10, windows, NOW)
    calls.pause(ACCOUNT, NOW + 500)
    assert calls.seconds_for(ACCOUNT, 10, windows, NOW) == free + 500
    calls.pause(ACCOUNT, NOW + 900 * DAY)
    assert calls.seconds_for(ACCOUNT, 10, windows, NOW) == free + LONGEST_HOLD
    assert calls.seconds_for(ACCOUNT, 0, windows, NOW) == 0.0


JUMPS = st.sampled_from([0.0, 0.0, 30.0, 3600.0, DAY, 30 * DAY])
JUMPY = st.lists(
    st.tuples(
        st.sampled_from(["call", "call", "hold", "jump"]), st.booleans(), st.sampled_from([0.0, 1.0, 70.0]), JUMPS
    ),
    min_size=4,
    max_size=25,
)


class Machine:
    """A machine whose clock jumps, in real time; ``made`` are the calls, by when they were really made."""

    def __init__(self, calls: Calls, account: str) -> None:
        self._calls, self._account = calls, account
        self.real, self.ahead = 1_800_000_000.0, 0.0
        self.made: list[tuple[float, bool]] = []
        self.held_until = 0.0

    def call(self, *, write: bool) -> float:
        """Make one call as soon as it is allowed; how long that took, beyond a wait that the service asked for."""
        began = max(self.real, self.held_until)
        while (wait := self._calls.reserve(self._account, (WRITES, EVERYTHING), write=write, now=self.now)) > 0:
            self.real += wait + 1e-6
            assert self.real - began < LONGEST_HOLD, "it hangs"
        self.made.append((self.real, write))
        return max(self.real - began, 0.0)

    def pause(self, seconds: float) -> None:
        """The service answers a call by asking to wait."""
        self.call(write=False)
        self._calls.pause(self._account, self.now + seconds)
        self.held_until = max(self.held_until, self.real + seconds)

    @property
    def now(self) -> float:
        """What the clock shows."""
        return self.real + self.ahead

    def most(self, window: Window) -> int:
        """The most calls that a window of that length really held."""
        times = [time for time, write in self.made if write or not window.writes]
        return max((sum(first <= time < first + window.seconds for time in times) for first in times), default=0)


@given(steps=JUMPY)
@settings(max_examples=20)
def test_a_clock_that_is_set_back_neither_hangs_nor_hurries_anything(
    calls: Calls, steps: list[tuple[str, bool, float, float]]
) -> None:
    """By a minute, a day or a month, between any two steps: a window waits for no longer than itself, and holds."""
    machine = Machine(calls, f"set back {next(_EXAMPLES)}")
    longest = EVERYTHING.span + 2 * MOST_SKEW
    for what, write, pause, jump in steps:
        machine.real += pause
        if what == "jump":
            machine.ahead -= jump
        elif what == "hold":
            machine.pause(45.0)
        else:
            assert machine.call(write=write) <= longest
    assert machine.most(WRITES) <= WRITES.calls
    assert machine.most(EVERYTHING) <= EVERYTHING.calls


@given(steps=JUMPY)
@settings(max_examples=20)
def test_a_clock_that_jumps_either_way_hangs_nothing(calls: Calls, steps: list[tuple[str, bool, float, float]]) -> None:
    """Ahead and put right again: what was written meanwhile is brought to the clock of today, once."""
    machine = Machine(calls, f"either way {next(_EXAMPLES)}")
    for number, (what, write, pause, jump) in enumerate(steps):
        machine.real += pause
        if what == "jump":
            machine.ahead += jump if number % 2 else -jump
        elif what == "hold":
            machine.pause(45.0)
        else:
            assert machine.call(write=write) <= EVERYTHING.span + 2 * MOST_SKEW


def test_a_call_from_the_future_counts_once_as_made_now(calls: Calls) -> None:
    """It is not made younger at every look, or nobody could call until the clock has caught up."""
    window = Window(1, 60.0)
    assert calls.reserve(ACCOUNT, [window], write=True, now=NOW + DAY) == 0.0
    waits = [calls.reserve(ACCOUNT, [window], write=True, now=NOW + later) for later in (0.0, 20.0, 60.0)]
    assert waits == [pytest.approx(60.3), pytest.approx(40.3), pytest.approx(0.3)]
    assert calls.reserve(ACCOUNT, [window], write=True, now=NOW + 61.0) <= 0


def test_a_hold_from_the_future_ends_once_the_longest_there_is_has_passed(calls: Calls) -> None:
    """With a call beside it sooner: then it is known how much of it was left."""
    calls.pause(ACCOUNT, NOW + 30 * DAY + 45.0)
    assert calls.reserve(ACCOUNT, [EVERYTHING], write=False, now=NOW) == LONGEST_HOLD
    assert calls.reserve(ACCOUNT, [EVERYTHING], write=False, now=NOW + DAY) == LONGEST_HOLD - DAY
    assert calls.reserve(OTHER, [EVERYTHING], write=False, now=NOW + 30 * DAY) == 0.0
    calls.pause(OTHER, NOW + 30 * DAY + 45.0)
    assert calls.reserve(OTHER, [EVERYTHING], write=False, now=NOW) == pytest.approx(45.0)


def test_the_count_of_the_day_survives_a_clock_that_is_a_month_ahead(calls: Calls) -> None:
    """Whoever looks then forgets what seems to be old; put right again, the day is still used up."""
    day = Window(2, DAY, writes=True)
    assert [calls.reserve(ACCOUNT, [day], write=True, now=NOW + n) for n in (0, 1)] == [0.0, 0.0]
    calls.forget(NOW + 30 * DAY - 2 * DAY)
    assert calls.used(ACCOUNT, day, NOW + 2)[0] == 2
    calls.forget(NOW + 40 * DAY)
    assert calls.used(ACCOUNT, day, NOW + 2)[0] == 0


STEPS = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.sampled_from([0.0, 0.3, 5.0, 40.0, 200.0])), min_size=3, max_size=25
)


@given(steps=STEPS)
@settings(max_examples=30)
def test_whoever_waits_as_long_as_told_may_call_and_no_window_overflows(
    calls: Calls, steps: list[tuple[bool, bool, float]]
) -> None:
    """Two accounts, reads and writes mixed, at any pace: the wait suffices, and each window holds what it may."""
    windows, now, example = (WRITES, EVERYTHING), NOW, next(_EXAMPLES)
    made: dict[str, list[tuple[float, bool]]] = {f"one {example}": [], f"two {example}": []}
    for which, write, pause in steps:
        account, now = sorted(made)[which], now + pause
        wait = calls.reserve(account, windows, write=write, now=now)
        if wait > 0:
            # A microsecond, for the sum of two floating point numbers.
            now += wait + 1e-6
            assert calls.reserve(account, windows, write=write, now=now) <= 0
        made[account].append((now, write))
    for every in made.values():
        for window in windows:
            times = [time for time, write in every if write or not window.writes]
            assert all(
                last - first >= window.seconds for first, last in zip(times, times[window.calls :], strict=False)
            )
