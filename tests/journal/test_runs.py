"""Runs beside each other in one journal: each found by what it is asked for, and changed alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from importer.errors import JournalError
from importer.journal.journal import Journal
from importer.journal.runs import NewRun, Run
from journal.conftest import Open

NEW = NewRun(
    kind="CoworkerMsOfficeCalendar",
    url="https://spaces.nexudus.com",
    endpoint="spaces/coworkermsoffecalendars",
    file="rows.csv",
    sha256="a" * 64,
    copy="copies/a.csv",
    options={},
    started=1.0,
)


@pytest.fixture
def journal(open_one: Open) -> Iterator[Journal]:
    """One without runs."""
    with open_one() as journal:
        yield journal


def ids(runs: list[Run]) -> list[int]:
    """The numbers of some runs, in their order."""
    return [run.id for run in runs]


def test_a_run_is_read_back_as_it_was_begun(journal: Journal) -> None:
    """With its number in its folder, no end, no account, and nothing planned."""
    new = replace(NEW, folder="reports/{run}-rows", parent=7, options={"profile": "north", "read": {"sheet": None}})
    run = journal.runs.add(new)
    assert run == journal.runs.get(run.id)
    # On a server, each machine has a place of its own for the copy.
    assert (run.folder, run.copy.name, run.parent) == (Path(f"reports/{run.id}-rows"), "a.csv", 7)
    assert run.options == {"profile": "north", "read": {"sheet": None}}
    assert (run.target, run.planned, run.stopped, run.finished, run.exit_code) == (None,) * 5
    assert (run.stop, run.rows, run.account) == (False, 0, None)


def test_a_run_is_changed_alone(journal: Journal) -> None:
    """What happens to one run is nothing to those beside it."""
    before = [journal.runs.add(NEW) for _ in range(3)]
    changed = journal.runs.update(before[1], finished=9.0, exit_code=8, stop=True, options={"for_good": True})
    assert (changed.finished, changed.exit_code, changed.options) == (9.0, 8, {"for_good": True})
    assert [journal.runs.get(run.id) for run in before] == [before[0], changed, before[2]]
    assert [journal.runs.stop_requested(run) for run in before] == [False, True, False]


def test_runs_come_newest_first(journal: Journal) -> None:
    """As many as are asked for."""
    runs = [journal.runs.add(NEW).id for _ in range(3)]
    assert ids(journal.runs.latest()) == runs[::-1]
    assert ids(journal.runs.latest(2)) == runs[:0:-1]


def test_unfinished_runs_are_those_of_the_file_and_type_that_have_no_end(journal: Journal) -> None:
    """A run of the same bytes as another record type is another matter, and so is one that has ended."""
    first = journal.runs.add(NEW)
    ended = journal.runs.update(journal.runs.add(NEW), finished=5.0)
    other_file = journal.runs.add(replace(NEW, sha256="b" * 64))
    other_kind = journal.runs.add(replace(NEW, kind="CoworkerGoogleCalendar"))
    last = journal.runs.add(NEW)
    assert ids(journal.runs.unfinished()) == [last.id, other_kind.id, other_file.id, first.id]
    assert ids(journal.runs.unfinished(sha256=NEW.sha256, kind=NEW.kind)) == [last.id, first.id]
    assert ids(journal.runs.of_content(NEW.sha256)) == [last.id, other_kind.id, ended.id, first.id]


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("", ["100% done.csv", "Rooms.csv", "desks_1.csv"]),
        ("rooms", ["Rooms.csv"]),
        ("NORTH", ["Rooms.csv"]),
        ("jo@", ["desks_1.csv"]),
        # Characters that mean something to the database mean themselves.
        ("%", ["100% done.csv"]),
        ("s_1", ["desks_1.csv"]),
        ("o_m", []),
        ("nothing", []),
    ],
)
def test_runs_are_found_by_a_part_of_their_file_or_account(journal: Journal, text: str, files: list[str]) -> None:
    """Whatever the case of the letters."""
    for name, values in {
        "desks_1.csv": {"user": "jo@example.com", "space": "South"},
        "Rooms.csv": {"user": "ops@example.com", "space": "North"},
        "100% done.csv": {"user": "ops@example.com", "space": "East"},
    }.items():
        journal.runs.update(journal.runs.add(replace(NEW, file=name)), **values)
    runs, total = journal.runs.page(text, 9, 0)
    assert ([run.file for run in runs], total) == (files, len(files))


def test_a_page_of_runs_is_told_with_the_number_of_all(journal: Journal) -> None:
    """The second page goes on where the first ended."""
    runs = [journal.runs.add(NEW).id for _ in range(5)]
    pages = [journal.runs.page("rows", 2, offset) for offset in (0, 2, 4, 6)]
    assert [number for page, _ in pages for number in ids(page)] == runs[::-1]
    assert {total for _, total in pages} == {5}


def test_a_service_has_one_number_for_each_type_of_record(journal: Journal) -> None:
    """The same whenever it is asked for, and no other's."""
    pairs = [(host, kind) for host in ("one", "two") for kind in ("A", "B")]
    numbers = [journal.runs.target(*pair) for pair in pairs]
    assert len(set(numbers)) == 4
    assert [journal.runs.target(*pair) for pair in pairs] == numbers


