"""Long work in a process of its own: it does the same, its errors come back, and its end is noticed."""

import os
import signal
import time
from pathlib import Path

import pytest
from conftest import mapping

from importer.config.settings import Settings
from importer.web import upload_pages
from importer.web.own_process import EndedError, RunningClock, in_own_process
from importer.web.upload_space import NoRoomError
from web.kit import Client, plain, serving, table


def put_down(path: Path, clock: RunningClock) -> None:
    """Write down which process this is, and the time."""
    path.write_text(f"{os.getpid()} {clock()}")


def refuse() -> None:
    """An error for the user."""
    raise NoRoomError("There is no room.", "Make some.")


def be_killed() -> None:
    """As if there were no memory left."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_the_work_is_done_elsewhere_at_the_time_of_the_page(tmp_path: Path) -> None:
    """Whatever time that is."""
    in_own_process(put_down, tmp_path / "done", RunningClock(1_900_000_000.0))
    pid, now = (tmp_path / "done").read_text().split()
    assert int(pid) != os.getpid()
    assert 1_900_000_000.0 <= float(now) < 1_900_000_060.0


def test_a_clock_goes_on() -> None:
    """From where it was set."""
    clock = RunningClock(5.0)
    first = clock()
    time.sleep(0.01)
    assert 5.0 <= first < clock()


def test_an_error_comes_back_with_its_advice() -> None:
    """It is for whoever asked for the work."""
    with pytest.raises(NoRoomError) as error:
        in_own_process(refuse)
    assert (error.value.message, error.value.advice) == ("There is no room.", "Make some.")


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_a_killed_process_is_noticed() -> None:
    """Nobody waits for it."""
    with pytest.raises(EndedError, match="ended unexpectedly"):
        in_own_process(be_killed)


def test_a_check_there_says_the_same(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """With names looked up, wrong cells and rows in the table."""
    content = table(mapping(2, CoworkerId="Ada Abbott"), mapping(3, CoworkerId="12.5"), mapping(4))
    pages = []
    for size in (10**9, 0):
        monkeypatch.setattr(upload_pages, "_LONG", size)
        place = client.draft("rows.csv", content)
        text = plain(client.follow(f"{place}/check").text)
        pages.append(text.replace(place, ""))
    assert pages[0] == pages[1]
    assert "1 row of 3 needs a change" in pages[0]


def test_a_check_there_that_has_no_room_says_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it would here."""
    monkeypatch.setattr(upload_pages, "_LONG", 0)
    with serving(settings.model_copy(update={"upload_space_per_person": 1})) as site:
        client = site.visitor()
        place = client.draft("half.csv", table(*(mapping(number, ResourceId="a") for number in range(10_000))))
        client.until(f"{place}/check", lambda text: "more room" in text)
