"""Faults of process, machine, clock, disk and journal, each named after its line in the acceptance list.

F-28 and F-33 are in tests/torture, F-29 in test_power_loss, F-37 belongs to the web page.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext, suppress
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from conftest import GIVE_UP, LABELS, Desk, Service, mapping, wait_until
from delivery.kit import ACCOUNT, PATH, TOKEN, Post, add_run, creates, problems, sandbox

from importer.delivery.sender import LONGEST_DELAY
from importer.errors import BusyError, JournalBusyError, JournalError
from importer.journal.journal import open_journal
from importer.journal.lock import exclusive_sender
from importer.journal.migrations import SCHEMA_VERSION
from importer.journal.rows import Intent, Rows, Sending
from importer.journal.sqlite_file import choose_journal_mode, network_drive, safe_for_wal
from importer.journal.windows import LONGEST_HOLD, Window
from importer.nexudus import Access, Nexudus, Reply, Secret
from importer.nexudus.reply import LONGEST_WAIT
from importer.sandbox.server import Running
from journal.disk import FULL, IO_SYNC, IO_WRITE, OK, READ_ONLY, Deed, Do, watched_disk

linux_only = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="finds SQLite's library by Linux's /proc")
AGAIN = "Press Ctrl-C again to stop at once."
HOUR, YEAR = 3_600.0, 365 * 86_400.0


def finished(post: Post) -> list[str]:
    """The states after everything was settled and sent that could be."""
    post.settle(0.0)
    post.send()
    return post.states


# -- process ----------------------------------------------------------------------------------------------------------


def test_f30_a_second_ctrl_c_stops_at_once(desk: Desk, service: Service) -> None:
    """The first Ctrl-C waits for the call under way, the second leaves it in doubt; both say that it is safe."""
    service.fail("ok", "hang-before")
    desk.variables["IMPORTER_CONCURRENCY"] = "1"
    process = desk.start("run", desk.write("rows.csv", [mapping(n) for n in range(2, 6)]), "--yes")
    wait_until(lambda: service.creates == 2)
    assert process.stderr is not None
    process.send_signal(signal.SIGINT)
    # An end of the output ends this too: a sentence that is worded anew must fail, and not be waited for.
    heard = list(takewhile(lambda line: AGAIN not in line, process.stderr))
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=GIVE_UP)
    assert process.returncode == 130, (heard, err)
    assert desk.type("resume").code == 8
    service.let_the_window_pass(desk)
    assert desk.type("reconcile").code == 0
    assert desk.type("resume").code == 0
    assert sorted(record["Name"] for record in service.records) == [f"Room {n}" for n in range(2, 6)]


class _Asleep(Rows):
    """The rows of a journal on a machine that falls asleep once, between the first intent and its call."""

    slept = 0.0

    def will_send(self, *arguments: Any, **more: Any) -> Sending:
        done = super().will_send(*arguments, **more)
        self.slept = 2 * LONGEST_DELAY
        return done


def test_f31_asleep_between_intent_and_call(tmp_path: Path) -> None:
    """A call does not leave long after its intent, from which the window counts: the row is planned again."""

    async def send(url: str) -> int:
        post = Post(tmp_path, url, rows=2)
        with open_journal(post.database) as journal:
            rows = _Asleep(journal._db, journal.runs, journal.calls, journal.senders.fence)
            journal.rows = rows
            post.now = lambda: time.time() + rows.slept
            async with Nexudus(Access(url=url, token=Secret(TOKEN)), PATH) as service:
                await post.sender(journal, service, asyncio.Event()).send()
            return sum(intent.attempts for intent in rows.all(journal.runs.latest(1)[0]))

    with sandbox() as service:
        attempts = asyncio.run(send(service.url))
        # The first intent was not acted upon, so two rows took three.
        assert (creates(service), attempts) == (2, 3)


def test_f32_a_clock_set_back_holds_nobody(tmp_path: Path) -> None:
    """A hold and calls that lie in the future, because the clock was set back, keep nobody longer than their length."""
    with open_journal(f"sqlite:///{tmp_path / 'j'}") as journal:
        window = Window(1, 60.0, writes=True)
        assert journal.calls.reserve(ACCOUNT, [window], write=True, now=5 * YEAR) == 0
        assert 0 < journal.calls.reserve(ACCOUNT, [window], write=True, now=YEAR) <= window.span + 0.001
        assert LONGEST_HOLD >= LONGEST_WAIT
        journal.calls.pause(ACCOUNT, 5 * YEAR + 60)
        assert journal.calls.reserve(ACCOUNT, [window], write=True, now=YEAR) <= LONGEST_HOLD


def test_a_hold_on_writes_keeps_no_read(tmp_path: Path) -> None:
    """A service that will create nothing before tomorrow can be asked what it holds today."""
    with open_journal(f"sqlite:///{tmp_path / 'j'}") as journal:
        windows = [Window(60, 60.0, writes=True), Window(120, 60.0)]
        journal.calls.pause(ACCOUNT, YEAR + 40_000, writes=True)
        assert journal.calls.reserve(ACCOUNT, windows, write=False, now=YEAR) <= 0
        assert journal.calls.reserve(ACCOUNT, windows, write=True, now=YEAR) == 40_000
        assert journal.calls.held_until(ACCOUNT) == YEAR + 40_000
        journal.calls.pause(ACCOUNT, YEAR + 30)
        assert journal.calls.reserve(ACCOUNT, windows, write=False, now=YEAR) == 30


def test_f32_a_clock_set_back_proves_nothing_absent(tmp_path: Path) -> None:
    """With the clock set back after the send, no row is believed absent before its visibility window has come again."""
    with sandbox(faults=("lost-before",)) as service:
        post = Post(tmp_path, service.url, rows=1)
        post.send()
        post.now = lambda: time.time() - 3600
        assert [intent.row for intent in post.settle(900).too_recent] == [2]
        assert post.states == ["in doubt"]


def test_f32_a_clock_that_was_ahead_while_sending(tmp_path: Path) -> None:
    """A record is recognised although our clock ran two hours ahead when its row was sent and was then put right."""
    with sandbox(faults=("lost-after",)) as service:
        post = Post(tmp_path, service.url, rows=1, now=lambda: time.time() + 2 * HOUR)
        post.send()
        # Three hours later, with both clocks right.
        service.state.change(clock_skew=3 * HOUR)
        post.now = lambda: time.time() + 3 * HOUR
        assert finished(post) == ["created"]
        assert not problems(post, service)


def test_f32_a_clock_that_was_behind_while_sending(tmp_path: Path) -> None:
    """The same the other way round."""
    with sandbox(faults=("lost-after",)) as service:
        post = Post(tmp_path, service.url, rows=1, now=lambda: time.time() - 2 * HOUR)
        post.send()
        service.state.change(clock_skew=3 * HOUR)
        post.now = lambda: time.time() + 3 * HOUR
        assert finished(post) == ["created"]
        assert not problems(post, service)


def test_f34_the_same_rows_in_another_file(desk: Desk, service: Service) -> None:
    """Rows in another order, with the columns in another order, are known again: existing, and no call."""
    rows = [mapping(n) for n in range(2, 6)]
    assert desk.type("run", desk.write("first.csv", rows), "--yes").code == 0
    turned = [list(reversed(row)) for row in reversed(rows)]
    again = desk.write("second.csv", turned, labels=list(reversed(LABELS)))
    done = desk.type("run", again, "--yes", "--json")
    assert (done.json["counts"]["existing"], len(service.records)) == (4, 4)


def test_f35_two_machines(desk: Desk, service: Service) -> None:
    """A second installation that knows nothing of the first finds what is there, and doubles nothing."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 6)])
    assert desk.type("run", file, "--yes").code == 0
    other = Desk(desk.folder / "other", dict(desk.variables))
    other.folder.mkdir()
    done = other.type("run", file, "--yes", "--json")
    assert (done.code, done.json["counts"]["existing"], len(service.records)) == (0, 4, 4)


