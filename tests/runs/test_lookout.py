"""What a worker looks at beside its runs: whatever happens to a look, no run waits for it, and no fault is hidden."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Desk, Service, mapping, wait_until

from importer.config.settings import Settings
from importer.errors import JournalAwayError
from importer.journal.journal import Journal, open_journal
from importer.runs import due_imports, lookout
from importer.runs.log import LogLine
from importer.runs.lookout import Lookout
from importer.runs.worker import Worker


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the next look."""
    monkeypatch.setattr(lookout, "_LOOK_EVERY", 0.01)


def looking(settings: Settings, told: list[LogLine]) -> Lookout:
    """One that is not begun."""
    return Lookout(settings, time.time, lambda _: settings, told.append)


def test_a_folder_that_does_not_answer_holds_up_no_run(
    service: Service, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on the drive of a network: the worker sends what is queued, and can be stopped."""
    (desk.folder / "in").mkdir()
    assert desk.type("schedule", "add", "in", "--when-a-file-appears").code == 0
    assert desk.type("run", desk.write("a.csv", [mapping(2)]), "--queue").code == 0
    looks, answers, stop = threading.Event(), threading.Event(), threading.Event()

    def hang(folder: Path, pattern: str | None) -> Iterator[Path]:
        looks.set()
        answers.wait()
        return iter(())

    def log(line: LogLine) -> None:
        if line.event == "run finished":
            looks.wait()
            stop.set()

    monkeypatch.setattr(due_imports, "files_in", hang)
    monkeypatch.setattr(lookout, "_LAST_LOOK_SECONDS", 0.0)
    monkeypatch.chdir(desk.folder)
    for name, value in desk.environment.items():
        monkeypatch.setenv(name, value)
    values = {"home": desk.home, "url": service.url, "username": "ops@example.com", "password": "x"}
    settings = Settings.model_validate(values)
    try:
        Worker(settings, time.time, lambda _: True, log, settings_of=lambda _: settings).work(stop)
    finally:
        answers.set()
    assert len(service.records) == 1


@pytest.mark.usefixtures("quick")
def test_it_is_idle_once_nothing_is_due(settings: Settings) -> None:
    """Not before it has looked."""
    one = looking(settings, [])
    assert not one.is_idle(is_patient=True)
    one.start()
    wait_until(lambda: one.is_idle(is_patient=True))
    one.stop()


@pytest.mark.usefixtures("quick")
def test_a_file_that_is_being_watched_keeps_it_from_being_idle(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that ends by itself waits for it, and for the run that it leads to."""
    answers = iter([True, True, False])

    def look(_one: Lookout, _journal: Journal) -> bool:
        return next(answers, False)

    monkeypatch.setattr(Lookout, "_look", look)
    monkeypatch.setattr(lookout, "_LOOK_SOON", 0.01)
    one = looking(settings, [])
    one.start()
    wait_until(lambda: one.is_idle(is_patient=True))
    one.stop()
    assert next(answers, None) is None


@pytest.mark.usefixtures("quick")
def test_a_database_that_is_away_is_waited_for(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said once, and that it goes on; a worker that ends by itself says it and ends."""
    is_away, told = threading.Event(), list[LogLine]()
    is_away.set()
    looks = 0

    def look(_one: Lookout, _journal: Journal) -> bool:
        nonlocal looks
        looks += 1
        if is_away.is_set():
            raise JournalAwayError("The database is away.")
        return False

    monkeypatch.setattr(Lookout, "_look", look)
    one = looking(settings, told)
    one.start()
    wait_until(lambda: looks > 3)
    assert not one.is_idle(is_patient=True)
    with pytest.raises(JournalAwayError):
        one.is_idle(is_patient=False)
    is_away.clear()
    wait_until(lambda: one.is_idle(is_patient=True))
    one.stop()
    assert one.is_idle(is_patient=False)
    assert [line.event for line in told] == ["worker waits", "worker goes on"]


def test_a_bug_ends_the_worker(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alone, the thread would end without a word, and nothing would be imported any more."""

    def fail(_one: Lookout, _journal: Journal) -> bool:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Lookout, "_look", fail)
    with open_journal(settings.journal_place), pytest.raises(RuntimeError, match="a bug"):
        Worker(settings, time.time, lambda _: True, lambda _: None).work(threading.Event())
