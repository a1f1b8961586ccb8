"""From values to words and exit codes: what a command repeats, and what no closed pipe can change."""

import asyncio
import itertools
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.cli import importer as commands
from importer.cli import output
from importer.cli.lines import say
from importer.cli.options import use_profile
from importer.cli.output import OF_TEXT_FILES, OF_THE_FILE, quoted, with_reading
from importer.errors import SignInError
from importer.harmless import steers

PATH = ("check", "plan", "run")

OPTIONS = {
    "kind": "CoworkerGoogleCalendar",
    "sheet": "May & June",
    "encoding": None,
    "delimiter": ";",
    "map_": ("Room=ResourceId", "Who=CoworkerId"),
    "dates": "dmy",
    "tz": None,
    "allow_duplicates": True,
    "even_if_existing": False,
    "sandbox": False,
    "something_else": "x",
}


@pytest.fixture(autouse=True)
def context() -> Iterator[click.Context]:
    """A command that was typed."""
    with click.Context(click.Command("check")) as context:
        yield context


def test_what_was_typed_about_the_file_is_repeated() -> None:
    """As options of the next command: without them it would be another import."""
    typed = with_reading(Path("my rows.csv"), options=OPTIONS)
    assert shlex.split(typed) == [
        *("my rows.csv", "--type", "CoworkerGoogleCalendar", "--sheet", "May & June", "--delimiter", ";"),
        *("--map", "Room=ResourceId", "--map", "Who=CoworkerId", "--dates", "dmy", "--allow-duplicates"),
    ]


def test_what_is_about_one_file_is_not_repeated_for_another() -> None:
    """A workbook that was made from it has no separator."""
    typed = with_reading(Path("fix.xlsx"), options=OPTIONS, leave_out=OF_THE_FILE)
    assert not {"--sheet", "--encoding", "--delimiter"} & set(shlex.split(typed))
    assert "--dates dmy" in typed
    assert "--sheet" in with_reading(Path("fix.xlsx"), options=OPTIONS, leave_out=OF_TEXT_FILES)


def test_the_profile_is_repeated() -> None:
    """Without it, the rows would go to another account."""
    use_profile(["north wing"])
    assert shlex.split(with_reading(Path("a.csv"), options={})) == ["a.csv", "--profile", "north wing"]


WRITTEN = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no shell that reads characters by their numbers")
@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from("\x1b\n'"), min_size=1)
)
def test_a_quoted_word_is_one_word_to_the_shell(word: str) -> None:
    """Whatever stands in somebody's file name, and without anything that would steer the terminal it is shown on."""
    typed = quoted(word)
    assert not any(map(steers, typed))
    if any(map(steers, word)):
        assert subprocess.check_output(["bash", "-c", f"printf %s {typed}"]) == os.fsencode(word)
    else:
        assert shlex.split(typed) == [word]


def test_a_line_for_people_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """Data and words are never mixed."""
    say("Nothing was sent.")
    assert capsys.readouterr() == ("", "Nothing was sent.\n")


async def _refuse() -> None:
    raise SignInError("The service does not accept the password.", "Set NEXUDUS_PASSWORD.")


async def _cancel() -> None:
    raise asyncio.CancelledError


def test_a_second_ctrl_c_reads_like_the_first() -> None:
    """It cancels the work, which is no error of its own."""
    with pytest.raises(KeyboardInterrupt):
        output.finish(_cancel())


def test_a_refused_sign_in_of_a_profile_says_where_it_is_set() -> None:
    """The variables that are named otherwise are not those of the profile."""
    with pytest.raises(SignInError) as plain:
        output.finish(_refuse())
    use_profile(["north"])
    with pytest.raises(SignInError) as of_profile:
        output.finish(_refuse())
    assert plain.value.advice == "Set NEXUDUS_PASSWORD."
    assert "north" in of_profile.value.advice
    assert of_profile.value.message == plain.value.message


def test_each_option_that_the_next_command_has_too_is_repeated() -> None:
    """From check to plan, and from plan to run: without one of them, it would be another import, or another plan."""
    options = {command: {param.name: param for param in commands.commands[command].params} for command in PATH}
    for command, following in itertools.pairwise(PATH):
        for name in options[command].keys() & options[following].keys() - {
            "files",
            "as_json",
            "profile",
            "picks",
            "verbose",
        }:
            flag = options[following][name].opts[-1]
            value = True if getattr(options[following][name], "is_flag", False) else "x"
            assert (
                with_reading(Path("a.csv"), options={name: value}) == f"a.csv {flag}{'' if value is True else ' x'}"
            ), flag
