"""A check of several files on several processors: the same answer, and no process that outlives it."""

import gzip
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import GIVE_UP, LABELS, Desk, mapping

from importer.cli import run_commands
from importer.runs.incoming import InputFile

WRONG = [{"ResourceId": "x"}, {"SubscriptionExpireDate": "yesterday"}, {"Name": ""}, {"CoworkerId": "Inés 😀"}]


def rows(chance: random.Random) -> list[list[Any]]:
    """Good rows and wrong ones, and some that other files have as well, with the same values or others."""
    made: list[list[Any]] = [mapping(chance.randrange(200)) for _ in range(chance.randrange(1, 40))]
    made += [mapping(chance.randrange(200), **chance.choice(WRONG)) for _ in range(chance.randrange(4))]
    made += [mapping(chance.randrange(200), Name="Another name") for _ in range(chance.randrange(3))]
    chance.shuffle(made)
    return made


def fill(desk: Desk, seed: int) -> None:
    """A folder of files of every kind, some of which cannot be read."""
    chance, folder = random.Random(seed), desk.folder / "May"
    folder.mkdir()
    for number in range(5):
        desk.write(f"May/{number}.csv", rows(chance))
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [LABELS, *rows(chance)]:
        book.active.append(row)
    book.save(folder / "6.xlsx")
    (folder / "7.xlsx").write_bytes(b"%PDF-1.7")
    (folder / "8.csv").write_bytes(b"")
    (folder / "9.csv").write_text(",".join(LABELS) + "\n", "utf-8")
    desk.write("May/10.csv", [["1", "2"]], ["Colour", "Size"])
    (folder / "11.csv").write_bytes(desk.write("May/cut.csv", rows(chance)).read_bytes()[:-30] + b'"')
    (folder / "12.csv.gz").write_bytes(gzip.compress((folder / "1.csv").read_bytes()))
    (folder / "13.csv.gz").write_bytes(b"not packed")
    (folder / "14.csv").write_bytes((folder / "2.csv").read_bytes().replace(b"Room", "Säle".encode("cp1252")))


@pytest.mark.parametrize(("seed", "options"), [(1, ["--json"]), (2, []), (3, ["--key", "ResourceId", "--json"])])
def test_several_processes_give_the_answer_of_one(desk: Desk, seed: int, options: list[str]) -> None:
    """To the letter, on both outputs: duplicates across files, files that cannot be read, and the exit code."""
    fill(desk, seed)
    command = ["check", "May/*", "May/missing.csv", "--offline", "--tz", "UTC", *options]
    alone, several = (desk.type(*command, "--workers", number) for number in ("1", "2"))
    assert alone.code == 3
    assert "Traceback" not in alone.err
    assert several == alone


def test_rows_of_other_files_are_found_by_all_of_them(desk: Desk) -> None:
    """Each file is checked by a process that has not read the others."""
    for number in range(3):
        desk.write(f"{number}.csv", [mapping(1), mapping(10 + number)])
    done = desk.type("check", "0.csv", "1.csv", "2.csv", "--offline", "--workers", "3", "--json")
    assert [(file["valid"], [issue["code"] for issue in file["issues"]]) for file in done.json["files"]] == [
        (2, []),
        (1, ["duplicate-row"]),
        (1, ["duplicate-row"]),
    ]


def large(desk: Desk, files: int = 4, size: int = 5_000) -> list[str]:
    """Files whose check takes a while."""
    good = [mapping(number, ResourceId="x") for number in range(size)]
    names = [f"{number}.csv" for number in range(files)]
    for name in names:
        desk.write(name, good)
    return names


def children(process: "subprocess.Popen[str]") -> list[int]:
    """The processes that it has started to check files."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(pid) for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def until_children(process: "subprocess.Popen[str]", number: int) -> list[int]:
    """The same, once there are as many."""
    give_up = time.monotonic() + GIVE_UP
    while len(pids := children(process)) < number and process.poll() is None:
        assert time.monotonic() < give_up
        time.sleep(0.02)
    return pids


NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the children are looked for in /proc")


@NEEDS_PROC
def test_ctrl_c_ends_every_process(desk: Desk) -> None:
    """At once, with the words of any other command, and no file of theirs stays."""
    process = desk.start("check", *large(desk), "--offline", "--workers", "2")
    pids = until_children(process, 2)
    for pid in (process.pid, *pids):
        # As a terminal does: to all of them.
        os.kill(pid, signal.SIGINT)
    _, err = process.communicate(timeout=GIVE_UP)
    assert process.returncode == 130
    assert "Interrupted." in err
    assert "Traceback" not in err
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert not [path for path in (desk.home / "incoming").rglob("*") if path.is_file()]


def until_gone(pids: list[int]) -> None:
    """Wait until none of these processes exists."""
    give_up = time.monotonic() + GIVE_UP
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < give_up
        time.sleep(0.02)


@NEEDS_PROC
def test_a_killed_command_leaves_no_process(desk: Desk) -> None:
    """It cannot end them any more, so they end themselves; the next command removes what they left behind."""
    names = large(desk)
    process = desk.start("check", *names, "--offline", "--workers", "2")
    pids = until_children(process, 2)
    process.kill()
    process.communicate(timeout=GIVE_UP)
    until_gone(pids)
    assert desk.type("check", names[0], "-", "--offline", "--workers", "2").code != 0
    assert not [path for path in (desk.home / "incoming").rglob("*") if path.is_file()]


@NEEDS_PROC
def test_a_process_that_is_killed_stops_no_other_file(desk: Desk) -> None:
    """Its file was not read, and that is said; the rows of the others are compared all the same."""
    process = desk.start("check", *large(desk), "--offline", "--workers", "2")
    pids = until_children(process, 2)
    os.kill(pids[0], signal.SIGKILL)
    out, err = process.communicate(timeout=GIVE_UP)
    assert process.returncode == 2, err
    assert out.count("Error: The process that read it ended unexpectedly, perhaps for lack of memory.") == 1
    assert "4 files: 3 with rows to change, 1 not read." in out
    assert "Traceback" not in err


def test_there_is_one_process_unless_more_are_asked_for(desk: Desk) -> None:
    """And never more than files."""
    files = [InputFile(path, path, path.name) for path in [desk.write(f"{n}.csv", [mapping(n)]) for n in range(3)]]
    assert [run_commands.processes_for(files, workers) for workers in (None, 1, 2, 9)] == [1, 1, 2, 3]


def test_who_looks_up_names_is_told_that_one_process_does(desk: Desk) -> None:
    """The option is not silently without effect."""
    names = [str(desk.write(f"{number}.csv", [mapping(number)])) for number in range(2)]
    done = desk.type("check", *names, "--sandbox", "--workers", "2")
    assert "checked one after another. To use --workers, add --offline." in done.err
