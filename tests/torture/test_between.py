"""Two machines on one database while the first one falls away; the long form is `python -m torture --between`.

Each test has a few cases, all at once; every record is made once, and every report says so.
"""

import random
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest
from postgres import Server, running_server

from torture.axes import QUARTER, Case
from torture.between import ASLEEP, CRASHES, NETWORKS, TWO, Span, case_of, crash
from torture.sweep import Lane, lanes, suffer_all
from torture.test_sweep import LANES, told

SPAN = Span(commits=range(22, 32), seams=range(72, 90))
"""The commits and the seams between the first row and the last one; their numbers vary a little."""
FEW = replace(TWO, rows=8)


@pytest.fixture(scope="module")
def track(postgres: Server) -> Iterator[list[Lane]]:
    """Sandboxes and victims, and a database for each case."""
    with lanes(LANES, postgres.new_database) as started:
        yield started


def suffered(track: list[Lane], *cases: Case) -> None:
    """Let the cases happen, and complain of whatever was harmed."""
    harmed = [told(judged) for judged in suffer_all(track, cases) if not judged.clean]
    assert not harmed, "\n".join(harmed)


@pytest.mark.parametrize("names", [NETWORKS[:4], NETWORKS[4:]], ids=["cut", "silent"])
def test_a_network_that_fails_at_a_commit(track: list[Lane], names: tuple[str, ...]) -> None:
    """Cut or silent before the commit arrives or before its answer is back, for a moment or past the lease."""
    chance = random.Random(len(names))
    suffered(track, *(replace(case_of(name, SPAN, chance), rows=FEW.rows) for name in names))


def test_a_machine_that_sleeps_past_its_lease_lets_no_call_leave(track: list[Lane]) -> None:
    """Wherever it falls asleep: also between the intent and the first byte, while it connects."""
    suffered(track, *(replace(FEW, kills=(n,), seed=n, signal=signal.SIGSTOP) for n in range(69, 76, 2)))


def test_machines_whose_clocks_are_a_quarter_of_an_hour_apart(track: list[Lane]) -> None:
    """What the first one left in doubt is believed absent neither too early nor never."""
    killed = [replace(FEW, kills=(74,), seed=n, apart=apart) for n, apart in enumerate((QUARTER, -QUARTER))]
    silent = [replace(FEW, trouble=NETWORKS[5], at=25, seed=n, apart=n * QUARTER) for n in (1, -1)]
    suffered(track, *killed, *silent)


@pytest.mark.parametrize("name", CRASHES)
def test_a_database_that_crashes_at_a_commit(name: str) -> None:
    """The run ends as one whose journal is away, and goes on as soon as it is back."""
    with running_server() as server, lanes(1, server.new_database, lambda: crash(server)) as (lane,):
        judged = lane.suffer(replace(FEW, trouble=name, at=26))
    assert judged.clean, told(judged)
    assert "run → 5" in judged.commands, told(judged)


def test_each_kind_of_trouble_has_cases() -> None:
    """Also those that are only tried at length."""
    assert case_of(ASLEEP, SPAN, random.Random(1)).signal == signal.SIGSTOP
