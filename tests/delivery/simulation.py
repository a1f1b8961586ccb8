"""Days in seconds: a loop whose clock jumps, and a service that only counts what arrives when."""

import asyncio
import json
import random
import selectors
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from importer.delivery.send_result import SendResult
from importer.delivery.sender import Pace, Sender
from importer.journal.journal import Journal, open_journal
from importer.journal.runs import NewRun, Run
from importer.journal.windows import DAY, Window
from importer.model import Clock, Progress, Record
from importer.nexudus import Nexudus, Reply
from importer.sandbox.limits import Limits
from importer.sandbox.options import SandboxOptions

ACCOUNT = "spaces.nexudus.com/ops@example.com"
KIND = "CoworkerMsOfficeCalendar"
MORNING = 1_800_000_000.0
MINUTE = Window(60, 60.0, writes=True)
PUBLISHED = (Window(5000, DAY, writes=True), MINUTE, Window(1, 0.1), Window(120, 60.0), Window(5000, 3600.0))


Result = TypeVar("Result")


class _Leap(selectors.DefaultSelector):
    """Waits for nothing: the time until something is due passes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found:
            assert timeout is not None, "everybody waits for somebody else"
            self.now += max(timeout, 0.0)
        return found


class Loop(asyncio.SelectorEventLoop):
    """An event loop in simulated time."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        """Seconds since the loop was made, of which none has passed."""
        return self._leap.now


def simulated(main: Coroutine[Any, Any, Result]) -> Result:
    """The result of a coroutine that runs in simulated time."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(main)


@dataclass
class Office:
    """A service that counts arrivals by the published rules. Ways there and back take ``way`` seconds each.

    ``others`` gives the times at which another client of the same account tries to write. ``jumps`` says after how many
    seconds the clock of the sender's machine is set, and by how many. With ``bare``, a throttle does not say for how
    long.
    """

    way: Callable[[], float]
    options: SandboxOptions = field(default_factory=SandboxOptions)
    others: Iterator[float] = field(default_factory=lambda: iter(()))
    jumps: Sequence[tuple[float, float]] = ()
    bare: bool = False
    now: float = MORNING
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    others_accepted: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._limits = Limits()
        self._next_other = next(self.others, None)
        self._began = self.now

    def clock(self) -> float:
        """The time, in this office and everywhere."""
        try:
            return self._began + asyncio.get_running_loop().time()
        except RuntimeError:
            return self.now

    def wall(self) -> float:
        """What the clock of the sender's machine shows."""
        now = self.clock()
        return now + sum(seconds for after, seconds in self.jumps if now >= MORNING + after)

    async def create(self, _path: str, _body: str) -> Reply:
        """Travel there, be counted, travel back."""
        await asyncio.sleep(self.way())
        wait = self._arrive(self.clock())
        number = len(self.accepted)
        await asyncio.sleep(self.way())
        if wait:
            seconds = () if self.bare else (str(max(1, round(wait + 0.5))),)
            return Reply(status=409, reason="You must wait", retry_after=seconds, whole=True)
        answer = {"Status": 200, "Value": {"Id": number}, "WasSuccessful": True, "Errors": None}
        return Reply(status=200, json=answer, text=json.dumps(answer), whole=True)

    def _arrive(self, now: float) -> float:
        while self._next_other is not None and self._next_other <= now:
            if not self._limits.wait(self.options, ACCOUNT, "POST", self._next_other):
                self.others_accepted.append(self._next_other)
            self._next_other = next(self.others, None)
        wait = self._limits.wait(self.options, ACCOUNT, "POST", now)
        (self.refused if wait else self.accepted).append(now)
        return wait

    def send(
        self, journal: Journal, run: Run, clock: Clock | None = None, **pace: Any
    ) -> tuple[SendResult, list[tuple[float, Progress]]]:
        """Send what is planned, by this clock or the machine's; how that ended, and what was told when."""
        told: list[tuple[float, Progress]] = []
        chosen = replace(Pace(PUBLISHED, concurrency=4, patience=60.0, tick=300.0), **pace)
        self._began = self.now

        async def main() -> SendResult:
            def tell(progress: Progress) -> None:
                told.append((self.clock(), progress))

            sender = Sender(
                journal,
                cast(Nexudus, self),
                run,
                ACCOUNT,
                chosen,
                now=clock or self.wall,
                stop=asyncio.Event(),
                tell=tell,
            )
            end = await sender.send()
            self.now = self.clock()
            return end

        return simulated(main()), told


def planned(folder: Path, rows: int) -> tuple[Journal, Run]:
    """A journal with one run of so many rows."""
    journal = open_journal(f"sqlite:///{folder / 'journal.sqlite3'}")
    new = NewRun(KIND, "https://spaces.nexudus.com", "x", "rows.csv", "0" * 64, str(folder / "copy"), {}, 1.0)
    names = {number: number.to_bytes(16, "big") for number in range(2, rows + 2)}
    records = [Record(number, f'{{"Name":"{number}"}}', name, name) for number, name in names.items()]
    target = journal.runs.target(ACCOUNT, KIND)
    return journal, journal.rows.plan(journal.runs.add(new), [(records, (), rows)], target, 2.0)


def ways(seed: int, shortest: float, jitter: float) -> Callable[[], float]:
    """Travelling times: mostly near the shortest, now and then much longer."""
    dice = random.Random(seed)
    return lambda: shortest + (jitter * dice.random() if dice.random() < 0.9 else 3 * jitter * dice.random())


def most_in(times: list[float], seconds: float) -> int:
    """The most of these times that lie in any span of so many seconds."""
    first, most = 0, 0
    for last, time in enumerate(times):
        while times[first] <= time - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
