"""One case of the sweep: rows, a service that misbehaves, processes that die, a clock that jumps, and the judgement."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from conftest import GIVE_UP

from importer.sandbox.people import LOCATIONS, space
from torture.axes import AWAY, EDITS, LAG, LATE, LEASE, LISTS, NEVER, NOBODY, PAGES, SETTLE, TROUBLES, WHOLE, Case
from torture.judge import (
    EXTENDED,
    RENEWED,
    SHARED,
    Judged,
    guests_of,
    in_doubt,
    in_review,
    judge,
    names_of,
    planned,
    query,
    row,
    write_file,
)
from torture.victim import OVERDUE, Command, Ended
from torture.wire import Wire

MOST_COMMANDS = 40
BUSY, INTERRUPTED = 7, 130
PATH = "spaces/coworkermsoffecalendars"
ELSEWHERE = next(number for number, each in space(1).resources.items() if each["BusinessName"] == LOCATIONS[1])
"""A resource of another location than that of the rows, for some of a colleague's records."""
RUN = ["run", "rows.csv", "--yes", "--out", "report"]
AGAIN = ["run", "rows.csv", "--yes", "--out", "again"]

# A process that is killed leaves the system's own memory alone, so nothing here depends on a disk.
_IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
_NO_LIMITS = ("writes_per_minute", "writes_per_day", "calls_per_100ms", "calls_per_minute", "calls_per_hour")

_LONGEST_CALL = 75.0


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
        self.url, self._lag = url, LAG

    def ask(self, path: str, body: object = None, method: str | None = None) -> Any:
        """What a control address answers."""
        data = None if body is None else json.dumps(body).encode()
        address, headers = f"{self.url}/_sandbox/{path}", {"Content-Type": "application/json"}
        request = urllib.request.Request(address, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=GIVE_UP) as answer:
            return json.loads(answer.read())

    def begin(self, faults: Sequence[str], lag: float, *, tells_time: bool = True) -> None:
        """Forget everything; these are the faults to come, and the seconds by which lists run late."""
        self._lag = lag if lag < NEVER else LAG
        self.ask("reset", {})
        clock = {"clock_skew": 0.0, "date_header": "shown" if tells_time else "hidden"}
        self.ask("options", {"list_lag": lag, "largest_page": PAGES[WHOLE], **clock})
        self.ask("faults", list(faults))

    def invite(self, case: Case) -> None:
        """Make the records of a colleague."""
        for number, name in enumerate(guests_of(case)):
            elsewhere = {"ResourceId": ELSEWHERE} if number % 2 else {}
            self.ask(f"records?path={PATH}", row(number + 500, name) | elsewhere)

    def spoil_lists(self, case: Case) -> None:
        """From now on, and for a while, lists are as the case has them."""
        self.ask("options", {"largest_page": PAGES[case.lists]})
        self.ask("faults?on=list", list(LISTS[case.lists]))

    def set_clock(self, ahead: float) -> None:
        """Let the service's clock be so many seconds ahead, and wait until its answers say so."""
        self.ask("options", {"clock_skew": ahead})
        while True:
            with urllib.request.urlopen(f"{self.url}/_sandbox/calls", timeout=GIVE_UP) as answer:
                told = answer.headers["Date"]
            if told is None or parsedate_to_datetime(told).timestamp() > time.time() + ahead - 2:
                return
            time.sleep(0.02)

    def heal_lists(self) -> None:
        """From now on lists are whole."""
        self.ask("faults?on=list", method="DELETE")

    def let_all_come(self) -> None:
        """Wait until every call that was written has had its effect, and the lists show it.

        The service takes what has arrived, and what is due, before it takes the next question: so each question here
        is an answer about all that came before it, however slow the machine is.
        """
        for seconds in (0.0, LATE, self._lag):
            time.sleep(seconds)
            self.ask("calls")

    def records(self) -> list[tuple[int, str, str]]:
        """Id, name and date of every record there is."""
        found = [each["record"] for each in self.ask("records")]
        return [(record["Id"], record["Name"], record["SubscriptionExpireDate"]) for record in found]


