"""The cards of a run's page: the steps of terminal and report, in the same order, for whoever can take them."""

import itertools
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journal.test_next_steps import UNFINISHED

from importer.journal.next_steps import FAILED_FILE, REMEDIES, Step, StepKind, command_of, next_steps
from importer.journal.states import State
from importer.reporting import MARKED_WORKBOOKS
from importer.web.auth import Role
from importer.web.step_cards import ELSEWHERE, cards

EVERYBODY_CAN = {
    *REMEDIES - {StepKind.SIGN_IN},
    StepKind.REVIEW,
    StepKind.CORRECT,
    StepKind.CORRECT_COLUMN,
    StepKind.LOOK_AT_HELD,
    StepKind.COMPARE_AGAIN,
    StepKind.SETTLE_OTHERS,
}
RUNNERS_CAN = EVERYBODY_CAN | {StepKind.SIGN_IN, StepKind.RECONCILE, StepKind.RETRY, StepKind.VERIFY}
CAN = {Role.VIEWER: EVERYBODY_CAN, Role.RUNNER: RUNNERS_CAN, Role.ADMIN: set(StepKind) - ELSEWHERE}


@pytest.mark.parametrize(("role", "kind"), list(itertools.product(Role, StepKind)))
def test_a_card_stands_for_each_step_that_a_role_can_take(role: Role, kind: StepKind) -> None:
    """A new kind of step is a card, or has a place of its own; a button that would be refused is not shown."""
    shown = [card.kind for card in cards([Step(kind, 3)], role, {FAILED_FILE})]
    assert shown == ([kind] if kind in CAN[role] else [])


@given(
    states=st.dictionaries(st.sampled_from(State), st.integers(1, 4)),
    invalid=st.integers(0, 3),
    finished=st.booleans(),
    remedy=st.sampled_from([None, *sorted(REMEDIES)]),
)
def test_the_page_says_what_terminal_and_report_say(
    states: dict[State, int], invalid: int, finished: bool, remedy: StepKind | None
) -> None:
    """The same steps about as many rows, most pressing first."""
    run = replace(UNFINISHED, finished=1.0 if finished else None, options={"remedy": remedy})
    steps = next_steps(run, states, invalid=invalid)
    expected = [step for step in steps if step.kind not in ELSEWHERE]
    shown = cards(steps, Role.ADMIN, {FAILED_FILE})
    assert [card.kind for card in shown] == [step.kind for step in expected]
    for card, step in zip(shown, expected, strict=True):
        counts = re.findall(r"(\d+) (?:row|record)", f"{card.title} {card.text} {card.label}")
        assert set(counts) <= {str(step.rows)}


def test_a_file_that_is_not_there_is_not_offered() -> None:
    """The report may not be written yet, or may have been moved."""
    assert cards([Step(StepKind.CORRECT, 2)], Role.ADMIN, {"report.csv"}) == []


@pytest.mark.parametrize("workbook", MARKED_WORKBOOKS)
def test_whoever_gave_a_workbook_is_offered_that_to_correct(workbook: str) -> None:
    """As before a run; the rows alone are beside it, and all that there is where whole rows would be sent twice."""
    files = {FAILED_FILE, workbook}
    [card] = cards([Step(StepKind.CORRECT, 2)], Role.VIEWER, files)
    assert (card.address, card.also_at) == (f"files/{workbook}", f"files/{FAILED_FILE}")
    assert "your workbook" in card.label
    assert card.also == "Or only 2 rows"
    [plain] = cards([Step(StepKind.CORRECT, 2)], Role.VIEWER, files, sends_all=True)
    assert (plain.address, plain.also) == (f"files/{FAILED_FILE}", "")


@pytest.mark.parametrize(
    ("role", "files", "sends"),
    [(Role.VIEWER, {FAILED_FILE}, False), (Role.RUNNER, set(), False), (Role.RUNNER, {FAILED_FILE}, True)],
)
def test_rows_that_were_left_out_are_compared_again_by_those_who_may(role: Role, files: set[str], sends: bool) -> None:
    """Whoever may import gets a button if there is a file to take in; everybody can look at the rows."""
    [card] = cards([Step(StepKind.LOOK_AT_HELD, 2)], role, files)
    assert (card.sends, card.address) == ((True, "again") if sends else (False, "rows?status=not+sent"))
    assert "rows?status=not+sent" in (card.address, card.also_at)


@pytest.mark.parametrize("kind", sorted(set(StepKind) - ELSEWHERE))
@pytest.mark.parametrize("rows", [1, 2, 1_500])
def test_counts_agree_and_no_command_is_named(kind: StepKind, rows: int) -> None:
    """One row is "it", several are "them"; commands and names of states are for engineers."""
    [card] = cards([Step(kind, rows)], Role.ADMIN, {FAILED_FILE})
    text = f"{card.title} {card.text} {card.label}"
    assert not re.search(r"--|[{}_]|\bin doubt\b|\bheld\b", text)
    command = command_of(UNFINISHED, Step(kind, rows))
    assert not command or command not in text
    if rows == 1:
        assert not re.search(r"\b1 (?:rows|records)\b|\bthem\b", text)
    else:
        assert not re.search(rf"{rows:,} (?:row|record)\b|\bcreated it\b", text)