def test_f36_the_holder_of_the_lock_is_killed(tmp_path: Path) -> None:
    """The account is free the moment its holder dies, and taken while it lives."""
    code = (
        "import sys, time; from pathlib import Path; from importer.journal.lock import exclusive_sender\n"
        "with exclusive_sender(Path(sys.argv[1]), sys.argv[2], 7): print('held', flush=True); time.sleep(60)"
    )
    words = [sys.executable, "-c", code, str(tmp_path), ACCOUNT]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(BusyError, match=f"Run 7 is sending.*process {holder.pid}"),
            exclusive_sender(tmp_path, ACCOUNT, 8),
        ):
            pass
        holder.kill()
    with exclusive_sender(tmp_path, ACCOUNT, 8):
        pass


class _OutOfMemory(Nexudus):
    """A service at whose door memory runs out."""

    async def create(self, path: str, body: str | bytes) -> Reply:
        raise MemoryError


def test_f38_out_of_memory_while_sending(tmp_path: Path) -> None:
    """Whatever breaks between intent and answer leaves the row in doubt, like a kill."""

    async def send() -> None:
        post = Post(tmp_path, "http://127.0.0.1:9", rows=2)
        with open_journal(post.database) as journal:
            async with _OutOfMemory(Access(url=post.url, token=Secret(TOKEN)), PATH) as service:
                await post.sender(journal, service, asyncio.Event()).send()

    with pytest.raises(MemoryError):
        asyncio.run(send())
    assert Post(tmp_path, "http://127.0.0.1:9").states == ["in doubt", "planned"]


