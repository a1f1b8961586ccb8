"""Measures the targets side by side with what people would use instead: `make bench`, `make bench-quick`.

Times are CPU seconds (user + sys) beside wall seconds, because other work on the machine changes only the latter. The
files and the journals are made under build/bench, the peers' environment in the user's cache folder.
"""

import datetime as dt
import itertools
import json
import os
import platform
import pstats
import random
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "bench"
# Not in the checkout: other people's packages bring files of theirs that nobody should take for ours.
PEERS = user_cache_path("importer-bench") / "peers"
LABELS = "ResourceId,CoworkerId,Name,SubscriptionExpireDate,SubscriptionId,CalendarId"
_PATIENCE = 120.0
_SAMPLE = 30.0
_NEWMAN = PEERS / "node_modules" / ".bin" / "newman"
_WANTED = {"session": ">= 4 x", "gather": "", "dlt": ">= 6 x", "newman": ">= 40 x"}
UNLIMITED = ("--rate", "none", "--daily-quota", "none", "--concurrency", "64")


@dataclass(frozen=True)
class Took:
    """What a process took: wall and CPU seconds, and its peak in MB."""

    wall: float
    cpu: float
    memory: float


def median(taken: Sequence[Took]) -> Took:
    """The medians of several runs."""
    return Took(
        *(statistics.median(values) for values in zip(*((t.wall, t.cpu, t.memory) for t in taken), strict=True))
    )


