"""Resume, retry, verify and undo from Python."""

import asyncio

import pytest
from conftest import UNLIMITED, Desk, Service, mapping

import importer
from importer.errors import JournalError, SignInError, UsageError


@pytest.fixture
def office(service: Service, here: Desk) -> Desk:
    """A program that is signed in."""
    return here


def run_of(desk: Desk, number: int, **options: object) -> int:
    """The number of a run with so many rows."""
    file = desk.write("rows.csv", [mapping(one) for one in range(1, number + 1)])
    run = importer.run(file, **options).run  # type: ignore[arg-type]
    assert run is not None
    return run


def test_a_run_is_resumed_by_its_number(office: Desk, service: Service) -> None:
    """It goes on where it stopped, with the limits of now."""
    run = run_of(office, 5, max_rows=2)
    report = importer.resume(run, max_rows=2)
    assert (report.run, report.exit_code, service.creates) == (run, importer.Exit.LIMIT, 4)
    assert importer.resume(run).exit_code == importer.Exit.DONE
    assert service.creates == 5


def test_failed_rows_are_sent_again_as_a_new_run(office: Desk, service: Service) -> None:
    """With the number of the new run; a function may decline."""
    service.fail("400")
    run = run_of(office, 2)
    assert importer.retry(run, confirm=lambda plan: plan.plan.create != 1).run is None
    report = importer.retry(run)
    assert (report.run, report.counts["created"]) == (run + 1, 1)


def test_a_run_is_verified_and_undone(office: Desk, service: Service) -> None:
    """What was met and what became of each record comes as counts and as a file."""
    run = run_of(office, 3)
    verified = importer.verify(run)
    assert (verified.counts, verified.exit_code, verified.file.name) == ({"once": 3}, 0, "verification.csv")
    plans: list[importer.UndoPlan] = []

    def decline(plan: importer.UndoPlan) -> bool:
        plans.append(plan)
        return False

    assert importer.undo(run, confirm=decline).file is None
    assert [(plan.run, plan.delete, plan.put_back) for plan in plans] == [(run, 3, 0)]
    assert len(service.records) == 3
    states: list[importer.RunProgress] = []
    undone = importer.undo(run, progress=states.append)
    assert (undone.counts, undone.exit_code, undone.notable) == ({"removed": 3}, 0, ())
    assert states[-1].done == 3
    assert service.records == []
    assert importer.verify(run).counts == {}


def test_the_status_is_told_from_the_journal(office: Desk) -> None:
    """Also while the run is in progress, and of the latest run if none is named."""
    states: list[importer.StatusReport] = []
    run = run_of(office, 3, max_rows=2, progress=lambda _: states.append(importer.status()))
    assert {(one.run, one.state) for one in states} == {(run, "being sent")}
    stopped = importer.status(run)
    assert (stopped.state, stopped.exit_code, stopped.finished) == ("unfinished", importer.Exit.LIMIT, None)
    assert (stopped.counts["created"], stopped.rows, stopped.file) == (2, 3, "rows.csv")
    importer.resume(run)
    done = importer.status()
    assert (done.state, done.exit_code) == ("finished", 0)
    assert done.finished is not None
    assert done.folder.is_dir()


def test_they_are_awaited_as_well(office: Desk) -> None:
    """The same functions in a program with a loop."""
    run = run_of(office, 2, max_rows=1)

    async def work() -> list[int]:
        resumed = await importer.resume_async(run)
        verified = await importer.verify_async(run)
        undone = await importer.undo_async(run)
        return [resumed.exit_code, verified.exit_code, undone.exit_code]

    assert asyncio.run(work()) == [0, 0, 0]


def test_the_profile_of_the_run_is_used(office: Desk, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to remember which one it was; another one is named by the caller, and then counts."""
    monkeypatch.setenv("NEXUDUS_USERNAME_NORTH", UNLIMITED.username)
    monkeypatch.setenv("NEXUDUS_PASSWORD_NORTH", UNLIMITED.password)
    run = run_of(office, 2, profile="north", max_rows=1)
    for name in ("NEXUDUS_USERNAME", "NEXUDUS_PASSWORD"):
        monkeypatch.delenv(name)
    with pytest.raises(SignInError):
        importer.verify(run, profile="none")
    assert importer.resume(run).exit_code == 0
    assert importer.verify(run).counts == {"once": 2}


def test_a_number_without_a_run_is_an_error(office: Desk) -> None:
    """It says so, and nothing is begun."""
    with pytest.raises((UsageError, JournalError)) as error:
        importer.verify(7)
    assert "7" in str(error.value)
    assert error.value.exit_code == 2
