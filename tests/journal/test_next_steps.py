"""What to do next about a run: one answer for terminal, page and report."""

from dataclasses import replace
from pathlib import Path

import pytest

from importer.journal.next_steps import REMEDIES, Step, StepKind, command_of, next_steps
from importer.journal.runs import Run
from importer.journal.states import State

UNFINISHED = Run(
    id=3,
    target=1,
    kind="CoworkerMsOfficeCalendar",
    url="http://127.0.0.1",
    endpoint="coworkermsoffecalendars",
    account="nexudus.test/ops@example.com",
    user="ops@example.com",
    space="Harbour House",
    file="rows.csv",
    sha256="0" * 64,
    copy=Path("copy.csv"),
    options={},
    folder=Path("reports/3-rows"),
    parent=None,
    started=1.0,
    planned=2.0,
    stopped=3.0,
    finished=None,
    exit_code=None,
    stop=False,
    rows=10,
)
FINISHED = replace(UNFINISHED, finished=4.0)
REFUSED = replace(UNFINISHED, exit_code=1)
"""A run that stopped because row after row was refused for the same field."""


@pytest.mark.parametrize(
    ("run", "states", "invalid", "first"),
    [
        (UNFINISHED, {State.PLANNED: 4, State.IN_DOUBT: 1}, 2, Step(StepKind.RESUME, 4)),
        (REFUSED, {State.PLANNED: 4, State.REJECTED: 5}, 2, Step(StepKind.CORRECT_COLUMN, 11)),
        (FINISHED, {State.REMOVING: 1, State.IN_DOUBT: 1}, 0, Step(StepKind.CONTINUE_UNDO, 1)),
        (FINISHED, {State.IN_DOUBT: 2, State.REJECTED: 1}, 0, Step(StepKind.RECONCILE, 2)),
        (FINISHED, {State.REVIEW: 2, State.REJECTED: 1}, 0, Step(StepKind.REVIEW, 2)),
        (FINISHED, {State.REJECTED: 1, State.HELD: 2, State.CREATED: 3}, 4, Step(StepKind.CORRECT, 5)),
        (FINISHED, {State.HELD: 2, State.CREATED: 3}, 0, Step(StepKind.LOOK_AT_HELD, 2)),
        (replace(FINISHED, exit_code=8), {State.PLANNED: 2}, 0, Step(StepKind.SETTLE_OTHERS, 2)),
        (FINISHED, {State.CREATED: 3}, 0, Step(StepKind.REPORT, 3)),
        (FINISHED, {}, 0, Step(StepKind.REPORT, 0)),
    ],
)
def test_the_most_pressing_step_comes_first(run: Run, states: dict[State, int], invalid: int, first: Step) -> None:
    """Doubts come before corrections: a corrected row could be one whose record exists after all."""
    assert next_steps(run, states, invalid=invalid)[0] == first


def test_a_run_that_is_being_sent_can_only_be_stopped() -> None:
    """Everything else would get in the way of the process that sends it."""
    steps = next_steps(UNFINISHED, {State.PLANNED: 4, State.IN_DOUBT: 3}, invalid=2, working=True)
    assert steps == [Step(StepKind.STOP, 4)]


def test_a_run_that_was_refused_row_after_row_has_its_whole_file_corrected() -> None:
    """Its failed file lacks the rows that were not sent, which have the same mistake; resuming comes second."""
    kinds = [step.kind for step in next_steps(REFUSED, {State.PLANNED: 4, State.REJECTED: 5}, invalid=0)]
    assert kinds[:2] == [StepKind.CORRECT_COLUMN, StepKind.RESUME]
    assert StepKind.CORRECT not in kinds


@pytest.mark.parametrize("remedy", sorted(REMEDIES))
def test_what_would_stop_the_run_again_is_put_right_first(remedy: StepKind) -> None:
    """Resuming comes second. A run that has ended, or is being sent again, has nothing left of it."""
    states = {State.PLANNED: 4, State.IN_DOUBT: 1}
    stopped = replace(UNFINISHED, options={"remedy": remedy.value})
    assert next_steps(stopped, states, invalid=0)[:2] == [Step(remedy, 4), Step(StepKind.RESUME, 4)]
    for run, working in ((replace(stopped, finished=4.0), False), (stopped, True)):
        assert remedy not in {step.kind for step in next_steps(run, states, invalid=0, working=working)}


@pytest.mark.parametrize("noted", [None, "undo", "of a newer version", 7, ["sign in"]])
def test_what_is_no_remedy_is_not_offered(noted: object) -> None:
    """A newer version may note other ones, and a journal may be damaged."""
    run = replace(UNFINISHED, options={"remedy": noted})
    assert next_steps(run, {State.PLANNED: 4}, invalid=0)[0].kind is StepKind.RESUME


