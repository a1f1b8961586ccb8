"""A PostgreSQL server of the tests' own: on a socket in a folder of its own, ended with them."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

_PATIENCE = 300
"""Seconds for the server to start or stop: only one that hangs takes them."""

_PLACES = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/local/bin"), Path("/usr/bin"))


@dataclass
class Server:
    """The server, and what makes a new, empty database on it."""

    programs: Path
    folder: Path
    options: tuple[str, ...] = ()
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def _socket(self) -> str:
        return str(self.folder)

    def url(self, database: str = "postgres") -> str:
        """The URL of a database, as a user writes it."""
        return f"postgresql://postgres@/{database}?host={self._socket}"

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"journal_{next(self._numbers)}"
        self.ask(f"CREATE DATABASE {name}")
        return self.url(name)

    def ask(self, statement: str, database: str = "postgres") -> list[Any]:
        """The rows that a statement gives, outside any transaction."""
        engine = sa.create_engine(self.url(database).replace("postgresql:", "postgresql+psycopg:"))
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
                done = db.exec_driver_sql(statement)
                return list(done) if done.returns_rows else []
        finally:
            engine.dispose()

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        self.control("start", "-o", " ".join(("-c listen_addresses=", f"-k {self._socket}", *self.options)))

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; in the mode ``immediate`` it is as if it had crashed."""
        self.control("stop", "-m", mode)

    @contextmanager
    def standby(self) -> "Iterator[Server]":
        """A read-only copy of this server that follows it."""
        with _folder() as folder:
            copy = Server(self.programs, folder)
            source = ("-h", self._socket, "-U", "postgres")
            copy.run("pg_basebackup", *source, "-D", f"{folder}/data", "-R", "-c", "fast", "--no-sync")
            copy.start()
            try:
                yield copy
            finally:
                copy.stop("immediate")

    def processes(self) -> list[int]:
        """The numbers of the server's processes, its connections among them."""
        first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]

    def control(self, *words: str) -> None:
        """Run pg_ctl."""
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-t", f"{_PATIENCE}", "-l", f"{self.folder}/log", *words)

    def run(self, program: str, *words: str) -> None:
        """Run one of the server's programs, which refuse to run as root."""
        user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        ids: dict[str, Any] = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        subprocess.run([self.programs / program, *words], check=True, capture_output=True, cwd="/", **ids)


def programs() -> Path:
    """Where the server's programs are; the test is skipped where there are none, but never where changes are landed."""
    place = next((each for each in _PLACES if (each / "pg_ctl").exists()), None)
    if place is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed, and these tests must run here.")
        pytest.skip("PostgreSQL is not installed (Debian's package is postgresql).")
    return place


@contextmanager
def running_server(*options: str) -> Iterator[Server]:
    """A server with an empty cluster; ``options`` are for it."""
    with _folder() as folder:
        server = Server(programs(), folder, options)
        locale = ("--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8")
        server.run("initdb", "--no-sync", *locale, f"{folder}/data")
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")


@contextmanager
def _folder() -> Iterator[Path]:
    # Not in the folder of the test, which only this user may enter, and whose path may be too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
