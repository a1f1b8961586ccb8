"""What the tests of reports share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from importer.journal.journal import open_journal
from importer.journal.rows import Change
from importer.journal.runs import Run
from importer.journal.states import Event
from reporting.office import Office, mapping_row


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office in an empty folder."""
    with open_journal(f"sqlite:///{tmp_path / 'journal.sqlite3'}") as journal:
        yield Office(tmp_path, journal)


@pytest.fixture
def row() -> Callable[..., list[str]]:
    """Makes correct rows."""
    return mapping_row


@pytest.fixture
def every_fate(office: Office) -> Run:
    """A finished run whose eight rows, with a blank line among them, have every fate there is."""
    rows = [mapping_row(n) for n in range(2, 9)]
    rows[3] = [""] * 6
    rows[5] = mapping_row(7, CoworkerId="")
    rows[6] = mapping_row(8, Name=" Studio ")
    run = office.plan(office.file([*rows, mapping_row(9), mapping_row(10)]))
    office.send(run, 2, Event.ACCEPTED, remote_id=9001)
    office.send(run, 3, Event.REFUSED, field="ResourceId", message="Resource: is not a valid value")
    office.send(run, 4)
    office.journal.rows.move(
        [Change(office.intent(run, 6), Event.KNOWN, 9000, None, "created as row 2 of run 0")], office.now
    )
    office.send(run, 8, Event.ACCEPTED, remote_id=9002)
    office.send(run, 9, Event.UNCLEAR, message="2 records of Nexudus fit")
    return office.finish(run, 8)