def test_which_refused_rows_are_wrong_is_known_once_the_path_is_certain() -> None:
    """So nothing is to be corrected before that; after any other answer there may be."""
    states = {State.PLANNED: 4, State.REJECTED: 2}
    for remedy in REMEDIES:
        kinds = {step.kind for step in next_steps(replace(UNFINISHED, options={"remedy": remedy}), states, invalid=0)}
        assert (StepKind.CORRECT in kinds) is (remedy is not StepKind.CHECK_NAMED)


def test_an_unfinished_run_is_not_retried() -> None:
    """Its unsent rows are sent by resuming it; a retry would be a second run of the same rows."""
    kinds = {step.kind for step in next_steps(UNFINISHED, {State.PLANNED: 4, State.REJECTED: 1}, invalid=0)}
    assert StepKind.RETRY not in kinds


@pytest.mark.parametrize(
    ("states", "rows"),
    [
        ({State.HELD: 3}, 0),
        ({State.HELD: 3, State.REJECTED: 2}, 2),
        ({State.PLANNED: 1, State.REJECTED: 2, State.HELD: 3}, 3),
    ],
)
def test_a_retry_is_not_offered_for_rows_that_would_be_held_again(states: dict[State, int], rows: int) -> None:
    """They are to be looked at; sent unchanged, they would meet the same record."""
    steps = {step.kind: step.rows for step in next_steps(FINISHED, states, invalid=0)}
    assert steps.get(StepKind.RETRY, 0) == rows
    assert steps[StepKind.LOOK_AT_HELD] == states[State.HELD]
    assert steps.get(StepKind.CORRECT, 0) == states.get(State.REJECTED, 0)


@pytest.mark.parametrize(
    ("options", "kind", "command"),
    [
        ({}, StepKind.RESUME, "importer resume 3"),
        ({"sandbox": True}, StepKind.RESUME, "importer resume 3 --sandbox"),
        ({}, StepKind.CORRECT, "importer run reports/3-rows/failed.xlsx"),
        ({"profile": "north"}, StepKind.CORRECT, "importer run reports/3-rows/failed.xlsx --profile north"),
        # Read as the first file was, or another login would read day and month the other way round.
        (
            {"read": {"map": {"Raum; x": "ResourceId"}, "dates": "mdy", "zone": "Europe/Berlin", "sheet": "Mai"}},
            StepKind.CORRECT,
            "importer run reports/3-rows/failed.xlsx --map 'Raum; x=ResourceId' --dates mdy --tz Europe/Berlin",
        ),
        (
            {"read": {"map": {}, "dates": None, "zone": "UTC"}},
            StepKind.CORRECT,
            "importer run reports/3-rows/failed.xlsx",
        ),
        # The machine's zone is another one where the command is typed; a file with zones is read alike in each.
        (
            {"read": {"zone": "UTC"}, "zoneless": True},
            StepKind.CORRECT,
            "importer run reports/3-rows/failed.xlsx --tz UTC",
        ),
        (
            {"read": {"zone": "Europe/Berlin"}, "zoneless": False},
            StepKind.CORRECT,
            "importer run reports/3-rows/failed.xlsx",
        ),
        ({"read": "damaged"}, StepKind.CORRECT, "importer run reports/3-rows/failed.xlsx"),
        ({}, StepKind.REVIEW, ""),
    ],
)
def test_what_to_type_goes_where_the_run_went(options: dict[str, object], kind: StepKind, command: str) -> None:
    """A corrected file that went to another account, or to the real service, would be the gravest advice of all."""
    assert command_of(replace(UNFINISHED, options=options), Step(kind, 1)) == command


def test_a_folder_cannot_smuggle_in_a_command() -> None:
    """The folder bears the name of somebody's file."""
    run = replace(FINISHED, folder=Path("reports/3-x; rm -rf y"))
    assert command_of(run, Step(StepKind.CORRECT, 1)) == "importer run 'reports/3-x; rm -rf y/failed.xlsx'"


def test_a_file_that_was_never_written_is_not_offered() -> None:
    """A process that was killed wrote no report; whoever resumes the run gets it at the end."""
    killed = replace(UNFINISHED, stopped=None)
    kinds = [step.kind for step in next_steps(killed, {State.PLANNED: 5, State.REJECTED: 1}, invalid=2)]
    assert StepKind.CORRECT not in kinds
    assert kinds[0] is StepKind.RESUME


def test_rows_of_later_runs_are_not_asked_for() -> None:
    """What is left of them is; and the report is still of all rows."""
    states = {State.REJECTED: 3, State.HELD: 2, State.CREATED: 4}
    steps = {s.kind: s.rows for s in next_steps(FINISHED, states, invalid=0, sent_again={State.REJECTED: 2})}
    assert (steps[StepKind.CORRECT], steps[StepKind.RETRY], steps[StepKind.LOOK_AT_HELD]) == (1, 1, 2)
    assert (steps[StepKind.REPORT], steps[StepKind.UNDO]) == (9, 4)
    steps = {s.kind: s.rows for s in next_steps(FINISHED, states, invalid=0, sent_again={State.REJECTED: 3})}
    assert steps.keys().isdisjoint({StepKind.CORRECT, StepKind.RETRY})
