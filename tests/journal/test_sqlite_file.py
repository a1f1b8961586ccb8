"""The power goes at any moment: what was promised before is still in the journal afterwards."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from delivery.kit import ACCOUNT, add_run

from importer.journal.journal import open_journal
from importer.journal.rows import Change
from importer.journal.states import Event
from journal.disk import Deed, after_power_cut, watched_disk

pytestmark = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="finds SQLite's library by Linux's /proc")

ROWS = 3
Rows = dict[int, tuple[str, int | None]]


@dataclass
class Workload:
    """What was asked of the disk, and what the journal had promised after how many deeds."""

    deeds: list[Deed] = field(default_factory=list)
    promises: list[tuple[int, Rows]] = field(default_factory=list)


def work(folder: Path, pragmas: dict[str, str] | None = None) -> Workload:
    """Some rows through the journal as sending does it, on a watched disk, with other pragmas if those are given."""
    done = Workload()
    with watched_disk() as disk, _pragmas(pragmas), open_journal(f"sqlite:///{folder / 'j'}") as journal:
        run = add_run(journal, folder, planned=ROWS)

        def promise() -> None:
            rows = {i.row: (i.state.value, i.remote_id) for i in journal.rows.all(run)}
            done.promises.append((len(disk.deeds), rows))

        promise()
        for number, intent in enumerate(journal.rows.planned(run, 0, ROWS)):
            sent = journal.rows.will_send(run, ACCOUNT, [intent], (), 10.0 + number).sent[0]
            promise()
            doubtful = sent.sent()
            journal.rows.move([Change(doubtful, Event.ACCEPTED, remote_id=100 + number)], 20.0 + number)
            promise()
        done.deeds = list(disk.deeds)
    return done


@contextmanager
def _pragmas(pragmas: dict[str, str] | None) -> Iterator[None]:
    """While the block runs, every connection gets these pragmas, after the journal's own, each time it is used."""

    def configure(connection: sqlite3.Connection, _: object, __: object) -> None:
        for name, value in (pragmas or {}).items():
            connection.execute(f"PRAGMA {name}={value}")

    sa.event.listen(sa.pool.Pool, "checkout", configure)
    try:
        yield
    finally:
        sa.event.remove(sa.pool.Pool, "checkout", configure)


def broken_promises(done: Workload, folder: Path, chance: random.Random | None = None) -> list[str]:
    """Every moment of a power cut at which the journal would know less than it had promised, or would be damaged."""
    found = []
    for moment in range(done.promises[0][0], len(done.deeds) + 1):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, content in after_power_cut(done.deeds[:moment], chance).items():
            (folder / Path(name).name).write_bytes(content)
        made = [rows for when, rows in done.promises if when <= moment]
        following = done.promises[len(made)][1] if len(made) < len(done.promises) else made[-1]
        read = _read(folder / "j")
        # What was being committed when the power went may be there or not; both are right.
        if read not in (made[-1], following):
            found.append(f"after {moment} of {len(done.deeds)} deeds: promised {made[-1]}, found {read}")
    return found


def _read(path: Path) -> Rows | str:
    try:
        with closing(sqlite3.connect(path)) as db:
            (said,) = db.execute("PRAGMA integrity_check").fetchone()
            rows = db.execute("SELECT row, state, remote_id FROM intent").fetchall()
    except sqlite3.Error as error:
        return str(error)
    return {row: (state, remote_id) for row, state, remote_id in rows} if said == "ok" else str(said)


def test_f29_nothing_promised_is_lost(tmp_path: Path, memory: Path) -> None:
    """With everything dropped that was not synced, at every write, each promised state is still there."""
    done = work(tmp_path)
    assert len(done.deeds) > 30
    assert broken_promises(done, memory / "left") == []


@pytest.mark.parametrize("seed", range(3))
def test_f29_whatever_order_the_disk_wrote_in(tmp_path: Path, memory: Path, seed: int) -> None:
    """The same when any part of what was not synced did reach the disk."""
    done = work(tmp_path)
    assert broken_promises(done, memory / "left", random.Random(seed)) == []


WEAKER = {
    "off": {"synchronous": "OFF"},
    "log, normal": {"journal_mode": "WAL", "synchronous": "NORMAL"},
    "no log, full": {"journal_mode": "DELETE", "synchronous": "FULL"},
}


@pytest.mark.parametrize("mode", WEAKER)
def test_f29_weaker_modes_lose_what_they_promised(tmp_path: Path, memory: Path, mode: str) -> None:
    """SQLite in each weaker mode fails the same test: it can fail, and the stronger mode is not for show."""
    done = work(tmp_path, WEAKER[mode])
    assert broken_promises(done, memory / "left") != []


@pytest.mark.parametrize(
    "pragmas",
    [{"journal_mode": "WAL", "synchronous": "EXTRA"}, {"journal_mode": "DELETE", "synchronous": "EXTRA"}],
    ids=["with a log", "without a log"],
)
def test_f48_both_modes_are_durable(tmp_path: Path, memory: Path, pragmas: dict[str, str]) -> None:
    """The mode with a write-ahead log and the one for older SQLite both keep every promise."""
    assert broken_promises(work(tmp_path, pragmas), memory / "left") == []
