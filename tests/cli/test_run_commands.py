"""The commands about runs: which run a command without a number means, and what to type for another."""

import shlex
from collections.abc import Callable, Sequence
from typing import Any

import click
import pytest
from conftest import Desk, Service, mapping, practised

from importer.cli import importer
from importer.cli.options import READING, with_options
from importer.journal.journal import open_journal

COMMANDS: dict[str, list[str]] = {
    "verify": [],
    "undo": ["--yes"],
    "retry": ["--yes"],
    "resume": [],
    "reconcile": [],
    "settle": ["--absent"],
}
NUMBERS = {"settle": ["2", "2"]}
WITHOUT_A_NUMBER = [verb for verb in COMMANDS if verb not in NUMBERS]


def elsewhere(desk: Desk, number: int, **values: Any) -> None:
    """Let a run be one of another service, account or profile."""
    with open_journal(f"sqlite:///{desk.home / 'journal.sqlite3'}") as journal:
        run = journal.runs.get(number)
        journal.runs.update(run, **{**values, "options": {**run.options, **values.get("options", {})}})


OTHER_SERVICE = {"url": "https://other.example", "account": "other.example/mo@x.example"}
OTHER_ACCOUNT = {"account": "127.0.0.1/mo@x.example/1", "user": "mo@x.example"}
PRACTICE = {"url": "http://127.0.0.2:1", "options": {"sandbox": True}}
PROFILE = {"options": {"profile": "north"}}


@pytest.fixture
def two_runs(desk: Desk, service: Service) -> Desk:
    """Run 1 has created a record, and so has run 2, of another file."""
    for number in (2, 3):
        assert desk.type("run", desk.write(f"{number}.csv", [mapping(number)]), "--yes").code == 0
    return desk


@pytest.mark.parametrize("values", [OTHER_SERVICE, OTHER_ACCOUNT, PRACTICE, PROFILE])
def test_a_command_means_the_latest_run_of_the_service_and_account_in_use(
    two_runs: Desk, values: dict[str, Any]
) -> None:
    """A later one of another service, account or profile is neither undone nor in the way."""
    elsewhere(two_runs, 2, **values)
    assert "Run 1: 2.csv" in (status := two_runs.type("status")).out
    assert "Run 2 is newer, but of another service or user. To see it: importer status 2" in status.out
    assert two_runs.type("report", "--json").json["run"] == 1
    assert two_runs.type("verify", "--json").json["run"] == 1
    undone = two_runs.type("undo", "--yes", "--json").json
    assert (undone["run"], undone["counts"]) == (1, {"removed": 1})


@pytest.mark.parametrize("values", [OTHER_SERVICE, OTHER_ACCOUNT, PRACTICE, PROFILE])
def test_of_unfinished_runs_the_one_in_use_is_continued(two_runs: Desk, values: dict[str, Any]) -> None:
    """And stopped."""
    elsewhere(two_runs, 1, finished=None)
    elsewhere(two_runs, 2, finished=None, **values)
    assert "Run 1 is not in progress" in two_runs.type("stop").out
    assert two_runs.type("resume", "--json").json["run"] == 1


@pytest.mark.parametrize("verb", WITHOUT_A_NUMBER)
@pytest.mark.parametrize(
    ("values", "sentence", "advice"),
    [
        (OTHER_SERVICE, "went to https://other.example.", ", set NEXUDUS_URL=https://other.example, then: importer {}"),
        (OTHER_ACCOUNT, "went to 127.0.0.1/mo@x.example/1.", ", sign in as mo@x.example, then: importer {}"),
    ],
)
def test_where_all_runs_are_elsewhere_the_command_to_type_is_named(
    two_runs: Desk, verb: str, values: dict[str, Any], sentence: str, advice: str
) -> None:
    """With the run and where it went, before anything is asked of the service."""
    for number in (1, 2):
        elsewhere(two_runs, number, finished=None, **values)
    done = two_runs.type(verb, *COMMANDS[verb])
    assert done.code == 2
    assert f"run 2 (3.csv), {sentence}" in done.err
    assert f"To work on it{advice.format(f'{verb} 2')}" in done.err
    assert two_runs.type("status").out.startswith("Run 2: 3.csv")


