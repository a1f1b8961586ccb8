"""One sender among machines: a lease is held by one, kept while it waits, and lost to nobody who still sends.

Two journal objects with a home each stand for two machines that share nothing but the database.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import GIVE_UP
from delivery.kit import ACCOUNT, add_run
from postgres import Server, running_server

from importer.config.settings import JournalPlace
from importer.errors import BusyError, JournalAwayError, TakenOverError
from importer.journal import lease
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Change
from importer.journal.states import Event, State


@pytest.fixture
def url(postgres: Server) -> str:
    """An empty database."""
    return postgres.new_database()


@pytest.fixture
def two(url: str, tmp_path: Path) -> Iterator[tuple[Journal, Journal]]:
    """The journal as two machines have it."""
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(open_journal(JournalPlace(url, tmp_path / name))) for name in ("one", "two")
        )
        yield first, second


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default nobody can see whether the process of another machine has ended."""
    monkeypatch.setattr(lease, "system_id", lambda: "")


def end_lease(journal: Journal) -> None:
    """Let the time of every lease be over, as if its process had slept."""
    with journal._db.write() as db:
        db.exec_driver_sql("UPDATE lease SET until = 1")


def test_one_machine_holds_an_account_and_the_other_is_told_who(two: tuple[Journal, Journal]) -> None:
    """While the first one holds it, and no longer."""
    first, second = two
    with first.senders.hold(ACCOUNT, 7, "undo"):
        with pytest.raises(BusyError, match=rf"^Run 7 is sending for {ACCOUNT} \(process {os.getpid()} on .+, since "):
            second.senders.hold(ACCOUNT, 8).__enter__()
        holder = second.senders.holder(ACCOUNT)
        assert holder is not None
        assert (holder.run, holder.command, holder.pid) == (7, "undo", os.getpid())
        assert second.senders.holder("127.0.0.1/other@example.com") is None
        with second.senders.hold("127.0.0.1/other@example.com", 8):
            assert {one.run for one in first.senders.holders()} == {7, 8}
    with second.senders.hold(ACCOUNT, 8):
        pass
    assert second.senders.holders() == []


def test_a_run_is_announced_once_it_has_a_number(two: tuple[Journal, Journal]) -> None:
    """Until then, the account is held by nobody in particular."""
    first, second = two
    with first.senders.hold(ACCOUNT) as tell:
        assert second.senders.holders() == []
        with pytest.raises(BusyError, match=r"^Another importer is sending for "):
            second.senders.hold(ACCOUNT).__enter__()
        tell(12)
        assert [one.run for one in second.senders.holders()] == [12]


@pytest.mark.parametrize("taken", [True, False], ids=["taken over", "free"])
def test_an_intent_of_a_lease_that_others_have_is_not_written(
    two: tuple[Journal, Journal], tmp_path: Path, *, taken: bool
) -> None:
    """Whoever slept past the end of the lease sends nothing once somebody else has it, and goes on if nobody has."""
    first, second = two
    run = add_run(first, tmp_path, planned=3)
    planned = first.rows.planned(run, 0, 9)
    with ExitStack() as stack:
        stack.enter_context(first.senders.hold(ACCOUNT, run.id))
        end_lease(first)
        if taken:
            stack.enter_context(second.senders.hold(ACCOUNT, run.id))
            with pytest.raises(TakenOverError, match="taken over"):
                first.rows.will_send(run, ACCOUNT, planned, (), 5.0)
            for event in (Event.WILL_SEND,):
                with pytest.raises(TakenOverError):
                    first.rows.move([Change(planned[0], event)], 5.0)
            assert first.rows.counts(run) == {State.PLANNED: 3}
            assert len(second.rows.will_send(run, ACCOUNT, planned, (), 5.0).sent) == 3
        else:
            assert len(first.rows.will_send(run, ACCOUNT, planned, (), 5.0).sent) == 3


@pytest.mark.parametrize("taken", [True, False], ids=["taken over", "free"])
def test_whoever_slept_so_long_that_the_server_hung_up_is_told_what_became_of_the_account(
    two: tuple[Journal, Journal], *, taken: bool
) -> None:
    """In the middle of a transaction: the server ends it, so that it does not keep the others from writing."""
    first, second = two

    def sleep_and_wake_up() -> None:
        with ExitStack() as stack, first.senders.hold(ACCOUNT), first._db.write() as db:
            [(backend,)] = db.exec_driver_sql("SELECT pg_backend_pid()")
            with second._db.alone() as other:
                other.exec_driver_sql("SELECT pg_terminate_backend(?)", (backend,))
            end_lease(second)
            if taken:
                stack.enter_context(second.senders.hold(ACCOUNT))
            db.exec_driver_sql("SELECT 1")

    with pytest.raises(TakenOverError if taken else JournalAwayError):
        sleep_and_wake_up()


