"""One case of the sweep: rows, a service that misbehaves, processes that die, and what is left compared with the file.

The judgement is made from outside: the file, the service's own list of records, the journal read with plain SQL and
the report. It shares no code with what it judges.
"""

import contextlib
import csv
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from conftest import GIVE_UP

from torture.victim import Command, Ended

FEWEST_ROWS = 8
"""Enough for every misbehaviour to meet a row; the long form takes more."""

SETTLE = 3_600.0
"""Seconds that the importer is told to wait before it believes that a record will not come. Nobody waits for them: when
all has come that is on its way, the clocks of the importer and of the service are set forward by more than that."""
LATE, LAG = 0.25, 0.2
"""Seconds after a call until its effect, and from there until the lists show it; measured by the service alone."""
NEVER = 86_400.0
"""A lag that no case outlives."""
MOST_COMMANDS = 30
INTERRUPTED = 130

BEHAVIOURS: Mapping[str, str] = {
    "answers": "ok",
    "lost before": "lost-before",
    "lost after": "lost-after",
    "500 before": "500-before",
    "500 after": "500-after",
    "half body": "half-body",
    "late": f"late:{LATE}",
    "throttle": "throttle-429:0.1",
}
"""What the service does with a create, and the sandbox's name for it."""

MIXED = "mixed"
# A process that is killed leaves the system's own memory alone, so nothing here depends on a disk.
_IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
_LABELS = ["ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate", "SubscriptionId", "CalendarId"]
_NO_LIMITS = ("writes_per_minute", "writes_per_day", "calls_per_100ms", "calls_per_minute", "calls_per_hour")


