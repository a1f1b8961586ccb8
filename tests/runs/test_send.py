"""Rows of a planned run sent and its doubts settled: what stops it, and what is left then."""

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import GIVE_UP, Desk, Service, mapping, wait_until

from importer.config.settings import Settings
from importer.model import Status
from importer.runs.request import Choices, ImportRequest
from importer.runs.run import run as run_file
from runs.kit import once, rows


def test_the_same_refusal_for_every_row_stops_the_run(desk: Desk, service: Service) -> None:
    """When the service wants a field of every row, five refusals are enough to say so; exit 1."""
    service.fail(*["400"] * 20)
    done = desk.type("run", rows(desk, 30), "--yes", "--json")
    assert done.code == 1
    assert done.json["counts"]["rejected"] <= 9
    assert "Name" in done.err


def test_equal_401_texts_never_stop_a_run(desk: Desk, service: Service) -> None:
    """Refusals that name no field may have a cause in each row: all the others are still sent."""
    service.fail(*["401-row"] * 10)
    done = desk.type("run", rows(desk, 30), "--yes", "--json")
    assert (done.json["counts"]["rejected"], done.json["counts"]["created"]) == (10, 20)


class Impatient:
    """Somebody who asks to stop at the moment in which rows in doubt turn out to be absent."""

    def __init__(self) -> None:
        self._stop = asyncio.Event()

    def say(self, sentence: str) -> None:
        """Listen for it."""
        if "proved not created" in sentence:
            self._stop.set()

    def confirm(self, *_: object) -> bool:
        """Go on."""
        return True

    confirm_undo = confirm

    @contextmanager
    def sending(self) -> Iterator[asyncio.Event]:
        """The wish to stop."""
        yield self._stop

    def progress(self, *_: object) -> None:
        """Look at something else."""

    def log(self, _: object) -> None:
        """Look at something else."""


def test_a_stop_while_doubts_are_settled_is_no_end(desk: Desk, service: Service) -> None:
    """Rows proved absent then are not sent any more: the run is unfinished, and the next command sends them."""
    service.fail("lost-before")
    kept = {"url": service.url, "username": "ops@example.com", "password": "practice", "home": desk.home}
    settings = Settings.model_validate({**kept, "rate": None, "daily_quota": None, "settle": 0.3})
    file = Path(rows(desk, 3))
    result = asyncio.run(
        run_file(ImportRequest(file, settings, Impatient(), time.time, choices=Choices(out=desk.folder)))
    )
    assert result is not None
    assert (result.exit_code, result.run.finished) == (130, None)
    assert result.report.counts[Status.NOT_SENT] == 1
    assert desk.type("resume").code == 0
    assert once(service, 3)


class Watch(Impatient):
    """A clock, and somebody who sets it by so many seconds once the first rows are settled."""

    def __init__(self, jump: float) -> None:
        super().__init__()
        self._jump, self._jumped = jump, 0.0

    def say(self, sentence: str) -> None:
        """Nothing to do."""

    def log(self, _: object) -> None:
        """Nothing to do."""

    def progress(self, *_: object) -> None:
        """Set the clock."""
        self._jumped = self._jump

    def time(self) -> float:
        """Epoch seconds, as far as this clock knows."""
        return time.time() + self._jumped


JUMPS = [3_600.0, 2_592_000.0, -3_600.0, -2_592_000.0]


@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize(
    ("fault", "most", "code"),
    # A wait for the window that is worth an hour only after an hour of sending, one that the service asked for, and
    # one that the user has limited.
    [("lost-before", None, 8), ("throttle-429:1", None, 0), ("throttle-429:30", 2.0, 6)],
)
def test_r06_a_clock_that_is_set_while_rows_are_sent_makes_no_wait_longer(
    desk: Desk, service: Service, jump: float, fault: str, most: float | None, code: int
) -> None:
    """Forwards or back: the run ends as soon as it would have, or sooner, with the same result."""
    service.fail("ok", fault)
    watch, account = Watch(jump), {"url": service.url, "username": "ops@example.com", "password": "practice"}
    settings = Settings.model_validate(
        {**account, "home": desk.home, "rate": None, "daily_quota": None, "settle": 3_600.0, "concurrency": 1}
    )
    choices = Choices(out=desk.folder, max_duration=most)
    request = ImportRequest(Path(rows(desk, 3)), settings, watch, watch.time, choices=choices)
    began = time.monotonic()
    result = asyncio.run(asyncio.wait_for(run_file(request), 60))
    assert result is not None
    assert result.exit_code == code
    assert time.monotonic() - began < 25
    assert len(service.records) == result.report.counts[Status.CREATED]


def test_a_throttle_stops_nobody(desk: Desk, service: Service) -> None:
    """Throttled rows are sent again after the wait, in whichever form the service says it."""
    service.fail("throttle-409:1", "throttle-429:1", "throttle-409-bare")
    done = desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 8)]), "--yes", "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, 6)
    assert len(service.records) == 6


def test_ctrl_c_finishes_what_is_under_way(desk: Desk, service: Service) -> None:
    """Ctrl-C stops after the rows under way, writes the report, and resume does the rest."""
    file = desk.write("long.csv", [mapping(n) for n in range(2, 102)])
    desk.variables["IMPORTER_CONCURRENCY"] = "4"
    service.fail(*["ok"] * 10, *["slow:2"] * 90)
    process = desk.start("run", file, "--yes", "--json", "--out", "report")
    wait_until(lambda: service.creates >= 14)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=GIVE_UP)
    assert process.returncode == 130, err
    statuses = [row["import_status"] for row in desk.report("report")]
    assert statuses.count("created") == len(service.records) < 100
    assert set(statuses) == {"created", "not sent"}
    service.heal()
    assert desk.type("resume").code == 0
    assert len(service.records) == 100
