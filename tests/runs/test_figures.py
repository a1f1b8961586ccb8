"""The figures of an installation: what its commands did stands in them, whichever process did it."""

from pathlib import Path

import pytest
from conftest import Desk, Service, mapping
from postgres import Server

from importer.config.settings import Settings
from importer.journal.windows import DAY
from importer.runs.figures import Figures, RunState, read_figures


@pytest.fixture(params=["in a file", "on a server"])
def journal(request: pytest.FixtureRequest, desk: Desk) -> str:
    """Where the journal is."""
    if request.param == "in a file":
        return f"sqlite:///{desk.home}/journal.sqlite3"
    server: Server = request.getfixturevalue("postgres")
    return server.new_database()


def figures_of(desk: Desk, journal: str) -> Figures:
    """The figures, as a process with the usual limits reads them."""
    settings = Settings.model_validate({"home": desk.home, "journal": journal})
    return read_figures(settings, desk.clock())


def test_an_empty_journal_has_figures(desk: Desk, journal: str) -> None:
    """A monitor may ask before anything was imported."""
    assert figures_of(desk, journal) == Figures({}, {}, [], {}, {}, 0)


def test_what_was_sent_refused_and_queued_is_counted(service: Service, desk: Desk, journal: str) -> None:
    """Rows by their state, runs, calls and what is left of them, by account."""
    desk.variables |= {"IMPORTER_JOURNAL": journal, "IMPORTER_RATE": "100/s"}
    service.fail("400", "ok")
    rows = [mapping(2), mapping(3), mapping(4), mapping(5, Name="")]
    assert desk.type("run", desk.write("a.csv", rows), "--yes").code == 1
    assert desk.type("run", desk.write("b.csv", [mapping(6)]), "--queue").code == 0
    figures = figures_of(desk, journal)
    [account] = {account for account, _ in figures.rows}
    assert {state: number for (_, state), number in figures.rows.items()} == {
        "created": 2,
        "rejected": 1,
        "invalid": 1,
    }
    # Before a run has signed in, the key of an account of the practice service lacks its last part.
    assert {state: number for (_, state), number in figures.runs.items()} == {RunState.FINISHED: 1, RunState.QUEUED: 1}
    [day] = [use for use in figures.allowances if use.window.seconds >= DAY and use.account == account]
    assert (day.used, day.left) == (3, 4997)
    assert figures.pauses[account] == 0.0
    assert (figures.holders, figures.workers) == ({account: 1} if journal.startswith("postgresql") else {}, 0)
    assert desk.type("retry", "1", "--yes").code == 0
    again = figures_of(desk, journal)
    assert again.rows[account, "created"] == 3
    assert again.holders == {one: times + 1 for one, times in figures.holders.items()}


def test_a_window_that_is_overdrawn_has_nothing_left(service: Service, desk: Desk, journal: str) -> None:
    """A limit may be lowered after its calls were made."""
    desk.variables |= {"IMPORTER_JOURNAL": journal, "IMPORTER_RATE": "100/s"}
    assert desk.type("run", desk.write("a.csv", [mapping(2), mapping(3)]), "--yes").code == 0
    settings = Settings.model_validate({"home": desk.home, "journal": journal, "daily_quota": 1})
    [day] = [use for use in read_figures(settings, desk.clock()).allowances if use.window.seconds >= DAY]
    assert (day.used, day.left) == (2, 0)


def test_nothing_of_a_file_is_in_the_figures(service: Service, desk: Desk) -> None:
    """No name of a person, a room or a file."""
    desk.type("run", desk.write("salaries.csv", [mapping(2, Name="Secret room")]), "--yes")
    text = repr(figures_of(desk, f"sqlite:///{desk.home}/journal.sqlite3"))
    assert "Secret" not in text
    assert "salaries" not in text
    assert Path(desk.home).name not in text
