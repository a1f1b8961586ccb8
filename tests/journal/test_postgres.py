"""A journal on a server: what it refuses, what it says when the server is away, and that many may come at once."""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from delivery.kit import add_run
from postgres import Server, running_server

from importer.config.settings import JournalPlace
from importer.errors import Exit, JournalAwayError, JournalBusyError, JournalError
from importer.issues import Issue
from importer.journal import postgres as module
from importer.journal.journal import Journal, open_journal
from importer.journal.postgres import ServerClock, in_server_marks
from importer.journal.runs import Run
from importer.journal.states import State


def opened(url: str, home: Path, patience: float = 60.0) -> Journal:
    """The journal of an installation."""
    return open_journal(JournalPlace(url, home), patience)


def database_of(url: str) -> str:
    """Its name."""
    return sa.make_url(url).database or ""


def update_around(journal: Journal, run: Run, event: Callable[[], object]) -> None:
    """One transaction, in the middle of which something happens."""
    with journal.together():
        journal.runs.update(run, stop=True)
        event()
        journal.runs.update(run, exit_code=6)


@pytest.mark.parametrize("name", ["synchronous_commit", "fsync"])
def test_a_server_that_may_lose_a_commit_is_refused(postgres: Server, tmp_path: Path, name: str) -> None:
    """A call that was made and forgotten would be made again."""
    if name == "fsync":
        with running_server("-c fsync=off") as careless, pytest.raises(JournalError, match="has fsync = off, with"):
            opened(careless.url(), tmp_path)
        return
    url = postgres.new_database()
    for value in ("off", "local"):
        postgres.ask(f"ALTER DATABASE {database_of(url)} SET synchronous_commit = {value}")
        with pytest.raises(JournalError, match=f"has synchronous_commit = {value}, with which saved data can be lost"):
            opened(url, tmp_path)
    postgres.ask(f"ALTER DATABASE {database_of(url)} SET synchronous_commit = on")
    opened(url, tmp_path).__exit__()


def test_a_database_that_lacks_letters_is_refused(postgres: Server, tmp_path: Path) -> None:
    """Names of people would not fit in."""
    postgres.ask("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(JournalError, match="stores text as LATIN1"):
        opened(postgres.url("latin"), tmp_path)


def test_a_read_only_copy_is_refused(postgres: Server, tmp_path: Path) -> None:
    """It would be noticed at the first write only, after a check of a million rows."""
    with postgres.standby() as standby, pytest.raises(JournalError, match="is a read-only copy of another one"):
        opened(standby.url(), tmp_path)


def test_another_programs_database_is_refused(postgres: Server, tmp_path: Path) -> None:
    """And the sentence names it without a password."""
    url = postgres.new_database()
    postgres.ask("CREATE TABLE theirs (id int)", database_of(url))
    secret = url.replace("postgres@", "postgres:geheim@")
    with pytest.raises(JournalError, match=rf"^postgresql://postgres:\*\*\*@/{database_of(url)} is the database of an"):
        opened(secret, tmp_path)


def test_a_schema_of_its_own_is_enough(postgres: Server, tmp_path: Path) -> None:
    """Where a company has one database for everything."""
    url = postgres.new_database()
    postgres.ask("CREATE TABLE theirs (id int)", database_of(url))
    postgres.ask("CREATE SCHEMA importer", database_of(url))
    with opened(f"{url}&options=-csearch_path%3Dimporter", tmp_path) as journal:
        add_run(journal, tmp_path, planned=2)
    [tables] = postgres.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'importer'", database_of(url))
    assert tables[0] > 10


def test_without_the_package_the_advice_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no part of what one machine needs."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(JournalError, match="the package for it is not installed") as error:
        opened("postgresql://nowhere/x", tmp_path)
    assert "[team]" in error.value.advice


def test_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    """With both kinds that there are."""
    with pytest.raises(JournalError, match="of the kind mysql") as error:
        opened("mysql://host/x", tmp_path)
    assert "postgresql://" in error.value.advice


@pytest.mark.parametrize(
    "text", ["", "journal", "ines:geheim@127.0.0.1:9", "postgresql://host:port/x", "://", "a b://c"]
)
def test_what_is_no_address_is_said_without_repeating_it(tmp_path: Path, text: str) -> None:
    """It may hold a password."""
    with pytest.raises(JournalError, match=r"^(IMPORTER_JOURNAL is no address|The journal cannot be in)") as error:
        opened(text, tmp_path)
    assert "geheim" not in error.value.message


def test_a_server_that_is_not_there_is_safe_to_resume(tmp_path: Path) -> None:
    """Not a fault of the command: the same will do later."""
    with pytest.raises(JournalAwayError, match="The journal's database cannot be reached: ") as error:
        opened(f"postgresql:///x?host={tmp_path}", tmp_path)
    assert error.value.exit_code is Exit.SERVICE
    assert "importer resume" in error.value.advice


def test_a_connection_that_ends_in_a_transaction_keeps_nothing_of_it(postgres: Server, tmp_path: Path) -> None:
    """And the next transaction has a connection of its own."""
    url = postgres.new_database()
    with opened(url, tmp_path) as journal:
        run = add_run(journal, tmp_path, planned=2)

        def end_connections() -> None:
            # From another connection, as a server does that is restarted.
            postgres.ask(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database_of(url)}'")

        with pytest.raises(JournalAwayError, match="cannot be reached"):
            update_around(journal, run, end_connections)
        assert (journal.runs.get(run.id).stop, journal.runs.get(run.id).exit_code) == (False, None)
        assert journal.rows.counts(run) == {State.PLANNED: 2}


def test_a_crash_of_the_server_takes_back_nothing_that_was_committed(tmp_path: Path) -> None:
    """The rows of before are there; the transaction that was under way is not."""
    with running_server() as server:
        with opened(server.url(), tmp_path) as journal:
            run = add_run(journal, tmp_path, planned=3)
            with pytest.raises(JournalAwayError):
                update_around(journal, run, lambda: server.stop("immediate"))
            with pytest.raises(JournalAwayError):
                journal.runs.latest()
        server.start()
        with opened(server.url(), tmp_path) as journal:
            assert journal.rows.counts(run) == {State.PLANNED: 3}
            assert not journal.runs.get(run.id).stop


def test_many_machines_may_be_the_first(postgres: Server, tmp_path: Path) -> None:
    """Each makes the tables where there are none; one does."""
    url = postgres.new_database()
    starts = threading.Barrier(8)

    def come(number: int) -> int:
        starts.wait()
        with opened(url, tmp_path / str(number)) as journal:
            return add_run(journal, tmp_path, planned=1).id

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(come, range(8))) == list(range(1, 9))