def timed(
    *words: str | Path, url: str = "", home: Path = BUILD / "home", variables: Mapping[str, str] | None = None
) -> Took:
    """A process run to its end, with compiled modules kept as an installation keeps them."""
    environment = _environment(url, home) | dict(variables or {})
    began = time.perf_counter()
    process = subprocess.Popen(list(map(str, words)), env=environment, stdout=-3, stderr=-3, cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(map(str, words))} ended with {process.returncode}")
    return Took(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _environment(url: str, home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEXUDUS_", "IMPORTER_"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    ours = {"PYTHONPYCACHEPREFIX": str(BUILD / "pycache"), "IMPORTER_HOME": str(home)}
    return kept | ours | ({"NEXUDUS_URL": url, "NEXUDUS_TOKEN": "ops"} if url else {})


def importer(*words: str | Path, url: str = "", home: Path = BUILD / "home") -> Took:
    """Our command as a process."""
    return timed(sys.executable, "-m", "importer", *words, url=url, home=home)


def made(rows: int, wrong: float = 0.0, kind: str = "csv") -> Path:
    """A file of so many rows, a share of them wrong in one of four ways; made once."""
    path = BUILD / f"{rows}-{wrong:g}.{kind}"
    if not path.exists():
        lines = itertools.chain([LABELS], _lines(rows, wrong))
        if kind == "csv":
            with path.open("w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)
        else:
            _as_workbook(path, lines)
    return path


def _lines(rows: int, wrong: float) -> Iterator[str]:
    dice = random.Random(7)
    day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)
    for n in range(rows):
        cells = [str(1000 + n % 500), str(2000 + n % 50_000), f"Room {n}", f"{day}T10:{n % 60:02}:{n % 59:02}Z"]
        if dice.random() < wrong:
            place, bad = dice.choice([(0, "12x"), (1, ""), (2, ""), (3, "31/02/2027")])
            cells[place] = bad
        yield ",".join([*cells, f"7f105c7d-2dc5-4530-97cd-{n:012x}", f"AAMk{n}="])


def _as_workbook(path: Path, lines: Iterable[str]) -> None:
    import xlsxwriter  # slow to import, and needed once

    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, line in enumerate(lines):
            sheet.write_row(number, 0, line.split(","))


@contextmanager
def server() -> Iterator[str]:
    """The address of a server of its own."""
    process = subprocess.Popen([sys.executable, HERE / "server.py"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def created(url: str) -> int:
    """How many creates the server has counted."""
    with urllib.request.urlopen(f"{url}/count", timeout=10) as answer:
        return int(answer.read())


def fresh(name: str) -> Path:
    """An empty folder for a journal."""
    shutil.rmtree(BUILD / name, ignore_errors=True)
    (BUILD / name).mkdir(parents=True)
    return BUILD / name


class Table:
    """The lines of the report."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, number: str, what: str, figure: str, target: str) -> None:
        """One figure beside its target; shown at once."""
        self.lines.append(f"| {number} | {what} | {figure} | {target} |")
        sys.stdout.write(f"{number:5} {what:60} {figure:45} target {target}\n")
        sys.stdout.flush()


def shown(took: Took) -> str:
    """What was taken, for the table."""
    return f"{took.wall:.2f} s (CPU {took.cpu:.2f}), {took.memory:.0f} MB"


def sending(table: Table, rows: int, rounds: int) -> None:
    """P3, P4, P5: the whole import beside the peers, in turns."""
    python, file = _peers(), made(rows)
    ours: list[Took] = []
    theirs: dict[str, list[Took]] = {name: [] for name in _WANTED}
    calls = 0
    for _ in range(rounds):
        with server() as url:
            ours.append(_import(file, url))
            calls += created(url)
            for name in ("session", "gather", "dlt"):
                before = created(url)
                theirs[name].append(timed(python, HERE / "peers.py", name, file, url))
                assert created(url) == before + rows, name
    if _NEWMAN.exists():
        with server() as url:
            theirs["newman"].append(_newman(made(rows // 10), url))
            assert created(url) == rows // 10, "newman"
    mine = median(ours)
    table.add("P3", "creates per created record", f"{calls / rows / rounds:.3f}", "1.000")
    table.add("P4", f"{rows:,} rows end to end", f"{rows / mine.wall:.0f} rows/s, {shown(mine)}", "")
    for name, taken in theirs.items():
        if taken:
            peer, times = median(taken), 10 if name == "newman" else 1
            figure = (
                f"{times * peer.wall / mine.wall:.2f} x (CPU {times * peer.cpu / mine.cpu:.2f} x); theirs {shown(peer)}"
            )
            table.add("P4", f"ours against {name}", figure, _WANTED[name])
    table.add("P5", "CPU a row, start-up included", f"{mine.cpu / rows * 1e6:.0f} us", "<= 200 us")
    for at_once in (16, 256):
        with server() as url:
            other = _import(file, url, at_once)
        figure = f"{mine.wall / other.wall:.2f} x; {rows / other.wall:.0f} rows/s"
        table.add("P4", f"{at_once} at once against 64", figure, "flat")


def sending_many(table: Table, rows: int) -> None:
    """P4b: so many rows that starting does not count, beside our connections alone."""
    file = made(rows)
    with server() as url:
        mine = _import(file, url)
        bare = timed(sys.executable, HERE / "peers.py", "wire", file, url)
    table.add("P4b", f"{rows:,} rows end to end", f"{rows / mine.wall:.0f} rows/s, {shown(mine)}", ">= 8,000 rows/s")
    figure = f"{bare.wall / mine.wall:.2f} x (CPU {bare.cpu / mine.cpu:.2f} x); {shown(bare)}"
    table.add("P4b", "against our connections alone", figure, ">= 0.85 x")
    began = time.perf_counter()
    with server() as url, ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda home: _import(file, url, home=home), ("one", "another")))
    figure = f"{2 * mine.wall / (time.perf_counter() - began):.2f} x; CPU of each {both[0].cpu:.2f}, {both[1].cpu:.2f}"
    table.add("P4b", f"two processes, beside the server on {os.cpu_count()} cores", figure, ">= 1.6 x")
    table.add("P5", f"CPU a row of {rows:,}", f"{mine.cpu / rows * 1e6:.0f} us", "<= 200 us")


def sharing(table: Table, rows: int, rounds: int) -> None:
    """P16: one sender and two, each for an account of its own, with a journal in a file and on one database."""
    sys.path.insert(0, str(ROOT / "tests"))
    from postgres import running_server  # a part of the tests

    first, *others = _thirds(made(3 * rows))
    ones: dict[str, list[Took]] = {"file": [], "database": []}
    twos: dict[str, list[float]] = {"file": [], "database": []}
    with running_server() as database:
        for _ in range(rounds):
            for kind, alone in ones.items():
                place = {"IMPORTER_JOURNAL": database.new_database()} if kind == "database" else {}
                with server() as url:
                    alone.append(_import(first, url, home="one", variables=place))
                    began = time.perf_counter()
                    with ThreadPoolExecutor() as pool:
                        list(
                            pool.map(lambda who, file, u=url, p=place: _send_as(who, file, u, p), ("ada", "bo"), others)
                        )
                    twos[kind].append(time.perf_counter() - began)
                    assert created(url) == 3 * rows
    one, other = median(ones["database"]), median(ones["file"])
    figure = f"{other.wall / one.wall:.2f} x (CPU {other.cpu / one.cpu:.2f} x); {rows / one.wall:.0f} rows/s"
    table.add("P16", f"{rows:,} rows, journal on PostgreSQL against a file", figure, ">= 0.8 x")
    both, apart = statistics.median(twos["database"]), statistics.median(twos["file"])
    figure = (
        f"{apart / both:.2f} x; {2 * one.wall / both:.2f} x of one alone, {2 * other.wall / apart:.2f} x with files"
    )
    table.add("P16", "two senders on one PostgreSQL against a file each", figure, ">= 0.8 x")


def _thirds(file: Path) -> list[Path]:
    """The rows in three files: who shares a journal would find those of another one existing."""
    labels, *lines = file.read_text("utf-8").splitlines()
    parts = [file.with_stem(f"{file.stem}-{n}") for n in range(3)]
    for n, part in enumerate(parts):
        part.write_text("\n".join([labels, *lines[n::3]]) + "\n", encoding="utf-8")
    return parts


def _send_as(who: str, file: Path, url: str, place: Mapping[str, str]) -> Took:
    return _import(file, url, home=who, variables={**place, "NEXUDUS_TOKEN": who})


def shares(table: Table, rows: int) -> None:
    """Whose functions the processor time of sending goes to, by a profile; built-in ones count for their callers."""
    out = BUILD / "profile"
    with server() as url:
        _import(made(rows), url, python=("-m", "cProfile", "-o", str(out)))
    spent: Counter[str] = Counter()
    for (place, _, _), (_, _, own, _, callers) in pstats.Stats(str(out)).stats.items():  # type: ignore[attr-defined]
        if place != "~":
            spent[_owner(place)] += own
        for (caller, _, _), (_, _, within, _) in callers.items() if place == "~" else ():
            spent[_owner(caller)] += within
    total = sum(spent.values())
    told = ", ".join(f"{name} {took / total:.0%}" for name, took in spent.most_common(8))
    table.add("P4", f"where sending {rows:,} rows spends its processor time", told, "our own the smaller part")


def _owner(place: str) -> str:
    parts = Path(place).parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1].removesuffix(".py")
    if place.startswith(str(ROOT)):
        return "ours"
    return "asyncio" if "asyncio" in parts else "Python"


def _import(
    file: Path,
    url: str,
    at_once: int = 64,
    python: Sequence[str] = (),
    home: str = "sending",
    variables: Mapping[str, str] | None = None,
) -> Took:
    place = fresh(home)
    words = ("--yes", "--out", place / "r", "--rate", "none", "--daily-quota", "none", "--concurrency", str(at_once))
    return timed(
        sys.executable, *python, "-m", "importer", "run", file, *words, url=url, home=place, variables=variables
    )


def _newman(file: Path, url: str) -> Took:
    """A collection with one request, run once for each row."""
    with file.open(encoding="utf-8") as opened:
        labels = opened.readline().strip().split(",")
    body = ",".join(f'"{label}":"{{{{{label}}}}}"' for label in labels)
    header = [{"key": "Content-Type", "value": "application/json"}, {"key": "Authorization", "value": "Bearer t"}]
    request = {"method": "POST", "header": header, "url": f"{url}/api/spaces/coworkermsoffecalendars"}
    request["body"] = {"mode": "raw", "raw": f"{{{body}}}"}
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    collection = BUILD / "newman.json"
    collection.write_text(json.dumps({"info": {"name": "bench", "schema": schema}, "item": [{"request": request}]}))
    return timed(_NEWMAN, "run", collection, "-d", file, "--silent")


def _peers() -> Path:
    python = PEERS / "bin" / "python"
    if not (PEERS / "ready").exists():
        PEERS.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "requests", "httpx", "dlt"], check=True)
        if npm := shutil.which("npm"):
            subprocess.run([npm, "install", "--silent", "--no-fund", "--no-audit", "newman"], cwd=PEERS, check=True)
        (PEERS / "ready").touch()
    return python


def checking(table: Table, rows: int, rounds: int) -> None:
    """P6, P7, P8: what checking takes."""
    usual = median([importer("check", made(rows, 0.01), "--offline", "--json") for _ in range(rounds)])
    table.add("P6", f"check {rows:,} CSV rows, 1 % wrong", shown(usual), "<= 2.0 s, 300 MB at 1,000,000")
    alone = timed(sys.executable, __file__, "check-alone", made(rows, 0.01))
    gated = timed(sys.executable, __file__, "check-gated", made(rows, 0.01))
    figure = f"{gated.cpu / alone.cpu:.2f} x; alone {shown(alone)}"
    table.add("P6", "with a gate against the checker alone", figure, "<= 0.5 x")
    for wrong in (0.0, 0.1, 1.0):
        other = importer("check", made(rows, wrong), "--offline", "--json")
        figure = f"{other.cpu / usual.cpu:.2f} x; {shown(other)}"
        table.add("P6", f"the same, {wrong:.0%} wrong", figure, "<= 5 x, and 9 s at 1,000,000")
    large = importer("check", made(rows * 10, 0.001), "--offline", "--json")
    figure = f"{large.cpu / usual.cpu:.2f} x; {shown(large)}"
    table.add("P7", f"check {rows * 10:,} CSV rows", figure, "<= 10.5 x, 400 MB")
    workbook = importer("check", made(rows // 10, 0.01, "xlsx"), "--offline", "--json")
    table.add("P8", f"check {rows // 10:,} XLSX rows", shown(workbook), "<= 2 s at 100,000")


def checking_many(table: Table, rows: int, rounds: int) -> None:
    """P15: a folder of eight files, checked by one process and by one for each processor."""
    folder, (labels, *lines) = fresh("many"), [LABELS, *_lines(rows, 0.01)]
    for number in range(8):
        (folder / f"{number}.csv").write_text("\n".join([labels, *lines[number::8]]) + "\n")
    taken: dict[int, list[Took]] = {1: [], os.cpu_count() or 1: []}
    for _ in range(rounds):
        for workers, took in taken.items():
            took.append(importer("check", folder, "--offline", "--json", "--workers", str(workers)))
    alone, several = median(taken[1]), median(taken[max(taken)])
    what = f"check of {rows:,} rows in 8 files, {max(taken)} workers"
    figure = f"{shown(several)}; {alone.wall / several.wall:.1f} x as fast as one, which took {shown(alone)}"
    table.add("P15", what, figure, ">= 0.6 x the number of workers, on a machine at rest")


def journaling(table: Table, rows: int) -> None:
    """P9 to P12: planning, the report, start-up, and going on with a large run."""
    home = fresh("journal")
    took = timed(sys.executable, __file__, "plan", made(rows), home)
    size = (home / "journal.sqlite3").stat().st_size / rows
    table.add("P9", f"plan {rows:,} rows", f"{shown(took)}, {size:.0f} bytes a row", "<= 15 s, 400 bytes at 1,000,000")
    table.add("P12", f"first call of a resumed run of {rows:,}", f"{_first_call(home):.2f} s", "<= 2 s")
    home = fresh("report")
    timed(sys.executable, __file__, "plan", made(rows // 10), home)
    report = importer("report", "--out", home / "r", home=home)
    table.add("P10", f"report of {rows // 10:,} rows", shown(report), "<= 8 s, 200 MB at 100,000")
    table.add("P11", "--help", shown(median([importer("--help") for _ in range(5)])), "<= 0.1 s")
    table.add("P11", "status", shown(median([importer("status", home=home) for _ in range(5)])), "<= 0.4 s")


def _first_call(home: Path) -> float:
    with server() as url:
        began = time.perf_counter()
        words = [sys.executable, "-m", "importer", "resume", *UNLIMITED]
        process = subprocess.Popen(words, env=_environment(url, home), stdout=-3, stderr=-3)
        while not created(url) and process.poll() is None and time.perf_counter() - began < _PATIENCE:
            time.sleep(0.02)
        took = time.perf_counter() - began
        process.kill()
        process.wait()
        return took if created(url) else float("nan")


def check_rows(file: Path, *, has_gate: bool) -> None:
    """Check a file with a gate or without; run as a process of its own."""
    from dataclasses import replace

    from importer.config.settings import load
    from importer.runs.source import examine, open_source
    from importer.spreadsheet import ReadOptions

    source = open_source(file, load({"home": BUILD / "home"}).settings, None, ReadOptions())
    # What is read through a function of somebody else's, no gate can look at.
    read = source.sheet.read if has_gate else lambda: iter(source.sheet.read())
    examine(replace(source, sheet=replace(source.sheet, read=read)), time.time(), allow_duplicates=False)


def plan(file: Path, home: Path) -> None:
    """Check a file and write its rows into a journal; run as a process of its own."""
    from importer.config.settings import load
    from importer.journal.journal import open_journal
    from importer.journal.runs import NewRun
    from importer.runs.source import checked_chunks, open_source
    from importer.spreadsheet import ReadOptions
    from schemas import RECORD_TYPES

    settings = load({"home": home}).settings
    source = open_source(file, settings, next(iter(RECORD_TYPES.values())), ReadOptions())
    url, options = "http://127.0.0.1", {"read": source.options}
    new = NewRun(source.kind.name, url, source.endpoint, file.name, source.sha256, str(file), options, time.time())
    with open_journal(settings.journal_place) as journal:
        run = journal.runs.update(journal.runs.add(new), folder=str(home / "r"))
        chunks = checked_chunks(source, time.time(), {}, allow_duplicates=False)
        target = journal.runs.target("127.0.0.1/ops@example.com/1", source.kind.name)
        journal.rows.plan(run, ((c.records(), c.causes, c.rows) for c in chunks), target, time.time())


def accounts(table: Table, number: int) -> None:
    """P13: one process that imports for many accounts, each with an allowance of 60 a minute."""
    home, rows = fresh("accounts"), 60
    labels, *lines = [LABELS, *_lines(number * rows, 0.0)]
    files = [home / f"a{n}.csv" for n in range(number)]
    for n, file in enumerate(files):
        file.write_text("\n".join([labels, *lines[n * rows : (n + 1) * rows]]) + "\n")
    words = [*files, *(word for file in files for word in ("--profile", file.stem)), "--yes", "--out", home / "r"]
    command = [sys.executable, "-m", "importer", "run", "--daily-quota", "none", *words]
    with server() as url:
        tokens = {f"NEXUDUS_TOKEN_{file.stem.upper()}": file.stem for file in files}
        process = subprocess.Popen(command, env=_environment(url, home) | tokens, stdout=-3, stderr=-3)
        while created(url) < 5 * number and process.poll() is None:
            time.sleep(0.2)
        begun, before, used = time.perf_counter(), created(url), _used_by(process.pid)
        time.sleep(_SAMPLE)
        took, calls, cpu = time.perf_counter() - begun, created(url) - before, _used_by(process.pid) - used
        process.kill()
        process.wait()
    figure = f"{calls / took:.0f} calls/s, {cpu / took:.2f} cores; {cpu / calls * 1e6:.0f} us a call"
    table.add("P13", f"{number} accounts at 60 a minute in one process", figure, ">= 500 calls/s, <= 1 core at 500")


def _used_by(process: int) -> float:
    """Seconds of processor time that a process has used, as Linux counts it."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def correcting(table: Table, rows: int) -> None:
    """P14: a cell typed in the table of a large upload, before and after each of its rows has a correction."""
    sys.path.insert(0, str(ROOT / "tests"))
    from web.table.kit import desk, good  # a part of the tests

    from importer.web.table.action import Kind

    clerk = desk(fresh("correcting"), [good(number) for number in range(2, rows + 2)])
    for corrected in (0, rows):
        if corrected:
            clerk.do(Kind.REPLACE, find="", text="note", whole=True, left=6, right=6)
            clerk.check()
        seconds = []
        for row in range(2, 11):
            began = time.perf_counter()
            clerk.type(row, 2, f"Room {row} of {corrected}")
            seconds.append(time.perf_counter() - began)
        what = f"a cell typed in {rows:,} rows, {corrected:,} corrected before"
        table.add("P14", what, f"{statistics.median(seconds):.3f} s", "<= 0.5 s at 100,000")


def pacing(table: Table, rows: int) -> None:
    """P1, P2: the allowance in simulated time."""
    sys.path.insert(0, str(ROOT / "tests"))
    from delivery.simulation import MORNING, Office, planned, ways  # a part of the tests

    for number, every in (("P1", 0.0), ("P2", 3.37)):
        others = (MORNING + every * n for n in range(100_000 if every else 0))
        office = Office(ways(1, 0.1, 0.1), others=iter(others))
        journal, run = planned(fresh(f"pacing-{number}"), rows)
        with journal:
            office.send(journal, run)
        minutes = (office.accepted[-1] - office.accepted[0]) / 60
        left = 60 - len(office.others_accepted) / minutes
        used, refused = (len(office.accepted) - 1) / minutes / left, len(office.refused) / len(office.accepted)
        what = "a second client takes 30 %" if every else "alone"
        target = ">= 95 %, <= 5 %" if every else ">= 98 %, <= 0.5 %"
        table.add(number, f"simulated, {what}", f"{used:.1%} used, {refused:.1%} refused", target)


def main(*, quick: bool) -> None:
    """Everything, then the report."""
    BUILD.mkdir(parents=True, exist_ok=True)
    importer("check", made(1000), "--offline")
    table, scale = Table(), 10 if quick else 1
    stages: list[Callable[[], None]] = [
        lambda: sending(table, 10_000 // (5 if quick else 1), 2 if quick else 5),
        lambda: sending_many(table, 100_000 // scale),
        lambda: sharing(table, 10_000 // (5 if quick else 1), 1 if quick else 3),
        lambda: shares(table, 20_000 // scale),
        lambda: checking(table, 1_000_000 // scale, 1 if quick else 3),
        lambda: checking_many(table, 1_000_000 // scale, 1 if quick else 3),
        lambda: journaling(table, 1_000_000 // scale),
        lambda: accounts(table, 500 // scale),
        lambda: correcting(table, 100_000 // scale),
        # Last: the peak of a child is never told to be less than what its parent holds when it starts it.
        lambda: pacing(table, 1200 // (4 if quick else 1)),
    ]
    for stage in stages:
        stage()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    size = ", quick: smaller files" if quick else ""
    head = f"# Bench\n\n{dt.date.today()}, {machine}, load {os.getloadavg()[0]:.1f}{size}. Medians.\n\n"
    rows = "| | what | measured | target |\n|---|---|---|---|\n" + "\n".join(table.lines) + "\n"
    (ROOT / "reports" / "bench.md").write_text(head + rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["plan"]:
        plan(Path(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1:2] in (["check-alone"], ["check-gated"]):
        check_rows(Path(sys.argv[2]), has_gate=sys.argv[1] == "check-gated")
    else:
        main(quick="--quick" in sys.argv)
