"""Rows sent in simulated time: the allowance is filled, never exceeded, and shared with others."""

import itertools
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from delivery.simulation import ACCOUNT, MINUTE, MORNING, PUBLISHED, Office, most_in, planned, ways
from importer.api.clock import steady_clock
from importer.delivery.pacing import Allowance
from importer.delivery.send_result import StopReason
from importer.journal.windows import DAY, Window, seconds_for
from importer.model import Clock
from importer.sandbox.options import SandboxOptions

MEMORY = Path("/dev/shm")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory where there is one: thousands of commits in a simulated day would wait for the disk."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


SMALL_DAYS = (Window(150, DAY, writes=True), *PUBLISHED[1:])
SMALL_OFFICE = SandboxOptions(writes_per_day=150)


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32), shortest=st.floats(0.001, 0.8), jitter=st.floats(0.0, 0.15))
@example(seed=1, shortest=0.02, jitter=0.0)
@example(seed=2, shortest=0.2, jitter=0.15)
def test_the_allowance_is_filled_and_never_exceeded(seed: int, shortest: float, jitter: float) -> None:
    """Though calls travel for unequal times, the service counts at most 60 in any minute, and 98 % of them are used."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        journal, run = planned(Path(folder), 181)
        office = Office(ways(seed, shortest, jitter))
        with journal:
            end, _ = office.send(journal, run)
    assert end.how is StopReason.DONE
    assert not office.refused
    assert most_in(office.accepted, 60) <= 60
    assert most_in(office.accepted, 0.1) == 1
    assert office.accepted[-1] - office.accepted[0] <= 180 / 0.98


def test_a_second_client_is_noticed_and_lived_with(tmp_path: Path) -> None:
    """Beside a client that makes 18 calls a minute, at most 5 % are refused and 95 % of the rest are used."""
    journal, run = planned(tmp_path, 700)
    office = Office(ways(3, 0.1, 0.1), others=(MORNING + 3.37 * n for n in itertools.count()))
    with journal:
        office.send(journal, run)
    minutes = (office.accepted[-1] - office.accepted[0]) / 60
    left = 60 - len(office.others_accepted) / minutes
    assert len(office.refused) <= 0.05 * len(office.accepted)
    assert len(office.accepted) / minutes >= 0.95 * left


def test_when_the_other_client_ends_all_is_used_again(tmp_path: Path) -> None:
    """Seven minutes after a client that took half of it, the allowance is filled again."""
    journal, run = planned(tmp_path, 700)
    office = Office(ways(4, 0.1, 0.1), others=(MORNING + 2 * n for n in range(60)))
    with journal:
        office.send(journal, run)
    later = [time for time in office.accepted if time > MORNING + 120 + 420]
    assert len(later) > 60
    assert len(later) / (later[-1] - later[0]) >= 0.98


def test_days_of_waiting_survive_a_restart_and_end_when_the_plan_said(tmp_path: Path) -> None:
    """Over four days with three processes, no day holds more than it may, and the plan's end is right within 3 %."""
    journal, run = planned(tmp_path, 500)
    office = Office(ways(5, 0.1, 0.1), SMALL_OFFICE)
    with journal:
        told = seconds_for(500, SMALL_DAYS, lambda window: journal.calls.ages(ACCOUNT, window, MORNING), MORNING)
        first, _ = office.send(journal, run, windows=SMALL_DAYS, max_rows=60)
        second, _ = office.send(journal, run, windows=SMALL_DAYS, deadline=office.now + 2 * 3600)
        began = office.accepted[0]
        third, progress = office.send(journal, run, windows=SMALL_DAYS)
    assert (first.how, second.how, third.how) == (StopReason.LIMIT, StopReason.LIMIT, StopReason.DONE)
    assert not office.refused
    assert len(office.accepted) == 500
    assert most_in(office.accepted, DAY) <= 150
    assert abs(office.accepted[-1] - began - told) <= 0.03 * told
    waits = [(time, p.until) for time, p in progress if "daily" in p.waiting]
    assert all(time < until <= time + DAY + 2 for time, until in waits)
    assert waits


@pytest.mark.parametrize(("zone", "hours"), [("Europe/London", 16.0), ("UTC", 16.0), ("Pacific/Auckland", 3.0)])
def test_where_a_day_ends_at_midnight_its_allowance_is_new_then(tmp_path: Path, zone: str, hours: float) -> None:
    """Sending begins in the evening of that zone: the day's calls, then at once those of the next days, as planned."""
    journal, run = planned(tmp_path, 200)
    office = Office(ways(5, 0.1, 0.1), SandboxOptions(writes_per_day=None))
    days = (Window(60, DAY, writes=True, midnight=ZoneInfo(zone)), *PUBLISHED[1:])
    with journal:
        told = seconds_for(200, days, lambda window: journal.calls.ages(ACCOUNT, window, MORNING), MORNING)
        office.send(journal, run, windows=days, max_rows=24)
        end, progress = office.send(journal, run, windows=days)
    assert (end.how, office.refused) == (StopReason.DONE, [])
    dates = Counter(datetime.fromtimestamp(time, ZoneInfo(zone)).date() for time in office.accepted)
    assert list(dates.values()) == [60, 60, 60, 20]
    second = office.accepted[60]
    assert (second - MORNING) / 3600 == pytest.approx(hours, abs=0.01)
    assert abs(office.accepted[-1] - office.accepted[0] - told) <= 0.03 * told
    assert any(p.waiting == "the daily quota is used up" and abs(p.until - second) < 5 for _, p in progress)


