"""What to do next in the words of the terminal."""

from dataclasses import replace

import pytest
from journal.test_next_steps import UNFINISHED

from importer.cli.step_lines import step_lines
from importer.journal.next_steps import Step, StepKind, command_of


def test_the_first_step_is_the_next_one() -> None:
    """The others stand below it, in line with it; each ends with what to type."""
    lines = step_lines(UNFINISHED, [Step(StepKind.RESUME, 1200), Step(StepKind.RECONCILE, 1)])
    assert [line[:6] for line in lines] == ["Next: ", "      "]
    assert [line.rpartition(": ")[2] for line in lines] == ["importer resume 3", "importer reconcile 3"]
    assert "1,200 rows" in lines[0]
    assert "1 row " in lines[1]


def test_where_there_is_nothing_to_type_there_is_a_sentence() -> None:
    """To look at rows is a step as well."""
    [line] = step_lines(UNFINISHED, [Step(StepKind.COMPARE_AGAIN, 2)])
    assert line.startswith("Next: ")
    assert line.endswith(".")
    assert "2 rows" in line


def test_what_is_typed_for_each_row_has_its_place_in_the_command() -> None:
    """A row marked for review is settled by its number and an Id, where the run went."""
    [line] = step_lines(replace(UNFINISHED, options={"sandbox": True}), [Step(StepKind.REVIEW, 2)])
    assert line.endswith(": importer settle 3 ROW --sandbox --is ID")
    assert "2 rows" in line


@pytest.mark.parametrize("kind", StepKind)
def test_every_step_is_a_line_or_left_out(kind: StepKind) -> None:
    """A line names the command of the step, wherever the run went; what nobody has to do is left out."""
    run = replace(UNFINISHED, options={"sandbox": True})
    lines = step_lines(run, [Step(kind, 2)])
    assert (lines == []) is (kind in {StepKind.REPORT, StepKind.VERIFY, StepKind.UNDO})
    assert all(command_of(run, Step(kind, 2)) in line for line in lines)


def test_nothing_to_do_is_no_line() -> None:
    """A run that went well ends without advice."""
    assert step_lines(UNFINISHED, []) == []
