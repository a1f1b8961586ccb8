"""What is printed as the next command is true: typed as it stands, each is understood and does its work."""

import re
import shlex
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Desk, Service, mapping, practised

from importer import cli

Scene = Callable[[Desk, Service], list[list[str]]]

FIELD = {"Name": ""}


def good(desk: Desk, number: int = 3) -> str:
    """A file of rows that can all be imported."""
    return str(desk.write("it's good.csv", [mapping(n) for n in range(2, 2 + number)]))


def mixed(desk: Desk) -> str:
    """A file with a row that can be imported and one that cannot."""
    return str(desk.write("mixed.csv", [mapping(2), mapping(3, **FIELD)]))


def bad(desk: Desk) -> str:
    """A file without a row that can be imported."""
    return str(desk.write("bad.csv", [mapping(2, **FIELD)]))


def failing(*faults: str, rows: int = 1) -> Scene:
    """A run whose first creates end in these ways."""

    def scene(desk: Desk, service: Service) -> list[list[str]]:
        service.fail(*faults)
        return [["run", good(desk, rows), "--yes"], ["status"]]

    return scene


def held(desk: Desk, service: Service) -> list[list[str]]:
    """A run whose record has other values by now."""
    desk.type("run", desk.write("first.csv", [mapping(2)]), "--yes")
    return [["run", str(desk.write("second.csv", [mapping(2, Name="Another")])), "--yes"], ["status"]]


def in_doubt(desk: Desk, service: Service) -> list[list[str]]:
    """A run with a row that no look settles, because lists do not show its record yet."""
    service.state.change(list_lag=3600.0)
    service.fail("lost-after")
    return [["run", good(desk, 1), "--yes"], ["status"]]


def refused_for_all(desk: Desk, service: Service) -> list[list[str]]:
    """A run that ends because the user may not create anything."""
    service.state.change(role="all")
    service.fail(*["403"] * 9)
    return [["run", good(desk, 5), "--yes"], ["status"]]


def undone_in_part(desk: Desk, service: Service) -> list[list[str]]:
    """An undo whose answer was lost."""
    desk.type("run", good(desk, 1), "--yes")
    service._ask("faults?on=delete", ["500-before"])
    return [["undo", "--yes"], ["status"]]


def refused_elsewhere(desk: Desk, service: Service) -> list[list[str]]:
    """A practice run, and a command that names it."""
    file = desk.write("p.csv", [practised(2), practised(3, **FIELD)])
    return [
        ["run", str(file), "--sandbox", "--yes"],
        ["check", str(file), "--sandbox"],
        ["plan", str(file), "--sandbox"],
    ]


SCENES: dict[str, Scene] = {
    "check": lambda desk, _: [["check", good(desk)]],
    "check of a file with mistakes": lambda desk, _: [["check", mixed(desk)]],
    "check of nothing but mistakes": lambda desk, _: [["check", bad(desk)]],
    "check offline": lambda desk, _: [["check", good(desk), "--offline"]],
    "check with options": lambda desk, _: [["check", good(desk), "--tz", "Europe/London", "--dates", "dmy"]],
    "plan": lambda desk, _: [["plan", good(desk)]],
    "plan of a file with mistakes": lambda desk, _: [["plan", mixed(desk)]],
    "plan of nothing but mistakes": lambda desk, _: [["plan", bad(desk)]],
    "run": lambda desk, _: [["run", good(desk), "--yes"], ["status"], ["verify"], ["report"]],
    "run of a file with mistakes": lambda desk, _: [["run", mixed(desk), "--yes"], ["status"]],
    "run of nothing but mistakes": lambda desk, _: [["run", bad(desk), "--yes"], ["retry", "--yes"], ["status"]],
    "stopped at a limit": lambda desk, _: [["run", good(desk), "--yes", "--max-rows", "1"], ["status"], ["stop"]],
    "no answer": failing("lost-after"),
    "in doubt": in_doubt,
    "no answer to several": failing("500-before", "lost-before", rows=3),
    "rejected": failing("400"),
    "rejected, all": failing("400", "400", "400", rows=3),
    "answer without an Id": failing("no-id"),
    "another record": failing("mangle"),
    "held": held,
    "refused for every row": refused_for_all,
    "undone in part": undone_in_part,
    "practised": refused_elsewhere,
    "sample": lambda _desk, _service: [["sample", "calendars"]],
    "no run yet": lambda _desk, _service: [
        ["status"],
        ["undo", "--yes"],
        ["resume"],
        ["retry"],
        ["report"],
        ["people", "list"],
    ],
    "nothing to retry": lambda desk, _: [["run", good(desk), "--yes"], ["retry", "--yes"], ["resume"]],
    "several files": lambda desk, _: [["run", good(desk), mixed(desk), "missing.csv", "--yes"]],
    "config and journal": lambda _desk, _service: [["config"], ["journal"], ["doctor"], ["columns", good(_desk)]],
}

WITHOUT_ADVICE = {"plan of nothing but mistakes", "no answer", "answer without an Id", "another record"}
"""Scenes that end well or have said all, so that no command is named."""

_CAPITALS = re.compile(r"\b(?:FILE|RUN|ROW|ID|NAME|TOPIC|E-MAIL|COMMAND|DIR)\b")


def commands_in(text: str) -> set[str]:
    """Every command that a text tells people to type, but for those with a word in capitals, which they fill in."""
    after_colon = re.findall(r": (importer .+)$", text, re.MULTILINE)
    return {line.rstrip(".") for line in after_colon if not _CAPITALS.search(line)}


@pytest.mark.parametrize("name", SCENES)
def test_what_is_to_be_typed_next_can_be_typed(desk: Desk, service: Service, name: str) -> None:
    """Whatever a command ends with: no command that it names is wrong, or refuses for how it is typed."""
    desk.shorten_the_window()
    suggested: set[str] = set()
    for words in SCENES[name](desk, service):
        done = desk.type(*words)
        suggested |= commands_in(done.out) | commands_in(done.err)
    assert suggested or name in WITHOUT_ADVICE
    for line in sorted(suggested):
        words = shlex.split(line)[1:]
        again = desk.type(*words, *without_questions(words))
        assert again.code != 2, (line, again.err)
        assert again.code != 9, (line, again.err)


def without_questions(words: list[str]) -> list[str]:
    """The option with which a command asks nothing, if it has one: there is no terminal here."""
    command: Any = cli.importer.commands[words[0]]
    return ["--yes"] if any("--yes" in parameter.opts for parameter in command.params) else []


def test_the_scenes_name_commands(desk: Desk, service: Service) -> None:
    """A test that finds nothing to type would hold nothing."""
    done = desk.type("run", mixed(desk), "--yes")
    assert any(line.startswith("importer run ") for line in commands_in(done.out))
    assert commands_in("Next: importer settle 1 ROW --is ID") == set()


def test_a_file_without_a_right_row_is_not_sent_to_the_plan(desk: Desk) -> None:
    """Nothing could be planned; the check of the corrected file is what comes next."""
    done = desk.type("check", bad(desk), "--offline")
    assert commands_in(done.out) == {f"importer check {desk.folder / 'bad.csv'}"}


def test_a_run_without_a_failed_row_names_no_failed_file(desk: Desk, service: Service) -> None:
    """There is none; only its state can be looked at."""
    assert desk.type("run", good(desk), "--yes").code == 0
    done = desk.type("retry", "--yes")
    assert (done.code, "failed.xlsx" in done.err) == (2, False)
    assert commands_in(done.err) == {"importer status 1"}