def test_a_copy_is_used_as_long_as_any_run_names_it(journal: Journal) -> None:
    """Another run's copy is not this one's to delete."""
    journal.runs.add(NEW)
    assert journal.runs.uses_copy(Path("copies/a.csv"))
    assert not journal.runs.uses_copy(Path("copies/b.csv"))


def test_a_run_that_is_not_there_is_said_to_be_missing(journal: Journal) -> None:
    """With its number and where to look."""
    with pytest.raises(JournalError, match="no run 4"):
        journal.runs.get(4)


@dataclass(frozen=True)
class _Shape:
    """Some options, as a part of the program would have them."""

    sheet: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    strict: bool = False


def test_options_have_their_defaults_and_ignore_what_a_later_importer_wrote(journal: Journal) -> None:
    """A run that was begun with another version is still read as it was meant."""
    run = journal.runs.add(replace(NEW, options={"strict": True, "shiny": 3, "read": {"sheet": "May"}}))
    assert run.options_as(_Shape) == _Shape(strict=True)
    assert run.options_as(_Shape, "read") == _Shape(sheet="May")
    assert run.options_as(_Shape, "elsewhere") == _Shape()
    assert journal.runs.update(run, stop=True).options == run.options


@pytest.mark.parametrize("options", [{"strict": "perhaps"}, {"columns": 5}])
def test_damaged_options_are_no_defaults(journal: Journal, options: dict[str, object]) -> None:
    """With a default in their place other records could be created."""
    run = journal.runs.add(replace(NEW, options=options))
    with pytest.raises(JournalError, match=f"Run {run.id} .*damaged"):
        run.options_as(_Shape)


@pytest.mark.parametrize(
    ("options", "place", "command"),
    [
        ({}, "", "importer resume 1"),
        ({"profile": ""}, "", "importer resume 1"),
        ({"profile": "north"}, "--profile north", "importer resume 1 --profile north"),
        ({"profile": "north wing; rm"}, "--profile 'north wing; rm'", "importer resume 1 --profile 'north wing; rm'"),
        ({"sandbox": True, "profile": "north"}, "--sandbox", "importer resume 1 --sandbox"),
    ],
)
def test_what_to_type_goes_to_where_the_run_went(
    journal: Journal, options: dict[str, object], place: str, command: str
) -> None:
    """A practice run is not continued at the real service."""
    run = journal.runs.add(replace(NEW, options=options))
    assert (run.place, run.command("resume")) == (place, command)
    assert (run.command("settle", 7), run.command("status")) == (
        f"importer settle 1 7 {place}".rstrip(),
        "importer status 1",
    )


def test_only_commands_that_call_the_service_need_the_practice_one(journal: Journal) -> None:
    """Stop, status and report have no such option, and a row stands after its run."""
    run = journal.runs.add(replace(NEW, options={"sandbox": True}))
    assert [run.command(verb) for verb in ("stop", "status", "report")] == [
        "importer stop 1",
        "importer status 1",
        "importer report 1",
    ]
    assert run.command("settle", 17) == "importer settle 1 17 --sandbox"
