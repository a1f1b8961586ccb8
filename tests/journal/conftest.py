"""What the tests of the journal share: one journal in a file and one on a server, which must behave alike."""

from collections.abc import Callable
from pathlib import Path

import pytest
from postgres import Server

from importer.config.settings import JournalPlace
from importer.journal.journal import Journal, open_journal

Open = Callable[[], Journal]


def open_without_lease(place: JournalPlace) -> Journal:
    """A journal in which rows are sent by whoever likes to: what the rows themselves refuse must hold alone."""
    journal = open_journal(place)
    journal.rows._fence = lambda _: None
    return journal


@pytest.fixture(params=["in a file", "on a server"])
def open_one(request: pytest.FixtureRequest, memory: Path) -> Open:
    """Opens a journal, which is empty at first, each time as another process would."""
    if request.param == "in a file":
        return lambda: open_journal(f"sqlite:///{memory / 'j'}")
    server: Server = request.getfixturevalue("postgres")
    place = JournalPlace(server.new_database(), memory)
    return lambda: open_without_lease(place)
