"""The long form: every single death under every behaviour, a grid of two deaths, several seeds; writes a report.

`python -m torture` does it all; with `--kill` it repeats one case and tells everything about it.
"""

import argparse
import itertools
import os
import platform
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from delivery.model import RULES, Model, Rule
from postgres import running_server

from torture.axes import BEHAVIOURS, EDITS, JUMPS, LISTS, MIXED, PATIENT, REMAKES, WHOLE, Case
from torture.between import HEADING, try_all
from torture.judge import VERDICTS, Judged
from torture.sweep import Lane, lanes, suffer_all

REPORT = Path("reports") / "torture.md"
ROWS, SEEDS = 20, 3
PAIRED_SEAMS = 16
"""Deaths in pairs are tried at so many seams each, evenly spread."""
ONE_READING = "one reading"


@dataclass
class Line:
    """One line of the report: what was done, and what it came to."""

    name: str
    points: int
    judged: list[Judged] = field(default_factory=list)

    def total(self, count: Callable[[Judged], int]) -> int:
        """The sum of one figure over the cases."""
        return sum(count(judged) for judged in self.judged)

    def __str__(self) -> str:
        """The line as Markdown."""
        killed = self.total(lambda judged: len(judged.killed_at))
        counts = [sum(getattr(judged, verdict) for judged in self.judged) for verdict in VERDICTS]
        cells = (self.name, self.points, len(self.judged), killed, *counts)
        return "| " + " | ".join(map(str, cells)) + " |"