@pytest.mark.parametrize("number", [[], ["2"]])
@pytest.mark.parametrize("verb", COMMANDS)
def test_a_practice_run_is_worked_on_in_the_practice_service(desk: Desk, verb: str, number: list[str]) -> None:
    """Whoever practised need not say so again, with the number of the run or without; it is said for them."""
    file = desk.write("rows.csv", [practised(2)])
    for _ in range(2):
        assert desk.type("run", file, "--sandbox", "--even-if-existing", "--yes").code == 0
    elsewhere(desk, 2, finished=None)
    done = desk.type(verb, *(NUMBERS.get(verb) or number), *COMMANDS[verb])
    assert "Run 2 used the practice service, and so does this command." in done.err
    assert "There is nothing to sign in with" not in done.err
    # The run is unfinished, which rules out some of them, and row 2 has its record already.
    assert done.code == (2 if verb in {"settle", "undo", "retry"} else 0), done.err


def test_a_retry_of_a_practice_run_is_one_itself(desk: Desk) -> None:
    """Also if --sandbox is not said again: what it names as the next command practises as well."""
    file = desk.write("rows.csv", [practised(2), practised(3)])
    assert desk.type("run", file, "--sandbox", "--yes", "--max-rows", "1").code == 6
    elsewhere(desk, 1, finished=desk.clock())
    assert desk.type("retry", "--yes").code == 0
    with open_journal(f"sqlite:///{desk.home / 'journal.sqlite3'}") as journal:
        assert journal.runs.get(2).place == "--sandbox"


def test_a_practice_run_is_not_taken_for_one_of_a_profile(desk: Desk) -> None:
    """A profile is a real account, so the command is refused."""
    assert desk.type("run", desk.write("rows.csv", [practised(2)]), "--sandbox", "--yes").code == 0
    desk.variables |= {"NEXUDUS_USERNAME_NORTH": "ops@example.com", "NEXUDUS_PASSWORD_NORTH": "x"}
    refused = desk.type("undo", "1", "--profile", "north")
    assert (refused.code, "Run 1 used the practice service." in refused.err) == (2, True)
    assert refused.err.rstrip().endswith("importer undo 1 --sandbox")


def test_a_run_of_a_profile_is_used_with_it_unless_another_is_named(two_runs: Desk) -> None:
    """Named by flag or by IMPORTER_PROFILE, the other profile's own runs are meant, or the command is refused."""
    elsewhere(two_runs, 2, **PROFILE)
    for name in ("NORTH", "SOUTH"):
        for setting in ("USERNAME", "PASSWORD"):
            two_runs.variables[f"NEXUDUS_{setting}_{name}"] = two_runs.variables[f"NEXUDUS_{setting}"]
    assert two_runs.type("verify", "--json").json["run"] == 2
    two_runs.variables["IMPORTER_PROFILE"] = "south"
    refused = two_runs.type("verify")
    assert (refused.code, "run 2 (3.csv), used --profile north." in refused.err) == (2, True)
    typed = shlex.split(refused.err.partition("To work on it: ")[2])
    assert typed == ["importer", "verify", "2", "--profile", "north"]
    assert two_runs.type(*typed[1:], "--json").json["run"] == 2
    assert two_runs.type("verify", "--profile", "none", "--json").json["run"] == 1


def test_a_file_is_read_by_the_same_options_everywhere() -> None:
    """What one of the commands about a file accepts, so do the others."""
    reading = {option.name for option in decorated(READING)}
    assert "tz" in reading
    for name in ("check", "plan", "run", "columns"):
        assert reading <= {param.name for param in importer.commands[name].params}, name


def decorated(options: Sequence[Callable[..., Any]]) -> list[click.Parameter]:
    """The parameters that these options add to a command."""

    def nothing() -> None:
        pass

    return click.command()(with_options(*options)(nothing)).params


def test_a_real_run_is_not_worked_on_in_the_practice_service(two_runs: Desk) -> None:
    """The command for it is the same without --sandbox."""
    elsewhere(two_runs, 2, **OTHER_SERVICE)
    refused = two_runs.type("undo", "2", "--sandbox")
    assert refused.code == 2
    assert "Run 2 did not use the practice service." in refused.err
    assert refused.err.rstrip().endswith("To work on it: importer undo 2")