def test_a_writer_is_waited_for_as_long_as_patience_lasts(postgres: Server, tmp_path: Path) -> None:
    """One writes at a time, as in a file; those who read do not wait."""
    url = postgres.new_database()
    with opened(url, tmp_path / "one") as first, opened(url, tmp_path / "two", 0.2) as second:
        run = add_run(first, tmp_path)
        with first.together():
            first.runs.update(run, stop=True)
            assert not second.runs.get(run.id).stop
            with pytest.raises(JournalBusyError, match="Another process is writing"):
                second.runs.update(run, exit_code=6)
        assert second.runs.update(run, exit_code=6).stop


def test_a_machine_that_sleeps_in_a_transaction_keeps_nobody_waiting(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends it, and the sleeper learns of it as soon as it goes on."""
    monkeypatch.setattr(module, "_LONGEST_TRANSACTION", 0.2)
    url = postgres.new_database()
    with opened(url, tmp_path / "one") as first, opened(url, tmp_path / "two") as second:
        run = add_run(first, tmp_path)
        with pytest.raises(JournalAwayError):
            update_around(first, run, lambda: second.runs.update(run, exit_code=5))
        assert (first.runs.get(run.id).stop, first.runs.get(run.id).exit_code) == (False, 5)


def test_texts_come_back_as_they_were_but_for_the_one_character_that_a_server_lacks(
    postgres: Server, tmp_path: Path
) -> None:
    """Cells of files have all of them."""
    texts = ["Ä ß 漢字 😀", "100% ? :name %s %(x)s", "line\r\nline\t\u2028", "a\0b"]
    with opened(postgres.new_database(), tmp_path) as journal:
        run = add_run(journal, tmp_path)
        issues = [Issue("cell-empty", row, f"A{row}", value=text) for row, text in enumerate(texts, 2)]
        journal.rows.plan(run, [((), issues, len(texts))], run.target or 0, 3.0)
        assert [issue.value for issue in journal.rows.issues(run)] == [*texts[:-1], "a\N{REPLACEMENT CHARACTER}b"]


def test_its_backup_is_the_servers(postgres: Server, tmp_path: Path) -> None:
    """A file of ours would be one more thing that is out of date."""
    with opened(postgres.new_database(), tmp_path) as journal:
        with pytest.raises(JournalError, match="is on a database server") as error:
            journal.back_up(tmp_path / "backup")
        assert "pg_dump" in error.value.advice
        assert journal.fault() == ""


def test_the_time_is_the_servers(postgres: Server, tmp_path: Path) -> None:
    """Whatever the clock on the wall of this machine shows."""
    with opened(postgres.new_database(), tmp_path) as journal:
        assert journal.clock is not None
        [[now]] = postgres.ask("SELECT extract(epoch FROM clock_timestamp())::float8")
        assert 0 <= now - journal.clock() + 1 < 60


def test_the_clock_goes_on_from_what_the_server_said_last() -> None:
    """By seconds since the machine was started, which nobody sets."""
    passed = [100.0]
    clock = ServerClock(lambda: passed[0])
    clock.set(5_000.0)
    passed[0] = 130.0
    assert clock() == 5_030.0
    clock.set(5_029.5)
    assert clock() == 5_029.5


@pytest.mark.parametrize(
    ("ours", "servers"),
    [
        ("SELECT x FROM y WHERE a = ? AND b IN (?, ?)", "SELECT x FROM y WHERE a = %s AND b IN (%s, %s)"),
        ("SET a = :new_a WHERE b = :in_b", "SET a = %(new_a)s WHERE b = %(in_b)s"),
        ("SELECT 1::float8, %(x)s::VARCHAR", "SELECT 1::float8, %(x)s::VARCHAR"),
    ],
)
def test_statements_are_translated(ours: str, servers: str) -> None:
    """Those of the journal have SQLite's marks; those that SQLAlchemy makes have the server's already."""
    assert in_server_marks(ours) == servers
