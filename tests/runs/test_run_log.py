"""What is logged of the work on a run, and how often."""

from pathlib import Path
from typing import Any

import pytest
from delivery.kit import ACCOUNT, add_run

from importer.errors import Exit, ServiceError
from importer.journal.journal import open_journal
from importer.journal.states import State
from importer.model import Progress, Status
from importer.runs.log import Level, LogLine
from importer.runs.run_log import RunLog


class Book:
    """A log, and a clock that stands."""

    def __init__(self, folder: Path) -> None:
        self.lines: list[LogLine] = []
        self.now = 1_000.0
        with open_journal(f"sqlite:///{folder / 'journal.sqlite3'}") as journal:
            self.log = RunLog(self.lines.append, add_run(journal, folder, planned=3), lambda: self.now)

    @property
    def last(self) -> dict[str, Any]:
        """The last line, without what all have."""
        line = self.lines[-1]
        assert (line.run, line.account) == (1, ACCOUNT)
        return {"event": line.event, **line.details}


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """The log of a run of three rows."""
    return Book(tmp_path)


def test_the_beginning_says_how_the_rows_stand(book: Book) -> None:
    """What is zero is left out, but the number of invalid rows."""
    book.log.started({State.PLANNED: 2, State.IN_DOUBT: 1, State.HELD: 0})
    assert [line.event for line in book.lines] == ["run started", "run planned"]
    assert book.last == {"event": "run planned", "planned": 2, "in_doubt": 1, "invalid": 0}


def test_progress_is_logged_every_few_seconds_and_at_the_end(book: Book) -> None:
    """Ten thousand rows are not ten thousand lines; a clock that is put back keeps nothing from being logged."""
    for done in range(1, 100):
        book.log.progress(Progress(done, 0), 100, 60.4)
    assert [line.details["done"] for line in book.lines] == [1]
    book.now += 6
    book.log.progress(Progress(99, 1), 100, 60.4)
    assert book.last == {"event": "progress", "done": 99, "total": 100, "failed": 1, "seconds_left": 60}
    book.now -= 3_600
    book.log.progress(Progress(99, 1), 100)
    book.log.progress(Progress(100, 1), 100)
    assert [line.details["done"] for line in book.lines] == [1, 99, 99, 100]


def test_each_failed_row_is_named(book: Book) -> None:
    """By its number alone."""
    book.log.progress(Progress(3, 2, failed_rows=(7, 9)), 10)
    failed = [line for line in book.lines if line.event == "row failed"]
    assert [(line.details, line.level) for line in failed] == [({"row": 7}, Level.WARNING), ({"row": 9}, Level.WARNING)]


def test_throttles_are_logged_with_their_number(book: Book) -> None:
    """Not each of them: under a used up quota, there are thousands."""
    for throttles in range(1, 50):
        book.log.progress(Progress(1, 0, throttled=throttles), 10)
    book.now += 6
    book.log.progress(Progress(1, 0, throttled=60), 10)
    book.now += 6
    book.log.progress(Progress(1, 0, throttled=60), 10)
    book.log.progress(Progress(1, 0, throttled=2), 10)
    assert [line.details["throttles"] for line in book.lines if line.event == "throttled"] == [1, 60, 62]


def test_a_wait_is_logged_once_with_its_end(book: Book) -> None:
    """However often it is shown."""
    for _ in range(9):
        book.log.progress(Progress(1, 0, "the daily quota is used up", 90_000.4), 10)
        book.now += 6
    paused = [line for line in book.lines if line.event == "paused"]
    assert [line.details for line in paused] == [{"until": "1970-01-02T01:00:00Z", "why": "the daily quota is used up"}]


def test_the_end_has_the_exit_code_and_the_outcomes(book: Book) -> None:
    """A warning unless all is well, or as the user wanted it."""
    book.log.ended(Exit.IN_DOUBT, {Status.CREATED: 2, Status.NOT_SENT: 1, Status.INVALID: 0})
    assert book.last == {"event": "run ended", "work": "send", "exit_code": 8, "created": 2, "not_sent": 1}
    book.log.ended(Exit.LIMIT, {})
    assert [line.level for line in book.lines] == [Level.WARNING, Level.INFO]


def test_an_error_is_an_end_as_well(book: Book) -> None:
    """By its kind; its sentence may quote what others have said."""
    with pytest.raises(ServiceError), book.log.noting_errors():
        raise ServiceError("It says <b>no</b>.")
    assert book.last == {"event": "run ended", "work": "send", "exit_code": 5, "error": "service"}
    with pytest.raises(TypeError), book.log.noting_errors():
        raise TypeError("cell A3")
    assert book.last == {"event": "run ended", "work": "send", "error": "TypeError"}
