"""The importer killed here and there; the long form is `make torture`."""

import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from torture.axes import BEHAVIOURS, EDITS, JUMPS, LISTS, MIXED, MONTH, WHOLE, Case
from torture.judge import Judged
from torture.sweep import Lane, lanes, suffer_all

LANES = 4
SEAMS = {
    "after the private copy",
    "while planning",
    "before a commit",
    "after a commit",
    "before a list",
    "after the answer to a list",
    "before a look",
    "after the answer to a look",
    "before a create",
    "half of a create written",
    "a create written",
    "after the answer to a create",
    "before a report file",
    "after the report",
}
"""All of them: a seam whose function is no longer the one that is called would be passed over in silence."""


@pytest.fixture(scope="module")
def track() -> Iterator[list[Lane]]:
    """Sandboxes and victims, started once."""
    with lanes(LANES) as started:
        yield started


def told(judged: Judged) -> str:
    """A case that went wrong, in a line."""
    return f"{judged.case}: {judged.killed_at} {judged.commands} {judged.problems}"


def test_no_kill_doubles_loses_or_misreports_a_row(track: list[Lane]) -> None:
    """Killed once or twice at seams all over the import, with every misbehaviour mixed in, each row ends right."""
    (whole,) = suffer_all(track, [Case(MIXED)])
    assert whole.clean, told(whole)
    assert set(whole.trail) == SEAMS
    singles = [Case(MIXED, (n,), seed=n) for n in range(1, len(whole.trail), 13)]
    pairs = [Case(MIXED, (n, n // 2), seed=n, concurrency=4) for n in range(20, len(whole.trail), 30)]
    asked = [Case(MIXED, (n, n), seed=n, signal=signal.SIGTERM) for n in range(30, len(whole.trail), 50)]
    harmed = [told(judged) for judged in suffer_all(track, [*singles, *pairs, *asked]) if not judged.clean]
    assert not harmed, "\n".join(harmed)


def test_the_sweep_sees_a_missing_intent(track: list[Lane]) -> None:
    """With the intent left out the very same deaths double rows; else the sweep's silence would prove nothing."""
    (whole,) = suffer_all(track, [Case("answers")])
    deaths = [n for n, place in enumerate(whole.trail, 1) if place == "after the answer to a create"][1::3]
    sound = suffer_all(track, [Case("answers", (n,)) for n in deaths])
    assert all(judged.clean for judged in sound)
    broken = suffer_all(track, [Case("answers", (n,), broken="no intent", slow_lists=True) for n in deaths])
    assert sum(judged.doubled for judged in broken) == len(deaths)


def test_no_list_doubles_loses_or_misreports_a_row(track: list[Lane]) -> None:
    """Lists that shift, stop early or are of another location, while the importer is killed."""
    names = [name for name in LISTS if name != WHOLE][::2]
    mixed = [Case(MIXED, (40 + 7 * n,), seed=n, lists=name) for n, name in enumerate(names)]
    harmed = [told(judged) for judged in suffer_all(track, mixed) if not judged.clean]
    assert not harmed, "\n".join(harmed)


def test_no_jump_of_a_clock_doubles_loses_or_stops_anything(track: list[Lane]) -> None:
    """Between any two steps, forwards or back, with a death and without."""
    jumps = [(((50 + 6 * n, seconds),), (80 + n,)[: n % 2]) for n, seconds in enumerate(JUMPS.values())]
    cases = [Case(MIXED, kills, seed=n, jumps=jump) for n, (jump, kills) in enumerate(jumps)]
    harmed = [told(judged) for judged in suffer_all(track, cases) if not judged.clean]
    assert not harmed, "\n".join(harmed)


def test_no_undo_destroys_or_misreports(track: list[Lane]) -> None:
    """Killed, unanswered, or with a clock that jumps, beside a colleague who changes records."""
    cases = [Case(name, (9 + 11 * n,), seed=n, undo=True) for n, name in enumerate(BEHAVIOURS)]
    cases += [Case(MIXED, jumps=((20, seconds),), undo=True) for seconds in (MONTH, -MONTH)]
    harmed = [told(judged) for judged in suffer_all(track, cases) if not judged.clean]
    assert not harmed, "\n".join(harmed)


def test_no_update_overwrites_or_misreports(track: list[Lane]) -> None:
    """Killed, unanswered, or with a clock that jumps, beside a colleague who edits."""
    cases = [Case(name, (30 + 9 * n,), seed=n, update=True) for n, name in enumerate(BEHAVIOURS)]
    cases += [Case(MIXED, (n,), seed=n, update=True, colleague=EDITS, concurrency=4) for n in range(30, 110, 10)]
    # Between the moment at which the user agreed to the updates and that at which the rows are planned.
    cases += [Case(MIXED, (n,), update=True, colleague=EDITS) for n in range(8, 24, 2)]
    cases += [Case(MIXED, jumps=((40, seconds),), update=True) for seconds in (MONTH, -MONTH)]
    harmed = [told(judged) for judged in suffer_all(track, cases) if not judged.clean]
    assert not harmed, "\n".join(harmed)


def test_the_sweep_sees_an_update_that_harms(track: list[Lane]) -> None:
    """What a colleague entered is overwritten, or a row that was updated is called existing."""
    (whole,) = suffer_all(track, [Case("answers", update=True)])
    assert whole.clean, told(whole)
    deaths = [n for n, place in enumerate(whole.trail, 1) if place == "after the answer to a put"][1::2]
    case = Case("answers", update=True)
    blind = [replace(case, kills=(n,), colleague=EDITS, broken="no question") for n in deaths]
    assert sum(judged.destroyed for judged in suffer_all(track, blind))
    hasty = [replace(case, kills=(n,), broken="no intent") for n in deaths]
    assert sum(judged.misreported for judged in suffer_all(track, hasty)) >= len(deaths)


def test_f33_twenty_starts_in_one_moment(track: list[Lane]) -> None:
    """Of twenty people who start the same import at once one sends; the others are told, or find it done."""
    codes, judged = track[0].crowd(20)
    assert judged.clean, told(judged)
    assert set(codes) == {0, 7}
