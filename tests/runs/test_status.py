"""How a run stands, from the journal alone: rows, allowance, waits, and whether a process works on it."""

from pathlib import Path

import pytest
from delivery.kit import ACCOUNT, KIND, PATH, add_run, record

from importer.config.settings import Settings
from importer.errors import UsageError
from importer.issues import Issue
from importer.journal.journal import Journal
from importer.journal.lock import exclusive_sender
from importer.journal.next_steps import StepKind
from importer.journal.rows import Change
from importer.journal.runs import NewRun, Run
from importer.journal.states import Event, State
from importer.model import Status
from importer.runs.allowances import windows
from importer.runs.status import (
    ask_to_stop,
    end_run,
    latest_statuses,
    run_status,
    search_statuses,
    status_and_others,
    statuses_of_content,
)

NOW = 1_900_000_000.0


@pytest.fixture
def run(journal: Journal, memory: Path) -> Run:
    """Five rows and one that is invalid; the first was created, the second rejected, the third is in doubt."""
    begun = add_run(journal, memory)
    target = journal.runs.target(ACCOUNT, KIND.name)
    issues = [Issue("cell-empty", 7, "A7")]
    begun = journal.rows.plan(begun, [([record(n) for n in range(2, 7)], issues, 6)], target, NOW - 30)
    journal.rows.will_send(begun, ACCOUNT, journal.rows.planned(begun, 0, 3), (), NOW - 20)
    first, second, _ = journal.rows.all(begun, State.IN_DOUBT)
    journal.rows.move([Change(first, Event.ACCEPTED, 7), Change(second, Event.REFUSED)], NOW - 10)
    return begun


def test_the_rows_of_a_status_add_up(run: Run, settings: Settings) -> None:
    """Each row has exactly one, the invalid ones too."""
    status = run_status(run.id, settings, NOW)
    counts = {each.value: number for each, number in status.counts.items() if number}
    assert counts == {"created": 1, "rejected": 1, "unknown": 1, "not sent": 2, "invalid": 1}
    assert (status.rows, status.to_send, status.done, status.failed, status.unsent) == (6, 5, 3, 1, 2)
    assert (status.to_retry, status.removed, status.taking_back) == (3, 0, 0)
    assert status.counts[Status.EXISTING] == 0
    assert not status.finished


def test_a_row_that_was_left_out_is_a_row_of_a_run_that_is_planned(
    run: Run, journal: Journal, settings: Settings
) -> None:
    """Before it is planned, a run has no rows at all."""
    options = {"read": {"left_out": [3, 5]}}
    new = NewRun(KIND.name, "http://127.0.0.1", PATH, "rows.csv", "0" * 64, "copy", options, NOW)
    begun = journal.runs.update(journal.runs.add(new), account=ACCOUNT)
    assert run_status(begun.id, settings, NOW).rows == 0
    planned = journal.rows.plan(begun, [([record(2)], (), 1)], run.target or 0, NOW)
    status = run_status(planned.id, settings, NOW)
    assert (status.rows, status.to_send, status.counts[Status.LEFT_OUT]) == (3, 1, 2)


def test_its_speed_is_that_of_the_last_minute(run: Run, settings: Settings) -> None:
    """Of a run that is younger than a minute, since it was planned; nothing recent is no speed."""
    assert run_status(run.id, settings, NOW).per_minute == 2 * 60 / 30
    assert run_status(run.id, settings, NOW).alive == NOW - 10
    assert run_status(run.id, settings, NOW + 45).per_minute == 2.0
    assert run_status(run.id, settings, NOW + 600).per_minute == 0.0


def test_the_quota_is_what_the_account_has_left(run: Run, journal: Journal, settings: Settings) -> None:
    """Its own writes count, and neither reads nor another account's calls."""
    calls = ((ACCOUNT, True), (ACCOUNT, False), ("another", True))
    for second, (account, write) in enumerate(calls):
        assert journal.calls.reserve(account, windows(settings), write=write, now=NOW + second) <= 0
    status = run_status(run.id, settings, NOW + 10)
    assert (status.quota, status.quota_left) == (5000, 4999)
    unlimited = settings.model_copy(update={"daily_quota": None, "rate": None})
    status = run_status(run.id, unlimited, NOW)
    assert (status.quota, status.quota_left, status.seconds_left) == (None, None, None)


def test_why_nothing_moves_is_said_while_a_process_works_on_it(
    run: Run, journal: Journal, settings: Settings, memory: Path
) -> None:
    """The service asked to wait; without a process nothing waits, and another run's process is another's."""
    journal.calls.pause(ACCOUNT, NOW + 300)
    assert (run_status(run.id, settings, NOW).working, run_status(run.id, settings, NOW).waiting) == (False, "")
    with exclusive_sender(memory / "locks", ACCOUNT, run.id + 1):
        assert not run_status(run.id, settings, NOW).working
    with exclusive_sender(memory / "locks", ACCOUNT, run.id):
        status = run_status(run.id, settings, NOW)
        assert status.working
        assert status.waiting
        assert status.until == NOW + 300
        assert [step.kind for step in status.steps] == [StepKind.STOP]
        assert run_status(run.id, settings, NOW + 299).waiting == ""


