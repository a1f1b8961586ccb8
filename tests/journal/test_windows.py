"""The arithmetic of the allowance, without a journal: when the next call may leave, and how long many take."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.journal.windows import DAY, Window, ready_at, seconds_for, smooth_spacing

NOW = 1_800_000_000.0
MINUTE = Window(60, 60.0, writes=True)
READS = Window(120, 60.0)


def test_a_day_may_have_another_length_than_24_hours() -> None:
    """On the days on which the clocks of London change, the allowance is new at its midnight all the same."""
    day = Window(1, DAY, writes=True, midnight=ZoneInfo("Europe/London"))
    for date, hours in (((2027, 3, 28), 23), ((2027, 6, 1), 24), ((2027, 10, 31), 25)):
        begin = datetime(*date, tzinfo=ZoneInfo("Europe/London")).timestamp()
        assert day.frees_at(begin + 60) - begin == hours * 3600 + 1
        assert day.begins_at(begin + hours * 3600 - 1) == begin


@pytest.mark.parametrize(("seconds", "span"), [(0.1, 0.12), (60.0, 60.3), (3600.0, 3601.0), (DAY, DAY + 1)])
def test_a_window_counts_a_little_longer_than_the_service(seconds: float, span: float) -> None:
    """Between 0.02 and 1 second: what cannot be measured from here must not make the service refuse."""
    assert Window(1, seconds).span == pytest.approx(span)


@settings(max_examples=50)
@given(st.floats(0.01, 2 * DAY), st.floats(0, 2 * DAY))
def test_a_call_counts_exactly_until_it_frees(seconds: float, later: float) -> None:
    """The two ways of asking agree: a call still counts after so long if and only if it has not freed its place."""
    window, now = Window(1, seconds), NOW + later
    counts, free = window.begins_at(now) < NOW, window.frees_at(NOW)
    # Not within the rounding of the clock's digits.
    assert counts is (free > now) or free == pytest.approx(now, abs=1e-5)


@pytest.mark.parametrize(
    ("windows", "write", "nth_last", "last_write", "wait"),
    [
        # No call so far, or too few to fill the window.
        ((MINUTE, READS), True, (None, None), None, 0.0),
        # A full window lets the next call go when its oldest one leaves.
        ((MINUTE,), True, (NOW - 50,), None, 10.3),
        ((READS,), False, (NOW - 50,), None, 10.3),
        # Reads do not wait for a window of writes, writes wait for one of everything.
        ((MINUTE, READS), False, (NOW - 50, None), NOW - 0.1, 0.0),
        ((MINUTE, READS), True, (None, NOW - 50), None, 10.3),
        # Of several windows the slowest counts.
        ((MINUTE, READS), True, (NOW - 50, NOW - 55), None, 10.3),
        # Writes keep a distance.
        ((MINUTE,), True, (None,), NOW, 0.854),
        ((MINUTE,), True, (None,), NOW - 0.5, 0.354),
        # A clock that was set back: what lies in the future counts as made now.
        ((MINUTE,), True, (NOW + 5 * DAY,), None, 60.3),
        ((MINUTE,), True, (None,), NOW + 5 * DAY, 0.854),
    ],
)
def test_when_the_next_call_may_leave(
    windows: tuple[Window, ...],
    write: bool,
    nth_last: tuple[float | None, ...],
    last_write: float | None,
    wait: float,
) -> None:
    """Each line is a history and the seconds that are waited after it."""
    assert ready_at(NOW, windows, write, nth_last, last_write) - NOW == pytest.approx(wait, abs=1e-3)


@pytest.mark.parametrize(
    ("windows", "spacing"),
    [
        ((MINUTE,), 0.85 * 60.3 / 60),
        # The tightest of them.
        ((MINUTE, Window(10, 60.0, writes=True)), 0.85 * 60.3 / 10),
        # A day is not spread over its hours, and reads are not spread at all.
        ((Window(10, DAY, writes=True), READS), 0.0),
        ((), 0.0),
    ],
)
def test_writes_are_spread_over_a_minute_and_not_over_a_day(windows: tuple[Window, ...], spacing: float) -> None:
    """Evenly, but a little closer, so that a delay is made up for."""
    assert smooth_spacing(windows) == pytest.approx(spacing)


LIMITS = st.lists(
    st.one_of(
        st.builds(Window, st.integers(1, 40), st.sampled_from([10.0, 60.0, 3600.0]), writes=st.just(True)),
        st.builds(Window, st.integers(3, 90), st.just(DAY), writes=st.just(True)),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda window: window.seconds,
)


@settings(max_examples=50)
@given(windows=LIMITS, calls=st.integers(1, 120), used=st.lists(st.floats(0, DAY), max_size=40))
def test_what_is_told_to_take_so_long_takes_so_long(windows: list[Window], calls: int, used: list[float]) -> None:
    """Rows sent one after another at the first moment that is allowed take what was told, within a short window."""
    history = sorted(NOW - ago for ago in used)
    # A history that no window would have allowed is nobody's.
    history = [t for t in history if all(len([u for u in history if t - w.span < u <= t]) <= w.calls for w in windows)]

    def ages(window: Window) -> list[float]:
        return [NOW - time for time in history if time > NOW - window.span]

    told = seconds_for(calls, windows, ages, NOW)
    made, now = list(history), NOW
    for _ in range(calls):
        nth_last = [made[-window.calls] if len(made) >= window.calls else None for window in windows]
        now = ready_at(now, windows, True, nth_last, made[-1] if made else None)
        made.append(now)
    short = max((window.span for window in windows if window.seconds < DAY), default=0.0)
    # Of the calls so far, only those of the day are reckoned with; a short window that is full delays the beginning.
    assert now - NOW == pytest.approx(told, abs=2 * short + 5)
