"""A user signed in: whose calls are counted, and under which name this installation signs in."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Desk, Service, mapping

from importer.journal.journal import Journal, open_journal
from importer.journal.windows import Window
from importer.runs.allowances import reason_to_wait
from importer.runs.session import ReadTurns, WaitTeller

NOW = 1_795_000_000.0
MINUTE = Window(3, 60.0)


@pytest.fixture
def journal(memory: Path) -> Iterator[Journal]:
    """A journal without calls."""
    with open_journal(f"sqlite:///{memory / 'journal.sqlite3'}") as journal:
        yield journal


def test_reads_before_the_account_is_known_are_counted_for_it(journal: Journal) -> None:
    """Those of the sign-in go at once; as soon as it is known whose they were, they take their places."""

    async def signed_in() -> list[int]:
        turns, used = ReadTurns(journal, (MINUTE,), lambda _: None, lambda: NOW), list[int]()
        for _ in range(2):
            await turns.acquire()
        used.append(journal.calls.used("ada", MINUTE, NOW)[0])
        turns.belong_to("ada")
        await turns.acquire()
        return [*used, *(journal.calls.used(account, MINUTE, NOW)[0] for account in ("ada", "mo"))]

    assert asyncio.run(signed_in()) == [0, 3, 0]


def test_a_wait_is_told_once_with_its_reason(journal: Journal) -> None:
    """However many calls wait for it and look again; a later wait is another one, a short one is nothing to tell."""
    told = list[str]()
    wait_teller = WaitTeller(told.append)
    for now, seconds in ((NOW, 32.0), (NOW, 32.4), (NOW + 12, 20.0), (NOW + 30, 5.0), (NOW + 33, 45.0)):
        wait_teller.tell("it is full", now, seconds)
    assert told == [
        "Waiting for 32 seconds, because it is full. Press Ctrl-C to stop.",
        "Waiting for 45 seconds, because it is full. Press Ctrl-C to stop.",
    ]


def test_the_reason_is_the_longest_limit_that_is_used_up(journal: Journal) -> None:
    """Of those that count the call; without one, the service has asked for the wait."""
    hour, writes = Window(4, 3600.0), Window(2, 60.0, writes=True)
    limits = (MINUTE, hour, writes)
    assert reason_to_wait(journal, "ada", limits, NOW, write=True) == "Nexudus asked for a pause or cannot be reached"
    for _ in range(2):
        journal.calls.reserve("ada", (Window(9, 60.0),), write=True, now=NOW)
    assert reason_to_wait(journal, "ada", limits, NOW, write=True) == "the limit of 2 changes a minute is used up"
    assert reason_to_wait(journal, "ada", limits, NOW, write=False) == "Nexudus asked for a pause or cannot be reached"
    journal.calls.note("ada", 1, NOW)
    assert reason_to_wait(journal, "ada", limits, NOW, write=False) == "the limit of 3 calls a minute is used up"
    journal.calls.note("ada", 1, NOW)
    assert reason_to_wait(journal, "ada", limits, NOW, write=True) == "the limit of 4 calls an hour is used up"
    odd = (Window(1, 1800.0),)
    assert reason_to_wait(journal, "ada", odd, NOW, write=True) == "the limit of 1 call in 30 minutes is used up"


def test_each_installation_signs_in_under_a_name_of_its_own(desk: Desk, service: Service) -> None:
    """Always the same, or each command would end the sign-in of the one before; and no other has it."""
    names = []
    for home in ("one", "one", "two"):
        desk.variables["IMPORTER_HOME"] = str(desk.folder / home)
        assert desk.type("whoami").code == 0
        names.append((desk.folder / home / "client-id").read_text())
    assert names[0] == names[1] != names[2]
    assert desk.type("run", desk.write("rows.csv", [mapping(2)]), "--yes").code == 0


COMMANDS = (
    ["whoami"],
    ["check", "rows.csv"],
    ["plan", "rows.csv"],
    ["run", "rows.csv", "--yes"],
    ["verify", "1"],
    ["reconcile", "1"],
    ["undo", "1", "--yes"],
    ["template"],
)


def test_a_token_that_is_not_accepted_is_mentioned_by_whatever_signs_in(desk: Desk, service: Service) -> None:
    """Once, on stderr: the password may be another user's. A good token, or none, is nothing to mention."""
    desk.write("rows.csv", [mapping(2)])
    desk.variables["NEXUDUS_TOKEN"] = "expired"
    for command in COMMANDS:
        done = desk.type(*command)
        assert done.code == 0, (command, done.err)
        assert done.err.count("did not accept your token") == 1, command
        assert "ops@example.com" in done.err
        assert "accept your token" not in done.out
    assert "did not accept your token" in desk.type("doctor").out
    del desk.variables["NEXUDUS_TOKEN"]
    assert "token" not in desk.type("whoami").err
