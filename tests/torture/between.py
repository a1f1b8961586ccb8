"""Two machines at work at once, of which one falls away: `python -m torture --between N` tries so many random cases.

Each line of the report is a kind of trouble; the cases of a line differ by where it comes, and by what the service
does meanwhile.
"""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from postgres import Server, running_server

from torture.axes import LEASE, MIXED, PATIENT, QUARTER, TROUBLES, Case
from torture.judge import VERDICTS, Judged
from torture.sweep import Lane, lanes, suffer_all
from torture.victim import OWN_CLOCK

HEADING = "## Two machines, one database"
TWO = Case(MIXED, rows=12, concurrency=4, settle=PATIENT, together=True)
"""Two machines of which nothing becomes."""
CRASHES = tuple(name for name in TROUBLES if name.startswith("crash"))
NETWORKS = tuple(name for name in TROUBLES if name not in CRASHES)
KILLED, ASLEEP = "killed, nobody can see it", "asleep for longer than its lease"
CLOCKS = {"the other clock is 15 minutes ahead": QUARTER, "the other clock is 15 minutes behind": -QUARTER}

_CONTROLS = 5


@dataclass(frozen=True)
class Span:
    """The commits and the seams of a whole run, from the first row on."""

    commits: range
    seams: range


@dataclass
class Line:
    """One line of the report."""

    name: str
    judged: list[Judged] = field(default_factory=list)

    def __str__(self) -> str:
        """The line as Markdown."""
        counts = [sum(getattr(judged, verdict) for judged in self.judged) for verdict in VERDICTS]
        met = sum(bool(judged.killed_at) for judged in self.judged)
        return "| " + " | ".join(map(str, (self.name, len(self.judged), met, *counts))) + " |"


def span_of(lane: Lane) -> Span:
    """Where trouble can come to a run that nothing disturbs."""
    whole = lane.suffer(TWO)
    assert whole.clean, (whole.commands, whole.problems)
    begun = whole.trail.index("before a create") + 1
    # The network counts every commit, those that renew the lease among them.
    share = whole.trail[:begun].count("before a commit") / whole.trail.count("before a commit")
    return Span(range(int(share * whole.points), whole.points - 3), range(begun, len(whole.trail) - 8))


def case_of(name: str, span: Span, chance: random.Random) -> Case:
    """A random case of one kind of trouble."""
    seed = chance.randrange(1_000_000)
    if name in TROUBLES:
        return replace(TWO, trouble=name, at=chance.choice(span.commits), seed=seed)
    killed = replace(TWO, kills=(chance.choice(span.seams),), seed=seed)
    if name == ASLEEP:
        return replace(killed, signal=signal.SIGSTOP)
    if name == KILLED:
        return killed
    # Half of the time the first machine is still there, and the other one takes over because it is cut off.
    silent = replace(TWO, trouble="silent after a commit", at=chance.choice(span.commits), seed=seed)
    return replace(chance.choice([killed, silent]), apart=CLOCKS[name])


def controls(span: Span) -> dict[str, list[Case]]:
    """Cases of machines that leave a rule out, which must do harm."""
    seams = span.seams[: len(span.seams) // 2 : 2][:_CONTROLS]
    killed = [replace(TWO, kills=(n,), seed=n, apart=QUARTER, broken=OWN_CLOCK) for n in seams]
    asleep = [replace(TWO, kills=(n,), seed=n, signal=signal.SIGSTOP, broken="no lease") for n in seams]
    return {"control: times are those of the own clock": killed, "control: no lease": asleep}


def try_all(number: int, track_size: int, report: Path, seed: int, seconds: float) -> int:
    """About so many cases, and the part of the report; 1 when something was harmed, or a control was not.

    A fifth of the time is for those that take their server with them.
    """
    began, chance = time.perf_counter(), random.Random(seed)
    names = [*NETWORKS, KILLED, ASLEEP, *CLOCKS]
    lines = {name: Line(name) for name in (*names, *CRASHES)}

    def goes_on(share: float = 1.0) -> bool:
        return time.perf_counter() - began < seconds * share

    with running_server() as alone, lanes(1, alone.new_database, lambda: crash(alone)) as one:
        span = span_of(one[0])
        for judged, name in _some(one, CRASHES, span, chance, number // 6, lambda: goes_on(0.2)):
            lines[name].judged.append(judged)
    with running_server() as server, lanes(track_size, server.new_database) as track:
        wild = {name: Line(name, list(suffer_all(track, cases))) for name, cases in controls(span).items()}
        for judged, name in _some(track, names, span, chance, number, goes_on):
            lines[name].judged.append(judged)
            _write(report, list(lines.values()), list(wild.values()), time.perf_counter() - began, seed)
    harmed = [judged for line in lines.values() for judged in line.judged if not judged.clean]
    for judged in harmed:
        sys.stdout.write(f"HARMED {judged}\n")
    return 1 if harmed or not all(sum(judged.doubled for judged in line.judged) for line in wild.values()) else 0


def crash(server: Server) -> None:
    """The server as if by a power cut, and there again."""
    server.stop("immediate")
    while True:
        # For a moment the memory that its processes shared is still in use.
        with suppress(subprocess.CalledProcessError):
            server.start()
            return
        time.sleep(0.1)


def _some(
    track: Sequence[Lane],
    names: Sequence[str],
    span: Span,
    chance: random.Random,
    number: int,
    goes_on: Callable[[], bool],
) -> Iterator[tuple[Judged, str]]:
    done = 0
    while done < number and goes_on():
        turn = list(names)
        cases = [case_of(name, span, chance) for name in turn]
        for judged, name in zip(suffer_all(track, cases), turn, strict=True):
            sys.stdout.write(f"{name}: {'clean' if judged.clean else judged}\n")
            sys.stdout.flush()
            yield judged, name
        done += len(turn)


def _write(report: Path, lines: Sequence[Line], wild: Sequence[Line], seconds: float, seed: int) -> None:
    every = [judged for line in lines for judged in line.judged]
    unclean = [judged for judged in every if judged.problems]
    head = f"| what becomes of the first machine | cases | met it while sending | {' | '.join(VERDICTS)} |"
    part = [
        HEADING,
        "",
        "Written by `python -m torture --between N`. Two machines with a home each share a journal on a PostgreSQL",
        f"server. While {TWO.rows} rows are being sent, the first one is killed or put to sleep; or the network",
        "between it and the database is cut or falls silent at a commit, before the commit arrives or before its",
        f"answer is back; or the server crashes and starts again. As soon as the lease ({LEASE:g} s here) allows it,",
        "the second machine takes over, and settles and sends what there is. The first one may come back meanwhile.",
        "Places and answers of the service are random. Then everything is compared as above.",
        "",
        head,
        "|---|" + "---:|" * (2 + len(VERDICTS)),
        *map(str, lines),
        str(Line("**all**", every)),
        *map(str, wild),
        "",
        "The controls take the time from the machine's own clock, 15 minutes ahead, or go on sending without a lease.",
        "",
        f"Cases with anything else to complain of: {len(unclean)}.",
        *(f"- {judged.case}: {judged.problems}" for judged in unclean),
        "",
        f"It took {seconds / 60:.0f} min, with the seed {seed}.",
        "",
    ]
    text = report.read_text("utf-8") if report.exists() else ""
    report.write_text(text.partition(HEADING)[0].rstrip("\n") + "\n\n" + "\n".join(part), "utf-8")