def test_f39_a_journal_of_a_newer_importer(tmp_path: Path) -> None:
    """A journal of another version is refused and left as it is."""
    path = tmp_path / "j"
    with open_journal(f"sqlite:///{path}"):
        pass
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE meta SET value = ?", (str(SCHEMA_VERSION + 1),))
        db.commit()
    before = path.read_bytes()
    with pytest.raises(JournalError, match=f"version {SCHEMA_VERSION + 1}"):
        open_journal(f"sqlite:///{path}")
    assert path.read_bytes() == before


# -- disk -------------------------------------------------------------------------------------------------------------

BROKEN = {
    "f40 disk full": (Do.WRITE, FULL),
    "f40 error of writing": (Do.WRITE, IO_WRITE),
    "f41 error of syncing": (Do.SYNC, IO_SYNC),
}


@linux_only
@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("lasting", [True, False], ids=["for good", "once"])
def test_f40_f41_the_disk_fails_at_any_moment(memory: Path, what: str, lasting: bool) -> None:
    """Wherever the disk fails while rows are sent, sending stops; with the disk mended every row exists once."""
    kind, code = BROKEN[what]
    with sandbox() as service:
        stopped = [_fails_at(memory / str(n), service, kind, code, n, lasting=lasting) for n in (0, 3, 7, 12, 18, 27)]
    # The later moments lie behind the last deed of two rows.
    assert sum(stopped) > 1