@contextlib.contextmanager
def lanes(
    number: int, new_database: Callable[[], str] | None = None, crash: Callable[[], None] | None = None
) -> Iterator[list["Lane"]]:
    """So many sandboxes, and victims for all of them; ``new_database`` makes the one that two machines share.

    With ``crash``, which ends its server and starts it again, there is one lane: all others would crash as well.
    """
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(number) as pool:
        server = stack.enter_context(victims())
        services = list(pool.map(lambda _: stack.enter_context(sandbox()), range(number)))
        yield [Lane(server, service, new_database, crash) for service in services]


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
    """A sandbox and the victims, dealing with one case after another.

    ``_ahead`` is by how much the importer's clock is ahead of the machine's, ``_waited`` how much of that everybody's
    is: the rest is what it jumped.
    """

    def __init__(
        self,
        server: Victims,
        service: Sandbox,
        new_database: Callable[[], str] | None = None,
        crash: Callable[[], None] | None = None,
    ) -> None:
        """Take both. With a database, every second command is typed at another machine, which has a home of its own."""
        self._server, self._service, self._new_database, self._crash = server, service, new_database, crash
        self._ahead = self._waited = 0.0
        self._commands = 0
        self._wire: Wire | None = None

    def suffer(self, case: Case) -> Judged:
        """One case from the first command to the judgement."""
        began = time.perf_counter()
        judged = Judged(case)
        folder = Path(tempfile.mkdtemp(prefix="torture-", dir=_IN_MEMORY))
        try:
            write_file(folder / "rows.csv", case.rows)
            if self._new_database is not None:
                (folder / SHARED).write_text(self._new_database())
            if case.update:
                self._update_an_import(case, folder, judged)
            elif case.undo:
                self._undo_an_import(case, folder, judged)
            else:
                self._import(case, folder, judged)
            self._service.let_all_come()
            judge(judged, folder, self._service.records())
        finally:
            shutil.rmtree(folder)
        judged.seconds = time.perf_counter() - began
        return judged

    def _begin(self, faults: Sequence[str], lag: float, *, tells_time: bool = True) -> None:
        self._ahead = self._waited = 0.0
        self._service.begin(faults, lag, tells_time=tells_time)

    def _import(self, case: Case, folder: Path, judged: Judged) -> None:
        # Otherwise the clock of the service, too, would keep a wrong one from being believed.
        self._begin(case.faults(), case.lag, tells_time=not case.apart)
        self._service.invite(case)
        if case.has_guests:
            self._service.let_all_come()
        if case.seed % 2 == 0:
            self._service.spoil_lists(case)
        self._finish_the_import(case, folder, judged, self._take_over(case, folder, judged) if case.together else None)
        if case.again and planned(folder) and not judged.problems:
            # Of the first run: its row was sent by the second one, or found.
            self._type(case, folder, ["resume"], None, judged)
        if in_review(folder) and not judged.problems:
            # What a list left open may be plain to see by now.
            self._service.heal_lists()
            self._service.let_all_come()
            self._type(case, folder, ["reconcile"], None, judged)

    def _take_over(self, case: Case, folder: Path, judged: Judged) -> list[str]:
        """The second machine goes on with what the first one began, as soon as that one is in trouble.

        What the first one says in the end is compared with the journal; then what is to be typed next.
        """
        self._wire = Wire((folder / SHARED).read_text(), self._crash)
        try:
            if case.trouble:
                self._wire.spoil(case.at, TROUBLES[case.trouble])
            with ThreadPoolExecutor(1) as pool:
                kill = case.kills[0] if case.kills else None
                first = pool.submit(self._type, case, folder, RUN, kill, judged, machine=1)
                while not (self._wire.happened.is_set() or first.done() or (kill and self._has_begun(folder))):
                    time.sleep(0.02)
                self._go_on(case, folder, judged, first)
                ended = first.result()
            judged.points = self._wire.commits
            judged.killed_at += [case.trouble] if case.trouble else ended.trail[kill - 1 : kill] if kill else []
            if ended.code not in {0, 1, 5, 7, 8, -signal.SIGKILL}:
                judged.problems.append(f"the first machine ended with {ended.code}: {ended.err[-300:]}")
        finally:
            self._wire.close()
            self._wire = None
        return self._again(folder, RUN)

    @staticmethod
    def _has_begun(folder: Path) -> bool:
        return bool(query(folder, "SELECT 1 FROM intent WHERE state = 'in doubt' LIMIT 1"))

    def _go_on(self, case: Case, folder: Path, judged: Judged, first: "Future[Ended]") -> None:
        """Type `resume` at the second machine until it has sent what there was, or the first one is through."""
        for _ in range(MOST_COMMANDS):
            ended = self._type(case, folder, ["resume"], None, judged, machine=2)
            if ended.code not in {2, 5, 7} or first.done():
                return
            time.sleep(LEASE / MOST_COMMANDS * 2)

    def _update_an_import(self, case: Case, folder: Path, judged: Judged) -> None:
        """Import without any trouble; then import the sheet of the next week until it is done."""
        self._begin([], LAG)
        self._service.invite(case)
        self._server.type(self._command(case, folder, RUN))
        self._service.let_all_come()
        write_file(folder / "rows.csv", case.rows, RENEWED)
        shutil.rmtree(folder / "report")
        self._service.ask("faults?on=update", case.faults())
        self._finish_the_import(case, folder, judged)

    def _undo_an_import(self, case: Case, folder: Path, judged: Judged) -> None:
        """Import without any trouble; a colleague changes a record; then type undo until it is done."""
        self._begin([], LAG)
        self._service.invite(case)
        self._server.type(self._command(case, folder, RUN))
        self._service.let_all_come()
        self._service.ask("faults?on=delete", [name for name in case.faults() if name != "400"])
        self._edit_one(judged)
        kills = iter(case.kills)
        for _ in range(MOST_COMMANDS):
            ended = self._type(case, folder, ["undo", "--yes"], next(kills, None), judged)
            if ended.code in {0, 1, 2}:
                return
            self._service.let_all_come()
            if ended.code < 0 or ended.code == INTERRUPTED:
                judged.killed_at.append(ended.trail[-1] if ended.trail else "")
                self._edit_one(judged)
            elif ended.code == 5:
                # A record whose delete got no answer is left alone for as long as that may still come.
                self._wait_out_the_window()
            else:
                judged.problems.append(f"undo ended with {ended.code}: {ended.err[-300:]}")
                return
        judged.count("stuck", f"the undo is not at an end after {MOST_COMMANDS} commands: {judged.commands}")

    def _edit_one(self, judged: Judged) -> None:
        """A colleague changes the newest of our records that nobody has changed yet."""
        ours = [pair for pair in self._service.records() if pair[1] in set(self._names(judged)) - judged.edited]
        for number, name, _ in ours[-1:]:
            self._service.ask(f"records/{number}", {"SubscriptionExpireDate": EXTENDED})
            judged.edited.add(name)

    def _remake_one(self, judged: Judged) -> None:
        """A colleague deletes the newest of our records and makes it again."""
        found = [each for each in self._service.ask("records") if each["record"]["Name"] in self._names(judged)]
        for each in found[-1:]:
            self._service.ask(f"records/{each['record']['Id']}", method="DELETE")
            self._service.ask(f"records?path={PATH}", json.loads(each["body"]))
            judged.edited.add(each["record"]["Name"])

    @staticmethod
    def _names(judged: Judged) -> list[str]:
        return names_of(judged.case.rows)

    def _finish_the_import(self, case: Case, folder: Path, judged: Judged, begin: list[str] | None = None) -> None:
        """Type what a person would, until there is nothing left to do; ``begin`` is the first that is typed."""
        first = [*RUN, "--update"] if case.update else RUN
        kills, words, typed, again = iter(() if case.together else case.kills), begin or first, first, case.again
        for number in range(MOST_COMMANDS):
            if number == 1 and case.seed % 2:
                self._service.spoil_lists(case)
            ended = self._type(case, folder, words, next(kills, None), judged)
            if ended.code < 0 or ended.code == INTERRUPTED:
                judged.killed_at.append(ended.trail[-1] if ended.trail else "")
                self._work_beside(case, judged)
            typed = words if words[0] == "run" else typed
            following = self._following(folder, words, ended, typed)
            # Once: typed a second time it would go on with the run that the resume has left.
            if again and following == ["reconcile"]:
                following, again = AGAIN, False
            if case.update and following == first:
                # Nothing was begun: what a colleague has entered until now stands in the plan that is shown next.
                judged.edited.clear()
            if following is None:
                if ended.code not in {0, 1, 8}:
                    judged.problems.append(f"{' '.join(words)} ended with {ended.code}: {ended.err[-300:]}")
                return
            words = following
        judged.count("stuck", f"not at an end after {MOST_COMMANDS} commands: {judged.commands}")

    def _work_beside(self, case: Case, judged: Judged) -> None:
        if case.colleague != NOBODY:
            self._service.let_all_come()
            (self._edit_one if case.colleague == EDITS else self._remake_one)(judged)

    def _following(self, folder: Path, words: list[str], ended: Ended, typed: list[str]) -> list[str] | None:
        """What a person types after a command that ended so; None if there is nothing left to do.

        ``typed`` is the last import that was typed: each has a folder of its own for its report.
        """
        if ended.code < 0 or ended.code == INTERRUPTED:
            return self._again(folder, typed)
        if ended.code == 2 and words[0] == "resume":
            return typed
        if ended.code == BUSY:
            # The lease of a machine that is no more has not ended yet.
            time.sleep(LEASE / 6)
            return words
        if ended.code in {5, 6}:
            return ["reconcile"] if words[0] == "reconcile" else ["resume"]
        if ended.code == 8 and (in_doubt(folder) or planned(folder)):
            self._wait_out_the_window()
            return ["resume"] if words[0] == "reconcile" and "resume" in ended.out else ["reconcile"]
        if ended.code == 0 and words[0] == "reconcile" and planned(folder):
            return ["resume"]
        if ended.code in {0, 1} and words[0] == "report" and (in_doubt(folder) or planned(folder)):
            # Killed between its end and its report: the report that is made up for names rows that are not settled.
            self._wait_out_the_window()
            return ["reconcile"]
        return None

    def _wait_out_the_window(self) -> None:
        """Let all effects come, and make it later for everybody."""
        self._service.let_all_come()
        self._ahead += 2 * SETTLE
        self._waited += 2 * SETTLE
        self._service.set_clock(self._waited)

    @staticmethod
    def _again(folder: Path, first: list[str]) -> list[str]:
        """After a death: resume what is unfinished, write the report of what is not, begin where nothing was."""
        runs = query(folder, "SELECT finished FROM run ORDER BY id DESC")
        if len(runs) < (2 if "--update" in first else 1):
            return first
        return ["resume"] if runs[0][0] is None else ["report"]

    def crowd(self, number: int) -> tuple[list[int], Judged]:
        """So many people typing the same import in the same moment: their exit codes, and what came of it."""
        judged = Judged(Case("answers"))
        with tempfile.TemporaryDirectory(prefix="torture-", dir=_IN_MEMORY) as name, ThreadPoolExecutor(number) as pool:
            folder = Path(name)
            write_file(folder / "rows.csv", judged.case.rows)
            self._begin(["slow:0.5"] * judged.case.rows, LAG)
            typed = [
                pool.submit(self._type, judged.case, folder, RUN, None, Judged(judged.case)) for _ in range(number)
            ]
            codes = [future.result().code for future in typed]
            self._finish_the_import(judged.case, folder, judged)
            judge(judged, folder, self._service.records())
        return codes, judged

    def _type(
        self, case: Case, folder: Path, words: list[str], kill_at: int | None, judged: Judged, machine: int = 0
    ) -> Ended:
        jumps = () if judged.commands else case.jumps
        ended = self._server.type(self._command(case, folder, words, kill_at, jumps, machine))
        # A clock that has jumped stays as it is.
        self._ahead += sum(seconds for seam, seconds in jumps if seam <= len(ended.trail))
        judged.commands.append(f"{words[0]} → {ended.code}")
        judged.trail = judged.trail or ended.trail
        judged.cpu += ended.cpu
        if ended.code == -OVERDUE:
            judged.count("stuck", f"{words[0]} did not end: {ended.trail[-3:]} {ended.err[-300:]}")
        if "Traceback" in ended.err or "Unexpected error" in ended.err:
            judged.problems.append(ended.err[-500:])
        return ended

    def _command(
        self,
        case: Case,
        folder: Path,
        words: list[str],
        kill_at: int | None = None,
        jumps: Sequence[tuple[int, float]] = (),
        machine: int = 0,
    ) -> Command:
        # Where the clock jumps, calls are counted: a limit that nobody reaches, unless the jump makes one of it.
        counted = bool(case.jumps)
        shared = folder / SHARED
        self._commands += 1
        is_second = shared.exists() and (machine == 2 if machine else self._commands % 2 == 1)
        journal = self._wire.url if self._wire is not None and not is_second else ""
        variables = {
            "NEXUDUS_URL": self._service.url,
            "NEXUDUS_USERNAME": "ops@example.com",
            "NEXUDUS_PASSWORD": "practice",
            "IMPORTER_HOME": str(folder / ("home-2" if is_second else "home")),
            **({"IMPORTER_JOURNAL": journal or shared.read_text()} if shared.exists() else {}),
            "IMPORTER_RATE": "6000/min" if counted else "none",
            "IMPORTER_DAILY_QUOTA": "5000" if counted else "none",
            "IMPORTER_CALLS_PER_100MS": "none",
            "IMPORTER_CALLS_PER_MINUTE": "6000" if counted else "none",
            "IMPORTER_CALLS_PER_HOUR": "none",
            "IMPORTER_SETTLE": str(case.settle),
            # The window is no shorter than a call may take.
            "IMPORTER_TIMEOUT": str(min(case.settle, _LONGEST_CALL)),
            "IMPORTER_CONCURRENCY": str(case.concurrency),
        }
        ours = Command(words, str(folder), variables, kill_at, case.signal, case.broken, self._ahead, tuple(jumps))
        if not case.together:
            return ours
        # Where its clock is wrong, the second machine sees that the first one is dead: it looks before any list shows
        # the records of that one, and its clock alone could make it believe that there are none.
        lease = 0.0 if case.apart and case.kills else LEASE
        return replace(ours, apart=case.apart if is_second else 0.0, lease=lease, nap=AWAY)
