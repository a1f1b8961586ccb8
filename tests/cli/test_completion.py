"""What a shell completes: as its own script asks for it, at once and without side effects."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from conftest import GIVE_UP, Desk, Service, mapping

from importer import cli
from importer.cli.completion import SHELLS
from schemas import RECORD_TYPES

ASK = "from importer.cli import main; main()"


def asked(desk: Desk, *words: str, shell: str = "bash") -> list[str]:
    """The answer to what is typed so far, the last word being unfinished, as the script of a shell gets it."""
    typed = ["importer", *words]
    variables = {
        "_IMPORTER_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(typed),
        "COMP_CWORD": str(len(typed) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", ASK],
        check=False,
        cwd=desk.folder,
        env=desk.environment | variables,
        capture_output=True,
        text=True,
        timeout=GIVE_UP,
    )
    assert not {"pandas", "sqlalchemy", "httpx"} & {
        line.rpartition("|")[2].strip() for line in done.stderr.splitlines()
    }
    return [line for line in done.stdout.splitlines() if line]


def values(lines: list[str]) -> list[str]:
    """The words of an answer, without their kind."""
    return [line.partition(",")[2] for line in lines]


def test_commands_and_options_are_completed(desk: Desk) -> None:
    """As everywhere."""
    assert {"run", "resume", "retry", "reconcile", "report"} == {*values(asked(desk, "re")), *values(asked(desk, "ru"))}
    assert "--daily-quota" in values(asked(desk, "run", "--da"))


def test_runs_are_completed_with_their_numbers(desk: Desk, service: Service) -> None:
    """Newest first, and with the file where the shell shows a help text."""
    for number in (2, 3):
        desk.type("run", desk.write(f"{number}.csv", [mapping(number)]), "--yes")
    assert values(asked(desk, "undo", "")) == ["2", "1"]
    assert values(asked(desk, "settle", "2")) == ["2"]
    assert asked(desk, "status", "1", shell="powershell") == ["1\t2.csv"]


def test_without_a_journal_nothing_is_made(desk: Desk) -> None:
    """Somebody who only types has no run, and gets no installation for it."""
    before = sorted(desk.folder.rglob("*"))
    assert asked(desk, "undo", "") == []
    assert sorted(desk.folder.rglob("*")) == before


def test_profiles_are_completed(desk: Desk) -> None:
    """Those of the settings files, and the word for none."""
    (desk.folder / "importer.toml").write_text('[profile.north]\nusername = "n@x.example"\n[profile.south]\n')
    for command in ("run", "undo", "config"):
        assert values(asked(desk, command, "--profile", "")) == ["north", "south", "none"]
    assert values(asked(desk, "run", "--profile", "s")) == ["south"]
    (desk.folder / "importer.toml").write_text("not a settings file")
    assert asked(desk, "run", "--profile", "") == []


@pytest.mark.parametrize("command", ["check", "run", "template", "export", "doctor"])
def test_record_types_are_completed(desk: Desk, command: str) -> None:
    """All that there are, although none is loaded."""
    assert set(values(asked(desk, command, "--type", ""))) == set(RECORD_TYPES)


def test_topics_are_completed(desk: Desk) -> None:
    """Pages and commands."""
    assert values(asked(desk, "help", "set")) == ["settings", "settle"]


def test_files_are_left_to_the_shell(desk: Desk) -> None:
    """It knows best how to complete them; PowerShell does so when it is told nothing."""
    assert asked(desk, "check", "x") == ["file,x"]
    assert asked(desk, "check", "x", shell="powershell") == []


def test_it_answers_while_somebody_types(desk: Desk) -> None:
    """Nobody waits a second for a Tab; most of the time is for Python to start."""
    times = []
    for _ in range(3):
        before = time.monotonic()
        asked(desk, "undo", "")
        times.append(time.monotonic() - before)
    assert min(times) < 3


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script(shell: str) -> None:
    """On any machine, also one without that shell."""
    done = CliRunner().invoke(cli.importer, ["completion", shell], prog_name="importer")
    assert "_IMPORTER_COMPLETE" in done.stdout
    assert f"{shell}_complete" in done.stdout
    assert done.stderr == ""


def test_an_unknown_shell_is_refused(desk: Desk) -> None:
    """With those that there are."""
    done = desk.type("completion", "tcsh")
    assert (done.code, "powershell" in done.err) == (2, True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_itself_takes_the_script(desk: Desk, shell: str) -> None:
    """Where it is installed, it reads the script without a complaint."""
    if (path := shutil.which(shell)) is None:
        pytest.skip(f"{shell} is not installed")
    script = desk.folder / "script"
    script.write_text(desk.type("completion", shell).out)
    begin = "autoload -U compinit && compinit -u; " if shell == "zsh" else ""
    done = subprocess.run(
        [path, "-c", f"{begin}source {script}"], check=False, capture_output=True, text=True, timeout=GIVE_UP
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_bash_completes_a_run(desk: Desk, service: Service) -> None:
    """Asked as bash asks when Tab is pressed."""
    if (bash := shutil.which("bash")) is None:
        pytest.skip("bash is not installed")
    desk.type("run", desk.write("2.csv", [mapping(2)]), "--yes")
    (desk.folder / "script").write_text(desk.type("completion", "bash").out)
    folder = Path(sys.executable).parent
    press = (
        f'export PATH="{folder}:$PATH"; source ./script; COMP_WORDS=(importer undo ""); COMP_CWORD=2; '
        '_importer_completion importer; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [bash, "-c", press],
        check=False,
        cwd=desk.folder,
        env=desk.environment,
        capture_output=True,
        text=True,
        timeout=GIVE_UP,
    )
    assert done.stderr == ""
    assert done.stdout == "1\n"


def test_every_run_and_profile_of_a_command_is_completed() -> None:
    """An option that is added later must not be forgotten."""
    for command in every_command(cli.importer):
        for parameter in command.params:
            if {"--profile", "--type"} & set(parameter.opts) or parameter.metavar in ("RUN", "[RUN]"):
                assert parameter._custom_shell_complete is not None, (command.name, parameter.name)


def every_command(command: click.Command) -> list[click.Command]:
    """A command and all below it."""
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    return [command, *(each for one in inner for each in every_command(one))]
