"""How a run ends: the exit code of each reason and of the rows, and what is left to do."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from reporting.office import Office, mapping_row

from importer.delivery.send_result import SendResult, SignInEnded, StopReason, TimeUp
from importer.errors import Exit
from importer.journal.journal import open_journal
from importer.journal.next_steps import StepKind
from importer.journal.rows import Change
from importer.journal.runs import Run
from importer.journal.states import Event, State
from importer.reporting.stop_sentences import stop_sentence
from importer.runs.result import RunResult, exit_code_of, finish_run, has_doubts, settled_result


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office in an empty folder."""
    with open_journal(f"sqlite:///{tmp_path / 'journal.sqlite3'}") as journal:
        yield Office(tmp_path, journal)


def run_with(office: Office, *fates: Event | None, invalid: bool = False) -> Run:
    """A run whose rows were sent with these answers; None for one that is still in doubt."""
    rows = [mapping_row(number) for number in range(2, 2 + len(fates))]
    run = office.plan(office.file([*rows, *([mapping_row(99, Name="")] if invalid else [])]))
    for row, event in enumerate(fates, start=2):
        office.send(run, row, event, remote_id=7000 + row if event is Event.ACCEPTED else None)
    return run


@pytest.mark.parametrize(
    ("fates", "invalid", "code"),
    [
        ((Event.ACCEPTED, Event.ACCEPTED), False, Exit.DONE),
        ((Event.ACCEPTED,), True, Exit.ROWS_FAILED),
        ((Event.ACCEPTED, Event.REFUSED), False, Exit.ROWS_FAILED),
        ((Event.REFUSED, None), True, Exit.IN_DOUBT),
        ((Event.ACCEPTED, Event.UNCLEAR), False, Exit.IN_DOUBT),
        # Planned at a regular end: its equal is in doubt in another run.
        ((Event.ACCEPTED, Event.NOT_APPLIED), False, Exit.IN_DOUBT),
    ],
)
def test_a_regular_end_is_judged_by_its_rows(
    office: Office, fates: tuple[Event | None, ...], invalid: bool, code: Exit
) -> None:
    """The gravest of them decides."""
    assert exit_code_of(office.journal, run_with(office, *fates, invalid=invalid), StopReason.DONE) is code


@pytest.mark.parametrize("reason", sorted(set(StopReason) - {StopReason.DONE, StopReason.COMPARE_AGAIN}))
def test_another_end_has_a_code_of_its_own(office: Office, reason: StopReason) -> None:
    """Whatever the rows are: whoever runs it by a script knows whether it is safe to resume."""
    codes = {
        StopReason.REQUESTED: Exit.INTERRUPTED,
        StopReason.LIMIT: Exit.LIMIT,
        StopReason.SIGN_IN: Exit.SIGN_IN,
        StopReason.STRICT: Exit.ROWS_FAILED,
        StopReason.SAME_REFUSAL: Exit.ROWS_FAILED,
    }
    run = run_with(office, Event.ACCEPTED, None)
    assert exit_code_of(office.journal, run, reason) is codes.get(reason, Exit.SERVICE)


def end(office: Office, run: Run, reason: StopReason) -> RunResult:
    """The end of a run at 9,000 seconds after its beginning."""
    return asyncio.run(finish_run(office.journal, run, SendResult(reason, TimeUp()), office.started + 9000))


@pytest.mark.parametrize(
    ("reason", "for_good", "finished"),
    [
        (StopReason.DONE, False, True),
        (StopReason.STRICT, False, True),
        (StopReason.LIMIT, False, False),
        (StopReason.LIMIT, True, False),
        (StopReason.REQUESTED, False, False),
        (StopReason.REQUESTED, True, True),
        (StopReason.UNREACHABLE, False, False),
    ],
)
def test_a_run_has_ended_when_nothing_is_to_be_resumed(
    office: Office, reason: StopReason, for_good: bool, finished: bool
) -> None:
    """Or when somebody stopped it for good; its report is there in either case."""
    run = run_with(office, Event.ACCEPTED)
    office.journal.runs.update(run, options={**run.options, "for_good": for_good})
    result = end(office, run, reason)
    assert (result.run.finished is not None, result.run.stopped) == (finished, office.started + 9000)
    assert (result.run.exit_code, result.message) == (
        int(result.exit_code),
        stop_sentence(SendResult(reason, TimeUp())),
    )
    assert (office.out / "report.csv").exists()


