"""The manual on the terminal: pages, commands, and what is meant by a mistyped name."""

import pytest
from conftest import Desk

from importer.guide import TOPICS


def test_without_a_name_every_page_is_listed(desk: Desk) -> None:
    """Each with what it is for, for people and for programs."""
    listed = desk.type("help", "--json").json["topics"]
    assert [page["topic"] for page in listed] == list(TOPICS)
    text = desk.type("help").out
    assert [page["topic"] for page in listed if page["summary"] not in text] == []


@pytest.mark.parametrize("topic", TOPICS)
def test_each_page_can_be_read(desk: Desk, topic: str) -> None:
    """As text for people, and as it is written for programs."""
    document = desk.type("help", topic, "--json").json
    done = desk.type("help", topic)
    assert (document["topic"], done.code, done.out.partition("\n")[0]) == (topic, 0, document["title"])


@pytest.mark.parametrize("words", [("run",), ("people", "add")])
def test_a_command_is_explained_as_by_its_own_help(desk: Desk, words: tuple[str, ...]) -> None:
    """Also one inside another, under its whole name."""
    explained = desk.type("help", *words).out
    assert explained == desk.type(*words, "--help").out
    assert f"importer {' '.join(words)}" in explained
    assert desk.type("help", *words, "--json").json["usage"] == explained.rstrip("\n")


@pytest.mark.parametrize(
    ("words", "advice"),
    [(("setings",), 'Did you mean "settings"?'), (("rnu",), '"run"'), (("qqqq",), "importer help"), (("run", "x"), "")],
)
def test_a_name_that_is_not_there_is_wrong_usage(desk: Desk, words: tuple[str, ...], advice: str) -> None:
    """The near ones are named, or how to list them all."""
    done = desk.type("help", *words)
    assert (done.code, done.out) == (2, "")
    assert f'There is no topic or command "{" ".join(words)}".' in done.err
    assert advice in done.err
