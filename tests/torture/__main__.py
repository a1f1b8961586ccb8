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
from dataclasses import dataclass, field, replace
from pathlib import Path

from delivery.model import RULES, Model, Rule

from torture.axes import BEHAVIOURS, MIXED, Case
from torture.judge import Judged
from torture.sweep import Lane, lanes, suffer_all

REPORT = Path("reports") / "torture.md"
ROWS, SEEDS = 20, 3
PAIRED_SEAMS = 16
"""Deaths in pairs are tried at so many seams each, evenly spread."""


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
        counts = (self.total(lambda j: j.doubled), self.total(lambda j: j.lost), self.total(lambda j: j.misreported))
        cells = (self.name, self.points, len(self.judged), killed, *counts)
        return "| " + " | ".join(map(str, cells)) + " |"


def main() -> int:
    """Do what the words say; 1 when something was harmed."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("--kill", type=int, action="append", help="repeat one case that dies at these seams")
    parser.add_argument("--behaviour", default=MIXED, choices=[MIXED, *BEHAVIOURS])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args()
    # Ended politely, so that the sandboxes end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with lanes(1 if given.kill else given.lanes) as track:
        if given.kill:
            return _repeat(
                track[0], Case(given.behaviour, tuple(given.kill), given.seed, given.concurrency, rows=given.rows)
            )
        return _sweep(track, given.seeds, given.rows)


def _repeat(lane: Lane, case: Case) -> int:
    judged = lane.suffer(case)
    sys.stdout.write(f"{judged}\n")
    return 0 if judged.clean else 1


def _sweep(track: Sequence[Lane], seeds: int, rows: int) -> int:
    began = time.perf_counter()
    lines = [_singles(track, Case(name, rows=rows)) for name in BEHAVIOURS]
    for seed in range(seeds):
        lines.append(_singles(track, Case(MIXED, seed=seed, rows=rows)))
        lines.append(_singles(track, Case(MIXED, seed=seed, concurrency=4, rows=rows)))
    lines.append(_singles(track, Case(MIXED, signal=signal.SIGTERM, rows=rows)))
    lines.append(_pairs(track, seeds, rows))
    control = _control(track, rows)
    REPORT.write_text(_report(lines, control, rows, time.perf_counter() - began), encoding="utf-8")
    harmed = [judged for line in lines for judged in line.judged if not judged.clean]
    for judged in harmed:
        sys.stdout.write(f"HARMED {judged}\n")
    sys.stdout.write(f"{REPORT} is written; {len(harmed)} cases harmed\n")
    return 1 if harmed or not control.total(lambda j: j.doubled) else 0


def _singles(track: Sequence[Lane], case: Case) -> Line:
    """The case with a death at each of its seams."""
    points = len(track[0].suffer(case).trail)
    cases = [replace(case, kills=(n,)) for n in range(1, points + 1)]
    name = case.behaviour if case.behaviour != MIXED else f"all mixed, seed {case.seed}, {case.concurrency} at once"
    name += ", asked to stop (SIGTERM)" if case.signal == signal.SIGTERM else ""
    return _told(Line(name, points, list(suffer_all(track, cases))))


def _pairs(track: Sequence[Lane], seeds: int, rows: int) -> Line:
    points = len(track[0].suffer(Case(MIXED, rows=rows)).trail)
    seams = range(2, points, max(points // PAIRED_SEAMS, 1))
    grid = itertools.product(seams, seams)
    cases = [Case(MIXED, pair, n % seeds, 1 + 3 * (n % 2), rows=rows) for n, pair in enumerate(grid)]
    return _told(Line(f"all mixed, two deaths, every {seams.step}th seam", points, list(suffer_all(track, cases))))


def _control(track: Sequence[Lane], rows: int) -> Line:
    points = len(track[0].suffer(Case("answers", broken="no intent", rows=rows)).trail)
    cases = [Case("answers", (n,), broken="no intent", slow_lists=True, rows=rows) for n in range(1, points + 1)]
    return _told(Line("control: without the intent", points, list(suffer_all(track, cases))))


def _told(line: Line) -> Line:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return line


def _report(lines: Iterable[Line], control: Line, rows: int, seconds: float) -> str:
    lines = list(lines)
    every = [judged for line in lines for judged in line.judged]
    total = Line("**all**", sum(line.points for line in lines), every)
    places = Counter(place for judged in every for place in judged.killed_at)
    unclean = [judged for judged in every if judged.problems]
    model = [f"| {rule} | {_way(rule)} |" for rule in Rule]
    head = "| behaviour of the service | kill points | cases | processes killed | doubled | lost | misreported |"
    return "\n".join(
        [
            "# Torture",
            "",
            "Written by `make torture`. A process runs the real command against a sandbox process that misbehaves, and",
            f"kills itself with SIGKILL at one of its seams; then the command is typed again until all {rows} rows of",
            "the file are settled. File, service, journal and report are compared from outside.",
            "",
            head,
            "|---|---:|---:|---:|---:|---:|---:|",
            *map(str, lines),
            str(total),
            str(control),
            "",
            "The control leaves out the intent before each call; what it doubles shows that the sweep can see.",
            "",
            "| killed | times |",
            "|---|---:|",
            *(f"| {place} | {times} |" for place, times in sorted(places.items())),
            "",
            f"Rows that were given to a person, because no record came of four sends: {total.total(_given_up)}.",
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


def _given_up(judged: Judged) -> int:
    return judged.given_up


def _way(rule: Rule) -> str:
    found = Model(RULES - {rule}).explore()
    return f"{' → '.join(found.way)} = {found.harm}"


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
