"""README and guide: what the program writes is current, what is typed in them exists, every link leads somewhere."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import readme
from hatchling.builders.wheel import WheelBuilder
from readme import BLOCKS, PAGES, README, ROOT

from importer import cli
from importer.cli import run_cli
from importer.config.settings import PROFILE_VARIABLE, Settings, environment_name
from importer.guide import TOPICS, find_topic, near_names, topics
from importer.guide.plain_text import plain_text

MADE = [(path, name) for path in PAGES for name in readme.made_parts(path.read_text("utf-8"))]
LONGEST_README = 120
WIDTH = 80
TEST = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)


@pytest.mark.parametrize(("path", "name"), MADE, ids=lambda part: part if isinstance(part, str) else part.stem)
def test_a_made_part_is_what_the_program_says(path: Path, name: str) -> None:
    """Every made part is current; `python tests/readme.py` writes it anew."""
    stands = readme.made_parts(path.read_text("utf-8"))[name]
    assert readme.written(stands) == stands


def test_every_block_has_a_place() -> None:
    """What the program can write about itself stands somewhere, once."""
    assert sorted(name for _, name in MADE) == sorted(BLOCKS)


def test_the_readme_is_short() -> None:
    """The README is read in a minute; everything else is in the guide."""
    assert len(README.read_text("utf-8").splitlines()) <= LONGEST_README


def test_every_page_is_in_the_list() -> None:
    """A page that is written but not listed would be found by nobody."""
    assert {path.stem for path in (ROOT / "importer" / "guide").glob("*.md")} == set(TOPICS)


@pytest.mark.parametrize("name", TOPICS)
def test_a_page_begins_with_its_title_and_one_sentence(name: str) -> None:
    """The list of pages shows the title and what the page is for."""
    topic = find_topic(name)
    assert topic is not None
    assert topic.markdown.startswith(f"# {topic.title}\n\n")
    assert re.fullmatch(r"[A-Z][^`*]+\.", topic.summary)
    assert "<!--" not in topic.markdown


def anchors(text: str) -> set[str]:
    """The ends of addresses that lead to the headings of a page, as code hosts spell them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_link_leads_somewhere(path: Path) -> None:
    """Links name files of the project, those of the guide other pages of it, and headings that are there."""
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if "://" in target:
            continue
        file, _, heading = target.partition("#")
        page = (path.parent / file) if file else path
        assert page.is_file(), target
        assert path == README or page.parent == path.parent, f"{target} is not served by the page"
        assert not heading or heading in anchors(page.read_text("utf-8")), target


def typed(text: str) -> list[str]:
    """Every command of the importer that a page tells people to type, in an example or in a sentence."""
    lines = re.findall(r"^(?:    |\$ |[\d* ]+ )(importer .+)$", text, re.MULTILINE)
    return lines + re.findall(r"`(importer [^`]+)`", text)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_command_that_is_named_exists(path: Path) -> None:
    """Commands, subcommands and options in README and guide are those of the program."""
    for line in typed(path.read_text("utf-8")):
        words = shlex.split(line.partition(" >>")[0], comments=True)[1:]
        command: click.Command = cli.importer
        while isinstance(command, click.Group) and words and not words[0].startswith("-") and words[0].islower():
            assert words[0] in command.commands, line
            command = command.commands[words.pop(0)]
        options = {option for param in command.params for option in param.opts} | {"--help", "-h", "--version"}
        assert {word for word in words if word.startswith("-") and word != "-"} <= options, line


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_variable_that_is_named_exists(path: Path) -> None:
    """A variable in README and guide sets something, for everybody or for the profile NORTH."""
    names = {environment_name(name) for name in Settings.model_fields} | {PROFILE_VARIABLE}
    named = set(re.findall(r"\b(?:NEXUDUS|IMPORTER)_[A-Z0-9]+(?:_[A-Z0-9]+)*", path.read_text("utf-8")))
    assert {name.removesuffix("_NORTH") for name in named} <= names


