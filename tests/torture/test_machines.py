"""Two machines on one database, one of them killed: every second command is typed at the other one."""

from collections.abc import Iterator

import pytest
from postgres import Server

from torture.axes import BEHAVIOURS, EDITS, LISTS, MIXED, MONTH, WHOLE, Case
from torture.sweep import Lane, lanes, suffer_all
from torture.test_sweep import LANES, told


@pytest.fixture
def track(postgres: Server) -> Iterator[list[Lane]]:
    """Sandboxes and victims, and a database for each case."""
    with lanes(LANES, postgres.new_database) as started:
        yield started


def test_no_kill_doubles_loses_or_misreports_a_row(track: list[Lane]) -> None:
    """What one machine left, the other one settles, sends and reports."""
    (whole,) = suffer_all(track, [Case(MIXED)])
    assert whole.clean, told(whole)
    seams = len(whole.trail)
    cases = [Case(MIXED, (n,), seed=n) for n in range(3, seams, 17)]
    cases += [Case(MIXED, (n, n // 2), seed=n, concurrency=4) for n in range(20, seams, 40)]
    cases += [Case(MIXED, (40 + 9 * n,), seed=n, lists=name) for n, name in enumerate(LISTS) if name != WHOLE][::2]
    cases += [Case(MIXED, jumps=((60, seconds),)) for seconds in (MONTH, -MONTH)]
    cases += [Case(name, (9 + 11 * n,), seed=n, undo=True) for n, name in enumerate(BEHAVIOURS)][::2]
    cases += [Case(MIXED, (n,), seed=n, update=True, colleague=EDITS, concurrency=4) for n in range(30, 110, 25)]
    harmed = [told(judged) for judged in suffer_all(track, cases) if not judged.clean]
    assert not harmed, "\n".join(harmed)


def test_the_sweep_sees_a_missing_intent(track: list[Lane]) -> None:
    """With the intent left out, the very same deaths double rows."""
    (whole,) = suffer_all(track, [Case("answers")])
    deaths = [n for n, place in enumerate(whole.trail, 1) if place == "after the answer to a create"][1::3]
    broken = suffer_all(track, [Case("answers", (n,), broken="no intent", slow_lists=True) for n in deaths])
    assert sum(judged.doubled for judged in broken) == len(deaths)