def test_a_late_answer_is_kept_if_its_row_waits_for_it_and_for_no_later_call(
    two: tuple[Journal, Journal], tmp_path: Path
) -> None:
    """Row 2 is in doubt still; row 3 was sent again by the other machine; row 4 was settled by it."""
    first, second = two
    run = add_run(first, tmp_path, planned=3)
    with first.senders.hold(ACCOUNT, run.id):
        sent = [one.sent() for one in first.rows.will_send(run, ACCOUNT, first.rows.planned(run, 0, 9), (), 5.0).sent]
        end_lease(first)
        with second.senders.hold(ACCOUNT, run.id):
            second.rows.move([Change(sent[1], Event.ABSENT), Change(sent[2], Event.FOUND, 72)], 6.0)
            again = second.rows.planned(run, 0, 9)
            assert [one.row for one in second.rows.will_send(run, ACCOUNT, again, (), 7.0).sent] == [3]
            answers = [Change(one, Event.ACCEPTED, number) for one, number in zip(sent, (70, 71, 73), strict=True)]
            late = first.rows.move_late(answers, 8.0)
    assert [change.intent.row for change in late] == [3, 4]
    rows = {one.row: (one.state, one.remote_id, one.attempts) for one in second.rows.all(run)}
    assert rows == {2: (State.CREATED, 70, 1), 3: (State.IN_DOUBT, None, 2), 4: (State.CREATED, 72, 1)}
    assert second.tally.of(run.id)[0] == {State.CREATED: 2, State.IN_DOUBT: 1}


def test_who_finds_its_rows_moved_is_told_who_has_taken_over(two: tuple[Journal, Journal], tmp_path: Path) -> None:
    """Answers come before the next intents are written, so that these cannot be what notices it."""
    first, second = two
    run = add_run(first, tmp_path, planned=1)
    with first.senders.hold(ACCOUNT, run.id):
        [one] = first.rows.will_send(run, ACCOUNT, first.rows.planned(run, 0, 9), (), 5.0).sent
        end_lease(first)
        with second.senders.hold(ACCOUNT, run.id):
            second.rows.move([Change(one.sent(), Event.FOUND, 70)], 6.0)
            with pytest.raises(TakenOverError):
                first.rows.move([Change(one.sent(), Event.ACCEPTED, 70)], 7.0)
    [row] = second.rows.all(run)
    assert (row.state, row.remote_id) == (State.CREATED, 70)


def test_no_call_leaves_without_a_lease(two: tuple[Journal, Journal], tmp_path: Path) -> None:
    """A command that forgot to hold the account is a bug that must not send."""
    first, _ = two
    run = add_run(first, tmp_path, planned=1)
    with pytest.raises(AssertionError, match="without a lease"):
        first.rows.will_send(run, ACCOUNT, first.rows.planned(run, 0, 9), (), 5.0)


def test_a_lease_is_kept_while_its_holder_waits(two: tuple[Journal, Journal], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that waits for hours for its allowance, and writes nothing."""
    first, _ = two
    monkeypatch.setattr(lease, "RENEWED_EVERY", 0.05)
    with first.senders.hold(ACCOUNT, 7):
        ends = _until(first)
        deadline = time.monotonic() + GIVE_UP
        while _until(first) == ends:
            assert time.monotonic() < deadline


def test_the_lease_of_a_silent_machine_is_waited_for_and_taken_over_when_it_ends(
    two: tuple[Journal, Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the wait is told, once."""
    first, second = two
    monkeypatch.setattr(lease, "RENEWED_EVERY", GIVE_UP)
    said = list[str]()
    with first.senders.hold(ACCOUNT, 7):
        monkeypatch.setattr(lease, "RENEWED_EVERY", 5.0)
        with first._db.write() as db:
            db.exec_driver_sql("UPDATE lease SET until = extract(epoch FROM clock_timestamp()) + 2")
        with second.senders.hold(ACCOUNT, 8, say=said.append):
            assert [one.run for one in second.senders.holders()] == [8]
    assert [one.partition(" is sending")[0] for one in said] == ["Run 7"]


def test_what_ended_on_this_machine_is_not_waited_for(
    two: tuple[Journal, Journal], monkeypatch: pytest.MonkeyPatch, url: str, tmp_path: Path
) -> None:
    """A process that was killed sends nothing any more, and where that can be seen its lease is taken at once."""
    monkeypatch.undo()
    program = (
        "import sys, time; from pathlib import Path; from importer.config.settings import JournalPlace\n"
        "from importer.journal.journal import open_journal\n"
        f"with open_journal(JournalPlace({url!r}, Path({str(tmp_path / 'three')!r}))) as journal:\n"
        f"    with journal.senders.hold({ACCOUNT!r}, 7):\n"
        "        print('held', flush=True); time.sleep(1000)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match=r"^Run 7 is sending"):
            two[0].senders.hold(ACCOUNT, 8).__enter__()
        process.send_signal(signal.SIGKILL)
    assert (two[0].senders.holder(ACCOUNT), two[1].senders.holders()) == (None, [])
    with two[0].senders.hold(ACCOUNT, 8, say=pytest.fail):
        assert [(one.run, one.machine) for one in two[1].senders.holders()] == [(8, "")]


def test_a_server_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a lease without an answer, and whoever waits for one is told that the database cannot be reached."""
    monkeypatch.setattr(lease, "SECONDS", 4.0)
    with running_server() as server, open_journal(JournalPlace(server.url(), tmp_path)) as journal:
        run = add_run(journal, tmp_path, planned=1)
        planned, frozen = journal.rows.planned(run, 0, 1), list[int]()

        def send_while_it_hangs() -> None:
            with journal.senders.hold(ACCOUNT, run.id):
                frozen.extend(server.processes())
                for pid in frozen:
                    os.kill(pid, signal.SIGSTOP)
                journal.rows.will_send(run, ACCOUNT, planned, (), 5.0)

        try:
            with pytest.raises(JournalAwayError, match="cannot be reached"):
                send_while_it_hangs()
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
        assert journal.rows.counts(run) == {State.PLANNED: 1}


def _until(journal: Journal) -> float:
    with journal._db.read() as db:
        return float(db.exec_driver_sql("SELECT until FROM lease").scalar_one())
