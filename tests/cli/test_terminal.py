"""What the command line shows: every number counted once, and nothing of a file that could steer a terminal."""

import asyncio
import io
import os
import signal
from dataclasses import replace
from typing import Any

import pytest

from importer.checking import Causes
from importer.cli.terminal import MOST_GROUPS, MOST_PLACES, BatchConsole, Console, issue_lines
from importer.errors import UsageError
from importer.issues import Issue, Severity
from importer.model import Account, Plan, Progress

NOW = 1_795_000_000.0
NOBODY = Account("host/user", "ops@example.com", "Harbour House")
NO_CHECK: Any = None
"""A console that is quiet shows nothing of it."""

PLAN = Plan(10, 8, 0, 2, 0, None, 60.0, NOW + 60.0)


def causes(*issues: Issue) -> Causes:
    """Issues as a check gives them."""
    return Causes(list(issues), [])


def issue(row: int, column: str = "A", value: str = "x") -> Issue:
    """A cell that is no whole number."""
    return Issue("not-a-whole-number", row, f"{column}{row}", f"Label {column}", f"Field{column}", value, "1234")


@pytest.mark.parametrize(
    ("number", "where"), [(1, "A2:"), (3, "A2 (also A3, A4):"), (5, "A2 (also A3, A4 and 2 more):")]
)
def test_a_group_names_its_first_places_and_counts_the_rest(number: int, where: str) -> None:
    """The sentence is about the first place; together they are all cells of the group."""
    assert number <= MOST_PLACES or number - MOST_PLACES == 2
    first, fix = issue_lines(causes(*(issue(row) for row in range(2, 2 + number))), Severity.ERROR)
    assert first.startswith(f"  {where} ")
    assert fix.startswith("      ")


@pytest.mark.parametrize(("number", "others"), [(1, ""), (2, " Also: row 3."), (5, " Also: row 3, row 4 and 2 more.")])
def test_the_sentence_about_a_whole_row_names_it_once(number: int, others: str) -> None:
    """The row is in the sentence, so it does not stand before it, too."""
    rows = [Issue("duplicate-row", row, None, None, None, "", "40") for row in range(2, 2 + number)]
    first, _ = issue_lines(causes(*rows), Severity.ERROR)
    assert first == f"  Row 2 repeats row 40.{others}"
    pair = [Issue("duplicate-key", row, None, None, None, "", str(other)) for row, other in ((2, 3), (3, 2))]
    first, _ = issue_lines(causes(*pair), Severity.ERROR)
    assert first == "  Row 2 is for the same record as row 3, but has other values."


def test_what_is_advised_for_one_value_is_advised_for_each() -> None:
    """Several names under one header are several choices, each with the places that have it and the word to type."""
    names = ["Studio", "Boardroom", "Studio", 'Loft "2"']
    cells = [
        Issue("name-ambiguous", n, f"B{n}", "Room", "ResourceId", name, "7 or 8") for n, name in enumerate(names, 2)
    ]
    lines = list(issue_lines(causes(*cells), Severity.ERROR))
    assert [line.partition(":")[0] for line in lines[::2]] == ["  B2 (also B4)", "  B3", "  B5"]
    picks = [line.rpartition("--pick ")[2] for line in lines[1::2]]
    assert picks == ['"Studio=ID".', '"Boardroom=ID".', "'Loft \"2\"=ID'."]


def test_no_name_gets_the_record_of_another_one_as_advice() -> None:
    """Whoever follows it would enter the Id of somebody else."""
    near = {"jonas oneill": "7 (Jonas)", "Ines Chen": "8 (Inês)"}
    cells = [Issue("name-near", n, f"B{n}", "Member", "CoworkerId", *pair) for n, pair in enumerate(near.items(), 2)]
    lines = list(issue_lines(causes(*cells), Severity.ERROR))
    assert [line.partition(":")[0] for line in lines[::2]] == ["  B2", "  B3"]
    assert [detail in line for detail, line in zip(near.values(), lines[1::2], strict=True)] == [True, True]


def test_more_groups_than_anybody_reads_are_counted() -> None:
    """The last line says how many are missing, and how to see them."""
    columns = [chr(ord("A") + place) for place in range(MOST_GROUPS + 2)]
    lines = list(issue_lines(causes(*(issue(2, column) for column in columns)), Severity.ERROR))
    assert len(lines) == 2 * MOST_GROUPS + 1
    assert lines[-1] == "  … and 2 more problems. To see all of them, add --json"
    assert list(issue_lines(causes(issue(2)), Severity.WARNING)) == []


def test_without_a_terminal_there_is_a_line_at_each_milestone(capsys: pytest.CaptureFixture[str]) -> None:
    """The first, some on the way and the last; not one for each row."""
    console = Console(lambda: NOW, yes=True)
    for settled in range(1, 201):
        console.progress(Progress(settled, settled // 100), 200, None)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" rows")[0] for line in lines] == [
        "1 of 200",
        "2 of 200",
        "20 of 200",
        "50 of 200",
        "100 of 200",
        "150 of 200",
        "200 of 200",
    ]
    assert lines[-1].endswith("2 failed")


def test_who_cannot_be_asked_is_not_taken_to_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal nothing is sent; with --yes it is, and where there is nothing to create nobody is asked."""
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    unasked, agreed = (Console(lambda: NOW, yes=yes, quiet=True) for yes in (False, True))
    nothing = replace(PLAN, create=0)
    with pytest.raises(UsageError, match="Nothing was sent"):
        unasked.confirm(NO_CHECK, PLAN, NOBODY)
    assert unasked.confirm(NO_CHECK, nothing, NOBODY)
    assert agreed.confirm(NO_CHECK, PLAN, NOBODY)


@pytest.mark.skipif(os.name != "posix", reason="signals are Unix")
def test_the_first_ctrl_c_asks_and_the_second_ends(capsys: pytest.CaptureFixture[str]) -> None:
    """After the first the rows in progress are waited for; the second cancels the work."""

    async def interrupted(*, again: bool) -> bool:
        with Console(lambda: NOW, yes=True).sending() as stop:
            os.kill(os.getpid(), signal.SIGINT)
            await stop.wait()
            if again:
                os.kill(os.getpid(), signal.SIGINT)
                await asyncio.Event().wait()
            return stop.is_set()

    assert asyncio.run(interrupted(again=False))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupted(again=True))
    assert capsys.readouterr().err.count("Stopping after the rows in progress") == 2


def test_several_imports_are_one_progress(capsys: pytest.CaptureFixture[str]) -> None:
    """Rows are added up, and the end is that of the slowest."""
    console = BatchConsole(lambda: NOW)
    north, south = console.watching("north.csv"), console.watching("south.csv")
    north.total, south.total = 8, 4
    north.say("Reading the list.")
    north.progress(Progress(8, 1), 8, 0.0)
    south.progress(Progress(4, 2), 4, 30.0)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "north.csv: Reading the list."
    assert lines[-1].startswith("12 of 12 rows, 3 failed, done at about ")
