"""A user signed in: whose calls are counted, and under which name this installation signs in."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Desk, Service, mapping

from importer.journal.journal import Journal, open_journal
from importer.journal.windows import Window
from importer.runs.session import ReadThrottle

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
        turns, used = ReadThrottle(journal, (MINUTE,), lambda _: None, lambda: NOW), list[int]()
        for _ in range(2):
            await turns.acquire()
        used.append(journal.calls.used("ada", MINUTE, NOW)[0])
        turns.belong_to("ada")
        await turns.acquire()
        return [*used, *(journal.calls.used(account, MINUTE, NOW)[0] for account in ("ada", "mo"))]

    assert asyncio.run(signed_in()) == [0, 3, 0]


def test_each_installation_signs_in_under_a_name_of_its_own(desk: Desk, service: Service) -> None:
    """Always the same, or each command would end the sign-in of the one before; and no other has it."""
    names = []
    for home in ("one", "one", "two"):
        desk.variables["IMPORTER_HOME"] = str(desk.folder / home)
        assert desk.type("whoami").code == 0
        names.append((desk.folder / home / "client-id").read_text())
    assert names[0] == names[1] != names[2]
    assert desk.type("run", desk.write("rows.csv", [mapping(2)]), "--yes").code == 0