def _fails_at(folder: Path, service: Running, kind: Do, code: int, moment: int, *, lasting: bool) -> bool:
    """Two rows sent on a disk that fails at its n-th deed of a kind; mended, settled and sent. Whether it stopped."""
    service.state.reset()
    folder.mkdir()
    post = Post(folder, service.url, rows=2)
    with open_journal(post.database) as journal:
        add_run(journal, folder, planned=2)
    asked, stopped = 0, False

    def refuse(_: int, deed: Deed) -> int:
        nonlocal asked
        asked += deed.do is kind
        return code if deed.do is kind and (asked > moment if lasting else asked == moment + 1) else OK

    with watched_disk() as disk:
        disk.refuse = refuse
        try:
            post.send()
        except JournalError:
            stopped = True
    assert finished(post) == ["created", "created"], moment
    assert (creates(service), problems(post, service)) == (2, []), moment
    return stopped


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="mounts a small disk, which only root may")
def test_f40_a_really_full_disk(tmp_path: Path) -> None:
    """On a real disk without space nothing is sent and the sentence says why; with space again all goes on."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)], check=False)
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        with sandbox() as service:
            post = Post(place, service.url, rows=60)
            with open_journal(post.database) as journal:
                add_run(journal, place, planned=60)
            filler = place / "filler"
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(1024))
            with pytest.raises(JournalError, match="disk is full"):
                post.send()
            assert creates(service) <= 1
            filler.unlink()
            assert finished(post) == ["created"] * 60
            assert not problems(post, service)
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_f42_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Where no journal can be made the sentence says so before anything is sent."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JournalError):
        open_journal(f"sqlite:///{tmp_path / 'file' / 'j'}")


@linux_only
def test_f42_the_journal_becomes_read_only(memory: Path) -> None:
    """A journal that can no longer be written sends nothing, and says why."""
    with sandbox() as service:
        post = Post(memory, service.url)
        with open_journal(post.database) as journal:
            add_run(journal, memory, planned=3)
        with watched_disk() as disk:
            disk.refuse = lambda _, deed: READ_ONLY if deed.do is Do.WRITE else OK
            with pytest.raises(JournalError, match="cannot be written"):
                post.send()
        assert creates(service) == 0


# -- journal ----------------------------------------------------------------------------------------------------------


def _half_sent(folder: Path, url: str) -> Post:
    """Two rows created, one in doubt that was created too, and one planned."""
    post = Post(folder, url, rows=4, max_rows=3)
    post.send()
    post.max_rows = None
    return post


def test_f43_bytes_flipped_in_any_page(memory: Path) -> None:
    """Wherever a page of the journal is damaged, sending goes on rightly or not at all; nothing is sent again."""
    with sandbox() as service:
        service.state.fail_next("ok", "lost-after")
        (memory / "good").mkdir()
        good = _half_sent(memory / "good", service.url)
        whole = (memory / "good" / "journal.sqlite3").read_bytes()
        assert good.states == ["created", "in doubt", "created", "planned"]
        refused = 0
        # In every second page, each time at another place of it.
        for at in range(0, len(whole) - 8, 2 * 4096 + 331):
            damaged = bytearray(whole)
            damaged[at : at + 8] = bytes(byte ^ 0xFF for byte in damaged[at : at + 8])
            post = _with_journal(memory / str(at), bytes(damaged), service.url)
            try:
                post.send()
                states = post.states
            except JournalError:
                refused += 1
                continue
            assert states == ["created", "in doubt", "created", "created"], at
        # Damage where something is written is noticed, and only that.
        assert 0 < refused < len(range(0, len(whole) - 8, 2 * 4096 + 331))
        names = [fields["Name"] for fields in service.state.records if fields["Name"] != "Room 5"]
        assert names == ["Room 2", "Room 3", "Room 4"]


def _with_journal(folder: Path, content: bytes, url: str) -> Post:
    folder.mkdir()
    (folder / "journal.sqlite3").write_bytes(content)
    return Post(folder, url, rows=4)


@pytest.mark.parametrize(
    "content",
    [b"SQLite format 3\x00" + bytes(84), b"no database at all " * 100, bytes(4096)],
    ids=["only a header", "text", "zeros"],
)
def test_f43_a_file_that_is_no_journal(tmp_path: Path, content: bytes) -> None:
    """A file that is no journal is refused and left as it is."""
    path = tmp_path / "j"
    path.write_bytes(content)
    with pytest.raises(JournalError):
        open_journal(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_f43_the_database_of_another_program(tmp_path: Path) -> None:
    """A foreign database is refused and left as it is."""
    path = tmp_path / "j"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(JournalError, match="another program"):
        open_journal(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_f43_a_truncated_journal(memory: Path) -> None:
    """A journal cut short anywhere is refused, or still knows every row as it was."""
    (memory / "good").mkdir()
    good = Post(memory / "good", "http://127.0.0.1:9", rows=40)
    with open_journal(good.database) as journal:
        add_run(journal, memory, planned=40)
    whole = (memory / "good" / "journal.sqlite3").read_bytes()
    lengths, refused = range(4096, len(whole), 4096), 0
    for length in lengths:
        post = _with_journal(memory / str(length), whole[:length], good.url)
        try:
            states = post.states
        except JournalError:
            refused += 1
            continue
        assert states == ["planned"] * 40, length
    assert 0 < refused <= len(lengths)


def test_f44_a_bit_flipped_in_a_row(memory: Path) -> None:
    """A row in which any bit has flipped is never read as if it were right: what would be sent is what was checked."""
    (memory / "good").mkdir()
    good = Post(memory / "good", "http://127.0.0.1:9", rows=2)
    with open_journal(good.database) as journal:
        add_run(journal, memory, planned=2)
    intents, path = good.intents, memory / "good" / "journal.sqlite3"
    whole = path.read_bytes()
    body = whole.index(intents[1].body.encode())
    unnoticed, right = [], {_decisive(intent) for intent in intents}
    for at in range(body - 24, body + len(intents[1].body) + 30, 2):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << at % 8
        path.write_bytes(flipped)
        try:
            # A row may vanish from its run, which the report notices, but none may be read as another.
            if not {_decisive(intent) for intent in good.intents} <= right:
                unnoticed.append(at - body)
        except JournalError:
            pass
    assert unnoticed == []


def _decisive(intent: Intent) -> tuple[object, ...]:
    """What decides whether and what is sent, and what the report promises."""
    return (intent.row, intent.identity, intent.body, intent.state, intent.remote_id)


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_f45_the_journal_goes_away_during_the_run(tmp_path: Path, how: str) -> None:
    """When the journal's file is gone, or is another one, nothing more is sent."""
    with sandbox() as service:
        post = Post(tmp_path, service.url, rows=5)
        path = tmp_path / "journal.sqlite3"

        class Meddler(list):  # type: ignore[type-arg]  # whatever it is told, it does the same
            def append(self, _: object) -> None:
                if how == "replaced":
                    shutil.copy(path, tmp_path / "copy")
                    (tmp_path / "copy").replace(path)
                else:
                    path.unlink(missing_ok=True)

        post.told = Meddler()
        with pytest.raises(JournalError):
            post.send()
        # The first, and the second, whose intent was written together with the first one's answer.
        assert creates(service) == 2