def test_every_option_of_a_run_is_in_the_guide() -> None:
    """Nobody should have to guess what an option of the main commands is for."""
    text = "".join(topic.markdown for topic in topics())
    for name in ("check", "run"):
        missing = {param.opts[-1] for param in cli.importer.commands[name].params if isinstance(param, click.Option)}
        assert {option for option in missing if option.startswith("--") and option not in text} == set()


def documents(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The commands that print a document, in an order in which each has something to tell."""
    file = str(folder / "ten.csv")
    rows = (ROOT / "samples" / "calendars.csv").read_text("utf-8").splitlines(keepends=True)[:11]
    (folder / "ten.csv").write_text("".join(rows), "utf-8")
    yield from (
        ("check", [file]),
        ("check", [file, file]),
        ("plan", [file, "--sandbox"]),
        ("run", [file, "--sandbox", "--yes", "--out", str(folder / "report")]),
        ("run", [file, file, "--sandbox", "--yes", "--out", str(folder / "more")]),
        ("status", []),
        ("history", []),
        ("schedule", ["add", file, "--every", "monday", "--at", "07:00"]),
        ("schedule", ["list"]),
        ("schedule", ["pause", "1"]),
        ("verify", ["1", "--sandbox"]),
        ("diff", [file, "--sandbox"]),
        ("export", ["--sandbox", "--out", str(folder / "export.csv")]),
        ("undo", ["1", "--sandbox", "--yes"]),
        ("columns", [file]),
        ("config", []),
        ("doctor", []),
        ("journal", []),
        ("journal", ["--export-person", "Müller"]),
        ("forget", ["1", "--yes"]),
        ("help", []),
    )


def test_every_member_of_a_document_is_in_the_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a script may find in a document of --json stands on the page about documents."""
    topic = find_topic("json-and-exit-codes")
    assert topic is not None
    named = set(re.findall(r"`([a-z_0-9]+)`", topic.markdown)) | {"schema"}
    monkeypatch.setenv("IMPORTER_HOME", str(tmp_path / "home"))
    for name in ("NEXUDUS_URL", "NEXUDUS_TOKEN", "NEXUDUS_USERNAME", "NEXUDUS_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    for command, words in documents(tmp_path):
        run_cli([command, *words, "--json"])
        document = json.loads(capsys.readouterr().out)
        parts = [document, *(part for value in document.values() if isinstance(value, list) for part in value[:1])]
        members = {member for part in parts if isinstance(part, dict) for member in part}
        assert members <= named, command


def test_the_guide_is_in_the_wheel() -> None:
    """Whoever installs the package has the manual, the templates, the samples and the type marks too."""
    shipped = {Path(file.relative_path) for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    expected = [Path("importer", "guide", f"{name}.md") for name in TOPICS]
    expected += [path.relative_to(ROOT) for path in (ROOT / "importer" / "samples").glob("*.py")]
    assert {*expected, Path("importer/web/templates/help.html"), Path("importer/py.typed")} <= shipped


def test_every_fault_that_a_test_names_is_in_the_list() -> None:
    """A code such as F-04 in a test or a comment can be looked up in the guide."""
    listed = (ROOT / "importer" / "guide" / "faults.md").read_text("utf-8")
    for path in (*(ROOT / "tests").rglob("*.py"), *(ROOT / "importer").rglob("*.py")):
        text = path.read_text("utf-8")
        codes = {f"F-{number}" for number in re.findall(r"_f(\d\db?)_", text)} | set(re.findall(r"\b[FS]-\d\d\b", text))
        assert {code for code in codes if f"| {code} |" not in listed} == set(), path


def test_every_test_that_the_page_about_security_names_is_there() -> None:
    """Who reads that something holds can read how that is shown; what holds without a test is not said to hold."""
    topic = find_topic("security")
    assert topic is not None
    tests = {name for path in (ROOT / "tests").rglob("test_*.py") for name in TEST.findall(path.read_text("utf-8"))}
    lines = [line for line in topic.markdown.splitlines() if line.startswith("| ") and "| test |" not in line]
    assert lines
    for line in lines:
        named = re.findall(r"`(test_\w+)`", line)
        assert set(named) <= tests, line
        assert named or "| no |" in line or "| in part |" in line, line


@pytest.mark.parametrize("name", TOPICS)
def test_prose_fits_the_terminal(name: str) -> None:
    """No line of a page is wider than the terminal, but examples and words that cannot be broken."""
    topic = find_topic(name)
    assert topic is not None
    text = plain_text(topic.markdown, WIDTH)
    for line in text.splitlines():
        assert len(line) <= WIDTH or line.startswith("    ") or " " not in line.strip(), line
    assert "](" not in text
    assert "|---" not in text


def test_help_lists_the_pages(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a name, every page is named with its sentence; as data too."""
    assert run_cli(["help"]) == 0
    shown = capsys.readouterr().out
    assert all(topic.name in shown and topic.summary in shown for topic in topics())
    assert run_cli(["help", "--json"]) == 0
    assert [page["topic"] for page in json.loads(capsys.readouterr().out)["topics"]] == list(TOPICS)


def test_help_shows_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    """A page is found by its name, and by its words; as data it is the Markdown."""
    assert run_cli(["help", "importing"]) == 0
    assert capsys.readouterr().out.startswith("Importing\n=========\n")
    assert run_cli(["help", "Your", "spreadsheet"]) == 0
    assert capsys.readouterr().out.startswith("Your spreadsheet\n")
    assert run_cli(["help", "importing", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["markdown"].startswith("# Importing\n")


@pytest.mark.parametrize("words", [["run"], ["people"], ["people", "add"]])
def test_help_shows_how_a_command_is_used(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """`importer help COMMAND` prints what `importer COMMAND --help` prints."""
    assert run_cli(["help", *words]) == 0
    shown = capsys.readouterr().out
    assert run_cli([*words, "--help"]) == 0
    assert shown == capsys.readouterr().out
    assert run_cli(["help", *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["usage"] == shown.rstrip("\n")


@pytest.mark.parametrize(
    ("typed_words", "near"),
    [
        (["imprting"], '"importing"'),
        (["spreadsheet"], '"your-spreadsheet"'),
        (["exit"], '"json-and-exit-codes"'),
        (["chek"], '"check"'),
        (["people", "ad"], "importer help"),
        (["xyzzy"], "importer help"),
    ],
)
def test_an_unknown_topic_is_an_error(typed_words: list[str], near: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with exit code 2, and names what may have been meant, or where the list is."""
    assert run_cli(["help", *typed_words]) == 2
    said = capsys.readouterr()
    assert near in said.err
    assert not said.out


def test_near_names_are_each_named_once() -> None:
    """A name that is near in two ways is offered once, the nearest first."""
    assert near_names("setting", ("settings",))[:1] == ["settings"]
    assert near_names("setting", ("settings",)).count("settings") == 1
    assert near_names("glosary")[0] == "glossary"


def installs(text: str) -> list[list[str]]:
    """What follows ``pip`` in every command that installs something, without the words that only keep it quiet."""
    lines = re.findall(r"python -m pip (install .+)", text)
    quiet = {"--quiet", "--disable-pip-version-check"}
    return [[word for word in shlex.split(line) if word not in quiet] for line in lines]


def test_the_guide_installs_as_make_does() -> None:
    """Somebody without make gets the same packages: what one of the two needs, the other needs as well."""
    topic = find_topic("getting-started")
    assert topic is not None
    [recipe] = re.findall(r"^\$\(VENV\)/ready: .*\n((?:\t.+\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    by_make = installs(recipe)
    assert by_make
    assert installs(topic.markdown)[: len(by_make)] == by_make


def test_the_list_of_commands_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """Each command has a summary that fits the line; click would cut a longer one."""
    assert run_cli(["--help"]) == 0
    assert "..." not in capsys.readouterr().out.partition("Commands:")[2]