@dataclass(frozen=True)
class Case:
    """What is done to one import. ``kills`` are the numbers of the seams at which one process after the other dies.

    ``broken`` names a rule that the victims leave out; with ``slow_lists`` no lucky look at the service hides that,
    because no list ever shows a record. Whoever keeps the rule would wait for one in vain.
    """

    behaviour: str = MIXED
    kills: tuple[int, ...] = ()
    seed: int = 0
    concurrency: int = 1
    broken: str = ""
    slow_lists: bool = False
    signal: int = signal.SIGKILL
    rows: int = FEWEST_ROWS

    @property
    def lag(self) -> float:
        """Seconds until the service's lists show a record."""
        return NEVER if self.slow_lists else LAG

    def faults(self) -> list[str]:
        """What happens to the creates in the order of their arrival; every other call is answered properly.

        Never five in a row without an answer, which would end the run by itself. One row of a mix is refused.
        """
        chance = random.Random(self.seed)
        if self.behaviour != MIXED:
            return [name for _ in range(self.rows // 2) for name in (BEHAVIOURS[self.behaviour], "ok")]
        names = [*BEHAVIOURS.values(), "400", *chance.choices([*BEHAVIOURS.values()], k=self.rows // 2)]
        chance.shuffle(names)
        return [name for fault in names for name in (fault, "ok")]


@dataclass
class Judged:
    """What a case came to. The first three must be 0; ``problems`` says what they count."""

    case: Case
    doubled: int = 0
    lost: int = 0
    misreported: int = 0
    given_up: int = 0
    killed_at: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    trail: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.doubled or self.lost or self.misreported or self.problems)


class Victims:
    """The server that forks importers."""

    def __init__(self, path: str) -> None:
        """Use ``victims``."""
        self._path = path

    def type(self, command: Command) -> Ended:
        """One command, run to its end or its death."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(GIVE_UP)
            connection.connect(self._path)
            with connection.makefile("rw", encoding="utf-8") as line:
                line.write(json.dumps(asdict(command)) + "\n")
                line.flush()
                return Ended(**json.loads(line.readline()))


@contextlib.contextmanager
def victims() -> Iterator[Victims]:
    """The fork server while the block runs; ready when its socket is there."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "victims"
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent), "OPENBLAS_NUM_THREADS": "1"}
        server = subprocess.Popen([sys.executable, "-m", "torture.victim", str(path)], env=environment)
        try:
            while not path.exists():
                assert server.poll() is None, "the fork server did not start"
                time.sleep(0.02)
            yield Victims(str(path))
        finally:
            server.kill()
            server.wait()


class Sandbox:
    """A sandbox process, by its control addresses."""

    def __init__(self, url: str) -> None:
        """Use ``sandbox``."""
        self.url = url

    def ask(self, path: str, body: object = None) -> Any:
        """What a control address answers."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=GIVE_UP) as answer:
            return json.loads(answer.read())

    def begin(self, faults: Sequence[str], lag: float) -> None:
        """Forget everything; these are the faults to come, and the seconds by which lists run late."""
        self.ask("reset", {})
        self.ask("options", {"list_lag": lag, "clock_skew": 0.0})
        self.ask("faults", list(faults))

    def let_all_come(self) -> None:
        """Wait until every call that was written has had its effect, and the lists show it.

        The service takes what has arrived, and what is due, before it takes the next question: so each question here
        is an answer about all that came before it, however slow the machine is.
        """
        for seconds in (0.0, LATE, LAG):
            time.sleep(seconds)
            self.ask("calls")

    def records(self) -> list[tuple[int, str]]:
        """Id and name of every record there is."""
        return [(found["record"]["Id"], found["record"]["Name"]) for found in self.ask("records")]


@contextlib.contextmanager
def lanes(number: int) -> Iterator[list["Lane"]]:
    """So many sandboxes, and victims for all of them."""
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(number) as pool:
        server = stack.enter_context(victims())
        services = list(pool.map(lambda _: stack.enter_context(sandbox()), range(number)))
        yield [Lane(server, service) for service in services]


def suffer_all(free: Sequence["Lane"], cases: Iterable[Case]) -> Iterator["Judged"]:
    """All cases, as many at once as there are lanes; in the order of the cases."""
    idle: SimpleQueue[Lane] = SimpleQueue()
    for lane in free:
        idle.put(lane)

    def suffer(case: Case) -> Judged:
        lane = idle.get()
        try:
            return lane.suffer(case)
        finally:
            idle.put(lane)

    with ThreadPoolExecutor(len(free)) as pool:
        yield from pool.map(suffer, cases)


@contextlib.contextmanager
def sandbox() -> Iterator[Sandbox]:
    """A sandbox in a process of its own while the block runs."""
    options = dict.fromkeys(_NO_LIMITS)
    command = [sys.executable, "-m", "importer.sandbox", "--options-json", json.dumps(options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Sandbox(process.stdout.readline().strip())
        finally:
            process.kill()


class Lane:
    """A sandbox and the victims, dealing with one case after another."""

    def __init__(self, server: Victims, service: Sandbox) -> None:
        """Take both."""
        self._server, self._service = server, service
        self._ahead = 0.0

    def suffer(self, case: Case) -> Judged:
        """One case from the first command to the judgement."""
        began = time.perf_counter()
        judged = Judged(case)
        folder = Path(tempfile.mkdtemp(prefix="torture-", dir=_IN_MEMORY))
        try:
            _write_file(folder / "rows.csv", case.rows)
            self._begin(case.faults(), case.lag)
            self._finish_the_import(case, folder, judged)
            self._service.let_all_come()
            judge(judged, folder, self._service.records())
        finally:
            shutil.rmtree(folder)
        judged.seconds = time.perf_counter() - began
        return judged

    def _begin(self, faults: Sequence[str], lag: float) -> None:
        self._ahead = 0.0
        self._service.begin(faults, lag)

    def _finish_the_import(self, case: Case, folder: Path, judged: Judged) -> None:
        """Type what a person would, until there is nothing left to do."""
        kills = iter(case.kills)
        words = ["run", "rows.csv", "--yes", "--out", "report"]
        for _ in range(MOST_COMMANDS):
            ended = self._type(case, folder, words, next(kills, None), judged)
            if ended.code < 0 or ended.code == INTERRUPTED:
                judged.killed_at.append(ended.trail[-1])
                words = self._again(folder)
            elif ended.code == 2 and words[0] == "resume":
                words = ["run", "rows.csv", "--yes", "--out", "report"]
            elif ended.code in {5, 6}:
                words = ["resume"]
            elif ended.code == 8 and not _in_doubt(folder) and not _planned(folder):
                return
            elif ended.code == 8:
                self._wait_out_the_window()
                words = ["resume"] if words[0] == "reconcile" and "resume" in ended.out else ["reconcile"]
            elif ended.code == 0 and words[0] == "reconcile" and _planned(folder):
                words = ["resume"]
            elif ended.code in {0, 1} and words[0] == "report" and _in_doubt(folder):
                # Killed between its end and its report: the report that is made up for names rows that are not settled.
                self._wait_out_the_window()
                words = ["reconcile"]
            elif ended.code in {0, 1}:
                return
            else:
                judged.problems.append(f"{' '.join(words)} ended with {ended.code}: {ended.err[-300:]}")
                return
        judged.problems.append(f"not at an end after {MOST_COMMANDS} commands: {judged.commands}")

    def _wait_out_the_window(self) -> None:
        """Let all effects come, and make it later for everybody."""
        self._service.let_all_come()
        self._ahead += 2 * SETTLE
        self._service.ask("options", {"clock_skew": self._ahead})

    @staticmethod
    def _again(folder: Path) -> list[str]:
        """After a death: resume what is unfinished, write the report of what is not, begin where nothing was."""
        runs = _query(folder, "SELECT finished FROM run ORDER BY id DESC LIMIT 1")
        if not runs:
            return ["run", "rows.csv", "--yes", "--out", "report"]
        return ["resume"] if runs[0][0] is None else ["report"]

    def crowd(self, number: int) -> tuple[list[int], Judged]:
        """So many people typing the same import in the same moment: their exit codes, and what came of it."""
        judged = Judged(Case("answers"))
        with tempfile.TemporaryDirectory(prefix="torture-", dir=_IN_MEMORY) as name, ThreadPoolExecutor(number) as pool:
            folder = Path(name)
            _write_file(folder / "rows.csv", judged.case.rows)
            self._begin(["slow:0.5"] * judged.case.rows, LAG)
            words = ["run", "rows.csv", "--yes", "--out", "report"]
            typed = [
                pool.submit(self._type, judged.case, folder, words, None, Judged(judged.case)) for _ in range(number)
            ]
            codes = [future.result().code for future in typed]
            self._finish_the_import(judged.case, folder, judged)
            judge(judged, folder, self._service.records())
        return codes, judged

    def _type(self, case: Case, folder: Path, words: list[str], kill_at: int | None, judged: Judged) -> Ended:
        variables = {
            "NEXUDUS_URL": self._service.url,
            "NEXUDUS_USERNAME": "ops@example.com",
            "NEXUDUS_PASSWORD": "practice",
            "IMPORTER_HOME": str(folder / "home"),
            "IMPORTER_RATE": "none",
            "IMPORTER_DAILY_QUOTA": "none",
            "IMPORTER_SETTLE": str(SETTLE),
            "IMPORTER_CONCURRENCY": str(case.concurrency),
        }
        ended = self._server.type(
            Command(words, str(folder), variables, kill_at, case.signal, case.broken, self._ahead)
        )
        judged.commands.append(f"{words[0]} → {ended.code}")
        judged.trail = judged.trail or ended.trail
        judged.cpu += ended.cpu
        if "Traceback" in ended.err or "Unexpected error" in ended.err:
            judged.problems.append(ended.err[-500:])
        return ended


def judge(judged: Judged, folder: Path, records: Sequence[tuple[int, str]]) -> None:
    """Compare the file, the service, the journal and the report, and count what does not agree."""
    names = _names(judged.case.rows)
    ids: dict[str, list[int]] = {}
    for remote_id, name in records:
        ids.setdefault(name, []).append(remote_id)
    judged.doubled = sum(len(found) - 1 for found in ids.values()) + len(ids.keys() - set(names))
    report, given_up = _read_report(folder), _given_up(folder)
    journal = _read_journal(folder)
    for name in names:
        told, there = report.get(name, ("", "")), ids.get(name, [])
        if not there and told[0] not in {"rejected", "unknown"}:
            judged.lost += 1
            judged.problems.append(f"{name} is nowhere; the report says {told}")
        elif told[0] == "unknown" and not there and name in given_up:
            judged.given_up += 1
        elif told[0] == "unknown":
            judged.misreported += 1
            judged.problems.append(f"{name} is still unknown; the service has {there}")
        elif there and told not in {(status, str(there[0])) for status in ("created", "existing")}:
            judged.misreported += 1
            judged.problems.append(f"{name} is {there} on the service; the report says {told}")
        if journal.get(name) != told:
            judged.misreported += 1
            judged.problems.append(f"{name} is {journal.get(name)} in the journal; the report says {told}")
    judged.problems += _summary_problems(folder, report, judged.case.rows)


def _names(rows: int) -> list[str]:
    return [f"Room {number}" for number in range(rows)]


def _write_file(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_LABELS)
        for number, name in enumerate(_names(rows)):
            writer.writerow([1000 + number, 2000 + number, name, "2031-01-01T00:00:00Z", f"s{number}", f"c{number}"])


def _read_report(folder: Path) -> dict[str, tuple[str, str]]:
    """Status and Id of each row by its name."""
    path = folder / "report" / "report.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["Name"]: (row["import_status"], row["import_id"]) for row in csv.DictReader(file)}


def _read_journal(folder: Path) -> dict[str, tuple[str, str]]:
    rows = _query(folder, "SELECT body, state, remote_id FROM intent WHERE run = (SELECT max(id) FROM run)")
    states = {"planned": "not sent", "in doubt": "unknown", "review": "unknown"}
    return {json.loads(body)["Name"]: (states.get(state, state), str(number or "")) for body, state, number in rows}


def _planned(folder: Path) -> bool:
    return bool(_query(folder, "SELECT 1 FROM intent WHERE state = 'planned' LIMIT 1"))


def _in_doubt(folder: Path) -> bool:
    return bool(_query(folder, "SELECT 1 FROM intent WHERE state = 'in doubt' LIMIT 1"))


def _given_up(folder: Path) -> set[str]:
    """The rows that were given to a person because no record came of four sends; the protocol sends no more often."""
    rows = _query(folder, "SELECT body FROM intent WHERE state = 'review' AND rounds = 3")
    return {json.loads(body)["Name"] for (body,) in rows}


def _query(folder: Path, query: str) -> list[tuple[Any, ...]]:
    path = folder / "home" / "journal.sqlite3"
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(path)) as db:
        try:
            return db.execute(query).fetchall()
        except sqlite3.OperationalError:
            # Killed before the first commit: there are no tables yet.
            return []


def _summary_problems(folder: Path, report: Mapping[str, tuple[str, str]], rows: int) -> list[str]:
    path = folder / "report" / "summary.json"
    if not path.exists():
        return ["there is no summary.json"]
    summary = json.loads(path.read_text("utf-8"))
    counted = Counter(status for status, _ in report.values())
    told = {status: number for status, number in summary["counts"].items() if number}
    wrong = told != dict(counted) or sum(told.values()) != summary["rows"] or summary["rows"] != rows
    return [f"summary.json says {told} of {summary['rows']} rows, report.csv {dict(counted)}"] if wrong else []