@pytest.mark.parametrize("rows", [2, 4])
def test_f46_a_journal_put_back_from_an_old_copy(desk: Desk, service: Service, rows: int) -> None:
    """A journal that forgot what was created since finds it on the service before it sends: nothing is doubled."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 8)])
    assert desk.type("run", file, "--yes", "--max-rows", str(rows), "--out", "r").code == 6
    shutil.copytree(desk.home, desk.folder / "old")
    assert desk.type("resume", "--max-rows", "100").code == 0
    shutil.rmtree(desk.home)
    (desk.folder / "old").rename(desk.home)
    done = desk.type("resume", "--max-rows", "100", "--json")
    assert done.code == 0, done.err
    ids = {record["Name"]: str(record["Id"]) for record in service.records}
    assert len(service.records) == len(ids) == 6
    assert {row["Name"]: row["import_id"] for row in desk.report("r")} == ids


def test_f47_a_network_drive() -> None:
    """Folders on network drives are known by the table of mounts, or by how Windows writes them."""
    mounts = "/dev/sda1 / ext4 rw 0 0\nnas:/vol /srv nfs4 rw 0 0\n//pc/x /mnt/with\\040space cifs rw 0 0\n"
    assert network_drive(Path("/srv/home/j"), mounts) == "nfs4"
    assert network_drive(Path("/mnt/with space/j"), mounts) == "cifs"
    assert network_drive(Path("/home/j"), mounts) is None
    assert network_drive(Path("\\\\server\\share\\j"), "") == "UNC path"


@pytest.mark.parametrize("name", ["nas", "two words", "back\\slash", "tab\tulator", "line\nend"])
def test_f47_a_link_to_a_network_drive(tmp_path: Path, name: str) -> None:
    """Where a link leads counts, be it of the folder, of one above it or of the file; and not where it stands."""
    nas, disk = tmp_path / name, tmp_path / "disk"
    (nas / "home").mkdir(parents=True)
    disk.mkdir()
    escaped = "".join(f"\\{ord(c):03o}" if c in " \t\n\\" else c for c in str(nas))
    mounts = f"/dev/sda1 / ext4 rw 0 0\nnas:/vol {escaped} nfs4 rw 0 0\n"
    (disk / "folder").symlink_to(nas / "home")
    (disk / "above").symlink_to(nas)
    (disk / "file").symlink_to(nas / "home" / "not there yet")
    (disk / "link").symlink_to(disk / "folder")
    (nas / "back").symlink_to(disk)
    for path in (disk / "folder" / "j", disk / "above" / "home" / "j", disk / "file", disk / "link" / "j"):
        assert network_drive(path, mounts) == "nfs4", path
    for path in (disk / "j", nas / "back" / "j", disk / "new" / "folder" / "j"):
        assert network_drive(path, mounts) is None, path


def test_f47_a_link_to_itself_is_no_network_drive(tmp_path: Path) -> None:
    """It is no place for a journal either, but that is for whoever opens it to say."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert network_drive(tmp_path / "loop" / "j", "nas:/vol /srv nfs4 rw 0 0\n") is None
    with pytest.raises(JournalError):
        open_journal(f"sqlite:///{tmp_path / 'loop' / 'j'}")


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
    ],
)
def test_f48_which_sqlite_may_keep_a_log(version: tuple[int, int, int], safe: bool) -> None:
    """Only releases without the known error in the write-ahead log use it."""
    assert safe_for_wal(version) is safe