def test_no_process_waits_for_a_call_that_it_may_not_make(tmp_path: Path) -> None:
    """With the day's calls made, a run with a time limit ends at once and not at its limit."""
    journal, run = planned(tmp_path, 151)
    office = Office(ways(6, 0.1, 0.1), SMALL_OFFICE)
    with journal:
        end, _ = office.send(journal, run, windows=SMALL_DAYS, deadline=MORNING + 7200)
    assert (end.how, len(office.accepted)) == (StopReason.LIMIT, 150)
    assert office.now < MORNING + 300


def test_a_wait_that_the_service_asks_for_stops_every_worker(tmp_path: Path) -> None:
    """After a refusal no call leaves before the time that the service said, whoever was refused."""
    journal, run = planned(tmp_path, 40)
    office = Office(lambda: 0.1, SandboxOptions(writes_per_minute=20, calls_per_100ms=None))
    with journal:
        office.send(journal, run, windows=(MINUTE,), concurrency=8)
    first = min(office.refused)
    later = [time for time in office.accepted + office.refused if time > first + 0.3]
    assert min(later) >= first + 39
    assert len(office.accepted) == 40


@pytest.mark.parametrize(("concurrency", "least"), [(None, 0.9), (4, 0.35)])
def test_a_slow_service_is_called_more_often_at_once(tmp_path: Path, concurrency: int | None, least: float) -> None:
    """Answers that take ten seconds keep four calls from filling a minute; left alone, it takes as many as it needs."""
    journal, run = planned(tmp_path, 600)
    office = Office(lambda: 5.0)
    with journal:
        end, _ = office.send(journal, run, windows=(MINUTE,), concurrency=concurrency)
    took = office.accepted[-1] - office.accepted[-301]
    assert (end.how, office.refused) == (StopReason.DONE, [])
    assert least <= 300 / took <= least + 0.12


JUMPS = st.lists(st.tuples(st.floats(0, 200), st.sampled_from([1.0, -1.0]), st.floats(1, 2 * DAY)), max_size=2).map(
    lambda jumps: [(after, sign * seconds) for after, sign, seconds in jumps]
)
SHORT_WINDOWS = (MINUTE, *PUBLISHED[2:])


def _sent(office: Office, clock: Clock | None = None) -> None:
    """Send 150 rows, which fill a minute two and a half times."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        journal, run = planned(Path(folder), 150)
        with journal:
            end, _ = office.send(journal, run, clock=clock, windows=SHORT_WINDOWS)
    assert (end.how, len(office.accepted)) == (StopReason.DONE, 150)


@settings(max_examples=12)
@given(jumps=JUMPS, bare=st.booleans())
@example(jumps=[(50.0, DAY)], bare=False)
@example(jumps=[(50.0, -DAY)], bare=True)
@example(jumps=[(70.0, DAY), (75.0, -DAY)], bare=True)
@example(jumps=[(70.0, -DAY), (75.0, DAY)], bare=False)
def test_a_clock_that_jumps_slows_nothing_for_longer_than_a_window(
    jumps: list[tuple[float, float]], *, bare: bool
) -> None:
    """Ahead or back, whether a throttle says for how long or not: each jump costs a minute at most, few refusals."""
    office = Office(ways(7, 0.1, 0.1), jumps=jumps, bare=bare)
    _sent(office)
    assert office.accepted[-1] - office.accepted[0] <= 150 + (60 + 10) * len(jumps)
    assert len(office.refused) <= 5 * len(jumps)


@settings(max_examples=6)
@given(jumps=JUMPS)
@example(jumps=[(50.0, DAY)])
@example(jumps=[(50.0, -DAY)])
def test_by_a_clock_that_runs_on_no_jump_is_noticed(jumps: list[tuple[float, float]]) -> None:
    """The one that every command has: whatever the machine's does, no call is too early, and none too late."""
    office = Office(ways(8, 0.1, 0.1), jumps=jumps)
    _sent(office, steady_clock(office.wall, office.clock))
    assert office.refused == []
    assert most_in(office.accepted, 60) <= 60
    assert office.accepted[-1] - office.accepted[0] <= 150 / 0.98


@pytest.mark.parametrize("seconds", [-2 * DAY, -DAY, -1.0, 61.0, DAY, 2 * DAY])
def test_a_refusal_after_a_silence_or_a_jump_takes_one_call(seconds: float) -> None:
    """The window holds next to nothing of ours then, which says nothing about others; thirty calls give it back."""
    allowance, now = Allowance([MINUTE], MORNING), MORNING
    for _ in range(120):
        now += 1
        allowance.accepted(now)
    now += seconds
    allowance.refused(now, in_window=1)
    assert allowance.windows == (replace(MINUTE, calls=59),)
    for _ in range(31):
        now += 1
        allowance.accepted(now)
    assert allowance.windows == (MINUTE,)


def test_a_clock_that_is_set_back_after_a_refusal_keeps_nothing_back() -> None:
    """What a refusal took is given back by the calls that follow, and not when the clock is there again."""
    allowance, now = Allowance([MINUTE], MORNING), MORNING
    for _ in range(20):
        allowance.refused(now, in_window=60)
    now -= DAY
    for _ in range(31):
        now += 1
        allowance.accepted(now)
    assert allowance.windows == (replace(MINUTE, calls=41),)


def test_a_wait_that_the_service_asks_for_is_no_silence() -> None:
    """What is in the window after it still says how much others leave us."""
    allowance, now = Allowance([MINUTE], MORNING), MORNING
    for _ in range(70):
        now += 1
        allowance.accepted(now)
    allowance.refused(now, in_window=60, wait=40.0)
    now += 41
    allowance.refused(now, in_window=20)
    assert allowance.windows == (replace(MINUTE, calls=24),)