@dataclass(frozen=True)
class Sweep:
    """What all lines have in common: the lanes, the rows of the file, and the most cases in a line (0 for all)."""

    track: Sequence[Lane]
    rows: int
    most: int
    report: Path

    def some(self, cases: Iterable[Case]) -> list[Case]:
        """As many of the cases as a line may have, evenly spread."""
        every = list(cases)
        step = max(len(every) // self.most, 1) if self.most else 1
        # Not from the first one on, or every line would try the same few seams.
        return every[step // 2 :: step]

    def line(self, name: str, points: int, cases: Iterable[Case]) -> Line:
        """A line of these cases, written out as soon as it is known."""
        line = Line(name, points, list(suffer_all(self.track, self.some(cases))))
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        return line

    def points(self, case: Case) -> int:
        """How many seams the first command passes."""
        return len(self.track[0].suffer(case).trail)

    def singles(self, name: str, case: Case) -> Line:
        """The case with a death at each of its seams."""
        points = self.points(case)
        return self.line(name, points, (replace(case, kills=(n,)) for n in range(1, points + 1)))

    def jumps(self, name: str, case: Case, seconds: float) -> Line:
        """The case with a jump at each of its seams, and at every other one with a death or a jump back later."""
        points = self.points(case)
        cases = []
        for n in range(1, points + 1):
            later = (n + points) // 2
            here, back = (n, seconds), (later, -seconds)
            kills = ((), (later,), (), (n,))[n % 4]
            jumps = (here, back) if n % 4 == 2 else (here,)
            cases.append(replace(case, jumps=jumps, kills=kills, seed=case.seed + n))
        return self.line(name, points, cases)


def main() -> int:
    """Do what the words say; 1 when something was harmed."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("--kill", type=int, action="append", help="repeat one case that dies at these seams")
    parser.add_argument("--behaviour", default=MIXED, choices=[MIXED, *BEHAVIOURS])
    parser.add_argument("--lists", default=WHOLE, choices=LISTS)
    parser.add_argument("--jump", type=float, nargs=2, action="append", help="a seam, and the seconds of a jump there")
    parser.add_argument("--undo", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--most", type=int, default=0, help="the most cases in a line of the report, evenly spread")
    parser.add_argument("--machines", action="store_true", help="two machines on a database server, in turns")
    parser.add_argument("--between", type=int, help="only so many random cases of two machines at work at once")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin none of these after so long")
    parser.add_argument("--one-reading", action="store_true", help="believe that a row is absent by one list: doubles")
    given = parser.parse_args()
    # Ended politely, so that the sandboxes end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if given.between:
        return try_all(given.between, given.lanes, REPORT, given.seed, given.seconds)
    jumps = tuple((int(seam), seconds) for seam, seconds in given.jump or ())
    single = bool(given.kill or jumps)
    with ExitStack() as stack:
        server = stack.enter_context(running_server()) if given.machines else None
        track = stack.enter_context(
            lanes(1 if single else given.lanes, server.new_database if server is not None else None)
        )
        report = REPORT if server is None else REPORT.with_stem("torture-machines")
        sweep = Sweep(track, given.rows, given.most, report)
        if given.one_reading:
            return 0 if _one_reading(sweep).total(lambda judged: judged.doubled) else 1
        if single:
            case = Case(given.behaviour, tuple(given.kill or ()), given.seed, given.concurrency, rows=given.rows)
            return _repeat(
                track[0], replace(case, lists=given.lists, jumps=jumps, undo=given.undo, update=given.update)
            )
        return _sweep(sweep, given.seeds)


def _repeat(lane: Lane, case: Case) -> int:
    judged = lane.suffer(case)
    sys.stdout.write(f"{judged}\n")
    return 0 if judged.clean else 1


def _sweep(sweep: Sweep, seeds: int) -> int:
    began = time.perf_counter()
    lines = [*_deaths(sweep, seeds), *_lists(sweep), *_clocks(sweep), *_colleagues(sweep), *_undos(sweep)]
    lines += _updates(sweep)
    controls = [_no_intent(sweep), _one_reading(sweep)]
    blind = _no_question(sweep)
    whole = _report(lines, [*controls, blind], sweep.rows, time.perf_counter() - began)
    sweep.report.write_text(whole + _part_of_two_machines(sweep.report), encoding="utf-8")
    harmed = [judged for line in lines for judged in line.judged if not judged.clean]
    for judged in harmed:
        sys.stdout.write(f"HARMED {judged}\n")
    sys.stdout.write(f"{sweep.report} is written; {len(harmed)} cases harmed\n")
    seen = [control.total(lambda j: j.doubled) for control in controls] + [blind.total(lambda j: j.destroyed)]
    return 1 if harmed or not all(seen) else 0


def _deaths(sweep: Sweep, seeds: int) -> Iterable[Line]:
    rows = sweep.rows
    for name in BEHAVIOURS:
        yield sweep.singles(name, Case(name, rows=rows))
    for seed, concurrency in itertools.product(range(seeds), (1, 4)):
        case = Case(MIXED, seed=2 * seed, concurrency=concurrency, rows=rows)
        yield sweep.singles(f"all mixed, seed {seed}, {concurrency} at once", case)
    yield sweep.singles("all mixed, asked to stop (SIGTERM)", Case(MIXED, signal=signal.SIGTERM, rows=rows))
    points = sweep.points(Case(MIXED, rows=rows))
    seams = range(2, points, max(points // PAIRED_SEAMS, 1))
    grid = itertools.product(seams, seams)
    cases = (Case(MIXED, pair, n % seeds, 1 + 3 * (n % 2), rows=rows) for n, pair in enumerate(grid))
    yield sweep.line(f"all mixed, two deaths, every {seams.step}th seam", points, cases)


def _lists(sweep: Sweep) -> Iterable[Line]:
    for name in LISTS:
        if name != WHOLE:
            points = sweep.points(Case(MIXED, lists=name, seed=1, rows=sweep.rows))
            cases = (
                Case(MIXED, (n,), seed=n, lists=name, rows=sweep.rows, again=n % 4 > 1) for n in range(1, points + 1)
            )
            yield sweep.line(f"all mixed, list: {name}", points, cases)
    cases = (
        Case("late", (n,) if n else (), lists=name, rows=sweep.rows, settle=PATIENT)
        for name, n in itertools.product(LISTS, (0, 30, 60))
    )
    yield sweep.line("late, each list, a window of a few seconds", 3, cases)
    # With one row, no record of the run shows that a list lacks some.
    points = sweep.points(Case("lost after", rows=1))
    cases = (Case("lost after", (n,), seed=1, lists=name, rows=1) for n in range(points - 12, points) for name in LISTS)
    yield sweep.line("lost after, one row, each list", points, cases)


def _clocks(sweep: Sweep) -> Iterable[Line]:
    for name, seconds in JUMPS.items():
        yield sweep.jumps(f"all mixed, clock: {name}", Case(MIXED, rows=sweep.rows), seconds)
    points = sweep.points(Case(MIXED, rows=sweep.rows))
    grid = itertools.product(LISTS, JUMPS.values())
    cases = (
        Case(MIXED, lists=name, jumps=((7 * n % points, seconds),), seed=n, rows=sweep.rows)
        for n, (name, seconds) in enumerate(grid)
    )
    yield sweep.line("all mixed, each list with each jump", points, cases)


def _colleagues(sweep: Sweep) -> Iterable[Line]:
    for colleague in (EDITS, REMAKES):
        yield sweep.singles(
            f"all mixed, after the death a colleague {colleague}", Case(MIXED, colleague=colleague, rows=sweep.rows)
        )


def _undos(sweep: Sweep) -> Iterable[Line]:
    for name in BEHAVIOURS:
        yield sweep.singles(f"undo: {name}", Case(name, undo=True, rows=sweep.rows))
    for name, seconds in JUMPS.items():
        yield sweep.jumps(f"undo: all mixed, clock: {name}", Case(MIXED, undo=True, rows=sweep.rows), seconds)


def _updates(sweep: Sweep) -> Iterable[Line]:
    for name in BEHAVIOURS:
        yield sweep.singles(f"update: {name}", Case(name, update=True, rows=sweep.rows))
    for concurrency in (1, 4):
        case = Case(MIXED, update=True, seed=concurrency, concurrency=concurrency, rows=sweep.rows)
        yield sweep.singles(f"update: all mixed, {concurrency} at once", case)
    for name, seconds in JUMPS.items():
        yield sweep.jumps(f"update: all mixed, clock: {name}", Case(MIXED, update=True, rows=sweep.rows), seconds)
    case = Case(MIXED, update=True, colleague=EDITS, rows=sweep.rows)
    yield sweep.singles("update: all mixed, after the death a colleague edits", case)


def _no_question(sweep: Sweep) -> Line:
    case = Case("answers", update=True, colleague=EDITS, broken="no question", rows=sweep.rows)
    enough = replace(sweep, most=sweep.most and max(sweep.most, 8))
    return enough.singles("control: an update overwrites what a colleague entered", case)


def _no_intent(sweep: Sweep) -> Line:
    points = sweep.points(Case("answers", broken="no intent", rows=sweep.rows))
    cases = (Case("answers", (n,), broken="no intent", slow_lists=True, rows=sweep.rows) for n in range(1, points + 1))
    # A few at least: of the deaths of a whole run, only those that come between a call and its answer double a row.
    enough = replace(sweep, most=sweep.most and max(sweep.most, 8))
    return enough.line("control: without the intent", points, cases)


def _one_reading(sweep: Sweep) -> Line:
    # Late effects, so that the rows are not found at once; and a window that is waited for, so that what is concluded
    # from a list that shifts is sent again with no other look.
    case = Case("late", lists="shifting", broken=ONE_READING, rows=sweep.rows, settle=PATIENT)
    points = sweep.points(case)
    cases = (replace(case, rows=rows) for rows in range(sweep.rows // 2, sweep.rows + 1))
    # All of them: on a busy machine a single one may find every row at the first look.
    return replace(sweep, most=0).line("control: absent by one reading", points, cases)


def _report(lines: Iterable[Line], controls: Iterable[Line], rows: int, seconds: float) -> str:
    lines = list(lines)
    every = [judged for line in lines for judged in line.judged]
    total = Line("**all**", sum(line.points for line in lines), every)
    places = Counter(place for judged in every for place in judged.killed_at)
    unclean = [judged for judged in every if judged.problems]
    model = [f"| {rule} | {_way(rule)} |" for rule in Rule]
    head = f"| what happens | seams | cases | processes killed | {' | '.join(VERDICTS)} |"
    return "\n".join(
        [
            "# Torture",
            "",
            "Written by `make torture`. A process runs the real command against a sandbox process that misbehaves,",
            "kills itself with SIGKILL at one of its seams, or has its clock set there; lists lie, shift or are of",
            "another location for a while, and a colleague works beside. Then the command is typed again until all",
            f"{rows} rows of the file are settled, or deleted by `undo`. File, service, journal and report are",
            "compared from outside. *stuck* are commands without an end, and cases that no number of commands brings",
            "to one; *destroyed* are records that a colleague made or changed, and that are gone.",
            "",
            head,
            "|---|" + "---:|" * (3 + len(VERDICTS)),
            *map(str, lines),
            str(total),
            *map(str, controls),
            "",
            "The controls leave out the intent before each call, believe that a row is absent by one reading of the",
            "list, or update a record whatever somebody has entered in it; what they double or destroy shows that the",
            "sweep can see.",
            "",
            "| killed | times |",
            "|---|---:|",
            *(f"| {place} | {times} |" for place, times in sorted(places.items())),
            "",
            f"Rows that were given to a person, and must be: {total.total(_given_up)}.",
            f"Cases with anything else to complain of: {len(unclean)}.",
            *(f"- {judged.case}: {judged.problems}" for judged in unclean),
            "",
            f"It took {seconds / 60:.0f} min on {_machine()}.",
            "One case again: `PYTHONPATH=tests .venv/bin/python -m torture --behaviour late --kill 30 --kill 12`.",
            "",
            "## The protocol of one row",
            "",
            "Every interleaving of two runners, a service, a colleague and three crashes:",
            f"{Model().explore().states:,} states, no row doubled, lost or misreported. Without one of its rules:",
            "",
            "| without the rule | way |",
            "|---|---|",
            *model,
            "",
        ]
    )


def _part_of_two_machines(report: Path) -> str:
    """The part of the report that is written by itself, as it stands there."""
    _, heading, part = report.read_text("utf-8").partition(HEADING) if report.exists() else ("", "", "")
    return f"\n{heading}{part}" if heading else ""


def _given_up(judged: Judged) -> int:
    return judged.given_up


def _way(rule: Rule) -> str:
    found = Model(RULES - {rule}).explore()
    return f"{' → '.join(found.way)} = {found.harm}"


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
