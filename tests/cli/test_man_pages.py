"""Pages for man: every command has one, groff takes it without a warning, and it says what --help says."""

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from conftest import GIVE_UP, Desk

from importer import cli
from importer.cli.man_pages import man_page, man_pages
from importer.errors import EXIT_MEANINGS

ROOT = click.Context(cli.importer, info_name="importer", **cli.importer.context_settings)
PAGES = man_pages(ROOT)


def read(text: str) -> str:
    """A page as somebody reads it, in one line; with a failure for each warning."""
    if (groff := shutil.which("groff")) is None:
        pytest.skip("groff is not installed")
    done = subprocess.run(
        [groff, "-man", "-ww", "-Tutf8", "-P-c"],
        input=text,
        check=True,
        capture_output=True,
        text=True,
        timeout=GIVE_UP,
    )
    assert done.stderr == ""
    without_bold = re.sub(".\b", "", done.stdout)
    return " ".join(without_bold.split())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_read_without_a_warning(name: str) -> None:
    """By the program that man itself calls."""
    read(PAGES[name])


def test_every_command_has_a_page(desk: Desk) -> None:
    """Also those below others; all are written at once, or one is printed."""
    assert {"importer.1", "importer-run.1", "importer-people-add.1"} < PAGES.keys()
    done = desk.type("help", "--man", "--out", "man")
    assert {path.name: path.read_text("utf-8") for path in (desk.folder / "man").iterdir()} == PAGES
    assert f"{len(PAGES)} pages" in done.out
    assert desk.type("help", "people", "add", "--man").out == PAGES["importer-people-add.1"]
    assert desk.type("help", "--man").out == PAGES["importer.1"]


def test_what_does_not_go_together_is_refused(desk: Desk) -> None:
    """Nothing is written."""
    for words in (["run", "--man", "--out", "man"], ["--out", "man"], ["nonsense", "--man"]):
        assert desk.type("help", *words).code == 2
    assert list(desk.folder.iterdir()) == []


def test_a_page_says_what_help_says() -> None:
    """Options and commands with their meaning, and the program the exit codes."""
    text = read(PAGES["importer.1"])
    assert all(meaning.split()[0] in text for meaning in EXIT_MEANINGS.values())
    for name, command in cli.importer.commands.items():
        assert name in text
        page = PAGES[f"importer-{name}.1"]
        for option in (param for param in command.params if isinstance(param, click.Option) and not param.hidden):
            assert option.opts[-1].replace("-", "\\-") in page, (name, option.opts)


def test_no_text_is_a_request() -> None:
    """A sentence that begins with a full stop, or holds a backslash, is read as it is written."""

    @click.command(help=".PP begins this.\n\n\b\n'quoted\n.SH no heading\n\n\\fBnot bold\\fR -- really")
    def odd() -> None:
        pass

    text = read(man_page(click.Context(odd, info_name="odd", parent=ROOT)))
    assert ".PP begins this." in text
    assert "'quoted .SH no heading" in text
    assert "\\fBnot bold\\fR -- really" in text


def test_a_page_is_found_by_man(tmp_path: Path) -> None:
    """By its name and section."""
    if (man := shutil.which("man")) is None:
        pytest.skip("man is not installed")
    page = tmp_path / "importer-run.1"
    page.write_text(PAGES["importer-run.1"], "utf-8")
    done = subprocess.run([man, "-l", "--warnings", page], check=True, capture_output=True, text=True, timeout=GIVE_UP)
    assert "importer" in done.stdout
    assert done.stderr == ""