def test_f48_the_pragmas_hold(tmp_path: Path) -> None:
    """The connection that writes is durable at each commit, as read back from SQLite itself."""
    with open_journal(f"sqlite:///{tmp_path / 'j'}") as journal, journal._db.write() as db:
        mode = db.exec_driver_sql("PRAGMA journal_mode").scalar()
        assert (mode, db.exec_driver_sql("PRAGMA synchronous").scalar()) in {("wal", 3), ("delete", 3)}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another program that has the journal open, in a mode of its own."""
    with open_journal(f"sqlite:///{tmp_path / 'j'}"):
        pass
    with closing(sqlite3.connect(tmp_path / "j", isolation_level=None)) as connection:
        assert connection.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
        yield connection


HOLDS = ["SELECT * FROM run", "BEGIN; SELECT * FROM run", "BEGIN IMMEDIATE"]


@pytest.mark.parametrize("does", HOLDS)
@pytest.mark.parametrize(
    ("mode", "wal", "in_force"), [("WAL", True, "wal"), ("WAL", False, None), ("DELETE", False, "delete")]
)
def test_f48_the_mode_in_force_counts_and_not_the_one_asked_for(
    tmp_path: Path, elsewhere: sqlite3.Connection, does: str, *, mode: str, wal: bool, in_force: str | None
) -> None:
    """A log that another program holds is shared by an SQLite that may; another gets a sentence, whatever it holds."""
    assert elsewhere.execute(f"PRAGMA journal_mode={mode}").fetchone() == (mode.lower(),)
    for statement in does.split("; "):
        elsewhere.execute(statement).fetchone()
    with closing(sqlite3.connect(tmp_path / "j", isolation_level=None, timeout=0.0)) as ours:
        with nullcontext() if in_force else pytest.raises(JournalBusyError, match="cannot share safely"):
            choose_journal_mode(ours, wal=wal)
        assert ours.execute("PRAGMA journal_mode").fetchone() == (in_force or "wal",)


@pytest.mark.parametrize("does", HOLDS[1:])
def test_f48_without_the_log_it_goes_on_where_another_program_is_in_the_middle(
    tmp_path: Path, elsewhere: sqlite3.Connection, does: str
) -> None:
    """The mode cannot change just then, and both modes are durable."""
    for statement in does.split("; "):
        elsewhere.execute(statement).fetchone()
    with closing(sqlite3.connect(tmp_path / "j", isolation_level=None, timeout=0.0)) as ours:
        choose_journal_mode(ours, wal=True)
        assert ours.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_f48_a_journal_that_was_left_in_a_log_is_opened_by_any_sqlite(
    tmp_path: Path, elsewhere: sqlite3.Connection
) -> None:
    """Once the other program has ended, and with what it wrote."""
    elsewhere.execute("PRAGMA journal_mode=WAL")
    elsewhere.execute("INSERT INTO meta VALUES ('left', 'there')")
    url = f"sqlite:///{tmp_path / 'j'}"
    if not safe_for_wal(sqlite3.sqlite_version_info[:3]):
        with pytest.raises(JournalBusyError, match="cannot share safely"):
            open_journal(url, patience=0.0)
    elsewhere.close()
    with open_journal(url) as journal, journal._db.read() as db:
        assert db.exec_driver_sql("SELECT value FROM meta WHERE key = 'left'").scalar() == "there"


def test_f48_a_mode_that_is_not_durable_is_refused() -> None:
    """A database in memory has no other; a disk that gives one is no place for a journal."""
    with closing(sqlite3.connect(":memory:")) as ours, pytest.raises(JournalError, match="saved data can be lost"):
        choose_journal_mode(ours, wal=True)


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_f48_each_commit_is_durable_in_the_mode_that_another_program_chose(
    tmp_path: Path, elsewhere: sqlite3.Connection, mode: str
) -> None:
    """While the journal is open the mode may change under it; what a commit promises must not hang on that."""
    with open_journal(f"sqlite:///{tmp_path / 'j'}") as journal:
        with suppress(sqlite3.OperationalError):
            elsewhere.execute(f"PRAGMA journal_mode={mode}").fetchone()
        with journal._db.read() as db:
            db.exec_driver_sql("SELECT * FROM run")
            assert db.exec_driver_sql("PRAGMA synchronous").scalar() == 3


# -- report and log ---------------------------------------------------------------------------------------------------


def test_f49_the_report_cannot_be_written(desk: Desk, service: Service) -> None:
    """Where no report can be written the import is unharmed, and the report can be made elsewhere later."""
    (desk.folder / "taken").write_text("a file, where the folder should be")
    file = desk.write("rows.csv", [mapping(2), mapping(3)])
    done = desk.type("run", file, "--yes", "--out", "taken/report")
    assert done.code != 0
    assert "importer report 1 --out" in done.err
    assert len(service.records) == 2
    assert desk.type("report", "1", "--out", "elsewhere").code == 0
    assert {row["import_status"] for row in desk.report("elsewhere")} == {"created"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's device that is always full")
def test_f50_nobody_can_be_told(desk: Desk, service: Service) -> None:
    """A terminal or log that takes no more lines stops no import: every row is created once, the report is there."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 8)])
    words = [sys.executable, "-m", "importer", "run", str(file), "--yes", "--out", "report"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            words, cwd=desk.folder, env=desk.environment, stderr=full, stdout=full, timeout=GIVE_UP, check=False
        )
    assert sorted(record["Name"] for record in service.records) == [f"Room {n}" for n in range(2, 8)]
    assert {row["import_status"] for row in desk.report("report")} == {"created"}
    assert done.returncode in {0, 120}