def test_a_sign_in_that_ended_is_made_again_first(office: Office) -> None:
    """Noted in the journal, so that terminal, report and page say so, until the run stops for something else."""
    run = office.plan(office.file([mapping_row(2), mapping_row(3)]))
    result = asyncio.run(finish_run(office.journal, run, SendResult(StopReason.SIGN_IN, SignInEnded()), office.now))
    assert [step.kind for step in result.steps[:2]] == [StepKind.SIGN_IN, StepKind.RESUME]
    assert end(office, run, StopReason.LIMIT).steps[0].kind is StepKind.RESUME


def test_what_to_do_next_follows_from_the_rows(office: Office) -> None:
    """A stopped run is resumed."""
    run = office.plan(office.file([mapping_row(2), mapping_row(3)]))
    assert end(office, run, StopReason.LIMIT).steps[0].kind is StepKind.RESUME


@pytest.mark.parametrize(
    ("fate", "doubt"), [(None, True), (Event.UNCLEAR, True), (Event.REFUSED, False), (Event.ACCEPTED, False)]
)
def test_doubts_are_rows_of_which_nobody_knows(office: Office, fate: Event | None, doubt: bool) -> None:
    """In doubt or in review; a rejected one is known."""
    assert has_doubts(office.journal, run_with(office, fate)) is doubt


def test_settled_rows_open_a_run_again(office: Office) -> None:
    """What was proved absent is sent by the next resume, so that the run is not finished any more."""
    run = run_with(office, Event.ACCEPTED, None)
    office.finish(run, 8)
    assert settled_result(office.journal, run, office.now).exit_code is Exit.IN_DOUBT
    office.journal.rows.move([Change(office.intent(run, 3), Event.ABSENT)], office.now)
    result = settled_result(office.journal, run, office.now)
    assert (result.run.finished, result.exit_code) == (None, Exit.DONE)
    assert result.steps[0].kind is StepKind.RESUME


@pytest.mark.parametrize(("fate", "code"), [(Event.FOUND, Exit.DONE), (Event.UNCLEAR, Exit.IN_DOUBT)])
def test_a_settled_run_ends_as_its_rows_do(office: Office, fate: Event, code: Exit) -> None:
    """Its exit code is noted, and its report rebuilt."""
    run = run_with(office, Event.ACCEPTED, None)
    office.finish(run, 8)
    change = Change(office.intent(run, 3), fate, 7003 if fate is Event.FOUND else None)
    office.journal.rows.move([change], office.now)
    result = settled_result(office.journal, run, office.now)
    assert result.exit_code is code
    assert office.journal.runs.get(run.id).exit_code == int(code)
    assert office.journal.rows.counts(run).get(State.IN_DOUBT) is None


@pytest.mark.parametrize("how", ["gone", "another file", "open elsewhere"])
@pytest.mark.parametrize("work", ["sent", "settled"])
def test_a_report_that_cannot_be_written_hides_nothing_of_what_was_done(office: Office, how: str, work: str) -> None:
    """The counts are those of the journal, the exit code is that of the rows, and one sentence says what is missing."""
    run = run_with(office, Event.ACCEPTED, Event.REFUSED, invalid=True)

    def end() -> RunResult:
        if work == "settled":
            return settled_result(office.journal, office.journal.runs.get(run.id), 9.0)
        return asyncio.run(finish_run(office.journal, run, SendResult(StopReason.DONE), 9.0))

    office.journal.runs.update(run, finished=8.0)
    whole = end()
    assert (whole.message, "failed.xlsx" in whole.report.files) == ("", True)
    match how:
        case "gone":
            run.copy.unlink()
        case "another file":
            run.copy.write_bytes(run.copy.read_bytes() + b"1,2\n")
        case _:
            (whole.report.folder / "report.csv").unlink()
            (whole.report.folder / "report.csv" / "open").mkdir(parents=True)
    told = end()
    assert (told.exit_code, told.report.counts) == (whole.exit_code, whole.report.counts)
    assert told.report.summary | {"issues": 0, "files": 0} == whole.report.summary | {"issues": 0, "files": 0}
    assert told.message.startswith(f"The report of run {run.id} was not written. ")
    assert StepKind.CORRECT not in [step.kind for step in told.steps]
    assert told.report.files == {}