def test_a_quota_that_is_used_up_is_what_it_waits_for(
    run: Run, journal: Journal, settings: Settings, memory: Path
) -> None:
    """Until the oldest of the day's writes leaves it."""
    small = settings.model_copy(update={"daily_quota": 2})
    journal.calls.note(ACCOUNT, 3, NOW)
    for moment in (NOW - 1000, NOW - 500):
        with journal._db.write() as db:
            row = {"account": ACCOUNT, "left": moment}
            db.exec_driver_sql("INSERT INTO call (account, at, arrived, write) VALUES (:account, :left, :left, 1)", row)
    with exclusive_sender(memory / "locks", ACCOUNT, run.id):
        status = run_status(run.id, small, NOW)
    assert status.quota_left == 0
    assert status.waiting
    assert status.until == pytest.approx(NOW - 1000 + 86_401)


def test_a_finished_run_has_neither_speed_nor_process(run: Run, journal: Journal, settings: Settings) -> None:
    """And is told so at once."""
    ended = end_run(run.id, settings, NOW)
    assert ended.finished == NOW
    status = run_status(run.id, settings, NOW)
    assert (status.finished, status.per_minute, status.alive, status.working) == (True, 0.0, None, False)
    assert journal.runs.unfinished() == []


def test_several_runs_are_told_newest_first(run: Run, journal: Journal, settings: Settings, memory: Path) -> None:
    """All, those of a file's content, or those that a text is found in."""
    second = add_run(journal, memory, planned=1, account="another")
    journal.runs.update(second, file="desks.csv", sha256="b" * 64)
    assert [status.run.id for status in latest_statuses(9, settings, NOW)] == [second.id, run.id]
    assert [status.run.id for status in latest_statuses(1, settings, NOW)] == [second.id]
    same = settings.model_copy(update={"url": run.url})
    assert [status.run.id for status in statuses_of_content("b" * 64, same, NOW)] == [second.id]
    shown, total = search_statuses("desk", 9, 0, settings, NOW)
    assert ([status.run.id for status in shown], total) == ([second.id], 1)
    journal.runs.update(run, sha256="b" * 64)
    for key, numbers in ((None, [second.id, run.id]), (ACCOUNT, [run.id]), ("another", [second.id])):
        assert [one.run.id for one in statuses_of_content("b" * 64, same, NOW, key)] == numbers
    assert statuses_of_content("b" * 64, settings, NOW) == []
    assert {status.run.id: status.account for status in latest_statuses(9, settings, NOW)} == {
        run.id: ACCOUNT,
        second.id: "another",
    }
    latest, others, newer = status_and_others(None, settings, NOW)
    assert (latest.run.id, [other.id for other in others], newer) == (second.id, [run.id], None)
    earlier = status_and_others(None, settings, NOW, lambda one: one.account == ACCOUNT)
    assert (earlier.shown.run.id, earlier.newer and earlier.newer.id) == (run.id, second.id)
    assert status_and_others(run.id, settings, NOW)[1] == []


def test_whoever_asks_to_stop_means_the_runs_that_are_being_sent(
    run: Run, journal: Journal, settings: Settings, memory: Path
) -> None:
    """Every one of them; if none is, the latest unfinished one; with a number that one."""
    second = add_run(journal, memory, planned=1, account="another")
    third = add_run(journal, memory, planned=1, account="third")
    with exclusive_sender(memory / "locks", ACCOUNT, run.id), exclusive_sender(memory / "locks", "third", third.id):
        asked = ask_to_stop(None, settings)
        assert [(one.run and one.run.id, one.working) for one in asked] == [(third.id, True), (run.id, True)]
    assert [journal.runs.stop_requested(each) for each in (run, second, third)] == [True, False, True]
    assert [(one.run and one.run.id, one.working) for one in ask_to_stop(None, settings)] == [(third.id, False)]
    assert [one.run and one.run.id for one in ask_to_stop(second.id, settings, for_good=True)] == [second.id]
    assert [journal.runs.get(each.id).options.get("for_good") for each in (run, second, third)] == [False, True, False]


def test_where_there_is_no_run_nothing_can_be_told_or_stopped(settings: Settings) -> None:
    """Which is said with the command to begin one."""
    with pytest.raises(UsageError, match="There is no run yet"):
        status_and_others(None, settings, NOW)
    with pytest.raises(UsageError, match="There is no unfinished run"):
        ask_to_stop(None, settings)
    assert latest_statuses(9, settings, NOW) == []
